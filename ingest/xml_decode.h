/*
 * xml_decode: the bytes of a document as UTF-8, where the XML library should not guess.
 *
 * UTF-16 becomes UTF-8 here, so that everything behind it looks at one kind of bytes. The other
 * case is text that claims to be UTF-8 and is not: each byte that is no part of a character is
 * read as windows-1252, which is what such reporters mean; the rest stays as it is.
 */
#ifndef INGEST_XML_DECODE_H
#define INGEST_XML_DECODE_H

#include "store/base/buf.h"
#include "store/base/err.h"

enum xml_encoding {
	XML_AS_IS,
	XML_UTF16LE,
	XML_UTF16BE,
	XML_CP1252,
};

struct xml_decode {
	enum xml_encoding encoding;
	unsigned char carry[4];		/* the begun character at the end of the last bytes */
	size_t carry_len;
	bool changed;			/* a byte was read as windows-1252 */
};

/* UTF-16 by its byte order mark, or by a NUL beside the first character; else XML_AS_IS. */
enum xml_encoding xml_encoding_guess(struct slice head);
/* Appends `in` to `out` as UTF-8. `last`: nothing follows. ERR_REPORT: half a surrogate pair. */
int xml_decode(struct xml_decode *d, struct slice in, bool last, struct buf *out, struct err *err);

#endif
