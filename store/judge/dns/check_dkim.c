/* The rules of DKIM keys. */
#include <stdio.h>

#include "store/base/day.h"
#include "store/judge/dns/check_parts.h"
#include "store/judge/dns/suggest.h"

#define UNUSED_DAYS 60
#define OLD_DAYS    365

struct dkim_check {
	struct check *c;
	const struct dns_seen_selector *s;
	struct slice domain, name;
	struct slice text;  /* of the record */
	struct slice plain; /* the same without extra characters */
	bool used;
};

static struct dns_finding *found(
	struct dkim_check *d, enum dns_rule rule, unsigned variant, const struct dns_tag *tag)
{
	struct dns_finding *f = dns_found(d->c->found, rule, variant);

	dns_found_record(d->c->found, f, d->name, DNS_TXT, d->text);
	if (tag != NULL && !slice_absent(tag->text) && d->plain.ptr == d->text.ptr)
		dns_found_span(f, tag->at, tag->text.len);
	dns_found_text(d->c->found, f, "s", d->s->selector);
	return f;
}

/* Worth publishing once more. */
static bool is_whole(const struct dkim_key *k)
{
	return !k->torn && (k->state == DKIM_KEY_GOOD || k->state == DKIM_KEY_REVOKED);
}

/* What is wrong beside the key itself can be put right without a new one, all at once. */
static void found_fixed(struct dkim_check *d, enum dns_rule rule, const struct dkim_key *k,
	const struct dns_tag *tag)
{
	struct dns_finding *f = found(d, rule, 0, tag);
	struct dkim_wish wish = { .record = d->text,
		.drop_testing = k->testing,
		.drop_strict = k->strict && d->s->subdomains };

	if (f == NULL || !is_whole(k) || d->plain.ptr != d->text.ptr)
		return; /* extra characters first; and they hold the buffer */
	dkim_suggest(&wish, &d->c->text);
	dns_found_fix(d->c->found, f, d->name, DNS_TXT, buf_slice(&d->c->text));
}

/* SELECTOR.middle.DOMAIN */
static struct slice name_at(const struct dkim_check *d, const char *middle, struct slice domain,
	char dst[DOMAIN_KEY_MAX])
{
	char prefix[DOMAIN_KEY_MAX];
	int n = snprintf(prefix, sizeof prefix, "%.*s.%s", SLICE_FMT(d->s->selector), middle);

	return n > 0 && (size_t)n < sizeof prefix ? dns_name_under(prefix, domain, dst)
						  : SLICE_ABSENT;
}

static void check_use(struct dkim_check *d)
{
	int32_t today = d->c->facts->today;
	char date[DAY_TEXT_MAX];

	if (d->c->facts->selectors_observed && !d->used && d->s->last_day > 0 &&
		today - d->s->last_day > UNUSED_DAYS)
		dns_found_number(d->c->found, found(d, DNS_RULE_K19, 0, NULL), "n",
			(uint64_t)(today - d->s->last_day));
	if (d->used && d->s->key_since_day > 0 && today - d->s->key_since_day > OLD_DAYS)
		dns_found_text(d->c->found, found(d, DNS_RULE_K20, 0, NULL), "date",
			slice_of(day_text(d->s->key_since_day, date)));
}

static void check_key(struct dkim_check *d, const struct dkim_key *k)
{
	struct dns_findings *to = d->c->found;

	if (!k->version_good)
		found_fixed(d, DNS_RULE_K07, k, &k->v);
	if (k->type == DKIM_KEY_OTHER)
		dns_found_text(to, found(d, DNS_RULE_K03, 1, &k->k), "k", k->k.value);
	else if (k->state == DKIM_KEY_REVOKED)
		(void)found(d, DNS_RULE_K04, !d->used, &k->p);
	else if (k->state != DKIM_KEY_GOOD || k->torn)
		(void)found(d, DNS_RULE_K03, 0, k->torn ? &k->torn_at : &k->p);
	else if (k->type == DKIM_KEY_RSA && k->bits < 2048)
		dns_found_number(to,
			found(d, k->bits < 1024 ? DNS_RULE_K05 : DNS_RULE_K06, 0, &k->p), "n",
			k->bits);
	if (!k->sha256)
		found_fixed(d, DNS_RULE_K08, k, &k->h);
	if (!k->email)
		found_fixed(d, DNS_RULE_K09, k, &k->s);
	if (k->testing)
		found_fixed(d, DNS_RULE_K10, k, &k->t);
	if (k->strict && d->s->subdomains)
		found_fixed(d, DNS_RULE_K11, k, &k->t);
	if (k->state != DKIM_KEY_REVOKED)
		check_use(d);
}

/* Without backslashes and quotation marks: what was meant (K18). */
static void strip(struct dkim_check *d)
{
	struct buf *b = &d->c->text;
	struct dns_finding *f;
	struct dkim_key key;

	d->plain = d->text;
	if (slice_find(d->text, SLICE_LIT("\\")) == SIZE_MAX &&
		slice_find(d->text, SLICE_LIT("\"")) == SIZE_MAX)
		return;
	buf_clear(b);
	for (size_t i = 0; i < d->text.len && i < CHECK_RECORD_MAX; i++) {
		if (d->text.ptr[i] != '\\' && d->text.ptr[i] != '"')
			buf_add_char(b, d->text.ptr[i]);
	}
	d->plain = buf_slice(b);
	f = found(d, DNS_RULE_K18, 0, NULL);
	dkim_key_parse(d->plain, &key);
	if (is_whole(&key))
		dns_found_fix(d->c->found, f, d->name, DNS_TXT, d->plain);
}

/* The name has no TXT: why. */
static void check_absent(struct dkim_check *d, const struct dns_answer *txt)
{
	struct dns_answer a, six;
	struct dns_finding *f;

	d->text = d->plain = SLICE_ABSENT;
	if (!slice_absent(txt->alias) && txt->status == DNS_NXDOMAIN) {
		f = found(d, DNS_RULE_K13, 0, NULL);
		dns_found_text(d->c->found, f, "target", txt->alias);
		return;
	}
	dns_find(d->c->view, d->name, DNS_A, &a);
	dns_find(d->c->view, d->name, DNS_AAAA, &six);
	if (a.status == DNS_FOUND || six.status == DNS_FOUND)
		(void)found(d, DNS_RULE_K14, 0, NULL);
	else if (d->used)
		(void)found(d, DNS_RULE_K01, 0, NULL);
}

/* The first text that is meant to be a key. A wildcard above answers with something else. */
static const struct dns_record *key_of(const struct dns_answer *a)
{
	for (size_t i = 0; i < a->len; i++) {
		if (dkim_key_is_record(a->records[i].text))
			return &a->records[i];
	}
	return NULL;
}

static void check_misplaced(struct dkim_check *d)
{
	char text[DOMAIN_KEY_MAX], own[DOMAIN_KEY_MAX];
	struct slice names[2] = { SLICE_ABSENT, name_at(d, "domainkey", d->domain, text) };
	char twice[DOMAIN_KEY_MAX];

	if (d->name.len < sizeof own) {
		memcpy(own, d->name.ptr, d->name.len);
		own[d->name.len] = '\0';
		names[0] = dns_name_under(own, d->domain, twice);
	}
	for (unsigned i = 0; i < 2; i++) {
		const struct dns_record *key;
		struct dkim_key parsed;
		struct dns_answer a;
		struct dns_finding *f;

		if (slice_absent(names[i]))
			continue;
		dns_find(d->c->view, names[i], DNS_TXT, &a);
		key = key_of(&a);
		if (key == NULL)
			continue;
		f = dns_found(d->c->found, i == 0 ? DNS_RULE_K15 : DNS_RULE_K16, 0);
		dns_found_record(d->c->found, f, names[i], DNS_TXT, key->text);
		dns_found_text(d->c->found, f, "s", d->s->selector);
		/* A key that is cut or spoilt is to be copied from the sender again, not moved. */
		dkim_key_parse(key->text, &parsed);
		if (parsed.state == DKIM_KEY_GOOD)
			dns_found_fix(d->c->found, f, d->name, DNS_TXT, key->text);
		dns_found_remove(d->c->found, f, names[i], DNS_TXT, key->text);
	}
}

/* The type of a good key, or -1. */
static int check_selector(struct check *c, const struct dns_seen_selector *s)
{
	struct dkim_check d = { .c = c, .s = s, .used = s->recent > 0 };
	char text[DOMAIN_KEY_MAX];
	struct dns_answer a;
	struct dkim_key key;

	d.domain = slice_absent(s->domain) ? c->facts->domain : s->domain;
	d.name = name_at(&d, "_domainkey", d.domain, text);
	if (slice_absent(d.name) || s->selector.len == 0)
		return -1;
	check_misplaced(&d);
	dns_find(c->view, d.name, DNS_TXT, &a);
	if (check_missing(a.status))
		check_absent(&d, &a);
	if (a.status != DNS_FOUND)
		return -1;
	d.text = d.plain = a.records[0].text;
	if (a.len > 1) {
		dns_found_number(c->found, found(&d, DNS_RULE_K02, 0, NULL), "n", a.len);
		return -1;
	}
	check_ttl(c, d.name, DNS_TXT, &a.records[0]);
	strip(&d);
	dkim_key_parse(d.plain, &key);
	check_key(&d, &key);
	return key.state == DKIM_KEY_GOOD ? (int)key.type : -1;
}

void check_dkim(struct check *c)
{
	const struct dns_facts *facts = c->facts;
	char text[DOMAIN_KEY_MAX];
	struct slice star = dns_name_under("*._domainkey", facts->domain, text);
	struct dns_answer a = { .len = 0 };
	unsigned rsa = 0, ed25519 = 0;
	struct dns_finding *f;

	for (size_t i = 0; i < facts->selectors_len && i < DNS_FACTS_MAX; i++) {
		int type = check_selector(c, &facts->selectors[i]);

		rsa += type == DKIM_KEY_RSA;
		ed25519 += type == DKIM_KEY_ED25519;
	}
	if (ed25519 > 0 && rsa == 0) {
		f = dns_found(c->found, DNS_RULE_K12, 0);
		dns_found_record(c->found, f, facts->domain, DNS_TXT, SLICE_ABSENT);
	}
	if (!slice_absent(star))
		dns_find(c->view, star, DNS_TXT, &a);
	/* "p=" alone refuses every unknown selector on purpose, and hides nothing. */
	for (size_t i = 0; i < a.len; i++) {
		struct dkim_key key;

		dkim_key_parse(a.records[i].text, &key);
		if (key.state == DKIM_KEY_REVOKED || !dkim_key_is_record(a.records[i].text))
			continue;
		f = dns_found(c->found, DNS_RULE_K17, 0);
		dns_found_record(c->found, f, star, DNS_TXT, a.records[i].text);
		dns_found_remove(c->found, f, star, DNS_TXT, a.records[i].text);
	}
	if (facts->selectors_observed && facts->own_recent > 0 && facts->own_signed_recent == 0) {
		f = dns_found(c->found, DNS_RULE_K21, 0);
		dns_found_record(c->found, f, facts->domain, DNS_TXT, SLICE_ABSENT);
		dns_found_text(c->found, f, "d", facts->domain);
	}
}
