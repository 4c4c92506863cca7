/*
 * pack: how the XML of a report is kept: codec 1, Zstandard primed with a dictionary, in chunks.
 *
 * Beside the model, on the floor that both ingest/ and store/ stand on: the parse process packs what
 * it reads, so that the writer, of which there is only one, has nothing to do but store. There is one
 * packer, whoever calls it, and one unpacker. It is the wall around libzstd (RFC 8878): against deflate
 * with the same dictionary it packs reports in a third of the time and a twelfth smaller.
 *
 *	packer_open(&p, take, arg, err)
 *	packer_reset(p); packer_add(p, bytes, err) ...; packer_end(p, err)	for each report
 *	packer_close(p)
 */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include "store/report.h"

#define PACK_CODEC 1
/* Of a chunk; each but the last is as large. */
#define PACK_CHUNK_BYTES_MAX (64 * 1024)

const char *pack_zstd_version(void);

/* More does not come of `size` bytes: where they cannot be packed they are copied, in blocks. */
static inline int64_t pack_bytes_max(int64_t size)
{
	return size + size / 1024 + 64;
}

/* One stream, used again for each report. What comes of it goes to `take`, a chunk a call. */
typedef int pack_take(void *arg, const struct report_packed *packed, struct err *err);
struct packer;
int packer_open(struct packer **ret, pack_take *take, void *arg, struct err *err);
void packer_close(struct packer *p);	/* NULL allowed */
/* The next bytes are the first of a report; what was not ended is forgotten. */
void packer_reset(struct packer *p);
int packer_add(struct packer *p, struct slice bytes, struct err *err);
/* Gives the last chunk. Nothing is given where nothing was added. */
int packer_end(struct packer *p, struct err *err);

/* The chunks of one report, one behind the other, and whoever wrote them; its memory is bounded. */
struct unpacker;
enum unpacked {
	UNPACKED_MORE,	/* all of *in is taken, or `cap` bytes are given */
	UNPACKED_END,
	UNPACKED_DAMAGED,
	UNPACKED_SHORTAGE,	/* no memory */
};
int unpacker_open(struct unpacker **ret, struct err *err);
void unpacker_close(struct unpacker *u);	/* NULL allowed */
/* Takes from the front of *in, gives *len bytes. */
enum unpacked unpacker_run(struct unpacker *u, struct slice *in, void *dst, size_t cap, size_t *len);

#endif
