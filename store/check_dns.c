#include <inttypes.h>
#include <stdio.h>

#include "store/base/day.h"
#include "store/check_parts.h"
#include "store/query_dns_known.h"

/* ruad-dns runs several times a day: older answers mean that it does not, or hears nothing. */
#define OLD_SECONDS (3 * DAY_SECONDS)

/* "2 errors, 1 warning (D02 _dmarc.example.com)": of what is worst, the first. */
static void describe(struct check_found *f, const struct dns_findings *found)
{
	const size_t errors = dns_findings_of(found, DNS_ERROR),
		     warnings = dns_findings_of(found, DNS_WARNING);
	const enum dns_severity severity = errors > 0 ? DNS_ERROR : DNS_WARNING;
	struct err_quote quote;
	size_t len;

	(void)snprintf(f->text, sizeof f->text, "%zu error%s, %zu warning%s", errors,
		errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
	for (size_t i = 0; i < dns_findings_count(found); i++) {
		const struct dns_finding *one = dns_findings_get(found, i);

		if (one->severity != severity)
			continue;
		len = strlen(f->text);
		(void)snprintf(f->text + len, sizeof f->text - len, " (%s %s)",
			dns_rules[one->rule].id, err_printable(&quote, one->name));
		return;
	}
}

static void count(struct check_found *f, struct slice domain, const struct dns_findings *found)
{
	const int64_t errors = (int64_t)dns_findings_of(found, DNS_ERROR),
		      warnings = (int64_t)dns_findings_of(found, DNS_WARNING);

	if (!f->measured || errors > f->worst[0] ||
		(errors == f->worst[0] && warnings > f->worst[1])) {
		f->worst[0] = errors;
		f->worst[1] = warnings;
		check_keep_name(f, domain);
		describe(f, found);
	}
	f->measured = true;
	f->severe += (double)errors;
	f->value += (double)(errors + warnings);
}

static int check_domain(struct check_work *w, struct slice domain, struct err *err)
{
	struct query_dns_known *q = NULL;
	struct check_found *f = &w->found;
	int64_t age;

	if (query_dns_known_open(&q, w->st, domain, false, err) < 0)
		return -1;
	age = day_now() - query_dns_known_answered(q);
	/* What was wrong then may be mended by now, and what was right may be lost. */
	if (age > OLD_SECONDS) {
		f->unmeasured++;
		if (!f->measured)
			check_keep_name(f, domain);
	} else {
		count(f, domain, query_dns_findings(query_dns_known_answer(q)));
	}
	query_dns_known_close(q);
	return 0;
}

int check_measure_dns(struct check_work *w, struct err *err)
{
	return check_own(w, true, check_domain, err);
}

void check_say_dns(const struct check_found *f, struct buf *to)
{
	if (f->others == 0) {
		buf_add_text(to, "no domain is yours: name one with --domain");
		return;
	}
	if (!f->measured) {
		buf_printf(to, "%s: the DNS answered nothing for %d days", f->name,
			OLD_SECONDS / DAY_SECONDS);
		return;
	}
	buf_printf(to, "%s records: %s", f->name, f->text);
	if (f->others > 1)
		buf_printf(to, ", the worst of %" PRId64 " domains", f->others);
	if (f->unmeasured > 0)
		buf_printf(to, "; of %" PRId64 " the DNS answered nothing for %d days",
			f->unmeasured, OLD_SECONDS / DAY_SECONDS);
}

void check_perf_dns(
	const struct check_found *f, const struct range *w, const struct range *c, struct buf *to)
{
	if (f->measured)
		buf_printf(to, "findings=%.0f;%s;;0 errors=%.0f;;%s;0 ", f->value, w->text,
			f->severe, c->text);
	buf_printf(to, "domains=%" PRId64 ";;;0 unknown=%" PRId64 ";;;0", f->others, f->unmeasured);
}
