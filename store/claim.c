#include "store/assess_parts.h"

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

/* ---- the owner's word -------------------------------------------------------------------------- */

struct claim {
	struct slice key;
	bool add;
	const struct actor *by;
	int64_t event;
};

static int change(struct store *st, void *arg, struct err *err)
{
	struct claim *c = arg;
	const struct event e = { .type = c->add ? "domain.added" : "domain.removed",
		.domain = c->key,
		.object = SLICE_ABSENT,
		.before = SLICE_ABSENT,
		.after = SLICE_ABSENT,
		.who = c->by != NULL ? c->by->who : SLICE_ABSENT };

	if ((c->add ? add : drop)(st, c->key, err) < 0)
		return -1;
	return event_add(st, &e, &c->event, err) < 0 ? -1 : 1;
}

static int claim(
	struct store *st, struct slice domain, bool adds, const struct actor *by, struct err *err)
{
	struct claim c = { .add = adds, .by = by };
	char key[DOMAIN_KEY_MAX];
	struct err_quote q;
	size_t len;

	if (!domain_key(domain, key, &len))
		return err_set(err, ERR_USAGE, "%s is no domain name", err_quote(&q, domain));
	c.key = slice_from(key, len);
	return owner_change(st, change, &c, err);
}

int store_domain_add(struct store *st, struct slice domain, const struct actor *by, struct err *err)
{
	return claim(st, domain, true, by, err);
}

int store_domain_remove(
	struct store *st, struct slice domain, const struct actor *by, struct err *err)
{
	return claim(st, domain, false, by, err);
}

int claim_undo(struct store *st, const struct undo *u, struct err *err)
{
	struct claim c = { .key = u->domain,
		.add = slice_equal(u->type, SLICE_LIT("domain.removed")),
		.by = u->by };

	if (change(st, &c, err) < 0)
		return -1;
	*u->ret_event = c.event;
	return 0;
}
