#include "store/base/token.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_token(struct slice token, const char *path, struct err *err)
{
	for (size_t i = 0; i < token.len; i++) {
		if (token.ptr[i] <= ' ' || token.ptr[i] > '~')
			return err_set(err, ERR_USAGE,
				"%s: a token is made of visible ASCII characters", path);
	}
	if (token.len < TOKEN_CHARACTERS_MIN || token.len > TOKEN_CHARACTERS_MAX)
		return err_set(err, ERR_USAGE, "%s: a token has %d to %d characters, not %zu", path,
			TOKEN_CHARACTERS_MIN, TOKEN_CHARACTERS_MAX, token.len);
	return 0;
}

static int check_owner(int fd, const char *path, struct err *err)
{
	struct stat sb;

	if (fstat(fd, &sb) < 0)
		return err_errno(err, ERR_USAGE, errno, "%s", path);
	if (!S_ISREG(sb.st_mode))
		return err_set(err, ERR_USAGE, "%s: not a regular file", path);
	if ((sb.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return err_set(err, ERR_USAGE,
			"%s: others may read or change it, so the token is no secret: chmod 600",
			path);
	if (sb.st_uid != 0 && sb.st_uid != geteuid())
		return err_set(err, ERR_USAGE,
			"%s: belongs to another user, who could change the token", path);
	return 0;
}

int token_read(const char *path, char dst[TOKEN_CHARACTERS_MAX + 1], struct err *err)
{
	char text[TOKEN_CHARACTERS_MAX + 16]; /* and blanks around it */
	struct slice token;
	ssize_t n;
	int rc = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
	if (check_owner(fd, path, err) < 0)
		goto out;
	n = read(fd, text, sizeof text);
	if (n < 0) {
		err_errno(err, ERR_USAGE, errno, "%s", path);
		goto out;
	}
	token = slice_trim(slice_from(text, (size_t)n));
	if (check_token(token, path, err) < 0)
		goto out;
	memcpy(dst, token.ptr, token.len);
	dst[token.len] = '\0';
	rc = 0;
out:
	explicit_bzero(text, sizeof text);
	close(fd);
	return rc;
}
