#include "web/page.h"

#include <stdio.h>

#include "store/base/day.h"
#include "web/api.h"

/* Rows of the two tables of domains. */
#define OVERVIEW_DOMAINS   200
#define OVERVIEW_UNCLAIMED 50
/* Receivers report daily; a weekend without mail is no alarm. */
#define STALE_DAYS 3

/* ---- first run --------------------------------------------------------------------------- */

static void code_block(struct html *h, const char *text)
{
	html_raw(h, "<pre tabindex=\"0\"><code>");
	html_text(h, slice_of(text));
	html_raw(h, "</code></pre>\n");
}

static void record_row(struct html *h, enum text name, const char *value)
{
	html_raw(h, "<div><dt>");
	html_say(h, name);
	html_raw(h, "</dt><dd><code>");
	html_text(h, slice_of(value));
	html_raw(h, "</code></dd></div>");
}

static void step(struct html *h, enum text title, enum text how)
{
	html_raw(h, "<li><h2>");
	html_say(h, title);
	html_raw(h, "</h2>\n<p>");
	html_say(h, how);
	html_raw(h, "</p>\n");
}

/* No report yet: what leads to one. `mails`: read so far, -1 if there is no database. */
static void guide(struct page *p, int64_t mails)
{
	struct html *h = &p->h;
	char number[HTML_NUMBER_MAX];

	page_head(p, slice_of(text_get(TEXT_GUIDE_TITLE, h->lang)), "/");
	html_raw(h, "<h1>");
	html_say(h, TEXT_GUIDE_TITLE);
	html_raw(h, "</h1>\n<p class=\"lead\">");
	html_say(h, TEXT_GUIDE_LEAD);
	html_raw(h, "</p>\n");
	if (mails != 0)
		html_raw(h, "<p class=\"note\">");
	if (mails < 0)
		html_say(h, TEXT_GUIDE_NO_DB);
	if (mails > 0) {
		html_fill(h, TEXT_GUIDE_SEEN,
			(struct fill[]){ { "b", html_number(mails, h->lang, number) } }, 1);
		html_raw(h, " ");
		html_link(h, &(struct link){ .path = "/receipts", .keep = LINK_KEEP_LANG },
			slice_of(text_get(TEXT_GUIDE_SEEN_LINK, h->lang)));
	}
	html_raw(h, mails != 0 ? "</p>\n<ol class=\"steps\">\n" : "<ol class=\"steps\">\n");
	step(h, TEXT_GUIDE_PUBLISH, TEXT_GUIDE_PUBLISH_HOW);
	html_raw(h, "<dl class=\"dns\">");
	record_row(h, TEXT_GUIDE_NAME, "_dmarc.example.com");
	record_row(h, TEXT_GUIDE_TYPE, "TXT");
	record_row(h, TEXT_GUIDE_VALUE, "v=DMARC1; p=none; rua=mailto:dmarc@example.com");
	html_raw(h, "</dl></li>\n");
	step(h, TEXT_GUIDE_FEED, TEXT_GUIDE_FEED_HOW);
	code_block(h, "ruad-ingest ~/Maildir");
	html_raw(h, "</li>\n");
	step(h, TEXT_GUIDE_OWN, TEXT_GUIDE_OWN_HOW);
	code_block(h, PAGE_CLAIM " example.com");
	html_raw(h, "</li>\n</ol>\n");
	page_foot(p);
}

/* ---- verdict ----------------------------------------------------------------------------- */

struct worst {
	char domain[256];
	struct measures m;
};

static void keep_worst(struct page *p, void *arg, const struct value *row)
{
	struct worst *w = arg;

	(void)p;
	(void)snprintf(w->domain, sizeof w->domain, "%.*s",
		SLICE_FMT(row_text(QUERY_DOMAINS, row, "domain")));
	row_measures(QUERY_DOMAINS, row, &w->m);
}

static void verdict_share(struct page *p, const struct measures *m)
{
	struct html *h = &p->h;
	char share[HTML_NUMBER_MAX];
	struct fill fill = { "b", html_share(m->pass, m->messages, h->lang, share) };

	if (m->pass == m->messages) {
		fill.text = html_number(m->messages, h->lang, share);
		html_fill(h, TEXT_VERDICT_PASS_ALL, &fill, 1);
	} else {
		html_fill(h, m->messages < 20 ? TEXT_VERDICT_FEW : TEXT_VERDICT_SHARE, &fill, 1);
	}
}

/* The one sentence that answers "is my mail all right?". */
static int verdict(struct page *p, const struct page_summary *s)
{
	struct html *h = &p->h;
	struct worst worst = { .domain = "" };
	char text[2][HTML_NUMBER_MAX];

	if (page_each(p, QUERY_DOMAINS, "-fail", 1, keep_worst, &worst, NULL) < 0)
		return -1;
	buf_printf(h->b, "<p class=\"verdict %s\">", s->m.fail > 0 ? "is-fail" : "is-pass");
	verdict_share(p, &s->m);
	if (s->m.fail > 0 && s->domains > 1) {
		html_raw(h, " ");
		html_fill(h, TEXT_VERDICT_WORST,
			(struct fill[]){ { "b", slice_of(worst.domain) },
				{ NULL, html_number(worst.m.fail, h->lang, text[0]) },
				{ NULL, html_number(worst.m.messages, h->lang, text[1]) } },
			3);
	}
	if (s->m.unknown > 0) {
		html_raw(h, " ");
		html_fill(h, s->m.fail > 0 ? TEXT_VERDICT_UNKNOWN : TEXT_VERDICT_NONE_FAIL,
			(struct fill[]){ { NULL, html_number(s->m.unknown, h->lang, text[0]) } },
			1);
	}
	html_raw(h, "</p>\n");
	return 0;
}

/* ---- domains ----------------------------------------------------------------------------- */

static void policy_cell(struct page *p, const struct value *row)
{
	struct slice policy = row_text(QUERY_DOMAINS, row, "policy");
	struct html *h = &p->h;

	html_raw(h, "<td>");
	if (policy.ptr == NULL) {
		html_raw(h, "–");
	} else {
		html_raw(h, "<code class=\"policy p-");
		html_text(h, vocabulary_find(&report_policy_words, policy, &(uint8_t){ 0 })
				     ? policy
				     : SLICE_LIT("other"));
		html_raw(h, "\">");
		html_text(h, policy);
		html_raw(h, "</code>");
	}
	html_raw(h, "</td>");
}

static void domain_row(struct page *p, void *arg, const struct value *row)
{
	struct html *h = &p->h;
	struct slice domain = row_text(QUERY_DOMAINS, row, "domain");
	struct link to = { .path = "/d/", .name = domain, .keep = LINK_KEEP }, part = to;
	struct measures m;

	(void)arg;
	row_measures(QUERY_DOMAINS, row, &m);
	html_raw(h, "<tr><th scope=\"row\">");
	html_link(h, &to, domain);
	html_raw(h, "</th>");
	html_td_meter(h, &m);
	html_td_link(h, m.messages, &to);
	part.set[0] = (struct param){ SLICE_LIT("result"), SLICE_LIT("fail") };
	part.set_len = 1;
	html_td_link(h, m.fail, &part);
	part.set[0].value = SLICE_LIT("unknown");
	html_td_link(h, m.unknown, &part);
	policy_cell(p, row);
	html_td_time(h, row_int(QUERY_DOMAINS, row, "last_report"));
	html_raw(h, "</tr>\n");
}

static void domain_heads(struct html *h)
{
	html_raw(h, "<thead><tr>");
	html_th(h, TEXT_DOMAIN, false);
	html_th(h, TEXT_PASSES_DMARC, false);
	html_th(h, TEXT_MESSAGES, true);
	html_th(h, TEXT_FAIL, true);
	html_th(h, TEXT_UNKNOWN, true);
	html_th(h, TEXT_POLICY, false);
	html_th(h, TEXT_LAST_REPORT, false);
	html_raw(h, "</tr></thead>\n<tbody>\n");
}

static int domain_table(struct page *p, const char *look, enum text title, int64_t limit)
{
	struct html *h = &p->h;
	char number[HTML_NUMBER_MAX];
	int64_t rows;

	html_table_begin(h, look, title, NULL, 0);
	domain_heads(h);
	if (page_each(p, QUERY_DOMAINS, "-fail", limit, domain_row, NULL, &rows) < 0)
		return -1;
	html_raw(h, "</tbody>\n");
	html_table_end(h);
	if (rows == limit) {
		html_raw(h, "<p class=\"fine\">");
		html_fill(h, TEXT_MORE_ROWS,
			(struct fill[]){ { NULL, html_number(limit, h->lang, number) } }, 1);
		html_raw(h, "</p>\n");
	}
	return 0;
}

static int unclaimed(struct page *p)
{
	struct html *h = &p->h;

	html_raw(h, "<section><h2>");
	html_say(h, TEXT_UNCLAIMED);
	html_raw(h, "</h2>\n<p>");
	html_fill(h, TEXT_UNCLAIMED_WHY,
		(struct fill[]){ { "code", SLICE_LIT(PAGE_CLAIM " DOMAIN") } }, 1);
	html_raw(h, "</p>\n");
	p->f->scope = QUERY_SCOPE_UNCLAIMED;
	if (domain_table(p, "domains captioned", TEXT_UNCLAIMED, OVERVIEW_UNCLAIMED) < 0)
		return -1;
	p->f->scope = QUERY_SCOPE_DEFAULT;
	html_raw(h, "</section>\n");
	return 0;
}

/* ---- the page ---------------------------------------------------------------------------- */

struct status {
	int64_t reports, mails, unclaimed, own;
	struct value last_day;
};

static void keep_status(struct page *p, void *arg, const struct value *row)
{
	struct status *s = arg;

	(void)p;
	s->reports = row_int(QUERY_STATUS, row, "reports");
	s->mails = row_int(QUERY_STATUS, row, "receipts");
	s->unclaimed = row_int(QUERY_STATUS, row, "unclaimed_domains");
	s->last_day = row[query_column(QUERY_STATUS, "last_day")];
}

static void stale(struct page *p, const struct status *st)
{
	int64_t days = day_of(day_now()) - st->last_day.number;
	char number[HTML_NUMBER_MAX];

	if (st->last_day.null || days <= STALE_DAYS)
		return;
	html_raw(&p->h, "<p class=\"note warn\">");
	html_fill(&p->h, TEXT_STALE,
		(struct fill[]){ { "b", html_number(days, p->h.lang, number) } }, 1);
	html_raw(&p->h, "</p>\n");
}

static int facts(struct page *p, const struct status *st)
{
	struct page_summary s;

	if (page_summarise(p, &s) < 0)
		return -1;
	page_window(p);
	if (s.reports == 0)
		return page_empty(p);
	if (s.m.messages == 0) {
		html_raw(&p->h, "<p class=\"empty\">");
		html_say(&p->h, TEXT_VERDICT_NO_MAIL);
		html_raw(&p->h, "</p>\n");
	} else if (verdict(p, &s) < 0) {
		return -1;
	}
	page_tiles(p, &s);
	html_raw(&p->h, "<section><h2>");
	html_say(&p->h, TEXT_DOMAINS);
	html_raw(&p->h, "</h2>\n");
	if (st->own == 0) {
		html_raw(&p->h, "<p class=\"fine\">");
		html_fill(&p->h, TEXT_DOMAINS_ALL_COUNT,
			(struct fill[]){ { "code", SLICE_LIT(PAGE_CLAIM " DOMAIN") } }, 1);
		html_raw(&p->h, "</p>\n");
	}
	if (domain_table(p, "domains", TEXT_DOMAINS_WORST_FIRST, OVERVIEW_DOMAINS) < 0)
		return -1;
	page_downloads(p, "/api/v1/domains");
	html_raw(&p->h, "</section>\n");
	return page_summarise(p, &s) < 0 ? -1 : page_chart(p, &s);
}

int page_overview(const struct request *req, struct response *res, struct err *err)
{
	struct page p;
	struct status st = { 0 };

	if (api_filter(req, res, QUERY_SUMMARY, req->filter, err) < 0)
		return -1;
	page_begin(&p, req, res, err);
	if (req->store == NULL) {
		guide(&p, -1);
		return 0;
	}
	if (page_each(&p, QUERY_STATUS, NULL, 0, keep_status, &st, NULL) < 0 ||
		page_each(&p, QUERY_OWN, NULL, 1, NULL, NULL, &st.own) < 0)
		return -1;
	if (st.reports == 0) {
		guide(&p, st.mails);
		return 0;
	}
	page_head(&p, slice_of(text_get(TEXT_OVERVIEW_TITLE, req->lang)), "/");
	html_raw(&p.h, "<h1>");
	html_say(&p.h, TEXT_OVERVIEW_TITLE);
	html_raw(&p.h, "</h1>\n");
	stale(&p, &st);
	if (facts(&p, &st) < 0 || (st.own > 0 && st.unclaimed > 0 && unclaimed(&p) < 0))
		return -1;
	page_foot(&p);
	return 0;
}
