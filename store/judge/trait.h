/*
 * trait: what judgement needs to know of a record, without its address and count.
 *
 * Many records have one trait; it is what the roll-up keeps of them, so that whose mail a row is
 * can be decided, and decided again, without reading the rows. A trait is a function of the record
 * alone: neither the policy domain nor the order of arrival takes part.
 *
 * "Of one organisation" means: both are domain names, and the public suffix list gives one
 * organisational domain for both. It explains; the verdict is always policy_evaluated's
 * (SEMANTICS, rule 1).
 */
#ifndef STORE_JUDGE_TRAIT_H
#define STORE_JUDGE_TRAIT_H

#include "store/base/buf.h"
#include "store/base/domain.h"
#include "store/report.h"

#define TRAIT_SIGNATURES_MAX 8	/* own signatures kept of a record: more are not judged by */

/* Whose the MAIL FROM domain is, seen from header_from. The numbers are in the database. */
enum trait_envelope {
	TRAIT_ENVELOPE_NONE,	/* empty, absent or no domain name */
	TRAIT_ENVELOPE_OWN,	/* of one organisation with header_from */
	TRAIT_ENVELOPE_OTHER,
	TRAIT_ENVELOPE_COUNT,
};

struct trait {
	uint8_t disposition, dkim, spf;	/* meanings of policy_evaluated */
	uint16_t reasons;		/* bit 1 << enum report_reason_type of each */
	/* The raw SPF result that tells most: a pass before others, MAIL FROM before HELO. */
	uint8_t spf_result;		/* enum report_auth_result; ABSENT if there is none */
	bool spf_own;			/* its domain is of one organisation with header_from */
	uint8_t envelope;		/* enum trait_envelope */
	struct slice spf_domain;	/* key form; absent if there is none */
	struct slice other_dkim;	/* key form: first passing signature of another organisation */
	struct trait_signature {	/* own ones, by domain and selector, none twice */
		struct slice domain;	/* key form */
		struct slice selector;	/* ASCII lower case; "" when absent */
		bool pass;
	} signatures[TRAIT_SIGNATURES_MAX];
	unsigned signatures_len;
};

/* Room for every text of a trait: two domains, and of each signature domain and selector. */
#define TRAIT_TEXT_BYTES ((2 + AUTH_MAX) * (DOMAIN_KEY_MAX + TEXT_KEEP))
/* The trait of a record. Texts are kept in `text` (cleared first, its bound at least
 * TRAIT_TEXT_BYTES) and live as long as its content. -1: no memory. */
int trait_of(const struct report_record *record, struct trait *ret, struct buf *text,
	struct err *err);
/* The same trait, the same bytes: what it is interned by. Appended to `to`. */
void trait_canon(const struct trait *t, struct buf *to);

#endif
