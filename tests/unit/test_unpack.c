/* Containers: found by their first bytes, followed two deep, bounded, and broken ones named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>
#include <zlib.h>

#include "ingest/unpack.h"
#include "store/base/buf.h"
#include "store/base/limits.h"

#define XML "<feedback>a report</feedback>"

/* ---- making containers ------------------------------------------------------------------- */

static void gzip_into(struct buf *out, struct slice in)
{
	z_stream z;
	char *room;

	memset(&z, 0, sizeof z);
	assert_int_equal(
		deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	room = buf_room(out, deflateBound(&z, in.len) + 64);
	assert_non_null(room);
	z.next_in = (unsigned char *)(uintptr_t)in.ptr;
	z.avail_in = (unsigned)in.len;
	z.next_out = (unsigned char *)room;
	z.avail_out = (unsigned)(deflateBound(&z, in.len) + 64);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	(void)deflateEnd(&z);
}

struct file {
	const char *name; /* NULL ends the list; "dir/" is a directory */
	struct slice data;
};

static la_ssize_t zip_write(struct archive *a, void *arg, const void *bytes, size_t len)
{
	(void)a;
	buf_add(arg, slice_from(bytes, len));
	return (la_ssize_t)len;
}

static void zip_into(struct buf *out, const struct file *files, const char *options)
{
	struct archive *a = archive_write_new();

	assert_int_equal(archive_write_set_format_zip(a), ARCHIVE_OK);
	(void)archive_write_set_bytes_in_last_block(a, 1);
	if (options != NULL)
		assert_int_equal(archive_write_set_options(a, options), ARCHIVE_OK);
	(void)archive_write_set_passphrase(a, "secret");
	assert_int_equal(archive_write_open(a, out, NULL, zip_write, NULL), ARCHIVE_OK);
	for (; files->name != NULL; files++) {
		struct archive_entry *entry = archive_entry_new();
		size_t len = strlen(files->name);
		bool directory = len > 0 && files->name[len - 1] == '/';

		archive_entry_set_pathname(entry, files->name);
		archive_entry_set_filetype(entry, directory ? AE_IFDIR : AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		if (!directory)
			archive_entry_set_size(entry, (la_int64_t)files->data.len);
		assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
		if (files->data.len > 0)
			(void)archive_write_data(a, files->data.ptr, files->data.len);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	(void)archive_write_free(a);
}

/* ---- reading them ------------------------------------------------------------------------ */

struct fixture {
	struct buf bytes, more, said;
	struct unpack_budget budget;
	bool again; /* read each entry twice */
};

static void begin(struct fixture *f)
{
	*f = (struct fixture){ .budget = UNPACK_BUDGET_INIT };
	buf_init(&f->bytes, (size_t)1 << 30);
	buf_init(&f->more, (size_t)1 << 30);
	buf_init(&f->said, (size_t)1 << 30);
}

static void end(struct fixture *f)
{
	buf_release(&f->bytes);
	buf_release(&f->more);
	buf_release(&f->said);
}

static void read_entry(struct fixture *f, const struct unpack_entry *entry)
{
	static const char *const how[] = { "plain", "gzip", "zip" };
	struct err err = ERR_INIT;
	char chunk[1000];
	size_t total = 0;
	ssize_t n;

	buf_printf(&f->said, "%s %.*s: ", how[entry->how], SLICE_FMT(entry->name));
	while ((n = entry->data->read(entry->data, chunk, sizeof chunk, &err)) > 0) {
		if (total < 100)
			buf_add(&f->said, slice_from(chunk, n < 100 ? (size_t)n : 100));
		total += (size_t)n;
	}
	if (total > 100)
		buf_printf(&f->said, " (%zu bytes)", total);
	if (n < 0)
		buf_printf(&f->said, " [%s]", err.text);
	buf_add_text(&f->said, "\n");
}

/* One line an entry; errors in brackets. */
static const char *unpacked(struct fixture *f, struct slice bytes)
{
	struct reader_slice reader;
	struct unpack *u = NULL;
	struct unpack_entry entry;
	struct err err = ERR_INIT;
	int more;

	buf_clear(&f->said);
	if (unpack_open(&u, reader_slice_init(&reader, bytes), &f->budget, &err) < 0) {
		buf_printf(&f->said, "[%s]\n", err.text);
		return buf_text(&f->said);
	}
	while ((more = unpack_next(u, &entry, &err)) != 0) {
		if (more > 0) {
			read_entry(f, &entry);
			if (f->again) {
				assert_int_equal(unpack_again(u, &entry, &err), 0);
				read_entry(f, &entry);
			}
			continue;
		}
		assert_int_equal(err.code, ERR_REPORT);
		buf_printf(&f->said, "[%s]\n", err.text);
		err_clear(&err);
	}
	unpack_close(u);
	return buf_text(&f->said);
}

static void bytes_that_are_no_container_are_handed_on(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_string_equal(unpacked(&f, slice_of(XML)), "plain : " XML "\n");
	assert_string_equal(unpacked(&f, slice_of("")), "plain : \n");
	assert_string_equal(unpacked(&f, slice_of("\x1f")), "plain : \x1f\n");
	assert_string_equal(unpacked(&f, slice_of("PK")), "plain : PK\n");
	end(&f);
}

static void gzip_is_read_with_whatever_stands_behind_it(void **state)
{
	static const struct slice behind[] = { { "", 0 }, { "\r\n", 2 }, { "\0\0\0\0\0", 5 },
		{ "trailing text", 13 }, { "\x1f", 1 }, { "\x1f\x8b junk", 7 } };
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
		buf_clear(&f.bytes);
		gzip_into(&f.bytes, slice_of(XML));
		buf_add(&f.bytes, behind[i]);
		assert_string_equal(unpacked(&f, buf_slice(&f.bytes)), "gzip : " XML "\n");
	}
	end(&f);
}

static void members_of_a_gzip_are_one_file_up_to_a_limit(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	gzip_into(&f.bytes, slice_of("<feedback>a "));
	gzip_into(&f.bytes, slice_of("report</feedback>"));
	assert_string_equal(unpacked(&f, buf_slice(&f.bytes)), "gzip : " XML "\n");
	buf_clear(&f.bytes);
	for (int i = 0; i < GZIP_MEMBERS_MAX; i++)
		gzip_into(&f.bytes, slice_of("x"));
	assert_null(strstr(unpacked(&f, buf_slice(&f.bytes)), "members"));
	gzip_into(&f.bytes, slice_of("x"));
	assert_non_null(strstr(unpacked(&f, buf_slice(&f.bytes)), "[gzip: more than 100 members]"));
	end(&f);
}

static void a_gzip_cut_anywhere_gives_what_came_out_and_an_error(void **state)
{
	struct fixture f;
	struct slice whole;

	(void)state;
	begin(&f);
	gzip_into(&f.bytes, slice_of(XML));
	whole = buf_slice(&f.bytes);
	for (size_t len = 2; len < whole.len; len++) {
		const char *said = unpacked(&f, slice_from(whole.ptr, len));

		assert_non_null(strstr(said, "[gzip: cut short after "));
		if (len > whole.len - 8)
			assert_non_null(strstr(said, XML));
	}
	end(&f);
}

static void a_gzip_whose_checksum_or_length_is_wrong_is_told(void **state)
{
	struct fixture f;

	(void)state;
	for (size_t from_end = 1; from_end <= 8; from_end++) {
		begin(&f);
		gzip_into(&f.bytes, slice_of(XML));
		f.bytes.ptr[f.bytes.len - from_end] ^= 0x10;
		assert_non_null(strstr(
			unpacked(&f, buf_slice(&f.bytes)), "gzip : " XML " [gzip: incorrect"));
		end(&f);
	}
}

static void containers_in_containers_are_followed_two_deep(void **state)
{
	const struct file xml[] = { { "r.xml", slice_of(XML) }, { NULL, SLICE_ABSENT } };
	struct fixture f;
	struct file inner[] = { { "inner", SLICE_ABSENT }, { NULL, SLICE_ABSENT } };

	(void)state;
	for (int again = 0; again < 2; again++) {
		begin(&f);
		gzip_into(&f.more, slice_of(XML)); /* gzip in gzip */
		gzip_into(&f.bytes, buf_slice(&f.more));
		assert_string_equal(unpacked(&f, buf_slice(&f.bytes)), "gzip : " XML "\n");
		buf_clear(&f.more); /* a third */
		gzip_into(&f.more, buf_slice(&f.bytes));
		assert_string_equal(unpacked(&f, buf_slice(&f.more)),
			"[more than 2 containers inside each other]\n");

		buf_clear(&f.bytes);
		buf_clear(&f.more);
		zip_into(&f.more, xml, NULL); /* zip in gzip */
		gzip_into(&f.bytes, buf_slice(&f.more));
		assert_string_equal(unpacked(&f, buf_slice(&f.bytes)), "zip r.xml: " XML "\n");

		buf_clear(&f.bytes);
		inner[0].data = buf_slice(&f.more); /* zip in zip */
		zip_into(&f.bytes, inner, NULL);
		assert_string_equal(unpacked(&f, buf_slice(&f.bytes)), "zip r.xml: " XML "\n");

		buf_clear(&f.bytes);
		buf_clear(&f.more);
		gzip_into(&f.more, slice_of(XML)); /* gzip in zip */
		inner[0].data = buf_slice(&f.more);
		zip_into(&f.bytes, inner, NULL);
		f.again = again > 0;
		assert_string_equal(unpacked(&f, buf_slice(&f.bytes)),
			again ? "gzip inner: " XML "\ngzip inner: " XML "\n"
			      : "gzip inner: " XML "\n");
		end(&f);
	}
}

static void an_entry_can_be_read_again(void **state)
{
	const struct file files[] = { { "1", slice_of("one") }, { "2", slice_of("two") },
		{ NULL, SLICE_ABSENT } };
	struct fixture f;

	(void)state;
	begin(&f);
	f.again = true;
	assert_string_equal(unpacked(&f, slice_of(XML)), "plain : " XML "\nplain : " XML "\n");
	gzip_into(&f.bytes, slice_of(XML));
	assert_string_equal(unpacked(&f, buf_slice(&f.bytes)), "gzip : " XML "\ngzip : " XML "\n");
	buf_clear(&f.bytes);
	zip_into(&f.bytes, files, NULL);
	assert_string_equal(unpacked(&f, buf_slice(&f.bytes)),
		"zip 1: one\nzip 1: one\nzip 2: two\nzip 2: two\n");
	end(&f);
}

static void a_zip_gives_its_files_and_nothing_else(void **state)
{
	const struct file files[] = { { "dir/", SLICE_ABSENT }, { "dir/a.xml", slice_of("A") },
		{ "__MACOSX/dir/._a.xml", slice_of("fork") }, { "._b.xml", slice_of("fork") },
		{ "../../etc/passwd", slice_of("B") }, { NULL, SLICE_ABSENT } };
	struct fixture f;

	(void)state;
	begin(&f);
	zip_into(&f.bytes, files, NULL);
	assert_string_equal(
		unpacked(&f, buf_slice(&f.bytes)), "zip dir/a.xml: A\nzip ../../etc/passwd: B\n");
	end(&f);
}

static void a_zip_is_read_with_junk_around_it(void **state)
{
	const struct file files[] = { { "a.xml", slice_of(XML) }, { NULL, SLICE_ABSENT } };
	static const struct {
		const char *before, *after;
	} cases[] = { { "", "\r\n" }, { "", "\n\n\n\n" }, { "junk\r\n", "" } };
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		begin(&f);
		buf_add_text(&f.bytes, cases[i].before);
		zip_into(&f.bytes, files, NULL);
		buf_add_text(&f.bytes, cases[i].after);
		assert_string_equal(unpacked(&f, buf_slice(&f.bytes)), "zip a.xml: " XML "\n");
		end(&f);
	}
}

static void an_empty_file_in_a_zip_is_told(void **state)
{
	const struct file files[] = { { "a.xml", slice_of("") }, { "b.xml", slice_of(XML) },
		{ NULL, SLICE_ABSENT } };
	struct fixture f;

	(void)state;
	begin(&f);
	zip_into(&f.bytes, files, NULL);
	assert_string_equal(
		unpacked(&f, buf_slice(&f.bytes)), "[a.xml: empty]\nzip b.xml: " XML "\n");
	end(&f);
}

static void an_encrypted_file_is_named_so(void **state)
{
	const struct file files[] = { { "a.xml", slice_of(XML) }, { NULL, SLICE_ABSENT } };
	struct fixture f;

	(void)state;
	begin(&f);
	zip_into(&f.bytes, files, "zip:encryption=traditional");
	assert_string_equal(unpacked(&f, buf_slice(&f.bytes)), "[a.xml: zip: encrypted]\n");
	end(&f);
}

static void a_broken_file_does_not_lose_its_neighbours(void **state)
{
	char noise[5000];
	const struct file files[] = { { "a.xml", slice_of("A") },
		{ "b.xml", slice_from(noise, sizeof noise) }, { "c.xml", slice_of("C") },
		{ NULL, SLICE_ABSENT } };
	struct fixture f;
	const char *said;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (char)('a' + (i * i / 7 + i) % 26);
	begin(&f);
	zip_into(&f.bytes, files, "zip:compression=store");
	at = slice_find(buf_slice(&f.bytes), slice_from(noise, 100));
	assert_int_not_equal(at, SIZE_MAX);
	f.bytes.ptr[at + 2500] ^= 1;
	said = unpacked(&f, buf_slice(&f.bytes));
	assert_non_null(strstr(said, "zip a.xml: A\nzip b.xml: "));
	assert_non_null(strstr(said, "[zip: ZIP bad CRC"));
	assert_non_null(strstr(said, "\nzip c.xml: C\n"));
	end(&f);
}

static void a_zip_cut_anywhere_is_told_why(void **state)
{
	const struct file files[] = { { "a.xml", slice_of(XML) }, { NULL, SLICE_ABSENT } };
	struct fixture f;
	struct slice whole;

	(void)state;
	begin(&f);
	zip_into(&f.bytes, files, NULL);
	whole = buf_slice(&f.bytes);
	for (size_t len = 4; len < whole.len; len++)
		assert_non_null(strstr(unpacked(&f, slice_from(whole.ptr, len)), "[zip: "));
	assert_string_equal(unpacked(&f, slice_from(whole.ptr, whole.len - 30)),
		"[zip: no end of central directory, cut short]\n");
	end(&f);
}

static void a_zip_of_too_many_files_gives_the_first_and_says_so(void **state)
{
	struct file files[ARCHIVE_ENTRIES_MAX + 2];
	struct fixture f;
	const char *said;

	(void)state;
	for (size_t i = 0; i <= ARCHIVE_ENTRIES_MAX; i++)
		files[i] = (struct file){ "x.xml", slice_of("X") };
	files[ARCHIVE_ENTRIES_MAX] = (struct file){ NULL, SLICE_ABSENT };
	begin(&f);
	zip_into(&f.bytes, files, NULL);
	assert_null(strstr(unpacked(&f, buf_slice(&f.bytes)), "["));
	files[ARCHIVE_ENTRIES_MAX] = files[0];
	files[ARCHIVE_ENTRIES_MAX + 1] = (struct file){ NULL, SLICE_ABSENT };
	buf_clear(&f.bytes);
	zip_into(&f.bytes, files, NULL);
	said = unpacked(&f, buf_slice(&f.bytes));
	assert_non_null(strstr(said, "zip x.xml: X\n[zip: more than 64 files]\n"));
	end(&f);
}

static void an_attachment_that_is_too_large_is_refused(void **state)
{
	struct fixture f;
	char *room;

	(void)state;
	begin(&f);
	room = buf_room(&f.bytes, ATTACHMENT_BYTES_MAX + 1);
	assert_non_null(room);
	memset(room, 'x', ATTACHMENT_BYTES_MAX + 1);
	f.bytes.len = ATTACHMENT_BYTES_MAX;
	assert_non_null(strstr(unpacked(&f, buf_slice(&f.bytes)), "(33554432 bytes)\n"));
	f.bytes.len++;
	assert_string_equal(unpacked(&f, buf_slice(&f.bytes)), "[longer than 33554432 bytes]\n");
	end(&f);
}

/* 64 MiB of one letter: 1000 to 1. */
static void fill(struct buf *b, size_t len)
{
	char *room = buf_room(b, len);

	assert_non_null(room);
	memset(room, '<', len);
	b->len += len;
}

static void a_bomb_is_stopped_by_its_ratio(void **state)
{
	struct file files[] = { { "bomb.xml", SLICE_ABSENT }, { NULL, SLICE_ABSENT } };
	struct fixture f;

	(void)state;
	begin(&f);
	fill(&f.more, 4 * UNPACKED_RATIO_FROM);
	gzip_into(&f.bytes, buf_slice(&f.more));
	assert_non_null(
		strstr(unpacked(&f, buf_slice(&f.bytes)), "[unpacks to more than 200 times"));
	buf_clear(&f.bytes);
	files[0].data = buf_slice(&f.more);
	zip_into(&f.bytes, files, NULL);
	assert_non_null(
		strstr(unpacked(&f, buf_slice(&f.bytes)), "[unpacks to more than 200 times"));
	/* Under the floor the ratio is not judged. */
	buf_clear(&f.bytes);
	gzip_into(&f.bytes, slice_from(f.more.ptr, (size_t)UNPACKED_RATIO_FROM));
	assert_null(strstr(unpacked(&f, buf_slice(&f.bytes)), "["));
	end(&f);
}

static void the_budget_is_of_the_whole_mail_and_not_of_one_attachment(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	fill(&f.more, 1000);
	gzip_into(&f.bytes, buf_slice(&f.more));
	f.budget.bytes_left = 2500;
	f.again = true; /* what is read twice counts once */
	assert_null(strstr(unpacked(&f, buf_slice(&f.bytes)), "["));
	assert_null(strstr(unpacked(&f, buf_slice(&f.bytes)), "["));
	assert_int_equal(f.budget.bytes_left, 500);
	f.again = false;
	assert_non_null(strstr(unpacked(&f, buf_slice(&f.bytes)), "the mail unpacks to more than"));
	end(&f);
}

static ssize_t failing_read(struct reader *r, void *dst, size_t cap, struct err *err)
{
	(void)r;
	(void)dst;
	(void)cap;
	return err_set(err, ERR_SHORTAGE, "disk gone");
}

static void a_failing_reader_is_heard(void **state)
{
	struct unpack_budget budget = UNPACK_BUDGET_INIT;
	struct reader reader = { failing_read };
	struct unpack *u = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(unpack_open(&u, &reader, &budget, &err), -1);
	assert_int_equal(err.code, ERR_SHORTAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_that_are_no_container_are_handed_on),
		cmocka_unit_test(gzip_is_read_with_whatever_stands_behind_it),
		cmocka_unit_test(members_of_a_gzip_are_one_file_up_to_a_limit),
		cmocka_unit_test(a_gzip_cut_anywhere_gives_what_came_out_and_an_error),
		cmocka_unit_test(a_gzip_whose_checksum_or_length_is_wrong_is_told),
		cmocka_unit_test(containers_in_containers_are_followed_two_deep),
		cmocka_unit_test(an_entry_can_be_read_again),
		cmocka_unit_test(a_zip_gives_its_files_and_nothing_else),
		cmocka_unit_test(a_zip_is_read_with_junk_around_it),
		cmocka_unit_test(an_empty_file_in_a_zip_is_told),
		cmocka_unit_test(an_encrypted_file_is_named_so),
		cmocka_unit_test(a_broken_file_does_not_lose_its_neighbours),
		cmocka_unit_test(a_zip_cut_anywhere_is_told_why),
		cmocka_unit_test(a_zip_of_too_many_files_gives_the_first_and_says_so),
		cmocka_unit_test(an_attachment_that_is_too_large_is_refused),
		cmocka_unit_test(a_bomb_is_stopped_by_its_ratio),
		cmocka_unit_test(the_budget_is_of_the_whole_mail_and_not_of_one_attachment),
		cmocka_unit_test(a_failing_reader_is_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
