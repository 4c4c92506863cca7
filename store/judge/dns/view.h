/*
 * view: what is known of the DNS, whoever knows it.
 *
 * Everything in this directory asks through one function; behind it may stand a zone file, the
 * facts in the database or a live resolver. "Nobody asked yet" is an answer of its own: it is
 * never taken for "does not exist", and a judgement that would need it says so.
 *
 *	struct dns_answer a;
 *	dns_find(view, SLICE_LIT("example.com"), DNS_TXT, &a);
 *	for (size_t i = 0; i < a.len; i++)
 *		...a.records[i].text...
 */
#ifndef STORE_JUDGE_DNS_VIEW_H
#define STORE_JUDGE_DNS_VIEW_H

#include "store/base/domain.h"
#include "store/base/err.h"
#include "store/base/ip.h"

/* Bytes of one TXT record, its strings joined: RDLENGTH has 16 bits (RFC 1035 3.2.1). */
#define DNS_TEXT_MAX 65535
/* Bytes of one string of a TXT record (RFC 1035 3.3). */
#define DNS_STRING_MAX 255

enum dns_type {
	DNS_A,
	DNS_AAAA,
	DNS_CNAME,
	DNS_MX,
	DNS_NS,
	DNS_PTR,
	DNS_SOA,
	DNS_SPF,	/* type 99, given up by RFC 7208 3.1 */
	DNS_TXT,
	DNS_OTHER,	/* of a type nobody here reads: the name exists */
	DNS_TYPE_COUNT,
};
extern const char *const dns_type_names[DNS_TYPE_COUNT];	/* "A", "AAAA", ... */
extern const uint16_t dns_type_numbers[DNS_TYPE_COUNT];	/* as in a message; 0 for DNS_OTHER */

enum dns_status {
	DNS_UNKNOWN,	/* nobody asked */
	DNS_FOUND,
	DNS_NODATA,	/* the name exists, without a record of this type */
	DNS_NXDOMAIN,
	DNS_FAILED,	/* SERVFAIL, a time-out, a lame server, aliases in a circle */
	DNS_STATUS_COUNT,
};
extern const char *const dns_status_names[DNS_STATUS_COUNT];	/* "unknown", "found", ... */

struct dns_record {
	uint32_t ttl;		/* seconds */
	uint16_t preference;	/* MX */
	struct ip ip;		/* A, AAAA */
	struct slice name;	/* CNAME, MX, NS, PTR: where it points, in key form; "" is the root */
	struct slice text;	/* TXT, SPF: the strings joined, bytes as they are */
	const uint32_t *breaks;	/* offsets in text at which the second and later strings begin */
	size_t breaks_len;
};

struct dns_answer {
	enum dns_status status;
	const struct dns_record *records;	/* borrowed from the view, see below */
	size_t len;				/* > 0 exactly when DNS_FOUND */
	/* The name the last alias on the way points to, absent if there was none. With DNS_NXDOMAIN
	 * it is that name which does not exist. */
	struct slice alias;
};

/*
 * find() answers for `name` (key form, valid length) and fills *ret. Aliases are followed unless
 * the type is DNS_CNAME; an endless chain is DNS_FAILED. What it hands out stays valid and where it
 * is until the view is closed: answers are held while others are asked for. It cannot fail: whoever
 * has no memory or no time says DNS_FAILED.
 */
struct dns_view {
	void (*find)(struct dns_view *view, struct slice name, enum dns_type type,
		struct dns_answer *ret);
};

/* Asks the view. A name no query can carry (empty, a label of 0 or more than 63 bytes, more than
 * DOMAIN_MAX) is DNS_NXDOMAIN without asking. `name` in key form. */
void dns_find(struct dns_view *view, struct slice name, enum dns_type type, struct dns_answer *ret);

/* Whether a query can carry the key: lengths only, any byte but NUL may stand in a label. */
bool dns_name_valid(struct slice key);
/* prefix "." parent into dst with its NUL; the result as a slice of dst, absent when too long. */
struct slice dns_name_under(const char *prefix, struct slice parent, char dst[DOMAIN_KEY_MAX]);
/* What is left when the first label goes; absent when there was one only. */
struct slice dns_name_parent(struct slice key);
size_t dns_name_labels(struct slice key);
/* "4.3.2.1.in-addr.arpa", "...ip6.arpa". */
struct slice dns_name_reverse(const struct ip *ip, char dst[DOMAIN_KEY_MAX]);

#endif
