/*
 * stream: the body of an answer, pulled.
 *
 * The server asks for bytes as the client takes them; a stream steps its cursor, writes a few
 * rows into a small buffer and hands them out. Whatever the number of rows, memory stays that of
 * the buffer.
 *
 *	struct stream *s = NULL;
 *	if (stream_rows(&s, store, &ask, err) < 0)
 *		...
 *	while ((n = stream_read(s, dst, cap, err)) > 0)
 *		...
 *	stream_close(s);
 */
#ifndef WEB_STREAM_H
#define WEB_STREAM_H

#include <sys/types.h>

#include "store/emit.h"

struct stream;

#define STREAM_PARTS_MAX 5

/* Questions whose rows make one document, in order; the last is the one that is paged. */
struct stream_rows {
	enum query_kind kinds[STREAM_PARTS_MAX];
	unsigned kinds_len;
	/* The first is one row, an object in JSON, and this is what it tells of ("domain"): ERR_NOT_FOUND
	 * without it. NULL: a list. */
	const char *single;
	const struct query_filter *filter;	/* copied; limit: rows of the last question, 0 all */
	const struct emit_format *format;
	enum emit_lang lang;
};
int stream_rows(struct stream **ret, struct store *st, const struct stream_rows *ask,
	struct err *err);
/* The kept XML of a report. */
int stream_original(struct stream **ret, struct store *st, int64_t report, struct err *err);

/* >0 bytes, 0 at the end, -1. */
ssize_t stream_read(struct stream *s, void *dst, size_t cap, struct err *err);
/* The cursor of the next page, NULL if this is the last. Known once the end was reached;
 * before, it is asked for. */
int stream_find_next(struct stream *s, const char **ret, struct err *err);
/* NULL allowed. The store connection is still the caller's. */
void stream_close(struct stream *s);

#endif
