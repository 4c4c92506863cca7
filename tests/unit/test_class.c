/* Whose mail a row is: every rule, their order, and what may not be looked at too early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/judge/class.h"

#define COUNT(a)  (sizeof(a) / sizeof *(a))
#define REASON(x) (1U << REPORT_REASON_##x)
#define PASS      REPORT_RESULT_PASS
#define FAIL      REPORT_RESULT_FAIL
#define UNKNOWN   REPORT_RESULT_UNKNOWN
#define ABSENT    REPORT_RESULT_ABSENT

/* What a case says of its row; the rest of the facts is false and zero, and nothing is decided. */
struct row {
	uint8_t dkim, spf, envelope;
	uint16_t reasons;
	unsigned signatures;
	bool decided; /* the owner said `decision` */
	enum class decision;
	bool own_network, listed, service, relay, valid, here, elsewhere, small, near, steady,
		own_spf;
	int64_t own, messages;
};

/* "enum class" would be read as another language's by clang-format where a function returns it. */
static unsigned judge(const struct row *r, enum class_rule *rule)
{
	struct trait t = { .dkim = r->dkim,
		.spf = r->spf,
		.envelope = r->envelope,
		.reasons = r->reasons,
		.signatures_len = r->signatures };
	const struct class_facts f = { .decided = r->decided ? (int)r->decision : -1,
		.own_network = r->own_network,
		.listed_service = r->listed,
		.known_service = r->service,
		.relay_service = r->relay,
		.trait = &t,
		.home_here = r->here,
		.home_elsewhere = r->elsewhere,
		.small_beside_home = r->small,
		.group_own = r->own,
		.group_messages = r->messages,
		.own_spf = r->own_spf,
		.near_own = r->near,
		.steady = r->steady };

	if (r->signatures > 0)
		t.signatures[r->signatures - 1].pass = r->valid;
	return class_of(&f, rule);
}

#define assert_judged(row, class_wanted, rule_wanted)                                              \
	do {                                                                                       \
		enum class_rule rule_ = CLASS_RULE_COUNT;                                          \
		unsigned class_ = judge(row, &rule_);                                              \
		assert_string_equal(class_rule_names[rule_], class_rule_names[rule_wanted]);       \
		assert_string_equal(class_names[class_], class_names[class_wanted]);               \
	} while (0)

#define OWN   .envelope = TRAIT_ENVELOPE_OWN
#define FAILS .dkim = FAIL, .spf = FAIL

static void each_rule_gives_its_class(void **state)
{
	static const struct {
		struct row row;
		enum class class;
		enum class_rule rule;
	} cases[] = {
		{ { FAILS, .decided = true, .decision = CLASS_YOURS }, CLASS_YOURS,
			CLASS_BY_DECISION },
		{ { FAILS, .decided = true, .decision = CLASS_FORWARDED }, CLASS_FORWARDED,
			CLASS_BY_DECISION },
		{ { .dkim = PASS, .spf = PASS, .decided = true, .decision = CLASS_NOT_YOURS },
			CLASS_NOT_YOURS, CLASS_BY_DECISION },
		{ { FAILS, .own_network = true }, CLASS_YOURS, CLASS_BY_OWN_NETWORK },
		{ { FAILS, .listed = true }, CLASS_YOURS, CLASS_BY_LISTED_SERVICE },
		{ { FAILS, .reasons = REASON(MAILING_LIST) }, CLASS_FORWARDED, CLASS_BY_REASON },
		{ { FAILS, .reasons = REASON(TRUSTED_FORWARDER) }, CLASS_FORWARDED,
			CLASS_BY_REASON },
		{ { FAILS, .reasons = REASON(FORWARDED) | REASON(LOCAL_POLICY) }, CLASS_FORWARDED,
			CLASS_BY_REASON },
		{ { .dkim = FAIL, .spf = PASS }, CLASS_YOURS, CLASS_BY_SPF },
		{ { .dkim = PASS, .spf = FAIL, .signatures = 1, .here = true }, CLASS_YOURS,
			CLASS_BY_DKIM_HOME },
		{ { .dkim = PASS, .spf = FAIL, OWN, .elsewhere = true, .small = true },
			CLASS_FORWARDED, CLASS_BY_DKIM_ELSEWHERE },
		{ { .dkim = PASS, .spf = FAIL, .signatures = 1, .elsewhere = true },
			CLASS_FORWARDED, CLASS_BY_DKIM_ELSEWHERE },
		{ { .dkim = PASS, .spf = FAIL, .signatures = 1 }, CLASS_YOURS,
			CLASS_BY_DKIM_INFERRED },
		{ { FAILS, .signatures = 1, .here = true }, CLASS_YOURS, CLASS_BY_FAILING_HOME },
		{ { FAILS, .signatures = 1, .own = 5, .messages = 100 }, CLASS_YOURS,
			CLASS_BY_FAILING_SHARE },
		{ { FAILS, .signatures = 1, .elsewhere = true, .small = true }, CLASS_FORWARDED,
			CLASS_BY_CHANGED_IN_TRANSIT },
		{ { FAILS, .signatures = 1, .relay = true, .service = true }, CLASS_FORWARDED,
			CLASS_BY_RELAY },
		{ { FAILS, .signatures = 2, .valid = true }, CLASS_YOURS, CLASS_BY_FAILING_HOME },
		{ { FAILS, .signatures = 1 }, CLASS_TO_DECIDE, CLASS_BY_SIGNATURE },
		{ { FAILS, .relay = true, .service = true }, CLASS_FORWARDED, CLASS_BY_RELAY },
		{ { FAILS, .own = 5, .messages = 100 }, CLASS_YOURS, CLASS_BY_FAILING_SHARE },
		{ { FAILS, .own_spf = true }, CLASS_YOURS, CLASS_BY_FAILING_SPF },
		{ { FAILS, .signatures = 1, .own_spf = true, .elsewhere = true, .small = true },
			CLASS_YOURS, CLASS_BY_FAILING_SPF },
		{ { FAILS, .service = true }, CLASS_TO_DECIDE, CLASS_BY_SERVICE },
		{ { FAILS, .near = true }, CLASS_TO_DECIDE, CLASS_BY_NEAR_OWN },
		{ { FAILS, OWN, .steady = true }, CLASS_TO_DECIDE, CLASS_BY_STEADY },
		{ { FAILS }, CLASS_NOT_YOURS, CLASS_BY_STRANGER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_judged(&cases[i].row, cases[i].class, cases[i].rule);
}

/* All facts at once; one after the other is taken away, and the next rule must decide. */
static void the_first_rule_that_matches_decides(void **state)
{
	struct row r = { .dkim = PASS,
		.spf = PASS,
		OWN,
		.reasons = REASON(MAILING_LIST),
		.signatures = 2,
		.decided = true,
		.decision = CLASS_NOT_YOURS,
		.own_network = true,
		.listed = true,
		.service = true,
		.relay = true,
		.valid = true,
		.here = true,
		.elsewhere = true,
		.small = true,
		.own_spf = true,
		.near = true,
		.steady = true,
		.own = 90,
		.messages = 100 };

	(void)state;
	assert_judged(&r, CLASS_NOT_YOURS, CLASS_BY_DECISION);
	r.decided = false;
	assert_judged(&r, CLASS_YOURS, CLASS_BY_OWN_NETWORK);
	r.own_network = false;
	assert_judged(&r, CLASS_YOURS, CLASS_BY_LISTED_SERVICE);
	r.listed = false;
	assert_judged(&r, CLASS_FORWARDED, CLASS_BY_REASON);
	r.reasons = REASON(LOCAL_POLICY);
	assert_judged(&r, CLASS_YOURS, CLASS_BY_SPF);
	r.spf = FAIL;
	assert_judged(&r, CLASS_YOURS, CLASS_BY_DKIM_HOME); /* a home here before one elsewhere */
	r.here = false;
	assert_judged(&r, CLASS_FORWARDED, CLASS_BY_DKIM_ELSEWHERE);
	r.elsewhere = false;
	assert_judged(&r, CLASS_YOURS, CLASS_BY_DKIM_INFERRED);
	r.dkim = FAIL;
	r.here = r.elsewhere = true;
	assert_judged(&r, CLASS_YOURS, CLASS_BY_FAILING_HOME);
	r.here = false;
	assert_judged(&r, CLASS_YOURS, CLASS_BY_FAILING_SPF);
	r.own_spf = false;
	assert_judged(&r, CLASS_YOURS, CLASS_BY_FAILING_SHARE);
	r.own = 4;
	assert_judged(&r, CLASS_FORWARDED, CLASS_BY_RELAY);
	r.relay = false;
	assert_judged(&r, CLASS_FORWARDED, CLASS_BY_CHANGED_IN_TRANSIT);
	r.small = false;
	assert_judged(&r, CLASS_TO_DECIDE, CLASS_BY_SIGNATURE);
	r.elsewhere = false;
	assert_judged(&r, CLASS_YOURS, CLASS_BY_FAILING_HOME);
	r.valid = false;
	assert_judged(&r, CLASS_TO_DECIDE, CLASS_BY_SIGNATURE);
	r.signatures = 0;
	r.relay = true;
	assert_judged(&r, CLASS_FORWARDED, CLASS_BY_RELAY);
	r.relay = false;
	assert_judged(&r, CLASS_TO_DECIDE, CLASS_BY_SERVICE);
	r.service = false;
	assert_judged(&r, CLASS_TO_DECIDE, CLASS_BY_NEAR_OWN);
	r.near = false;
	assert_judged(&r, CLASS_TO_DECIDE, CLASS_BY_STEADY);
	r.steady = false;
	assert_judged(&r, CLASS_NOT_YOURS, CLASS_BY_STRANGER);
}

/* dkim and spf in all their meanings. */
static void mail_that_passes_is_yours_or_forwarded_and_no_other(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 4 * 4 * 16; bits++) {
		struct row r = { .dkim = (uint8_t)(bits % 4),
			.spf = (uint8_t)(bits / 4 % 4),
			.signatures = bits / 16 % 2,
			.here = bits / 32 % 2,
			.elsewhere = bits / 64 % 2,
			.service = bits / 128 % 2 };
		enum class_rule rule;
		unsigned class = judge(&r, &rule);
		struct trait t = { .dkim = r.dkim, .spf = r.spf };

		assert_int_equal(class_passes(&t), r.dkim == PASS || r.spf == PASS);
		if (class_passes(&t))
			assert_true(class == CLASS_YOURS || class == CLASS_FORWARDED);
		else
			assert_true(rule >= CLASS_BY_FAILING_HOME && rule <= CLASS_BY_STRANGER);
	}
}

/* The share is summed over rows that pass, so it cannot be known yet when they are judged. */
static void a_row_that_passes_is_judged_without_its_groups_sums(void **state)
{
	static const int64_t sums[][2] = { { 0, 0 }, { 0, 100 }, { 100, 100 },
		{ INT64_MAX, INT64_MAX } };

	(void)state;
	for (unsigned bits = 0; bits < 16; bits++) {
		for (size_t i = 0; i < COUNT(sums); i++) {
			struct row with = { .dkim = bits % 2 ? PASS : FAIL,
				.spf = bits % 2 ? FAIL : PASS,
				.signatures = 1,
				.here = bits / 2 % 2,
				.elsewhere = bits / 4 % 2 };
			struct row without = with;
			enum class_rule a, b;

			with.own = sums[i][0];
			with.messages = sums[i][1];
			with.near = with.steady = with.small = bits / 8 % 2;
			assert_int_equal(judge(&with, &a), judge(&without, &b));
			assert_int_equal(a, b);
		}
	}
}

static void a_share_is_five_of_a_hundred_exactly(void **state)
{
	static const struct {
		int64_t own, messages;
		bool enough;
	} cases[] = {
		{ 0, 0, false },
		{ 0, 1, false },
		{ 1, 20, true },
		{ 1, 21, false },
		{ 2, 40, true },
		{ 2, 41, false },
		{ 4, 100, false },
		{ 5, 100, true },
		{ 1, 1, true },
		{ INT64_MAX, INT64_MAX, true },
		{ INT64_MAX / 20, INT64_MAX, false },
		{ INT64_MAX / 20 + 1, INT64_MAX, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct row r = { FAILS, .own = cases[i].own, .messages = cases[i].messages };

		if (cases[i].enough)
			assert_judged(&r, CLASS_YOURS, CLASS_BY_FAILING_SHARE);
		else
			assert_judged(&r, CLASS_NOT_YOURS, CLASS_BY_STRANGER);
	}
}

static void a_verdict_that_is_unknown_is_judged_as_one_that_fails(void **state)
{
	static const uint8_t meanings[] = { ABSENT, UNKNOWN, FAIL };

	(void)state;
	for (size_t i = 0; i < COUNT(meanings); i++) {
		struct row r = { .dkim = meanings[i], .spf = ABSENT };

		assert_judged(&r, CLASS_NOT_YOURS, CLASS_BY_STRANGER);
		r.signatures = 1;
		assert_judged(&r, CLASS_TO_DECIDE, CLASS_BY_SIGNATURE);
	}
}

static void only_reasons_that_tell_of_a_way_make_mail_forwarded(void **state)
{
	static const uint16_t other[] = { 0, REASON(ABSENT), REASON(UNKNOWN), REASON(LOCAL_POLICY),
		REASON(OTHER), REASON(SAMPLED_OUT), REASON(POLICY_TEST_MODE) };

	(void)state;
	for (size_t i = 0; i < COUNT(other); i++) {
		struct row r = { FAILS, .reasons = other[i] };

		assert_judged(&r, CLASS_NOT_YOURS, CLASS_BY_STRANGER);
	}
}

static void a_steady_stranger_needs_the_own_envelope(void **state)
{
	static const uint8_t others[] = { TRAIT_ENVELOPE_NONE, TRAIT_ENVELOPE_OTHER };

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct row r = { FAILS, .envelope = others[i], .steady = true };

		assert_judged(&r, CLASS_NOT_YOURS, CLASS_BY_STRANGER);
	}
}

/* The key of a subdomain under strict alignment: DMARC fails, the key is the owner's all the same. */
static void a_valid_signature_out_of_alignment_is_yours_unless_its_home_is_elsewhere(void **state)
{
	struct row r = { FAILS, .signatures = 3, .valid = true };

	(void)state;
	assert_judged(&r, CLASS_YOURS, CLASS_BY_FAILING_HOME);
	r.elsewhere = true;
	assert_judged(&r, CLASS_TO_DECIDE, CLASS_BY_SIGNATURE);
	r.small = true;
	assert_judged(&r, CLASS_FORWARDED, CLASS_BY_CHANGED_IN_TRANSIT);
}

static void a_changed_message_needs_a_home_to_have_come_from(void **state)
{
	struct row r = { FAILS, .signatures = 1, .small = true };

	(void)state;
	assert_judged(&r, CLASS_TO_DECIDE, CLASS_BY_SIGNATURE);
}

static void every_class_and_rule_has_its_name_and_sentences(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		assert_true(class_names[i] != NULL && class_names[i][0] != '\0');
	for (unsigned i = 0; i < CLASS_RULE_COUNT; i++) {
		const char *const texts[] = { class_rule_texts[i], class_rule_texts_es[i] };

		assert_non_null(class_rule_names[i]);
		for (unsigned k = 0; k < i; k++) {
			assert_string_not_equal(class_rule_names[i], class_rule_names[k]);
			assert_string_not_equal(class_rule_texts[i], class_rule_texts[k]);
		}
		for (size_t k = 0; k < COUNT(texts); k++) {
			assert_non_null(texts[k]);
			assert_int_equal(texts[k][strlen(texts[k]) - 1], '.');
			assert_null(strstr(texts[k], "  ")); /* pieces joined badly */
			assert_null(strstr(texts[k], ". "));
		}
		assert_string_not_equal(texts[0], texts[1]);
	}
}

/* The sentence names the class the rule gives, in the words of the pages. */
static void a_sentence_says_the_class_its_rule_gives(void **state)
{
	static const char *const en[CLASS_COUNT] = { "Yours.", "Forwarded.", "To decide.",
		"Not yours." };
	static const char *const es[CLASS_COUNT] = { "Propio.", "Reenviado.", "Por decidir.",
		"Ajeno." };
	static const struct row rows[] = {
		{ FAILS, .own_network = true },
		{ FAILS, .listed = true },
		{ FAILS, .reasons = REASON(FORWARDED) },
		{ .dkim = FAIL, .spf = PASS },
		{ .dkim = PASS, .spf = FAIL, .here = true },
		{ .dkim = PASS, .spf = FAIL, .elsewhere = true },
		{ .dkim = PASS, .spf = FAIL },
		{ FAILS, .signatures = 1, .here = true },
		{ FAILS, .own = 1, .messages = 1 },
		{ FAILS, .signatures = 1, .elsewhere = true, .small = true },
		{ FAILS, .relay = true },
		{ FAILS, .signatures = 1 },
		{ FAILS, .service = true },
		{ FAILS, .near = true },
		{ FAILS, OWN, .steady = true },
		{ FAILS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum class_rule rule;
		unsigned class = judge(&rows[i], &rule);

		assert_true(slice_ends_fold(slice_of(class_rule_texts[rule]), slice_of(en[class])));
		assert_true(
			slice_ends_fold(slice_of(class_rule_texts_es[rule]), slice_of(es[class])));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_gives_its_class),
		cmocka_unit_test(the_first_rule_that_matches_decides),
		cmocka_unit_test(mail_that_passes_is_yours_or_forwarded_and_no_other),
		cmocka_unit_test(a_row_that_passes_is_judged_without_its_groups_sums),
		cmocka_unit_test(a_share_is_five_of_a_hundred_exactly),
		cmocka_unit_test(a_verdict_that_is_unknown_is_judged_as_one_that_fails),
		cmocka_unit_test(only_reasons_that_tell_of_a_way_make_mail_forwarded),
		cmocka_unit_test(a_steady_stranger_needs_the_own_envelope),
		cmocka_unit_test(
			a_valid_signature_out_of_alignment_is_yours_unless_its_home_is_elsewhere),
		cmocka_unit_test(a_changed_message_needs_a_home_to_have_come_from),
		cmocka_unit_test(every_class_and_rule_has_its_name_and_sentences),
		cmocka_unit_test(a_sentence_says_the_class_its_rule_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
