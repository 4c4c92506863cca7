/* Macros of SPF (RFC 7208 section 7). */
#include <stdio.h>

#include "store/base/limits.h"
#include "store/base/buf.h"
#include "store/judge/dns/spf.h"

/* Before labels are cut off the left: a local part of 64 bytes, URL-escaped, and some names. */
#define EXPANDED_BYTES_MAX 2048
#define PARTS_MAX          128
#define MACRO_BYTES_MAX    520

struct text {
	char bytes[EXPANDED_BYTES_MAX];
	size_t len;
	bool full;
};

static void text_add(struct text *t, struct slice s)
{
	if (s.len > sizeof t->bytes - t->len) {
		t->full = true;
		return;
	}
	if (s.len > 0)
		memcpy(t->bytes + t->len, s.ptr, s.len);
	t->len += s.len;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

static void text_add_escaped(struct text *t, struct slice s)
{
	char hex[4];

	for (size_t i = 0; i < s.len; i++) {
		if (is_unreserved(s.ptr[i])) {
			text_add(t, slice_from(s.ptr + i, 1));
			continue;
		}
		(void)snprintf(hex, sizeof hex, "%%%02X", (unsigned)(unsigned char)s.ptr[i]);
		text_add(t, slice_from(hex, 3));
	}
}

/* "192.0.2.1", or the 32 digits of an IPv6 address with dots between (7.3, "i"). */
static size_t dotted(const struct ip *ip, char dst[64])
{
	static const char digits[] = "0123456789abcdef";
	size_t len = 0;

	if (ip->len == 4)
		return (size_t)snprintf(dst, 64, "%u.%u.%u.%u", ip->bytes[0], ip->bytes[1],
			ip->bytes[2], ip->bytes[3]);
	for (unsigned i = 0; i < ip->len; i++) {
		dst[len++] = digits[ip->bytes[i] >> 4];
		dst[len++] = '.';
		dst[len++] = digits[ip->bytes[i] & 15];
		dst[len++] = '.';
	}
	return len > 0 ? len - 1 : 0;
}

/* The letter's value into `dst` where it has to be made; a slice of it or of m. */
static struct slice macro_value(const struct spf_macros *m, char letter, char *dst)
{
	switch (letter) {
	case 's': {
		size_t local = m->sender_local.len, domain = m->sender_domain.len;

		if (local + 1 + domain > MACRO_BYTES_MAX)
			return SLICE_ABSENT;
		memcpy(dst, m->sender_local.ptr, local);
		dst[local] = '@';
		memcpy(dst + local + 1, m->sender_domain.ptr, domain);
		return slice_from(dst, local + 1 + domain);
	}
	case 'l':
		return m->sender_local;
	case 'o':
		return m->sender_domain;
	case 'd':
		return m->domain;
	case 'i':
		return slice_from(dst, dotted(&m->ip, dst));
	case 'p':
		return m->validated;
	case 'h':
		return m->helo;
	default: /* v */
		return m->ip.len == 4 ? SLICE_LIT("in-addr") : SLICE_LIT("ip6");
	}
}

/* The last `keep` parts (0: all), in the other order if asked, joined by dots (7.1). */
static bool transform(
	struct slice value, struct slice delimiters, size_t keep, bool reverse, struct text *ret)
{
	struct slice parts[PARTS_MAX];
	size_t len = 0, begin = 0, from;

	for (size_t i = 0; i <= value.len; i++) {
		if (i < value.len && memchr(delimiters.ptr, value.ptr[i], delimiters.len) == NULL)
			continue;
		if (len == PARTS_MAX)
			return false;
		parts[len++] = slice_from(value.ptr + begin, i - begin);
		begin = i + 1;
	}
	from = keep > 0 && keep < len ? len - keep : 0;
	/* Reversing comes before cutting: what is kept is the end of the reversed list. */
	for (size_t i = from; i < len; i++) {
		if (i > from)
			text_add(ret, SLICE_LIT("."));
		text_add(ret, parts[reverse ? len - 1 - i : i]);
	}
	return !ret->full;
}

/* A "%{...}" whose form is right: the parser saw it. */
static bool expand_one(struct slice macro, const struct spf_macros *m, struct text *to)
{
	char letter = (char)(macro.ptr[2] | 0x20);
	char made[MACRO_BYTES_MAX];
	struct text part = { .len = 0 };
	struct slice value = macro_value(m, letter, made);
	struct slice delimiters = SLICE_LIT(".");
	size_t i = 3, keep = 0;
	bool reverse;

	if (slice_absent(value))
		return false;
	for (; macro.ptr[i] >= '0' && macro.ptr[i] <= '9'; i++)
		keep = keep < PARTS_MAX ? keep * 10 + (size_t)(macro.ptr[i] - '0') : keep;
	reverse = macro.ptr[i] == 'r' || macro.ptr[i] == 'R';
	i += reverse;
	if (i + 1 < macro.len)
		delimiters = slice_from(macro.ptr + i, macro.len - 1 - i);
	if (!transform(value, delimiters, keep, reverse, &part))
		return false;
	if (macro.ptr[2] <= 'Z')
		text_add_escaped(to, slice_from(part.bytes, part.len));
	else
		text_add(to, slice_from(part.bytes, part.len));
	return true;
}

static bool expand_all(struct slice spec, const struct spf_macros *m, struct text *to)
{
	for (size_t i = 0; i < spec.len;) {
		struct slice left = slice_from(spec.ptr + i, spec.len - i);
		struct slice rest;

		if (left.ptr[0] != '%') {
			text_add(to, slice_from(left.ptr, 1));
			i++;
			continue;
		}
		if (left.len < 2)
			return false;
		if (left.ptr[1] != '{') {
			text_add(to, left.ptr[1] == '%'   ? SLICE_LIT("%")
				     : left.ptr[1] == '_' ? SLICE_LIT(" ")
							  : SLICE_LIT("%20"));
			i += 2;
			continue;
		}
		left = slice_cut(left, '}', &rest);
		if (slice_absent(rest) || left.len < 3)
			return false;
		left.len++;
		if (!expand_one(left, m, to))
			return false;
		i += left.len;
	}
	return !to->full;
}

struct slice spf_expand(struct slice spec, const struct spf_macros *m, char dst[DOMAIN_KEY_MAX])
{
	struct text text = { .len = 0 };
	struct slice s;

	if (!expand_all(spec, m, &text))
		return SLICE_ABSENT;
	s = slice_from(text.bytes, text.len);
	if (s.len > 0 && s.ptr[s.len - 1] == '.')
		s.len--;
	while (s.len > DOMAIN_MAX) {
		s = dns_name_parent(s);
		if (slice_absent(s))
			return s;
	}
	for (size_t i = 0; i < s.len; i++)
		dst[i] = (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] | 0x20 : s.ptr[i]);
	dst[s.len] = '\0';
	return slice_from(dst, s.len);
}

bool spf_uses_validated(struct slice spec)
{
	return slice_find_fold(spec, SLICE_LIT("%{p")) != SIZE_MAX;
}
