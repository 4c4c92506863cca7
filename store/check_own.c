#include "store/base/day.h"
#include "store/check_parts.h"
#include "store/query_parts.h"

/* Names of every domain an owner may have. */
#define NAMES_BYTES_MAX (1024 * 1024)

/* Those named, and with `subdomains` what is under them. */
static int list_named(struct check_work *w, struct buf *to, struct err *err)
{
	struct query *summary = NULL;
	int rc;

	if (query_open(&summary, w->st, QUERY_SUMMARY, &w->filter, err) < 0)
		return -1;
	rc = query_list_domains(summary, to, NULL, err);
	query_close(summary);
	return rc;
}

static int list_own(struct check_work *w, bool parked, struct buf *to, struct err *err)
{
	const size_t name = query_column(QUERY_OWN, "domain"),
		     aside = query_column(QUERY_OWN, "parked");
	const struct value *row;
	struct query *q = NULL;
	int more;

	query_filter_init(&w->other);
	if (query_open(&q, w->st, QUERY_OWN, &w->other, err) < 0)
		return -1;
	while ((more = query_next(q, &row, err)) > 0) {
		if (row[aside].number != 0 && !parked)
			continue;
		buf_add(to, row[name].text);
		buf_add_char(to, '\n');
	}
	query_close(q);
	return more;
}

static int each_of(struct check_work *w, struct slice names,
	int (*each)(struct check_work *w, struct slice domain, struct err *err), struct err *err)
{
	const int64_t until = day_monotonic_ms() + QUERY_MS_MAX;

	while (names.len > 0) {
		if (day_monotonic_ms() > until)
			return err_set(err, ERR_SLOW,
				"no answer within %d ms: ask for fewer domains", QUERY_MS_MAX);
		w->found.others++;
		if (each(w, slice_cut(names, '\n', &names), err) < 0)
			return -1;
	}
	return 0;
}

int check_own(struct check_work *w, bool parked,
	int (*each)(struct check_work *w, struct slice domain, struct err *err), struct err *err)
{
	struct buf names;
	int rc;

	buf_init(&names, NAMES_BYTES_MAX);
	rc = w->filter.domains_len > 0 ? list_named(w, &names, err)
				       : list_own(w, parked, &names, err);
	if (rc == 0 && buf_failed(&names))
		rc = err_set(err, ERR_SHORTAGE, "no memory for the names of domains");
	if (rc == 0)
		rc = each_of(w, buf_slice(&names), each, err);
	buf_release(&names);
	return rc;
}
