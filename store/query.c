#include "store/query_beside.h"

#include <assert.h>
#include <stdlib.h>

/* A JSON list of every domain number there is stays below this. */
#define DOMAINS_BYTES_MAX (16 * 1024 * 1024)
/* AUTH_MAX results with all their names, as one line. */
#define LINE_BYTES_MAX (256 * 1024)
#define SQL_BYTES_MAX  (64 * 1024)
/* The catalogue as JSON. */
#define SERVICES_BYTES_MAX (4 * 1024 * 1024)
/* Notes and their sentences as JSON. */
#define WORDS_BYTES_MAX (64 * 1024)

/* ---- time ------------------------------------------------------------------------------------ */

static int failed(const struct query *q, struct err *err)
{
	if (q->deadline.passed)
		return err_set(err, ERR_SLOW,
			"%s: no answer within %d ms: ask for fewer days or domains",
			query_name(q->kind), QUERY_MS_MAX);
	/* Only 9 million rows of COUNT_MAX each come to that: forged, and never shown as a number. */
	if (err->code == ERR_BUG && strstr(err->text, "integer overflow") != NULL)
		return err_set(err, ERR_STORE, "%s: the sum of messages exceeds 63 bits",
			query_name(q->kind));
	return -1;
}

/* ---- the public face ------------------------------------------------------------------------- */

static int begin(struct query *q, struct err *err)
{
	if (sqlite3_get_autocommit(q->store->db) == 0)
		return 0;
	if (sql_exec(q->store, "BEGIN", err) < 0)
		return -1;
	q->began = true;
	return 0;
}

static void init(struct query *q, struct store *st, enum query_kind kind,
	const struct query_filter *f, enum query_way way)
{
	const struct column *columns;
	size_t len;

	q->store = st;
	q->kind = kind;
	q->filter = *f;
	q->way = way;
	buf_init(&q->domains, DOMAINS_BYTES_MAX);
	buf_init(&q->services, SERVICES_BYTES_MAX);
	buf_init(&q->words, WORDS_BYTES_MAX);
	buf_init(&q->auth, LINE_BYTES_MAX);
	buf_init(&q->reasons, LINE_BYTES_MAX);
	/* What an answer is grouped by stands in front; a timeseries has its day before that. */
	columns = query_columns(kind, &len);
	if (kind == QUERY_TIMESERIES) {
		q->columns[q->columns_len++] = *columns++;
		len--;
	}
	for (unsigned i = 0; i < f->by_len; i++) {
		const struct query_dimension_row *by = &query_dimensions[f->by[i]];

		for (size_t k = 0; k < by->columns_len; k++)
			q->columns[q->columns_len++] = by->columns[k];
	}
	assert(q->columns_len + len <= QUERY_COLUMNS_MAX);
	memcpy(q->columns + q->columns_len, columns, len * sizeof *columns);
	q->columns_len += len;
	for (size_t i = 0; i < q->columns_len; i++)
		q->cells[i] = query_cell(q->columns[i].name);
}

static int prepare(struct query *q, struct err *err)
{
	struct buf sql;
	int rc;

	if (q->kind == QUERY_SERVICES && query_services(&q->services, err) < 0)
		return -1;
	if ((q->kind == QUERY_CHANGES || q->kind == QUERY_LINT) &&
		query_words(&q->words, q->kind, err) < 0)
		return -1;
	buf_init(&sql, SQL_BYTES_MAX);
	query_text(q, &sql);
	if (buf_failed(&sql))
		rc = err_set(err, ERR_SHORTAGE, "no memory");
	else
		rc = sql_prepare(q->store, buf_text(&sql), &q->stmt, err);
	buf_release(&sql);
	if (rc < 0)
		return -1;
	assert((size_t)sqlite3_column_count(q->stmt) == q->columns_len);
	for (size_t i = 0; i < q->columns_len; i++)
		assert(strcmp(sqlite3_column_name(q->stmt, (int)i), q->columns[i].name) == 0);
	query_bind_all(q, q->stmt);
	return 0;
}

static int answer(struct query *q, struct err *err)
{
	if (begin(q, err) < 0 || query_resolve_names(q, err) < 0 ||
		query_resolve_meta(q, err) < 0 || query_check_subject(q, err) < 0)
		return -1;
	query_choose_way(q);
	if (query_check_fields(q, err) < 0 || query_choose_order(q, err) < 0 ||
		query_cursor_read(q, err) < 0 || query_beside_functions(q->store, err) < 0 ||
		query_beside_open(q, err) < 0)
		return -1;
	/* What was asked beside had a clock of its own, which ended this one. */
	if (q->beside != NULL)
		deadline_start(&q->deadline, q->store);
	return prepare(q, err);
}

int query_open_by(struct query **ret, struct store *st, enum query_kind kind,
	const struct query_filter *f, enum query_way way, struct err *err)
{
	struct query *q = calloc(1, sizeof *q);
	struct err ours = ERR_INIT;
	int rc;

	assert(kind < QUERY_KIND_COUNT);
	if (q == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	init(q, st, kind, f, way);
	deadline_start(&q->deadline, st);
	rc = answer(q, &ours);
	deadline_stop(&q->deadline);
	if (rc < 0) {
		(void)failed(q, &ours);
		query_close(q);
		return err_set(err, ours.code, "%s", ours.text);
	}
	*ret = q;
	return 0;
}

int query_open(struct query **ret, struct store *st, enum query_kind kind,
	const struct query_filter *f, struct err *err)
{
	return query_open_by(ret, st, kind, f, QUERY_WAY_ANY, err);
}

const struct column *query_row_columns(const struct query *q, size_t *ret_len)
{
	*ret_len = q->columns_len;
	return q->columns;
}

/* A row more than the page holds: there is a next one. */
static bool is_beyond(const struct query *q)
{
	return q->filter.limit > 0 && q->rows == q->filter.limit;
}

int query_next(struct query *q, const struct value **row, struct err *err)
{
	struct err ours = ERR_INIT;
	int more;

	/* The clock runs only while SQLite works for us, not while a client takes its time to read. */
	deadline_start(&q->deadline, q->store);
	more = sql_step(q->store, q->stmt, query_name(q->kind), &ours);
	if (more > 0 && is_beyond(q)) {
		q->has_next = q->keys_len > 0;
		more = 0;
	} else if (more > 0) {
		q->rows++;
		if (query_read_row(q, &ours) < 0 ||
			(is_beyond(q) && query_cursor_write(q, &ours) < 0))
			more = -1;
	}
	deadline_stop(&q->deadline);
	if (more < 0) {
		(void)failed(q, &ours);
		return err_set(err, ours.code, "%s", ours.text);
	}
	if (more == 0)
		(void)sqlite3_reset(q->stmt);
	else
		*row = q->row;
	return more;
}

const char *query_next_cursor(const struct query *q)
{
	return q->has_next ? q->next : NULL;
}

const struct query_meta *query_meta(const struct query *q)
{
	return &q->meta;
}

void query_close(struct query *q)
{
	if (q == NULL)
		return;
	(void)sqlite3_finalize(q->stmt);
	if (q->began)
		(void)sqlite3_exec(q->store->db, "COMMIT", NULL, NULL, NULL);
	query_beside_close(q->beside);
	buf_release(&q->domains);
	buf_release(&q->services);
	buf_release(&q->words);
	buf_release(&q->auth);
	buf_release(&q->reasons);
	free(q);
}
