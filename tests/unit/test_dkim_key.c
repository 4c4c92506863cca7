/* A key record as RFC 6376 3.6.1, 8301 and 8463 want it read. The keys were made for this test with
 * openssl genrsa and genpkey; their secret halves were thrown away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/judge/dns/dkim_key.h"
#include "store/judge/dns/key_size.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char rsa512[] =
	"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAM9fyqxAFBWYHZJZW4lxdWm370Lq3rlcQC25vG6QnTVs"
	"oJv6EGmSL9YGrb77MIZRC/gpiOwRf7Mwm+alJZbOnL8CAwEAAQ==";
static const char rsa768[] =
	"MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhANjzHQTXxvB5W6mjqGqp6mRzrMhnNjQZx+1snAAVgZeP"
	"jLvpsdF1ph0ciGhDv3TqRDcismDGYJNBSrS2P1zmZ0srMQ8KwYLOrU4EK6bzBnyHL6nRx78idrCC"
	"NiH6JdaFVQIDAQAB";
static const char rsa1024[] =
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCmNGIO9SYodDq/lf1EY4rO8YndBZ93LQZhnAH"
	"Q6/WgUeOtK2LcjYsNOXMxcY92cqrdQJhbivXiAM1fXw/H1gYAjyvXzJSMZo6ecYSTgONvqOy1jqk"
	"Wphtnv4DgfzW5ZxOh9j2h2XwlCwc+8t+/WUtPHMWu4T5gQlGS5UMLSByswIDAQAB";
static const char rsa2048[] =
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjgD/WQmtKVXjcPvuDGshtdH0P5WNp16w"
	"hspzaKxsWyuS5/ZUWzWvcIQIoTMljXBb56rTiUQZgfaB18gSld+35Ck0O0KNW/lLOgB0hMQ3AeXj"
	"fywsbsIuTBQdpXvGExfnHbDMSLixBGR57o6TR9ALBRCg5QcNW2NLlnRsx3qiCcKQwY2gOSQxuER9"
	"tAyV7s7GhXzg5/TD4rswJO3/Orzobv9PU8Nlz971svR13Hah7//dbNOOErt4MskSAEZ1tDsP8T8G"
	"2zVo01o+b+Ju9Ctrox1d26Yl5FrsLpD3z2dWGs2Ys2CRv2zsuDJiQUC++5VcFgG+RAl+frO9smgp"
	"GQDbXwIDAQAB";
static const char rsa4096[] =
	"MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAt5NDZAoTwdn98cputM5w/OZclmfllF4u"
	"t/dgYK0vl2r6/CzU1iXX6uwnCzd2EIqZhMmdxil5WqTKl/w1cp/xR8SdSD2rso35s3efpdb8HQRs"
	"Ds3btD3Eur2meWaW3uHEGZKpxDHLdGnOTqhXmW6yA4EcseE0tItL+I++XfkRt3RnKeg78ceckvy+"
	"px70xFvp/OJ9f2v3FAITiFiZXSAq2qvd846O0IKLZENr4vJBmxbhEXCo+NK+Rt12mtSM2hUzE87I"
	"kbjx1KomsWdDOE2A09Fu6s+KgpEb6613dIkN3v/nVn6dIGLzOcc2YXA/O1IZcdS+AXGoEsXYKfKq"
	"xJtjlD9AjJISsYk2JI/g8rwlYYMLJGh3YXizVvWJ1Pfe0aYhIzDIUMBxOT0dYzUMQa5r5WT3KRFy"
	"BnIBUb5XxslUcxsqA/AOg8F9Z6H4YdEmpEZsfzuJ7zhRhkTMz+TeP1+cVibl36Uw8m1W2N/KifZx"
	"gjOmsWZKl/UPvY1QBSbkJp/hfjIFf0DT9cXoBtf4qITsmGY3PRQbRUPReAmQQgsApjytjPcV2h5P"
	"ZVH02igiWvrPADP47QzgZT6ReYynd5ZmX14DVMOfbVYyWHKGEMlOCES/QX8myUvI0BGJ7K94n+Jm"
	"LQA66sFhZhJDuBBL3D9ks8nGBxmz0qyNnGguloOTQJcCAwEAAQ==";
static const char bare1024[] =
	"MIGJAoGBAMKY0Yg71Jih0Or+V/URjis7xid0Fn3ctBmGcAdDr9aBR460rYtyNiw05czFxj3Zyqt1"
	"AmFuK9eIAzV9fD8fWBgCPK9fMlIxmjp5xhJOA42+o7LWOqRamG2e/gOB/NblnE6H2PaHZfCULBz7"
	"y379ZS08cxa7hPmBCUZLlQwtIHKzAgMBAAE=";
static const char ed25519[] = "Rqt5fGlwdD4sFIsuAnIh0Z2ntkxWbf+JZDsunnXKdLQ=";
static const char ed25519_spki[] = "MCowBQYDK2VwAyEARqt5fGlwdD4sFIsuAnIh0Z2ntkxWbf+JZDsunnXKdLQ=";
static const char p256[] =
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETlJ1TGp8x97rum8JAk7dNZHsUYEBe4xoG1pUEA7M"
	"MxekI/xVT7yHIw14JArHkIgF+E/oJKyCAhsvWS4bInfPXQ==";

static struct dkim_key parse(const char *text)
{
	struct dkim_key key;

	dkim_key_parse(slice_of(text), &key);
	return key;
}

static struct dkim_key parse_with(const char *before, const char *key)
{
	char text[1024];
	int len = snprintf(text, sizeof text, "%s%s", before, key);
	struct dkim_key ret;

	assert_true(len > 0 && (size_t)len < sizeof text);
	dkim_key_parse(slice_of(text), &ret);
	/* What points into `text` ends with it. */
	ret.v = ret.k = ret.p = ret.h = ret.s = ret.t = ret.torn_at = (struct dns_tag){ .at = 0 };
	return ret;
}

static void the_size_of_a_key_is_that_of_its_modulus(void **state)
{
	static const struct {
		const char *key;
		unsigned bits;
	} cases[] = {
		{ rsa512, 512 }, { rsa768, 768 }, { rsa1024, 1024 }, { rsa2048, 2048 },
		{ rsa4096, 4096 },
		{ bare1024, 1024 }, /* RSAPublicKey without its algorithm: 3.6.1 reads so too */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dkim_key key = parse_with("v=DKIM1; k=rsa; p=", cases[i].key);

		assert_int_equal(key.type, DKIM_KEY_RSA);
		assert_int_equal(key.state, DKIM_KEY_GOOD);
		assert_int_equal(key.bits, cases[i].bits);
		assert_true(key.version_good && key.sha256 && key.email);
		assert_false(key.testing || key.strict || key.torn);
	}
}

/* 8463 4.2: the 32 bytes alone, not in a SubjectPublicKeyInfo. */
static void an_ed25519_key_is_thirty_two_bytes(void **state)
{
	struct dkim_key key = parse_with("v=DKIM1; k=ed25519; p=", ed25519);

	(void)state;
	assert_int_equal(key.type, DKIM_KEY_ED25519);
	assert_int_equal(key.state, DKIM_KEY_GOOD);
	assert_int_equal(key.bits, 256);
	key = parse_with("v=DKIM1; k=ed25519; p=", ed25519_spki);
	assert_int_equal(key.state, DKIM_KEY_NOT_A_KEY);
	assert_int_equal(key.bits, 0);
	/* Without k= it would have to be RSA. */
	assert_int_equal(parse_with("v=DKIM1; p=", ed25519).state, DKIM_KEY_NOT_A_KEY);
	assert_int_equal(parse_with("v=DKIM1; p=", p256).state, DKIM_KEY_NOT_A_KEY);
}

/* 3.2: folding white space may stand anywhere in base64. */
static void blanks_in_the_key_do_not_count(void **state)
{
	static const char *const gaps[] = { " ", "\t", "\r\n ", "   " };

	(void)state;
	for (size_t i = 0; i < COUNT(gaps); i++) {
		char text[512] = "v=DKIM1; p=";

		for (size_t at = 0; at < strlen(rsa1024); at += 33)
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.33s",
				gaps[i], rsa1024 + at);
		assert_int_equal(parse(text).state, DKIM_KEY_GOOD);
		assert_int_equal(parse(text).bits, 1024);
	}
}

static void a_key_that_was_damaged_is_none(void **state)
{
	char text[512];

	(void)state;
	assert_int_equal(parse("v=DKIM1; k=rsa").state, DKIM_KEY_MISSING);
	assert_int_equal(parse("").state, DKIM_KEY_MISSING);
	assert_int_equal(parse("v=DKIM1; p").state, DKIM_KEY_MISSING);
	assert_int_equal(parse("v=DKIM1; p=MIGf*").state, DKIM_KEY_NOT_BASE64);
	assert_int_equal(parse("v=DKIM1; p=MIGfM").state, DKIM_KEY_NOT_BASE64);
	assert_int_equal(parse("v=DKIM1; p=\xe2\x80\x9cMIGf").state, DKIM_KEY_NOT_BASE64);
	assert_int_equal(parse("v=DKIM1; p=aGVsbG8=").state, DKIM_KEY_NOT_A_KEY);
	assert_int_equal(parse("v=DKIM1; p=MAA=").state, DKIM_KEY_NOT_A_KEY);
	/* Cut off at each whole group of four characters. */
	for (size_t len = 4; len < strlen(rsa1024); len += 4) {
		(void)snprintf(text, sizeof text, "v=DKIM1; p=%.*s", (int)len, rsa1024);
		assert_int_equal(parse(text).state, DKIM_KEY_NOT_A_KEY);
		assert_int_equal(parse(text).bits, 0);
	}
	/* Something behind the key. */
	(void)snprintf(text, sizeof text, "v=DKIM1; p=%sAAAA", rsa768);
	assert_int_not_equal(parse(text).state, DKIM_KEY_GOOD);
}

static void a_key_of_any_bytes_is_read_within_its_room(void **state)
{
	uint8_t bytes[256];
	uint8_t room[4];
	size_t len = 0;
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		for (size_t i = 0; i < sizeof bytes; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(seed >> 24);
		}
		bytes[0] = 0x30; /* a SEQUENCE, so that the reader goes on */
		bytes[1] = (uint8_t)(round & 1 ? 0x7e : 0x10);
		bytes[2] = (uint8_t)(round & 2 ? 0x02 : 0x30);
		(void)key_rsa_bits(bytes, bytes[1] + 2U);
	}
	assert_false(key_decode(SLICE_LIT("AAAAAAAA"), room, sizeof room, &len));
	assert_true(key_decode(SLICE_LIT("AAAAAA=="), room, sizeof room, &len));
	assert_int_equal(len, 4);
}

static void an_empty_p_is_a_revoked_key(void **state)
{
	(void)state;
	assert_int_equal(parse("v=DKIM1; p=").state, DKIM_KEY_REVOKED);
	assert_int_equal(parse("v=DKIM1; p= ; t=s").state, DKIM_KEY_REVOKED);
	assert_int_equal(parse("p=;").state, DKIM_KEY_REVOKED);
	assert_int_equal(parse("v=DKIM1; k=ed25519; p=\t").state, DKIM_KEY_REVOKED);
}

static void the_version_is_first_and_exact_or_absent(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "v=DKIM1; p=", true },
		{ " v = DKIM1 ; p=", true },
		{ "p=", true },
		{ "k=rsa; p=", true },
		{ "k=rsa; v=DKIM1; p=", false },
		{ "v=DKIM2; p=", false },
		{ "v=dkim1; p=", false },
		{ "v=1; p=", false },
		{ "v=; p=", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (parse(cases[i].text).version_good != cases[i].good)
			fail_msg("%s", cases[i].text);
	}
}

static void a_type_nobody_knows_is_no_rsa_key(void **state)
{
	(void)state;
	assert_int_equal(parse("p=").type, DKIM_KEY_RSA);
	assert_int_equal(parse("k=rsa; p=").type, DKIM_KEY_RSA);
	assert_int_equal(parse("k=ed25519; p=").type, DKIM_KEY_ED25519);
	assert_int_equal(parse("k=dsa; p=").type, DKIM_KEY_OTHER);
	assert_int_equal(parse("k=; p=").type, DKIM_KEY_OTHER);
	assert_int_equal(parse("k=rsa2048; p=AAAA").type, DKIM_KEY_OTHER);
	for (unsigned i = 0; i < DKIM_KEY_TYPE_COUNT; i++)
		assert_non_null(dkim_key_type_names[i]);
}

static void hashes_and_services_are_all_unless_a_list_leaves_them_out(void **state)
{
	static const struct {
		const char *text;
		bool sha256, email;
	} cases[] = {
		{ "p=", true, true },
		{ "h=sha256; p=", true, true },
		{ "h=sha1:sha256; p=", true, true },
		{ "h= sha1 : sha256 ; p=", true, true },
		{ "h=sha1; p=", false, true },
		{ "h=; p=", false, true },
		{ "h=sha2567:x; p=", false, true },
		{ "s=email; p=", true, true },
		{ "s=*; p=", true, true },
		{ "s=tlsrpt:email; p=", true, true },
		{ "s=tlsrpt; p=", true, false },
		{ "s=; p=", true, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dkim_key key = parse(cases[i].text);

		if (key.sha256 != cases[i].sha256 || key.email != cases[i].email)
			fail_msg("%s", cases[i].text);
	}
}

static void flags_stand_in_a_list(void **state)
{
	static const struct {
		const char *text;
		bool testing, strict;
	} cases[] = {
		{ "p=", false, false },
		{ "t=y; p=", true, false },
		{ "t=s; p=", false, true },
		{ "t=y:s; p=", true, true },
		{ "t= s : y ; p=", true, true },
		{ "t=x:ys; p=", false, false },
		{ "t=; p=", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dkim_key key = parse(cases[i].text);

		if (key.testing != cases[i].testing || key.strict != cases[i].strict)
			fail_msg("%s", cases[i].text);
	}
}

/* 3.2: a name may stand once, and a piece is name=value; else the whole list is none. */
static void a_list_with_a_name_twice_or_without_a_value_is_torn(void **state)
{
	static const struct {
		const char *text, *where;
	} cases[] = {
		{ "v=DKIM1; k=rsa; k=rsa; p=", "k=rsa" },
		{ "v=DKIM1; p=; p=", "p=" },
		{ "v=DKIM1; rsa; p=", "rsa" },
		{ "v=DKIM1; n=a note; n=another; p=", "n=another" },
		{ "v=DKIM1; =x; p=", "=x" },
		{ "v=DKIM1; p=; google site", "google site" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dkim_key key = parse(cases[i].text);

		if (!key.torn || !slice_equal(key.torn_at.text, slice_of(cases[i].where)))
			fail_msg("%s: %.*s", cases[i].text, SLICE_FMT(key.torn_at.text));
	}
	assert_false(parse("v=DKIM1; n=a note; x=1; y=2; p=;").torn);
	assert_false(parse("v=DKIM1; P=; p=").torn); /* names differ by case */
}

static void tags_are_given_as_they_stand_in_the_record(void **state)
{
	const char *text = "v=DKIM1;  k = rsa ;t=y:s; h=sha256; s=email; p= AAAA ;";
	struct dkim_key key = parse(text);

	(void)state;
	assert_int_equal(key.v.at, 0);
	assert_int_equal(key.k.at, 10);
	assert_true(slice_equal(key.k.text, SLICE_LIT("k = rsa")));
	assert_true(slice_equal(key.k.value, SLICE_LIT("rsa")));
	assert_true(slice_equal(slice_from(text + key.t.at, key.t.text.len), SLICE_LIT("t=y:s")));
	assert_true(slice_equal(key.h.value, SLICE_LIT("sha256")));
	assert_true(slice_equal(key.s.value, SLICE_LIT("email")));
	assert_true(slice_equal(key.p.value, SLICE_LIT("AAAA")));
	assert_true(slice_absent(parse("p=").v.text));
}

static void a_text_is_guessed_to_be_a_key_by_its_tags(void **state)
{
	static const char *const keys[] = { "v=DKIM1; p=AAAA", "p=", "k=rsa; p=A", "v=DKIM1",
		"v=dkim1; x", "k=ed25519", "\tp = A", "h=sha256; p=A" };
	static const char *const others[] = { "", "v=spf1 -all", "v=DMARC1; rua=mailto:a@b.example",
		"hello", "o=~; n=k=", ";;", "dkim", "p" };

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		if (!dkim_key_is_record(slice_of(keys[i])))
			fail_msg("%s", keys[i]);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		if (dkim_key_is_record(slice_of(others[i])))
			fail_msg("%s", others[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_size_of_a_key_is_that_of_its_modulus),
		cmocka_unit_test(an_ed25519_key_is_thirty_two_bytes),
		cmocka_unit_test(blanks_in_the_key_do_not_count),
		cmocka_unit_test(a_key_that_was_damaged_is_none),
		cmocka_unit_test(a_key_of_any_bytes_is_read_within_its_room),
		cmocka_unit_test(an_empty_p_is_a_revoked_key),
		cmocka_unit_test(the_version_is_first_and_exact_or_absent),
		cmocka_unit_test(a_type_nobody_knows_is_no_rsa_key),
		cmocka_unit_test(hashes_and_services_are_all_unless_a_list_leaves_them_out),
		cmocka_unit_test(flags_stand_in_a_list),
		cmocka_unit_test(a_list_with_a_name_twice_or_without_a_value_is_torn),
		cmocka_unit_test(tags_are_given_as_they_stand_in_the_record),
		cmocka_unit_test(a_text_is_guessed_to_be_a_key_by_its_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
