#include "store/query_beside.h"

#include <stdlib.h>

#include "store/base/day.h"
#include "store/query_causes.h"
#include "store/query_ready.h"

#define POINTER_TYPE "ruad-beside"
/* Names of all domains of a question. */
#define NAMES_BYTES_MAX (16 * 1024 * 1024)

struct group_cause {
	int64_t group;
	size_t rank; /* in the list of its domain */
	int code, confidence;
};

struct domain_ready {
	int64_t domain;
	int verdict, published; /* -1: the DNS does not tell */
};

struct query_beside {
	struct group_cause *causes;
	size_t causes_len, causes_cap;
	struct domain_ready *readies;
	size_t readies_len, readies_cap;
	struct query_filter window; /* what causes are asked with */
};

/* ---- what is asked for ------------------------------------------------------------------------ */

static bool is_listed(const char *list, const char *word)
{
	struct slice rest = slice_of(list);

	while (rest.len > 0) {
		if (slice_equal(slice_cut(rest, ',', &rest), slice_of(word)))
			return true;
	}
	return false;
}

bool query_asks(const struct query *q, const char *column)
{
	const struct query_filter *f = &q->filter;

	for (unsigned i = 0; i < f->by_len; i++) {
		if (strcmp(query_dimensions[f->by[i]].name, column) == 0)
			return true;
	}
	if (!query_is_asked_column(q->kind, column))
		return query_find_column(q->kind, slice_of(column)) != NULL;
	return is_listed(f->fields, column) ||
	       strcmp(f->sort + (f->sort[0] == '-' ? 1 : 0), column) == 0;
}

/* ---- causes ----------------------------------------------------------------------------------- */

/* Room for one more. */
static void *grow(void *list, size_t len, size_t *cap, size_t width)
{
	void *more;

	if (len < *cap)
		return list;
	more = reallocarray(list, *cap * 2 + 64, width);
	if (more != NULL)
		*cap = *cap * 2 + 64;
	return more;
}

/* A group is of one domain, so a list of its own holds all its causes; the first is what to change,
 * or what most of its mail has. */
static int add_causes(struct query_beside *b, const struct query_causes *q, struct err *err)
{
	for (size_t i = 0; i < query_causes_count(q); i++) {
		const struct query_cause *c = query_causes_get(q, i);
		void *more = grow(b->causes, b->causes_len, &b->causes_cap, sizeof *b->causes);

		if (more == NULL)
			return err_set(err, ERR_SHORTAGE, "no memory for causes");
		b->causes = more;
		b->causes[b->causes_len++] = (struct group_cause){ c->source_group, i, (int)c->code,
			(int)c->confidence };
	}
	return 0;
}

static int read_causes(
	struct query *q, struct query_beside *b, struct slice domain, struct err *err)
{
	struct query_causes *causes = NULL;
	int rc;

	if (!q->meta.has_window)
		return 0;
	rc = query_causes_open(&causes, q->store, domain, &b->window, err);
	if (rc == 0)
		rc = add_causes(b, causes, err);
	query_causes_close(causes);
	return rc;
}

static int by_group(const void *a, const void *b)
{
	const struct group_cause *x = a, *y = b;

	return x->group < y->group ? -1 : x->group > y->group;
}

static int by_rank(const void *a, const void *b)
{
	const struct group_cause *x = a, *y = b;
	int order = by_group(x, y);

	return order != 0 ? order : x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* One a group: the first. */
static void settle_causes(struct query_beside *b)
{
	size_t kept = 0;

	if (b->causes_len == 0)
		return;
	qsort(b->causes, b->causes_len, sizeof *b->causes, by_rank);
	for (size_t i = 1; i < b->causes_len; i++) {
		if (b->causes[i].group != b->causes[kept].group)
			b->causes[++kept] = b->causes[i];
	}
	b->causes_len = kept + 1;
}

/* ---- readiness -------------------------------------------------------------------------------- */

static int read_ready(struct query *q, struct query_beside *b, struct slice domain, struct err *err)
{
	struct query_ready *ready = NULL;
	void *more = grow(b->readies, b->readies_len, &b->readies_cap, sizeof *b->readies);

	if (more == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for readiness");
	b->readies = more;
	if (query_ready_open(&ready, q->store, domain, day_of(q->meta.generated_at), err) < 0)
		return -1;
	b->readies[b->readies_len++] = (struct domain_ready){ query_ready_domain(ready),
		(int)query_ready_verdict(ready)->verdict, query_ready_published(ready) };
	query_ready_close(ready);
	return 0;
}

static int by_domain(const void *a, const void *b)
{
	const struct domain_ready *x = a, *y = b;

	return x->domain < y->domain ? -1 : x->domain > y->domain;
}

/* ---- both ------------------------------------------------------------------------------------- */

static int read_all(struct query *q, struct query_beside *b, bool causes, bool readies,
	struct slice names, struct err *err)
{
	const int64_t until = day_monotonic_ms() + QUERY_MS_MAX;

	while (names.len > 0) {
		struct slice name = slice_cut(names, '\n', &names);

		if (day_monotonic_ms() > until)
			return err_set(err, ERR_SLOW,
				"%s: no answer within %d ms: ask for fewer days or domains",
				query_name(q->kind), QUERY_MS_MAX);
		if ((causes && read_causes(q, b, name, err) < 0) ||
			(readies && read_ready(q, b, name, err) < 0))
			return -1;
	}
	settle_causes(b);
	if (b->readies_len > 0)
		qsort(b->readies, b->readies_len, sizeof *b->readies, by_domain);
	return 0;
}

int query_beside_open(struct query *q, struct err *err)
{
	const bool causes = query_asks(q, "cause") || query_asks(q, "confidence");
	/* Of several domains as one there is no verdict. */
	const bool readies = (query_asks(q, "readiness") || query_asks(q, "published_policy")) &&
			     (q->one_domain || query_is_by(q, QUERY_BY_DOMAIN));
	struct buf names;
	int rc;

	if (query_is_lean(q) || (!causes && !readies))
		return 0;
	q->beside = calloc(1, sizeof *q->beside);
	if (q->beside == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	query_filter_init(&q->beside->window);
	q->beside->window.from = q->meta.from;
	q->beside->window.to = q->meta.to;
	q->beside->window.source_group = q->filter.source_group;
	buf_init(&names, NAMES_BYTES_MAX);
	rc = query_list_domains(q, &names, NULL, err);
	if (rc == 0 && buf_failed(&names))
		rc = err_set(err, ERR_SHORTAGE, "no memory for the names of domains");
	if (rc == 0)
		rc = read_all(q, q->beside, causes, readies, buf_slice(&names), err);
	buf_release(&names);
	return rc;
}

void query_beside_close(struct query_beside *b)
{
	if (b == NULL)
		return;
	free(b->causes);
	free(b->readies);
	free(b);
}

/* ---- for the statement ------------------------------------------------------------------------ */

/* ruad_...(:beside, id): what `find` says of it; null where nobody knows. */
static void answer(sqlite3_context *context, sqlite3_value **values,
	int (*find)(const struct query_beside *b, int64_t id))
{
	const struct query_beside *b = sqlite3_value_pointer(values[0], POINTER_TYPE);
	int found = -1;

	if (b != NULL && sqlite3_value_type(values[1]) != SQLITE_NULL)
		found = find(b, sqlite3_value_int64(values[1]));
	if (found >= 0)
		sqlite3_result_int(context, found);
	else
		sqlite3_result_null(context);
}

static const struct group_cause *find_group(const struct query_beside *b, int64_t id)
{
	const struct group_cause key = { .group = id };

	return b->causes_len == 0 ? NULL
				  : bsearch(&key, b->causes, b->causes_len, sizeof key, by_group);
}

static const struct domain_ready *find_domain(const struct query_beside *b, int64_t id)
{
	const struct domain_ready key = { .domain = id };

	return b->readies_len == 0
		       ? NULL
		       : bsearch(&key, b->readies, b->readies_len, sizeof key, by_domain);
}

static int cause_of_group(const struct query_beside *b, int64_t id)
{
	const struct group_cause *found = find_group(b, id);

	return found != NULL ? found->code : -1;
}

static int confidence_of_group(const struct query_beside *b, int64_t id)
{
	const struct group_cause *found = find_group(b, id);

	return found != NULL ? found->confidence : -1;
}

static int verdict_of_domain(const struct query_beside *b, int64_t id)
{
	const struct domain_ready *found = find_domain(b, id);

	return found != NULL ? found->verdict : -1;
}

static int published_of_domain(const struct query_beside *b, int64_t id)
{
	const struct domain_ready *found = find_domain(b, id);

	return found != NULL ? found->published : -1;
}

#define FUNCTION(name, find)                                                                       \
	static void name(sqlite3_context *context, int len, sqlite3_value **values)                \
	{                                                                                          \
		(void)len;                                                                         \
		answer(context, values, find);                                                     \
	}
FUNCTION(ruad_cause, cause_of_group)
FUNCTION(ruad_confidence, confidence_of_group)
FUNCTION(ruad_ready, verdict_of_domain)
FUNCTION(ruad_published, published_of_domain)

int query_beside_functions(struct store *st, struct err *err)
{
	static const struct {
		const char *name;
		void (*call)(sqlite3_context *context, int len, sqlite3_value **values);
	} rows[] = { { "ruad_cause", ruad_cause }, { "ruad_confidence", ruad_confidence },
		{ "ruad_ready", ruad_ready }, { "ruad_published", ruad_published } };

	if (st->beside)
		return 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (sqlite3_create_function_v2(st->db, rows[i].name, 2, SQLITE_UTF8, NULL,
			    rows[i].call, NULL, NULL, NULL) != SQLITE_OK)
			return sql_fail(st, err, "cannot add a function");
	}
	st->beside = true;
	return 0;
}

void query_beside_bind(const struct query *q, sqlite3_stmt *stmt)
{
	int at = sqlite3_bind_parameter_index(stmt, ":beside");

	if (at > 0)
		(void)sqlite3_bind_pointer(stmt, at, q->beside, POINTER_TYPE, NULL);
}
