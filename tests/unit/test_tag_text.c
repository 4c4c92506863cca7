/* The short texts about tags: there for each, in both languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/utf8.h"
#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/tag_text.h"

/* What fits under a field of a form. */
#define TEXT_BYTES_MAX 200

static void each_tag_has_a_short_text_in_both_languages_and_they_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < DNS_TAG_TEXTS; i++) {
		const struct dns_tag_text *t = &dns_tag_texts[i];

		assert_non_null(t->tag);
		for (unsigned k = 0; k < DNS_LANGUAGE_COUNT; k++) {
			struct slice text;

			assert_non_null(t->text[k]);
			text = slice_of(t->text[k]);
			if (text.len < 20 || text.len > TEXT_BYTES_MAX ||
				text.ptr[text.len - 1] != '.')
				fail_msg("%s: %zu bytes: %s", t->tag, text.len, t->text[k]);
			for (size_t at = 0; at < text.len;) {
				size_t n = utf8_printable(slice_from(text.ptr + at, text.len - at));

				assert_true(n > 0);
				at += n;
			}
		}
		assert_string_not_equal(t->text[DNS_EN], t->text[DNS_ES]);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(t->tag, dns_tag_texts[k].tag);
			assert_string_not_equal(t->text[DNS_EN], dns_tag_texts[k].text[DNS_EN]);
			assert_string_not_equal(t->text[DNS_ES], dns_tag_texts[k].text[DNS_ES]);
		}
	}
}

static void every_tag_of_dmarc_and_every_ending_of_spf_is_explained(void **state)
{
	static const char *const endings[] = { "~all", "-all", "?all", "+all" };

	(void)state;
	for (unsigned i = 0; i < DMARC_TAG_COUNT; i++) {
		const struct dns_tag_text *t = dns_tag_text_find(slice_of(dmarc_tag_names[i]));

		if (t == NULL)
			fail_msg("%s", dmarc_tag_names[i]);
		assert_string_equal(t->tag, dmarc_tag_names[i]);
	}
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		assert_string_equal(dns_tag_text_find(slice_of(endings[i]))->tag, endings[i]);
	assert_int_equal(DNS_TAG_TEXTS, DMARC_TAG_COUNT + sizeof endings / sizeof *endings);
}

static void a_tag_is_found_in_any_case_and_all_alone_is_plus(void **state)
{
	(void)state;
	assert_string_equal(dns_tag_text_find(SLICE_LIT("RUA"))->tag, "rua");
	assert_string_equal(dns_tag_text_find(SLICE_LIT("ALL"))->tag, "+all");
	assert_null(dns_tag_text_find(SLICE_LIT("mx")));
	assert_null(dns_tag_text_find(SLICE_LIT("")));
	assert_null(dns_tag_text_find(SLICE_ABSENT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_tag_has_a_short_text_in_both_languages_and_they_differ),
		cmocka_unit_test(every_tag_of_dmarc_and_every_ending_of_spf_is_explained),
		cmocka_unit_test(a_tag_is_found_in_any_case_and_all_alone_is_plus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
