#include "ingest/xml_decode.h"

#include "store/base/utf8.h"

enum xml_encoding xml_encoding_guess(struct slice head)
{
	const unsigned char *p = (const unsigned char *)head.ptr;

	if (head.len < 4)
		return XML_AS_IS;
	if (p[0] == 0xff && p[1] == 0xfe)
		return XML_UTF16LE;
	if (p[0] == 0xfe && p[1] == 0xff)
		return XML_UTF16BE;
	if (p[0] == 0 && p[1] != 0 && p[2] == 0)
		return XML_UTF16BE;
	return p[0] != 0 && p[1] == 0 && p[2] != 0 ? XML_UTF16LE : XML_AS_IS;
}

static void put(struct buf *out, uint32_t c)
{
	char text[4];
	size_t n = 0;

	if (c < 0x80) {
		text[n++] = (char)c;
	} else if (c < 0x800) {
		text[n++] = (char)(0xc0 | c >> 6);
		text[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		text[n++] = (char)(0xe0 | c >> 12);
		text[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		text[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		text[n++] = (char)(0xf0 | c >> 18);
		text[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		text[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		text[n++] = (char)(0x80 | (c & 0x3f));
	}
	buf_add(out, slice_from(text, n));
}

static uint32_t unit(const struct xml_decode *d, const unsigned char *p)
{
	if (d->encoding == XML_UTF16LE)
		return (uint32_t)p[1] << 8 | p[0];
	return (uint32_t)p[0] << 8 | p[1];
}

/* One UTF-16 character from n bytes: how many it took, 0 if there are too few, -1 if broken. */
static int take_utf16(struct xml_decode *d, const unsigned char *p, size_t n, struct buf *out)
{
	uint32_t high, low;

	if (n < 2)
		return 0;
	high = unit(d, p);
	if (high < 0xd800 || high > 0xdfff) {
		put(out, high);
		return 2;
	}
	if (n < 4)
		return 0;
	low = unit(d, p + 2);
	if (high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return -1;
	put(out, 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff));
	return 4;
}

/* 0x80 to 0x9f; the five that have no meaning become U+FFFD. */
static const uint16_t cp1252[32] = { 0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019,
	0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd,
	0x017e, 0x0178 };

/* How many bytes a character that begins with c has. */
static size_t announced(unsigned char c)
{
	if (c < 0xc2 || c > 0xf4)
		return 1;
	if (c < 0xe0)
		return 2;
	return c < 0xf0 ? 3 : 4;
}

static int take_byte(
	struct xml_decode *d, const unsigned char *p, size_t n, bool last, struct buf *out)
{
	struct slice s = slice_from(p, n);
	size_t len = *p == 0 ? 1 : utf8_char(s);

	if (len > 0) {
		buf_add(out, slice_from(p, len));
		return (int)len;
	}
	if (n < announced(*p) && !last)
		return 0;
	d->changed = true;
	put(out, *p < 0xa0 ? cp1252[*p - 0x80] : *p);
	return 1;
}

static int take(struct xml_decode *d, const unsigned char *p, size_t n, bool last, struct buf *out)
{
	if (d->encoding == XML_CP1252)
		return take_byte(d, p, n, last, out);
	return take_utf16(d, p, n, out);
}

/* The character begun in the last bytes, ended by these. Returns the bytes of `in` it took. */
static int finish_carry(struct xml_decode *d, struct slice in, bool last, struct buf *out)
{
	unsigned char joined[8];
	size_t from = 0, more = in.len < 4 ? in.len : 4, n = d->carry_len + more;
	int took = 0;

	memcpy(joined, d->carry, d->carry_len);
	if (more > 0)
		memcpy(joined + d->carry_len, in.ptr, more);
	while (from < d->carry_len && (took = take(d, joined + from, n - from, last, out)) > 0)
		from += (size_t)took;
	if (took < 0)
		return -1;
	if (from >= d->carry_len) {
		more = from - d->carry_len;
		d->carry_len = 0;
		return (int)more;
	}
	/* Still too short: all of `in` (which is short too) waits with it. */
	d->carry_len = n - from < sizeof d->carry ? n - from : sizeof d->carry;
	memmove(d->carry, joined + from, d->carry_len);
	return (int)more;
}

static int broken(struct err *err)
{
	return err_set(err, ERR_REPORT, "UTF-16 with half a character");
}

int xml_decode(struct xml_decode *d, struct slice in, bool last, struct buf *out, struct err *err)
{
	const unsigned char *p;
	size_t at = 0;
	int took;

	if (d->carry_len > 0) {
		took = finish_carry(d, in, last, out);
		if (took < 0)
			return broken(err);
		at = (size_t)took;
	}
	p = (const unsigned char *)in.ptr;
	while (at < in.len) {
		took = take(d, p + at, in.len - at, last, out);
		if (took < 0)
			return broken(err);
		if (took == 0)
			break;
		at += (size_t)took;
	}
	if (at < in.len) {
		d->carry_len = in.len - at;
		memcpy(d->carry, p + at, d->carry_len);
	}
	if (last && d->carry_len > 0)
		return broken(err);
	if (buf_failed(out))
		return err_set(err, ERR_SHORTAGE, "no memory to decode the XML");
	return 0;
}
