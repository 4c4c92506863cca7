/*
 * query_bounce: a refused mail explained, beside what reports of the last 30 days say of the domain.
 *
 * The text is read and forgotten: nothing of it goes into the store, a log or a message of error. Its
 * domain is the first own one it names. The sources are those of /sources with mail of yours, or mail
 * to decide, that fails DMARC, with the very same counts; and the one whose address the text names,
 * whatever it is. No report tells the fate of one message, and the answer says so.
 *
 *	struct query_bounce *q = NULL;
 *	if (query_bounce_open(&q, st, text, SLICE_ABSENT, err) < 0)
 *		...
 *	query_bounce_rows(q, e, lang, err);
 *	query_bounce_close(q);
 */
#ifndef STORE_QUERY_BOUNCE_H
#define STORE_QUERY_BOUNCE_H

#include "store/emit.h"
#include "store/judge/bounce.h"

struct query_bounce;

/*
 * st NULL: there is no database, and the text alone is explained. `domain` in any form, absent: the text
 * names it. ERR_USAGE: it is no domain name, or the text is too long; ERR_NOT_FOUND: no report and no
 * setting names it.
 */
int query_bounce_open(struct query_bounce **ret, struct store *st, struct slice text,
	struct slice domain, struct err *err);
void query_bounce_close(struct query_bounce *q);	/* NULL allowed */

const struct bounce *query_bounce_read(const struct query_bounce *q);
/* The sets "bounce", "steps" and "sources". The caller opens and ends the document. */
int query_bounce_rows(struct query_bounce *q, struct emit *e, enum emit_lang lang, struct err *err);
/* What the sources stand on; NULL: the domain is not known, so there are none. */
const struct query_meta *query_bounce_meta(const struct query_bounce *q);

/* The i-th set there is, with its columns; NULL past the last. */
const char *query_bounce_set(size_t i, const struct column **columns, size_t *len);

#endif
