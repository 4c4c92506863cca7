#include "store/judge/dns/finding.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/base/utf8.h"
#include "store/judge/dns/pool.h"

struct dns_findings {
	struct dns_finding room[DNS_FINDINGS_MAX];
	size_t len;
	size_t more, severities[DNS_SEVERITY_COUNT]; /* of what was not kept */
	struct pool pool;
};

int dns_findings_open(struct dns_findings **ret, struct err *err)
{
	struct dns_findings *f = calloc(1, sizeof *f);

	if (f == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for findings");
	pool_init(&f->pool, DNS_FINDINGS_BYTES_MAX);
	*ret = f;
	return 0;
}

void dns_findings_close(struct dns_findings *f)
{
	if (f == NULL)
		return;
	pool_release(&f->pool);
	free(f);
}

size_t dns_findings_count(const struct dns_findings *f)
{
	return f->len;
}

const struct dns_finding *dns_findings_get(const struct dns_findings *f, size_t index)
{
	assert(index < f->len);
	return &f->room[index];
}

size_t dns_findings_more(const struct dns_findings *f)
{
	return f->more;
}

size_t dns_findings_of(const struct dns_findings *f, enum dns_severity severity)
{
	size_t n = f->severities[severity];

	for (size_t i = 0; i < f->len; i++)
		n += f->room[i].severity == severity;
	return n;
}

struct dns_finding *dns_found(struct dns_findings *f, enum dns_rule rule, unsigned variant)
{
	enum dns_severity severity = dns_rules[rule].texts[variant].severity;
	struct dns_finding *ret;
	size_t same = 0, at = 0;

	assert(variant < dns_rules[rule].variants);
	for (size_t i = 0; i < f->len; i++) {
		same += f->room[i].rule == rule;
		if (f->room[i].rule <= rule)
			at = i + 1;
	}
	if (f->len == DNS_FINDINGS_MAX || same == DNS_FINDINGS_A_RULE_MAX) {
		f->more++;
		f->severities[severity]++;
		return NULL;
	}
	ret = &f->room[at];
	memmove(ret + 1, ret, (f->len - at) * sizeof *ret);
	f->len++;
	*ret = (struct dns_finding){ .rule = rule, .variant = variant, .severity = severity };
	return ret;
}

/* Printable: each byte that is not becomes one "?", so that offsets stay what they were. */
static struct slice keep(struct dns_findings *f, struct slice s, size_t max)
{
	struct slice copy = pool_copy(&f->pool, utf8_keep(s, max));
	char *dst;

	if (slice_absent(copy))
		return SLICE_LIT("");
	dst = (char *)(uintptr_t)copy.ptr; /* the pool's, and ours to change */
	for (size_t i = 0; i < copy.len;) {
		size_t n = utf8_printable(slice_from(copy.ptr + i, copy.len - i));

		if (n == 0)
			dst[i] = '?';
		i += n > 0 ? n : 1;
	}
	return copy;
}

void dns_found_record(struct dns_findings *f, struct dns_finding *to, struct slice name,
	enum dns_type type, struct slice text)
{
	if (to == NULL)
		return;
	to->name = keep(f, name, DNS_VALUE_KEEP);
	to->type = type;
	to->record = slice_absent(text) ? text : keep(f, text, DNS_RECORD_KEEP);
}

void dns_found_span(struct dns_finding *to, size_t at, size_t len)
{
	if (to == NULL || at >= to->record.len)
		return;
	to->span_at = at;
	to->span_len = len < to->record.len - at ? len : to->record.len - at;
}

void dns_found_text(
	struct dns_findings *f, struct dns_finding *to, const char *key, struct slice value)
{
	if (to == NULL)
		return;
	assert(to->values_len < DNS_VALUES_MAX);
	to->values[to->values_len++] = (struct dns_value){ key, keep(f, value, DNS_VALUE_KEEP) };
}

void dns_found_number(
	struct dns_findings *f, struct dns_finding *to, const char *key, uint64_t value)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%llu", (unsigned long long)value);

	dns_found_text(f, to, key, slice_from(text, (size_t)len));
}

static void add_fix(struct dns_findings *f, struct dns_finding *to, struct dns_fix fix)
{
	if (to == NULL || to->fixes_len == DNS_FIXES_MAX)
		return;
	fix.name = keep(f, fix.name, DNS_VALUE_KEEP);
	fix.value = keep(f, fix.value, DNS_RECORD_KEEP);
	to->fixes[to->fixes_len++] = fix;
}

void dns_found_fix(struct dns_findings *f, struct dns_finding *to, struct slice name,
	enum dns_type type, struct slice value)
{
	add_fix(f, to, (struct dns_fix){ .type = type, .name = name, .value = value });
}

void dns_found_remove(struct dns_findings *f, struct dns_finding *to, struct slice name,
	enum dns_type type, struct slice value)
{
	add_fix(f, to,
		(struct dns_fix){ .type = type, .remove = true, .name = name, .value = value });
}

void dns_found_wait(struct dns_finding *to)
{
	if (to != NULL)
		to->waits = true;
}

void dns_found_fix_waiting(
	struct dns_findings *f, struct slice name, enum dns_type type, struct slice value)
{
	for (size_t i = 0; i < f->len; i++) {
		if (!f->room[i].waits)
			continue;
		f->room[i].waits = false;
		dns_found_fix(f, &f->room[i], name, type, value);
	}
}

void dns_found_drop(struct dns_findings *f, enum dns_rule rule)
{
	size_t len = 0;

	for (size_t i = 0; i < f->len; i++) {
		if (f->room[i].rule != rule)
			f->room[len++] = f->room[i];
	}
	f->len = len;
}

bool dns_found_any(const struct dns_findings *f, enum dns_rule rule)
{
	for (size_t i = 0; i < f->len; i++) {
		if (f->room[i].rule == rule)
			return true;
	}
	return false;
}

static struct slice value_of(const struct dns_finding *f, struct slice key)
{
	if (slice_equal(key, SLICE_LIT("name")))
		return f->name;
	for (size_t i = 0; i < f->values_len; i++) {
		if (slice_equal(slice_of(f->values[i].key), key))
			return f->values[i].text;
	}
	return SLICE_LIT("");
}

static void fill(const struct dns_finding *f, const char *text, struct buf *to)
{
	struct slice left = slice_of(text);

	while (left.len > 0) {
		struct slice rest, tail, before = slice_cut(left, '{', &rest);

		buf_add(to, before);
		if (slice_absent(rest))
			return;
		buf_add(to, value_of(f, slice_cut(rest, '}', &tail)));
		left = tail;
	}
}

void dns_finding_message(const struct dns_finding *f, enum dns_language language, struct buf *to)
{
	fill(f, dns_rules[f->rule].texts[f->variant].message[language], to);
}

void dns_finding_advice(const struct dns_finding *f, enum dns_language language, struct buf *to)
{
	fill(f, dns_rules[f->rule].texts[f->variant].fix[language], to);
}
