/* The meter: a scrape's text is kept for the facts it stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/meter.h"

#define TEXT "ruad_mails 1\n"

static void a_text_is_good_for_the_facts_and_the_day_it_stands_on(void **state)
{
	const struct meter_kept made = {
		.identity = 7, .version = 40, .day = 20000, .series = 3, .dropped = 2
	};
	static const struct {
		uint64_t identity;
		int64_t version;
		int32_t day;
		bool good;
	} cases[] = { { 7, 40, 20000, true }, { 8, 40, 20000, false }, { 7, 41, 20000, false },
		{ 7, 40, 20001, false } };
	struct meter_kept kept = made;
	struct err err = ERR_INIT;
	struct meter *m = NULL;
	struct buf text;

	(void)state;
	buf_init(&text, 1000);
	assert_int_equal(meter_open(&m, &err), 0);
	assert_false(meter_recall(m, &kept, 60000, &text)); /* there is none yet */
	meter_remember(m, &made, SLICE_LIT(TEXT));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct meter_kept asked = { .identity = cases[i].identity,
			.version = cases[i].version,
			.day = cases[i].day };

		kept = asked;
		buf_clear(&text);
		assert_int_equal(meter_recall(m, &kept, 0, &text), cases[i].good);
		assert_int_equal(kept.series, cases[i].good ? 3 : 0);
		assert_int_equal(kept.dropped, cases[i].good ? 2 : 0);
		assert_string_equal(buf_text(&text), cases[i].good ? TEXT : "");
		/* Many at a time cost one, whatever changed. */
		kept = asked;
		buf_clear(&text);
		assert_true(meter_recall(m, &kept, 60000, &text));
		assert_string_equal(buf_text(&text), TEXT);
	}
	buf_release(&text);
	meter_close(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_good_for_the_facts_and_the_day_it_stands_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
