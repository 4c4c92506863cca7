/*
 * scribe: a sink in front of the store's that writes the receipt's lines to their end.
 *
 * The judge, here or in another process, does not learn what the store made of a report. The scribe
 * does: it puts the outcome of the last report_end, its number and its reason into the line that says
 * JUDGE_AS_REPORTED, tells the caller of each line, and ends the mail with the worst of them.
 *
 *	struct report_sink *to = scribe_init(&scribe, store_sink(st), on_line, arg);
 *	scribe_mail(&scribe, &item);
 *	judge_mail(j, &item, day_now(), to, err)
 *	scribe.worst
 */
#ifndef INGEST_SCRIBE_H
#define INGEST_SCRIBE_H

#include "ingest/inbox.h"
#include "ingest/tee.h"

/* `report` is what the line speaks of, NULL if no report could be read. */
typedef void scribe_line(void *arg, const struct report_mail *mail, struct slice label,
	const struct report_entry *entry, const struct tee_report *report);

struct scribe {
	struct report_sink sink;
	struct tee tee;
	struct report_sink *to;		/* the tee */
	scribe_line *on_line;		/* may be NULL */
	void *arg;

	/* The mail at hand: its texts are copies, for the lines come later. */
	const struct inbox_item *item;
	struct report_mail mail;
	char texts[8 * 1024];
	enum report_ending worst;
	struct report_outcome outcome;	/* of the last report that ended */
	bool spoke;			/* a report was begun since the last line */
};

_Static_assert(sizeof ((struct scribe *)0)->texts > 7 * TEXT_KEEP, "seven texts of a mail fit");

/* Returns the sink to fill; it lives in *s. */
struct report_sink *scribe_init(
	struct scribe *s, struct report_sink *to, scribe_line *on_line, void *arg);
/* The next mail_begin is of this item, which is borrowed until the mail ended. */
void scribe_mail(struct scribe *s, const struct inbox_item *item);

#endif
