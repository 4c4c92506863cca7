/*
 * route: from a request line to an answer, without HTTP's wire.
 *
 * One table names every address there is, who answers it and which parameters it takes. Nothing
 * here or in a handler knows libmicrohttpd: server.c hands over what was asked and sends what
 * comes back, and tests call route_answer() alone.
 *
 *	struct response res;
 *	route_answer(&web, &(struct ask){ .method = SLICE_LIT("GET"), .target = target }, &res);
 *	...send res.status, its headers, res.body, then res.stream until it ends...
 *	response_release(&res);
 */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "store/emit.h"
#include "web/params.h"
#include "web/pool.h"
#include "web/stream.h"

/* What the program was told, and what all requests share. */
struct web {
	struct pool *pool;
	const char *version;		/* of the program, part of every ETag */
	int64_t started;		/* seconds */
	/* For faults of ours, which a visitor is told of in general words only; may be NULL. */
	void (*complain)(const char *line);
	/* A line for each request, for whoever asked for it; may be NULL. */
	void (*tell)(const char *line);
	struct gate *gate;		/* who may change something; NULL nobody */
	const char *asn_database;	/* what a change is judged with, as ruad-ingest does; NULL none */
	struct meter *meter;		/* counts answers; NULL nobody does */
};

/* What a client sent, borrowed. Absent header: absent slice. */
struct ask {
	struct slice method;
	struct slice target;		/* as on the request line: path and query, still encoded */
	struct slice accept_language, if_none_match;
	/* What a change is judged by; see gate.h. */
	struct slice host, origin, fetch_site, authorization, content_type;
	bool local;			/* the peer is this machine, and speaks for nobody else */
	uint64_t content_length;
	struct slice body;		/* empty until it was read */
};

/* A method is a bit, so that what an address takes is a set. HEAD goes with GET, OPTIONS with all. */
enum method {
	METHOD_GET = 1,
	METHOD_HEAD = 2,
	METHOD_POST = 4,
	METHOD_PUT = 8,
	METHOD_DELETE = 16,
	METHOD_OPTIONS = 32,
	METHOD_ALL = 63,
};

#define REQUEST_SEGMENTS_MAX 8
#define REQUEST_ID_LEN 16

struct gate;
struct route;
struct request {
	const struct web *web;
	const struct route *route;	/* NULL: nothing is at this address */
	struct slice path;		/* decoded */
	struct slice name;		/* what stood for {...} in the route's pattern */
	const struct params *params;
	struct slice body;		/* of a change, or the text that is asked about */
	enum emit_lang lang;
	bool lang_chosen;		/* by the lang parameter, not by the browser's wish */
	struct store *store;		/* NULL: the route needs none, or there is no database yet */
	struct query_filter *filter;	/* room for the handler's: too much for the stack */
};

/* An answer. A handler fills what it knows; the rest has defaults. */
struct response {
	unsigned status;
	const char *type;		/* MIME type */
	const char *cache;		/* Cache-Control */
	unsigned refusal;		/* status of the error answer; 0: what the err's code says */
	unsigned allow;			/* methods, for Allow; 0 none */
	const char *vary;		/* request headers the answer depends on */
	const char *language;		/* NULL or Content-Language */
	unsigned retry_after;		/* seconds, 0 none */
	bool close;			/* end the connection after this answer */
	char id[REQUEST_ID_LEN + 1];	/* names this exchange in the log and for the client */
	char etag[48];			/* "" none */
	char disposition[128];		/* "" none */
	char parameter[64];		/* the one at fault, for the error answer; "" none */
	struct buf link;		/* Link, empty none */
	struct buf body;		/* what is there already */
	const struct embedded *asset;	/* instead of the body: bytes built into the program */
	struct stream *stream;		/* the rest, or NULL */
	struct pool *pool;		/* where `store` goes back to */
	struct store *store;		/* lent until the answer is sent */
};

typedef int web_handler(const struct request *req, struct response *res, struct err *err);

enum route_flags {
	ROUTE_STORE = 1,	/* needs the database: 503 without one */
	ROUTE_STORE_IF = 2,	/* takes it if there is one */
	ROUTE_PAGE = 4,		/* for people: errors are pages */
	ROUTE_ETAG = 8,		/* the same until the facts or the day change */
	ROUTE_CLOCK = 16,	/* with ROUTE_ETAG: rows tell ages, so only for a minute */
	ROUTE_CHANGE = 64,	/* changes something: only through the gate */
	ROUTE_TEXT = 128,	/* takes a text as its body, and changes nothing */
	ROUTE_KIND = 32,	/* takes the parameters of its kind, besides those in params */
};

struct route {
	enum method method;	/* one; GET answers HEAD too */
	const char *pattern;	/* "/api/v1/reports/{id}/xml": one {...} at most */
	web_handler *handler;
	enum query_kind kind;	/* for handlers that serve several routes */
	const char *params;	/* names separated by blanks, besides lang */
	unsigned flags;
};
extern const struct route routes[];	/* routes.c; ends with a NULL pattern */

/* Bytes of an answer that are made before its status is sent: a fault until then is an error
 * answer; one that comes later can only cut the connection. Also the size of most answers. */
#define RESPONSE_AHEAD_BYTES (64 * 1024)
/* Bytes of a page or an error. The largest page holds some hundred rows. */
#define RESPONSE_BODY_MAX (4 * 1024 * 1024)

/*
 * Before the body of a request is read: is it one that may have one, by one who may send it? False:
 * the answer is in *res. route_answer() asks the same again.
 */
bool route_admit(const struct web *web, const struct ask *ask, struct response *res);
/* Never fails: what goes wrong becomes an error answer. */
void route_answer(const struct web *web, const struct ask *ask, struct response *res);
/* An error answer to something that is not even a request: title is plain English. */
void route_refuse(unsigned status, const char *detail, struct response *res);
void response_release(struct response *res);

/* The decoded path of `target` into `dst`; false if it has empty, "." or ".." segments, a
 * backslash, a bad escape or an escaped slash: then there is nothing of ours there. */
bool route_path(struct slice target, char *dst, size_t cap, struct slice *ret);
/*
 * The route of a decoded path for a method, and what stood for {...}. NULL if there is none; then
 * *allowed tells which methods the path takes, 0: there is nothing at it at all.
 */
const struct route *route_find(struct slice path, unsigned method, struct slice *name,
	unsigned *allowed);
/* Does the route take the parameter (lang aside)? *repeats (may be NULL): more than once. */
bool route_takes(const struct route *route, struct slice name, bool *repeats);
/* 0 if it is none of ours. */
unsigned route_method(struct slice name);
/* "GET, HEAD" */
void route_methods(unsigned methods, struct buf *to);

#endif
