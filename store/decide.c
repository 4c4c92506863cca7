#include <assert.h>
#include <stdio.h>

#include "store/assess_rows.h"

/*
 * The owner's words. Each is a row, an event, and the judgement of its domain anew, in one
 * transaction: what was said holds for all history at once, or not at all.
 */
struct word {
	const struct actor *by;
	int64_t event; /* what came of it; 0: nothing changed */
	/* a decision */
	int64_t group;
	int class; /* CLASS_TO_DECIDE: take it back */
	/* a setting */
	char domain_key[DOMAIN_KEY_MAX];
	struct slice domain, name, value;
	/* or an event to undo */
	int64_t undo;
};

static struct slice class_text(int class)
{
	return class >= 0 ? slice_of(class_names[class]) : SLICE_ABSENT;
}

static int class_number(struct slice text)
{
	for (int i = 0; i < CLASS_COUNT; i++) {
		if (slice_equal(text, slice_of(class_names[i])))
			return i;
	}
	return -1;
}

static int run_domain_text(struct store *st, enum stmt id, int64_t domain, struct slice text,
	int64_t third, int *changes, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, id, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	sql_bind_text(stmt, 2, text);
	if (sqlite3_bind_parameter_count(stmt) > 2)
		(void)sqlite3_bind_int64(stmt, 3, third);
	if (sql_run(st, stmt, "cannot keep what you said", err) < 0)
		return -1;
	if (changes != NULL)
		*changes = sqlite3_changes(st->db);
	return 0;
}

/* ---- decisions ------------------------------------------------------------------------------- */

/* class -1: none. */
static int set_decision(struct assess *a, int64_t domain, struct slice key, int class,
	int64_t event, struct err *err)
{
	sqlite3_stmt *stmt;

	if (class < 0)
		return run_domain_text(a->st, STMT_DECIDE_UNSET, domain, key, 0, NULL, err);
	if (sql_get(a->st, STMT_DECIDE_SET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	sql_bind_text(stmt, 2, key);
	(void)sqlite3_bind_int(stmt, 3, class);
	(void)sqlite3_bind_int64(stmt, 4, event);
	return sql_run(a->st, stmt, "cannot keep a decision", err);
}

static int decide_key(struct assess *a, struct word *w, int64_t domain, struct slice name,
	struct slice key, int before, int class, struct err *err)
{
	struct event e = { .type = "decision.set",
		.domain = name,
		.object = key,
		.before = class_text(before),
		.after = class_text(class),
		.who = w->by->who };

	if (before == class)
		return 0;
	if (event_add(a->st, &e, &w->event, err) < 0 ||
		set_decision(a, domain, key, class, w->event, err) < 0)
		return -1;
	return assess_domain(a, domain, err);
}

static int decide_group(struct assess *a, void *arg, struct err *err)
{
	struct word *w = arg;
	char key[GROUP_TEXT_MAX], name[DOMAIN_KEY_MAX];
	int64_t domain;
	sqlite3_stmt *row;
	int more, before;

	if (writer_begin(a->st->writer, err) < 0 ||
		sql_get(a->st, STMT_DECIDE_GROUP, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, w->group);
	more = sql_step(a->st, row, "cannot look up a source group", err);
	if (more < 0)
		return -1;
	if (more == 0)
		return err_set(
			err, ERR_NOT_FOUND, "there is no source group %lld", (long long)w->group);
	domain = sqlite3_column_int64(row, 0);
	(void)snprintf(name, sizeof name, "%.*s", SLICE_FMT(sql_text(row, 1)));
	(void)snprintf(key, sizeof key, "%.*s", SLICE_FMT(sql_text(row, 2)));
	before = sqlite3_column_type(row, 3) == SQLITE_NULL ? -1 : sqlite3_column_int(row, 3);
	(void)sqlite3_reset(row);
	return decide_key(a, w, domain, slice_of(name), slice_of(key), before,
		w->class == CLASS_TO_DECIDE ? -1 : w->class, err);
}

/* ---- settings -------------------------------------------------------------------------------- */

struct setting {
	const char *name, *type;
	/* Says before and after, and does it; *ret 0: nothing to do. */
	int (*set)(struct assess *a, int64_t domain, struct slice value, int64_t event, int *ret,
		struct err *err);
	bool list; /* "-value" takes one out */
	bool judge;
	bool (*canonical)(struct slice value, char *dst, size_t cap);
	const char *allowed;
};

static bool parked_text(struct slice value, char *dst, size_t cap)
{
	bool yes = slice_equal(value, SLICE_LIT("yes")) || slice_equal(value, SLICE_LIT("true"));

	if (!yes && !slice_equal(value, SLICE_LIT("no")) && !slice_equal(value, SLICE_LIT("false")))
		return false;
	(void)snprintf(dst, cap, "%s", yes ? "yes" : "no");
	return true;
}

static bool rua_text(struct slice value, char *dst, size_t cap)
{
	if (value.len >= cap || (value.len > 0 && memchr(value.ptr, '@', value.len) == NULL))
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] <= ' ' || value.ptr[i] > '~' || value.ptr[i] == ',')
			return false;
	}
	(void)snprintf(dst, cap, "%.*s", SLICE_FMT(value));
	return true;
}

static bool network_text(struct slice value, char *dst, size_t cap)
{
	char text[IP_TEXT_MAX];
	struct ip_net net;

	if (!ip_net_parse(value, &net))
		return false;
	(void)snprintf(dst, cap, "%s/%u", ip_text(&net.first, text), (unsigned)net.bits);
	return true;
}

static bool service_text(struct slice value, char *dst, size_t cap)
{
	const struct service *s = catalogue_find(value);

	if (s == NULL)
		return false;
	(void)snprintf(dst, cap, "%.*s", SLICE_FMT(s->id));
	return true;
}

static int set_parked(struct assess *a, int64_t domain, struct slice value, int64_t event, int *ret,
	struct err *err)
{
	sqlite3_stmt *stmt;

	(void)event;
	if (sql_get(a->st, STMT_SETTING_PARKED, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	(void)sqlite3_bind_int(stmt, 2, slice_equal(value, SLICE_LIT("yes")));
	*ret = 1;
	return sql_run(a->st, stmt, "cannot keep a setting", err);
}

static int set_rua(struct assess *a, int64_t domain, struct slice value, int64_t event, int *ret,
	struct err *err)
{
	(void)event;
	*ret = 1;
	return run_domain_text(a->st, STMT_SETTING_RUA, domain,
		value.len > 0 ? value : SLICE_ABSENT, 0, NULL, err);
}

static int set_member(struct assess *a, enum stmt add, enum stmt drop, int64_t domain,
	struct slice value, int64_t event, int *ret, struct err *err)
{
	bool out = value.len > 0 && value.ptr[0] == '-';

	if (out)
		value = slice_from(value.ptr + 1, value.len - 1);
	return run_domain_text(a->st, out ? drop : add, domain, value, event, ret, err);
}

static int set_network(struct assess *a, int64_t domain, struct slice value, int64_t event,
	int *ret, struct err *err)
{
	sqlite3_stmt *row;
	int64_t count;

	if (sql_get(a->st, STMT_SETTING_NETWORK_COUNT, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, domain);
	if (sql_step(a->st, row, "cannot count own networks", err) < 0)
		return -1;
	count = sqlite3_column_int64(row, 0);
	(void)sqlite3_reset(row);
	if (value.ptr[0] != '-' && count >= OWN_NETWORKS_MAX)
		return err_set(
			err, ERR_USAGE, "a domain has %d own networks at most", OWN_NETWORKS_MAX);
	return set_member(a, STMT_SETTING_NETWORK_ADD, STMT_SETTING_NETWORK_DROP, domain, value,
		event, ret, err);
}

static int set_service(struct assess *a, int64_t domain, struct slice value, int64_t event,
	int *ret, struct err *err)
{
	return set_member(a, STMT_SETTING_SERVICE_ADD, STMT_SETTING_SERVICE_DROP, domain, value,
		event, ret, err);
}

static const struct setting settings[] = {
	{ "parked", "domain.parked", set_parked, false, true, parked_text, "yes or no" },
	{ "rua", "domain.rua", set_rua, false, false, rua_text, "a mail address, or empty" },
	{ "network", "domain.network", set_network, true, true, network_text,
		"a network like 192.0.2.0/24, with - in front to take it out" },
	{ "service", "domain.service", set_service, true, true, service_text,
		"a service's id, with - in front to take it out (ruad-query services lists them)" },
};

static const struct setting *setting_find(struct slice name)
{
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		if (slice_equal(name, slice_of(settings[i].name)))
			return &settings[i];
	}
	return NULL;
}

/* The own domain of that name: its number, and what parked or rua is now. */
static int own_domain(struct assess *a, struct slice key, const struct setting *s, int64_t *ret,
	char *before, size_t cap, struct err *err)
{
	struct err_quote quote;
	sqlite3_stmt *row;
	int more;

	before[0] = '\0';
	if (sql_get(a->st, STMT_SETTING_DOMAIN, &row, err) < 0)
		return -1;
	sql_bind_text(row, 1, key);
	more = sql_step(a->st, row, "cannot look up a domain", err);
	if (more < 0)
		return -1;
	if (more > 0 && sqlite3_column_int(row, 1) != 0) {
		*ret = sqlite3_column_int64(row, 0);
		if (s->set == set_parked)
			(void)snprintf(
				before, cap, "%s", sqlite3_column_int(row, 2) != 0 ? "yes" : "no");
		if (s->set == set_rua)
			(void)snprintf(before, cap, "%.*s", SLICE_FMT(sql_text(row, 3)));
		(void)sqlite3_reset(row);
		return 0;
	}
	(void)sqlite3_reset(row);
	return err_set(err, ERR_NOT_FOUND, "%s is not one of your domains", err_quote(&quote, key));
}

static int canonical_value(
	const struct setting *s, struct slice value, char *dst, size_t cap, struct err *err)
{
	bool out = s->list && value.len > 0 && value.ptr[0] == '-';
	struct err_quote quote;

	dst[0] = '-';
	if (s->canonical(
		    out ? slice_from(value.ptr + 1, value.len - 1) : value, dst + out, cap - out))
		return 0;
	return err_set(
		err, ERR_USAGE, "%s %s must be %s", s->name, err_quote(&quote, value), s->allowed);
}

/* Lists: the member is the object, "yes" or nothing its state. Others: the value itself. */
static int apply_setting(struct assess *a, struct word *w, const struct setting *s,
	struct slice key, struct slice value, struct err *err)
{
	char text[CONF_VALUE_MAX], before[CONF_VALUE_MAX];
	struct event e = { .type = s->type, .domain = key, .who = w->by->who };
	bool out;
	int64_t domain;
	int changes = 0;

	if (canonical_value(s, value, text, sizeof text, err) < 0 ||
		own_domain(a, key, s, &domain, before, sizeof before, err) < 0)
		return -1;
	out = text[0] == '-';
	if (!s->list && strcmp(before, text) == 0)
		return 0;
	if (s->list) {
		e.object = slice_of(text + out);
		e.before = out ? SLICE_LIT("yes") : SLICE_ABSENT;
		e.after = out ? SLICE_ABSENT : SLICE_LIT("yes");
	} else {
		e.object = slice_of(s->name);
		e.before = slice_of(before);
		e.after = slice_of(text);
	}
	if (event_add(a->st, &e, &w->event, err) < 0 ||
		s->set(a, domain, slice_of(text), w->event, &changes, err) < 0)
		return -1;
	if (changes == 0) {
		w->event = 0;
		return 1; /* said before: nothing is to be kept of this */
	}
	return s->judge ? assess_domain(a, domain, err) : 0;
}

static int set_domain(struct assess *a, void *arg, struct err *err)
{
	struct word *w = arg;
	const struct setting *s = setting_find(w->name);
	struct err_quote quote;

	if (s == NULL)
		return err_set(err, ERR_USAGE, "%s is none of parked, rua, network, service",
			err_quote(&quote, w->name));
	if (writer_begin(a->st->writer, err) < 0)
		return -1;
	return apply_setting(a, w, s, slice_of(w->domain_key), w->value, err);
}

/* ---- undo ------------------------------------------------------------------------------------ */

/* An event as it was kept. */
struct past {
	char type[32], domain[DOMAIN_KEY_MAX], object[GROUP_TEXT_MAX];
	char before[CONF_VALUE_MAX];
	bool was; /* before is not NULL */
	int64_t undone_by;
};

static int load_past(struct assess *a, int64_t id, struct past *p, struct err *err)
{
	sqlite3_stmt *row;
	int more;

	if (sql_get(a->st, STMT_EVENT_GET, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, id);
	more = sql_step(a->st, row, "cannot look up an event", err);
	if (more < 0)
		return -1;
	if (more == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no event %lld", (long long)id);
	(void)snprintf(p->type, sizeof p->type, "%.*s", SLICE_FMT(sql_text(row, 0)));
	(void)snprintf(p->domain, sizeof p->domain, "%.*s", SLICE_FMT(sql_text(row, 1)));
	(void)snprintf(p->object, sizeof p->object, "%.*s", SLICE_FMT(sql_text(row, 2)));
	(void)snprintf(p->before, sizeof p->before, "%.*s", SLICE_FMT(sql_text(row, 3)));
	p->was = sqlite3_column_type(row, 3) != SQLITE_NULL;
	p->undone_by = sqlite3_column_int64(row, 5);
	(void)sqlite3_reset(row);
	return 0;
}

static int refuse_past(struct assess *a, int64_t id, const struct past *p, struct err *err)
{
	sqlite3_stmt *row;
	int64_t later;

	if (p->undone_by != 0)
		return err_set(err, ERR_USAGE, "event %lld was undone by event %lld", (long long)id,
			(long long)p->undone_by);
	if (sql_get(a->st, STMT_EVENT_LATER, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, id);
	sql_bind_text(row, 2, slice_of(p->type));
	sql_bind_text(row, 3, slice_of(p->domain));
	sql_bind_text(row, 4, slice_of(p->object));
	if (sql_step(a->st, row, "cannot look for later events", err) < 0)
		return -1;
	later = sqlite3_column_int64(row, 0);
	(void)sqlite3_reset(row);
	return later == 0 ? 0
			  : err_set(err, ERR_USAGE,
				    "event %lld changed the same later: undo that first",
				    (long long)later);
}

static int undo_decision(struct assess *a, struct word *w, const struct past *p, struct err *err)
{
	int64_t domain = 0;
	sqlite3_stmt *row;
	int now = -1;

	if (sql_get(a->st, STMT_SETTING_DOMAIN, &row, err) < 0)
		return -1;
	sql_bind_text(row, 1, slice_of(p->domain));
	if (sql_step(a->st, row, "cannot look up a domain", err) > 0)
		domain = sqlite3_column_int64(row, 0);
	(void)sqlite3_reset(row);
	if (sql_get(a->st, STMT_DECIDE_NOW, &row, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(row, 1, domain);
	sql_bind_text(row, 2, slice_of(p->object));
	if (sql_step(a->st, row, "cannot look up a decision", err) > 0)
		now = sqlite3_column_int(row, 0);
	(void)sqlite3_reset(row);
	return decide_key(a, w, domain, slice_of(p->domain), slice_of(p->object), now,
		p->was ? class_number(slice_of(p->before)) : -1, err);
}

static int undo_setting(struct assess *a, struct word *w, const struct past *p, struct err *err)
{
	char value[CONF_VALUE_MAX + 1];

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const struct setting *s = &settings[i];

		if (strcmp(s->type, p->type) != 0)
			continue;
		if (s->list)
			(void)snprintf(value, sizeof value, "%s%s", p->was ? "" : "-", p->object);
		else
			(void)snprintf(value, sizeof value, "%s", p->before);
		return apply_setting(a, w, s, slice_of(p->domain), slice_of(value), err);
	}
	return err_set(
		err, ERR_NOT_FOUND, "event %lld is nothing that can be undone", (long long)w->undo);
}

static int undo_event(struct assess *a, void *arg, struct err *err)
{
	struct word *w = arg;
	sqlite3_stmt *stmt;
	struct past p;
	int rc;

	if (writer_begin(a->st->writer, err) < 0 || load_past(a, w->undo, &p, err) < 0 ||
		refuse_past(a, w->undo, &p, err) < 0)
		return -1;
	rc = strcmp(p.type, "decision.set") == 0 ? undo_decision(a, w, &p, err)
						 : undo_setting(a, w, &p, err);
	if (rc != 0 || w->event == 0)
		return rc;
	/* Both are settled: neither is in the way of what came before them. */
	for (int i = 0; i < 2; i++) {
		if (sql_get(a->st, STMT_EVENT_UNDONE, &stmt, err) < 0)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, i == 0 ? w->undo : w->event);
		(void)sqlite3_bind_int64(stmt, 2, i == 0 ? w->event : w->undo);
		if (sql_run(a->st, stmt, "cannot mark an event as undone", err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the three words ------------------------------------------------------------------------- */

struct saying {
	int (*what)(struct assess *a, void *arg, struct err *err);
	struct word *word;
};

/* Commits what was said; what changed nothing leaves nothing behind. */
static int say(struct assess *a, void *arg, struct err *err)
{
	struct saying *s = arg;
	int rc = s->what(a, s->word, err);

	if (rc < 0)
		return -1;
	if (s->word->event == 0)
		return sql_exec(a->st, "ROLLBACK", err) < 0 ? -1 : assess_left(a);
	if (writer_raise(a->st, "decisions_version", err) < 0)
		return -1;
	return writer_sync(a->st->writer, err);
}

static int run_word(struct store *st, int (*what)(struct assess *, void *, struct err *),
	struct word *w, int64_t *ret_event, struct err *err)
{
	struct saying s = { what, w };
	int rc;

	assert(!st->options.dry_run);
	rc = assess_run(st, say, &s, err);
	if (rc == 0 && ret_event != NULL)
		*ret_event = w->event;
	return rc;
}

/* clang-format takes "enum class" for C++. */
/* clang-format off */
int store_decide(struct store *st, int64_t group, enum class class, const struct actor *by,
	int64_t *ret_event, struct err *err)
/* clang-format on */
{
	struct word w = { .by = by, .group = group, .class = (int)class };

	if ((int)class < 0 || class >= CLASS_COUNT)
		return err_set(err, ERR_USAGE, "there is no class %d", (int)class);
	return run_word(st, decide_group, &w, ret_event, err);
}

int store_undo(struct store *st, int64_t event, const struct actor *by, int64_t *ret_event,
	struct err *err)
{
	struct word w = { .by = by, .undo = event };

	return run_word(st, undo_event, &w, ret_event, err);
}

int store_domain_set(struct store *st, struct slice domain, struct slice name, struct slice value,
	const struct actor *by, int64_t *ret_event, struct err *err)
{
	struct word w = { .by = by, .name = name, .value = slice_trim(value) };
	struct err_quote quote;
	size_t len;

	if (!domain_key(domain, w.domain_key, &len))
		return err_set(err, ERR_USAGE, "%s is no domain name", err_quote(&quote, domain));
	return run_word(st, set_domain, &w, ret_event, err);
}
