#include "store/query_tables.h"

/*
 * The columns of each kind of answer: name, type, titles. A title makes a column part of a table
 * for people, which is to fit a terminal of 100 characters; the others are for programs, and for
 * the listing of a single row.
 */
/* clang-format off: it takes the braces for blocks. */
#define NO_TITLE NULL, NULL
/* A title where the list wants one, told by 1 or 0. */
#define T_0(en, es) NO_TITLE
#define T_1(en, es) en, es

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
#define C_CLASS                                                                                    \
	{                                                                                          \
		"class", COLUMN_TEXT, "Class", "Clase"                                             \
	}
#define C_REPORTS                                                                                  \
	{                                                                                          \
		"reports", COLUMN_INT, "Reports", "Informes"                                       \
	}
#define C_SOURCES                                                                                  \
	{                                                                                          \
		"sources", COLUMN_INT, "Sources", "Orígenes"                                      \
	}
#define C_RECORDS                                                                                  \
	{                                                                                          \
		"records", COLUMN_INT, NO_TITLE                                                    \
	}

/* Sums of row/count, and what is divided from them. */
#define C_RESULTS(pass, fail, unknown, ratio)                                                      \
	{ "messages", COLUMN_INT, "Messages", "Mensajes" },                                        \
		{ "pass", COLUMN_INT, T_##pass("Pass", "Superan") },                               \
		{ "fail", COLUMN_INT, T_##fail("Fail", "Fallan") },                                \
		{ "unknown", COLUMN_INT, T_##unknown("Unknown", "Sin saber") },                    \
	{                                                                                          \
		"pass_ratio", COLUMN_RATIO, T_##ratio("Pass %", "Superan %")                       \
	}
#define C_ALIGNED(ratio)                                                                           \
	{ "spf_aligned", COLUMN_INT, NO_TITLE },                                                   \
		{ "spf_aligned_ratio", COLUMN_RATIO, T_##ratio("SPF %", "SPF %") },                \
		{ "dkim_aligned", COLUMN_INT, NO_TITLE },                                          \
	{                                                                                          \
		"dkim_aligned_ratio", COLUMN_RATIO, T_##ratio("DKIM %", "DKIM %")                  \
	}
#define C_MEASURES(pass, fail, own, ratio)                                                         \
	C_RESULTS(pass, fail, 0, 1), { "own_messages", COLUMN_INT, NO_TITLE },                     \
		{ "own_pass", COLUMN_INT, NO_TITLE }, { "own_fail", COLUMN_INT, NO_TITLE },        \
		{ "own_pass_ratio", COLUMN_RATIO, T_##own("Own %", "Propio %") },                  \
		{ "own_pass_ratio_floor", COLUMN_RATIO, T_##own("Floor %", "Mínimo %") },          \
		{ "undecided_messages", COLUMN_INT, T_##own("To decide", "Por decidir") },         \
		{ "forwarded_messages", COLUMN_INT, NO_TITLE },                                    \
		{ "not_yours_messages", COLUMN_INT, NO_TITLE }, C_ALIGNED(ratio),                  \
		{ "spf_only", COLUMN_INT, NO_TITLE },                                              \
		{ "spf_only_ratio", COLUMN_RATIO, NO_TITLE },                                      \
		{ "spf_somewhere_ratio", COLUMN_RATIO, NO_TITLE },                                 \
		{ "disposition_none", COLUMN_INT, NO_TITLE },                                      \
		{ "disposition_quarantine", COLUMN_INT, NO_TITLE },                                \
		{ "disposition_reject", COLUMN_INT, NO_TITLE },                                    \
		{ "disposition_pass", COLUMN_INT, NO_TITLE },                                      \
		{ "disposition_other", COLUMN_INT, NO_TITLE },                                     \
		{ "acted_on", COLUMN_INT, NO_TITLE },                                              \
		{ "acted_on_ratio", COLUMN_RATIO, NO_TITLE },                                      \
		{ "overridden", COLUMN_INT, NO_TITLE },                                            \
		{ "would_be_affected", COLUMN_INT, NO_TITLE }, C_RECORDS
/* Source groups that the rows belong to. */
#define C_GROUPS                                                                                   \
	{ "sources", COLUMN_INT, NO_TITLE }, { "undecided_sources", COLUMN_INT, NO_TITLE },        \
	{                                                                                          \
		"new_sources", COLUMN_INT, NO_TITLE                                                \
	}
/* What report totals know of dispositions. */
#define C_ACTED(both)                                                                              \
	{ "disposition_quarantine", COLUMN_INT, T_##both("Quarantined", "En cuarentena") },        \
	{                                                                                          \
		"disposition_reject", COLUMN_INT, T_##both("Rejected", "Rechazados")               \
	}
/* A source group, in the rows of something else. */
#define C_GROUP                                                                                    \
	{ "source_group", COLUMN_INT, NO_TITLE },                                                  \
	{                                                                                          \
		"source_name", COLUMN_TEXT, "Sent by", "Enviado por"                               \
	}
/* clang-format on */

static const struct column status_columns[] = {
	{ "reports", COLUMN_INT, "Reports", "Informes" },
	{ "records", COLUMN_INT, "Records", "Filas" },
	{ "messages", COLUMN_INT, "Messages", "Mensajes" },
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
	{ "own", COLUMN_BOOL, NO_TITLE },
	{ "claimed", COLUMN_BOOL, NO_TITLE },
	{ "parked", COLUMN_BOOL, NO_TITLE },
	{ "rua", COLUMN_TEXT, NO_TITLE },
	{ "policy", COLUMN_TEXT, "Policy", "Política" },
	{ "subdomain_policy", COLUMN_TEXT, NO_TITLE },
	C_MEASURES(0, 0, 1, 0),
	C_GROUPS,
	{ "reports", COLUMN_INT, NO_TITLE },
	{ "reporters", COLUMN_INT, NO_TITLE },
	{ "last_report", COLUMN_TIME, "Last report", "Último informe" },
};

static const struct column summary_columns[] = {
	{ "from", COLUMN_DAY, NO_TITLE },
	{ "to", COLUMN_DAY, NO_TITLE },
	C_MEASURES(0, 1, 1, 0),
	{ "prev_messages", COLUMN_INT, NO_TITLE },
	{ "prev_own_pass_ratio", COLUMN_RATIO, NO_TITLE },
	{ "own_pass_delta", COLUMN_RATIO, NO_TITLE },
	C_SOURCES,
	{ "undecided_sources", COLUMN_INT, NO_TITLE },
	{ "new_sources", COLUMN_INT, NO_TITLE },
	{ "policy", COLUMN_TEXT, NO_TITLE },
	{ "published_policy", COLUMN_TEXT, NO_TITLE },
	{ "readiness", COLUMN_TEXT, NO_TITLE },
	{ "reports", COLUMN_INT, NO_TITLE },
	{ "reporters", COLUMN_INT, NO_TITLE },
	{ "domains", COLUMN_INT, NO_TITLE },
};

static const struct column timeseries_columns[] = {
	C_DAY,
	C_MEASURES(0, 1, 1, 0),
	{ "complete", COLUMN_BOOL, "Complete", "Completo" },
};

static const struct column sources_columns[] = {
	{ "id", COLUMN_INT, "Id", "Id" },
	C_DOMAIN,
	{ "name", COLUMN_TEXT, "Name", "Nombre" },
	{ "service", COLUMN_TEXT, NO_TITLE },
	{ "key", COLUMN_TEXT, NO_TITLE },
	{ "evidence", COLUMN_TEXT, NO_TITLE },
	{ "evidence_detail", COLUMN_TEXT, NO_TITLE },
	C_CLASS,
	{ "rule", COLUMN_TEXT, NO_TITLE },
	{ "decided", COLUMN_TEXT, NO_TITLE },
	C_MEASURES(0, 0, 0, 1),
	{ "addresses", COLUMN_INT, NO_TITLE },
	{ "first_seen", COLUMN_DAY, NO_TITLE },
	{ "last_seen", COLUMN_DAY, NO_TITLE },
	{ "new", COLUMN_BOOL, "New", "Nuevo" },
	{ "cause", COLUMN_TEXT, "Cause", "Causa" },
	{ "confidence", COLUMN_TEXT, NO_TITLE },
};

static const struct column addresses_columns[] = {
	C_DOMAIN,
	C_SOURCE,
	C_GROUP,
	C_CLASS,
	C_MEASURES(0, 0, 0, 0),
	{ "first_seen", COLUMN_DAY, NO_TITLE },
	{ "last_seen", COLUMN_DAY, "Last seen", "Visto hasta" },
};

static const struct column rules_columns[] = {
	C_CLASS,
	{ "rule", COLUMN_TEXT, "Rule", "Regla" },
	{ "rule_text", COLUMN_TEXT, NO_TITLE },
	C_RESULTS(1, 1, 1, 0),
	C_RECORDS,
};

static const struct column overrides_columns[] = {
	{ "type", COLUMN_TEXT, "Type", "Tipo" },
	{ "comment", COLUMN_TEXT, "Comment", "Comentario" },
	{ "messages", COLUMN_INT, "Messages", "Mensajes" },
	{ "fail", COLUMN_INT, "Fail", "Fallan" },
	C_RECORDS,
};

static const struct column reporters_columns[] = {
	C_REPORTER,
	C_REPORTS,
	{ "domains", COLUMN_INT, NO_TITLE },
	C_RESULTS(0, 0, 0, 1),
	C_ALIGNED(1),
	C_ACTED(0),
	C_RECORDS,
	{ "last_end", COLUMN_TIME, "Last period ends", "Fin del último período" },
	{ "age_seconds", COLUMN_INT, NO_TITLE },
	{ "median_gap_seconds", COLUMN_INT, NO_TITLE },
	{ "overdue", COLUMN_BOOL, "Overdue", "Atrasado" },
};

static const struct column changes_columns[] = {
	{ "kind", COLUMN_TEXT, "Change", "Cambio" },
	C_DOMAIN,
	{ "object", COLUMN_TEXT, "Object", "Objeto" },
	{ "before", COLUMN_TEXT, "Before", "Antes" },
	{ "after", COLUMN_TEXT, "After", "Después" },
	{ "first_seen", COLUMN_DAY, "First seen", "Visto desde" },
	{ "last_seen", COLUMN_DAY, "Last seen", "Visto hasta" },
	{ "messages", COLUMN_INT, "Messages", "Mensajes" },
	{ "report", COLUMN_INT, "Report", "Informe" },
};

static const struct column lint_columns[] = {
	C_REPORTER,
	{ "code", COLUMN_TEXT, "Finding", "Hallazgo" },
	{ "times", COLUMN_INT, "Times", "Veces" },
	C_REPORTS,
	{ "first_seen", COLUMN_DAY, NO_TITLE },
	{ "last_seen", COLUMN_DAY, "Last", "Último" },
	{ "report", COLUMN_INT, "Report", "Informe" },
	{ "text", COLUMN_TEXT, "Meaning", "Significado" },
};

static const struct column reports_columns[] = {
	{ "id", COLUMN_INT, "Id", "Id" },
	C_DAY,
	C_DOMAIN,
	C_REPORTER,
	{ "report_id", COLUMN_TEXT, "Report id", "Id del informe" },
	{ "begin", COLUMN_TIME, NO_TITLE },
	{ "end", COLUMN_TIME, NO_TITLE },
	C_RECORDS,
	C_RESULTS(0, 1, 0, 0),
	{ "unreadable", COLUMN_INT, NO_TITLE },
	{ "partial", COLUMN_BOOL, NO_TITLE },
	{ "twin", COLUMN_BOOL, NO_TITLE },
	{ "trust", COLUMN_TEXT, "Trust", "Confianza" },
	{ "received", COLUMN_TIME, NO_TITLE },
	{ "receipt", COLUMN_INT, NO_TITLE },
	{ "mail", COLUMN_TEXT, NO_TITLE },
	{ "original", COLUMN_INT, NO_TITLE },
	{ "conflict", COLUMN_BOOL, NO_TITLE },
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
	C_RESULTS(1, 1, 1, 1),
	{ "spf_aligned", COLUMN_INT, "SPF-aligned", "Alineados por SPF" },
	{ "dkim_aligned", COLUMN_INT, "DKIM-aligned", "Alineados por DKIM" },
	C_ACTED(1),
	{ "conflicts", COLUMN_INT, "Conflicting mails", "Correos en conflicto" },
	{ "receipt", COLUMN_INT, NO_TITLE },
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
	{ "day", COLUMN_DAY, NO_TITLE },
	{ "domain", COLUMN_TEXT, NO_TITLE },
	{ "reporter", COLUMN_TEXT, NO_TITLE },
	C_SOURCE,
	{ "count", COLUMN_INT, "Messages", "Mensajes" },
	{ "verdict", COLUMN_TEXT, "DMARC", "DMARC" },
	{ "spf", COLUMN_TEXT, "SPF-aligned", "SPF alineado" },
	{ "dkim", COLUMN_TEXT, "DKIM-aligned", "DKIM alineado" },
	{ "disposition", COLUMN_TEXT, "Disposition", "Disposición" },
	{ "header_from", COLUMN_TEXT, "From", "From" },
	{ "envelope_from", COLUMN_TEXT, NO_TITLE },
	{ "envelope_to", COLUMN_TEXT, NO_TITLE },
	{ "reasons", COLUMN_TEXT, "Reasons", "Motivos" },
	{ "auth", COLUMN_TEXT, "Results", "Resultados" },
	{ "disposition_sent", COLUMN_TEXT, NO_TITLE },
	{ "dkim_sent", COLUMN_TEXT, NO_TITLE },
	{ "spf_sent", COLUMN_TEXT, NO_TITLE },
	{ "trust", COLUMN_TEXT, NO_TITLE },
	{ "twin", COLUMN_BOOL, NO_TITLE },
	{ "source_group", COLUMN_INT, NO_TITLE },
	{ "source_name", COLUMN_TEXT, NO_TITLE },
	{ "class", COLUMN_TEXT, NO_TITLE },
	{ "rule", COLUMN_TEXT, NO_TITLE },
};

static const struct column receipts_columns[] = {
	{ "id", COLUMN_INT, NO_TITLE },
	{ "seen", COLUMN_TIME, "Read", "Leído" },
	{ "inbox", COLUMN_TEXT, NO_TITLE },
	{ "mail", COLUMN_TEXT, "Mail", "Correo" },
	{ "ending", COLUMN_TEXT, "Ending", "Resultado" },
	{ "trust", COLUMN_TEXT, NO_TITLE },
	{ "mail_from", COLUMN_TEXT, "From", "De" },
	{ "subject", COLUMN_TEXT, NO_TITLE },
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
	{ "parked", COLUMN_BOOL, "Parked", "Aparcado" },
	{ "rua", COLUMN_TEXT, "Reports to", "Informes a" },
	{ "networks", COLUMN_TEXT, "Networks", "Redes" },
	{ "services", COLUMN_TEXT, "Services", "Servicios" },
	{ "rare_senders", COLUMN_BOOL, "Rare senders", "Envíos ocasionales" },
	{ "mailing_lists", COLUMN_BOOL, "Lists", "Listas" },
	{ "added", COLUMN_TIME, "Added", "Añadido" },
};

static const struct column decisions_columns[] = {
	C_DOMAIN,
	{ "source_group", COLUMN_INT, NO_TITLE },
	{ "key", COLUMN_TEXT, "Key", "Clave" },
	{ "name", COLUMN_TEXT, "Name", "Nombre" },
	C_CLASS,
	{ "at", COLUMN_TIME, "At", "Cuándo" },
	{ "who", COLUMN_TEXT, "Who", "Quién" },
	{ "event", COLUMN_INT, NO_TITLE },
};

static const struct column events_columns[] = {
	{ "id", COLUMN_INT, "Id", "Id" },
	{ "at", COLUMN_TIME, "At", "Cuándo" },
	{ "type", COLUMN_TEXT, "Type", "Tipo" },
	C_DOMAIN,
	{ "object", COLUMN_TEXT, "Object", "Objeto" },
	{ "before", COLUMN_TEXT, "Before", "Antes" },
	{ "after", COLUMN_TEXT, "After", "Después" },
	{ "who", COLUMN_TEXT, "Who", "Quién" },
	{ "undone_by", COLUMN_INT, NO_TITLE },
};

static const struct column services_columns[] = {
	{ "service", COLUMN_TEXT, "Service", "Servicio" },
	{ "name", COLUMN_TEXT, "Name", "Nombre" },
	{ "role", COLUMN_TEXT, "Role", "Función" },
	{ "aligns_spf", COLUMN_TEXT, "Aligns SPF", "Alinea SPF" },
	{ "bounce_domains", COLUMN_TEXT, NO_TITLE },
	{ "dkim_domains", COLUMN_TEXT, NO_TITLE },
	{ "selectors", COLUMN_TEXT, NO_TITLE },
	{ "ptr_suffixes", COLUMN_TEXT, NO_TITLE },
	{ "spf_include", COLUMN_TEXT, NO_TITLE },
	{ "setup", COLUMN_TEXT, NO_TITLE },
	{ "setup_es", COLUMN_TEXT, NO_TITLE },
	{ "documentation", COLUMN_TEXT, NO_TITLE },
	{ "checked", COLUMN_TEXT, NO_TITLE },
};

#define COLUMNS(c) c, sizeof c / sizeof *c

const struct query_kind_row query_kinds[QUERY_KIND_COUNT] = {
	[QUERY_STATUS] = { "status", COLUMNS(status_columns), "", "", false, "" },
	[QUERY_DOMAINS] = { "domains", COLUMNS(domains_columns), "-messages", "domain", true, "" },
	[QUERY_SUMMARY] = { "summary", COLUMNS(summary_columns), "", "", true,
		"published_policy readiness" },
	[QUERY_TIMESERIES] = { "timeseries", COLUMNS(timeseries_columns), "day", "day", true, "" },
	[QUERY_SOURCES] = { "sources", COLUMNS(sources_columns), "-messages", "domain id", true,
		"cause confidence" },
	[QUERY_SOURCE] = { "source", COLUMNS(sources_columns), "", "", true, "" },
	[QUERY_ADDRESSES] = { "addresses", COLUMNS(addresses_columns), "-messages", "domain source",
		true, "" },
	[QUERY_RULES] = { "rules", COLUMNS(rules_columns), "-messages", "class rule", true, "" },
	[QUERY_REPORTERS] = { "reporters", COLUMNS(reporters_columns), "-messages", "reporter",
		true, "" },
	[QUERY_OVERRIDES] = { "overrides", COLUMNS(overrides_columns), "-messages", "type comment",
		true, "" },
	[QUERY_CHANGES] = { "changes", COLUMNS(changes_columns), "domain",
		"domain kind object before after", true, "" },
	[QUERY_LINT] = { "lint", COLUMNS(lint_columns), "reporter", "reporter code", true, "" },
	[QUERY_REPORTS] = { "reports", COLUMNS(reports_columns), "-day", "-id receipt", true, "" },
	[QUERY_REPORT] = { "report", COLUMNS(report_columns), "", "", false, "" },
	[QUERY_NOTES] = { "notes", COLUMNS(notes_columns), "", "", false, "" },
	[QUERY_UNREADABLE] = { "unreadable", COLUMNS(unreadable_columns), "n", "n", false, "" },
	[QUERY_RECORDS] = { "records", COLUMNS(records_columns), "day", "report n", true, "" },
	[QUERY_RECEIPTS] = { "receipts", COLUMNS(receipts_columns), "-id", "-id n", false, "" },
	[QUERY_ENDINGS] = { "endings", COLUMNS(endings_columns), "", "", false, "" },
	[QUERY_OWN] = { "own", COLUMNS(own_columns), "domain", "domain", false, "" },
	[QUERY_DECISIONS] = { "decisions", COLUMNS(decisions_columns), "domain", "domain key",
		false, "" },
	[QUERY_EVENTS] = { "events", COLUMNS(events_columns), "id", "id", false, "" },
	[QUERY_SERVICES] = { "services", COLUMNS(services_columns), "service", "service", false,
		"" },
};

_Static_assert(sizeof report_columns / sizeof *report_columns <= QUERY_COLUMNS_MAX, "columns");
/* A summary has those of its groups in front. */
_Static_assert(sizeof summary_columns / sizeof *summary_columns + 2 * QUERY_DIMENSIONS_MAX <=
		       QUERY_COLUMNS_MAX,
	"columns");

const struct query_dimension_row query_dimensions[QUERY_DIMENSION_COUNT] = {
	[QUERY_BY_DOMAIN] = { "domain", { C_DOMAIN }, 1, "domain" },
	[QUERY_BY_SOURCE] = { "source", { C_GROUP }, 2, "source_group" },
	[QUERY_BY_SERVICE] = { "service", { { "service", COLUMN_TEXT, "Service", "Servicio" } }, 1,
		"service" },
	[QUERY_BY_REPORTER] = { "reporter", { C_REPORTER }, 1, "reporter" },
	[QUERY_BY_CAUSE] = { "cause", { { "cause", COLUMN_TEXT, "Cause", "Causa" } }, 1, "cause" },
	[QUERY_BY_CLASS] = { "class", { C_CLASS }, 1, "class" },
	[QUERY_BY_DISPOSITION] = { "disposition",
		{ { "disposition", COLUMN_TEXT, "Disposition", "Disposición" } }, 1,
		"disposition" },
};
