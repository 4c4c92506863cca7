/*
 * rule: what the record checker can find, in one table: id, severity, where it is written, and what
 * it says to people in English and Spanish.
 *
 * Texts hold {key} where a value of the finding goes, {name} the name of its record. A rule that has
 * several things to say has variants.
 */
#ifndef STORE_JUDGE_DNS_RULE_H
#define STORE_JUDGE_DNS_RULE_H

#include "store/base/slice.h"

/* SPF, DKIM keys, DMARC, and what lies across them. The names are the public ids. */
#define DNS_RULES(X)                                                                               \
	X(S01) X(S02) X(S03) X(S04) X(S05) X(S06) X(S07) X(S08) X(S09) X(S10) X(S11) X(S12)        \
	X(S13) X(S14) X(S15) X(S16) X(S17) X(S18) X(S19) X(S20) X(S21) X(S22) X(S23) X(S24)        \
	X(S25) X(S26) X(S27) X(S28)                                                                \
	X(K01) X(K02) X(K03) X(K04) X(K05) X(K06) X(K07) X(K08) X(K09) X(K10) X(K11) X(K12)        \
	X(K13) X(K14) X(K15) X(K16) X(K17) X(K18) X(K19) X(K20) X(K21)                             \
	X(D01) X(D02) X(D03) X(D04) X(D05) X(D06) X(D07) X(D08) X(D09) X(D10) X(D11) X(D12)        \
	X(D13) X(D14) X(D15) X(D16) X(D17) X(D18) X(D19) X(D20) X(D21) X(D22) X(D23) X(D24)        \
	X(D25)                                                                                     \
	X(X01) X(X02) X(X03) X(X04)

enum dns_rule {
#define X(id) DNS_RULE_##id,
	DNS_RULES(X)
#undef X
	DNS_RULE_COUNT,
};

enum dns_severity {
	DNS_ERROR,	/* mail or reports break */
	DNS_WARNING,	/* a risk, or soon breaks */
	DNS_INFO,	/* good to know */
	DNS_SEVERITY_COUNT,
};
extern const char *const dns_severity_names[DNS_SEVERITY_COUNT];	/* "error", "warning", "info" */

enum dns_language {
	DNS_EN,
	DNS_ES,
	DNS_LANGUAGE_COUNT,
};

#define DNS_VARIANTS_MAX 3

struct dns_rule_text {
	enum dns_severity severity;
	const char *message[DNS_LANGUAGE_COUNT];
	const char *fix[DNS_LANGUAGE_COUNT];	/* what to do */
};

struct dns_rule_info {
	const char *id;			/* "S01" */
	const char *reference;		/* "RFC 7208, 4.5" */
	bool observed;			/* joined with mail that was seen */
	unsigned variants;		/* at least 1 */
	struct dns_rule_text texts[DNS_VARIANTS_MAX];
};

extern const struct dns_rule_info dns_rules[DNS_RULE_COUNT];

/* DNS_RULE_COUNT: there is no such id. */
enum dns_rule dns_rule_find(struct slice id);

#endif
