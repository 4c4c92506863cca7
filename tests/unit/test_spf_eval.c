/* SPF as RFC 7208 wants it judged, section by section, and what hostile records cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/judge/dns/check.h"
#include "store/judge/dns/dkim_key.h"
#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/spf_eval.h"
#include "store/judge/dns/spf_tree.h"
#include "store/judge/dns/zone.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define T(text)  "d TXT \"" text "\"\n"
#define HOSTS                                                                                      \
	"m A 192.0.2.1\nm AAAA 2001:db8::1\nx MX 10 m\n"                                           \
	"yes TXT \"v=spf1 ip4:192.0.2.1 -all\"\nsoft TXT \"v=spf1 ~all\"\n"                        \
	"bad TXT \"v=spf1 nonsense\"\nplain TXT hello\n"                                           \
	"1.2.0.192.in-addr.arpa. PTR m.example.\n1.d A 127.0.0.2\n"                                \
	"u.d.d A 127.0.0.2\n1.2.0.192.in-addr.d A 127.0.0.2\n"

static const struct {
	const char *zone, *ip;
	enum spf_result result;
	enum spf_why why;
} cases[] = {
	/* 4.4, 4.5 */
	{ "", "192.0.2.1", SPF_NONE, 0 },
	{ T("v=spf10 -all"), "192.0.2.1", SPF_NONE, 0 },
	{ T("V=SPF1 -ALL"), "192.0.2.1", SPF_FAIL, 0 },
	{ T("v=spf1"), "192.0.2.1", SPF_NEUTRAL, 0 },
	{ T("v=spf1 -all") T("v=spf1 ~all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SEVERAL },
	{ T("v=spf1 -all") T("v=other"), "192.0.2.1", SPF_FAIL, 0 },
	/* 4.6: a fault anywhere */
	{ T("v=spf1 ip4:192.0.2.1 wrong -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	{ T("v=spf1 new=thing -all"), "192.0.2.1", SPF_FAIL, 0 },
	{ T("v=spf1 new=%x -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	/* 4.6.2 */
	{ T("v=spf1 ?all"), "192.0.2.1", SPF_NEUTRAL, 0 },
	{ T("v=spf1 ~all"), "192.0.2.1", SPF_SOFTFAIL, 0 },
	{ T("v=spf1 +all"), "192.0.2.1", SPF_PASS, 0 },
	{ T("v=spf1 -ip4:192.0.2.1 +all"), "192.0.2.1", SPF_FAIL, 0 },
	/* 4.6.4 */
	{ T("v=spf1 a:n1 a:n2.example a:n3.example ~all"), "192.0.2.1", SPF_PERMERROR,
		SPF_WHY_SYNTAX },
	{ T("v=spf1 a:n1.example a:n2.example ~all"), "192.0.2.1", SPF_SOFTFAIL, 0 },
	{ T("v=spf1 a:n1.example a:n2.example a:n3.example ~all"), "192.0.2.1", SPF_PERMERROR,
		SPF_WHY_VOIDS },
	{ T("v=spf1 include:d.example -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_LOOKUPS },
	{ T("v=spf1 a:m.example a:m.example a:m.example a:m.example a:m.example a:m.example"
	    " a:m.example a:m.example a:m.example a:m.example -all"),
		"192.0.2.9", SPF_FAIL, 0 },
	{ T("v=spf1 a:m.example a:m.example a:m.example a:m.example a:m.example a:m.example"
	    " a:m.example a:m.example a:m.example a:m.example a:m.example -all"),
		"192.0.2.9", SPF_PERMERROR, SPF_WHY_LOOKUPS },
	/* 5.1 */
	{ T("v=spf1 -all ip4:192.0.2.1"), "192.0.2.1", SPF_FAIL, 0 },
	{ T("v=spf1 -all:x"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	/* 5.2 */
	{ T("v=spf1 include:yes.example -all"), "192.0.2.1", SPF_PASS, 0 },
	{ T("v=spf1 ~include:yes.example -all"), "192.0.2.1", SPF_SOFTFAIL, 0 },
	{ T("v=spf1 include:yes.example ?all"), "192.0.2.9", SPF_NEUTRAL, 0 },
	{ T("v=spf1 include:soft.example -all"), "192.0.2.1", SPF_FAIL, 0 },
	{ T("v=spf1 include:bad.example -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	{ T("v=spf1 include:plain.example -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_NO_RECORD },
	{ T("v=spf1 include:gone.example -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_NO_RECORD },
	{ T("v=spf1 include -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	/* 5.3 */
	{ T("v=spf1 a -all") "d A 192.0.2.1\n", "192.0.2.1", SPF_PASS, 0 },
	{ T("v=spf1 a:m.example -all"), "2001:db8::1", SPF_PASS, 0 },
	{ T("v=spf1 a:m.example/24 -all"), "192.0.2.77", SPF_PASS, 0 },
	{ T("v=spf1 a:m.example/24//64 -all"), "2001:db8::77", SPF_PASS, 0 },
	{ T("v=spf1 a:m.example/24 -all"), "2001:db8::77", SPF_FAIL, 0 },
	{ T("v=spf1 a:m.example/33 -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	{ T("v=spf1 a:m.example//129 -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	/* 5.4 */
	{ T("v=spf1 mx:x.example -all"), "192.0.2.1", SPF_PASS, 0 },
	{ T("v=spf1 mx:x.example -all"), "192.0.2.9", SPF_FAIL, 0 },
	{ T("v=spf1 mx -all") "d MX 0 .\n", "192.0.2.1", SPF_FAIL, 0 },
	/* 5.5 */
	{ T("v=spf1 ptr:example -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	{ T("v=spf1 ptr:m.example -all"), "192.0.2.1", SPF_PASS, 0 },
	{ T("v=spf1 ptr -all"), "192.0.2.1", SPF_FAIL, 0 },
	/* 5.6 */
	{ T("v=spf1 ip4:192.0.2.0/24 -all"), "192.0.2.255", SPF_PASS, 0 },
	{ T("v=spf1 ip4:192.0.2.0/0 -all"), "203.0.113.1", SPF_PASS, 0 },
	{ T("v=spf1 ip4:192.0.2.0/00 -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	{ T("v=spf1 ip4:2001:db8::1 -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	{ T("v=spf1 ip6:2001:db8::/32 -all"), "2001:db8:ffff::1", SPF_PASS, 0 },
	{ T("v=spf1 ip4:192.0.2.1 -all"), "::ffff:192.0.2.1", SPF_PASS, 0 },
	/* 5.7, 7 */
	{ T("v=spf1 exists:1.%{d} -all"), "192.0.2.1", SPF_PASS, 0 },
	{ T("v=spf1 exists:1.%{d1r}.example -all"), "192.0.2.1", SPF_PASS, 0 },
	{ T("v=spf1 exists:1.%{d2r}.example -all"), "192.0.2.1", SPF_FAIL, 0 },
	{ T("v=spf1 exists:%{ir}.%{v}.d.example -all"), "192.0.2.1", SPF_PASS, 0 },
	{ T("v=spf1 exists:%{l1-}.d.d.example -all"), "192.0.2.1", SPF_PASS, 0 },
	{ T("v=spf1 exists:%{d0}.x -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	{ T("v=spf1 exists:%{c}.x -all"), "192.0.2.1", SPF_PERMERROR, SPF_WHY_SYNTAX },
	/* 6.1 */
	{ T("v=spf1 redirect=yes.example"), "192.0.2.1", SPF_PASS, 0 },
	{ T("v=spf1 redirect=yes.example"), "192.0.2.9", SPF_FAIL, 0 },
	{ T("v=spf1 redirect=yes.example ?all"), "192.0.2.9", SPF_NEUTRAL, 0 },
	{ T("v=spf1 redirect=gone.example"), "192.0.2.9", SPF_PERMERROR, SPF_WHY_NO_RECORD },
	{ T("v=spf1 redirect=yes.example redirect=yes.example"), "192.0.2.9", SPF_PERMERROR,
		SPF_WHY_SYNTAX },
};

static struct dns_set *zone_of(const char *text, const char *more)
{
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;
	size_t cap = strlen(text) + strlen(more) + 64;
	char *all = malloc(cap);

	assert_non_null(all);
	(void)snprintf(all, cap, "$ORIGIN example.\n%s%s", text, more);
	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	if (zone_read(set, SLICE_LIT(""), slice_of(all), &err) < 0)
		fail_msg("%s", err.text);
	free(all);
	return set;
}

static void check_host_says_what_the_rfc_says(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_set *set = zone_of(cases[i].zone, HOSTS);
		struct spf_query q = { .domain = slice_of("d.example"),
			.sender = slice_of("a-u@d.example") };
		struct spf_verdict v;

		assert_true(ip_parse(slice_of(cases[i].ip), &q.ip));
		spf_check(dns_set_view(set), &q, &v);
		if (v.result != cases[i].result || v.why != cases[i].why) {
			print_error("# case %zu: %s says %s (%d), not %s\n", i, cases[i].zone,
				spf_result_names[v.result], (int)v.why,
				spf_result_names[cases[i].result]);
			bad++;
		}
		dns_set_close(set);
	}
	assert_int_equal(bad, 0);
}

static void a_failing_resolver_is_temperror_and_an_unasked_name_unknown(void **state)
{
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;
	struct spf_query q = { .domain = slice_of("d.example") };
	struct spf_verdict v;

	(void)state;
	assert_true(ip_parse(slice_of("192.0.2.1"), &q.ip));
	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	spf_check(dns_set_view(set), &q, &v);
	assert_int_equal(v.result, SPF_UNKNOWN);
	assert_string_equal(v.name, "d.example");
	assert_int_equal(dns_set_mark(set, q.domain, DNS_TXT, DNS_FAILED, &err), 0);
	dns_set_close(set);
	set = NULL;
	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	assert_int_equal(dns_set_mark(set, q.domain, DNS_TXT, DNS_FAILED, &err), 0);
	spf_check(dns_set_view(set), &q, &v);
	assert_int_equal(v.result, SPF_TEMPERROR);
	dns_set_close(set);
}

static void three_hundred_includes_deep_is_bounded(void **state)
{
	struct err err = ERR_INIT;
	char *text = malloc(40000);
	size_t len = 0;
	struct dns_set *set;
	struct spf_tree *tree = NULL;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 300; i++)
		len += (size_t)snprintf(text + len, 40000 - len,
			"n%d TXT \"v=spf1 include:n%d.example -all\"\n", i, i + 1);
	set = zone_of(text, "");
	assert_int_equal(spf_tree_open(&tree, dns_set_view(set), slice_of("n0.example"), &err), 0);
	assert_true(tree->cut && tree->lookups > 10 && tree->len <= SPF_TREE_NODES_MAX);
	spf_tree_close(tree);
	dns_set_close(set);
	free(text);
}

/* A view that answers everything with one text of 10 MB, whatever a set would take. */
struct flood {
	struct dns_view view;
	struct dns_record record;
};

static void flood_find(
	struct dns_view *view, struct slice name, enum dns_type type, struct dns_answer *ret)
{
	struct flood *f = (struct flood *)view;

	(void)name;
	*ret = (struct dns_answer){ .status = DNS_NODATA };
	if (type == DNS_TXT)
		*ret = (struct dns_answer){ .status = DNS_FOUND, .records = &f->record, .len = 1 };
}

static void ten_megabytes_of_text_are_findings(void **state)
{
	static const char *const texts[] = { "v=spf1 a:x.y ", "v=DMARC1; p=none; rua=,", ";;=;x=\\",
		"v=spf1 include:z.example ", "v=DKIM1; p=QQQQ" };
	const size_t len = 10 * 1024 * 1024;
	char *bytes = malloc(len);
	struct err err = ERR_INIT;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct flood f = { { flood_find }, { .text = { bytes, len } } };
		struct dns_seen_selector s = { .selector = slice_of("k"), .recent = 1 };
		struct dns_facts facts = {
			.domain = slice_of("d.example"), .selectors = &s, .selectors_len = 1
		};
		struct dns_findings *found = NULL;
		size_t piece = strlen(texts[i]);

		for (size_t k = 0; k < len; k++)
			bytes[k] = texts[i][k % piece];
		assert_int_equal(dns_findings_open(&found, &err), 0);
		assert_int_equal(dns_check(&f.view, &facts, found, &err), 0);
		assert_true(dns_findings_count(found) > 0);
		dns_findings_close(found);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_host_says_what_the_rfc_says),
		cmocka_unit_test(a_failing_resolver_is_temperror_and_an_unasked_name_unknown),
		cmocka_unit_test(three_hundred_includes_deep_is_bounded),
		cmocka_unit_test(ten_megabytes_of_text_are_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
