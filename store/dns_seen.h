/*
 * dns_seen: what mail showed of a domain, as the record checker wants it (store/judge/dns/check.h).
 *
 *	struct dns_seen *seen = NULL;
 *	if (dns_seen_open(&seen, st, domain, day_of(day_now()), err) < 0)
 *		...
 *	dns_check(view, dns_seen_facts(seen), found, err);
 *	dns_seen_close(seen);
 *
 * Own sources come first, then what passed SPF by the domain's own record, then the rest, each by
 * messages. Selectors are those that signed, with a signature that passed or from mail that is, or
 * may be, the owner's: names that only forgers wrote are never asked for.
 */
#ifndef STORE_DNS_SEEN_H
#define STORE_DNS_SEEN_H

#include "store/judge/dns/check.h"
#include "store/store.h"

/* Days back to which a selector is remembered: more than it takes to call it unused. */
#define DNS_SEEN_SELECTOR_DAYS 180

struct dns_seen;

/* `domain` in key form; one the store does not know has no facts but its name. */
int dns_seen_open(struct dns_seen **ret, struct store *st, struct slice domain, int32_t today,
	struct err *err);
/* All that it points to is owned by `s`. */
const struct dns_facts *dns_seen_facts(const struct dns_seen *s);
void dns_seen_close(struct dns_seen *s);	/* NULL allowed */

/*
 * What needs the DNS as it is known too: the policy reporters see other than the one that `view` has
 * for longer than resolvers keep one, how old the keys are, what other own domains have as SPF
 * record, name servers that tell differently. Without what ruad-dns noted down nothing is added.
 */
int dns_seen_join(struct dns_seen *s, struct dns_view *view, struct err *err);

/* The policy that is published at the domain itself, in words of policy_published (enum
 * report_policy). since: when it was first seen, seconds; 0: there is none, or nobody asked. */
struct dns_seen_policy {
	int64_t since;
	int p, sp;
};
int dns_seen_policy(struct store *st, int64_t id, struct slice domain, struct dns_view *view,
	struct dns_seen_policy *ret, struct err *err);

/* Names under the domain that mail said it came from lately, the busiest first; `max` of them at
 * most. Reads the records: for whoever asks the DNS, not for a page. */
int dns_seen_senders(struct dns_seen *s, size_t max,
	void (*each)(void *arg, struct slice name), void *arg, struct err *err);

#endif
