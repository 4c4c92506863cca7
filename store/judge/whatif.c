#include "store/judge/whatif.h"

/* Strictness that reports of one row leave open. */
enum strictness {
	RELAXED,
	STRICT,
	EITHER,
};

static enum strictness strictness(enum whatif_choice wish, uint8_t published)
{
	if (wish != WHATIF_AS_PUBLISHED)
		return wish == WHATIF_YES ? STRICT : RELAXED;
	if (published == REPORT_ALIGNMENT_UNKNOWN)
		return EITHER;
	return published == REPORT_ALIGNMENT_STRICT ? STRICT : RELAXED;
}

/* ---- alignment ------------------------------------------------------------------------------- */

static bool is_known(uint8_t result)
{
	return result == REPORT_RESULT_PASS || result == REPORT_RESULT_FAIL;
}

static bool same_organisation(struct slice a, struct slice b)
{
	return slice_equal(a, b) || slice_equal(domain_org(a), domain_org(b));
}

/* A HELO name counts only where there was no MAIL FROM to check (RFC 7208 2.4). */
static bool counts(const struct whatif_row *row, const struct whatif_auth *a)
{
	if (a->kind == REPORT_DKIM || a->scope != REPORT_SCOPE_HELO)
		return true;
	for (size_t i = 0; i < row->auth_len; i++) {
		if (row->auth[i].kind == REPORT_SPF && row->auth[i].scope != REPORT_SCOPE_HELO)
			return false;
	}
	return true;
}

/* What passes of a kind, seen from header_from. */
struct passing {
	bool any_results; /* of the kind */
	bool exact, aligned, nameless;
};

static struct passing passing_of(const struct whatif_row *row, enum report_auth_kind kind)
{
	struct passing p = { 0 };

	for (size_t i = 0; i < row->auth_len; i++) {
		const struct whatif_auth *a = &row->auth[i];

		if (a->kind != kind || !counts(row, a))
			continue;
		p.any_results = true;
		if (a->result != REPORT_AUTH_PASS)
			continue;
		if (slice_absent(a->domain))
			p.nameless = true;
		else if (slice_equal(a->domain, row->from))
			p.exact = p.aligned = true;
		else if (same_organisation(a->domain, row->from))
			p.aligned = true;
	}
	return p;
}

/* It passed, perhaps by a name that is only related: does it pass by the very name? */
static uint8_t narrowed(const struct whatif_row *row, enum report_auth_kind kind)
{
	struct passing p;

	if (slice_absent(row->from))
		return REPORT_RESULT_UNKNOWN;
	p = passing_of(row, kind);
	if (p.exact)
		return REPORT_RESULT_PASS;
	/* A report that names no pass by which it passed does not name all there was. */
	return p.aligned && !p.nameless ? REPORT_RESULT_FAIL : REPORT_RESULT_UNKNOWN;
}

/* It failed by the very name: does it pass by one that is related? */
static uint8_t widened(const struct whatif_row *row, enum report_auth_kind kind)
{
	struct passing p;

	if (slice_absent(row->from) || row->auth_len == 0)
		return REPORT_RESULT_UNKNOWN;
	p = passing_of(row, kind);
	if (p.aligned)
		return REPORT_RESULT_PASS;
	/* Mail that was not signed has no result of DKIM; every mail has one of SPF. */
	if (p.nameless || (kind == REPORT_SPF && !p.any_results))
		return REPORT_RESULT_UNKNOWN;
	return REPORT_RESULT_FAIL;
}

static uint8_t realigned(const struct whatif_row *row, enum report_auth_kind kind,
	enum strictness was, enum strictness wished)
{
	const uint8_t now = kind == REPORT_DKIM ? row->dkim : row->spf;

	if (!is_known(now) || was == wished || wished == EITHER)
		return now;
	if (wished == STRICT)
		return now == REPORT_RESULT_FAIL ? now : narrowed(row, kind);
	return now == REPORT_RESULT_PASS ? now : widened(row, kind);
}

/* ---- another SPF record ---------------------------------------------------------------------- */

/* One identity's part in the result: SPF of `domain` with the raw result, by what strictness. */
static uint8_t one_identity(
	const struct whatif_row *row, struct slice domain, uint8_t raw, enum strictness how)
{
	if (raw == REPORT_RESULT_FAIL || !same_organisation(domain, row->from))
		return REPORT_RESULT_FAIL;
	if (!slice_equal(domain, row->from)) {
		if (how == STRICT)
			return REPORT_RESULT_FAIL;
		if (how == EITHER)
			return REPORT_RESULT_UNKNOWN;
	}
	return raw;
}

static uint8_t wished_raw(const struct whatif_row *row)
{
	switch (row->wished_spf) {
	case SPF_PASS:
		return REPORT_RESULT_PASS;
	case SPF_TEMPERROR:
	case SPF_UNKNOWN:
		return REPORT_RESULT_UNKNOWN;
	case SPF_NONE:
	case SPF_NEUTRAL:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_PERMERROR:
	case SPF_RESULT_COUNT:
		break;
	}
	return REPORT_RESULT_FAIL;
}

/* The better of two identities. */
static uint8_t better(uint8_t a, uint8_t b)
{
	if (a == REPORT_RESULT_PASS || b == REPORT_RESULT_PASS)
		return REPORT_RESULT_PASS;
	return a == REPORT_RESULT_UNKNOWN || b == REPORT_RESULT_UNKNOWN ? REPORT_RESULT_UNKNOWN
									: REPORT_RESULT_FAIL;
}

/* By the wished record where the identity is the policy domain's; *touched: somewhere it is. */
static uint8_t respf(const struct whatif_row *row, enum strictness how, bool *touched)
{
	uint8_t result = REPORT_RESULT_FAIL;
	bool any = false;

	*touched = false;
	for (size_t i = 0; i < row->auth_len; i++) {
		const struct whatif_auth *a = &row->auth[i];
		uint8_t raw =
			a->result == REPORT_AUTH_PASS ? REPORT_RESULT_PASS : REPORT_RESULT_FAIL;

		if (a->kind != REPORT_SPF || !counts(row, a))
			continue;
		any = true;
		if (slice_absent(a->domain)) {
			*touched = true;
			result = better(result, REPORT_RESULT_UNKNOWN);
			continue;
		}
		if (slice_equal(a->domain, row->domain)) {
			*touched = true;
			raw = wished_raw(row);
		}
		result = better(result, one_identity(row, a->domain, raw, how));
	}
	if (any)
		return result;
	if (slice_absent(row->envelope_from)) {
		*touched = true;
		return REPORT_RESULT_UNKNOWN;
	}
	*touched = slice_equal(row->envelope_from, row->domain);
	return one_identity(row, row->envelope_from, wished_raw(row), how);
}

static uint8_t spf_after(const struct whatif_row *row, const struct whatif_wish *wish)
{
	const enum strictness was = strictness(WHATIF_AS_PUBLISHED, row->aspf);
	const enum strictness wished = strictness(wish->strict_spf, row->aspf);
	bool touched = false;
	uint8_t result;

	if (wish->spf) {
		if (slice_absent(row->from))
			return REPORT_RESULT_UNKNOWN;
		result = respf(row, wished, &touched);
		if (touched)
			return result;
	}
	return realigned(row, REPORT_SPF, was, wished);
}

/* ---- policy ---------------------------------------------------------------------------------- */

static enum whatif_action action_of_word(uint8_t word)
{
	switch (word) {
	case REPORT_POLICY_NONE:
		return WHATIF_NONE;
	case REPORT_POLICY_QUARANTINE:
		return WHATIF_QUARANTINE;
	case REPORT_POLICY_REJECT:
		return WHATIF_REJECT;
	default:
		return WHATIF_UNKNOWN;
	}
}

static enum whatif_action action_of(enum dmarc_policy wish, uint8_t word, enum whatif_action absent)
{
	if (wish == DMARC_NONE)
		return WHATIF_NONE;
	if (wish == DMARC_QUARANTINE || wish == DMARC_REJECT)
		return wish == DMARC_REJECT ? WHATIF_REJECT : WHATIF_QUARANTINE;
	return word == REPORT_POLICY_ABSENT ? absent : action_of_word(word);
}

static enum whatif_action either(enum whatif_action a, enum whatif_action b)
{
	return a == b ? a : WHATIF_UNKNOWN;
}

/* What the domain asks for, of mail that fails (RFC 9989 4.7; psd=y changes no part of it: mail from
 * below a public suffix is mail from a subdomain). */
static enum whatif_action asked_for(const struct whatif_row *row, const struct whatif_wish *wish)
{
	const enum whatif_action p = action_of(wish->p, row->p, WHATIF_UNKNOWN);
	const enum whatif_action sp = action_of(wish->sp, row->sp, p);
	const enum whatif_action np = action_of(wish->np, row->np, sp);

	if (slice_absent(row->from))
		return either(p, either(sp, np));
	if (slice_equal(row->from, row->domain))
		return p;
	if (!domain_within(row->from, row->domain))
		return either(p, either(sp, np));
	if (row->exists == WHATIF_NOT_ASKED)
		return either(sp, np);
	return row->exists == WHATIF_MISSING ? np : sp;
}

static enum whatif_action tested(
	enum whatif_action a, const struct whatif_row *row, const struct whatif_wish *wish)
{
	const bool unclear =
		wish->testing == WHATIF_AS_PUBLISHED && row->testing == REPORT_TESTING_UNKNOWN;
	const bool testing =
		wish->testing == WHATIF_YES ||
		(wish->testing == WHATIF_AS_PUBLISHED && row->testing == REPORT_TESTING_YES);

	if (a == WHATIF_NONE || a == WHATIF_UNKNOWN)
		return a;
	if (unclear)
		return WHATIF_UNKNOWN;
	if (!testing)
		return a;
	return a == WHATIF_REJECT ? WHATIF_QUARANTINE : WHATIF_NONE;
}

void whatif_judge(
	const struct whatif_row *row, const struct whatif_wish *wish, struct whatif_fate *ret)
{
	const enum strictness was = strictness(WHATIF_AS_PUBLISHED, row->adkim);
	const enum strictness wished = strictness(wish->strict_dkim, row->adkim);
	const uint8_t dkim = realigned(row, REPORT_DKIM, was, wished);
	const enum whatif_action asked = tested(asked_for(row, wish), row, wish);

	ret->verdict =
		report_verdict((enum report_result)dkim, (enum report_result)spf_after(row, wish));
	ret->action = WHATIF_NONE;
	if (ret->verdict == REPORT_VERDICT_FAIL)
		ret->action = asked;
	else if (ret->verdict == REPORT_VERDICT_UNKNOWN && asked != WHATIF_NONE)
		ret->action = WHATIF_UNKNOWN;
}

/* ---- sums ------------------------------------------------------------------------------------ */

static bool acts(enum whatif_action a)
{
	return a == WHATIF_QUARANTINE || a == WHATIF_REJECT;
}

void whatif_add(struct whatif_sum *sum, const struct whatif_fate *before,
	const struct whatif_fate *after, bool excused, int64_t messages)
{
	sum->messages += messages;
	sum->verdicts_before[before->verdict] += messages;
	sum->verdicts_after[after->verdict] += messages;
	sum->actions_before[before->action] += messages;
	sum->actions_after[after->action] += messages;
	if (before->verdict == REPORT_VERDICT_PASS && after->verdict == REPORT_VERDICT_FAIL)
		sum->newly_failing += messages;
	if (before->verdict == REPORT_VERDICT_FAIL && after->verdict == REPORT_VERDICT_PASS)
		sum->newly_passing += messages;
	if (before->action == WHATIF_NONE && acts(after->action)) {
		sum->newly_acted_on += messages;
		sum->excused += excused ? messages : 0;
	}
	if (acts(before->action) && after->action == WHATIF_NONE)
		sum->no_longer_acted_on += messages;
	if (after->verdict == REPORT_VERDICT_UNKNOWN || after->action == WHATIF_UNKNOWN)
		sum->unknown += messages;
}
