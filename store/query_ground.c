#include "store/query_ground.h"

#include <stdlib.h>

#include "store/deadline.h"
#include "store/query_tables.h"

int query_in_time(const struct query_ground *g, const struct query_meta *meta, struct err *err)
{
	struct deadline deadline;
	int rc;

	deadline_start(&deadline, g->store);
	rc = g->gather(g->arg, meta, err);
	deadline_stop(&deadline);
	if (rc < 0 && deadline.passed)
		return err_set(err, ERR_SLOW, "%s of %s: no answer within %d ms%s", g->what,
			g->domain, QUERY_MS_MAX, g->window != NULL ? ": ask for fewer days" : "");
	return rc;
}

/* A summary is opened for it: it finds the domain and settles the window. */
int query_on_ground(const struct query_ground *g, struct err *err)
{
	struct query_filter *filter = malloc(sizeof *filter);
	struct query *summary = NULL;
	int rc = -1;

	if (filter == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	query_filter_init(filter);
	if (g->window != NULL) {
		filter->from = g->window->from;
		filter->to = g->window->to;
		filter->all_time = g->window->all_time;
	}
	if ((g->window == NULL ||
		    query_filter_only(g->window, "last from to", g->what, err) == 0) &&
		query_filter_set(filter, QUERY_SUMMARY, SLICE_LIT("domain"), slice_of(g->domain),
			err) == 0 &&
		query_open(&summary, g->store, QUERY_SUMMARY, filter, err) == 0)
		rc = query_in_time(g, query_meta(summary), err);
	query_close(summary);
	free(filter);
	return rc;
}
