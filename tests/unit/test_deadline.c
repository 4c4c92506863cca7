/* No answer keeps the database busy for longer than it may, and none of them spoils the next one. */
#include "store/deadline.h"
#include "store/query_cards.h"
#include "store/query_dns_known.h"
#include "store/query_ready.h"
#include "tests/unit/assess_kit.h"

#define DAY_0 19676 /* KIT_BEGIN's */

static const struct sent good[] = {
	{ "192.0.2.1", 40, 'p', 'p', "+example.com", "s1@example.com+", 0 },
};

/* Before the tables there are relations of their names that never end. */
static void make_endless(struct kit *kit)
{
	kit_exec(kit, "CREATE TEMP VIEW domain_daily AS WITH RECURSIVE n (i) AS (SELECT 1"
		      " UNION ALL SELECT i + 1 FROM n) SELECT 1 AS domain, i AS day, 0 AS class,"
		      " 0 AS result, 0 AS records, 0 AS messages, 0 AS spf_seen, 0 AS spf_passed,"
		      " 0 AS overridden FROM n");
	kit_exec(kit, "CREATE TEMP VIEW daily AS WITH RECURSIVE n (i) AS (SELECT 1"
		      " UNION ALL SELECT i + 1 FROM n) SELECT 1 AS domain, i AS day, 1 AS source,"
		      " 1 AS trait, 0 AS result, 0 AS records, 0 AS messages FROM n");
}

static void fill(struct kit *kit)
{
	deliver(kit, 0, good, 1);
	judge(kit);
}

static int ready(struct kit *kit)
{
	struct query_ready *q = NULL;
	int rc = query_ready_open(&q, kit->st, SLICE_LIT("example.com"), DAY_0 + 2, &kit->err);

	query_ready_close(q);
	return rc;
}

static int causes(struct kit *kit)
{
	static struct query_filter f; /* large */
	struct query_cards *q = NULL;
	int rc;

	query_filter_init(&f);
	f.all_time = true;
	rc = query_cards_open(&q, kit->st, &f, &kit->err);
	query_cards_close(q);
	return rc;
}

static int records(struct kit *kit)
{
	struct query_dns_known *q = NULL;
	int rc = query_dns_known_open(&q, kit->st, SLICE_LIT("example.com"), false, &kit->err);

	query_dns_known_close(q);
	return rc;
}

static void is_given_up(struct kit *kit, int (*ask)(struct kit *kit), const char *what)
{
	fill(kit);
	KIT_OK(kit, ask(kit));
	make_endless(kit);
	assert_int_equal(ask(kit), -1);
	assert_int_equal(kit->err.code, ERR_SLOW);
	assert_non_null(strstr(kit->err.text, what));
	err_clear(&kit->err);
	/* The connection is good for the next one. */
	kit_exec(kit, "DROP VIEW temp.domain_daily");
	kit_exec(kit, "DROP VIEW temp.daily");
	KIT_OK(kit, ask(kit));
}

static void readiness_that_takes_too_long_is_given_up(void **state)
{
	is_given_up(*state, ready, "readiness of example.com");
}

static void causes_that_take_too_long_are_given_up(void **state)
{
	is_given_up(*state, causes, "causes of example.com");
}

static void a_look_at_records_that_takes_too_long_is_given_up(void **state)
{
	is_given_up(*state, records, "the DNS of example.com");
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(readiness_that_takes_too_long_is_given_up),
		WITH_STORE(causes_that_take_too_long_are_given_up),
		WITH_STORE(a_look_at_records_that_takes_too_long_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
