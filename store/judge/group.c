#include "store/judge/group.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/base/utf8.h"

const char *const group_evidence_names[GROUP_EVIDENCE_COUNT] = {
	[GROUP_DKIM] = "dkim",
	[GROUP_SPF] = "spf",
	[GROUP_BOUNCE] = "bounce",
	[GROUP_ENVELOPE] = "envelope",
	[GROUP_PTR] = "ptr",
	[GROUP_ASN] = "asn",
	[GROUP_NET] = "net",
};

/* Services one selector is looked up for; "default" fits ten. */
#define SELECTOR_SERVICES_MAX 16
#define TRAIT_SERVICES_MAX    (TRAIT_SIGNATURES_MAX * SELECTOR_SERVICES_MAX)

/* Who the address may belong to, or what speaks for it, with the messages that say so. */
struct candidate {
	const struct service *service; /* NULL where the text is the candidate */
	int64_t messages;
	size_t len;
	char text[DOMAIN_KEY_MAX];
};

struct tally {
	unsigned len;
	struct candidate list[ADDRESS_CANDIDATES_MAX];
};

/* What points to a candidate. Each has two tallies: the candidates, where a trait counts once,
 * and the proofs that are shown. */
enum sign {
	SIGN_STRONG,   /* own signature with a selector that only this service uses */
	SIGN_SELECTOR, /* the same, or with one that others use too */
	SIGN_BOUNCE,   /* SPF passes for a return path of the service */
	SIGN_DKIM,     /* another signature is the service's default */
	SIGN_ENVELOPE, /* SPF passes for another organisation */
	SIGN_COUNT,
};

struct address {
	struct ip ip;
	char text[GROUP_TEXT_MAX]; /* of what is no address */
	bool spf_aligned;          /* some mail passes SPF for the domain: no mere forwarder */
	bool spf_judged;           /* some mail has a raw SPF result that says something */
	struct tally candidates[SIGN_COUNT], proofs[SIGN_COUNT];
};

int address_open(struct address **ret, struct err *err)
{
	struct address *a = calloc(1, sizeof *a);

	if (a == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory to tell source groups");
	*ret = a;
	return 0;
}

void address_close(struct address *a)
{
	free(a);
}

/* At most what fits, ending with a whole character. */
static void put(char *dst, size_t size, struct slice text)
{
	text = utf8_keep(text, size - 1);
	if (text.len > 0)
		memcpy(dst, text.ptr, text.len);
	dst[text.len] = '\0';
}

void address_init(struct address *a, const struct ip *ip, struct slice text)
{
	a->ip = *ip;
	put(a->text, sizeof a->text, text);
	a->spf_aligned = a->spf_judged = false;
	for (unsigned i = 0; i < SIGN_COUNT; i++)
		a->candidates[i].len = a->proofs[i].len = 0;
}

/* ---- gathering ---------------------------------------------------------------------------- */

static int order(const struct candidate *a, const struct candidate *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int by_bytes = memcmp(a->text, b->text, len);

	if (a->service != b->service && a->service != NULL && b->service != NULL)
		return a->service < b->service ? -1 : 1; /* the catalogue is sorted by id */
	return by_bytes != 0 ? by_bytes : (a->len > b->len) - (a->len < b->len);
}

/* More messages first; among equals the one whose id or text is smaller. */
static bool beats(const struct candidate *a, const struct candidate *b)
{
	return a->messages != b->messages ? a->messages > b->messages : order(a, b) < 0;
}

/* A full list gives up its least for a newcomer that beats it: a stranger who signs with a
 * thousand names costs a bounded room, and not the names that carry the mail. */
static void tally_add(
	struct tally *t, const struct service *service, struct slice text, int64_t messages)
{
	struct candidate new = { .service = service, .messages = messages }, *least = t->list;

	put(new.text, sizeof new.text, text);
	new.len = strlen(new.text);
	for (unsigned i = 0; i < t->len; i++) {
		struct candidate *c = &t->list[i];

		if (c->service == service && order(c, &new) == 0) {
			c->messages += messages;
			return;
		}
		if (beats(least, c))
			least = c;
	}
	if (t->len < ADDRESS_CANDIDATES_MAX)
		t->list[t->len++] = new;
	else if (beats(&new, least))
		*least = new;
}

static void add_sign(struct address *a, enum sign sign, const struct service *service,
	struct slice proof, int64_t messages)
{
	tally_add(&a->candidates[sign], service, SLICE_LIT(""), messages);
	tally_add(&a->proofs[sign], service, proof, messages);
}

/* The services one trait's own signatures point to: each counts once, however many it has. */
struct signers {
	size_t len;
	struct {
		const struct service *service;
		bool strong;
	} list[TRAIT_SERVICES_MAX];
};

static void add_signer(struct signers *s, const struct service *service, bool strong)
{
	size_t i = 0;

	while (i < s->len && s->list[i].service != service)
		i++;
	if (i == s->len) {
		s->list[s->len].service = service;
		s->list[s->len++].strong = false;
	}
	s->list[i].strong |= strong;
}

/* Of several domains, one selector is one proof. */
static bool selector_seen(const struct trait *t, unsigned before)
{
	for (unsigned i = 0; i < before; i++) {
		if (t->signatures[i].pass &&
			slice_equal(t->signatures[i].selector, t->signatures[before].selector))
			return true;
	}
	return false;
}

static void add_signatures(struct address *a, const struct trait *t, int64_t messages)
{
	const struct service *found[SELECTOR_SERVICES_MAX];
	enum selector_match match[SELECTOR_SERVICES_MAX];
	struct signers signers = { .len = 0 };

	for (unsigned i = 0; i < t->signatures_len; i++) {
		struct slice selector = t->signatures[i].selector;
		size_t len;

		if (!t->signatures[i].pass || selector_seen(t, i))
			continue;
		len = catalogue_by_selector(selector, found, match, SELECTOR_SERVICES_MAX);
		for (size_t k = 0; k < len; k++) {
			bool strong = match[k] == SELECTOR_STRONG;

			add_signer(&signers, found[k], strong);
			if (strong)
				tally_add(&a->proofs[SIGN_STRONG], found[k], selector, messages);
			tally_add(&a->proofs[SIGN_SELECTOR], found[k], selector, messages);
		}
	}
	for (size_t k = 0; k < signers.len; k++) {
		const struct service *service = signers.list[k].service;

		if (signers.list[k].strong)
			tally_add(&a->candidates[SIGN_STRONG], service, SLICE_LIT(""), messages);
		tally_add(&a->candidates[SIGN_SELECTOR], service, SLICE_LIT(""), messages);
	}
}

void address_add(struct address *a, const struct trait *t, int64_t messages)
{
	const struct service *service;

	if (t->spf == REPORT_RESULT_PASS)
		a->spf_aligned = true;
	if (t->spf_result == REPORT_AUTH_PASS || t->spf_result == REPORT_AUTH_FAIL ||
		t->spf_result == REPORT_AUTH_SOFTFAIL)
		a->spf_judged = true;
	if (t->dkim == REPORT_RESULT_PASS)
		add_signatures(a, t, messages);
	if (t->spf_result == REPORT_AUTH_PASS && !slice_absent(t->spf_domain)) {
		struct slice org = domain_org(t->spf_domain);

		service = catalogue_by_bounce(t->spf_domain);
		if (service != NULL)
			add_sign(a, SIGN_BOUNCE, service, org, messages);
		if (!t->spf_own) {
			tally_add(&a->candidates[SIGN_ENVELOPE], NULL, org, messages);
			tally_add(&a->proofs[SIGN_ENVELOPE], NULL, t->spf_domain, messages);
		}
	}
	if (!slice_absent(t->other_dkim)) {
		service = catalogue_by_dkim(t->other_dkim);
		if (service != NULL)
			add_sign(a, SIGN_DKIM, service, domain_org(t->other_dkim), messages);
	}
}

/* ---- choosing ----------------------------------------------------------------------------- */

static const struct candidate *find(const struct tally *t, const struct service *service)
{
	for (unsigned i = 0; i < t->len; i++) {
		if (t->list[i].service == service)
			return &t->list[i];
	}
	return NULL;
}

static const struct candidate *best(const struct tally *t)
{
	const struct candidate *first = t->len > 0 ? &t->list[0] : NULL;

	for (unsigned i = 1; i < t->len; i++) {
		if (beats(&t->list[i], first))
			first = &t->list[i];
	}
	return first;
}

/* The best proof of a service, or "" where the room for proofs went to others. */
static const char *proof_of(const struct tally *t, const struct service *service)
{
	const struct candidate *first = NULL;

	for (unsigned i = 0; i < t->len; i++) {
		if (t->list[i].service == service && (first == NULL || beats(&t->list[i], first)))
			first = &t->list[i];
	}
	return first != NULL ? first->text : "";
}

static void set(struct group *g, enum group_evidence evidence, const char *what, const char *name,
	const char *detail)
{
	g->evidence = evidence;
	(void)snprintf(g->key, sizeof g->key, "%s:%s", what, name);
	(void)snprintf(g->name, sizeof g->name, "%s", name);
	(void)snprintf(g->detail, sizeof g->detail, "%s", detail);
	g->service = NULL;
}

static void set_service(struct group *g, enum group_evidence evidence, const struct service *s,
	const char *what, const char *proof)
{
	g->evidence = evidence;
	(void)snprintf(g->key, sizeof g->key, "service:%.*s", SLICE_FMT(s->id));
	put(g->name, sizeof g->name, s->name);
	(void)snprintf(g->detail, sizeof g->detail, "%s%s", proof[0] != '\0' ? what : "", proof);
	g->service = s;
}

/* A selector names the service whose key it is, but a forwarder's mail carries it too: so the
 * address must send for the domain by SPF as well, or with the service's own return path. */
static bool by_dkim(const struct address *a, const struct group_hints *hints, struct group *ret)
{
	const struct tally *all = &a->candidates[SIGN_SELECTOR];
	const struct candidate *chosen = NULL;
	struct candidate counted;
	const char *proof;

	(void)hints;
	for (unsigned i = 0; i < all->len; i++) {
		const struct service *s = all->list[i].service;
		const struct candidate *strong = find(&a->candidates[SIGN_STRONG], s);
		bool bounces = find(&a->candidates[SIGN_BOUNCE], s) != NULL;
		/* A selector that others use too speaks only beside the service's return path. */
		const struct candidate *c = bounces ? &all->list[i] : strong;

		if (c == NULL || !(bounces || a->spf_aligned))
			continue;
		if (chosen == NULL || beats(c, chosen)) {
			counted = *c;
			chosen = &counted;
		}
	}
	if (chosen == NULL)
		return false;
	proof = proof_of(&a->proofs[SIGN_STRONG], chosen->service);
	if (proof[0] == '\0')
		proof = proof_of(&a->proofs[SIGN_SELECTOR], chosen->service);
	set_service(ret, GROUP_DKIM, chosen->service, "selector ", proof);
	return true;
}

static bool by_spf(const struct address *a, const struct group_hints *hints, struct group *ret)
{
	char term[GROUP_TEXT_MAX - sizeof "via spf:"];

	(void)a;
	if (hints->spf_term.len == 0)
		return false;
	put(term, sizeof term, hints->spf_term);
	if (hints->spf_service != NULL) {
		set_service(ret, GROUP_SPF, hints->spf_service, "via ", term);
		return true;
	}
	set(ret, GROUP_SPF, "spf", term, "");
	(void)snprintf(ret->detail, sizeof ret->detail, "via %s", term);
	return true;
}

static bool by_bounce(const struct address *a, const struct group_hints *hints, struct group *ret)
{
	const struct candidate *c = best(&a->candidates[SIGN_BOUNCE]);

	(void)hints;
	if (c != NULL) {
		set_service(ret, GROUP_BOUNCE, c->service, "",
			proof_of(&a->proofs[SIGN_BOUNCE], c->service));
		return true;
	}
	/* A forwarder passes the service's signature on; where SPF was judged it had its say. */
	c = a->spf_judged ? NULL : best(&a->candidates[SIGN_DKIM]);
	if (c == NULL)
		return false;
	set_service(
		ret, GROUP_BOUNCE, c->service, "d=", proof_of(&a->proofs[SIGN_DKIM], c->service));
	return true;
}

static bool by_envelope(const struct address *a, const struct group_hints *hints, struct group *ret)
{
	const struct candidate *c = best(&a->candidates[SIGN_ENVELOPE]);
	const struct tally *proofs = &a->proofs[SIGN_ENVELOPE];
	const struct candidate *proof = NULL;

	(void)hints;
	if (c == NULL)
		return false;
	for (unsigned i = 0; i < proofs->len; i++) {
		const struct candidate *p = &proofs->list[i];

		if (domain_within(slice_from(p->text, p->len), slice_from(c->text, c->len)) &&
			(proof == NULL || beats(p, proof)))
			proof = p;
	}
	set(ret, GROUP_ENVELOPE, "envelope", c->text, proof != NULL ? proof->text : c->text);
	return true;
}

/* How many of the address's bytes the name spells as numbers. */
static unsigned spelled(struct slice name, const struct ip *ip)
{
	unsigned seen = 0, n = 0;

	for (size_t i = 0, end; i < name.len; i = end + 1) {
		struct slice digits;
		uint64_t number;

		for (end = i; end < name.len && name.ptr[end] >= '0' && name.ptr[end] <= '9';)
			end++;
		digits = slice_from(name.ptr + i, end - i);
		for (unsigned b = 0; slice_u64(digits, UINT8_MAX, &number) && b < ip->len; b++) {
			if (ip->bytes[b] == number && (seen >> b & 1) == 0) {
				seen |= 1U << b;
				n++;
				break;
			}
		}
	}
	return n;
}

/* A name made of the address is the network's word for whoever rents it: it names nobody. */
static bool is_made_up(struct slice name, const struct ip *ip)
{
	unsigned run = 0, digits = 0;

	if (ip->len == 4)
		return spelled(name, ip) >= 3;
	for (size_t i = 0; i < name.len && (run < 12 || digits < 4); i++) {
		const char c = name.ptr[i];
		const bool digit = c >= '0' && c <= '9';

		if (digit || (c >= 'a' && c <= 'f'))
			run++;
		else if (c != '-' && c != '.')
			run = digits = 0;
		digits += digit;
	}
	return run >= 12 && digits >= 4;
}

static bool by_ptr(const struct address *a, const struct group_hints *hints, struct group *ret)
{
	char org[DOMAIN_KEY_MAX], name[DOMAIN_KEY_MAX];
	const struct service *service;
	struct slice of;

	if (hints->ptr_name.len == 0)
		return false;
	put(name, sizeof name, hints->ptr_name);
	service = catalogue_by_ptr(hints->ptr_name);
	if (service != NULL) {
		set_service(ret, GROUP_PTR, service, "", name);
		return true;
	}
	if (is_made_up(hints->ptr_name, &a->ip))
		return false;
	of = domain_org(hints->ptr_name);
	if (of.len == 0)
		return false;
	put(org, sizeof org, of);
	set(ret, GROUP_PTR, "ptr", org, name);
	return true;
}

static bool by_asn(const struct address *a, const struct group_hints *hints, struct group *ret)
{
	char number[24], name[GROUP_TEXT_MAX - 2 * sizeof number];

	(void)a;
	if (hints->asn <= 0)
		return false;
	(void)snprintf(number, sizeof number, "%lld", (long long)hints->asn);
	put(name, sizeof name, hints->asn_name);
	set(ret, GROUP_ASN, "asn", number, "");
	(void)snprintf(ret->detail, sizeof ret->detail, "AS%s", number);
	(void)snprintf(
		ret->name, sizeof ret->name, "AS%s%s%s", number, name[0] != '\0' ? " " : "", name);
	return true;
}

static bool by_net(const struct address *a, const struct group_hints *hints, struct group *ret)
{
	char text[IP_TEXT_MAX], name[GROUP_TEXT_MAX - sizeof "text:"];
	struct ip net = a->ip;

	(void)hints;
	if (a->ip.len == 0) {
		put(name, sizeof name, slice_of(a->text));
		set(ret, GROUP_NET, "text", name, name);
		return true;
	}
	memset(net.bytes + (net.len == 4 ? 3 : 8), 0, net.len == 4 ? 1 : 8);
	(void)snprintf(name, sizeof name, "%s/%d", ip_text(&net, text), net.len == 4 ? 24 : 64);
	set(ret, GROUP_NET, "net", name, name);
	return true;
}

void address_group(const struct address *a, const struct group_hints *hints, struct group *ret)
{
	static bool (*const evidence[GROUP_EVIDENCE_COUNT])(
		const struct address *, const struct group_hints *, struct group *) = {
		[GROUP_DKIM] = by_dkim,
		[GROUP_SPF] = by_spf,
		[GROUP_BOUNCE] = by_bounce,
		[GROUP_ENVELOPE] = by_envelope,
		[GROUP_PTR] = by_ptr,
		[GROUP_ASN] = by_asn,
		[GROUP_NET] = by_net,
	};

	for (unsigned i = 0; i < GROUP_EVIDENCE_COUNT; i++) {
		if (evidence[i](a, hints, ret))
			return;
	}
}
