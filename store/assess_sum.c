#include "store/assess_parts.h"

#include <stdlib.h>

/*
 * The roll-up of classes, day by day. The rows of a day are summed here and not by SQL: it would look
 * up the group, the class and the trait of every row, and those of the pairs judged a moment ago
 * are still known.
 */

/* Both are powers of two; 512 and 288 KiB. */
#define PAIRS 16384
#define CELLS 4096

enum { /* of a trait */
	SPF_SEEN = 1,
	SPF_PASSED = 2,
	OVERRIDDEN = 4,
};

/* What an address and trait are; in the place of the one before. */
struct pair {
	int64_t source, trait, group; /* source 0: free */
	uint8_t class, rule, flags;
};

struct cell {
	int64_t group, records, messages, spf_seen, spf_passed, overridden; /* group 0: free */
	int32_t class, rule, result;
};

struct assess_sums {
	struct pair pairs[PAIRS];
	struct cell cells[CELLS];
	struct cell *used[CELLS / 4 * 3];
	unsigned len;
};

int assess_sums_open(struct assess *a, struct err *err)
{
	a->sums = calloc(1, sizeof *a->sums);
	return a->sums != NULL ? 0 : err_set(err, ERR_SHORTAGE, "no memory");
}

void assess_sums_close(struct assess *a)
{
	free(a->sums);
}

void assess_sums_forget(struct assess *a)
{
	for (unsigned i = 0; i < PAIRS; i++)
		a->sums->pairs[i].source = 0;
}

/* ---- pairs ------------------------------------------------------------------------------------- */

static struct pair *slot_of(struct assess *a, int64_t source, int64_t trait)
{
	uint64_t hash =
		(uint64_t)source * 0x9e3779b97f4a7c15u ^ (uint64_t)trait * 0xc2b2ae3d27d4eb4fu;

	return &a->sums->pairs[(hash >> 32) & (PAIRS - 1)];
}

static uint8_t flags_of(unsigned spf_result, unsigned reasons)
{
	return (uint8_t)((spf_result != 0 ? SPF_SEEN : 0) |
			 (spf_result == REPORT_AUTH_PASS ? SPF_PASSED : 0) |
			 (reasons != 0 ? OVERRIDDEN : 0));
}

void assess_sums_know(struct assess *a, int64_t source, const struct assess_trait *t, int64_t group,
	enum class class, enum class_rule rule)
{
	*slot_of(a, source, t->id) = (struct pair){ .source = source,
		.trait = t->id,
		.group = group,
		.class = (uint8_t) class,
		.rule = (uint8_t)rule,
		.flags = flags_of(t->trait.spf_result, t->trait.reasons) };
}

static int find_pair(
	struct assess *a, int64_t source, int64_t trait, const struct pair **ret, struct err *err)
{
	struct pair *p = slot_of(a, source, trait);
	sqlite3_stmt *stmt;
	int more;

	*ret = p;
	if (p->source == source && p->trait == trait)
		return 0;
	if (sql_get(a->st, STMT_JUDGED_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	(void)sqlite3_bind_int64(stmt, 2, source);
	(void)sqlite3_bind_int64(stmt, 3, trait);
	more = sql_step(a->st, stmt, "cannot look up a judgement", err);
	if (more < 0)
		return -1;
	if (more > 0)
		*p = (struct pair){ .source = source,
			.trait = trait,
			.group = sqlite3_column_int64(stmt, 0),
			.class = (uint8_t)sqlite3_column_int(stmt, 1),
			.rule = (uint8_t)sqlite3_column_int(stmt, 2),
			.flags = flags_of((unsigned)sqlite3_column_int(stmt, 3),
				(unsigned)sqlite3_column_int(stmt, 4)) };
	(void)sqlite3_reset(stmt);
	return more > 0 ? 0 : err_set(err, ERR_BUG, "%s: a row was not judged", a->name);
}

/* ---- a day -------------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
	const struct cell *a = *(struct cell *const *)left, *b = *(struct cell *const *)right;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	return (a->result > b->result) - (a->result < b->result);
}

static int write_cell(struct assess *a, int32_t day, const struct cell *c, struct err *err)
{
	const int64_t values[] = { a->domain, day, c->group, c->class, c->rule, c->result,
		c->records, c->messages, c->spf_seen, c->spf_passed, c->overridden };
	sqlite3_stmt *stmt;

	if (sql_get(a->st, STMT_CLASS_DAILY_ADD, &stmt, err) < 0)
		return -1;
	for (int i = 0; i < (int)(sizeof values / sizeof *values); i++)
		(void)sqlite3_bind_int64(stmt, i + 1, values[i]);
	return sql_run(a->st, stmt, "cannot sum up the classes of a day", err);
}

/* In the order of the table, which is then written from left to right. */
static int write_cells(struct assess *a, int32_t day, struct err *err)
{
	struct assess_sums *s = a->sums;
	int rc = 0;

	qsort(s->used, s->len, sizeof *s->used, compare);
	for (unsigned i = 0; i < s->len; i++) {
		rc = rc < 0 ? rc : write_cell(a, day, s->used[i], err);
		s->used[i]->group = 0;
	}
	s->len = 0;
	return rc;
}

/* NULL: there is no room. */
static struct cell *take_cell(struct assess_sums *s, const struct pair *p, int32_t result)
{
	uint64_t hash = (uint64_t)p->group * 0x9e3779b97f4a7c15u ^
			((uint64_t)(uint32_t)result << 16 | (uint64_t)p->rule << 8 | p->class) *
				0xc2b2ae3d27d4eb4fu;
	unsigned at = (unsigned)(hash >> 40) & (CELLS - 1);
	struct cell *c;

	for (c = &s->cells[at]; c->group != 0; c = &s->cells[at]) {
		if (c->group == p->group && c->class == p->class && c->rule == p->rule &&
			c->result == result)
			return c;
		at = (at + 1) & (CELLS - 1);
	}
	if (s->len >= sizeof s->used / sizeof *s->used)
		return NULL;
	*c = (struct cell){
		.group = p->group, .class = p->class, .rule = p->rule, .result = result
	};
	s->used[s->len++] = c;
	return c;
}

static int add_row(struct assess *a, int32_t day, sqlite3_stmt *row, struct err *err)
{
	const int32_t result = sqlite3_column_int(row, 2);
	const int64_t messages = sqlite3_column_int64(row, 4);
	const struct pair *p;
	struct cell *c;

	if (find_pair(a, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1), &p, err) < 0)
		return -1;
	c = take_cell(a->sums, p, result);
	if (c == NULL) {
		if (write_cells(a, day, err) < 0)
			return -1;
		c = take_cell(a->sums, p, result);
	}
	c->records = assess_add(c->records, sqlite3_column_int64(row, 3));
	c->messages = assess_add(c->messages, messages);
	if ((p->flags & SPF_SEEN) != 0)
		c->spf_seen = assess_add(c->spf_seen, messages);
	if ((p->flags & SPF_PASSED) != 0)
		c->spf_passed = assess_add(c->spf_passed, messages);
	if ((p->flags & OVERRIDDEN) != 0)
		c->overridden = assess_add(c->overridden, messages);
	return 0;
}

static int add_rows(struct assess *a, int32_t day, struct err *err)
{
	sqlite3_stmt *stmt;
	int more, rc = 0;

	if (sql_get(a->st, STMT_DAY_ROWS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	(void)sqlite3_bind_int(stmt, 2, day);
	while (rc == 0 && (more = sql_step(a->st, stmt, "cannot read a day", err)) != 0)
		rc = more < 0 ? -1 : add_row(a, day, stmt, err);
	(void)sqlite3_reset(stmt);
	if (rc < 0) {
		for (unsigned i = 0; i < a->sums->len; i++)
			a->sums->used[i]->group = 0;
		a->sums->len = 0;
		return -1;
	}
	return write_cells(a, day, err);
}

static int run_for_day(struct assess *a, enum stmt id, int32_t day, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(a->st, id, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	(void)sqlite3_bind_int(stmt, 2, day);
	return sql_run(a->st, stmt, "cannot sum up the classes of a day", err);
}

static int sum_day(struct assess *a, int32_t day, bool dropped, struct err *err)
{
	a->changed = true;
	if (!dropped && (run_for_day(a, STMT_CLASS_DAILY_DROP, day, err) < 0 ||
				run_for_day(a, STMT_DOMAIN_DAILY_DROP, day, err) < 0))
		return -1;
	if (add_rows(a, day, err) < 0)
		return -1;
	return run_for_day(a, STMT_DOMAIN_DAILY_ADD, day, err);
}

int assess_sum_days(struct assess *a, bool all, struct err *err)
{
	int64_t open = 0;

	if (all && (writer_run_1(a->st, STMT_CLASS_DAILY_DROP_ALL, a->domain, err) < 0 ||
			   writer_run_1(a->st, STMT_DOMAIN_DAILY_DROP_ALL, a->domain, err) < 0))
		return -1;
	for (size_t i = 0; i < a->days_len; i++) {
		open += a->days[i].delta;
		if ((all || open > 0 || a->days[i].marked) &&
			sum_day(a, a->days[i].day, all || !a->known, err) < 0)
			return -1;
	}
	return 0;
}
