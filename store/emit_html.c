#include "store/emit_format.h"

#include "store/base/utf8.h"

/* Line ends and tabs are blanks in HTML; what else would reorder or hide text is made visible. */
void emit_html(struct buf *to, struct slice text)
{
	static const struct {
		char c;
		const char *escape;
	} escapes[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" },
		{ '\'', "&#39;" } };

	while (text.len > 0) {
		size_t n = utf8_printable(text);
		const char *escape = NULL;

		if (n == 0 && (*text.ptr == '\n' || *text.ptr == '\t'))
			n = 1;
		for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
			if (*text.ptr == escapes[i].c)
				escape = escapes[i].escape;
		}
		if (escape != NULL)
			buf_add_text(to, escape);
		else if (n > 0)
			buf_add(to, slice_from(text.ptr, n));
		else
			buf_printf(to, "\\x%02x", (unsigned)(unsigned char)*text.ptr);
		if (n == 0)
			n = 1;
		text = slice_from(text.ptr + n, text.len - n);
	}
}

static void add_value(struct emit *e, size_t at, const struct value *value)
{
	if (e->columns[at].type == COLUMN_TEXT && !value->null)
		emit_html(e->to, value->text);
	else
		emit_plain(e->to, e->lang, &e->columns[at], value);
}

static const char *class_of(const struct column *column)
{
	return emit_is_number(column) ? " class=\"number\"" : "";
}

static void html_set(struct emit *e)
{
	buf_add_text(e->to, "<table>\n<caption>");
	emit_html(e->to, slice_of(emit_heading(e)));
	buf_add_text(e->to, "</caption>\n");
	if (!e->single) {
		buf_add_text(e->to, "<thead><tr>");
		for (size_t i = 0; i < e->columns_len; i++) {
			const char *title = emit_title(e, &e->columns[i]);

			if (title == NULL)
				continue;
			buf_printf(e->to, "<th scope=\"col\"%s>", class_of(&e->columns[i]));
			emit_html(e->to, slice_of(title));
			buf_add_text(e->to, "</th>");
		}
		buf_add_text(e->to, "</tr></thead>\n");
	}
	buf_add_text(e->to, "<tbody>\n");
}

static void html_row(struct emit *e, const struct value *row)
{
	if (!e->single)
		buf_add_text(e->to, "<tr>");
	for (size_t i = 0; i < e->columns_len; i++) {
		const char *title = emit_title(e, &e->columns[i]);

		if (title == NULL)
			continue;
		if (e->single) {
			buf_add_text(e->to, "<tr><th scope=\"row\">");
			emit_html(e->to, slice_of(title));
			buf_add_text(e->to, "</th>");
		}
		buf_printf(e->to, "<td%s>", class_of(&e->columns[i]));
		add_value(e, i, &row[i]);
		buf_add_text(e->to, e->single ? "</td></tr>\n" : "</td>");
	}
	if (!e->single)
		buf_add_text(e->to, "</tr>\n");
}

static void html_end_set(struct emit *e)
{
	buf_add_text(e->to, "</tbody>\n</table>\n");
}

static void html_end(struct emit *e, const struct query_meta *meta, const char *next)
{
	struct buf foot;

	buf_init(&foot, QUERY_CURSOR_MAX + 1024);
	emit_footing(&foot, e->lang, meta, next);
	if (foot.len > 0) {
		buf_add_text(e->to, "<p>");
		emit_html(e->to, buf_slice(&foot));
		buf_add_text(e->to, "</p>\n");
	}
	buf_release(&foot);
}

const struct emit_ops emit_html_ops = { "html", html_set, html_row, html_end_set, html_end };
