#include "ingest/mime.h"

#include <assert.h>
#include <errno.h>
#include <gmime/gmime.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/arena.h"
#include "ingest/mime_decode.h"
#include "ingest/mime_mend.h"
#include "ingest/mime_skim.h"
#include "store/base/buf.h"
#include "store/base/limits.h"
#include "store/base/utf8.h"

/* A mail up to this size is read once, into memory; of a larger one this much is looked at. */
#define WHOLE_BYTES      (256 * 1024)
#define READ_BYTES       (32 * 1024)
#define TEXT_BYTES       4096
#define AUTH_RESULTS_MAX 32
#define HEAD_BYTES       4096
#define RAW_BYTES        4096

enum decoding {
	AS_IS,
	BASE64,
	QUOTED_PRINTABLE,
	UUENCODE,
};

/* The bytes of a part: pulled from GMime's stream, decoded once as labelled, and once more when
 * what comes out is base64 of something we know. */
struct body {
	struct reader reader;
	GMimeStream *stream;
	enum decoding decoding;
	struct base64 first, again;
	bool twice;
	bool stream_over;
	size_t head_len, head_at;
	char head[HEAD_BYTES];
};

/* One object of which children are still to come. */
struct level {
	GMimeObject *object; /* borrowed from its message */
	int next;
};

struct mime {
	int fd;
	struct buf whole; /* the mail, if small; mended, if it needed that */
	struct buf scratch;
	GMimeMessage *messages[MIME_DEPTH_MAX]; /* [0] the mail, others found in base64 */
	unsigned messages_len;
	struct level levels[MIME_DEPTH_MAX];
	unsigned levels_len;
	unsigned parts;
	struct body body;
	struct arena part_texts, header_texts;
	struct mime_headers headers;
	struct slice auth_results[AUTH_RESULTS_MAX];
};

void mime_init(void)
{
	g_mime_init();
}

/* ---- text ------------------------------------------------------------------------------------ */

/* A copy that is valid UTF-8 on one line; absent stays absent. */
static struct slice keep(struct arena *texts, const char *text, bool lower)
{
	struct slice s = slice_trim(slice_of(text));
	bool changed;
	char *room;
	size_t len;

	if (slice_absent(s))
		return s;
	room = arena_room(texts, TEXT_BYTES);
	if (room == NULL)
		return SLICE_ABSENT;
	len = utf8_repair(s, room, TEXT_BYTES, &changed);
	for (size_t i = 0; i < len; i++) {
		if (room[i] == '\n' || room[i] == '\t')
			room[i] = ' ';
		if (lower && room[i] >= 'A' && room[i] <= 'Z')
			room[i] = (char)(room[i] + ('a' - 'A'));
	}
	arena_take(texts, len);
	return slice_trim(slice_from(room, len));
}

static struct slice keep_text(struct arena *texts, const char *text)
{
	return keep(texts, text, false);
}

static struct slice keep_lower(struct arena *texts, const char *text)
{
	return keep(texts, text, true);
}

static struct slice content_type_of(struct arena *texts, GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	struct slice ret;
	char *text;

	if (type == NULL || g_mime_object_get_header(object, "Content-Type") == NULL)
		return SLICE_LIT("");
	text = g_mime_content_type_get_mime_type(type);
	ret = keep_lower(texts, text);
	g_free(text);
	return ret;
}

/* ---- a message ------------------------------------------------------------------------------- */

static GMimeMessage *parse(GMimeStream *stream)
{
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message;

	/* Parts stay where they are and are read when asked for. */
	g_mime_parser_set_persist_stream(parser, TRUE);
	message = g_mime_parser_construct_message(parser, NULL);
	g_object_unref(parser);
	return message;
}

/* Of bytes that outlive it. */
static GMimeMessage *parse_bytes(struct slice bytes)
{
	GByteArray *array = g_byte_array_new();
	GMimeStream *stream = g_mime_stream_mem_new();
	GMimeMessage *message;

	g_byte_array_set_size(array, (guint)bytes.len);
	g_byte_array_set_size(array, (guint)mime_skim(bytes, (char *)array->data));
	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), array);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), TRUE);
	message = parse(stream);
	g_object_unref(stream);
	return message;
}

static GMimeMessage *parse_fd(int fd)
{
	GMimeStream *stream = g_mime_stream_fs_new(fd);
	GMimeMessage *message;

	g_mime_stream_fs_set_owner(GMIME_STREAM_FS(stream), FALSE);
	message = parse(stream);
	g_object_unref(stream);
	return message;
}

static int add_message(struct mime *m, GMimeMessage *gmime, struct err *err)
{
	if (gmime == NULL)
		return err_set(err, ERR_MESSAGE, "no message: neither header nor body");
	assert(m->messages_len < MIME_DEPTH_MAX);
	m->messages[m->messages_len++] = gmime;
	return 0;
}

static int add_bytes(struct mime *m, struct slice bytes, struct err *err)
{
	struct buf mended;
	int rc;

	buf_init(&mended, MESSAGE_BYTES_MAX + MESSAGE_BYTES_MAX / 8);
	if (mime_mend(bytes, &mended)) {
		if (buf_failed(&mended)) {
			buf_release(&mended);
			return err_set(err, ERR_SHORTAGE, "no memory for a message");
		}
		bytes = buf_slice(&mended);
	}
	rc = add_message(m, parse_bytes(bytes), err);
	buf_release(&mended);
	return rc;
}

/* The file's bytes from its beginning: `most` of them at most. Of `size` bytes one more is asked for: less
 * than that is all there is, and costs no second call to learn so. */
static int read_file(struct mime *m, size_t most, size_t size, struct err *err)
{
	size_t step;

	buf_clear(&m->whole);
	for (;;) {
		char *room;
		ssize_t n;

		step = most - m->whole.len;
		if (size >= m->whole.len && step > size - m->whole.len + 1)
			step = size - m->whole.len + 1;
		if (step > READ_BYTES)
			step = READ_BYTES;
		if (step == 0)
			return 0;
		room = buf_room(&m->whole, step);
		if (room == NULL)
			return err_set(err, ERR_SHORTAGE, "no memory for a message");
		n = pread(m->fd, room, step, (off_t)m->whole.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_SHORTAGE, errno, "read");
		if (n == 0)
			return 0;
		m->whole.len += (size_t)n;
		if ((size_t)n < step && m->whole.len >= size)
			return 0;
	}
}

/* Refuse what would take GMime hundreds of megabytes, before it begins. */
static int check_lines(struct mime *m, off_t size, struct err *err)
{
	struct mime_lines lines = { 0, 0, false };
	char chunk[8192];
	off_t at = (off_t)m->whole.len;

	mime_lines_count(&lines, buf_slice(&m->whole));
	while (at < size) {
		ssize_t n = pread(m->fd, chunk, sizeof chunk, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_SHORTAGE, errno, "read");
		if (n == 0)
			break;
		mime_lines_count(&lines, slice_from(chunk, (size_t)n));
		at += n;
	}
	if (lines.headers > HEADER_LINES_MAX)
		return err_set(err, ERR_MESSAGE, "more than %d header lines", HEADER_LINES_MAX);
	if (lines.dashes > DASH_LINES_MAX)
		return err_set(err, ERR_MESSAGE, "more than %d boundary lines", DASH_LINES_MAX);
	return 0;
}

static int open_file(struct mime *m, struct err *err)
{
	struct stat st;

	if (fstat(m->fd, &st) < 0)
		return err_errno(err, ERR_SHORTAGE, errno, "stat");
	if (st.st_size > MESSAGE_BYTES_MAX)
		return err_set(
			err, ERR_MESSAGE, "the message is larger than %d bytes", MESSAGE_BYTES_MAX);
	if (read_file(m, WHOLE_BYTES, (size_t)st.st_size, err) < 0 ||
		check_lines(m, st.st_size, err) < 0)
		return -1;
	if (m->whole.len < WHOLE_BYTES)
		return add_bytes(m, buf_slice(&m->whole), err);
	if (!mime_mend(buf_slice(&m->whole), &m->scratch)) {
		buf_release(&m->whole);
		if (lseek(m->fd, 0, SEEK_SET) < 0)
			return err_errno(err, ERR_SHORTAGE, errno, "seek");
		return add_message(m, parse_fd(m->fd), err);
	}
	if (read_file(m, MESSAGE_BYTES_MAX, (size_t)st.st_size, err) < 0)
		return -1;
	return add_bytes(m, buf_slice(&m->whole), err);
}

/* ---- headers --------------------------------------------------------------------------------- */

static InternetAddressMailbox *first_mailbox(InternetAddressList *list)
{
	for (int depth = 0; list != NULL && depth < 4; depth++) {
		InternetAddress *address = internet_address_list_get_address(list, 0);

		if (address == NULL)
			return NULL;
		if (INTERNET_ADDRESS_IS_MAILBOX(address))
			return INTERNET_ADDRESS_MAILBOX(address);
		list = internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address));
	}
	return NULL;
}

static void read_auth_results(struct mime *m, GMimeHeaderList *list)
{
	struct mime_headers *h = &m->headers;
	int n = g_mime_header_list_get_count(list);

	for (int i = 0; i < n && h->auth_results_len < AUTH_RESULTS_MAX; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(list, i);

		if (!slice_equal_fold(slice_of(g_mime_header_get_name(header)),
			    SLICE_LIT("Authentication-Results")))
			continue;
		m->auth_results[h->auth_results_len] =
			keep_text(&m->header_texts, g_mime_header_get_value(header));
		if (!slice_absent(m->auth_results[h->auth_results_len]))
			h->auth_results_len++;
	}
	h->auth_results = m->auth_results;
}

static void read_headers(struct mime *m)
{
	GMimeMessage *message = m->messages[0];
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(message));
	GMimeObject *top = g_mime_message_get_mime_part(message);
	InternetAddressMailbox *from = first_mailbox(g_mime_message_get_from(message));
	struct mime_headers *h = &m->headers;
	struct arena *texts = &m->header_texts;
	GDateTime *date = g_mime_message_get_date(message);

	*h = (struct mime_headers){ .date = 0 };
	if (from != NULL)
		h->from = keep_text(texts, internet_address_mailbox_get_addr(from));
	h->subject = keep_text(texts, g_mime_message_get_subject(message));
	h->message_id = keep_text(texts, g_mime_message_get_message_id(message));
	h->date = date != NULL ? g_date_time_to_unix(date) : 0;
	if (top != NULL) {
		h->content_type = content_type_of(texts, top);
		h->report_type = keep_lower(
			texts, g_mime_object_get_content_type_parameter(top, "report-type"));
	}
	read_auth_results(m, list);
	h->empty = g_mime_header_list_get_count(list) == 0 &&
		   (top == NULL ||
			   g_mime_header_list_get_count(g_mime_object_get_header_list(top)) == 0);
}

/* ---- the bytes of a part --------------------------------------------------------------------- */

/* What the label means, whatever stands around the word. */
static enum decoding decoding_of(GMimeObject *part)
{
	static const struct {
		struct slice word;
		enum decoding decoding;
	} rows[] = { { { "base64", 6 }, BASE64 }, { { "quoted-printable", 16 }, QUOTED_PRINTABLE },
		{ { "x-uuencode", 10 }, UUENCODE }, { { "uuencode", 8 }, UUENCODE },
		{ { "x-uue", 5 }, UUENCODE } };
	struct slice label = slice_of(g_mime_object_get_header(part, "Content-Transfer-Encoding"));

	while (label.len > 0 && memchr(" \t\r\n\"'", *label.ptr, 6) != NULL)
		label = slice_from(label.ptr + 1, label.len - 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (slice_starts_fold(label, rows[i].word))
			return rows[i].decoding;
	}
	return AS_IS;
}

static void body_filter(struct body *b, GMimeContentEncoding encoding)
{
	GMimeStream *filtered = g_mime_stream_filter_new(b->stream);
	GMimeFilter *filter = g_mime_filter_basic_new(encoding, FALSE);

	(void)g_mime_stream_filter_add(GMIME_STREAM_FILTER(filtered), filter);
	g_object_unref(filter);
	g_object_unref(b->stream);
	b->stream = filtered;
}

/* A stream over a file answers -1 where its bound is, one over memory 0: to us both are the end. */
static ssize_t stream_read(GMimeStream *stream, char *dst, size_t cap, struct err *err)
{
	ssize_t got = g_mime_stream_read(stream, dst, cap);

	if (got < 0 && g_mime_stream_eos(stream))
		return 0;
	return got < 0 ? err_set(err, ERR_SHORTAGE, "read: the mail cannot be read") : got;
}

/* Bytes of the part with its label's encoding taken off. */
static ssize_t pull_first(struct body *b, char *dst, size_t cap, struct err *err)
{
	char raw[RAW_BYTES];
	size_t want = cap - 2 < sizeof raw ? cap - 2 : sizeof raw, n = 0;
	ssize_t got;

	if (b->decoding != BASE64)
		return stream_read(b->stream, dst, cap, err);
	while (n == 0 && !b->stream_over) {
		got = stream_read(b->stream, raw, want, err);
		if (got < 0)
			return -1;
		b->stream_over = got == 0;
		n = got > 0 ? base64_decode(&b->first, slice_from(raw, (size_t)got), dst)
			    : base64_finish(&b->first, dst);
	}
	return (ssize_t)n;
}

static ssize_t pull_head(struct body *b, char *dst, size_t cap, struct err *err)
{
	size_t n = b->head_len - b->head_at;

	if (n == 0)
		return pull_first(b, dst, cap, err);
	if (n > cap)
		n = cap;
	memcpy(dst, b->head + b->head_at, n);
	b->head_at += n;
	return (ssize_t)n;
}

static ssize_t body_read(struct reader *reader, void *dst, size_t cap, struct err *err)
{
	struct body *b = (struct body *)reader;
	char raw[RAW_BYTES];
	size_t want = cap - 2 < sizeof raw ? cap - 2 : sizeof raw, n = 0;
	ssize_t got = 1;

	assert(cap >= 4);
	if (!b->twice)
		return pull_head(b, dst, cap, err);
	while (n == 0 && got > 0) {
		got = pull_head(b, raw, want, err);
		if (got < 0)
			return -1;
		n = got > 0 ? base64_decode(&b->again, slice_from(raw, (size_t)got), dst)
			    : base64_finish(&b->again, dst);
	}
	return (ssize_t)n;
}

/* "begin 644 name" on a line of its own, as mail before MIME carried files. */
static bool has_uuencoded(struct slice head)
{
	struct slice rest = head;

	while (!slice_absent(rest)) {
		struct slice line = slice_cut(rest, '\n', &rest);
		uint64_t mode;

		if (line.len > 10 && slice_starts(line, SLICE_LIT("begin ")) &&
			slice_u64(slice_from(line.ptr + 6, 3), 999, &mode) && line.ptr[9] == ' ' &&
			slice_starts(rest, SLICE_LIT("M")))
			return true;
	}
	return false;
}

static void body_close(struct body *b)
{
	if (b->stream != NULL)
		g_object_unref(b->stream);
	*b = (struct body){ .stream = NULL };
}

static int body_head(struct body *b, struct err *err)
{
	ssize_t n = 1;

	b->head_len = b->head_at = 0;
	while (n > 0 && b->head_len + 4 < HEAD_BYTES) {
		n = pull_first(b, b->head + b->head_len, HEAD_BYTES - b->head_len, err);
		if (n < 0)
			return -1;
		b->head_len += (size_t)n;
	}
	return 0;
}

static int body_open(struct body *b, GMimePart *part, struct err *err)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	enum decoding decoding = decoding_of(GMIME_OBJECT(part));

	body_close(b);
	b->reader.read = body_read;
	if (content == NULL) {
		b->stream = g_mime_stream_mem_new();
		return 0;
	}
	b->stream = g_mime_data_wrapper_get_stream(content);
	g_object_ref(b->stream);
	(void)g_mime_stream_reset(b->stream);
	b->decoding = decoding;
	if (decoding == QUOTED_PRINTABLE)
		body_filter(b, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	else if (decoding == UUENCODE)
		body_filter(b, GMIME_CONTENT_ENCODING_UUENCODE);
	if (body_head(b, err) < 0)
		return -1;
	if (decoding == AS_IS && has_uuencoded(slice_from(b->head, b->head_len))) {
		(void)g_mime_stream_reset(b->stream);
		body_filter(b, GMIME_CONTENT_ENCODING_UUENCODE);
		return body_head(b, err);
	}
	b->twice = base64_sniff(slice_from(b->head, b->head_len));
	return 0;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static int enter(struct mime *m, GMimeObject *object, struct err *err)
{
	if (m->levels_len == MIME_DEPTH_MAX)
		return err_set(
			err, ERR_MESSAGE, "more than %d parts inside each other", MIME_DEPTH_MAX);
	m->levels[m->levels_len++] = (struct level){ object, 0 };
	return 0;
}

/* The next child of the innermost level, or NULL when it has no more. */
static GMimeObject *next_child(struct level *level)
{
	GMimeMessage *message = NULL;

	if (GMIME_IS_MULTIPART(level->object)) {
		GMimeMultipart *multipart = GMIME_MULTIPART(level->object);

		if (level->next >= g_mime_multipart_get_count(multipart))
			return NULL;
		return g_mime_multipart_get_part(multipart, level->next++);
	}
	if (level->next++ > 0)
		return NULL;
	if (GMIME_IS_MESSAGE(level->object))
		message = GMIME_MESSAGE(level->object);
	else if (GMIME_IS_MESSAGE_PART(level->object))
		message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(level->object));
	return message != NULL ? g_mime_message_get_mime_part(message) : NULL;
}

/* A whole message inside an encoded part: made a level of its own. */
static int enter_encoded(struct mime *m, struct body *b, struct err *err)
{
	struct err why = ERR_INIT;
	int rc;

	if (m->messages_len == MIME_DEPTH_MAX)
		return err_set(
			err, ERR_MESSAGE, "more than %d parts inside each other", MIME_DEPTH_MAX);
	buf_clear(&m->scratch);
	for (;;) {
		char *room = buf_room(&m->scratch, 16384);
		ssize_t n;

		if (room == NULL)
			return err_set(err, ERR_SHORTAGE, "no memory for a message");
		n = body_read(&b->reader, room, 16384, err);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		m->scratch.len += (size_t)n;
	}
	rc = add_bytes(m, buf_slice(&m->scratch), &why);
	if (rc < 0 && why.code != ERR_MESSAGE) {
		*err = why;
		return -1;
	}
	return rc < 0 ? 0 : enter(m, GMIME_OBJECT(m->messages[m->messages_len - 1]), err);
}

/* GMime leaves an encoded message/rfc822 a leaf, though only its label says what it is. */
static bool is_encoded_message(struct slice type, const struct body *b)
{
	return slice_equal(type, SLICE_LIT("message/rfc822")) && b->head_len > 0;
}

/* 1: *ret is a leaf; 0: it was not one, go on; -1. */
static int leaf(struct mime *m, GMimeObject *object, struct mime_part *ret, struct err *err)
{
	struct slice type, name;

	if (GMIME_IS_MULTIPART(object) || GMIME_IS_MESSAGE_PART(object))
		return enter(m, object, err);
	if (!GMIME_IS_PART(object))
		return 0;
	arena_clear(&m->part_texts);
	type = content_type_of(&m->part_texts, object);
	name = keep_text(&m->part_texts, g_mime_part_get_filename(GMIME_PART(object)));
	if (body_open(&m->body, GMIME_PART(object), err) < 0)
		return -1;
	if (is_encoded_message(type, &m->body))
		return enter_encoded(m, &m->body, err);
	if (m->parts == MIME_PARTS_MAX)
		return err_set(err, ERR_MESSAGE, "more than %d parts", MIME_PARTS_MAX);
	*ret = (struct mime_part){ ++m->parts, type, name, &m->body.reader };
	return 1;
}

int mime_next(struct mime *m, struct mime_part *ret, struct err *err)
{
	int rc = 0;

	while (rc == 0 && m->levels_len > 0) {
		GMimeObject *child = next_child(&m->levels[m->levels_len - 1]);

		if (child == NULL)
			m->levels_len--;
		else
			rc = leaf(m, child, ret, err);
	}
	return rc;
}

int mime_rewind(struct mime *m, struct err *err)
{
	while (m->messages_len > 1)
		g_object_unref(m->messages[--m->messages_len]);
	m->levels_len = 0;
	m->parts = 0;
	return enter(m, GMIME_OBJECT(m->messages[0]), err);
}

int mime_open(struct mime **ret, int fd, struct err *err)
{
	struct mime *m = calloc(1, sizeof *m);

	if (m == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for a message");
	m->fd = fd;
	buf_init(&m->whole, MESSAGE_BYTES_MAX + 1);
	buf_init(&m->scratch, MESSAGE_BYTES_MAX + MESSAGE_BYTES_MAX / 8);
	if (open_file(m, err) < 0 || mime_rewind(m, err) < 0) {
		mime_close(m);
		return -1;
	}
	read_headers(m);
	*ret = m;
	return 0;
}

void mime_headers(struct mime *m, struct mime_headers *ret)
{
	*ret = m->headers;
}

void mime_close(struct mime *m)
{
	if (m == NULL)
		return;
	body_close(&m->body);
	while (m->messages_len > 0)
		g_object_unref(m->messages[--m->messages_len]);
	arena_release(&m->part_texts);
	arena_release(&m->header_texts);
	buf_release(&m->whole);
	buf_release(&m->scratch);
	free(m);
}

const char *mime_version(void)
{
	static char text[32];

	(void)snprintf(text, sizeof text, "%u.%u.%u", gmime_major_version, gmime_minor_version,
		gmime_micro_version);
	return text;
}
