/*
 * dns_reverse: the names of sending addresses, asked for little by little.
 *
 * There are more addresses than a run can ask for: a queue is made of what is known. Those of the
 * owner's sources come first, and an address waits for DNS_REVERSE_DAYS_MAX days until it is asked
 * for again, whatever the answer was; one day where there was none.
 */
#ifndef STORE_DNS_REVERSE_H
#define STORE_DNS_REVERSE_H

#include "store/base/ip.h"
#include "store/store.h"

struct dns_reverse {
	int64_t source;
	struct ip ip;
	/* What was found, for dns_reverse_put(). */
	bool answered;
	struct slice name;	/* key form: leads back to the address; absent: there is none */
};

/* The next ones to ask for, of the domain's mail of DNS_RECENT_DAYS: at most `max`; how many, or -1. */
int dns_reverse_next(struct store *st, struct slice domain, int64_t now, struct dns_reverse *ret,
	size_t max, struct err *err);
/* Keeps what was found, in one transaction. `st` is a writer. An address whose name is another one
 * than before has its domains judged again, when mail is read the next time. */
int dns_reverse_put(struct store *st, const struct dns_reverse *found, size_t len, int64_t now,
	struct err *err);

#endif
