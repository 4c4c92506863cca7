/*
 * resolve: asks the DNS, within bounds, and remembers what it said.
 *
 * One resolver serves one domain after another; for each, at most DNS_QUERIES_MAX questions and
 * DNS_MS_MAX milliseconds. Questions known beforehand go out all at once; the rest is asked one by one
 * when somebody looks into the view and it is not known yet.
 *
 *	struct resolver *r = NULL;
 *	if (resolver_open(&r, "127.0.0.1:5353", err) < 0 || resolver_begin(r, err) < 0)
 *		...
 *	resolver_want(r, SLICE_LIT("example.com"), DNS_TXT);
 *	resolver_wait(r);
 *	dns_check(resolver_view(r), ...);
 *	resolver_each(r, put, run, err);
 *	resolver_close(r);
 */
#ifndef INGEST_DNS_RESOLVE_H
#define INGEST_DNS_RESOLVE_H

#include "store/judge/dns/set.h"

/* Servers the settings may name. */
#define RESOLVER_SERVERS_MAX 8

struct resolver;

/* `servers`: addresses with or without a port, separated by blanks or commas; "" for those of the
 * system. ERR_USAGE names the one that is none. */
int resolver_open(struct resolver **ret, const char *servers, struct err *err);
void resolver_close(struct resolver *r);	/* NULL allowed */

/* Begins the next domain: forgets what was learnt, and all bounds are whole again. */
int resolver_begin(struct resolver *r, struct err *err);
/* Asks, and does not wait. What was asked already, or would cross the bounds, is not. */
void resolver_want(struct resolver *r, struct slice name, enum dns_type type);
/* Until all that was asked has an answer, or has none in time. */
void resolver_wait(struct resolver *r);

/* All that is known, and what is not is asked for. Beyond the bounds it says DNS_FAILED. Valid, with
 * all it hands out, until the next resolver_begin(). */
struct dns_view *resolver_view(struct resolver *r);

/* What was learnt: each name and type once, aliases as DNS_CNAME, failures as DNS_FAILED. -1 of
 * each() ends it. */
int resolver_each(struct resolver *r,
	int (*each)(void *arg, struct slice name, enum dns_type type,
		const struct dns_answer *answer, struct err *err),
	void *arg, struct err *err);

/* Questions that may still be asked for this domain; 0 when its time is over. */
unsigned resolver_left(const struct resolver *r);

/*
 * One question to a server itself, past the resolver: what the server has by its own authority goes
 * into `set`, under the name. A server that says nothing, or only what it heard from others, leaves
 * the set as it is.
 */
struct resolver_probe {
	struct slice name;	/* key form */
	enum dns_type type;
};
/* Asks all of them at once and waits for PROBE_MS_MAX at most. The port is 53, or that of the first
 * server of the settings. No address is asked that is none of a single host; one of this machine
 * itself or of its link only where the settings name a server on this machine. False: not asked. */
bool resolver_probe(struct resolver *r, const struct ip *server, const struct resolver_probe *probes,
	size_t len, struct dns_set *set);

struct resolver_sum {
	unsigned queries, failures;
	unsigned probes;
	bool replied;	/* a server said something of use for a question */
	bool mute;	/* a question was waited for in vain */
	bool cut;	/* there was more to ask than the bounds allow */
	/* The first failure; absent type name: none. */
	const char *failed_type, *failed_why;
	struct slice failed_name;
};
struct resolver_sum resolver_sum(const struct resolver *r);

/* "1.18.1" */
const char *resolver_version(void);

#endif
