/*
 * assess: the judgement of a domain's rows, kept in the store, and what the owner says of them.
 *
 * Facts come first (write.c); each batch marks the (domain, day) it touched as unassessed in the
 * same transaction. store_assess() gives every address of such a domain its source group, every
 * (address, trait) its class, and rebuilds the roll-up of classes for the days that changed. A
 * domain with unassessed days is answered from the daily sums, row by row; both ways give one
 * number, only the speed differs (query_selftest() proves it).
 *
 * Everything here needs a writer. The owner's words (decisions, own networks, listed services,
 * settings of a domain) are applied to all history in the transaction that stores them, and leave
 * an event: who, when, before, after.
 */
#ifndef STORE_ASSESS_H
#define STORE_ASSESS_H

#include "store/judge/class.h"
#include "store/store.h"

/* Judge what is unassessed; nothing to do costs one look-up. A domain is judged
 * whole or not at all; small ones share a commit. Commits what is pending in the sink first. */
int store_assess(struct store *st, struct err *err);
/* Judge every domain again, whatever is marked: after a new version with new rules or services. */
int store_assess_all(struct store *st, struct err *err);
/* Where to find AS names: an .mmdb of the operator's (by libmaxminddb); NULL or "": none. */
int store_assess_asn(struct store *st, const char *path, struct err *err);

/*
 * Decide what a source group of a domain is: CLASS_YOURS, CLASS_FORWARDED or CLASS_NOT_YOURS;
 * CLASS_TO_DECIDE takes the decision back. group is source_group.id. ERR_NOT_FOUND: no such group;
 * ERR_USAGE: no such class. *ret_event (may be NULL) is the event's number, 0 if nothing changed.
 */
int store_decide(struct store *st, int64_t group, enum class class, const struct actor *by,
	int64_t *ret_event, struct err *err);
/* Take back what an event did: a decision or a setting. ERR_NOT_FOUND: no such event, or it cannot be
 * undone; ERR_USAGE: what it set has been changed since (the message names the later event). */
int store_undo(struct store *st, int64_t event, const struct actor *by, int64_t *ret_event,
	struct err *err);

/* Settings of an own domain. domain in any form; ERR_NOT_FOUND if it is not an own one.
 * name: "parked" (yes|no), "rua" (address or empty), "network" (CIDR, added; "-CIDR" removed),
 * "service" (id of the catalogue, added; "-id" removed). ERR_USAGE names what is allowed. */
int store_domain_set(struct store *st, struct slice domain, struct slice name, struct slice value,
	const struct actor *by, int64_t *ret_event, struct err *err);

#endif
