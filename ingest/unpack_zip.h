/*
 * unpack_zip: the files of a zip that lies in memory. Behind this wall stands libarchive.
 *
 * Only its seekable zip reader is switched on: the central directory counts, so data descriptors,
 * junk in front and bytes behind do no harm. Directories, links and the twins a Macintosh adds
 * (__MACOSX/, ._name) are passed over; a name is a label and may be missing.
 */
#ifndef INGEST_UNPACK_ZIP_H
#define INGEST_UNPACK_ZIP_H

#include "store/base/reader.h"

struct unzip;
/* `bytes` are borrowed. ERR_REPORT: no central directory, or no zip. */
int unzip_open(struct unzip **ret, struct slice bytes, struct err *err);
/* 1: the next file, its name absent if it has none, both valid until the next call; 0; or -1:
 * with ERR_REPORT that file (named in err) cannot be read and the next call goes on behind it. */
int unzip_next(struct unzip *z, struct slice *name, struct reader **data, struct err *err);
/* The file just given, from its first byte. */
int unzip_again(struct unzip *z, struct reader **data, struct err *err);
void unzip_close(struct unzip *z);

/* Begins like a zip. */
bool unzip_sniff(struct slice head);
/* Holds a zip behind something else: a first file near the front and a directory at the end. */
bool unzip_sniff_behind(struct slice bytes);
/* The library's version, for --version. */
const char *unzip_version(void);

#endif
