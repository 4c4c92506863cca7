#include "ingest/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "store/base/day.h"

#define QUIET_MS  1000
#define REDRAW_MS 100
#define BAR_CELLS 24

void progress_init(struct progress *p)
{
	*p = (struct progress){ .on = isatty(STDERR_FILENO) == 1, .began_ms = day_monotonic_ms() };
	p->last_ms = p->began_ms + QUIET_MS - REDRAW_MS;
}

const char *progress_text(char dst[PROGRESS_TEXT_MAX], uint64_t done, uint64_t total, int64_t ms)
{
	const uint64_t rate = ms > 0 ? done * 1000 / (uint64_t)ms : 0;
	char bar[BAR_CELLS + 1] = "";
	uint64_t left;

	/* More arrived than was there when we counted. */
	if (total > 0 && total < done)
		total = done;
	if (total == 0) {
		(void)snprintf(dst, PROGRESS_TEXT_MAX, "%llu mails, %llu/s",
			(unsigned long long)done, (unsigned long long)rate);
		return dst;
	}
	for (unsigned i = 0; i < BAR_CELLS; i++)
		bar[i] = i < done * BAR_CELLS / total ? '#' : '.';
	left = rate > 0 ? (total - done) / rate : 0;
	(void)snprintf(dst, PROGRESS_TEXT_MAX, "[%s] %llu of %llu mails, %llu/s, %llu:%02llu left",
		bar, (unsigned long long)done, (unsigned long long)total, (unsigned long long)rate,
		(unsigned long long)(left / 60), (unsigned long long)(left % 60));
	return dst;
}

void progress_step(struct progress *p, uint64_t done, uint64_t total)
{
	char text[PROGRESS_TEXT_MAX];
	int64_t now;

	if (!p->on)
		return;
	now = day_monotonic_ms();
	if (now - p->last_ms < REDRAW_MS)
		return;
	p->last_ms = now;
	p->drawn = true;
	(void)fprintf(stderr, "\r%s\033[K", progress_text(text, done, total, now - p->began_ms));
	(void)fflush(stderr);
}

void progress_clear(struct progress *p)
{
	if (!p->drawn)
		return;
	p->drawn = false;
	(void)fputs("\r\033[K", stderr);
	(void)fflush(stderr);
}
