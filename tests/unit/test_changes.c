/* Changes between two windows, and lint: each thing planted is told once, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/query_store.h"

#define DAYS 10
#define FROM (CLOCK_DAY - DAYS) /* of the window; the one before has as many */
#define KIND QUERY_CHANGES

static struct facts facts;
static struct query_filter f; /* large */
static int next_id;

static int report(struct store *st, struct fact fact)
{
	add_report(st, ++next_id, &fact, 1);
	return next_id;
}

/* The same mail every day of both windows: nothing changes. */
static struct store *steady(void)
{
	struct store *st = store_make();

	next_id = 0;
	for (int32_t day = FROM - DAYS; day < CLOCK_DAY; day++)
		report(st, with(1, 1, day, 7));
	query_filter_init(&f);
	set(&f, KIND, "last", "10d");
	return st;
}

static size_t changes(struct store *st)
{
	derive(st);
	judge(st);
	return rows_of(st, KIND, &f, NULL);
}

/* Row i is this change; `object` may be NULL for any. */
static void is_change(size_t i, const char *kind, const char *object)
{
	assert_string_equal(text(KIND, i, "kind"), kind);
	assert_string_equal(text(KIND, i, "domain"), "one.example");
	if (object != NULL)
		assert_string_equal(text(KIND, i, "object"), object);
}

static void seen_by(size_t i, int32_t first, int32_t last, int id)
{
	assert_int_equal(number(KIND, i, "first_seen"), first);
	assert_int_equal(number(KIND, i, "last_seen"), last);
	assert_int_equal(number(KIND, i, "report"), id);
}

static void what_goes_on_as_before_is_no_change(void **state)
{
	struct store *st = steady();

	(void)state;
	assert_int_equal(changes(st), 0);
	store_close(st);
}

static void equal_windows_have_an_empty_diff(void **state)
{
	struct store *st = store_random(&facts, 3);

	(void)state;
	run_sql(st,
		"INSERT INTO policy (id, digest, p, sp, np, adkim, aspf, testing,"
		" discovery_method) VALUES (2, x'%032x', 4, 0, 0, 0, 0, 0, 0)",
		2);
	run_sql(st, "UPDATE report SET policy = 1 + id %% 2");
	query_filter_init(&f);
	set(&f, KIND, "from", "2024-08-10");
	set(&f, KIND, "to", "2024-09-20");
	assert_true(rows_of(st, KIND, &f, NULL) > 0);
	set(&f, KIND, "against_from", "2024-08-10");
	set(&f, KIND, "against_to", "2024-09-20");
	assert_int_equal(rows_of(st, KIND, &f, NULL), 0);
	store_close(st);
}

/* What is new in one order of the windows is gone in the other. */
static void the_windows_the_other_way_round_turn_new_into_gone(void **state)
{
	static const char *const kinds[][2] = { { "source-new", "source-gone" },
		{ "subdomain-new", "subdomain-gone" }, { "reporter-new", "reporter-gone" } };
	struct store *st = store_random(&facts, 5);
	size_t found[3][2] = { { 0 } }, total = 0;

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		size_t n;

		query_filter_init(&f);
		set(&f, KIND, turn == 0 ? "from" : "against_from", "2024-09-20");
		set(&f, KIND, turn == 0 ? "to" : "against_to", "2024-09-22");
		set(&f, KIND, turn == 0 ? "against_from" : "from", "2024-09-01");
		set(&f, KIND, turn == 0 ? "against_to" : "to", "2024-09-03");
		n = rows_of(st, KIND, &f, NULL);
		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < 3; k++)
				found[k][turn] +=
					strcmp(text(KIND, i, "kind"), kinds[k][turn]) == 0;
		}
		total += n;
	}
	for (size_t k = 0; k < 3; k++)
		assert_int_equal(found[k][0], found[k][1]);
	assert_true(total > 5);
	store_close(st);
}

static void a_new_source_is_one_row(void **state)
{
	struct store *st = steady();
	struct fact fact = with(1, 1, FROM + 2, 5);
	int id;

	(void)state;
	fact.source = 2;
	id = report(st, fact);
	fact.day = FROM + 4;
	report(st, fact);
	assert_int_equal(changes(st), 1);
	is_change(0, "source-new", "key:2");
	seen_by(0, FROM + 2, FROM + 4, id);
	assert_int_equal(number(KIND, 0, "messages"), 10);
	assert_true(is_null(KIND, 0, "before"));
	assert_string_equal(text(KIND, 0, "after"), "forwarded"); /* class_of_fact() */
	/* Another address of it is none. */
	fact.source = 7;
	fact.day = FROM - 1;
	report(st, fact);
	assert_int_equal(changes(st), 0);
	store_close(st);
}

static void a_source_that_is_gone_is_one_row_with_its_last_report(void **state)
{
	struct store *st = steady();
	struct fact fact = with(1, 1, FROM - 4, 5);
	int id;

	(void)state;
	fact.source = 2;
	report(st, fact);
	fact.day = FROM - 3;
	id = report(st, fact);
	assert_int_equal(changes(st), 1);
	is_change(0, "source-gone", "key:2");
	seen_by(0, FROM - 4, FROM - 3, id);
	assert_string_equal(text(KIND, 0, "before"), "forwarded");
	assert_true(is_null(KIND, 0, "after"));
	store_close(st);
}

/* Mail with this signature; its rows differ from the others by the disposition, which is no news. */
static int signed_report(struct store *st, int32_t day, int selector, int pass)
{
	struct fact fact = with(1, 1, day, 3);

	fact.disposition = 3;
	run_sql(st, "INSERT OR IGNORE INTO name VALUES (20, 's1'), (21, '')");
	run_sql(st, "INSERT OR REPLACE INTO trait_signature VALUES (%d, 1, 1, %d, %d)",
		3 * 16 + fact.dkim * 4 + fact.spf + 1, selector, pass);
	return report(st, fact);
}

static void a_new_and_a_gone_selector_are_one_row(void **state)
{
	(void)state;
	for (int gone = 0; gone < 2; gone++) {
		struct store *st = steady();
		int32_t day = gone ? FROM - 2 : FROM + 2;
		int id = signed_report(st, day, 20, 1);

		assert_int_equal(changes(st), 1);
		is_change(0, gone ? "selector-gone" : "selector-new", "s1._domainkey.one.example");
		seen_by(0, day, day, id);
		assert_int_equal(number(KIND, 0, "messages"), 3);
		store_close(st);
	}
}

static void a_signature_that_fails_or_has_no_selector_is_no_change(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct store *st = steady();

		signed_report(st, FROM + 2, 20 + i, i);
		assert_int_equal(changes(st), 0);
		store_close(st);
	}
}

static void a_new_and_a_gone_reporter_are_one_row(void **state)
{
	(void)state;
	for (int gone = 0; gone < 2; gone++) {
		struct store *st = steady();
		int32_t day = gone ? FROM - 2 : FROM + 2;
		int id = report(st, with(1, 4, day, 2));

		assert_int_equal(changes(st), 1);
		is_change(0, gone ? "reporter-gone" : "reporter-new", "Gamma");
		seen_by(0, day, day, id);
		assert_int_equal(number(KIND, 0, "messages"), 2);
		store_close(st);
	}
}

static void a_reporter_under_another_spelling_is_no_change(void **state)
{
	struct store *st = steady();

	(void)state;
	report(st, with(1, 2, FROM - 2, 2));
	report(st, with(1, 3, FROM + 2, 2));
	assert_int_equal(changes(st), 0);
	store_close(st);
}

static void a_new_and_a_gone_subdomain_are_one_row(void **state)
{
	(void)state;
	for (int gone = 0; gone < 2; gone++) {
		struct store *st = steady();
		struct fact fact = with(1, 1, gone ? FROM - 2 : FROM + 2, 2);
		int id;

		fact.from = 2;
		id = report(st, fact);
		assert_int_equal(changes(st), 1);
		is_change(0, gone ? "subdomain-gone" : "subdomain-new", "news.one.example");
		seen_by(0, fact.day, fact.day, id);
		store_close(st);
	}
}

/* ---- policies --------------------------------------------------------------------------------- */

/* 1: quarantine, sp empty, aspf strict, pct empty. 2: the same with p=reject. 3: like 1, from a
 * reporter that tells what is in effect. 4: like 2, from such a one. 5: like 1 with sp=none. */
static struct store *with_policies(void)
{
	struct store *st = steady();

	run_sql(st,
		"INSERT INTO policy (id, digest, p, sp, np, adkim, aspf, testing, discovery_method, pct)"
		" VALUES (2, x'%032x', 4, 0, 0, 0, 3, 0, 0, NULL),"
		" (3, x'%032x', 3, 3, 3, 2, 3, 3, 1, '100'),"
		" (4, x'%032x', 4, 4, 4, 2, 3, 3, 1, '100'),"
		" (5, x'%032x', 3, 2, 0, 0, 3, 0, 0, NULL)",
		2, 3, 4, 5);
	return st;
}

static void policy_from(struct store *st, int reporter, int32_t day, int policy)
{
	run_sql(st, "UPDATE report SET policy = %d WHERE reporter = %d AND day >= %d", policy,
		reporter, (int)day);
}

static void a_changed_policy_is_one_row_whoever_saw_it(void **state)
{
	struct store *st = with_policies();

	(void)state;
	for (int32_t day = FROM - DAYS; day < CLOCK_DAY; day++)
		report(st, with(1, 4, day, 1));
	policy_from(st, 1, FROM + 3, 2);
	policy_from(st, 4, FROM + 5, 2);
	assert_int_equal(changes(st), 1);
	is_change(0, "policy-changed", "p");
	assert_string_equal(text(KIND, 0, "before"), "p=quarantine");
	assert_string_equal(text(KIND, 0, "after"), "p=reject");
	seen_by(0, FROM + 3, FROM + 5, 14); /* the fourth report of the window */
	assert_true(is_null(KIND, 0, "messages"));
	store_close(st);
}

static void a_change_between_the_windows_is_found(void **state)
{
	struct store *st = with_policies();

	(void)state;
	policy_from(st, 1, FROM, 5);
	assert_int_equal(changes(st), 1);
	is_change(0, "policy-changed", "sp");
	assert_string_equal(text(KIND, 0, "before"), "sp=quarantine");
	assert_string_equal(text(KIND, 0, "after"), "sp=none");
	assert_int_equal(number(KIND, 0, "first_seen"), FROM);
	store_close(st);
}

static void there_and_back_are_two_changes(void **state)
{
	struct store *st = with_policies();

	(void)state;
	policy_from(st, 1, FROM + 2, 2);
	policy_from(st, 1, FROM + 5, 1);
	assert_int_equal(changes(st), 2);
	assert_string_equal(text(KIND, 0, "before"), "p=quarantine");
	assert_string_equal(text(KIND, 1, "before"), "p=reject");
	assert_int_equal(number(KIND, 1, "first_seen"), FROM + 5);
	store_close(st);
}

static void what_reporters_leave_out_is_no_change_of_policy(void **state)
{
	struct store *st = with_policies();

	(void)state;
	for (int32_t day = FROM - DAYS; day < CLOCK_DAY; day++)
		report(st, with(1, 4, day, 1));
	policy_from(st, 4, FROM - DAYS, 3);
	assert_int_equal(changes(st), 0);
	/* Nor when a reporter begins to say what is in effect. */
	policy_from(st, 1, FROM + 2, 3);
	assert_int_equal(changes(st), 0);
	store_close(st);
}

static void a_policy_is_compared_even_when_all_reporters_are_others(void **state)
{
	struct store *st = with_policies();

	(void)state;
	run_sql(st, "UPDATE report SET reporter = 4, reporter_same = 4 WHERE day >= %d", FROM);
	policy_from(st, 4, FROM, 2);
	assert_int_equal(changes(st), 3);
	is_change(0, "policy-changed", "p");
	is_change(1, "reporter-gone", "Alpha");
	is_change(2, "reporter-new", "Gamma");
	store_close(st);
}

/* ---- volume, silence --------------------------------------------------------------------------- */

static void a_step_of_own_mail_is_one_row(void **state)
{
	static const struct {
		int64_t before, after;
		size_t rows;
	} cases[] = { { 7, 14, 1 }, { 14, 7, 1 }, { 7, 13, 0 }, { 3, 7, 0 }, { 5, 10, 1 },
		{ 100, 190, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct store *st = steady();
		bool up = cases[i].after > cases[i].before;
		size_t n;

		run_sql(st, "UPDATE record SET count = CASE WHEN report <= %d THEN %d ELSE %d END",
			DAYS, (int)cases[i].before, (int)cases[i].after);
		n = changes(st);
		if (n != cases[i].rows)
			fail_msg(
				"%d to %d: %zu rows", (int)cases[i].before, (int)cases[i].after, n);
		if (n > 0) {
			char words[32];

			is_change(0, "volume-step", NULL);
			(void)snprintf(words, sizeof words, "%d.0", (int)cases[i].before);
			assert_string_equal(text(KIND, 0, "before"), words);
			(void)snprintf(words, sizeof words, "%d.0", (int)cases[i].after);
			assert_string_equal(text(KIND, 0, "after"), words);
			assert_int_equal(number(KIND, 0, "messages"), cases[i].after * DAYS);
			seen_by(0, FROM, CLOCK_DAY - 1, up ? DAYS + 1 : 2 * DAYS);
		}
		store_close(st);
	}
}

static void windows_of_other_lengths_are_compared_by_the_day(void **state)
{
	struct store *st = steady();

	(void)state;
	set(&f, KIND, "against_from", "2024-09-20"); /* 4 days of 7 messages */
	set(&f, KIND, "against_to", "2024-09-23");
	assert_int_equal(changes(st), 0);
	store_close(st);
}

static void mail_that_is_not_yours_makes_no_step(void **state)
{
	struct store *st = steady();
	struct fact fact = with(1, 1, FROM - 1, 1);

	(void)state;
	fact.disposition = 3;
	fact.spf = 2;
	fact.source = 1; /* class 3 */
	report(st, fact);
	fact.day = FROM + 1;
	fact.count = 5000;
	report(st, fact);
	assert_int_equal(changes(st), 0);
	store_close(st);
}

static void a_silent_window_makes_nothing_new_or_gone_but_reporters(void **state)
{
	(void)state;
	for (int gone = 0; gone < 2; gone++) {
		struct store *st = with_policies();
		struct fact fact = with(1, 4, gone ? FROM - 2 : FROM + 2, 2);

		fact.from = 2;
		fact.source = 2;
		report(st, fact);
		run_sql(st, "UPDATE report SET policy = 1 + id %% 2");
		run_sql(st,
			"DELETE FROM record WHERE report IN (SELECT id FROM report WHERE day %s %d)",
			gone ? ">=" : "<", FROM);
		run_sql(st, "DELETE FROM report WHERE day %s %d", gone ? ">=" : "<", FROM);
		run_sql(st, "UPDATE report SET policy = 1");
		assert_int_equal(changes(st), 3);
		is_change(0, gone ? "reporter-gone" : "reporter-new", "Alpha");
		is_change(1, gone ? "reporter-gone" : "reporter-new", "Gamma");
		is_change(2, "volume-step", NULL);
		assert_string_equal(text(KIND, 2, gone ? "after" : "before"), "0.0");
		store_close(st);
	}
}

static void reports_without_mail_do_not_end_the_silence(void **state)
{
	struct store *st = steady();

	(void)state;
	run_sql(st, "DELETE FROM record WHERE report <= %d", DAYS); /* reports stay */
	assert_int_equal(changes(st), 1);
	is_change(0, "volume-step", NULL);
	store_close(st);
}

static void only_what_the_filters_choose_is_compared(void **state)
{
	struct store *st = steady();
	struct fact fact = with(1, 1, FROM + 2, 5);

	(void)state;
	fact.source = 2;
	fact.twin = 1;
	report(st, fact);
	assert_int_equal(changes(st), 1);
	set(&f, KIND, "without_twins", "true");
	assert_int_equal(changes(st), 0);
	query_filter_init(&f);
	set(&f, KIND, "last", "10d");
	set(&f, KIND, "domain", "two.example");
	assert_int_equal(changes(st), 0);
	store_close(st);
}

/* Pages of changes and lint, by any order, hold each row once. */
static void pages_hold_each_row_once(void **state)
{
	static const struct {
		enum query_kind kind;
		const char *sort;
	} cases[] = { { QUERY_CHANGES, "domain" }, { QUERY_CHANGES, "-messages" },
		{ QUERY_CHANGES, "before" }, { QUERY_LINT, "reporter" }, { QUERY_LINT, "-times" } };
	struct store *st = store_random(&facts, 7);

	(void)state;
	run_sql(st, "INSERT INTO note SELECT id, id %% 20, 1 + id %% 3, NULL FROM report");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum query_kind kind = cases[i].kind;
		struct err err = ERR_INIT;
		size_t whole, paged = 0;

		query_filter_init(&f);
		set(&f, kind, "from", "2024-09-26");
		set(&f, kind, "to", "2024-09-28");
		set(&f, kind, "sort", cases[i].sort);
		whole = rows_of(st, kind, &f, NULL);
		assert_true(whole > 6);
		f.limit = 3;
		for (;;) {
			const struct value *row;
			struct query *q = NULL;
			const char *next;

			assert_int_equal(query_open(&q, st, kind, &f, &err), 0);
			while (query_next(q, &row, &err) > 0)
				paged++;
			next = query_next_cursor(q);
			if (next != NULL)
				memcpy(f.cursor, next, strlen(next) + 1);
			query_close(q);
			if (next == NULL)
				break;
			assert_true(paged <= whole);
		}
		assert_int_equal(paged, whole);
	}
	store_close(st);
}

/* ---- lint ------------------------------------------------------------------------------------- */

static size_t lint(struct store *st)
{
	query_filter_init(&f);
	set(&f, QUERY_LINT, "last", "10d");
	return rows_of(st, QUERY_LINT, &f, NULL);
}

static void is_finding(size_t i, const char *code, int64_t times, int64_t reports, int32_t first,
	int32_t last, int id)
{
	assert_string_equal(text(QUERY_LINT, i, "code"), code);
	assert_int_equal(number(QUERY_LINT, i, "times"), times);
	assert_int_equal(number(QUERY_LINT, i, "reports"), reports);
	assert_int_equal(number(QUERY_LINT, i, "first_seen"), first);
	assert_int_equal(number(QUERY_LINT, i, "last_seen"), last);
	assert_int_equal(number(QUERY_LINT, i, "report"), id);
	assert_true(strlen(text(QUERY_LINT, i, "text")) > 20);
}

static void a_reporter_without_fault_has_no_row(void **state)
{
	struct store *st = steady();

	(void)state;
	assert_int_equal(lint(st), 0);
	store_close(st);
}

static void notes_are_summed_up_for_each_reporter(void **state)
{
	struct store *st = steady();

	(void)state;
	report(st, with(2, 2, FROM + 1, 1)); /* 21 */
	report(st, with(2, 3, FROM + 2, 1)); /* 22: the same organisation */
	run_sql(st,
		"INSERT INTO note VALUES (5, %d, 9, NULL), (12, %d, 2, NULL), (14, %d, 3, NULL),"
		" (21, %d, 1, NULL), (22, %d, 1, NULL)",
		REPORT_NOTE_CONTRADICTION, REPORT_NOTE_CONTRADICTION, REPORT_NOTE_CONTRADICTION,
		REPORT_NOTE_ALIAS, REPORT_NOTE_ALIAS);
	assert_int_equal(lint(st), 2);
	assert_string_equal(text(QUERY_LINT, 0, "reporter"), "Alpha");
	is_finding(0, "contradiction", 5, 2, FROM + 1, FROM + 3, 14);
	assert_string_equal(text(QUERY_LINT, 1, "reporter"), "Beta");
	is_finding(1, "alias", 2, 2, FROM + 1, FROM + 2, 22);
	store_close(st);
}

/* A mail with a date, in seconds after the end of the report's period; stored at once, or later. */
static void mail_of(struct store *st, int id, int64_t after, int64_t stored)
{
	run_sql(st,
		"INSERT INTO receipt (id, inbox, name, size, mtime_ns, seen, ending, trust, date)"
		" SELECT 1000 + id, 1, 'm' || id, 1, 1, end + %lld, 1, 0, end + %lld FROM report"
		" WHERE id = %d",
		(long long)stored, (long long)after, id);
	run_sql(st, "UPDATE report SET receipt = 1000 + id, received = end + %lld WHERE id = %d",
		(long long)stored, id);
}

static void a_mail_sent_two_days_after_the_period_is_late(void **state)
{
	struct store *st = steady();

	(void)state;
	mail_of(st, 15, 2 * DAY_SECONDS, 2 * DAY_SECONDS);
	assert_int_equal(lint(st), 0);
	mail_of(st, 16, 2 * DAY_SECONDS + 1, 3 * DAY_SECONDS);
	mail_of(st, 18, 9 * DAY_SECONDS, 9 * DAY_SECONDS);
	assert_int_equal(lint(st), 1);
	is_finding(0, "late", 2, 2, FROM + 5, FROM + 7, 18);
	store_close(st);
}

static void an_archive_read_years_later_is_not_late(void **state)
{
	struct store *st = steady();

	(void)state;
	run_sql(st, "UPDATE report SET received = end + 900 * 86400"); /* files have no date */
	mail_of(st, 15, 3600, 900 * DAY_SECONDS);
	assert_int_equal(lint(st), 0);
	/* A clock that runs ahead: it was here before it says it was sent. */
	mail_of(st, 16, 50 * DAY_SECONDS, 3600);
	assert_int_equal(lint(st), 0);
	store_close(st);
}

static void an_id_used_for_two_periods_is_told(void **state)
{
	struct store *st = steady();

	(void)state;
	run_sql(st, "UPDATE report SET report_id = 'same' WHERE id IN (3, 13, 17)");
	assert_int_equal(lint(st), 1);
	is_finding(0, "reused-id", 2, 2, FROM + 2, FROM + 6, 17);
	/* For another domain it is no reuse. */
	run_sql(st, "UPDATE report SET domain = 2 WHERE id = 17");
	assert_int_equal(lint(st), 1);
	is_finding(0, "reused-id", 1, 1, FROM + 2, FROM + 2, 13);
	store_close(st);
}

static void periods_that_overlap_by_more_than_an_hour_are_told(void **state)
{
	struct store *st = steady();

	(void)state;
	run_sql(st, "UPDATE report SET begin = begin - 3600 WHERE id = 13");
	assert_int_equal(lint(st), 0);
	run_sql(st, "UPDATE report SET begin = begin - 3601 WHERE id IN (11, 15)");
	assert_int_equal(lint(st), 1);
	is_finding(0, "overlap", 2, 2, FROM, FROM + 4, 15);
	/* Another reporter's period, or another domain's, is no overlap. */
	report(st, with(1, 4, FROM + 1, 1));
	report(st, with(2, 1, FROM + 1, 1));
	assert_int_equal(lint(st), 1);
	store_close(st);
}

static void missing_days_of_a_daily_reporter_are_a_gap(void **state)
{
	struct store *st = steady();

	(void)state;
	run_sql(st, "DELETE FROM record");
	run_sql(st, "DELETE FROM report WHERE id IN (13, 14, 17)");
	assert_int_equal(lint(st), 1);
	is_finding(0, "gap", 3, 2, FROM + 4, FROM + 7, 18);
	/* A report for any of the domains fills it. */
	report(st, with(2, 1, FROM + 2, 1));
	report(st, with(2, 1, FROM + 3, 1));
	assert_int_equal(lint(st), 1);
	is_finding(0, "gap", 1, 1, FROM + 7, FROM + 7, 18);
	store_close(st);
}

static void a_reporter_that_reports_now_and_then_has_no_gaps(void **state)
{
	struct store *st = steady();

	(void)state;
	run_sql(st, "DELETE FROM record");
	run_sql(st, "DELETE FROM report WHERE id %% 3 <> 0"); /* 4 in 10 days */
	assert_int_equal(lint(st), 0);
	store_close(st);
}

static void days_that_are_still_to_come_are_no_gap(void **state)
{
	struct store *st = steady();

	(void)state;
	run_sql(st, "DELETE FROM record");
	run_sql(st, "DELETE FROM report WHERE id > 17");
	assert_int_equal(lint(st), 0);
	store_close(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_on_as_before_is_no_change),
		cmocka_unit_test(equal_windows_have_an_empty_diff),
		cmocka_unit_test(the_windows_the_other_way_round_turn_new_into_gone),
		cmocka_unit_test(a_new_source_is_one_row),
		cmocka_unit_test(a_source_that_is_gone_is_one_row_with_its_last_report),
		cmocka_unit_test(a_new_and_a_gone_selector_are_one_row),
		cmocka_unit_test(a_signature_that_fails_or_has_no_selector_is_no_change),
		cmocka_unit_test(a_new_and_a_gone_reporter_are_one_row),
		cmocka_unit_test(a_reporter_under_another_spelling_is_no_change),
		cmocka_unit_test(a_new_and_a_gone_subdomain_are_one_row),
		cmocka_unit_test(a_changed_policy_is_one_row_whoever_saw_it),
		cmocka_unit_test(a_change_between_the_windows_is_found),
		cmocka_unit_test(there_and_back_are_two_changes),
		cmocka_unit_test(what_reporters_leave_out_is_no_change_of_policy),
		cmocka_unit_test(a_policy_is_compared_even_when_all_reporters_are_others),
		cmocka_unit_test(a_step_of_own_mail_is_one_row),
		cmocka_unit_test(windows_of_other_lengths_are_compared_by_the_day),
		cmocka_unit_test(mail_that_is_not_yours_makes_no_step),
		cmocka_unit_test(a_silent_window_makes_nothing_new_or_gone_but_reporters),
		cmocka_unit_test(reports_without_mail_do_not_end_the_silence),
		cmocka_unit_test(only_what_the_filters_choose_is_compared),
		cmocka_unit_test(pages_hold_each_row_once),
		cmocka_unit_test(a_reporter_without_fault_has_no_row),
		cmocka_unit_test(notes_are_summed_up_for_each_reporter),
		cmocka_unit_test(a_mail_sent_two_days_after_the_period_is_late),
		cmocka_unit_test(an_archive_read_years_later_is_not_late),
		cmocka_unit_test(an_id_used_for_two_periods_is_told),
		cmocka_unit_test(periods_that_overlap_by_more_than_an_hour_are_told),
		cmocka_unit_test(missing_days_of_a_daily_reporter_are_a_gap),
		cmocka_unit_test(a_reporter_that_reports_now_and_then_has_no_gaps),
		cmocka_unit_test(days_that_are_still_to_come_are_no_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
