/*
 * ingest: the loop. One message after the other from the inbox, through mime, unpack and kind,
 * into the sink; a receipt for each; settle after the commit.
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include "ingest/inbox.h"
#include "ingest/scribe.h"
#include "ingest/worker.h"
#include "store/report.h"

struct ingest_options {
	const char *authserv_id;	/* names of our own MTA, separated by blanks; "" none */
	struct worker *const *workers;	/* read the mails; none: they are read in this process */
	size_t workers_len;		/* up to WORKERS_MAX */
	uint64_t limit;			/* messages at most; 0 all */
	bool keep;			/* do not settle; skip all that the sink knows */
	bool dry_run;			/* do not settle either, but read also what the sink knows */
	volatile const int *stop;	/* not 0: finish the message at hand, commit, return */
	/* Called for each receipt line as it is written. May be NULL. */
	scribe_line *on_entry;
	/* Called after each message with the counts so far. May be NULL. */
	void (*on_progress)(void *arg, uint64_t done, uint64_t total);
	void *arg;
};

struct ingest_result {
	uint64_t mails;				/* judged, all endings */
	uint64_t skipped;			/* known already (--keep) */
	uint64_t endings[REPORT_ENDING_COUNT];
	uint64_t unsettled;			/* stored, but the mail could not be renamed */
};

/*
 * A mail the sink knows is not read again: without `keep` it is settled as it ended (a crash came
 * between commit and rename), unless it was refused, which a newer version may read.
 * 0 even when mails were refused (result->endings says so); -1 when the run had to end. What was
 * committed before stays committed and settled. The result is filled in both cases.
 */
int ingest_run(struct inbox *in, struct report_sink *to, const struct ingest_options *options,
	struct ingest_result *ret, struct err *err);

#endif
