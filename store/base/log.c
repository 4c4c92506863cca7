#include "store/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/base/utf8.h"

static const char *log_program = "ruad";
static enum log_level log_most = LOG_LEVEL_NOTICE;
static int log_journal;

void log_init(const char *program, enum log_level most)
{
	log_program = program;
	log_most = most;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char text[2048], line[4096];
	struct slice s;
	size_t at = 0, n;
	va_list args;

	if (level > log_most)
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (log_journal)
		at = (size_t)snprintf(line, sizeof line, "<%d>", (int)level);
	else
		at = (size_t)snprintf(line, 64, "%s: ", log_program);
	for (s = slice_of(text); s.len > 0 && at + 8 < sizeof line; s.ptr += n, s.len -= n) {
		n = utf8_printable(s);
		if (n > 0) {
			memcpy(line + at, s.ptr, n);
			at += n;
		} else {
			at += (size_t)snprintf(line + at, 5, "\\x%02x", (unsigned char)*s.ptr);
			n = 1;
		}
	}
	line[at++] = '\n';
	/* One write, so that two programs logging to one file do not mix within a line. */
	(void)fwrite(line, 1, at, stderr);
	(void)fflush(stderr);
}
