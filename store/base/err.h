/*
 * err: what went wrong, and how far the damage reaches.
 *
 * A function that can fail returns -1 and sets *err once; on success *err is untouched. The
 * caller that knows more puts its own words in front with err_wrap(), so the text reads from the
 * outside in: "new/1700.M1: part 2: report.xml: line 41: count "1e9" is not a number".
 * Text from a mail goes in through %s of err_quote() only, so that a message is always printable.
 *
 *	if (unpack_open(&u, in, err) < 0)
 *		return err_wrap(err, "part %u", part->index);
 *
 * A finding that is no failure (a duplicate, not a report) is a named outcome, never an err.
 */
#ifndef STORE_BASE_ERR_H
#define STORE_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "store/base/slice.h"

/* Ordered: the further down, the further the damage reaches. */
enum err_code {
	ERR_NONE = 0,
	ERR_RECORD,	/* this record cannot be read; its siblings can */
	ERR_REPORT,	/* this report is refused; other entries of the mail stand */
	ERR_MESSAGE,	/* this message is refused */
	ERR_DEFER,	/* a passing state of this message (still being written): leave it where it is */
	ERR_USAGE,	/* the caller asked for something that does not exist: bad option or parameter */
	ERR_NOT_FOUND,	/* the thing named is not in the store */
	ERR_BUSY,	/* someone else holds the lock: try again later */
	ERR_SLOW,	/* the question takes longer than it may: ask for less */
	ERR_SHORTAGE,	/* disk, memory, descriptors: try again later, nothing is decided */
	ERR_STORE,	/* the database is damaged, newer than us, or not ours */
	ERR_BUG,	/* ours */
};

struct err {
	enum err_code code;
	char text[1024];	/* UTF-8, printable, no trailing dot or newline; cut when too long */
};

#define ERR_INIT { ERR_NONE, "" }

/* Set code and text. Always returns -1. A NULL err is allowed (the caller does not care). */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "context: " in front of the text that is there. Always returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Set from errno `number`: ENOMEM, EMFILE, ENOSPC and their like become ERR_SHORTAGE, others `code`. */
int err_errno(struct err *err, enum err_code code, int number, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Forget what was said, to use the same err for the next message. */
void err_clear(struct err *err);

/* True when the loop over messages must stop: shortage, busy, slow, store, bug. */
bool err_ends_run(const struct err *err);

/* The exit status of sysexits(3) for a failure that ended a program. */
int err_exit_status(const struct err *err);

/*
 * `s` in double quotes, every byte that is not printable ASCII or valid printable UTF-8 written
 * as \xNN, cut at 60 characters with "...". Returns buf. For error texts and logs.
 */
struct err_quote {
	char text[256];
};
const char *err_quote(struct err_quote *buf, struct slice s);

/* The same without the quotes and without the cut at 60: a file name or a path in a message. */
const char *err_printable(struct err_quote *buf, struct slice s);

#endif
