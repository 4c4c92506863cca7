/*
 * ip: one address, and one network.
 *
 * Canonical: IPv4-mapped IPv6 (::ffff:a.b.c.d) is the IPv4 address it means; text comes out as
 * RFC 5952 writes it. Leading zeros in IPv4 octets are read as decimal (some reporters pad them).
 */
#ifndef STORE_BASE_IP_H
#define STORE_BASE_IP_H

#include "store/base/slice.h"

#define IP_TEXT_MAX 46

struct ip {
	uint8_t bytes[16];	/* network order; the first `len` count, the others are 0 */
	uint8_t len;		/* 4, 16, or 0: none */
};

struct ip_net {
	struct ip first, last;	/* both of one length, inclusive */
	uint8_t bits;
};

/* False: not an address (blanks around it are the caller's to trim). */
bool ip_parse(struct slice s, struct ip *ret);
/* "192.0.2.0/24", "2001:db8::/32", or a bare address. Host bits must be 0. */
bool ip_net_parse(struct slice s, struct ip_net *ret);
/* From the 4 or 16 bytes of the database; false on any other length. */
bool ip_from_bytes(struct slice s, struct ip *ret);
/* Writes at most IP_TEXT_MAX bytes with the NUL; returns dst. "" for an ip of length 0. */
const char *ip_text(const struct ip *ip, char dst[IP_TEXT_MAX]);
bool ip_net_has(const struct ip_net *net, const struct ip *ip);

static inline struct slice ip_slice(const struct ip *ip)
{
	return (struct slice){ (const char *)ip->bytes, ip->len };
}

#endif
