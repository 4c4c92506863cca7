/* Opening: who gets in, what is refused, what the file looks like, and how the schema climbs. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>

#include "store/embedded.h"
#include "tests/unit/store_kit.h"

static void a_missing_file_is_not_found_by_a_reader_and_made_by_a_writer(void **state)
{
	struct kit *kit = *state;
	struct store *st = NULL;
	char path[128];

	(void)snprintf(path, sizeof path, "%s/no/such.db", kit->dir);
	assert_int_equal(store_open(&st, path, STORE_READ, &kit->err), -1);
	assert_int_equal(kit->err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(kit->err.text, path));
	assert_non_null(strstr(kit->err.text, "ruad-ingest"));
	KIT_OK(kit, store_open(&st, path, STORE_WRITE, &kit->err)); /* its parent is there */
	store_close(st);
	st = NULL;
	KIT_OK(kit, store_open(&st, path, STORE_READ, &kit->err));
	store_close(st);
	st = NULL;
	for (size_t i = 0; i < 4; i++) {
		static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
		char name[160];

		(void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
		(void)unlink(name);
	}
	(void)snprintf(path, sizeof path, "%s/no", kit->dir);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof path, "%s/no/such/place.db", kit->dir);
	assert_int_equal(store_open(&st, path, STORE_WRITE, &kit->err), -1);
	assert_non_null(strstr(kit->err.text, "no/such"));
	assert_null(st);
}

static void files_are_for_owner_and_group_whatever_the_umask(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	static const mode_t masks[] = { 0, 0077, 0177 };
	struct kit *kit = *state;
	struct say say = { .records = 1 };

	for (size_t m = 0; m < sizeof masks / sizeof *masks; m++) {
		mode_t before;

		store_close(kit->st);
		kit->st = NULL;
		for (size_t i = 0; i < 4; i++) {
			char name[128];

			(void)snprintf(name, sizeof name, "%s%s", kit->path, ends[i]);
			assert_int_equal(unlink(name), 0);
		}
		before = umask(masks[m]);
		kit_reopen(kit);
		kit_deliver(kit, "1", &say);
		kit_sync(kit);
		(void)umask(before);
		for (size_t i = 0; i < 4; i++) {
			struct stat sb;
			char name[128];

			(void)snprintf(name, sizeof name, "%s%s", kit->path, ends[i]);
			assert_int_equal(stat(name, &sb), 0);
			assert_int_equal(sb.st_mode & 07777, 0640);
		}
	}
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static size_t read_file(const char *path, char *bytes, size_t cap)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, cap, f);
	assert_int_equal(fclose(f), 0);
	return n;
}

static void raw_exec(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void make_noise(const char *path)
{
	write_file(path, "From: someone\n\nhello\n", 21);
}

static void make_foreign(const char *path)
{
	raw_exec(path, "CREATE TABLE bookmark (id INTEGER); INSERT INTO bookmark VALUES (1)");
}

static void make_foreign_with_id(const char *path)
{
	raw_exec(path, "PRAGMA application_id = 252006675; CREATE TABLE x (y)");
}

static void make_newer(const char *path)
{
	struct store *st = NULL;
	struct err err;

	assert_int_equal(store_open(&st, path, STORE_WRITE, &err), 0);
	store_close(st);
	raw_exec(path, "PRAGMA user_version = 4711");
}

static void make_short(const char *path)
{
	struct store *st = NULL;
	struct err err;

	assert_int_equal(store_open(&st, path, STORE_WRITE, &err), 0);
	store_close(st);
	assert_int_equal(truncate(path, 8192), 0);
}

static void make_damaged(const char *path)
{
	static const char zeros[4096 - 100];
	struct store *st = NULL;
	struct err err;
	int fd;

	assert_int_equal(store_open(&st, path, STORE_WRITE, &err), 0);
	store_close(st);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, zeros, sizeof zeros, 100), sizeof zeros);
	assert_int_equal(close(fd), 0);
}

static void what_is_not_ours_is_refused_by_name_and_left_as_it_is(void **state)
{
	static const struct {
		void (*make)(const char *path);
		const char *say;
	} cases[] = { { make_noise, "not a database" }, { make_foreign, "another program" },
		{ make_foreign_with_id, "another program" }, { make_newer, "newer version" },
		{ make_short, "cut short" }, { make_damaged, "malformed" } };
	static char before[512 * 1024], after[sizeof before];
	static const enum store_mode modes[] = { STORE_READ, STORE_WRITE };
	struct kit *kit = *state;
	char path[128];

	(void)snprintf(path, sizeof path, "%s.copy", kit->path);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len;

		cases[i].make(path);
		len = read_file(path, before, sizeof before);
		for (size_t m = 0; m < 2; m++) {
			struct store *st = NULL;

			assert_int_equal(store_open(&st, path, modes[m], &kit->err), -1);
			assert_null(st);
			assert_int_equal(kit->err.code, ERR_STORE);
			assert_non_null(strstr(kit->err.text, path));
			if (strstr(kit->err.text, cases[i].say) == NULL)
				fail_msg("%s does not say %s", kit->err.text, cases[i].say);
			assert_int_equal(read_file(path, after, sizeof after), len);
			assert_memory_equal(before, after, len);
		}
		for (size_t e = 0; e < 4; e++) {
			static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
			char name[160];

			(void)snprintf(name, sizeof name, "%s%s", path, ends[e]);
			(void)unlink(name);
		}
	}
}

static void a_second_writer_is_told_to_come_back(void **state)
{
	struct kit *kit = *state;
	struct store *st = NULL;
	char link[128];
	int status = 0;
	pid_t pid;

	assert_int_equal(store_open(&st, kit->path, STORE_WRITE, &kit->err), -1);
	assert_int_equal(kit->err.code, ERR_BUSY);
	assert_int_equal(err_exit_status(&kit->err), 75);
	/* by another name it is the same file */
	(void)snprintf(link, sizeof link, "%s.copy", kit->path);
	assert_int_equal(symlink(kit->path, link), 0);
	assert_int_equal(store_open(&st, link, STORE_WRITE, &kit->err), -1);
	assert_int_equal(kit->err.code, ERR_BUSY);
	/* readers do not wait */
	KIT_OK(kit, store_open(&st, link, STORE_READ, &kit->err));
	store_close(st);
	store_close(kit->st);
	kit->st = NULL;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (store_open(&st, kit->path, STORE_WRITE, &kit->err) == 0)
			(void)kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* which died with the lock in its hand, and all is well */
	kit_reopen(kit);
}

static void a_reader_cannot_write_and_sees_only_what_is_committed(void **state)
{
	struct kit *kit = *state;
	struct kit reader = { .st = NULL };
	struct say say = { .records = 2 };

	KIT_OK(kit, store_open(&reader.st, kit->path, STORE_READ, &kit->err));
	kit_deliver(kit, "1", &say);
	assert_int_equal(kit_number(&reader, "SELECT count(*) FROM report"), 0);
	kit_sync(kit);
	assert_int_equal(kit_number(&reader, "SELECT count(*) FROM report"), 1);
	assert_int_not_equal(
		sqlite3_exec(reader.st->db, "DELETE FROM report", NULL, NULL, NULL), SQLITE_OK);
	store_close(reader.st);
	assert_int_equal(kit_number(kit, "SELECT count(*) FROM report"), 1);
}

/* 0 it could read, 1 it was told why not, 2 anything else. */
static int try_as_nobody(const char *path)
{
	struct err err = ERR_INIT;
	struct store *st = NULL;
	int64_t version;
	int said = 2;

	if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
		return 2;
	if (store_open(&st, path, STORE_READ, &err) == 0)
		said = store_data_version(st, &version, &err) == 0 ? 0 : 2;
	else if (err.code == ERR_SHORTAGE && strstr(err.text, "-shm") != NULL)
		said = 1;
	store_close(st);
	return said;
}

/* In a child, which is killed because the writer it got from its parent is not its to close. */
static int read_as_nobody(struct kit *kit)
{
	int status = 0, ends[2];
	unsigned char said = 2;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		said = (unsigned char)try_as_nobody(kit->path);
		if (write(ends[1], &said, 1) == 1)
			(void)kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(read(ends[0], &said, 1), 1);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return said;
}

static void a_user_who_may_only_read_can_read(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct kit *kit = *state;
	char name[128];

	if (getuid() != 0)
		skip();
	assert_int_equal(chmod(kit->dir, 0755), 0);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof name, "%s%s", kit->path, ends[i]);
		assert_int_equal(chmod(name, 0644), 0);
	}
	assert_int_equal(read_as_nobody(kit), 0); /* beside a writer */
	store_close(kit->st);
	kit->st = NULL;
	assert_int_equal(read_as_nobody(kit), 0); /* with nobody there */
	for (size_t i = 1; i < 3; i++) {
		(void)snprintf(name, sizeof name, "%s%s", kit->path, ends[i]);
		assert_int_equal(unlink(name), 0);
	}
	assert_int_equal(read_as_nobody(kit), 1); /* a copy of the bare file: said plainly */
}

static void the_log_is_empty_after_a_writer(void **state)
{
	struct kit *kit = *state;
	struct say say = { .records = 200, .xml = 50000, .xml_hard = true };
	struct stat sb;
	char name[128];

	kit_deliver(kit, "1", &say);
	kit_sync(kit);
	(void)snprintf(name, sizeof name, "%s-wal", kit->path);
	assert_int_equal(stat(name, &sb), 0);
	assert_true(sb.st_size > 0);
	store_close(kit->st);
	kit->st = NULL;
	assert_int_equal(stat(name, &sb), 0);
	assert_int_equal(sb.st_size, 0);
}

static void a_mark_differs_after_every_commit_and_only_then(void **state)
{
	struct kit *kit = *state;
	struct store *reader = NULL;
	struct store_mark before, after;
	uint64_t statements;
	char mail[16];

	KIT_OK(kit, store_open(&reader, kit->path, STORE_READ, &kit->err));
	assert_true(store_mark(reader, &before));
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(mail, sizeof mail, "%u.M1", i);
		kit_deliver(kit, mail, &(struct say){ .id = mail, .records = 2, .seed = i });
		assert_true(store_mark(reader, &after)); /* written, not committed */
		assert_memory_equal(&before, &after, sizeof before);
		kit_sync(kit);
		statements = store_statements_here();
		assert_true(store_mark(reader, &after));
		assert_int_equal(store_statements_here(), statements);
		assert_memory_not_equal(&before, &after, sizeof before);
		before = after;
		if (i == 10) {
			kit_reopen(kit); /* empties the log, which begins anew */
			assert_true(store_mark(reader, &before));
		}
	}
	store_close(reader);
	reader = NULL;
	KIT_OK(kit, store_open(&reader, NULL, STORE_MEMORY, &kit->err));
	assert_false(store_mark(reader, &before));
	store_close(reader);
}

static void every_statement_is_counted(void **state)
{
	struct kit *kit = *state;
	uint64_t all = store_statements(), here = store_statements_here();
	int64_t version;

	KIT_OK(kit, store_data_version(kit->st, &version, &kit->err));
	assert_int_equal(store_statements() - all, 1);
	KIT_OK(kit, store_data_version(kit->st, &version, &kit->err));
	kit_exec(kit, "BEGIN; SELECT 1; COMMIT");
	assert_int_equal(store_statements() - all, 5);
	assert_int_equal(store_statements_here() - here, 5);
}

/* SQLite's lock bytes: a reader of a file with a log holds one of these as long as it is open. */
#define SHARED_FIRST (0x40000000 + 2)
#define SHARED_BYTES 510

static bool is_locked(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = SHARED_FIRST,
		.l_len = SHARED_BYTES };
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) { /* to others only is a lock visible */
		int fd = open(path, O_RDWR);

		if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0)
			_exit(2);
		_exit(lock.l_type == F_UNLCK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 1;
}

/* Else another program could take itself for the last user, and remove the log under the first. */
static void a_second_connection_leaves_the_first_its_locks(void **state)
{
	struct kit *kit = *state;
	struct store *first = NULL, *second = NULL;

	store_close(kit->st);
	kit->st = NULL;
	assert_false(is_locked(kit->path));
	KIT_OK(kit, store_open(&first, kit->path, STORE_READ, &kit->err));
	assert_true(is_locked(kit->path));
	KIT_OK(kit, store_open(&second, kit->path, STORE_READ, &kit->err));
	assert_true(is_locked(kit->path));
	store_close(second);
	assert_true(is_locked(kit->path));
	store_close(first);
	assert_false(is_locked(kit->path));
}

/* ---- the ladder -------------------------------------------------------------------------------- */

#define OLD_SCHEMA "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);"
#define STEP_2     "ALTER TABLE a ADD COLUMN y TEXT;"
#define STEP_3     "CREATE INDEX a_y ON a (y); UPDATE a SET y = 'three';"
#define NEW_SCHEMA "CREATE TABLE a (x INTEGER, y TEXT) STRICT; CREATE INDEX a_y ON a (y);"
#define FILE_OF(name, text)                                                                        \
	{                                                                                          \
		name, text, sizeof(text) - 1, ""                                                   \
	}

static struct store *bare_store(void)
{
	struct store *st = calloc(1, sizeof *st);

	assert_non_null(st);
	st->lock_fd = -1;
	st->mode = STORE_MEMORY;
	st->path = strdup("ladder");
	assert_int_equal(sqlite3_open(":memory:", &st->db), SQLITE_OK);
	return st;
}

static struct digest schema_of(struct store *st)
{
	static const char *const query[] = { /* blanks aside: ALTER TABLE writes its own */
		"SELECT type, name, tbl_name, replace(replace(replace(sql, ' ', ''), char(10), ''), "
		"char(9), '') FROM sqlite_schema ORDER BY type, name",
		NULL
	};
	struct kit kit = { .st = st };

	return kit_facts(&kit, query);
}

static void an_old_file_climbs_to_what_a_new_one_is(void **state)
{
	static const struct embedded old_files[] = { FILE_OF("schema.sql", OLD_SCHEMA),
		{ NULL, NULL, 0, NULL } };
	static const struct embedded files[] = { FILE_OF("schema.sql", NEW_SCHEMA),
		FILE_OF("0002_y.sql", STEP_2), FILE_OF("0003_index.sql", STEP_3),
		{ NULL, NULL, 0, NULL } };
	struct kit kit = { .st = bare_store() };
	struct store *fresh = bare_store();
	struct digest a, b;

	(void)state;
	KIT_OK(&kit, migrate_ladder(kit.st, old_files, 1, &kit.err));
	assert_int_equal(kit_number(&kit, "PRAGMA user_version"), 1);
	KIT_OK(&kit, migrate_ladder(kit.st, files, 3, &kit.err));
	KIT_OK(&kit, migrate_ladder(kit.st, files, 3, &kit.err)); /* and stays there */
	assert_int_equal(kit_number(&kit, "PRAGMA user_version"), 3);
	assert_int_equal(kit_number(&kit, "SELECT count(*) FROM a WHERE y = 'three'"), 1);
	KIT_OK(&kit, migrate_ladder(fresh, files, 3, &kit.err));
	a = schema_of(kit.st);
	b = schema_of(fresh);
	assert_memory_equal(a.bytes, b.bytes, sizeof a.bytes);
	assert_int_equal(migrate_ladder(kit.st, old_files, 1, &kit.err), -1);
	assert_int_equal(kit.err.code, ERR_STORE);
	store_close(kit.st);
	store_close(fresh);
}

static void a_step_that_fails_leaves_the_file_on_the_one_before(void **state)
{
	static const struct embedded old_files[] = { FILE_OF("schema.sql", OLD_SCHEMA),
		{ NULL, NULL, 0, NULL } };
	static const struct embedded files[] = { FILE_OF("schema.sql", NEW_SCHEMA),
		FILE_OF("0002_y.sql", STEP_2), FILE_OF("0003_bad.sql", STEP_3 "DROP TABLE gone;"),
		{ NULL, NULL, 0, NULL } };
	struct kit kit = { .st = bare_store() };

	(void)state;
	KIT_OK(&kit, migrate_ladder(kit.st, old_files, 1, &kit.err));
	assert_int_equal(migrate_ladder(kit.st, files, 3, &kit.err), -1);
	assert_non_null(strstr(kit.err.text, "0003_bad.sql"));
	assert_int_equal(kit_number(&kit, "PRAGMA user_version"), 2);
	assert_int_equal(kit_number(&kit, "SELECT count(*) FROM a WHERE y IS NULL"), 1);
	store_close(kit.st);
}

/* Each released schema is kept by its migrations: all steps there are lead from one to the next. */
static void the_steps_in_the_program_lead_to_its_version(void **state)
{
	int version = 1;

	(void)state;
	assert_string_equal(store_schema[0].name, "schema.sql");
	for (const struct embedded *f = store_schema + 1; f->name != NULL; f++) {
		char name[8];

		(void)snprintf(name, sizeof name, "%04d_", ++version);
		assert_true(slice_starts(slice_of(f->name), slice_of(name)));
	}
	assert_int_equal(version, SCHEMA_VERSION);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(a_missing_file_is_not_found_by_a_reader_and_made_by_a_writer),
		WITH_STORE(files_are_for_owner_and_group_whatever_the_umask),
		WITH_STORE(what_is_not_ours_is_refused_by_name_and_left_as_it_is),
		WITH_STORE(a_second_writer_is_told_to_come_back),
		WITH_STORE(a_reader_cannot_write_and_sees_only_what_is_committed),
		WITH_STORE(a_user_who_may_only_read_can_read),
		WITH_STORE(the_log_is_empty_after_a_writer),
		WITH_STORE(a_mark_differs_after_every_commit_and_only_then),
		WITH_STORE(every_statement_is_counted),
		WITH_STORE(a_second_connection_leaves_the_first_its_locks),
		cmocka_unit_test(an_old_file_climbs_to_what_a_new_one_is),
		cmocka_unit_test(a_step_that_fails_leaves_the_file_on_the_one_before),
		cmocka_unit_test(the_steps_in_the_program_lead_to_its_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
