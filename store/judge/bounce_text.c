#include "store/judge/bounce_text.h"

#define PAIR BOUNCE_LANGUAGE_COUNT

/* Of a row of texts: title, meaning, then the steps. */
enum part {
	TITLE,
	MEANING,
	STEPS,
	PARTS = STEPS + BOUNCE_STEPS_MAX,
};

/* Each part is a pair: two arguments. */
#define B(code, ...) [BOUNCE_##code] = { __VA_ARGS__ },

static const char *const texts[BOUNCE_CODE_COUNT][PARTS * PAIR] = {
#include "store/judge/bounce_list.h"
};

static const char *text_of(enum bounce_code code, unsigned part, enum bounce_language l)
{
	return texts[code][part * PAIR + (unsigned)l];
}

static const char *const limits[PAIR] = {
	"Aggregate reports count messages by source and day. They cannot prove what became of one"
	" message: the sources below are where to look, not proof.",
	"Los informes agregados cuentan mensajes por origen y día. No pueden demostrar qué ocurrió con"
	" un mensaje concreto: los orígenes de abajo indican dónde mirar, no son una prueba."
};

static const char *const temporary[PAIR] = {
	"The refusal is temporary: the sending server tries again by itself, and the mail may still"
	" arrive.",
	"El rechazo es temporal: el servidor que envía lo reintenta solo y el correo aún puede llegar."
};

static struct slice value_of(struct slice key, const struct bounce_values *v)
{
	const struct {
		const char *key;
		struct slice value;
	} values[] = { { "domain", v->domain }, { "address", v->address },
		{ "selector", v->selector },
		{ "provider", slice_of(bounce_provider_titles[v->provider]) } };

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		if (slice_equal(key, slice_of(values[i].key)))
			return values[i].value;
	}
	return SLICE_ABSENT;
}

/* What stands where the text named nothing; `begins` a sentence. */
static struct slice plain(struct slice key, enum bounce_language l, bool begins)
{
	static const struct {
		const char *key, *words[PAIR], *first[PAIR];
	} rows[] = {
		{ "domain", { "your domain", "su dominio" }, { "Your domain", "Su dominio" } },
		{ "address", { "the sending server", "el servidor que envía" },
			{ "The sending server", "El servidor que envía" } },
		{ "selector", { "SELECTOR", "SELECTOR" }, { "SELECTOR", "SELECTOR" } },
		{ "provider", { "the receiver", "el receptor" },
			{ "The receiver", "El receptor" } },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (slice_equal(key, slice_of(rows[i].key)))
			return slice_of((begins ? rows[i].first : rows[i].words)[l]);
	}
	return SLICE_ABSENT;
}

static void fill(
	const char *text, enum bounce_language l, const struct bounce_values *v, struct buf *to)
{
	struct slice left = slice_of(text);

	while (!slice_absent(left)) {
		const bool begins = left.ptr == text && text[0] == '{';
		struct slice rest, tail, key, value;

		buf_add(to, slice_cut(left, '{', &rest));
		if (slice_absent(rest))
			break;
		key = slice_cut(rest, '}', &tail);
		value = value_of(key, v);
		buf_add(to, value.len > 0 ? value : plain(key, l, begins));
		left = tail;
	}
}

void bounce_title(enum bounce_code code, enum bounce_language l, const struct bounce_values *v,
	struct buf *to)
{
	fill(text_of(code, TITLE, l), l, v, to);
}

void bounce_meaning(enum bounce_code code, enum bounce_language l, const struct bounce_values *v,
	struct buf *to)
{
	fill(text_of(code, MEANING, l), l, v, to);
}

bool bounce_step(enum bounce_code code, unsigned n, enum bounce_language l,
	const struct bounce_values *v, struct buf *to)
{
	if (n >= BOUNCE_STEPS_MAX || text_of(code, STEPS + n, l) == NULL)
		return false;
	fill(text_of(code, STEPS + n, l), l, v, to);
	return true;
}

const char *bounce_limits(enum bounce_language l)
{
	return limits[l];
}

const char *bounce_temporary(enum bounce_language l)
{
	return temporary[l];
}
