/*
 * conns: the connections there are: how many, which are busy, and how long each has.
 *
 * One is counted when it is accepted, before libmicrohttpd's threads begin with it, so that the limit
 * of all is held however late they are. Any thread may call.
 *
 *	if (!conns_accepted(conns, fd)) ...no memory...
 *	c = conns_begin(conns, fd);	the library has begun with it
 *	conns_mark(conns, c, true); ... conns_mark(conns, c, false);
 *	conns_end(conns, c);
 */
#ifndef WEB_CONNS_H
#define WEB_CONNS_H

#include <stdbool.h>

struct conns;
struct conn;

/* NULL: no memory. */
struct conns *conns_open(void);
void conns_close(struct conns *l);	/* NULL allowed */

/* False: no memory. One that was accepted under the same number, and never began, is over. */
bool conns_accepted(struct conns *l, int fd);
/* It will not begin: libmicrohttpd refused it. */
void conns_refused(struct conns *l, int fd);
/* NULL: it was not accepted here, or had to wait too long. */
struct conn *conns_begin(struct conns *l, int fd);
void conns_end(struct conns *l, struct conn *c);	/* NULL allowed */
/* A request began, or its answer is all sent: then the next one has REQUEST_SECONDS_MAX. NULL allowed. */
void conns_mark(struct conns *l, struct conn *c, bool busy);

bool conns_full(struct conns *l);	/* CONN_MAX of them */
bool conns_busy(struct conns *l);	/* any */
/* Shuts down those whose time is over. */
void conns_tick(struct conns *l);

#endif
