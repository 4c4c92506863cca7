/*
 * pool: read-only connections to the store, lent to one request at a time.
 *
 * A connection belongs to whoever took it, until it is given back. They are opened when needed,
 * because the database may appear long after the server started, and looked at before they are
 * lent again, because the file may have been replaced by another one (a restored backup).
 *
 *	struct store *st = pool_lend(pool, &err);
 *	if (st == NULL)
 *		...
 *	pool_give(pool, st);
 */
#ifndef WEB_POOL_H
#define WEB_POOL_H

#include "store/store.h"

/* Connections that may be lent out at once: an answer that streams to a slow reader holds one. */
#define POOL_LENT_MAX 32
/* Connections kept open while nobody uses them. */
#define POOL_IDLE_KEEP 4

struct pool;

/* `path` is kept, not copied. NULL when there is no memory. */
struct pool *pool_open(const char *path);
/* Every connection must have been given back. NULL allowed. */
void pool_close(struct pool *p);

/* NULL with err: ERR_NOT_FOUND when there is no database file, ERR_BUSY when POOL_LENT_MAX are
 * lent, else what store_open() said. */
struct store *pool_lend(struct pool *p, struct err *err);
/* NULL allowed. */
void pool_give(struct pool *p, struct store *st);

/*
 * store_data_version() of a lent connection, remembered: as long as nothing was committed since it
 * was last read, no SQL runs.
 */
int pool_version(struct pool *p, struct store *st, int64_t *ret, struct err *err);

#endif
