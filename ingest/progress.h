/*
 * progress: one line on a terminal that says how far a long run is.
 *
 * Nothing is drawn when stderr is no terminal or the run is short (a second), so cron and pipes
 * never see it. Call progress_clear() before anything else is written to stderr.
 *
 *	struct progress p;
 *	progress_init(&p);
 *	progress_step(&p, done, total);		as often as you like
 *	progress_clear(&p);
 */
#ifndef INGEST_PROGRESS_H
#define INGEST_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_TEXT_MAX 128

struct progress {
	bool on, drawn;
	int64_t began_ms, last_ms;
};

void progress_init(struct progress *p);
/* total 0: unknown; then there is a count and a rate only. */
void progress_step(struct progress *p, uint64_t done, uint64_t total);
void progress_clear(struct progress *p);
/* The line itself, for progress_step() and its test. Returns dst. */
const char *progress_text(char dst[PROGRESS_TEXT_MAX], uint64_t done, uint64_t total, int64_t ms);

#endif
