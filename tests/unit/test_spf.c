/* The parser of SPF records, as the grammar of RFC 7208 section 12 wants it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/judge/dns/spf.h"
#include "store/judge/dns/zone.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct spf_term one(const char *record)
{
	struct spf_terms terms;
	struct spf_term t, more;

	spf_terms_init(&terms, slice_of(record));
	if (!spf_terms_next(&terms, &t) || spf_terms_next(&terms, &more))
		fail_msg("\"%s\" is not one term", record);
	return t;
}

static void assert_slice(struct slice s, const char *text)
{
	if (!slice_equal(s, slice_of(text)))
		fail_msg("\"%.*s\" is not \"%s\"", SLICE_FMT(s), text);
}

/* 4.5 */
static void a_record_begins_with_the_version_and_a_blank_or_the_end(void **state)
{
	static const char *const records[] = { "v=spf1", "v=spf1 ", "v=spf1 -all", "V=SPF1 a",
		"v=spf1  mx" };
	static const char *const others[] = { "", "v=spf", "v=spf10", "v=spf1;", "v=spf1-all",
		" v=spf1 -all", "\"v=spf1 -all\"", "v=spf1\t-all", "v=spf2.0/pra -all", "spf1 -all",
		"v=spf1\xc2\xa0-all" };

	(void)state;
	for (size_t i = 0; i < COUNT(records); i++)
		assert_true(spf_is_record(slice_of(records[i])));
	for (size_t i = 0; i < COUNT(others); i++) {
		if (spf_is_record(slice_of(others[i])))
			fail_msg("\"%s\" is taken for a record", others[i]);
	}
	assert_false(spf_is_record(SLICE_ABSENT));
}

/* 4.6.1 */
static void each_kind_of_term_is_known_by_its_name_in_any_case(void **state)
{
	static const struct {
		const char *record;
		enum spf_kind kind;
	} cases[] = {
		{ "v=spf1 all", SPF_ALL },
		{ "v=spf1 ALL", SPF_ALL },
		{ "v=spf1 include:a.example", SPF_INCLUDE },
		{ "v=spf1 Include:a.example", SPF_INCLUDE },
		{ "v=spf1 a", SPF_A },
		{ "v=spf1 A/24", SPF_A },
		{ "v=spf1 mx", SPF_MX },
		{ "v=spf1 Mx:a.example", SPF_MX },
		{ "v=spf1 ptr", SPF_PTR },
		{ "v=spf1 ip4:192.0.2.1", SPF_IP4 },
		{ "v=spf1 IP6:2001:db8::1", SPF_IP6 },
		{ "v=spf1 exists:%{i}.a.example", SPF_EXISTS },
		{ "v=spf1 redirect=a.example", SPF_REDIRECT },
		{ "v=spf1 REDIRECT=a.example", SPF_REDIRECT },
		{ "v=spf1 exp=a.example", SPF_EXP },
		{ "v=spf1 op=auth", SPF_MODIFIER },
		{ "v=spf1 x-1_2.3=", SPF_MODIFIER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spf_term t = one(cases[i].record);

		if (t.kind != cases[i].kind || t.fault != SPF_FINE)
			fail_msg("%s: kind %d, fault %d", cases[i].record, (int)t.kind,
				(int)t.fault);
		assert_int_equal(t.qualifier == 0, t.kind >= SPF_REDIRECT);
	}
	for (unsigned i = 0; i < SPF_KIND_COUNT; i++) {
		bool costs = i == SPF_INCLUDE || i == SPF_A || i == SPF_MX || i == SPF_PTR ||
			     i == SPF_EXISTS || i == SPF_REDIRECT;

		assert_non_null(spf_kind_names[i]);
		assert_int_equal(spf_kind_looks_up((enum spf_kind)i), costs); /* 4.6.4 */
	}
}

/* 4.6.2 */
static void a_qualifier_stands_before_a_mechanism_and_is_plus_when_absent(void **state)
{
	static const char qualifiers[] = "+-~?";

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char text[16];

		(void)snprintf(text, sizeof text, "v=spf1 %cmx", qualifiers[i]);
		assert_int_equal(one(text).qualifier, qualifiers[i]);
		assert_int_equal(one(text).kind, SPF_MX);
		assert_int_equal(one(text).fault, SPF_FINE);
	}
	assert_int_equal(one("v=spf1 mx").qualifier, '+');
	assert_int_equal(one("v=spf1 -redirect=a.example").fault, SPF_BAD_NAME);
	assert_int_equal(one("v=spf1 --all").fault, SPF_BAD_NAME);
	assert_int_equal(one("v=spf1 -").fault, SPF_BAD_NAME);
}

static void every_fault_is_named_after_what_is_wrong(void **state)
{
	static const struct {
		const char *term;
		enum spf_fault fault;
	} cases[] = {
		{ "ipv4:192.0.2.1", SPF_BAD_NAME },
		{ "all.", SPF_BAD_NAME },
		{ "all,", SPF_BAD_NAME },
		{ "redirect:a.example", SPF_BAD_NAME },
		{ "=a.example", SPF_BAD_NAME },
		{ "1x=a", SPF_BAD_NAME },
		{ "a\t", SPF_BAD_NAME },
		{ ":a.example", SPF_BAD_NAME },
		/* 5.1 */
		{ "all:a.example", SPF_HAS_VALUE },
		{ "all/8", SPF_HAS_VALUE },
		{ "all:", SPF_HAS_VALUE },
		/* 5.2, 5.7, 6 */
		{ "include", SPF_NO_DOMAIN },
		{ "include:", SPF_NO_DOMAIN },
		{ "exists", SPF_NO_DOMAIN },
		{ "exists:", SPF_NO_DOMAIN },
		{ "redirect=", SPF_NO_DOMAIN },
		{ "exp=", SPF_NO_DOMAIN },
		{ "include/24", SPF_BAD_DOMAIN },
		{ "include:a.example/24", SPF_BAD_DOMAIN },
		{ "ptr/0", SPF_BAD_DOMAIN },
		{ "ptr:", SPF_NO_DOMAIN },
		/* 5.3, 5.4 */
		{ "a:", SPF_NO_DOMAIN },
		{ "a:/24", SPF_NO_DOMAIN },
		{ "a/", SPF_BAD_PREFIX },
		{ "a/33", SPF_BAD_PREFIX },
		{ "a/024", SPF_BAD_PREFIX },
		{ "a/-1", SPF_BAD_PREFIX },
		{ "a/24x", SPF_BAD_PREFIX },
		{ "a//129", SPF_BAD_PREFIX },
		{ "a//", SPF_BAD_PREFIX },
		{ "a//64/24", SPF_BAD_PREFIX },
		{ "a//32//32", SPF_BAD_PREFIX },
		{ "a/24/24", SPF_BAD_PREFIX },
		{ "mx:a.example/99999999999999999999", SPF_BAD_PREFIX },
		/* 5.6 */
		{ "ip4", SPF_BAD_ADDRESS },
		{ "ip4:", SPF_BAD_ADDRESS },
		{ "ip4/24", SPF_BAD_ADDRESS },
		{ "ip4:192.0.2", SPF_BAD_ADDRESS },
		{ "ip4:192.0.2.256", SPF_BAD_ADDRESS },
		{ "ip4:192.0.2.1:25", SPF_BAD_ADDRESS },
		{ "ip4:mail.a.example", SPF_BAD_ADDRESS },
		{ "ip6:2001:db8:::1", SPF_BAD_ADDRESS },
		{ "ip6:[2001:db8::1]", SPF_BAD_ADDRESS },
		{ "ip4:2001:db8::1", SPF_BAD_FAMILY },
		{ "ip6:192.0.2.1", SPF_BAD_FAMILY },
		{ "ip4:192.0.2.0/33", SPF_BAD_PREFIX },
		{ "ip4:192.0.2.0/024", SPF_BAD_PREFIX },
		{ "ip4:192.0.2.0//24", SPF_BAD_PREFIX },
		{ "ip4:192.0.2.0/", SPF_BAD_PREFIX },
		{ "ip6:2001:db8::/129", SPF_BAD_PREFIX },
		/* 7.1, 12: domain-spec */
		{ "a:museum", SPF_BAD_DOMAIN },
		{ "a:museum.", SPF_BAD_DOMAIN },
		{ "a:192.0.2.1", SPF_BAD_DOMAIN },
		{ "a:a..example", SPF_BAD_DOMAIN },
		{ "a:a.example:25", SPF_BAD_DOMAIN },
		{ "a:a.-example", SPF_BAD_DOMAIN },
		{ "a:a.example-", SPF_BAD_DOMAIN },
		{ "a:a.exam_ple", SPF_BAD_DOMAIN },
		{ "a:\x01.example", SPF_BAD_DOMAIN },
		{ "include:b\xc3\xbc.example", SPF_BAD_DOMAIN },
		/* 7.1: macros */
		{ "exists:%", SPF_BAD_MACRO },
		{ "exists:%a.example", SPF_BAD_MACRO },
		{ "exists:%{}.example", SPF_BAD_MACRO },
		{ "exists:%{i.example", SPF_BAD_MACRO },
		{ "exists:%{x}.example", SPF_BAD_MACRO },
		{ "exists:%{d0}.example", SPF_BAD_MACRO },
		{ "exists:%{dr2}.example", SPF_BAD_MACRO },
		{ "exists:%{d2x}.example", SPF_BAD_MACRO },
		{ "exists:%(i).example", SPF_BAD_MACRO },
		{ "exists:%{c}.example", SPF_BAD_MACRO }, /* only in the text of exp= (7.2) */
		{ "exists:%{t}.example", SPF_BAD_MACRO },
		{ "unknown=%{x}", SPF_BAD_MACRO },
		{ "unknown=100%", SPF_BAD_MACRO },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char record[96];
		struct spf_term t;

		(void)snprintf(record, sizeof record, "v=spf1 %s", cases[i].term);
		t = one(record);
		if (t.fault != cases[i].fault)
			fail_msg("%s: fault %d, not %d", cases[i].term, (int)t.fault,
				(int)cases[i].fault);
	}
}

static void what_the_grammar_allows_has_no_fault(void **state)
{
	static const char *const terms[] = { "a:example.com.", "a:_spf.a-b.example",
		"include:1.2.x3", "a:a.xn--p1ai", "a:%{d}", "a:%{d}/24", "a:%{d2}//64",
		"exists:%{ir}.%{v}._spf.%{d2}", "exists:%{l1r+-}.a.example", "exists:%{S}.example",
		"exists:%{h}%%%_%-.example", "exists:%{D10R.-+,/_=}.example", "a:x/y.example",
		"a:x/8.example/24", "exists:%{d/}", "exists:%{i}.a:b.example",
		"unknown=", "unknown=a=b:c/%{i}", "a/0", "a//0", "a/32//128", "ip4:0.0.0.0/0",
		"ip6:::/0", "ip6:::ffff:192.0.2.1", "mx/24", "mx:a.example//64", "exp=%{d}",
		"ptr:a.example" };

	(void)state;
	for (size_t i = 0; i < COUNT(terms); i++) {
		char record[96];
		struct spf_term t;

		(void)snprintf(record, sizeof record, "v=spf1 %s", terms[i]);
		t = one(record);
		if (t.fault != SPF_FINE)
			fail_msg("%s: fault %d", terms[i], (int)t.fault);
		assert_slice(t.text, terms[i]);
	}
}

static void terms_come_in_their_order_with_where_they_stand(void **state)
{
	const struct slice record =
		SLICE_LIT("v=spf1   ~include:a.example  wrong ip4:1.2.3 -all  ");
	static const struct {
		size_t at;
		const char *text, *name;
		enum spf_fault fault;
	} want[] = {
		{ 9, "~include:a.example", "include", SPF_FINE },
		{ 29, "wrong", "wrong", SPF_BAD_NAME },
		{ 35, "ip4:1.2.3", "ip4", SPF_BAD_ADDRESS },
		{ 45, "-all", "all", SPF_FINE },
	};
	struct spf_terms terms;
	struct spf_term t;

	(void)state;
	spf_terms_init(&terms, record);
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(spf_terms_next(&terms, &t));
		assert_int_equal(t.at, want[i].at);
		assert_slice(t.text, want[i].text);
		assert_slice(t.name, want[i].name);
		assert_int_equal(t.fault, want[i].fault);
		assert_memory_equal(record.ptr + t.at, t.text.ptr, t.text.len);
	}
	assert_false(spf_terms_next(&terms, &t));
	assert_false(spf_terms_next(&terms, &t));
}

static void the_domain_is_absent_where_the_term_names_none(void **state)
{
	(void)state;
	assert_true(slice_absent(one("v=spf1 a").domain));
	assert_true(slice_absent(one("v=spf1 mx/24//64").domain));
	assert_true(slice_absent(one("v=spf1 ptr").domain));
	assert_slice(one("v=spf1 a:A.example/24//64").domain, "A.example");
	assert_slice(one("v=spf1 redirect=_spf.%{d}").domain, "_spf.%{d}");
	assert_true(one("v=spf1 redirect=_spf.%{d}").macro);
	assert_false(one("v=spf1 redirect=_spf.a.example").macro);
}

static void prefix_lengths_are_whole_addresses_unless_written(void **state)
{
	static const struct {
		const char *record;
		unsigned bits4, bits6;
	} cases[] = {
		{ "v=spf1 a", 32, 128 },
		{ "v=spf1 a/24", 24, 128 },
		{ "v=spf1 a//64", 32, 64 },
		{ "v=spf1 mx/0//0", 0, 0 },
		{ "v=spf1 mx:a.example/8//56", 8, 56 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(one(cases[i].record).bits4, cases[i].bits4);
		assert_int_equal(one(cases[i].record).bits6, cases[i].bits6);
	}
}

static bool net_has(const char *record, const char *address)
{
	struct spf_term t = one(record);
	struct ip ip;

	assert_int_equal(t.fault, SPF_FINE);
	assert_true(ip_parse(slice_of(address), &ip));
	return ip_net_has(&t.net, &ip);
}

/* 5.6 */
static void a_network_has_its_addresses_and_no_others(void **state)
{
	(void)state;
	assert_true(net_has("v=spf1 ip4:192.0.2.1", "192.0.2.1"));
	assert_false(net_has("v=spf1 ip4:192.0.2.1", "192.0.2.2"));
	assert_true(net_has("v=spf1 ip4:192.0.2.77/25", "192.0.2.0")); /* host bits say nothing */
	assert_true(net_has("v=spf1 ip4:192.0.2.77/25", "192.0.2.127"));
	assert_false(net_has("v=spf1 ip4:192.0.2.77/25", "192.0.2.128"));
	assert_true(net_has("v=spf1 ip4:192.0.2.8/31", "192.0.2.9"));
	assert_false(net_has("v=spf1 ip4:192.0.2.8/31", "192.0.2.10"));
	assert_true(net_has("v=spf1 ip4:1.2.3.4/0", "255.255.255.255"));
	assert_false(net_has("v=spf1 ip4:1.2.3.4/0", "2001:db8::1"));
	assert_true(net_has("v=spf1 ip6:2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(net_has("v=spf1 ip6:2001:db8::/33", "2001:db8:8000::1"));
	assert_true(net_has("v=spf1 ip6:2001:db8::1", "2001:db8::1"));
	assert_false(net_has("v=spf1 ip6:2001:db8::1", "2001:db8::2"));
	assert_true(net_has("v=spf1 ip6:::/0", "2001:db8::1"));
	assert_false(net_has("v=spf1 ip6:::/0", "192.0.2.1"));
}

/* 6 */
static void redirect_and_exp_may_stand_once_and_anywhere(void **state)
{
	static const char text[] =
		"v=spf1 exp=a.example redirect=a.example x=1 x=2 Redirect=b.example"
		" exp=b.example -all";
	static const enum spf_fault want[] = { SPF_FINE, SPF_FINE, SPF_FINE, SPF_FINE, SPF_TWICE,
		SPF_TWICE, SPF_FINE };
	struct spf_terms terms;
	struct spf_term t;

	(void)state;
	spf_terms_init(&terms, slice_of(text));
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(spf_terms_next(&terms, &t));
		assert_int_equal(t.fault, want[i]);
	}
	assert_false(spf_terms_next(&terms, &t));
}

static void nothing_behind_the_longest_text_is_read(void **state)
{
	const size_t len = (size_t)DNS_TEXT_MAX * 2;
	char *bytes = malloc(len);
	struct spf_terms terms;
	struct spf_term t;
	size_t n = 0;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, ' ', len);
	memcpy(bytes, "v=spf1", 6);
	for (size_t at = 7; at + 2 < len; at += 2)
		bytes[at] = 'a';
	spf_terms_init(&terms, slice_from(bytes, len));
	while (spf_terms_next(&terms, &t)) {
		assert_true(t.at + t.text.len <= DNS_TEXT_MAX);
		n++;
	}
	assert_int_equal(n, (DNS_TEXT_MAX - 6) / 2);
	free(bytes);
}

static void any_two_bytes_in_a_term_are_read_without_harm(void **state)
{
	static const char *const before[] = { "", "a:", "ip4:", "exists:%{", "redirect=", "mx/" };

	(void)state;
	for (size_t k = 0; k < COUNT(before); k++) {
		for (unsigned i = 0; i < 65536; i++) {
			char record[32];
			size_t len =
				(size_t)snprintf(record, sizeof record, "v=spf1 %s", before[k]);
			struct spf_terms terms;
			struct spf_term t;
			size_t end = 0;

			record[len++] = (char)(i >> 8);
			record[len++] = (char)i;
			spf_terms_init(&terms, slice_from(record, len));
			while (spf_terms_next(&terms, &t)) {
				assert_true(t.at >= end && t.at + t.text.len <= len);
				end = t.at + t.text.len;
			}
		}
	}
}

/* ---- macros (7) -------------------------------------------------------------------------- */

static struct slice expand(const char *spec, const char *address, char dst[DOMAIN_KEY_MAX])
{
	struct spf_macros m = { .sender_local = slice_of("strong-bad"),
		.sender_domain = slice_of("email.example.com"),
		.helo = slice_of("mx.example.org"),
		.domain = slice_of("email.example.com"),
		.validated = slice_of("unknown") };

	assert_true(ip_parse(slice_of(address), &m.ip));
	return spf_expand(slice_of(spec), &m, dst);
}

/* The table of 7.4: the letters and numbers are the RFC's own. */
static void the_examples_of_the_rfc_expand_as_it_says(void **state)
{
	static const char v4[] = "192.0.2.3", v6[] = "2001:db8::cb01";
	static const struct {
		const char *spec, *address, *want;
	} cases[] = {
		{ "%{s}", v4, "strong-bad@email.example.com" },
		{ "%{o}", v4, "email.example.com" },
		{ "%{d}", v4, "email.example.com" },
		{ "%{d4}", v4, "email.example.com" },
		{ "%{d3}", v4, "email.example.com" },
		{ "%{d2}", v4, "example.com" },
		{ "%{d1}", v4, "com" },
		{ "%{dr}", v4, "com.example.email" },
		{ "%{d2r}", v4, "example.email" },
		{ "%{l}", v4, "strong-bad" },
		{ "%{l-}", v4, "strong.bad" },
		{ "%{lr}", v4, "strong-bad" },
		{ "%{lr-}", v4, "bad.strong" },
		{ "%{l1r-}", v4, "strong" },
		{ "%{ir}.%{v}._spf.%{d2}", v4, "3.2.0.192.in-addr._spf.example.com" },
		{ "%{lr-}.lp._spf.%{d2}", v4, "bad.strong.lp._spf.example.com" },
		{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", v4,
			"bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
		{ "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", v4,
			"3.2.0.192.in-addr.strong.lp._spf.example.com" },
		{ "%{d2}.trusted-domains.example.net", v4,
			"example.com.trusted-domains.example.net" },
		{ "%{ir}.%{v}._spf.%{d2}", v6,
			"1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
			".ip6._spf.example.com" },
		{ "%{h}", v4, "mx.example.org" },
		{ "%{p}", v4, "unknown" },
		{ "a%%b%_c%-d", v4, "a%b c%20d" },
		{ "%{S}", v4, "strong-bad%40email.example.com" },
		{ "EXAMPLE.com.", v4, "example.com" },
		{ "%{d99}", v4, "email.example.com" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[DOMAIN_KEY_MAX];
		struct slice s = expand(cases[i].spec, cases[i].address, text);

		if (!slice_equal(s, slice_of(cases[i].want)))
			fail_msg("%s is \"%.*s\", not \"%s\"", cases[i].spec, SLICE_FMT(s),
				cases[i].want);
		assert_int_equal(text[s.len], '\0');
	}
}

/* 7.3 */
static void a_name_that_is_too_long_loses_labels_on_its_left(void **state)
{
	char spec[600] = "";
	char text[DOMAIN_KEY_MAX];
	struct slice s;

	(void)state;
	for (int i = 0; i < 20; i++)
		(void)snprintf(
			spec + strlen(spec), sizeof spec - strlen(spec), "label-number-%02d.", i);
	(void)snprintf(spec + strlen(spec), sizeof spec - strlen(spec), "%%{d}");
	s = expand(spec, "192.0.2.1", text);
	assert_true(s.len <= 253 && s.len > 253 - 16);
	assert_true(slice_starts_fold(s, SLICE_LIT("label-number-")));
	assert_true(slice_ends_fold(s, SLICE_LIT("label-number-19.email.example.com")));
	memset(spec, 'a', sizeof spec - 1);
	spec[sizeof spec - 1] = '\0';
	assert_true(slice_absent(expand(spec, "192.0.2.1", text)));
}

static void only_p_asks_for_the_reverse_name(void **state)
{
	(void)state;
	assert_true(spf_uses_validated(slice_of("%{p}.example")));
	assert_true(spf_uses_validated(slice_of("a.%{Pr}.example")));
	assert_false(spf_uses_validated(slice_of("%{d}.ptr.example")));
	assert_false(spf_uses_validated(SLICE_ABSENT));
}

/* ---- where the record is (4.4, 4.5) ------------------------------------------------------ */

static void the_record_is_told_from_other_text_and_from_none(void **state)
{
	static const char zone[] = "one TXT \"x\"\n TXT \"v=spf1 -all\"\n"
				   "two TXT \"v=spf1 a\"\n TXT \"v=spf1 mx\"\n"
				   "text TXT hello\naddress A 192.0.2.1\nalias CNAME one\n"
				   "torn TXT \"v=sp\" \"f1 -a\" \"ll\"\n";
	static const struct {
		const char *name;
		enum dns_status status;
		size_t count;
	} cases[] = {
		{ "one.example", DNS_FOUND, 1 },
		{ "two.example", DNS_FOUND, 2 },
		{ "text.example", DNS_NODATA, 0 },
		{ "address.example", DNS_NODATA, 0 },
		{ "none.example", DNS_NXDOMAIN, 0 },
		{ "alias.example", DNS_FOUND, 1 },
		{ "torn.example", DNS_FOUND,
			1 }, /* strings are joined with nothing between (3.3) */
		{ "failed.example", DNS_FAILED, 0 },
		{ "other.test", DNS_UNKNOWN, 0 },
	};
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;

	(void)state;
	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	assert_int_equal(zone_read(set, SLICE_LIT("example"), slice_of(zone), &err), 0);
	assert_int_equal(
		dns_set_mark(set, slice_of("failed.example"), DNS_TXT, DNS_FAILED, &err), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct dns_record *r = NULL;
		size_t count = 99;

		if (spf_find(dns_set_view(set), slice_of(cases[i].name), &r, &count) !=
				cases[i].status ||
			count != cases[i].count)
			fail_msg("%s", cases[i].name);
		assert_int_equal(r != NULL, count > 0);
	}
	dns_set_close(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_begins_with_the_version_and_a_blank_or_the_end),
		cmocka_unit_test(each_kind_of_term_is_known_by_its_name_in_any_case),
		cmocka_unit_test(a_qualifier_stands_before_a_mechanism_and_is_plus_when_absent),
		cmocka_unit_test(every_fault_is_named_after_what_is_wrong),
		cmocka_unit_test(what_the_grammar_allows_has_no_fault),
		cmocka_unit_test(terms_come_in_their_order_with_where_they_stand),
		cmocka_unit_test(the_domain_is_absent_where_the_term_names_none),
		cmocka_unit_test(prefix_lengths_are_whole_addresses_unless_written),
		cmocka_unit_test(a_network_has_its_addresses_and_no_others),
		cmocka_unit_test(redirect_and_exp_may_stand_once_and_anywhere),
		cmocka_unit_test(nothing_behind_the_longest_text_is_read),
		cmocka_unit_test(any_two_bytes_in_a_term_are_read_without_harm),
		cmocka_unit_test(the_examples_of_the_rfc_expand_as_it_says),
		cmocka_unit_test(a_name_that_is_too_long_loses_labels_on_its_left),
		cmocka_unit_test(only_p_asks_for_the_reverse_name),
		cmocka_unit_test(the_record_is_told_from_other_text_and_from_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
