#include "web/stream.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Rows are written until this much waits to be sent. */
#define STREAM_FILL_BYTES (16 * 1024)
/* One row with every text at its longest stays far below. */
#define STREAM_BUF_MAX (1024 * 1024)

struct stream {
	struct store *store;
	/* rows */
	struct stream_rows ask;
	struct query_filter asked;  /* what ask.filter points at */
	struct query_filter filter; /* of the part the cursor is on */
	unsigned part;              /* of ask.kinds, the one the cursor is on */
	struct query *query;
	struct emit *emit;
	struct buf buf;
	size_t sent;                 /* bytes of buf handed out already */
	int64_t rows;                /* of this part, written so far */
	char next[QUERY_CURSOR_MAX]; /* "" none */
	bool has_meta, done;
	struct query_meta meta;
	/* or bytes */
	struct original *original;
};

static bool is_last(const struct stream *s)
{
	return s->part + 1 == s->ask.kinds_len;
}

static void keep_next(struct stream *s, const struct query *q)
{
	const char *next = query_next_cursor(q);

	(void)snprintf(s->next, sizeof s->next, "%s", next != NULL ? next : "");
}

static const char *next_of(const struct stream *s)
{
	return s->next[0] != '\0' ? s->next : NULL;
}

/* Begin the question s->part is on. */
static int part_open(struct stream *s, struct err *err)
{
	enum query_kind kind = s->ask.kinds[s->part];

	s->rows = 0;
	s->filter = s->asked;
	if (!is_last(s)) {
		s->filter.limit = 0;
		s->filter.cursor[0] = '\0';
	}
	if (query_open(&s->query, s->store, kind, &s->filter, err) < 0)
		return -1;
	if (!s->has_meta) {
		s->meta = *query_meta(s->query);
		s->has_meta = true;
	}
	emit_query(s->emit, kind, s->query, s->ask.single != NULL && s->part == 0);
	return 0;
}

/* The question of s->part has no more rows: the next one, or the foot. */
static int part_end(struct stream *s, struct err *err)
{
	if (is_last(s))
		keep_next(s, s->query);
	query_close(s->query);
	s->query = NULL;
	if (s->ask.single != NULL && s->part == 0 && s->rows == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no such %s", s->ask.single);
	if (!is_last(s)) {
		s->part++;
		return part_open(s, err);
	}
	emit_end(s->emit, &s->meta, next_of(s));
	s->done = true;
	return 0;
}

static int fill(struct stream *s, struct err *err)
{
	const struct value *row;
	int more;

	while (!s->done && s->buf.len < STREAM_FILL_BYTES) {
		more = query_next(s->query, &row, err);
		if (more < 0)
			return -1;
		if (more > 0) {
			emit_row(s->emit, row);
			s->rows++;
		} else if (part_end(s, err) < 0) {
			return -1;
		}
		if (buf_failed(&s->buf))
			return err_set(err, ERR_SHORTAGE, "no memory for a row of the answer");
	}
	return 0;
}

int stream_rows(
	struct stream **ret, struct store *st, const struct stream_rows *ask, struct err *err)
{
	struct stream *s;

	assert(ask->kinds_len > 0 && ask->kinds_len <= STREAM_PARTS_MAX);

	s = calloc(1, sizeof *s);
	if (s == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	s->store = st;
	s->ask = *ask;
	s->asked = *ask->filter;
	s->ask.filter = &s->asked;
	buf_init(&s->buf, STREAM_BUF_MAX);
	if (emit_open(&s->emit, ask->format, &s->buf, ask->lang, err) < 0 ||
		part_open(s, err) < 0 || fill(s, err) < 0) {
		stream_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

int stream_original(struct stream **ret, struct store *st, int64_t report, struct err *err)
{
	struct stream *s = calloc(1, sizeof *s);

	if (s == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	s->store = st;
	buf_init(&s->buf, 0);
	if (original_open(&s->original, st, report, err) < 0) {
		stream_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

ssize_t stream_read(struct stream *s, void *dst, size_t cap, struct err *err)
{
	struct reader *r;
	size_t n;

	if (s->original != NULL) {
		if (s->done)
			return 0;
		r = original_reader(s->original);
		ssize_t got = r->read(r, dst, cap, err);
		s->done = got <= 0;
		return got;
	}
	if (s->sent == s->buf.len) {
		if (s->done)
			return 0;
		buf_clear(&s->buf);
		s->sent = 0;
		if (fill(s, err) < 0)
			return -1;
	}
	n = s->buf.len - s->sent < cap ? s->buf.len - s->sent : cap;
	if (n > 0)
		memcpy(dst, s->buf.ptr + s->sent, n);
	s->sent += n;
	return (ssize_t)n;
}

/* The place of a page's last row is known once it was read: the same rows, not written. */
int stream_find_next(struct stream *s, const char **ret, struct err *err)
{
	struct query *q = NULL;
	const struct value *row;
	int more = 0;

	if (!s->done && s->original == NULL && s->asked.limit > 0) {
		s->filter = s->asked;
		if (query_open(&q, s->store, s->ask.kinds[s->ask.kinds_len - 1], &s->filter, err) <
			0)
			return -1;
		while ((more = query_next(q, &row, err)) > 0) {
		}
		keep_next(s, q);
		query_close(q);
	}
	*ret = next_of(s);
	return more;
}

void stream_close(struct stream *s)
{
	if (s == NULL)
		return;
	emit_close(s->emit);
	query_close(s->query);
	original_close(s->original);
	buf_release(&s->buf);
	free(s);
}
