#include <assert.h>
#include <stdio.h>

#include "store/base/day.h"
#include "store/base/domain.h"
#include "store/judge/catalogue.h"
#include "store/judge/class.h"
#include "store/query_tables.h"

#define DEFAULT_DAYS   30
#define LAST_DAYS_MAX  36500
#define LIMIT_ROWS_MAX 1000000000

/* Parameters in the order of param_rows, so that a bit of query_filter.named is one of them. */
enum param {
	PARAM_DOMAIN,
	PARAM_SUBDOMAINS,
	PARAM_SCOPE,
	PARAM_HEADER_FROM,
	PARAM_REPORTER,
	PARAM_SOURCE,
	PARAM_GROUP,
	PARAM_SERVICE,
	PARAM_CLASS,
	PARAM_RESULT,
	PARAM_DISPOSITION,
	PARAM_ENDING,
	PARAM_LAST,
	PARAM_FROM,
	PARAM_TO,
	PARAM_AGAINST_FROM,
	PARAM_AGAINST_TO,
	PARAM_VERIFIED,
	PARAM_WITHOUT_TWINS,
	PARAM_CONFLICTS,
	PARAM_PARTIAL,
	PARAM_TWINS,
	PARAM_GROUP_BY,
	PARAM_FIRST_SEEN_AFTER,
	PARAM_SINCE_ID,
	PARAM_FIELDS,
	PARAM_SORT,
	PARAM_LIMIT,
	PARAM_CURSOR,
	PARAM_COUNT,
};

#define IN(kind) (1u << (kind))
/* Kinds about the messages of a window of days, which may be narrowed by rows. */
#define IN_FACTS                                                                                   \
	(IN(QUERY_DOMAINS) | IN(QUERY_SUMMARY) | IN(QUERY_TIMESERIES) | IN(QUERY_SOURCES) |        \
		IN(QUERY_SOURCE) | IN(QUERY_ADDRESSES) | IN(QUERY_RULES) | IN(QUERY_REPORTERS) |   \
		IN(QUERY_OVERRIDES) | IN(QUERY_REPORTS) | IN(QUERY_RECORDS))
/* Kinds about a window of days. */
#define IN_WINDOW (IN_FACTS | IN(QUERY_CHANGES) | IN(QUERY_LINT))
/* Kinds that are about domains; a source is of one. */
#define IN_DOMAINS ((IN_WINDOW & ~IN(QUERY_SOURCE)) | IN(QUERY_DECISIONS))
#define IN_GROUPED (IN(QUERY_SUMMARY) | IN(QUERY_TIMESERIES))
#define IN_LIST                                                                                    \
	(IN(QUERY_CHANGES) | IN(QUERY_LINT) | IN(QUERY_DOMAINS) | IN_GROUPED | IN(QUERY_SOURCES) | \
		IN(QUERY_ADDRESSES) | IN(QUERY_RULES) | IN(QUERY_REPORTERS) |                      \
		IN(QUERY_OVERRIDES) | IN(QUERY_REPORTS) | IN(QUERY_RECORDS) | IN(QUERY_RECEIPTS) | \
		IN(QUERY_UNREADABLE) | IN(QUERY_OWN) | IN(QUERY_DECISIONS) | IN(QUERY_EVENTS) |    \
		IN(QUERY_SERVICES))

static int set_domain(struct query_filter *f, struct slice value, struct err *err)
{
	struct err_quote quote;
	size_t len;

	if (f->domains_len == FILTER_DOMAINS_MAX)
		return err_set(
			err, ERR_USAGE, "domain may be named %d times at most", FILTER_DOMAINS_MAX);
	if (!domain_key(value, f->domains[f->domains_len], &len))
		return err_set(
			err, ERR_USAGE, "domain %s is not a domain name", err_quote(&quote, value));
	f->domains_len++;
	return 0;
}

static int set_header_from(struct query_filter *f, struct slice value, struct err *err)
{
	struct err_quote quote;
	size_t len;

	if (!domain_key(value, f->header_from, &len))
		return err_set(err, ERR_USAGE, "header_from %s is not a domain name",
			err_quote(&quote, value));
	return 0;
}

static int set_reporter(struct query_filter *f, struct slice value, struct err *err)
{
	value = slice_trim(value);
	if (value.len == 0 || value.len >= sizeof f->reporter)
		return err_set(
			err, ERR_USAGE, "reporter must be a name of 1 to %d bytes", TEXT_KEEP);
	memcpy(f->reporter, value.ptr, value.len);
	f->reporter[value.len] = '\0';
	for (char *c = f->reporter; *c != '\0'; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
	return 0;
}

static int set_source(struct query_filter *f, struct slice value, struct err *err)
{
	struct err_quote quote;

	if (!ip_net_parse(slice_trim(value), &f->source))
		return err_set(err, ERR_USAGE,
			"source %s must be an address or a network like 192.0.2.0/24",
			err_quote(&quote, value));
	return 0;
}

/* A word of a table: `what` names the parameter, `names` what it may be. */
static int set_name(int *ret, const char *what, const char *const *names, size_t skip, size_t count,
	struct slice value, struct err *err)
{
	struct err_quote quote;
	char list[256] = "";
	size_t used = 0;
	unsigned at;

	if (report_name_find(names + skip, count - skip, value, &at)) {
		*ret = (int)(at + skip);
		return 0;
	}
	for (size_t i = skip; i < count && used < sizeof list; i++) {
		int n = snprintf(
			list + used, sizeof list - used, "%s%s", i > skip ? ", " : "", names[i]);

		assert(n > 0);
		used += (size_t)n;
	}
	return err_set(
		err, ERR_USAGE, "%s %s must be one of %s", what, err_quote(&quote, value), list);
}

static int set_service(struct query_filter *f, struct slice value, struct err *err)
{
	struct err_quote quote;

	value = slice_trim(value);
	if (value.len >= sizeof f->service || catalogue_find(value) == NULL)
		return err_set(err, ERR_USAGE, "service %s is not one of the catalogue",
			err_quote(&quote, value));
	memcpy(f->service, value.ptr, value.len);
	f->service[value.len] = '\0';
	return 0;
}

static int set_class(struct query_filter *f, struct slice value, struct err *err)
{
	return set_name(&f->class, "class", class_names, 0, CLASS_COUNT, value, err);
}

static int set_scope(struct query_filter *f, struct slice value, struct err *err)
{
	static const char *const names[] = { "claimed", "unclaimed", "all" };
	int scope = 0;

	if (set_name(&scope, "scope", names, 0, sizeof names / sizeof *names, value, err) < 0)
		return -1;
	f->scope = (enum query_scope)scope;
	return 0;
}

static int set_result(struct query_filter *f, struct slice value, struct err *err)
{
	return set_name(
		&f->verdict, "result", report_verdict_names, 0, REPORT_VERDICT_COUNT, value, err);
}

static int set_disposition(struct query_filter *f, struct slice value, struct err *err)
{
	return set_name(&f->disposition, "disposition", report_dispositions.names, 0,
		report_dispositions.count, value, err);
}

static int set_ending(struct query_filter *f, struct slice value, struct err *err)
{
	return set_name(
		&f->ending, "ending", report_ending_names, 0, REPORT_ENDING_COUNT, value, err);
}

/* One word of group_by: true if it is one that the kind may have, and not there yet. */
static bool add_group(struct query_filter *f, enum query_kind kind, struct slice word, bool *bucket)
{
	static const char *const buckets[] = { "day", "week" };
	unsigned most = kind == QUERY_SUMMARY ? QUERY_DIMENSIONS_MAX : 1, at;

	if (kind == QUERY_TIMESERIES && !*bucket && report_name_find(buckets, 2, word, &at)) {
		f->bucket = (enum query_bucket)at;
		*bucket = true;
		return true;
	}
	for (at = 0; at < QUERY_DIMENSION_COUNT; at++) {
		if (slice_equal_fold(word, slice_of(query_dimensions[at].name)))
			break;
	}
	if (at == QUERY_DIMENSION_COUNT || f->by_len == most ||
		(f->by_len > 0 && f->by[0] == (enum query_dimension)at))
		return false;
	f->by[f->by_len++] = (enum query_dimension)at;
	return true;
}

static int set_group_by(
	struct query_filter *f, enum query_kind kind, struct slice value, struct err *err)
{
	struct slice rest = value;
	struct err_quote quote;
	bool bucket = false;

	f->by_len = 0;
	do {
		if (!add_group(f, kind, slice_trim(slice_cut(rest, ',', &rest)), &bucket))
			return err_set(err, ERR_USAGE,
				"group_by %s must be %s of domain, source, service, reporter, "
				"cause, class, disposition",
				err_quote(&quote, value),
				kind == QUERY_SUMMARY ? "one or two"
						      : "day or week, and at most one");
	} while (rest.ptr != NULL);
	return 0;
}

static int last_wrong(struct slice value, struct err *err)
{
	struct err_quote quote;

	return err_set(err, ERR_USAGE, "last %s must look like 7d, 24h, 4w or all",
		err_quote(&quote, value));
}

static int set_last(struct query_filter *f, struct slice value, struct err *err)
{
	uint64_t n, days;

	if (slice_equal_fold(value, SLICE_LIT("all"))) {
		f->all_time = true;
		return 0;
	}
	if (value.len < 2 || !slice_u64(slice_from(value.ptr, value.len - 1), LAST_DAYS_MAX, &n) ||
		n == 0)
		return last_wrong(value, err);
	switch (value.ptr[value.len - 1]) {
	case 'h':
		days = (n + 23) / 24; /* a day is the smallest unit there is */
		break;
	case 'd':
		days = n;
		break;
	case 'w':
		days = n * 7;
		break;
	default:
		return last_wrong(value, err);
	}
	if (days > LAST_DAYS_MAX)
		return last_wrong(value, err);
	f->to = day_of(day_now()) - 1;
	f->from = f->to - (int32_t)days + 1;
	return 0;
}

static int parse_day(const char *name, struct slice value, int32_t *ret, struct err *err)
{
	struct err_quote quote;
	int64_t moment;

	/* Before 1970 there is no report: begin is never negative. */
	if (!day_moment_parse(value, &moment) || moment < 0)
		return err_set(err, ERR_USAGE,
			"%s %s must be a date like 2026-11-24, an RFC 3339 time or epoch seconds since "
			"1970",
			name, err_quote(&quote, value));
	*ret = day_of(moment);
	return 0;
}

/* One end alone moves the other along, as far as it was not named itself. */
static int set_from(struct query_filter *f, struct slice value, struct err *err)
{
	if (parse_day("from", value, &f->from, err) < 0)
		return -1;
	if ((f->named & IN(PARAM_TO)) == 0 && f->to < f->from)
		f->to = f->from;
	return 0;
}

static int set_to(struct query_filter *f, struct slice value, struct err *err)
{
	if (parse_day("to", value, &f->to, err) < 0)
		return -1;
	if ((f->named & IN(PARAM_FROM)) == 0)
		f->from = f->to - DEFAULT_DAYS + 1;
	return 0;
}

static int set_against_from(struct query_filter *f, struct slice value, struct err *err)
{
	return parse_day("against_from", value, &f->against_from, err);
}

static int set_against_to(struct query_filter *f, struct slice value, struct err *err)
{
	return parse_day("against_to", value, &f->against_to, err);
}

static int set_first_seen_after(struct query_filter *f, struct slice value, struct err *err)
{
	return parse_day("first_seen_after", value, &f->first_seen_after, err);
}

/* Is it a column, as far as the kind can tell? Of groups only the question as a whole can. */
static bool is_field(enum query_kind kind, struct slice name)
{
	return query_find_column(kind, name) != NULL ||
	       ((IN_GROUPED & IN(kind)) != 0 && query_is_group_column(name));
}

static bool is_listed(struct slice list, struct slice word)
{
	while (list.ptr != NULL) {
		if (slice_equal(slice_cut(list, ',', &list), word))
			return true;
	}
	return false;
}

static int set_fields(
	struct query_filter *f, enum query_kind kind, struct slice value, struct err *err)
{
	struct slice rest = value, word;
	struct err_quote quote;

	if (value.len >= sizeof f->fields)
		return err_set(
			err, ERR_USAGE, "fields is longer than %d bytes", FILTER_FIELDS_BYTES - 1);
	do {
		word = slice_cut(rest, ',', &rest);
		if (!is_field(kind, word))
			return err_set(err, ERR_USAGE,
				"fields %s must be fields of %s with a comma between",
				err_quote(&quote, word), query_name(kind));
		if (rest.ptr != NULL && is_listed(rest, word))
			return err_set(
				err, ERR_USAGE, "fields names %s twice", err_quote(&quote, word));
	} while (rest.ptr != NULL);
	memcpy(f->fields, value.ptr, value.len);
	f->fields[value.len] = '\0';
	return 0;
}

static int set_sort(
	struct query_filter *f, enum query_kind kind, struct slice value, struct err *err)
{
	struct slice name = value;
	struct err_quote quote;

	if (slice_starts(name, SLICE_LIT("-")))
		name = slice_from(name.ptr + 1, name.len - 1);
	if (value.len >= sizeof f->sort || !is_field(kind, name))
		return err_set(err, ERR_USAGE,
			"sort %s must be a field of %s, with - for descending",
			err_quote(&quote, value), query_name(kind));
	memcpy(f->sort, value.ptr, value.len);
	f->sort[value.len] = '\0';
	return 0;
}

static int set_rows(int64_t *ret, const char *name, int64_t min, int64_t max, struct slice value,
	struct err *err)
{
	struct err_quote quote;

	if (!slice_i64(value, min, max, ret))
		return err_set(err, ERR_USAGE, "%s %s must be a number from %lld to %lld", name,
			err_quote(&quote, value), (long long)min, (long long)max);
	return 0;
}

static int set_limit(struct query_filter *f, struct slice value, struct err *err)
{
	return set_rows(&f->limit, "limit", 1, LIMIT_ROWS_MAX, value, err);
}

static int set_group(struct query_filter *f, struct slice value, struct err *err)
{
	return set_rows(&f->source_group, "group", 1, INT64_MAX, value, err);
}

static int set_since_id(struct query_filter *f, struct slice value, struct err *err)
{
	return set_rows(&f->since_id, "since_id", 0, INT64_MAX, value, err);
}

/* What it says is looked at when the rest of the question is known (query_cursor.c). */
static int set_cursor(struct query_filter *f, struct slice value, struct err *err)
{
	bool fits = value.len > 0 && value.len < sizeof f->cursor;

	for (size_t i = 0; fits && i < value.len; i++)
		fits = query_cursor_char(value.ptr[i]);
	if (!fits)
		return err_set(err, ERR_USAGE, "cursor is not one that an answer gave");
	memcpy(f->cursor, value.ptr, value.len);
	f->cursor[value.len] = '\0';
	return 0;
}

#define FLAG(member) offsetof(struct query_filter, member)

static const struct param_row {
	const char *name;
	unsigned kinds; /* IN() of each kind it means something to */
	int (*set)(struct query_filter *f, struct slice value, struct err *err);
	size_t flag; /* of a bool member, where there is no set */
	bool repeatable;
} param_rows[PARAM_COUNT] = {
	[PARAM_DOMAIN] = { "domain", IN_DOMAINS, set_domain, 0, true },
	[PARAM_SUBDOMAINS] = { "subdomains", IN_DOMAINS, NULL, FLAG(subdomains), false },
	[PARAM_SCOPE] = { "scope", IN_DOMAINS, set_scope, 0, false },
	[PARAM_HEADER_FROM] = { "header_from", IN_FACTS, set_header_from, 0, false },
	[PARAM_REPORTER] = { "reporter", IN_FACTS | IN(QUERY_LINT), set_reporter, 0, false },
	[PARAM_SOURCE] = { "source", IN_FACTS, set_source, 0, false },
	[PARAM_GROUP] = { "group", IN_FACTS &IN_DOMAINS, set_group, 0, false },
	[PARAM_SERVICE] = { "service", IN_FACTS &IN_DOMAINS, set_service, 0, false },
	[PARAM_CLASS] = { "class", IN_FACTS, set_class, 0, false },
	[PARAM_RESULT] = { "result", IN_FACTS, set_result, 0, false },
	[PARAM_DISPOSITION] = { "disposition", IN_FACTS, set_disposition, 0, false },
	[PARAM_ENDING] = { "ending", IN(QUERY_RECEIPTS), set_ending, 0, false },
	[PARAM_LAST] = { "last", IN_WINDOW | IN(QUERY_RECEIPTS), set_last, 0, false },
	[PARAM_FROM] = { "from", IN_WINDOW | IN(QUERY_RECEIPTS), set_from, 0, false },
	[PARAM_TO] = { "to", IN_WINDOW | IN(QUERY_RECEIPTS), set_to, 0, false },
	[PARAM_AGAINST_FROM] = { "against_from", IN(QUERY_CHANGES), set_against_from, 0, false },
	[PARAM_AGAINST_TO] = { "against_to", IN(QUERY_CHANGES), set_against_to, 0, false },
	[PARAM_VERIFIED] = { "verified", IN_WINDOW, NULL, FLAG(verified_only), false },
	[PARAM_WITHOUT_TWINS] = { "without_twins", IN_WINDOW, NULL, FLAG(without_twins), false },
	[PARAM_CONFLICTS] = { "conflicts", IN(QUERY_REPORTS), NULL, FLAG(conflicts), false },
	[PARAM_PARTIAL] = { "partial", IN(QUERY_REPORTS), NULL, FLAG(partial), false },
	[PARAM_TWINS] = { "twins", IN(QUERY_REPORTS), NULL, FLAG(twins), false },
	[PARAM_GROUP_BY] = { "group_by", IN_GROUPED, NULL, 0, false },
	[PARAM_FIRST_SEEN_AFTER] = { "first_seen_after", IN(QUERY_SOURCES), set_first_seen_after, 0,
		false },
	[PARAM_SINCE_ID] = { "since_id", IN(QUERY_EVENTS), set_since_id, 0, false },
	[PARAM_FIELDS] = { "fields", IN_LIST, NULL, 0, false },
	[PARAM_SORT] = { "sort", IN_LIST, NULL, 0, false },
	[PARAM_LIMIT] = { "limit", IN_LIST, set_limit, 0, false },
	[PARAM_CURSOR] = { "cursor", IN_LIST, set_cursor, 0, false },
};

void query_filter_init(struct query_filter *f)
{
	*f = (struct query_filter){ .class = -1,
		.verdict = -1,
		.disposition = -1,
		.ending = -1,
		.first_seen_after = -1,
		.against_from = -1,
		.against_to = -1 };
	f->to = day_of(day_now()) - 1;
	f->from = f->to - DEFAULT_DAYS + 1;
}

static int set_flag(
	struct query_filter *f, const struct param_row *row, struct slice value, struct err *err)
{
	bool *flag = (bool *)((char *)f + row->flag);
	struct err_quote quote;

	if (slice_equal_fold(value, SLICE_LIT("true")))
		*flag = true;
	else if (slice_equal_fold(value, SLICE_LIT("false")))
		*flag = false;
	else
		return err_set(err, ERR_USAGE, "%s %s must be true or false", row->name,
			err_quote(&quote, value));
	return 0;
}

/* A window is named one way: by its length, or by its ends. */
static int check_window(const struct query_filter *f, struct err *err)
{
	if ((f->named & IN(PARAM_LAST)) != 0 && (f->named & (IN(PARAM_FROM) | IN(PARAM_TO))) != 0)
		return err_set(err, ERR_USAGE, "last and from or to exclude each other");
	if ((f->named & IN(PARAM_FROM)) != 0 && (f->named & IN(PARAM_TO)) != 0 && f->from > f->to)
		return err_set(err, ERR_USAGE, "from lies after to");
	if (f->against_to >= 0 && f->against_from > f->against_to)
		return err_set(err, ERR_USAGE, "against_from lies after against_to");
	return 0;
}

int query_filter_set(struct query_filter *f, enum query_kind kind, struct slice name,
	struct slice value, struct err *err)
{
	const struct param_row *row = NULL;
	struct err_quote quote;
	enum param at;
	int rc;

	for (at = 0; at < PARAM_COUNT && row == NULL; at++) {
		if (slice_equal(name, slice_of(param_rows[at].name)))
			row = &param_rows[at];
	}
	if (row == NULL)
		return err_set(err, ERR_USAGE, "there is no parameter %s", err_quote(&quote, name));
	at--;
	if ((row->kinds & IN(kind)) == 0)
		return err_set(err, ERR_USAGE, "%s takes no %s", query_name(kind), row->name);
	if (!row->repeatable && (f->named & IN(at)) != 0)
		return err_set(err, ERR_USAGE, "%s is given twice", row->name);
	if (at == PARAM_FIELDS)
		rc = set_fields(f, kind, value, err);
	else if (at == PARAM_SORT)
		rc = set_sort(f, kind, value, err);
	else if (at == PARAM_GROUP_BY)
		rc = set_group_by(f, kind, value, err);
	else
		rc = row->set != NULL ? row->set(f, value, err) : set_flag(f, row, value, err);
	if (rc < 0)
		return -1;
	f->named |= IN(at);
	return check_window(f, err);
}

bool query_filter_window_named(const struct query_filter *f)
{
	return (f->named & (IN(PARAM_LAST) | IN(PARAM_FROM) | IN(PARAM_TO))) != 0;
}

int query_filter_only(
	const struct query_filter *f, const char *allowed, const char *what, struct err *err)
{
	for (size_t i = 0; i < PARAM_COUNT; i++) {
		struct slice rest = slice_of(allowed);
		bool heeded = (f->named & IN(i)) == 0;

		while (!heeded && rest.len > 0)
			heeded = slice_equal(
				slice_cut(rest, ' ', &rest), slice_of(param_rows[i].name));
		if (!heeded)
			return err_set(err, ERR_USAGE, "%s takes no %s", what, param_rows[i].name);
	}
	return 0;
}

const char *query_filter_name(size_t i, bool *is_flag)
{
	if (i >= PARAM_COUNT)
		return NULL;
	if (is_flag != NULL)
		*is_flag = param_rows[i].set == NULL && i != PARAM_FIELDS && i != PARAM_SORT &&
			   i != PARAM_GROUP_BY;
	return param_rows[i].name;
}

bool query_filter_takes(enum query_kind kind, struct slice name, bool *repeats)
{
	for (size_t i = 0; i < PARAM_COUNT; i++) {
		if (!slice_equal(name, slice_of(param_rows[i].name)))
			continue;
		if (repeats != NULL)
			*repeats = param_rows[i].repeatable;
		return (param_rows[i].kinds & IN(kind)) != 0;
	}
	return false;
}
