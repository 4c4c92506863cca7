/*
 * api: the JSON interface, /api/v1, and /healthz.
 *
 * Each answer is a question of store/query.h written by store/emit.h, so its rows are those of
 * ruad-query. The route says which question; the parameters say the rest.
 */
#ifndef WEB_API_H
#define WEB_API_H

#include "web/route.h"

/* Rows of a list when the limit parameter says nothing. */
#define API_LIMIT 100

web_handler api_health;		/* "ok": the process runs and can read what there is */
web_handler api_single;		/* one row as an object */
web_handler api_rows;		/* a page of rows */
web_handler api_domain;		/* one domain */
web_handler api_source;		/* a source, its addresses, days, reporters and rules */
web_handler api_report;		/* a report, its notes, what was unreadable, its records */
web_handler api_original;	/* its XML */
web_handler api_openapi;	/* what all this is, for programs */

/* The request's parameters as a filter; for the pages too. res->parameter names the one at fault. */
int api_filter(const struct request *req, struct response *res, enum query_kind kind,
	struct query_filter *f, struct err *err);
/* The format that is asked for, and the answer's type. ERR_USAGE: there is none of that name. */
int api_format(const struct request *req, struct response *res, const struct emit_format **ret,
	struct err *err);
/* What only the question as a whole can tell of a parameter begins with its name: res->parameter. */
void api_name_parameter(
	const struct request *req, struct response *res, const struct err *err);
/* The number in the address, of a `what`. ERR_NOT_FOUND if it is none. */
int api_id(const struct request *req, const char *what, int64_t *ret, struct err *err);

#endif
