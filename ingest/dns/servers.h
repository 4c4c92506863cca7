/*
 * servers: the name servers of a domain, asked one by one whether they say the same.
 *
 * While a domain moves, the old and the new servers both answer, and receivers hear one or the
 * other. Serials tell little there, as each provider counts its own: the records that decide about
 * mail are compared themselves.
 */
#ifndef INGEST_DNS_SERVERS_H
#define INGEST_DNS_SERVERS_H

#include "ingest/dns/resolve.h"
#include "store/judge/dns/check.h"

/* Servers compared, former ones compared with them, and names asked of each. */
#define SERVERS_MAX	   4
#define SERVERS_FORMER_MAX 2
#define SERVERS_NAMES_MAX  4

struct servers_ask {
	const struct dns_facts *facts;
	/* Names of servers the domain had until lately, in key form. */
	const struct slice *former;
	size_t former_len;
};

/*
 * Calls each() for every name of which two servers tell differently; its texts are valid during the
 * call. 1: they were compared, 0: there were not two that answered, or no questions were left; -1:
 * ERR_SHORTAGE, or what each() says.
 */
int servers_compare(struct resolver *r, const struct servers_ask *ask,
	int (*each)(void *arg, const struct dns_seen_split *split, struct err *err), void *arg,
	struct err *err);

#endif
