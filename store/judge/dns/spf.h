/*
 * spf: an SPF record, term by term (RFC 7208 sections 4.5, 4.6, 5, 6, 7 and 12).
 *
 * A pull parser over one record: it holds nothing and allocates nothing, so a record of any length
 * costs the same memory. Each term says where it stands, and a faulty one what is wrong with it;
 * whether one fault spoils the record is for the caller (in a receiver it does, 4.6).
 *
 *	struct spf_terms terms;
 *	struct spf_term term;
 *	spf_terms_init(&terms, text);
 *	while (spf_terms_next(&terms, &term))
 *		...term.kind, term.fault, term.at, term.text.len...
 */
#ifndef STORE_JUDGE_DNS_SPF_H
#define STORE_JUDGE_DNS_SPF_H

#include "store/base/ip.h"
#include "store/judge/dns/view.h"

enum spf_kind {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
	SPF_REDIRECT,
	SPF_EXP,
	SPF_MODIFIER,	/* name=value nobody knows: allowed and ignored (6) */
	SPF_NO_TERM,	/* no mechanism and no modifier */
	SPF_KIND_COUNT,
};
extern const char *const spf_kind_names[SPF_KIND_COUNT];	/* "all", "include", ... */

enum spf_fault {
	SPF_FINE,
	SPF_BAD_NAME,		/* no mechanism has this name */
	SPF_BAD_ADDRESS,	/* neither family's */
	SPF_BAD_FAMILY,		/* IPv6 in ip4, IPv4 in ip6 */
	SPF_BAD_PREFIX,		/* no number, leading zero, too long, or where none may stand */
	SPF_NO_DOMAIN,		/* include, exists, redirect, exp without one; "a:" with nothing */
	SPF_BAD_DOMAIN,		/* no domain-spec: one label, an empty label, a byte out of place */
	SPF_BAD_MACRO,		/* "%" not followed by what may follow */
	SPF_HAS_VALUE,		/* all:x, all/8 */
	SPF_TWICE,		/* a second redirect= or exp= (6) */
	SPF_FAULT_COUNT,
};

struct spf_term {
	struct slice text;	/* as it stands in the record */
	size_t at;		/* where */
	enum spf_kind kind;
	enum spf_fault fault;
	char qualifier;		/* '+', '-', '~', '?'; '+' when none was written, 0 for modifiers */
	struct slice name;	/* the word before ':', '/' or '=' */
	struct slice domain;	/* the domain-spec as written, absent: the domain asked about */
	bool macro;		/* the domain-spec holds a "%" */
	struct ip_net net;	/* ip4, ip6; host bits cleared */
	uint8_t bits4, bits6;	/* a, mx: 32 and 128 unless written */
};

struct spf_terms {
	struct slice record;
	size_t at;
	bool redirect, exp;	/* seen */
};

/* Begins with "v=spf1" in any case, and ends there or goes on with a blank (4.5). */
bool spf_is_record(struct slice text);

/* `record` must be one by spf_is_record(); bytes behind DNS_TEXT_MAX are not read. */
void spf_terms_init(struct spf_terms *t, struct slice record);
bool spf_terms_next(struct spf_terms *t, struct spf_term *ret);

/* include, a, mx, ptr, exists, redirect: what costs one of the ten look-ups (4.6.4). */
bool spf_kind_looks_up(enum spf_kind kind);

/*
 * The SPF record at a name. Its status: DNS_FOUND with *ret and *count = 1; DNS_FOUND with
 * *count > 1 (an error to receivers; *ret is the first); DNS_NODATA or DNS_NXDOMAIN with *count = 0
 * (DNS_NODATA also when there is other text only); DNS_FAILED, DNS_UNKNOWN.
 */
enum dns_status spf_find(struct dns_view *view, struct slice domain, const struct dns_record **ret,
	size_t *count);

/* ---- macros (section 7) ------------------------------------------------------------------ */

struct spf_macros {
	struct ip ip;
	struct slice sender_local;	/* "postmaster" where there is none */
	struct slice sender_domain, helo;
	struct slice domain;		/* of the record in hand */
	struct slice validated;		/* %{p}: "unknown" where there is none */
};

/*
 * `spec` with its macros replaced, lower-cased, without a trailing dot, labels cut from the left
 * until it has 253 bytes (7.3); into dst with its NUL. Absent: not a valid spec, or too long even so.
 */
struct slice spf_expand(struct slice spec, const struct spf_macros *m, char dst[DOMAIN_KEY_MAX]);
/* The spec asks for the sender's reverse name (%{p}). */
bool spf_uses_validated(struct slice spec);

#endif
