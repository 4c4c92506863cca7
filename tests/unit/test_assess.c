/* Whose mail it is, kept in the store: groups, homes, classes, the roll-up and what is news. */
#include "tests/unit/assess_kit.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static void expect(struct kit *kit, const char *address, const char *class)
{
	assert_string_equal(class_at(kit, address), class);
}

static const char *group_at(struct kit *kit, const char *address)
{
	char sql[512];
	struct ip ip;

	assert_true(ip_parse(slice_of(address), &ip));
	(void)snprintf(sql, sizeof sql,
		"SELECT key FROM source_group g JOIN member m ON m.source_group = g.id "
		"JOIN source s ON s.id = m.source WHERE hex(s.ip) = upper('%02x%02x%02x%02x')",
		ip.bytes[0], ip.bytes[1], ip.bytes[2], ip.bytes[3]);
	return kit_texts(kit, sql, NULL);
}

/* ---- homes ------------------------------------------------------------------------------------ */

static void a_key_is_at_home_where_spf_passes_too(void **state)
{
	static const struct sent sent[] = {
		{ "192.0.2.1", 100, 'p', 'p', "+example.com", "s1@example.com+", 0 },
		{ "198.51.100.7", 500, 'p', 'f', "+list.example", "s1@example.com+", 0 },
		{ "192.0.2.1", 3, 'f', 'f', "-example.com", "s1@example.com-", 0 },
		{ "203.0.113.9", 2, 'f', 'f', "-other.example", "s1@example.com-", 0 },
	};
	struct kit *kit = *state;

	for (int day = 0; day < 4; day++)
		deliver(kit, day, sent, LEN(sent));
	judge(kit);
	expect(kit, "192.0.2.1", "yours spf, yours failing-home");
	expect(kit, "198.51.100.7", "forwarded dkim-elsewhere");
	expect(kit, "203.0.113.9", "forwarded changed-in-transit");
	assert_string_equal(group_at(kit, "198.51.100.7"), "envelope:list.example");
	assert_string_equal(group_at(kit, "192.0.2.1"), "net:192.0.2.0/24");
	judged_laws(kit);
}

static void without_spf_a_key_is_at_home_with_its_service(void **state)
{
	static const struct sent sent[] = {
		{ "192.0.2.10", 5, 'p', 'f', "+mail.mcsv.net", "k1@example.com+", 0 },
		{ "198.51.100.7", 900, 'p', 'f', NULL, "k1@example.com+", 0 },
	};
	struct kit *kit = *state;

	for (int day = 0; day < 4; day++)
		deliver(kit, day, sent, LEN(sent));
	judge(kit);
	assert_string_equal(group_at(kit, "192.0.2.10"), "service:mailchimp");
	assert_string_equal(kit_texts(kit,
				    "SELECT name || ' ' || evidence_detail || ' ' || service "
				    "FROM source_group WHERE key = 'service:mailchimp'",
				    NULL),
		"Mailchimp selector k1 mailchimp");
	expect(kit, "192.0.2.10", "yours dkim-home");
	expect(kit, "198.51.100.7", "forwarded dkim-elsewhere");
}

static void else_a_key_is_at_home_where_most_of_it_comes_from_for_three_days(void **state)
{
	static const struct sent sent[] = {
		{ "192.0.2.1", 100, 'p', 'f', NULL, "mx@example.com+", 0 },
		{ "198.51.100.1", 21, 'p', 'f', NULL, "mx@example.com+", 0 },
		{ "203.0.113.1", 20, 'p', 'f', NULL, "mx@example.com+", 0 },
	};
	struct kit *kit = *state;

	deliver(kit, 0, sent, LEN(sent));
	deliver(kit, 1, sent, LEN(sent));
	judge(kit);
	/* two days: it may be anybody who comes and goes */
	expect(kit, "192.0.2.1", "yours dkim-inferred");
	expect(kit, "203.0.113.1", "yours dkim-inferred");
	deliver(kit, 2, sent, LEN(sent));
	judge(kit);
	expect(kit, "192.0.2.1", "yours dkim-home");
	expect(kit, "198.51.100.1", "yours dkim-home");
	expect(kit, "203.0.113.1", "forwarded dkim-elsewhere");
	judged_laws(kit);
}

static void a_signature_without_selector_is_at_home_with_the_others_of_its_domain(void **state)
{
	static const struct sent sent[] = {
		{ "192.0.2.1", 10, 'p', 'p', "+example.com", "@example.com+", 0 },
		{ "198.51.100.1", 10, 'p', 'f', NULL, "x1@example.com+", 0 },
		{ "198.51.100.1", 10, 'p', 'f', NULL, "@example.com+", 0 },
		{ "203.0.113.1", 1, 'p', 'f', NULL, "@example.com+", 0 },
	};
	struct kit *kit = *state;

	for (int day = 0; day < 3; day++)
		deliver(kit, day, sent, LEN(sent));
	judge(kit);
	expect(kit, "192.0.2.1", "yours spf");
	expect(kit, "198.51.100.1", "yours dkim-home");
	expect(kit, "203.0.113.1", "forwarded dkim-elsewhere");
}

static void a_source_shows_the_strongest_evidence_of_its_busiest_address(void **state)
{
	static const struct sent sent[] = {
		{ "192.0.2.10", 5, 'p', 'f', "+mail.mcsv.net", "k2@example.com+", 0 },
		{ "192.0.2.11", 7, 'p', 'f', "+mail.mcsv.net", "k3@example.com+", 0 },
		{ "192.0.2.12", 7, 'p', 'f', "+mail.mcsv.net", "k2@example.com+", 0 },
		{ "192.0.2.13", 99, 'f', 'f', "+mail.rsgsv.net", NULL, 0 },
	};
	struct kit *kit = *state;

	deliver(kit, 0, sent, LEN(sent));
	judge(kit);
	assert_string_equal(
		kit_texts(kit, "SELECT evidence || ' ' || evidence_detail FROM source_group", NULL),
		"0 selector k2");
	deliver(kit, 1, &sent[1], 1);
	judge(kit);
	assert_string_equal(
		kit_texts(kit, "SELECT evidence || ' ' || evidence_detail FROM source_group", NULL),
		"0 selector k3");
}

/* ---- what does not pass ----------------------------------------------------------------------- */

static void what_fails_is_judged_by_what_passes_from_the_same_source(void **state)
{
	static const struct sent sent[] = {
		/* one in twenty is enough */
		{ "192.0.2.1", 5, 'f', 'p', "+example.com", NULL, 0 },
		{ "192.0.2.2", 95, 'f', 'f', "-example.com", NULL, 0 },
		{ "198.51.100.1", 4, 'f', 'p', "+example.com", NULL, 0 },
		{ "198.51.100.2", 96, 'f', 'f', "-example.com", NULL, 0 },
		{ "203.0.113.1", 7, 'f', 'f', "-example.com", NULL, 0 },
		{ "203.0.113.2", 7, 'f', 'f', "-example.com", NULL, REPORT_REASON_MAILING_LIST },
		{ "not an address", 7, 'f', 'f', NULL, NULL, 0 },
		{ "192.0.3.1", 7, 'f', 'f', "+u1.sendgrid.net", NULL, 0 },
		{ "192.0.3.2", 7, 0, 0, NULL, "z@example.com-", 0 },
	};
	struct kit *kit = *state;

	deliver(kit, 0, sent, LEN(sent));
	judge(kit);
	expect(kit, "192.0.2.2", "yours failing-share");
	expect(kit, "198.51.100.2", "to_decide near-own");
	expect(kit, "203.0.113.1", "not_yours stranger");
	expect(kit, "203.0.113.2", "forwarded reason");
	expect(kit, "192.0.3.1", "to_decide service");
	expect(kit, "192.0.3.2", "to_decide signature");
	assert_int_equal(kit_number(kit, "SELECT class FROM judgement JOIN source ON id = source "
					 "WHERE text IS NOT NULL"),
		CLASS_NOT_YOURS);
	assert_string_equal(
		kit_texts(kit, "SELECT key FROM source_group WHERE key LIKE 'text:%'", NULL),
		"text:not an address");
	judged_laws(kit);
}

static void an_unknown_sender_that_stays_is_to_be_decided(void **state)
{
	static const struct sent once = { "203.0.113.1", 10, 'f', 'f', "-example.com", NULL, 0 };
	struct kit *kit = *state;

	deliver(kit, 0, &once, 1);
	deliver(kit, 12, &once, 1);
	judge(kit);
	expect(kit, "203.0.113.1", "not_yours stranger");
	deliver(kit, 13, &once, 1);
	judge(kit);
	expect(kit, "203.0.113.1", "to_decide steady");
	judged_laws(kit);
}

/* ---- every way leads to the same ----------------------------------------------------------------- */

#define REPORTS 60

/* Reports in which every rule has something to do. */
static void deliver_some(struct kit *kit, unsigned n)
{
	static const char *const mfroms[] = { "+example.com", "-example.com", "+relay.example",
		"+mail.mcsv.net", "-other.example", NULL };
	static const char *const keys[] = { "s1@example.com+", "k1@example.com+", "@example.com-",
		"s1@example.com- k1@example.com+", "selector1@example.com-", NULL };
	static char ips[8][24];
	struct sent sent[8];
	const struct about about = { .domain = n % 3 == 0 ? "example.com" : "example.org",
		.reporter = n % 2 == 0 ? "a.example" : "b.example",
		.day = (int)(kit_mix(n) % 40),
		.policy = n < REPORTS / 2 ? REPORT_POLICY_NONE : REPORT_POLICY_REJECT };

	for (unsigned i = 0; i < LEN(sent); i++) {
		uint32_t mix = kit_mix(n * 31 + i), who = mix % 11;

		(void)snprintf(ips[i], sizeof ips[i], "198.51.%u.%u", who % 5, who);
		sent[i] = (struct sent){ .ip = ips[i],
			.count = 1 + mix / 11 % 50,
			.dkim = mix / 7 % 3 == 0 ? 'p' : 'f',
			.spf = who < 2 ? 'p' : 'f',
			.mfrom = who < 2 ? mfroms[0] : mfroms[(mix >> 8) % LEN(mfroms)],
			.keys = keys[(mix >> 12) % LEN(keys)],
			.reason = mix % 29 == 0 ? REPORT_REASON_FORWARDED : 0 };
	}
	deliver_about(kit, &about, sent, LEN(sent));
}

static void neither_order_nor_batches_nor_repetition_change_a_judgement(void **state)
{
	struct kit *kit = *state, other = { .st = NULL };
	struct digest one, two;

	for (unsigned n = 0; n < REPORTS; n++)
		deliver_some(kit, n);
	judge(kit);
	judged_laws(kit);
	one = judged_digest(kit);

	KIT_OK(&other, store_open(&other.st, NULL, STORE_MEMORY, &other.err));
	other.sink = store_sink(other.st);
	for (unsigned n = 0; n < REPORTS; n++) {
		deliver_some(&other, (n * 37 + 11) % REPORTS);
		if (n % 7 < 2)
			judge(&other);
	}
	judge(&other);
	judged_laws(&other);
	two = judged_digest(&other);
	assert_memory_equal(&one, &two, sizeof one);

	KIT_OK(&other, store_assess_all(other.st, &other.err));
	two = judged_digest(&other);
	assert_memory_equal(&one, &two, sizeof one);
	judged_laws(&other);
	store_close(other.st);
}

static void a_judgement_from_nothing_is_the_one_that_grew(void **state)
{
	struct kit *kit = *state;
	struct digest grown, fresh;

	for (unsigned n = 0; n < REPORTS; n++) {
		deliver_some(kit, n);
		if (n % 5 == 0)
			judge(kit);
	}
	judge(kit);
	grown = judged_digest(kit);
	kit_exec(kit, "DELETE FROM judgement; DELETE FROM member; DELETE FROM class_daily;"
		      "DELETE FROM source_group");
	KIT_OK(kit, store_assess_all(kit->st, &kit->err));
	fresh = judged_digest(kit);
	assert_memory_equal(&grown, &fresh, sizeof grown);
	judged_laws(kit);
}

static void what_old_reports_alone_spoke_for_goes_with_them(void **state)
{
	struct kit *kit = *state, fresh = { .st = NULL };
	struct digest left, anew;
	int64_t dropped;

	KIT_OK(&fresh, store_open(&fresh.st, NULL, STORE_MEMORY, &fresh.err));
	fresh.sink = store_sink(fresh.st);
	for (unsigned n = 0; n < REPORTS; n++) {
		deliver_some(kit, n);
		if (kit_mix(n) % 40 >= 20)
			deliver_some(&fresh, n);
	}
	judge(kit);
	do
		KIT_OK(kit, store_expire(kit->st, KIT_BEGIN / 86400 + 20, false, 100, &dropped,
				    &kit->err));
	while (dropped > 0);
	judge(kit);
	judged_laws(kit);
	left = judged_digest(kit);
	judge(&fresh);
	anew = judged_digest(&fresh);
	assert_memory_equal(&left, &anew, sizeof left);
	store_close(fresh.st);
	do
		KIT_OK(kit, store_expire(kit->st, KIT_BEGIN / 86400 + 1000, false, 100, &dropped,
				    &kit->err));
	while (dropped > 0);
	judge(kit);
	assert_int_equal(kit_number(kit, "SELECT (SELECT count(*) FROM judgement) + "
					 "(SELECT count(*) FROM member) + (SELECT count(*) FROM "
					 "class_daily) + (SELECT count(*) FROM source_group)"),
		0);
}

/* ---- the run ------------------------------------------------------------------------------------ */

static void where_nothing_waits_nothing_is_done(void **state)
{
	struct kit *kit = *state;
	int64_t before, after;

	deliver_some(kit, 1);
	judge(kit);
	KIT_OK(kit, store_data_version(kit->st, &before, &kit->err));
	judge(kit);
	/* all again, with nothing new to say of any row: only the days are summed again */
	KIT_OK(kit, store_data_version(kit->st, &after, &kit->err));
	assert_int_equal(before, after);
}

static void a_failure_leaves_all_as_it_was_and_the_days_marked(void **state)
{
	struct kit *kit = *state;
	struct digest before, after;
	int64_t marked;

	deliver_some(kit, 1);
	judge(kit);
	before = judged_digest(kit);
	deliver_some(kit, 2);
	deliver_some(kit, 3);
	kit_sync(kit);
	marked = kit_number(kit, "SELECT count(*) FROM unassessed");
	kit_exec(kit, "CREATE TRIGGER no BEFORE INSERT ON class_daily "
		      "BEGIN SELECT RAISE(ABORT, 'no'); END");
	assert_int_equal(store_assess(kit->st, &kit->err), -1);
	err_clear(&kit->err);
	after = judged_digest(kit);
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unassessed"), marked);
	kit_exec(kit, "DROP TRIGGER no");
	deliver_some(kit, 4);
	judge(kit);
	judged_laws(kit);
}

static void a_dry_run_judges_nothing(void **state)
{
	struct kit *kit = *state;

	store_set_options(kit->st, &(struct store_options){ .dry_run = true });
	deliver_some(kit, 1);
	judge(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM judgement"), 0);
	kit_reopen(kit);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM daily"), 0);
}

/* ---- news --------------------------------------------------------------------------------------- */

static const char *news(struct kit *kit)
{
	return kit_texts(kit,
		"SELECT type || ' ' || coalesce(object, domain) || ' ' || coalesce(before, '-') || ' ' "
		"|| after FROM event WHERE who IS NULL AND type <> 'policy.seen' ORDER BY id",
		NULL);
}

static void a_new_source_is_news_once_the_domain_is_known(void **state)
{
	static const struct sent old = { "192.0.2.1", 10, 'f', 'p', "+example.com", NULL, 0 };
	static const struct sent new = { "203.0.113.1", 10, 'f', 'f', "+relay.example", NULL, 0 };
	static const struct sent other = { "198.51.100.1", 10, 'f', 'f', NULL, NULL, 0 };
	struct kit *kit = *state;

	/* the first reading of an archive tells nothing, whatever it holds */
	deliver(kit, 0, &old, 1);
	deliver(kit, 40, &other, 1);
	judge(kit);
	assert_string_equal(news(kit), "");
	deliver(kit, 41, &new, 1);
	judge(kit);
	assert_string_equal(news(kit), "source.new envelope:relay.example - not_yours");
	deliver(kit, 42, &new, 1);
	judge(kit);
	assert_string_equal(news(kit), "source.new envelope:relay.example - not_yours");
}

static void in_its_first_two_weeks_nothing_of_a_domain_is_news(void **state)
{
	static const struct sent sent[] = {
		{ "192.0.2.1", 10, 'f', 'p', "+example.com", NULL, 0 },
		{ "203.0.113.1", 10, 'f', 'f', NULL, NULL, 0 },
		{ "198.51.100.1", 10, 'f', 'f', NULL, NULL, 0 },
	};
	struct kit *kit = *state;

	deliver(kit, 0, &sent[0], 1);
	judge(kit);
	deliver(kit, 13, &sent[1], 1);
	judge(kit);
	assert_string_equal(news(kit), "");
	deliver(kit, 14, &sent[2], 1);
	judge(kit);
	assert_string_equal(news(kit), "source.new net:198.51.100.0/24 - not_yours");
}

static void an_address_under_another_key_is_no_new_source_and_its_class_is_news(void **state)
{
	static const struct sent alone = { "203.0.113.1", 10, 'f', 'f', NULL, NULL, 0 };
	static const struct sent known = { "203.0.113.1", 1, 'f', 'f', "+u1.sendgrid.net", NULL,
		0 };
	static const struct sent passing = { "203.0.113.1", 99, 'f', 'p', "+example.com", NULL, 0 };
	struct kit *kit = *state;

	deliver(kit, 0, &alone, 1);
	judge(kit);
	deliver(kit, 30, &known, 1);
	judge(kit);
	assert_string_equal(group_at(kit, "203.0.113.1"), "service:sendgrid");
	assert_string_equal(news(kit), "");
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM source_group"), 1);
	deliver(kit, 31, &passing, 1);
	judge(kit);
	assert_string_equal(news(kit), "source.class service:sendgrid to_decide yours");
	judged_laws(kit);
}

static void the_policy_most_reporters_see_is_watched(void **state)
{
	static const struct sent sent = { "192.0.2.1", 10, 'f', 'p', "+example.com", NULL, 0 };
	static const struct {
		const char *reporter;
		int day;
		unsigned policy;
		const char *news;
	} steps[] = {
		{ "a.example", 0, REPORT_POLICY_NONE, "" },
		{ "b.example", 0, REPORT_POLICY_NONE, "" },
		{ "c.example", 0, REPORT_POLICY_NONE, "" },
		{ "a.example", 1, REPORT_POLICY_REJECT, "" },
		{ "b.example", 1, REPORT_POLICY_REJECT,
			"policy.changed example.com p=none sp=none p=reject sp=reject" },
		/* an old report that comes late changes nothing */
		{ "c.example", -30, REPORT_POLICY_QUARANTINE,
			"policy.changed example.com p=none sp=none p=reject sp=reject" },
	};
	struct kit *kit = *state;

	for (size_t i = 0; i < LEN(steps); i++) {
		const struct about about = { .domain = "example.com",
			.reporter = steps[i].reporter,
			.day = steps[i].day,
			.policy = steps[i].policy };

		deliver_about(kit, &about, &sent, 1);
		judge(kit);
		assert_string_equal(news(kit), steps[i].news);
	}
	assert_string_equal(
		kit_texts(kit, "SELECT after FROM event WHERE type = 'policy.seen'", NULL),
		"p=none sp=none");
}

static void a_number_of_a_source_is_never_given_to_another(void **state)
{
	static const struct sent first = { "192.0.2.1", 10, 'f', 'f', NULL, NULL, 0 };
	static const struct sent second = { "198.51.100.1", 10, 'f', 'f', NULL, NULL, 0 };
	struct kit *kit = *state;
	int64_t before, dropped;

	deliver(kit, 0, &first, 1);
	judge(kit);
	before = group_number(kit, "net:192.0.2.0/24");
	do
		KIT_OK(kit, store_expire(kit->st, KIT_BEGIN / 86400 + 1, false, 100, &dropped,
				    &kit->err));
	while (dropped > 0);
	judge(kit);
	deliver(kit, 5, &second, 1);
	judge(kit);
	assert_true(group_number(kit, "net:198.51.100.0/24") > before);
}

/* More groups on a day than there are cells, and more pairs than are remembered. */
static void a_day_that_does_not_fit_in_memory_is_summed_to_the_same_numbers(void **state)
{
	enum {
		ADDRESSES = 20000,
		DAY_MESSAGES = 3 * ADDRESSES
	};
	static char ips[ADDRESSES][16];
	static struct sent sent[ADDRESSES];
	struct kit *kit = *state;

	for (int i = 0; i < ADDRESSES; i++) {
		(void)snprintf(
			ips[i], sizeof ips[i], "10.%d.%d.%d", i / 2 / 100, i / 2 % 100, i % 2 + 1);
		sent[i] = (struct sent){ ips[i], 3, 'f', 'f', i % 3 != 0 ? "+other.example" : NULL,
			NULL, i % 5 == 0 ? REPORT_REASON_LOCAL_POLICY : 0 };
	}
	deliver(kit, 0, sent, ADDRESSES);
	judge(kit);
	assert_int_equal(kit_number(kit, "SELECT sum(messages) FROM class_daily"), DAY_MESSAGES);
	assert_int_equal(kit_number(kit, "SELECT sum(spf_seen) FROM class_daily"),
		DAY_MESSAGES - 3 * (ADDRESSES / 3 + 1));
	assert_int_equal(
		kit_number(kit, "SELECT sum(overridden) FROM domain_daily"), DAY_MESSAGES / 5);
	judged_laws(kit);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_key_is_at_home_where_spf_passes_too),
		WITH_STORE(without_spf_a_key_is_at_home_with_its_service),
		WITH_STORE(else_a_key_is_at_home_where_most_of_it_comes_from_for_three_days),
		WITH_STORE(a_signature_without_selector_is_at_home_with_the_others_of_its_domain),
		WITH_STORE(a_source_shows_the_strongest_evidence_of_its_busiest_address),
		WITH_STORE(what_fails_is_judged_by_what_passes_from_the_same_source),
		WITH_STORE(an_unknown_sender_that_stays_is_to_be_decided),
		WITH_STORE(neither_order_nor_batches_nor_repetition_change_a_judgement),
		WITH_STORE(a_judgement_from_nothing_is_the_one_that_grew),
		WITH_STORE(what_old_reports_alone_spoke_for_goes_with_them),
		WITH_STORE(where_nothing_waits_nothing_is_done),
		WITH_STORE(a_failure_leaves_all_as_it_was_and_the_days_marked),
		WITH_STORE(a_dry_run_judges_nothing),
		WITH_STORE(a_new_source_is_news_once_the_domain_is_known),
		WITH_STORE(in_its_first_two_weeks_nothing_of_a_domain_is_news),
		WITH_STORE(an_address_under_another_key_is_no_new_source_and_its_class_is_news),
		WITH_STORE(the_policy_most_reporters_see_is_watched),
		WITH_STORE(a_day_that_does_not_fit_in_memory_is_summed_to_the_same_numbers),
		WITH_STORE(a_number_of_a_source_is_never_given_to_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
