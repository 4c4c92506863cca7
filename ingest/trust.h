/*
 * trust: may the carrier mail be believed?
 *
 * Anyone can send mail to a rua address, so a report says nothing about who sent it. What counts
 * is what our own MTA found: its Authentication-Results header (RFC 8601), which bears the name the
 * operator set. Headers of other names are a stranger's claim and are not read. Results are taken
 * from the topmost header of ours and those right below it that are ours too (one milter each);
 * the topmost result of a method wins.
 *
 *	verified	dmarc=pass; or no dmarc verdict, and dkim=pass for a domain aligned with From
 *	failed		our MTA looked, and it is not verified
 *	unknown		no header of ours
 */
#ifndef INGEST_TRUST_H
#define INGEST_TRUST_H

#include "ingest/mime.h"

struct trust {
	struct slice server;		/* the authserv-id, absent if none is ours */
	struct report_word dkim, spf, dmarc;	/* report_auth_results */
	enum report_trust trust;
};

/* `authserv_ids`: names of our MTA, separated by blanks. Slices borrow the headers' memory. */
void trust_judge(const struct mime_headers *headers, const char *authserv_ids, struct trust *ret);

#endif
