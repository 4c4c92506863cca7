#include "store/emit_format.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "store/base/day.h"
#include "store/base/utf8.h"

/* A page of a text table: some hundred rows of the longest cells there are. */
#define PAGE_BYTES_MAX (4 * 1024 * 1024)

const struct emit_format emit_formats[] = {
	{ "text", "text/plain; charset=utf-8", true },
	{ "json", "application/json", false },
	{ "ndjson", "application/x-ndjson", false },
	{ "csv", "text/csv; charset=utf-8; header=present", false },
	{ "html", "text/html; charset=utf-8", true },
	{ NULL, NULL, false },
};

static const struct emit_ops *const all_ops[] = { &emit_json_ops, &emit_ndjson_ops, &emit_csv_ops,
	&emit_text_ops, &emit_html_ops };

const struct emit_format *emit_find(struct slice name)
{
	for (const struct emit_format *f = emit_formats; f->name != NULL; f++) {
		if (slice_equal(name, slice_of(f->name)))
			return f;
	}
	return NULL;
}

int emit_open(struct emit **ret, const struct emit_format *format, struct buf *to,
	enum emit_lang lang, struct err *err)
{
	struct emit *e = calloc(1, sizeof *e);

	if (e == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	e->format = format;
	e->to = to;
	e->lang = lang;
	for (size_t i = 0; i < sizeof all_ops / sizeof *all_ops; i++) {
		if (strcmp(all_ops[i]->name, format->name) == 0)
			e->ops = all_ops[i];
	}
	assert(e->ops != NULL); /* each format has its row */
	buf_init(&e->page, PAGE_BYTES_MAX);
	*ret = e;
	return 0;
}

static void end_set(struct emit *e)
{
	if (e->in_set)
		e->ops->end_set(e);
	e->in_set = false;
}

static void begin_set(struct emit *e, const char *name, size_t len, bool single)
{
	e->set_name = name;
	e->columns_len = len;
	e->single = single;
	e->rows = 0;
	e->sets++;
	e->in_set = true;
	e->ops->set(e);
}

void emit_set(
	struct emit *e, const char *name, const struct column *columns, size_t len, bool single)
{
	assert(len <= QUERY_COLUMNS_MAX);
	end_set(e); /* while the columns are still its own: a table may be waiting for them */
	memcpy(e->columns, columns, len * sizeof *columns);
	e->mapped = e->some = false;
	begin_set(e, name, len, single);
}

void emit_query(struct emit *e, enum query_kind kind, const struct query *q, bool single)
{
	size_t all, len = query_picked(q, e->picked);
	const bool some = len > 0;
	const struct column *columns = query_row_columns(q, &all);

	if (!some)
		len = query_shown(q, e->picked);
	if (len == all && !some) {
		emit_set(e, query_name(kind), columns, all, single);
		return;
	}
	end_set(e);
	for (size_t i = 0; i < len; i++)
		e->columns[i] = columns[e->picked[i]];
	e->mapped = true;
	e->some = some;
	begin_set(e, query_name(kind), len, single);
}

void emit_row(struct emit *e, const struct value *row)
{
	struct value some[QUERY_COLUMNS_MAX];

	if (e->mapped) {
		for (size_t i = 0; i < e->columns_len; i++)
			some[i] = row[e->picked[i]];
		row = some;
	}
	assert(e->in_set);
	assert(!e->single || e->rows == 0);
	e->ops->row(e, row);
	e->rows++;
}

void emit_end(struct emit *e, const struct query_meta *meta, const char *next)
{
	end_set(e);
	e->ops->end(e, meta, next);
}

void emit_close(struct emit *e)
{
	if (e == NULL)
		return;
	buf_release(&e->page);
	free(e);
}

/* ---- shared by the formats ------------------------------------------------------------------- */

const char *emit_title(const struct emit *e, const struct column *column)
{
	const char *title = e->lang == EMIT_ES ? column->title_es : column->title;

	if (title == NULL && (e->single || e->some))
		return column->name;
	return title;
}

const char *emit_heading(const struct emit *e)
{
	static const struct {
		const char *name, *en, *es;
	} headings[] = { { "status", "Status", "Estado" }, { "domains", "Domains", "Dominios" },
		{ "summary", "Summary", "Resumen" }, { "timeseries", "Days", "Días" },
		{ "sources", "Sources", "Orígenes" }, { "source", "Source", "Origen" },
		{ "addresses", "Addresses", "Direcciones" }, { "rules", "Rules", "Reglas" },
		{ "reporters", "Reporters", "Receptores" }, { "changes", "Changes", "Cambios" },
		{ "lint", "Reporter lint", "Anomalías de receptores" },
		{ "overrides", "Overrides", "Excepciones" }, { "reports", "Reports", "Informes" },
		{ "report", "Report", "Informe" }, { "notes", "Notes", "Notas" },
		{ "unreadable", "Unreadable records", "Filas ilegibles" },
		{ "records", "Records", "Filas" }, { "receipts", "Receipts", "Recibos" },
		{ "endings", "Endings", "Resultados" },
		{ "own", "Own domains", "Dominios propios" },
		{ "decisions", "Decisions", "Decisiones" }, { "events", "Events", "Sucesos" },
		{ "services", "Services", "Servicios" }, { "findings", "Findings", "Hallazgos" },
		{ "tags", "Tags", "Etiquetas" }, { "checked", "Checked", "Comprobado" },
		{ "history", "What changed", "Qué cambió" },
		{ "fixes", "To publish or delete", "Para publicar o borrar" },
		{ "lookups", "SPF look-ups", "Consultas SPF" },
		{ "published", "In force", "En vigor" },
		{ "suggestions", "To publish next", "Lo siguiente que publicar" },
		{ "causes", "Causes", "Causas" }, { "ready", "Readiness", "Preparación" },
		{ "checks", "Checks", "Comprobaciones" },
		{ "affected", "Would be affected", "Quedarían afectados" },
		{ "bounce", "Bounce", "Rebote" }, { "steps", "What to do", "Qué hacer" },
		{ "what_if", "What would change", "Qué cambiaría" } };

	for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
		if (strcmp(headings[i].name, e->set_name) == 0)
			return e->lang == EMIT_ES ? headings[i].es : headings[i].en;
	}
	return e->set_name;
}

void emit_footing(
	struct buf *to, enum emit_lang lang, const struct query_meta *meta, const char *next)
{
	char from[DAY_TEXT_MAX], until[DAY_TEXT_MAX];
	const char *sep = "";
	bool es = lang == EMIT_ES;

	if (meta != NULL && meta->has_window) {
		buf_printf(to, "%s %s %s UTC", day_text(meta->from, from), es ? "a" : "to",
			day_text(meta->to, until));
		sep = "; ";
	}
	if (meta != NULL && meta->has_data_through) {
		buf_printf(to, "%s%s %s%s", sep, es ? "datos hasta" : "data through",
			day_text(meta->data_through, until), meta->has_window ? "" : " UTC");
		sep = "; ";
	}
	if (next != NULL)
		buf_printf(to, "%s%s %s", sep[0] != '\0' ? ";\n" : "",
			es ? "hay más: siga con cursor" : "more rows: go on with cursor", next);
}

bool emit_is_number(const struct column *column)
{
	return column->type == COLUMN_INT || column->type == COLUMN_RATIO;
}

/* One decimal, and never 100 while anything fails. */
static void add_percent(struct buf *to, enum emit_lang lang, double ratio)
{
	int tenths = (int)((ratio < 0 ? -ratio : ratio) * 1000 + 0.5);

	if (ratio < 1 && tenths >= 1000)
		tenths = 999;
	if (ratio < 0 && tenths > 0)
		buf_add_text(to, "-");
	buf_printf(to, "%d%c%d", tenths / 10, lang == EMIT_ES ? ',' : '.', tenths % 10);
}

static void add_moment(struct buf *to, const struct column *column, int64_t number)
{
	char text[DAY_TEXT_MAX];

	if (column->type == COLUMN_DAY)
		buf_add_text(to, day_text((int32_t)number, text));
	else
		buf_add_text(to, day_time_text(number, text));
}

void emit_plain(
	struct buf *to, enum emit_lang lang, const struct column *column, const struct value *value)
{
	if (value->null) {
		buf_add_text(to, "–");
		return;
	}
	switch (column->type) {
	case COLUMN_RATIO:
		add_percent(to, lang, value->ratio);
		return;
	case COLUMN_BOOL:
		if (lang == EMIT_ES)
			buf_add_text(to, value->number != 0 ? "sí" : "no");
		else
			buf_add_text(to, value->number != 0 ? "yes" : "no");
		return;
	case COLUMN_TEXT:
	case COLUMN_INT:
	case COLUMN_DAY:
	case COLUMN_TIME:
	default:
		emit_exact(to, column, value);
	}
}

/* Nine digits, and never 1 while anything fails, nor 0 while anything passes. */
static void add_ratio(struct buf *to, double ratio)
{
	if (ratio < 1 && ratio > 0.999999999)
		ratio = 0.999999999;
	buf_printf(to, "%.9g", ratio);
}

void emit_exact(struct buf *to, const struct column *column, const struct value *value)
{
	if (value->null)
		return;
	switch (column->type) {
	case COLUMN_RATIO:
		add_ratio(to, value->ratio);
		return;
	case COLUMN_BOOL:
		buf_add_text(to, value->number != 0 ? "true" : "false");
		return;
	case COLUMN_DAY:
	case COLUMN_TIME:
		add_moment(to, column, value->number);
		return;
	case COLUMN_INT:
		buf_printf(to, "%" PRId64, value->number);
		return;
	case COLUMN_TEXT:
	default:
		buf_add(to, value->text);
	}
}

void emit_visible(struct buf *to, struct slice text)
{
	while (text.len > 0) {
		size_t n = utf8_printable(text);

		if (n > 0)
			buf_add(to, slice_from(text.ptr, n));
		else if (*text.ptr == '\n')
			buf_add_text(to, "\\n");
		else if (*text.ptr == '\t')
			buf_add_text(to, "\\t");
		else
			buf_printf(to, "\\x%02x", (unsigned)(unsigned char)*text.ptr);
		if (n == 0)
			n = 1;
		text = slice_from(text.ptr + n, text.len - n);
	}
}

void emit_url(struct buf *to, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			c == '-' || c == '.' || c == '_' || c == '~')
			buf_add_char(to, c);
		else
			buf_printf(to, "%%%02X", (unsigned)(unsigned char)c);
	}
}
