#include "web/route.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "store/base/day.h"
#include "web/accept.h"
#include "web/etag.h"
#include "web/gate.h"
#include "web/meter.h"
#include "web/page.h"
#include "web/problem.h"

/* ---- addresses --------------------------------------------------------------------------- */

bool route_path(struct slice target, char *dst, size_t cap, struct slice *ret)
{
	struct slice query, path = slice_cut(target, '?', &query), rest;
	size_t len = 0;

	if (path.len == 0 || path.ptr[0] != '/' || cap == 0)
		return false;
	if (path.len == 1) {
		dst[0] = '/';
		*ret = slice_from(dst, 1);
		return true;
	}
	rest = slice_from(path.ptr + 1, path.len - 1);
	while (rest.ptr != NULL) {
		struct slice segment = slice_cut(rest, '/', &rest), text;

		if (segment.len == 0 || len + 1 >= cap)
			return false;
		dst[len++] = '/';
		if (!params_decode(segment, false, dst + len, cap - len, &text))
			return false;
		/* Decoded: an escaped slash or dot means what it means, so it is judged here. */
		if (slice_equal(text, SLICE_LIT(".")) || slice_equal(text, SLICE_LIT("..")) ||
			memchr(text.ptr, '/', text.len) != NULL ||
			memchr(text.ptr, '\\', text.len) != NULL)
			return false;
		len += text.len;
	}
	*ret = slice_from(dst, len);
	return true;
}

static bool pattern_matches(struct slice pattern, struct slice path, struct slice *name)
{
	while (pattern.ptr != NULL && path.ptr != NULL) {
		struct slice want = slice_cut(pattern, '/', &pattern);
		struct slice have = slice_cut(path, '/', &path);

		if (want.len > 0 && want.ptr[0] == '{')
			*name = have;
		else if (!slice_equal(want, have))
			return false;
	}
	return pattern.ptr == NULL && path.ptr == NULL;
}

const struct route *route_find(
	struct slice path, unsigned method, struct slice *name, unsigned *allowed)
{
	const struct route *found = NULL;
	struct slice own;

	*allowed = 0;
	*name = SLICE_ABSENT;
	for (const struct route *r = routes; r->pattern != NULL; r++) {
		own = SLICE_ABSENT;
		if (!pattern_matches(slice_of(r->pattern), path, &own))
			continue;
		/* What is written out goes before {...}: it comes first in the table. */
		if (*allowed == 0)
			*name = own;
		*allowed |= r->method | (r->method == METHOD_GET ? METHOD_HEAD : 0);
		if (found == NULL &&
			(r->method == method || (r->method == METHOD_GET && method == METHOD_HEAD)))
			found = r;
	}
	if (*allowed != 0)
		*allowed |= METHOD_OPTIONS;
	return found;
}

bool route_takes(const struct route *route, struct slice name, bool *repeats)
{
	if (repeats != NULL)
		*repeats = false;
	if ((route->flags & ROUTE_KIND) != 0 && query_filter_takes(route->kind, name, repeats))
		return true;
	/* Pages have a filter, too, of a kind that takes all there is of this one. */
	if (repeats != NULL)
		*repeats = slice_equal(name, SLICE_LIT("domain"));
	return params_listed(route->params, name);
}

/* ---- methods ------------------------------------------------------------------------------- */

static const struct {
	unsigned method;
	const char *name;
} methods[] = { { METHOD_GET, "GET" }, { METHOD_HEAD, "HEAD" }, { METHOD_POST, "POST" },
	{ METHOD_PUT, "PUT" }, { METHOD_DELETE, "DELETE" }, { METHOD_OPTIONS, "OPTIONS" } };
#define METHODS (sizeof methods / sizeof *methods)

unsigned route_method(struct slice name)
{
	for (size_t i = 0; i < METHODS; i++) {
		if (slice_equal(name, slice_of(methods[i].name)))
			return methods[i].method;
	}
	return 0;
}

void route_methods(unsigned set, struct buf *to)
{
	for (size_t i = 0; i < METHODS; i++) {
		if ((set & methods[i].method) == 0)
			continue;
		buf_add_text(to, to->len > 0 ? ", " : "");
		buf_add_text(to, methods[i].name);
	}
}

/* ---- one request ------------------------------------------------------------------------- */

/* Everything a request needs, in one piece: the parameters alone are too much for the stack. */
struct work {
	struct request req;
	struct params params;
	struct query_filter filter;
	char path[REQUEST_BYTES_MAX];
};

static void request_id(char dst[REQUEST_ID_LEN + 1])
{
	uint64_t bits = 0;

	if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) < 0)
		bits = (uint64_t)day_monotonic_ms();
	(void)snprintf(dst, REQUEST_ID_LEN + 1, "%016llx", (unsigned long long)bits);
}

static void response_init(struct response *res)
{
	*res = (struct response){ .status = 200,
		.type = "text/plain; charset=utf-8",
		.cache = "no-store",
		.vary = "Accept-Encoding, Accept-Language" };
	request_id(res->id);
	buf_init(&res->body, RESPONSE_BODY_MAX);
	buf_init(&res->link, 4 * REQUEST_BYTES_MAX);
}

void response_release(struct response *res)
{
	stream_close(res->stream);
	res->stream = NULL;
	if (res->pool != NULL)
		pool_give(res->pool, res->store);
	res->store = NULL;
	buf_release(&res->body);
	buf_release(&res->link);
}

/* "allowed here: ...": every parameter the route takes. */
static int unknown_parameter(const struct request *req, struct slice name, struct err *err)
{
	struct err_quote quote;
	struct buf list;
	const char *one;
	int rc;

	buf_init(&list, sizeof err->text);
	for (size_t i = 0; (one = query_filter_name(i, NULL)) != NULL; i++) {
		if (route_takes(req->route, slice_of(one), NULL) &&
			!params_listed(req->route->params, slice_of(one)))
			buf_printf(&list, "%s ", one);
	}
	buf_printf(&list, "%s%slang", req->route->params, req->route->params[0] != '\0' ? " " : "");
	rc = err_set(err, ERR_USAGE, "unknown parameter %s; allowed here: %s",
		err_quote(&quote, name), buf_text(&list));
	buf_release(&list);
	return rc;
}

static int check_params(const struct request *req, struct response *res, struct err *err)
{
	struct err_quote quote;
	const struct params *p = req->params;

	for (unsigned i = 0; i < p->len; i++) {
		struct slice name = p->list[i].name;
		bool repeats = false;

		(void)snprintf(res->parameter, sizeof res->parameter, "%.*s", SLICE_FMT(name));
		if (!slice_equal(name, SLICE_LIT("lang")) &&
			!route_takes(req->route, name, &repeats))
			return unknown_parameter(req, name, err);
		for (unsigned k = 0; k < i && !repeats; k++) {
			if (slice_equal(p->list[k].name, name))
				return err_set(err, ERR_USAGE, "%s may be given only once",
					err_printable(&quote, name));
		}
	}
	res->parameter[0] = '\0';
	return 0;
}

static int choose_language(struct work *w, struct response *res, struct err *err)
{
	struct slice wish = params_get(&w->params, SLICE_LIT("lang"));
	struct err_quote quote;

	if (wish.ptr == NULL)
		return 0;
	if (!slice_equal(wish, SLICE_LIT("en")) && !slice_equal(wish, SLICE_LIT("es"))) {
		(void)snprintf(res->parameter, sizeof res->parameter, "lang");
		return err_set(err, ERR_USAGE, "lang is en or es, not %s", err_quote(&quote, wish));
	}
	w->req.lang = slice_equal(wish, SLICE_LIT("es")) ? EMIT_ES : EMIT_EN;
	w->req.lang_chosen = true;
	res->vary = "Accept-Encoding";
	return 0;
}

/* The store, as far as the route wants it. */
static int lend_store(struct work *w, struct response *res, struct err *err)
{
	unsigned flags = w->req.route->flags;

	if ((flags & (ROUTE_STORE | ROUTE_STORE_IF)) == 0)
		return 0;
	res->pool = w->req.web->pool;
	res->store = pool_lend(w->req.web->pool, err);
	w->req.store = res->store;
	if (res->store != NULL)
		return 0;
	if (err->code != ERR_NOT_FOUND)
		return -1;
	if ((flags & ROUTE_STORE_IF) == 0)
		return err_set(err, ERR_DEFER, "there is no database yet; ruad-ingest makes it");
	err_clear(err);
	return 0;
}

static void not_modified(struct response *res)
{
	res->status = 304;
	res->asset = NULL;
	buf_clear(&res->body);
	buf_clear(&res->link);
	stream_close(res->stream);
	res->stream = NULL;
}

/* Link: rel="next" (RFC 8288): the same question, further on. */
static void link_next(const struct request *req, struct response *res, const char *next)
{
	struct param set = { SLICE_LIT("cursor"), slice_of(next) };
	struct buf *b = &res->link;

	if (next == NULL)
		return;
	buf_add_char(b, '<');
	params_path(b, req->path);
	params_link(b, req->params, NULL, &set, 1);
	buf_add_text(b, ">; rel=\"next\"");
}

/* Make the answer's beginning now: see RESPONSE_AHEAD_BYTES. */
static int read_ahead(const struct request *req, struct response *res, struct err *err)
{
	ssize_t n = 1;
	const char *next;

	while (res->stream != NULL && n > 0 && res->body.len < RESPONSE_AHEAD_BYTES) {
		char *room = buf_room(&res->body, RESPONSE_AHEAD_BYTES);

		if (room == NULL)
			return err_set(err, ERR_SHORTAGE, "no memory for an answer");
		n = stream_read(res->stream, room, RESPONSE_AHEAD_BYTES, err);
		if (n < 0)
			return -1;
		res->body.len += (size_t)n;
	}
	if (res->stream == NULL)
		return 0;
	if (stream_find_next(res->stream, &next, err) < 0)
		return -1;
	link_next(req, res, next);
	if (n == 0) {
		stream_close(res->stream);
		res->stream = NULL;
	}
	return 0;
}

static int check_gate(const struct route *route, const struct ask *ask, const struct web *web,
	struct response *res, struct err *err)
{
	const char *why = NULL;

	/* A question like any other, but for the length. */
	if ((route->flags & ROUTE_TEXT) != 0 && ask->content_length > BOUNCE_BYTES_MAX) {
		res->refusal = 413;
		return err_set(
			err, ERR_USAGE, "the text is longer than %d bytes", BOUNCE_BYTES_MAX);
	}
	if ((route->flags & ROUTE_CHANGE) == 0)
		return 0;
	res->refusal = gate_check(web->gate, ask, &why);
	return res->refusal == 0 ? 0 : err_set(err, ERR_USAGE, "%s", why);
}

/* Which route, or why none: 404, 405, or an OPTIONS that is answered here. 1: go on. */
static int choose_route(
	struct work *w, const struct ask *ask, struct response *res, struct err *err)
{
	unsigned method = route_method(ask->method);

	if (method == METHOD_OPTIONS && slice_equal(ask->target, SLICE_LIT("*"))) {
		res->allow = METHOD_ALL;
		res->status = 204;
		return 0;
	}
	if (!route_path(ask->target, w->path, sizeof w->path, &w->req.path))
		return err_set(err, ERR_NOT_FOUND, "there is nothing at this address");
	w->req.route = route_find(w->req.path, method, &w->req.name, &res->allow);
	if (res->allow == 0)
		return err_set(err, ERR_NOT_FOUND, "there is nothing at this address");
	if (method == METHOD_OPTIONS) {
		res->status = 204;
		return 0;
	}
	if (w->req.route == NULL) {
		res->refusal = 405;
		return err_set(err, ERR_USAGE, "this address does not take that method");
	}
	res->allow = 0;
	return check_gate(w->req.route, ask, w->req.web, res, err) < 0 ? -1 : 1;
}

static int ask_store(struct work *w, const struct ask *ask, struct response *res, struct err *err)
{
	const struct route *route = w->req.route;

	if (lend_store(w, res, err) < 0)
		return -1;
	if ((route->flags & ROUTE_ETAG) != 0 && w->req.store != NULL) {
		if (etag_set(&w->req, ask, res, err) < 0)
			return -1;
		if (etag_matches(res->etag, ask->if_none_match, false)) {
			not_modified(res);
			return 0;
		}
	}
	if (route->handler(&w->req, res, err) < 0 || read_ahead(&w->req, res, err) < 0)
		return -1;
	if (etag_matches(res->etag, ask->if_none_match, true))
		not_modified(res);
	return 0;
}

static int answer(struct work *w, const struct ask *ask, struct response *res, struct err *err)
{
	struct slice query;
	int rc;

	w->req.lang = accept_language(ask->accept_language);
	rc = choose_route(w, ask, res, err);
	if (rc <= 0)
		return rc;
	(void)slice_cut(ask->target, '?', &query);
	if (params_parse(&w->params, query, err) < 0 || choose_language(w, res, err) < 0 ||
		check_params(&w->req, res, err) < 0 || ask_store(w, ask, res, err) < 0)
		return -1;
	if (buf_failed(&res->body))
		return err_set(
			err, ERR_SHORTAGE, "no memory for an answer, or one that is too long");
	return 0;
}

static bool is_for_people(const struct request *req)
{
	if (req->route == NULL)
		return !slice_starts(req->path, SLICE_LIT("/api/"));
	return (req->route->flags & ROUTE_PAGE) != 0;
}

static void answer_error(const struct request *req, struct response *res, const struct err *err)
{
	const struct problem *p =
		res->refusal != 0 ? problem_status(res->refusal) : problem_of(err->code);
	struct slice detail = slice_of(err->text);
	char line[sizeof err->text + 64];

	stream_close(res->stream);
	res->stream = NULL;
	if (p->ours) {
		(void)snprintf(line, sizeof line, "request %s: %s", res->id, err->text);
		if (req->web->complain != NULL)
			req->web->complain(line);
		detail = SLICE_LIT("the service's log says more");
	}
	problem_answer(res, p, detail, req->path);
	if (res->refusal == 0 && is_for_people(req))
		page_error(req, p, detail, res);
}

/* One line for the log: what was asked, what became of it, what it cost. */
static void tell(const struct web *web, const struct ask *ask, const struct response *res,
	int64_t begun_ms, uint64_t statements)
{
	struct err_quote target;
	char line[sizeof target.text + 128];

	if (web->tell == NULL)
		return;
	(void)snprintf(line, sizeof line, "request %s: %.*s %s: %u, %llu statements, %lld ms",
		res->id, (int)(ask->method.len < 16 ? ask->method.len : 16), ask->method.ptr,
		err_quote(&target, ask->target), res->status,
		(unsigned long long)(store_statements_here() - statements),
		(long long)(day_monotonic_ms() - begun_ms));
	web->tell(line);
}

static struct work *work_open(const struct web *web, const struct ask *ask, struct response *res)
{
	struct work *w = calloc(1, sizeof *w);

	if (w == NULL) {
		route_refuse(503, "no memory", res);
		return NULL;
	}
	response_init(res);
	w->req.web = web;
	w->req.params = &w->params;
	w->req.filter = &w->filter;
	w->req.path = SLICE_LIT("");
	w->req.body = ask->body;
	return w;
}

bool route_admit(const struct web *web, const struct ask *ask, struct response *res)
{
	struct work *w = work_open(web, ask, res);
	struct err err = ERR_INIT;
	bool admitted = false;

	if (w == NULL)
		return false;
	if (choose_route(w, ask, res, &err) < 0)
		answer_error(&w->req, res, &err);
	else if (w->req.route != NULL && (w->req.route->flags & (ROUTE_CHANGE | ROUTE_TEXT)) == 0 &&
		 ask->content_length > 0)
		route_refuse(400, "this request has no body", res);
	else
		admitted = true;
	free(w);
	if (admitted)
		response_release(res);
	else
		res->close = true;
	return admitted;
}

void route_answer(const struct web *web, const struct ask *ask, struct response *res)
{
	uint64_t statements = store_statements_here();
	int64_t begun_ms = day_monotonic_ms();
	struct work *w = work_open(web, ask, res);
	const struct route *route;
	struct err err = ERR_INIT;

	if (w == NULL)
		return;
	if (answer(w, ask, res, &err) < 0)
		answer_error(&w->req, res, &err);
	route = w->req.route;
	free(w);
	/* A whole answer needs no connection any more; only a stream keeps it. */
	if (res->stream == NULL) {
		if (res->pool != NULL)
			pool_give(res->pool, res->store);
		res->store = NULL;
	}
	tell(web, ask, res, begun_ms, statements);
	meter_add(web->meter, route, res->status, day_monotonic_ms() - begun_ms);
}

void route_refuse(unsigned status, const char *detail, struct response *res)
{
	response_init(res);
	problem_answer(res, problem_status(status), slice_of(detail), SLICE_LIT(""));
	res->close = true;
}
