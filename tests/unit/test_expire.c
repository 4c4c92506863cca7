/* What is older than the owner wants goes, with all that only it needed, and nothing else. */
#include "tests/unit/store_kit.h"

#define DAY_0 (KIT_BEGIN / 86400)

static void fill(struct kit *kit)
{
	char id[32];

	for (unsigned i = 0; i < 60; i++) {
		struct say say = { .id = id,
			.begin = KIT_BEGIN + (int64_t)(i % 10) * 86400,
			.records = 1 + i % 7,
			.seed = i % 20,
			.unreadable = i % 9 == 0,
			.xml = i % 2 == 0 ? 500 : 0,
			.policy = 2 + i % 3,
			.domain = i % 3 == 0 ? "example.org" : "example.com" };
		struct say other = say;

		if (i % 11 == 0) {
			say.xml = 150000;
			say.xml_hard = true;
		}
		(void)snprintf(id, sizeof id, "id-%u", i);
		kit_deliver(kit, id, &say);
		other.seed += 100;
		if (i % 8 == 0)
			kit_deliver(kit, "conflict", &other);
		if (i % 5 == 0) {
			say.id = "twin";
			kit_deliver(kit, "twin", &say);
		}
	}
	kit_sync(kit);
}

static int64_t expire_all(struct kit *kit, int32_t day, bool originals_only, int64_t most)
{
	int64_t n = 1, sum = 0;

	while (n > 0) {
		KIT_OK(kit, store_expire(kit->st, day, originals_only, most, &n, &kit->err));
		assert_true(n <= most);
		sum += n;
		kit_laws(kit);
	}
	return sum;
}

static void no_orphan(struct kit *kit)
{
	static const char *const unused[] = {
		"SELECT count(*) FROM detail WHERE id NOT IN (SELECT detail FROM record)",
		"SELECT count(*) FROM source WHERE id NOT IN (SELECT source FROM record)",
		"SELECT count(*) FROM policy WHERE id NOT IN (SELECT policy FROM report)",
		"SELECT count(*) FROM auth WHERE detail NOT IN (SELECT id FROM detail)",
		"SELECT count(*) FROM reason WHERE detail NOT IN (SELECT id FROM detail)",
		"SELECT count(*) FROM original WHERE id NOT IN (SELECT original FROM report WHERE original "
		"IS NOT NULL UNION SELECT original FROM entry WHERE original IS NOT NULL)",
		"SELECT count(*) FROM trait WHERE id NOT IN (SELECT trait FROM detail)",
		"SELECT count(*) FROM trait_signature WHERE trait NOT IN (SELECT id FROM trait)",
		"SELECT count(*) FROM judgement WHERE source NOT IN (SELECT id FROM source) "
		"OR trait NOT IN (SELECT id FROM trait)",
		"SELECT count(*) FROM member WHERE source NOT IN (SELECT id FROM source)",
		"SELECT count(*) FROM name n WHERE NOT EXISTS (SELECT 1 FROM detail WHERE n.id IN "
		"(header_from, envelope_from, envelope_to, from_key)) AND NOT EXISTS (SELECT 1 FROM auth "
		"WHERE n.id IN (domain, selector)) AND NOT EXISTS (SELECT 1 FROM trait WHERE n.id IN "
		"(spf_domain, other_dkim)) AND NOT EXISTS (SELECT 1 FROM trait_signature "
		"WHERE n.id IN (domain, selector))",
	};

	for (size_t i = 0; i < sizeof unused / sizeof *unused; i++) {
		int64_t n = kit_number(kit, unused[i]);

		if (n != 0)
			fail_msg("%lld rows: %s", (long long)n, unused[i]);
	}
}

static void old_reports_go_with_all_that_only_they_needed(void **state)
{
	static const char *const left[] = {
		"SELECT report_id, begin, messages, pass, twin FROM report ORDER BY 1, 2, 3, 4",
		"SELECT d.name, y.day, hex(coalesce(s.ip, s.text)), y.result, y.records, y.messages, "
		"hex(t.digest) FROM daily y JOIN domain d ON d.id = y.domain JOIN source s "
		"ON s.id = y.source JOIN trait t ON t.id = y.trait WHERE day >= 19680 "
		"ORDER BY 1, 2, 3, 4, 7",
		NULL
	};
	struct kit *kit = *state;
	int64_t receipts, old, version = 0, later = 0;
	struct digest before, after;

	fill(kit);
	receipts = kit_number(kit, "SELECT count(*) FROM receipt");
	old = kit_number(kit, "SELECT count(*) FROM report WHERE day < 19680");
	assert_true(old > 10 && old < kit_number(kit, "SELECT count(*) FROM report"));
	KIT_OK(kit, store_data_version(kit->st, &version, &kit->err));
	kit_exec(kit, "CREATE TEMP TABLE keep AS SELECT * FROM report WHERE day >= 19680");
	before = kit_facts(kit,
		(const char *const[]){ "SELECT report_id, begin, messages, pass, twin FROM keep "
				       "ORDER BY 1, 2, 3, 4",
			left[1], NULL });
	assert_int_equal(expire_all(kit, 19680, false, 7), old);
	after = kit_facts(kit, left);
	assert_memory_equal(before.bytes, after.bytes, sizeof before.bytes);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report WHERE day < 19680"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM daily WHERE day < 19680"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM receipt"), receipts);
	no_orphan(kit);
	KIT_OK(kit, store_data_version(kit->st, &later, &kit->err));
	assert_true(later > version);
	/* enforced again */
	assert_int_equal(kit_number(kit, "PRAGMA foreign_keys"), 1);
}

static void a_number_given_out_again_inherits_no_judgement(void **state)
{
	struct kit *kit = *state;
	int64_t judged, members, left;

	fill(kit);
	kit_judged(kit);
	judged = kit_number(kit, "SELECT count(*) FROM judgement");
	members = kit_number(kit, "SELECT count(*) FROM member");
	assert_true(expire_all(kit, 19680, false, 7) > 0);
	no_orphan(kit);
	left = kit_number(kit, "SELECT count(*) FROM judgement");
	assert_true(left > 0 && left < judged);
	left = kit_number(kit, "SELECT count(*) FROM member");
	assert_true(left > 0 && left < members);
	/* what is still there is still judged */
	assert_int_equal(
		kit_number(kit, "SELECT count(*) FROM (SELECT domain, source, trait FROM daily "
				"EXCEPT SELECT domain, source, trait FROM judgement)"),
		0);
	expire_all(kit, DAY_0 + 1000, false, 1000);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM judgement"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM member"), 0);
}

static void a_day_whose_reports_went_is_to_be_judged_again(void **state)
{
	struct kit *kit = *state;
	int64_t days;

	fill(kit);
	days = kit_number(kit, "SELECT count(*) FROM (SELECT DISTINCT domain, day FROM report "
			       "WHERE day < 19680)");
	kit_judged(kit);
	expire_all(kit, 19680, false, 7);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unassessed"), days);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unassessed WHERE day >= 19680"), 0);
}

static void a_store_that_was_emptied_fills_again(void **state)
{
	struct kit *kit = *state;
	struct say say = { .id = "new", .records = 4, .xml = 300 };
	int64_t last;

	fill(kit);
	last = kit_number(kit, "SELECT max(id) FROM report");
	expire_all(kit, DAY_0 + 1000, false, 1000);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM name"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM original"), 0);
	no_orphan(kit);
	/* in the same process, whose memory must not lead to rows that are gone */
	assert_true(kit_deliver(kit, "new", &say).report > last);
	kit_sync(kit);
	kit_laws(kit);
	/* a receipt's number never comes to mean another report */
	expire_all(kit, DAY_0 + 1000, false, 1000);
	kit_reopen(kit);
	say.id = "newer";
	assert_true(kit_deliver(kit, "newer", &say).report > last + 1);
}

static void originals_can_go_alone(void **state)
{
	struct kit *kit = *state;
	int64_t reports, old;

	fill(kit);
	reports = kit_number(kit, "SELECT count(*) FROM report");
	old = kit_number(
		kit, "SELECT count(*) FROM report WHERE day < 19680 AND original IS NOT NULL");
	assert_int_equal(expire_all(kit, 19680, true, 4), old);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report"), reports);
	assert_int_equal(
		kit_number(kit,
			"SELECT count(*) FROM report WHERE day < 19680 AND original IS NOT NULL"),
		0);
	assert_int_not_equal(kit_number(kit, "SELECT count(*) FROM original"), 0);
	no_orphan(kit);
}

static void a_dry_run_drops_nothing(void **state)
{
	struct kit *kit = *state;
	struct say say = { .id = "dry", .records = 1 };
	int64_t n = 1, reports;

	fill(kit);
	reports = kit_number(kit, "SELECT count(*) FROM report");
	kit->st->options.dry_run = true;
	kit_deliver(kit, "dry", &say);
	KIT_OK(kit, store_expire(kit->st, DAY_0 + 1000, false, 100, &n, &kit->err));
	assert_int_equal(n, 0);
	kit_reopen(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report"), reports);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(old_reports_go_with_all_that_only_they_needed),
		WITH_STORE(a_number_given_out_again_inherits_no_judgement),
		WITH_STORE(a_day_whose_reports_went_is_to_be_judged_again),
		WITH_STORE(a_store_that_was_emptied_fills_again),
		WITH_STORE(originals_can_go_alone),
		WITH_STORE(a_dry_run_drops_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
