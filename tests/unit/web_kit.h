/*
 * web_kit: a request asked of route_answer() over a store of store_kit, and its whole answer.
 *
 *	struct answer a;
 *	web_ask(kit, "/api/v1/reports?limit=2", &a);
 *	assert_int_equal(a.res.status, 200);
 *	...buf_text(&a.body)...
 *	answer_release(&a);
 */
#ifndef TESTS_UNIT_WEB_KIT_H
#define TESTS_UNIT_WEB_KIT_H

#include "tests/unit/store_kit.h"
#include "store/embedded.h"
#include "web/route.h"

struct answer {
	struct response res;
	struct buf body; /* with what the stream gave */
};

static inline void answer_release(struct answer *a)
{
	response_release(&a->res);
	buf_release(&a->body);
}

/* Asked of a service whose pool lives on, as a real one's does. */
static inline void web_ask_with(const struct web *web, const struct ask *ask, struct answer *a)
{
	struct err err = ERR_INIT;
	ssize_t n;

	route_answer(web, ask, &a->res);
	buf_init(&a->body, 64 * 1024 * 1024);
	if (a->res.asset != NULL)
		buf_add(&a->body, slice_from(a->res.asset->bytes, a->res.asset->len));
	buf_add(&a->body, buf_slice(&a->res.body));
	while (a->res.stream != NULL) {
		char piece[5000];

		n = stream_read(a->res.stream, piece, sizeof piece, &err);
		if (n < 0)
			fail_msg("stream: %s", err.text);
		if (n == 0)
			break;
		buf_add(&a->body, slice_from(piece, (size_t)n));
	}
	assert_false(buf_failed(&a->body));
	/* The pool may go with this request, so what was lent goes back first. */
	stream_close(a->res.stream);
	a->res.stream = NULL;
	if (a->res.store != NULL)
		pool_give(web->pool, a->res.store);
	a->res.store = NULL;
	a->res.pool = NULL;
}

static inline void web_ask_of(const char *db, const struct ask *ask, struct answer *a)
{
	struct web web = { .version = "test", .pool = pool_open(db) };

	assert_non_null(web.pool);
	web_ask_with(&web, ask, a);
	pool_close(web.pool);
}

static inline void web_ask(struct kit *kit, const char *target, struct answer *a)
{
	web_ask_of(kit->path,
		&(struct ask){ .method = SLICE_LIT("GET"), .target = slice_of(target) }, a);
}

static inline bool answer_has(const struct answer *a, const char *text)
{
	return slice_find(buf_slice(&a->body), slice_of(text)) != SIZE_MAX;
}

static inline void expect_text(const struct answer *a, const char *text)
{
	if (!answer_has(a, text))
		fail_msg("no %s in:\n%s", text, buf_text(&a->body));
}

static inline void expect_no_text(const struct answer *a, const char *text)
{
	if (answer_has(a, text))
		fail_msg("%s in:\n%s", text, buf_text(&a->body));
}

/* Ask, expect a status, and let go. */
static inline void expect_status(struct kit *kit, const char *target, unsigned status)
{
	struct answer a;

	web_ask(kit, target, &a);
	if (a.res.status != status)
		fail_msg("%s: %u, not %u:\n%s", target, a.res.status, status, buf_text(&a.body));
	answer_release(&a);
}

#endif
