#include "store/write.h"

#include <assert.h>
#include <stdlib.h>

/* Reports between two commits. */
#define REPARSE_BATCH 500

/* Columns of STMT_REPARSE_REPORT. */
enum {
	COLUMN_RECEIPT,
	COLUMN_RECEIVED,
	COLUMN_ORIGINAL,
	COLUMN_TRUST,
	COLUMN_FROM_MISMATCH,
	COLUMN_COMPARED, /* from here ... */
	COLUMN_BEGIN = COLUMN_COMPARED + 3,
	COLUMN_END,
	COLUMN_UNREADABLE = COLUMN_END + 3,
	COLUMN_RECORD_CONTENTS = 30,
	COLUMN_DOMAIN, /* ... to before here */
	COLUMN_DAY,
	COLUMN_REPORTER_SAME,
	COLUMN_RECORDS_DIGEST,
	COLUMN_COUNT,
};

#define WHAT_BYTES_MAX 4096

struct facts {
	sqlite3_value *columns[COLUMN_COUNT];
	struct digest records, unreadable, notes; /* of the rows, in order */
};

struct store_reparse {
	struct store *st;
	int64_t id; /* of the report at hand */
	uint64_t done;
	struct original *original;
	struct reparse_kept kept;
	struct facts old;
	bool changed;
	struct buf what;
};

static void facts_release(struct facts *f)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		sqlite3_value_free(f->columns[i]);
		f->columns[i] = NULL;
	}
}

/* All rows of a statement as one digest. Interned numbers may stand for what they name: nothing
 * interned is thrown away while a reparse runs. */
static int digest_rows(
	struct store *st, enum stmt id, int64_t report, struct digest *ret, struct err *err)
{
	struct digest_state d;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, id, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, report);
	digest_init(&d);
	while ((more = sql_step(st, stmt, "cannot read a report", err)) > 0) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++)
			digest_add_field(&d, sql_text(stmt, i));
	}
	digest_final(&d, ret);
	return more;
}

static int facts_read(struct facts *f, struct store *st, int64_t report, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	facts_release(f);
	if (sql_get(st, STMT_REPARSE_REPORT, &stmt, err) < 0)
		return -1;
	assert(sqlite3_column_count(stmt) == COLUMN_COUNT);
	(void)sqlite3_bind_int64(stmt, 1, report);
	more = sql_step(st, stmt, "cannot read a report", err);
	if (more < 0)
		return -1;
	if (more == 0)
		return err_set(err, ERR_STORE, "report %lld has gone", (long long)report);
	for (int i = 0; i < COLUMN_COUNT; i++) {
		f->columns[i] = sqlite3_value_dup(sqlite3_column_value(stmt, i));
		if (f->columns[i] == NULL)
			return err_set(err, ERR_SHORTAGE, "no memory");
	}
	(void)sqlite3_reset(stmt);
	if (digest_rows(st, STMT_REPARSE_RECORDS, report, &f->records, err) < 0 ||
		digest_rows(st, STMT_REPARSE_UNREADABLE, report, &f->unreadable, err) < 0)
		return -1;
	return digest_rows(st, STMT_REPARSE_NOTES, report, &f->notes, err);
}

/* ---- what changed -------------------------------------------------------------------------------- */

static struct slice value_text(sqlite3_value *v)
{
	const unsigned char *text = sqlite3_value_text(v);

	return slice_from(text, text != NULL ? (size_t)sqlite3_value_bytes(v) : 0);
}

static void say(struct store_reparse *r, const char *name, const char *how)
{
	if (r->what.len > 0)
		buf_add_text(&r->what, ", ");
	buf_add_text(&r->what, name);
	buf_add_text(&r->what, how);
}

static void say_value(struct store_reparse *r, sqlite3_value *v)
{
	struct err_quote q;

	if (sqlite3_value_type(v) == SQLITE_NULL)
		buf_add_text(&r->what, "nothing");
	else if (sqlite3_value_type(v) == SQLITE_INTEGER)
		buf_add(&r->what, value_text(v));
	else
		buf_add_text(&r->what, err_quote(&q, value_text(v)));
}

static bool same_value(sqlite3_value *a, sqlite3_value *b)
{
	struct slice x, y;

	if (sqlite3_value_type(a) != sqlite3_value_type(b))
		return false;
	x = value_text(a);
	y = value_text(b);
	return slice_absent(x) ? slice_absent(y) : slice_equal(x, y);
}

/* Numbers and texts are shown; of what has no short form it is said that it differs. */
static void compare_columns(struct store_reparse *r, struct facts *now, sqlite3_stmt *names)
{
	for (int i = COLUMN_COMPARED; i < COLUMN_RECORD_CONTENTS; i++) {
		const char *name = sqlite3_column_name(names, i);

		if (same_value(r->old.columns[i], now->columns[i]))
			continue;
		if (strcmp(name, "policy") == 0 || strcmp(name, "dialect") == 0) {
			say(r, name, " differs");
			continue;
		}
		say(r, name, " ");
		say_value(r, r->old.columns[i]);
		buf_add_text(&r->what, " -> ");
		say_value(r, now->columns[i]);
	}
}

static void compare(struct store_reparse *r, struct facts *now, sqlite3_stmt *names)
{
	compare_columns(r, now, names);
	if (!same_value(
		    r->old.columns[COLUMN_RECORD_CONTENTS], now->columns[COLUMN_RECORD_CONTENTS]))
		say(r, "the records", " differ");
	else if (!digest_equal(&r->old.records, &now->records))
		say(r, "the records' places", " differ");
	if (!digest_equal(&r->old.unreadable, &now->unreadable))
		say(r, "the unreadable records", " differ");
	if (!digest_equal(&r->old.notes, &now->notes))
		say(r, "the notes", " differ");
}

/* ---- the walk -------------------------------------------------------------------------------------- */

int store_reparse_open(struct store_reparse **ret, struct store *st, struct err *err)
{
	struct store_reparse *r = calloc(1, sizeof *r);

	assert(st->writer != NULL && st->writer->reparse == NULL);
	if (r == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	r->st = st;
	buf_init(&r->what, WHAT_BYTES_MAX);
	if (writer_sync(st->writer, err) < 0) {
		store_reparse_close(r);
		return -1;
	}
	st->writer->reparse = r;
	*ret = r;
	return 0;
}

int store_reparse_next(struct store_reparse *r, int64_t *report, enum report_trust *trust,
	struct original **original, struct err *err)
{
	sqlite3_stmt *stmt;
	int64_t id = 0;
	int more, stored_trust = 0;

	assert(!r->st->writer->report.open);
	original_close(r->original);
	r->original = NULL;
	r->changed = false;
	buf_clear(&r->what);
	if (sql_get(r->st, STMT_REPARSE_NEXT, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, r->id);
	more = sql_step(r->st, stmt, "cannot look for the next report", err);
	if (more < 0)
		return -1;
	if (more > 0) {
		id = sqlite3_column_int64(stmt, 0);
		stored_trust = sqlite3_column_int(stmt, 1);
	}
	(void)sqlite3_reset(stmt);
	if ((more == 0 || ++r->done % REPARSE_BATCH == 0) && writer_sync(r->st->writer, err) < 0)
		return -1;
	if (more == 0)
		return 0;
	r->id = id;
	if (original_open(&r->original, r->st, id, err) < 0)
		return err_wrap(err, "report %lld", (long long)id);
	*report = id;
	*trust = (enum report_trust)stored_trust;
	*original = r->original;
	return 1;
}

bool store_reparse_changed(struct store_reparse *r, const char **what)
{
	*what = buf_text(&r->what);
	return r->changed;
}

void store_reparse_close(struct store_reparse *r)
{
	if (r == NULL)
		return;
	if (r->st->writer->reparse == r)
		r->st->writer->reparse = NULL;
	original_close(r->original);
	facts_release(&r->old);
	buf_release(&r->what);
	free(r);
}

/* ---- from the sink ----------------------------------------------------------------------------------- */

int reparse_begin(struct store_reparse *r, int64_t *ret_id, struct err *err)
{
	static const enum stmt drops[] = { STMT_RECORD_DROP, STMT_UNREADABLE_DROP, STMT_NOTE_DROP,
		STMT_REPORT_DROP };
	sqlite3_value **c = r->old.columns;

	if (facts_read(&r->old, r->st, r->id, err) < 0)
		return -1;
	r->kept = (struct reparse_kept){
		.receipt = sqlite3_value_int64(c[COLUMN_RECEIPT]),
		.received = sqlite3_value_int64(c[COLUMN_RECEIVED]),
		.original = sqlite3_value_int64(c[COLUMN_ORIGINAL]),
		.trust = (uint8_t)sqlite3_value_int(c[COLUMN_TRUST]),
		.from_mismatch = sqlite3_value_int(c[COLUMN_FROM_MISMATCH]) != 0,
	};
	if (rollup_subtract_stored(r->st, r->id, sqlite3_value_int64(c[COLUMN_DOMAIN]),
		    sqlite3_value_int(c[COLUMN_DAY]), err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
		if (writer_run_1(r->st, drops[i], r->id, err) < 0)
			return -1;
	}
	*ret_id = r->id;
	return 0;
}

const struct reparse_kept *reparse_kept(const struct store_reparse *r)
{
	return &r->kept;
}

/* Who is whose twin, in the group that the report was or is of: the first one is none. */
static int settle_twins(struct store *st, struct facts *f, struct err *err)
{
	static const int columns[] = { COLUMN_DOMAIN, COLUMN_BEGIN, COLUMN_END,
		COLUMN_RECORDS_DIGEST, COLUMN_REPORTER_SAME };
	sqlite3_stmt *stmt;

	if (sql_get(st, STMT_REPARSE_TWINS, &stmt, err) < 0)
		return -1;
	for (int i = 0; i < (int)(sizeof columns / sizeof *columns); i++)
		(void)sqlite3_bind_value(stmt, i + 1, f->columns[columns[i]]);
	return sql_run(st, stmt, "cannot settle twins", err);
}

/* The receipt's line, and the mail's ending with it, say whether all of the report was read. */
static int settle_receipt(
	struct store *st, const struct store_reparse *r, bool partial, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, STMT_REPARSE_ENTRY, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, r->id);
	(void)sqlite3_bind_int64(stmt, 2, r->kept.receipt);
	(void)sqlite3_bind_int(stmt, 3, partial ? REPORT_PARTIAL : REPORT_STORED);
	if (sql_run(st, stmt, "cannot change a receipt", err) < 0)
		return -1;
	return writer_run_1(st, STMT_REPARSE_RECEIPT, r->kept.receipt, err);
}

static int settle(struct store_reparse *r, struct facts *now, struct err *err)
{
	sqlite3_value **c = now->columns;

	if (rollup_add_stored(r->st, r->id, sqlite3_value_int64(c[COLUMN_DOMAIN]),
		    sqlite3_value_int(c[COLUMN_DAY]), err) < 0 ||
		settle_twins(r->st, &r->old, err) < 0 || settle_twins(r->st, now, err) < 0)
		return -1;
	return settle_receipt(r->st, r, sqlite3_value_int64(c[COLUMN_UNREADABLE]) > 0, err);
}

int reparse_end(struct store_reparse *r, bool *ret_equal, struct err *err)
{
	struct facts now = { .columns = { NULL } };
	sqlite3_stmt *names;
	int rc = -1;

	if (facts_read(&now, r->st, r->id, err) < 0 ||
		sql_get(r->st, STMT_REPARSE_REPORT, &names, err) < 0)
		goto out;
	compare(r, &now, names);
	r->changed = r->what.len > 0 || buf_failed(&r->what);
	*ret_equal = !r->changed;
	if (r->changed && settle(r, &now, err) < 0)
		goto out;
	rc = 0;
out:
	facts_release(&now);
	return rc;
}

void reparse_collided(struct store_reparse *r, int64_t other)
{
	r->changed = true;
	buf_printf(&r->what, "left as it is: its identity is now that of report %lld",
		(long long)other);
}
