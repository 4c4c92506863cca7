/*
 * names: the file names of one directory in byte order, a window of them at a time.
 *
 * Byte order is arrival order in a Maildir, and rows that go in sorted load faster. A directory
 * may hold a million names, so at most NAMES_WINDOW are handed out per scan; the next scan takes
 * those behind the last one. Memory is bounded (a few MiB) however many there are. Names that
 * begin with a dot are left out. A name that comes up behind the scan is the next run's.
 *
 *	struct names *n = NULL;
 *	if (names_open(&n, dirfd, err) < 0) ...
 *	while ((rc = names_next(n, &name, err)) > 0) ...
 *	names_close(n);
 */
#ifndef INGEST_NAMES_H
#define INGEST_NAMES_H

#include "store/base/err.h"

#define NAMES_WINDOW 32768

struct names;
/* The directory is opened anew under dirfd, which stays the caller's. */
int names_open(struct names **ret, int dirfd, struct err *err);
/* 1, 0 or -1; *ret is valid until the next call. */
int names_next(struct names *n, const char **ret, struct err *err);
/* How many there are, by a first scan; 0 when that fails. */
uint64_t names_count(struct names *n);
void names_close(struct names *n);

#endif
