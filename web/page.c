#include "web/page.h"

#include <stdio.h>

#include "store/base/day.h"
#include "web/asset.h"
#include "web/api.h"

void page_begin(struct page *p, const struct request *req, struct response *res, struct err *err)
{
	*p = (struct page){
		.h = { &res->body, req, req->lang }, .res = res, .err = err, .f = req->filter
	};
	res->type = "text/html; charset=utf-8";
	res->language = req->lang == EMIT_ES ? "es" : "en";
}

/* ---- frame ------------------------------------------------------------------------------- */

static void nav_link(struct html *h, const char *path, enum text id, const char *here)
{
	html_raw(h, "<a");
	html_href(h, &(struct link){ .path = path, .keep = LINK_KEEP_LANG });
	html_raw(h, here != NULL && strcmp(path, here) == 0 ? " aria-current=\"page\">" : ">");
	html_say(h, id);
	html_raw(h, "</a>");
}

/* This very page in the other language. */
static void language_link(struct html *h, const char *code, const char *name, bool current)
{
	struct link link = {
		.path = "", .set = { { SLICE_LIT("lang"), slice_of(code) } }, .set_len = 1
	};

	buf_printf(h->b, "<a lang=\"%s\" hreflang=\"%s\"", code, code);
	/* "?lang=es" alone keeps the path, whatever it is. */
	html_href(h, &link);
	buf_printf(h->b, "%s>%s</a>", current ? " aria-current=\"true\"" : "", name);
}

/* Patterns of the bars: a state is colour and shape. One place, every drawing refers to it. */
static const char patterns[] =
	"<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>"
	"<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
	"patternTransform=\"rotate(45)\"><rect class=\"fail-ground\" width=\"6\" height=\"6\"/>"
	"<rect class=\"fail-ink\" width=\"3.4\" height=\"6\"/></pattern>"
	"<pattern id=\"dots\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">"
	"<rect class=\"unknown-ground\" width=\"5\" height=\"5\"/>"
	"<circle class=\"unknown-ink\" cx=\"2.5\" cy=\"2.5\" r=\"1.5\"/></pattern>"
	"<pattern id=\"arriving\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
	"<rect class=\"arriving-ink\" x=\"0\" y=\"0\" width=\"2\" height=\"2\"/>"
	"<rect class=\"arriving-ink\" x=\"4\" y=\"4\" width=\"2\" height=\"2\"/></pattern>"
	"</defs></svg>\n";

void page_head(struct page *p, struct slice title, const char *here)
{
	struct html *h = &p->h;

	buf_printf(h->b, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
		p->res->language);
	html_raw(h, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	html_text(h, title);
	html_raw(h, " – ruad</title>\n<link rel=\"stylesheet\" href=\"");
	asset_url(h->b, "plain.css");
	html_raw(h, "\">\n<link rel=\"icon\" type=\"image/svg+xml\" href=\"");
	asset_url(h->b, "icon.svg");
	html_raw(h, "\">\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">");
	html_say(h, TEXT_SKIP);
	html_raw(h, "</a>\n");
	html_raw(h, patterns);
	html_raw(h, "<header class=\"top\"><a class=\"brand\"");
	html_href(h, &(struct link){ .path = "/", .keep = LINK_KEEP_LANG });
	html_raw(h, ">ruad</a>\n<nav aria-label=\"");
	html_say(h, TEXT_NAV_MAIN);
	html_raw(h, "\">");
	nav_link(h, "/", TEXT_NAV_OVERVIEW, here);
	nav_link(h, "/reports", TEXT_NAV_REPORTS, here);
	nav_link(h, "/receipts", TEXT_NAV_RECEIPTS, here);
	html_raw(h, "</nav>\n<nav class=\"languages\" aria-label=\"");
	html_say(h, TEXT_LANGUAGE);
	html_raw(h, "\">");
	language_link(h, "en", "EN", h->lang == EMIT_EN);
	language_link(h, "es", "ES", h->lang == EMIT_ES);
	html_raw(h, "</nav></header>\n<main id=\"main\">\n");
}

void page_foot(struct page *p)
{
	struct html *h = &p->h;
	const struct query_meta *meta = p->has_foot ? &p->foot : &p->meta;
	char day[DAY_TEXT_MAX], now[HTML_NUMBER_MAX];

	html_raw(h, "</main>\n<footer><p>");
	if (meta->has_data_through)
		html_fill(h, TEXT_FOOT_THROUGH,
			(struct fill[]){ { "b", slice_of(day_text(meta->data_through, day)) } }, 1);
	else if (p->has_foot)
		html_say(h, TEXT_FOOT_NO_DATA);
	html_raw(h, "</p><p>");
	html_fill(h, TEXT_FOOT_UTC, (struct fill[]){ { NULL, html_time(day_now(), now) } }, 1);
	html_raw(h, "</p></footer>\n</body>\n</html>\n");
}

/* ---- questions --------------------------------------------------------------------------- */

static int each(struct page *p, enum query_kind kind, int64_t limit, page_row *row, void *arg,
	int64_t *count)
{
	struct query *q = NULL;
	const struct value *values;
	const char *next;
	int64_t rows = 0;
	int more;

	p->f->limit = limit;
	if (query_open(&q, p->h.req->store, kind, p->f, p->err) < 0)
		return -1;
	p->meta = *query_meta(q);
	p->has_meta = true;
	while ((more = query_next(q, &values, p->err)) > 0) {
		if (row != NULL)
			row(p, arg, values);
		rows++;
	}
	next = query_next_cursor(q);
	(void)snprintf(p->next, sizeof p->next, "%s", next != NULL ? next : "");
	query_close(q);
	if (count != NULL)
		*count = rows;
	return more;
}

int page_each(struct page *p, enum query_kind kind, const char *sort, int64_t limit, page_row *row,
	void *arg, int64_t *count)
{
	(void)snprintf(p->f->sort, sizeof p->f->sort, "%s", sort != NULL ? sort : "");
	p->f->cursor[0] = '\0';
	return each(p, kind, limit, row, arg, count);
}

int page_paged(struct page *p, enum query_kind kind, int64_t limit, page_row *row, void *arg,
	int64_t *count)
{
	struct slice cursor = params_get(p->h.req->params, SLICE_LIT("cursor"));

	p->f->sort[0] = '\0';
	(void)snprintf(p->f->cursor, sizeof p->f->cursor, "%.*s", SLICE_FMT(cursor));
	return each(p, kind, limit, row, arg, count);
}

static void keep_summary(struct page *p, void *arg, const struct value *row)
{
	struct page_summary *s = arg;

	(void)p;
	row_own(QUERY_SUMMARY, row, &s->m);
	s->reports = row_int(QUERY_SUMMARY, row, "reports");
	s->domains = row_int(QUERY_SUMMARY, row, "domains");
	s->sources = row_int(QUERY_SUMMARY, row, "sources");
	s->reporters = row_int(QUERY_SUMMARY, row, "reporters");
	s->acted_on = row_int(QUERY_SUMMARY, row, "disposition_quarantine") +
		      row_int(QUERY_SUMMARY, row, "disposition_reject");
	s->asked = true;
}

int page_summarise(struct page *p, struct page_summary *ret)
{
	char day[DAY_TEXT_MAX];

	*ret = (struct page_summary){ 0 };
	if (page_each(p, QUERY_SUMMARY, NULL, 0, keep_summary, ret, NULL) < 0)
		return -1;
	if (!p->has_foot)
		p->foot = p->meta;
	p->has_foot = true;
	(void)snprintf(p->from, sizeof p->from, "%s", day_text(p->meta.from, day));
	(void)snprintf(p->to, sizeof p->to, "%s", day_text(p->meta.to, day));
	return 0;
}

/* ---- window ------------------------------------------------------------------------------ */

static void window_link(struct page *p, const char *last, enum text id, bool is_default)
{
	struct html *h = &p->h;
	const struct params *params = h->req->params;
	struct slice now = params_get(params, SLICE_LIT("last"));
	bool named = now.ptr != NULL || params_get(params, SLICE_LIT("from")).ptr != NULL ||
		     params_get(params, SLICE_LIT("to")).ptr != NULL;
	struct link link = { .path = "",
		.set = { { SLICE_LIT("last"), slice_of(last) }, { SLICE_LIT("from"), SLICE_ABSENT },
			{ SLICE_LIT("to"), SLICE_ABSENT }, { SLICE_LIT("cursor"), SLICE_ABSENT } },
		.set_len = 4 };

	html_raw(h, "<a");
	html_href(h, &link);
	html_raw(h, (named ? slice_equal(now, slice_of(last)) : is_default)
			    ? " aria-current=\"true\">"
			    : ">");
	html_say(h, id);
	html_raw(h, "</a>");
}

/* What the form must not lose. */
static void hidden_inputs(struct page *p)
{
	const struct params *params = p->h.req->params;

	for (unsigned i = 0; i < params->len; i++) {
		if (params_listed("last from to cursor result", params->list[i].name))
			continue;
		html_raw(&p->h, "<input type=\"hidden\" name=\"");
		html_text(&p->h, params->list[i].name);
		html_raw(&p->h, "\" value=\"");
		html_text(&p->h, params->list[i].value);
		html_raw(&p->h, "\">");
	}
}

static void date_input(struct page *p, const char *name, enum text label, const char *value)
{
	html_raw(&p->h, "<label><span>");
	html_say(&p->h, label);
	buf_printf(p->h.b, "</span> <input type=\"date\" name=\"%s\" value=\"%s\"></label>\n", name,
		value);
}

static void result_input(struct page *p)
{
	static const struct {
		const char *value;
		enum text label;
	} options[] = { { "", TEXT_FILTER_ANY }, { "pass", TEXT_PASS }, { "fail", TEXT_FAIL },
		{ "unknown", TEXT_UNKNOWN } };
	struct slice now = params_get(p->h.req->params, SLICE_LIT("result"));

	html_raw(&p->h, "<label><span>");
	html_say(&p->h, TEXT_FILTER_RESULT);
	html_raw(&p->h, "</span> <select name=\"result\">");
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		buf_printf(p->h.b, "<option value=\"%s\"%s>", options[i].value,
			slice_equal_fold(now, slice_of(options[i].value)) ? " selected" : "");
		html_say(&p->h, options[i].label);
		html_raw(&p->h, "</option>");
	}
	html_raw(&p->h, "</select></label>\n");
}

void page_window(struct page *p)
{
	struct html *h = &p->h;

	html_raw(h, "<section class=\"window\" aria-label=\"");
	html_say(h, TEXT_WINDOW);
	html_raw(h, "\"><div class=\"presets\">");
	window_link(p, "7d", TEXT_WINDOW_7, false);
	window_link(p, "30d", TEXT_WINDOW_30, true);
	window_link(p, "90d", TEXT_WINDOW_90, false);
	window_link(p, "all", TEXT_WINDOW_ALL, false);
	html_raw(h, "</div>\n<form method=\"get\">");
	hidden_inputs(p);
	date_input(p, "from", TEXT_WINDOW_FROM, p->from);
	date_input(p, "to", TEXT_WINDOW_TO, p->to);
	result_input(p);
	html_raw(h, "<button>");
	html_say(h, TEXT_WINDOW_APPLY);
	html_raw(h, "</button></form></section>\n");
}

static void active_filter(struct page *p, const char *name, struct slice shown)
{
	struct html *h = &p->h;
	struct link without = {
		.path = "", .set = { { slice_of(name), SLICE_ABSENT } }, .set_len = 1
	};

	html_raw(h, "<p class=\"note\">");
	html_fill(h, TEXT_FILTER_ACTIVE, (struct fill[]){ { "b", shown } }, 1);
	html_raw(h, " ");
	html_link(h, &without, slice_of(text_get(TEXT_FILTER_CLEAR, h->lang)));
	html_raw(h, "</p>\n");
}

/* A source group is known by its name, not by its number. */
static void active_group(struct page *p, void *arg, const struct value *row)
{
	(void)arg;
	active_filter(p, "group", row_text(QUERY_SOURCE, row, "name"));
}

/* What narrows the page, each with a way out. */
int page_active_filters(struct page *p)
{
	static const char *const names[] = { "source", "service", "class", "result", "reporter",
		"disposition", "header_from" };

	if (p->f->source_group > 0 &&
		page_each(p, QUERY_SOURCE, NULL, 1, active_group, NULL, NULL) < 0)
		return -1;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct slice value = params_get(p->h.req->params, slice_of(names[i]));

		if (value.len > 0)
			active_filter(p, names[i], text_word(value, p->h.lang));
	}
	return 0;
}

/* ---- numbers at the top ------------------------------------------------------------------- */

static void tile(
	struct page *p, enum text label, struct slice number, struct slice under, const char *look)
{
	struct html *h = &p->h;

	buf_printf(h->b, "<div class=\"tile %s\"><dt>", look);
	html_say(h, label);
	html_raw(h, "</dt><dd><b>");
	html_text(h, number);
	html_raw(h, "</b>");
	if (under.len > 0) {
		html_raw(h, " <span>");
		html_text(h, under);
		html_raw(h, "</span>");
	}
	html_raw(h, "</dd></div>\n");
}

static void count_tile(
	struct page *p, enum text label, int64_t part, int64_t whole, const char *look)
{
	char number[HTML_NUMBER_MAX], share[HTML_NUMBER_MAX];

	tile(p, label, html_number(part, p->h.lang, number),
		whole > 0 ? html_share(part, whole, p->h.lang, share) : SLICE_ABSENT, look);
}

/* The headline: of the mail that is yours, what passes; and if all that is undecided were yours too. */
static void own_tile(struct page *p, const struct measures *m)
{
	char share[HTML_NUMBER_MAX], least[HTML_NUMBER_MAX], under[128];
	struct slice floor =
		html_share(m->own_pass, m->own_messages + m->undecided, p->h.lang, least);

	(void)snprintf(under, sizeof under, "%s %.*s", text_get(TEXT_AT_LEAST, p->h.lang),
		SLICE_FMT(floor));
	tile(p, TEXT_OWN_PASS, html_share(m->own_pass, m->own_messages, p->h.lang, share),
		m->undecided > 0 ? slice_of(under) : SLICE_ABSENT,
		m->own_pass == m->own_messages ? "is-pass" : "is-fail");
}

void page_tiles(struct page *p, const struct page_summary *s)
{
	html_raw(&p->h, "<dl class=\"tiles\">\n");
	own_tile(p, &s->m);
	count_tile(p, TEXT_TO_DECIDE, s->m.undecided, s->m.messages, "");
	count_tile(p, TEXT_MESSAGES, s->m.messages, 0, "all");
	count_tile(p, TEXT_PASSES_DMARC, s->m.pass, s->m.messages, "is-pass");
	count_tile(p, TEXT_FAIL, s->m.fail, s->m.messages, "is-fail");
	count_tile(p, TEXT_UNKNOWN, s->m.unknown, s->m.messages, "is-unknown");
	count_tile(p, TEXT_DKIM_ALIGNED, s->m.dkim_aligned, s->m.messages, "");
	count_tile(p, TEXT_SPF_ALIGNED, s->m.spf_aligned, s->m.messages, "");
	html_raw(&p->h, "</dl>\n");
}

/* ---- tables' ends ------------------------------------------------------------------------- */

void page_pager(struct page *p)
{
	struct html *h = &p->h;
	struct link link = {
		.path = "", .set = { { SLICE_LIT("cursor"), SLICE_ABSENT } }, .set_len = 1
	};
	bool first = params_get(h->req->params, SLICE_LIT("cursor")).len == 0;

	if (first && p->next[0] == '\0')
		return;
	html_raw(h, "<p class=\"pager\">");
	if (!first)
		html_link(h, &link, slice_of(text_get(TEXT_FIRST_PAGE, h->lang)));
	if (p->next[0] != '\0') {
		link.set[0].value = slice_of(p->next);
		html_raw(h, " ");
		html_link(h, &link, slice_of(text_get(TEXT_NEXT, h->lang)));
	}
	html_raw(h, "</p>\n");
}

#define API_KEEP                                                                                   \
	"domain subdomains scope header_from reporter source group service class result "          \
	"disposition last from to "                                                                \
	"verified without_twins conflicts partial twins"

void page_downloads(struct page *p, const char *path)
{
	static const struct {
		const char *name, *value;
	} formats[] = { { "JSON", "json" }, { "CSV", "csv" } };
	struct html *h = &p->h;

	html_raw(h, "<p class=\"downloads\">");
	html_say(h, TEXT_DOWNLOAD);
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct link link = { .path = path,
			.keep = API_KEEP,
			.set = { { SLICE_LIT("format"), slice_of(formats[i].value) },
				{ SLICE_LIT("limit"), SLICE_LIT("1000") } },
			.set_len = 2 };

		if (p->h.req->name.ptr != NULL)
			link.set[link.set_len++] =
				(struct param){ SLICE_LIT("domain"), p->h.req->name };
		html_raw(h, " ");
		html_link(h, &link, slice_of(formats[i].name));
	}
	html_raw(h, "</p>\n");
}

static void keep_last_day(struct page *p, void *arg, const struct value *row)
{
	(void)p;
	*(struct value *)arg = row[query_column(QUERY_STATUS, "last_day")];
}

int page_empty(struct page *p)
{
	struct html *h = &p->h;
	struct query_meta meta = p->meta;
	struct value last_day = { .null = true };
	char day[DAY_TEXT_MAX];
	struct link all = { .path = "",
		.set = { { SLICE_LIT("last"), SLICE_LIT("all") },
			{ SLICE_LIT("from"), SLICE_ABSENT }, { SLICE_LIT("to"), SLICE_ABSENT } },
		.set_len = 3 };

	if (page_each(p, QUERY_STATUS, NULL, 0, keep_last_day, &last_day, NULL) < 0)
		return -1;
	p->meta = meta;
	html_raw(h, "<p class=\"empty\">");
	html_say(h, TEXT_VERDICT_EMPTY);
	if (!last_day.null) {
		html_raw(h, " ");
		html_fill(h, TEXT_EMPTY_NEWEST,
			(struct fill[]){
				{ NULL, slice_of(day_text((int32_t)last_day.number, day)) } },
			1);
		html_raw(h, " ");
		html_link(h, &all, slice_of(text_get(TEXT_EMPTY_SHOW_ALL, h->lang)));
	}
	html_raw(h, "</p>\n");
	return 0;
}

/* ---- errors ------------------------------------------------------------------------------ */

void page_error(const struct request *req, const struct problem *problem, struct slice detail,
	struct response *res)
{
	static const struct {
		unsigned status;
		enum text title;
	} titles[] = { { 400, TEXT_ERROR_400 }, { 404, TEXT_ERROR_404 }, { 503, TEXT_ERROR_503 } };
	enum text title = TEXT_ERROR_500;
	struct page p;

	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
		if (titles[i].status == problem->status)
			title = titles[i].title;
	}
	buf_clear(&res->body);
	page_begin(&p, req, res, NULL);
	page_head(&p, slice_of(text_get(title, req->lang)), NULL);
	html_raw(&p.h, "<h1>");
	html_say(&p.h, title);
	html_raw(&p.h, "</h1>\n<p>");
	html_text(&p.h, detail);
	html_raw(&p.h, "</p>\n<p><a class=\"action\"");
	html_href(&p.h, &(struct link){ .path = "/", .keep = LINK_KEEP_LANG });
	html_raw(&p.h, ">");
	html_say(&p.h, TEXT_ERROR_BACK);
	html_raw(&p.h, "</a></p>\n<p class=\"fine\">");
	html_fill(&p.h, TEXT_ERROR_ID, (struct fill[]){ { "code", slice_of(res->id) } }, 1);
	html_raw(&p.h, "</p>\n");
	page_foot(&p);
}
