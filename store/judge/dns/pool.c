#include "store/judge/dns/pool.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>

#define CHUNK_BYTES ((size_t)16 * 1024)

struct pool_chunk {
	struct pool_chunk *next;
	size_t used, cap;
	alignas(max_align_t) unsigned char bytes[];
};

void pool_init(struct pool *p, size_t bytes_max)
{
	*p = (struct pool){ .max = bytes_max };
}

void pool_release(struct pool *p)
{
	if (p == NULL)
		return;
	while (p->chunks != NULL) {
		struct pool_chunk *next = p->chunks->next;

		free(p->chunks);
		p->chunks = next;
	}
	*p = (struct pool){ .max = p->max };
}

static struct pool_chunk *chunk_add(struct pool *p, size_t len)
{
	size_t cap = len > CHUNK_BYTES ? len : CHUNK_BYTES;
	struct pool_chunk *c = calloc(1, sizeof *c + cap);

	if (c == NULL)
		return NULL;
	c->cap = cap;
	c->next = p->chunks;
	p->chunks = c;
	return c;
}

void *pool_take(struct pool *p, size_t len)
{
	const size_t step = alignof(max_align_t);
	struct pool_chunk *c = p->chunks;
	void *ret;

	if (p->dry || len > p->max || p->max - p->taken < len) {
		p->dry = true;
		return NULL;
	}
	len = (len + step - 1) / step * step;
	if (c == NULL || c->cap - c->used < len)
		c = chunk_add(p, len);
	if (c == NULL) {
		p->dry = true;
		return NULL;
	}
	assert(c->cap - c->used >= len);
	ret = c->bytes + c->used;
	c->used += len;
	p->taken += len < p->max - p->taken ? len : p->max - p->taken;
	return ret;
}

struct slice pool_copy(struct pool *p, struct slice s)
{
	char *dst;

	if (slice_absent(s))
		return s;
	dst = pool_take(p, s.len + 1);
	if (dst == NULL)
		return SLICE_ABSENT;
	memcpy(dst, s.ptr, s.len);
	dst[s.len] = '\0';
	return slice_from(dst, s.len);
}
