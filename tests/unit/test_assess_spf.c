/* What the domain's own SPF record says of addresses, in judgement. */
#include "store/dns_fact.h"
#include "store/judge/dns/spf_ranges.h"

#include "tests/unit/assess_kit.h"

#define LEN(a) (sizeof(a) / sizeof *(a))
#define DOMAIN SLICE_LIT("example.com")

/* One run of ruad-dns that finds this SPF record at the domain. */
static void learn(struct kit *kit, int64_t now, const char *record)
{
	const struct dns_record r = { .ttl = 300, .text = slice_of(record) };
	const struct dns_answer a = { .status = DNS_FOUND, .records = &r, .len = 1 };
	const struct dns_fact_sum sum = {
		.queries = 1, .answered = true, .complete = true, .notice = SLICE_ABSENT
	};
	const struct dns_record key = { .ttl = 300, .text = SLICE_LIT("v=DKIM1; p=") };
	const struct dns_answer other = { .status = DNS_FOUND, .records = &key, .len = 1 };
	char name[64];
	struct dns_fact_run *run = NULL;

	(void)snprintf(name, sizeof name, "s%lld._domainkey.example.com", (long long)now);
	KIT_OK(kit, dns_fact_open(&run, kit->st, DOMAIN, now, &kit->err));
	KIT_OK(kit, dns_fact_put(run, DOMAIN, DNS_TXT, &a, &kit->err));
	KIT_OK(kit, dns_fact_put(run, slice_of(name), DNS_TXT, &other, &kit->err));
	KIT_OK(kit, dns_fact_commit(run, &sum, &kit->err));
	dns_fact_close(run);
}

static const char *group_at(struct kit *kit, const char *address)
{
	char sql[512];
	struct ip ip;

	assert_true(ip_parse(slice_of(address), &ip));
	(void)snprintf(sql, sizeof sql,
		"SELECT key || ' ' || evidence || ' ' || evidence_detail FROM source_group g "
		"JOIN member m ON m.source_group = g.id JOIN source s ON s.id = m.source "
		"WHERE hex(s.ip) = upper('%02x%02x%02x%02x')",
		ip.bytes[0], ip.bytes[1], ip.bytes[2], ip.bytes[3]);
	return kit_texts(kit, sql, NULL);
}

static const struct sent mail[] = {
	{ "192.0.2.1", 5, 'f', 'f', "-example.com", NULL, 0 },
	{ "192.0.2.9", 5, 'f', 'f', "-example.com", NULL, 0 },
	{ "198.51.100.1", 5, 'f', 'f', NULL, "z@example.com-", 0 },
	{ "203.0.113.1", 5, 'f', 'f', NULL, NULL, 0 },
};
#define RECORD "v=spf1 ip4:192.0.2.1 ip4:198.51.100.0/24 ~all"

static void an_address_the_record_names_is_yours_and_its_term_is_its_source(void **state)
{
	struct kit *kit = *state;

	deliver(kit, 0, mail, LEN(mail));
	kit_sync(kit);
	learn(kit, KIT_BEGIN, RECORD);
	judge(kit);
	assert_string_equal(class_at(kit, "192.0.2.1"), "yours failing-spf");
	assert_string_equal(group_at(kit, "192.0.2.1"), "spf:ip4:192.0.2.1 1 via ip4:192.0.2.1");
	assert_string_equal(class_at(kit, "198.51.100.1"), "yours failing-spf");
	assert_string_equal(
		group_at(kit, "198.51.100.1"), "spf:ip4:198.51.100.0/24 1 via ip4:198.51.100.0/24");
	assert_string_equal(class_at(kit, "192.0.2.9"), "not_yours stranger");
	assert_string_equal(group_at(kit, "192.0.2.9"), "net:192.0.2.0/24 6 192.0.2.0/24");
	assert_string_equal(class_at(kit, "203.0.113.1"), "not_yours stranger");
	judged_laws(kit);
}

static void without_facts_nothing_changes(void **state)
{
	struct kit *kit = *state;

	deliver(kit, 0, mail, LEN(mail));
	judge(kit);
	assert_string_equal(class_at(kit, "192.0.2.1"), "not_yours stranger");
	assert_string_equal(class_at(kit, "198.51.100.1"), "to_decide signature");
	assert_string_equal(group_at(kit, "192.0.2.1"), "net:192.0.2.0/24 6 192.0.2.0/24");
}

static void a_record_that_names_others_has_its_domain_judged_again_and_no_other_run(void **state)
{
	struct kit *kit = *state;
	struct digest first, again;

	deliver(kit, 0, mail, LEN(mail));
	judge(kit);
	first = judged_digest(kit);
	learn(kit, KIT_BEGIN, RECORD);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unassessed"), 1);
	judge(kit);
	assert_string_equal(class_at(kit, "192.0.2.1"), "yours failing-spf");
	judged_laws(kit);
	/* another key, the same addresses */
	learn(kit, KIT_BEGIN + 86400, RECORD);
	learn(kit, KIT_BEGIN + 172800, "v=spf1 ip4:192.0.2.1 ip4:198.51.100.0/24 -all");
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unassessed"), 0);
	learn(kit, KIT_BEGIN + 259200, "v=spf1 -all");
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM unassessed"), 1);
	judge(kit);
	again = judged_digest(kit);
	assert_memory_equal(&first, &again, sizeof first);
	judged_laws(kit);
}

static void an_include_of_a_known_service_is_that_service(void **state)
{
	const struct dns_record net = { .ttl = 60,
		.text = SLICE_LIT("v=spf1 ip4:192.0.2.0/28 ~all") },
				own = { .ttl = 60,
					.text = SLICE_LIT("v=spf1 include:servers.mcsv.net "
							  "-all") };
	const struct dns_answer answers[] = { { .status = DNS_FOUND, .records = &own, .len = 1 },
		{ .status = DNS_FOUND, .records = &net, .len = 1 } };
	const struct dns_fact_sum sum = { .answered = true, .complete = true };
	struct dns_fact_run *run = NULL;
	struct kit *kit = *state;

	deliver(kit, 0, mail, LEN(mail));
	kit_sync(kit);
	KIT_OK(kit, dns_fact_open(&run, kit->st, DOMAIN, KIT_BEGIN, &kit->err));
	KIT_OK(kit, dns_fact_put(run, DOMAIN, DNS_TXT, &answers[0], &kit->err));
	KIT_OK(kit,
		dns_fact_put(run, SLICE_LIT("servers.mcsv.net"), DNS_TXT, &answers[1], &kit->err));
	KIT_OK(kit, dns_fact_commit(run, &sum, &kit->err));
	dns_fact_close(run);
	judge(kit);
	assert_string_equal(
		group_at(kit, "192.0.2.1"), "service:mailchimp 1 via include:servers.mcsv.net");
	assert_string_equal(class_at(kit, "192.0.2.1"), "yours failing-spf");
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

/* Nothing is decided by a part of the facts. */
static void a_record_among_more_facts_than_there_is_room_for_names_nobody(void **state)
{
	struct kit *kit = *state;
	struct spf_ranges *ranges = NULL;

	KIT_OK(kit, store_domain_add(kit->st, DOMAIN, NULL, &kit->err));
	learn(kit, 1700000000, RECORD);
	KIT_OK(kit, dns_fact_ranges(kit->st, DOMAIN, 1024 * 1024, &ranges, &kit->err));
	assert_int_equal(spf_ranges_len(ranges), 2);
	spf_ranges_close(ranges);
	KIT_OK(kit, dns_fact_ranges(kit->st, DOMAIN, 64, &ranges, &kit->err));
	assert_int_equal(spf_ranges_len(ranges), 0);
	spf_ranges_close(ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(an_address_the_record_names_is_yours_and_its_term_is_its_source),
		WITH_STORE(without_facts_nothing_changes),
		WITH_STORE(a_record_that_names_others_has_its_domain_judged_again_and_no_other_run),
		WITH_STORE(a_record_among_more_facts_than_there_is_room_for_names_nobody),
		WITH_STORE(an_include_of_a_known_service_is_that_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
