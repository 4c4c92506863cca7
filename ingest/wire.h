/*
 * wire: a report_sink's calls as frames, from a parse process to the writer.
 *
 * A frame is its length (4 bytes, of what follows; at most WIRE_FRAME_MAX), the version, the kind
 * and the fields, little-endian; a text is its length and one more, then its bytes (0 is an absent
 * one). The reader trusts nothing: a length, number, word, text or order that the sink's contract
 * does not allow is ERR_MESSAGE and costs the mail at hand. Decoded texts are slices of the bytes
 * given: nothing is allocated for a frame.
 *
 * An original is packed on the worker's side; the writer has one process for all the rest, and
 * need not look into what it only keeps. That the chunks are what they are said to be is checked
 * where they are read: an original that lies is a damaged one.
 *
 *	wire_out_init(&out, send_it);
 *	wire_out_pack(&out, err);		if originals are kept; then fill &out.sink
 *	while ((rc = wire_next(&bytes, &frame, err)) > 0)
 *		rc = wire_replay(&replay, &frame, to, err);
 */
#ifndef INGEST_WIRE_H
#define INGEST_WIRE_H

#include "store/base/buf.h"
#include "store/pack.h"

#define WIRE_VERSION 1
/* Bytes gathered before they are sent; a mail's end sends what there is. */
#define WIRE_GATHER_BYTES (64 * 1024)

enum wire_kind {
	WIRE_MAIL_BEGIN = 1,
	WIRE_REPORT_BEGIN,
	WIRE_PACKED,
	WIRE_HEAD,
	WIRE_RECORD,
	WIRE_UNREADABLE,
	WIRE_PLACEHOLDER,
	WIRE_NOTE,
	WIRE_REPORT_END,
	WIRE_REPORT_ABANDON,
	WIRE_ENTRY,	/* an ending of REPORT_ENDING_COUNT: as the report ended */
	WIRE_MAIL_END,
	WIRE_MAIL_ABANDON,
	WIRE_SHORTAGE,	/* the worker lacks memory or descriptors: nothing is decided, the run ends */
	WIRE_KIND_COUNT,
};

/* ---- the worker's side ---- */

struct wire_out {
	struct report_sink sink;
	struct buf buf;
	struct packer *packer;	/* NULL: originals stay here */
	int (*send)(struct wire_out *out, struct slice bytes, struct err *err);
};

struct report_sink *wire_out_init(struct wire_out *out,
	int (*send)(struct wire_out *out, struct slice bytes, struct err *err));
/* Originals are to be sent. Without this they are not even packed. */
int wire_out_pack(struct wire_out *out, struct err *err);
void wire_out_release(struct wire_out *out);
/* The judge gave up with *why, which ends the run. */
int wire_shortage(struct wire_out *out, const struct err *why, struct err *err);

/* ---- the writer's side ---- */

struct wire_frame {
	enum wire_kind kind;
	union {
		struct report_mail mail;	/* without its id */
		struct report_head head;
		struct report_record record;
		struct report_unreadable unreadable;
		struct report_entry entry;
		struct {
			enum report_note note;
			struct slice detail;
		} note;
		struct report_packed packed;
		const char *text;		/* shortage */
	} u;
};

/* 1: *ret is the first frame of *bytes, which moves past it; 0: the frame is not all there;
 * -1: ERR_MESSAGE. */
int wire_next(struct slice *bytes, struct wire_frame *ret, struct err *err);

/* Frames to calls, in an order the sink's contract allows. */
struct wire_replay {
	bool in_mail, in_report, has_head, ended, refused;
	unsigned begun, lines;
	uint32_t reports, records;
	bool packed_ended;
	int64_t packed_bytes;	/* of the report at hand */
	struct err why; /* refused: what the store said of the report */
};

/* For the next mail; its frames begin with WIRE_MAIL_BEGIN. */
void wire_replay_init(struct wire_replay *r);
/* 1: the mail has ended; 0: go on; -1: ERR_MESSAGE for a frame out of order, else what ends the run:
 * the sink's own failure, or the worker's shortage. */
int wire_replay(struct wire_replay *r, const struct wire_frame *frame, struct report_sink *to,
	struct err *err);

#endif
