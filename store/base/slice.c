#include "store/base/slice.h"

static unsigned char fold(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? (unsigned char)(u + ('a' - 'A')) : u;
}

bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool slice_equal_fold(struct slice a, struct slice b)
{
	return a.len == b.len && slice_starts_fold(a, b);
}

bool slice_starts(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool slice_starts_fold(struct slice s, struct slice prefix)
{
	if (s.len < prefix.len)
		return false;
	for (size_t i = 0; i < prefix.len; i++) {
		if (fold(s.ptr[i]) != fold(prefix.ptr[i]))
			return false;
	}
	return true;
}

bool slice_ends_fold(struct slice s, struct slice suffix)
{
	if (s.len < suffix.len)
		return false;
	return slice_equal_fold(slice_from(s.ptr + (s.len - suffix.len), suffix.len), suffix);
}

/* How many bytes of blank stand at the front: ASCII blanks, U+00A0 and U+FEFF. */
static size_t blank_front(struct slice s)
{
	if (s.len >= 1 && (s.ptr[0] == ' ' || (s.ptr[0] >= '\t' && s.ptr[0] <= '\r')))
		return 1;
	if (s.len >= 2 && memcmp(s.ptr, "\xc2\xa0", 2) == 0)
		return 2;
	if (s.len >= 3 && memcmp(s.ptr, "\xef\xbb\xbf", 3) == 0)
		return 3;
	return 0;
}

static size_t blank_back(struct slice s)
{
	if (s.len >= 1 &&
		(s.ptr[s.len - 1] == ' ' || (s.ptr[s.len - 1] >= '\t' && s.ptr[s.len - 1] <= '\r')))
		return 1;
	if (s.len >= 2 && memcmp(s.ptr + s.len - 2, "\xc2\xa0", 2) == 0)
		return 2;
	if (s.len >= 3 && memcmp(s.ptr + s.len - 3, "\xef\xbb\xbf", 3) == 0)
		return 3;
	return 0;
}

struct slice slice_trim(struct slice s)
{
	size_t n;

	if (s.ptr == NULL)
		return s;
	while ((n = blank_front(s)) > 0) {
		s.ptr += n;
		s.len -= n;
	}
	while ((n = blank_back(s)) > 0)
		s.len -= n;
	return s;
}

struct slice slice_cut(struct slice s, char sep, struct slice *rest)
{
	const char *at = s.len > 0 ? memchr(s.ptr, sep, s.len) : NULL;

	if (at == NULL) {
		*rest = SLICE_ABSENT;
		return s;
	}
	*rest = slice_from(at + 1, s.len - (size_t)(at - s.ptr) - 1);
	return slice_from(s.ptr, (size_t)(at - s.ptr));
}

size_t slice_find(struct slice s, struct slice needle)
{
	for (size_t i = 0; i + needle.len <= s.len; i++) {
		if (slice_starts(slice_from(s.ptr + i, s.len - i), needle))
			return i;
	}
	return SIZE_MAX;
}

size_t slice_find_fold(struct slice s, struct slice needle)
{
	for (size_t i = 0; i + needle.len <= s.len; i++) {
		if (slice_starts_fold(slice_from(s.ptr + i, s.len - i), needle))
			return i;
	}
	return SIZE_MAX;
}

bool slice_u64(struct slice s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint64_t digit;

		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		digit = (uint64_t)(s.ptr[i] - '0');
		if (digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

bool slice_i64(struct slice s, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = s.len > 0 && s.ptr[0] == '-';
	uint64_t value;
	int64_t result;

	if (negative)
		s = slice_from(s.ptr + 1, s.len - 1);
	if (!slice_u64(s, INT64_MAX, &value))
		return false;
	result = negative ? -(int64_t)value : (int64_t)value;
	if (result < min || result > max)
		return false;
	*ret = result;
	return true;
}
