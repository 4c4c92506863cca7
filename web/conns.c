#include "web/conns.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "store/base/day.h"
#include "store/base/limits.h"

struct conn {
	struct conn *prev, *next;
	int fd;
	int64_t deadline_ms;
	bool pending; /* accepted, and libmicrohttpd has not begun with it */
	bool busy;    /* a request began and its answer is not all sent */
};

struct conns {
	pthread_mutex_t lock;
	struct conn *first;
	unsigned count;
};

struct conns *conns_open(void)
{
	struct conns *l = calloc(1, sizeof *l);

	if (l != NULL && pthread_mutex_init(&l->lock, NULL) != 0) {
		free(l);
		l = NULL;
	}
	return l;
}

/* ---- the list: the caller holds the lock ------------------------------------------------------ */

static void renew(struct conn *c)
{
	c->deadline_ms = day_monotonic_ms() + REQUEST_SECONDS_MAX * 1000;
}

static void drop(struct conns *l, struct conn *c)
{
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		l->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	l->count--;
	free(c);
}

static struct conn *pending(struct conns *l, int fd)
{
	struct conn *c = l->first;

	while (c != NULL && !(c->pending && c->fd == fd))
		c = c->next;
	return c;
}

/* ---- one connection --------------------------------------------------------------------------- */

bool conns_accepted(struct conns *l, int fd)
{
	struct conn *c;
	bool kept = true;

	(void)pthread_mutex_lock(&l->lock);
	c = pending(l, fd);
	if (c != NULL) {
		renew(c);
	} else if ((c = calloc(1, sizeof *c)) != NULL) {
		c->fd = fd;
		c->pending = true;
		renew(c);
		c->next = l->first;
		if (c->next != NULL)
			c->next->prev = c;
		l->first = c;
		l->count++;
	} else {
		kept = false;
	}
	(void)pthread_mutex_unlock(&l->lock);
	return kept;
}

void conns_refused(struct conns *l, int fd)
{
	struct conn *c;

	(void)pthread_mutex_lock(&l->lock);
	c = pending(l, fd);
	if (c != NULL)
		drop(l, c);
	(void)pthread_mutex_unlock(&l->lock);
}

struct conn *conns_begin(struct conns *l, int fd)
{
	struct conn *c;

	(void)pthread_mutex_lock(&l->lock);
	c = pending(l, fd);
	if (c != NULL)
		c->pending = false;
	(void)pthread_mutex_unlock(&l->lock);
	return c;
}

void conns_end(struct conns *l, struct conn *c)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&l->lock);
	drop(l, c);
	(void)pthread_mutex_unlock(&l->lock);
}

void conns_mark(struct conns *l, struct conn *c, bool busy)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&l->lock);
	c->busy = busy;
	if (!busy)
		renew(c);
	(void)pthread_mutex_unlock(&l->lock);
}

/* ---- all of them ------------------------------------------------------------------------------ */

bool conns_full(struct conns *l)
{
	bool full;

	(void)pthread_mutex_lock(&l->lock);
	full = l->count >= CONN_MAX;
	(void)pthread_mutex_unlock(&l->lock);
	return full;
}

bool conns_busy(struct conns *l)
{
	bool busy = false;

	(void)pthread_mutex_lock(&l->lock);
	for (const struct conn *c = l->first; c != NULL; c = c->next)
		busy |= c->busy;
	(void)pthread_mutex_unlock(&l->lock);
	return busy;
}

void conns_tick(struct conns *l)
{
	int64_t now = day_monotonic_ms();
	struct conn *next;

	(void)pthread_mutex_lock(&l->lock);
	for (struct conn *c = l->first; c != NULL; c = next) {
		next = c->next;
		if (now < c->deadline_ms)
			continue;
		/* It ended before it began, and nobody said so: its number may be another's by now. */
		if (c->pending) {
			drop(l, c);
			continue;
		}
		/* libmicrohttpd still owns the descriptor: it sees the end and closes it. */
		(void)shutdown(c->fd, SHUT_RDWR);
		c->deadline_ms = INT64_MAX;
	}
	(void)pthread_mutex_unlock(&l->lock);
}

void conns_close(struct conns *l)
{
	if (l == NULL)
		return;
	for (struct conn *c = l->first, *next; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}
