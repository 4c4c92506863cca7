/* Kept originals come back byte for byte, whatever their size, and a damaged one says so. */
#include "tests/unit/store_kit.h"

static void read_back(struct kit *kit, struct original *o, const struct say *say, size_t piece)
{
	static char bytes[65536];
	struct reader *r = original_reader(o);
	size_t at = 0;
	ssize_t n;

	assert_int_equal(original_bytes(o), say->xml);
	while ((n = r->read(r, bytes, piece, &kit->err)) > 0) {
		for (size_t i = 0; i < (size_t)n; i++, at++) {
			if (bytes[i] != kit_byte(say, at))
				fail_msg("byte %zu of %zu differs", at, say->xml);
		}
	}
	if (n < 0)
		fail_msg("%s", kit->err.text);
	assert_int_equal(at, say->xml);
}

static void an_original_comes_back_byte_for_byte(void **state)
{
	static const size_t sizes[] = { 1, 100, 9000, 65535, 65536, 65537, 131072, 200000,
		1500000 };
	struct kit *kit = *state;
	char id[32];

	for (unsigned i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
		struct say say = { .id = id,
			.records = 1,
			.seed = i,
			.xml = sizes[i / 2],
			.xml_hard = i % 2 != 0 };
		struct report_outcome out;
		struct original *o = NULL;

		(void)snprintf(id, sizeof id, "%u", i);
		out = kit_deliver(kit, id, &say);
		KIT_OK(kit, original_open(&o, kit->st, out.report, &kit->err));
		read_back(kit, o, &say, i % 3 == 0 ? 65536 : 4097);
		original_close(o);
	}
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT max(length(data)) <= 65536 FROM original"), 1);
	assert_int_equal(
		kit_number(kit, "SELECT max(length(data)) <= 65536 FROM original_more"), 1);
	assert_int_equal(kit_number(kit, "SELECT min(length(data)) > 0 FROM original_more"), 1);
	kit_laws(kit);
}

static void what_a_conflict_said_comes_back_too(void **state)
{
	struct kit *kit = *state;
	struct say first = { .records = 3, .xml = 500 };
	struct say other = { .records = 3, .seed = 1, .xml = 400000, .xml_hard = true };

	kit_deliver(kit, "1", &first);
	for (unsigned i = 0; i < 2; i++) {
		struct original *o = NULL;

		other.head_last = i == 1;
		assert_int_equal(kit_deliver(kit, "2", &other).ending, REPORT_CONFLICT);
		KIT_OK(kit, original_open_id(&o, kit->st,
				    kit_number(kit, "SELECT max(original) FROM entry"), &kit->err));
		read_back(kit, o, &other, 30000);
		original_close(o);
	}
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM original"), 2);
	kit_laws(kit);
}

static void typical_xml_becomes_much_smaller_than_gzip_makes_it(void **state)
{
	static const char record[] =
		"  <record>\n    <row>\n      <source_ip>198.51.100.%u</source_ip>\n"
		"      <count>%u</count>\n      <policy_evaluated>\n"
		"        <disposition>none</disposition>\n        <dkim>pass</dkim>\n"
		"        <spf>fail</spf>\n      </policy_evaluated>\n    </row>\n    <identifiers>\n"
		"      <header_from>shop.example</header_from>\n    </identifiers>\n"
		"    <auth_results>\n      <dkim>\n        <domain>shop.example</domain>\n"
		"        <result>pass</result>\n        <selector>k1</selector>\n      </dkim>\n"
		"      <spf>\n        <domain>shop.example</domain>\n        <result>fail</result>\n"
		"      </spf>\n    </auth_results>\n  </record>\n";
	struct kit *kit = *state;
	struct say say = { .records = 1 };
	struct report_outcome out;
	char text[1024];

	kit_mail(kit, "1");
	kit_report_open(kit, &say);
	for (unsigned i = 0; i < 3; i++) {
		(void)snprintf(text, sizeof text, record, 10 + 7 * i, 3 * i + 1);
		KIT_OK(kit, kit->sink->ops->original(kit->sink, slice_of(text), &kit->err));
	}
	KIT_OK(kit, kit->sink->ops->report_end(kit->sink, &out, &kit->err));
	kit_mail_end(kit, out.ending);
	kit_sync(kit);
	/* three records are 1.9 KB, 330 bytes of gzip -9 */
	assert_true(kit_number(kit, "SELECT bytes FROM original") > 1700);
	assert_true(kit_number(kit, "SELECT length(data) FROM original") < 150);
}

static void a_damaged_original_is_not_passed_off_as_good(void **state)
{
	static const char *const harm[] = {
		"UPDATE original SET data = substr(data, 1, 20)",
		"UPDATE original SET data = zeroblob(length(data))",
		"UPDATE original SET bytes = bytes + 1",
		"UPDATE original SET bytes = bytes - 1",
		"UPDATE original SET sha256 = zeroblob(32)",
		"UPDATE original SET codec = 9",
		"UPDATE original SET data = zeroblob(100000)",
		"DELETE FROM original_more WHERE n = 1",
		"DELETE FROM original_more",
	};
	struct kit *kit = *state;
	struct say say = { .records = 1, .xml = 200000, .xml_hard = true };
	struct report_outcome out = kit_deliver(kit, "1", &say);
	static char bytes[65536];

	kit_sync(kit);
	for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
		struct original *o = NULL;
		ssize_t n = 1;

		kit_exec(kit, "BEGIN");
		kit_exec(kit, harm[i]);
		if (original_open(&o, kit->st, out.report, &kit->err) == 0) {
			struct reader *r = original_reader(o);

			while (n > 0)
				n = r->read(r, bytes, sizeof bytes, &kit->err);
			if (n == 0)
				fail_msg("%s was not noticed", harm[i]);
		}
		assert_int_equal(kit->err.code, ERR_STORE);
		original_close(o);
		kit_exec(kit, "ROLLBACK");
	}
}

static void an_original_that_is_not_there_is_not_found(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 1 };
	struct report_outcome out = kit_deliver(kit, "1", &say);
	struct original *o = NULL;

	assert_int_equal(original_open(&o, kit->st, out.report, &kit->err), -1);
	assert_int_equal(kit->err.code, ERR_NOT_FOUND);
	assert_int_equal(original_open(&o, kit->st, 4711, &kit->err), -1);
	assert_int_equal(kit->err.code, ERR_NOT_FOUND);
	assert_int_equal(original_open_id(&o, kit->st, 4711, &kit->err), -1);
	assert_int_equal(kit->err.code, ERR_NOT_FOUND);
	assert_null(o);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(an_original_comes_back_byte_for_byte),
		WITH_STORE(what_a_conflict_said_comes_back_too),
		WITH_STORE(typical_xml_becomes_much_smaller_than_gzip_makes_it),
		WITH_STORE(a_damaged_original_is_not_passed_off_as_good),
		WITH_STORE(an_original_that_is_not_there_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
