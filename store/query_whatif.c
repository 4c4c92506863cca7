#include "store/query_whatif.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/dns_fact.h"
#include "store/judge/class.h"
#include "store/query_ground.h"
#include "store/query_parts.h"

/* Source groups of one domain. */
#define GROUPS_MAX 100000
#define NAME_MAX_  (DOMAIN_KEY_MAX + 64)

/* The facts of the DNS with one SPF record in the place of another. */
struct overlay {
	struct dns_view view;
	struct dns_view *under;
	struct slice domain;
	struct dns_record record;
};

struct group {
	int64_t id; /* 0: of addresses that are in no group yet */
	char name[NAME_MAX_];
	int64_t classes[CLASS_COUNT]; /* messages */
	int64_t acted_on;             /* as reported */
	struct whatif_sum sum;
};

struct query_whatif {
	struct store *store;
	char domain[DOMAIN_KEY_MAX];
	int64_t id;
	const struct query_whatif_wish *wish;
	struct query_meta meta;
	struct dns_set *dns;
	int64_t asked; /* the DNS, 0 never */
	struct overlay overlay;
	char unknown_name[DOMAIN_KEY_MAX]; /* the first the DNS was not asked for, "" none */
	/* of the row at hand */
	struct whatif_auth auth[AUTH_MAX];
	char names[AUTH_MAX][DOMAIN_KEY_MAX];
	size_t auth_len;
	int64_t source; /* whose wished result is known */
	enum spf_result spf;
	struct group *groups;
	size_t groups_len, groups_cap;
};

/* ---- wishes ---------------------------------------------------------------------------------- */

static int set_policy(enum dmarc_policy *ret, struct slice value)
{
	enum dmarc_policy p = dmarc_policy_find(value);

	if (p != DMARC_NONE && p != DMARC_QUARANTINE && p != DMARC_REJECT)
		return -1;
	*ret = p;
	return 0;
}

static int set_choice(enum whatif_choice *ret, struct slice value, const char *no, const char *yes)
{
	if (slice_equal(value, slice_of(yes)))
		*ret = WHATIF_YES;
	else if (slice_equal(value, slice_of(no)))
		*ret = WHATIF_NO;
	else
		return -1;
	return 0;
}

static int set_spf(struct query_whatif_wish *w, struct slice value)
{
	struct slice rest, version = slice_cut(value, ' ', &rest);

	if (value.len > sizeof w->spf || !slice_equal_fold(version, SLICE_LIT("v=spf1")))
		return -1;
	memcpy(w->spf, value.ptr, value.len);
	w->spf_len = value.len;
	w->wish.spf = true;
	return 0;
}

static const char wish_names[][8] = { "p", "sp", "np", "adkim", "aspf", "t", "spf" };
static const char *const wish_words[] = { "none, quarantine or reject",
	"none, quarantine or reject", "none, quarantine or reject", "r or s", "r or s", "y or n",
	"an SPF record of at most 4096 bytes that begins with v=spf1" };
#define WISHES (sizeof wish_names / sizeof *wish_names)

static size_t wish_index(struct slice name)
{
	size_t i = 0;

	while (i < WISHES && !slice_equal(name, slice_of(wish_names[i])))
		i++;
	return i;
}

bool query_whatif_is_wish(struct slice name)
{
	return wish_index(name) < WISHES;
}

int query_whatif_set(
	struct query_whatif_wish *w, struct slice name, struct slice value, struct err *err)
{
	const size_t i = wish_index(name);
	struct whatif_wish *wish = &w->wish;
	enum dmarc_policy *const policies[] = { &wish->p, &wish->sp, &wish->np };
	struct err_quote quote;
	int rc;

	if (i == WISHES)
		return err_set(err, ERR_USAGE, "nothing is called %s", err_quote(&quote, name));
	if (i < 3)
		rc = set_policy(policies[i], value);
	else if (i == 3 || i == 4)
		rc = set_choice(i == 3 ? &wish->strict_dkim : &wish->strict_spf, value, "r", "s");
	else
		rc = i == 5 ? set_choice(&wish->testing, value, "n", "y") : set_spf(w, value);
	if (rc < 0)
		return err_set(err, ERR_USAGE, "%s is %s, not %s", wish_names[i], wish_words[i],
			err_quote(&quote, value));
	return 0;
}

/* ---- the DNS --------------------------------------------------------------------------------- */

static void find_over(
	struct dns_view *view, struct slice name, enum dns_type type, struct dns_answer *ret)
{
	struct overlay *o = (void *)view;

	if (type == DNS_TXT && slice_equal(name, o->domain))
		*ret = (struct dns_answer){
			.status = DNS_FOUND, .records = &o->record, .len = 1, .alias = SLICE_ABSENT
		};
	else
		dns_find(o->under, name, type, ret);
}

static int read_dns(struct query_whatif *q, struct err *err)
{
	if (dns_set_open(&q->dns, DNS_SET_BYTES_MAX, err) < 0 ||
		dns_fact_load(q->store, slice_of(q->domain), q->dns, &q->asked, err) < 0)
		return -1;
	q->overlay = (struct overlay){ .view = { find_over },
		.under = dns_set_view(q->dns),
		.domain = slice_of(q->domain),
		.record = { .text = slice_from(q->wish->spf, q->wish->spf_len) } };
	return 0;
}

static void note_unknown(struct query_whatif *q, struct slice name)
{
	if (q->unknown_name[0] == '\0')
		(void)snprintf(q->unknown_name, sizeof q->unknown_name, "%.*s", SLICE_FMT(name));
}

/* What the local part, the HELO name or the sender decides, no report can repeat. */
static bool depends_on_sender(struct slice term)
{
	static const char *const macros[] = { "%{s", "%{l", "%{h", "%{o" };

	for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
		if (slice_find_fold(term, slice_of(macros[i])) != SIZE_MAX)
			return true;
	}
	return false;
}

/* What the wished record says of an address; what is no address it cannot know. */
static enum spf_result wished_spf(struct query_whatif *q, int64_t source, struct slice bytes)
{
	struct spf_query ask = { .domain = slice_of(q->domain) };
	struct spf_verdict v;

	if (q->source == source)
		return q->spf;
	q->source = source;
	q->spf = SPF_UNKNOWN;
	if (!ip_from_bytes(bytes, &ask.ip) || depends_on_sender(q->overlay.record.text))
		return q->spf;
	spf_check(&q->overlay.view, &ask, &v);
	if (v.result == SPF_UNKNOWN)
		note_unknown(q, slice_of(v.name));
	q->spf = v.result;
	return q->spf;
}

static enum whatif_exists exists(struct query_whatif *q, struct slice name)
{
	struct dns_answer a;

	if (slice_absent(name) || slice_equal(name, slice_of(q->domain)))
		return WHATIF_EXISTS;
	if (!dns_name_valid(name))
		return WHATIF_MISSING;
	dns_find(dns_set_view(q->dns), name, DNS_TXT, &a);
	if (a.status == DNS_NXDOMAIN && slice_absent(a.alias))
		return WHATIF_MISSING;
	if (a.status == DNS_UNKNOWN || a.status == DNS_FAILED)
		return WHATIF_NOT_ASKED;
	return WHATIF_EXISTS;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The key form in `room`, absent where it is no name. */
static struct slice key_of(struct slice sent, char room[DOMAIN_KEY_MAX])
{
	size_t len;

	if (slice_absent(sent) || !domain_key(sent, room, &len))
		return SLICE_ABSENT;
	return slice_from(room, len);
}

static int read_auth(struct query_whatif *q, int64_t detail, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	q->auth_len = 0;
	if (sql_get(q->store, STMT_WHATIF_AUTH, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, detail);
	while ((more = sql_step(q->store, stmt, "cannot read results", err)) > 0) {
		const size_t at = q->auth_len;

		if (at == AUTH_MAX)
			continue;
		q->auth[at] = (struct whatif_auth){
			.kind = (enum report_auth_kind)sqlite3_column_int(stmt, 0),
			.domain = key_of(sql_text(stmt, 1), q->names[at]),
			.result = (uint8_t)sqlite3_column_int(stmt, 2),
			.scope = (uint8_t)sqlite3_column_int(stmt, 3)
		};
		q->auth_len++;
	}
	return more;
}

/* The group of the row, which follows the one before. */
static struct group *group_of(
	struct query_whatif *q, int64_t id, struct slice name, struct err *err)
{
	struct group *g = q->groups_len > 0 ? &q->groups[q->groups_len - 1] : NULL;

	if (g != NULL && g->id == id)
		return g;
	if (q->groups == NULL || q->groups_len == q->groups_cap) {
		size_t cap = q->groups_cap > 0 ? 2 * q->groups_cap : 64;
		struct group *more =
			q->groups_cap < GROUPS_MAX ? realloc(q->groups, cap * sizeof *more) : NULL;

		if (more == NULL) {
			err_set(err, ERR_SHORTAGE, "no memory for the sources of %s", q->domain);
			return NULL;
		}
		q->groups = more;
		q->groups_cap = cap;
	}
	g = &q->groups[q->groups_len++];
	*g = (struct group){ .id = id };
	(void)snprintf(g->name, sizeof g->name, "%.*s", SLICE_FMT(name));
	return g;
}

static int take_row(struct query_whatif *q, sqlite3_stmt *stmt, struct err *err)
{
	static const struct whatif_wish nothing = { 0 };
	char from[DOMAIN_KEY_MAX], envelope[DOMAIN_KEY_MAX];
	struct group *g = group_of(q, sqlite3_column_int64(stmt, 0), sql_text(stmt, 1), err);
	struct whatif_row row = { .domain = slice_of(q->domain),
		.from = key_of(sql_text(stmt, 5), from),
		.envelope_from = key_of(sql_text(stmt, 6), envelope),
		.dkim = (uint8_t)sqlite3_column_int(stmt, 7),
		.spf = (uint8_t)sqlite3_column_int(stmt, 8),
		.p = (uint8_t)sqlite3_column_int(stmt, 9),
		.sp = (uint8_t)sqlite3_column_int(stmt, 10),
		.np = (uint8_t)sqlite3_column_int(stmt, 11),
		.adkim = (uint8_t)sqlite3_column_int(stmt, 12),
		.aspf = (uint8_t)sqlite3_column_int(stmt, 13),
		.testing = (uint8_t)sqlite3_column_int(stmt, 14),
		.auth = q->auth };
	const int64_t messages = sqlite3_column_int64(stmt, 15);
	struct whatif_fate before, after;

	if (g == NULL || read_auth(q, sqlite3_column_int64(stmt, 4), err) < 0)
		return -1;
	row.auth_len = q->auth_len;
	row.exists = exists(q, row.from);
	if (q->wish->wish.spf)
		row.wished_spf = wished_spf(q, sqlite3_column_int64(stmt, 2), sql_blob(stmt, 3));
	whatif_judge(&row, &nothing, &before);
	whatif_judge(&row, &q->wish->wish, &after);
	whatif_add(&g->sum, &before, &after, sqlite3_column_int(stmt, 18) != 0, messages);
	if (after.action == WHATIF_UNKNOWN && row.exists == WHATIF_NOT_ASKED)
		note_unknown(q, row.from);
	g->acted_on += sqlite3_column_int64(stmt, 16);
	g->classes[sqlite3_column_int(stmt, 17) & 3] += messages;
	return 0;
}

static int read_rows(struct query_whatif *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int more, rc = 0;

	if (sql_get(q->store, STMT_OWN_DOMAIN, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, slice_of(q->domain));
	more = sql_step(q->store, stmt, "cannot look up a domain", err);
	if (more <= 0)
		return more;
	q->id = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	if (sql_get(q->store, STMT_WHATIF_ROWS, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, q->id);
	(void)sqlite3_bind_int(stmt, 2, q->meta.from);
	(void)sqlite3_bind_int(stmt, 3, q->meta.to);
	while (rc == 0 && (more = sql_step(q->store, stmt, "cannot read records", err)) > 0)
		rc = take_row(q, stmt, err);
	(void)sqlite3_reset(stmt);
	return rc < 0 || more < 0 ? -1 : 0;
}

/* Those that lose most first. */
static int by_loss(const void *a, const void *b)
{
	const struct whatif_sum *x = &((const struct group *)a)->sum;
	const struct whatif_sum *y = &((const struct group *)b)->sum;
	const int64_t keys[][2] = { { x->newly_acted_on, y->newly_acted_on },
		{ x->actions_after[WHATIF_REJECT] - x->actions_before[WHATIF_REJECT],
			y->actions_after[WHATIF_REJECT] - y->actions_before[WHATIF_REJECT] },
		{ x->newly_failing, y->newly_failing }, { x->unknown, y->unknown },
		{ x->newly_passing, y->newly_passing }, { x->messages, y->messages },
		{ ((const struct group *)b)->id, ((const struct group *)a)->id } };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (keys[i][0] != keys[i][1])
			return keys[i][0] > keys[i][1] ? -1 : 1;
	}
	return 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int gather(void *arg, const struct query_meta *meta, struct err *err)
{
	struct query_whatif *q = arg;

	q->meta = *meta;
	if (read_dns(q, err) < 0)
		return -1;
	return meta->has_window ? read_rows(q, err) : 0;
}

static int answer(struct query_whatif *q, const struct query_filter *wish, struct err *err)
{
	const struct query_ground ground = { q->store, "whatif", q->domain, wish, gather, q };

	if (query_on_ground(&ground, err) < 0)
		return -1;
	if (q->groups_len > 0)
		qsort(q->groups, q->groups_len, sizeof *q->groups, by_loss);
	return 0;
}

int query_whatif_open(struct query_whatif **ret, struct store *st, struct slice domain,
	const struct query_whatif_wish *wish, const struct query_filter *filter, struct err *err)
{
	struct query_whatif *q = calloc(1, sizeof *q);
	struct err_quote quote;
	size_t len;

	if (q == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	q->store = st;
	q->wish = wish;
	if (!domain_key(domain, q->domain, &len))
		err_set(err, ERR_USAGE, "%s is no domain name", err_quote(&quote, domain));
	else if (answer(q, filter, err) == 0) {
		*ret = q;
		return 0;
	}
	query_whatif_close(q);
	return -1;
}

void query_whatif_close(struct query_whatif *q)
{
	if (q == NULL)
		return;
	dns_set_close(q->dns);
	free(q->groups);
	free(q);
}

const struct query_meta *query_whatif_meta(const struct query_whatif *q)
{
	return &q->meta;
}

/* ---- rows out -------------------------------------------------------------------------------- */

/* A row of totals is read downwards and has room for every title; a table has not. */
#define T_1(en, es) en, es
#define T_0(en, es) NULL, NULL
#define SUM_COLUMNS(all)                                                                           \
	{ "messages", COLUMN_INT, "Messages", "Mensajes" },                                        \
		{ "pass_before", COLUMN_INT, "Pass now", "Superan ahora" },                        \
		{ "pass_after", COLUMN_INT, "Pass then", "Superarían" },                           \
		{ "fail_before", COLUMN_INT, T_##all("Fail now", "Fallan ahora") },                \
		{ "fail_after", COLUMN_INT, T_##all("Fail then", "Fallarían") },                   \
		{ "newly_failing", COLUMN_INT, "Newly failing", "Dejarían de superar" },           \
		{ "newly_passing", COLUMN_INT, "Newly passing", "Pasarían a superar" },            \
		{ "acted_on", COLUMN_INT,                                                          \
			T_##all("Acted on, as reported", "Con acción, según informes") },          \
		{ "quarantine_before", COLUMN_INT,                                                 \
			T_##all("Quarantine asked for now", "Cuarentena pedida ahora") },          \
		{ "reject_before", COLUMN_INT,                                                     \
			T_##all("Rejection asked for now", "Rechazo pedido ahora") },              \
		{ "quarantine_after", COLUMN_INT, "Would be quarantined", "Irían a cuarentena" },  \
		{ "reject_after", COLUMN_INT, "Would be rejected", "Se rechazarían" },             \
		{ "newly_acted_on", COLUMN_INT, "Newly acted on", "Con acción nueva" },            \
		{ "no_longer_acted_on", COLUMN_INT,                                                \
			T_##all("No longer acted on", "Sin acción ya") },                          \
		{ "excused", COLUMN_INT,                                                           \
			T_##all("Excused by the receiver", "Exceptuados por el receptor") },       \
	{                                                                                          \
		"fate_unknown", COLUMN_INT, "Cannot be known", "No se puede saber"                 \
	}

static const struct column whatif_columns[] = {
	{ "domain", COLUMN_TEXT, "Domain", "Dominio" },
	SUM_COLUMNS(1),
	{ "unknown_name", COLUMN_TEXT, "Not asked in the DNS", "No consultado en el DNS" },
	{ "asked", COLUMN_TIME, "DNS asked", "DNS consultado" },
};

static const struct column sources_columns[] = {
	{ "id", COLUMN_INT, "Id", "Id" },
	{ "name", COLUMN_TEXT, "Name", "Nombre" },
	{ "class", COLUMN_TEXT, "Class", "Clase" },
	SUM_COLUMNS(0),
};

#define LEN(array) (sizeof(array) / sizeof *(array))
#define SUMS       16

static void put_sum(struct value *to, const struct whatif_sum *s, int64_t acted_on)
{
	const int64_t numbers[SUMS] = { s->messages, s->verdicts_before[REPORT_VERDICT_PASS],
		s->verdicts_after[REPORT_VERDICT_PASS], s->verdicts_before[REPORT_VERDICT_FAIL],
		s->verdicts_after[REPORT_VERDICT_FAIL], s->newly_failing, s->newly_passing,
		acted_on, s->actions_before[WHATIF_QUARANTINE], s->actions_before[WHATIF_REJECT],
		s->actions_after[WHATIF_QUARANTINE], s->actions_after[WHATIF_REJECT],
		s->newly_acted_on, s->no_longer_acted_on, s->excused, s->unknown };

	for (size_t i = 0; i < SUMS; i++)
		to[i] = (struct value){ .number = numbers[i] };
}

static void add_sum(struct whatif_sum *to, const struct whatif_sum *s)
{
	to->messages += s->messages;
	for (int i = 0; i < REPORT_VERDICT_COUNT; i++) {
		to->verdicts_before[i] += s->verdicts_before[i];
		to->verdicts_after[i] += s->verdicts_after[i];
	}
	for (int i = 0; i <= WHATIF_UNKNOWN; i++) {
		to->actions_before[i] += s->actions_before[i];
		to->actions_after[i] += s->actions_after[i];
	}
	to->newly_failing += s->newly_failing;
	to->newly_passing += s->newly_passing;
	to->newly_acted_on += s->newly_acted_on;
	to->no_longer_acted_on += s->no_longer_acted_on;
	to->excused += s->excused;
	to->unknown += s->unknown;
}

static struct value text_value(struct slice s)
{
	return (struct value){ .null = s.len == 0, .text = s };
}

static enum class most_of(const struct group *g) {
	enum class most = CLASS_YOURS;

		for (int i = 0; i < CLASS_COUNT; i++){
			if (g->classes[i] > g->classes[most]) most = (enum class)i;
}
return most;
}

static void put_totals(const struct query_whatif *q, struct emit *e)
{
	struct value row[LEN(whatif_columns)];
	struct whatif_sum sum = { 0 };
	int64_t acted_on = 0;

	for (size_t i = 0; i < q->groups_len; i++) {
		add_sum(&sum, &q->groups[i].sum);
		acted_on += q->groups[i].acted_on;
	}
	row[0] = text_value(slice_of(q->domain));
	put_sum(&row[1], &sum, acted_on);
	row[1 + SUMS] = text_value(slice_of(q->unknown_name));
	row[2 + SUMS] = (struct value){ .null = q->asked == 0, .number = q->asked };
	emit_set(e, "what_if", whatif_columns, LEN(whatif_columns), true);
	emit_row(e, row);
}

int query_whatif_rows(struct query_whatif *q, struct emit *e, struct err *err)
{
	(void)err;
	put_totals(q, e);
	emit_set(e, "sources", sources_columns, LEN(sources_columns), false);
	for (size_t i = 0; i < q->groups_len; i++) {
		const struct group *g = &q->groups[i];
		struct value row[LEN(sources_columns)];

		row[0] = (struct value){ .null = g->id == 0, .number = g->id };
		row[1] = text_value(slice_of(g->name));
		row[2] = (struct value){ .text = slice_of(class_names[most_of(g)]) };
		put_sum(&row[3], &g->sum, g->acted_on);
		emit_row(e, row);
	}
	return 0;
}

const char *query_whatif_sets(size_t i, const struct column **columns, size_t *len)
{
	static const struct {
		const char *name;
		const struct column *columns;
		size_t len;
	} sets[] = {
		{ "what_if", whatif_columns, LEN(whatif_columns) },
		{ "sources", sources_columns, LEN(sources_columns) },
	};

	if (i >= LEN(sets))
		return NULL;
	*columns = sets[i].columns;
	*len = sets[i].len;
	return sets[i].name;
}
