/* Sums: the same number whichever way it is asked for, and the promises about scope and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/query_store.h"

static struct facts facts;

static const enum query_kind sums[] = { QUERY_DOMAINS, QUERY_SUMMARY, QUERY_TIMESERIES,
	QUERY_SOURCES, QUERY_REPORTERS };

/* Filters the roll-up can answer, each by itself and in pairs. */
static const char *const row_filters[][2] = { { "result", "pass" }, { "result", "fail" },
	{ "result", "unknown" }, { "disposition", "none" }, { "disposition", "reject" },
	{ "disposition", "absent" }, { "source", "192.0.2.4" }, { "source", "192.0.2.0/29" },
	{ "source", "2001:db8::/32" }, { "source", "198.51.100.1" } };
#define ROW_FILTERS (sizeof row_filters / sizeof *row_filters)

static void the_rollup_and_the_raw_rows_give_the_same_answer(void **state)
{
	struct store *st = store_random(&facts, 1);
	struct buf quick, slow;

	(void)state;
	buf_init(&quick, 1 << 20);
	buf_init(&slow, 1 << 20);
	for (size_t k = 0; k < sizeof sums / sizeof *sums; k++) {
		for (size_t i = 0; i <= ROW_FILTERS; i++) {
			static struct query_filter f; /* large */

			query_filter_init(&f);
			if (i < ROW_FILTERS)
				set(&f, sums[k], row_filters[i][0], row_filters[i][1]);
			if (i % 2 == 1)
				set(&f, sums[k], "domain", "one.example");
			answer(st, sums[k], &f, &quick);
			/* Nothing here is a twin: this changes the path, not the answer. */
			set(&f, sums[k], "without_twins", "true");
			answer(st, sums[k], &f, &slow);
			assert_string_equal(buf_text(&quick), buf_text(&slow));
		}
	}
	buf_release(&quick);
	buf_release(&slow);
	store_close(st);
}

static bool chosen(const struct fact *f, const struct query_filter *q, int domain, int from)
{
	enum report_verdict verdict =
		report_verdict((enum report_result)f->dkim, (enum report_result)f->spf);

	return f->day >= q->from && f->day <= q->to && (domain == 0 || f->domain == domain) &&
	       (q->verdict < 0 || (int)verdict == q->verdict) &&
	       (q->disposition < 0 || f->disposition == q->disposition) &&
	       (from == 0 || f->from == from) &&
	       (!q->verified_only || f->trust == REPORT_TRUST_VERIFIED ||
		       f->trust == REPORT_TRUST_LOCAL);
}

static void a_summary_is_the_sum_of_the_rows_that_were_stored(void **state)
{
	static const struct {
		const char *name, *value;
		int domain, from;
	} cases[] = { { NULL, NULL, 0, 0 }, { "domain", "two.example", 2, 0 },
		{ "result", "pass", 0, 0 }, { "result", "unknown", 0, 0 },
		{ "disposition", "quarantine", 0, 0 }, { "header_from", "News.One.Example.", 0, 2 },
		{ "verified", "true", 0, 0 }, { "last", "7d", 0, 0 } };
	struct store *st = store_random(&facts, 2);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t messages = 0, pass = 0, fail = 0, records = 0, dkim = 0, acted = 0;
		static struct query_filter f; /* large */

		query_filter_init(&f);
		if (cases[i].name != NULL)
			set(&f, QUERY_SUMMARY, cases[i].name, cases[i].value);
		for (size_t j = 0; j < facts.len; j++) {
			const struct fact *x = &facts.list[j];

			if (!chosen(x, &f, cases[i].domain, cases[i].from))
				continue;
			records++;
			messages += x->count;
			dkim += x->dkim == REPORT_RESULT_PASS ? x->count : 0;
			if (x->dkim == REPORT_RESULT_PASS || x->spf == REPORT_RESULT_PASS)
				pass += x->count;
			if (x->dkim != REPORT_RESULT_FAIL || x->spf != REPORT_RESULT_FAIL)
				continue;
			fail += x->count;
			if (x->disposition == REPORT_DISPOSITION_QUARANTINE ||
				x->disposition == REPORT_DISPOSITION_REJECT)
				acted += x->count;
		}
		assert_int_equal(rows_of(st, QUERY_SUMMARY, &f, NULL), 1);
		assert_true(messages > 0);
		assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), messages);
		assert_int_equal(number(QUERY_SUMMARY, 0, "records"), records);
		assert_int_equal(number(QUERY_SUMMARY, 0, "pass"), pass);
		assert_int_equal(number(QUERY_SUMMARY, 0, "fail"), fail);
		assert_int_equal(number(QUERY_SUMMARY, 0, "unknown"), messages - pass - fail);
		assert_int_equal(number(QUERY_SUMMARY, 0, "dkim_aligned"), dkim);
		if (fail > 0) {
			size_t at = query_column(QUERY_SUMMARY, "acted_on_ratio");

			assert_true(rows[0].values[at].ratio * (double)fail - (double)acted < 1e-6);
			assert_true((double)acted - rows[0].values[at].ratio * (double)fail < 1e-6);
		}
	}
	store_close(st);
}

static void sums_agree_whichever_way_they_are_cut(void **state)
{
	static const char *const measures[] = { "messages", "pass", "fail", "unknown",
		"dkim_aligned", "spf_aligned", "spf_only", "records", "disposition_quarantine" };
	struct store *st = store_random(&facts, 3);

	(void)state;
	for (size_t m = 0; m < sizeof measures / sizeof *measures; m++) {
		static struct query_filter f; /* large */
		int64_t whole;
		size_t n;

		query_filter_init(&f);
		f.bucket = m % 2 == 0 ? QUERY_BY_DAY : QUERY_BY_WEEK;
		n = rows_of(st, QUERY_SUMMARY, &f, NULL);
		whole = sum(QUERY_SUMMARY, n, measures[m]);
		assert_true(whole > 0);
		for (size_t k = 0; k < sizeof sums / sizeof *sums; k++) {
			n = rows_of(st, sums[k], &f, NULL);
			assert_int_equal(sum(sums[k], n, measures[m]), whole);
		}
	}
	store_close(st);
}

static void adjacent_windows_add_up_for_any_cut(void **state)
{
	struct store *st = store_random(&facts, 4);
	static struct query_filter f; /* large */
	int64_t whole;

	(void)state;
	query_filter_init(&f);
	f.all_time = true;
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	whole = number(QUERY_SUMMARY, 0, "messages");
	f.all_time = false;
	for (int32_t cut = CLOCK_DAY - 80; cut < CLOCK_DAY; cut += 7) {
		int64_t parts;

		f.from = 0;
		f.to = cut;
		(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
		parts = number(QUERY_SUMMARY, 0, "messages");
		f.from = cut + 1;
		f.to = CLOCK_DAY + 10;
		(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
		assert_int_equal(parts + number(QUERY_SUMMARY, 0, "messages"), whole);
	}
	store_close(st);
}

static void nothing_to_divide_by_is_null_and_never_a_percentage(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */

	(void)state;
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_SUMMARY, &f, NULL), 1);
	assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), 0);
	assert_true(is_null(QUERY_SUMMARY, 0, "pass_ratio"));
	assert_true(is_null(QUERY_SUMMARY, 0, "acted_on_ratio"));
	assert_int_equal(rows_of(st, QUERY_DOMAINS, &f, NULL), 4);
	assert_true(is_null(QUERY_DOMAINS, 0, "pass_ratio"));
	assert_true(is_null(QUERY_DOMAINS, 0, "policy"));
	assert_int_equal(rows_of(st, QUERY_TIMESERIES, &f, NULL), 0);
	store_close(st);
}

static void days_without_mail_are_rows_too(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */

	(void)state;
	add_one(st, 1, one);
	query_filter_init(&f);
	set(&f, QUERY_TIMESERIES, "last", "7d");
	assert_int_equal(rows_of(st, QUERY_TIMESERIES, &f, NULL), 7);
	for (size_t i = 0; i < 7; i++) {
		bool mail = i == 4;

		assert_int_equal(number(QUERY_TIMESERIES, i, "day"), CLOCK_DAY - 7 + (int)i);
		assert_int_equal(number(QUERY_TIMESERIES, i, "messages"), mail ? 7 : 0);
		assert_int_equal(is_null(QUERY_TIMESERIES, i, "pass_ratio"), !mail);
		assert_int_equal(number(QUERY_TIMESERIES, i, "complete"), i <= 4);
	}
	store_close(st);
}

static void a_week_begins_on_its_monday(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */

	(void)state;
	add_one(st, 1, one); /* a Tuesday */
	query_filter_init(&f);
	set(&f, QUERY_TIMESERIES, "last", "2w");
	set(&f, QUERY_TIMESERIES, "group_by", "week");
	assert_int_equal(rows_of(st, QUERY_TIMESERIES, &f, NULL), 3);
	assert_int_equal(number(QUERY_TIMESERIES, 2, "day"), CLOCK_DAY - 4);
	assert_int_equal(number(QUERY_TIMESERIES, 2, "messages"), 7);
	assert_int_equal(sum(QUERY_TIMESERIES, 3, "messages"), 7);
	store_close(st);
}

static void unclaimed_domains_are_kept_apart_once_one_is_claimed(void **state)
{
	static const struct {
		const char *name, *value;
		int64_t messages;
	} cases[] = { { NULL, NULL, 1 }, { "scope", "claimed", 1 }, { "scope", "unclaimed", 10 },
		{ "scope", "all", 11 }, { "domain", "two.example", 10 } };
	struct store *st = store_make();
	static struct query_filter f; /* large */

	(void)state;
	add_one(st, 1, with(1, 1, CLOCK_DAY - 2, 1));
	add_one(st, 2, with(2, 1, CLOCK_DAY - 2, 10));
	query_filter_init(&f);
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), 11);
	run_sql(st, "UPDATE domain SET own = id = 1, claimed = id IN (1, 4)");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		query_filter_init(&f);
		if (cases[i].name != NULL)
			set(&f, QUERY_SUMMARY, cases[i].name, cases[i].value);
		(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
		assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), cases[i].messages);
	}
	store_close(st);
}

static void subdomains_are_those_under_the_name_and_no_others(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */

	(void)state;
	run_sql(st, "INSERT INTO domain (id, name, added) VALUES (5, 'notone.example', 1),"
		    " (6, 'xsubxone.example', 1)");
	query_filter_init(&f);
	set(&f, QUERY_DOMAINS, "domain", "ONE.example.");
	assert_int_equal(rows_of(st, QUERY_DOMAINS, &f, NULL), 1);
	set(&f, QUERY_DOMAINS, "subdomains", "true");
	assert_int_equal(rows_of(st, QUERY_DOMAINS, &f, NULL), 2);
	assert_string_equal(text(QUERY_DOMAINS, 0, "domain"), "one.example");
	assert_string_equal(text(QUERY_DOMAINS, 1, "domain"), "sub.one.example");
	query_filter_init(&f);
	set(&f, QUERY_DOMAINS, "domain", "nobody.example");
	assert_int_equal(rows_of(st, QUERY_DOMAINS, &f, NULL), 0);
	store_close(st);
}

static void reporters_that_differ_in_case_are_one(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */

	(void)state;
	add_one(st, 1, with(1, 2, CLOCK_DAY - 9, 1));
	add_one(st, 2, with(1, 3, CLOCK_DAY - 6, 2));
	add_one(st, 3, with(2, 2, CLOCK_DAY - 6, 4));
	add_one(st, 4, with(1, 2, CLOCK_DAY - 5, 8));
	add_one(st, 5, with(1, 1, CLOCK_DAY - 5, 16));
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_REPORTERS, &f, NULL), 2);
	assert_string_equal(text(QUERY_REPORTERS, 1, "reporter"), "Beta");
	assert_int_equal(number(QUERY_REPORTERS, 1, "reports"), 4);
	assert_int_equal(number(QUERY_REPORTERS, 1, "domains"), 2);
	assert_int_equal(number(QUERY_REPORTERS, 1, "messages"), 15);
	/* Days 9, 6, 5 back: gaps of 3 and 1, in the middle 2. */
	assert_int_equal(number(QUERY_REPORTERS, 1, "median_gap_seconds"), 2 * DAY_SECONDS);
	assert_int_equal(number(QUERY_REPORTERS, 1, "age_seconds"), 4 * DAY_SECONDS + 3600);
	assert_true(is_null(QUERY_REPORTERS, 0, "median_gap_seconds"));
	set(&f, QUERY_REPORTERS, "reporter", "bEtA");
	assert_int_equal(rows_of(st, QUERY_REPORTERS, &f, NULL), 1);
	assert_int_equal(number(QUERY_REPORTERS, 0, "messages"), 15);
	store_close(st);
}

static void data_reach_as_far_as_reporters_of_nine_tenths_of_the_mail(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */
	struct query_meta meta;

	(void)state;
	query_filter_init(&f);
	(void)rows_of(st, QUERY_SUMMARY, &f, &meta);
	assert_false(meta.has_data_through);
	add_one(st, 1, with(1, 1, CLOCK_DAY - 5, 89));
	add_one(st, 2, with(1, 2, CLOCK_DAY - 5, 11));
	(void)rows_of(st, QUERY_SUMMARY, &f, &meta);
	assert_int_equal(meta.data_through, CLOCK_DAY - 5);
	/* 89 % have reported the newest day: not enough. */
	add_one(st, 3, with(1, 1, CLOCK_DAY - 2, 1000));
	(void)rows_of(st, QUERY_SUMMARY, &f, &meta);
	assert_int_equal(meta.data_through, CLOCK_DAY - 5);
	add_one(st, 4, with(1, 1, CLOCK_DAY - 6, 10)); /* 99 of 110: nine tenths */
	(void)rows_of(st, QUERY_SUMMARY, &f, &meta);
	assert_int_equal(meta.data_through, CLOCK_DAY - 2);
	store_close(st);
}

static void the_default_window_is_the_last_30_whole_days(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */
	struct query_meta meta;

	(void)state;
	add_one(st, 1, with(1, 1, CLOCK_DAY, 1));
	add_one(st, 2, with(1, 1, CLOCK_DAY - 1, 2));
	add_one(st, 3, with(1, 1, CLOCK_DAY - 30, 4));
	add_one(st, 4, with(1, 1, CLOCK_DAY - 31, 8));
	query_filter_init(&f);
	(void)rows_of(st, QUERY_SUMMARY, &f, &meta);
	assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), 6);
	assert_int_equal(meta.from, CLOCK_DAY - 30);
	assert_int_equal(meta.to, CLOCK_DAY - 1);
	set(&f, QUERY_SUMMARY, "last", "all");
	(void)rows_of(st, QUERY_SUMMARY, &f, &meta);
	assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), 15);
	assert_int_equal(meta.from, CLOCK_DAY - 31);
	assert_int_equal(meta.to, CLOCK_DAY);
	store_close(st);
}

static void twins_and_unverified_reports_can_be_left_out(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */
	struct fact twin = one, forged = one;

	(void)state;
	twin.twin = 1;
	twin.trust = REPORT_TRUST_VERIFIED;
	forged.trust = REPORT_TRUST_FAILED;
	forged.count = 100;
	add_one(st, 1, with(1, 1, CLOCK_DAY - 3, 7));
	add_one(st, 2, twin);
	add_one(st, 3, forged);
	for (size_t k = 0; k < sizeof sums / sizeof *sums; k++) {
		size_t n;

		query_filter_init(&f);
		n = rows_of(st, sums[k], &f, NULL);
		assert_int_equal(sum(sums[k], n, "messages"), 114);
		set(&f, sums[k], "without_twins", "true");
		n = rows_of(st, sums[k], &f, NULL);
		assert_int_equal(sum(sums[k], n, "messages"), 107);
		query_filter_init(&f);
		set(&f, sums[k], "verified", "true");
		n = rows_of(st, sums[k], &f, NULL);
		assert_int_equal(sum(sums[k], n, "messages"), 7);
	}
	query_filter_init(&f);
	set(&f, QUERY_REPORTS, "twins", "true");
	assert_int_equal(rows_of(st, QUERY_REPORTS, &f, NULL), 1);
	assert_int_equal(number(QUERY_REPORTS, 0, "id"), 2);
	store_close(st);
}

static void a_network_of_one_family_holds_no_address_of_the_other(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */
	struct fact six = with(1, 2, CLOCK_DAY - 3, 100);

	(void)state;
	run_sql(st, "INSERT INTO source (id, ip) VALUES (99, x'c0000201000000000000000000000001')");
	six.source = 99; /* begins with the bytes of 192.0.2.1 */
	add_one(st, 1, one);
	add_one(st, 2, six);
	query_filter_init(&f);
	set(&f, QUERY_SUMMARY, "source", "192.0.2.0/24");
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), 7);
	query_filter_init(&f);
	set(&f, QUERY_SUMMARY, "source", "c000:201::/32");
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), 100);
	store_close(st);
}

static void what_is_no_address_is_shown_as_sent_and_in_no_network(void **state)
{
	struct store *st = store_make();
	static struct query_filter f; /* large */
	struct fact text_source = with(1, 2, CLOCK_DAY - 3, 100);

	(void)state;
	run_sql(st, "INSERT INTO source (id, text) VALUES (99, '192.0.2.1x')");
	text_source.source = 99;
	add_one(st, 1, one);
	add_one(st, 2, text_source);
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_SOURCES, &f, NULL), 2);
	assert_string_equal(text(QUERY_SOURCES, 0, "source"), "192.0.2.1x");
	assert_string_equal(text(QUERY_SOURCES, 1, "source"), "192.0.2.1");
	assert_int_equal(rows_of(st, QUERY_RECORDS, &f, NULL), 2);
	assert_string_equal(text(QUERY_RECORDS, 1, "source"), "192.0.2.1x");
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), 107);
	assert_int_equal(number(QUERY_SUMMARY, 0, "sources"), 2);
	for (size_t i = 0; i < 2; i++) { /* texts first, then addresses, or the reverse */
		query_filter_init(&f);
		set(&f, QUERY_SOURCES, "sort", i == 0 ? "source" : "-source");
		assert_int_equal(rows_of(st, QUERY_SOURCES, &f, NULL), 2);
		assert_string_equal(text(QUERY_SOURCES, i, "source"), "192.0.2.1x");
	}
	query_filter_init(&f);
	set(&f, QUERY_SUMMARY, "source", "0.0.0.0/0");
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), 7);
	query_filter_init(&f);
	set(&f, QUERY_RECORDS, "source", "::/0");
	assert_int_equal(rows_of(st, QUERY_RECORDS, &f, NULL), 0);
	store_close(st);
}

static void a_sum_beyond_63_bits_is_refused_by_name(void **state)
{
	struct store *st = store_make();
	struct err err = ERR_INIT;
	const struct value *row;
	static struct query_filter f; /* large */
	struct query *q = NULL;

	(void)state;
	add_one(st, 1, one);
	add_one(st, 2, with(1, 2, CLOCK_DAY - 3, 1));
	run_sql(st, "UPDATE report SET messages = 6000000000000000000, pass = 6000000000000000000,"
		    " fail = 0, unknown = 0");
	query_filter_init(&f);
	assert_int_equal(query_open(&q, st, QUERY_DOMAINS, &f, &err), 0);
	assert_int_equal(query_next(q, &row, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	assert_string_equal(err.text, "domains: the sum of messages exceeds 63 bits");
	query_close(q);
	store_close(st);
}

static void an_answer_that_takes_too_long_is_given_up(void **state)
{
	struct store *st = store_make();
	struct err err = ERR_INIT;
	const struct value *row;
	static struct query_filter f; /* large */
	struct query *q = NULL;

	(void)state;
	add_one(st, 1, one);
	query_filter_init(&f);
	f.from = 0;
	f.to = INT32_MAX; /* six million years, day by day */
	set(&f, QUERY_TIMESERIES, "sort", "-messages");
	assert_int_equal(query_open(&q, st, QUERY_TIMESERIES, &f, &err), 0);
	assert_int_equal(query_next(q, &row, &err), -1);
	assert_int_equal(err.code, ERR_SLOW);
	query_close(q);
	/* The connection is good for the next one. */
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_SUMMARY, &f, NULL), 1);
	store_close(st);
}

/* Tables that grow; a query may walk none of them from end to end. */
static bool scans(const char *plan)
{
	static const char *const tables[] = { "report", "record", "daily", "detail", "receipt",
		"entry", "source", "auth", "reason", "name", "note", "unreadable", "original", "r",
		"x", "t", "f", "s", "e", "c", "a", "n", "l", "u", "hf", "ef", "et" };
	char line[64];

	if (strncmp(plan, "SCAN ", 5) != 0 || strstr(plan, "VIRTUAL TABLE") != NULL)
		return false;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		size_t len;

		(void)snprintf(line, sizeof line, "SCAN %s", tables[i]);
		len = strlen(line);
		if (strncmp(plan, line, len) == 0 && (plan[len] == '\0' || plan[len] == ' '))
			return true;
	}
	return false;
}

/* Where a walk is what was asked for: a count of all there is, all receipts newest first, a
 * subquery's own rows that stand under one of these letters. */
static const struct {
	enum stmt stmt;
	const char *plan;
} allowed[] = {
	{ STMT_QUERY_STATUS, "SCAN report" },
	{ STMT_QUERY_STATUS, "SCAN receipt USING COVERING INDEX receipt_ending" },
	{ STMT_QUERY_STATUS, "SCAN r" },
	{ STMT_QUERY_RECEIPTS, "SCAN c" },
	{ STMT_QUERY_ENDINGS, "SCAN e" },
};

static bool is_allowed(enum stmt id, const char *plan)
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		if (allowed[i].stmt == id && strcmp(allowed[i].plan, plan) == 0)
			return true;
	}
	return false;
}

static void every_query_is_driven_by_an_index(void **state)
{
	struct store *st = store_random(&facts, 8);
	unsigned seen = 0, bad = 0;

	(void)state;
	for (int i = 2; i < 400; i++)
		run_sql(st,
			"INSERT INTO receipt (id, inbox, name, size, mtime_ns, seen, ending, trust)"
			" VALUES (%d, 1, 'm%d', 1, 1, 1, %d, 0)",
			i, i, i % 7);
	run_sql(st, "ANALYZE"); /* figures the planner may be tempted by */
	for (int id = 0; id < STMT_COUNT; id++) {
		struct err err = ERR_INIT;
		sqlite3_stmt *stmt = NULL;
		char *sql;

		if (strncmp(stmt_name((enum stmt)id), "STMT_QUERY_", 11) != 0)
			continue;
		sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", stmt_text((enum stmt)id));
		assert_int_equal(sql_prepare(st, sql, &stmt, &err), 0);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *plan = (const char *)sqlite3_column_text(stmt, 3);

			if (scans(plan) && !is_allowed((enum stmt)id, plan)) {
				print_error("%s: %s\n", stmt_name((enum stmt)id), plan);
				bad++;
			}
		}
		sqlite3_finalize(stmt);
		sqlite3_free(sql);
		seen++;
	}
	assert_true(seen > 25);
	assert_int_equal(bad, 0);
	store_close(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rollup_and_the_raw_rows_give_the_same_answer),
		cmocka_unit_test(a_summary_is_the_sum_of_the_rows_that_were_stored),
		cmocka_unit_test(sums_agree_whichever_way_they_are_cut),
		cmocka_unit_test(adjacent_windows_add_up_for_any_cut),
		cmocka_unit_test(nothing_to_divide_by_is_null_and_never_a_percentage),
		cmocka_unit_test(days_without_mail_are_rows_too),
		cmocka_unit_test(a_week_begins_on_its_monday),
		cmocka_unit_test(unclaimed_domains_are_kept_apart_once_one_is_claimed),
		cmocka_unit_test(subdomains_are_those_under_the_name_and_no_others),
		cmocka_unit_test(reporters_that_differ_in_case_are_one),
		cmocka_unit_test(data_reach_as_far_as_reporters_of_nine_tenths_of_the_mail),
		cmocka_unit_test(the_default_window_is_the_last_30_whole_days),
		cmocka_unit_test(twins_and_unverified_reports_can_be_left_out),
		cmocka_unit_test(a_network_of_one_family_holds_no_address_of_the_other),
		cmocka_unit_test(what_is_no_address_is_shown_as_sent_and_in_no_network),
		cmocka_unit_test(a_sum_beyond_63_bits_is_refused_by_name),
		cmocka_unit_test(an_answer_that_takes_too_long_is_given_up),
		cmocka_unit_test(every_query_is_driven_by_an_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
