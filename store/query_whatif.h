/*
 * query_whatif: the mail of a window judged again under a wish, and what would change, by source.
 *
 *	struct query_whatif *q = NULL;
 *	struct query_whatif_wish wish = { 0 };
 *	query_whatif_set(&wish, SLICE_LIT("p"), SLICE_LIT("reject"), err);
 *	if (query_whatif_open(&q, st, domain, &wish, &filter, err) < 0)
 *		...
 *	query_whatif_rows(q, e, lang, err);
 *	query_whatif_close(q);
 */
#ifndef STORE_QUERY_WHATIF_H
#define STORE_QUERY_WHATIF_H

#include "store/emit.h"
#include "store/judge/whatif.h"

struct query_whatif_wish {
	struct whatif_wish wish;
	size_t spf_len;
	char spf[WHATIF_SPF_MAX];
};

/* One wish by name, as the command line and HTTP both spell it: p, sp and np (none, quarantine, reject),
 * adkim and aspf (r, s), t (y, n), spf (a record's text). ERR_USAGE names it and what it may be. */
int query_whatif_set(
	struct query_whatif_wish *w, struct slice name, struct slice value, struct err *err);
bool query_whatif_is_wish(struct slice name);

struct query_whatif;

/*
 * `domain` in any form; of the filter only the window may be named. A wish for
 * nothing changes nothing. ERR_NOT_FOUND: no report and no setting names the domain.
 */
int query_whatif_open(struct query_whatif **ret, struct store *st, struct slice domain,
	const struct query_whatif_wish *wish, const struct query_filter *filter, struct err *err);
void query_whatif_close(struct query_whatif *q);	/* NULL allowed */

/* The sets "what_if" and "sources". The caller opens and ends the document. */
int query_whatif_rows(struct query_whatif *q, struct emit *e, struct err *err);
const struct query_meta *query_whatif_meta(const struct query_whatif *q);

/* The i-th set there is, with its columns; NULL past the last. */
const char *query_whatif_sets(size_t i, const struct column **columns, size_t *len);

#endif
