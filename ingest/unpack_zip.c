#include "ingest/unpack_zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "store/base/limits.h"

/* The end of central directory record and the longest comment behind it. */
#define DIRECTORY_END_MAX (22 + 65535)
/* Names are labels. */
#define NAME_KEEP       512
#define JUNK_BEFORE_MAX 4096

struct unzip {
	struct reader reader;
	struct archive *archive;
	struct slice bytes;
	unsigned at;    /* headers read, all kinds of entries */
	unsigned files; /* of these, files */
	bool broken;    /* libarchive gave up within the file: begin anew behind it */
	bool over;
	size_t name_len;
	char name[NAME_KEEP]; /* of the file at hand: libarchive's own goes with the archive */
};

bool unzip_sniff(struct slice head)
{
	return slice_starts(head, SLICE_LIT("PK\x03\x04")) ||
	       slice_starts(head, SLICE_LIT("PK\x05\x06"));
}

static bool has_directory(struct slice bytes)
{
	size_t from = bytes.len > DIRECTORY_END_MAX ? bytes.len - DIRECTORY_END_MAX : 0;

	return slice_find(slice_from(bytes.ptr + from, bytes.len - from),
		       SLICE_LIT("PK\x05\x06")) != SIZE_MAX;
}

bool unzip_sniff_behind(struct slice bytes)
{
	struct slice front = bytes;

	if (front.len > JUNK_BEFORE_MAX)
		front.len = JUNK_BEFORE_MAX;
	return slice_find(front, SLICE_LIT("PK\x03\x04")) != SIZE_MAX && has_directory(bytes);
}

/* libarchive's words can hold names from the file. */
static int zip_error(struct unzip *z, struct err *err)
{
	const char *text = archive_error_string(z->archive);
	struct err_quote quote;

	if (archive_errno(z->archive) == ENOMEM)
		return err_set(err, ERR_SHORTAGE, "no memory to unpack zip");
	return err_set(err, ERR_REPORT, "zip: %s",
		text != NULL ? err_printable(&quote, slice_of(text)) : "broken");
}

static ssize_t unzip_read(struct reader *reader, void *dst, size_t cap, struct err *err)
{
	struct unzip *z = (struct unzip *)reader;
	la_ssize_t n;

	do {
		n = archive_read_data(z->archive, dst, cap);
	} while (n == ARCHIVE_RETRY);
	if (n < 0) {
		z->broken = true;
		return zip_error(z, err);
	}
	return (ssize_t)n;
}

/* An archive at its beginning. */
static int start(struct unzip *z, struct err *err)
{
	(void)archive_read_free(z->archive);
	z->at = 0;
	z->broken = false;
	z->archive = archive_read_new();
	if (z->archive == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory to unpack zip");
	if (archive_read_support_format_zip_seekable(z->archive) != ARCHIVE_OK ||
		archive_read_open_memory(z->archive, z->bytes.ptr, z->bytes.len) != ARCHIVE_OK)
		return zip_error(z, err);
	return 0;
}

/* 1: a header, 0: no more, -1. */
static int header(struct unzip *z, struct archive_entry **ret, struct err *err)
{
	int rc;

	do {
		rc = archive_read_next_header(z->archive, ret);
	} while (rc == ARCHIVE_RETRY);
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return zip_error(z, err);
	z->at++;
	return 1;
}

/* Begin anew and pass `count` headers. */
static int seek(struct unzip *z, unsigned count, struct err *err)
{
	struct archive_entry *entry;
	int rc = 1;

	if (start(z, err) < 0)
		return -1;
	while (z->at < count && rc > 0)
		rc = header(z, &entry, err);
	return rc > 0 || count == 0 ? 0 : -1;
}

int unzip_open(struct unzip **ret, struct slice bytes, struct err *err)
{
	struct unzip *z;

	if (!has_directory(bytes))
		return err_set(err, ERR_REPORT, "zip: no end of central directory, cut short");
	z = calloc(1, sizeof *z);
	if (z == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory to unpack zip");
	z->reader.read = unzip_read;
	z->bytes = bytes;
	if (start(z, err) < 0) {
		unzip_close(z);
		return -1;
	}
	*ret = z;
	return 0;
}

static bool is_file(struct archive_entry *entry, struct slice name)
{
	struct slice base = name, rest = name;

	if (archive_entry_filetype(entry) != AE_IFREG && archive_entry_filetype(entry) != 0)
		return false;
	while (!slice_absent(rest))
		base = slice_cut(rest, '/', &rest);
	return (base.len > 0 || name.len == 0) && !slice_starts(base, SLICE_LIT("._")) &&
	       slice_find(name, SLICE_LIT("__MACOSX/")) == SIZE_MAX;
}

static int file_begin(
	struct unzip *z, struct archive_entry *entry, struct slice name, struct err *err)
{
	struct err_quote quote;

	if (z->files == ARCHIVE_ENTRIES_MAX) {
		z->over = true;
		return err_set(err, ERR_REPORT, "zip: more than %d files", ARCHIVE_ENTRIES_MAX);
	}
	z->files++;
	if (archive_entry_is_data_encrypted(entry) || archive_entry_is_metadata_encrypted(entry)) {
		(void)err_set(err, ERR_REPORT, "zip: encrypted");
		return name.len > 0 ? err_wrap(err, "%s", err_printable(&quote, name)) : -1;
	}
	return 1;
}

static struct slice keep_name(struct unzip *z, struct slice name)
{
	z->name_len = name.len < NAME_KEEP ? name.len : NAME_KEEP;
	if (z->name_len > 0)
		memcpy(z->name, name.ptr, z->name_len);
	return slice_absent(name) ? name : slice_from(z->name, z->name_len);
}

int unzip_next(struct unzip *z, struct slice *name, struct reader **data, struct err *err)
{
	struct archive_entry *entry;
	struct slice path;
	int rc;

	if (z->over)
		return 0;
	if (z->broken && seek(z, z->at, err) < 0) {
		z->over = true;
		return -1;
	}
	do {
		rc = header(z, &entry, err);
		if (rc <= 0) {
			z->over = true;
			return rc;
		}
		path = slice_of(archive_entry_pathname(entry));
	} while (!is_file(entry, path));
	*name = keep_name(z, path);
	*data = &z->reader;
	return file_begin(z, entry, *name, err);
}

int unzip_again(struct unzip *z, struct reader **data, struct err *err)
{
	assert(z->at > 0);
	if (seek(z, z->at, err) < 0)
		return -1;
	*data = &z->reader;
	return 0;
}

void unzip_close(struct unzip *z)
{
	if (z == NULL)
		return;
	(void)archive_read_free(z->archive);
	free(z);
}

const char *unzip_version(void)
{
	/* "libarchive 3.6.2" */
	const char *text = archive_version_string(), *blank = strchr(text, ' ');

	return blank != NULL ? blank + 1 : text;
}
