#include "store/dns_seen.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/base/day.h"
#include "store/dns_fact.h"
#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/pool.h"
#include "store/judge/dns/spf.h"
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
	struct dns_seen_split *splits;
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
		if (sqlite3_column_int(stmt, 6) != 0)
			a->reverse = sqlite3_column_int(stmt, 7) != 0 ? DNS_REVERSE_CONFIRMED
								      : DNS_REVERSE_NONE;
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

static int read_subdomains(struct dns_seen *s, struct err *err)
{
	struct dns_facts *f = &s->facts;
	sqlite3_stmt *stmt;
	int more;

	if (f->selectors_len == 0)
		return 0;
	if (sql_get(s->store, STMT_SEEN_SUBDOMAINS, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, f->domain);
	while ((more = sql_step(s->store, stmt, "cannot read selectors", err)) > 0) {
		for (size_t i = 0; i < f->selectors_len; i++) {
			struct dns_seen_selector *k = &s->selectors[i];
			struct slice at = slice_absent(k->domain) ? f->domain : k->domain;

			k->subdomains =
				k->subdomains || (slice_equal(k->selector, sql_text(stmt, 0)) &&
							 slice_equal(at, sql_text(stmt, 1)));
		}
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
				 read_selectors(s, err) < 0 || read_subdomains(s, err) < 0 ||
				 read_totals(s, err) < 0))
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
	s->facts.splits = s->splits = take_list(s, sizeof *s->splits);
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

int dns_seen_senders(struct dns_seen *s, size_t max, void (*each)(void *arg, struct slice name),
	void *arg, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (s->id == 0)
		return 0;
	if (sql_get(s->store, STMT_SEEN_SENDERS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->id);
	(void)sqlite3_bind_int(stmt, 2, s->facts.today - DNS_RECENT_DAYS);
	sql_bind_text(stmt, 3, s->facts.domain);
	(void)sqlite3_bind_int64(stmt, 4, (int64_t)max);
	while ((more = sql_step(s->store, stmt, "cannot read senders", err)) > 0)
		each(arg, sql_text(stmt, 0));
	return more;
}

/* ---- what needs the records ------------------------------------------------------------------ */

/* Since when the text at `name` is what it is, seconds; 0: nobody asked. */
static int read_since(
	struct store *st, int64_t domain, struct slice name, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	*ret = 0;
	if (sql_get(st, STMT_SEEN_SINCE, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	sql_bind_text(stmt, 2, name);
	more = sql_step(st, stmt, "cannot read what the DNS said", err);
	if (more > 0) {
		*ret = sqlite3_column_int64(stmt, 0);
		(void)sqlite3_reset(stmt);
	}
	return more < 0 ? -1 : 0;
}

/* The word of policy_published that says the same. */
static int word_of(enum dmarc_policy p)
{
	return p == DMARC_REJECT       ? REPORT_POLICY_REJECT
	       : p == DMARC_QUARANTINE ? REPORT_POLICY_QUARANTINE
				       : REPORT_POLICY_NONE;
}

int dns_seen_policy(struct store *st, int64_t id, struct slice domain, struct dns_view *view,
	struct dns_seen_policy *ret, struct err *err)
{
	char name[DOMAIN_KEY_MAX];
	struct dmarc_found found;
	struct dmarc_record r;

	*ret = (struct dns_seen_policy){ .since = 0 };
	dmarc_find(view, domain, DMARC_TREE_WALK, &found);
	if (found.status != DNS_FOUND || found.inherited)
		return 0;
	dmarc_parse(found.record->text, &r);
	ret->p = word_of(dmarc_effective(&r, DMARC_SELF));
	ret->sp = word_of(dmarc_effective(&r, DMARC_SUBDOMAIN));
	return read_since(st, id, dns_name_under("_dmarc", domain, name), &ret->since, err);
}

static int join_policy(struct dns_seen *s, struct dns_view *view, struct err *err)
{
	struct dns_seen_policy live;
	char text[64];
	sqlite3_stmt *stmt;
	int more;

	if (dns_seen_policy(s->store, s->id, s->facts.domain, view, &live, err) < 0)
		return -1;
	if (live.since == 0)
		return 0;
	if (sql_get(s->store, STMT_SEEN_POLICIES, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->id);
	(void)sqlite3_bind_int(stmt, 2, s->facts.today - POLICY_DAYS);
	/* A day for what resolvers still hold. */
	(void)sqlite3_bind_int64(stmt, 3, live.since + DAY_SECONDS);
	while ((more = sql_step(s->store, stmt, "cannot read policies", err)) > 0) {
		int said_p = sqlite3_column_int(stmt, 0), said_sp = sqlite3_column_int(stmt, 1);
		bool differs = said_p != live.p;

		if ((!differs && said_sp == live.sp) || !slice_absent(s->facts.stale_policy))
			continue;
		(void)snprintf(text, sizeof text, "%sp=%s", differs ? "" : "s",
			report_policy_words.names[differs ? said_p : said_sp]);
		s->facts.stale_policy = pool_copy(&s->pool, slice_of(text));
		s->facts.stale_since_day = day_of(live.since);
	}
	return more < 0 ? -1 : 0;
}

static int join_keys(struct dns_seen *s, struct err *err)
{
	for (size_t i = 0; i < s->facts.selectors_len; i++) {
		struct dns_seen_selector *k = &s->selectors[i];
		struct slice at = slice_absent(k->domain) ? s->facts.domain : k->domain;
		char prefix[DOMAIN_KEY_MAX], name[DOMAIN_KEY_MAX];
		int64_t since;
		int n = snprintf(prefix, sizeof prefix, "%.*s._domainkey", SLICE_FMT(k->selector));

		if (n < 0 || (size_t)n >= sizeof prefix)
			continue;
		at = dns_name_under(prefix, at, name);
		if (slice_absent(at))
			continue;
		if (read_since(s->store, s->id, at, &since, err) < 0)
			return -1;
		k->key_since_day = since > 0 ? day_of(since) : 0;
	}
	return 0;
}

static int join_siblings(struct dns_seen *s, struct err *err)
{
	for (size_t i = 0; i < s->facts.siblings_len; i++) {
		struct dns_set *set = NULL;
		const struct dns_record *r;
		size_t count = 0;
		int64_t asked;
		int known;

		if (dns_set_open(&set, DNS_SET_BYTES_MAX, err) < 0)
			return -1;
		known = dns_fact_load(s->store, s->siblings[i].domain, set, &asked, err);
		if (known > 0 &&
			spf_find(dns_set_view(set), s->siblings[i].domain, &r, &count) ==
				DNS_FOUND &&
			count == 1)
			s->siblings[i].spf = pool_copy(&s->pool, r->text);
		dns_set_close(set);
		if (known < 0)
			return -1;
	}
	return 0;
}

static int join_splits(struct dns_seen *s, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(s->store, STMT_DNS_SPLITS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->id);
	(void)sqlite3_bind_int(stmt, 2, DNS_FACTS_MAX);
	s->facts.splits_len = 0;
	while ((more = sql_step(s->store, stmt, "cannot read what name servers said", err)) > 0) {
		enum dns_type type = DNS_A;

		while (type < DNS_OTHER && dns_type_numbers[type] != sqlite3_column_int(stmt, 1))
			type++;
		if (s->facts.splits_len == DNS_FACTS_MAX)
			continue;
		s->splits[s->facts.splits_len++] =
			(struct dns_seen_split){ .name = pool_copy(&s->pool, sql_text(stmt, 0)),
				.type = type,
				.server1 = pool_copy(&s->pool, sql_text(stmt, 2)),
				.server2 = pool_copy(&s->pool, sql_text(stmt, 3)),
				.old_server = sqlite3_column_int(stmt, 4) != 0 };
	}
	return more;
}

int dns_seen_join(struct dns_seen *s, struct dns_view *view, struct err *err)
{
	if (s->id == 0)
		return 0;
	if (join_policy(s, view, err) < 0 || join_keys(s, err) < 0 || join_siblings(s, err) < 0 ||
		join_splits(s, err) < 0)
		return -1;
	return pool_dry(&s->pool) ? err_set(err, ERR_SHORTAGE, "no memory for what was seen") : 0;
}
