/*
 * dns_main: "ruad-query dns", the record checker. It answers about any domain from a zone file, with
 * no database at all, or about what ruad-dns asked the DNS.
 */
#ifndef STORE_DNS_MAIN_H
#define STORE_DNS_MAIN_H

#include <stdbool.h>

/* The command in argv is this one. */
bool dns_is(int argc, char **argv);
int dns_main(int argc, char **argv);

#endif
