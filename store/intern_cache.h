/*
 * intern_cache: what the interning files share: direct-mapped caches of what the tables hold.
 *
 * Internal to intern.c (names, addresses, domains, reporters) and intern_detail.c (policies, traits,
 * details).
 */
#ifndef STORE_INTERN_CACHE_H
#define STORE_INTERN_CACHE_H

#include "store/judge/trait.h"
#include "store/write.h"

/*
 * A slot is one cache line. Longer keys are not cached: they are rare, and the unique index of
 * their table finds them all the same.
 */
#define KEY_BYTES_MAX 43

struct slot {
	int64_t id, also;
	uint32_t age; /* valid when it is the table's */
	uint8_t len;
	char key[KEY_BYTES_MAX];
};
_Static_assert(sizeof(struct slot) == 64, "one cache line");

enum cache {
	CACHE_NAME,
	CACHE_SOURCE,
	CACHE_DETAIL,
	CACHE_DOMAIN,
	CACHE_REPORTER,
	CACHE_POLICY,
	CACHE_TRAIT,
	CACHE_COUNT,
};

/* AUTH_MAX results with three texts each and REASON_MAX comments, and their lengths, fit. */
#define CANON_BYTES_MAX (1024 * 1024)

struct intern {
	struct store *st;
	struct slot *slots[CACHE_COUNT];
	uint32_t age;
	bool marked;
	struct buf canon, trait_text;
};

/* The slot of a key, or NULL if it is too long for one. */
struct slot *slot_of(struct intern *in, enum cache c, struct slice key);
bool slot_holds(const struct intern *in, const struct slot *s, struct slice key);
void slot_set(struct intern *in, struct slot *s, struct slice key, int64_t id, int64_t also);
/* 1: found, *ret and *also (column 1, if not NULL) are set; 0: not there; -1. The statement's first
 * parameter is bound by the caller. */
int intern_found(struct intern *in, sqlite3_stmt *stmt, int64_t *ret, int64_t *also,
	struct err *err);
/* Run an INSERT; *ret is its row. */
int intern_added(struct intern *in, sqlite3_stmt *stmt, int64_t *ret, struct err *err);
int intern_name(struct intern *in, struct slice text, int64_t *ret, struct err *err);

#endif
