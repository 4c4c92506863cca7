/* What bytes and mails are called, so that what is no report ends quietly under its own name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "ingest/kind.h"

#define BYTES(text)                                                                                \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static void bytes_are_named_by_what_they_begin_with(void **state)
{
	static const struct {
		struct slice head;
		const char *name;
	} cases[] = {
		{ BYTES(""), "empty data" },
		{ BYTES(" \r\n\t"), "empty data" },
		{ BYTES("<?xml version='1.0'?>\n<feedback>"), "aggregate report" },
		{ BYTES("\xef\xbb\xbf<feedback>"), "aggregate report" },
		{ BYTES("\xff\xfe<\0f\0e\0e\0d\0b\0a\0c\0k\0>\0"), "aggregate report" },
		{ BYTES("unused\n"), "the word \"unused\"" },
		{ BYTES("{\"organization-name\":\"a\",\"policies\":[]}"), "TLS report" },
		{ BYTES("[ {\"report-id\":1,\"date-range\":{}} ]"), "TLS report" },
		{ BYTES("{\"a\": 1}"), "JSON" },
		{ BYTES("{curly} words"), "text" },
		{ BYTES("Feedback-Type: auth-failure\nUser-Agent: x/1\n"), "failure report" },
		{ BYTES("the Feedback-Type: header, User-Agent: x"), "text" },
		{ BYTES("<!DOCTYPE html><html>"), "HTML" },
		{ BYTES("<HTML>feedback</HTML>"), "HTML" },
		{ BYTES("<?xml version='1.0'?><rss/>"), "XML that is no DMARC report" },
		{ BYTES("<3 this"), "text" },
		{ BYTES("\x1f\x8b\x08"), "gzip" },
		{ BYTES("PK\x03\x04"), "zip" },
		{ BYTES("\x89PNG\r\n\x1a\n"), "PNG image" },
		{ BYTES("%PDF-1.4"), "PDF" },
		{ BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "Outlook message or Office document" },
		{ BYTES("\x78\x9f\x3e\x22"), "TNEF (winmail.dat)" },
		{ BYTES("-----BEGIN PGP SIGNATURE-----"), "PGP data" },
		{ BYTES("words in any language: \xc3\xa4"), "text" },
		{ BYTES("words in latin-1: \xe4"), "text" },
		{ BYTES("\0\1\2\3"), "unknown data" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct kind *kind = kind_find(cases[i].head);

		if (strcmp(kind->name, cases[i].name) != 0)
			fail_msg("case %zu is %s, not %s", i, kind->name, cases[i].name);
		assert_int_equal(kind->parse != NULL, strcmp(kind->name, "aggregate report") == 0);
	}
}

static void a_head_cut_within_a_character_is_still_text(void **state)
{
	(void)state;
	assert_string_equal(kind_find(SLICE_LIT("words \xe2\x82"))->name, "text");
}

static void mails_without_a_report_are_named_by_headers_parts_and_text(void **state)
{
	static const struct {
		const char *report_type, *from, *type, *text, *name;
	} cases[] = {
		{ "tlsrpt", NULL, "text/plain", NULL, "TLS report" },
		{ NULL, NULL, "application/tlsrpt+gzip", NULL, "TLS report" },
		{ "feedback-report", NULL, "text/plain", NULL, "failure report" },
		{ NULL, NULL, "message/feedback-report", NULL, "failure report" },
		{ NULL, NULL, "text/plain",
			"A message claiming to be from you has failed the published DMARC policy",
			"failure report" },
		{ "delivery-status", NULL, "text/plain", NULL, "bounce" },
		{ NULL, NULL, "message/delivery-status", NULL, "bounce" },
		{ NULL, "MAILER-DAEMON@mx.example", "text/plain", "no such user", "bounce" },
		{ NULL, NULL, "text/plain",
			"Report-Date: x\r\nReport-Domain: example.com\r\nReport-Size: 1\r\n",
			"report too large" },
		{ NULL, "cron@example.com", "text/plain", "disk is full", "mail without a report" },
		{ NULL, NULL, NULL, NULL, "mail without a report" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct mime_headers headers = { .report_type = slice_of(cases[i].report_type),
			.from = slice_of(cases[i].from) };
		const struct slice types[] = { slice_of("text/html"), slice_of(cases[i].type) };

		assert_string_equal(
			kind_of_mail(&headers, types, 2, slice_of(cases[i].text)), cases[i].name);
	}
}

static void bytes_that_are_no_mail_are_named_so(void **state)
{
	const struct mime_headers headers = { .empty = true };

	(void)state;
	assert_string_equal(kind_of_mail(&headers, NULL, 0, SLICE_ABSENT), "no mail at all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_named_by_what_they_begin_with),
		cmocka_unit_test(a_head_cut_within_a_character_is_still_text),
		cmocka_unit_test(mails_without_a_report_are_named_by_headers_parts_and_text),
		cmocka_unit_test(bytes_that_are_no_mail_are_named_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
