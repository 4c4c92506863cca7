/*
 * body: the JSON object a change is asked with; the only file that knows jansson.
 *
 * As strict as the parameters of an address: one object, no member twice, none that is not known,
 * each of the type it must have. The member at fault goes to res->parameter.
 *
 *	struct body *b = NULL;
 *	if (body_open(&b, req->body, "group class", res, err) < 0)
 *		...
 *	rc = body_number(b, "group", &group, res, err);
 *	body_close(b);
 */
#ifndef WEB_BODY_H
#define WEB_BODY_H

#include "web/route.h"

struct body;

/* `members`: what it may have, separated by blanks. An empty text is an empty object. ERR_USAGE. */
int body_open(struct body **ret, struct slice text, const char *members, struct response *res,
	struct err *err);
void body_close(struct body *b);	/* NULL allowed */

/* Each: 1 it is there, 0 it is not (then *ret is untouched), -1 it is of another type (ERR_USAGE). */
int body_number(const struct body *b, const char *name, int64_t *ret, struct response *res,
	struct err *err);
int body_bool(const struct body *b, const char *name, bool *ret, struct response *res,
	struct err *err);
/* true as "yes", false as "no", null as the empty text. */
int body_answer(const struct body *b, const char *name, struct slice *ret, struct response *res,
	struct err *err);
/* null reads as the empty text. Borrowed from b. */
int body_text(const struct body *b, const char *name, struct slice *ret, struct response *res,
	struct err *err);
/* A list of at most BODY_LIST_MAX texts. */
#define BODY_LIST_MAX 64
int body_list(const struct body *b, const char *name, struct slice ret[BODY_LIST_MAX], size_t *ret_len,
	struct response *res, struct err *err);
/* ERR_USAGE: the member must be there and is not. Always -1. */
int body_misses(const char *name, struct response *res, struct err *err);

/* For --version. */
const char *body_library_version(void);

#endif
