/* XML as reporters write it: any order, names and encodings; repair; and every bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ingest/dmarc_xml.h"
#include "tests/unit/recording_sink.h"

#define NOW 1700000000

#define METADATA                                                                                   \
	"<report_metadata><org_name>Org</org_name><email>a@org.example</email>"                    \
	"<report_id>id-1</report_id><date_range><begin>1699900000</begin>"                         \
	"<end>1699986399</end></date_range></report_metadata>\n"
#define POLICY                                                                                     \
	"<policy_published><domain>example.com</domain><adkim>r</adkim><aspf>r</aspf>"             \
	"<p>none</p><sp>none</sp><pct>100</pct></policy_published>\n"
#define ROW(ip, count)                                                                             \
	"<row><source_ip>" ip "</source_ip><count>" count "</count><policy_evaluated>"             \
	"<disposition>none</disposition><dkim>pass</dkim><spf>fail</spf>"                          \
	"</policy_evaluated></row>"
#define IDENTIFIERS "<identifiers><header_from>example.com</header_from></identifiers>"
#define AUTH                                                                                       \
	"<auth_results><dkim><domain>example.com</domain><selector>s1</selector>"                  \
	"<result>pass</result></dkim></auth_results>"
#define RECORD  "<record>" ROW("192.0.2.1", "3") IDENTIFIERS AUTH "</record>\n"
#define XMLDECL "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define REPORT  XMLDECL "<feedback>\n" METADATA POLICY RECORD "</feedback>\n"

/* Gives `step` bytes at a time, then, if told so, breaks off. */
struct drip {
	struct reader reader;
	struct slice left;
	size_t step;
	const char *cut;
};

static ssize_t drip_read(struct reader *reader, void *dst, size_t cap, struct err *err)
{
	struct drip *d = (struct drip *)reader;
	size_t n = d->left.len < d->step ? d->left.len : d->step;

	if (n > cap)
		n = cap;
	if (n == 0 && d->cut != NULL)
		return err_set(err, ERR_REPORT, "%s", d->cut);
	if (n > 0)
		memcpy(dst, d->left.ptr, n);
	d->left = slice_from(d->left.ptr + n, d->left.len - n);
	return (ssize_t)n;
}

struct fixture {
	struct recording r;
	struct err err;
	struct parse_context context;
	const char *cut;
	size_t step;
	unsigned passes;
};

/* As the loop does it: each pass may ask for a more lenient one. */
static int parse_bytes(struct fixture *f, struct slice xml)
{
	int rc;

	f->context.mode = PARSE_STRICT;
	f->passes = 0;
	for (;;) {
		struct drip d = { { drip_read }, xml, f->step, f->cut };

		recording_release(&f->r);
		recording_init(&f->r);
		err_clear(&f->err);
		f->passes++;
		(void)f->r.sink.ops->report_begin(&f->r.sink, &f->err);
		rc = dmarc_xml_parse(&d.reader, &f->r.sink, &f->context, &f->err);
		if (rc == 0 || f->context.retry <= f->context.mode)
			return rc;
		f->context.mode = f->context.retry;
	}
}

static int parse(struct fixture *f, const char *xml)
{
	return parse_bytes(f, slice_of(xml));
}

static void begin(struct fixture *f)
{
	*f = (struct fixture){ .context = { .now = NOW }, .step = SIZE_MAX };
	recording_init(&f->r);
}

static void end(struct fixture *f)
{
	recording_release(&f->r);
}

static void assert_said(const struct fixture *f, const char *text)
{
	if (strstr(recording_text(&f->r), text) == NULL)
		fail_msg("no \"%s\" in:\n%s%s", text, recording_text(&f->r), f->err.text);
}

static void assert_not_said(const struct fixture *f, const char *text)
{
	if (strstr(recording_text(&f->r), text) != NULL)
		fail_msg("\"%s\" in:\n%s", text, recording_text(&f->r));
}

static void assert_parses(struct fixture *f, const char *xml)
{
	if (parse(f, xml) < 0)
		fail_msg("%s\n%s", f->err.text, xml);
}

static void assert_refused(struct fixture *f, const char *xml, const char *why)
{
	if (parse(f, xml) == 0)
		fail_msg("accepted:\n%s", xml);
	assert_int_equal(f->err.code, ERR_REPORT);
	if (strstr(f->err.text, why) == NULL)
		fail_msg("no \"%s\" in: %s", why, f->err.text);
}

static void a_report_is_read_whole_and_without_a_note(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_parses(&f, REPORT);
	assert_int_equal(f.passes, 1);
	assert_said(&f, "head org_name \"Org\" email \"a@org.example\" extra_contact_info - "
			"report_id \"id-1\"");
	assert_said(
		&f, "policy domain \"example.com\" key \"example.com\" p none sp none np absent");
	assert_said(&f, "record 1 line 5: 192.0.2.1 count 3 disposition none dkim pass spf fail "
			"header_from \"example.com\" envelope_from - envelope_to - "
			"[dkim domain \"example.com\" selector \"s1\" result pass]");
	assert_not_said(&f, "note ");
	end(&f);
}

static void the_size_of_the_pieces_does_not_matter(void **state)
{
	static const size_t steps[] = { 1, 2, 3, 7, 64, 1000 };
	struct fixture f;
	char *whole;

	(void)state;
	begin(&f);
	assert_parses(&f, REPORT);
	whole = strdup(recording_text(&f.r));
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		f.step = steps[i];
		assert_parses(&f, REPORT);
		assert_string_equal(recording_text(&f.r), whole);
	}
	free(whole);
	end(&f);
}

static void the_original_is_every_byte_as_it_came(void **state)
{
	static const char *const cases[] = { REPORT, "\n\n " REPORT "junk behind",
		XMLDECL "<xs:schema>" METADATA "<feedback>" METADATA POLICY "</feedback> \r\n" };
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		f.step = 5;
		assert_parses(&f, cases[i]);
		assert_string_equal(buf_text(&f.r.original), cases[i]);
	}
	end(&f);
}

static void elements_are_found_in_any_order_case_and_namespace(void **state)
{
	static const char *const cases[] = {
		"<feedback>" RECORD POLICY METADATA "</feedback>",
		"<Feedback>" METADATA POLICY RECORD "</Feedback>",
		"<feedback xmlns='urn:ietf:params:xml:ns:dmarc-2.0'>" METADATA POLICY RECORD
		"</feedback>",
		"<a:feedback xmlns:a='http://dmarc.org/dmarc-xml/0.1'>" METADATA POLICY RECORD
		"</a:feedback>",
		"<a:feedback>" METADATA POLICY RECORD "</a:feedback>",
		"<feedback><REPORT_METADATA><date_range><end>1699986399</end><begin>1699900000</begin>"
		"</date_range><report_id>id-1</report_id><org_name>Org</org_name><email/>"
		"</REPORT_METADATA>" POLICY RECORD "</feedback>",
	};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_parses(&f, cases[i]);
		assert_said(&f, "report_id \"id-1\" begin 2023-11-13T18:26:40Z");
		assert_said(&f, "domain \"example.com\"");
		assert_said(&f, "record 1 line ");
		assert_not_said(&f, "note repaired");
	}
	end(&f);
}

static void an_unknown_element_is_skipped_and_named(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_parses(&f, "<feedback><odd><count>9</count></odd>" METADATA POLICY
			  "<record>" ROW("192.0.2.1", "3") IDENTIFIERS AUTH
		"<ext:x xmlns:ext='u'><dkim>fail</dkim>"
		"</ext:x></record></feedback>");
	assert_said(&f, "note unknown-element: odd");
	assert_int_equal(f.r.notes[REPORT_NOTE_UNKNOWN_ELEMENT], 2);
	assert_said(&f, "192.0.2.1 count 3 disposition none dkim pass spf fail");
	end(&f);
}

static void the_standards_extension_is_skipped_without_a_note(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_parses(&f, "<feedback>" METADATA POLICY
			  "<extension><a:b xmlns:a='x'>1</a:b></extension>" RECORD "</feedback>");
	assert_not_said(&f, "unknown-element");
	end(&f);
}

static void the_first_of_two_counts(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_parses(&f, "<feedback>" METADATA POLICY
			  "<policy_published><domain>evil.example</domain></policy_published>"
			  "<record><row><source_ip>192.0.2.1</source_ip><count>3</count>"
			  "<count>4</count></row></record></feedback>");
	assert_said(&f, "policy domain \"example.com\"");
	assert_said(&f, "count 3 ");
	assert_said(&f, "note repeated-element: policy_published");
	assert_int_equal(f.r.notes[REPORT_NOTE_REPEATED_ELEMENT], 2);
	end(&f);
}

static void misnamed_elements_are_read_and_noted(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_parses(&f, "<feedback><report_metadata><org_name>Org</org_name><email>a@b.c</email>"
			  "<report_id>i</report_id><data_range><begin>1699900000</begin>"
			  "<end>1699986399</end></data_range></report_metadata>" POLICY
			  "<record>" ROW("192.0.2.1", "3") "<identities><header_from>example.com"
							   "</header_from></identities>" AUTH
							   "</record></feedback>");
	assert_said(&f, "begin 2023-11-13T18:26:40Z");
	assert_said(&f, "header_from \"example.com\"");
	assert_int_equal(f.r.notes[REPORT_NOTE_MISNAMED_ELEMENT], 2);
	end(&f);
}

static void text_in_pieces_is_one_text(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_parses(&f,
		"<feedback>" METADATA POLICY "<record><row><source_ip>192.0.2.1</source_ip>"
		"<count>1<!-- c -->2<![CDATA[3]]></count></row></record></feedback>");
	assert_said(&f, "count 123 ");
	end(&f);
}

static void errors_are_collected_one_a_line(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_parses(&f, "<feedback><report_metadata><org_name>Org</org_name><email>a@b.c</email>"
			  "<error>one</error><error>two &amp; &lt;</error><report_id>i</report_id>"
			  "<date_range><begin>1699900000</begin><end>1699986399</end></date_range>"
			  "</report_metadata>" POLICY RECORD "</feedback>");
	assert_said(&f, "errors \"one\ntwo & <\"");
	assert_not_said(&f, "repeated");
	end(&f);
}

static void a_reason_may_be_elements_or_bare_text(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_parses(&f,
		"<feedback>" METADATA POLICY "<record><row><source_ip>192.0.2.1</source_ip>"
		"<count>1</count><policy_evaluated><reason>\n <comment>c</comment> <type>other"
		"</type></reason><reason>sampled_out</reason><reason/></policy_evaluated>"
		"</row></record></feedback>");
	assert_said(&f, "{reason type other comment \"c\"} {reason type sampled_out comment -} "
			"{reason type absent comment -}");
	assert_said(&f, "note reason-text: sampled_out");
	end(&f);
}

static void what_stands_around_the_report_is_passed_over(void **state)
{
	static const struct {
		const char *before, *after, *note;
	} cases[] = { { "\xef\xbb\xbf", "", NULL }, { " \n", "", "note junk-before" },
		{ "junk ", "", "note junk-before" }, { "", "\r\n\n", NULL },
		{ "", "junk", "note junk-after" }, { "", REPORT, "note junk-after" },
		{ "", "<!-- end -->", NULL } };
	struct fixture f;
	char text[8192];

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		(void)snprintf(
			text, sizeof text, "%s%s%s", cases[i].before, REPORT, cases[i].after);
		assert_parses(&f, text);
		assert_int_equal(f.passes, 1);
		assert_int_equal(f.r.records, 1);
		if (cases[i].note != NULL)
			assert_said(&f, cases[i].note);
		else
			assert_not_said(&f, "note ");
	}
	end(&f);
}

static void real_mistakes_are_repaired_and_noted(void **state)
{
	static const struct {
		const char *xml, *expect;
	} cases[] = {
		{ "<?xml version=\"1.0\"?>\"\n<feedback>" METADATA POLICY RECORD "</feedback>",
			"note junk-before" },
		{ XMLDECL "<xs:schema xmlns:xs='x'>\n<feedback>" METADATA POLICY RECORD
			  "</feedback>",
			"note junk-before" },
		{ "<feedback><report_metadata><org_name>A & B</org_name><email><a@b></email>"
		  "<report_id>i</report_id><date_range><begin>1699900000</begin><end>1699986399</end>"
		  "</date_range></report_metadata>" POLICY RECORD "</feedback>",
			"org_name \"A & B\" email \"<a@b>\"" },
		{ "<feedback>" METADATA POLICY "<record>" ROW("192.0.2.1",
			  "3") "<identifiers><header_from>bad<xml.net</header_from></identifiers></record>"
			       "</feedback>",
			"header_from \"bad<xml.net\"" },
		{ "<feedback>" METADATA POLICY "<record>" ROW("192.0.2.1",
			  "3") "<identifiers><header_from>a&nbsp;b&#7;c\x07</header_from></identifiers>"
			       "</record></feedback>",
			"header_from \"a&nbsp;b&#7;c\"" },
		{ "<feedback>" METADATA POLICY RECORD "</feedback", "note repaired-xml" },
		{ "<feedback>" METADATA POLICY RECORD "<unclosed>x</feedback>",
			"note unknown-element" },
		{ "<feedback><report_metadata><org_name>Foo <bar> Inc</org_name><email>a@b</email>"
		  "<report_id>i</report_id><date_range><begin>1699900000</begin><end>1699986399</end>"
		  "</date_range></report_metadata>" POLICY RECORD "</feedback>",
			"org_name \"Foo <bar> Inc\"" },
	};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (f.step = 1; f.step < 4000; f.step = f.step * 3 + 1) {
			assert_parses(&f, cases[i].xml);
			assert_int_equal(f.passes, 2);
			assert_int_equal(f.r.records, 1);
			assert_said(&f, "note repaired-xml");
			assert_said(&f, cases[i].expect);
		}
	}
	end(&f);
}

static void a_record_is_never_mended(void **state)
{
	static const struct {
		const char *record, *why;
	} cases[] = {
		{ "<record><row><source_ip>192.0.2.1</source_ip><count>3</row></record>",
			"without its end tag: \"count\"" },
		{ "<record>" ROW("192.0.2.1", "3") "<record>" ROW("192.0.2.2", "3") "</record>",
			"without its end tag: \"record\"" },
		{ "<record><row><source_ip>192.0.2.1</source_ip>3</count></row></record>",
			"an end tag without its beginning: \"count\"" },
		{ "<record><row><source_ip>192.0.2.1</source_ip><count>3</count></record>",
			"without its end tag: \"row\"" },
		{ "<unclosed>" RECORD, "without its end tag: \"unclosed\"" },
	};
	struct fixture f;
	char xml[8192];

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		(void)snprintf(xml, sizeof xml, "<feedback>%s%s</feedback>", METADATA POLICY,
			cases[i].record);
		assert_refused(&f, xml, cases[i].why);
	}
	end(&f);
}

static void a_report_cut_anywhere_is_refused(void **state)
{
	static const char xml[] = REPORT;
	const size_t last = sizeof "\n" - 1 + sizeof ">" - 1;
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t len = 0; len < sizeof xml - 1 - last; len++) {
		if (parse_bytes(&f, slice_from(xml, len)) == 0)
			fail_msg("accepted when cut after %zu bytes", len);
		assert_int_equal(f.err.code, ERR_REPORT);
	}
	assert_int_equal(parse_bytes(&f, slice_from(xml, sizeof xml - 1 - last)), 0);
	assert_said(&f, "note repaired-xml");
	end(&f);
}

static void only_an_operators_file_may_lack_its_last_end_tag(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_refused(&f, "<feedback>" METADATA POLICY RECORD, "ends inside \"feedback\"");
	f.context.trust = REPORT_TRUST_LOCAL;
	assert_parses(&f, "<feedback>" METADATA POLICY RECORD "\n");
	assert_said(&f, "note repaired-xml");
	assert_refused(&f, "<feedback>" METADATA POLICY RECORD "<rec", "ends inside \"feedback\"");
	assert_refused(
		&f, "<feedback>" METADATA POLICY RECORD "<record>", "ends inside \"record\"");
	assert_refused(&f, "<feedback>" METADATA POLICY, "ends inside \"feedback\"");
	end(&f);
}

static void a_broken_container_counts_only_behind_the_end_tag(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.cut = "gzip: cut short";
	assert_parses(&f, REPORT);
	assert_said(&f, "note junk-after: gzip: cut short");
	assert_refused(&f, "<feedback>" METADATA POLICY RECORD, "gzip: cut short");
	assert_int_equal(f.passes, 1);
	end(&f);
}

static void a_doctype_is_refused(void **state)
{
	static const char *const cases[] = {
		XMLDECL "<!DOCTYPE feedback>\n<feedback>" METADATA POLICY RECORD "</feedback>",
		XMLDECL "<!DOCTYPE feedback [<!ENTITY a 'b'>]><feedback>" METADATA POLICY
			"</feedback>",
		XMLDECL "<!DOCTYPE f SYSTEM 'http://127.0.0.1:1/x'><feedback>&x;</feedback>",
		"<?xml version=\"1.0\"?>\"<!doctype x><feedback>" METADATA POLICY "</feedback>",
		"<feedback>" METADATA "<!DOCTYPE x>" POLICY "</feedback>",
	};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_refused(&f, cases[i], "DOCTYPE");
	end(&f);
}

static size_t widen(const char *text, bool big, char *dst)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		dst[n++] = big ? '\0' : *text;
		dst[n++] = big ? *text : '\0';
	}
	return n;
}

static void utf_16_is_read_with_and_without_its_mark(void **state)
{
	static const char xml[] =
		"<?xml version=\"1.0\" encoding=\"UTF-16\"?><feedback>" METADATA POLICY RECORD
		"</feedback>";
	char wide[2 * sizeof xml + 2];
	struct fixture f;

	(void)state;
	begin(&f);
	for (int i = 0; i < 4; i++) {
		bool big = i & 1;
		size_t mark = i < 2 ? 2 : 0, n;

		if (mark > 0)
			memcpy(wide, big ? "\xfe\xff" : "\xff\xfe", 2);
		n = widen(xml, big, wide + mark);
		f.step = i == 0 ? 3 : 4096;
		assert_int_equal(parse_bytes(&f, slice_from(wide, mark + n)), 0);
		assert_int_equal(f.r.records, 1);
		assert_not_said(&f, "note ");
		assert_true(dmarc_xml_sniff(slice_from(wide, mark + n)));
	}
	end(&f);
}

static void a_declared_encoding_is_honoured(void **state)
{
	static const struct {
		const char *encoding, *bytes, *expect;
	} cases[] = { { "ISO-8859-1", "Sue\xf1o", "Sue\xc3\xb1o" },
		{ "windows-1252", "\x80 \x91", "\xe2\x82\xac \xe2\x80\x98" },
		{ "UTF-8", "Sue\xc3\xb1o", "Sue\xc3\xb1o" },
		{ "ISO-8859-1", "Sue\xf1o & S\xf6hne", "Sue\xc3\xb1o & S\xc3\xb6hne" } };
	struct fixture f;
	char xml[4096], expect[128];

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		(void)snprintf(xml, sizeof xml,
			"<?xml version=\"1.0\" encoding=\"%s\"?><feedback>"
			"<report_metadata><org_name>%s</org_name><report_id>i</report_id><date_range>"
			"<begin>1</begin><end>2</end></date_range></report_metadata>%s</feedback>",
			cases[i].encoding, cases[i].bytes, POLICY RECORD);
		assert_parses(&f, xml);
		(void)snprintf(expect, sizeof expect, "org_name \"%s\"", cases[i].expect);
		assert_said(&f, expect);
		assert_not_said(&f, "repaired-encoding");
	}
	end(&f);
}

static void bytes_of_another_encoding_are_read_and_noted(void **state)
{
	static const char xml[] = XMLDECL
		"<feedback><report_metadata><org_name>Sue\xf1o \xc3\xa4 "
		"\x91x\x92</org_name><report_id>i</report_id><date_range><begin>1</begin><end>2</end>"
		"</date_range></report_metadata>" POLICY RECORD "</feedback>";
	struct fixture f;

	(void)state;
	begin(&f);
	for (f.step = 1; f.step < 5000; f.step = f.step * 4 + 1) {
		assert_parses(&f, xml);
		assert_said(&f, "org_name \"Sue\xc3\xb1o \xc3\xa4 \xe2\x80\x98x\xe2\x80\x99\"");
		assert_said(&f, "note repaired-encoding");
	}
	end(&f);
}

static void what_is_no_report_is_refused(void **state)
{
	static const struct {
		const char *xml, *why;
	} cases[] = { { "", "" }, { "<invalid/>", "no <feedback>" },
		{ "plain text", "no <feedback>" }, { "<feedback/>", "no report_metadata" },
		{ "<feedback>" METADATA "</feedback>", "no policy_published" },
		{ "<feedback>" POLICY RECORD "</feedback>", "no report_metadata" } };
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_refused(&f, cases[i].xml, cases[i].why);
	end(&f);
}

/* METADATA POLICY, then `n` times `piece` (%zu its number), between `before` and `after`. */
static char *many(const char *before, const char *piece, size_t n, const char *after)
{
	struct buf b;

	buf_init(&b, (size_t)512 * 1024 * 1024);
	buf_add_text(&b, "<feedback>" METADATA POLICY);
	buf_add_text(&b, before);
	for (size_t i = 0; i < n; i++) {
		const char *at = strstr(piece, "%zu");

		buf_add(&b, slice_from(piece, at != NULL ? (size_t)(at - piece) : strlen(piece)));
		if (at != NULL) {
			buf_printf(&b, "%zu", i);
			buf_add_text(&b, at + 3);
		}
	}
	buf_add_text(&b, after);
	buf_add_text(&b, "</feedback>");
	assert_false(buf_failed(&b));
	return b.ptr;
}

static void a_limit_crossed_refuses_the_report(void **state)
{
	static const struct {
		const char *before, *piece;
		size_t most, over;
		const char *after, *why;
	} cases[] = {
		{ "", "<x%zu/>", XML_UNKNOWN_MAX, XML_UNKNOWN_MAX + 1, "", "more than 1000 names" },
		{ "<a ", " b%zu='1'", XML_UNKNOWN_MAX - 1, XML_UNKNOWN_MAX + 1, "/>",
			"more than 1000 names" },
		{ "<!--", "c", 1000, 4 * XML_TOKEN_BYTES_MAX, "-->", "longer than 65536" },
		{ "<a b='", "c", 1000, 4 * XML_TOKEN_BYTES_MAX, "'/>", "longer than 65536" },
		{ "", "<?pi%zu x?>", XML_UNKNOWN_MAX, XML_UNKNOWN_MAX + 1, "",
			"more than 1000 names" },
	};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *xml = many(cases[i].before, cases[i].piece, cases[i].most, cases[i].after);

		assert_parses(&f, xml);
		free(xml);
		xml = many(cases[i].before, cases[i].piece, cases[i].over, cases[i].after);
		assert_refused(&f, xml, cases[i].why);
		free(xml);
	}
	end(&f);
}

static void nesting_has_a_bottom(void **state)
{
	struct fixture f;
	char *xml;

	(void)state;
	begin(&f);
	/* The root is one of the 32. */
	xml = many("", "<a>", XML_DEPTH_MAX, "");
	assert_refused(&f, xml, "more than 32 elements inside each other");
	free(xml);
	xml = many("", "<a><a><a>", 100000, "");
	assert_refused(&f, xml, "more than 32 elements inside each other");
	free(xml);
	assert_parses(&f, "<feedback>" METADATA POLICY
			  "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>"
			  "<a><a><a><a><a><a><a>"
			  "</a></a></a></a></a></a></a>"
			  "</a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>"
			  "</a></a></a></a></a></a></feedback>");
	end(&f);
}

static void the_same_extension_in_every_record_is_no_flood(void **state)
{
	struct fixture f;
	char *xml;

	(void)state;
	begin(&f);
	xml = many("", "<record>" ROW("192.0.2.1", "1") "<x>1</x><y>2</y></record>", 2000, "");
	assert_parses(&f, xml);
	assert_int_equal(f.r.records, 2000);
	free(xml);
	end(&f);
}

static void a_long_text_is_cut_not_refused(void **state)
{
	struct fixture f;
	char *xml;

	(void)state;
	begin(&f);
	xml = many("<record>" ROW("192.0.2.1", "1") "<identifiers><header_from>example.com"
						    "</header_from><envelope_to>",
		"long ", 100000, "</envelope_to></identifiers></record>");
	assert_parses(&f, xml);
	assert_said(&f, "note text-cut: envelope_to");
	free(xml);
	xml = many("<record><row><source_ip>192.0.2.1</source_ip><count>", " \n", 100000,
		"12</count></row></record>");
	assert_parses(&f, xml);
	assert_said(&f, "count 12 ");
	free(xml);
	end(&f);
}

static void lists_in_a_record_are_cut_and_say_so(void **state)
{
	struct fixture f;
	char *xml;

	(void)state;
	begin(&f);
	xml = many("<record>" ROW("192.0.2.1", "1") "<auth_results>",
		"<dkim><domain>d%zu.example</domain></dkim>", AUTH_MAX + 1,
		"</auth_results></record>");
	assert_parses(&f, xml);
	assert_said(&f, "note auth-cut");
	assert_said(&f, "\"d99.example\"");
	assert_not_said(&f, "\"d100.example\"");
	free(xml);
	xml = many(
		"<record><row><source_ip>192.0.2.1</source_ip><count>1</count><policy_evaluated>",
		"<reason><comment>r%zu</comment></reason>", REASON_MAX + 1,
		"</policy_evaluated></row></record>");
	assert_parses(&f, xml);
	assert_said(&f, "note reasons-cut");
	assert_said(&f, "\"r7\"");
	assert_not_said(&f, "\"r8\"");
	free(xml);
	end(&f);
}

static void a_failing_sink_or_reader_ends_the_parse(void **state)
{
	static const char *const ops[] = { "original", "head", "record", "note" };
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		struct reader_slice reader;

		begin(&f);
		f.r.fail_op = ops[i];
		f.r.fail_code = ERR_SHORTAGE;
		assert_int_equal(dmarc_xml_parse(reader_slice_init(&reader, slice_of(" " REPORT)),
					 &f.r.sink, &f.context, &f.err),
			-1);
		assert_int_equal(f.err.code, ERR_SHORTAGE);
		assert_int_equal(f.context.retry, PARSE_STRICT);
		end(&f);
	}
}

static void a_report_is_known_by_its_head(void **state)
{
	static const struct {
		const char *head;
		bool report;
	} cases[] = { { REPORT, true }, { "\xef\xbb\xbf<feedback>", true },
		{ "\n\n<?xml version='1.0'?><ns1:feedback xmlns:ns1='x'>", true },
		{ "junk <?xml version='1.0'?><feedback>", true }, { "<FEEDBACK>", true },
		{ "<xs:schema><feedback>", true }, { "<html>send feedback</html>", false },
		{ "<invalid/>", false }, { "<feedbacks>", false }, { "<feedback", false },
		{ "see <feedback> there", false }, { "", false }, { "unused", false } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(dmarc_xml_sniff(slice_of(cases[i].head)), cases[i].report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_is_read_whole_and_without_a_note),
		cmocka_unit_test(the_size_of_the_pieces_does_not_matter),
		cmocka_unit_test(the_original_is_every_byte_as_it_came),
		cmocka_unit_test(elements_are_found_in_any_order_case_and_namespace),
		cmocka_unit_test(an_unknown_element_is_skipped_and_named),
		cmocka_unit_test(the_standards_extension_is_skipped_without_a_note),
		cmocka_unit_test(the_first_of_two_counts),
		cmocka_unit_test(misnamed_elements_are_read_and_noted),
		cmocka_unit_test(text_in_pieces_is_one_text),
		cmocka_unit_test(errors_are_collected_one_a_line),
		cmocka_unit_test(a_reason_may_be_elements_or_bare_text),
		cmocka_unit_test(what_stands_around_the_report_is_passed_over),
		cmocka_unit_test(real_mistakes_are_repaired_and_noted),
		cmocka_unit_test(a_record_is_never_mended),
		cmocka_unit_test(a_report_cut_anywhere_is_refused),
		cmocka_unit_test(only_an_operators_file_may_lack_its_last_end_tag),
		cmocka_unit_test(a_broken_container_counts_only_behind_the_end_tag),
		cmocka_unit_test(a_doctype_is_refused),
		cmocka_unit_test(utf_16_is_read_with_and_without_its_mark),
		cmocka_unit_test(a_declared_encoding_is_honoured),
		cmocka_unit_test(bytes_of_another_encoding_are_read_and_noted),
		cmocka_unit_test(what_is_no_report_is_refused),
		cmocka_unit_test(a_limit_crossed_refuses_the_report),
		cmocka_unit_test(nesting_has_a_bottom),
		cmocka_unit_test(the_same_extension_in_every_record_is_no_flood),
		cmocka_unit_test(a_long_text_is_cut_not_refused),
		cmocka_unit_test(lists_in_a_record_are_cut_and_say_so),
		cmocka_unit_test(a_failing_sink_or_reader_ends_the_parse),
		cmocka_unit_test(a_report_is_known_by_its_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
