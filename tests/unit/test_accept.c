/* What a client would rather have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "web/accept.h"

static void the_language_is_the_one_wanted_most(void **state)
{
	static const struct {
		const char *header;
		enum emit_lang lang;
	} cases[] = { { "", EMIT_EN }, { "es", EMIT_ES }, { "es-MX,es;q=0.9,en;q=0.8", EMIT_ES },
		{ "en-GB,en;q=0.9,es;q=0.8", EMIT_EN }, { "de, es;q=0.5, en;q=0.4", EMIT_ES },
		{ "de", EMIT_EN }, { "en;q=0.1,es;q=0.125", EMIT_ES }, { "es;q=0", EMIT_EN },
		{ "ES", EMIT_ES }, { ";;;,,=", EMIT_EN }, { "est", EMIT_EN } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (accept_language(slice_of(cases[i].header)) != cases[i].lang)
			fail_msg("%s", cases[i].header);
	}
}

static void gzip_is_sent_to_whom_takes_it(void **state)
{
	static const struct {
		const char *header;
		bool gzip;
	} cases[] = { { "", false }, { "gzip", true }, { "GZIP", true },
		{ "gzip, deflate, br", true }, { "br;q=1.0, gzip;q=0.8, *;q=0.1", true },
		{ "gzip;q=0", false }, { "gzip;q=0.0", false }, { "gzip;q=0.001", true },
		{ "gzip ; q=0.5", true }, { "*", true }, { "*;q=0", false },
		{ "gzip;q=0, *", false }, { "deflate", false }, { "identity", false },
		{ "identity;q=1, gzip;q=0.5", false }, { "identity;q=0.5, gzip", true },
		{ "x-gzip", false }, { "notgzip", false }, { "gzip;level=9;q=0", false },
		{ "br, *;q=0.5, gzip;q=0", false } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (accept_gzip(slice_of(cases[i].header)) != cases[i].gzip)
			fail_msg("%s", cases[i].header);
	}
	assert_false(accept_gzip(SLICE_ABSENT));
}

static void a_weight_is_read_in_thousandths(void **state)
{
	static const struct {
		const char *header;
		unsigned weight;
	} cases[] = { { "a", 1000 }, { "a;q=1", 1000 }, { "a;q=1.000", 1000 }, { "a;q=0.5", 500 },
		{ "a;q=0.123", 123 }, { "a;q=0.1239", 123 }, { "a;q=0", 0 }, { "a;q=0.", 0 },
		{ "a;q=", 1000 }, { "a;q=x", 1000 }, { "a;q=-1", 1000 }, { "a;q=0.0x9", 0 },
		{ "b", 7 }, { "", 7 }, { "*;q=0.3", 300 }, { "*;q=0.3,a;q=0.2", 200 },
		{ "a;q=0.2,*;q=0.3", 200 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned got = accept_quality(slice_of(cases[i].header), SLICE_LIT("a"), 7);

		if (got != cases[i].weight)
			fail_msg("%s: %u", cases[i].header, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_language_is_the_one_wanted_most),
		cmocka_unit_test(gzip_is_sent_to_whom_takes_it),
		cmocka_unit_test(a_weight_is_read_in_thousandths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
