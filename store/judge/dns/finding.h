/*
 * finding: what the checker found, self-contained: it outlives the view it was made from.
 *
 *	struct dns_findings *found = NULL;
 *	if (dns_findings_open(&found, err) < 0)
 *		return -1;
 *	if (dns_check(view, &facts, found, err) < 0)
 *		...
 *	for (size_t i = 0; i < dns_findings_count(found); i++) {
 *		const struct dns_finding *f = dns_findings_get(found, i);
 *		dns_finding_message(f, DNS_ES, &buf);
 *	}
 *	dns_findings_close(found);
 */
#ifndef STORE_JUDGE_DNS_FINDING_H
#define STORE_JUDGE_DNS_FINDING_H

#include "store/base/buf.h"
#include "store/judge/dns/rule.h"
#include "store/judge/dns/view.h"

/* Findings of one domain, and of one rule in it: what is more is counted in `more`, not kept. */
#define DNS_FINDINGS_MAX 256
#define DNS_FINDINGS_A_RULE_MAX 16
/* Memory of all findings of a domain. */
#define DNS_FINDINGS_BYTES_MAX ((size_t)2 * 1024 * 1024)
/* Text of a record kept with its finding, and of one value; longer ones are cut. */
#define DNS_RECORD_KEEP 4096
#define DNS_VALUE_KEEP 1024
#define DNS_VALUES_MAX 8
#define DNS_FIXES_MAX 3

struct dns_value {
	const char *key;	/* a literal: "n", "term" */
	struct slice text;	/* printable UTF-8 */
};

/* A record to publish, or to delete. */
struct dns_fix {
	enum dns_type type;
	bool remove;		/* delete it; value is what is there now */
	struct slice name;	/* without trailing dot */
	struct slice value;	/* one line, unquoted; dns_strings() splits it */
};

struct dns_finding {
	enum dns_rule rule;
	unsigned variant;
	enum dns_severity severity;
	/* The record it is about: where, its text (absent if there is none, kept to
	 * DNS_RECORD_KEEP, every byte printable), and the span in it; span_len 0: the whole record. */
	struct slice name;
	enum dns_type type;
	struct slice record;
	size_t span_at, span_len;
	struct dns_value values[DNS_VALUES_MAX];
	size_t values_len;
	struct dns_fix fixes[DNS_FIXES_MAX];
	size_t fixes_len;
	bool waits;	/* for a fix it shares with others: dns_found_fix_waiting() */
};

struct dns_findings;

int dns_findings_open(struct dns_findings **ret, struct err *err);
void dns_findings_close(struct dns_findings *f);	/* NULL allowed */
size_t dns_findings_count(const struct dns_findings *f);
/* In the order of the rules, inside a rule as they were found. */
const struct dns_finding *dns_findings_get(const struct dns_findings *f, size_t index);
/* Findings that were not kept. */
size_t dns_findings_more(const struct dns_findings *f);
/* Of this severity, those not kept included. */
size_t dns_findings_of(const struct dns_findings *f, enum dns_severity severity);

/* The texts with their values; appended to `to`. */
void dns_finding_message(const struct dns_finding *f, enum dns_language language, struct buf *to);
void dns_finding_advice(const struct dns_finding *f, enum dns_language language, struct buf *to);

/* ---- for the rules ----------------------------------------------------------------------- */

/*
 * A new finding to fill, or NULL when it is not kept: the helpers below take NULL and do nothing.
 * variant < the rule's variants.
 */
struct dns_finding *dns_found(struct dns_findings *f, enum dns_rule rule, unsigned variant);
void dns_found_record(struct dns_findings *f, struct dns_finding *to, struct slice name,
	enum dns_type type, struct slice text);
void dns_found_span(struct dns_finding *to, size_t at, size_t len);
void dns_found_text(struct dns_findings *f, struct dns_finding *to, const char *key,
	struct slice value);
void dns_found_number(struct dns_findings *f, struct dns_finding *to, const char *key,
	uint64_t value);
void dns_found_fix(struct dns_findings *f, struct dns_finding *to, struct slice name,
	enum dns_type type, struct slice value);
void dns_found_remove(struct dns_findings *f, struct dns_finding *to, struct slice name,
	enum dns_type type, struct slice value);
/* Several findings about one record have one fix, known when all are: each of them waits for it. */
void dns_found_wait(struct dns_finding *to);
void dns_found_fix_waiting(struct dns_findings *f, struct slice name, enum dns_type type,
	struct slice value);
/* Drops every finding of a rule: another one has said it better. */
void dns_found_drop(struct dns_findings *f, enum dns_rule rule);
bool dns_found_any(const struct dns_findings *f, enum dns_rule rule);

#endif
