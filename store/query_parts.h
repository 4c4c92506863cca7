/*
 * query_parts: what the files of a question share. Internal to store/query*.c.
 *
 *	query.c		opens, steps and closes; the clock
 *	query_names.c	names to numbers, the window, what the answer stands on
 *	query_text.c	the statement of a question about facts, its order and where it begins
 *	query_changes.c	the statements of changes and lint
 *	query_bind.c	the statement's parameters
 *	query_rows.c	cells to values
 *	query_beside.c	what judges say, for the statement to look up
 *	query_cursor.c	a row's place in the order, as text, and back
 */
#ifndef STORE_QUERY_PARTS_H
#define STORE_QUERY_PARTS_H

#include "store/base/buf.h"
#include "store/deadline.h"
#include "store/query_tables.h"

/* Ways to the facts (query_sql.h). */
enum query_way {
	QUERY_WAY_TOTALS,
	QUERY_WAY_CLASSED,
	QUERY_WAY_MIXED,
	QUERY_WAY_DAILY,
	QUERY_WAY_RAW,
	QUERY_WAY_COUNT,
	QUERY_WAY_ANY = QUERY_WAY_COUNT, /* the quickest that can */
};

/* The columns that order an answer: the one asked for, then those that make it a total order. */
#define QUERY_KEYS_MAX 6
struct query_key {
	const char *column;
	bool down;
};

/* A row's place in the order: the values of its keys as SQLite has them. */
struct query_place {
	unsigned len; /* 0: from the beginning */
	struct query_place_value {
		int type; /* SQLITE_NULL, SQLITE_INTEGER... */
		int64_t number;
		double real;
		struct slice bytes; /* of a text or blob, in `raw` */
	} values[QUERY_KEYS_MAX];
	char raw[QUERY_CURSOR_MAX];
};

struct query {
	struct store *store;
	enum query_kind kind;
	enum query_way way;
	struct query_filter filter;
	struct query_meta meta;
	sqlite3_stmt *stmt;
	bool began; /* the snapshot is ours to end */
	struct deadline deadline;
	/* resolved names */
	struct buf domains; /* JSON list */
	bool one_domain;    /* it holds one number */
	int64_t reporter, from_key;
	bool unassessed;     /* some day of them was not judged since it changed */
	struct buf services; /* JSON, for QUERY_SERVICES */
	struct query_beside *beside; /* NULL: nothing of it is asked for */
	struct buf words;    /* JSON, for QUERY_CHANGES and QUERY_LINT */
	/* the order, and where this page of it begins */
	struct query_key keys[QUERY_KEYS_MAX];
	unsigned keys_len;
	bool seeks; /* rows come in this order by an index */
	struct query_place place;
	char next[QUERY_CURSOR_MAX];
	bool has_next;
	/* rows */
	size_t columns_len;
	struct column columns[QUERY_COLUMNS_MAX];
	const struct cell *cells[QUERY_COLUMNS_MAX];
	struct value row[QUERY_COLUMNS_MAX];
	char ip[IP_TEXT_MAX];
	struct buf auth, reasons;
	int64_t detail; /* whose lines auth and reasons hold, 0 nobody's */
	int64_t rows;
};

/* query_open() by a way of the caller's, for the test that compares them. It must know what the
 * filter asks for. */
int query_open_by(struct query **ret, struct store *st, enum query_kind kind,
	const struct query_filter *f, enum query_way way, struct err *err);

/* query_names.c */
int query_resolve_names(struct query *q, struct err *err);
int query_resolve_meta(struct query *q, struct err *err);
/* ERR_NOT_FOUND: the report or source group asked for is not there. */
int query_check_subject(struct query *q, struct err *err);

/* Appends the key forms of the question's domains, in order, a line each; how many (NULL: who cares). */
int query_list_domains(const struct query *q, struct buf *to, size_t *ret_len, struct err *err);

/* query_text.c: chooses the way and the order, writes the text. */
bool query_has_row_filter(const struct query_filter *f);
void query_choose_way(struct query *q);
int query_choose_order(struct query *q, struct err *err);
/* ERR_USAGE: filter.fields names a column of a group that the answer does not have. */
int query_check_fields(const struct query *q, struct err *err);
bool query_is_by(const struct query *q, enum query_dimension dimension);
void query_text(const struct query *q, struct buf *to);
/* Only what a scrape shows is asked for: filter.lean, of the kinds that heed it. */
bool query_is_lean(const struct query *q);

/* query_changes.c: the texts, the tables of names that they take as JSON, and both bound. */
void query_add_changes(const struct query *q, struct buf *to);
void query_add_lint(const struct query *q, struct buf *to);
int query_words(struct buf *to, enum query_kind kind, struct err *err);
void query_bind_words(const struct query *q, sqlite3_stmt *stmt);

/* query_bind.c */
void query_bind_int(sqlite3_stmt *stmt, const char *name, int64_t value); /* if it has it */
void query_bind_domains(const struct query *q, sqlite3_stmt *stmt);
void query_bind_reports(const struct query *q, sqlite3_stmt *stmt, int32_t from, int32_t to);
void query_bind_all(const struct query *q, sqlite3_stmt *stmt);

/* query_rows.c: the statement's current row as values; the catalogue as JSON rows. */
int query_services(struct buf *to, struct err *err);
int query_read_row(struct query *q, struct err *err);

/* query_cursor.c: the place of the statement's current row as text; and a text as the place this
 * question goes on from. ERR_USAGE: it is no cursor, or one of another question. */
int query_cursor_write(struct query *q, struct err *err);
int query_cursor_read(struct query *q, struct err *err);

#endif
