#include "store/assess_rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/asn.h"
#include "store/base/day.h"

/* A commit waits for the disk: small domains share one. */
#define COMMIT_MS 1000

int assess_open(struct assess **ret, struct store *st, struct err *err)
{
	struct assess *a = calloc(1, sizeof *a);

	if (a == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory to judge");
	a->st = st;
	buf_init(&a->text, TRAIT_TEXT_BYTES);
	/* They may be larger than memory is to be. */
	if (sql_exec(st, "PRAGMA temp_store = FILE", err) < 0 ||
		sql_exec(st, ASSESS_TABLES, err) < 0 || address_open(&a->address, err) < 0) {
		assess_close(a);
		return -1;
	}
	*ret = a;
	return 0;
}

void assess_close(struct assess *a)
{
	if (a == NULL)
		return;
	address_close(a->address);
	buf_release(&a->text);
	free(a);
}

/* ---- events ---------------------------------------------------------------------------------- */

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
	sql_bind_text(stmt, 7, e->who);
	if (sql_run(st, stmt, "cannot keep an event", err) < 0)
		return -1;
	if (ret != NULL)
		*ret = sqlite3_last_insert_rowid(st->db);
	return 0;
}

static struct slice class_text(int class)
{
	return class >= 0 && class < CLASS_COUNT ? slice_of(class_names[class]) : SLICE_ABSENT;
}

static int tell_groups(struct assess *a, enum stmt id, const char *type, struct err *err)
{
	bool turned = id == STMT_ASSESS_TURNED_GROUPS;
	sqlite3_stmt *row;
	int more;

	if (sql_get(a->st, id, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, a->domain);
	while ((more = sql_step(a->st, row, "cannot compare source groups", err)) > 0) {
		struct event e = { .type = type,
			.domain = slice_of(a->name),
			.object = sql_text(row, 0),
			.before = turned ? class_text(sqlite3_column_int(row, 1)) : SLICE_ABSENT,
			.after = class_text(sqlite3_column_int(row, turned ? 2 : 1)) };

		if (event_add(a->st, &e, NULL, err) < 0) {
			more = -1;
			break;
		}
	}
	(void)sqlite3_reset(row);
	return more;
}

/* ---- one domain ------------------------------------------------------------------------------ */

static int load_networks(struct assess *a, struct err *err)
{
	sqlite3_stmt *row;
	int more;

	a->networks_len = 0;
	if (sql_get(a->st, STMT_ASSESS_NETWORKS, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, a->domain);
	while ((more = sql_step(a->st, row, "cannot read own networks", err)) > 0) {
		if (a->networks_len < OWN_NETWORKS_MAX &&
			ip_net_parse(sql_text(row, 0), &a->networks[a->networks_len]))
			a->networks_len++;
	}
	(void)sqlite3_reset(row);
	return more;
}

static int load_domain(struct assess *a, int64_t domain, struct err *err)
{
	struct slice name;
	sqlite3_stmt *row;
	int more;

	a->domain = domain;
	a->name[0] = '\0';
	a->parked = false;
	if (sql_get(a->st, STMT_ASSESS_DOMAIN, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, domain);
	more = sql_step(a->st, row, "cannot read a domain", err);
	if (more > 0) {
		name = sql_text(row, 0);
		(void)snprintf(a->name, sizeof a->name, "%.*s", SLICE_FMT(name));
		a->parked = sqlite3_column_int(row, 1) != 0;
	}
	(void)sqlite3_reset(row);
	return more < 0 ? -1 : load_networks(a, err);
}

static int empty_tables(struct assess *a, struct err *err)
{
	return sql_exec(a->st,
		"DELETE FROM a_seen; DELETE FROM a_address; DELETE FROM a_group; DELETE FROM a_near;"
		"DELETE FROM a_key; DELETE FROM a_home; DELETE FROM a_home_sum; DELETE FROM a_share;"
		"DELETE FROM a_changed; DELETE FROM a_day; DELETE FROM a_before;",
		err);
}

static int run_steps(struct assess *a, const enum stmt *steps, size_t len, struct err *err)
{
	for (size_t i = 0; i < len; i++) {
		if (writer_run_1(a->st, steps[i], a->domain, err) < 0)
			return -1;
	}
	return 0;
}

static int number_of(struct assess *a, enum stmt id, int64_t *ret, struct err *err)
{
	return writer_number(a->st, id, ret, err);
}

/* class_daily for the days whose facts or judgements changed. */
static int rebuild_days(struct assess *a, struct err *err)
{
	static const enum stmt rebuild[] = { STMT_ASSESS_CLASSES_DROP, STMT_ASSESS_CLASSES_ADD,
		STMT_ASSESS_DONE };
	int64_t changed = 0;

	if (writer_run_1(a->st, STMT_ASSESS_DAYS, a->domain, err) < 0 ||
		number_of(a, STMT_ASSESS_ANY_CHANGED, &changed, err) < 0)
		return -1;
	if (changed != 0 && writer_run_1(a->st, STMT_ASSESS_DAYS_CHANGED, a->domain, err) < 0)
		return -1;
	return run_steps(a, rebuild, sizeof rebuild / sizeof *rebuild, err);
}

int assess_domain(struct assess *a, int64_t domain, struct err *err)
{
	static const enum stmt before[] = { STMT_ASSESS_SEEN, STMT_ASSESS_BEFORE };
	static const enum stmt drop[] = { STMT_ASSESS_JUDGEMENTS_DROP, STMT_ASSESS_MEMBERS_DROP };

	if (empty_tables(a, err) < 0 || load_domain(a, domain, err) < 0 ||
		run_steps(a, before, sizeof before / sizeof *before, err) < 0 ||
		assess_addresses(a, err) < 0 || assess_homes(a, err) < 0 ||
		assess_classes(a, err) < 0 ||
		run_steps(a, drop, sizeof drop / sizeof *drop, err) < 0 ||
		rebuild_days(a, err) < 0 ||
		tell_groups(a, STMT_ASSESS_NEW_GROUPS, "source.new", err) < 0 ||
		tell_groups(a, STMT_ASSESS_TURNED_GROUPS, "source.class", err) < 0)
		return -1;
	/* Last: until now class_daily could speak of them. */
	return writer_run_1(a->st, STMT_ASSESS_GROUPS_DROP, domain, err);
}

/* ---- all that wait --------------------------------------------------------------------------- */

/* 1: *domain is the next one after what it was; 0: no more. */
static int next_domain(struct store *st, int64_t *domain, struct err *err)
{
	sqlite3_stmt *row;
	int more;

	if (sql_get(st, STMT_ASSESS_NEXT, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, *domain);
	more = sql_step(st, row, "cannot see what is to be judged", err);
	if (more > 0)
		*domain = sqlite3_column_int64(row, 0);
	(void)sqlite3_reset(row);
	return more;
}

static int commit(struct assess *a, struct err *err)
{
	if (writer_raise(a->st, "data_version", err) < 0)
		return -1;
	return writer_sync(a->st->writer, err);
}

static int assess_waiting(struct assess *a, struct err *err)
{
	int64_t domain = 0, began = day_monotonic_ms();
	int more;

	while ((more = next_domain(a->st, &domain, err)) > 0) {
		if (writer_begin(a->st->writer, err) < 0 || assess_domain(a, domain, err) < 0)
			return -1;
		if (day_monotonic_ms() - began < COMMIT_MS)
			continue;
		if (commit(a, err) < 0)
			return -1;
		began = day_monotonic_ms();
	}
	if (more < 0)
		return -1;
	return a->st->writer->in_batch ? commit(a, err) : 0;
}

/* Whatever was not committed is undone: the marks stay, and the next run judges again. */
static void undo(struct store *st)
{
	if (!st->options.dry_run && sqlite3_get_autocommit(st->db) == 0)
		(void)sql_exec(st, "ROLLBACK", NULL);
	st->writer->in_batch = sqlite3_get_autocommit(st->db) == 0;
}

int assess_left(struct assess *a)
{
	a->st->writer->in_batch = sqlite3_get_autocommit(a->st->db) == 0;
	return 0;
}

int assess_run(struct store *st, int (*what)(struct assess *a, void *arg, struct err *err),
	void *arg, struct err *err)
{
	struct assess *a = NULL;
	int rc;

	assert(st->writer != NULL);
	if (writer_sync(st->writer, err) < 0 || assess_open(&a, st, err) < 0)
		return -1;
	a->asn = st->asn;
	rc = what(a, arg, err);
	if (rc < 0)
		undo(st);
	(void)empty_tables(a, NULL); /* what they took on disk */
	assess_close(a);
	return rc;
}

static int judge_waiting(struct assess *a, void *arg, struct err *err)
{
	(void)arg;
	return assess_waiting(a, err);
}

int store_assess(struct store *st, struct err *err)
{
	int64_t domain = 0;
	int more;

	if (st->options.dry_run)
		return 0;
	more = next_domain(st, &domain, err);
	return more <= 0 ? more : assess_run(st, judge_waiting, NULL, err);
}

static int judge_all(struct assess *a, void *arg, struct err *err)
{
	(void)arg;
	if (writer_begin(a->st->writer, err) < 0 ||
		writer_run(a->st, STMT_ASSESS_MARK_ALL, err) < 0)
		return -1;
	return assess_waiting(a, err);
}

int store_assess_all(struct store *st, struct err *err)
{
	return assess_run(st, judge_all, NULL, err);
}

int store_assess_asn(struct store *st, const char *path, struct err *err)
{
	struct asn *asn = NULL;

	if (path != NULL && path[0] != '\0' && asn_open(&asn, path, err) < 0)
		return -1;
	asn_close(st->asn);
	st->asn = asn;
	return 0;
}
