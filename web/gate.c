#include "web/gate.h"

#include <pthread.h>
#include <stdlib.h>

#include "store/base/day.h"
#include "store/base/digest.h"
#include "store/base/limits.h"
#include "store/base/token.h"
#include "web/route.h"

#define MINUTE_MS 60000

struct gate {
	struct digest token; /* of it: what memory holds cannot be used */
	pthread_mutex_t lock;
	int64_t since_ms; /* when the minute that is counted began */
	unsigned changes;
};

static int read_token(struct gate *g, const char *path, struct err *err)
{
	char token[TOKEN_CHARACTERS_MAX + 1];

	if (token_read(path, token, err) < 0)
		return -1;
	g->token = digest_of(slice_of(token));
	explicit_bzero(token, sizeof token);
	return 0;
}

int gate_open(struct gate **ret, const char *token_file, struct err *err)
{
	struct gate *g = calloc(1, sizeof *g);

	if (g == NULL || pthread_mutex_init(&g->lock, NULL) != 0) {
		free(g);
		return err_set(err, ERR_SHORTAGE, "no memory");
	}
	if (read_token(g, token_file, err) < 0) {
		gate_close(g);
		return -1;
	}
	*ret = g;
	return 0;
}

void gate_close(struct gate *g)
{
	if (g == NULL)
		return;
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}

/* ---- a request ------------------------------------------------------------------------------- */

/* The same time for any token: digests are compared, every byte of them. */
static bool token_is_right(const struct gate *g, struct slice authorization)
{
	struct slice rest, scheme = slice_cut(authorization, ' ', &rest);
	struct digest given = digest_of(slice_trim(rest));
	unsigned differs = 0;

	for (size_t i = 0; i < DIGEST_BYTES; i++)
		differs |= (unsigned)(given.bytes[i] ^ g->token.bytes[i]);
	return differs == 0 && slice_equal_fold(scheme, SLICE_LIT("Bearer"));
}

/* A browser names the page that asks; other programs say nothing. */
static bool origin_is_ours(const struct ask *ask)
{
	static const char *const schemes[] = { "http://", "https://" };
	struct slice site = ask->fetch_site;

	if (site.ptr != NULL && !slice_equal(site, SLICE_LIT("same-origin")) &&
		!slice_equal(site, SLICE_LIT("none")))
		return false;
	if (ask->origin.ptr == NULL)
		return true;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		struct slice scheme = slice_of(schemes[i]), origin = ask->origin;

		if (slice_starts_fold(origin, scheme) &&
			slice_equal_fold(
				slice_from(origin.ptr + scheme.len, origin.len - scheme.len),
				ask->host))
			return true;
	}
	return false;
}

static bool is_json(struct slice content_type)
{
	struct slice parameters;

	return slice_equal_fold(slice_trim(slice_cut(content_type, ';', &parameters)),
		SLICE_LIT("application/json"));
}

unsigned gate_check(const struct gate *g, const struct ask *ask, const char **why)
{
	if (g == NULL) {
		*why = "nothing can be changed here: ruad-web was started without --token-file";
		return 403;
	}
	if (!ask->local) {
		*why = "changes are taken from this very machine only, not through a proxy";
		return 403;
	}
	if (!origin_is_ours(ask)) {
		*why = "a page of another site may not change anything";
		return 403;
	}
	if (!token_is_right(g, ask->authorization)) {
		*why = "the header Authorization: Bearer must bring the token of --token-file";
		return 401;
	}
	if (ask->content_length > REQUEST_BODY_BYTES_MAX) {
		*why = "the body is too long";
		return 413;
	}
	if (ask->content_length > 0 && !is_json(ask->content_type)) {
		*why = "the body must be application/json";
		return 415;
	}
	return 0;
}

unsigned gate_count(struct gate *g)
{
	int64_t now = day_monotonic_ms(), left;

	(void)pthread_mutex_lock(&g->lock);
	if (g->changes == 0 || now - g->since_ms >= MINUTE_MS) {
		g->since_ms = now;
		g->changes = 0;
	}
	left = 0;
	if (g->changes >= CHANGES_PER_MINUTE_MAX)
		left = g->since_ms + MINUTE_MS - now;
	else
		g->changes++;
	(void)pthread_mutex_unlock(&g->lock);
	return (unsigned)((left + 999) / 1000);
}
