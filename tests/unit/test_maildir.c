/* Maildir, trees of files, sorted names: what is handed out, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/inbox.h"
#include "ingest/names.h"

static char top[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static const char *at(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned turn;
	char *dst = path[turn++ % 4];

	(void)snprintf(dst, PATH_MAX, "%s/%s", top, name);
	return dst;
}

static void put(const char *name, const char *content)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	(void)fputs(content, f);
	assert_int_equal(fclose(f), 0);
}

static bool there(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(top, sizeof top, "/tmp/ruad-test.XXXXXX");
	if (mkdtemp(top) == NULL)
		return -1;
	return mkdir(at("new"), 0700) | mkdir(at("cur"), 0700) | mkdir(at("tmp"), 0700);
}

static int teardown(void **state)
{
	(void)state;
	return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct inbox *open_maildir(bool cur)
{
	const struct inbox_options options = { .cur = cur };
	struct inbox *in = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(maildir_open(&in, top, &options, &err), 0);
	return in;
}

/* Every item as "label|name|odd", one a line; all settled as `ending` if it is one. */
static const char *walk(struct inbox *in, int ending)
{
	static char text[8192];
	struct inbox_item item;
	struct err err = ERR_INIT;
	size_t len = 0;
	int rc;

	text[0] = '\0';
	while ((rc = in->ops->next(in, &item, &err)) > 0) {
		len += (size_t)snprintf(text + len, sizeof text - len, "%.*s|%.*s|%s\n",
			SLICE_FMT(item.label), SLICE_FMT(item.id.name),
			item.odd != NULL ? item.odd : "");
		assert_true((item.fd >= 0) == (item.odd == NULL));
		if (item.fd >= 0)
			(void)close(item.fd);
		if (ending >= 0 && item.odd == NULL)
			assert_int_equal(
				in->ops->settle(in, item.cookie, (enum report_ending)ending, &err),
				0);
	}
	assert_int_equal(rc, 0);
	in->ops->close(in);
	return text;
}

static void new_comes_in_order_then_cur_and_never_tmp(void **state)
{
	(void)state;
	put("new/1700000002.M2", "b");
	put("new/1700000001.M1", "a");
	put("new/.hidden", "x");
	put("cur/1600000000.M0:2,RS", "c");
	put("tmp/1500000000.M0", "d");
	assert_string_equal(walk(open_maildir(false), -1),
		"new/1700000001.M1|1700000001.M1|\nnew/1700000002.M2|1700000002.M2|\n");
	assert_string_equal(walk(open_maildir(true), -1),
		"new/1700000001.M1|1700000001.M1|\nnew/1700000002.M2|1700000002.M2|\n"
		"cur/1600000000.M0:2,RS|1600000000.M0|\n");
}

static void a_settled_mail_moves_to_cur_with_its_flags(void **state)
{
	static const struct {
		enum report_ending ending;
		const char *before, *after;
	} cases[] = {
		{ REPORT_STORED, "new/a", "cur/a:2,S" },
		{ REPORT_DUPLICATE, "new/a", "cur/a:2,S" },
		{ REPORT_NOT_A_REPORT, "new/a", "cur/a:2,S" },
		{ REPORT_PARTIAL, "new/a", "cur/a:2,FS" },
		{ REPORT_CONFLICT, "new/a", "cur/a:2,FS" },
		{ REPORT_REFUSED, "new/a", "cur/a:2,FS" },
		{ REPORT_STORED, "new/a:2,", "cur/a:2,S" },
		{ REPORT_STORED, "cur/a", "cur/a:2,S" },
		{ REPORT_STORED, "cur/a:2,S", "cur/a:2,S" },
		{ REPORT_STORED, "cur/a:2,Tab", "cur/a:2,STab" },
		{ REPORT_REFUSED, "cur/a:2,RP", "cur/a:2,FPRS" },
		{ REPORT_STORED, "new/x:1,exp", "cur/x:1,exp:2,S" },
		{ REPORT_STORED, "new/-rf \x1b\xff\n", "cur/-rf \x1b\xff\n:2,S" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		put(cases[i].before, "x");
		(void)walk(open_maildir(true), (int)cases[i].ending);
		if (!there(cases[i].after))
			print_error("no %s\n", cases[i].after);
		assert_true(there(cases[i].after));
		assert_int_equal(unlink(at(cases[i].after)), 0);
	}
	assert_int_equal(rmdir(at("new")), 0);
	assert_int_equal(rmdir(at("cur")), 0);
}

static void a_mail_is_never_moved_over_another(void **state)
{
	char content[8] = "";
	FILE *f;

	(void)state;
	put("new/a", "new");
	put("cur/a:2,S", "old");
	(void)walk(open_maildir(false), REPORT_STORED);
	assert_true(there("cur/a.1:2,S"));
	f = fopen(at("cur/a:2,S"), "r");
	assert_non_null(f);
	assert_int_equal(fread(content, 1, 3, f), 3);
	(void)fclose(f);
	assert_string_equal(content, "old");
}

static void a_name_without_room_for_flags_moves_as_it_is(void **state)
{
	char name[NAME_MAX + 8], before[NAME_MAX + 16], after[NAME_MAX + 16];

	(void)state;
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	(void)snprintf(before, sizeof before, "new/%s", name);
	(void)snprintf(after, sizeof after, "cur/%s", name);
	put(before, "x");
	(void)walk(open_maildir(false), REPORT_STORED);
	assert_true(there(after));
	assert_false(there(before));
}

static void a_mail_that_vanished_is_passed_over_in_silence(void **state)
{
	struct inbox *in;
	struct inbox_item item;
	struct err err = ERR_INIT;

	(void)state;
	put("new/a", "x");
	put("new/b", "x");
	in = open_maildir(false);
	assert_int_equal(in->ops->next(in, &item, &err), 1);
	(void)close(item.fd);
	assert_int_equal(unlink(at("new/a")), 0);
	assert_int_equal(unlink(at("new/b")), 0);
	assert_int_equal(in->ops->settle(in, item.cookie, REPORT_STORED, &err), 0);
	assert_int_equal(in->ops->next(in, &item, &err), 0);
	in->ops->close(in);
}

static void what_is_no_mail_is_named_and_left_alone(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(at("new/1"), 0600), 0);
	assert_int_equal(symlink("/etc/passwd", at("new/2")), 0);
	assert_int_equal(mkdir(at("new/3"), 0700), 0);
	put("new/4", "x");
	assert_string_equal(walk(open_maildir(false), REPORT_STORED),
		"new/1|1|a named pipe\nnew/2|2|a symbolic link\nnew/3|3|a directory\nnew/4|4|\n");
	assert_true(there("new/1") && there("new/2") && there("new/3") && there("cur/4:2,S"));
}

static int knows_all(void *arg, const struct report_mail_id *id, struct err *err)
{
	(void)id;
	(void)err;
	++*(unsigned *)arg;
	return 1;
}

static void a_known_mail_is_not_opened(void **state)
{
	struct inbox *in;
	struct inbox_item item;
	struct err err = ERR_INIT;
	unsigned asked = 0;

	(void)state;
	put("new/a", "content");
	in = open_maildir(false);
	in->known = knows_all;
	in->known_arg = &asked;
	assert_int_equal(in->ops->next(in, &item, &err), 1);
	assert_int_equal(item.fd, -1);
	assert_int_equal(item.id.size, 7);
	assert_null(item.odd);
	assert_int_equal(asked, 1);
	in->ops->close(in);
}

static void a_mail_keeps_its_identity_when_it_is_flagged(void **state)
{
	struct inbox *in;
	struct inbox_item item;
	struct err err = ERR_INIT;
	int64_t mtime_ns;

	(void)state;
	put("new/a", "content");
	in = open_maildir(false);
	assert_int_equal(in->ops->next(in, &item, &err), 1);
	(void)close(item.fd);
	mtime_ns = item.id.mtime_ns;
	assert_int_equal(in->ops->settle(in, item.cookie, REPORT_REFUSED, &err), 0);
	in->ops->close(in);
	in = open_maildir(true);
	assert_int_equal(in->ops->next(in, &item, &err), 1);
	assert_true(slice_equal(item.id.name, SLICE_LIT("a")));
	assert_true(slice_equal(item.id.inbox, slice_of(top)));
	assert_int_equal(item.id.size, 7);
	assert_int_equal(item.id.mtime_ns, mtime_ns);
	(void)close(item.fd);
	in->ops->close(in);
}

static void a_directory_that_is_no_maildir_is_refused_by_name(void **state)
{
	const struct inbox_options options = { .cur = false };
	struct inbox *in = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_true(maildir_is(top));
	assert_int_equal(rmdir(at("tmp")), 0);
	assert_false(maildir_is(top));
	assert_int_equal(rmdir(at("cur")), 0);
	assert_int_equal(maildir_open(&in, top, &options, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.text, "/cur: No such file"));
	assert_null(in);
}

static void names_come_sorted_through_any_number_of_windows(void **state)
{
	const unsigned count = 2 * NAMES_WINDOW + 4465;
	const int fd = open(at("new"), O_RDONLY | O_DIRECTORY);
	struct names *n = NULL;
	struct err err = ERR_INIT;
	const char *name;
	char want[16];

	(void)state;
	assert_true(fd >= 0);
	/* 7919 is coprime to the count: every number once, in no order. */
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(want, sizeof want, "%08u", (unsigned)((uint64_t)i * 7919 % count));
		assert_int_equal(mknodat(fd, want, S_IFREG | 0600, 0), 0);
	}
	assert_int_equal(names_open(&n, fd, &err), 0);
	assert_int_equal(names_count(n), count);
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(want, sizeof want, "%08u", i);
		assert_int_equal(names_next(n, &name, &err), 1);
		assert_string_equal(name, want);
	}
	assert_int_equal(names_next(n, &name, &err), 0);
	names_close(n);
	(void)close(fd);
}

static void a_tree_is_read_in_name_order_and_a_maildir_in_it_as_one(void **state)
{
	char *paths[] = { top, NULL, NULL };
	char one[PATH_MAX];
	struct inbox *in = NULL;
	struct err err = ERR_INIT;
	static char want[2 * PATH_MAX];

	(void)state;
	assert_int_equal(mkdir(at("z"), 0700), 0);
	assert_int_equal(symlink(top, at("z/loop")), 0);
	put("z/report", "x");
	put("a.xml", "x");
	put("new/b", "x");
	put("cur/a:2,S", "x");
	put("tmp/c", "x");
	(void)snprintf(one, sizeof one, "%s", at("z/report"));
	paths[1] = one;
	assert_int_equal(files_open(&in, paths, 2, &err), 0);
	(void)snprintf(want, sizeof want,
		"%s/a.xml|a.xml|\n%s/cur/a:2,S|a|\n%s/new/b|b|\n%s/z/report|report|\n%s|report|\n",
		top, top, top, top, one);
	assert_string_equal(walk(in, REPORT_STORED), want);
	assert_true(there("new/b") && there("cur/a:2,S"));
}

static void a_path_that_is_not_there_is_a_usage_error(void **state)
{
	char *paths[] = { top, NULL };
	char none[] = "/nonexistent/report.xml";
	struct inbox *in = NULL;
	struct err err = ERR_INIT;

	(void)state;
	paths[1] = none;
	assert_int_equal(files_open(&in, paths, 2, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.text, "/nonexistent/report.xml: No such file or directory");
}

#define ON_DISK(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(new_comes_in_order_then_cur_and_never_tmp),
		ON_DISK(a_settled_mail_moves_to_cur_with_its_flags),
		ON_DISK(a_mail_is_never_moved_over_another),
		ON_DISK(a_name_without_room_for_flags_moves_as_it_is),
		ON_DISK(a_mail_that_vanished_is_passed_over_in_silence),
		ON_DISK(what_is_no_mail_is_named_and_left_alone),
		ON_DISK(a_known_mail_is_not_opened),
		ON_DISK(a_mail_keeps_its_identity_when_it_is_flagged),
		ON_DISK(a_directory_that_is_no_maildir_is_refused_by_name),
		ON_DISK(names_come_sorted_through_any_number_of_windows),
		ON_DISK(a_tree_is_read_in_name_order_and_a_maildir_in_it_as_one),
		ON_DISK(a_path_that_is_not_there_is_a_usage_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
