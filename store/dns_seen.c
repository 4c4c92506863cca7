#include "store/dns_seen.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/base/day.h"
#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/pool.h"
#include "store/sql.h"

#define SEEN_BYTES_MAX ((size_t)4 * 1024 * 1024)
/* Days of reports that tell what reporters see now. */
#define POLICY_DAYS 14

struct dns_seen {
	struct store *store;
	struct dns_facts facts;
	struct pool pool;
	int64_t id, name; /* of the domain, and of its name among the names; 0: none */
	struct dns_seen_address *addresses;
	struct dns_seen_selector *selectors;
	struct dns_seen_sibling *siblings;
};

static void *take_list(struct dns_seen *s, size_t size)
{
	return pool_take(&s->pool, size * DNS_FACTS_MAX);
}

/* ---- the domain ------------------------------------------------------------------------------ */

/* 1, or 0: the store has never heard of it. */
static int read_domain(struct dns_seen *s, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(s->store, STMT_OWN_DOMAIN, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, s->facts.domain);
	more = sql_step(s->store, stmt, "cannot look up a domain", err);
	if (more <= 0)
		return more;
	s->id = sqlite3_column_int64(stmt, 0);
	s->facts.parked = sqlite3_column_int(stmt, 1) != 0;
	if (sql_text(stmt, 2).len > 0)
		s->facts.report_address = pool_copy(&s->pool, sql_text(stmt, 2));
	(void)sqlite3_reset(stmt);
	return 1;
}

/* *whole: there are reports from all of the longer window. */
static int read_span(struct dns_seen *s, bool *whole, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(s->store, STMT_SEEN_SPAN, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->id);
	sql_bind_text(stmt, 2, s->facts.domain);
	more = sql_step(s->store, stmt, "cannot read what was seen of a domain", err);
	if (more < 0)
		return -1;
	*whole = sqlite3_column_type(stmt, 0) != SQLITE_NULL &&
		 sqlite3_column_int(stmt, 0) <= s->facts.today - DNS_LONG_DAYS;
	s->name = sqlite3_column_int64(stmt, 1);
	(void)sqlite3_reset(stmt);
	return 0;
}

/* ---- addresses and selectors ----------------------------------------------------------------- */

/* A name no row has stays unbound, and equal to none. */
static void bind_name(const struct dns_seen *s, sqlite3_stmt *stmt, int at)
{
	if (s->name != 0)
		(void)sqlite3_bind_int64(stmt, at, s->name);
}

static int read_addresses(struct dns_seen *s, bool whole, struct err *err)
{
	struct dns_facts *f = &s->facts;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(s->store, STMT_SEEN_ADDRESSES, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->id);
	(void)sqlite3_bind_int(stmt, 2, f->today - DNS_LONG_DAYS);
	(void)sqlite3_bind_int(stmt, 3, f->today - DNS_RECENT_DAYS);
	bind_name(s, stmt, 4);
	(void)sqlite3_bind_int(stmt, 5, DNS_FACTS_MAX + 1);
	f->addresses_complete = whole;
	while ((more = sql_step(s->store, stmt, "cannot read addresses", err)) > 0) {
		struct dns_seen_address *a = &s->addresses[f->addresses_len];
		struct slice ip = sql_blob(stmt, 0);

		if (f->addresses_len == DNS_FACTS_MAX) {
			/* Strangers come last, and through no include: without them it is whole. */
			if (sqlite3_column_int(stmt, 3) != 0 || sqlite3_column_int(stmt, 5) != 0)
				f->addresses_complete = false;
			(void)sqlite3_reset(stmt);
			break;
		}
		if (ip.len != 4 && ip.len != sizeof a->ip.bytes)
			continue;
		a->ip.len = (uint8_t)ip.len;
		memcpy(a->ip.bytes, ip.ptr, ip.len);
		a->recent = sqlite3_column_int64(stmt, 1);
		a->all = sqlite3_column_int64(stmt, 2);
		a->own = sqlite3_column_int(stmt, 3) != 0;
		a->own_envelope = sqlite3_column_int(stmt, 4) != 0;
		f->addresses_len++;
	}
	return more < 0 ? -1 : 0;
}

static int read_selectors(struct dns_seen *s, struct err *err)
{
	struct dns_facts *f = &s->facts;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(s->store, STMT_SEEN_SELECTORS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->id);
	(void)sqlite3_bind_int(stmt, 2, f->today - DNS_SEEN_SELECTOR_DAYS);
	(void)sqlite3_bind_int(stmt, 3, f->today - DNS_RECENT_DAYS);
	(void)sqlite3_bind_int(stmt, 4, DNS_FACTS_MAX);
	while ((more = sql_step(s->store, stmt, "cannot read selectors", err)) > 0) {
		struct dns_seen_selector *k = &s->selectors[f->selectors_len];

		if (f->selectors_len == DNS_FACTS_MAX)
			continue;
		k->selector = pool_copy(&s->pool, sql_text(stmt, 0));
		if (!slice_equal(sql_text(stmt, 1), f->domain))
			k->domain = pool_copy(&s->pool, sql_text(stmt, 1));
		k->recent = sqlite3_column_int64(stmt, 2);
		k->last_day = sqlite3_column_int(stmt, 3);
		f->selectors_len++;
	}
	return more < 0 ? -1 : 0;
}

static int read_totals(struct dns_seen *s, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(s->store, STMT_SEEN_TOTALS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->id);
	(void)sqlite3_bind_int(stmt, 2, s->facts.today - DNS_RECENT_DAYS);
	more = sql_step(s->store, stmt, "cannot add messages up", err);
	if (more < 0)
		return -1;
	s->facts.own_recent = sqlite3_column_int64(stmt, 0);
	s->facts.own_signed_recent = sqlite3_column_int64(stmt, 1);
	s->facts.strict_spf_failed = sqlite3_column_int64(stmt, 2);
	s->facts.strict_dkim_failed = sqlite3_column_int64(stmt, 3);
	s->facts.selectors_observed = s->facts.own_recent > 0;
	(void)sqlite3_reset(stmt);
	return 0;
}

static int read_siblings(struct dns_seen *s, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(s->store, STMT_SEEN_SIBLINGS, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, s->facts.domain);
	(void)sqlite3_bind_int(stmt, 2, DNS_FACTS_MAX);
	while ((more = sql_step(s->store, stmt, "cannot list domains", err)) > 0) {
		if (s->facts.siblings_len < DNS_FACTS_MAX)
			s->siblings[s->facts.siblings_len++].domain =
				pool_copy(&s->pool, sql_text(stmt, 0));
	}
	return more < 0 ? -1 : 0;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int read_all(struct dns_seen *s, struct err *err)
{
	int known = read_domain(s, err);
	bool whole = false;

	if (known < 0 || read_siblings(s, err) < 0)
		return -1;
	if (known > 0 && (read_span(s, &whole, err) < 0 || read_addresses(s, whole, err) < 0 ||
				 read_selectors(s, err) < 0 || read_totals(s, err) < 0))
		return -1;
	return pool_dry(&s->pool) ? err_set(err, ERR_SHORTAGE, "no memory for what was seen") : 0;
}

int dns_seen_open(struct dns_seen **ret, struct store *st, struct slice domain, int32_t today,
	struct err *err)
{
	struct dns_seen *s = calloc(1, sizeof *s);

	if (s == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for what was seen");
	pool_init(&s->pool, SEEN_BYTES_MAX);
	s->store = st;
	s->facts.today = today;
	s->facts.domain = pool_copy(&s->pool, domain);
	s->facts.addresses = s->addresses = take_list(s, sizeof *s->addresses);
	s->facts.selectors = s->selectors = take_list(s, sizeof *s->selectors);
	s->facts.siblings = s->siblings = take_list(s, sizeof *s->siblings);
	if (pool_dry(&s->pool))
		err_set(err, ERR_SHORTAGE, "no memory for what was seen");
	else if (read_all(s, err) == 0) {
		*ret = s;
		return 0;
	}
	dns_seen_close(s);
	return -1;
}

const struct dns_facts *dns_seen_facts(const struct dns_seen *s)
{
	return &s->facts;
}

void dns_seen_close(struct dns_seen *s)
{
	if (s == NULL)
		return;
	pool_release(&s->pool);
	free(s);
}

/* ---- what needs the records ------------------------------------------------------------------ */

void dns_seen_sibling_spf(struct dns_seen *s, struct slice domain, struct slice spf)
{
	for (size_t i = 0; i < s->facts.siblings_len; i++) {
		if (slice_equal(s->siblings[i].domain, domain))
			s->siblings[i].spf = pool_copy(&s->pool, spf);
	}
}

void dns_seen_key_since(struct dns_seen *s, const struct dns_seen_selector *selector, int32_t day)
{
	s->selectors[selector - s->facts.selectors].key_since_day = day;
}

/* The word of policy_published that says the same. */
static int word_of(enum dmarc_policy p)
{
	return p == DMARC_REJECT       ? REPORT_POLICY_REJECT
	       : p == DMARC_QUARANTINE ? REPORT_POLICY_QUARANTINE
				       : REPORT_POLICY_NONE;
}

int dns_seen_compare(struct dns_seen *s, struct dns_view *view, int64_t since, struct err *err)
{
	struct dmarc_found found;
	struct dmarc_record r;
	sqlite3_stmt *stmt;
	int more, p, sp;
	char text[64];

	if (s->id == 0 || since <= 0)
		return 0;
	dmarc_find(view, s->facts.domain, DMARC_TREE_WALK, &found);
	if (found.status != DNS_FOUND || found.inherited)
		return 0;
	dmarc_parse(found.record->text, &r);
	p = word_of(dmarc_effective(&r, DMARC_SELF));
	sp = word_of(dmarc_effective(&r, DMARC_SUBDOMAIN));
	if (sql_get(s->store, STMT_SEEN_POLICIES, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->id);
	(void)sqlite3_bind_int(stmt, 2, s->facts.today - POLICY_DAYS);
	/* A day for what resolvers still hold. */
	(void)sqlite3_bind_int64(stmt, 3, since + DAY_SECONDS);
	while ((more = sql_step(s->store, stmt, "cannot read policies", err)) > 0) {
		int said_p = sqlite3_column_int(stmt, 0), said_sp = sqlite3_column_int(stmt, 1);
		bool differs = said_p != p;

		if ((!differs && said_sp == sp) || !slice_absent(s->facts.stale_policy))
			continue;
		(void)snprintf(text, sizeof text, "%sp=%s", differs ? "" : "s",
			report_policy_words.names[differs ? said_p : said_sp]);
		s->facts.stale_policy = pool_copy(&s->pool, slice_of(text));
		s->facts.stale_since_day = day_of(since);
	}
	return more < 0 ? -1 : 0;
}
