#include "store/judge/dns/spf_eval.h"

const char *const spf_result_names[SPF_RESULT_COUNT] = {
	[SPF_NONE] = "none",
	[SPF_NEUTRAL] = "neutral",
	[SPF_PASS] = "pass",
	[SPF_FAIL] = "fail",
	[SPF_SOFTFAIL] = "softfail",
	[SPF_TEMPERROR] = "temperror",
	[SPF_PERMERROR] = "permerror",
	[SPF_UNKNOWN] = "unknown",
};

struct eval {
	struct dns_view *view;
	const struct spf_query *query;
	struct spf_macros macros; /* domain and validated are set for each record and term */
	struct spf_verdict *ret;
};

/* What a term says of the address. */
enum match {
	MATCH_NO,
	MATCH_YES,
	MATCH_END, /* an error: the result is in ret */
};

static enum match end(struct eval *e, enum spf_result result, enum spf_why why)
{
	e->ret->result = result;
	e->ret->why = why;
	return MATCH_END;
}

static void note_name(struct eval *e, struct slice name)
{
	size_t len = name.len < DOMAIN_KEY_MAX ? name.len : DOMAIN_KEY_MAX - 1;

	memcpy(e->ret->name, name.ptr, len);
	e->ret->name[len] = '\0';
}

/* MATCH_NO: go on with the answer. An answer nobody has, and one that failed, end it. */
static enum match ask(struct eval *e, struct slice name, enum dns_type type, struct dns_answer *a)
{
	dns_find(e->view, name, type, a);
	if (a->status == DNS_UNKNOWN) {
		note_name(e, name);
		return end(e, SPF_UNKNOWN, SPF_WHY_NOTHING);
	}
	if (a->status == DNS_FAILED) {
		note_name(e, name);
		return end(e, SPF_TEMPERROR, SPF_WHY_DNS);
	}
	return MATCH_NO;
}

static enum match count_void(struct eval *e, const struct dns_answer *a)
{
	if (a->len > 0)
		return MATCH_NO;
	if (++e->ret->voids > SPF_VOIDS_MAX)
		return end(e, SPF_PERMERROR, SPF_WHY_VOIDS);
	return MATCH_NO;
}

static bool same_net(const struct ip *a, const struct ip *b, unsigned bits)
{
	if (a->len != b->len)
		return false;
	for (unsigned i = 0; i < a->len && bits > 0; i++) {
		unsigned some = bits < 8 ? bits : 8;
		unsigned mask = 0xffU << (8 - some) & 0xffU;

		if (((unsigned)(a->bytes[i] ^ b->bytes[i]) & mask) != 0)
			return false;
		bits -= some;
	}
	return true;
}

static enum dns_type address_type(const struct eval *e)
{
	return e->query->ip.len == 4 ? DNS_A : DNS_AAAA;
}

static bool address_in(const struct eval *e, const struct spf_term *t, const struct dns_answer *a)
{
	unsigned bits = e->query->ip.len == 4 ? t->bits4 : t->bits6;

	for (size_t i = 0; i < a->len; i++) {
		if (same_net(&a->records[i].ip, &e->query->ip, bits))
			return true;
	}
	return false;
}

static enum match match_a(struct eval *e, const struct spf_term *t, struct slice name)
{
	struct dns_answer a;

	if (ask(e, name, address_type(e), &a) == MATCH_END || count_void(e, &a) == MATCH_END)
		return MATCH_END;
	return address_in(e, t, &a) ? MATCH_YES : MATCH_NO;
}

static enum match match_mx(struct eval *e, const struct spf_term *t, struct slice name)
{
	struct dns_answer mx;

	if (ask(e, name, DNS_MX, &mx) == MATCH_END || count_void(e, &mx) == MATCH_END)
		return MATCH_END;
	if (mx.len > SPF_HOSTS_MAX)
		return end(e, SPF_PERMERROR, SPF_WHY_HOSTS);
	for (size_t i = 0; i < mx.len; i++) {
		struct dns_answer a;

		if (mx.records[i].name.len == 0)
			continue; /* null MX */
		if (ask(e, mx.records[i].name, address_type(e), &a) == MATCH_END)
			return MATCH_END;
		if (address_in(e, t, &a))
			return MATCH_YES;
	}
	return MATCH_NO;
}

/* The name of the address that leads back to it (5.5): the wanted one, one under it, or any. An
 * answer that fails makes no error here, only no name. MATCH_END: a name is not known to the view. */
static enum match validate(struct eval *e, struct slice wanted, struct slice *ret, bool *is_void)
{
	const struct ip *ip = &e->query->ip;
	char text[DOMAIN_KEY_MAX];
	struct dns_answer ptr;
	struct slice name = dns_name_reverse(ip, text);

	*ret = SLICE_ABSENT;
	dns_find(e->view, name, DNS_PTR, &ptr);
	*is_void = ptr.status == DNS_NODATA || ptr.status == DNS_NXDOMAIN;
	if (ptr.status == DNS_UNKNOWN) {
		note_name(e, name);
		return end(e, SPF_UNKNOWN, SPF_WHY_NOTHING);
	}
	for (size_t i = 0; i < ptr.len && i < SPF_NAMES_MAX; i++) {
		struct slice host = ptr.records[i].name;
		struct dns_answer a;
		struct spf_term whole = { .bits4 = 32, .bits6 = 128 };

		dns_find(e->view, host, address_type(e), &a);
		if (a.status == DNS_UNKNOWN) {
			note_name(e, host);
			return end(e, SPF_UNKNOWN, SPF_WHY_NOTHING);
		}
		if (a.status != DNS_FOUND || !address_in(e, &whole, &a))
			continue;
		if (slice_equal(host, wanted)) {
			*ret = host;
			return MATCH_NO;
		}
		if (slice_absent(*ret) ||
			(domain_within(host, wanted) && !domain_within(*ret, wanted)))
			*ret = host;
	}
	return MATCH_NO;
}

static enum match match_ptr(struct eval *e, struct slice name)
{
	struct slice host;
	bool is_void;
	static const struct dns_answer nothing;

	if (validate(e, name, &host, &is_void) == MATCH_END)
		return MATCH_END;
	if (is_void && count_void(e, &nothing) == MATCH_END)
		return MATCH_END;
	return !slice_absent(host) && domain_within(host, name) ? MATCH_YES : MATCH_NO;
}

static enum match match_exists(struct eval *e, struct slice name)
{
	struct dns_answer a;

	if (ask(e, name, DNS_A, &a) == MATCH_END || count_void(e, &a) == MATCH_END)
		return MATCH_END;
	return a.len > 0 ? MATCH_YES : MATCH_NO;
}

/* The name a term is about, macros replaced; absent: none that could be asked for. */
static enum match term_name(struct eval *e, struct slice domain, const struct spf_term *t,
	char text[DOMAIN_KEY_MAX], struct slice *ret)
{
	bool is_void;

	*ret = domain;
	if (slice_absent(t->domain))
		return MATCH_NO;
	e->macros.domain = domain;
	e->macros.validated = SLICE_LIT("unknown");
	if (spf_uses_validated(t->domain)) {
		struct slice host;

		if (validate(e, domain, &host, &is_void) == MATCH_END)
			return MATCH_END;
		if (!slice_absent(host))
			e->macros.validated = host;
	}
	*ret = spf_expand(t->domain, &e->macros, text);
	if (slice_absent(*ret))
		*ret = SLICE_LIT("");
	return MATCH_NO;
}

static void check_record(struct eval *e, struct slice domain, unsigned depth);

/* include: the record of another name, and what its result means here (5.2). */
static enum match match_include(struct eval *e, struct slice name, unsigned depth)
{
	check_record(e, name, depth + 1);
	switch (e->ret->result) {
	case SPF_PASS:
		return MATCH_YES;
	case SPF_NONE:
		return end(e, SPF_PERMERROR, SPF_WHY_NO_RECORD);
	case SPF_TEMPERROR:
	case SPF_PERMERROR:
	case SPF_UNKNOWN:
		return MATCH_END;
	case SPF_NEUTRAL:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_RESULT_COUNT:
		break;
	}
	return MATCH_NO;
}

static void note_term(struct eval *e, const struct spf_term *t, unsigned depth)
{
	e->ret->term = t->text;
	e->ret->term_at = t->at;
	if (depth == 0) {
		e->ret->via = t->text;
		e->ret->via_at = t->at;
	}
}

static enum match match_term(
	struct eval *e, const struct spf_term *t, struct slice domain, unsigned depth)
{
	char text[DOMAIN_KEY_MAX];
	struct slice name;

	if (t->kind == SPF_ALL)
		return MATCH_YES;
	if (t->kind == SPF_IP4 || t->kind == SPF_IP6)
		return ip_net_has(&t->net, &e->query->ip) ? MATCH_YES : MATCH_NO;
	if (++e->ret->lookups > SPF_LOOKUPS_MAX)
		return end(e, SPF_PERMERROR, SPF_WHY_LOOKUPS);
	if (term_name(e, domain, t, text, &name) == MATCH_END)
		return MATCH_END;
	switch (t->kind) {
	case SPF_A:
		return match_a(e, t, name);
	case SPF_MX:
		return match_mx(e, t, name);
	case SPF_PTR:
		return match_ptr(e, name);
	case SPF_EXISTS:
		return match_exists(e, name);
	case SPF_INCLUDE:
		return match_include(e, name, depth);
	case SPF_ALL:
	case SPF_IP4:
	case SPF_IP6:
	case SPF_REDIRECT:
	case SPF_EXP:
	case SPF_MODIFIER:
	case SPF_NO_TERM:
	case SPF_KIND_COUNT:
		break;
	}
	return MATCH_NO;
}

static enum spf_result qualified(char qualifier)
{
	switch (qualifier) {
	case '-':
		return SPF_FAIL;
	case '~':
		return SPF_SOFTFAIL;
	case '?':
		return SPF_NEUTRAL;
	default:
		return SPF_PASS;
	}
}

/* A fault anywhere spoils the record, even behind a term that matches (4.6). */
static bool has_fault(struct slice record, struct spf_term *ret)
{
	struct spf_terms terms;

	spf_terms_init(&terms, record);
	while (spf_terms_next(&terms, ret)) {
		if (ret->fault != SPF_FINE)
			return true;
	}
	return false;
}

static void follow_redirect(
	struct eval *e, const struct spf_term *t, struct slice domain, unsigned depth)
{
	char text[DOMAIN_KEY_MAX];
	struct slice name;

	note_term(e, t, depth);
	if (++e->ret->lookups > SPF_LOOKUPS_MAX) {
		(void)end(e, SPF_PERMERROR, SPF_WHY_LOOKUPS);
		return;
	}
	if (term_name(e, domain, t, text, &name) == MATCH_END)
		return;
	check_record(e, name, depth + 1);
	if (e->ret->result == SPF_NONE)
		(void)end(e, SPF_PERMERROR, SPF_WHY_NO_RECORD);
}

static void walk_terms(struct eval *e, struct slice record, struct slice domain, unsigned depth)
{
	struct spf_terms terms;
	struct spf_term t, redirect = { .kind = SPF_NO_TERM };

	spf_terms_init(&terms, record);
	while (spf_terms_next(&terms, &t)) {
		enum match match;

		if (t.kind == SPF_REDIRECT)
			redirect = t;
		if (t.qualifier == 0)
			continue;
		/* Before, for `via`; after, because an include notes the terms it came by. */
		note_term(e, &t, depth);
		match = match_term(e, &t, domain, depth);
		if (match == MATCH_END)
			return;
		if (match == MATCH_YES) {
			if (t.kind != SPF_INCLUDE)
				note_term(e, &t, depth);
			e->ret->result = qualified(t.qualifier);
			return;
		}
	}
	if (redirect.kind == SPF_REDIRECT) {
		follow_redirect(e, &redirect, domain, depth);
		return;
	}
	e->ret->term = SLICE_ABSENT;
	if (depth == 0)
		e->ret->via = SLICE_ABSENT;
	e->ret->result = SPF_NEUTRAL;
}

static void check_record(struct eval *e, struct slice domain, unsigned depth)
{
	const struct dns_record *record;
	struct dns_answer a;
	struct spf_term bad;
	size_t count;

	e->ret->result = SPF_NONE;
	e->ret->why = SPF_WHY_NOTHING;
	if (ask(e, domain, DNS_TXT, &a) == MATCH_END)
		return;
	if (depth > 0 && count_void(e, &a) == MATCH_END)
		return;
	if (spf_find(e->view, domain, &record, &count) != DNS_FOUND)
		return;
	if (count > 1) {
		(void)end(e, SPF_PERMERROR, SPF_WHY_SEVERAL);
		return;
	}
	if (has_fault(record->text, &bad)) {
		note_term(e, &bad, depth);
		(void)end(e, SPF_PERMERROR, SPF_WHY_SYNTAX);
		return;
	}
	walk_terms(e, record->text, domain, depth);
}

void spf_check(struct dns_view *view, const struct spf_query *q, struct spf_verdict *ret)
{
	struct eval e = { .view = view, .query = q, .ret = ret };
	struct slice domain = q->sender, local = SLICE_LIT("");

	*ret = (struct spf_verdict){ .result = SPF_NONE };
	/* No "@": a name alone, as HELO is checked. A quoted local part may hold an "@" itself. */
	for (size_t at = q->sender.len; at > 0; at--) {
		if (q->sender.ptr[at - 1] != '@')
			continue;
		local = slice_from(q->sender.ptr, at - 1);
		domain = slice_from(q->sender.ptr + at, q->sender.len - at);
		break;
	}
	e.macros.ip = q->ip;
	e.macros.sender_local = local.len > 0 ? local : SLICE_LIT("postmaster");
	e.macros.sender_domain = domain.len > 0 ? domain : q->domain;
	e.macros.helo = slice_absent(q->helo) ? e.macros.sender_domain : q->helo;
	if (q->ip.len == 0 || !dns_name_valid(q->domain) || dns_name_labels(q->domain) < 2)
		return; /* 4.3: nothing to check */
	check_record(&e, q->domain, 0);
}
