/* The floor everything stands on: slices, text, addresses, days, names, settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/base/buf.h"
#include "store/base/conf.h"
#include "store/base/day.h"
#include "store/base/digest.h"
#include "store/base/domain.h"
#include "store/base/err.h"
#include "store/base/ip.h"
#include "store/base/limits.h"
#include "store/base/utf8.h"

static void a_number_is_digits_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t value;
	} cases[] = { { "0", true, 0 }, { "1000000000000", true, COUNT_MAX },
		{ "1000000000001", false, 0 }, { "", false, 0 }, { "-1", false, 0 },
		{ "+1", false, 0 }, { " 1", false, 0 }, { "1e9", false, 0 }, { "1.0", false, 0 },
		{ "0x10", false, 0 }, { "99999999999999999999999", false, 0 },
		{ "\xef\xbc\x91", false, 0 }, { "007", true, 7 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t value = 0;

		assert_int_equal(
			slice_u64(slice_of(cases[i].text), COUNT_MAX, &value), cases[i].ok);
		assert_int_equal(value, cases[i].value);
	}
}

/* A limit of one digit too, and the largest there is. */
static void a_number_has_a_limit(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
	} cases[] = { { "2", 2, true }, { "3", 2, false }, { "9", 2, false }, { "12", 2, false },
		{ "0", 0, true }, { "1", 0, false }, { "15", 15, true }, { "16", 15, false },
		{ "20", 15, false }, { "18446744073709551615", UINT64_MAX, true },
		{ "18446744073709551616", UINT64_MAX, false } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t value = 0;

		assert_int_equal(
			slice_u64(slice_of(cases[i].text), cases[i].max, &value), cases[i].ok);
	}
}

static void an_address_has_one_canonical_form(void **state)
{
	static const struct {
		const char *text, *expect;
	} cases[] = { { "192.0.2.1", "192.0.2.1" }, { "192.000.002.001", "192.0.2.1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" }, { "2001:DB8::0001", "2001:db8::1" },
		{ "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
		{ "108r.166.27.220", "" }, { "256.1.1.1", "" }, { "1.2.3", "" },
		{ "1.2.3.4.5", "" }, { "", "" }, { "bad-ip", "" }, { "1.2.3.4 ", "" } };
	char text[IP_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ip ip = { { 0 }, 0 };

		assert_int_equal(
			ip_parse(slice_of(cases[i].text), &ip), cases[i].expect[0] != '\0');
		assert_string_equal(ip_text(&ip, text), cases[i].expect);
	}
}

static void a_network_knows_its_addresses(void **state)
{
	struct ip_net net;
	struct ip ip;

	(void)state;
	assert_true(ip_net_parse(slice_of("192.0.2.128/25"), &net));
	assert_true(ip_parse(slice_of("192.0.2.200"), &ip) && ip_net_has(&net, &ip));
	assert_true(ip_parse(slice_of("192.0.2.100"), &ip) && !ip_net_has(&net, &ip));
	assert_true(ip_parse(slice_of("2001:db8::1"), &ip) && !ip_net_has(&net, &ip));
	assert_true(ip_net_parse(slice_of("2001:db8::/33"), &net));
	assert_true(ip_net_has(&net, &ip));
	assert_false(ip_net_parse(slice_of("192.0.2.1/24"), &net));
	assert_false(ip_net_parse(slice_of("192.0.2.0/33"), &net));
	assert_false(ip_net_parse(slice_of("192.0.2.0/"), &net));
}

static void a_day_and_its_text_are_the_same(void **state)
{
	char text[DAY_TEXT_MAX];
	int32_t day;
	int64_t moment;

	(void)state;
	for (int32_t d = -200000; d < 200000; d += 37) {
		assert_true(day_parse(slice_of(day_text(d, text)), &day));
		assert_int_equal(day, d);
	}
	assert_string_equal(day_text(0, text), "1970-01-01");
	assert_string_equal(day_text(20781, text), "2026-11-24");
	assert_string_equal(day_time_text(-1, text), "1969-12-31T23:59:59Z");
	assert_int_equal(day_of(-1), -1);
	assert_false(day_parse(slice_of("2025-02-29"), &day));
	assert_true(day_parse(slice_of("2024-02-29"), &day));
	assert_true(day_moment_parse(slice_of("2026-11-24T01:00:00+01:00"), &moment));
	assert_int_equal(moment, 20781LL * DAY_SECONDS);
	assert_true(day_moment_parse(slice_of("1795478400000"), &moment));
	assert_int_equal(moment, 1795478400);
	assert_false(day_moment_parse(slice_of("2026-11-24T25:00:00Z"), &moment));
	assert_false(day_moment_parse(slice_of("next week"), &moment));
}

static void a_domain_is_compared_in_one_form(void **state)
{
	static const struct {
		const char *text, *expect;
	} cases[] = { { "Example.COM.", "example.com" }, { " example.com ", "example.com" },
		{ "M\xc3\xbcller.de", "xn--mller-kva.de" },
		{ "xn--mller-kva.de", "xn--mller-kva.de" }, { "", NULL }, { " . ", "." },
		{ "a b.com", NULL } };
	char key[DOMAIN_KEY_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool ok = domain_key(slice_of(cases[i].text), key, &len);

		assert_int_equal(ok, cases[i].expect != NULL);
		if (ok)
			assert_string_equal(key, cases[i].expect);
	}
	assert_true(domain_within(slice_of("a.example.com"), slice_of("example.com")));
	assert_false(domain_within(slice_of("aexample.com"), slice_of("example.com")));
	assert_true(
		slice_equal(domain_org(slice_of("a.b.example.co.uk")), slice_of("example.co.uk")));
	assert_true(slice_equal(domain_org(slice_of("192.0.2.1")), slice_of("192.0.2.1")));
}

static void text_that_is_no_text_is_repaired(void **state)
{
	char out[64];
	bool changed;
	size_t n;

	(void)state;
	assert_true(utf8_valid(slice_of("\xc3\xb1 \xe2\x82\xac \xf0\x9f\x98\x80")));
	assert_false(utf8_valid(slice_of("\xc0\x80")));
	assert_false(utf8_valid(slice_of("\xed\xa0\x80")));
	assert_false(utf8_valid(slice_of("\xf4\x90\x80\x80")));
	assert_false(utf8_valid(slice_from("a\0b", 3)));
	n = utf8_repair(slice_of("a\xf1\x07"
				 "b"),
		out, sizeof out, &changed);
	assert_true(changed);
	assert_true(slice_equal(slice_from(out, n), slice_of("a\xef\xbf\xbd"
							     "b")));
	assert_int_equal(utf8_keep(slice_of("a\xe2\x82\xac"), 3).len, 1);
}

static void a_message_is_printable_whatever_it_quotes(void **state)
{
	struct err_quote quote;
	struct err err = ERR_INIT;

	(void)state;
	assert_string_equal(err_quote(&quote, slice_of("a\x1b[31m\n\xe2\x80\xae")),
		"\"a\\x1b[31m\\x0a\\xe2\\x80\\xae\"");
	for (int i = 0; i < 300; i++)
		err_wrap(&err, "a very long context that repeats");
	assert_true(strlen(err.text) < sizeof err.text);
	err_clear(&err);
	err_set(&err, ERR_REPORT, "count %s", "x");
	err_wrap(&err, "line %d", 41);
	assert_string_equal(err.text, "line 41: count x");
}

static void fields_in_a_row_are_one_text_each(void **state)
{
	static const struct slice rows[][2] = {
		{ { "ab", 2 }, { "c", 1 } },
		{ { "a", 1 }, { "bc", 2 } },
		{ { "abc", 3 }, { "", 0 } },
		{ { "abc", 3 }, { NULL, 0 } },
		{ { NULL, 0 }, { "abc", 3 } },
		{ { "", 0 }, { "abc", 3 } },
	};
	const size_t len = sizeof rows / sizeof *rows;
	struct buf b[sizeof rows / sizeof *rows];

	(void)state;
	for (size_t i = 0; i < len; i++) {
		buf_init(&b[i], 100);
		buf_add_field(&b[i], rows[i][0]);
		buf_add_field(&b[i], rows[i][1]);
		assert_false(buf_failed(&b[i]));
		for (size_t k = 0; k < i; k++)
			assert_false(slice_equal(buf_slice(&b[i]), buf_slice(&b[k])));
	}
	for (size_t i = 0; i < len; i++)
		buf_release(&b[i]);
}

static void a_buffer_stops_at_its_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	buf_add_text(&b, "0123456789");
	assert_false(buf_failed(&b));
	buf_add_char(&b, 'x');
	assert_int_equal(b.state, BUF_TOO_LONG);
	assert_string_equal(buf_text(&b), "0123456789");
	buf_clear(&b);
	buf_printf(&b, "%d", 42);
	assert_string_equal(buf_text(&b), "42");
	buf_release(&b);
}

static void the_order_of_members_does_not_change_a_sum(void **state)
{
	struct digest a = digest_of(slice_of("a")), b = digest_of(slice_of("b")), x = { { 0 } },
		      y = { { 0 } };

	(void)state;
	digest_sum(&x, &a);
	digest_sum(&x, &b);
	digest_sum(&y, &b);
	digest_sum(&y, &a);
	assert_true(digest_equal(&x, &y));
	digest_sum(&y, &a);
	assert_false(digest_equal(&x, &y));
	assert_int_equal(digest_of(slice_of("")).bytes[0], 0xe3);
}

static void an_unknown_setting_is_an_error_with_its_line(void **state)
{
	static const struct {
		const char *text, *expect;
	} cases[] = {
		{ "[store]\ndb = /tmp/x.db\nretention_days = 400\n", NULL },
		{ "[store]\n# fine\nretention = 4\n", "line 3: unknown setting \"retention\"" },
		{ "[stor]\ndb = x\n", "line 2: unknown section \"stor\"" },
		{ "[store]\nretention_days = many\n",
			"line 2: retention_days: \"many\" is not a number of days" },
		{ "[ingest]\nkeep = perhaps\n", "line 2: keep: \"perhaps\" is neither yes nor no" },
		{ "[store]\nnonsense\n", "line 2: not a setting (key = value)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char path[] = "/tmp/ruad-conf-XXXXXX", expect[256];
		struct conf conf;
		struct err err = ERR_INIT;
		int fd = mkstemp(path);

		assert_true(fd >= 0);
		assert_int_equal(
			write(fd, cases[i].text, strlen(cases[i].text)), strlen(cases[i].text));
		close(fd);
		conf_init(&conf);
		assert_int_equal(conf_load(&conf, path, &err), cases[i].expect != NULL ? -1 : 0);
		if (cases[i].expect != NULL) {
			snprintf(expect, sizeof expect, "%s: %s", path, cases[i].expect);
			assert_string_equal(err.text, expect);
		} else {
			assert_int_equal(conf.retention_days, 400);
			assert_string_equal(conf.db, "/tmp/x.db");
		}
		unlink(path);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_digits_and_nothing_else),
		cmocka_unit_test(a_number_has_a_limit),
		cmocka_unit_test(an_address_has_one_canonical_form),
		cmocka_unit_test(a_network_knows_its_addresses),
		cmocka_unit_test(a_day_and_its_text_are_the_same),
		cmocka_unit_test(a_domain_is_compared_in_one_form),
		cmocka_unit_test(text_that_is_no_text_is_repaired),
		cmocka_unit_test(a_message_is_printable_whatever_it_quotes),
		cmocka_unit_test(fields_in_a_row_are_one_text_each),
		cmocka_unit_test(a_buffer_stops_at_its_ceiling),
		cmocka_unit_test(the_order_of_members_does_not_change_a_sum),
		cmocka_unit_test(an_unknown_setting_is_an_error_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
