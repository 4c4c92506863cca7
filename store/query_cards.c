#include "store/query_cards.h"

#include <stdlib.h>

#include "store/base/day.h"
#include "store/query_causes.h"
#include "store/query_parts.h"

#define CARD_BYTES_MAX  16384
#define NAMES_BYTES_MAX (16 * 1024 * 1024)

struct query_cards {
	struct query_meta meta;
	struct query_causes *of[FILTER_DOMAINS_MAX];
	unsigned len;
	struct query_filter window; /* what each domain is asked with */
	struct buf text;
};

/* ---- which domains ---------------------------------------------------------------------------- */

static int open_each(
	struct query_cards *q, struct store *st, struct slice names, int64_t until, struct err *err)
{
	while (names.len > 0) {
		struct slice name = slice_cut(names, '\n', &names);

		if (day_monotonic_ms() > until)
			return err_set(err, ERR_SLOW,
				"causes: no answer within %d ms: ask for fewer days or domains",
				QUERY_MS_MAX);
		if (query_causes_open(&q->of[q->len], st, name, &q->window, err) < 0)
			return -1;
		q->len++;
	}
	return 0;
}

/* The summary is opened for what all stand on: names, window, one snapshot. */
static int answer(
	struct query_cards *q, struct store *st, const struct query_filter *wish, struct err *err)
{
	int64_t until = day_monotonic_ms() + QUERY_MS_MAX;
	struct query *summary = NULL;
	struct buf names;
	size_t domains;
	int rc;

	if (query_filter_only(wish, "domain subdomains scope last from to limit", "causes", err) <
		0)
		return -1;
	q->window = *wish;
	q->window.limit = 0;
	if (query_open(&summary, st, QUERY_SUMMARY, &q->window, err) < 0)
		return -1;
	q->meta = *query_meta(summary);
	buf_init(&names, NAMES_BYTES_MAX);
	rc = query_list_domains(summary, &names, &domains, err);
	if (rc == 0 && domains > FILTER_DOMAINS_MAX)
		rc = err_set(err, ERR_USAGE, "domain: there are more than %d: name some of them",
			FILTER_DOMAINS_MAX);
	if (rc == 0 && buf_failed(&names))
		rc = err_set(err, ERR_SHORTAGE, "no memory for the causes");
	q->window.domains_len = 0;
	q->window.named = 0;
	if (rc == 0)
		rc = open_each(q, st, buf_slice(&names), until, err);
	buf_release(&names);
	query_close(summary);
	return rc;
}

int query_cards_open(struct query_cards **ret, struct store *st, const struct query_filter *filter,
	struct err *err)
{
	struct query_cards *q = calloc(1, sizeof *q);

	if (q == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	buf_init(&q->text, CARD_BYTES_MAX);
	if (answer(q, st, filter, err) < 0) {
		query_cards_close(q);
		return -1;
	}
	*ret = q;
	return 0;
}

void query_cards_close(struct query_cards *q)
{
	if (q == NULL)
		return;
	for (unsigned i = 0; i < q->len; i++)
		query_causes_close(q->of[i]);
	buf_release(&q->text);
	free(q);
}

const struct query_meta *query_cards_meta(const struct query_cards *q)
{
	return &q->meta;
}

/* ---- rows ------------------------------------------------------------------------------------- */

const struct column query_cards_columns[QUERY_CARDS_COLUMNS] = {
	{ "domain", COLUMN_TEXT, NULL, NULL },
	{ "source_group", COLUMN_INT, NULL, NULL },
	{ "name", COLUMN_TEXT, "Source", "Origen" },
	{ "class", COLUMN_TEXT, "Class", "Clase" },
	{ "cause", COLUMN_TEXT, "Cause", "Causa" },
	{ "confidence", COLUMN_TEXT, "Confidence", "Certeza" },
	{ "messages", COLUMN_INT, "Messages", "Mensajes" },
	{ "actionable", COLUMN_BOOL, NULL, NULL },
	{ "cause_notes", COLUMN_TEXT, NULL, NULL },
	{ "saw", COLUMN_TEXT, NULL, NULL },
	{ "because", COLUMN_TEXT, NULL, NULL },
	{ "to_change", COLUMN_TEXT, "Change this", "Qué cambiar" },
	{ "done_when", COLUMN_TEXT, NULL, NULL },
};

static void put_card(
	struct query_cards *q, const struct query_cause *c, struct emit *e, enum cause_language l)
{
	struct cause_values values = c->values;
	size_t ends[CAUSE_PART_COUNT + 1];
	struct slice parts[CAUSE_PART_COUNT], notes;

	values.messages = c->messages;
	buf_clear(&q->text);
	for (int p = 0; p < CAUSE_PART_COUNT; p++) {
		cause_text(c->code, (enum cause_part)p, l, &values, &q->text);
		ends[p] = q->text.len;
	}
	for (unsigned n = 0; n < CAUSE_NOTE_COUNT; n++) {
		if ((c->notes >> n & 1) != 0)
			buf_printf(&q->text, "%s%s",
				q->text.len > ends[CAUSE_PART_COUNT - 1] ? "," : "",
				cause_note_names[n]);
	}
	ends[CAUSE_PART_COUNT] = q->text.len;
	for (int p = 0; p < CAUSE_PART_COUNT; p++) {
		size_t at = p > 0 ? ends[p - 1] : 0;

		parts[p] = slice_from(buf_slice(&q->text).ptr + at, ends[p] - at);
	}
	notes = slice_from(buf_slice(&q->text).ptr + ends[CAUSE_PART_COUNT - 1],
		ends[CAUSE_PART_COUNT] - ends[CAUSE_PART_COUNT - 1]);
	emit_row(e, (const struct value[QUERY_CARDS_COLUMNS]){ { .text = values.domain },
			    { .null = c->source_group == 0, .number = c->source_group },
			    { .null = c->name.len == 0, .text = c->name },
			    { .text = slice_of(class_names[c->class]) },
			    { .text = slice_of(cause_names[c->code]) },
			    { .text = slice_of(cause_confidence_names[c->confidence]) },
			    { .number = c->messages }, { .number = cause_is_actionable(c->code) },
			    { .text = notes }, { .text = parts[CAUSE_SAW] },
			    { .text = parts[CAUSE_BECAUSE] }, { .text = parts[CAUSE_TO_CHANGE] },
			    { .text = parts[CAUSE_DONE_WHEN] } });
}

/* The first of all heads: each domain's own causes are in order. */
static const struct query_cause *take_first(
	const struct query_cards *q, size_t taken[FILTER_DOMAINS_MAX])
{
	const struct query_cause *first = NULL;
	unsigned whose = 0;

	for (unsigned i = 0; i < q->len; i++) {
		const struct query_cause *head;

		if (taken[i] == query_causes_count(q->of[i]))
			continue;
		head = query_causes_get(q->of[i], taken[i]);
		if (first != NULL && query_causes_order(first, head) <= 0)
			continue;
		first = head;
		whose = i;
	}
	if (first != NULL)
		taken[whose]++;
	return first;
}

int query_cards_rows(
	struct query_cards *q, int64_t limit, struct emit *e, enum emit_lang lang, struct err *err)
{
	size_t taken[FILTER_DOMAINS_MAX] = { 0 };
	const struct query_cause *c;

	emit_set(e, "causes", query_cards_columns, QUERY_CARDS_COLUMNS, false);
	for (int64_t rows = 0; limit == 0 || rows < limit; rows++) {
		c = take_first(q, taken);
		if (c == NULL)
			break;
		put_card(q, c, e, lang == EMIT_ES ? CAUSE_ES : CAUSE_EN);
	}
	return buf_failed(&q->text) ? err_set(err, ERR_SHORTAGE, "no memory for the answer") : 0;
}
