#include "store/assess_parts.h"

#include <stdlib.h>

/* A key is at home where more than one part in so many of the busiest group's mail with it comes
 * from, on days at least so far apart: a forwarder is small, or gone the next day. */
#define HOME_PARTS 5
#define HOME_DAYS  3
/* Beside its home: at most one part in so many. */
#define SMALL_PARTS 5
/* Services whose patterns one selector may fit: "default" fits ten. */
#define SERVICES_MAX 64

/* ---- what was found out ------------------------------------------------------------------------ */

/* For a trait and a group: most addresses of a group send the same few traits. */
#define FACTS 2048

struct assess_fact {
	int64_t trait, group; /* trait 0: free */
	struct assess_home home;
};

int assess_facts_open(struct assess *a, struct err *err)
{
	a->facts = calloc(FACTS, sizeof *a->facts);
	return a->facts != NULL ? 0 : err_set(err, ERR_SHORTAGE, "no memory");
}

void assess_facts_close(struct assess *a)
{
	free(a->facts);
}

static void forget(struct assess *a)
{
	for (unsigned i = 0; i < FACTS; i++)
		a->facts[i].trait = 0;
}

/* ---- homes ----------------------------------------------------------------------------------- */

static int add_service(struct assess *a, int64_t domain, int64_t selector,
	const struct service *service, bool strong, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(a->st, STMT_HOME_BY_SERVICE, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	(void)sqlite3_bind_int64(stmt, 2, selector);
	(void)sqlite3_bind_int64(stmt, 3, a->domain);
	sql_bind_text(stmt, 4, service->id);
	(void)sqlite3_bind_int(stmt, 5, strong);
	return sql_run(a->st, stmt, "cannot note a key's home", err);
}

static int homes_of(struct assess *a, sqlite3_stmt *row, struct err *err)
{
	const struct service *services[SERVICES_MAX];
	enum selector_match match[SERVICES_MAX];
	size_t len = catalogue_by_selector(sql_text(row, 2), services, match, SERVICES_MAX);

	for (size_t i = 0; i < len; i++) {
		if (add_service(a, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
			    services[i], match[i] == SELECTOR_STRONG, err) < 0)
			return -1;
	}
	return 0;
}

static int homes_by_service(struct assess *a, struct err *err)
{
	sqlite3_stmt *stmt;
	int more, rc = 0;

	if (sql_get(a->st, STMT_HOMELESS, &stmt, err) < 0)
		return -1;
	while (rc == 0 &&
		(more = sql_step(a->st, stmt, "cannot read the keys of a domain", err)) != 0)
		rc = more < 0 ? -1 : homes_of(a, stmt, err);
	(void)sqlite3_reset(stmt);
	return rc;
}

static int homes_by_amount(struct assess *a, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(a->st, STMT_HOME_BY_AMOUNT, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int(stmt, 1, HOME_PARTS);
	(void)sqlite3_bind_int(stmt, 2, HOME_DAYS);
	return sql_run(a->st, stmt, "cannot note the homes of keys", err);
}

int assess_homes(struct assess *a, struct err *err)
{
	forget(a);
	if (writer_run(a->st, STMT_SIGNATURES_SEEN, err) < 0 ||
		writer_run(a->st, STMT_KEYS_SEEN, err) < 0 ||
		writer_run(a->st, STMT_HOME_BY_SPF, err) < 0 || homes_by_service(a, err) < 0 ||
		homes_by_amount(a, err) < 0)
		return -1;
	if (writer_run(a->st, STMT_HOME_OF_UNNAMED, err) < 0)
		return -1;
	return writer_run(a->st, STMT_HOME_SIZES, err);
}

/* ---- seen from a group ------------------------------------------------------------------------ */

static int look(struct assess *a, int64_t domain, int64_t selector, int64_t group,
	struct assess_home *ret, struct err *err)
{
	bool here, known;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(a->st, STMT_HOME_FACTS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	(void)sqlite3_bind_int64(stmt, 2, selector);
	(void)sqlite3_bind_int64(stmt, 3, group);
	more = sql_step(a->st, stmt, "cannot look up a key's home", err);
	if (more < 0)
		return -1;
	here = sqlite3_column_int(stmt, 0) != 0;
	known = sqlite3_column_int(stmt, 1) != 0;
	ret->here |= here;
	if (known && !here) {
		ret->elsewhere = true;
		ret->small |= sqlite3_column_int64(stmt, 2) <=
			      sqlite3_column_int64(stmt, 3) / SMALL_PARTS;
	}
	(void)sqlite3_reset(stmt);
	return 0;
}

int assess_home(struct assess *a, const struct assess_trait *t, int64_t group,
	struct assess_home *ret, struct err *err)
{
	uint64_t hash =
		(uint64_t)t->id * 0x9e3779b97f4a7c15u ^ (uint64_t)group * 0xc2b2ae3d27d4eb4fu;
	struct assess_fact *fact = &a->facts[(hash >> 32) % FACTS];
	/* What passes by DKIM did so by a signature that passes; of what fails, any may tell. */
	bool only_passing = t->trait.dkim == REPORT_RESULT_PASS;

	if (fact->trait == t->id && fact->group == group) {
		*ret = fact->home;
		return 0;
	}
	*ret = (struct assess_home){ .here = false };
	for (unsigned i = 0; i < t->trait.signatures_len; i++) {
		if (only_passing && !t->trait.signatures[i].pass)
			continue;
		if (look(a, t->keys[i].domain, t->keys[i].selector, group, ret, err) < 0)
			return -1;
	}
	*fact = (struct assess_fact){ .trait = t->id, .group = group, .home = *ret };
	return 0;
}
