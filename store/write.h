/*
 * write: what the writing files of store/ share.
 *
 * write.c is the sink and outcome.c judges a whole report. They lean on intern.c (a text, address
 * or detail that is there already is found without asking SQLite), rollup.c (the daily sums of a
 * report, a mail and a batch), original.c (the XML, packed as it streams by) and receipt.c (what
 * became of the mail).
 *
 * Three layers of undoing, each within the next: a report, a mail, a batch (the transaction). Rows of
 * a report and of a mail are known by their number, so undoing deletes them; a savepoint would copy
 * every page it touches for each mail, which costs more than storing it. Only where a delete is
 * not enough there is one: an original too large for memory, a mail read again, a report derived
 * again. What is held in memory follows the same three: a cached id or a sum never outlives the
 * rows it stands for.
 */
#ifndef STORE_WRITE_H
#define STORE_WRITE_H

#include "store/base/buf.h"
#include "store/base/digest.h"
#include "store/sql.h"

#define WRITE_DIGEST_BYTES 16	/* of each digest in the database: the first half of SHA-256 */

/* ---- intern.c ------------------------------------------------------------------------------ */

/* Bounded direct-mapped caches in front of the interning tables. */
struct intern;
int intern_open(struct intern **ret, struct store *st, struct err *err);
void intern_close(struct intern *in);
/* Rows were inserted since the last intern_mark_clear(): after an undo, call intern_forget(). */
bool intern_marked(const struct intern *in);
void intern_mark_clear(struct intern *in);
void intern_forget(struct intern *in);

/* Only looked up; 0 when it is not there. A refused report must not leave its domain or its sender's
 * name in the lists. *ret_same may be known where *ret is not. */
int intern_find_domain(struct intern *in, struct slice key, int64_t *ret, struct err *err);
int intern_find_reporter(struct intern *in, struct slice org_name, int64_t *ret, int64_t *ret_same,
	struct err *err);
int intern_domain(struct intern *in, struct slice key, int64_t now, int64_t *ret, struct err *err);
/* org_name absent counts as empty. *ret_same is the first reporter of that name in any case. */
int intern_reporter(struct intern *in, struct slice org_name, int64_t *ret, int64_t *ret_same,
	struct err *err);
/* Its address, or the text in the place of one. */
int intern_source(struct intern *in, const struct report_record *record, int64_t *ret,
	struct err *err);
/* ret NULL: only the digest. */
int intern_policy(struct intern *in, const struct report_head *head, int64_t *ret,
	struct digest *ret_digest, struct err *err);
int intern_detail_digest(struct intern *in, const struct report_record *record,
	struct digest *ret, struct err *err);
/* The detail's number, and that of its trait. */
int intern_detail(struct intern *in, const struct report_record *record,
	const struct digest *digest, int64_t *ret, int64_t *ret_trait, struct err *err);
/* True when the domain is an own one or lies under one (claim.c asks the same of new rows). */
int domain_claimed(struct store *st, struct slice key, bool *ret, struct err *err);

/* ---- rollup.c ------------------------------------------------------------------------------ */

struct rollup;
int rollup_open(struct rollup **ret, struct store *st, struct err *err);
void rollup_close(struct rollup *r);
/* result is the trait's own: disposition * 16 + dkim * 4 + spf. */
void rollup_record(struct rollup *r, int64_t source, int64_t trait, unsigned result,
	int64_t count);
/* The report is accepted: its sums join those of the mail. */
int rollup_report_end(struct rollup *r, int64_t report, int64_t domain, int32_t day,
	struct err *err);
void rollup_report_clear(struct rollup *r);
/* Its sums join those of the batch. */
int rollup_mail_end(struct rollup *r, struct err *err);
void rollup_mail_clear(struct rollup *r);
/* The share of this report of the mail at hand is in the table already: an undo takes it away. */
bool rollup_is_direct(const struct rollup *r, int64_t report);
/* Before the commit: the sums of the batch go to the table. */
int rollup_flush(struct rollup *r, struct err *err);
/* Directly in the table, for a report that is stored: add or take away its whole share. */
int rollup_add_stored(struct store *st, int64_t report, int64_t domain, int32_t day,
	struct err *err);
int rollup_subtract_stored(struct store *st, int64_t report, int64_t domain, int32_t day,
	struct err *err);

/* ---- original.c: keeping ------------------------------------------------------------------- */

/* Of each report in turn. What comes as it is, is packed here; chunks are kept as they come. */
struct keeper;
int keeper_open(struct keeper **ret, struct store *st, struct err *err);
void keeper_close(struct keeper *k);
void keeper_reset(struct keeper *k);
int keeper_add(struct keeper *k, struct slice bytes, struct err *err);
int keeper_packed(struct keeper *k, const struct report_packed *packed, struct err *err);
/* True when a chunk of it is in the database already: an undo of the report would lose it. */
bool keeper_spilled(const struct keeper *k);
/* The rest, and the row. *ret is its number, 0 when nothing was added. */
int keeper_end(struct keeper *k, int64_t *ret, struct err *err);
/* Take a kept original out again. */
int keeper_drop(struct store *st, int64_t original, struct err *err);

/* ---- write.c ------------------------------------------------------------------------------- */

struct sums {
	int64_t records, placeholders, unreadable;
	int64_t messages, verdict[REPORT_VERDICT_COUNT];
	int64_t dkim_pass, spf_pass, quarantine, reject;
};

/* The report at hand. */
struct pending {
	bool open, has_head, has_rows;
	bool guarded, rows_before;	/* a savepoint is open; rows were there when it was opened */
	int64_t id;
	/* of the head; texts lie in writer.text until the row is written */
	struct report_head head;
	int64_t domain, reporter, reporter_same, policy;
	struct slice domain_sent;
	struct digest policy_digest;
	int32_t day;
	/* the stored report of the same identity, if there is one */
	bool known;
	int64_t known_id, known_receipt;
	uint8_t known_content[WRITE_DIGEST_BYTES];
	bool known_partial, known_twin;

	struct sums sums;
	struct digest records_digest;
	struct {
		int64_t times;
		struct slice detail;
	} notes[REPORT_NOTE_COUNT];
};

#define CONFLICTS_HELD_MAX 64
#define REREAD_MAX	   1024		/* stored reports of one mail that are told from its duplicates */

/* The mail at hand. */
struct mail {
	bool open, again;		/* again: its receipt was there before */
	int64_t receipt, inbox;
	int64_t first_report;		/* reports from this number on were stored by this reading */
	struct report_mail head;	/* texts lie in writer.mail_text */
	int64_t entries;
	/* originals of conflicts that wait for their line */
	struct {
		int64_t report, original;	/* original 0: its line is written */
		int64_t made;			/* the original's number, for an undo */
	} conflicts[CONFLICTS_HELD_MAX];
	unsigned conflicts_len;
};

struct store_reparse;

struct writer {
	struct report_sink sink;	/* first: the sink is this */
	struct store *st;
	struct intern *intern;
	struct rollup *rollup;
	struct keeper *keeper;
	struct buf text, mail_text;
	struct pending report;
	struct mail mail;
	bool in_batch, changed, mail_interned;
	bool orphans;			/* an undo may have left interned rows without use */
	bool broken;	/* a commit failed half way: what is in memory and on disk may differ */
	int64_t next_report, next_receipt;
	/* stored reports that this reading of the mail met again (a crash came between commit and
	 * rename), so that a second copy in the same mail is a duplicate as it was the first time */
	int64_t *reread;
	unsigned reread_len;
	char inbox_path[1024];		/* of inbox_id, the last one asked for */
	int64_t inbox_id;
	struct store_reparse *reparse;	/* not NULL: facts of a stored report are being replaced */
};

/* A transaction is open after this. */
int writer_begin(struct writer *w, struct err *err);
/* What the sink's sync does. */
int writer_sync(struct writer *w, struct err *err);
/* Undo the open transaction, which was begun after a sync and by no report. */
void writer_undo_batch(struct writer *w);
/* Of the report at hand: nothing of it stays in the database or in memory; its savepoint is closed;
 * is its XML to be kept. */
/* From here on the rows of the report at hand are undone by a savepoint; once is enough. */
int writer_guard_report(struct writer *w, struct err *err);
int writer_undo_report(struct writer *w, struct err *err);
int writer_release_report(struct writer *w, struct err *err);
bool writer_keeps_original(const struct writer *w);
/* A copy that lives as long as the buffer's content. */
int writer_keep(struct buf *b, struct slice s, struct slice *ret, struct err *err);
int writer_number(struct store *st, enum stmt id, int64_t *ret, struct err *err);
int writer_run(struct store *st, enum stmt id, struct err *err);
int writer_run_1(struct store *st, enum stmt id, int64_t value, struct err *err);
/* Remember whether interned rows may be without use, for the sweep after an expiry. */
int writer_set_orphans(struct store *st, bool any, struct err *err);
int writer_raise(struct store *st, const char *key, struct err *err);

/* ---- outcome.c: a whole report is new, a duplicate, a conflict or a twin -------------------- */

int outcome_decide(struct writer *w, struct report_outcome *ret, struct err *err);

/* ---- receipt.c: the sink's mail half ------------------------------------------------------- */

int receipt_known(struct report_sink *s, const struct report_mail_id *id,
	enum report_ending *ending, struct err *err);
int receipt_begin(struct report_sink *s, const struct report_mail *mail, struct err *err);
int receipt_entry(struct report_sink *s, const struct report_entry *entry, struct err *err);
int receipt_end(struct report_sink *s, enum report_ending ending, struct err *err);

/* ---- reparse.c ----------------------------------------------------------------------------- */

/* From report_begin: take the stored facts out; *ret_id is the number they keep. */
int reparse_begin(struct store_reparse *r, int64_t *ret_id, struct err *err);
/* What is kept of the stored report whatever the original says. */
struct reparse_kept {
	int64_t receipt, received, original;
	uint8_t trust;
	bool from_mismatch;
};
const struct reparse_kept *reparse_kept(const struct store_reparse *r);
/* From report_end: the identity is now that of another stored report; nothing was changed. */
void reparse_collided(struct store_reparse *r, int64_t other);
/* From report_end, the new row being in place: *ret_equal when nothing changed. */
int reparse_end(struct store_reparse *r, bool *ret_equal, struct err *err);

#endif
