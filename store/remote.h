/*
 * remote: one question to a ruad-web elsewhere, by libcurl.
 *
 * Only what `ruad-query check --url` needs: a GET, an answer of bounded size, a bounded time, no
 * redirects, certificates always verified.
 */
#ifndef STORE_REMOTE_H
#define STORE_REMOTE_H

#include "store/base/buf.h"
#include "store/base/err.h"

#define REMOTE_BYTES_MAX 65536	/* of an answer */
#define REMOTE_MS_MAX	 10000	/* for all of it: a monitor's own patience is not much longer */

/* The address of `path` under the base `url` ("https://dmarc.example.com"), with parameters added
 * one by one. ERR_USAGE: no http or https address. */
int remote_url(struct buf *to, struct slice url, const char *path, struct err *err);
void remote_parameter(struct buf *to, struct slice name, struct slice value);
/*
 * Fetch it. token_file NULL: without a token. *ret_status is the HTTP status; the body goes to
 * `body`, whose bound should be REMOTE_BYTES_MAX. ERR_SHORTAGE: no answer (the text says why).
 */
int remote_get(const char *url, const char *token_file, struct buf *body, long *ret_status,
	struct err *err);

#endif
