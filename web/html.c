#include "web/html.h"

#include <stdio.h>

#include "store/base/day.h"

/* Room for the longest link: every parameter of the request, percent-encoded. */
#define LINK_BYTES_MAX (4 * REQUEST_BYTES_MAX)
/* Fewer messages than this are shown as a fraction: 94.4 % of 18 promises too much. */
#define SHARE_FROM 20

void html_raw(struct html *h, const char *markup)
{
	buf_add_text(h->b, markup);
}

void html_text(struct html *h, struct slice text)
{
	emit_html(h->b, text);
}

void html_say(struct html *h, enum text id)
{
	emit_html(h->b, slice_of(text_get(id, h->lang)));
}

static void put_fill(struct html *h, const struct fill *fill)
{
	if (fill->tag != NULL)
		buf_printf(h->b, "<%s>", fill->tag);
	emit_html(h->b, fill->text);
	if (fill->tag != NULL)
		buf_printf(h->b, "</%s>", fill->tag);
}

void html_fill(struct html *h, enum text id, const struct fill *fills, size_t len)
{
	struct slice rest = slice_of(text_get(id, h->lang));

	while (rest.len > 0) {
		size_t at = slice_find(rest, SLICE_LIT("{"));
		size_t n;

		if (at == SIZE_MAX || at + 2 >= rest.len) {
			emit_html(h->b, rest);
			return;
		}
		emit_html(h->b, slice_from(rest.ptr, at));
		n = (size_t)(rest.ptr[at + 1] - '0');
		if (n < len)
			put_fill(h, &fills[n]);
		rest = slice_from(rest.ptr + at + 3, rest.len - at - 3);
	}
}

struct slice html_number(int64_t n, enum emit_lang lang, char dst[HTML_NUMBER_MAX])
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
	size_t used = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && digits[i - 1] != '-' && (len - i) % 3 == 0)
			dst[used++] = lang == EMIT_ES ? '.' : ',';
		dst[used++] = digits[i];
	}
	dst[used] = '\0';
	return slice_from(dst, used);
}

struct slice html_share(int64_t part, int64_t whole, enum emit_lang lang, char dst[HTML_NUMBER_MAX])
{
	int tenths, len;

	if (whole <= 0)
		return SLICE_LIT("–");
	if (whole < SHARE_FROM) {
		len = snprintf(
			dst, HTML_NUMBER_MAX, "%lld/%lld", (long long)part, (long long)whole);
		return slice_from(dst, (size_t)len);
	}
	tenths = (int)((double)part * 1000.0 / (double)whole + 0.5);
	if (part < whole && tenths > 999)
		tenths = 999;
	if (part > 0 && tenths == 0)
		tenths = 1;
	if (tenths % 1000 == 0)
		len = snprintf(dst, HTML_NUMBER_MAX, "%d\u00a0%%", tenths / 10);
	else
		len = snprintf(dst, HTML_NUMBER_MAX, "%d%c%d\u00a0%%", tenths / 10,
			lang == EMIT_ES ? ',' : '.', tenths % 10);
	return slice_from(dst, (size_t)len);
}

struct slice html_time(int64_t seconds, char dst[HTML_NUMBER_MAX])
{
	char text[DAY_TEXT_MAX];
	struct slice s = slice_of(day_time_text(seconds, text));

	/* 2026-11-24T07:23:00Z without its T, seconds and Z: the page says that it is UTC. */
	if (s.len == sizeof "2026-11-24T07:23:00Z" - 1) {
		text[10] = ' ';
		s.len = 16;
	}
	(void)snprintf(dst, HTML_NUMBER_MAX, "%.*s", SLICE_FMT(s));
	return slice_of(dst);
}

void html_href(struct html *h, const struct link *link)
{
	struct buf url;

	buf_init(&url, LINK_BYTES_MAX);
	buf_add_text(&url, link->path);
	if (link->name.ptr != NULL)
		emit_url(&url, link->name);
	if (link->tail != NULL)
		buf_add_text(&url, link->tail);
	params_link(&url, h->req->params, link->keep, link->set, link->set_len);
	html_raw(h, " href=\"");
	emit_html(h->b, buf_slice(&url));
	html_raw(h, "\"");
	buf_release(&url);
}

void html_link(struct html *h, const struct link *link, struct slice text)
{
	html_raw(h, "<a");
	html_href(h, link);
	html_raw(h, ">");
	html_text(h, text);
	html_raw(h, "</a>");
}

/* ---- rows of a question ------------------------------------------------------------------ */

int64_t row_int(enum query_kind kind, const struct value *row, const char *column)
{
	const struct value *v = &row[query_column(kind, column)];

	return v->null ? 0 : v->number;
}

struct slice row_text(enum query_kind kind, const struct value *row, const char *column)
{
	const struct value *v = &row[query_column(kind, column)];

	return v->null ? SLICE_ABSENT : v->text;
}

bool row_null(enum query_kind kind, const struct value *row, const char *column)
{
	return row[query_column(kind, column)].null;
}

void row_measures(enum query_kind kind, const struct value *row, struct measures *ret)
{
	*ret = (struct measures){ .messages = row_int(kind, row, "messages") };
	ret->pass = row_int(kind, row, "pass");
	ret->fail = row_int(kind, row, "fail");
	ret->unknown = row_int(kind, row, "unknown");
}

void row_aligned(enum query_kind kind, const struct value *row, struct measures *ret)
{
	row_measures(kind, row, ret);
	ret->spf_aligned = row_int(kind, row, "spf_aligned");
	ret->dkim_aligned = row_int(kind, row, "dkim_aligned");
}

void row_own(enum query_kind kind, const struct value *row, struct measures *ret)
{
	row_aligned(kind, row, ret);
	ret->own_messages = row_int(kind, row, "own_messages");
	ret->own_pass = row_int(kind, row, "own_pass");
	ret->undecided = row_int(kind, row, "undecided_messages");
}

/* ---- cells ------------------------------------------------------------------------------- */

void html_th(struct html *h, enum text id, bool number)
{
	html_raw(h, number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
	html_say(h, id);
	html_raw(h, "</th>");
}

void html_td_number(struct html *h, int64_t n)
{
	char text[HTML_NUMBER_MAX];

	html_raw(h, n == 0 ? "<td class=\"n zero\">" : "<td class=\"n\">");
	html_text(h, html_number(n, h->lang, text));
	html_raw(h, "</td>");
}

void html_td_link(struct html *h, int64_t n, const struct link *link)
{
	char text[HTML_NUMBER_MAX];

	if (n == 0) {
		html_td_number(h, n);
		return;
	}
	html_raw(h, "<td class=\"n\">");
	html_link(h, link, html_number(n, h->lang, text));
	html_raw(h, "</td>");
}

void html_td_share(struct html *h, int64_t part, int64_t whole)
{
	char text[HTML_NUMBER_MAX];

	html_raw(h, "<td class=\"n\">");
	html_text(h, html_share(part, whole, h->lang, text));
	html_raw(h, "</td>");
}

/* Width of the meter's drawing. */
#define METER_WIDTH 100.0

void html_td_meter(struct html *h, const struct measures *m)
{
	static const char *const looks[] = { "class=\"pass\"",
		"class=\"fail\" fill=\"url(#hatch)\"", "class=\"unknown\" fill=\"url(#dots)\"" };
	const int64_t parts[] = { m->pass, m->fail, m->unknown };
	char text[3][HTML_NUMBER_MAX];
	double x = 0;

	html_raw(h, "<td class=\"meter\">");
	if (m->messages > 0) {
		html_raw(h, "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" role=\"img\" "
			    "aria-label=\"");
		html_fill(h, TEXT_METER_SAYS,
			(struct fill[]){ { NULL, html_number(m->pass, h->lang, text[0]) },
				{ NULL, html_number(m->fail, h->lang, text[1]) },
				{ NULL, html_number(m->unknown, h->lang, text[2]) } },
			3);
		html_raw(h, "\">");
		for (size_t i = 0; i < 3; i++) {
			double width = (double)parts[i] * METER_WIDTH / (double)m->messages;

			if (parts[i] > 0 && width < 1.0)
				width = 1.0; /* one in ten thousand is still to be seen */
			if (parts[i] > 0)
				buf_printf(h->b,
					"<rect x=\"%.2f\" width=\"%.2f\" height=\"10\" %s/>",
					x + width > METER_WIDTH ? METER_WIDTH - width : x, width,
					looks[i]);
			x += width;
		}
		html_raw(h, "</svg>");
	}
	html_raw(h, "<span>");
	html_text(h, html_share(m->pass, m->messages, h->lang, text[0]));
	html_raw(h, "</span></td>");
}

void html_td_text(struct html *h, struct slice text)
{
	html_raw(h, "<td>");
	html_text(h, text);
	html_raw(h, "</td>");
}

void html_td_time(struct html *h, int64_t seconds)
{
	char text[HTML_NUMBER_MAX];

	html_raw(h, "<td class=\"time\">");
	html_text(h, html_time(seconds, text));
	html_raw(h, "</td>");
}

void html_table_begin(struct html *h, const char *class_name, enum text caption,
	const struct fill *fills, size_t len)
{
	html_raw(h, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
	html_fill(h, caption, fills, len);
	buf_printf(h->b, "\"><table class=\"%s\"><caption>", class_name);
	html_fill(h, caption, fills, len);
	html_raw(h, "</caption>\n");
}

void html_table_end(struct html *h)
{
	html_raw(h, "</table></div>\n");
}
