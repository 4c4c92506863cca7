/* Refused mails: every known text, the forms it is pasted in, and what is no refusal at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/judge/bounce.h"
#include "store/judge/bounce_text.h"

struct sample {
	const char *name; /* of the known text; NULL none */
	enum bounce_provider provider;
	const char *reply, *enhanced;
	const char *text;
};

/* One of each known text, in the table's order. */
static const struct sample samples[] = {
	{ "gmail-dmarc-policy", BOUNCE_GMAIL, "550", "5.7.26",
		"550-5.7.26 Unauthenticated email from example.com is not accepted due to\n"
		"550-5.7.26 domain's DMARC policy. Please contact the administrator\n"
		"550 5.7.26 of that domain. a1 - gsmtp\n" },
	{ "gmail-spf-hard-fail", BOUNCE_GMAIL, "550", "5.7.26",
		"550-5.7.26 The MAIL FROM domain [example.com] has an SPF record with a hard fail\n"
		"550 5.7.26 policy (-all) but it fails to pass SPF checks with the ip: [192.0.2.1]" },
	{ "gmail-unauthenticated", BOUNCE_GMAIL, "550", "5.7.26",
		"550 5.7.26 Your email has been blocked because the sender is unauthenticated." },
	{ "gmail-rate-limited", BOUNCE_GMAIL, "421", "4.7.26",
		"421-4.7.26 Your email has been rate limited because it is unauthenticated." },
	{ "gmail-no-authentication", BOUNCE_GMAIL, "550", "5.7.26",
		"550 5.7.26 This message does not have authentication information or fails" },
	{ "gmail-spf", BOUNCE_GMAIL, "421", "4.7.27",
		"421-4.7.27 Your email has been rate limited because SPF authentication didn't pass" },
	{ "gmail-dkim", BOUNCE_GMAIL, "550", "5.7.30",
		"550 5.7.30 blocked because DKIM authentication didn't pass" },
	{ "gmail-not-aligned", BOUNCE_GMAIL, "550", "5.7.32",
		"550 5.7.32 From: header isn't aligned with either the SPF or DKIM domain" },
	{ "gmail-no-dmarc", BOUNCE_GMAIL, "550", "5.7.40",
		"550 5.7.40 the sending domain doesn't have a DMARC record" },
	{ "gmail-no-dmarc-rate", BOUNCE_GMAIL, "421", "4.7.31",
		"421 4.7.31 the sending domain doesn't have a DMARC record" },
	{ "gmail-26", BOUNCE_GMAIL, "550", "5.7.26", "550 5.7.26 refused a2-20 - gsmtp" },
	{ "gmail-27", BOUNCE_GMAIL, "550", "5.7.27", "550 5.7.27 refused a2-20 - gsmtp" },
	{ "gmail-30", BOUNCE_GMAIL, "550", "5.7.30", "550 5.7.30 refused a2-20 - gsmtp" },
	{ "gmail-32", BOUNCE_GMAIL, "421", "4.7.32", "421 4.7.32 later a2-20 - gsmtp" },
	{ "gmail-40", BOUNCE_GMAIL, "421", "4.7.40", "421 4.7.40 later a2-20 - gsmtp" },
	{ "gmail-31", BOUNCE_GMAIL, "421", "4.7.31", "421 4.7.31 later a2-20 - gsmtp" },
	{ "yahoo-policy", BOUNCE_YAHOO, "554", "5.7.9",
		"554 5.7.9 Message not accepted for policy reasons. See the sender's page" },
	{ "yahoo-unauthenticated", BOUNCE_YAHOO, "550", "5.7.9",
		"550 5.7.9 This mail has been blocked because the sender is unauthenticated." },
	{ "yahoo-9", BOUNCE_YAHOO, "554", "5.7.9",
		"host mta5.am0.yahoodns.net[192.0.2.9] said: 554 5.7.9 no" },
	{ "microsoft-requirements", BOUNCE_MICROSOFT, "550", "5.7.515",
		"550 5.7.515 Access denied, sending domain EXAMPLE.COM doesn't meet the level" },
	{ "microsoft-requirements-text", BOUNCE_MICROSOFT, "550", "5.7.0",
		"550 5.7.0 sending domain example.com does not meet the required authentication level" },
	{ "microsoft-dmarc-reject", BOUNCE_MICROSOFT, "550", "5.7.509",
		"550 5.7.509: Access denied, sending domain example.com fails" },
	{ "microsoft-dmarc-reject-text", BOUNCE_MICROSOFT, "550", "",
		"550 sending domain example.com does not pass DMARC verification" },
	{ "microsoft-owner-policy", BOUNCE_MICROSOFT, "550", "5.7.0",
		"550 5.7.0 (COL0-MC6) Unfortunately, messages from (192.0.2.1) on behalf of"
		" (example.com) could not be delivered due to domain owner policy restrictions." },
	{ "apple-dmarc-policy", BOUNCE_APPLE, "554", "5.7.1",
		"554 5.7.1 Your message was rejected due to example.com's DMARC policy." },
	{ "comcast-dmarc", BOUNCE_COMCAST, "550", "5.2.0",
		"host mx1.mxge.comcast.net said: 550 5.2.0 xyz Message rejected due to DMARC." },
	{ "rfc7372-no-dkim", BOUNCE_ANYBODY, "550", "5.7.20", "550 5.7.20 no signature" },
	{ "rfc7372-no-acceptable-dkim", BOUNCE_ANYBODY, "550", "5.7.21", "550 5.7.21 no" },
	{ "rfc7372-no-author-dkim", BOUNCE_ANYBODY, "550", "5.7.22", "550 5.7.22 no" },
	{ "rfc7372-spf-failed", BOUNCE_ANYBODY, "550", "5.7.23", "550 5.7.23 no" },
	{ "rfc7372-spf-error", BOUNCE_ANYBODY, "550", "5.7.24", "550 5.7.24 no" },
	{ "rfc7372-reverse-dns", BOUNCE_ANYBODY, "550", "5.7.25", "550 5.7.25 no" },
	{ "rfc7372-several", BOUNCE_ANYBODY, "550", "5.7.26", "550 5.7.26 no" },
	{ "dmarc-no-record", BOUNCE_ANYBODY, "550", "5.7.1", "550 5.7.1 no DMARC record found" },
	{ "dmarc-not-evaluated", BOUNCE_ANYBODY, "554", "5.7.5",
		"554 5.7.5 permanent error evaluating DMARC policy" },
	{ "dmarc-policy", BOUNCE_ANYBODY, "550", "5.7.1",
		"milter-reject: END-OF-MESSAGE: 550 5.7.1 rejected by DMARC policy for example.com;" },
	{ "dmarc-due-to", BOUNCE_ANYBODY, "550", "", "550 rejected due to DMARC" },
	{ "dmarc-failure", BOUNCE_ANYBODY, "550", "5.7.1",
		"550 5.7.1 DMARC failure for domain example.com" },
	{ "dmarc-failed", BOUNCE_ANYBODY, "550", "", "550 the mail failed DMARC" },
	{ "dmarc-check-failed", BOUNCE_ANYBODY, "550", "5.7.1", "550 5.7.1 DMARC check failed" },
	{ "dmarc-evaluation", BOUNCE_ANYBODY, "550", "", "550 the DMARC evaluation has failed" },
	{ "dmarc-violation", BOUNCE_ANYBODY, "550", "", "550 DMARC violation" },
	{ "spf-permerror", BOUNCE_ANYBODY, "550", "", "550 SPF PermError" },
	{ "spf-permanent-error", BOUNCE_ANYBODY, "550", "", "550 SPF permanent error" },
	{ "spf-framework", BOUNCE_ANYBODY, "550", "5.7.1",
		"550 5.7.1 Message rejected by Sender Policy Framework" },
	{ "spf-check-failed", BOUNCE_ANYBODY, "550", "", "550 SPF check failed" },
	{ "spf-validation", BOUNCE_ANYBODY, "550", "", "550 SPF validation failed" },
	{ "spf-explanation", BOUNCE_ANYBODY, "550", "",
		"550 Please see http://www.openspf.net/Why" },
	{ "spf-not-allowed", BOUNCE_ANYBODY, "550", "",
		"550 192.0.2.1 is not allowed to send mail from example.com" },
	{ "spf-prohibited", BOUNCE_ANYBODY, "550", "", "550 SPF unauthorized mail is prohibited." },
	{ "spf-rejected-by", BOUNCE_ANYBODY, "550", "5.7.1",
		"550 5.7.1 Recipient address rejected: Rejected by SPF: 192.0.2.1 is none" },
	{ "spf-per-policy", BOUNCE_ANYBODY, "550", "5.7.1", "550 5.7.1 rejected per SPF policy" },
	{ "spf-reject", BOUNCE_ANYBODY, "550", "", "550 SPF fail" },
	{ "dkim-verification", BOUNCE_ANYBODY, "550", "", "550 DKIM verification failed" },
	{ "dkim-signature-verification", BOUNCE_ANYBODY, "550", "5.7.0",
		"550 5.7.0 DKIM signature verification failed" },
	{ "dkim-check-failed", BOUNCE_ANYBODY, "550", "", "550 DKIM check failed" },
	{ "dkim-bad-signature", BOUNCE_ANYBODY, "550", "5.7.0", "550 5.7.0 bad DKIM signature" },
	{ "dkim-no-signature", BOUNCE_ANYBODY, "550", "5.7.0", "550 5.7.0 no DKIM signature" },
};
#define SAMPLES (sizeof samples / sizeof *samples)

static void read_text(struct slice text, struct bounce *b)
{
	struct err err = ERR_INIT;

	if (bounce_read(text, b, &err) < 0)
		fail_msg("%s", err.text);
}

static void expect(const struct sample *s, const struct bounce *b)
{
	if (b->known == NULL || strcmp(b->known, s->name) != 0)
		fail_msg("%s: taken for %s", s->name, b->known != NULL ? b->known : "nothing");
	if (b->provider != s->provider || strcmp(b->reply, s->reply) != 0 ||
		strcmp(b->enhanced, s->enhanced) != 0 || b->temporary != (s->reply[0] == '4'))
		fail_msg("%s: provider %d, reply %s, code %s", s->name, (int)b->provider, b->reply,
			b->enhanced);
}

static void every_known_text_is_recognised(void **state)
{
	struct bounce_known known;
	struct bounce b;

	(void)state;
	for (size_t i = 0; bounce_known(i, &known); i++) {
		if (i >= SAMPLES || strcmp(samples[i].name, known.name) != 0)
			fail_msg("there is no sample of %s", known.name);
		read_text(slice_of(samples[i].text), &b);
		expect(&samples[i], &b);
		assert_int_equal(b.code, known.code);
		assert_int_equal(b.confidence, known.confidence);
		bounce_release(&b);
	}
	assert_false(bounce_known(SAMPLES, &known));
}

/* As mail programs and logs pass it on: quoted, in quoted-printable, in one line, with CR, wrapped anew. */
static void dressed(const char *text, int how, struct buf *to)
{
	size_t column = 0;

	buf_add_text(to, how == 0   ? "> "
			 : how == 1 ? "Content-Transfer-Encoding: "
				      "quoted-printable\n\n"
				    : "");
	for (const char *c = text; *c != '\0'; c++) {
		const bool ends = *c == '\n';

		column = ends ? 0 : column + 1;
		if (how == 1 && column == 30) {
			buf_add_text(to, "=\r\n");
			column = 0;
		}
		if (how == 4 && *c == ' ' && column > 20) {
			buf_add_text(to, "\n\t ");
			column = 0;
			continue;
		}
		buf_add(to, ends ? slice_of(how == 0   ? "\n> > "
					    : how == 2 ? " "
					    : how == 3 ? "\r\n"
						       : "\n")
				 : slice_from(c, 1));
	}
	if (how == 4)
		buf_add_text(to, "\xc2\xa0\xe2\x80\x8b\xef\xbb\xbf");
}

static void a_text_is_recognised_in_whatever_form_it_is_pasted(void **state)
{
	struct bounce b;
	struct buf text;

	(void)state;
	buf_init(&text, BOUNCE_BYTES_MAX);
	for (size_t i = 0; i < SAMPLES; i++) {
		for (int how = 0; how < 5; how++) {
			buf_clear(&text);
			dressed(samples[i].text, how, &text);
			read_text(buf_slice(&text), &b);
			if (b.known == NULL || strcmp(b.known, samples[i].name) != 0)
				fail_msg("%s in form %d: taken for %s in: %s", samples[i].name, how,
					b.known != NULL ? b.known : "nothing", buf_text(&b.text));
			assert_string_equal(b.enhanced, samples[i].enhanced);
			bounce_release(&b);
		}
	}
	buf_release(&text);
}

static const char report[] =
	"This is a MIME-encapsulated message.\r\n\r\n"
	"--B1\r\nContent-Description: Notification\r\n\r\n"
	"This is the mail system at host mail.sender.example.\r\n\r\n"
	"<someone@gmail.com>: host gmail-smtp-in.l.google.com[198.51.100.26] said: 550-5.7.26\r\n"
	"    Your email has been blocked because the sender is unauthenticated. 550-5.7.26\r\n"
	"    Gmail requires all senders to authenticate with either SPF or DKIM. 550-5.7.26\r\n"
	"    Authentication results: 550-5.7.26  DKIM = did not pass 550-5.7.26  SPF\r\n"
	"    [shop.example] with ip: [192.0.2.77] = did not pass 550-5.7.26  For\r\n"
	"    instructions, go to 550 5.7.26 https://support.google.com/mail/answer/81126 - gsmtp\r\n"
	"--B1\r\nContent-Type: message/delivery-status\r\n\r\n"
	"Reporting-MTA: dns; mail.sender.example\r\n"
	"Arrival-Date: Mon, 23 Nov 2026 10:20:30 +0000\r\n\r\n"
	"Final-Recipient: rfc822; someone@gmail.com\r\nAction: failed\r\nStatus: 5.7.26\r\n"
	"Remote-MTA: dns; gmail-smtp-in.l.google.com\r\n"
	"Diagnostic-Code: smtp; 550-5.7.26 Your email has been blocked because the\r\n"
	"    sender is unauthenticated.\r\n"
	"--B1\r\nContent-Type: message/rfc822\r\n\r\n"
	"DKIM-Signature: v=1; a=rsa-sha256; d=shop.example; s=mail2026; bh=x;\r\n"
	"Received: from localhost (localhost [127.0.0.1])\r\n"
	"From: Shop <info@shop.example>\r\n--B1--\r\n";

static void a_whole_bounce_message_tells_domain_address_and_selector(void **state)
{
	char text[IP_TEXT_MAX];
	struct bounce b;

	(void)state;
	read_text(slice_of(report), &b);
	assert_string_equal(b.known, "gmail-unauthenticated");
	assert_string_equal(b.enhanced, "5.7.26");
	assert_true(b.domains_len > 1 && b.domains[0].named);
	assert_true(slice_equal(b.domains[0].name, SLICE_LIT("shop.example")));
	assert_true(b.addresses_len > 0 && b.addresses[0].named);
	assert_string_equal(ip_text(&b.addresses[0].ip, text), "192.0.2.77");
	assert_true(slice_equal(b.selector, SLICE_LIT("mail2026")));
	/* Neither the server that spoke nor the loopback sent anything. */
	assert_int_equal(b.addresses_len, 1);
	bounce_release(&b);
}

static void names_and_addresses_are_found_where_they_stand(void **state)
{
	static const struct {
		const char *text, *domain, *address, *selector;
	} rows[] = {
		{ "550 5.7.509 sending domain [EXAMPLE.COM] does not pass", "example.com", NULL,
			NULL },
		{ "550 no: messages from [2001:db8::7] on behalf of (a.example)", "a.example",
			"2001:db8::7", NULL },
		{ "550 SPF fail client-ip=192.0.2.1; helo=x", NULL, "192.0.2.1", NULL },
		{ "550 5.7.20 key k1._domainkey.example.net not found", NULL, NULL, "k1" },
		{ "dkim=fail header.d=example.net header.s=Sel1; dmarc=fail header.from=example.org",
			"example.org", NULL, "sel1" },
		{ "554 5.7.1 rejected due to e\xc3\xb1"
		  "e.example's DMARC policy",
			"e\xc3\xb1"
			"e.example",
			NULL, NULL },
		{ "550 5.7.26 at 10:20:30, Exim 4.94.2, ::", NULL, NULL, NULL },
	};
	char text[IP_TEXT_MAX];
	struct bounce b;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		read_text(slice_of(rows[i].text), &b);
		if ((b.domains_len > 0 && b.domains[0].named) != (rows[i].domain != NULL) ||
			(rows[i].domain != NULL &&
				!slice_equal(b.domains[0].name, slice_of(rows[i].domain))))
			fail_msg("%s: another domain", rows[i].text);
		if ((b.addresses_len > 0) != (rows[i].address != NULL) ||
			(rows[i].address != NULL &&
				strcmp(ip_text(&b.addresses[0].ip, text), rows[i].address) != 0))
			fail_msg("%s: another address", rows[i].text);
		if (!slice_equal(b.selector,
			    rows[i].selector != NULL ? slice_of(rows[i].selector) : SLICE_ABSENT))
			fail_msg("%s: another selector", rows[i].text);
		bounce_release(&b);
	}
}

/* Codes that others use for something else, versions, addresses, mail that passed. */
static void what_is_no_refusal_of_these_is_not_recognised(void **state)
{
	static const char *const texts[] = {
		"", "   \r\n\t", "hello",
		"550 5.1.1 The email account that you tried to reach does not exist. - gsmtp",
		"552 5.2.2 mailbox full", "550 5.7.27 Sender address has null MX",
		"550 5.7.30 REQUIRETLS support required", "534 5.7.9 mechanism is too weak",
		"554 Message not allowed - [PH01] Email not accepted for policy reasons.",
		"Exim 4.7.26.1 at 5.7.26.1 and v5.7.26x", "15.7.26", "5.9.26",
		"Authentication-Results: mx; dkim=pass; spf=pass; dmarc=pass header.from=a.example"
	};
	struct bounce b;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		read_text(slice_of(texts[i]), &b);
		if (b.code != BOUNCE_NOT_RECOGNISED || b.known != NULL)
			fail_msg("\"%s\" is taken for %s", texts[i], b.known);
		bounce_release(&b);
	}
}

static void words_without_a_code_are_only_possible(void **state)
{
	struct bounce b;

	(void)state;
	read_text(SLICE_LIT("The mail was rejected by the DMARC policy of example.com"), &b);
	assert_int_equal(b.code, BOUNCE_DMARC_POLICY);
	assert_int_equal(b.confidence, BOUNCE_POSSIBLE);
	bounce_release(&b);
}

static void nul_and_foreign_bytes_part_words_and_harm_nothing(void **state)
{
	static const char text[] = "\0\xff\xfe"
				   "550\0005.7.26\0Your email: the sender is\x01unauthenticated\0";
	struct bounce b;

	(void)state;
	read_text(slice_from(text, sizeof text - 1), &b);
	assert_string_equal(b.known, "gmail-unauthenticated");
	assert_null(memchr(b.text.ptr, '\0', b.text.len));
	bounce_release(&b);
}

/* Every byte there is, cut anywhere; and floods of what is looked for. Nothing is out of bounds. */
static void any_bytes_are_read(void **state)
{
	static const char *const floods[] = { "=", "=\n", "> ", "550-", "550-5.7.26 ", "@",
		"a@a.bc ", "a.bc ", "x@", "192.0.2.", "1.2.3.4 ", "::", "[1.2.3.4] said", "5.7.",
		"s=", "._domainkey.", "due to ", "\xc2", "\xe2\x80\x8b", "=C2=A0", "domain [",
		"a.b." };
	char *bytes = malloc(BOUNCE_BYTES_MAX + 1);
	uint32_t seed = 7;
	struct bounce b;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < sizeof floods / sizeof *floods; i++) {
		size_t len = strlen(floods[i]);

		for (size_t at = 0; at < BOUNCE_BYTES_MAX; at++)
			bytes[at] = floods[i][at % len];
		read_text(slice_from(bytes, BOUNCE_BYTES_MAX), &b);
		assert_true(b.domains_len <= BOUNCE_DOMAINS_MAX);
		assert_true(b.addresses_len <= BOUNCE_ADDRESSES_MAX);
		bounce_release(&b);
	}
	for (int round = 0; round < 200; round++) {
		size_t len;

		seed = seed * 1664525 + 1013904223;
		len = seed % sizeof report;
		for (size_t at = 0; at < len; at++) {
			seed = seed * 1664525 + 1013904223;
			bytes[at] = seed >> 28 == 0 ? (char)(seed >> 16) : report[at];
		}
		read_text(slice_from(bytes, len), &b);
		bounce_release(&b);
	}
	free(bytes);
}

static void many_names_keep_those_that_are_named(void **state)
{
	struct bounce b;
	struct buf text;

	(void)state;
	buf_init(&text, BOUNCE_BYTES_MAX);
	for (int i = 0; i < 500; i++)
		buf_printf(&text, "n%d.example 192.0.%d.%d\n", i, i / 250, i % 250 + 1);
	buf_add_text(&text, "SPF [mine.example] with ip: [203.0.113.5]");
	read_text(buf_slice(&text), &b);
	assert_int_equal(b.domains_len, BOUNCE_DOMAINS_MAX);
	assert_true(slice_equal(b.domains[0].name, SLICE_LIT("mine.example")));
	assert_int_equal(b.addresses_len, BOUNCE_ADDRESSES_MAX);
	assert_true(b.addresses[0].named);
	bounce_release(&b);
	buf_release(&text);
}

static void a_text_that_is_too_long_is_refused(void **state)
{
	struct err err = ERR_INIT;
	struct bounce b;
	char *bytes = calloc(1, 1024 * 1024);

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(bounce_read(slice_from(bytes, BOUNCE_BYTES_MAX), &b, &err), 0);
	bounce_release(&b);
	assert_int_equal(bounce_read(slice_from(bytes, BOUNCE_BYTES_MAX + 1), &b, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	bounce_release(&b);
	err_clear(&err);
	assert_int_equal(bounce_read(slice_from(bytes, 1024 * 1024), &b, &err), -1);
	bounce_release(&b);
	free(bytes);
}

/* Each refusal has its texts and at least two steps, in both languages, without a hole. */
static void every_refusal_is_explained_in_both_languages(void **state)
{
	const struct bounce_values full = { SLICE_LIT("shop.example"), SLICE_LIT("192.0.2.1"),
		SLICE_LIT("s1"), BOUNCE_GMAIL };
	const struct bounce_values none = { .provider = BOUNCE_ANYBODY };
	struct buf text[BOUNCE_LANGUAGE_COUNT];

	(void)state;
	for (int l = 0; l < BOUNCE_LANGUAGE_COUNT; l++)
		buf_init(&text[l], 65536);
	for (int code = 0; code < BOUNCE_CODE_COUNT; code++) {
		for (int known = 0; known < 2; known++) {
			unsigned steps[BOUNCE_LANGUAGE_COUNT] = { 0 };

			for (int l = 0; l < BOUNCE_LANGUAGE_COUNT; l++) {
				const struct bounce_values *v = known ? &full : &none;
				struct buf *to = &text[l];

				buf_clear(to);
				bounce_title(
					(enum bounce_code)code, (enum bounce_language)l, v, to);
				assert_true(to->len > 0);
				assert_true(known || to->ptr[0] < 'a' || to->ptr[0] > 'z');
				bounce_meaning(
					(enum bounce_code)code, (enum bounce_language)l, v, to);
				while (bounce_step((enum bounce_code)code, steps[l],
					(enum bounce_language)l, v, to))
					steps[l]++;
				assert_true(slice_find(buf_slice(to), SLICE_LIT("{")) == SIZE_MAX);
				assert_false(buf_failed(to));
			}
			assert_true(steps[BOUNCE_EN] >= 2 && steps[BOUNCE_EN] == steps[BOUNCE_ES]);
			assert_false(slice_equal(buf_slice(&text[0]), buf_slice(&text[1])));
		}
	}
	assert_string_not_equal(bounce_limits(BOUNCE_EN), bounce_limits(BOUNCE_ES));
	assert_string_not_equal(bounce_temporary(BOUNCE_EN), bounce_temporary(BOUNCE_ES));
	for (int l = 0; l < BOUNCE_LANGUAGE_COUNT; l++)
		buf_release(&text[l]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_known_text_is_recognised),
		cmocka_unit_test(a_text_is_recognised_in_whatever_form_it_is_pasted),
		cmocka_unit_test(a_whole_bounce_message_tells_domain_address_and_selector),
		cmocka_unit_test(names_and_addresses_are_found_where_they_stand),
		cmocka_unit_test(what_is_no_refusal_of_these_is_not_recognised),
		cmocka_unit_test(words_without_a_code_are_only_possible),
		cmocka_unit_test(nul_and_foreign_bytes_part_words_and_harm_nothing),
		cmocka_unit_test(any_bytes_are_read),
		cmocka_unit_test(many_names_keep_those_that_are_named),
		cmocka_unit_test(a_text_that_is_too_long_is_refused),
		cmocka_unit_test(every_refusal_is_explained_in_both_languages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
