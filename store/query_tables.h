/*
 * query_tables: the columns of each kind of answer, and how a cell becomes a value.
 *
 * Internal to store/. A name means the same in every kind, so what a cell holds (a word of a
 * vocabulary, an address) is told by its column's name alone, once.
 */
#ifndef STORE_QUERY_TABLES_H
#define STORE_QUERY_TABLES_H

#include "store/query.h"

enum cell_how {
	CELL_PLAIN,   /* number or text as SQLite has it */
	CELL_WORD,    /* a number of a vocabulary (0: null), or the token as sent */
	CELL_NAME,    /* a number of a plain table of names, or the name */
	CELL_SOURCE,  /* 4 or 16 bytes of an address, or the text sent in its place */
	CELL_AUTH,    /* a detail's number: its auth_results as one line */
	CELL_REASONS, /* the same for its override reasons */
};

struct cell {
	const char *column;
	enum cell_how how;
	const struct vocabulary *vocabulary;
	const char *const *names;
	unsigned names_len;
};

/* NULL: plain. */
const struct cell *query_cell(const char *column);

/* A column of the kind by name, NULL if it has none. */
const struct column *query_find_column(enum query_kind kind, struct slice name);

/* Is it one that the kind tells only where it is asked for? */
bool query_is_asked_column(enum query_kind kind, const char *name);

/* Is it one that group_by may add? */
bool query_is_group_column(struct slice name);

struct query_kind_row {
	const char *name;
	const struct column *columns;
	size_t columns_len;
	const char *sort; /* default order, "-" for descending; "" the statement's own */
	const char *ties; /* further columns of every order, so that no two rows are equal in it */
	bool window;      /* answers for a window of days */
	const char *asked; /* columns told only where they are asked for, with blanks between */
};
extern const struct query_kind_row query_kinds[QUERY_KIND_COUNT];

/* What a summary or timeseries may be grouped by. */
struct query_dimension_row {
	const char *name;
	struct column columns[2];
	size_t columns_len;
	const char *tie; /* the column that tells its rows apart */
};
extern const struct query_dimension_row query_dimensions[QUERY_DIMENSION_COUNT];

/* query_cursor.c: may this stand in a cursor? */
bool query_cursor_char(char c);

/* filter.c: was a window asked for, or is it the default? */
bool query_filter_window_named(const struct query_filter *f);
/* ERR_USAGE, naming it, where anything but `allowed` (names separated by blanks) was set: for answers
 * that heed nothing else. */
int query_filter_only(
	const struct query_filter *f, const char *allowed, const char *what, struct err *err);

#endif
