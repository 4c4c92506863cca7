/*
 * query_dns: the answer of the record checker: findings with what to publish, the SPF tree, the
 * records in force, the next records. Rows for programs, a text for people.
 *
 *	struct query_dns *q = NULL;
 *	struct query_dns_ask ask = { .view = view, .facts = &facts };
 *	if (query_dns_open(&q, &ask, err) < 0)
 *		...
 *	query_dns_rows(q, e);
 *	query_dns_close(q);
 */
#ifndef STORE_QUERY_DNS_H
#define STORE_QUERY_DNS_H

#include "store/emit.h"
#include "store/judge/dns/check.h"
#include "store/judge/dns/set.h"

/* Bytes of one answer: 256 findings with long records, each three times. */
#define QUERY_DNS_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct query_dns;

struct query_dns_ask {
	struct dns_view *view;	/* must outlive the answer, as all that facts point to */
	const struct dns_facts *facts;
	int64_t asked;	/* when the DNS was asked, seconds; 0: the view is a zone file */
	bool suggest;	/* also the records to publish next */
};

/* Asks the view for all that the answer needs. ERR_SHORTAGE only. */
int query_dns_open(struct query_dns **ret, const struct query_dns_ask *ask, struct err *err);
void query_dns_close(struct query_dns *q);	/* NULL allowed */

const struct dns_findings *query_dns_findings(const struct query_dns *q);

/*
 * The sets "findings", "checked", "fixes", "lookups", "published" and, if asked for, "suggestions". The caller
 * opens and ends the document. -1: no memory.
 */
int query_dns_rows(struct query_dns *q, struct emit *e, struct err *err);
/* The same as lines for a terminal. Appends. */
int query_dns_text(struct query_dns *q, enum emit_lang lang, struct buf *to, struct err *err);

/* What each tag of a DMARC record and each "all" means: the set "tags", and lines for a terminal. */
void query_dns_tag_rows(struct emit *e);
void query_dns_tag_text(enum emit_lang lang, struct buf *to);

/*
 * What the DNS said about the domain (key form) and says no longer, with what took its place: the set
 * "history", a row an answer, the oldest of each name and type first; or lines for a terminal. Only
 * names that changed.
 */
int query_dns_history_rows(
	struct store *st, struct slice domain, struct emit *e, struct err *err);
int query_dns_history_text(struct store *st, struct slice domain, struct buf *to, struct err *err);

/* The i-th set there is, with its columns; NULL past the last. */
const char *query_dns_set(size_t i, const struct column **columns, size_t *len);
#define QUERY_DNS_HISTORY_COLUMNS 9
extern const struct column query_dns_history_columns[QUERY_DNS_HISTORY_COLUMNS];

/* ---- for both forms ---------------------------------------------------------------------- */

/* A record in force at a name. */
struct query_dns_record {
	const char *about;	/* "spf", "dkim", "dmarc", "mx" */
	struct slice name;
	enum dns_type type;
	const struct dns_record *record;
};
/* Calls each() for every record in force of the domain that is known. */
void query_dns_published(struct query_dns *q,
	void (*each)(void *arg, const struct query_dns_record *r), void *arg);
/* The value of a record as a zone file has it, unquoted; valid until the next call on `q`. */
struct slice query_dns_value(struct query_dns *q, enum dns_type type, const struct dns_record *r);

/* The record to publish next for SPF (dmarc: for DMARC); false where there is nothing to say.
 * Both slices are valid until the next call on `q`. */
bool query_dns_suggest(struct query_dns *q, bool dmarc, struct slice *name, struct slice *value);

/* The zone the domain lies in: panels name records within it. */
struct slice query_dns_zone(const struct query_dns *q);
struct spf_tree;
const struct spf_tree *query_dns_tree(const struct query_dns *q);
const struct dns_facts *query_dns_facts(const struct query_dns *q);
int64_t query_dns_asked(const struct query_dns *q);

/*
 * The facts with the selectors that `set` has keys of, at the right place or at the usual wrong
 * ones, behind those that were seen. `selectors` has room for DNS_FACTS_MAX of them.
 */
void query_dns_selectors(struct dns_facts *facts, const struct dns_set *set,
	struct dns_seen_selector *selectors);

#endif
