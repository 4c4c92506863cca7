/*
 * catalogue: the sending services we know, from store/judge/services.tsv.
 *
 * The table is compiled in and read once; a look-up never needs the network. Domains are matched
 * as suffixes at a label's border; selectors by the patterns the table explains.
 */
#ifndef STORE_JUDGE_CATALOGUE_H
#define STORE_JUDGE_CATALOGUE_H

#include "store/base/err.h"
#include "store/base/slice.h"

enum service_role {
	SERVICE_MAILBOX, SERVICE_ESP, SERVICE_TRANSACTIONAL, SERVICE_APP, SERVICE_HOSTING,
	SERVICE_GATEWAY, SERVICE_FORWARDER, SERVICE_LIST, SERVICE_ROLE_COUNT,
};

extern const char *const service_role_names[SERVICE_ROLE_COUNT];	/* "mailbox", "esp", ... */

enum selector_match { SELECTOR_NONE, SELECTOR_WEAK, SELECTOR_STRONG };

struct service {
	struct slice id, name;
	enum service_role role;
	/* Lists as the table writes them, separated by blanks; "" where empty. */
	struct slice bounce_domains, dkim_domains, selectors, ptr_suffixes, spf_include;
	struct slice aligns_spf;	/* yes, custom or no */
	struct slice setup_en, setup_es, source, checked;
};

/* All of them, by id bytewise. Read on the first call (threads: one at a time sees to it). */
const struct service *catalogue_services(size_t *ret_len);
/* NULL: no such service. */
const struct service *catalogue_find(struct slice id);
/* The service a domain in key form bounces to, signs as by default, or is a reverse name of. The
 * longest suffix wins; NULL: none. */
const struct service *catalogue_by_bounce(struct slice domain);
const struct service *catalogue_by_dkim(struct slice domain);
const struct service *catalogue_by_ptr(struct slice name);
/* The service that tells owners to include this name in SPF, or one it is above of. Walks the table:
 * once a term, not once an address. */
const struct service *catalogue_by_include(struct slice name);
/* How well a selector (lower case) fits the service's patterns. */
enum selector_match catalogue_selector(const struct service *s, struct slice selector);
/* Every service a selector fits, the strong ones first, each group by id; at most `max`; how many. */
size_t catalogue_by_selector(struct slice selector, const struct service **ret,
	enum selector_match *ret_match, size_t max);

#endif
