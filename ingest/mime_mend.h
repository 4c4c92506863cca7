/*
 * mime_mend: what real senders get wrong around headers, put right before MIME rules are applied.
 *
 *	- lone CR as line end
 *	- blank lines before the first header
 *	- a parameter on a line of its own that is not indented (Microsoft: name="..." after
 *	  Content-ID, boundary="..." after Content-Type)
 *	- a multipart whose boundary is named nowhere: the first line that begins with -- is it
 *	- a line of blanks, or none at all, between header and body
 *
 * Strict readers lose the attachment of each. Nothing is changed in a mail that has none of this.
 */
#ifndef INGEST_MIME_MEND_H
#define INGEST_MIME_MEND_H

#include "store/base/buf.h"

/* True: `out` holds the mended mail (check buf_failed()). False: nothing is wrong with `mail`,
 * which may be a front part of one to find out. */
bool mime_mend(struct slice mail, struct buf *out);

/* Lines that look like headers or boundaries; a mail of a million such takes its reader's memory. */
struct mime_lines {
	unsigned headers, dashes;
	bool in_line;	/* the bytes so far ended within a line */
};
void mime_lines_count(struct mime_lines *lines, struct slice bytes);

#endif
