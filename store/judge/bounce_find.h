/*
 * bounce_find: whom a refused mail was from: domains, addresses and a key's selector in the text of
 * bounce.h. Internal to bounce.c.
 *
 * Words before a name tell whose it is: "email from example.com", "with ip: [192.0.2.1]". The address
 * of the server that spoke ("host mx.example[192.0.2.9] said") is left out.
 */
#ifndef STORE_JUDGE_BOUNCE_FIND_H
#define STORE_JUDGE_BOUNCE_FIND_H

#include "store/judge/bounce.h"

/* From b->text to b->domains, b->addresses and b->selector, which are empty before. */
void bounce_find(struct bounce *b);

#endif
