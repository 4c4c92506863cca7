/*
 * judge: what is in one mail, told to a sink.
 *
 * Opens the mail's descriptor, walks parts and archives, hands reports to their parser and writes a
 * line for everything worth one. It never learns what the store makes of a report: the line of a whole
 * one says JUDGE_AS_REPORTED, and who is behind the sink puts the outcome in (scribe.h). So the judge
 * works in another process as well as in this one.
 *
 *	judge_open(&j, "mx.example.com", err)
 *	judge_mail(j, &item, day_now(), to, err)
 *	judge_close(j)
 */
#ifndef INGEST_JUDGE_H
#define INGEST_JUDGE_H

#include "ingest/inbox.h"

/* An entry's ending: as the last report_end says. */
#define JUDGE_AS_REPORTED REPORT_ENDING_COUNT

struct judge;

/* `authserv_id` (names of our own MTA, separated by blanks; "" none) is borrowed. */
int judge_open(struct judge **ret, const char *authserv_id, struct err *err);
void judge_close(struct judge *j);

/*
 * mail_begin to mail_end of `item`, seen at `seen`. Needs of the item: id, fd, odd, age_seconds, bare.
 * -1 only for what ends the run; a fault of the mail is a line of its receipt. The ending given to
 * mail_end means nothing: the worst line does.
 */
int judge_mail(struct judge *j, const struct inbox_item *item, int64_t seen, struct report_sink *to,
	struct err *err);

#endif
