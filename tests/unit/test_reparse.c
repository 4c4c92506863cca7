/* Facts are derived again: equal ones leave no trace, changed ones replace the old and say what. */
#include "tests/unit/store_kit.h"

static const char *const everything[] = { "SELECT * FROM report ORDER BY id",
	"SELECT * FROM record", "SELECT * FROM note", "SELECT * FROM unreadable",
	"SELECT * FROM daily", "SELECT * FROM receipt", "SELECT * FROM entry",
	"SELECT * FROM original", "SELECT * FROM original_more", "SELECT * FROM meta",
	"SELECT * FROM unassessed", NULL };

#define REPORTS 12

/* Every fourth from 2 on has no original; 5 and 6 are twins. */
static struct say report_of(unsigned i)
{
	static char ids[REPORTS][16];

	(void)snprintf(ids[i], sizeof ids[i], "id-%u", i);
	return (struct say){ .id = ids[i],
		.records = i == 6 ? 3 : 3 + i % 5,
		.seed = i == 6 ? 5 : i,
		.unreadable = i % 4 == 0,
		.xml = i % 4 == 2 ? 0 : 400 };
}

static void fill(struct kit *kit)
{
	char name[16];

	for (unsigned i = 0; i < REPORTS; i++) {
		struct say say = report_of(i);

		(void)snprintf(name, sizeof name, "mail-%u", i);
		kit_deliver(kit, name, &say);
	}
	kit_sync(kit);
}

/* Goes over all; `change` makes of what a report said what it is read as now. Returns how many
 * changed; the last text goes to `what`. */
static unsigned reparse(
	struct kit *kit, void (*change)(unsigned i, struct say *say), char what[512])
{
	struct store_reparse *r = NULL;
	struct original *o = NULL;
	enum report_trust trust = REPORT_TRUST_COUNT;
	int64_t id = 0;
	unsigned changed = 0;
	int more;

	KIT_OK(kit, store_reparse_open(&r, kit->st, &kit->err));
	while ((more = store_reparse_next(r, &id, &trust, &o, &kit->err)) > 0) {
		struct say say = report_of((unsigned)id - 1);
		const char *text;

		assert_int_equal(original_bytes(o), say.xml);
		if (change != NULL)
			change((unsigned)id - 1, &say);
		if (say.records == 0) { /* it cannot be read any more */
			kit_report_open(kit, &say);
			KIT_OK(kit, kit->sink->ops->report_abandon(kit->sink, &kit->err));
			continue;
		}
		(void)kit_report(kit, &say);
		if (store_reparse_changed(r, &text)) {
			changed++;
			(void)snprintf(what, 512, "%s", text);
		}
	}
	KIT_OK(kit, more);
	store_reparse_close(r);
	kit_laws(kit);
	return changed;
}

static void the_same_reading_changes_nothing(void **state)
{
	struct kit *kit = *state;
	struct digest before, after;
	char what[512] = "";

	fill(kit);
	before = kit_facts(kit, everything);
	assert_int_equal(reparse(kit, NULL, what), 0);
	after = kit_facts(kit, everything);
	assert_memory_equal(before.bytes, after.bytes, sizeof before.bytes);
	assert_string_equal(what, "");
}

static void one_more_record(unsigned i, struct say *say)
{
	if (i == 3)
		say->records++;
}

static void another_reading_replaces_the_facts_and_says_what_changed(void **state)
{
	static const char *const kept[] = {
		"SELECT id, receipt, trust, received, original FROM report",
		"SELECT * FROM report WHERE id <> 4 ORDER BY id", "SELECT * FROM receipt", NULL
	};
	struct kit *kit = *state;
	struct digest before, after;
	int64_t a = 0, b = 0;
	char what[512] = "";

	fill(kit);
	before = kit_facts(kit, kept);
	KIT_OK(kit, store_data_version(kit->st, &a, &kit->err));
	assert_int_equal(reparse(kit, one_more_record, what), 1);
	assert_non_null(strstr(what, "records 6 -> 7"));
	assert_non_null(strstr(what, "messages "));
	after = kit_facts(kit, kept);
	assert_memory_equal(before.bytes, after.bytes, sizeof before.bytes);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM record WHERE report = 4"), 7);
	KIT_OK(kit, store_data_version(kit->st, &b, &kit->err));
	assert_true(b > a);
	kit_reopen(kit); /* it was committed */
	assert_int_equal(kit_number(kit, "SELECT records FROM report WHERE id = 4"), 7);
}

static void all_readable_now(unsigned i, struct say *say)
{
	(void)i;
	say->unreadable = 0;
}

static void a_record_that_can_be_read_now_makes_the_report_whole(void **state)
{
	struct kit *kit = *state;
	char what[512] = "";

	fill(kit);
	assert_int_equal(reparse(kit, all_readable_now, what), 3);
	assert_non_null(strstr(what, "unreadable 1 -> 0"));
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM entry WHERE ending = 3"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM receipt WHERE ending = 3"), 0);
}

static void another_domain_and_period(unsigned i, struct say *say)
{
	if (i == 0) {
		say->domain = "example.net";
		say->begin = KIT_BEGIN + 86400;
	}
}

static void a_moved_report_moves_its_share_of_the_daily_sums(void **state)
{
	struct kit *kit = *state;
	char what[512] = "";

	fill(kit);
	assert_int_equal(reparse(kit, another_domain_and_period, what), 1);
	assert_non_null(strstr(what, "domain \"example.com\" -> \"example.net\""));
	assert_int_equal(
		kit_number(kit, "SELECT count(*) FROM daily WHERE domain = (SELECT id FROM domain "
				"WHERE name = 'example.net') AND day = 19677"),
		3);
}

static void the_day_it_left_and_the_day_it_came_to_are_to_be_judged(void **state)
{
	struct kit *kit = *state;
	char what[512] = "";

	fill(kit);
	kit_judged(kit);
	assert_int_equal(reparse(kit, another_domain_and_period, what), 1);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unassessed"), 2);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unassessed u JOIN domain d "
					 "ON d.id = u.domain WHERE d.name = 'example.com' "
					 "AND u.day = 19676"),
		1);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unassessed u JOIN domain d "
					 "ON d.id = u.domain WHERE d.name = 'example.net' "
					 "AND u.day = 19677"),
		1);
}

static void twin_no_more(unsigned i, struct say *say)
{
	if (i == 5)
		say->seed = 900;
}

static void a_report_that_loses_its_double_is_no_twin(void **state)
{
	struct kit *kit = *state;
	char what[512] = "";

	fill(kit);
	assert_int_equal(kit_number(kit, "SELECT twin FROM report WHERE report_id = 'id-6'"), 1);
	assert_int_equal(reparse(kit, twin_no_more, what), 1);
	assert_int_equal(kit_number(kit, "SELECT sum(twin) FROM report"), 0);
}

static void an_identity_already_there(unsigned i, struct say *say)
{
	if (i == 3)
		say->id = "id-4";
	if (i == 7)
		say->records = 0;
}

static void a_reading_that_cannot_stand_leaves_the_old_facts(void **state)
{
	static const char *const rows[] = { "SELECT * FROM report ORDER BY id",
		"SELECT * FROM record", "SELECT * FROM daily", NULL };
	struct kit *kit = *state;
	struct digest before, after;
	char what[512] = "";

	fill(kit);
	before = kit_facts(kit, rows);
	assert_int_equal(reparse(kit, an_identity_already_there, what), 1);
	assert_non_null(strstr(what, "report 5"));
	after = kit_facts(kit, rows);
	assert_memory_equal(before.bytes, after.bytes, sizeof before.bytes);
}

/* Which rules a report is read by hangs on it. */
static void each_report_comes_with_the_trust_it_was_stored_with(void **state)
{
	struct kit *kit = *state;
	struct store_reparse *r = NULL;
	struct original *o = NULL;
	enum report_trust trust = REPORT_TRUST_COUNT;
	int64_t id = 0;
	unsigned seen = 0;
	int more;

	fill(kit);
	kit_exec(kit, "UPDATE report SET trust = id / 2 % 4");
	KIT_OK(kit, store_reparse_open(&r, kit->st, &kit->err));
	while ((more = store_reparse_next(r, &id, &trust, &o, &kit->err)) > 0) {
		assert_int_equal(trust, id / 2 % REPORT_TRUST_COUNT);
		seen |= 1U << trust;
	}
	KIT_OK(kit, more);
	store_reparse_close(r);
	assert_int_equal(seen, (1U << REPORT_TRUST_COUNT) - 1);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(the_same_reading_changes_nothing),
		WITH_STORE(another_reading_replaces_the_facts_and_says_what_changed),
		WITH_STORE(a_record_that_can_be_read_now_makes_the_report_whole),
		WITH_STORE(a_moved_report_moves_its_share_of_the_daily_sums),
		WITH_STORE(the_day_it_left_and_the_day_it_came_to_are_to_be_judged),
		WITH_STORE(a_report_that_loses_its_double_is_no_twin),
		WITH_STORE(a_reading_that_cannot_stand_leaves_the_old_facts),
		WITH_STORE(each_report_comes_with_the_trust_it_was_stored_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
