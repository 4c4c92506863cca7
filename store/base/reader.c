#include "store/base/reader.h"

#include <errno.h>
#include <unistd.h>

static ssize_t slice_read(struct reader *reader, void *dst, size_t cap, struct err *err)
{
	struct reader_slice *r = (struct reader_slice *)reader;
	size_t n = r->left.len < cap ? r->left.len : cap;

	(void)err;
	if (n > 0)
		memcpy(dst, r->left.ptr, n);
	r->left.ptr += n;
	r->left.len -= n;
	return (ssize_t)n;
}

struct reader *reader_slice_init(struct reader_slice *r, struct slice bytes)
{
	*r = (struct reader_slice){ { slice_read }, bytes };
	return &r->reader;
}

static ssize_t fd_read(struct reader *reader, void *dst, size_t cap, struct err *err)
{
	struct reader_fd *r = (struct reader_fd *)reader;
	ssize_t n;

	do {
		n = read(r->fd, dst, cap);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, ERR_SHORTAGE, "read: %s", strerror(errno));
	return n;
}

struct reader *reader_fd_init(struct reader_fd *r, int fd)
{
	*r = (struct reader_fd){ { fd_read }, fd };
	return &r->reader;
}
