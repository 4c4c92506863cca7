/* The owner's domains: what is under one is claimed, whichever came first. */
#include "store/assess.h"

#include "tests/unit/store_kit.h"

static void deliver(struct kit *kit, const char *domain)
{
	struct say say = { .domain = domain, .records = 1 };

	kit_deliver(kit, domain, &say);
	kit_sync(kit);
}

static int claimed(struct kit *kit, const char *name)
{
	sqlite3_stmt *stmt = NULL;
	int ret = -1;

	assert_int_equal(sqlite3_prepare_v2(kit->st->db,
				 "SELECT claimed FROM domain WHERE name = ?", -1, &stmt, NULL),
		SQLITE_OK);
	(void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		ret = sqlite3_column_int(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return ret;
}

static void domains_under_an_own_one_are_claimed_whichever_came_first(void **state)
{
	struct kit *kit = *state;

	deliver(kit, "early.example.com");
	deliver(kit, "notexample.com");
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("Example.COM."), NULL, &kit->err));
	deliver(kit, "late.example.com");
	deliver(kit, "alsonotexample.com");
	deliver(kit, "com");
	assert_int_equal(claimed(kit, "example.com"), 1);
	assert_int_equal(claimed(kit, "early.example.com"), 1);
	assert_int_equal(claimed(kit, "late.example.com"), 1);
	assert_int_equal(claimed(kit, "notexample.com"), 0);
	assert_int_equal(claimed(kit, "alsonotexample.com"), 0);
	assert_int_equal(claimed(kit, "com"), 0);
}

static void removing_one_leaves_what_another_claims(void **state)
{
	struct kit *kit = *state;

	deliver(kit, "a.shop.example.com");
	deliver(kit, "b.example.com");
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("example.com"), NULL, &kit->err));
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("shop.example.com"), NULL, &kit->err));
	KIT_OK(kit, store_domain_remove(kit->st, SLICE_LIT("example.com"), NULL, &kit->err));
	assert_int_equal(claimed(kit, "a.shop.example.com"), 1);
	assert_int_equal(claimed(kit, "shop.example.com"), 1);
	assert_int_equal(claimed(kit, "b.example.com"), 0);
	assert_int_equal(claimed(kit, "example.com"), -1); /* nobody reported about it */
	deliver(kit, "example.com");
	assert_int_equal(claimed(kit, "example.com"), 0);
	KIT_OK(kit, store_domain_remove(kit->st, SLICE_LIT("shop.example.com"), NULL, &kit->err));
	assert_int_equal(claimed(kit, "a.shop.example.com"), 0);
	kit_laws(kit);
}

static void a_claim_that_makes_no_sense_is_said(void **state)
{
	static const struct {
		int (*change)(struct store *, struct slice, const struct actor *, struct err *);
		const char *name;
		enum err_code code;
	} cases[] = {
		{ store_domain_add, "", ERR_USAGE },
		{ store_domain_add, "two words.example", ERR_USAGE },
		{ store_domain_add, "mine.example", ERR_USAGE },
		{ store_domain_add, "MINE.example.", ERR_USAGE },
		{ store_domain_remove, "", ERR_USAGE },
		{ store_domain_remove, "other.example", ERR_NOT_FOUND },
		{ store_domain_remove, "seen.example", ERR_NOT_FOUND },
	};
	struct kit *kit = *state;
	int64_t before, after;

	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("mine.example"), NULL, &kit->err));
	deliver(kit, "seen.example");
	before = kit_number(kit, "SELECT value FROM meta WHERE key = 'decisions_version'");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(
			cases[i].change(kit->st, slice_of(cases[i].name), NULL, &kit->err), -1);
		assert_int_equal(kit->err.code, cases[i].code);
	}
	after = kit_number(kit, "SELECT value FROM meta WHERE key = 'decisions_version'");
	assert_int_equal(before, after);
	deliver(kit, "still.example"); /* and the store goes on */
	assert_int_equal(claimed(kit, "still.example"), 0);
}

static void a_claim_is_on_disk_when_it_returns(void **state)
{
	struct kit *kit = *state;

	KIT_OK(kit, store_domain_add(kit->st,
			    SLICE_LIT("b\xc3\xbc"
				      "cher.example"),
			    NULL, &kit->err));
	kit_reopen(kit);
	assert_int_equal(claimed(kit, "xn--bcher-kva.example"), 1);
}

static void a_domain_the_owner_said_something_of_can_be_removed(void **state)
{
	static const char *const words[] = {
		"INSERT INTO own_network (domain, net, event) SELECT max(id), '192.0.2.0/24', 1 FROM domain",
		"INSERT INTO own_service (domain, service, event) SELECT max(id), 'x', 1 FROM domain",
		"INSERT INTO decision (domain, key, class, event) SELECT max(id), 'net:x', 0, 1 FROM domain",
		"INSERT INTO source_group (domain, key, name, evidence, evidence_detail) "
		"SELECT max(id), 'net:x', 'x', 6, 'x' FROM domain",
		NULL,
	};
	struct kit *kit = *state;

	for (const char *const *word = words;; word++) {
		KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("mine.example"), NULL, &kit->err));
		if (*word != NULL)
			kit_exec(kit, *word);
		KIT_OK(kit,
			store_domain_remove(kit->st, SLICE_LIT("mine.example"), NULL, &kit->err));
		/* its number is taken as long as something means it */
		assert_int_equal(kit_number(kit, "SELECT count(*) FROM domain"), *word != NULL);
		assert_int_equal(kit_number(kit, "SELECT coalesce(sum(own), 0) FROM domain"), 0);
		kit_laws(kit);
		if (*word == NULL)
			break;
		kit_exec(kit, "DELETE FROM own_network");
		kit_exec(kit, "DELETE FROM own_service");
		kit_exec(kit, "DELETE FROM decision");
		kit_exec(kit, "DELETE FROM source_group");
	}
}

struct words {
	struct kit *kit;
	const char *network; /* the second word */
};

static int say_two(void *arg, struct err *err)
{
	const struct words *w = arg;

	if (store_domain_add(w->kit->st, SLICE_LIT("example.com"), NULL, err) < 0 ||
		store_domain_set(w->kit->st, SLICE_LIT("example.com"), SLICE_LIT("parked"),
			SLICE_LIT("yes"), NULL, NULL, err) < 0)
		return -1;
	return store_domain_set(w->kit->st, SLICE_LIT("example.com"), SLICE_LIT("network"),
		slice_of(w->network), NULL, NULL, err);
}

static void what_is_said_together_is_all_done_or_nothing(void **state)
{
	struct kit *kit = *state;
	struct words words = { .kit = kit, .network = "192.0.2.9/24" };
	struct err err = ERR_INIT;
	int64_t version, later;

	deliver(kit, "example.com");
	KIT_OK(kit, store_data_version(kit->st, &version, &kit->err));
	assert_int_equal(store_together(kit->st, say_two, &words, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(claimed(kit, "example.com"), 0);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM event"), 0);
	KIT_OK(kit, store_data_version(kit->st, &later, &kit->err));
	assert_int_equal(later, version);

	words.network = "192.0.2.0/24";
	KIT_OK(kit, store_together(kit->st, say_two, &words, &kit->err));
	assert_int_equal(claimed(kit, "example.com"), 1);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM event"), 3);
	/* and each word alone is one again */
	KIT_OK(kit, store_domain_set(kit->st, SLICE_LIT("example.com"), SLICE_LIT("parked"),
			    SLICE_LIT("no"), NULL, NULL, &kit->err));
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM event"), 4);
	kit_laws(kit);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(domains_under_an_own_one_are_claimed_whichever_came_first),
		WITH_STORE(removing_one_leaves_what_another_claims),
		WITH_STORE(a_claim_that_makes_no_sense_is_said),
		WITH_STORE(a_claim_is_on_disk_when_it_returns),
		WITH_STORE(what_is_said_together_is_all_done_or_nothing),
		WITH_STORE(a_domain_the_owner_said_something_of_can_be_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
