#include "store/emit_format.h"

#include "store/base/utf8.h"

/*
 * RFC 4180, with CR LF and a header. A null is an empty cell, an empty text is "". A text that a
 * spreadsheet would take for a formula gets an apostrophe in front; a plain number stays one.
 */

static bool is_plain_number(struct slice s)
{
	struct slice fraction, whole;
	uint64_t n;

	if (s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+'))
		s = slice_from(s.ptr + 1, s.len - 1);
	whole = slice_cut(s, '.', &fraction);
	return slice_u64(whole, UINT64_MAX, &n) &&
	       (slice_absent(fraction) || slice_u64(fraction, UINT64_MAX, &n));
}

/* The full-width forms of = + - @ are read as the others by some spreadsheets. */
static bool is_formula(struct slice s)
{
	static const char *const starts[] = { "=", "+", "-", "@", "\t", "\r", "\n", "\xef\xbc\x9d",
		"\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		if (slice_starts(s, slice_of(starts[i])))
			return !is_plain_number(s);
	}
	return false;
}

static bool needs_quotes(struct slice s)
{
	if (s.len == 0 || s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ')
		return true;
	for (size_t i = 0; i < s.len; i++) {
		if (strchr("\",\r\n", s.ptr[i]) != NULL)
			return true;
	}
	return false;
}

/* Valid UTF-8 without NUL, and quotes doubled. */
static void add_quoted(struct buf *to, struct slice s)
{
	while (s.len > 0) {
		size_t n = utf8_char(s);

		if (n == 0)
			buf_add_text(to, "\xef\xbf\xbd");
		else
			buf_add(to, slice_from(s.ptr, n));
		if (*s.ptr == '"')
			buf_add_char(to, '"');
		if (n == 0)
			n = 1;
		s = slice_from(s.ptr + n, s.len - n);
	}
}

static void add_text(struct buf *to, struct slice s)
{
	bool formula = is_formula(s), quotes = needs_quotes(s) || formula;

	if (quotes)
		buf_add_char(to, '"');
	if (formula)
		buf_add_char(to, '\'');
	add_quoted(to, s);
	if (quotes)
		buf_add_char(to, '"');
}

static void csv_set(struct emit *e)
{
	if (e->sets > 1)
		return;
	for (size_t i = 0; i < e->columns_len; i++)
		buf_printf(e->to, "%s%s", i == 0 ? "" : ",", e->columns[i].name);
	buf_add_text(e->to, "\r\n");
}

static void csv_row(struct emit *e, const struct value *row)
{
	if (e->sets > 1)
		return;
	for (size_t i = 0; i < e->columns_len; i++) {
		if (i > 0)
			buf_add_char(e->to, ',');
		if (e->columns[i].type == COLUMN_TEXT && !row[i].null)
			add_text(e->to, row[i].text);
		else
			emit_exact(e->to, &e->columns[i], &row[i]);
	}
	buf_add_text(e->to, "\r\n");
}

static void csv_end_set(struct emit *e)
{
	(void)e;
}

static void csv_end(struct emit *e, const struct query_meta *meta, const char *next)
{
	(void)e;
	(void)meta;
	(void)next;
}

const struct emit_ops emit_csv_ops = { "csv", csv_set, csv_row, csv_end_set, csv_end };
