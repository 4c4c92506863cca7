#include "store/judge/dns/set.h"

#include <assert.h>
#include <stdlib.h>

#include "store/judge/dns/pool.h"

#define BUCKETS_FIRST 64

struct rrset {
	struct rrset *next; /* of the same name */
	enum dns_type type;
	enum dns_status status;
	struct dns_record
		*records; /* in the pool; grows by moving, hence no adding once answered */
	size_t len, cap;
};

/* A name something is known of, or that has such a name below it. */
struct node {
	struct node *next; /* in the bucket */
	uint64_t hash;
	struct slice name;
	struct rrset *sets;
	bool below; /* a name under it has records: it exists, if only as an empty non-terminal */
	bool apex;
	bool gone; /* noted as NXDOMAIN */
};

struct dns_set {
	struct dns_view view;
	struct dns_view *next;
	struct pool pool;
	struct node **buckets;
	size_t buckets_len, nodes_len;
	struct node root;
};

/* FNV-1a; the set is private to one check, and its memory is bounded. */
static uint64_t hash_of(struct slice name)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.ptr[i]) * 0x100000001b3;
	return h;
}

static struct node *node_find(struct dns_set *s, struct slice name)
{
	uint64_t hash = hash_of(name);

	if (name.len == 0)
		return &s->root;
	for (struct node *n = s->buckets[hash & (s->buckets_len - 1)]; n != NULL; n = n->next) {
		if (n->hash == hash && slice_equal(n->name, name))
			return n;
	}
	return NULL;
}

static void buckets_grow(struct dns_set *s)
{
	size_t len = s->buckets_len * 2;
	struct node **buckets = calloc(len, sizeof *buckets);

	if (buckets == NULL)
		return; /* slower, not wrong */
	for (size_t i = 0; i < s->buckets_len; i++) {
		while (s->buckets[i] != NULL) {
			struct node *n = s->buckets[i];

			s->buckets[i] = n->next;
			n->next = buckets[n->hash & (len - 1)];
			buckets[n->hash & (len - 1)] = n;
		}
	}
	free(s->buckets);
	s->buckets = buckets;
	s->buckets_len = len;
}

static struct node *node_get(struct dns_set *s, struct slice name)
{
	struct node *n = node_find(s, name);

	if (n != NULL)
		return n;
	n = pool_take(&s->pool, sizeof *n);
	if (n == NULL)
		return NULL;
	n->name = pool_copy(&s->pool, name);
	if (slice_absent(n->name))
		return NULL;
	if (s->nodes_len >= s->buckets_len)
		buckets_grow(s);
	n->hash = hash_of(name);
	n->next = s->buckets[n->hash & (s->buckets_len - 1)];
	s->buckets[n->hash & (s->buckets_len - 1)] = n;
	s->nodes_len++;
	return n;
}

static struct rrset *rrset_find(const struct node *n, enum dns_type type)
{
	for (struct rrset *r = n->sets; r != NULL; r = r->next) {
		if (r->type == type)
			return r;
	}
	return NULL;
}

static struct rrset *rrset_get(struct dns_set *s, struct node *n, enum dns_type type)
{
	struct rrset *r = rrset_find(n, type);

	if (r != NULL)
		return r;
	r = pool_take(&s->pool, sizeof *r);
	if (r == NULL)
		return NULL;
	r->type = type;
	r->next = n->sets;
	n->sets = r;
	return r;
}

static const struct node *find_apex(struct dns_set *s, struct slice name, struct slice *ret)
{
	for (;; name = dns_name_parent(name)) {
		const struct node *n = node_find(s, slice_absent(name) ? SLICE_LIT("") : name);

		if (n != NULL && n->apex) {
			*ret = name;
			return n;
		}
		if (slice_absent(name) || name.len == 0)
			return NULL;
	}
}

/* A delegation between the apex and the name: what is there, its own servers know (RFC 1034
 * 4.3.2, 3b). */
static bool is_delegated(struct dns_set *s, struct slice name, const struct node *apex)
{
	for (; !slice_absent(name); name = dns_name_parent(name)) {
		const struct node *n = node_find(s, name);
		const struct rrset *ns = n != NULL ? rrset_find(n, DNS_NS) : NULL;

		if (n == apex)
			return false;
		if (ns != NULL && ns->len > 0)
			return true;
	}
	return false;
}

/* The wildcard that stands in for a name that does not exist: directly under the closest name that
 * does (RFC 4592 3.3.1). *exists: the name itself does, so that no wildcard counts. */
static const struct node *find_wildcard(struct dns_set *s, struct slice name)
{
	char text[DOMAIN_KEY_MAX];

	for (name = dns_name_parent(name);; name = dns_name_parent(name)) {
		struct slice at = slice_absent(name) ? SLICE_LIT("") : name;
		const struct node *n = node_find(s, at);

		if (n != NULL && (n->sets != NULL || n->below || n->apex)) {
			struct slice star = dns_name_under("*", at, text);

			if (at.len == 0)
				star = SLICE_LIT("*");
			n = slice_absent(star) ? NULL : node_find(s, star);
			return n != NULL && n->sets != NULL ? n : NULL;
		}
		if (slice_absent(name) || name.len == 0)
			return NULL;
	}
}

static void answer_rrset(const struct rrset *r, struct dns_answer *ret)
{
	ret->status = r->len > 0 ? DNS_FOUND : r->status;
	ret->records = r->records;
	ret->len = r->len;
}

/* One name and type, aliases not followed. */
static enum dns_status answer_here(struct dns_set *s, struct slice name, enum dns_type type,
	const struct node **ret_node, struct dns_answer *ret)
{
	const struct node *n = node_find(s, name);
	const struct node *apex;
	struct slice at;

	*ret_node = n;
	if (n != NULL && rrset_find(n, type) != NULL) {
		answer_rrset(rrset_find(n, type), ret);
		return ret->status;
	}
	if (n != NULL && rrset_find(n, DNS_CNAME) != NULL &&
		rrset_find(n, DNS_CNAME)->status == DNS_FOUND)
		return ret->status = DNS_NODATA; /* the caller follows it */
	if (n != NULL && n->gone)
		return ret->status = DNS_NXDOMAIN;
	apex = find_apex(s, name, &at);
	if (apex == NULL || is_delegated(s, name, apex))
		return ret->status = DNS_UNKNOWN;
	if (n != NULL && (n->sets != NULL || n->below || n->apex))
		return ret->status = DNS_NODATA;
	n = find_wildcard(s, name);
	if (n == NULL)
		return ret->status = DNS_NXDOMAIN;
	*ret_node = n;
	ret->status = DNS_NODATA;
	if (rrset_find(n, type) != NULL)
		answer_rrset(rrset_find(n, type), ret);
	return ret->status;
}

static void set_find(
	struct dns_view *view, struct slice name, enum dns_type type, struct dns_answer *ret)
{
	struct dns_set *s = (struct dns_set *)view;
	struct slice alias = SLICE_ABSENT;

	assert(type < DNS_TYPE_COUNT);
	for (unsigned i = 0; i <= DNS_ALIASES_MAX; i++) {
		const struct node *n;
		const struct rrset *cname;

		*ret = (struct dns_answer){ .alias = alias };
		(void)answer_here(s, name, type, &n, ret);
		if (ret->status == DNS_UNKNOWN) {
			if (s->next != NULL)
				dns_find(s->next, name, type, ret);
			if (slice_absent(ret->alias))
				ret->alias = alias;
			return;
		}
		if (ret->status != DNS_NODATA || type == DNS_CNAME || n == NULL)
			return;
		cname = rrset_find(n, DNS_CNAME);
		if (cname == NULL || cname->len == 0)
			return;
		alias = name = cname->records[0].name;
		if (!dns_name_valid(name)) {
			*ret = (struct dns_answer){ .status = DNS_NXDOMAIN, .alias = alias };
			return;
		}
	}
	*ret = (struct dns_answer){ .status = DNS_FAILED, .alias = alias };
}

int dns_set_open(struct dns_set **ret, size_t bytes_max, struct err *err)
{
	struct dns_set *s = calloc(1, sizeof *s);

	if (s == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for DNS records");
	s->buckets = calloc(BUCKETS_FIRST, sizeof *s->buckets);
	if (s->buckets == NULL) {
		free(s);
		return err_set(err, ERR_SHORTAGE, "no memory for DNS records");
	}
	s->buckets_len = BUCKETS_FIRST;
	s->view.find = set_find;
	s->root.name = SLICE_LIT("");
	pool_init(&s->pool, bytes_max);
	*ret = s;
	return 0;
}

void dns_set_close(struct dns_set *s)
{
	if (s == NULL)
		return;
	pool_release(&s->pool);
	free(s->buckets);
	free(s);
}

struct dns_view *dns_set_view(struct dns_set *s)
{
	return &s->view;
}

bool dns_set_full(const struct dns_set *s)
{
	return pool_dry(&s->pool);
}

void dns_set_next(struct dns_set *s, struct dns_view *next)
{
	s->next = next;
}

static int fail_full(struct err *err)
{
	return err_set(err, ERR_SHORTAGE, "too many DNS records");
}

/* "" and "." are the root, which domain_key() knows not. */
static bool name_key(struct slice s, char dst[DOMAIN_KEY_MAX], struct slice *ret)
{
	size_t len = 0;

	if (s.len == 0 || (s.len == 1 && s.ptr[0] == '.')) {
		dst[0] = '\0';
		*ret = slice_from(dst, 0);
		return true;
	}
	if (!domain_key(s, dst, &len))
		return false;
	*ret = slice_from(dst, len);
	return dns_name_valid(*ret);
}

static int owner_get(struct dns_set *s, struct slice name, struct node **ret, struct err *err)
{
	char text[DOMAIN_KEY_MAX];
	struct err_quote q;
	struct slice key;
	struct node *n;

	if (!name_key(name, text, &key))
		return err_set(err, ERR_REPORT, "%s is not a domain name", err_quote(&q, name));
	n = node_get(s, key);
	if (n == NULL)
		return fail_full(err);
	*ret = n;
	return 0;
}

/* Names above one with records exist. */
static int mark_above(struct dns_set *s, const struct node *n, struct err *err)
{
	for (struct slice up = dns_name_parent(n->name); !slice_absent(up);
		up = dns_name_parent(up)) {
		struct node *above = node_get(s, up);

		if (above == NULL)
			return fail_full(err);
		if (above->below)
			return 0;
		above->below = true;
	}
	s->root.below = true;
	return 0;
}

static bool record_same(const struct dns_record *a, const struct dns_record *b)
{
	return a->preference == b->preference && slice_equal(ip_slice(&a->ip), ip_slice(&b->ip)) &&
	       slice_equal(a->name, b->name) && slice_equal(a->text, b->text);
}

static int records_grow(struct dns_set *s, struct rrset *set, struct err *err)
{
	size_t cap = set->cap > 0 ? set->cap * 2 : 1;
	struct dns_record *records;

	records = pool_take(&s->pool, cap * sizeof *records);
	if (records == NULL)
		return fail_full(err);
	if (set->len > 0)
		memcpy(records, set->records, set->len * sizeof *records);
	set->records = records;
	set->cap = cap;
	return 0;
}

static int record_copy(struct dns_set *s, const struct dns_record *from, struct slice target,
	struct dns_record *to, struct err *err)
{
	*to = *from;
	to->name = pool_copy(&s->pool, target);
	to->text = pool_copy(&s->pool, from->text);
	to->breaks = NULL;
	if (from->breaks_len > 0) {
		uint32_t *breaks = pool_take(&s->pool, from->breaks_len * sizeof *breaks);

		if (breaks != NULL)
			memcpy(breaks, from->breaks, from->breaks_len * sizeof *breaks);
		to->breaks = breaks;
	}
	return pool_dry(&s->pool) ? fail_full(err) : 0;
}

int dns_set_add(struct dns_set *s, struct slice name, enum dns_type type,
	const struct dns_record *r, struct err *err)
{
	char text[DOMAIN_KEY_MAX];
	struct slice target = SLICE_ABSENT;
	struct dns_record mine = *r;
	struct node *n = NULL;
	struct rrset *set;
	struct err_quote q;

	assert(type < DNS_TYPE_COUNT);
	if (!slice_absent(r->name) && !name_key(r->name, text, &target))
		return err_set(err, ERR_REPORT, "%s is not a domain name", err_quote(&q, r->name));
	if (r->text.len > DNS_TEXT_MAX)
		return err_set(err, ERR_REPORT, "a text of %zu bytes (at most %d)", r->text.len,
			DNS_TEXT_MAX);
	if (owner_get(s, name, &n, err) < 0 || n == NULL)
		return -1;
	set = rrset_get(s, n, type);
	if (set == NULL)
		return fail_full(err);
	mine.name = target;
	for (size_t i = 0; i < set->len; i++) {
		if (record_same(&set->records[i], &mine)) {
			if (mine.ttl < set->records[i].ttl)
				set->records[i].ttl = mine.ttl;
			return 0;
		}
	}
	if (set->len == DNS_SET_RECORDS_MAX)
		return fail_full(err);
	if (set->len == set->cap && records_grow(s, set, err) < 0)
		return -1;
	if (record_copy(s, r, target, &set->records[set->len], err) < 0)
		return -1;
	set->len++;
	set->status = DNS_FOUND;
	return mark_above(s, n, err);
}

int dns_set_add_text(
	struct dns_set *s, struct slice name, uint32_t ttl, struct slice text, struct err *err)
{
	uint32_t breaks[DNS_TEXT_MAX / DNS_STRING_MAX];
	struct dns_record r = { .ttl = ttl, .text = text, .breaks = breaks };

	for (size_t at = DNS_STRING_MAX; at < text.len && at < DNS_TEXT_MAX; at += DNS_STRING_MAX)
		breaks[r.breaks_len++] = (uint32_t)at;
	return dns_set_add(s, name, DNS_TXT, &r, err);
}

int dns_set_mark(struct dns_set *s, struct slice name, enum dns_type type, enum dns_status status,
	struct err *err)
{
	struct node *n = NULL;
	struct rrset *set;

	assert(status == DNS_NODATA || status == DNS_NXDOMAIN || status == DNS_FAILED);
	if (owner_get(s, name, &n, err) < 0 || n == NULL)
		return -1;
	if (status == DNS_NXDOMAIN) {
		n->gone = true;
		return 0;
	}
	set = rrset_get(s, n, type);
	if (set == NULL)
		return fail_full(err);
	if (set->len == 0)
		set->status = status;
	return 0;
}

int dns_set_zone(struct dns_set *s, struct slice apex, struct err *err)
{
	struct node *n = NULL;

	assert(s != NULL);
	if (owner_get(s, apex, &n, err) < 0 || n == NULL)
		return -1;
	n->apex = true;
	return 0;
}

void dns_set_each(const struct dns_set *s, struct slice under,
	void (*each)(void *arg, struct slice name), void *arg)
{
	for (size_t i = 0; i < s->buckets_len; i++) {
		for (const struct node *n = s->buckets[i]; n != NULL; n = n->next) {
			bool has = false;

			for (const struct rrset *r = n->sets; r != NULL; r = r->next)
				has = has || r->len > 0;
			if (has && domain_within(n->name, under))
				each(arg, n->name);
		}
	}
}
