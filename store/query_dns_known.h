/*
 * query_dns_known: what the record checker says of a domain by what the store knows: the facts that
 * ruad-dns noted down, joined with the mail that was seen. The DNS is not asked.
 *
 *	struct query_dns_known *q = NULL;
 *	if (query_dns_known_open(&q, st, domain, false, err) < 0)
 *		...
 *	query_dns_rows(query_dns_known_answer(q), e, err);
 *	query_dns_known_close(q);
 */
#ifndef STORE_QUERY_DNS_KNOWN_H
#define STORE_QUERY_DNS_KNOWN_H

#include "store/query_dns.h"

struct query_dns_known;

/*
 * `domain` in any form. ERR_NOT_FOUND: no report and no setting names it; ERR_USAGE: it is no name. Of
 * one whose DNS was never asked nothing is known, so there is nothing to find; query_dns_asked() is 0.
 */
int query_dns_known_open(struct query_dns_known **ret, struct store *st, struct slice domain,
	bool suggest, struct err *err);
void query_dns_known_close(struct query_dns_known *q);	/* NULL allowed */

struct query_dns *query_dns_known_answer(struct query_dns_known *q);
/* Key form. */
struct slice query_dns_known_domain(const struct query_dns_known *q);
/* When the DNS answered last, seconds; 0: never. */
int64_t query_dns_known_answered(const struct query_dns_known *q);
/* What the answer stands on; no window of days. */
const struct query_meta *query_dns_known_meta(const struct query_dns_known *q);

#endif
