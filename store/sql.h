/*
 * sql: what the files of store/ share of SQLite. No header outside store/ includes this one.
 *
 * All SQL text stands in stmt.c, one table by number; a statement is prepared once a connection,
 * on first use. A failure of SQLite becomes an err by its result code: full disk, locked, no
 * memory, read-only are shortages; corrupt and not-a-database are ERR_STORE.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>

#include "store/store.h"

/* The numbers of stmt.c's table, in its order. */
enum stmt {
#define STMT(id, text) id,
#include "store/stmt_list.h"
#undef STMT
	STMT_COUNT,
};

struct writer;	/* write.c */
struct assess;	/* assess.c */

struct store {
	sqlite3 *db;
	char *path;			/* as given, for messages */
	char *file;			/* the same with links resolved; NULL in memory */
	enum store_mode mode;
	int lock_fd;			/* -1: none */
	uint64_t identity;		/* of the file behind the path, when it was opened */
	bool together;			/* the owner's words are one transaction */
	bool keys;			/* foreign keys are enforced, but for moments */
	bool beside;			/* it has the functions of query_beside.c */
	bool has_log;			/* the file is in WAL mode, said its header */
	struct store_options options;
	sqlite3_stmt *stmts[STMT_COUNT];
	struct writer *writer;		/* NULL in a reader, as the next */
	struct assess *assess;
};

/* The text of a statement, for the test that explains each. */
const char *stmt_text(enum stmt id);
const char *stmt_name(enum stmt id);

/* The prepared statement, reset and without bindings. Owned by the store. */
int sql_get(struct store *st, enum stmt id, sqlite3_stmt **ret, struct err *err);
/* Prepare text that was composed from constants (a sort order); the caller finalizes. */
int sql_prepare(struct store *st, const char *text, sqlite3_stmt **ret, struct err *err);
/* The connection's last failure as err. Always -1. */
int sql_fail(struct store *st, struct err *err, const char *doing);
/* 1 a row, 0 done, -1. */
int sql_step(struct store *st, sqlite3_stmt *stmt, const char *doing, struct err *err);
/* Step a statement that gives no row, and reset it. */
int sql_run(struct store *st, sqlite3_stmt *stmt, const char *doing, struct err *err);
/* Constant text without parameters: BEGIN, SAVEPOINT, PRAGMA. */
int sql_exec(struct store *st, const char *text, struct err *err);
/* Foreign keys, outside of a transaction. */
int sql_keys(struct store *st, bool enforce, struct err *err);
/* What the page cache may hold, and with it a sorter that opens from now on. */
#define CACHE_KIB 8192
int sql_cache(struct store *st, unsigned kib, struct err *err);

/* Bind a slice: NULL when absent. Borrowed until the statement is reset (SQLITE_STATIC). */
void sql_bind_text(sqlite3_stmt *stmt, int at, struct slice s);
void sql_bind_blob(sqlite3_stmt *stmt, int at, struct slice s);
/* Absent for NULL; valid until the next step or reset. */
struct slice sql_text(sqlite3_stmt *stmt, int column);
struct slice sql_blob(sqlite3_stmt *stmt, int column);

/* mark.c: SQLite's own handle of the file, NULL if it has none. */
sqlite3_file *sql_file(struct store *st);
/* Count what this connection runs, for store_statements(). */
void mark_count(struct store *st);

/* lock.c: an flock on PATH.lock; ERR_BUSY when another holds it. */
int lock_take(const char *path, int *ret_fd, struct err *err);
void lock_drop(int fd);

/* migrate.c: create in an empty file, climb from an older version, refuse a newer or foreign one. */
#define SCHEMA_VERSION 1
#define SCHEMA_APPLICATION_ID 0x72756164	/* "ruad" */
int migrate_up(struct store *st, struct err *err);	/* writer */
int migrate_check(struct store *st, struct err *err);	/* reader: exactly SCHEMA_VERSION */
struct embedded;
/* What migrate_up() does, over any table of files (the schema, then NNNN_what.sql for each version
 * from 2 to `target`), so that a test can climb a ladder that does not exist yet. */
int migrate_ladder(struct store *st, const struct embedded *files, int target, struct err *err);

/* write.c: everything it will ever need is allocated here. */
int writer_open(struct writer **ret, struct store *st, struct err *err);
void writer_close(struct writer *w);
/* assess.c: its temporary tables, so that every statement can be prepared from now on. */
int assess_open(struct assess **ret, struct store *st, struct err *err);
void assess_close(struct assess *a);

#endif
