#include "ingest/xml_repair.h"

#include <assert.h>

#include "store/base/limits.h"

#define REFERENCE_MAX 12

void xml_repair_init(struct xml_repair *r, enum xml_name (*known)(struct slice local))
{
	*r = (struct xml_repair){ .known = known, .line = 1 };
	buf_init(&r->in, 8 * XML_TOKEN_BYTES_MAX);
}

void xml_repair_release(struct xml_repair *r)
{
	buf_release(&r->in);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
	       (unsigned char)c >= 0x80;
}

static bool is_name(char c)
{
	return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static struct slice from(struct slice s, size_t at)
{
	return slice_from(s.ptr + at, s.len - at);
}

static struct slice local_name(struct slice name)
{
	struct slice rest;

	(void)slice_cut(name, ':', &rest);
	return slice_absent(rest) ? name : rest;
}

/* ---- what stands at a '<' ------------------------------------------------------------------ */

enum piece_kind {
	PIECE_NONE, /* no markup: the '<' is text */
	PIECE_CUT,  /* the end is not in sight yet */
	PIECE_START,
	PIECE_EMPTY, /* <a/> */
	PIECE_END,
	PIECE_DROP, /* comment, processing instruction */
	PIECE_CDATA,
	PIECE_DOCTYPE,
};

struct piece {
	enum piece_kind kind;
	size_t len;
	struct slice name;
};

static struct piece piece_until(struct slice s, enum piece_kind kind, struct slice end)
{
	size_t at = slice_find(s, end);

	if (at == SIZE_MAX)
		return (struct piece){ PIECE_CUT, 0, SLICE_ABSENT };
	return (struct piece){ kind, at + end.len, SLICE_ABSENT };
}

/* An attribute at s[*at]: 1 and *at behind it, 0 none, -1 cut. */
static int attribute(struct slice s, size_t *at)
{
	size_t i = *at;
	char quote;

	if (i == s.len)
		return -1;
	if (!is_name_start(s.ptr[i]))
		return 0;
	while (i < s.len && is_name(s.ptr[i]))
		i++;
	while (i < s.len && is_blank(s.ptr[i]))
		i++;
	if (i == s.len)
		return -1;
	if (s.ptr[i++] != '=')
		return 0;
	while (i < s.len && is_blank(s.ptr[i]))
		i++;
	if (i == s.len)
		return -1;
	quote = s.ptr[i++];
	if (quote != '"' && quote != '\'')
		return 0;
	while (i < s.len && s.ptr[i] != quote && s.ptr[i] != '<')
		i++;
	if (i == s.len)
		return -1;
	if (s.ptr[i] == '<')
		return 0;
	*at = i + 1;
	return 1;
}

static struct piece piece_tag(struct slice s)
{
	const struct piece none = { PIECE_NONE, 0, SLICE_ABSENT },
			   cut = { PIECE_CUT, 0, SLICE_ABSENT };
	struct piece piece = { PIECE_START, 0, SLICE_ABSENT };
	size_t i = 1, begin;
	int rc;

	if (s.len > 1 && s.ptr[1] == '/') {
		piece.kind = PIECE_END;
		i = 2;
	}
	if (i >= s.len)
		return cut;
	if (!is_name_start(s.ptr[i]))
		return none;
	begin = i;
	while (i < s.len && is_name(s.ptr[i]))
		i++;
	piece.name = slice_from(s.ptr + begin, i - begin);
	for (;;) {
		bool blank = false;

		while (i < s.len && is_blank(s.ptr[i])) {
			blank = true;
			i++;
		}
		if (i == s.len)
			return cut;
		if (s.ptr[i] == '>')
			break;
		if (piece.kind == PIECE_END)
			return none;
		if (s.ptr[i] == '/') {
			piece.kind = PIECE_EMPTY;
			if (++i == s.len)
				return cut;
			if (s.ptr[i] != '>')
				return none;
			break;
		}
		rc = blank ? attribute(s, &i) : 0;
		if (rc <= 0)
			return rc < 0 ? cut : none;
	}
	piece.len = i + 1;
	return piece;
}

static struct piece piece_at(struct slice s)
{
	static const struct {
		struct slice begin, end;
		enum piece_kind kind;
	} rows[] = { { { "<!--", 4 }, { "-->", 3 }, PIECE_DROP },
		{ { "<![CDATA[", 9 }, { "]]>", 3 }, PIECE_CDATA },
		{ { "<?", 2 }, { "?>", 2 }, PIECE_DROP } };
	static const struct slice doctype = { "<!DOCTYPE", 9 };

	if (slice_starts_fold(s, doctype))
		return (struct piece){ PIECE_DOCTYPE, 0, SLICE_ABSENT };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (slice_starts(s, rows[i].begin))
			return piece_until(s, rows[i].kind, rows[i].end);
		if (slice_starts(rows[i].begin, s))
			return (struct piece){ PIECE_CUT, 0, SLICE_ABSENT };
	}
	if (slice_starts_fold(doctype, s))
		return (struct piece){ PIECE_CUT, 0, SLICE_ABSENT };
	return piece_tag(s);
}

/* ---- the stack of open elements ------------------------------------------------------------ */

static int beyond(struct xml_repair *r, struct err *err, const char *why, struct slice name)
{
	struct err_quote quote;

	return err_set(err, ERR_REPORT, "line %u: %s %s", r->line, why, err_quote(&quote, name));
}

static struct slice open_name(const struct xml_repair_element *e)
{
	return slice_from(e->name, e->len);
}

static int push(struct xml_repair *r, struct slice name, struct err *err)
{
	struct xml_repair_element *e = &r->stack[r->depth];
	enum xml_name known = r->known(local_name(name));

	if (r->depth == sizeof r->stack / sizeof *r->stack || r->depth == XML_DEPTH_MAX)
		return err_set(err, ERR_REPORT, "line %u: more than %d elements inside each other",
			r->line, XML_DEPTH_MAX);
	if (name.len > sizeof e->name)
		return beyond(r, err, "an element's name is too long:", name);
	memcpy(e->name, name.ptr, name.len);
	e->len = (uint8_t)name.len;
	e->known = known != XML_NAME_UNKNOWN;
	e->text = known == XML_NAME_TEXT;
	e->record = (r->depth > 0 && e[-1].record) ||
		    slice_equal_fold(local_name(name), SLICE_LIT("record"));
	for (unsigned i = 0; e->known && i < r->depth; i++)
		r->stack[i].holds_known = true;
	e->holds_known = false;
	r->depth++;
	return 0;
}

static void put_end(struct buf *out, const struct xml_repair_element *e)
{
	buf_add_text(out, "</");
	buf_add(out, open_name(e));
	buf_add_char(out, '>');
}

static void pop(struct xml_repair *r, struct buf *out)
{
	const struct xml_repair_element *e = &r->stack[--r->depth];

	put_end(out, e);
	if (slice_equal_fold(local_name(open_name(e)), SLICE_LIT("record"))) {
		r->records++;
		r->after_record = true;
	}
	r->done = r->depth == 0;
}

/* May this element's end tag be supplied? Not if it would have swallowed a part of the report. */
static bool may_lack_end(const struct xml_repair_element *e)
{
	return e->known ? e->text && !e->record : !e->holds_known;
}

/* 1: the end tag was good or could be made so; 0: it belongs to nothing and is text; -1. */
static int end_tag(struct xml_repair *r, struct slice name, struct buf *out, struct err *err)
{
	unsigned at = r->depth;

	while (at > 0 && !slice_equal(open_name(&r->stack[at - 1]), name))
		at--;
	if (at == 0) {
		if (r->known(local_name(name)) != XML_NAME_UNKNOWN)
			return beyond(r, err, "an end tag without its beginning:", name);
		return 0;
	}
	while (r->depth > at) {
		const struct xml_repair_element *e = &r->stack[r->depth - 1];

		if (!may_lack_end(e))
			return beyond(r, err, "an element without its end tag:", open_name(e));
		r->changed = true;
		pop(r, out);
	}
	pop(r, out);
	return 1;
}

/* ---- text ----------------------------------------------------------------------------------- */

static void put_text_char(struct xml_repair *r, char c, struct buf *out)
{
	if (c == '\n')
		r->line++;
	if (!is_blank(c))
		r->after_record = false;
	if (c == '<' || c == '&' || ((unsigned char)c < 0x20 && !is_blank(c)))
		r->changed = true;
	if (c == '<')
		buf_add_text(out, "&lt;");
	else if (c == '>')
		buf_add_text(out, "&gt;");
	else if (c == '&')
		buf_add_text(out, "&amp;");
	else if ((unsigned char)c >= 0x20 || c == '\t' || c == '\n' || c == '\r')
		buf_add_char(out, c);
}

static bool char_allowed(uint32_t c)
{
	return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c < 0xd800) ||
	       (c >= 0xe000 && c < 0xfffe) || (c >= 0x10000 && c <= 0x10ffff);
}

/* The digits of "&#65;" or "&#x41;" between '#' and ';'. */
static bool numeric_allowed(struct slice digits)
{
	bool hex = digits.len > 0 && digits.ptr[0] == 'x';
	uint32_t value = 0;

	if (hex)
		digits = from(digits, 1);
	if (digits.len == 0 || digits.len > 7)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.ptr[i];
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = (uint32_t)(c - '0');
		else if (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			digit = (uint32_t)((c | 0x20) - 'a') + 10;
		else
			return false;
		value = value * (hex ? 16 : 10) + digit;
	}
	return char_allowed(value);
}

/* The length of a reference XML itself knows, 0 if there is none, SIZE_MAX if it may yet be one. */
static size_t reference_at(struct slice s)
{
	static const char *const names[] = { "amp", "lt", "gt", "quot", "apos" };
	struct slice rest, name, near = slice_from(s.ptr + 1, s.len - 1);

	if (near.len > REFERENCE_MAX)
		near.len = REFERENCE_MAX;
	name = slice_cut(near, ';', &rest);
	if (slice_absent(rest)) {
		for (size_t i = 0; i < name.len; i++) {
			if (!is_name(name.ptr[i]) && name.ptr[i] != '#')
				return 0;
		}
		return near.len < REFERENCE_MAX ? SIZE_MAX : 0;
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (slice_equal(name, slice_of(names[i])))
			return name.len + 2;
	}
	return name.len > 0 && name.ptr[0] == '#' && numeric_allowed(from(name, 1)) ? name.len + 2
										    : 0;
}

/* ---- the filter ----------------------------------------------------------------------------- */

static void count_lines(struct xml_repair *r, struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] != '\n')
			continue;
		r->line++;
		if (out != NULL)
			buf_add_char(out, '\n');
	}
}

/* Tags are written anew from their name; of attributes only those of the root (its namespace)
 * stay, because no standard has others. */
static int put_start(struct xml_repair *r, const struct piece *piece, struct slice raw,
	struct buf *out, struct err *err)
{
	if (push(r, piece->name, err) < 0)
		return -1;
	r->after_record = false;
	if (r->depth == 1) {
		size_t tail = piece->kind == PIECE_EMPTY ? 2 : 1;

		buf_add(out, slice_from(raw.ptr, raw.len - tail));
		buf_add_char(out, '>');
		count_lines(r, raw, NULL);
	} else {
		buf_add_char(out, '<');
		buf_add(out, piece->name);
		count_lines(r, raw, out);
		buf_add_char(out, '>');
	}
	if (piece->kind == PIECE_EMPTY)
		pop(r, out);
	return 0;
}

/* `Foo <bar> Inc`: in a text only the names of the standards are tags. */
static bool is_text_tag(const struct xml_repair *r, struct slice name)
{
	return r->depth > 0 && r->stack[r->depth - 1].text &&
	       r->known(local_name(name)) == XML_NAME_UNKNOWN;
}

/* How much of s was dealt with; 0: more is needed; -1. */
static int markup(
	struct xml_repair *r, struct slice s, size_t *ret, struct buf *out, struct err *err)
{
	struct piece piece = piece_at(s);
	int rc = 0;

	if (piece.kind == PIECE_CUT) {
		if (s.len > XML_TOKEN_BYTES_MAX)
			return err_set(err, ERR_REPORT,
				"line %u: a tag or comment longer than %d bytes", r->line,
				XML_TOKEN_BYTES_MAX);
		*ret = 0;
		return 0;
	}
	*ret = piece.len;
	switch (piece.kind) {
	case PIECE_DOCTYPE:
		return err_set(
			err, ERR_REPORT, "line %u: a DOCTYPE, which no report needs", r->line);
	case PIECE_DROP:
		count_lines(r, slice_from(s.ptr, piece.len), out);
		return 0;
	case PIECE_CDATA:
		for (size_t i = 9; i + 3 < piece.len; i++)
			put_text_char(r, s.ptr[i], out);
		return 0;
	case PIECE_START:
	case PIECE_EMPTY:
		if (is_text_tag(r, piece.name))
			break;
		return put_start(r, &piece, slice_from(s.ptr, piece.len), out, err);
	case PIECE_END:
		r->after_record = false;
		rc = end_tag(r, piece.name, out, err);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
		break;
	case PIECE_NONE:
	case PIECE_CUT:
	default:
		break;
	}
	put_text_char(r, '<', out);
	*ret = 1;
	return 0;
}

/* One step at the front of the waiting bytes. */
static int step(struct xml_repair *r, struct slice s, bool last, size_t *ret, struct buf *out,
	struct err *err)
{
	size_t n;

	if (s.ptr[0] == '<')
		return markup(r, s, ret, out, err);
	if (s.ptr[0] == '&') {
		n = reference_at(s);
		if (n == SIZE_MAX && !last) {
			*ret = 0;
			return 0;
		}
		if (n != 0 && n != SIZE_MAX) {
			buf_add(out, slice_from(s.ptr, n));
			r->after_record = false;
			*ret = n;
			return 0;
		}
	}
	put_text_char(r, s.ptr[0], out);
	*ret = 1;
	return 0;
}

static bool is_root(struct slice s, size_t *end)
{
	size_t i = 1;

	while (i < s.len && is_name(s.ptr[i]))
		i++;
	*end = i;
	return slice_equal_fold(local_name(slice_from(s.ptr + 1, i - 1)), SLICE_LIT("feedback"));
}

/* Is there more in front of the root than what may stand there? */
static bool is_junk(struct slice s)
{
	while ((s = slice_trim(s)).len > 0) {
		struct piece piece = { PIECE_NONE, 0, SLICE_ABSENT };

		if (s.ptr[0] == '<')
			piece = piece_at(s);
		if (piece.kind != PIECE_DROP)
			return true;
		s = from(s, piece.len);
	}
	return false;
}

/* Everything up to the root's start tag is dropped, once it is in sight. */
static int find_root(struct xml_repair *r, struct err *err)
{
	struct slice s = buf_slice(&r->in);

	if (slice_find_fold(s, SLICE_LIT("<!DOCTYPE")) != SIZE_MAX &&
		slice_find_fold(s, SLICE_LIT("<!DOCTYPE")) <
			slice_find_fold(s, SLICE_LIT("<feedback")))
		return err_set(err, ERR_REPORT, "a DOCTYPE, which no report needs");
	for (size_t i = 0; i < s.len; i++) {
		size_t end;

		if (s.ptr[i] != '<' || !is_root(from(s, i), &end) || i + end == s.len)
			continue;
		r->begun = true;
		r->junk_before = is_junk(slice_from(s.ptr, i));
		count_lines(r, slice_from(s.ptr, i), NULL);
		buf_consume(&r->in, i);
		return 0;
	}
	if (s.len > XML_TOKEN_BYTES_MAX)
		return err_set(err, ERR_REPORT, "no <feedback> within the first %d bytes",
			XML_TOKEN_BYTES_MAX);
	return 0;
}

/* The bytes are over and the root is open. */
static int close_root(struct xml_repair *r, struct buf *out, struct err *err)
{
	struct slice left = slice_trim(buf_slice(&r->in)), name;

	r->changed = true;
	if (r->depth == 1) {
		name = open_name(&r->stack[0]);
		if (left.len == name.len + 2 && slice_starts(left, SLICE_LIT("</")) &&
			slice_equal(from(left, 2), name)) {
			pop(r, out);
			return 0;
		}
		if (r->open_end && r->after_record && left.len == 0) {
			pop(r, out);
			return 0;
		}
	}
	if (r->depth == 0)
		return err_set(err, ERR_REPORT, "no <feedback> element");
	return beyond(r, err, "cut: the document ends inside", open_name(&r->stack[r->depth - 1]));
}

int xml_repair(struct xml_repair *r, struct slice in, bool last, struct buf *out, struct err *err)
{
	size_t at = 0, took = 1;
	struct slice s;

	assert(r->depth <= XML_DEPTH_MAX);
	if (!r->done)
		buf_add(&r->in, in);
	else if (slice_trim(in).len > 0)
		r->junk_after = true;
	if (!r->begun && find_root(r, err) < 0)
		return -1;
	s = buf_slice(&r->in);
	while (r->begun && !r->done && at < s.len && took > 0) {
		if (step(r, from(s, at), last, &took, out, err) < 0)
			return -1;
		at += took;
	}
	buf_consume(&r->in, at);
	if (r->done && slice_trim(buf_slice(&r->in)).len > 0)
		r->junk_after = true;
	if (r->done)
		buf_clear(&r->in);
	if (last && !r->done && close_root(r, out, err) < 0)
		return -1;
	if (buf_failed(&r->in) || buf_failed(out))
		return err_set(err, ERR_SHORTAGE, "no memory to repair the XML");
	return 0;
}
