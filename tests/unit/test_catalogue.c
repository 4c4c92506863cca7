/* The table of sending services: read whole, found by suffix and by selector, whatever is asked. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/embedded.h"
#include "store/judge/catalogue.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

typedef const struct service *look_up(struct slice name);

/* "": none. */
static struct slice id_of(const struct service *s)
{
	return s != NULL ? s->id : SLICE_LIT("");
}

#define assert_id(got, wanted)                                                                     \
	do {                                                                                       \
		struct slice id_ = id_of(got);                                                     \
		assert_int_equal(id_.len, strlen(wanted));                                         \
		assert_memory_equal(id_.ptr, wanted, id_.len);                                     \
	} while (0)

/* What was given when all is found, else NULL. */
static void *ask(void *asked)
{
	const struct service *s = catalogue_find(SLICE_LIT("mailchimp"));

	return s != NULL && catalogue_by_bounce(SLICE_LIT("mcsv.net")) == s ? asked : NULL;
}

/* Stands first: no other test may have read the table before. */
static void threads_that_ask_at_once_read_one_table(void **state)
{
	pthread_t threads[8];

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, threads), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *found = NULL;

		assert_int_equal(pthread_join(threads[i], &found), 0);
		assert_ptr_equal(found, threads);
	}
}

static void every_line_of_the_table_is_a_service(void **state)
{
	struct slice text = slice_from(judge_services[0].bytes, judge_services[0].len);
	const struct service *all;
	size_t lines = 0, len;

	(void)state;
	while (!slice_absent(text)) {
		struct slice line = slice_cut(text, '\n', &text);

		lines += line.len > 0 && line.ptr[0] != '#';
	}
	all = catalogue_services(&len);
	assert_int_equal(len, lines - 1); /* the names of the columns */
	assert_true(len >= 150);
	for (size_t i = 0; i < len; i++) {
		assert_ptr_equal(catalogue_find(all[i].id), &all[i]);
		assert_true(all[i].role < SERVICE_ROLE_COUNT);
		assert_true(
			all[i].name.len > 0 && all[i].setup_en.len > 0 && all[i].setup_es.len > 0);
		assert_true(slice_starts(all[i].source, SLICE_LIT("https://")));
		assert_int_equal(all[i].checked.len, 10);
		if (i > 0)
			assert_true(memcmp(all[i - 1].id.ptr, all[i].id.ptr,
					    all[i].id.len < all[i - 1].id.len
						    ? all[i].id.len
						    : all[i - 1].id.len) <= 0);
	}
}

static void a_line_gives_each_cell_its_place(void **state)
{
	const struct service *s = catalogue_find(SLICE_LIT("mailchimp"));

	(void)state;
	assert_non_null(s);
	assert_true(slice_equal(s->name, SLICE_LIT("Mailchimp")));
	assert_int_equal(s->role, SERVICE_ESP);
	assert_true(slice_find(s->bounce_domains, SLICE_LIT("mcsv.net")) != SIZE_MAX);
	assert_true(slice_find(s->selectors, SLICE_LIT("k2")) != SIZE_MAX);
	assert_true(slice_equal(s->aligns_spf, SLICE_LIT("no")));
	assert_int_equal(catalogue_find(SLICE_LIT("google-groups"))->role, SERVICE_LIST);
	assert_int_equal(catalogue_find(SLICE_LIT("pobox"))->role, SERVICE_FORWARDER);
	assert_int_equal(catalogue_find(SLICE_LIT("mimecast"))->role, SERVICE_GATEWAY);
	assert_int_equal(catalogue_find(SLICE_LIT("sendgrid"))->role, SERVICE_TRANSACTIONAL);
}

static void an_id_is_found_whole_or_not_at_all(void **state)
{
	static const char *const none[] = { "", "mailchim", "mailchimpx", "Mailchimp", "id", "#" };

	(void)state;
	for (size_t i = 0; i < COUNT(none); i++)
		assert_null(catalogue_find(slice_of(none[i])));
	assert_null(catalogue_find(SLICE_ABSENT));
}

/* Each domain of a cell, and a name under it, leads to the service. */
static void check_cell(const struct service *s, struct slice list, look_up *by)
{
	while (!slice_absent(list)) {
		struct slice domain = slice_cut(list, ' ', &list);
		char under[300] = "a.b-c.";

		if (domain.len == 0)
			continue;
		assert_ptr_equal(by(domain), s);
		memcpy(under + 6, domain.ptr, domain.len);
		assert_ptr_equal(by(slice_from(under, 6 + domain.len)), s);
	}
}

static void every_domain_of_the_table_leads_to_its_service(void **state)
{
	size_t len;
	const struct service *all = catalogue_services(&len);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		check_cell(&all[i], all[i].bounce_domains, catalogue_by_bounce);
		check_cell(&all[i], all[i].dkim_domains, catalogue_by_dkim);
		check_cell(&all[i], all[i].ptr_suffixes, catalogue_by_ptr);
	}
}

static void a_name_is_matched_at_a_labels_border_and_in_its_kind(void **state)
{
	static const struct {
		look_up *by;
		const char *name, *id;
	} cases[] = {
		{ catalogue_by_bounce, "mail123.atl.mcsv.net", "mailchimp" },
		{ catalogue_by_bounce, "xmcsv.net", "" },
		{ catalogue_by_bounce, "mcsv.net.evil.example", "" },
		{ catalogue_by_bounce, "mcsv.net.", "" }, /* key form has no dot at its end */
		{ catalogue_by_bounce, "MCSV.NET", "" },  /* nor capitals */
		{ catalogue_by_bounce, ".mcsv.net", "mailchimp" },
		{ catalogue_by_bounce, "net", "" },
		{ catalogue_by_bounce, "bnc.salesforce.com", "salesforce" },
		{ catalogue_by_bounce, "salesforce.com", "" },
		{ catalogue_by_bounce, "gappssmtp.com", "" },
		{ catalogue_by_dkim, "ejemplo-es.20230601.gappssmtp.com", "google-workspace" },
		{ catalogue_by_dkim, "empresa.onmicrosoft.com", "microsoft-365" },
		{ catalogue_by_dkim, "mcsv.net", "" },
		{ catalogue_by_ptr, "mail-db5.outbound.protection.outlook.com", "microsoft-365" },
		{ catalogue_by_ptr, "mail-sor-f41.google.com", "google-workspace" },
		{ catalogue_by_ptr, "ec2-192-0-2-1.compute.amazonaws.com", "" },
		{ catalogue_by_bounce, "", "" },
		{ catalogue_by_dkim, ".", "" },
		{ catalogue_by_ptr, "....", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_id(cases[i].by(slice_of(cases[i].name)), cases[i].id);
	assert_null(catalogue_by_bounce(SLICE_ABSENT));
}

static void a_name_of_any_length_is_looked_up(void **state)
{
	static const char tail[] = ".mcsv.net";
	char name[253];

	(void)state;
	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	assert_null(catalogue_by_bounce(slice_from(name, sizeof name)));
	memcpy(name + sizeof name - (sizeof tail - 1), tail, sizeof tail - 1);
	assert_id(catalogue_by_bounce(slice_from(name, sizeof name)), "mailchimp");
	memset(name, '\0', sizeof name);
	assert_null(catalogue_by_bounce(slice_from(name, sizeof name)));
	memset(name, 0xff, sizeof name);
	assert_null(catalogue_by_ptr(slice_from(name, sizeof name)));
}

static void a_selector_fits_the_patterns_of_a_service(void **state)
{
	static const struct {
		const char *id, *selector;
		enum selector_match match;
	} cases[] = {
		{ "mailchimp", "k2", SELECTOR_STRONG },
		{ "mailchimp", "k1", SELECTOR_WEAK },
		{ "mailchimp", "k11", SELECTOR_NONE },
		{ "mailchimp", "k", SELECTOR_NONE },
		{ "hubspot", "hs1", SELECTOR_STRONG },
		{ "hubspot", "hs1-20551234", SELECTOR_STRONG },
		{ "hubspot", "hs1-", SELECTOR_STRONG }, /* a star is any run, none too */
		{ "hubspot", "hs12", SELECTOR_NONE },
		{ "hubspot", "xhs1-2", SELECTOR_NONE },
		{ "ovhcloud", "ovhmo123456-selector1", SELECTOR_STRONG },
		{ "ovhcloud", "ovhmo-selector-selector", SELECTOR_STRONG },
		{ "ovhcloud", "ovhmo123456-selecto", SELECTOR_NONE },
		{ "postmark", "20240301101530pm", SELECTOR_STRONG },
		{ "postmark", "2024030110153pm", SELECTOR_NONE },
		{ "postmark", "2024030110153xpm", SELECTOR_NONE },
		{ "salesforce-marketing-cloud", "10dkim1", SELECTOR_WEAK },
		{ "salesforce-marketing-cloud", "xxdkim1", SELECTOR_NONE },
		{ "cloudflare-email", "cf2024-1", SELECTOR_STRONG },
		{ "cloudflare-email", "cf2024-1?", SELECTOR_NONE },
		{ "amazon-ses", "anything", SELECTOR_NONE },
		{ "mailchimp", "", SELECTOR_NONE },
		{ "hubspot", "*", SELECTOR_NONE },
		{ "postmark", "##############pm", SELECTOR_NONE },
		{ "mailchimp", "k1?", SELECTOR_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct service *s = catalogue_find(slice_of(cases[i].id));

		assert_non_null(s);
		assert_int_equal(
			catalogue_selector(s, slice_of(cases[i].selector)), cases[i].match);
	}
	assert_int_equal(catalogue_selector(catalogue_find(SLICE_LIT("hubspot")), SLICE_ABSENT),
		SELECTOR_NONE);
}

/* Patterns the table does not have today but may have tomorrow. */
static void a_pattern_means_what_the_table_says_of_it(void **state)
{
	static const struct {
		const char *patterns, *selector;
		enum selector_match match;
	} cases[] = {
		{ "a*", "a", SELECTOR_STRONG },
		{ "*a", "bca", SELECTOR_STRONG },
		{ "*a", "ab", SELECTOR_NONE },
		{ "a*b*c", "abc", SELECTOR_STRONG },
		{ "a*b*c", "axbxc", SELECTOR_STRONG },
		{ "a*b*c", "abcbc", SELECTOR_STRONG },
		{ "a*b*c", "acb", SELECTOR_NONE },
		{ "a*b*c", "abcd", SELECTOR_NONE },
		{ "ab*ab", "ab", SELECTOR_NONE }, /* no byte serves twice */
		{ "ab*ab", "aba", SELECTOR_NONE },
		{ "ab*ab", "abab", SELECTOR_STRONG },
		{ "a*ba", "aba", SELECTOR_STRONG },
		{ "ab*ba", "aba", SELECTOR_NONE },
		{ "a**b", "ab", SELECTOR_STRONG },
		{ "#*#", "1", SELECTOR_NONE },
		{ "#*#", "12", SELECTOR_STRONG },
		{ "*#", "key9", SELECTOR_STRONG },
		{ "##", "1", SELECTOR_NONE },
		{ "##", "1a", SELECTOR_NONE },
		{ "k* k1?", "k1", SELECTOR_STRONG }, /* the better of two */
		{ "k1? k*", "k1", SELECTOR_STRONG },
		{ "k1  k2", "k2", SELECTOR_STRONG },
		{ "", "k1", SELECTOR_NONE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct service s = { .selectors = slice_of(cases[i].patterns) };

		assert_int_equal(
			catalogue_selector(&s, slice_of(cases[i].selector)), cases[i].match);
	}
}

/* The quick way and the plain way must agree, for every selector the table writes. */
static void check_selector(struct slice selector)
{
	const struct service *found[64], *all;
	enum selector_match match[64];
	size_t services, expected = 0,
			 len = catalogue_by_selector(selector, found, match, COUNT(found));

	all = catalogue_services(&services);
	for (size_t i = 0; i < services; i++) {
		enum selector_match m = catalogue_selector(&all[i], selector);
		size_t k = 0;

		while (k < len && found[k] != &all[i])
			k++;
		assert_int_equal(k < len ? match[k] : SELECTOR_NONE, m);
		expected += m != SELECTOR_NONE;
	}
	assert_int_equal(len, expected);
	/* store/judge/group.c looks at no more for one signature. */
	assert_true(len <= 16);
	for (size_t k = 1; k < len; k++)
		assert_true(match[k - 1] > match[k] ||
			    (match[k - 1] == match[k] && found[k - 1] < found[k]));
}

static void all_services_of_a_selector_are_found_the_strong_first(void **state)
{
	static const char *const more[] = { "", "default", "s1", "k1", "k2", "hs1-1", "cf2024-1",
		"1234567890123", "12345678901234pm", "s123456", "mimecast2024", "nothing",
		"10dkim1", "a", "\xff", "zzzz", "20210112-abc" };
	size_t services;
	const struct service *all = catalogue_services(&services);

	(void)state;
	for (size_t i = 0; i < COUNT(more); i++)
		check_selector(slice_of(more[i]));
	for (size_t i = 0; i < services; i++) {
		struct slice list = all[i].selectors;

		while (!slice_absent(list)) {
			struct slice text = slice_cut(list, ' ', &list);

			if (text.len > 0 && text.ptr[text.len - 1] == '?')
				text.len--;
			check_selector(text);
		}
	}
}

static void no_more_services_are_told_than_there_is_room_for(void **state)
{
	const struct service *all[16], *some[17];
	enum selector_match match[17], some_match[17];
	size_t len = catalogue_by_selector(SLICE_LIT("default"), all, match, COUNT(all));

	(void)state;
	assert_true(len >= 5 && len < COUNT(all)); /* or this test shows nothing */
	for (size_t max = 0; max <= len; max++) {
		some[max] = NULL;
		some_match[max] = SELECTOR_NONE;
		assert_int_equal(
			catalogue_by_selector(SLICE_LIT("default"), some, some_match, max), max);
		for (size_t i = 0; i < max; i++)
			assert_ptr_equal(some[i], all[i]);
		assert_null(some[max]); /* nothing is written past the room */
	}
}

static void a_selector_made_to_tire_a_matcher_does_not(void **state)
{
	char selector[1024];
	const struct service *found[4];
	enum selector_match match[4];

	(void)state;
	memset(selector, 'o', sizeof selector);
	memcpy(selector, "ovhmo", 5);
	assert_int_equal(catalogue_by_selector(
				 slice_from(selector, sizeof selector), found, match, COUNT(found)),
		0);
	memcpy(selector + sizeof selector - 9, "-selector", 9);
	assert_int_equal(catalogue_by_selector(
				 slice_from(selector, sizeof selector), found, match, COUNT(found)),
		1);
	assert_id(found[0], "ovhcloud");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_that_ask_at_once_read_one_table),
		cmocka_unit_test(every_line_of_the_table_is_a_service),
		cmocka_unit_test(a_line_gives_each_cell_its_place),
		cmocka_unit_test(an_id_is_found_whole_or_not_at_all),
		cmocka_unit_test(every_domain_of_the_table_leads_to_its_service),
		cmocka_unit_test(a_name_is_matched_at_a_labels_border_and_in_its_kind),
		cmocka_unit_test(a_name_of_any_length_is_looked_up),
		cmocka_unit_test(a_selector_fits_the_patterns_of_a_service),
		cmocka_unit_test(a_pattern_means_what_the_table_says_of_it),
		cmocka_unit_test(all_services_of_a_selector_are_found_the_strong_first),
		cmocka_unit_test(no_more_services_are_told_than_there_is_room_for),
		cmocka_unit_test(a_selector_made_to_tire_a_matcher_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
