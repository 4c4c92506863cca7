#include "store/assess_parts.h"

#include <stdio.h>

#include "store/base/day.h"
#include "store/base/utf8.h"

/* The last so many days of a domain's reports say which policy is published now. */
#define POLICY_DAYS 7

int event_add(struct store *st, const struct event *e, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, STMT_EVENT_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, day_now());
	sql_bind_text(stmt, 2, slice_of(e->type));
	sql_bind_text(stmt, 3, e->domain);
	sql_bind_text(stmt, 4, e->object);
	sql_bind_text(stmt, 5, e->before);
	sql_bind_text(stmt, 6, e->after);
	sql_bind_text(stmt, 7, utf8_keep(e->who, TEXT_KEEP));
	if (sql_run(st, stmt, "cannot keep an event", err) < 0)
		return -1;
	if (ret != NULL)
		*ret = sqlite3_last_insert_rowid(st->db);
	return 0;
}

/* ---- the published policy --------------------------------------------------------------------- */

#define POLICY_TEXT_MAX 64

/* "" where no majority of the reporters says one thing. */
static int policy_now(struct assess *a, char dst[POLICY_TEXT_MAX], struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	dst[0] = '\0';
	if (sql_get(a->st, STMT_POLICY_NOW, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	(void)sqlite3_bind_int(stmt, 2, POLICY_DAYS);
	more = sql_step(a->st, stmt, "cannot read the published policy", err);
	if (more < 0)
		return -1;
	if (more > 0) {
		const int p = sqlite3_column_int(stmt, 0), sp = sqlite3_column_int(stmt, 1);
		const int64_t agree = sqlite3_column_int64(stmt, 2);

		if (agree > sqlite3_column_int64(stmt, 3) - agree && p > REPORT_POLICY_UNKNOWN &&
			p < REPORT_POLICY_COUNT && sp < REPORT_POLICY_COUNT)
			(void)snprintf(dst, POLICY_TEXT_MAX, "p=%s sp=%s",
				report_policy_words.names[p], report_policy_words.names[sp]);
	}
	(void)sqlite3_reset(stmt);
	return 0;
}

/* 1: dst is what the last event of this type said; 0: there is none; -1. */
static int policy_of_event(
	struct assess *a, const char *type, char dst[POLICY_TEXT_MAX], struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(a->st, STMT_POLICY_BEFORE, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, slice_of(a->name));
	sql_bind_text(stmt, 2, slice_of(type));
	more = sql_step(a->st, stmt, "cannot look up an event", err);
	if (more > 0)
		(void)snprintf(dst, POLICY_TEXT_MAX, "%.*s", SLICE_FMT(sql_text(stmt, 0)));
	if (more >= 0)
		(void)sqlite3_reset(stmt);
	return more;
}

int event_policy(struct assess *a, struct err *err)
{
	char now[POLICY_TEXT_MAX], before[POLICY_TEXT_MAX];
	struct event e = { .type = "policy.changed",
		.domain = slice_of(a->name),
		.object = SLICE_ABSENT,
		.who = SLICE_ABSENT };
	int known;

	if (policy_now(a, now, err) < 0)
		return -1;
	if (now[0] == '\0')
		return 0;
	known = policy_of_event(a, "policy.changed", before, err);
	if (known == 0)
		known = policy_of_event(a, "policy.seen", before, err);
	if (known < 0)
		return -1;
	if (known > 0 && strcmp(before, now) == 0)
		return 0;
	/* The first time there is nothing it could have changed from. */
	if (known == 0)
		e.type = "policy.seen";
	e.before = known > 0 ? slice_of(before) : SLICE_ABSENT;
	e.after = slice_of(now);
	a->changed = true;
	return event_add(a->st, &e, NULL, err);
}
