#include "store/judge/dns/check_parts.h"

#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/spf.h"

void check_ttl(struct check *c, struct slice name, enum dns_type type, const struct dns_record *r)
{
	struct dns_finding *f;

	if (r->ttl <= CHECK_TTL_SECONDS)
		return;
	f = dns_found(c->found, DNS_RULE_X04, 0);
	dns_found_record(c->found, f, name, type, r->text);
	dns_found_number(c->found, f, "ttl", r->ttl);
}

static void check_splits(struct check *c)
{
	for (size_t i = 0; i < c->facts->splits_len && i < DNS_FACTS_MAX; i++) {
		const struct dns_seen_split *s = &c->facts->splits[i];
		struct dns_finding *f = dns_found(c->found, DNS_RULE_X01, s->old_server);

		dns_found_record(c->found, f, s->name, s->type, SLICE_ABSENT);
		dns_found_text(c->found, f, "ns1", s->server1);
		dns_found_text(c->found, f, "ns2", s->server2);
	}
}

/* 1: confirmed, 0: not, -1: not known. */
static int has_reverse(struct check *c, const struct ip *ip)
{
	char text[DOMAIN_KEY_MAX];
	struct dns_answer ptr, a;

	dns_find(c->view, dns_name_reverse(ip, text), DNS_PTR, &ptr);
	if (ptr.status == DNS_UNKNOWN || ptr.status == DNS_FAILED)
		return -1;
	for (size_t i = 0; i < ptr.len && i < 10; i++) {
		dns_find(c->view, ptr.records[i].name, ip->len == 4 ? DNS_A : DNS_AAAA, &a);
		if (a.status == DNS_UNKNOWN || a.status == DNS_FAILED)
			return -1;
		for (size_t k = 0; k < a.len; k++) {
			if (slice_equal(ip_slice(&a.records[k].ip), ip_slice(ip)))
				return 1;
		}
	}
	return 0;
}

static bool lacks_reverse(struct check *c, const struct dns_seen_address *seen)
{
	int has = c->facts->reverse_elsewhere ? -1 : has_reverse(c, &seen->ip);

	return has == 0 || (has < 0 && seen->reverse == DNS_REVERSE_NONE);
}

static void check_reverse(struct check *c)
{
	for (size_t i = 0; i < c->facts->addresses_len && i < DNS_FACTS_MAX; i++) {
		const struct dns_seen_address *seen = &c->facts->addresses[i];
		char name[DOMAIN_KEY_MAX], text[IP_TEXT_MAX];
		struct dns_finding *f;

		if (!seen->own || seen->recent == 0 || !lacks_reverse(c, seen))
			continue;
		f = dns_found(c->found, DNS_RULE_X02, 0);
		dns_found_record(
			c->found, f, dns_name_reverse(&seen->ip, name), DNS_PTR, SLICE_ABSENT);
		dns_found_text(c->found, f, "ip", slice_of(ip_text(&seen->ip, text)));
	}
}

static bool is_closed_spf(struct check *c, bool *known)
{
	const struct dns_record *r;
	size_t count;
	enum dns_status status = spf_find(c->view, c->facts->domain, &r, &count);
	struct spf_terms terms;
	struct spf_term t;

	*known = *known && status != DNS_UNKNOWN && status != DNS_FAILED;
	if (count != 1)
		return false;
	spf_terms_init(&terms, r->text);
	return spf_terms_next(&terms, &t) && t.kind == SPF_ALL && t.qualifier == '-' &&
	       t.fault == SPF_FINE;
}

static bool is_closed_mx(struct check *c, bool *known)
{
	struct dns_answer mx;

	dns_find(c->view, c->facts->domain, DNS_MX, &mx);
	*known = *known && mx.status != DNS_UNKNOWN && mx.status != DNS_FAILED;
	return mx.len == 1 && mx.records[0].name.len == 0;
}

static bool is_closed_dmarc(struct check *c, bool *known)
{
	struct dmarc_found found;
	struct dmarc_record r;

	dmarc_find(c->view, c->facts->domain, DMARC_TREE_WALK, &found);
	*known = *known && found.status != DNS_UNKNOWN && found.status != DNS_FAILED;
	if (found.record == NULL)
		return false;
	dmarc_parse(found.record->text, &r);
	return dmarc_effective(&r, found.inherited ? DMARC_SUBDOMAIN : DMARC_SELF) == DMARC_REJECT;
}

static void check_parked(struct check *c)
{
	struct slice d = c->facts->domain;
	char text[DOMAIN_KEY_MAX];
	bool known = true;
	bool spf = is_closed_spf(c, &known), dmarc = is_closed_dmarc(c, &known),
	     mx = is_closed_mx(c, &known);
	struct dns_finding *f;

	if (!known || (spf && dmarc && mx))
		return;
	buf_clear(&c->text);
	buf_printf(&c->text, "%s%s%s%s%s", spf ? "" : "v=spf1 -all", spf || dmarc ? "" : ", ",
		dmarc ? "" : "p=reject", (spf && dmarc) || mx ? "" : ", ", mx ? "" : "MX 0 .");
	f = dns_found(c->found, DNS_RULE_X03, 0);
	dns_found_record(c->found, f, d, DNS_TXT, SLICE_ABSENT);
	dns_found_text(c->found, f, "d", d);
	dns_found_text(c->found, f, "records", buf_slice(&c->text));
	if (!spf)
		dns_found_fix(c->found, f, d, DNS_TXT, SLICE_LIT("v=spf1 -all"));
	if (!dmarc)
		dns_found_fix(c->found, f, dns_name_under("_dmarc", d, text), DNS_TXT,
			SLICE_LIT("v=DMARC1; p=reject; sp=reject"));
	if (!mx)
		dns_found_fix(c->found, f, d, DNS_MX, SLICE_LIT("0 ."));
}

int dns_check(struct dns_view *view, const struct dns_facts *facts, struct dns_findings *ret,
	struct err *err)
{
	struct check c = { .view = view, .facts = facts, .found = ret };
	int rc;

	buf_init(&c.text, CHECK_RECORD_MAX);
	rc = check_spf(&c, err);
	if (rc == 0) {
		check_dkim(&c);
		check_dmarc(&c);
		check_splits(&c);
		check_reverse(&c);
		if (facts->parked)
			check_parked(&c);
	}
	buf_release(&c.text);
	return rc;
}

struct wants {
	void (*want)(void *arg, struct slice name, enum dns_type type);
	void *arg;
};

/* Names that are too long are nobody's to ask for. */
static void want(const struct wants *w, struct slice name, enum dns_type type)
{
	if (dns_name_valid(name))
		w->want(w->arg, name, type);
}

static void want_dmarc(const struct wants *w, struct slice d)
{
	char text[DOMAIN_KEY_MAX];

	want(w, dns_name_under("_dmarc", d, text), DNS_TXT);
	/* The names above that a walk asks for. */
	for (struct slice name = dns_name_parent(d); !slice_absent(name);
		name = dns_name_parent(name)) {
		if (dns_name_labels(name) < DMARC_WALK_MAX)
			want(w, dns_name_under("_dmarc", name, text), DNS_TXT);
	}
}

/* SELECTOR.middle.DOMAIN; absent: no such name. */
static struct slice key_name(const struct dns_seen_selector *s, const char *middle, struct slice at,
	char dst[DOMAIN_KEY_MAX])
{
	char prefix[DOMAIN_KEY_MAX];
	size_t len = strlen(middle);

	if (s->selector.len == 0 || s->selector.len + len + 1 > sizeof prefix)
		return SLICE_ABSENT;
	memcpy(prefix, s->selector.ptr, s->selector.len);
	memcpy(prefix + s->selector.len, middle, len + 1);
	return dns_name_under(prefix, at, dst);
}

/* The name with its zone's once more behind it (K15, D21). */
static void want_doubled(const struct wants *w, struct slice name, struct slice zone)
{
	char first[DOMAIN_KEY_MAX], text[DOMAIN_KEY_MAX];

	if (slice_absent(name))
		return;
	memcpy(first, name.ptr, name.len);
	first[name.len] = '\0';
	want(w, dns_name_under(first, zone, text), DNS_TXT);
}

/* What explains a key that is not where it should be. */
static void want_misplaced(
	const struct wants *w, const struct dns_seen_selector *s, struct slice at)
{
	char text[DOMAIN_KEY_MAX];
	struct slice name = key_name(s, "._domainkey", at, text);

	want(w, name, DNS_A);
	want(w, name, DNS_AAAA);
	want_doubled(w, name, at);
	want(w, key_name(s, ".domainkey", at, text), DNS_TXT);
}

void dns_check_wants(const struct dns_facts *facts,
	void (*callback)(void *arg, struct slice name, enum dns_type type), void *arg)
{
	const struct wants w = { callback, arg };
	size_t keys = facts->selectors_len < DNS_FACTS_MAX ? facts->selectors_len : DNS_FACTS_MAX;
	struct slice d = facts->domain;
	char text[DOMAIN_KEY_MAX];

	want(&w, d, DNS_TXT);
	want_dmarc(&w, d);
	for (size_t i = 0; i < keys; i++) {
		const struct dns_seen_selector *s = &facts->selectors[i];

		want(&w, key_name(s, "._domainkey", slice_absent(s->domain) ? d : s->domain, text),
			DNS_TXT);
	}
	want(&w, d, DNS_MX);
	want(&w, d, DNS_NS);
	want(&w, d, DNS_SPF);
	want_doubled(&w, dns_name_under("_dmarc", d, text), d);
	want(&w, dns_name_under("dmarc", d, text), DNS_TXT);
	want(&w, dns_name_under("*._domainkey", d, text), DNS_TXT);
	for (size_t i = 0; i < keys; i++) {
		const struct dns_seen_selector *s = &facts->selectors[i];

		want_misplaced(&w, s, slice_absent(s->domain) ? d : s->domain);
	}
}
