/*
 * token: a secret from a file, never from arguments or the environment, where others could read it.
 */
#ifndef STORE_BASE_TOKEN_H
#define STORE_BASE_TOKEN_H

#include "store/base/err.h"

/* Characters of a token: fewer can be guessed. */
#define TOKEN_CHARACTERS_MIN 16
#define TOKEN_CHARACTERS_MAX 256

/*
 * The token in the file `path`, blanks and line ends around it dropped, with its NUL. ERR_USAGE: no
 * such file, no regular file, others may read or its group change it, it belongs to another user
 * (root apart), or what is in it is no token (visible ASCII without blanks). The caller wipes dst.
 */
int token_read(const char *path, char dst[TOKEN_CHARACTERS_MAX + 1], struct err *err);

#endif
