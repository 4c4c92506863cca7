#include "web/params.h"

#include "store/base/utf8.h"
#include "store/emit.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Text only: a NUL would end a C string early, a line end could split a header. */
static bool is_text(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return utf8_valid(s);
}

bool params_decode(struct slice raw, bool plus, char *dst, size_t cap, struct slice *ret)
{
	size_t len = 0;

	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];

		if (c == '%') {
			int high = i + 2 < raw.len ? hex_digit(raw.ptr[i + 1]) : -1;
			int low = i + 2 < raw.len ? hex_digit(raw.ptr[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (len >= cap)
			return false;
		dst[len++] = c;
	}
	if (!is_text(slice_from(dst, len)))
		return false;
	*ret = slice_from(dst, len);
	return true;
}

static int decode_next(struct params *p, struct slice raw, struct slice *ret, struct err *err)
{
	struct err_quote quote;

	if (!params_decode(raw, true, p->text + p->used, sizeof p->text - p->used, ret))
		return err_set(err, ERR_USAGE, "%s is not percent-encoded UTF-8 text",
			err_quote(&quote, raw));
	p->used += ret->len;
	return 0;
}

int params_parse(struct params *p, struct slice query, struct err *err)
{
	p->len = 0;
	p->used = 0;
	while (query.len > 0) {
		struct slice pair, name, value;

		pair = slice_cut(query, '&', &query);
		if (pair.len == 0)
			continue;
		if (p->len == PARAMS_MAX)
			return err_set(err, ERR_USAGE, "more than %d parameters", PARAMS_MAX);
		name = slice_cut(pair, '=', &value);
		if (value.ptr == NULL)
			value = SLICE_LIT("");
		if (decode_next(p, name, &p->list[p->len].name, err) < 0 ||
			decode_next(p, value, &p->list[p->len].value, err) < 0)
			return -1;
		p->len++;
	}
	return 0;
}

struct slice params_get(const struct params *p, struct slice name)
{
	for (unsigned i = 0; i < p->len; i++) {
		if (slice_equal(p->list[i].name, name))
			return p->list[i].value;
	}
	return SLICE_ABSENT;
}

void params_path(struct buf *to, struct slice path)
{
	struct slice rest;

	(void)slice_cut(path, '/', &rest);
	while (rest.ptr != NULL) {
		buf_add_char(to, '/');
		emit_url(to, slice_cut(rest, '/', &rest));
	}
}

bool params_listed(const char *list, struct slice name)
{
	struct slice rest = slice_of(list);

	while (rest.ptr != NULL) {
		if (slice_equal(slice_cut(rest, ' ', &rest), name))
			return name.len > 0;
	}
	return false;
}

static bool is_set(const struct param *set, size_t len, struct slice name)
{
	for (size_t i = 0; i < len; i++) {
		if (slice_equal(set[i].name, name))
			return true;
	}
	return false;
}

static void add_pair(struct buf *to, bool *first, const struct param *pair)
{
	buf_add_char(to, *first ? '?' : '&');
	*first = false;
	emit_url(to, pair->name);
	buf_add_char(to, '=');
	emit_url(to, pair->value);
}

void params_link(struct buf *to, const struct params *p, const char *keep, const struct param *set,
	size_t set_len)
{
	bool first = true;

	for (unsigned i = 0; i < p->len; i++) {
		if ((keep == NULL || params_listed(keep, p->list[i].name)) &&
			!is_set(set, set_len, p->list[i].name))
			add_pair(to, &first, &p->list[i]);
	}
	for (size_t i = 0; i < set_len; i++) {
		if (set[i].value.ptr != NULL)
			add_pair(to, &first, &set[i]);
	}
}
