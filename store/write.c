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
	if (!w->in_batch || sqlite3_get_autocommit(w->st->db) == 0)
		return 0;
	return err_set(err, ERR_SHORTAGE, "%s: the batch at hand was undone after a failure",
		store_path(w->st));
}

int writer_begin(struct writer *w, struct err *err)
{
	if (w->in_batch)
		return batch_lost(w, err);
	if (writer_run(w->st, STMT_BEGIN, err) < 0)
		return -1;
	w->in_batch = true;
	return 0;
}

int writer_sync(struct writer *w, struct err *err)
{
	assert(!w->report.open && !w->mail.open);
	if (!w->in_batch)
		return 0;
	if (batch_lost(w, err) < 0 || rollup_flush(w->rollup, err) < 0)
		return -1;
	if (w->changed && writer_raise(w->st, "data_version", err) < 0)
		return -1;
	w->changed = false;
	if (w->st->options.dry_run)
		return 0;
	if (writer_run(w->st, STMT_COMMIT, err) < 0)
		return -1;
	w->in_batch = false;
	return 0;
}

/* ---- a report ------------------------------------------------------------------------------------ */

static bool keeps_original(const struct writer *w)
{
	return w->st->options.keep_originals && w->reparse == NULL;
}

/* Nothing of the report stays, in the database or in memory. */
static int undo_rows(struct writer *w, struct err *err)
{
	rollup_report_clear(w->rollup);
	if (intern_marked(w->intern)) {
		intern_forget(w->intern);
		intern_mark_clear(w->intern);
	}
	w->report.has_rows = false;
	return writer_run(w->st, STMT_REPORT_UNDO, err);
}

static int release(struct writer *w, struct err *err)
{
	w->mail_interned |= intern_marked(w->intern);
	intern_mark_clear(w->intern);
	w->report.open = false;
	return writer_run(w->st, STMT_REPORT_RELEASE, err);
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
	if (writer_run(w->st, STMT_REPORT_SAVE, err) < 0)
		return -1;
	*p = (struct pending){ .open = true, .id = w->next_report };
	buf_clear(&w->text);
	w->mail_interned |= intern_marked(w->intern);
	intern_mark_clear(w->intern);
	if (w->reparse != NULL)
		return reparse_begin(w->reparse, &p->id, err);
	if (keeps_original(w))
		keeper_reset(w->keeper);
	return 0;
}

static int add_original(struct report_sink *s, struct slice bytes, struct err *err)
{
	struct writer *w = writer_of(s);

	assert(w->report.open);
	return keeps_original(w) ? keeper_add(w->keeper, bytes, err) : 0;
}

static int keep_head(struct writer *w, const struct report_head *head, struct err *err)
{
	struct pending *p = &w->report;
	struct report_head *h = &p->head;
	struct buf *b = &w->text;

	*h = *head;
	if (writer_keep(b, head->report_id, &h->report_id, err) < 0 ||
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

	if (keeps_original(w) && keeper_spilled(w->keeper)) {
		rollup_report_clear(w->rollup);
		p->has_rows = false;
		if (writer_run_1(w->st, STMT_RECORD_DROP, p->id, err) < 0)
			return -1;
		return writer_run_1(w->st, STMT_UNREADABLE_DROP, p->id, err);
	}
	return undo_rows(w, err);
}

static int add_head(struct report_sink *s, const struct report_head *head, struct err *err)
{
	struct writer *w = writer_of(s);
	struct pending *p = &w->report;

	assert(p->open && !p->has_head);
	assert(head->report_id.len > 0 && head->begin >= 0 && head->begin <= head->end);
	if (keep_head(w, head, err) < 0 ||
		intern_domain(w->intern, head->domain_key, w->mail.head.seen, &p->domain, err) <
			0 ||
		intern_reporter(w->intern, head->org_name, &p->reporter, &p->reporter_same, err) <
			0 ||
		find_known(w, err) < 0)
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

/* Of one record: of its detail, address and count. 41 bytes at most, one block of SHA-256. */
static struct digest record_digest(const struct digest *detail, const struct report_record *r)
{
	char bytes[WRITE_DIGEST_BYTES + 1 + sizeof r->source_ip.bytes + 8];
	size_t len = WRITE_DIGEST_BYTES;

	memcpy(bytes, detail->bytes, WRITE_DIGEST_BYTES);
	bytes[len++] = (char)r->source_ip.len;
	memcpy(bytes + len, r->source_ip.bytes, r->source_ip.len);
	len += r->source_ip.len;
	for (unsigned i = 0; i < 8; i++)
		bytes[len++] = (char)((uint64_t)r->count >> (8 * i) & 0xff);
	return digest_of(slice_from(bytes, len));
}

static int store_record(struct writer *w, const struct report_record *r,
	const struct digest *digest, struct err *err)
{
	struct pending *p = &w->report;
	int64_t source, detail;
	sqlite3_stmt *stmt;

	p->has_rows = true;
	if (intern_detail(w->intern, r, digest, &detail, err) < 0 ||
		intern_source(w->intern, &r->source_ip, &source, err) < 0 ||
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
		rollup_record(w->rollup, source,
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

/* ---- its end ---------------------------------------------------------------------------------------- */

/* Two reports of one identity are the same if these are: what was published and what was seen.
 * Not the reporter's address or program, which change without the facts changing. */
static void content_digest(const struct pending *p, struct digest *ret)
{
	struct digest_state d;

	digest_init(&d);
	digest_add(&d, slice_from(p->policy_digest.bytes, WRITE_DIGEST_BYTES));
	digest_add(&d, slice_from(p->records_digest.bytes, WRITE_DIGEST_BYTES));
	digest_add_i64(&d, p->sums.records);
	digest_add_i64(&d, p->sums.placeholders);
	digest_add_i64(&d, p->sums.unreadable);
	digest_final(&d, ret);
}

static int find_twin(struct writer *w, bool *ret, struct err *err)
{
	struct pending *p = &w->report;
	sqlite3_stmt *stmt;
	int more;

	*ret = false;
	if (p->sums.records == 0) /* all empty reports look alike */
		return 0;
	if (sql_get(w->st, STMT_REPORT_TWIN, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, p->domain);
	(void)sqlite3_bind_int64(stmt, 2, p->head.begin);
	(void)sqlite3_bind_int64(stmt, 3, p->head.end);
	sql_bind_blob(stmt, 4, slice_from(p->records_digest.bytes, WRITE_DIGEST_BYTES));
	(void)sqlite3_bind_int64(stmt, 5, p->reporter_same);
	more = sql_step(w->st, stmt, "cannot look for a twin", err);
	if (more < 0)
		return -1;
	(void)sqlite3_reset(stmt);
	*ret = more > 0;
	return 0;
}

static int bind_sums(sqlite3_stmt *stmt, int at, const struct sums *s)
{
	const int64_t values[] = { s->records + s->placeholders + s->unreadable, s->records,
		s->placeholders, s->unreadable, s->messages, s->verdict[REPORT_VERDICT_PASS],
		s->verdict[REPORT_VERDICT_FAIL], s->verdict[REPORT_VERDICT_UNKNOWN], s->dkim_pass,
		s->spf_pass, s->quarantine, s->reject };

	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		(void)sqlite3_bind_int64(stmt, at++, values[i]);
	return at;
}

static int bind_head(sqlite3_stmt *stmt, const struct pending *p)
{
	const struct report_head *h = &p->head;
	const int64_t numbers[] = { p->id, p->domain, p->reporter, p->reporter_same };
	const struct slice texts[] = { p->domain_sent, h->email, h->extra_contact_info, h->errors,
		h->generator, h->version, h->xmlns };
	int at = 1;

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		(void)sqlite3_bind_int64(stmt, at++, numbers[i]);
	sql_bind_text(stmt, at++, h->report_id);
	(void)sqlite3_bind_int64(stmt, at++, h->begin);
	(void)sqlite3_bind_int64(stmt, at++, h->end);
	(void)sqlite3_bind_int64(stmt, at++, p->day);
	(void)sqlite3_bind_int64(stmt, at++, p->policy);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		sql_bind_text(stmt, at++, texts[i]);
	(void)sqlite3_bind_int(stmt, at++, (int)h->dialect);
	return at;
}

static int insert_report(struct writer *w, const struct digest *content, bool twin,
	const struct reparse_kept *kept, struct err *err)
{
	const struct pending *p = &w->report;
	sqlite3_stmt *stmt;
	int at;

	if (sql_get(w->st, STMT_REPORT_ADD, &stmt, err) < 0)
		return -1;
	at = bind_head(stmt, p);
	(void)sqlite3_bind_int(stmt, at++, kept->trust);
	(void)sqlite3_bind_int(stmt, at++, kept->from_mismatch);
	(void)sqlite3_bind_int(stmt, at++, twin);
	(void)sqlite3_bind_int64(stmt, at++, kept->received);
	(void)sqlite3_bind_int64(stmt, at++, kept->receipt);
	if (kept->original != 0)
		(void)sqlite3_bind_int64(stmt, at, kept->original);
	at++;
	sql_bind_blob(stmt, at++, slice_from(content->bytes, WRITE_DIGEST_BYTES));
	sql_bind_blob(stmt, at++, slice_from(p->records_digest.bytes, WRITE_DIGEST_BYTES));
	at = bind_sums(stmt, at, &p->sums);
	assert(at == sqlite3_bind_parameter_count(stmt) + 1);
	return sql_run(w->st, stmt, "cannot store a report", err);
}

static int insert_notes(struct writer *w, struct err *err)
{
	const struct pending *p = &w->report;
	sqlite3_stmt *stmt;

	for (int code = 0; code < REPORT_NOTE_COUNT; code++) {
		if (p->notes[code].times == 0)
			continue;
		if (sql_get(w->st, STMT_NOTE_ADD, &stmt, err) < 0)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, p->id);
		(void)sqlite3_bind_int(stmt, 2, code);
		(void)sqlite3_bind_int64(stmt, 3, p->notes[code].times);
		sql_bind_text(stmt, 4, p->notes[code].detail);
		if (sql_run(w->st, stmt, "cannot store a note", err) < 0)
			return -1;
	}
	return 0;
}

static int end_new(
	struct writer *w, const struct digest *content, struct report_outcome *ret, struct err *err)
{
	struct pending *p = &w->report;
	struct reparse_kept kept = { .receipt = w->mail.receipt,
		.received = w->mail.head.seen,
		.trust = (uint8_t)p->head.trust,
		.from_mismatch = p->head.from_mismatch };
	bool twin, equal = false;

	if (w->reparse != NULL)
		kept = *reparse_kept(w->reparse);
	if (find_twin(w, &twin, err) < 0 ||
		(keeps_original(w) && keeper_end(w->keeper, &kept.original, err) < 0) ||
		insert_report(w, content, twin, &kept, err) < 0 || insert_notes(w, err) < 0)
		return -1;
	if (w->reparse != NULL) {
		if (reparse_end(w->reparse, &equal, err) < 0)
			return -1;
		if (equal && undo_rows(w, err) < 0)
			return -1;
	} else if (rollup_report_end(w->rollup, p->id, p->domain, p->day, err) < 0) {
		return -1;
	}
	if (release(w, err) < 0)
		return -1;
	if (w->reparse == NULL)
		w->next_report++;
	w->changed |= !equal;
	*ret = (struct report_outcome){ .twin = twin,
		.report = p->id,
		.ending = p->sums.unreadable > 0 ? REPORT_PARTIAL : REPORT_STORED };
	return 0;
}

/*
 * A report that this very mail gave before: a crash, or --cur, made the mail be read again. Its
 * first copy in the mail ends as it did then, and only its second copy is a duplicate.
 */
static bool met_again(struct writer *w)
{
	const struct pending *p = &w->report;

	if (p->known_receipt != w->mail.receipt || p->known_id >= w->mail.first_report ||
		w->reread_len >= REREAD_MAX)
		return false;
	for (unsigned i = 0; i < w->reread_len; i++) {
		if (w->reread[i] == p->known_id)
			return false;
	}
	w->reread[w->reread_len++] = p->known_id;
	return true;
}

static int end_conflict(struct writer *w, struct err *err)
{
	struct pending *p = &w->report;
	struct mail *m = &w->mail;
	int64_t original = 0;
	bool keep = keeps_original(w) && m->conflicts_len < CONFLICTS_HELD_MAX;

	/* What was spilled lies inside the savepoint with nothing else of weight; else all of it
	 * is still in memory, and is written when the report is undone. */
	if (keep && keeper_spilled(w->keeper)) {
		if (keeper_end(w->keeper, &original, err) < 0 || release(w, err) < 0)
			return -1;
	} else {
		if (undo_rows(w, err) < 0 || release(w, err) < 0 ||
			(keep && keeper_end(w->keeper, &original, err) < 0))
			return -1;
	}
	if (original != 0) {
		m->conflicts[m->conflicts_len].report = p->known_id;
		m->conflicts[m->conflicts_len++].original = original;
	}
	return 0;
}

static int end_known(
	struct writer *w, const struct digest *content, struct report_outcome *ret, struct err *err)
{
	struct pending *p = &w->report;
	bool same = memcmp(content->bytes, p->known_content, WRITE_DIGEST_BYTES) == 0;
	struct report_outcome out = { .report = p->known_id };

	if (w->reparse != NULL || !same) {
		out.ending = REPORT_CONFLICT;
		if (end_conflict(w, err) < 0)
			return -1;
		if (w->reparse != NULL)
			reparse_collided(w->reparse, p->known_id);
	} else {
		if (undo_rows(w, err) < 0 || release(w, err) < 0)
			return -1;
		out.ending = REPORT_DUPLICATE;
		if (met_again(w)) {
			out.ending = p->known_partial ? REPORT_PARTIAL : REPORT_STORED;
			out.twin = p->known_twin;
		}
	}
	*ret = out;
	return 0;
}

static int report_end(struct report_sink *s, struct report_outcome *ret, struct err *err)
{
	struct writer *w = writer_of(s);
	struct digest content;

	assert(w->report.open && w->report.has_head);
	content_digest(&w->report, &content);
	return w->report.known ? end_known(w, &content, ret, err) : end_new(w, &content, ret, err);
}

static int report_abandon(struct report_sink *s, struct err *err)
{
	struct writer *w = writer_of(s);

	if (!w->report.open)
		return 0;
	w->report.open = false;
	if (batch_lost(w, err) < 0 || undo_rows(w, err) < 0)
		return -1;
	return release(w, err);
}

static int mail_abandon(struct report_sink *s, struct err *err)
{
	struct writer *w = writer_of(s);

	if (!w->mail.open)
		return 0;
	w->mail.open = false;
	if (report_abandon(s, err) < 0 || batch_lost(w, err) < 0)
		return -1;
	rollup_mail_clear(w->rollup);
	if (w->mail_interned || intern_marked(w->intern))
		intern_forget(w->intern);
	w->mail_interned = false;
	intern_mark_clear(w->intern);
	w->next_report = w->mail.first_report;
	if (writer_run(w->st, STMT_MAIL_UNDO, err) < 0)
		return -1;
	return writer_run(w->st, STMT_MAIL_RELEASE, err);
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
