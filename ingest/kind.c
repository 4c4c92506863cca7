#include "ingest/kind.h"

#include <assert.h>

#include "ingest/dmarc_xml.h"
#include "store/base/utf8.h"

/* ---- what bytes are ------------------------------------------------------------------------- */

static bool contains(struct slice s, struct slice needle)
{
	return slice_find_fold(s, needle) != SIZE_MAX;
}

static bool is_empty(struct slice head)
{
	return slice_trim(head).len == 0;
}

/* Yahoo and AOL in May 2023, in a gzip of its own. */
static bool is_unused(struct slice head)
{
	return slice_equal(slice_trim(head), SLICE_LIT("unused"));
}

static bool is_json(struct slice head)
{
	head = slice_trim(head);
	if (head.len < 2 || (head.ptr[0] != '{' && head.ptr[0] != '['))
		return false;
	head = slice_trim(slice_from(head.ptr + 1, head.len - 1));
	return head.len > 0 && memchr("\"{[}]", head.ptr[0], 5) != NULL;
}

/* RFC 8460 names its members with dashes; no two of them elsewhere. */
static bool is_tls_report(struct slice head)
{
	static const char *const members[] = { "\"organization-name\"", "\"date-range\"",
		"\"contact-info\"", "\"report-id\"", "\"policies\"", "\"policy-type\"" };
	unsigned found = 0;

	for (size_t i = 0; is_json(head) && i < sizeof members / sizeof *members; i++)
		found += contains(head, slice_of(members[i]));
	return found >= 2;
}

/* RFC 5965: header lines, one of them Feedback-Type. */
static bool is_feedback(struct slice head)
{
	size_t at;

	head = slice_trim(head);
	at = slice_find_fold(head, SLICE_LIT("feedback-type:"));
	if (at == SIZE_MAX || (at > 0 && head.ptr[at - 1] != '\n'))
		return false;
	return head.ptr[0] != '<' && contains(head, SLICE_LIT("user-agent:"));
}

static bool is_html(struct slice head)
{
	static const char *const begins[] = { "<!doctype html", "<html", "<head", "<body", "<div",
		"<p>", "<table", "<meta" };

	head = slice_trim(head);
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		if (slice_starts_fold(head, slice_of(begins[i])))
			return true;
	}
	return false;
}

static bool is_xml(struct slice head)
{
	static const struct slice wide[] = { { "\xff\xfe<\0", 4 }, { "\xfe\xff\0<", 4 },
		{ "<\0?\0", 4 }, { "\0<\0?", 4 } };

	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
		if (slice_starts(head, wide[i]))
			return true;
	}
	head = slice_trim(head);
	return head.len > 1 && head.ptr[0] == '<' &&
	       (memchr("?!_:", head.ptr[1], 4) != NULL ||
		       ((head.ptr[1] | 0x20) >= 'a' && (head.ptr[1] | 0x20) <= 'z'));
}

static bool is_text(struct slice head)
{
	/* The head may end within a character. */
	for (unsigned cut = 0; cut < 4 && head.len > cut; cut++) {
		struct slice front = slice_from(head.ptr, head.len - cut);

		if (utf8_valid(front))
			return true;
	}
	return false;
}

/* Old texts in an 8-bit encoding: no NUL, few controls. */
static bool is_old_text(struct slice head)
{
	for (size_t i = 0; i < head.len; i++) {
		unsigned char c = (unsigned char)head.ptr[i];

		if (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b)
			return false;
	}
	return true;
}

static bool is_anything(struct slice head)
{
	(void)head;
	return true;
}

#define MAGIC(name, bytes)                                                                         \
	static bool is_##name(struct slice head)                                                   \
	{                                                                                          \
		return slice_starts(head, SLICE_LIT(bytes));                                       \
	}

MAGIC(gzip, "\x1f\x8b")
MAGIC(zip, "PK\x03\x04")
MAGIC(pdf, "%PDF-")
MAGIC(png, "\x89PNG\r\n\x1a\n")
MAGIC(jpeg, "\xff\xd8\xff")
MAGIC(gif, "GIF8")
MAGIC(rar, "Rar!\x1a\x07")
MAGIC(seven_zip, "7z\xbc\xaf\x27\x1c")
MAGIC(ole, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
MAGIC(tnef, "\x78\x9f\x3e\x22")
MAGIC(pgp, "-----BEGIN PGP")

/* The first row that takes the head; reports first, then the most telling. */
static const struct kind kinds[] = {
	{ "empty data", is_empty, NULL },
	{ "aggregate report", dmarc_xml_sniff, dmarc_xml_parse },
	{ "TLS report", is_tls_report, NULL },
	{ "failure report", is_feedback, NULL },
	{ "the word \"unused\"", is_unused, NULL },
	{ "gzip", is_gzip, NULL },
	{ "zip", is_zip, NULL },
	{ "HTML", is_html, NULL },
	{ "XML that is no DMARC report", is_xml, NULL },
	{ "JSON", is_json, NULL },
	{ "PDF", is_pdf, NULL },
	{ "PNG image", is_png, NULL },
	{ "JPEG image", is_jpeg, NULL },
	{ "GIF image", is_gif, NULL },
	{ "RAR archive", is_rar, NULL },
	{ "7z archive", is_seven_zip, NULL },
	{ "Outlook message or Office document", is_ole, NULL },
	{ "TNEF (winmail.dat)", is_tnef, NULL },
	{ "PGP data", is_pgp, NULL },
	{ "text", is_text, NULL },
	{ "text", is_old_text, NULL },
	{ "unknown data", is_anything, NULL },
};

const struct kind *kind_find(struct slice head)
{
	const struct kind *kind = kinds;

	while (!kind->sniff(head))
		kind++;
	return kind;
}

/* ---- what a mail is ------------------------------------------------------------------------- */

struct mail {
	const struct mime_headers *headers;
	const struct slice *types;
	size_t len;
	struct slice text;
};

static bool has_type(const struct mail *mail, struct slice prefix)
{
	for (size_t i = 0; i < mail->len; i++) {
		if (slice_starts_fold(mail->types[i], prefix))
			return true;
	}
	return false;
}

static bool mail_is_tls(const struct mail *mail)
{
	return slice_equal_fold(mail->headers->report_type, SLICE_LIT("tlsrpt")) ||
	       has_type(mail, SLICE_LIT("application/tlsrpt"));
}

/* Some senders (Exim, Baruwa) write failure reports as text only. */
static bool mail_is_failure(const struct mail *mail)
{
	return slice_equal_fold(mail->headers->report_type, SLICE_LIT("feedback-report")) ||
	       has_type(mail, SLICE_LIT("message/feedback-report")) ||
	       contains(mail->text, SLICE_LIT("claiming to be from you has failed the "
					      "published DMARC policy"));
}

static bool mail_is_bounce(const struct mail *mail)
{
	return slice_equal_fold(mail->headers->report_type, SLICE_LIT("delivery-status")) ||
	       has_type(mail, SLICE_LIT("message/delivery-status")) ||
	       slice_starts_fold(mail->headers->from, SLICE_LIT("mailer-daemon@"));
}

/* RFC 7489 7.2.2: a text with these lines stands in for a report that was too large. */
static bool mail_is_too_large(const struct mail *mail)
{
	return contains(mail->text, SLICE_LIT("Report-Size:")) &&
	       (contains(mail->text, SLICE_LIT("Report-Domain:")) ||
		       contains(mail->text, SLICE_LIT("Submitting-URI:")));
}

static bool mail_is_empty(const struct mail *mail)
{
	return mail->headers->empty;
}

const char *kind_of_mail(const struct mime_headers *headers, const struct slice *part_types,
	size_t len, struct slice first_text)
{
	static const struct {
		const char *name;
		bool (*is)(const struct mail *mail);
	} rows[] = { { "TLS report", mail_is_tls }, { "failure report", mail_is_failure },
		{ "report too large", mail_is_too_large }, { "bounce", mail_is_bounce },
		{ "no mail at all", mail_is_empty } };
	struct mail mail = { headers, part_types, len, first_text };

	assert(headers != NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].is(&mail))
			return rows[i].name;
	}
	return "mail without a report";
}
