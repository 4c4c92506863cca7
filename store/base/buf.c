#include "store/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_release(struct buf *b)
{
	if (b == NULL)
		return;
	free(b->ptr);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->state = BUF_OK;
	if (b->ptr != NULL)
		b->ptr[0] = '\0';
}

char *buf_room(struct buf *b, size_t len)
{
	size_t cap;
	char *grown;

	if (b->state != BUF_OK)
		return NULL;
	if (len > b->max - b->len) {
		b->state = BUF_TOO_LONG;
		return NULL;
	}
	if (b->ptr != NULL && b->cap - b->len > len)
		return b->ptr + b->len;
	cap = b->len + len + 1;
	cap += cap / 2 + 64;
	if (cap > b->max + 1)
		cap = b->max + 1;
	grown = realloc(b->ptr, cap);
	if (grown == NULL) {
		b->state = BUF_NO_MEMORY;
		return NULL;
	}
	b->ptr = grown;
	b->cap = cap;
	return b->ptr + b->len;
}

void buf_add(struct buf *b, struct slice s)
{
	char *to = buf_room(b, s.len);

	if (to == NULL)
		return;
	if (s.len > 0)
		memcpy(to, s.ptr, s.len);
	b->len += s.len;
	b->ptr[b->len] = '\0';
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, slice_from(&c, 1));
}

void buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, slice_of(text));
}

void buf_add_field(struct buf *b, struct slice s)
{
	uint32_t len = slice_absent(s) ? UINT32_MAX : (uint32_t)s.len;
	char head[4] = { (char)(len & 0xff), (char)(len >> 8 & 0xff), (char)(len >> 16 & 0xff),
		(char)(len >> 24 & 0xff) };

	buf_add(b, slice_from(head, sizeof head));
	if (s.len > 0)
		buf_add(b, s);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	char *to;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	to = buf_room(b, (size_t)n);
	if (to == NULL)
		return;
	va_start(args, fmt);
	(void)vsnprintf(to, (size_t)n + 1, fmt, args);
	va_end(args);
	b->len += (size_t)n;
}

void buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
	} else {
		memmove(b->ptr, b->ptr + n, b->len - n);
		b->len -= n;
	}
	if (b->ptr != NULL)
		b->ptr[b->len] = '\0';
}
