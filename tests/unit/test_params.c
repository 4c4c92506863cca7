/* The query of a request: what it means, and what it is refused for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "web/params.h"

static struct params params;

static void a_query_is_pairs_of_decoded_text(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(
		params_parse(&params, SLICE_LIT("a=1&b=x+y%2Bz&c&=d&&e=%C3%B1%25&f=a=b"), &err), 0);
	assert_int_equal(params.len, 6);
	assert_true(slice_equal(params_get(&params, SLICE_LIT("a")), SLICE_LIT("1")));
	assert_true(slice_equal(params_get(&params, SLICE_LIT("b")), SLICE_LIT("x y+z")));
	assert_true(slice_equal(params_get(&params, SLICE_LIT("c")), SLICE_LIT("")));
	assert_true(slice_equal(params_get(&params, SLICE_LIT("e")), SLICE_LIT("\xc3\xb1%")));
	assert_true(slice_equal(params_get(&params, SLICE_LIT("f")), SLICE_LIT("a=b")));
	assert_true(slice_absent(params_get(&params, SLICE_LIT("g"))));
}

static void what_is_no_text_is_refused(void **state)
{
	static const char *const bad[] = { "a=%", "a=%4", "a=%g0", "a=%00", "a=%0d%0aX: y", "a=%ff",
		"a=%c0%af", "a=%ed%a0%80", "%00=a", "a=\x01", "a=%7f", "a=\xff" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err err = ERR_INIT;

		if (params_parse(&params, slice_of(bad[i]), &err) == 0)
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(err.code, ERR_USAGE);
	}
}

static void more_parameters_than_there_are_are_refused(void **state)
{
	struct err err = ERR_INIT;
	struct buf query;

	(void)state;
	buf_init(&query, REQUEST_BYTES_MAX);
	for (int i = 0; i < PARAMS_MAX; i++)
		buf_add_text(&query, "a=1&");
	assert_int_equal(params_parse(&params, buf_slice(&query), &err), 0);
	buf_add_text(&query, "a=1");
	assert_int_equal(params_parse(&params, buf_slice(&query), &err), -1);
	buf_release(&query);
}

static void link(const char *query, const char *keep, const struct param *set, size_t len,
	const char *expect)
{
	struct err err = ERR_INIT;
	struct buf to;

	assert_int_equal(params_parse(&params, slice_of(query), &err), 0);
	buf_init(&to, REQUEST_BYTES_MAX);
	params_link(&to, &params, keep, set, len);
	assert_string_equal(buf_text(&to), expect);
	buf_release(&to);
}

static void a_link_keeps_what_it_is_told_and_encodes_everything(void **state)
{
	struct param offset = { SLICE_LIT("offset"), SLICE_LIT("100") };
	struct param gone = { SLICE_LIT("a"), SLICE_ABSENT };

	(void)state;
	link("", NULL, NULL, 0, "");
	link("a=1&b=%22%3E%3Cscript%3E", NULL, NULL, 0, "?a=1&b=%22%3E%3Cscript%3E");
	link("a=1&b=2&c=3", "a c", NULL, 0, "?a=1&c=3");
	link("a=1&offset=0&b=2", NULL, &offset, 1, "?a=1&b=2&offset=100");
	link("a=1&b=2", NULL, &gone, 1, "?b=2");
	link("a=1", "", &offset, 1, "?offset=100");
	link("domain=x&domain=y", NULL, NULL, 0, "?domain=x&domain=y");
}

static void a_list_holds_whole_names_only(void **state)
{
	(void)state;
	assert_true(params_listed("from to last", SLICE_LIT("to")));
	assert_true(params_listed("from to last", SLICE_LIT("last")));
	assert_false(params_listed("from to last", SLICE_LIT("las")));
	assert_false(params_listed("from to last", SLICE_LIT("")));
	assert_false(params_listed("from to last", SLICE_LIT("from to")));
	assert_false(params_listed("", SLICE_LIT("a")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_is_pairs_of_decoded_text),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(more_parameters_than_there_are_are_refused),
		cmocka_unit_test(a_link_keeps_what_it_is_told_and_encodes_everything),
		cmocka_unit_test(a_list_holds_whole_names_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
