#include "store/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Readable by the group like the database itself, so that a dashboard of another user may see
 * who holds it; the mode holds whatever the umask of a cron job was. */
#define LOCK_MODE 0640

static int open_lock(const char *name, struct err *err)
{
	int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, LOCK_MODE);

	if (fd >= 0) {
		if (fchmod(fd, LOCK_MODE) < 0) {
			err_errno(err, ERR_SHORTAGE, errno, "%s", name);
			close(fd);
			return -1;
		}
		return fd;
	}
	if (errno == EEXIST)
		fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return err_errno(err, ERR_SHORTAGE, errno, "%s", name);
	return fd;
}

int lock_take(const char *path, int *ret_fd, struct err *err)
{
	struct err_quote q;
	char *name = NULL;
	int fd = -1, rc = -1;

	if (asprintf(&name, "%s.lock", path) < 0) {
		name = NULL;
		err_set(err, ERR_SHORTAGE, "no memory");
		goto out;
	}
	fd = open_lock(name, err);
	if (fd < 0)
		goto out;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			err_set(err, ERR_BUSY, "%s: another process is writing to it",
				err_printable(&q, slice_of(path)));
		else
			err_errno(err, ERR_SHORTAGE, errno, "%s", name);
		close(fd);
		goto out;
	}
	*ret_fd = fd;
	rc = 0;
out:
	free(name);
	return rc;
}

void lock_drop(int fd)
{
	/* The file stays: to unlink it would let two processes lock two files of one name. */
	if (fd >= 0)
		close(fd);
}
