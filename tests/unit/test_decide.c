/* The owner's words: applied to all history at once, written down, and taken back. */
#include "tests/unit/assess_kit.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static const struct actor ann = { { "ann", 3 } };

static void expect(struct kit *kit, const char *address, const char *class)
{
	assert_string_equal(class_at(kit, address), class);
}

/* Own messages of all history, as the roll-up has them. */
static int64_t own(struct kit *kit)
{
	return kit_number(
		kit, "SELECT coalesce(sum(messages), 0) FROM class_daily WHERE class = 0");
}

static const struct sent mail[] = {
	{ "192.0.2.1", 100, 'p', 'p', "+example.com", "s1@example.com+", 0 },
	{ "203.0.113.1", 7, 'f', 'f', NULL, NULL, 0 },
	{ "203.0.113.2", 2, 'f', 'f', NULL, NULL, 0 },
	{ "198.51.100.1", 30, 'f', 'f', "+u1.sendgrid.net", NULL, 0 },
};

static void begin(struct kit *kit)
{
	for (int day = 0; day < 3; day++)
		deliver(kit, day, mail, LEN(mail));
	judge(kit);
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("example.com"), &ann, &kit->err));
}

static int64_t decide(struct kit *kit, const char *key, int class)
{
	int64_t event = -1;

	KIT_OK(kit, store_decide(kit->st, group_number(kit, key), (unsigned)class, &ann, &event,
			    &kit->err));
	judged_laws(kit);
	return event;
}

static int64_t set(struct kit *kit, const char *name, const char *value)
{
	int64_t event = -1;

	KIT_OK(kit, store_domain_set(kit->st, SLICE_LIT("Example.COM."), slice_of(name),
			    slice_of(value), &ann, &event, &kit->err));
	judged_laws(kit);
	return event;
}

static int64_t undo(struct kit *kit, int64_t event)
{
	int64_t made = -1;

	KIT_OK(kit, store_undo(kit->st, event, &ann, &made, &kit->err));
	judged_laws(kit);
	return made;
}

static const char *event_text(struct kit *kit, int64_t event)
{
	char sql[512];

	(void)snprintf(sql, sizeof sql,
		"SELECT type || ' ' || domain || ' ' || coalesce(object, '') || ': ' || "
		"coalesce(before, '-') || ' -> ' || coalesce(after, '-') || ' by ' || who "
		"FROM event WHERE id = %lld",
		(long long)event);
	return kit_texts(kit, sql, NULL);
}

static void refused(struct kit *kit, int rc, enum err_code code)
{
	assert_int_equal(rc, -1);
	assert_int_equal(kit->err.code, code);
	err_clear(&kit->err);
	judged_laws(kit);
}

/* ---- decisions --------------------------------------------------------------------------------- */

static void a_decision_moves_exactly_the_messages_of_its_source_and_undo_brings_them_back(
	void **state)
{
	static const char *const rules[CLASS_COUNT] = { "yours decision", "forwarded decision",
		"not_yours stranger", "not_yours decision" };
	struct kit *kit = *state;
	struct digest before, after;

	begin(kit);
	before = judged_digest(kit);
	assert_int_equal(own(kit), 300);
	for (int class = 0; class < CLASS_COUNT; class ++) {
		int64_t event = decide(kit, "net:203.0.113.0/24", class);

		expect(kit, "203.0.113.1", rules[class]);
		expect(kit, "203.0.113.2", rules[class]);
		assert_int_equal(own(kit), class == CLASS_YOURS ? 327 : 300);
		if (class == CLASS_TO_DECIDE) {
			assert_int_equal(event, 0); /* there was no decision to take back */
			continue;
		}
		undo(kit, event);
		after = judged_digest(kit);
		assert_memory_equal(&before, &after, sizeof before);
	}
}

static void a_decision_is_written_down_with_who_before_and_after(void **state)
{
	struct kit *kit = *state;
	int64_t first, second, third, version, later;

	begin(kit);
	KIT_OK(kit, store_data_version(kit->st, &version, &kit->err));
	first = decide(kit, "service:sendgrid", CLASS_YOURS);
	assert_string_equal(event_text(kit, first),
		"decision.set example.com service:sendgrid: - -> yours by ann");
	KIT_OK(kit, store_data_version(kit->st, &later, &kit->err));
	assert_true(later > version);
	second = decide(kit, "service:sendgrid", CLASS_NOT_YOURS);
	assert_string_equal(event_text(kit, second),
		"decision.set example.com service:sendgrid: yours -> not_yours by ann");
	KIT_OK(kit, store_data_version(kit->st, &version, &kit->err));
	assert_int_equal(decide(kit, "service:sendgrid", CLASS_NOT_YOURS), 0);
	KIT_OK(kit, store_data_version(kit->st, &later, &kit->err));
	assert_int_equal(later, version);
	third = undo(kit, second);
	assert_string_equal(event_text(kit, third),
		"decision.set example.com service:sendgrid: not_yours -> yours by ann");
	assert_int_equal(kit_number(kit, "SELECT undone_by FROM event WHERE id = 3 + "
					 "(SELECT min(id) FROM event)"),
		third);
	expect(kit, "198.51.100.1", "yours decision");
	/* and what is the owner's own doing is no news */
	assert_string_equal(
		kit_texts(kit, "SELECT type FROM event WHERE who IS NULL AND type <> 'policy.seen'",
			NULL),
		"");
}

static void only_the_last_word_can_be_taken_back_and_only_once(void **state)
{
	struct kit *kit = *state;
	int64_t first, second, undone;
	char later[32];

	begin(kit);
	first = decide(kit, "net:203.0.113.0/24", CLASS_YOURS);
	second = decide(kit, "net:203.0.113.0/24", CLASS_FORWARDED);
	(void)snprintf(later, sizeof later, "event %lld", (long long)second);
	assert_int_equal(store_undo(kit->st, first, &ann, NULL, &kit->err), -1);
	assert_non_null(strstr(kit->err.text, later));
	refused(kit, -1, ERR_USAGE);
	undone = undo(kit, second);
	refused(kit, store_undo(kit->st, second, &ann, NULL, &kit->err), ERR_USAGE);
	/* what was taken back is not in the way */
	undo(kit, first);
	expect(kit, "203.0.113.1", "not_yours stranger");
	refused(kit, store_undo(kit->st, undone, &ann, NULL, &kit->err), ERR_USAGE);
	refused(kit, store_undo(kit->st, 4711, &ann, NULL, &kit->err), ERR_NOT_FOUND);
	refused(kit, store_undo(kit->st, 1, &ann, NULL, &kit->err), ERR_NOT_FOUND);
	refused(kit, store_decide(kit->st, 4711, CLASS_YOURS, &ann, NULL, &kit->err),
		ERR_NOT_FOUND);
	refused(kit, store_decide(kit->st, 1, CLASS_COUNT, &ann, NULL, &kit->err), ERR_USAGE);
}

static void an_undoing_can_be_undone(void **state)
{
	struct kit *kit = *state;
	int64_t event;

	begin(kit);
	event = decide(kit, "net:203.0.113.0/24", CLASS_YOURS);
	undo(kit, undo(kit, event));
	expect(kit, "203.0.113.1", "yours decision");
	assert_int_equal(kit_number(kit, "SELECT class FROM decision"), CLASS_YOURS);
}

/* ---- decisions follow -------------------------------------------------------------------------- */

static void a_decision_follows_its_addresses_to_another_key(void **state)
{
	static const struct sent moves[] = {
		{ "203.0.113.1", 1, 'f', 'f', "+office.example", NULL, 0 },
		{ "203.0.113.2", 1, 'f', 'f', "+office.example", NULL, 0 },
	};
	struct kit *kit = *state;
	int64_t event;

	begin(kit);
	decide(kit, "net:203.0.113.0/24", CLASS_YOURS);
	deliver(kit, 3, moves, LEN(moves));
	judge(kit);
	judged_laws(kit);
	expect(kit, "203.0.113.1", "yours decision");
	event = kit_number(kit, "SELECT id FROM event WHERE type = 'decision.followed'");
	assert_string_equal(kit_texts(kit,
				    "SELECT object || ' ' || after FROM event WHERE type = "
				    "'decision.followed'",
				    NULL),
		"envelope:office.example yours");
	/* the old one stays for the day when addresses come back */
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM decision"), 2);
	undo(kit, event);
	expect(kit, "203.0.113.1", "not_yours stranger");
}

static void a_few_addresses_do_not_decide_about_a_great_service(void **state)
{
	static const struct sent moves[] = {
		{ "203.0.113.1", 1, 'f', 'f', "+u7.sendgrid.net", NULL, 0 },
	};
	struct kit *kit = *state;

	begin(kit);
	decide(kit, "net:203.0.113.0/24", CLASS_NOT_YOURS);
	deliver(kit, 3, moves, LEN(moves));
	judge(kit);
	judged_laws(kit);
	expect(kit, "198.51.100.1", "to_decide service");
	expect(kit, "203.0.113.1", "to_decide service");
	expect(kit, "203.0.113.2", "not_yours decision");
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM decision"), 1);
}

static void a_decision_outlives_the_mail_it_was_about(void **state)
{
	struct kit *kit = *state;
	int64_t group, dropped;

	begin(kit);
	decide(kit, "net:203.0.113.0/24", CLASS_YOURS);
	group = group_number(kit, "net:203.0.113.0/24");
	do
		KIT_OK(kit, store_expire(kit->st, KIT_BEGIN / 86400 + 9, false, 100, &dropped,
				    &kit->err));
	while (dropped > 0);
	judge(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM source_group"), 1);
	deliver(kit, 20, mail, LEN(mail));
	judge(kit);
	judged_laws(kit);
	assert_int_equal(group_number(kit, "net:203.0.113.0/24"), group);
	expect(kit, "203.0.113.1", "yours decision");
}

/* ---- settings ---------------------------------------------------------------------------------- */

static void settings_of_a_domain_are_applied_written_down_and_undone(void **state)
{
	static const struct {
		const char *name, *value, *event, *address, *with, *without;
	} cases[] = {
		{ "network", "203.0.113.0/31",
			"domain.set example.com network: - -> 203.0.113.0/31 by ann", "203.0.113.1",
			"yours own-network", "not_yours stranger" },
		{ "network", "203.0.113.2",
			"domain.set example.com network: - -> 203.0.113.2/32 by ann", "203.0.113.2",
			"yours own-network", "not_yours stranger" },
		{ "service", "sendgrid", "domain.set example.com service: - -> sendgrid by ann",
			"198.51.100.1", "yours listed-service", "to_decide service" },
		{ "parked", "yes", "domain.set example.com parked: no -> yes by ann", "192.0.2.1",
			"yours spf", "yours spf" },
		{ "rare_senders", "yes", "domain.set example.com rare_senders: - -> yes by ann",
			"192.0.2.1", "yours spf", "yours spf" },
		{ "mailing_lists", "no", "domain.set example.com mailing_lists: - -> no by ann",
			"192.0.2.1", "yours spf", "yours spf" },
		{ "rua", "MAILTO:dmarc@example.com",
			"domain.set example.com rua: - -> dmarc@example.com by ann", "192.0.2.1",
			"yours spf", "yours spf" },
	};
	struct kit *kit = *state;

	begin(kit);
	for (size_t i = 0; i < LEN(cases); i++) {
		int64_t event = set(kit, cases[i].name, cases[i].value);

		assert_string_equal(event_text(kit, event), cases[i].event);
		expect(kit, cases[i].address, cases[i].with);
		assert_int_equal(set(kit, cases[i].name, cases[i].value), 0);
		undo(kit, event);
		expect(kit, cases[i].address, cases[i].without);
	}
	assert_int_equal(kit_number(kit, "SELECT (SELECT count(*) FROM own_network) + "
					 "(SELECT count(*) FROM own_service) + "
					 "(SELECT count(*) FROM own_answer) + "
					 "(SELECT count(*) FROM domain WHERE parked OR rua <> '')"),
		0);
}

static void an_entry_is_taken_out_by_a_minus_and_that_is_undone_too(void **state)
{
	struct kit *kit = *state;
	int64_t first, other, out;

	begin(kit);
	first = set(kit, "network", "203.0.113.0/24");
	other = set(kit, "network", "2001:db8::/32");
	out = set(kit, "network", "-203.0.113.0/24");
	expect(kit, "203.0.113.1", "not_yours stranger");
	assert_string_equal(
		event_text(kit, out), "domain.set example.com network: 203.0.113.0/24 -> - by ann");
	/* another entry of the same list is not in the way */
	undo(kit, other);
	refused(kit, store_undo(kit->st, first, &ann, NULL, &kit->err), ERR_USAGE);
	undo(kit, out);
	expect(kit, "203.0.113.1", "yours own-network");
	undo(kit, first);
	expect(kit, "203.0.113.1", "not_yours stranger");
}

static void a_parked_domain_has_no_forgotten_servers(void **state)
{
	static const struct sent once = { "203.0.113.9", 10, 'f', 'f', "-example.com", NULL, 0 };
	struct kit *kit = *state;

	begin(kit);
	for (int day = 0; day < 14; day++)
		deliver(kit, day, &once, 1);
	judge(kit);
	expect(kit, "203.0.113.9", "to_decide steady");
	set(kit, "parked", "yes");
	expect(kit, "203.0.113.9", "not_yours stranger");
	set(kit, "parked", "no");
	expect(kit, "203.0.113.9", "to_decide steady");
}

static void a_setting_that_makes_no_sense_is_refused_by_name(void **state)
{
	static const struct {
		const char *domain, *name, *value;
		enum err_code code;
	} cases[] = {
		{ "example.com", "colour", "red", ERR_USAGE },
		{ "example.com", "parked", "maybe", ERR_USAGE },
		{ "example.com", "parked", "", ERR_USAGE },
		{ "example.com", "mailing_lists", "perhaps", ERR_USAGE },
		{ "example.com", "rua", "nobody", ERR_USAGE },
		{ "example.com", "rua", "a@b.example,c@d.example", ERR_USAGE },
		{ "example.com", "rua", "a\nb@c.example", ERR_USAGE },
		{ "example.com", "network", "", ERR_USAGE },
		{ "example.com", "network", "192.0.2.1/24", ERR_USAGE },
		{ "example.com", "network", "192.0.2.0/33", ERR_USAGE },
		{ "example.com", "network", "-192.0.2.0/24", ERR_NOT_FOUND },
		{ "example.com", "service", "no-such-service", ERR_USAGE },
		{ "example.com", "service", "-sendgrid", ERR_NOT_FOUND },
		{ "example.org", "parked", "yes", ERR_NOT_FOUND },
		{ "two words", "parked", "yes", ERR_USAGE },
	};
	struct kit *kit = *state;

	begin(kit);
	for (size_t i = 0; i < LEN(cases); i++)
		refused(kit,
			store_domain_set(kit->st, slice_of(cases[i].domain),
				slice_of(cases[i].name), slice_of(cases[i].value), &ann, NULL,
				&kit->err),
			cases[i].code);
	assert_int_equal(
		kit_number(kit, "SELECT count(*) FROM event WHERE type = 'domain.set'"), 0);
}

static void one_network_more_than_a_domain_may_have_is_refused(void **state)
{
	struct kit *kit = *state;
	char net[32];

	begin(kit);
	for (int i = 0; i <= OWN_NETWORKS_MAX; i++) {
		int rc;

		(void)snprintf(net, sizeof net, "10.%d.%d.0/24", i / 256, i % 256);
		rc = store_domain_set(kit->st, SLICE_LIT("example.com"), SLICE_LIT("network"),
			slice_of(net), &ann, NULL, &kit->err);
		if (i < OWN_NETWORKS_MAX)
			KIT_OK(kit, rc);
		else
			refused(kit, rc, ERR_USAGE);
	}
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM own_network"), OWN_NETWORKS_MAX);
}

/* ---- domains ----------------------------------------------------------------------------------- */

static void a_domain_added_or_removed_is_written_down_and_undone(void **state)
{
	struct kit *kit = *state;
	int64_t added, removed;

	begin(kit);
	added = kit_number(kit, "SELECT max(id) FROM event");
	assert_string_equal(event_text(kit, added), "domain.added example.com : - -> - by ann");
	set(kit, "network", "203.0.113.0/24");
	KIT_OK(kit, store_domain_remove(kit->st, SLICE_LIT("example.com"), &ann, &kit->err));
	removed = kit_number(kit, "SELECT max(id) FROM event");
	assert_string_equal(event_text(kit, removed), "domain.removed example.com : - -> - by ann");
	refused(kit, store_undo(kit->st, added, &ann, NULL, &kit->err), ERR_USAGE);
	undo(kit, removed);
	assert_int_equal(kit_number(kit, "SELECT own FROM domain"), 1);
	expect(kit, "203.0.113.1", "yours own-network");
	undo(kit, added);
	assert_int_equal(kit_number(kit, "SELECT own FROM domain"), 0);
}

static void a_word_that_cannot_be_kept_leaves_nothing_behind(void **state)
{
	struct kit *kit = *state;
	struct digest before, after;
	int64_t events;

	begin(kit);
	before = judged_digest(kit);
	events = kit_number(kit, "SELECT count(*) FROM event");
	kit_exec(kit, "CREATE TRIGGER no BEFORE INSERT ON class_daily "
		      "BEGIN SELECT RAISE(ABORT, 'no'); END");
	assert_int_equal(store_decide(kit->st, group_number(kit, "net:203.0.113.0/24"), CLASS_YOURS,
				 &ann, NULL, &kit->err),
		-1);
	err_clear(&kit->err);
	kit_exec(kit, "DROP TRIGGER no");
	after = judged_digest(kit);
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM event"), events);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM decision"), 0);
	decide(kit, "net:203.0.113.0/24", CLASS_YOURS);
}

static void a_word_is_on_disk_when_it_returns_with_what_was_pending(void **state)
{
	struct kit *kit = *state;

	begin(kit);
	deliver(kit, 5, mail, LEN(mail)); /* in the sink, not committed */
	decide(kit, "net:203.0.113.0/24", CLASS_YOURS);
	kit_reopen(kit);
	expect(kit, "203.0.113.1", "yours decision");
	assert_int_equal(own(kit), 4 * 109);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(
			a_decision_moves_exactly_the_messages_of_its_source_and_undo_brings_them_back),
		WITH_STORE(a_decision_is_written_down_with_who_before_and_after),
		WITH_STORE(only_the_last_word_can_be_taken_back_and_only_once),
		WITH_STORE(an_undoing_can_be_undone),
		WITH_STORE(a_decision_follows_its_addresses_to_another_key),
		WITH_STORE(a_few_addresses_do_not_decide_about_a_great_service),
		WITH_STORE(a_decision_outlives_the_mail_it_was_about),
		WITH_STORE(settings_of_a_domain_are_applied_written_down_and_undone),
		WITH_STORE(an_entry_is_taken_out_by_a_minus_and_that_is_undone_too),
		WITH_STORE(a_parked_domain_has_no_forgotten_servers),
		WITH_STORE(a_setting_that_makes_no_sense_is_refused_by_name),
		WITH_STORE(one_network_more_than_a_domain_may_have_is_refused),
		WITH_STORE(a_domain_added_or_removed_is_written_down_and_undone),
		WITH_STORE(a_word_that_cannot_be_kept_leaves_nothing_behind),
		WITH_STORE(a_word_is_on_disk_when_it_returns_with_what_was_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
