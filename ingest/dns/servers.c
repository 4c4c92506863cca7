#include "ingest/dns/servers.h"

#include <stdio.h>

/* Of one server: a few answers. */
#define SET_BYTES_MAX ((size_t)4 * 1024 * 1024)
/* Names above the domain at which its zone may begin. */
#define ZONE_LABELS_MAX 4

struct server {
	struct slice name; /* as the NS record has it */
	struct dns_set *set;
	bool former;
};

struct comparing {
	struct resolver *resolver;
	struct resolver_probe probes[SERVERS_NAMES_MAX];
	size_t probes_len;
	char texts[SERVERS_NAMES_MAX][DOMAIN_KEY_MAX];
	struct server servers[SERVERS_MAX + SERVERS_FORMER_MAX];
	size_t servers_len;
};

/* ---- whom and what to ask --------------------------------------------------------------------- */

static void add_probe(struct comparing *c, const char *prefix, struct slice domain)
{
	char *text = c->texts[c->probes_len];
	struct slice name = domain;

	if (prefix != NULL)
		name = dns_name_under(prefix, domain, text);
	if (c->probes_len < SERVERS_NAMES_MAX && !slice_absent(name))
		c->probes[c->probes_len++] = (struct resolver_probe){ name, DNS_TXT };
}

/* The policy, SPF, and the two keys that signed most. */
static void list_probes(struct comparing *c, const struct dns_facts *facts)
{
	add_probe(c, "_dmarc", facts->domain);
	add_probe(c, NULL, facts->domain);
	for (size_t i = 0; i < facts->selectors_len && c->probes_len < SERVERS_NAMES_MAX; i++) {
		const struct dns_seen_selector *s = &facts->selectors[i];
		char prefix[DOMAIN_KEY_MAX];
		int n = snprintf(prefix, sizeof prefix, "%.*s._domainkey", SLICE_FMT(s->selector));

		if (s->selector.len > 0 && slice_absent(s->domain) && n > 0 &&
			(size_t)n < sizeof prefix)
			add_probe(c, prefix, facts->domain);
	}
}

/* The servers of the zone the domain lies in. */
static void find_servers(struct resolver *r, struct slice domain, struct dns_answer *ret)
{
	struct slice org = domain_org(domain), name = domain;

	*ret = (struct dns_answer){ .status = DNS_NODATA };
	for (unsigned i = 0; i < ZONE_LABELS_MAX && !slice_absent(name); i++) {
		dns_find(resolver_view(r), name, DNS_NS, ret);
		if (ret->status != DNS_NODATA || slice_equal(name, org))
			return;
		name = dns_name_parent(name);
	}
}

static bool is_among(const struct dns_answer *ns, struct slice name)
{
	for (size_t i = 0; i < ns->len; i++) {
		if (slice_equal(ns->records[i].name, name))
			return true;
	}
	return false;
}

static bool address_of(struct resolver *r, struct slice name, struct ip *ret)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };

	for (size_t i = 0; i < sizeof types / sizeof *types && resolver_left(r) > 0; i++) {
		struct dns_answer a;

		dns_find(resolver_view(r), name, types[i], &a);
		if (a.len > 0) {
			*ret = a.records[0].ip;
			return true;
		}
	}
	return false;
}

static int add_server(struct comparing *c, struct slice name, bool former, struct err *err)
{
	struct server *s = &c->servers[c->servers_len];
	struct ip ip;

	if (resolver_left(c->resolver) <= c->probes_len || !address_of(c->resolver, name, &ip))
		return 0;
	if (dns_set_open(&s->set, SET_BYTES_MAX, err) < 0)
		return -1;
	c->servers_len++;
	s->name = name;
	s->former = former;
	(void)resolver_probe(c->resolver, &ip, c->probes, c->probes_len, s->set);
	return 0;
}

static int ask_servers(struct comparing *c, const struct servers_ask *ask, struct err *err)
{
	struct dns_answer ns;

	find_servers(c->resolver, ask->facts->domain, &ns);
	for (size_t i = 0; i < ns.len && i < SERVERS_MAX; i++)
		resolver_want(c->resolver, ns.records[i].name, DNS_A);
	resolver_wait(c->resolver);
	for (size_t i = 0; i < ns.len && i < SERVERS_MAX; i++) {
		if (add_server(c, ns.records[i].name, false, err) < 0)
			return -1;
	}
	for (size_t i = 0; ns.len > 0 && i < ask->former_len && i < SERVERS_FORMER_MAX; i++) {
		if (!is_among(&ns, ask->former[i]) && add_server(c, ask->former[i], true, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- comparing -------------------------------------------------------------------------------- */

static bool has_record(const struct dns_answer *a, const struct dns_record *r)
{
	for (size_t i = 0; i < a->len; i++) {
		if (slice_equal(a->records[i].text, r->text))
			return true;
	}
	return false;
}

static bool is_same(const struct dns_answer *a, const struct dns_answer *b)
{
	const struct slice none = SLICE_LIT("");

	if (a->status != b->status || a->len != b->len ||
		!slice_equal(slice_absent(a->alias) ? none : a->alias,
			slice_absent(b->alias) ? none : b->alias))
		return false;
	for (size_t i = 0; i < a->len; i++) {
		if (!has_record(b, &a->records[i]))
			return false;
	}
	return true;
}

/* What the server itself said: an alias that leads elsewhere is an answer too. */
static bool said(struct server *s, const struct resolver_probe *p, struct dns_answer *ret)
{
	dns_find(dns_set_view(s->set), p->name, p->type, ret);
	return ret->status != DNS_UNKNOWN || !slice_absent(ret->alias);
}

static int compare(struct comparing *c, const struct resolver_probe *p, size_t *ret_said,
	int (*each)(void *arg, const struct dns_seen_split *split, struct err *err), void *arg,
	struct err *err)
{
	const struct server *first = NULL;
	struct dns_answer reference = { .status = DNS_UNKNOWN }, a;

	*ret_said = 0;
	for (size_t i = 0; i < c->servers_len; i++) {
		struct server *s = &c->servers[i];

		if (!said(s, p, &a) || (s->former && first == NULL))
			continue;
		++*ret_said;
		if (first == NULL) {
			first = s;
			reference = a;
		} else if (!is_same(&reference, &a)) {
			return each(arg,
				&(struct dns_seen_split){ .name = p->name,
					.type = p->type,
					.server1 = first->name,
					.server2 = s->name,
					.old_server = s->former },
				err);
		}
	}
	return 0;
}

int servers_compare(struct resolver *r, const struct servers_ask *ask,
	int (*each)(void *arg, const struct dns_seen_split *split, struct err *err), void *arg,
	struct err *err)
{
	struct comparing c = { .resolver = r };
	size_t most = 0, count;
	int rc;

	list_probes(&c, ask->facts);
	rc = resolver_left(r) > 0 ? ask_servers(&c, ask, err) : 0;
	for (size_t i = 0; rc == 0 && i < c.probes_len; i++) {
		rc = compare(&c, &c.probes[i], &count, each, arg, err);
		most = count > most ? count : most;
	}
	for (size_t i = 0; i < c.servers_len; i++)
		dns_set_close(c.servers[i].set);
	return rc < 0 ? -1 : most > 1;
}
