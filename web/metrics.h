/*
 * metrics: /metrics, the state of things as Prometheus reads it.
 *
 * Gauges come from the database, for windows of whole days: late reports make a rate of counters a
 * fiction, and neither a restart nor a back-filled year may look like an event. Labels are bounded:
 * the configured domains (the first METRICS_DOMAINS_MAX by name, the rest as "other"), the busiest
 * reporters, fixed words; never an address, a selector or a name a report brought. Above
 * METRICS_SERIES_MAX series are left out and counted.
 */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "web/route.h"

web_handler metrics_answer;

#endif
