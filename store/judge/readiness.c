#include "store/judge/readiness.h"

#include <inttypes.h>
#include <stdio.h>

#define DAYS_ENOUGH      25
#define REPORTERS_ENOUGH 2
#define OWN_ENOUGH       100
#define SETTLED_DAYS     14
#define ENFORCED_DAYS    30
/* Shares in thousandths. */
#define OWN_PASS       990
#define SOURCE_PASS    950
#define UNDECIDED_MOST 5
#define SIGNED_LEAST   980
#define AFFECTED_MOST  5

const char *const readiness_state_names[READINESS_STATE_COUNT] = { "ok", "failed", "unknown",
	"not_needed" };
const char *const readiness_unit_names[READINESS_UNIT_COUNT] = { "days", "messages", "reporters",
	"errors", "ratio", "answer" };
const char *const readiness_verdict_names[READINESS_VERDICT_COUNT] = { "unmeasured", "blocked",
	"almost", "ready", "ready_with_cost", "enforced", "regressed" };

/* ---- gathering ------------------------------------------------------------------------------- */

void readiness_init(struct readiness_facts *f)
{
	*f = (struct readiness_facts){ 0 };
}

/* part / whole against thousandths, exact as long as it can be. */
static int compare_share(int64_t part, int64_t whole, int64_t thousandths)
{
	double a = (double)part * 1000, b = (double)whole * (double)thousandths;

	if (part <= INT64_MAX / 1000 && whole <= INT64_MAX / 1000) {
		int64_t x = part * 1000, y = whole * thousandths;

		return x < y ? -1 : x > y;
	}
	return a < b ? -1 : a > b;
}

static double share(int64_t part, int64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

static struct readiness_kept keep(const struct readiness_source *s, int64_t messages, int64_t of)
{
	struct readiness_kept k = { .id = s->id, .messages = messages, .of = of };
	size_t len = s->name.len < sizeof k.name ? s->name.len : sizeof k.name - 1;

	/* Not in the middle of a character. */
	while (len > 0 && len < s->name.len && ((unsigned char)s->name.ptr[len] & 0xc0) == 0x80)
		len--;
	if (len > 0)
		memcpy(k.name, s->name.ptr, len);
	return k;
}

static void keep_larger(
	struct readiness_kept *have, const struct readiness_source *s, int64_t messages, int64_t of)
{
	if (have->id == 0 || messages > have->messages)
		*have = keep(s, messages, of);
}

static void keep_affected(struct readiness_facts *f, const struct readiness_source *s)
{
	struct readiness_kept *list = f->affected_sources;
	size_t at = f->affected_len;

	while (at > 0 && list[at - 1].messages < s->affected)
		at--;
	if (at == READINESS_AFFECTED_KEEP)
		return;
	if (f->affected_len < READINESS_AFFECTED_KEEP)
		f->affected_len++;
	memmove(&list[at + 1], &list[at], (f->affected_len - at - 1) * sizeof *list);
	list[at] = keep(s, s->affected, s->own);
}

void readiness_add(struct readiness_facts *f, const struct readiness_source *s)
{
	f->own += s->own;
	f->own_pass += s->own_pass;
	f->own_dkim += s->own_dkim;
	f->undecided += s->undecided;
	f->affected += s->affected;
	if (s->own >= READINESS_SOURCE_LEAST && compare_share(s->own_pass, s->own, SOURCE_PASS) < 0)
		keep_larger(&f->worst, s, s->own - s->own_pass, s->own);
	if (s->own_spf_only >= READINESS_SOURCE_LEAST && s->own_spf_only > s->own / 2)
		keep_larger(&f->unsigned_source, s, s->own_spf_only, s->own);
	if (s->undecided > 0)
		keep_larger(&f->undecided_source, s, s->undecided, s->undecided);
	if (s->own > 0 && s->days_old >= 0 &&
		(f->newest.id == 0 || s->days_old < f->newest.messages))
		f->newest = keep(s, s->days_old, s->own);
	if (s->affected > 0)
		keep_affected(f, s);
}

bool readiness_is_large(struct slice org_name)
{
	static const char *const names[] = { "google", "google.com", "google inc.", "google llc",
		"microsoft", "microsoft.com", "microsoft corporation", "outlook.com",
		"enterprise outlook", "yahoo", "yahoo.com", "yahoo inc.", "yahoo! inc.",
		"yahoo inc" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (slice_equal_fold(slice_trim(org_name), slice_of(names[i])))
			return true;
	}
	return false;
}

/* ---- the checks ------------------------------------------------------------------------------ */

static void measure(struct readiness_check *c, enum readiness_unit unit, double value, double limit)
{
	c->unit = unit;
	c->has_value = true;
	c->value = value;
	c->limit = limit;
}

static void fail(struct readiness_check *c, unsigned says)
{
	c->state = READINESS_FAILED;
	c->says = says;
}

static void blame(struct readiness_check *c, const struct readiness_kept *k)
{
	c->source = k->id;
	memcpy(c->name, k->name, sizeof c->name);
	c->messages = k->messages;
	c->of = k->of;
}

/* Little mail, but long enough, and all that is to send has sent. */
static bool low_volume(const struct readiness_facts *f)
{
	return f->long_enough && f->services_seen;
}

static void check_q1(const struct readiness_facts *f, struct readiness_check *c)
{
	measure(c, READINESS_IN_DAYS, f->days, DAYS_ENOUGH);
	if (f->days < DAYS_ENOUGH) {
		fail(c, 1);
	} else if (f->reporters < REPORTERS_ENOUGH) {
		measure(c, READINESS_IN_REPORTERS, f->reporters, REPORTERS_ENOUGH);
		fail(c, 2);
	} else if (!f->large_reporter) {
		measure(c, READINESS_IN_REPORTERS, f->reporters, REPORTERS_ENOUGH);
		fail(c, 3);
	}
	if (c->state == READINESS_FAILED && low_volume(f)) {
		c->state = READINESS_OK;
		c->says = 4;
	}
}

static void check_q2(const struct readiness_facts *f, struct readiness_check *c)
{
	measure(c, READINESS_IN_MESSAGES, (double)f->own, OWN_ENOUGH);
	if (f->own >= OWN_ENOUGH)
		return;
	fail(c, 1);
	if (low_volume(f)) {
		c->state = READINESS_OK;
		c->says = 2;
	}
}

static void check_q3(const struct readiness_facts *f, struct readiness_check *c)
{
	c->unit = READINESS_IN_RATIO;
	if (f->own == 0) {
		c->state = READINESS_UNKNOWN;
		c->says = 3;
		return;
	}
	measure(c, READINESS_IN_RATIO, share(f->own_pass, f->own), OWN_PASS / 1000.);
	if (f->worst.id != 0) {
		blame(c, &f->worst);
		fail(c, 2);
	} else if (compare_share(f->own_pass, f->own, OWN_PASS) < 0) {
		fail(c, 1);
	}
}

static void check_q4(const struct readiness_facts *f, struct readiness_check *c)
{
	const int64_t all = f->own + f->undecided;

	measure(c, READINESS_IN_RATIO, share(f->undecided, all), UNDECIDED_MOST / 1000.);
	if (f->undecided_source.messages >= READINESS_SOURCE_LEAST)
		fail(c, 2);
	else if (compare_share(f->undecided, all, UNDECIDED_MOST) > 0)
		fail(c, 1);
	if (c->state == READINESS_FAILED)
		blame(c, &f->undecided_source);
}

static void check_q5(const struct readiness_facts *f, struct readiness_check *c)
{
	c->unit = READINESS_IN_ERRORS;
	if (!f->dns_known) {
		c->state = READINESS_UNKNOWN;
		c->says = 2;
		return;
	}
	measure(c, READINESS_IN_ERRORS, f->dns_errors, 0);
	if (f->dns_errors > 0) {
		(void)snprintf(c->name, sizeof c->name, "%s", f->dns_rule);
		fail(c, 1);
	}
}

static void check_q6(const struct readiness_facts *f, struct readiness_check *c)
{
	c->unit = READINESS_IN_DAYS;
	c->limit = SETTLED_DAYS;
	if (f->newest.id == 0)
		return;
	measure(c, READINESS_IN_DAYS, (double)f->newest.messages, SETTLED_DAYS);
	if (f->newest.messages < SETTLED_DAYS) {
		blame(c, &f->newest);
		fail(c, 1);
	}
}

static void check_answer(
	enum readiness_answer answer, enum readiness_answer wanted, struct readiness_check *c)
{
	c->unit = READINESS_IN_ANSWER;
	c->has_value = answer != READINESS_NOT_SAID;
	c->value = answer;
	c->limit = wanted;
	if (answer == READINESS_NOT_SAID) {
		c->state = READINESS_UNKNOWN;
		c->says = 2;
	} else if (answer != wanted) {
		fail(c, 1);
	}
}

static void check_q7(const struct readiness_facts *f, struct readiness_check *c)
{
	check_answer(f->rare_senders, READINESS_YES, c);
}

static void check_r1(const struct readiness_facts *f, struct readiness_check *c)
{
	measure(c, READINESS_IN_DAYS, f->enforced_days, ENFORCED_DAYS);
	if (f->policy < DMARC_QUARANTINE)
		fail(c, 1);
	else if (f->testing)
		fail(c, 3);
	else if (f->policy < DMARC_REJECT && f->enforced_days < ENFORCED_DAYS)
		fail(c, 2);
}

static void check_r2(const struct readiness_facts *f, struct readiness_check *c)
{
	measure(c, READINESS_IN_RATIO, share(f->own_dkim, f->own), SIGNED_LEAST / 1000.);
	if (f->unsigned_source.id != 0) {
		blame(c, &f->unsigned_source);
		fail(c, 2);
	} else if (compare_share(f->own_dkim, f->own, SIGNED_LEAST) < 0) {
		fail(c, 1);
	}
}

static void check_r3(const struct readiness_facts *f, struct readiness_check *c)
{
	measure(c, READINESS_IN_RATIO, share(f->affected, f->own), AFFECTED_MOST / 1000.);
	if (compare_share(f->affected, f->own, AFFECTED_MOST) <= 0)
		return;
	fail(c, 1);
	if (f->affected_len > 0)
		blame(c, &f->affected_sources[0]);
}

static void check_r4(const struct readiness_facts *f, struct readiness_check *c)
{
	check_answer(f->mailing_lists, READINESS_NO, c);
}

/* ---- the verdict ----------------------------------------------------------------------------- */

static const struct {
	void (*check)(const struct readiness_facts *f, struct readiness_check *c);
	bool loses_mail; /* when it is short: blocks by itself */
} checks[READINESS_COUNT] = {
	[READINESS_Q1] = { check_q1, false },
	[READINESS_Q2] = { check_q2, false },
	[READINESS_Q3] = { check_q3, true },
	[READINESS_Q4] = { check_q4, true },
	[READINESS_Q5] = { check_q5, true },
	[READINESS_Q6] = { check_q6, false },
	[READINESS_Q7] = { check_q7, false },
	[READINESS_R1] = { check_r1, false },
	[READINESS_R2] = { check_r2, true },
	[READINESS_R3] = { check_r3, true },
	[READINESS_R4] = { check_r4, false },
};

static bool failed(const struct readiness *r, enum readiness_id id)
{
	return r->checks[id].state == READINESS_FAILED;
}

/* That people post to lists is a price, not an obstacle. */
static bool is_price(const struct readiness *r, enum readiness_id id)
{
	return id == READINESS_R4 && failed(r, id);
}

static void release(struct readiness *r, enum readiness_id from)
{
	for (unsigned i = from; i < READINESS_COUNT; i++)
		r->checks[i].state = READINESS_NOT_NEEDED;
}

/* What is short, and which of it to speak of: what loses mail first, of that what fails. */
static bool count_short(struct readiness *r)
{
	static const enum readiness_id order[] = { READINESS_Q3, READINESS_R3, READINESS_Q5,
		READINESS_R2, READINESS_Q4, READINESS_Q1, READINESS_Q2, READINESS_Q6, READINESS_R1,
		READINESS_Q7, READINESS_R4 };
	bool loses = false, found = false;

	r->first = READINESS_COUNT;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		const enum readiness_state state = r->checks[order[i]].state;
		const bool is_failed = state == READINESS_FAILED;

		if ((!is_failed && state != READINESS_UNKNOWN) || is_price(r, order[i]))
			continue;
		r->short_of++;
		loses = loses || (is_failed && checks[order[i]].loses_mail);
		if (r->first == READINESS_COUNT || (is_failed && !found))
			r->first = order[i];
		found = found || is_failed;
	}
	return loses;
}

static enum readiness_verdict_id judge_parked(const struct readiness_facts *f, struct readiness *r)
{
	r->step = DMARC_REJECT;
	r->parked = true;
	release(r, READINESS_Q1);
	return f->policy == DMARC_REJECT && !f->testing ? READINESS_ENFORCED : READINESS_READY;
}

/* Would the step that is in force be taken again? */
static bool has_regressed(const struct readiness_facts *f, struct readiness *r)
{
	if (f->testing || f->policy < DMARC_QUARANTINE)
		return false;
	if (failed(r, READINESS_Q3) || failed(r, READINESS_Q5)) {
		r->step = f->policy;
		if (f->policy < DMARC_REJECT)
			release(r, READINESS_R1);
		return true;
	}
	return f->policy == DMARC_REJECT && (failed(r, READINESS_R2) || failed(r, READINESS_R3));
}

static bool is_measured(const struct readiness_facts *f)
{
	return (f->days >= READINESS_DAYS_LEAST && f->own >= READINESS_OWN_LEAST) ||
	       (low_volume(f) && f->own_long >= READINESS_OWN_LEAST);
}

static enum readiness_verdict_id judge(const struct readiness_facts *f, struct readiness *r)
{
	bool regressed, loses;

	if (f->parked && f->own == 0)
		return judge_parked(f, r);
	r->step = f->policy < DMARC_QUARANTINE ? DMARC_QUARANTINE : DMARC_REJECT;
	if (r->step == DMARC_QUARANTINE)
		release(r, READINESS_R1);
	regressed = has_regressed(f, r);
	loses = count_short(r);
	if (!is_measured(f))
		return READINESS_UNMEASURED;
	if (regressed)
		return READINESS_REGRESSED;
	if (f->policy == DMARC_REJECT && !f->testing)
		return READINESS_ENFORCED;
	if (loses || r->short_of > 1)
		return READINESS_BLOCKED;
	if (r->short_of == 1)
		return READINESS_ALMOST;
	return is_price(r, READINESS_R4) ? READINESS_READY_WITH_COST : READINESS_READY;
}

void readiness_judge(const struct readiness_facts *f, struct readiness *ret)
{
	*ret = (struct readiness){ .now = f->policy,
		.first = READINESS_COUNT,
		.days = f->days,
		.own = f->own,
		.own_pass = f->own_pass };
	for (unsigned i = 0; i < READINESS_COUNT; i++)
		checks[i].check(f, &ret->checks[i]);
	ret->verdict = judge(f, ret);
}
