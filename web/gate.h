/*
 * gate: who may change something over HTTP.
 *
 * There are no accounts yet. So a change is taken only from this very machine, from no proxy that
 * speaks for others, from no page of another site, and with the token of --token-file; without
 * such a file nothing can be changed at all. The token stands in a file, never in the arguments
 * or the environment, where others could read it.
 *
 *	struct gate *gate = NULL;
 *	if (gate_open(&gate, "/etc/ruad/token", err) < 0)
 *		...
 *	status = gate_check(gate, ask, &why);
 *	gate_close(gate);
 */
#ifndef WEB_GATE_H
#define WEB_GATE_H

#include "store/base/err.h"

struct gate;
struct ask;

/* Reads the token; errors as token_read(). */
int gate_open(struct gate **ret, const char *token_file, struct err *err);
void gate_close(struct gate *g);	/* NULL allowed */

/* 0: may pass; else the status to refuse with, and why. A NULL gate lets nobody pass. */
unsigned gate_check(const struct gate *g, const struct ask *ask, const char **why);
/* Counts a change that passed. 0: go on; else the seconds to wait, because CHANGES_PER_MINUTE_MAX
 * were made: each takes the write lock and judges all history of a domain again. */
unsigned gate_count(struct gate *g);

#endif
