/*
 * slice: a borrowed run of bytes.
 *
 * It owns nothing and ends nowhere by itself: not NUL-terminated. It is valid until the next call
 * on its owner. Absent (ptr NULL) and empty (ptr set, len 0) differ, because in a report an
 * absent element and an empty one mean different things.
 *
 *	uint64_t n;
 *	if (!slice_u64(slice_trim(text), COUNT_MAX, &n))
 *		...not a number...
 */
#ifndef STORE_BASE_SLICE_H
#define STORE_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *ptr;	/* NULL: absent */
	size_t len;
};

#define SLICE_ABSENT ((struct slice){ NULL, 0 })
#define SLICE_LIT(s) ((struct slice){ (s), sizeof(s) - 1 })
/* For printf("%.*s"): lengths past INT_MAX are cut, which only messages ever see. */
#define SLICE_FMT(s) (int)((s).len > 65535 ? 65535 : (s).len), ((s).ptr != NULL ? (s).ptr : "")

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, text != NULL ? strlen(text) : 0 };
}

static inline struct slice slice_from(const void *ptr, size_t len)
{
	return (struct slice){ ptr, len };
}

static inline bool slice_absent(struct slice s)
{
	return s.ptr == NULL;
}

bool slice_equal(struct slice a, struct slice b);
/* ASCII case folded only: the words of the DMARC vocabularies, header names, domain labels. */
bool slice_equal_fold(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_starts_fold(struct slice s, struct slice prefix);
bool slice_ends_fold(struct slice s, struct slice suffix);
/* Without blanks, tabs, line ends, and UTF-8 no-break spaces or byte order marks at both ends.
 * An absent slice stays absent. */
struct slice slice_trim(struct slice s);
/* The part before the first `sep`; *rest becomes what follows it, or absent if there was none. */
struct slice slice_cut(struct slice s, char sep, struct slice *rest);
/* Offset of the first `needle`, or SIZE_MAX. */
size_t slice_find(struct slice s, struct slice needle);
size_t slice_find_fold(struct slice s, struct slice needle);

/* Decimal digits only, at least one, value <= max. No sign, blank, point or exponent. */
bool slice_u64(struct slice s, uint64_t max, uint64_t *ret);
/* The same with an optional leading '-'; the value lies within [min, max]. */
bool slice_i64(struct slice s, int64_t min, int64_t max, int64_t *ret);

#endif
