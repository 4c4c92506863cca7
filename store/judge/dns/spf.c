#include "store/judge/dns/spf.h"

#include <arpa/inet.h>

#include "store/judge/dns/tags.h"

#define VERSION "v=spf1"

/* What may stand behind a mechanism's or modifier's name. */
enum wants {
	WANTS_NOTHING,
	WANTS_DOMAIN,       /* must have a domain-spec */
	WANTS_DOMAIN_MAYBE, /* may */
	WANTS_HOSTS,        /* may, and prefix lengths */
	WANTS_IP4,
	WANTS_IP6,
	WANTS_ANYTHING, /* a macro-string */
};

static const struct {
	const char *name;
	enum wants wants;
	bool modifier, looks_up;
} kinds[SPF_KIND_COUNT] = {
	[SPF_ALL] = { "all", WANTS_NOTHING, false, false },
	[SPF_INCLUDE] = { "include", WANTS_DOMAIN, false, true },
	[SPF_A] = { "a", WANTS_HOSTS, false, true },
	[SPF_MX] = { "mx", WANTS_HOSTS, false, true },
	[SPF_PTR] = { "ptr", WANTS_DOMAIN_MAYBE, false, true },
	[SPF_IP4] = { "ip4", WANTS_IP4, false, false },
	[SPF_IP6] = { "ip6", WANTS_IP6, false, false },
	[SPF_EXISTS] = { "exists", WANTS_DOMAIN, false, true },
	[SPF_REDIRECT] = { "redirect", WANTS_DOMAIN, true, true },
	[SPF_EXP] = { "exp", WANTS_DOMAIN, true, false },
	[SPF_MODIFIER] = { "modifier", WANTS_ANYTHING, true, false },
	[SPF_NO_TERM] = { "unknown", WANTS_NOTHING, false, false },
};

const char *const spf_kind_names[SPF_KIND_COUNT] = {
	[SPF_ALL] = "all",
	[SPF_INCLUDE] = "include",
	[SPF_A] = "a",
	[SPF_MX] = "mx",
	[SPF_PTR] = "ptr",
	[SPF_IP4] = "ip4",
	[SPF_IP6] = "ip6",
	[SPF_EXISTS] = "exists",
	[SPF_REDIRECT] = "redirect",
	[SPF_EXP] = "exp",
	[SPF_MODIFIER] = "modifier",
	[SPF_NO_TERM] = "unknown",
};

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool spf_is_record(struct slice text)
{
	return slice_starts_fold(text, SLICE_LIT(VERSION)) &&
	       (text.len == sizeof VERSION - 1 || text.ptr[sizeof VERSION - 1] == ' ');
}

bool spf_kind_looks_up(enum spf_kind kind)
{
	return kinds[kind].looks_up;
}

void spf_terms_init(struct spf_terms *t, struct slice record)
{
	/* No answer carries more: what is longer was made up. */
	if (record.len > DNS_TEXT_MAX)
		record.len = DNS_TEXT_MAX;
	*t = (struct spf_terms){ .record = record, .at = sizeof VERSION - 1 };
}

/* Length of the macro at s ("%{d2r.}", "%%", "%_", "%-"), 0 if it is none (7.1). */
static size_t macro_len(struct slice s)
{
	bool some = false;
	size_t i;

	if (s.len < 2)
		return 0;
	if (s.ptr[1] == '%' || s.ptr[1] == '_' || s.ptr[1] == '-')
		return 2;
	if (s.ptr[1] != '{' || s.len < 4 || memchr("slodiphvSLODIPHV", s.ptr[2], 16) == NULL)
		return 0;
	for (i = 3; i < s.len && is_digit(s.ptr[i]); i++)
		some = some || s.ptr[i] != '0';
	if (i > 3 && !some)
		return 0; /* "%{d0}": no part at all */
	if (i < s.len && (s.ptr[i] == 'r' || s.ptr[i] == 'R'))
		i++;
	while (i < s.len && memchr(".-+,/_=", s.ptr[i], 7) != NULL)
		i++;
	return i < s.len && s.ptr[i] == '}' ? i + 1 : 0;
}

/* *ended: the string ends with a macro, which may stand for the end of a name. */
static enum spf_fault check_macros(struct slice s, bool *macro, bool *ended)
{
	*macro = *ended = false;
	for (size_t i = 0; i < s.len;) {
		size_t len;

		*ended = false;
		if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7e)
			return SPF_BAD_DOMAIN;
		if (s.ptr[i] != '%') {
			i++;
			continue;
		}
		len = macro_len(slice_from(s.ptr + i, s.len - i));
		if (len == 0)
			return SPF_BAD_MACRO;
		*macro = *ended = true;
		i += len;
	}
	return SPF_FINE;
}

/* Letters, digits and inner hyphens, not digits alone (the grammar's toplabel). */
static bool is_top_label(struct slice s)
{
	bool other = false;

	for (size_t i = 0; i < s.len; i++) {
		if (!is_alpha(s.ptr[i]) && !is_digit(s.ptr[i]) && s.ptr[i] != '-')
			return false;
		other = other || !is_digit(s.ptr[i]);
	}
	return s.len > 0 && other && s.ptr[0] != '-' && s.ptr[s.len - 1] != '-';
}

static enum spf_fault check_domain(struct slice s, bool *macro)
{
	bool ended;
	enum spf_fault fault = check_macros(s, macro, &ended);
	size_t dot = s.len;

	if (fault != SPF_FINE || ended)
		return fault;
	if (s.len > 0 && s.ptr[s.len - 1] == '.')
		dot = --s.len;
	while (dot > 0 && s.ptr[dot - 1] != '.')
		dot--;
	if (dot < 2 || !is_top_label(slice_from(s.ptr + dot, s.len - dot)))
		return SPF_BAD_DOMAIN;
	/* An empty label is in no name; with macros it shows only later. */
	return !*macro && slice_find(s, SLICE_LIT("..")) != SIZE_MAX ? SPF_BAD_DOMAIN : SPF_FINE;
}

/* "24": no sign, no leading zero. */
static bool parse_bits(struct slice s, uint8_t max, uint8_t *ret)
{
	uint64_t bits;

	if ((s.len > 1 && s.ptr[0] == '0') || !slice_u64(s, max, &bits))
		return false;
	*ret = (uint8_t)bits;
	return true;
}

static size_t find_last(struct slice s, char c)
{
	size_t i = s.len;

	while (i > 0 && s.ptr[i - 1] != c)
		i--;
	return i > 0 ? i - 1 : SIZE_MAX;
}

/* Cuts "/24", "//64", "/24//64" off the end of *s. A slash may also stand in a label or a macro. */
static enum spf_fault cut_bits(struct slice *s, struct spf_term *ret)
{
	bool six = false;

	ret->bits4 = 32;
	ret->bits6 = 128;
	for (;;) {
		size_t slash = find_last(*s, '/');
		struct slice tail;

		if (slash == SIZE_MAX)
			return SPF_FINE;
		tail = slice_from(s->ptr + slash + 1, s->len - slash - 1);
		for (size_t i = 0; i < tail.len; i++) {
			if (tail.ptr[i] == '.' || tail.ptr[i] == '}')
				return SPF_FINE;
		}
		if (slash > 0 && s->ptr[slash - 1] == '/' && !six) {
			six = true;
			s->len = slash - 1;
			if (!parse_bits(tail, 128, &ret->bits6))
				return SPF_BAD_PREFIX;
			continue;
		}
		s->len = slash;
		return parse_bits(tail, 32, &ret->bits4) ? SPF_FINE : SPF_BAD_PREFIX;
	}
}

static void net_make(struct spf_term *ret, const uint8_t *bytes, uint8_t len, uint8_t bits)
{
	struct ip_net *net = &ret->net;

	*net = (struct ip_net){ .bits = bits };
	net->first.len = net->last.len = len;
	for (unsigned i = 0; i < len; i++) {
		unsigned from = i * 8;
		unsigned host = 0;

		if (bits < from + 8)
			host = 0xffU >> (bits > from ? bits - from : 0);
		net->first.bytes[i] = (uint8_t)(bytes[i] & ~host);
		net->last.bytes[i] = (uint8_t)(bytes[i] | host);
	}
}

static int family_of(struct slice s, uint8_t bytes[16])
{
	char text[IP_TEXT_MAX];

	if (s.len == 0 || s.len >= sizeof text || memchr(s.ptr, '\0', s.len) != NULL)
		return 0;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	if (inet_pton(AF_INET, text, bytes) == 1)
		return 4;
	return inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

static enum spf_fault parse_network(struct slice s, uint8_t len, struct spf_term *ret)
{
	uint8_t bytes[16] = { 0 };
	uint8_t bits = (uint8_t)(len * 8);
	struct slice prefix, address = slice_cut(s, '/', &prefix);
	int family = family_of(address, bytes);

	if (family == 0)
		return SPF_BAD_ADDRESS;
	if (family != len)
		return SPF_BAD_FAMILY;
	if (!slice_absent(prefix) && !parse_bits(prefix, bits, &bits))
		return SPF_BAD_PREFIX;
	net_make(ret, bytes, len, bits);
	return SPF_FINE;
}

/* `s`: what follows the name, with its ':' or '/' still there. */
static enum spf_fault parse_mechanism(struct slice s, struct spf_term *ret)
{
	enum wants wants = kinds[ret->kind].wants;
	bool colon = s.len > 0 && s.ptr[0] == ':';
	enum spf_fault fault = SPF_FINE;

	if (wants == WANTS_NOTHING)
		return s.len > 0 ? SPF_HAS_VALUE : SPF_FINE;
	if (wants == WANTS_IP4 || wants == WANTS_IP6) {
		if (!colon)
			return SPF_BAD_ADDRESS;
		return parse_network(
			slice_from(s.ptr + 1, s.len - 1), wants == WANTS_IP4 ? 4 : 16, ret);
	}
	if (wants == WANTS_HOSTS)
		fault = cut_bits(&s, ret);
	if (fault != SPF_FINE)
		return fault;
	if (s.len == 0)
		return wants == WANTS_DOMAIN ? SPF_NO_DOMAIN : SPF_FINE;
	if (!colon)
		return wants == WANTS_HOSTS ? SPF_BAD_PREFIX : SPF_BAD_DOMAIN;
	ret->domain = slice_from(s.ptr + 1, s.len - 1);
	return ret->domain.len == 0 ? SPF_NO_DOMAIN : check_domain(ret->domain, &ret->macro);
}

static bool is_modifier_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		bool fine = is_alpha(s.ptr[i]) ||
			    (i > 0 && (is_digit(s.ptr[i]) || memchr("-_.", s.ptr[i], 3) != NULL));

		if (!fine)
			return false;
	}
	return s.len > 0;
}

static enum spf_fault parse_modifier(struct spf_terms *t, struct slice value, struct spf_term *ret)
{
	bool *seen = ret->kind == SPF_REDIRECT ? &t->redirect : &t->exp;
	bool ended;

	ret->domain = value;
	if (ret->kind == SPF_MODIFIER)
		return check_macros(value, &ret->macro, &ended);
	if (*seen)
		return SPF_TWICE;
	*seen = true;
	return value.len == 0 ? SPF_NO_DOMAIN : check_domain(value, &ret->macro);
}

static enum spf_kind kind_find(struct slice name, bool modifier)
{
	for (unsigned i = 0; i < SPF_MODIFIER; i++) {
		if (kinds[i].modifier == modifier &&
			slice_equal_fold(name, slice_of(kinds[i].name)))
			return (enum spf_kind)i;
	}
	return modifier ? SPF_MODIFIER : SPF_NO_TERM;
}

static void term_parse(struct spf_terms *t, struct slice text, struct spf_term *ret)
{
	struct slice body = text;
	size_t name = 0;

	*ret = (struct spf_term){ .text = text, .at = dns_offset(t->record, text) };
	if (memchr("+-~?", text.ptr[0], 4) != NULL) {
		ret->qualifier = text.ptr[0];
		body = slice_from(text.ptr + 1, text.len - 1);
	}
	while (name < body.len && memchr(":/=", body.ptr[name], 3) == NULL)
		name++;
	ret->name = slice_from(body.ptr, name);
	if (name < body.len && body.ptr[name] == '=' && ret->qualifier == 0 &&
		is_modifier_name(ret->name)) {
		ret->kind = kind_find(ret->name, true);
		ret->fault = parse_modifier(
			t, slice_from(body.ptr + name + 1, body.len - name - 1), ret);
		return;
	}
	if (ret->qualifier == 0)
		ret->qualifier = '+';
	ret->kind = kind_find(ret->name, false);
	ret->fault = ret->kind == SPF_NO_TERM
			     ? SPF_BAD_NAME
			     : parse_mechanism(slice_from(body.ptr + name, body.len - name), ret);
}

bool spf_terms_next(struct spf_terms *t, struct spf_term *ret)
{
	struct slice rest, word;

	while (t->at < t->record.len && t->record.ptr[t->at] == ' ')
		t->at++;
	if (t->at >= t->record.len)
		return false;
	word = slice_cut(slice_from(t->record.ptr + t->at, t->record.len - t->at), ' ', &rest);
	t->at += word.len;
	term_parse(t, word, ret);
	return true;
}

enum dns_status spf_find(
	struct dns_view *view, struct slice domain, const struct dns_record **ret, size_t *count)
{
	struct dns_answer a;

	*ret = NULL;
	*count = 0;
	dns_find(view, domain, DNS_TXT, &a);
	if (a.status != DNS_FOUND)
		return a.status;
	for (size_t i = 0; i < a.len; i++) {
		if (!spf_is_record(a.records[i].text))
			continue;
		if (*count == 0)
			*ret = &a.records[i];
		++*count;
	}
	return *count > 0 ? DNS_FOUND : DNS_NODATA;
}
