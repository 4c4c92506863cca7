/*
 * digest: SHA-256 (nettle, which GnuTLS brings along), and a sum of digests.
 *
 * The sum is the digest of a set: the same members in any order give the same value, and it
 * takes no memory however many there are. (Members are added modulo 2^256.)
 */
#ifndef STORE_BASE_DIGEST_H
#define STORE_BASE_DIGEST_H

#include "store/base/slice.h"

#define DIGEST_BYTES 32

struct digest {
	uint8_t bytes[DIGEST_BYTES];
};

/* Room for nettle's state; digest.c asserts that it fits. */
struct digest_state {
	uint64_t room[16];
};

void digest_init(struct digest_state *d);
void digest_add(struct digest_state *d, struct slice s);
/* Length first, so that ("ab","c") and ("a","bc") differ, and absent differs from empty. */
void digest_add_field(struct digest_state *d, struct slice s);
void digest_add_i64(struct digest_state *d, int64_t value);
/* Ends and starts anew. */
void digest_final(struct digest_state *d, struct digest *ret);

struct digest digest_of(struct slice s);
/* sum += member, modulo 2^256, bytes in little-endian order. */
void digest_sum(struct digest *sum, const struct digest *member);
bool digest_equal(const struct digest *a, const struct digest *b);

static inline struct slice digest_slice(const struct digest *d)
{
	return (struct slice){ (const char *)d->bytes, DIGEST_BYTES };
}

#endif
