/*
 * zone: a master file (RFC 1035 section 5) as a view.
 *
 * Lets anyone check a domain before publishing it, without a report and without a network:
 * "ruad-query dns --zone FILE". Read are A, AAAA, CNAME, MX, NS, PTR, SOA, SPF and TXT; other types
 * only say that their name exists. $ORIGIN, $TTL, "@", relative names, names left out, parentheses,
 * quoted strings, comments and \DDD are understood, TTLs also as 1h30m. $INCLUDE and $GENERATE are
 * refused: nothing here opens a file or makes records nobody wrote.
 *
 *	if (zone_read(set, slice_of("example.com"), bytes, err) < 0)
 *		...err->text: line 12: "300.1.2.3" is not an IPv4 address...
 */
#ifndef STORE_JUDGE_DNS_ZONE_H
#define STORE_JUDGE_DNS_ZONE_H

#include "store/judge/dns/set.h"

/* Bytes of one file, and of one entry (with its parentheses, a line to the reader). */
#define ZONE_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define ZONE_ENTRY_BYTES_MAX ((size_t)256 * 1024)
/* When neither the entry nor $TTL says. */
#define ZONE_TTL_SECONDS 3600

/*
 * Adds what `text` says to `set`. `origin` is the name relative names are under until the first
 * $ORIGIN ("" the root, absent: none, then such names are an error); it and the owner of every SOA
 * record become zones known whole. Strings longer than DNS_STRING_MAX are taken as they are, with
 * their breaks, so that the checker can say so. ERR_REPORT with "line N: ..." on the first fault;
 * the set then holds what stood before it. ERR_SHORTAGE: the set is full.
 */
int zone_read(struct dns_set *set, struct slice origin, struct slice text, struct err *err);

#endif
