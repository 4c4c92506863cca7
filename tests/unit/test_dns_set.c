/* Records in memory, answered by the rules of a name server (RFC 1034 4.3.2, RFC 4592). */
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

static struct dns_set *open_set(void)
{
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;

	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	return set;
}

static struct dns_set *zone(const char *origin, const char *text)
{
	struct err err = ERR_INIT;
	struct dns_set *set = open_set();

	if (zone_read(set, origin != NULL ? slice_of(origin) : SLICE_ABSENT, slice_of(text), &err) <
		0)
		fail_msg("%s", err.text);
	return set;
}

static struct dns_answer ask(struct dns_set *set, const char *name, enum dns_type type)
{
	struct dns_answer a;

	dns_find(dns_set_view(set), slice_of(name), type, &a);
	assert_int_equal(a.len > 0, a.status == DNS_FOUND);
	return a;
}

static void add_text(struct dns_set *set, const char *name, const char *text)
{
	struct err err = ERR_INIT;

	assert_int_equal(dns_set_add_text(set, slice_of(name), 60, slice_of(text), &err), 0);
}

static void add_alias(struct dns_set *set, const char *name, const char *target)
{
	struct err err = ERR_INIT;
	struct dns_record r = { .ttl = 60, .name = slice_of(target) };

	assert_int_equal(dns_set_add(set, slice_of(name), DNS_CNAME, &r, &err), 0);
}

static void mark(struct dns_set *set, const char *name, enum dns_type type, enum dns_status status)
{
	struct err err = ERR_INIT;

	assert_int_equal(dns_set_mark(set, slice_of(name), type, status, &err), 0);
}

static void assert_slice(struct slice s, const char *text)
{
	if (!slice_equal(s, slice_of(text)))
		fail_msg("\"%.*s\" is not \"%s\"", SLICE_FMT(s), text);
}

static void what_nobody_asked_is_unknown_and_never_absent(void **state)
{
	struct dns_set *set = open_set();

	(void)state;
	assert_int_equal(ask(set, "example.com", DNS_TXT).status, DNS_UNKNOWN);
	add_text(set, "example.com", "x");
	assert_int_equal(ask(set, "example.com", DNS_TXT).status, DNS_FOUND);
	assert_int_equal(ask(set, "example.com", DNS_MX).status, DNS_UNKNOWN);
	assert_int_equal(ask(set, "a.example.com", DNS_TXT).status, DNS_UNKNOWN);
	assert_int_equal(ask(set, "com", DNS_TXT).status, DNS_UNKNOWN);
	dns_set_close(set);
	dns_set_close(NULL);
}

static void a_mark_says_what_asking_gave(void **state)
{
	struct dns_set *set = open_set();

	(void)state;
	mark(set, "a.test", DNS_TXT, DNS_NODATA);
	mark(set, "b.test", DNS_TXT, DNS_FAILED);
	mark(set, "c.test", DNS_TXT, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "a.test", DNS_TXT).status, DNS_NODATA);
	assert_int_equal(ask(set, "a.test", DNS_MX).status, DNS_UNKNOWN);
	assert_int_equal(ask(set, "b.test", DNS_TXT).status, DNS_FAILED);
	assert_int_equal(ask(set, "b.test", DNS_MX).status, DNS_UNKNOWN);
	assert_int_equal(ask(set, "c.test", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "c.test", DNS_MX).status, DNS_NXDOMAIN); /* for every type */
	dns_set_close(set);
}

static void records_win_over_a_mark_in_either_order(void **state)
{
	static const enum dns_status marks[] = { DNS_NODATA, DNS_NXDOMAIN, DNS_FAILED };

	(void)state;
	for (size_t i = 0; i < COUNT(marks); i++) {
		struct dns_set *set = open_set();

		mark(set, "a.test", DNS_TXT, marks[i]);
		add_text(set, "a.test", "x");
		add_text(set, "b.test", "x");
		mark(set, "b.test", DNS_TXT, marks[i]);
		assert_int_equal(ask(set, "a.test", DNS_TXT).len, 1);
		assert_int_equal(ask(set, "b.test", DNS_TXT).len, 1);
		dns_set_close(set);
	}
}

static void the_same_record_twice_is_one_with_the_smaller_ttl(void **state)
{
	struct err err = ERR_INIT;
	struct dns_set *set = open_set();
	struct dns_record mx = { .ttl = 300, .preference = 10, .name = slice_of("mail.test") };
	struct dns_answer a;

	(void)state;
	assert_int_equal(dns_set_add(set, slice_of("a.test"), DNS_MX, &mx, &err), 0);
	mx.ttl = 60;
	mx.name = slice_of("MAIL.test."); /* the same in key form */
	assert_int_equal(dns_set_add(set, slice_of("A.Test."), DNS_MX, &mx, &err), 0);
	mx.ttl = 600;
	assert_int_equal(dns_set_add(set, slice_of("a.test"), DNS_MX, &mx, &err), 0);
	mx.preference = 20;
	assert_int_equal(dns_set_add(set, slice_of("a.test"), DNS_MX, &mx, &err), 0);
	a = ask(set, "a.test", DNS_MX);
	assert_int_equal(a.len, 2);
	assert_int_equal(a.records[0].ttl, 60);
	assert_int_equal(a.records[1].ttl, 600);
	assert_slice(a.records[0].name, "mail.test");
	dns_set_close(set);
}

static void what_is_no_name_and_no_text_is_refused(void **state)
{
	static char big[DNS_TEXT_MAX + 1];
	struct err err = ERR_INIT;
	struct dns_set *set = open_set();
	struct dns_record r = { .text = slice_from(big, sizeof big) };

	(void)state;
	memset(big, 'x', sizeof big);
	assert_int_equal(dns_set_add_text(set, slice_of("a..b"), 1, SLICE_LIT("x"), &err), -1);
	assert_int_equal(err.code, ERR_REPORT);
	err = (struct err)ERR_INIT;
	assert_int_equal(dns_set_add(set, slice_of("a.test"), DNS_TXT, &r, &err), -1);
	assert_int_equal(err.code, ERR_REPORT);
	err = (struct err)ERR_INIT;
	r = (struct dns_record){ .name = slice_of("a b") };
	assert_int_equal(dns_set_add(set, slice_of("a.test"), DNS_CNAME, &r, &err), -1);
	assert_int_equal(err.code, ERR_REPORT);
	/* The longest text is taken, with a break every 255 bytes. */
	err = (struct err)ERR_INIT;
	assert_int_equal(
		dns_set_add_text(set, slice_of("b.test"), 1, slice_from(big, DNS_TEXT_MAX), &err),
		0);
	assert_int_equal(ask(set, "b.test", DNS_TXT).records[0].breaks_len, 257 - 1);
	assert_int_equal(ask(set, "b.test", DNS_TXT).records[0].breaks[255], 65280);
	dns_set_close(set);
}

static void what_is_full_says_so(void **state)
{
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;
	char name[32];
	int rc = 0;
	unsigned n;

	(void)state;
	assert_int_equal(dns_set_open(&set, 8192, &err), 0);
	for (n = 0; n < 1000 && rc == 0; n++) {
		(void)snprintf(name, sizeof name, "n%u.test", n);
		rc = dns_set_add_text(set, slice_of(name), 1, SLICE_LIT("x"), &err);
	}
	assert_int_equal(rc, -1);
	assert_int_equal(err.code, ERR_SHORTAGE);
	assert_true(n > 2);
	assert_int_equal(ask(set, "n0.test", DNS_TXT).len, 1); /* what was in still is */
	dns_set_close(set);
	set = open_set();
	err = (struct err)ERR_INIT;
	rc = 0;
	for (n = 0; n < DNS_SET_RECORDS_MAX + 1 && rc == 0; n++) {
		(void)snprintf(name, sizeof name, "%u", n);
		rc = dns_set_add_text(set, slice_of("a.test"), 1, slice_of(name), &err);
	}
	assert_int_equal(n, DNS_SET_RECORDS_MAX + 1);
	assert_int_equal(rc, -1);
	assert_int_equal(err.code, ERR_SHORTAGE);
	dns_set_close(set);
}

static void in_a_zone_that_is_known_whole_what_is_not_there_does_not_exist(void **state)
{
	struct dns_set *set = zone("example.com", "a.b TXT x\n");

	(void)state;
	assert_int_equal(ask(set, "example.com", DNS_TXT).status, DNS_NODATA);
	assert_int_equal(ask(set, "a.b.example.com", DNS_MX).status, DNS_NODATA);
	assert_int_equal(ask(set, "b.example.com", DNS_TXT).status, DNS_NODATA); /* RFC 8020 */
	assert_int_equal(ask(set, "c.example.com", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "x.a.b.example.com", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "com", DNS_TXT).status, DNS_UNKNOWN);
	assert_int_equal(ask(set, "notexample.com", DNS_TXT).status, DNS_UNKNOWN);
	dns_set_close(set);
}

/* RFC 4592, its example of 2.2.1 in other words. */
static void a_wildcard_stands_in_for_names_that_do_not_exist(void **state)
{
	struct dns_set *set = zone("example.com",
		"* TXT any\n* MX 10 host\nsub.* TXT under\nhost A 192.0.2.1\n"
		"_sip._tcp.host TXT sip\n*.k TXT key\nalias CNAME none\n*.c CNAME host\n");
	struct dns_answer a;

	(void)state;
	assert_slice(ask(set, "x.example.com", DNS_TXT).records[0].text, "any");
	assert_slice(ask(set, "x.y.example.com", DNS_TXT).records[0].text, "any");
	assert_int_equal(ask(set, "x.example.com", DNS_A).status, DNS_NODATA);
	assert_int_equal(ask(set, "host.example.com", DNS_MX).status, DNS_NODATA);
	assert_int_equal(ask(set, "x.host.example.com", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "_tcp.host.example.com", DNS_TXT).status, DNS_NODATA);
	assert_int_equal(ask(set, "x._tcp.host.example.com", DNS_TXT).status, DNS_NXDOMAIN);
	assert_slice(ask(set, "a.k.example.com", DNS_TXT).records[0].text, "key");
	assert_int_equal(ask(set, "k.example.com", DNS_TXT).status, DNS_NODATA);
	assert_slice(ask(set, "*.example.com", DNS_TXT).records[0].text, "any");
	assert_int_equal(ask(set, "x.*.example.com", DNS_TXT).status, DNS_NXDOMAIN);
	/* An alias to a name a wildcard stands in for, and a wildcard that is an alias. */
	a = ask(set, "alias.example.com", DNS_TXT);
	assert_slice(a.records[0].text, "any");
	assert_slice(a.alias, "none.example.com");
	a = ask(set, "q.c.example.com", DNS_A);
	assert_int_equal(a.len, 1);
	assert_slice(a.alias, "host.example.com");
	dns_set_close(set);
}

static void a_name_that_was_delegated_is_not_known_here(void **state)
{
	struct dns_set *set = zone("example.com",
		"@ NS ns\nns A 192.0.2.1\nsub NS ns.sub\nns.sub A 192.0.2.2\n* TXT any\n");

	(void)state;
	assert_int_equal(ask(set, "sub.example.com", DNS_TXT).status, DNS_UNKNOWN);
	assert_int_equal(ask(set, "a.sub.example.com", DNS_TXT).status, DNS_UNKNOWN);
	assert_int_equal(ask(set, "ns.sub.example.com", DNS_A).status, DNS_FOUND); /* glue */
	assert_int_equal(ask(set, "ns.example.com", DNS_TXT).status, DNS_NODATA);
	assert_int_equal(ask(set, "example.com", DNS_TXT).status, DNS_NODATA);
	assert_int_equal(ask(set, "else.example.com", DNS_TXT).status, DNS_FOUND);
	dns_set_close(set);
}

static void a_name_asked_for_servers_in_vain_is_no_delegation(void **state)
{
	struct dns_set *set = zone("example.com", "sub TXT x\n");

	(void)state;
	mark(set, "sub.example.com", DNS_NS, DNS_NODATA);
	assert_int_equal(ask(set, "sub.example.com", DNS_MX).status, DNS_NODATA);
	assert_int_equal(ask(set, "a.sub.example.com", DNS_MX).status, DNS_NXDOMAIN);
	dns_set_close(set);
}

static void a_zone_inside_another_has_its_own_rules(void **state)
{
	struct err err = ERR_INIT;
	struct dns_set *set = zone("example.com", "* TXT outer\nsub NS ns.test.\nx.sub TXT y\n");

	(void)state;
	assert_int_equal(dns_set_zone(set, slice_of("sub.example.com"), &err), 0);
	assert_int_equal(ask(set, "a.sub.example.com", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "a.example.com", DNS_TXT).status, DNS_FOUND);
	dns_set_close(set);
}

static void aliases_are_followed_unless_they_are_what_is_asked(void **state)
{
	struct dns_set *set = open_set();
	struct dns_answer a;

	(void)state;
	add_alias(set, "a.test", "B.test.");
	add_alias(set, "b.test", "c.test");
	add_text(set, "c.test", "x");
	a = ask(set, "a.test", DNS_TXT);
	assert_int_equal(a.len, 1);
	assert_slice(a.alias, "c.test");
	a = ask(set, "a.test", DNS_CNAME);
	assert_int_equal(a.len, 1);
	assert_slice(a.records[0].name, "b.test");
	assert_true(slice_absent(a.alias));
	assert_int_equal(ask(set, "c.test", DNS_CNAME).status, DNS_UNKNOWN);
	a = ask(set, "a.test", DNS_MX);
	assert_int_equal(a.status, DNS_UNKNOWN);
	assert_slice(a.alias, "c.test");
	mark(set, "c.test", DNS_MX, DNS_NODATA);
	assert_int_equal(ask(set, "a.test", DNS_MX).status, DNS_NODATA);
	dns_set_close(set);
}

static void an_alias_to_nothing_names_what_does_not_exist(void **state)
{
	struct dns_set *set = zone("test", "a CNAME gone\nroot CNAME .\n");
	struct dns_answer a = ask(set, "a.test", DNS_TXT);

	(void)state;
	assert_int_equal(a.status, DNS_NXDOMAIN);
	assert_slice(a.alias, "gone.test");
	assert_int_equal(ask(set, "root.test", DNS_TXT).status, DNS_NXDOMAIN);
	dns_set_close(set);
}

static void aliases_in_a_circle_and_too_many_in_a_row_fail(void **state)
{
	struct dns_set *set = open_set();
	char from[32], to[32];

	(void)state;
	add_alias(set, "self.test", "self.test");
	add_alias(set, "one.test", "two.test");
	add_alias(set, "two.test", "one.test");
	assert_int_equal(ask(set, "self.test", DNS_TXT).status, DNS_FAILED);
	assert_int_equal(ask(set, "one.test", DNS_TXT).status, DNS_FAILED);
	assert_int_equal(ask(set, "one.test", DNS_CNAME).status, DNS_FOUND);
	for (unsigned i = 0; i < DNS_ALIASES_MAX + 1; i++) {
		(void)snprintf(from, sizeof from, "n%u.test", i);
		(void)snprintf(to, sizeof to, "n%u.test", i + 1);
		add_alias(set, from, to);
	}
	add_text(set, to, "x");
	assert_int_equal(ask(set, "n1.test", DNS_TXT).status, DNS_FOUND);
	assert_int_equal(ask(set, "n0.test", DNS_TXT).status, DNS_FAILED);
	dns_set_close(set);
}

/* A failed question for the alias itself is not hidden by the alias. */
static void a_failure_is_told_before_an_alias(void **state)
{
	struct dns_set *set = open_set();

	(void)state;
	add_alias(set, "a.test", "b.test");
	mark(set, "b.test", DNS_TXT, DNS_FAILED);
	assert_int_equal(ask(set, "a.test", DNS_TXT).status, DNS_FAILED);
	dns_set_close(set);
}

static void the_next_view_is_asked_what_is_unknown_here_and_only_that(void **state)
{
	struct dns_set *set = zone("example.com", "a TXT here\nb CNAME x.example.net.\n");
	struct dns_set *next = zone("example.net", "x TXT there\ny CNAME x\n");
	struct dns_answer a;

	(void)state;
	add_text(next, "a.example.com", "not this");
	add_text(next, "n.example.com", "nor this");
	dns_set_next(set, dns_set_view(next));
	assert_slice(ask(set, "a.example.com", DNS_TXT).records[0].text, "here");
	assert_int_equal(ask(set, "n.example.com", DNS_TXT).status, DNS_NXDOMAIN);
	assert_slice(ask(set, "x.example.net", DNS_TXT).records[0].text, "there");
	assert_int_equal(ask(set, "z.example.net", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "z.example.org", DNS_TXT).status, DNS_UNKNOWN);
	a = ask(set, "b.example.com", DNS_TXT);
	assert_slice(a.records[0].text, "there");
	assert_slice(a.alias, "x.example.net");
	a = ask(set, "y.example.net", DNS_TXT);
	assert_slice(a.alias, "x.example.net");
	mark(set, "m.example.net", DNS_TXT, DNS_FAILED);
	assert_int_equal(ask(set, "m.example.net", DNS_TXT).status, DNS_FAILED);
	dns_set_next(set, NULL);
	assert_int_equal(ask(set, "x.example.net", DNS_TXT).status, DNS_UNKNOWN);
	dns_set_close(set);
	dns_set_close(next);
}

static void answers_stay_where_they_are_while_others_are_added(void **state)
{
	struct dns_set *set = open_set();
	struct dns_answer a;
	char name[32];

	(void)state;
	add_text(set, "a.test", "first");
	a = ask(set, "a.test", DNS_TXT);
	for (unsigned i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof name, "n%u.test", i);
		add_text(set, name, "x");
	}
	assert_slice(a.records[0].text, "first");
	assert_ptr_equal(ask(set, "a.test", DNS_TXT).records, a.records);
	assert_int_equal(ask(set, "n19999.test", DNS_TXT).len, 1);
	dns_set_close(set);
}

static void a_name_no_query_can_carry_does_not_exist(void **state)
{
	struct dns_set *set = zone("", "* TXT any\n");
	char name[300];
	struct dns_answer a;

	(void)state;
	memset(name, 'a', sizeof name);
	dns_find(dns_set_view(set), slice_from(name, 63), DNS_TXT, &a);
	assert_int_equal(a.status, DNS_FOUND);
	dns_find(dns_set_view(set), slice_from(name, 64), DNS_TXT, &a);
	assert_int_equal(a.status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "a..b", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, ".a", DNS_TXT).status, DNS_NXDOMAIN);
	assert_int_equal(ask(set, "a.", DNS_TXT).status, DNS_NXDOMAIN);
	dns_set_close(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_asked_is_unknown_and_never_absent),
		cmocka_unit_test(a_mark_says_what_asking_gave),
		cmocka_unit_test(records_win_over_a_mark_in_either_order),
		cmocka_unit_test(the_same_record_twice_is_one_with_the_smaller_ttl),
		cmocka_unit_test(what_is_no_name_and_no_text_is_refused),
		cmocka_unit_test(what_is_full_says_so),
		cmocka_unit_test(in_a_zone_that_is_known_whole_what_is_not_there_does_not_exist),
		cmocka_unit_test(a_wildcard_stands_in_for_names_that_do_not_exist),
		cmocka_unit_test(a_name_that_was_delegated_is_not_known_here),
		cmocka_unit_test(a_name_asked_for_servers_in_vain_is_no_delegation),
		cmocka_unit_test(a_zone_inside_another_has_its_own_rules),
		cmocka_unit_test(aliases_are_followed_unless_they_are_what_is_asked),
		cmocka_unit_test(an_alias_to_nothing_names_what_does_not_exist),
		cmocka_unit_test(aliases_in_a_circle_and_too_many_in_a_row_fail),
		cmocka_unit_test(a_failure_is_told_before_an_alias),
		cmocka_unit_test(the_next_view_is_asked_what_is_unknown_here_and_only_that),
		cmocka_unit_test(answers_stay_where_they_are_while_others_are_added),
		cmocka_unit_test(a_name_no_query_can_carry_does_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
