#include "store/pack.h"

#include <assert.h>
#include <stdlib.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "store/embedded.h"

/* The last level that costs next to nothing. */
#define LEVEL 3
/* How far back it looks: 256 KiB, and with it what it takes to read. */
#define WINDOW_LOG 18

struct packer {
	pack_take *take;
	void *arg;
	ZSTD_CCtx *z;
	ZSTD_CDict *dictionary;
	bool any;
	int64_t given, taken; /* bytes in; bytes of the chunks that are out */
	struct digest_state sha;
	size_t out_len;
	unsigned char out[PACK_CHUNK_BYTES_MAX];
};

/*
 * The dictionary is what reports are made of (dictionary-1.xml), so that the first one of a kind is as
 * small as the hundredth would be in a common stream: a packer only looks back, and a report is short.
 * Nearest is cheapest, so the record, which repeats, stands at the end, in the layouts that reporters
 * print. It is part of codec 1: to change a byte of it is to make every kept original unreadable.
 */
static bool set_up(struct packer *p)
{
	/* Our own digest says whether it is what was stored, and codec 1 which dictionary. */
	static const struct {
		ZSTD_cParameter parameter;
		int value;
	} rows[] = { { ZSTD_c_compressionLevel, LEVEL }, { ZSTD_c_windowLog, WINDOW_LOG },
		{ ZSTD_c_checksumFlag, 0 }, { ZSTD_c_dictIDFlag, 0 } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (ZSTD_isError(ZSTD_CCtx_setParameter(p->z, rows[i].parameter, rows[i].value)) !=
			0)
			return false;
	}
	return ZSTD_isError(ZSTD_CCtx_refCDict(p->z, p->dictionary)) == 0;
}

const char *pack_zstd_version(void)
{
	return ZSTD_versionString();
}

int packer_open(struct packer **ret, pack_take *take, void *arg, struct err *err)
{
	struct packer *p = calloc(1, sizeof *p);

	if (p == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	p->take = take;
	p->arg = arg;
	digest_init(&p->sha);
	p->z = ZSTD_createCCtx();
	p->dictionary = ZSTD_createCDict(store_dictionary[0].bytes, store_dictionary[0].len, LEVEL);
	if (p->z == NULL || p->dictionary == NULL || !set_up(p)) {
		packer_close(p);
		return err_set(err, ERR_SHORTAGE, "no memory to pack");
	}
	*ret = p;
	return 0;
}

void packer_close(struct packer *p)
{
	if (p == NULL)
		return;
	(void)ZSTD_freeCCtx(p->z);
	(void)ZSTD_freeCDict(p->dictionary);
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
	if (ZSTD_isError(ZSTD_CCtx_reset(p->z, ZSTD_reset_session_only)) != 0)
		return err_set(err, ERR_BUG, "cannot start to pack");
	p->out_len = 0;
	p->any = true;
	return 0;
}

/* The chunk at hand is out, and there is room for the next. */
static int give(struct packer *p, struct report_packed *packed, struct err *err)
{
	packed->bytes = slice_from(p->out, p->out_len);
	p->taken += (int64_t)p->out_len;
	p->out_len = 0;
	return p->take(p->arg, packed, err);
}

static int run(struct packer *p, struct slice bytes, ZSTD_EndDirective end, struct err *err)
{
	struct report_packed full = { .last = false };
	ZSTD_inBuffer in = { .src = bytes.ptr, .size = bytes.len };
	size_t left;

	do {
		ZSTD_outBuffer out = { .dst = p->out, .size = sizeof p->out };

		if (p->out_len == sizeof p->out && give(p, &full, err) < 0)
			return -1;
		out.pos = p->out_len;
		left = ZSTD_compressStream2(p->z, &out, &in, end);
		p->out_len = out.pos;
		if (ZSTD_isError(left) != 0)
			return err_set(err,
				ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation
					? ERR_SHORTAGE
					: ERR_BUG,
				"cannot pack: %s", ZSTD_getErrorName(left));
	} while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
	return 0;
}

int packer_add(struct packer *p, struct slice bytes, struct err *err)
{
	if (bytes.len == 0)
		return 0;
	if (!p->any && start(p, err) < 0)
		return -1;
	digest_add(&p->sha, bytes);
	p->given += (int64_t)bytes.len;
	return run(p, bytes, ZSTD_e_continue, err);
}

int packer_end(struct packer *p, struct err *err)
{
	struct report_packed last = { .last = true };

	if (!p->any)
		return 0;
	if (run(p, SLICE_LIT(""), ZSTD_e_end, err) < 0)
		return -1;
	p->any = false;
	last.size = p->given;
	digest_final(&p->sha, &last.sha256);
	if (give(p, &last, err) < 0)
		return -1;
	assert(p->taken <= pack_bytes_max(p->given));
	return 0;
}

/* ---- reading ----------------------------------------------------------------------------------- */

struct unpacker {
	ZSTD_DCtx *z;
};

int unpacker_open(struct unpacker **ret, struct err *err)
{
	struct unpacker *u = calloc(1, sizeof *u);

	if (u == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	u->z = ZSTD_createDCtx();
	if (u->z == NULL ||
		ZSTD_isError(ZSTD_DCtx_setParameter(u->z, ZSTD_d_windowLogMax, WINDOW_LOG)) != 0 ||
		ZSTD_isError(ZSTD_DCtx_loadDictionary(
			u->z, store_dictionary[0].bytes, store_dictionary[0].len)) != 0) {
		unpacker_close(u);
		return err_set(err, ERR_SHORTAGE, "no memory to unpack");
	}
	*ret = u;
	return 0;
}

void unpacker_close(struct unpacker *u)
{
	if (u == NULL)
		return;
	(void)ZSTD_freeDCtx(u->z);
	free(u);
}

enum unpacked unpacker_run(struct unpacker *u, struct slice *in, void *dst, size_t cap, size_t *len)
{
	ZSTD_inBuffer from = { .src = in->ptr, .size = in->len };
	ZSTD_outBuffer to = { .dst = dst, .size = cap };
	const size_t left = ZSTD_decompressStream(u->z, &to, &from);

	*in = slice_from(in->ptr + from.pos, in->len - from.pos);
	*len = to.pos;
	if (ZSTD_isError(left) == 0)
		return left == 0 ? UNPACKED_END : UNPACKED_MORE;
	return ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation ? UNPACKED_SHORTAGE
								       : UNPACKED_DAMAGED;
}
