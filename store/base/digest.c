#include "store/base/digest.h"

#include <nettle/sha2.h>
#include <string.h>

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct digest_state), "room for the state");

static struct sha256_ctx *sha(struct digest_state *d)
{
	return (struct sha256_ctx *)(void *)d->room;
}

void digest_init(struct digest_state *d)
{
	sha256_init(sha(d));
}

void digest_add(struct digest_state *d, struct slice s)
{
	if (s.len > 0)
		sha256_update(sha(d), s.len, (const uint8_t *)s.ptr);
}

void digest_add_i64(struct digest_state *d, int64_t value)
{
	uint64_t u = (uint64_t)value;
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(u >> (8 * i));
	sha256_update(sha(d), sizeof bytes, bytes);
}

void digest_add_field(struct digest_state *d, struct slice s)
{
	digest_add_i64(d, slice_absent(s) ? -1 : (int64_t)s.len);
	digest_add(d, s);
}

void digest_final(struct digest_state *d, struct digest *ret)
{
	sha256_digest(sha(d), DIGEST_BYTES, ret->bytes);
}

struct digest digest_of(struct slice s)
{
	struct digest_state d;
	struct digest ret;

	digest_init(&d);
	digest_add(&d, s);
	digest_final(&d, &ret);
	return ret;
}

void digest_sum(struct digest *sum, const struct digest *member)
{
	unsigned carry = 0;

	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		carry += (unsigned)sum->bytes[i] + member->bytes[i];
		sum->bytes[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}
