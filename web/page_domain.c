#include "web/page.h"

#include <stdio.h>

#include "store/base/day.h"
#include "web/api.h"

#define DOMAIN_SOURCES   100
#define DOMAIN_ADDRESSES 100
#define DOMAIN_RECORDS   50
#define DOMAIN_REPORTERS 20
#define DOMAIN_REPORTS   10

/* ---- the record, as reporters saw it ------------------------------------------------------- */

static void policy_badge(struct html *h, const char *tag, struct slice policy)
{
	static const struct {
		const char *policy;
		enum text means;
	} meanings[] = { { "none", TEXT_POLICY_NONE }, { "quarantine", TEXT_POLICY_QUARANTINE },
		{ "reject", TEXT_POLICY_REJECT } };

	if (policy.ptr == NULL)
		return;
	html_raw(h, "<div><dt><code>");
	html_raw(h, tag);
	html_raw(h, "=");
	html_text(h, policy);
	html_raw(h, "</code></dt><dd>");
	if (strcmp(tag, "sp") == 0) {
		html_say(h, TEXT_POLICY_SUBDOMAINS);
		html_raw(h, ": ");
	}
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (slice_equal(slice_of(meanings[i].policy), policy))
			html_say(h, meanings[i].means);
	}
	html_raw(h, "</dd></div>");
}

static void record_strip(struct page *p, void *arg, const struct value *row)
{
	struct html *h = &p->h;
	char time[HTML_NUMBER_MAX];

	*(bool *)arg = row_int(QUERY_DOMAINS, row, "claimed") != 0;
	html_raw(h, "<section class=\"record\"><h2>");
	html_say(h, TEXT_RECORD_SEEN);
	html_raw(h, "</h2>\n<dl>");
	policy_badge(h, "p", row_text(QUERY_DOMAINS, row, "policy"));
	policy_badge(h, "sp", row_text(QUERY_DOMAINS, row, "subdomain_policy"));
	html_raw(h, "<div><dt>");
	html_say(h, TEXT_LAST_REPORT);
	html_raw(h, "</dt><dd>");
	html_text(h, html_time(row_int(QUERY_DOMAINS, row, "last_report"), time));
	html_raw(h, " UTC</dd></div></dl></section>\n");
}

/* ---- sources ----------------------------------------------------------------------------- */

struct head {
	enum text id;
	bool number;
};

static void heads_row(struct html *h, const struct head *heads, size_t len)
{
	html_raw(h, "<thead><tr>");
	for (size_t i = 0; i < len; i++)
		html_th(h, heads[i].id, heads[i].number);
	html_raw(h, "</tr></thead>\n<tbody>\n");
}

/* What is no address cannot be filtered by: no link leads to an error. */
static void count_cell(struct html *h, bool linked, int64_t n, const struct link *to)
{
	if (linked)
		html_td_link(h, n, to);
	else
		html_td_number(h, n);
}

/* Messages, those that fail and those of no verdict, each with what it sums. */
static void counts(struct html *h, bool linked, const struct measures *m, struct link *to)
{
	html_td_meter(h, m);
	count_cell(h, linked, m->messages, to);
	to->set_len = 2;
	to->set[1] = (struct param){ SLICE_LIT("result"), SLICE_LIT("fail") };
	count_cell(h, linked, m->fail, to);
	to->set[1].value = SLICE_LIT("unknown");
	count_cell(h, linked, m->unknown, to);
	html_td_share(h, m->dkim_aligned, m->messages);
	html_td_share(h, m->spf_aligned, m->messages);
}

static void day_cell(struct html *h, enum query_kind kind, const struct value *row)
{
	char day[DAY_TEXT_MAX];

	html_raw(h, "<td class=\"time\">");
	if (!row_null(kind, row, "last_seen"))
		html_text(h, slice_of(day_text((int32_t)row_int(kind, row, "last_seen"), day)));
	html_raw(h, "</td>");
}

static void source_row(struct page *p, void *arg, const struct value *row)
{
	enum query_kind k = QUERY_SOURCES;
	struct html *h = &p->h;
	bool known = !row_null(k, row, "id");
	char id[24];
	struct link to = {
		.path = "", .set = { { SLICE_LIT("group"), SLICE_ABSENT } }, .set_len = 1
	};
	struct measures m;

	(void)arg;
	(void)snprintf(id, sizeof id, "%lld", (long long)row_int(k, row, "id"));
	to.set[0].value = slice_of(id);
	row_aligned(k, row, &m);
	html_raw(h, "<tr><th scope=\"row\" class=\"long\">");
	if (known)
		html_link(h, &to, row_text(k, row, "name"));
	else
		html_say(h, TEXT_NOT_JUDGED);
	html_raw(h, "</th>");
	html_td_text(h, text_word(row_text(k, row, "class"), h->lang));
	html_raw(h, "<td class=\"long\">");
	/* A network is known by itself. */
	if (!slice_equal(row_text(k, row, "evidence_detail"), row_text(k, row, "name")))
		html_text(h, row_text(k, row, "evidence_detail"));
	html_raw(h, "</td>");
	counts(h, known, &m, &to);
	day_cell(h, k, row);
	html_raw(h, "</tr>\n");
}

static void more_rows(struct page *p, int64_t rows)
{
	struct html *h = &p->h;
	char number[HTML_NUMBER_MAX];

	if (p->next[0] == '\0')
		return;
	html_raw(h, "<p class=\"fine\">");
	html_fill(h, TEXT_MORE_ROWS,
		(struct fill[]){ { NULL, html_number(rows, h->lang, number) } }, 1);
	html_raw(h, "</p>\n");
}

static int sources(struct page *p, struct slice domain)
{
	static const struct head heads[] = { { TEXT_SOURCE, false }, { TEXT_CLASS, false },
		{ TEXT_EVIDENCE, false }, { TEXT_PASSES_DMARC, false }, { TEXT_MESSAGES, true },
		{ TEXT_FAIL, true }, { TEXT_UNKNOWN, true }, { TEXT_DKIM_ALIGNED, true },
		{ TEXT_SPF_ALIGNED, true }, { TEXT_LAST_SEEN, false } };
	struct html *h = &p->h;
	int64_t rows;

	html_raw(h, "<section id=\"sources\"><h2>");
	html_fill(h, TEXT_SOURCES_TITLE, (struct fill[]){ { NULL, domain } }, 1);
	html_raw(h, "</h2>\n");
	html_table_begin(h, "sources", TEXT_SOURCES_CAPTION,
		(struct fill[]){ { NULL, slice_of(p->from) }, { NULL, slice_of(p->to) } }, 2);
	heads_row(h, heads, sizeof heads / sizeof *heads);
	if (page_each(p, QUERY_SOURCES, "-messages", DOMAIN_SOURCES, source_row, NULL, &rows) < 0)
		return -1;
	html_raw(h, "</tbody>\n");
	html_table_end(h);
	more_rows(p, rows);
	page_downloads(p, "/api/v1/sources");
	html_raw(h, "</section>\n");
	return 0;
}

/* ---- addresses of one source ------------------------------------------------------------- */

static void address_row(struct page *p, void *arg, const struct value *row)
{
	enum query_kind k = QUERY_ADDRESSES;
	struct html *h = &p->h;
	struct slice source = row_text(k, row, "source");
	struct link to = { .path = "", .set = { { SLICE_LIT("source"), source } }, .set_len = 1 };
	struct measures m;
	struct ip ip;
	bool linked = ip_parse(source, &ip);

	(void)arg;
	row_aligned(k, row, &m);
	html_raw(h, "<tr><th scope=\"row\" class=\"address\">");
	if (linked)
		html_link(h, &to, source);
	else
		html_text(h, source);
	html_raw(h, "</th>");
	html_td_text(h, text_word(row_text(k, row, "class"), h->lang));
	counts(h, linked, &m, &to);
	day_cell(h, k, row);
	html_raw(h, "</tr>\n");
}

static int addresses(struct page *p)
{
	static const struct head heads[] = { { TEXT_ADDRESS, false }, { TEXT_CLASS, false },
		{ TEXT_PASSES_DMARC, false }, { TEXT_MESSAGES, true }, { TEXT_FAIL, true },
		{ TEXT_UNKNOWN, true }, { TEXT_DKIM_ALIGNED, true }, { TEXT_SPF_ALIGNED, true },
		{ TEXT_LAST_SEEN, false } };
	struct html *h = &p->h;
	int64_t rows;

	html_raw(h, "<section id=\"addresses\"><h2>");
	html_say(h, TEXT_ADDRESSES);
	html_raw(h, "</h2>\n");
	html_table_begin(h, "addresses", TEXT_ADDRESSES_CAPTION,
		(struct fill[]){ { NULL, slice_of(p->from) }, { NULL, slice_of(p->to) } }, 2);
	heads_row(h, heads, sizeof heads / sizeof *heads);
	if (page_each(p, QUERY_ADDRESSES, "-messages", DOMAIN_ADDRESSES, address_row, NULL, &rows) <
		0)
		return -1;
	html_raw(h, "</tbody>\n");
	html_table_end(h);
	more_rows(p, rows);
	html_raw(h, "</section>\n");
	return 0;
}

/* ---- reporters --------------------------------------------------------------------------- */

static void reporter_row(struct page *p, void *arg, const struct value *row)
{
	enum query_kind k = QUERY_REPORTERS;
	struct html *h = &p->h;
	struct slice reporter = row_text(k, row, "reporter");
	struct link to = {
		.path = "", .set = { { SLICE_LIT("reporter"), reporter } }, .set_len = 1
	};
	struct measures m;

	(void)arg;
	row_measures(k, row, &m);
	html_raw(h, "<tr><th scope=\"row\" class=\"long\">");
	html_link(h, &to, reporter.len > 0 ? reporter : SLICE_LIT("–"));
	html_raw(h, "</th>");
	html_td_number(h, row_int(k, row, "reports"));
	html_td_number(h, m.messages);
	html_td_meter(h, &m);
	html_td_number(h, m.fail);
	html_td_number(h, m.unknown);
	html_td_time(h, row_int(k, row, "last_end"));
	html_raw(h, "</tr>\n");
}

static int reporters(struct page *p)
{
	struct html *h = &p->h;

	html_raw(h, "<section><h2>");
	html_say(h, TEXT_REPORTERS);
	html_raw(h, "</h2>\n");
	html_table_begin(h, "reporters", TEXT_REPORTERS_CAPTION, NULL, 0);
	html_raw(h, "<thead><tr>");
	html_th(h, TEXT_REPORTER, false);
	html_th(h, TEXT_REPORTS, true);
	html_th(h, TEXT_MESSAGES, true);
	html_th(h, TEXT_PASSES_DMARC, false);
	html_th(h, TEXT_FAIL, true);
	html_th(h, TEXT_UNKNOWN, true);
	html_th(h, TEXT_LAST_REPORT, false);
	html_raw(h, "</tr></thead>\n<tbody>\n");
	if (page_each(p, QUERY_REPORTERS, "-messages", DOMAIN_REPORTERS, reporter_row, NULL, NULL) <
		0)
		return -1;
	html_raw(h, "</tbody>\n");
	html_table_end(h);
	page_downloads(p, "/api/v1/reporters");
	html_raw(h, "</section>\n");
	return 0;
}

/* ---- the page ---------------------------------------------------------------------------- */

static int latest_reports(struct page *p, struct slice domain)
{
	struct html *h = &p->h;
	int64_t rows;

	html_raw(h, "<section><h2>");
	html_say(h, TEXT_LATEST_REPORTS);
	html_raw(h, "</h2>\n");
	if (page_report_rows(p, DOMAIN_REPORTS, &rows) < 0)
		return -1;
	html_raw(h, "<p>");
	html_link(h,
		&(struct link){ .path = "/reports",
			.keep = LINK_KEEP " source group result reporter disposition header_from",
			.set = { { SLICE_LIT("domain"), domain } },
			.set_len = 1 },
		slice_of(text_get(TEXT_ALL_REPORTS, h->lang)));
	html_raw(h, "</p></section>\n");
	return 0;
}

/* Once one source or address is chosen: every record it is in. */
static int records(struct page *p)
{
	int64_t rows;

	html_raw(&p->h, "<section><h2>");
	html_say(&p->h, TEXT_RECORDS_TITLE);
	html_raw(&p->h, "</h2>\n");
	if (page_record_rows(p, DOMAIN_RECORDS, true, &rows) < 0)
		return -1;
	page_downloads(p, "/api/v1/records");
	html_raw(&p->h, "</section>\n");
	return 0;
}

static int facts(struct page *p, struct slice domain)
{
	struct page_summary s;
	bool claimed = true;
	int64_t rows, own;

	if (page_active_filters(p) < 0 || page_summarise(p, &s) < 0)
		return -1;
	page_window(p);
	if (s.reports == 0)
		return page_empty(p);
	/* As long as nobody named a domain, all of them count. */
	if (page_each(p, QUERY_DOMAINS, NULL, 1, record_strip, &claimed, &rows) < 0 ||
		page_each(p, QUERY_OWN, NULL, 1, NULL, NULL, &own) < 0)
		return -1;
	if (rows > 0 && !claimed && own > 0) {
		html_raw(&p->h, "<p class=\"note\">");
		html_fill(&p->h, TEXT_DOMAIN_UNCLAIMED,
			(struct fill[]){ { "code", SLICE_LIT(PAGE_CLAIM " DOMAIN") } }, 1);
		html_raw(&p->h, "</p>\n");
	}
	page_tiles(p, &s);
	if (page_chart(p, &s) < 0 || sources(p, domain) < 0)
		return -1;
	if (p->f->source_group > 0 && addresses(p) < 0)
		return -1;
	if ((p->f->source_group > 0 || p->f->source.first.len > 0) && records(p) < 0)
		return -1;
	return reporters(p) < 0 ? -1 : latest_reports(p, domain);
}

/* Asked of all time and all rows, before the request's own filter: a window without mail is no 404. */
static int domain_exists(struct page *p, struct err *err)
{
	const struct request *req = p->h.req;
	struct slice subdomains = params_get(req->params, SLICE_LIT("subdomains"));
	struct err_quote quote;
	int64_t rows;

	query_filter_init(p->f);
	if (query_filter_set(p->f, QUERY_DOMAINS, SLICE_LIT("domain"), req->name, err) < 0)
		return err_set(
			err, ERR_NOT_FOUND, "%s is no domain name", err_quote(&quote, req->name));
	p->f->all_time = true;
	p->f->subdomains = slice_equal_fold(subdomains, SLICE_LIT("true"));
	if (page_each(p, QUERY_DOMAINS, NULL, 1, NULL, NULL, &rows) < 0)
		return -1;
	if (rows == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no report about %s",
			err_quote(&quote, req->name));
	return 0;
}

int page_domain(const struct request *req, struct response *res, struct err *err)
{
	struct page p;
	struct slice domain;

	page_begin(&p, req, res, err);
	if (domain_exists(&p, err) < 0 ||
		api_filter(req, res, QUERY_SUMMARY, req->filter, err) < 0 ||
		query_filter_set(req->filter, QUERY_SUMMARY, SLICE_LIT("domain"), req->name, err) <
			0)
		return -1;
	domain = slice_of(req->filter->domains[0]);
	page_head(&p, domain, NULL);
	html_raw(&p.h, "<h1 class=\"long\">");
	html_text(&p.h, domain);
	html_raw(&p.h, "</h1>\n");
	if (facts(&p, domain) < 0)
		return -1;
	page_foot(&p);
	return 0;
}
