#include "store/dns_fact.h"

#include <assert.h>
#include <stdlib.h>

#include "store/base/utf8.h"
#include "store/judge/dns/spf_ranges.h"
#include "store/write.h"

#define DAY_SECONDS 86400
/* Text of one answer: every byte of a full message may be written as four. */
#define RECORDS_BYTES_MAX ((size_t)8 * DNS_REPLY_BYTES_MAX)

/* ---- records as text -------------------------------------------------------------------------- */

/* As in a master file (RFC 1035 5.1), so that a person can read it, a page can show it and two of
 * them can be compared: what is no printable ASCII is \DDD. */
static void add_escaped(struct buf *to, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c < 0x20 || c > 0x7e)
			buf_printf(to, "\\%03u", c);
		else if (c == '"' || c == '\\')
			buf_printf(to, "\\%c", c);
		else
			buf_add_char(to, (char)c);
	}
}

static void add_text(struct buf *to, const struct dns_record *r)
{
	size_t at = 0;

	for (size_t i = 0; i <= r->breaks_len; i++) {
		size_t end = i < r->breaks_len ? r->breaks[i] : r->text.len;

		buf_add_text(to, i > 0 ? " \"" : "\"");
		add_escaped(to, slice_from(r->text.ptr + at, end - at));
		buf_add_char(to, '"');
		at = end;
	}
}

static void add_name(struct buf *to, struct slice name)
{
	add_escaped(to, name);
	buf_add_char(to, '.');
}

static void add_record(struct buf *to, enum dns_type type, const struct dns_record *r)
{
	char text[IP_TEXT_MAX];

	if (type == DNS_MX)
		buf_printf(to, "%u ", r->preference);
	if (type == DNS_TXT || type == DNS_SPF)
		add_text(to, r);
	else if (type == DNS_A || type == DNS_AAAA)
		buf_add_text(to, ip_text(&r->ip, text));
	else if (type != DNS_OTHER)
		add_name(to, r->name);
}

/* Where a line lies in the text of all. */
struct line {
	const char *ptr;
	size_t len;
};

static int compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->ptr, y->ptr, len);

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* Sorted: a server may give its records in any order. */
static int records_text(
	struct buf *to, enum dns_type type, const struct dns_answer *a, struct err *err)
{
	struct line *lines = NULL;
	size_t *ends = NULL;
	struct buf raw;
	int rc = -1;

	buf_init(&raw, RECORDS_BYTES_MAX);
	lines = calloc(a->len + 1, sizeof *lines);
	ends = calloc(a->len + 1, sizeof *ends);
	for (size_t i = 0; ends != NULL && i < a->len; i++) {
		add_record(&raw, type, &a->records[i]);
		ends[i] = raw.len;
	}
	if (lines == NULL || ends == NULL || buf_failed(&raw)) {
		err_set(err, ERR_SHORTAGE, "no memory for an answer of the DNS");
		goto out;
	}
	for (size_t i = 0, at = 0; i < a->len; at = ends[i++])
		lines[i] = (struct line){ buf_text(&raw) + at, ends[i] - at };
	qsort(lines, a->len, sizeof *lines, compare_lines);
	for (size_t i = 0; i < a->len; i++) {
		if (i > 0)
			buf_add_char(to, '\n');
		buf_add(to, slice_from(lines[i].ptr, lines[i].len));
	}
	rc = buf_failed(to) ? err_set(err, ERR_SHORTAGE, "no memory for an answer of the DNS") : 0;
out:
	free(lines);
	free(ends);
	buf_release(&raw);
	return rc;
}

/* Takes one byte as add_escaped() wrote it. False: nothing that it writes. */
static bool take_escaped(struct slice *s, char *ret)
{
	uint64_t value = (unsigned char)s->ptr[0];
	size_t width = 1;

	if (s->ptr[0] == '\\') {
		if (s->len >= 4 && slice_u64(slice_from(s->ptr + 1, 3), 255, &value)) {
			width = 4;
		} else if (s->len >= 2) {
			value = (unsigned char)s->ptr[1];
			width = 2;
		} else {
			return false;
		}
	}
	*ret = (char)(unsigned char)value;
	*s = slice_from(s->ptr + width, s->len - width);
	return true;
}

static bool unescape(struct slice s, struct buf *to)
{
	char c;

	buf_clear(to);
	while (s.len > 0) {
		if (!take_escaped(&s, &c))
			return false;
		buf_add_char(to, c);
	}
	return !buf_failed(to);
}

/* One row while it is read. */
struct loading {
	struct dns_set *set;
	struct buf name, text;
	uint32_t *breaks;
	size_t breaks_max;
};

/* "one" "two": the strings joined, and where they were. */
static bool read_strings(struct loading *l, struct slice s, struct dns_record *ret)
{
	bool first = true;
	char c;

	buf_clear(&l->text);
	for (; s.len > 0; first = false) {
		if (!first) {
			if (ret->breaks_len == l->breaks_max || s.ptr[0] != ' ')
				return false;
			l->breaks[ret->breaks_len++] = (uint32_t)l->text.len;
			s = slice_from(s.ptr + 1, s.len - 1);
		}
		if (s.len < 2 || s.ptr[0] != '"')
			return false;
		s = slice_from(s.ptr + 1, s.len - 1);
		while (s.len > 0 && s.ptr[0] != '"') {
			if (!take_escaped(&s, &c))
				return false;
			buf_add_char(&l->text, c);
		}
		if (s.len == 0)
			return false;
		s = slice_from(s.ptr + 1, s.len - 1);
	}
	ret->text = buf_slice(&l->text);
	ret->breaks = l->breaks;
	return !buf_failed(&l->text);
}

static bool read_record(
	struct loading *l, enum dns_type type, struct slice line, struct dns_record *ret)
{
	uint64_t preference;
	struct slice rest;

	if (type == DNS_TXT || type == DNS_SPF)
		return read_strings(l, line, ret);
	if (type == DNS_A || type == DNS_AAAA)
		return ip_parse(line, &ret->ip);
	if (type == DNS_MX) {
		if (!slice_u64(slice_cut(line, ' ', &rest), UINT16_MAX, &preference))
			return false;
		ret->preference = (uint16_t)preference;
		line = rest;
	}
	if (type == DNS_OTHER)
		return true;
	if (line.len == 0 || !unescape(line, &l->text))
		return false;
	ret->name = buf_slice(&l->text);
	return true;
}

/* ---- reading ---------------------------------------------------------------------------------- */

static bool type_of_number(int number, enum dns_type *ret)
{
	for (int i = 0; i < DNS_TYPE_COUNT; i++) {
		if (dns_type_numbers[i] == number) {
			*ret = (enum dns_type)i;
			return true;
		}
	}
	return false;
}

static int fail_damaged(struct store *st, struct slice name, struct err *err)
{
	struct err_quote q;

	return err_set(err, ERR_STORE, "%s: what is kept of %s in the DNS cannot be read",
		store_path(st), err_quote(&q, name));
}

static int load_row(struct store *st, struct loading *l, sqlite3_stmt *stmt, struct err *err)
{
	struct slice name = sql_text(stmt, 0), records = sql_text(stmt, 3), line;
	const int status = sqlite3_column_int(stmt, 2);
	enum dns_type type;

	if (!unescape(name, &l->name) || !type_of_number(sqlite3_column_int(stmt, 1), &type))
		return fail_damaged(st, name, err);
	if (status != DNS_FOUND)
		return dns_set_mark(
			l->set, buf_slice(&l->name), type, (enum dns_status)status, err);
	do {
		struct dns_record r = { .ttl = (uint32_t)sqlite3_column_int64(stmt, 4),
			.name = SLICE_ABSENT,
			.text = SLICE_ABSENT };

		line = slice_cut(records, '\n', &records);
		if (!read_record(l, type, line, &r))
			return fail_damaged(st, name, err);
		if (dns_set_add(l->set, buf_slice(&l->name), type, &r, err) < 0)
			return -1;
	} while (!slice_absent(records));
	return 0;
}

static int load_rows(struct store *st, int64_t domain, struct loading *l, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_DNS_FACT_LOAD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	while ((more = sql_step(st, stmt, "cannot read what is known of the DNS", err)) > 0) {
		if (load_row(st, l, stmt, err) < 0) {
			(void)sqlite3_reset(stmt);
			return -1;
		}
	}
	if (more == 0)
		(void)sqlite3_reset(stmt);
	return more;
}

/* 1: there is such a domain, with its number and when it was asked for (0 never); 0; -1. */
static int find_domain(
	struct store *st, struct slice key, int64_t *ret_id, int64_t *ret_asked, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	*ret_asked = 0;
	if (sql_get(st, STMT_DOMAIN_FIND, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, key);
	more = sql_step(st, stmt, "cannot look up a domain", err);
	if (more <= 0)
		return more;
	*ret_id = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	if (sql_get(st, STMT_DNS_RUN_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, *ret_id);
	more = sql_step(st, stmt, "cannot read when the DNS was asked", err);
	if (more > 0)
		*ret_asked = sqlite3_column_int64(stmt, 0);
	if (more >= 0)
		(void)sqlite3_reset(stmt);
	return more < 0 ? -1 : 1;
}

int dns_fact_load(
	struct store *st, struct slice domain, struct dns_set *set, int64_t *asked, struct err *err)
{
	struct loading l = { .set = set, .breaks_max = DNS_TEXT_MAX };
	int64_t id = 0;
	int rc;

	*asked = 0;
	rc = find_domain(st, domain, &id, asked, err);
	if (rc <= 0 || *asked == 0)
		return rc < 0 ? -1 : 0;
	l.breaks = calloc(l.breaks_max, sizeof *l.breaks);
	if (l.breaks == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for DNS records");
	buf_init(&l.name, DOMAIN_KEY_MAX);
	buf_init(&l.text, DNS_TEXT_MAX + 1);
	rc = load_rows(st, id, &l, err);
	buf_release(&l.name);
	buf_release(&l.text);
	free(l.breaks);
	return rc < 0 ? -1 : 1;
}

int dns_fact_each_own(struct store *st,
	int (*each)(void *arg, struct slice domain, struct err *err), void *arg, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_DNS_OWN, &stmt, err) < 0)
		return -1;
	while ((more = sql_step(st, stmt, "cannot list the own domains", err)) > 0) {
		if (each(arg, sql_text(stmt, 0), err) < 0) {
			(void)sqlite3_reset(stmt);
			return -1;
		}
	}
	if (more == 0)
		(void)sqlite3_reset(stmt);
	return more;
}

int dns_fact_each_former(struct store *st, struct slice domain, int64_t now,
	void (*each)(void *arg, struct slice server), void *arg, struct err *err)
{
	struct buf name;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_DNS_FORMER, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, domain);
	(void)sqlite3_bind_int64(stmt, 2, now - (int64_t)DNS_STALE_DAYS_MAX * DAY_SECONDS);
	more = sql_step(st, stmt, "cannot read former name servers", err);
	if (more <= 0)
		return more;
	buf_init(&name, DOMAIN_KEY_MAX);
	for (struct slice all = sql_text(stmt, 0); all.len > 0;) {
		struct slice line = slice_cut(all, '\n', &all);

		if (unescape(line, &name) && name.len > 1)
			each(arg, slice_from(buf_text(&name), name.len - 1));
	}
	buf_release(&name);
	(void)sqlite3_reset(stmt);
	return 0;
}

int dns_fact_ranges(struct store *st, struct slice domain, size_t bytes_max,
	struct spf_ranges **ret, struct err *err)
{
	struct dns_set *set = NULL, *nothing = NULL;
	int64_t asked;
	int rc = -1;

	*ret = NULL;
	if (dns_set_open(&set, bytes_max, err) < 0 || dns_set_open(&nothing, bytes_max, err) < 0)
		goto out;
	if (dns_fact_load(st, domain, set, &asked, err) >= 0)
		rc = spf_ranges_open(ret, dns_set_view(set), domain, err);
	else if (dns_set_full(set)) /* the error is of no more use */
		rc = spf_ranges_open(ret, dns_set_view(nothing), domain, err);
out:
	dns_set_close(nothing);
	dns_set_close(set);
	return rc;
}

/* ---- writing ---------------------------------------------------------------------------------- */

struct dns_fact_run {
	struct store *st;
	int64_t domain, at;
	char of[DOMAIN_KEY_MAX];   /* its name */
	bool open;                 /* the transaction */
	struct spf_ranges *before; /* what the SPF record named when the run began */
	struct buf name, records;
};

int dns_fact_open(struct dns_fact_run **ret, struct store *st, struct slice domain, int64_t now,
	struct err *err)
{
	struct dns_fact_run *run;
	struct err_quote q;
	int64_t asked;
	int rc;

	assert(st->mode != STORE_READ);
	if (writer_sync(st->writer, err) < 0)
		return -1;
	run = calloc(1, sizeof *run);
	if (run == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	run->st = st;
	buf_init(&run->name, (size_t)4 * DOMAIN_KEY_MAX);
	buf_init(&run->records, RECORDS_BYTES_MAX);
	if (writer_run(st, STMT_BEGIN, err) < 0)
		goto fail;
	run->open = true;
	rc = find_domain(st, domain, &run->domain, &asked, err);
	if (rc == 0)
		rc = err_set(err, ERR_NOT_FOUND, "%s is not a domain of the store",
			err_quote(&q, domain));
	if (rc < 0)
		goto fail;
	/* Later than what is known, so that a row tells whether this run has seen it. */
	run->at = now > asked ? now : asked + 1;
	if (dns_fact_ranges(st, domain, DNS_SET_BYTES_MAX, &run->before, err) < 0)
		goto fail;
	memcpy(run->of, domain.ptr, domain.len);
	*ret = run;
	return 0;
fail:
	dns_fact_close(run);
	return -1;
}

void dns_fact_close(struct dns_fact_run *run)
{
	if (run == NULL)
		return;
	if (run->open && sqlite3_get_autocommit(run->st->db) == 0)
		(void)sql_exec(run->st, "ROLLBACK", NULL);
	spf_ranges_close(run->before);
	buf_release(&run->name);
	buf_release(&run->records);
	free(run);
}

struct fact {
	enum dns_type type;
	enum dns_status status;
	int64_t ttl; /* -1: none */
};

/* The parameters mean the same in all statements of facts. */
static int bind_fact(struct dns_fact_run *run, enum stmt id, const struct fact *f,
	sqlite3_stmt **ret, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(run->st, id, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, run->domain);
	sql_bind_text(stmt, 2, buf_slice(&run->name));
	(void)sqlite3_bind_int(stmt, 3, dns_type_numbers[f->type]);
	(void)sqlite3_bind_int(stmt, 4, (int)f->status);
	sql_bind_text(stmt, 5, buf_slice(&run->records));
	(void)sqlite3_bind_int64(stmt, 6, run->at);
	if (f->ttl >= 0)
		(void)sqlite3_bind_int64(stmt, 7, f->ttl);
	*ret = stmt;
	return 0;
}

static int run_fact(
	struct dns_fact_run *run, enum stmt id, const struct fact *f, int *changes, struct err *err)
{
	sqlite3_stmt *stmt;

	if (bind_fact(run, id, f, &stmt, err) < 0 ||
		sql_run(run->st, stmt, "cannot keep what the DNS said", err) < 0)
		return -1;
	*changes = sqlite3_changes(run->st->db);
	return 0;
}

static int put_failed(struct dns_fact_run *run, const struct fact *f, struct err *err)
{
	sqlite3_stmt *stmt;
	int more, changes;

	if (bind_fact(run, STMT_DNS_FACT_KNOWN, f, &stmt, err) < 0)
		return -1;
	more = sql_step(run->st, stmt, "cannot read what is known of the DNS", err);
	if (more < 0)
		return -1;
	(void)sqlite3_reset(stmt);
	if (more > 0)
		return 0;
	if (run_fact(run, STMT_DNS_FACT_AGAIN, f, &changes, err) < 0)
		return -1;
	return changes > 0 ? 0 : run_fact(run, STMT_DNS_FACT_ADD, f, &changes, err);
}

static int put_answer(struct dns_fact_run *run, const struct fact *f, struct err *err)
{
	int again, changes;

	if (run_fact(run, STMT_DNS_FACT_AGAIN, f, &again, err) < 0 ||
		run_fact(run, STMT_DNS_FACT_FORGET, f, &changes, err) < 0 ||
		run_fact(run, STMT_DNS_FACT_REPLACE, f, &changes, err) < 0)
		return -1;
	return again > 0 ? 0 : run_fact(run, STMT_DNS_FACT_ADD, f, &changes, err);
}

int dns_fact_put(struct dns_fact_run *run, struct slice name, enum dns_type type,
	const struct dns_answer *answer, struct err *err)
{
	struct fact f = { .type = type, .status = answer->status, .ttl = -1 };

	assert(run->open && type < DNS_TYPE_COUNT);
	if (f.status == DNS_UNKNOWN)
		return 0;
	buf_clear(&run->name);
	buf_clear(&run->records);
	add_escaped(&run->name, name);
	if (buf_failed(&run->name))
		return err_set(err, ERR_SHORTAGE, "no memory for a name");
	for (size_t i = 0; i < answer->len; i++) {
		int64_t ttl = answer->records[i].ttl;

		f.ttl = f.ttl < 0 || ttl < f.ttl ? ttl : f.ttl;
	}
	if (f.status == DNS_FAILED)
		return put_failed(run, &f, err);
	if (records_text(&run->records, type, answer, err) < 0)
		return -1;
	return put_answer(run, &f, err);
}

/* What nobody has confirmed for too long, or at all when everything was asked. */
static int end_stale(struct dns_fact_run *run, bool complete, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(run->st, STMT_DNS_FACT_END, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, run->domain);
	(void)sqlite3_bind_int64(
		stmt, 2, complete ? run->at : run->at - (int64_t)DNS_STALE_DAYS_MAX * DAY_SECONDS);
	if (sql_run(run->st, stmt, "cannot end a fact", err) < 0 ||
		sql_get(run->st, STMT_DNS_FACT_TRIM, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, run->domain);
	(void)sqlite3_bind_int64(stmt, 2, DNS_HISTORY_KEEP);
	(void)sqlite3_bind_int64(stmt, 3, DNS_HISTORY_BYTES_KEEP);
	return sql_run(run->st, stmt, "cannot drop old facts", err);
}

int dns_fact_put_split(
	struct dns_fact_run *run, const struct dns_seen_split *split, struct err *err)
{
	sqlite3_stmt *stmt;

	assert(run->open);
	buf_clear(&run->name);
	add_escaped(&run->name, split->name);
	if (buf_failed(&run->name))
		return err_set(err, ERR_SHORTAGE, "no memory for an answer of the DNS");
	if (sql_get(run->st, STMT_DNS_SPLIT_SET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, run->domain);
	sql_bind_text(stmt, 2, buf_slice(&run->name));
	(void)sqlite3_bind_int(stmt, 3, dns_type_numbers[split->type]);
	sql_bind_text(stmt, 4, split->server1);
	sql_bind_text(stmt, 5, split->server2);
	(void)sqlite3_bind_int(stmt, 6, split->old_server);
	(void)sqlite3_bind_int64(stmt, 7, run->at);
	return sql_run(run->st, stmt, "cannot keep what the DNS said", err);
}

static int end_splits(struct dns_fact_run *run, bool compared, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(run->st, STMT_DNS_SPLIT_END, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, run->domain);
	(void)sqlite3_bind_int64(
		stmt, 2, compared ? run->at : run->at - (int64_t)DNS_STALE_DAYS_MAX * DAY_SECONDS);
	return sql_run(run->st, stmt, "cannot drop old facts", err);
}

/* Judgement knows the addresses the SPF record names: when they are others, it is done again. */
static int mark_news(struct dns_fact_run *run, struct err *err)
{
	struct spf_ranges *now = NULL;
	bool same;

	if (dns_fact_ranges(run->st, slice_of(run->of), DNS_SET_BYTES_MAX, &now, err) < 0)
		return -1;
	same = spf_ranges_equal(run->before, now);
	spf_ranges_close(now);
	return same ? 0 : writer_run_1(run->st, STMT_DNS_FACT_MARK, run->domain, err);
}

int dns_fact_commit(struct dns_fact_run *run, const struct dns_fact_sum *sum, struct err *err)
{
	sqlite3_stmt *stmt;

	assert(run->open);
	if (end_stale(run, sum->complete, err) < 0 || end_splits(run, sum->compared, err) < 0 ||
		sql_get(run->st, STMT_DNS_RUN_SET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, run->domain);
	(void)sqlite3_bind_int64(stmt, 2, run->at);
	(void)sqlite3_bind_int64(stmt, 3, sum->queries);
	(void)sqlite3_bind_int64(stmt, 4, sum->failures);
	sql_bind_text(stmt, 5, utf8_keep(sum->notice, TEXT_KEEP));
	(void)sqlite3_bind_int(stmt, 6, sum->answered);
	if (sql_run(run->st, stmt, "cannot keep when the DNS was asked", err) < 0 ||
		mark_news(run, err) < 0 || writer_raise(run->st, "data_version", err) < 0 ||
		writer_run(run->st, STMT_COMMIT, err) < 0)
		return -1;
	run->open = false;
	return 0;
}
