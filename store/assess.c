#include "store/assess_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "store/base/day.h"

/* Of pages in memory while a domain is judged, and with it what a sorter may take: the store's, and
 * those of the temporary tables. */
#define SEEN_CACHE_KIB 2048
/* A source that begins in a domain's first days is no news: nothing was known before. */
#define LEARNING_DAYS 14
/* A commit waits for the disk: small domains share one. */
#define COMMIT_MS 1000

#define TEXT_(n) #n
#define TEXT(n)  TEXT_(n)

static const char tables[] =
	"PRAGMA temp_store = FILE;"
	"CREATE TEMP TABLE seen_pair (source INTEGER NOT NULL, trait INTEGER NOT NULL,"
	" result INTEGER NOT NULL, messages INTEGER NOT NULL, first INTEGER NOT NULL,"
	" last INTEGER NOT NULL, PRIMARY KEY (source, trait)) WITHOUT ROWID;"
	"CREATE TEMP TABLE seen_net (net BLOB PRIMARY KEY) WITHOUT ROWID;"
	"CREATE TEMP TABLE seen_address (source INTEGER PRIMARY KEY, grp INTEGER NOT NULL,"
	" flags INTEGER NOT NULL);"
	"CREATE TEMP TABLE seen_group (id INTEGER PRIMARY KEY, key TEXT NOT NULL, name TEXT NOT NULL,"
	" evidence INTEGER NOT NULL, detail TEXT NOT NULL, service TEXT, relay INTEGER NOT NULL,"
	" fresh INTEGER NOT NULL, inherited INTEGER NOT NULL DEFAULT 0, lead INTEGER NOT NULL,"
	" first INTEGER NOT NULL DEFAULT 9223372036854775807, messages INTEGER NOT NULL DEFAULT 0,"
	" decided INTEGER NOT NULL DEFAULT -1,"
	" listed INTEGER NOT NULL DEFAULT 0, own INTEGER NOT NULL DEFAULT 0,"
	" class_0 INTEGER NOT NULL DEFAULT 0, class_1 INTEGER NOT NULL DEFAULT 0,"
	" class_2 INTEGER NOT NULL DEFAULT 0, class_3 INTEGER NOT NULL DEFAULT 0);"
	"CREATE TEMP TABLE seen_follower (grp INTEGER NOT NULL, class INTEGER NOT NULL,"
	" messages INTEGER NOT NULL, PRIMARY KEY (grp, class)) WITHOUT ROWID;"
	"CREATE TEMP TABLE seen_signature (domain INTEGER NOT NULL, selector INTEGER NOT NULL,"
	" grp INTEGER NOT NULL, messages INTEGER NOT NULL, passed INTEGER, first INTEGER, last INTEGER,"
	" spf INTEGER NOT NULL, PRIMARY KEY (domain, selector, grp)) WITHOUT ROWID;"
	"CREATE TEMP TABLE seen_key (domain INTEGER NOT NULL, selector INTEGER NOT NULL,"
	" named INTEGER NOT NULL, busiest INTEGER, messages INTEGER,"
	" PRIMARY KEY (domain, selector)) WITHOUT ROWID;"
	"CREATE TEMP TABLE home (domain INTEGER NOT NULL, selector INTEGER NOT NULL,"
	" grp INTEGER NOT NULL, PRIMARY KEY (domain, selector, grp)) WITHOUT ROWID;"
	"PRAGMA temp.cache_size = -" TEXT(SEEN_CACHE_KIB);
static const char empty[] =
	"DELETE FROM temp.seen_pair; DELETE FROM temp.seen_net; DELETE FROM temp.seen_address;"
	"DELETE FROM temp.seen_group; DELETE FROM temp.seen_follower; DELETE FROM temp.seen_signature;"
	"DELETE FROM temp.seen_key; DELETE FROM temp.home";

/* ---- a domain -------------------------------------------------------------------------------- */

static int read_networks(struct assess *a, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	a->nets_len = 0;
	if (sql_get(a->st, STMT_NETWORKS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	while ((more = sql_step(a->st, stmt, "cannot read your networks", err)) > 0 &&
		a->nets_len < OWN_NETWORKS_MAX) {
		if (ip_net_parse(sql_text(stmt, 0), &a->nets[a->nets_len]))
			a->nets_len++;
	}
	if (more >= 0)
		(void)sqlite3_reset(stmt);
	return more < 0 ? -1 : 0;
}

/* 1: there is such a domain; 0; -1. */
static int read_domain(struct assess *a, struct err *err)
{
	sqlite3_stmt *stmt;
	struct slice name;
	int more;

	if (sql_get(a->st, STMT_ASSESS_DOMAIN, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	more = sql_step(a->st, stmt, "cannot look up a domain", err);
	if (more <= 0)
		return more;
	name = sql_text(stmt, 0);
	assert(name.len < sizeof a->name);
	memcpy(a->name, name.ptr, name.len);
	a->name[name.len] = '\0';
	a->parked = sqlite3_column_int(stmt, 1) != 0;
	a->known = sqlite3_column_int(stmt, 2) != 0;
	a->first = sqlite3_column_int(stmt, 3);
	(void)sqlite3_reset(stmt);
	return 1;
}

static bool add_day(struct assess *a, int32_t day, bool marked)
{
	if (a->days_len == a->days_cap) {
		size_t cap = a->days_cap != 0 ? 2 * a->days_cap : 512;
		struct assess_day *days = reallocarray(a->days, cap, sizeof *days);

		if (days == NULL)
			return false;
		a->days = days;
		a->days_cap = cap;
	}
	a->days[a->days_len++] = (struct assess_day){ .day = day, .marked = marked };
	return true;
}

/* Twelve bytes a day: a hundred years are 430 KiB. */
static int read_days(struct assess *a, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	a->days_len = 0;
	if (sql_get(a->st, STMT_ASSESS_DAYS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	while ((more = sql_step(a->st, stmt, "cannot read the days of a domain", err)) > 0) {
		if (!add_day(a, sqlite3_column_int(stmt, 0), sqlite3_column_int(stmt, 1) != 0)) {
			(void)sqlite3_reset(stmt);
			return err_set(err, ERR_SHORTAGE, "no memory for the days of a domain");
		}
	}
	if (more == 0)
		(void)sqlite3_reset(stmt);
	return more;
}

/* The first day that is not before this one. */
static size_t day_at(const struct assess *a, int64_t day)
{
	size_t low = 0, high = a->days_len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (a->days[middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Days between that have nothing of it are summed for nothing, and rightly. */
void assess_days_touch(struct assess *a, int64_t first, int64_t last)
{
	size_t from = day_at(a, first), to = day_at(a, last + 1);

	if (from >= to)
		return;
	a->days[from].delta++;
	if (to < a->days_len)
		a->days[to].delta--;
}

/* ---- what follows from the classes -------------------------------------------------------------- */

static int tell_group(struct assess *a, sqlite3_stmt *row, bool news, struct err *err)
{
	const int class = sqlite3_column_int(row, 6);
	const bool first_time = sqlite3_column_type(row, 7) == SQLITE_NULL;
	const bool fresh = sqlite3_column_int(row, 8) != 0;
	struct event e = { .type = "source.class",
		.domain = slice_of(a->name),
		.object = sql_text(row, 1),
		.before = SLICE_ABSENT,
		.after = slice_of(class_names[class]),
		.who = SLICE_ABSENT };

	if (!first_time && news && sqlite3_column_int(row, 7) != class) {
		e.before = slice_of(class_names[sqlite3_column_int(row, 7)]);
		return event_add(a->st, &e, NULL, err);
	}
	e.type = "source.new";
	if (fresh && a->known && sqlite3_column_int64(row, 9) - a->first >= LEARNING_DAYS)
		return event_add(a->st, &e, NULL, err);
	return 0;
}

static int set_group(struct assess *a, sqlite3_stmt *row, struct err *err)
{
	sqlite3_stmt *stmt;

	a->changed = true;
	if (sql_get(a->st, STMT_GROUP_SET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, sqlite3_column_int64(row, 0));
	(void)sqlite3_bind_value(stmt, 2, sqlite3_column_value(row, 2));
	(void)sqlite3_bind_value(stmt, 3, sqlite3_column_value(row, 3));
	(void)sqlite3_bind_value(stmt, 4, sqlite3_column_value(row, 4));
	(void)sqlite3_bind_value(stmt, 5, sqlite3_column_value(row, 5));
	(void)sqlite3_bind_value(stmt, 6, sqlite3_column_value(row, 6));
	return sql_run(a->st, stmt, "cannot keep a source group", err);
}

/* The rows of the groups as they are now, and what that is news of. */
static int keep_groups(struct assess *a, bool news, struct err *err)
{
	sqlite3_stmt *stmt;
	int more, rc = 0;

	if (sql_get(a->st, STMT_GROUP_NEWS, &stmt, err) < 0)
		return -1;
	while (rc == 0 && (more = sql_step(a->st, stmt, "cannot read source groups", err)) != 0) {
		if (more < 0 || tell_group(a, stmt, news, err) < 0 || set_group(a, stmt, err) < 0)
			rc = -1;
	}
	(void)sqlite3_reset(stmt);
	return rc;
}

static int sweep(struct assess *a, struct err *err)
{
	static const enum stmt sweeps[] = { STMT_JUDGEMENT_SWEEP, STMT_MEMBER_SWEEP,
		STMT_GROUP_SWEEP };

	/* Of a domain that was not judged before nothing can be left over. */
	for (size_t i = 0; a->known && i < sizeof sweeps / sizeof *sweeps; i++) {
		if (writer_run_1(a->st, sweeps[i], a->domain, err) < 0)
			return -1;
		a->changed |= sqlite3_changes(a->st->db) > 0;
	}
	return writer_run_1(a->st, STMT_UNASSESSED_DROP, a->domain, err);
}

static int see(struct assess *a, struct err *err)
{
	if (sql_exec(a->st, empty, err) < 0 ||
		writer_run_1(a->st, STMT_SEEN_ADD, a->domain, err) < 0)
		return -1;
	return writer_run(a->st, STMT_SEEN_NETS, err);
}

int assess_domain(struct assess *a, int64_t domain, bool all, bool news, struct err *err)
{
	int there;

	a->domain = domain;
	/* Numbers of rows may have gone to others since the last domain. */
	assess_traits_forget(a);
	assess_sums_forget(a);
	there = read_domain(a, err);
	if (there < 0)
		return -1;
	/* Dropped since: nothing of it is left but a mark. */
	if (there == 0)
		return writer_run_1(a->st, STMT_UNASSESSED_DROP, domain, err);
	if (read_networks(a, err) < 0 || read_days(a, err) < 0 || see(a, err) < 0 ||
		assess_spf(a, err) < 0 || assess_groups(a, err) < 0 || assess_homes(a, err) < 0 ||
		assess_classes(a, err) < 0 || assess_sum_days(a, all, err) < 0 ||
		keep_groups(a, news, err) < 0 || sweep(a, err) < 0 ||
		(news && event_policy(a, err) < 0))
		return -1;
	return sql_exec(a->st, empty, err);
}

/* ---- the run ------------------------------------------------------------------------------------ */

int assess_open(struct assess **ret, struct store *st, struct err *err)
{
	struct assess *a = calloc(1, sizeof *a);

	if (a == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	a->st = st;
	if (sql_exec(st, tables, err) < 0 || address_open(&a->address, err) < 0 ||
		assess_traits_open(a, err) < 0 || assess_facts_open(a, err) < 0 ||
		assess_sums_open(a, err) < 0) {
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
	asn_close(a->asn);
	address_close(a->address);
	assess_traits_close(a);
	assess_facts_close(a);
	assess_sums_close(a);
	assess_spf_forget(a);
	free(a->days);
	free(a);
}

int store_assess_asn(struct store *st, const char *path, struct err *err)
{
	struct assess *a = st->assess;

	asn_close(a->asn);
	a->asn = NULL;
	return path == NULL || path[0] == '\0' ? 0 : asn_open(&a->asn, path, err);
}

/* 1: *domain is the next one after what it was; 0: no more; -1. */
static int next_domain(struct store *st, enum stmt next, int64_t *domain, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, next, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, *domain);
	more = sql_step(st, stmt, "cannot look for what is to be judged", err);
	if (more < 0)
		return -1;
	*domain = more > 0 ? sqlite3_column_int64(stmt, 0) : 0;
	(void)sqlite3_reset(stmt);
	return *domain != 0;
}

/* A domain is judged whole or not at all. */
static int run(struct store *st, enum stmt next, bool all, struct err *err)
{
	struct writer *w = st->writer;
	struct assess *a = st->assess;
	int64_t domain = 0, began = day_monotonic_ms();
	int more;

	while ((more = next_domain(st, next, &domain, err)) > 0) {
		if (writer_begin(w, err) < 0)
			return -1;
		a->changed = false;
		if (assess_domain(a, domain, all, true, err) < 0) {
			writer_undo_batch(w);
			return -1;
		}
		w->changed |= a->changed;
		if (day_monotonic_ms() - began < COMMIT_MS)
			continue;
		if (writer_sync(w, err) < 0)
			return -1;
		began = day_monotonic_ms();
	}
	return more < 0 ? -1 : writer_sync(w, err);
}

static int assess(struct store *st, enum stmt next, bool all, struct err *err)
{
	int rc;

	assert(st->writer != NULL);
	if (writer_sync(st->writer, err) < 0)
		return -1;
	if (st->writer->in_batch) /* a dry run judges nothing */
		return 0;
	if (sql_cache(st, ASSESS_CACHE_KIB, err) < 0)
		return -1;
	rc = run(st, next, all, err);
	return sql_cache(st, CACHE_KIB, rc < 0 ? NULL : err) < 0 ? -1 : rc;
}

int store_assess(struct store *st, struct err *err)
{
	return assess(st, STMT_UNASSESSED_NEXT, false, err);
}

int store_assess_all(struct store *st, struct err *err)
{
	return assess(st, STMT_DOMAIN_NEXT, true, err);
}
