#include "store/write.h"

#include <assert.h>

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
	if (intern_domain(w->intern, p->head.domain_key, kept.received, &p->domain, err) < 0 ||
		intern_reporter(w->intern, p->head.org_name, &p->reporter, &p->reporter_same, err) <
			0 ||
		find_twin(w, &twin, err) < 0 ||
		(writer_keeps_original(w) && keeper_end(w->keeper, &kept.original, err) < 0) ||
		insert_report(w, content, twin, &kept, err) < 0 || insert_notes(w, err) < 0)
		return -1;
	if (w->reparse != NULL) {
		if (reparse_end(w->reparse, &equal, err) < 0)
			return -1;
		if (equal && writer_undo_report(w, err) < 0)
			return -1;
	} else if (rollup_report_end(w->rollup, p->id, p->domain, p->day, err) < 0) {
		return -1;
	}
	if (writer_release_report(w, err) < 0)
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
	bool keep = writer_keeps_original(w) && m->conflicts_len < CONFLICTS_HELD_MAX;

	/* What was spilled lies inside the savepoint with nothing else of weight; else all of it
	 * is still in memory, and is written when the report is undone. */
	if (keep && keeper_spilled(w->keeper)) {
		if (keeper_end(w->keeper, &original, err) < 0 || writer_release_report(w, err) < 0)
			return -1;
	} else {
		if (writer_undo_report(w, err) < 0 || writer_release_report(w, err) < 0 ||
			(keep && keeper_end(w->keeper, &original, err) < 0))
			return -1;
	}
	if (original != 0) {
		m->conflicts[m->conflicts_len].report = p->known_id;
		m->conflicts[m->conflicts_len].made = original;
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
		if (writer_undo_report(w, err) < 0 || writer_release_report(w, err) < 0)
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

int outcome_decide(struct writer *w, struct report_outcome *ret, struct err *err)
{
	struct digest content;

	content_digest(&w->report, &content);
	return w->report.known ? end_known(w, &content, ret, err) : end_new(w, &content, ret, err);
}
