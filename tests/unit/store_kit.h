/*
 * store_kit: reports made up for the tests of the store, and a look at what it holds.
 *
 *	struct say say = { .id = "a", .records = 3 };
 *	kit_mail(&kit, "1.M1");
 *	assert_int_equal(kit_report(&kit, &say).ending, REPORT_STORED);
 *	kit_mail_end(&kit, REPORT_STORED);
 *	assert_int_equal(kit_number(&kit, "SELECT count(*) FROM report"), 1);
 */
#ifndef TESTS_UNIT_STORE_KIT_H
#define TESTS_UNIT_STORE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/base/domain.h"
#include "store/pack.h"
#include "store/write.h"

#define KIT_BEGIN 1700006400 /* 2023-11-15T00:00:00Z */

struct kit {
	struct store *st;
	struct report_sink *sink;
	char dir[64], path[96];
	struct err err;
};

/* A report in few words; zero is the usual. The seed changes the records. */
struct say {
	const char *org, *id, *domain;
	int64_t begin, end;
	unsigned records, seed, unreadable, placeholders;
	unsigned policy; /* enum report_policy_word of p */
	bool head_last;
	size_t xml;    /* bytes of its original, 0 none */
	bool xml_hard; /* that do not compress */
	bool packed;   /* by the caller, as from a parse process */
};

#define KIT_OK(kit, call)                                                                          \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, (kit)->err.text);                                \
	} while (0)

static inline void kit_reopen(struct kit *kit)
{
	store_close(kit->st);
	kit->st = NULL;
	KIT_OK(kit, store_open(&kit->st, kit->path, STORE_WRITE, &kit->err));
	kit->sink = store_sink(kit->st);
}

static inline int kit_setup(void **state)
{
	struct kit *kit = calloc(1, sizeof *kit);

	assert_non_null(kit);
	(void)snprintf(kit->dir, sizeof kit->dir, "/tmp/ruad-test-XXXXXX");
	assert_non_null(mkdtemp(kit->dir));
	(void)snprintf(kit->path, sizeof kit->path, "%s/ruad.db", kit->dir);
	kit_reopen(kit);
	*state = kit;
	return 0;
}

static inline int kit_teardown(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal", ".lock", ".copy" };
	struct kit *kit = *state;
	char name[128];

	store_close(kit->st);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		(void)snprintf(name, sizeof name, "%s%s", kit->path, ends[i]);
		(void)unlink(name);
	}
	(void)rmdir(kit->dir);
	free(kit);
	return 0;
}

/* ---- looking -------------------------------------------------------------------------------- */

static inline int64_t kit_number(struct kit *kit, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t n;

	if (sqlite3_prepare_v2(kit->st->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(kit->st->db));
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return n;
}

static inline void kit_exec(struct kit *kit, const char *sql)
{
	if (sqlite3_exec(kit->st->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(kit->st->db));
}

/* A digest of every row of every table of facts: two stores of equal digest hold the same. */
static inline struct digest kit_facts(struct kit *kit, const char *const *queries)
{
	struct digest_state d;
	struct digest ret;

	digest_init(&d);
	for (; *queries != NULL; queries++) {
		sqlite3_stmt *stmt = NULL;

		if (sqlite3_prepare_v2(kit->st->db, *queries, -1, &stmt, NULL) != SQLITE_OK)
			fail_msg("%s: %s", *queries, sqlite3_errmsg(kit->st->db));
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			for (int i = 0; i < sqlite3_column_count(stmt); i++)
				digest_add_field(&d, sql_text(stmt, i));
		}
		(void)sqlite3_finalize(stmt);
	}
	digest_final(&d, &ret);
	return ret;
}

/* Whatever happened, these hold. */
static inline void kit_laws(struct kit *kit)
{
	static const char *const nothing[] = {
		"SELECT count(*) FROM pragma_foreign_key_check",
		/* the totals of a report are the sums over its records */
		"SELECT count(*) FROM report r WHERE messages IS NOT "
		"(SELECT coalesce(sum(count), 0) FROM record WHERE report = r.id)",
		"SELECT count(*) FROM report r WHERE records IS NOT "
		"(SELECT count(*) FROM record WHERE report = r.id)",
		"SELECT count(*) FROM report r WHERE pass IS NOT (SELECT coalesce(sum(count), 0) "
		"FROM record JOIN detail d ON d.id = detail WHERE report = r.id "
		"AND (d.dkim = 2 OR d.spf = 2))",
		"SELECT count(*) FROM report r WHERE min(unreadable, 100) IS NOT "
		"(SELECT count(*) FROM unreadable WHERE report = r.id)",
		/* the roll-up is what the raw rows say, no more and no less */
		"SELECT count(*) FROM (SELECT r.domain, r.day, c.source, "
		"d.disposition * 16 + d.dkim * 4 + d.spf, d.trait, count(*), sum(c.count) FROM report r "
		"JOIN record c ON c.report = r.id JOIN detail d ON d.id = c.detail GROUP BY 1, 2, 3, 4, 5 "
		"EXCEPT SELECT * FROM daily)",
		"SELECT count(*) FROM (SELECT * FROM daily EXCEPT SELECT r.domain, r.day, c.source, "
		"d.disposition * 16 + d.dkim * 4 + d.spf, d.trait, count(*), sum(c.count) FROM report r "
		"JOIN record c ON c.report = r.id JOIN detail d ON d.id = c.detail GROUP BY 1, 2, 3, 4, 5)",
		/* a day with sums was judged, or waits for judgement */
		"SELECT count(*) FROM (SELECT domain, day FROM daily EXCEPT SELECT domain, day "
		"FROM unassessed EXCEPT SELECT domain, day FROM class_daily)",
		/* traits are there as long as a detail has them */
		"SELECT count(*) FROM detail d WHERE NOT EXISTS (SELECT 1 FROM trait t "
		"WHERE t.id = d.trait AND t.result = d.disposition * 16 + d.dkim * 4 + d.spf)",
		"SELECT count(*) FROM trait_signature WHERE trait NOT IN (SELECT id FROM trait)",
		"SELECT count(*) FROM reporter r WHERE same_as IS NOT (SELECT min(id) FROM reporter o "
		"WHERE o.org_name = r.org_name COLLATE NOCASE)",
		"SELECT count(*) FROM original_more WHERE original NOT IN (SELECT id FROM original)",
		NULL,
	};

	for (const char *const *q = nothing; *q != NULL; q++) {
		int64_t n = kit_number(kit, *q);

		if (n != 0)
			fail_msg("%lld rows: %s", (long long)n, *q);
	}
}

/* As if all there is had been judged: strangers, all in one group of their domain. */
static inline void kit_judged(struct kit *kit)
{
	kit_exec(kit, "DELETE FROM unassessed");
	kit_exec(kit, "INSERT INTO source_group (id, domain, key, name, evidence, evidence_detail) "
		      "SELECT id, id, 'net:x', 'x', 6, 'x' FROM domain");
	kit_exec(kit, "INSERT INTO member SELECT DISTINCT domain, source, domain FROM daily");
	kit_exec(kit,
		"INSERT INTO judgement (domain, source, trait, class, rule) SELECT DISTINCT domain, source, trait, 3, 15 FROM daily");
	kit_exec(kit,
		"INSERT INTO class_daily (domain, day, source_group, class, rule, result, records, "
		"messages, spf_seen, spf_passed, overridden) SELECT domain, day, domain, 3, 15, result, "
		"sum(records), sum(messages), 0, 0, 0 FROM daily GROUP BY domain, day, result");
}

/* ---- saying --------------------------------------------------------------------------------- */

static inline struct report_mail kit_mail_of(struct kit *kit, const char *name)
{
	return (struct report_mail){
		.id = { .inbox = slice_of(kit->dir),
			.name = slice_of(name),
			.size = 1000,
			.mtime_ns = 17 },
		.seen = KIT_BEGIN + 100000,
		.is_mail = true,
		.from = SLICE_LIT("reports@reporter.example"),
		.subject = SLICE_LIT("Report Domain: example.com"),
		.trust = REPORT_TRUST_VERIFIED,
	};
}

static inline void kit_mail(struct kit *kit, const char *name)
{
	struct report_mail mail = kit_mail_of(kit, name);

	KIT_OK(kit, kit->sink->ops->mail_begin(kit->sink, &mail, &kit->err));
}

static inline void kit_mail_end(struct kit *kit, enum report_ending ending)
{
	KIT_OK(kit, kit->sink->ops->mail_end(kit->sink, ending, &kit->err));
}

static inline void kit_sync(struct kit *kit)
{
	KIT_OK(kit, kit->sink->ops->sync(kit->sink, &kit->err));
}

/* Word `meaning` of a vocabulary, as the standard spells it. */
static inline struct report_word kit_word(const struct vocabulary *v, unsigned meaning)
{
	return (struct report_word){ .meaning = (uint8_t)meaning,
		.token = meaning < 2 ? SLICE_ABSENT : slice_of(v->names[meaning]) };
}

static inline uint32_t kit_mix(uint32_t n)
{
	n ^= n >> 16;
	n *= 0x7feb352du;
	n ^= n >> 15;
	n *= 0x846ca68bu;
	return n ^ n >> 16;
}

static inline void kit_head(struct kit *kit, const struct say *say)
{
	struct report_head h = {
		.org_name = slice_of(say->org != NULL ? say->org : "reporter.example"),
		.email = SLICE_LIT("dmarc@reporter.example"),
		.report_id = slice_of(say->id != NULL ? say->id : "1"),
		.begin = say->begin != 0 ? say->begin : KIT_BEGIN,
		.end = say->end != 0     ? say->end
		       : say->begin != 0 ? say->begin + 86399
					 : KIT_BEGIN + 86399,
		.dialect = REPORT_RFC7489,
		.domain = slice_of(say->domain != NULL ? say->domain : "example.com"),
		.p = kit_word(
			&report_policy_words, say->policy != 0 ? say->policy : REPORT_POLICY_NONE),
		.adkim = kit_word(&report_alignments, REPORT_ALIGNMENT_RELAXED),
		.pct = SLICE_LIT("100"),
		.trust = REPORT_TRUST_VERIFIED,
	};
	char key[DOMAIN_KEY_MAX];
	size_t len;

	assert_true(domain_key(h.domain, key, &len));
	h.domain_key = slice_from(key, len);
	KIT_OK(kit, kit->sink->ops->head(kit->sink, &h, &kit->err));
}

static inline void kit_record(struct kit *kit, unsigned seed, unsigned position)
{
	static struct report_record r;
	uint32_t mix = kit_mix(seed * 1000003u + position);
	char from[64], selector[32], no_ip[32];

	memset(&r, 0, sizeof r);
	(void)snprintf(from, sizeof from, "%s.example.com", mix % 3 == 0 ? "Mail" : "www");
	(void)snprintf(selector, sizeof selector, "s%u", mix % 7);
	r.position = position;
	r.source_ip.len = mix % 5 == 0 ? 16 : 4;
	memcpy(r.source_ip.bytes, &mix, sizeof mix);
	if (mix % 17 == 0) { /* no address; some as long as one */
		(void)snprintf(
			no_ip, sizeof no_ip, "%s%u", mix % 2 == 0 ? "ip-" : "no address ", mix % 9);
		r.source_ip = (struct ip){ .len = 0 };
		r.source_text = slice_of(no_ip);
	}
	r.count = mix % 1000;
	r.disposition = kit_word(&report_dispositions, mix / 7 % REPORT_DISPOSITION_COUNT);
	r.dkim = kit_word(&report_results, mix / 11 % REPORT_RESULT_COUNT);
	r.spf = kit_word(&report_results, mix / 13 % REPORT_RESULT_COUNT);
	if (r.spf.meaning == REPORT_RESULT_UNKNOWN)
		r.spf.token = SLICE_LIT("perhaps");
	r.header_from = slice_of(from);
	if (mix % 4 == 0)
		r.envelope_from = mix % 8 == 0 ? SLICE_LIT("") : SLICE_LIT("bounce.example.com");
	if (mix % 9 == 0) {
		r.reasons[0].type = kit_word(&report_reason_types, REPORT_REASON_LOCAL_POLICY);
		r.reasons[0].comment = SLICE_LIT("arc=pass");
		r.reasons_len = 1;
	}
	r.auth_len = mix % 4;
	for (unsigned i = 0; i < r.auth_len; i++) {
		r.auth[i].kind = i == 0 ? REPORT_SPF : REPORT_DKIM;
		r.auth[i].domain = slice_of(from);
		r.auth[i].selector = i == 0 ? SLICE_ABSENT : slice_of(selector);
		r.auth[i].result = kit_word(&report_auth_results, mix / 17 % REPORT_AUTH_COUNT);
	}
	KIT_OK(kit, kit->sink->ops->record(kit->sink, &r, &kit->err));
}

/* Byte `at` of an original; hard ones are noise. */
static inline char kit_byte(const struct say *say, size_t at)
{
	static const char text[] =
		"  <record>\n    <row>\n      <source_ip>192.0.2.1</source_ip>\n";

	if (say->xml_hard)
		return (char)(kit_mix((uint32_t)at + say->seed * 7919u) & 0xff);
	return text[(at + say->seed) % (sizeof text - 1)];
}

static inline int kit_take_packed(
	void *arg, const struct report_packed *packed, struct err *err)
{
	struct report_sink *to = arg;

	return to->ops->packed(to, packed, err);
}

static inline void kit_original(struct kit *kit, const struct say *say)
{
	struct packer *packer = NULL;
	char piece[5000];
	size_t n = 0;

	if (say->packed)
		KIT_OK(kit, packer_open(&packer, kit_take_packed, kit->sink, &kit->err));
	for (size_t at = 0; at < say->xml; at++) {
		piece[n++] = kit_byte(say, at);
		if (n < sizeof piece && at + 1 < say->xml)
			continue;
		if (say->packed)
			KIT_OK(kit, packer_add(packer, slice_from(piece, n), &kit->err));
		else
			KIT_OK(kit, kit->sink->ops->original(
					    kit->sink, slice_from(piece, n), &kit->err));
		n = 0;
	}
	if (say->packed)
		KIT_OK(kit, packer_end(packer, &kit->err));
	packer_close(packer);
}

/* Everything of a report but its end. */
static inline void kit_report_open(struct kit *kit, const struct say *say)
{
	const struct report_sink_ops *ops = kit->sink->ops;
	unsigned position = 0;

	KIT_OK(kit, ops->report_begin(kit->sink, &kit->err));
	if (!say->head_last)
		kit_head(kit, say);
	kit_original(kit, say);
	for (unsigned i = 0; i < say->records; i++)
		kit_record(kit, say->seed, ++position);
	for (unsigned i = 0; i < say->unreadable; i++) {
		struct report_unreadable u = {
			.position = ++position, .line = 7, .reason = "count \"1e9\" is not a number"
		};

		KIT_OK(kit, ops->unreadable(kit->sink, &u, &kit->err));
	}
	for (unsigned i = 0; i < say->placeholders; i++)
		KIT_OK(kit, ops->placeholder(kit->sink, &kit->err));
	KIT_OK(kit, ops->note(kit->sink, REPORT_NOTE_CASE, SLICE_LIT("dkim=Pass"), &kit->err));
	KIT_OK(kit, ops->note(kit->sink, REPORT_NOTE_CASE, SLICE_LIT("spf=Pass"), &kit->err));
	if (say->head_last)
		kit_head(kit, say);
}

static inline struct report_outcome kit_report_close(struct kit *kit)
{
	struct report_outcome out = { .ending = REPORT_REFUSED };
	struct report_entry entry = { .where = SLICE_LIT("part 1") };

	KIT_OK(kit, kit->sink->ops->report_end(kit->sink, &out, &kit->err));
	if (kit->st->writer->mail.open) {
		entry.ending = out.ending;
		entry.report = out.report;
		KIT_OK(kit, kit->sink->ops->entry(kit->sink, &entry, &kit->err));
	}
	return out;
}

static inline struct report_outcome kit_report(struct kit *kit, const struct say *say)
{
	kit_report_open(kit, say);
	return kit_report_close(kit);
}

/* A mail with one report in it. */
static inline struct report_outcome kit_deliver(
	struct kit *kit, const char *name, const struct say *say)
{
	struct report_outcome out;

	kit_mail(kit, name);
	out = kit_report(kit, say);
	kit_mail_end(kit, out.ending);
	return out;
}

/* The same with one record more, which fails: of an address, or (ip.len 0) of this text. */
static inline struct report_outcome kit_deliver_one(struct kit *kit, const char *name,
	const struct say *say, struct ip ip, struct slice text, int64_t count)
{
	static struct report_record r;
	struct report_outcome out;

	memset(&r, 0, sizeof r);
	r.position = say->records + 1;
	r.count = count;
	r.dkim = r.spf = kit_word(&report_results, REPORT_RESULT_FAIL);
	r.source_ip = ip;
	r.source_text = text;
	kit_mail(kit, name);
	kit_report_open(kit, say);
	KIT_OK(kit, kit->sink->ops->record(kit->sink, &r, &kit->err));
	out = kit_report_close(kit);
	kit_mail_end(kit, out.ending);
	return out;
}

#endif
