#include "store/pack.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include <zlib.h>

#include "store/embedded.h"

#define DEFLATE_LEVEL  3
#define DEFLATE_MEMORY 8

struct packer {
	pack_take *take;
	void *arg;
	z_stream z;
	bool any;
	int64_t given, taken; /* bytes in; bytes of the chunks that are out */
	struct digest_state sha;
	unsigned char out[PACK_CHUNK_BYTES_MAX];
};

/*
 * What reports are made of (dictionary-1.xml), so that the first one of a kind is as small as the
 * hundredth would be in a common stream: deflate only looks back, and a report is short. Nearest is
 * cheapest, so the record, which repeats, stands at the end, in the layouts that reporters print.
 * It is part of codec 1: to change a byte of it is to make every kept original unreadable.
 */
struct slice pack_dictionary(void)
{
	return slice_from(store_dictionary[0].bytes, store_dictionary[0].len);
}

int packer_open(struct packer **ret, pack_take *take, void *arg, struct err *err)
{
	struct packer *p = calloc(1, sizeof *p);

	if (p == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	p->take = take;
	p->arg = arg;
	if (deflateInit2(&p->z, DEFLATE_LEVEL, Z_DEFLATED, -PACK_WINDOW_BITS, DEFLATE_MEMORY,
		    Z_DEFAULT_STRATEGY) != Z_OK) {
		free(p);
		return err_set(err, ERR_SHORTAGE, "no memory to deflate");
	}
	digest_init(&p->sha);
	*ret = p;
	return 0;
}

void packer_close(struct packer *p)
{
	if (p == NULL)
		return;
	(void)deflateEnd(&p->z);
	free(p);
}

void packer_reset(struct packer *p)
{
	struct digest unused;

	if (p->any)
		digest_final(&p->sha, &unused);
	p->any = false;
	p->given = p->taken = 0;
}

/* The stream is set up with the first bytes, so that a report without any costs nothing. */
static int start(struct packer *p, struct err *err)
{
	const Bytef *dictionary = (const Bytef *)store_dictionary[0].bytes;

	if (deflateReset(&p->z) != Z_OK ||
		deflateSetDictionary(&p->z, dictionary, (uInt)store_dictionary[0].len) != Z_OK)
		return err_set(err, ERR_BUG, "cannot start to deflate");
	p->z.next_out = p->out;
	p->z.avail_out = sizeof p->out;
	p->any = true;
	return 0;
}

/* The chunk at hand is out, and there is room for the next. */
static int give(struct packer *p, struct report_packed *packed, struct err *err)
{
	packed->bytes = slice_from(p->out, sizeof p->out - p->z.avail_out);
	p->taken += (int64_t)packed->bytes.len;
	p->z.next_out = p->out;
	p->z.avail_out = sizeof p->out;
	return p->take(p->arg, packed, err);
}

/* 1: the stream has ended; 0: it goes on, all input is in; -1. */
static int run(struct packer *p, int flush, struct err *err)
{
	struct report_packed full = { .last = false };
	int rc;

	do {
		if (p->z.avail_out == 0 && give(p, &full, err) < 0)
			return -1;
		rc = deflate(&p->z, flush);
		if (rc != Z_OK && rc != Z_STREAM_END)
			return err_set(err, ERR_BUG, "cannot deflate");
	} while (flush == Z_FINISH ? rc != Z_STREAM_END : p->z.avail_in > 0);
	return rc == Z_STREAM_END;
}

int packer_add(struct packer *p, struct slice bytes, struct err *err)
{
	union {
		const char *in;
		Bytef *zlib; /* zlib does not write to it: its type is older than const */
	} from = { .in = bytes.ptr };

	if (bytes.len == 0)
		return 0;
	assert(bytes.len <= UINT_MAX);
	if (!p->any && start(p, err) < 0)
		return -1;
	digest_add(&p->sha, bytes);
	p->given += (int64_t)bytes.len;
	p->z.next_in = from.zlib;
	p->z.avail_in = (uInt)bytes.len;
	return run(p, Z_NO_FLUSH, err) < 0 ? -1 : 0;
}

int packer_end(struct packer *p, struct err *err)
{
	struct report_packed last = { .last = true };

	if (!p->any)
		return 0;
	p->z.avail_in = 0;
	if (run(p, Z_FINISH, err) < 0)
		return -1;
	p->any = false;
	last.size = p->given;
	digest_final(&p->sha, &last.sha256);
	if (give(p, &last, err) < 0)
		return -1;
	assert(p->taken <= pack_bytes_max(p->given));
	return 0;
}
