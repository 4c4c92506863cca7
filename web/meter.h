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
 * A text of what the store says, by the facts it stands on. meter_recall(): true, and it is appended,
 * while the facts and the day are the same, and at any rate for `ms`: many scrapes cost one. *kept
 * is then the text's own.
 */
struct meter_kept {
	uint64_t identity;	/* store_identity() */
	int64_t version;	/* store_data_version() */
	int32_t day;
	unsigned series;	/* in the text */
	uint64_t dropped;	/* that had no room */
};
bool meter_recall(struct meter *m, struct meter_kept *kept, int64_t ms, struct buf *to);
void meter_remember(struct meter *m, const struct meter_kept *kept, struct slice text);
/* Series that had no room, over the life of the process: adds `more`, returns the sum. */
uint64_t meter_dropped(struct meter *m, uint64_t more);

#endif
