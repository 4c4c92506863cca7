#include "store/write.h"

#include <assert.h>
#include <stdlib.h>

/* Sums by key, in a table of fixed size: open addressing, never more than three quarters full. */
struct cell {
	int64_t domain, source, trait, records, messages; /* records 0: free */
	int32_t day, result;                              /* the result is the trait's */
};

struct cells {
	struct cell *slots;
	uint32_t *used; /* where the taken ones are, in order of arrival */
	uint32_t size, len, max;
};

/* A report with more sources than this is summed by SQL when it is whole; a mail or batch that
 * would hold more is written out sooner. 2.3 MiB in all. */
#define REPORT_CELLS 4096
#define MAIL_CELLS   8192
#define BATCH_CELLS  32768
/* A sorter takes as much as the page cache may have, besides it: for a report of 500,000 records it
 * is lent a small cache, and sorts the rest in a temporary file. */
#define SORT_KIB 1024

struct rollup {
	struct store *st;
	struct cells report, mail, batch;
	bool overflow;       /* of the report's */
	int64_t direct_from; /* reports of the mail from this number on are in the table; 0: none */
};

static bool cells_open(struct cells *c, uint32_t size)
{
	c->slots = calloc(size, sizeof *c->slots);
	c->used = calloc(size, sizeof *c->used);
	c->size = size;
	c->max = size / 4 * 3;
	return c->slots != NULL && c->used != NULL;
}

static void cells_close(struct cells *c)
{
	free(c->slots);
	free(c->used);
}

static void cells_clear(struct cells *c)
{
	for (uint32_t i = 0; i < c->len; i++)
		c->slots[c->used[i]].records = 0;
	c->len = 0;
}

static uint32_t hash_of(const struct cell *key)
{
	uint64_t h = (uint64_t)key->source * 0x9e3779b97f4a7c15u;

	h ^= (uint64_t)key->domain * 0xc2b2ae3d27d4eb4fu;
	h ^= ((uint64_t)(uint32_t)key->day << 32 ^ (uint64_t)key->trait) * 0x165667b19e3779f9u;
	h ^= h >> 29;
	h *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static bool same_key(const struct cell *a, const struct cell *b)
{
	return a->source == b->source && a->domain == b->domain && a->day == b->day &&
	       a->trait == b->trait;
}

/* False: full. */
static bool cells_add(struct cells *c, const struct cell *add)
{
	uint32_t at = hash_of(add) & (c->size - 1);

	while (c->slots[at].records != 0) {
		if (same_key(&c->slots[at], add)) {
			c->slots[at].records += add->records;
			c->slots[at].messages += add->messages;
			return true;
		}
		at = (at + 1) & (c->size - 1);
	}
	if (c->len >= c->max)
		return false;
	c->slots[at] = *add;
	c->used[c->len++] = at;
	return true;
}

int rollup_open(struct rollup **ret, struct store *st, struct err *err)
{
	struct rollup *r = calloc(1, sizeof *r);

	if (r == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	r->st = st;
	if (!cells_open(&r->report, REPORT_CELLS) || !cells_open(&r->mail, MAIL_CELLS) ||
		!cells_open(&r->batch, BATCH_CELLS)) {
		rollup_close(r);
		return err_set(err, ERR_SHORTAGE, "no memory");
	}
	*ret = r;
	return 0;
}

void rollup_close(struct rollup *r)
{
	if (r == NULL)
		return;
	cells_close(&r->report);
	cells_close(&r->mail);
	cells_close(&r->batch);
	free(r);
}

void rollup_record(struct rollup *r, int64_t source, int64_t trait, unsigned result, int64_t count)
{
	struct cell add = {
		.source = source,
		.trait = trait,
		.records = 1,
		.messages = count,
		.result = (int32_t)result,
	};

	if (!r->overflow && !cells_add(&r->report, &add))
		r->overflow = true;
}

static int write_cell(struct store *st, const struct cell *c, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, STMT_DAILY_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, c->domain);
	(void)sqlite3_bind_int64(stmt, 2, c->day);
	(void)sqlite3_bind_int64(stmt, 3, c->source);
	(void)sqlite3_bind_int64(stmt, 4, c->result);
	(void)sqlite3_bind_int64(stmt, 5, c->trait);
	(void)sqlite3_bind_int64(stmt, 6, c->records);
	(void)sqlite3_bind_int64(stmt, 7, c->messages);
	return sql_run(st, stmt, "cannot add to the daily sums", err);
}

/* The domain's judgement lags behind its facts for this day (store/assess.h). */
static int mark_unassessed(struct store *st, int64_t domain, int32_t day, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, STMT_UNASSESSED_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	(void)sqlite3_bind_int64(stmt, 2, day);
	return sql_run(st, stmt, "cannot mark a day as not judged", err);
}

/* Domain and day are told from the outside until a report is accepted. */
static void name_cells(struct cells *c, int64_t domain, int32_t day)
{
	for (uint32_t i = 0; i < c->len; i++) {
		c->slots[c->used[i]].domain = domain;
		c->slots[c->used[i]].day = day;
	}
}

int rollup_report_end(
	struct rollup *r, int64_t report, int64_t domain, int32_t day, struct err *err)
{
	bool fits = r->mail.len + r->report.len <= r->mail.max;
	int rc = 0;

	/* Once one report of a mail went to the table, the later ones do: one number tells which. */
	if (r->overflow || !fits || r->direct_from != 0) {
		if (r->direct_from == 0)
			r->direct_from = report;
		rc = rollup_add_stored(r->st, report, domain, day, err);
	} else {
		name_cells(&r->report, domain, day);
		for (uint32_t i = 0; i < r->report.len; i++) {
			bool added = cells_add(&r->mail, &r->report.slots[r->report.used[i]]);

			assert(added); /* it fits */
			(void)added;
		}
	}
	rollup_report_clear(r);
	return rc;
}

void rollup_report_clear(struct rollup *r)
{
	cells_clear(&r->report);
	r->overflow = false;
}

int rollup_mail_end(struct rollup *r, struct err *err)
{
	if (r->batch.len + r->mail.len > r->batch.max && rollup_flush(r, err) < 0)
		return -1;
	for (uint32_t i = 0; i < r->mail.len; i++) {
		bool fits = cells_add(&r->batch, &r->mail.slots[r->mail.used[i]]);

		assert(fits); /* the batch holds more than a mail */
		(void)fits;
	}
	cells_clear(&r->mail);
	r->direct_from = 0;
	return 0;
}

void rollup_mail_clear(struct rollup *r)
{
	rollup_report_clear(r);
	cells_clear(&r->mail);
	r->direct_from = 0;
}

bool rollup_is_direct(const struct rollup *r, int64_t report)
{
	return r->direct_from != 0 && report >= r->direct_from;
}

static int by_key(const void *a, const void *b, void *arg)
{
	const struct cell *slots = arg;
	const struct cell *x = &slots[*(const uint32_t *)a], *y = &slots[*(const uint32_t *)b];

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->result != y->result)
		return x->result < y->result ? -1 : 1;
	return x->trait < y->trait ? -1 : x->trait > y->trait;
}

int rollup_flush(struct rollup *r, struct err *err)
{
	struct cells *c = &r->batch;
	const struct cell *last = NULL;

	/* In the table's own order, so that each of its pages is visited once. */
	qsort_r(c->used, c->len, sizeof *c->used, by_key, c->slots);
	for (uint32_t i = 0; i < c->len; i++) {
		const struct cell *cell = &c->slots[c->used[i]];
		bool new_day =
			last == NULL || last->domain != cell->domain || last->day != cell->day;

		if ((new_day && mark_unassessed(r->st, cell->domain, cell->day, err) < 0) ||
			write_cell(r->st, cell, err) < 0)
			return -1;
		last = cell;
	}
	cells_clear(c);
	return 0;
}

static int run_share(struct store *st, enum stmt id, int64_t report, int64_t domain, int32_t day,
	struct err *err)
{
	sqlite3_stmt *stmt;

	if (mark_unassessed(st, domain, day, err) < 0 || sql_get(st, id, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, report);
	(void)sqlite3_bind_int64(stmt, 2, domain);
	(void)sqlite3_bind_int64(stmt, 3, day);
	return sql_run(st, stmt, "cannot change the daily sums", err);
}

int rollup_add_stored(
	struct store *st, int64_t report, int64_t domain, int32_t day, struct err *err)
{
	int rc;

	if (sql_cache(st, SORT_KIB, err) < 0)
		return -1;
	rc = run_share(st, STMT_DAILY_ADD_REPORT, report, domain, day, err);
	return sql_cache(st, CACHE_KIB, rc < 0 ? NULL : err) < 0 ? -1 : rc;
}

int rollup_subtract_stored(
	struct store *st, int64_t report, int64_t domain, int32_t day, struct err *err)
{
	sqlite3_stmt *stmt;

	if (run_share(st, STMT_DAILY_SUBTRACT_REPORT, report, domain, day, err) < 0 ||
		sql_get(st, STMT_DAILY_DROP_EMPTY, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	(void)sqlite3_bind_int64(stmt, 2, day);
	return sql_run(st, stmt, "cannot change the daily sums", err);
}
