/*
 * store: one SQLite file, one writer at a time, any number of readers.
 *
 * A writer holds the lock file FILE.lock (flock) from open to close, because SQLite before 3.51.3
 * can damage a WAL database when two connections write and checkpoint at the same instant.
 * Readers open read-only and take no lock. An empty or missing file becomes a new store when a
 * writer opens it; a damaged, newer or foreign one is refused by name and never touched.
 *
 *	struct store *st = NULL;
 *	if (store_open(&st, path, STORE_WRITE, err) < 0)
 *		...
 *	ingest_run(inbox, store_sink(st), ...);
 *	store_close(st);
 *
 * A connection belongs to one thread at a time.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/base/reader.h"
#include "store/report.h"

struct store;

enum store_mode {
	STORE_READ,	/* read-only; ERR_NOT_FOUND when there is no file */
	STORE_WRITE,	/* takes the lock (ERR_BUSY when taken), creates and migrates */
	STORE_MEMORY,	/* a new store in memory, for --dry-run without a file and for tests */
};

int store_open(struct store **ret, const char *path, enum store_mode mode, struct err *err);
/* Rolls back what was not synced. NULL allowed. */
void store_close(struct store *st);

struct store_options {
	bool keep_originals;
	bool dry_run;	/* sync commits nothing, close rolls all back */
};
void store_set_options(struct store *st, const struct store_options *options);
/*
 * Many reports are to come. Foreign keys say that our own numbers are right, and to look each up
 * costs a tenth of the writing: like other assertions they are enforced from here on only in a build
 * that has those, and by the law of selftest in any. Nothing that relies on a cascade may follow.
 */
int store_load(struct store *st, struct err *err);
/* The sink that writes; owned by the store. */
struct report_sink *store_sink(struct store *st);

/* Path as given to store_open(), for messages. */
const char *store_path(const struct store *st);
/* "3.40.1", for --version. */
const char *store_sqlite_version(void);

/*
 * Rises with every commit that changes what an answer is made of: reports and receipts, what is
 * derived from them, and what the owner decided. It is the sum of meta's data_version and
 * decisions_version, of which none ever falls: two equal ones of one file mean that it answers the
 * same, but for the clock. Which of the two rose it does not tell.
 */
int store_data_version(struct store *st, int64_t *ret, struct err *err);

/* A number for the very file this connection reads, which another one under the same path has not;
 * 0 in memory. */
uint64_t store_identity(const struct store *st);

/*
 * What differs after every commit of anyone, read from the log's shared index: no SQL, no lock, no
 * system call. Two equal marks mean that nothing was committed between them. False
 * where there is no such index (in memory, a file that is not in WAL mode): ask the version then.
 */
#define STORE_MARK_BYTES 48
struct store_mark {
	uint64_t identity;	/* of the file */
	unsigned char bytes[STORE_MARK_BYTES];
};
bool store_mark(struct store *st, struct store_mark *ret);

/* SQL statements begun since the program started, by every connection; and by this thread. */
uint64_t store_statements(void);
uint64_t store_statements_here(void);

/*
 * Drop reports whose day lies before `day`, at most `most` of them, with records, originals,
 * roll-up shares and what nothing refers to any more, in one transaction. *dropped tells how many; call
 * until it is 0. With `originals_only` the reports stay and only their kept XML goes.
 */
int store_expire(struct store *st, int32_t day, bool originals_only, int64_t most,
	int64_t *dropped, struct err *err);

/* Who acts, for the audit: "root", "token monitoring", cut at TEXT_KEEP bytes. NULL: ruad itself. */
struct actor {
	struct slice who;
};

/*
 * What the owner says in `words` is one transaction: all of it, or nothing where it gives -1. For domains,
 * settings and decisions; not within itself. What they tell of events is true once this gives 0.
 */
int store_together(struct store *st, int (*words)(void *arg, struct err *err), void *arg,
	struct err *err);

/* The owner's domains (rule 12). domain in any form; ERR_USAGE if it is no domain name.
 * Adding one that is there: ERR_USAGE; removing one that is not: ERR_NOT_FOUND. */
int store_domain_add(struct store *st, struct slice domain, const struct actor *by,
	struct err *err);
int store_domain_remove(struct store *st, struct slice domain, const struct actor *by,
	struct err *err);

/* ---- kept originals ---------------------------------------------------------------------- */

/* The XML of report `id` as a stream. ERR_NOT_FOUND: no such report, or its original is not kept.
 * The reader is owned by the caller through original_close(). */
struct original;
int original_open(struct original **ret, struct store *st, int64_t report, struct err *err);
/* The same by the original's own number (what a conflict said). */
int original_open_id(struct original **ret, struct store *st, int64_t original, struct err *err);
struct reader *original_reader(struct original *o);
int64_t original_bytes(const struct original *o);
/* SHA-256 of the whole, as stored: lower-case hex, 64 characters. */
const char *original_sha256(const struct original *o);
/* Reading it failed because it is not what was stored: a fault of this one, not of the database. */
bool original_damaged(const struct original *o);
void original_close(struct original *o);

/* ---- derive the facts again from the originals --------------------------------------------- */

/*
 * What ruad-ingest --reparse does, report by report: the caller gets each stored original, parses
 * it into the sink between store_reparse_next() calls, and learns what changed. The sink must be
 * given report_begin ... report_end for the original; the store compares the new content with the
 * old, replaces it in the same transaction and keeps id, receipt, trust and received.
 */
struct store_reparse;
int store_reparse_open(struct store_reparse **ret, struct store *st, struct err *err);
/* 1: *original (valid until the next call) is that of *report, *trust what the report was stored
 * with: to be read by the same rules, a parser has to know it; 0: no more; -1. */
int store_reparse_next(struct store_reparse *r, int64_t *report, enum report_trust *trust,
	struct original **original, struct err *err);
/* After report_end: did the content change? The text (valid until the next call) says what:
 * "records 12 -> 13, messages 524 -> 530". */
bool store_reparse_changed(struct store_reparse *r, const char **what);
void store_reparse_close(struct store_reparse *r);

#endif
