#include "store/write.h"

#include <assert.h>

static struct writer *writer_of(struct report_sink *s)
{
	return (struct writer *)(void *)s;
}

int receipt_known(struct report_sink *s, const struct report_mail_id *id,
	enum report_ending *ending, struct err *err)
{
	struct store *st = writer_of(s)->st;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_RECEIPT_KNOWN, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, id->inbox);
	sql_bind_text(stmt, 2, id->name);
	(void)sqlite3_bind_int64(stmt, 3, id->size);
	(void)sqlite3_bind_int64(stmt, 4, id->mtime_ns);
	more = sql_step(st, stmt, "cannot look up a mail", err);
	if (more < 0)
		return -1;
	if (more > 0) {
		int number = sqlite3_column_int(stmt, 0);

		/* Deferred means: look again. */
		more = number != REPORT_DEFERRED;
		*ending = (enum report_ending)number;
	}
	(void)sqlite3_reset(stmt);
	return more;
}

/* Outside the mail's savepoint: the cached number must not be undone with a mail. */
static int find_inbox(struct writer *w, struct slice path, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (w->inbox_id != 0 && slice_equal(slice_of(w->inbox_path), path))
		return 0;
	w->inbox_id = 0;
	if (sql_get(w->st, STMT_INBOX_FIND, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, path);
	more = sql_step(w->st, stmt, "cannot look up an inbox", err);
	if (more < 0)
		return -1;
	if (more > 0)
		w->inbox_id = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	if (more == 0) {
		if (sql_get(w->st, STMT_INBOX_ADD, &stmt, err) < 0)
			return -1;
		sql_bind_text(stmt, 1, path);
		if (sql_run(w->st, stmt, "cannot store an inbox", err) < 0)
			return -1;
		w->inbox_id = sqlite3_last_insert_rowid(w->st->db);
	}
	/* A path too long to remember is looked up each time. */
	w->inbox_path[0] = '\0';
	if (path.len < sizeof w->inbox_path) {
		memcpy(w->inbox_path, path.ptr, path.len);
		w->inbox_path[path.len] = '\0';
	}
	return 0;
}

/* A mail that was read before keeps its receipt; what stood in it is said anew. */
static int find_receipt(struct writer *w, struct err *err)
{
	struct mail *m = &w->mail;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(w->st, STMT_RECEIPT_FIND, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, m->inbox);
	sql_bind_text(stmt, 2, m->head.id.name);
	(void)sqlite3_bind_int64(stmt, 3, m->head.id.size);
	(void)sqlite3_bind_int64(stmt, 4, m->head.id.mtime_ns);
	more = sql_step(w->st, stmt, "cannot look up a mail", err);
	if (more < 0)
		return -1;
	if (more > 0)
		m->receipt = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	m->again = more > 0;
	if (!m->again) {
		m->receipt = w->next_receipt;
		return 0;
	}
	/* What it said goes now and must come back if the mail is abandoned. */
	if (writer_run(w->st, STMT_MAIL_SAVE, err) < 0 ||
		writer_run_1(w->st, STMT_ENTRY_ORIGINALS_DROP, m->receipt, err) < 0)
		return -1;
	return writer_run_1(w->st, STMT_ENTRY_DROP, m->receipt, err);
}

static int keep_head(struct writer *w, const struct report_mail *mail, struct err *err)
{
	struct report_mail *h = &w->mail.head;
	struct buf *b = &w->mail_text;

	buf_clear(b);
	*h = *mail;
	h->id.inbox = SLICE_ABSENT;
	if (writer_keep(b, mail->id.name, &h->id.name, err) < 0 ||
		writer_keep(b, mail->from, &h->from, err) < 0 ||
		writer_keep(b, mail->subject, &h->subject, err) < 0 ||
		writer_keep(b, mail->message_id, &h->message_id, err) < 0 ||
		writer_keep(b, mail->auth_server, &h->auth_server, err) < 0)
		return err_wrap(err, "header of the mail");
	return 0;
}

int receipt_begin(struct report_sink *s, const struct report_mail *mail, struct err *err)
{
	struct writer *w = writer_of(s);
	struct mail *m = &w->mail;

	assert(!m->open && !w->report.open && w->reparse == NULL);
	if (writer_begin(w, err) < 0 || find_inbox(w, mail->id.inbox, err) < 0)
		return -1;
	if (w->next_report == 0 && writer_number(w->st, STMT_REPORT_NEXT, &w->next_report, err) < 0)
		return -1;
	if (w->next_receipt == 0 &&
		writer_number(w->st, STMT_RECEIPT_NEXT, &w->next_receipt, err) < 0)
		return -1;
	m->inbox = w->inbox_id;
	m->first_report = w->next_report;
	m->entries = 0;
	m->conflicts_len = 0;
	w->reread_len = 0;
	w->mail_interned = false;
	m->again = false;
	if (keep_head(w, mail, err) < 0)
		return -1;
	m->open = true;
	return find_receipt(w, err);
}

/* The original that a conflict with `report` left, oldest first; 0 if none was kept. */
static int64_t take_conflict(struct mail *m, int64_t report)
{
	for (unsigned i = 0; i < m->conflicts_len; i++) {
		int64_t original = m->conflicts[i].original;

		if (m->conflicts[i].report != report || original == 0)
			continue;
		m->conflicts[i].original = 0;
		return original;
	}
	return 0;
}

int receipt_entry(struct report_sink *s, const struct report_entry *entry, struct err *err)
{
	struct writer *w = writer_of(s);
	struct mail *m = &w->mail;
	int64_t original = entry->original;
	sqlite3_stmt *stmt;

	assert(m->open && !w->report.open && entry->ending < REPORT_ENDING_COUNT);
	if (entry->ending == REPORT_CONFLICT)
		original = take_conflict(m, entry->report);
	if (sql_get(w->st, STMT_ENTRY_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, m->receipt);
	(void)sqlite3_bind_int64(stmt, 2, ++m->entries);
	(void)sqlite3_bind_int(stmt, 3, (int)entry->ending);
	sql_bind_text(stmt, 4, entry->where);
	sql_bind_text(stmt, 5, slice_of(entry->kind));
	sql_bind_text(stmt, 6, slice_of(entry->reason));
	if (entry->report != 0)
		(void)sqlite3_bind_int64(stmt, 7, entry->report);
	if (original != 0)
		(void)sqlite3_bind_int64(stmt, 8, original);
	return sql_run(w->st, stmt, "cannot store a line of a receipt", err);
}

static int put_receipt(struct writer *w, enum report_ending ending, struct err *err)
{
	const struct mail *m = &w->mail;
	const struct report_mail *h = &m->head;
	sqlite3_stmt *stmt;

	if (sql_get(w->st, m->again ? STMT_RECEIPT_AGAIN : STMT_RECEIPT_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, m->receipt);
	(void)sqlite3_bind_int64(stmt, 2, m->inbox);
	sql_bind_text(stmt, 3, h->id.name);
	(void)sqlite3_bind_int64(stmt, 4, h->id.size);
	(void)sqlite3_bind_int64(stmt, 5, h->id.mtime_ns);
	(void)sqlite3_bind_int64(stmt, 6, h->seen);
	(void)sqlite3_bind_int(stmt, 7, (int)ending);
	(void)sqlite3_bind_int(stmt, 8, (int)h->trust);
	sql_bind_text(stmt, 9, h->from);
	sql_bind_text(stmt, 10, h->subject);
	sql_bind_text(stmt, 11, h->message_id);
	if (h->date != 0)
		(void)sqlite3_bind_int64(stmt, 12, h->date);
	sql_bind_text(stmt, 13, h->auth_server);
	(void)sqlite3_bind_int(stmt, 14, h->auth_dkim.meaning);
	(void)sqlite3_bind_int(stmt, 15, h->auth_spf.meaning);
	(void)sqlite3_bind_int(stmt, 16, h->auth_dmarc.meaning);
	return sql_run(w->st, stmt, "cannot store a receipt", err);
}

int receipt_end(struct report_sink *s, enum report_ending ending, struct err *err)
{
	struct writer *w = writer_of(s);
	struct mail *m = &w->mail;

	assert(m->open && !w->report.open && ending < REPORT_ENDING_COUNT);
	if (put_receipt(w, ending, err) < 0 ||
		(m->again && writer_run(w->st, STMT_MAIL_RELEASE, err) < 0))
		return -1;
	m->open = false;
	if (!m->again)
		w->next_receipt++;
	w->changed = true;
	if (rollup_mail_end(w->rollup, err) < 0) {
		w->broken = true;
		return -1;
	}
	return 0;
}
