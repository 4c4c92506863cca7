/*
 * assess_kit: mail made up in few words, and whose it was judged to be.
 *
 *	static const struct sent sent[] = {
 *		{ "192.0.2.1", 10, 'p', 'p', "+example.com", "s1@example.com+" },
 *	};
 *	deliver(kit, 0, sent, 1);
 *	judge(kit);
 *	assert_string_equal(class_at(kit, "192.0.2.1"), "yours spf");
 */
#ifndef TESTS_UNIT_ASSESS_KIT_H
#define TESTS_UNIT_ASSESS_KIT_H

#include "store/assess.h"
#include "tests/unit/store_kit.h"

struct sent {
	const char *ip; /* or what is no address */
	int64_t count;
	char dkim, spf;    /* p pass, f fail, 0 not said */
	const char *mfrom; /* "+a.example" passes SPF, "-a.example" fails; NULL: no raw result */
	const char *keys;  /* signatures: "s1@a.example+ s2@b.example-"; NULL: none */
	unsigned reason;   /* enum report_reason_type, 0: none */
};

/* A report of one reporter about one domain on one day (0 is KIT_BEGIN's). */
struct about {
	const char *domain, *reporter;
	int day;
	unsigned policy;
};

static inline struct report_word kit_pass(char word)
{
	return kit_word(&report_results, word == 'p'   ? REPORT_RESULT_PASS
					 : word == 'f' ? REPORT_RESULT_FAIL
						       : REPORT_RESULT_ABSENT);
}

static inline void kit_sent(
	struct kit *kit, const char *domain, const struct sent *s, unsigned position)
{
	static struct report_record r; /* large */
	const char *at = s->keys;

	memset(&r, 0, sizeof r);
	r.position = position;
	if (!ip_parse(slice_of(s->ip), &r.source_ip))
		r.source_text = slice_of(s->ip);
	r.count = s->count;
	r.disposition = kit_word(&report_dispositions, REPORT_DISPOSITION_NONE);
	r.dkim = kit_pass(s->dkim);
	r.spf = kit_pass(s->spf);
	r.header_from = slice_of(domain);
	if (s->reason != 0) {
		r.reasons[0].type = kit_word(&report_reason_types, s->reason);
		r.reasons_len = 1;
	}
	if (s->mfrom != NULL) {
		struct report_auth *a = &r.auth[r.auth_len++];

		a->kind = REPORT_SPF;
		a->domain = slice_of(s->mfrom + 1);
		a->result = kit_word(&report_auth_results,
			s->mfrom[0] == '+' ? REPORT_AUTH_PASS : REPORT_AUTH_FAIL);
	}
	while (at != NULL && *at != '\0') {
		struct report_auth *a = &r.auth[r.auth_len++];
		size_t selector = strcspn(at, "@"), all = strcspn(at, "+-");

		a->kind = REPORT_DKIM;
		a->selector = selector > 0 ? slice_from(at, selector) : SLICE_ABSENT;
		a->domain = slice_from(at + selector + 1, all - selector - 1);
		a->result = kit_word(
			&report_auth_results, at[all] == '+' ? REPORT_AUTH_PASS : REPORT_AUTH_FAIL);
		at += all + 1;
		at += strspn(at, " ");
	}
	KIT_OK(kit, kit->sink->ops->record(kit->sink, &r, &kit->err));
}

/* A mail with one report; each has another id. */
static inline void deliver_about(
	struct kit *kit, const struct about *about, const struct sent *sent, size_t len)
{
	static unsigned number;
	const struct report_sink_ops *ops = kit->sink->ops;
	struct report_entry entry = { .where = SLICE_LIT("part 1") };
	struct report_outcome out;
	struct say say = { .org = about->reporter,
		.domain = about->domain,
		.policy = about->policy,
		.begin = KIT_BEGIN + about->day * (int64_t)86400 };
	char name[32];

	(void)snprintf(name, sizeof name, "report-%u", ++number);
	say.id = name;
	kit_mail(kit, name);
	KIT_OK(kit, ops->report_begin(kit->sink, &kit->err));
	kit_head(kit, &say);
	for (size_t i = 0; i < len; i++)
		kit_sent(kit, about->domain, &sent[i], (unsigned)i + 1);
	KIT_OK(kit, ops->report_end(kit->sink, &out, &kit->err));
	assert_int_equal(out.ending, REPORT_STORED);
	entry.ending = out.ending;
	entry.report = out.report;
	KIT_OK(kit, ops->entry(kit->sink, &entry, &kit->err));
	kit_mail_end(kit, out.ending);
}

static inline void deliver(struct kit *kit, int day, const struct sent *sent, size_t len)
{
	const struct about about = { .domain = "example.com", .day = day };

	deliver_about(kit, &about, sent, len);
}

static inline void judge(struct kit *kit)
{
	kit_sync(kit);
	KIT_OK(kit, store_assess(kit->st, &kit->err));
}

/* The first column of every row, with ", " between; "" for none. Valid until the next call. */
static inline const char *kit_texts(struct kit *kit, const char *sql, const char *value)
{
	static char text[1024];
	sqlite3_stmt *stmt = NULL;
	size_t len = 0;

	text[0] = '\0';
	if (sqlite3_prepare_v2(kit->st->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(kit->st->db));
	if (value != NULL)
		sql_bind_text(stmt, 1, slice_of(value));
	while (sqlite3_step(stmt) == SQLITE_ROW && len < sizeof text)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s",
			len > 0 ? ", " : "", SLICE_FMT(sql_text(stmt, 0)));
	(void)sqlite3_finalize(stmt);
	return text;
}

/* "yours spf": class and rule of an address; of several traits, each that differs. */
static inline const char *class_at(struct kit *kit, const char *address)
{
	static char text[256];
	sqlite3_stmt *stmt = NULL;
	struct ip ip;
	size_t len = 0;

	text[0] = '\0';
	assert_true(ip_parse(slice_of(address), &ip));
	assert_int_equal(
		sqlite3_prepare_v2(kit->st->db,
			"SELECT DISTINCT class, rule FROM judgement JOIN source ON id = source "
			"WHERE ip = ? ORDER BY class, rule",
			-1, &stmt, NULL),
		SQLITE_OK);
	sql_bind_blob(stmt, 1, ip_slice(&ip));
	while (sqlite3_step(stmt) == SQLITE_ROW && len < sizeof text)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s %s",
			len > 0 ? ", " : "", class_names[sqlite3_column_int(stmt, 0)],
			class_rule_names[sqlite3_column_int(stmt, 1)]);
	(void)sqlite3_finalize(stmt);
	return text;
}

static inline int64_t group_number(struct kit *kit, const char *key)
{
	char sql[256];

	(void)snprintf(sql, sizeof sql, "SELECT id FROM source_group WHERE key = '%s'", key);
	return kit_number(kit, sql);
}

/* All that judgement says, by names instead of numbers: equal digests, equal judgements. */
static inline struct digest judged_digest(struct kit *kit)
{
	static const char *const queries[] = {
		"SELECT d.name, coalesce(hex(s.ip), s.text), hex(t.digest), g.key, j.class, j.rule "
		"FROM judgement j JOIN domain d ON d.id = j.domain JOIN source s ON s.id = j.source "
		"JOIN trait t ON t.id = j.trait JOIN member m ON m.domain = j.domain "
		"AND m.source = j.source JOIN source_group g ON g.id = m.source_group ORDER BY 1, 2, 3",
		"SELECT d.name, g.key, g.name, g.evidence, g.evidence_detail, g.service, g.class "
		"FROM source_group g JOIN domain d ON d.id = g.domain ORDER BY 1, 2",
		"SELECT d.name, x.day, g.key, x.class, x.rule, x.result, x.records, x.messages, "
		"x.spf_seen, x.spf_passed, x.overridden FROM class_daily x JOIN domain d "
		"ON d.id = x.domain JOIN source_group g ON g.id = x.source_group "
		"ORDER BY 1, 2, 3, 4, 5, 6",
		NULL,
	};

	return kit_facts(kit, queries);
}

/* What is judged is all there is, once, and the roll-up of classes is what the daily sums say. */
static inline void judged_laws(struct kit *kit)
{
#define RECOMPUTED                                                                                 \
	"SELECT x.domain, x.day, m.source_group, j.class, j.rule, x.result, sum(x.records), "      \
	"sum(x.messages), sum(iif(t.spf_result <> 0, x.messages, 0)), "                            \
	"sum(iif(t.spf_result = 3, x.messages, 0)), sum(iif(t.reasons <> 0, x.messages, 0)) "      \
	"FROM daily x JOIN trait t ON t.id = x.trait JOIN member m ON m.domain = x.domain "        \
	"AND m.source = x.source JOIN judgement j ON j.domain = x.domain "                         \
	"AND j.source = x.source AND j.trait = x.trait GROUP BY 1, 2, 3, 4, 5, 6"
	static const char *const nothing[] = {
		"SELECT count(*) FROM unassessed",
		"SELECT count(*) FROM (SELECT DISTINCT domain, source, trait FROM daily "
		"EXCEPT SELECT domain, source, trait FROM judgement)",
		"SELECT count(*) FROM (SELECT domain, source, trait FROM judgement "
		"EXCEPT SELECT domain, source, trait FROM daily)",
		"SELECT count(*) FROM (SELECT domain, source FROM daily "
		"EXCEPT SELECT domain, source FROM member)",
		"SELECT count(*) FROM (SELECT domain, source FROM member "
		"EXCEPT SELECT domain, source FROM daily)",
		"SELECT count(*) FROM member m JOIN source_group g ON g.id = m.source_group "
		"WHERE g.domain <> m.domain",
		"SELECT count(*) FROM source_group g WHERE class IS NULL",
		"SELECT count(*) FROM (SELECT * FROM class_daily EXCEPT " RECOMPUTED ")",
		"SELECT count(*) FROM (" RECOMPUTED " EXCEPT SELECT * FROM class_daily)",
		NULL,
	};

	for (const char *const *q = nothing; *q != NULL; q++) {
		int64_t n = kit_number(kit, *q);

		if (n != 0)
			fail_msg("%lld rows: %s", (long long)n, *q);
	}
	kit_laws(kit);
#undef RECOMPUTED
}

#endif
