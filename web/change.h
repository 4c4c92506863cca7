/*
 * change: what a program may change over HTTP, once gate.h let it pass.
 *
 * Each takes the store's write lock for its moment, as ruad-query does: while ruad-ingest works it
 * is ERR_BUSY, to be tried again. What was changed is an event, so every answer names it, and every
 * change can be taken back.
 */
#ifndef WEB_CHANGE_H
#define WEB_CHANGE_H

#include "web/route.h"

web_handler change_decide;		/* POST decisions {group, class} */
web_handler change_undo;		/* POST undo {event} */
web_handler change_domain;		/* PUT domains/{domain} {parked, rua, networks, services} */
web_handler change_domain_remove;	/* DELETE domains/{domain} */

#endif
