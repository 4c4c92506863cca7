/*
 * query_cards: causes as rows, each with its card in one language; of one domain or of several,
 * ranked as one list.
 *
 *	struct query_cards *q = NULL;
 *	if (query_cards_open(&q, st, &filter, err) < 0)
 *		...
 *	query_cards_rows(q, filter.limit, e, lang, err);
 *	query_cards_close(q);
 */
#ifndef STORE_QUERY_CARDS_H
#define STORE_QUERY_CARDS_H

#include "store/emit.h"

struct query_cards;

/*
 * Of the filter's domains or, if it names none, of those in scope, FILTER_DOMAINS_MAX at most, and its
 * window; it names nothing else but a limit. ERR_USAGE: more, or something else. ERR_NOT_FOUND: as
 * query_causes_open() says. ERR_SLOW: QUERY_MS_MAX is for all of them together.
 */
int query_cards_open(struct query_cards **ret, struct store *st, const struct query_filter *filter,
	struct err *err);
void query_cards_close(struct query_cards *q);	/* NULL allowed */

/* The set "causes", the first `limit` of it, 0 all. The caller opens and ends the document. */
int query_cards_rows(
	struct query_cards *q, int64_t limit, struct emit *e, enum emit_lang lang, struct err *err);
/* What the answer stands on. */
const struct query_meta *query_cards_meta(const struct query_cards *q);

#define QUERY_CARDS_COLUMNS 13
extern const struct column query_cards_columns[QUERY_CARDS_COLUMNS];

#endif
