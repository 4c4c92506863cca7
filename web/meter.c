#include "web/meter.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "store/base/day.h"
#include "web/route.h"

/* Routes there may be; the table in routes.c is far shorter. One more for "nothing there". */
#define ROUTES_MAX 128
#define TEXT_MAX   (4 * 1024 * 1024)

/* The statuses an answer can have; others are counted as 500. */
static const unsigned statuses[] = { 200, 304, 400, 401, 403, 404, 405, 406, 409, 411, 413, 414,
	415, 429, 431, 500, 503, 505 };
#define STATUSES (sizeof statuses / sizeof *statuses)
static const int64_t bounds_ms[] = { 1, 5, 10, 50, 100, 500, 1000, 5000 };
#define BOUNDS (sizeof bounds_ms / sizeof *bounds_ms)

struct meter {
	atomic_uint_fast64_t counts[ROUTES_MAX + 1][STATUSES];
	atomic_uint_fast64_t buckets[ROUTES_MAX + 1][BOUNDS + 1]; /* not summed up */
	atomic_uint_fast64_t sums_ms[ROUTES_MAX + 1];
	atomic_uint_fast64_t dropped;
	pthread_mutex_t lock;
	struct buf text;
	struct meter_kept kept; /* of the text */
	int64_t made_ms;
};

int meter_open(struct meter **ret, struct err *err)
{
	struct meter *m = calloc(1, sizeof *m);

	if (m == NULL || pthread_mutex_init(&m->lock, NULL) != 0) {
		free(m);
		return err_set(err, ERR_SHORTAGE, "no memory to count requests");
	}
	buf_init(&m->text, TEXT_MAX);
	*ret = m;
	return 0;
}

void meter_close(struct meter *m)
{
	if (m == NULL)
		return;
	(void)pthread_mutex_destroy(&m->lock);
	buf_release(&m->text);
	free(m);
}

static size_t route_at(const struct route *route)
{
	size_t at = route != NULL ? (size_t)(route - routes) : ROUTES_MAX;

	return at < ROUTES_MAX ? at : ROUTES_MAX;
}

void meter_add(struct meter *m, const struct route *route, unsigned status, int64_t took_ms)
{
	size_t at = route_at(route), s = 0, b = 0;

	if (m == NULL)
		return;
	while (s < STATUSES && statuses[s] != status)
		s++;
	for (size_t i = 0; s == STATUSES; i++) {
		if (statuses[i] == 500)
			s = i;
	}
	while (b < BOUNDS && took_ms > bounds_ms[b])
		b++;
	atomic_fetch_add_explicit(&m->counts[at][s], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->buckets[at][b], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(
		&m->sums_ms[at], (uint64_t)(took_ms > 0 ? took_ms : 0), memory_order_relaxed);
}

static uint64_t read_count(const atomic_uint_fast64_t *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

static const char *route_label(size_t at)
{
	return at < ROUTES_MAX ? routes[at].pattern : "none";
}

/* A pattern that stands in the table once for each method is told apart by it. */
static void add_labels(struct buf *to, size_t at)
{
	buf_printf(to, "route=\"%s\",method=\"", route_label(at));
	if (at < ROUTES_MAX)
		route_methods(routes[at].method, to);
	buf_add_char(to, '"');
}

static size_t routes_len(void)
{
	size_t n = 0;

	while (n < ROUTES_MAX && routes[n].pattern != NULL)
		n++;
	return n;
}

static unsigned write_counts(const struct meter *m, size_t at, struct buf *to)
{
	unsigned series = 0;

	for (size_t s = 0; s < STATUSES; s++) {
		uint64_t n = read_count(&m->counts[at][s]);

		if (n == 0)
			continue;
		buf_add_text(to, "ruad_http_requests_total{");
		add_labels(to, at);
		buf_printf(to, ",code=\"%u\"} %" PRIu64 "\n", statuses[s], n);
		series++;
	}
	return series;
}

static unsigned write_durations(const struct meter *m, size_t at, struct buf *to)
{
	uint64_t n = 0;

	for (size_t b = 0; b <= BOUNDS; b++)
		n += read_count(&m->buckets[at][b]);
	if (n == 0)
		return 0;
	n = 0;
	for (size_t b = 0; b <= BOUNDS; b++) {
		n += read_count(&m->buckets[at][b]);
		buf_add_text(to, "ruad_http_request_duration_seconds_bucket{");
		add_labels(to, at);
		if (b < BOUNDS)
			buf_printf(to, ",le=\"%g\"} %" PRIu64 "\n", (double)bounds_ms[b] / 1000, n);
		else
			buf_printf(to, ",le=\"+Inf\"} %" PRIu64 "\n", n);
	}
	buf_add_text(to, "ruad_http_request_duration_seconds_sum{");
	add_labels(to, at);
	buf_printf(to, "} %.3f\n", (double)read_count(&m->sums_ms[at]) / 1000);
	buf_add_text(to, "ruad_http_request_duration_seconds_count{");
	add_labels(to, at);
	buf_printf(to, "} %" PRIu64 "\n", n);
	return BOUNDS + 3;
}

static unsigned write_routes(const struct meter *m,
	unsigned (*write)(const struct meter *m, size_t at, struct buf *to), struct buf *to)
{
	size_t len = routes_len();
	unsigned series = 0;

	for (size_t i = 0; i < len; i++)
		series += write(m, i, to);
	return series + write(m, ROUTES_MAX, to);
}

unsigned meter_write(const struct meter *m, struct buf *to)
{
	unsigned series;

	buf_add_text(to, "# HELP ruad_http_requests_total Answers since the start, by route and"
			 " status.\n# TYPE ruad_http_requests_total counter\n");
	series = write_routes(m, write_counts, to);
	buf_add_text(to,
		"# HELP ruad_http_request_duration_seconds Time until the first bytes of an"
		" answer were ready.\n"
		"# TYPE ruad_http_request_duration_seconds histogram\n");
	return series + write_routes(m, write_durations, to);
}

static bool same_facts(const struct meter_kept *a, const struct meter_kept *b)
{
	return a->identity == b->identity && a->version == b->version && a->day == b->day;
}

bool meter_recall(struct meter *m, struct meter_kept *kept, int64_t ms, struct buf *to)
{
	bool fresh;

	(void)pthread_mutex_lock(&m->lock);
	fresh = m->text.len > 0 && !buf_failed(&m->text) &&
		(same_facts(&m->kept, kept) || day_monotonic_ms() - m->made_ms < ms);
	if (fresh) {
		buf_add(to, buf_slice(&m->text));
		*kept = m->kept;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return fresh;
}

void meter_remember(struct meter *m, const struct meter_kept *kept, struct slice text)
{
	(void)pthread_mutex_lock(&m->lock);
	buf_clear(&m->text);
	buf_add(&m->text, text);
	m->kept = *kept;
	m->made_ms = day_monotonic_ms();
	(void)pthread_mutex_unlock(&m->lock);
}

uint64_t meter_dropped(struct meter *m, uint64_t more)
{
	return atomic_fetch_add_explicit(&m->dropped, more, memory_order_relaxed) + more;
}
