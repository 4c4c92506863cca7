/* What mail showed of a domain is what its reports say, the owner's first. */
#include "store/base/day.h"
#include "store/dns_seen.h"
#include "store/judge/dns/set.h"
#include "tests/unit/assess_kit.h"

#define DAY_0 19676 /* KIT_BEGIN's */

static const struct dns_facts *look(struct kit *kit, struct dns_seen **seen, int day)
{
	KIT_OK(kit, dns_seen_open(seen, kit->st, SLICE_LIT("example.com"), DAY_0 + day, &kit->err));
	return dns_seen_facts(*seen);
}

static const struct dns_seen_address *address(const struct dns_facts *f, const char *text)
{
	struct ip ip;

	assert_true(ip_parse(slice_of(text), &ip));
	for (size_t i = 0; i < f->addresses_len; i++) {
		if (slice_equal(ip_slice(&f->addresses[i].ip), ip_slice(&ip)))
			return &f->addresses[i];
	}
	return NULL;
}

static const struct dns_seen_selector *selector(const struct dns_facts *f, const char *name)
{
	for (size_t i = 0; i < f->selectors_len; i++) {
		if (slice_equal(f->selectors[i].selector, slice_of(name)))
			return &f->selectors[i];
	}
	return NULL;
}

/* What ruad-dns would have noted down, for the first time `day` days after KIT_BEGIN. */
static void known(struct kit *kit, const char *domain, const char *name, const char *text, int day)
{
	char sql[512];

	(void)snprintf(sql, sizeof sql,
		"INSERT INTO dns_fact (domain, name, type, status, records, ttl, first_seen, "
		"last_seen) SELECT id, '%s', 16, 1, '\"%s\"', 60, %lld, %lld FROM domain "
		"WHERE name = '%s'",
		name, text, (long long)KIT_BEGIN + day * DAY_SECONDS,
		(long long)KIT_BEGIN + day * DAY_SECONDS, domain);
	kit_exec(kit, sql);
	(void)snprintf(sql, sizeof sql,
		"INSERT OR REPLACE INTO dns_run (domain, asked, answered, queries, failures) "
		"SELECT id, 1, 1, 1, 0 FROM domain WHERE name = '%s'",
		domain);
	kit_exec(kit, sql);
}

static void a_domain_nobody_heard_of_has_no_facts_but_its_name(void **state)
{
	struct kit *kit = *state;
	struct dns_seen *seen = NULL;
	const struct dns_facts *f = look(kit, &seen, 0);

	assert_true(slice_equal(f->domain, SLICE_LIT("example.com")));
	assert_int_equal(f->today, DAY_0);
	assert_int_equal(f->addresses_len + f->selectors_len + f->siblings_len, 0);
	assert_false(f->addresses_complete || f->selectors_observed || f->parked);
	assert_true(slice_absent(f->report_address) && slice_absent(f->stale_policy));
	dns_seen_close(seen);
	dns_seen_close(NULL);
}

static void own_mail_is_told_from_that_of_strangers(void **state)
{
	static const struct sent old[] = {
		{ "192.0.2.1", 5, 'p', 'p', "+example.com", "old@example.com+", 0 },
	};
	static const struct sent sent[] = {
		{ "192.0.2.1", 10, 'p', 'p', "+example.com", "S1@example.com+", 0 },
		{ "192.0.2.2", 7, 'p', 0, "+bounce.example.net", "s2@news.example.com+", 0 },
		{ "198.51.100.9", 90, 'f', 'f', "-example.com", "forged@example.com-", 0 },
	};
	struct kit *kit = *state;
	const struct dns_seen_address *a;
	const struct dns_seen_selector *k;
	const struct dns_facts *f;
	struct dns_seen *seen = NULL;

	deliver(kit, 0, old, 1);
	deliver(kit, 80, sent, 3);
	judge(kit);
	f = look(kit, &seen, 81);
	assert_int_equal(f->addresses_len, 3);
	a = address(f, "192.0.2.1");
	assert_non_null(a);
	assert_int_equal(a->recent, 10);
	assert_int_equal(a->all, 15);
	assert_true(a->own && a->own_envelope);
	a = address(f, "192.0.2.2");
	assert_non_null(a);
	assert_false(a->own_envelope);
	a = address(f, "198.51.100.9");
	assert_non_null(a);
	assert_false(a->own);
	assert_ptr_equal(a, &f->addresses[2]); /* behind the owner's, whatever it sent */
	assert_false(f->addresses_complete);   /* reports began 81 days ago */
	k = selector(f, "forged");             /* to be decided: perhaps a key was lost */
	assert_ptr_equal(k, &f->selectors[2]);
	assert_int_equal(k->recent, 0);
	k = selector(f, "s1");
	assert_non_null(k);
	assert_true(slice_absent(k->domain));
	assert_int_equal(k->recent, 10);
	assert_int_equal(k->last_day, DAY_0 + 80);
	k = selector(f, "s2");
	assert_non_null(k);
	assert_true(slice_equal(k->domain, SLICE_LIT("news.example.com")));
	k = selector(f, "old");
	assert_non_null(k);
	assert_int_equal(k->recent, 0);
	assert_int_equal(k->last_day, DAY_0);
	assert_true(f->selectors_observed);
	assert_int_equal(f->own_recent, 17);
	assert_int_equal(f->own_signed_recent, 17);
	dns_seen_close(seen);
	f = look(kit, &seen, 90);
	assert_true(f->addresses_complete);
	dns_seen_close(seen);
}

static void what_only_a_strict_mode_failed_is_counted(void **state)
{
	static const struct sent sent[] = {
		{ "192.0.2.1", 3, 'f', 'f', "+bounce.example.com", NULL, 0 },
		{ "192.0.2.1", 4, 'f', 'f', "-example.com", "s@mail.example.com+", 0 },
		{ "192.0.2.1", 5, 'p', 'f', "+bounce.example.com", "s@example.com+", 0 },
		{ "192.0.2.1", 6, 'f', 'f', "+example.net", "s@example.net+", 0 },
	};
	struct kit *kit = *state;
	struct dns_seen *seen = NULL;
	const struct dns_facts *f;

	deliver(kit, 0, sent, 4);
	judge(kit);
	f = look(kit, &seen, 1);
	assert_int_equal(f->strict_spf_failed, 3);
	assert_int_equal(f->strict_dkim_failed, 4);
	dns_seen_close(seen);
}

static void what_the_owner_said_of_domains_is_there(void **state)
{
	struct kit *kit = *state;
	struct dns_seen *seen = NULL;
	struct dns_set *set = NULL;
	const struct dns_facts *f;
	int64_t event;

	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("example.com"), NULL, &kit->err));
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("example.net"), NULL, &kit->err));
	KIT_OK(kit, store_domain_set(kit->st, SLICE_LIT("example.com"), SLICE_LIT("rua"),
			    SLICE_LIT("dmarc@example.org"), NULL, &event, &kit->err));
	KIT_OK(kit, store_domain_set(kit->st, SLICE_LIT("example.com"), SLICE_LIT("parked"),
			    SLICE_LIT("yes"), NULL, &event, &kit->err));
	f = look(kit, &seen, 1);
	assert_true(f->parked);
	assert_true(slice_equal(f->report_address, SLICE_LIT("dmarc@example.org")));
	assert_int_equal(f->siblings_len, 1);
	assert_true(slice_equal(f->siblings[0].domain, SLICE_LIT("example.net")));
	assert_true(slice_absent(f->siblings[0].spf));
	known(kit, "example.net", "example.net", "v=spf1 -all", 5);
	KIT_OK(kit, dns_set_open(&set, DNS_SET_BYTES_MAX, &kit->err));
	KIT_OK(kit, dns_seen_join(seen, dns_set_view(set), &kit->err));
	assert_true(slice_equal(f->siblings[0].spf, SLICE_LIT("v=spf1 -all")));
	dns_set_close(set);
	dns_seen_close(seen);
}

static void an_old_policy_is_stale_only_in_reports_that_began_after_the_change(void **state)
{
	static const struct sent sent[] = { { "192.0.2.1", 3, 'p', 'p', NULL, NULL, 0 } };
	struct kit *kit = *state;
	struct dns_seen *seen = NULL;
	struct dns_set *set = NULL;
	const struct dns_facts *f;

	for (int day = 0; day < 9; day++)
		deliver(kit, day, sent, 1);
	judge(kit);
	KIT_OK(kit, dns_set_open(&set, DNS_SET_BYTES_MAX, &kit->err));
	KIT_OK(kit, dns_set_add_text(set, SLICE_LIT("_dmarc.example.com"), 60,
			    SLICE_LIT("v=DMARC1; p=reject"), &kit->err));
	f = look(kit, &seen, 9);
	KIT_OK(kit, dns_seen_join(seen, dns_set_view(set), &kit->err));
	assert_true(slice_absent(f->stale_policy)); /* nobody knows since when */
	known(kit, "example.com", "_dmarc.example.com", "v=DMARC1; p=reject", 8);
	KIT_OK(kit, dns_seen_join(seen, dns_set_view(set), &kit->err));
	assert_true(slice_absent(f->stale_policy));
	kit_exec(kit, "DELETE FROM dns_fact");
	known(kit, "example.com", "_dmarc.example.com", "v=DMARC1; p=reject", 3);
	KIT_OK(kit, dns_seen_join(seen, dns_set_view(set), &kit->err));
	assert_true(slice_equal(f->stale_policy, SLICE_LIT("p=none")));
	assert_int_equal(f->stale_since_day, DAY_0 + 3);
	dns_seen_close(seen);
	dns_set_close(set);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_domain_nobody_heard_of_has_no_facts_but_its_name),
		WITH_STORE(own_mail_is_told_from_that_of_strangers),
		WITH_STORE(what_only_a_strict_mode_failed_is_counted),
		WITH_STORE(what_the_owner_said_of_domains_is_there),
		WITH_STORE(an_old_policy_is_stale_only_in_reports_that_began_after_the_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
