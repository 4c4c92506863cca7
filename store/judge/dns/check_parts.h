/*
 * check_parts: what the files of the checker share.
 */
#ifndef STORE_JUDGE_DNS_CHECK_PARTS_H
#define STORE_JUDGE_DNS_CHECK_PARTS_H

#include "store/judge/dns/check.h"

/* Seconds a record may be kept by resolvers without a word about it (X04). */
#define CHECK_TTL_SECONDS 86400
/* Bytes of a suggested record. */
#define CHECK_RECORD_MAX 16384

struct check {
	struct dns_view *view;
	const struct dns_facts *facts;
	struct dns_findings *found;
	struct buf text; /* for suggestions; cleared by each */
};

int check_spf(struct check *c, struct err *err);
void check_dkim(struct check *c);
void check_dmarc(struct check *c);
/* X04 for one record. */
void check_ttl(struct check *c, struct slice name, enum dns_type type, const struct dns_record *r);

static inline bool check_missing(enum dns_status status)
{
	return status == DNS_NODATA || status == DNS_NXDOMAIN;
}

#endif
