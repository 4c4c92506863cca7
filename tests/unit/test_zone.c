/* Master files, as RFC 1035 section 5 and RFC 2308 4 ($TTL) want them read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/judge/dns/zone.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct dns_set *read_under(const char *origin, const char *text)
{
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;

	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	if (zone_read(set, origin != NULL ? slice_of(origin) : SLICE_ABSENT, slice_of(text), &err) <
		0)
		fail_msg("%s", err.text);
	return set;
}

static struct dns_answer ask(struct dns_set *set, const char *name, enum dns_type type)
{
	struct dns_answer a;

	dns_find(dns_set_view(set), slice_of(name), type, &a);
	return a;
}

static void assert_slice(struct slice s, const char *text)
{
	if (!slice_equal(s, slice_of(text)))
		fail_msg("\"%.*s\" is not \"%s\"", SLICE_FMT(s), text);
}

static void assert_text(struct dns_set *set, const char *name, const char *text)
{
	struct dns_answer a = ask(set, name, DNS_TXT);

	if (a.status != DNS_FOUND || a.len != 1)
		fail_msg("%s: %s, %zu", name, dns_status_names[a.status], a.len);
	assert_slice(a.records[0].text, text);
}

static void every_type_is_read_with_what_belongs_to_it(void **state)
{
	static const char text[] = "$ORIGIN example.com.\n"
				   "@ 3600 IN SOA ns1 host.example.com. 1 2h 3600 4w 5\n"
				   "\tNS ns1\n\tNS ns2.example.net.\n"
				   "\tMX 10 mail\n\tMX 20 mail.example.net.\n\tTXT hello\n"
				   "mail A 192.0.2.1\n\tAAAA 2001:db8::1\n"
				   "www CNAME Mail\n"
				   "1.2.0.192.in-addr.arpa. PTR mail\n"
				   "old SPF \"v=spf1 -all\"\n"
				   "srv SRV 1 2 3 target\nkey TYPE65280 \\# 0\n"
				   "null MX 0 .\n";
	struct dns_set *set = read_under(NULL, text);
	struct dns_answer a;

	(void)state;
	a = ask(set, "example.com", DNS_NS);
	assert_int_equal(a.len, 2);
	assert_slice(a.records[0].name, "ns1.example.com");
	assert_slice(a.records[1].name, "ns2.example.net");
	a = ask(set, "example.com", DNS_MX);
	assert_int_equal(a.len, 2);
	assert_int_equal(a.records[1].preference, 20);
	assert_slice(a.records[1].name, "mail.example.net");
	a = ask(set, "mail.example.com", DNS_A);
	assert_int_equal(a.len, 1);
	assert_int_equal(a.records[0].ip.len, 4);
	assert_int_equal(ask(set, "mail.example.com", DNS_AAAA).records[0].ip.len, 16);
	a = ask(set, "www.example.com", DNS_A);
	assert_int_equal(a.status, DNS_FOUND);
	assert_slice(a.alias, "mail.example.com");
	assert_slice(
		ask(set, "1.2.0.192.in-addr.arpa", DNS_PTR).records[0].name, "mail.example.com");
	assert_slice(ask(set, "old.example.com", DNS_SPF).records[0].text, "v=spf1 -all");
	assert_int_equal(ask(set, "old.example.com", DNS_TXT).status, DNS_NODATA);
	assert_int_equal(ask(set, "srv.example.com", DNS_TXT).status, DNS_NODATA);
	assert_int_equal(ask(set, "key.example.com", DNS_A).status, DNS_NODATA);
	assert_int_equal(ask(set, "null.example.com", DNS_MX).records[0].name.len, 0);
	assert_int_equal(ask(set, "none.example.com", DNS_A).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "example.com", DNS_SOA).status, DNS_FOUND);
	dns_set_close(set);
}

static void names_are_relative_to_the_origin_of_their_line(void **state)
{
	struct dns_set *set = read_under("example.com", "a TXT 1\n@ TXT 2\nb.example.net. TXT 3\n"
							"$ORIGIN sub\nc TXT 4\n@ TXT 5\n"
							"$ORIGIN example.org.\nD TXT 6\n"
							"$ORIGIN .\ne.test TXT 7\n");

	(void)state;
	assert_text(set, "a.example.com", "1");
	assert_text(set, "example.com", "2");
	assert_text(set, "b.example.net", "3");
	assert_text(set, "c.sub.example.com", "4");
	assert_text(set, "sub.example.com", "5");
	assert_text(set, "d.example.org", "6");
	assert_text(set, "e.test", "7");
	dns_set_close(set);
}

static void a_line_that_begins_with_a_blank_has_the_name_before(void **state)
{
	struct dns_set *set = read_under("example.com",
		"a TXT 1\n A 192.0.2.1\n\t\tMX 1 a\n\n; nothing\n   ; indented\n AAAA ::1\n"
		"b A 192.0.2.2\n$TTL 5\n TXT 2\n");

	(void)state;
	assert_int_equal(ask(set, "a.example.com", DNS_A).len, 1);
	assert_int_equal(ask(set, "a.example.com", DNS_MX).len, 1);
	assert_int_equal(ask(set, "a.example.com", DNS_AAAA).len, 1);
	assert_text(set, "b.example.com", "2");
	dns_set_close(set);
}

static void the_time_to_live_is_the_entrys_or_the_last_one_set(void **state)
{
	static const struct {
		const char *name;
		uint32_t ttl;
	} cases[] = {
		{ "a.example.com", ZONE_TTL_SECONDS },
		{ "b.example.com", 60 },
		{ "c.example.com", 120 },
		{ "d.example.com", 0 },
		{ "e.example.com", 86400 },
		{ "f.example.com", 3600 + 30 * 60 },
		{ "g.example.com", 2147483647 },
		{ "h.example.com", 2 * 7 * 86400 },
	};
	struct dns_set *set = read_under("example.com",
		"a TXT x\nb 60 TXT x\nc 120 IN TXT x\nd IN 0 TXT x\n$TTL 1D\ne TXT x\n"
		"$ttl 1h30m\nf IN TXT x\ng 2147483647 TXT x\nh 2W TXT x\n");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_answer a = ask(set, cases[i].name, DNS_TXT);

		assert_int_equal(a.len, 1);
		if (a.records[0].ttl != cases[i].ttl)
			fail_msg("%s: %u", cases[i].name, (unsigned)a.records[0].ttl);
	}
	dns_set_close(set);
}

static void parentheses_make_one_entry_of_several_lines(void **state)
{
	struct dns_set *set = read_under("example.com", "a TXT ( \"one\" ; the first\n"
							"\n   \"two\"\n\"three\" )\n"
							"b (TXT\n)x\n"
							"c TXT((\"y\")\n)\n"
							"d TXT \"(\" \")\" \";\"\n"
							"e TXT z\n");

	(void)state;
	assert_text(set, "a.example.com", "onetwothree");
	assert_text(set, "b.example.com", "x");
	assert_text(set, "c.example.com", "y");
	assert_text(set, "d.example.com", "();");
	assert_text(set, "e.example.com", "z");
	dns_set_close(set);
}

static void strings_keep_their_bytes_and_where_they_break(void **state)
{
	struct dns_set *set =
		read_under("example.com", "a TXT \"v=spf1 a\" \" -all\"\n"
					  "b TXT \"a \\\"b\\\" \\\\ \\; \\065\\195\\188\" c;d\n"
					  "c TXT \"\" \"\"\n"
					  "d TXT v=DKIM1\\;\\ p=AA\n"
					  "e TXT \"a\"\"b\"c\n"
					  "f TXT \"tab\there  two\"\n");
	struct dns_answer a = ask(set, "a.example.com", DNS_TXT);

	(void)state;
	assert_text(set, "a.example.com", "v=spf1 a -all");
	assert_int_equal(a.records[0].breaks_len, 1);
	assert_int_equal(a.records[0].breaks[0], 8);
	assert_text(set, "b.example.com",
		"a \"b\" \\ ; A\xc3\xbc"
		"c");
	assert_text(set, "c.example.com", "");
	assert_text(set, "d.example.com", "v=DKIM1; p=AA");
	assert_text(set, "e.example.com", "abc");
	assert_int_equal(ask(set, "e.example.com", DNS_TXT).records[0].breaks_len, 2);
	assert_text(set, "f.example.com", "tab\there  two");
	dns_set_close(set);
}

static void a_string_longer_than_a_server_takes_is_kept_for_the_checker(void **state)
{
	char text[400] = "a TXT \"";
	struct dns_set *set;

	(void)state;
	memset(text + strlen(text), 'x', 300);
	text[7 + 300] = '\0';
	(void)snprintf(text + strlen(text), sizeof text - strlen(text), "\" y\n");
	set = read_under("example.com", text);
	assert_int_equal(ask(set, "a.example.com", DNS_TXT).records[0].text.len, 301);
	assert_int_equal(ask(set, "a.example.com", DNS_TXT).records[0].breaks_len, 1);
	assert_int_equal(ask(set, "a.example.com", DNS_TXT).records[0].breaks[0], 300);
	dns_set_close(set);
}

static void line_ends_of_other_systems_and_a_missing_last_one_do_not_matter(void **state)
{
	struct dns_set *set = read_under("example.com", "a TXT 1\r\n\r\n TXT 2\r\nb TXT 3");

	(void)state;
	assert_int_equal(ask(set, "a.example.com", DNS_TXT).len, 2);
	assert_slice(ask(set, "a.example.com", DNS_TXT).records[1].text, "2");
	assert_text(set, "b.example.com", "3");
	dns_set_close(set);
	set = read_under("example.com", "");
	assert_int_equal(ask(set, "example.com", DNS_TXT).status, DNS_NODATA);
	dns_set_close(set);
}

static void only_the_origin_and_what_has_a_soa_is_known_whole(void **state)
{
	struct dns_set *set = read_under(NULL, "$ORIGIN example.com.\na TXT 1\n");

	(void)state;
	assert_int_equal(ask(set, "b.example.com", DNS_TXT).status, DNS_UNKNOWN);
	dns_set_close(set);
	set = read_under(NULL, "example.com. SOA a.test. b.test. 1 1 1 1 1\n");
	assert_int_equal(ask(set, "b.example.com", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "example.net", DNS_TXT).status, DNS_UNKNOWN);
	dns_set_close(set);
	set = read_under("example.net.", "a TXT 1\n");
	assert_int_equal(ask(set, "b.example.net", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "b.example.com", DNS_TXT).status, DNS_UNKNOWN);
	dns_set_close(set);
	set = read_under("", "a.example TXT 1\n");
	assert_text(set, "a.example", "1");
	assert_int_equal(ask(set, "b.test", DNS_TXT).status, DNS_NXDOMAIN);
	dns_set_close(set);
}

static void names_of_any_script_are_brought_into_their_key_form(void **state)
{
	struct dns_set *set = read_under("example.com", "B\xc3\xbc"
							"cher TXT 1\n\\066\\099 TXT 2\n");

	(void)state;
	assert_text(set, "xn--bcher-kva.example.com", "1");
	assert_text(set, "bc.example.com", "2");
	dns_set_close(set);
}

static void a_fault_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "a TXT 1\nb A 300.1.2.3\n", "line 2: \"300.1.2.3\" is not an IPv4 address" },
		{ "\n\n;x\na AAAA 192.0.2.1\n", "line 4: \"192.0.2.1\" is not an IPv6 address" },
		{ "a A 2001:db8::1\n", "line 1: \"2001:db8::1\" is not an IPv4 address" },
		{ "a TXT (\n1\n2\n)\nb MX x mail\n", "line 5: \"x\" is not a preference" },
		{ "a MX 65536 b\n", "line 1: \"65536\" is not a preference" },
		{ "a MX 10\n", "line 1: the record has too few fields" },
		{ "a A 192.0.2.1 192.0.2.2\n", "line 1: the record has too many fields" },
		{ "a CNAME b c\n", "line 1: the record has too many fields" },
		{ "a SOA b c 1 2 3 4\n", "line 1: the record has too few fields" },
		{ "a TXT\n", "line 1: the record has too few fields" },
		{ "a\n", "line 1: the record has no type" },
		{ "a 60 IN\n", "line 1: the record has no type" },
		{ "a 60 IN @ x\n", "line 1: \"@\" is not a record type" },
		{ " TXT 1\n", "line 1: there is no name before this one" },
		{ "a TXT \"x\nb TXT y\n", "line 1: a quotation mark is not closed" },
		{ "a TXT 1\nb TXT (x\n", "line 2: a parenthesis is not closed" },
		{ "a TXT x)\n", "line 1: a parenthesis is closed that was not opened" },
		{ "a TXT \\256\n", "line 1: a backslash with a number above 255" },
		{ "a TXT \\12\n", "line 1: a backslash with fewer than three digits" },
		{ "a TXT \\", "line 1: a backslash at the end" },
		{ "$INCLUDE other.zone\n", "line 1: \"$INCLUDE\" is not read here" },
		{ "a TXT 1\n$GENERATE 1-9 a$ A 192.0.2.$\n",
			"line 2: \"$GENERATE\" is not read here" },
		{ "$TTL\n", "line 1: \"$TTL\" has no value" },
		{ "$TTL 1x\n", "line 1: \"1x\" is not a time to live" },
		{ "$TTL 2147483648\n", "line 1: \"2147483648\" is not a time to live" },
		{ "$TTL 9999999999999999999999w\n",
			"line 1: \"9999999999999999999999w\" is not a time to live" },
		{ "$TTL 1 2\n", "line 1: \"$TTL\" has more than one value" },
		{ "$ORIGIN a. b.\n", "line 1: \"$ORIGIN\" has more than one value" },
		{ "a..b TXT x\n", "line 1: \"a..b\" is not a domain name" },
		{ "\"\" TXT x\n", "line 1: an empty name" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = ERR_INIT;
		struct dns_set *set = NULL;

		assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
		if (zone_read(set, SLICE_LIT("example.com"), slice_of(cases[i].text), &err) == 0)
			fail_msg("%s: no fault", cases[i].text);
		assert_int_equal(err.code, ERR_REPORT);
		assert_string_equal(err.text, cases[i].message);
		dns_set_close(set);
	}
}

static void what_stood_before_the_fault_is_there(void **state)
{
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;

	(void)state;
	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	assert_int_equal(zone_read(set, SLICE_ABSENT, slice_of("a.b. TXT 1\nc TXT 2\n"), &err), -1);
	assert_string_equal(err.text, "line 2: \"c\" is relative, and there is no $ORIGIN");
	assert_text(set, "a.b", "1");
	dns_set_close(set);
}

static void what_is_too_much_is_refused(void **state)
{
	size_t len = ZONE_ENTRY_BYTES_MAX + 100;
	char *text = malloc(len + 1);
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, "a TXT ", 6);
	text[len] = '\0';
	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	assert_int_equal(zone_read(set, SLICE_LIT("e.test"), slice_from(text, len), &err), -1);
	assert_string_equal(err.text, "line 1: the entry is too long");
	err = (struct err)ERR_INIT;
	/* A text no answer can carry: 65,536 bytes. */
	assert_int_equal(
		zone_read(set, SLICE_LIT("e.test"), slice_from(text, 6 + 65536), &err), -1);
	assert_int_equal(err.code, ERR_REPORT);
	err = (struct err)ERR_INIT;
	/* The length alone is looked at. */
	assert_int_equal(zone_read(set, SLICE_LIT("e.test"),
				 (struct slice){ text, ZONE_BYTES_MAX + 1 }, &err),
		-1);
	assert_int_equal(err.code, ERR_REPORT);
	dns_set_close(set);
	set = NULL;
	err = (struct err)ERR_INIT;
	assert_int_equal(dns_set_open(&set, 4096, &err), 0);
	text[6 + 5000] = '\n';
	assert_int_equal(zone_read(set, SLICE_LIT("e.test"), slice_from(text, 6 + 5001), &err), -1);
	assert_int_equal(err.code, ERR_SHORTAGE);
	dns_set_close(set);
	free(text);
}

static void any_bytes_are_read_or_refused(void **state)
{
	static const char *const pieces[] = { "a", "@", ".", " ", "\t", "\n", "TXT", "A", "MX 1 ",
		"CNAME", "\"", "\\", "\\2", "(", ")", ";", "$ORIGIN ", "$TTL ", "1h", "192.0.2.1",
		"*", "\xff", "IN ", "\r\n", "b.c." };
	uint32_t seed = 3;

	(void)state;
	for (unsigned round = 0; round < 5000; round++) {
		char text[256] = "";
		struct err err = ERR_INIT;
		struct dns_set *set = NULL;

		for (unsigned i = 0; i < 24; i++) {
			seed = seed * 1664525 + 1013904223;
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s",
				pieces[(seed >> 16) % COUNT(pieces)]);
		}
		assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
		if (zone_read(set, SLICE_LIT("e.test"), slice_of(text), &err) < 0)
			assert_memory_equal(err.text, "line ", 5);
		dns_set_close(set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_read_with_what_belongs_to_it),
		cmocka_unit_test(names_are_relative_to_the_origin_of_their_line),
		cmocka_unit_test(a_line_that_begins_with_a_blank_has_the_name_before),
		cmocka_unit_test(the_time_to_live_is_the_entrys_or_the_last_one_set),
		cmocka_unit_test(parentheses_make_one_entry_of_several_lines),
		cmocka_unit_test(strings_keep_their_bytes_and_where_they_break),
		cmocka_unit_test(a_string_longer_than_a_server_takes_is_kept_for_the_checker),
		cmocka_unit_test(line_ends_of_other_systems_and_a_missing_last_one_do_not_matter),
		cmocka_unit_test(only_the_origin_and_what_has_a_soa_is_known_whole),
		cmocka_unit_test(names_of_any_script_are_brought_into_their_key_form),
		cmocka_unit_test(a_fault_is_told_with_its_line),
		cmocka_unit_test(what_stood_before_the_fault_is_there),
		cmocka_unit_test(what_is_too_much_is_refused),
		cmocka_unit_test(any_bytes_are_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
