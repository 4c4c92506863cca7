/* Answers: what each kind of row says, how it sorts and pages, and that the manual tells of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/query_bounce.h"
#include "store/query_cards.h"
#include "store/query_dns.h"
#include "store/query_ready.h"
#include "store/query_whatif.h"
#include "tests/unit/query_store.h"

static struct facts facts;

static void a_domain_shows_the_policy_last_seen(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */

	(void)state;
	run_sql(st,
		"INSERT INTO policy (id, digest, p, sp, np, adkim, aspf, testing,"
		" discovery_method, p_token) VALUES (2, x'01000000000000000000000000000000', 4, 3, 0,"
		" 0, 0, 0, 0, 'REJECT')");
	add_one(st, 1, with(1, 1, CLOCK_DAY - 100, 1));
	run_sql(st, "UPDATE report SET policy = 2 WHERE id = 1");
	query_filter_init(&f);
	set(&f, QUERY_DOMAINS, "domain", "one.example");
	(void)rows_of(st, QUERY_DOMAINS, &f, NULL);
	assert_string_equal(text(QUERY_DOMAINS, 0, "policy"), "REJECT");
	assert_string_equal(text(QUERY_DOMAINS, 0, "subdomain_policy"), "quarantine");
	assert_int_equal(number(QUERY_DOMAINS, 0, "messages"), 0);
	add_one(st, 2, with(1, 1, CLOCK_DAY - 5, 1));
	(void)rows_of(st, QUERY_DOMAINS, &f, NULL);
	assert_string_equal(text(QUERY_DOMAINS, 0, "policy"), "quarantine");
	/* sp was sent empty: p is in effect. */
	assert_string_equal(text(QUERY_DOMAINS, 0, "subdomain_policy"), "quarantine");
	assert_int_equal(
		number(QUERY_DOMAINS, 0, "last_report"), (int64_t)(CLOCK_DAY - 4) * DAY_SECONDS);
	store_close(st);
}

static void a_report_shows_what_was_sent_beside_what_is_in_effect(void **state)
{
	static const struct {
		const char *column, *value; /* NULL: null */
	} cases[] = { { "p", "quarantine" }, { "sp", "" }, { "sp_effective", "quarantine" },
		{ "np", NULL }, { "np_effective", "quarantine" }, { "adkim", NULL },
		{ "adkim_effective", "r" }, { "aspf", "s" }, { "aspf_effective", "s" },
		{ "pct", "" }, { "testing", NULL }, { "testing_effective", "n" }, { "fo", NULL },
		{ "fo_effective", "0" }, { "reporter", "Alpha" }, { "trust", "unknown" },
		{ "dialect", "rfc7489" }, { "mail", "first" }, { "inbox", "/mail" } };
	struct store *st = store_make();
	static struct query_filter f; /* large */
	struct err err = ERR_INIT;
	struct query *q = NULL;

	(void)state;
	add_one(st, 1, with(1, 1, CLOCK_DAY - 100, 1));
	query_filter_init(&f);
	f.report = 1;
	assert_int_equal(rows_of(st, QUERY_REPORT, &f, NULL), 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(is_null(QUERY_REPORT, 0, cases[i].column), cases[i].value == NULL);
		if (cases[i].value != NULL)
			assert_string_equal(text(QUERY_REPORT, 0, cases[i].column), cases[i].value);
	}
	assert_int_equal(number(QUERY_REPORT, 0, "pct_effective"), 100);
	assert_int_equal(rows_of(st, QUERY_RECORDS, &f, NULL), 1);
	f.report = 2;
	assert_int_equal(query_open(&q, st, QUERY_REPORT, &f, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	store_close(st);
}

static void a_record_carries_its_results_and_reasons_as_text(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */
	int detail = detail_of(&one);

	(void)state;
	add_one(st, 1, one);
	run_sql(st, "INSERT INTO name VALUES (3, 'mail'), (4, 'list.example')");
	run_sql(st,
		"INSERT INTO auth VALUES (%d, 1, 0, 1, 3, 0, 3, NULL, NULL, NULL),"
		" (%d, 2, 1, 4, NULL, 2, 5, NULL, 'SoftFail', NULL),"
		" (%d, 3, 1, NULL, NULL, 0, 9, NULL, 'error', NULL)",
		detail, detail, detail);
	run_sql(st,
		"INSERT INTO reason VALUES (%d, 1, 3, NULL, 'arc=pass'), (%d, 2, 1, 'odd', NULL)",
		detail, detail);
	run_sql(st, "UPDATE detail SET dkim_token = 'Pass' WHERE id = %d", detail);
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_RECORDS, &f, NULL), 1);
	assert_string_equal(text(QUERY_RECORDS, 0, "auth"),
		"dkim=pass d=one.example s=mail; spf=softfail sent=SoftFail d=list.example scope=mfrom; "
		"spf=permerror sent=error");
	assert_string_equal(text(QUERY_RECORDS, 0, "reasons"),
		"mailing_list comment=\"arc=pass\"; unknown sent=odd");
	assert_string_equal(text(QUERY_RECORDS, 0, "source"), "192.0.2.1");
	assert_string_equal(text(QUERY_RECORDS, 0, "verdict"), "pass");
	assert_string_equal(text(QUERY_RECORDS, 0, "dkim"), "pass");
	assert_string_equal(text(QUERY_RECORDS, 0, "dkim_sent"), "Pass");
	assert_true(is_null(QUERY_RECORDS, 0, "spf_sent"));
	assert_string_equal(text(QUERY_RECORDS, 0, "header_from"), "one.example");
	store_close(st);
}

/* Undo the grammar of ruad(7): the parts of one line, items apart by "; ", each "name=value". */
static size_t parts_of(const char *line, char parts[16][128])
{
	size_t n = 0, len = 0;
	bool quoted = false;

	memset(parts, 0, 16 * 128);
	for (const char *c = line; *c != '\0'; c++) {
		if (quoted && *c == '\\')
			c++;
		else if (*c == '"') {
			quoted = !quoted;
			continue;
		} else if (!quoted && (*c == ' ' || *c == ';')) {
			n += *c == ' ';
			len = 0;
			continue;
		}
		assert_true(n < 16 && len < 127);
		parts[n][len++] = *c;
	}
	assert_false(quoted);
	return n + 1;
}

static void no_text_of_a_reporter_passes_for_another_field(void **state)
{
	static const char hostile[] = "x\"; spf=pass d=one.example \\ \"y; dkim=pass";
	static const char *const expect[] = { "dkim=fail", "d=one.example", NULL, "spf=unknown",
		NULL, "d=", "scope=unknown", NULL };
	static const char *const names[] = { [2] = "s=", [4] = "sent=", [7] = "scope_sent=" };
	struct store *st = store_make();
	static struct query_filter f; /* large */
	char parts[16][128], want[128];
	int detail = detail_of(&one);

	(void)state;
	add_one(st, 1, one);
	run_sql(st, "INSERT INTO name VALUES (3, '%s'), (4, '')", hostile);
	run_sql(st,
		"INSERT INTO auth VALUES (%d, 1, 0, 1, 3, 0, 4, NULL, NULL, NULL),"
		" (%d, 2, 1, 4, NULL, 1, 1, '%s', '%s', NULL)",
		detail, detail, hostile, hostile);
	run_sql(st, "INSERT INTO reason VALUES (%d, 1, 2, NULL, '%s'), (%d, 2, 0, NULL, '')",
		detail, hostile, detail);
	query_filter_init(&f);
	(void)rows_of(st, QUERY_RECORDS, &f, NULL);
	assert_int_equal(parts_of(text(QUERY_RECORDS, 0, "auth"), parts), 8);
	for (size_t i = 0; i < 8; i++) {
		if (expect[i] == NULL)
			(void)snprintf(want, sizeof want, "%s%s", names[i], hostile);
		assert_string_equal(parts[i], expect[i] != NULL ? expect[i] : want);
	}
	assert_int_equal(parts_of(text(QUERY_RECORDS, 0, "reasons"), parts), 4);
	assert_string_equal(parts[0], "local_policy");
	(void)snprintf(want, sizeof want, "comment=%s", hostile);
	assert_string_equal(parts[1], want);
	assert_string_equal(parts[2], "absent");
	assert_string_equal(parts[3], "comment=");
	store_close(st);
}

static void conflicts_are_listed_with_the_mail_that_brought_them(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */

	(void)state;
	add_one(st, 1, one);
	add_one(st, 2, with(1, 2, CLOCK_DAY - 3, 1));
	run_sql(st,
		"INSERT INTO receipt (id, inbox, name, size, mtime_ns, seen, ending, trust) VALUES"
		" (2, 1, 'other', 1, 1, 5, 4, 0), (3, 1, 'third', 1, 1, 5, 4, 0)");
	run_sql(st, "INSERT INTO original VALUES (9, 1, zeroblob(32), 1, x'00')");
	run_sql(st, "INSERT INTO entry VALUES (1, 1, 1, 'p', NULL, NULL, 1, NULL),"
		    " (2, 1, 4, 'p', NULL, NULL, 1, 9), (3, 1, 4, 'p', NULL, NULL, 1, NULL)");
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_REPORTS, &f, NULL), 2);
	set(&f, QUERY_REPORTS, "conflicts", "true");
	assert_int_equal(rows_of(st, QUERY_REPORTS, &f, NULL), 2);
	assert_int_equal(number(QUERY_REPORTS, 0, "id"), 1);
	assert_string_equal(text(QUERY_REPORTS, 0, "mail"), "other");
	assert_int_equal(number(QUERY_REPORTS, 0, "original"), 9);
	assert_string_equal(text(QUERY_REPORTS, 1, "mail"), "third");
	assert_true(is_null(QUERY_REPORTS, 1, "original"));
	query_filter_init(&f);
	f.report = 1;
	(void)rows_of(st, QUERY_REPORT, &f, NULL);
	assert_int_equal(number(QUERY_REPORT, 0, "conflicts"), 2);
	store_close(st);
}

static void every_ending_is_counted_and_they_sum_to_the_mails(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */

	(void)state;
	run_sql(st,
		"INSERT INTO receipt (id, inbox, name, size, mtime_ns, seen, ending, trust) VALUES"
		" (2, 1, 'b', 1, 1, 5, 5, 0), (3, 1, 'c', 1, 1, 86400, 5, 0),"
		" (4, 1, 'd', 1, 1, 5, 0, 0)");
	run_sql(st, "INSERT INTO entry VALUES (3, 1, 5, 'p', NULL, 'why', NULL, NULL),"
		    " (3, 2, 1, 'q', NULL, NULL, NULL, NULL)");
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_ENDINGS, &f, NULL), REPORT_ENDING_COUNT);
	assert_int_equal(sum(QUERY_ENDINGS, REPORT_ENDING_COUNT, "mails"), 4);
	assert_string_equal(text(QUERY_ENDINGS, REPORT_REFUSED, "ending"), "refused");
	assert_int_equal(number(QUERY_ENDINGS, REPORT_REFUSED, "mails"), 2);
	assert_int_equal(rows_of(st, QUERY_RECEIPTS, &f, NULL), 5);
	assert_string_equal(text(QUERY_RECEIPTS, 0, "mail"), "d");
	assert_true(is_null(QUERY_RECEIPTS, 0, "n"));
	set(&f, QUERY_RECEIPTS, "ending", "refused");
	assert_int_equal(rows_of(st, QUERY_RECEIPTS, &f, NULL), 3);
	assert_int_equal(number(QUERY_RECEIPTS, 0, "n"), 1);
	assert_string_equal(text(QUERY_RECEIPTS, 0, "reason"), "why");
	assert_string_equal(text(QUERY_RECEIPTS, 1, "entry_ending"), "stored");
	set(&f, QUERY_RECEIPTS, "from", "1970-01-02");
	set(&f, QUERY_RECEIPTS, "to", "1970-01-02");
	assert_int_equal(rows_of(st, QUERY_RECEIPTS, &f, NULL), 2);
	store_close(st);
}

static void the_status_is_one_row(void **state)
{
	struct store *st = store_random(&facts, 5);
	static struct query_filter f; /* large */
	int64_t messages = 0;

	(void)state;
	for (size_t i = 0; i < facts.len; i++)
		messages += facts.list[i].count;
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_STATUS, &f, NULL), 1);
	assert_int_equal(number(QUERY_STATUS, 0, "messages"), messages);
	assert_int_equal(number(QUERY_STATUS, 0, "records"), (int64_t)facts.len);
	assert_int_equal(number(QUERY_STATUS, 0, "last_day"), CLOCK_DAY - 1);
	assert_int_equal(number(QUERY_STATUS, 0, "receipts"), 1);
	assert_int_equal(number(QUERY_STATUS, 0, "schema_version"), SCHEMA_VERSION);
	assert_true(number(QUERY_STATUS, 0, "db_bytes") > 0);
	store_close(st);
}

static bool same_value(const struct value *a, const struct value *b)
{
	return a->null == b->null && (a->null || (a->number == b->number && a->ratio == b->ratio &&
							 slice_equal(a->text, b->text)));
}

/* Row by row; returns how many cells the lean answer has. */
static unsigned compare_lean(
	struct store *st, enum query_kind kind, struct query_filter *f, enum query_way way)
{
	struct err err = ERR_INIT;
	struct query *all = NULL, *lean = NULL;
	const struct value *row, *part;
	unsigned seen = 0;
	size_t len;
	int more;

	f->lean = false;
	assert_int_equal(query_open_by(&all, st, kind, f, way, &err), 0);
	f->lean = true;
	assert_int_equal(query_open(&lean, st, kind, f, &err), 0);
	(void)query_row_columns(all, &len);
	while ((more = query_next(all, &row, &err)) > 0) {
		assert_int_equal(query_next(lean, &part, &err), 1);
		for (size_t i = 0; i < len; i++) {
			if (!part[i].null && !same_value(&row[i], &part[i]))
				fail_msg("%s: %s: %lld, lean %lld", query_name(kind),
					query_row_columns(all, &len)[i].name,
					(long long)row[i].number, (long long)part[i].number);
			seen += !part[i].null;
		}
	}
	assert_int_equal(more, 0);
	assert_int_equal(query_next(lean, &part, &err), 0);
	query_close(lean);
	query_close(all);
	return seen;
}

static void a_scrape_is_told_what_every_answer_tells(void **state)
{
	static const struct {
		enum query_kind kind;
		const char *name, *value;
		unsigned cells; /* that a row has at least */
	} cases[] = { { QUERY_SUMMARY, "group_by", "domain,class", 8 },
		{ QUERY_SUMMARY, NULL, NULL, 6 }, { QUERY_SUMMARY, "result", "fail", 6 },
		{ QUERY_DOMAINS, "sort", "domain", 4 }, { QUERY_DOMAINS, "result", "fail", 4 },
		{ QUERY_REPORTERS, "sort", "-messages", 3 },
		{ QUERY_REPORTERS, "verified", "true", 3 } };
	static const char *const windows[] = { "1d", "7d", "14d", "15d", "90d" };
	struct store *st = store_random(&facts, 31);
	static struct query_filter f; /* large */

	(void)state;
	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		enum query_kind kind = cases[i / 2].kind;
		enum query_way way = kind == QUERY_REPORTERS ? QUERY_WAY_RAW : QUERY_WAY_MIXED;
		unsigned cells = 0;

		if (i % 2 == 0)
			run_sql(st, "DELETE FROM unassessed");
		else
			run_sql(st,
				"INSERT INTO unassessed SELECT DISTINCT domain, day FROM daily"
				" WHERE domain <> 2 AND day > %d",
				CLOCK_DAY - 9);
		for (size_t k = 0; k < sizeof windows / sizeof *windows; k++) {
			query_filter_init(&f);
			set(&f, kind, "last", windows[k]);
			if (cases[i / 2].name != NULL)
				set(&f, kind, cases[i / 2].name, cases[i / 2].value);
			cells += compare_lean(st, kind, &f, way);
		}
		assert_true(cells >= 3 * cases[i / 2].cells);
	}
	query_filter_init(&f);
	assert_int_equal(compare_lean(st, QUERY_STATUS, &f, QUERY_WAY_ANY), 3);
	store_close(st);
}

static void the_status_and_every_answer_tell_the_same_version(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */
	struct query_meta meta;
	struct err err = ERR_INIT;
	int64_t version = 0;

	(void)state;
	run_sql(st, "UPDATE meta SET value = 40 WHERE key = 'data_version'");
	run_sql(st, "UPDATE meta SET value = 2 WHERE key = 'decisions_version'");
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_STATUS, &f, &meta), 1);
	assert_int_equal(meta.data_version, 42);
	assert_int_equal(number(QUERY_STATUS, 0, "data_version"), 42);
	assert_int_equal(store_data_version(st, &version, &err), 0);
	assert_int_equal(version, 42);
	store_close(st);
}

static void pages_give_every_row_once_and_know_the_last(void **state)
{
	static const struct {
		enum query_kind kind;
		const char *name, *value;
	} cases[] = { { QUERY_DOMAINS, NULL, NULL }, { QUERY_TIMESERIES, NULL, NULL },
		{ QUERY_REPORTERS, NULL, NULL }, { QUERY_REPORTS, NULL, NULL },
		{ QUERY_RECORDS, NULL, NULL }, { QUERY_SOURCES, NULL, NULL },
		{ QUERY_SOURCES, "sort", "messages" }, { QUERY_SOURCES, "sort", "-id" },
		{ QUERY_SOURCES, "sort", "domain" }, { QUERY_SOURCES, "sort", "-pass_ratio" },
		{ QUERY_SOURCES, "class", "yours" }, { QUERY_SOURCES, "result", "fail" },
		{ QUERY_SOURCES, "verified", "true" },
		{ QUERY_SOURCES, "first_seen_after", "2024-08-01" },
		{ QUERY_ADDRESSES, NULL, NULL }, { QUERY_ADDRESSES, "sort", "source" },
		{ QUERY_ADDRESSES, "sort", "-domain" }, { QUERY_ADDRESSES, "class", "yours" },
		{ QUERY_ADDRESSES, "disposition", "none" }, { QUERY_ADDRESSES, "group", "101" },
		{ QUERY_ADDRESSES, "source", "192.0.2.0/24" },
		{ QUERY_ADDRESSES, "reporter", "alpha" } };
	struct store *st = store_random(&facts, 6);
	struct buf whole, page, all;

	(void)state;
	buf_init(&whole, 1 << 20);
	buf_init(&page, 1 << 20);
	buf_init(&all, 1 << 20);
	for (size_t k = 0; k < 2 * sizeof cases / sizeof *cases; k++) {
		enum query_kind kind = cases[k / 2].kind;
		static struct query_filter f; /* large */
		char next[QUERY_CURSOR_MAX] = "";
		bool more = true;

		if (k % 2 == 0)
			run_sql(st, "DELETE FROM unassessed");
		else
			run_sql(st,
				"INSERT INTO unassessed SELECT DISTINCT domain, day FROM daily"
				" WHERE day > %d",
				CLOCK_DAY - 9);
		query_filter_init(&f);
		if (cases[k / 2].name != NULL)
			set(&f, kind, cases[k / 2].name, cases[k / 2].value);
		answer(st, kind, &f, &whole);
		buf_clear(&all);
		f.limit = 7;
		while (more) {
			struct err err = ERR_INIT;
			const struct value *row;
			struct query *q = NULL;
			const char *body;

			memcpy(f.cursor, next, sizeof next);
			answer(st, kind, &f, &page);
			body = strchr(buf_text(&page), '\n') + 1;
			buf_add_text(&all, next[0] == '\0' ? buf_text(&page) : body);
			assert_int_equal(query_open(&q, st, kind, &f, &err), 0);
			while (query_next(q, &row, &err) > 0) {
			}
			more = query_next_cursor(q) != NULL;
			if (more)
				memcpy(next, query_next_cursor(q),
					strlen(query_next_cursor(q)) + 1);
			query_close(q);
		}
		assert_string_equal(buf_text(&all), buf_text(&whole));
	}
	buf_release(&whole);
	buf_release(&page);
	buf_release(&all);
	store_close(st);
}

static int compare(const struct column *column, const struct value *a, const struct value *b,
	size_t row, size_t at)
{
	if (a->null || b->null)
		return a->null - b->null;
	if (column->type == COLUMN_RATIO)
		return (a->ratio > b->ratio) - (a->ratio < b->ratio);
	if (column->type == COLUMN_TEXT)
		return strcmp(rows[row - 1].texts[at], rows[row].texts[at]);
	return (a->number > b->number) - (a->number < b->number);
}

static void every_field_sorts_both_ways_with_the_unmeasured_last(void **state)
{
	static const enum query_kind kinds[] = { QUERY_DOMAINS, QUERY_TIMESERIES, QUERY_SOURCES,
		QUERY_REPORTERS, QUERY_REPORTS };
	struct store *st = store_random(&facts, 7);

	(void)state;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		size_t len;
		const struct column *columns = query_columns(kinds[k], &len);

		for (size_t i = 0; i < 2 * len; i++) {
			const struct column *c = &columns[i / 2];
			static struct query_filter f; /* large */
			char sort[64];
			size_t n;

			query_filter_init(&f);
			(void)snprintf(sort, sizeof sort, "%s%s", i % 2 == 0 ? "" : "-", c->name);
			set(&f, kinds[k], "sort", sort);
			n = rows_of(st, kinds[k], &f, NULL);
			/* Addresses sort as numbers, words of a vocabulary by their number. */
			if (query_cell(c->name) != NULL)
				continue;
			for (size_t row = 1; row < n; row++) {
				const struct value *a = &rows[row - 1].values[i / 2];
				const struct value *b = &rows[row].values[i / 2];
				int order = compare(c, a, b, row, i / 2);

				if (a->null || b->null)
					assert_true(order <= 0);
				else
					assert_true(i % 2 == 0 ? order <= 0 : order >= 0);
			}
		}
	}
	store_close(st);
}

static void a_report_with_such_a_row_is_found_by_it(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */
	struct fact other = with(1, 1, CLOCK_DAY - 3, 5);

	(void)state;
	other.source = 2;
	other.from = 2;
	other.dkim = 3;
	add_one(st, 1, one);
	add_one(st, 2, other);
	query_filter_init(&f);
	set(&f, QUERY_REPORTS, "source", "192.0.2.2");
	assert_int_equal(rows_of(st, QUERY_REPORTS, &f, NULL), 1);
	assert_int_equal(number(QUERY_REPORTS, 0, "id"), 2);
	query_filter_init(&f);
	set(&f, QUERY_REPORTS, "result", "pass");
	assert_int_equal(rows_of(st, QUERY_REPORTS, &f, NULL), 1);
	assert_int_equal(number(QUERY_REPORTS, 0, "id"), 1);
	query_filter_init(&f);
	set(&f, QUERY_REPORTS, "header_from", "news.one.example");
	assert_int_equal(rows_of(st, QUERY_REPORTS, &f, NULL), 1);
	set(&f, QUERY_REPORTS, "result", "pass");
	assert_int_equal(rows_of(st, QUERY_REPORTS, &f, NULL), 0);
	store_close(st);
}

/* What is shown to people has a title in both languages, and a name means one type everywhere. */
static void a_field_means_the_same_in_every_answer(void **state)
{
	(void)state;
	for (int k = 0; k < QUERY_KIND_COUNT; k++) {
		size_t len;
		const struct column *columns = query_columns((enum query_kind)k, &len);

		for (size_t i = 0; i < len; i++) {
			assert_int_equal(columns[i].title == NULL, columns[i].title_es == NULL);
			for (int j = 0; j < k; j++) {
				const struct column *other = query_find_column(
					(enum query_kind)j, slice_of(columns[i].name));

				if (other != NULL)
					assert_int_equal(other->type, columns[i].type);
			}
		}
	}
}

/* `.It Va NAME` lines of the page. */
static bool manual_names(const char *page, const char *name)
{
	char line[64];

	(void)snprintf(line, sizeof line, "\n.It Va %s\n", name);
	return strstr(page, line) != NULL;
}

/* Sets of no kind; their names mean the same everywhere, too. */
static const char *cards_set(size_t i, const struct column **columns, size_t *len)
{
	*columns = query_cards_columns;
	*len = QUERY_CARDS_COLUMNS;
	return i == 0 ? "causes" : NULL;
}

static const char *(*const documents[])(size_t i, const struct column **columns, size_t *len) = {
	query_dns_set, query_ready_set, cards_set, query_whatif_sets, query_bounce_set
};
#define DOCUMENTS (sizeof documents / sizeof *documents)

static bool is_document_field(struct slice name)
{
	const struct column *columns;
	size_t len;

	for (size_t d = 0; d < DOCUMENTS; d++) {
		for (size_t k = 0; documents[d](k, &columns, &len) != NULL; k++) {
			for (size_t i = 0; i < len; i++) {
				if (slice_equal(slice_of(columns[i].name), name))
					return true;
			}
		}
	}
	return false;
}

static void manual_names_all(const char *page, const struct column *columns, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!manual_names(page, columns[i].name))
			fail_msg("ruad.7 does not name %s", columns[i].name);
	}
}

static bool is_field(const char *name, size_t len)
{
	if (is_document_field(slice_from(name, len)))
		return true;
	for (int k = 0; k < QUERY_KIND_COUNT; k++) {
		if (query_find_column((enum query_kind)k, slice_from(name, len)) != NULL)
			return true;
	}
	return false;
}

static void the_manual_names_every_field_and_no_other(void **state)
{
	static char page[64 * 1024];
	const struct column *columns;
	FILE *file = fopen("store/ruad.7", "r");
	size_t n, len;

	(void)state;
	assert_non_null(file);
	n = fread(page, 1, sizeof page - 1, file);
	page[n] = '\0';
	(void)fclose(file);
	for (int k = 0; k < QUERY_KIND_COUNT; k++) {
		columns = query_columns((enum query_kind)k, &len);
		manual_names_all(page, columns, len);
	}
	for (size_t d = 0; d < DOCUMENTS; d++) {
		for (size_t k = 0; documents[d](k, &columns, &len) != NULL; k++)
			manual_names_all(page, columns, len);
	}
	for (char *at = strstr(page, "\n.It Va "); at != NULL; at = strstr(at + 1, "\n.It Va ")) {
		const char *name = at + strlen("\n.It Va ");

		if (!is_field(name, strcspn(name, "\n")))
			fail_msg("ruad.7 names %.*s", (int)strcspn(name, "\n"), name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_domain_shows_the_policy_last_seen),
		cmocka_unit_test(a_report_shows_what_was_sent_beside_what_is_in_effect),
		cmocka_unit_test(a_record_carries_its_results_and_reasons_as_text),
		cmocka_unit_test(no_text_of_a_reporter_passes_for_another_field),
		cmocka_unit_test(conflicts_are_listed_with_the_mail_that_brought_them),
		cmocka_unit_test(every_ending_is_counted_and_they_sum_to_the_mails),
		cmocka_unit_test(the_status_is_one_row),
		cmocka_unit_test(a_scrape_is_told_what_every_answer_tells),
		cmocka_unit_test(the_status_and_every_answer_tell_the_same_version),
		cmocka_unit_test(pages_give_every_row_once_and_know_the_last),
		cmocka_unit_test(every_field_sorts_both_ways_with_the_unmeasured_last),
		cmocka_unit_test(a_report_with_such_a_row_is_found_by_it),
		cmocka_unit_test(a_field_means_the_same_in_every_answer),
		cmocka_unit_test(the_manual_names_every_field_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
