/*
 * log: one line an event, to stderr.
 *
 * Used by mains and ingest.c only; libraries return errors. Each line is made printable first
 * (report text reaches it). Under systemd (JOURNAL_STREAM set) a line begins with its syslog
 * priority "<N>"; on a terminal and in cron mail it begins with the program's name.
 */
#ifndef STORE_BASE_LOG_H
#define STORE_BASE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,	/* shown by default */
	LOG_LEVEL_INFO = 6,	/* -v */
	LOG_LEVEL_DEBUG = 7,	/* -vv */
};

/* `program` is kept, not copied. Lines above `most` are dropped. */
void log_init(const char *program, enum log_level most);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
