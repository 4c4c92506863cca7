/* Sums: the same number whichever way it is asked for, and the promises about scope and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/query_store.h"

static struct facts facts;

static const enum query_kind sums[] = { QUERY_DOMAINS, QUERY_SUMMARY, QUERY_TIMESERIES,
	QUERY_SOURCES, QUERY_ADDRESSES, QUERY_RULES, QUERY_REPORTERS };

/* Filters of rows that every way to the facts knows; and those that need the address. */
static const char *const row_filters[][2] = { { NULL, NULL }, { "result", "pass" },
	{ "result", "fail" }, { "result", "unknown" }, { "disposition", "none" },
	{ "disposition", "reject" }, { "disposition", "absent" }, { "class", "yours" },
	{ "class", "forwarded" }, { "class", "to_decide" }, { "class", "not_yours" },
	{ "group", "101" }, { "group", "203" }, { "service", "mailchimp" }, { "last", "7d" },
	{ "last", "all" } };
static const char *const address_filters[][2] = { { "source", "192.0.2.4" },
	{ "source", "192.0.2.0/29" }, { "source", "2001:db8::/32" }, { "source", "198.51.100.1" } };

/* A question, and whether its facts may come without the address. */
static const struct {
	enum query_kind kind;
	const char *group_by;
	bool classed;
} questions[] = { { QUERY_DOMAINS, NULL, true }, { QUERY_SUMMARY, NULL, true },
	{ QUERY_SUMMARY, "domain,class", true }, { QUERY_SUMMARY, "source", true },
	{ QUERY_SUMMARY, "service,disposition", true }, { QUERY_TIMESERIES, NULL, true },
	{ QUERY_TIMESERIES, "week", true }, { QUERY_TIMESERIES, "day,class", true },
	{ QUERY_TIMESERIES, "week,source", true }, { QUERY_SOURCES, NULL, true },
	{ QUERY_RULES, NULL, true }, { QUERY_ADDRESSES, NULL, false } };

/* The first way that can is the answer; the others give the same. */
static void ways_agree(struct store *st, size_t question, const char *const filter[2], bool classed)
{
	static struct query_filter f; /* large */
	enum query_kind kind = questions[question].kind;
	struct buf first, other;

	buf_init(&first, 1 << 22);
	buf_init(&other, 1 << 22);
	for (int domain = 0; domain < 2; domain++) {
		query_filter_init(&f);
		if (filter[0] != NULL)
			set(&f, kind, filter[0], filter[1]);
		if (domain > 0)
			set(&f, kind, "domain", "one.example");
		if (questions[question].group_by != NULL)
			set(&f, kind, "group_by", questions[question].group_by);
		answer_by(st, kind, &f, QUERY_WAY_RAW, &first);
		for (int way = classed ? QUERY_WAY_CLASSED : QUERY_WAY_DAILY; way < QUERY_WAY_RAW;
			way++) {
			answer_by(st, kind, &f, (enum query_way)way, &other);
			assert_string_equal(buf_text(&first), buf_text(&other));
		}
		answer_by(st, kind, &f, QUERY_WAY_ANY, &other);
		assert_string_equal(buf_text(&first), buf_text(&other));
	}
	buf_release(&first);
	buf_release(&other);
}

static void every_way_to_the_facts_gives_the_same_answer(void **state)
{
	struct store *st = store_random(&facts, 1);

	(void)state;
	for (size_t q = 0; q < sizeof questions / sizeof *questions; q++) {
		for (size_t i = 0; i < sizeof row_filters / sizeof *row_filters; i++)
			ways_agree(st, q, row_filters[i], questions[q].classed);
		for (size_t i = 0; i < sizeof address_filters / sizeof *address_filters; i++)
			ways_agree(st, q, address_filters[i], false);
	}
	store_close(st);
}

/* While an ingest runs: some days are not judged yet, and some of their rows belong nowhere. */
static void days_that_are_not_judged_yet_are_answered_row_by_row(void **state)
{
	static struct query_filter f; /* large */
	struct store *st = store_random(&facts, 9);
	struct buf raw, mixed;

	(void)state;
	buf_init(&raw, 1 << 22);
	buf_init(&mixed, 1 << 22);
	run_sql(st, "INSERT INTO unassessed SELECT DISTINCT domain, day FROM report"
		    " WHERE day %% 3 = 0 AND domain <> 3");
	run_sql(st, "DELETE FROM judgement WHERE source = 7 AND domain <> 3");
	run_sql(st, "DELETE FROM member WHERE source = 7 AND domain <> 3");
	run_sql(st, "DELETE FROM daily WHERE source = 7 AND domain <> 3 AND day %% 3 > 0");
	run_sql(st, "DELETE FROM record WHERE source = 7 AND report IN (SELECT id FROM report"
		    " WHERE domain <> 3 AND day %% 3 > 0)");
	roll_classes(st);
	/* What stands there for such a day is of the past: no answer may use it. */
	run_sql(st, "UPDATE class_daily SET messages = messages + 1000, class = 3"
		    " WHERE day %% 3 = 0 AND domain <> 3");
	for (size_t q = 0; q < sizeof questions / sizeof *questions; q++) {
		for (size_t i = 0; i < sizeof row_filters / sizeof *row_filters; i++) {
			query_filter_init(&f);
			if (row_filters[i][0] != NULL)
				set(&f, questions[q].kind, row_filters[i][0], row_filters[i][1]);
			if (questions[q].group_by != NULL)
				set(&f, questions[q].kind, "group_by", questions[q].group_by);
			answer_by(st, questions[q].kind, &f, QUERY_WAY_RAW, &raw);
			answer(st, questions[q].kind, &f, &mixed);
			assert_string_equal(buf_text(&raw), buf_text(&mixed));
		}
	}
	/* Nobody's group and nobody's judgement: what passes is yours, the rest to decide. */
	query_filter_init(&f);
	set(&f, QUERY_RULES, "last", "all");
	{
		size_t n = rows_of(st, QUERY_RULES, &f, NULL), provisional = 0;

		for (size_t i = 0; i < n; i++)
			provisional +=
				strcmp(text(QUERY_RULES, i, "rule"), "provisional") == 0 &&
				(strcmp(text(QUERY_RULES, i, "class"), "yours") == 0
						? number(QUERY_RULES, i, "fail") == 0 &&
							  number(QUERY_RULES, i, "unknown") == 0
						: strcmp(text(QUERY_RULES, i, "class"),
							  "to_decide") == 0 &&
							  number(QUERY_RULES, i, "pass") == 0);
		assert_int_equal(provisional, 2);
	}
	buf_release(&raw);
	buf_release(&mixed);
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
		"dkim_aligned", "spf_aligned", "records", "disposition_quarantine" };
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
			if (query_find_column(sums[k], slice_of(measures[m])) != NULL)
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
	store_close(st);
}

/* A slip of the pen must not read as "no mail at all". */
static void what_is_named_and_not_there_is_told(void **state)
{
	static const struct {
		const char *name, *value, *says; /* NULL: it is there */
	} cases[] = {
		{ "domain", "one.example", NULL },
		{ "domain", "nobody.example", "domain \"nobody.example\" is in no report" },
		{ "domain", "ne.example", "\"ne.example\"" },
		{ "domain", "example", "\"example\"" },
		{ "group", "101", NULL },
		{ "group", "9999", "group 9999 is not there" },
	};
	struct store *st = store_random(&facts, 1);
	static struct query_filter f; /* large */

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = ERR_INIT;
		struct query *q = NULL;

		query_filter_init(&f);
		set(&f, QUERY_SUMMARY, cases[i].name, cases[i].value);
		if (query_open(&q, st, QUERY_SUMMARY, &f, &err) == 0) {
			assert_null(cases[i].says);
			query_close(q);
			continue;
		}
		assert_non_null(cases[i].says);
		assert_int_equal(err.code, ERR_NOT_FOUND);
		if (strstr(err.text, cases[i].says) == NULL)
			fail_msg("%s does not say %s", err.text, cases[i].says);
	}
	/* One wrong name of several is enough; with its subdomains a name is known by them. */
	query_filter_init(&f);
	set(&f, QUERY_SUMMARY, "domain", "one.example");
	set(&f, QUERY_SUMMARY, "domain", "nobody.example");
	assert_int_equal(query_open(&(struct query *){ NULL }, st, QUERY_SUMMARY, &f, NULL), -1);
	query_filter_init(&f);
	set(&f, QUERY_DOMAINS, "domain", "example");
	set(&f, QUERY_DOMAINS, "subdomains", "true");
	assert_true(rows_of(st, QUERY_DOMAINS, &f, NULL) > 1);
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
	assert_int_equal(rows_of(st, QUERY_ADDRESSES, &f, NULL), 2);
	assert_string_equal(text(QUERY_ADDRESSES, 0, "source"), "192.0.2.1x");
	assert_string_equal(text(QUERY_ADDRESSES, 1, "source"), "192.0.2.1");
	assert_int_equal(rows_of(st, QUERY_RECORDS, &f, NULL), 2);
	assert_string_equal(text(QUERY_RECORDS, 1, "source"), "192.0.2.1x");
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	assert_int_equal(number(QUERY_SUMMARY, 0, "messages"), 107);
	assert_int_equal(number(QUERY_SUMMARY, 0, "sources"), 2);
	for (size_t i = 0; i < 2; i++) { /* texts first, then addresses, or the reverse */
		query_filter_init(&f);
		set(&f, QUERY_ADDRESSES, "sort", i == 0 ? "source" : "-source");
		assert_int_equal(rows_of(st, QUERY_ADDRESSES, &f, NULL), 2);
		assert_string_equal(text(QUERY_ADDRESSES, i, "source"), "192.0.2.1x");
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
	add_one(st, 2, with(1, 2, CLOCK_DAY - 4, 1));
	run_sql(st, "UPDATE domain_daily SET messages = 6000000000000000000");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_to_the_facts_gives_the_same_answer),
		cmocka_unit_test(days_that_are_not_judged_yet_are_answered_row_by_row),
		cmocka_unit_test(a_summary_is_the_sum_of_the_rows_that_were_stored),
		cmocka_unit_test(sums_agree_whichever_way_they_are_cut),
		cmocka_unit_test(adjacent_windows_add_up_for_any_cut),
		cmocka_unit_test(nothing_to_divide_by_is_null_and_never_a_percentage),
		cmocka_unit_test(days_without_mail_are_rows_too),
		cmocka_unit_test(a_week_begins_on_its_monday),
		cmocka_unit_test(unclaimed_domains_are_kept_apart_once_one_is_claimed),
		cmocka_unit_test(subdomains_are_those_under_the_name_and_no_others),
		cmocka_unit_test(what_is_named_and_not_there_is_told),
		cmocka_unit_test(reporters_that_differ_in_case_are_one),
		cmocka_unit_test(data_reach_as_far_as_reporters_of_nine_tenths_of_the_mail),
		cmocka_unit_test(the_default_window_is_the_last_30_whole_days),
		cmocka_unit_test(twins_and_unverified_reports_can_be_left_out),
		cmocka_unit_test(a_network_of_one_family_holds_no_address_of_the_other),
		cmocka_unit_test(what_is_no_address_is_shown_as_sent_and_in_no_network),
		cmocka_unit_test(a_sum_beyond_63_bits_is_refused_by_name),
		cmocka_unit_test(an_answer_that_takes_too_long_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
