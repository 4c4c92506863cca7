#include "web/api_document.h"

#include <stdio.h>

#include "store/base/day.h"
#include "store/query_cards.h"
#include "store/query_dns_known.h"
#include "store/query_ready.h"

/* ---- the document ----------------------------------------------------------------------------- */

int api_begin(const struct request *req, struct response *res, struct emit **ret, struct err *err)
{
	const struct emit_format *format;

	if (api_format(req, res, &format, err) < 0)
		return -1;
	res->body.max = DOCUMENT_BYTES_MAX;
	return emit_open(ret, format, &res->body, req->lang, err);
}

/* A name in the address that is none is not there. */
static int not_there(const struct request *req, struct err *err)
{
	struct err_quote quote;

	if (err->code != ERR_USAGE)
		return -1;
	return err_set(err, ERR_NOT_FOUND, "there is no domain %s", err_quote(&quote, req->name));
}

static int read_flag(const struct request *req, struct response *res, const char *name, bool *ret,
	struct err *err)
{
	struct slice value = params_get(req->params, slice_of(name));
	struct err_quote quote;

	*ret = slice_equal(value, SLICE_LIT("true"));
	if (value.ptr == NULL || *ret || slice_equal(value, SLICE_LIT("false")))
		return 0;
	(void)snprintf(res->parameter, sizeof res->parameter, "%s", name);
	return err_set(
		err, ERR_USAGE, "%s must be true or false, not %s", name, err_quote(&quote, value));
}

/* ---- the record checker ----------------------------------------------------------------------- */

static int write_dns(const struct request *req, struct query_dns_known *q, bool history,
	struct emit *e, struct err *err)
{
	if (query_dns_rows(query_dns_known_answer(q), e, err) < 0)
		return -1;
	if (history && query_dns_history_rows(req->store, query_dns_known_domain(q), e, err) < 0)
		return -1;
	emit_end(e, query_dns_known_meta(q), NULL);
	return 0;
}

int api_dns(const struct request *req, struct response *res, struct err *err)
{
	struct query_dns_known *q = NULL;
	bool suggest = false, history = false;
	struct emit *e = NULL;
	int rc = -1;

	if (read_flag(req, res, "suggest", &suggest, err) < 0 ||
		read_flag(req, res, "history", &history, err) < 0 ||
		api_begin(req, res, &e, err) < 0)
		return -1;
	if (query_dns_known_open(&q, req->store, req->name, suggest, err) < 0)
		(void)not_there(req, err);
	else
		rc = write_dns(req, q, history, e, err);
	query_dns_known_close(q);
	emit_close(e);
	return rc;
}

/* ---- readiness -------------------------------------------------------------------------------- */

int api_ready(const struct request *req, struct response *res, struct err *err)
{
	struct query_ready *q = NULL;
	struct emit *e = NULL;
	int rc = -1;

	if (api_begin(req, res, &e, err) < 0)
		return -1;
	if (query_ready_open(&q, req->store, req->name, day_of(day_now()), err) < 0)
		(void)not_there(req, err);
	else
		rc = query_ready_rows(q, e, req->lang, err);
	if (rc == 0)
		emit_end(e, query_ready_meta(q), NULL);
	query_ready_close(q);
	emit_close(e);
	return rc;
}

/* ---- causes ----------------------------------------------------------------------------------- */

int api_causes(const struct request *req, struct response *res, struct err *err)
{
	struct query_filter *f = req->filter;
	struct query_cards *q = NULL;
	struct emit *e = NULL;
	int rc = -1;

	if (api_filter(req, res, QUERY_SUMMARY, f, err) < 0 || api_begin(req, res, &e, err) < 0)
		return -1;
	if (query_cards_open(&q, req->store, f, err) == 0)
		rc = query_cards_rows(q, f->limit, e, req->lang, err);
	else
		api_name_parameter(req, res, err);
	if (rc == 0)
		emit_end(e, query_cards_meta(q), NULL);
	query_cards_close(q);
	emit_close(e);
	return rc;
}
