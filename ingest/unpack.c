#include "ingest/unpack.h"

#include <assert.h>
#include <stdlib.h>

#include "ingest/unpack_gzip.h"
#include "ingest/unpack_zip.h"
#include "store/base/buf.h"
#include "store/base/limits.h"

#define HEAD_BYTES 4096
#define READ_BYTES 16384
/* An unpack of this size at most is kept for the next attachment. */
#define KEEP_BYTES (1024 * 1024)

/* Bytes of which the first few were looked at already. The first layer gives the attachment, the
 * others what a container in the layer before gave. */
struct layer {
	struct reader reader;
	struct unpack *owner;
	struct reader *under;
	struct gunzip *gunzip; /* decodes `under` of the layer before; kept from use to use */
	bool counted;          /* comes out of a container */
	bool over;
	struct err pending; /* to be told behind the head */
	size_t head_len, head_at;
	char head[HEAD_BYTES];
};

/* A zip that is open: it may hold more files. */
struct frame {
	struct unzip *zip;
	struct buf bytes; /* of a zip that came out of another container */
	unsigned depth;   /* containers around its files */
	struct slice name;
};

struct unpack {
	struct unpack_budget *budget;
	struct buf raw;
	bool begun;             /* the attachment itself was given */
	int64_t out, entry_out; /* bytes out of containers: in all, for the entry at hand */
	struct layer layers[ARCHIVE_DEPTH_MAX + 1];
	struct reader_slice raw_reader;
	struct frame frames[ARCHIVE_DEPTH_MAX];
	unsigned frames_len;
};

/* The last one closed, for the next attachment: the same few allocations serve all mails. */
static _Thread_local struct unpack *spare;

/* ---- layers ------------------------------------------------------------------------------ */

static int count_out(struct unpack *u, size_t n, struct err *err)
{
	u->out += (int64_t)n;
	u->entry_out += (int64_t)n;
	u->budget->bytes_left -= (int64_t)n;
	if (u->budget->bytes_left < 0)
		return err_set(err, ERR_REPORT, "the mail unpacks to more than %lld bytes",
			(long long)UNPACKED_BYTES_MAX);
	if (u->out > UNPACKED_RATIO_FROM && u->out / UNPACKED_RATIO_MAX > (int64_t)u->raw.len)
		return err_set(err, ERR_REPORT, "unpacks to more than %d times its size",
			UNPACKED_RATIO_MAX);
	return 0;
}

static ssize_t layer_pull(struct layer *layer, void *dst, size_t cap, struct err *err)
{
	ssize_t n = layer->under->read(layer->under, dst, cap, err);

	if (n <= 0)
		layer->over = true;
	if (n > 0 && layer->counted && count_out(layer->owner, (size_t)n, err) < 0) {
		layer->over = true;
		return -1;
	}
	return n;
}

static ssize_t layer_read(struct reader *reader, void *dst, size_t cap, struct err *err)
{
	struct layer *layer = (struct layer *)reader;
	size_t n = layer->head_len - layer->head_at;

	if (n > 0) {
		if (n > cap)
			n = cap;
		memcpy(dst, layer->head + layer->head_at, n);
		layer->head_at += n;
		return (ssize_t)n;
	}
	if (layer->pending.code != ERR_NONE) {
		*err = layer->pending;
		return -1;
	}
	return layer->over ? 0 : layer_pull(layer, dst, cap, err);
}

/* Looks at the first bytes of `under`. An error before any byte is the caller's. */
static int layer_start(struct unpack *u, unsigned at, struct reader *under, struct err *err)
{
	struct layer *layer = &u->layers[at];
	ssize_t n = 1;

	layer->reader.read = layer_read;
	layer->owner = u;
	layer->under = under;
	layer->counted = at > 0;
	layer->over = false;
	layer->head_len = layer->head_at = 0;
	err_clear(&layer->pending);
	while (n > 0 && layer->head_len < HEAD_BYTES) {
		n = layer_pull(layer, layer->head + layer->head_len, HEAD_BYTES - layer->head_len,
			&layer->pending);
		if (n > 0)
			layer->head_len += (size_t)n;
	}
	if (n < 0 && (layer->head_len == 0 || layer->pending.code > ERR_REPORT)) {
		*err = layer->pending;
		return -1;
	}
	return 0;
}

/* ---- containers -------------------------------------------------------------------------- */

static int too_deep(struct err *err)
{
	return err_set(
		err, ERR_REPORT, "more than %d containers inside each other", ARCHIVE_DEPTH_MAX);
}

/* All that `in` gives, for a zip must be whole. */
static int load(struct buf *bytes, struct reader *in, struct err *err)
{
	char one;
	ssize_t n = 1;

	buf_clear(bytes);
	while (n > 0) {
		size_t left = bytes->max - bytes->len, step = left < READ_BYTES ? left : READ_BYTES;
		char *room = &one; /* full: is there more? */

		if (step > 0)
			room = buf_room(bytes, step);
		if (room == NULL)
			return err_set(err, ERR_SHORTAGE, "no memory for an attachment");
		n = in->read(in, room, step > 0 ? step : 1, err);
		if (n > 0 && step == 0)
			return err_set(
				err, ERR_REPORT, "longer than %d bytes", ATTACHMENT_BYTES_MAX);
		if (n > 0)
			bytes->len += (size_t)n;
	}
	return (int)n;
}

static int frame_push(struct unpack *u, unsigned depth, struct reader *in, struct err *err)
{
	struct frame *frame = &u->frames[u->frames_len];
	struct slice bytes = buf_slice(&u->raw);

	if (depth == ARCHIVE_DEPTH_MAX)
		return too_deep(err);
	assert(u->frames_len < ARCHIVE_DEPTH_MAX);
	if (depth > 0) {
		frame->bytes.max = ATTACHMENT_BYTES_MAX;
		if (load(&frame->bytes, in, err) < 0)
			return -1;
		bytes = buf_slice(&frame->bytes);
	}
	if (unzip_open(&frame->zip, bytes, err) < 0)
		return -1;
	frame->depth = depth + 1;
	u->frames_len++;
	return 0;
}

static void frame_pop(struct unpack *u)
{
	struct frame *frame = &u->frames[--u->frames_len];

	unzip_close(frame->zip);
	buf_release(&frame->bytes);
	*frame = (struct frame){ .zip = NULL };
}

/*
 * Follow the containers from layer `depth`, which was started. 1: *ret is the entry; 2: it was a
 * zip, which is the top frame now; -1.
 */
static int descend(struct unpack *u, unsigned depth, struct slice name, struct unpack_entry *ret,
	struct err *err)
{
	enum unpack_how how = name.ptr != NULL || depth > 0 ? UNPACK_ZIP : UNPACK_PLAIN;

	for (;;) {
		struct layer *layer = &u->layers[depth];
		struct slice head = slice_from(layer->head, layer->head_len);

		if (gunzip_sniff(head)) {
			if (depth == ARCHIVE_DEPTH_MAX)
				return too_deep(err);
			if (layer->gunzip == NULL && gunzip_open(&layer->gunzip, err) < 0)
				return -1;
			if (layer_start(u, depth + 1, gunzip_start(layer->gunzip, &layer->reader),
				    err) < 0)
				return -1;
			depth++;
			how = UNPACK_GZIP;
			continue;
		}
		if (unzip_sniff(head) || (depth == 0 && head.len > 0 && head.ptr[0] != '<' &&
						 unzip_sniff_behind(buf_slice(&u->raw))))
			return frame_push(u, depth, &layer->reader, err) < 0 ? -1 : 2;
		*ret = (struct unpack_entry){ name, how, head, &layer->reader };
		return 1;
	}
}

/* ---- the interface ------------------------------------------------------------------------- */

int unpack_open(
	struct unpack **ret, struct reader *in, struct unpack_budget *budget, struct err *err)
{
	struct unpack *u = spare;

	assert(in != NULL && budget != NULL);
	spare = NULL;
	if (u == NULL) {
		u = calloc(1, sizeof *u);
		if (u == NULL)
			return err_set(err, ERR_SHORTAGE, "no memory to unpack");
		buf_init(&u->raw, ATTACHMENT_BYTES_MAX);
	}
	u->budget = budget;
	u->begun = false;
	u->out = u->entry_out = 0;
	if (load(&u->raw, in, err) < 0) {
		unpack_close(u);
		return -1;
	}
	*ret = u;
	return 0;
}

static int first_entry(struct unpack *u, struct unpack_entry *ret, struct err *err)
{
	u->begun = true;
	(void)reader_slice_init(&u->raw_reader, buf_slice(&u->raw));
	if (layer_start(u, 0, &u->raw_reader.reader, err) < 0)
		return -1;
	return descend(u, 0, SLICE_ABSENT, ret, err);
}

static int wrap_name(struct slice name, struct err *err)
{
	struct err_quote quote;

	return name.len > 0 ? err_wrap(err, "%s", err_printable(&quote, name)) : -1;
}

/* The file at hand of the top frame. */
static int frame_entry(
	struct unpack *u, struct reader *data, struct unpack_entry *ret, struct err *err)
{
	struct frame *frame = &u->frames[u->frames_len - 1];
	const unsigned depth = frame->depth;
	int rc;

	u->entry_out = 0;
	if (layer_start(u, depth, data, err) < 0)
		return wrap_name(frame->name, err);
	if (u->layers[depth].head_len == 0) {
		(void)err_set(err, ERR_REPORT, "empty");
		return wrap_name(frame->name, err);
	}
	rc = descend(u, depth, frame->name, ret, err);
	return rc < 0 ? wrap_name(frame->name, err) : rc;
}

int unpack_next(struct unpack *u, struct unpack_entry *ret, struct err *err)
{
	struct reader *data;
	int rc = 2;

	if (!u->begun)
		rc = first_entry(u, ret, err);
	while (rc == 2) {
		struct frame *frame;

		if (u->frames_len == 0)
			return 0;
		frame = &u->frames[u->frames_len - 1];
		rc = unzip_next(frame->zip, &frame->name, &data, err);
		if (rc > 0) {
			rc = frame_entry(u, data, ret, err);
		} else if (rc == 0) {
			frame_pop(u);
			rc = 2;
		}
	}
	return rc;
}

int unpack_again(struct unpack *u, struct unpack_entry *ret, struct err *err)
{
	struct reader *data;
	int rc;

	assert(u->begun);
	/* Read twice, it counts once. */
	u->out -= u->entry_out;
	u->budget->bytes_left += u->entry_out;
	u->entry_out = 0;
	if (u->frames_len == 0) {
		rc = first_entry(u, ret, err);
	} else {
		if (unzip_again(u->frames[u->frames_len - 1].zip, &data, err) < 0)
			return -1;
		rc = frame_entry(u, data, ret, err);
	}
	assert(rc != 2); /* it was an entry before */
	return rc < 0 ? -1 : 0;
}

static void unpack_free(struct unpack *u)
{
	for (size_t i = 0; i < sizeof u->layers / sizeof *u->layers; i++)
		gunzip_close(u->layers[i].gunzip);
	buf_release(&u->raw);
	free(u);
}

void unpack_close(struct unpack *u)
{
	if (u == NULL)
		return;
	while (u->frames_len > 0)
		frame_pop(u);
	if (spare == NULL && u->raw.cap <= KEEP_BYTES)
		spare = u;
	else
		unpack_free(u);
}
