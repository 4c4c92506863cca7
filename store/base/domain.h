/*
 * domain: domain names in the one form they are compared in.
 *
 * Key form: lower case, one trailing dot dropped, A-labels (xn--). The name as sent is shown, the
 * key is compared (SEMANTICS: names). Behind this wall stand libidn2 and libpsl.
 */
#ifndef STORE_BASE_DOMAIN_H
#define STORE_BASE_DOMAIN_H

#include "store/base/slice.h"

/* Room for a key and its NUL. */
#define DOMAIN_KEY_MAX 256

/*
 * The key of `s` (trimmed by us) into dst; *len its length. ASCII takes no library call. A name
 * libidn2 refuses keeps its bytes, lower-cased where ASCII, so that it still groups with itself.
 * False: empty after trimming, longer than DOMAIN_MAX in key form, or it holds a NUL, a blank or
 * a control character; then it is no domain name and the caller decides what that means.
 */
bool domain_key(struct slice s, char dst[DOMAIN_KEY_MAX], size_t *len);

/* key is `parent` or lies under it. Both in key form. */
bool domain_within(struct slice key, struct slice parent);

/* The organisational domain (registrable by the public suffix list) of a key: a slice of it.
 * The key itself where the list knows nothing better, is missing, or the key is an address. */
struct slice domain_org(struct slice key);

#endif
