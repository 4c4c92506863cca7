#include "web/api.h"

#include <stdio.h>

#include "store/embedded.h"

static const char *const api_formats = "json csv ndjson html";

/* Parameters that are not the filter's. */
static bool is_ours(struct slice name)
{
	return params_listed("lang format", name);
}

int api_filter(const struct request *req, struct response *res, enum query_kind kind,
	struct query_filter *f, struct err *err)
{
	const struct params *p = req->params;

	query_filter_init(f);
	f->limit = API_LIMIT;
	for (unsigned i = 0; i < p->len; i++) {
		struct slice name = p->list[i].name, value = p->list[i].value;
		uint64_t rows;

		if (is_ours(name))
			continue;
		(void)snprintf(res->parameter, sizeof res->parameter, "%.*s", SLICE_FMT(name));
		if (slice_equal(name, SLICE_LIT("limit")) &&
			(!slice_u64(value, PAGE_ROWS_MAX, &rows) || rows == 0))
			return err_set(
				err, ERR_USAGE, "limit is a number from 1 to %d", PAGE_ROWS_MAX);
		if (query_filter_set(f, kind, name, value, err) < 0)
			return -1;
	}
	res->parameter[0] = '\0';
	return 0;
}

int api_id(const struct request *req, const char *what, int64_t *ret, struct err *err)
{
	struct err_quote quote;

	if (!slice_i64(req->name, 1, INT64_MAX, ret))
		return err_set(err, ERR_NOT_FOUND, "there is no %s %s", what,
			err_quote(&quote, req->name));
	return 0;
}

int api_format(const struct request *req, struct response *res, const struct emit_format **ret,
	struct err *err)
{
	struct slice wish = params_get(req->params, SLICE_LIT("format"));
	struct err_quote quote;

	if (wish.ptr == NULL)
		wish = SLICE_LIT("json");
	*ret = params_listed(api_formats, wish) ? emit_find(wish) : NULL;
	if (*ret == NULL) {
		(void)snprintf(res->parameter, sizeof res->parameter, "format");
		return err_set(err, ERR_USAGE, "format is one of %s, not %s", api_formats,
			err_quote(&quote, wish));
	}
	res->type = (*ret)->type;
	return 0;
}

int api_health(const struct request *req, struct response *res, struct err *err)
{
	int64_t version;

	if (req->store != NULL && store_data_version(req->store, &version, err) < 0)
		return -1;
	buf_add_text(&res->body, "ok\n");
	return 0;
}

void api_name_parameter(const struct request *req, struct response *res, const struct err *err)
{
	struct slice rest, name = slice_cut(slice_of(err->text), ' ', &rest);

	if (err->code != ERR_USAGE && err->code != ERR_NOT_FOUND)
		return;
	if (params_get(req->params, name).ptr != NULL)
		(void)snprintf(res->parameter, sizeof res->parameter, "%.*s", SLICE_FMT(name));
}

static int api_stream(
	const struct request *req, struct response *res, struct stream_rows *ask, struct err *err)
{
	ask->lang = req->lang;
	ask->filter = req->filter;
	if (api_format(req, res, &ask->format, err) < 0)
		return -1;
	if (stream_rows(&res->stream, req->store, ask, err) == 0)
		return 0;
	api_name_parameter(req, res, err);
	return -1;
}

int api_rows(const struct request *req, struct response *res, struct err *err)
{
	struct stream_rows ask = { .kinds = { req->route->kind }, .kinds_len = 1 };

	if (api_filter(req, res, req->route->kind, req->filter, err) < 0)
		return -1;
	return api_stream(req, res, &ask, err);
}

int api_single(const struct request *req, struct response *res, struct err *err)
{
	struct stream_rows ask = {
		.kinds = { req->route->kind }, .kinds_len = 1, .single = "status"
	};

	query_filter_init(req->filter);
	return api_stream(req, res, &ask, err);
}

/* The thing named in the address narrows the question as a parameter would. */
static int filter_by_name(
	const struct request *req, const char *parameter, enum query_kind kind, struct err *err)
{
	struct err ours = ERR_INIT;
	struct err_quote quote;

	if (query_filter_set(req->filter, kind, slice_of(parameter), req->name, &ours) == 0)
		return 0;
	return err_set(
		err, ERR_NOT_FOUND, "there is no %s %s", parameter, err_quote(&quote, req->name));
}

int api_domain(const struct request *req, struct response *res, struct err *err)
{
	struct stream_rows ask = { .kinds = { QUERY_DOMAINS }, .kinds_len = 1, .single = "domain" };

	if (api_filter(req, res, QUERY_DOMAINS, req->filter, err) < 0 ||
		filter_by_name(req, "domain", QUERY_DOMAINS, err) < 0)
		return -1;
	return api_stream(req, res, &ask, err);
}

int api_report(const struct request *req, struct response *res, struct err *err)
{
	struct stream_rows ask = {
		.kinds = { QUERY_REPORT, QUERY_NOTES, QUERY_UNREADABLE, QUERY_RECORDS },
		.kinds_len = 4,
		.single = "report",
	};

	if (api_filter(req, res, QUERY_RECORDS, req->filter, err) < 0 ||
		api_id(req, "report", &req->filter->report, err) < 0)
		return -1;
	req->filter->all_time = true;
	req->filter->scope = QUERY_SCOPE_ALL;
	return api_stream(req, res, &ask, err);
}

int api_source(const struct request *req, struct response *res, struct err *err)
{
	struct stream_rows ask = {
		.kinds = { QUERY_SOURCE, QUERY_ADDRESSES, QUERY_TIMESERIES, QUERY_REPORTERS,
			QUERY_RULES },
		.kinds_len = 5,
		.single = "source",
	};

	if (api_filter(req, res, QUERY_SOURCE, req->filter, err) < 0 ||
		api_id(req, "source", &req->filter->source_group, err) < 0)
		return -1;
	req->filter->limit = 0;
	return api_stream(req, res, &ask, err);
}

int api_original(const struct request *req, struct response *res, struct err *err)
{
	int64_t id;

	if (api_id(req, "report", &id, err) < 0)
		return -1;
	if (stream_original(&res->stream, req->store, id, err) < 0)
		return -1;
	/* The name is ours: what a report calls itself never reaches a header. */
	(void)snprintf(res->disposition, sizeof res->disposition,
		"attachment; filename=\"report-%lld.xml\"", (long long)id);
	res->type = "application/xml";
	res->cache = "private, max-age=31536000, immutable";
	return 0;
}

int api_openapi(const struct request *req, struct response *res, struct err *err)
{
	(void)req;
	(void)err;
	res->asset = &web_openapi[0];
	res->type = "application/json";
	res->cache = "no-cache";
	res->vary = "Accept-Encoding";
	(void)snprintf(res->etag, sizeof res->etag, "\"%s\"", web_openapi[0].hash);
	return 0;
}
