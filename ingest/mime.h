/*
 * mime: the leaf parts of a message, decoded, whatever the labels say.
 *
 * Behind this wall stands GMime. Types, names and encodings in a report mail lie in every
 * direction, so a leaf is handed out with its content decoded and its first bytes decide what it
 * is. message/rfc822 is descended into, also when it is base64-encoded. Depth and number of parts
 * are bounded (limits.h); crossing one is ERR_MESSAGE.
 *
 *	struct mime *m = NULL;
 *	if (mime_open(&m, fd, err) < 0)
 *		...
 *	mime_headers(m, &headers);
 *	while ((more = mime_next(m, &part, err)) > 0)
 *		...read part.body...
 *	mime_close(m);
 */
#ifndef INGEST_MIME_H
#define INGEST_MIME_H

#include "store/base/reader.h"
#include "store/report.h"

/* GMime's global state, once a process before anything else. */
void mime_init(void);

struct mime_headers {	/* absent where not there; valid UTF-8; owned by the mime */
	struct slice from;		/* the first address of From */
	struct slice subject, message_id;
	int64_t date;			/* 0 unknown */
	struct slice content_type;	/* of the message: "multipart/report", lower case */
	struct slice report_type;	/* its report-type parameter: "tlsrpt", "feedback-report" */
	const struct slice *auth_results;	/* Authentication-Results, topmost first, unfolded */
	unsigned auth_results_len;
	bool empty;			/* no header at all: not a mail */
};

struct mime_part {
	unsigned index;			/* 1 for the first leaf */
	struct slice type;		/* as labelled, lower case: for messages and kinds only */
	struct slice name;		/* file name as labelled, or absent: a label, never a path */
	struct reader *body;		/* decoded; valid until the next mime_next() */
};

struct mime;
/* fd stays the caller's and must be seekable. ERR_MESSAGE: no message can be made of it. */
int mime_open(struct mime **ret, int fd, struct err *err);
void mime_headers(struct mime *m, struct mime_headers *ret);
int mime_next(struct mime *m, struct mime_part *ret, struct err *err);
/* Begin again with the first part (the repair pass reads a part twice). */
int mime_rewind(struct mime *m, struct err *err);
void mime_close(struct mime *m);
/* The library's version, for --version. */
const char *mime_version(void);

#endif
