#include "ingest/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/base/buf.h"

/* Twice the window is held before the upper half is dropped, so that dropping stays cheap. */
#define NAMES_HELD_MAX (2 * NAMES_WINDOW)

struct names {
	DIR *dir;
	struct buf text;  /* the names, each with its NUL */
	struct buf spare; /* the other half of a compaction */
	uint32_t *at;     /* offsets into text */
	size_t len, cap, next;
	bool scanned, more;      /* more: the directory holds names behind this window */
	char last[NAME_MAX + 1]; /* the last name of the window before */
	uint64_t count;
};

static const char *name_at(const struct names *n, size_t i)
{
	return n->text.ptr + n->at[i];
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct names *n = arg;
	uint32_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return strcmp(n->text.ptr + x, n->text.ptr + y);
}

static int add(struct names *n, const char *name, struct err *err)
{
	const uint32_t at = (uint32_t)n->text.len;

	if (n->len == n->cap) {
		const size_t cap = n->cap > 0 ? 2 * n->cap : 1024;
		uint32_t *grown = realloc(n->at, cap * sizeof *grown);

		if (grown == NULL)
			return err_errno(err, ERR_SHORTAGE, ENOMEM, "file names");
		n->at = grown;
		n->cap = cap;
	}
	buf_add(&n->text, slice_from(name, strlen(name) + 1));
	if (buf_failed(&n->text))
		return err_errno(err, ERR_SHORTAGE, ENOMEM, "file names");
	n->at[n->len++] = at;
	return 0;
}

/* Sort, and keep the first NAMES_WINDOW. */
static int keep_first(struct names *n, struct err *err)
{
	struct buf swap;

	if (n->len > 1)
		qsort_r(n->at, n->len, sizeof *n->at, compare, n);
	if (n->len <= NAMES_WINDOW)
		return 0;
	n->more = true;
	n->len = NAMES_WINDOW;
	buf_clear(&n->spare);
	for (size_t i = 0; i < n->len; i++) {
		const char *name = name_at(n, i);

		n->at[i] = (uint32_t)n->spare.len;
		buf_add(&n->spare, slice_from(name, strlen(name) + 1));
	}
	if (buf_failed(&n->spare))
		return err_errno(err, ERR_SHORTAGE, ENOMEM, "file names");
	swap = n->text;
	n->text = n->spare;
	n->spare = swap;
	return 0;
}

static bool wanted(struct names *n, const char *name)
{
	if (name[0] == '.')
		return false;
	if (!n->scanned)
		n->count++;
	else if (strcmp(name, n->last) <= 0)
		return false;
	/* `more` is set only after a compaction: the window's last name is then its bound. */
	return !n->more || strcmp(name, name_at(n, NAMES_WINDOW - 1)) < 0;
}

static int scan(struct names *n, struct err *err)
{
	const struct dirent *entry;

	if (n->scanned && n->len > 0)
		memcpy(n->last, name_at(n, n->len - 1), strlen(name_at(n, n->len - 1)) + 1);
	buf_clear(&n->text);
	n->len = n->next = 0;
	n->more = false;
	rewinddir(n->dir);
	while (errno = 0, (entry = readdir(n->dir)) != NULL) {
		if (!wanted(n, entry->d_name))
			continue;
		if (add(n, entry->d_name, err) < 0)
			return -1;
		if (n->len == NAMES_HELD_MAX && keep_first(n, err) < 0)
			return -1;
	}
	if (errno != 0)
		return err_errno(err, ERR_SHORTAGE, errno, "reading the directory");
	n->scanned = true;
	return keep_first(n, err);
}

int names_open(struct names **ret, int dirfd, struct err *err)
{
	struct names *n = calloc(1, sizeof *n);
	const int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (n == NULL || fd < 0 || (n->dir = fdopendir(fd)) == NULL) {
		err_errno(err, ERR_SHORTAGE, n == NULL ? ENOMEM : errno, "opening the directory");
		if (fd >= 0)
			(void)close(fd);
		free(n);
		return -1;
	}
	buf_init(&n->text, (size_t)NAMES_HELD_MAX * (NAME_MAX + 1));
	buf_init(&n->spare, (size_t)NAMES_HELD_MAX * (NAME_MAX + 1));
	*ret = n;
	return 0;
}

int names_next(struct names *n, const char **ret, struct err *err)
{
	if (n->next == n->len) {
		if (n->scanned && !n->more)
			return 0;
		if (scan(n, err) < 0)
			return -1;
		if (n->len == 0)
			return 0;
	}
	*ret = name_at(n, n->next++);
	return 1;
}

uint64_t names_count(struct names *n)
{
	if (!n->scanned && scan(n, NULL) < 0)
		return 0;
	return n->count;
}

void names_close(struct names *n)
{
	if (n == NULL)
		return;
	(void)closedir(n->dir);
	buf_release(&n->text);
	buf_release(&n->spare);
	free(n->at);
	free(n);
}
