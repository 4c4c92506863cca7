#include "web/gzip.h"

#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

#define GZIP_LEVEL      5
#define GZIP_WINDOW     (MAX_WBITS + 16) /* with gzip's header, not zlib's */
#define GZIP_MEMORY     8
#define GZIP_READ_BYTES (16 * 1024)

struct gzip {
	struct reader reader;
	struct reader *in;
	z_stream z;
	bool in_ended, ended;
	char room[GZIP_READ_BYTES];
};

bool gzip_suits(const char *type)
{
	static const char *const types[] = { "text/", "application/json", "application/x-ndjson",
		"application/problem+json", "application/xml", "application/openapi+json",
		"image/svg+xml" };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (slice_starts_fold(slice_of(type), slice_of(types[i])))
			return true;
	}
	return false;
}

static bool begin(z_stream *z)
{
	*z = (z_stream){ 0 };
	return deflateInit2(z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
		       Z_DEFAULT_STRATEGY) == Z_OK;
}

bool gzip_whole(struct slice from, struct buf *to)
{
	z_stream z;
	size_t bound;
	char *room;
	bool ok = false;

	buf_init(to, 0);
	if (!begin(&z))
		return false;
	bound = deflateBound(&z, from.len);
	buf_init(to, bound);
	room = buf_room(to, bound);
	if (room != NULL) {
		z.next_in = (const Bytef *)from.ptr;
		z.avail_in = (uInt)from.len;
		z.next_out = (Bytef *)room;
		z.avail_out = (uInt)bound;
		ok = deflate(&z, Z_FINISH) == Z_STREAM_END;
		to->len += ok ? z.total_out : 0;
	}
	(void)deflateEnd(&z);
	return ok;
}

/* Bytes for zlib, if it has none left. */
static int refill(struct gzip *g, struct err *err)
{
	ssize_t n;

	if (g->z.avail_in > 0 || g->in_ended)
		return 0;
	n = g->in->read(g->in, g->room, sizeof g->room, err);
	if (n < 0)
		return -1;
	g->in_ended = n == 0;
	g->z.next_in = (const Bytef *)g->room;
	g->z.avail_in = (uInt)n;
	return 0;
}

static ssize_t gzip_read(struct reader *r, void *dst, size_t cap, struct err *err)
{
	struct gzip *g = (struct gzip *)r;
	int rc;

	g->z.next_out = dst;
	g->z.avail_out = (uInt)cap;
	/* zlib swallows much before it gives anything: 0 here would mean the end. */
	while (!g->ended && g->z.avail_out == cap) {
		if (refill(g, err) < 0)
			return -1;
		rc = deflate(&g->z, g->in_ended ? Z_FINISH : Z_NO_FLUSH);
		if (rc == Z_STREAM_ERROR)
			return err_set(err, ERR_BUG, "gzip: the stream's state is broken");
		g->ended = rc == Z_STREAM_END;
	}
	return (ssize_t)(cap - g->z.avail_out);
}

int gzip_open(struct gzip **ret, struct reader *in, struct err *err)
{
	struct gzip *g = calloc(1, sizeof *g);

	if (g == NULL || !begin(&g->z)) {
		free(g);
		return err_set(err, ERR_SHORTAGE, "gzip: no memory");
	}
	g->reader.read = gzip_read;
	g->in = in;
	*ret = g;
	return 0;
}

struct reader *gzip_reader(struct gzip *z)
{
	return &z->reader;
}

void gzip_close(struct gzip *z)
{
	if (z == NULL)
		return;
	(void)deflateEnd(&z->z);
	free(z);
}

const char *gzip_library_version(void)
{
	return zlibVersion();
}
