/* Why mail fails: every pattern, which comes first where two fit, and the texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "store/judge/cause.h"

#define COUNT(a)  (sizeof(a) / sizeof *(a))
#define REASON(x) (1U << REPORT_REASON_##x)
#define PASS      REPORT_RESULT_PASS
#define FAIL      REPORT_RESULT_FAIL

/* A bundle as the shop sends it: nothing passes, nothing is known. */
struct row {
	const char *says;
	enum cause_code code;
	enum cause_confidence confidence;
	unsigned notes;
	enum class class;
	uint8_t dkim, spf, envelope;
	enum report_auth_result spf_result;
	bool spf_own;
	uint16_t reasons;
	/* own signatures: "+" passes, "-" does not */
	const char *signatures;
	const char *other, *bounce, *from;
	struct cause_signature signature;
	bool home_elsewhere, nxdomain, list, unlisted, strict_dkim, strict_spf, temperror, ipv6,
		parked, stale;
};

#define YOURS     .class = CLASS_YOURS
#define DECIDE    .class = CLASS_TO_DECIDE
#define STRANGER  .class = CLASS_NOT_YOURS
#define FORWARDED .class = CLASS_FORWARDED
#define OWN_FAIL                                                                                   \
	.spf = FAIL, .dkim = FAIL, .spf_result = REPORT_AUTH_FAIL, .spf_own = true,                \
	.envelope = TRAIT_ENVELOPE_OWN
#define OWN_PASS                                                                                   \
	.spf = PASS, .spf_result = REPORT_AUTH_PASS, .spf_own = true, .envelope = TRAIT_ENVELOPE_OWN
#define ODD (1U << CAUSE_NOTE_ODD_REPORT)

static const struct row rows[] = {
	{ "both pass", CAUSE_OK_BOTH, CAUSE_CERTAIN, 0, YOURS, OWN_PASS, .dkim = PASS,
		.signatures = "+" },
	{ "the receiver names a list", CAUSE_LIST, CAUSE_CERTAIN, 0, FORWARDED, OWN_FAIL,
		.reasons = REASON(MAILING_LIST), .signatures = "-" },
	{ "a list's host signs", CAUSE_LIST, CAUSE_LIKELY, 0, FORWARDED, .dkim = FAIL, .spf = FAIL,
		.signatures = "-", .list = true, .other = "lists.example" },
	{ "a list that keeps the signature is one too", CAUSE_LIST, CAUSE_LIKELY, 0, YOURS,
		.dkim = PASS, .spf = FAIL, .signatures = "+", .list = true },
	{ "forwarded, the bounce address kept", CAUSE_FWD_PLAIN, CAUSE_LIKELY, 0, FORWARDED,
		.dkim = PASS, .spf = FAIL, .spf_result = REPORT_AUTH_FAIL, .spf_own = true,
		.signatures = "+" },
	{ "at home elsewhere is forwarded", CAUSE_FWD_PLAIN, CAUSE_LIKELY, 0, YOURS, .dkim = PASS,
		.spf = FAIL, .spf_result = REPORT_AUTH_SOFTFAIL, .spf_own = true, .signatures = "+",
		.home_elsewhere = true },
	{ "forwarded, the bounce address rewritten", CAUSE_FWD_SRS, CAUSE_LIKELY, 0, FORWARDED,
		.dkim = PASS, .spf = FAIL, .spf_result = REPORT_AUTH_PASS,
		.envelope = TRAIT_ENVELOPE_OTHER, .bounce = "relay.example", .signatures = "+" },
	{ "changed on its way", CAUSE_FWD_CHANGED, CAUSE_LIKELY, 0, FORWARDED, .dkim = FAIL,
		.spf = FAIL, .signatures = "-", .other = "relay.example",
		.envelope = TRAIT_ENVELOPE_OTHER },
	{ "and the receiver says so", CAUSE_FWD_CHANGED, CAUSE_CERTAIN, 1U << CAUSE_NOTE_OVERRIDE,
		FORWARDED, .dkim = FAIL, .spf = FAIL, .reasons = REASON(TRUSTED_FORWARDER) },
	{ "changed, and the class not sure", CAUSE_FWD_CHANGED, CAUSE_LIKELY, 0, DECIDE,
		.dkim = FAIL, .spf = FAIL, .signatures = "-", .other = "relay.example",
		.envelope = TRAIT_ENVELOPE_OTHER,
		.signature = { .passes_elsewhere = true, .reporters_failing = 2 } },
	{ "a service with its own bounce address", CAUSE_OK_DKIM_ESP, CAUSE_CERTAIN, 0, YOURS,
		.dkim = PASS, .spf = FAIL, .spf_result = REPORT_AUTH_PASS,
		.envelope = TRAIT_ENVELOPE_OTHER, .bounce = "bounce.example", .signatures = "+" },
	{ "DKIM alone", CAUSE_OK_DKIM, CAUSE_CERTAIN, 0, YOURS, .dkim = PASS, .spf = FAIL,
		.spf_result = REPORT_AUTH_FAIL, .spf_own = true, .signatures = "+" },
	{ "the provider's default signature", CAUSE_TENANT_DOMAIN, CAUSE_CERTAIN, 0, YOURS,
		OWN_PASS, .dkim = FAIL, .other = "firm.onmicrosoft.com" },
	{ "and of the other one", CAUSE_TENANT_DOMAIN, CAUSE_CERTAIN, 0, DECIDE, .dkim = FAIL,
		.spf = FAIL, .other = "firm-example.20230601.gappssmtp.com" },
	{ "a shared include", CAUSE_SHARED_SPF, CAUSE_POSSIBLE, 0, YOURS, OWN_PASS, .dkim = FAIL,
		.unlisted = true },
	{ "a weak key", CAUSE_DKIM_WEAK, CAUSE_CERTAIN, 0, YOURS, OWN_PASS, .dkim = FAIL,
		.signatures = "-", .signature = { .key = CAUSE_KEY_WEAK } },
	{ "what receivers call policy", CAUSE_DKIM_WEAK, CAUSE_LIKELY, 0, YOURS, OWN_FAIL,
		.signatures = "-", .signature = { .result = REPORT_AUTH_POLICY } },
	{ "no key", CAUSE_DKIM_NOKEY, CAUSE_CERTAIN, 0, YOURS, OWN_PASS, .dkim = FAIL,
		.signatures = "-", .signature = { .key = CAUSE_KEY_NONE } },
	{ "no key, SPF failing too", CAUSE_DKIM_NOKEY, CAUSE_CERTAIN, 0, DECIDE, OWN_FAIL,
		.signatures = "-", .signature = { .key = CAUSE_KEY_NONE } },
	{ "permerror, and nobody asked", CAUSE_DKIM_NOKEY, CAUSE_POSSIBLE, 0, YOURS, OWN_FAIL,
		.signatures = "-", .signature = { .result = REPORT_AUTH_PERMERROR } },
	{ "a key nobody can read", CAUSE_DKIM_BADKEY, CAUSE_CERTAIN, 0, YOURS, OWN_FAIL,
		.signatures = "-", .signature = { .key = CAUSE_KEY_BROKEN } },
	{ "another key than the signer's", CAUSE_DKIM_BADKEY, CAUSE_LIKELY, 0, YOURS, OWN_FAIL,
		.signatures = "-", .signature = { .key = CAUSE_KEY_GOOD, .reporters_failing = 3 } },
	{ "the same, and nobody asked", CAUSE_DKIM_BADKEY, CAUSE_POSSIBLE, 0, YOURS, OWN_FAIL,
		.signatures = "-", .signature = { .reporters_failing = 3 } },
	{ "one receiver only", CAUSE_DKIM_ONE_REPORTER, CAUSE_LIKELY, 0, YOURS, OWN_PASS,
		.dkim = FAIL, .signatures = "-",
		.signature = { .key = CAUSE_KEY_GOOD,
			.reporters_failing = 1,
			.reporters_passing = 2 } },
	{ "changed after signing", CAUSE_DKIM_BODY, CAUSE_LIKELY, 0, YOURS, OWN_PASS, .dkim = FAIL,
		.signatures = "-",
		.signature = { .key = CAUSE_KEY_GOOD,
			.reporters_failing = 3,
			.reporters_passing = 1 } },
	{ "one receiver is all there is", CAUSE_DKIM_BODY, CAUSE_POSSIBLE, 0, YOURS, OWN_PASS,
		.dkim = FAIL, .signatures = "-",
		.signature = { .key = CAUSE_KEY_GOOD, .reporters_failing = 1 } },
	{ "SPF alone", CAUSE_SPF_ONLY, CAUSE_CERTAIN, 0, YOURS, OWN_PASS, .dkim = FAIL },
	{ "strict DKIM", CAUSE_STRICT, CAUSE_CERTAIN, 0, YOURS, .dkim = FAIL, .spf = FAIL,
		.signatures = "+", .strict_dkim = true },
	{ "strict SPF", CAUSE_STRICT, CAUSE_CERTAIN, 0, YOURS, .dkim = FAIL, .spf = FAIL,
		.spf_result = REPORT_AUTH_PASS, .spf_own = true, .strict_spf = true },
	{ "a service not set up", CAUSE_ESP_UNALIGNED, CAUSE_CERTAIN, 0, DECIDE, .dkim = FAIL,
		.spf = FAIL, .spf_result = REPORT_AUTH_PASS, .envelope = TRAIT_ENVELOPE_OTHER,
		.other = "service.example", .bounce = "bounce.example" },
	{ "a bounce address of someone else", CAUSE_SPF_OTHER, CAUSE_LIKELY, 0, YOURS, .dkim = FAIL,
		.spf = FAIL, .spf_result = REPORT_AUTH_PASS, .envelope = TRAIT_ENVELOPE_OTHER,
		.bounce = "host.example" },
	{ "a broken SPF record", CAUSE_SPF_PERMERROR, CAUSE_CERTAIN, 0, YOURS, .dkim = FAIL,
		.spf = FAIL, .spf_result = REPORT_AUTH_PERMERROR, .spf_own = true,
		.envelope = TRAIT_ENVELOPE_OWN },
	{ "slow name servers", CAUSE_SPF_TEMPERROR, CAUSE_LIKELY, 0, YOURS, .dkim = FAIL,
		.spf = FAIL, .spf_result = REPORT_AUTH_TEMPERROR, .spf_own = true,
		.envelope = TRAIT_ENVELOPE_OWN, .temperror = true },
	{ "one bad day is none", CAUSE_UNCLEAR, CAUSE_POSSIBLE, 0, YOURS, .dkim = FAIL, .spf = FAIL,
		.spf_result = REPORT_AUTH_TEMPERROR, .spf_own = true,
		.envelope = TRAIT_ENVELOPE_OWN },
	{ "bounces", CAUSE_NULL_SENDER, CAUSE_LIKELY, 0, YOURS, .dkim = FAIL, .spf = FAIL,
		.spf_result = REPORT_AUTH_NONE },
	{ "a subdomain nobody has", CAUSE_GHOST_SUB, CAUSE_CERTAIN, 0, STRANGER, .dkim = FAIL,
		.spf = FAIL, .from = "x9.firm.example", .nxdomain = true },
	{ "a subdomain never set up", CAUSE_SUB_NONE, CAUSE_LIKELY, 0, YOURS, .dkim = FAIL,
		.spf = FAIL, .spf_result = REPORT_AUTH_NONE, .from = "shop.firm.example",
		.envelope = TRAIT_ENVELOPE_OWN },
	{ "no SPF at the bounce name", CAUSE_SPF_NONE, CAUSE_CERTAIN, 0, YOURS, .dkim = FAIL,
		.spf = FAIL, .spf_result = REPORT_AUTH_NONE, .envelope = TRAIT_ENVELOPE_OWN,
		.bounce = "web1.firm.example" },
	{ "IPv6 forgotten", CAUSE_IPV6, CAUSE_LIKELY, 0, YOURS, OWN_FAIL, .ipv6 = true },
	{ "a server not listed", CAUSE_SPF_MISSING_IP, CAUSE_LIKELY, 0, YOURS, OWN_FAIL },
	{ "?all", CAUSE_SPF_NEUTRAL, CAUSE_CERTAIN, 0, YOURS, .dkim = FAIL, .spf = FAIL,
		.spf_result = REPORT_AUTH_NEUTRAL, .spf_own = true,
		.envelope = TRAIT_ENVELOPE_OWN },
	{ "nobody's mail", CAUSE_PARKED, CAUSE_LIKELY, 0, STRANGER, OWN_FAIL, .parked = true },
	{ "a host that may be forgotten", CAUSE_SPOOF_ENV, CAUSE_POSSIBLE, 0, DECIDE, OWN_FAIL },
	{ "forged with the bounce address", CAUSE_SPOOF_ENV, CAUSE_POSSIBLE, 0, STRANGER,
		OWN_FAIL },
	{ "forged", CAUSE_SPOOF, CAUSE_LIKELY, 0, STRANGER, .dkim = FAIL, .spf = FAIL,
		.spf_result = REPORT_AUTH_PASS, .envelope = TRAIT_ENVELOPE_OTHER,
		.bounce = "bad.example" },
	{ "a stranger's signature makes no service", CAUSE_SPOOF, CAUSE_LIKELY, 0, STRANGER,
		.dkim = FAIL, .spf = FAIL, .spf_result = REPORT_AUTH_PASS,
		.envelope = TRAIT_ENVELOPE_OTHER, .other = "bad.example" },
	{ "undecided, with nothing own", CAUSE_SPOOF, CAUSE_POSSIBLE, 0, DECIDE, .dkim = FAIL,
		.spf = FAIL, .spf_result = REPORT_AUTH_NONE, .envelope = TRAIT_ENVELOPE_OTHER },
	{ "a forger's signature with our name asks for no key", CAUSE_SPOOF, CAUSE_LIKELY, 0,
		STRANGER, .dkim = FAIL, .spf = FAIL, .spf_result = REPORT_AUTH_NONE,
		.envelope = TRAIT_ENVELOPE_OTHER, .signatures = "-",
		.signature = { .key = CAUSE_KEY_NONE,
			.result = REPORT_AUTH_PERMERROR,
			.reporters_failing = 3 } },
	/* notes */
	{ "sampled out", CAUSE_SPF_ONLY, CAUSE_CERTAIN, 1U << CAUSE_NOTE_TEST_MODE, YOURS, OWN_PASS,
		.dkim = FAIL, .reasons = REASON(SAMPLED_OUT) },
	{ "the policy is in test mode", CAUSE_SPOOF, CAUSE_LIKELY, 1U << CAUSE_NOTE_TEST_MODE,
		STRANGER, .dkim = FAIL, .spf = FAIL, .reasons = REASON(POLICY_TEST_MODE) },
	{ "local policy", CAUSE_SPF_MISSING_IP, CAUSE_LIKELY, 1U << CAUSE_NOTE_OVERRIDE, YOURS,
		OWN_FAIL, .reasons = REASON(LOCAL_POLICY) },
	{ "a testing key", CAUSE_DKIM_BODY, CAUSE_POSSIBLE, 1U << CAUSE_NOTE_DKIM_TESTING, YOURS,
		OWN_FAIL, .signatures = "-",
		.signature = { .key = CAUSE_KEY_TESTING, .reporters_failing = 1 } },
	{ "a verdict without a result", CAUSE_OK_DKIM, CAUSE_CERTAIN, ODD, YOURS, .dkim = PASS,
		.spf = FAIL },
	{ "a result without the verdict", CAUSE_UNCLEAR, CAUSE_POSSIBLE, ODD, YOURS, .dkim = FAIL,
		.spf = FAIL, .signatures = "+" },
	{ "an old policy", CAUSE_OK_BOTH, CAUSE_CERTAIN, 1U << CAUSE_NOTE_STALE_POLICY, YOURS,
		OWN_PASS, .dkim = PASS, .signatures = "+", .stale = true },
};

static void judge(const struct row *r, struct cause *ret)
{
	struct trait t = { .dkim = r->dkim,
		.spf = r->spf,
		.reasons = r->reasons,
		.spf_result = (uint8_t)r->spf_result,
		.spf_own = r->spf_own,
		.envelope = r->envelope,
		.spf_domain = slice_of(r->bounce),
		.other_dkim = slice_of(r->other) };
	const struct cause_facts f = { .trait = &t,
		.class = r->class,
		.domain = SLICE_LIT("firm.example"),
		.from = slice_of(r->from != NULL ? r->from : "firm.example"),
		.signatures = &r->signature,
		.home_elsewhere = r->home_elsewhere,
		.from_unknown_to_dns = r->nxdomain,
		.other_is_list = r->list,
		.unlisted_include = r->unlisted,
		.strict_dkim = r->strict_dkim,
		.strict_spf = r->strict_spf,
		.temperror_days = r->temperror,
		.only_ipv6 = r->ipv6,
		.parked = r->parked,
		.stale_policy = r->stale };

	if (r->signatures != NULL) {
		t.signatures_len = 1;
		t.signatures[0].domain = SLICE_LIT("firm.example");
		t.signatures[0].selector = SLICE_LIT("s1");
		t.signatures[0].pass = r->signatures[0] == '+';
	}
	cause_of(&f, ret);
}

static void each_pattern_has_its_cause(void **state)
{
	bool seen[CAUSE_CODE_COUNT] = { false }, noted[CAUSE_NOTE_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cause c;

		judge(&rows[i], &c);
		if (c.code != rows[i].code || c.confidence != rows[i].confidence ||
			c.notes != rows[i].notes)
			fail_msg("%s: %s, %s, notes %x", rows[i].says, cause_names[c.code],
				cause_confidence_names[c.confidence], c.notes);
		seen[c.code] = true;
		for (unsigned n = 0; n < CAUSE_NOTE_COUNT; n++)
			noted[n] |= (c.notes >> n & 1) != 0;
	}
	for (size_t i = 0; i < CAUSE_CODE_COUNT; i++) {
		if (!seen[i])
			fail_msg("no row has %s", cause_names[i]);
	}
	for (size_t i = 0; i < CAUSE_NOTE_COUNT; i++)
		assert_true(noted[i]);
}

static struct cause_values values_all(void)
{
	return (struct cause_values){ .messages = 42,
		.source = SLICE_LIT("Newsletter Ltd"),
		.domain = SLICE_LIT("firm.example"),
		.from = SLICE_LIT("news.firm.example"),
		.bounce = SLICE_LIT("bounce.example"),
		.signer = SLICE_LIT("sig.example"),
		.selector = SLICE_LIT("s1"),
		.reporter = SLICE_LIT("mail.example") };
}

static const char *text(int code, int part, int language, struct buf *to)
{
	const struct cause_values values = values_all();

	buf_clear(to);
	cause_text((enum cause_code)code, (enum cause_part)part, (enum cause_language)language,
		&values, to);
	return buf_text(to);
}

static void every_text_is_there_in_both_languages(void **state)
{
	struct buf en, es;

	(void)state;
	buf_init(&en, 4096);
	buf_init(&es, 4096);
	for (int code = 0; code < CAUSE_CODE_COUNT; code++) {
		for (int part = 0; part < CAUSE_PART_COUNT; part++) {
			const char *a = text(code, part, CAUSE_EN, &en);
			const char *b = text(code, part, CAUSE_ES, &es);

			if (a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0 ||
				strpbrk(a, "{}") != NULL || strpbrk(b, "{}") != NULL)
				fail_msg("%s part %d: %s | %s", cause_names[code], part, a, b);
			/* The same values in both: a number, a name. */
			assert_int_equal(strstr(a, "42") != NULL, strstr(b, "42") != NULL);
			assert_int_equal(strstr(a, "bounce.example") != NULL,
				strstr(b, "bounce.example") != NULL);
			assert_int_equal(strstr(a, "s1._domainkey.sig.example") != NULL,
				strstr(b, "s1._domainkey.sig.example") != NULL);
		}
		assert_non_null(strstr(text(code, CAUSE_SAW, CAUSE_EN, &en), "42"));
	}
	for (int note = 0; note < CAUSE_NOTE_COUNT; note++)
		assert_string_not_equal(cause_note_text((enum cause_note)note, CAUSE_EN),
			cause_note_text((enum cause_note)note, CAUSE_ES));
	buf_release(&en);
	buf_release(&es);
}

/* Two mistakes that other tools teach. */
static void no_forwarder_goes_into_spf_and_no_include_cures_alignment(void **state)
{
	static const enum cause_code forwarders[] = { CAUSE_FWD_PLAIN, CAUSE_FWD_SRS };
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	for (size_t i = 0; i < COUNT(forwarders); i++) {
		assert_non_null(strstr(
			text((int)forwarders[i], CAUSE_TO_CHANGE, CAUSE_EN, &b), "Never put"));
		assert_non_null(strstr(
			text((int)forwarders[i], CAUSE_TO_CHANGE, CAUSE_ES, &b), "Nunca ponga"));
		assert_false(cause_is_actionable(forwarders[i]));
	}
	assert_non_null(strstr(text(CAUSE_ESP_UNALIGNED, CAUSE_TO_CHANGE, CAUSE_EN, &b),
		"does not align anything"));
	assert_true(cause_is_actionable(CAUSE_ESP_UNALIGNED));
	assert_false(cause_is_actionable(CAUSE_OK_BOTH));
	assert_false(cause_is_actionable(CAUSE_SPOOF));
	buf_release(&b);
}

/* What is not known stays a plain word, and a hostile name stays text. */
static void values_are_written_as_they_are(void **state)
{
	const struct cause_values bare = { .messages = 1, .domain = SLICE_LIT("a{n}b") };
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	cause_text(CAUSE_SPF_OTHER, CAUSE_BECAUSE, CAUSE_EN, &bare, &b);
	assert_string_equal(
		buf_text(&b), "SPF passes for another name, which says nothing about a{n}b.");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pattern_has_its_cause),
		cmocka_unit_test(every_text_is_there_in_both_languages),
		cmocka_unit_test(no_forwarder_goes_into_spf_and_no_include_cures_alignment),
		cmocka_unit_test(values_are_written_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
