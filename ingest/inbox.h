/*
 * inbox: where messages come from, and how they are settled.
 *
 * An inbox yields one message after the other as an open descriptor of a regular file, and is told
 * what became of it once that is on disk. It never looks into a message. Maildir, plain files and
 * directories, and standard input are three of these; IMAP or mbox would be a fourth.
 */
#ifndef INGEST_INBOX_H
#define INGEST_INBOX_H

#include "store/report.h"

struct inbox;

struct inbox_item {
	struct report_mail_id id;	/* slices valid until the next call of next() */
	struct slice label;		/* for messages: "new/1700.M1.host"; printable or not */
	int fd;				/* open for reading, ours to close before settle();
					 * O_CLOEXEC; -1: `known` said 1, or `odd` is set */
	const char *odd;		/* no message (a FIFO, a link, a directory): what it is;
					 * else NULL */
	bool odd_for_now;		/* it may yet become one (permission denied): deferred */
	int64_t age_seconds;		/* since its last change, where that tells whether it is
					 * still being written (a Maildir); else INT64_MAX */
	bool bare;			/* may be a bare report rather than a mail (files, stdin) */
	uint64_t cookie;		/* the inbox's own, to find it again in settle() */
};

struct inbox_ops {
	/* 1: *ret filled; 0: no more; -1. A message that vanished is passed over in silence; what
	 * is no message comes out with `odd` set; only the inbox itself fails. */
	int (*next)(struct inbox *in, struct inbox_item *ret, struct err *err);
	/* Called at most once for each of the last BATCH_MAILS_MAX + INBOX_AHEAD_MAX items, after
	 * the commit that holds its receipt (never for a deferred or odd one): the only moment the
	 * mailbox changes. */
	int (*settle)(struct inbox *in, uint64_t cookie, enum report_ending ending,
		struct err *err);
	/* How many messages there are in all, if known cheaply (for a progress bar); 0 unknown. */
	uint64_t (*count)(struct inbox *in);
	void (*close)(struct inbox *in);
};

struct inbox {
	const struct inbox_ops *ops;
	/* Asked before a message is opened, by what names it. 1: it is not opened and comes out
	 * with fd -1, so that a poll of a kept mailbox reads nothing again; 0; -1 with err. NULL:
	 * all are. */
	int (*known)(void *arg, const struct report_mail_id *id, struct err *err);
	void *known_arg;
};

struct inbox_options {
	bool cur;	/* Maildir: read cur/ too, after new/ */
	bool keep;	/* leave every mail where and as it is */
};

/* A directory with new/, cur/ and tmp/ is a Maildir. */
int maildir_open(struct inbox **ret, const char *path, const struct inbox_options *options,
	struct err *err);
bool maildir_is(const char *path);
/* Files and directories (read recursively, in name order), any number. The strings are borrowed. */
int files_open(struct inbox **ret, char *const *paths, size_t len, struct err *err);
/* One message or report on standard input, spooled to an unlinked temporary file when it is a
 * pipe. */
int stdin_open(struct inbox **ret, struct err *err);

#endif
