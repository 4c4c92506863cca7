/*
 * query: questions to the store, answered as flat rows.
 *
 * One layer serves the command line, JSON and the pages, so a number has one meaning and one
 * place it is computed. A question is a kind and a filter; the answer is a cursor over rows of
 * values whose columns the kind fixes. Sums are over row/count; counts of anything else say so in
 * their name. Sums come from the roll-ups whenever the filter allows it, else from the raw rows:
 * the answer is the same (query_selftest() proves it).
 *
 *	struct query *q = NULL;
 *	if (query_open(&q, store, QUERY_SOURCES, &filter, err) < 0)
 *		...
 *	while ((more = query_next(q, &row, err)) > 0)
 *		...row[i] has the type of query_columns(QUERY_SOURCES)[i]...
 *	query_close(q);
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "store/base/ip.h"
#include "store/store.h"

enum query_kind {
	QUERY_STATUS,		/* one row: what is in the store and how fresh it is */
	QUERY_DOMAINS,		/* a row a domain: policy as last seen, measures, last report */
	QUERY_SUMMARY,		/* one row: the measures over everything the filter selects */
	QUERY_TIMESERIES,	/* a row a UTC day (or week, from its Monday), gaps filled */
	QUERY_SOURCES,		/* a row a source group of a domain */
	QUERY_SOURCE,		/* one row: such a group (filter.source_group) */
	QUERY_ADDRESSES,	/* a row a domain and sending address */
	QUERY_RULES,		/* a row a class and the rule that decided it */
	QUERY_REPORTERS,	/* a row an org_name */
	QUERY_OVERRIDES,	/* a row an override reason: type and comment */
	QUERY_CHANGES,		/* a row a difference between two windows */
	QUERY_LINT,		/* a row a reporter and what is odd about its reports */
	QUERY_REPORTS,		/* a row a report, newest first */
	QUERY_REPORT,		/* one row: everything a report says of itself (filter.report) */
	QUERY_NOTES,		/* of one report */
	QUERY_UNREADABLE,	/* of one report */
	QUERY_RECORDS,		/* a row a record; of one report or of the window */
	QUERY_RECEIPTS,		/* a row an entry of a mail's receipt, newest first */
	QUERY_ENDINGS,		/* a row an ending: how many mails */
	QUERY_OWN,		/* a row a domain the owner configured */
	QUERY_DECISIONS,	/* a row a source group the owner decided on */
	QUERY_EVENTS,		/* a row an event, from the oldest */
	QUERY_SERVICES,		/* a row a service of the catalogue */
	QUERY_KIND_COUNT,
};

enum column_type {
	COLUMN_TEXT,
	COLUMN_INT,
	COLUMN_RATIO,	/* 0..1, or null where there is nothing to divide by */
	COLUMN_BOOL,
	COLUMN_DAY,	/* "2026-11-24" */
	COLUMN_TIME,	/* "2026-11-24T07:23:00Z" */
};

struct column {
	const char *name;	/* snake_case, the same in JSON, CSV and everywhere */
	enum column_type type;
	const char *title, *title_es;	/* for people; NULL: left out of tables in text and html */
};

struct value {
	bool null;
	int64_t number;		/* INT, BOOL, DAY (day number), TIME (seconds) */
	double ratio;
	struct slice text;	/* TEXT; valid until the next query_next() */
};

#define QUERY_COLUMNS_MAX 64

enum query_scope {
	QUERY_SCOPE_DEFAULT,	/* claimed domains; all, as long as none is configured */
	QUERY_SCOPE_UNCLAIMED,
	QUERY_SCOPE_ALL,
};

/* The length of a timeseries' rows. */
enum query_bucket {
	QUERY_BY_DAY,
	QUERY_BY_WEEK,
};

/* What group_by takes besides: a row for each value there is. */
enum query_dimension {
	QUERY_BY_DOMAIN,
	QUERY_BY_SOURCE,	/* source group */
	QUERY_BY_SERVICE,	/* of the catalogue */
	QUERY_BY_REPORTER,
	QUERY_BY_CAUSE,		/* the first one of the source group */
	QUERY_BY_CLASS,
	QUERY_BY_DISPOSITION,
	QUERY_DIMENSION_COUNT,
};
#define QUERY_DIMENSIONS_MAX 2
/* Of the list of fields: every column of the widest answer has room. */
#define FILTER_FIELDS_BYTES 1536

/* A cursor is base64url of a version, the question and the last row's place in its order. */
#define QUERY_CURSOR_MAX 6144

struct query_filter {
	char domains[FILTER_DOMAINS_MAX][256];	/* key form; none: the scope */
	unsigned domains_len;
	bool subdomains;		/* the named domains and every policy domain under them */
	enum query_scope scope;
	char header_from[256];		/* key form, "" any: rows whose From is this name */
	char reporter[TEXT_KEEP + 1];	/* org_name, ASCII case folded; "" any */
	struct ip_net source;		/* first.len 0: any */
	int64_t source_group;		/* source_group.id, 0 any */
	char service[64];		/* of the catalogue, "" any */
	int class;			/* enum class, or -1 */
	int verdict;			/* enum report_verdict, or -1 */
	int disposition;		/* enum report_disposition, or -1 */
	int ending;			/* of receipts: enum report_ending, or -1 */
	int32_t from, to;		/* UTC days, both in */
	bool all_time;			/* from and to are ignored */
	int32_t against_from, against_to;	/* of changes: the other window's days, or -1 */
	bool verified_only;		/* leave reports out that are not verified or local (rule 12) */
	bool without_twins;		/* leave twins out (rule 5) */
	bool conflicts, partial, twins;	/* of reports: only these */
	int64_t report;			/* for QUERY_REPORT, NOTES, UNREADABLE, RECORDS; 0 none */
	bool lean;			/* of a summary, domains, reporters, status: only what a scrape
					 * shows (query_text.c); the rest is null, and so is what the
					 * answer stands on, but for the window */
	enum query_bucket bucket;
	enum query_dimension by[QUERY_DIMENSIONS_MAX];	/* of a summary; one of a timeseries */
	unsigned by_len;
	int32_t first_seen_after;	/* of sources: day, or -1 */
	int64_t since_id;		/* of events: those after it */
	char fields[FILTER_FIELDS_BYTES];	/* column names with commas between, in the order wished; "" all */
	char sort[48];			/* column name, "-" in front for descending; "" default */
	int64_t limit;			/* rows at most; 0 no limit */
	char cursor[QUERY_CURSOR_MAX];	/* where to go on, as query_next_cursor() gave it; "" the beginning */
	uint32_t named;			/* parameters query_filter_set() saw, one bit each: none twice */
};

/* Any class, verdict, disposition and ending; the last 30 whole days (today is still arriving). */
void query_filter_init(struct query_filter *f);
/*
 * One parameter by name, as the command line and HTTP both spell it: domain (repeatable),
 * subdomains, scope (claimed|unclaimed|all), header_from, reporter, source (address or CIDR), group
 * (source_group.id), service (id in the catalogue), class (yours|forwarded|to_decide|not_yours),
 * result (pass|fail|unknown), disposition, ending, last (7d, 24h, 4w, all), from, to, verified,
 * without_twins, conflicts, partial, twins, group_by (a list: of a summary two of domain, source,
 * service, reporter, cause, class and disposition; of a timeseries day or week and one of them),
 * against_from, against_to, first_seen_after, since_id, fields (a list of columns), sort, limit, cursor.
 * ERR_USAGE names the parameter and what it may be; so does one that is unknown, given twice, or
 * means nothing to the kind. `limit` is not bounded by PAGE_ROWS_MAX here: a command line may have
 * all rows, HTTP bounds f->limit itself.
 *
 * The row filters (header_from, source, group, service, class, result, disposition) choose records;
 * `reports` and `reporters` of an answer still count all reports that the other filters chose.
 * Receipts are those seen in the window when one is named, else all.
 */
int query_filter_set(struct query_filter *f, enum query_kind kind, struct slice name,
	struct slice value, struct err *err);
/* The i-th parameter's name, NULL past the last. *is_flag (may be NULL): its value is true or false. */
const char *query_filter_name(size_t i, bool *is_flag);
/* May this kind be asked with the parameter? *repeats (may be NULL): more than once. */
bool query_filter_takes(enum query_kind kind, struct slice name, bool *repeats);

const char *query_name(enum query_kind kind);	/* "sources" */
const struct column *query_columns(enum query_kind kind, size_t *ret_len);
/* The columns of an answer's rows: those of the kind, what it is grouped by in front. */
struct query;
const struct column *query_row_columns(const struct query *q, size_t *ret_len);
/*
 * Which of the columns filter.fields asks for, in its order: indexes into query_row_columns(). Returns how
 * many; 0 when it names none, which means all.
 */
size_t query_picked(const struct query *q, unsigned char picked[QUERY_COLUMNS_MAX]);
/* Those shown where it names none: all but those that cost a judge's time and are told only where they
 * are asked for. */
size_t query_shown(const struct query *q, unsigned char shown[QUERY_COLUMNS_MAX]);
/* Index of a column by name; a bug (assert) if the kind has no such column. */
size_t query_column(enum query_kind kind, const char *name);

/* ERR_NOT_FOUND: no such report or source group, or a domain of the filter that no report and no
 * setting names. ERR_USAGE: a cursor of
 * another question, a sort by a group there is not. One snapshot of the store from here to the close. */
int query_open(struct query **ret, struct store *st, enum query_kind kind,
	const struct query_filter *f, struct err *err);
/* 1: *row points at one value a column; 0: no more; -1. ERR_SLOW when QUERY_MS_MAX passed
 * before the next row was found. */
int query_next(struct query *q, const struct value **row, struct err *err);
void query_close(struct query *q);
/* Once query_next() gave 0: where the next page begins, as f->cursor takes it; NULL if this was the
 * last. Records and reports go on by an index, and rows that come in between change no page. */
const char *query_next_cursor(const struct query *q);

/* What the answer stands on; valid after query_open(). */
struct query_meta {
	int32_t from, to;		/* resolved window; of all_time: first and last day there is */
	bool has_window;		/* false when the store has no report in scope */
	int32_t data_through;		/* last day that reporters of 90 % of the volume have reported */
	bool has_data_through;
	int64_t data_version;
	int64_t generated_at;
};
const struct query_meta *query_meta(const struct query *q);

/*
 * The conservation laws, recomputed from the raw rows: report totals, roll-up, receipts, foreign
 * keys, interned values, originals' digests. Calls `say` with one line a check ("daily: ok" or
 * what differs); returns the number of broken laws, or -1 with err when it could not look.
 */
int query_selftest(struct store *st, void (*say)(void *arg, bool ok, const char *line), void *arg,
	struct err *err);

#endif
