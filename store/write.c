#include "store/write.h"

#include <assert.h>
#include <stdlib.h>

#include "store/base/day.h"
#include "store/base/utf8.h"

/* Texts of one report (eight of at most TEXT_KEEP, a note's detail for each code) and of one mail.
 * The buffers have their full size from the start: slices into them never move. */
#define TEXT_BYTES_MAX      (64 * 1024)
#define MAIL_TEXT_BYTES_MAX (16 * 1024)

static struct writer *writer_of(struct report_sink *s)
{
	return (struct writer *)(void *)s;
}

/* ---- small change ------------------------------------------------------------------------------ */

int writer_keep(struct buf *b, struct slice s, struct slice *ret, struct err *err)
{
	size_t at = b->len;

	if (slice_absent(s)) {
		*ret = SLICE_ABSENT;
		return 0;
	}
	buf_add(b, s);
	if (buf_failed(b))
		return err_set(err, ERR_REPORT, "more than %zu bytes of text in its head", b->max);
	*ret = slice_from(b->ptr + at, s.len);
	return 0;
}

int writer_number(struct store *st, enum stmt id, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, id, &stmt, err) < 0)
		return -1;
	more = sql_step(st, stmt, stmt_name(id), err);
	if (more < 0)
		return -1;
	assert(more > 0);
	*ret = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
}

int writer_run(struct store *st, enum stmt id, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, id, &stmt, err) < 0)
		return -1;
	return sql_run(st, stmt, stmt_name(id), err);
}

int writer_run_1(struct store *st, enum stmt id, int64_t value, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, id, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, value);
	return sql_run(st, stmt, stmt_name(id), err);
}

int writer_set_orphans(struct store *st, bool any, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, STMT_META_SET, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, SLICE_LIT("orphans"));
	(void)sqlite3_bind_int(stmt, 2, any);
	return sql_run(st, stmt, "cannot write down that rows were dropped", err);
}

int writer_raise(struct store *st, const char *key, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, STMT_META_RAISE, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, slice_of(key));
	return sql_run(st, stmt, "cannot raise a version", err);
}

/* A full disk or an I/O error makes SQLite undo the whole batch by itself. What comes after must
 * not look like a success: the mails of the batch are not in the store. */
static int batch_lost(struct writer *w, struct err *err)
{
	if (!w->broken && (!w->in_batch || sqlite3_get_autocommit(w->st->db) == 0))
		return 0;
	return err_set(err, ERR_SHORTAGE, "%s: the batch at hand was undone after a failure",
		store_path(w->st));
}

int writer_begin(struct writer *w, struct err *err)
{
	if (w->in_batch || w->broken)
		return batch_lost(w, err);
	if (writer_run(w->st, STMT_BEGIN, err) < 0)
		return -1;
	w->in_batch = true;
	return 0;
}

static int commit(struct writer *w, struct err *err)
{
	if (batch_lost(w, err) < 0 || rollup_flush(w->rollup, err) < 0)
		return -1;
	if (w->changed && writer_raise(w->st, "data_version", err) < 0)
		return -1;
	w->changed = false;
	if (w->orphans && writer_set_orphans(w->st, true, err) < 0)
		return -1;
	w->orphans = false;
	if (w->st->options.dry_run)
		return 0;
	if (writer_run(w->st, STMT_COMMIT, err) < 0)
		return -1;
	w->in_batch = false;
	return 0;
}

int writer_sync(struct writer *w, struct err *err)
{
	assert(!w->report.open && !w->mail.open);
	if (!w->in_batch && !w->broken)
		return 0;
	if (commit(w, err) == 0)
		return 0;
	/* Some sums may be in the table and in memory: to try again could count them twice. */
	w->broken = true;
	return -1;
}

void writer_undo_batch(struct writer *w)
{
	if (!w->st->options.dry_run && sqlite3_get_autocommit(w->st->db) == 0)
		(void)sql_exec(w->st, "ROLLBACK", NULL);
	w->in_batch = sqlite3_get_autocommit(w->st->db) == 0;
	w->changed = w->orphans = false;
}

/* ---- a report ------------------------------------------------------------------------------------ */

bool writer_keeps_original(const struct writer *w)
{
	return w->st->options.keep_originals && w->reparse == NULL;
}

int writer_guard_report(struct writer *w, struct err *err)
{
	struct pending *p = &w->report;

	if (!p->open || p->guarded)
		return 0;
	w->mail_interned |= intern_marked(w->intern);
	intern_mark_clear(w->intern);
	p->rows_before = p->has_rows;
	p->guarded = true;
	return writer_run(w->st, STMT_REPORT_SAVE, err);
}

static int drop_by_number(struct writer *w, int64_t report, struct err *err)
{
	if (writer_run_1(w->st, STMT_RECORD_DROP, report, err) < 0)
		return -1;
	return writer_run_1(w->st, STMT_UNREADABLE_DROP, report, err);
}

int writer_undo_report(struct writer *w, struct err *err)
{
	struct pending *p = &w->report;
	bool left = p->guarded ? p->rows_before : p->has_rows;

	rollup_report_clear(w->rollup);
	p->has_rows = p->rows_before = false;
	if (p->guarded && intern_marked(w->intern)) {
		intern_forget(w->intern);
		intern_mark_clear(w->intern);
	}
	if (p->guarded && writer_run(w->st, STMT_REPORT_UNDO, err) < 0)
		return -1;
	w->orphans |= left;
	return left ? drop_by_number(w, p->id, err) : 0;
}

int writer_release_report(struct writer *w, struct err *err)
{
	struct pending *p = &w->report;

	w->mail_interned |= intern_marked(w->intern);
	intern_mark_clear(w->intern);
	p->open = false;
	return p->guarded ? writer_run(w->st, STMT_REPORT_RELEASE, err) : 0;
}

static int report_begin(struct report_sink *s, struct err *err)
{
	struct writer *w = writer_of(s);
	struct pending *p = &w->report;

	assert(!p->open && (w->mail.open || w->reparse != NULL));
	if (writer_begin(w, err) < 0)
		return -1;
	if (w->next_report == 0 && writer_number(w->st, STMT_REPORT_NEXT, &w->next_report, err) < 0)
		return -1;
	*p = (struct pending){ .open = true, .id = w->next_report };
	buf_clear(&w->text);
	w->mail_interned |= intern_marked(w->intern);
	intern_mark_clear(w->intern);
	if (w->reparse != NULL) {
		if (writer_guard_report(w, err) < 0)
			return -1;
		return reparse_begin(w->reparse, &p->id, err);
	}
	if (writer_keeps_original(w))
		keeper_reset(w->keeper);
	return 0;
}

static int add_original(struct report_sink *s, struct slice bytes, struct err *err)
{
	struct writer *w = writer_of(s);

	assert(w->report.open);
	return writer_keeps_original(w) ? keeper_add(w->keeper, bytes, err) : 0;
}

static int add_packed(struct report_sink *s, const struct report_packed *packed, struct err *err)
{
	struct writer *w = writer_of(s);

	assert(w->report.open);
	return writer_keeps_original(w) ? keeper_packed(w->keeper, packed, err) : 0;
}

static int keep_head(struct writer *w, const struct report_head *head, struct err *err)
{
	struct pending *p = &w->report;
	struct report_head *h = &p->head;
	struct buf *b = &w->text;

	*h = *head;
	if (writer_keep(b, head->domain_key, &h->domain_key, err) < 0 ||
		writer_keep(b, head->org_name, &h->org_name, err) < 0 ||
		writer_keep(b, head->report_id, &h->report_id, err) < 0 ||
		writer_keep(b, head->email, &h->email, err) < 0 ||
		writer_keep(b, head->extra_contact_info, &h->extra_contact_info, err) < 0 ||
		writer_keep(b, head->errors, &h->errors, err) < 0 ||
		writer_keep(b, head->generator, &h->generator, err) < 0 ||
		writer_keep(b, head->version, &h->version, err) < 0 ||
		writer_keep(b, head->xmlns, &h->xmlns, err) < 0)
		return -1;
	p->domain_sent = SLICE_ABSENT;
	if (!slice_equal(head->domain, head->domain_key) &&
		writer_keep(b, head->domain, &p->domain_sent, err) < 0)
		return -1;
	p->day = day_of(head->begin + (head->end - head->begin) / 2);
	return 0;
}

/* Is there a stored report of this identity? */
static int find_known(struct writer *w, struct err *err)
{
	struct pending *p = &w->report;
	struct slice content;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(w->st, STMT_REPORT_FIND, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, p->domain);
	(void)sqlite3_bind_int64(stmt, 2, p->reporter_same);
	sql_bind_text(stmt, 3, p->head.report_id);
	(void)sqlite3_bind_int64(stmt, 4, p->head.begin);
	(void)sqlite3_bind_int64(stmt, 5, p->head.end);
	more = sql_step(w->st, stmt, "cannot look up a report", err);
	if (more < 0)
		return -1;
	if (more > 0) {
		p->known = true;
		p->known_id = sqlite3_column_int64(stmt, 0);
		content = sql_blob(stmt, 1);
		if (content.len == WRITE_DIGEST_BYTES)
			memcpy(p->known_content, content.ptr, WRITE_DIGEST_BYTES);
		p->known_receipt = sqlite3_column_int64(stmt, 2);
		p->known_partial = sqlite3_column_int64(stmt, 3) > 0;
		p->known_twin = sqlite3_column_int(stmt, 4) != 0;
	}
	(void)sqlite3_reset(stmt);
	return 0;
}

/* The head came after records that were stored in the belief that they are new. The original
 * may be in the database in part, and a conflict keeps it: then only the records go. */
static int drop_rows(struct writer *w, struct err *err)
{
	struct pending *p = &w->report;

	if (writer_keeps_original(w) && keeper_spilled(w->keeper)) {
		rollup_report_clear(w->rollup);
		p->has_rows = p->rows_before = false;
		return drop_by_number(w, p->id, err);
	}
	return writer_undo_report(w, err);
}

static int add_head(struct report_sink *s, const struct report_head *head, struct err *err)
{
	struct writer *w = writer_of(s);
	struct pending *p = &w->report;

	assert(p->open && !p->has_head);
	assert(head->report_id.len > 0 && head->begin >= 0 && head->begin <= head->end);
	if (keep_head(w, head, err) < 0 ||
		intern_find_domain(w->intern, head->domain_key, &p->domain, err) < 0 ||
		intern_find_reporter(
			w->intern, head->org_name, &p->reporter, &p->reporter_same, err) < 0)
		return -1;
	/* Without one of them there is no such report yet, and they are added with it at its end. */
	if (p->domain != 0 && p->reporter_same != 0 && find_known(w, err) < 0)
		return -1;
	p->has_head = true;
	if (p->known && p->has_rows && drop_rows(w, err) < 0)
		return -1;
	return intern_policy(w->intern, head, p->known ? NULL : &p->policy, &p->policy_digest, err);
}

static void count_record(struct sums *sums, const struct report_record *r)
{
	sums->records++;
	sums->messages += r->count;
	sums->verdict[report_verdict(r->dkim.meaning, r->spf.meaning)] += r->count;
	if (r->dkim.meaning == REPORT_RESULT_PASS)
		sums->dkim_pass += r->count;
	if (r->spf.meaning == REPORT_RESULT_PASS)
		sums->spf_pass += r->count;
	if (r->disposition.meaning == REPORT_DISPOSITION_QUARANTINE)
		sums->quarantine += r->count;
	if (r->disposition.meaning == REPORT_DISPOSITION_REJECT)
		sums->reject += r->count;
}

/* Of one record: of its detail, its address (or a 0 and the text) and count: with an address 41
 * bytes at most, one block of SHA-256. The ends have fixed sizes, so no two records give one text. */
static struct digest record_digest(const struct digest *detail, const struct report_record *r)
{
	char bytes[WRITE_DIGEST_BYTES + 1 + SOURCE_TEXT_MAX + 8];
	struct slice source = r->source_ip.len > 0 ? ip_slice(&r->source_ip) : r->source_text;
	size_t len = WRITE_DIGEST_BYTES;

	memcpy(bytes, detail->bytes, WRITE_DIGEST_BYTES);
	bytes[len++] = (char)r->source_ip.len;
	memcpy(bytes + len, source.ptr, source.len);
	len += source.len;
	for (unsigned i = 0; i < 8; i++)
		bytes[len++] = (char)((uint64_t)r->count >> (8 * i) & 0xff);
	return digest_of(slice_from(bytes, len));
}

static int store_record(struct writer *w, const struct report_record *r,
	const struct digest *digest, struct err *err)
{
	struct pending *p = &w->report;
	int64_t source, detail, trait;
	sqlite3_stmt *stmt;

	p->has_rows = true;
	if (intern_detail(w->intern, r, digest, &detail, &trait, err) < 0 ||
		intern_source(w->intern, r, &source, err) < 0 ||
		sql_get(w->st, STMT_RECORD_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, p->id);
	(void)sqlite3_bind_int64(stmt, 2, r->position);
	(void)sqlite3_bind_int64(stmt, 3, source);
	(void)sqlite3_bind_int64(stmt, 4, r->count);
	(void)sqlite3_bind_int64(stmt, 5, detail);
	if (sql_run(w->st, stmt, "cannot store a record", err) < 0)
		return -1;
	if (w->reparse == NULL)
		rollup_record(w->rollup, source, trait,
			r->disposition.meaning * 16u + r->dkim.meaning * 4u + r->spf.meaning,
			r->count);
	return 0;
}

static int add_record(struct report_sink *s, const struct report_record *record, struct err *err)
{
	struct writer *w = writer_of(s);
	struct digest detail, member;

	assert(w->report.open);
	assert(record->count >= 0 && record->count <= COUNT_MAX);
	assert(record->source_ip.len > 0 ? slice_absent(record->source_text)
					 : report_is_source_text(record->source_text));
	if (intern_detail_digest(w->intern, record, &detail, err) < 0)
		return -1;
	member = record_digest(&detail, record);
	digest_sum(&w->report.records_digest, &member);
	count_record(&w->report.sums, record);
	return w->report.known ? 0 : store_record(w, record, &detail, err);
}

static int add_unreadable(struct report_sink *s, const struct report_unreadable *u, struct err *err)
{
	struct writer *w = writer_of(s);
	struct pending *p = &w->report;
	sqlite3_stmt *stmt;

	assert(p->open);
	if (p->sums.unreadable++ >= UNREADABLE_KEEP || p->known)
		return 0;
	p->has_rows = true;
	if (sql_get(w->st, STMT_UNREADABLE_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, p->id);
	(void)sqlite3_bind_int64(stmt, 2, u->position);
	(void)sqlite3_bind_int64(stmt, 3, u->line);
	sql_bind_text(stmt, 4, slice_of(u->reason));
	return sql_run(w->st, stmt, "cannot store an unreadable record's place", err);
}

static int add_placeholder(struct report_sink *s, struct err *err)
{
	struct writer *w = writer_of(s);

	(void)err;
	assert(w->report.open);
	w->report.sums.placeholders++;
	return 0;
}

static int add_note(
	struct report_sink *s, enum report_note note, struct slice detail, struct err *err)
{
	struct writer *w = writer_of(s);
	struct pending *p = &w->report;

	assert(p->open && note < REPORT_NOTE_COUNT);
	if (p->notes[note].times++ > 0)
		return 0;
	return writer_keep(&w->text, utf8_keep(detail, TEXT_KEEP), &p->notes[note].detail, err);
}

static int report_end(struct report_sink *s, struct report_outcome *ret, struct err *err)
{
	struct writer *w = writer_of(s);

	assert(w->report.open && w->report.has_head);
	return outcome_decide(w, ret, err);
}

static int report_abandon(struct report_sink *s, struct err *err)
{
	struct writer *w = writer_of(s);

	if (!w->report.open)
		return 0;
	w->report.open = false;
	if (batch_lost(w, err) < 0 || writer_undo_report(w, err) < 0)
		return -1;
	return writer_release_report(w, err);
}

/* A report that this mail gave: its rows, and its XML last, because the report refers to it. */
static int drop_report(struct writer *w, int64_t report, struct err *err)
{
	static const enum stmt drops[] = { STMT_RECORD_DROP, STMT_UNREADABLE_DROP, STMT_NOTE_DROP,
		STMT_REPORT_DROP };
	int64_t original = 0, domain = 0;
	int32_t day = 0;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(w->st, STMT_REPORT_SHARE, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, report);
	more = sql_step(w->st, stmt, "cannot look up a report", err);
	if (more < 0)
		return -1;
	if (more > 0) {
		original = sqlite3_column_int64(stmt, 0);
		domain = sqlite3_column_int64(stmt, 1);
		day = sqlite3_column_int(stmt, 2);
	}
	(void)sqlite3_reset(stmt);
	if (more > 0 && rollup_is_direct(w->rollup, report) &&
		rollup_subtract_stored(w->st, report, domain, day, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
		if (writer_run_1(w->st, drops[i], report, err) < 0)
			return -1;
	}
	return original != 0 ? keeper_drop(w->st, original, err) : 0;
}

static int drop_mail(struct writer *w, struct err *err)
{
	struct mail *m = &w->mail;

	if (writer_run_1(w->st, STMT_ENTRY_DROP, m->receipt, err) < 0)
		return -1;
	for (int64_t id = m->first_report; id < w->next_report; id++) {
		if (drop_report(w, id, err) < 0)
			return -1;
	}
	for (unsigned i = 0; i < m->conflicts_len; i++) {
		if (m->conflicts[i].made != 0 && keeper_drop(w->st, m->conflicts[i].made, err) < 0)
			return -1;
	}
	return 0;
}

static int undo_mail(struct writer *w, struct err *err)
{
	if (!w->mail.again) {
		w->orphans = true;
		return drop_mail(w, err);
	}
	if (w->mail_interned || intern_marked(w->intern))
		intern_forget(w->intern);
	if (writer_run(w->st, STMT_MAIL_UNDO, err) < 0)
		return -1;
	return writer_run(w->st, STMT_MAIL_RELEASE, err);
}

static int mail_abandon(struct report_sink *s, struct err *err)
{
	struct writer *w = writer_of(s);

	if (!w->mail.open)
		return 0;
	w->mail.open = false;
	if (report_abandon(s, err) < 0 || batch_lost(w, err) < 0)
		return -1;
	if (undo_mail(w, err) < 0)
		return -1;
	rollup_mail_clear(w->rollup);
	w->mail_interned = false;
	intern_mark_clear(w->intern);
	w->next_report = w->mail.first_report;
	return 0;
}

static int sync_all(struct report_sink *s, struct err *err)
{
	return writer_sync(writer_of(s), err);
}

/* ---- the sink ---------------------------------------------------------------------------------------- */

static const struct report_sink_ops ops = {
	.mail_known = receipt_known,
	.mail_begin = receipt_begin,
	.report_begin = report_begin,
	.original = add_original,
	.packed = add_packed,
	.head = add_head,
	.record = add_record,
	.unreadable = add_unreadable,
	.placeholder = add_placeholder,
	.note = add_note,
	.report_end = report_end,
	.report_abandon = report_abandon,
	.entry = receipt_entry,
	.mail_end = receipt_end,
	.mail_abandon = mail_abandon,
	.sync = sync_all,
};

int writer_open(struct writer **ret, struct store *st, struct err *err)
{
	struct writer *w = calloc(1, sizeof *w);

	if (w == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	w->sink.ops = &ops;
	w->st = st;
	buf_init(&w->text, TEXT_BYTES_MAX);
	buf_init(&w->mail_text, MAIL_TEXT_BYTES_MAX);
	w->reread = calloc(REREAD_MAX, sizeof *w->reread);
	if (w->reread == NULL || buf_room(&w->text, TEXT_BYTES_MAX) == NULL ||
		buf_room(&w->mail_text, MAIL_TEXT_BYTES_MAX) == NULL) {
		err_set(err, ERR_SHORTAGE, "no memory");
		goto fail;
	}
	if (intern_open(&w->intern, st, err) < 0 || rollup_open(&w->rollup, st, err) < 0 ||
		keeper_open(&w->keeper, st, err) < 0)
		goto fail;
	*ret = w;
	return 0;
fail:
	writer_close(w);
	return -1;
}

void writer_close(struct writer *w)
{
	if (w == NULL)
		return;
	keeper_close(w->keeper);
	rollup_close(w->rollup);
	intern_close(w->intern);
	buf_release(&w->text);
	buf_release(&w->mail_text);
	free(w->reread);
	free(w);
}

struct report_sink *store_sink(struct store *st)
{
	assert(st->writer != NULL); /* a reader has none */
	return &st->writer->sink;
}
