#include "store/write.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/pack.h"

/* ---- keeping --------------------------------------------------------------------------------- */

struct keeper {
	struct store *st;
	struct packer *packer; /* of what comes as it is; NULL: nothing did so far */
	int64_t next, id;      /* id 0: no row yet */
	int64_t chunks;        /* written */
	bool any, ended;       /* a chunk came; the last one did */
	int64_t size;          /* ended: of the XML */
	struct digest sha256;
	size_t held_len; /* of the chunk that came last: the first row may need what the last says */
	unsigned char held[PACK_CHUNK_BYTES_MAX];
};

int keeper_open(struct keeper **ret, struct store *st, struct err *err)
{
	struct keeper *k = calloc(1, sizeof *k);

	if (k == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	k->st = st;
	*ret = k;
	return 0;
}

void keeper_close(struct keeper *k)
{
	if (k == NULL)
		return;
	packer_close(k->packer);
	free(k);
}

void keeper_reset(struct keeper *k)
{
	if (k->packer != NULL)
		packer_reset(k->packer);
	k->any = k->ended = false;
	k->id = 0;
	k->chunks = 0;
}

static int put_first(struct keeper *k, struct err *err)
{
	static const uint8_t unknown[DIGEST_BYTES];
	sqlite3_stmt *stmt;

	if (k->next == 0 && writer_number(k->st, STMT_ORIGINAL_NEXT, &k->next, err) < 0)
		return -1;
	if (sql_get(k->st, STMT_ORIGINAL_ADD, &stmt, err) < 0)
		return -1;
	k->id = k->next++;
	(void)sqlite3_bind_int64(stmt, 1, k->id);
	(void)sqlite3_bind_int64(stmt, 2, k->ended ? k->size : 0);
	sql_bind_blob(stmt, 3, slice_from(k->ended ? k->sha256.bytes : unknown, DIGEST_BYTES));
	(void)sqlite3_bind_int(stmt, 4, PACK_CODEC);
	sql_bind_blob(stmt, 5, slice_from(k->held, k->held_len));
	return sql_run(k->st, stmt, "cannot store an original", err);
}

static int put_more(struct keeper *k, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(k->st, STMT_ORIGINAL_MORE_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, k->id);
	(void)sqlite3_bind_int64(stmt, 2, k->chunks);
	sql_bind_blob(stmt, 3, slice_from(k->held, k->held_len));
	return sql_run(k->st, stmt, "cannot store an original", err);
}

/* The chunk held goes to the database, before the report is judged. */
static int spill(struct keeper *k, struct err *err)
{
	if (k->chunks == 0) {
		/* Its number is not known by the report yet: a savepoint takes it back. */
		if (writer_guard_report(k->st->writer, err) < 0 || put_first(k, err) < 0)
			return -1;
	} else if (put_more(k, err) < 0) {
		return -1;
	}
	k->chunks++;
	return 0;
}

int keeper_packed(struct keeper *k, const struct report_packed *packed, struct err *err)
{
	assert(!k->ended && packed->bytes.len <= sizeof k->held);
	assert(k->any || packed->bytes.len > 0);
	if (k->any && spill(k, err) < 0)
		return -1;
	k->any = true;
	k->held_len = packed->bytes.len;
	if (packed->bytes.len > 0)
		memcpy(k->held, packed->bytes.ptr, packed->bytes.len);
	k->ended = packed->last;
	if (packed->last) {
		k->size = packed->size;
		k->sha256 = packed->sha256;
	}
	return 0;
}

static int take_packed(void *arg, const struct report_packed *packed, struct err *err)
{
	return keeper_packed(arg, packed, err);
}

int keeper_add(struct keeper *k, struct slice bytes, struct err *err)
{
	if (k->packer == NULL && packer_open(&k->packer, take_packed, k, err) < 0)
		return -1;
	return packer_add(k->packer, bytes, err);
}

bool keeper_spilled(const struct keeper *k)
{
	return k->chunks > 0;
}

static int put_end(struct keeper *k, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(k->st, STMT_ORIGINAL_END, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, k->id);
	(void)sqlite3_bind_int64(stmt, 2, k->size);
	sql_bind_blob(stmt, 3, digest_slice(&k->sha256));
	return sql_run(k->st, stmt, "cannot store an original", err);
}

int keeper_end(struct keeper *k, int64_t *ret, struct err *err)
{
	int rc;

	*ret = 0;
	if (k->packer != NULL && packer_end(k->packer, err) < 0)
		return -1;
	if (!k->any)
		return 0;
	assert(k->ended);
	k->any = false;
	if (k->chunks == 0)
		rc = put_first(k, err);
	else if (k->held_len == 0) /* the chunk before ended the stream to the byte */
		rc = put_end(k, err);
	else if ((rc = put_more(k, err)) == 0)
		rc = put_end(k, err);
	*ret = k->id;
	return rc;
}

int keeper_drop(struct store *st, int64_t original, struct err *err)
{
	if (writer_run_1(st, STMT_ORIGINAL_MORE_DROP, original, err) < 0)
		return -1;
	return writer_run_1(st, STMT_ORIGINAL_DROP, original, err);
}

/* ---- reading ----------------------------------------------------------------------------------- */

struct original {
	struct reader reader; /* first: the reader is this */
	struct store *st;
	int64_t id, bytes, given, chunk;
	struct unpacker *unpacker;
	struct slice left; /* of `in` */
	bool ended, damaged;
	struct digest_state sha;
	struct digest expect;
	char hex[2 * DIGEST_BYTES + 1];
	unsigned char in[PACK_CHUNK_BYTES_MAX];
};

static int damaged(struct original *o, struct err *err, const char *what)
{
	struct err_quote q;

	o->damaged = true;
	return err_set(err, ERR_STORE, "%s: original %lld is damaged: %s",
		err_printable(&q, slice_of(store_path(o->st))), (long long)o->id, what);
}

/* Copied, so that no read transaction stays open while a slow client takes the chunk. */
static int take_chunk(struct original *o, sqlite3_stmt *stmt, int column, struct err *err)
{
	struct slice data = sql_blob(stmt, column);

	if (data.len == 0 || data.len > sizeof o->in)
		return damaged(o, err, "a chunk of impossible size");
	memcpy(o->in, data.ptr, data.len);
	o->left = slice_from(o->in, data.len);
	return 0;
}

/* 1: more input is there; 0: no further chunk; -1. */
static int next_chunk(struct original *o, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(o->st, STMT_ORIGINAL_MORE_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, o->id);
	(void)sqlite3_bind_int64(stmt, 2, ++o->chunk);
	more = sql_step(o->st, stmt, "cannot read an original", err);
	if (more > 0 && take_chunk(o, stmt, 0, err) < 0)
		more = -1;
	(void)sqlite3_reset(stmt);
	return more;
}

static int check_end(struct original *o, struct err *err)
{
	struct digest found;

	o->ended = true;
	digest_final(&o->sha, &found);
	if (o->given != o->bytes || !digest_equal(&found, &o->expect))
		return damaged(o, err, "not what was stored");
	return 0;
}

static ssize_t read_original(struct reader *r, void *dst, size_t cap, struct err *err)
{
	struct original *o = (struct original *)(void *)r;
	enum unpacked unpacked;
	size_t got;
	int more;

	if (o->ended || cap == 0)
		return 0;
	do {
		if (o->left.len == 0) {
			more = next_chunk(o, err);
			if (more < 0)
				return -1;
			if (more == 0)
				return damaged(o, err, "it is cut short");
		}
		unpacked = unpacker_run(o->unpacker, &o->left, dst, cap, &got);
		if (unpacked == UNPACKED_SHORTAGE)
			return err_set(err, ERR_SHORTAGE, "no memory to unpack");
		if (unpacked == UNPACKED_DAMAGED)
			return damaged(o, err, "it cannot be unpacked");
	} while (got == 0 && unpacked != UNPACKED_END);
	digest_add(&o->sha, slice_from(dst, got));
	o->given += (int64_t)got;
	if ((unpacked == UNPACKED_END || o->given > o->bytes) && check_end(o, err) < 0)
		return -1;
	return (ssize_t)got;
}

static int take_row(struct original *o, sqlite3_stmt *stmt, struct err *err)
{
	struct slice sha = sql_blob(stmt, 1);

	o->bytes = sqlite3_column_int64(stmt, 0);
	if (sha.len != DIGEST_BYTES)
		return damaged(o, err, "its digest has an impossible size");
	memcpy(o->expect.bytes, sha.ptr, DIGEST_BYTES);
	for (size_t i = 0; i < DIGEST_BYTES; i++)
		(void)snprintf(o->hex + 2 * i, 3, "%02x", o->expect.bytes[i]);
	if (sqlite3_column_int64(stmt, 2) != PACK_CODEC)
		return damaged(o, err, "its codec is unknown");
	return take_chunk(o, stmt, 3, err);
}

int original_open_id(struct original **ret, struct store *st, int64_t original, struct err *err)
{
	struct original *o = calloc(1, sizeof *o);
	sqlite3_stmt *stmt = NULL;
	int more, rc = -1;

	if (o == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	o->reader.read = read_original;
	o->st = st;
	o->id = original;
	digest_init(&o->sha);
	if (unpacker_open(&o->unpacker, err) < 0 || sql_get(st, STMT_ORIGINAL_GET, &stmt, err) < 0)
		goto out;
	(void)sqlite3_bind_int64(stmt, 1, original);
	more = sql_step(st, stmt, "cannot read an original", err);
	if (more == 0)
		err_set(err, ERR_NOT_FOUND, "there is no original %lld", (long long)original);
	if (more <= 0 || take_row(o, stmt, err) < 0)
		goto out;
	*ret = o;
	rc = 0;
out:
	if (stmt != NULL)
		(void)sqlite3_reset(stmt);
	if (rc < 0)
		original_close(o);
	return rc;
}

int original_open(struct original **ret, struct store *st, int64_t report, struct err *err)
{
	sqlite3_stmt *stmt;
	int64_t id = 0;
	int more;

	if (sql_get(st, STMT_ORIGINAL_OF_REPORT, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, report);
	more = sql_step(st, stmt, "cannot look up a report", err);
	if (more < 0)
		return -1;
	if (more > 0)
		id = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	if (more == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no report %lld", (long long)report);
	if (id == 0)
		return err_set(err, ERR_NOT_FOUND, "the original of report %lld is not kept",
			(long long)report);
	return original_open_id(ret, st, id, err);
}

struct reader *original_reader(struct original *o)
{
	return &o->reader;
}

int64_t original_bytes(const struct original *o)
{
	return o->bytes;
}

const char *original_sha256(const struct original *o)
{
	return o->hex;
}

bool original_damaged(const struct original *o)
{
	return o->damaged;
}

void original_close(struct original *o)
{
	if (o == NULL)
		return;
	unpacker_close(o->unpacker);
	free(o);
}
