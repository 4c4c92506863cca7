#include "store/query_bounce.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/judge/bounce_text.h"
#include "store/judge/class.h"
#include "store/query_causes.h"
#include "store/query_parts.h"

/* Sources of one answer: the largest ones. */
#define SOURCES_MAX    1000
#define TEXT_BYTES_MAX (64 * 1024)

/* A row of /sources. */
struct failing {
	int64_t group, messages, pass, fail, spf_aligned, dkim_aligned;
	bool mentioned;
	enum class class;
	char name[DOMAIN_KEY_MAX + 64];
};

struct query_bounce {
	struct store *store;
	struct bounce bounce;
	char domain[DOMAIN_KEY_MAX]; /* "" none is known */
	char address[IP_TEXT_MAX];   /* the one that sent, "" none */
	int64_t mentioned;           /* its source group, 0 none */
	char source[DOMAIN_KEY_MAX + 64];
	struct failing *sources;
	size_t sources_len;
	struct query_causes *causes;
	struct query_meta meta;
	struct buf text;
};

/* ---- whose mail it was ----------------------------------------------------------------------- */

static int is_own(struct query_bounce *q, struct slice name, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(q->store, STMT_BOUNCE_OWN, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, name);
	more = sql_step(q->store, stmt, "cannot look up a domain", err);
	(void)sqlite3_reset(stmt);
	return more;
}

/* The first name in the text that is an own domain, or lies under one. */
static int find_domain(struct query_bounce *q, struct err *err)
{
	const struct bounce *b = &q->bounce;
	char key[DOMAIN_KEY_MAX];
	int found = 0;
	size_t len;

	for (size_t i = 0; i < b->domains_len && found == 0; i++) {
		struct slice name, rest;

		if (!domain_key(b->domains[i].name, key, &len))
			continue;
		for (name = slice_from(key, len); found == 0; name = rest) {
			found = is_own(q, name, err);
			if (found > 0)
				(void)snprintf(
					q->domain, sizeof q->domain, "%.*s", SLICE_FMT(name));
			(void)slice_cut(name, '.', &rest);
			if (slice_absent(rest))
				break;
		}
	}
	return found;
}

static int find_source(struct query_bounce *q, struct err *err)
{
	const struct bounce *b = &q->bounce;
	sqlite3_stmt *stmt;
	int more = 0;

	if (b->addresses_len > 0 && b->addresses[0].named)
		(void)ip_text(&b->addresses[0].ip, q->address);
	for (size_t i = 0; q->domain[0] != '\0' && i < b->addresses_len && more == 0; i++) {
		if (sql_get(q->store, STMT_BOUNCE_ADDRESS, &stmt, err) < 0)
			return -1;
		sql_bind_text(stmt, 1, slice_of(q->domain));
		sql_bind_blob(stmt, 2, ip_slice(&b->addresses[i].ip));
		more = sql_step(q->store, stmt, "cannot look up an address", err);
		if (more > 0) {
			q->mentioned = sqlite3_column_int64(stmt, 0);
			(void)snprintf(
				q->source, sizeof q->source, "%.*s", SLICE_FMT(sql_text(stmt, 1)));
			(void)ip_text(&b->addresses[i].ip, q->address);
		}
		(void)sqlite3_reset(stmt);
	}
	return more < 0 ? -1 : 0;
}

/* ---- what reports say ------------------------------------------------------------------------ */

static int64_t number_of(const struct value *row, const char *name)
{
	return row[query_column(QUERY_SOURCES, name)].number;
}

static enum class class_named(struct slice name) {
	unsigned at;

		return report_name_find(class_names, CLASS_COUNT, name, &at) ? (enum class)at
									     : CLASS_TO_DECIDE;
}

static void take_source(struct query_bounce *q, const struct value *row)
{
	const struct value *name = &row[query_column(QUERY_SOURCES, "name")];
	const struct value *class = &row[query_column(QUERY_SOURCES, "class")];
	struct failing *f = &q->sources[q->sources_len];

	*f = (struct failing){ .group = number_of(row, "id"),
		.messages = number_of(row, "messages"),
		.pass = number_of(row, "pass"),
		.fail = number_of(row, "fail"),
		.spf_aligned = number_of(row, "spf_aligned"),
		.dkim_aligned = number_of(row, "dkim_aligned"),
		.class = class->null ? CLASS_TO_DECIDE : class_named(class->text) };
	f->mentioned = f->group != 0 && f->group == q->mentioned;
	(void)snprintf(f->name, sizeof f->name, "%.*s", SLICE_FMT(name->text));
	if (f->mentioned ||
		(f->fail > 0 && (f->class == CLASS_YOURS || f->class == CLASS_TO_DECIDE)))
		q->sources_len++;
}

static int by_mention(const void *a, const void *b)
{
	const struct failing *x = a, *y = b;

	if (x->mentioned != y->mentioned)
		return x->mentioned ? -1 : 1;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	if (x->fail != y->fail)
		return x->fail > y->fail ? -1 : 1;
	return x->group < y->group ? -1 : x->group > y->group;
}

static int read_sources(struct query_bounce *q, struct query_filter *f, struct err *err)
{
	struct query *sources = NULL;
	const struct value *row;
	int more = -1;

	query_filter_init(f);
	if (query_filter_set(f, QUERY_SOURCES, SLICE_LIT("domain"), slice_of(q->domain), err) < 0 ||
		query_open(&sources, q->store, QUERY_SOURCES, f, err) < 0)
		goto out;
	q->meta = *query_meta(sources);
	while (q->sources_len < SOURCES_MAX && (more = query_next(sources, &row, err)) > 0)
		take_source(q, row);
	qsort(q->sources, q->sources_len, sizeof *q->sources, by_mention);
out:
	query_close(sources);
	return more < 0 ? -1 : 0;
}

/* Of a domain with so much mail that its causes take too long or too much, the refusal is explained
 * without. */
static int read_causes(struct query_bounce *q, struct query_filter *f, struct err *err)
{
	struct err ours = ERR_INIT;

	query_filter_init(f);
	if (query_causes_open(&q->causes, q->store, slice_of(q->domain), f, &ours) == 0 ||
		ours.code == ERR_SLOW || ours.code == ERR_SHORTAGE)
		return 0;
	return err_set(err, ours.code, "%s", ours.text);
}

static int gather(struct query_bounce *q, struct slice domain, struct err *err)
{
	struct query_filter *f;
	struct err_quote quote;
	int rc = -1;
	size_t len;

	if (!slice_absent(domain) && !domain_key(domain, q->domain, &len))
		return err_set(
			err, ERR_USAGE, "domain %s is no domain name", err_quote(&quote, domain));
	if (q->store == NULL) {
		q->domain[0] = '\0';
		return find_source(q, err);
	}
	if ((slice_absent(domain) && find_domain(q, err) < 0) || find_source(q, err) < 0)
		return -1;
	if (q->domain[0] == '\0')
		return 0;
	f = malloc(sizeof *f);
	q->sources = calloc(SOURCES_MAX, sizeof *q->sources);
	if (f == NULL || q->sources == NULL)
		err_set(err, ERR_SHORTAGE, "no memory");
	else
		rc = read_sources(q, f, err);
	if (rc == 0)
		rc = read_causes(q, f, err);
	free(f);
	return rc;
}

int query_bounce_open(struct query_bounce **ret, struct store *st, struct slice text,
	struct slice domain, struct err *err)
{
	struct query_bounce *q = calloc(1, sizeof *q);

	if (q == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	q->store = st;
	buf_init(&q->text, TEXT_BYTES_MAX);
	if (bounce_read(text, &q->bounce, err) == 0 && gather(q, domain, err) == 0) {
		*ret = q;
		return 0;
	}
	query_bounce_close(q);
	return -1;
}

void query_bounce_close(struct query_bounce *q)
{
	if (q == NULL)
		return;
	query_causes_close(q->causes);
	bounce_release(&q->bounce);
	buf_release(&q->text);
	free(q->sources);
	free(q);
}

const struct bounce *query_bounce_read(const struct query_bounce *q)
{
	return &q->bounce;
}

const struct query_meta *query_bounce_meta(const struct query_bounce *q)
{
	return q->sources != NULL ? &q->meta : NULL;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct column bounce_columns[] = {
	{ "refusal", COLUMN_TEXT, "Refusal", "Rechazo" },
	{ "recognised", COLUMN_BOOL, "Recognised", "Reconocido" },
	{ "known_text", COLUMN_TEXT, "Known text", "Texto conocido" },
	{ "confidence", COLUMN_TEXT, "Confidence", "Certeza" },
	{ "provider", COLUMN_TEXT, "Provider", "Proveedor" },
	{ "reply_code", COLUMN_TEXT, "SMTP code", "Código SMTP" },
	{ "enhanced_code", COLUMN_TEXT, "Enhanced code", "Código ampliado" },
	{ "temporary", COLUMN_BOOL, "Temporary", "Temporal" },
	{ "title", COLUMN_TEXT, "In one sentence", "En una frase" },
	{ "meaning", COLUMN_TEXT, "Meaning", "Significado" },
	{ "limits", COLUMN_TEXT, "What reports cannot tell", "Lo que los informes no dicen" },
	{ "domain", COLUMN_TEXT, "Domain", "Dominio" },
	{ "mentioned_domain", COLUMN_TEXT, "Domain in the text", "Dominio en el texto" },
	{ "address", COLUMN_TEXT, "Address", "Dirección" },
	{ "selector", COLUMN_TEXT, "Selector", "Selector" },
	{ "source_group", COLUMN_INT, "Its number", "Su número" },
	{ "source_name", COLUMN_TEXT, "Its source", "Su origen" },
};

static const struct column steps_columns[] = {
	{ "n", COLUMN_INT, "Step", "Paso" },
	{ "text", COLUMN_TEXT, "Do this", "Haga esto" },
};

static const struct column sources_columns[] = {
	{ "id", COLUMN_INT, "Id", "Id" },
	{ "name", COLUMN_TEXT, "Name", "Nombre" },
	{ "class", COLUMN_TEXT, "Class", "Clase" },
	{ "mentioned", COLUMN_BOOL, "In the text", "En el texto" },
	{ "messages", COLUMN_INT, "Messages", "Mensajes" },
	{ "pass", COLUMN_INT, "Pass", "Superan" },
	{ "fail", COLUMN_INT, "Fail", "Fallan" },
	{ "spf_aligned", COLUMN_INT, NULL, NULL },
	{ "dkim_aligned", COLUMN_INT, NULL, NULL },
	{ "cause", COLUMN_TEXT, "Cause", "Causa" },
	{ "to_change", COLUMN_TEXT, "Change this", "Qué cambiar" },
};

#define LEN(array) (sizeof(array) / sizeof *(array))

static struct value text_value(struct slice s)
{
	return (struct value){ .null = s.len == 0, .text = s };
}

static struct value number_value(int64_t n)
{
	return (struct value){ .number = n };
}

/* The domain the text says it is about, ours or not. */
static struct slice mentioned_domain(const struct query_bounce *q)
{
	if (q->domain[0] != '\0')
		return slice_of(q->domain);
	return q->bounce.domains_len > 0 && q->bounce.domains[0].named ? q->bounce.domains[0].name
								       : SLICE_ABSENT;
}

static void put_bounce(struct query_bounce *q, struct emit *e, enum bounce_language l,
	const struct bounce_values *v)
{
	const struct bounce *b = &q->bounce;
	const bool recognised = b->code != BOUNCE_NOT_RECOGNISED;
	size_t at;

	buf_clear(&q->text);
	bounce_title(b->code, l, v, &q->text);
	at = q->text.len;
	bounce_meaning(b->code, l, v, &q->text);
	if (b->temporary) {
		buf_add_char(&q->text, ' ');
		buf_add_text(&q->text, bounce_temporary(l));
	}
	if (buf_failed(&q->text))
		return;
	emit_set(e, "bounce", bounce_columns, LEN(bounce_columns), true);
	emit_row(e, (const struct value[]){ text_value(slice_of(bounce_names[b->code])),
			    number_value(recognised), text_value(slice_of(b->known)),
			    text_value(recognised ? slice_of(bounce_confidence_names[b->confidence])
						  : SLICE_ABSENT),
			    text_value(slice_of(bounce_provider_names[b->provider])),
			    text_value(slice_of(b->reply)), text_value(slice_of(b->enhanced)),
			    number_value(b->temporary), text_value(slice_from(q->text.ptr, at)),
			    text_value(slice_from(q->text.ptr + at, q->text.len - at)),
			    text_value(slice_of(bounce_limits(l))), text_value(slice_of(q->domain)),
			    text_value(v->domain), text_value(slice_of(q->address)),
			    text_value(b->selector),
			    { .null = q->mentioned == 0, .number = q->mentioned },
			    text_value(slice_of(q->source)) });
}

static void put_steps(struct query_bounce *q, struct emit *e, enum bounce_language l,
	const struct bounce_values *v)
{
	emit_set(e, "steps", steps_columns, LEN(steps_columns), false);
	for (unsigned n = 0; n < BOUNCE_STEPS_MAX; n++) {
		buf_clear(&q->text);
		if (!bounce_step(q->bounce.code, n, l, v, &q->text))
			break;
		emit_row(e, (const struct value[]){ number_value((int64_t)n + 1),
				    text_value(buf_slice(&q->text)) });
	}
}

/* The group's own: those with something to change come first. NULL: it has none. */
static const struct query_cause *cause_of_group(const struct query_bounce *q, int64_t group)
{
	for (size_t i = 0; q->causes != NULL && i < query_causes_count(q->causes); i++) {
		const struct query_cause *c = query_causes_get(q->causes, i);

		if (c->source_group == group)
			return c;
	}
	return NULL;
}

static void put_source(
	struct query_bounce *q, struct emit *e, const struct failing *f, enum emit_lang lang)
{
	const struct query_cause *c = cause_of_group(q, f->group);

	buf_clear(&q->text);
	if (c != NULL)
		cause_text(c->code, CAUSE_TO_CHANGE, lang == EMIT_ES ? CAUSE_ES : CAUSE_EN,
			&c->values, &q->text);
	emit_row(e, (const struct value[]){ { .null = f->group == 0, .number = f->group },
			    text_value(slice_of(f->name)),
			    text_value(slice_of(class_names[f->class])), number_value(f->mentioned),
			    number_value(f->messages), number_value(f->pass), number_value(f->fail),
			    number_value(f->spf_aligned), number_value(f->dkim_aligned),
			    text_value(c != NULL ? slice_of(cause_names[c->code]) : SLICE_ABSENT),
			    text_value(buf_slice(&q->text)) });
}

int query_bounce_rows(struct query_bounce *q, struct emit *e, enum emit_lang lang, struct err *err)
{
	const enum bounce_language l = lang == EMIT_ES ? BOUNCE_ES : BOUNCE_EN;
	const struct bounce_values v = { .domain = mentioned_domain(q),
		.address = slice_of(q->address),
		.selector = q->bounce.selector,
		.provider = q->bounce.provider };

	put_bounce(q, e, l, &v);
	put_steps(q, e, l, &v);
	emit_set(e, "sources", sources_columns, LEN(sources_columns), false);
	for (size_t i = 0; i < q->sources_len; i++)
		put_source(q, e, &q->sources[i], lang);
	return buf_failed(&q->text) ? err_set(err, ERR_SHORTAGE, "no memory for the answer") : 0;
}

const char *query_bounce_set(size_t i, const struct column **columns, size_t *len)
{
	static const struct {
		const char *name;
		const struct column *columns;
		size_t len;
	} sets[] = {
		{ "bounce", bounce_columns, LEN(bounce_columns) },
		{ "steps", steps_columns, LEN(steps_columns) },
		{ "sources", sources_columns, LEN(sources_columns) },
	};

	if (i >= LEN(sets))
		return NULL;
	*columns = sets[i].columns;
	*len = sets[i].len;
	return sets[i].name;
}
