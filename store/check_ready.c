#include <inttypes.h>
#include <stdio.h>

#include "store/base/day.h"
#include "store/check_parts.h"
#include "store/query_ready.h"

/* How much each verdict asks for attention; the first domain of the highest is named. */
static const int weights[READINESS_VERDICT_COUNT] = {
	[READINESS_ENFORCED] = 1,
	[READINESS_READY_WITH_COST] = 2,
	[READINESS_READY] = 3,
	[READINESS_ALMOST] = 4,
	[READINESS_UNMEASURED] = 5,
	[READINESS_BLOCKED] = 6,
	[READINESS_REGRESSED] = 7,
};

/* "blocked: ..." */
static void describe(struct check_found *f, const struct readiness *r)
{
	struct buf sentence;

	buf_init(&sentence, sizeof f->text);
	readiness_sentence(r, DNS_EN, &sentence);
	(void)snprintf(f->text, sizeof f->text, "%s: %s", readiness_verdict_names[r->verdict],
		buf_text(&sentence));
	buf_release(&sentence);
}

static int check_domain(struct check_work *w, struct slice domain, struct err *err)
{
	struct check_found *f = &w->found;
	const struct readiness *r;
	struct query_ready *q = NULL;

	if (query_ready_open(&q, w->st, domain, day_of(day_now()), err) < 0)
		return -1;
	r = query_ready_verdict(q);
	if (weights[r->verdict] > f->worst[0]) {
		f->worst[0] = weights[r->verdict];
		check_keep_name(f, domain);
		describe(f, r);
	}
	if (r->verdict == READINESS_UNMEASURED)
		f->unmeasured++;
	else
		f->measured = true;
	f->severe += r->verdict == READINESS_REGRESSED ? 1 : 0;
	f->value += r->verdict == READINESS_REGRESSED || r->verdict == READINESS_BLOCKED ? 1 : 0;
	query_ready_close(q);
	return 0;
}

int check_measure_ready(struct check_work *w, struct err *err)
{
	return check_own(w, false, check_domain, err);
}

void check_say_ready(const struct check_found *f, struct buf *to)
{
	if (f->others == 0) {
		buf_add_text(to, "no domain is yours that sends mail: name one with --domain");
		return;
	}
	buf_printf(to, "%s %s", f->name, f->text);
	if (f->others > 1)
		buf_printf(to, " (the first of %" PRId64 " domains)", f->others);
}

void check_perf_ready(
	const struct check_found *f, const struct range *w, const struct range *c, struct buf *to)
{
	if (f->measured)
		buf_printf(to, "held_back=%.0f;%s;;0 regressed=%.0f;;%s;0 ", f->value, w->text,
			f->severe, c->text);
	buf_printf(
		to, "domains=%" PRId64 ";;;0 unmeasured=%" PRId64 ";;;0", f->others, f->unmeasured);
}
