#include "store/cause_shared.h"

#include <stdlib.h>

#include "store/judge/catalogue.h"
#include "store/judge/dns/spf_eval.h"
#include "store/sql.h"

/* Addresses and kinds of mail looked at, the busiest first; and includes of one record. */
#define PASSES_MAX   4096
#define INCLUDES_MAX 32

/* Mail of one kind from one address that passes SPF for the domain. */
struct pass {
	int64_t group, trait, messages;
	int include; /* -1: through none that others share */
};

struct include {
	char name[DOMAIN_KEY_MAX];
	bool used;
};

struct cause_shared {
	struct cause_shared_ask ask;
	struct include includes[INCLUDES_MAX];
	size_t includes_len;
	size_t passes_len;
	struct pass passes[PASSES_MAX];
};

/* ---- includes --------------------------------------------------------------------------------- */

/* The name an include or redirect leads to, in key form. False: another kind of term, or a name that
 * depends on the message. */
static bool target_of(struct slice term, char dst[DOMAIN_KEY_MAX])
{
	struct slice name;
	size_t len;

	if (term.len > 0 && term.ptr[0] == '+')
		term = slice_from(term.ptr + 1, term.len - 1);
	if (slice_starts_fold(term, SLICE_LIT("include:")))
		(void)slice_cut(term, ':', &name);
	else if (slice_starts_fold(term, SLICE_LIT("redirect=")))
		(void)slice_cut(term, '=', &name);
	else
		return false;
	return domain_key(name, dst, &len);
}

/* What the owner's organisation has under its own name is shared with nobody. */
static bool is_foreign(const struct cause_shared *s, struct slice name)
{
	return !slice_equal(domain_org(name), domain_org(s->ask.domain));
}

static int include_of(struct cause_shared *s, const char *name)
{
	size_t i = 0;

	while (i < s->includes_len && strcmp(s->includes[i].name, name) != 0)
		i++;
	if (i == INCLUDES_MAX)
		return -1;
	if (i == s->includes_len) {
		s->includes_len++;
		memcpy(s->includes[i].name, name, sizeof s->includes[i].name);
	}
	return (int)i;
}

/* Through which include the record of `domain` lets the address pass; -1: through none. */
static int include_that_passes(struct cause_shared *s, struct slice domain, struct slice address)
{
	struct spf_query query = { .domain = domain,
		.sender = SLICE_ABSENT,
		.helo = SLICE_ABSENT,
		.ip.len = (uint8_t)address.len };
	char name[DOMAIN_KEY_MAX];
	struct spf_verdict verdict;

	if (address.len != 4 && address.len != sizeof query.ip.bytes)
		return -1;
	memcpy(query.ip.bytes, address.ptr, address.len);
	spf_check(s->ask.view, &query, &verdict);
	if (verdict.result != SPF_PASS || !target_of(verdict.via, name) ||
		!is_foreign(s, slice_of(name)))
		return -1;
	return include_of(s, name);
}

/* A service of the list the owner wrote has its own include. */
static int mark_listed(struct cause_shared *s, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(s->ask.store, STMT_CAUSE_LISTED, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->ask.id);
	while ((more = sql_step(s->ask.store, stmt, "cannot list services", err)) > 0) {
		const struct service *service = catalogue_find(sql_text(stmt, 0));
		struct slice all = service != NULL ? service->spf_include : SLICE_ABSENT, name;

		while (all.len > 0) {
			name = slice_cut(all, ' ', &all);
			for (size_t i = 0; i < s->includes_len; i++) {
				if (slice_equal(name, slice_of(s->includes[i].name)))
					s->includes[i].used = true;
			}
		}
	}
	return more;
}

/* ---- mail ------------------------------------------------------------------------------------- */

static int read_passes(struct cause_shared *s, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(s->ask.store, STMT_CAUSE_SPF_PASSES, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, s->ask.id);
	(void)sqlite3_bind_int(stmt, 2, s->ask.from);
	(void)sqlite3_bind_int(stmt, 3, s->ask.to);
	(void)sqlite3_bind_int(stmt, 4, PASSES_MAX);
	while ((more = sql_step(s->ask.store, stmt, "cannot read what passes SPF", err)) > 0) {
		struct pass *p;

		if (s->passes_len == PASSES_MAX)
			continue;
		p = &s->passes[s->passes_len++];
		p->group = sqlite3_column_int64(stmt, 0);
		p->trait = sqlite3_column_int64(stmt, 1);
		p->messages = sqlite3_column_int64(stmt, 4);
		p->include = include_that_passes(s, sql_text(stmt, 3), sql_blob(stmt, 2));
		if (p->include >= 0 && sqlite3_column_int(stmt, 5) != 0)
			s->includes[p->include].used = true;
	}
	return more;
}

int cause_shared_open(
	struct cause_shared **ret, const struct cause_shared_ask *ask, struct err *err)
{
	struct cause_shared *s = calloc(1, sizeof *s);

	if (s == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	s->ask = *ask;
	if (read_passes(s, err) < 0 || mark_listed(s, err) < 0) {
		cause_shared_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

bool cause_shared_has(const struct cause_shared *s, int64_t group, int64_t trait)
{
	int64_t shared = 0, rest = 0;

	for (size_t i = 0; i < s->passes_len; i++) {
		const struct pass *p = &s->passes[i];

		if (p->group != group || p->trait != trait)
			continue;
		if (p->include >= 0 && !s->includes[p->include].used)
			shared += p->messages;
		else
			rest += p->messages;
	}
	return shared > rest;
}

void cause_shared_close(struct cause_shared *s)
{
	free(s);
}
