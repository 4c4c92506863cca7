/*
 * emit: rows as bytes, in every format, for the command line and HTTP alike.
 *
 * A document is a head, one or more named sets of rows, and a foot. The writer appends to a buf
 * and never keeps a row: the caller drains the buf as often as it likes, so any number of rows
 * streams through a small one.
 *
 *	const struct emit_format *format = emit_find(SLICE_LIT("csv"));
 *	struct emit *e = NULL;
 *	if (emit_open(&e, format, &buf, lang, err) < 0) ...
 *	emit_set(e, "sources", columns, n, false);
 *	emit_row(e, row);
 *	emit_end(e, &meta);
 *	emit_close(e);
 *
 * Everything is escaped here and nowhere else: JSON (also "<"), CSV (formula-safe), HTML, terminal.
 */
#ifndef STORE_EMIT_H
#define STORE_EMIT_H

#include "store/base/buf.h"
#include "store/query.h"

enum emit_lang {
	EMIT_EN,
	EMIT_ES,
};

struct emit_format {
	const char *name;	/* "json", "ndjson", "csv", "text", "html" */
	const char *type;	/* MIME type with charset */
	bool for_people;	/* columns without a title are left out */
};

/* NULL if there is no such format. The table ends with a NULL name. */
const struct emit_format *emit_find(struct slice name);
extern const struct emit_format emit_formats[];

struct emit;
int emit_open(struct emit **ret, const struct emit_format *format, struct buf *to,
	enum emit_lang lang, struct err *err);
/*
 * Begin a set of rows. JSON: the first set is "data" and each further one a member of that name;
 * `single` makes it one object instead of an array. CSV and ndjson write the first set only.
 */
void emit_set(struct emit *e, const char *name, const struct column *columns, size_t len,
	bool single);
/* The same for the rows of a question, with those columns only that its filter picks. The rows given
 * to emit_row() are the question's, with all of them. */
void emit_query(struct emit *e, enum query_kind kind, const struct query *q, bool single);
void emit_row(struct emit *e, const struct value *row);
/* The foot; meta may be NULL. `next` is the next page's cursor, or NULL. */
void emit_end(struct emit *e, const struct query_meta *meta, const char *next);
void emit_close(struct emit *e);

/* Escapers, one name a context; for the plain pages. */
void emit_html(struct buf *to, struct slice text);	/* text and attribute values in quotes */
void emit_url(struct buf *to, struct slice text);	/* a path segment or a query value */
void emit_json_string(struct buf *to, struct slice text);	/* with its quotes */

#endif
