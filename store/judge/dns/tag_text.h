/*
 * tag_text: what each tag of a DMARC record, and each ending of an SPF record, says to people who
 * have never read an RFC: one or two sentences in English and Spanish.
 *
 *	const struct dns_tag_text *t = dns_tag_text_find(SLICE_LIT("rua"));
 *	if (t != NULL)
 *		...t->text[DNS_ES]...
 */
#ifndef STORE_JUDGE_DNS_TAG_TEXT_H
#define STORE_JUDGE_DNS_TAG_TEXT_H

#include "store/judge/dns/rule.h"

/* All tags of RFC 9989 and RFC 7489, then "~all", "-all", "?all", "+all". */
#define DNS_TAG_TEXTS 18

struct dns_tag_text {
	const char *tag;	/* "rua", "~all": never translated */
	const char *text[DNS_LANGUAGE_COUNT];
};

/* In the order a record is read in. */
extern const struct dns_tag_text dns_tag_texts[DNS_TAG_TEXTS];

/* Case is ignored; "all" alone is "+all" (RFC 7208 4.6.2). NULL: nothing to say of it. */
const struct dns_tag_text *dns_tag_text_find(struct slice tag);

#endif
