/* Where a DMARC record is: the tree walk of RFC 9989 4.10 with its examples, and the way of RFC 7489
 * 6.6.3 before it. The names of the examples are the RFC's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/zone.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* The world is what `zone` says, and nothing else exists. */
static struct dns_set *world(const char *zone)
{
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;

	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	if (zone_read(set, SLICE_LIT(""), slice_of(zone), &err) < 0)
		fail_msg("%s", err.text);
	return set;
}

static void assert_slice(struct slice s, const char *text)
{
	if (!slice_equal(s, slice_of(text)))
		fail_msg("\"%.*s\" is not \"%s\"", SLICE_FMT(s), text);
}

#define REC(name, text) "_dmarc." name ". TXT \"" text "\"\n"
#define NONE            "v=DMARC1; p=none"

/* 4.10 */
static void a_name_of_thirteen_labels_is_asked_about_eight_times(void **state)
{
	static const char *const want[] = { "a.b.c.d.e.f.g.h.i.j.mail.example.com",
		"g.h.i.j.mail.example.com", "h.i.j.mail.example.com", "i.j.mail.example.com",
		"j.mail.example.com", "mail.example.com", "example.com", "com" };
	struct dns_set *set = world("");
	struct dmarc_found found;

	(void)state;
	dmarc_find(dns_set_view(set), slice_of(want[0]), DMARC_TREE_WALK, &found);
	assert_int_equal(found.status, DNS_NXDOMAIN);
	assert_null(found.record);
	assert_slice(found.org, want[0]); /* nothing on the way: the name itself (4.10.2) */
	assert_int_equal(found.steps_len, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_slice(found.steps[i].domain, want[i]);
		assert_int_equal(found.steps[i].status, DNS_NXDOMAIN);
		assert_int_equal(found.steps[i].count, 0);
	}
	dns_set_close(set);
}

static void seven_eight_and_nine_labels_are_shortened_to_seven_at_most(void **state)
{
	static const struct {
		const char *name;
		size_t steps;
		const char *second;
	} cases[] = {
		{ "com", 1, NULL },
		{ "example.com", 2, "com" },
		{ "a.b.c.d.e.example.com", 7, "b.c.d.e.example.com" },
		{ "a.b.c.d.e.f.example.com", 8, "b.c.d.e.f.example.com" },
		{ "a.b.c.d.e.f.g.example.com", 8, "c.d.e.f.g.example.com" },
	};
	struct dns_set *set = world("");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dmarc_found found;

		dmarc_find(dns_set_view(set), slice_of(cases[i].name), DMARC_TREE_WALK, &found);
		assert_int_equal(found.steps_len, cases[i].steps);
		if (cases[i].second != NULL)
			assert_slice(found.steps[1].domain, cases[i].second);
		assert_slice(found.steps[found.steps_len - 1].domain, "com");
	}
	dns_set_close(set);
}

struct want {
	const char *name, *record, *org; /* record NULL: none */
};

static void assert_found(const char *zone, const struct want *want, size_t len)
{
	struct dns_set *set = world(zone);

	for (size_t i = 0; i < len; i++) {
		struct dmarc_found found;

		dmarc_find(dns_set_view(set), slice_of(want[i].name), DMARC_TREE_WALK, &found);
		assert_int_equal(found.status, want[i].record != NULL ? DNS_FOUND : DNS_NXDOMAIN);
		assert_int_equal(found.record != NULL, want[i].record != NULL);
		if (want[i].record != NULL)
			assert_slice(found.domain, want[i].record);
		assert_slice(found.org, want[i].org);
		assert_int_equal(found.inherited,
			want[i].record != NULL && strcmp(want[i].record, want[i].name) != 0);
	}
	dns_set_close(set);
}

/* B.4.1 and B.4.2 */
static void the_organisational_domain_is_the_highest_name_with_a_record(void **state)
{
	static const struct want want[] = {
		{ "example.com", "example.com", "example.com" },
		{ "signing.example.com", "signing.example.com", "example.com" },
		{ "a.b.c.d.e.f.g.h.i.j.k.example.com", "example.com", "example.com" },
		{ "deep.signing.example.com", "example.com", "example.com" },
		{ "example.net", NULL, "example.net" },
		{ "mail.example.net", NULL, "mail.example.net" },
	};

	(void)state;
	assert_found(REC("example.com", NONE) REC("signing.example.com", NONE), want, COUNT(want));
}

/* B.4.3 */
static void below_a_registry_the_organisational_domain_is_one_label_longer(void **state)
{
	static const struct want want[] = {
		{ "giant.bank.example", "giant.bank.example", "giant.bank.example" },
		{ "mail.giant.bank.example", "giant.bank.example", "giant.bank.example" },
		{ "mail.mega.bank.example", "bank.example", "mega.bank.example" },
		{ "mega.bank.example", "bank.example", "mega.bank.example" },
		/* The registry itself (4.10.2, step 2 excepts the name the walk began at). */
		{ "bank.example", "bank.example", "bank.example" },
	};

	(void)state;
	assert_found(REC("bank.example", "v=DMARC1; p=reject; psd=y")
			     REC("giant.bank.example", NONE) REC("example", NONE),
		want, COUNT(want));
}

/* 4.10.1: a registry's record is not for an organisation that has one of its own, however deep the
 * name; and what lies between is skipped. */
static void between_a_name_and_its_organisational_domain_records_do_not_count(void **state)
{
	static const struct want want[] = {
		{ "x.team.corp.gov", "corp.gov", "corp.gov" },
		{ "team.corp.gov", "team.corp.gov", "corp.gov" },
		{ "x.team.free.gov", "gov", "free.gov" },
	};

	(void)state;
	assert_found(REC("gov", "v=DMARC1; p=none; psd=y") REC("corp.gov", NONE)
			     REC("team.corp.gov", NONE) REC("team.free.gov", NONE),
		want, COUNT(want));
}

static void psd_n_ends_the_walk_and_names_the_organisation(void **state)
{
	static const struct want want[] = {
		{ "a.b.example.com", "b.example.com", "b.example.com" },
		{ "b.example.com", "b.example.com", "b.example.com" },
		{ "c.example.com", "example.com", "example.com" },
	};
	struct dns_set *set = world(REC("example.com", NONE) REC("b.example.com", NONE "; psd=n"));
	struct dmarc_found found;

	(void)state;
	assert_found(
		REC("example.com", NONE) REC("b.example.com", NONE "; psd=n"), want, COUNT(want));
	dmarc_find(dns_set_view(set), slice_of("a.b.example.com"), DMARC_TREE_WALK, &found);
	assert_int_equal(found.steps_len, 2); /* nothing above was asked for */
	dmarc_find(dns_set_view(set), slice_of("b.example.com"), DMARC_TREE_WALK, &found);
	assert_int_equal(found.steps_len, 1);
	dns_set_close(set);
}

/* 4.10, steps 2 and 6 */
static void several_records_at_a_name_are_as_good_as_none(void **state)
{
	static const struct want want[] = {
		{ "two.example.com", "example.com", "example.com" },
		{ "mixed.example.com", "mixed.example.com", "example.com" },
		{ "text.example.com", "example.com", "example.com" },
	};
	const char *zone = REC("example.com", NONE) REC("two.example.com", NONE)
		REC("two.example.com", "v=DMARC1; p=reject") REC("mixed.example.com", NONE)
			REC("mixed.example.com", "v=spf1 -all") REC("text.example.com", "hello");
	struct dns_set *set = world(zone);
	struct dmarc_found found;

	(void)state;
	assert_found(zone, want, COUNT(want));
	dmarc_find(dns_set_view(set), slice_of("two.example.com"), DMARC_TREE_WALK, &found);
	assert_int_equal(found.steps[0].count, 2);
	assert_null(found.steps[0].record);
	assert_int_equal(found.steps[0].status, DNS_NODATA);
	dns_set_close(set);
}

static struct dns_set *nothing(void)
{
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;

	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	return set;
}

static void what_could_not_be_asked_is_not_taken_for_no_record(void **state)
{
	struct err err = ERR_INIT;
	struct dns_set *set = nothing();
	struct dmarc_found found;

	(void)state;
	dmarc_find(dns_set_view(set), slice_of("mail.example.com"), DMARC_TREE_WALK, &found);
	assert_int_equal(found.status, DNS_UNKNOWN);
	assert_null(found.record);
	dns_set_close(set);
	set = nothing();
	assert_int_equal(
		dns_set_mark(set, slice_of("_dmarc.mail.example.com"), DNS_TXT, DNS_NXDOMAIN, &err),
		0);
	assert_int_equal(
		dns_set_mark(set, slice_of("_dmarc.example.com"), DNS_TXT, DNS_FAILED, &err), 0);
	dmarc_find(dns_set_view(set), slice_of("mail.example.com"), DMARC_TREE_WALK, &found);
	assert_int_equal(found.status, DNS_FAILED);
	assert_null(found.record);
	dns_set_close(set);
}

static void its_own_record_counts_whatever_is_not_known_above(void **state)
{
	struct err err = ERR_INIT;
	struct dns_set *set = nothing();
	struct dmarc_found found;

	(void)state;
	assert_int_equal(dns_set_add_text(set, slice_of("_dmarc.mail.example.com"), 60,
				 slice_of(NONE), &err),
		0);
	dmarc_find(dns_set_view(set), slice_of("mail.example.com"), DMARC_TREE_WALK, &found);
	assert_int_equal(found.status, DNS_FOUND);
	assert_slice(found.domain, "mail.example.com");
	assert_false(found.inherited);
	dns_set_close(set);
}

/* RFC 7489 6.6.3: the name, then its organisational domain by the list, and nothing between. */
static void the_old_way_asks_the_name_and_the_registered_domain(void **state)
{
	const char *zone = REC("example.co.uk", NONE) REC("b.example.co.uk", "v=DMARC1; p=reject")
		REC("uk", NONE);
	struct dns_set *set = world(zone);
	struct dmarc_found found;

	(void)state;
	dmarc_find(dns_set_view(set), slice_of("a.b.example.co.uk"), DMARC_PUBLIC_SUFFIX, &found);
	if (found.org.len > strlen("example.co.uk")) {
		dns_set_close(set);
		skip(); /* there is no public suffix list here */
	}
	assert_int_equal(found.status, DNS_FOUND);
	assert_slice(found.domain, "example.co.uk");
	assert_slice(found.org, "example.co.uk");
	assert_true(found.inherited);
	assert_int_equal(found.steps_len, 2);
	dmarc_find(dns_set_view(set), slice_of("b.example.co.uk"), DMARC_PUBLIC_SUFFIX, &found);
	assert_slice(found.domain, "b.example.co.uk");
	assert_false(found.inherited);
	assert_int_equal(found.steps_len, 1);
	dmarc_find(dns_set_view(set), slice_of("other.co.uk"), DMARC_PUBLIC_SUFFIX, &found);
	assert_int_equal(found.status, DNS_NXDOMAIN);
	assert_int_equal(found.steps_len, 1);
	dns_set_close(set);
}

static void what_is_no_name_has_no_record(void **state)
{
	struct dns_set *set = world("");
	char longest[254];
	struct dmarc_found found;

	(void)state;
	dmarc_find(dns_set_view(set), SLICE_LIT(""), DMARC_TREE_WALK, &found);
	assert_int_equal(found.status, DNS_NXDOMAIN);
	assert_int_equal(found.steps_len, 0);
	dmarc_find(dns_set_view(set), SLICE_LIT("a..b"), DMARC_PUBLIC_SUFFIX, &found);
	assert_int_equal(found.steps_len, 0);
	/* The longest name leaves no room for "_dmarc": that question is not asked, others are. */
	for (size_t i = 0; i < 253; i++)
		longest[i] = i % 60 == 59 ? '.' : 'a';
	dmarc_find(dns_set_view(set), slice_from(longest, 253), DMARC_TREE_WALK, &found);
	assert_int_equal(found.status, DNS_NXDOMAIN);
	assert_int_equal(found.steps_len, 5);
	dns_set_close(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_of_thirteen_labels_is_asked_about_eight_times),
		cmocka_unit_test(seven_eight_and_nine_labels_are_shortened_to_seven_at_most),
		cmocka_unit_test(the_organisational_domain_is_the_highest_name_with_a_record),
		cmocka_unit_test(below_a_registry_the_organisational_domain_is_one_label_longer),
		cmocka_unit_test(between_a_name_and_its_organisational_domain_records_do_not_count),
		cmocka_unit_test(psd_n_ends_the_walk_and_names_the_organisation),
		cmocka_unit_test(several_records_at_a_name_are_as_good_as_none),
		cmocka_unit_test(what_could_not_be_asked_is_not_taken_for_no_record),
		cmocka_unit_test(its_own_record_counts_whatever_is_not_known_above),
		cmocka_unit_test(the_old_way_asks_the_name_and_the_registered_domain),
		cmocka_unit_test(what_is_no_name_has_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
