/*
 * accept: what a client would rather have (RFC 9110 12.4.2).
 *
 * A list of names with weights, as Accept-Encoding and Accept-Language are. Weights are kept in
 * thousandths, which is all the grammar allows.
 *
 *	if (accept_gzip(SLICE_LIT("br, gzip;q=0.5")))
 *		...
 */
#ifndef WEB_ACCEPT_H
#define WEB_ACCEPT_H

#include "store/emit.h"

#define ACCEPT_QUALITY_MAX 1000

/*
 * The weight of a name in a list, ASCII case folded. What is not listed has that of "*"; with
 * neither, `otherwise`. A weight that is none counts as 1.
 */
unsigned accept_quality(struct slice list, struct slice name, unsigned otherwise);
/* May gzip be sent, and is it not liked less than plain bytes? */
bool accept_gzip(struct slice accept_encoding);
/* en or es, whichever the Accept-Language header wants more; en when it wants neither. */
enum emit_lang accept_language(struct slice accept_language);

#endif
