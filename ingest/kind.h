/*
 * kind: what a run of bytes is, by its head, and which parser takes it.
 *
 * A new format is a new row of kind.c's table. What is not an aggregate report is named (TLS
 * report, failure report, bounce, ...), so that its mail ends quietly as "not a report".
 */
#ifndef INGEST_KIND_H
#define INGEST_KIND_H

#include "ingest/mime.h"
#include "store/base/reader.h"
#include "store/report.h"

/* How the parser is to read: strictly first, then once more with repairs that are noted. */
enum parse_mode {
	PARSE_STRICT,
	PARSE_REPAIR,		/* recover from what is not well-formed */
	PARSE_REPAIR_CP1252,	/* the bytes are not the declared encoding */
};

/* What the parser needs to know of the carrier to judge trust. */
struct parse_context {
	enum parse_mode mode;
	enum report_trust trust;
	struct slice from;		/* address of the carrier mail, absent if none */
	int64_t now;			/* seconds; periods ahead of it are refused */
	/* out, after ERR_REPORT in PARSE_STRICT: which pass may yet read it; PARSE_STRICT: none */
	enum parse_mode retry;
};

struct kind {
	const char *name;		/* "aggregate report", "TLS report", "text", ... */
	bool (*sniff)(struct slice head);
	/* Reads `in` to its end into one report_begin ... of the sink, already begun by the caller;
	 * the caller ends or abandons it. NULL: not a report, only named. */
	int (*parse)(struct reader *in, struct report_sink *to, struct parse_context *context,
		struct err *err);
};

/* Never NULL: the last row takes everything ("unknown data"). */
const struct kind *kind_find(struct slice head);
/* The kind of a mail in which no report was found, by its headers and part types: "failure
 * report", "TLS report", "bounce", "report too large", "mail without a report". `first_text` is the
 * head of its first text part, or absent. */
const char *kind_of_mail(const struct mime_headers *headers, const struct slice *part_types,
	size_t len, struct slice first_text);

#endif
