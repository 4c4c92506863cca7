#include "store/base/day.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t day_now(void)
{
	const char *fake = getenv("RUAD_CLOCK");
	int64_t value;
	struct timespec now;

	if (fake != NULL && slice_i64(slice_of(fake), INT64_MIN / 2, INT64_MAX / 2, &value))
		return value;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec;
}

int64_t day_monotonic_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

int32_t day_of(int64_t seconds)
{
	int64_t day = floor_div(seconds, DAY_SECONDS);

	if (day > INT32_MAX)
		return INT32_MAX;
	return day < INT32_MIN ? INT32_MIN : (int32_t)day;
}

struct date {
	int64_t year;
	unsigned month, day;
};

/* The proleptic Gregorian calendar counted in eras of 400 years that begin on 1 March, which puts
 * the leap day at an era's and a year's end. */
#define ERA_DAYS  146097
#define ERA_SHIFT 719468 /* days from 0000-03-01 to 1970-01-01 */

static struct date date_of(int32_t day)
{
	int64_t shifted = (int64_t)day + ERA_SHIFT, era = floor_div(shifted, ERA_DAYS);
	unsigned in_era = (unsigned)(shifted - era * ERA_DAYS);
	unsigned year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	unsigned in_year = in_era - (365 * year + year / 4 - year / 100);
	unsigned from_march = (5 * in_year + 2) / 153;
	struct date d;

	d.day = in_year - (153 * from_march + 2) / 5 + 1;
	d.month = from_march < 10 ? from_march + 3 : from_march - 9;
	d.year = (int64_t)year + era * 400 + (d.month <= 2);
	return d;
}

static int32_t day_of_date(struct date d)
{
	int64_t year = d.year - (d.month <= 2), era = floor_div(year, 400);
	unsigned in_era = (unsigned)(year - era * 400);
	unsigned from_march = d.month > 2 ? d.month - 3 : d.month + 9;
	unsigned in_year = (153 * from_march + 2) / 5 + d.day - 1;
	unsigned days = in_era * 365 + in_era / 4 - in_era / 100 + in_year;

	return (int32_t)(era * ERA_DAYS + (int64_t)days - ERA_SHIFT);
}

const char *day_text(int32_t day, char dst[DAY_TEXT_MAX])
{
	struct date d = date_of(day);

	if (d.year < 0 || d.year > 9999)
		(void)snprintf(dst, DAY_TEXT_MAX, "%lld", (long long)day * DAY_SECONDS);
	else
		(void)snprintf(dst, DAY_TEXT_MAX, "%04d-%02u-%02u", (int)d.year, d.month, d.day);
	return dst;
}

const char *day_time_text(int64_t seconds, char dst[DAY_TEXT_MAX])
{
	int32_t day = day_of(seconds);
	struct date d = date_of(day);
	unsigned in_day;

	if (d.year < 0 || d.year > 9999) {
		(void)snprintf(dst, DAY_TEXT_MAX, "%lld", (long long)seconds);
		return dst;
	}
	in_day = (unsigned)(seconds - (int64_t)day * DAY_SECONDS);
	(void)snprintf(dst, DAY_TEXT_MAX, "%04d-%02u-%02uT%02u:%02u:%02uZ", (int)d.year, d.month,
		d.day, in_day / 3600 % 24, in_day / 60 % 60, in_day % 60);
	return dst;
}

/* `len` digits at offset `at`. */
static bool digits(struct slice s, size_t at, size_t len, unsigned max, unsigned *ret)
{
	uint64_t value;

	if (s.len < at + len || !slice_u64(slice_from(s.ptr + at, len), max, &value))
		return false;
	*ret = (unsigned)value;
	return true;
}

bool day_parse(struct slice s, int32_t *ret)
{
	unsigned year, month, dom;
	struct date back;
	int32_t day;

	if (s.len != 10 || s.ptr[4] != '-' || s.ptr[7] != '-' || !digits(s, 0, 4, 9999, &year) ||
		!digits(s, 5, 2, 12, &month) || !digits(s, 8, 2, 31, &dom) || month < 1 || dom < 1)
		return false;
	day = day_of_date((struct date){ year, month, dom });
	back = date_of(day);
	if (back.month != month || back.day != dom)
		return false;
	*ret = day;
	return true;
}

/* The zone after the seconds: "Z" or "+hh:mm"; a fraction before it is skipped. */
static bool zone_seconds(struct slice s, int64_t *ret)
{
	unsigned hours, minutes;
	size_t i = 0;

	if (i < s.len && s.ptr[i] == '.') {
		size_t from = ++i;

		while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
			i++;
		if (i == from)
			return false;
	}
	s = slice_from(s.ptr + i, s.len - i);
	if (s.len == 1 && (s.ptr[0] == 'Z' || s.ptr[0] == 'z')) {
		*ret = 0;
		return true;
	}
	if (s.len != 6 || (s.ptr[0] != '+' && s.ptr[0] != '-') || s.ptr[3] != ':' ||
		!digits(s, 1, 2, 23, &hours) || !digits(s, 4, 2, 59, &minutes))
		return false;
	*ret = (int64_t)(hours * 3600 + minutes * 60) * (s.ptr[0] == '-' ? -1 : 1);
	return true;
}

bool day_moment_parse(struct slice s, int64_t *ret)
{
	unsigned hour, minute, second;
	int64_t number, zone;
	int32_t day;

	if (day_parse(s, &day)) {
		*ret = (int64_t)day * DAY_SECONDS;
		return true;
	}
	if (slice_i64(s, 0, 9999999999999, &number)) {
		*ret = s.len == 13 ? number / 1000 : number;
		return s.len == 13 || s.len <= 11;
	}
	if (s.len < 20 || (s.ptr[10] != 'T' && s.ptr[10] != 't' && s.ptr[10] != ' ') ||
		s.ptr[13] != ':' || s.ptr[16] != ':' || !day_parse(slice_from(s.ptr, 10), &day) ||
		!digits(s, 11, 2, 23, &hour) || !digits(s, 14, 2, 59, &minute) ||
		!digits(s, 17, 2, 60, &second) ||
		!zone_seconds(slice_from(s.ptr + 19, s.len - 19), &zone))
		return false;
	*ret = (int64_t)day * DAY_SECONDS + hour * 3600 + minute * 60 + second - zone;
	return true;
}
