/* A DMARC record, as RFC 9989 4.7 and 4.8 want it read, and RFC 7489 6.3 what they left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/judge/dns/dmarc.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct dmarc_record parse(const char *text)
{
	struct dmarc_record r;

	dmarc_parse(slice_of(text), &r);
	return r;
}

static void assert_slice(struct slice s, const char *text)
{
	if (!slice_equal(s, slice_of(text)))
		fail_msg("\"%.*s\" is not \"%s\"", SLICE_FMT(s), text);
}

static void the_version_is_the_first_tag_in_exact_case(void **state)
{
	static const char *const records[] = { "v=DMARC1", "v=DMARC1;", "v=DMARC1; p=none",
		"v = DMARC1 ;p=none", "v=DMARC1;p", "v=DMARC1\t;" };
	static const char *const others[] = { "", "v=dmarc1; p=none", "v=DMARC1 p=none",
		" v=DMARC1; p=none", "p=none; v=DMARC1", "v=DMARC2; p=none", "v=DMARC10",
		"v=DMARC1, p=none", "v:DMARC1; p=none", "\"v=DMARC1; p=none\"", "DMARC1; p=none",
		"v=spf1 -all", "v=DMARC; p=none" };

	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		if (!dmarc_is_record(slice_of(records[i])))
			fail_msg("%s", records[i]);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		if (dmarc_is_record(slice_of(others[i])) || parse(others[i]).valid)
			fail_msg("%s", others[i]);
	}
	assert_false(dmarc_is_record(SLICE_ABSENT));
}

static void tags_behind_the_version_stand_in_any_order(void **state)
{
	struct dmarc_record a =
		parse("v=DMARC1; p=reject; sp=none; rua=mailto:a@b.example; adkim=s");
	struct dmarc_record b =
		parse("v=DMARC1;adkim = S;rua=mailto:a@b.example ;sp= None;p=REJECT;");

	(void)state;
	for (unsigned i = 0; i < DMARC_TAG_COUNT; i++) {
		assert_int_equal(slice_absent(a.tags[i].text), slice_absent(b.tags[i].text));
		assert_false(a.bad[i] || b.bad[i]);
	}
	assert_int_equal(a.p, DMARC_REJECT);
	assert_int_equal(b.p, DMARC_REJECT);
	assert_int_equal(b.sp, DMARC_NONE);
	assert_int_equal(b.np, DMARC_ABSENT);
	assert_true(a.valid && b.valid && a.strict_dkim && b.strict_dkim);
	assert_false(a.strict_spf || b.strict_spf);
	assert_int_equal(b.rua, 1);
}

static void absent_tags_have_the_defaults_of_the_rfc(void **state)
{
	struct dmarc_record r = parse("v=DMARC1; p=quarantine");

	(void)state;
	assert_true(r.valid);
	assert_false(r.strict_dkim || r.strict_spf || r.testing);
	assert_int_equal(r.psd, 'u');
	assert_int_equal(r.pct, -1);
	assert_int_equal(r.rua + r.ruf, 0);
	assert_int_equal(dmarc_effective(&r, DMARC_SELF), DMARC_QUARANTINE);
	assert_int_equal(dmarc_effective(&r, DMARC_SUBDOMAIN), DMARC_QUARANTINE);
	assert_int_equal(dmarc_effective(&r, DMARC_NONEXISTENT), DMARC_QUARANTINE);
}

static void a_value_that_is_none_of_the_tags_is_bad(void **state)
{
	static const struct {
		const char *record;
		enum dmarc_tag tag;
		bool bad;
	} cases[] = {
		{ "v=DMARC1; p=none", DMARC_P, false },
		{ "v=DMARC1; p=monitor", DMARC_P, true },
		{ "v=DMARC1; p=", DMARC_P, true },
		{ "v=DMARC1; p=none,", DMARC_P, true },
		{ "v=DMARC1; sp=rejected", DMARC_SP, true },
		{ "v=DMARC1; np=Reject", DMARC_NP, false },
		{ "v=DMARC1; np=0", DMARC_NP, true },
		{ "v=DMARC1; adkim=r", DMARC_ADKIM, false },
		{ "v=DMARC1; adkim=strict", DMARC_ADKIM, true },
		{ "v=DMARC1; aspf=x", DMARC_ASPF, true },
		{ "v=DMARC1; aspf=", DMARC_ASPF, true },
		{ "v=DMARC1; psd=u", DMARC_PSD, false },
		{ "v=DMARC1; psd=yes", DMARC_PSD, true },
		{ "v=DMARC1; t=n", DMARC_T, false },
		{ "v=DMARC1; t=1", DMARC_T, true },
		{ "v=DMARC1; fo=0", DMARC_FO, false },
		{ "v=DMARC1; fo=1:d:s", DMARC_FO, false },
		{ "v=DMARC1; fo=D:1", DMARC_FO, false },
		{ "v=DMARC1; fo=s:0:d", DMARC_FO, false },
		{ "v=DMARC1; fo=0:1", DMARC_FO, true },
		{ "v=DMARC1; fo=d:d", DMARC_FO, true },
		{ "v=DMARC1; fo=2", DMARC_FO, true },
		{ "v=DMARC1; fo=1:", DMARC_FO, true },
		{ "v=DMARC1; fo=", DMARC_FO, true },
		{ "v=DMARC1; fo=1,d", DMARC_FO, true },
		{ "v=DMARC1; pct=0", DMARC_PCT, false },
		{ "v=DMARC1; pct=100", DMARC_PCT, false },
		{ "v=DMARC1; pct=101", DMARC_PCT, true },
		{ "v=DMARC1; pct=50%", DMARC_PCT, true },
		{ "v=DMARC1; pct=-1", DMARC_PCT, true },
		{ "v=DMARC1; pct=", DMARC_PCT, true },
		{ "v=DMARC1; pct=5 0", DMARC_PCT, true },
		{ "v=DMARC1; rf=afrf", DMARC_RF, false },
		{ "v=DMARC1; rf=iodef", DMARC_RF, true },
		{ "v=DMARC1; ri=86400", DMARC_RI, false },
		{ "v=DMARC1; ri=4294967295", DMARC_RI, false },
		{ "v=DMARC1; ri=4294967296", DMARC_RI, true },
		{ "v=DMARC1; ri=1d", DMARC_RI, true },
		{ "v=DMARC1; rua=mailto:a@b.example", DMARC_RUA, false },
		{ "v=DMARC1; rua=a@b.example", DMARC_RUA, true },
		{ "v=DMARC1; ruf=mailto:a@b.example,c@d.example", DMARC_RUF, true },
		{ "v=DMARC1; ruf=", DMARC_RUF, true },
		{ "v=DMARC1", DMARC_V, false },
		{ "v=dmarc1; p=none", DMARC_V, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (parse(cases[i].record).bad[cases[i].tag] != cases[i].bad)
			fail_msg("%s", cases[i].record);
	}
	assert_int_equal(parse("v=DMARC1; pct=50").pct, 50);
	assert_int_equal(parse("v=DMARC1; pct=0").pct, 0);
	assert_int_equal(parse("v=DMARC1; pct=50%").pct, -1);
	assert_int_equal(parse("v=DMARC1; psd=Y").psd, 'y');
	assert_int_equal(parse("v=DMARC1; psd=?").psd, 'u');
	assert_true(parse("v=DMARC1; t=y").testing);
}

/* 4.10.1 */
static void a_wrong_policy_counts_as_none_with_a_rua_and_as_no_record_without(void **state)
{
	static const struct {
		const char *record;
		bool valid;
		enum dmarc_policy self, subdomain, nonexistent;
	} cases[] = {
		{ "v=DMARC1; p=reject", true, DMARC_REJECT, DMARC_REJECT, DMARC_REJECT },
		{ "v=DMARC1; p=reject; sp=none", true, DMARC_REJECT, DMARC_NONE, DMARC_NONE },
		{ "v=DMARC1; p=none; np=reject", true, DMARC_NONE, DMARC_NONE, DMARC_REJECT },
		{ "v=DMARC1; p=none; sp=quarantine; np=reject", true, DMARC_NONE, DMARC_QUARANTINE,
			DMARC_REJECT },
		{ "v=DMARC1", false, DMARC_NONE, DMARC_NONE, DMARC_NONE },
		{ "v=DMARC1; rua=mailto:a@b.example", true, DMARC_NONE, DMARC_NONE, DMARC_NONE },
		{ "v=DMARC1; rua=a@b.example", false, DMARC_NONE, DMARC_NONE, DMARC_NONE },
		{ "v=DMARC1; p=rejct", false, DMARC_NONE, DMARC_NONE, DMARC_NONE },
		{ "v=DMARC1; p=rejct; rua=mailto:a@b.example", true, DMARC_NONE, DMARC_NONE,
			DMARC_NONE },
		/* A wrong sp= or np= spoils a right p= too. */
		{ "v=DMARC1; p=reject; sp=rejct", false, DMARC_NONE, DMARC_NONE, DMARC_NONE },
		{ "v=DMARC1; p=reject; sp=rejct; rua=mailto:a@b.example", true, DMARC_NONE,
			DMARC_NONE, DMARC_NONE },
		{ "v=DMARC1; p=reject; np=all; rua=mailto:a@b.example", true, DMARC_NONE,
			DMARC_NONE, DMARC_NONE },
		{ "v=DMARC1; sp=reject; rua=mailto:a@b.example", true, DMARC_NONE, DMARC_NONE,
			DMARC_NONE },
		{ "v=dmarc1; p=reject", false, DMARC_NONE, DMARC_NONE, DMARC_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dmarc_record r = parse(cases[i].record);

		if (r.valid != cases[i].valid || dmarc_effective(&r, DMARC_SELF) != cases[i].self ||
			dmarc_effective(&r, DMARC_SUBDOMAIN) != cases[i].subdomain ||
			dmarc_effective(&r, DMARC_NONEXISTENT) != cases[i].nonexistent)
			fail_msg("%s", cases[i].record);
	}
}

static void the_first_of_a_name_counts_and_unknown_names_do_not(void **state)
{
	struct dmarc_record r = parse("v=DMARC1; p=none; p=reject; policy=reject; rua; =x; 1=2;;"
				      " rua=mailto:a@b.example; RUA=mailto:c@d.example; x");

	(void)state;
	assert_true(r.valid);
	assert_int_equal(r.p, DMARC_NONE);
	assert_slice(r.tags[DMARC_RUA].value, "mailto:a@b.example");
	assert_int_equal(r.rua, 1);
	assert_int_equal(r.tags[DMARC_P].at, 10);
	assert_slice(r.tags[DMARC_P].text, "p=none");
	for (unsigned i = 0; i < DMARC_TAG_COUNT; i++)
		assert_int_equal(dmarc_tag_find(slice_of(dmarc_tag_names[i])), i);
	assert_int_equal(dmarc_tag_find(SLICE_LIT("AdKim")), DMARC_ADKIM);
	assert_int_equal(dmarc_tag_find(SLICE_LIT("policy")), DMARC_TAG_COUNT);
	assert_int_equal(dmarc_tag_find(SLICE_LIT("")), DMARC_TAG_COUNT);
	assert_int_equal(dmarc_tag_find(SLICE_ABSENT), DMARC_TAG_COUNT);
}

static void the_words_of_a_policy_are_three(void **state)
{
	(void)state;
	assert_int_equal(dmarc_policy_find(SLICE_LIT("none")), DMARC_NONE);
	assert_int_equal(dmarc_policy_find(SLICE_LIT("Quarantine")), DMARC_QUARANTINE);
	assert_int_equal(dmarc_policy_find(SLICE_LIT("REJECT")), DMARC_REJECT);
	assert_int_equal(dmarc_policy_find(SLICE_LIT("")), DMARC_INVALID);
	assert_int_equal(dmarc_policy_find(SLICE_LIT("invalid")), DMARC_INVALID);
	assert_int_equal(dmarc_policy_find(SLICE_ABSENT), DMARC_INVALID);
}

struct want_uri {
	const char *text, *size, *address, *host;
	bool valid;
};

static void assert_uris(const char *list, const struct want_uri *want, size_t len)
{
	char record[512];
	struct slice text;
	struct dmarc_uris uris;
	struct dmarc_uri uri;
	struct dmarc_record r;

	(void)snprintf(record, sizeof record, "v=DMARC1; rua=%s; p=none", list);
	text = slice_of(record);
	dmarc_parse(text, &r);
	dmarc_uris_init(&uris, text, r.tags[DMARC_RUA].value);
	for (size_t i = 0; i < len; i++) {
		assert_true(dmarc_uris_next(&uris, &uri));
		assert_slice(uri.text, want[i].text);
		assert_slice(uri.size, want[i].size);
		assert_slice(uri.address, want[i].address);
		assert_slice(uri.host, want[i].host);
		assert_int_equal(uri.valid, want[i].valid);
		assert_memory_equal(record + uri.at, uri.text.ptr, uri.text.len);
	}
	assert_false(dmarc_uris_next(&uris, &uri));
}

static void addresses_are_a_list_between_commas(void **state)
{
	static const struct want_uri one[] = { { "mailto:a@b.example", "", "a@b.example",
		"b.example", true } };
	static const struct want_uri two[] = {
		{ "mailto:a@b.example", "10m", "a@b.example", "b.example", true },
		{ "MAILTO:c+d@E.example", "", "c+d@E.example", "E.example", true },
	};
	static const struct want_uri odd[] = {
		{ "", "", "", "", false },
		{ "https://r.example/x", "500", "", "", true },
		{ "a@b.example", "", "", "", false },
		{ "mailto:", "", "", "", false },
		{ "mailto:a@", "", "", "", false },
		{ "mailto:@b.example", "", "", "", false },
		{ "mailto:a@localhost", "", "", "", false },
		{ "mailto:a b@c.example", "", "", "", false },
		{ "mailto:a@b.example?subject=x", "", "a@b.example", "b.example", true },
		{ "mailto:a!b@c.example", "", "a!b@c.example", "c.example", true },
		{ "mailto: a@b.example", "", "", "", false },
		{ "mailto:a@b.example mailto:c@d.example", "", "", "", false },
		{ "", "", "", "", false },
	};

	(void)state;
	assert_uris("mailto:a@b.example", one, COUNT(one));
	assert_uris("mailto:a@b.example!10m , MAILTO:c+d@E.example", two, COUNT(two));
	assert_uris(",https://r.example/x!500,a@b.example,mailto:,mailto:a@,mailto:@b.example,"
		    "mailto:a@localhost,mailto:a b@c.example,mailto:a@b.example?subject=x,"
		    "mailto:a!b@c.example,mailto: a@b.example,"
		    "mailto:a@b.example mailto:c@d.example,",
		odd, COUNT(odd));
}

static void an_absent_list_has_no_addresses(void **state)
{
	struct dmarc_uris uris;
	struct dmarc_uri uri;

	(void)state;
	dmarc_uris_init(&uris, SLICE_LIT("v=DMARC1"), SLICE_ABSENT);
	assert_false(dmarc_uris_next(&uris, &uri));
}

static void any_bytes_are_a_record_or_none(void **state)
{
	char text[64] = "v=DMARC1;";
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 50000; round++) {
		struct dmarc_record r;
		struct dmarc_uris uris;
		struct dmarc_uri uri;
		static const char some[] = "vpsprua=;:,!@ mailtoxy019\0\xff%";

		for (size_t i = 9; i < sizeof text; i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = some[(seed >> 16) % sizeof some];
		}
		dmarc_parse(slice_from(text, sizeof text), &r);
		dmarc_uris_init(&uris, r.text, slice_from(text + 9, sizeof text - 9));
		while (dmarc_uris_next(&uris, &uri))
			assert_true(uri.at + uri.text.len <= sizeof text);
		for (unsigned i = 0; i < DMARC_TAG_COUNT; i++)
			assert_true(r.tags[i].at + r.tags[i].text.len <= sizeof text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_is_the_first_tag_in_exact_case),
		cmocka_unit_test(tags_behind_the_version_stand_in_any_order),
		cmocka_unit_test(absent_tags_have_the_defaults_of_the_rfc),
		cmocka_unit_test(a_value_that_is_none_of_the_tags_is_bad),
		cmocka_unit_test(a_wrong_policy_counts_as_none_with_a_rua_and_as_no_record_without),
		cmocka_unit_test(the_first_of_a_name_counts_and_unknown_names_do_not),
		cmocka_unit_test(the_words_of_a_policy_are_three),
		cmocka_unit_test(addresses_are_a_list_between_commas),
		cmocka_unit_test(an_absent_list_has_no_addresses),
		cmocka_unit_test(any_bytes_are_a_record_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
