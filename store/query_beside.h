/*
 * query_beside: what an answer tells beside its sums, because no SQL can: the first cause of each
 * source group, whether each domain is ready. The judges are asked before the rows are, and only where
 * the answer is asked for it; the statement then looks it up.
 *
 * Internal to store/query*.c.
 */
#ifndef STORE_QUERY_BESIDE_H
#define STORE_QUERY_BESIDE_H

#include "store/query_parts.h"

struct query_beside;

/* Does the answer tell the column, is it sorted or grouped by it? Columns that are not asked for are
 * null. */
bool query_asks(const struct query *q, const char *column);

/* Judges what is asked for, of every domain of the question: q->beside, or NULL where nothing is.
 * ERR_SLOW: not within QUERY_MS_MAX. */
int query_beside_open(struct query *q, struct err *err);
void query_beside_close(struct query_beside *b); /* NULL allowed */
/* Once a connection: what a statement looks it up with. */
int query_beside_functions(struct store *st, struct err *err);
/* :beside, which the functions of the statement take:
 *	ruad_cause(:beside, group)	ruad_confidence(:beside, group)
 *	ruad_ready(:beside, domain)	ruad_published(:beside, domain) */
void query_beside_bind(const struct query *q, sqlite3_stmt *stmt);

#endif
