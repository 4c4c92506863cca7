/*
 * worker: the process that reads mails, and the small one that makes it anew when it falls.
 *
 * Strangers' bytes are read in a process of their own, so that a fault of a decoder costs one mail and
 * both cores work. worker_open() forks a keeper before there is a store; the keeper forks a worker when
 * asked, over fresh channels: mails go as descriptors with a few facts, frames (wire.h) come back in the
 * same order. Both end with the parent, however it ends.
 *
 *	worker_open(&w, &options, err)
 *	while (worker_send(w, &item, seen, &why) > 0) ...
 *	rc = worker_frame(w, &frame, &why);	0: it died, hung or babbled: worker_drop(), send again
 *	worker_close(w)
 */
#ifndef INGEST_WORKER_H
#define INGEST_WORKER_H

#include "ingest/inbox.h"
#include "ingest/wire.h"

/* Reading a mail takes about as long as storing it: more than two would wait for the writer. */
#define WORKERS_MAX 2

struct worker;

struct worker_options {
	const char *authserv_id;
	bool originals;		/* are kept: the worker packs them */
	int silent_ms_max;	/* 0: WORKER_SILENT_MS_MAX */
	volatile const int *stop;	/* may be NULL */
	/* What is done with a mail; NULL: judge_mail(). */
	int (*judge)(void *arg, const struct inbox_item *item, int64_t seen,
		struct report_sink *to, struct err *err);
	void *arg;
};

/* To be called before a database or anything else of worth is open: the children inherit it. */
int worker_open(struct worker **ret, const struct worker_options *options, struct err *err);
void worker_close(struct worker *w);	/* NULL allowed */

/* How many are worth having: one for each processor but the writer's, at least one. */
unsigned worker_count(void);
/* How many mails may be under way: INBOX_AHEAD_MAX, or fewer, by the descriptors this process may
 * have. */
unsigned worker_ahead(const struct worker *w);
/* 1: the mail is on its way (item->fd stays the caller's); 0: no room, or no worker any more: read
 * frames first; -1 with err_ends_run(). */
int worker_send(struct worker *w, const struct inbox_item *item, int64_t seen, struct err *err);
/* 1: *ret is the next frame, good until the next call; 0: nothing more will come from this worker, *why
 * says why; -1: the run is asked to stop and the worker is silent (ERR_NONE). */
int worker_frame(struct worker *w, struct wire_frame *ret, struct err *why);
/* Puts an end to the worker; what was under way is to be sent again, to the next one. `why` (of a frame,
 * or set by worker_frame) becomes "parser crashed (signal 11)" where it died by itself. */
int worker_drop(struct worker *w, struct err *why, struct err *err);

#endif
