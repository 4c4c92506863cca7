/*
 * reply: what a message of a name server says about one question, believed in nothing.
 *
 * Lengths, counts and pointers of the message are a stranger's; every one is held against the bytes
 * that are there. Only the name asked for and the names its aliases lead to are looked at: what
 * else a server puts into its answer, nobody asked for.
 */
#ifndef INGEST_DNS_REPLY_H
#define INGEST_DNS_REPLY_H

#include "store/judge/dns/set.h"

enum reply_kind {
	REPLY_READ,	/* what it says was told */
	REPLY_FAILED,	/* SERVFAIL and the like, a referral, cut short */
	REPLY_BROKEN,	/* no message, or not about this question */
};

/* Where it is told; each name is valid during the call only. A call that gives false ends the
 * reading: REPLY_FAILED. */
struct reply_sink {
	void *arg;
	/* A record at `name`, which is the name asked for or an alias of it; DNS_CNAME for an alias. */
	bool (*record)(void *arg, struct slice name, enum dns_type type,
		const struct dns_record *record);
	/* There is none: DNS_NODATA or DNS_NXDOMAIN. */
	bool (*nothing)(void *arg, struct slice name, enum dns_type type, enum dns_status status);
	/* Whether this is known already: then it is not told again. */
	bool (*known)(void *arg, struct slice name, enum dns_type type);
};

/* `name` in key form. An alias whose end the message does not tell of leaves that end open. */
enum reply_kind reply_read(struct slice message, struct slice name, enum dns_type type,
	const struct reply_sink *to);

#endif
