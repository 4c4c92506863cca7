#include "store/dns_reverse.h"

#include <assert.h>

#include "store/base/day.h"
#include "store/base/limits.h"
#include "store/judge/dns/check.h"
#include "store/write.h"

int dns_reverse_next(struct store *st, struct slice domain, int64_t now, struct dns_reverse *ret,
	size_t max, struct err *err)
{
	sqlite3_stmt *stmt;
	size_t len = 0;
	int more;

	if (sql_get(st, STMT_DNS_REVERSE_QUEUE, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, domain);
	(void)sqlite3_bind_int64(stmt, 2, day_of(now) - DNS_RECENT_DAYS);
	(void)sqlite3_bind_int64(stmt, 3, now - (int64_t)DNS_REVERSE_DAYS_MAX * DAY_SECONDS);
	(void)sqlite3_bind_int64(stmt, 4, now - DAY_SECONDS);
	(void)sqlite3_bind_int64(stmt, 5, (int64_t)max);
	while ((more = sql_step(st, stmt, "cannot list addresses", err)) > 0) {
		struct dns_reverse *r = &ret[len];

		*r = (struct dns_reverse){ .source = sqlite3_column_int64(stmt, 0),
			.name = SLICE_ABSENT };
		if (len < max && ip_from_bytes(sql_blob(stmt, 1), &r->ip))
			len++;
	}
	return more < 0 ? -1 : (int)len;
}

/* 1: another name than before; 0; -1. */
static int is_news(struct store *st, const struct dns_reverse *r, struct err *err)
{
	struct slice before = SLICE_ABSENT;
	sqlite3_stmt *stmt;
	int more, news;

	if (sql_get(st, STMT_DNS_REVERSE_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, r->source);
	more = sql_step(st, stmt, "cannot read the name of an address", err);
	if (more < 0)
		return -1;
	if (more > 0)
		before = sql_text(stmt, 0);
	news = slice_absent(before) != slice_absent(r->name) ||
	       (!slice_absent(before) && !slice_equal(before, r->name));
	if (more > 0)
		(void)sqlite3_reset(stmt);
	return news;
}

static int put_one(struct store *st, const struct dns_reverse *r, int64_t now, struct err *err)
{
	int news = r->answered ? is_news(st, r, err) : 0;
	sqlite3_stmt *stmt;

	if (news < 0 || sql_get(st, r->answered ? STMT_DNS_REVERSE_SET : STMT_DNS_REVERSE_FAILED,
				&stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, r->source);
	(void)sqlite3_bind_int64(stmt, 2, now);
	if (r->answered)
		sql_bind_text(stmt, 3, r->name);
	if (sql_run(st, stmt, "cannot keep the name of an address", err) < 0)
		return -1;
	return news > 0 ? writer_run_1(st, STMT_DNS_REVERSE_MARK, r->source, err) : 0;
}

int dns_reverse_put(
	struct store *st, const struct dns_reverse *found, size_t len, int64_t now, struct err *err)
{
	int rc;

	assert(st->mode != STORE_READ);
	if (writer_sync(st->writer, err) < 0 || writer_run(st, STMT_BEGIN, err) < 0)
		return -1;
	rc = 0;
	for (size_t i = 0; rc == 0 && i < len; i++)
		rc = put_one(st, &found[i], now, err);
	if (rc == 0)
		rc = writer_raise(st, "data_version", err);
	if (rc == 0)
		rc = writer_run(st, STMT_COMMIT, err);
	if (rc < 0 && sqlite3_get_autocommit(st->db) == 0)
		(void)sql_exec(st, "ROLLBACK", NULL);
	return rc;
}
