#include "store/judge/catalogue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "store/base/domain.h"
#include "store/embedded.h"

/* The table is ours and its size is known when it is built; a test compares. */
#define SERVICES_MAX  512
#define SUFFIX_SLOTS  2048 /* a power of two, at least twice what the table names */
#define LITERALS_MAX  512
#define WILDCARDS_MAX 128

/* What a domain of the table is to its service: one may be several of these. */
enum suffix_kind {
	SUFFIX_BOUNCE = 1,
	SUFFIX_DKIM = 2,
	SUFFIX_PTR = 4
};

struct suffix {
	struct slice domain;
	const struct service *service; /* NULL: a free slot */
	unsigned kinds;
};

struct pattern {
	struct slice text; /* without the mark of a weak one */
	enum selector_match match;
	const struct service *service;
};

static struct service services[SERVICES_MAX];
static size_t services_len;
static struct suffix suffixes[SUFFIX_SLOTS]; /* hashed by the whole domain, read from its end */
static size_t suffixes_len;
static struct pattern literals[LITERALS_MAX]; /* by text, then by service */
static size_t literals_len;
static struct pattern wildcards[WILDCARDS_MAX];
static size_t wildcards_len;
static pthread_once_t once = PTHREAD_ONCE_INIT;

const char *const service_role_names[SERVICE_ROLE_COUNT] = {
	[SERVICE_MAILBOX] = "mailbox",
	[SERVICE_ESP] = "esp",
	[SERVICE_TRANSACTIONAL] = "transactional",
	[SERVICE_APP] = "app",
	[SERVICE_HOSTING] = "hosting",
	[SERVICE_GATEWAY] = "gateway",
	[SERVICE_FORWARDER] = "forwarder",
	[SERVICE_LIST] = "list",
};

static int order(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int by_bytes = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

	return by_bytes != 0 ? by_bytes : (a.len > b.len) - (a.len < b.len);
}

static int order_services(const void *a, const void *b)
{
	return order(((const struct service *)a)->id, ((const struct service *)b)->id);
}

static int order_patterns(const void *a, const void *b)
{
	const struct pattern *p = a, *q = b;
	int by_text = order(p->text, q->text);

	return by_text != 0 ? by_text : (p->service > q->service) - (p->service < q->service);
}

/* ---- reading the table -------------------------------------------------------------------- */

/* The next word of a list separated by blanks; false at its end. */
static bool next_word(struct slice *list, struct slice *ret)
{
	while (!slice_absent(*list)) {
		*ret = slice_cut(*list, ' ', list);
		if (ret->len > 0)
			return true;
	}
	return false;
}

/* FNV-1a from the last byte to the first, so that one pass over a name meets all its suffixes. */
#define HASH_SEED 2166136261U

static uint32_t hash_step(uint32_t hash, char c)
{
	return (hash ^ (unsigned char)c) * 16777619U;
}

/* Where the domain stands, or the free slot where it would. */
static struct suffix *slot_of(struct slice domain, uint32_t hash)
{
	size_t at = hash % SUFFIX_SLOTS;

	while (suffixes[at].service != NULL && !slice_equal(suffixes[at].domain, domain))
		at = (at + 1) % SUFFIX_SLOTS;
	return &suffixes[at];
}

static void add_suffixes(const struct service *s, struct slice list, unsigned kind)
{
	struct slice domain;

	while (next_word(&list, &domain)) {
		uint32_t hash = HASH_SEED;
		struct suffix *slot;

		for (size_t i = domain.len; i > 0; i--)
			hash = hash_step(hash, domain.ptr[i - 1]);
		slot = slot_of(domain, hash);
		if (slot->service == NULL) {
			assert(suffixes_len < SUFFIX_SLOTS / 2);
			suffixes_len++;
		}
		*slot = (struct suffix){ domain, s, slot->kinds | kind };
	}
}

static struct pattern pattern_of(const struct service *s, struct slice text)
{
	struct pattern p = { text, SELECTOR_STRONG, s };

	if (text.ptr[text.len - 1] == '?') {
		p.text.len--;
		p.match = SELECTOR_WEAK;
	}
	return p;
}

static void add_patterns(const struct service *s)
{
	struct slice list = s->selectors, text;

	while (next_word(&list, &text)) {
		struct pattern p = pattern_of(s, text);

		if (memchr(text.ptr, '*', text.len) != NULL ||
			memchr(text.ptr, '#', text.len) != NULL) {
			assert(wildcards_len < WILDCARDS_MAX);
			wildcards[wildcards_len++] = p;
		} else {
			assert(literals_len < LITERALS_MAX);
			literals[literals_len++] = p;
		}
	}
}

static void read_line(struct slice line)
{
	struct service *s = &services[services_len];
	/* In the order of the table's columns. */
	struct slice role, *const cells[] = { &s->id, &s->name, &role, &s->bounce_domains,
		&s->dkim_domains, &s->selectors, &s->ptr_suffixes, &s->spf_include, &s->aligns_spf,
		&s->setup_en, &s->setup_es, &s->source, &s->checked };

	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		assert(!slice_absent(line));
		*cells[i] = slice_cut(line, '\t', &line);
	}
	for (unsigned i = 0; i < SERVICE_ROLE_COUNT; i++) {
		if (slice_equal(role, slice_of(service_role_names[i])))
			s->role = (enum service_role)i;
	}
	services_len++;
}

static void read_table(void)
{
	struct slice text = slice_from(judge_services[0].bytes, judge_services[0].len);
	bool header = true;

	while (!slice_absent(text)) {
		struct slice line = slice_cut(text, '\n', &text);

		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		assert(services_len < SERVICES_MAX);
		if (!header)
			read_line(line);
		header = false;
	}
	/* Only now: the suffixes and patterns point to services, and by address is by id. */
	qsort(services, services_len, sizeof *services, order_services);
	for (size_t i = 0; i < services_len; i++) {
		add_suffixes(&services[i], services[i].bounce_domains, SUFFIX_BOUNCE);
		add_suffixes(&services[i], services[i].dkim_domains, SUFFIX_DKIM);
		add_suffixes(&services[i], services[i].ptr_suffixes, SUFFIX_PTR);
		add_patterns(&services[i]);
	}
	qsort(literals, literals_len, sizeof *literals, order_patterns);
}

/* ---- services and domains ----------------------------------------------------------------- */

const struct service *catalogue_services(size_t *ret_len)
{
	(void)pthread_once(&once, read_table);
	*ret_len = services_len;
	return services;
}

const struct service *catalogue_find(struct slice id)
{
	struct service wanted = { .id = id };

	(void)pthread_once(&once, read_table);
	return bsearch(&wanted, services, services_len, sizeof *services, order_services);
}

static const struct service *by_suffix(struct slice domain, unsigned kind)
{
	const struct service *longest = NULL;
	uint32_t hash = HASH_SEED;

	(void)pthread_once(&once, read_table);
	for (size_t i = domain.len; i > 0; i--) {
		const struct suffix *slot;

		hash = hash_step(hash, domain.ptr[i - 1]);
		if (i > 1 && domain.ptr[i - 2] != '.')
			continue;
		slot = slot_of(slice_from(domain.ptr + i - 1, domain.len - i + 1), hash);
		if (slot->service != NULL && (slot->kinds & kind) != 0)
			longest = slot->service;
	}
	return longest;
}

const struct service *catalogue_by_bounce(struct slice domain)
{
	return by_suffix(domain, SUFFIX_BOUNCE);
}

const struct service *catalogue_by_dkim(struct slice domain)
{
	return by_suffix(domain, SUFFIX_DKIM);
}

const struct service *catalogue_by_ptr(struct slice name)
{
	return by_suffix(name, SUFFIX_PTR);
}

const struct service *catalogue_by_include(struct slice name)
{
	const struct service *longest = NULL;
	size_t len = 0;

	(void)pthread_once(&once, read_table);
	for (size_t i = 0; i < services_len; i++) {
		struct slice list = services[i].spf_include, word;

		while (next_word(&list, &word)) {
			if (word.len > len && domain_within(name, word)) {
				longest = &services[i];
				len = word.len;
			}
		}
	}
	return longest;
}

/* ---- selectors ---------------------------------------------------------------------------- */

/* One byte of a pattern against one of a selector. */
static bool fits_byte(char pattern, char c)
{
	return pattern == '#' ? c >= '0' && c <= '9' : pattern == c;
}

/* On a mismatch the last star takes one byte more: no recursion, whatever a stranger signs with. */
static bool fits(struct slice pattern, struct slice text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, taken = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			taken = t;
		} else if (p < pattern.len && fits_byte(pattern.ptr[p], text.ptr[t])) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++taken;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*')
		p++;
	return p == pattern.len;
}

enum selector_match catalogue_selector(const struct service *s, struct slice selector)
{
	enum selector_match best = SELECTOR_NONE;
	struct slice list = s->selectors, text;

	while (next_word(&list, &text)) {
		struct pattern p = pattern_of(s, text);

		if (p.match > best && fits(p.text, selector))
			best = p.match;
	}
	return best;
}

/* The answer to catalogue_by_selector() as it grows: from `first` on by id, none twice. */
struct gathered {
	const struct service **service;
	enum selector_match *match;
	size_t first, len, max;
};

static void gather(struct gathered *g, const struct pattern *p)
{
	size_t at = g->first;

	for (size_t i = 0; i < g->len; i++) {
		if (g->service[i] == p->service)
			return;
	}
	while (at < g->len && g->service[at] < p->service)
		at++;
	if (at == g->max)
		return;
	if (g->len < g->max)
		g->len++;
	memmove(&g->service[at + 1], &g->service[at], (g->len - at - 1) * sizeof *g->service);
	memmove(&g->match[at + 1], &g->match[at], (g->len - at - 1) * sizeof *g->match);
	g->service[at] = p->service;
	g->match[at] = p->match;
}

/* The first literal whose text is not before `selector`. */
static size_t first_literal(struct slice selector)
{
	size_t low = 0, high = literals_len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order(literals[middle].text, selector) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t catalogue_by_selector(struct slice selector, const struct service **ret,
	enum selector_match *ret_match, size_t max)
{
	static const enum selector_match rounds[] = { SELECTOR_STRONG, SELECTOR_WEAK };
	struct gathered g = { ret, ret_match, 0, 0, max };
	size_t from;

	(void)pthread_once(&once, read_table);
	from = first_literal(selector);
	for (size_t r = 0; r < sizeof rounds / sizeof *rounds; r++) {
		g.first = g.len;
		for (size_t i = from; i < literals_len && slice_equal(literals[i].text, selector);
			i++) {
			if (literals[i].match == rounds[r])
				gather(&g, &literals[i]);
		}
		for (size_t i = 0; i < wildcards_len; i++) {
			if (wildcards[i].match == rounds[r] && fits(wildcards[i].text, selector))
				gather(&g, &wildcards[i]);
		}
	}
	return g.len;
}
