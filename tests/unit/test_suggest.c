/* Records to publish next, the form DNS panels want them in, and what is to be asked for first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/judge/dns/check.h"
#include "store/judge/dns/suggest.h"
#include "store/judge/dns/zone.h"

#define COUNT(a)    (sizeof(a) / sizeof *(a))
#define RECORD_MAX  4096
#define LIST_MAX    4
#define ADDRESS_MAX 2

/* ---- SPF --------------------------------------------------------------------------------- */

struct spf_case {
	const char *records[LIST_MAX], *add[ADDRESS_MAX], *include[LIST_MAX], *drop[LIST_MAX], *all,
		*want;
};

static size_t slices(const char *const *from, size_t max, struct slice *to)
{
	size_t n = 0;

	while (n < max && from[n] != NULL) {
		to[n] = slice_of(from[n]);
		n++;
	}
	return n;
}

static void suggest_spf(const struct spf_case *c, struct buf *to)
{
	struct slice records[LIST_MAX], include[LIST_MAX], drop[LIST_MAX], add[ADDRESS_MAX];
	struct ip ips[ADDRESS_MAX];
	struct spf_wish wish = {
		.records = records, .add = ips, .include = include, .drop = drop, .all = c->all
	};

	wish.records_len = slices(c->records, LIST_MAX, records);
	wish.include_len = slices(c->include, LIST_MAX, include);
	wish.drop_len = slices(c->drop, LIST_MAX, drop);
	wish.add_len = slices(c->add, ADDRESS_MAX, add);
	for (size_t i = 0; i < wish.add_len; i++)
		assert_true(ip_parse(add[i], &ips[i]));
	spf_suggest(&wish, to);
	assert_false(buf_failed(to));
}

static void an_spf_record_has_its_terms_in_order_once_and_all_last(void **state)
{
	static const struct spf_case cases[] = {
		{ .want = "v=spf1 -all" },
		{ .all = "~all", .want = "v=spf1 ~all" },
		{ .add = { "192.0.2.1", "2001:db8::1" },
			.want = "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all" },
		{ .include = { "_spf.example.net" },
			.all = "-all",
			.want = "v=spf1 include:_spf.example.net -all" },
		{ .records = { "v=spf1 mx -all" },
			.add = { "192.0.2.1" },
			.want = "v=spf1 mx ip4:192.0.2.1 -all" },
		{ .records = { "v=spf1 mx -all" }, .all = "~all", .want = "v=spf1 mx ~all" },
		/* two into one (S02) */
		{ .records = { "v=spf1 mx include:a.example ~all",
			  "v=spf1 include:b.example mx -all" },
			.want = "v=spf1 mx include:a.example include:b.example ~all" },
		{ .records = { "v=spf1 +mx ~all", "V=SPF1 MX A:Host.example -all" },
			.want = "v=spf1 +mx A:Host.example ~all" },
		{ .records = { "v=spf1 exp=a.example ~all", "v=spf1 mx exp=b.example" },
			.want = "v=spf1 exp=a.example mx ~all" },
		/* what is there already */
		{ .records = { "v=spf1 ip4:192.0.2.1 include:A.example ~all" },
			.add = { "192.0.2.1" },
			.include = { "a.example" },
			.want = "v=spf1 ip4:192.0.2.1 include:A.example ~all" },
		{ .include = { "a.example", "a.example" },
			.want = "v=spf1 include:a.example ~all" },
		/* nothing behind "all", no faults, one redirect */
		{ .records = { "v=spf1 ~all ip4:192.0.2.1" }, .want = "v=spf1 ip4:192.0.2.1 ~all" },
		{ .records = { "v=spf1 ipv4:192.0.2.1 mx ip4:300.1.1.1 ~all" },
			.want = "v=spf1 mx ~all" },
		{ .records = { "v=spf1 redirect=a.example" }, .want = "v=spf1 redirect=a.example" },
		{ .records = { "v=spf1 redirect=a.example" },
			.add = { "192.0.2.1" },
			.want = "v=spf1 ip4:192.0.2.1 redirect=a.example" },
		{ .records = { "v=spf1 mx redirect=a.example ~all" }, .want = "v=spf1 mx ~all" },
		{ .records = { "v=spf1 mx" }, .want = "v=spf1 mx ~all" },
		{ .records = { "v=spf1 mx ~all", "v=spf1 redirect=b.example" },
			.want = "v=spf1 mx include:b.example ~all" },
		{ .records = { "v=spf1 redirect=a.example", "v=spf1 redirect=b.example" },
			.want = "v=spf1 include:a.example include:b.example ~all" },
		{ .records = { "v=spf1 mx -all", "v=spf1 redirect=b.example ?all" },
			.want = "v=spf1 mx -all" },
		{ .records = { "v=spf1 mx redirect=b.example" },
			.drop = { "redirect=b.example" },
			.want = "v=spf1 mx ~all" },
		/* what was meant is plain (S22) */
		{ .records = { " v=spf1 mx ~all" }, .want = "v=spf1 mx ~all" },
		{ .records = { "\"v=spf1 mx ~all\"" }, .want = "v=spf1 mx ~all" },
		{ .records = { "\xe2\x80\x9cv=spf1 mx ~all\xe2\x80\x9d" },
			.want = "v=spf1 mx ~all" },
		{ .records = { "v=spf1; mx ~all;" }, .want = "v=spf1 mx ~all" },
		{ .records = { "hello" }, .want = "v=spf1 -all" },
		/* left out on demand */
		{ .records = { "v=spf1 mx include:a.example ip4:10.0.0.1 ~all" },
			.drop = { "include:a.example", "ip4:10.0.0.1" },
			.want = "v=spf1 mx ~all" },
		{ .records = { "v=spf1 ptr -all" },
			.drop = { "ptr" },
			.add = { "192.0.2.1" },
			.want = "v=spf1 ip4:192.0.2.1 -all" },
	};
	struct buf to;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (size_t i = 0; i < COUNT(cases); i++) {
		suggest_spf(&cases[i], &to);
		assert_string_equal(buf_text(&to), cases[i].want);
	}
	buf_release(&to);
}

static void every_spf_record_we_write_is_one_without_faults(void **state)
{
	static const char *const pieces[] = { "v=spf1", " ", ";", "mx", "a:b.example", "~all",
		"+all", "redirect=c.example", "exp=d.example", "ip4:192.0.2.1", "ip4:x", "\"",
		"include:", "include:e.example", "x=y", "%{x}", "exp=f.example" };
	uint32_t seed = 11;
	struct buf to;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (unsigned round = 0; round < 5000; round++) {
		char records[2][256] = { "", "" };
		struct spf_case c = { .records = { records[0], records[1] },
			.add = { "192.0.2.1" } };
		struct spf_terms terms;
		struct spf_term t;
		bool all = false;

		for (unsigned i = 0; i < 24; i++) {
			char *record = records[i % 2];

			seed = seed * 1664525 + 1013904223;
			(void)snprintf(record + strlen(record), sizeof records[0] - strlen(record),
				"%s ", pieces[(seed >> 16) % COUNT(pieces)]);
		}
		suggest_spf(&c, &to);
		assert_true(spf_is_record(buf_slice(&to)));
		spf_terms_init(&terms, buf_slice(&to));
		while (spf_terms_next(&terms, &t)) {
			if (t.fault != SPF_FINE || all)
				fail_msg("%s", buf_text(&to));
			all = t.kind == SPF_ALL || t.kind == SPF_REDIRECT;
		}
		assert_true(all);
	}
	buf_release(&to);
}

/* ---- DMARC ------------------------------------------------------------------------------- */

static void a_dmarc_record_keeps_what_is_of_use_and_loses_the_rest(void **state)
{
	static const struct {
		struct dmarc_wish wish;
		const char *record, *address, *want;
	} cases[] = {
		{ .want = "v=DMARC1; p=none" },
		{ .address = "r@a.example", .want = "v=DMARC1; p=none; rua=mailto:r@a.example" },
		{ .wish = { .p = DMARC_REJECT, .sp = DMARC_QUARANTINE, .np = DMARC_REJECT },
			.want = "v=DMARC1; p=reject; sp=quarantine; np=reject" },
		{ .record = "v=DMARC1; p=quarantine; sp=none; rua=mailto:a@b.example",
			.want = "v=DMARC1; p=quarantine; sp=none; rua=mailto:a@b.example" },
		{ .record = "v=DMARC1; sp=none; p=quarantine",
			.wish = { .drop_sp = true },
			.want = "v=DMARC1; p=quarantine" },
		{ .record = "v=DMARC1; rua=mailto:a@b.example; p=none",
			.address = "r@a.example",
			.want = "v=DMARC1; p=none; rua=mailto:a@b.example,mailto:r@a.example" },
		{ .record = "v=DMARC1; p=none; rua=mailto:R@A.example",
			.address = "r@a.example",
			.want = "v=DMARC1; p=none; rua=mailto:R@A.example" },
		{ .record = "v=DMARC1; p=none; rua=a@b.example, mailto:c@d.example!10m ,nonsense,",
			.want = "v=DMARC1; p=none; rua=mailto:a@b.example,mailto:c@d.example" },
		{ .record = "v=DMARC1; p=none; rua=a@,@b.example,a b@c.example,a@localhost",
			.want = "v=DMARC1; p=none" },
		{ .record = "v=DMARC1; p=none; rua=nonsense", .want = "v=DMARC1; p=none" },
		{ .record = "v=DMARC1; p=none; pct=50; rf=afrf; ri=3600; policy=x; adkim=s; aspf=z",
			.want = "v=DMARC1; p=none; adkim=s" },
		{ .record = "v=DMARC1; p=none; adkim=s; aspf=s",
			.wish = { .relaxed = true },
			.want = "v=DMARC1; p=none" },
		{ .record = "v=DMARC1; p=none; fo=1", .want = "v=DMARC1; p=none" },
		{ .record = "v=DMARC1; p=none; fo=1; ruf=nonsense", .want = "v=DMARC1; p=none" },
		{ .record = "v=DMARC1; p=none; fo=1:d; ruf=mailto:a@b.example",
			.want = "v=DMARC1; p=none; ruf=mailto:a@b.example; fo=1:d" },
		{ .record = "v=DMARC1; p=none; fo=1:d; ruf=mailto:a@b.example",
			.wish = { .drop_ruf = true },
			.want = "v=DMARC1; p=none" },
		{ .record = "v=DMARC1; p=none; psd=y",
			.wish = { .drop_psd = true },
			.want = "v=DMARC1; p=none" },
		{ .record = "v=DMARC1; p=reject; t=y; psd=n", .want = "v=DMARC1; p=reject; psd=n" },
		{ .record = "v=DMARC1; p=reject; t=y",
			.wish = { .keep_testing = true },
			.want = "v=DMARC1; p=reject; t=y" },
		{ .record = "v=dmarc1; p=rejct; sp=all", .want = "v=DMARC1; p=none" },
		{ .record = "v=DMARC1; p=REJECT; np=Quarantine",
			.want = "v=DMARC1; p=reject; np=quarantine" },
	};
	struct buf to;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dmarc_wish wish = cases[i].wish;
		struct dmarc_record r;

		if (cases[i].record != NULL)
			wish.record = slice_of(cases[i].record);
		if (cases[i].address != NULL)
			wish.report_address = slice_of(cases[i].address);
		dmarc_suggest(&wish, &to);
		assert_string_equal(buf_text(&to), cases[i].want);
		dmarc_parse(buf_slice(&to), &r);
		assert_true(r.valid);
		for (unsigned k = 0; k < DMARC_TAG_COUNT; k++)
			assert_false(r.bad[k]);
		/* Suggested once more, it stays what it is. */
		wish.record = slice_of(cases[i].want);
		dmarc_suggest(&wish, &to);
		assert_string_equal(buf_text(&to), cases[i].want);
	}
	buf_release(&to);
}

/* ---- panels ------------------------------------------------------------------------------ */

static void a_value_is_cut_into_strings_a_zone_file_reads_back(void **state)
{
	static const char *const values[] = { "", "v=spf1 -all", "a \"b\" \\ ; c", "\x01\x7f\xff",
		"B\xc3\xbc" };
	struct buf to;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (size_t i = 0; i <= COUNT(values); i++) {
		struct err err = ERR_INIT;
		struct dns_set *set = NULL;
		struct dns_answer a;
		char big[600];
		struct slice value;

		memset(big, 'x', sizeof big);
		value = i < COUNT(values) ? slice_of(values[i]) : slice_from(big, sizeof big);
		buf_clear(&to);
		buf_add_text(&to, "a TXT ");
		dns_strings(value, &to);
		assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
		assert_int_equal(zone_read(set, SLICE_LIT("test"), buf_slice(&to), &err), 0);
		dns_find(dns_set_view(set), SLICE_LIT("a.test"), DNS_TXT, &a);
		assert_int_equal(a.len, 1);
		assert_true(slice_equal(a.records[0].text, value));
		assert_int_equal(
			a.records[0].breaks_len, value.len > 255 ? (value.len - 1) / 255 : 0);
		for (size_t k = 0; k < a.records[0].breaks_len; k++)
			assert_int_equal(a.records[0].breaks[k], (k + 1) * 255);
		dns_set_close(set);
	}
	buf_clear(&to);
	dns_strings(SLICE_LIT("v=DMARC1; p=none"), &to);
	assert_string_equal(buf_text(&to), "\"v=DMARC1; p=none\"");
	buf_release(&to);
}

static void a_panel_wants_names_relative_to_its_zone(void **state)
{
	static const struct {
		const char *name, *zone, *want;
	} cases[] = {
		{ "example.com", "example.com", "@" },
		{ "_dmarc.example.com", "example.com", "_dmarc" },
		{ "k1._domainkey.mail.example.com", "example.com", "k1._domainkey.mail" },
		{ "_dmarc.example.net", "example.com", "_dmarc.example.net" },
		{ "notexample.com", "example.com", "notexample.com" },
		{ "example.com", "", "example.com" },
		{ "com", "example.com", "com" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_true(slice_equal(
			dns_panel_name(slice_of(cases[i].name), slice_of(cases[i].zone)),
			slice_of(cases[i].want)));
}

/* ---- what to ask for --------------------------------------------------------------------- */

struct wanted {
	char names[1200][DOMAIN_KEY_MAX];
	enum dns_type types[1200];
	size_t len;
};

static void note(void *arg, struct slice name, enum dns_type type)
{
	struct wanted *w = arg;

	assert_true(dns_name_valid(name));
	assert_true(w->len < COUNT(w->names));
	memcpy(w->names[w->len], name.ptr, name.len);
	w->names[w->len][name.len] = '\0';
	w->types[w->len++] = type;
}

/* A world without anything, that looks whether each question was foreseen. */
struct foreseen {
	struct dns_view view;
	const struct wanted *wanted;
	size_t asked;
};

static bool is_wanted(const struct wanted *w, struct slice name, enum dns_type type)
{
	for (size_t i = 0; i < w->len; i++) {
		if (w->types[i] == type && slice_equal(slice_of(w->names[i]), name))
			return true;
	}
	return false;
}

static void foreseen_find(
	struct dns_view *view, struct slice name, enum dns_type type, struct dns_answer *ret)
{
	struct foreseen *f = (struct foreseen *)view;

	f->asked++;
	if (!is_wanted(f->wanted, name, type))
		fail_msg("%.*s %s was not wanted", SLICE_FMT(name), dns_type_names[type]);
	*ret = (struct dns_answer){ .status = DNS_NXDOMAIN };
}

static void assert_foreseen(const struct dns_facts *facts)
{
	struct wanted *w = calloc(1, sizeof *w);
	struct foreseen f = { { foreseen_find }, w, 0 };
	struct dns_findings *found = NULL;
	struct err err = ERR_INIT;

	assert_non_null(w);
	dns_check_wants(facts, note, w);
	assert_true(w->len > 0 && w->len <= DNS_FACTS_MAX * 5 + 14);
	for (size_t i = 0; i < w->len; i++) {
		for (size_t k = 0; k < i; k++) {
			if (w->types[i] == w->types[k] && strcmp(w->names[i], w->names[k]) == 0)
				fail_msg("%s twice", w->names[i]);
		}
	}
	assert_int_equal(dns_findings_open(&found, &err), 0);
	assert_int_equal(dns_check(&f.view, facts, found, &err), 0);
	assert_true(f.asked > 0);
	dns_findings_close(found);
	free(w);
}

static void all_the_checker_asks_first_is_wanted_once(void **state)
{
	struct dns_seen_selector keys[] = {
		{ .selector = slice_of("k1"), .recent = 5 },
		{ .selector = slice_of("s2"),
			.domain = slice_of("mail.example.com"),
			.last_day = 1 },
	};
	struct dns_facts facts = { .domain = slice_of("example.com"),
		.parked = true,
		.selectors = keys,
		.selectors_len = COUNT(keys),
		.selectors_observed = true };
	static const char *const domains[] = { "example.com", "com", "mail.example.com",
		"a.b.c.d.e.f.example.com", "a.b.c.d.e.f.g.example.com",
		"a.b.c.d.e.f.g.h.i.j.mail.example.com" };

	(void)state;
	for (size_t i = 0; i < COUNT(domains); i++) {
		facts.domain = slice_of(domains[i]);
		assert_foreseen(&facts);
	}
}

static void names_nobody_can_ask_for_are_not_wanted(void **state)
{
	char domain[254], selector[300];
	struct dns_seen_selector keys[3] = { { .selector = SLICE_LIT("") } };
	struct dns_facts facts = { .selectors = keys, .selectors_len = 3 };

	(void)state;
	memset(selector, 's', sizeof selector);
	keys[1].selector = slice_from(selector, 64);
	keys[2].selector = slice_from(selector, 300);
	for (size_t len = 200; len <= 253; len++) {
		for (size_t i = 0; i < len; i++)
			domain[i] = i % 50 == 49 && i + 1 < len ? '.' : 'a';
		facts.domain = slice_from(domain, len);
		assert_foreseen(&facts); /* note() looks at each name */
	}
}

static void what_tells_most_is_wanted_first(void **state)
{
	struct dns_seen_selector keys[] = { { .selector = slice_of("k1") },
		{ .selector = slice_of("k2") } };
	struct dns_facts facts = {
		.domain = slice_of("example.com"), .selectors = keys, .selectors_len = 2
	};
	static const char *const want[] = { "example.com", "_dmarc.example.com", "_dmarc.com",
		"k1._domainkey.example.com", "k2._domainkey.example.com" };
	struct wanted *w = calloc(1, sizeof *w);

	(void)state;
	assert_non_null(w);
	dns_check_wants(&facts, note, w);
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_string_equal(w->names[i], want[i]);
		assert_int_equal(w->types[i], DNS_TXT);
	}
	free(w);
}

static void a_key_keeps_what_is_of_use_and_loses_the_rest(void **state)
{
	static const struct {
		struct dkim_wish wish;
		const char *record, *want;
	} cases[] = {
		{ .record = "k=rsa; p=MIIB; v=DKIM1", .want = "v=DKIM1; k=rsa; p=MIIB" },
		{ .record = "v=DKIM2;p=MI IB;", .want = "v=DKIM1; p=MI IB" },
		{ .record = "v=DKIM1; h=sha1; s=tlsrpt; p=", .want = "v=DKIM1; p=" },
		{ .record = "v=DKIM1; h=sha1:sha256; s=*; n=x; p=",
			.want = "v=DKIM1; h=sha1:sha256; s=*; n=x; p=" },
		{ .record = "v=DKIM1; t=y : s; p=A", .want = "v=DKIM1; t=y:s; p=A" },
		{ .record = "v=DKIM1; t=y:s; p=A",
			.wish = { .drop_testing = true },
			.want = "v=DKIM1; t=s; p=A" },
		{ .record = "v=DKIM1; t=s; p=A",
			.wish = { .drop_strict = true },
			.want = "v=DKIM1; p=A" },
		{ .record = "", .want = "v=DKIM1" },
	};
	struct buf to;

	(void)state;
	buf_init(&to, RECORD_MAX);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dkim_wish wish = cases[i].wish;

		wish.record = slice_of(cases[i].record);
		dkim_suggest(&wish, &to);
		assert_string_equal(buf_text(&to), cases[i].want);
	}
	buf_release(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_spf_record_has_its_terms_in_order_once_and_all_last),
		cmocka_unit_test(every_spf_record_we_write_is_one_without_faults),
		cmocka_unit_test(a_dmarc_record_keeps_what_is_of_use_and_loses_the_rest),
		cmocka_unit_test(a_key_keeps_what_is_of_use_and_loses_the_rest),
		cmocka_unit_test(a_value_is_cut_into_strings_a_zone_file_reads_back),
		cmocka_unit_test(a_panel_wants_names_relative_to_its_zone),
		cmocka_unit_test(all_the_checker_asks_first_is_wanted_once),
		cmocka_unit_test(names_nobody_can_ask_for_are_not_wanted),
		cmocka_unit_test(what_tells_most_is_wanted_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
