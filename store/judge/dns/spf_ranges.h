/*
 * spf_ranges: which addresses a domain's SPF record names, and by which of its terms.
 *
 * The record and all it includes, flattened into ranges that do not overlap: one look-up for each of
 * many addresses. Not what a receiver says (spf_eval.h does): a record with too many look-ups, or a
 * name nobody asked for, still says which addresses its owner meant. The first term in the order of
 * the record has an address. What lets anybody send is no evidence of anything and is passed over:
 * all, exists, ptr, macros that depend on the message, networks wider than SPF_WIDEST_4 or
 * SPF_WIDEST_6.
 */
#ifndef STORE_JUDGE_DNS_SPF_RANGES_H
#define STORE_JUDGE_DNS_SPF_RANGES_H

#include "store/judge/dns/spf.h"

/* Shortest prefixes of a network that is evidence. */
#define SPF_WIDEST_4 8
#define SPF_WIDEST_6 16

struct spf_ranges;

/* ERR_SHORTAGE only. A domain without a record, or with several, has no ranges. Nothing is borrowed
 * from the view. At most SPF_RANGES_MAX ranges (limits.h); what comes behind them is left out. */
int spf_ranges_open(struct spf_ranges **ret, struct dns_view *view, struct slice domain,
	struct err *err);
void spf_ranges_close(struct spf_ranges *r);	/* NULL allowed */

size_t spf_ranges_len(const struct spf_ranges *r);
/* The term of the domain's own record that authorises the address, in lower case and without "+";
 * absent: none. Borrowed from `r`. */
struct slice spf_ranges_find(const struct spf_ranges *r, const struct ip *ip);
bool spf_ranges_equal(const struct spf_ranges *a, const struct spf_ranges *b);

#endif
