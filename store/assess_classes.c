#include "store/assess_rows.h"

enum column {
	COLUMN_SOURCE,
	COLUMN_TRAIT,
	COLUMN_RESULT,
	COLUMN_REASONS,
	COLUMN_ENVELOPE,
	COLUMN_SIGNATURES,
	COLUMN_ANY_VALID,
	COLUMN_DECIDED,
	COLUMN_OWN_NETWORK,
	COLUMN_LISTED,
	COLUMN_SERVICE,
	COLUMN_HOME_HERE,
	COLUMN_HOME_ELSEWHERE,
	COLUMN_SMALL,
	COLUMN_GROUP_OWN,
	COLUMN_GROUP_MESSAGES,
	COLUMN_NEAR,
	COLUMN_STEADY,
	COLUMN_CLASS,
	COLUMN_RULE,
};

/* As much of a trait as rules look at: of signatures, how many and whether one is valid. */
static void row_trait(sqlite3_stmt *row, struct trait *t)
{
	int result = sqlite3_column_int(row, COLUMN_RESULT);
	int signatures = sqlite3_column_int(row, COLUMN_SIGNATURES);

	*t = (struct trait){
		.disposition = (uint8_t)(result >> 4),
		.dkim = (uint8_t)(result >> 2 & 3),
		.spf = (uint8_t)(result & 3),
		.reasons = (uint16_t)sqlite3_column_int(row, COLUMN_REASONS),
		.envelope = (uint8_t)sqlite3_column_int(row, COLUMN_ENVELOPE),
		.signatures_len =
			(unsigned)(signatures < TRAIT_SIGNATURES_MAX ? signatures
								     : TRAIT_SIGNATURES_MAX),
	};
	if (t->signatures_len > 0)
		t->signatures[0].pass = sqlite3_column_int(row, COLUMN_ANY_VALID) != 0;
}

static struct class_facts row_facts(sqlite3_stmt *row, const struct trait *t)
{
	const struct service *s = catalogue_find(sql_text(row, COLUMN_SERVICE));
	bool decided = sqlite3_column_type(row, COLUMN_DECIDED) != SQLITE_NULL;

	return (struct class_facts){
		.decided = decided ? sqlite3_column_int(row, COLUMN_DECIDED) : -1,
		.own_network = sqlite3_column_int(row, COLUMN_OWN_NETWORK) != 0,
		.listed_service = sqlite3_column_int(row, COLUMN_LISTED) != 0,
		.known_service = s != NULL,
		.relay_service =
			s != NULL && (s->role == SERVICE_FORWARDER || s->role == SERVICE_LIST),
		.trait = t,
		.home_here = sqlite3_column_int(row, COLUMN_HOME_HERE) != 0,
		.home_elsewhere = sqlite3_column_int(row, COLUMN_HOME_ELSEWHERE) != 0,
		.small_beside_home = sqlite3_column_int(row, COLUMN_SMALL) != 0,
		.group_own = sqlite3_column_int64(row, COLUMN_GROUP_OWN),
		.group_messages = sqlite3_column_int64(row, COLUMN_GROUP_MESSAGES),
		.near_own = sqlite3_column_int(row, COLUMN_NEAR) != 0,
		.steady = sqlite3_column_int(row, COLUMN_STEADY) != 0,
	};
}

/* Kept, where it differs from what is there. */
static int keep_class(
	struct assess *a, sqlite3_stmt *row, int class, enum class_rule rule, struct err *err)
{
	bool judged = sqlite3_column_type(row, COLUMN_CLASS) != SQLITE_NULL;
	int64_t source = sqlite3_column_int64(row, COLUMN_SOURCE);
	int64_t trait = sqlite3_column_int64(row, COLUMN_TRAIT);
	sqlite3_stmt *stmt;

	if (judged && sqlite3_column_int(row, COLUMN_CLASS) == class &&
		sqlite3_column_int(row, COLUMN_RULE) == (int)rule)
		return 0;
	a->changed = true;
	if (sql_get(a->st, STMT_ASSESS_JUDGE, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	(void)sqlite3_bind_int64(stmt, 2, source);
	(void)sqlite3_bind_int64(stmt, 3, trait);
	(void)sqlite3_bind_int(stmt, 4, class);
	(void)sqlite3_bind_int(stmt, 5, (int)rule);
	if (sql_run(a->st, stmt, "cannot keep a class", err) < 0)
		return -1;
	if (sql_get(a->st, STMT_ASSESS_CHANGED, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, source);
	(void)sqlite3_bind_int64(stmt, 2, trait);
	return sql_run(a->st, stmt, "cannot note a change", err);
}

static int judge_rows(struct assess *a, enum stmt rows, struct err *err)
{
	sqlite3_stmt *row;
	int more;

	if (sql_get(a->st, rows, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, a->domain);
	while ((more = sql_step(a->st, row, "cannot read what is to be judged", err)) > 0) {
		enum class_rule rule;
		struct class_facts facts;
		struct trait trait;
		int class;

		row_trait(row, &trait);
		facts = row_facts(row, &trait);
		class = (int)class_of(&facts, &rule);
		if (keep_class(a, row, class, rule, err) < 0) {
			more = -1;
			break;
		}
	}
	(void)sqlite3_reset(row);
	return more;
}

int assess_classes(struct assess *a, struct err *err)
{
	if (judge_rows(a, STMT_ASSESS_PASSING, err) < 0 ||
		writer_run_1(a->st, STMT_ASSESS_SHARES, a->domain, err) < 0)
		return -1;
	return judge_rows(a, STMT_ASSESS_OTHERS, err);
}
