/*
 * unpack: the decoded bytes of one attachment, whatever it was wrapped in.
 *
 * Reporters send gzip, zip and bare XML, often with the wrong name or type, so only the first
 * bytes decide. Containers in containers are followed (ARCHIVE_DEPTH_MAX). A bomb is stopped by
 * bytes and by ratio before it is written anywhere; the bytes are counted over a whole mail.
 * Not done: tar, 7z, rar. No reporter uses them.
 *
 *	struct unpack *u = NULL;
 *	if (unpack_open(&u, part.body, &budget, err) < 0)
 *		return -1;
 *	while ((more = unpack_next(u, &entry, err)) > 0)
 *		...read entry.data until it returns 0...
 *	unpack_close(u);
 */
#ifndef INGEST_UNPACK_H
#define INGEST_UNPACK_H

#include "store/base/reader.h"

/* What one mail may still unpack; start a mail with UNPACK_BUDGET_INIT. */
struct unpack_budget {
	int64_t bytes_left;
};
#define UNPACK_BUDGET_INIT { UNPACKED_BYTES_MAX }

enum unpack_how {
	UNPACK_PLAIN,	/* the attachment itself, no container known */
	UNPACK_GZIP,
	UNPACK_ZIP,
};

struct unpack_entry {
	struct slice name;	/* in the archive: a label; absent for plain and nameless */
	enum unpack_how how;	/* the innermost container */
	struct slice head;	/* the first bytes (up to 4 KiB) of data, for sniffing; not consumed */
	struct reader *data;	/* ERR_REPORT on a cut or broken container: this entry is refused */
};

struct unpack;
/*
 * Takes what `in` gives (up to ATTACHMENT_BYTES_MAX, else ERR_REPORT). A container that cannot be
 * opened at all is ERR_REPORT too ("zip: no end of central directory", "zip: encrypted").
 */
int unpack_open(struct unpack **ret, struct reader *in, struct unpack_budget *budget,
	struct err *err);
/* 1, 0, or -1: ERR_REPORT means this entry cannot be read and the next call goes on with the
 * next one; anything above it ends the attachment. */
int unpack_next(struct unpack *u, struct unpack_entry *ret, struct err *err);
/* The entry just handed out, again from its first byte (for the repair pass). */
int unpack_again(struct unpack *u, struct unpack_entry *ret, struct err *err);
void unpack_close(struct unpack *u);

#endif
