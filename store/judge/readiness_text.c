#include <inttypes.h>

#include "store/judge/readiness.h"

#define SAYS_MAX 5

struct twin {
	const char *text[DNS_LANGUAGE_COUNT];
};

/*
 * {v} the value, {t} its threshold, {s} the source, {m} of its messages, {o} of how many.
 */
static const struct {
	const char *id;
	struct twin title, says[SAYS_MAX];
} texts[READINESS_COUNT] = {
	/* clang-format off */
	[READINESS_Q1] = { "Q1",
		{ { "Are there reports from enough days and reporters?",
		    "¿Hay informes de suficientes días y receptores?" } },
		{ { { "Reports came on {v} of 30 days.", "Llegaron informes en {v} de 30 días." } },
		  { { "Reports came on {v} of 30 days; {t} are needed.",
		      "Llegaron informes en {v} de 30 días; hacen falta {t}." } },
		  { { "Verified reporters: {v}; {t} are needed.",
		      "Receptores verificados: {v}; hacen falta {t}." } },
		  { { "None of the verified reporters is Google, Microsoft or Yahoo.",
		      "Ninguno de los receptores verificados es Google, Microsoft o Yahoo." } },
		  { { "Little mail, but watched for 60 days, and every service you listed was seen.",
		      "Poco correo, pero observado 60 días, y se vieron todos los servicios que indicó." } } } },
	[READINESS_Q2] = { "Q2",
		{ { "Is there enough of your own mail to judge by?",
		    "¿Hay suficiente correo propio para juzgar?" } },
		{ { { "{v} own messages in 30 days.", "{v} mensajes propios en 30 días." } },
		  { { "{v} own messages in 30 days; {t} are needed, or 60 days in which every service you listed was seen.",
		      "{v} mensajes propios en 30 días; hacen falta {t}, o 60 días en que se vean todos los servicios que indique." } },
		  { { "{v} own messages in 30 days, but every service you listed was seen within 60.",
		      "{v} mensajes propios en 30 días, pero en 60 se vieron todos los servicios que indicó." } } } },
	[READINESS_Q3] = { "Q3",
		{ { "Does your own mail pass DMARC?", "¿Supera DMARC su propio correo?" } },
		{ { { "{v} of your own mail passes DMARC.", "El {v} de su propio correo supera DMARC." } },
		  { { "{v} of your own mail passes DMARC; {t} is needed.",
		      "El {v} de su propio correo supera DMARC; hace falta el {t}." } },
		  { { "{m} of {o} messages from {s} fail DMARC: they would be lost.",
		      "{m} de {o} mensajes de {s} no superan DMARC: se perderían." } },
		  { { "No mail of your own was seen.", "No se vio correo propio." } } } },
	[READINESS_Q4] = { "Q4",
		{ { "Is it decided whose mail it is?", "¿Está decidido de quién es el correo?" } },
		{ { { "{v} of the mail that may be yours is to decide.",
		      "Queda por decidir el {v} del correo que puede ser suyo." } },
		  { { "{v} of the mail that may be yours is to decide; {t} at most. Most comes from {s}.",
		      "Queda por decidir el {v} del correo que puede ser suyo; como máximo el {t}. La mayor parte viene de {s}." } },
		  { { "Decide whose {s} is: {m} messages.", "Decida de quién es {s}: {m} mensajes." } } } },
	[READINESS_Q5] = { "Q5",
		{ { "Are the DMARC and SPF records and the keys in use free of errors?",
		    "¿Están sin errores los registros DMARC y SPF y las claves en uso?" } },
		{ { { "The record checker finds no error.", "El comprobador de registros no halla errores." } },
		  { { "The record checker finds {v} errors, the first is {s}.",
		      "El comprobador de registros halla {v} errores; el primero es {s}." } },
		  { { "Not known: the DNS was never asked. Run ruad-dns.",
		      "No se sabe: nunca se consultó el DNS. Ejecute ruad-dns." } } } },
	[READINESS_Q6] = { "Q6",
		{ { "Have no new sources of yours appeared lately?",
		    "¿No han aparecido hace poco orígenes propios nuevos?" } },
		{ { { "No source of yours is newer than {t} days.",
		      "Ningún origen propio tiene menos de {t} días." } },
		  { { "{s} is new: seen for {v} of {t} days.", "{s} es nuevo: visto desde hace {v} de {t} días." } } } },
	[READINESS_Q7] = { "Q7",
		{ { "Have you thought of rare senders: payroll, annual invoices, alarms?",
		    "¿Ha pensado en remitentes poco frecuentes: nóminas, facturas anuales, alarmas?" } },
		{ { { "You considered rare senders.", "Tuvo en cuenta los remitentes poco frecuentes." } },
		  { { "You said that rare senders are still to be considered.",
		      "Indicó que aún ha de tener en cuenta los remitentes poco frecuentes." } },
		  { { "Consider rare senders (payroll, annual invoices, alarms), then say so.",
		      "Tenga en cuenta los remitentes poco frecuentes (nóminas, facturas anuales, alarmas) e indíquelo." } } } },
	[READINESS_R1] = { "R1",
		{ { "Has p=quarantine been in force for a month?",
		    "¿Lleva p=quarantine un mes en vigor?" } },
		{ { { "Reporters have seen the policy applied in full for {v} days.",
		      "Los receptores ven la política en pleno vigor desde hace {v} días." } },
		  { { "p=quarantine comes before p=reject, for {t} days.",
		      "Antes de p=reject va p=quarantine, durante {t} días." } },
		  { { "p=quarantine has been seen for {v} of {t} days.",
		      "p=quarantine se ve desde hace {v} de {t} días." } },
		  { { "t=y or pct holds the policy back at some receivers, and others apply it in full: remove it.",
		      "t=y o pct frena la política en unos receptores y otros la aplican entera: quítelo." } } } },
	[READINESS_R2] = { "R2",
		{ { "Is your own mail signed with DKIM?", "¿Va firmado con DKIM su propio correo?" } },
		{ { { "{v} of your own mail passes by DKIM.", "El {v} de su propio correo supera DMARC por DKIM." } },
		  { { "{v} of your own mail passes by DKIM; {t} is needed.",
		      "El {v} de su propio correo supera DMARC por DKIM; hace falta el {t}." } },
		  { { "{m} of {o} messages from {s} pass by SPF alone; forwarding breaks them. Turn DKIM on there.",
		      "{m} de {o} mensajes de {s} superan DMARC solo por SPF; el reenvío los rompe. Active allí DKIM." } } } },
	[READINESS_R3] = { "R3",
		{ { "How much mail of yours, forwarded included, would be affected?",
		    "¿Cuánto correo suyo, incluido el reenviado, quedaría afectado?" } },
		{ { { "It would have affected {v} of your own mail.", "Habría afectado al {v} de su propio correo." } },
		  { { "It would have affected {v} of your own mail, {t} at most is acceptable; most comes through {s}: {m} messages.",
		      "Habría afectado al {v} de su propio correo, y lo aceptable es como máximo el {t}; la mayor parte llega por {s}: {m} mensajes." } } } },
	[READINESS_R4] = { "R4",
		{ { "Do people here post to mailing lists?", "¿Escribe aquí alguien en listas de correo?" } },
		{ { { "Nobody here posts to mailing lists, you said.", "Indicó que nadie escribe en listas de correo." } },
		  { { "People here post to mailing lists: the standard advises such domains against p=reject.",
		      "Aquí se escribe en listas de correo: el estándar desaconseja p=reject a tales dominios." } },
		  { { "Say whether people here post to mailing lists.",
		      "Indique si aquí se escribe en listas de correo." } } } },
	/* clang-format on */
};

/* {p} the policy of the step, {v} own mail that passes, {d} days, {n} own messages, {k} checks that
 * are short, {why} the text of the first of them. */
static const struct twin sentences[READINESS_VERDICT_COUNT] = {
	[READINESS_UNMEASURED] = { { "Not enough data yet: reports on {d} days, {n} own messages; a "
				     "verdict needs 14 days and 20 messages.",
		"Aún no hay datos suficientes: informes en {d} días y {n} mensajes propios; un veredicto "
		"exige 14 días y 20 mensajes." } },
	[READINESS_BLOCKED] = { { "Not ready for p={p}, checks that fall short: {k}. {why}",
		"Aún no está listo para p={p}, comprobaciones sin superar: {k}. {why}" } },
	[READINESS_ALMOST] = { { "Almost ready for p={p}; one thing is missing. {why}",
		"Casi listo para p={p}; falta una cosa. {why}" } },
	[READINESS_READY] = { { "Ready for p={p}: {v} of your own mail passes DMARC.",
		"Listo para p={p}: el {v} de su propio correo supera DMARC." } },
	[READINESS_READY_WITH_COST] = { { "Ready for p={p} at a cost: {v} of your own mail passes, but "
					  "what people post to mailing lists may be refused.",
		"Listo para p={p} con un coste: el {v} de su propio correo supera DMARC, pero puede "
		"rechazarse lo que se escriba en listas de correo." } },
	[READINESS_ENFORCED] = { { "p={p} is in force, and {v} of your own mail passes DMARC.",
		"p={p} está en vigor y el {v} de su propio correo supera DMARC." } },
	[READINESS_REGRESSED] = { { "p={p} is in force, but would not be advised today. {why}",
		"p={p} está en vigor, pero hoy no se aconsejaría. {why}" } },
};

/* A domain that sends nothing. */
static const struct twin parked_ready = { { "This domain sends no mail: publish p={p} now.",
	"Este dominio no envía correo: publique p={p} ya." } };
static const struct twin parked_enforced = { { "This domain sends no mail, and p={p} is in force.",
	"Este dominio no envía correo, y p={p} está en vigor." } };
static const struct twin parked_check = { { "Not needed: this domain sends no mail.",
	"No hace falta: este dominio no envía correo." } };

static const struct twin notes[READINESS_NOTE_COUNT] = {
	[READINESS_NOTE_RUA] = { { "Reports do not tell the rua addresses: add yours, or reports stop.",
		"Los informes no indican las direcciones rua: añada las suyas o dejarán de llegar "
		"informes." } },
	[READINESS_NOTE_TESTING] = { { "t=y and pct are no safe rehearsal: some receivers ignore them and "
				       "apply the policy in full.",
		"t=y y pct no son un ensayo seguro: algunos receptores los ignoran y aplican la política "
		"entera." } },
};

/* ---- filling in ------------------------------------------------------------------------------ */

/* What has to reach a threshold is cut, what has to stay below is rounded up: 98.96 is not 99. */
static void add_share(double value, bool up, struct buf *to)
{
	double scaled = value * 1000;
	int64_t tenths = (int64_t)(scaled + 1e-9);

	if (up && scaled - (double)tenths > 1e-9)
		tenths++;
	buf_printf(to, "%" PRId64 ".%" PRId64 " %%", tenths / 10, tenths % 10);
}

static void add_number(
	const struct readiness_check *c, enum readiness_id id, double value, struct buf *to)
{
	if (c->unit == READINESS_IN_RATIO)
		add_share(value, id == READINESS_Q4 || id == READINESS_R3, to);
	else
		buf_printf(to, "%.0f", value);
}

static void add_own_pass(const struct readiness *r, struct buf *to)
{
	add_share(r->own > 0 ? (double)r->own_pass / (double)r->own : 0, false, to);
}

static bool fill_check(
	const struct readiness *r, enum readiness_id id, struct slice key, struct buf *to)
{
	const struct readiness_check *c = &r->checks[id];

	if (slice_equal(key, SLICE_LIT("v")))
		add_number(c, id, c->value, to);
	else if (slice_equal(key, SLICE_LIT("t")))
		add_number(c, id, c->limit, to);
	else if (slice_equal(key, SLICE_LIT("s")))
		buf_add_text(to, c->name);
	else if (slice_equal(key, SLICE_LIT("m")))
		buf_printf(to, "%" PRId64, c->messages);
	else if (slice_equal(key, SLICE_LIT("o")))
		buf_printf(to, "%" PRId64, c->of);
	else
		return false;
	return true;
}

static void fill_sentence(
	const struct readiness *r, enum dns_language language, struct slice key, struct buf *to)
{
	if (slice_equal(key, SLICE_LIT("p")))
		buf_add_text(to, dmarc_policy_names[r->step]);
	else if (slice_equal(key, SLICE_LIT("v")))
		add_own_pass(r, to);
	else if (slice_equal(key, SLICE_LIT("d")))
		buf_printf(to, "%d", r->days);
	else if (slice_equal(key, SLICE_LIT("n")))
		buf_printf(to, "%" PRId64, r->own);
	else if (slice_equal(key, SLICE_LIT("k")))
		buf_printf(to, "%u", r->short_of);
	else if (slice_equal(key, SLICE_LIT("why")) && r->first != READINESS_COUNT)
		readiness_text(r, r->first, language, to);
}

/* id READINESS_COUNT: the sentence of the card. */
static void fill(const struct readiness *r, enum readiness_id id, enum dns_language language,
	const char *text, struct buf *to)
{
	struct slice rest = slice_of(text);

	while (!slice_absent(rest)) {
		struct slice after, key;

		buf_add(to, slice_cut(rest, '{', &after));
		if (slice_absent(after))
			return;
		key = slice_cut(after, '}', &rest);
		if (id == READINESS_COUNT)
			fill_sentence(r, language, key, to);
		else
			(void)fill_check(r, id, key, to);
	}
}

/* ---- the public face ------------------------------------------------------------------------- */

const char *readiness_id_name(enum readiness_id id)
{
	return texts[id].id;
}

const char *readiness_title(enum readiness_id id, enum dns_language language)
{
	return texts[id].title.text[language];
}

void readiness_text(
	const struct readiness *r, enum readiness_id id, enum dns_language language, struct buf *to)
{
	const struct twin *text = r->parked ? &parked_check : &texts[id].says[r->checks[id].says];

	fill(r, id, language, text->text[language], to);
}

void readiness_sentence(const struct readiness *r, enum dns_language language, struct buf *to)
{
	const struct twin *text = &sentences[r->verdict];

	if (r->parked)
		text = r->verdict == READINESS_READY ? &parked_ready : &parked_enforced;
	fill(r, READINESS_COUNT, language, text->text[language], to);
}

const char *readiness_note(enum readiness_note note, enum dns_language language)
{
	return notes[note].text[language];
}

static const struct twin *string_at(size_t i)
{
	static const struct twin *const others[] = { &parked_ready, &parked_enforced,
		&parked_check };
	const size_t each = SAYS_MAX + 1;

	if (i < READINESS_COUNT * each)
		return i % each == 0 ? &texts[i / each].title : &texts[i / each].says[i % each - 1];
	i -= READINESS_COUNT * each;
	if (i < READINESS_VERDICT_COUNT)
		return &sentences[i];
	i -= READINESS_VERDICT_COUNT;
	if (i < READINESS_NOTE_COUNT)
		return &notes[i];
	i -= READINESS_NOTE_COUNT;
	return i < sizeof others / sizeof *others ? others[i] : NULL;
}

bool readiness_string(size_t i, const char *ret[DNS_LANGUAGE_COUNT])
{
	const struct twin *t = string_at(i);

	if (t == NULL)
		return false;
	for (int l = 0; l < DNS_LANGUAGE_COUNT; l++)
		ret[l] = t->text[l];
	return true;
}
