/*
 * check: the record checker. One domain, what is known of the DNS, what was seen of its mail.
 *
 * A pure function: the same view and facts give the same findings. Rules that join with observed
 * mail are silent where the facts say nothing, so a zone file alone can be checked. Names the view
 * does not know raise nothing: an absent record is a finding only when somebody asked for it. For a
 * name under an organisational domain that has no DMARC record of its own, the parent's is reported
 * as inherited (D23) and not judged again.
 */
#ifndef STORE_JUDGE_DNS_CHECK_H
#define STORE_JUDGE_DNS_CHECK_H

#include "store/judge/dns/finding.h"

/* Addresses, selectors and the like judged of one domain; callers pass the largest first. */
#define DNS_FACTS_MAX 200
/* Days of mail the counts below speak of. */
#define DNS_RECENT_DAYS 30
#define DNS_LONG_DAYS 90

/* Whether an address has a name that leads back to it. */
enum dns_seen_reverse {
	DNS_REVERSE_UNKNOWN,
	DNS_REVERSE_CONFIRMED,
	DNS_REVERSE_NONE,
};

/* An address mail of the domain came from. */
struct dns_seen_address {
	struct ip ip;
	int64_t recent, all;	/* messages in DNS_RECENT_DAYS and in DNS_LONG_DAYS */
	bool own;		/* its group is Yours: forwarders and strangers are never to be listed */
	enum dns_seen_reverse reverse;	/* where the view does not tell */
	bool own_envelope;	/* MAIL FROM of this very domain: its SPF record is asked */
};

/* A selector, whether seen in mail or only known of. Its key stands at
 * SELECTOR._domainkey.DOMAIN. */
struct dns_seen_selector {
	struct slice selector;	/* key form */
	struct slice domain;	/* d=, key form; absent: the domain itself */
	int64_t recent;		/* messages signed with it in DNS_RECENT_DAYS, own sources */
	int32_t last_day;	/* of the last message signed with it; 0: none was ever seen */
	int32_t key_since_day;	/* the key published now was there first on; 0: not known */
	bool subdomains;	/* it signed mail whose From is a subdomain */
};

/* Another domain of the same owner. */
struct dns_seen_sibling {
	struct slice domain;
	struct slice spf;	/* its SPF record */
};

/* Name servers that answer differently; both texts are for people. */
struct dns_seen_split {
	struct slice name;
	enum dns_type type;
	struct slice server1, server2;
	bool old_server;	/* server2 is no longer delegated to, and still answers */
};

struct dns_facts {
	struct slice domain;		/* key form */
	int32_t today;
	bool parked;			/* the owner says: sends no mail */
	struct slice report_address;	/* where this instance reads reports; absent: not known */

	const struct dns_seen_address *addresses;
	size_t addresses_len;
	bool reverse_elsewhere;		/* the view is not to be asked for the names of addresses */
	bool addresses_complete;	/* of DNS_LONG_DAYS, all that are own or passed SPF are in
					 * the list (else no S24) */
	const struct dns_seen_selector *selectors;
	size_t selectors_len;
	bool selectors_observed;	/* last_day and recent say what mail showed (else no K19, K21) */
	int64_t own_recent, own_signed_recent;	/* messages of Yours, and of them with an aligned
						 * DKIM pass */
	int64_t strict_spf_failed, strict_dkim_failed;	/* failed by aspf=s or adkim=s alone, recent */
	struct slice stale_policy;	/* what reporters still see, e.g. "p=none"; absent: agrees */
	int32_t stale_since_day;
	const struct dns_seen_sibling *siblings;
	size_t siblings_len;
	const struct dns_seen_split *splits;
	size_t splits_len;
};

/* Adds to `ret`, which was just opened. ERR_SHORTAGE only. */
int dns_check(struct dns_view *view, const struct dns_facts *facts, struct dns_findings *ret,
	struct err *err);

/*
 * The names and types dns_check() would look at first for these facts, so that a program with a
 * network can ask for them all at once; what records point to is not among them, nor are the reverse
 * names of addresses. The most telling come first, for whoever may not ask for all. Calls want() for
 * each, at most DNS_FACTS_MAX * 5 + 15 times; each name can be asked for, and is valid during the
 * call only.
 */
void dns_check_wants(const struct dns_facts *facts,
	void (*want)(void *arg, struct slice name, enum dns_type type), void *arg);

#endif
