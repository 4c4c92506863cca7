#include "web/text.h"

static const struct {
	const char *lang[2]; /* by enum emit_lang */
} texts[TEXT_COUNT] = {
#define TEXT(id, en, es) [TEXT_##id] = { { en, es } },
#include "web/text_list.h"
#undef TEXT
};

const char *text_get(enum text id, enum emit_lang lang)
{
	return texts[id].lang[lang];
}

static const struct {
	const char *word, *en, *es;
} words[] = {
	{ "pass", "pass", "supera" },
	{ "fail", "fail", "falla" },
	{ "unknown", "unknown", "sin determinar" },
	{ "absent", "absent", "ausente" },
	{ "stored", "stored", "guardado" },
	{ "duplicate", "duplicate", "duplicado" },
	{ "conflict", "conflict", "conflicto" },
	{ "partial", "partial", "parcial" },
	{ "not a report", "not a report", "no es un informe" },
	{ "refused", "refused", "rechazado" },
	{ "deferred", "deferred", "aplazado" },
	{ "verified", "verified", "verificado" },
	{ "failed", "failed", "no superado" },
	{ "local", "local file", "archivo local" },
	{ "TLS report", "TLS report", "informe TLS" },
	{ "failure report", "failure report", "informe de fallo" },
	{ "bounce", "bounce", "rebote" },
	{ "other", "other mail", "otro correo" },
	{ "yours", "yours", "propio" },
	{ "forwarded", "forwarded", "reenviado" },
	{ "to_decide", "to decide", "por decidir" },
	{ "not_yours", "not yours", "ajeno" },
};

struct slice text_word(struct slice word, enum emit_lang lang)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (slice_equal(slice_of(words[i].word), word))
			return slice_of(lang == EMIT_ES ? words[i].es : words[i].en);
	}
	return word;
}

static const char *const notes_es[REPORT_NOTE_COUNT] = {
	[REPORT_NOTE_REPAIRED_XML] =
		"El XML no estaba bien formado y se leyó en modo de reparación.",
	[REPORT_NOTE_REPAIRED_ENCODING] =
		"El texto no estaba en la codificación declarada y se leyó como windows-1252.",
	[REPORT_NOTE_JUNK_BEFORE] = "Delante del informe había algo que se omitió.",
	[REPORT_NOTE_JUNK_AFTER] = "Detrás del informe había algo que se ignoró.",
	[REPORT_NOTE_NAMESPACE] = "Ninguna norma conoce el espacio de nombres del XML.",
	[REPORT_NOTE_UNKNOWN_ELEMENT] = "Se omitieron elementos que ninguna norma conoce.",
	[REPORT_NOTE_REPEATED_ELEMENT] = "Un elemento aparecía dos veces; cuenta el primero.",
	[REPORT_NOTE_MISSING_ELEMENT] = "Falta un elemento obligatorio.",
	[REPORT_NOTE_MISNAMED_ELEMENT] = "Un elemento tenía otro nombre que el de la norma.",
	[REPORT_NOTE_FRACTION] = "El período estaba escrito con fracciones de segundo.",
	[REPORT_NOTE_OLD_PERIOD] = "El período es anterior a los informes DMARC.",
	[REPORT_NOTE_LONG_PERIOD] = "El período dura más de un día.",
	[REPORT_NOTE_EMPTY_PERIOD] = "El período empieza y termina en el mismo segundo.",
	[REPORT_NOTE_FUTURE_PERIOD] = "El período termina en el futuro.",
	[REPORT_NOTE_ORG_EMPTY] = "El informe no dice quién lo envía.",
	[REPORT_NOTE_FOREIGN_WORD] = "Una palabra ajena a la norma se guardó tal como se envió.",
	[REPORT_NOTE_ALIAS] = "Una palabra era el nombre antiguo de otra de la norma.",
	[REPORT_NOTE_CASE] = "Una palabra estaba escrita en mayúsculas.",
	[REPORT_NOTE_EMPTY_WORD] = "Un elemento que necesita una palabra estaba vacío.",
	[REPORT_NOTE_ADDRESS_FORM] = "Una dirección no estaba escrita en su forma habitual.",
	[REPORT_NOTE_PLACEHOLDER] =
		"Una fila sin dirección ni mensajes significa «no se vio correo».",
	[REPORT_NOTE_NO_RECORDS] = "El informe no contiene filas.",
	[REPORT_NOTE_REASON_TEXT] = "Un motivo estaba escrito como texto simple.",
	[REPORT_NOTE_NO_AUTH_RESULTS] = "Una fila viene sin resultados de autenticación.",
	[REPORT_NOTE_CONTRADICTION] =
		"El veredicto de una fila contradice sus resultados de autenticación.",
	[REPORT_NOTE_TEXT_CUT] = "Un texto era demasiado largo y se cortó.",
	[REPORT_NOTE_TEXT_REPAIRED] =
		"Un texto contenía bytes que no son caracteres; se sustituyeron.",
	[REPORT_NOTE_AUTH_CUT] =
		"Una fila traía más resultados de autenticación de los que se guardan.",
	[REPORT_NOTE_REASONS_CUT] = "Una fila traía más motivos de los que se guardan.",
	[REPORT_NOTE_ADDRESS_TEXT] =
		"Lo que figuraba como dirección no lo es; se guardó como texto.",
};

struct slice text_note(struct slice code, enum emit_lang lang)
{
	unsigned note;

	if (!report_name_find(report_note_names, REPORT_NOTE_COUNT, code, &note))
		return code;
	return slice_of(lang == EMIT_ES ? notes_es[note] : report_note_texts[note]);
}
