/*
 * tags: "name=value; name=value", the list both DKIM keys and DMARC records are made of.
 *
 * A pull parser: it holds nothing, allocates nothing, and takes any bytes. Blanks around names and
 * values are dropped (RFC 6376 3.2, RFC 9989 4.8); names keep their case.
 */
#ifndef STORE_JUDGE_DNS_TAGS_H
#define STORE_JUDGE_DNS_TAGS_H

#include "store/base/slice.h"

struct dns_tag {
	struct slice text;	/* the whole piece, trimmed */
	struct slice name;	/* trimmed; what there is when no "=" follows */
	struct slice value;	/* trimmed; absent when there was no "=" */
	size_t at;		/* where text begins in the record */
};

struct dns_tags {
	struct slice record;
	size_t at;
};

/* Bytes behind DNS_TEXT_MAX are not read: no answer carries them. */
void dns_tags_init(struct dns_tags *t, struct slice record);
/* False at the end. Empty pieces (";;", a ";" at the end) are left out. */
bool dns_tags_next(struct dns_tags *t, struct dns_tag *ret);

/* Blanks, tabs, CR and LF off both ends: FWS, nothing else. */
struct slice dns_tags_trim(struct slice s);
/* Offset of a slice that lies inside `record`. */
static inline size_t dns_offset(struct slice record, struct slice part)
{
	return part.ptr != NULL && record.ptr != NULL ? (size_t)(part.ptr - record.ptr) : 0;
}

#endif
