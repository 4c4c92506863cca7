/*
 * emit_format: what one format must do. Internal to store/emit*.c.
 *
 * Each function appends to e->to. emit.c calls set, row, end_set in order for each set, then end.
 */
#ifndef STORE_EMIT_FORMAT_H
#define STORE_EMIT_FORMAT_H

#include "store/emit.h"

struct emit_ops {
	const char *name; /* of the format */
	void (*set)(struct emit *e);
	void (*row)(struct emit *e, const struct value *row);
	void (*end_set)(struct emit *e);
	void (*end)(struct emit *e, const struct query_meta *meta, const char *next);
};
extern const struct emit_ops emit_json_ops, emit_ndjson_ops, emit_csv_ops, emit_text_ops,
	emit_html_ops;

struct emit {
	const struct emit_format *format;
	const struct emit_ops *ops;
	struct buf *to;
	enum emit_lang lang;
	/* the set being written */
	const char *set_name;
	struct column columns[QUERY_COLUMNS_MAX];
	size_t columns_len;
	bool mapped; /* not all columns of the rows are told */
	bool some;   /* columns were picked: each has a title */
	unsigned char picked[QUERY_COLUMNS_MAX];
	bool single, in_set;
	unsigned sets; /* begun so far */
	uint64_t rows; /* of this set */
	/* text: the first page of a table, kept until its widths are known */
	struct buf page; /* cells, each ended by a NUL */
	size_t page_rows;
	bool page_out; /* it was written; rows follow by its widths */
	size_t widths[QUERY_COLUMNS_MAX];
};

/* A column's title, or its name where a single row is listed with all it has; NULL: not shown. */
const char *emit_title(const struct emit *e, const struct column *column);
/* A set's heading for people: "Sources". */
const char *emit_heading(const struct emit *e);
/* "2026-10-25 to 2026-11-23 UTC; data through 2026-11-22". Empty without a window or data. */
void emit_footing(struct buf *to, enum emit_lang lang, const struct query_meta *meta, const char *next);
/* A value as people read it: yes/no, percent, "–" for null. Text goes in as it is. */
void emit_plain(struct buf *to, enum emit_lang lang, const struct column *column,
	const struct value *value);
/* A value as programs read it, without quotes; nothing for null. */
void emit_exact(struct buf *to, const struct column *column, const struct value *value);
/* Characters that would move, reorder or break a line become \n, \t or \xNN. */
void emit_visible(struct buf *to, struct slice text);
bool emit_is_number(const struct column *column);

#endif
