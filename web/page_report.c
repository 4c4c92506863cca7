#include "web/page.h"

#include <stdio.h>

#include "store/base/day.h"
#include "web/api.h"

#define REPORTS_ROWS 100
#define RECORDS_ROWS 100

/* ---- lists of reports -------------------------------------------------------------------- */

static void flag(struct html *h, bool set, enum text id)
{
	if (!set)
		return;
	html_raw(h, " <span class=\"flag\">");
	html_say(h, id);
	html_raw(h, "</span>");
}

static void report_row(struct page *p, void *arg, const struct value *row)
{
	enum query_kind k = QUERY_REPORTS;
	struct html *h = &p->h;
	char id[24];
	struct measures m;
	struct link to = { .path = "/reports/", .keep = LINK_KEEP_LANG };

	(void)arg;
	(void)snprintf(id, sizeof id, "%lld", (long long)row_int(k, row, "id"));
	to.name = slice_of(id);
	row_measures(k, row, &m);
	html_raw(h, "<tr><th scope=\"row\" class=\"time\">");
	html_link(h, &to, slice_of(day_text((int32_t)row_int(k, row, "day"), (char[32]){ 0 })));
	html_raw(h, "</th><td>");
	html_text(h, row_text(k, row, "domain"));
	html_raw(h, "</td><td class=\"long\">");
	html_text(h, row_text(k, row, "reporter"));
	flag(h, row_int(k, row, "partial") != 0, TEXT_PARTIAL);
	flag(h, row_int(k, row, "twin") != 0, TEXT_TWIN);
	flag(h, row_int(k, row, "conflict") != 0, TEXT_CONFLICT);
	html_raw(h, "</td><td class=\"long\">");
	html_text(h, row_text(k, row, "report_id"));
	html_raw(h, "</td>");
	html_td_link(h, m.messages, &to);
	html_td_meter(h, &m);
	html_td_number(h, m.fail);
	html_td_number(h, m.unknown);
	html_td_text(h, text_word(row_text(k, row, "trust"), h->lang));
	html_raw(h, "</tr>\n");
}

int page_report_rows(struct page *p, int64_t limit, int64_t *count)
{
	struct html *h = &p->h;

	html_table_begin(h, "reports", TEXT_REPORTS_CAPTION, NULL, 0);
	html_raw(h, "<thead><tr>");
	html_th(h, TEXT_DAY, false);
	html_th(h, TEXT_DOMAIN, false);
	html_th(h, TEXT_REPORTER, false);
	html_raw(h, "<th scope=\"col\">Id</th>");
	html_th(h, TEXT_MESSAGES, true);
	html_th(h, TEXT_PASSES_DMARC, false);
	html_th(h, TEXT_FAIL, true);
	html_th(h, TEXT_UNKNOWN, true);
	html_th(h, TEXT_TRUST, false);
	html_raw(h, "</tr></thead>\n<tbody>\n");
	if (page_paged(p, QUERY_REPORTS, limit, report_row, NULL, count) < 0)
		return -1;
	html_raw(h, "</tbody>\n");
	html_table_end(h);
	return 0;
}

int page_reports(const struct request *req, struct response *res, struct err *err)
{
	struct page p;
	struct page_summary s;
	int64_t rows;

	if (api_filter(req, res, QUERY_REPORTS, req->filter, err) < 0)
		return -1;
	page_begin(&p, req, res, err);
	page_head(&p, slice_of(text_get(TEXT_REPORTS_TITLE, req->lang)), "/reports");
	html_raw(&p.h, "<h1>");
	html_say(&p.h, TEXT_REPORTS_TITLE);
	html_raw(&p.h, "</h1>\n");
	if (page_summarise(&p, &s) < 0)
		return -1;
	page_window(&p);
	if (page_active_filters(&p) < 0)
		return -1;
	if (s.reports == 0) {
		if (page_empty(&p) < 0)
			return -1;
	} else {
		html_raw(&p.h, "<section>\n");
		if (page_report_rows(&p, REPORTS_ROWS, &rows) < 0)
			return -1;
		page_pager(&p);
		page_downloads(&p, "/api/v1/reports");
		html_raw(&p.h, "</section>\n");
	}
	page_foot(&p);
	return 0;
}

/* ---- records ----------------------------------------------------------------------------- */

static void verdict_cell(struct html *h, struct slice word, const char *class_name)
{
	buf_printf(h->b, "<td class=\"%s\"><span class=\"v-", class_name);
	html_text(h,
		report_name_find(report_verdict_names, REPORT_VERDICT_COUNT, word, &(unsigned){ 0 })
			? word
			: SLICE_LIT("unknown"));
	html_raw(h, "\">");
	html_text(h, text_word(word.ptr != NULL ? word : SLICE_LIT("absent"), h->lang));
	html_raw(h, "</span></td>");
}

/* "dkim=pass d=...; spf=pass d=...": each on a line of its own. */
static void put_lines(struct html *h, struct slice list)
{
	while (list.len > 0) {
		size_t end = slice_find(list, SLICE_LIT("; "));
		struct slice one = end == SIZE_MAX ? list : slice_from(list.ptr, end);

		html_raw(h, "<div>");
		html_text(h, one);
		html_raw(h, "</div>");
		if (end == SIZE_MAX)
			return;
		list = slice_from(list.ptr + end + 2, list.len - end - 2);
	}
}

/* What explains the verdict: authentication results, then the reporter's reasons. */
static void results_cell(struct html *h, const struct value *row)
{
	struct slice reasons = row_text(QUERY_RECORDS, row, "reasons");

	html_raw(h, "<td class=\"auth\">");
	put_lines(h, row_text(QUERY_RECORDS, row, "auth"));
	if (reasons.len > 0) {
		html_raw(h, "<div class=\"reasons\"><b>");
		html_say(h, TEXT_REASONS);
		html_raw(h, "</b>");
		put_lines(h, reasons);
		html_raw(h, "</div>");
	}
	html_raw(h, "</td>");
}

/* Who the mail said it was from, and the envelope where that differs. */
static void from_cell(struct html *h, const struct value *row)
{
	struct slice from = row_text(QUERY_RECORDS, row, "header_from");
	struct slice envelope = row_text(QUERY_RECORDS, row, "envelope_from");

	html_raw(h, "<td class=\"name\">");
	html_text(h, from);
	if (envelope.len > 0 && !slice_equal_fold(from, envelope)) {
		html_raw(h, "<div class=\"fine\">MAIL FROM ");
		html_text(h, envelope);
		html_raw(h, "</div>");
	}
	html_raw(h, "</td>");
}

static void record_row(struct page *p, void *arg, const struct value *row)
{
	enum query_kind k = QUERY_RECORDS;
	const bool *reports = arg;
	struct html *h = &p->h;
	char id[24];

	html_raw(h, "<tr>");
	if (*reports) {
		(void)snprintf(id, sizeof id, "%lld", (long long)row_int(k, row, "report"));
		html_raw(h, "<th scope=\"row\" class=\"time\">");
		html_link(h,
			&(struct link){
				.path = "/reports/", .name = slice_of(id), .keep = LINK_KEEP_LANG },
			slice_of(day_text((int32_t)row_int(k, row, "day"), (char[32]){ 0 })));
		html_raw(h, "</th><td class=\"long\">");
		html_text(h, row_text(k, row, "reporter"));
		html_raw(h, "</td>");
	} else {
		buf_printf(h->b, "<th scope=\"row\" class=\"n\">%lld</th>",
			(long long)row_int(k, row, "n"));
	}
	html_raw(h, "<td class=\"address\">");
	html_text(h, row_text(k, row, "source"));
	html_raw(h, "</td>");
	html_td_number(h, row_int(k, row, "count"));
	verdict_cell(h, row_text(k, row, "verdict"), "verdict-cell");
	verdict_cell(h, row_text(k, row, "dkim"), "");
	verdict_cell(h, row_text(k, row, "spf"), "");
	html_td_text(h, row_text(k, row, "disposition"));
	from_cell(h, row);
	results_cell(h, row);
	html_raw(h, "</tr>\n");
}

int page_record_rows(struct page *p, int64_t limit, bool reports, int64_t *count)
{
	struct html *h = &p->h;

	html_table_begin(h, "records", TEXT_RECORDS_CAPTION, NULL, 0);
	html_raw(h, "<thead><tr>");
	html_th(h, reports ? TEXT_REPORTS : TEXT_RECORD, !reports);
	if (reports)
		html_th(h, TEXT_REPORTER, false);
	html_th(h, TEXT_SOURCE, false);
	html_th(h, TEXT_MESSAGES, true);
	html_raw(h, "<th scope=\"col\">DMARC</th>");
	html_th(h, TEXT_DKIM_ALIGNED, false);
	html_th(h, TEXT_SPF_ALIGNED, false);
	html_th(h, TEXT_DISPOSITION, false);
	html_th(h, TEXT_FROM, false);
	html_th(h, TEXT_RESULTS, false);
	html_raw(h, "</tr></thead>\n<tbody>\n");
	if (page_paged(p, QUERY_RECORDS, limit, record_row, &reports, count) < 0)
		return -1;
	html_raw(h, "</tbody>\n");
	html_table_end(h);
	return 0;
}

/* ---- one report -------------------------------------------------------------------------- */

/* What the record table and the warnings need after the row is gone. */
struct seen {
	int64_t records_sent, records;
};

/* A column under its own title. */
static void pair(struct html *h, const struct value *row, const char *column)
{
	size_t at = query_column(QUERY_REPORT, column), len;
	const struct column *c = &query_columns(QUERY_REPORT, &len)[at];
	char text[HTML_NUMBER_MAX];
	struct slice s;

	if (row[at].null ||
		(strcmp(column, "domain_sent") == 0 &&
			slice_equal(row[at].text, row_text(QUERY_REPORT, row, "domain"))))
		return;
	switch (c->type) {
	case COLUMN_TIME:
		s = html_time(row[at].number, text);
		break;
	case COLUMN_INT:
		s = html_number(row[at].number, h->lang, text);
		break;
	case COLUMN_BOOL:
		s = slice_of(text_get(row[at].number != 0 ? TEXT_YES : TEXT_NO, h->lang));
		break;
	case COLUMN_DAY:
		s = slice_of(day_text((int32_t)row[at].number, text));
		break;
	case COLUMN_TEXT:
	case COLUMN_RATIO:
	default:
		s = row[at].text;
		break;
	}
	if (s.len == 0)
		return;
	html_raw(h, "<div><dt>");
	html_text(h, slice_of(h->lang == EMIT_ES ? c->title_es : c->title));
	html_raw(h, "</dt><dd>");
	html_text(h, strcmp(column, "trust") == 0 ? text_word(s, h->lang) : s);
	html_raw(h, "</dd></div>\n");
}

static void pairs(struct html *h, const struct value *row, const char *const *columns)
{
	html_raw(h, "<dl class=\"pairs\">\n");
	for (; *columns != NULL; columns++)
		pair(h, row, *columns);
	html_raw(h, "</dl>\n");
}

static void warning(struct html *h, bool set, enum text id, const struct fill *fills, size_t len)
{
	if (!set)
		return;
	html_raw(h, "<p class=\"note warn\">");
	html_fill(h, id, fills, len);
	html_raw(h, "</p>\n");
}

static void warnings(struct html *h, const struct value *row)
{
	enum query_kind k = QUERY_REPORT;
	int64_t unreadable = row_int(k, row, "unreadable"),
		conflicts = row_int(k, row, "conflicts");
	char a[HTML_NUMBER_MAX], b[HTML_NUMBER_MAX];

	warning(h, unreadable > 0, TEXT_REPORT_PARTIAL,
		(struct fill[]){ { "b", html_number(unreadable, h->lang, a) },
			{ NULL, html_number(row_int(k, row, "records_sent"), h->lang, b) } },
		2);
	warning(h, row_int(k, row, "twin") != 0, TEXT_REPORT_TWIN, NULL, 0);
	warning(h, conflicts > 0, TEXT_REPORT_CONFLICTS,
		(struct fill[]){ { "b", html_number(conflicts, h->lang, a) } }, 1);
	warning(h, slice_equal(row_text(k, row, "trust"), SLICE_LIT("failed")), TEXT_REPORT_FAILED,
		NULL, 0);
	warning(h, row_int(k, row, "from_mismatch") != 0, TEXT_REPORT_MISMATCH, NULL, 0);
}

/* p, sp, ...: as sent and in effect; absent and empty are two things. */
static void policy_table(struct html *h, const struct value *row)
{
	static const char *const tags[] = { "p", "sp", "np", "adkim", "aspf", "testing", "pct",
		"fo" };
	char name[32], number[HTML_NUMBER_MAX];

	html_table_begin(h, "policy", TEXT_REPORT_POLICY_CAPTION, NULL, 0);
	html_raw(h, "<thead><tr>");
	html_th(h, TEXT_REPORT_TAG, false);
	html_th(h, TEXT_REPORT_SENT, false);
	html_th(h, TEXT_REPORT_EFFECTIVE, false);
	html_raw(h, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
		size_t sent = query_column(QUERY_REPORT, tags[i]), effective;

		(void)snprintf(name, sizeof name, "%s_effective", tags[i]);
		effective = query_column(QUERY_REPORT, name);
		buf_printf(h->b, "<tr><th scope=\"row\"><code>%s</code></th><td>",
			strcmp(tags[i], "testing") == 0 ? "t" : tags[i]);
		if (row[sent].null) {
			html_raw(h, "<span class=\"fine\">");
			html_say(h, TEXT_ABSENT);
			html_raw(h, "</span>");
		} else {
			html_raw(h, "<code>");
			html_text(h, row[sent].text.len > 0 ? row[sent].text : SLICE_LIT("\"\""));
			html_raw(h, "</code>");
		}
		html_raw(h, "</td><td>");
		if (row[effective].null)
			html_raw(h, "–");
		else if (strcmp(tags[i], "pct") == 0)
			html_text(h, html_number(row[effective].number, h->lang, number));
		else
			html_text(h, row[effective].text);
		html_raw(h, "</td></tr>\n");
	}
	html_raw(h, "</tbody>\n");
	html_table_end(h);
}

static void show_report(struct page *p, void *arg, const struct value *row)
{
	static const char *const meta[] = { "domain", "domain_sent", "reporter", "email",
		"extra_contact_info", "report_id", "begin", "end", "day", "records_sent", "records",
		"placeholders", "unreadable", "messages", "pass", "fail", "unknown", "dkim_aligned",
		"spf_aligned", "disposition_quarantine", "disposition_reject", "dialect", "version",
		"xmlns", "generator", "errors", "discovery_method", NULL };
	static const char *const mail[] = { "trust", "mail_from", "mail_subject", "mail_date",
		"mail_auth_server", "mail_dmarc", "mail_dkim", "mail_spf", "inbox", "mail",
		"received", "original_bytes", "original_sha256", NULL };
	enum query_kind k = QUERY_REPORT;
	struct html *h = &p->h;
	struct slice reporter = row_text(k, row, "reporter"), domain = row_text(k, row, "domain");
	struct seen *seen = arg;
	char title[600];
	int len =
		snprintf(title, sizeof title, "%.*s: %.*s", SLICE_FMT(domain), SLICE_FMT(reporter));

	seen->records_sent = row_int(k, row, "records_sent");
	seen->records = row_int(k, row, "records");
	page_head(p, slice_from(title, len < (int)sizeof title ? (size_t)len : sizeof title - 1),
		"/reports");
	html_raw(h, "<h1 class=\"long\">");
	html_fill(h, TEXT_REPORT_TITLE,
		(struct fill[]){ { NULL, row_text(k, row, "report_id") }, { NULL, domain } }, 2);
	html_raw(h, "</h1>\n");
	warnings(h, row);
	html_raw(h, "<p>");
	if (row_null(k, row, "original_bytes")) {
		html_say(h, TEXT_REPORT_NO_XML);
	} else {
		html_raw(h, "<a class=\"action\"");
		html_href(h, &(struct link){ .path = "/api/v1/reports/",
				     .name = h->req->name,
				     .tail = "/xml",
				     .keep = "" });
		html_raw(h, ">");
		html_say(h, TEXT_REPORT_XML);
		html_raw(h, "</a>");
	}
	html_raw(h, "</p>\n<div class=\"columns\"><section><h2>");
	html_say(h, TEXT_REPORT_META);
	html_raw(h, "</h2>\n");
	pairs(h, row, meta);
	html_raw(h, "</section>\n<section><h2>");
	html_say(h, TEXT_REPORT_POLICY);
	html_raw(h, "</h2>\n");
	policy_table(h, row);
	html_raw(h, "<h2>");
	html_say(h, TEXT_REPORT_MAIL);
	html_raw(h, "</h2>\n");
	pairs(h, row, mail);
	html_raw(h, "</section></div>\n");
}

static void note_row(struct page *p, void *arg, const struct value *row)
{
	struct html *h = &p->h;

	(void)arg;
	html_raw(h, "<li>");
	html_text(h, text_note(row_text(QUERY_NOTES, row, "code"), h->lang));
	if (row_text(QUERY_NOTES, row, "detail").len > 0) {
		html_raw(h, " <code>");
		html_text(h, row_text(QUERY_NOTES, row, "detail"));
		html_raw(h, "</code>");
	}
	if (row_int(QUERY_NOTES, row, "times") > 1)
		buf_printf(h->b, " <span class=\"fine\">× %lld</span>",
			(long long)row_int(QUERY_NOTES, row, "times"));
	html_raw(h, "</li>\n");
}

static int notes(struct page *p)
{
	int64_t rows;

	html_raw(&p->h, "<section><h2>");
	html_say(&p->h, TEXT_REPORT_NOTES);
	html_raw(&p->h, "</h2>\n<ul class=\"notes\">\n");
	if (page_each(p, QUERY_NOTES, NULL, 0, note_row, NULL, &rows) < 0)
		return -1;
	if (rows == 0) {
		html_raw(&p->h, "<li>");
		html_say(&p->h, TEXT_REPORT_NOTES_NONE);
		html_raw(&p->h, "</li>");
	}
	html_raw(&p->h, "</ul></section>\n");
	return 0;
}

static void unreadable_row(struct page *p, void *arg, const struct value *row)
{
	struct html *h = &p->h;

	(void)arg;
	html_raw(h, "<tr>");
	html_td_number(h, row_int(QUERY_UNREADABLE, row, "n"));
	html_td_number(h, row_int(QUERY_UNREADABLE, row, "line"));
	html_td_text(h, row_text(QUERY_UNREADABLE, row, "reason"));
	html_raw(h, "</tr>\n");
}

static int unreadable(struct page *p, const struct seen *seen)
{
	struct html *h = &p->h;

	if (seen->records_sent == seen->records)
		return 0;
	html_raw(h, "<section><h2>");
	html_say(h, TEXT_REPORT_UNREADABLE);
	html_raw(h, "</h2>\n");
	html_table_begin(h, "unreadable captioned", TEXT_REPORT_UNREADABLE, NULL, 0);
	html_raw(h, "<thead><tr>");
	html_th(h, TEXT_RECORD, true);
	html_th(h, TEXT_REPORT_LINE, true);
	html_th(h, TEXT_REPORT_WHY, false);
	html_raw(h, "</tr></thead>\n<tbody>\n");
	if (page_each(p, QUERY_UNREADABLE, NULL, UNREADABLE_KEEP, unreadable_row, NULL, NULL) < 0)
		return -1;
	html_raw(h, "</tbody>\n");
	html_table_end(h);
	html_raw(h, "</section>\n");
	return 0;
}

static int report_records(struct page *p)
{
	struct html *h = &p->h;
	int64_t rows;

	html_raw(h, "<section id=\"records\"><h2>");
	html_say(h, TEXT_RECORDS);
	html_raw(h, "</h2>\n");
	if (page_record_rows(p, RECORDS_ROWS, false, &rows) < 0)
		return -1;
	if (rows == 0) {
		html_raw(h, "<p class=\"empty\">");
		html_say(h, TEXT_REPORT_RECORDS_NONE);
		html_raw(h, "</p>\n");
	}
	page_pager(p);
	html_raw(h, "</section>\n");
	return 0;
}

int page_report(const struct request *req, struct response *res, struct err *err)
{
	struct page p;
	struct seen seen = { 0 };

	if (api_filter(req, res, QUERY_RECORDS, req->filter, err) < 0 ||
		api_id(req, "report", &req->filter->report, err) < 0)
		return -1;
	page_begin(&p, req, res, err);
	p.f->all_time = true;
	p.f->scope = QUERY_SCOPE_ALL;
	if (page_each(&p, QUERY_REPORT, NULL, 1, show_report, &seen, NULL) < 0 || notes(&p) < 0 ||
		unreadable(&p, &seen) < 0)
		return -1;
	if (report_records(&p) < 0)
		return -1;
	page_foot(&p);
	return 0;
}
