/*
 * gzip: answers made smaller on their way; zlib's one place in web/.
 *
 * A whole body is compressed at once, because then its state is gone before a slow client begins
 * to read. A stream is compressed as it is pulled, in a fixed amount of memory; there are at most
 * as many of those as the pool lends connections.
 *
 *	struct gzip *z = NULL;
 *	if (gzip_open(&z, rows, err) < 0)
 *		...
 *	n = gzip_reader(z)->read(gzip_reader(z), dst, cap, err);
 *	gzip_close(z);
 */
#ifndef WEB_GZIP_H
#define WEB_GZIP_H

#include "store/base/buf.h"
#include "store/base/reader.h"

/* Shorter bodies gain nothing. */
#define GZIP_FROM_BYTES 1024

/* Does this kind of content get smaller? Text does; the type as in Content-Type. */
bool gzip_suits(const char *type);
/* All of `from` into `to`, which is made here and the caller's to release, whatever is returned. */
bool gzip_whole(struct slice from, struct buf *to);

struct gzip;
/* `in` is borrowed until gzip_close(). */
int gzip_open(struct gzip **ret, struct reader *in, struct err *err);
struct reader *gzip_reader(struct gzip *z);
void gzip_close(struct gzip *z);	/* NULL allowed */

/* For --version. */
const char *gzip_library_version(void);

#endif
