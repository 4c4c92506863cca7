#include "store/asn.h"
#include "store/assess_rows.h"

/* A server that was forgotten sends for two weeks and more, and not just a message or two. */
#define STEADY_DAYS     13
#define STEADY_MESSAGES 20
#define NET_BITS_V4     24
#define NET_BITS_V6     64

enum column {
	COLUMN_SOURCE,
	COLUMN_IP,
	COLUMN_TEXT_SENT,
	COLUMN_MESSAGES,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_TRAIT,
	COLUMN_RESULT,
	COLUMN_REASONS,
	COLUMN_SPF_RESULT,
	COLUMN_SPF_OWN,
	COLUMN_ENVELOPE,
	COLUMN_SPF_DOMAIN,
	COLUMN_OTHER_DKIM,
	COLUMN_MEMBER,
};

/* The address at hand. */
struct one {
	int64_t source, member, messages;
	struct ip ip;
	bool passes_spf;
	/* of its unsigned mail with an envelope of the domain that does not pass */
	int64_t steady_messages;
	int32_t steady_first, steady_last;
};

static struct slice keep(struct buf *text, struct slice s)
{
	size_t at = text->len;

	if (slice_absent(s))
		return s;
	buf_add(text, s);
	return buf_failed(text) ? SLICE_LIT("") : slice_from(text->ptr + at, s.len);
}

/* The signatures of a trait, into it. */
static int load_signatures(struct assess *a, int64_t trait, struct trait *t, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(a->st, STMT_ASSESS_SIGNATURES, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, trait);
	while ((more = sql_step(a->st, stmt, "cannot read signatures", err)) > 0) {
		if (t->signatures_len == TRAIT_SIGNATURES_MAX)
			continue;
		t->signatures[t->signatures_len++] = (struct trait_signature){
			.domain = keep(&a->text, sql_text(stmt, 0)),
			.selector = keep(&a->text, sql_text(stmt, 1)),
			.pass = sqlite3_column_int(stmt, 2) != 0,
		};
	}
	(void)sqlite3_reset(stmt);
	return more;
}

static int load_trait(struct assess *a, sqlite3_stmt *row, struct trait *t, struct err *err)
{
	int result = sqlite3_column_int(row, COLUMN_RESULT);

	buf_clear(&a->text);
	if (buf_room(&a->text, TRAIT_TEXT_BYTES) == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for a trait");
	*t = (struct trait){
		.disposition = (uint8_t)(result >> 4),
		.dkim = (uint8_t)(result >> 2 & 3),
		.spf = (uint8_t)(result & 3),
		.reasons = (uint16_t)sqlite3_column_int(row, COLUMN_REASONS),
		.spf_result = (uint8_t)sqlite3_column_int(row, COLUMN_SPF_RESULT),
		.spf_own = sqlite3_column_int(row, COLUMN_SPF_OWN) != 0,
		.envelope = (uint8_t)sqlite3_column_int(row, COLUMN_ENVELOPE),
		.spf_domain = keep(&a->text, sql_text(row, COLUMN_SPF_DOMAIN)),
		.other_dkim = keep(&a->text, sql_text(row, COLUMN_OTHER_DKIM)),
	};
	return load_signatures(a, sqlite3_column_int64(row, COLUMN_TRAIT), t, err);
}

static void begin_address(struct assess *a, sqlite3_stmt *row, struct one *o)
{
	*o = (struct one){ .source = sqlite3_column_int64(row, COLUMN_SOURCE),
		.member = sqlite3_column_int64(row, COLUMN_MEMBER) };
	if (!ip_from_bytes(sql_blob(row, COLUMN_IP), &o->ip))
		o->ip.len = 0;
	address_init(a->address, &o->ip, sql_text(row, COLUMN_TEXT_SENT));
}

static int add_row(struct assess *a, sqlite3_stmt *row, struct one *o, struct err *err)
{
	int64_t messages = sqlite3_column_int64(row, COLUMN_MESSAGES);
	int32_t first = sqlite3_column_int(row, COLUMN_FIRST);
	int32_t last = sqlite3_column_int(row, COLUMN_LAST);
	struct trait t;

	if (load_trait(a, row, &t, err) < 0)
		return -1;
	address_add(a->address, &t, messages);
	o->messages += messages;
	o->passes_spf |= t.spf == REPORT_RESULT_PASS;
	if (t.envelope != TRAIT_ENVELOPE_OWN || t.signatures_len > 0 || class_passes(&t))
		return 0;
	if (o->steady_messages == 0 || first < o->steady_first)
		o->steady_first = first;
	if (o->steady_messages == 0 || last > o->steady_last)
		o->steady_last = last;
	o->steady_messages += messages;
	return 0;
}

/* ---- the end of an address ------------------------------------------------------------------- */

static int group_number(struct assess *a, const struct group *g, int64_t *ret, struct err *err)
{
	struct slice service = g->service != NULL ? g->service->id : SLICE_ABSENT;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(a->st, STMT_ASSESS_GROUP_FIND, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	sql_bind_text(stmt, 2, slice_of(g->key));
	more = sql_step(a->st, stmt, "cannot look up a source group", err);
	if (more < 0)
		return -1;
	if (more > 0) {
		*ret = sqlite3_column_int64(stmt, 0);
		(void)sqlite3_reset(stmt);
		if (sql_get(a->st, STMT_ASSESS_GROUP_NAME, &stmt, err) < 0)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, *ret);
		sql_bind_text(stmt, 2, slice_of(g->name));
		sql_bind_text(stmt, 3, service);
		return sql_run(a->st, stmt, "cannot name a source group", err);
	}
	(void)sqlite3_reset(stmt);
	if (sql_get(a->st, STMT_ASSESS_GROUP_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	sql_bind_text(stmt, 2, slice_of(g->key));
	sql_bind_text(stmt, 3, slice_of(g->name));
	(void)sqlite3_bind_int(stmt, 4, (int)g->evidence);
	sql_bind_text(stmt, 5, slice_of(g->detail));
	sql_bind_text(stmt, 6, service);
	a->changed = true;
	if (sql_run(a->st, stmt, "cannot add a source group", err) < 0)
		return -1;
	*ret = sqlite3_last_insert_rowid(a->st->db);
	return 0;
}

static int prove(
	struct assess *a, int64_t group, const struct group *g, int64_t messages, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(a->st, STMT_ASSESS_GROUP_PROOF, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, group);
	(void)sqlite3_bind_int(stmt, 2, (int)g->evidence);
	sql_bind_text(stmt, 3, slice_of(g->detail));
	(void)sqlite3_bind_int64(stmt, 4, messages);
	return sql_run(a->st, stmt, "cannot note a source group's evidence", err);
}

/* The address joins another group than before. */
static int move(struct assess *a, const struct one *o, int64_t group, struct err *err)
{
	sqlite3_stmt *stmt;

	if (o->member == group)
		return 0;
	a->changed = true;
	if (o->member != 0) {
		if (sql_get(a->st, STMT_ASSESS_DECISION_FOLLOWS, &stmt, err) < 0)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, a->domain);
		(void)sqlite3_bind_int64(stmt, 2, o->member);
		(void)sqlite3_bind_int64(stmt, 3, group);
		if (sql_run(a->st, stmt, "cannot carry a decision over", err) < 0)
			return -1;
	}
	if (sql_get(a->st, STMT_ASSESS_MEMBER_SET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	(void)sqlite3_bind_int64(stmt, 2, o->source);
	(void)sqlite3_bind_int64(stmt, 3, group);
	if (sql_run(a->st, stmt, "cannot set an address's group", err) < 0)
		return -1;
	return writer_run_1(a->st, STMT_ASSESS_MOVED, o->source, err);
}

static bool in_own_network(const struct assess *a, const struct ip *ip)
{
	for (unsigned i = 0; i < a->networks_len; i++) {
		if (ip->len > 0 && ip_net_has(&a->networks[i], ip))
			return true;
	}
	return false;
}

/* The address's /24 or /64: its first bytes. */
static struct slice near_net(const struct ip *ip)
{
	return slice_from(ip->bytes, ip->len == 4 ? NET_BITS_V4 / 8 : NET_BITS_V6 / 8);
}

static int add_address(struct assess *a, const struct one *o, int64_t group, struct err *err)
{
	bool steady = !a->parked && o->steady_messages >= STEADY_MESSAGES &&
		      o->steady_last - o->steady_first >= STEADY_DAYS;
	sqlite3_stmt *stmt;

	if (sql_get(a->st, STMT_ASSESS_ADDRESS_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, o->source);
	(void)sqlite3_bind_int64(stmt, 2, group);
	if (o->ip.len > 0)
		sql_bind_blob(stmt, 3, near_net(&o->ip));
	(void)sqlite3_bind_int(stmt, 4, in_own_network(a, &o->ip));
	(void)sqlite3_bind_int(stmt, 5, steady);
	if (sql_run(a->st, stmt, "cannot note an address", err) < 0)
		return -1;
	if (!o->passes_spf || o->ip.len == 0)
		return 0;
	if (sql_get(a->st, STMT_ASSESS_NEAR_ADD, &stmt, err) < 0)
		return -1;
	sql_bind_blob(stmt, 1, near_net(&o->ip));
	return sql_run(a->st, stmt, "cannot note a network", err);
}

static int end_address(struct assess *a, const struct one *o, struct err *err)
{
	struct group_hints hints = { 0 };
	struct group group;
	int64_t number;

	if (a->asn != NULL)
		hints.asn = asn_find(a->asn, &o->ip, &hints.asn_name);
	address_group(a->address, &hints, &group);
	if (group_number(a, &group, &number, err) < 0 ||
		prove(a, number, &group, o->messages, err) < 0 || move(a, o, number, err) < 0)
		return -1;
	return add_address(a, o, number, err);
}

int assess_addresses(struct assess *a, struct err *err)
{
	struct one one = { .source = 0 };
	bool open = false;
	sqlite3_stmt *row;
	int more;

	if (sql_get(a->st, STMT_ASSESS_ADDRESSES, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, a->domain);
	while ((more = sql_step(a->st, row, "cannot read a domain's addresses", err)) > 0) {
		if (!open || sqlite3_column_int64(row, COLUMN_SOURCE) != one.source) {
			if (open && end_address(a, &one, err) < 0)
				goto failed;
			begin_address(a, row, &one);
			open = true;
		}
		if (add_row(a, row, &one, err) < 0)
			goto failed;
	}
	(void)sqlite3_reset(row);
	if (more < 0 || (open && end_address(a, &one, err) < 0))
		return -1;
	if (sql_get(a->st, STMT_ASSESS_GROUPS_PROVED, &row, err) < 0 ||
		sql_run(a->st, row, "cannot set a source group's evidence", err) < 0)
		return -1;
	a->changed |= sqlite3_changes(a->st->db) > 0;
	return 0;
failed:
	(void)sqlite3_reset(row);
	return -1;
}
