#include <string.h>

#include "store/emit.h"
#include "store/judge/catalogue.h"
#include "store/query_parts.h"

/* ---- results and reasons as one line ---------------------------------------------------------- */

/*
 * What a report says in its own words is a bare word, or quoted: no text can pass for another
 * field or item. ruad.7 tells the grammar.
 */
static bool is_bare(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    (c != '\0' && strchr("._-+/:@", c) != NULL)))
			return false;
	}
	return text.len > 0;
}

static void add_quoted(struct buf *to, struct slice text)
{
	if (is_bare(text)) {
		buf_add(to, text);
		return;
	}
	buf_add_char(to, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			buf_add_char(to, '\\');
		buf_add_char(to, text.ptr[i]);
	}
	buf_add_char(to, '"');
}

static void add_part(struct buf *to, const char *name, struct slice value)
{
	if (slice_absent(value))
		return;
	buf_printf(to, " %s=", name);
	add_quoted(to, value);
}

/* The word that is meant; what was sent follows where it is another. */
static void add_word(struct buf *to, const struct vocabulary *v, int meaning)
{
	buf_add_text(to, meaning >= 0 && meaning < v->count ? v->names[meaning] : "unknown");
}

static void add_auth(struct buf *to, sqlite3_stmt *stmt)
{
	bool spf = sqlite3_column_int(stmt, 0) == REPORT_SPF;

	buf_printf(to, "%s%s=", to->len > 0 ? "; " : "", spf ? "spf" : "dkim");
	add_word(to, &report_auth_results, sqlite3_column_int(stmt, 1));
	add_part(to, "sent", sql_text(stmt, 2));
	add_part(to, "d", sql_text(stmt, 3));
	add_part(to, "s", sql_text(stmt, 4));
	if (spf && sqlite3_column_int(stmt, 5) != REPORT_SCOPE_ABSENT) {
		buf_add_text(to, " scope=");
		add_word(to, &report_scopes, sqlite3_column_int(stmt, 5));
		add_part(to, "scope_sent", sql_text(stmt, 6));
	}
}

static void add_reason(struct buf *to, sqlite3_stmt *stmt)
{
	if (to->len > 0)
		buf_add_text(to, "; ");
	add_word(to, &report_reason_types, sqlite3_column_int(stmt, 0));
	add_part(to, "sent", sql_text(stmt, 1));
	add_part(to, "comment", sql_text(stmt, 2));
}

static int detail_lines(struct query *q, enum stmt id, int64_t detail, struct buf *to,
	void (*add)(struct buf *, sqlite3_stmt *), struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	buf_clear(to);
	if (sql_get(q->store, id, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, detail);
	while ((more = sql_step(q->store, stmt, "cannot read a record's details", err)) > 0)
		add(to, stmt);
	(void)sqlite3_reset(stmt);
	if (more == 0 && buf_failed(to))
		return err_set(err, ERR_SHORTAGE, "no memory for a record's details");
	return more;
}

/* The same few details repeat from row to row. */
static int load_detail(struct query *q, int64_t detail, struct err *err)
{
	if (q->detail == detail)
		return 0;
	q->detail = 0;
	if (detail_lines(q, STMT_QUERY_AUTH, detail, &q->auth, add_auth, err) < 0 ||
		detail_lines(q, STMT_QUERY_REASONS, detail, &q->reasons, add_reason, err) < 0)
		return -1;
	q->detail = detail;
	return 0;
}

/* ---- values ----------------------------------------------------------------------------------- */

static void set_name(struct value *v, const char *name)
{
	v->text = slice_of(name);
	v->null = name == NULL;
}

/* A number of a vocabulary becomes its word, 0 (absent) null; a token as sent stays. */
static void word_value(struct value *v, sqlite3_stmt *stmt, int at, const struct vocabulary *words)
{
	int meaning;

	if (sqlite3_column_type(stmt, at) != SQLITE_INTEGER) {
		v->text = sql_text(stmt, at);
		return;
	}
	meaning = sqlite3_column_int(stmt, at);
	set_name(v, meaning > 0 && meaning < words->count ? words->names[meaning] : NULL);
}

static int cell_value(
	struct query *q, struct value *v, int at, const struct cell *cell, struct err *err)
{
	int64_t number = sqlite3_column_int64(q->stmt, at);
	struct ip ip;

	switch (cell->how) {
	case CELL_WORD:
		word_value(v, q->stmt, at, cell->vocabulary);
		return 0;
	case CELL_NAME:
		if (sqlite3_column_type(q->stmt, at) == SQLITE_TEXT) {
			v->text = sql_text(q->stmt, at);
			return 0;
		}
		set_name(v, number >= 0 && number < cell->names_len ? cell->names[number] : NULL);
		return 0;
	case CELL_SOURCE:
		if (sqlite3_column_type(q->stmt, at) == SQLITE_TEXT) {
			v->text = sql_text(q->stmt, at);
			return 0;
		}
		v->null = !ip_from_bytes(sql_blob(q->stmt, at), &ip);
		if (!v->null)
			v->text = slice_of(ip_text(&ip, q->ip));
		return 0;
	case CELL_AUTH:
	case CELL_REASONS:
		if (load_detail(q, number, err) < 0)
			return -1;
		v->text = buf_slice(cell->how == CELL_AUTH ? &q->auth : &q->reasons);
		v->null = v->text.len == 0;
		return 0;
	case CELL_PLAIN:
	default:
		return 0;
	}
}

int query_read_row(struct query *q, struct err *err)
{
	for (size_t i = 0; i < q->columns_len; i++) {
		struct value *v = &q->row[i];
		int at = (int)i;

		*v = (struct value){ .null = sqlite3_column_type(q->stmt, at) == SQLITE_NULL };
		if (v->null)
			continue;
		if (q->cells[i] != NULL) {
			if (cell_value(q, v, at, q->cells[i], err) < 0)
				return -1;
		} else if (q->columns[i].type == COLUMN_TEXT) {
			v->text = sql_text(q->stmt, at);
		} else if (q->columns[i].type == COLUMN_RATIO) {
			v->ratio = sqlite3_column_double(q->stmt, at);
		} else {
			v->number = sqlite3_column_int64(q->stmt, at);
		}
	}
	return 0;
}

/* ---- rows that are in no table ----------------------------------------------------------------- */

int query_services(struct buf *to, struct err *err)
{
	size_t len;
	const struct service *list = catalogue_services(&len);

	buf_add_char(to, '[');
	for (size_t i = 0; i < len; i++) {
		const struct service *s = &list[i];
		const struct slice cells[] = { s->id, s->name,
			slice_of(service_role_names[s->role]), s->aligns_spf, s->bounce_domains,
			s->dkim_domains, s->selectors, s->ptr_suffixes, s->spf_include, s->setup_en,
			s->setup_es, s->source, s->checked };

		for (size_t k = 0; k < sizeof cells / sizeof *cells; k++) {
			buf_add_text(to, k > 0 ? "," : i > 0 ? ",[" : "[");
			emit_json_string(to, cells[k]);
		}
		buf_add_char(to, ']');
	}
	buf_add_char(to, ']');
	return buf_failed(to) ? err_set(err, ERR_SHORTAGE, "no memory for the catalogue") : 0;
}
