/*
 * buf: bytes that grow up to a ceiling named when the buffer is made.
 *
 * The ceiling is checked before the memory grows. A buffer that failed once stays failed until
 * buf_clear(), so that a series of appends is checked once, at its end, with buf_failed().
 *
 *	struct buf b;
 *	buf_init(&b, ATTACHMENT_BYTES_MAX);
 *	buf_add(&b, slice);
 *	buf_printf(&b, "%u", n);
 *	if (buf_failed(&b))
 *		...too long or no memory...
 *	buf_release(&b);
 */
#ifndef STORE_BASE_BUF_H
#define STORE_BASE_BUF_H

#include "store/base/slice.h"

enum buf_state {
	BUF_OK = 0,
	BUF_TOO_LONG,
	BUF_NO_MEMORY,
};

struct buf {
	char *ptr;		/* ours; NUL-terminated once anything was added */
	size_t len, cap, max;	/* max: bytes, without the NUL */
	enum buf_state state;
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);	/* NULL or zeroed allowed; usable again after buf_init() */
void buf_clear(struct buf *b);		/* forgets content and failure, keeps the memory */

void buf_add(struct buf *b, struct slice s);
void buf_add_char(struct buf *b, char c);
void buf_add_text(struct buf *b, const char *text);
/* Its length in four bytes, all ones when absent, then the bytes: fields in a row give ("ab", "c")
 * and ("a", "bc") two texts. What digests are made of. */
void buf_add_field(struct buf *b, struct slice s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for `len` more bytes at ptr + len, to be followed by b->len += n. NULL when failed. */
char *buf_room(struct buf *b, size_t len);
/* Drop the first n bytes. */
void buf_consume(struct buf *b, size_t n);

static inline bool buf_failed(const struct buf *b)
{
	return b->state != BUF_OK;
}

static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ b->ptr != NULL ? b->ptr : "", b->len };
}

/* The content as a C string, valid until the next call on b. */
static inline const char *buf_text(const struct buf *b)
{
	return b->ptr != NULL ? b->ptr : "";
}

#endif
