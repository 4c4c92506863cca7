/* What fields mean: numbers, periods, addresses, words, identity, and what is noted of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "ingest/verify.h"
#include "tests/unit/recording_sink.h"

#define NOW 1700000000

struct fixture {
	struct recording r;
	struct verify *v;
	struct raw_head head;
	struct raw_record record;
	struct err err;
	struct parse_context context;
};

static void begin(struct fixture *f)
{
	*f = (struct fixture){ .context = { .now = NOW } };
	recording_init(&f->r);
	assert_int_equal(verify_open(&f->v, &f->r.sink, &f->context, &f->err), 0);
	f->head = (struct raw_head){ .org_name = SLICE_LIT("Org"),
		.email = SLICE_LIT("a@org.example"),
		.report_id = SLICE_LIT("id-1"),
		.begin = SLICE_LIT("1699900000"),
		.end = SLICE_LIT("1699986399"),
		.domain = SLICE_LIT("example.com"),
		.p = SLICE_LIT("none"),
		.has_metadata = true,
		.has_policy = true };
	f->record = (struct raw_record){ .position = 1,
		.line = 7,
		.source_ip = SLICE_LIT("192.0.2.1"),
		.count = SLICE_LIT("3"),
		.disposition = SLICE_LIT("none"),
		.dkim = SLICE_LIT("pass"),
		.spf = SLICE_LIT("fail"),
		.header_from = SLICE_LIT("example.com"),
		.auth = { { .kind = REPORT_DKIM,
			.domain = SLICE_LIT("example.com"),
			.result = SLICE_LIT("pass") } },
		.auth_len = 1,
		.has_auth_results = true,
		.has_policy_evaluated = true,
		.has_identifiers = true };
}

static void end(struct fixture *f)
{
	verify_close(f->v);
	recording_release(&f->r);
}

static int head_of(struct fixture *f)
{
	return verify_head(f->v, &f->head, &f->err);
}

static int record_of(struct fixture *f)
{
	return verify_record(f->v, &f->record, &f->err);
}

static void assert_said(const struct fixture *f, const char *text)
{
	if (strstr(recording_text(&f->r), text) == NULL)
		fail_msg("no \"%s\" in:\n%s", text, recording_text(&f->r));
}

static void assert_not_said(const struct fixture *f, const char *text)
{
	if (strstr(recording_text(&f->r), text) != NULL)
		fail_msg("\"%s\" in:\n%s", text, recording_text(&f->r));
}

static void a_plain_report_passes_without_a_note(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(head_of(&f), 0);
	assert_int_equal(record_of(&f), 0);
	assert_int_equal(verify_end(f.v, &f.err), 0);
	assert_said(&f, "report_id \"id-1\" begin 2023-11-13T18:26:40Z end 2023-11-14T18:26:39Z");
	assert_said(&f, "record 1 line 7: 192.0.2.1 count 3 disposition none dkim pass spf fail");
	assert_not_said(&f, "note ");
	end(&f);
}

static void a_report_without_identity_is_refused(void **state)
{
	static char long_id[REPORT_ID_MAX + 2], long_domain[DOMAIN_MAX + 2];
	static const struct {
		size_t field;
		const char *value, *why;
	} cases[] = { { offsetof(struct raw_head, report_id), NULL, "no report_id" },
		{ offsetof(struct raw_head, report_id), " \n ", "no report_id" },
		{ offsetof(struct raw_head, report_id), long_id, "longer than 1024" },
		{ offsetof(struct raw_head, domain), NULL, "no policy domain" },
		{ offsetof(struct raw_head, domain), "", "no policy domain" },
		{ offsetof(struct raw_head, domain), "two words",
			"\"two words\" is no domain name" },
		{ offsetof(struct raw_head, domain), long_domain, "is no domain name" } };

	(void)state;
	memset(long_id, 'i', sizeof long_id - 1);
	memset(long_domain, 'd', sizeof long_domain - 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		*(struct slice *)(void *)((char *)&f.head + cases[i].field) =
			slice_of(cases[i].value);
		assert_int_equal(head_of(&f), -1);
		assert_int_equal(f.err.code, ERR_REPORT);
		assert_non_null(strstr(f.err.text, cases[i].why));
		assert_not_said(&f, "head");
		end(&f);
	}
}

static void a_period_is_two_plain_numbers_not_far_ahead(void **state)
{
	static const struct {
		const char *begin, *end, *why; /* why NULL: accepted */
	} cases[] = { { "1699900000", "1699986400", NULL }, { " 1699900000\n", "1699986400", NULL },
		{ "1337270400.0", "1337356799.000", NULL }, { "1", "1699986400", NULL },
		{ "1700172800", "1700172800", NULL },
		{ "1700172801", "1700172801", "ahead: begin 1700172801" },
		{ "1699900000", "1700172801", "ahead: end 1700172801" },
		{ "1699900000.5", "1699986400", "begin \"1699900000.5\" is not a number" },
		{ "1699900000.", "1699986400", "not a number" }, { "", "1", "no begin" },
		{ NULL, "1", "no begin" }, { "1", NULL, "no end" }, { "-5", "1", "negative" },
		{ "2023-11-13", "1", "not a number" }, { "0x10", "99", "not a number" },
		{ "1e9", "1699986400", "not a number" }, { "2", "1", "reversed" },
		{ "1699900000000", "1699986400000", "not a number" },
		{ "99999999999999999999", "99999999999999999999", "not a number" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		f.head.begin = slice_of(cases[i].begin);
		f.head.end = slice_of(cases[i].end);
		assert_int_equal(head_of(&f), cases[i].why != NULL ? -1 : 0);
		if (cases[i].why != NULL && strstr(f.err.text, cases[i].why) == NULL)
			fail_msg("%zu: %s", i, f.err.text);
		end(&f);
	}
}

static void an_odd_period_is_stored_with_a_note(void **state)
{
	static const struct {
		const char *begin, *end, *note;
	} cases[] = { { "1337270400.0", "1337356799", "note fraction: 1337270400.0" },
		{ "1000000000", "1000000001", "note old-period" },
		{ "1699000000", "1699100001", "note long-period" },
		{ "1699000000", "1699000000", "note empty-period" },
		{ "1699950000", "1700000001", "note future-period" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		f.head.begin = slice_of(cases[i].begin);
		f.head.end = slice_of(cases[i].end);
		assert_int_equal(head_of(&f), 0);
		assert_said(&f, cases[i].note);
		end(&f);
	}
}

static void a_record_that_cannot_be_read_is_passed_on_with_its_reason(void **state)
{
	static const struct {
		const char *ip, *count, *why;
	} cases[] = { { "192.0.2.1", "1e9", "count \"1e9\" is not a number" },
		{ "192.0.2.1", "-1", "count \"-1\" is negative" },
		{ "192.0.2.1", "-", "count \"-\" is not a number" },
		{ "192.0.2.1", "1000000000001", "count \"1000000000001\" is more than" },
		{ "192.0.2.1", "99999999999999999999999", "is more than" },
		{ "192.0.2.1", "5.0", "count \"5.0\" is not a number" },
		{ "192.0.2.1", "\xef\xbc\x95", "is not a number" },
		{ "192.0.2.1", "", "count \"\" is not a number" },
		{ "192.0.2.1", NULL, "no count" }, { NULL, "5", "no source_ip" },
		{ "", "5", "source_ip is empty" }, { " \n", "5", "source_ip is empty" },
		{ NULL, NULL, "no source_ip" }, { "\x01", "5", "is no address and no text" },
		{ "108r.166.27.220", "x", "count \"x\" is not a number" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		f.record.source_ip = slice_of(cases[i].ip);
		f.record.count = slice_of(cases[i].count);
		assert_int_equal(head_of(&f), 0);
		assert_int_equal(record_of(&f), 0);
		assert_said(&f, "unreadable 1 line 7: ");
		assert_said(&f, cases[i].why);
		assert_int_equal(f.r.records, 0);
		end(&f);
	}
}

static void a_report_of_unreadable_records_only_is_refused(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(head_of(&f), 0);
	f.record.count = SLICE_LIT("x");
	assert_int_equal(record_of(&f), 0);
	assert_int_equal(verify_end(f.v, &f.err), -1);
	assert_non_null(strstr(f.err.text, "line 7: count \"x\" is not a number"));
	end(&f);
}

static void one_readable_record_saves_the_report(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(head_of(&f), 0);
	assert_int_equal(record_of(&f), 0);
	f.record.count = SLICE_LIT("x");
	assert_int_equal(record_of(&f), 0);
	assert_int_equal(verify_end(f.v, &f.err), 0);
	assert_int_equal(f.r.records, 1);
	assert_int_equal(f.r.unreadable, 1);
	end(&f);
}

static void a_placeholder_is_no_record_and_no_fault(void **state)
{
	static const struct {
		const char *ip, *count;
	} cases[] = { { "", "0" }, { " ", " 0 " }, { NULL, "0" }, { "", "" }, { "", NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		assert_int_equal(head_of(&f), 0);
		f.record.source_ip = slice_of(cases[i].ip);
		f.record.count = slice_of(cases[i].count);
		assert_int_equal(record_of(&f), 0);
		assert_int_equal(verify_end(f.v, &f.err), 0);
		assert_int_equal(f.r.placeholders, 1);
		assert_said(&f, "note placeholder");
		assert_not_said(&f, "no-records");
		end(&f);
	}
}

static void a_report_without_records_is_stored_empty(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(head_of(&f), 0);
	assert_int_equal(verify_end(f.v, &f.err), 0);
	assert_said(&f, "note no-records");
	end(&f);
}

static void a_word_keeps_its_token_and_gets_its_meaning(void **state)
{
	static const struct {
		const char *disposition, *dkim, *expect, *note;
	} cases[] = { { "none", "pass", "disposition none dkim pass ", NULL },
		{ "none", "Pass", "dkim pass<\"Pass\">", "note case: policy_evaluated/dkim=Pass" },
		{ "none", "pass \n", "dkim pass ", "note case" },
		{ "none", "", "dkim unknown<\"\">", "note empty-word: policy_evaluated/dkim" },
		{ "none", NULL, "dkim absent", NULL },
		{ "none", "softfail", "dkim unknown<\"softfail\">",
			"note foreign-word: policy_evaluated/dkim=softfail" },
		{ "pass", "pass", "disposition pass", NULL },
		{ "15", "pass", "disposition unknown<\"15\">", "note foreign-word" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		assert_int_equal(head_of(&f), 0);
		f.record.disposition = slice_of(cases[i].disposition);
		f.record.dkim = slice_of(cases[i].dkim);
		assert_int_equal(record_of(&f), 0);
		assert_said(&f, cases[i].expect);
		if (cases[i].note != NULL)
			assert_said(&f, cases[i].note);
		else
			assert_not_said(&f, "note ");
		end(&f);
	}
}

static void an_alias_in_auth_results_means_what_it_stands_for(void **state)
{
	static const struct {
		const char *result, *expect, *note;
	} cases[] = { { "hardfail", "result fail<\"hardfail\">", "note alias" },
		{ "error", "result permerror<\"error\">", "note alias" },
		{ "Unknown", "result temperror<\"Unknown\">", "note alias" },
		{ "invalid", "result unknown<\"invalid\">", "note foreign-word" },
		{ NULL, "result absent", NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		assert_int_equal(head_of(&f), 0);
		f.record.auth[0].result = slice_of(cases[i].result);
		f.record.dkim = SLICE_LIT("fail");
		assert_int_equal(record_of(&f), 0);
		assert_said(&f, cases[i].expect);
		if (cases[i].note != NULL)
			assert_said(&f, cases[i].note);
		end(&f);
	}
}

static void absent_empty_and_value_stay_apart(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.head.sp = SLICE_LIT("");
	f.head.pct = SLICE_LIT("");
	f.head.fo = SLICE_ABSENT;
	assert_int_equal(head_of(&f), 0);
	assert_said(&f, "sp unknown<\"\"> np absent");
	assert_said(&f, "pct \"\" fo -");
	f.record.envelope_from = SLICE_LIT("");
	assert_int_equal(record_of(&f), 0);
	assert_said(&f, "envelope_from \"\" envelope_to -");
	end(&f);
}

static void an_address_in_another_form_is_the_same_address(void **state)
{
	static const struct {
		const char *text, *expect;
		bool note;
	} cases[] = { { " 192.0.2.1 ", ": 192.0.2.1 count", true },
		{ "192.000.002.001", ": 192.0.2.1 count", true },
		{ "::ffff:192.0.2.1", ": 192.0.2.1 count", true },
		{ "2001:DB8::1", ": 2001:db8::1 count", true },
		{ "2001:db8::1", ": 2001:db8::1 count", false } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		assert_int_equal(head_of(&f), 0);
		f.record.source_ip = slice_of(cases[i].text);
		assert_int_equal(record_of(&f), 0);
		assert_said(&f, cases[i].expect);
		assert_int_equal(f.r.notes[REPORT_NOTE_ADDRESS_FORM], cases[i].note);
		end(&f);
	}
}

static void what_is_no_address_is_kept_as_text(void **state)
{
	static const struct {
		const char *text, *expect;
	} cases[] = { { "108r.166.27.220", ":  count 3 source_text \"108r.166.27.220\"" },
		{ " bad-ip\n", "source_text \"bad-ip\"" },
		{ "192.0.2.0/24", "source_text \"192.0.2.0/24\"" },
		{ "fe80::1%eth0", "source_text \"fe80::1%eth0\"" },
		{ "bad\x01\xff", "source_text \"bad\xef\xbf\xbd\"" },
		{ "192.0.2.1\x01", ": 192.0.2.1 count" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool is_text = strstr(cases[i].expect, "source_text") != NULL;
		struct fixture f;

		begin(&f);
		assert_int_equal(head_of(&f), 0);
		f.record.source_ip = slice_of(cases[i].text);
		assert_int_equal(record_of(&f), 0);
		assert_said(&f, cases[i].expect);
		assert_int_equal(f.r.unreadable, 0);
		assert_int_equal(f.r.notes[REPORT_NOTE_ADDRESS_TEXT], is_text);
		/* nothing of it stays for the next record */
		f.record.source_ip = SLICE_LIT("2001:db8::7");
		assert_int_equal(record_of(&f), 0);
		assert_said(&f, ": 2001:db8::7 count 3 disposition");
		end(&f);
	}
}

static void what_is_no_address_is_never_cut(void **state)
{
	static char text[SOURCE_TEXT_MAX + 1];
	struct fixture f;

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t over = 0; over < 2; over++) {
		begin(&f);
		assert_int_equal(head_of(&f), 0);
		f.record.source_ip = slice_from(text, SOURCE_TEXT_MAX + over);
		assert_int_equal(record_of(&f), 0);
		assert_int_equal(f.r.records, over == 0);
		assert_int_equal(f.r.unreadable, over);
		if (over > 0)
			assert_said(&f, "is no address and longer than 255 bytes");
		end(&f);
	}
}

static void a_verdict_that_its_signatures_deny_is_noted(void **state)
{
	static const struct {
		const char *adkim, *verdict, *domain, *result;
		bool note;
	} cases[] = { { NULL, "pass", "example.com", "pass", false },
		{ NULL, "pass", "mail.example.com", "pass", false },
		{ "s", "pass", "mail.example.com", "pass", true },
		{ NULL, "pass", "example.net", "pass", true },
		{ NULL, "pass", "example.com", "fail", true },
		{ NULL, "fail", "example.com", "fail", false },
		{ NULL, "fail", "example.net", "pass", false },
		{ NULL, "fail", "EXAMPLE.com.", "pass", true },
		{ "s", "fail", "mail.example.com", "pass", false },
		{ NULL, "none", "example.com", "pass", false } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		f.head.adkim = slice_of(cases[i].adkim);
		assert_int_equal(head_of(&f), 0);
		f.record.dkim = slice_of(cases[i].verdict);
		f.record.auth[0].domain = slice_of(cases[i].domain);
		f.record.auth[0].result = slice_of(cases[i].result);
		assert_int_equal(record_of(&f), 0);
		if (f.r.notes[REPORT_NOTE_CONTRADICTION] != cases[i].note)
			fail_msg("case %zu", i);
		end(&f);
	}
}

static void free_text_is_cut_at_a_character_and_says_so(void **state)
{
	static char text[TEXT_KEEP + 3];
	struct fixture f;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	memcpy(text + TEXT_KEEP - 1, "\xc3\xa4", 2); /* lies across the limit */
	begin(&f);
	f.head.org_name = slice_of(text);
	assert_int_equal(head_of(&f), 0);
	assert_said(&f, "note text-cut: org_name");
	assert_said(&f, "x\" email");
	assert_null(strstr(recording_text(&f.r), "\xc3"));
	end(&f);
}

static void text_that_is_none_is_repaired_and_says_so(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.head.org_name = SLICE_LIT("a\x07"
				    "b\xff"
				    "c");
	assert_int_equal(head_of(&f), 0);
	assert_said(&f, "org_name \"ab\xef\xbf\xbd"
			"c\"");
	assert_said(&f, "note text-repaired");
	end(&f);
}

static void the_dialect_is_told_by_namespace_and_elements(void **state)
{
	static const struct {
		const char *xmlns, *version, *testing, *expect;
	} cases[] = { { NULL, NULL, NULL, "dialect draft" },
		{ NULL, "1.0", NULL, "dialect rfc7489" }, { NULL, "1.0", "n", "dialect rfc9990" },
		{ "urn:ietf:params:xml:ns:dmarc-2.0", NULL, NULL, "dialect rfc9990" },
		{ "http://dmarc.org/dmarc-xml/0.1", NULL, NULL, "dialect draft" } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		f.head.xmlns = slice_of(cases[i].xmlns);
		f.head.version = slice_of(cases[i].version);
		f.head.testing = slice_of(cases[i].testing);
		assert_int_equal(head_of(&f), 0);
		assert_said(&f, cases[i].expect);
		assert_not_said(&f, "note namespace");
		end(&f);
	}
}

static void a_carrier_of_another_organisation_is_seen(void **state)
{
	static const struct {
		const char *from, *email;
		bool mismatch;
	} cases[] = { { "noreply@google.com", "dmarc@google.com", false },
		{ "a@mail.google.com", "<b@support.google.com>", false },
		{ "a@evil.example", "dmarc@google.com", true }, { NULL, "dmarc@google.com", false },
		{ "a@evil.example", "no address", false } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		begin(&f);
		verify_close(f.v);
		f.context.from = slice_of(cases[i].from);
		assert_int_equal(verify_open(&f.v, &f.r.sink, &f.context, &f.err), 0);
		f.head.email = slice_of(cases[i].email);
		assert_int_equal(head_of(&f), 0);
		assert_int_equal(
			strstr(recording_text(&f.r), "from_mismatch") != NULL, cases[i].mismatch);
		end(&f);
	}
}

static void a_failing_sink_is_heard(void **state)
{
	static const char *const ops[] = { "head", "record", "unreadable", "placeholder", "note" };

	(void)state;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		struct fixture f;
		int rc;

		begin(&f);
		f.r.fail_op = ops[i];
		f.r.fail_code = ERR_SHORTAGE;
		rc = head_of(&f);
		if (rc == 0)
			rc = record_of(&f);
		f.record.count = SLICE_LIT("x");
		if (rc == 0)
			rc = record_of(&f);
		f.record.source_ip = f.record.count = SLICE_LIT("");
		if (rc == 0)
			rc = record_of(&f);
		assert_int_equal(rc, -1);
		assert_int_equal(f.err.code, ERR_SHORTAGE);
		end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_report_passes_without_a_note),
		cmocka_unit_test(a_report_without_identity_is_refused),
		cmocka_unit_test(a_period_is_two_plain_numbers_not_far_ahead),
		cmocka_unit_test(an_odd_period_is_stored_with_a_note),
		cmocka_unit_test(a_record_that_cannot_be_read_is_passed_on_with_its_reason),
		cmocka_unit_test(a_report_of_unreadable_records_only_is_refused),
		cmocka_unit_test(one_readable_record_saves_the_report),
		cmocka_unit_test(a_placeholder_is_no_record_and_no_fault),
		cmocka_unit_test(a_report_without_records_is_stored_empty),
		cmocka_unit_test(a_word_keeps_its_token_and_gets_its_meaning),
		cmocka_unit_test(an_alias_in_auth_results_means_what_it_stands_for),
		cmocka_unit_test(absent_empty_and_value_stay_apart),
		cmocka_unit_test(an_address_in_another_form_is_the_same_address),
		cmocka_unit_test(what_is_no_address_is_kept_as_text),
		cmocka_unit_test(what_is_no_address_is_never_cut),
		cmocka_unit_test(a_verdict_that_its_signatures_deny_is_noted),
		cmocka_unit_test(free_text_is_cut_at_a_character_and_says_so),
		cmocka_unit_test(text_that_is_none_is_repaired_and_says_so),
		cmocka_unit_test(the_dialect_is_told_by_namespace_and_elements),
		cmocka_unit_test(a_carrier_of_another_organisation_is_seen),
		cmocka_unit_test(a_failing_sink_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
