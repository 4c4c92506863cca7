#include "store/query_dns_known.h"

#include <stdlib.h>

#include "store/base/day.h"
#include "store/query_ground.h"
#include "store/dns_fact.h"
#include "store/dns_seen.h"
#include "store/sql.h"

struct query_dns_known {
	struct store *store;
	char domain[DOMAIN_KEY_MAX];
	struct query_meta meta;
	struct dns_set *set;
	struct dns_seen *seen;
	struct dns_facts facts;
	struct dns_seen_selector room[DNS_FACTS_MAX];
	int64_t asked, answered;
	struct query_dns *answer;
};

static int read_answered(struct query_dns_known *q, struct store *st, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_DNS_RUN_ANSWERED, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, slice_of(q->domain));
	more = sql_step(st, stmt, "cannot read when the DNS answered", err);
	if (more < 0)
		return -1;
	q->answered = more > 0 ? sqlite3_column_int64(stmt, 0) : 0;
	(void)sqlite3_reset(stmt);
	return 0;
}

static int gather(void *arg, const struct query_meta *meta, struct err *err)
{
	struct query_dns_known *q = arg;
	struct store *st = q->store;
	struct slice domain = slice_of(q->domain);
	int known;

	q->meta = *meta;
	q->meta.has_window = false;
	if (dns_set_open(&q->set, DNS_SET_BYTES_MAX, err) < 0 ||
		dns_seen_open(&q->seen, st, domain, day_of(day_now()), err) < 0)
		return -1;
	known = dns_fact_load(st, domain, q->set, &q->asked, err);
	if (known < 0)
		return -1;
	/* Of mail alone nothing can be found: a rule would take what nobody asked for as missing. */
	if (known == 0)
		q->facts = (struct dns_facts){ .domain = domain, .today = day_of(day_now()) };
	else if (dns_seen_join(q->seen, dns_set_view(q->set), err) < 0)
		return -1;
	else
		q->facts = *dns_seen_facts(q->seen);
	query_dns_selectors(&q->facts, q->set, q->room);
	return read_answered(q, st, err);
}

static int answer(struct query_dns_known *q, bool suggest, struct err *err)
{
	const struct query_ground ground = { q->store, "the DNS", q->domain, NULL, gather, q };

	if (query_on_ground(&ground, err) < 0)
		return -1;
	return query_dns_open(&q->answer,
		&(struct query_dns_ask){ .view = dns_set_view(q->set),
			.facts = &q->facts,
			.asked = q->asked,
			.suggest = suggest },
		err);
}

int query_dns_known_open(struct query_dns_known **ret, struct store *st, struct slice domain,
	bool suggest, struct err *err)
{
	struct query_dns_known *q = calloc(1, sizeof *q);
	struct err_quote quote;
	size_t len;

	if (q == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	q->store = st;
	if (!domain_key(domain, q->domain, &len))
		err_set(err, ERR_USAGE, "%s is no domain name", err_quote(&quote, domain));
	else if (answer(q, suggest, err) == 0) {
		*ret = q;
		return 0;
	}
	query_dns_known_close(q);
	return -1;
}

void query_dns_known_close(struct query_dns_known *q)
{
	if (q == NULL)
		return;
	query_dns_close(q->answer);
	dns_seen_close(q->seen);
	dns_set_close(q->set);
	free(q);
}

struct query_dns *query_dns_known_answer(struct query_dns_known *q)
{
	return q->answer;
}

struct slice query_dns_known_domain(const struct query_dns_known *q)
{
	return slice_of(q->domain);
}

int64_t query_dns_known_answered(const struct query_dns_known *q)
{
	return q->answered;
}

const struct query_meta *query_dns_known_meta(const struct query_dns_known *q)
{
	return &q->meta;
}
