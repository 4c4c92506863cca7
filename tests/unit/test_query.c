/* Answers: the same number whichever way it is asked for, and the promises about scope and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/query_store.h"
#include "store/base/buf.h"
#include "store/emit.h"
#include "store/query_tables.h"

static struct facts facts;

static void set(struct query_filter *f, enum query_kind kind, const char *name, const char *value)
{
	struct err err = ERR_INIT;

	if (query_filter_set(f, kind, slice_of(name), slice_of(value), &err) < 0)
		fail_msg("%s=%s: %s", name, value, err.text);
}

/* The answer as CSV, which is text a test can compare. */
static void answer(
	struct store *st, enum query_kind kind, const struct query_filter *f, struct buf *to)
{
	struct err err = ERR_INIT;
	const struct value *row;
	struct query *q = NULL;
	struct emit *e = NULL;
	size_t len;
	const struct column *columns = query_columns(kind, &len);
	int more;

	buf_clear(to);
	if (query_open(&q, st, kind, f, &err) < 0)
		fail_msg("%s: %s", query_name(kind), err.text);
	assert_int_equal(emit_open(&e, emit_find(SLICE_LIT("csv")), to, EMIT_EN, &err), 0);
	emit_set(e, query_name(kind), columns, len, false);
	while ((more = query_next(q, &row, &err)) > 0)
		emit_row(e, row);
	if (more < 0)
		fail_msg("%s: %s", query_name(kind), err.text);
	emit_end(e, query_meta(q), query_next_offset(q));
	emit_close(e);
	query_close(q);
	assert_false(buf_failed(to));
}

struct row {
	struct value values[QUERY_COLUMNS_MAX];
	char texts[QUERY_COLUMNS_MAX][128];
};
#define ROWS_MAX 600
static struct row rows[ROWS_MAX];

/* The answer's rows, kept; returns how many. */
static size_t rows_of(struct store *st, enum query_kind kind, const struct query_filter *f,
	struct query_meta *meta)
{
	struct err err = ERR_INIT;
	const struct value *row;
	struct query *q = NULL;
	size_t len, n = 0;
	int more;

	(void)query_columns(kind, &len);
	if (query_open(&q, st, kind, f, &err) < 0)
		fail_msg("%s: %s", query_name(kind), err.text);
	while ((more = query_next(q, &row, &err)) > 0) {
		assert_true(n < ROWS_MAX);
		for (size_t i = 0; i < len; i++) {
			rows[n].values[i] = row[i];
			(void)snprintf(rows[n].texts[i], sizeof rows[n].texts[i], "%.*s",
				SLICE_FMT(row[i].text));
		}
		n++;
	}
	if (more < 0)
		fail_msg("%s: %s", query_name(kind), err.text);
	if (meta != NULL)
		*meta = *query_meta(q);
	query_close(q);
	return n;
}

static int64_t number(enum query_kind kind, size_t row, const char *column)
{
	return rows[row].values[query_column(kind, column)].number;
}

static const char *text(enum query_kind kind, size_t row, const char *column)
{
	return rows[row].texts[query_column(kind, column)];
}

static bool is_null(enum query_kind kind, size_t row, const char *column)
{
	return rows[row].values[query_column(kind, column)].null;
}

static int64_t sum(enum query_kind kind, size_t n, const char *column)
{
	int64_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += number(kind, i, column);
	return total;
}

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
		f.group = m % 2 == 0 ? QUERY_BY_DAY : QUERY_BY_WEEK;
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

static const struct fact one = { .domain = 1,
	.reporter = 1,
	.source = 1,
	.disposition = 2,
	.dkim = 2,
	.spf = 3,
	.from = 1,
	.day = CLOCK_DAY - 3,
	.count = 7 };

static struct fact with(int domain, int reporter, int32_t day, int64_t count)
{
	struct fact f = one;

	f.domain = domain;
	f.reporter = reporter;
	f.day = day;
	f.count = count;
	return f;
}

static void add_one(struct store *st, int id, struct fact f)
{
	add_report(st, id, &f, 1);
	derive(st);
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
		"dkim=pass d=one.example s=mail; spf=SoftFail d=list.example scope=mfrom; spf=error");
	assert_string_equal(text(QUERY_RECORDS, 0, "reasons"), "mailing_list (arc=pass); odd");
	assert_string_equal(text(QUERY_RECORDS, 0, "source"), "192.0.2.1");
	assert_string_equal(text(QUERY_RECORDS, 0, "verdict"), "pass");
	assert_string_equal(text(QUERY_RECORDS, 0, "dkim"), "pass");
	assert_string_equal(text(QUERY_RECORDS, 0, "dkim_sent"), "Pass");
	assert_true(is_null(QUERY_RECORDS, 0, "spf_sent"));
	assert_string_equal(text(QUERY_RECORDS, 0, "header_from"), "one.example");
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

static void pages_give_every_row_once_and_know_the_last(void **state)
{
	static const enum query_kind kinds[] = { QUERY_DOMAINS, QUERY_TIMESERIES, QUERY_SOURCES,
		QUERY_REPORTERS, QUERY_REPORTS, QUERY_RECORDS };
	struct store *st = store_random(&facts, 6);
	struct buf whole, page, all;

	(void)state;
	buf_init(&whole, 1 << 20);
	buf_init(&page, 1 << 20);
	buf_init(&all, 1 << 20);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		static struct query_filter f; /* large */
		int64_t next = 0;

		query_filter_init(&f);
		answer(st, kinds[k], &f, &whole);
		buf_clear(&all);
		f.limit = 7;
		while (next >= 0) {
			struct err err = ERR_INIT;
			const struct value *row;
			struct query *q = NULL;
			const char *body;

			f.offset = next;
			answer(st, kinds[k], &f, &page);
			body = strchr(buf_text(&page), '\n') + 1;
			buf_add_text(&all, next == 0 ? buf_text(&page) : body);
			assert_int_equal(query_open(&q, st, kinds[k], &f, &err), 0);
			while (query_next(q, &row, &err) > 0) {
			}
			next = query_next_offset(q);
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
	assert_int_equal(err.code, ERR_SHORTAGE);
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

static bool is_field(const char *name, size_t len)
{
	for (int k = 0; k < QUERY_KIND_COUNT; k++) {
		if (query_find_column((enum query_kind)k, slice_from(name, len)) != NULL)
			return true;
	}
	return false;
}

static void the_manual_names_every_field_and_no_other(void **state)
{
	static char page[64 * 1024];
	FILE *file = fopen("store/ruad.7", "r");
	size_t n;

	(void)state;
	assert_non_null(file);
	n = fread(page, 1, sizeof page - 1, file);
	page[n] = '\0';
	(void)fclose(file);
	for (int k = 0; k < QUERY_KIND_COUNT; k++) {
		size_t len;
		const struct column *columns = query_columns((enum query_kind)k, &len);

		for (size_t i = 0; i < len; i++) {
			if (!manual_names(page, columns[i].name))
				fail_msg("ruad.7 does not name %s", columns[i].name);
		}
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
		cmocka_unit_test(a_domain_shows_the_policy_last_seen),
		cmocka_unit_test(a_report_shows_what_was_sent_beside_what_is_in_effect),
		cmocka_unit_test(a_record_carries_its_results_and_reasons_as_text),
		cmocka_unit_test(conflicts_are_listed_with_the_mail_that_brought_them),
		cmocka_unit_test(every_ending_is_counted_and_they_sum_to_the_mails),
		cmocka_unit_test(the_status_is_one_row),
		cmocka_unit_test(pages_give_every_row_once_and_know_the_last),
		cmocka_unit_test(every_field_sorts_both_ways_with_the_unmeasured_last),
		cmocka_unit_test(a_report_with_such_a_row_is_found_by_it),
		cmocka_unit_test(a_sum_beyond_63_bits_is_refused_by_name),
		cmocka_unit_test(an_answer_that_takes_too_long_is_given_up),
		cmocka_unit_test(every_query_is_driven_by_an_index),
		cmocka_unit_test(a_field_means_the_same_in_every_answer),
		cmocka_unit_test(the_manual_names_every_field_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
