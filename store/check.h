/*
 * check: one question of monitoring, answered as a plugin answers (Monitoring Plugins Development
 * Guidelines): a state, a line for people, performance data.
 *
 * The command line and HTTP both come here, so a check means the same in both. It asks the query
 * layer and nothing else. What cannot be measured is UNKNOWN, never OK.
 *
 *	freshness	seconds since the end of the newest report; of several domains the stalest
 *	own-pass	per cent of the domain's own mail that passes; of several the worst
 *	new-sources	source groups that are new in the window and still to be decided
 *	ingest		mails refused or deferred today and yesterday
 *	reporters	reporters that are overdue
 *	dns		findings of the record checker: -c is for errors, -w for errors and warnings
 *	ready		domains whose policy would not be taken again (-c), and with those the
 *			domains where something that would lose mail is in the way of a step (-w)
 *
 * Parked domains send no mail: unless named they take no part in freshness, own-pass and ready. The
 * last two are about the domains named or, without any, those of the owner.
 */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "store/base/buf.h"
#include "store/judge/range.h"
#include "store/query.h"

/* The numbers are exit statuses. */
enum check_state {
	CHECK_OK,
	CHECK_WARNING,
	CHECK_CRITICAL,
	CHECK_UNKNOWN,
	CHECK_STATE_COUNT,
};
extern const char *const check_state_names[CHECK_STATE_COUNT];	/* "OK", "WARNING", ... */

struct check_ask {
	unsigned mode;			/* of check_find() */
	struct query_filter filter;
	struct range warn, crit;	/* not set: the mode's own */
};

struct check_answer {
	enum check_state state;
	struct buf output;	/* "DMARC WARNING - example.com own mail 96.8 % pass in 7 days (...)" */
	struct buf perfdata;	/* "own_pass=96.8%;97:;95:;0;100 messages=16890 undecided=97" */
};

/* The i-th mode's name, NULL past the last. */
const char *check_name(unsigned i);
/* False: no such mode. */
bool check_find(struct slice name, unsigned *ret);
/* One parameter by name: warn, crit, or one of the filter's that the mode knows (domain,
 * subdomains, scope, verified, without_twins, last, from, to, reporter). ERR_USAGE as
 * query_filter_set() does. Call check_ask_init() first. */
void check_ask_init(struct check_ask *ask, unsigned mode);
int check_ask_set(struct check_ask *ask, struct slice name, struct slice value, struct err *err);
/* -1 only when the store could not be asked: a plugin then says UNKNOWN with err's text. */
int check_run(struct store *st, const struct check_ask *ask, struct check_answer *ret,
	struct err *err);
void check_answer_init(struct check_answer *a);
void check_answer_release(struct check_answer *a);

#endif
