#include "store/judge/bounce_find.h"

/* Characters before "@" (RFC 5321 4.5.3.1.1), and those of a verp that names the recipient. */
#define LOCAL_PART_MAX 256

/* What stands right before the sender's domain. */
static const char *const domain_hints[] = { "email from ", "mail from domain [", "domain ",
	"due to ", "policy for ", "policy of ", "on behalf of (",
	"header.from=", "smtp.mailfrom=", "from=<", "spf [", "dkim [", "failure for ", "domain [",
	" d=", "sender domain: ", "domain: " };
/* And right before the sender's address. */
static const char *const address_hints[] = { "with ip: [", "with ip: ", "the ip: [",
	"client-ip=", "ip address [", "ip address: ", "ip=[", "ip=", "messages from (",
	"messages from [", "from ip ", "sender ip " };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_name_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.' ||
	       (unsigned char)c >= 0x80;
}

static bool is_address_char(char c)
{
	return is_hex(c) || c == ':' || c == '.';
}

/* Does the text before `at` end with one of the hints? "sender@" is no part of what it names. */
static bool hinted(struct slice s, size_t at, const char *const *hints, size_t len)
{
	struct slice before = slice_from(s.ptr, at);

	for (size_t i = 0; i < len; i++) {
		if (slice_ends_fold(before, slice_of(hints[i])))
			return true;
	}
	return false;
}

/* ---- domains --------------------------------------------------------------------------------- */

/* Labels of a name as it may stand in a text; the last one no number. */
static bool is_domain(struct slice name)
{
	struct slice rest = name, label = SLICE_ABSENT;
	size_t labels = 0;
	bool letters = false;

	if (name.len < 4 || name.len > DOMAIN_MAX)
		return false;
	while (!slice_absent(rest)) {
		label = slice_cut(rest, '.', &rest);
		if (label.len == 0 || label.len > 63 || label.ptr[0] == '-')
			return false;
		labels++;
	}
	for (size_t i = 0; i < label.len; i++)
		letters |= !is_digit(label.ptr[i]) && label.ptr[i] != '-' && label.ptr[i] != '_';
	return labels > 1 && label.len > 1 && letters;
}

/* Where the run of characters of an address' local part before an "@" at `at` begins. */
static size_t local_part(struct slice s, size_t at)
{
	size_t left = LOCAL_PART_MAX;

	while (at > 0 && left-- > 0 && memchr(" <>()[]\",;:", s.ptr[at - 1], 11) == NULL)
		at--;
	return at;
}

static void add_domain(struct bounce *b, struct slice name, bool named)
{
	struct bounce_domain *d = b->domains;
	size_t at = 0;

	for (size_t i = 0; i < b->domains_len; i++) {
		if (!slice_equal(d[i].name, name))
			continue;
		if (d[i].named || !named)
			return;
		memmove(&d[i], &d[i + 1], (b->domains_len - i - 1) * sizeof *d);
		b->domains_len--;
		break;
	}
	for (at = b->domains_len; named && at > 0 && !d[at - 1].named;)
		at--;
	if (b->domains_len == BOUNCE_DOMAINS_MAX) {
		if (at == BOUNCE_DOMAINS_MAX)
			return;
		b->domains_len--; /* the last one that nothing speaks for */
	}
	memmove(&d[at + 1], &d[at], (b->domains_len - at) * sizeof *d);
	d[at] = (struct bounce_domain){ name, named };
	b->domains_len++;
}

static void find_domains(struct bounce *b, struct slice s)
{
	for (size_t at = 0; at < s.len; at++) {
		size_t end = at, before = at;
		struct slice name;

		while (end < s.len && is_name_char(s.ptr[end]))
			end++;
		if (end == at)
			continue;
		name = slice_from(s.ptr + at, end - at);
		while (name.len > 0 &&
			(name.ptr[name.len - 1] == '.' || name.ptr[name.len - 1] == '-'))
			name.len--;
		if (at > 0 && s.ptr[at - 1] == '@')
			before = local_part(s, at - 1);
		if (is_domain(name) && !(end < s.len && s.ptr[end] == '@'))
			add_domain(b, name,
				hinted(s, before, domain_hints,
					sizeof domain_hints / sizeof *domain_hints));
		at = end;
	}
}

/* ---- addresses ------------------------------------------------------------------------------- */

/* "host mx.example.net[192.0.2.9] said": the server that refuses. */
static bool is_receiver(struct slice s, size_t at, size_t end)
{
	struct slice after = slice_from(s.ptr + end, s.len - end);
	size_t begins = at;

	if (slice_starts(after, SLICE_LIT("] said")) || slice_starts(after, SLICE_LIT("]) said")) ||
		slice_starts(after, SLICE_LIT("]:25")) ||
		slice_starts(after, SLICE_LIT("] refused")))
		return true;
	while (begins > 0 && at - begins < 40 && s.ptr[begins - 1] != ' ')
		begins--;
	return slice_ends_fold(slice_from(s.ptr, begins), SLICE_LIT("remote-mta: dns; "));
}

static bool is_loopback(const struct ip *ip)
{
	static const uint8_t none[16] = { 0 };

	return ip->len == 4 ? ip->bytes[0] == 127 || ip->bytes[0] == 0
			    : memcmp(ip->bytes, none, 15) == 0;
}

static void add_address(struct bounce *b, const struct ip *ip, bool named)
{
	struct bounce_address *a = b->addresses;
	size_t at;

	for (size_t i = 0; i < b->addresses_len; i++) {
		if (!slice_equal(ip_slice(&a[i].ip), ip_slice(ip)))
			continue;
		if (a[i].named || !named)
			return;
		memmove(&a[i], &a[i + 1], (b->addresses_len - i - 1) * sizeof *a);
		b->addresses_len--;
		break;
	}
	for (at = b->addresses_len; named && at > 0 && !a[at - 1].named;)
		at--;
	if (b->addresses_len == BOUNCE_ADDRESSES_MAX) {
		if (at == BOUNCE_ADDRESSES_MAX)
			return;
		b->addresses_len--;
	}
	memmove(&a[at + 1], &a[at], (b->addresses_len - at) * sizeof *a);
	a[at] = (struct bounce_address){ *ip, named };
	b->addresses_len++;
}

static void find_addresses(struct bounce *b, struct slice s)
{
	for (size_t at = 0; at < s.len; at++) {
		size_t end = at;
		struct slice text;
		struct ip ip;

		while (end < s.len && is_address_char(s.ptr[end]))
			end++;
		if (end == at)
			continue;
		/* "ipv6:2001:db8::1", "192.0.2.1:" and a point at a sentence's end. */
		text = slice_from(s.ptr + at, end - at);
		while (text.len > 0 &&
			(text.ptr[text.len - 1] == '.' ||
				(text.ptr[text.len - 1] == ':' &&
					slice_find(text, SLICE_LIT("::")) != text.len - 2)))
			text.len--;
		if (at > 0 && s.ptr[at - 1] == '6' && text.len > 0 && text.ptr[0] == ':')
			text = slice_from(text.ptr + 1, text.len - 1);
		if (text.len >= 4 && text.len < IP_TEXT_MAX && ip_parse(text, &ip) &&
			!is_loopback(&ip) && (at == 0 || s.ptr[at - 1] != '@') &&
			!(end < s.len && s.ptr[end] != '-' && is_name_char(s.ptr[end])) &&
			!is_receiver(s, at, at + text.len))
			add_address(b, &ip,
				hinted(s, at, address_hints,
					sizeof address_hints / sizeof *address_hints));
		at = end;
	}
}

/* ---- the selector ---------------------------------------------------------------------------- */

static bool is_selector(struct slice s)
{
	return s.len > 0 && s.len <= 63 && s.ptr[0] != '.' && s.ptr[0] != '-';
}

static struct slice name_after(struct slice s, size_t at)
{
	size_t end = at;

	while (end < s.len && is_name_char(s.ptr[end]))
		end++;
	while (end > at && s.ptr[end - 1] == '.')
		end--;
	return slice_from(s.ptr + at, end - at);
}

static void find_selector(struct bounce *b, struct slice s)
{
	static const char *const before[] = { "header.s=", "selector=", "selector: ", "selector ",
		" s=" };
	size_t at = slice_find(s, SLICE_LIT("._domainkey."));
	size_t begins = at;

	b->selector = SLICE_ABSENT;
	if (at != SIZE_MAX) {
		while (begins > 0 && is_name_char(s.ptr[begins - 1]))
			begins--;
		b->selector = slice_from(s.ptr + begins, at - begins);
	}
	for (size_t i = 0; i < sizeof before / sizeof *before && !is_selector(b->selector); i++) {
		at = slice_find(s, slice_of(before[i]));
		if (at != SIZE_MAX)
			b->selector = name_after(s, at + strlen(before[i]));
	}
	if (!is_selector(b->selector))
		b->selector = SLICE_ABSENT;
}

void bounce_find(struct bounce *b)
{
	struct slice s = buf_slice(&b->text);

	find_domains(b, s);
	find_addresses(b, s);
	find_selector(b, s);
}
