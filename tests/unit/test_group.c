/* Which source group an address belongs to: the strongest evidence, each tie, and strangers who
 * send more names than there is room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store/base/utf8.h"
#include "store/judge/group.h"

#define COUNT(a)       (sizeof(a) / sizeof *(a))
#define ROWS_MAX       5
#define SIGNATURES_MAX 3
#define HOME           "ejemplo.es"

/* A trait in a line of a table: spf is the aligned result, raw that of spf_domain. */
struct row {
	int64_t messages;
	uint8_t dkim, spf, raw;
	const char *spf_domain; /* NULL: none */
	const char *other_dkim;
	const char *selectors[SIGNATURES_MAX]; /* passing own signatures; "!x" is one that fails */
};

#define PASS   REPORT_RESULT_PASS
#define FAIL   REPORT_RESULT_FAIL
#define RAW(x) REPORT_AUTH_##x

static struct slice text_of(const char *text)
{
	return text != NULL ? slice_of(text) : SLICE_ABSENT;
}

static struct trait trait(const struct row *r)
{
	struct trait t = { .dkim = r->dkim,
		.spf = r->spf,
		.spf_result = r->raw,
		.spf_domain = text_of(r->spf_domain),
		.other_dkim = text_of(r->other_dkim) };

	t.spf_own = r->spf_domain != NULL && domain_within(t.spf_domain, SLICE_LIT(HOME));
	t.envelope = r->spf_domain == NULL ? TRAIT_ENVELOPE_NONE
		     : t.spf_own           ? TRAIT_ENVELOPE_OWN
					   : TRAIT_ENVELOPE_OTHER;
	for (unsigned i = 0; i < SIGNATURES_MAX && r->selectors[i] != NULL; i++) {
		bool pass = r->selectors[i][0] != '!';

		t.signatures[i].domain = SLICE_LIT(HOME);
		t.signatures[i].selector = slice_of(r->selectors[i] + !pass);
		t.signatures[i].pass = pass;
		t.signatures_len = i + 1;
	}
	return t;
}

static struct address *address;

static int open_address(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	return address_open(&address, &err);
}

static int close_address(void **state)
{
	(void)state;
	address_close(address);
	address_close(NULL);
	return 0;
}

static void init(const char *ip)
{
	struct ip parsed = { { 0 }, 0 };

	(void)ip_parse(slice_of(ip), &parsed);
	address_init(address, &parsed, slice_of(ip));
}

static void add(const struct row *r)
{
	struct trait t = trait(r);

	address_add(address, &t, r->messages);
}

static struct group group(void)
{
	static const struct group_hints none;
	struct group g;

	memset(&g, 'x', sizeof g);
	address_group(address, &none, &g);
	return g;
}

/* The same in every order: no total may depend on which report came first. */
static struct group group_of(const struct row *rows)
{
	struct group first = { .evidence = GROUP_EVIDENCE_COUNT }, g;
	size_t len = 0;

	while (len < ROWS_MAX && rows[len].dkim != 0)
		len++;
	for (size_t turn = 0; turn < 2 * len; turn++) {
		init("192.0.2.77");
		for (size_t i = 0; i < len; i++)
			add(&rows[turn < len ? (turn + i) % len
					     : (2 * len - 1 - turn + len - i) % len]);
		g = group();
		if (turn == 0)
			first = g;
		assert_string_equal(g.key, first.key);
		assert_string_equal(g.detail, first.detail);
		assert_int_equal(g.evidence, first.evidence);
	}
	return first;
}

struct grouping {
	const char *about;
	struct row rows[ROWS_MAX];
	enum group_evidence evidence;
	const char *key, *name, *detail;
};

static void check(const struct grouping *cases, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const struct grouping *c = &cases[i];
		struct group g = group_of(c->rows);

		if (strcmp(g.key, c->key) != 0 || strcmp(g.detail, c->detail) != 0)
			print_message("# %s\n", c->about);
		assert_string_equal(g.key, c->key);
		assert_string_equal(g.name, c->name);
		assert_string_equal(g.detail, c->detail);
		assert_int_equal(g.evidence, c->evidence);
		assert_int_equal(g.service != NULL, strncmp(g.key, "service:", 8) == 0);
		if (g.service != NULL)
			assert_ptr_equal(g.service, catalogue_find(slice_of(g.key + 8)));
	}
}

#define NET GROUP_NET, "net:192.0.2.0/24", "192.0.2.0/24", "192.0.2.0/24"

static void a_key_of_a_service_names_it_where_it_sends_for_the_domain(void **state)
{
	static const struct grouping cases[] = {
		{ "strong selector, aligned SPF",
			{ { 10, PASS, PASS, RAW(PASS), HOME, NULL, { "google" } } }, GROUP_DKIM,
			"service:google-workspace", "Google Workspace", "selector google" },
		{ "the aligned SPF may be on another trait of the address",
			{ { 10, PASS, FAIL, RAW(FAIL), HOME, NULL, { "google" } },
				{ 1, FAIL, PASS, RAW(PASS), HOME, NULL, { NULL } } },
			GROUP_DKIM, "service:google-workspace", "Google Workspace",
			"selector google" },
		{ "strong selector, return path of the service",
			{ { 10, PASS, FAIL, RAW(PASS), "m1.mcsv.net", NULL, { "k2" } } },
			GROUP_DKIM, "service:mailchimp", "Mailchimp", "selector k2" },
		{ "weak selector, return path of the service on another trait",
			{ { 10, PASS, FAIL, RAW(FAIL), HOME, NULL, { "k1" } },
				{ 2, FAIL, FAIL, RAW(PASS), "mcsv.net", NULL, { NULL } } },
			GROUP_DKIM, "service:mailchimp", "Mailchimp", "selector k1" },
		{ "weak selector with aligned SPF alone names nobody",
			{ { 10, PASS, PASS, RAW(PASS), HOME, NULL, { "k1" } } }, NET },
		{ "a forwarder carries the key, but nothing says it may send",
			{ { 10, PASS, FAIL, RAW(FAIL), HOME, NULL, { "google" } } }, NET },
		{ "nor does the return path of another service",
			{ { 10, PASS, FAIL, RAW(PASS), "mcsv.net", NULL, { "google" } } },
			GROUP_BOUNCE, "service:mailchimp", "Mailchimp", "mcsv.net" },
		{ "a signature that fails proves no key",
			{ { 10, PASS, PASS, RAW(PASS), HOME, NULL, { "!google" } } }, NET },
		{ "nor one where DKIM did not pass for DMARC",
			{ { 10, FAIL, PASS, RAW(PASS), HOME, NULL, { "google" } } }, NET },
		{ "an empty selector is none",
			{ { 10, PASS, PASS, RAW(PASS), HOME, NULL, { "" } } }, NET },
		{ "rows without messages are evidence too",
			{ { 0, PASS, PASS, RAW(PASS), HOME, NULL, { "google" } } }, GROUP_DKIM,
			"service:google-workspace", "Google Workspace", "selector google" },
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void of_several_services_the_one_with_most_messages_is_taken(void **state)
{
	static const struct grouping cases[] = {
		{ "more messages",
			{ { 10, PASS, PASS, RAW(PASS), HOME, NULL, { "google" } },
				{ 11, PASS, PASS, RAW(PASS), HOME, NULL, { "fm1" } } },
			GROUP_DKIM, "service:fastmail", "Fastmail", "selector fm1" },
		{ "sums over traits, not the largest trait",
			{ { 10, PASS, PASS, RAW(PASS), HOME, NULL, { "google" } },
				{ 6, PASS, PASS, RAW(PASS), HOME, NULL, { "fm1" } },
				{ 6, PASS, PASS, RAW(PASS), HOME, NULL, { "fm2" } } },
			GROUP_DKIM, "service:fastmail", "Fastmail", "selector fm1" },
		{ "as many: the smaller id",
			{ { 10, PASS, PASS, RAW(PASS), HOME, NULL, { "google" } },
				{ 10, PASS, PASS, RAW(PASS), HOME, NULL, { "fm1" } } },
			GROUP_DKIM, "service:fastmail", "Fastmail", "selector fm1" },
		{ "one trait with two signatures of a service counts once",
			{ { 6, PASS, PASS, RAW(PASS), HOME, NULL, { "fm1", "fm2" } },
				{ 7, PASS, PASS, RAW(PASS), HOME, NULL, { "google" } } },
			GROUP_DKIM, "service:google-workspace", "Google Workspace",
			"selector google" },
		{ "one trait signed by two services counts for both",
			{ { 6, PASS, PASS, RAW(PASS), HOME, NULL, { "google", "fm1" } },
				{ 1, PASS, PASS, RAW(PASS), HOME, NULL, { "google" } } },
			GROUP_DKIM, "service:google-workspace", "Google Workspace",
			"selector google" },
		{ "weak selectors count only beside the return path of their service",
			{ { 9, PASS, PASS, RAW(PASS), HOME, NULL, { "k1" } },
				{ 2, PASS, FAIL, RAW(PASS), "mcsv.net", NULL, { "k2" } },
				{ 10, PASS, PASS, RAW(PASS), HOME, NULL, { "google" } } },
			GROUP_DKIM, "service:mailchimp", "Mailchimp", "selector k2" },
		{ "bounces: the most messages",
			{ { 3, FAIL, FAIL, RAW(PASS), "mcsv.net", NULL, { NULL } },
				{ 4, FAIL, FAIL, RAW(PASS), "a.sendgrid.net", NULL, { NULL } } },
			GROUP_BOUNCE, "service:sendgrid", "Twilio SendGrid", "sendgrid.net" },
		{ "bounces: as many, the smaller id",
			{ { 4, FAIL, FAIL, RAW(PASS), "a.sendgrid.net", NULL, { NULL } },
				{ 4, FAIL, FAIL, RAW(PASS), "mcsv.net", NULL, { NULL } } },
			GROUP_BOUNCE, "service:mailchimp", "Mailchimp", "mcsv.net" },
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void the_proof_shown_is_the_one_with_most_messages(void **state)
{
	static const struct grouping cases[] = {
		{ "selectors: the most messages",
			{ { 3, PASS, PASS, RAW(PASS), HOME, NULL, { "fm1" } },
				{ 5, PASS, PASS, RAW(PASS), HOME, NULL, { "fm3" } } },
			GROUP_DKIM, "service:fastmail", "Fastmail", "selector fm3" },
		{ "selectors: as many, the smaller text",
			{ { 3, PASS, PASS, RAW(PASS), HOME, NULL, { "fm3", "fm2" } } }, GROUP_DKIM,
			"service:fastmail", "Fastmail", "selector fm2" },
		{ "one selector of two names of the domain is one proof",
			{ { 4, PASS, PASS, RAW(PASS), HOME, NULL, { "fm3", "fm3" } },
				{ 6, PASS, PASS, RAW(PASS), HOME, NULL, { "fm1" } } },
			GROUP_DKIM, "service:fastmail", "Fastmail", "selector fm1" },
		{ "a strong selector is shown before a weak one",
			{ { 9, PASS, FAIL, RAW(PASS), "mcsv.net", NULL, { "k1" } },
				{ 2, PASS, FAIL, RAW(PASS), "mcsv.net", NULL, { "k3" } } },
			GROUP_DKIM, "service:mailchimp", "Mailchimp", "selector k3" },
		{ "return paths",
			{ { 3, FAIL, FAIL, RAW(PASS), "x.mcsv.net", NULL, { NULL } },
				{ 2, FAIL, FAIL, RAW(PASS), "a.rsgsv.net", NULL, { NULL } },
				{ 2, FAIL, FAIL, RAW(PASS), "b.rsgsv.net", NULL, { NULL } } },
			GROUP_BOUNCE, "service:mailchimp", "Mailchimp", "rsgsv.net" },
		{ "envelopes",
			{ { 3, PASS, FAIL, RAW(PASS), "srs1.reenvios.example", NULL, { NULL } },
				{ 4, PASS, FAIL, RAW(PASS), "srs2.reenvios.example", NULL,
					{ NULL } } },
			GROUP_ENVELOPE, "envelope:reenvios.example", "reenvios.example",
			"srs2.reenvios.example" },
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void a_return_path_names_a_service_before_a_foreign_envelope(void **state)
{
	static const struct grouping cases[] = {
		{ "return path of a service, much less than the other envelope",
			{ { 1, FAIL, FAIL, RAW(PASS), "bounce.mcsv.net", NULL, { NULL } },
				{ 50, FAIL, FAIL, RAW(PASS), "other.example", NULL, { NULL } } },
			GROUP_BOUNCE, "service:mailchimp", "Mailchimp", "mcsv.net" },
		{ "SPF must pass for it",
			{ { 1, FAIL, FAIL, RAW(FAIL), "mcsv.net", NULL, { NULL } } }, NET },
		{ "default signature where SPF was not judged at all",
			{ { 5, FAIL, FAIL, RAW(ABSENT), NULL, "sendgrid.net", { NULL } } },
			GROUP_BOUNCE, "service:sendgrid", "Twilio SendGrid", "d=sendgrid.net" },
		{ "nor where its result says nothing",
			{ { 5, FAIL, FAIL, RAW(NONE), HOME, "sendgrid.net", { NULL } },
				{ 5, FAIL, FAIL, RAW(NEUTRAL), HOME, NULL, { NULL } },
				{ 5, FAIL, FAIL, RAW(TEMPERROR), HOME, NULL, { NULL } },
				{ 5, FAIL, FAIL, RAW(PERMERROR), HOME, NULL, { NULL } } },
			GROUP_BOUNCE, "service:sendgrid", "Twilio SendGrid", "d=sendgrid.net" },
		{ "one softfail, and the signature may have been passed on",
			{ { 5, FAIL, FAIL, RAW(ABSENT), NULL, "sendgrid.net", { NULL } },
				{ 1, FAIL, FAIL, RAW(SOFTFAIL), HOME, NULL, { NULL } } },
			NET },
		{ "one fail",
			{ { 5, FAIL, FAIL, RAW(ABSENT), NULL, "sendgrid.net", { NULL } },
				{ 1, FAIL, FAIL, RAW(FAIL), HOME, NULL, { NULL } } },
			NET },
		{ "one pass for another",
			{ { 5, FAIL, FAIL, RAW(ABSENT), NULL, "sendgrid.net", { NULL } },
				{ 1, FAIL, FAIL, RAW(PASS), "other.example", NULL, { NULL } } },
			GROUP_ENVELOPE, "envelope:other.example", "other.example",
			"other.example" },
		{ "a signature of nobody we know",
			{ { 5, FAIL, FAIL, RAW(ABSENT), NULL, "unknown.example", { NULL } } },
			NET },
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void a_foreign_envelope_that_passes_is_a_group_of_its_own(void **state)
{
	static const struct grouping cases[] = {
		{ "forwarder with its own envelope, the signature holds",
			{ { 5, PASS, FAIL, RAW(PASS), "srs.reenvios.example", NULL,
				{ "google" } } },
			GROUP_ENVELOPE, "envelope:reenvios.example", "reenvios.example",
			"srs.reenvios.example" },
		{ "of two the busier organisation",
			{ { 5, FAIL, FAIL, RAW(PASS), "a.uno.example", NULL, { NULL } },
				{ 4, FAIL, FAIL, RAW(PASS), "a.dos.example", NULL, { NULL } },
				{ 4, FAIL, FAIL, RAW(PASS), "b.dos.example", NULL, { NULL } } },
			GROUP_ENVELOPE, "envelope:dos.example", "dos.example", "a.dos.example" },
		{ "as many: the smaller name",
			{ { 5, FAIL, FAIL, RAW(PASS), "uno.example", NULL, { NULL } },
				{ 5, FAIL, FAIL, RAW(PASS), "dos.example", NULL, { NULL } } },
			GROUP_ENVELOPE, "envelope:dos.example", "dos.example", "dos.example" },
		{ "the own domain is no foreign envelope",
			{ { 5, FAIL, PASS, RAW(PASS), "rebotes." HOME, NULL, { NULL } } }, NET },
		{ "nor is one that does not pass",
			{ { 5, FAIL, FAIL, RAW(SOFTFAIL), "uno.example", NULL, { NULL } } }, NET },
		{ "a pass without a domain names nobody",
			{ { 5, FAIL, FAIL, RAW(PASS), NULL, NULL, { NULL } } }, NET },
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void without_other_evidence_the_network_is_the_group(void **state)
{
	static const struct {
		const char *ip, *key, *name;
	} cases[] = {
		{ "192.0.2.1", "net:192.0.2.0/24", "192.0.2.0/24" },
		{ "192.0.2.255", "net:192.0.2.0/24", "192.0.2.0/24" },
		{ "::ffff:192.0.2.9", "net:192.0.2.0/24", "192.0.2.0/24" },
		{ "0.0.0.0", "net:0.0.0.0/24", "0.0.0.0/24" },
		{ "2001:db8:1:2:3:4:5:6", "net:2001:db8:1:2::/64", "2001:db8:1:2::/64" },
		{ "::1", "net:::/64", "::/64" },
		{ "no address", "text:no address", "no address" },
		{ "", "text:", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct group g;

		init(cases[i].ip);
		g = group();
		assert_string_equal(g.key, cases[i].key);
		assert_string_equal(g.name, cases[i].name);
		assert_string_equal(g.detail, cases[i].name);
		assert_int_equal(g.evidence, GROUP_NET);
		assert_null(g.service);
	}
}

static void what_is_known_from_elsewhere_stands_at_its_rank(void **state)
{
	static const struct group_hints all = { .spf_term = { "include:spf.uno.example", 23 },
		.ptr_name = { "mail.dos.example", 16 },
		.asn_name = { "Tres", 4 },
		.asn = 64500 };
	static const struct row sends = { 1, PASS, PASS, RAW(PASS), HOME, NULL, { "google" } },
				bounces = { 1, FAIL, FAIL, RAW(PASS), "mcsv.net", NULL, { NULL } },
				foreign = { 1, FAIL, FAIL, RAW(PASS), "uno.example", NULL,
					{ NULL } };
	struct group_hints hints = all;
	struct group g;

	(void)state;
	init("192.0.2.1");
	add(&sends);
	address_group(address, &hints, &g);
	assert_int_equal(g.evidence, GROUP_DKIM);
	init("192.0.2.1");
	add(&bounces);
	address_group(address, &hints, &g);
	assert_int_equal(g.evidence, GROUP_SPF);
	assert_string_equal(g.key, "spf:include:spf.uno.example");
	assert_string_equal(g.name, "include:spf.uno.example");
	assert_string_equal(g.detail, "via include:spf.uno.example");
	hints.spf_term = SLICE_ABSENT;
	address_group(address, &hints, &g);
	assert_int_equal(g.evidence, GROUP_BOUNCE);
	init("192.0.2.1");
	add(&foreign);
	address_group(address, &hints, &g);
	assert_int_equal(g.evidence, GROUP_ENVELOPE);
	init("192.0.2.1");
	address_group(address, &hints, &g);
	assert_string_equal(g.key, "ptr:dos.example");
	assert_int_equal(g.evidence, GROUP_PTR);
	assert_string_equal(g.detail, "mail.dos.example");
	hints.ptr_name = SLICE_ABSENT;
	address_group(address, &hints, &g);
	assert_string_equal(g.key, "asn:64500");
	assert_string_equal(g.name, "AS64500 Tres");
	assert_string_equal(g.detail, "AS64500");
	hints.asn_name = SLICE_ABSENT;
	address_group(address, &hints, &g);
	assert_string_equal(g.name, "AS64500");
	assert_int_equal(g.evidence, GROUP_ASN);
	hints.asn = 0;
	address_group(address, &hints, &g);
	assert_int_equal(g.evidence, GROUP_NET);
}

static void a_reverse_name_made_of_the_address_names_nobody(void **state)
{
	static const struct {
		const char *ip, *name, *key;
	} cases[] = {
		{ "192.0.2.77", "mx.firm.example", "ptr:firm.example" },
		{ "192.0.2.77", "mail-2.77.firm.example", "ptr:firm.example" },
		{ "192.0.2.77", "ip-192-0-2-77.cloud.example", "net:192.0.2.0/24" },
		{ "192.0.2.77", "static.77.2.0.192.rented.example", "net:192.0.2.0/24" },
		{ "192.0.2.77", "o192002077.outbound-mail.sendgrid.net", "service:sendgrid" },
		{ "192.0.2.77", "a192-0-2-77.mcsv.net", "service:mailchimp" },
		{ "2001:db8::1", "mx.firm.example", "ptr:firm.example" },
		{ "2001:db8::1", "2001-0db8-0000-0000-0000-0000-0000-0001.cloud.example",
			"net:2001:db8::/64" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct group_hints hints = { .ptr_name = slice_of(cases[i].name) };
		struct group g;

		init(cases[i].ip);
		address_group(address, &hints, &g);
		assert_string_equal(g.key, cases[i].key);
	}
}

static void an_address_forgets_the_one_before(void **state)
{
	static const struct row sends = { 9, PASS, PASS, RAW(PASS), "mcsv.net", "sendgrid.net",
		{ "google" } };

	(void)state;
	init("2001:db8::1");
	add(&sends);
	assert_string_equal(group().key, "service:google-workspace");
	init("198.51.100.1");
	assert_string_equal(group().key, "net:198.51.100.0/24");
	init("not one");
	assert_string_equal(group().key, "text:not one");
}

/* 500 envelopes of one message, and one that carries the mail: wherever it stands in line. */
static void strangers_names_do_not_push_out_the_one_that_carries_the_mail(void **state)
{
	(void)state;
	for (unsigned at = 0; at <= 500; at += 125) {
		struct group g;

		init("192.0.2.1");
		for (unsigned i = 0; i <= 500; i++) {
			char name[64];
			struct row r = { 1, FAIL, FAIL, RAW(PASS), name, NULL, { NULL } };

			(void)snprintf(name, sizeof name, "n%03u.example", i);
			if (i == at) {
				(void)snprintf(name, sizeof name, "zz.correo.example");
				r.messages = 40;
			}
			add(&r);
		}
		g = group();
		assert_string_equal(g.key, "envelope:correo.example");
		assert_string_equal(g.detail, "zz.correo.example");
	}
}

static void a_full_list_keeps_what_is_busier_than_the_newcomer(void **state)
{
	char name[64];
	struct row r = { 5, FAIL, FAIL, RAW(PASS), name, NULL, { NULL } };

	(void)state;
	init("192.0.2.1");
	for (unsigned i = 0; i < ADDRESS_CANDIDATES_MAX; i++) {
		(void)snprintf(name, sizeof name, "m%02u.example", i);
		add(&r);
	}
	r.messages = 1;
	(void)snprintf(name, sizeof name, "a.example");
	add(&r);
	r.messages = 9;
	(void)snprintf(name, sizeof name, "m00.example");
	add(&r);
	r.messages = 10;
	(void)snprintf(name, sizeof name, "m%02u.example", ADDRESS_CANDIDATES_MAX - 1);
	add(&r);
	assert_string_equal(group().name, name); /* 5 + 10: its 5 were not lost */
}

/* Among as many messages the smaller names stay, so the order of arrival does not matter. */
static void of_too_many_equal_names_the_same_stay_in_any_order(void **state)
{
	(void)state;
	for (int way = 1; way >= -1; way -= 2) {
		init("192.0.2.1");
		for (int i = way > 0 ? 0 : 499; i >= 0 && i < 500; i += way) {
			char name[64];
			struct row r = { 1, FAIL, FAIL, RAW(PASS), name, NULL, { NULL } };

			(void)snprintf(name, sizeof name, "n%03d.example", i);
			add(&r);
		}
		assert_string_equal(group().key, "envelope:n000.example");
	}
}

/* A service whose every mail has another selector: its proofs are cut, its evidence is not. */
static void a_selector_for_each_mail_is_bounded_and_still_one_service(void **state)
{
	struct group g;

	(void)state;
	init("192.0.2.1");
	for (unsigned i = 0; i < 400; i++) {
		char selector[32];
		struct row r = { 1, PASS, PASS, RAW(PASS), HOME, NULL, { selector } };

		(void)snprintf(selector, sizeof selector, "hs1-%03u", i);
		add(&r);
	}
	add(&(struct row){ 399, PASS, PASS, RAW(PASS), HOME, NULL, { "google" } });
	g = group();
	assert_string_equal(g.key, "service:hubspot");
	assert_string_equal(g.detail, "selector hs1-000");
}

/* Eight signatures that fit as many services as there are. */
static void the_fullest_trait_is_taken_in(void **state)
{
	static const char *const selectors[TRAIT_SIGNATURES_MAX] = { "default", "s1", "k1", "mail",
		"dkim", "key1", "google", "google" };
	struct trait t = { .dkim = PASS, .spf = PASS, .spf_result = RAW(PASS) };

	(void)state;
	for (unsigned i = 0; i < TRAIT_SIGNATURES_MAX; i++) {
		t.signatures[i].domain = SLICE_LIT(HOME);
		t.signatures[i].selector = slice_of(selectors[i]);
		t.signatures[i].pass = true;
	}
	t.signatures_len = TRAIT_SIGNATURES_MAX;
	init("192.0.2.1");
	for (unsigned i = 0; i < 100; i++)
		address_add(address, &t, 1000000000000LL);
	assert_string_equal(group().key, "service:google-workspace");
}

/* Names as long as they may be, and text that is cut at a whole character. */
static void names_of_any_length_fit_and_stay_text(void **state)
{
	char name[254], selector[1024], text[1024];
	struct row r = { 1, FAIL, FAIL, RAW(PASS), name, NULL, { NULL } };
	struct group g;

	(void)state;
	memset(name, 'a', sizeof name);
	for (size_t i = 63; i < 250; i += 64)
		name[i] = '.';
	name[253] = '\0';
	init("192.0.2.1");
	add(&r);
	g = group();
	assert_int_equal(strncmp(g.key, "envelope:", 9), 0);
	assert_string_equal(g.key + 9, g.name);
	assert_string_equal(g.detail, name);

	memset(selector, 'x', sizeof selector);
	memcpy(selector, "mimecast", 8);
	for (size_t i = 8; i + 1 < sizeof selector; i += 2)
		memcpy(selector + i, "\xc3\xb1", 2);
	selector[sizeof selector - 2] = '\0';
	init("192.0.2.1");
	add(&(struct row){ 1, PASS, PASS, RAW(PASS), HOME, NULL, { selector } });
	g = group();
	assert_string_equal(g.key, "service:mimecast");
	assert_true(strlen(g.detail) > 200);
	assert_true(utf8_valid(slice_of(g.detail)));

	memcpy(text, selector, sizeof text);
	init(text);
	g = group();
	assert_int_equal(strncmp(g.key, "text:mimecast", 13), 0);
	assert_true(strlen(g.key) > 300 && utf8_valid(slice_of(g.key)));
	address_init(address, &(struct ip){ { 0 }, 0 }, SLICE_ABSENT);
	assert_string_equal(group().key, "text:");
}

static void each_evidence_has_its_name(void **state)
{
	static const char *const names[GROUP_EVIDENCE_COUNT] = { "dkim", "spf", "bounce",
		"envelope", "ptr", "asn", "net" };

	(void)state;
	for (unsigned i = 0; i < GROUP_EVIDENCE_COUNT; i++)
		assert_string_equal(group_evidence_names[i], names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_of_a_service_names_it_where_it_sends_for_the_domain),
		cmocka_unit_test(of_several_services_the_one_with_most_messages_is_taken),
		cmocka_unit_test(the_proof_shown_is_the_one_with_most_messages),
		cmocka_unit_test(a_return_path_names_a_service_before_a_foreign_envelope),
		cmocka_unit_test(a_foreign_envelope_that_passes_is_a_group_of_its_own),
		cmocka_unit_test(without_other_evidence_the_network_is_the_group),
		cmocka_unit_test(a_reverse_name_made_of_the_address_names_nobody),
		cmocka_unit_test(what_is_known_from_elsewhere_stands_at_its_rank),
		cmocka_unit_test(an_address_forgets_the_one_before),
		cmocka_unit_test(strangers_names_do_not_push_out_the_one_that_carries_the_mail),
		cmocka_unit_test(a_full_list_keeps_what_is_busier_than_the_newcomer),
		cmocka_unit_test(of_too_many_equal_names_the_same_stay_in_any_order),
		cmocka_unit_test(a_selector_for_each_mail_is_bounded_and_still_one_service),
		cmocka_unit_test(the_fullest_trait_is_taken_in),
		cmocka_unit_test(names_of_any_length_fit_and_stay_text),
		cmocka_unit_test(each_evidence_has_its_name),
	};

	return cmocka_run_group_tests(tests, open_address, close_address);
}
