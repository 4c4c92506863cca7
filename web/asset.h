/*
 * asset: files built into the program, served from memory: no path of a visitor's ever meets
 * the disk.
 */
#ifndef WEB_ASSET_H
#define WEB_ASSET_H

#include "web/route.h"

/* "/assets/{name}" */
web_handler asset_answer;

/* The address of an asset with its hash in it, so that a browser may keep it for good and still
 * sees a new one at once: "/assets/plain.css?v=0011223344556677". Asserts that it exists. */
void asset_url(struct buf *to, const char *name);

#endif
