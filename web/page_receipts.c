#include "web/page.h"

#include <stdio.h>

#include "web/api.h"

#define RECEIPTS_ROWS 100

static void ending_tile(struct page *p, void *arg, const struct value *row)
{
	struct html *h = &p->h;
	struct slice ending = row_text(QUERY_ENDINGS, row, "ending");
	const struct slice *chosen = arg;
	char number[HTML_NUMBER_MAX];

	html_raw(h, "<li><a class=\"tile\"");
	html_href(h, &(struct link){ .path = "/receipts",
			     .keep = LINK_KEEP_LANG,
			     .set = { { SLICE_LIT("ending"), ending } },
			     .set_len = 1 });
	html_raw(h, slice_equal(ending, *chosen) ? " aria-current=\"true\">" : ">");
	html_raw(h, "<span>");
	html_text(h, text_word(ending, h->lang));
	html_raw(h, "</span> <b>");
	html_text(h, html_number(row_int(QUERY_ENDINGS, row, "mails"), h->lang, number));
	html_raw(h, "</b></a></li>\n");
}

static int endings(struct page *p, struct slice chosen)
{
	struct html *h = &p->h;

	html_raw(h, "<p>");
	html_say(h, TEXT_RECEIPTS_LEAD);
	html_raw(h, "</p>\n<ul class=\"tiles\">\n");
	if (page_each(p, QUERY_ENDINGS, NULL, 0, ending_tile, &chosen, NULL) < 0)
		return -1;
	html_raw(h, "</ul>\n");
	return 0;
}

static void why_cell(struct html *h, const struct value *row)
{
	struct slice kind = row_text(QUERY_RECEIPTS, row, "kind");
	struct slice reason = row_text(QUERY_RECEIPTS, row, "reason");

	html_raw(h, "<td class=\"long\">");
	html_text(h, text_word(kind, h->lang));
	if (kind.len > 0 && reason.len > 0)
		html_raw(h, ": ");
	html_text(h, reason);
	html_raw(h, "</td><td>");
	if (!row_null(QUERY_RECEIPTS, row, "report")) {
		char id[24];

		(void)snprintf(
			id, sizeof id, "%lld", (long long)row_int(QUERY_RECEIPTS, row, "report"));
		html_link(h,
			&(struct link){
				.path = "/reports/", .name = slice_of(id), .keep = LINK_KEEP_LANG },
			slice_of(id));
	}
	html_raw(h, "</td>");
}

static void receipt_row(struct page *p, void *arg, const struct value *row)
{
	enum query_kind k = QUERY_RECEIPTS;
	struct html *h = &p->h;

	(void)arg;
	html_raw(h, "<tr>");
	html_td_time(h, row_int(k, row, "seen"));
	html_raw(h, "<td class=\"long\">");
	html_text(h, row_text(k, row, "mail"));
	html_raw(h, "</td><td class=\"long\">");
	html_text(h, row_text(k, row, "mail_from"));
	html_raw(h, "</td><td class=\"long\">");
	html_text(h, row_text(k, row, "place"));
	html_raw(h, "</td>");
	why_cell(h, row);
	html_raw(h, "</tr>\n");
}

static int receipts(struct page *p)
{
	struct html *h = &p->h;
	int64_t rows;
	struct slice word = slice_of(report_ending_names[p->f->ending]);

	html_raw(h, "<section><h2>");
	html_fill(h, TEXT_RECEIPTS_LIST, (struct fill[]){ { NULL, text_word(word, h->lang) } }, 1);
	html_raw(h, "</h2>\n");
	html_table_begin(h, "receipts captioned", TEXT_RECEIPTS_LIST,
		(struct fill[]){ { NULL, text_word(word, h->lang) } }, 1);
	html_raw(h, "<thead><tr>");
	html_th(h, TEXT_RECEIPTS_READ, false);
	html_th(h, TEXT_RECEIPTS_MAIL, false);
	html_th(h, TEXT_FROM, false);
	html_th(h, TEXT_RECEIPTS_PLACE, false);
	html_th(h, TEXT_RECEIPTS_WHY, false);
	html_th(h, TEXT_RECEIPTS_REPORT, false);
	html_raw(h, "</tr></thead>\n<tbody>\n");
	if (page_paged(p, QUERY_RECEIPTS, RECEIPTS_ROWS, receipt_row, NULL, &rows) < 0)
		return -1;
	html_raw(h, "</tbody>\n");
	html_table_end(h);
	if (rows == 0) {
		html_raw(h, "<p class=\"empty\">");
		html_say(h, TEXT_RECEIPTS_NONE);
		html_raw(h, "</p>\n");
	}
	page_pager(p);
	html_raw(h, "</section>\n");
	return 0;
}

int page_receipts(const struct request *req, struct response *res, struct err *err)
{
	struct page p;
	int ending;

	if (api_filter(req, res, QUERY_RECEIPTS, req->filter, err) < 0)
		return -1;
	page_begin(&p, req, res, err);
	/* Nobody looks for the good ones first. */
	if (p.f->ending < 0)
		p.f->ending = REPORT_REFUSED;
	ending = p.f->ending;
	p.f->ending = -1;
	page_head(&p, slice_of(text_get(TEXT_RECEIPTS_TITLE, req->lang)), "/receipts");
	html_raw(&p.h, "<h1>");
	html_say(&p.h, TEXT_RECEIPTS_TITLE);
	html_raw(&p.h, "</h1>\n");
	if (endings(&p, slice_of(report_ending_names[ending])) < 0)
		return -1;
	p.f->ending = ending;
	if (receipts(&p) < 0)
		return -1;
	page_foot(&p);
	return 0;
}
