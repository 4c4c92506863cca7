/*
 * dmarc: a DMARC record (RFC 9989 4.7, RFC 7489 6.3 for what it left out), and where it is found.
 */
#ifndef STORE_JUDGE_DNS_DMARC_H
#define STORE_JUDGE_DNS_DMARC_H

#include "store/judge/dns/tags.h"
#include "store/judge/dns/view.h"

enum dmarc_tag {
	DMARC_V,
	DMARC_P,
	DMARC_SP,
	DMARC_NP,
	DMARC_ADKIM,
	DMARC_ASPF,
	DMARC_RUA,
	DMARC_RUF,
	DMARC_FO,
	DMARC_PSD,
	DMARC_T,
	DMARC_PCT,	/* the last three: RFC 7489 only */
	DMARC_RF,
	DMARC_RI,
	DMARC_TAG_COUNT,	/* also: no tag of DMARC */
};
extern const char *const dmarc_tag_names[DMARC_TAG_COUNT];

enum dmarc_policy {	/* in order of strength; what p=, sp=, np= ask for */
	DMARC_ABSENT,
	DMARC_INVALID,
	DMARC_NONE,
	DMARC_QUARANTINE,
	DMARC_REJECT,
	DMARC_POLICY_COUNT,
};
extern const char *const dmarc_policy_names[DMARC_POLICY_COUNT];	/* "", "invalid", "none", ... */

struct dmarc_record {
	struct slice text;
	struct dns_tag tags[DMARC_TAG_COUNT];	/* the first of each name; text absent when none */
	bool bad[DMARC_TAG_COUNT];		/* there, but its value is none of the tag's */
	enum dmarc_policy p, sp, np;		/* as written */
	bool strict_dkim, strict_spf, testing;	/* adkim=s, aspf=s, t=y */
	char psd;				/* 'y', 'n', 'u' */
	int pct;				/* 0 to 100; -1: absent or bad */
	unsigned rua, ruf;			/* valid URIs */
	/* A receiver has a record: v= is right, and p= is valid and sp= and np= valid or absent, or
	 * rua= has a valid URI, when all that counts as p=none (RFC 9989 4.10.1). */
	bool valid;
};

/* "v=DMARC1" first, exact case, ended by ";" or the end (blanks allowed): what receivers keep. */
bool dmarc_is_record(struct slice text);
/* Any bytes; always fills *ret. */
void dmarc_parse(struct slice text, struct dmarc_record *ret);
/* DMARC_TAG_COUNT: no tag has this name (case is ignored). */
enum dmarc_tag dmarc_tag_find(struct slice name);
/* The words of a policy, any case. */
enum dmarc_policy dmarc_policy_find(struct slice word);

enum dmarc_scope {
	DMARC_SELF,		/* mail from the name the record stands at */
	DMARC_SUBDOMAIN,	/* from an existing name under it */
	DMARC_NONEXISTENT,	/* from a name under it that does not exist */
};
/* What applies, with the defaults of absent tags: never DMARC_ABSENT; DMARC_NONE when invalid. */
enum dmarc_policy dmarc_effective(const struct dmarc_record *r, enum dmarc_scope scope);

/* ---- rua and ruf ------------------------------------------------------------------------- */

struct dmarc_uri {
	struct slice text;	/* as written, trimmed, without "!size" */
	size_t at;		/* where text begins in the record */
	struct slice size;	/* behind "!", absent if none */
	struct slice address;	/* mailto: local@domain, query dropped */
	struct slice host;	/* mailto: domain, as written */
	bool valid;		/* mailto: with an address, or another scheme with something behind it */
};

struct dmarc_uris {
	struct slice record, list;
	size_t at;
};

/* `list` is the value of a tag and lies inside `record`. Pieces between commas; empty ones come
 * out too, as not valid. */
void dmarc_uris_init(struct dmarc_uris *u, struct slice record, struct slice list);
bool dmarc_uris_next(struct dmarc_uris *u, struct dmarc_uri *ret);

/* ---- where the record is ----------------------------------------------------------------- */

enum dmarc_method {
	DMARC_TREE_WALK,	/* RFC 9989 4.10 */
	DMARC_PUBLIC_SUFFIX,	/* RFC 7489 6.6.3: the name, then its organisational domain */
	DMARC_METHOD_COUNT,
};

/* Names asked in one walk: the name itself, then at most seven (RFC 9989 4.10). */
#define DMARC_WALK_MAX 8

struct dmarc_step {
	struct slice domain;	/* a tail of the name asked about */
	enum dns_status status;	/* DNS_FOUND: one record, in `record` */
	size_t count;		/* DMARC records there */
	const struct dns_record *record;	/* NULL unless count is 1 */
};

struct dmarc_found {
	/* DNS_FOUND, DNS_NXDOMAIN for "no policy", DNS_FAILED, DNS_UNKNOWN: a name on the way could
	 * not be asked. */
	enum dns_status status;
	const struct dns_record *record;
	struct slice domain;	/* where: a tail of the name asked about */
	struct slice org;	/* the organisational domain: another tail */
	bool inherited;		/* not the name's own */
	struct dmarc_step steps[DMARC_WALK_MAX];
	size_t steps_len;
};

/* `domain` in key form; *ret borrows from it. */
void dmarc_find(struct dns_view *view, struct slice domain, enum dmarc_method method,
	struct dmarc_found *ret);

#endif
