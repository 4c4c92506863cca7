#include "ingest/dns/reply.h"

#include <assert.h>
#include <stdlib.h>

#define HEADER_BYTES 12
#define LABEL_MAX    63
/* Pointers followed in one name: each leads to an earlier byte, so this only bounds the work. */
#define POINTERS_MAX 64
#define CLASS_IN     1

enum header_bit {
	AUTHORITATIVE = 1 << 10,
	TRUNCATED = 1 << 9,
	RECURSIVE = 1 << 7,
};
enum rcode {
	RCODE_NONE = 0,
	RCODE_NXDOMAIN = 3,
};

/* One resource record, where it lies. */
struct rr {
	size_t name; /* offset */
	unsigned type, class;
	uint32_t ttl;
	size_t data, len;
};

struct reading {
	const unsigned char *bytes;
	size_t len;
	size_t answers, authority; /* where the sections begin */
	unsigned answers_len, authority_len;
	unsigned flags, rcode;
	const struct reply_sink *to;
	uint32_t *breaks; /* room for as many strings as a text can have */
	char *text;
};

static unsigned u16_at(const struct reading *r, size_t at)
{
	return (unsigned)r->bytes[at] << 8 | r->bytes[at + 1];
}

/* ---- names ------------------------------------------------------------------------------------ */

/* A label in key form. A byte that would be taken for something else there is none of ours. */
static bool add_label(const struct reading *r, size_t at, size_t len, char *dst, size_t *used)
{
	if (*used + len + 1 > DOMAIN_KEY_MAX - 1)
		return false;
	if (*used > 0)
		dst[(*used)++] = '.';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = r->bytes[at + i];

		if (c <= ' ' || c == '.' || c == 0x7f)
			return false;
		dst[(*used)++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	return true;
}

/* The name at `at` into dst, and where the bytes behind it begin. dst NULL: only that. */
static bool take_name(const struct reading *r, size_t at, char dst[DOMAIN_KEY_MAX],
	struct slice *ret, size_t *ret_next)
{
	size_t used = 0, first = at;
	unsigned pointers = 0;
	bool jumped = false;

	for (;;) {
		size_t len = at < r->len ? r->bytes[at] : SIZE_MAX;

		if (len == SIZE_MAX)
			return false;
		if (len >= 0xc0) {
			size_t target;

			if (at + 2 > r->len)
				return false;
			target = u16_at(r, at) & 0x3fff;
			if (!jumped)
				*ret_next = at + 2;
			/* Backwards only, or it might never end (RFC 1035 4.1.4: a prior name). */
			if (target >= first || target < HEADER_BYTES || ++pointers > POINTERS_MAX)
				return false;
			if (dst == NULL)
				return true;
			jumped = true;
			first = at = target;
			continue;
		}
		if (len > LABEL_MAX || at + 1 + len > r->len)
			return false;
		if (len == 0)
			break;
		if (dst != NULL && !add_label(r, at + 1, len, dst, &used))
			return false;
		at += 1 + len;
	}
	if (!jumped)
		*ret_next = at + 1;
	if (dst != NULL) {
		dst[used] = '\0';
		*ret = slice_from(dst, used);
	}
	return true;
}

/* ---- records ---------------------------------------------------------------------------------- */

static bool take_rr(const struct reading *r, size_t *at, struct rr *ret)
{
	size_t next = 0;

	ret->name = *at;
	if (!take_name(r, *at, NULL, NULL, &next) || next > r->len || r->len - next < 10)
		return false;
	ret->type = u16_at(r, next);
	ret->class = u16_at(r, next + 2);
	ret->ttl = (uint32_t)u16_at(r, next + 4) << 16 | u16_at(r, next + 6);
	if (ret->ttl > INT32_MAX)
		ret->ttl = 0; /* RFC 2181, 8 */
	ret->len = u16_at(r, next + 8);
	ret->data = next + 10;
	if (ret->len > r->len - ret->data)
		return false;
	*at = ret->data + ret->len;
	return true;
}

static bool take_strings(const struct reading *r, const struct rr *rr, struct dns_record *ret)
{
	size_t at = rr->data, end = rr->data + rr->len, used = 0;

	if (rr->len == 0)
		return false;
	while (at < end) {
		size_t len = r->bytes[at];

		if (len > end - at - 1)
			return false;
		if (at > rr->data)
			r->breaks[ret->breaks_len++] = (uint32_t)used;
		memcpy(r->text + used, r->bytes + at + 1, len);
		used += len;
		at += 1 + len;
	}
	ret->text = slice_from(r->text, used);
	ret->breaks = r->breaks;
	return true;
}

/* The data of a record; a name in it ends where the data does. */
static bool take_data(const struct reading *r, enum dns_type type, const struct rr *rr,
	char name[DOMAIN_KEY_MAX], struct dns_record *ret)
{
	size_t skip = type == DNS_MX ? 2 : 0, next = 0;

	*ret = (struct dns_record){ .ttl = rr->ttl, .name = SLICE_ABSENT, .text = SLICE_ABSENT };
	if (type == DNS_A || type == DNS_AAAA)
		return rr->len == (type == DNS_A ? 4 : 16) &&
		       ip_from_bytes(slice_from(r->bytes + rr->data, rr->len), &ret->ip);
	if (type == DNS_TXT || type == DNS_SPF)
		return take_strings(r, rr, ret);
	if (rr->len <= skip)
		return false;
	if (type == DNS_MX)
		ret->preference = (uint16_t)u16_at(r, rr->data);
	return take_name(r, rr->data + skip, name, &ret->name, &next) && next <= rr->data + rr->len;
}

/* Tells the records of this name and type. How many there were, or -1. */
static int tell_records(const struct reading *r, struct slice name, enum dns_type type)
{
	char owner[DOMAIN_KEY_MAX], target[DOMAIN_KEY_MAX];
	size_t at = r->answers, next;
	int n = 0;

	for (unsigned i = 0; i < r->answers_len; i++) {
		struct dns_record record;
		struct slice key;
		struct rr rr;

		if (!take_rr(r, &at, &rr))
			return -1;
		if (rr.type != dns_type_numbers[type] || rr.class != CLASS_IN ||
			!take_name(r, rr.name, owner, &key, &next) || !slice_equal(key, name))
			continue;
		if (!take_data(r, type, &rr, target, &record) || ++n > DNS_SET_RECORDS_MAX)
			return -1;
		if (!r->to->record(r->to->arg, name, type, &record))
			return -1;
		if (type == DNS_CNAME)
			break; /* there is one, or the zone is broken */
	}
	return n;
}

/* Where the name's alias points to, into dst; false: it is none. */
static bool find_alias(
	const struct reading *r, struct slice name, char dst[DOMAIN_KEY_MAX], struct slice *ret)
{
	char owner[DOMAIN_KEY_MAX];
	size_t at = r->answers, next;

	for (unsigned i = 0; i < r->answers_len; i++) {
		struct slice key;
		struct rr rr;

		if (!take_rr(r, &at, &rr))
			return false;
		if (rr.type == dns_type_numbers[DNS_CNAME] && rr.class == CLASS_IN &&
			take_name(r, rr.name, owner, &key, &next) && slice_equal(key, name))
			return take_name(r, rr.data, dst, ret, &next) && dns_name_valid(*ret);
	}
	return false;
}

static bool has_authority(const struct reading *r, enum dns_type type)
{
	size_t at = r->authority;

	for (unsigned i = 0; i < r->authority_len; i++) {
		struct rr rr;

		if (!take_rr(r, &at, &rr))
			return false;
		if (rr.type == dns_type_numbers[type])
			return true;
	}
	return false;
}

/* ---- the message ------------------------------------------------------------------------------ */

static bool take_sections(struct reading *r)
{
	unsigned questions = u16_at(r, 4);
	size_t at = HEADER_BYTES, next = 0;
	struct rr rr;

	r->flags = u16_at(r, 2);
	r->rcode = r->flags & 15;
	r->answers_len = u16_at(r, 6);
	r->authority_len = u16_at(r, 8);
	for (unsigned i = 0; i < questions; i++, at = next + 4) {
		if (!take_name(r, at, NULL, NULL, &next) || next > r->len || r->len - next < 4)
			return false;
	}
	r->answers = at;
	for (unsigned i = 0; i < r->answers_len; i++) {
		if (!take_rr(r, &at, &rr))
			return false;
	}
	r->authority = at;
	return true;
}

/* Records there are, aliases followed to where the message ends. */
static enum reply_kind tell(const struct reading *r, struct slice name, enum dns_type type)
{
	char texts[2][DOMAIN_KEY_MAX];

	for (unsigned hop = 0; hop <= DNS_ALIASES_MAX; hop++) {
		struct slice target;
		int n;

		if (r->to->known(r->to->arg, name, type))
			return REPLY_READ;
		n = tell_records(r, name, type);
		if (n != 0)
			return n > 0 ? REPLY_READ : REPLY_FAILED;
		if (type == DNS_CNAME || !find_alias(r, name, texts[hop % 2], &target)) {
			const bool gone = r->rcode == RCODE_NXDOMAIN;

			/* Records, and none of them ours: whatever that was, it is no answer. */
			if (hop == 0 && !gone && r->answers_len > 0)
				return REPLY_FAILED;
			/* An alias into another zone, of which this server says nothing. */
			if (hop > 0 && !gone && !has_authority(r, DNS_SOA))
				return REPLY_READ;
			return r->to->nothing(
				       r->to->arg, name, type, gone ? DNS_NXDOMAIN : DNS_NODATA)
				       ? REPLY_READ
				       : REPLY_FAILED;
		}
		if (!r->to->known(r->to->arg, name, DNS_CNAME) &&
			tell_records(r, name, DNS_CNAME) < 0)
			return REPLY_FAILED;
		name = target;
	}
	return REPLY_READ; /* in a circle, as far as it was told */
}

enum reply_kind reply_read(
	struct slice message, struct slice name, enum dns_type type, const struct reply_sink *to)
{
	struct reading r = {
		.bytes = (const unsigned char *)message.ptr, .len = message.len, .to = to
	};
	enum reply_kind kind;

	assert(type < DNS_TYPE_COUNT && type != DNS_OTHER);
	if (r.len < HEADER_BYTES || !take_sections(&r))
		return REPLY_BROKEN;
	if ((r.flags & TRUNCATED) != 0 || (r.rcode != RCODE_NONE && r.rcode != RCODE_NXDOMAIN))
		return REPLY_FAILED;
	/* Who points to others knows nothing of the name itself: a lame server. */
	if (r.rcode == RCODE_NONE && r.answers_len == 0 &&
		(r.flags & (AUTHORITATIVE | RECURSIVE)) == 0 && !has_authority(&r, DNS_SOA))
		return REPLY_FAILED;
	r.breaks = calloc(DNS_TEXT_MAX, sizeof *r.breaks);
	r.text = malloc(DNS_TEXT_MAX + 1);
	kind = r.breaks != NULL && r.text != NULL ? tell(&r, name, type) : REPLY_FAILED;
	free(r.breaks);
	free(r.text);
	return kind;
}
