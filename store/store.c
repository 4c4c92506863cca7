#include "store/sql.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define DIRECTORY_MODE 0750
#define FILE_MODE      0640 /* whatever the umask; SQLite gives -wal and -shm the same */

/* The first bytes of every SQLite file (https://www.sqlite.org/fileformat.html, 1.3). */
#define HEADER_BYTES          100
#define HEADER_PAGE_SIZE      16
#define HEADER_WRITE_VERSION  18
#define HEADER_VERSION_LOG    2
#define HEADER_PAGE_COUNT     28
#define HEADER_APPLICATION_ID 68

#define TEXT_BYTES_MAX (16 * 1024 * 1024)
#define SQL_BYTES_MAX  (64 * 1024)
#define WAL_BYTES_KEEP (16 * 1024 * 1024)
/* Of a new file. Twice SQLite's own: half the calls for as many bytes, and a lower tree. */
#define PAGE_BYTES 8192
/* As much: pages that change with every batch are copied home once for several of them. */
#define WAL_PAGES_MAX   (WAL_BYTES_KEEP / PAGE_BYTES)
#define UNDO_BYTES_KEEP (120 * 1024)
#define CLOSING_MS_MAX  500

static const char *printable_path(struct err_quote *q, const struct store *st)
{
	return err_printable(q, slice_of(store_path(st)));
}

/* ---- the file ---------------------------------------------------------------------------- */

static uint32_t big32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Write-ahead logs need shared memory, which network file systems do not give. */
static bool on_network(const char *file)
{
	static const uint32_t kinds[] = { 0x6969 /* NFS */, 0x517b /* SMB */, 0xff534d42 /* CIFS */,
		0xfe534d42 /* SMB2 */, 0x5346414f /* AFS */ };
	struct statfs fs;

	if (statfs(file, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if ((uint32_t)fs.f_type == kinds[i])
			return true;
	}
	return false;
}

/* True when a log lies beside the file: then the file itself may be behind. */
static bool has_log(const char *file)
{
	char *name = NULL;
	struct stat sb;
	bool found;

	if (asprintf(&name, "%s-wal", file) < 0)
		return true;
	found = stat(name, &sb) == 0 && sb.st_size > 0;
	free(name);
	return found;
}

/* Before SQLite opens it: a pipe would hang it, a directory tells it nothing useful. */
static int check_file(struct store *st, off_t *ret_size, struct err *err)
{
	struct err_quote q;
	struct stat sb;

	if (stat(st->file, &sb) < 0 || (S_ISREG(sb.st_mode) && access(st->file, R_OK) < 0))
		return err_errno(err, ERR_STORE, errno, "%s", printable_path(&q, st));
	if (!S_ISREG(sb.st_mode))
		return err_set(err, ERR_STORE, "%s: not a regular file", printable_path(&q, st));
	if (on_network(st->file))
		return err_set(err, ERR_STORE,
			"%s: on a network file system, where a database cannot be shared safely: "
			"put it on a local disk",
			printable_path(&q, st));
	if (sb.st_size == 0 && st->mode == STORE_READ)
		return err_set(err, ERR_NOT_FOUND,
			"%s: empty so far: ruad-ingest has not finished a run",
			printable_path(&q, st));
	st->identity = (uint64_t)sb.st_ino * 31 + (uint64_t)sb.st_dev;
	*ret_size = sb.st_size;
	return 0;
}

/*
 * What can be told of a file before the first statement: a foreign one is never touched, not even
 * by the recovery of its own journal. Read through SQLite's descriptor: closing one of our own
 * would drop the locks of every connection this process has to the file (POSIX, fcntl(2)), and
 * then another program might take itself for the last user and remove the log under us.
 */
static int check_header(struct store *st, off_t size, struct err *err)
{
	unsigned char head[HEADER_BYTES];
	sqlite3_file *file = sql_file(st);
	struct err_quote q;
	uint64_t page;

	if (size == 0)
		return 0;
	if (size < HEADER_BYTES || file == NULL ||
		file->pMethods->xRead(file, head, HEADER_BYTES, 0) != SQLITE_OK ||
		memcmp(head, "SQLite format 3", 16) != 0)
		return err_set(err, ERR_STORE, "%s: not a database, left as it is",
			printable_path(&q, st));
	if (big32(head + HEADER_APPLICATION_ID) != SCHEMA_APPLICATION_ID)
		return err_set(err, ERR_STORE, "%s: a database of another program, left as it is",
			printable_path(&q, st));
	st->has_log = head[HEADER_WRITE_VERSION] == HEADER_VERSION_LOG;
	page = (uint64_t)head[HEADER_PAGE_SIZE] << 8 | head[HEADER_PAGE_SIZE + 1];
	if (page == 1)
		page = 65536;
	if ((uint64_t)size < page * big32(head + HEADER_PAGE_COUNT) && !has_log(st->file))
		return err_set(err, ERR_STORE,
			"%s: cut short (%lld bytes of %llu): restore it from a backup, or move it away to "
			"begin anew",
			printable_path(&q, st), (long long)size,
			(unsigned long long)(page * big32(head + HEADER_PAGE_COUNT)));
	return 0;
}

/* The directory is made when only it is missing: a whole missing path is a spelling mistake. */
static int create_file(const struct store *st, struct err *err)
{
	struct err_quote q;
	const char *slash = strrchr(st->path, '/');
	char *directory;
	int fd;

	if (slash != NULL && slash != st->path) {
		directory = strndup(st->path, (size_t)(slash - st->path));
		if (directory == NULL)
			return err_set(err, ERR_SHORTAGE, "no memory");
		if (mkdir(directory, DIRECTORY_MODE) < 0 && errno != EEXIST) {
			err_errno(err, ERR_USAGE, errno, "%s", directory);
			free(directory);
			return -1;
		}
		free(directory);
	}
	fd = open(st->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return errno == EEXIST
			       ? 0
			       : err_errno(err, ERR_SHORTAGE, errno, "%s", printable_path(&q, st));
	if (fchmod(fd, FILE_MODE) < 0) {
		err_errno(err, ERR_SHORTAGE, errno, "%s", printable_path(&q, st));
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

/* The one name all processes call the file by: links resolved, so that they lock one lock. */
static int find_file(struct store *st, struct err *err)
{
	struct err_quote q;

	if (access(st->path, F_OK) < 0 && errno == ENOENT) {
		if (st->mode == STORE_READ)
			return err_set(err, ERR_NOT_FOUND,
				"%s: no such database: ruad-ingest makes it on its first run",
				printable_path(&q, st));
		if (create_file(st, err) < 0)
			return -1;
	}
	st->file = realpath(st->path, NULL);
	if (st->file == NULL)
		return err_errno(err, errno == EACCES ? ERR_SHORTAGE : ERR_STORE, errno, "%s",
			printable_path(&q, st));
	return 0;
}

/* ---- the connection ------------------------------------------------------------------------ */

static void harden(sqlite3 *db)
{
	static const int limits[][2] = {
		{ SQLITE_LIMIT_LENGTH, TEXT_BYTES_MAX },
		{ SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 8 },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 },
	};

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		(void)sqlite3_limit(db, limits[i][0], limits[i][1]);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, (int *)NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)NULL);
	/* Only the writer checkpoints, and it does so in store_close(). The empty log that stays
	 * lets a reader in who may not write to the directory. */
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	(void)sqlite3_extended_result_codes(db, 1);
	(void)sqlite3_busy_timeout(db, BUSY_MS_MAX);
}

/*
 * Once a process, before SQLite wakes up. A savepoint's undo journal goes to a temporary file when
 * it passes 64 KiB, which nearly every mail does by a little: 40 writes a mail, a third of the time
 * of storing it. Not 128 KiB or more: what was in memory goes to the file in one write, SQLite's
 * unix layer cuts a write at 0x1ffff bytes and takes the rest for a full disk. Statistics of
 * SQLite's memory are asked for by nobody.
 */
static void configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, UNDO_BYTES_KEEP);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int connect_db(struct store *st, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_NOMUTEX;

	(void)pthread_once(&once, configure);
	if (st->mode == STORE_READ)
		flags |= SQLITE_OPEN_READONLY;
	else
		flags |= SQLITE_OPEN_READWRITE;
	if (st->mode == STORE_MEMORY)
		flags |= SQLITE_OPEN_MEMORY;
	if (sqlite3_open_v2(st->mode == STORE_MEMORY ? ":memory:" : st->file, &st->db, flags,
		    NULL) != SQLITE_OK)
		return sql_fail(st, err, "cannot open");
	harden(st->db);
	mark_count(st);
	return 0;
}

static int set_pragmas(struct store *st, struct err *err)
{
	char text[256];

	(void)snprintf(text, sizeof text,
		"PRAGMA page_size = %d; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
		"PRAGMA cell_size_check = ON;"
		"PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = %d;"
		"PRAGMA journal_size_limit = %d; PRAGMA query_only = %s",
		PAGE_BYTES, WAL_PAGES_MAX, WAL_BYTES_KEEP, st->mode == STORE_READ ? "ON" : "OFF");
	return sql_exec(st, text, err) < 0 ? -1 : sql_cache(st, CACHE_KIB, err);
}

/* A reader without write permission fails on the first read when the log's files are missing. */
static int explain_readonly(struct store *st, struct err *err)
{
	struct err_quote q;
	int result = sqlite3_extended_errcode(st->db) & 0xff;

	if (result != SQLITE_READONLY && result != SQLITE_CANTOPEN)
		return -1;
	return err_set(err, ERR_SHORTAGE,
		"%s: cannot be opened by this user: its -wal and -shm files are missing and the "
		"directory is not writable; run ruad-ingest once, or run as a user of the "
		"directory's group",
		printable_path(&q, st));
}

static int open_reader(struct store *st, struct err *err)
{
	off_t size = 0;

	if (find_file(st, err) < 0 || check_file(st, &size, err) < 0 || connect_db(st, err) < 0 ||
		check_header(st, size, err) < 0)
		return -1;
	if (set_pragmas(st, err) < 0 || migrate_check(st, err) < 0)
		return explain_readonly(st, err);
	return 0;
}

static int open_writer(struct store *st, struct err *err)
{
	off_t size = 0;

	if (find_file(st, err) < 0 || check_file(st, &size, err) < 0 ||
		lock_take(st->file, &st->lock_fd, err) < 0 || connect_db(st, err) < 0 ||
		check_header(st, size, err) < 0)
		return -1;
	/* The schema comes before the log, so that the header of the file itself says whose it is
	 * from the first moment there is one. */
	if (set_pragmas(st, err) < 0 || migrate_up(st, err) < 0)
		return -1;
	/* The read makes the log's files, for readers who may not make them. */
	return sql_exec(st, "PRAGMA journal_mode = WAL; SELECT 1 FROM meta", err);
}

static int open_memory(struct store *st, struct err *err)
{
	if (connect_db(st, err) < 0 || set_pragmas(st, err) < 0)
		return -1;
	return migrate_up(st, err);
}

int store_open(struct store **ret, const char *path, enum store_mode mode, struct err *err)
{
	static int (*const opens[])(struct store *, struct err *) = {
		[STORE_READ] = open_reader,
		[STORE_WRITE] = open_writer,
		[STORE_MEMORY] = open_memory,
	};
	struct store *st = calloc(1, sizeof *st);

	assert(mode == STORE_MEMORY || path != NULL);
	if (st == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	st->lock_fd = -1;
	st->mode = mode;
	st->keys = true;
	st->options.keep_originals = true;
	st->path = strdup(path != NULL ? path : "(in memory)");
	if (st->path == NULL) {
		err_set(err, ERR_SHORTAGE, "no memory");
		goto fail;
	}
	if (opens[mode](st, err) < 0)
		goto fail;
	if (mode != STORE_READ &&
		(writer_open(&st->writer, st, err) < 0 || assess_open(&st->assess, st, err) < 0))
		goto fail;
	*ret = st;
	return 0;
fail:
	store_close(st);
	return -1;
}

void store_close(struct store *st)
{
	if (st == NULL)
		return;
	writer_close(st->writer);
	assess_close(st->assess);
	if (st->db != NULL && sqlite3_get_autocommit(st->db) == 0)
		(void)sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
	for (size_t i = 0; i < STMT_COUNT; i++)
		(void)sqlite3_finalize(st->stmts[i]);
	if (st->db != NULL && st->mode == STORE_WRITE && st->writer != NULL) {
		/* A long reader keeps the log from being emptied: the next writer will do it. */
		(void)sqlite3_busy_timeout(st->db, CLOSING_MS_MAX);
		(void)sqlite3_wal_checkpoint_v2(
			st->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	}
	(void)sqlite3_close(st->db);
	lock_drop(st->lock_fd);
	free(st->file);
	free(st->path);
	free(st);
}

void store_set_options(struct store *st, const struct store_options *options)
{
	st->options = *options;
}

int store_load(struct store *st, struct err *err)
{
#ifdef NDEBUG
	st->keys = false;
#endif
	return sql_keys(st, st->keys, err);
}

int sql_keys(struct store *st, bool enforce, struct err *err)
{
	return sql_exec(
		st, enforce ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF", err);
}

const char *store_path(const struct store *st)
{
	return st->path;
}

uint64_t store_identity(const struct store *st)
{
	return st->identity;
}

const char *store_sqlite_version(void)
{
	return sqlite3_libversion();
}

int store_data_version(struct store *st, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_DATA_VERSION, &stmt, err) < 0)
		return -1;
	more = sql_step(st, stmt, "cannot read the data version", err);
	if (more < 0)
		return -1;
	if (more > 0)
		*ret = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	return more > 0 ? 0 : err_set(err, ERR_STORE, "%s: no data version", store_path(st));
}
