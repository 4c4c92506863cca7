#include "store/query.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/base/digest.h"
#include "store/sql.h"

struct selftest {
	struct store *store;
	void (*say)(void *arg, bool ok, const char *line);
	void *arg;
	int broken;
};

static void tell(struct selftest *t, bool ok, const char *line)
{
	t->say(t->arg, ok, line);
	t->broken += !ok;
}

/* A law whose statement counts the rows that break it. */
struct law {
	const char *name;
	enum stmt stmt;
	const char *broken; /* what one of the counted is */
	const char *what;   /* of the example's number, NULL: there is none */
};

static const struct law laws[] = {
	{ "pages", STMT_TEST_PAGES, "damaged parts of the file", NULL },
	{ "foreign keys", STMT_TEST_FOREIGN_KEYS, "rows that refer to nothing", NULL },
	{ "orphans", STMT_TEST_ORPHANS, "records and originals that nothing refers to", NULL },
	{ "report totals", STMT_TEST_REPORTS, "reports whose totals are not those of their records",
		"report" },
	{ "report classes", STMT_TEST_CLASSES,
		"reports whose messages are not pass + fail + unknown", "report" },
	{ "records sent", STMT_TEST_SENT,
		"reports whose records sent are not records + placeholders + unreadable",
		"report" },
	{ "daily", STMT_TEST_DAILY, "rows of the roll-up that the records do not give", NULL },
	{ "endings", STMT_TEST_ENDINGS, "mails whose ending is not the worst of their entries",
		"receipt" },
	{ "evidence", STMT_TEST_EVIDENCE, "reports that the receipt of their mail does not name",
		"report" },
	{ "twins", STMT_TEST_TWINS, "reports wrongly marked, or not marked, as a twin", "report" },
	{ "traits", STMT_TEST_TRAITS, "details whose trait says something else", "detail" },
	{ "judged", STMT_TEST_JUDGED,
		"rows of judged days without a class, or of no source of their domain", NULL },
	{ "classes", STMT_TEST_CLASS_DAILY,
		"rows of the roll-up of classes that the judged rows do not give", NULL },
	{ "domain totals", STMT_TEST_DOMAIN_DAILY,
		"rows of the roll-up of domains that the one of classes does not give", NULL },
};

static int check_law(struct selftest *t, const struct law *law, struct err *err)
{
	char line[256];
	sqlite3_stmt *stmt;
	int64_t count;
	int more;

	if (sql_get(t->store, law->stmt, &stmt, err) < 0)
		return -1;
	if (sqlite3_bind_parameter_count(stmt) > 0)
		(void)sqlite3_bind_int64(stmt, 1, UNREADABLE_KEEP);
	more = sql_step(t->store, stmt, law->name, err);
	if (more < 0)
		return -1;
	count = sqlite3_column_int64(stmt, 0);
	if (count == 0)
		(void)snprintf(line, sizeof line, "%s: ok", law->name);
	else if (law->what == NULL)
		(void)snprintf(
			line, sizeof line, "%s: %" PRId64 " %s", law->name, count, law->broken);
	else
		(void)snprintf(line, sizeof line, "%s: %" PRId64 " %s, the first is %s %lld",
			law->name, count, law->broken, law->what,
			(long long)sqlite3_column_int64(stmt, 1));
	(void)sqlite3_reset(stmt);
	tell(t, count == 0, line);
	return 0;
}

/* Verdicts as the model judges them, not as any SQL does, against the sum of all reports. */
static int check_verdicts(struct selftest *t, struct err *err)
{
	int64_t sums[REPORT_VERDICT_COUNT] = { 0 };
	char line[256];
	sqlite3_stmt *stmt;
	bool ok = true;
	int more;

	if (sql_get(t->store, STMT_TEST_VERDICTS, &stmt, err) < 0)
		return -1;
	while ((more = sql_step(t->store, stmt, "verdicts", err)) > 0) {
		enum report_verdict verdict =
			report_verdict((enum report_result)sqlite3_column_int(stmt, 0),
				(enum report_result)sqlite3_column_int(stmt, 1));

		ok = ok && !__builtin_add_overflow(
				   sums[verdict], sqlite3_column_int64(stmt, 2), &sums[verdict]);
	}
	(void)sqlite3_reset(stmt);
	if (more < 0 || sql_get(t->store, STMT_TEST_SUMS, &stmt, err) < 0 ||
		sql_step(t->store, stmt, "verdicts", err) < 0)
		return -1;
	for (int i = 0; i < REPORT_VERDICT_COUNT; i++)
		ok = ok && sums[i] == sqlite3_column_int64(stmt, i);
	(void)sqlite3_reset(stmt);
	(void)snprintf(line, sizeof line, "verdicts: %s",
		ok ? "ok" : "the sums of pass, fail and unknown are not those of the records");
	tell(t, ok, line);
	return 0;
}

/* 0 as it was kept, 1 not, -1. */
static int check_original(struct selftest *t, int64_t id, struct err *err)
{
	struct original *o = NULL;
	struct digest_state state;
	struct digest digest;
	char hex[2 * DIGEST_BYTES + 1], bytes[8 * 1024];
	struct err why = ERR_INIT;
	int64_t total = 0;
	ssize_t n = -1;
	bool same;

	if (original_open_id(&o, t->store, id, &why) == 0) {
		struct reader *r = original_reader(o);

		digest_init(&state);
		while ((n = r->read(r, bytes, sizeof bytes, &why)) > 0) {
			digest_add(&state, slice_from(bytes, (size_t)n));
			total += n;
		}
		digest_final(&state, &digest);
	}
	if (n < 0) {
		original_close(o);
		/* Damage is a finding; no memory or disk is not. */
		if (why.code == ERR_SHORTAGE || why.code == ERR_BUSY)
			return err_set(err, why.code, "%s", why.text);
		return 1;
	}
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", (unsigned)digest.bytes[i]);
	same = total == original_bytes(o) && strcmp(hex, original_sha256(o)) == 0;
	original_close(o);
	return same ? 0 : 1;
}

static int check_originals(struct selftest *t, struct err *err)
{
	int64_t bad = 0, first = 0;
	char line[256];
	sqlite3_stmt *stmt = NULL;
	int more, wrong = 0;

	/* A statement of its own: original_open_id() may use the shared ones. */
	if (sql_prepare(t->store, stmt_text(STMT_TEST_ORIGINALS), &stmt, err) < 0)
		return -1;
	while ((more = sql_step(t->store, stmt, "originals", err)) > 0) {
		int64_t id = sqlite3_column_int64(stmt, 0);

		wrong = check_original(t, id, err);
		if (wrong < 0)
			break;
		if (wrong > 0 && bad++ == 0)
			first = id;
	}
	(void)sqlite3_finalize(stmt);
	if (more < 0 || wrong < 0)
		return -1;
	if (bad == 0)
		(void)snprintf(line, sizeof line, "originals: ok");
	else
		(void)snprintf(line, sizeof line,
			"originals: %" PRId64
			" are not the bytes that were kept, the first is original %" PRId64,
			bad, first);
	tell(t, bad == 0, line);
	return 0;
}

static int check_all(struct selftest *t, struct err *err)
{
	for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
		if (check_law(t, &laws[i], err) < 0)
			return -1;
	}
	if (check_verdicts(t, err) < 0 || check_originals(t, err) < 0)
		return -1;
	return 0;
}

int query_selftest(struct store *st, void (*say)(void *arg, bool ok, const char *line), void *arg,
	struct err *err)
{
	struct selftest t = { st, say, arg, 0 };
	bool began = sqlite3_get_autocommit(st->db) != 0;
	int rc;

	/* One snapshot, or a commit between two looks would seem to break a law. */
	if (began && sql_exec(st, "BEGIN", err) < 0)
		return -1;
	rc = check_all(&t, err);
	if (began)
		(void)sqlite3_exec(st->db, "COMMIT", NULL, NULL, NULL);
	return rc < 0 ? -1 : t.broken;
}
