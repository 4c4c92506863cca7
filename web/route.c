#include "web/route.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "store/base/day.h"
#include "web/api.h"
#include "web/asset.h"
#include "web/page.h"
#include "web/problem.h"

/* What narrows the rows of every question about facts. */
#define PAGE_FACTS                                                                                 \
	"subdomains header_from reporter source result disposition last from to verified "         \
	"without_twins"
#define FACTS "domain scope " PAGE_FACTS
#define ROWS  " sort limit offset format"

const struct route routes[] = {
	{ "/", page_overview, 0, FACTS, ROUTE_PAGE | ROUTE_STORE_IF | ROUTE_ETAG },
	{ "/d/{domain}", page_domain, 0, PAGE_FACTS, ROUTE_PAGE | ROUTE_STORE | ROUTE_ETAG },
	{ "/reports", page_reports, 0, FACTS " conflicts partial twins offset",
		ROUTE_PAGE | ROUTE_STORE | ROUTE_ETAG },
	{ "/reports/{id}", page_report, 0, "source result offset",
		ROUTE_PAGE | ROUTE_STORE | ROUTE_ETAG },
	{ "/receipts", page_receipts, 0, "ending offset", ROUTE_PAGE | ROUTE_STORE | ROUTE_ETAG },
	{ "/assets/{name}", asset_answer, 0, "v", 0 },
	{ "/healthz", api_health, 0, "", ROUTE_STORE_IF },
	{ "/api/v1/status", api_single, QUERY_STATUS, "format", ROUTE_STORE },
	{ "/api/v1/domains", api_rows, QUERY_DOMAINS, FACTS ROWS, ROUTE_STORE | ROUTE_ETAG },
	{ "/api/v1/summary", api_rows, QUERY_SUMMARY, FACTS " format", ROUTE_STORE | ROUTE_ETAG },
	{ "/api/v1/timeseries", api_rows, QUERY_TIMESERIES, FACTS ROWS " group_by",
		ROUTE_STORE | ROUTE_ETAG },
	{ "/api/v1/sources", api_rows, QUERY_SOURCES, FACTS ROWS, ROUTE_STORE | ROUTE_ETAG },
	{ "/api/v1/reporters", api_rows, QUERY_REPORTERS, FACTS ROWS, ROUTE_STORE | ROUTE_ETAG },
	{ "/api/v1/reports", api_rows, QUERY_REPORTS, FACTS ROWS " conflicts partial twins",
		ROUTE_STORE | ROUTE_ETAG },
	{ "/api/v1/reports/{id}", api_report, QUERY_REPORT, "limit offset format",
		ROUTE_STORE | ROUTE_ETAG },
	{ "/api/v1/reports/{id}/xml", api_original, 0, "", ROUTE_STORE },
	{ "/api/v1/records", api_rows, QUERY_RECORDS, FACTS ROWS, ROUTE_STORE | ROUTE_ETAG },
	{ "/api/v1/receipts", api_rows, QUERY_RECEIPTS, "ending last from to" ROWS,
		ROUTE_STORE | ROUTE_ETAG },
	{ "/api/v1/endings", api_rows, QUERY_ENDINGS, "format", ROUTE_STORE | ROUTE_ETAG },
	{ NULL, NULL, 0, NULL, 0 },
};

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

const struct route *route_find(struct slice path, struct slice *name)
{
	for (const struct route *r = routes; r->pattern != NULL; r++) {
		*name = SLICE_ABSENT;
		if (pattern_matches(slice_of(r->pattern), path, name))
			return r;
	}
	return NULL;
}

/* ---- language ---------------------------------------------------------------------------- */

/* The q of "es-ES;q=0.8" in thousandths. */
static unsigned quality(struct slice item)
{
	struct slice rest, q;
	uint64_t digit = 0;
	unsigned scale = 100, value = 0;

	(void)slice_cut(item, ';', &rest);
	q = slice_trim(rest);
	if (!slice_starts_fold(q, SLICE_LIT("q=")))
		return 1000;
	q = slice_from(q.ptr + 2, q.len - 2);
	if (q.len == 0 || q.ptr[0] != '0')
		return 1000;
	for (size_t i = 2; i < q.len && i < 5; i++, scale /= 10) {
		if (!slice_u64(slice_from(q.ptr + i, 1), 9, &digit))
			break;
		value += (unsigned)digit * scale;
	}
	return value;
}

enum emit_lang route_language(struct slice accept_language)
{
	static const struct {
		const char *tag;
		enum emit_lang lang;
	} langs[] = { { "en", EMIT_EN }, { "es", EMIT_ES } };
	enum emit_lang best = EMIT_EN;
	unsigned best_quality = 0;

	while (accept_language.len > 0) {
		struct slice item = slice_trim(slice_cut(accept_language, ',', &accept_language)),
			     rest;
		struct slice tag = slice_trim(slice_cut(item, ';', &rest)), region;

		tag = slice_cut(tag, '-', &region);
		for (size_t i = 0; i < sizeof langs / sizeof *langs; i++) {
			if (slice_equal_fold(tag, slice_of(langs[i].tag)) &&
				quality(item) > best_quality) {
				best_quality = quality(item);
				best = langs[i].lang;
			}
		}
	}
	return best;
}

/* ---- one request ------------------------------------------------------------------------- */

/* Everything a request needs, in one piece: the parameters alone are too much for the stack. */
struct work {
	struct request req;
	struct params params;
	struct query_filter filter;
	char path[REQUEST_BYTES_MAX];
};

static void response_init(struct response *res)
{
	*res = (struct response){
		.status = 200, .type = "text/plain; charset=utf-8", .cache = "no-store"
	};
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

static void request_id(char dst[REQUEST_ID_LEN + 1])
{
	uint64_t bits = 0;

	if (getrandom(&bits, sizeof bits, GRND_NONBLOCK) < 0)
		bits = (uint64_t)day_monotonic_ms();
	(void)snprintf(dst, REQUEST_ID_LEN + 1, "%016llx", (unsigned long long)bits);
}

static int check_params(const struct request *req, struct response *res, struct err *err)
{
	struct err_quote quote;
	const struct params *p = req->params;

	for (unsigned i = 0; i < p->len; i++) {
		struct slice name = p->list[i].name;

		(void)snprintf(res->parameter, sizeof res->parameter, "%.*s", SLICE_FMT(name));
		if (!slice_equal(name, SLICE_LIT("lang")) &&
			!params_listed(req->route->params, name))
			return err_set(err, ERR_USAGE,
				"unknown parameter %s; allowed here: %s%slang",
				err_quote(&quote, name), req->route->params,
				req->route->params[0] != '\0' ? " " : "");
		for (unsigned k = 0; k < i && !slice_equal(name, SLICE_LIT("domain")); k++) {
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
	return 0;
}

/* The store, as far as the route wants it. */
static int lend_store(struct work *w, struct response *res, struct err *err)
{
	unsigned flags = w->req.route->flags;

	if ((flags & (ROUTE_STORE | ROUTE_STORE_IF)) == 0)
		return 0;
	res->pool = w->req.web->pool;
	res->store = pool_take(w->req.web->pool, err);
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

static uint64_t hash_add(uint64_t hash, struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (unsigned char)s.ptr[i]) * 1099511628211ULL; /* FNV-1a */
	return (hash ^ s.len) * 1099511628211ULL;
}

/* Weak: the bytes may differ in when they were made, what they say does not. */
static int set_etag(
	const struct work *w, const struct ask *ask, struct response *res, struct err *err)
{
	uint64_t hash = 14695981039346656037ULL;
	int64_t version = 0, today = day_of(day_now()), lang = w->req.lang;
	uint64_t file = pool_identity(w->req.web->pool);

	if (store_data_version(w->req.store, &version, err) < 0)
		return -1;
	hash = hash_add(hash, ask->target);
	hash = hash_add(hash, slice_of(w->req.web->version));
	hash = hash_add(hash, slice_from(&version, sizeof version));
	hash = hash_add(hash, slice_from(&today, sizeof today));
	hash = hash_add(hash, slice_from(&lang, sizeof lang));
	hash = hash_add(hash, slice_from(&file, sizeof file));
	(void)snprintf(res->etag, sizeof res->etag, "W/\"%016llx\"", (unsigned long long)hash);
	res->cache = "private, max-age=30";
	return 0;
}

/* If-None-Match: a list; weak comparison (RFC 9110 13.1.2). */
static bool is_known(const char *etag, struct slice if_none_match)
{
	struct slice own = slice_of(etag);

	if (own.len == 0)
		return false;
	if (slice_starts(own, SLICE_LIT("W/")))
		own = slice_from(own.ptr + 2, own.len - 2);
	while (if_none_match.len > 0) {
		struct slice one = slice_trim(slice_cut(if_none_match, ',', &if_none_match));

		if (slice_starts(one, SLICE_LIT("W/")))
			one = slice_from(one.ptr + 2, one.len - 2);
		if (slice_equal(one, own) || slice_equal(one, SLICE_LIT("*")))
			return true;
	}
	return false;
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
static void link_next(const struct request *req, struct response *res, int64_t next)
{
	struct param set = { SLICE_LIT("offset"), SLICE_ABSENT };
	struct buf *b = &res->link;
	struct slice rest = req->path;
	char offset[24];

	if (next < 0)
		return;
	(void)snprintf(offset, sizeof offset, "%lld", (long long)next);
	buf_add_char(b, '<');
	(void)slice_cut(rest, '/', &rest);
	while (rest.ptr != NULL) {
		buf_add_char(b, '/');
		emit_url(b, slice_cut(rest, '/', &rest));
	}
	set.value = slice_of(offset);
	params_link(b, req->params, NULL, &set, 1);
	buf_add_text(b, ">; rel=\"next\"");
}

/* Make the answer's beginning now: see RESPONSE_AHEAD_BYTES. */
static int read_ahead(const struct request *req, struct response *res, struct err *err)
{
	ssize_t n = 1;
	int64_t next;

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

static int answer(struct work *w, const struct ask *ask, struct response *res, struct err *err)
{
	struct slice query;

	w->req.lang = route_language(ask->accept_language);
	if (!route_path(ask->target, w->path, sizeof w->path, &w->req.path))
		return err_set(err, ERR_NOT_FOUND, "there is nothing at this address");
	w->req.route = route_find(w->req.path, &w->req.name);
	(void)slice_cut(ask->target, '?', &query);
	if (params_parse(&w->params, query, err) < 0 || choose_language(w, res, err) < 0)
		return -1;
	if (w->req.route == NULL)
		return err_set(err, ERR_NOT_FOUND, "there is nothing at this address");
	if (check_params(&w->req, res, err) < 0 || lend_store(w, res, err) < 0)
		return -1;
	if ((w->req.route->flags & ROUTE_ETAG) != 0 && w->req.store != NULL) {
		if (set_etag(w, ask, res, err) < 0)
			return -1;
		if (is_known(res->etag, ask->if_none_match)) {
			not_modified(res);
			return 0;
		}
	}
	if (w->req.route->handler(&w->req, res, err) < 0 || read_ahead(&w->req, res, err) < 0)
		return -1;
	if (is_known(res->etag, ask->if_none_match))
		not_modified(res);
	if (buf_failed(&res->body))
		return err_set(
			err, ERR_SHORTAGE, "no memory for an answer, or one that is too long");
	return 0;
}

static void answer_error(const struct request *req, struct response *res, const struct err *err)
{
	const struct problem *p = problem_of(err->code);
	struct slice detail = slice_of(err->text);
	char line[sizeof err->text + 64];

	stream_close(res->stream);
	res->stream = NULL;
	if (p->ours) {
		(void)snprintf(line, sizeof line, "request %s: %s", req->id, err->text);
		if (req->web->complain != NULL)
			req->web->complain(line);
		detail = SLICE_LIT("the service's log says more");
	}
	problem_answer(res, p, detail, req->path, slice_of(req->id));
	if (req->route == NULL ? !slice_starts(req->path, SLICE_LIT("/api/"))
			       : (req->route->flags & ROUTE_PAGE) != 0)
		page_error(req, p, detail, res);
}

void route_answer(const struct web *web, const struct ask *ask, struct response *res)
{
	struct work *w;
	struct err err = ERR_INIT;

	response_init(res);
	if (!slice_equal(ask->method, SLICE_LIT("GET")) &&
		!slice_equal(ask->method, SLICE_LIT("HEAD"))) {
		route_refuse(405, "only GET and HEAD are answered", res);
		return;
	}
	w = calloc(1, sizeof *w);
	if (w == NULL) {
		route_refuse(503, "no memory", res);
		return;
	}
	w->req.web = web;
	w->req.params = &w->params;
	w->req.filter = &w->filter;
	w->req.path = SLICE_LIT("");
	request_id(w->req.id);
	if (answer(w, ask, res, &err) < 0)
		answer_error(&w->req, res, &err);
	free(w);
	/* A whole answer needs no connection any more; only a stream keeps it. */
	if (res->stream == NULL) {
		if (res->pool != NULL)
			pool_give(res->pool, res->store);
		res->store = NULL;
	}
}

void route_refuse(unsigned status, const char *detail, struct response *res)
{
	response_init(res);
	problem_answer(res, problem_status(status), slice_of(detail), SLICE_LIT(""), SLICE_LIT(""));
	res->allow = status == 405 ? "GET, HEAD" : NULL;
	res->close = true;
}
