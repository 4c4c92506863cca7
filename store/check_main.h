/*
 * check_main: `ruad-query check` as monitoring plugins go: -w and -c, one line on standard output,
 * exit status 0 to 3 and nothing else, whatever happens.
 */
#ifndef STORE_CHECK_MAIN_H
#define STORE_CHECK_MAIN_H

/* argv[1] is "check", or options of ruad-query stand before it. */
int check_main(int argc, char **argv);

#endif
