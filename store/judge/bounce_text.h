/*
 * bounce_text: a refusal explained, and what to do about it, in two languages.
 *
 * The steps never put a service's include forward as a cure for alignment, nor a forwarder's address
 * for SPF. What aggregate reports cannot tell is said with every answer.
 */
#ifndef STORE_JUDGE_BOUNCE_TEXT_H
#define STORE_JUDGE_BOUNCE_TEXT_H

#include "store/judge/bounce.h"

enum bounce_language {
	BOUNCE_EN,
	BOUNCE_ES,
	BOUNCE_LANGUAGE_COUNT,
};

#define BOUNCE_STEPS_MAX 5

/* What the texts name; all may be absent: then a plain word stands there. */
struct bounce_values {
	struct slice domain, address, selector;
	enum bounce_provider provider;
};

/* One short sentence. */
void bounce_title(enum bounce_code code, enum bounce_language l, const struct bounce_values *v,
	struct buf *to);
/* What the receiver checked and missed. */
void bounce_meaning(enum bounce_code code, enum bounce_language l, const struct bounce_values *v,
	struct buf *to);
/* The n-th thing to do, from 0. False: there are no more. */
bool bounce_step(enum bounce_code code, unsigned n, enum bounce_language l,
	const struct bounce_values *v, struct buf *to);
/* What no aggregate report can prove. */
const char *bounce_limits(enum bounce_language l);
/* Why a temporary refusal may still be delivered; goes with every 4xx. */
const char *bounce_temporary(enum bounce_language l);

#endif
