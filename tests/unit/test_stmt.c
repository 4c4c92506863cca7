/* Every statement of the program: it can be prepared, and it finds its rows by an index. */
#include "tests/unit/store_kit.h"

/* Those that are to look at whole tables, each for a reason. */
static bool may_scan(const char *name)
{
	static const char *const prefixes[] = {
		"STMT_ORPHAN_", /* to know that nothing refers to a row is to look at all that might */
		"STMT_CLAIM_",   /* a suffix of a name has no index; an owner's decision is rare */
		"STMT_DNS_SUMS", /* a row of each own domain, and each is asked for */
		"STMT_DNS_REVERSE_MARK", /* a name changes rarely, and any domain may know it */
		"STMT_DNS_OWN",          /* once a run, and then the network is what takes time */
	};

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (slice_starts(slice_of(name), slice_of(prefixes[i])))
			return true;
	}
	return false;
}

/* A line of a plan that reads a table of ours from one end to the other. Subqueries, JSON lists and
 * constant rows are no tables; an index read for its first or last entry is SEARCH. */
static bool is_scan(const char *line)
{
	static const char *const fine[] = { "SCAN CONSTANT ROW", "VIRTUAL TABLE", "SCAN (",
		"SCAN x" };

	if (strncmp(line, "SCAN ", 5) != 0)
		return false;
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
		if (strstr(line, fine[i]) != NULL)
			return false;
	}
	return true;
}

/* The temporary tables of the domain that is judged: they hold nothing else. */
static bool is_seen(const char *table, size_t len)
{
	return (len > 5 && memcmp(table, "seen_", 5) == 0) ||
	       (len == 4 && memcmp(table, "home", 4) == 0);
}

/* A scan of such a table, under its name or an alias the statement gives it. */
static bool scans_seen(const char *line, const char *text)
{
	char alias[64];
	size_t len = strcspn(line + 5, " ");

	if (is_seen(line + 5, len))
		return true;
	(void)snprintf(alias, sizeof alias, " AS %.*s ", (int)len, line + 5);
	for (const char *at = strstr(text, alias); at != NULL; at = strstr(at + 1, alias)) {
		const char *table = at;

		while (table > text && table[-1] != ' ')
			table--;
		if (is_seen(table, (size_t)(at - table)))
			return true;
	}
	return false;
}

static void every_statement_can_be_prepared(void **state)
{
	struct kit *kit = *state;

	for (int id = 0; id < STMT_COUNT; id++) {
		sqlite3_stmt *stmt = NULL;

		if (sql_get(kit->st, (enum stmt)id, &stmt, &kit->err) < 0)
			fail_msg("%s: %s", stmt_name((enum stmt)id), kit->err.text);
		assert_non_null(stmt);
	}
}

static void the_writing_statements_find_their_rows_by_an_index(void **state)
{
	struct kit *kit = *state;
	char text[8192];

	for (int id = 0; id <= STMT_SERVICE_DROP; id++) {
		const char *name = stmt_name((enum stmt)id);
		sqlite3_stmt *stmt = NULL;

		if (may_scan(name))
			continue;
		(void)snprintf(
			text, sizeof text, "EXPLAIN QUERY PLAN %s", stmt_text((enum stmt)id));
		if (sqlite3_prepare_v2(kit->st->db, text, -1, &stmt, NULL) != SQLITE_OK)
			fail_msg("%s: %s", name, sqlite3_errmsg(kit->st->db));
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *line = (const char *)sqlite3_column_text(stmt, 3);

			if (is_scan(line) && !scans_seen(line, stmt_text((enum stmt)id)))
				fail_msg("%s: %s", name, line);
		}
		(void)sqlite3_finalize(stmt);
	}
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(every_statement_can_be_prepared),
		WITH_STORE(the_writing_statements_find_their_rows_by_an_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
