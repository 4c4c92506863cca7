/* Where the record of a name is: the tree walk, and the way before it. */
#include <assert.h>

#include "store/judge/dns/dmarc.h"

/* A name with more labels is shortened to this many after the first question (RFC 9989 4.10). */
#define WALK_LABELS_MAX 7

/* One question: the records that are DMARC's; several are as good as none (4.10, step 2). */
static struct dmarc_step *ask(struct dns_view *view, struct slice domain, struct dmarc_found *ret)
{
	struct dmarc_step *step = &ret->steps[ret->steps_len];
	char text[DOMAIN_KEY_MAX];
	struct slice name = dns_name_under("_dmarc", domain, text);
	struct dns_answer a = { .status = DNS_NXDOMAIN };

	assert(ret->steps_len < DMARC_WALK_MAX);
	ret->steps_len++;
	*step = (struct dmarc_step){ .domain = domain };
	if (!slice_absent(name))
		dns_find(view, name, DNS_TXT, &a);
	step->status = a.status;
	for (size_t i = 0; i < a.len; i++) {
		if (!dmarc_is_record(a.records[i].text))
			continue;
		step->record = &a.records[i];
		step->count++;
	}
	if (step->count != 1)
		step->record = NULL;
	if (a.status == DNS_FOUND && step->record == NULL)
		step->status = DNS_NODATA;
	return step;
}

static char psd_of(const struct dmarc_step *step)
{
	struct dmarc_record record;

	if (step->record == NULL)
		return '\0';
	dmarc_parse(step->record->text, &record);
	return record.psd;
}

static bool is_open(const struct dmarc_step *step)
{
	return step->status == DNS_UNKNOWN || step->status == DNS_FAILED;
}

static void take(struct dmarc_found *ret, const struct dmarc_step *step)
{
	ret->status = DNS_FOUND;
	ret->record = step->record;
	ret->domain = step->domain;
	ret->inherited = step != &ret->steps[0];
}

/* The name one label below `parent` on the way to the name asked about. */
static struct slice child_of(struct slice name, struct slice parent)
{
	for (;;) {
		struct slice up = dns_name_parent(name);

		if (slice_absent(up) || up.len <= parent.len)
			return name;
		name = up;
	}
}

static void choose(struct slice domain, struct dmarc_found *ret)
{
	const struct dmarc_step *org = NULL, *psd = NULL;

	for (size_t i = 0; i < ret->steps_len; i++) {
		const struct dmarc_step *step = &ret->steps[i];
		char flag = psd_of(step);

		if (flag == 'y' && i > 0) {
			psd = step;
			ret->org = child_of(domain, step->domain);
			org = NULL;
			for (size_t k = 0; k < i; k++) {
				if (slice_equal(ret->steps[k].domain, ret->org) &&
					ret->steps[k].record != NULL)
					org = &ret->steps[k];
			}
			break;
		}
		if (flag == '\0')
			continue;
		org = step; /* so far the one with the fewest labels */
		ret->org = step->domain;
		if (flag == 'n')
			break;
	}
	if (ret->steps[0].record != NULL)
		take(ret, &ret->steps[0]);
	else if (org != NULL)
		take(ret, org);
	else if (psd != NULL)
		take(ret, psd);
}

static void walk(struct dns_view *view, struct slice domain, struct dmarc_found *ret)
{
	struct slice at = domain;

	while (!slice_absent(at) && ret->steps_len < DMARC_WALK_MAX) {
		const struct dmarc_step *step = ask(view, at, ret);
		char psd = psd_of(step);

		if (is_open(step)) {
			ret->status = step->status;
			/* Its own record decides the policy, whatever is above. */
			if (ret->steps_len == 1 || ret->steps[0].record == NULL)
				return;
			break;
		}
		if (psd == 'y' || psd == 'n')
			break;
		do
			at = dns_name_parent(at);
		while (dns_name_labels(at) > WALK_LABELS_MAX);
	}
	choose(domain, ret);
}

static void by_suffix(struct dns_view *view, struct slice domain, struct dmarc_found *ret)
{
	const struct dmarc_step *step = ask(view, domain, ret);

	ret->org = domain_org(domain);
	if (step->record == NULL && !is_open(step) && ret->org.len < domain.len)
		step = ask(view, ret->org, ret);
	if (step->record != NULL)
		take(ret, step);
	else if (is_open(step))
		ret->status = step->status;
}

void dmarc_find(struct dns_view *view, struct slice domain, enum dmarc_method method,
	struct dmarc_found *ret)
{
	*ret = (struct dmarc_found){ .status = DNS_NXDOMAIN, .domain = domain, .org = domain };
	if (!dns_name_valid(domain))
		return;
	if (method == DMARC_TREE_WALK)
		walk(view, domain, ret);
	else
		by_suffix(view, domain, ret);
}
