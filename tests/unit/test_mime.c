/* Mail shapes: every leaf comes out decoded, whatever the labels say, and nothing is unbounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "ingest/mime.h"
#include "ingest/mime_decode.h"
#include "ingest/mime_mend.h"
#include "ingest/mime_skim.h"
#include "store/base/buf.h"
#include "store/base/limits.h"

#define HEAD                                                                                       \
	"From: Reporter <noreply@reporter.example>\n"                                              \
	"To: dmarc@example.com\n"                                                                  \
	"Subject: Report Domain: example.com\n"                                                    \
	"Message-ID: <1@reporter.example>\n"                                                       \
	"Date: Tue, 14 Nov 2023 00:00:00 +0000\n"                                                  \
	"MIME-Version: 1.0\n"
#define MIXED    "Content-Type: multipart/mixed; boundary=\"b1\"\n\n"
#define TEXT     "Content-Type: text/plain\n\nwords\n"
#define XML      "<feedback>this is a report</feedback>"
#define XML64    "PGZlZWRiYWNrPnRoaXMgaXMgYSByZXBvcnQ8L2ZlZWRiYWNrPg=="
#define XML_PART "Content-Type: text/xml\nContent-Transfer-Encoding: base64\n\n" XML64 "\n"

static int file_of(struct slice mail)
{
	FILE *file = tmpfile();
	int fd;

	assert_non_null(file);
	assert_int_equal(fwrite(mail.ptr, 1, mail.len, file), mail.len);
	assert_int_equal(fflush(file), 0);
	fd = dup(fileno(file));
	assert_int_equal(fclose(file), 0);
	return fd;
}

static void say_part(struct buf *said, const struct mime_part *part)
{
	struct err err = ERR_INIT;
	char chunk[777];
	ssize_t n;

	buf_printf(
		said, "%u %.*s %.*s|", part->index, SLICE_FMT(part->type), SLICE_FMT(part->name));
	while ((n = part->body->read(part->body, chunk, sizeof chunk, &err)) > 0)
		buf_add(said, slice_from(chunk, (size_t)n));
	assert_int_equal(n, 0);
	buf_add_text(said, "|\n");
}

/* One line a part: "1 text/plain name|content|". */
static void walk(struct mime *m, struct buf *said)
{
	struct mime_part part;
	struct err err = ERR_INIT;
	int more;

	while ((more = mime_next(m, &part, &err)) > 0)
		say_part(said, &part);
	if (more < 0)
		buf_printf(said, "[%s]\n", err.text);
}

static void parts_of(struct slice mail, struct buf *said)
{
	struct mime *m = NULL;
	struct err err = ERR_INIT;
	int fd = file_of(mail);

	buf_init(said, (size_t)1 << 30);
	if (mime_open(&m, fd, &err) < 0)
		buf_printf(said, "[%s]\n", err.text);
	else
		walk(m, said);
	mime_close(m);
	(void)close(fd);
}

static void assert_parts(const char *mail, const char *expect)
{
	struct buf said;

	parts_of(slice_of(mail), &said);
	assert_string_equal(buf_text(&said), expect);
	buf_release(&said);
}

/* The report is found, whatever else there is. */
static void assert_report(const char *mail)
{
	struct buf said;

	parts_of(slice_of(mail), &said);
	if (strstr(buf_text(&said), "|" XML) == NULL)
		fail_msg("no report in:\n%s\nof:\n%s", buf_text(&said), mail);
	buf_release(&said);
}

static void every_leaf_is_handed_out_decoded(void **state)
{
	(void)state;
	assert_parts(HEAD MIXED
		"--b1\n" TEXT "--b1\n" XML_PART "--b1\n"
		"Content-Type: Application/XML; name=\"a=?b.xml\"\n"
		"Content-Transfer-Encoding: quoted-printable\n\n<a b=3D'=C3=A4'/>=\n"
		"\n--b1--\n",
		"1 text/plain |words|\n2 text/xml |" XML "|\n3 application/xml a=?b.xml|"
		"<a b='\xc3\xa4'/>|\n");
	assert_parts(HEAD "Content-Type: application/xml\nContent-Disposition: attachment;\n"
			  "\tfilename*=UTF-8''a%20b.xml\n\n" XML,
		"1 application/xml a b.xml|" XML "|\n");
}

static void nested_parts_and_forwarded_mails_are_entered(void **state)
{
	(void)state;
	assert_report(HEAD MIXED
		"--b1\nContent-Type: multipart/related; boundary=b2\n\n--b2\n"
		"Content-Type: multipart/alternative; boundary=b3\n\n--b3\n\n--b3\n"
		"Content-Type: text/html\n\n<p>\n--b3--\n--b2--\n--b1\n" XML_PART "--b1--\n");
	assert_report(HEAD MIXED "--b1\nContent-Type: message/rfc822\n\n" HEAD XML_PART "--b1--\n");
	assert_report(HEAD "Content-Type: message/rfc822\n\n" HEAD
			   "Content-Type: message/rfc822\n\n" HEAD XML_PART);
}

static void a_forwarded_mail_in_base64_is_entered(void **state)
{
	/* "From: a@b.c\nContent-Type: text/xml\n\n" and the report */
	static const char inner[] =
		"RnJvbTogYUBiLmMKQ29udGVudC1UeXBlOiB0ZXh0L3htbAoKPGZlZWRiYWNrPnRoaXMgaXMgYSBy\n"
		"ZXBvcnQ8L2ZlZWRiYWNrPg==\n";
	char mail[4096];

	(void)state;
	(void)snprintf(mail, sizeof mail,
		"%s%s--b1\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n%s"
		"--b1--\n",
		HEAD, MIXED, inner);
	assert_report(mail);
}

static void an_encoding_is_known_however_it_is_written(void **state)
{
	static const char *const labels[] = { "base64", "BASE64", "\"base64\"", "base64;",
		" base64 (comment)", "'base64'", "7bit", "8bit", "x-unknown" };
	char mail[4096];

	(void)state;
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		(void)snprintf(mail, sizeof mail,
			"%s%s--b1\nContent-Transfer-Encoding: %s\n\n%s\n--b1--\n", HEAD, MIXED,
			labels[i], XML64);
		assert_report(mail);
	}
	(void)snprintf(mail, sizeof mail, "%s%s--b1\nX: y\n\n%s\n--b1--\n", HEAD, MIXED, XML64);
	assert_report(mail);
}

static void base64_is_read_past_padding_and_noise(void **state)
{
	static const char *const bodies[] = {
		"PGZlZWRiYWNrPnRoaXM=\nIGlzIGEgcmVwb3J0PC9mZWVkYmFjaz4=\n",
		"PGZlZWRiYWNrPnRoaXMgaXMgYSByZXBvcnQ8L2ZlZWRiYWNrPg\n",
		"PGZlZ WRi*YWNrPn\r\nRoa!XMgaXMgYSByZXBvcnQ8L2ZlZWRiYWNrPg==\n",
		"P\nG\nZ\nl\nZWRiYWNrPnRoaXMgaXMgYSByZXBvcnQ8L2ZlZWRiYWNrPg==",
		"UEdabFpXUmlZV05yUG5Sb2FYTWdhWE1nWVNCeVpYQnZjblE4TDJabFpXUmlZV05yUGc9PQ==",
	};
	char mail[4096];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof bodies / sizeof *bodies; i++) {
		(void)snprintf(mail, sizeof mail,
			"%sContent-Type: text/xml\nContent-Transfer-Encoding: base64\n\n%s", HEAD,
			bodies[i]);
		assert_report(mail);
	}
	/* A chunked reader sees the same. */
	for (size_t step = 1; step < 40; step++) {
		struct slice left = slice_of(bodies[2]);
		struct base64 b = { 0, 0 };
		char out[256];
		size_t n = 0;

		while (left.len > 0) {
			size_t take = left.len < step ? left.len : step;

			n += base64_decode(&b, slice_from(left.ptr, take), out + n);
			left = slice_from(left.ptr + take, left.len - take);
		}
		n += base64_finish(&b, out + n);
		assert_int_equal(n, strlen(XML));
		assert_memory_equal(out, XML, n);
	}
}

static void uuencoded_text_is_decoded(void **state)
{
	(void)state;
	assert_report(
		"From: a@b.c\nContent-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\n"
		"begin 644 r.xml\nE/&9E961B86-K/G1H:7,@:7,@82!R97!O<G0\\+V9E961B86-K/@  \n \nend\n");
}

static void header_mistakes_are_mended(void **state)
{
	static const char *const mails[] = {
		/* Microsoft: a parameter on a line of its own */
		HEAD MIXED "--b1\nContent-Type: text/xml\nContent-ID: <1>\nname=\"a!b.xml\"\n"
			   "Content-Transfer-Encoding: base64\n\n" XML64 "\n--b1--\n",
		HEAD "Content-Type: multipart/report;\nboundary=\"b1\"\n\n--b1\n" TEXT
		     "--b1\n" XML_PART "--b1--\n",
		HEAD "Content-Type: multipart/report\nboundary=b1\n\n--b1\n" TEXT "--b1\n" XML_PART
		     "--b1--\n",
		/* no boundary anywhere */
		HEAD "Content-Type: multipart/mixed\n\npreamble\n--b1\n" TEXT "--b1\n" XML_PART
		     "--b1--\n",
		/* no empty line before the body, or one of blanks */
		HEAD MIXED "--b1\nContent-Type: text/xml\nContent-Transfer-Encoding: base64\n" XML64
			   "\n--b1--\n",
		HEAD MIXED
		"--b1\nContent-Type: text/xml\nContent-Transfer-Encoding: base64\n  \n" XML64
		"\n--b1--\n",
		HEAD "Content-Type: multipart/mixed; boundary=\"b1\"\n \t\n--b1\n" XML_PART
		     "--b1--\n",
		/* around the mail */
		"From reporter@example Tue Nov 14 00:00:00 2023\n" HEAD XML_PART,
		"\n\n" HEAD XML_PART,
		/* another name for the type; a stray line */
		HEAD MIXED "--b1\nContentType: text/xml\n\n" XML "\n--b1--\n",
		HEAD MIXED "--b1\nContent-Type: text/xml\nnonsense here\n"
			   "Content-Transfer-Encoding: base64\n\n" XML64 "\n--b1--\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof mails / sizeof *mails; i++)
		assert_report(mails[i]);
}

static void line_ends_of_all_kinds_are_read(void **state)
{
	static const char mail[] = HEAD MIXED "--b1\n" TEXT "--b1\n" XML_PART "--b1--\n";
	char crlf[2 * sizeof mail], cr[sizeof mail];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof mail; i++) {
		if (mail[i] == '\n')
			crlf[n++] = '\r';
		crlf[n++] = mail[i];
		cr[i] = mail[i] == '\n' ? '\r' : mail[i];
	}
	assert_report(mail);
	assert_report(crlf);
	assert_report(cr);
}

static void a_mail_without_mistakes_is_not_touched(void **state)
{
	static const char *const mails[] = { HEAD MIXED "--b1\n" TEXT "--b1\n" XML_PART "--b1--\n",
		HEAD MIXED "--b1\n\nno header\n--b1\nContent-Type: message/rfc822\n\n" HEAD
			   "\nbody: x\nnot a header\n--b1--\n",
		HEAD "\nbody\n--\nsignature\n", HEAD "Subject: folded\n\tline\n\nbody\n",
		HEAD "X-Empty-Fold: a\n \n b\n\nbody\n", "", "plain text\n" };
	struct buf out;

	(void)state;
	buf_init(&out, 100000);
	for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
		if (mime_mend(slice_of(mails[i]), &out))
			fail_msg("%zu became:\n%s", i, buf_text(&out));
	}
	buf_release(&out);
}

static void headers_are_read_unfolded_and_valid(void **state)
{
	static const char mail[] =
		"Authentication-Results: mx.example.com;\r\n\tdmarc=pass header.from=reporter.example\r\n"
		"From: =?utf-8?q?R=C3=A4?= <noreply@reporter.example>, other@x.example\r\n"
		"authentication-results: other; dmarc=fail\r\n"
		"Subject: =?UTF-8?B?UmVwb3J0IMOk?= raw \xff byte\r\n"
		"Message-ID: <1@reporter.example>\r\n"
		"Date: Tue, 14 Nov 2023 01:00:00 +0100\r\n"
		"Content-Type: Multipart/Report; Report-Type=\"TLSRPT\"; boundary=b\r\n\r\n"
		"--b\r\n\r\nx\r\n--b--\r\n";
	struct mime_headers h;
	struct mime *m = NULL;
	struct err err = ERR_INIT;
	int fd = file_of(SLICE_LIT(mail));

	(void)state;
	assert_int_equal(mime_open(&m, fd, &err), 0);
	mime_headers(m, &h);
	assert_true(slice_equal(h.from, SLICE_LIT("noreply@reporter.example")));
	assert_int_equal(slice_find(h.subject, SLICE_LIT("Report \xc3\xa4")), 0);
	assert_null(memchr(h.subject.ptr, 0xff, h.subject.len));
	assert_true(slice_equal(h.message_id, SLICE_LIT("1@reporter.example")));
	assert_int_equal(h.date, 1699920000);
	assert_true(slice_equal(h.content_type, SLICE_LIT("multipart/report")));
	assert_true(slice_equal(h.report_type, SLICE_LIT("tlsrpt")));
	assert_int_equal(h.auth_results_len, 2);
	assert_true(slice_starts(h.auth_results[0], SLICE_LIT("mx.example.com; dmarc=pass")) ||
		    slice_find(h.auth_results[0], SLICE_LIT("dmarc=pass")) != SIZE_MAX);
	assert_true(slice_starts(h.auth_results[1], SLICE_LIT("other;")));
	assert_false(h.empty);
	mime_close(m);
	(void)close(fd);
}

static void what_is_no_mail_has_no_header(void **state)
{
	struct mime_headers h;
	struct mime *m = NULL;
	struct err err = ERR_INIT;
	int fd = file_of(SLICE_LIT("only some words\n"));

	(void)state;
	if (mime_open(&m, fd, &err) == 0) {
		mime_headers(m, &h);
		assert_true(h.empty);
	} else {
		assert_int_equal(err.code, ERR_MESSAGE);
	}
	mime_close(m);
	(void)close(fd);
	assert_parts("", "[no message: neither header nor body]\n");
}

static void a_mail_can_be_read_again(void **state)
{
	static const char mail[] = HEAD MIXED "--b1\n" TEXT "--b1\n" XML_PART "--b1--\n";
	struct buf once, twice;
	struct mime *m = NULL;
	struct err err = ERR_INIT;
	int fd = file_of(SLICE_LIT(mail));

	(void)state;
	buf_init(&once, 10000);
	buf_init(&twice, 10000);
	assert_int_equal(mime_open(&m, fd, &err), 0);
	walk(m, &once);
	assert_int_equal(mime_rewind(m, &err), 0);
	walk(m, &twice);
	assert_string_equal(buf_text(&once), buf_text(&twice));
	mime_close(m);
	(void)close(fd);
	buf_release(&once);
	buf_release(&twice);
}

static void large_mails_are_read_from_their_file(void **state)
{
	struct buf mail, said;

	(void)state;
	buf_init(&mail, (size_t)1 << 30);
	buf_add_text(&mail, HEAD MIXED "--b1\nContent-Type: text/xml\n\n<feedback>");
	while (mail.len < 3 * 1024 * 1024)
		buf_add_text(&mail, "a line of a report that is not short\n");
	buf_add_text(&mail, "</feedback>\n--b1\n" XML_PART "--b1--\n");
	parts_of(buf_slice(&mail), &said);
	assert_non_null(strstr(buf_text(&said), "</feedback>|\n2 text/xml |" XML "|\n"));
	assert_true(said.len > 3 * 1024 * 1024 - 1000);
	buf_release(&said);
	buf_release(&mail);
}

static void limits_crossed_end_the_mail(void **state)
{
	struct buf mail, said;

	(void)state;
	buf_init(&mail, (size_t)1 << 30);
	buf_add_text(&mail, HEAD MIXED);
	for (int i = 0; i <= MIME_PARTS_MAX; i++)
		buf_add_text(&mail, "--b1\n\nx\n");
	buf_add_text(&mail, "--b1--\n");
	parts_of(buf_slice(&mail), &said);
	assert_non_null(strstr(buf_text(&said), "\n200  |x|\n[more than 200 parts]\n"));
	buf_release(&said);

	buf_clear(&mail);
	for (int i = 0; i <= MIME_DEPTH_MAX; i++)
		buf_add_text(&mail, "From: a@b.c\nContent-Type: message/rfc822\n\n");
	buf_add_text(&mail, "From: a@b.c\n\nx\n");
	parts_of(buf_slice(&mail), &said);
	assert_string_equal(buf_text(&said), "[more than 16 parts inside each other]\n");
	buf_release(&said);

	buf_clear(&mail);
	for (int i = 0; i < HEADER_LINES_MAX; i++)
		buf_add_text(&mail, "a: b\n");
	parts_of(buf_slice(&mail), &said);
	assert_null(strstr(buf_text(&said), "[more than"));
	buf_release(&said);
	buf_add_text(&mail, "a: b\n");
	parts_of(buf_slice(&mail), &said);
	assert_string_equal(buf_text(&said), "[more than 10000 header lines]\n");
	buf_release(&said);

	buf_clear(&mail);
	buf_add_text(&mail, HEAD MIXED);
	for (int i = 0; i < DASH_LINES_MAX; i++)
		buf_add_text(&mail, "--b1\n");
	parts_of(buf_slice(&mail), &said);
	assert_null(strstr(buf_text(&said), "boundary lines]"));
	buf_release(&said);
	buf_add_text(&mail, "--b1\n");
	parts_of(buf_slice(&mail), &said);
	assert_string_equal(buf_text(&said), "[more than 10000 boundary lines]\n");
	buf_release(&said);
	buf_release(&mail);
}

static void a_message_that_is_too_large_is_refused(void **state)
{
	FILE *file = tmpfile();
	struct mime *m = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(ftruncate(fileno(file), MESSAGE_BYTES_MAX + 1), 0);
	assert_int_equal(mime_open(&m, fileno(file), &err), -1);
	assert_int_equal(err.code, ERR_MESSAGE);
	(void)fclose(file);
}

static int init(void **state)
{
	(void)state;
	mime_init();
	return 0;
}

/* ---- fields nobody asks for ---------------------------------------------------------------- */

static void a_skimmed_mail_answers_as_before(void **state)
{
	static const struct {
		const char *mail, *left;
	} rows[] = {
		{ "", "" },
		{ "\nbody\nReceived: x\n", "\nbody\nReceived: x\n" },
		{ "Received: a\n\tb\n c\nReceived: d\nfrom: e\n\nReceived: f\n",
			"Received: a\n\tb\n c\nfrom: e\n\nReceived: f\n" },
		{ "Subject: a\r\nX-Long: b\r\n c\r\nCONTENT-type: d;\r\n\te=f\r\nX: g\r\n\r\nh",
			"Subject: a\r\nCONTENT-type: d;\r\n\te=f\r\n\r\nh" },
		/* a line of blanks is one of the field in front */
		{ "Date: a\nX-B: c\n \n d\nMessage-Id: e\n", "Date: a\nMessage-Id: e\n" },
		/* what is no field ends it, whatever follows */
		{ "A: b\nno field\nX-C: d\n", "A: b\nno field\nX-C: d\n" },
		{ "A: b\nX-C : d\nX-E: f\n", "A: b\nX-C : d\nX-E: f\n" },
		{ "From root Tue\nX-C: d\n\n", "From root Tue\nX-C: d\n\n" },
		{ "A: b\nX-C: no end", "A: b\n" },
		{ "A: b\n: no name\nX-C: d", "A: b\n: no name\nX-C: d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char to[128];
		size_t len = mime_skim(slice_of(rows[i].mail), to);

		assert_int_equal(len, strlen(rows[i].left));
		assert_memory_equal(to, rows[i].left, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_skimmed_mail_answers_as_before),
		cmocka_unit_test(every_leaf_is_handed_out_decoded),
		cmocka_unit_test(nested_parts_and_forwarded_mails_are_entered),
		cmocka_unit_test(a_forwarded_mail_in_base64_is_entered),
		cmocka_unit_test(an_encoding_is_known_however_it_is_written),
		cmocka_unit_test(base64_is_read_past_padding_and_noise),
		cmocka_unit_test(uuencoded_text_is_decoded),
		cmocka_unit_test(header_mistakes_are_mended),
		cmocka_unit_test(line_ends_of_all_kinds_are_read),
		cmocka_unit_test(a_mail_without_mistakes_is_not_touched),
		cmocka_unit_test(headers_are_read_unfolded_and_valid),
		cmocka_unit_test(what_is_no_mail_has_no_header),
		cmocka_unit_test(a_mail_can_be_read_again),
		cmocka_unit_test(large_mails_are_read_from_their_file),
		cmocka_unit_test(limits_crossed_end_the_mail),
		cmocka_unit_test(a_message_that_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
