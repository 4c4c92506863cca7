#include "web/page.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/base/day.h"

/* Up to here a bar is a day, then a week; past that a bar would be thinner than a pixel. */
#define CHART_DAYS_MAX 120
#define CHART_BARS_MAX 420
/* The drawing's own units; it scales to the width there is. */
#define CHART_WIDTH  720.0
#define CHART_HEIGHT 160.0

struct bar {
	int32_t day;
	bool complete;
	struct measures m;
};

struct chart {
	struct bar *bars;
	size_t len;
	int64_t most; /* messages of the tallest bar */
	bool weeks;
};

static void keep_bar(struct page *p, void *arg, const struct value *row)
{
	struct chart *c = arg;
	struct bar *bar;

	(void)p;
	if (c->len == CHART_BARS_MAX)
		return;
	bar = &c->bars[c->len++];
	bar->day = (int32_t)row_int(QUERY_TIMESERIES, row, "day");
	bar->complete = row_int(QUERY_TIMESERIES, row, "complete") != 0;
	row_measures(QUERY_TIMESERIES, row, &bar->m);
	if (bar->m.messages > c->most)
		c->most = bar->m.messages;
}

/* The end of the axis: 1, 2 or 5 times a power of ten. */
static int64_t axis_end(int64_t most)
{
	int64_t unit = 1;

	while (unit <= most / 10)
		unit *= 10;
	for (int64_t n = 1; n <= 10; n = n == 2 ? 5 : n * 2) {
		if (n * unit >= most)
			return n * unit;
	}
	return 10 * unit;
}

/* One bar, from the axis up: pass, fail, unknown. */
static void draw_bar(struct page *p, const struct bar *bar, double x, double width, int64_t end)
{
	static const char *const looks[] = { "pass\"", "fail\" fill=\"url(#hatch)\"",
		"unknown\" fill=\"url(#dots)\"" };
	const int64_t parts[] = { bar->m.pass, bar->m.fail, bar->m.unknown };
	char day[DAY_TEXT_MAX], text[4][HTML_NUMBER_MAX];
	enum emit_lang lang = p->h.lang;
	double y = CHART_HEIGHT;

	html_raw(&p->h, "<g><title>");
	html_fill(&p->h, TEXT_BAR_SAYS,
		(struct fill[]){ { NULL, slice_of(day_text(bar->day, day)) },
			{ NULL, html_number(bar->m.messages, lang, text[0]) },
			{ NULL, html_number(bar->m.pass, lang, text[1]) },
			{ NULL, html_number(bar->m.fail, lang, text[2]) },
			{ NULL, html_number(bar->m.unknown, lang, text[3]) } },
		5);
	if (!bar->complete) {
		html_raw(&p->h, " (");
		html_say(&p->h, TEXT_ARRIVING);
		html_raw(&p->h, ")");
	}
	/* The whole column answers the pointer, not only its ink. */
	buf_printf(p->h.b,
		"</title><rect class=\"%s\" x=\"%.2f\" y=\"0\" width=\"%.2f\" height=\"%.0f\"%s/>",
		bar->complete ? "column" : "arriving", x, width, CHART_HEIGHT,
		bar->complete ? "" : " fill=\"url(#arriving)\"");
	for (size_t i = 0; i < 3; i++) {
		double height = (double)parts[i] * CHART_HEIGHT / (double)end;

		if (parts[i] == 0)
			continue;
		if (height < 1.5)
			height = 1.5; /* little is not nothing */
		y -= height;
		buf_printf(p->h.b,
			"<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" class=\"%s/>",
			x, y > 0 ? y : 0, width, height, looks[i]);
	}
	html_raw(&p->h, "</g>\n");
}

static void draw(struct page *p, const struct chart *c, const struct page_summary *s)
{
	struct html *h = &p->h;
	int64_t end = axis_end(c->most);
	double slot = CHART_WIDTH / (double)c->len, gap = slot > 8 ? 2 : slot * 0.25;
	char text[5][HTML_NUMBER_MAX], first[DAY_TEXT_MAX], last[DAY_TEXT_MAX];

	html_raw(h, "<div class=\"chart\"><div class=\"axis\" aria-hidden=\"true\"><span>");
	html_text(h, html_number(end, h->lang, text[0]));
	html_raw(h, "</span><span>");
	if (end % 2 == 0)
		html_text(h, html_number(end / 2, h->lang, text[0]));
	html_raw(h, "</span><span>0</span></div>\n<div class=\"plot\">");
	buf_printf(h->b,
		"<svg viewBox=\"0 0 %.0f %.0f\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"",
		CHART_WIDTH, CHART_HEIGHT);
	html_fill(h, TEXT_CHART_SAYS,
		(struct fill[]){ { NULL, html_number(s->m.messages, h->lang, text[0]) },
			{ NULL, slice_of(p->from) }, { NULL, slice_of(p->to) },
			{ NULL, html_number(s->m.pass, h->lang, text[1]) },
			{ NULL, html_number(s->m.fail, h->lang, text[2]) },
			{ NULL, html_number(s->m.unknown, h->lang, text[3]) },
			{ NULL, html_number(c->most, h->lang, text[4]) } },
		7);
	buf_printf(h->b, "\"><path class=\"grid\" d=\"M0 .5H%.0fM0 %.1fH%.0fM0 %.1fH%.0f\"/>\n",
		CHART_WIDTH, CHART_HEIGHT / 2, CHART_WIDTH, CHART_HEIGHT - 0.5, CHART_WIDTH);
	for (size_t i = 0; i < c->len; i++)
		draw_bar(p, &c->bars[i], (double)i * slot + gap / 2, slot - gap, end);
	html_raw(h, "</svg><div class=\"ends\" aria-hidden=\"true\"><span>");
	html_text(h, slice_of(day_text(c->bars[0].day, first)));
	html_raw(h, "</span><span>");
	html_text(h, slice_of(day_text(c->bars[c->len - 1].day, last)));
	html_raw(h, "</span></div></div></div>\n");
}

static void legend_item(struct page *p, enum text id, const char *look)
{
	buf_printf(p->h.b,
		"<li><svg viewBox=\"0 0 14 14\" aria-hidden=\"true\"><rect width=\"14\" height=\"14\" "
		"class=\"%s/></svg> ",
		look);
	html_say(&p->h, id);
	html_raw(&p->h, "</li>");
}

static void legend(struct page *p, const struct chart *c)
{
	bool arriving = false;

	for (size_t i = 0; i < c->len; i++)
		arriving |= !c->bars[i].complete;
	html_raw(&p->h, "<ul class=\"legend\">");
	legend_item(p, TEXT_PASS, "pass\"");
	legend_item(p, TEXT_FAIL, "fail\" fill=\"url(#hatch)\"");
	legend_item(p, TEXT_UNKNOWN, "unknown\" fill=\"url(#dots)\"");
	if (arriving)
		legend_item(p, TEXT_ARRIVING, "arriving\" fill=\"url(#arriving)\"");
	html_raw(&p->h, "</ul>\n");
}

static void table(struct page *p, const struct chart *c)
{
	struct html *h = &p->h;
	char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX];

	html_raw(h, "<details><summary>");
	html_say(h, TEXT_SHOW_TABLE);
	html_raw(h, "</summary>\n");
	html_table_begin(h, "days captioned", c->weeks ? TEXT_BY_WEEK : TEXT_BY_DAY, NULL, 0);
	html_raw(h, "<thead><tr>");
	html_th(h, c->weeks ? TEXT_WEEK_FROM : TEXT_DAY, false);
	html_th(h, TEXT_MESSAGES, true);
	html_th(h, TEXT_PASS, true);
	html_th(h, TEXT_FAIL, true);
	html_th(h, TEXT_UNKNOWN, true);
	html_th(h, TEXT_PASSES_DMARC, true);
	html_raw(h, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < c->len; i++) {
		const struct bar *bar = &c->bars[i];
		struct link link = { .path = "",
			.set = { { SLICE_LIT("last"), SLICE_ABSENT },
				{ SLICE_LIT("from"), slice_of(day_text(bar->day, from)) },
				{ SLICE_LIT("to"),
					slice_of(day_text(bar->day + (c->weeks ? 6 : 0), to)) } },
			.set_len = 3 };

		html_raw(h, "<tr><th scope=\"row\">");
		html_link(h, &link, slice_of(from));
		if (!bar->complete) {
			html_raw(h, " <span class=\"fine\">");
			html_say(h, TEXT_ARRIVING);
			html_raw(h, "</span>");
		}
		html_raw(h, "</th>");
		html_td_number(h, bar->m.messages);
		html_td_number(h, bar->m.pass);
		html_td_number(h, bar->m.fail);
		html_td_number(h, bar->m.unknown);
		html_td_share(h, bar->m.pass, bar->m.messages);
		html_raw(h, "</tr>\n");
	}
	html_raw(h, "</tbody>\n");
	html_table_end(h);
	html_raw(h, "</details>\n");
}

int page_chart(struct page *p, const struct page_summary *s)
{
	int32_t days = p->meta.to - p->meta.from + 1;
	struct chart c = { .weeks = days > CHART_DAYS_MAX };
	int rc = -1;

	html_raw(&p->h, "<section><h2>");
	html_say(&p->h, c.weeks ? TEXT_BY_WEEK : TEXT_BY_DAY);
	html_raw(&p->h, "</h2>\n");
	if (days < 1 || days / 7 > CHART_BARS_MAX - 2) {
		html_raw(&p->h, "<p class=\"fine\">");
		html_say(&p->h, TEXT_CHART_TOO_LONG);
		html_raw(&p->h, "</p></section>\n");
		return 0;
	}
	c.bars = calloc(CHART_BARS_MAX, sizeof *c.bars);
	if (c.bars == NULL) {
		(void)err_set(p->err, ERR_SHORTAGE, "no memory for a chart");
		goto out;
	}
	p->f->bucket = c.weeks ? QUERY_BY_WEEK : QUERY_BY_DAY;
	if (page_each(p, QUERY_TIMESERIES, NULL, 0, keep_bar, &c, NULL) < 0)
		goto out;
	if (c.len > 0 && c.most > 0) {
		draw(p, &c, s);
		legend(p, &c);
		table(p, &c);
	}
	page_downloads(p, "/api/v1/timeseries");
	html_raw(&p->h, "</section>\n");
	rc = 0;
out:
	free(c.bars);
	return rc;
}
