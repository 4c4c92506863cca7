/*
 * trait_read: a trait as it is in the database.
 */
#ifndef STORE_TRAIT_READ_H
#define STORE_TRAIT_READ_H

#include "store/judge/trait.h"
#include "store/store.h"

/* Where a signature's names stand in `name`. */
struct trait_key {
	int64_t domain, selector;
};

/*
 * Fills *ret with the trait `id`. Every text goes through keep(), which copies it (absent stays
 * absent) and hands out what will stand for it. keys: TRAIT_SIGNATURES_MAX of them, or NULL.
 * ERR_STORE: there is no such trait.
 */
int trait_read(struct store *st, int64_t id, struct trait *ret, struct trait_key *keys,
	struct slice (*keep)(void *arg, struct slice text), void *arg, struct err *err);

#endif
