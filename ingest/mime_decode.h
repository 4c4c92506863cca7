/*
 * mime_decode: base64, as real mail has it.
 *
 * Decodes what is valid and passes over the rest: padding in the middle (chunks encoded one by one),
 * stray characters, missing padding, lines of any length. Library decoders stop at the first `=`
 * without a word, and so lose the rest of an attachment.
 */
#ifndef INGEST_MIME_DECODE_H
#define INGEST_MIME_DECODE_H

#include "store/base/slice.h"

struct base64 {
	uint32_t bits;
	unsigned count;	/* characters in `bits` */
};

/* Decodes `in` into dst, which has room for in.len + 2 bytes. Returns how many it wrote. */
size_t base64_decode(struct base64 *b, struct slice in, char *dst);
/* At the end: the bytes of a last group without its padding. */
size_t base64_finish(struct base64 *b, char dst[2]);

/* Does `head` read as base64 of something that begins like a gzip, a zip, XML or JSON? */
bool base64_sniff(struct slice head);

#endif
