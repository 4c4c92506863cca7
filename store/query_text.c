#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store/query_beside.h"
#include "store/query_frames.h"
#include "store/query_parts.h"

/* ---- the ways to the facts ------------------------------------------------------------------- */

/* Of the window, and of the one before it. */
static const char *const facts_of[QUERY_WAY_COUNT] = {
	[QUERY_WAY_TOTALS] = Q_DOMAIN_TOTALS(":from", ":to"),
	[QUERY_WAY_CLASSED] = Q_CLASSED(":from", ":to", "1"),
	[QUERY_WAY_MIXED] = Q_MIXED(":from", ":to"),
	[QUERY_WAY_DAILY] = Q_DAILY(":from", ":to"),
	[QUERY_WAY_RAW] = Q_RAW(":from", ":to"),
};
static const char *const before_of[QUERY_WAY_COUNT] = {
	[QUERY_WAY_TOTALS] = Q_DOMAIN_TOTALS(":before_from", ":before_to"),
	[QUERY_WAY_CLASSED] = Q_CLASSED(":before_from", ":before_to", "1"),
	[QUERY_WAY_MIXED] = Q_MIXED(":before_from", ":before_to"),
	[QUERY_WAY_DAILY] = Q_DAILY(":before_from", ":before_to"),
	[QUERY_WAY_RAW] = Q_RAW(":before_from", ":before_to"),
};

/* ---- what is asked of them -------------------------------------------------------------------- */

/* Relations besides the facts. */
enum need {
	NEED_BEFORE = 1,
	NEED_FRESH = 2,
	NEED_NEWS = 4,
};

static const struct frame {
	const char *pieces[6];
	unsigned needs;
} frames[QUERY_KIND_COUNT] = {
	[QUERY_DOMAINS] = { F_DOMAINS, NEED_FRESH | NEED_NEWS },
	[QUERY_SOURCES] = { F_SOURCES(F_SOURCES_SEEN), NEED_FRESH },
	[QUERY_SOURCE] = { F_SOURCES(F_SOURCE_ONE), NEED_FRESH },
	[QUERY_ADDRESSES] = { F_ADDRESSES, 0 },
	[QUERY_RULES] = { F_RULES, 0 },
	[QUERY_OVERRIDES] = { F_OVERRIDES, 0 },
	[QUERY_REPORTERS] = { F_REPORTERS_ROWS, 0 },
};
static const char *const reporters_totals[6] = F_REPORTERS_TOTALS;

static void add_pieces(const char *const pieces[6], struct buf *to)
{
	for (size_t i = 0; i < 6 && pieces[i] != NULL; i++)
		buf_add_text(to, pieces[i]);
}

/* A window as short as this is looked through; of a longer one, each group looked up. */
#define LATELY_DAYS 14

/* New groups; or all that were seen, counted, where the facts do not know them. */
static void add_groups_known(const struct query *q, struct buf *to)
{
	bool by_domain = q->kind == QUERY_DOMAINS || q->filter.by_len > 0;

	if (q->way != QUERY_WAY_TOTALS) {
		buf_add_text(to, ", " Q_NEWS);
		return;
	}
	buf_add_text(to,
		q->meta.to - q->meta.from < LATELY_DAYS ? ", " Q_SEEN_LATELY : ", " Q_SEEN_GROUPS);
	buf_add_text(to, by_domain ? " GROUP BY domain_id)" : ")");
}

/* WITH the relations a question stands on; what follows adds to them. */
static void add_relations(const struct query *q, unsigned needs, struct buf *to)
{
	/* A timeseries counts its days by recursion. */
	buf_add_text(to, "WITH RECURSIVE facts AS NOT MATERIALIZED (");
	buf_add_text(to, facts_of[q->way]);
	if ((needs & NEED_BEFORE) != 0) {
		buf_add_text(to, "), before AS NOT MATERIALIZED (");
		buf_add_text(to, before_of[q->way]);
	}
	buf_add_text(to, ")");
	if ((needs & NEED_FRESH) != 0)
		buf_add_text(to, ", " Q_FRESH);
	if ((needs & NEED_NEWS) != 0)
		add_groups_known(q, to);
}

/* ---- groups ----------------------------------------------------------------------------------- */

/* A dimension's value of a fact, and how it is shown. `report`: the same of a report r, NULL where
 * a report has none. */
static const struct {
	const char *fact, *by, *join, *show, *report;
} dimensions[QUERY_DIMENSION_COUNT] = {
	[QUERY_BY_DOMAIN] = { "domain", "by_domain",
		" CROSS JOIN domain AS gd ON gd.id = g.by_domain", "gd.name AS domain",
		"r.domain" },
	[QUERY_BY_SOURCE] = { "source_group", "by_source",
		" LEFT JOIN source_group AS gs ON gs.id = g.by_source",
		"g.by_source AS source_group, gs.name AS source_name", NULL },
	[QUERY_BY_SERVICE] = { "(SELECT sv.service FROM source_group AS sv"
			       " WHERE sv.id = facts.source_group)",
		"by_service", "", "g.by_service AS service", NULL },
	[QUERY_BY_REPORTER] = { "reporter", "by_reporter",
		" CROSS JOIN reporter AS go ON go.id = g.by_reporter", "go.org_name AS reporter",
		"r.reporter_same" },
	[QUERY_BY_CAUSE] = { "ruad_cause(:beside, facts.source_group)", "by_cause", "",
		"g.by_cause AS cause", NULL },
	[QUERY_BY_CLASS] = { "class", "by_class", "", "g.by_class AS class", NULL },
	[QUERY_BY_DISPOSITION] = { "result >> 4", "by_disposition", "",
		"g.by_disposition AS disposition", NULL },
};

static bool is_by(const struct query_filter *f, enum query_dimension dimension)
{
	for (unsigned i = 0; i < f->by_len; i++) {
		if (f->by[i] == dimension)
			return true;
	}
	return false;
}

/* "domain AS by_domain, class AS by_class, " */
static void add_values(const struct query_filter *f, bool of_report, struct buf *to)
{
	for (unsigned i = 0; i < f->by_len; i++)
		buf_printf(to, "%s AS %s, ",
			of_report ? dimensions[f->by[i]].report : dimensions[f->by[i]].fact,
			dimensions[f->by[i]].by);
}

static void add_group_by(const struct query_filter *f, const char *first, struct buf *to)
{
	for (unsigned i = 0; i < f->by_len; i++)
		buf_printf(to, "%s%s", i == 0 ? first : ", ", dimensions[f->by[i]].by);
}

/* " LEFT JOIN p ON p.by_domain IS g.by_domain", or the only row of p. */
static void add_beside(const struct query_filter *f, const char *relation, struct buf *to)
{
	buf_printf(to, f->by_len > 0 ? " LEFT JOIN %s ON " : " CROSS JOIN %s", relation);
	for (unsigned i = 0; i < f->by_len; i++)
		buf_printf(to, "%s%s.%s IS g.%s", i > 0 ? " AND " : "", relation,
			dimensions[f->by[i]].by, dimensions[f->by[i]].by);
}

static void add_shown(const struct query_filter *f, struct buf *to)
{
	for (unsigned i = 0; i < f->by_len; i++)
		buf_printf(to, "%s, ", dimensions[f->by[i]].show);
}

static void add_shown_joins(const struct query_filter *f, struct buf *to)
{
	for (unsigned i = 0; i < f->by_len; i++)
		buf_add_text(to, dimensions[f->by[i]].join);
}

/* Can reports be counted for each group? */
static bool reports_have(const struct query_filter *f)
{
	for (unsigned i = 0; i < f->by_len; i++) {
		if (dimensions[f->by[i]].report == NULL)
			return false;
	}
	return true;
}

/* The reports of each group, where a report is of one group. */
static void add_reports(const struct query_filter *f, struct buf *to)
{
	buf_add_text(to, ", b AS MATERIALIZED (SELECT ");
	add_values(f, true, to);
	buf_add_text(to, F_REPORT_COUNTS);
	add_group_by(f, " GROUP BY ", to);
	buf_add_text(to, ")");
}

/* The sums of each group, with its sources. */
static void add_sums(const struct query *q, struct buf *to)
{
	const struct query_filter *f = &q->filter;
	bool beside = q->way == QUERY_WAY_TOTALS;

	buf_add_text(
		to, beside ? ", g AS MATERIALIZED (SELECT sums.*, seen_groups.sources AS sources,"
			     " seen_groups.undecided_sources AS undecided_sources,"
			     " seen_groups.new_sources AS new_sources FROM (SELECT "
			   : ", g AS MATERIALIZED (SELECT ");
	add_values(f, false, to);
	buf_add_text(to, Q_SUMS);
	if (!beside)
		buf_add_text(to, ", " Q_GROUPS);
	buf_add_text(to, " FROM facts");
	add_group_by(f, " GROUP BY ", to);
	if (beside)
		buf_add_text(to, f->by_len > 0 ? ") AS sums LEFT JOIN seen_groups"
						 " ON seen_groups.by_domain = sums.by_domain"
					       : ") AS sums CROSS JOIN seen_groups");
	buf_add_text(to, ")");
}

/* What is of one domain: the only one, or that of the group. */
static void add_of_domain(const struct query *q, struct buf *to)
{
	const char *domain = is_by(&q->filter, QUERY_BY_DOMAIN) ? "g.by_domain"
			     : q->one_domain ? "(SELECT value FROM json_each(:domains))"
					     : "NULL";

	buf_printf(to, F_SUMMARY_POLICY, domain, domain, domain);
}

static void add_summary(const struct query *q, struct buf *to)
{
	const struct query_filter *f = &q->filter;
	bool reports = reports_have(f);

	add_relations(q, NEED_BEFORE | NEED_FRESH | NEED_NEWS, to);
	add_sums(q, to);
	buf_add_text(to, ", p AS MATERIALIZED (SELECT ");
	add_values(f, false, to);
	buf_add_text(to, F_BEFORE);
	add_group_by(f, " GROUP BY ", to);
	buf_add_text(to, ")");
	if (reports)
		add_reports(f, to);
	buf_add_text(to, " SELECT ");
	add_shown(f, to);
	buf_add_text(to, F_SUMMARY F_SUMMARY_MORE);
	add_of_domain(q, to);
	buf_add_text(to, reports ? "b.reports AS reports, b.reporters AS reporters,"
				   " b.domains AS domains FROM g"
				 : "NULL AS reports, NULL AS reporters, NULL AS domains FROM g");
	add_beside(f, "p", to);
	if (reports)
		add_beside(f, "b", to);
	add_shown_joins(f, to);
}

/* Of all mail, days without are rows too; of groups, only those that have some. */
static void add_timeseries(const struct query *q, struct buf *to)
{
	const struct query_filter *f = &q->filter;
	bool grouped = f->by_len > 0;

	add_relations(q, 0, to);
	buf_add_text(
		to, grouped ? " SELECT g.bucket AS day, " : F_DAYS " SELECT days.day AS day, ");
	add_shown(f, to);
	buf_add_text(to, Q_MEASURES ", ");
	buf_add_text(to, grouped ? F_COMPLETE("g.bucket") " FROM (SELECT " F_BUCKET
				 : F_COMPLETE("days.day") " FROM days LEFT JOIN (SELECT " F_BUCKET);
	add_values(f, false, to);
	buf_add_text(to, Q_SUMS " FROM facts GROUP BY bucket");
	add_group_by(f, ", ", to);
	buf_add_text(to, grouped ? ") AS g" : ") AS g ON g.bucket = days.day");
	add_shown_joins(f, to);
}

/* ---- lists of reports, records and receipts -------------------------------------------------- */

static bool goes_on(const struct query *q)
{
	return q->seeks && q->place.len > 0;
}

static const char *report_index(const struct query *q)
{
	return q->one_domain ? "report AS r INDEXED BY report_domain_day"
			     : "report AS r INDEXED BY report_day";
}

/* Conditions of the reports r, beginning with " AND". */
static void add_reports_chosen(const struct query *q, const char *after, struct buf *to)
{
	buf_add_text(to, q->one_domain
				 ? " AND r.domain = (SELECT value FROM json_each(:domains))"
				 : " AND r.domain IN (SELECT value FROM json_each(:domains))");
	buf_add_text(to, goes_on(q) ? after : L_WINDOW);
	buf_add_text(to, Q_REPORT_TRAITS);
}

static void add_report_list(const struct query *q, struct buf *to)
{
	bool conflicts = q->filter.conflicts;

	buf_add_text(to, conflicts ? L_REPORT("e.receipt", "e.original", "1")
				   : L_REPORT("c.id", "r.original", "0"));
	buf_add_text(to, report_index(q));
	/* The mails that said something else under the same identity (ending 4). */
	buf_add_text(to, conflicts ? " CROSS JOIN entry AS e ON e.report = r.id AND e.ending = 4"
				     " CROSS JOIN receipt AS c ON c.id = e.receipt" L_REPORT_JOINS
				   : " CROSS JOIN receipt AS c ON c.id = r.receipt" L_REPORT_JOINS);
	buf_add_text(to, L_REPORT_WHERE);
	add_reports_chosen(q, L_BEFORE, to);
}

static void add_record_list(const struct query *q, struct buf *to)
{
	bool of_report = q->filter.report > 0;

	buf_add_text(to, L_RECORD);
	buf_add_text(to, of_report ? "report AS r" : report_index(q));
	buf_add_text(to, L_RECORD_JOINS " WHERE " Q_RECORD_ROW);
	if (of_report)
		buf_add_text(to, " AND r.id = :report");
	else
		add_reports_chosen(q, L_AFTER, to);
	if (goes_on(q))
		buf_add_text(to,
			" AND x.n > CASE WHEN r.id = :key1 THEN coalesce(:key2, 0) ELSE -1 END");
}

static void add_receipt_list(const struct query *q, struct buf *to)
{
	buf_add_text(to, L_RECEIPTS);
	if (q->filter.ending >= 0)
		buf_add_text(to, " AND c.ending = :ending");
	if (goes_on(q))
		buf_add_text(to, " AND c.id <= :key0");
}

/* ---- what a scrape shows ---------------------------------------------------------------------- */

static void add_lean_summary(const struct query *q, struct buf *to)
{
	add_relations(q, 0, to);
	buf_add_text(to, ", g AS MATERIALIZED (SELECT ");
	add_values(&q->filter, false, to);
	buf_add_text(to, Q_SUMS_LEAN " FROM facts");
	add_group_by(&q->filter, " GROUP BY ", to);
	buf_add_text(to, ") SELECT ");
	add_shown(&q->filter, to);
	buf_add_text(to, F_LEAN_SUMS);
	add_shown_joins(&q->filter, to);
}

static void add_lean_domains(const struct query *q, struct buf *to)
{
	add_relations(q, NEED_FRESH | NEED_NEWS, to);
	buf_add_text(
		to, q->way == QUERY_WAY_TOTALS ? F_LEAN_DOMAINS : F_LEAN_GROUPS F_LEAN_DOMAINS);
}

static void add_lean_reporters(const struct query *q, struct buf *to)
{
	(void)q;
	buf_add_text(to, F_LEAN_REPORTERS);
}

static void add_lean_status(const struct query *q, struct buf *to)
{
	(void)q;
	buf_add_text(to, F_LEAN_STATUS);
}

/* The columns that are asked for, with those of groups; the others are null. */
static const struct {
	const char *columns;
	void (*add)(const struct query *q, struct buf *to);
} lean[QUERY_KIND_COUNT] = {
	[QUERY_SUMMARY] = { " messages pass fail unknown disposition_quarantine disposition_reject ",
		add_lean_summary },
	[QUERY_DOMAINS] = { " domain policy subdomain_policy undecided_sources new_sources"
			    " last_report ",
		add_lean_domains },
	[QUERY_REPORTERS] = { " reporter messages last_end ", add_lean_reporters },
	[QUERY_STATUS] = { " data_through last_received db_bytes ", add_lean_status },
};

bool query_is_lean(const struct query *q)
{
	return q->filter.lean && lean[q->kind].add != NULL &&
	       (q->kind == QUERY_SUMMARY || !query_has_row_filter(&q->filter));
}

static bool is_lean_column(const struct query *q, const char *name)
{
	char word[64];

	(void)snprintf(word, sizeof word, " %s ", name);
	return query_is_group_column(slice_of(name)) || strstr(lean[q->kind].columns, word) != NULL;
}

static void add_lean_columns(const struct query *q, struct buf *to)
{
	for (size_t i = 0; i < q->columns_len; i++) {
		const char *name = q->columns[i].name;

		buf_printf(to, "%s%s\"%s\"", i > 0 ? ", " : "",
			is_lean_column(q, name) ? "" : "NULL AS ", name);
	}
}

/* ---- order ------------------------------------------------------------------------------------- */

/* Rows after the place, in an order where null is last: a row is after by its first key, or equal
 * in it and after by the rest. */
static void add_after(const struct query *q, unsigned at, struct buf *to)
{
	const struct query_key *key = &q->keys[at];
	bool last = at + 1 == q->place.len, null = q->place.values[at].type == SQLITE_NULL;

	if (null && last)
		buf_add_text(to, "0");
	else if (null)
		buf_printf(to, "\"%s\" IS NULL AND (", key->column);
	else
		buf_printf(to, "(\"%s\" %s :key%u OR \"%s\" IS NULL", key->column,
			key->down ? "<" : ">", at, key->column);
	if (!last) {
		if (!null)
			buf_printf(to, " OR (\"%s\" = :key%u AND ", key->column, at);
		add_after(q, at + 1, to);
		buf_add_text(to, ")");
	}
	if (!null)
		buf_add_text(to, ")");
}

/* Behind rows under names: from the place on, in order, as many as a page has. */
static void add_order(const struct query *q, struct buf *to)
{
	if (q->place.len > 0) {
		buf_add_text(to, " WHERE ");
		add_after(q, 0, to);
	}
	for (unsigned i = 0; i < q->keys_len; i++) {
		const struct query_key *key = &q->keys[i];

		/* An index has no null at its end; the keys of one are never null. */
		buf_printf(to, "%s\"%s\"%s%s", i == 0 ? " ORDER BY " : ", ", key->column,
			key->down ? " DESC" : "", q->seeks ? "" : " NULLS LAST");
	}
	buf_add_text(to, " LIMIT :limit");
}

/* ---- a page of many --------------------------------------------------------------------------- */

/* Only where the order needs but one sum, and every row that is ordered is one of the answer. */
static bool chooses_page(const struct query *q)
{
	static const char quick[] = " messages domain id source ";
	char word[64];

	if ((q->kind != QUERY_SOURCES && q->kind != QUERY_ADDRESSES) || q->filter.limit == 0 ||
		q->filter.first_seen_after >= 0)
		return false;
	(void)snprintf(
		word, sizeof word, " %s ", q->keys[0].column); /* the others break its ties */
	return strstr(quick, word) != NULL;
}

/* The facts that the rows are made of: all, or those of the page's. */
static void add_chosen(const struct query *q, struct buf *to)
{
	const struct query_filter *f = &q->filter;
	bool sources = q->kind == QUERY_SOURCES, page = chooses_page(q);
	bool bare = q->way == QUERY_WAY_DAILY && f->class < 0 && f->source_group == 0 &&
		    f->service[0] == '\0';

	if (page && sources)
		buf_add_text(to, F_PAGE_SOURCES);
	else if (page)
		buf_add_text(to,
			bare ? F_PAGE_ADDRESSES("(" Q_BARE_DAILY ")") : F_PAGE_ADDRESSES("facts"));
	if (page) {
		add_order(q, to);
		buf_add_char(to, ')');
	}
	buf_add_text(to, ", chosen AS NOT MATERIALIZED (SELECT * FROM facts");
	if (page)
		buf_add_text(to, sources ? F_OF_PAGE_SOURCES : F_OF_PAGE_ADDRESSES);
	buf_add_char(to, ')');
}

/* ---- the whole -------------------------------------------------------------------------------- */

static void add_rows(const struct query *q, struct buf *to)
{
	static const struct {
		void (*composed)(const struct query *q, struct buf *to);
		enum stmt whole;
	} texts[QUERY_KIND_COUNT] = {
		[QUERY_SUMMARY] = { add_summary, 0 },
		[QUERY_TIMESERIES] = { add_timeseries, 0 },
		[QUERY_REPORTS] = { add_report_list, 0 },
		[QUERY_RECORDS] = { add_record_list, 0 },
		[QUERY_RECEIPTS] = { add_receipt_list, 0 },
		[QUERY_CHANGES] = { query_add_changes, 0 },
		[QUERY_LINT] = { query_add_lint, 0 },
		[QUERY_STATUS] = { NULL, STMT_QUERY_STATUS },
		[QUERY_REPORT] = { NULL, STMT_QUERY_REPORT },
		[QUERY_NOTES] = { NULL, STMT_QUERY_NOTES },
		[QUERY_UNREADABLE] = { NULL, STMT_QUERY_UNREADABLE },
		[QUERY_ENDINGS] = { NULL, STMT_QUERY_ENDINGS },
		[QUERY_OWN] = { NULL, STMT_QUERY_OWN },
		[QUERY_DECISIONS] = { NULL, STMT_QUERY_DECISIONS },
		[QUERY_EVENTS] = { NULL, STMT_QUERY_EVENTS },
		[QUERY_SERVICES] = { NULL, STMT_QUERY_SERVICES },
	};

	if (query_is_lean(q)) {
		lean[q->kind].add(q, to);
	} else if (texts[q->kind].composed != NULL) {
		texts[q->kind].composed(q, to);
	} else if (texts[q->kind].whole != 0) {
		buf_add_text(to, stmt_text(texts[q->kind].whole));
	} else if (q->kind == QUERY_REPORTERS && !query_has_row_filter(&q->filter)) {
		add_pieces(reporters_totals, to);
	} else {
		assert(frames[q->kind].pieces[0] != NULL);
		add_relations(q, frames[q->kind].needs, to);
		if (q->kind == QUERY_SOURCES || q->kind == QUERY_SOURCE ||
			q->kind == QUERY_ADDRESSES)
			add_chosen(q, to);
		if (q->kind == QUERY_DOMAINS)
			buf_add_text(to,
				q->way == QUERY_WAY_TOTALS ? F_DOMAIN_SUMS_TOTALS : F_DOMAIN_SUMS);
		add_pieces(frames[q->kind].pieces, to);
	}
}

void query_text(const struct query *q, struct buf *to)
{
	/* The rows under names, so that order and beginning are told by columns alone; SQLite
	 * takes the two levels for one. */
	buf_add_text(to, "SELECT ");
	if (query_is_lean(q))
		add_lean_columns(q, to);
	else
		buf_add_char(to, '*');
	buf_add_text(to, " FROM (");
	add_rows(q, to);
	buf_add_text(to, ")");
	add_order(q, to);
}

/* ---- choices ---------------------------------------------------------------------------------- */

bool query_has_row_filter(const struct query_filter *f)
{
	return f->header_from[0] != '\0' || f->source.first.len > 0 || f->verdict >= 0 ||
	       f->disposition >= 0 || f->class >= 0 || f->source_group > 0 || f->service[0] != '\0';
}

/* May the facts come without source groups? Counts of sources go by all rows of the window. */
static bool is_total(const struct query *q)
{
	const struct query_filter *f = &q->filter;
	bool counts = q->kind == QUERY_DOMAINS || (q->kind == QUERY_SUMMARY && !query_is_lean(q));

	if (q->unassessed || f->source_group > 0 || f->service[0] != '\0' ||
		is_by(f, QUERY_BY_SOURCE) || is_by(f, QUERY_BY_SERVICE) || is_by(f, QUERY_BY_CAUSE))
		return false;
	if (counts && (f->class >= 0 || f->verdict >= 0 || f->disposition >= 0 ||
			      is_by(f, QUERY_BY_CLASS) || is_by(f, QUERY_BY_DISPOSITION)))
		return false;
	return q->kind == QUERY_DOMAINS || q->kind == QUERY_SUMMARY || q->kind == QUERY_TIMESERIES;
}

void query_choose_way(struct query *q)
{
	const struct query_filter *f = &q->filter;

	if (q->way != QUERY_WAY_ANY)
		return;
	if (f->header_from[0] != '\0' || f->reporter[0] != '\0' || f->verified_only ||
		f->without_twins || is_by(f, QUERY_BY_REPORTER) || q->kind == QUERY_REPORTERS ||
		q->kind == QUERY_OVERRIDES)
		q->way = QUERY_WAY_RAW;
	else if (f->source.first.len > 0 || q->kind == QUERY_ADDRESSES)
		q->way = QUERY_WAY_DAILY;
	else if (is_total(q))
		q->way = QUERY_WAY_TOTALS;
	else
		q->way = q->unassessed ? QUERY_WAY_MIXED : QUERY_WAY_CLASSED;
}

static void add_key(struct query *q, struct slice name)
{
	bool down = slice_starts(name, SLICE_LIT("-"));

	if (down)
		name = slice_from(name.ptr + 1, name.len - 1);
	for (unsigned i = 0; i < q->keys_len; i++) {
		if (slice_equal(slice_of(q->keys[i].column), name))
			return;
	}
	for (size_t i = 0; i < q->columns_len; i++) {
		if (!slice_equal(slice_of(q->columns[i].name), name))
			continue;
		assert(q->keys_len < QUERY_KEYS_MAX);
		q->keys[q->keys_len++] = (struct query_key){ q->columns[i].name, down };
		return;
	}
}

static const struct column *column_of(const struct query *q, struct slice name)
{
	for (size_t i = 0; i < q->columns_len; i++) {
		if (slice_equal(name, slice_of(q->columns[i].name)))
			return &q->columns[i];
	}
	return NULL;
}

int query_check_fields(const struct query *q, struct err *err)
{
	struct slice rest = slice_of(q->filter.fields), word;
	struct err_quote quote;

	while (rest.len > 0) {
		word = slice_cut(rest, ',', &rest);
		if (column_of(q, word) == NULL)
			return err_set(err, ERR_USAGE,
				"fields %s: without such a group there is no such field",
				err_quote(&quote, word));
	}
	return 0;
}

bool query_is_by(const struct query *q, enum query_dimension dimension)
{
	return is_by(&q->filter, dimension);
}

size_t query_shown(const struct query *q, unsigned char shown[QUERY_COLUMNS_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < q->columns_len; i++) {
		if (!query_is_asked_column(q->kind, q->columns[i].name) ||
			query_asks(q, q->columns[i].name))
			shown[len++] = (unsigned char)i;
	}
	return len;
}

size_t query_picked(const struct query *q, unsigned char picked[QUERY_COLUMNS_MAX])
{
	struct slice rest = slice_of(q->filter.fields);
	size_t len = 0;

	while (rest.len > 0) {
		const struct column *one = column_of(q, slice_cut(rest, ',', &rest));

		if (one != NULL)
			picked[len++] = (unsigned char)(one - q->columns);
	}
	return len;
}

int query_choose_order(struct query *q, struct err *err)
{
	const struct query_kind_row *row = &query_kinds[q->kind];
	const struct query_filter *f = &q->filter;
	struct slice ties = slice_of(row->ties), sort = slice_of(f->sort);
	struct err_quote quote;

	/* One row has no order; each of several groups has. */
	if (sort.len == 0)
		sort = slice_of(
			f->by_len > 0 && q->kind == QUERY_SUMMARY ? "-messages" : row->sort);
	q->seeks = f->sort[0] == '\0' || strcmp(f->sort, row->sort) == 0;
	q->seeks = q->seeks && (q->kind == QUERY_REPORTS || q->kind == QUERY_RECORDS ||
				       q->kind == QUERY_RECEIPTS || q->kind == QUERY_EVENTS);
	if (sort.len > 0)
		add_key(q, sort);
	if (sort.len > 0 && q->keys_len == 0)
		return err_set(err, ERR_USAGE,
			"sort %s: without such a group there is no such field",
			err_quote(&quote, sort));
	if (sort.len == 0)
		return 0;
	while (ties.len > 0)
		add_key(q, slice_cut(ties, ' ', &ties));
	for (unsigned i = 0; i < f->by_len; i++)
		add_key(q, slice_of(query_dimensions[f->by[i]].tie));
	return 0;
}
