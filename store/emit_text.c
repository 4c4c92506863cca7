#include "store/emit_format.h"

/*
 * A table for a terminal. The widths come from the first page of rows, which is kept until it is
 * full or the set ends; rows after it go out as they come, and a wider cell pushes its row.
 */
#define PAGE_ROWS      200
#define PAGE_BYTES     (256 * 1024)
#define GAP            "  "
#define FOOT_BYTES_MAX (QUERY_CURSOR_MAX + 1024)

/* Characters of valid UTF-8: bytes that begin one. */
static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void add_spaces(struct buf *to, size_t n)
{
	while (n-- > 0)
		buf_add_char(to, ' ');
}

static size_t last_shown(const struct emit *e)
{
	size_t last = 0;

	for (size_t i = 0; i < e->columns_len; i++) {
		if (emit_title(e, &e->columns[i]) != NULL)
			last = i;
	}
	return last;
}

/* A column's cell, padded to its width; the last one of a line only if it is a number. */
static void add_cell(struct emit *e, size_t at, const char *text)
{
	size_t width = width_of(text);
	size_t pad = e->widths[at] > width ? e->widths[at] - width : 0;
	bool number = emit_is_number(&e->columns[at]);

	if (number)
		add_spaces(e->to, pad);
	buf_add_text(e->to, text);
	if (at == last_shown(e)) {
		buf_add_char(e->to, '\n');
		return;
	}
	if (!number)
		add_spaces(e->to, pad);
	buf_add_text(e->to, GAP);
}

static void add_titles(struct emit *e)
{
	for (size_t i = 0; i < e->columns_len; i++) {
		const char *title = emit_title(e, &e->columns[i]);

		if (title != NULL)
			add_cell(e, i, title);
	}
}

static void measure(struct emit *e, const char *cells)
{
	for (size_t row = 0; row < e->page_rows; row++) {
		for (size_t i = 0; i < e->columns_len; i++) {
			size_t width;

			if (emit_title(e, &e->columns[i]) == NULL)
				continue;
			width = width_of(cells);
			if (width > e->widths[i])
				e->widths[i] = width;
			cells += strlen(cells) + 1;
		}
	}
}

static void add_page(struct emit *e, const char *cells)
{
	for (size_t row = 0; row < e->page_rows; row++) {
		for (size_t i = 0; i < e->columns_len; i++) {
			if (emit_title(e, &e->columns[i]) == NULL)
				continue;
			add_cell(e, i, cells);
			cells += strlen(cells) + 1;
		}
	}
}

static void flush_page(struct emit *e)
{
	/* A page that did not fit into memory is told by the caller's buffer, which it checks. */
	if (buf_failed(&e->page)) {
		e->to->state = e->page.state;
		return;
	}
	if (!e->page_out) {
		for (size_t i = 0; i < e->columns_len; i++) {
			const char *title = emit_title(e, &e->columns[i]);

			e->widths[i] = title != NULL ? width_of(title) : 0;
		}
		measure(e, buf_text(&e->page));
		add_titles(e);
		e->page_out = true;
	}
	add_page(e, buf_text(&e->page));
	buf_clear(&e->page);
	e->page_rows = 0;
}

static void text_set(struct emit *e)
{
	if (e->sets > 1)
		buf_printf(e->to, "\n%s\n", emit_heading(e));
	buf_clear(&e->page);
	e->page_rows = 0;
	e->page_out = false;
}

static void add_value(struct emit *e, struct buf *to, size_t at, const struct value *value)
{
	if (e->columns[at].type == COLUMN_TEXT && !value->null)
		emit_visible(to, value->text);
	else
		emit_plain(to, e->lang, &e->columns[at], value);
}

/* One row by itself: a line a field. */
static void list_row(struct emit *e, const struct value *row)
{
	size_t widest = 0;

	for (size_t i = 0; i < e->columns_len; i++) {
		size_t width = width_of(emit_title(e, &e->columns[i]));

		if (width > widest)
			widest = width;
	}
	for (size_t i = 0; i < e->columns_len; i++) {
		const char *title = emit_title(e, &e->columns[i]);

		buf_add_text(e->to, title);
		add_spaces(e->to, widest - width_of(title));
		buf_add_text(e->to, GAP);
		add_value(e, e->to, i, &row[i]);
		buf_add_char(e->to, '\n');
	}
}

static void text_row(struct emit *e, const struct value *row)
{
	if (e->single) {
		list_row(e, row);
		return;
	}
	for (size_t i = 0; i < e->columns_len; i++) {
		if (emit_title(e, &e->columns[i]) == NULL)
			continue;
		add_value(e, &e->page, i, &row[i]);
		buf_add_char(&e->page, '\0');
	}
	e->page_rows++;
	if (e->page_out || e->page_rows == PAGE_ROWS || e->page.len > PAGE_BYTES)
		flush_page(e);
}

static void text_end_set(struct emit *e)
{
	if (e->single)
		return;
	/* Under a heading of its own, titles over nothing would read like a fault. */
	if (e->sets > 1 && e->rows == 0)
		buf_add_text(e->to, "–\n");
	else
		flush_page(e);
}

static void text_end(struct emit *e, const struct query_meta *meta, const char *next)
{
	struct buf foot;

	buf_init(&foot, FOOT_BYTES_MAX);
	emit_footing(&foot, e->lang, meta, next);
	if (foot.len > 0) {
		buf_add_char(e->to, '\n');
		buf_add(e->to, buf_slice(&foot));
		buf_add_char(e->to, '\n');
	}
	buf_release(&foot);
}

const struct emit_ops emit_text_ops = { "text", text_set, text_row, text_end_set, text_end };
