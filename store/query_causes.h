/*
 * query_causes: why mail of a domain fails, source by source: the facts for store/judge/cause.h
 * gathered from reports and from what the DNS said. query_cards.h writes them down.
 *
 *	struct query_causes *q = NULL;
 *	if (query_causes_open(&q, st, domain, &filter, err) < 0)
 *		...
 *	...query_causes_get(q, 0)->code...
 *	query_causes_close(q);
 */
#ifndef STORE_QUERY_CAUSES_H
#define STORE_QUERY_CAUSES_H

#include "store/query.h"
#include "store/judge/cause.h"

struct query_causes;

struct query_cause {
	int64_t source_group;	/* 0: of addresses that are in no group yet */
	struct slice name;	/* of the group */
	enum class class;	/* of most of the messages */
	enum cause_code code;
	enum cause_confidence confidence;
	unsigned notes;
	int64_t messages;
	struct cause_values values;	/* of the largest part */
};

/*
 * `domain` in any form; of the filter only the window may be named; a
 * source_group that was set without a name leaves out all others. ERR_NOT_FOUND: no report and no setting
 * names the domain. ERR_SHORTAGE: more than there is room for (CAUSES_MAX).
 */
int query_causes_open(struct query_causes **ret, struct store *st, struct slice domain,
	const struct query_filter *filter, struct err *err);
void query_causes_close(struct query_causes *q);	/* NULL allowed */

/* Those with something to change first, then by messages: the order of a list of these. */
size_t query_causes_count(const struct query_causes *q);
const struct query_cause *query_causes_get(const struct query_causes *q, size_t i);
int query_causes_order(const void *a, const void *b);
/* What the answer stands on. */
const struct query_meta *query_causes_meta(const struct query_causes *q);

#endif
