#include "store/write.h"

#include <assert.h>

struct old_report {
	int64_t id, domain, original; /* original 0: none kept */
	int32_t day;
};

/* 1: there is one; 0: none; -1. The last of a day first: a twin never outlives the report that
 * makes it one. */
static int pick(
	struct store *st, int32_t day, bool originals_only, struct old_report *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, originals_only ? STMT_EXPIRE_PICK_ORIGINAL : STMT_EXPIRE_PICK, &stmt, err) <
		0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, day);
	more = sql_step(st, stmt, "cannot look for old reports", err);
	if (more > 0) {
		ret->id = sqlite3_column_int64(stmt, 0);
		ret->domain = sqlite3_column_int64(stmt, 1);
		ret->day = sqlite3_column_int(stmt, 2);
		ret->original = sqlite3_column_int64(stmt, 3);
	}
	if (more >= 0)
		(void)sqlite3_reset(stmt);
	return more;
}

/* Its own, and what mails that contradicted it said. */
static int drop_originals(struct store *st, const struct old_report *o, struct err *err)
{
	static const enum stmt of_conflicts[] = { STMT_EXPIRE_CONFLICTS_MORE_DROP,
		STMT_EXPIRE_CONFLICTS_DROP, STMT_EXPIRE_CONFLICTS_FORGET };

	for (size_t i = 0; i < sizeof of_conflicts / sizeof *of_conflicts; i++) {
		if (writer_run_1(st, of_conflicts[i], o->id, err) < 0)
			return -1;
	}
	if (o->original == 0)
		return 0;
	if (writer_run_1(st, STMT_EXPIRE_ORIGINAL_FORGET, o->id, err) < 0 ||
		writer_run_1(st, STMT_ORIGINAL_MORE_DROP, o->original, err) < 0)
		return -1;
	return writer_run_1(st, STMT_ORIGINAL_DROP, o->original, err);
}

static int drop_report(struct store *st, const struct old_report *o, struct err *err)
{
	static const enum stmt drops[] = { STMT_RECORD_DROP, STMT_UNREADABLE_DROP, STMT_NOTE_DROP,
		STMT_REPORT_DROP };

	if (rollup_subtract_stored(st, o->id, o->domain, o->day, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
		if (writer_run_1(st, drops[i], o->id, err) < 0)
			return -1;
	}
	return 0;
}

static int has_orphans(struct store *st, bool *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_META_GET, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, SLICE_LIT("orphans"));
	more = sql_step(st, stmt, "cannot read the store's settings", err);
	if (more < 0)
		return -1;
	*ret = more > 0 && sqlite3_column_int64(stmt, 0) != 0;
	(void)sqlite3_reset(stmt);
	return 0;
}

static int drop_old(struct store *st, int32_t day, bool originals_only, int64_t most,
	int64_t *dropped, struct err *err)
{
	struct old_report o;
	int64_t n = 0;
	int more = 0;

	while (n < most && (more = pick(st, day, originals_only, &o, err)) > 0) {
		if (drop_originals(st, &o, err) < 0 ||
			(!originals_only && drop_report(st, &o, err) < 0))
			return -1;
		n++;
	}
	if (more < 0)
		return -1;
	if (n > 0 && writer_raise(st, "data_version", err) < 0)
		return -1;
	if (n > 0 && !originals_only && writer_set_orphans(st, true, err) < 0)
		return -1;
	*dropped = n;
	return 0;
}

/* What nothing refers to any more. One pass over the records, after the last step: to know that
 * a detail is unused is to have looked at all of them. */
static int sweep(struct store *st, struct err *err)
{
	static const enum stmt drops[] = { STMT_ORPHAN_DETAILS, STMT_ORPHAN_AUTHS,
		STMT_ORPHAN_REASONS, STMT_ORPHAN_TRAITS, STMT_ORPHAN_SIGNATURES,
		STMT_ORPHAN_SOURCES, STMT_ORPHAN_NAMES, STMT_ORPHAN_POLICIES, STMT_ORPHAN_ORIGINALS,
		STMT_ORPHAN_MORE, STMT_ORPHAN_JUDGEMENTS, STMT_ORPHAN_MEMBERS };
	bool any;

	if (has_orphans(st, &any, err) < 0)
		return -1;
	if (!any)
		return 0;
	for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
		if (writer_run(st, drops[i], err) < 0)
			return -1;
	}
	return writer_set_orphans(st, false, err);
}

static int expire(struct store *st, int32_t day, bool originals_only, int64_t most,
	int64_t *dropped, struct err *err)
{
	if (writer_run(st, STMT_BEGIN, err) < 0)
		return -1;
	if (drop_old(st, day, originals_only, most, dropped, err) < 0 ||
		(*dropped == 0 && sweep(st, err) < 0) || writer_run(st, STMT_COMMIT, err) < 0) {
		if (sqlite3_get_autocommit(st->db) == 0)
			(void)sql_exec(st, "ROLLBACK", NULL);
		return -1;
	}
	return 0;
}

int store_expire(struct store *st, int32_t day, bool originals_only, int64_t most, int64_t *dropped,
	struct err *err)
{
	struct writer *w = st->writer;
	int64_t n = 0;
	int rc;

	assert(w != NULL && most > 0);
	if (writer_sync(w, err) < 0)
		return -1;
	*dropped = 0;
	if (w->in_batch) /* a dry run drops nothing */
		return 0;
	/* With the keys enforced, each row that goes would make SQLite search its children, most of
	 * which have no index for that: rows are dropped here children first, and the law is tested. */
	if (sql_keys(st, false, err) < 0)
		return -1;
	rc = expire(st, day, originals_only, most, &n, err);
	if (sql_keys(st, st->keys, rc < 0 ? NULL : err) < 0)
		return -1;
	intern_forget(w->intern);
	if (rc == 0)
		*dropped = n;
	return rc;
}
