#include "store/base/utf8.h"

size_t utf8_char(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;

	if (s.len == 0 || p[0] == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2)
		return 0;
	if (p[0] < 0xe0)
		return s.len >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
	if (p[0] < 0xf0) {
		if (s.len < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
			return 0;
		if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
			return 0;
		return 3;
	}
	if (p[0] > 0xf4 || s.len < 4 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 ||
		(p[3] & 0xc0) != 0x80)
		return 0;
	if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return 4;
}

static uint32_t code_point(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	switch (n) {
	case 1:
		return p[0];
	case 2:
		return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	case 3:
		return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	default:
		return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
		       (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
	}
}

size_t utf8_printable(struct slice s)
{
	static const struct {
		uint32_t from, to;
	} unsafe[] = {
		{ 0x00, 0x1f },
		{ 0x7f, 0x9f },
		{ 0x61c, 0x61c },
		{ 0x200e, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2066, 0x2069 },
		{ 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb },
		{ 0xe0000, 0xe0fff },
	};
	size_t n = utf8_char(s);
	uint32_t c;

	if (n == 0)
		return 0;
	c = code_point(s.ptr, n);
	for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++) {
		if (c >= unsafe[i].from && c <= unsafe[i].to)
			return 0;
	}
	return n;
}

bool utf8_valid(struct slice s)
{
	size_t n;

	for (size_t i = 0; i < s.len; i += n) {
		n = utf8_char(slice_from(s.ptr + i, s.len - i));
		if (n == 0)
			return false;
	}
	return true;
}

struct slice utf8_keep(struct slice s, size_t max)
{
	size_t len = max;

	if (s.len <= max)
		return s;
	while (len > 0 && ((unsigned char)s.ptr[len] & 0xc0) == 0x80)
		len--;
	return slice_from(s.ptr, len);
}

size_t utf8_repair(struct slice s, char *dst, size_t cap, bool *changed)
{
	size_t at = 0, i = 0, n;

	*changed = false;
	while (i < s.len) {
		const char *from = s.ptr + i;
		unsigned char c = (unsigned char)*from;

		n = utf8_char(slice_from(from, s.len - i));
		if (n == 1 && ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)) {
			*changed = true;
			i++;
			continue;
		}
		if (n == 0) {
			*changed = true;
			from = "\xef\xbf\xbd";
			n = 3;
			i++;
		} else {
			i += n;
		}
		if (cap - at < n) {
			*changed = true;
			break;
		}
		memcpy(dst + at, from, n);
		at += n;
	}
	return at;
}
