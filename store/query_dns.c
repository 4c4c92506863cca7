#include "store/query_dns.h"

#include <stdlib.h>

#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/spf_eval.h"
#include "store/judge/dns/spf_tree.h"
#include "store/judge/dns/suggest.h"
#include "store/judge/dns/tag_text.h"

#define VALUE_BYTES_MAX (4 * DNS_TEXT_MAX)
#define SUGGEST_MAX     64

struct query_dns {
	struct query_dns_ask ask;
	struct dns_findings *found;
	struct spf_tree *tree;
	struct slice zone;
	struct buf name, value, strings, en, es, advice_en, advice_es;
};

/* ---- open ------------------------------------------------------------------------------------ */

/* The nearest name above with an SOA record, or, where nobody asked, the organisation's. */
static struct slice find_zone(struct dns_view *view, struct slice domain)
{
	for (struct slice name = domain; !slice_absent(name); name = dns_name_parent(name)) {
		struct dns_answer a;

		dns_find(view, name, DNS_SOA, &a);
		if (a.status == DNS_FOUND && slice_absent(a.alias))
			return name;
	}
	return domain_org(domain);
}

int query_dns_open(struct query_dns **ret, const struct query_dns_ask *ask, struct err *err)
{
	struct query_dns *q = calloc(1, sizeof *q);

	if (q == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for an answer");
	q->ask = *ask;
	buf_init(&q->name, DOMAIN_KEY_MAX);
	buf_init(&q->value, VALUE_BYTES_MAX);
	buf_init(&q->strings, 2 * VALUE_BYTES_MAX);
	buf_init(&q->en, VALUE_BYTES_MAX);
	buf_init(&q->es, VALUE_BYTES_MAX);
	buf_init(&q->advice_en, VALUE_BYTES_MAX);
	buf_init(&q->advice_es, VALUE_BYTES_MAX);
	if (dns_findings_open(&q->found, err) < 0 ||
		dns_check(ask->view, ask->facts, q->found, err) < 0 ||
		spf_tree_open(&q->tree, ask->view, ask->facts->domain, err) < 0) {
		query_dns_close(q);
		return -1;
	}
	q->zone = find_zone(ask->view, ask->facts->domain);
	*ret = q;
	return 0;
}

void query_dns_close(struct query_dns *q)
{
	if (q == NULL)
		return;
	spf_tree_close(q->tree);
	dns_findings_close(q->found);
	buf_release(&q->name);
	buf_release(&q->value);
	buf_release(&q->strings);
	buf_release(&q->en);
	buf_release(&q->es);
	buf_release(&q->advice_en);
	buf_release(&q->advice_es);
	free(q);
}

const struct dns_findings *query_dns_findings(const struct query_dns *q)
{
	return q->found;
}

struct slice query_dns_zone(const struct query_dns *q)
{
	return q->zone;
}

const struct spf_tree *query_dns_tree(const struct query_dns *q)
{
	return q->tree;
}

const struct dns_facts *query_dns_facts(const struct query_dns *q)
{
	return q->ask.facts;
}

int64_t query_dns_asked(const struct query_dns *q)
{
	return q->ask.asked;
}

/* ---- selectors ------------------------------------------------------------------------------- */

struct known {
	struct dns_facts *facts;
	struct dns_seen_selector *selectors;
};

static int compare_selectors(const void *a, const void *b)
{
	const struct dns_seen_selector *x = a, *y = b;
	size_t len = x->selector.len < y->selector.len ? x->selector.len : y->selector.len;
	int order = memcmp(x->selector.ptr, y->selector.ptr, len);

	return order != 0 ? order : (x->selector.len > len) - (y->selector.len > len);
}

/* What stands before ".middle.domain" in the name, absent if it is no such name. */
static struct slice selector_of(struct slice name, const char *middle, struct slice domain)
{
	char tail[DOMAIN_KEY_MAX];
	struct slice end = dns_name_under(middle, domain, tail);

	if (slice_absent(end) || name.len <= end.len + 1 || !domain_within(name, end))
		return SLICE_ABSENT;
	return slice_from(name.ptr, name.len - end.len - 1);
}

static void add_selector(void *arg, struct slice name)
{
	struct known *k = arg;
	struct slice domain = k->facts->domain, selector;
	char twice[DOMAIN_KEY_MAX], own[DOMAIN_KEY_MAX];

	selector = selector_of(name, "_domainkey", domain);
	if (slice_absent(selector))
		selector = selector_of(name, "domainkey", domain);
	memcpy(own, domain.ptr, domain.len);
	own[domain.len] = '\0';
	if (slice_absent(selector) && !slice_absent(dns_name_under(own, domain, twice)))
		selector = selector_of(name, "_domainkey", slice_of(twice));
	if (slice_absent(selector) || slice_equal(selector, SLICE_LIT("*")) ||
		k->facts->selectors_len == DNS_FACTS_MAX)
		return;
	for (size_t i = 0; i < k->facts->selectors_len; i++) {
		if (slice_absent(k->selectors[i].domain) &&
			slice_equal(k->selectors[i].selector, selector))
			return;
	}
	k->selectors[k->facts->selectors_len++] =
		(struct dns_seen_selector){ .selector = selector };
}

void query_dns_selectors(
	struct dns_facts *facts, const struct dns_set *set, struct dns_seen_selector *selectors)
{
	struct known k = { facts, selectors };
	size_t seen = facts->selectors_len < DNS_FACTS_MAX ? facts->selectors_len : DNS_FACTS_MAX;

	if (seen > 0)
		memmove(selectors, facts->selectors, seen * sizeof *selectors);
	facts->selectors = selectors;
	facts->selectors_len = seen;
	dns_set_each(set, facts->domain, add_selector, &k);
	/* The set has no order, and an answer must have one. */
	qsort(selectors + seen, facts->selectors_len - seen, sizeof *selectors, compare_selectors);
}

/* ---- records in force ------------------------------------------------------------------------ */

typedef void each_record(void *arg, const struct query_dns_record *r);

static void say_answer(struct query_dns *q, const char *about, struct slice name,
	enum dns_type type, each_record *each, void *arg)
{
	struct dns_answer a;

	dns_find(q->ask.view, name, type, &a);
	for (size_t i = 0; i < a.len; i++)
		each(arg, &(struct query_dns_record){ about, name, type, &a.records[i] });
}

static void say_key(
	struct query_dns *q, const struct dns_seen_selector *s, each_record *each, void *arg)
{
	struct slice at = slice_absent(s->domain) ? q->ask.facts->domain : s->domain;
	char text[DOMAIN_KEY_MAX];

	if (s->selector.len == 0 || s->selector.len + sizeof "._domainkey" > 200)
		return;
	buf_clear(&q->name);
	buf_add(&q->name, s->selector);
	buf_add_text(&q->name, "._domainkey");
	at = dns_name_under(buf_text(&q->name), at, text);
	if (!slice_absent(at))
		say_answer(q, "dkim", at, DNS_TXT, each, arg);
}

void query_dns_published(struct query_dns *q, each_record *each, void *arg)
{
	const struct dns_facts *facts = q->ask.facts;
	const struct dns_record *r;
	struct dmarc_found where;
	char text[DOMAIN_KEY_MAX];
	struct dns_answer a;
	size_t count;

	if (spf_find(q->ask.view, facts->domain, &r, &count) == DNS_FOUND) {
		dns_find(q->ask.view, facts->domain, DNS_TXT, &a);
		for (size_t i = 0; i < a.len; i++) {
			if (spf_is_record(a.records[i].text))
				each(arg, &(struct query_dns_record){
						  "spf", facts->domain, DNS_TXT, &a.records[i] });
		}
	}
	for (size_t i = 0; i < facts->selectors_len && i < DNS_FACTS_MAX; i++)
		say_key(q, &facts->selectors[i], each, arg);
	dmarc_find(q->ask.view, facts->domain, DMARC_TREE_WALK, &where);
	if (where.record != NULL)
		each(arg, &(struct query_dns_record){ "dmarc",
				  dns_name_under("_dmarc", where.domain, text), DNS_TXT,
				  where.record });
	say_answer(q, "mx", facts->domain, DNS_MX, each, arg);
}

struct slice query_dns_value(struct query_dns *q, enum dns_type type, const struct dns_record *r)
{
	if (type != DNS_MX)
		return r->text;
	buf_clear(&q->value);
	buf_printf(&q->value, "%u %.*s.", (unsigned)r->preference, SLICE_FMT(r->name));
	return buf_slice(&q->value);
}

/* ---- the next records ------------------------------------------------------------------------ */

/* Own addresses that send with this domain as envelope and are not listed are added; what is wrong
 * goes; "+all" and "?all" become "~all". */
static bool suggest_spf(struct query_dns *q)
{
	const struct dns_facts *facts = q->ask.facts;
	struct slice records[16];
	struct ip add[SUGGEST_MAX];
	struct spf_wish wish = { .records = records, .add = add };
	struct dns_answer a;

	dns_find(q->ask.view, facts->domain, DNS_TXT, &a);
	for (size_t i = 0; i < a.len && wish.records_len < 16; i++) {
		size_t at = slice_find_fold(a.records[i].text, SLICE_LIT("v=spf1"));

		if (at < 8)
			records[wish.records_len++] = a.records[i].text;
	}
	for (size_t i = 0; i < dns_findings_count(q->found); i++) {
		const struct dns_finding *f = dns_findings_get(q->found, i);

		if (f->rule == DNS_RULE_S09 || f->rule == DNS_RULE_S10)
			wish.all = "~all";
	}
	for (size_t i = 0; i < facts->addresses_len && i < DNS_FACTS_MAX; i++) {
		const struct dns_seen_address *seen = &facts->addresses[i];
		struct spf_query ask = { .ip = seen->ip, .domain = facts->domain };
		struct spf_verdict v;

		if (!seen->own || !seen->own_envelope || seen->recent == 0 ||
			wish.add_len == SUGGEST_MAX)
			continue;
		spf_check(q->ask.view, &ask, &v);
		if (v.result <= SPF_SOFTFAIL && v.result != SPF_PASS)
			add[wish.add_len++] = seen->ip;
	}
	/* Of nothing one can only say that nobody sends, and that only if it is so. */
	if (wish.records_len == 0 && wish.add_len == 0 && !facts->parked)
		return false;
	spf_suggest(&wish, &q->value);
	return true;
}

/* One step: repaired, with where reports go, at the policy there is. */
static bool suggest_dmarc(struct query_dns *q)
{
	const struct dns_facts *facts = q->ask.facts;
	struct dmarc_wish wish = { .report_address = facts->report_address };
	struct dmarc_found where;
	struct dns_answer a;

	dmarc_find(q->ask.view, facts->domain, DMARC_TREE_WALK, &where);
	if (where.status == DNS_FOUND && where.inherited)
		return false; /* one of its own might say less */
	dns_find(q->ask.view, buf_slice(&q->name), DNS_TXT, &a);
	for (size_t i = 0; i < a.len; i++) {
		bool better = dmarc_is_record(a.records[i].text);

		if (better || (slice_absent(wish.record) &&
				      slice_find_fold(a.records[i].text, SLICE_LIT("dmarc1")) < 24))
			wish.record = a.records[i].text;
		if (better)
			break;
	}
	if (facts->parked)
		wish.p = wish.sp = DMARC_REJECT;
	wish.relaxed = dns_found_any(q->found, DNS_RULE_D17);
	wish.drop_sp = dns_found_any(q->found, DNS_RULE_D14);
	if (dns_found_any(q->found, DNS_RULE_D15))
		wish.np = DMARC_REJECT;
	dmarc_suggest(&wish, &q->value);
	return true;
}

bool query_dns_suggest(struct query_dns *q, bool dmarc, struct slice *name, struct slice *value)
{
	struct dns_answer a;

	buf_clear(&q->name);
	if (dmarc)
		buf_add_text(&q->name, "_dmarc.");
	buf_add(&q->name, q->ask.facts->domain);
	dns_find(q->ask.view, buf_slice(&q->name), DNS_TXT, &a);
	if (!q->ask.suggest || buf_failed(&q->name) || a.status == DNS_UNKNOWN ||
		a.status == DNS_FAILED)
		return false;
	if (!(dmarc ? suggest_dmarc(q) : suggest_spf(q)))
		return false;
	*name = buf_slice(&q->name);
	*value = buf_slice(&q->value);
	return !buf_failed(&q->value);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct column finding_columns[] = {
	{ "finding", COLUMN_INT, "No.", "N.º" },
	{ "check_id", COLUMN_TEXT, "Check", "Comprobación" },
	{ "severity", COLUMN_TEXT, "Severity", "Gravedad" },
	{ "record_name", COLUMN_TEXT, "Name", "Nombre" },
	{ "record_type", COLUMN_TEXT, "Type", "Tipo" },
	{ "record_text", COLUMN_TEXT, "Record", "Registro" },
	{ "span_at", COLUMN_INT, NULL, NULL },
	{ "span_length", COLUMN_INT, NULL, NULL },
	{ "message", COLUMN_TEXT, "What is wrong", NULL },
	{ "message_es", COLUMN_TEXT, NULL, "Qué ocurre" },
	{ "advice", COLUMN_TEXT, "What to do", NULL },
	{ "advice_es", COLUMN_TEXT, NULL, "Qué hacer" },
	{ "reference", COLUMN_TEXT, "Reference", "Referencia" },
	{ "observed", COLUMN_BOOL, NULL, NULL },
};

static const struct column checked_columns[] = {
	{ "record_name", COLUMN_TEXT, "Domain", "Dominio" },
	{ "zone", COLUMN_TEXT, "Zone", "Zona" },
	{ "asked", COLUMN_TIME, "As of", "A fecha de" },
	{ "error_count", COLUMN_INT, "Errors", "Errores" },
	{ "warning_count", COLUMN_INT, "Warnings", "Avisos" },
	{ "info_count", COLUMN_INT, "Notes", "Notas" },
	{ "hidden_count", COLUMN_INT, "Not shown", "No mostrados" },
	{ "lookups", COLUMN_INT, "SPF look-ups", "Consultas SPF" },
	{ "void_lookups", COLUMN_INT, "Void", "Vacías" },
	{ "lookups_complete", COLUMN_BOOL, "All of them known", "Se conocen todas" },
};

static const struct column fix_columns[] = {
	{ "finding", COLUMN_INT, "No.", "N.º" },
	{ "action", COLUMN_TEXT, "Do", "Acción" },
	{ "record_name", COLUMN_TEXT, "Name", "Nombre" },
	{ "panel_name", COLUMN_TEXT, "Name in a panel", "Nombre en un panel" },
	{ "record_type", COLUMN_TEXT, "Type", "Tipo" },
	{ "record_text", COLUMN_TEXT, "Value", "Valor" },
	{ "record_strings", COLUMN_TEXT, "As strings", "En cadenas" },
};

static const struct column lookup_columns[] = {
	{ "depth", COLUMN_INT, "Depth", "Nivel" },
	{ "term", COLUMN_TEXT, "Term", "Término" },
	{ "record_name", COLUMN_TEXT, "Name", "Nombre" },
	{ "lookup_state", COLUMN_TEXT, "State", "Estado" },
	{ "lookups", COLUMN_INT, "Look-ups", "Consultas" },
	{ "is_void", COLUMN_BOOL, "Void", "Vacía" },
	{ "record_text", COLUMN_TEXT, "Record", "Registro" },
};

static const struct column published_columns[] = {
	{ "about", COLUMN_TEXT, "About", "De" },
	{ "record_name", COLUMN_TEXT, "Name", "Nombre" },
	{ "record_type", COLUMN_TEXT, "Type", "Tipo" },
	{ "record_text", COLUMN_TEXT, "Value", "Valor" },
	{ "ttl", COLUMN_INT, "TTL", "TTL" },
	{ "asked", COLUMN_TIME, "As of", "A fecha de" },
};

static const struct column suggestion_columns[] = {
	{ "about", COLUMN_TEXT, "About", "De" },
	{ "record_name", COLUMN_TEXT, "Name", "Nombre" },
	{ "panel_name", COLUMN_TEXT, "Name in a panel", "Nombre en un panel" },
	{ "record_type", COLUMN_TEXT, "Type", "Tipo" },
	{ "record_text", COLUMN_TEXT, "Value", "Valor" },
	{ "record_strings", COLUMN_TEXT, "As strings", "En cadenas" },
};

static const struct column tag_columns[] = {
	{ "tag", COLUMN_TEXT, "Tag", "Etiqueta" },
	{ "text", COLUMN_TEXT, "Meaning", NULL },
	{ "text_es", COLUMN_TEXT, NULL, "Significado" },
};

#define LEN(a) (sizeof(a) / sizeof *(a))

static struct value text_value(struct slice s)
{
	return (struct value){ .null = slice_absent(s), .text = s };
}

static struct value number_value(size_t n)
{
	return (struct value){ .number = (int64_t)n };
}

static struct slice strings_of(struct query_dns *q, enum dns_type type, struct slice value)
{
	if (type != DNS_TXT && type != DNS_SPF)
		return SLICE_ABSENT;
	buf_clear(&q->strings);
	dns_strings(value, &q->strings);
	return buf_slice(&q->strings);
}

static void finding_rows(struct query_dns *q, struct emit *e)
{
	emit_set(e, "findings", finding_columns, LEN(finding_columns), false);
	for (size_t i = 0; i < dns_findings_count(q->found); i++) {
		const struct dns_finding *f = dns_findings_get(q->found, i);
		bool whole = f->span_len == 0;

		buf_clear(&q->en);
		buf_clear(&q->es);
		buf_clear(&q->advice_en);
		buf_clear(&q->advice_es);
		dns_finding_message(f, DNS_EN, &q->en);
		dns_finding_message(f, DNS_ES, &q->es);
		dns_finding_advice(f, DNS_EN, &q->advice_en);
		dns_finding_advice(f, DNS_ES, &q->advice_es);
		emit_row(e, (const struct value[LEN(finding_columns)]){
				    number_value(i + 1),
				    text_value(slice_of(dns_rules[f->rule].id)),
				    text_value(slice_of(dns_severity_names[f->severity])),
				    text_value(f->name),
				    text_value(slice_of(dns_type_names[f->type])),
				    text_value(f->record),
				    { .null = whole, .number = (int64_t)f->span_at },
				    { .null = whole, .number = (int64_t)f->span_len },
				    text_value(buf_slice(&q->en)),
				    text_value(buf_slice(&q->es)),
				    text_value(buf_slice(&q->advice_en)),
				    text_value(buf_slice(&q->advice_es)),
				    text_value(slice_of(dns_rules[f->rule].reference)),
				    number_value(dns_rules[f->rule].observed),
			    });
	}
}

static void checked_row(struct query_dns *q, struct emit *e)
{
	emit_set(e, "checked", checked_columns, LEN(checked_columns), true);
	emit_row(e, (const struct value[LEN(checked_columns)]){
			    text_value(q->ask.facts->domain),
			    text_value(q->zone),
			    { .null = q->ask.asked == 0, .number = q->ask.asked },
			    number_value(dns_findings_of(q->found, DNS_ERROR)),
			    number_value(dns_findings_of(q->found, DNS_WARNING)),
			    number_value(dns_findings_of(q->found, DNS_INFO)),
			    number_value(dns_findings_more(q->found)),
			    number_value(q->tree->lookups),
			    number_value(q->tree->voids),
			    number_value(!q->tree->cut && !q->tree->unknown),
		    });
}

static void fix_rows(struct query_dns *q, struct emit *e)
{
	emit_set(e, "fixes", fix_columns, LEN(fix_columns), false);
	for (size_t i = 0; i < dns_findings_count(q->found); i++) {
		const struct dns_finding *f = dns_findings_get(q->found, i);

		for (size_t k = 0; k < f->fixes_len; k++) {
			const struct dns_fix *x = &f->fixes[k];

			emit_row(e, (const struct value[LEN(fix_columns)]){
					    number_value(i + 1),
					    text_value(x->remove ? SLICE_LIT("delete")
								 : SLICE_LIT("publish")),
					    text_value(x->name),
					    text_value(dns_panel_name(x->name, q->zone)),
					    text_value(slice_of(dns_type_names[x->type])),
					    text_value(x->value),
					    text_value(strings_of(q, x->type, x->value)),
				    });
		}
	}
}

static void lookup_rows(struct query_dns *q, struct emit *e)
{
	emit_set(e, "lookups", lookup_columns, LEN(lookup_columns), false);
	for (size_t i = 0; i < q->tree->len; i++) {
		const struct spf_node *n = &q->tree->nodes[i];

		emit_row(e, (const struct value[LEN(lookup_columns)]){
				    number_value(n->depth),
				    text_value(n->term),
				    text_value(n->name),
				    text_value(slice_of(spf_node_state_names[n->state])),
				    number_value(n->lookups),
				    number_value(n->is_void),
				    text_value(n->record),
			    });
	}
}

struct rows {
	struct query_dns *q;
	struct emit *e;
};

static void published_row(void *arg, const struct query_dns_record *r)
{
	struct rows *to = arg;

	emit_row(to->e, (const struct value[LEN(published_columns)]){
				text_value(slice_of(r->about)),
				text_value(r->name),
				text_value(slice_of(dns_type_names[r->type])),
				text_value(query_dns_value(to->q, r->type, r->record)),
				number_value(r->record->ttl),
				{ .null = to->q->ask.asked == 0, .number = to->q->ask.asked },
			});
}

static void suggestion_rows(struct query_dns *q, struct emit *e)
{
	struct slice name, value;

	emit_set(e, "suggestions", suggestion_columns, LEN(suggestion_columns), false);
	for (int dmarc = 0; dmarc < 2; dmarc++) {
		if (!query_dns_suggest(q, dmarc != 0, &name, &value))
			continue;
		emit_row(e, (const struct value[LEN(suggestion_columns)]){
				    text_value(dmarc != 0 ? SLICE_LIT("dmarc") : SLICE_LIT("spf")),
				    text_value(name),
				    text_value(dns_panel_name(name, q->zone)),
				    text_value(SLICE_LIT("TXT")),
				    text_value(value),
				    text_value(strings_of(q, DNS_TXT, value)),
			    });
	}
}

int query_dns_rows(struct query_dns *q, struct emit *e, struct err *err)
{
	struct rows to = { q, e };

	finding_rows(q, e);
	checked_row(q, e);
	fix_rows(q, e);
	lookup_rows(q, e);
	emit_set(e, "published", published_columns, LEN(published_columns), false);
	query_dns_published(q, published_row, &to);
	if (q->ask.suggest)
		suggestion_rows(q, e);
	if (buf_failed(&q->value) || buf_failed(&q->strings) || buf_failed(&q->en) ||
		buf_failed(&q->es))
		return err_set(err, ERR_SHORTAGE, "no memory for the answer");
	return 0;
}

void query_dns_tag_rows(struct emit *e)
{
	emit_set(e, "tags", tag_columns, LEN(tag_columns), false);
	for (size_t i = 0; i < DNS_TAG_TEXTS; i++)
		emit_row(e, (const struct value[LEN(tag_columns)]){
				    text_value(slice_of(dns_tag_texts[i].tag)),
				    text_value(slice_of(dns_tag_texts[i].text[DNS_EN])),
				    text_value(slice_of(dns_tag_texts[i].text[DNS_ES])),
			    });
}

const char *query_dns_set(size_t i, const struct column **columns, size_t *len)
{
	static const struct {
		const char *name;
		const struct column *columns;
		size_t len;
	} sets[] = {
		{ "findings", finding_columns, LEN(finding_columns) },
		{ "checked", checked_columns, LEN(checked_columns) },
		{ "fixes", fix_columns, LEN(fix_columns) },
		{ "lookups", lookup_columns, LEN(lookup_columns) },
		{ "published", published_columns, LEN(published_columns) },
		{ "suggestions", suggestion_columns, LEN(suggestion_columns) },
		{ "tags", tag_columns, LEN(tag_columns) },
		{ "history", query_dns_history_columns, QUERY_DNS_HISTORY_COLUMNS },
	};

	if (i >= LEN(sets))
		return NULL;
	*columns = sets[i].columns;
	*len = sets[i].len;
	return sets[i].name;
}
