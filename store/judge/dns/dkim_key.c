#include "store/judge/dns/dkim_key.h"

#include "store/judge/dns/key_size.h"

#define ED25519_BYTES 32

const char *const dkim_key_type_names[DKIM_KEY_TYPE_COUNT] = {
	[DKIM_KEY_RSA] = "rsa",
	[DKIM_KEY_ED25519] = "ed25519",
	[DKIM_KEY_OTHER] = "other",
};

bool dkim_key_is_record(struct slice text)
{
	struct dns_tags tags;
	struct dns_tag tag;

	dns_tags_init(&tags, text);
	for (bool first = true; dns_tags_next(&tags, &tag); first = false) {
		if (slice_absent(tag.value))
			continue;
		if (slice_equal(tag.name, SLICE_LIT("p")) ||
			(first && slice_equal(tag.name, SLICE_LIT("k"))) ||
			(first && slice_equal_fold(tag.name, SLICE_LIT("v")) &&
				slice_starts_fold(tag.value, SLICE_LIT("DKIM"))))
			return true;
	}
	return false;
}

/* "sha1:sha256": whether the colon-separated list has the word. */
static bool list_has(struct slice list, struct slice word)
{
	while (!slice_absent(list)) {
		struct slice rest;

		if (slice_equal_fold(dns_tags_trim(slice_cut(list, ':', &rest)), word))
			return true;
		list = rest;
	}
	return false;
}

/* A letter, then letters, digits and "_" (6376 3.2). */
static bool is_tag_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (i == 0 || ((c < '0' || c > '9') && c != '_')))
			return false;
	}
	return s.len > 0;
}

static void tags_collect(struct slice text, struct dkim_key *ret)
{
	/* Notes, and the granularity of RFC 4871: nobody reads them, and yet not twice. */
	struct dns_tag n = { .at = 0 }, g = n;
	struct {
		struct slice name;
		struct dns_tag *tag;
	} const known[] = {
		{ SLICE_LIT("v"), &ret->v },
		{ SLICE_LIT("k"), &ret->k },
		{ SLICE_LIT("p"), &ret->p },
		{ SLICE_LIT("h"), &ret->h },
		{ SLICE_LIT("s"), &ret->s },
		{ SLICE_LIT("t"), &ret->t },
		{ SLICE_LIT("n"), &n },
		{ SLICE_LIT("g"), &g },
	};
	struct dns_tags tags;
	struct dns_tag tag;
	bool first = true;

	dns_tags_init(&tags, text);
	for (; dns_tags_next(&tags, &tag); first = false) {
		bool torn = slice_absent(tag.value) || !is_tag_name(tag.name);

		for (size_t i = 0; i < sizeof known / sizeof *known && !torn; i++) {
			if (!slice_equal(tag.name, known[i].name))
				continue;
			torn = !slice_absent(known[i].tag->text); /* twice (6376 3.2) */
			if (torn)
				break;
			*known[i].tag = tag;
			if (i == 0)
				ret->version_good =
					first && slice_equal(tag.value, SLICE_LIT("DKIM1"));
		}
		if (torn && !ret->torn) {
			ret->torn = true;
			ret->torn_at = tag;
		}
	}
}

static void judge_key(struct dkim_key *ret)
{
	uint8_t bytes[DKIM_KEY_BYTES_MAX];
	size_t len = 0;

	if (slice_absent(ret->p.text)) {
		ret->state = DKIM_KEY_MISSING;
		return;
	}
	if (ret->p.value.len == 0) {
		ret->state = DKIM_KEY_REVOKED;
		return;
	}
	if (!key_decode(ret->p.value, bytes, sizeof bytes, &len)) {
		ret->state = DKIM_KEY_NOT_BASE64;
		return;
	}
	if (ret->type == DKIM_KEY_RSA)
		ret->bits = key_rsa_bits(bytes, len);
	else if (ret->type == DKIM_KEY_ED25519)
		ret->bits = len == ED25519_BYTES ? ED25519_BYTES * 8 : 0;
	ret->state =
		ret->bits > 0 || ret->type == DKIM_KEY_OTHER ? DKIM_KEY_GOOD : DKIM_KEY_NOT_A_KEY;
}

void dkim_key_parse(struct slice text, struct dkim_key *ret)
{
	*ret = (struct dkim_key){ .version_good = true, .sha256 = true, .email = true };
	tags_collect(text, ret);
	if (!slice_absent(ret->k.text)) {
		ret->type = DKIM_KEY_OTHER;
		if (slice_equal_fold(ret->k.value, SLICE_LIT("rsa")))
			ret->type = DKIM_KEY_RSA;
		else if (slice_equal_fold(ret->k.value, SLICE_LIT("ed25519")))
			ret->type = DKIM_KEY_ED25519;
	}
	if (!slice_absent(ret->h.text))
		ret->sha256 = list_has(ret->h.value, SLICE_LIT("sha256"));
	if (!slice_absent(ret->s.text))
		ret->email = list_has(ret->s.value, SLICE_LIT("email")) ||
			     list_has(ret->s.value, SLICE_LIT("*"));
	ret->testing = !slice_absent(ret->t.text) && list_has(ret->t.value, SLICE_LIT("y"));
	ret->strict = !slice_absent(ret->t.text) && list_has(ret->t.value, SLICE_LIT("s"));
	judge_key(ret);
}
