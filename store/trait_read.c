#include "store/trait_read.h"

#include "store/sql.h"

static int read_signatures(struct store *st, int64_t id, struct trait *t, struct trait_key *keys,
	struct slice (*keep)(void *arg, struct slice text), void *arg, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_TRAIT_SIGNATURES, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, id);
	while ((more = sql_step(st, stmt, "cannot read a trait", err)) > 0 &&
		t->signatures_len < TRAIT_SIGNATURES_MAX) {
		unsigned n = t->signatures_len++;

		if (keys != NULL)
			keys[n] = (struct trait_key){ sqlite3_column_int64(stmt, 1),
				sqlite3_column_int64(stmt, 2) };
		t->signatures[n] = (struct trait_signature){ keep(arg, sql_text(stmt, 3)),
			keep(arg, sql_text(stmt, 4)), sqlite3_column_int(stmt, 0) != 0 };
	}
	if (more >= 0)
		(void)sqlite3_reset(stmt);
	return more < 0 ? -1 : 0;
}

int trait_read(struct store *st, int64_t id, struct trait *ret, struct trait_key *keys,
	struct slice (*keep)(void *arg, struct slice text), void *arg, struct err *err)
{
	sqlite3_stmt *stmt;
	int more, result;

	if (sql_get(st, STMT_TRAIT_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, id);
	more = sql_step(st, stmt, "cannot read a trait", err);
	if (more < 0)
		return -1;
	if (more == 0)
		return err_set(err, ERR_STORE, "%s: the daily sums name a trait that is not there",
			store_path(st));
	result = sqlite3_column_int(stmt, 0);
	*ret = (struct trait){
		.disposition = (uint8_t)(result >> 4),
		.dkim = result >> 2 & 3,
		.spf = result & 3,
		.reasons = (uint16_t)sqlite3_column_int(stmt, 1),
		.spf_result = (uint8_t)sqlite3_column_int(stmt, 2),
		.spf_own = sqlite3_column_int(stmt, 3) != 0,
		.envelope = (uint8_t)sqlite3_column_int(stmt, 4),
		.spf_domain = keep(arg, sql_text(stmt, 5)),
		.other_dkim = keep(arg, sql_text(stmt, 6)),
	};
	(void)sqlite3_reset(stmt);
	return read_signatures(st, id, ret, keys, keep, arg, err);
}
