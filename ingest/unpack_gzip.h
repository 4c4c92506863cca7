/*
 * unpack_gzip: gzip, read as a stream. Behind this wall stands zlib.
 *
 * Members are concatenated (RFC 1952 2.2, GZIP_MEMBERS_MAX), each with its CRC and length checked.
 * What stands behind the last member (CR LF of Mimecast, NULs) is ignored. A file cut short gives
 * what came out, then ERR_REPORT.
 */
#ifndef INGEST_UNPACK_GZIP_H
#define INGEST_UNPACK_GZIP_H

#include "store/base/reader.h"

struct gunzip;
int gunzip_open(struct gunzip **ret, struct err *err);
/* Begin with another stream; `in` is borrowed. The reader is valid until the next start. */
struct reader *gunzip_start(struct gunzip *g, struct reader *in);
void gunzip_close(struct gunzip *g);

bool gunzip_sniff(struct slice head);
/* The library's version, for --version. */
const char *gunzip_version(void);

#endif
