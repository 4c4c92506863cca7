/*
 * group: which source group an address belongs to, seen from one policy domain.
 *
 * The evidence is gathered over all traits of the address; the strongest kind wins and is shown.
 * A pure function: rows in, a key out.
 *
 *	address_init(&a, &ip, text);
 *	for each trait of the address:
 *		address_add(&a, &trait, messages, err);
 *	address_group(&a, &hints, &group, err);
 */
#ifndef STORE_JUDGE_GROUP_H
#define STORE_JUDGE_GROUP_H

#include "store/base/ip.h"
#include "store/judge/catalogue.h"
#include "store/judge/trait.h"

/* From the strongest to the weakest. The numbers are in the database. */
enum group_evidence {
	GROUP_DKIM,	/* signs for the domain with a selector of a known service */
	GROUP_SPF,	/* a term of the owner's SPF tree authorises it (needs DNS facts) */
	GROUP_BOUNCE,	/* MAIL FROM, or another signature, of a known service */
	GROUP_ENVELOPE,	/* passes SPF for another domain */
	GROUP_PTR,	/* confirmed reverse name (needs DNS facts) */
	GROUP_ASN,	/* the network's operator (needs an .mmdb) */
	GROUP_NET,	/* /24 or /64 */
	GROUP_EVIDENCE_COUNT,
};
extern const char *const group_evidence_names[GROUP_EVIDENCE_COUNT];	/* "dkim", "spf", ... */

#define GROUP_TEXT_MAX 320	/* "envelope:" and a domain name, with room */
#define ADDRESS_CANDIDATES_MAX 32	/* of one kind and address; the busiest that came first stay */

struct group {
	enum group_evidence evidence;
	char key[GROUP_TEXT_MAX];	/* "service:mailchimp", "net:192.0.2.0/24": stable */
	char name[GROUP_TEXT_MAX];	/* for people */
	char detail[GROUP_TEXT_MAX];	/* the proof: "selector k1", "mcsv.net" */
	const struct service *service;	/* NULL: none */
};

/* What is known of the address from elsewhere; absent slices and 0 where nothing is. */
struct group_hints {
	struct slice spf_term, ptr_name, asn_name;	/* ptr_name leads back to the address */
	const struct service *spf_service;	/* whose include that term is; NULL: none */
	int64_t asn;
};

struct address;
int address_open(struct address **ret, struct err *err);	/* used again for each address */
void address_close(struct address *a);
/* ip->len 0: the address is no address but this text. */
void address_init(struct address *a, const struct ip *ip, struct slice text);
void address_add(struct address *a, const struct trait *t, int64_t messages);
void address_group(const struct address *a, const struct group_hints *hints, struct group *ret);

#endif
