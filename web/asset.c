#include "web/asset.h"

#include <assert.h>
#include <stdio.h>

#include "store/embedded.h"

static const struct asset_type {
	const char *suffix, *type;
} asset_types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
};

static const struct embedded *asset_find(struct slice name)
{
	for (const struct embedded *e = web_asset; e->name != NULL; e++) {
		if (slice_equal(slice_of(e->name), name))
			return e;
	}
	return NULL;
}

static const char *asset_type(struct slice name)
{
	for (size_t i = 0; i < sizeof asset_types / sizeof *asset_types; i++) {
		if (slice_ends_fold(name, slice_of(asset_types[i].suffix)))
			return asset_types[i].type;
	}
	return "application/octet-stream";
}

int asset_answer(const struct request *req, struct response *res, struct err *err)
{
	const struct embedded *e = asset_find(req->name);

	if (e == NULL)
		return err_set(err, ERR_NOT_FOUND, "there is no such file");
	res->asset = e;
	res->vary = "Accept-Encoding";
	res->type = asset_type(req->name);
	/* Only an address with the right hash never changes its meaning. */
	res->cache = slice_equal(params_get(req->params, SLICE_LIT("v")), slice_of(e->hash))
			     ? "public, max-age=31536000, immutable"
			     : "no-cache";
	(void)snprintf(res->etag, sizeof res->etag, "\"%s\"", e->hash);
	return 0;
}

void asset_url(struct buf *to, const char *name)
{
	const struct embedded *e = asset_find(slice_of(name));

	assert(e != NULL);
	buf_printf(to, "/assets/%s?v=%s", name, e->hash);
}
