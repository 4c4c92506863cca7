/*
 * item: what the inboxes of files share: naming a mail and opening it with care.
 */
#ifndef INGEST_ITEM_H
#define INGEST_ITEM_H

#include <sys/stat.h>

#include "ingest/inbox.h"

/* "1700.M1:2,FS" -> "1700.M1"; *flags becomes "FS", or absent where there is no ":2,". */
struct slice item_base_name(struct slice name, struct slice *flags);
/* Size, time and age of *item from st. */
void item_stat(struct inbox_item *item, const struct stat *st);
/* Opens `name` under dirfd into *item, whose id.inbox, id.name and label are set: never through a
 * link, never blocking, regular files only, and not at all when in->known says so. 1: the item is to be
 * handed out (look at fd and odd); 0: it vanished; -1. */
int item_open(struct inbox *in, struct inbox_item *item, int dirfd, const char *name,
	struct err *err);

#endif
