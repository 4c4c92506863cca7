#include "web/problem.h"

#define RETRY_SECONDS 5

static const struct problem_row {
	struct problem problem;
	enum err_code code; /* ERR_NONE: never comes from an err */
} rows[] = {
	{ { 400, "urn:problem:bad-parameter", "Bad parameter", false, 0 }, ERR_USAGE },
	{ { 404, "urn:problem:not-found", "Not found", false, 0 }, ERR_NOT_FOUND },
	{ { 503, "urn:problem:busy", "Busy", false, RETRY_SECONDS }, ERR_BUSY },
	{ { 503, "urn:problem:too-slow", "The answer takes too long", false, 0 }, ERR_SLOW },
	{ { 503, "urn:problem:unavailable", "Unavailable", true, RETRY_SECONDS }, ERR_SHORTAGE },
	{ { 503, "urn:problem:no-database", "No database yet", false, 60 }, ERR_DEFER },
	{ { 503, "urn:problem:database", "Database cannot be read", true, 60 }, ERR_STORE },
	{ { 500, "urn:problem:internal", "Internal error", true, 0 }, ERR_BUG },
	{ { 400, "urn:problem:bad-request", "Bad request", false, 0 }, ERR_NONE },
	{ { 401, "urn:problem:token", "Token missing or wrong", false, 0 }, ERR_NONE },
	{ { 403, "urn:problem:forbidden", "Forbidden", false, 0 }, ERR_NONE },
	{ { 405, "urn:problem:method", "Method not allowed", false, 0 }, ERR_NONE },
	{ { 411, "urn:problem:length", "Length required", false, 0 }, ERR_NONE },
	{ { 413, "urn:problem:too-long", "Body too long", false, 0 }, ERR_NONE },
	{ { 415, "urn:problem:media-type", "Unsupported media type", false, 0 }, ERR_NONE },
	{ { 414, "urn:problem:too-long", "Address too long", false, 0 }, ERR_NONE },
	{ { 421, "urn:problem:misdirected", "Misdirected request", false, 0 }, ERR_NONE },
	{ { 429, "urn:problem:too-many", "Too many requests", false, RETRY_SECONDS }, ERR_NONE },
	{ { 431, "urn:problem:too-long", "Header too long", false, 0 }, ERR_NONE },
	{ { 505, "urn:problem:version", "HTTP version not supported", false, 0 }, ERR_NONE },
};
#define ROWS (sizeof rows / sizeof *rows)

const struct problem *problem_of(enum err_code code)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].code == code && code != ERR_NONE)
			return &rows[i].problem;
	}
	return problem_of(ERR_BUG);
}

const struct problem *problem_status(unsigned status)
{
	/* From the end: the general "bad request" comes before the bad parameter. */
	for (size_t i = ROWS; i > 0; i--) {
		if (rows[i - 1].problem.status == status)
			return &rows[i - 1].problem;
	}
	return problem_of(ERR_BUG);
}

static void member(struct buf *b, const char *name, struct slice value)
{
	if (value.len == 0)
		return;
	buf_printf(b, ",\"%s\":", name);
	emit_json_string(b, value);
}

void problem_answer(
	struct response *res, const struct problem *p, struct slice detail, struct slice path)
{
	struct buf *b = &res->body;

	buf_clear(b);
	buf_clear(&res->link);
	res->status = p->status;
	res->type = "application/problem+json";
	res->cache = "no-store";
	res->vary = NULL;
	if (res->retry_after == 0)
		res->retry_after = p->retry_after;
	res->etag[0] = '\0';
	res->disposition[0] = '\0';
	res->asset = NULL;
	buf_printf(
		b, "{\"type\":\"%s\",\"title\":\"%s\",\"status\":%u", p->type, p->title, p->status);
	member(b, "detail", detail);
	member(b, "parameter", slice_of(res->parameter));
	if (path.len > 0) {
		buf_add_text(b, ",\"instance\":\"");
		params_path(b, path);
		buf_add_char(b, '"');
	}
	member(b, "request_id", slice_of(res->id));
	buf_add_text(b, "}\n");
}
