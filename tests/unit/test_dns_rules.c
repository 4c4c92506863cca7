/* The record checker: each rule has a zone that raises it and nothing else, and a twin without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/judge/dns/check.h"
#include "store/judge/dns/zone.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define RSA2048                                                                                    \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArsUUuwRBvJrcKhNNuDodylGGFiyv1s2EMOO5IF4c1KfsL+BYvRg4nzo3OMunzgmS4gXEFmHjzUbkBbIHQC9ZqAbtTtBp7ze4mRzK6psn6nq4EyjsmTwOQ9bjWGCdEduWJ/B/+pd7Zu6acIil7HPehvaZUpx8mehuFoUJKxEpAqUlHciSNaGGktaJogrLdWOAw4RsDzvRLXhtrzpl6orJYxQnBQIxFHNmZrrGGpWolZS/oNC/MCD5BWjZtU5RMPFp1VyWLq5kRhpIm6pK+2C++qDsIXJL7ROZZhbsa2zBmYwrQpTFfngn4CsbGWxpkVV1Vu6Ma2MmRu2Kazy3fDASpQIDAQAB"
#define RSA1024                                                                                    \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDK2x4gMAZF+856gHAR91qtmVEYI1+MlQ5okXN8yYNdOm3+TYYSDeMhmCTaKG0LEh2AZDjxR/e8uicIM23es5PuXVsSIO3Bnj+iR4FK9pWnLBZFi87pj1FkFSqZ/7MrTJQuCcxang4yQ2pyCup2jsJTVp/A2nfsIjyDdZZjeFsRTQIDAQAB"
#define RSA512                                                                                     \
	"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKz6d6lj1QhXJaRPGrMkLLZHpWCWc9DTVffWxBijRjXdLINOUsWpn8L8hhkJi4SordFjnxVtkRFWRsE6HexSuF0CAwEAAQ=="
#define ED    "htTJGvX9lUWCh/6QluOF2AFJMDJHKJs2SJjiw1he8tk="
#define TODAY 20000

#define SPF   "@ TXT \"v=spf1 ip4:192.0.2.1 include:inc.example.net ~all\"\n"
#define INC   "inc.example.net. TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n"
#define KEY   "k1._domainkey TXT \"v=DKIM1; k=rsa; p=\" \"" RSA2048 "\"\n"
#define DMARC "_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:r@example.com\"\n"
#define PTR   "1.2.0.192.in-addr.arpa. PTR mail.example.com.\nmail A 192.0.2.1\n"
#define PTR6                                                                                       \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR m6\n"       \
	"m6 AAAA 2001:db8::1\n"
#define S(text) "@ TXT \"" text "\"\n" INC KEY DMARC PTR
#define K(line) SPF INC line DMARC PTR
#define D(text) SPF INC KEY PTR "_dmarc TXT \"" text "\"\n"
#define KT(t)   K("k1._domainkey TXT \"" t "\" \"" RSA2048 "\"\n")
#define CLEAN   SPF INC KEY DMARC PTR
#define DR      "v=DMARC1; p=reject; rua=mailto:r@example.com"

/* What is turned in the facts for a case. */
enum turn {
	AS_IS,
	NO_KEY_USE,
	OTHER_ADDRESS,
	SIX_ADDRESS,
	UNUSED_INCLUDE,
	SIBLING,
	SUBDOMAINS,
	OLD_USE,
	OLD_KEY,
	UNSIGNED,
	REPORT_ELSEWHERE,
	STRICT,
	STALE,
	SPLIT,
	PARKED,
	SUBDOMAIN,
};

static const struct {
	enum dns_rule rule;
	const char *zone, *twin;
	enum turn turn;      /* of the zone */
	enum turn twin_turn; /* and of the twin */
} cases[] = {
	{ DNS_RULE_S01, INC KEY DMARC PTR, CLEAN, 0, 0 },
	{ DNS_RULE_S02, CLEAN "@ TXT \"v=spf1 -all\"\n", CLEAN "@ TXT other\n", 0, 0 },
	{ DNS_RULE_S03,
		S("v=spf1 ip4:192.0.2.1 include:inc.example.net exists:a%{i}.e.net"
		  " exists:b%{i}.e.net exists:c%{i}.e.net exists:d%{i}.e.net"
		  " exists:e%{i}.e.net exists:f%{i}.e.net exists:g%{i}.e.net"
		  " exists:h%{i}.e.net exists:i%{i}.e.net exists:j%{i}.e.net ~all"),
		CLEAN, 0, 0 },
	{ DNS_RULE_S04,
		S("v=spf1 ip4:192.0.2.1 include:inc.example.net exists:a%{i}.e.net"
		  " exists:b%{i}.e.net exists:c%{i}.e.net exists:d%{i}.e.net"
		  " exists:e%{i}.e.net exists:f%{i}.e.net exists:g%{i}.e.net"
		  " exists:h%{i}.e.net ~all"),
		S("v=spf1 ip4:192.0.2.1 exists:a%{i}.e.net"
		  " exists:b%{i}.e.net exists:c%{i}.e.net exists:d%{i}.e.net"
		  " exists:e%{i}.e.net exists:f%{i}.e.net exists:g%{i}.e.net"
		  " exists:h%{i}.e.net ~all"),
		0, 0 },
	{ DNS_RULE_S05,
		S("v=spf1 ip4:192.0.2.1 a:x.example.com a:y.example.com a:z.example.com ~all"),
		S("v=spf1 ip4:192.0.2.1 a:mail.example.com ~all"), 0, 0 },
	{ DNS_RULE_S06, S("v=spf1 ip4:192.0.2.1 ipv4:192.0.2.2 ~all"),
		S("v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ~all"), 0, 0 },
	{ DNS_RULE_S07, S("v=spf1 ip4:192.0.2.1 include:none.example.net ~all"), CLEAN, 0, 0 },
	{ DNS_RULE_S08,
		S("v=spf1 ip4:192.0.2.1 include:loop.example.net ~all") "loop.example.net. TXT \"v=spf1 include:loop.example.net -all\"\n",
		S("v=spf1 ip4:192.0.2.1 include:loop.example.net ~all") "loop.example.net. TXT \"v=spf1 include:inc.example.net -all\"\n",
		0, 0 },
	{ DNS_RULE_S09, S("v=spf1 ip4:192.0.2.1 +all"), S("v=spf1 ip4:192.0.2.1 -all"), 0, 0 },
	{ DNS_RULE_S10, S("v=spf1 ip4:192.0.2.1 ?all"), S("v=spf1 ip4:192.0.2.1 -all"), 0, 0 },
	{ DNS_RULE_S10, S("v=spf1 ip4:192.0.2.1"),
		S("v=spf1 ip4:192.0.2.1 redirect=inc.example.net"), 0, 0 },
	{ DNS_RULE_S11, S("v=spf1 ip4:192.0.2.1 -all"),
		S("v=spf1 ip4:192.0.2.1 redirect=inc.example.net"), 0, 0 },
	{ DNS_RULE_S12, S("v=spf1 ip4:192.0.2.1 ~all ip4:192.0.2.3"), CLEAN, 0, 0 },
	{ DNS_RULE_S13, S("v=spf1 ip4:192.0.2.1 ~all redirect=inc.example.net"), CLEAN, 0, 0 },
	{ DNS_RULE_S14, S("v=spf1 ip4:192.0.2.1 ptr ~all"), CLEAN, 0, 0 },
	{ DNS_RULE_S15,
		S("v=spf1 ip4:192.0.2.1 mx:m.example.net ~all") "$ORIGIN example.net.\nh A 192.0.2.9\nm MX 1 h\n MX 2 h\n MX 3 h\n MX 4 h\n MX 5 h\n"
								" MX 6 h\n MX 7 h\n MX 8 h\n MX 9 h\n MX 10 h\n MX 11 h\n",
		S("v=spf1 ip4:192.0.2.1 mx:m.example.net ~all") "$ORIGIN example.net.\nh A 192.0.2.9\nm MX 1 h\n",
		0, 0 },
	{ DNS_RULE_S16, S("v=spf1 ip4:192.0.2.1 ip4:2001:db8::1 ~all"),
		S("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all"), 0, 0 },
	{ DNS_RULE_S16, S("v=spf1 ip4:192.0.2.1/33 ~all"), S("v=spf1 ip4:192.0.2.1/32 ~all"), 0,
		0 },
	{ DNS_RULE_S17, S("v=spf1 ip4:192.0.0.0/8 ~all"), S("v=spf1 ip4:192.0.0.0/16 ~all"), 0, 0 },
	{ DNS_RULE_S18, S("v=spf1 ip4:192.0.2.1 ip4:10.0.0.1 ~all"),
		S("v=spf1 ip4:192.0.2.1 ip4:11.0.0.1 ~all"), 0, 0 },
	{ DNS_RULE_S19, S("v=spf1 ip4:192.0.2.1 a:none.example.com ~all"),
		S("v=spf1 ip4:192.0.2.1 a:mail.example.com ~all"), 0, 0 },
	{ DNS_RULE_S20,
		S("v=spf1 ip4:192.0.2.1 exp=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com ~all"),
		CLEAN, 0, 0 },
	{ DNS_RULE_S21,
		"@ TXT \"v=spf1 ip4:192.0.2.1\" \"include:inc.example.net ~all\"\n" INC KEY DMARC
			PTR,
		"@ TXT \"v=spf1 ip4:192.0.2.1 \" \"include:inc.example.net ~all\"\n" INC KEY DMARC
			PTR,
		0, 0 },
	{ DNS_RULE_S22, S("v=spf1; ip4:192.0.2.1 ~all"), CLEAN, 0, 0 },
	{ DNS_RULE_S22, S(" v=spf1 ip4:192.0.2.1 ~all"), CLEAN, 0, 0 },
	{ DNS_RULE_S22, S("v=spf1 ip4:192.0.2.1 ~all\xe2\x80\x9d"), CLEAN, 0, 0 },
	{ DNS_RULE_S23,
		S("v=spf1 ip4:192.0.2.1 include:inc.example.net include:inc.example.net ~all"),
		CLEAN, 0, 0 },
	{ DNS_RULE_S24, CLEAN, S("v=spf1 ip4:192.0.2.1 ~all"), UNUSED_INCLUDE, UNUSED_INCLUDE },
	{ DNS_RULE_S25, CLEAN "9.2.0.192.in-addr.arpa. PTR m9\nm9 A 192.0.2.9\n",
		S("v=spf1 ip4:192.0.2.1 ip4:192.0.2.9 ~all") "9.2.0.192.in-addr.arpa. PTR m9\nm9 A 192.0.2.9\n",
		OTHER_ADDRESS, OTHER_ADDRESS },
	{ DNS_RULE_S26, CLEAN PTR6, S("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all") PTR6,
		SIX_ADDRESS, SIX_ADDRESS },
	{ DNS_RULE_S27, CLEAN, CLEAN, SIBLING, AS_IS },
	{ DNS_RULE_S28, CLEAN "@ TXT \"spf2.0/pra -all\"\n", CLEAN, 0, 0 },
	{ DNS_RULE_S28, CLEAN "@ SPF \"v=spf1 -all\"\n", CLEAN, 0, 0 },
	{ DNS_RULE_K01, K(""), K(""), AS_IS, NO_KEY_USE },
	{ DNS_RULE_K02, CLEAN "k1._domainkey TXT \"v=DKIM1; p=\"\n", CLEAN, 0, 0 },
	{ DNS_RULE_K03, K("k1._domainkey TXT \"v=DKIM1; p=MIIB\"\n"), CLEAN, 0, 0 },
	{ DNS_RULE_K03, K("k1._domainkey TXT \"v=DKIM1; p=*\"\n"), CLEAN, 0, 0 },
	{ DNS_RULE_K03, K("k1._domainkey TXT \"v=DKIM1; k=rsa\"\n"), CLEAN, 0, 0 },
	{ DNS_RULE_K04, K("k1._domainkey TXT \"v=DKIM1; p=\"\n"), CLEAN, 0, 0 },
	{ DNS_RULE_K05, K("k1._domainkey TXT \"v=DKIM1; p=" RSA512 "\"\n"), CLEAN, 0, 0 },
	{ DNS_RULE_K06, K("k1._domainkey TXT \"v=DKIM1; p=" RSA1024 "\"\n"), CLEAN, 0, 0 },
	{ DNS_RULE_K07, KT("k=rsa; v=DKIM1; p="), KT("k=rsa; p="), 0, 0 },
	{ DNS_RULE_K07, KT("v=DKIM2; p="), KT("v=DKIM1; p="), 0, 0 },
	{ DNS_RULE_K08, KT("v=DKIM1; h=sha1; p="), KT("v=DKIM1; h=sha1:sha256; p="), 0, 0 },
	{ DNS_RULE_K09, KT("v=DKIM1; s=tlsrpt; p="), KT("v=DKIM1; s=email; p="), 0, 0 },
	{ DNS_RULE_K10, KT("v=DKIM1; t=y; p="), KT("v=DKIM1; t=s; p="), 0, 0 },
	{ DNS_RULE_K11, KT("v=DKIM1; t=s; p="), KT("v=DKIM1; t=s; p="), SUBDOMAINS, AS_IS },
	{ DNS_RULE_K12, K("k1._domainkey TXT \"v=DKIM1; k=ed25519; p=" ED "\"\n"), CLEAN, 0, 0 },
	{ DNS_RULE_K13, K("k1._domainkey CNAME gone.example.net.\n"),
		K("k1._domainkey CNAME there.example.net.\n") "there.example.net. TXT \"v=DKIM1; p=\" \"" RSA2048
							      "\"\n",
		0, 0 },
	{ DNS_RULE_K14, K("k1._domainkey A 192.0.2.80\n"), CLEAN, 0, 0 },
	{ DNS_RULE_K15, CLEAN "k1._domainkey.example.com TXT \"v=DKIM1; p=\"\n", CLEAN, 0, 0 },
	{ DNS_RULE_K16, CLEAN "k1.domainkey TXT \"v=DKIM1; p=\"\n", CLEAN, 0, 0 },
	{ DNS_RULE_K17, CLEAN "*._domainkey TXT \"v=DKIM1; p=MIIB\"\n",
		CLEAN "*._domainkey TXT \"v=DKIM1; p=\"\n", 0, 0 },
	{ DNS_RULE_K18, KT("v=DKIM1\\\\; p="), CLEAN, 0, 0 },
	{ DNS_RULE_K19, CLEAN, CLEAN, OLD_USE, AS_IS },
	{ DNS_RULE_K20, CLEAN, CLEAN, OLD_KEY, AS_IS },
	{ DNS_RULE_K21, CLEAN, CLEAN, UNSIGNED, AS_IS },
	{ DNS_RULE_D01, SPF INC KEY PTR, CLEAN, 0, 0 },
	{ DNS_RULE_D02, CLEAN "_dmarc TXT \"v=DMARC1; p=none\"\n", CLEAN, 0, 0 },
	{ DNS_RULE_D03, D("v=dmarc1; p=reject; rua=mailto:r@example.com"), CLEAN, 0, 0 },
	{ DNS_RULE_D03, D("p=reject; v=DMARC1"), CLEAN, 0, 0 },
	{ DNS_RULE_D04, D("v=DMARC1; p=block; rua=mailto:r@example.com"), CLEAN, 0, 0 },
	{ DNS_RULE_D05, D("v=DMARC1; rua=mailto:r@example.com"), CLEAN, 0, 0 },
	{ DNS_RULE_D06, D("v=DMARC1; p=none; rua=mailto:r@example.com"), CLEAN, 0, 0 },
	{ DNS_RULE_D07, D("v=DMARC1; p=reject"), CLEAN, 0, 0 },
	{ DNS_RULE_D08, D("v=DMARC1; p=reject; rua=r@example.com"), CLEAN, 0, 0 },
	{ DNS_RULE_D09, D("v=DMARC1; p=reject; rua=mailto:r@dest.example.net"),
		D("v=DMARC1; p=reject; rua=mailto:r@dest.example.net") "example.com._report._dmarc.dest.example.net. TXT \"v=DMARC1;\"\n",
		0, 0 },
	{ DNS_RULE_D10, CLEAN, CLEAN, REPORT_ELSEWHERE, AS_IS },
	{ DNS_RULE_D11, D(DR ",mailto:s@example.com,mailto:t@example.com"), CLEAN, 0, 0 },
	{ DNS_RULE_D11, D(DR "!10m"), CLEAN, 0, 0 },
	{ DNS_RULE_D12, D(DR "; pct=50"), CLEAN, 0, 0 },
	{ DNS_RULE_D12, D(DR "; pct=50%"), CLEAN, 0, 0 },
	{ DNS_RULE_D13, D(DR "; ri=86400"), CLEAN, 0, 0 },
	{ DNS_RULE_D14, D(DR "; sp=none; np=reject"), D(DR "; sp=reject"), 0, 0 },
	{ DNS_RULE_D15, D("v=DMARC1; p=quarantine; rua=mailto:r@example.com"),
		D("v=DMARC1; p=quarantine; np=reject; rua=mailto:r@example.com"), 0, 0 },
	{ DNS_RULE_D16, D(DR "; t=y"), D(DR "; t=n"), 0, 0 },
	{ DNS_RULE_D17, D(DR "; aspf=s"), D(DR "; aspf=s"), STRICT, AS_IS },
	{ DNS_RULE_D18, D(DR "; fo=1"), CLEAN, 0, 0 },
	{ DNS_RULE_D18, D(DR "; ruf=mailto:f@example.com"), CLEAN, 0, 0 },
	{ DNS_RULE_D19, D(DR "; aspff=s"), CLEAN, 0, 0 },
	{ DNS_RULE_D20, D("v=DMARC1; p=reject rua=mailto:r@example.com"), CLEAN, 0, 0 },
	{ DNS_RULE_D20, D("v=DMARC1; p=reject; rua=mailto:r@example.com, aspf=s"), CLEAN, 0, 0 },
	{ DNS_RULE_D21, SPF INC KEY PTR "dmarc TXT \"v=DMARC1; p=none\"\n", CLEAN, 0, 0 },
	{ DNS_RULE_D21, CLEAN "_dmarc.example.com TXT \"v=DMARC1; p=none\"\n", CLEAN, 0, 0 },
	{ DNS_RULE_D22, SPF INC KEY PTR "_dmarc TXT \"v=spf1 -all\"\n", CLEAN, 0, 0 },
	{ DNS_RULE_D23, CLEAN "sub TXT \"v=spf1 -all\"\n",
		CLEAN "sub TXT \"v=spf1 -all\"\n_dmarc.sub TXT \"" DR "\"\n", SUBDOMAIN,
		SUBDOMAIN },
	{ DNS_RULE_D24, CLEAN, CLEAN, STALE, AS_IS },
	{ DNS_RULE_D25, D(DR "; psd=y"), D(DR "; psd=n"), 0, 0 },
	{ DNS_RULE_X01, CLEAN, CLEAN, SPLIT, AS_IS },
	{ DNS_RULE_X02, SPF INC KEY DMARC, CLEAN, 0, 0 },
	{ DNS_RULE_X03, S("v=spf1 -all"), S("v=spf1 -all") "@ MX 0 .\n", PARKED, PARKED },
	{ DNS_RULE_X04, SPF INC KEY PTR "_dmarc 2d TXT \"" DR "\"\n", CLEAN, 0, 0 },
};

static void turn_facts(enum turn turn, struct dns_facts *f, struct dns_seen_address *a,
	struct dns_seen_selector *s)
{
	static const struct dns_seen_sibling sibling = { { "example.org", 11 },
		{ "v=spf1 ip4:192.0.2.1 include:inc.example.net ~all", 49 } };
	static const struct dns_seen_split split = { { "example.com", 11 }, DNS_TXT, { "ns1", 3 },
		{ "ns2", 3 }, false };

	switch (turn) {
	case AS_IS:
		break;
	case NO_KEY_USE:
		s->recent = 0;
		break;
	case OTHER_ADDRESS:
		(void)ip_parse(slice_of("192.0.2.9"), &a->ip);
		break;
	case SIX_ADDRESS:
		(void)ip_parse(slice_of("2001:db8::1"), &a->ip);
		break;
	case UNUSED_INCLUDE:
		f->addresses_complete = true;
		break;
	case SIBLING:
		f->siblings = &sibling;
		f->siblings_len = 1;
		break;
	case SUBDOMAINS:
		s->subdomains = true;
		break;
	case OLD_USE:
		s->recent = 0;
		s->last_day = TODAY - 61;
		break;
	case OLD_KEY:
		s->key_since_day = TODAY - 366;
		break;
	case UNSIGNED:
		f->own_signed_recent = 0;
		break;
	case REPORT_ELSEWHERE:
		f->report_address = slice_of("other@example.com");
		break;
	case STRICT:
		f->strict_spf_failed = 5;
		break;
	case STALE:
		f->stale_policy = slice_of("p=none");
		f->stale_since_day = TODAY - 4;
		break;
	case SPLIT:
		f->splits = &split;
		f->splits_len = 1;
		break;
	case PARKED:
		f->parked = true;
		f->addresses_len = 0;
		break;
	case SUBDOMAIN:
		f->domain = slice_of("sub.example.com");
		f->addresses_len = f->selectors_len = 0;
		break;
	}
}

static void check(const char *zone, enum turn turn, struct dns_findings **ret)
{
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;
	char text[8192];
	struct dns_seen_address address = {
		.recent = 10, .all = 20, .own = true, .own_envelope = true
	};
	struct dns_seen_selector selector = {
		.selector = slice_of("k1"), .recent = 10, .last_day = TODAY
	};
	struct dns_facts facts = { .domain = slice_of("example.com"),
		.today = TODAY,
		.report_address = slice_of("r@example.com"),
		.addresses = &address,
		.addresses_len = 1,
		.selectors = &selector,
		.selectors_len = 1,
		.selectors_observed = true,
		.own_recent = 10,
		.own_signed_recent = 10 };
	int n = snprintf(text, sizeof text, "$ORIGIN example.com.\n%s", zone);

	assert_true(n > 0 && n < (int)sizeof text);
	if (strstr(zone, "dest.example.net") != NULL)
		facts.report_address = SLICE_ABSENT;
	(void)ip_parse(slice_of("192.0.2.1"), &address.ip);
	turn_facts(turn, &facts, &address, &selector);
	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	if (zone_read(set, SLICE_LIT(""), slice_of(text), &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(dns_findings_open(ret, &err), 0);
	assert_int_equal(dns_check(dns_set_view(set), &facts, *ret, &err), 0);
	dns_set_close(set);
}

/* "S02 K01", each once; S11 stands with almost every record and is left out unless it is asked for. */
static void ids(const struct dns_findings *f, enum dns_rule asked, char *dst, size_t cap)
{
	size_t len = 0;

	dst[0] = '\0';
	for (size_t i = 0; i < dns_findings_count(f); i++) {
		enum dns_rule rule = dns_findings_get(f, i)->rule;
		bool again = i > 0 && dns_findings_get(f, i - 1)->rule == rule;

		if (again || (rule == DNS_RULE_S11 && asked != DNS_RULE_S11) || cap - len < 5)
			continue;
		len += (size_t)snprintf(
			dst + len, cap - len, "%s%s", len > 0 ? " " : "", dns_rules[rule].id);
	}
}

static void each_rule_has_a_zone_that_raises_it_alone_and_a_clean_twin(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_findings *zone = NULL, *twin = NULL;
		char have[200], clean[200];

		check(cases[i].zone, cases[i].turn, &zone);
		check(cases[i].twin, cases[i].twin_turn, &twin);
		ids(zone, cases[i].rule, have, sizeof have);
		ids(twin, cases[i].rule, clean, sizeof clean);
		if (strcmp(have, dns_rules[cases[i].rule].id) != 0 || clean[0] != '\0') {
			print_error("# case %zu, %s: raises \"%s\", its twin \"%s\"\n", i,
				dns_rules[cases[i].rule].id, have, clean);
			bad++;
		}
		dns_findings_close(zone);
		dns_findings_close(twin);
	}
	assert_int_equal(bad, 0);
}

static void no_rule_is_without_a_case(void **state)
{
	(void)state;
	for (unsigned r = 0; r < DNS_RULE_COUNT; r++) {
		bool there = false;

		for (size_t i = 0; i < COUNT(cases); i++)
			there = there || (unsigned)cases[i].rule == r;
		if (!there)
			fail_msg("%s", dns_rules[r].id);
	}
}

static void every_text_has_its_spanish_twin(void **state)
{
	(void)state;
	for (unsigned r = 0; r < DNS_RULE_COUNT; r++) {
		assert_true(dns_rules[r].variants >= 1 && dns_rules[r].reference[0] != '\0');
		for (unsigned v = 0; v < dns_rules[r].variants; v++) {
			const struct dns_rule_text *t = &dns_rules[r].texts[v];

			for (unsigned l = 0; l < DNS_LANGUAGE_COUNT; l++)
				assert_true(t->message[l] != NULL && t->fix[l] != NULL &&
					    t->message[l][0] != '\0' && t->fix[l][0] != '\0');
			assert_string_not_equal(t->message[DNS_EN], t->message[DNS_ES]);
			assert_string_not_equal(t->fix[DNS_EN], t->fix[DNS_ES]);
		}
	}
}

/* Every {value} a text asks for is there. */
static void no_message_has_a_hole(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_findings *f = NULL;

		check(cases[i].zone, cases[i].turn, &f);
		for (size_t k = 0; k < dns_findings_count(f); k++) {
			const struct dns_finding *one = dns_findings_get(f, k);

			for (unsigned l = 0; l < DNS_LANGUAGE_COUNT; l++) {
				struct slice left = slice_of(
					dns_rules[one->rule].texts[one->variant].message[l]);

				for (;;) {
					struct slice rest, tail, key;
					bool there;

					(void)slice_cut(left, '{', &rest);
					if (slice_absent(rest))
						break;
					key = slice_cut(rest, '}', &tail);
					there = slice_equal(key, SLICE_LIT("name")) &&
						one->name.len > 0;
					for (size_t v = 0; v < one->values_len; v++)
						there = there ||
							slice_equal(
								slice_of(one->values[v].key), key);
					if (!there)
						fail_msg("%s: {%.*s}", dns_rules[one->rule].id,
							SLICE_FMT(key));
					left = tail;
				}
				buf_clear(&b);
				dns_finding_message(one, (enum dns_language)l, &b);
				dns_finding_advice(one, (enum dns_language)l, &b);
				assert_false(buf_failed(&b));
			}
		}
		dns_findings_close(f);
	}
	buf_release(&b);
}

/* The move that lost a key: what a user of the article has. */
static void a_broken_move_yields_exactly_its_findings(void **state)
{
	struct dns_findings *f = NULL;
	char have[200];

	(void)state;
	check(SPF INC PTR "@ TXT \"v=spf1 -all\"\nk1._domainkey.example.com TXT \"v=DKIM1; p=\"\n"
			  "_dmarc TXT \"v=DMARC1; p=reject; rua=r@example.com; pct=50%\"\n",
		AS_IS, &f);
	ids(f, DNS_RULE_S01, have, sizeof have);
	assert_string_equal(have, "S02 K01 K15 D08 D12");
	dns_findings_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_has_a_zone_that_raises_it_alone_and_a_clean_twin),
		cmocka_unit_test(no_rule_is_without_a_case),
		cmocka_unit_test(every_text_has_its_spanish_twin),
		cmocka_unit_test(no_message_has_a_hole),
		cmocka_unit_test(a_broken_move_yields_exactly_its_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
