#include "store/assess_parts.h"

/* One row of STMT_JUDGE_ROWS. */
struct row {
	int64_t source, trait, messages, first, last, group;
	int flags;
	int class, rule; /* as judged before; class -1: it was not */
	struct class_facts facts;
};

/* Sums of a group met lately, written when another one takes the place. */
struct sums_of {
	int64_t group; /* 0: none */
	int64_t own, class[CLASS_COUNT];
};

#define SUMS 256

static void read_row(sqlite3_stmt *stmt, struct row *r)
{
	*r = (struct row){
		.source = sqlite3_column_int64(stmt, 0),
		.trait = sqlite3_column_int64(stmt, 1),
		.messages = sqlite3_column_int64(stmt, 2),
		.first = sqlite3_column_int64(stmt, 3),
		.last = sqlite3_column_int64(stmt, 4),
		.group = sqlite3_column_int64(stmt, 5),
		.flags = sqlite3_column_int(stmt, 6),
		.class = sqlite3_column_type(stmt, 7) == SQLITE_NULL ? -1
								      : sqlite3_column_int(stmt, 7),
		.rule = sqlite3_column_int(stmt, 8),
		.facts = {
			.decided = sqlite3_column_int(stmt, 9),
			.listed_service = sqlite3_column_int(stmt, 10) != 0,
			.known_service = sqlite3_column_int(stmt, 11) != 0,
			.relay_service = sqlite3_column_int(stmt, 12) != 0,
			.group_own = sqlite3_column_int64(stmt, 13),
			.group_messages = sqlite3_column_int64(stmt, 14),
		},
	};
	r->facts.own_network = (r->flags & ADDRESS_OWN_NETWORK) != 0;
	r->facts.own_spf = (r->flags & ADDRESS_OWN_SPF) != 0;
	r->facts.near_own = (r->flags & ADDRESS_NEAR_OWN) != 0;
	r->facts.steady = (r->flags & ADDRESS_STEADY) != 0;
}

static int write_sums(struct assess *a, struct sums_of *s, struct err *err)
{
	sqlite3_stmt *stmt;

	if (s->group == 0)
		return 0;
	if (sql_get(a->st, STMT_SEEN_GROUP_SUMS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->group);
	(void)sqlite3_bind_int64(stmt, 2, s->own);
	for (int i = 0; i < CLASS_COUNT; i++)
		(void)sqlite3_bind_int64(stmt, 3 + i, s->class[i]);
	return sql_run(a->st, stmt, "cannot sum up a source group", err);
}

static int keep(struct assess *a, const struct row *r, enum class class, enum class_rule rule,
	struct err *err)
{
	sqlite3_stmt *stmt;

	a->changed = true;
	if (sql_get(a->st, STMT_JUDGEMENT_SET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	(void)sqlite3_bind_int64(stmt, 2, r->source);
	(void)sqlite3_bind_int64(stmt, 3, r->trait);
	(void)sqlite3_bind_int(stmt, 4, (int)class);
	(void)sqlite3_bind_int(stmt, 5, (int)rule);
	return sql_run(a->st, stmt, "cannot keep a judgement", err);
}

static int judge(struct assess *a, struct row *r, struct sums_of *all, struct err *err)
{
	struct sums_of *sums = &all[(uint64_t)r->group % SUMS];
	const struct assess_trait *t;
	struct assess_home home;
	enum class_rule rule;
	enum class class;
	bool as_before;

	if (assess_trait(a, r->trait, &t, err) < 0 || assess_home(a, t, r->group, &home, err) < 0)
		return -1;
	r->facts.trait = &t->trait;
	r->facts.home_here = home.here;
	r->facts.home_elsewhere = home.elsewhere;
	r->facts.small_beside_home = home.small;
	class = class_of(&r->facts, &rule);
	if (sums->group != r->group) {
		if (write_sums(a, sums, err) < 0)
			return -1;
		*sums = (struct sums_of){ .group = r->group };
	}
	sums->class[class] = assess_add(sums->class[class], r -> messages);
	if (t->passes && class == CLASS_YOURS)
		sums->own = assess_add(sums->own, r->messages);
	assess_sums_know(a, r->source, t, r->group, class, rule);
	as_before = r->class == (int)class && r->rule == (int)rule;
	/* A pair that was not judged before has all its days marked with its facts. */
	if ((r->flags & ADDRESS_MOVED) != 0 || (r->class >= 0 && !as_before))
		assess_days_touch(a, r->first, r->last);
	return as_before ? 0 : keep(a, r, class, rule, err);
}

static int judge_rows(struct assess *a, bool passing, struct err *err)
{
	struct sums_of sums[SUMS] = { { .group = 0 } };
	sqlite3_stmt *stmt;
	struct row r;
	int more, rc = 0;

	if (sql_get(a->st, STMT_JUDGE_ROWS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	(void)sqlite3_bind_int(stmt, 2, passing);
	while (rc == 0 && (more = sql_step(a->st, stmt, "cannot read what was seen", err)) != 0) {
		if (more > 0)
			read_row(stmt, &r);
		rc = more < 0 ? -1 : judge(a, &r, sums, err);
	}
	(void)sqlite3_reset(stmt);
	for (unsigned i = 0; rc == 0 && i < SUMS; i++)
		rc = write_sums(a, &sums[i], err);
	return rc;
}

/* What passes first: it says how much of a group's mail is the owner's, and what fails is judged by
 * that. */
int assess_classes(struct assess *a, struct err *err)
{
	return judge_rows(a, true, err) < 0 ? -1 : judge_rows(a, false, err);
}
