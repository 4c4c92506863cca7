/*
 * ask_main: the commands of ruad-query that are asked with more than a filter: "bounce" with the text
 * of a refusal, "whatif" with another policy or SPF record.
 */
#ifndef STORE_ASK_MAIN_H
#define STORE_ASK_MAIN_H

#include <stdbool.h>

/* The command in argv is one of these. */
bool ask_is(int argc, char **argv);
int ask_main(int argc, char **argv);

#endif
