/*
 * listen: the one listening socket, and word to the service manager.
 *
 * Made by us and handed to libmicrohttpd, because it may come from systemd or be a unix socket,
 * and because an address that others can reach must be refused before anything is served.
 *
 *	struct listener l;
 *	if (listener_open(&l, "127.0.0.1:8080", err) < 0)
 *		...
 *	listener_close(&l);
 */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include "store/base/err.h"

struct listener {
	int fd;			/* -1 none */
	char name[512];		/* "127.0.0.1:8080" or "unix:/run/ruad/web.sock", with the real port */
	char host[64];		/* the literal address, as a Host header writes it; "" for a unix socket */
	char unlink[512];	/* socket file to remove at the end, "" none */
	bool given;		/* by the service manager */
};

/*
 * "ADDR:PORT", "[V6]:PORT", "localhost:PORT", "unix:PATH"; a socket handed over by the service manager
 * (LISTEN_FDS) goes before `where`. Port 0: any free one. ERR_USAGE: no such form, or an address
 * that is not loopback; ERR_SHORTAGE: it is taken.
 */
int listener_open(struct listener *l, const char *where, struct err *err);
/* No new connections; removes the socket file. After listener_open(), whatever it returned. */
void listener_close(struct listener *l);

/* Is this peer on the same machine: loopback, or a unix socket? NULL: no. */
struct sockaddr;
bool listen_is_local(const struct sockaddr *peer);

/* "READY=1" or "STOPPING=1" to $NOTIFY_SOCKET, if there is one. */
void listener_notify(const char *state);

#endif
