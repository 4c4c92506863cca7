#include "store/sql.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>

static const char *const texts[STMT_COUNT] = {
#define STMT(id, text) [id] = (text),
#include "store/stmt_list.h"
#undef STMT
};

static const char *const names[STMT_COUNT] = {
#define STMT(id, text) [id] = #id,
#include "store/stmt_list.h"
#undef STMT
};

const char *stmt_text(enum stmt id)
{
	return texts[id];
}

const char *stmt_name(enum stmt id)
{
	return names[id];
}

static enum err_code code_of(int result)
{
	/* The low byte is the primary code, the rest says more of the same. */
	switch (result & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_NOMEM:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_NOLFS:
	case SQLITE_PROTOCOL:
	case SQLITE_INTERRUPT:
		return ERR_SHORTAGE;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_SCHEMA:
		return ERR_STORE;
	default:
		return ERR_BUG;
	}
}

int sql_fail(struct store *st, struct err *err, const char *doing)
{
	struct err_quote q;
	int result = st->db != NULL ? sqlite3_extended_errcode(st->db) : SQLITE_NOMEM;
	const char *text = st->db != NULL ? sqlite3_errmsg(st->db) : sqlite3_errstr(result);

	return err_set(err, code_of(result), "%s: %s: %s",
		err_printable(&q, slice_of(store_path(st))), doing, text);
}

int sql_prepare(struct store *st, const char *text, sqlite3_stmt **ret, struct err *err)
{
	if (sqlite3_prepare_v3(st->db, text, -1, 0, ret, NULL) != SQLITE_OK)
		return sql_fail(st, err, "cannot prepare a query");
	return 0;
}

int sql_get(struct store *st, enum stmt id, sqlite3_stmt **ret, struct err *err)
{
	sqlite3_stmt *stmt = st->stmts[id];

	if (stmt == NULL) {
		if (sqlite3_prepare_v3(st->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT, &stmt,
			    NULL) != SQLITE_OK)
			return sql_fail(st, err, names[id]);
		st->stmts[id] = stmt;
	} else {
		(void)sqlite3_reset(stmt);
		(void)sqlite3_clear_bindings(stmt);
	}
	*ret = stmt;
	return 0;
}

int sql_step(struct store *st, sqlite3_stmt *stmt, const char *doing, struct err *err)
{
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		sql_fail(st, err, doing);
		(void)sqlite3_reset(stmt);
		return -1;
	}
}

int sql_run(struct store *st, sqlite3_stmt *stmt, const char *doing, struct err *err)
{
	int more = sql_step(st, stmt, doing, err);

	if (more < 0)
		return -1;
	assert(more == 0);
	if (sqlite3_reset(stmt) != SQLITE_OK)
		return sql_fail(st, err, doing);
	return 0;
}

int sql_exec(struct store *st, const char *text, struct err *err)
{
	if (sqlite3_exec(st->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return sql_fail(st, err, "cannot run a statement");
	return 0;
}

int sql_cache(struct store *st, unsigned kib, struct err *err)
{
	char text[64];

	(void)snprintf(text, sizeof text, "PRAGMA cache_size = -%u", kib);
	return sql_exec(st, text, err);
}

/* Texts are cut or refused long before INT_MAX (limits.h); a longer one would be a bug. */
void sql_bind_text(sqlite3_stmt *stmt, int at, struct slice s)
{
	assert(s.len <= INT_MAX);
	if (slice_absent(s))
		(void)sqlite3_bind_null(stmt, at);
	else
		(void)sqlite3_bind_text(stmt, at, s.ptr, (int)s.len, SQLITE_STATIC);
}

void sql_bind_blob(sqlite3_stmt *stmt, int at, struct slice s)
{
	assert(s.len <= INT_MAX);
	if (slice_absent(s))
		(void)sqlite3_bind_null(stmt, at);
	else
		(void)sqlite3_bind_blob(stmt, at, s.ptr, (int)s.len, SQLITE_STATIC);
}

struct slice sql_text(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	return slice_from(text, text != NULL ? (size_t)sqlite3_column_bytes(stmt, column) : 0);
}

struct slice sql_blob(sqlite3_stmt *stmt, int column)
{
	const void *bytes = sqlite3_column_blob(stmt, column);

	/* SQLite gives NULL for an empty blob too; only the type tells it from absent. */
	if (bytes == NULL && sqlite3_column_type(stmt, column) != SQLITE_NULL)
		bytes = "";
	return slice_from(bytes, bytes != NULL ? (size_t)sqlite3_column_bytes(stmt, column) : 0);
}
