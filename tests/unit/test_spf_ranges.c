/* Which addresses an SPF record names, and by which term. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/limits.h"
#include "store/judge/dns/set.h"
#include "store/judge/dns/spf_ranges.h"
#include "store/judge/dns/zone.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct spf_ranges *ranges_of(const char *zone)
{
	struct spf_ranges *r = NULL;
	struct dns_set *set = NULL;
	struct err err = { .code = 0 };

	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	if (zone_read(set, SLICE_LIT("example"), slice_of(zone), &err) < 0)
		fail_msg("%s: %s", zone, err.text);
	assert_int_equal(spf_ranges_open(&r, dns_set_view(set), SLICE_LIT("d.example"), &err), 0);
	dns_set_close(set);
	return r;
}

static const char *term_of(const struct spf_ranges *r, const char *address)
{
	static char text[DOMAIN_KEY_MAX + 64];
	struct slice term;
	struct ip ip;

	assert_true(ip_parse(slice_of(address), &ip));
	term = spf_ranges_find(r, &ip);
	(void)snprintf(text, sizeof text, "%.*s", SLICE_FMT(term));
	return text;
}

static void an_address_has_the_first_term_that_names_it(void **state)
{
	static const struct {
		const char *zone, *ip, *term;
	} cases[] = {
		{ "d TXT \"v=spf1 ip4:192.0.2.1 -all\"\n", "192.0.2.1", "ip4:192.0.2.1" },
		{ "d TXT \"v=spf1 ip4:192.0.2.1 -all\"\n", "192.0.2.2", "" },
		{ "d TXT \"v=spf1 ip4:192.0.2.1 -all\"\n", "192.0.2.0", "" },
		{ "d TXT \"v=spf1 +IP4:192.0.2.0/25 -all\"\n", "192.0.2.127", "ip4:192.0.2.0/25" },
		{ "d TXT \"v=spf1 ip6:2001:db8::/32 -all\"\n", "2001:db8:ffff::1",
			"ip6:2001:db8::/32" },
		{ "d TXT \"v=spf1 ip6:2001:db8::/32 -all\"\n", "2001:db9::1", "" },
		/* overlapping */
		{ "d TXT \"v=spf1 ip4:192.0.2.7 ip4:192.0.2.0/24 -all\"\n", "192.0.2.7",
			"ip4:192.0.2.7" },
		{ "d TXT \"v=spf1 ip4:192.0.2.7 ip4:192.0.2.0/24 -all\"\n", "192.0.2.6",
			"ip4:192.0.2.0/24" },
		{ "d TXT \"v=spf1 ip4:192.0.2.7 ip4:192.0.2.0/24 -all\"\n", "192.0.2.255",
			"ip4:192.0.2.0/24" },
		{ "d TXT \"v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.7 -all\"\n", "192.0.2.7",
			"ip4:192.0.2.0/24" },
		{ "d TXT \"v=spf1 -ip4:192.0.2.7 ip4:192.0.2.0/24 -all\"\n", "192.0.2.7", "" },
		{ "d TXT \"v=spf1 ?ip4:192.0.2.7 ip4:192.0.2.0/24 -all\"\n", "192.0.2.8",
			"ip4:192.0.2.0/24" },
		/* include: the outermost one is named, and what it denies may be another's */
		{ "d TXT \"v=spf1 include:x.example ~all\"\nx TXT \"v=spf1 include:y.example"
		  " -all\"\ny TXT \"v=spf1 ip4:192.0.2.1 ?all\"\n",
			"192.0.2.1", "include:x.example" },
		{ "d TXT \"v=spf1 include:x.example ip4:192.0.2.0/24 -all\"\n"
		  "x TXT \"v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/25 -all\"\n",
			"192.0.2.1", "ip4:192.0.2.0/24" },
		{ "d TXT \"v=spf1 include:x.example ip4:192.0.2.0/24 -all\"\n"
		  "x TXT \"v=spf1 -ip4:192.0.2.1 ip4:192.0.2.0/25 -all\"\n",
			"192.0.2.2", "include:x.example" },
		{ "d TXT \"v=spf1 ?include:x.example ip4:192.0.2.0/24 -all\"\n"
		  "x TXT \"v=spf1 ip4:192.0.2.1 -all\"\n",
			"192.0.2.1", "" },
		/* redirect, and what "all" before it means */
		{ "d TXT \"v=spf1 redirect=x.example\"\nx TXT \"v=spf1 ip4:192.0.2.1 -all\"\n",
			"192.0.2.1", "redirect=x.example" },
		{ "d TXT \"v=spf1 redirect=x.example -all\"\nx TXT \"v=spf1 ip4:192.0.2.1\"\n",
			"192.0.2.1", "" },
		{ "d TXT \"v=spf1 -all ip4:192.0.2.1\"\n", "192.0.2.1", "" },
		/* a, mx */
		{ "d TXT \"v=spf1 a -all\"\nd A 192.0.2.1\n", "192.0.2.1", "a" },
		{ "d TXT \"v=spf1 a:m.example/24//64 -all\"\nm A 192.0.2.1\nm AAAA 2001:db8::1\n",
			"192.0.2.200", "a:m.example/24//64" },
		{ "d TXT \"v=spf1 a:m.example/24//64 -all\"\nm A 192.0.2.1\nm AAAA 2001:db8::1\n",
			"2001:db8::7", "a:m.example/24//64" },
		{ "d TXT \"v=spf1 mx -all\"\nd MX 10 m\nm AAAA 2001:db8::1\nm A 192.0.2.1\n",
			"2001:db8::1", "mx" },
		{ "d TXT \"v=spf1 mx/28 -all\"\nd MX 10 m\nm A 192.0.2.1\n", "192.0.2.15",
			"mx/28" },
		{ "d TXT \"v=spf1 mx/28 -all\"\nd MX 10 m\nm A 192.0.2.1\n", "192.0.2.16", "" },
		/* what more than ten look-ups, a fault or a missing record hides from receivers */
		{ "d TXT \"v=spf1 wrong include:gone.example ip4:192.0.2.1 -all\"\n", "192.0.2.1",
			"ip4:192.0.2.1" },
		/* two records: nobody knows which */
		{ "d TXT \"v=spf1 ip4:192.0.2.1\"\nd TXT \"v=spf1 -all\"\n", "192.0.2.1", "" },
		{ "d TXT \"v=spf1 include:d.example ip4:192.0.2.1 -all\"\n", "192.0.2.1",
			"ip4:192.0.2.1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spf_ranges *r = ranges_of(cases[i].zone);

		if (strcmp(term_of(r, cases[i].ip), cases[i].term) != 0)
			fail_msg("%s: %s: %s", cases[i].zone, cases[i].ip, term_of(r, cases[i].ip));
		spf_ranges_close(r);
	}
}

static void what_lets_anybody_send_is_no_evidence(void **state)
{
	static const char *const records[] = { "+all", "ip4:0.0.0.0/0 -all",
		"ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", "a:m.example/7 -all", "ip6:::/0 ip6:2000::/3",
		"exists:%{i}.x.example -all", "exists:m.example -all", "ptr -all",
		"include:%{i}.x.example -all", "include:open.example -all", "" };
	char zone[512];

	(void)state;
	for (size_t i = 0; i < COUNT(records); i++) {
		struct spf_ranges *r;

		(void)snprintf(zone, sizeof zone,
			"d TXT \"v=spf1 %s\"\nm A 192.0.2.1\nopen TXT \"v=spf1 +all\"\n",
			records[i]);
		r = ranges_of(zone);
		assert_int_equal(spf_ranges_len(r), 0);
		assert_string_equal(term_of(r, "192.0.2.1"), "");
		assert_string_equal(term_of(r, "2001:db8::1"), "");
		spf_ranges_close(r);
	}
	{
		struct spf_ranges *r = ranges_of("d TXT \"v=spf1 ip4:0.0.0.0/0 ip4:192.0.2.1\"\n");

		assert_string_equal(term_of(r, "192.0.2.1"), "ip4:192.0.2.1");
		assert_string_equal(term_of(r, "192.0.2.2"), "");
		spf_ranges_close(r);
	}
}

static void a_record_that_nobody_asked_for_names_nothing(void **state)
{
	struct spf_ranges *r = NULL;
	struct dns_set *set = NULL;
	struct err err;

	(void)state;
	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	assert_int_equal(spf_ranges_open(&r, dns_set_view(set), SLICE_LIT("d.example"), &err), 0);
	assert_int_equal(spf_ranges_len(r), 0);
	spf_ranges_close(r);
	r = NULL;
	/* the root is known, what it includes is not */
	assert_int_equal(dns_set_add_text(set, SLICE_LIT("e.example"), 60,
				 SLICE_LIT("v=spf1 include:x.example ip4:192.0.2.1 -all"), &err),
		0);
	assert_int_equal(spf_ranges_open(&r, dns_set_view(set), SLICE_LIT("e.example"), &err), 0);
	assert_string_equal(term_of(r, "192.0.2.1"), "ip4:192.0.2.1");
	assert_int_equal(spf_ranges_len(r), 1);
	spf_ranges_close(r);
	dns_set_close(set);
}

/* Every other address of 198.18.0.0/15. */
static void add_singles(char *zone, size_t size, size_t len, unsigned block)
{
	for (unsigned i = 0; i < 2400; i++)
		len += (size_t)snprintf(zone + len, size - len, "%s ip4:198.%u.%u.%u%s",
			i % 10 == 0 ? "\"" : "", 18 + block, i / 100, i % 100 * 2,
			i % 10 == 9 ? "\" " : "");
	(void)snprintf(zone + len, size - len, ")\n");
}

static void ranges_are_bounded(void **state)
{
	static char zone[256 * 1024];
	struct spf_ranges *r;

	(void)state;
	(void)snprintf(zone, sizeof zone,
		"d TXT \"v=spf1 include:x.example include:y.example -all\"\nx TXT ( \"v=spf1\" ");
	add_singles(zone, sizeof zone, strlen(zone), 0);
	(void)snprintf(zone + strlen(zone), sizeof zone - strlen(zone), "y TXT ( \"v=spf1\" ");
	add_singles(zone, sizeof zone, strlen(zone), 1);
	r = ranges_of(zone);
	assert_int_equal(spf_ranges_len(r), SPF_RANGES_MAX);
	assert_string_equal(term_of(r, "198.18.23.198"), "include:x.example");
	assert_string_equal(term_of(r, "198.18.23.197"), "");
	assert_string_equal(term_of(r, "198.19.0.0"), "include:y.example");
	assert_string_equal(term_of(r, "198.19.23.198"), "");
	spf_ranges_close(r);
}

static void ranges_are_equal_when_each_address_has_the_same_term(void **state)
{
	struct spf_ranges *a = ranges_of("d TXT \"v=spf1 a:m.example -all\"\nm A 192.0.2.1\n"),
			  *b = ranges_of("d TXT \"v=spf1 +A:m.example ?all\"\nm A 192.0.2.1\n"),
			  *c = ranges_of("d TXT \"v=spf1 a:m.example -all\"\nm A 192.0.2.2\n"),
			  *e = ranges_of("d TXT \"v=spf1 ip4:192.0.2.1 -all\"\n");

	(void)state;
	assert_true(spf_ranges_equal(a, b));
	assert_false(spf_ranges_equal(a, c));
	assert_false(spf_ranges_equal(a, e));
	spf_ranges_close(a);
	spf_ranges_close(b);
	spf_ranges_close(c);
	spf_ranges_close(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_the_first_term_that_names_it),
		cmocka_unit_test(what_lets_anybody_send_is_no_evidence),
		cmocka_unit_test(a_record_that_nobody_asked_for_names_nothing),
		cmocka_unit_test(ranges_are_bounded),
		cmocka_unit_test(ranges_are_equal_when_each_address_has_the_same_term),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
