/*
 * utf8: is this text, and where does a character end.
 *
 * Everything that leaves the parser for the database, JSON or a page is valid UTF-8 without NUL.
 * libxml2 in its repair mode hands out raw bytes, so each text is checked here (RFC 3629:
 * no overlong forms, no surrogates, nothing past U+10FFFF).
 */
#ifndef STORE_BASE_UTF8_H
#define STORE_BASE_UTF8_H

#include "store/base/slice.h"

/* Bytes (1 to 4) of the valid character at the front of s, or 0. NUL is not valid here. */
size_t utf8_char(struct slice s);

/* Like utf8_char(), but 0 also for controls (C0, DEL, C1), bidi overrides and isolates
 * (U+202A-202E, U+2066-2069, U+200E-200F, U+061C), U+2028/2029 and U+FEFF: what would move,
 * reorder or break a line of a log. */
size_t utf8_printable(struct slice s);

bool utf8_valid(struct slice s);

/* The longest prefix of s with at most `max` bytes that does not cut a character. */
struct slice utf8_keep(struct slice s, size_t max);

/*
 * Copy s to dst (at least cap bytes) with each invalid byte as U+FFFD and each control other than
 * TAB and LF dropped; stops at a character border when dst is full. Returns the bytes written;
 * *changed says whether dst differs from s.
 */
size_t utf8_repair(struct slice s, char *dst, size_t cap, bool *changed);

#endif
