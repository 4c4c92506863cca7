#include "store/query_tables.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/base/buf.h"
#include "store/base/day.h"
#include "store/sql.h"

/* A JSON list of every domain number there is stays below this. */
#define DOMAINS_BYTES_MAX (16 * 1024 * 1024)
/* AUTH_MAX results with all their names, as one line. */
#define LINE_BYTES_MAX (256 * 1024)
#define SQL_BYTES_MAX  (32 * 1024)
/* Virtual machine steps between two looks at the clock: some microseconds. */
#define CLOCK_STEPS 10000
/* Days that data_through looks back. */
#define THROUGH_DAYS 30
#define NOBODY       (-1) /* a row number nothing has */

struct query {
	struct store *store;
	enum query_kind kind;
	struct query_filter filter;
	struct query_meta meta;
	sqlite3_stmt *stmt;
	bool began; /* the snapshot is ours to end */
	int64_t deadline_ms;
	bool late; /* the deadline passed */
	/* resolved names */
	struct buf domains; /* JSON list */
	int64_t reporter, from_key;
	/* rows */
	size_t columns_len;
	const struct column *columns;
	const struct cell *cells[QUERY_COLUMNS_MAX];
	struct value row[QUERY_COLUMNS_MAX];
	char ip[IP_TEXT_MAX];
	struct buf auth, reasons;
	int64_t detail; /* whose lines auth and reasons hold, 0 nobody's */
	int64_t rows, next_offset;
};

/* ---- time ------------------------------------------------------------------------------------ */

static int too_late(void *arg)
{
	struct query *q = arg;

	q->late = day_monotonic_ms() > q->deadline_ms;
	return q->late;
}

/* The clock runs only while SQLite works for us, not while a client takes its time to read. */
static void clock_start(struct query *q)
{
	q->deadline_ms = day_monotonic_ms() + QUERY_MS_MAX;
	q->late = false;
	sqlite3_progress_handler(q->store->db, CLOCK_STEPS, too_late, q);
}

static void clock_stop(struct query *q)
{
	sqlite3_progress_handler(q->store->db, 0, NULL, NULL);
}

static int failed(const struct query *q, struct err *err)
{
	if (q->late)
		return err_set(err, ERR_SLOW,
			"%s: no answer within %d ms: ask for fewer days or domains",
			query_name(q->kind), QUERY_MS_MAX);
	/* Only 9 million rows of COUNT_MAX each come to that: forged, and never shown as a number. */
	if (err->code == ERR_BUG && strstr(err->text, "integer overflow") != NULL)
		return err_set(err, ERR_STORE, "%s: the sum of messages exceeds 63 bits",
			query_name(q->kind));
	return -1;
}

/* ---- parameters ------------------------------------------------------------------------------ */

static void bind_int(sqlite3_stmt *stmt, const char *name, int64_t value)
{
	int at = sqlite3_bind_parameter_index(stmt, name);

	if (at > 0)
		(void)sqlite3_bind_int64(stmt, at, value);
}

/* Unset filters are NULL, which is what every parameter is before it is bound. */
static void bind_int_if(sqlite3_stmt *stmt, const char *name, bool set, int64_t value)
{
	if (set)
		bind_int(stmt, name, value);
}

static void bind_source(const struct query *q, sqlite3_stmt *stmt)
{
	const struct ip_net *net = &q->filter.source;
	int first = sqlite3_bind_parameter_index(stmt, ":source_first");
	int last = sqlite3_bind_parameter_index(stmt, ":source_last");

	if (net->first.len == 0 || first == 0)
		return;
	sql_bind_blob(stmt, first, ip_slice(&net->first));
	sql_bind_blob(stmt, last, ip_slice(&net->last));
}

static bool has_row_filter(const struct query_filter *f)
{
	return f->header_from[0] != '\0' || f->source.first.len > 0 || f->verdict >= 0 ||
	       f->disposition >= 0;
}

static void bind_domains(const struct query *q, sqlite3_stmt *stmt)
{
	int at = sqlite3_bind_parameter_index(stmt, ":domains");

	if (at > 0)
		sql_bind_text(stmt, at, buf_slice(&q->domains));
}

static void bind_reports(const struct query *q, sqlite3_stmt *stmt, int32_t from, int32_t to)
{
	const struct query_filter *f = &q->filter;

	bind_domains(q, stmt);
	bind_int(stmt, ":from", from);
	bind_int(stmt, ":to", to);
	bind_int_if(stmt, ":reporter", f->reporter[0] != '\0', q->reporter);
	bind_int(stmt, ":verified", f->verified_only);
	bind_int(stmt, ":without_twins", f->without_twins);
}

static void bind_timeseries(const struct query *q, sqlite3_stmt *stmt)
{
	int32_t step = q->filter.bucket == QUERY_BY_WEEK ? 7 : 1;
	int32_t from = q->meta.from;

	/* Day 4 was a Monday; days are never negative here (filter.c, CHECK of report.begin). */
	bind_int(stmt, ":step", step);
	bind_int_if(stmt, ":first", q->meta.has_window, from - (from + 3) % step);
}

static void bind_all(const struct query *q, sqlite3_stmt *stmt)
{
	const struct query_filter *f = &q->filter;
	bool seen = query_filter_window_named(f) && !f->all_time;

	bind_reports(q, stmt, q->meta.from, q->meta.to);
	bind_source(q, stmt);
	bind_timeseries(q, stmt);
	bind_int_if(stmt, ":verdict", f->verdict >= 0, f->verdict);
	bind_int_if(stmt, ":disposition", f->disposition >= 0, f->disposition);
	bind_int_if(stmt, ":from_key", f->header_from[0] != '\0', q->from_key);
	bind_int(stmt, ":rows", has_row_filter(f));
	bind_int(stmt, ":partial", f->partial);
	bind_int(stmt, ":twins", f->twins);
	bind_int(stmt, ":report", f->report);
	bind_int(stmt, ":ending", f->ending);
	bind_int(stmt, ":now", q->meta.generated_at);
	bind_int_if(stmt, ":through", q->meta.has_data_through, q->meta.data_through);
	bind_int_if(stmt, ":seen_from", seen, (int64_t)f->from * DAY_SECONDS);
	bind_int_if(stmt, ":seen_to", seen, ((int64_t)f->to + 1) * DAY_SECONDS - 1);
	/* One row more than the page, to learn whether there is a next one. */
	bind_int(stmt, ":limit", f->limit > 0 ? f->limit + 1 : -1);
	bind_int(stmt, ":offset", f->offset);
}

/* ---- names to numbers ------------------------------------------------------------------------ */

/* The first column of a statement's only row; `none` if there is no row. */
static int number_of(
	struct query *q, sqlite3_stmt *stmt, int64_t none, int64_t *ret, struct err *err)
{
	int more = sql_step(q->store, stmt, "cannot look up a name", err);

	if (more < 0)
		return -1;
	*ret = more > 0 ? sqlite3_column_int64(stmt, 0) : none;
	(void)sqlite3_reset(stmt);
	return 0;
}

static int lookup(struct query *q, enum stmt id, const char *name, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(q->store, id, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, slice_of(name));
	return number_of(q, stmt, NOBODY, ret, err);
}

static int copy_domains(struct query *q, sqlite3_stmt *stmt, struct err *err)
{
	int more = sql_step(q->store, stmt, "cannot choose domains", err);

	if (more < 0)
		return -1;
	assert(more > 0); /* an aggregate always has its row */
	buf_add(&q->domains, sql_text(stmt, 0));
	(void)sqlite3_reset(stmt);
	return buf_failed(&q->domains) ? err_set(err, ERR_SHORTAGE, "too many domains") : 0;
}

static int named_domains(struct query *q, struct err *err)
{
	const struct query_filter *f = &q->filter;
	struct buf names;
	sqlite3_stmt *stmt;
	int rc = -1;

	buf_init(&names, sizeof f->domains * 2);
	for (unsigned i = 0; i < f->domains_len; i++) {
		/* A key holds no control character, and these two are all JSON asks for beyond. */
		buf_add_text(&names, i == 0 ? "[\"" : ",\"");
		for (const char *c = f->domains[i]; *c != '\0'; c++) {
			if (*c == '"' || *c == '\\')
				buf_add_char(&names, '\\');
			buf_add_char(&names, *c);
		}
		buf_add_char(&names, '"');
	}
	buf_add_char(&names, ']');
	if (buf_failed(&names)) {
		err_set(err, ERR_SHORTAGE, "no memory");
		goto out;
	}
	if (sql_get(q->store, STMT_QUERY_NAMED_DOMAINS, &stmt, err) < 0)
		goto out;
	sql_bind_text(stmt, sqlite3_bind_parameter_index(stmt, ":names"), buf_slice(&names));
	bind_int(stmt, ":subdomains", f->subdomains);
	rc = copy_domains(q, stmt, err);
	(void)sqlite3_clear_bindings(stmt); /* they point into names */
out:
	buf_release(&names);
	return rc;
}

static int scope_domains(struct query *q, struct err *err)
{
	enum query_scope scope = q->filter.scope;
	sqlite3_stmt *stmt;
	int64_t any = 0;

	if (scope == QUERY_SCOPE_DEFAULT) {
		if (sql_get(q->store, STMT_QUERY_ANY_OWN, &stmt, err) < 0 ||
			number_of(q, stmt, 0, &any, err) < 0)
			return -1;
		if (any == 0)
			scope = QUERY_SCOPE_ALL;
	}
	if (sql_get(q->store, STMT_QUERY_SCOPE_DOMAINS, &stmt, err) < 0)
		return -1;
	bind_int_if(stmt, ":claimed", scope != QUERY_SCOPE_ALL, scope == QUERY_SCOPE_DEFAULT);
	return copy_domains(q, stmt, err);
}

static int resolve_names(struct query *q, struct err *err)
{
	const struct query_filter *f = &q->filter;

	if ((f->domains_len > 0 ? named_domains(q, err) : scope_domains(q, err)) < 0)
		return -1;
	if (f->reporter[0] != '\0' &&
		lookup(q, STMT_QUERY_REPORTER, f->reporter, &q->reporter, err) < 0)
		return -1;
	if (f->header_from[0] != '\0' &&
		lookup(q, STMT_QUERY_NAME, f->header_from, &q->from_key, err) < 0)
		return -1;
	return 0;
}

/* ---- what the answer stands on --------------------------------------------------------------- */

/* The first and last day there is, in scope. */
static int span(struct query *q, bool *has, int32_t *first, int32_t *last, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(q->store, STMT_QUERY_WINDOW, &stmt, err) < 0)
		return -1;
	bind_domains(q, stmt);
	more = sql_step(q->store, stmt, "cannot find the first and last day", err);
	if (more < 0)
		return -1;
	*has = more > 0 && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
	*first = *has ? sqlite3_column_int(stmt, 0) : 0;
	*last = *has ? sqlite3_column_int(stmt, 1) : 0;
	(void)sqlite3_reset(stmt);
	return 0;
}

static int data_through(struct query *q, int32_t newest, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(q->store, STMT_QUERY_THROUGH, &stmt, err) < 0)
		return -1;
	bind_reports(q, stmt, newest - THROUGH_DAYS, newest);
	bind_int(stmt, ":newest", newest);
	more = sql_step(q->store, stmt, "cannot tell how far the data reach", err);
	if (more < 0)
		return -1;
	q->meta.has_data_through = more > 0 && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
	if (q->meta.has_data_through)
		q->meta.data_through = sqlite3_column_int(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
}

static int resolve_meta(struct query *q, struct err *err)
{
	const struct query_filter *f = &q->filter;
	int32_t first, last;
	bool has;

	q->meta.generated_at = day_now();
	if (store_data_version(q->store, &q->meta.data_version, err) < 0 ||
		span(q, &has, &first, &last, err) < 0)
		return -1;
	if (has && data_through(q, last, err) < 0)
		return -1;
	/* One report is shown whole, whatever the window. */
	if (!query_kinds[q->kind].window || f->report > 0)
		return 0;
	q->meta.has_window = has;
	q->meta.from = f->all_time ? first : f->from;
	q->meta.to = f->all_time ? last : f->to;
	if (q->meta.from > q->meta.to)
		return err_set(err, ERR_USAGE, "from lies after to");
	return 0;
}

/* ---- the statement --------------------------------------------------------------------------- */

/* The roll-up knows domain, day, source and result; report totals know no source and result. */
static enum stmt choose(const struct query_filter *f, enum query_kind kind)
{
	static const struct {
		enum stmt totals, daily, raw;
	} aggregates[QUERY_KIND_COUNT] = {
		[QUERY_DOMAINS] = { STMT_QUERY_DOMAINS_TOTALS, STMT_QUERY_DOMAINS_DAILY,
			STMT_QUERY_DOMAINS_RAW },
		[QUERY_SUMMARY] = { STMT_QUERY_SUMMARY_DAILY, STMT_QUERY_SUMMARY_DAILY,
			STMT_QUERY_SUMMARY_RAW },
		[QUERY_TIMESERIES] = { STMT_QUERY_TIMESERIES_DAILY, STMT_QUERY_TIMESERIES_DAILY,
			STMT_QUERY_TIMESERIES_RAW },
		[QUERY_SOURCES] = { STMT_QUERY_SOURCES_DAILY, STMT_QUERY_SOURCES_DAILY,
			STMT_QUERY_SOURCES_RAW },
		[QUERY_REPORTERS] = { STMT_QUERY_REPORTERS_TOTALS, STMT_QUERY_REPORTERS_RAW,
			STMT_QUERY_REPORTERS_RAW },
	};
	static const enum stmt lists[QUERY_KIND_COUNT] = {
		[QUERY_STATUS] = STMT_QUERY_STATUS,
		[QUERY_REPORTS] = STMT_QUERY_REPORTS,
		[QUERY_REPORT] = STMT_QUERY_REPORT,
		[QUERY_NOTES] = STMT_QUERY_NOTES,
		[QUERY_UNREADABLE] = STMT_QUERY_UNREADABLE,
		[QUERY_RECORDS] = STMT_QUERY_RECORDS,
		[QUERY_RECEIPTS] = STMT_QUERY_RECEIPTS,
		[QUERY_ENDINGS] = STMT_QUERY_ENDINGS,
		[QUERY_OWN] = STMT_QUERY_OWN,
	};
	bool of_report = f->reporter[0] != '\0' || f->verified_only || f->without_twins;

	if (aggregates[kind].raw != 0) {
		if (f->header_from[0] != '\0' ||
			(of_report && kind != QUERY_DOMAINS && kind != QUERY_REPORTERS))
			return aggregates[kind].raw;
		if (!has_row_filter(f))
			return aggregates[kind].totals;
		return of_report ? aggregates[kind].raw : aggregates[kind].daily;
	}
	if (kind == QUERY_REPORTS && f->conflicts)
		return STMT_QUERY_CONFLICTS;
	if (kind == QUERY_RECORDS && f->report > 0)
		return STMT_QUERY_REPORT_RECORDS;
	if (kind == QUERY_RECEIPTS && f->ending >= 0)
		return STMT_QUERY_RECEIPTS_ENDING;
	return lists[kind];
}

/* ORDER BY a column of ours, never of the caller's text. */
static void add_order(struct buf *sql, const struct query_filter *f, enum query_kind kind)
{
	const struct query_kind_row *row = &query_kinds[kind];
	const char *sort = f->sort[0] != '\0' ? f->sort : row->sort;
	bool down = sort[0] == '-';
	const struct column *column = query_find_column(kind, slice_of(sort + down));

	assert(sort[0] == '\0' || column != NULL); /* query_filter_set() saw to it */
	if (column == NULL)
		return;
	buf_printf(sql, " ORDER BY \"%s\"%s NULLS LAST", column->name, down ? " DESC" : "");
	if (row->tie[0] != '\0')
		buf_printf(sql, ", %s", row->tie);
}

static int prepare(struct query *q, struct err *err)
{
	struct buf sql;
	int rc;

	buf_init(&sql, SQL_BYTES_MAX);
	buf_add_text(&sql, stmt_text(choose(&q->filter, q->kind)));
	add_order(&sql, &q->filter, q->kind);
	buf_add_text(&sql, " LIMIT :limit OFFSET :offset");
	if (buf_failed(&sql))
		rc = err_set(err, ERR_SHORTAGE, "no memory");
	else
		rc = sql_prepare(q->store, buf_text(&sql), &q->stmt, err);
	buf_release(&sql);
	if (rc < 0)
		return -1;
	assert((size_t)sqlite3_column_count(q->stmt) == q->columns_len);
	bind_all(q, q->stmt);
	return 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* A word as sent where that differs, else the vocabulary's. */
static void add_word(struct buf *to, const struct vocabulary *v, int meaning, struct slice token)
{
	if (!slice_absent(token))
		buf_add(to, token);
	else
		buf_add_text(to, meaning >= 0 && meaning < v->count ? v->names[meaning] : "?");
}

static void add_part(struct buf *to, const char *name, struct slice value)
{
	if (value.len == 0)
		return;
	buf_printf(to, " %s=", name);
	buf_add(to, value);
}

static void add_auth(struct buf *to, sqlite3_stmt *stmt)
{
	bool spf = sqlite3_column_int(stmt, 0) == REPORT_SPF;

	buf_printf(to, "%s%s=", to->len > 0 ? "; " : "", spf ? "spf" : "dkim");
	add_word(to, &report_auth_results, sqlite3_column_int(stmt, 1), sql_text(stmt, 2));
	add_part(to, "d", sql_text(stmt, 3));
	add_part(to, "s", sql_text(stmt, 4));
	if (spf && sqlite3_column_int(stmt, 5) != REPORT_SCOPE_ABSENT) {
		buf_add_text(to, " scope=");
		add_word(to, &report_scopes, sqlite3_column_int(stmt, 5), sql_text(stmt, 6));
	}
}

static void add_reason(struct buf *to, sqlite3_stmt *stmt)
{
	struct slice comment = sql_text(stmt, 2);

	if (to->len > 0)
		buf_add_text(to, "; ");
	add_word(to, &report_reason_types, sqlite3_column_int(stmt, 0), sql_text(stmt, 1));
	if (comment.len > 0) {
		buf_add_text(to, " (");
		buf_add(to, comment);
		buf_add_char(to, ')');
	}
}

static int detail_lines(struct query *q, enum stmt id, int64_t detail, struct buf *to,
	void (*add)(struct buf *, sqlite3_stmt *), struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	buf_clear(to);
	if (sql_get(q->store, id, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, detail);
	while ((more = sql_step(q->store, stmt, "cannot read a record's details", err)) > 0)
		add(to, stmt);
	(void)sqlite3_reset(stmt);
	if (more == 0 && buf_failed(to))
		return err_set(err, ERR_SHORTAGE, "no memory for a record's details");
	return more;
}

/* The same few details repeat from row to row. */
static int load_detail(struct query *q, int64_t detail, struct err *err)
{
	if (q->detail == detail)
		return 0;
	q->detail = 0;
	if (detail_lines(q, STMT_QUERY_AUTH, detail, &q->auth, add_auth, err) < 0 ||
		detail_lines(q, STMT_QUERY_REASONS, detail, &q->reasons, add_reason, err) < 0)
		return -1;
	q->detail = detail;
	return 0;
}

static void set_name(struct value *v, const char *name)
{
	v->text = slice_of(name);
	v->null = name == NULL;
}

/* A number of a vocabulary becomes its word, 0 (absent) null; a token as sent stays. */
static void word_value(struct value *v, sqlite3_stmt *stmt, int at, const struct vocabulary *words)
{
	int meaning;

	if (sqlite3_column_type(stmt, at) != SQLITE_INTEGER) {
		v->text = sql_text(stmt, at);
		return;
	}
	meaning = sqlite3_column_int(stmt, at);
	set_name(v, meaning > 0 && meaning < words->count ? words->names[meaning] : NULL);
}

static int cell_value(
	struct query *q, struct value *v, int at, const struct cell *cell, struct err *err)
{
	int64_t number = sqlite3_column_int64(q->stmt, at);
	struct ip ip;

	switch (cell->how) {
	case CELL_WORD:
		word_value(v, q->stmt, at, cell->vocabulary);
		return 0;
	case CELL_NAME:
		set_name(v, number >= 0 && number < cell->names_len ? cell->names[number] : NULL);
		return 0;
	case CELL_SOURCE:
		if (sqlite3_column_type(q->stmt, at) == SQLITE_TEXT) {
			v->text = sql_text(q->stmt, at);
			return 0;
		}
		v->null = !ip_from_bytes(sql_blob(q->stmt, at), &ip);
		if (!v->null)
			v->text = slice_of(ip_text(&ip, q->ip));
		return 0;
	case CELL_AUTH:
	case CELL_REASONS:
		if (load_detail(q, number, err) < 0)
			return -1;
		v->text = buf_slice(cell->how == CELL_AUTH ? &q->auth : &q->reasons);
		v->null = v->text.len == 0;
		return 0;
	case CELL_PLAIN:
	default:
		return 0;
	}
}

static int read_row(struct query *q, struct err *err)
{
	for (size_t i = 0; i < q->columns_len; i++) {
		struct value *v = &q->row[i];
		int at = (int)i;

		*v = (struct value){ .null = sqlite3_column_type(q->stmt, at) == SQLITE_NULL };
		if (v->null)
			continue;
		if (q->cells[i] != NULL) {
			if (cell_value(q, v, at, q->cells[i], err) < 0)
				return -1;
		} else if (q->columns[i].type == COLUMN_TEXT) {
			v->text = sql_text(q->stmt, at);
		} else if (q->columns[i].type == COLUMN_RATIO) {
			v->ratio = sqlite3_column_double(q->stmt, at);
		} else {
			v->number = sqlite3_column_int64(q->stmt, at);
		}
	}
	return 0;
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

static int check_report(struct query *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int64_t found;

	if (q->kind != QUERY_REPORT)
		return 0;
	if (sql_get(q->store, STMT_QUERY_REPORT_IS, &stmt, err) < 0)
		return -1;
	bind_int(stmt, ":report", q->filter.report);
	if (number_of(q, stmt, 0, &found, err) < 0)
		return -1;
	return found != 0 ? 0
			  : err_set(err, ERR_NOT_FOUND, "there is no report %" PRId64,
				    q->filter.report);
}

int query_open(struct query **ret, struct store *st, enum query_kind kind,
	const struct query_filter *f, struct err *err)
{
	struct query *q = calloc(1, sizeof *q);
	struct err ours = ERR_INIT;
	int rc;

	assert(kind < QUERY_KIND_COUNT);
	if (q == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	q->store = st;
	q->kind = kind;
	q->filter = *f;
	q->next_offset = -1;
	buf_init(&q->domains, DOMAINS_BYTES_MAX);
	buf_init(&q->auth, LINE_BYTES_MAX);
	buf_init(&q->reasons, LINE_BYTES_MAX);
	q->columns = query_columns(kind, &q->columns_len);
	for (size_t i = 0; i < q->columns_len; i++)
		q->cells[i] = query_cell(q->columns[i].name);

	clock_start(q);
	rc = begin(q, &ours);
	if (rc == 0)
		rc = resolve_names(q, &ours);
	if (rc == 0)
		rc = resolve_meta(q, &ours);
	if (rc == 0)
		rc = check_report(q, &ours);
	if (rc == 0)
		rc = prepare(q, &ours);
	clock_stop(q);
	if (rc < 0) {
		(void)failed(q, &ours);
		query_close(q);
		return err_set(err, ours.code, "%s", ours.text);
	}
	*ret = q;
	return 0;
}

int query_next(struct query *q, const struct value **row, struct err *err)
{
	struct err ours = ERR_INIT;
	int more;

	clock_start(q);
	more = sql_step(q->store, q->stmt, query_name(q->kind), &ours);
	if (more > 0 && read_row(q, &ours) < 0)
		more = -1;
	clock_stop(q);
	if (more < 0) {
		(void)failed(q, &ours);
		return err_set(err, ours.code, "%s", ours.text);
	}
	if (more > 0 && q->filter.limit > 0 && q->rows == q->filter.limit) {
		q->next_offset = q->filter.offset + q->filter.limit;
		more = 0;
	}
	if (more == 0) {
		(void)sqlite3_reset(q->stmt);
		return 0;
	}
	q->rows++;
	*row = q->row;
	return 1;
}

int64_t query_next_offset(const struct query *q)
{
	return q->next_offset;
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
	buf_release(&q->domains);
	buf_release(&q->auth);
	buf_release(&q->reasons);
	free(q);
}
