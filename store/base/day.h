/*
 * day: UTC days and the text forms of time.
 *
 * A day is the number of days since 1970-01-01 UTC (int32_t in the store); a moment is seconds
 * since then (int64_t). No time zone and no libc calendar is involved.
 */
#ifndef STORE_BASE_DAY_H
#define STORE_BASE_DAY_H

#include "store/base/slice.h"

#define DAY_SECONDS 86400
#define DAY_TEXT_MAX 32

/* Seconds since the epoch, now. RUAD_CLOCK (seconds) in the environment stands in for the clock
 * in tests; every program reads time through this one function. */
int64_t day_now(void);
/* Milliseconds of CLOCK_MONOTONIC, for intervals. */
int64_t day_monotonic_ms(void);

/* The day that holds the moment (floor division, also before 1970). */
int32_t day_of(int64_t seconds);
/* "2026-11-24" and "2026-11-24T07:23:00Z" into dst; both return dst. Years 0000-9999; other
 * moments are written as a plain number. */
const char *day_text(int32_t day, char dst[DAY_TEXT_MAX]);
const char *day_time_text(int64_t seconds, char dst[DAY_TEXT_MAX]);
/* "2026-11-24" -> its day. False if it is no such date. */
bool day_parse(struct slice s, int32_t *ret);
/* A date, RFC 3339 (Z, +hh:mm, fraction dropped), epoch seconds, or epoch milliseconds
 * (13 digits): what a parameter may name a moment by. A bare date is its midnight. */
bool day_moment_parse(struct slice s, int64_t *ret);

#endif
