#include "ingest/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ingest/item.h"
#include "ingest/names.h"
#include "store/base/day.h"

/* Directories inside directories; a bound against a tree without end. */
#define FILES_DEPTH_MAX 32

struct files_level {
	int fd;
	struct names *names;
	size_t path_len, label_len; /* of the directory, in files.path and files.label */
	bool maildir;               /* holds new/, cur/ and tmp/ */
	bool part;                  /* is new/ or cur/ of one */
};

struct files {
	struct inbox inbox;
	char *const *paths;
	size_t paths_len, next;
	struct files_level levels[FILES_DEPTH_MAX];
	size_t depth;         /* levels open */
	char path[PATH_MAX];  /* the real one: identity */
	char label[PATH_MAX]; /* as the operator wrote it: messages */
};

static void level_close(struct files *f)
{
	struct files_level *level = &f->levels[--f->depth];

	names_close(level->names);
	(void)close(level->fd);
}

/* `fd` becomes the level's; f->path and f->label hold the directory. */
static int level_open(struct files *f, int fd, bool part, struct err *err)
{
	struct files_level *level = &f->levels[f->depth];

	*level = (struct files_level){ .fd = fd,
		.path_len = strlen(f->path),
		.label_len = strlen(f->label),
		.maildir = maildir_is(f->path),
		.part = part };
	if (names_open(&level->names, fd, err) < 0) {
		(void)close(fd);
		return -1;
	}
	f->depth++;
	return 0;
}

/* "dir" + "/" + name, cutting off what stood behind `len`. False: too long. */
static bool path_join(char path[PATH_MAX], size_t len, const char *name)
{
	const char *slash = len > 0 && path[len - 1] == '/' ? "" : "/";
	const int n = snprintf(path + len, PATH_MAX - len, "%s%s", slash, name);

	return n >= 0 && (size_t)n < PATH_MAX - len;
}

/* The item's directory and name: those of the whole mailbox where this is new/ or cur/ of one, so
 * that a mail is the same mail whichever way it is read. */
static void name_item(
	struct files *f, const struct files_level *level, const char *name, struct inbox_item *ret)
{
	struct slice flags;

	ret->label = slice_of(f->label);
	ret->bare = true;
	ret->id.inbox = slice_from(f->path, level->path_len);
	ret->id.name = slice_of(name);
	if (level->part) {
		ret->id.inbox = slice_from(f->path, level->path_len - strlen("/new"));
		ret->id.name = item_base_name(ret->id.name, &flags);
	}
}

/* 1: *ret is an item; 0: nothing to hand out, go on; -1. */
static int visit(struct files *f, const char *name, struct inbox_item *ret, struct err *err)
{
	const struct files_level *level = &f->levels[f->depth - 1];
	const bool part = level->maildir && (strcmp(name, "new") == 0 || strcmp(name, "cur") == 0);
	struct stat st;
	int fd, rc;

	if (level->maildir && strcmp(name, "tmp") == 0)
		return 0;
	if (!path_join(f->path, level->path_len, name) ||
		!path_join(f->label, level->label_len, name))
		return 0;
	if (fstatat(level->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode)) {
		if (f->depth == FILES_DEPTH_MAX)
			return 0;
		fd = openat(level->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			return level_open(f, fd, part, err);
		return errno == EACCES || errno == ENOENT
			       ? 0
			       : err_errno(err, ERR_SHORTAGE, errno, "%s", f->label);
	}
	/* In a tree, links and devices are no messages and nobody said they were. */
	if (!S_ISREG(st.st_mode))
		return 0;
	name_item(f, level, name, ret);
	rc = item_open(&f->inbox, ret, level->fd, name, err);
	ret->age_seconds = INT64_MAX;
	return rc;
}

/* A path of the command line: its directory is opened, or the file handed out. Links are followed
 * here: the operator wrote the name. */
static int visit_path(struct files *f, const char *path, struct inbox_item *ret, struct err *err)
{
	struct err_quote q;
	char *slash;
	int fd, rc;

	if (realpath(path, f->path) == NULL)
		return errno == ENOENT ? 0
				       : err_errno(err, ERR_SHORTAGE, errno, "%s",
						 err_printable(&q, slice_of(path)));
	(void)snprintf(f->label, sizeof f->label, "%s", path);
	fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return level_open(f, fd, false, err);
	if (errno != ENOTDIR)
		return err_errno(err, ERR_USAGE, errno, "%s", err_printable(&q, slice_of(path)));
	slash = strrchr(f->path, '/');
	ret->label = slice_of(f->label);
	ret->bare = true;
	ret->id.inbox =
		slash == f->path ? SLICE_LIT("/") : slice_from(f->path, (size_t)(slash - f->path));
	ret->id.name = slice_of(slash + 1);
	rc = item_open(&f->inbox, ret, AT_FDCWD, f->path, err);
	ret->age_seconds = INT64_MAX;
	return rc;
}

static int files_next(struct inbox *in, struct inbox_item *ret, struct err *err)
{
	struct files *f = (struct files *)in;
	const char *name = NULL;
	int rc;

	for (;;) {
		*ret = (struct inbox_item){ .fd = -1 };
		if (f->depth == 0) {
			if (f->next == f->paths_len)
				return 0;
			rc = visit_path(f, f->paths[f->next++], ret, err);
		} else {
			rc = names_next(f->levels[f->depth - 1].names, &name, err);
			if (rc < 0)
				return err_wrap(err, "%s", f->label);
			if (rc == 0) {
				level_close(f);
				continue;
			}
			rc = visit(f, name, ret, err);
		}
		if (rc != 0)
			return rc;
	}
}

/* A file the operator keeps is never touched. */
static int no_settle(struct inbox *in, uint64_t cookie, enum report_ending ending, struct err *err)
{
	(void)in;
	(void)cookie;
	(void)ending;
	(void)err;
	return 0;
}

static uint64_t files_count(struct inbox *in)
{
	struct files *f = (struct files *)in;

	/* A tree would have to be walked twice; a list of files is what it is. */
	for (size_t i = 0; i < f->paths_len; i++) {
		struct stat st;

		if (stat(f->paths[i], &st) < 0 || !S_ISREG(st.st_mode))
			return 0;
	}
	return f->paths_len;
}

static void files_close(struct inbox *in)
{
	struct files *f = (struct files *)in;

	if (f == NULL)
		return;
	while (f->depth > 0)
		level_close(f);
	free(f);
}

int files_open(struct inbox **ret, char *const *paths, size_t len, struct err *err)
{
	static const struct inbox_ops ops = { files_next, no_settle, files_count, files_close };
	struct files *f;
	struct err_quote q;
	struct stat st;

	/* All names are checked before the first file is read: a slip costs nothing. */
	for (size_t i = 0; i < len; i++) {
		if (stat(paths[i], &st) < 0)
			return err_errno(
				err, ERR_USAGE, errno, "%s", err_printable(&q, slice_of(paths[i])));
		if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			return err_set(err, ERR_USAGE, "%s: neither a file nor a directory",
				err_printable(&q, slice_of(paths[i])));
	}
	f = calloc(1, sizeof *f);
	if (f == NULL)
		return err_errno(err, ERR_SHORTAGE, ENOMEM, "files");
	f->inbox.ops = &ops;
	f->paths = paths;
	f->paths_len = len;
	*ret = &f->inbox;
	return 0;
}

/* ---- standard input ---------------------------------------------------------------------- */

struct standard_input {
	struct inbox inbox;
	int fd;
	bool done;
	char name[64];
};

/* A file without a name: on disk where that works, so that 64 MiB do not sit in memory. */
static int spool_file(struct err *err)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(
		dir != NULL && dir[0] == '/' ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = memfd_create("ruad-ingest", MFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, ERR_SHORTAGE, errno, "standard input: no temporary file");
	return fd;
}

static int write_all(int fd, const char *bytes, size_t len, struct err *err)
{
	while (len > 0) {
		const ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(
				err, ERR_SHORTAGE, errno, "standard input: temporary file");
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* One byte past the limit is enough to be refused by size. */
static int spool(int from, int to, struct err *err)
{
	char bytes[8192];
	uint64_t total = 0;

	while (total <= MESSAGE_BYTES_MAX) {
		const ssize_t n = read(from, bytes, sizeof bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_SHORTAGE, errno, "standard input");
		if (n == 0)
			break;
		if (write_all(to, bytes, (size_t)n, err) < 0)
			return -1;
		total += (size_t)n;
	}
	return lseek(to, 0, SEEK_SET) < 0 ? err_errno(err, ERR_SHORTAGE, errno, "standard input")
					  : 0;
}

static int standard_input_next(struct inbox *in, struct inbox_item *ret, struct err *err)
{
	struct standard_input *s = (struct standard_input *)in;
	struct timespec now;
	struct stat st;

	if (s->done)
		return 0;
	s->done = true;
	if (fstat(s->fd, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return err_errno(err, ERR_SHORTAGE, errno, "standard input");
	(void)snprintf(s->name, sizeof s->name, "%lld.%09ld.%ld", (long long)now.tv_sec,
		now.tv_nsec, (long)getpid());
	*ret = (struct inbox_item){ .id = { .inbox = SLICE_LIT("-"),
					    .name = slice_of(s->name),
					    .size = (int64_t)st.st_size },
		.label = SLICE_LIT("standard input"),
		.fd = s->fd,
		.age_seconds = INT64_MAX,
		.bare = true };
	ret->id.mtime_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	s->fd = -1;
	return 1;
}

static uint64_t standard_input_count(struct inbox *in)
{
	(void)in;
	return 1;
}

static void standard_input_close(struct inbox *in)
{
	struct standard_input *s = (struct standard_input *)in;

	if (s == NULL)
		return;
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s);
}

int stdin_open(struct inbox **ret, struct err *err)
{
	static const struct inbox_ops ops = { standard_input_next, no_settle, standard_input_count,
		standard_input_close };
	struct standard_input *s = calloc(1, sizeof *s);

	if (s == NULL)
		return err_errno(err, ERR_SHORTAGE, ENOMEM, "standard input");
	s->inbox.ops = &ops;
	s->fd = spool_file(err);
	if (s->fd < 0 || spool(STDIN_FILENO, s->fd, err) < 0) {
		standard_input_close(&s->inbox);
		return -1;
	}
	*ret = &s->inbox;
	return 0;
}
