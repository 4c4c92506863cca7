/*
 * check_parts: what the files of a check share. Internal to store/check*.c.
 *
 *	check.c		the modes about mail, thresholds, the state
 *	check_dns.c	the record checker
 *	check_ready.c	readiness
 *	check_own.c	the domains the last two are about
 */
#ifndef STORE_CHECK_PARTS_H
#define STORE_CHECK_PARTS_H

#include "store/check.h"

/* What a mode found: the value that is judged, and whose it is. */
struct check_found {
	bool measured;
	double value;
	double severe; /* of a mode that has it: what CRITICAL is judged by */
	char name[256];
	char text[512]; /* more of it, for people */
	int64_t messages, undecided, others, days;
	int64_t unmeasured; /* domains of which nothing is known */
	int64_t worst[2];   /* what makes the domain that is named the worst */
};

/* Filters are too large for the stack. */
struct check_work {
	struct store *st;
	struct query_filter filter, other; /* as asked; one a mode makes of it */
	struct check_found found;
};

struct check_mode {
	const char *name;
	enum query_kind kind;    /* whose parameters it takes */
	const char *takes;       /* which of them, separated by blanks */
	const char *last;        /* its window, unless one is named */
	const char *warn, *crit; /* its thresholds, unless others are given */
	bool times;              /* the value is a time in seconds */
	bool severe;             /* found.severe is what CRITICAL is judged by */
	int (*measure)(struct check_work *w, struct err *err);
	void (*say)(const struct check_found *f, struct buf *to);
	void (*perf)(const struct check_found *f, const struct range *w, const struct range *c,
		struct buf *to);
};

void check_keep_name(struct check_found *f, struct slice name);

/* Calls each() for every domain the filter names or, without any, for every own one, `parked` or
 * not; for all of them there are QUERY_MS_MAX. */
int check_own(struct check_work *w, bool parked,
	int (*each)(struct check_work *w, struct slice domain, struct err *err), struct err *err);

int check_measure_dns(struct check_work *w, struct err *err);
void check_say_dns(const struct check_found *f, struct buf *to);
void check_perf_dns(const struct check_found *f, const struct range *w, const struct range *c,
	struct buf *to);

int check_measure_ready(struct check_work *w, struct err *err);
void check_say_ready(const struct check_found *f, struct buf *to);
void check_perf_ready(const struct check_found *f, const struct range *w, const struct range *c,
	struct buf *to);

#endif
