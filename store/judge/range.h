/*
 * range: the thresholds of monitoring plugins, as "-w" and "-c" take them.
 *
 *	10	alarm below 0 or above 10
 *	10:	alarm below 10
 *	~:10	alarm above 10
 *	10:20	alarm outside of 10 to 20
 *	@10:20	alarm inside of 10 to 20, the ends included
 *
 * (Monitoring Plugins Development Guidelines, "Threshold and ranges".) Numbers are decimal; where
 * the value is a time, a number may carry s, m, h or d.
 */
#ifndef STORE_JUDGE_RANGE_H
#define STORE_JUDGE_RANGE_H

#include "store/base/slice.h"

#define RANGE_TEXT_MAX 64

struct range {
	bool set, inside, no_low, no_high;
	double low, high;
	char text[RANGE_TEXT_MAX];	/* as given, for the performance data; units resolved */
};

/* False: no range (the caller names the option). `times`: units are allowed. */
bool range_parse(struct slice s, bool times, struct range *ret);
/* False for a range that is not set. */
bool range_alarms(const struct range *r, double value);

#endif
