#include "store/judge/cause.h"

#include <inttypes.h>

/* Pairs that several causes share: English, Spanish. */
#define NOTHING "Nothing.", "Nada."
#define NOTHING_FORWARDER                                                                                  \
	"Nothing. Never put a forwarder's address into your SPF record: it would let others send as you.", \
		"Nada. Nunca ponga la dirección de quien reenvía en su registro SPF: otros podrían enviar como usted."
#define NO_WAIT "There is nothing to wait for.", "No hay nada que esperar."
#define DKIM_WAIT                                                                                  \
	"You will know it worked when new reports show 99 % or more of this source DKIM-aligned.", \
		"Sabrá que funcionó cuando los informes nuevos muestren este origen con DKIM alineado al 99 % o más."
#define SPF_WAIT                                                                                   \
	"You will know it worked when new reports show 99 % or more of this source SPF-aligned.",  \
		"Sabrá que funcionó cuando los informes nuevos muestren este origen con SPF alineado al 99 % o más."
#define DMARC_WAIT                                                                                 \
	"You will know it worked when new reports show this source passing DMARC.",                \
		"Sabrá que funcionó cuando los informes nuevos muestren que este origen supera DMARC."

/* Each part is a pair: one argument that is two. */
#define C(code, ...) [CAUSE_##code] = { __VA_ARGS__ },

static const char *const texts[CAUSE_CODE_COUNT][CAUSE_PART_COUNT * CAUSE_LANGUAGE_COUNT] = {
#include "store/judge/cause_text.h"
};

static const char *const notes[CAUSE_NOTE_COUNT][CAUSE_LANGUAGE_COUNT] = {
	[CAUSE_NOTE_OVERRIDE] = { "The receiver trusted other evidence (ARC, for example) and did"
				  " not apply your policy.",
		"El receptor confió en otras pruebas (por ejemplo, ARC) y no aplicó su política." },
	[CAUSE_NOTE_TEST_MODE] = { "The policy was not applied in full because of t=y or pct=."
				   " Remove the tag when the test is over.",
		"La política no se aplicó del todo por t=y o pct=. Quite la etiqueta cuando termine"
		" la prueba." },
	[CAUSE_NOTE_DKIM_TESTING] = { "The DKIM key says t=y (testing). Remove it: receivers may"
				      " treat the mail as unsigned.",
		"La clave DKIM dice t=y (pruebas). Quítelo: los receptores pueden tratar el correo"
		" como no firmado." },
	[CAUSE_NOTE_ODD_REPORT] = { "The receiver's verdict does not follow from the results it"
				    " lists; the numbers follow its verdict.",
		"El veredicto del receptor no se deduce de los resultados que indica; las cifras"
		" siguen su veredicto." },
	[CAUSE_NOTE_STALE_POLICY] = { "Reports still show another policy than the one published"
				      " now: an old copy, or name servers that differ.",
		"Los informes aún muestran una política distinta de la publicada ahora: una copia"
		" antigua o servidores de nombres que difieren." },
};

const char *cause_note_text(enum cause_note note, enum cause_language language)
{
	return notes[note][language];
}

static void add_value(struct slice key, enum cause_language language, const struct cause_values *v,
	struct buf *to)
{
	static const char *const plain[CAUSE_LANGUAGE_COUNT] = { "another name", "otro nombre" };
	const struct {
		const char *key;
		struct slice value;
	} values[] = { { "source", v->source }, { "domain", v->domain },
		{ "from", v->from.len > 0 ? v->from : v->domain }, { "bounce", v->bounce },
		{ "signer", v->signer.len > 0 ? v->signer : v->domain },
		{ "selector", v->selector }, { "reporter", v->reporter } };

	if (slice_equal(key, SLICE_LIT("n"))) {
		buf_printf(to, "%" PRId64, v->messages);
		return;
	}
	if (slice_equal(key, SLICE_LIT("key"))) {
		buf_add(to, v->selector);
		buf_add_text(to, "._domainkey.");
		buf_add(to, v->signer.len > 0 ? v->signer : v->domain);
		return;
	}
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		if (slice_equal(key, slice_of(values[i].key)))
			buf_add(to, values[i].value.len > 0 ? values[i].value
							    : slice_of(plain[language]));
	}
}

void cause_text(enum cause_code code, enum cause_part part, enum cause_language language,
	const struct cause_values *values, struct buf *to)
{
	struct slice left =
		slice_of(texts[code][(size_t)part * CAUSE_LANGUAGE_COUNT + (size_t)language]);

	while (left.len > 0) {
		struct slice rest, tail;

		buf_add(to, slice_cut(left, '{', &rest));
		if (slice_absent(rest))
			return;
		add_value(slice_cut(rest, '}', &tail), language, values, to);
		left = tail;
	}
}
