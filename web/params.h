/*
 * params: the query of a request, taken apart.
 *
 * Percent-encoding and '+' are undone here, once; what comes out is valid UTF-8 without NUL or
 * control characters. What a name means is not known here: the route says which it takes.
 *
 *	struct params p;
 *	if (params_parse(&p, SLICE_LIT("domain=example.org&last=7d"), err) < 0)
 *		...
 *	struct slice last = params_get(&p, SLICE_LIT("last"));
 */
#ifndef WEB_PARAMS_H
#define WEB_PARAMS_H

#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/base/limits.h"

/* FILTER_DOMAINS_MAX times domain= and each of the others once. */
#define PARAMS_MAX (FILTER_DOMAINS_MAX + 32)

struct params {
	struct param {
		struct slice name, value;
	} list[PARAMS_MAX];
	unsigned len;
	size_t used;
	char text[REQUEST_BYTES_MAX]; /* what the slices point into */
};

/* ERR_USAGE: a bad escape, bytes that are no text, too many. `query` is what follows the '?'. */
int params_parse(struct params *p, struct slice query, struct err *err);

/* The value of the first of that name, absent if there is none. */
struct slice params_get(const struct params *p, struct slice name);

/*
 * A piece of a URL (`raw`) decoded into dst: %XX undone, and '+' where `plus` says so. False: a
 * bad escape, no room, or not UTF-8 text free of controls.
 */
bool params_decode(struct slice raw, bool plus, char *dst, size_t cap, struct slice *ret);

/*
 * The query again, to make a link: the parameters named in the blank-separated `keep` (NULL: all)
 * without those that `set` names, then the pairs of `set` whose value is not absent. Begins with
 * '?', or is empty. Bytes are percent-encoded, so the result stands in a header; in HTML it still
 * passes emit_html().
 */
void params_link(struct buf *to, const struct params *p, const char *keep, const struct param *set,
	size_t set_len);

/* A decoded path as an address again: every segment percent-encoded. Nothing for an empty one. */
void params_path(struct buf *to, struct slice path);

/* Does the blank-separated list hold the name? */
bool params_listed(const char *list, struct slice name);

#endif
