/*
 * meter: what the server did since it started: requests by route and status, and how long they took.
 *
 * Fixed arrays and atomic counts: any thread may add, and nothing a client sends makes them larger.
 */
#ifndef WEB_METER_H
#define WEB_METER_H

#include <stdint.h>

#include "store/base/buf.h"
#include "store/base/err.h"

struct meter;
struct route;

int meter_open(struct meter **ret, struct err *err);
void meter_close(struct meter *m);	/* NULL allowed */
/* One answer. route NULL: nothing is at the address. A NULL meter counts nothing. */
void meter_add(struct meter *m, const struct route *route, unsigned status, int64_t took_ms);
/* The counts as Prometheus text; returns how many series they are. */
unsigned meter_write(const struct meter *m, struct buf *to);

/*
 * A text that was made a moment ago: true, and it is appended, while it is younger than `ms`. Two
 * scrapes of one moment cost one.
 */
bool meter_recall(struct meter *m, int64_t ms, struct buf *to);
void meter_remember(struct meter *m, struct slice text);
/* Series that had no room, over the life of the process: adds `more`, returns the sum. */
uint64_t meter_dropped(struct meter *m, uint64_t more);

#endif
