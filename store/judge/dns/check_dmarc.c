/* The rules of DMARC records. */
#include <stdio.h>

#include "store/base/day.h"
#include "store/judge/dns/check_parts.h"
#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/suggest.h"

struct dmarc_check {
	struct check *c;
	struct slice name; /* _dmarc.domain */
	struct dmarc_record r;
	struct dmarc_wish wish; /* what the record should be: of all findings together */
};

/* What a finding of the rule asks of the record. */
static void wish_for(struct dmarc_wish *wish, enum dns_rule rule)
{
	wish->relaxed |= rule == DNS_RULE_D17;
	wish->drop_sp |= rule == DNS_RULE_D14;
	wish->keep_testing &= rule != DNS_RULE_D16;
	wish->drop_ruf |= rule == DNS_RULE_D18;
	wish->drop_psd |= rule == DNS_RULE_D25;
	if (rule == DNS_RULE_D15)
		wish->np = DMARC_REJECT;
}

static struct dns_finding *found(
	struct dmarc_check *d, enum dns_rule rule, unsigned variant, size_t at, size_t len)
{
	struct dns_finding *f = dns_found(d->c->found, rule, variant);
	/* To go on, to write an address or to take one away is the owner's to decide. */
	bool open = rule == DNS_RULE_D06 || (rule == DNS_RULE_D11 && variant == 0) ||
		    (rule == DNS_RULE_D07 && slice_absent(d->wish.report_address));

	dns_found_record(d->c->found, f, d->name, DNS_TXT, d->r.text);
	dns_found_span(f, at, len);
	if (rule == DNS_RULE_D18 && f != NULL) {
		struct dmarc_wish wish = d->wish; /* perhaps somebody reads what ruf= brings */

		wish_for(&wish, rule);
		dmarc_suggest(&wish, &d->c->text);
		dns_found_fix(d->c->found, f, d->name, DNS_TXT, buf_slice(&d->c->text));
	} else if (!open) {
		wish_for(&d->wish, rule);
		dns_found_wait(f);
	}
	return f;
}

static struct dns_finding *found_tag(
	struct dmarc_check *d, enum dns_rule rule, unsigned variant, const struct dns_tag *t)
{
	struct dns_finding *f = found(d, rule, variant, t->at, t->text.len);

	dns_found_text(d->c->found, f, "tag", t->name);
	dns_found_text(d->c->found, f, "v", slice_absent(t->value) ? SLICE_LIT("") : t->value);
	return f;
}

/* A known tag's name and "=" behind a blank or comma inside of a value: a ";" is missing. */
static bool swallows(const struct dns_tag *t)
{
	for (size_t i = 1; i < t->value.len; i++) {
		struct slice left, rest, word;

		if (t->value.ptr[i - 1] != ' ' && t->value.ptr[i - 1] != ',')
			continue;
		left = slice_from(t->value.ptr + i, t->value.len - i);
		if (left.len > 16)
			left.len = 16;
		word = dns_tags_trim(slice_cut(left, '=', &rest));
		if (!slice_absent(rest) && dmarc_tag_find(word) != DMARC_TAG_COUNT)
			return true;
	}
	return false;
}

static bool one_edit(struct slice a, struct slice b)
{
	size_t i = 0, k = 0;

	if (a.len > b.len)
		return one_edit(b, a);
	if (b.len - a.len > 1 || b.len < 3)
		return false;
	while (i < a.len && a.ptr[i] == b.ptr[i])
		i++;
	while (k < a.len - i && a.ptr[a.len - 1 - k] == b.ptr[b.len - 1 - k])
		k++;
	return i + k + 1 >= a.len && i + k + 1 >= b.len;
}

static void check_unknown_tag(struct dmarc_check *d, const struct dns_tag *t)
{
	for (unsigned i = 0; i < DMARC_TAG_COUNT; i++) {
		if (!one_edit(t->name, slice_of(dmarc_tag_names[i])))
			continue;
		dns_found_text(d->c->found, found_tag(d, DNS_RULE_D19, 1, t), "x",
			slice_of(dmarc_tag_names[i]));
		return;
	}
	(void)found_tag(d, DNS_RULE_D19, 0, t);
}

static void check_tags(struct dmarc_check *d)
{
	struct dns_tags tags;
	struct dns_tag t;
	unsigned seen = 0;

	dns_tags_init(&tags, d->r.text);
	while (dns_tags_next(&tags, &t)) {
		enum dmarc_tag id = dmarc_tag_find(t.name);

		if (swallows(&t)) {
			dns_found_text(d->c->found, found(d, DNS_RULE_D20, 0, t.at, t.text.len),
				"span", t.text);
			if (id != DMARC_TAG_COUNT)
				d->r.bad[id] = false; /* said */
			seen |= id != DMARC_TAG_COUNT ? 1U << id : 0;
			continue;
		}
		if (id == DMARC_TAG_COUNT || slice_absent(t.value))
			check_unknown_tag(d, &t);
	}
	for (unsigned i = DMARC_P; i <= DMARC_NP; i++) {
		if (d->r.bad[i])
			(void)found_tag(d, DNS_RULE_D04, 0, &d->r.tags[i]);
	}
	if (d->r.p == DMARC_ABSENT && seen == 0)
		(void)found(d, DNS_RULE_D05, 0, 0, 0);
}

/* Who receives reports for others says so: DOMAIN._report._dmarc.DEST (RFC 9990). */
static void check_external(struct dmarc_check *d, const struct dmarc_uri *uri)
{
	struct slice domain = d->c->facts->domain, name, org;
	char key[DOMAIN_KEY_MAX], base[DOMAIN_KEY_MAX], prefix[DOMAIN_KEY_MAX];
	struct dns_answer a;
	struct dns_finding *f;
	size_t len = 0;

	if (!domain_key(uri->host, key, &len) ||
		domain.len + sizeof "._report._dmarc" > sizeof prefix)
		return;
	org = domain_org(slice_from(key, len));
	if (slice_equal(org, domain_org(domain)))
		return;
	(void)snprintf(prefix, sizeof prefix, "%.*s._report._dmarc", SLICE_FMT(domain));
	name = dns_name_under(prefix, slice_from(key, len), base);
	if (slice_absent(name))
		return;
	dns_find(d->c->view, name, DNS_TXT, &a);
	for (size_t i = 0; i < a.len; i++) {
		if (dmarc_is_record(a.records[i].text))
			return;
	}
	if (a.status == DNS_UNKNOWN || a.status == DNS_FAILED)
		return;
	f = dns_found(d->c->found, DNS_RULE_D09, 0);
	dns_found_record(d->c->found, f, d->name, DNS_TXT, d->r.text);
	dns_found_span(f, uri->at, uri->text.len);
	dns_found_text(d->c->found, f, "dest", slice_from(key, len));
	dns_found_text(d->c->found, f, "d", domain);
	dns_found_fix(d->c->found, f, name, DNS_TXT, SLICE_LIT("v=DMARC1;"));
}

static void check_uris(struct dmarc_check *d, enum dmarc_tag tag)
{
	const struct dns_tag *t = &d->r.tags[tag];
	struct slice ours = d->c->facts->report_address;
	bool here = slice_absent(ours) || tag != DMARC_RUA;
	struct dmarc_uris uris;
	struct dmarc_uri uri;
	size_t count = 0;

	if (slice_absent(t->text) || swallows(t))
		return;
	dmarc_uris_init(&uris, d->r.text, t->value);
	while (dmarc_uris_next(&uris, &uri)) {
		count++;
		here = here || slice_equal_fold(uri.address, ours);
		if (!uri.valid) {
			struct dns_finding *f = found(d, DNS_RULE_D08, 0, uri.at, uri.text.len);

			here = here || slice_equal_fold(uri.text, ours);
			dns_found_text(d->c->found, f, "v", uri.text);
			dns_found_text(d->c->found, f, "tag", t->name);
		} else if (!slice_absent(uri.host) && count <= 10) {
			check_external(d, &uri);
		}
		if (!slice_absent(uri.size))
			dns_found_text(d->c->found, found(d, DNS_RULE_D11, 1, uri.at, uri.text.len),
				"v", uri.size);
	}
	if (count > 2)
		dns_found_number(d->c->found, found_tag(d, DNS_RULE_D11, 0, t), "n", count);
	if (!here) {
		struct dns_finding *f = found(d, DNS_RULE_D10, 0, t->at, t->text.len);

		dns_found_text(d->c->found, f, "d", d->c->facts->domain);
		dns_found_text(d->c->found, f, "address", ours);
	}
}

static void check_policies(struct dmarc_check *d)
{
	const struct dmarc_record *r = &d->r;
	enum dmarc_policy np = dmarc_effective(r, DMARC_NONEXISTENT);
	struct dns_finding *f;

	if (r->p == DMARC_NONE)
		(void)found_tag(d, DNS_RULE_D06, 0, &r->tags[DMARC_P]);
	if (r->sp >= DMARC_NONE && r->p >= DMARC_NONE && r->sp < r->p) {
		f = found_tag(d, DNS_RULE_D14, 0, &r->tags[DMARC_SP]);
		dns_found_text(d->c->found, f, "sp", r->tags[DMARC_SP].value);
		dns_found_text(d->c->found, f, "p", r->tags[DMARC_P].value);
	}
	/* With p=reject alone it would say what is so already. */
	if (r->p > DMARC_NONE && r->np == DMARC_ABSENT && np != DMARC_REJECT)
		(void)found(d, DNS_RULE_D15, 0, 0, 0);
	if (r->testing)
		dns_found_text(d->c->found, found_tag(d, DNS_RULE_D16, 0, &r->tags[DMARC_T]), "p",
			slice_of(dmarc_policy_names[dmarc_effective(r, DMARC_SELF)]));
}

static bool is_public_suffix(struct slice key)
{
	char text[DOMAIN_KEY_MAX];
	struct slice under = dns_name_under("x", key, text);

	return !slice_absent(under) && domain_org(under).len == under.len;
}

static void check_old_tags(struct dmarc_check *d)
{
	const struct dmarc_record *r = &d->r;
	const struct dns_tag *pct = &r->tags[DMARC_PCT];

	if (!slice_absent(pct->text) && !swallows(pct))
		(void)found_tag(d, DNS_RULE_D12, r->pct < 0 ? 1 : r->pct == 100 ? 2 : 0, pct);
	for (unsigned i = DMARC_RF; i <= DMARC_RI; i++) {
		if (!slice_absent(r->tags[i].text))
			(void)found_tag(d, DNS_RULE_D13, 0, &r->tags[i]);
	}
	if (!slice_absent(r->tags[DMARC_RUF].text))
		(void)found_tag(d, DNS_RULE_D18, 1, &r->tags[DMARC_RUF]);
	else if (!slice_absent(r->tags[DMARC_FO].text))
		(void)found_tag(d, DNS_RULE_D18, 0, &r->tags[DMARC_FO]);
	if (r->psd == 'y' && !is_public_suffix(d->c->facts->domain))
		(void)found_tag(d, DNS_RULE_D25, 0, &r->tags[DMARC_PSD]);
}

static void check_seen(struct dmarc_check *d)
{
	const struct dns_facts *facts = d->c->facts;
	const struct {
		bool strict;
		int64_t failed;
		enum dmarc_tag tag;
	} rows[] = {
		{ d->r.strict_dkim, facts->strict_dkim_failed, DMARC_ADKIM },
		{ d->r.strict_spf, facts->strict_spf_failed, DMARC_ASPF },
	};
	char date[DAY_TEXT_MAX];
	struct dns_finding *f;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].strict && rows[i].failed > 0)
			dns_found_number(d->c->found,
				found_tag(d, DNS_RULE_D17, 0, &d->r.tags[rows[i].tag]), "n",
				(uint64_t)rows[i].failed);
	}
	if (slice_absent(facts->stale_policy) || facts->today - facts->stale_since_day <= 3)
		return;
	f = dns_found(d->c->found, DNS_RULE_D24, 0);
	dns_found_record(d->c->found, f, d->name, DNS_TXT, d->r.text);
	dns_found_text(d->c->found, f, "old", facts->stale_policy);
	dns_found_text(d->c->found, f, "date", slice_of(day_text(facts->stale_since_day, date)));
}

static void check_own(struct dmarc_check *d, const struct dns_record *record)
{
	dmarc_parse(record->text, &d->r);
	d->wish = (struct dmarc_wish){ .record = record->text,
		.report_address = d->c->facts->report_address,
		.keep_testing = true };
	check_ttl(d->c, d->name, DNS_TXT, record);
	check_tags(d);
	check_policies(d);
	if (slice_absent(d->r.tags[DMARC_RUA].text) && !dns_found_any(d->c->found, DNS_RULE_D20))
		(void)found(d, DNS_RULE_D07, 0, 0, 0);
	check_uris(d, DMARC_RUA);
	check_uris(d, DMARC_RUF);
	check_seen(d);
	check_old_tags(d);
	dmarc_suggest(&d->wish, &d->c->text);
	dns_found_fix_waiting(d->c->found, d->name, DNS_TXT, buf_slice(&d->c->text));
}

static bool is_near_record(struct slice text)
{
	size_t at = slice_find_fold(text, SLICE_LIT("DMARC"));

	return at < 24 || (text.len > 2 && slice_find(text, SLICE_LIT("p=")) < 3);
}

/* Where there is no record: what stands there instead. True: something was said of it. */
static bool check_instead(struct dmarc_check *d)
{
	struct dns_answer a;
	struct dns_finding *f;
	size_t records = 0;

	dns_find(d->c->view, d->name, DNS_TXT, &a);
	for (size_t i = 0; i < a.len; i++)
		records += dmarc_is_record(a.records[i].text);
	if (records > 1) {
		f = dns_found(d->c->found, DNS_RULE_D02, 0);
		dns_found_record(d->c->found, f, d->name, DNS_TXT, SLICE_ABSENT);
		dns_found_number(d->c->found, f, "n", records);
		return true;
	}
	for (size_t i = 0; i < a.len; i++) {
		struct dmarc_wish wish = { .record = a.records[i].text,
			.report_address = d->c->facts->report_address };
		bool near = is_near_record(a.records[i].text);

		f = dns_found(d->c->found, near ? DNS_RULE_D03 : DNS_RULE_D22, 0);
		dns_found_record(d->c->found, f, d->name, DNS_TXT, a.records[i].text);
		dmarc_suggest(&wish, &d->c->text);
		dns_found_fix(d->c->found, f, d->name, DNS_TXT, buf_slice(&d->c->text));
	}
	return a.len > 0;
}

/* As it is, if receivers would have it there; else what was meant. */
static void fix_misplaced(struct dmarc_check *d, struct dns_finding *f, struct slice text)
{
	struct dmarc_wish wish = {
		.record = text, .report_address = d->c->facts->report_address, .keep_testing = true
	};
	struct dmarc_record r;

	dmarc_parse(text, &r);
	if (!r.valid) {
		dmarc_suggest(&wish, &d->c->text);
		text = buf_slice(&d->c->text);
	}
	dns_found_fix(d->c->found, f, d->name, DNS_TXT, text);
}

static bool check_misplaced(struct dmarc_check *d, bool right)
{
	struct slice domain = d->c->facts->domain;
	char dmarc[DOMAIN_KEY_MAX], twice[DOMAIN_KEY_MAX], own[DOMAIN_KEY_MAX];
	struct slice names[3] = { domain, dns_name_under("dmarc", domain, dmarc), SLICE_ABSENT };
	bool any = false;

	if (!slice_absent(dns_name_under("_dmarc", domain, own)) &&
		strlen(own) + 1 + domain.len < 254)
		names[2] = dns_name_under(own, domain, twice);
	for (size_t i = 0; i < 3; i++) {
		struct dns_answer a = { .len = 0 };

		if (!slice_absent(names[i]))
			dns_find(d->c->view, names[i], DNS_TXT, &a);
		for (size_t k = 0; k < a.len; k++) {
			struct dns_finding *f;

			if (!dmarc_is_record(a.records[k].text))
				continue;
			f = dns_found(d->c->found, DNS_RULE_D21, right);
			dns_found_record(d->c->found, f, names[i], DNS_TXT, a.records[k].text);
			dns_found_text(d->c->found, f, "d", domain);
			if (!right)
				fix_misplaced(d, f, a.records[k].text);
			dns_found_remove(d->c->found, f, names[i], DNS_TXT, a.records[k].text);
			any = true;
		}
	}
	return any;
}

static void check_inherited(struct dmarc_check *d, const struct dmarc_found *where)
{
	enum dmarc_tag tag = DMARC_P;
	struct dns_finding *f;
	char text[DOMAIN_KEY_MAX];

	dmarc_parse(where->record->text, &d->r);
	if (d->r.sp >= DMARC_NONE)
		tag = DMARC_SP;
	f = dns_found(d->c->found, DNS_RULE_D23, 0);
	dns_found_record(d->c->found, f, dns_name_under("_dmarc", where->domain, text), DNS_TXT,
		where->record->text);
	dns_found_span(f, d->r.tags[tag].at, d->r.tags[tag].text.len);
	dns_found_text(d->c->found, f, "d", d->c->facts->domain);
	dns_found_text(d->c->found, f, "tag", slice_of(dmarc_tag_names[tag]));
	dns_found_text(d->c->found, f, "v",
		slice_of(dmarc_policy_names[dmarc_effective(&d->r, DMARC_SUBDOMAIN)]));
	dns_found_text(d->c->found, f, "parent", where->domain);
}

void check_dmarc(struct check *c)
{
	struct dmarc_check d = { .c = c };
	struct dmarc_found where;
	char text[DOMAIN_KEY_MAX];
	bool right;

	d.name = dns_name_under("_dmarc", c->facts->domain, text);
	if (slice_absent(d.name))
		return;
	dmarc_find(c->view, c->facts->domain, DMARC_TREE_WALK, &where);
	right = where.status == DNS_FOUND && !where.inherited;
	if (right)
		check_own(&d, where.record);
	if (check_misplaced(&d, right) || right || check_instead(&d))
		return;
	if (where.status == DNS_FOUND) {
		check_inherited(&d, &where);
	} else if (check_missing(where.status)) {
		struct dmarc_wish wish = { .report_address = c->facts->report_address };
		struct dns_finding *f = dns_found(c->found, DNS_RULE_D01, 0);

		dns_found_record(c->found, f, d.name, DNS_TXT, SLICE_ABSENT);
		dns_found_text(c->found, f, "d", c->facts->domain);
		dmarc_suggest(&wish, &c->text);
		dns_found_fix(c->found, f, d.name, DNS_TXT, buf_slice(&c->text));
	}
}
