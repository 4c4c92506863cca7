#include "store/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

#include "store/base/utf8.h"

#define QUOTE_CHARACTERS 60

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list args;

	if (err == NULL)
		return -1;
	err->code = code;
	va_start(args, fmt);
	(void)vsnprintf(err->text, sizeof err->text, fmt, args);
	va_end(args);
	return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char old[sizeof err->text];
	va_list args;
	int n;

	if (err == NULL)
		return -1;
	memcpy(old, err->text, sizeof old);
	va_start(args, fmt);
	n = vsnprintf(err->text, sizeof err->text, fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof err->text)
		(void)snprintf(err->text + n, sizeof err->text - (size_t)n, ": %s", old);
	return -1;
}

static bool is_shortage(int number)
{
	static const int shortages[] = { ENOMEM, EMFILE, ENFILE, ENOSPC, EDQUOT, EFBIG, EIO, EROFS,
		EAGAIN, ESTALE };

	for (size_t i = 0; i < sizeof shortages / sizeof *shortages; i++) {
		if (shortages[i] == number)
			return true;
	}
	return false;
}

int err_errno(struct err *err, enum err_code code, int number, const char *fmt, ...)
{
	char context[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(context, sizeof context, fmt, args);
	va_end(args);
	return err_set(err, is_shortage(number) ? ERR_SHORTAGE : code, "%s: %s", context,
		strerror(number));
}

void err_clear(struct err *err)
{
	err->code = ERR_NONE;
	err->text[0] = '\0';
}

bool err_ends_run(const struct err *err)
{
	return err->code >= ERR_USAGE;
}

int err_exit_status(const struct err *err)
{
	static const int status[] = {
		[ERR_NONE] = EX_OK,
		[ERR_RECORD] = EX_DATAERR,
		[ERR_REPORT] = EX_DATAERR,
		[ERR_MESSAGE] = EX_DATAERR,
		[ERR_DEFER] = EX_TEMPFAIL,
		[ERR_USAGE] = EX_USAGE,
		[ERR_NOT_FOUND] = EX_NOINPUT,
		[ERR_BUSY] = EX_TEMPFAIL,
		[ERR_SLOW] = EX_TEMPFAIL,
		[ERR_SHORTAGE] = EX_TEMPFAIL,
		[ERR_STORE] = EX_TEMPFAIL,
		[ERR_BUG] = EX_SOFTWARE,
	};

	return status[err->code];
}

static const char *printable(struct err_quote *buf, struct slice s, bool quotes, size_t most)
{
	size_t at = 0, n, taken = 0, i = 0;
	/* Room for one escape (4 bytes, or a 4-byte character), "..." , a quote and the NUL. */
	const size_t end = sizeof buf->text - 9;

	if (quotes)
		buf->text[at++] = '"';
	for (; i < s.len && taken < most && at < end; taken++) {
		n = utf8_printable(slice_from(s.ptr + i, s.len - i));
		if (n > 0 && s.ptr[i] != '\\') {
			memcpy(buf->text + at, s.ptr + i, n);
			at += n;
			i += n;
		} else {
			at += (size_t)snprintf(
				buf->text + at, 5, "\\x%02x", (unsigned char)s.ptr[i]);
			i++;
		}
	}
	if (i < s.len) {
		memcpy(buf->text + at, "...", 3);
		at += 3;
	}
	if (quotes)
		buf->text[at++] = '"';
	buf->text[at] = '\0';
	return buf->text;
}

const char *err_quote(struct err_quote *buf, struct slice s)
{
	return printable(buf, s, true, QUOTE_CHARACTERS);
}

const char *err_printable(struct err_quote *buf, struct slice s)
{
	return printable(buf, s, false, SIZE_MAX);
}
