/* What readiness is judged by is what reports say, verified ones first, and since when. */
#include "store/query_ready.h"
#include "tests/unit/assess_kit.h"

#define DAY_0 19676 /* KIT_BEGIN's */

static const struct sent good[] = {
	{ "192.0.2.1", 40, 'p', 'p', "+example.com", "s1@example.com+", 0 },
};

static struct query_ready *look(struct kit *kit, int day)
{
	struct query_ready *q = NULL;

	KIT_OK(kit,
		query_ready_open(&q, kit->st, SLICE_LIT("Example.COM."), DAY_0 + day, &kit->err));
	return q;
}

static void days(struct kit *kit, int from, int to, const char *reporter, unsigned policy)
{
	for (int day = from; day < to; day++) {
		const struct about about = {
			.domain = "example.com", .reporter = reporter, .day = day, .policy = policy
		};

		deliver_about(kit, &about, good, 1);
	}
}

static const char *state_of(struct query_ready *q, enum readiness_id id)
{
	return readiness_state_names[query_ready_verdict(q)->checks[id].state];
}

static bool record_is(struct query_ready *q, enum query_ready_record which, const char *text)
{
	struct slice r = query_ready_record(q, which);

	return text == NULL ? slice_absent(r) : slice_equal(r, slice_of(text));
}

static void only_names_that_are_known_are_judged(void **state)
{
	struct kit *kit = *state;
	struct query_ready *q = NULL;

	assert_int_equal(
		query_ready_open(&q, kit->st, SLICE_LIT("example.com"), DAY_0, &kit->err), -1);
	assert_int_equal(kit->err.code, ERR_NOT_FOUND);
	assert_int_equal(
		query_ready_open(&q, kit->st, SLICE_LIT("two words"), DAY_0, &kit->err), -1);
	assert_int_equal(kit->err.code, ERR_USAGE);
	assert_null(q);
}

static void reports_nobody_vouches_for_are_no_reporters(void **state)
{
	struct kit *kit = *state;
	struct query_ready *q;

	days(kit, 0, 30, "google.com", REPORT_POLICY_NONE);
	kit_sync(kit);
	kit_exec(kit, "UPDATE report SET trust = 0");
	judge(kit);
	q = look(kit, 30);
	assert_int_equal(query_ready_facts(q)->days, 30);
	assert_int_equal(query_ready_facts(q)->own, 1200);
	assert_int_equal(query_ready_facts(q)->reporters, 0);
	assert_string_equal(state_of(q, READINESS_Q1), "failed");
	query_ready_close(q);
}

static void where_some_reports_are_verified_the_others_do_not_count(void **state)
{
	static const struct sent bad[] = {
		{ "192.0.2.1", 9000, 'f', 'f', "-example.com", "s1@example.com-", 0 },
	};
	const struct about liar = {
		.domain = "example.com", .reporter = "liar.example", .day = 28
	};
	struct kit *kit = *state;
	struct query_ready *q;

	days(kit, 0, 30, "google.com", REPORT_POLICY_NONE);
	days(kit, 0, 3, "other.example", REPORT_POLICY_NONE);
	deliver_about(kit, &liar, bad, 1);
	kit_sync(kit);
	kit_exec(kit, "UPDATE report SET trust = 1, from_mismatch = 0");
	kit_exec(kit, "UPDATE report SET trust = 0 WHERE reporter_same ="
		      " (SELECT id FROM reporter WHERE org_name = 'liar.example')");
	judge(kit);
	q = look(kit, 30);
	assert_int_equal(query_ready_facts(q)->own, 33 * 40);
	assert_int_equal(query_ready_facts(q)->own_pass, 33 * 40);
	assert_int_equal(query_ready_facts(q)->affected, 0);
	assert_int_equal(query_ready_facts(q)->reporters, 2);
	assert_true(query_ready_facts(q)->large_reporter);
	assert_string_equal(state_of(q, READINESS_Q1), "ok");
	query_ready_close(q);
	/* Then the liar is heard; most mail is known to its last day only, the 28th. */
	kit_exec(kit, "UPDATE report SET trust = 1");
	q = look(kit, 30);
	assert_int_equal(query_ready_facts(q)->own, 32 * 40 + 9000);
	assert_string_equal(state_of(q, READINESS_Q3), "failed");
	query_ready_close(q);
}

static void a_policy_is_in_force_since_most_reports_see_it(void **state)
{
	struct kit *kit = *state;
	struct query_ready *q;

	days(kit, 0, 10, "google.com", REPORT_POLICY_NONE);
	days(kit, 10, 50, "google.com", REPORT_POLICY_QUARANTINE);
	days(kit, 10, 50, "second.example", REPORT_POLICY_QUARANTINE);
	days(kit, 20, 22, "slow.example", REPORT_POLICY_NONE); /* one of three: an old copy */
	judge(kit);
	q = look(kit, 50);
	assert_int_equal(query_ready_facts(q)->policy, DMARC_QUARANTINE);
	assert_int_equal(query_ready_facts(q)->enforced_days, 40);
	assert_int_equal(query_ready_verdict(q)->step, DMARC_REJECT);
	assert_true(record_is(q, QUERY_READY_NOW, "v=DMARC1; p=quarantine; pct=100"));
	assert_true(record_is(q, QUERY_READY_NEXT, "v=DMARC1; p=reject"));
	query_ready_close(q);
	q = look(kit, 39);
	assert_int_equal(query_ready_facts(q)->enforced_days, 30);
	query_ready_close(q);
}

static void the_address_for_reports_is_kept_in_what_to_publish(void **state)
{
	struct kit *kit = *state;
	struct query_ready *q;
	int64_t event;

	days(kit, 0, 30, "google.com", REPORT_POLICY_REJECT);
	judge(kit);
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("example.com"), NULL, &kit->err));
	KIT_OK(kit, store_domain_set(kit->st, SLICE_LIT("example.com"), SLICE_LIT("rua"),
			    SLICE_LIT("d@example.com"), NULL, &event, &kit->err));
	q = look(kit, 30);
	assert_int_equal(query_ready_verdict(q)->verdict, READINESS_ENFORCED);
	assert_true(record_is(q, QUERY_READY_NEXT, NULL));
	assert_true(
		record_is(q, QUERY_READY_BACK, "v=DMARC1; p=quarantine; rua=mailto:d@example.com"));
	query_ready_close(q);
}

static void a_source_is_new_for_14_days_unless_the_domain_is(void **state)
{
	static const struct sent more[] = {
		{ "203.0.113.5", 3, 'p', 'p', "+example.com", "s1@example.com+", 0 },
	};
	struct kit *kit = *state;
	struct query_ready *q;

	days(kit, 0, 40, "google.com", REPORT_POLICY_NONE);
	judge(kit);
	q = look(kit, 10);
	assert_string_equal(state_of(q, READINESS_Q6), "ok"); /* all is new: learning */
	query_ready_close(q);
	deliver(kit, 30, more, 1);
	judge(kit);
	q = look(kit, 40);
	assert_string_equal(state_of(q, READINESS_Q6), "failed");
	assert_int_equal(query_ready_facts(q)->newest.messages, 9);
	query_ready_close(q);
	days(kit, 40, 46, "google.com", REPORT_POLICY_NONE);
	judge(kit);
	q = look(kit, 46);
	assert_string_equal(state_of(q, READINESS_Q6), "ok");
	query_ready_close(q);
}

static void little_mail_takes_60_days_and_every_listed_service(void **state)
{
	static const struct sent few[] = {
		{ "192.0.2.1", 4, 'p', 'p', "+example.com", "s1@example.com+", 0 },
	};
	struct kit *kit = *state;
	struct query_ready *q;
	int64_t event;

	for (int day = 0; day <= 60; day += 10)
		deliver(kit, day, few, 1);
	judge(kit);
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("example.com"), NULL, &kit->err));
	q = look(kit, 61);
	assert_true(query_ready_facts(q)->long_enough);
	assert_false(query_ready_facts(q)->services_seen); /* none was listed */
	assert_int_equal(query_ready_facts(q)->own_long, 24);
	query_ready_close(q);
	KIT_OK(kit, store_domain_set(kit->st, SLICE_LIT("example.com"), SLICE_LIT("service"),
			    SLICE_LIT("sendgrid"), NULL, &event, &kit->err));
	q = look(kit, 61);
	assert_false(query_ready_facts(q)->services_seen);
	assert_int_equal(query_ready_verdict(q)->verdict, READINESS_UNMEASURED);
	query_ready_close(q);
	kit_exec(kit, "UPDATE source_group SET service = 'sendgrid'");
	q = look(kit, 61);
	assert_true(query_ready_facts(q)->services_seen);
	assert_string_equal(state_of(q, READINESS_Q2), "ok");
	query_ready_close(q);
}

static void reports_that_ended_leave_days_missing(void **state)
{
	struct kit *kit = *state;
	struct query_ready *q;

	days(kit, 0, 30, "google.com", REPORT_POLICY_NONE);
	judge(kit);
	q = look(kit, 31);
	assert_int_equal(query_ready_facts(q)->days, 30);
	query_ready_close(q);
	q = look(kit, 90);
	assert_int_equal(query_ready_facts(q)->days, 0);
	assert_int_equal(query_ready_verdict(q)->verdict, READINESS_UNMEASURED);
	query_ready_close(q);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(only_names_that_are_known_are_judged),
		WITH_STORE(reports_nobody_vouches_for_are_no_reporters),
		WITH_STORE(where_some_reports_are_verified_the_others_do_not_count),
		WITH_STORE(a_policy_is_in_force_since_most_reports_see_it),
		WITH_STORE(the_address_for_reports_is_kept_in_what_to_publish),
		WITH_STORE(a_source_is_new_for_14_days_unless_the_domain_is),
		WITH_STORE(little_mail_takes_60_days_and_every_listed_service),
		WITH_STORE(reports_that_ended_leave_days_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
