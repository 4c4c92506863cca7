#include "store/check_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/base/day.h"
#include "store/query_tables.h"

#define ANSWER_BYTES_MAX (16 * 1024)

const char *const check_state_names[CHECK_STATE_COUNT] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

/* ---- rows ------------------------------------------------------------------------------------ */

/* The cell of a column by name. */
static const struct value *cell(const struct value *row, enum query_kind kind, const char *name)
{
	return &row[query_column(kind, name)];
}

void check_keep_name(struct check_found *f, struct slice name)
{
	struct err_quote quote;

	(void)snprintf(f->name, sizeof f->name, "%s", err_printable(&quote, name));
}

typedef void row_visit(const struct value *row, struct check_work *w);

/* Calls `each` with every row of the answer. */
static int each_row(struct check_work *w, enum query_kind kind, const struct query_filter *filter,
	row_visit *each, struct err *err)
{
	const struct value *row;
	struct query *q = NULL;
	int more;

	if (query_open(&q, w->st, kind, filter, err) < 0)
		return -1;
	while ((more = query_next(q, &row, err)) > 0)
		each(row, w);
	if (query_meta(q)->has_window)
		w->found.days = query_meta(q)->to - query_meta(q)->from + 1;
	query_close(q);
	return more;
}

static bool parked_aside(const struct value *row, const struct check_work *w)
{
	return w->filter.domains_len == 0 && cell(row, QUERY_DOMAINS, "parked")->number != 0;
}

/* ---- freshness ------------------------------------------------------------------------------- */

static void stalest(const struct value *row, struct check_work *w)
{
	struct check_found *f = &w->found;
	const struct value *last = cell(row, QUERY_DOMAINS, "last_report");
	double age;

	if (parked_aside(row, w))
		return;
	f->others++;
	/* One that never had a report is not fresh: it is told apart only by having no age. */
	if (last->null) {
		f->undecided++;
		return;
	}
	age = (double)(day_now() - last->number);
	if (f->measured && age <= f->value)
		return;
	f->measured = true;
	f->value = age > 0 ? age : 0;
	check_keep_name(f, cell(row, QUERY_DOMAINS, "domain")->text);
}

static int measure_freshness(struct check_work *w, struct err *err)
{
	return each_row(w, QUERY_DOMAINS, &w->filter, stalest, err);
}

static void add_age(struct buf *to, double seconds)
{
	int64_t minutes = (int64_t)(seconds / 60);

	if (minutes < 60)
		buf_printf(to, "%" PRId64 " min", minutes);
	else if (minutes < 48 * 60)
		buf_printf(to, "%" PRId64 " h", minutes / 60);
	else
		buf_printf(to, "%" PRId64 " days", minutes / (24 * 60));
}

static void say_freshness(const struct check_found *f, struct buf *to)
{
	if (!f->measured) {
		buf_add_text(to, "no report yet");
		return;
	}
	buf_printf(to, "%s newest report ended ", f->name);
	add_age(to, f->value);
	buf_add_text(to, " ago");
	if (f->others > 1)
		buf_printf(to, ", the stalest of %" PRId64 " domains", f->others);
	if (f->undecided > 0)
		buf_printf(to, "; %" PRId64 " without any report", f->undecided);
}

static void perf_freshness(
	const struct check_found *f, const struct range *w, const struct range *c, struct buf *to)
{
	if (f->measured)
		buf_printf(to, "age=%.0fs;%s;%s;0 ", f->value, w->text, c->text);
	buf_printf(to, "domains=%" PRId64 ";;;0 silent=%" PRId64 ";;;0", f->others, f->undecided);
}

/* ---- own-pass -------------------------------------------------------------------------------- */

static void worst_domain(const struct value *row, struct check_work *w)
{
	struct check_found *f = &w->found;
	const struct value *ratio = cell(row, QUERY_DOMAINS, "own_pass_ratio");

	if (parked_aside(row, w))
		return;
	f->messages += cell(row, QUERY_DOMAINS, "own_messages")->number;
	f->undecided += cell(row, QUERY_DOMAINS, "undecided_messages")->number;
	if (ratio->null)
		return;
	f->others++;
	if (f->measured && ratio->ratio * 100 >= f->value)
		return;
	f->measured = true;
	f->value = ratio->ratio * 100;
	check_keep_name(f, cell(row, QUERY_DOMAINS, "domain")->text);
}

static int measure_own_pass(struct check_work *w, struct err *err)
{
	return each_row(w, QUERY_DOMAINS, &w->filter, worst_domain, err);
}

/* Cut, never rounded up: 99.96 is not 100. */
static void add_tenths(struct buf *to, double value)
{
	int64_t tenths = (int64_t)(value * 10 + 1e-7);

	buf_printf(to, "%" PRId64 ".%" PRId64, tenths / 10, tenths % 10);
}

static void say_own_pass(const struct check_found *f, struct buf *to)
{
	if (!f->measured) {
		buf_printf(to, "no own mail seen in %" PRId64 " days", f->days);
		return;
	}
	buf_printf(to, "%s own mail ", f->name);
	add_tenths(to, f->value);
	buf_printf(to, " %% pass in %" PRId64 " days", f->days);
	if (f->others > 1)
		buf_printf(to, ", the worst of %" PRId64 " domains", f->others);
}

static void perf_own_pass(
	const struct check_found *f, const struct range *w, const struct range *c, struct buf *to)
{
	if (f->measured) {
		buf_add_text(to, "own_pass=");
		add_tenths(to, f->value);
		buf_printf(to, "%%;%s;%s;0;100 ", w->text, c->text);
	}
	buf_printf(to, "messages=%" PRId64 ";;;0 undecided=%" PRId64 ";;;0", f->messages,
		f->undecided);
}

/* ---- new-sources ----------------------------------------------------------------------------- */

static void new_source(const struct value *row, struct check_work *w)
{
	struct check_found *f = &w->found;
	int64_t messages = cell(row, QUERY_SOURCES, "messages")->number;

	f->others++;
	if (cell(row, QUERY_SOURCES, "new")->number == 0)
		return;
	f->value += 1;
	f->messages += messages;
	if (messages > f->undecided) { /* the busiest is named */
		f->undecided = messages;
		check_keep_name(f, cell(row, QUERY_SOURCES, "name")->text);
	}
}

static void any_message(const struct value *row, struct check_work *w)
{
	w->found.measured = cell(row, QUERY_SUMMARY, "messages")->number > 0;
}

static int measure_new_sources(struct check_work *w, struct err *err)
{
	w->other = w->filter;
	if (query_filter_set(&w->other, QUERY_SOURCES, SLICE_LIT("class"), SLICE_LIT("to_decide"),
		    err) < 0 ||
		each_row(w, QUERY_SOURCES, &w->other, new_source, err) < 0)
		return -1;
	/* Nothing new where nothing arrived is no answer. */
	return each_row(w, QUERY_SUMMARY, &w->filter, any_message, err);
}

static void say_new_sources(const struct check_found *f, struct buf *to)
{
	if (!f->measured) {
		buf_printf(to, "no mail reported in %" PRId64 " days", f->days);
		return;
	}
	buf_printf(to, "%.0f new source%s to decide in %" PRId64 " days", f->value,
		f->value > 1 || f->value < 1 ? "s" : "", f->days);
	if (f->value > 0)
		buf_printf(to, " (%s, %" PRId64 " messages)", f->name, f->undecided);
}

static void perf_new_sources(
	const struct check_found *f, const struct range *w, const struct range *c, struct buf *to)
{
	if (f->measured)
		buf_printf(to, "new_sources=%.0f;%s;%s;0 ", f->value, w->text, c->text);
	buf_printf(to, "new_messages=%" PRId64 ";;;0 undecided_sources=%" PRId64 ";;;0",
		f->messages, f->others);
}

/* ---- ingest ---------------------------------------------------------------------------------- */

static void receipt_row(const struct value *row, struct check_work *w)
{
	struct check_found *f = &w->found;
	/* A mail has a row for each of its entries. */
	if (cell(row, QUERY_RECEIPTS, "n")->null || cell(row, QUERY_RECEIPTS, "n")->number == 1)
		f->value += 1;
}

static void any_mail(const struct value *row, struct check_work *w)
{
	struct check_found *f = &w->found;
	f->messages += cell(row, QUERY_ENDINGS, "mails")->number;
}

static int count_ending(struct check_work *w, struct slice ending, struct err *err)
{
	char from[DAY_TEXT_MAX], to[DAY_TEXT_MAX];
	int32_t today = day_of(day_now());

	query_filter_init(&w->other);
	/* "Last" would end with yesterday: what fails today matters most here. */
	if (query_filter_set(&w->other, QUERY_RECEIPTS, SLICE_LIT("from"),
		    slice_of(day_text(today - 1, from)), err) < 0 ||
		query_filter_set(&w->other, QUERY_RECEIPTS, SLICE_LIT("to"),
			slice_of(day_text(today, to)), err) < 0 ||
		query_filter_set(&w->other, QUERY_RECEIPTS, SLICE_LIT("ending"), ending, err) < 0)
		return -1;
	return each_row(w, QUERY_RECEIPTS, &w->other, receipt_row, err);
}

static int measure_ingest(struct check_work *w, struct err *err)
{
	struct check_found *f = &w->found;

	query_filter_init(&w->other);
	if (each_row(w, QUERY_ENDINGS, &w->other, any_mail, err) < 0 ||
		count_ending(w, SLICE_LIT("refused"), err) < 0)
		return -1;
	f->undecided = (int64_t)f->value;
	if (count_ending(w, SLICE_LIT("deferred"), err) < 0)
		return -1;
	f->measured = f->messages > 0;
	f->others = (int64_t)f->value - f->undecided;
	return 0;
}

static void say_ingest(const struct check_found *f, struct buf *to)
{
	if (!f->measured)
		buf_add_text(to, "no mail was read yet");
	else
		buf_printf(to, "mails since yesterday: %" PRId64 " refused, %" PRId64 " deferred",
			f->undecided, f->others);
}

static void perf_ingest(
	const struct check_found *f, const struct range *w, const struct range *c, struct buf *to)
{
	buf_printf(to, "failed=%.0f;%s;%s;0 refused=%" PRId64 ";;;0 deferred=%" PRId64 ";;;0",
		f->value, w->text, c->text, f->undecided, f->others);
	buf_printf(to, " mails=%" PRId64 "c", f->messages);
}

/* ---- reporters ------------------------------------------------------------------------------- */

static void reporter_row(const struct value *row, struct check_work *w)
{
	struct check_found *f = &w->found;
	int64_t messages = cell(row, QUERY_REPORTERS, "messages")->number;

	f->measured = true;
	f->others++;
	if (cell(row, QUERY_REPORTERS, "overdue")->number == 0)
		return;
	f->value += 1;
	if (messages >= f->messages) {
		f->messages = messages;
		check_keep_name(f, cell(row, QUERY_REPORTERS, "reporter")->text);
	}
}

static int measure_reporters(struct check_work *w, struct err *err)
{
	return each_row(w, QUERY_REPORTERS, &w->filter, reporter_row, err);
}

static void say_reporters(const struct check_found *f, struct buf *to)
{
	if (!f->measured) {
		buf_printf(to, "no reporter in %" PRId64 " days", f->days);
		return;
	}
	buf_printf(to, "%.0f of %" PRId64 " reporters overdue", f->value, f->others);
	if (f->value > 0)
		buf_printf(to, " (%s)", f->name);
}

static void perf_reporters(
	const struct check_found *f, const struct range *w, const struct range *c, struct buf *to)
{
	buf_printf(to, "overdue=%.0f;%s;%s;0 reporters=%" PRId64 ";;;0", f->value, w->text, c->text,
		f->others);
}

/* ---- the modes ------------------------------------------------------------------------------- */

/* What those about mail take besides warn and crit. */
#define FACTS "domain subdomains scope verified without_twins last from to reporter"

static const struct check_mode modes[] = {
	{ "freshness", QUERY_DOMAINS, FACTS, NULL, "2d", "3d", true, false, measure_freshness,
		say_freshness, perf_freshness },
	{ "own-pass", QUERY_DOMAINS, FACTS, "7d", "97:", "95:", false, false, measure_own_pass,
		say_own_pass, perf_own_pass },
	{ "new-sources", QUERY_SOURCES, FACTS, "7d", "0", "5", false, false, measure_new_sources,
		say_new_sources, perf_new_sources },
	{ "ingest", QUERY_RECEIPTS, FACTS, NULL, "0", "10", false, false, measure_ingest,
		say_ingest, perf_ingest },
	/* A reporter that fell silent must still be in the window. */
	{ "reporters", QUERY_REPORTERS, FACTS, "90d", "0", "3", false, false, measure_reporters,
		say_reporters, perf_reporters },
	{ "dns", QUERY_SUMMARY, "domain subdomains", NULL, "0", "0", false, true, check_measure_dns,
		check_say_dns, check_perf_dns },
	{ "ready", QUERY_SUMMARY, "domain subdomains", NULL, "0", "0", false, true,
		check_measure_ready, check_say_ready, check_perf_ready },
};
#define MODES (sizeof modes / sizeof *modes)

const char *check_name(unsigned i)
{
	return i < MODES ? modes[i].name : NULL;
}

bool check_find(struct slice name, unsigned *ret)
{
	for (unsigned i = 0; i < MODES; i++) {
		if (slice_equal(name, slice_of(modes[i].name))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

void check_ask_init(struct check_ask *ask, unsigned mode)
{
	*ask = (struct check_ask){ .mode = mode };
	query_filter_init(&ask->filter);
}

static int set_range(const struct check_mode *m, struct range *ret, const char *name,
	struct slice value, struct err *err)
{
	struct err_quote quote;

	if (ret->set)
		return err_set(err, ERR_USAGE, "%s may be given only once", name);
	if (!range_parse(value, m->times, ret))
		return err_set(err, ERR_USAGE, "%s %s is no range like 10, 95:, ~:5 or @3:7%s",
			name, err_quote(&quote, value),
			m->times ? ", each number in seconds or with m, h or d" : "");
	return 0;
}

int check_ask_set(struct check_ask *ask, struct slice name, struct slice value, struct err *err)
{
	const struct check_mode *m = &modes[ask->mode];
	struct err_quote quote;

	if (slice_equal(name, SLICE_LIT("warn")))
		return set_range(m, &ask->warn, "warn", value, err);
	if (slice_equal(name, SLICE_LIT("crit")))
		return set_range(m, &ask->crit, "crit", value, err);
	for (struct slice rest = slice_of(m->takes); rest.len > 0;) {
		if (slice_equal(name, slice_cut(rest, ' ', &rest)))
			return query_filter_set(&ask->filter, m->kind, name, value, err);
	}
	return err_set(err, ERR_USAGE, "check %s takes no %s", m->name, err_quote(&quote, name));
}

static enum check_state judge(const struct check_mode *m, const struct check_found *f,
	const struct range *warn, const struct range *crit)
{
	if (!f->measured)
		return CHECK_UNKNOWN;
	if (range_alarms(crit, m->severe ? f->severe : f->value))
		return CHECK_CRITICAL;
	if (range_alarms(warn, f->value))
		return CHECK_WARNING;
	/* All is well with some, and of others nobody knows. */
	return m->severe && f->unmeasured > 0 ? CHECK_UNKNOWN : CHECK_OK;
}

/* The mode's own threshold where none was given. */
static struct range threshold(const struct range *given, const char *own, bool times)
{
	struct range r = *given;
	bool is_range = r.set || range_parse(slice_of(own), times, &r);

	assert(is_range); /* a mode's own is one */
	(void)is_range;
	return r;
}

static int measure(
	struct store *st, const struct check_ask *ask, struct check_found *ret, struct err *err)
{
	const struct check_mode *m = &modes[ask->mode];
	struct check_work *w = calloc(1, sizeof *w);
	int rc = 0;

	if (w == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	w->st = st;
	w->filter = ask->filter;
	if (m->last != NULL && !query_filter_window_named(&w->filter))
		rc = query_filter_set(
			&w->filter, m->kind, SLICE_LIT("last"), slice_of(m->last), err);
	if (rc == 0)
		rc = m->measure(w, err);
	*ret = w->found;
	free(w);
	return rc;
}

int check_run(
	struct store *st, const struct check_ask *ask, struct check_answer *ret, struct err *err)
{
	const struct check_mode *m = &modes[ask->mode];
	struct range warn = threshold(&ask->warn, m->warn, m->times);
	struct range crit = threshold(&ask->crit, m->crit, m->times);
	struct check_found f = { 0 };

	if (measure(st, ask, &f, err) < 0)
		return -1;
	ret->state = judge(m, &f, &warn, &crit);
	buf_clear(&ret->output);
	buf_clear(&ret->perfdata);
	buf_printf(&ret->output, "DMARC %s - ", check_state_names[ret->state]);
	m->say(&f, &ret->output);
	m->perf(&f, &warn, &crit, &ret->perfdata);
	if (buf_failed(&ret->output) || buf_failed(&ret->perfdata))
		return err_set(err, ERR_SHORTAGE, "no memory for the answer");
	/* The bar parts the line from its numbers: a name must not bring one. */
	for (size_t i = 0; i < ret->output.len; i++) {
		if (ret->output.ptr[i] == '|')
			ret->output.ptr[i] = '/';
	}
	return 0;
}

void check_answer_init(struct check_answer *a)
{
	a->state = CHECK_UNKNOWN;
	buf_init(&a->output, ANSWER_BYTES_MAX);
	buf_init(&a->perfdata, ANSWER_BYTES_MAX);
}

void check_answer_release(struct check_answer *a)
{
	buf_release(&a->output);
	buf_release(&a->perfdata);
}
