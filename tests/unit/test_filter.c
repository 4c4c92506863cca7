/* Filters: what a parameter may be, and what it says when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/base/day.h"
#include "store/query.h"

#define TODAY "1727913600" /* 2024-10-03T00:00:00Z, day 19999 */
#define DAY   19999

static struct query_filter f;

static int set(enum query_kind kind, const char *name, const char *value, struct err *err)
{
	return query_filter_set(&f, kind, slice_of(name), slice_of(value), err);
}

static void a_bad_value_names_the_parameter_and_what_it_may_be(void **state)
{
	static const struct {
		const char *name, *value, *expect;
	} cases[] = {
		{ "domain", "a b", "domain \"a b\" is not a domain name" },
		{ "domain", "", "domain \"\" is not a domain name" },
		{ "subdomains", "maybe", "subdomains \"maybe\" must be true or false" },
		{ "scope", "mine", "scope \"mine\" must be one of claimed, unclaimed, all" },
		{ "header_from", "", "header_from \"\" is not a domain name" },
		{ "reporter", " ", "reporter must be a name of 1 to 1024 bytes" },
		{ "source", "192.0.2.1/24",
			"source \"192.0.2.1/24\" must be an address or a network like 192.0.2.0/24" },
		{ "result", "maybe", "result \"maybe\" must be one of pass, fail, unknown" },
		{ "disposition", "drop",
			"disposition \"drop\" must be one of absent, unknown, none, quarantine, reject, "
			"pass" },
		{ "last", "7", "last \"7\" must look like 7d, 24h, 4w or all" },
		{ "last", "0d", "last \"0d\" must look like 7d, 24h, 4w or all" },
		{ "last", "d", "last \"d\" must look like 7d, 24h, 4w or all" },
		{ "last", "-7d", "last \"-7d\" must look like 7d, 24h, 4w or all" },
		{ "last", "36501d", "last \"36501d\" must look like 7d, 24h, 4w or all" },
		{ "last", "7y", "last \"7y\" must look like 7d, 24h, 4w or all" },
		{ "from", "yesterday",
			"from \"yesterday\" must be a date like 2026-11-24, an RFC 3339 time or epoch "
			"seconds since 1970" },
		{ "to", "1969-12-31",
			"to \"1969-12-31\" must be a date like 2026-11-24, an RFC 3339 time or epoch "
			"seconds since 1970" },
		{ "sort", "-nothing",
			"sort \"-nothing\" must be a field of reports, with - for descending" },
		{ "sort", "id; DROP TABLE report",
			"sort \"id; DROP TABLE report\" must be a field of reports, with - for "
			"descending" },
		{ "fields", "", "fields \"\" must be fields of reports with a comma between" },
		{ "fields", "id,", "fields \"\" must be fields of reports with a comma between" },
		{ "fields", "id,nothing",
			"fields \"nothing\" must be fields of reports with a comma between" },
		{ "fields", "domain,id,domain", "fields names \"domain\" twice" },
		{ "limit", "0", "limit \"0\" must be a number from 1 to 1000000000" },
		{ "limit", "1e3", "limit \"1e3\" must be a number from 1 to 1000000000" },
		{ "cursor", "", "cursor is not one that an answer gave" },
		{ "group", "0", "group \"0\" must be a number from 1 to 9223372036854775807" },
		{ "service", "nobody", "service \"nobody\" is not one of the catalogue" },
		{ "class", "mine",
			"class \"mine\" must be one of yours, forwarded, to_decide, not_yours" },
		{ "since_id", "5", "reports takes no since_id" },
		{ "first_seen_after", "2024-01-01", "reports takes no first_seen_after" },
		{ "colour", "red", "there is no parameter \"colour\"" },
		{ "group_by", "day", "reports takes no group_by" },
		{ "ending", "stored", "reports takes no ending" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = ERR_INIT;

		query_filter_init(&f);
		assert_int_equal(set(QUERY_REPORTS, cases[i].name, cases[i].value, &err), -1);
		assert_string_equal(err.text, cases[i].expect);
		assert_int_equal(err.code, ERR_USAGE);
	}
}

static void a_window_is_whole_days_both_in(void **state)
{
	static const struct {
		const char *name[2], *value[2];
		int32_t from, to;
	} cases[] = {
		{ { NULL, NULL }, { NULL, NULL }, DAY - 30, DAY - 1 },
		{ { "last", NULL }, { "7d", NULL }, DAY - 7, DAY - 1 },
		{ { "last", NULL }, { "1d", NULL }, DAY - 1, DAY - 1 },
		{ { "last", NULL }, { "24h", NULL }, DAY - 1, DAY - 1 },
		{ { "last", NULL }, { "25h", NULL }, DAY - 2, DAY - 1 },
		{ { "last", NULL }, { "4w", NULL }, DAY - 28, DAY - 1 },
		{ { "from", "to" }, { "2024-09-01", "2024-09-03" }, 19967, 19969 },
		{ { "to", "from" }, { "2024-09-03", "2024-09-01" }, 19967, 19969 },
		{ { "from", "to" }, { "2024-09-01T23:59:59Z", "1725321600000" }, 19967, 19969 },
		{ { "from", NULL }, { "2024-09-01", NULL }, 19967, DAY - 1 },
		{ { "from", NULL }, { "2024-10-03", NULL }, DAY, DAY },
		{ { "to", NULL }, { "2024-09-03", NULL }, 19940, 19969 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = ERR_INIT;

		query_filter_init(&f);
		for (size_t j = 0; j < 2 && cases[i].name[j] != NULL; j++)
			assert_int_equal(
				set(QUERY_SUMMARY, cases[i].name[j], cases[i].value[j], &err), 0);
		assert_int_equal(f.from, cases[i].from);
		assert_int_equal(f.to, cases[i].to);
	}
}

static void a_window_that_cannot_be_is_refused(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	query_filter_init(&f);
	assert_int_equal(set(QUERY_SUMMARY, "from", "2024-09-03", &err), 0);
	assert_int_equal(set(QUERY_SUMMARY, "to", "2024-09-02", &err), -1);
	assert_string_equal(err.text, "from lies after to");
	query_filter_init(&f);
	assert_int_equal(set(QUERY_SUMMARY, "last", "7d", &err), 0);
	assert_int_equal(set(QUERY_SUMMARY, "to", "2024-09-02", &err), -1);
	assert_string_equal(err.text, "last and from or to exclude each other");
}

static void a_parameter_is_given_once_but_for_domain(void **state)
{
	struct err err = ERR_INIT;
	char name[64];

	(void)state;
	query_filter_init(&f);
	assert_int_equal(set(QUERY_SOURCES, "limit", "5", &err), 0);
	assert_int_equal(set(QUERY_SOURCES, "limit", "6", &err), -1);
	assert_string_equal(err.text, "limit is given twice");
	for (int i = 0; i < FILTER_DOMAINS_MAX; i++) {
		(void)snprintf(name, sizeof name, "D%d.Example.", i);
		assert_int_equal(set(QUERY_SOURCES, "domain", name, &err), 0);
	}
	assert_string_equal(f.domains[63], "d63.example");
	assert_int_equal(set(QUERY_SOURCES, "domain", "one.too.many.example", &err), -1);
	assert_string_equal(err.text, "domain may be named 64 times at most");
}

static void values_are_read_in_any_case_and_kept_as_they_are_compared(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	query_filter_init(&f);
	assert_int_equal(set(QUERY_REPORTS, "reporter", " Google.COM ", &err), 0);
	assert_string_equal(f.reporter, "google.com");
	assert_int_equal(set(QUERY_REPORTS, "result", "FAIL", &err), 0);
	assert_int_equal(f.verdict, REPORT_VERDICT_FAIL);
	assert_int_equal(set(QUERY_REPORTS, "disposition", "reject", &err), 0);
	assert_int_equal(f.disposition, REPORT_DISPOSITION_REJECT);
	assert_int_equal(set(QUERY_REPORTS, "verified", "true", &err), 0);
	assert_true(f.verified_only);
	assert_int_equal(set(QUERY_REPORTS, "partial", "false", &err), 0);
	assert_false(f.partial);
	assert_int_equal(set(QUERY_REPORTS, "sort", "-messages", &err), 0);
	assert_string_equal(f.sort, "-messages");
	assert_int_equal(set(QUERY_RECEIPTS, "ending", "not a report", &err), 0);
	assert_int_equal(f.ending, REPORT_NOT_A_REPORT);
}

static void the_other_window_of_changes_is_named_by_its_ends(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	query_filter_init(&f);
	assert_int_equal(f.against_from, -1);
	assert_int_equal(set(QUERY_CHANGES, "against_from", "1970-01-10", &err), 0);
	assert_int_equal(f.against_from, 9);
	assert_int_equal(set(QUERY_CHANGES, "against_to", "1970-01-09", &err), -1);
	assert_non_null(strstr(err.text, "against_from lies after against_to"));
	query_filter_init(&f);
	assert_int_equal(set(QUERY_SUMMARY, "against_to", "1970-01-09", &err), -1);
	assert_int_equal(set(QUERY_CHANGES, "header_from", "a.example", &err), -1);
	assert_int_equal(set(QUERY_LINT, "reporter", "alpha", &err), 0);
}

static void every_parameter_has_a_name_and_only_switches_are_flags(void **state)
{
	size_t n = 0, flags = 0;
	bool flag;

	(void)state;
	for (; query_filter_name(n, &flag) != NULL; n++)
		flags += flag;
	assert_int_equal(n, 29);
	assert_int_equal(flags, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bad_value_names_the_parameter_and_what_it_may_be),
		cmocka_unit_test(a_window_is_whole_days_both_in),
		cmocka_unit_test(a_window_that_cannot_be_is_refused),
		cmocka_unit_test(a_parameter_is_given_once_but_for_domain),
		cmocka_unit_test(values_are_read_in_any_case_and_kept_as_they_are_compared),
		cmocka_unit_test(the_other_window_of_changes_is_named_by_its_ends),
		cmocka_unit_test(every_parameter_has_a_name_and_only_switches_are_flags),
	};

	setenv("RUAD_CLOCK", TODAY, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
