/*
 * text: what the pages say, in English and Spanish.
 *
 *	text_get(TEXT_MESSAGES, EMIT_ES)	"Mensajes"
 */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

#include "store/emit.h"

enum text {
#define TEXT(id, en, es) TEXT_##id,
#include "web/text_list.h"
#undef TEXT
	TEXT_COUNT,
};

const char *text_get(enum text id, enum emit_lang lang);

/* The words of the store's vocabularies that a reader is not expected to know from a DMARC record:
 * endings, verdicts, trust. The word itself where there is no translation. */
struct slice text_word(struct slice word, enum emit_lang lang);
/* The sentence of a note, by its code ("repaired-xml"). */
struct slice text_note(struct slice code, enum emit_lang lang);

#endif
