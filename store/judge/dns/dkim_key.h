/*
 * dkim_key: a DKIM key record (RFC 6376 3.6.1, 8301, 8463).
 */
#ifndef STORE_JUDGE_DNS_DKIM_KEY_H
#define STORE_JUDGE_DNS_DKIM_KEY_H

#include "store/judge/dns/tags.h"

/* Bytes of a decoded public key: RSA of 32768 bits. Longer ones are no key. */
#define DKIM_KEY_BYTES_MAX 4200

enum dkim_key_type {
	DKIM_KEY_RSA,		/* k= absent too */
	DKIM_KEY_ED25519,
	DKIM_KEY_OTHER,		/* verifiers ignore the record */
	DKIM_KEY_TYPE_COUNT,
};
extern const char *const dkim_key_type_names[DKIM_KEY_TYPE_COUNT];	/* "rsa", "ed25519", "other" */

enum dkim_key_state {
	DKIM_KEY_GOOD,
	DKIM_KEY_MISSING,	/* no p= */
	DKIM_KEY_REVOKED,	/* p= with nothing */
	DKIM_KEY_NOT_BASE64,
	DKIM_KEY_NOT_A_KEY,	/* base64 of something else, or cut off */
	DKIM_KEY_STATE_COUNT,
};

struct dkim_key {
	enum dkim_key_type type;
	enum dkim_key_state state;
	unsigned bits;		/* of the RSA modulus; 256 for Ed25519; 0 unless DKIM_KEY_GOOD */
	bool version_good;	/* v= absent, or "DKIM1" and first */
	bool sha256, email;	/* h= and s= allow them (both do when absent) */
	bool testing, strict;	/* t=y, t=s */
	/* A piece without "=", a name that is none, or a tag of a key twice: the list is not valid. */
	bool torn;
	/* As they stand in the record; text absent when the tag is. */
	struct dns_tag v, k, p, h, s, t, torn_at;
};

/* A guess that a TXT record is meant to be a key: it has a p= tag, or begins with v=DKIM1 or k=. */
bool dkim_key_is_record(struct slice text);
/* Any bytes; always fills *ret. */
void dkim_key_parse(struct slice text, struct dkim_key *ret);

#endif
