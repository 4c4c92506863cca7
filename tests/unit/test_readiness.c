/* May a policy go further: every check at its threshold, and four domains that tempt to lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/judge/readiness.h"

/* A domain that is ready for quarantine. */
static struct readiness_facts fine(void)
{
	struct readiness_facts f;
	struct readiness_source office = { .id = 1,
		.name = SLICE_LIT("office"),
		.own = 1000,
		.own_pass = 1000,
		.own_dkim = 1000,
		.days_old = -1 };

	readiness_init(&f);
	f.days = 30;
	f.reporters = 2;
	f.large_reporter = true;
	f.dns_known = true;
	f.rare_senders = READINESS_YES;
	f.policy = DMARC_NONE;
	readiness_add(&f, &office);
	return f;
}

/* One that is ready for reject. */
static struct readiness_facts at_quarantine(void)
{
	struct readiness_facts f = fine();

	f.policy = DMARC_QUARANTINE;
	f.enforced_days = 30;
	f.mailing_lists = READINESS_NO;
	return f;
}

static void add(
	struct readiness_facts *f, const char *name, int64_t own, int64_t pass, int64_t dkim)
{
	struct readiness_source s = { .id = 2,
		.name = slice_of(name),
		.own = own,
		.own_pass = pass,
		.own_dkim = dkim,
		.own_spf_only = pass - dkim,
		.affected = own - pass,
		.days_old = -1 };

	readiness_add(f, &s);
}

static void undecided(struct readiness_facts *f, const char *name, int64_t messages)
{
	struct readiness_source s = {
		.id = 3, .name = slice_of(name), .undecided = messages, .days_old = -1
	};

	readiness_add(f, &s);
}

static struct readiness judged(const struct readiness_facts *f)
{
	struct readiness r;

	readiness_judge(f, &r);
	return r;
}

#define assert_verdict(facts, want)                                                                \
	assert_string_equal(readiness_verdict_names[judged(facts).verdict], want)
#define assert_state(facts, id, want)                                                              \
	assert_string_equal(readiness_state_names[judged(facts).checks[READINESS_##id].state], want)

static const char *text_of(const struct readiness *r, enum readiness_id id, enum dns_language l)
{
	static char text[1024];
	struct buf b;

	buf_init(&b, sizeof text - 1);
	if (id == READINESS_COUNT)
		readiness_sentence(r, l, &b);
	else
		readiness_text(r, id, l, &b);
	assert_false(buf_failed(&b));
	memcpy(text, buf_text(&b), b.len + 1);
	buf_release(&b);
	return text;
}

/* ---- honesty --------------------------------------------------------------------------------- */

static void forgeries_do_not_keep_a_domain_from_ready(void **state)
{
	/* That 1,500 more were forged is no fact at all: they are not the owner's. */
	struct readiness_facts f = fine();
	struct readiness r = judged(&f);

	(void)state;
	assert_verdict(&f, "ready");
	assert_int_equal(r.step, DMARC_QUARANTINE);
	assert_string_equal(text_of(&r, READINESS_COUNT, DNS_EN),
		"Ready for p=quarantine: 100.0 % of your own mail passes DMARC.");
}

static void one_failing_invoice_server_blocks_and_is_named(void **state)
{
	struct readiness_facts f = fine();
	struct readiness r;

	(void)state;
	add(&f, "bulk", 6960, 6960, 6960);
	add(&f, "invoices.example.com", 40, 0, 0);
	r = judged(&f);
	assert_true(r.checks[READINESS_Q3].value >= .995);
	assert_verdict(&f, "blocked");
	assert_int_equal(r.checks[READINESS_Q3].source, 2);
	assert_string_equal(r.checks[READINESS_Q3].name, "invoices.example.com");
	assert_string_equal(text_of(&r, READINESS_COUNT, DNS_EN),
		"Not ready for p=quarantine, checks that fall short: 1. 40 of 40 messages from "
		"invoices.example.com fail DMARC: they would be lost.");
	assert_string_equal(text_of(&r, READINESS_COUNT, DNS_ES),
		"Aún no está listo para p=quarantine, comprobaciones sin superar: 1. 40 de 40 "
		"mensajes de invoices.example.com no superan DMARC: se perderían.");
}

static void mail_that_rests_on_spf_is_not_ready_for_reject(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	f.own_dkim = 0;
	add(&f, "web server", 100, 100, 0);
	assert_verdict(&f, "ready"); /* for quarantine it is */
	f.policy = DMARC_QUARANTINE;
	f.enforced_days = 60;
	f.mailing_lists = READINESS_NO;
	assert_verdict(&f, "blocked");
	assert_int_equal(judged(&f).step, DMARC_REJECT);
	assert_int_equal(judged(&f).first, READINESS_R2);
	assert_string_equal(judged(&f).checks[READINESS_R2].name, "web server");
}

static void six_days_measure_nothing(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	f.days = 6;
	assert_verdict(&f, "unmeasured");
	f.policy = DMARC_REJECT;
	assert_verdict(&f, "unmeasured");
	f.days = 13;
	assert_verdict(&f, "unmeasured");
	f.days = 14;
	f.policy = DMARC_NONE;
	assert_verdict(&f, "almost");
}

static void nineteen_own_messages_measure_nothing(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	f.own = f.own_pass = f.own_dkim = 19;
	assert_verdict(&f, "unmeasured");
	f.own = f.own_pass = f.own_dkim = 20;
	assert_verdict(&f, "almost");
}

/* ---- each check, on both sides of its threshold ---------------------------------------------- */

static void q1_wants_25_days_two_verified_reporters_and_a_large_one(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	f.days = 25;
	assert_state(&f, Q1, "ok");
	f.days = 24;
	assert_state(&f, Q1, "failed");
	assert_verdict(&f, "almost");
	f.days = 25;
	f.reporters = 1;
	assert_state(&f, Q1, "failed");
	f.reporters = 2;
	f.large_reporter = false;
	assert_state(&f, Q1, "failed");
}

static void q2_wants_100_own_messages(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	f.own = f.own_pass = f.own_dkim = 100;
	assert_state(&f, Q2, "ok");
	f.own = f.own_pass = f.own_dkim = 99;
	assert_state(&f, Q2, "failed");
	assert_verdict(&f, "almost");
}

static void little_mail_is_enough_when_all_listed_services_were_seen_in_60_days(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	f.days = 9;
	f.reporters = 1;
	f.own = f.own_pass = f.own_dkim = 12;
	f.own_long = 20;
	f.long_enough = f.services_seen = true;
	assert_state(&f, Q1, "ok");
	assert_state(&f, Q2, "ok");
	assert_verdict(&f, "ready");
	f.own_long = 19;
	assert_verdict(&f, "unmeasured");
	f.own_long = 20;
	f.services_seen = false;
	assert_state(&f, Q1, "failed");
	assert_state(&f, Q2, "failed");
	assert_verdict(&f, "unmeasured");
}

static void q3_wants_99_per_cent_of_all_and_95_of_every_source(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	f.own_pass = 990;
	assert_state(&f, Q3, "ok");
	f.own_pass = 989;
	assert_state(&f, Q3, "failed");
	assert_verdict(&f, "blocked");
	f = fine();
	add(&f, "small", 9, 0, 0); /* too few to be judged by itself */
	assert_state(&f, Q3, "ok");
	f = fine();
	add(&f, "shop", 20, 19, 19);
	assert_state(&f, Q3, "ok");
	f = fine();
	add(&f, "shop", 20, 18, 18);
	assert_state(&f, Q3, "failed");
	f = fine();
	add(&f, "shop", 10, 9, 9);
	assert_state(&f, Q3, "failed");
}

static void the_worst_source_is_named_wherever_it_stands(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	add(&f, "bad", 20, 0, 0);
	add(&f, "worst", 90, 40, 40);
	add(&f, "less", 30, 5, 5);
	assert_string_equal(judged(&f).checks[READINESS_Q3].name, "worst");
	assert_string_equal(f.affected_sources[0].name, "worst");
	assert_string_equal(f.affected_sources[1].name, "less");
	assert_string_equal(f.affected_sources[2].name, "bad");
}

static void q4_wants_half_a_per_cent_to_decide_and_no_group_of_ten(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	f.own = f.own_pass = f.own_dkim = 995;
	undecided(&f, "a", 5);
	assert_state(&f, Q4, "ok"); /* 5 of 1000 */
	undecided(&f, "b", 1);
	assert_state(&f, Q4, "failed");
	f = fine();
	f.own = f.own_pass = f.own_dkim = 100000;
	undecided(&f, "a", 9);
	assert_state(&f, Q4, "ok");
	undecided(&f, "b", 10);
	assert_state(&f, Q4, "failed");
	assert_string_equal(judged(&f).checks[READINESS_Q4].name, "b");
	assert_verdict(&f, "blocked");
}

static void q5_wants_a_checker_that_was_asked_and_found_no_error(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	assert_state(&f, Q5, "ok");
	f.dns_errors = 1;
	memcpy(f.dns_rule, "D02", 4);
	assert_state(&f, Q5, "failed");
	assert_verdict(&f, "blocked");
	f = fine();
	f.dns_known = false; /* never taken for good */
	assert_state(&f, Q5, "unknown");
	assert_verdict(&f, "almost");
}

static void q6_wants_new_sources_to_be_14_days_old(void **state)
{
	struct readiness_source s = { .id = 4,
		.name = SLICE_LIT("new"),
		.own = 5,
		.own_pass = 5,
		.own_dkim = 5,
		.days_old = 14 };
	struct readiness_facts f = fine();

	(void)state;
	readiness_add(&f, &s);
	assert_state(&f, Q6, "ok");
	s.days_old = 13;
	readiness_add(&f, &s);
	assert_state(&f, Q6, "failed");
	assert_string_equal(judged(&f).checks[READINESS_Q6].name, "new");
	assert_verdict(&f, "almost");
}

static void q7_is_the_owners_word(void **state)
{
	struct readiness_facts f = fine();

	(void)state;
	f.rare_senders = READINESS_NOT_SAID;
	assert_state(&f, Q7, "unknown");
	assert_verdict(&f, "almost");
	f.rare_senders = READINESS_NO;
	assert_state(&f, Q7, "failed");
}

static void r1_wants_quarantine_for_30_days_without_a_test_mode(void **state)
{
	struct readiness_facts f = at_quarantine();

	(void)state;
	assert_verdict(&f, "ready");
	assert_int_equal(judged(&f).step, DMARC_REJECT);
	f.enforced_days = 29;
	assert_state(&f, R1, "failed");
	assert_verdict(&f, "almost");
	f.enforced_days = 30;
	f.testing = true;
	assert_state(&f, R1, "failed");
	f = fine();
	assert_state(&f, R1, "not_needed"); /* for quarantine */
}

static void r2_wants_98_per_cent_signed_and_no_source_on_spf_alone(void **state)
{
	struct readiness_facts f = at_quarantine();

	(void)state;
	f.own_dkim = 980;
	assert_state(&f, R2, "ok");
	f.own_dkim = 979;
	assert_state(&f, R2, "failed");
	assert_verdict(&f, "blocked");
	f = at_quarantine();
	add(&f, "printer", 9, 9, 0);
	assert_state(&f, R2, "ok");
	f = at_quarantine();
	add(&f, "printer", 10, 10, 0);
	assert_state(&f, R2, "failed");
	assert_string_equal(judged(&f).checks[READINESS_R2].name, "printer");
}

static void r3_wants_half_a_per_cent_affected_forwarded_mail_included(void **state)
{
	struct readiness_source list = {
		.id = 9, .name = SLICE_LIT("list host"), .affected = 5, .days_old = -1
	};
	struct readiness_facts f = at_quarantine();

	(void)state;
	readiness_add(&f, &list);
	assert_state(&f, R3, "ok");
	list.affected = 1;
	readiness_add(&f, &list);
	assert_state(&f, R3, "failed");
	assert_verdict(&f, "blocked");
	assert_string_equal(judged(&f).checks[READINESS_R3].name, "list host");
}

static void r4_is_a_price_and_not_knowing_it_is_not_ready(void **state)
{
	struct readiness_facts f = at_quarantine();

	(void)state;
	f.mailing_lists = READINESS_YES;
	assert_verdict(&f, "ready_with_cost");
	f.mailing_lists = READINESS_NOT_SAID;
	assert_state(&f, R4, "unknown");
	assert_verdict(&f, "almost");
}

/* ---- what is in force ------------------------------------------------------------------------ */

static void reject_is_enforced_until_own_mail_fails(void **state)
{
	struct readiness_facts f = at_quarantine();

	(void)state;
	f.policy = DMARC_REJECT;
	f.enforced_days = 3;
	assert_verdict(&f, "enforced");
	undecided(&f, "stranger", 50); /* that is what it is for */
	assert_verdict(&f, "enforced");
	f.own_pass = 900;
	assert_verdict(&f, "regressed");
	f.testing = true; /* then it is not in force everywhere */
	assert_verdict(&f, "blocked");
}

static void a_quarantine_that_would_not_be_taken_again_has_regressed(void **state)
{
	struct readiness_facts f = at_quarantine();

	(void)state;
	f.own_pass = 900;
	assert_verdict(&f, "regressed");
	assert_int_equal(judged(&f).step, DMARC_QUARANTINE);
	assert_state(&f, R2, "not_needed");
}

static void a_parked_domain_goes_to_reject_at_once(void **state)
{
	struct readiness_facts f;
	struct readiness r;

	(void)state;
	readiness_init(&f);
	f.parked = true;
	assert_verdict(&f, "ready");
	r = judged(&f);
	assert_int_equal(r.step, DMARC_REJECT);
	assert_string_equal(
		text_of(&r, READINESS_Q1, DNS_EN), "Not needed: this domain sends no mail.");
	f.policy = DMARC_REJECT;
	assert_verdict(&f, "enforced");
	add(&f, "printer", 30, 0, 0); /* it does send */
	f.days = 30;
	assert_verdict(&f, "regressed");
}

/* ---- words ----------------------------------------------------------------------------------- */

static void large_reporters_are_known_by_their_names(void **state)
{
	(void)state;
	assert_true(readiness_is_large(SLICE_LIT("google.com")));
	assert_true(readiness_is_large(SLICE_LIT("Enterprise Outlook")));
	assert_true(readiness_is_large(SLICE_LIT("Yahoo")));
	assert_false(readiness_is_large(SLICE_LIT("notgoogle.com")));
	assert_false(readiness_is_large(SLICE_ABSENT));
}

static void shares_are_never_flattered(void **state)
{
	struct readiness_facts f = fine();
	struct readiness r;

	(void)state;
	f.own = 100000;
	f.own_pass = 99999;
	r = judged(&f);
	assert_string_equal(
		text_of(&r, READINESS_Q3, DNS_EN), "99.9 % of your own mail passes DMARC.");
	f.affected = 1;
	r = judged(&f);
	assert_string_equal(text_of(&r, READINESS_R3, DNS_EN),
		"It would have affected 0.1 % of your own mail.");
}

static unsigned braces(const char *s)
{
	unsigned n = 0;

	for (; *s != '\0'; s++)
		n += *s == '{';
	return n;
}

static void every_text_has_its_twin_with_the_same_values(void **state)
{
	const char *twin[DNS_LANGUAGE_COUNT];
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; readiness_string(i, twin); i++) {
		assert_true((twin[DNS_EN] == NULL) == (twin[DNS_ES] == NULL));
		if (twin[DNS_EN] == NULL)
			continue;
		seen++;
		assert_string_not_equal(twin[DNS_EN], twin[DNS_ES]);
		assert_int_equal(braces(twin[DNS_EN]), braces(twin[DNS_ES]));
	}
	assert_true(seen > READINESS_COUNT * 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forgeries_do_not_keep_a_domain_from_ready),
		cmocka_unit_test(one_failing_invoice_server_blocks_and_is_named),
		cmocka_unit_test(mail_that_rests_on_spf_is_not_ready_for_reject),
		cmocka_unit_test(six_days_measure_nothing),
		cmocka_unit_test(nineteen_own_messages_measure_nothing),
		cmocka_unit_test(q1_wants_25_days_two_verified_reporters_and_a_large_one),
		cmocka_unit_test(q2_wants_100_own_messages),
		cmocka_unit_test(
			little_mail_is_enough_when_all_listed_services_were_seen_in_60_days),
		cmocka_unit_test(q3_wants_99_per_cent_of_all_and_95_of_every_source),
		cmocka_unit_test(the_worst_source_is_named_wherever_it_stands),
		cmocka_unit_test(q4_wants_half_a_per_cent_to_decide_and_no_group_of_ten),
		cmocka_unit_test(q5_wants_a_checker_that_was_asked_and_found_no_error),
		cmocka_unit_test(q6_wants_new_sources_to_be_14_days_old),
		cmocka_unit_test(q7_is_the_owners_word),
		cmocka_unit_test(r1_wants_quarantine_for_30_days_without_a_test_mode),
		cmocka_unit_test(r2_wants_98_per_cent_signed_and_no_source_on_spf_alone),
		cmocka_unit_test(r3_wants_half_a_per_cent_affected_forwarded_mail_included),
		cmocka_unit_test(r4_is_a_price_and_not_knowing_it_is_not_ready),
		cmocka_unit_test(reject_is_enforced_until_own_mail_fails),
		cmocka_unit_test(a_quarantine_that_would_not_be_taken_again_has_regressed),
		cmocka_unit_test(a_parked_domain_goes_to_reject_at_once),
		cmocka_unit_test(large_reporters_are_known_by_their_names),
		cmocka_unit_test(shares_are_never_flattered),
		cmocka_unit_test(every_text_has_its_twin_with_the_same_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
