/*
 * dns_sum: what the record checker and readiness said of an own domain when ruad-dns last asked, in a
 * few numbers: for monitoring, which asks of every domain at once and cannot wait until each is judged.
 *
 *	dns_sum_note(st, domain, err)		after its facts were committed
 *	dns_sum_each(st, take, arg, err)
 */
#ifndef STORE_DNS_SUM_H
#define STORE_DNS_SUM_H

#include "store/judge/dns/rule.h"
#include "store/judge/readiness.h"
#include "store/store.h"

/* What a finding is about: the letter of its rule. */
enum dns_sum_record {
	DNS_SUM_SPF,
	DNS_SUM_DKIM,
	DNS_SUM_DMARC,
	DNS_SUM_ZONE,	/* of the zone as a whole, and of names of addresses */
	DNS_SUM_RECORD_COUNT,
};
extern const char *const dns_sum_record_names[DNS_SUM_RECORD_COUNT];	/* "spf", ... */

/* Findings of these: what is good to know is nothing to be told of. */
#define DNS_SUM_SEVERITIES (DNS_WARNING + 1)

struct dns_sum {
	int64_t findings[DNS_SUM_RECORD_COUNT][DNS_SUM_SEVERITIES];
	int64_t lookups;	/* that the SPF record takes; -1: there is none, or not all is known */
	enum readiness_verdict_id readiness;
};

/* Judge `domain` (key form) by what is stored and keep the sums, in a transaction of its own. Of one whose
 * DNS never answered there are none. `st` can write. */
int dns_sum_note(struct store *st, struct slice domain, struct err *err);

/* Own domains that have sums, by name. The slice is valid during the call. */
typedef void dns_sum_take(void *arg, struct slice domain, const struct dns_sum *sum);
int dns_sum_each(struct store *st, dns_sum_take *take, void *arg, struct err *err);

#endif
