#include "store/judge/trait.h"

#include <assert.h>

/* A domain name as compared; len 0: it is none. */
struct name {
	char key[DOMAIN_KEY_MAX];
	size_t len;
};

/* header_from, and the organisation it is of: absent if it is no name. */
struct from {
	struct name name;
	struct slice org;
};

static void name_of(struct slice sent, struct name *ret)
{
	if (slice_absent(sent) || !domain_key(sent, ret->key, &ret->len))
		ret->len = 0;
}

static struct slice name_key(const struct name *n)
{
	return slice_from(n->key, n->len);
}

/* Of one organisation with header_from. A name's organisation is an end of the name, so most need no
 * look into the list: the very same name, or one that ends otherwise. */
static bool is_own(const struct name *n, const struct from *from)
{
	if (n->len == 0 || from->name.len == 0)
		return false;
	if (slice_equal(name_key(n), name_key(&from->name)))
		return true;
	return domain_within(name_key(n), from->org) &&
	       slice_equal(domain_org(name_key(n)), from->org);
}

/* A copy that lives as long as the buffer; its bytes must not move, so room was made before. */
static struct slice keep(struct buf *text, struct slice s)
{
	size_t at = text->len;

	buf_add(text, s);
	return buf_failed(text) ? SLICE_LIT("") : slice_from(text->ptr + at, s.len);
}

static struct slice keep_lower(struct buf *text, struct slice s)
{
	struct slice kept = keep(text, slice_absent(s) ? SLICE_LIT("") : s);
	char *bytes = text->ptr + (text->len - kept.len);

	for (size_t i = 0; i < kept.len; i++) {
		if (bytes[i] >= 'A' && bytes[i] <= 'Z')
			bytes[i] = (char)(bytes[i] - 'A' + 'a');
	}
	return kept;
}

/* ---- SPF ------------------------------------------------------------------------------------- */

/* How much a raw SPF result tells: a pass before others, MAIL FROM before HELO. */
static int weight(const struct report_auth *a)
{
	bool mfrom =
		a->scope.meaning == REPORT_SCOPE_MFROM || a->scope.meaning == REPORT_SCOPE_ABSENT;

	return (a->result.meaning == REPORT_AUTH_PASS ? 2 : 0) + (mfrom ? 1 : 0);
}

static const struct report_auth *best_spf(const struct report_record *r)
{
	const struct report_auth *best = NULL;

	for (unsigned i = 0; i < r->auth_len; i++) {
		const struct report_auth *a = &r->auth[i];

		if (a->kind == REPORT_SPF && (best == NULL || weight(a) > weight(best)))
			best = a;
	}
	return best;
}

static void look_at_spf(
	const struct report_record *r, const struct from *from, struct trait *t, struct buf *text)
{
	const struct report_auth *spf = best_spf(r);
	struct name domain = { .len = 0 }, envelope;

	if (spf != NULL) {
		t->spf_result = spf->result.meaning;
		name_of(spf->domain, &domain);
		if (domain.len > 0)
			t->spf_domain = keep(text, name_key(&domain));
		t->spf_own = is_own(&domain, from);
	}
	name_of(r->envelope_from, &envelope);
	/* HELO names a host, not an envelope. */
	if (envelope.len == 0 && spf != NULL && spf->scope.meaning != REPORT_SCOPE_HELO)
		envelope = domain;
	t->envelope = TRAIT_ENVELOPE_NONE;
	if (envelope.len > 0)
		t->envelope = is_own(&envelope, from) ? TRAIT_ENVELOPE_OWN : TRAIT_ENVELOPE_OTHER;
}

/* ---- DKIM ------------------------------------------------------------------------------------ */

static int compare(struct slice a, struct slice b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static int compare_signatures(const struct trait_signature *a, const struct trait_signature *b)
{
	int order = compare(a->domain, b->domain);

	return order != 0 ? order : compare(a->selector, b->selector);
}

/* In its place among the first ones; a pass wins over a failure of the same key. */
static void add_signature(struct trait *t, const struct trait_signature *s)
{
	unsigned at = 0;

	while (at < t->signatures_len && compare_signatures(&t->signatures[at], s) < 0)
		at++;
	if (at < t->signatures_len && compare_signatures(&t->signatures[at], s) == 0) {
		t->signatures[at].pass |= s->pass;
		return;
	}
	if (at == TRAIT_SIGNATURES_MAX)
		return;
	if (t->signatures_len < TRAIT_SIGNATURES_MAX)
		t->signatures_len++;
	for (unsigned i = t->signatures_len - 1; i > at; i--)
		t->signatures[i] = t->signatures[i - 1];
	t->signatures[at] = *s;
}

static void look_at_dkim(
	const struct report_record *r, const struct from *from, struct trait *t, struct buf *text)
{
	for (unsigned i = 0; i < r->auth_len; i++) {
		const struct report_auth *a = &r->auth[i];
		bool pass = a->result.meaning == REPORT_AUTH_PASS;
		struct trait_signature s;
		struct name domain;

		if (a->kind != REPORT_DKIM)
			continue;
		name_of(a->domain, &domain);
		if (is_own(&domain, from)) {
			s.domain = keep(text, name_key(&domain));
			s.selector = keep_lower(text, a->selector);
			s.pass = pass;
			add_signature(t, &s);
		} else if (pass && domain.len > 0 && slice_absent(t->other_dkim)) {
			t->other_dkim = keep(text, name_key(&domain));
		}
	}
}

int trait_of(
	const struct report_record *record, struct trait *ret, struct buf *text, struct err *err)
{
	struct from from = { .org = SLICE_ABSENT };

	assert(record->auth_len <= AUTH_MAX && record->reasons_len <= REASON_MAX);
	*ret = (struct trait){
		.disposition = record->disposition.meaning,
		.dkim = record->dkim.meaning,
		.spf = record->spf.meaning,
		.spf_domain = SLICE_ABSENT,
		.other_dkim = SLICE_ABSENT,
	};
	buf_clear(text);
	/* All of it at once: slices into the buffer must stay where they are. */
	if (buf_room(text, TRAIT_TEXT_BYTES) == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for a record's names");
	name_of(record->header_from, &from.name);
	if (from.name.len > 0)
		from.org = domain_org(name_key(&from.name));
	for (unsigned i = 0; i < record->reasons_len; i++)
		ret->reasons |= (uint16_t)(1u << record->reasons[i].type.meaning);
	look_at_spf(record, &from, ret, text);
	look_at_dkim(record, &from, ret, text);
	return buf_failed(text) ? err_set(err, ERR_SHORTAGE, "no memory for a record's names") : 0;
}

/* ---- what it is interned by ------------------------------------------------------------------ */

void trait_canon(const struct trait *t, struct buf *to)
{
	char head[8] = { (char)t->disposition, (char)t->dkim, (char)t->spf,
		(char)(t->reasons & 0xff), (char)(t->reasons >> 8), (char)t->spf_result,
		(char)t->spf_own, (char)t->envelope };

	buf_add(to, slice_from(head, sizeof head));
	buf_add_field(to, t->spf_domain);
	buf_add_field(to, t->other_dkim);
	for (unsigned i = 0; i < t->signatures_len; i++) {
		buf_add_field(to, t->signatures[i].domain);
		buf_add_field(to, t->signatures[i].selector);
		buf_add_char(to, t->signatures[i].pass ? 1 : 0);
	}
}
