/*
 * arena: room for the texts of one record, taken in order and given back all at once.
 *
 * Blocks never move, so a slice into the arena stays good until arena_clear(). They are kept for
 * the next record: nothing is allocated per record once the largest one was seen.
 */
#ifndef INGEST_ARENA_H
#define INGEST_ARENA_H

#include <stdlib.h>

#include "store/base/slice.h"

#define ARENA_BLOCK_BYTES (16 * 1024)
/* AUTH_MAX results of five texts and REASON_MAX reasons, each just over TEXT_KEEP: 0.6 MiB. */
#define ARENA_BLOCKS_MAX 48

struct arena {
	char *blocks[ARENA_BLOCKS_MAX];
	unsigned block;
	size_t used;	/* of the block at hand */
};

/* `len` (at most ARENA_BLOCK_BYTES) bytes, yours once arena_take() is told how many were used;
 * until then the next call gives the same. NULL: no memory. */
static inline char *arena_room(struct arena *a, size_t len)
{
	if (ARENA_BLOCK_BYTES - a->used < len) {
		if (a->block + 1 == ARENA_BLOCKS_MAX)
			return NULL;
		a->block++;
		a->used = 0;
	}
	if (a->blocks[a->block] == NULL)
		a->blocks[a->block] = malloc(ARENA_BLOCK_BYTES);
	return a->blocks[a->block] != NULL ? a->blocks[a->block] + a->used : NULL;
}

static inline void arena_take(struct arena *a, size_t len)
{
	a->used += len;
}

static inline void arena_clear(struct arena *a)
{
	a->block = 0;
	a->used = 0;
}

static inline void arena_release(struct arena *a)
{
	for (unsigned i = 0; i < ARENA_BLOCKS_MAX; i++)
		free(a->blocks[i]);
}

#endif
