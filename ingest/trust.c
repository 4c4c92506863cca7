#include "ingest/trust.h"

#include "store/base/domain.h"

/* ---- the words of RFC 8601 2.2 ------------------------------------------------------------- */

/* Blanks and comments, which nest and may quote (RFC 5322 3.2.2). */
static void skip_cfws(struct slice *s)
{
	unsigned depth = 0;

	for (; s->len > 0; s->ptr++, s->len--) {
		const char c = *s->ptr;

		if (c == '(') {
			depth++;
		} else if (depth > 0 && c == ')') {
			depth--;
		} else if (depth > 0 && c == '\\' && s->len > 1) {
			s->ptr++;
			s->len--;
		} else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n') {
			return;
		}
	}
}

static bool take_char(struct slice *s, char c)
{
	skip_cfws(s);
	if (s->len == 0 || *s->ptr != c)
		return false;
	s->ptr++;
	s->len--;
	return true;
}

/* A token, or what stands in a quoted string (its escapes stay: names need none). Empty: none. */
static struct slice take_value(struct slice *s, const char *ends)
{
	struct slice value;

	skip_cfws(s);
	value = slice_from(s->ptr, 0);
	if (s->len > 0 && *s->ptr == '"') {
		value.ptr++;
		for (s->ptr++, s->len--; s->len > 0 && *s->ptr != '"'; s->ptr++, s->len--) {
			if (*s->ptr == '\\' && s->len > 1) {
				s->ptr++;
				s->len--;
			}
		}
		value.len = (size_t)(s->ptr - value.ptr);
		if (s->len > 0) {
			s->ptr++;
			s->len--;
		}
		return value;
	}
	for (; s->len > 0 && strchr(ends, *s->ptr) == NULL && *s->ptr != '\0'; s->ptr++, s->len--)
		value.len++;
	return value;
}

/* To the next ';' that is neither in a comment nor in quotes; false at the end. */
static bool skip_to_next(struct slice *s)
{
	while (s->len > 0) {
		const size_t before = s->len;

		if (take_char(s, ';'))
			return true;
		(void)take_value(s, "; \t\r\n(\"");
		if (s->len == before && s->len > 0) {
			s->ptr++;
			s->len--;
		}
	}
	return false;
}

/* ---- one result: method = result [reason = ...] ptype.property = value ... ------------------- */

struct finding {
	struct slice method, result;
	struct slice header_d, header_i, header_from;
};

static bool take_result(struct slice *s, struct finding *f)
{
	static const char name_ends[] = "=/;. \t\r\n(";

	*f = (struct finding){ .method = take_value(s, name_ends) };
	if (take_char(s, '/'))
		(void)take_value(s, name_ends);
	if (f->method.len == 0 || !take_char(s, '='))
		return false;
	f->result = take_value(s, "; \t\r\n(");
	for (;;) {
		struct slice type, property = SLICE_ABSENT, value;

		skip_cfws(s);
		if (s->len == 0 || *s->ptr == ';')
			return true;
		type = take_value(s, name_ends);
		if (take_char(s, '.'))
			property = take_value(s, name_ends);
		if (!take_char(s, '='))
			return true; /* the rest of this one is no property: the result stands */
		value = take_value(s, "; \t\r\n(");
		if (!slice_equal_fold(type, SLICE_LIT("header")))
			continue;
		if (slice_equal_fold(property, SLICE_LIT("d")))
			f->header_d = value;
		else if (slice_equal_fold(property, SLICE_LIT("i")))
			f->header_i = value;
		else if (slice_equal_fold(property, SLICE_LIT("from")))
			f->header_from = value;
	}
}

/* ---- judgement --------------------------------------------------------------------------- */

/* "a@b.example" and "b.example" -> its key. */
static bool domain_of(struct slice address, char dst[DOMAIN_KEY_MAX], struct slice *ret)
{
	size_t len = 0;

	for (size_t i = address.len; i > 0; i--) {
		if (address.ptr[i - 1] == '@') {
			address = slice_from(address.ptr + i, address.len - i);
			break;
		}
	}
	if (!domain_key(address, dst, &len))
		return false;
	*ret = slice_from(dst, len);
	return true;
}

/* Relaxed alignment: one organisational domain. */
static bool aligned(struct slice a, struct slice b)
{
	char key_a[DOMAIN_KEY_MAX], key_b[DOMAIN_KEY_MAX];
	struct slice x, y;

	return domain_of(a, key_a, &x) && domain_of(b, key_b, &y) &&
	       slice_equal(domain_org(x), domain_org(y));
}

static bool is_ours(struct slice server, const char *authserv_ids)
{
	struct slice rest = slice_of(authserv_ids), one;

	while (!slice_absent(rest) && rest.len > 0) {
		one = slice_trim(slice_cut(rest, ' ', &rest));
		if (one.len > 0 && slice_equal_fold(one, server))
			return true;
	}
	return false;
}

struct judgement {
	struct trust *trust;
	struct slice from;
	bool dkim_aligned; /* a signature passed for a domain aligned with From */
	bool from_differs; /* dmarc was judged for another From than the one we read */
};

static void take_finding(struct judgement *j, const struct finding *f)
{
	const struct report_word word = vocabulary_word(&report_auth_results, f->result, NULL);
	const struct {
		struct slice method;
		struct report_word *kept;
	} methods[] = { { SLICE_LIT("dkim"), &j->trust->dkim },
		{ SLICE_LIT("spf"), &j->trust->spf }, { SLICE_LIT("dmarc"), &j->trust->dmarc } };
	const bool pass = word.meaning == REPORT_AUTH_PASS;
	struct slice signer = slice_absent(f->header_d) ? f->header_i : f->header_d;

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		if (!slice_equal_fold(f->method, methods[i].method))
			continue;
		/* Several signatures give several dkim results: one that passes speaks for them. */
		if (slice_absent(methods[i].kept->token) || (i == 0 && pass))
			*methods[i].kept = word;
		if (i == 0 && pass && !slice_absent(signer) && aligned(signer, j->from))
			j->dkim_aligned = true;
		if (i == 2 && !slice_absent(f->header_from) && !aligned(f->header_from, j->from))
			j->from_differs = true;
	}
}

static enum report_trust verdict(const struct judgement *j)
{
	const uint8_t dmarc = j->trust->dmarc.meaning;

	if (j->from_differs)
		return REPORT_TRUST_FAILED;
	if (dmarc == REPORT_AUTH_PASS)
		return REPORT_TRUST_VERIFIED;
	/* dmarc=none: the reporter publishes no policy; its signature can still vouch for it. */
	if ((dmarc == REPORT_AUTH_ABSENT || dmarc == REPORT_AUTH_NONE) && j->dkim_aligned)
		return REPORT_TRUST_VERIFIED;
	return REPORT_TRUST_FAILED;
}

void trust_judge(const struct mime_headers *headers, const char *authserv_ids, struct trust *ret)
{
	struct judgement j = { .trust = ret, .from = headers->from };
	struct finding f;

	*ret = (struct trust){ .trust = REPORT_TRUST_UNKNOWN };
	for (unsigned i = 0; i < headers->auth_results_len; i++) {
		struct slice s = headers->auth_results[i];
		const struct slice server = take_value(&s, "; \t\r\n(");

		if (server.len == 0 || !is_ours(server, authserv_ids)) {
			/* Below ours come those that were there before: anybody's. */
			if (!slice_absent(ret->server))
				break;
			continue;
		}
		if (slice_absent(ret->server))
			ret->server = server;
		while (skip_to_next(&s)) {
			if (take_result(&s, &f))
				take_finding(&j, &f);
		}
	}
	if (!slice_absent(ret->server))
		ret->trust = verdict(&j);
}
