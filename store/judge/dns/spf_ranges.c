#include "store/judge/dns/spf_ranges.h"

#include <stdlib.h>

#include "store/base/limits.h"
#include "store/judge/dns/pool.h"
#include "store/judge/dns/spf_eval.h"
#include "store/judge/dns/spf_tree.h"

#define TERM_BYTES_MAX  ((size_t)DOMAIN_KEY_MAX + 64)
#define TERMS_BYTES_MAX ((size_t)SPF_RANGES_MAX * TERM_BYTES_MAX)

struct range {
	struct ip first, last;
	struct slice term; /* absent: a term says that they may not send */
};

/* Ranges of one record, sorted, without overlap. */
struct list {
	struct range *ranges;
	size_t len, cap;
};

struct spf_ranges {
	struct list list;
	struct pool terms;
};

struct flat {
	const struct spf_tree *tree;
	struct dns_view *view;
	struct pool *terms;
	bool full, dry;
};

static int order(const struct ip *a, const struct ip *b)
{
	return a->len != b->len ? (a->len > b->len) - (a->len < b->len)
				: memcmp(a->bytes, b->bytes, a->len);
}

/* The address before (-1) or after (1); false: there is none. */
static bool step(struct ip *ip, int by)
{
	const uint8_t end = by > 0 ? 0xff : 0;

	for (unsigned i = ip->len; i > 0; i--) {
		if (ip->bytes[i - 1] != end) {
			ip->bytes[i - 1] = (uint8_t)(ip->bytes[i - 1] + by);
			return true;
		}
		ip->bytes[i - 1] = by > 0 ? 0 : 0xff;
	}
	return false;
}

/* The first range that does not end before the address. */
static size_t range_at(const struct list *l, const struct ip *ip)
{
	size_t low = 0, high = l->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order(&l->ranges[middle].last, ip) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void insert(struct flat *f, struct list *l, size_t at, const struct range *r)
{
	if (l->len == SPF_RANGES_MAX) {
		f->full = true;
		return;
	}
	if (l->len == l->cap) {
		size_t cap = l->cap != 0 ? 2 * l->cap : 64;
		struct range *ranges = reallocarray(l->ranges, cap, sizeof *ranges);

		if (ranges == NULL) {
			f->full = f->dry = true;
			return;
		}
		l->ranges = ranges;
		l->cap = cap;
	}
	memmove(&l->ranges[at + 1], &l->ranges[at], (l->len - at) * sizeof *l->ranges);
	l->ranges[at] = *r;
	l->len++;
}

/* What no earlier term has of a range. */
static void add(struct flat *f, struct list *l, struct range r)
{
	size_t at = range_at(l, &r.first);

	while (!f->full && at < l->len && order(&l->ranges[at].first, &r.last) <= 0) {
		struct range gap = r;
		bool before = order(&r.first, &l->ranges[at].first) < 0;

		gap.last = l->ranges[at].first;
		if (before && step(&gap.last, -1))
			insert(f, l, at++, &gap);
		if (f->full || order(&l->ranges[at].last, &r.last) >= 0)
			return;
		r.first = l->ranges[at++].last;
		(void)step(&r.first, 1);
	}
	if (!f->full)
		insert(f, l, at, &r);
}

static void add_net(
	struct flat *f, struct list *l, const struct ip *ip, unsigned bits, struct slice term)
{
	struct range r = { *ip, *ip, term };

	if (!slice_absent(term) && bits < (ip->len == 4 ? SPF_WIDEST_4 : SPF_WIDEST_6))
		return;
	for (unsigned i = 0; i < ip->len; i++) {
		unsigned kept = bits < 8 * i ? 0 : bits - 8 * i;
		uint8_t host = kept >= 8 ? 0 : (uint8_t)(0xff >> kept);

		r.first.bytes[i] &= (uint8_t)~host;
		r.last.bytes[i] |= host;
	}
	add(f, l, r);
}

/* ---- terms ----------------------------------------------------------------------------------- */

static void add_addresses(struct flat *f, struct list *l, struct slice name,
	const struct spf_term *t, struct slice term)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct dns_answer a;

		dns_find(f->view, name, types[i], &a);
		for (size_t k = 0; k < a.len && !f->full; k++) {
			const struct ip *ip = &a.records[k].ip;

			add_net(f, l, ip, ip->len == 4 ? t->bits4 : t->bits6, term);
		}
	}
}

static void add_hosts(struct flat *f, struct list *l, struct slice name, const struct spf_term *t,
	struct slice term)
{
	struct dns_answer mx;

	dns_find(f->view, name, DNS_MX, &mx);
	for (size_t i = 0; i < mx.len && i < SPF_HOSTS_MAX; i++)
		add_addresses(f, l, mx.records[i].name, t, term);
}

/* The node of a term that looks something up; NULL: the tree was cut. */
static const struct spf_node *child_of(const struct flat *f, size_t parent, size_t at)
{
	for (size_t i = parent + 1; i < f->tree->len; i++) {
		if (f->tree->nodes[i].parent == parent && f->tree->nodes[i].at == at)
			return &f->tree->nodes[i];
	}
	return NULL;
}

static void walk(struct flat *f, size_t index, struct slice via, struct list *l);

/* The record of another name: a match only where that one says pass (5.2). */
static void add_include(struct flat *f, struct list *l, const struct spf_node *n, struct slice term)
{
	struct list inner = { .len = 0 };

	walk(f, (size_t)(n - f->tree->nodes), SLICE_LIT("+"), &inner);
	for (size_t i = 0; i < inner.len && !f->full; i++) {
		if (!slice_absent(inner.ranges[i].term))
			add(f, l,
				(struct range){
					inner.ranges[i].first, inner.ranges[i].last, term });
	}
	free(inner.ranges);
}

static void add_term(
	struct flat *f, size_t index, const struct spf_term *t, struct slice term, struct list *l)
{
	const struct spf_node *n;

	if (t->kind == SPF_IP4 || t->kind == SPF_IP6) {
		add_net(f, l, &t->net.first, t->net.bits, term);
		return;
	}
	if (!spf_kind_looks_up(t->kind))
		return;
	n = child_of(f, index, t->at);
	if (n == NULL || n->state == SPF_NODE_MACRO)
		return;
	if (t->kind == SPF_A)
		add_addresses(f, l, n->name, t, term);
	else if (t->kind == SPF_MX)
		add_hosts(f, l, n->name, t, term);
	else if (t->kind == SPF_INCLUDE)
		add_include(f, l, n, term);
}

/* As people and keys write it. */
static struct slice term_text(struct flat *f, const struct spf_term *t)
{
	size_t skip = t->text.len > 0 && t->text.ptr[0] == '+';
	size_t len = t->text.len - skip;
	char *text;

	len = len < TERM_BYTES_MAX ? len : TERM_BYTES_MAX - 1;
	text = pool_take(f->terms, len + 1);
	if (text == NULL) {
		f->full = f->dry = true;
		return SLICE_ABSENT;
	}
	for (size_t i = 0; i < len; i++) {
		char c = t->text.ptr[i + skip];

		text[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	return slice_from(text, len);
}

/* via: the term of the domain's own record this one is reached by; absent: this is the own one. */
static void walk(struct flat *f, size_t index, struct slice via, struct list *l)
{
	struct spf_term t, redirect = { .kind = SPF_NO_TERM };
	struct slice record = f->tree->nodes[index].record;
	const struct spf_node *n;
	struct spf_terms terms;

	if (slice_absent(record))
		return;
	spf_terms_init(&terms, record);
	while (!f->full && spf_terms_next(&terms, &t)) {
		struct slice term = SLICE_ABSENT;

		if (t.fault != SPF_FINE)
			continue;
		if (t.kind == SPF_ALL)
			return;
		if (t.kind == SPF_REDIRECT)
			redirect = t;
		if (t.qualifier == 0)
			continue;
		if (t.qualifier == '+')
			term = slice_absent(via) ? term_text(f, &t) : via;
		add_term(f, index, &t, term, l);
	}
	if (f->full || redirect.kind != SPF_REDIRECT)
		return;
	n = child_of(f, index, redirect.at);
	if (n != NULL && n->state != SPF_NODE_MACRO)
		walk(f, (size_t)(n - f->tree->nodes),
			slice_absent(via) ? term_text(f, &redirect) : via, l);
}

/* ---- all ------------------------------------------------------------------------------------- */

int spf_ranges_open(
	struct spf_ranges **ret, struct dns_view *view, struct slice domain, struct err *err)
{
	struct spf_ranges *r = calloc(1, sizeof *r);
	struct flat f = { .view = view };
	struct spf_tree *tree = NULL;

	if (r == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for an SPF record");
	pool_init(&r->terms, TERMS_BYTES_MAX);
	if (spf_tree_open(&tree, view, domain, err) < 0) {
		spf_ranges_close(r);
		return -1;
	}
	f.tree = tree;
	f.terms = &r->terms;
	walk(&f, 0, SLICE_ABSENT, &r->list);
	spf_tree_close(tree);
	if (f.dry) {
		spf_ranges_close(r);
		return err_set(err, ERR_SHORTAGE, "no memory for an SPF record");
	}
	*ret = r;
	return 0;
}

void spf_ranges_close(struct spf_ranges *r)
{
	if (r == NULL)
		return;
	pool_release(&r->terms);
	free(r->list.ranges);
	free(r);
}

size_t spf_ranges_len(const struct spf_ranges *r)
{
	return r->list.len;
}

struct slice spf_ranges_find(const struct spf_ranges *r, const struct ip *ip)
{
	size_t at = range_at(&r->list, ip);

	if (ip->len == 0 || at == r->list.len || order(&r->list.ranges[at].first, ip) > 0)
		return SLICE_ABSENT;
	return r->list.ranges[at].term;
}

static bool same_term(struct slice a, struct slice b)
{
	return slice_absent(a) == slice_absent(b) && (slice_absent(a) || slice_equal(a, b));
}

bool spf_ranges_equal(const struct spf_ranges *a, const struct spf_ranges *b)
{
	if (a->list.len != b->list.len)
		return false;
	for (size_t i = 0; i < a->list.len; i++) {
		const struct range *x = &a->list.ranges[i], *y = &b->list.ranges[i];

		if (order(&x->first, &y->first) != 0 || order(&x->last, &y->last) != 0 ||
			!same_term(x->term, y->term))
			return false;
	}
	return true;
}
