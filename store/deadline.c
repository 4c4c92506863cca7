#include "store/deadline.h"

#include "store/base/day.h"

/* Virtual machine steps between two looks at the clock: some microseconds. */
#define CLOCK_STEPS 10000

static int too_late(void *arg)
{
	struct deadline *d = arg;

	d->passed = day_monotonic_ms() > d->at_ms;
	return d->passed;
}

void deadline_start(struct deadline *d, struct store *st)
{
	*d = (struct deadline){ .store = st, .at_ms = day_monotonic_ms() + QUERY_MS_MAX };
	sqlite3_progress_handler(st->db, CLOCK_STEPS, too_late, d);
}

void deadline_stop(struct deadline *d)
{
	sqlite3_progress_handler(d->store->db, 0, NULL, NULL);
}
