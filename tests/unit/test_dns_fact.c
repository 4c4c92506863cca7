/* What the store remembers of the DNS. */
#include "store/dns_fact.h"

#include "tests/unit/store_kit.h"

#define DOMAIN SLICE_LIT("example.com")
#define NOON   1700049600

static void own(struct kit *kit)
{
	KIT_OK(kit, store_domain_add(kit->st, DOMAIN, NULL, &kit->err));
}

static struct dns_fact_run *run_open(struct kit *kit, int64_t now)
{
	struct dns_fact_run *run = NULL;

	KIT_OK(kit, dns_fact_open(&run, kit->st, DOMAIN, now, &kit->err));
	return run;
}

static void run_end(struct kit *kit, struct dns_fact_run *run, bool complete, const char *notice)
{
	const struct dns_fact_sum sum = { .queries = 3,
		.failures = notice != NULL,
		.answered = true,
		.complete = complete,
		.notice = slice_of(notice) };

	KIT_OK(kit, dns_fact_commit(run, &sum, &kit->err));
	dns_fact_close(run);
}

static void put(struct kit *kit, struct dns_fact_run *run, const char *name, enum dns_type type,
	const struct dns_record *records, size_t len)
{
	const struct dns_answer a = { .status = DNS_FOUND, .records = records, .len = len };

	KIT_OK(kit, dns_fact_put(run, slice_of(name), type, &a, &kit->err));
}

static void put_text(struct kit *kit, struct dns_fact_run *run, const char *name, const char *text)
{
	const struct dns_record r = { .ttl = 300, .text = slice_of(text) };

	put(kit, run, name, DNS_TXT, &r, 1);
}

static void put_alias(
	struct kit *kit, struct dns_fact_run *run, const char *name, const char *target)
{
	const struct dns_record r = { .ttl = 60, .name = slice_of(target) };

	put(kit, run, name, DNS_CNAME, &r, 1);
}

static void put_status(struct kit *kit, struct dns_fact_run *run, const char *name,
	enum dns_type type, enum dns_status status)
{
	const struct dns_answer a = { .status = status };

	KIT_OK(kit, dns_fact_put(run, slice_of(name), type, &a, &kit->err));
}

/* What is known, in a set the caller closes. */
static struct dns_set *load(struct kit *kit)
{
	struct dns_set *set = NULL;
	int64_t asked;

	KIT_OK(kit, dns_set_open(&set, DNS_SET_BYTES_MAX, &kit->err));
	KIT_OK(kit, dns_fact_load(kit->st, DOMAIN, set, &asked, &kit->err));
	return set;
}

static void expect(struct kit *kit, const char *name, enum dns_type type, enum dns_status status,
	const char *text)
{
	struct dns_set *set = load(kit);
	struct dns_answer a;

	dns_find(dns_set_view(set), slice_of(name), type, &a);
	assert_int_equal(a.status, status);
	if (text != NULL) {
		assert_int_equal(a.len, 1);
		assert_true(slice_equal(a.records[0].text, slice_of(text)));
	}
	dns_set_close(set);
}

static void what_was_put_is_loaded(void **state)
{
	static const uint32_t breaks[] = { 0, 3, 8 };
	static const char bytes[] = "a\"b\\c\n\0\xff x";
	struct kit *kit = *state;
	struct dns_record txt = { .ttl = 30,
		.text = slice_from(bytes, sizeof bytes - 1),
		.breaks = breaks,
		.breaks_len = 3 },
			  mx[2] = { { .ttl = 9, .preference = 20, .name = SLICE_LIT("b.example") },
				  { .ttl = 8, .preference = 0, .name = SLICE_LIT("") } },
			  a = { .ttl = 7, .ip = { { 192, 0, 2, 1 }, 4 } };
	struct dns_fact_run *run;
	struct dns_answer got;
	struct dns_set *set;

	own(kit);
	run = run_open(kit, NOON);
	put(kit, run, "x.example.com", DNS_TXT, &txt, 1);
	put(kit, run, "example.com", DNS_MX, mx, 2);
	put(kit, run, "a.example.com", DNS_A, &a, 1);
	put_status(kit, run, "none.example.com", DNS_TXT, DNS_NXDOMAIN);
	put_status(kit, run, "a.example.com", DNS_AAAA, DNS_NODATA);
	run_end(kit, run, true, NULL);
	set = load(kit);
	dns_find(dns_set_view(set), SLICE_LIT("x.example.com"), DNS_TXT, &got);
	assert_int_equal(got.len, 1);
	assert_true(slice_equal(got.records[0].text, txt.text));
	assert_int_equal(got.records[0].ttl, 30);
	assert_int_equal(got.records[0].breaks_len, 3);
	assert_memory_equal(got.records[0].breaks, breaks, sizeof breaks);
	dns_find(dns_set_view(set), SLICE_LIT("example.com"), DNS_MX, &got);
	assert_int_equal(got.len, 2);
	assert_int_equal(got.records[0].name.len, 0);
	assert_int_equal(got.records[1].preference, 20);
	assert_int_equal(got.records[1].ttl, 8);
	dns_find(dns_set_view(set), SLICE_LIT("a.example.com"), DNS_A, &got);
	assert_true(slice_equal(ip_slice(&got.records[0].ip), ip_slice(&a.ip)));
	dns_find(dns_set_view(set), SLICE_LIT("a.example.com"), DNS_AAAA, &got);
	assert_int_equal(got.status, DNS_NODATA);
	dns_find(dns_set_view(set), SLICE_LIT("none.example.com"), DNS_A, &got);
	assert_int_equal(got.status, DNS_NXDOMAIN);
	dns_find(dns_set_view(set), SLICE_LIT("never.example.com"), DNS_A, &got);
	assert_int_equal(got.status, DNS_UNKNOWN);
	dns_set_close(set);
}

static void a_domain_nobody_asked_for_has_no_facts(void **state)
{
	struct kit *kit = *state;
	struct dns_set *set = NULL;
	int64_t asked = 7;

	KIT_OK(kit, dns_set_open(&set, DNS_SET_BYTES_MAX, &kit->err));
	assert_int_equal(dns_fact_load(kit->st, DOMAIN, set, &asked, &kit->err), 0);
	assert_int_equal(asked, 0);
	own(kit);
	assert_int_equal(dns_fact_load(kit->st, DOMAIN, set, &asked, &kit->err), 0);
	dns_set_close(set);
}

static void the_same_answer_moves_last_seen(void **state)
{
	struct kit *kit = *state;
	const struct dns_record two[] = { { .ttl = 300, .ip = { { 192, 0, 2, 1 }, 4 } },
		{ .ttl = 200, .ip = { { 192, 0, 2, 2 }, 4 } } },
				turned[] = { two[1], two[0] };
	struct dns_fact_run *run;

	own(kit);
	for (int i = 0; i < 3; i++) {
		run = run_open(kit, NOON + i * 100);
		put_text(kit, run, "example.com", "v=spf1 -all");
		put(kit, run, "a.example.com", DNS_A, i == 1 ? turned : two, 2);
		run_end(kit, run, true, NULL);
	}
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM dns_fact"), 2);
	assert_int_equal(kit_number(kit, "SELECT max(first_seen) FROM dns_fact"), NOON);
	assert_int_equal(kit_number(kit, "SELECT min(last_seen) FROM dns_fact"), NOON + 200);
}

static void another_answer_takes_its_place_and_the_old_one_stays(void **state)
{
	struct kit *kit = *state;
	struct dns_fact_run *run;

	own(kit);
	run = run_open(kit, NOON);
	put_text(kit, run, "example.com", "v=spf1 -all");
	run_end(kit, run, true, NULL);
	run = run_open(kit, NOON); /* the clock stands still */
	put_text(kit, run, "example.com", "v=spf1 ~all");
	run_end(kit, run, true, NULL);
	expect(kit, "example.com", DNS_TXT, DNS_FOUND, "v=spf1 ~all");
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM dns_fact"), 2);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM dns_fact WHERE holds = 0 "
					 "AND records = '\"v=spf1 -all\"'"),
		1);
	run = run_open(kit, NOON + 5);
	put_status(kit, run, "example.com", DNS_MX, DNS_NXDOMAIN);
	run_end(kit, run, false, NULL);
	expect(kit, "example.com", DNS_TXT, DNS_NXDOMAIN, NULL);
}

static void an_alias_ends_the_records_of_its_name_and_they_end_it(void **state)
{
	struct kit *kit = *state;
	struct dns_fact_run *run;

	own(kit);
	run = run_open(kit, NOON);
	put_text(kit, run, "s.example.com", "old");
	run_end(kit, run, true, NULL);
	run = run_open(kit, NOON + 1);
	put_alias(kit, run, "s.example.com", "t.example.net");
	put_text(kit, run, "t.example.net", "new");
	run_end(kit, run, false, "one failed");
	expect(kit, "s.example.com", DNS_TXT, DNS_FOUND, "new");
	run = run_open(kit, NOON + 2);
	put_text(kit, run, "s.example.com", "newest");
	run_end(kit, run, false, "one failed");
	expect(kit, "s.example.com", DNS_TXT, DNS_FOUND, "newest");
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM dns_fact WHERE type = 5 "
					 "AND holds = 0"),
		1);
}

static void a_failed_question_leaves_what_was_known(void **state)
{
	struct kit *kit = *state;
	struct dns_fact_run *run;

	own(kit);
	run = run_open(kit, NOON);
	put_text(kit, run, "example.com", "v=spf1 -all");
	put_alias(kit, run, "s.example.com", "t.example.net");
	put_text(kit, run, "t.example.net", "key");
	run_end(kit, run, true, NULL);
	for (int i = 1; i < 3; i++) {
		run = run_open(kit, NOON + i);
		put_status(kit, run, "example.com", DNS_TXT, DNS_FAILED);
		put_status(kit, run, "s.example.com", DNS_TXT, DNS_FAILED);
		put_status(kit, run, "new.example.com", DNS_TXT, DNS_FAILED);
		run_end(kit, run, false, "no answer");
	}
	expect(kit, "example.com", DNS_TXT, DNS_FOUND, "v=spf1 -all");
	expect(kit, "s.example.com", DNS_TXT, DNS_FOUND, "key");
	expect(kit, "new.example.com", DNS_TXT, DNS_FAILED, NULL);
	assert_int_equal(
		kit_number(kit, "SELECT max(last_seen) FROM dns_fact WHERE status = 1"), NOON);
	assert_int_equal(
		kit_number(kit, "SELECT count(*) FROM dns_run WHERE notice = 'no answer'"), 1);
	run = run_open(kit, NOON + 9);
	put_text(kit, run, "new.example.com", "here");
	run_end(kit, run, false, NULL);
	expect(kit, "new.example.com", DNS_TXT, DNS_FOUND, "here");
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM dns_fact WHERE status = 4"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM dns_run WHERE notice IS NULL"), 1);
}

static void what_is_not_asked_for_any_more_holds_no_longer(void **state)
{
	struct kit *kit = *state;
	struct dns_fact_run *run;

	own(kit);
	run = run_open(kit, NOON);
	put_text(kit, run, "include.example.net", "v=spf1 -all");
	run_end(kit, run, true, NULL);
	run = run_open(kit, NOON + 1);
	put_text(kit, run, "example.com", "v=spf1 -all");
	run_end(kit, run, false, NULL); /* perhaps it had no time for it */
	expect(kit, "include.example.net", DNS_TXT, DNS_FOUND, "v=spf1 -all");
	run = run_open(kit, NOON + 31 * 86400);
	run_end(kit, run, false, NULL);
	expect(kit, "include.example.net", DNS_TXT, DNS_UNKNOWN, NULL);
	run = run_open(kit, NOON + 32 * 86400);
	put_text(kit, run, "example.com", "v=spf1 -all");
	run_end(kit, run, true, NULL);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM dns_fact WHERE holds = 1"), 1);
}

static void history_is_bounded_in_rows_and_bytes(void **state)
{
	static char big[60001];
	struct kit *kit = *state;
	struct dns_fact_run *run;
	char text[32];

	own(kit);
	for (int i = 0; i < DNS_HISTORY_KEEP + 20; i++) {
		run = run_open(kit, NOON + i);
		(void)snprintf(text, sizeof text, "answer %d", i);
		put_text(kit, run, "example.com", text);
		run_end(kit, run, true, NULL);
	}
	assert_int_equal(
		kit_number(kit, "SELECT count(*) FROM dns_fact WHERE holds = 0"), DNS_HISTORY_KEEP);
	memset(big, 'x', sizeof big - 1);
	for (int i = 0; i < 80; i++) {
		run = run_open(kit, NOON + 5000 + i);
		big[0] = (char)('A' + i % 2);
		put_text(kit, run, "example.com", big);
		run_end(kit, run, true, NULL);
	}
	assert_true(kit_number(kit, "SELECT sum(length(records)) FROM dns_fact WHERE holds = 0") <=
		    DNS_HISTORY_BYTES_KEEP);
	assert_true(kit_number(kit, "SELECT count(*) FROM dns_fact WHERE holds = 0") > 60);
}

static void a_run_that_is_not_committed_leaves_nothing(void **state)
{
	struct kit *kit = *state;
	struct dns_fact_run *run;

	own(kit);
	run = run_open(kit, NOON);
	put_text(kit, run, "example.com", "v=spf1 -all");
	dns_fact_close(run);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM dns_fact"), 0);
	assert_int_equal(
		dns_fact_open(&run, kit->st, SLICE_LIT("other.example"), NOON, &kit->err), -1);
	assert_int_equal(kit->err.code, ERR_NOT_FOUND);
}

static void facts_go_with_their_domain_and_hold_nobody(void **state)
{
	struct kit *kit = *state;
	struct dns_fact_run *run;
	int64_t dropped;

	own(kit);
	run = run_open(kit, NOON);
	put_text(kit, run, "example.com", "v=spf1 -all");
	run_end(kit, run, true, NULL);
	KIT_OK(kit, store_expire(kit->st, 100000, false, 10, &dropped, &kit->err));
	kit_laws(kit);
	KIT_OK(kit, store_domain_remove(kit->st, DOMAIN, NULL, &kit->err));
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM domain"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM dns_fact"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM dns_run"), 0);
	kit_laws(kit);
}

static void an_answer_changes_with_what_is_learnt(void **state)
{
	struct kit *kit = *state;
	struct dns_fact_run *run;
	int64_t before, after;

	own(kit);
	KIT_OK(kit, store_data_version(kit->st, &before, &kit->err));
	run = run_open(kit, NOON);
	run_end(kit, run, true, NULL);
	KIT_OK(kit, store_data_version(kit->st, &after, &kit->err));
	assert_true(after > before);
}

static int note(void *arg, struct slice domain, struct err *err)
{
	struct buf *b = arg;

	(void)err;
	buf_printf(b, "%.*s ", SLICE_FMT(domain));
	return 0;
}

static void own_domains_come_by_the_age_of_what_is_known(void **state)
{
	struct kit *kit = *state;
	struct buf b;

	buf_init(&b, 1000);
	own(kit);
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("b.example"), NULL, &kit->err));
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("a.example"), NULL, &kit->err));
	run_end(kit, run_open(kit, NOON), true, NULL);
	kit_exec(kit, "INSERT INTO domain (name, added) VALUES ('stranger.example', 0)");
	KIT_OK(kit, dns_fact_each_own(kit->st, note, &b, &kit->err));
	assert_string_equal(buf_text(&b), "a.example b.example example.com ");
	buf_release(&b);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(what_was_put_is_loaded),
		WITH_STORE(a_domain_nobody_asked_for_has_no_facts),
		WITH_STORE(the_same_answer_moves_last_seen),
		WITH_STORE(another_answer_takes_its_place_and_the_old_one_stays),
		WITH_STORE(an_alias_ends_the_records_of_its_name_and_they_end_it),
		WITH_STORE(a_failed_question_leaves_what_was_known),
		WITH_STORE(what_is_not_asked_for_any_more_holds_no_longer),
		WITH_STORE(history_is_bounded_in_rows_and_bytes),
		WITH_STORE(a_run_that_is_not_committed_leaves_nothing),
		WITH_STORE(facts_go_with_their_domain_and_hold_nobody),
		WITH_STORE(an_answer_changes_with_what_is_learnt),
		WITH_STORE(own_domains_come_by_the_age_of_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
