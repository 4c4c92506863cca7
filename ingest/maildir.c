#include "ingest/inbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/item.h"
#include "ingest/names.h"
#include "store/base/day.h"

enum maildir_part {
	MAILDIR_NEW,
	MAILDIR_CUR,
	MAILDIR_END,
};

static const char *const part_names[] = { [MAILDIR_NEW] = "new", [MAILDIR_CUR] = "cur" };

/* Items handed out and not yet settled: one batch of them, and those still being read. */
#define RING_LEN (BATCH_MAILS_MAX + INBOX_AHEAD_MAX + 1)
/* A name that is taken in cur/ gets ".1" to ".99" behind it before we give up. */
#define SUFFIX_MAX 99

struct maildir_slot {
	char name[NAME_MAX + 1]; /* with its flags, if it has some */
	enum maildir_part part;
};

struct maildir {
	struct inbox inbox;
	struct inbox_options options;
	char path[PATH_MAX]; /* realpath: the inbox's identity */
	int fd[MAILDIR_END];
	struct names *names[MAILDIR_END]; /* cur: NULL unless it is read */
	enum maildir_part part;
	struct maildir_slot *ring;
	uint64_t given; /* items so far; item n sits in ring[n % RING_LEN] */
	bool moved;     /* since the directories were last synced */
	char label[NAME_MAX + 8];
};

/* "1700.M1:2,FS" -> "1700.M1"; *flags becomes "FS", or absent. */
struct slice item_base_name(struct slice name, struct slice *flags)
{
	static const char mark[] = ":2,";

	*flags = SLICE_ABSENT;
	for (size_t i = name.len; i >= sizeof mark - 1; i--) {
		const size_t at = i - (sizeof mark - 1);

		if (memcmp(name.ptr + at, mark, sizeof mark - 1) == 0) {
			*flags = slice_from(name.ptr + i, name.len - i);
			return slice_from(name.ptr, at);
		}
	}
	return name;
}

static int64_t age_of(const struct stat *st)
{
	const int64_t age = day_now() - (int64_t)st->st_mtim.tv_sec;

	/* From the future by more than a clock may be off: nothing is known. */
	if (age < -YOUNG_SECONDS_MAX)
		return INT64_MAX;
	return age < 0 ? 0 : age;
}

void item_stat(struct inbox_item *item, const struct stat *st)
{
	item->id.size = (int64_t)st->st_size;
	item->id.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	item->age_seconds = age_of(st);
}

static const char *odd_of(mode_t mode)
{
	static const struct {
		mode_t type;
		const char *what;
	} types[] = { { S_IFDIR, "a directory" }, { S_IFLNK, "a symbolic link" },
		{ S_IFIFO, "a named pipe" }, { S_IFSOCK, "a socket" }, { S_IFCHR, "a device" },
		{ S_IFBLK, "a device" } };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if ((mode & S_IFMT) == types[i].type)
			return types[i].what;
	}
	return "no regular file";
}

/* The path may have changed since fstatat(): a link is not followed, a FIFO does not block. That a mail
 * was read is not worth a write to the disk, which only its owner may say. */
static int open_mail(int dirfd, const char *name)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	const int fd = openat(dirfd, name, flags | O_NOATIME);

	return fd < 0 && errno == EPERM ? openat(dirfd, name, flags) : fd;
}

int item_open(
	struct inbox *in, struct inbox_item *item, int dirfd, const char *name, struct err *err)
{
	struct err_quote q;
	struct stat st;
	int rc;

	item->fd = -1;
	item->odd = NULL;
	item->odd_for_now = false;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		return err_errno(err, ERR_SHORTAGE, errno, "%s", err_printable(&q, item->label));
	}
	item_stat(item, &st);
	if (!S_ISREG(st.st_mode))
		item->odd = odd_of(st.st_mode);
	if (in->known != NULL) {
		rc = in->known(in->known_arg, &item->id, err);
		if (rc != 0)
			return rc;
	}
	if (item->odd != NULL)
		return 1;
	item->fd = open_mail(dirfd, name);
	if (item->fd < 0) {
		if (errno == ENOENT || errno == ELOOP || errno == ENXIO)
			return 0;
		if (errno != EACCES && errno != EPERM)
			return err_errno(
				err, ERR_SHORTAGE, errno, "%s", err_printable(&q, item->label));
		item->odd = "permission denied";
		item->odd_for_now = true;
		return 1;
	}
	if (fstat(item->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(item->fd);
		item->fd = -1;
		return 0;
	}
	item_stat(item, &st);
	return 1;
}

/* Renames of one batch become durable together; if they do not, the store still knows the mails. */
static void sync_moves(struct maildir *m)
{
	if (!m->moved)
		return;
	m->moved = false;
	(void)fsync(m->fd[MAILDIR_CUR]);
	(void)fsync(m->fd[MAILDIR_NEW]);
}

static int maildir_next(struct inbox *in, struct inbox_item *ret, struct err *err)
{
	struct maildir *m = (struct maildir *)in;
	struct maildir_slot *slot;
	struct slice flags;
	const char *name = NULL;
	int rc;

	sync_moves(m);
	for (; m->part < MAILDIR_END; m->part++) {
		if (m->names[m->part] == NULL)
			continue;
		while ((rc = names_next(m->names[m->part], &name, err)) > 0) {
			*ret = (struct inbox_item){ .cookie = m->given };
			slot = &m->ring[m->given % RING_LEN];
			(void)snprintf(slot->name, sizeof slot->name, "%s", name);
			slot->part = m->part;
			(void)snprintf(
				m->label, sizeof m->label, "%s/%s", part_names[m->part], name);
			ret->label = slice_of(m->label);
			ret->id.inbox = slice_of(m->path);
			ret->id.name = item_base_name(slice_of(slot->name), &flags);
			rc = item_open(in, ret, m->fd[m->part], slot->name, err);
			m->given += rc > 0;
			if (rc != 0)
				return rc;
		}
		if (rc < 0)
			return err_wrap(err, "%s/%s", m->path, part_names[m->part]);
	}
	return 0;
}

/* The flags there were and those of the ending, each once, in ASCII order as the format asks. */
static size_t merge_flags(char *dst, size_t cap, struct slice old, enum report_ending ending)
{
	static const char *const settled[REPORT_ENDING_COUNT] = {
		[REPORT_NOT_A_REPORT] = "S",
		[REPORT_STORED] = "S",
		[REPORT_DUPLICATE] = "S",
		/* These three want somebody's eye. */
		[REPORT_PARTIAL] = "FS",
		[REPORT_CONFLICT] = "FS",
		[REPORT_REFUSED] = "FS",
	};
	const struct slice add = slice_of(settled[ending]);
	bool has[128] = { false };
	size_t n = 0;

	for (size_t i = 0; i < old.len; i++)
		has[(unsigned char)old.ptr[i] & 127] = true;
	for (size_t i = 0; i < add.len; i++)
		has[(unsigned char)add.ptr[i]] = true;
	for (int c = '!'; c < 127; c++) {
		if (has[c] && n < cap)
			dst[n++] = (char)c;
	}
	return n;
}

/* The n-th name a mail may take in cur/; false when it is too long for the file system. */
static bool target_name(
	char dst[NAME_MAX + 1], const char *name, enum report_ending ending, unsigned n)
{
	struct slice flags;
	const struct slice base = item_base_name(slice_of(name), &flags);
	char merged[95], suffix[8] = "";
	const size_t merged_len = merge_flags(merged, sizeof merged, flags, ending);
	int len;

	if (n > 0)
		(void)snprintf(suffix, sizeof suffix, ".%u", n);
	len = snprintf(dst, NAME_MAX + 1, "%.*s%s:2,%.*s", SLICE_FMT(base), suffix, (int)merged_len,
		merged);
	if (len <= NAME_MAX)
		return true;
	/* No room for flags: the name as it is still says that it was read, by lying in cur/. */
	len = snprintf(dst, NAME_MAX + 1, "%s%s", name, suffix);
	return len <= NAME_MAX;
}

static bool same_file(int dir_a, const char *a, int dir_b, const char *b)
{
	struct stat x, y;

	return fstatat(dir_a, a, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(dir_b, b, &y, AT_SYMLINK_NOFOLLOW) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Never over a file that is there. 0, or an errno. */
static int move(int from_dir, const char *from, int to_dir, const char *to)
{
	if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	/* A file system without it (NFS): two steps, either of which may be the last before a crash. */
	if (linkat(from_dir, from, to_dir, to, 0) < 0 &&
		(errno != EEXIST || !same_file(from_dir, from, to_dir, to)))
		return errno;
	return unlinkat(from_dir, from, 0) < 0 ? errno : 0;
}

static int maildir_settle(
	struct inbox *in, uint64_t cookie, enum report_ending ending, struct err *err)
{
	struct maildir *m = (struct maildir *)in;
	const struct maildir_slot *slot = &m->ring[cookie % RING_LEN];
	char to[NAME_MAX + 1];
	struct err_quote q;
	int why = EEXIST;

	assert(cookie < m->given && m->given - cookie <= RING_LEN);
	for (unsigned n = 0; n <= SUFFIX_MAX && why == EEXIST; n++) {
		if (!target_name(to, slot->name, ending, n))
			break;
		if (slot->part == MAILDIR_CUR && strcmp(to, slot->name) == 0)
			return 0;
		why = move(m->fd[slot->part], slot->name, m->fd[MAILDIR_CUR], to);
	}
	if (why == 0)
		m->moved = true;
	if (why == 0 || why == ENOENT)
		return 0;
	return err_errno(err, ERR_SHORTAGE, why, "%s/%s: cannot be moved to cur/",
		part_names[slot->part], err_printable(&q, slice_of(slot->name)));
}

static uint64_t maildir_count(struct inbox *in)
{
	struct maildir *m = (struct maildir *)in;
	uint64_t count = 0;

	for (int i = 0; i < MAILDIR_END; i++)
		count += m->names[i] != NULL ? names_count(m->names[i]) : 0;
	return count;
}

static void maildir_close(struct inbox *in)
{
	struct maildir *m = (struct maildir *)in;

	if (m == NULL)
		return;
	sync_moves(m);
	for (int i = 0; i < MAILDIR_END; i++) {
		names_close(m->names[i]);
		if (m->fd[i] >= 0)
			(void)close(m->fd[i]);
	}
	free(m->ring);
	free(m);
}

static int open_parts(struct maildir *m, const char *path, struct err *err)
{
	char sub[PATH_MAX];
	struct err_quote q;

	for (int i = 0; i < MAILDIR_END; i++) {
		if (snprintf(sub, sizeof sub, "%s/%s", m->path, part_names[i]) >= (int)sizeof sub)
			return err_set(err, ERR_USAGE, "%s: too long a path",
				err_printable(&q, slice_of(path)));
		m->fd[i] = open(sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (m->fd[i] < 0)
			return err_errno(err, ERR_USAGE, errno, "%s/%s",
				err_printable(&q, slice_of(path)), part_names[i]);
		if ((i == MAILDIR_NEW || m->options.cur) &&
			names_open(&m->names[i], m->fd[i], err) < 0)
			return err_wrap(
				err, "%s/%s", err_printable(&q, slice_of(path)), part_names[i]);
	}
	return 0;
}

int maildir_open(
	struct inbox **ret, const char *path, const struct inbox_options *options, struct err *err)
{
	static const struct inbox_ops ops = { maildir_next, maildir_settle, maildir_count,
		maildir_close };
	struct maildir *m = calloc(1, sizeof *m);
	struct err_quote q;

	if (m == NULL || (m->ring = calloc(RING_LEN, sizeof *m->ring)) == NULL) {
		free(m);
		return err_errno(err, ERR_SHORTAGE, ENOMEM, "%s", path);
	}
	m->inbox.ops = &ops;
	m->options = *options;
	m->fd[MAILDIR_NEW] = m->fd[MAILDIR_CUR] = -1;
	if (realpath(path, m->path) == NULL) {
		err_errno(err, ERR_USAGE, errno, "%s", err_printable(&q, slice_of(path)));
		goto fail;
	}
	if (open_parts(m, path, err) < 0)
		goto fail;
	*ret = &m->inbox;
	return 0;
fail:
	maildir_close(&m->inbox);
	return -1;
}

bool maildir_is(const char *path)
{
	static const char *const subs[] = { "new", "cur", "tmp" };
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is = fd >= 0;
	struct stat st;

	for (size_t i = 0; is && i < sizeof subs / sizeof *subs; i++)
		is = fstatat(fd, subs[i], &st, 0) == 0 && S_ISDIR(st.st_mode);
	if (fd >= 0)
		(void)close(fd);
	return is;
}
