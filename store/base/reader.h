/*
 * reader: bytes, pulled.
 *
 * Everything that yields bytes (a file, a MIME part, an archive entry) is one of these, so that
 * decoders stack without knowing what is under them. read() gives >0 bytes, 0 at the end, -1
 * with err set; after 0 or -1 it must not be called again.
 */
#ifndef STORE_BASE_READER_H
#define STORE_BASE_READER_H

#include <sys/types.h>

#include "store/base/err.h"

struct reader {
	ssize_t (*read)(struct reader *r, void *dst, size_t cap, struct err *err);
};

/* Bytes that lie in memory; borrowed. */
struct reader_slice {
	struct reader reader;
	struct slice left;
};
struct reader *reader_slice_init(struct reader_slice *r, struct slice bytes);

/* A file descriptor, not owned; reads on after EINTR. A failed read is ERR_SHORTAGE. */
struct reader_fd {
	struct reader reader;
	int fd;
};
struct reader *reader_fd_init(struct reader_fd *r, int fd);

#endif
