/* Measures: each against a count of the very rows that were put in, cut every way there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/judge/class.h"
#include "tests/unit/query_store.h"

static struct facts facts;
static struct query_filter f; /* large */

/* ---- what a row counts for -------------------------------------------------------------------- */

static bool passes(const struct fact *x)
{
	return x->dkim == REPORT_RESULT_PASS || x->spf == REPORT_RESULT_PASS;
}

static bool fails(const struct fact *x)
{
	return x->dkim == REPORT_RESULT_FAIL && x->spf == REPORT_RESULT_FAIL;
}

static int result_of(const struct fact *x)
{
	return x->disposition * 16 + x->dkim * 4 + x->spf;
}

static bool acted(const struct fact *x)
{
	return x->disposition == REPORT_DISPOSITION_QUARANTINE ||
	       x->disposition == REPORT_DISPOSITION_REJECT;
}

static bool is_class(const struct fact *x, enum class class)
{
	return class_of_fact(x) == (int)class;
}

#define COUNTS(name, condition)                                                                    \
	static bool counts_##name(const struct fact *x)                                            \
	{                                                                                          \
		return condition;                                                                  \
	}
COUNTS(messages, x != NULL)
COUNTS(unknown, !passes(x) && !fails(x))
COUNTS(own, is_class(x, CLASS_YOURS))
COUNTS(own_pass, is_class(x, CLASS_YOURS) && passes(x))
COUNTS(own_fail, is_class(x, CLASS_YOURS) && fails(x))
COUNTS(undecided, is_class(x, CLASS_TO_DECIDE))
COUNTS(forwarded, is_class(x, CLASS_FORWARDED))
COUNTS(not_yours, is_class(x, CLASS_NOT_YOURS))
COUNTS(spf, x->spf == REPORT_RESULT_PASS)
COUNTS(dkim, x->dkim == REPORT_RESULT_PASS)
COUNTS(spf_only,
	is_class(x, CLASS_YOURS) && x->spf == REPORT_RESULT_PASS && x->dkim != REPORT_RESULT_PASS)
COUNTS(spf_seen, trait_spf(result_of(x)) != REPORT_AUTH_ABSENT)
COUNTS(spf_passed, trait_spf(result_of(x)) == REPORT_AUTH_PASS)
COUNTS(none, x->disposition == REPORT_DISPOSITION_NONE)
COUNTS(quarantine, x->disposition == REPORT_DISPOSITION_QUARANTINE)
COUNTS(reject, x->disposition == REPORT_DISPOSITION_REJECT)
COUNTS(disposition_pass, x->disposition == REPORT_DISPOSITION_PASS)
COUNTS(other, x->disposition <= REPORT_DISPOSITION_UNKNOWN)
COUNTS(acted, fails(x) && acted(x))
COUNTS(overridden, fails(x) && trait_reasons(result_of(x)) != 0)
COUNTS(affected, fails(x) && (is_class(x, CLASS_YOURS) || is_class(x, CLASS_FORWARDED)))
#undef COUNTS

typedef bool counts(const struct fact *x);

static const struct {
	const char *name;
	counts *of;
} sums[] = { { "messages", counts_messages }, { "pass", passes }, { "fail", fails },
	{ "unknown", counts_unknown }, { "own_messages", counts_own },
	{ "own_pass", counts_own_pass }, { "own_fail", counts_own_fail },
	{ "undecided_messages", counts_undecided }, { "forwarded_messages", counts_forwarded },
	{ "not_yours_messages", counts_not_yours }, { "spf_aligned", counts_spf },
	{ "dkim_aligned", counts_dkim }, { "spf_only", counts_spf_only },
	{ "disposition_none", counts_none }, { "disposition_quarantine", counts_quarantine },
	{ "disposition_reject", counts_reject }, { "disposition_pass", counts_disposition_pass },
	{ "disposition_other", counts_other }, { "acted_on", counts_acted },
	{ "overridden", counts_overridden }, { "would_be_affected", counts_affected } };

/* Of what is divided by what; `plus` goes to the denominator. */
static const struct {
	const char *name;
	counts *part, *whole, *plus;
} ratios[] = { { "pass_ratio", passes, counts_messages, NULL },
	{ "own_pass_ratio", counts_own_pass, counts_own, NULL },
	{ "own_pass_ratio_floor", counts_own_pass, counts_own, counts_undecided },
	{ "spf_aligned_ratio", counts_spf, counts_messages, NULL },
	{ "dkim_aligned_ratio", counts_dkim, counts_messages, NULL },
	{ "spf_only_ratio", counts_spf_only, counts_own_pass, NULL },
	{ "spf_somewhere_ratio", counts_spf_passed, counts_spf_seen, NULL },
	{ "acted_on_ratio", counts_acted, fails, NULL } };

/* The facts chosen: those `chooses` says, within the days. */
struct chosen {
	bool (*chooses)(const struct fact *x, int value);
	int value;
	int32_t from, to;
};

static int64_t count(const struct chosen *c, counts *of)
{
	int64_t n = 0;

	for (size_t i = 0; i < facts.len; i++) {
		const struct fact *x = &facts.list[i];

		if (x->day >= c->from && x->day <= c->to && c->chooses(x, c->value) && of(x))
			n += x->count;
	}
	return n;
}

static void expect_row(enum query_kind kind, size_t row, const struct chosen *c)
{
	for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
		int64_t want = count(c, sums[i].of);

		if (number(kind, row, sums[i].name) != want)
			fail_msg("%s: %lld, not %lld", sums[i].name,
				(long long)number(kind, row, sums[i].name), (long long)want);
	}
	for (size_t i = 0; i < sizeof ratios / sizeof *ratios; i++) {
		int64_t part = count(c, ratios[i].part);
		int64_t whole = count(c, ratios[i].whole) +
				(ratios[i].plus != NULL ? count(c, ratios[i].plus) : 0);
		const struct value *v = &rows[row].values[column_at(kind, ratios[i].name)];

		assert_int_equal(v->null, whole == 0);
		if (whole > 0 && v->ratio != (double)part / (double)whole)
			fail_msg("%s: %.17g, not %lld / %lld", ratios[i].name, v->ratio,
				(long long)part, (long long)whole);
	}
}

static bool any(const struct fact *x, int value)
{
	(void)x;
	(void)value;
	return true;
}

static bool of_domain(const struct fact *x, int value)
{
	return x->domain == value;
}

static bool of_class(const struct fact *x, int value)
{
	return class_of_fact(x) == value;
}

static bool of_disposition(const struct fact *x, int value)
{
	return x->disposition == value;
}

static bool of_group(const struct fact *x, int value)
{
	return group_of(x->domain, x->source) == value;
}

/* Of judge(): groups 0 and 2 of a domain are one service, 1 and 3 another, 4 none. */
static bool of_mailchimp(const struct fact *x, int value)
{
	return x->source % 5 % 2 == value && x->source % 5 != 4;
}

static bool of_reporter(const struct fact *x, int value)
{
	return (x->reporter == 3 ? 2 : x->reporter) == value;
}

/* ---- tests ------------------------------------------------------------------------------------ */

static void each_measure_is_the_sum_of_its_rows(void **state)
{
	static const struct {
		const char *name, *value;
		bool (*chooses)(const struct fact *x, int value);
		int of;
	} cases[] = { { NULL, NULL, any, 0 }, { "domain", "two.example", of_domain, 2 },
		{ "class", "yours", of_class, CLASS_YOURS },
		{ "class", "not_yours", of_class, CLASS_NOT_YOURS },
		{ "disposition", "reject", of_disposition, REPORT_DISPOSITION_REJECT },
		{ "group", "303", of_group, 303 }, { "service", "mailchimp", of_mailchimp, 0 },
		{ "reporter", "BETA", of_reporter, 2 } };
	struct store *st = store_random(&facts, 21);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct chosen c = { cases[i].chooses, cases[i].of, 0, 0 };
		static const char *const windows[] = { "30d", "7d", "90d" };

		for (size_t w = 0; w < 3; w++) {
			query_filter_init(&f);
			set(&f, QUERY_SUMMARY, "last", windows[w]);
			if (cases[i].name != NULL)
				set(&f, QUERY_SUMMARY, cases[i].name, cases[i].value);
			c.from = f.from;
			c.to = f.to;
			assert_int_equal(rows_of(st, QUERY_SUMMARY, &f, NULL), 1);
			expect_row(QUERY_SUMMARY, 0, &c);
			assert_int_equal(number(QUERY_SUMMARY, 0, "from"), c.from);
			assert_int_equal(number(QUERY_SUMMARY, 0, "to"), c.to);
		}
	}
	store_close(st);
}

static void a_group_is_the_sum_of_its_rows_beside_the_window_before(void **state)
{
	struct store *st = store_random(&facts, 22);
	size_t n;

	(void)state;
	query_filter_init(&f);
	set(&f, QUERY_SUMMARY, "group_by", "class");
	set(&f, QUERY_SUMMARY, "sort", "class");
	n = rows_of(st, QUERY_SUMMARY, &f, NULL);
	assert_int_equal(n, CLASS_COUNT);
	for (size_t i = 0; i < n; i++) {
		struct chosen c = { of_class, (int)i, f.from, f.to };
		struct chosen before = { of_class, (int)i, f.from - 30, f.from - 1 };

		assert_string_equal(text(QUERY_SUMMARY, i, "class"), class_names[i]);
		expect_row(QUERY_SUMMARY, i, &c);
		assert_int_equal(
			number(QUERY_SUMMARY, i, "prev_messages"), count(&before, counts_messages));
		/* A report is of no one class. */
		assert_true(is_null(QUERY_SUMMARY, i, "reports"));
		assert_int_equal(is_null(QUERY_SUMMARY, i, "own_pass_delta"), i != CLASS_YOURS);
	}
	set(&f, QUERY_SUMMARY, "domain", "one.example");
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	store_close(st);
}

static void the_delta_is_the_ratio_less_that_of_the_days_before(void **state)
{
	struct store *st = store_random(&facts, 23);
	struct chosen now = { any, 0, CLOCK_DAY - 30, CLOCK_DAY - 1 };
	struct chosen then = { any, 0, CLOCK_DAY - 60, CLOCK_DAY - 31 };
	double a, b;

	(void)state;
	query_filter_init(&f);
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	a = (double)count(&now, counts_own_pass) / (double)count(&now, counts_own);
	b = (double)count(&then, counts_own_pass) / (double)count(&then, counts_own);
	assert_true(rows[0].values[column_at(QUERY_SUMMARY, "own_pass_delta")].ratio == a - b);
	assert_true(rows[0].values[column_at(QUERY_SUMMARY, "prev_own_pass_ratio")].ratio == b);
	assert_int_equal(number(QUERY_SUMMARY, 0, "prev_messages"), count(&then, counts_messages));
	/* Nothing lies before all there is. */
	set(&f, QUERY_SUMMARY, "last", "all");
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	assert_int_equal(number(QUERY_SUMMARY, 0, "prev_messages"), 0);
	assert_true(is_null(QUERY_SUMMARY, 0, "prev_own_pass_ratio"));
	assert_true(is_null(QUERY_SUMMARY, 0, "own_pass_delta"));
	store_close(st);
}

static void groups_sum_to_the_whole_by_every_dimension_and_pair(void **state)
{
	static const char *const names[] = { "domain", "source", "service", "reporter", "class",
		"disposition" };
	struct store *st = store_random(&facts, 24);
	struct chosen c = { any, 0, CLOCK_DAY - 30, CLOCK_DAY - 1 };

	(void)state;
	for (size_t i = 0; i < 36; i++) {
		static const enum query_kind kinds[] = { QUERY_SUMMARY, QUERY_TIMESERIES };
		char by[64];

		if (i / 6 == i % 6)
			(void)snprintf(by, sizeof by, "%s", names[i / 6]);
		else
			(void)snprintf(by, sizeof by, "%s,%s", names[i / 6], names[i % 6]);
		for (size_t k = 0; k < 2; k++) {
			size_t n;

			if (kinds[k] == QUERY_TIMESERIES && i / 6 != i % 6)
				continue;
			query_filter_init(&f);
			set(&f, kinds[k], "group_by", by);
			n = rows_of(st, kinds[k], &f, NULL);
			for (size_t s = 0; s < sizeof sums / sizeof *sums; s++)
				assert_int_equal(
					sum(kinds[k], n, sums[s].name), count(&c, sums[s].of));
		}
	}
	store_close(st);
}

static void reports_are_counted_where_a_report_is_of_one_group(void **state)
{
	struct store *st = store_random(&facts, 25);
	int64_t whole;
	size_t n;

	(void)state;
	query_filter_init(&f);
	(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
	whole = number(QUERY_SUMMARY, 0, "reports");
	set(&f, QUERY_SUMMARY, "group_by", "domain,reporter");
	n = rows_of(st, QUERY_SUMMARY, &f, NULL);
	assert_int_equal(sum(QUERY_SUMMARY, n, "reports"), whole);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(number(QUERY_SUMMARY, i, "reporters"), 1);
		assert_int_equal(number(QUERY_SUMMARY, i, "domains"), 1);
	}
	store_close(st);
}

static void a_source_is_the_sum_of_its_rows_with_its_usual_class_and_rule(void **state)
{
	struct store *st = store_random(&facts, 26);
	size_t n;

	(void)state;
	run_sql(st, "INSERT INTO decision VALUES (2, 'key:3', 1, 7)");
	query_filter_init(&f);
	n = rows_of(st, QUERY_SOURCES, &f, NULL);
	assert_int_equal(n, 20);
	for (size_t i = 0; i < n; i++) {
		int id = (int)number(QUERY_SOURCES, i, "id"), best = 0;
		struct chosen c = { of_group, id, f.from, f.to };
		int64_t of[CLASS_COUNT] = { 0 };

		expect_row(QUERY_SOURCES, i, &c);
		for (size_t j = 0; j < facts.len; j++) {
			const struct fact *x = &facts.list[j];

			if (x->day >= f.from && x->day <= f.to && of_group(x, id))
				of[class_of_fact(x)] += x->count;
		}
		for (int k = 1; k < CLASS_COUNT; k++)
			best = of[k] > of[best] ? k : best;
		assert_string_equal(text(QUERY_SOURCES, i, "class"), class_names[best]);
		assert_int_equal(is_null(QUERY_SOURCES, i, "decided"), id != 203);
		assert_int_equal(is_null(QUERY_SOURCES, i, "service"), id % 5 == 4);
	}
	/* One of them, whether it sent anything in the window or not. */
	query_filter_init(&f);
	f.source_group = 203;
	assert_int_equal(rows_of(st, QUERY_SOURCE, &f, NULL), 1);
	assert_string_equal(text(QUERY_SOURCE, 0, "decided"), "forwarded");
	assert_string_equal(text(QUERY_SOURCE, 0, "key"), "key:3");
	f.from = f.to = 5;
	assert_int_equal(rows_of(st, QUERY_SOURCE, &f, NULL), 1);
	assert_int_equal(number(QUERY_SOURCE, 0, "messages"), 0);
	assert_true(is_null(QUERY_SOURCE, 0, "class"));
	assert_false(is_null(QUERY_SOURCE, 0, "first_seen"));
	store_close(st);
}

/* A source of domain 1: its days, the window, and what follows. The domain's first day is 19000. */
static void a_source_is_new_after_90_days_without_it_and_14_days_of_the_domain(void **state)
{
	static const struct {
		int32_t days[3]; /* of source 5; 0 none */
		int32_t from, to;
		bool expect;
	} cases[] = {
		{ { 19100 }, 19100, 19100, true }, { { 19100 }, 19050, 19150, true },
		{ { 19010, 19100 }, 19100, 19110, false }, /* 90 days before: not absent */
		{ { 19009, 19100 }, 19100, 19110, true },  /* 91 days before */
		{ { 19009, 19100 }, 19050, 19110, true },
		{ { 19060, 19100 }, 19050, 19110, true }, /* its first day of the window counts */
		{ { 19020, 19060, 19111 }, 19111, 19120, false },
		{ { 19013 }, 19000, 19030, false }, /* learning */
		{ { 19014 }, 19000, 19030, true },
		{ { 19100 }, 19101, 19110, false }, /* not there at all */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct store *st = store_make();
		struct fact first = with(1, 1, 19000, 3), other = with(1, 1, 19000, 5);
		int64_t news;
		size_t n;

		add_report(st, 1, &first, 1);
		other.source = 5;
		for (int k = 0; k < 3 && cases[i].days[k] != 0; k++) {
			other.day = cases[i].days[k];
			add_report(st, 2 + k, &other, 1);
		}
		derive(st);
		judge(st);
		for (int fresh = 0; fresh < 2; fresh++) {
			if (fresh == 1) /* the same from rows that are not judged yet */
				run_sql(st, "INSERT INTO unassessed SELECT DISTINCT domain, day"
					    " FROM daily WHERE day > 19001");
			query_filter_init(&f);
			f.from = cases[i].from;
			f.to = cases[i].to;
			(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
			news = number(QUERY_SUMMARY, 0, "new_sources");
			if (news != cases[i].expect)
				fail_msg("case %zu: %lld", i, (long long)news);
			n = rows_of(st, QUERY_SOURCES, &f, NULL);
			assert_int_equal(sum(QUERY_SOURCES, n, "new"), news);
			(void)rows_of(st, QUERY_DOMAINS, &f, NULL);
			assert_int_equal(sum(QUERY_DOMAINS, 1, "new_sources"), news);
			/* A filter chooses among them and makes none new. */
			set(&f, QUERY_SUMMARY, "result", "fail");
			(void)rows_of(st, QUERY_SUMMARY, &f, NULL);
			assert_int_equal(number(QUERY_SUMMARY, 0, "new_sources"), 0);
		}
		store_close(st);
	}
}

static void sources_first_seen_after_a_day_are_told_of_all_time(void **state)
{
	struct store *st = store_make();
	struct fact other = with(1, 1, CLOCK_DAY - 200, 5);

	(void)state;
	add_report(st, 1, &one, 1);
	other.source = 2;
	add_report(st, 2, &other, 1);
	other.day = CLOCK_DAY - 3;
	add_report(st, 3, &other, 1);
	derive(st);
	judge(st);
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_SOURCES, &f, NULL), 2);
	set(&f, QUERY_SOURCES, "first_seen_after", "2024-01-01");
	assert_int_equal(rows_of(st, QUERY_SOURCES, &f, NULL), 2);
	f.first_seen_after = CLOCK_DAY - 200;
	assert_int_equal(rows_of(st, QUERY_SOURCES, &f, NULL), 1);
	assert_int_equal(number(QUERY_SOURCES, 0, "id"), 101);
	assert_int_equal(number(QUERY_SOURCES, 0, "first_seen"), CLOCK_DAY - 3);
	assert_int_equal(number(QUERY_SOURCES, 0, "addresses"), 1);
	store_close(st);
}

static void a_reporter_is_overdue_past_three_days_and_twice_its_gap(void **state)
{
	static const struct {
		int32_t days
			[3]; /* back from the clock, as reported for; their ends are a day later */
		bool overdue;
	} cases[] = { { { 3 }, false }, { { 5 }, true }, { { 9, 7, 5 }, true },
		{ { 11, 8, 5 }, false }, { { 20, 12, 10 }, false }, { { 21, 13, 12 }, true } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct store *st = store_make();

		for (int k = 0; k < 3 && cases[i].days[k] != 0; k++)
			add_one(st, 1 + k, with(1, 1, CLOCK_DAY - cases[i].days[k], 1));
		query_filter_init(&f);
		assert_int_equal(rows_of(st, QUERY_REPORTERS, &f, NULL), 1);
		if (number(QUERY_REPORTERS, 0, "overdue") != cases[i].overdue)
			fail_msg("case %zu", i);
		store_close(st);
	}
}

static void overrides_are_summed_by_type_and_comment(void **state)
{
	struct store *st = store_make();
	struct fact failing = with(1, 2, CLOCK_DAY - 4, 30);

	(void)state;
	failing.dkim = failing.spf = REPORT_RESULT_FAIL;
	add_one(st, 1, one);
	add_one(st, 2, failing);
	run_sql(st,
		"INSERT INTO reason VALUES (%d, 1, 3, NULL, 'a list'), (%d, 1, 3, NULL, 'a list'),"
		" (%d, 2, 1, 'odd', NULL)",
		detail_of(&one), detail_of(&failing), detail_of(&failing));
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_OVERRIDES, &f, NULL), 2);
	assert_string_equal(text(QUERY_OVERRIDES, 0, "type"), "mailing_list");
	assert_string_equal(text(QUERY_OVERRIDES, 0, "comment"), "a list");
	assert_int_equal(number(QUERY_OVERRIDES, 0, "messages"), 37);
	assert_int_equal(number(QUERY_OVERRIDES, 0, "fail"), 30);
	assert_int_equal(number(QUERY_OVERRIDES, 0, "records"), 2);
	assert_string_equal(text(QUERY_OVERRIDES, 1, "type"), "odd");
	assert_true(is_null(QUERY_OVERRIDES, 1, "comment"));
	assert_int_equal(number(QUERY_OVERRIDES, 1, "messages"), 30);
	store_close(st);
}

static void events_are_a_feed_and_decisions_name_theirs(void **state)
{
	struct store *st = store_make();

	(void)state;
	add_one(st, 1, one);
	run_sql(st, "INSERT INTO event (at, type, domain, object, before, after, who) VALUES"
		    " (100, 'source.new', 'one.example', 'key:1', NULL, NULL, NULL),"
		    " (200, 'decision.set', 'one.example', 'key:1', NULL, 'forwarded', 'root')");
	run_sql(st, "INSERT INTO decision VALUES (1, 'key:1', 1, 2), (2, 'gone', 3, 2)");
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_EVENTS, &f, NULL), 2);
	assert_int_equal(number(QUERY_EVENTS, 0, "id"), 1);
	assert_true(is_null(QUERY_EVENTS, 0, "who"));
	set(&f, QUERY_EVENTS, "since_id", "1");
	assert_int_equal(rows_of(st, QUERY_EVENTS, &f, NULL), 1);
	assert_string_equal(text(QUERY_EVENTS, 0, "type"), "decision.set");
	assert_string_equal(text(QUERY_EVENTS, 0, "after"), "forwarded");
	query_filter_init(&f);
	assert_int_equal(rows_of(st, QUERY_DECISIONS, &f, NULL), 2);
	assert_string_equal(text(QUERY_DECISIONS, 0, "name"), "Group 1");
	assert_string_equal(text(QUERY_DECISIONS, 0, "class"), "forwarded");
	assert_string_equal(text(QUERY_DECISIONS, 0, "who"), "root");
	assert_int_equal(number(QUERY_DECISIONS, 0, "at"), 200);
	assert_int_equal(number(QUERY_DECISIONS, 0, "source_group"), 101);
	/* What was decided of a source that is no more stays to be seen. */
	assert_string_equal(text(QUERY_DECISIONS, 1, "key"), "gone");
	assert_true(is_null(QUERY_DECISIONS, 1, "name"));
	set(&f, QUERY_DECISIONS, "domain", "two.example");
	assert_int_equal(rows_of(st, QUERY_DECISIONS, &f, NULL), 1);
	store_close(st);
}

static void the_catalogue_is_an_answer_like_any_other(void **state)
{
	struct store *st = store_make();
	size_t n;

	(void)state;
	query_filter_init(&f);
	n = rows_of(st, QUERY_SERVICES, &f, NULL);
	assert_true(n >= 150);
	for (size_t i = 0; i < n; i++) {
		assert_true(text(QUERY_SERVICES, i, "name")[0] != '\0');
		assert_true(i == 0 || strcmp(text(QUERY_SERVICES, i - 1, "service"),
					      text(QUERY_SERVICES, i, "service")) < 0);
		/* What an answer names, a filter takes. */
		set(&f, QUERY_SUMMARY, "service", text(QUERY_SERVICES, i, "service"));
		query_filter_init(&f);
	}
	store_close(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_measure_is_the_sum_of_its_rows),
		cmocka_unit_test(a_group_is_the_sum_of_its_rows_beside_the_window_before),
		cmocka_unit_test(the_delta_is_the_ratio_less_that_of_the_days_before),
		cmocka_unit_test(groups_sum_to_the_whole_by_every_dimension_and_pair),
		cmocka_unit_test(reports_are_counted_where_a_report_is_of_one_group),
		cmocka_unit_test(a_source_is_the_sum_of_its_rows_with_its_usual_class_and_rule),
		cmocka_unit_test(
			a_source_is_new_after_90_days_without_it_and_14_days_of_the_domain),
		cmocka_unit_test(sources_first_seen_after_a_day_are_told_of_all_time),
		cmocka_unit_test(a_reporter_is_overdue_past_three_days_and_twice_its_gap),
		cmocka_unit_test(overrides_are_summed_by_type_and_comment),
		cmocka_unit_test(events_are_a_feed_and_decisions_name_theirs),
		cmocka_unit_test(the_catalogue_is_an_answer_like_any_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
