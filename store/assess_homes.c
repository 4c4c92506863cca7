#include "store/assess_rows.h"

/* By volume: on three days at least, or one big mailing would be a home. */
#define HOME_SPAN_DAYS 2

/* A key: who signs, with what selector. */
struct key {
	int64_t domain, selector;
	char text[TEXT_KEEP + 1]; /* of the selector, lower case */
};

static int run_key(
	struct assess *a, enum stmt id, const struct key *k, int *changes, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(a->st, id, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, k->domain);
	(void)sqlite3_bind_int64(stmt, 2, k->selector);
	if (id == STMT_ASSESS_HOME_BUSY)
		(void)sqlite3_bind_int(stmt, 3, HOME_SPAN_DAYS);
	if (sql_run(a->st, stmt, "cannot find a key's home", err) < 0)
		return -1;
	*changes = sqlite3_changes(a->st->db);
	return 0;
}

static int add_home(struct assess *a, const struct key *k, int64_t group, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(a->st, STMT_ASSESS_HOME_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, k->domain);
	(void)sqlite3_bind_int64(stmt, 2, k->selector);
	(void)sqlite3_bind_int64(stmt, 3, group);
	return sql_run(a->st, stmt, "cannot note a key's home", err);
}

/* The domain's services that use such a selector. A weak pattern names nobody who does not sign so. */
static int homes_by_pattern(struct assess *a, const struct key *k, int *found, struct err *err)
{
	sqlite3_stmt *row;
	int more;

	*found = 0;
	if (sql_get(a->st, STMT_ASSESS_SERVICES, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, a->domain);
	(void)sqlite3_bind_int64(row, 2, k->domain);
	(void)sqlite3_bind_int64(row, 3, k->selector);
	while ((more = sql_step(a->st, row, "cannot read a domain's services", err)) > 0) {
		const struct service *s = catalogue_find(sql_text(row, 1));
		enum selector_match match =
			s != NULL ? catalogue_selector(s, slice_of(k->text)) : SELECTOR_NONE;

		if (match == SELECTOR_NONE ||
			(match == SELECTOR_WEAK && sqlite3_column_int(row, 2) == 0))
			continue;
		if (add_home(a, k, sqlite3_column_int64(row, 0), err) < 0) {
			more = -1;
			break;
		}
		++*found;
	}
	(void)sqlite3_reset(row);
	return more;
}

/* 1: *k is the key after what *k was, 0: no more, -1. */
static int next_key(struct assess *a, struct key *k, struct err *err)
{
	struct slice text;
	sqlite3_stmt *row;
	int more;

	if (sql_get(a->st, STMT_ASSESS_KEY_NEXT, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, k->domain);
	(void)sqlite3_bind_int64(row, 2, k->selector);
	more = sql_step(a->st, row, "cannot read a domain's keys", err);
	if (more > 0) {
		k->domain = sqlite3_column_int64(row, 0);
		k->selector = sqlite3_column_int64(row, 1);
		text = sql_text(row, 2);
		if (text.len > TEXT_KEEP)
			text.len = TEXT_KEEP;
		memcpy(k->text, text.len > 0 ? text.ptr : "", text.len);
		k->text[text.len] = '\0';
	}
	(void)sqlite3_reset(row);
	return more;
}

static int home_of(struct assess *a, const struct key *k, struct err *err)
{
	int found;

	if (run_key(a, STMT_ASSESS_HOME_SPF, k, &found, err) < 0)
		return -1;
	/* One without a selector has no pattern, and its volume says nothing of a key. */
	if (found > 0 || k->text[0] == '\0')
		return 0;
	if (homes_by_pattern(a, k, &found, err) < 0)
		return -1;
	return found > 0 ? 0 : run_key(a, STMT_ASSESS_HOME_BUSY, k, &found, err);
}

int assess_homes(struct assess *a, struct err *err)
{
	struct key k = { .domain = 0 };
	int more;

	if (writer_run(a->st, STMT_ASSESS_KEYS, err) < 0)
		return -1;
	while ((more = next_key(a, &k, err)) > 0) {
		if (home_of(a, &k, err) < 0)
			return -1;
	}
	if (more < 0 || writer_run(a->st, STMT_ASSESS_HOME_UNNAMED, err) < 0)
		return -1;
	return writer_run(a->st, STMT_ASSESS_HOME_SUMS, err);
}
