/*
 * asn: who runs a network, from an .mmdb the operator brings, by libmaxminddb.
 *
 * Two layouts are understood: autonomous_system_number and autonomous_system_organization (as
 * GeoLite2-ASN has them), and asn with name or as_name (as IPinfo has them).
 */
#ifndef STORE_ASN_H
#define STORE_ASN_H

#include "store/base/err.h"
#include "store/base/ip.h"

struct asn;
/* ERR_USAGE: no such file, or no .mmdb. */
int asn_open(struct asn **ret, const char *path, struct err *err);
void asn_close(struct asn *a);	/* NULL allowed */
/* The number, 0 if none is known; *ret_name (valid as long as `a`) is absent without one. */
int64_t asn_find(struct asn *a, const struct ip *ip, struct slice *ret_name);

#endif
