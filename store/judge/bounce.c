#include "store/judge/bounce.h"

#include <assert.h>
#include <stdio.h>

#include "store/base/utf8.h"
#include "store/judge/bounce_find.h"

const char *const bounce_names[BOUNCE_CODE_COUNT] = {
#define X(code, name) [BOUNCE_##code] = (name),
	BOUNCE_CODES(X)
#undef X
};
const char *const bounce_provider_names[BOUNCE_PROVIDER_COUNT] = { NULL, "gmail", "yahoo",
	"microsoft", "apple", "comcast" };
const char *const bounce_provider_titles[BOUNCE_PROVIDER_COUNT] = { NULL, "Gmail", "Yahoo",
	"Microsoft", "Apple iCloud", "Comcast" };
const char *const bounce_confidence_names[BOUNCE_CONFIDENCE_COUNT] = { "certain", "likely",
	"possible" };

/* ---- the known texts ------------------------------------------------------------------------- */

#define PHRASES_MAX 2
#define ANY_CODE    0

struct rule {
	const char *name;
	enum bounce_code code;
	enum bounce_provider provider; /* whose text it is */
	enum bounce_confidence confidence;
	unsigned detail; /* the enhanced code is x.7.detail; ANY_CODE: none is asked for */
	bool asks;       /* only where the text is the provider's by other signs */
	const char *phrases[PHRASES_MAX]; /* each must be there, in lower case */
};

#define GMAIL     BOUNCE_GMAIL, BOUNCE_CERTAIN
#define YAHOO     BOUNCE_YAHOO, BOUNCE_CERTAIN
#define MICROSOFT BOUNCE_MICROSOFT, BOUNCE_CERTAIN
#define ANYBODY   BOUNCE_ANYBODY, BOUNCE_CERTAIN
#define PROBABLY  BOUNCE_ANYBODY, BOUNCE_LIKELY

/* The first that fits; a provider's own words before codes alone, these before words alone. */
static const struct rule rules[] = {
	/* Gmail: three texts share 5.7.26; before 2021 the second had 5.7.1. */
	{ "gmail-dmarc-policy", BOUNCE_DMARC_POLICY, GMAIL, ANY_CODE, false,
		{ "unauthenticated email from", "dmarc policy" } },
	{ "gmail-spf-hard-fail", BOUNCE_SPF_HARD_FAIL, GMAIL, ANY_CODE, false,
		{ "spf record with a hard fail policy" } },
	{ "gmail-unauthenticated", BOUNCE_UNAUTHENTICATED, GMAIL, 26, false,
		{ "sender is unauthenticated" } },
	{ "gmail-rate-limited", BOUNCE_UNAUTHENTICATED, GMAIL, 26, false,
		{ "rate limited", "unauthenticated" } },
	{ "gmail-no-authentication", BOUNCE_UNAUTHENTICATED, GMAIL, 26, false,
		{ "authentication information" } },
	{ "gmail-spf", BOUNCE_SPF_FAILED, GMAIL, 27, false, { "spf" } },
	{ "gmail-dkim", BOUNCE_DKIM_FAILED, GMAIL, 30, false, { "dkim" } },
	{ "gmail-not-aligned", BOUNCE_NOT_ALIGNED, GMAIL, 32, false, { "aligned" } },
	{ "gmail-no-dmarc", BOUNCE_NO_DMARC, GMAIL, 40, false, { "dmarc" } },
	{ "gmail-no-dmarc-rate", BOUNCE_NO_DMARC, GMAIL, 31, false, { "dmarc" } },
	/* The same codes where the words were lost on the way. */
	{ "gmail-26", BOUNCE_UNAUTHENTICATED, BOUNCE_GMAIL, BOUNCE_LIKELY, 26, true, { NULL } },
	{ "gmail-27", BOUNCE_SPF_FAILED, BOUNCE_GMAIL, BOUNCE_LIKELY, 27, true, { NULL } },
	{ "gmail-30", BOUNCE_DKIM_FAILED, BOUNCE_GMAIL, BOUNCE_LIKELY, 30, true, { NULL } },
	{ "gmail-32", BOUNCE_NOT_ALIGNED, BOUNCE_GMAIL, BOUNCE_LIKELY, 32, true, { NULL } },
	{ "gmail-40", BOUNCE_NO_DMARC, BOUNCE_GMAIL, BOUNCE_LIKELY, 40, true, { NULL } },
	{ "gmail-31", BOUNCE_NO_DMARC, BOUNCE_GMAIL, BOUNCE_LIKELY, 31, true, { NULL } },
	/* Yahoo and AOL: the text does not say which check failed. */
	{ "yahoo-policy", BOUNCE_CHECK_NOT_TOLD, YAHOO, 9, false, { "for policy reasons" } },
	{ "yahoo-unauthenticated", BOUNCE_UNAUTHENTICATED, YAHOO, 9, false,
		{ "sender is unauthenticated" } },
	{ "yahoo-9", BOUNCE_CHECK_NOT_TOLD, BOUNCE_YAHOO, BOUNCE_LIKELY, 9, true, { NULL } },
	/* Microsoft: Outlook.com and Exchange Online. */
	{ "microsoft-requirements", BOUNCE_REQUIREMENTS, MICROSOFT, 515, false, { NULL } },
	{ "microsoft-requirements-text", BOUNCE_REQUIREMENTS, BOUNCE_MICROSOFT, BOUNCE_LIKELY,
		ANY_CODE, false, { "does not meet the required authentication level" } },
	{ "microsoft-dmarc-reject", BOUNCE_DMARC_POLICY, MICROSOFT, 509, false, { NULL } },
	{ "microsoft-dmarc-reject-text", BOUNCE_DMARC_POLICY, BOUNCE_MICROSOFT, BOUNCE_LIKELY,
		ANY_CODE, false, { "does not pass dmarc verification" } },
	{ "microsoft-owner-policy", BOUNCE_DMARC_POLICY, BOUNCE_MICROSOFT, BOUNCE_LIKELY, ANY_CODE,
		false, { "domain owner policy restrictions" } },
	/* Apple says so to people who ask; no page of its own tells the text. */
	{ "apple-dmarc-policy", BOUNCE_DMARC_POLICY, BOUNCE_APPLE, BOUNCE_LIKELY, 1, false,
		{ "message was rejected due to", "dmarc policy" } },
	{ "comcast-dmarc", BOUNCE_DMARC_POLICY, BOUNCE_COMCAST, BOUNCE_LIKELY, ANY_CODE, true,
		{ "rejected due to dmarc" } },
	/* RFC 7372: any server may say these. */
	{ "rfc7372-no-dkim", BOUNCE_DKIM_FAILED, ANYBODY, 20, false, { NULL } },
	{ "rfc7372-no-acceptable-dkim", BOUNCE_DKIM_FAILED, ANYBODY, 21, false, { NULL } },
	{ "rfc7372-no-author-dkim", BOUNCE_DKIM_FAILED, ANYBODY, 22, false, { NULL } },
	{ "rfc7372-spf-failed", BOUNCE_SPF_FAILED, ANYBODY, 23, false, { NULL } },
	{ "rfc7372-spf-error", BOUNCE_SPF_BROKEN, ANYBODY, 24, false, { NULL } },
	{ "rfc7372-reverse-dns", BOUNCE_REVERSE_DNS, ANYBODY, 25, false, { NULL } },
	{ "rfc7372-several", BOUNCE_SEVERAL_FAILED, PROBABLY, 26, false, { NULL } },
	/* What milters and filters of Postfix, Exim, rspamd and others say. */
	{ "dmarc-no-record", BOUNCE_NO_DMARC, PROBABLY, ANY_CODE, false, { "no dmarc record" } },
	{ "dmarc-not-evaluated", BOUNCE_DMARC_BROKEN, PROBABLY, ANY_CODE, false,
		{ "error evaluating dmarc" } },
	{ "dmarc-policy", BOUNCE_DMARC_POLICY, PROBABLY, ANY_CODE, false, { "dmarc policy" } },
	{ "dmarc-due-to", BOUNCE_DMARC_POLICY, PROBABLY, ANY_CODE, false, { "due to dmarc" } },
	{ "dmarc-failure", BOUNCE_DMARC_POLICY, PROBABLY, ANY_CODE, false, { "dmarc fail" } },
	{ "dmarc-failed", BOUNCE_DMARC_POLICY, PROBABLY, ANY_CODE, false, { "failed dmarc" } },
	{ "dmarc-check-failed", BOUNCE_DMARC_POLICY, PROBABLY, ANY_CODE, false,
		{ "dmarc check failed" } },
	{ "dmarc-evaluation", BOUNCE_DMARC_POLICY, PROBABLY, ANY_CODE, false,
		{ "dmarc evaluation", "fail" } },
	{ "dmarc-violation", BOUNCE_DMARC_POLICY, PROBABLY, ANY_CODE, false,
		{ "dmarc violation" } },
	{ "spf-permerror", BOUNCE_SPF_BROKEN, PROBABLY, ANY_CODE, false, { "spf permerror" } },
	{ "spf-permanent-error", BOUNCE_SPF_BROKEN, PROBABLY, ANY_CODE, false,
		{ "spf permanent error" } },
	{ "spf-framework", BOUNCE_SPF_FAILED, PROBABLY, ANY_CODE, false,
		{ "sender policy framework" } },
	{ "spf-check-failed", BOUNCE_SPF_FAILED, PROBABLY, ANY_CODE, false,
		{ "spf check failed" } },
	{ "spf-validation", BOUNCE_SPF_FAILED, PROBABLY, ANY_CODE, false,
		{ "spf validation failed" } },
	{ "spf-explanation", BOUNCE_SPF_FAILED, PROBABLY, ANY_CODE, false, { "openspf." } },
	{ "spf-not-allowed", BOUNCE_SPF_FAILED, PROBABLY, ANY_CODE, false,
		{ "not allowed to send mail from" } },
	{ "spf-prohibited", BOUNCE_SPF_FAILED, PROBABLY, ANY_CODE, false,
		{ "spf unauthorized mail is prohibited" } },
	{ "spf-rejected-by", BOUNCE_SPF_FAILED, PROBABLY, ANY_CODE, false, { "rejected by spf" } },
	{ "spf-per-policy", BOUNCE_SPF_FAILED, PROBABLY, ANY_CODE, false, { "per spf policy" } },
	{ "spf-reject", BOUNCE_SPF_FAILED, PROBABLY, ANY_CODE, false, { "spf fail" } },
	{ "dkim-verification", BOUNCE_DKIM_FAILED, PROBABLY, ANY_CODE, false,
		{ "dkim verification failed" } },
	{ "dkim-signature-verification", BOUNCE_DKIM_FAILED, PROBABLY, ANY_CODE, false,
		{ "dkim signature verification failed" } },
	{ "dkim-check-failed", BOUNCE_DKIM_FAILED, PROBABLY, ANY_CODE, false,
		{ "dkim check failed" } },
	{ "dkim-bad-signature", BOUNCE_DKIM_FAILED, PROBABLY, ANY_CODE, false,
		{ "bad dkim signature" } },
	{ "dkim-no-signature", BOUNCE_DKIM_FAILED, PROBABLY, ANY_CODE, false,
		{ "no dkim signature" } },
};
#define RULES (sizeof rules / sizeof *rules)

/* Signs of whose server spoke, in its words or its name. */
static const struct {
	enum bounce_provider provider;
	const char *sign;
} signs[] = {
	{ BOUNCE_GMAIL, "gsmtp" },
	{ BOUNCE_GMAIL, "gmail-smtp-in" },
	{ BOUNCE_GMAIL, "aspmx.l.google.com" },
	{ BOUNCE_GMAIL, "support.google.com" },
	{ BOUNCE_YAHOO, "yahoodns.net" },
	{ BOUNCE_YAHOO, "senders.yahooinc.com" },
	{ BOUNCE_YAHOO, "postmaster.yahoo" },
	{ BOUNCE_MICROSOFT, "protection.outlook.com" },
	{ BOUNCE_APPLE, "mail.icloud.com" },
	{ BOUNCE_COMCAST, "comcast.net" },
};

bool bounce_known(size_t i, struct bounce_known *ret)
{
	if (i >= RULES)
		return false;
	*ret = (struct bounce_known){ rules[i].name, rules[i].code, rules[i].provider,
		rules[i].confidence };
	return true;
}

/* ---- one line of what was pasted ------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Quoted-printable is undone where there is a line that ends softly or a header that says so; in any
 * other text "=20" means what it says. */
static bool is_quoted_printable(struct slice s)
{
	return slice_find_fold(s, SLICE_LIT("quoted-printable")) != SIZE_MAX ||
	       slice_find(s, SLICE_LIT("=3D")) != SIZE_MAX ||
	       slice_find(s, SLICE_LIT("=20\n")) != SIZE_MAX ||
	       slice_find(s, SLICE_LIT("=20\r\n")) != SIZE_MAX;
}

/* What stands at the front of a line without being of it: marks of quoting. */
static size_t quote_marks(struct slice s)
{
	size_t at = 0, marks = 0;

	while (at < s.len &&
		(s.ptr[at] == '>' || s.ptr[at] == '|' || s.ptr[at] == ' ' || s.ptr[at] == '\t')) {
		marks += s.ptr[at] == '>' || s.ptr[at] == '|';
		at++;
	}
	return marks > 0 ? at : 0;
}

/* "550-" before the words of a reply's line, where no enhanced code follows. */
static size_t reply_mark(struct slice s)
{
	if (s.len > 4 && (s.ptr[0] == '4' || s.ptr[0] == '5') && is_digit(s.ptr[1]) &&
		is_digit(s.ptr[2]) && s.ptr[3] == '-' && !is_digit(s.ptr[4]))
		return 4;
	return 0;
}

struct flat {
	struct buf *to;
	bool blank; /* one is due before the next character */
	bool begun; /* of the first "550-" the number was kept */
};

static void add_char(struct flat *f, const char *bytes, size_t len)
{
	if (f->blank && f->to->len > 0)
		buf_add_char(f->to, ' ');
	f->blank = false;
	if (len == 1 && bytes[0] >= 'A' && bytes[0] <= 'Z')
		buf_add_char(f->to, (char)(bytes[0] - 'A' + 'a'));
	else
		buf_add(f->to, slice_from(bytes, len));
}

/* One character of the text; how many bytes it took. No-break spaces are blanks; what is invalid,
 * has no width or controls anything is nothing, and parts words only if it is one byte of ASCII. */
static size_t take_char(struct flat *f, struct slice s)
{
	size_t len = utf8_char(s);

	if (len == 0 || (len == 1 && utf8_printable(s) == 0) || s.ptr[0] == ' ') {
		f->blank = true;
		return 1;
	}
	if (len == 2 && memcmp(s.ptr, "\xc2\xa0", 2) == 0)
		f->blank = true;
	else if (utf8_printable(s) != 0 && !(len == 3 && memcmp(s.ptr, "\xe2\x80\x8b", 3) == 0))
		add_char(f, s.ptr, len);
	return len;
}

/* "=\n" joins lines, also where the mail program that wrapped it left marks of quoting. */
static size_t soft_break(struct slice s)
{
	size_t at = 1;

	while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t' || s.ptr[at] == '\r'))
		at++;
	return at < s.len && s.ptr[at] == '\n' ? at + 1 : 0;
}

static void flatten(struct slice s, struct buf *to)
{
	const bool quoted = is_quoted_printable(s);
	struct flat f = { .to = to };
	bool begins = true, joined = false;

	while (s.len > 0) {
		size_t n = begins ? quote_marks(s) : 0;

		if (begins && !joined) {
			size_t mark = reply_mark(slice_from(s.ptr + n, s.len - n));

			n += f.begun ? mark : 0;
			f.begun |= mark > 0;
		}
		joined = false;
		if (n > 0) {
			begins = false;
			s = slice_from(s.ptr + n, s.len - n);
			continue;
		}
		begins = s.ptr[0] == '\n';
		if (s.ptr[0] == '=' && (n = soft_break(s)) > 0) {
			begins = joined = true;
		} else if (quoted && s.len > 2 && s.ptr[0] == '=' && hex(s.ptr[1]) >= 0 &&
			   hex(s.ptr[2]) >= 0) {
			char c = (char)(hex(s.ptr[1]) * 16 + hex(s.ptr[2]));

			(void)take_char(&f, slice_from(&c, 1));
			n = 3;
		} else {
			n = take_char(&f, s);
		}
		s = slice_from(s.ptr + n, s.len - n);
	}
}

/* ---- codes ----------------------------------------------------------------------------------- */

#define CODES_MAX 16

struct code {
	unsigned detail;
	struct slice text, reply; /* reply: absent where none stands before it */
};

/* The three digits before an enhanced code: "550-5.7.26", "554 5.7.1", "550 #5.7.1", "550; 5.7.515". */
static struct slice reply_before(struct slice s, size_t at)
{
	size_t end = at, gap = 0;

	while (end > 0 && gap < 3 && memchr(" -;:#([", s.ptr[end - 1], 7) != NULL) {
		end--;
		gap++;
	}
	if (gap == 0 || end < 3 || (s.ptr[end - 3] != '4' && s.ptr[end - 3] != '5') ||
		!is_digit(s.ptr[end - 2]) || !is_digit(s.ptr[end - 1]) ||
		(end > 3 && (is_digit(s.ptr[end - 4]) || s.ptr[end - 4] == '.')))
		return SLICE_ABSENT;
	return slice_from(s.ptr + end - 3, 3);
}

static bool is_word_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

/* "5.7.26" at `at`: its length, 0 if there is none (RFC 3463: class, subject 0 to 7, detail). */
static size_t code_at(struct slice s, size_t at, unsigned *detail)
{
	size_t i = at + 4;

	if (s.len - at < 5 || (s.ptr[at] != '4' && s.ptr[at] != '5') || s.ptr[at + 1] != '.' ||
		s.ptr[at + 2] < '0' || s.ptr[at + 2] > '7' || s.ptr[at + 3] != '.' ||
		(at > 0 && (is_word_char(s.ptr[at - 1]) || s.ptr[at - 1] == '.')))
		return 0;
	for (*detail = 0; i < s.len && i < at + 7 && is_digit(s.ptr[i]); i++)
		*detail = *detail * 10 + (unsigned)(s.ptr[i] - '0');
	if (i == at + 4 || (i < s.len && is_word_char(s.ptr[i])) ||
		(i + 1 < s.len && s.ptr[i] == '.' && is_digit(s.ptr[i + 1])))
		return 0;
	if (s.ptr[at + 2] != '7')
		*detail = ANY_CODE;
	return i - at;
}

static size_t find_codes(struct slice s, struct code codes[CODES_MAX])
{
	size_t len = 0;

	for (size_t at = 0; at < s.len && len < CODES_MAX; at++) {
		unsigned detail = 0;
		size_t width = code_at(s, at, &detail);

		if (width == 0)
			continue;
		codes[len++] =
			(struct code){ detail, slice_from(s.ptr + at, width), reply_before(s, at) };
		at += width;
	}
	return len;
}

/* A reply without an enhanced code: "said: 550 SPF check failed". It opens the text or follows a mark. */
static struct slice lone_reply(struct slice s)
{
	for (size_t at = 0; at + 4 < s.len; at++) {
		size_t before = at > 0 && s.ptr[at - 1] == ' ' ? at - 1 : at;

		if ((s.ptr[at] == '4' || s.ptr[at] == '5') && s.ptr[at + 1] >= '0' &&
			s.ptr[at + 1] <= '5' && is_digit(s.ptr[at + 2]) &&
			(s.ptr[at + 3] == ' ' || s.ptr[at + 3] == '-') &&
			(at == 0 || (before > 0 && memchr(":;([<", s.ptr[before - 1], 5) != NULL)))
			return slice_from(s.ptr + at, 3);
	}
	return SLICE_ABSENT;
}

/* Every line of a reply begins with its code: taken out, the words stand side by side again. */
static void without_codes(struct slice s, struct slice reply, struct buf *to)
{
	unsigned detail;

	for (size_t at = 0; at < s.len;) {
		size_t width = code_at(s, at, &detail);
		const bool begins = at == 0 || s.ptr[at - 1] == ' ';

		if (width == 0 && begins && !slice_absent(reply) && s.len - at > 3 &&
			slice_starts(slice_from(s.ptr + at, s.len - at), reply) &&
			(s.ptr[at + 3] == ' ' || s.ptr[at + 3] == '-'))
			width = 3;
		if (width > 0) {
			at += width;
			while (at < s.len && memchr(" -:", s.ptr[at], 3) != NULL)
				at++;
			continue;
		}
		buf_add_char(to, s.ptr[at++]);
	}
}

/* ---- which text it is ------------------------------------------------------------------------ */

static bool says(struct slice words, const char *phrase)
{
	return slice_find(words, slice_of(phrase)) != SIZE_MAX;
}

static enum bounce_provider provider_of(struct slice s)
{
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		if (says(s, signs[i].sign))
			return signs[i].provider;
	}
	return BOUNCE_ANYBODY;
}

static const struct code *code_of(const struct code *codes, size_t len, unsigned detail)
{
	for (size_t i = 0; i < len; i++) {
		if (codes[i].detail == detail)
			return &codes[i];
	}
	return NULL;
}

static bool fits(const struct rule *r, const struct code *codes, size_t len, struct slice words,
	enum bounce_provider provider)
{
	if ((r->asks && r->provider != provider) ||
		(r->detail != ANY_CODE && code_of(codes, len, r->detail) == NULL))
		return false;
	for (int i = 0; i < PHRASES_MAX && r->phrases[i] != NULL; i++) {
		if (!says(words, r->phrases[i]))
			return false;
	}
	return true;
}

static void put_code(struct bounce *b, const struct code *c, struct slice alone)
{
	struct slice reply = c != NULL ? c->reply : alone;

	if (c != NULL)
		(void)snprintf(b->enhanced, sizeof b->enhanced, "%.*s", SLICE_FMT(c->text));
	(void)snprintf(b->reply, sizeof b->reply, "%.*s", SLICE_FMT(reply));
	b->temporary = b->enhanced[0] == '4' || (b->enhanced[0] == '\0' && b->reply[0] == '4');
}

/* The one to show where no rule names one: the first that is about policy, else the first. */
static const struct code *any_code(const struct code *codes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (codes[i].detail != ANY_CODE)
			return &codes[i];
	}
	return len > 0 ? &codes[0] : NULL;
}

static void recognise(struct bounce *b, const struct code *codes, size_t len, struct slice alone,
	struct slice words)
{
	const struct code *shown = any_code(codes, len);
	const enum bounce_provider provider = provider_of(buf_slice(&b->text));

	b->provider = provider;
	b->code = BOUNCE_NOT_RECOGNISED;
	for (size_t i = 0; i < RULES; i++) {
		const struct rule *r = &rules[i];

		if (!fits(r, codes, len, words, provider))
			continue;
		b->code = r->code;
		b->known = r->name;
		b->confidence = r->confidence;
		if (r->provider != BOUNCE_ANYBODY)
			b->provider = r->provider;
		if (r->detail != ANY_CODE)
			shown = code_of(codes, len, r->detail);
		else if (len == 0 && slice_absent(alone))
			b->confidence = BOUNCE_POSSIBLE;
		break;
	}
	put_code(b, shown, alone);
}

/* ---- reading --------------------------------------------------------------------------------- */

int bounce_read(struct slice text, struct bounce *ret, struct err *err)
{
	struct code codes[CODES_MAX];
	struct slice alone;
	struct buf words;
	size_t len;

	memset(ret, 0, sizeof *ret);
	buf_init(&ret->text, BOUNCE_BYTES_MAX);
	if (text.len > BOUNCE_BYTES_MAX)
		return err_set(err, ERR_USAGE,
			"the text is longer than %d bytes: the part with the server's answer is enough",
			BOUNCE_BYTES_MAX);
	buf_init(&words, BOUNCE_BYTES_MAX);
	flatten(text, &ret->text);
	len = find_codes(buf_slice(&ret->text), codes);
	alone = lone_reply(buf_slice(&ret->text));
	without_codes(buf_slice(&ret->text),
		len > 0 && !slice_absent(codes[0].reply) ? codes[0].reply : alone, &words);
	if (buf_failed(&ret->text) || buf_failed(&words)) {
		buf_release(&words);
		bounce_release(ret);
		return err_set(err, ERR_SHORTAGE, "no memory for a text");
	}
	recognise(ret, codes, len, alone, buf_slice(&words));
	bounce_find(ret);
	buf_release(&words);
	return 0;
}

void bounce_release(struct bounce *b)
{
	buf_release(&b->text);
}
