#include "store/assess_parts.h"

#include <stdlib.h>

/* An address with its own envelope and no signature, on so many days and with so many messages, may
 * be a server of the owner's that nobody remembers. */
#define STEADY_DAYS     14
#define STEADY_MESSAGES 20

/* What is gathered of one address, from its first row to its last. */
struct found {
	int64_t source; /* 0: none yet */
	int64_t member; /* the group it was in; 0: none */
	struct ip ip;
	char host[DOMAIN_KEY_MAX]; /* the reverse name that leads back to it; "" none */
	int64_t messages, first;
	bool fails; /* some of its mail does not pass */
	struct {
		int64_t messages, first, last;
	} steady; /* of the rows that count for it; first > last: none */
};

/* A group met lately, and what was summed of it since it was written: most addresses belong to a
 * few, or to the one before. */
struct slot {
	int64_t id; /* 0: free */
	char key[GROUP_TEXT_MAX];
	int64_t messages, first;
	bool moved;
	/* what is shown of it is at least as good as this */
	enum group_evidence evidence;
	int64_t lead;
};

#define SLOTS 256

struct groups {
	struct slot slots[SLOTS];
	int64_t left, decided; /* the last group an address left, and what was decided of it */
};

static void begin(struct assess *a, struct found *f, sqlite3_stmt *stmt, int64_t source)
{
	struct slice host;

	*f = (struct found){ .source = source,
		.member = sqlite3_column_int64(stmt, 7),
		.first = INT64_MAX,
		.steady = { .first = INT64_MAX, .last = -1 } };
	if (!ip_from_bytes(sql_blob(stmt, 5), &f->ip))
		f->ip = (struct ip){ .len = 0 };
	host = sql_text(stmt, 8);
	if (host.len > 0 && host.len < sizeof f->host)
		memcpy(f->host, host.ptr, host.len);
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
static int find_group(
	struct assess *a, const struct group *g, int64_t *ret, bool *ret_fresh, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

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
	return more == 0 ? add_group(a, g, ret, err) : 0;
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
static int add_follower(struct assess *a, struct groups *all, int64_t left, int64_t group,
	int64_t messages, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (all->left != left) {
		if (sql_get(a->st, STMT_DECISION_OF_GROUP, &stmt, err) < 0)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, left);
		more = sql_step(a->st, stmt, "cannot look up a decision", err);
		if (more < 0)
			return -1;
		all->decided = more > 0 ? sqlite3_column_int64(stmt, 0) : -1;
		all->left = left;
		(void)sqlite3_reset(stmt);
	}
	if (all->decided < 0)
		return 0;
	if (sql_get(a->st, STMT_SEEN_FOLLOWER_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, group);
	(void)sqlite3_bind_int64(stmt, 2, all->decided);
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

/* What was summed of a group since, into its row. */
static int write_slot(struct assess *a, struct slot *s, struct err *err)
{
	sqlite3_stmt *stmt;

	if (s->id == 0)
		return 0;
	if (sql_get(a->st, STMT_SEEN_GROUP_MORE, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->id);
	(void)sqlite3_bind_int64(stmt, 2, s->messages);
	(void)sqlite3_bind_int64(stmt, 3, s->first);
	(void)sqlite3_bind_int(stmt, 4, s->moved);
	return sql_run(a->st, stmt, "cannot sum up a source group", err);
}

/* True: a row was made of what is known of this address, and nothing is better yet. */
static int add_row_of(struct assess *a, int64_t id, const struct group *g, bool fresh,
	int64_t messages, bool *ret_made, struct err *err)
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
	(void)sqlite3_bind_int64(stmt, 9, messages);
	if (sql_run(a->st, stmt, "cannot sum up a source group", err) < 0)
		return -1;
	*ret_made = sqlite3_changes(a->st->db) > 0;
	return 0;
}

/* Its slot, which another group may have to leave. */
static int take_slot(struct assess *a, struct groups *all, const struct group *g, int64_t messages,
	struct slot **ret, struct err *err)
{
	uint32_t hash = 5381;
	struct slot *s;
	bool fresh, made;
	int64_t id;

	for (const char *c = g->key; *c != '\0'; c++)
		hash = hash * 33 ^ (uint8_t)*c;
	s = *ret = &all->slots[(hash ^ hash >> 15) % SLOTS];
	if (s->id != 0 && strcmp(s->key, g->key) == 0)
		return 0;
	if (write_slot(a, s, err) < 0)
		return -1;
	s->id = 0;
	if (find_group(a, g, &id, &fresh, err) < 0 ||
		add_row_of(a, id, g, fresh, messages, &made, err) < 0)
		return -1;
	/* Where there was a row, nothing is known of how good its evidence is. */
	*s = (struct slot){ .id = id,
		.first = INT64_MAX,
		.evidence = made ? g->evidence : GROUP_EVIDENCE_COUNT,
		.lead = messages };
	memcpy(s->key, g->key, sizeof s->key);
	return 0;
}

static int sum_group(struct assess *a, struct slot *s, const struct found *f, const struct group *g,
	bool moved, struct err *err)
{
	sqlite3_stmt *stmt;

	s->messages = assess_add(s->messages, f->messages);
	s->first = f->first < s->first ? f->first : s->first;
	s->moved |= moved;
	if (g->evidence > s->evidence || (g->evidence == s->evidence && f->messages < s->lead))
		return 0;
	s->evidence = g->evidence;
	s->lead = f->messages;
	if (sql_get(a->st, STMT_SEEN_GROUP_LEAD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->id);
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

static int end(struct assess *a, const struct found *f, struct groups *all, struct err *err)
{
	struct group_hints hints = { .asn = 0 };
	struct slot *slot;
	struct group g;
	bool moved;
	int flags;

	if (a->asn != NULL && f->ip.len > 0 &&
		!asn_find(a->asn, &f->ip, &hints.asn, &hints.asn_name))
		hints.asn = 0;
	if (f->host[0] != '\0')
		hints.ptr_name = slice_of(f->host);
	assess_spf_hint(a, &f->ip, &hints);
	address_group(a->address, &hints, &g);
	if (flags_of(a, f, &flags, err) < 0 || take_slot(a, all, &g, f->messages, &slot, err) < 0)
		return -1;
	moved = f->member != 0 && f->member != slot->id;
	if (f->member != slot->id && set_member(a, f->source, slot->id, err) < 0)
		return -1;
	if (moved && add_follower(a, all, f->member, slot->id, f->messages, err) < 0)
		return -1;
	if (moved)
		flags |= ADDRESS_MOVED;
	if (hints.spf_term.len > 0)
		flags |= ADDRESS_OWN_SPF;
	if (keep_address(a, f, slot->id, flags, err) < 0)
		return -1;
	return sum_group(a, slot, f, &g, moved, err);
}

static int walk(struct assess *a, sqlite3_stmt *stmt, struct groups *all, struct err *err)
{
	struct found f = { .source = 0 };
	int more;

	while ((more = sql_step(a->st, stmt, "cannot read what was seen", err)) > 0) {
		int64_t source = sqlite3_column_int64(stmt, 0);

		if (f.source != source) {
			if (f.source != 0 && end(a, &f, all, err) < 0)
				return -1;
			begin(a, &f, stmt, source);
		}
		if (add_row(a, &f, stmt, err) < 0)
			return -1;
	}
	if (more < 0 || (f.source != 0 && end(a, &f, all, err) < 0))
		return -1;
	for (unsigned i = 0; i < SLOTS; i++) {
		if (write_slot(a, &all->slots[i], err) < 0)
			return -1;
	}
	return 0;
}

int assess_groups(struct assess *a, struct err *err)
{
	struct groups *all = calloc(1, sizeof *all);
	sqlite3_stmt *stmt;
	int rc = -1;

	if (all == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	if (sql_get(a->st, STMT_SEEN_ROWS, &stmt, err) == 0) {
		(void)sqlite3_bind_int64(stmt, 1, a->domain);
		rc = walk(a, stmt, all, err);
		(void)sqlite3_reset(stmt);
	}
	free(all);
	if (rc < 0 || follow_all(a, err) < 0)
		return -1;
	return writer_run_1(a->st, STMT_SEEN_GROUP_WORDS, a->domain, err);
}
