#include "store/base/domain.h"

#include <idn2.h>
#include <libpsl.h>
#include <pthread.h>
#include <stdlib.h>

#include "store/base/ip.h"
#include "store/base/limits.h"

static const psl_ctx_t *psl;
static pthread_once_t psl_once = PTHREAD_ONCE_INIT;

static void psl_open(void)
{
	psl = psl_latest(NULL);
	if (psl == NULL)
		psl = psl_builtin();
}

/* Lower-case ASCII into dst; *ascii says whether that was all there was. */
static bool copy_lower(struct slice s, char *dst, bool *ascii)
{
	*ascii = true;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c <= ' ' || c == 0x7f)
			return false;
		if (c >= 0x80)
			*ascii = false;
		dst[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	dst[s.len] = '\0';
	return true;
}

bool domain_key(struct slice s, char dst[DOMAIN_KEY_MAX], size_t *len)
{
	uint8_t *lookup = NULL;
	bool ascii;

	s = slice_trim(s);
	if (s.len > 1 && s.ptr[s.len - 1] == '.')
		s.len--;
	if (s.len == 0 || s.len > DOMAIN_MAX || !copy_lower(s, dst, &ascii))
		return false;
	*len = s.len;
	if (ascii)
		return true;
	if (idn2_lookup_u8((const uint8_t *)dst, &lookup, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) ==
		IDN2_OK) {
		size_t n = strlen((const char *)lookup);

		if (n > DOMAIN_MAX) {
			idn2_free(lookup);
			return false;
		}
		memcpy(dst, lookup, n + 1);
		*len = n;
	}
	idn2_free(lookup);
	return true;
}

bool domain_within(struct slice key, struct slice parent)
{
	if (key.len == parent.len)
		return slice_equal(key, parent);
	return key.len > parent.len && key.ptr[key.len - parent.len - 1] == '.' &&
	       slice_equal(slice_from(key.ptr + key.len - parent.len, parent.len), parent);
}

/* Names asked for lately: a report asks for the same few with every record. */
#define ORGS_KEPT 64

struct org {
	size_t len, skip; /* bytes of the name, and of what stands before its organisation */
	char text[DOMAIN_KEY_MAX];
};

static size_t org_at(const char *name)
{
	struct ip ip;
	const char *registrable;

	if (ip_parse(slice_of(name), &ip))
		return 0;
	registrable = psl_registrable_domain(psl, name);
	return registrable != NULL ? (size_t)(registrable - name) : 0;
}

struct slice domain_org(struct slice key)
{
	static _Thread_local struct org kept[ORGS_KEPT];
	uint32_t hash = 2166136261u;
	struct org *org;

	(void)pthread_once(&psl_once, psl_open);
	if (psl == NULL || key.len == 0 || key.len >= sizeof kept[0].text)
		return key;
	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ (uint8_t)key.ptr[i]) * 16777619u;
	org = &kept[(hash >> 16) % ORGS_KEPT];
	if (org->len != key.len || memcmp(org->text, key.ptr, key.len) != 0) {
		memcpy(org->text, key.ptr, key.len);
		org->text[key.len] = '\0';
		org->len = key.len;
		org->skip = org_at(org->text);
	}
	return slice_from(key.ptr + org->skip, key.len - org->skip);
}
