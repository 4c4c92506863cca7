#include "ingest/mime_mend.h"

#include <string.h>

#define BOUNDARIES_MAX     16
#define BOUNDARY_BYTES_MAX 80
#define CONTENT_TYPE_KEEP  1024
/* A line of base64 that stands where a header should is rather the body. */
#define BASE64_LINE_MIN 20

struct mend {
	struct slice in;
	struct buf *out;
	size_t at;     /* begin of the line at hand */
	size_t copied; /* of `in`, into out */
	bool changed;

	bool in_header;
	unsigned headers;     /* of the header at hand */
	bool is_content_type; /* the header at hand */
	char content_type[CONTENT_TYPE_KEEP];
	size_t content_type_len; /* its value, unfolded, as far as it goes */
	size_t content_type_end; /* offset of its end in `in` */
	char last;               /* last character of the header line before */

	struct slice boundaries[BOUNDARIES_MAX];
	char boundary_bytes[BOUNDARIES_MAX][BOUNDARY_BYTES_MAX];
	unsigned boundaries_len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct slice from(struct slice s, size_t at)
{
	return slice_from(s.ptr + at, s.len - at);
}

/* The line that begins at `at`, without its end; *next is where the one behind it begins. */
static struct slice line_at(struct slice s, size_t at, size_t *next)
{
	const char *end = memchr(s.ptr + at, '\n', s.len - at);
	size_t len = end != NULL ? (size_t)(end - s.ptr) - at : s.len - at;

	*next = end != NULL ? at + len + 1 : s.len;
	if (len > 0 && s.ptr[at + len - 1] == '\r')
		len--;
	return slice_from(s.ptr + at, len);
}

static bool is_empty(struct slice line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (!is_blank(line.ptr[i]))
			return false;
	}
	return true;
}

/* "Name:", RFC 5322 ftext; *value is where its value begins. */
static bool is_header(struct slice line, size_t *value)
{
	size_t i = 0;

	while (i < line.len && line.ptr[i] > ' ' && line.ptr[i] < 0x7f && line.ptr[i] != ':')
		i++;
	if (i == 0)
		return false;
	while (i < line.len && is_blank(line.ptr[i]))
		i++;
	*value = i + 1;
	return i < line.len && line.ptr[i] == ':';
}

/* `name="..."` or `boundary=x`: a parameter that lost its indentation. */
static bool is_parameter(struct slice line)
{
	size_t i = 0;

	while (i < line.len &&
		((line.ptr[i] | 0x20) >= 'a' || line.ptr[i] == '-' || line.ptr[i] == '*') &&
		(line.ptr[i] | 0x20) <= 'z')
		i++;
	return i > 0 && i + 1 < line.len && line.ptr[i] == '=' && line.ptr[i + 1] != '=' &&
	       !is_blank(line.ptr[i + 1]);
}

static bool is_base64(struct slice line)
{
	size_t i = 0;

	while (i < line.len && (((line.ptr[i] | 0x20) >= 'a' && (line.ptr[i] | 0x20) <= 'z') ||
				       (line.ptr[i] >= '/' && line.ptr[i] <= '9') ||
				       line.ptr[i] == '+' || line.ptr[i] == '='))
		i++;
	return i == line.len && i >= BASE64_LINE_MIN;
}

/* ---- changes ------------------------------------------------------------------------------- */

static void insert(struct mend *m, size_t at, const char *text)
{
	if (at < m->copied)
		return;
	m->changed = true;
	buf_add(m->out, slice_from(m->in.ptr + m->copied, at - m->copied));
	buf_add_text(m->out, text);
	m->copied = at;
}

static void drop(struct mend *m, size_t at, size_t next)
{
	insert(m, at, "");
	m->copied = next;
}

/* ---- boundaries ---------------------------------------------------------------------------- */

static void boundary_add(struct mend *m, struct slice name)
{
	char *to;

	while (name.len > 0 && is_blank(name.ptr[name.len - 1]))
		name.len--;
	if (name.len == 0 || name.len > BOUNDARY_BYTES_MAX)
		return;
	/* The oldest goes: what is read now lies innermost. */
	to = m->boundary_bytes[m->boundaries_len % BOUNDARIES_MAX];
	memcpy(to, name.ptr, name.len);
	m->boundaries[m->boundaries_len++ % BOUNDARIES_MAX] = slice_from(to, name.len);
}

/* Is it "--boundary" of a known one? *closing: "--boundary--". */
static bool is_boundary(const struct mend *m, struct slice line, bool *closing)
{
	unsigned known = m->boundaries_len < BOUNDARIES_MAX ? m->boundaries_len : BOUNDARIES_MAX;

	if (!slice_starts(line, SLICE_LIT("--")))
		return false;
	line = from(line, 2);
	for (unsigned i = 0; i < known; i++) {
		struct slice rest;

		if (!slice_starts(line, m->boundaries[i]))
			continue;
		rest = from(line, m->boundaries[i].len);
		*closing = slice_starts(rest, SLICE_LIT("--"));
		if (*closing)
			rest = from(rest, 2);
		if (is_empty(rest))
			return true;
	}
	return false;
}

static bool boundary_of(struct slice content_type, struct slice *ret)
{
	size_t at = slice_find_fold(content_type, SLICE_LIT("boundary"));
	struct slice s, rest;

	if (at == SIZE_MAX)
		return false;
	s = from(content_type, at + 8);
	while (s.len > 0 && is_blank(s.ptr[0]))
		s = from(s, 1);
	if (s.len == 0 || s.ptr[0] != '=')
		return false;
	s = slice_trim(from(s, 1));
	if (s.len > 0 && s.ptr[0] == '"')
		*ret = slice_cut(from(s, 1), '"', &rest);
	else
		*ret = slice_trim(slice_cut(s, ';', &rest));
	return ret->len > 0;
}

/* The first line of the body that may be a boundary. */
static bool guess_boundary(const struct mend *m, size_t at, struct slice *ret)
{
	while (at < m->in.len) {
		struct slice line = line_at(m->in, at, &at);

		if (line.len > 3 && slice_starts(line, SLICE_LIT("--")) && line.ptr[2] != ' ' &&
			line.len - 2 <= BOUNDARY_BYTES_MAX &&
			memchr(line.ptr, '"', line.len) == NULL) {
			*ret = from(line, 2);
			return true;
		}
	}
	return false;
}

/* ---- headers ------------------------------------------------------------------------------- */

static void header_begin(struct mend *m)
{
	m->in_header = true;
	m->headers = 0;
	m->is_content_type = false;
	m->content_type_len = 0;
	m->last = '\0';
}

static void content_type_add(struct mend *m, struct slice text, size_t end)
{
	size_t room = CONTENT_TYPE_KEEP - m->content_type_len;

	if (text.len > room)
		text.len = room;
	memcpy(m->content_type + m->content_type_len, text.ptr, text.len);
	m->content_type_len += text.len;
	m->content_type_end = end;
}

/* Behind the header whose body begins at `body`. */
static void header_end(struct mend *m, size_t body)
{
	struct slice type = slice_trim(slice_from(m->content_type, m->content_type_len)), boundary;
	char text[BOUNDARY_BYTES_MAX + 32] = "; boundary=\"";
	size_t at = strlen(text);

	if (slice_starts_fold(type, SLICE_LIT("message/rfc822"))) {
		header_begin(m);
		return;
	}
	m->in_header = false;
	if (!slice_starts_fold(type, SLICE_LIT("multipart/")))
		return;
	if (boundary_of(type, &boundary)) {
		boundary_add(m, boundary);
		return;
	}
	if (!guess_boundary(m, body, &boundary))
		return;
	boundary_add(m, boundary);
	memcpy(text + at, boundary.ptr, boundary.len);
	memcpy(text + at + boundary.len, "\"", 2);
	insert(m, m->content_type_end, text);
}

/* A line in a header that is none. */
static void stray_line(struct mend *m, struct slice line, size_t next)
{
	struct slice after = SLICE_LIT("");
	size_t unused;

	if (next < m->in.len)
		after = line_at(m->in, next, &unused);
	if (m->headers > 0 &&
		(is_parameter(line) ||
			(is_header(after, &unused) && !is_base64(line) && line.ptr[0] != '<'))) {
		insert(m, m->at, is_parameter(line) && m->last != ';' ? "\t;" : "\t");
		if (m->is_content_type) {
			content_type_add(m, SLICE_LIT(" "), m->content_type_end);
			content_type_add(m, line, m->at + line.len);
		}
		m->last = line.ptr[line.len - 1];
		return;
	}
	/* The body begins here, without the empty line in front. */
	if (m->headers > 0 || m->boundaries_len > 0)
		insert(m, m->at, "\n");
	header_end(m, m->at);
}

/* A header line that is not blank. */
static void header_line(struct mend *m, struct slice line, size_t next)
{
	size_t value;

	if (line.ptr[0] == ' ' || line.ptr[0] == '\t') {
		if (m->is_content_type)
			content_type_add(m, line, m->at + line.len);
	} else if (is_header(line, &value)) {
		m->headers++;
		m->is_content_type = slice_starts_fold(line, SLICE_LIT("content-type"));
		if (m->is_content_type) {
			m->content_type_len = 0;
			content_type_add(m, from(line, value), m->at + line.len);
		}
	} else {
		stray_line(m, line, next);
		return;
	}
	m->last = line.ptr[line.len - 1];
}

/* A line of nothing, or of blanks only. */
static void empty_line(struct mend *m, struct slice line, size_t next)
{
	struct slice after = SLICE_LIT("");
	size_t unused;

	if (line.len > 0) {
		if (next < m->in.len)
			after = line_at(m->in, next, &unused);
		if (m->headers > 0 && !is_empty(after) && is_blank(after.ptr[0]))
			return; /* folded, with a line of blanks in the fold */
		drop(m, m->at, m->at + line.len);
	}
	if (m->headers == 0 && m->boundaries_len == 0 && m->at < m->in.len) {
		drop(m, m->at, next);
		return; /* blank lines before the mail */
	}
	header_end(m, next);
}

static void one_line(struct mend *m, struct slice line, size_t next)
{
	bool closing = false;

	if (is_boundary(m, line, &closing)) {
		if (closing)
			m->in_header = false;
		else
			header_begin(m);
	} else if (!m->in_header) {
		return;
	} else if (is_empty(line)) {
		empty_line(m, line, next);
	} else if (m->at == 0 && (slice_starts(line, SLICE_LIT("From ")) ||
					 slice_starts(line, SLICE_LIT(">From ")))) {
		return;
	} else {
		header_line(m, line, next);
	}
}

/* Old Macintosh line ends, all through. */
static bool has_only_cr(struct slice mail)
{
	return mail.len > 0 && memchr(mail.ptr, '\n', mail.len) == NULL &&
	       memchr(mail.ptr, '\r', mail.len) != NULL;
}

bool mime_mend(struct slice mail, struct buf *out)
{
	struct mend m = { .in = mail, .out = out };
	size_t next;

	buf_clear(out);
	if (has_only_cr(mail)) {
		char *to;

		buf_add(out, mail);
		to = out->ptr;
		while (!buf_failed(out) &&
			(to = memchr(to, '\r', out->len - (size_t)(to - out->ptr))))
			*to = '\n';
		return true;
	}
	header_begin(&m);
	for (; m.at < mail.len; m.at = next) {
		struct slice line = line_at(mail, m.at, &next);

		one_line(&m, line, next);
	}
	if (!m.changed)
		return false;
	buf_add(out, slice_from(mail.ptr + m.copied, mail.len - m.copied));
	return true;
}

void mime_lines_count(struct mime_lines *lines, struct slice bytes)
{
	size_t at = 0, next, value;

	while (at < bytes.len) {
		struct slice line = line_at(bytes, at, &next);

		if (!lines->in_line) {
			lines->dashes += slice_starts(line, SLICE_LIT("--"));
			lines->headers += is_header(line, &value) && line.ptr[0] != '<';
		}
		lines->in_line = bytes.ptr[next - 1] != '\n';
		at = next;
	}
}
