#include "web/etag.h"

#include <stdio.h>

#include "store/base/day.h"

#define CLOCK_SECONDS 60

static uint64_t hash_add(uint64_t hash, struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (unsigned char)s.ptr[i]) * 1099511628211ULL; /* FNV-1a */
	return (hash ^ s.len) * 1099511628211ULL;
}

static uint64_t hash_number(uint64_t hash, uint64_t n)
{
	return hash_add(hash, slice_from(&n, sizeof n));
}

int etag_set(
	const struct request *req, const struct ask *ask, struct response *res, struct err *err)
{
	bool clock = (req->route->flags & ROUTE_CLOCK) != 0;
	uint64_t hash = 14695981039346656037ULL;
	int64_t version = 0, now = day_now();

	if (pool_version(req->web->pool, req->store, &version, err) < 0)
		return -1;
	hash = hash_add(hash, ask->target);
	hash = hash_add(hash, slice_of(req->web->version));
	hash = hash_number(hash, (uint64_t)version);
	hash = hash_number(hash, store_identity(req->store));
	hash = hash_number(hash, (uint64_t)(clock ? now / CLOCK_SECONDS : day_of(now)));
	hash = hash_number(hash, req->lang);
	(void)snprintf(res->etag, sizeof res->etag, "W/\"%016llx\"", (unsigned long long)hash);
	res->cache = "private, max-age=30";
	return 0;
}

static struct slice without_weakness(struct slice tag)
{
	return slice_starts(tag, SLICE_LIT("W/")) ? slice_from(tag.ptr + 2, tag.len - 2) : tag;
}

bool etag_matches(const char *etag, struct slice if_none_match, bool exists)
{
	struct slice own = without_weakness(slice_of(etag));

	if (own.len == 0)
		return false;
	while (if_none_match.len > 0) {
		struct slice one = slice_trim(slice_cut(if_none_match, ',', &if_none_match));

		if (slice_equal(one, SLICE_LIT("*")) ? exists
						     : slice_equal(without_weakness(one), own))
			return true;
	}
	return false;
}
