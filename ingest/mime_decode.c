#include "ingest/mime_decode.h"

#define SNIFF_BYTES_MIN 24
#define SNIFF_BYTES     64

/* The value of a character plus one; 0: none of the alphabet. `-` and `_` are those of URLs. */
/* clang-format off */
static const uint8_t digits[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
	['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15,
	['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22,
	['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29,
	['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43,
	['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50,
	['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57,
	['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
	['-'] = 63, ['_'] = 64,
};
/* clang-format on */

static int digit(char c)
{
	return (int)digits[(unsigned char)c] - 1;
}

/* Whole groups of four, as long as there is nothing else. Returns the characters taken. */
static size_t whole_groups(struct slice in, char *dst, size_t *n)
{
	const unsigned char *p = (const unsigned char *)in.ptr;
	size_t i = 0;

	for (; i + 4 <= in.len; i += 4) {
		uint32_t a = digits[p[i]], b = digits[p[i + 1]], c = digits[p[i + 2]],
			 d = digits[p[i + 3]], bits;

		if (a == 0 || b == 0 || c == 0 || d == 0)
			break;
		bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
		dst[(*n)++] = (char)(bits >> 16);
		dst[(*n)++] = (char)(bits >> 8);
		dst[(*n)++] = (char)bits;
	}
	return i;
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
		int value;

		if (b->count == 0) {
			i += whole_groups(slice_from(in.ptr + i, in.len - i), dst, &n);
			if (i == in.len)
				break;
		}
		value = digit(in.ptr[i]);
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
