/*
 * deadline: no question may keep the database busy for longer than QUERY_MS_MAX.
 *
 *	struct deadline d;
 *	deadline_start(&d, st);
 *	rc = ...statements...
 *	deadline_stop(&d);
 *	if (rc < 0 && d.passed)
 *		return err_set(err, ERR_SLOW, ...);
 *
 * A connection has one at a time: starting another, as query_open() and query_next() do, ends the
 * one before, so it is started after them. `d` stays where it is until it was stopped.
 */
#ifndef STORE_DEADLINE_H
#define STORE_DEADLINE_H

#include "store/sql.h"

struct deadline {
	struct store *store;
	int64_t at_ms;	/* of the monotonic clock */
	bool passed;	/* a statement was ended for it */
};

void deadline_start(struct deadline *d, struct store *st);
void deadline_stop(struct deadline *d);

#endif
