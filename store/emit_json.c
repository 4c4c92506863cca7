#include "store/emit_format.h"

#include <inttypes.h>

#include "store/base/day.h"
#include "store/base/utf8.h"

/* Valid UTF-8 whatever comes, and "<" escaped so that JSON may stand inside HTML. */
void emit_json_string(struct buf *to, struct slice text)
{
	static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	size_t run = 0;

	buf_add_char(to, '"');
	for (size_t i = 0; i < text.len;) {
		unsigned char c = (unsigned char)text.ptr[i];
		size_t n = utf8_char(slice_from(text.ptr + i, text.len - i));
		const char *at;

		if (n > 0 && c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != 0x7f) {
			run += n;
			i += n;
			continue;
		}
		buf_add(to, slice_from(text.ptr + i - run, run));
		run = 0;
		at = c != 0 ? strchr(named, c) : NULL;
		if (at != NULL)
			buf_printf(to, "\\%c", letters[at - named]);
		else if (c < 0x80)
			buf_printf(to, "\\u%04x", (unsigned)c);
		else
			buf_add_text(to, "\xef\xbf\xbd");
		i++;
	}
	buf_add(to, slice_from(text.ptr + text.len - run, run));
	buf_add_char(to, '"');
}

static bool is_quoted(const struct column *column)
{
	return column->type == COLUMN_DAY || column->type == COLUMN_TIME;
}

static void add_object(struct emit *e, const struct value *row)
{
	for (size_t i = 0; i < e->columns_len; i++) {
		const struct column *column = &e->columns[i];

		buf_printf(e->to, "%c\"%s\":", i == 0 ? '{' : ',', column->name);
		if (row[i].null) {
			buf_add_text(e->to, "null");
		} else if (column->type == COLUMN_TEXT) {
			emit_json_string(e->to, row[i].text);
		} else {
			if (is_quoted(column))
				buf_add_char(e->to, '"');
			emit_exact(e->to, column, &row[i]);
			if (is_quoted(column))
				buf_add_char(e->to, '"');
		}
	}
	buf_add_char(e->to, '}');
}

static void json_set(struct emit *e)
{
	buf_printf(e->to, "%s\"%s\":%s", e->sets == 1 ? "{" : ",\n",
		e->sets == 1 ? "data" : e->set_name, e->single ? "" : "[");
}

static void json_row(struct emit *e, const struct value *row)
{
	if (!e->single)
		buf_add_text(e->to, e->rows == 0 ? "\n" : ",\n");
	add_object(e, row);
}

static void json_end_set(struct emit *e)
{
	if (!e->single)
		buf_add_char(e->to, ']');
	else if (e->rows == 0)
		buf_add_text(e->to, "null");
}

static void add_day(struct buf *to, const char *name, bool has, int32_t day)
{
	char text[DAY_TEXT_MAX];

	if (has)
		buf_printf(to, ",\"%s\":\"%s\"", name, day_text(day, text));
	else
		buf_printf(to, ",\"%s\":null", name);
}

static void json_end(struct emit *e, const struct query_meta *meta, const char *next)
{
	char text[DAY_TEXT_MAX];

	if (e->sets == 0)
		buf_add_text(e->to, "{\"data\":null");
	if (meta != NULL) {
		buf_printf(e->to, ",\n\"meta\":{\"generated_at\":\"%s\"",
			day_time_text(meta->generated_at, text));
		add_day(e->to, "from", meta->has_window, meta->from);
		add_day(e->to, "to", meta->has_window, meta->to);
		add_day(e->to, "data_through", meta->has_data_through, meta->data_through);
		buf_printf(e->to, ",\"data_version\":%" PRId64, meta->data_version);
		if (next != NULL)
			buf_printf(e->to, ",\"next_cursor\":\"%s\"}", next);
		else
			buf_add_text(e->to, ",\"next_cursor\":null}");
	}
	buf_add_text(e->to, "}\n");
}

const struct emit_ops emit_json_ops = { "json", json_set, json_row, json_end_set, json_end };

/* One object a line: only the first set, and nothing around it. */
static void nothing(struct emit *e)
{
	(void)e;
}

static void ndjson_row(struct emit *e, const struct value *row)
{
	if (e->sets > 1)
		return;
	add_object(e, row);
	buf_add_char(e->to, '\n');
}

static void ndjson_end(struct emit *e, const struct query_meta *meta, const char *next)
{
	(void)e;
	(void)meta;
	(void)next;
}

const struct emit_ops emit_ndjson_ops = { "ndjson", nothing, ndjson_row, nothing, ndjson_end };
