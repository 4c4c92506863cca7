/* Whose word counts about the mail that carried a report (RFC 8601). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ingest/trust.h"

static struct trust judge(const char *ours, const char *from, const char *first, const char *second)
{
	struct slice headers[2] = { slice_of(first), slice_of(second) };
	const struct mime_headers mail = { .from = slice_of(from),
		.auth_results = headers,
		.auth_results_len = first == NULL    ? 0
				    : second == NULL ? 1
						     : 2 };
	struct trust trust;

	trust_judge(&mail, ours, &trust);
	return trust;
}

struct trust_case {
	const char *from, *first, *second;
	enum report_trust expect;
};

static void check(const char *ours, const struct trust_case *cases, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const struct trust trust =
			judge(ours, cases[i].from, cases[i].first, cases[i].second);

		if (trust.trust != cases[i].expect)
			print_error("case %zu: %s\n", i, cases[i].first);
		assert_int_equal(trust.trust, cases[i].expect);
	}
}
#define CHECK(ours, cases) check(ours, cases, sizeof(cases) / sizeof *(cases))

static void a_dmarc_pass_of_our_own_mta_verifies(void **state)
{
	static const struct trust_case cases[] = {
		{ "a@b.example", "mx.our.example; dmarc=pass header.from=b.example", NULL,
			REPORT_TRUST_VERIFIED },
		{ "a@b.example",
			"MX.Our.Example 1; spf=fail smtp.mailfrom=x@y; dmarc = pass (p=none)", NULL,
			REPORT_TRUST_VERIFIED },
		{ "a@b.example", "\"mx.our.example\"/1; DMARC=Pass", NULL, REPORT_TRUST_VERIFIED },
		{ "a@b.example", "(we (nested \\) ; dmarc=fail)) mx.our.example; dmarc/1=pass",
			NULL, REPORT_TRUST_VERIFIED },
		{ "a@b.example", "mx.our.example; dkim=fail reason=\"bad; dmarc=fail\"; dmarc=pass",
			NULL, REPORT_TRUST_VERIFIED },
		{ "a@b.example", "mx.our.example; dmarc=fail (p=reject)", NULL,
			REPORT_TRUST_FAILED },
		{ "a@b.example", "mx.our.example; none", NULL, REPORT_TRUST_FAILED },
		{ "a@b.example", "mx.our.example", NULL, REPORT_TRUST_FAILED },
	};

	(void)state;
	CHECK("other.example mx.our.example", cases);
}

static void a_strangers_header_is_never_read(void **state)
{
	static const struct trust_case cases[] = {
		{ "a@b.example", "mx.evil.example; dmarc=pass", NULL, REPORT_TRUST_UNKNOWN },
		{ "a@b.example", "mx.our.example.evil; dmarc=pass", NULL, REPORT_TRUST_UNKNOWN },
		{ "a@b.example", NULL, NULL, REPORT_TRUST_UNKNOWN },
		{ "a@b.example", "", NULL, REPORT_TRUST_UNKNOWN },
		/* Ours stands on top: what lies below may have come with the mail. */
		{ "a@b.example", "mx.our.example; dmarc=fail", "mx.our.example; dmarc=pass",
			REPORT_TRUST_FAILED },
		{ "a@b.example", "mx.our.example; dmarc=fail", "mx.evil.example; dmarc=pass",
			REPORT_TRUST_FAILED },
		/* A relay of ours without a name in the settings stands in front. */
		{ "a@b.example", "imap.our.example; none", "mx.our.example; dmarc=pass",
			REPORT_TRUST_VERIFIED },
		/* One milter each. */
		{ "a@b.example", "mx.our.example; dmarc=pass", "mx.our.example; dkim=fail",
			REPORT_TRUST_VERIFIED },
	};

	(void)state;
	CHECK("mx.our.example", cases);
}

/* The MTA judged no DMARC; what lies below a stranger's header came with the mail. */
static void a_forged_header_below_a_strangers_is_never_read(void **state)
{
	const struct slice headers[] = { SLICE_LIT("mx.our.example; spf=pass"),
		SLICE_LIT("mx.evil.example; spf=pass"), SLICE_LIT("mx.our.example; dmarc=pass") };
	const struct mime_headers mail = {
		.from = SLICE_LIT("a@b.example"), .auth_results = headers, .auth_results_len = 3
	};
	struct trust trust;

	(void)state;
	trust_judge(&mail, "mx.our.example", &trust);
	assert_int_equal(trust.trust, REPORT_TRUST_FAILED);
	assert_int_equal(trust.dmarc.meaning, REPORT_AUTH_ABSENT);
}

static void without_names_nothing_is_believed(void **state)
{
	static const struct trust_case cases[] = {
		{ "a@b.example", "mx.our.example; dmarc=pass", NULL, REPORT_TRUST_UNKNOWN },
		{ "a@b.example", "; dmarc=pass", NULL, REPORT_TRUST_UNKNOWN },
		{ "a@b.example", "\"\"; dmarc=pass", NULL, REPORT_TRUST_UNKNOWN },
	};

	(void)state;
	CHECK("", cases);
	CHECK("   ", cases);
}

static void a_signature_vouches_only_for_its_own_organisation(void **state)
{
	static const struct trust_case cases[] = {
		{ "a@mail.b.example", "mx; dkim=pass header.d=b.example", NULL,
			REPORT_TRUST_VERIFIED },
		{ "a@b.example", "mx; dkim=pass header.i=@news.b.example", NULL,
			REPORT_TRUST_VERIFIED },
		{ "a@b.example", "mx; dkim=fail header.d=b.example", NULL, REPORT_TRUST_FAILED },
		{ "a@b.example", "mx; dkim=pass header.d=c.example", NULL, REPORT_TRUST_FAILED },
		{ "a@b.example",
			"mx; dkim=pass (ok) header.d=c.example; dkim=pass header.d=b.example", NULL,
			REPORT_TRUST_VERIFIED },
		{ "a@b.example", "mx; dkim=pass", NULL, REPORT_TRUST_FAILED },
		{ "a@b.example", "mx; spf=pass smtp.mailfrom=b.example", NULL,
			REPORT_TRUST_FAILED },
		{ "a@b.example", "mx; dmarc=none; dkim=pass header.d=b.example", NULL,
			REPORT_TRUST_VERIFIED },
		/* A verdict there is outweighs a signature. */
		{ "a@b.example", "mx; dmarc=fail; dkim=pass header.d=b.example", NULL,
			REPORT_TRUST_FAILED },
		/* Judged for another From than the one that is shown. */
		{ "a@b.example", "mx; dmarc=pass header.from=c.example", NULL,
			REPORT_TRUST_FAILED },
		{ NULL, "mx; dkim=pass header.d=b.example", NULL, REPORT_TRUST_FAILED },
	};

	(void)state;
	CHECK("mx", cases);
}

static void results_are_kept_as_words(void **state)
{
	const struct trust trust = judge("mx", "a@b.example",
		"mx; dkim=fail header.d=x; dkim=Pass header.d=b.example; spf=softfail; dmarc=bestguesspass",
		NULL);

	(void)state;
	assert_true(slice_equal(trust.server, SLICE_LIT("mx")));
	assert_int_equal(trust.dkim.meaning, REPORT_AUTH_PASS);
	assert_int_equal(trust.spf.meaning, REPORT_AUTH_SOFTFAIL);
	assert_int_equal(trust.dmarc.meaning, REPORT_AUTH_UNKNOWN);
	assert_true(slice_equal(trust.dmarc.token, SLICE_LIT("bestguesspass")));
}

/* Whatever a header holds, the walk over it ends and stays inside. */
static void any_bytes_end(void **state)
{
	static const char alphabet[] = "mx;=./ \t\"\\()dkimpassheader.d";
	char text[24];
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct slice header = slice_from(text, sizeof text);
		const struct mime_headers mail = { .from = SLICE_LIT("a@b.example"),
			.auth_results = &header,
			.auth_results_len = 1 };
		struct trust trust;

		for (size_t n = 0; n < sizeof text; n++) {
			seed = seed * 1664525U + 1013904223U;
			text[n] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
		}
		memcpy(text, "mx;", 3);
		trust_judge(&mail, "mx", &trust);
		assert_true(trust.trust < REPORT_TRUST_COUNT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dmarc_pass_of_our_own_mta_verifies),
		cmocka_unit_test(a_strangers_header_is_never_read),
		cmocka_unit_test(a_forged_header_below_a_strangers_is_never_read),
		cmocka_unit_test(without_names_nothing_is_believed),
		cmocka_unit_test(a_signature_vouches_only_for_its_own_organisation),
		cmocka_unit_test(results_are_kept_as_words),
		cmocka_unit_test(any_bytes_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
