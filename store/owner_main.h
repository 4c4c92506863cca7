/*
 * owner_main: the commands of ruad-query that write: what the owner says of domains and sources,
 * and judging everything again. Each takes the lock of the database for the moment it needs.
 */
#ifndef STORE_OWNER_MAIN_H
#define STORE_OWNER_MAIN_H

#include <stdbool.h>

/* The command in argv is one of these. */
bool owner_is(int argc, char **argv);
int owner_main(int argc, char **argv);

#endif
