#include "store/base/day.h"
#include "store/judge/class.h"
#include "store/query_beside.h"

void query_bind_int(sqlite3_stmt *stmt, const char *name, int64_t value)
{
	int at = sqlite3_bind_parameter_index(stmt, name);

	if (at > 0)
		(void)sqlite3_bind_int64(stmt, at, value);
}

/* Unset filters are NULL, which is what every parameter is before it is bound. */
static void bind_if(sqlite3_stmt *stmt, const char *name, bool set, int64_t value)
{
	if (set)
		query_bind_int(stmt, name, value);
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

void query_bind_domains(const struct query *q, sqlite3_stmt *stmt)
{
	int at = sqlite3_bind_parameter_index(stmt, ":domains");

	if (at > 0)
		sql_bind_text(stmt, at, buf_slice(&q->domains));
}

void query_bind_reports(const struct query *q, sqlite3_stmt *stmt, int32_t from, int32_t to)
{
	const struct query_filter *f = &q->filter;

	query_bind_domains(q, stmt);
	query_bind_int(stmt, ":from", from);
	query_bind_int(stmt, ":to", to);
	bind_if(stmt, ":reporter", f->reporter[0] != '\0', q->reporter);
	query_bind_int(stmt, ":verified", f->verified_only);
	query_bind_int(stmt, ":without_twins", f->without_twins);
}

static void bind_timeseries(const struct query *q, sqlite3_stmt *stmt)
{
	int32_t step = q->filter.bucket == QUERY_BY_WEEK ? 7 : 1;
	int32_t from = q->meta.from;

	/* Day 4 was a Monday; days are never negative here (filter.c, CHECK of report.begin). */
	query_bind_int(stmt, ":step", step);
	bind_if(stmt, ":first", q->meta.has_window, from - (from + 3) % step);
}

/* The window as it is shown, and the one it is held against: of the same length just before it,
 * unless its ends were named. One alone moves the other along. */
static void bind_windows(const struct query *q, sqlite3_stmt *stmt)
{
	int64_t from = q->meta.from, to = q->meta.to, length = to - from;
	int64_t before_from = q->filter.against_from, before_to = q->filter.against_to;

	if (before_to < 0)
		before_to = before_from >= 0 ? before_from + length : from - 1;
	if (before_from < 0)
		before_from = before_to - length;

	bind_if(stmt, ":shown_from", q->meta.has_window, from);
	bind_if(stmt, ":shown_to", q->meta.has_window, to);
	query_bind_int(stmt, ":before_from", before_from);
	query_bind_int(stmt, ":before_to", before_to);
}

static void bind_group(const struct query *q, sqlite3_stmt *stmt)
{
	const struct query_filter *f = &q->filter;
	int service = sqlite3_bind_parameter_index(stmt, ":service");

	bind_if(stmt, ":source_group", f->source_group > 0, f->source_group);
	bind_if(stmt, ":class", f->class >= 0, f->class);
	bind_if(stmt, ":first_seen_after", f->first_seen_after >= 0, f->first_seen_after);
	if (service > 0 && f->service[0] != '\0')
		sql_bind_text(stmt, service, slice_of(f->service));
}

static void bind_place(const struct query *q, sqlite3_stmt *stmt)
{
	char name[] = ":key0";

	/* Of events in their own order the place is a number to begin after. */
	bind_if(stmt, ":after_id", q->seeks && q->place.len > 0, q->place.values[0].number);
	for (unsigned i = 0; i < q->place.len; i++) {
		const struct query_place_value *v = &q->place.values[i];
		int at;

		name[4] = (char)('0' + i);
		at = sqlite3_bind_parameter_index(stmt, name);
		if (at == 0)
			continue;
		if (v->type == SQLITE_INTEGER)
			(void)sqlite3_bind_int64(stmt, at, v->number);
		else if (v->type == SQLITE_FLOAT)
			(void)sqlite3_bind_double(stmt, at, v->real);
		else if (v->type == SQLITE_TEXT)
			sql_bind_text(stmt, at, v->bytes);
		else if (v->type == SQLITE_BLOB)
			sql_bind_blob(stmt, at, v->bytes);
	}
}

void query_bind_all(const struct query *q, sqlite3_stmt *stmt)
{
	const struct query_filter *f = &q->filter;
	bool seen = query_filter_window_named(f) && !f->all_time;
	int services = sqlite3_bind_parameter_index(stmt, ":services");

	query_bind_reports(q, stmt, q->meta.from, q->meta.to);
	bind_source(q, stmt);
	bind_timeseries(q, stmt);
	bind_windows(q, stmt);
	bind_group(q, stmt);
	bind_place(q, stmt);
	query_bind_words(q, stmt);
	query_beside_bind(q, stmt);
	bind_if(stmt, ":verdict", f->verdict >= 0, f->verdict);
	bind_if(stmt, ":disposition", f->disposition >= 0, f->disposition);
	bind_if(stmt, ":from_key", f->header_from[0] != '\0', q->from_key);
	query_bind_int(stmt, ":rows", query_has_row_filter(f));
	query_bind_int(stmt, ":partial", f->partial);
	query_bind_int(stmt, ":twins", f->twins);
	query_bind_int(stmt, ":report", f->report);
	query_bind_int(stmt, ":ending", f->ending);
	query_bind_int(stmt, ":now", q->meta.generated_at);
	bind_if(stmt, ":through", q->meta.has_data_through, q->meta.data_through);
	bind_if(stmt, ":seen_from", seen, (int64_t)f->from * DAY_SECONDS);
	bind_if(stmt, ":seen_to", seen, ((int64_t)f->to + 1) * DAY_SECONDS - 1);
	/* One row more than the page, to learn whether there is a next one. */
	query_bind_int(stmt, ":limit", f->limit > 0 ? f->limit + 1 : -1);
	query_bind_int(stmt, ":since_id", f->since_id);
	query_bind_int(stmt, ":provisional", CLASS_BY_PROVISIONAL);
	if (services > 0)
		sql_bind_text(stmt, services, buf_slice(&q->services));
}
