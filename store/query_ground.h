/*
 * query_ground: what an answer about one domain stands on, whoever gives it: that the domain is known,
 * the window, one snapshot of the database, and no more than QUERY_MS_MAX.
 */
#ifndef STORE_QUERY_GROUND_H
#define STORE_QUERY_GROUND_H

#include "store/query.h"

/* Reads what the answer is made of. -1: *err says why. */
typedef int query_ground_gather(void *arg, const struct query_meta *meta, struct err *err);

struct query_ground {
	struct store *store;
	const char *what;	/* for messages: "causes" */
	const char *domain;	/* key form */
	const struct query_filter *window;	/* nothing else of it may be named; NULL: no matter */
	query_ground_gather *gather;
	void *arg;
};

/* ERR_NOT_FOUND: no report and no setting names the domain; ERR_USAGE: the filter says more than a
 * window; ERR_SLOW; what gather says. */
int query_on_ground(const struct query_ground *g, struct err *err);
/* gather() by the clock, for whoever has a snapshot already. */
int query_in_time(const struct query_ground *g, const struct query_meta *meta, struct err *err);

#endif
