/*
 * dmarc_fill: the grammar of an aggregate report, and the record that is filled by it.
 *
 * Fed with elements and texts in document order, it keeps where in the report we are, picks the
 * texts that mean something into one reused record (and one head), and passes both to verify. What
 * may stand where is one table, so a new element is a new row. It knows elements, not XML: names
 * come without prefix, texts in pieces.
 */
#ifndef INGEST_DMARC_FILL_H
#define INGEST_DMARC_FILL_H

#include "ingest/arena.h"
#include "ingest/verify.h"
#include "ingest/xml_repair.h"

/* A field is read to just over what verify cuts or refuses at. */
#define FILL_FIELD_BYTES (TEXT_KEEP + 16)

struct fill {
	struct verify *verify;		/* borrowed */
	uint32_t line;			/* of the event at hand, set by the caller */
	bool done;			/* the root's end tag was there */
	bool failed;			/* err says why; further events are ignored */
	bool other_root;		/* it is no <feedback> */
	struct err err;

	uint8_t stack[XML_DEPTH_MAX];	/* enum state of dmarc_fill.c */
	unsigned depth;

	/* The text at hand. */
	struct slice *text;
	char *text_at;
	struct arena *text_arena;

	struct arena head_texts, record_texts;
	struct raw_head head;
	bool head_passed, metadata_ended, policy_ended;
	struct raw_record record;
	uint32_t records;
	char errors[FILL_FIELD_BYTES];	/* all error elements */
	char bare[FILL_FIELD_BYTES];	/* text directly in <reason> */
	struct slice bare_text;
};

/* On zeroed memory, or on a fill that is to begin anew with what it allocated; `verify` stays the
 * caller's. */
void fill_init(struct fill *f, struct verify *verify);
void fill_release(struct fill *f);
/* False: an element no row of the grammar has. `uri` is its namespace, or absent. */
bool fill_start(struct fill *f, struct slice name, struct slice uri);
void fill_end(struct fill *f);
void fill_text(struct fill *f, struct slice text);
/* Ends the report with the reason, unless it has ended already. */
void fill_refuse(struct fill *f, const char *what);
void fill_note(struct fill *f, enum report_note code, struct slice detail);
/* After the root's end: passes the head, if it was not yet, and lets verify conclude. */
void fill_finish(struct fill *f);

/* For the repair filter. `dkim` and `spf` are a text in one place and a structure in another. */
enum xml_name fill_known(struct slice name);

#endif
