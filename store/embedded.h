/*
 * embedded: a file that was built into the program (see embed.c). Tables end with a NULL name.
 */
#ifndef STORE_EMBEDDED_H
#define STORE_EMBEDDED_H

#include <stddef.h>

struct embedded {
	const char *name;	/* file name without directories */
	const char *bytes;	/* len bytes and a NUL */
	size_t len;
	const char *hash;	/* 16 hex digits, for an ETag */
};

extern const struct embedded store_schema[];	/* schema.sql, then the migrations in order */
extern const struct embedded store_dictionary[];	/* of codec 1, see pack.c */
extern const struct embedded judge_services[];	/* the catalogue, see judge/catalogue.h */
extern const struct embedded web_asset[];
extern const struct embedded web_openapi[];	/* openapi.json with its descriptions */

#endif
