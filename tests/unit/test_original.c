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

	for (unsigned i = 0; i < 4 * sizeof sizes / sizeof *sizes; i++) {
		struct say say = { .id = id,
			.records = 1,
			.seed = i,
			.xml = sizes[i / 4],
			.xml_hard = i % 2 != 0,
			.packed = i % 4 > 1 };
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

/* Where it was packed is of no consequence to the file. */
static void packed_by_the_caller_the_same_bytes_are_stored(void **state)
{
	static const size_t sizes[] = { 1, 9000, 65536, 300000 };
	struct kit *kit = *state;
	char name[32];

	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct say say = { .xml = sizes[i], .xml_hard = i % 2 != 0 };

		for (unsigned packed = 0; packed < 2; packed++) {
			(void)snprintf(name, sizeof name, "%u.%u", i, packed);
			say.id = name;
			say.packed = packed > 0;
			kit_deliver(kit, name, &say);
		}
	}
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM original"), 8);
	assert_int_equal(
		kit_number(kit, "SELECT count(*) FROM (SELECT DISTINCT bytes, sha256, codec, "
				"data FROM original)"),
		4);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM original_more"), 8);
	assert_int_equal(
		kit_number(
			kit, "SELECT count(*) FROM (SELECT DISTINCT n, data FROM original_more)"),
		4);
	kit_laws(kit);
}

/* What a duplicate, an abandoned report and an abandoned mail gave, in chunks or not, is gone. */
static void a_packed_original_of_no_report_is_not_kept(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 2, .xml = 300000, .xml_hard = true, .packed = true };

	kit_deliver(kit, "1", &say);
	for (unsigned i = 0; i < 2; i++) {
		say.head_last = i > 0;
		assert_int_equal(
			kit_deliver(kit, i > 0 ? "3" : "2", &say).ending, REPORT_DUPLICATE);
	}
	say.id = "other";
	kit_mail(kit, "4");
	kit_report_open(kit, &say);
	KIT_OK(kit, kit->sink->ops->report_abandon(kit->sink, &kit->err));
	kit_report(kit, &say);
	KIT_OK(kit, kit->sink->ops->mail_abandon(kit->sink, &kit->err));
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM original"), 1);
	assert_int_equal(kit_number(kit, "SELECT count(DISTINCT original) FROM original_more"), 1);
	kit_laws(kit);
}

static void told_to_keep_none_the_store_keeps_no_chunk(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 2, .xml = 300000, .xml_hard = true, .packed = true };

	store_set_options(kit->st, &(struct store_options){ .keep_originals = false });
	assert_int_equal(kit_deliver(kit, "1", &say).ending, REPORT_STORED);
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM original"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM original_more"), 0);
}

static void what_a_conflict_said_comes_back_too(void **state)
{
	struct kit *kit = *state;
	struct say first = { .records = 3, .xml = 500 };
	struct say other = { .records = 3, .seed = 1, .xml = 400000, .xml_hard = true };

	kit_deliver(kit, "1", &first);
	for (unsigned i = 0; i < 4; i++) {
		struct original *o = NULL;

		other.head_last = i % 2 != 0;
		other.packed = i > 1;
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

/* ---- lies -------------------------------------------------------------------------------------- */

enum {
	LIES_MAX = 8
};

/* What a packer gave, and what is made of it before the store hears of it. */
struct liar {
	struct report_packed chunks[LIES_MAX];
	char bytes[LIES_MAX][PACK_CHUNK_BYTES_MAX];
	size_t len;
};

static int hear(void *arg, const struct report_packed *packed, struct err *err)
{
	struct liar *l = arg;
	struct report_packed *chunk = &l->chunks[l->len];

	(void)err;
	assert_true(l->len < LIES_MAX);
	*chunk = *packed;
	memcpy(l->bytes[l->len], packed->bytes.ptr, packed->bytes.len);
	chunk->bytes.ptr = l->bytes[l->len++];
	return 0;
}

static void lie_less(struct report_packed *last)
{
	last->size = 1000;
}

static void lie_one_less(struct report_packed *last)
{
	last->size--;
}

static void lie_more(struct report_packed *last)
{
	last->size = UNPACKED_BYTES_MAX;
}

static void lie_digest(struct report_packed *last)
{
	last->sha256.bytes[31] ^= 1;
}

static void lie_cut(struct report_packed *last)
{
	last->bytes.len -= 1;
}

/* Blocks of nothing, and no end. */
static void lie_void(struct report_packed *last)
{
	static char nothing[PACK_CHUNK_BYTES_MAX - 1] = "\x28\xb5\x2f\xfd\0\x40";

	last->bytes = slice_from(nothing, sizeof nothing);
}

static void lie_noise(struct report_packed *last)
{
	static const char noise[] = "\xff\xfe\xfd\xfc";

	last->bytes = slice_from(noise, 4);
}

/* The store believes what it is told; who reads gets no byte more than was said, and a clear word. */
static void an_original_that_lies_is_damaged_and_gives_no_more_than_it_said(void **state)
{
	static void (*const lies[])(struct report_packed *) = { lie_less, lie_one_less, lie_more,
		lie_digest, lie_cut, lie_void, lie_noise };
	static struct liar liar;
	static char zeros[65536], bytes[4096];
	struct kit *kit = *state;
	char id[32];

	for (unsigned i = 0; i < 2 * sizeof lies / sizeof *lies; i++) {
		const size_t size = i % 2 == 0 ? sizeof zeros : 128 * sizeof zeros;
		struct say say = { .id = id, .records = 1, .seed = i };
		struct packer *packer = NULL;
		struct report_outcome out;
		struct original *o = NULL;
		int64_t given = 0, said;
		ssize_t n;

		(void)snprintf(id, sizeof id, "%u", i);
		liar.len = 0;
		KIT_OK(kit, packer_open(&packer, hear, &liar, &kit->err));
		for (size_t at = 0; at < size; at += sizeof zeros)
			KIT_OK(kit, packer_add(packer, slice_from(zeros, sizeof zeros), &kit->err));
		KIT_OK(kit, packer_end(packer, &kit->err));
		packer_close(packer);
		lies[i / 2](&liar.chunks[liar.len - 1]);
		said = liar.chunks[liar.len - 1].size;

		kit_mail(kit, id);
		kit_report_open(kit, &say);
		for (size_t c = 0; c < liar.len; c++)
			KIT_OK(kit, kit->sink->ops->packed(kit->sink, &liar.chunks[c], &kit->err));
		out = kit_report_close(kit);
		kit_mail_end(kit, out.ending);
		kit_sync(kit);

		KIT_OK(kit, original_open(&o, kit->st, out.report, &kit->err));
		assert_int_equal(original_bytes(o), said);
		while ((n = original_reader(o)->read(
				original_reader(o), bytes, sizeof bytes, &kit->err)) > 0)
			given += n;
		assert_int_equal(n, -1);
		assert_int_equal(kit->err.code, ERR_STORE);
		assert_non_null(strstr(kit->err.text, "is damaged"));
		assert_true(given <= said);
		err_clear(&kit->err);
		original_close(o);
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
		WITH_STORE(packed_by_the_caller_the_same_bytes_are_stored),
		WITH_STORE(a_packed_original_of_no_report_is_not_kept),
		WITH_STORE(told_to_keep_none_the_store_keeps_no_chunk),
		WITH_STORE(what_a_conflict_said_comes_back_too),
		WITH_STORE(typical_xml_becomes_much_smaller_than_gzip_makes_it),
		WITH_STORE(a_damaged_original_is_not_passed_off_as_good),
		WITH_STORE(an_original_that_lies_is_damaged_and_gives_no_more_than_it_said),
		WITH_STORE(an_original_that_is_not_there_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
