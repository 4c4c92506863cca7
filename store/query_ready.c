#include "store/query_ready.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/base/day.h"
#include "store/query_ground.h"
#include "store/dns_fact.h"
#include "store/dns_seen.h"
#include "store/judge/class.h"
#include "store/judge/dns/suggest.h"
#include "store/query_parts.h"

/* Data that end earlier are old: the window does not follow them. */
#define LATE_DAYS 7
/* How far back it is told since when a policy is in force. */
#define POLICY_DAYS      365
#define RECORD_BYTES_MAX 16384
#define TEXT_BYTES_MAX   4096

enum record_from {
	FROM_NOWHERE,
	FROM_REPORTS,
	FROM_DNS,
};
static const char *const record_from_names[] = { "none", "reports", "dns" };

struct query_ready {
	struct store *store;
	struct readiness_facts facts;
	struct readiness verdict;
	char domain[DOMAIN_KEY_MAX], record_name[DOMAIN_KEY_MAX];
	int64_t id;
	char rua[TEXT_KEEP + 1];
	struct query_meta meta;
	int32_t from, to, today;
	bool verified_only; /* some reports are verified: the others do not count */
	int64_t asked;      /* the DNS, 0 never */
	enum record_from record_from;
	bool inherited; /* the record is of a domain above */
	struct buf records[QUERY_READY_RECORD_COUNT];
	struct buf text;
};

/* ---- the domain and its reports -------------------------------------------------------------- */

static int read_domain(struct query_ready *q, struct err *err)
{
	sqlite3_stmt *stmt;
	struct slice rua;
	int more;

	if (sql_get(q->store, STMT_OWN_DOMAIN, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, slice_of(q->domain));
	more = sql_step(q->store, stmt, "cannot look up a domain", err);
	if (more <= 0)
		return more;
	q->id = sqlite3_column_int64(stmt, 0);
	q->facts.parked = sqlite3_column_int(stmt, 1) != 0;
	rua = sql_text(stmt, 2);
	if (rua.len > 0 && rua.len < sizeof q->rua)
		memcpy(q->rua, rua.ptr, rua.len);
	(void)sqlite3_reset(stmt);
	return 0;
}

static int bind_window(
	struct query_ready *q, enum stmt id, int32_t from, sqlite3_stmt **ret, struct err *err)
{
	if (sql_get(q->store, id, ret, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(*ret, 1, q->id);
	(void)sqlite3_bind_int(*ret, 2, from);
	(void)sqlite3_bind_int(*ret, 3, q->to);
	if (sqlite3_bind_parameter_count(*ret) > 3)
		(void)sqlite3_bind_int(*ret, 4, q->verified_only);
	return 0;
}

static int read_span(struct query_ready *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int64_t all, verified;

	if (bind_window(q, STMT_READY_SPAN, q->from, &stmt, err) < 0 ||
		sql_step(q->store, stmt, "cannot count days", err) < 0)
		return -1;
	all = sqlite3_column_int64(stmt, 2);
	verified = sqlite3_column_int64(stmt, 3);
	q->verified_only = verified > 0 && verified < all;
	q->facts.days = sqlite3_column_int(stmt, q->verified_only ? 1 : 0);
	q->facts.long_enough = sqlite3_column_type(stmt, 4) != SQLITE_NULL &&
			       sqlite3_column_int(stmt, 4) <= q->to - READINESS_LONG_DAYS + 1;
	(void)sqlite3_reset(stmt);
	return 0;
}

static int read_reporters(struct query_ready *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (bind_window(q, STMT_READY_REPORTERS, q->from, &stmt, err) < 0)
		return -1;
	while ((more = sql_step(q->store, stmt, "cannot read reporters", err)) > 0) {
		q->facts.reporters++;
		if (readiness_is_large(sql_text(stmt, 0)))
			q->facts.large_reporter = true;
	}
	return more;
}

static int read_long(struct query_ready *q, struct err *err)
{
	sqlite3_stmt *stmt;
	int64_t services;

	if (sql_get(q->store, STMT_READY_LONG, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, q->id);
	(void)sqlite3_bind_int(stmt, 2, q->to - READINESS_LONG_DAYS);
	if (sql_step(q->store, stmt, "cannot count services", err) < 0)
		return -1;
	q->facts.own_long = sqlite3_column_int64(stmt, 0);
	services = sqlite3_column_int64(stmt, 1);
	q->facts.services_seen = services > 0 && sqlite3_column_int64(stmt, 2) == services;
	(void)sqlite3_reset(stmt);
	return 0;
}

static int read_answer(
	struct query_ready *q, const char *question, enum readiness_answer *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(q->store, STMT_ANSWER_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, q->id);
	sql_bind_text(stmt, 2, slice_of(question));
	more = sql_step(q->store, stmt, "cannot read an answer", err);
	if (more > 0)
		*ret = slice_equal(sql_text(stmt, 0), SLICE_LIT("yes")) ? READINESS_YES
									: READINESS_NO;
	(void)sqlite3_reset(stmt);
	return more < 0 ? -1 : 0;
}

/* ---- the source groups ----------------------------------------------------------------------- */

static void read_group(struct query_ready *q, sqlite3_stmt *stmt)
{
	const struct readiness_source s = { .id = sqlite3_column_int64(stmt, 0),
		.name = sqlite3_column_type(stmt, 1) == SQLITE_NULL ? SLICE_LIT("?")
								    : sql_text(stmt, 1),
		.own = sqlite3_column_int64(stmt, 2),
		.own_pass = sqlite3_column_int64(stmt, 3),
		.own_dkim = sqlite3_column_int64(stmt, 4),
		.own_spf_only = sqlite3_column_int64(stmt, 5),
		.undecided = sqlite3_column_int64(stmt, 6),
		.affected = sqlite3_column_int64(stmt, 7),
		.days_old = sqlite3_column_type(stmt, 8) == SQLITE_NULL
				    ? -1
				    : sqlite3_column_int(stmt, 8) };
	struct readiness_source named = s;

	/* Not grouped yet, while an ingest runs: still worth a name. */
	if (named.id == 0)
		named.id = -1;
	readiness_add(&q->facts, &named);
}

static int read_groups(struct query_ready *q, struct err *err)
{
	sqlite3_stmt *stmt;
	char domains[32];
	int more;

	if (sql_get(q->store, q->verified_only ? STMT_READY_GROUPS_VERIFIED : STMT_READY_GROUPS,
		    &stmt, err) < 0)
		return -1;
	(void)snprintf(domains, sizeof domains, "[%" PRId64 "]", q->id);
	sql_bind_text(stmt, sqlite3_bind_parameter_index(stmt, ":domains"), slice_of(domains));
	query_bind_int(stmt, ":from", q->from);
	query_bind_int(stmt, ":to", q->to);
	query_bind_int(stmt, ":provisional", CLASS_BY_PROVISIONAL);
	query_bind_int(stmt, ":verified", 1);
	query_bind_int(stmt, ":without_twins", 0);
	while ((more = sql_step(q->store, stmt, "cannot add messages up", err)) > 0)
		read_group(q, stmt);
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt); /* they point into domains */
	return more;
}

/* ---- the policy ------------------------------------------------------------------------------ */

static enum dmarc_policy policy_of(int word)
{
	return word == REPORT_POLICY_REJECT       ? DMARC_REJECT
	       : word == REPORT_POLICY_QUARANTINE ? DMARC_QUARANTINE
						  : DMARC_NONE;
}

static void add_word(struct buf *to, const char *tag, const struct vocabulary *words, int word)
{
	if (word >= 2 && word < words->count)
		buf_printf(to, "; %s=%s", tag, words->names[word]);
}

/* What reporters saw; the addresses are not in it. */
static int policy_from_reports(struct query_ready *q, struct err *err)
{
	struct buf *to = &q->records[QUERY_READY_NOW];
	sqlite3_stmt *stmt;
	struct slice pct;
	int more;

	if (bind_window(q, STMT_READY_POLICY, q->to - POLICY_DAYS, &stmt, err) < 0)
		return -1;
	more = sql_step(q->store, stmt, "cannot read the policy", err);
	if (more <= 0)
		return more;
	q->record_from = FROM_REPORTS;
	q->facts.policy = policy_of(sqlite3_column_int(stmt, 0));
	pct = sql_text(stmt, 6);
	q->facts.testing = sqlite3_column_int(stmt, 5) == REPORT_TESTING_YES ||
			   (pct.len > 0 && !slice_equal(pct, SLICE_LIT("100")));
	buf_printf(to, "v=DMARC1; p=%s", dmarc_policy_names[q->facts.policy]);
	add_word(to, "sp", &report_policy_words, sqlite3_column_int(stmt, 1));
	add_word(to, "np", &report_policy_words, sqlite3_column_int(stmt, 2));
	if (sqlite3_column_int(stmt, 3) == REPORT_ALIGNMENT_STRICT)
		buf_add_text(to, "; adkim=s");
	if (sqlite3_column_int(stmt, 4) == REPORT_ALIGNMENT_STRICT)
		buf_add_text(to, "; aspf=s");
	if (q->rua[0] != '\0')
		buf_printf(to, "; rua=mailto:%s", q->rua);
	if (pct.len > 0)
		buf_printf(to, "; pct=%.*s", SLICE_FMT(pct));
	if (sqlite3_column_int(stmt, 5) == REPORT_TESTING_YES)
		buf_add_text(to, "; t=y");
	(void)sqlite3_reset(stmt);
	return 0;
}

static int read_enforced(struct query_ready *q, struct err *err)
{
	sqlite3_stmt *stmt;

	if (bind_window(q, STMT_READY_ENFORCED, q->to - POLICY_DAYS, &stmt, err) < 0 ||
		sql_step(q->store, stmt, "cannot tell since when a policy is in force", err) < 0)
		return -1;
	if (sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		q->facts.enforced_days = q->to - sqlite3_column_int(stmt, 0) + 1;
	(void)sqlite3_reset(stmt);
	return 0;
}

/* True: the DNS told what there is, even if that is nothing. */
static bool policy_from_dns(struct query_ready *q, struct dns_view *view)
{
	struct dmarc_found found;
	struct dmarc_record r;

	dmarc_find(view, slice_of(q->domain), DMARC_TREE_WALK, &found);
	if (found.status == DNS_NXDOMAIN)
		return true;
	if (found.status != DNS_FOUND)
		return false;
	dmarc_parse(found.record->text, &r);
	q->record_from = FROM_DNS;
	q->inherited = found.inherited;
	q->facts.policy = dmarc_effective(&r, found.inherited ? DMARC_SUBDOMAIN : DMARC_SELF);
	q->facts.testing = r.testing || (r.pct >= 0 && r.pct < 100);
	buf_add(&q->records[QUERY_READY_NOW], found.record->text);
	return true;
}

/* ---- the record checker ---------------------------------------------------------------------- */

static bool in_use(const struct dns_facts *facts, struct slice name)
{
	for (size_t i = 0; i < facts->selectors_len; i++) {
		struct slice selector = facts->selectors[i].selector;

		if (facts->selectors[i].recent > 0 && name.len > selector.len &&
			slice_starts_fold(name, selector) && name.ptr[selector.len] == '.')
			return true;
	}
	return false;
}

static void count_errors(
	struct query_ready *q, const struct dns_findings *found, const struct dns_facts *facts)
{
	struct readiness_facts *f = &q->facts;

	for (size_t i = 0; i < dns_findings_count(found); i++) {
		const struct dns_finding *one = dns_findings_get(found, i);
		const char *id = dns_rules[one->rule].id;

		if (one->severity != DNS_ERROR || id[0] == 'X' ||
			(id[0] == 'K' && !in_use(facts, one->name)))
			continue;
		if (f->dns_errors++ == 0)
			(void)snprintf(f->dns_rule, sizeof f->dns_rule, "%s", id);
	}
}

static int check_records(
	struct query_ready *q, struct dns_set *set, struct dns_findings *found, struct err *err)
{
	struct dns_view *view = dns_set_view(set);
	struct dns_seen *seen = NULL;
	int rc = dns_seen_open(&seen, q->store, slice_of(q->domain), q->today, err);

	if (rc == 0)
		rc = dns_seen_join(seen, view, err);
	if (rc == 0)
		rc = dns_check(view, dns_seen_facts(seen), found, err);
	if (rc == 0) {
		q->facts.dns_known = true;
		count_errors(q, found, dns_seen_facts(seen));
	}
	dns_seen_close(seen);
	return rc;
}

static int read_dns(struct query_ready *q, struct err *err)
{
	struct dns_findings *found = NULL;
	struct dns_set *set = NULL;
	bool told = false;
	int known = -1;

	if (dns_set_open(&set, DNS_SET_BYTES_MAX, err) < 0 || dns_findings_open(&found, err) < 0)
		goto out;
	known = dns_fact_load(q->store, slice_of(q->domain), set, &q->asked, err);
	if (known > 0) {
		told = policy_from_dns(q, dns_set_view(set));
		known = check_records(q, set, found, err);
	}
	if (known >= 0 && !told)
		known = policy_from_reports(q, err);
out:
	dns_findings_close(found);
	dns_set_close(set);
	return known;
}

/* ---- records to publish ---------------------------------------------------------------------- */

static void suggest(struct query_ready *q, enum query_ready_record which, enum dmarc_policy p)
{
	const struct dmarc_wish wish = { .record = buf_slice(&q->records[QUERY_READY_NOW]),
		.p = p,
		.drop_sp = q->inherited,
		.report_address = q->rua[0] != '\0' ? slice_of(q->rua) : SLICE_ABSENT };

	dmarc_suggest(&wish, &q->records[which]);
}

static void make_records(struct query_ready *q)
{
	const enum dmarc_policy now = q->facts.policy;
	const enum readiness_verdict_id v = q->verdict.verdict;

	if (v != READINESS_ENFORCED && v != READINESS_REGRESSED &&
		(q->verdict.step > now || q->facts.testing)) {
		suggest(q, QUERY_READY_NEXT, q->verdict.step);
		/* What is inherited comes back when the domain's own record goes. */
		if (!q->inherited)
			buf_add(&q->records[QUERY_READY_BACK],
				buf_slice(&q->records[QUERY_READY_NOW]));
	} else if (now >= DMARC_QUARANTINE) {
		suggest(q, QUERY_READY_BACK, now == DMARC_REJECT ? DMARC_QUARANTINE : DMARC_NONE);
	}
}

/* ---- opening --------------------------------------------------------------------------------- */

static void set_window(struct query_ready *q, const struct query_meta *meta)
{
	int32_t to = meta->has_data_through ? meta->data_through : q->today - 1;

	to = to > q->today ? q->today : to < q->today - LATE_DAYS ? q->today - LATE_DAYS : to;
	q->to = to;
	q->from = to - READINESS_DAYS + 1;
}

static int gather(void *arg, const struct query_meta *meta, struct err *err)
{
	struct query_ready *q = arg;

	q->meta = *meta;
	set_window(q, &q->meta);
	q->meta.from = q->from;
	q->meta.to = q->to;
	if (read_domain(q, err) < 0 || read_span(q, err) < 0 || read_reporters(q, err) < 0 ||
		read_long(q, err) < 0 || read_groups(q, err) < 0 ||
		read_answer(q, "rare_senders", &q->facts.rare_senders, err) < 0 ||
		read_answer(q, "mailing_lists", &q->facts.mailing_lists, err) < 0 ||
		read_dns(q, err) < 0 || read_enforced(q, err) < 0)
		return -1;
	readiness_judge(&q->facts, &q->verdict);
	make_records(q);
	for (int i = 0; i < QUERY_READY_RECORD_COUNT; i++) {
		if (buf_failed(&q->records[i]))
			return err_set(err, ERR_SHORTAGE, "no memory for a record");
	}
	return 0;
}

/*
 * The summary is opened for what it stands on: the name, the day the data reach, one snapshot. How
 * far they reach is asked of verified reports first: a flood of others must not hold the window back.
 */
static int open_summary(
	struct query **ret, struct query_ready *q, struct query_filter *filter, struct err *err)
{
	for (int verified = 1; verified >= 0; verified--) {
		query_filter_init(filter);
		filter->verified_only = verified != 0;
		if (query_filter_set(filter, QUERY_SUMMARY, SLICE_LIT("domain"),
			    slice_of(q->domain), err) < 0 ||
			query_open(ret, q->store, QUERY_SUMMARY, filter, err) < 0)
			return -1;
		if (verified == 0 || query_meta(*ret)->has_data_through)
			break;
		query_close(*ret);
		*ret = NULL;
	}
	return 0;
}

static int answer(struct query_ready *q, struct err *err)
{
	const struct query_ground ground = { .store = q->store,
		.what = "readiness",
		.domain = q->domain,
		.gather = gather,
		.arg = q };
	struct query_filter *filter = calloc(1, sizeof *filter);
	struct query *summary = NULL;
	int rc;

	if (filter == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	rc = open_summary(&summary, q, filter, err);
	if (rc == 0)
		rc = query_in_time(&ground, query_meta(summary), err);
	query_close(summary);
	free(filter);
	return rc;
}

int query_ready_open(struct query_ready **ret, struct store *st, struct slice domain, int32_t today,
	struct err *err)
{
	struct query_ready *q = calloc(1, sizeof *q);
	struct err_quote quote;
	size_t len;

	if (q == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	q->store = st;
	q->today = today;
	readiness_init(&q->facts);
	for (int i = 0; i < QUERY_READY_RECORD_COUNT; i++)
		buf_init(&q->records[i], RECORD_BYTES_MAX);
	buf_init(&q->text, (size_t)READINESS_COUNT * TEXT_BYTES_MAX);
	if (!domain_key(domain, q->domain, &len) ||
		slice_absent(dns_name_under("_dmarc", slice_of(q->domain), q->record_name)))
		err_set(err, ERR_USAGE, "%s is no domain name", err_quote(&quote, domain));
	else if (answer(q, err) == 0) {
		*ret = q;
		return 0;
	}
	query_ready_close(q);
	return -1;
}

void query_ready_close(struct query_ready *q)
{
	if (q == NULL)
		return;
	for (int i = 0; i < QUERY_READY_RECORD_COUNT; i++)
		buf_release(&q->records[i]);
	buf_release(&q->text);
	free(q);
}

const struct readiness_facts *query_ready_facts(const struct query_ready *q)
{
	return &q->facts;
}

const struct readiness *query_ready_verdict(const struct query_ready *q)
{
	return &q->verdict;
}

int64_t query_ready_domain(const struct query_ready *q)
{
	return q->id;
}

int query_ready_published(const struct query_ready *q)
{
	return q->record_from == FROM_DNS ? (int)q->facts.policy : -1;
}

const struct query_meta *query_ready_meta(const struct query_ready *q)
{
	return &q->meta;
}

struct slice query_ready_record(const struct query_ready *q, enum query_ready_record which)
{
	const struct buf *b = &q->records[which];

	return b->len > 0 ? buf_slice(b) : SLICE_ABSENT;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct column ready_columns[] = {
	{ "domain", COLUMN_TEXT, "Domain", "Dominio" },
	{ "verdict", COLUMN_TEXT, "Verdict", "Veredicto" },
	{ "sentence", COLUMN_TEXT, "In one sentence", "En una frase" },
	{ "policy", COLUMN_TEXT, "Policy now", "Política actual" },
	{ "step", COLUMN_TEXT, "Step", "Paso" },
	{ "record_name", COLUMN_TEXT, "Name of the record", "Nombre del registro" },
	{ "record", COLUMN_TEXT, "Record now", "Registro actual" },
	{ "record_from", COLUMN_TEXT, "Known from", "Se sabe por" },
	{ "next_record", COLUMN_TEXT, "Next record", "Registro siguiente" },
	{ "back_record", COLUMN_TEXT, "To go back", "Para volver atrás" },
	{ "note", COLUMN_TEXT, "Note", "Nota" },
	{ "from", COLUMN_DAY, "From", "Desde" },
	{ "to", COLUMN_DAY, "To", "Hasta" },
	{ "days", COLUMN_INT, "Days with reports", "Días con informes" },
	{ "own_messages", COLUMN_INT, "Yours", "Propios" },
	{ "own_pass", COLUMN_INT, "Yours that pass", "Propios que superan" },
	{ "own_pass_ratio", COLUMN_RATIO, "Own-mail pass", "Correo propio que supera" },
	{ "undecided_messages", COLUMN_INT, "To decide", "Por decidir" },
	{ "affected_messages", COLUMN_INT, "Would be affected", "Quedarían afectados" },
	{ "verified_only", COLUMN_BOOL, "Verified reports only", "Solo informes verificados" },
	{ "dns_asked", COLUMN_TIME, "DNS asked", "DNS consultado" },
};

static const struct column check_columns[] = {
	{ "check_id", COLUMN_TEXT, "Check", "Comprobación" },
	{ "state", COLUMN_TEXT, "State", "Estado" },
	{ "title", COLUMN_TEXT, NULL, NULL },
	{ "text", COLUMN_TEXT, "Found", "Resultado" },
	{ "value", COLUMN_RATIO, NULL, NULL },
	{ "threshold", COLUMN_RATIO, NULL, NULL },
	{ "unit", COLUMN_TEXT, NULL, NULL },
	{ "source_group", COLUMN_INT, NULL, NULL },
	{ "source_name", COLUMN_TEXT, NULL, NULL },
};

static const struct column affected_columns[] = {
	{ "source_group", COLUMN_INT, "Source", "Origen" },
	{ "name", COLUMN_TEXT, "Name", "Nombre" },
	{ "messages", COLUMN_INT, "Would be affected", "Quedarían afectados" },
};

#define LEN(array) (sizeof(array) / sizeof *(array))

static struct value text_value(struct slice s)
{
	return (struct value){ .null = slice_absent(s), .text = s };
}

static struct value number_value(int64_t n)
{
	return (struct value){ .number = n };
}

static struct value id_value(int64_t id)
{
	return (struct value){ .null = id <= 0, .number = id };
}

/* Records without addresses are worse than what else there is to know: they are copied. */
static struct slice note_of(const struct query_ready *q, enum dns_language l)
{
	const bool suggests =
		q->records[QUERY_READY_NEXT].len > 0 || q->records[QUERY_READY_BACK].len > 0;

	if (suggests && q->record_from != FROM_DNS && q->rua[0] == '\0')
		return slice_of(readiness_note(READINESS_NOTE_RUA, l));
	return q->facts.testing ? slice_of(readiness_note(READINESS_NOTE_TESTING, l))
				: SLICE_ABSENT;
}

static void put_ready(struct query_ready *q, struct emit *e, enum dns_language l)
{
	const struct readiness_facts *f = &q->facts;
	const struct readiness *r = &q->verdict;
	const bool owns = f->own > 0;

	buf_clear(&q->text);
	readiness_sentence(r, l, &q->text);
	emit_set(e, "ready", ready_columns, LEN(ready_columns), true);
	emit_row(e,
		(const struct value[]){ text_value(slice_of(q->domain)),
			text_value(slice_of(readiness_verdict_names[r->verdict])),
			text_value(buf_slice(&q->text)),
			text_value(r->now == DMARC_ABSENT ? SLICE_ABSENT
							  : slice_of(dmarc_policy_names[r->now])),
			text_value(slice_of(dmarc_policy_names[r->step])),
			text_value(slice_of(q->record_name)),
			text_value(query_ready_record(q, QUERY_READY_NOW)),
			text_value(slice_of(record_from_names[q->record_from])),
			text_value(query_ready_record(q, QUERY_READY_NEXT)),
			text_value(query_ready_record(q, QUERY_READY_BACK)),
			text_value(note_of(q, l)), number_value(q->from), number_value(q->to),
			number_value(f->days), number_value(f->own), number_value(f->own_pass),
			{ .null = !owns, .ratio = owns ? (double)f->own_pass / (double)f->own : 0 },
			number_value(f->undecided), number_value(f->affected),
			number_value(q->verified_only),
			{ .null = q->asked == 0, .number = q->asked } });
}

static void put_check(
	struct query_ready *q, struct emit *e, enum readiness_id id, enum dns_language l)
{
	const struct readiness_check *c = &q->verdict.checks[id];

	buf_clear(&q->text);
	readiness_text(&q->verdict, id, l, &q->text);
	emit_row(
		e, (const struct value[]){ text_value(slice_of(readiness_id_name(id))),
			   text_value(slice_of(readiness_state_names[c->state])),
			   text_value(slice_of(readiness_title(id, l))),
			   text_value(buf_slice(&q->text)),
			   { .null = !c->has_value, .ratio = c->value }, { .ratio = c->limit },
			   text_value(slice_of(readiness_unit_names[c->unit])), id_value(c->source),
			   text_value(c->name[0] != '\0' ? slice_of(c->name) : SLICE_ABSENT) });
}

int query_ready_rows(struct query_ready *q, struct emit *e, enum emit_lang lang, struct err *err)
{
	const enum dns_language l = lang == EMIT_ES ? DNS_ES : DNS_EN;
	const struct readiness_facts *f = &q->facts;

	put_ready(q, e, l);
	emit_set(e, "checks", check_columns, LEN(check_columns), false);
	for (unsigned i = 0; i < READINESS_COUNT; i++)
		put_check(q, e, (enum readiness_id)i, l);
	emit_set(e, "affected", affected_columns, LEN(affected_columns), false);
	for (size_t i = 0; i < f->affected_len; i++) {
		const struct readiness_kept *k = &f->affected_sources[i];

		emit_row(e, (const struct value[]){ id_value(k->id), text_value(slice_of(k->name)),
				    number_value(k->messages) });
	}
	return buf_failed(&q->text) ? err_set(err, ERR_SHORTAGE, "no memory for the answer") : 0;
}

const char *query_ready_set(size_t i, const struct column **columns, size_t *len)
{
	static const struct {
		const char *name;
		const struct column *columns;
		size_t len;
	} sets[] = {
		{ "ready", ready_columns, LEN(ready_columns) },
		{ "checks", check_columns, LEN(check_columns) },
		{ "affected", affected_columns, LEN(affected_columns) },
	};

	if (i >= LEN(sets))
		return NULL;
	*columns = sets[i].columns;
	*len = sets[i].len;
	return sets[i].name;
}
