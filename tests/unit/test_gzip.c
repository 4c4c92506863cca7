/* What is compressed comes back byte for byte, whatever the sizes it is pulled in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#define ZLIB_CONST
#include <zlib.h>

#include "web/gzip.h"

#define BYTES (3 * 1024 * 1024)

static char original[BYTES], packed[2 * BYTES], unpacked[BYTES + 1];

/* Text that repeats a little, then noise that cannot get smaller. */
static void fill(void)
{
	unsigned seed = 1;

	for (size_t i = 0; i < BYTES; i++) {
		seed = seed * 1103515245U + 12345U;
		original[i] = i < BYTES / 2 ? "{\"messages\":"[i % 12] : (char)(seed >> 16);
	}
}

static size_t inflate_all(size_t len)
{
	z_stream z = { 0 };

	assert_int_equal(inflateInit2(&z, MAX_WBITS + 16), Z_OK);
	z.next_in = (const Bytef *)packed;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)unpacked;
	z.avail_out = sizeof unpacked;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	assert_int_equal(inflateEnd(&z), Z_OK);
	return z.total_out;
}

/* A source that gives at most `step` bytes at a time, and fails after `good`. */
struct dripping {
	struct reader reader;
	size_t at, len, step, good;
};

static ssize_t drip(struct reader *r, void *dst, size_t cap, struct err *err)
{
	struct dripping *d = (struct dripping *)r;
	size_t n = d->len - d->at;

	if (d->at >= d->good)
		return err_set(err, ERR_SHORTAGE, "the disk is gone");
	n = n < cap ? n : cap;
	n = n < d->step ? n : d->step;
	memcpy(dst, original + d->at, n);
	d->at += n;
	return (ssize_t)n;
}

static void a_stream_comes_back_whatever_the_steps(void **state)
{
	static const size_t lens[] = { 0, 1, 1000, 16 * 1024, BYTES };
	static const size_t steps[] = { 7, 16 * 1024, BYTES };
	static const size_t caps[] = { 1, 13, 4096, 16 * 1024 };

	(void)state;
	for (size_t i = 0; i < sizeof lens / sizeof *lens * 12; i++) {
		struct dripping in = { .reader = { drip },
			.len = lens[i / 12],
			.step = steps[i / 4 % 3],
			.good = BYTES + 1 };
		size_t cap = caps[i % 4], len = 0;
		struct err err = ERR_INIT;
		struct gzip *z = NULL;
		ssize_t n;

		if (cap < 4096 && in.len == BYTES)
			continue;
		assert_int_equal(gzip_open(&z, &in.reader, &err), 0);
		while ((n = gzip_reader(z)->read(gzip_reader(z), packed + len, cap, &err)) > 0)
			len += (size_t)n;
		assert_int_equal(n, 0);
		assert_int_equal(gzip_reader(z)->read(gzip_reader(z), packed, cap, &err), 0);
		gzip_close(z);
		assert_int_equal(inflate_all(len), in.len);
		assert_memory_equal(unpacked, original, in.len);
	}
}

static void a_source_that_fails_fails_the_stream(void **state)
{
	struct dripping in = { .reader = { drip }, .len = BYTES, .step = 5000, .good = 500000 };
	struct err err = ERR_INIT;
	struct gzip *z = NULL;
	ssize_t n;

	(void)state;
	assert_int_equal(gzip_open(&z, &in.reader, &err), 0);
	while ((n = gzip_reader(z)->read(gzip_reader(z), packed, 4096, &err)) > 0)
		;
	assert_int_equal(n, -1);
	assert_int_equal(err.code, ERR_SHORTAGE);
	gzip_close(z);
	gzip_close(NULL);
}

static void a_whole_body_comes_back(void **state)
{
	static const size_t lens[] = { 0, 1, 1000, BYTES };

	(void)state;
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		struct buf small;

		assert_true(gzip_whole(slice_from(original, lens[i]), &small));
		memcpy(packed, small.ptr, small.len);
		assert_int_equal(inflate_all(small.len), lens[i]);
		assert_memory_equal(unpacked, original, lens[i]);
		buf_release(&small);
	}
}

static void only_text_gets_smaller(void **state)
{
	(void)state;
	assert_true(gzip_suits("application/json"));
	assert_true(gzip_suits("text/csv; charset=utf-8; header=present"));
	assert_true(gzip_suits("application/problem+json"));
	assert_true(gzip_suits("image/svg+xml"));
	assert_false(gzip_suits("image/png"));
	assert_false(gzip_suits("application/octet-stream"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_comes_back_whatever_the_steps),
		cmocka_unit_test(a_source_that_fails_fails_the_stream),
		cmocka_unit_test(a_whole_body_comes_back),
		cmocka_unit_test(only_text_gets_smaller),
	};

	fill();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
