/*
 * query_store: a store filled by plain SQL, for the tests of answers.
 *
 * It knows nothing of ruad-ingest, so that what a query says is checked against what was put in.
 * Totals and roll-up are derived here, in C and in SQL of its own.
 */
#ifndef TESTS_UNIT_QUERY_STORE_H
#define TESTS_UNIT_QUERY_STORE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/base/day.h"
#include "store/emit.h"
#include "store/query_parts.h"
#include "store/sql.h"

#define CLOCK_DAY 20000 /* 2024-10-04, a Friday */

struct fact {
	int domain, reporter, source, disposition, dkim, spf, from, trust, twin;
	int32_t day;
	int64_t count;
};

#define FACTS_MAX 20000

struct facts {
	struct fact list[FACTS_MAX];
	size_t len;
};

static inline void run_sql(struct store *st, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline void run_sql(struct store *st, const char *fmt, ...)
{
	struct err err = ERR_INIT;
	char text[4096];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (sql_exec(st, text, &err) < 0)
		fail_msg("%s: %s", text, err.text);
}

/* What the trait of a result says besides: some have reasons, some raw results of SPF (3 is pass). */
static inline int trait_reasons(int result)
{
	return result % 7 == 0 ? 8 : 0;
}

static inline int trait_spf(int result)
{
	return result % 5;
}

/* A store with the rows that reports refer to. Domain 4 lies under 1; reporters 2 and 3 are one. */
static inline struct store *store_make(void)
{
	struct err err = ERR_INIT;
	struct store *st = NULL;
	char clock[32];

	(void)snprintf(clock, sizeof clock, "%lld", (long long)CLOCK_DAY * DAY_SECONDS + 3600);
	setenv("RUAD_CLOCK", clock, 1);
	if (store_open(&st, NULL, STORE_MEMORY, &err) < 0)
		fail_msg("%s", err.text);
	run_sql(st,
		"INSERT INTO domain (id, name, added) VALUES (1, 'one.example', 1), (2, 'two.example', 2),"
		" (3, 'three.example', 3), (4, 'sub.one.example', 4)");
	run_sql(st, "INSERT INTO reporter VALUES (1, 'Alpha', 1), (2, 'Beta', 2), (3, 'BETA', 2),"
		    " (4, 'Gamma', 4)");
	run_sql(st, "INSERT INTO inbox VALUES (1, '/mail')");
	run_sql(st,
		"INSERT INTO receipt (id, inbox, name, size, mtime_ns, seen, ending, trust)"
		" VALUES (1, 1, 'first', 1, 1, %lld, 1, 0)",
		(long long)CLOCK_DAY * DAY_SECONDS);
	run_sql(st,
		"INSERT INTO policy (id, digest, p, sp, np, adkim, aspf, testing, discovery_method, pct,"
		" sp_token) VALUES (1, zeroblob(16), 3, 1, 0, 0, 3, 0, 0, '', '')");
	run_sql(st, "INSERT INTO name VALUES (1, 'one.example'), (2, 'news.one.example')");
	for (int i = 1; i <= 12; i++)
		run_sql(st, "INSERT INTO source (id, ip) VALUES (%d, x'%s%02x')", i,
			i % 3 == 0 ? "20010db80000000000000000000000" : "c00002", i);
	/* A trait a result: the names of header_from are of one organisation. */
	for (int i = 0; i < 6 * 4 * 4; i++)
		run_sql(st,
			"INSERT INTO trait (id, digest, result, reasons, spf_result, spf_own, envelope)"
			" VALUES (%d, x'%032x', %d, %d, %d, 0, 0)",
			i + 1, i, i, trait_reasons(i), trait_spf(i));
	for (int i = 0; i < 6 * 4 * 4 * 2; i++)
		run_sql(st,
			"INSERT INTO detail (id, digest, disposition, dkim, spf, header_from, from_key,"
			" trait) VALUES (%d, x'%032x', %d, %d, %d, %d, %d, %d)",
			i + 1, i, i / 32, i / 8 % 4, i / 2 % 4, i % 2 + 1, i % 2 + 1, i / 2 + 1);
	return st;
}

static inline int detail_of(const struct fact *f)
{
	return f->disposition * 32 + f->dkim * 8 + f->spf * 2 + (f->from - 1) + 1;
}

/* A report of the facts, all of one domain, reporter and day. */
static inline void add_report(struct store *st, int id, const struct fact *facts, size_t len)
{
	const struct fact *f = &facts[0];
	long long begin = (long long)f->day * DAY_SECONDS;

	run_sql(st,
		"INSERT INTO report (id, domain, reporter, reporter_same, report_id, begin, end, day,"
		" policy, dialect, trust, from_mismatch, twin, received, receipt, content,"
		" records_digest, records_sent, records, placeholders, unreadable, messages, pass, fail,"
		" unknown, dkim_pass, spf_pass, quarantine, reject) VALUES (%d, %d, %d, %d, 'r%d', %lld,"
		" %lld, %d, 1, 1, %d, 0, %d, %lld, 1, zeroblob(16), x'%032x', 0, 0, 0, 0, 0, 0, 0, 0, 0,"
		" 0, 0, 0)",
		id, f->domain, f->reporter, f->reporter == 3 ? 2 : f->reporter, id, begin,
		begin + DAY_SECONDS, f->day, f->trust, f->twin, begin + DAY_SECONDS + 60, id);
	for (size_t i = 0; i < len; i++)
		run_sql(st, "INSERT INTO record VALUES (%d, %zu, %d, %lld, %d)", id, i + 1,
			facts[i].source, (long long)facts[i].count, detail_of(&facts[i]));
}

/* Totals and roll-up of all reports, from the records. */
static inline void derive(struct store *st)
{
	run_sql(st,
		"UPDATE report SET (records, records_sent, messages, pass, fail, unknown, dkim_pass,"
		" spf_pass, quarantine, reject) = (SELECT count(*), count(*), total(m), total(m * p),"
		" total(m * f), total(m) - total(m * p) - total(m * f), total(m * d), total(m * s),"
		" total(m * q), total(m * j) FROM (SELECT x.count AS m, t.dkim = 2 OR t.spf = 2 AS p,"
		" t.dkim = 3 AND t.spf = 3 AS f, t.dkim = 2 AS d, t.spf = 2 AS s, t.disposition = 3 AS q,"
		" t.disposition = 4 AS j FROM record AS x JOIN detail AS t ON t.id = x.detail"
		" WHERE x.report = report.id))");
	run_sql(st, "DELETE FROM daily");
	run_sql(st,
		"INSERT INTO daily SELECT r.domain, r.day, x.source,"
		" t.disposition * 16 + t.dkim * 4 + t.spf AS result, t.trait, count(*), sum(x.count)"
		" FROM report AS r JOIN record AS x ON x.report = r.id JOIN detail AS t ON t.id = x.detail"
		" GROUP BY 1, 2, 3, 4, 5");
}

/* ---- judgement, made up ------------------------------------------------------------------------ */

/* Five groups a domain, of a service each but the last; any class and rule. */
static inline int group_of(int domain, int source)
{
	return domain * 100 + source % 5;
}

static inline int class_of_fact(const struct fact *f)
{
	return (f->source + f->disposition * 16 + f->dkim * 4 + f->spf) % 4;
}

/* The roll-up of classes, from the judgement there is. */
static inline void roll_classes(struct store *st)
{
	run_sql(st, "DELETE FROM class_daily");
	run_sql(st,
		"INSERT INTO class_daily SELECT f.domain, f.day, m.source_group, q.class, q.rule, f.result,"
		" sum(f.records), sum(f.messages), sum(f.messages * (t.spf_result > 0)),"
		" sum(f.messages * (t.spf_result = 3)), sum(f.messages * (t.reasons > 0))"
		" FROM daily AS f JOIN trait AS t ON t.id = f.trait JOIN judgement AS q ON"
		" q.domain = f.domain AND q.source = f.source AND q.trait = f.trait"
		" JOIN member AS m ON m.domain = f.domain AND m.source = f.source"
		" GROUP BY 1, 2, 3, 4, 5, 6");
	run_sql(st, "DELETE FROM domain_daily");
	run_sql(st,
		"INSERT INTO domain_daily SELECT domain, day, class, result, sum(records),"
		" sum(messages), sum(spf_seen), sum(spf_passed), sum(overridden) FROM class_daily"
		" GROUP BY 1, 2, 3, 4");
}

static inline void judge(struct store *st)
{
	for (int i = 0; i < 4 * 5; i++)
		run_sql(st,
			"INSERT OR IGNORE INTO source_group (id, domain, key, name, evidence,"
			" evidence_detail, service) VALUES (%d, %d, 'key:%d', 'Group %d', %d, 'proof',"
			" nullif('%s', ''))",
			(i / 5 + 1) * 100 + i % 5, i / 5 + 1, i % 5, i % 5, i % 7,
			i % 5 == 4       ? ""
			: i % 5 % 2 == 0 ? "mailchimp"
				     : "sendgrid");
	run_sql(st, "DELETE FROM judgement");
	run_sql(st, "DELETE FROM member");
	run_sql(st, "INSERT INTO member SELECT DISTINCT domain, source, domain * 100 + source %% 5"
		    " FROM daily");
	run_sql(st, "INSERT INTO judgement SELECT DISTINCT domain, source, trait,"
		    " (source + result) %% 4, (source * 3 + result) %% 16 FROM daily");
	roll_classes(st);
}

/* The same numbers on every machine. */
static inline unsigned next_random(uint64_t *state, unsigned below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(*state >> 33) % below;
}

/* Some hundred reports over 80 days, the newest of yesterday. */
static inline struct store *store_random(struct facts *facts, uint64_t seed)
{
	struct store *st = store_make();
	uint64_t state = seed;

	facts->len = 0;
	run_sql(st, "BEGIN");
	for (int id = 1; id <= 400; id++) {
		struct fact f = { .domain = (int)next_random(&state, 4) + 1,
			.reporter = (int)next_random(&state, 4) + 1,
			.trust = (int)next_random(&state, 4),
			.day = CLOCK_DAY - 1 - (int32_t)next_random(&state, 80) };
		size_t len = next_random(&state, 8), first = facts->len;

		for (size_t i = 0; i < len; i++) {
			f.source = (int)next_random(&state, 12) + 1;
			f.disposition = (int)next_random(&state, 6);
			f.dkim = (int)next_random(&state, 4);
			f.spf = (int)next_random(&state, 4);
			f.from = (int)next_random(&state, 2) + 1;
			f.count = next_random(&state, 50);
			facts->list[facts->len++] = f;
		}
		if (len > 0)
			add_report(st, id, facts->list + first, len);
	}
	derive(st);
	judge(st);
	run_sql(st, "COMMIT");
	return st;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static inline void set(
	struct query_filter *f, enum query_kind kind, const char *name, const char *value)
{
	struct err err = ERR_INIT;

	if (query_filter_set(f, kind, slice_of(name), slice_of(value), &err) < 0)
		fail_msg("%s=%s: %s", name, value, err.text);
}

/* The answer as CSV, which is text a test can compare. */
static inline void answer_by(struct store *st, enum query_kind kind, const struct query_filter *f,
	enum query_way way, struct buf *to)
{
	struct err err = ERR_INIT;
	const struct value *row;
	struct query *q = NULL;
	struct emit *e = NULL;
	size_t len;
	const struct column *columns;
	int more;

	buf_clear(to);
	if (query_open_by(&q, st, kind, f, way, &err) < 0)
		fail_msg("%s: %s", query_name(kind), err.text);
	columns = query_row_columns(q, &len);
	assert_int_equal(emit_open(&e, emit_find(SLICE_LIT("csv")), to, EMIT_EN, &err), 0);
	emit_set(e, query_name(kind), columns, len, false);
	while ((more = query_next(q, &row, &err)) > 0)
		emit_row(e, row);
	if (more < 0)
		fail_msg("%s: %s", query_name(kind), err.text);
	emit_end(e, query_meta(q), query_next_cursor(q));
	emit_close(e);
	query_close(q);
	assert_false(buf_failed(to));
}

static inline void answer(
	struct store *st, enum query_kind kind, const struct query_filter *f, struct buf *to)
{
	answer_by(st, kind, f, QUERY_WAY_ANY, to);
}

struct row {
	struct value values[QUERY_COLUMNS_MAX];
	char texts[QUERY_COLUMNS_MAX][256];
};
#define ROWS_MAX 600
static struct row rows[ROWS_MAX];
/* The columns of the answer in rows[]. */
static struct column columns_kept[QUERY_COLUMNS_MAX];
static size_t columns_kept_len;

/* The answer's rows, kept; returns how many. */
static inline size_t rows_of(struct store *st, enum query_kind kind, const struct query_filter *f,
	struct query_meta *meta)
{
	struct err err = ERR_INIT;
	const struct value *row;
	const struct column *row_columns;
	struct query *q = NULL;
	size_t len, n = 0;
	int more;

	if (query_open(&q, st, kind, f, &err) < 0)
		fail_msg("%s: %s", query_name(kind), err.text);
	row_columns = query_row_columns(q, &len);
	memcpy(columns_kept, row_columns, len * sizeof *row_columns);
	columns_kept_len = len;
	while ((more = query_next(q, &row, &err)) > 0) {
		assert_true(n < ROWS_MAX);
		for (size_t i = 0; i < len; i++) {
			rows[n].values[i] = row[i];
			(void)snprintf(rows[n].texts[i], sizeof rows[n].texts[i], "%.*s",
				SLICE_FMT(row[i].text));
		}
		n++;
	}
	if (more < 0)
		fail_msg("%s: %s", query_name(kind), err.text);
	if (meta != NULL)
		*meta = *query_meta(q);
	query_close(q);
	return n;
}

/* Where a column stands in the answer kept; `kind` says of which question, for the reader. */
static inline size_t column_at(enum query_kind kind, const char *column)
{
	for (size_t i = 0; i < columns_kept_len; i++) {
		if (strcmp(columns_kept[i].name, column) == 0)
			return i;
	}
	fail_msg("%s has no %s", query_name(kind), column);
	return 0;
}

static inline int64_t number(enum query_kind kind, size_t row, const char *column)
{
	return rows[row].values[column_at(kind, column)].number;
}

static inline const char *text(enum query_kind kind, size_t row, const char *column)
{
	return rows[row].texts[column_at(kind, column)];
}

static inline bool is_null(enum query_kind kind, size_t row, const char *column)
{
	return rows[row].values[column_at(kind, column)].null;
}

static inline int64_t sum(enum query_kind kind, size_t n, const char *column)
{
	int64_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += number(kind, i, column);
	return total;
}

/* ---- one fact at a time ----------------------------------------------------------------------- */

static const struct fact one = { .domain = 1,
	.reporter = 1,
	.source = 1,
	.disposition = 2,
	.dkim = 2,
	.spf = 3,
	.from = 1,
	.day = CLOCK_DAY - 3,
	.count = 7 };

static inline struct fact with(int domain, int reporter, int32_t day, int64_t count)
{
	struct fact f = one;

	f.domain = domain;
	f.reporter = reporter;
	f.day = day;
	f.count = count;
	return f;
}

static inline void add_one(struct store *st, int id, struct fact f)
{
	add_report(st, id, &f, 1);
	derive(st);
	judge(st);
}

#endif
