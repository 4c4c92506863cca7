/*
 * query_ready: may the policy of a domain go one step further? The facts for store/judge/readiness.h
 * gathered from reports, DNS and what the owner said; the verdict; the records to publish.
 *
 *	struct query_ready *q = NULL;
 *	if (query_ready_open(&q, st, domain, day_of(day_now()), err) < 0)
 *		...
 *	query_ready_rows(q, e, lang, err);
 *	query_ready_close(q);
 */
#ifndef STORE_QUERY_READY_H
#define STORE_QUERY_READY_H

#include "store/emit.h"
#include "store/judge/readiness.h"

struct query_ready;

/*
 * `domain` in any form. The window is READINESS_DAYS to the day the data reach, at the earliest a
 * week ago: of a domain whose reports ended days are missing. ERR_NOT_FOUND: no report and no setting
 * names it. ERR_USAGE: it is no name.
 */
int query_ready_open(struct query_ready **ret, struct store *st, struct slice domain,
	int32_t today, struct err *err);
void query_ready_close(struct query_ready *q);	/* NULL allowed */

const struct readiness_facts *query_ready_facts(const struct query_ready *q);
const struct readiness *query_ready_verdict(const struct query_ready *q);
/* What the answer stands on. */
const struct query_meta *query_ready_meta(const struct query_ready *q);

/* Its number; the policy the DNS has, enum dmarc_policy, or -1 where that does not tell. */
int64_t query_ready_domain(const struct query_ready *q);
int query_ready_published(const struct query_ready *q);

enum query_ready_record {
	QUERY_READY_NOW,	/* as it is published */
	QUERY_READY_NEXT,	/* for the next step; absent at the last one */
	QUERY_READY_BACK,	/* to go back to */
	QUERY_READY_RECORD_COUNT,
};
/* Absent: not known, or none. */
struct slice query_ready_record(const struct query_ready *q, enum query_ready_record which);

/* The sets "ready" (one), "checks" and "affected". The caller opens and ends the document. */
int query_ready_rows(struct query_ready *q, struct emit *e, enum emit_lang lang, struct err *err);

/* The i-th set there is, with its columns; NULL past the last. */
const char *query_ready_set(size_t i, const struct column **columns, size_t *len);

#endif
