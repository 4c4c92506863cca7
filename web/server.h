/*
 * server: HTTP's wire, by libmicrohttpd; the only file that knows it.
 *
 * It guards (one Host, a name we answer to, no body, sane framing), asks route_answer(), and
 * sends. libmicrohttpd's own time-out is one of inactivity: a client that drips a byte now and
 * then would stay for ever, so server_tick() ends every connection whose request is not done
 * within REQUEST_SECONDS_MAX.
 *
 *	struct server *s = NULL;
 *	if (server_start(&s, &options, err) < 0)
 *		...
 *	for (;;)
 *		...poll() server_door(s), and server_accept(s) when someone knocks;
 *		...server_tick(s) some times a second...
 *	server_stop(s, 1500);
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "web/listen.h"
#include "web/route.h"

/* Threads that answer; each serves many connections. */
#define SERVER_THREADS 2

struct server_options {
	const struct web *web;
	const struct listener *listener;
	const char *hosts;	/* further names we answer to, separated by blanks */
};

struct server;
/* The options and what they point at stay the caller's and must outlive the server. */
int server_start(struct server **ret, const struct server_options *options, struct err *err);
void server_tick(struct server *s);
/*
 * What to poll() for new connections; -1 while there are CONN_MAX of them, or while the machine has
 * no descriptors left: those who wait stay in the kernel's queue. Of one thread, as server_accept().
 */
int server_door(struct server *s);
/* Takes those who wait. Returns with none taken when there are none. */
void server_accept(struct server *s);
/* Takes no more connections, lets answers under way finish for at most `ms`, ends the rest. NULL allowed. */
void server_stop(struct server *s, int ms);

/* For --version. */
const char *server_library_version(void);

#endif
