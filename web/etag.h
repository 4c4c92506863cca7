/*
 * etag: what an answer stands on, as a name for it.
 *
 * Two answers of one weak tag say the same; their bytes may differ in when they were made and how
 * they were compressed. It is known before the question is asked, so a client that has the answer
 * costs neither the question nor, as long as nothing was committed, any SQL.
 */
#ifndef WEB_ETAG_H
#define WEB_ETAG_H

#include "web/route.h"

/*
 * Fills res->etag from the versions of the facts and the owner's decisions, the file they are in,
 * the day (a window of "the last 30 days" moves with it; of a ROUTE_CLOCK route the minute, as its
 * rows tell ages), the address with its parameters, the language and the program's version.
 */
int etag_set(const struct request *req, const struct ask *ask, struct response *res,
	struct err *err);
/*
 * If-None-Match: a list, or "*"; compared weakly (RFC 9110 8.8.3.2, 13.1.2). "*" holds for anything
 * that is there, so it may be asked for only once that is known: `exists`.
 */
bool etag_matches(const char *etag, struct slice if_none_match, bool exists);

#endif
