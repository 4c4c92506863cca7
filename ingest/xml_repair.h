/*
 * xml_repair: what reporters get wrong in XML, put right before the parser sees it.
 *
 * The second pass over a report that is not well-formed. The parser stays strict; this filter
 * makes the few mistakes real reporters make into well-formed text, and refuses the rest, so that
 * a repaired report never holds a guess:
 *
 *	- what stands before <feedback> and behind </feedback> is dropped
 *	- a `<`, `>` or `&` that begins no tag, comment or reference is text
 *	- characters XML forbids are dropped, and so are comments and processing instructions
 *	- an element no standard names (if it holds none of theirs), or a text of the head, may
 *	  lack its end tag; within a text such an element is text
 *	- a final `</feedback` may lack its `>`
 *
 * A record is never mended: each of its elements must have had its own end tag, and a document
 * that ends inside one is refused, because half a report would pass for the whole one later.
 */
#ifndef INGEST_XML_REPAIR_H
#define INGEST_XML_REPAIR_H

#include "store/base/buf.h"
#include "store/base/err.h"

#define XML_REPAIR_NAME_MAX 64

enum xml_name {
	XML_NAME_UNKNOWN,
	XML_NAME_TEXT,		/* holds text */
	XML_NAME_STRUCTURE,	/* holds elements */
};

struct xml_repair_element {
	char name[XML_REPAIR_NAME_MAX];		/* as written, with its prefix */
	uint8_t len;
	bool text, known, record;
	bool holds_known;	/* an element of the grammar stands in it */
};

struct xml_repair {
	/* What the grammar says of a local name. A name that is both counts as structure. */
	enum xml_name (*known)(struct slice local);
	bool open_end;		/* a document may end behind its last </record>, without an end tag */

	struct buf in;		/* not yet judged */
	struct xml_repair_element stack[32];
	unsigned depth;
	unsigned line;
	uint64_t records;	/* ended */
	bool begun, done;	/* <feedback> and </feedback> were seen */
	bool after_record;	/* nothing but blanks since </record> */
	bool changed;		/* something inside the root was put right */
	bool junk_before, junk_after;
};

void xml_repair_init(struct xml_repair *r, enum xml_name (*known)(struct slice local));
void xml_repair_release(struct xml_repair *r);
/* Appends to `out` what the parser may have of `in`. ERR_REPORT: beyond repair. */
int xml_repair(struct xml_repair *r, struct slice in, bool last, struct buf *out, struct err *err);

#endif
