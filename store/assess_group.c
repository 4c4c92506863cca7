#include "store/assess_parts.h"

#include <assert.h>

/* An address with its own envelope and no signature, on so many days and with so many messages, may
 * be a server of the owner's that nobody remembers. */
#define STEADY_DAYS     14
#define STEADY_MESSAGES 20

/* What is gathered of one address, from its first row to its last. */
struct found {
	int64_t source; /* 0: none yet */
	struct ip ip;
	int64_t messages, first;
	bool fails; /* some of its mail does not pass */
	struct {
		int64_t messages, first, last;
	} steady; /* of the rows that count for it; first > last: none */
};

/* The last group that was looked up: networks come in rows. */
struct last {
	int64_t id;
	char key[GROUP_TEXT_MAX];
	int64_t left, decided; /* the last group an address left, and what was decided of it */
};

static void begin(struct assess *a, struct found *f, sqlite3_stmt *stmt, int64_t source)
{
	*f = (struct found){
		.source = source, .first = INT64_MAX, .steady = { .first = INT64_MAX, .last = -1 }
	};
	if (!ip_from_bytes(sql_blob(stmt, 5), &f->ip))
		f->ip = (struct ip){ .len = 0 };
	address_init(a->address, &f->ip, sql_text(stmt, 6));
}

static int add_row(struct assess *a, struct found *f, sqlite3_stmt *stmt, struct err *err)
{
	const int64_t messages = sqlite3_column_int64(stmt, 2);
	const int64_t first = sqlite3_column_int64(stmt, 3), last = sqlite3_column_int64(stmt, 4);
	const struct assess_trait *t;

	if (assess_trait(a, sqlite3_column_int64(stmt, 1), &t, err) < 0)
		return -1;
	address_add(a->address, &t->trait, messages);
	f->messages = assess_add(f->messages, messages);
	f->first = first < f->first ? first : f->first;
	if (t->passes)
		return 0;
	f->fails = true;
	if (t->trait.envelope != TRAIT_ENVELOPE_OWN || t->trait.signatures_len > 0)
		return 0;
	f->steady.messages = assess_add(f->steady.messages, messages);
	f->steady.first = first < f->steady.first ? first : f->steady.first;
	f->steady.last = last > f->steady.last ? last : f->steady.last;
	return 0;
}

/* 1: yes; 0: no; -1. */
static int is_near(struct assess *a, const struct ip *ip, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (ip->len == 0)
		return 0;
	if (sql_get(a->st, STMT_SEEN_NEAR, &stmt, err) < 0)
		return -1;
	sql_bind_blob(stmt, 1, slice_from(ip->bytes, ip->len == 4 ? 3 : 8));
	more = sql_step(a->st, stmt, "cannot look at the networks of a domain", err);
	if (more >= 0)
		(void)sqlite3_reset(stmt);
	return more;
}

static bool in_own_network(const struct assess *a, const struct ip *ip)
{
	for (unsigned i = 0; i < a->nets_len; i++) {
		if (ip_net_has(&a->nets[i], ip))
			return true;
	}
	return false;
}

static int flags_of(struct assess *a, const struct found *f, int *ret, struct err *err)
{
	int near = 0;

	*ret = 0;
	if (f->ip.len > 0 && in_own_network(a, &f->ip))
		*ret |= ADDRESS_OWN_NETWORK;
	if (!a->parked && f->steady.last - f->steady.first >= STEADY_DAYS - 1 &&
		f->steady.messages >= STEADY_MESSAGES)
		*ret |= ADDRESS_STEADY;
	if (f->fails)
		near = is_near(a, &f->ip, err);
	if (near > 0)
		*ret |= ADDRESS_NEAR_OWN;
	return near < 0 ? -1 : 0;
}

/* ---- its group ------------------------------------------------------------------------------- */

static void bind_service(sqlite3_stmt *stmt, int at, const struct group *g)
{
	sql_bind_text(stmt, at, g->service != NULL ? g->service->id : SLICE_ABSENT);
}

static int add_group(struct assess *a, const struct group *g, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(a->st, STMT_GROUP_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	sql_bind_text(stmt, 2, slice_of(g->key));
	sql_bind_text(stmt, 3, slice_of(g->name));
	(void)sqlite3_bind_int(stmt, 4, (int)g->evidence);
	sql_bind_text(stmt, 5, slice_of(g->detail));
	bind_service(stmt, 6, g);
	if (sql_run(a->st, stmt, "cannot add a source group", err) < 0)
		return -1;
	*ret = sqlite3_last_insert_rowid(a->st->db);
	a->changed = true;
	return 0;
}

/* *ret_fresh: it was not there. */
static int find_group(struct assess *a, struct last *last, const struct group *g, int64_t *ret,
	bool *ret_fresh, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	*ret_fresh = false;
	if (last->id != 0 && strcmp(last->key, g->key) == 0) {
		*ret = last->id;
		return 0;
	}
	if (sql_get(a->st, STMT_GROUP_FIND, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	sql_bind_text(stmt, 2, slice_of(g->key));
	more = sql_step(a->st, stmt, "cannot look up a source group", err);
	if (more < 0)
		return -1;
	if (more > 0)
		*ret = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	*ret_fresh = more == 0;
	if (more == 0 && add_group(a, g, ret, err) < 0)
		return -1;
	last->id = *ret;
	memcpy(last->key, g->key, sizeof last->key);
	return 0;
}

/* *ret is the group the address was in; 0: in none. */
static int find_member(struct assess *a, int64_t source, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	*ret = 0;
	if (sql_get(a->st, STMT_MEMBER_FIND, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	(void)sqlite3_bind_int64(stmt, 2, source);
	more = sql_step(a->st, stmt, "cannot look up an address's group", err);
	if (more < 0)
		return -1;
	if (more > 0)
		*ret = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
}

static int set_member(struct assess *a, int64_t source, int64_t group, struct err *err)
{
	sqlite3_stmt *stmt;

	a->changed = true;
	if (sql_get(a->st, STMT_MEMBER_SET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	(void)sqlite3_bind_int64(stmt, 2, source);
	(void)sqlite3_bind_int64(stmt, 3, group);
	return sql_run(a->st, stmt, "cannot keep an address's group", err);
}

/* ---- decisions follow ------------------------------------------------------------------------ */

/* The owner decided about the address's former group: it may be a word on the new one. */
static int add_follower(struct assess *a, struct last *last, int64_t left, int64_t group,
	int64_t messages, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (last->left != left) {
		if (sql_get(a->st, STMT_DECISION_OF_GROUP, &stmt, err) < 0)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, left);
		more = sql_step(a->st, stmt, "cannot look up a decision", err);
		if (more < 0)
			return -1;
		last->decided = more > 0 ? sqlite3_column_int64(stmt, 0) : -1;
		last->left = left;
		(void)sqlite3_reset(stmt);
	}
	if (last->decided < 0)
		return 0;
	if (sql_get(a->st, STMT_SEEN_FOLLOWER_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, group);
	(void)sqlite3_bind_int64(stmt, 2, last->decided);
	(void)sqlite3_bind_int64(stmt, 3, messages);
	return sql_run(a->st, stmt, "cannot follow a decision", err);
}

static int follow(struct assess *a, struct slice key, int class, struct err *err)
{
	const struct event e = { .type = "decision.followed",
		.domain = slice_of(a->name),
		.object = key,
		.before = SLICE_ABSENT,
		.after = slice_of(class_names[class]),
		.who = SLICE_ABSENT };
	int64_t event;

	a->changed = true;
	if (event_add(a->st, &e, &event, err) < 0)
		return -1;
	return decision_set(a->st, a->domain, key, (enum class) class, event, err);
}

/* More than half of a group's mail, so that one address that joins a great service does not
 * decide about all of it. */
static int follow_all(struct assess *a, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(a->st, STMT_SEEN_FOLLOWERS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	while ((more = sql_step(a->st, stmt, "cannot follow decisions", err)) > 0) {
		if (follow(a, sql_text(stmt, 0), sqlite3_column_int(stmt, 1), err) < 0) {
			(void)sqlite3_reset(stmt);
			return -1;
		}
	}
	if (more == 0)
		(void)sqlite3_reset(stmt);
	return more;
}

/* ---- an address ------------------------------------------------------------------------------ */

static int sum_group(struct assess *a, const struct found *f, int64_t id, const struct group *g,
	bool fresh, bool moved, struct err *err)
{
	bool relay = g->service != NULL &&
		     (g->service->role == SERVICE_FORWARDER || g->service->role == SERVICE_LIST);
	sqlite3_stmt *stmt;

	if (sql_get(a->st, STMT_SEEN_GROUP_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, id);
	sql_bind_text(stmt, 2, slice_of(g->key));
	sql_bind_text(stmt, 3, slice_of(g->name));
	(void)sqlite3_bind_int(stmt, 4, (int)g->evidence);
	sql_bind_text(stmt, 5, slice_of(g->detail));
	bind_service(stmt, 6, g);
	(void)sqlite3_bind_int(stmt, 7, relay);
	(void)sqlite3_bind_int(stmt, 8, fresh);
	(void)sqlite3_bind_int64(stmt, 9, f->messages);
	(void)sqlite3_bind_int64(stmt, 10, f->first);
	(void)sqlite3_bind_int(stmt, 11, moved);
	if (sql_run(a->st, stmt, "cannot sum up a source group", err) < 0)
		return -1;
	if (sql_get(a->st, STMT_SEEN_GROUP_LEAD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, id);
	sql_bind_text(stmt, 2, slice_of(g->name));
	(void)sqlite3_bind_int(stmt, 3, (int)g->evidence);
	sql_bind_text(stmt, 4, slice_of(g->detail));
	(void)sqlite3_bind_int64(stmt, 5, f->messages);
	return sql_run(a->st, stmt, "cannot sum up a source group", err);
}

static int keep_address(
	struct assess *a, const struct found *f, int64_t group, int flags, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(a->st, STMT_SEEN_ADDRESS_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, f->source);
	(void)sqlite3_bind_int64(stmt, 2, group);
	(void)sqlite3_bind_int(stmt, 3, flags);
	return sql_run(a->st, stmt, "cannot note an address", err);
}

static int end(struct assess *a, const struct found *f, struct last *last, struct err *err)
{
	struct group_hints hints = { .asn = 0 };
	struct group g;
	int64_t group, before;
	bool fresh, moved;
	int flags;

	if (a->asn != NULL && f->ip.len > 0 &&
		!asn_find(a->asn, &f->ip, &hints.asn, &hints.asn_name))
		hints.asn = 0;
	address_group(a->address, &hints, &g);
	if (flags_of(a, f, &flags, err) < 0 || find_group(a, last, &g, &group, &fresh, err) < 0 ||
		find_member(a, f->source, &before, err) < 0)
		return -1;
	moved = before != 0 && before != group;
	if (before != group && set_member(a, f->source, group, err) < 0)
		return -1;
	if (moved && add_follower(a, last, before, group, f->messages, err) < 0)
		return -1;
	if (moved)
		flags |= ADDRESS_MOVED;
	if (keep_address(a, f, group, flags, err) < 0)
		return -1;
	return sum_group(a, f, group, &g, fresh, moved, err);
}

static int walk(struct assess *a, sqlite3_stmt *stmt, struct err *err)
{
	struct found f = { .source = 0 };
	struct last last = { .id = 0 };
	int more;

	while ((more = sql_step(a->st, stmt, "cannot read what was seen", err)) > 0) {
		int64_t source = sqlite3_column_int64(stmt, 0);

		if (f.source != source) {
			if (f.source != 0 && end(a, &f, &last, err) < 0)
				return -1;
			begin(a, &f, stmt, source);
		}
		if (add_row(a, &f, stmt, err) < 0)
			return -1;
	}
	return more < 0 || (f.source != 0 && end(a, &f, &last, err) < 0) ? -1 : 0;
}

int assess_groups(struct assess *a, struct err *err)
{
	sqlite3_stmt *stmt;
	int rc;

	if (sql_get(a->st, STMT_SEEN_ROWS, &stmt, err) < 0)
		return -1;
	rc = walk(a, stmt, err);
	(void)sqlite3_reset(stmt);
	if (rc < 0 || follow_all(a, err) < 0)
		return -1;
	return writer_run_1(a->st, STMT_SEEN_GROUP_WORDS, a->domain, err);
}
