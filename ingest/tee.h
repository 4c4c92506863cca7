/*
 * tee: a sink in front of a sink that remembers what the report at hand says in sum.
 *
 * Receipt lines, -v and --dry-run speak of a report after it ended; by then its slices are gone.
 * The tee passes every call on and keeps a summary in fixed room.
 *
 *	struct tee tee;
 *	struct report_sink *to = tee_init(&tee, store_sink(st));
 *	...report_begin ... report_end through `to`...
 *	tee.report.messages
 */
#ifndef INGEST_TEE_H
#define INGEST_TEE_H

#include "store/report.h"

struct tee_report {
	bool has_head;
	char org_name[TEXT_KEEP + 1], report_id[REPORT_ID_MAX + 1], domain[DOMAIN_MAX + 1];
	int64_t begin, end;
	uint64_t records, placeholders, unreadable;
	int64_t messages, pass, fail, unknown;
	unsigned notes;			/* distinct calls of note() */
	char first_unreadable[512];	/* `line 41: count "1e9" is not a number`, "" if none */
};

struct tee {
	struct report_sink sink;
	struct report_sink *to;
	struct tee_report report;	/* since the last report_begin */
};

/* Returns the sink to fill; it lives in *tee. */
struct report_sink *tee_init(struct tee *tee, struct report_sink *to);

#endif
