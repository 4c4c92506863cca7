#include "store/assess_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/base/domain.h"
#include "store/base/utf8.h"

#define VALUE_MAX 512

/* An own domain as it is. */
struct own_domain {
	int64_t id;
	char name[DOMAIN_KEY_MAX];
	bool parked;
	char rua[VALUE_MAX]; /* "": none */
};

/* A change of one setting. Of a list: `after` is the entry to add, or absent with the one to take
 * away in `before`. Of others: the value before and after, absent where there is none. */
struct change {
	const struct setting *setting;
	struct own_domain *domain;
	struct slice before, after;
	const struct actor *by;
	int64_t event;
};

struct setting {
	const char *name;
	bool list;
	bool judges; /* the domain's mail is judged by it */
	/* Check what was asked for and write it as it is kept. */
	int (*parse)(struct slice value, char dst[VALUE_MAX], struct err *err);
	/* What is set: for a list, `entry` if it is there. Absent: nothing. */
	int (*read)(struct store *st, const struct own_domain *d, struct slice entry,
		struct slice *ret, struct err *err);
	int (*write)(struct store *st, const struct change *c, struct err *err);
};

/* ---- parked and rua --------------------------------------------------------------------------- */

static int parse_parked(struct slice value, char dst[VALUE_MAX], struct err *err)
{
	struct err_quote q;

	if (!slice_equal(value, SLICE_LIT("yes")) && !slice_equal(value, SLICE_LIT("no")))
		return err_set(
			err, ERR_USAGE, "parked: %s is neither yes nor no", err_quote(&q, value));
	(void)snprintf(dst, VALUE_MAX, "%.*s", SLICE_FMT(value));
	return 0;
}

static int read_parked(struct store *st, const struct own_domain *d, struct slice entry,
	struct slice *ret, struct err *err)
{
	(void)st, (void)entry, (void)err;
	*ret = d->parked ? SLICE_LIT("yes") : SLICE_LIT("no");
	return 0;
}

static int write_parked(struct store *st, const struct change *c, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, STMT_PARKED_SET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, c->domain->id);
	(void)sqlite3_bind_int(stmt, 2, slice_equal(c->after, SLICE_LIT("yes")));
	return sql_run(st, stmt, "cannot change a domain", err);
}

static bool all_printable(struct slice s)
{
	while (s.len > 0) {
		size_t n = utf8_printable(s);

		if (n == 0 || (n == 1 && (s.ptr[0] == ' ' || s.ptr[0] == ',')))
			return false;
		s = slice_from(s.ptr + n, s.len - n);
	}
	return true;
}

/* As in a record: one address, with or without mailto:. */
static int parse_rua(struct slice value, char dst[VALUE_MAX], struct err *err)
{
	char key[DOMAIN_KEY_MAX];
	struct slice address = value, host;
	struct err_quote q;
	size_t len;

	dst[0] = '\0';
	if (value.len == 0)
		return 0;
	if (slice_starts_fold(address, SLICE_LIT("mailto:")))
		address = slice_from(address.ptr + 7, address.len - 7);
	if (address.len >= VALUE_MAX || !all_printable(address) ||
		slice_cut(address, '@', &host).len == 0 || !domain_key(host, key, &len))
		return err_set(err, ERR_USAGE, "rua: %s is no mail address", err_quote(&q, value));
	(void)snprintf(dst, VALUE_MAX, "%.*s", SLICE_FMT(address));
	return 0;
}

static int read_rua(struct store *st, const struct own_domain *d, struct slice entry,
	struct slice *ret, struct err *err)
{
	(void)st, (void)entry, (void)err;
	*ret = d->rua[0] != '\0' ? slice_of(d->rua) : SLICE_ABSENT;
	return 0;
}

static int write_rua(struct store *st, const struct change *c, struct err *err)
{
	sqlite3_stmt *stmt;

	if (sql_get(st, STMT_RUA_SET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, c->domain->id);
	sql_bind_text(stmt, 2, c->after);
	return sql_run(st, stmt, "cannot change a domain", err);
}

/* ---- networks and services -------------------------------------------------------------------- */

static int parse_network(struct slice value, char dst[VALUE_MAX], struct err *err)
{
	char text[IP_TEXT_MAX];
	struct err_quote q;
	struct ip_net net;

	if (!ip_net_parse(value, &net))
		return err_set(err, ERR_USAGE,
			"network: %s is no address range such as 192.0.2.0/24 or 2001:db8::/32",
			err_quote(&q, value));
	(void)snprintf(dst, VALUE_MAX, "%s/%u", ip_text(&net.first, text), net.bits);
	return 0;
}

static int parse_service(struct slice value, char dst[VALUE_MAX], struct err *err)
{
	struct err_quote q;

	if (catalogue_find(value) == NULL)
		return err_set(err, ERR_USAGE,
			"service: %s is not in the catalogue (ruad-query services lists it)",
			err_quote(&q, value));
	(void)snprintf(dst, VALUE_MAX, "%.*s", SLICE_FMT(value));
	return 0;
}

static int read_entry(struct store *st, enum stmt find, const struct own_domain *d,
	struct slice entry, struct slice *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, find, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, d->id);
	sql_bind_text(stmt, 2, entry);
	more = sql_step(st, stmt, "cannot look up a setting", err);
	if (more < 0)
		return -1;
	(void)sqlite3_reset(stmt);
	*ret = more > 0 ? entry : SLICE_ABSENT;
	return 0;
}

static int read_network(struct store *st, const struct own_domain *d, struct slice entry,
	struct slice *ret, struct err *err)
{
	return read_entry(st, STMT_NETWORK_FIND, d, entry, ret, err);
}

static int read_service(struct store *st, const struct own_domain *d, struct slice entry,
	struct slice *ret, struct err *err)
{
	return read_entry(st, STMT_SERVICE_FIND, d, entry, ret, err);
}

static int write_entry(
	struct store *st, const struct change *c, enum stmt add, enum stmt drop, struct err *err)
{
	const bool adds = !slice_absent(c->after);
	sqlite3_stmt *stmt;

	if (sql_get(st, adds ? add : drop, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, c->domain->id);
	sql_bind_text(stmt, 2, adds ? c->after : c->before);
	if (adds)
		(void)sqlite3_bind_int64(stmt, 3, c->event);
	return sql_run(st, stmt, "cannot change a domain", err);
}

static int check_room(struct store *st, const struct own_domain *d, struct err *err)
{
	sqlite3_stmt *stmt;
	int64_t count;

	if (sql_get(st, STMT_NETWORK_COUNT, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, d->id);
	if (sql_step(st, stmt, "cannot count your networks", err) < 0)
		return -1;
	count = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	return count < OWN_NETWORKS_MAX
		       ? 0
		       : err_set(err, ERR_USAGE, "%s has %d networks, the most it may", d->name,
				 OWN_NETWORKS_MAX);
}

static int write_network(struct store *st, const struct change *c, struct err *err)
{
	if (!slice_absent(c->after) && check_room(st, c->domain, err) < 0)
		return -1;
	return write_entry(st, c, STMT_NETWORK_ADD, STMT_NETWORK_DROP, err);
}

static int write_service(struct store *st, const struct change *c, struct err *err)
{
	return write_entry(st, c, STMT_SERVICE_ADD, STMT_SERVICE_DROP, err);
}

/* ---- what no report can tell ------------------------------------------------------------------ */

static int parse_answer(struct slice value, char dst[VALUE_MAX], struct err *err)
{
	struct err_quote q;

	if (value.len > 0 && !slice_equal(value, SLICE_LIT("yes")) &&
		!slice_equal(value, SLICE_LIT("no")))
		return err_set(err, ERR_USAGE, "%s is neither yes nor no, nor empty for no answer",
			err_quote(&q, value));
	(void)snprintf(dst, VALUE_MAX, "%.*s", SLICE_FMT(value));
	return 0;
}

static int read_answer(struct store *st, const struct own_domain *d, const char *question,
	struct slice *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_ANSWER_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, d->id);
	sql_bind_text(stmt, 2, slice_of(question));
	more = sql_step(st, stmt, "cannot look up a setting", err);
	if (more < 0)
		return -1;
	*ret = more == 0                                          ? SLICE_ABSENT
	       : slice_equal(sql_text(stmt, 0), SLICE_LIT("yes")) ? SLICE_LIT("yes")
								  : SLICE_LIT("no");
	(void)sqlite3_reset(stmt);
	return 0;
}

static int read_rare_senders(struct store *st, const struct own_domain *d, struct slice entry,
	struct slice *ret, struct err *err)
{
	(void)entry;
	return read_answer(st, d, "rare_senders", ret, err);
}

static int read_mailing_lists(struct store *st, const struct own_domain *d, struct slice entry,
	struct slice *ret, struct err *err)
{
	(void)entry;
	return read_answer(st, d, "mailing_lists", ret, err);
}

static int write_answer(struct store *st, const struct change *c, struct err *err)
{
	const bool answers = !slice_absent(c->after);
	sqlite3_stmt *stmt;

	if (sql_get(st, answers ? STMT_ANSWER_SET : STMT_ANSWER_DROP, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, c->domain->id);
	sql_bind_text(stmt, 2, slice_of(c->setting->name));
	if (answers)
		sql_bind_text(stmt, 3, c->after);
	return sql_run(st, stmt, "cannot change a domain", err);
}

static const struct setting settings[] = {
	{ "parked", false, true, parse_parked, read_parked, write_parked },
	{ "rua", false, false, parse_rua, read_rua, write_rua },
	{ "network", true, true, parse_network, read_network, write_network },
	{ "service", true, true, parse_service, read_service, write_service },
	{ "rare_senders", false, false, parse_answer, read_rare_senders, write_answer },
	{ "mailing_lists", false, false, parse_answer, read_mailing_lists, write_answer },
};

static const struct setting *find_setting(struct slice name, struct err *err)
{
	struct err_quote q;

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		if (slice_equal(name, slice_of(settings[i].name)))
			return &settings[i];
	}
	(void)err_set(err, ERR_USAGE,
		"%s is no setting of a domain: parked, rua, network, service, rare_senders or "
		"mailing_lists",
		err_quote(&q, name));
	return NULL;
}

bool setting_is_list(struct slice name)
{
	const struct setting *s = find_setting(name, NULL);

	return s != NULL && s->list;
}

/* ---- changing --------------------------------------------------------------------------------- */

static int find_own(struct store *st, struct slice key, struct own_domain *ret, struct err *err)
{
	struct err_quote q;
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_OWN_DOMAIN, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, key);
	more = sql_step(st, stmt, "cannot look up a domain", err);
	if (more < 0)
		return -1;
	if (more == 0 || sqlite3_column_int(stmt, 3) == 0) {
		(void)sqlite3_reset(stmt);
		return err_set(
			err, ERR_NOT_FOUND, "%s is not one of your domains", err_quote(&q, key));
	}
	*ret = (struct own_domain){ .id = sqlite3_column_int64(stmt, 0),
		.parked = sqlite3_column_int(stmt, 1) != 0 };
	(void)snprintf(ret->name, sizeof ret->name, "%.*s", SLICE_FMT(key));
	(void)snprintf(ret->rua, sizeof ret->rua, "%.*s", SLICE_FMT(sql_text(stmt, 2)));
	(void)sqlite3_reset(stmt);
	return 0;
}

/* Event, setting, and all history judged by it. */
static int put(struct store *st, struct change *c, struct err *err)
{
	const struct event e = { .type = "domain.set",
		.domain = slice_of(c->domain->name),
		.object = slice_of(c->setting->name),
		.before = c->before,
		.after = c->after,
		.who = c->by != NULL ? c->by->who : SLICE_ABSENT };

	if (event_add(st, &e, &c->event, err) < 0 || c->setting->write(st, c, err) < 0)
		return -1;
	if (c->setting->judges && assess_domain(st->assess, c->domain->id, false, false, err) < 0)
		return -1;
	return 1;
}

struct asked {
	struct slice domain, name, value;
	const struct actor *by;
	int64_t event;
};

static int change_entry(
	struct store *st, struct change *c, struct slice entry, bool drop, struct err *err)
{
	struct err_quote q;
	struct slice now;

	if (c->setting->read(st, c->domain, entry, &now, err) < 0)
		return -1;
	if (drop && slice_absent(now))
		return err_set(err, ERR_NOT_FOUND, "%s is no %s of %s", err_quote(&q, entry),
			c->setting->name, c->domain->name);
	if (!drop && !slice_absent(now))
		return 0;
	c->before = drop ? entry : SLICE_ABSENT;
	c->after = drop ? SLICE_ABSENT : entry;
	return put(st, c, err);
}

static int change_setting(struct store *st, void *arg, struct err *err)
{
	struct asked *asked = arg;
	struct own_domain domain;
	struct change c = {
		.setting = find_setting(asked->name, err), .domain = &domain, .by = asked->by
	};
	struct slice value = asked->value;
	char kept[VALUE_MAX];
	bool drop;
	int rc;

	if (c.setting == NULL || find_own(st, asked->domain, &domain, err) < 0)
		return -1;
	drop = c.setting->list && slice_starts(value, SLICE_LIT("-"));
	if (drop)
		value = slice_from(value.ptr + 1, value.len - 1);
	if (c.setting->parse(value, kept, err) < 0)
		return -1;
	if (c.setting->list) {
		rc = change_entry(st, &c, slice_of(kept), drop, err);
	} else {
		c.after = kept[0] != '\0' ? slice_of(kept) : SLICE_ABSENT;
		if (c.setting->read(st, &domain, SLICE_ABSENT, &c.before, err) < 0)
			return -1;
		rc = slice_absent(c.before) == slice_absent(c.after) &&
				     slice_equal(c.before, c.after)
			     ? 0
			     : put(st, &c, err);
	}
	asked->event = c.event;
	return rc;
}

int store_domain_set(struct store *st, struct slice domain, struct slice name, struct slice value,
	const struct actor *by, int64_t *ret_event, struct err *err)
{
	struct asked asked = { .name = name, .value = value, .by = by };
	char key[DOMAIN_KEY_MAX];
	struct err_quote q;
	size_t len;

	if (!domain_key(domain, key, &len))
		return err_set(err, ERR_USAGE, "%s is no domain name", err_quote(&q, domain));
	asked.domain = slice_from(key, len);
	if (owner_change(st, change_setting, &asked, err) < 0)
		return -1;
	if (ret_event != NULL)
		*ret_event = asked.event;
	return 0;
}

int setting_undo(struct store *st, const struct undo *u, struct err *err)
{
	struct own_domain domain;
	struct change c = { .setting = find_setting(u->object, err),
		.domain = &domain,
		.before = u->after,
		.after = u->before,
		.by = u->by };
	struct slice now;

	if (c.setting == NULL || find_own(st, u->domain, &domain, err) < 0 ||
		c.setting->read(
			st, &domain, slice_absent(u->after) ? u->before : u->after, &now, err) < 0)
		return -1;
	if (slice_absent(now) != slice_absent(u->after) || !slice_equal(now, u->after))
		return err_set(err, ERR_USAGE,
			"event %" PRId64 ": what it set is not in force any more", u->event);
	if (put(st, &c, err) < 0)
		return -1;
	*u->ret_event = c.event;
	return 0;
}
