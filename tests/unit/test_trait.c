/* What judgement keeps of a record. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>

#include <cmocka.h>

#include "store/judge/trait.h"

struct auth {
	bool spf;
	const char *domain, *selector;
	int result, scope;
};
#define DKIM(d, s, r)                                                                              \
	{                                                                                          \
		false, d, s, REPORT_AUTH_##r, 0                                                    \
	}
#define SPF(d, r, sc)                                                                              \
	{                                                                                          \
		true, d, NULL, REPORT_AUTH_##r, REPORT_SCOPE_##sc                                  \
	}

struct example {
	const char *name, *header_from, *envelope_from;
	struct auth auth[12];
	const char *expect; /* as tell() writes it */
};

static struct slice text_of(const char *s)
{
	return s != NULL ? slice_of(s) : SLICE_ABSENT;
}

static void fill(const struct example *e, struct report_record *r)
{
	*r = (struct report_record){ .header_from = text_of(e->header_from),
		.envelope_from = text_of(e->envelope_from) };
	for (const struct auth *a = e->auth; a->result != 0; a++) {
		r->auth[r->auth_len++] = (struct report_auth){
			.kind = a->spf ? REPORT_SPF : REPORT_DKIM,
			.domain = text_of(a->domain),
			.selector = text_of(a->selector),
			.result = { .meaning = (uint8_t)a->result },
			.scope = { .meaning = (uint8_t)a->scope },
		};
	}
}

/* "spf=3 own example.com env=own other=x.net sig example.com/s1+ ..." */
static void tell(const struct trait *t, char *dst, size_t cap)
{
	static const char *const envelopes[] = { "none", "own", "other" };
	size_t used = (size_t)snprintf(dst, cap, "spf=%d%s %.*s env=%s other=%.*s", t->spf_result,
		t->spf_own ? " own" : "", SLICE_FMT(t->spf_domain), envelopes[t->envelope],
		SLICE_FMT(t->other_dkim));

	for (unsigned i = 0; i < t->signatures_len; i++)
		used += (size_t)snprintf(dst + used, cap - used, " %.*s/%.*s%s",
			SLICE_FMT(t->signatures[i].domain), SLICE_FMT(t->signatures[i].selector),
			t->signatures[i].pass ? "+" : "-");
}

static const struct example examples[] = {
	{ "nothing is known", "example.com", NULL, { { 0 } }, "spf=0  env=none other=" },
	{ "own SPF and own signature", "Example.com.", "example.com",
		{ DKIM("example.com", "S1", PASS), SPF("example.com", PASS, MFROM) },
		"spf=3 own example.com env=own other= example.com/s1+" },
	{ "a subdomain is of one organisation", "example.com", "bounce.example.com",
		{ DKIM("mail.example.com", "a", FAIL), SPF("bounce.example.com", FAIL, MFROM) },
		"spf=4 own bounce.example.com env=own other= mail.example.com/a-" },
	{ "two customers of a public suffix are strangers", "one.co.uk", "two.co.uk",
		{ DKIM("two.co.uk", "a", PASS), SPF("two.co.uk", PASS, MFROM) },
		"spf=3 two.co.uk env=other other=two.co.uk" },
	{ "a pass tells more than a failure, MAIL FROM more than HELO", "example.com", NULL,
		{ SPF("one.net", FAIL, MFROM), SPF("two.net", PASS, HELO),
			SPF("three.net", PASS, MFROM) },
		"spf=3 three.net env=other other=" },
	{ "a pass of HELO before a failure of MAIL FROM", "example.com", NULL,
		{ SPF("one.net", FAIL, MFROM), SPF("mx.example.com", PASS, HELO) },
		"spf=3 own mx.example.com env=none other=" },
	{ "the first of equals", "example.com", NULL,
		{ SPF("one.net", FAIL, ABSENT), SPF("two.net", SOFTFAIL, MFROM) },
		"spf=4 one.net env=other other=" },
	{ "the envelope that was sent before SPF's domain", "example.com", "else.net",
		{ SPF("example.com", PASS, MFROM) }, "spf=3 own example.com env=other other=" },
	{ "an empty envelope falls back to SPF's domain", "example.com", "",
		{ SPF("example.com", NONE, MFROM) }, "spf=2 own example.com env=own other=" },
	{ "the first passing stranger's signature", "example.com", NULL,
		{ DKIM("bad.net", "x", FAIL), DKIM("Good.NET", "x", PASS),
			DKIM("late.net", "x", PASS) },
		"spf=0  env=none other=good.net" },
	{ "signatures are sorted, none twice, and a pass wins", "example.com", NULL,
		{ DKIM("example.com", "b", FAIL), DKIM("example.com", "a", FAIL),
			DKIM("example.com", "B", PASS), DKIM("a.example.com", NULL, PASS) },
		"spf=0  env=none other= a.example.com/+ example.com/a- example.com/b+" },
	{ "the first eight in order are kept", "example.com", NULL,
		{ DKIM("example.com", "9", PASS), DKIM("example.com", "8", PASS),
			DKIM("example.com", "7", PASS), DKIM("example.com", "6", PASS),
			DKIM("example.com", "5", PASS), DKIM("example.com", "4", PASS),
			DKIM("example.com", "3", PASS), DKIM("example.com", "2", PASS),
			DKIM("example.com", "1", PASS) },
		"spf=0  env=none other= example.com/1+ example.com/2+ example.com/3+ example.com/4+"
		" example.com/5+ example.com/6+ example.com/7+ example.com/8+" },
	{ "without a From nothing is its own", NULL, "example.com",
		{ DKIM("example.com", "a", PASS), SPF("example.com", PASS, MFROM) },
		"spf=3 example.com env=other other=example.com" },
	{ "a From that is no name", "not a name", "example.com", { DKIM("example.com", "a", PASS) },
		"spf=0  env=other other=example.com" },
	{ "a customer of a public suffix and its own subdomains", "News.One.co.uk", NULL,
		{ DKIM("one.co.uk", "a", PASS), DKIM("x.y.one.co.uk", "b", PASS),
			SPF("bounce.one.co.uk", PASS, MFROM) },
		"spf=3 own bounce.one.co.uk env=own other= one.co.uk/a+ x.y.one.co.uk/b+" },
	{ "the suffix itself is of no customer", "one.co.uk", "co.uk", { DKIM("co.uk", "a", PASS) },
		"spf=0  env=other other=co.uk" },
	{ "a name that only ends like another", "example.com", "badexample.com",
		{ DKIM("notexample.com", "a", PASS) }, "spf=0  env=other other=notexample.com" },
	{ "IDN and its A-label are one",
		"b\xc3\xbc"
		"cher.example",
		"XN--BCHER-KVA.example.", { DKIM("a.xn--bcher-kva.example", "S", PASS) },
		"spf=0  env=own other= a.xn--bcher-kva.example/s+" },
	{ "an unknown scope is not MAIL FROM", "example.com", NULL,
		{ SPF("one.net", FAIL, UNKNOWN), SPF("two.net", FAIL, ABSENT),
			SPF("three.net", NEUTRAL, HELO) },
		"spf=4 two.net env=other other=" },
	{ "a pass of an unknown scope is a pass, and an envelope", "example.com", NULL,
		{ SPF("one.net", FAIL, MFROM), SPF("example.com", PASS, UNKNOWN),
			SPF("two.net", PASS, HELO) },
		"spf=3 own example.com env=own other=" },
	{ "a result that says nothing is a result", "example.com", NULL,
		{ SPF("example.com", UNKNOWN, HELO) }, "spf=1 own example.com env=none other=" },
	{ "HELO is no envelope, though one was sent", "example.com", "bounce.example.com",
		{ SPF("mx.net", PASS, HELO) }, "spf=3 mx.net env=own other=" },
	{ "SPF without a domain, with an envelope", "example.com", "x.example.com",
		{ SPF(NULL, PASS, MFROM) }, "spf=3  env=own other=" },
	{ "a stranger without a name is none", "example.com", NULL,
		{ DKIM(NULL, "a", PASS), DKIM("", "a", PASS), DKIM("b.net", "a", PASS) },
		"spf=0  env=none other=b.net" },
	{ "an own signature that fails is no stranger's", "example.com", NULL,
		{ DKIM("example.com", "a", NEUTRAL), DKIM("b.net", "a", FAIL) },
		"spf=0  env=none other= example.com/a-" },
	{ "a pass of one that was there before the eighth, last", "example.com", NULL,
		{ DKIM("example.com", "8", FAIL), DKIM("example.com", "7", FAIL),
			DKIM("example.com", "6", FAIL), DKIM("example.com", "5", FAIL),
			DKIM("example.com", "4", FAIL), DKIM("example.com", "3", FAIL),
			DKIM("example.com", "2", FAIL), DKIM("example.com", "9", PASS),
			DKIM("example.com", "1", FAIL), DKIM("example.com", "8", PASS),
			DKIM("example.com", "9", PASS) },
		"spf=0  env=none other= example.com/1- example.com/2- example.com/3- example.com/4-"
		" example.com/5- example.com/6- example.com/7- example.com/8+" },
	{ "selectors are kept as bytes, blank and all", "example.com", NULL,
		{ DKIM("example.com", "A b\xff\xc3\x84", PASS), DKIM("example.com", "", FAIL) },
		"spf=0  env=none other= example.com/- example.com/a b\xff\xc3\x84+" },
	{ "dots, a dot, an address", ".", "..",
		{ DKIM(".", "a", PASS), SPF("192.0.2.1", PASS, MFROM) },
		"spf=3 192.0.2.1 env=own other= ./a+" },
	{ "bytes that are no UTF-8", "\xff\xfe.example", "\xff\xfe.EXAMPLE",
		{ DKIM("a.\xff\xfe.example", "a", PASS), SPF("\xc0\x80", PASS, MFROM) },
		"spf=3 \xc0\x80 env=own other= a.\xff\xfe.example/a+" },
	{ "domains that are no names", "example.com", "bad name",
		{ DKIM("bad name", "a", PASS), SPF("also bad", PASS, MFROM) },
		"spf=3  env=none other=" },
};

static void a_trait_is_what_the_record_says(void **state)
{
	static struct report_record record;
	struct buf text;

	(void)state;
	buf_init(&text, TRAIT_TEXT_BYTES);
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		struct err err = ERR_INIT;
		struct trait trait;
		char got[1024];

		fill(&examples[i], &record);
		assert_int_equal(trait_of(&record, &trait, &text, &err), 0);
		tell(&trait, got, sizeof got);
		if (strcmp(got, examples[i].expect) != 0)
			fail_msg("%s: %s instead of %s", examples[i].name, got, examples[i].expect);
	}
	buf_release(&text);
}

static void reasons_and_verdicts_are_its_numbers(void **state)
{
	static struct report_record record;
	struct err err = ERR_INIT;
	struct trait trait;
	struct buf text;

	(void)state;
	record.disposition.meaning = REPORT_DISPOSITION_REJECT;
	record.dkim.meaning = REPORT_RESULT_FAIL;
	record.spf.meaning = REPORT_RESULT_UNKNOWN;
	record.reasons[0].type.meaning = REPORT_REASON_FORWARDED;
	record.reasons[1].type.meaning = REPORT_REASON_UNKNOWN;
	record.reasons_len = 2;
	buf_init(&text, TRAIT_TEXT_BYTES);
	assert_int_equal(trait_of(&record, &trait, &text, &err), 0);
	assert_int_equal(trait.disposition, REPORT_DISPOSITION_REJECT);
	assert_int_equal(trait.dkim, REPORT_RESULT_FAIL);
	assert_int_equal(trait.spf, REPORT_RESULT_UNKNOWN);
	assert_int_equal(trait.reasons, 1 << REPORT_REASON_FORWARDED | 1 << REPORT_REASON_UNKNOWN);
	buf_release(&text);
}

static struct buf canon_of(const struct example *e)
{
	static struct report_record record;
	struct err err = ERR_INIT;
	struct trait trait;
	struct buf text, canon;

	fill(e, &record);
	buf_init(&text, TRAIT_TEXT_BYTES);
	buf_init(&canon, TRAIT_TEXT_BYTES);
	assert_int_equal(trait_of(&record, &trait, &text, &err), 0);
	trait_canon(&trait, &canon);
	buf_release(&text);
	return canon;
}

/* As much of everything as a record can hold: names at their bound, no slice moves or is cut. */
static void the_largest_record_has_a_trait(void **state)
{
	static struct report_record record;
	static char domains[AUTH_MAX][DOMAIN_MAX + 1], selector[TEXT_KEEP + 1];
	struct err err = ERR_INIT;
	struct trait trait;
	struct buf text;

	(void)state;
	memset(selector, 'X', TEXT_KEEP);
	for (unsigned i = 0; i < AUTH_MAX; i++) {
		memset(domains[i], 'A', DOMAIN_MAX);
		for (unsigned k = 50; k < DOMAIN_MAX; k += 50)
			domains[i][k] = '.';
		domains[i][0] = (char)('0' + i / 10);
		domains[i][1] = (char)('0' + i % 10);
		record.auth[i] = (struct report_auth){ .kind = i == 99 ? REPORT_SPF : REPORT_DKIM,
			.domain = slice_of(domains[i]),
			.selector = slice_of(selector),
			.result = { .meaning = REPORT_AUTH_PASS } };
	}
	record.auth_len = AUTH_MAX;
	record.header_from = record.envelope_from = slice_of(domains[42]);
	buf_init(&text, TRAIT_TEXT_BYTES);
	assert_int_equal(trait_of(&record, &trait, &text, &err), 0);
	assert_int_equal(trait.signatures_len, TRAIT_SIGNATURES_MAX);
	for (unsigned i = 0; i < TRAIT_SIGNATURES_MAX; i++) {
		assert_true(slice_equal_fold(trait.signatures[i].domain, slice_of(domains[i])));
		assert_int_equal(trait.signatures[i].selector.len, TEXT_KEEP);
		assert_int_equal(trait.signatures[i].selector.ptr[TEXT_KEEP - 1], 'x');
	}
	assert_true(slice_equal_fold(trait.spf_domain, slice_of(domains[99])));
	assert_int_equal(trait.envelope, TRAIT_ENVELOPE_OWN);
	buf_release(&text);
	/* a buffer that holds less says so and writes nothing beyond */
	buf_init(&text, TRAIT_TEXT_BYTES / 2);
	assert_int_equal(trait_of(&record, &trait, &text, &err), -1);
	assert_int_equal(err.code, ERR_SHORTAGE);
	buf_release(&text);
}

static void two_traits_have_two_canons_and_one_has_one(void **state)
{
	size_t len = sizeof examples / sizeof *examples;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		for (size_t k = 0; k < len; k++) {
			struct buf a = canon_of(&examples[i]), b = canon_of(&examples[k]);
			bool same = slice_equal(buf_slice(&a), buf_slice(&b));

			assert_int_equal(same, strcmp(examples[i].expect, examples[k].expect) == 0);
			buf_release(&a);
			buf_release(&b);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_trait_is_what_the_record_says),
		cmocka_unit_test(reasons_and_verdicts_are_its_numbers),
		cmocka_unit_test(the_largest_record_has_a_trait),
		cmocka_unit_test(two_traits_have_two_canons_and_one_has_one),
	};

	return cmocka_run_group_tests_name("trait", tests, NULL, NULL);
}
