#include "ingest/unpack_gzip.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "store/base/limits.h"

#define IN_BYTES 16384

struct gunzip {
	struct reader reader;
	struct reader *in;
	z_stream z;
	bool in_over;      /* `in` has given all it has */
	struct err in_err; /* or broke off with this */
	bool over;         /* the last member ended */
	unsigned members;
	uint64_t out;       /* bytes, for the message */
	struct err pending; /* to be told after the bytes that came before it */
	unsigned char bytes[IN_BYTES];
};

bool gunzip_sniff(struct slice head)
{
	return slice_starts(head, SLICE_LIT("\x1f\x8b"));
}

/* At least two bytes to look at, if there are. -1: `in` failed in a way that is not the mail's. */
static int refill(struct gunzip *g, struct err *err)
{
	ssize_t n;

	if (g->z.avail_in > 0)
		memmove(g->bytes, g->z.next_in, g->z.avail_in);
	g->z.next_in = g->bytes;
	while (g->z.avail_in < 2 && !g->in_over) {
		n = g->in->read(
			g->in, g->bytes + g->z.avail_in, IN_BYTES - g->z.avail_in, &g->in_err);
		if (n < 0 && g->in_err.code != ERR_REPORT) {
			*err = g->in_err;
			return -1;
		}
		if (n <= 0)
			g->in_over = true;
		else
			g->z.avail_in += (unsigned)n;
	}
	return 0;
}

static int cut_short(struct gunzip *g, struct err *err)
{
	if (g->in_err.code != ERR_NONE) {
		*err = g->in_err;
		return -1;
	}
	return err_set(
		err, ERR_REPORT, "gzip: cut short after %llu bytes", (unsigned long long)g->out);
}

/* A member ended. 1: another begins; 0: what follows is none, or nothing; -1. */
static int next_member(struct gunzip *g, struct err *err)
{
	if (g->z.avail_in < 2 && refill(g, err) < 0)
		return -1;
	if (!gunzip_sniff(slice_from(g->z.next_in, g->z.avail_in)))
		return 0;
	if (g->members == GZIP_MEMBERS_MAX)
		return err_set(err, ERR_REPORT, "gzip: more than %d members", GZIP_MEMBERS_MAX);
	g->members++;
	(void)inflateReset(&g->z);
	return 1;
}

/* One step. 1: go on, 0: over, -1. */
static int inflate_more(struct gunzip *g, struct err *err)
{
	int rc;

	if (g->z.avail_in == 0) {
		if (refill(g, err) < 0)
			return -1;
		if (g->z.avail_in == 0)
			return cut_short(g, err);
	}
	rc = inflate(&g->z, Z_NO_FLUSH);
	switch (rc) {
	case Z_OK:
	case Z_BUF_ERROR:
		return 1;
	case Z_STREAM_END:
		return next_member(g, err);
	case Z_MEM_ERROR:
		return err_set(err, ERR_SHORTAGE, "no memory to unpack gzip");
	default:
		/* Bytes behind the last member that only look like one. */
		if (g->members > 1 && g->z.total_out == 0)
			return 0;
		return err_set(err, ERR_REPORT, "gzip: %s after %llu bytes",
			g->z.msg != NULL ? g->z.msg : "broken", (unsigned long long)g->out);
	}
}

static ssize_t gunzip_read(struct reader *reader, void *dst, size_t cap, struct err *err)
{
	struct gunzip *g = (struct gunzip *)reader;
	size_t room = cap < INT_MAX ? cap : INT_MAX, before;
	int more = 1;

	if (g->pending.code != ERR_NONE) {
		*err = g->pending;
		return -1;
	}
	if (g->over)
		return 0;
	g->z.next_out = dst;
	g->z.avail_out = (unsigned)room;
	while (more > 0 && g->z.avail_out > 0) {
		before = g->z.avail_out;
		more = inflate_more(g, &g->pending);
		g->out += before - g->z.avail_out;
	}
	g->over = more == 0;
	room -= g->z.avail_out;
	if (more < 0 && room == 0) {
		*err = g->pending;
		return -1;
	}
	return (ssize_t)room;
}

int gunzip_open(struct gunzip **ret, struct err *err)
{
	struct gunzip *g = calloc(1, sizeof *g);

	/* +16: a gzip header and trailer, nothing else. */
	if (g == NULL || inflateInit2(&g->z, MAX_WBITS + 16) != Z_OK) {
		free(g);
		return err_set(err, ERR_SHORTAGE, "no memory to unpack gzip");
	}
	g->reader.read = gunzip_read;
	*ret = g;
	return 0;
}

struct reader *gunzip_start(struct gunzip *g, struct reader *in)
{
	assert(in != NULL);
	(void)inflateReset(&g->z);
	g->in = in;
	g->in_over = g->over = false;
	g->members = 1;
	g->out = 0;
	g->z.avail_in = 0;
	err_clear(&g->in_err);
	err_clear(&g->pending);
	return &g->reader;
}

void gunzip_close(struct gunzip *g)
{
	if (g == NULL)
		return;
	(void)inflateEnd(&g->z);
	free(g);
}

const char *gunzip_version(void)
{
	return zlibVersion();
}
