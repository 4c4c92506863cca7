#include "store/dns_sum.h"

#include <assert.h>
#include <string.h>

#include "store/base/day.h"
#include "store/judge/dns/spf_tree.h"
#include "store/query_dns_known.h"
#include "store/query_ready.h"
#include "store/write.h"

const char *const dns_sum_record_names[] = {
	[DNS_SUM_SPF] = "spf",
	[DNS_SUM_DKIM] = "dkim",
	[DNS_SUM_DMARC] = "dmarc",
	[DNS_SUM_ZONE] = "zone",
};
/* Of the rules about each. */
static const char letters[] = "SKDX";

static void count_findings(const struct dns_findings *found, struct dns_sum *sum)
{
	for (size_t i = 0; i < dns_findings_count(found); i++) {
		const struct dns_finding *f = dns_findings_get(found, i);
		const char *letter = strchr(letters, dns_rules[f->rule].id[0]);

		assert(letter != NULL);
		if (f->severity < DNS_SUM_SEVERITIES)
			sum->findings[letter - letters][f->severity]++;
	}
}

static void count_lookups(const struct spf_tree *tree, struct dns_sum *sum)
{
	sum->lookups = -1;
	if (tree != NULL && tree->len > 0 && !slice_absent(tree->nodes[0].record) && !tree->unknown)
		sum->lookups = tree->lookups;
}

/* 1: judged; 0: the DNS never answered; -1. */
static int judge(struct store *st, struct slice domain, struct dns_sum *sum, struct err *err)
{
	struct query_dns_known *known = NULL;
	struct query_ready *ready = NULL;
	bool answered;

	if (query_dns_known_open(&known, st, domain, false, err) < 0)
		return -1;
	answered = query_dns_known_answered(known) > 0;
	if (answered) {
		count_findings(query_dns_findings(query_dns_known_answer(known)), sum);
		count_lookups(query_dns_tree(query_dns_known_answer(known)), sum);
	}
	query_dns_known_close(known);
	if (!answered)
		return 0;
	if (query_ready_open(&ready, st, domain, (int32_t)day_of(day_now()), err) < 0)
		return -1;
	sum->readiness = query_ready_verdict(ready)->verdict;
	query_ready_close(ready);
	return 1;
}

static int put(struct store *st, struct slice domain, const struct dns_sum *sum, struct err *err)
{
	sqlite3_stmt *stmt;
	int at = 2;

	if (sql_get(st, STMT_DNS_SUM_SET, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, domain);
	for (int r = 0; r < DNS_SUM_RECORD_COUNT; r++) {
		for (int s = 0; s < DNS_SUM_SEVERITIES; s++)
			(void)sqlite3_bind_int64(stmt, at++, sum->findings[r][s]);
	}
	if (sum->lookups >= 0)
		(void)sqlite3_bind_int64(stmt, at, sum->lookups);
	(void)sqlite3_bind_int(stmt, at + 1, (int)sum->readiness);
	if (sql_run(st, stmt, "cannot keep what the records are like", err) < 0)
		return -1;
	return sqlite3_changes(st->db) > 0 ? writer_raise(st, "data_version", err) : 0;
}

int dns_sum_note(struct store *st, struct slice domain, struct err *err)
{
	struct dns_sum sum = { .lookups = -1 };
	int rc = judge(st, domain, &sum, err);

	if (rc <= 0)
		return rc;
	if (writer_run(st, STMT_BEGIN, err) < 0)
		return -1;
	rc = put(st, domain, &sum, err);
	if (rc == 0)
		return writer_run(st, STMT_COMMIT, err);
	(void)sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

static bool get(sqlite3_stmt *stmt, struct dns_sum *sum)
{
	const int readiness =
		sqlite3_column_int(stmt, 2 + DNS_SUM_RECORD_COUNT * DNS_SUM_SEVERITIES);
	int at = 1;

	for (int r = 0; r < DNS_SUM_RECORD_COUNT; r++) {
		for (int s = 0; s < DNS_SUM_SEVERITIES; s++)
			sum->findings[r][s] = sqlite3_column_int64(stmt, at++);
	}
	sum->lookups =
		sqlite3_column_type(stmt, at) != SQLITE_NULL ? sqlite3_column_int64(stmt, at) : -1;
	sum->readiness = (enum readiness_verdict_id)readiness;
	return readiness >= 0 && readiness < READINESS_VERDICT_COUNT;
}

int dns_sum_each(struct store *st, dns_sum_take *take, void *arg, struct err *err)
{
	sqlite3_stmt *stmt;
	struct dns_sum sum;
	int more;

	if (sql_get(st, STMT_DNS_SUMS, &stmt, err) < 0)
		return -1;
	while ((more = sql_step(st, stmt, "cannot read what records are like", err)) > 0) {
		if (get(stmt, &sum))
			take(arg, sql_text(stmt, 0), &sum);
	}
	if (more == 0)
		(void)sqlite3_reset(stmt);
	return more;
}
