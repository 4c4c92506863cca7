#include "web/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

struct pool {
	pthread_mutex_t lock;
	const char *path;
	struct store *idle[POOL_IDLE_KEEP];
	unsigned idle_len, lent;
	dev_t dev; /* the file the idle connections were opened on */
	ino_t ino;
	/* the version read last, and of which state of which file */
	struct store_mark mark;
	int64_t version;
	bool known;
};

struct pool *pool_open(const char *path)
{
	struct pool *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->path = path;
	if (pthread_mutex_init(&p->lock, NULL) != 0) {
		free(p);
		return NULL;
	}
	return p;
}

static void drop_idle(struct pool *p)
{
	while (p->idle_len > 0)
		store_close(p->idle[--p->idle_len]);
}

void pool_close(struct pool *p)
{
	if (p == NULL)
		return;
	drop_idle(p);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}

struct store *pool_lend(struct pool *p, struct err *err)
{
	struct store *st = NULL;
	struct stat now;

	if (stat(p->path, &now) < 0 && errno == ENOENT) {
		(void)err_set(err, ERR_NOT_FOUND, "there is no database yet");
		return NULL;
	}
	(void)pthread_mutex_lock(&p->lock);
	if (now.st_dev != p->dev || now.st_ino != p->ino) {
		drop_idle(p);
		p->dev = now.st_dev;
		p->ino = now.st_ino;
	}
	if (p->lent >= POOL_LENT_MAX) {
		(void)err_set(err, ERR_BUSY, "too many answers are under way");
	} else {
		p->lent++;
		if (p->idle_len > 0)
			st = p->idle[--p->idle_len];
		else if (store_open(&st, p->path, STORE_READ, err) < 0)
			p->lent--;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return st;
}

void pool_give(struct pool *p, struct store *st)
{
	if (st == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->lent--;
	if (p->idle_len < POOL_IDLE_KEEP) {
		p->idle[p->idle_len++] = st;
		st = NULL;
	}
	(void)pthread_mutex_unlock(&p->lock);
	store_close(st);
}

int pool_version(struct pool *p, struct store *st, int64_t *ret, struct err *err)
{
	struct store_mark before, after;
	bool marked = store_mark(st, &before), known;

	(void)pthread_mutex_lock(&p->lock);
	known = marked && p->known && memcmp(&p->mark, &before, sizeof before) == 0;
	if (known)
		*ret = p->version;
	(void)pthread_mutex_unlock(&p->lock);
	if (known)
		return 0;
	if (store_data_version(st, ret, err) < 0)
		return -1;
	/* A commit meanwhile: it is not known to which side of it the version belongs. */
	if (!marked || !store_mark(st, &after) || memcmp(&before, &after, sizeof after) != 0)
		return 0;
	(void)pthread_mutex_lock(&p->lock);
	p->mark = after;
	p->version = *ret;
	p->known = true;
	(void)pthread_mutex_unlock(&p->lock);
	return 0;
}
