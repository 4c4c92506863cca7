#include "ingest/mime_skim.h"

#include <string.h>

/* Each ends the name, or begins it where it ends with a hyphen. */
static const struct slice wanted[] = { { "Authentication-Results:", 23 }, { "Content-", 8 },
	{ "Date:", 5 }, { "From:", 5 }, { "Message-ID:", 11 }, { "MIME-Version:", 13 },
	{ "Subject:", 8 } };

/* Bytes of the field at hand, with its end and its folded lines; 0: it is none. */
static size_t field_len(struct slice rest)
{
	size_t at = 0;
	const char *end;

	while (at < rest.len && rest.ptr[at] > ' ' && rest.ptr[at] < 0x7f && rest.ptr[at] != ':')
		at++;
	/* "Name :" is left to the reader, with what follows. */
	if (at == 0 || at == rest.len || rest.ptr[at] != ':')
		return 0;
	do {
		end = memchr(rest.ptr + at, '\n', rest.len - at);
		at = end != NULL ? (size_t)(end - rest.ptr) + 1 : rest.len;
	} while (at < rest.len && (rest.ptr[at] == ' ' || rest.ptr[at] == '\t'));
	return at;
}

static bool is_wanted(struct slice field)
{
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		if (slice_starts_fold(field, wanted[i]))
			return true;
	}
	return false;
}

size_t mime_skim(struct slice mail, char *to)
{
	size_t at = 0, len, written = 0;

	if (mail.len == 0) /* and perhaps nowhere */
		return 0;
	while ((len = field_len(slice_from(mail.ptr + at, mail.len - at))) > 0) {
		if (written == 0 || is_wanted(slice_from(mail.ptr + at, len))) {
			memcpy(to + written, mail.ptr + at, len);
			written += len;
		}
		at += len;
	}
	memcpy(to + written, mail.ptr + at, mail.len - at);
	return written + mail.len - at;
}
