#include "store/judge/cause.h"

const char *const cause_names[CAUSE_CODE_COUNT] = {
#define X(code, name) [CAUSE_##code] = (name),
	CAUSE_CODES(X)
#undef X
};

const char *const cause_note_names[CAUSE_NOTE_COUNT] = {
#define X(code, name) [CAUSE_NOTE_##code] = (name),
	CAUSE_NOTES(X)
#undef X
};

const char *const cause_confidence_names[CAUSE_CONFIDENCE_COUNT] = {
	[CAUSE_CERTAIN] = "certain",
	[CAUSE_LIKELY] = "likely",
	[CAUSE_POSSIBLE] = "possible",
};

/* What a provider signs with before the owner's own domain is set up. */
static const char *const tenant_domains[] = { "onmicrosoft.com", "gappssmtp.com" };

#define REASON(x) (1U << REPORT_REASON_##x)
#define FORWARDED (REASON(MAILING_LIST) | REASON(TRUSTED_FORWARDER) | REASON(FORWARDED))

/* ---- what a bundle shows ---------------------------------------------------------------------- */

static bool dkim_aligned(const struct trait *t)
{
	return t->dkim == REPORT_RESULT_PASS;
}

static bool spf_aligned(const struct trait *t)
{
	return t->spf == REPORT_RESULT_PASS;
}

static bool spf_raw(const struct trait *t, enum report_auth_result result)
{
	return t->spf_result == result;
}

static bool spf_fails(const struct trait *t)
{
	return spf_raw(t, REPORT_AUTH_FAIL) || spf_raw(t, REPORT_AUTH_SOFTFAIL);
}

/* The first own signature that passes (or does not), -1 none. */
static int signature(const struct trait *t, bool pass)
{
	for (unsigned i = 0; i < t->signatures_len; i++) {
		if (t->signatures[i].pass == pass)
			return (int)i;
	}
	return -1;
}

/* Carries own signatures, and none of them verifies. */
static bool own_fails(const struct trait *t)
{
	return t->signatures_len > 0 && signature(t, true) < 0;
}

static bool is_under(struct slice name, struct slice parent)
{
	return name.len > parent.len && slice_ends_fold(name, parent) &&
	       name.ptr[name.len - parent.len - 1] == '.';
}

static bool is_subdomain(const struct cause_facts *f)
{
	return is_under(f->from, f->domain);
}

static bool is_tenant(struct slice signer)
{
	for (size_t i = 0; i < sizeof tenant_domains / sizeof *tenant_domains; i++) {
		if (is_under(signer, slice_of(tenant_domains[i])))
			return true;
	}
	return false;
}

static bool is_owners(const struct cause_facts *f)
{
	return f->class == CLASS_YOURS || f->class == CLASS_TO_DECIDE;
}

/* ---- patterns --------------------------------------------------------------------------------- */

/* 1: it is this. The confidence is what the row says unless the pattern sets another. */
typedef bool pattern(const struct cause_facts *f, struct cause *c);

static bool is_ok_both(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return dkim_aligned(f->trait) && spf_aligned(f->trait);
}

static bool is_list(const struct cause_facts *f, struct cause *c)
{
	if ((f->trait->reasons & REASON(MAILING_LIST)) != 0)
		return true;
	c->confidence = CAUSE_LIKELY;
	return f->other_is_list && !spf_aligned(f->trait);
}

static bool passed_on(const struct cause_facts *f)
{
	return dkim_aligned(f->trait) && (f->home_elsewhere || f->class == CLASS_FORWARDED);
}

static bool is_fwd_srs(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return passed_on(f) && spf_raw(f->trait, REPORT_AUTH_PASS) && !f->trait->spf_own;
}

static bool is_fwd_plain(const struct cause_facts *f, struct cause *c)
{
	return passed_on(f) && !spf_aligned(f->trait) && !is_fwd_srs(f, c);
}

static bool is_fwd_changed(const struct cause_facts *f, struct cause *c)
{
	const struct trait *t = f->trait;

	if (dkim_aligned(t) || spf_aligned(t))
		return false;
	if (f->class == CLASS_FORWARDED) {
		c->confidence = (t->reasons & FORWARDED) != 0 ? CAUSE_CERTAIN : CAUSE_LIKELY;
		return true;
	}
	/* Its own key may be missing or wrong: then that is what there is to say. */
	return own_fails(t) && t->other_dkim.len > 0 && t->envelope == TRAIT_ENVELOPE_OTHER &&
	       f->signatures[0].passes_elsewhere && f->signatures[0].reporters_passing == 0;
}

static bool is_ok_dkim_esp(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return dkim_aligned(f->trait) && spf_raw(f->trait, REPORT_AUTH_PASS) && !f->trait->spf_own;
}

static bool is_ok_dkim(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return dkim_aligned(f->trait);
}

static bool is_tenant_domain(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return f->trait->signatures_len == 0 && is_tenant(f->trait->other_dkim);
}

static bool is_shared_spf(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return spf_aligned(f->trait) && f->unlisted_include && f->trait->signatures_len == 0;
}

/* The first own signature whose key is in this state. */
static bool has_key(const struct cause_facts *f, enum cause_key key, struct cause *c)
{
	for (unsigned i = 0; i < f->trait->signatures_len; i++) {
		if (f->signatures[i].key == key && !f->trait->signatures[i].pass) {
			c->signature = (int)i;
			return true;
		}
	}
	return false;
}

static bool has_result(const struct cause_facts *f, enum report_auth_result result, struct cause *c)
{
	for (unsigned i = 0; i < f->trait->signatures_len; i++) {
		if (f->signatures[i].result == result && !f->trait->signatures[i].pass) {
			c->signature = (int)i;
			return true;
		}
	}
	return false;
}

/* A stranger may sign with any name: no key is to be published for him. */
static bool signer_is_owners(const struct cause_facts *f)
{
	return is_owners(f) && own_fails(f->trait);
}

static bool is_dkim_weak(const struct cause_facts *f, struct cause *c)
{
	if (!signer_is_owners(f))
		return false;
	if (has_key(f, CAUSE_KEY_WEAK, c))
		return true;
	c->confidence = CAUSE_LIKELY;
	return has_result(f, REPORT_AUTH_POLICY, c);
}

static bool is_dkim_nokey(const struct cause_facts *f, struct cause *c)
{
	if (!signer_is_owners(f))
		return false;
	if (has_key(f, CAUSE_KEY_NONE, c))
		return true;
	/* Receivers say permerror where there is no key; other errors of the signature are rare. */
	c->confidence = CAUSE_POSSIBLE;
	return has_result(f, REPORT_AUTH_PERMERROR, c) &&
	       f->signatures[c->signature].key == CAUSE_KEY_UNKNOWN;
}

static bool is_dkim_badkey(const struct cause_facts *f, struct cause *c)
{
	const struct cause_signature *s;

	if (!signer_is_owners(f))
		return false;
	if (has_key(f, CAUSE_KEY_BROKEN, c))
		return true;
	c->signature = 0;
	s = &f->signatures[0];
	c->confidence = s->key == CAUSE_KEY_UNKNOWN ? CAUSE_POSSIBLE : CAUSE_LIKELY;
	return s->reporters_passing == 0 && s->reporters_failing >= 2 && !s->passes_elsewhere;
}

static bool is_dkim_one_reporter(const struct cause_facts *f, struct cause *c)
{
	c->signature = 0;
	return signer_is_owners(f) && f->signatures[0].reporters_failing == 1 &&
	       f->signatures[0].reporters_passing > 0;
}

static bool is_dkim_body(const struct cause_facts *f, struct cause *c)
{
	c->signature = 0;
	c->confidence = f->signatures != NULL && own_fails(f->trait) &&
					f->signatures[0].reporters_passing > 0
				? CAUSE_LIKELY
				: CAUSE_POSSIBLE;
	return signer_is_owners(f);
}

static bool is_spf_only(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return spf_aligned(f->trait) && f->trait->signatures_len == 0;
}

static bool is_strict(const struct cause_facts *f, struct cause *c)
{
	const struct trait *t = f->trait;

	c->signature = signature(t, true);
	return (f->strict_dkim && c->signature >= 0 && !dkim_aligned(t)) ||
	       (f->strict_spf && t->spf_own && spf_raw(t, REPORT_AUTH_PASS) && !spf_aligned(t));
}

static bool is_esp_unaligned(const struct cause_facts *f, struct cause *c)
{
	const struct trait *t = f->trait;

	(void)c;
	return is_owners(f) && t->other_dkim.len > 0 && spf_raw(t, REPORT_AUTH_PASS) &&
	       !t->spf_own && t->signatures_len == 0;
}

static bool is_spf_other(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return is_owners(f) && spf_raw(f->trait, REPORT_AUTH_PASS) && !f->trait->spf_own &&
	       f->trait->signatures_len == 0 && f->trait->envelope != TRAIT_ENVELOPE_NONE;
}

static bool is_spf_permerror(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return is_owners(f) && spf_raw(f->trait, REPORT_AUTH_PERMERROR) && f->trait->spf_own;
}

static bool is_spf_temperror(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return is_owners(f) && spf_raw(f->trait, REPORT_AUTH_TEMPERROR) && f->trait->spf_own &&
	       f->temperror_days;
}

/* Without a MAIL FROM the name of HELO is what SPF looks at. */
static bool is_null_sender(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return is_owners(f) && f->trait->envelope == TRAIT_ENVELOPE_NONE &&
	       !spf_raw(f->trait, REPORT_AUTH_ABSENT);
}

static bool is_ghost_sub(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return is_subdomain(f) && f->from_unknown_to_dns;
}

static bool no_spf(const struct trait *t)
{
	return spf_raw(t, REPORT_AUTH_NONE) || spf_raw(t, REPORT_AUTH_ABSENT);
}

static bool is_sub_none(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return is_owners(f) && is_subdomain(f) && no_spf(f->trait);
}

static bool is_spf_none(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return is_owners(f) && f->trait->envelope == TRAIT_ENVELOPE_OWN && no_spf(f->trait);
}

static bool is_missing(const struct cause_facts *f)
{
	return spf_fails(f->trait) && f->trait->spf_own;
}

static bool is_ipv6(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return is_owners(f) && is_missing(f) && f->only_ipv6;
}

static bool is_spf_missing_ip(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return f->class == CLASS_YOURS && is_missing(f);
}

static bool is_spf_neutral(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return is_owners(f) && spf_raw(f->trait, REPORT_AUTH_NEUTRAL) && f->trait->spf_own;
}

static bool is_parked(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return f->parked;
}

static bool is_spoof_env(const struct cause_facts *f, struct cause *c)
{
	(void)c;
	return f->class != CLASS_YOURS && f->trait->envelope == TRAIT_ENVELOPE_OWN &&
	       !spf_raw(f->trait, REPORT_AUTH_PASS);
}

static bool is_spoof(const struct cause_facts *f, struct cause *c)
{
	if (f->class == CLASS_TO_DECIDE)
		c->confidence = CAUSE_POSSIBLE;
	return f->class == CLASS_NOT_YOURS || f->class == CLASS_TO_DECIDE;
}

static bool is_anything(const struct cause_facts *f, struct cause *c)
{
	(void)f;
	(void)c;
	return true;
}

static const struct {
	pattern *is;
	enum cause_confidence confidence;
	bool of_failing; /* only where DMARC does not pass */
	bool actionable;
} rows[CAUSE_CODE_COUNT] = {
	[CAUSE_OK_BOTH] = { is_ok_both, CAUSE_CERTAIN, false, false },
	[CAUSE_LIST] = { is_list, CAUSE_CERTAIN, false, false },
	[CAUSE_FWD_PLAIN] = { is_fwd_plain, CAUSE_LIKELY, false, false },
	[CAUSE_FWD_SRS] = { is_fwd_srs, CAUSE_LIKELY, false, false },
	[CAUSE_FWD_CHANGED] = { is_fwd_changed, CAUSE_LIKELY, true, false },
	[CAUSE_OK_DKIM_ESP] = { is_ok_dkim_esp, CAUSE_CERTAIN, false, false },
	[CAUSE_OK_DKIM] = { is_ok_dkim, CAUSE_CERTAIN, false, false },
	[CAUSE_TENANT_DOMAIN] = { is_tenant_domain, CAUSE_CERTAIN, false, true },
	[CAUSE_SHARED_SPF] = { is_shared_spf, CAUSE_POSSIBLE, false, true },
	[CAUSE_DKIM_WEAK] = { is_dkim_weak, CAUSE_CERTAIN, false, true },
	[CAUSE_DKIM_NOKEY] = { is_dkim_nokey, CAUSE_CERTAIN, false, true },
	[CAUSE_DKIM_BADKEY] = { is_dkim_badkey, CAUSE_CERTAIN, false, true },
	[CAUSE_DKIM_ONE_REPORTER] = { is_dkim_one_reporter, CAUSE_LIKELY, false, false },
	[CAUSE_DKIM_BODY] = { is_dkim_body, CAUSE_LIKELY, false, true },
	[CAUSE_SPF_ONLY] = { is_spf_only, CAUSE_CERTAIN, false, true },
	[CAUSE_STRICT] = { is_strict, CAUSE_CERTAIN, true, true },
	[CAUSE_ESP_UNALIGNED] = { is_esp_unaligned, CAUSE_CERTAIN, true, true },
	[CAUSE_SPF_OTHER] = { is_spf_other, CAUSE_LIKELY, true, true },
	[CAUSE_SPF_PERMERROR] = { is_spf_permerror, CAUSE_CERTAIN, true, true },
	[CAUSE_SPF_TEMPERROR] = { is_spf_temperror, CAUSE_LIKELY, true, true },
	[CAUSE_NULL_SENDER] = { is_null_sender, CAUSE_LIKELY, true, true },
	[CAUSE_GHOST_SUB] = { is_ghost_sub, CAUSE_CERTAIN, true, true },
	[CAUSE_SUB_NONE] = { is_sub_none, CAUSE_LIKELY, true, true },
	[CAUSE_SPF_NONE] = { is_spf_none, CAUSE_CERTAIN, true, true },
	[CAUSE_IPV6] = { is_ipv6, CAUSE_LIKELY, true, true },
	[CAUSE_SPF_MISSING_IP] = { is_spf_missing_ip, CAUSE_LIKELY, true, true },
	[CAUSE_SPF_NEUTRAL] = { is_spf_neutral, CAUSE_CERTAIN, true, true },
	[CAUSE_PARKED] = { is_parked, CAUSE_LIKELY, true, true },
	[CAUSE_SPOOF_ENV] = { is_spoof_env, CAUSE_POSSIBLE, true, false },
	[CAUSE_SPOOF] = { is_spoof, CAUSE_LIKELY, true, false },
	[CAUSE_UNCLEAR] = { is_anything, CAUSE_POSSIBLE, false, false },
};

/* ---- notes ------------------------------------------------------------------------------------ */

/* policy_evaluated and auth_results tell different stories of one identifier. */
static bool is_odd(const struct cause_facts *f)
{
	const struct trait *t = f->trait;
	bool dkim = signature(t, true) >= 0;
	bool spf = t->spf_own && spf_raw(t, REPORT_AUTH_PASS);

	if (dkim_aligned(t) && !dkim)
		return true;
	if (spf_aligned(t) && !spf)
		return true;
	return (t->dkim == REPORT_RESULT_FAIL && dkim && !f->strict_dkim) ||
	       (t->spf == REPORT_RESULT_FAIL && spf && !f->strict_spf);
}

static unsigned notes_of(const struct cause_facts *f)
{
	const struct trait *t = f->trait;
	unsigned notes = 0;
	struct cause c;

	if ((t->reasons & (REASON(LOCAL_POLICY) | REASON(TRUSTED_FORWARDER))) != 0)
		notes |= 1U << CAUSE_NOTE_OVERRIDE;
	if ((t->reasons & (REASON(POLICY_TEST_MODE) | REASON(SAMPLED_OUT))) != 0)
		notes |= 1U << CAUSE_NOTE_TEST_MODE;
	if (!dkim_aligned(t) && has_key(f, CAUSE_KEY_TESTING, &c))
		notes |= 1U << CAUSE_NOTE_DKIM_TESTING;
	if (is_odd(f))
		notes |= 1U << CAUSE_NOTE_ODD_REPORT;
	if (f->stale_policy)
		notes |= 1U << CAUSE_NOTE_STALE_POLICY;
	return notes;
}

void cause_of(const struct cause_facts *f, struct cause *ret)
{
	bool passes = class_passes(f->trait);
	unsigned code = 0;

	for (;; code++) {
		*ret = (struct cause){ .code = (enum cause_code)code,
			.confidence = rows[code].confidence,
			.signature = -1 };
		if (!(passes && rows[code].of_failing) && rows[code].is(f, ret))
			break;
	}
	if (ret->signature < 0 && f->trait->signatures_len > 0)
		ret->signature = 0;
	ret->notes = notes_of(f);
}

bool cause_is_actionable(enum cause_code code)
{
	return rows[code].actionable;
}
