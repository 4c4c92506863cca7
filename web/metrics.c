#include "web/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/base/day.h"
#include "store/dns_sum.h"
#include "store/judge/class.h"
#include "web/meter.h"
#include "web/pool.h"

#define METRICS_DOMAINS_MAX   200
#define METRICS_REPORTERS_MAX 20
#define METRICS_SERIES_MAX    15000
#define METRICS_KEPT_MS       15000

static const char *const window_names[] = { "1d", "7d", "30d" };
static const int32_t window_days[] = { 1, 7, 30 };
#define WINDOWS   (sizeof window_names / sizeof *window_names)
#define WINDOW_7D 1

struct window {
	int64_t messages[CLASS_COUNT][REPORT_VERDICT_COUNT];
	int64_t quarantine, reject;
};

struct domain {
	char name[DOMAIN_KEY_MAX];
	char p[16], sp[16];
	bool has_report, has_dns;
	struct dns_sum dns;
	int64_t last_report, undecided_sources, new_sources;
	struct window windows[WINDOWS];
};

/* One scrape. domains[domains_len] is "other", when there are more. */
struct scrape {
	const struct request *req;
	struct buf *to;
	struct query_filter filter;
	struct domain domains[METRICS_DOMAINS_MAX + 1];
	unsigned domains_len, window;
	bool others;
	unsigned series;
	uint64_t dropped;
};

/* ---- reading --------------------------------------------------------------------------------- */

static const struct value *cell(const struct value *row, enum query_kind kind, const char *name)
{
	return &row[query_column(kind, name)];
}

typedef void row_take(const struct value *row, struct scrape *s);

static int ask(struct scrape *s, enum query_kind kind, const char *const *params, row_take *take,
	struct err *err)
{
	const struct value *row;
	struct query *q = NULL;
	int more;

	query_filter_init(&s->filter);
	for (; *params != NULL; params += 2) {
		if (query_filter_set(
			    &s->filter, kind, slice_of(params[0]), slice_of(params[1]), err) < 0)
			return -1;
	}
	s->filter.lean = true;
	if (query_open(&q, s->req->store, kind, &s->filter, err) < 0)
		return -1;
	while ((more = query_next(q, &row, err)) > 0)
		take(row, s);
	query_close(q);
	return more;
}

/* As the rows come sorted: bytewise. */
static int compare(struct slice a, struct slice b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* By halves, for they came sorted by name. */
static struct domain *domain_of(struct scrape *s, struct slice name)
{
	unsigned first = 0, last = s->domains_len;

	while (first < last) {
		unsigned at = first + (last - first) / 2;
		int order = compare(slice_of(s->domains[at].name), name);

		if (order == 0)
			return &s->domains[at];
		if (order < 0)
			first = at + 1;
		else
			last = at;
	}
	return s->others ? &s->domains[s->domains_len] : NULL;
}

static void copy_word(char *dst, size_t cap, const struct value *v)
{
	(void)snprintf(dst, cap, "%.*s", SLICE_FMT(v->null ? SLICE_LIT("none") : v->text));
}

static void take_domain(const struct value *row, struct scrape *s)
{
	const struct value *last = cell(row, QUERY_DOMAINS, "last_report");
	struct slice name = cell(row, QUERY_DOMAINS, "domain")->text;
	struct domain *d;

	s->others |= s->domains_len == METRICS_DOMAINS_MAX;
	d = &s->domains[s->domains_len];
	if (!s->others) {
		s->domains_len++;
		(void)snprintf(d->name, sizeof d->name, "%.*s", SLICE_FMT(name));
		copy_word(d->p, sizeof d->p, cell(row, QUERY_DOMAINS, "policy"));
		copy_word(d->sp, sizeof d->sp, cell(row, QUERY_DOMAINS, "subdomain_policy"));
	} else {
		(void)snprintf(d->name, sizeof d->name, "other");
	}
	if (!last->null && (!d->has_report || last->number > d->last_report)) {
		d->has_report = true;
		d->last_report = last->number;
	}
	d->undecided_sources += cell(row, QUERY_DOMAINS, "undecided_sources")->number;
	d->new_sources += cell(row, QUERY_DOMAINS, "new_sources")->number;
}

static void add_sums(struct window *w, const struct value *row)
{
	for (int c = 0; c < CLASS_COUNT; c++) {
		if (!slice_equal(row[-1].text, slice_of(class_names[c])))
			continue;
		w->messages[c][REPORT_VERDICT_PASS] += cell(row, QUERY_SUMMARY, "pass")->number;
		w->messages[c][REPORT_VERDICT_FAIL] += cell(row, QUERY_SUMMARY, "fail")->number;
		w->messages[c][REPORT_VERDICT_UNKNOWN] +=
			cell(row, QUERY_SUMMARY, "unknown")->number;
	}
	w->quarantine += cell(row, QUERY_SUMMARY, "disposition_quarantine")->number;
	w->reject += cell(row, QUERY_SUMMARY, "disposition_reject")->number;
}

/* What belongs to a window belongs to every longer one. */
static void take_sums(const struct value *row, struct scrape *s)
{
	/* group_by puts its values in front, in its order. */
	struct domain *d = domain_of(s, row[0].text);

	for (size_t w = s->window; d != NULL && w < WINDOWS; w++)
		add_sums(&d->windows[w], row + 2);
}

/* Each day is read once: the longer windows less the shorter. */
static int ask_sums(struct scrape *s, struct err *err)
{
	const int32_t today = day_of(day_now());
	char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX];
	int32_t before = 0;

	for (s->window = 0; s->window < WINDOWS; s->window++) {
		const char *const sums[] = { "from", day_text(today - window_days[s->window], from),
			"to", day_text(today - before - 1, to), "group_by", "domain,class", NULL };

		if (ask(s, QUERY_SUMMARY, sums, take_sums, err) < 0)
			return -1;
		before = window_days[s->window];
	}
	return 0;
}

/* Of "other" the findings are summed; look-ups and readiness are of one domain. */
static void take_dns(void *arg, struct slice name, const struct dns_sum *sum)
{
	struct scrape *s = arg;
	struct domain *d = domain_of(s, name);

	if (d == NULL)
		return;
	d->has_dns = true;
	d->dns.lookups = sum->lookups;
	d->dns.readiness = sum->readiness;
	for (int r = 0; r < DNS_SUM_RECORD_COUNT; r++) {
		for (int v = 0; v < DNS_SUM_SEVERITIES; v++)
			d->dns.findings[r][v] += sum->findings[r][v];
	}
}

/* ---- writing --------------------------------------------------------------------------------- */

static void head(struct scrape *s, const char *name, const char *type, const char *help)
{
	buf_printf(s->to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* False: no room for another one. */
static bool counted(struct scrape *s)
{
	if (s->series >= METRICS_SERIES_MAX) {
		s->dropped++;
		return false;
	}
	s->series++;
	return true;
}

/* A label's value: quotes, backslashes and line ends are all the format knows of. */
static void add_value(struct buf *to, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '\\' || s.ptr[i] == '"')
			buf_add_char(to, '\\');
		if (s.ptr[i] == '\n')
			buf_add_text(to, "\\n");
		else
			buf_add_char(to, s.ptr[i]);
	}
}

static void add_label(struct buf *to, const char *sep, const char *name, struct slice value)
{
	buf_printf(to, "%s%s=\"", sep, name);
	add_value(to, value);
	buf_add_char(to, '"');
}

static void gauge(struct scrape *s, const char *name, const char *const *labels, int64_t value)
{
	const char *sep = "{";

	if (!counted(s))
		return;
	buf_add_text(s->to, name);
	for (; *labels != NULL; labels += 2, sep = ",")
		add_label(s->to, sep, labels[0], slice_of(labels[1]));
	buf_printf(s->to, "%s %" PRId64 "\n", *sep == ',' ? "}" : "", value);
}

static void each_domain(struct scrape *s, void (*write)(struct scrape *s, const struct domain *d))
{
	for (unsigned i = 0; i < s->domains_len + s->others; i++)
		write(s, &s->domains[i]);
}

static void write_messages(struct scrape *s, const struct domain *d)
{
	for (size_t w = 0; w < WINDOWS; w++) {
		for (int c = 0; c < CLASS_COUNT; c++) {
			for (int v = 0; v < REPORT_VERDICT_COUNT; v++) {
				int64_t n = d->windows[w].messages[c][v];

				/* Unknown ones are rare: their absence is their zero. */
				if (v != REPORT_VERDICT_UNKNOWN || n > 0)
					gauge(s, "ruad_window_messages",
						(const char *const[]){ "domain", d->name, "window",
							window_names[w], "class", class_names[c],
							"result", report_verdict_names[v], NULL },
						n);
			}
		}
	}
}

static int64_t class_sum(const struct window *w, int class)
{
	return w->messages[class][REPORT_VERDICT_PASS] + w->messages[class][REPORT_VERDICT_FAIL] +
	       w->messages[class][REPORT_VERDICT_UNKNOWN];
}

static void ratio(struct scrape *s, const char *name, const struct domain *d, size_t window,
	int64_t part, int64_t whole)
{
	/* No own mail: no series, never 0 or 1. */
	if (whole == 0 || !counted(s))
		return;
	buf_printf(s->to, "%s", name);
	add_label(s->to, "{", "domain", slice_of(d->name));
	add_label(s->to, ",", "window", slice_of(window_names[window]));
	buf_printf(s->to, "} %.9g\n", (double)part / (double)whole);
}

static void write_ratio(struct scrape *s, const struct domain *d)
{
	for (size_t w = 0; w < WINDOWS; w++)
		ratio(s, "ruad_window_own_pass_ratio", d, w,
			d->windows[w].messages[CLASS_YOURS][REPORT_VERDICT_PASS],
			class_sum(&d->windows[w], CLASS_YOURS));
}

static void write_floor(struct scrape *s, const struct domain *d)
{
	for (size_t w = 0; w < WINDOWS; w++) {
		int64_t own = class_sum(&d->windows[w], CLASS_YOURS);

		if (own > 0)
			ratio(s, "ruad_window_own_pass_ratio_floor", d, w,
				d->windows[w].messages[CLASS_YOURS][REPORT_VERDICT_PASS],
				own + class_sum(&d->windows[w], CLASS_TO_DECIDE));
	}
}

static void write_acted(struct scrape *s, const struct domain *d)
{
	for (size_t w = 0; w < WINDOWS; w++) {
		gauge(s, "ruad_window_acted_on_messages",
			(const char *const[]){ "domain", d->name, "window", window_names[w],
				"disposition", "quarantine", NULL },
			d->windows[w].quarantine);
		gauge(s, "ruad_window_acted_on_messages",
			(const char *const[]){ "domain", d->name, "window", window_names[w],
				"disposition", "reject", NULL },
			d->windows[w].reject);
	}
}

#define OF_DOMAIN(d) ((const char *const[]){ "domain", (d)->name, NULL })
#define NO_LABEL     ((const char *const[]){ NULL })

static void write_last_report(struct scrape *s, const struct domain *d)
{
	if (d->has_report)
		gauge(s, "ruad_last_report_timestamp_seconds", OF_DOMAIN(d), d->last_report);
}

static void write_undecided(struct scrape *s, const struct domain *d)
{
	gauge(s, "ruad_undecided_sources", OF_DOMAIN(d), d->undecided_sources);
}

static void write_new(struct scrape *s, const struct domain *d)
{
	gauge(s, "ruad_new_sources", OF_DOMAIN(d), d->new_sources);
}

static void write_policy(struct scrape *s, const struct domain *d)
{
	if (d->p[0] != '\0')
		gauge(s, "ruad_policy_info",
			(const char *const[]){ "domain", d->name, "p", d->p, "sp", d->sp, NULL },
			1);
}

static void write_findings(struct scrape *s, const struct domain *d)
{
	for (int r = 0; d->has_dns && r < DNS_SUM_RECORD_COUNT; r++) {
		for (int v = 0; v < DNS_SUM_SEVERITIES; v++)
			gauge(s, "ruad_dns_findings",
				(const char *const[]){ "domain", d->name, "record",
					dns_sum_record_names[r], "severity", dns_severity_names[v],
					NULL },
				d->dns.findings[r][v]);
	}
}

static bool is_one(const struct scrape *s, const struct domain *d)
{
	return d != &s->domains[s->domains_len];
}

static void write_lookups(struct scrape *s, const struct domain *d)
{
	if (d->has_dns && is_one(s, d) && d->dns.lookups >= 0)
		gauge(s, "ruad_spf_lookups", OF_DOMAIN(d), d->dns.lookups);
}

static void write_readiness(struct scrape *s, const struct domain *d)
{
	if (d->has_dns && is_one(s, d))
		gauge(s, "ruad_readiness_state",
			(const char *const[]){ "domain", d->name, "state",
				readiness_verdict_names[d->dns.readiness], NULL },
			1);
}

static const struct {
	const char *name, *help;
	void (*write)(struct scrape *s, const struct domain *d);
} domain_gauges[] = {
	{ "ruad_window_messages",
		"Messages reported for the last whole days, by whose they are and DMARC's result.",
		write_messages },
	{ "ruad_window_own_pass_ratio", "Share of the domain's own mail that passes DMARC.",
		write_ratio },
	{ "ruad_window_own_pass_ratio_floor",
		"The same if all mail that is still to be decided were own and failing.",
		write_floor },
	{ "ruad_window_acted_on_messages", "Messages that receivers quarantined or rejected.",
		write_acted },
	{ "ruad_last_report_timestamp_seconds", "End of the newest report.", write_last_report },
	{ "ruad_undecided_sources", "Sources with mail to be decided in the last 7 days.",
		write_undecided },
	{ "ruad_new_sources", "Sources that are new in the last 7 days.", write_new },
	{ "ruad_policy_info", "The policy reporters saw last.", write_policy },
	{ "ruad_dns_findings", "What is wrong with the domain's records, when ruad-dns last asked.",
		write_findings },
	{ "ruad_spf_lookups", "DNS look-ups that the SPF record takes; ten are allowed.",
		write_lookups },
	{ "ruad_readiness_state", "Whether the policy may go on, when ruad-dns last asked.",
		write_readiness },
};

static void take_reporter(const struct value *row, struct scrape *s)
{
	const struct value *end = cell(row, QUERY_REPORTERS, "last_end");

	if (end->null || !counted(s))
		return;
	buf_add_text(s->to, "ruad_reporter_last_report_timestamp_seconds");
	add_label(s->to, "{", "reporter", cell(row, QUERY_REPORTERS, "reporter")->text);
	buf_printf(s->to, "} %" PRId64 "\n", end->number);
}

static void take_ending(const struct value *row, struct scrape *s)
{
	if (!counted(s))
		return;
	buf_add_text(s->to, "ruad_mails");
	add_label(s->to, "{", "ending", cell(row, QUERY_ENDINGS, "ending")->text);
	buf_printf(s->to, "} %" PRId64 "\n", cell(row, QUERY_ENDINGS, "mails")->number);
}

static void take_status(const struct value *row, struct scrape *s)
{
	const struct value *last = cell(row, QUERY_STATUS, "last_received");
	const struct value *through = cell(row, QUERY_STATUS, "data_through");

	if (!through->null) {
		head(s, "ruad_data_through_timestamp_seconds", "gauge",
			"End of the last day that reporters of nine tenths of the mail have reported.");
		gauge(s, "ruad_data_through_timestamp_seconds", NO_LABEL,
			(through->number + 1) * DAY_SECONDS);
	}
	if (!last->null) {
		head(s, "ruad_last_stored_timestamp_seconds", "gauge",
			"When a report was stored last.");
		gauge(s, "ruad_last_stored_timestamp_seconds", NO_LABEL, last->number);
	}
	head(s, "ruad_db_bytes", "gauge", "Size of the database.");
	gauge(s, "ruad_db_bytes", NO_LABEL, cell(row, QUERY_STATUS, "db_bytes")->number);
}

static int write_store(struct scrape *s, struct err *err)
{
	static const char *const by_name[] = { "last", "7d", "sort", "domain", NULL };
	static const char *const busiest[] = { "last", "90d", "sort", "-messages", "limit", "20",
		NULL };
	static const char *const nothing[] = { NULL };

	if (ask(s, QUERY_DOMAINS, by_name, take_domain, err) < 0 || ask_sums(s, err) < 0 ||
		dns_sum_each(s->req->store, take_dns, s, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof domain_gauges / sizeof *domain_gauges; i++) {
		head(s, domain_gauges[i].name, "gauge", domain_gauges[i].help);
		each_domain(s, domain_gauges[i].write);
	}
	head(s, "ruad_reporter_last_report_timestamp_seconds", "gauge",
		"End of the newest report of the busiest reporters.");
	if (ask(s, QUERY_REPORTERS, busiest, take_reporter, err) < 0)
		return -1;
	head(s, "ruad_mails", "gauge", "Mails by what became of them.");
	if (ask(s, QUERY_ENDINGS, nothing, take_ending, err) < 0)
		return -1;
	return ask(s, QUERY_STATUS, nothing, take_status, err);
}

/* As long as the facts and the day are the same, so is what is read from them. */
static int write_store_once(struct scrape *s, struct err *err)
{
	const struct request *req = s->req;
	struct meter *meter = req->web->meter;
	struct meter_kept kept = { .identity = store_identity(req->store),
		.day = day_of(day_now()) };
	size_t from = s->to->len;

	if (meter == NULL)
		return write_store(s, err);
	if (pool_version(req->web->pool, req->store, &kept.version, err) < 0)
		return -1;
	if (meter_recall(meter, &kept, METRICS_KEPT_MS, s->to)) {
		s->series += kept.series;
		s->dropped += kept.dropped;
		return 0;
	}
	kept.series = s->series;
	if (write_store(s, err) < 0)
		return -1;
	kept.series = s->series - kept.series;
	kept.dropped = s->dropped;
	if (!buf_failed(s->to))
		meter_remember(meter, &kept, slice_from(s->to->ptr + from, s->to->len - from));
	return 0;
}

static int write_all(struct scrape *s, struct err *err)
{
	const struct web *web = s->req->web;

	head(s, "ruad_build_info", "gauge", "The version that runs.");
	gauge(s, "ruad_build_info", (const char *const[]){ "version", web->version, NULL }, 1);
	head(s, "ruad_start_time_seconds", "gauge", "When the server was started.");
	gauge(s, "ruad_start_time_seconds", NO_LABEL, web->started);
	if (s->req->store != NULL && write_store_once(s, err) < 0)
		return -1;
	if (web->meter == NULL)
		return 0;
	s->series += meter_write(web->meter, s->to);
	head(s, "ruad_series_dropped_total", "counter", "Series that had no room in an answer.");
	buf_printf(s->to, "ruad_series_dropped_total %" PRIu64 "\n",
		meter_dropped(web->meter, s->dropped));
	return 0;
}

int metrics_answer(const struct request *req, struct response *res, struct err *err)
{
	struct scrape *s;
	int rc;

	res->type = "text/plain; version=0.0.4; charset=utf-8";
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for the metrics");
	s->req = req;
	s->to = &res->body;
	rc = write_all(s, err);
	free(s);
	return rc;
}
