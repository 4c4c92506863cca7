/* What would become of a row: policies, alignment, another SPF record, and what nobody can know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/judge/whatif.h"

#define PASS    REPORT_VERDICT_PASS
#define FAIL    REPORT_VERDICT_FAIL
#define UNKNOWN REPORT_VERDICT_UNKNOWN

static const struct slice apex = { "example.com", 11 }, below = { "mail.example.com", 16 };

/* Fails, under p=none in full. */
static struct whatif_row failing(void)
{
	return (struct whatif_row){ .domain = apex,
		.from = apex,
		.envelope_from = SLICE_ABSENT,
		.dkim = REPORT_RESULT_FAIL,
		.spf = REPORT_RESULT_FAIL,
		.p = REPORT_POLICY_NONE,
		.exists = WHATIF_EXISTS };
}

static void judged(const struct whatif_row *row, const struct whatif_wish *wish,
	enum report_verdict verdict, enum whatif_action action)
{
	struct whatif_fate fate;

	whatif_judge(row, wish, &fate);
	assert_int_equal(fate.verdict, verdict);
	assert_int_equal(fate.action, action);
}

/* Every combination of what a report can say. */
static void a_wish_for_nothing_changes_no_row(void **state)
{
	const struct whatif_wish nothing = { 0 };
	struct whatif_row row = failing();

	(void)state;
	for (unsigned i = 0; i < 4u * 4 * 4 * 4 * 4 * 4; i++) {
		row.dkim = (uint8_t)(i % 4);
		row.spf = (uint8_t)(i / 4 % 4);
		row.adkim = (uint8_t)(i / 16 % 4);
		row.aspf = (uint8_t)(i / 64 % 4);
		row.testing = (uint8_t)(i / 256 % 4);
		row.from = i / 1024 % 2 != 0 ? apex : SLICE_ABSENT;
		row.p = i / 2048 != 0 ? REPORT_POLICY_REJECT : REPORT_POLICY_NONE;
		struct whatif_fate fate;

		whatif_judge(&row, &nothing, &fate);
		assert_int_equal(fate.verdict,
			report_verdict((enum report_result)row.dkim, (enum report_result)row.spf));
		assert_true(fate.verdict != PASS || fate.action == WHATIF_NONE);
	}
}

static void the_wished_policy_takes_mail_that_fails_and_no_other(void **state)
{
	struct whatif_row row = failing();

	(void)state;
	judged(&row, &(struct whatif_wish){ 0 }, FAIL, WHATIF_NONE);
	judged(&row, &(struct whatif_wish){ .p = DMARC_QUARANTINE }, FAIL, WHATIF_QUARANTINE);
	judged(&row, &(struct whatif_wish){ .p = DMARC_REJECT }, FAIL, WHATIF_REJECT);
	row.spf = REPORT_RESULT_PASS;
	judged(&row, &(struct whatif_wish){ .p = DMARC_REJECT }, PASS, WHATIF_NONE);
}

static void sp_and_np_stand_in_for_p_as_rfc_9989_says(void **state)
{
	struct whatif_row row = failing();

	(void)state;
	row.from = below;
	row.p = REPORT_POLICY_REJECT;
	judged(&row, &(struct whatif_wish){ 0 }, FAIL, WHATIF_REJECT);
	judged(&row, &(struct whatif_wish){ .sp = DMARC_NONE }, FAIL, WHATIF_NONE);
	judged(&row, &(struct whatif_wish){ .np = DMARC_NONE }, FAIL, WHATIF_REJECT);
	row.sp = REPORT_POLICY_QUARANTINE;
	judged(&row, &(struct whatif_wish){ .p = DMARC_NONE }, FAIL, WHATIF_QUARANTINE);
	row.exists = WHATIF_MISSING;
	judged(&row, &(struct whatif_wish){ 0 }, FAIL, WHATIF_QUARANTINE);
	judged(&row, &(struct whatif_wish){ .np = DMARC_REJECT }, FAIL, WHATIF_REJECT);
	row.np = REPORT_POLICY_NONE;
	judged(&row, &(struct whatif_wish){ .p = DMARC_REJECT }, FAIL, WHATIF_NONE);
}

static void a_name_the_dns_was_not_asked_for_is_unknown_only_where_that_matters(void **state)
{
	struct whatif_row row = failing();

	(void)state;
	row.from = below;
	row.exists = WHATIF_NOT_ASKED;
	judged(&row, &(struct whatif_wish){ .p = DMARC_REJECT }, FAIL, WHATIF_REJECT);
	judged(&row, &(struct whatif_wish){ .np = DMARC_REJECT }, FAIL, WHATIF_UNKNOWN);
	judged(&row, &(struct whatif_wish){ .sp = DMARC_REJECT, .np = DMARC_REJECT }, FAIL,
		WHATIF_REJECT);
}

static void test_mode_is_one_step_less(void **state)
{
	struct whatif_row row = failing();

	(void)state;
	row.p = REPORT_POLICY_REJECT;
	judged(&row, &(struct whatif_wish){ .testing = WHATIF_YES }, FAIL, WHATIF_QUARANTINE);
	row.testing = REPORT_TESTING_YES;
	judged(&row, &(struct whatif_wish){ .p = DMARC_QUARANTINE }, FAIL, WHATIF_NONE);
	judged(&row, &(struct whatif_wish){ .testing = WHATIF_NO }, FAIL, WHATIF_REJECT);
	row.testing = REPORT_TESTING_UNKNOWN;
	judged(&row, &(struct whatif_wish){ 0 }, FAIL, WHATIF_UNKNOWN);
}

static void a_published_word_nobody_knows_makes_the_action_unknown(void **state)
{
	struct whatif_row row = failing();

	(void)state;
	row.p = REPORT_POLICY_UNKNOWN;
	judged(&row, &(struct whatif_wish){ 0 }, FAIL, WHATIF_UNKNOWN);
	judged(&row, &(struct whatif_wish){ .p = DMARC_NONE }, FAIL, WHATIF_NONE);
	row.dkim = REPORT_RESULT_UNKNOWN;
	judged(&row, &(struct whatif_wish){ .p = DMARC_NONE }, UNKNOWN, WHATIF_NONE);
	judged(&row, &(struct whatif_wish){ .p = DMARC_REJECT }, UNKNOWN, WHATIF_UNKNOWN);
	row.dkim = REPORT_RESULT_FAIL;
	row.from = SLICE_ABSENT;
	row.p = REPORT_POLICY_NONE;
	judged(&row, &(struct whatif_wish){ .p = DMARC_REJECT }, FAIL, WHATIF_REJECT);
	judged(&row, &(struct whatif_wish){ .sp = DMARC_REJECT }, FAIL, WHATIF_UNKNOWN);
}

/* One passing result of the kind, by `domain`, and what becomes of it under the other alignment. */
static void aligned(enum report_auth_kind kind, struct slice domain, uint8_t published, uint8_t now,
	enum whatif_choice wish, enum report_verdict expected)
{
	const struct whatif_auth auth = { kind, domain, REPORT_AUTH_PASS, REPORT_SCOPE_ABSENT };
	struct whatif_row row = failing();
	struct whatif_wish w = { 0 };

	row.auth = &auth;
	row.auth_len = 1;
	*(kind == REPORT_DKIM ? &row.dkim : &row.spf) = now;
	*(kind == REPORT_DKIM ? &row.adkim : &row.aspf) = published;
	*(kind == REPORT_DKIM ? &w.strict_dkim : &w.strict_spf) = wish;
	judged(&row, &w, expected, WHATIF_NONE);
}

static void alignment_is_read_from_the_identifiers(void **state)
{
	const struct slice other = SLICE_LIT("service.example"), none = SLICE_ABSENT;
	const uint8_t pass = REPORT_RESULT_PASS, fail = REPORT_RESULT_FAIL;
	const uint8_t relaxed = REPORT_ALIGNMENT_RELAXED, strict = REPORT_ALIGNMENT_STRICT;
	const uint8_t foreign = REPORT_ALIGNMENT_UNKNOWN;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const enum report_auth_kind kind = i == 0 ? REPORT_DKIM : REPORT_SPF;

		aligned(kind, apex, relaxed, pass, WHATIF_YES, PASS);
		aligned(kind, below, relaxed, pass, WHATIF_YES, FAIL);
		aligned(kind, below, REPORT_ALIGNMENT_ABSENT, pass, WHATIF_YES, FAIL);
		/* What it passed by is not there. */
		aligned(kind, other, relaxed, pass, WHATIF_YES, UNKNOWN);
		aligned(kind, none, relaxed, pass, WHATIF_YES, UNKNOWN);
		aligned(kind, below, strict, fail, WHATIF_NO, PASS);
		aligned(kind, other, strict, fail, WHATIF_NO, FAIL);
		aligned(kind, none, strict, fail, WHATIF_NO, UNKNOWN);
		aligned(kind, below, foreign, pass, WHATIF_NO, PASS);
		aligned(kind, other, foreign, fail, WHATIF_YES, FAIL);
		/* The same again is what the report says, whatever stands there. */
		aligned(kind, other, strict, pass, WHATIF_YES, PASS);
		aligned(kind, below, relaxed, fail, WHATIF_NO, FAIL);
	}
}

static void without_results_or_a_from_name_alignment_is_unknown(void **state)
{
	struct whatif_row row = failing();
	const struct whatif_auth auth = { REPORT_DKIM, apex, REPORT_AUTH_PASS,
		REPORT_SCOPE_ABSENT };

	(void)state;
	row.dkim = REPORT_RESULT_PASS;
	judged(&row, &(struct whatif_wish){ .strict_dkim = WHATIF_YES }, UNKNOWN, WHATIF_NONE);
	row.auth = &auth;
	row.auth_len = 1;
	judged(&row, &(struct whatif_wish){ .strict_dkim = WHATIF_YES }, PASS, WHATIF_NONE);
	row.from = SLICE_ABSENT;
	judged(&row, &(struct whatif_wish){ .strict_dkim = WHATIF_YES }, UNKNOWN, WHATIF_NONE);
	/* The other side decides alone. */
	row.spf = REPORT_RESULT_PASS;
	judged(&row, &(struct whatif_wish){ .strict_dkim = WHATIF_YES }, PASS, WHATIF_NONE);
}

static void a_helo_name_counts_only_without_a_mail_from(void **state)
{
	const struct whatif_auth auth[] = {
		{ REPORT_SPF, apex, REPORT_AUTH_PASS, REPORT_SCOPE_HELO },
		{ REPORT_SPF, below, REPORT_AUTH_PASS, REPORT_SCOPE_MFROM },
	};
	struct whatif_row row = failing();

	(void)state;
	row.spf = REPORT_RESULT_PASS;
	row.auth = auth;
	row.auth_len = 2;
	judged(&row, &(struct whatif_wish){ .strict_spf = WHATIF_YES }, FAIL, WHATIF_NONE);
	row.auth_len = 1;
	judged(&row, &(struct whatif_wish){ .strict_spf = WHATIF_YES }, PASS, WHATIF_NONE);
}

static void another_spf_record_decides_for_the_domains_own_bounces(void **state)
{
	static const struct {
		enum spf_result says;
		enum report_verdict expected;
	} rows[] = { { SPF_PASS, PASS }, { SPF_FAIL, FAIL }, { SPF_SOFTFAIL, FAIL },
		{ SPF_NEUTRAL, FAIL }, { SPF_NONE, FAIL }, { SPF_PERMERROR, FAIL },
		{ SPF_TEMPERROR, UNKNOWN }, { SPF_UNKNOWN, UNKNOWN } };
	const struct whatif_wish wish = { .spf = true };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (uint8_t before = REPORT_AUTH_PASS; before <= REPORT_AUTH_FAIL; before++) {
			const struct whatif_auth auth = { REPORT_SPF, apex, before,
				REPORT_SCOPE_MFROM };
			struct whatif_row row = failing();

			row.wished_spf = rows[i].says;
			row.auth = &auth;
			row.auth_len = 1;
			judged(&row, &wish, rows[i].expected, WHATIF_NONE);
			/* A subdomain in From is aligned with it, unless strictly. */
			row.from = below;
			judged(&row, &wish, rows[i].expected, WHATIF_NONE);
			row.aspf = REPORT_ALIGNMENT_STRICT;
			judged(&row, &wish, FAIL, WHATIF_NONE);
		}
	}
}

static void mail_of_other_bounce_domains_stays_as_it_is(void **state)
{
	const struct whatif_wish wish = { .spf = true };
	struct whatif_auth auth = { REPORT_SPF, below, REPORT_AUTH_PASS, REPORT_SCOPE_MFROM };
	struct whatif_row row = failing();

	(void)state;
	row.wished_spf = SPF_FAIL;
	row.spf = REPORT_RESULT_PASS;
	row.auth = &auth;
	row.auth_len = 1;
	judged(&row, &wish, PASS, WHATIF_NONE);
	/* Whose bounce it was is not told: nobody knows. */
	auth.domain = SLICE_ABSENT;
	judged(&row, &wish, UNKNOWN, WHATIF_NONE);
	row.auth_len = 0;
	judged(&row, &wish, UNKNOWN, WHATIF_NONE);
	row.envelope_from = apex;
	judged(&row, &wish, FAIL, WHATIF_NONE);
	row.wished_spf = SPF_PASS;
	judged(&row, &wish, PASS, WHATIF_NONE);
	row.envelope_from = SLICE_LIT("other.example");
	judged(&row, &wish, PASS, WHATIF_NONE);
}

static void sums_tell_what_changed_and_lose_no_message(void **state)
{
	struct whatif_sum sum = { 0 };
	const struct whatif_fate passes = { PASS, WHATIF_NONE }, fails = { FAIL, WHATIF_NONE },
				 refused = { FAIL, WHATIF_REJECT },
				 open = { UNKNOWN, WHATIF_UNKNOWN };

	(void)state;
	whatif_add(&sum, &passes, &refused, false, 1);
	whatif_add(&sum, &fails, &refused, true, 20);
	whatif_add(&sum, &refused, &passes, false, 300);
	whatif_add(&sum, &passes, &open, false, 4000);
	whatif_add(&sum, &refused, &refused, false, 50000);
	assert_int_equal(sum.messages, 54321);
	assert_int_equal(sum.newly_failing, 1);
	assert_int_equal(sum.newly_passing, 300);
	assert_int_equal(sum.newly_acted_on, 21);
	assert_int_equal(sum.excused, 20);
	assert_int_equal(sum.no_longer_acted_on, 300);
	assert_int_equal(sum.unknown, 4000);
	assert_int_equal(
		sum.verdicts_after[PASS] + sum.verdicts_after[FAIL] + sum.verdicts_after[UNKNOWN],
		sum.messages);
	assert_int_equal(sum.actions_before[WHATIF_REJECT], 50300);
	assert_int_equal(sum.actions_after[WHATIF_REJECT], 50021);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wish_for_nothing_changes_no_row),
		cmocka_unit_test(the_wished_policy_takes_mail_that_fails_and_no_other),
		cmocka_unit_test(sp_and_np_stand_in_for_p_as_rfc_9989_says),
		cmocka_unit_test(
			a_name_the_dns_was_not_asked_for_is_unknown_only_where_that_matters),
		cmocka_unit_test(test_mode_is_one_step_less),
		cmocka_unit_test(a_published_word_nobody_knows_makes_the_action_unknown),
		cmocka_unit_test(alignment_is_read_from_the_identifiers),
		cmocka_unit_test(without_results_or_a_from_name_alignment_is_unknown),
		cmocka_unit_test(a_helo_name_counts_only_without_a_mail_from),
		cmocka_unit_test(another_spf_record_decides_for_the_domains_own_bounces),
		cmocka_unit_test(mail_of_other_bounce_domains_stays_as_it_is),
		cmocka_unit_test(sums_tell_what_changed_and_lose_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
