#include "store/query_causes.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/base/day.h"
#include "store/cause_shared.h"
#include "store/query_ground.h"
#include "store/dns_fact.h"
#include "store/dns_seen.h"
#include "store/judge/catalogue.h"
#include "store/judge/dns/dkim_key.h"
#include "store/judge/dns/pool.h"
#include "store/query_parts.h"
#include "store/trait_read.h"

/* Cards of one domain, and what is kept while a group is gathered. */
#define CAUSES_MAX     20000
#define BUNDLES_MAX    20000
#define SIGNATURES_MAX 256
#define REPORTERS_MAX  64
#define PASSING_MAX    8192
#define SAID_MAX       4096
#define POOL_BYTES_MAX ((size_t)64 * 1024 * 1024)
/* SPF in trouble on so many days is no accident. */
#define TEMPERROR_DAYS 2
/* Longer than any resolver keeps a policy. */
#define STALE_SECONDS (3 * DAY_SECONDS)

/* A line of STMT_CAUSE_ROWS. */
struct bundle {
	int64_t trait, reporter, messages, ipv6;
	struct slice from;
	enum class class;
	enum class_rule rule;
	bool stale;
	const struct trait *of;
};

struct passing {
	struct slice domain, selector;
	int64_t group;
};

/* What a receiver said of a signature, other than that it passes or fails. */
struct said {
	int64_t group, trait;
	struct slice domain, selector; /* as they were sent */
	uint8_t result;                /* enum report_auth_result */
};

/* A signature in the mail of the group at hand. */
struct signed_by {
	struct slice domain, selector;
	enum cause_key key;
	bool elsewhere;
	int64_t passing[REPORTERS_MAX], failing[REPORTERS_MAX];
	unsigned passing_len, failing_len;
};

struct query_causes {
	struct store *store;
	char domain[DOMAIN_KEY_MAX];
	int64_t id;
	int64_t only; /* the source group that is asked for, 0 all */
	int32_t from, to;
	struct query_meta meta;
	struct pool pool; /* texts and traits */
	struct dns_set *dns;
	bool parked, temperror_days, strict_dkim, strict_spf;
	bool ipv4_alone; /* passes SPF, and no IPv6 address does */
	struct passing *passing;
	size_t passing_len;
	struct said *said;
	size_t said_len;
	struct cause_shared *shared;
	struct dns_seen_policy live;
	/* the group at hand */
	int64_t group;
	struct slice group_name;
	struct bundle *bundles;
	size_t bundles_len;
	struct signed_by *signatures;
	size_t signatures_len;
	bool only_ipv6;
	struct query_cause *causes;
	size_t causes_len, group_first; /* the group's own begin there */
};

/* ---- the domain ------------------------------------------------------------------------------- */

static int bind_window(struct query_causes *q, enum stmt id, sqlite3_stmt **ret, struct err *err)
{
	if (sql_get(q->store, id, ret, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(*ret, 1, q->id);
	(void)sqlite3_bind_int(*ret, 2, q->from);
	(void)sqlite3_bind_int(*ret, 3, q->to);
	return 0;
}

static int read_domain(struct query_causes *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(q->store, STMT_OWN_DOMAIN, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, slice_of(q->domain));
	more = sql_step(q->store, stmt, "cannot look up a domain", err);
	if (more <= 0)
		return more;
	q->id = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	if (bind_window(q, STMT_CAUSE_DOMAIN, &stmt, err) < 0 ||
		sql_step(q->store, stmt, "cannot sum up a domain", err) < 0)
		return -1;
	q->parked = sqlite3_column_int64(stmt, 0) == 0 || sqlite3_column_int(stmt, 2) != 0;
	q->temperror_days = sqlite3_column_int(stmt, 1) >= TEMPERROR_DAYS;
	q->ipv4_alone = sqlite3_column_int(stmt, 3) != 0 && sqlite3_column_int(stmt, 4) == 0;
	(void)sqlite3_reset(stmt);
	return 0;
}

static int read_policy(struct query_causes *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (bind_window(q, STMT_READY_POLICY, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int(stmt, 4, 0);
	more = sql_step(q->store, stmt, "cannot read the policy", err);
	if (more <= 0)
		return more;
	q->strict_dkim = sqlite3_column_int(stmt, 3) == REPORT_ALIGNMENT_STRICT;
	q->strict_spf = sqlite3_column_int(stmt, 4) == REPORT_ALIGNMENT_STRICT;
	(void)sqlite3_reset(stmt);
	return 0;
}

static int read_passing(struct query_causes *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (bind_window(q, STMT_CAUSE_PASSING, &stmt, err) < 0)
		return -1;
	while ((more = sql_step(q->store, stmt, "cannot read signatures", err)) > 0) {
		/* More would only make a cause less sure. */
		if (q->passing_len == PASSING_MAX)
			continue;
		q->passing[q->passing_len++] =
			(struct passing){ .domain = pool_copy(&q->pool, sql_text(stmt, 0)),
				.selector = pool_copy(&q->pool, sql_text(stmt, 1)),
				.group = sqlite3_column_int64(stmt, 2) };
	}
	return more;
}

static int read_said(struct query_causes *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (bind_window(q, STMT_CAUSE_SAID, &stmt, err) < 0)
		return -1;
	if (q->only != 0)
		(void)sqlite3_bind_int64(stmt, 4, q->only);
	while ((more = sql_step(q->store, stmt, "cannot read signatures", err)) > 0) {
		if (q->said_len == SAID_MAX)
			continue;
		q->said[q->said_len++] = (struct said){ .group = sqlite3_column_int64(stmt, 0),
			.trait = sqlite3_column_int64(stmt, 1),
			.domain = pool_copy(&q->pool, sql_text(stmt, 2)),
			.selector = pool_copy(&q->pool, sql_text(stmt, 3)),
			.result = (uint8_t)sqlite3_column_int(stmt, 4) };
	}
	return more;
}

static int read_dns(struct query_causes *q, struct err *err)
{
	struct cause_shared_ask ask = { .store = q->store,
		.id = q->id,
		.domain = slice_of(q->domain),
		.from = q->from,
		.to = q->to };
	int64_t asked;

	if (dns_set_open(&q->dns, DNS_SET_BYTES_MAX, err) < 0 ||
		dns_fact_load(q->store, ask.domain, q->dns, &asked, err) < 0)
		return -1;
	ask.view = dns_set_view(q->dns);
	if (dns_seen_policy(q->store, q->id, ask.domain, ask.view, &q->live, err) < 0)
		return -1;
	return cause_shared_open(&q->shared, &ask, err);
}

/* ---- traits ----------------------------------------------------------------------------------- */

static struct slice keep(void *arg, struct slice text)
{
	return pool_copy(arg, text);
}

static int read_trait(struct query_causes *q, int64_t id, const struct trait **ret, struct err *err)
{
	struct trait *t = pool_take(&q->pool, sizeof *t);

	*ret = t;
	if (t == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for the causes of %s", q->domain);
	return trait_read(q->store, id, t, NULL, keep, &q->pool, err);
}

/* ---- the group at hand ------------------------------------------------------------------------ */

/* What stands at a key's place now; the best of several records, as a verifier would find one. */
static enum cause_key key_state(struct query_causes *q, const struct trait_signature *s)
{
	char prefix[DOMAIN_KEY_MAX + sizeof "._domainkey"], text[DOMAIN_KEY_MAX];
	enum cause_key state = CAUSE_KEY_BROKEN;
	struct dns_answer a;
	struct slice name;

	if (s->selector.len == 0 || s->selector.len >= DOMAIN_KEY_MAX)
		return CAUSE_KEY_UNKNOWN;
	(void)snprintf(prefix, sizeof prefix, "%.*s._domainkey", SLICE_FMT(s->selector));
	name = dns_name_under(prefix, s->domain, text);
	if (slice_absent(name))
		return CAUSE_KEY_UNKNOWN;
	dns_find(dns_set_view(q->dns), name, DNS_TXT, &a);
	if (a.status == DNS_NODATA || a.status == DNS_NXDOMAIN)
		return CAUSE_KEY_NONE;
	if (a.status != DNS_FOUND)
		return CAUSE_KEY_UNKNOWN;
	for (size_t i = 0; i < a.len; i++) {
		struct dkim_key key;

		dkim_key_parse(a.records[i].text, &key);
		if (key.state != DKIM_KEY_GOOD)
			continue;
		if (!key.sha256 || (key.type == DKIM_KEY_RSA && key.bits < 1024))
			state = CAUSE_KEY_WEAK;
		else
			return key.testing ? CAUSE_KEY_TESTING : CAUSE_KEY_GOOD;
	}
	return state;
}

static bool passes_elsewhere(const struct query_causes *q, const struct trait_signature *s)
{
	for (size_t i = 0; i < q->passing_len; i++) {
		const struct passing *p = &q->passing[i];

		if (p->group != q->group && slice_equal(p->selector, s->selector) &&
			slice_equal(p->domain, s->domain))
			return true;
	}
	return false;
}

/* NULL: there are too many, and this one is judged by what it is alone. */
static struct signed_by *signed_by(struct query_causes *q, const struct trait_signature *s)
{
	struct signed_by *k;

	for (size_t i = 0; i < q->signatures_len; i++) {
		k = &q->signatures[i];
		if (slice_equal(k->selector, s->selector) && slice_equal(k->domain, s->domain))
			return k;
	}
	if (q->signatures_len == SIGNATURES_MAX)
		return NULL;
	k = &q->signatures[q->signatures_len++];
	k->domain = s->domain;
	k->selector = s->selector;
	k->key = key_state(q, s);
	k->elsewhere = passes_elsewhere(q, s);
	k->passing_len = k->failing_len = 0;
	return k;
}

static void note_reporter(int64_t *list, unsigned *len, int64_t reporter)
{
	for (unsigned i = 0; i < *len; i++) {
		if (list[i] == reporter)
			return;
	}
	if (*len < REPORTERS_MAX)
		list[(*len)++] = reporter;
}

/* What only the group as a whole shows. */
static void look_at_group(struct query_causes *q)
{
	int64_t failing4 = 0, failing6 = 0, passing4 = 0, all4 = 0;

	q->signatures_len = 0;
	for (size_t i = 0; i < q->bundles_len; i++) {
		const struct bundle *b = &q->bundles[i];
		const struct trait *t = b->of;
		const int64_t ipv4 = b->messages - b->ipv6;

		all4 += ipv4;
		for (unsigned n = 0; n < t->signatures_len; n++) {
			struct signed_by *k = signed_by(q, &t->signatures[n]);

			if (k == NULL)
				continue;
			if (t->signatures[n].pass)
				note_reporter(k->passing, &k->passing_len, b->reporter);
			else
				note_reporter(k->failing, &k->failing_len, b->reporter);
		}
		if (t->spf == REPORT_RESULT_PASS) {
			passing4 += ipv4;
		} else if (t->spf_own && t->spf_result != REPORT_AUTH_PASS) {
			failing4 += ipv4;
			failing6 += b->ipv6;
		}
	}
	/* A host's two addresses may be two groups. */
	q->only_ipv6 =
		failing6 > 0 && failing4 == 0 && (passing4 > 0 || (all4 == 0 && q->ipv4_alone));
}

static bool is_list_name(struct slice name)
{
	const struct service *by_bounce, *by_dkim;

	if (name.len == 0)
		return false;
	by_bounce = catalogue_by_bounce(name);
	by_dkim = catalogue_by_dkim(name);
	return slice_starts_fold(name, SLICE_LIT("lists.")) ||
	       (by_bounce != NULL && by_bounce->role == SERVICE_LIST) ||
	       (by_dkim != NULL && by_dkim->role == SERVICE_LIST);
}

static bool is_nxdomain(struct query_causes *q, struct slice name)
{
	struct dns_answer a;

	if (slice_absent(name) || !dns_name_valid(name))
		return false;
	dns_find(dns_set_view(q->dns), name, DNS_TXT, &a);
	return a.status == DNS_NXDOMAIN;
}

/* Of names as they were sent: case and a dot at the end do not count. */
static uint8_t said_of(
	const struct query_causes *q, const struct bundle *b, const struct trait_signature *s)
{
	for (size_t i = 0; i < q->said_len && !s->pass; i++) {
		const struct said *said = &q->said[i];
		char key[DOMAIN_KEY_MAX];
		size_t len;

		if (said->group == q->group && said->trait == b->trait &&
			slice_equal_fold(said->selector, s->selector) &&
			domain_key(said->domain, key, &len) &&
			slice_equal(slice_from(key, len), s->domain))
			return said->result;
	}
	return REPORT_AUTH_ABSENT;
}

static void judge(struct query_causes *q, const struct bundle *b, struct cause *ret)
{
	struct cause_signature signatures[TRAIT_SIGNATURES_MAX];
	const struct trait *t = b->of;
	struct cause_facts f = { .trait = t,
		.class = b->class,
		.rule = b->rule,
		.domain = slice_of(q->domain),
		.from = b->from,
		.signatures = signatures,
		.home_elsewhere = b->rule == CLASS_BY_DKIM_ELSEWHERE,
		.other_is_list = t->envelope != TRAIT_ENVELOPE_OWN &&
				 (is_list_name(t->other_dkim) || is_list_name(t->spf_domain)),
		.strict_dkim = q->strict_dkim,
		.strict_spf = q->strict_spf,
		.temperror_days = q->temperror_days,
		.only_ipv6 = q->only_ipv6,
		.parked = q->parked,
		.unlisted_include = t->spf == REPORT_RESULT_PASS && t->signatures_len == 0 &&
				    cause_shared_has(q->shared, q->group, b->trait),
		.stale_policy = b->stale };

	f.from_unknown_to_dns = is_nxdomain(q, b->from);
	for (unsigned n = 0; n < t->signatures_len; n++) {
		const struct signed_by *k = signed_by(q, &t->signatures[n]);

		signatures[n] =
			(struct cause_signature){ .result = said_of(q, b, &t->signatures[n]) };
		if (k != NULL)
			signatures[n] = (struct cause_signature){ .key = k->key,
				.result = signatures[n].result,
				.reporters_passing = k->passing_len,
				.reporters_failing = k->failing_len,
				.passes_elsewhere = k->elsewhere };
	}
	cause_of(&f, ret);
}

/* ---- cards ------------------------------------------------------------------------------------ */

static struct cause_values values_of(
	const struct query_causes *q, const struct bundle *b, const struct cause *c)
{
	const struct trait *t = b->of;
	struct cause_values v = { .source = q->group_name,
		.domain = slice_of(q->domain),
		.from = b->from,
		.bounce = t->spf_domain,
		.signer = t->other_dkim };

	if (c->signature >= 0) {
		v.signer = t->signatures[c->signature].domain;
		v.selector = t->signatures[c->signature].selector;
	}
	return v;
}

/* The group's card of this code and class, which may be a new one; NULL: there is no room. */
static struct query_cause *card_of(struct query_causes *q, enum cause_code code, enum class class)
{
	struct query_cause *k;

	for (size_t i = q->group_first; i < q->causes_len; i++) {
		k = &q->causes[i];
		if (k->code == code && k->class == class)
			return k;
	}
	if (q->causes_len == CAUSES_MAX)
		return NULL;
	k = &q->causes[q->causes_len++];
	*k = (struct query_cause){ .source_group = q->group,
		.name = q->group_name,
		.class = class,
		.code = code,
		.confidence = CAUSE_CONFIDENCE_COUNT };
	return k;
}

/* largest[i]: of the group's card i, the messages its values were taken from. */
static int add_cause(
	struct query_causes *q, const struct bundle *b, int64_t *largest, struct err *err)
{
	struct query_cause *k;
	struct cause c;
	int64_t *most;

	judge(q, b, &c);
	k = card_of(q, c.code, b->class);
	if (k == NULL)
		return err_set(err, ERR_SHORTAGE, "%s has more than %d causes: ask for less",
			q->domain, CAUSES_MAX);
	most = &largest[k - &q->causes[q->group_first]];
	if (k->confidence == CAUSE_CONFIDENCE_COUNT)
		*most = -1;
	k->messages += b->messages;
	k->notes |= c.notes;
	if (c.confidence < k->confidence)
		k->confidence = c.confidence;
	if (b->messages > *most) {
		*most = b->messages;
		k->values = values_of(q, b, &c);
	}
	return 0;
}

static int end_group(struct query_causes *q, struct err *err)
{
	int64_t largest[CAUSE_CODE_COUNT * CLASS_COUNT] = { 0 };

	q->group_first = q->causes_len;
	look_at_group(q);
	for (size_t i = 0; i < q->bundles_len; i++) {
		if (add_cause(q, &q->bundles[i], largest, err) < 0)
			return -1;
	}
	q->bundles_len = 0;
	return 0;
}

static int add_bundle(struct query_causes *q, sqlite3_stmt *row, struct err *err)
{
	const struct bundle *last = q->bundles_len > 0 ? &q->bundles[q->bundles_len - 1] : NULL;
	struct bundle *b;

	if (q->bundles_len == BUNDLES_MAX)
		return err_set(err, ERR_SHORTAGE, "a source of %s has more kinds of mail than %d",
			q->domain, BUNDLES_MAX);
	b = &q->bundles[q->bundles_len];
	*b = (struct bundle){ .trait = sqlite3_column_int64(row, 2),
		.from = pool_copy(&q->pool, sql_text(row, 3)),
		.class = (enum class)(sqlite3_column_int(row, 4) & 3),
		.rule = (enum class_rule)sqlite3_column_int(row, 5),
		.reporter = sqlite3_column_int64(row, 6),
		.messages = sqlite3_column_int64(row, 7),
		.ipv6 = sqlite3_column_int64(row, 8),
		.stale = sqlite3_column_int(row, 9) != 0 };
	if (last != NULL && last->trait == b->trait)
		b->of = last->of;
	else if (read_trait(q, b->trait, &b->of, err) < 0)
		return -1;
	q->bundles_len++;
	return 0;
}

static int read_rows(struct query_causes *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int more, rc = 0;

	if (bind_window(q, STMT_CAUSE_ROWS, &stmt, err) < 0)
		return -1;
	/* Unbound it is later than no report. */
	if (q->live.since != 0)
		(void)sqlite3_bind_int64(stmt, 4, q->live.since + STALE_SECONDS);
	(void)sqlite3_bind_int(stmt, 5, q->live.p);
	(void)sqlite3_bind_int(stmt, 6, q->live.sp);
	if (q->only != 0)
		(void)sqlite3_bind_int64(stmt, 7, q->only);
	while (rc == 0 && (more = sql_step(q->store, stmt, "cannot read records", err)) != 0) {
		int64_t group = more > 0 ? sqlite3_column_int64(stmt, 0) : 0;

		if (more < 0)
			return -1;
		if (q->bundles_len > 0 && group != q->group)
			rc = end_group(q, err);
		if (q->bundles_len == 0) {
			q->group = group;
			q->group_name = pool_copy(&q->pool, sql_text(stmt, 1));
		}
		if (rc == 0)
			rc = add_bundle(q, stmt, err);
	}
	(void)sqlite3_reset(stmt);
	return rc < 0 ? -1 : end_group(q, err);
}

int query_causes_order(const void *a, const void *b)
{
	const struct query_cause *x = a, *y = b;
	const bool acts_x = cause_is_actionable(x->code), acts_y = cause_is_actionable(y->code);

	if (acts_x != acts_y)
		return acts_x ? -1 : 1;
	if (x->messages != y->messages)
		return x->messages > y->messages ? -1 : 1;
	if (x->source_group != y->source_group)
		return x->source_group < y->source_group ? -1 : 1;
	return x->code != y->code ? (x->code < y->code ? -1 : 1) : (int)x->class - (int)y->class;
}

/* ---- opening ---------------------------------------------------------------------------------- */

static int gather(void *arg, const struct query_meta *meta, struct err *err)
{
	struct query_causes *q = arg;

	q->meta = *meta;
	q->from = meta->from;
	q->to = meta->to;
	if (!meta->has_window)
		return 0;
	if (read_domain(q, err) < 0 || read_policy(q, err) < 0 || read_passing(q, err) < 0 ||
		read_said(q, err) < 0 || read_dns(q, err) < 0 || read_rows(q, err) < 0)
		return -1;
	if (pool_dry(&q->pool))
		return err_set(err, ERR_SHORTAGE, "no memory for the causes of %s", q->domain);
	qsort(q->causes, q->causes_len, sizeof *q->causes, query_causes_order);
	return 0;
}

static int answer(struct query_causes *q, const struct query_filter *wish, struct err *err)
{
	const struct query_ground ground = { q->store, "causes", q->domain, wish, gather, q };

	return query_on_ground(&ground, err);
}

int query_causes_open(struct query_causes **ret, struct store *st, struct slice domain,
	const struct query_filter *filter, struct err *err)
{
	struct query_causes *q = calloc(1, sizeof *q);
	struct err_quote quote;
	size_t len;

	if (q == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	q->store = st;
	q->only = filter->source_group;
	pool_init(&q->pool, POOL_BYTES_MAX);
	q->passing = calloc(PASSING_MAX, sizeof *q->passing);
	q->said = calloc(SAID_MAX, sizeof *q->said);
	q->bundles = calloc(BUNDLES_MAX, sizeof *q->bundles);
	q->signatures = calloc(SIGNATURES_MAX, sizeof *q->signatures);
	q->causes = calloc(CAUSES_MAX, sizeof *q->causes);
	if (q->passing == NULL || q->said == NULL || q->bundles == NULL || q->signatures == NULL ||
		q->causes == NULL)
		err_set(err, ERR_SHORTAGE, "no memory");
	else if (!domain_key(domain, q->domain, &len))
		err_set(err, ERR_USAGE, "%s is no domain name", err_quote(&quote, domain));
	else if (answer(q, filter, err) == 0) {
		*ret = q;
		return 0;
	}
	query_causes_close(q);
	return -1;
}

void query_causes_close(struct query_causes *q)
{
	if (q == NULL)
		return;
	cause_shared_close(q->shared);
	dns_set_close(q->dns);
	pool_release(&q->pool);
	free(q->passing);
	free(q->said);
	free(q->bundles);
	free(q->signatures);
	free(q->causes);
	free(q);
}

size_t query_causes_count(const struct query_causes *q)
{
	return q->causes_len;
}

const struct query_cause *query_causes_get(const struct query_causes *q, size_t i)
{
	return &q->causes[i];
}

const struct query_meta *query_causes_meta(const struct query_causes *q)
{
	return &q->meta;
}
