/* Thresholds of monitoring plugins. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "store/judge/range.h"

static void a_range_alarms_as_the_guidelines_say(void **state)
{
	static const struct {
		const char *text;
		double quiet[4], loud[4]; /* 1e9 ends */
		bool times;
		const char *shown;
	} rows[] = {
		{ "10", { 0, 5, 10, 1e9 }, { -0.1, 10.1, 1e9 }, false, "10" },
		{ "10:", { 10, 1000, 1e9 }, { 9.99, -1, 1e9 }, false, "10:" },
		{ "~:10", { -50, 10, 1e9 }, { 10.5, 1e9 }, false, "~:10" },
		{ "10:20", { 10, 15, 20, 1e9 }, { 9, 21, 1e9 }, false, "10:20" },
		{ "@10:20", { 9, 21, 1e9 }, { 10, 15, 20, 1e9 }, false, "@10:20" },
		{ "@0:0", { 1, -1, 1e9 }, { 0, 1e9 }, false, "@0" },
		{ "-5:-1", { -5, -3, -1, 1e9 }, { -6, 0, 1e9 }, false, "-5:-1" },
		{ "97.25:", { 97.25, 1e9 }, { 97.24, 1e9 }, false, "97.25:" },
		{ ":7", { 0, 7, 1e9 }, { -1, 8, 1e9 }, false, "7" },
		{ "2d", { 172800, 1e9 }, { 172801, 1e9 }, true, "172800" },
		{ "90m:1.5h", { 5400, 1e9 }, { 5399, 5401, 1e9 }, true, "5400:5400" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct range r;

		if (!range_parse(slice_of(rows[i].text), rows[i].times, &r))
			fail_msg("%s is no range", rows[i].text);
		assert_string_equal(r.text, rows[i].shown);
		for (const double *v = rows[i].quiet; *v < 1e9; v++) {
			if (range_alarms(&r, *v))
				fail_msg("%s alarms at %g", rows[i].text, *v);
		}
		for (const double *v = rows[i].loud; *v < 1e9; v++) {
			if (!range_alarms(&r, *v))
				fail_msg("%s is quiet at %g", rows[i].text, *v);
		}
	}
}

static void what_is_no_range_is_refused(void **state)
{
	static const char *const bad[] = { "", "@", "x", "1e3", "10:x", "20:10", "-5", "1,5", "+1",
		"10::20", "~", "~:~", "1.", ".5", "1.1234567", "0x10", " 1", "1 ", "nan", "inf",
		"99999999999999999999", "2d",
		"1111111111111111111111111111111111111111111111111111111111111111" };
	struct range r;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (range_parse(slice_of(bad[i]), false, &r))
			fail_msg("\"%s\" is a range", bad[i]);
	}
}

static void a_range_that_is_not_set_never_alarms(void **state)
{
	struct range r = { .set = false };

	(void)state;
	assert_false(range_alarms(&r, -1e12));
	assert_false(range_alarms(&r, 1e12));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_alarms_as_the_guidelines_say),
		cmocka_unit_test(what_is_no_range_is_refused),
		cmocka_unit_test(a_range_that_is_not_set_never_alarms),
	};

	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
