#include "web/accept.h"

/* The q of ";q=0.8", in thousandths. Other parameters are skipped. */
static unsigned weight(struct slice rest)
{
	unsigned scale = ACCEPT_QUALITY_MAX / 10, value = 0;
	struct slice q;
	uint64_t digit = 0;

	while (rest.len > 0) {
		q = slice_trim(slice_cut(rest, ';', &rest));
		if (!slice_starts_fold(q, SLICE_LIT("q=")))
			continue;
		q = slice_from(q.ptr + 2, q.len - 2);
		if (q.len == 0 || q.ptr[0] != '0')
			return ACCEPT_QUALITY_MAX;
		for (size_t i = 2; i < q.len && scale > 0; i++, scale /= 10) {
			if (!slice_u64(slice_from(q.ptr + i, 1), 9, &digit))
				break;
			value += (unsigned)digit * scale;
		}
		return value;
	}
	return ACCEPT_QUALITY_MAX;
}

unsigned accept_quality(struct slice list, struct slice name, unsigned otherwise)
{
	while (list.len > 0) {
		struct slice rest, item = slice_cut(list, ',', &list);
		struct slice one = slice_trim(slice_cut(item, ';', &rest));

		if (slice_equal_fold(one, name))
			return weight(rest);
		if (slice_equal(one, SLICE_LIT("*")))
			otherwise = weight(rest);
	}
	return otherwise;
}

bool accept_gzip(struct slice accept_encoding)
{
	unsigned gzip = accept_quality(accept_encoding, SLICE_LIT("gzip"), 0);

	/* Plain bytes that are not named are taken, but asked for by nobody. */
	return gzip > 0 && gzip >= accept_quality(accept_encoding, SLICE_LIT("identity"), 0);
}

enum emit_lang accept_language(struct slice accept_language)
{
	static const struct {
		const char *tag;
		enum emit_lang lang;
	} langs[] = { { "en", EMIT_EN }, { "es", EMIT_ES } };
	enum emit_lang best = EMIT_EN;
	unsigned best_quality = 0;

	while (accept_language.len > 0) {
		struct slice rest, region, item = slice_cut(accept_language, ',', &accept_language);
		struct slice tag = slice_trim(slice_cut(item, ';', &rest));

		tag = slice_cut(tag, '-', &region);
		for (size_t i = 0; i < sizeof langs / sizeof *langs; i++) {
			if (slice_equal_fold(tag, slice_of(langs[i].tag)) &&
				weight(rest) > best_quality) {
				best_quality = weight(rest);
				best = langs[i].lang;
			}
		}
	}
	return best;
}
