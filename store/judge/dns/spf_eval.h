/*
 * spf_eval: what a receiver that follows RFC 7208 would say: check_host().
 *
 * At most ten terms that look something up and two look-ups that find nothing (4.6.4), ten hosts of
 * an mx term, ten names of an address; so the work is bounded whatever the records say. Where the
 * view does not know a name the answer is SPF_UNKNOWN, naming it.
 */
#ifndef STORE_JUDGE_DNS_SPF_EVAL_H
#define STORE_JUDGE_DNS_SPF_EVAL_H

#include "store/judge/dns/spf.h"

#define SPF_LOOKUPS_MAX 10
#define SPF_VOIDS_MAX 2
#define SPF_HOSTS_MAX 10
#define SPF_NAMES_MAX 10

enum spf_result {
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
	SPF_UNKNOWN,	/* the view does not know enough; no receiver says this */
	SPF_RESULT_COUNT,
};
extern const char *const spf_result_names[SPF_RESULT_COUNT];	/* "none", "neutral", ... */

enum spf_why {
	SPF_WHY_NOTHING,	/* no error */
	SPF_WHY_SYNTAX,
	SPF_WHY_SEVERAL,	/* records at one name */
	SPF_WHY_LOOKUPS,	/* more than ten */
	SPF_WHY_VOIDS,		/* more than two found nothing */
	SPF_WHY_HOSTS,		/* an mx term with more than ten hosts */
	SPF_WHY_NO_RECORD,	/* include or redirect to a name without one */
	SPF_WHY_DNS,		/* temperror */
	SPF_WHY_COUNT,
};

struct spf_query {
	struct ip ip;
	struct slice domain;	/* where the record is looked for; key form */
	struct slice sender;	/* MAIL FROM, or absent: then postmaster@domain */
	struct slice helo;	/* or absent: then the sender's domain */
};

struct spf_verdict {
	enum spf_result result;
	enum spf_why why;
	unsigned lookups, voids;
	/* The term that decided or was in error (absent when none matched), and the name of the
	 * record it stands in. Slices borrow from the view. */
	struct slice term;
	size_t term_at;
	char name[DOMAIN_KEY_MAX];	/* SPF_UNKNOWN, SPF_WHY_DNS: the name that was asked for */
	/* The term of the domain's own record through which that was reached; the same term
	 * where no include or redirect was between. */
	struct slice via;
	size_t via_at;
};

void spf_check(struct dns_view *view, const struct spf_query *q, struct spf_verdict *ret);

#endif
