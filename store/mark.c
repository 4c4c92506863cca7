#include "store/sql.h"

#include <stdatomic.h>

/*
 * The index of a write-ahead log begins with a header of 48 bytes, twice: number of the last
 * commit, frames in the log, running checksum and salts of the log
 * (https://www.sqlite.org/walformat.html, 2.1). A committing writer writes the second copy, a
 * barrier, then the first; a reader who finds both alike has a whole one. This is what SQLite
 * itself looks at to learn whether its cache is still true.
 */
#define INDEX_REGION_BYTES 32768
#define INDEX_IS_INIT      12
#define INDEX_IO_VERSION   2 /* the first with shared memory */

static atomic_uint_fast64_t statements;
static _Thread_local uint64_t statements_here;

sqlite3_file *sql_file(struct store *st)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(st->db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
		file == NULL || file->pMethods == NULL)
		return NULL;
	return file;
}

static void copy(unsigned char *dst, const volatile unsigned char *src)
{
	for (size_t i = 0; i < STORE_MARK_BYTES; i++)
		dst[i] = src[i];
}

bool store_mark(struct store *st, struct store_mark *ret)
{
	sqlite3_file *file = st->has_log ? sql_file(st) : NULL;
	unsigned char second[STORE_MARK_BYTES];
	void volatile *region = NULL;
	const volatile unsigned char *index;
	int rc;

	if (file == NULL || file->pMethods->iVersion < INDEX_IO_VERSION)
		return false;
	/* Mapped already by whoever reads the file; never made larger here. */
	rc = file->pMethods->xShmMap(file, 0, INDEX_REGION_BYTES, 0, &region);
	if ((rc != SQLITE_OK && rc != SQLITE_READONLY) || region == NULL)
		return false;
	index = region;
	ret->identity = st->identity;
	copy(ret->bytes, index);
	file->pMethods->xShmBarrier(file);
	copy(second, index + STORE_MARK_BYTES);
	return memcmp(ret->bytes, second, sizeof second) == 0 && ret->bytes[INDEX_IS_INIT] != 0;
}

static int on_statement(unsigned what, void *arg, void *stmt, void *text)
{
	(void)what;
	(void)arg;
	(void)stmt;
	(void)text;
	atomic_fetch_add_explicit(&statements, 1, memory_order_relaxed);
	statements_here++;
	return 0;
}

void mark_count(struct store *st)
{
	(void)sqlite3_trace_v2(st->db, SQLITE_TRACE_STMT, on_statement, NULL);
}

uint64_t store_statements(void)
{
	return atomic_load_explicit(&statements, memory_order_relaxed);
}

uint64_t store_statements_here(void)
{
	return statements_here;
}
