/*
 * dns_fact: what the DNS said about the owner's domains, and said before.
 *
 * One run asks all questions of one domain and writes what it learnt in one transaction. An answer
 * that is what was known moves its last_seen; another one takes its place, and the former stays as
 * history. A question that failed, or was not asked because the run was at its bounds, leaves what
 * is known as it is, for DNS_STALE_DAYS_MAX days.
 *
 *	struct dns_fact_run *run = NULL;
 *	if (dns_fact_open(&run, st, domain, day_now(), err) < 0)
 *		return -1;
 *	...dns_fact_put(run, name, DNS_TXT, &answer, err)...
 *	rc = dns_fact_commit(run, &sum, err);
 *	dns_fact_close(run);
 */
#ifndef STORE_DNS_FACT_H
#define STORE_DNS_FACT_H

#include "store/judge/dns/check.h"
#include "store/judge/dns/set.h"
#include "store/judge/dns/spf_ranges.h"
#include "store/store.h"

/*
 * Adds all that is known of the DNS for `domain` (key form) to `set`. *asked: when it was last asked
 * for, seconds; 0: never. 1: something is known; 0: nothing, which leaves the set as it is; -1.
 */
int dns_fact_load(struct store *st, struct slice domain, struct dns_set *set, int64_t *asked,
	struct err *err);

/* Which addresses the domain's SPF record names by what is known (spf_ranges.h); none where nothing
 * is, and none where the facts take more than bytes_max: whoever publishes that much is judged by mail
 * alone. The caller closes *ret. */
int dns_fact_ranges(struct store *st, struct slice domain, size_t bytes_max,
	struct spf_ranges **ret, struct err *err);

/* Calls each() for every own domain, those that were not asked for the longest first. It may not use
 * the store; -1 ends the walk, and *err is its own. */
int dns_fact_each_own(struct store *st,
	int (*each)(void *arg, struct slice domain, struct err *err), void *arg, struct err *err);

/* Calls each() for the names (key form) of the name servers a domain had before those of today, and
 * not longer ago than DNS_STALE_DAYS_MAX days before `now`. */
int dns_fact_each_former(struct store *st, struct slice domain, int64_t now,
	void (*each)(void *arg, struct slice server), void *arg, struct err *err);

/* ---- writing ----------------------------------------------------------------------------- */

struct dns_fact_sum {
	unsigned queries, failures;
	bool answered;		/* anything came back */
	bool complete;		/* all was asked that there was to ask, and answered: what was not heard
				 * of again holds no longer */
	bool compared;		/* the name servers: what was not put again is no split any more */
	struct slice notice;	/* absent: all is well; kept to TEXT_KEEP bytes */
};

struct dns_fact_run;
/* Begins the transaction. `st` is a writer. ERR_NOT_FOUND: no such domain in the store. */
int dns_fact_open(struct dns_fact_run **ret, struct store *st, struct slice domain, int64_t now,
	struct err *err);
/* The answer at `name` itself, key form: aliases are facts of their own, with DNS_CNAME. DNS_UNKNOWN
 * is no fact and is ignored; of two answers to one question the first stands. */
int dns_fact_put(struct dns_fact_run *run, struct slice name, enum dns_type type,
	const struct dns_answer *answer, struct err *err);
/* Two name servers that tell differently. */
int dns_fact_put_split(
	struct dns_fact_run *run, const struct dns_seen_split *split, struct err *err);
/* A domain whose SPF record names other addresses than before is judged again, when mail is read the
 * next time. */
int dns_fact_commit(struct dns_fact_run *run, const struct dns_fact_sum *sum, struct err *err);
/* Undoes what was not committed. NULL allowed. */
void dns_fact_close(struct dns_fact_run *run);

#endif
