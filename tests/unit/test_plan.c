/* Plans: every question finds its rows by an index, and a page begins where the last one ended
 * without a look at what lies before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/query_store.h"

static struct facts facts;
static struct query_filter f; /* large */

/* What a question may walk from end to end: the few rows it made itself. */
static bool is_made(const char *name)
{
	static const char *const made[] = { "facts", "before", "parts", "sums", "seen_groups",
		"lately", "page", "g", "p", "b", "best", "fresh", "news", "rows_judged",
		"policies_", "reporters_once", "parts_", "volumes", "strangers", "effective", "w",
		"seen", "gaps", "ranked", "medians", "days", "(subquery-", "(join-", "CONSTANT ROW",
		"constant row", "7 CONSTANT", "pragma_", "json_each", "j VIRTUAL", "k VIRTUAL",
		"sj VIRTUAL", "user_version" };

	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		size_t len = strlen(made[i]);

		if (strncmp(name, made[i], len) == 0 &&
			(name[len] == '\0' || name[len] == ' ' || strchr("-_(", made[i][len - 1])))
			return true;
	}
	return false;
}

/* A count of all there is, or all receipts, newest first: where a walk is what was asked for. */
static bool is_asked(enum query_kind kind, const char *name)
{
	static const struct {
		enum query_kind kind;
		const char *name;
	} asked[] = { { QUERY_STATUS, "report USING COVERING INDEX report_domain_day" },
		{ QUERY_STATUS, "domain" },
		{ QUERY_STATUS, "domain USING COVERING INDEX sqlite_autoindex_domain_1" },
		{ QUERY_STATUS, "r" },
		{ QUERY_STATUS, "receipt USING COVERING INDEX receipt_ending" },
		{ QUERY_ENDINGS, "e" }, { QUERY_RECEIPTS, "c" }, { QUERY_OWN, "domain" },
		{ QUERY_OWN, "domain USING INDEX sqlite_autoindex_domain_1" } };

	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		if (asked[i].kind == kind && strcmp(asked[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Call `see` with each line of the plan of an open question. */
static void each_line(const struct query *q, void (*see)(const struct query *q, const char *line))
{
	struct err err = ERR_INIT;
	sqlite3_stmt *stmt = NULL;
	char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sqlite3_sql(q->stmt));

	if (sql_prepare(q->store, sql, &stmt, &err) < 0)
		fail_msg("%s", err.text);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		see(q, (const char *)sqlite3_column_text(stmt, 3));
	sqlite3_finalize(stmt);
	sqlite3_free(sql);
}

static void no_scan(const struct query *q, const char *line)
{
	if (strncmp(line, "SCAN ", 5) == 0 && !is_made(line + 5) && !is_asked(q->kind, line + 5))
		fail_msg("%s: %s\n%s", query_name(q->kind), line, sqlite3_sql(q->stmt));
}

static void no_sorter(const struct query *q, const char *line)
{
	no_scan(q, line);
	if (strstr(line, "USE TEMP B-TREE FOR ORDER BY") != NULL ||
		strstr(line, "USE TEMP B-TREE FOR RIGHT PART OF ORDER BY") != NULL)
		fail_msg("%s: %s\n%s", query_name(q->kind), line, sqlite3_sql(q->stmt));
}

static void look(struct store *st, enum query_kind kind, enum query_way way,
	void (*see)(const struct query *q, const char *line))
{
	struct err err = ERR_INIT;
	struct query *q = NULL;

	if (query_open_by(&q, st, kind, &f, way, &err) < 0)
		fail_msg("%s: %s", query_name(kind), err.text);
	each_line(q, see);
	query_close(q);
}

static struct store *filled(void)
{
	struct store *st = store_random(&facts, 8);

	for (int i = 2; i < 400; i++)
		run_sql(st,
			"INSERT INTO receipt (id, inbox, name, size, mtime_ns, seen, ending, trust)"
			" VALUES (%d, 1, 'm%d', 1, 1, 1, %d, 0)",
			i, i, i % 7);
	/* As many of each as a grown store has at least, or a walk is the better plan. */
	for (int i = 10; i < 400; i++) {
		run_sql(st, "INSERT INTO name VALUES (%d, 'n%d')", i, i);
		run_sql(st, "INSERT INTO inbox VALUES (%d, '/%d')", i, i);
		run_sql(st, "INSERT INTO reporter VALUES (%d, 'R%d', %d)", i, i, i);
		run_sql(st, "INSERT INTO domain (id, name, added) VALUES (%d, 'd%d.example', 1)", i,
			i);
	}
	run_sql(st, "ANALYZE"); /* figures the planner may be tempted by */
	return st;
}

static bool is_of_report(int kind)
{
	return kind == QUERY_REPORT || kind == QUERY_NOTES || kind == QUERY_UNREADABLE;
}

static int64_t a_report(struct store *st)
{
	struct err err = ERR_INIT;
	sqlite3_stmt *stmt = NULL;
	int64_t id;

	assert_int_equal(sql_prepare(st, "SELECT min(id) FROM report", &stmt, &err), 0);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	id = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return id;
}

static void every_question_is_driven_by_an_index(void **state)
{
	static const char *const filters[][2] = { { NULL, NULL }, { "domain", "one.example" },
		{ "class", "yours" }, { "service", "mailchimp" }, { "group", "101" },
		{ "source", "192.0.2.4" }, { "header_from", "one.example" },
		{ "reporter", "alpha" } };
	struct store *st = filled();
	unsigned seen = 0;

	(void)state;
	for (int kind = 0; kind < QUERY_KIND_COUNT; kind++) {
		for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
			query_filter_init(&f);
			f.report = is_of_report(kind) ? a_report(st) : 0;
			f.source_group = kind == QUERY_SOURCE ? 101 : 0;
			if (filters[i][0] != NULL) {
				if (!query_filter_takes(
					    (enum query_kind)kind, slice_of(filters[i][0]), NULL))
					continue;
				set(&f, (enum query_kind)kind, filters[i][0], filters[i][1]);
			}
			run_sql(st, "DELETE FROM unassessed");
			look(st, (enum query_kind)kind, QUERY_WAY_ANY, no_scan);
			run_sql(st, "INSERT INTO unassessed VALUES (1, 19990)");
			look(st, (enum query_kind)kind, QUERY_WAY_ANY, no_scan);
			f.limit = 100;
			look(st, (enum query_kind)kind, QUERY_WAY_ANY, no_scan);
			seen++;
		}
	}
	assert_true(seen > 90);
	store_close(st);
}

/* Roll-ups and indexes: neither what was reported nor the sums by address. */
static void no_facts(const struct query *q, const char *line)
{
	/* The alias of each in the pieces of query_sql.h; f is any roll-up. */
	static const char *const tables[] = { "SEARCH r ", "SEARCH x ", "SEARCH t ", "SEARCH q ",
		"SEARCH m ", "SEARCH daily ", "SEARCH record ", "SEARCH detail " };

	no_scan(q, line);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		if (strncmp(line, tables[i], strlen(tables[i])) == 0 &&
			strstr(line, "USING COVERING INDEX") == NULL)
			fail_msg("%s: %s\n%s", query_name(q->kind), line, sqlite3_sql(q->stmt));
	}
}

static void a_scrape_reads_no_table_of_facts(void **state)
{
	static const struct {
		enum query_kind kind;
		const char *last, *by;
	} cases[] = { { QUERY_DOMAINS, "7d", NULL }, { QUERY_SUMMARY, "1d", "domain,class" },
		{ QUERY_SUMMARY, "7d", "domain,class" }, { QUERY_SUMMARY, "30d", "domain,class" },
		{ QUERY_REPORTERS, "90d", NULL }, { QUERY_STATUS, NULL, NULL },
		{ QUERY_ENDINGS, NULL, NULL } };
	struct store *st = filled();

	(void)state;
	run_sql(st, "DELETE FROM unassessed");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err err = ERR_INIT;
		struct query *q = NULL;
		const char *sql;

		query_filter_init(&f);
		f.lean = true;
		if (cases[i].last != NULL)
			set(&f, cases[i].kind, "last", cases[i].last);
		if (cases[i].by != NULL)
			set(&f, cases[i].kind, "group_by", cases[i].by);
		look(st, cases[i].kind, QUERY_WAY_ANY, no_facts);
		/* Sums of mail are those of the roll-up of domains. */
		assert_int_equal(query_open(&q, st, cases[i].kind, &f, &err), 0);
		sql = sqlite3_sql(q->stmt);
		assert_true(cases[i].kind != QUERY_SUMMARY || strstr(sql, "domain_daily") != NULL);
		if (cases[i].kind == QUERY_SUMMARY)
			assert_null(strstr(sql, "class_daily"));
		assert_null(strstr(sql, "FROM record"));
		query_close(q);
	}
	store_close(st);
}

static void what_is_looked_up_has_an_index(void **state)
{
	struct store *st = filled();
	unsigned seen = 0;

	(void)state;
	for (int id = 0; id < STMT_COUNT; id++) {
		static struct query q; /* large */
		struct err err = ERR_INIT;

		if (strncmp(stmt_name((enum stmt)id), "STMT_QUERY_", 11) != 0)
			continue;
		/* A suffix of a name has no index; all domains of a scope are what is asked for. */
		if (id == STMT_QUERY_NAMED_DOMAINS || id == STMT_QUERY_SCOPE_DOMAINS ||
			id == STMT_QUERY_UNKNOWN_DOMAIN || id == STMT_QUERY_ANY_OWN ||
			id == STMT_QUERY_OWN || id == STMT_QUERY_ENDINGS)
			continue;
		q.store = st;
		q.kind = QUERY_STATUS;
		if (sql_get(st, (enum stmt)id, &q.stmt, &err) < 0)
			fail_msg("%s", err.text);
		each_line(&q, no_scan);
		seen++;
	}
	assert_true(seen > 15);
	store_close(st);
}

/* The lists of what grows without end: rows in their order, from any place, without sorting. */
static void a_page_begins_by_an_index_and_nothing_is_sorted(void **state)
{
	static const struct {
		enum query_kind kind;
		const char *name, *value;
	} cases[] = { { QUERY_RECORDS, NULL, NULL }, { QUERY_RECORDS, "domain", "one.example" },
		{ QUERY_RECORDS, "class", "yours" }, { QUERY_REPORTS, NULL, NULL },
		{ QUERY_REPORTS, "domain", "one.example" }, { QUERY_REPORTS, "conflicts", "true" },
		{ QUERY_RECEIPTS, NULL, NULL }, { QUERY_RECEIPTS, "ending", "refused" },
		{ QUERY_EVENTS, NULL, NULL } };
	struct store *st = filled();

	(void)state;
	for (int i = 0; i < 9; i++)
		run_sql(st, "INSERT INTO event (at, type) VALUES (1, 'x')");
	run_sql(st,
		"INSERT INTO entry SELECT r.id, 1, 4, 'p', NULL, NULL, r.id, NULL FROM report AS r"
		" JOIN receipt AS c ON c.id = r.id");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum query_kind kind = cases[i].kind;
		struct err err = ERR_INIT;
		const struct value *row;
		struct query *q = NULL;
		int more;

		query_filter_init(&f);
		if (kind != QUERY_EVENTS && kind != QUERY_RECEIPTS)
			set(&f, kind, "last", "all");
		if (cases[i].name != NULL)
			set(&f, kind, cases[i].name, cases[i].value);
		look(st, kind, QUERY_WAY_ANY, no_sorter);
		f.limit = 1;
		assert_int_equal(query_open(&q, st, kind, &f, &err), 0);
		while ((more = query_next(q, &row, &err)) > 0) {
		}
		assert_int_equal(more, 0);
		assert_non_null(query_next_cursor(q));
		memcpy(f.cursor, query_next_cursor(q), strlen(query_next_cursor(q)) + 1);
		query_close(q);
		look(st, kind, QUERY_WAY_ANY, no_sorter);
	}
	store_close(st);
}

/* The steps SQLite takes for a page of ten do not grow with what lies before it. */
static uint64_t steps_of(struct store *st, enum query_kind kind)
{
	struct err err = ERR_INIT;
	const struct value *row;
	struct query *q = NULL;
	uint64_t steps;

	if (query_open(&q, st, kind, &f, &err) < 0)
		fail_msg("%s", err.text);
	while (query_next(q, &row, &err) > 0) {
	}
	steps = (uint64_t)sqlite3_stmt_status(q->stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
	if (query_next_cursor(q) != NULL)
		memcpy(f.cursor, query_next_cursor(q), strlen(query_next_cursor(q)) + 1);
	else
		f.cursor[0] = '\0';
	query_close(q);
	return steps;
}

static void a_page_deep_down_costs_what_the_first_one_does(void **state)
{
	static const enum query_kind kinds[] = { QUERY_RECORDS, QUERY_REPORTS, QUERY_RECEIPTS };
	struct store *st = filled();

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		uint64_t first, most = 0;
		unsigned pages = 0;

		query_filter_init(&f);
		if (kinds[i] != QUERY_RECEIPTS)
			set(&f, kinds[i], "last", "all");
		f.limit = 10;
		first = steps_of(st, kinds[i]);
		while (f.cursor[0] != '\0') {
			uint64_t steps = steps_of(st, kinds[i]);

			most = steps > most ? steps : most;
			pages++;
		}
		assert_true(pages > 20);
		if (most > 3 * first)
			fail_msg("%s: %llu steps, %llu for the first page", query_name(kinds[i]),
				(unsigned long long)most, (unsigned long long)first);
	}
	store_close(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_question_is_driven_by_an_index),
		cmocka_unit_test(a_scrape_reads_no_table_of_facts),
		cmocka_unit_test(what_is_looked_up_has_an_index),
		cmocka_unit_test(a_page_begins_by_an_index_and_nothing_is_sorted),
		cmocka_unit_test(a_page_deep_down_costs_what_the_first_one_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
