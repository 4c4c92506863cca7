/* The rules of SPF records. */
#include <stdio.h>

#include "store/judge/dns/check_parts.h"
#include "store/judge/dns/spf_eval.h"
#include "store/judge/dns/spf_tree.h"
#include "store/judge/dns/suggest.h"

#define LONG_BYTES 450

struct spf_check {
	struct check *c;
	struct slice name, record;
	const struct dns_record *found;
	const struct spf_tree *tree;
	/* What the record should be: of all findings together, so that the last one that is copied
	 * does not undo the others. */
	const char *all;
	size_t drop_len, add_len;
	struct slice drop[SPF_TREE_NODES_MAX];
	struct ip add[DNS_FACTS_MAX];
};

static struct dns_finding *found(
	struct spf_check *s, enum dns_rule rule, unsigned variant, size_t at, size_t len)
{
	struct dns_finding *f = dns_found(s->c->found, rule, variant);

	dns_found_record(s->c->found, f, s->name, DNS_TXT, s->record);
	dns_found_span(f, at, len);
	return f;
}

static void drop_term(struct spf_check *s, struct slice term)
{
	if (s->drop_len < SPF_TREE_NODES_MAX)
		s->drop[s->drop_len++] = term;
}

/* The fix of this finding: what all of them make of the record. */
static void suggest(struct spf_check *s, struct dns_finding *f, const char *all,
	const struct ip *add, const struct slice *drop)
{
	if (all != NULL)
		s->all = all;
	if (add != NULL && s->add_len < DNS_FACTS_MAX)
		s->add[s->add_len++] = *add;
	if (drop != NULL)
		drop_term(s, *drop);
	dns_found_wait(f);
}

/* The fix of this finding alone. */
static void suggest_apart(struct spf_check *s, struct dns_finding *f, const struct slice *drop)
{
	struct spf_wish wish = {
		.records = &s->record, .records_len = 1, .drop = drop, .drop_len = drop != NULL
	};

	if (f == NULL)
		return; /* not kept: no work for it */
	spf_suggest(&wish, &s->c->text);
	dns_found_fix(s->c->found, f, s->name, DNS_TXT, buf_slice(&s->c->text));
}

static void suggest_all(struct spf_check *s)
{
	struct spf_wish wish = { .records = &s->record,
		.records_len = 1,
		.add = s->add,
		.add_len = s->add_len,
		.drop = s->drop,
		.drop_len = s->drop_len,
		.all = s->all };

	spf_suggest(&wish, &s->c->text);
	dns_found_fix_waiting(s->c->found, s->name, DNS_TXT, buf_slice(&s->c->text));
}

static struct dns_finding *found_term(
	struct spf_check *s, enum dns_rule rule, unsigned variant, const struct spf_term *t)
{
	struct dns_finding *f = found(s, rule, variant, t->at, t->text.len);

	dns_found_text(s->c->found, f, "term", t->text);
	return f;
}

/* Networks that are nobody's on the Internet. Documentation ranges are left out: no route leads
 * there, and every example is made of them. */
static bool is_private(const struct ip_net *net)
{
	static const struct {
		uint8_t len, bits, bytes[2];
	} rows[] = {
		{ 4, 8, { 0 } },
		{ 4, 8, { 10 } },
		{ 4, 8, { 127 } },
		{ 4, 10, { 100, 64 } },
		{ 4, 16, { 169, 254 } },
		{ 4, 12, { 172, 16 } },
		{ 4, 16, { 192, 168 } },
		{ 4, 3, { 224 } },
		{ 16, 7, { 0xfc } },
		{ 16, 10, { 0xfe, 0x80 } },
		{ 16, 8, { 0xff } },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned mask = 0xffffU << (16 - rows[i].bits) & 0xffffU;
		unsigned have = (unsigned)net->first.bytes[0] << 8 | net->first.bytes[1];
		unsigned want = (unsigned)rows[i].bytes[0] << 8 | rows[i].bytes[1];

		if (net->first.len == rows[i].len && net->bits >= rows[i].bits &&
			(have & mask) == want)
			return true;
	}
	return false;
}

static void check_network(struct spf_check *s, const struct spf_term *t)
{
	struct dns_finding *f;
	char count[32], text[IP_TEXT_MAX];
	unsigned host = t->net.first.len * 8U - t->net.bits;

	if (t->net.bits < (t->kind == SPF_IP4 ? 16 : 32)) {
		f = found_term(s, DNS_RULE_S17, 0, t);
		if (host < 63)
			(void)snprintf(count, sizeof count, "%llu", 1ULL << host);
		else
			(void)snprintf(count, sizeof count, "2^%u", host);
		dns_found_text(s->c->found, f, "cidr", t->text);
		dns_found_text(s->c->found, f, "n", slice_of(count));
	}
	if (is_private(&t->net)) {
		f = found_term(s, DNS_RULE_S18, 0, t);
		dns_found_text(s->c->found, f, "ip", slice_of(ip_text(&t->net.first, text)));
		suggest(s, f, NULL, NULL, &t->text);
	}
}

/* A string that begins with a mechanism right behind another word: two became one. */
static bool is_joined(struct spf_check *s, const struct spf_term *t, size_t *ret)
{
	static const char *const begins[] = { "include:", "ip4:", "ip6:", "redirect=", "exists:",
		"~all", "-all", "?all", "+all", "a:", "mx:" };

	for (size_t i = 0; i < s->found->breaks_len; i++) {
		size_t at = s->found->breaks[i];
		struct slice rest;

		if (at <= t->at || at >= t->at + t->text.len)
			continue;
		rest = slice_from(s->record.ptr + at, t->at + t->text.len - at);
		for (size_t k = 0; k < sizeof begins / sizeof *begins; k++) {
			if (slice_starts_fold(rest, slice_of(begins[k]))) {
				*ret = at;
				return true;
			}
		}
	}
	return false;
}

static void check_joined(struct spf_check *s, const struct spf_term *t, size_t at)
{
	struct dns_finding *f = found_term(s, DNS_RULE_S21, 0, t);
	struct buf *b = &s->c->text;

	dns_found_text(s->c->found, f, "a", slice_from(t->text.ptr, at - t->at));
	dns_found_text(
		s->c->found, f, "b", slice_from(s->record.ptr + at, t->at + t->text.len - at));
	buf_clear(b);
	buf_add(b, slice_from(s->record.ptr, at));
	buf_add_char(b, ' ');
	buf_add(b, slice_from(s->record.ptr + at, s->record.len - at));
	dns_found_fix(s->c->found, f, s->name, DNS_TXT, buf_slice(b));
}

static bool has_curly(struct slice s)
{
	return slice_find(s, SLICE_LIT("\xe2\x80\x9c")) != SIZE_MAX ||
	       slice_find(s, SLICE_LIT("\xe2\x80\x9d")) != SIZE_MAX ||
	       slice_find(s, SLICE_LIT("\xe2\x80\x98")) != SIZE_MAX ||
	       slice_find(s, SLICE_LIT("\xe2\x80\x99")) != SIZE_MAX;
}

static void check_fault(struct spf_check *s, const struct spf_term *t)
{
	struct dns_finding *f;

	if (t->fault == SPF_BAD_FAMILY)
		f = found_term(s, DNS_RULE_S16, t->kind != SPF_IP4, t);
	else if (t->fault == SPF_BAD_PREFIX)
		f = found_term(s, DNS_RULE_S16, 1, t);
	else
		f = found_term(s, DNS_RULE_S06, 0, t);
	suggest(s, f, NULL, NULL, NULL);
}

static void check_all(struct spf_check *s, const struct spf_term *t)
{
	struct dns_finding *f;

	if (t->qualifier == '+') {
		f = found_term(s, DNS_RULE_S09, 0, t);
		suggest(s, f, "~all", NULL, NULL);
	} else if (t->qualifier == '?') {
		f = found_term(s, DNS_RULE_S10, 0, t);
		suggest(s, f, "~all", NULL, NULL);
	} else if (t->qualifier != '-' || !s->c->facts->parked) {
		/* What sends no mail has none that "-all" could harm, and X03 asks for it. */
		(void)found_term(s, DNS_RULE_S11, t->qualifier == '-', t);
	}
}

static void check_terms(struct spf_check *s)
{
	struct spf_terms terms;
	struct spf_term t, all = { .kind = SPF_NO_TERM }, redirect = { .kind = SPF_NO_TERM };
	bool after = false;
	size_t at;

	spf_terms_init(&terms, s->record);
	while (spf_terms_next(&terms, &t)) {
		after = after || (all.kind == SPF_ALL && t.qualifier != 0);
		if (is_joined(s, &t, &at))
			check_joined(s, &t, at);
		else if (t.fault != SPF_FINE)
			check_fault(s, &t);
		else if (t.kind == SPF_ALL && all.kind != SPF_ALL)
			all = t;
		else if (t.kind == SPF_REDIRECT)
			redirect = t;
		else if (t.kind == SPF_PTR)
			suggest(s, found_term(s, DNS_RULE_S14, 0, &t), NULL, NULL, &t.text);
		else if (t.kind == SPF_IP4 || t.kind == SPF_IP6)
			check_network(s, &t);
	}
	if (all.kind == SPF_ALL) {
		check_all(s, &all);
		if (after) {
			struct dns_finding *f = found_term(s, DNS_RULE_S12, 0, &all);

			dns_found_text(s->c->found, f, "all", all.text);
			suggest(s, f, NULL, NULL, NULL);
		}
		if (redirect.kind == SPF_REDIRECT)
			suggest(s, found_term(s, DNS_RULE_S13, 0, &redirect), NULL, NULL, NULL);
	} else if (redirect.kind != SPF_REDIRECT && !dns_found_any(s->c->found, DNS_RULE_S21)) {
		suggest(s, found(s, DNS_RULE_S10, 0, 0, 0), "~all", NULL, NULL);
	}
}

/* ---- what the record leads to ------------------------------------------------------------ */

/* The finding on the term of a node, in whatever record it stands. */
static struct dns_finding *found_node(
	struct spf_check *s, enum dns_rule rule, const struct spf_node *n)
{
	const struct spf_node *parent = &s->tree->nodes[n->parent];
	struct dns_finding *f = dns_found(s->c->found, rule, 0);

	dns_found_record(s->c->found, f, parent->name, DNS_TXT, parent->record);
	dns_found_span(f, n->at, n->term.len);
	dns_found_text(s->c->found, f, "term", n->term);
	dns_found_text(s->c->found, f, "x", n->name);
	return f;
}

/* The record without the term, where it is the domain's own to change. */
static void drop_node(struct spf_check *s, struct dns_finding *f, const struct spf_node *n)
{
	if (n->depth == 1)
		suggest(s, f, NULL, NULL, &n->term);
}

static void check_lookups(struct spf_check *s)
{
	struct slice heaviest = SLICE_LIT("-");
	unsigned most = 0;
	struct dns_finding *f;

	if (s->tree->lookups < 9)
		return;
	for (size_t i = 1; i < s->tree->len; i++) {
		if (s->tree->nodes[i].depth == 1 && s->tree->nodes[i].lookups > most) {
			most = s->tree->nodes[i].lookups;
			heaviest = s->tree->nodes[i].term;
		}
	}
	f = found(s, s->tree->lookups > SPF_LOOKUPS_MAX ? DNS_RULE_S03 : DNS_RULE_S04, 0,
		dns_offset(s->record, heaviest), heaviest.len);
	dns_found_number(s->c->found, f, "n", s->tree->lookups);
	dns_found_text(s->c->found, f, "include", heaviest);
}

static void check_node(struct spf_check *s, const struct spf_node *n)
{
	bool record = n->kind == SPF_INCLUDE || n->kind == SPF_REDIRECT;

	if (n->hosts > SPF_HOSTS_MAX)
		dns_found_number(s->c->found, found_node(s, DNS_RULE_S15, n), "n", n->hosts);
	if (n->state == SPF_NODE_LOOP)
		dns_found_text(s->c->found, found_node(s, DNS_RULE_S08, n), "path",
			s->tree->nodes[n->parent].name);
	if (record && (n->state == SPF_NODE_NO_RECORD || n->state == SPF_NODE_SEVERAL))
		drop_node(s, found_node(s, DNS_RULE_S07, n), n);
	if (n->state == SPF_NODE_NO_ADDRESS && n->kind != SPF_EXISTS)
		drop_node(s, found_node(s, DNS_RULE_S19, n), n);
	if (record && n->found != NULL) {
		struct spf_terms terms;
		struct spf_term t;

		spf_terms_init(&terms, n->record);
		while (spf_terms_next(&terms, &t)) {
			struct dns_finding *f;

			if (t.fault == SPF_FINE)
				continue;
			f = dns_found(s->c->found, DNS_RULE_S06, 0);
			dns_found_record(s->c->found, f, n->name, DNS_TXT, n->record);
			dns_found_span(f, t.at, t.text.len);
			dns_found_text(s->c->found, f, "term", t.text);
		}
	}
}

static void check_voids(struct spf_check *s)
{
	struct buf *b = &s->c->text;
	struct dns_finding *f;
	bool own = false;

	if (s->tree->voids <= SPF_VOIDS_MAX)
		return;
	buf_clear(b);
	for (size_t i = 1; i < s->tree->len; i++) {
		if (!s->tree->nodes[i].is_void)
			continue;
		buf_add_text(b, b->len > 0 ? ", " : "");
		buf_add(b, s->tree->nodes[i].name);
		if (s->tree->nodes[i].depth == 1)
			drop_term(s, s->tree->nodes[i].term);
		own = own || s->tree->nodes[i].depth == 1;
	}
	dns_found_drop(s->c->found, DNS_RULE_S19); /* the same names */
	f = found(s, DNS_RULE_S05, 0, 0, 0);
	dns_found_text(s->c->found, f, "names", buf_slice(b));
	if (own)
		dns_found_wait(f);
}

/* A name more than once, where at least one of the places is the domain's own record. */
static void check_repeats(struct spf_check *s)
{
	for (size_t i = 1; i < s->tree->len; i++) {
		const struct spf_node *n = &s->tree->nodes[i];
		unsigned count = 0, own = 0;
		bool first = true;

		if (n->depth != 1 || n->kind != SPF_INCLUDE || n->state == SPF_NODE_LOOP)
			continue;
		for (size_t k = 1; k < s->tree->len; k++) {
			const struct spf_node *o = &s->tree->nodes[k];
			bool same = o->kind == SPF_INCLUDE && o->state != SPF_NODE_LOOP &&
				    slice_equal(o->name, n->name);

			count += same;
			own += same && o->depth == 1;
			first = first && !(same && k < i && o->depth == 1);
		}
		if (count > 1 && first) {
			struct dns_finding *f = found_node(s, DNS_RULE_S23, n);

			dns_found_number(s->c->found, f, "n", count);
			/* What an include includes is not known to mean the same here. */
			if (own > 1)
				suggest(s, f, NULL, NULL, NULL);
		}
	}
}

static void check_length(struct spf_check *s)
{
	bool long_string = s->record.len > DNS_STRING_MAX;
	size_t begin = 0;

	if (s->found->breaks_len > 0 || s->record.len <= DNS_STRING_MAX) {
		long_string = false;
		for (size_t i = 0; i <= s->found->breaks_len; i++) {
			size_t end = i < s->found->breaks_len ? s->found->breaks[i] : s->record.len;

			long_string = long_string || end - begin > DNS_STRING_MAX;
			begin = end;
		}
	}
	if (s->record.len > LONG_BYTES || long_string)
		dns_found_number(s->c->found, found(s, DNS_RULE_S20, 0, 0, 0), "n", s->record.len);
}

/* ---- what was seen ----------------------------------------------------------------------- */

static bool has_ip6(const struct spf_check *s)
{
	for (size_t i = 0; i < s->tree->len; i++) {
		const struct spf_node *n = &s->tree->nodes[i];
		struct spf_terms terms;
		struct spf_term t;

		if (n->state == SPF_NODE_UNKNOWN || n->state == SPF_NODE_FAILED)
			return true; /* may be there */
		if (slice_absent(n->record))
			continue;
		spf_terms_init(&terms, n->record);
		while (spf_terms_next(&terms, &t)) {
			if (t.kind == SPF_IP6)
				return true;
		}
	}
	return false;
}

static void found_address(struct spf_check *s, const struct dns_seen_address *seen, bool six)
{
	struct dns_finding *f = found(s, six ? DNS_RULE_S26 : DNS_RULE_S25, 0, 0, 0);
	char text[IP_TEXT_MAX], term[IP_TEXT_MAX + 8];

	(void)ip_text(&seen->ip, text);
	(void)snprintf(term, sizeof term, "ip%c:%s", seen->ip.len == 4 ? '4' : '6', text);
	dns_found_text(s->c->found, f, "ip", slice_of(text));
	dns_found_text(s->c->found, f, "term", slice_of(term));
	dns_found_number(s->c->found, f, "n", (uint64_t)seen->recent);
	suggest(s, f, NULL, &seen->ip, NULL);
}

static void found_unused(struct spf_check *s, const bool *used, bool complete)
{
	for (size_t i = 1; i < s->tree->len && complete; i++) {
		const struct spf_node *n = &s->tree->nodes[i];

		if (n->depth != 1 || n->kind != SPF_INCLUDE || n->state != SPF_NODE_FINE || used[i])
			continue;
		{
			struct dns_finding *f = found_node(s, DNS_RULE_S24, n);

			dns_found_number(s->c->found, f, "n", n->lookups);
			suggest_apart(s, f, &n->term); /* perhaps it is only seldom used */
		}
	}
}

static void check_addresses(struct spf_check *s)
{
	const struct dns_facts *facts = s->c->facts;
	bool used[SPF_TREE_NODES_MAX] = { false };
	bool complete = facts->addresses_complete && facts->addresses_len > 0 &&
			facts->addresses_len <= DNS_FACTS_MAX;
	bool six = has_ip6(s);

	for (size_t i = 0; i < facts->addresses_len && i < DNS_FACTS_MAX; i++) {
		const struct dns_seen_address *seen = &facts->addresses[i];
		struct spf_query q = { .ip = seen->ip, .domain = facts->domain };
		struct spf_verdict v;

		spf_check(s->c->view, &q, &v);
		if (v.result >= SPF_TEMPERROR)
			complete = false; /* no telling what it would have come through */
		for (size_t k = 1; k < s->tree->len && v.result == SPF_PASS; k++)
			used[k] = used[k] || (s->tree->nodes[k].depth == 1 &&
						     s->tree->nodes[k].at == v.via_at);
		if (seen->own && seen->own_envelope && seen->recent > 0 &&
			(v.result == SPF_FAIL || v.result == SPF_SOFTFAIL ||
				v.result == SPF_NEUTRAL))
			found_address(s, seen, seen->ip.len == 16 && !six);
	}
	found_unused(s, used, complete);
}

static void check_siblings(struct spf_check *s)
{
	const struct dns_facts *facts = s->c->facts;
	struct buf *b = &s->c->text;
	struct spf_terms terms;
	struct spf_term t;
	struct dns_finding *f;
	unsigned listed = 0;

	spf_terms_init(&terms, s->record);
	while (spf_terms_next(&terms, &t))
		listed += t.kind != SPF_ALL && t.qualifier != 0;
	if (listed < 2)
		return;
	buf_clear(b);
	for (size_t i = 0; i < facts->siblings_len && i < DNS_FACTS_MAX; i++) {
		if (slice_equal_fold(facts->siblings[i].spf, s->record)) {
			buf_add_text(b, ", ");
			buf_add(b, facts->siblings[i].domain);
		}
	}
	if (b->len == 0 || buf_failed(b))
		return;
	f = found(s, DNS_RULE_S27, 0, 0, 0);
	{
		char list[DNS_VALUE_KEEP];
		int n = snprintf(list, sizeof list, "%.*s%s", SLICE_FMT(s->name), buf_text(b));

		dns_found_text(s->c->found, f, "domains",
			slice_from(list, n < (int)sizeof list ? (size_t)n : sizeof list - 1));
	}
	dns_found_text(s->c->found, f, "d", s->name);
}

/* ---- the records at the name ------------------------------------------------------------- */

static bool is_near(struct slice text)
{
	size_t at = slice_find_fold(text, SLICE_LIT("v=spf1"));

	return at < 8 && !spf_is_record(text);
}

static void check_none(struct spf_check *s, const struct dns_answer *a)
{
	bool near = false;

	for (size_t i = 0; i < a->len; i++) {
		if (!is_near(a->records[i].text))
			continue;
		near = true;
		s->record = a->records[i].text;
		suggest_apart(s,
			found(s, DNS_RULE_S22, 0, 0, s->record.len < 7 ? s->record.len : 7), NULL);
	}
	s->record = SLICE_ABSENT;
	if (!near) {
		struct dns_finding *f = found(s, DNS_RULE_S01, 0, 0, 0);
		struct spf_wish wish = { .records_len = 0 };

		/* Without knowing who sends, only "nobody" can be said, and only if nobody does. */
		if (s->c->facts->parked) {
			spf_suggest(&wish, &s->c->text);
			dns_found_fix(s->c->found, f, s->name, DNS_TXT, buf_slice(&s->c->text));
		}
	}
}

static void check_several(struct spf_check *s, const struct dns_answer *a)
{
	struct slice records[16] = { { NULL, 0 } };
	size_t len = 0, count = 0;
	struct spf_wish wish = { .records = records };
	struct dns_finding *f;

	for (size_t i = 0; i < a->len; i++) {
		if (!spf_is_record(a->records[i].text))
			continue;
		count++;
		if (len < 16)
			records[len++] = a->records[i].text;
	}
	wish.records_len = len;
	s->record = records[0];
	f = found(s, DNS_RULE_S02, 0, 0, 0);
	dns_found_number(s->c->found, f, "n", count);
	spf_suggest(&wish, &s->c->text);
	dns_found_fix(s->c->found, f, s->name, DNS_TXT, buf_slice(&s->c->text));
}

static void check_old(struct spf_check *s, const struct dns_answer *a)
{
	struct dns_answer old;

	for (size_t i = 0; i < a->len; i++) {
		struct dns_finding *f;

		if (!slice_starts_fold(a->records[i].text, SLICE_LIT("spf2.0/")))
			continue;
		f = dns_found(s->c->found, DNS_RULE_S28, 0);
		dns_found_record(s->c->found, f, s->name, DNS_TXT, a->records[i].text);
		dns_found_remove(s->c->found, f, s->name, DNS_TXT, a->records[i].text);
	}
	dns_find(s->c->view, s->name, DNS_SPF, &old);
	for (size_t i = 0; i < old.len; i++) {
		struct dns_finding *f = dns_found(s->c->found, DNS_RULE_S28, 0);

		dns_found_record(s->c->found, f, s->name, DNS_SPF, old.records[i].text);
		dns_found_remove(s->c->found, f, s->name, DNS_SPF, old.records[i].text);
	}
}

static int check_one(struct spf_check *s, struct err *err)
{
	struct spf_tree *tree = NULL;

	s->record = s->found->text;
	check_ttl(s->c, s->name, DNS_TXT, s->found);
	check_length(s);
	if (has_curly(s->record)) {
		suggest_apart(s, found(s, DNS_RULE_S22, 0, 0, 0), NULL);
		return 0;
	}
	check_terms(s);
	if (spf_tree_open(&tree, s->c->view, s->name, err) < 0)
		return -1;
	s->tree = tree;
	check_lookups(s);
	for (size_t i = 1; i < tree->len; i++)
		check_node(s, &tree->nodes[i]);
	check_voids(s);
	check_repeats(s);
	check_addresses(s);
	check_siblings(s);
	suggest_all(s);
	spf_tree_close(tree);
	return 0;
}

int check_spf(struct check *c, struct err *err)
{
	struct spf_check s = { .c = c, .name = c->facts->domain };
	struct dns_answer a;
	size_t count;
	enum dns_status status = spf_find(c->view, s.name, &s.found, &count);

	dns_find(c->view, s.name, DNS_TXT, &a);
	check_old(&s, &a);
	if (check_missing(status))
		check_none(&s, &a);
	else if (count > 1)
		check_several(&s, &a);
	else if (count == 1)
		return check_one(&s, err);
	return 0;
}
