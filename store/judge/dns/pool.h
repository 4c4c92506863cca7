/*
 * pool: memory that is given back all at once, up to a ceiling named when it is made.
 *
 * What the record checker remembers (a zone, a tree of look-ups, findings) lives as long as the
 * whole; single pieces are never freed. A pool that ran dry once stays dry, so that a series of
 * takings may be checked once, at its end, with pool_dry().
 */
#ifndef STORE_JUDGE_DNS_POOL_H
#define STORE_JUDGE_DNS_POOL_H

#include "store/base/slice.h"

struct pool_chunk;

struct pool {
	struct pool_chunk *chunks;	/* ours, newest first */
	size_t taken, max;		/* bytes */
	bool dry;
};

void pool_init(struct pool *p, size_t bytes_max);
void pool_release(struct pool *p);	/* NULL or zeroed allowed */

/* Zeroed, aligned for any type; NULL when the ceiling is reached or there is no memory. */
void *pool_take(struct pool *p, size_t len);
/* A copy with a NUL behind it; absent stays absent, and is what a dry pool gives. */
struct slice pool_copy(struct pool *p, struct slice s);

static inline bool pool_dry(const struct pool *p)
{
	return p->dry;
}

#endif
