#include "store/write.h"

#include <assert.h>

#include "store/base/day.h"
#include "store/base/domain.h"

static int run_name(struct store *st, enum stmt id, struct slice key, int *changes, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, id, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, key);
	if (id == STMT_CLAIM_SET)
		(void)sqlite3_bind_int64(stmt, 2, day_now());
	if (sql_run(st, stmt, "cannot change a domain", err) < 0)
		return -1;
	*changes = sqlite3_changes(st->db);
	return 0;
}

static int is_own(struct store *st, struct slice key, bool *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_DOMAIN_FIND, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, key);
	more = sql_step(st, stmt, "cannot look up a domain", err);
	if (more < 0)
		return -1;
	*ret = more > 0 && sqlite3_column_int(stmt, 1) != 0;
	(void)sqlite3_reset(stmt);
	return 0;
}

static int add(struct store *st, struct slice key, struct err *err)
{
	struct err_quote q;
	bool own;
	int changes;

	if (is_own(st, key, &own, err) < 0)
		return -1;
	if (own)
		return err_set(
			err, ERR_USAGE, "%s is one of your domains already", err_quote(&q, key));
	if (run_name(st, STMT_CLAIM_SET, key, &changes, err) < 0)
		return -1;
	return run_name(st, STMT_CLAIM_UNDER, key, &changes, err);
}

static int drop(struct store *st, struct slice key, struct err *err)
{
	struct err_quote q;
	int changes;

	if (run_name(st, STMT_CLAIM_UNSET, key, &changes, err) < 0)
		return -1;
	if (changes == 0)
		return err_set(
			err, ERR_NOT_FOUND, "%s is not one of your domains", err_quote(&q, key));
	if (run_name(st, STMT_CLAIM_AGAIN, key, &changes, err) < 0)
		return -1;
	return run_name(st, STMT_CLAIM_DROP_UNUSED, key, &changes, err);
}

/* A decision is a transaction of its own; what the sink holds is committed before. */
static int decide(struct store *st, struct slice domain,
	int (*change)(struct store *, struct slice, struct err *), struct err *err)
{
	char key[DOMAIN_KEY_MAX];
	struct err_quote q;
	size_t len;

	assert(st->writer != NULL);
	if (!domain_key(domain, key, &len))
		return err_set(err, ERR_USAGE, "%s is no domain name", err_quote(&q, domain));
	if (writer_sync(st->writer, err) < 0 || writer_begin(st->writer, err) < 0)
		return -1;
	if (change(st, slice_from(key, len), err) < 0 ||
		writer_raise(st, "decisions_version", err) < 0) {
		if (!st->options.dry_run && sqlite3_get_autocommit(st->db) == 0)
			(void)sql_exec(st, "ROLLBACK", NULL);
		st->writer->in_batch = sqlite3_get_autocommit(st->db) == 0;
		return -1;
	}
	/* A dropped row's number may be in the cache. */
	intern_forget(st->writer->intern);
	return writer_sync(st->writer, err);
}

int store_domain_add(struct store *st, struct slice domain, struct err *err)
{
	return decide(st, domain, add, err);
}

int store_domain_remove(struct store *st, struct slice domain, struct err *err)
{
	return decide(st, domain, drop, err);
}
