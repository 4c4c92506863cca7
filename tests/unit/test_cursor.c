/* Cursors: pages in any order give every row once, a forged one does no harm, and what comes in
 * between pages changes none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/query_store.h"

static struct facts facts;
static struct query_filter f; /* large */

/* One page as CSV without its head, appended; where the next begins goes to f.cursor. True: there
 * is one. */
static bool add_page(struct store *st, enum query_kind kind, struct buf *to)
{
	struct err err = ERR_INIT;
	const struct column *columns;
	const struct value *row;
	struct query *q = NULL;
	struct emit *e = NULL;
	struct buf page;
	const char *next;
	size_t len;
	int more;

	buf_init(&page, 1 << 20);
	if (query_open(&q, st, kind, &f, &err) < 0)
		fail_msg("%s: %s", query_name(kind), err.text);
	columns = query_row_columns(q, &len);
	assert_int_equal(emit_open(&e, emit_find(SLICE_LIT("csv")), &page, EMIT_EN, &err), 0);
	emit_set(e, query_name(kind), columns, len, false);
	while ((more = query_next(q, &row, &err)) > 0)
		emit_row(e, row);
	if (more < 0)
		fail_msg("%s by %s: %s", query_name(kind), f.sort, err.text);
	next = query_next_cursor(q);
	(void)snprintf(f.cursor, sizeof f.cursor, "%s", next != NULL ? next : "");
	emit_end(e, NULL, NULL);
	emit_close(e);
	query_close(q);
	buf_add_text(to, strchr(buf_text(&page), '\n') + 1);
	buf_release(&page);
	return f.cursor[0] != '\0';
}

static void pages_give_the_whole(struct store *st, enum query_kind kind, int64_t limit)
{
	struct buf whole, all;
	unsigned pages = 0;

	buf_init(&whole, 1 << 22);
	buf_init(&all, 1 << 22);
	f.limit = 0;
	f.cursor[0] = '\0';
	assert_false(add_page(st, kind, &whole));
	f.limit = limit;
	do {
		pages++;
		assert_true(pages < 2000);
	} while (add_page(st, kind, &all));
	assert_string_equal(buf_text(&whole), buf_text(&all));
	buf_release(&whole);
	buf_release(&all);
}

static const enum query_kind lists[] = { QUERY_DOMAINS, QUERY_TIMESERIES, QUERY_SOURCES,
	QUERY_ADDRESSES, QUERY_RULES, QUERY_REPORTERS, QUERY_OVERRIDES, QUERY_REPORTS,
	QUERY_RECORDS, QUERY_RECEIPTS, QUERY_OWN, QUERY_DECISIONS, QUERY_EVENTS, QUERY_SERVICES };

/* Some pages of each. */
static int64_t page_of(enum query_kind kind)
{
	return kind == QUERY_RECORDS                             ? 300
	       : kind == QUERY_SERVICES || kind == QUERY_REPORTS ? 70
								 : 17;
}

static struct store *filled(uint64_t seed)
{
	struct store *st = store_random(&facts, seed);

	for (int i = 2; i < 30; i++) {
		run_sql(st,
			"INSERT INTO receipt (id, inbox, name, size, mtime_ns, seen, ending, trust,"
			" subject) VALUES (%d, 1, 'm%d', 1, 1, 1, %d, 0, %s)",
			i, i, i % 7, i % 3 == 0 ? "NULL" : "'a \"subject\"'");
		run_sql(st, "INSERT INTO event (at, type) VALUES (%d, 'x')", i % 4);
		run_sql(st, "INSERT INTO reason VALUES (%d, 1, %d, NULL, %s)", i * 4, i % 5 + 2,
			i % 2 == 0 ? "NULL" : "'why'");
	}
	for (int i = 0; i < 3; i++)
		run_sql(st, "INSERT INTO entry VALUES (5, %d, 1, 'p', NULL, NULL, NULL, NULL)",
			i + 1);
	run_sql(st, "UPDATE domain SET own = 1, claimed = 1");
	run_sql(st, "INSERT INTO decision VALUES (1, 'a', 0, 1), (1, 'b', 1, 1), (2, 'a', 3, 2)");
	return st;
}

static void every_order_is_paged_without_a_row_lost_or_repeated(void **state)
{
	struct store *st = filled(31);

	(void)state;
	for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
		size_t len;
		const struct column *columns = query_columns(lists[k], &len);

		for (size_t i = 0; i < 2 * len; i++) {
			char sort[64];

			query_filter_init(&f);
			(void)snprintf(sort, sizeof sort, "%s%s", i % 2 == 0 ? "" : "-",
				columns[i / 2].name);
			set(&f, lists[k], "sort", sort);
			pages_give_the_whole(st, lists[k], page_of(lists[k]));
		}
	}
	store_close(st);
}

static void groups_are_paged_too(void **state)
{
	static const char *const by[] = { "source", "service,class", "reporter,disposition",
		"domain" };
	struct store *st = filled(32);

	(void)state;
	run_sql(st, "DELETE FROM member WHERE source = 3"); /* a group that is null */
	run_sql(st, "INSERT INTO unassessed SELECT DISTINCT domain, day FROM daily");
	for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
		query_filter_init(&f);
		set(&f, QUERY_SUMMARY, "group_by", by[i]);
		pages_give_the_whole(st, QUERY_SUMMARY, 1);
		set(&f, QUERY_SUMMARY, "sort", "-prev_own_pass_ratio");
		pages_give_the_whole(st, QUERY_SUMMARY, 2);
		query_filter_init(&f);
		if (strchr(by[i], ',') == NULL) {
			set(&f, QUERY_TIMESERIES, "group_by", by[i]);
			pages_give_the_whole(st, QUERY_TIMESERIES, 5);
		}
	}
	store_close(st);
}

static int open_with(struct store *st, enum query_kind kind, struct err *err)
{
	struct query *q = NULL;
	int rc;

	err_clear(err);
	rc = query_open(&q, st, kind, &f, err);
	query_close(rc == 0 ? q : NULL);
	return rc;
}

static void a_cursor_goes_with_its_question_alone(void **state)
{
	static const struct {
		enum query_kind kind;
		const char *name, *value;
	} others[] = { { QUERY_ADDRESSES, NULL, NULL }, { QUERY_SOURCES, "sort", "messages" },
		{ QUERY_SOURCES, "sort", "-fail" }, { QUERY_RECORDS, NULL, NULL },
		{ QUERY_SUMMARY, NULL, NULL }, { QUERY_SUMMARY, "group_by", "source" },
		{ QUERY_TIMESERIES, "group_by", "week" } };
	static char cursor[QUERY_CURSOR_MAX];
	struct store *st = filled(33);
	struct err err = ERR_INIT;
	struct buf page;

	(void)state;
	buf_init(&page, 1 << 20);
	query_filter_init(&f);
	f.limit = 3;
	assert_true(add_page(st, QUERY_SOURCES, &page));
	memcpy(cursor, f.cursor, sizeof cursor);
	/* Written out, the default order is the same question; so is another choice of rows. */
	set(&f, QUERY_SOURCES, "sort", "-messages");
	assert_int_equal(open_with(st, QUERY_SOURCES, &err), 0);
	set(&f, QUERY_SOURCES, "class", "yours");
	assert_int_equal(open_with(st, QUERY_SOURCES, &err), 0);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		query_filter_init(&f);
		memcpy(f.cursor, cursor, sizeof cursor);
		if (others[i].name != NULL)
			set(&f, others[i].kind, others[i].name, others[i].value);
		assert_int_equal(open_with(st, others[i].kind, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_true(strncmp(err.text, "cursor is of another question", 29) == 0);
	}
	buf_release(&page);
	store_close(st);
}

/* Cut, with a bit turned, of any bytes at all: refused, or a place like another; never a crash. */
static void a_hostile_cursor_does_no_harm(void **state)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	static char good[QUERY_CURSOR_MAX];
	struct store *st = filled(34);
	struct err err = ERR_INIT;
	unsigned refused = 0, taken = 0;
	uint64_t random = 1;
	struct buf page;
	size_t len;

	(void)state;
	buf_init(&page, 1 << 20);
	query_filter_init(&f);
	f.limit = 3;
	set(&f, QUERY_RECORDS, "sort", "reporter");
	assert_true(add_page(st, QUERY_RECORDS, &page));
	memcpy(good, f.cursor, sizeof good);
	len = strlen(good);
	for (size_t i = 0; i < 4 * len; i++) {
		memcpy(f.cursor, good, sizeof good);
		if (i < len)
			f.cursor[i] = '\0';
		else
			f.cursor[i % len] = alphabet[next_random(&random, 64)];
		if (f.cursor[0] == '\0')
			continue;
		if (open_with(st, QUERY_RECORDS, &err) < 0) {
			assert_int_equal(err.code, ERR_USAGE);
			refused++;
		} else {
			(void)add_page(st, QUERY_RECORDS, &page);
			taken++;
		}
	}
	assert_true(refused > len && taken > 0);
	/* As long as may be, and past it. */
	memset(f.cursor, 'A', sizeof f.cursor - 1);
	f.cursor[sizeof f.cursor - 1] = '\0';
	assert_int_equal(open_with(st, QUERY_RECORDS, &err), -1);
	assert_int_equal(query_filter_set(&f, QUERY_RECEIPTS, SLICE_LIT("cursor"),
				 slice_from(f.cursor, sizeof f.cursor - 1), &err),
		0);
	query_filter_init(&f);
	assert_int_equal(
		query_filter_set(&f, QUERY_RECEIPTS, SLICE_LIT("cursor"), SLICE_LIT("a'b"), &err),
		-1);
	buf_release(&page);
	store_close(st);
}

/* Between two pages a run of ruad-ingest stores reports before, at and behind the place. */
static void rows_that_come_in_between_change_no_page(void **state)
{
	static const enum query_kind kinds[] = { QUERY_RECORDS, QUERY_REPORTS };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct store *st = filled(35);
		struct fact late = one;
		struct buf before, after;
		int id = 1000;

		buf_init(&before, 1 << 22);
		buf_init(&after, 1 << 22);
		query_filter_init(&f);
		set(&f, kinds[k], "last", "all");
		(void)add_page(st, kinds[k], &before);
		f.limit = 7;
		while (add_page(st, kinds[k], &after)) {
			late.day = CLOCK_DAY - 1 - id % 80;
			add_report(st, id++, &late, 1);
			derive(st);
		}
		/* Every row that was there came once, and in its order; new ones may stand between. */
		for (const char *line = buf_text(&before), *at = buf_text(&after); *line != '\0';) {
			size_t len = strcspn(line, "\n") + 1;
			const char *found = at;

			while (found != NULL && strncmp(found, line, len) != 0)
				found = strchr(found, '\n') != NULL ? strchr(found, '\n') + 1
								    : NULL;
			if (found == NULL || *found == '\0')
				fail_msg("lost: %.*s", (int)len, line);
			at = found + len;
			line += len;
		}
		assert_true(id > 1010);
		buf_release(&before);
		buf_release(&after);
		store_close(st);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_is_paged_without_a_row_lost_or_repeated),
		cmocka_unit_test(groups_are_paged_too),
		cmocka_unit_test(a_cursor_goes_with_its_question_alone),
		cmocka_unit_test(a_hostile_cursor_does_no_harm),
		cmocka_unit_test(rows_that_come_in_between_change_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
