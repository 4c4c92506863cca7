/*
 * page: the pages, without script.
 *
 * Each is a handler of route.c that asks store/query.h and writes HTML into the answer's body.
 * page.c holds what they share: the frame, the window, the numbers at the top; each page that
 * has more to it has a file of its own.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "web/html.h"
#include "web/problem.h"

web_handler page_overview;	/* "/" */
web_handler page_domain;	/* "/d/{domain}" */
web_handler page_reports;	/* "/reports" */
web_handler page_report;	/* "/reports/{id}" */
web_handler page_receipts;	/* "/receipts" */

/* The page of an error; never fails. */
void page_error(const struct request *req, const struct problem *p, struct slice detail,
	struct response *res);

/* ---- what the pages share ------------------------------------------------------------------ */

/* How to mark a domain as one's own. */
#define PAGE_CLAIM "ruad-query domain add"

struct page {
	struct html h;
	struct response *res;
	struct err *err;
	struct query_filter *f;		/* the request's, changed as questions need it */
	struct query_meta meta;		/* of the last question */
	bool has_meta;
	struct query_meta foot;		/* of the first summary: what the foot of the page tells */
	bool has_foot;
	char next[QUERY_CURSOR_MAX];	/* where the last question's rows go on, "" nowhere */
	char from[16], to[16];		/* the window as days, once a summary was asked for */
};

void page_begin(struct page *p, const struct request *req, struct response *res, struct err *err);
/* The frame up to <main>; title is text. `here` is the path of the main page it belongs to. */
void page_head(struct page *p, struct slice title, const char *here);
void page_foot(struct page *p);

/* Ask, and call `row` for each row; it may be NULL. The number of rows goes to *count if not NULL.
 * `limit` 0: all. */
typedef void page_row(struct page *p, void *arg, const struct value *row);
int page_each(struct page *p, enum query_kind kind, const char *sort, int64_t limit, page_row *row,
	void *arg, int64_t *count);
/* The same in the order the kind has by itself, from where the request's cursor says; p->next is
 * where the next page begins. */
int page_paged(struct page *p, enum query_kind kind, int64_t limit, page_row *row, void *arg,
	int64_t *count);
/* The one row of a summary; also fills p->from and p->to. */
struct page_summary {
	struct measures m;
	int64_t reports, domains, sources, reporters, acted_on;
	bool asked;
};
int page_summarise(struct page *p, struct page_summary *ret);

/* Links to other windows, and a form for any. */
void page_window(struct page *p);
/* What narrows the page besides the window, each with a way out. */
int page_active_filters(struct page *p);
void page_tiles(struct page *p, const struct page_summary *s);
/* Bars by day or week, with their table. */
int page_chart(struct page *p, const struct page_summary *s);
/* Links to the first page and to the one after, of what page_paged() asked; nothing on the only one. */
void page_pager(struct page *p);
/* Links to the same rows as JSON and CSV. */
void page_downloads(struct page *p, const char *path);
/* Nothing in the window: say so, and where the data are. */
int page_empty(struct page *p);
/* Rows of QUERY_REPORTS as a table; nothing when there is none. */
int page_report_rows(struct page *p, int64_t limit, int64_t *count);
/* Rows of QUERY_RECORDS as a table; `reports`: with a column that names each one's report. */
int page_record_rows(struct page *p, int64_t limit, bool reports, int64_t *count);

#endif
