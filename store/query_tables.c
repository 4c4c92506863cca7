#include "store/query_tables.h"

#include <assert.h>

/*
 * One row a column: name, type, titles. A title makes it part of a table for people; the others
 * are for programs, and for the listing of a single row.
 */
#define C_DOMAIN                                                                                   \
	{                                                                                          \
		"domain", COLUMN_TEXT, "Domain", "Dominio"                                         \
	}
#define C_REPORTER                                                                                 \
	{                                                                                          \
		"reporter", COLUMN_TEXT, "Reporter", "Receptor"                                    \
	}
#define C_SOURCE                                                                                   \
	{                                                                                          \
		"source", COLUMN_TEXT, "Source", "Origen"                                          \
	}
#define C_DAY                                                                                      \
	{                                                                                          \
		"day", COLUMN_DAY, "Day", "Día"                                                   \
	}
#define C_MESSAGES                                                                                 \
	{                                                                                          \
		"messages", COLUMN_INT, "Messages", "Mensajes"                                     \
	}
#define C_PASS                                                                                     \
	{                                                                                          \
		"pass", COLUMN_INT, "Pass", "Superan"                                              \
	}
#define C_FAIL                                                                                     \
	{                                                                                          \
		"fail", COLUMN_INT, "Fail", "Fallan"                                               \
	}
#define C_UNKNOWN                                                                                  \
	{                                                                                          \
		"unknown", COLUMN_INT, "Unknown", "Sin determinar"                                 \
	}
#define C_PASS_RATIO                                                                               \
	{                                                                                          \
		"pass_ratio", COLUMN_RATIO, "Pass %", "Superan %"                                  \
	}
#define C_RECORDS                                                                                  \
	{                                                                                          \
		"records", COLUMN_INT, NULL, NULL                                                  \
	}
#define C_DISPOSITION                                                                              \
	{                                                                                          \
		"disposition", COLUMN_TEXT, "Disposition", "Disposición"                          \
	}

/* clang-format off: it takes the braces for blocks. */
/* Sums of row/count, and what is divided from them. */
#define C_RESULTS C_MESSAGES, C_PASS, C_FAIL, C_UNKNOWN, C_PASS_RATIO
#define C_ALIGNED                                                                                  \
	{ "spf_aligned", COLUMN_INT, NULL, NULL },                                                 \
		{ "spf_aligned_ratio", COLUMN_RATIO, "SPF %", "SPF %" },                           \
		{ "dkim_aligned", COLUMN_INT, NULL, NULL },                                        \
		{ "dkim_aligned_ratio", COLUMN_RATIO, "DKIM %", "DKIM %" },                        \
	{                                                                                          \
		"spf_only", COLUMN_INT, NULL, NULL                                                 \
	}
#define C_DISPOSITIONS                                                                             \
	{ "disposition_none", COLUMN_INT, NULL, NULL },                                            \
		{ "disposition_quarantine", COLUMN_INT, NULL, NULL },                              \
		{ "disposition_reject", COLUMN_INT, NULL, NULL },                                  \
		{ "disposition_pass", COLUMN_INT, NULL, NULL },                                    \
		{ "disposition_other", COLUMN_INT, NULL, NULL },                                   \
	{                                                                                          \
		"acted_on_ratio", COLUMN_RATIO, "Acted on %", "Con acción %"                      \
	}
/* What report totals know of dispositions. */
#define C_ACTED                                                                                    \
	{ "disposition_quarantine", COLUMN_INT, "Quarantined", "En cuarentena" },                  \
	{                                                                                          \
		"disposition_reject", COLUMN_INT, "Rejected", "Rechazados"                         \
	}
/* clang-format on */

static const struct column status_columns[] = {
	{ "reports", COLUMN_INT, "Reports", "Informes" },
	{ "records", COLUMN_INT, "Records", "Filas" },
	C_MESSAGES,
	{ "domains", COLUMN_INT, "Domains", "Dominios" },
	{ "unclaimed_domains", COLUMN_INT, "Unclaimed domains", "Dominios sin asignar" },
	{ "receipts", COLUMN_INT, "Mails seen", "Correos vistos" },
	{ "refused", COLUMN_INT, "Refused mails", "Correos rechazados" },
	{ "conflicts", COLUMN_INT, "Conflicting mails", "Correos en conflicto" },
	{ "deferred", COLUMN_INT, "Deferred mails", "Correos aplazados" },
	{ "first_day", COLUMN_DAY, "First day", "Primer día" },
	{ "last_day", COLUMN_DAY, "Last day", "Último día" },
	{ "data_through", COLUMN_DAY, "Data through", "Datos hasta" },
	{ "last_received", COLUMN_TIME, "Last report stored", "Último informe guardado" },
	{ "data_version", COLUMN_INT, "Data version", "Versión de los datos" },
	{ "db_bytes", COLUMN_INT, "Database bytes", "Bytes de la base" },
	{ "schema_version", COLUMN_INT, "Schema version", "Versión del esquema" },
};

static const struct column domains_columns[] = {
	C_DOMAIN,
	{ "own", COLUMN_BOOL, NULL, NULL },
	{ "claimed", COLUMN_BOOL, "Claimed", "Asignado" },
	{ "policy", COLUMN_TEXT, "Policy", "Política" },
	{ "subdomain_policy", COLUMN_TEXT, NULL, NULL },
	C_RESULTS,
	C_ALIGNED,
	C_ACTED,
	C_RECORDS,
	{ "reports", COLUMN_INT, "Reports", "Informes" },
	{ "reporters", COLUMN_INT, "Reporters", "Receptores" },
	{ "last_report", COLUMN_TIME, "Last report", "Último informe" },
};

static const struct column summary_columns[] = {
	C_RESULTS,
	C_ALIGNED,
	C_DISPOSITIONS,
	C_RECORDS,
	{ "reports", COLUMN_INT, "Reports", "Informes" },
	{ "domains", COLUMN_INT, "Domains", "Dominios" },
	{ "sources", COLUMN_INT, "Sources", "Orígenes" },
	{ "reporters", COLUMN_INT, "Reporters", "Receptores" },
};

static const struct column timeseries_columns[] = {
	C_DAY,
	C_RESULTS,
	C_ALIGNED,
	C_DISPOSITIONS,
	C_RECORDS,
	{ "complete", COLUMN_BOOL, "Complete", "Completo" },
};

static const struct column sources_columns[] = {
	C_DOMAIN,
	C_SOURCE,
	C_RESULTS,
	C_ALIGNED,
	C_DISPOSITIONS,
	C_RECORDS,
	{ "first_seen", COLUMN_DAY, "First seen", "Visto desde" },
	{ "last_seen", COLUMN_DAY, "Last seen", "Visto hasta" },
};

static const struct column reporters_columns[] = {
	C_REPORTER,
	{ "reports", COLUMN_INT, "Reports", "Informes" },
	{ "domains", COLUMN_INT, "Domains", "Dominios" },
	C_RESULTS,
	C_ALIGNED,
	C_ACTED,
	C_RECORDS,
	{ "last_end", COLUMN_TIME, "Last period ends", "Fin del último período" },
	{ "age_seconds", COLUMN_INT, NULL, NULL },
	{ "median_gap_seconds", COLUMN_INT, NULL, NULL },
};

static const struct column reports_columns[] = {
	{ "id", COLUMN_INT, "Id", "Id" },
	C_DAY,
	C_DOMAIN,
	C_REPORTER,
	{ "report_id", COLUMN_TEXT, "Report id", "Id del informe" },
	{ "begin", COLUMN_TIME, NULL, NULL },
	{ "end", COLUMN_TIME, NULL, NULL },
	C_RECORDS,
	C_RESULTS,
	{ "unreadable", COLUMN_INT, NULL, NULL },
	{ "partial", COLUMN_BOOL, "Partial", "Parcial" },
	{ "twin", COLUMN_BOOL, "Twin", "Gemelo" },
	{ "trust", COLUMN_TEXT, "Trust", "Confianza" },
	{ "received", COLUMN_TIME, NULL, NULL },
	{ "receipt", COLUMN_INT, NULL, NULL },
	{ "mail", COLUMN_TEXT, NULL, NULL },
	{ "original", COLUMN_INT, NULL, NULL },
	{ "conflict", COLUMN_BOOL, NULL, NULL },
};

static const struct column report_columns[] = {
	{ "id", COLUMN_INT, "Id", "Id" },
	C_DOMAIN,
	{ "domain_sent", COLUMN_TEXT, "Domain as sent", "Dominio enviado" },
	C_REPORTER,
	{ "report_id", COLUMN_TEXT, "Report id", "Id del informe" },
	{ "email", COLUMN_TEXT, "Contact", "Contacto" },
	{ "extra_contact_info", COLUMN_TEXT, "Further contact", "Más contacto" },
	{ "begin", COLUMN_TIME, "Begins", "Empieza" },
	{ "end", COLUMN_TIME, "Ends", "Termina" },
	C_DAY,
	{ "errors", COLUMN_TEXT, "Errors", "Errores" },
	{ "generator", COLUMN_TEXT, "Generator", "Generador" },
	{ "version", COLUMN_TEXT, "Version", "Versión" },
	{ "xmlns", COLUMN_TEXT, "Namespace", "Espacio de nombres" },
	{ "dialect", COLUMN_TEXT, "Dialect", "Dialecto" },
	{ "p", COLUMN_TEXT, "p", "p" },
	{ "p_effective", COLUMN_TEXT, "p in effect", "p vigente" },
	{ "sp", COLUMN_TEXT, "sp", "sp" },
	{ "sp_effective", COLUMN_TEXT, "sp in effect", "sp vigente" },
	{ "np", COLUMN_TEXT, "np", "np" },
	{ "np_effective", COLUMN_TEXT, "np in effect", "np vigente" },
	{ "adkim", COLUMN_TEXT, "adkim", "adkim" },
	{ "adkim_effective", COLUMN_TEXT, "adkim in effect", "adkim vigente" },
	{ "aspf", COLUMN_TEXT, "aspf", "aspf" },
	{ "aspf_effective", COLUMN_TEXT, "aspf in effect", "aspf vigente" },
	{ "testing", COLUMN_TEXT, "t", "t" },
	{ "testing_effective", COLUMN_TEXT, "t in effect", "t vigente" },
	{ "pct", COLUMN_TEXT, "pct", "pct" },
	{ "pct_effective", COLUMN_INT, "pct in effect", "pct vigente" },
	{ "fo", COLUMN_TEXT, "fo", "fo" },
	{ "fo_effective", COLUMN_TEXT, "fo in effect", "fo vigente" },
	{ "discovery_method", COLUMN_TEXT, "Discovery method", "Método de búsqueda" },
	{ "trust", COLUMN_TEXT, "Trust", "Confianza" },
	{ "from_mismatch", COLUMN_BOOL, "From of another domain", "From de otro dominio" },
	{ "twin", COLUMN_BOOL, "Twin", "Gemelo" },
	{ "partial", COLUMN_BOOL, "Partial", "Parcial" },
	{ "received", COLUMN_TIME, "Stored", "Guardado" },
	{ "records_sent", COLUMN_INT, "Records sent", "Filas enviadas" },
	{ "records", COLUMN_INT, "Records", "Filas" },
	{ "placeholders", COLUMN_INT, "Placeholders", "Filas vacías" },
	{ "unreadable", COLUMN_INT, "Unreadable", "Ilegibles" },
	C_RESULTS,
	{ "spf_aligned", COLUMN_INT, "SPF-aligned", "Alineados por SPF" },
	{ "dkim_aligned", COLUMN_INT, "DKIM-aligned", "Alineados por DKIM" },
	C_ACTED,
	{ "conflicts", COLUMN_INT, "Conflicting mails", "Correos en conflicto" },
	{ "receipt", COLUMN_INT, NULL, NULL },
	{ "inbox", COLUMN_TEXT, "Inbox", "Buzón" },
	{ "mail", COLUMN_TEXT, "Mail", "Correo" },
	{ "mail_from", COLUMN_TEXT, "Mail from", "Remitente" },
	{ "mail_subject", COLUMN_TEXT, "Mail subject", "Asunto" },
	{ "mail_date", COLUMN_TIME, "Mail date", "Fecha del correo" },
	{ "mail_auth_server", COLUMN_TEXT, "Checked by", "Comprobado por" },
	{ "mail_dkim", COLUMN_TEXT, "Mail's DKIM", "DKIM del correo" },
	{ "mail_spf", COLUMN_TEXT, "Mail's SPF", "SPF del correo" },
	{ "mail_dmarc", COLUMN_TEXT, "Mail's DMARC", "DMARC del correo" },
	{ "original_bytes", COLUMN_INT, "XML bytes", "Bytes del XML" },
	{ "original_sha256", COLUMN_TEXT, "XML SHA-256", "SHA-256 del XML" },
};

static const struct column notes_columns[] = {
	{ "code", COLUMN_TEXT, "Note", "Nota" },
	{ "times", COLUMN_INT, "Times", "Veces" },
	{ "detail", COLUMN_TEXT, "Detail", "Detalle" },
	{ "text", COLUMN_TEXT, "Meaning", "Significado" },
};

static const struct column unreadable_columns[] = {
	{ "n", COLUMN_INT, "Record", "Fila" },
	{ "line", COLUMN_INT, "Line", "Línea" },
	{ "reason", COLUMN_TEXT, "Reason", "Motivo" },
};

static const struct column records_columns[] = {
	{ "report", COLUMN_INT, "Report", "Informe" },
	{ "n", COLUMN_INT, "Record", "Fila" },
	{ "day", COLUMN_DAY, NULL, NULL },
	{ "domain", COLUMN_TEXT, NULL, NULL },
	{ "reporter", COLUMN_TEXT, NULL, NULL },
	C_SOURCE,
	{ "count", COLUMN_INT, "Messages", "Mensajes" },
	{ "verdict", COLUMN_TEXT, "DMARC", "DMARC" },
	{ "spf", COLUMN_TEXT, "SPF-aligned", "SPF alineado" },
	{ "dkim", COLUMN_TEXT, "DKIM-aligned", "DKIM alineado" },
	C_DISPOSITION,
	{ "header_from", COLUMN_TEXT, "From", "From" },
	{ "envelope_from", COLUMN_TEXT, NULL, NULL },
	{ "envelope_to", COLUMN_TEXT, NULL, NULL },
	{ "reasons", COLUMN_TEXT, "Reasons", "Motivos" },
	{ "auth", COLUMN_TEXT, "Results", "Resultados" },
	{ "disposition_sent", COLUMN_TEXT, NULL, NULL },
	{ "dkim_sent", COLUMN_TEXT, NULL, NULL },
	{ "spf_sent", COLUMN_TEXT, NULL, NULL },
};

static const struct column receipts_columns[] = {
	{ "id", COLUMN_INT, NULL, NULL },
	{ "seen", COLUMN_TIME, "Read", "Leído" },
	{ "inbox", COLUMN_TEXT, NULL, NULL },
	{ "mail", COLUMN_TEXT, "Mail", "Correo" },
	{ "ending", COLUMN_TEXT, "Ending", "Resultado" },
	{ "trust", COLUMN_TEXT, NULL, NULL },
	{ "from", COLUMN_TEXT, "From", "De" },
	{ "subject", COLUMN_TEXT, NULL, NULL },
	{ "n", COLUMN_INT, "Entry", "Entrada" },
	{ "entry_ending", COLUMN_TEXT, "Entry's ending", "Resultado de la entrada" },
	{ "place", COLUMN_TEXT, "Place", "Lugar" },
	{ "kind", COLUMN_TEXT, "Kind", "Clase" },
	{ "reason", COLUMN_TEXT, "Reason", "Motivo" },
	{ "report", COLUMN_INT, "Report", "Informe" },
};

static const struct column endings_columns[] = {
	{ "ending", COLUMN_TEXT, "Ending", "Resultado" },
	{ "mails", COLUMN_INT, "Mails", "Correos" },
};

static const struct column own_columns[] = {
	C_DOMAIN,
	{ "added", COLUMN_TIME, "Added", "Añadido" },
};

#define COLUMNS(c) c, sizeof c / sizeof *c

const struct query_kind_row query_kinds[QUERY_KIND_COUNT] = {
	[QUERY_STATUS] = { "status", COLUMNS(status_columns), "", "", false },
	[QUERY_DOMAINS] = { "domains", COLUMNS(domains_columns), "-messages", "\"domain\"", true },
	[QUERY_SUMMARY] = { "summary", COLUMNS(summary_columns), "", "", true },
	[QUERY_TIMESERIES] = { "timeseries", COLUMNS(timeseries_columns), "day", "\"day\"", true },
	[QUERY_SOURCES] = { "sources", COLUMNS(sources_columns), "-messages",
		"\"domain\", \"source\"", true },
	[QUERY_REPORTERS] = { "reporters", COLUMNS(reporters_columns), "-messages", "\"reporter\"",
		true },
	[QUERY_REPORTS] = { "reports", COLUMNS(reports_columns), "-end", "\"id\" DESC, \"receipt\"",
		true },
	[QUERY_REPORT] = { "report", COLUMNS(report_columns), "", "", false },
	[QUERY_NOTES] = { "notes", COLUMNS(notes_columns), "", "", false },
	[QUERY_UNREADABLE] = { "unreadable", COLUMNS(unreadable_columns), "n", "\"n\"", false },
	[QUERY_RECORDS] = { "records", COLUMNS(records_columns), "", "\"report\", \"n\"", true },
	[QUERY_RECEIPTS] = { "receipts", COLUMNS(receipts_columns), "-id", "\"n\"", false },
	[QUERY_ENDINGS] = { "endings", COLUMNS(endings_columns), "", "", false },
	[QUERY_SOURCE] = { "source", NULL, 0, "", "", true },
	[QUERY_ADDRESSES] = { "addresses", NULL, 0, "", "", true },
	[QUERY_RULES] = { "rules", NULL, 0, "", "", true },
	[QUERY_OVERRIDES] = { "overrides", NULL, 0, "", "", true },
	[QUERY_DECISIONS] = { "decisions", NULL, 0, "", "", false },
	[QUERY_EVENTS] = { "events", NULL, 0, "", "", false },
	[QUERY_SERVICES] = { "services", NULL, 0, "", "", false },
	[QUERY_OWN] = { "own", COLUMNS(own_columns), "domain", "\"domain\"", false },
};

_Static_assert(sizeof report_columns / sizeof *report_columns <= QUERY_COLUMNS_MAX, "columns");

#define WORDS(column, vocabulary)                                                                  \
	{                                                                                          \
		column, CELL_WORD, &(vocabulary), NULL, 0                                          \
	}
#define NAMES(column, names, count)                                                                \
	{                                                                                          \
		column, CELL_NAME, NULL, names, count                                              \
	}
#define OTHERWISE(column, how)                                                                     \
	{                                                                                          \
		column, how, NULL, NULL, 0                                                         \
	}

static const struct cell cells[] = {
	OTHERWISE("source", CELL_SOURCE),
	OTHERWISE("auth", CELL_AUTH),
	OTHERWISE("reasons", CELL_REASONS),
	WORDS("policy", report_policy_words),
	WORDS("subdomain_policy", report_policy_words),
	WORDS("p", report_policy_words),
	WORDS("p_effective", report_policy_words),
	WORDS("sp", report_policy_words),
	WORDS("sp_effective", report_policy_words),
	WORDS("np", report_policy_words),
	WORDS("np_effective", report_policy_words),
	WORDS("adkim", report_alignments),
	WORDS("adkim_effective", report_alignments),
	WORDS("aspf", report_alignments),
	WORDS("aspf_effective", report_alignments),
	WORDS("testing", report_testings),
	WORDS("testing_effective", report_testings),
	WORDS("discovery_method", report_discoveries),
	WORDS("disposition", report_dispositions),
	WORDS("dkim", report_results),
	WORDS("spf", report_results),
	WORDS("mail_dkim", report_auth_results),
	WORDS("mail_spf", report_auth_results),
	WORDS("mail_dmarc", report_auth_results),
	NAMES("verdict", report_verdict_names, REPORT_VERDICT_COUNT),
	NAMES("dialect", report_dialect_names, REPORT_DIALECT_COUNT),
	NAMES("trust", report_trust_names, REPORT_TRUST_COUNT),
	NAMES("ending", report_ending_names, REPORT_ENDING_COUNT),
	NAMES("entry_ending", report_ending_names, REPORT_ENDING_COUNT),
	NAMES("code", report_note_names, REPORT_NOTE_COUNT),
	NAMES("text", report_note_texts, REPORT_NOTE_COUNT),
};

const struct cell *query_cell(const char *column)
{
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		if (strcmp(cells[i].column, column) == 0)
			return &cells[i];
	}
	return NULL;
}

const char *query_name(enum query_kind kind)
{
	return query_kinds[kind].name;
}

const struct column *query_columns(enum query_kind kind, size_t *ret_len)
{
	*ret_len = query_kinds[kind].columns_len;
	return query_kinds[kind].columns;
}

const struct column *query_find_column(enum query_kind kind, struct slice name)
{
	const struct query_kind_row *row = &query_kinds[kind];

	for (size_t i = 0; i < row->columns_len; i++) {
		if (slice_equal(slice_of(row->columns[i].name), name))
			return &row->columns[i];
	}
	return NULL;
}

size_t query_column(enum query_kind kind, const char *name)
{
	const struct column *column = query_find_column(kind, slice_of(name));

	assert(column != NULL);
	return (size_t)(column - query_kinds[kind].columns);
}
