#include "store/assess_parts.h"
#include "store/dns_fact.h"

void assess_spf_forget(struct assess *a)
{
	spf_ranges_close(a->spf);
	a->spf = NULL;
	a->spf_term = SLICE_ABSENT;
	a->spf_service = NULL;
}

/* 1: the DNS was asked for the domain; 0; -1. */
static int was_asked(struct assess *a, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(a->st, STMT_DNS_RUN_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, a->domain);
	more = sql_step(a->st, stmt, "cannot read when the DNS was asked", err);
	if (more > 0)
		(void)sqlite3_reset(stmt);
	return more;
}

int assess_spf(struct assess *a, struct err *err)
{
	int asked = was_asked(a, err);

	assess_spf_forget(a);
	if (asked <= 0)
		return asked;
	return dns_fact_ranges(a->st, slice_of(a->name), ASSESS_DNS_BYTES_MAX, &a->spf, err);
}

/* include:NAME, redirect=NAME */
static const struct service *service_of(struct slice term)
{
	static const char *const heads[] = { "include:", "redirect=" };

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		size_t len = strlen(heads[i]);

		if (term.len > len && memcmp(term.ptr, heads[i], len) == 0)
			return catalogue_by_include(slice_from(term.ptr + len, term.len - len));
	}
	return NULL;
}

void assess_spf_hint(struct assess *a, const struct ip *ip, struct group_hints *ret)
{
	struct slice term;

	if (a->spf == NULL || ip->len == 0)
		return;
	term = spf_ranges_find(a->spf, ip);
	if (term.len == 0)
		return;
	/* Terms are not copied: the same one is the same text. */
	if (a->spf_term.ptr != term.ptr) {
		a->spf_term = term;
		a->spf_service = service_of(term);
	}
	ret->spf_term = term;
	ret->spf_service = a->spf_service;
}
