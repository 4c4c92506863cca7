/* The sink that writes: identity, undoing, receipts, and the laws that hold whatever happens. */
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/store_kit.h"

static void a_report_is_stored_with_all_it_says(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 12, .unreadable = 2, .placeholders = 1, .xml = 3000 };
	struct report_outcome out = kit_deliver(kit, "1", &say);

	assert_int_equal(out.ending, REPORT_PARTIAL);
	assert_false(out.twin);
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT records_sent FROM report"), 15);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM record"), 12);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unreadable"), 2);
	assert_int_equal(kit_number(kit, "SELECT times FROM note WHERE detail = 'dkim=Pass'"), 2);
	assert_int_equal(kit_number(kit, "SELECT bytes FROM original"), 3000);
	assert_int_equal(kit_number(kit, "SELECT day FROM report"), KIT_BEGIN / 86400);
	assert_int_equal(kit_number(kit, "SELECT ending FROM receipt"), REPORT_PARTIAL);
	kit_laws(kit);
}

static void of_many_unreadable_records_some_are_kept_and_all_counted(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 1, .unreadable = UNREADABLE_KEEP + 1 };

	assert_int_equal(kit_deliver(kit, "1", &say).ending, REPORT_PARTIAL);
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unreadable"), UNREADABLE_KEEP);
	assert_int_equal(kit_number(kit, "SELECT unreadable FROM report"), UNREADABLE_KEEP + 1);
	kit_laws(kit);
}

static void a_second_copy_of_a_report_is_a_duplicate(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 5, .xml = 2000 };
	struct report_outcome first = kit_deliver(kit, "1", &say), second;

	say.head_last = true;
	second = kit_deliver(kit, "2", &say);
	assert_int_equal(second.ending, REPORT_DUPLICATE);
	assert_int_equal(second.report, first.report);
	say.org = "  Reporter.EXAMPLE ";
	say.domain = "EXAMPLE.com.";
	assert_int_equal(kit_deliver(kit, "3", &say).ending, REPORT_DUPLICATE);
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report"), 1);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM original"), 1);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM receipt"), 3);
	kit_laws(kit);
}

static void the_same_id_with_other_content_is_a_conflict_and_both_originals_are_kept(void **state)
{
	static const struct {
		const char *name;
		struct say other;
	} cases[] = {
		{ "other records", { .records = 5, .seed = 1, .xml = 900 } },
		{ "one record less", { .records = 4, .xml = 900 } },
		{ "another policy", { .records = 5, .policy = REPORT_POLICY_REJECT, .xml = 900 } },
		{ "a record that cannot be read", { .records = 5, .unreadable = 1, .xml = 900 } },
		{ "head after the records",
			{ .records = 5, .seed = 2, .xml = 900, .head_last = true } },
		{ "a large one", { .records = 5, .seed = 3, .xml = 300000, .xml_hard = true } },
		{ "a large one, head last", { .records = 5,
						    .seed = 4,
						    .xml = 300000,
						    .xml_hard = true,
						    .head_last = true } },
	};
	struct kit *kit = *state;
	struct say say = { .records = 5, .xml = 2000 };
	struct report_outcome first = kit_deliver(kit, "0", &say);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct report_outcome out = kit_deliver(kit, cases[i].name, &cases[i].other);

		assert_int_equal(out.ending, REPORT_CONFLICT);
		assert_int_equal(out.report, first.report);
		assert_int_equal(kit_number(kit, "SELECT count(*) FROM original"), 2 + i);
		assert_int_equal(
			kit_number(kit,
				"SELECT bytes FROM original WHERE id = (SELECT original FROM entry "
				"ORDER BY receipt DESC LIMIT 1)"),
			cases[i].other.xml);
	}
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report"), 1);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM record"), 5);
	kit_laws(kit);
}

static void another_reporter_domain_or_period_makes_another_report(void **state)
{
	static const struct say others[] = {
		{ .records = 5, .seed = 1, .org = "another.example" },
		{ .records = 5, .seed = 2, .domain = "example.org" },
		{ .records = 5, .seed = 3, .begin = KIT_BEGIN + 86400 },
		{ .records = 5, .seed = 4, .end = KIT_BEGIN + 86400 },
		{ .records = 5, .seed = 5, .id = "1 " },
		{ .records = 5, .seed = 6, .id = "01" },
	};
	struct kit *kit = *state;
	struct say say = { .records = 5 };

	kit_deliver(kit, "0", &say);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct report_outcome out = kit_deliver(kit, "1", &others[i]);

		assert_int_equal(out.ending, REPORT_STORED);
		assert_false(out.twin);
	}
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report"), 7);
	kit_laws(kit);
}

static void the_same_records_under_another_id_are_a_twin(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 5 },
		   other = { .records = 5, .id = "2", .org = "REPORTER.example" };
	struct report_outcome out;

	assert_false(kit_deliver(kit, "1", &say).twin);
	out = kit_deliver(kit, "2", &other);
	assert_int_equal(out.ending, REPORT_STORED);
	assert_true(out.twin);
	other = (struct say){ .records = 0, .id = "3" };
	assert_false(kit_deliver(kit, "3", &other).twin);
	other.id = "4";
	assert_false(kit_deliver(kit, "4", &other).twin); /* two empty ones say nothing twice */
	other = (struct say){ .records = 5, .id = "5", .begin = KIT_BEGIN + 86400 };
	assert_false(kit_deliver(kit, "5", &other).twin);
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT sum(twin) FROM report"), 1);
	kit_laws(kit);
}

/* All that anyone is shown. Interned texts may stay without use until a sweep. */
static const char *const shown_rows[] = { "SELECT * FROM receipt ORDER BY id",
	"SELECT * FROM entry", "SELECT * FROM original", "SELECT * FROM original_more",
	"SELECT * FROM report ORDER BY id", "SELECT * FROM record", "SELECT * FROM unreadable",
	"SELECT * FROM note", "SELECT * FROM daily", NULL };
static const char *const named_rows[] = { "SELECT * FROM domain", "SELECT * FROM reporter", NULL };

static void nothing_stays_of_an_abandoned_report_or_mail(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 8, .xml = 2000 };
	struct say bad = { .id = "bad",
		.org = "bad.example",
		.domain = "bad.example",
		.records = 30,
		.seed = 9,
		.unreadable = 2,
		.xml = 200000,
		.xml_hard = true };
	struct digest before, after, names_before, names_after;

	kit_deliver(kit, "1", &say);
	kit_sync(kit);
	before = kit_facts(kit, shown_rows);
	names_before = kit_facts(kit, named_rows);
	kit_mail(kit, "2");
	kit_report_open(kit, &bad);
	KIT_OK(kit, kit->sink->ops->report_abandon(kit->sink, &kit->err));
	KIT_OK(kit, kit->sink->ops->report_abandon(kit->sink, &kit->err)); /* never fails twice */
	after = kit_facts(kit, shown_rows);
	names_after = kit_facts(kit, named_rows);
	assert_memory_equal(before.bytes, after.bytes, sizeof before.bytes);
	assert_memory_equal(names_before.bytes, names_after.bytes, sizeof names_before.bytes);
	bad.xml = 2000; /* and one that stayed in memory */
	kit_report_open(kit, &bad);
	KIT_OK(kit, kit->sink->ops->report_abandon(kit->sink, &kit->err));
	after = kit_facts(kit, shown_rows);
	names_after = kit_facts(kit, named_rows);
	assert_memory_equal(before.bytes, after.bytes, sizeof before.bytes);
	assert_memory_equal(names_before.bytes, names_after.bytes, sizeof names_before.bytes);
	bad.xml = 200000;
	kit_report(kit, &bad);
	bad.head_last = true;
	bad.id = "bad too";
	kit_report_open(kit, &bad);
	KIT_OK(kit, kit->sink->ops->mail_abandon(kit->sink, &kit->err));
	kit_sync(kit);
	after = kit_facts(kit, shown_rows);
	assert_memory_equal(before.bytes, after.bytes, sizeof before.bytes);
	/* and what was remembered of it was forgotten: the numbers it had belong to others now */
	assert_int_equal(kit_deliver(kit, "3", &bad).ending, REPORT_PARTIAL);
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report"), 2);
	kit_laws(kit);
}

static void a_mail_that_is_read_again_ends_as_it_did(void **state)
{
	struct kit *kit = *state;
	struct say a = { .id = "a", .records = 5, .xml = 100 };
	struct say b = { .id = "b", .records = 5, .seed = 1, .unreadable = 1 };
	struct say c = { .id = "a", .records = 5, .seed = 2, .xml = 700 };
	struct digest first, second;

	for (int round = 0; round < 3; round++) {
		kit_mail(kit, "1");
		assert_int_equal(kit_report(kit, &a).ending, REPORT_STORED);
		assert_int_equal(kit_report(kit, &b).ending, REPORT_PARTIAL);
		assert_int_equal(kit_report(kit, &a).ending, REPORT_DUPLICATE);
		assert_int_equal(kit_report(kit, &c).ending, REPORT_CONFLICT);
		assert_int_equal(kit_report(kit, &b).ending, REPORT_DUPLICATE);
		kit_mail_end(kit, REPORT_CONFLICT);
		kit_sync(kit);
		kit_laws(kit);
		second = kit_facts(kit,
			(const char *const[]){
				"SELECT receipt, n, ending, report, original IS NULL FROM entry",
				"SELECT count(*), sum(bytes) FROM original", "SELECT * FROM report",
				"SELECT * FROM receipt", "SELECT * FROM daily", NULL });
		if (round == 0)
			first = second;
		assert_memory_equal(first.bytes, second.bytes, sizeof first.bytes);
		kit_reopen(kit);
	}
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM receipt"), 1);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM entry"), 5);
	assert_int_equal(kit_deliver(kit, "2", &a).ending, REPORT_DUPLICATE);
}

static void a_settled_mail_is_known_and_a_deferred_one_is_not(void **state)
{
	struct kit *kit = *state;
	struct report_mail mail = kit_mail_of(kit, "1");
	enum report_ending ending = REPORT_STORED;
	struct report_mail other;

	assert_int_equal(kit->sink->ops->mail_known(kit->sink, &mail.id, &ending, &kit->err), 0);
	kit_mail(kit, "1");
	kit_mail_end(kit, REPORT_DEFERRED);
	assert_int_equal(kit->sink->ops->mail_known(kit->sink, &mail.id, &ending, &kit->err), 0);
	kit_mail(kit, "1");
	kit_mail_end(kit, REPORT_REFUSED);
	kit_sync(kit);
	kit_reopen(kit);
	assert_int_equal(kit->sink->ops->mail_known(kit->sink, &mail.id, &ending, &kit->err), 1);
	assert_int_equal(ending, REPORT_REFUSED);
	other = mail;
	other.id.size++;
	assert_int_equal(kit->sink->ops->mail_known(kit->sink, &other.id, &ending, &kit->err), 0);
	other = mail;
	other.id.mtime_ns++;
	assert_int_equal(kit->sink->ops->mail_known(kit->sink, &other.id, &ending, &kit->err), 0);
	other = mail;
	other.id.inbox = SLICE_LIT("-");
	assert_int_equal(kit->sink->ops->mail_known(kit->sink, &other.id, &ending, &kit->err), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM receipt"), 1);
}

static void what_was_not_synced_is_not_there(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 5 };

	kit_deliver(kit, "1", &say);
	kit_reopen(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM receipt"), 0);
	kit->st->options.dry_run = true;
	assert_int_equal(kit_deliver(kit, "1", &say).ending, REPORT_STORED);
	kit_sync(kit);
	assert_int_equal(kit_deliver(kit, "2", &say).ending, REPORT_DUPLICATE);
	kit_sync(kit);
	kit_laws(kit); /* a dry run answers questions too */
	kit_reopen(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM receipt"), 0);
}

static void versions_rise_with_what_they_count(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 1 };
	int64_t a = 0, b = 0, c = 0;

	KIT_OK(kit, store_data_version(kit->st, &a, &kit->err));
	kit_sync(kit);
	KIT_OK(kit, store_data_version(kit->st, &b, &kit->err));
	assert_int_equal(a, b);
	kit_deliver(kit, "1", &say);
	kit_sync(kit);
	KIT_OK(kit, store_data_version(kit->st, &b, &kit->err));
	assert_true(b > a);
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("example.com"), NULL, &kit->err));
	KIT_OK(kit, store_data_version(kit->st, &c, &kit->err));
	assert_true(c > b);
}

/* The day is that of the middle of the period. */
static void a_report_belongs_to_the_day_that_holds_its_middle(void **state)
{
	static const struct {
		int64_t begin, end, day;
	} cases[] = {
		{ 86400, 172799, 1 },
		{ 86400, 172800, 1 },                /* a whole day, closed at the next midnight */
		{ 86400 - 43200, 86400 + 43199, 0 }, /* middle one half second before midnight */
		{ 86400 - 43200, 86400 + 43200, 1 },
		{ 0, 0, 0 },
	};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct say say = { .begin = cases[i].begin, .end = cases[i].end, .records = 1 };

		if (say.begin == 0)
			continue;
		kit_deliver(kit, "1", &say);
		assert_int_equal(kit_number(kit, "SELECT day FROM report ORDER BY id DESC LIMIT 1"),
			cases[i].day);
	}
}

/* A mail of its own with a report of one record. */
static void kit_one(struct kit *kit, const char *id, struct ip ip, const char *text, int64_t count)
{
	static unsigned mails;
	const struct say say = { .id = id };
	char mail[32];

	(void)snprintf(mail, sizeof mail, "mail-%u", ++mails);
	(void)kit_deliver_one(kit, mail, &say, ip, slice_of(text), count);
}

/* "abcd" has the bytes of 97.98.99.100, and both are met in turns: by way of the cache too. */
static void a_text_is_another_source_than_the_address_of_the_same_bytes(void **state)
{
	struct kit *kit = *state;
	const struct ip none = { .len = 0 }, ip = { .bytes = { 'a', 'b', 'c', 'd' }, .len = 4 };

	kit_one(kit, "1", none, "abcd", 1);
	kit_one(kit, "2", ip, NULL, 2);
	kit_one(kit, "3", none, "abcd", 4);
	kit_one(kit, "4", ip, NULL, 8);
	kit_one(kit, "5", none, "abce", 16);
	kit_sync(kit);
	kit_reopen(kit);
	kit_one(kit, "6", ip, NULL, 32);
	kit_one(kit, "7", none, "abcd", 64);
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM source"), 3);
	assert_int_equal(kit_number(kit, "SELECT sum(count) FROM record c JOIN source s "
					 "ON s.id = c.source WHERE s.text = 'abcd'"),
		69);
	assert_int_equal(kit_number(kit, "SELECT sum(messages) FROM daily y JOIN source s "
					 "ON s.id = y.source WHERE s.ip = x'61626364'"),
		42);
	kit_laws(kit);
}

static void the_text_in_the_place_of_an_address_is_part_of_the_content(void **state)
{
	struct kit *kit = *state;
	const struct ip none = { .len = 0 }, ip = { .bytes = { 'a', 'b', 'c', 'd' }, .len = 4 };

	kit_one(kit, "1", none, "abcd", 1);
	kit_one(kit, "1", none, "abcd", 1);
	kit_one(kit, "1", none, "abce", 1);
	kit_one(kit, "1", ip, NULL, 1);
	kit_one(kit, "other", none, "abcd", 1);
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report"), 2);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM receipt WHERE ending = 2"), 1);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM receipt WHERE ending = 4"), 2);
	assert_int_equal(kit_number(kit, "SELECT twin FROM report WHERE report_id = 'other'"), 1);
	kit_laws(kit);
}

static void a_source_is_an_address_or_a_text_and_never_both(void **state)
{
	static const char *const wrong[] = { "INSERT INTO source (ip, text) VALUES (NULL, NULL)",
		"INSERT INTO source (ip, text) VALUES (x'01020304', 'x')",
		"INSERT INTO source (text) VALUES ('')",
		"INSERT INTO source (ip) VALUES (x'0102030405')" };
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(sqlite3_exec(kit->st->db, wrong[i], NULL, NULL, NULL) & 0xff,
			SQLITE_CONSTRAINT);
	kit_exec(kit, "INSERT INTO source (ip) VALUES (x'01020304')");
	kit_exec(kit, "INSERT INTO source (text) VALUES ('x')");
}

/* ---- whatever happens ------------------------------------------------------------------------ */

/* What must not depend on order, batches, repetition or accidents: facts by what they say. */
static const char *const totals[] = {
	"SELECT d.name, p.org_name, r.report_id, r.begin, r.end, r.records, r.messages, r.pass, r.fail, "
	"r.unknown, r.quarantine, r.reject, r.unreadable FROM report r JOIN domain d ON d.id = r.domain "
	"JOIN reporter p ON p.id = r.reporter_same ORDER BY 1, 2, 3, 4, 5",
	"SELECT d.name, y.day, hex(coalesce(s.ip, s.text)), y.result, y.records, y.messages, "
	"hex(t.digest) FROM daily y JOIN domain d ON d.id = y.domain JOIN source s ON s.id = y.source "
	"JOIN trait t ON t.id = y.trait ORDER BY 1, 2, 3, 4, 7",
	"SELECT hex(t.digest), s.n, d.text, e.text, s.pass FROM trait_signature s "
	"JOIN trait t ON t.id = s.trait JOIN name d ON d.id = s.domain JOIN name e ON e.id = s.selector "
	"WHERE t.id IN (SELECT trait FROM daily) ORDER BY 1, 2",
	"SELECT count(*), sum(twin) FROM report",
	NULL,
};

static struct say random_report(uint32_t n)
{
	static const char *const orgs[] = { "google.com", "Outlook.com", "yahoo" };
	static const char *const domains[] = { "example.com", "example.org", "mail.example.com" };
	static char ids[400][16];
	uint32_t mix = kit_mix(n + 77);

	(void)snprintf(ids[n % 400], sizeof ids[0], "id-%u", n);
	return (struct say){ .org = orgs[mix % 3],
		.domain = domains[mix / 3 % 3],
		.id = ids[n % 400],
		.begin = KIT_BEGIN + (int64_t)(mix / 9 % 10) * 86400,
		.records = mix / 90 % 40,
		.seed = n % 50 == 0 ? 1 : n,
		.unreadable = mix % 11 == 0 ? 1 : 0,
		.head_last = mix % 7 == 0,
		.xml = mix % 5000,
		.xml_hard = mix % 23 == 0 };
}

/* Deliver reports 0..len-1 in an order, with abandons, repeats and odd batches on the way. */
static struct digest deliver_all(
	struct kit *kit, uint32_t len, uint32_t stride, uint32_t seed, bool accidents)
{
	char name[32];

	for (uint32_t i = 0; i < len; i++) {
		uint32_t n = i * stride % len, mix = kit_mix(seed * 65537u + i);
		struct say say = random_report(n);

		(void)snprintf(name, sizeof name, "mail-%u", n);
		if (accidents && mix % 5 == 0) {
			struct say bad = random_report(n + 1000);

			kit_mail(kit, "bad");
			kit_report_open(kit, &bad);
			if (mix % 2 == 0) {
				KIT_OK(kit, kit->sink->ops->report_abandon(kit->sink, &kit->err));
				kit_report(kit, &say);
			}
			KIT_OK(kit, kit->sink->ops->mail_abandon(kit->sink, &kit->err));
		}
		kit_deliver(kit, name, &say);
		if (accidents && mix % 6 == 0)
			kit_deliver(kit, "copy", &say);
		if (mix % (accidents ? 13 : 200) == 0)
			kit_sync(kit);
		if (accidents && mix % 61 == 0) {
			kit_sync(kit);
			kit_deliver(kit, "lost", &say);
			kit_reopen(kit);
		}
	}
	kit_sync(kit);
	kit_laws(kit);
	return kit_facts(kit, totals);
}

static void totals_do_not_depend_on_order_batches_repetition_or_accidents(void **state)
{
	struct kit *kit = *state;
	struct digest plain = deliver_all(kit, 300, 1, 1, false), other;
	static const uint32_t strides[] = { 1, 1, 7, 299 };
	void *fresh = NULL;

	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report"), 300);
	for (uint32_t seed = 1; seed <= 3; seed++) {
		kit_setup(&fresh);
		other = deliver_all(fresh, 300, strides[seed], seed, true);
		assert_memory_equal(plain.bytes, other.bytes, sizeof plain.bytes);
		kit_teardown(&fresh);
	}
	other = deliver_all(kit, 300, 11, 5, true);
	assert_memory_equal(plain.bytes, other.bytes, sizeof plain.bytes);
}

static void a_report_of_more_sources_than_the_sums_hold_is_summed_all_the_same(void **state)
{
	struct kit *kit = *state;
	struct say large = { .records = 9000 }, many = { .records = 700 };
	char id[16];

	kit_deliver(kit, "1", &large);
	large.id = "2";
	large.seed = 1;
	large.head_last = true;
	kit_deliver(kit, "2", &large);
	kit_mail(kit, "3");
	for (unsigned i = 0; i < 60; i++) {
		(void)snprintf(id, sizeof id, "many-%u", i);
		many.id = id;
		many.seed = i + 10;
		assert_int_equal(kit_report(kit, &many).ending, REPORT_STORED);
	}
	kit_mail_end(kit, REPORT_STORED);
	kit_sync(kit);
	kit_laws(kit);
}

static void without_originals_none_is_kept(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 5, .xml = 2000 };

	store_set_options(kit->st, &(struct store_options){ .keep_originals = false });
	kit_deliver(kit, "1", &say);
	say.seed = 1;
	assert_int_equal(kit_deliver(kit, "2", &say).ending, REPORT_CONFLICT);
	kit_sync(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM original"), 0);
	kit_laws(kit);
}

/* Deliver mails `from` and on until the sink says no; which it must before the 10000th. */
static void deliver_until_full(struct kit *kit, unsigned from)
{
	static struct report_record r; /* 15 KiB: too large for a stack once this is inlined */
	const struct report_sink_ops *ops = kit->sink->ops;

	for (unsigned i = from; i < from + 10000; i++) {
		struct report_mail mail = kit_mail_of(kit, "full");
		struct report_outcome out;
		struct say say = { .xml = 20000, .xml_hard = true, .seed = i };
		char id[32];

		r.position = 1;
		r.count = 1;
		r.source_ip = (struct ip){ .bytes = { (uint8_t)i, (uint8_t)(i >> 8) }, .len = 4 };
		(void)snprintf(id, sizeof id, "id-%u", i);
		mail.id.name = slice_of(id);
		say.id = id;
		if (ops->mail_begin(kit->sink, &mail, &kit->err) < 0 ||
			ops->report_begin(kit->sink, &kit->err) < 0)
			return;
		kit_head(kit, &say);
		kit_original(kit, &say);
		if (ops->record(kit->sink, &r, &kit->err) < 0 ||
			ops->report_end(kit->sink, &out, &kit->err) < 0 ||
			ops->mail_end(kit->sink, out.ending, &kit->err) < 0 ||
			(i % 10 == 0 && ops->sync(kit->sink, &kit->err) < 0))
			return;
	}
	fail_msg("the disk was never full");
}

static void a_full_disk_is_a_shortage_and_nothing_of_the_batch_passes_for_stored(void **state)
{
	struct kit *kit = *state;
	struct rlimit before, small;
	struct say say = { .records = 3 };
	struct err err = ERR_INIT;
	int64_t reports;

	kit_deliver(kit, "1", &say);
	kit_sync(kit);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 1000000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	deliver_until_full(kit, 2);
	assert_int_equal(kit->err.code, ERR_SHORTAGE);
	/* the run ends; and whoever tries all the same is not told that all is well */
	(void)kit->sink->ops->mail_abandon(kit->sink, &err);
	assert_int_equal(kit->sink->ops->sync(kit->sink, &err), -1);
	assert_int_equal(err.code, ERR_SHORTAGE);
	store_close(kit->st);
	kit->st = NULL;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	kit_reopen(kit);
	reports = kit_number(kit, "SELECT count(*) FROM report");
	assert_true(reports >= 1);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM receipt"), reports);
	kit_laws(kit);
	say.id = "after";
	assert_int_equal(kit_deliver(kit, "after", &say).ending, REPORT_STORED);
	kit_sync(kit);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_report_is_stored_with_all_it_says),
		WITH_STORE(of_many_unreadable_records_some_are_kept_and_all_counted),
		WITH_STORE(a_second_copy_of_a_report_is_a_duplicate),
		WITH_STORE(
			the_same_id_with_other_content_is_a_conflict_and_both_originals_are_kept),
		WITH_STORE(another_reporter_domain_or_period_makes_another_report),
		WITH_STORE(the_same_records_under_another_id_are_a_twin),
		WITH_STORE(nothing_stays_of_an_abandoned_report_or_mail),
		WITH_STORE(a_mail_that_is_read_again_ends_as_it_did),
		WITH_STORE(a_settled_mail_is_known_and_a_deferred_one_is_not),
		WITH_STORE(what_was_not_synced_is_not_there),
		WITH_STORE(versions_rise_with_what_they_count),
		WITH_STORE(a_report_belongs_to_the_day_that_holds_its_middle),
		WITH_STORE(a_text_is_another_source_than_the_address_of_the_same_bytes),
		WITH_STORE(the_text_in_the_place_of_an_address_is_part_of_the_content),
		WITH_STORE(a_source_is_an_address_or_a_text_and_never_both),
		WITH_STORE(totals_do_not_depend_on_order_batches_repetition_or_accidents),
		WITH_STORE(a_report_of_more_sources_than_the_sums_hold_is_summed_all_the_same),
		WITH_STORE(without_originals_none_is_kept),
		WITH_STORE(a_full_disk_is_a_shortage_and_nothing_of_the_batch_passes_for_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
