#include <assert.h>
#include <inttypes.h>

#include "store/base/day.h"
#include "store/query_parts.h"

/* Days that data_through looks back. */
#define THROUGH_DAYS 30
#define NOBODY       (-1) /* a row number nothing has */

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

/* The same of a statement that is asked by number. */
static int find(struct query *q, enum stmt id, int64_t number, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(q->store, id, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, number);
	return number_of(q, stmt, NOBODY, ret, err);
}

static int check_exists(
	struct query *q, enum stmt id, int64_t number, const char *what, struct err *err)
{
	int64_t found;

	if (find(q, id, number, &found, err) < 0)
		return -1;
	return found != NOBODY
		       ? 0
		       : err_set(err, ERR_NOT_FOUND, "%s %" PRId64 " is not there", what, number);
}

int query_check_subject(struct query *q, struct err *err)
{
	int64_t report = q->filter.report, group = q->filter.source_group;

	if (q->kind == QUERY_REPORT &&
		check_exists(q, STMT_QUERY_REPORT_IS, report, "report", err) < 0)
		return -1;
	if (q->kind == QUERY_SOURCE || group > 0)
		return check_exists(q, STMT_QUERY_GROUP_DOMAIN, group, "group", err);
	return 0;
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

/* A name no report and no setting has is a slip, and no answer to it is a number. */
static int check_known(struct query *q, struct slice names, struct err *err)
{
	struct err_quote quote;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(q->store, STMT_QUERY_UNKNOWN_DOMAIN, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, sqlite3_bind_parameter_index(stmt, ":names"), names);
	query_bind_int(stmt, ":subdomains", q->filter.subdomains);
	more = sql_step(q->store, stmt, "cannot look up a domain", err);
	if (more > 0)
		more = err_set(err, ERR_NOT_FOUND, "domain %s is in no report and no setting",
			err_quote(&quote, sql_text(stmt, 0)));
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt); /* they point into names */
	return more;
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
	if (check_known(q, buf_slice(&names), err) < 0 ||
		sql_get(q->store, STMT_QUERY_NAMED_DOMAINS, &stmt, err) < 0)
		goto out;
	sql_bind_text(stmt, sqlite3_bind_parameter_index(stmt, ":names"), buf_slice(&names));
	query_bind_int(stmt, ":subdomains", f->subdomains);
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
	if (scope != QUERY_SCOPE_ALL)
		query_bind_int(stmt, ":claimed", scope == QUERY_SCOPE_DEFAULT);
	return copy_domains(q, stmt, err);
}

/* A source group is of one domain. */
static int group_domain(struct query *q, struct err *err)
{
	int64_t domain;

	if (find(q, STMT_QUERY_GROUP_DOMAIN, q->filter.source_group, &domain, err) < 0)
		return -1;
	buf_printf(&q->domains, "[%" PRId64 "]", domain);
	return 0;
}

static int choose_domains(struct query *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int64_t days;

	if (q->filter.domains_len > 0) {
		if (named_domains(q, err) < 0)
			return -1;
	} else if ((q->filter.source_group > 0 ? group_domain(q, err) : scope_domains(q, err)) <
		   0) {
		return -1;
	}
	q->one_domain = q->domains.len > 2 && memchr(q->domains.ptr, ',', q->domains.len) == NULL;
	if (sql_get(q->store, STMT_QUERY_UNASSESSED, &stmt, err) < 0)
		return -1;
	query_bind_domains(q, stmt);
	if (number_of(q, stmt, 0, &days, err) < 0)
		return -1;
	q->unassessed = days != 0;
	return 0;
}

int query_resolve_names(struct query *q, struct err *err)
{
	const struct query_filter *f = &q->filter;

	if (choose_domains(q, err) < 0)
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
	query_bind_domains(q, stmt);
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
	query_bind_reports(q, stmt, newest - THROUGH_DAYS, newest);
	query_bind_int(stmt, ":newest", newest);
	more = sql_step(q->store, stmt, "cannot tell how far the data reach", err);
	if (more < 0)
		return -1;
	q->meta.has_data_through = more > 0 && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
	if (q->meta.has_data_through)
		q->meta.data_through = sqlite3_column_int(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
}

int query_resolve_meta(struct query *q, struct err *err)
{
	const struct query_filter *f = &q->filter;
	int32_t first, last;
	bool has;

	q->meta.generated_at = day_now();
	if (store_data_version(q->store, &q->meta.data_version, err) < 0 ||
		span(q, &has, &first, &last, err) < 0)
		return -1;
	/* A scrape shows it once, and asks often. */
	if (has && (!f->lean || q->kind == QUERY_STATUS) && data_through(q, last, err) < 0)
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

int query_list_domains(const struct query *q, struct buf *to, size_t *ret_len, struct err *err)
{
	sqlite3_stmt *stmt;
	size_t len = 0;
	int more;

	if (sql_get(q->store, STMT_QUERY_DOMAIN_NAMES, &stmt, err) < 0)
		return -1;
	query_bind_domains(q, stmt);
	while ((more = sql_step(q->store, stmt, "cannot list domains", err)) > 0) {
		buf_add(to, sql_text(stmt, 0));
		buf_add_char(to, '\n');
		len++;
	}
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt); /* they point into the question */
	if (ret_len != NULL)
		*ret_len = len;
	return more;
}
