#include "store/sql.h"

#include <stdio.h>

#include "store/embedded.h"

static int pragma_number(struct store *st, const char *text, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int more;

	if (sql_prepare(st, text, &stmt, err) < 0)
		return -1;
	more = sql_step(st, stmt, "cannot read the schema", err);
	if (more > 0)
		*ret = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return more < 0 ? -1 : 0;
}

struct found {
	int64_t application_id, version, tables;
};

static int look(struct store *st, struct found *ret, struct err *err)
{
	struct found f = { 0, 0, 0 };

	if (pragma_number(st, "PRAGMA application_id", &f.application_id, err) < 0 ||
		pragma_number(st, "PRAGMA user_version", &f.version, err) < 0 ||
		pragma_number(st, "SELECT count(*) FROM sqlite_schema", &f.tables, err) < 0)
		return -1;
	*ret = f;
	return 0;
}

static int refuse_foreign(struct store *st, struct err *err)
{
	struct err_quote q;

	return err_set(err, ERR_STORE, "%s: a database of another program, left as it is",
		err_printable(&q, slice_of(store_path(st))));
}

static int refuse_newer(struct store *st, int64_t found, int known, struct err *err)
{
	struct err_quote q;

	return err_set(err, ERR_STORE,
		"%s: made by a newer version of ruad (schema %lld, this one knows %d), left as it is",
		err_printable(&q, slice_of(store_path(st))), (long long)found, known);
}

/* One step, whole or not at all; the version is in the same transaction. */
static int step(struct store *st, const struct embedded *file, int version, struct err *err)
{
	char text[96];
	struct err ignored = ERR_INIT;

	(void)snprintf(text, sizeof text, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		SCHEMA_APPLICATION_ID, version);
	if (sql_exec(st, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	if (sql_exec(st, text, err) < 0 || sql_exec(st, file->bytes, err) < 0 ||
		sql_exec(st, "COMMIT", err) < 0) {
		if (sqlite3_get_autocommit(st->db) == 0)
			(void)sql_exec(st, "ROLLBACK", &ignored);
		return err_wrap(err, "%s", file->name);
	}
	return 0;
}

/* The version a file named NNNN_what.sql climbs to. */
static int step_version(const struct embedded *file)
{
	struct slice rest;
	uint64_t n = 0;

	(void)slice_u64(slice_cut(slice_of(file->name), '_', &rest), 9999, &n);
	return (int)n;
}

int migrate_ladder(struct store *st, const struct embedded *files, int target, struct err *err)
{
	struct found f;

	if (look(st, &f, err) < 0)
		return -1;
	if (f.application_id == 0 && f.tables == 0 && f.version == 0)
		return step(st, &files[0], target, err);
	if (f.application_id != SCHEMA_APPLICATION_ID || f.version < 1)
		return refuse_foreign(st, err);
	if (f.version > target)
		return refuse_newer(st, f.version, target, err);
	for (const struct embedded *file = files + 1; file->name != NULL; file++) {
		int to = step_version(file);

		if (to <= f.version)
			continue;
		if (to != f.version + 1)
			return err_set(err, ERR_BUG, "%s: no step from schema %lld", file->name,
				(long long)f.version);
		if (step(st, file, to, err) < 0)
			return -1;
		f.version = to;
	}
	if (f.version != target)
		return err_set(err, ERR_BUG, "no step from schema %lld to %d", (long long)f.version,
			target);
	return 0;
}

int migrate_up(struct store *st, struct err *err)
{
	return migrate_ladder(st, store_schema, SCHEMA_VERSION, err);
}

int migrate_check(struct store *st, struct err *err)
{
	struct err_quote q;
	struct found f;

	if (look(st, &f, err) < 0)
		return -1;
	if (f.application_id != SCHEMA_APPLICATION_ID || f.version < 1)
		return refuse_foreign(st, err);
	if (f.version > SCHEMA_VERSION)
		return refuse_newer(st, f.version, SCHEMA_VERSION, err);
	if (f.version < SCHEMA_VERSION)
		return err_set(err, ERR_STORE,
			"%s: of an older version of ruad (schema %lld, this one needs %d); the next run "
			"of ruad-ingest brings it up",
			err_printable(&q, slice_of(store_path(st))), (long long)f.version,
			SCHEMA_VERSION);
	return 0;
}
