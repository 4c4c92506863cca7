#include "web/api_ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/query_bounce.h"
#include "store/query_whatif.h"
#include "web/api_document.h"

int api_bounce(const struct request *req, struct response *res, struct err *err)
{
	struct query_bounce *q = NULL;
	struct emit *e = NULL;
	int rc;

	if (api_begin(req, res, &e, err) < 0)
		return -1;
	rc = query_bounce_open(
		&q, req->store, req->body, params_get(req->params, SLICE_LIT("domain")), err);
	if (rc < 0)
		api_name_parameter(req, res, err);
	else
		rc = query_bounce_rows(q, e, req->lang, err);
	if (rc == 0)
		emit_end(e, query_bounce_meta(q), NULL);
	query_bounce_close(q);
	emit_close(e);
	return rc;
}

static int take_wishes(const struct request *req, struct response *res,
	struct query_whatif_wish *wish, struct err *err)
{
	const struct params *p = req->params;

	query_filter_init(req->filter);
	for (unsigned i = 0; i < p->len; i++) {
		struct slice name = p->list[i].name, value = p->list[i].value;

		if (params_listed("lang format", name))
			continue;
		(void)snprintf(res->parameter, sizeof res->parameter, "%.*s", SLICE_FMT(name));
		if ((query_whatif_is_wish(name) ? query_whatif_set(wish, name, value, err)
						: query_filter_set(req->filter, QUERY_SUMMARY, name,
							  value, err)) < 0)
			return -1;
	}
	res->parameter[0] = '\0';
	return 0;
}

int api_whatif(const struct request *req, struct response *res, struct err *err)
{
	struct query_whatif_wish *wish = calloc(1, sizeof *wish);
	struct query_whatif *q = NULL;
	struct emit *e = NULL;
	int rc = -1;

	if (wish == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	if (take_wishes(req, res, wish, err) == 0 && api_begin(req, res, &e, err) == 0)
		rc = query_whatif_open(&q, req->store, req->name, wish, req->filter, err);
	if (rc == 0)
		rc = query_whatif_rows(q, e, err);
	if (rc == 0)
		emit_end(e, query_whatif_meta(q), NULL);
	query_whatif_close(q);
	emit_close(e);
	free(wish);
	return rc;
}
