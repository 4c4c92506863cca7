/* The selftest finds each law broken that can be broken, and none where all is well. */
#include "tests/unit/store_kit.h"
#include "store/assess.h"
#include "store/query.h"

struct heard {
	unsigned lines, broken;
	char text[4096];
};

static void hear(void *arg, bool ok, const char *line)
{
	struct heard *h = arg;
	size_t used = strlen(h->text);

	h->lines++;
	if (ok)
		return;
	h->broken++;
	(void)snprintf(h->text + used, sizeof h->text - used, "%s\n", line);
}

static void look(struct kit *kit, struct heard *ret)
{
	int n;

	*ret = (struct heard){ 0 };
	n = query_selftest(kit->st, hear, ret, &kit->err);
	if (n < 0)
		fail_msg("%s", kit->err.text);
	assert_int_equal(n, ret->broken);
}

/* One of everything: whole, partial, empty, duplicate, conflict, twin. */
static void fill(struct kit *kit)
{
	static const struct say says[] = {
		{ .id = "a", .records = 40, .xml = 300000, .xml_hard = true },
		{ .id = "b",
			.records = 3,
			.unreadable = 2,
			.placeholders = 1,
			.seed = 1,
			.xml = 900 },
		{ .id = "c", .seed = 2, .xml = 100 },
		{ .id = "c2", .xml = 100 },
		{ .id = "a", .records = 40, .xml = 300000, .xml_hard = true },
		{ .id = "b", .records = 4, .seed = 3, .xml = 900 },
		{ .id = "d", .records = 40, .xml = 700 },
		{ .id = "e", .records = 12, .seed = 9, .domain = "other.example", .org = "Other" },
	};
	static const enum report_ending endings[] = { REPORT_STORED, REPORT_PARTIAL, REPORT_STORED,
		REPORT_STORED, REPORT_DUPLICATE, REPORT_CONFLICT, REPORT_STORED, REPORT_STORED };
	char name[16];

	for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
		struct report_outcome out;

		(void)snprintf(name, sizeof name, "m%zu", i);
		out = kit_deliver(kit, name, &says[i]);
		assert_int_equal(out.ending, endings[i]);
		assert_int_equal(out.twin, i == 6);
	}
	kit_sync(kit);
}

static void a_store_that_was_only_written_by_us_breaks_no_law(void **state)
{
	struct kit *kit = *state;
	struct heard h;

	look(kit, &h); /* empty */
	assert_int_equal(h.broken, 0);
	fill(kit);
	look(kit, &h);
	assert_string_equal(h.text, "");
	assert_int_equal(h.lines, 16);
	KIT_OK(kit, store_assess(kit->st, &kit->err));
	look(kit, &h);
	assert_string_equal(h.text, "");
}

/* Until a day is judged its classes are those of its rows, whatever stands in the roll-up. */
static void what_is_not_judged_yet_breaks_no_law_and_is_answered_all_the_same(void **state)
{
	static struct query_filter f; /* large */
	const struct say late = { .id = "late", .records = 9, .seed = 4 };
	struct kit *kit = *state;
	const struct value *row;
	struct query *q = NULL;
	struct heard h;

	fill(kit);
	KIT_OK(kit, store_assess(kit->st, &kit->err));
	(void)kit_deliver(kit, "late", &late);
	kit_sync(kit);
	assert_true(kit_number(kit, "SELECT count(*) FROM unassessed") > 0);
	look(kit, &h);
	assert_string_equal(h.text, "");
	query_filter_init(&f);
	f.all_time = true;
	KIT_OK(kit, query_open(&q, kit->st, QUERY_SUMMARY, &f, &kit->err));
	assert_int_equal(query_next(q, &row, &kit->err), 1);
	assert_int_equal(row[query_column(QUERY_SUMMARY, "messages")].number,
		kit_number(kit, "SELECT sum(messages) FROM report"));
	query_close(q);
}

static void each_broken_law_is_named(void **state)
{
	static const struct {
		const char *sql, *expect;
	} cases[] = {
		{ "UPDATE report SET messages = messages + 1, unknown = unknown + 1 WHERE id = 1",
			"report totals: 1 reports whose totals are not those of their records, the "
			"first is report 1\nverdicts: " },
		{ "UPDATE record SET count = count + 1 WHERE report = 1 AND n = 2",
			"report totals: 1 reports" },
		{ "UPDATE report SET quarantine = quarantine + 1 WHERE id = 2",
			"report totals: 1 reports whose totals are not those of their records, the "
			"first is report 2\n" },
		{ "DELETE FROM daily WHERE domain = 1", "daily: " },
		{ "UPDATE daily SET messages = messages + 1 WHERE domain = 1", "daily: " },
		{ "UPDATE daily SET trait = trait + 1000 WHERE domain = 1", "daily: " },
		{ "UPDATE trait SET result = result + 1 WHERE id = 1", "traits: " },
		{ "UPDATE detail SET trait = 1000 WHERE id = 3",
			"traits: 1 details whose trait says something else, the first is detail 3\n" },
		{ "UPDATE trait SET reasons = reasons * 2 WHERE reasons <> 0", "traits: " },
		{ "UPDATE trait SET reasons = 4 WHERE reasons = 0", "traits: " },
		{ "UPDATE trait SET spf_result = 4 WHERE spf_result = 3", "traits: " },
		{ "UPDATE trait SET spf_result = 3 WHERE spf_result = 4", "traits: " },
		{ "INSERT INTO trait_signature SELECT d.trait, 100 + value, 1, 1, 0 FROM detail AS d, "
		  "json_each('[1, 2, 3, 4]') WHERE d.id = 1",
			"traits: " },
		{ "INSERT INTO daily VALUES (1, 1, 1, 1, 1, 1, 1)", "daily: 1 rows" },
		{ "DELETE FROM judgement WHERE domain = 1 AND source = 1", "judged: " },
		{ "UPDATE judgement SET class = (class + 1) % 4 WHERE domain = 1 AND source = 2",
			"classes: " },
		{ "UPDATE judgement SET rule = rule + 1 WHERE domain = 1 AND source = 2",
			"classes: " },
		{ "DELETE FROM member WHERE domain = 1 AND source = 1", "judged: " },
		{ "UPDATE member SET source_group = (SELECT max(id) FROM source_group) WHERE domain = 1",
			"judged: " },
		{ "DELETE FROM class_daily WHERE domain = 1", "classes: " },
		{ "DELETE FROM domain_daily WHERE domain = 1", "domain totals: " },
		{ "UPDATE domain_daily SET messages = messages + 1", "domain totals: " },
		{ "UPDATE domain_daily SET overridden = overridden + 1", "domain totals: " },
		{ "UPDATE class_daily SET messages = messages + 1", "classes: " },
		{ "UPDATE class_daily SET spf_seen = spf_seen + 1", "classes: " },
		{ "UPDATE class_daily SET spf_passed = spf_passed + 1", "classes: " },
		{ "UPDATE class_daily SET overridden = overridden + 1", "classes: " },
		{ "INSERT INTO class_daily VALUES (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)",
			"classes: 1 rows" },
		{ "DELETE FROM unreadable", "records sent: 1 reports" },
		{ "UPDATE receipt SET ending = 5 WHERE name = 'm0'",
			"endings: 1 mails whose ending is not the worst of their entries, the first is "
			"receipt " },
		{ "UPDATE entry SET ending = 5 WHERE receipt = (SELECT receipt FROM report WHERE id = 1)",
			"evidence: 1 reports that the receipt of their mail does not name, the first is "
			"report 1\n" },
		{ "UPDATE report SET twin = 0", "twins: 1 reports wrongly marked" },
		{ "UPDATE report SET twin = 1 WHERE id = 1", "twins: 1 reports wrongly marked" },
		{ "UPDATE report SET original = NULL WHERE id = 2",
			"orphans: 1 records and originals" },
		{ "UPDATE original SET sha256 = zeroblob(32) WHERE id = 2",
			"originals: 1 are not the bytes that were kept, the first is original 2\n" },
		{ "UPDATE original SET bytes = bytes + 1 WHERE id = 2", "originals: 1 are not" },
		{ "UPDATE original SET data = x'00' WHERE id = 2", "originals: 1 are not" },
		{ "DELETE FROM original_more", "originals: 1 are not" },
		{ "UPDATE detail SET header_from = 999999 WHERE id = 1", "foreign keys: 1 rows" },
	};
	struct kit *kit = *state;
	struct heard h;

	fill(kit);
	KIT_OK(kit, store_assess(kit->st, &kit->err));
	kit_exec(kit, "PRAGMA foreign_keys = OFF");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		kit_exec(kit, "BEGIN");
		kit_exec(kit, cases[i].sql);
		assert_true(sqlite3_changes(kit->st->db) > 0);
		look(kit, &h);
		if (strstr(h.text, cases[i].expect) == NULL)
			fail_msg("%s: no \"%s\" in: %s", cases[i].sql, cases[i].expect, h.text);
		kit_exec(kit, "ROLLBACK");
	}
	look(kit, &h);
	assert_int_equal(h.broken, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_store_that_was_only_written_by_us_breaks_no_law, kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(
			what_is_not_judged_yet_breaks_no_law_and_is_answered_all_the_same,
			kit_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(each_broken_law_is_named, kit_setup, kit_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
