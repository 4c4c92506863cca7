/*
 * set: records in memory, as a view.
 *
 * What the store has noted down, what a zone file says and what a resolver has fetched so far all
 * become one of these. A name is answered by its records or by what was noted of it; then, below
 * the apex of a zone that is known whole, by the rules of a name server (wildcards, names that exist
 * because of what is under them, delegations); then by the next view, if there is one; and else it
 * is DNS_UNKNOWN.
 *
 *	struct dns_set *set = NULL;
 *	if (dns_set_open(&set, DNS_SET_BYTES_MAX, err) < 0)
 *		return -1;
 *	...dns_set_add(set, name, DNS_TXT, &record, err)...
 *	dns_find(dns_set_view(set), name, DNS_TXT, &answer);
 *	dns_set_close(set);
 */
#ifndef STORE_JUDGE_DNS_SET_H
#define STORE_JUDGE_DNS_SET_H

#include "store/judge/dns/view.h"

/* Memory of one set: a zone of 100,000 records. */
#define DNS_SET_BYTES_MAX ((size_t)64 * 1024 * 1024)
/* Records of one type at one name; a message cannot carry many more. */
#define DNS_SET_RECORDS_MAX 4000
/* Aliases in a row. */
#define DNS_ALIASES_MAX 8

struct dns_set;

int dns_set_open(struct dns_set **ret, size_t bytes_max, struct err *err);
void dns_set_close(struct dns_set *s);	/* NULL allowed */
struct dns_view *dns_set_view(struct dns_set *s);
/* Something had no room in it: the ceiling was reached. */
bool dns_set_full(const struct dns_set *s);

/*
 * Adds one record; everything is copied, names are brought into key form here. The same record twice
 * is one, with the smaller TTL. Nothing may be added to a name and type that was already answered
 * from this set: the answer would move. ERR_REPORT: `name`, the name it points to, or the text is none
 * (text longer than DNS_TEXT_MAX); ERR_SHORTAGE: full.
 */
int dns_set_add(struct dns_set *s, struct slice name, enum dns_type type,
	const struct dns_record *r, struct err *err);
/* The same for a text of one string or, where it is longer than DNS_STRING_MAX, several. */
int dns_set_add_text(struct dns_set *s, struct slice name, uint32_t ttl, struct slice text,
	struct err *err);
/* Notes that asking gave no records: DNS_NODATA, DNS_NXDOMAIN (counts for every type) or
 * DNS_FAILED. Records of the same name and type win over it. */
int dns_set_mark(struct dns_set *s, struct slice name, enum dns_type type, enum dns_status status,
	struct err *err);
/* Everything at and below `apex` is known: what is not there does not exist. "" is the root. */
int dns_set_zone(struct dns_set *s, struct slice apex, struct err *err);
/* Whom to ask about what is DNS_UNKNOWN here; borrowed. NULL for nobody. */
void dns_set_next(struct dns_set *s, struct dns_view *next);

/* Calls each() for every name at or under `under` (key form) that has a record, in no order; the
 * name is borrowed from the set. Nothing may be added meanwhile. */
void dns_set_each(const struct dns_set *s, struct slice under,
	void (*each)(void *arg, struct slice name), void *arg);

#endif
