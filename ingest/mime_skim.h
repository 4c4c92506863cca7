/*
 * mime_skim: a mail without the header fields that nobody asks for.
 *
 * GMime makes an object of every field, and most of a mail's are of its way here: Received, ARC-Seal,
 * DKIM-Signature, X-... Without them it has half the work with the header and a fifth less in all.
 */
#ifndef INGEST_MIME_SKIM_H
#define INGEST_MIME_SKIM_H

#include "store/base/slice.h"

/*
 * Copies `mail` to `to`, which has room for all of it. Of its own header (not of messages within) the
 * fields stay that mime.h answers from, and the first, by which one sees that there is a header; from the
 * first line on that is no field, all. Gives the bytes written.
 */
size_t mime_skim(struct slice mail, char *to);

#endif
