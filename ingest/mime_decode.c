#include "ingest/mime_decode.h"

#define SNIFF_BYTES_MIN 24
#define SNIFF_BYTES     64

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

size_t base64_finish(struct base64 *b, char dst[2])
{
	size_t n = b->count > 1 ? b->count - 1 : 0;

	if (n > 0)
		dst[0] = (char)(b->bits >> (b->count == 2 ? 4 : 10));
	if (n > 1)
		dst[1] = (char)(b->bits >> 2);
	b->count = 0;
	b->bits = 0;
	return n;
}

size_t base64_decode(struct base64 *b, struct slice in, char *dst)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		int value = digit(in.ptr[i]);

		if (in.ptr[i] == '=') {
			/* The group ends; another may follow. */
			n += base64_finish(b, dst + n);
			continue;
		}
		if (value < 0)
			continue;
		b->bits = b->bits << 6 | (uint32_t)value;
		if (++b->count < 4)
			continue;
		dst[n++] = (char)(b->bits >> 16);
		dst[n++] = (char)(b->bits >> 8);
		dst[n++] = (char)b->bits;
		b->count = 0;
		b->bits = 0;
	}
	return n;
}

bool base64_sniff(struct slice head)
{
	static const struct slice magics[] = { { "\x1f\x8b", 2 }, { "PK\x03\x04", 4 }, { "<", 1 },
		{ "{", 1 }, { "\xef\xbb\xbf<", 4 }, { "\xff\xfe", 2 }, { "\xfe\xff", 2 } };
	struct base64 b = { 0, 0 };
	struct slice front;
	char bytes[SNIFF_BYTES + 2];

	head = slice_trim(head);
	if (head.len < SNIFF_BYTES_MIN)
		return false;
	for (size_t i = 0; i < head.len; i++) {
		if (digit(head.ptr[i]) < 0 && head.ptr[i] != '=' && head.ptr[i] != '\r' &&
			head.ptr[i] != '\n')
			return false;
	}
	front = slice_from(head.ptr, head.len < SNIFF_BYTES ? head.len : SNIFF_BYTES);
	front.len = base64_decode(&b, front, bytes);
	front.ptr = bytes;
	front = slice_trim(front);
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
		if (slice_starts(front, magics[i]))
			return true;
	}
	/* Encoded twice. */
	return front.len >= SNIFF_BYTES_MIN && slice_starts(front, SLICE_LIT("H4sI"));
}
