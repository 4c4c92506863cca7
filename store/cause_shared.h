/*
 * cause_shared: mail that passes SPF only because the domain's record includes what many customers
 * of a service share, where nobody marked the service as used.
 *
 * Marked it is by the owner (a listed service, an own network, a source decided to be his), or by
 * mail that comes through the same include and is signed with a key of his.
 *
 *	struct cause_shared *s = NULL;
 *	if (cause_shared_open(&s, &ask, err) < 0)
 *		...
 *	cause_shared_has(s, group, trait);
 *	cause_shared_close(s);
 */
#ifndef STORE_CAUSE_SHARED_H
#define STORE_CAUSE_SHARED_H

#include "store/judge/dns/view.h"
#include "store/store.h"

struct cause_shared;

struct cause_shared_ask {
	struct store *store;
	int64_t id;            /* of the domain */
	struct slice domain;   /* key form */
	int32_t from, to;      /* days */
	struct dns_view *view; /* what is known; mail that it cannot explain is not shared */
};

int cause_shared_open(
	struct cause_shared **ret, const struct cause_shared_ask *ask, struct err *err);
/* Most of the group's mail of this trait came so. Groups as in STMT_CAUSE_ROWS, 0 for none. */
bool cause_shared_has(const struct cause_shared *s, int64_t group, int64_t trait);
void cause_shared_close(struct cause_shared *s); /* NULL allowed */

#endif
