/* The record checker's answer for people: a paragraph a finding, with the place marked. */
#include "store/base/day.h"
#include "store/emit_format.h"
#include "store/judge/dns/spf_eval.h"
#include "store/judge/dns/spf_tree.h"
#include "store/judge/dns/suggest.h"
#include "store/judge/dns/tag_text.h"
#include "store/query_dns.h"

/* Bytes of a record shown around the marked place, and of them at most before it. */
#define WINDOW_BYTES 88
#define BEFORE_BYTES 40

enum word {
	WORD_NOTHING,
	WORD_ERRORS,
	WORD_WARNINGS,
	WORD_NOTES,
	WORD_ASKED,
	WORD_MORE,
	WORD_PUBLISH,
	WORD_DELETE,
	WORD_PANEL,
	WORD_STRINGS,
	WORD_REFERENCE,
	WORD_LOOKUPS,
	WORD_VOID,
	WORD_OF,
	WORD_AT_LEAST,
	WORD_PUBLISHED,
	WORD_NEXT,
	WORD_COUNT,
};

static const char *const words[WORD_COUNT][2] = {
	[WORD_NOTHING] = { "nothing is wrong", "no hay nada mal" },
	[WORD_ERRORS] = { "errors", "errores" },
	[WORD_WARNINGS] = { "warnings", "avisos" },
	[WORD_NOTES] = { "notes", "notas" },
	[WORD_ASKED] = { "the DNS as of", "el DNS a fecha de" },
	[WORD_MORE] = { "more findings that are not shown", "hallazgos más que no se muestran" },
	[WORD_PUBLISH] = { "Publish", "Publique" },
	[WORD_DELETE] = { "Delete", "Borre" },
	[WORD_PANEL] = { "in the panel", "en el panel" },
	[WORD_STRINGS] = { "as strings", "en cadenas" },
	[WORD_REFERENCE] = { "see", "véase" },
	[WORD_LOOKUPS] = { "SPF look-ups", "Consultas SPF" },
	[WORD_VOID] = { "without an answer", "sin respuesta" },
	[WORD_OF] = { "of", "de" },
	[WORD_AT_LEAST] = { "at least; not all is known", "como mínimo; no se conoce todo" },
	[WORD_PUBLISHED] = { "In force", "En vigor" },
	[WORD_NEXT] = { "Next", "Lo siguiente" },
};

static const char *const severities[DNS_SEVERITY_COUNT][2] = {
	[DNS_ERROR] = { "ERROR", "ERROR" },
	[DNS_WARNING] = { "WARNING", "AVISO" },
	[DNS_INFO] = { "note", "nota" },
};

struct text {
	struct query_dns *q;
	struct buf *to;
	enum emit_lang lang;
	struct buf strings;
	bool any; /* record in force so far */
};

static const char *say(const struct text *t, enum word w)
{
	return words[w][t->lang == EMIT_ES];
}

/* ---- a finding ------------------------------------------------------------------------------- */

static bool is_inside(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80; /* of a character that began before */
}

static void add_marks(struct buf *to, struct slice s, char mark)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!is_inside(s.ptr[i]))
			buf_add_char(to, mark);
	}
}

/* The record, cut around the place that is meant, and a line that marks it. */
static void add_record(struct text *t, const struct dns_finding *f)
{
	size_t from = f->span_at > BEFORE_BYTES ? f->span_at - BEFORE_BYTES : 0;
	size_t end, marked = f->span_at + f->span_len;

	if (f->record.len <= WINDOW_BYTES)
		from = 0;
	while (from > 0 && is_inside(f->record.ptr[from]))
		from--;
	end = f->record.len - from > WINDOW_BYTES ? from + WINDOW_BYTES : f->record.len;
	while (end < f->record.len && is_inside(f->record.ptr[end]))
		end++;
	buf_add_text(t->to, from > 0 ? "    ..." : "    ");
	buf_add(t->to, slice_from(f->record.ptr + from, end - from));
	buf_add_text(t->to, end < f->record.len ? "...\n" : "\n");
	if (f->span_len == 0)
		return;
	buf_add_text(t->to, from > 0 ? "       " : "    ");
	add_marks(t->to, slice_from(f->record.ptr + from, f->span_at - from), ' ');
	add_marks(t->to,
		slice_from(f->record.ptr + f->span_at, (marked < end ? marked : end) - f->span_at),
		'^');
	buf_add_char(t->to, '\n');
}

/* What to type into a panel, and what into a zone file where one string does not hold it. */
static void add_publishable(
	struct text *t, const char *what, enum dns_type type, struct slice name, struct slice value)
{
	struct slice panel = dns_panel_name(name, query_dns_zone(t->q));

	buf_printf(t->to, "  %s %s ", what, dns_type_names[type]);
	emit_visible(t->to, name);
	if (!slice_equal(panel, name)) {
		buf_printf(t->to, " (%s: ", say(t, WORD_PANEL));
		emit_visible(t->to, panel);
		buf_add_char(t->to, ')');
	}
	buf_add_text(t->to, "\n    ");
	emit_visible(t->to, value);
	buf_add_char(t->to, '\n');
	if (value.len <= DNS_STRING_MAX || (type != DNS_TXT && type != DNS_SPF))
		return;
	buf_clear(&t->strings);
	dns_strings(value, &t->strings);
	buf_printf(t->to, "    %s: ", say(t, WORD_STRINGS));
	buf_add(t->to, buf_slice(&t->strings));
	buf_add_char(t->to, '\n');
}

static void add_finding(struct text *t, const struct dns_finding *f)
{
	enum dns_language language = t->lang == EMIT_ES ? DNS_ES : DNS_EN;

	buf_printf(t->to, "\n%s %s: %s ", severities[f->severity][t->lang == EMIT_ES],
		dns_rules[f->rule].id, dns_type_names[f->type]);
	buf_add(t->to, f->name);
	buf_add_char(t->to, '\n');
	if (!slice_absent(f->record))
		add_record(t, f);
	buf_add_text(t->to, "  ");
	dns_finding_message(f, language, t->to);
	buf_add_text(t->to, "\n  ");
	dns_finding_advice(f, language, t->to);
	buf_printf(t->to, " (%s %s)\n", say(t, WORD_REFERENCE), dns_rules[f->rule].reference);
	for (size_t i = 0; i < f->fixes_len; i++)
		add_publishable(t, say(t, f->fixes[i].remove ? WORD_DELETE : WORD_PUBLISH),
			f->fixes[i].type, f->fixes[i].name, f->fixes[i].value);
}

static void add_findings(struct text *t)
{
	const struct dns_findings *found = query_dns_findings(t->q);
	char time[DAY_TEXT_MAX];

	buf_add(t->to, query_dns_facts(t->q)->domain);
	if (query_dns_asked(t->q) != 0)
		buf_printf(t->to, " (%s %s)", say(t, WORD_ASKED),
			day_time_text(query_dns_asked(t->q), time));
	if (dns_findings_count(found) == 0) {
		buf_printf(t->to, ": %s\n", say(t, WORD_NOTHING));
		return;
	}
	for (int i = 0; i < DNS_SEVERITY_COUNT; i++)
		buf_printf(t->to, "%s %s %zu", i == 0 ? ":" : ",",
			say(t, (enum word)(WORD_ERRORS + i)),
			dns_findings_of(found, (enum dns_severity)i));
	buf_add_char(t->to, '\n');
	for (size_t i = 0; i < dns_findings_count(found); i++)
		add_finding(t, dns_findings_get(found, i));
	if (dns_findings_more(found) > 0)
		buf_printf(t->to, "\n%zu %s\n", dns_findings_more(found), say(t, WORD_MORE));
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void add_tree(struct text *t)
{
	const struct spf_tree *tree = query_dns_tree(t->q);

	if (slice_absent(tree->nodes[0].record))
		return;
	buf_printf(t->to, "\n%s: %u %s %u, %s: %u %s %u", say(t, WORD_LOOKUPS), tree->lookups,
		say(t, WORD_OF), (unsigned)SPF_LOOKUPS_MAX, say(t, WORD_VOID), tree->voids,
		say(t, WORD_OF), (unsigned)SPF_VOIDS_MAX);
	if (tree->cut || tree->unknown)
		buf_printf(t->to, " (%s)", say(t, WORD_AT_LEAST));
	buf_add_char(t->to, '\n');
	for (size_t i = 1; i < tree->len; i++) {
		const struct spf_node *n = &tree->nodes[i];

		for (unsigned k = 0; k < n->depth; k++)
			buf_add_text(t->to, "  ");
		emit_visible(t->to, n->term);
		buf_printf(t->to, "  %u", n->lookups);
		if (n->state != SPF_NODE_FINE)
			buf_printf(t->to, "  %s", spf_node_state_names[n->state]);
		buf_add_char(t->to, '\n');
	}
}

static void add_published(void *arg, const struct query_dns_record *r)
{
	struct text *t = arg;

	if (!t->any)
		buf_printf(t->to, "\n%s:\n", say(t, WORD_PUBLISHED));
	t->any = true;
	buf_printf(t->to, "  %s ", dns_type_names[r->type]);
	emit_visible(t->to, r->name);
	buf_printf(t->to, " (TTL %u)\n    ", (unsigned)r->record->ttl);
	emit_visible(t->to, query_dns_value(t->q, r->type, r->record));
	buf_add_char(t->to, '\n');
}

static void add_suggestions(struct text *t)
{
	struct slice name, value;
	bool any = false;

	for (int dmarc = 0; dmarc < 2; dmarc++) {
		if (!query_dns_suggest(t->q, dmarc != 0, &name, &value))
			continue;
		if (!any)
			buf_printf(t->to, "\n%s:\n", say(t, WORD_NEXT));
		any = true;
		add_publishable(t, say(t, WORD_PUBLISH), DNS_TXT, name, value);
	}
}

int query_dns_text(struct query_dns *q, enum emit_lang lang, struct buf *to, struct err *err)
{
	struct text t = { .q = q, .to = to, .lang = lang };
	bool failed;

	buf_init(&t.strings, QUERY_DNS_BYTES_MAX);
	add_findings(&t);
	add_tree(&t);
	query_dns_published(q, add_published, &t);
	add_suggestions(&t);
	failed = buf_failed(to) || buf_failed(&t.strings);
	buf_release(&t.strings);
	return failed ? err_set(err, ERR_SHORTAGE, "no memory for the answer") : 0;
}

void query_dns_tag_text(enum emit_lang lang, struct buf *to)
{
	for (size_t i = 0; i < DNS_TAG_TEXTS; i++)
		buf_printf(to, "%-6s %s\n", dns_tag_texts[i].tag,
			dns_tag_texts[i].text[lang == EMIT_ES ? DNS_ES : DNS_EN]);
}
