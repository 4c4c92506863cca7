#include "store/judge/dns/dmarc.h"

#define VERSION "DMARC1"

const char *const dmarc_tag_names[DMARC_TAG_COUNT] = {
	[DMARC_V] = "v",
	[DMARC_P] = "p",
	[DMARC_SP] = "sp",
	[DMARC_NP] = "np",
	[DMARC_ADKIM] = "adkim",
	[DMARC_ASPF] = "aspf",
	[DMARC_RUA] = "rua",
	[DMARC_RUF] = "ruf",
	[DMARC_FO] = "fo",
	[DMARC_PSD] = "psd",
	[DMARC_T] = "t",
	[DMARC_PCT] = "pct",
	[DMARC_RF] = "rf",
	[DMARC_RI] = "ri",
};

const char *const dmarc_policy_names[DMARC_POLICY_COUNT] = {
	[DMARC_ABSENT] = "",
	[DMARC_INVALID] = "invalid",
	[DMARC_NONE] = "none",
	[DMARC_QUARANTINE] = "quarantine",
	[DMARC_REJECT] = "reject",
};

bool dmarc_is_record(struct slice text)
{
	struct dns_tags tags;
	struct dns_tag tag;

	/* No blank may stand before it; "v = DMARC1" is allowed (RFC 9989 4.8). */
	if (text.len == 0 || text.ptr[0] != 'v')
		return false;
	dns_tags_init(&tags, text);
	return dns_tags_next(&tags, &tag) && slice_equal(tag.name, SLICE_LIT("v")) &&
	       slice_equal(tag.value, SLICE_LIT(VERSION));
}

enum dmarc_tag dmarc_tag_find(struct slice name)
{
	unsigned i = 0;

	while (i < DMARC_TAG_COUNT && !slice_equal_fold(name, slice_of(dmarc_tag_names[i])))
		i++;
	return (enum dmarc_tag)i;
}

enum dmarc_policy dmarc_policy_find(struct slice word)
{
	unsigned i = DMARC_NONE;

	while (i < DMARC_POLICY_COUNT && !slice_equal_fold(word, slice_of(dmarc_policy_names[i])))
		i++;
	return i < DMARC_POLICY_COUNT ? (enum dmarc_policy)i : DMARC_INVALID;
}

static bool is_tag_word(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = (char)(s.ptr[i] | 0x20);

		if (c < 'a' || c > 'z')
			return false;
	}
	return s.len > 0;
}

/* One of the letters, a value of one character. 0: neither. */
static char letter_of(const struct dns_tag *t, const char *letters)
{
	char c;

	if (t->value.len != 1)
		return '\0';
	c = (char)(t->value.ptr[0] | 0x20);
	if (strchr(letters, c) == NULL)
		return '\0';
	return c;
}

/* "0", "1", "d", "s", "1:d:s": each once, and not both 0 and 1 (4.7 and 4.8, fo). */
static bool is_fo(struct slice list)
{
	static const char letters[] = "01ds";
	unsigned seen = 0;

	while (!slice_absent(list)) {
		struct slice rest, one = dns_tags_trim(slice_cut(list, ':', &rest));
		const char *at;

		if (one.len != 1)
			return false;
		at = memchr(letters, one.ptr[0] >= 'A' ? one.ptr[0] | 0x20 : one.ptr[0], 4);
		if (at == NULL || (seen & 1U << (at - letters)) != 0)
			return false;
		seen |= 1U << (at - letters);
		list = rest;
	}
	return (seen & 3U) != 3U;
}

static unsigned count_uris(const struct dmarc_record *r, enum dmarc_tag tag, bool *bad)
{
	struct dmarc_uris uris;
	struct dmarc_uri uri;
	unsigned valid = 0;

	if (slice_absent(r->tags[tag].text))
		return 0;
	dmarc_uris_init(&uris, r->text, r->tags[tag].value);
	while (dmarc_uris_next(&uris, &uri)) {
		valid += uri.valid;
		*bad = *bad || !uri.valid;
	}
	return valid;
}

static enum dmarc_policy policy_of(struct dmarc_record *r, enum dmarc_tag tag)
{
	enum dmarc_policy policy;

	if (slice_absent(r->tags[tag].text))
		return DMARC_ABSENT;
	policy = dmarc_policy_find(r->tags[tag].value);
	r->bad[tag] = policy == DMARC_INVALID;
	return policy;
}

static char letter_tag(struct dmarc_record *r, enum dmarc_tag tag, const char *letters)
{
	char c;

	if (slice_absent(r->tags[tag].text))
		return '\0';
	c = letter_of(&r->tags[tag], letters);
	r->bad[tag] = c == '\0';
	return c;
}

static void judge_values(struct dmarc_record *r)
{
	char psd;
	uint64_t pct, n;

	r->p = policy_of(r, DMARC_P);
	r->sp = policy_of(r, DMARC_SP);
	r->np = policy_of(r, DMARC_NP);
	r->strict_dkim = letter_tag(r, DMARC_ADKIM, "rs") == 's';
	r->strict_spf = letter_tag(r, DMARC_ASPF, "rs") == 's';
	r->testing = letter_tag(r, DMARC_T, "yn") == 'y';
	r->psd = 'u';
	psd = letter_tag(r, DMARC_PSD, "ynu");
	if (psd != '\0')
		r->psd = psd;
	r->rua = count_uris(r, DMARC_RUA, &r->bad[DMARC_RUA]);
	r->ruf = count_uris(r, DMARC_RUF, &r->bad[DMARC_RUF]);
	r->bad[DMARC_FO] = !slice_absent(r->tags[DMARC_FO].text) && !is_fo(r->tags[DMARC_FO].value);
	r->pct = -1;
	if (!slice_absent(r->tags[DMARC_PCT].text)) {
		if (slice_u64(r->tags[DMARC_PCT].value, 100, &pct))
			r->pct = (int)pct;
		else
			r->bad[DMARC_PCT] = true;
	}
	r->bad[DMARC_RF] = !slice_absent(r->tags[DMARC_RF].text) &&
			   !slice_equal_fold(r->tags[DMARC_RF].value, SLICE_LIT("afrf"));
	r->bad[DMARC_RI] = !slice_absent(r->tags[DMARC_RI].text) &&
			   !slice_u64(r->tags[DMARC_RI].value, UINT32_MAX, &n);
	r->bad[DMARC_V] = !slice_absent(r->tags[DMARC_V].text) &&
			  !slice_equal(r->tags[DMARC_V].value, SLICE_LIT(VERSION));
}

/* No valid p=, or an sp= or np= that is not: p=none at best (4.10.1). */
static bool is_whole(const struct dmarc_record *r)
{
	return r->p >= DMARC_NONE && r->sp != DMARC_INVALID && r->np != DMARC_INVALID;
}

void dmarc_parse(struct slice text, struct dmarc_record *ret)
{
	struct dns_tags tags;
	struct dns_tag tag;

	*ret = (struct dmarc_record){ .text = text };
	dns_tags_init(&tags, text);
	while (dns_tags_next(&tags, &tag)) {
		enum dmarc_tag id = dmarc_tag_find(tag.name);

		if (id == DMARC_TAG_COUNT || slice_absent(tag.value) || !is_tag_word(tag.name))
			continue;
		if (slice_absent(ret->tags[id].text))
			ret->tags[id] = tag;
	}
	judge_values(ret);
	ret->valid = dmarc_is_record(text) && (is_whole(ret) || ret->rua > 0);
}

static enum dmarc_policy or_policy(enum dmarc_policy first, enum dmarc_policy second)
{
	return first != DMARC_ABSENT ? first : second;
}

enum dmarc_policy dmarc_effective(const struct dmarc_record *r, enum dmarc_scope scope)
{
	enum dmarc_policy ret = r->p;

	if (!r->valid || !is_whole(r))
		return DMARC_NONE;
	if (scope != DMARC_SELF)
		ret = or_policy(r->sp, ret);
	if (scope == DMARC_NONEXISTENT)
		ret = or_policy(r->np, ret);
	return ret;
}

void dmarc_uris_init(struct dmarc_uris *u, struct slice record, struct slice list)
{
	*u = (struct dmarc_uris){ .record = record, .list = list };
}

/* "10m": what an address may carry behind "!" (RFC 7489 6.2). */
static bool is_size(struct slice s)
{
	uint64_t n;

	if (s.len > 0 && strchr("kmgtKMGT", s.ptr[s.len - 1]) != NULL)
		s.len--;
	return slice_u64(s, UINT64_MAX / 2, &n);
}

static bool is_host(struct slice s)
{
	bool dot = false;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c <= ' ' || c == 0x7f || strchr("\"'<>@,;:()", c) != NULL)
			return false;
		dot = dot || (c == '.' && i > 0 && i + 1 < s.len);
	}
	return dot;
}

static void read_mailto(struct slice s, struct dmarc_uri *ret)
{
	struct slice query, host, local;

	s = slice_cut(s, '?', &query);
	local = slice_cut(s, '@', &host);
	ret->valid = local.len > 0 && !slice_absent(host) && is_host(host);
	for (size_t i = 0; i < local.len; i++) {
		unsigned char c = (unsigned char)local.ptr[i];

		ret->valid = ret->valid && c > ' ' && c != 0x7f;
	}
	if (ret->valid) {
		ret->address = s;
		ret->host = host;
	}
}

static void uri_read(struct slice s, struct dmarc_uri *ret)
{
	struct slice rest, scheme = slice_cut(s, ':', &rest);

	if (slice_absent(rest))
		return;
	if (slice_equal_fold(scheme, SLICE_LIT("mailto"))) {
		read_mailto(rest, ret);
		return;
	}
	ret->valid = rest.len > 0 && is_tag_word(scheme);
	for (size_t i = 0; i < rest.len; i++)
		ret->valid = ret->valid && rest.ptr[i] > ' ' && rest.ptr[i] < 0x7f;
}

bool dmarc_uris_next(struct dmarc_uris *u, struct dmarc_uri *ret)
{
	struct slice rest, piece;

	if (u->at > u->list.len || slice_absent(u->list))
		return false;
	piece = slice_cut(slice_from(u->list.ptr + u->at, u->list.len - u->at), ',', &rest);
	u->at += piece.len + 1;
	piece = dns_tags_trim(piece);
	*ret = (struct dmarc_uri){ .at = dns_offset(u->record, piece) };
	for (size_t i = piece.len; i > 0; i--) {
		if (piece.ptr[i - 1] != '!')
			continue;
		if (is_size(slice_from(piece.ptr + i, piece.len - i))) {
			ret->size = slice_from(piece.ptr + i, piece.len - i);
			piece.len = i - 1;
		}
		break;
	}
	ret->text = piece;
	uri_read(piece, ret);
	return true;
}
