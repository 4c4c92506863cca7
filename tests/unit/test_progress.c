/* The one line a terminal sees of a long run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ingest/progress.h"

static void the_line_says_how_far_how_fast_and_how_long(void **state)
{
	static const struct {
		uint64_t done, total;
		int64_t ms;
		const char *expect;
	} cases[] = {
		{ 0, 100, 2000, "[........................] 0 of 100 mails, 0/s, 0:00 left" },
		{ 50, 100, 2000, "[############............] 50 of 100 mails, 25/s, 0:02 left" },
		{ 100, 100, 2000, "[########################] 100 of 100 mails, 50/s, 0:00 left" },
		/* More arrived while it ran. */
		{ 150, 100, 3000, "[########################] 150 of 150 mails, 50/s, 0:00 left" },
		{ 1000, 100000, 1000,
			"[........................] 1000 of 100000 mails, 1000/s, 1:39 left" },
		/* Nobody knows how many there are. */
		{ 1234, 0, 2000, "1234 mails, 617/s" },
		{ 5, 10, 0, "[############............] 5 of 10 mails, 0/s, 0:00 left" },
		{ 1, UINT64_MAX / 1000000, 1000,
			"[........................] 1 of 18446744073709 mails, 1/s, 307445734561:48 left" },
	};
	char text[PROGRESS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(progress_text(text, cases[i].done, cases[i].total, cases[i].ms),
			cases[i].expect);
}

static void nothing_is_drawn_where_nobody_looks(void **state)
{
	struct progress p;

	(void)state;
	progress_init(&p);
	p.on = false;
	p.last_ms = 0;
	progress_step(&p, 1, 2);
	assert_false(p.drawn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_says_how_far_how_fast_and_how_long),
		cmocka_unit_test(nothing_is_drawn_where_nobody_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
