/*
 * problem: errors as application/problem+json (RFC 9457).
 *
 * One table says which status, type and title each kind of damage has. A visitor reads what he
 * did wrong in full, and of faults of ours only that there is one.
 */
#ifndef WEB_PROBLEM_H
#define WEB_PROBLEM_H

#include "web/route.h"

struct problem {
	unsigned status;
	const char *type;		/* "urn:problem:bad-parameter" */
	const char *title;
	bool ours;			/* the detail is for the log, not for the visitor */
	unsigned retry_after;		/* seconds, 0 none */
};
/* By how far the damage reaches, or by status for what never became an err. */
const struct problem *problem_of(enum err_code code);
const struct problem *problem_status(unsigned status);

/* The body and headers of an error answer, which has an id already. `path` may be empty. */
void problem_answer(struct response *res, const struct problem *p, struct slice detail,
	struct slice path);

#endif
