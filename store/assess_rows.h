/*
 * assess_rows: the steps of judging one domain, in their order. Internal to assess.c.
 *
 * The domain's sums lie in the temporary tables of stmt_assess.h and are read as streams, so that
 * memory does not grow with the number of its addresses.
 */
#ifndef STORE_ASSESS_ROWS_H
#define STORE_ASSESS_ROWS_H

#include "store/assess.h"
#include "store/judge/group.h"
#include "store/write.h"

#define OWN_NETWORKS_MAX 256	/* of a domain */
#define CONF_VALUE_MAX	 512	/* bytes of a setting, with its NUL */

struct asn;	/* asn.c */

struct assess {
	struct store *st;
	struct address *address;
	struct asn *asn;		/* NULL: no such file was named */
	struct buf text;		/* of the traits of one address */
	int64_t domain;
	char name[DOMAIN_KEY_MAX];
	bool parked;
	struct ip_net networks[OWN_NETWORKS_MAX];
	unsigned networks_len;
	bool changed;			/* a group, a member or a class */
};

/* Who does it; who is absent where ruad itself does. */
struct event {
	const char *type;
	struct slice domain, object, before, after, who;
};
int event_add(struct store *st, const struct event *e, int64_t *ret, struct err *err);

int assess_open(struct assess **ret, struct store *st, struct err *err);
void assess_close(struct assess *a);
/* Judge one domain, within the transaction that is open. */
int assess_domain(struct assess *a, int64_t domain, struct err *err);
/* Calls `what` with everything ready; undoes what it left uncommitted if it fails. */
int assess_run(struct store *st, int (*what)(struct assess *a, void *arg, struct err *err),
	void *arg, struct err *err);

/* After a ROLLBACK of one's own: no transaction is open any more. Always 0. */
int assess_left(struct assess *a);

/* Every address its group; fills a_address, a_group, a_near. */
int assess_addresses(struct assess *a, struct err *err);
/* Every key its home; fills a_key, a_home, a_home_sum. */
int assess_homes(struct assess *a, struct err *err);
/* Every (source, trait) its class. */
int assess_classes(struct assess *a, struct err *err);

#endif
