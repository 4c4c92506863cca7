/* The checker over worlds nobody thought of: what holds of every finding, whatever the records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/base/utf8.h"
#include "store/judge/dns/check.h"
#include "store/judge/dns/dkim_key.h"
#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/spf.h"
#include "store/judge/dns/zone.h"

#define COUNT(a)   (sizeof(a) / sizeof *(a))
#define WORLDS     1500
#define TEXT_MAX   400
#define PIECE_MAX  12
#define LINES_MAX  20
#define RECORD_MAX 2048

struct line {
	const char *name;
	char text[RECORD_MAX];
	uint32_t ttl;
	bool gone;
};

struct world {
	uint32_t seed;
	bool whole; /* what is not there does not exist; else it is unknown */
	struct line lines[LINES_MAX];
	size_t len;
	struct dns_set *set;
};

static uint32_t roll(struct world *w, uint32_t below)
{
	w->seed = w->seed * 1664525 + 1013904223;
	return (w->seed >> 12) % below;
}

static const char *const spf_pieces[] = { "v=spf1 ", "v=spf1", "V=SPF1 ", " ", " ", ";", "\"",
	"mx ", "a ", "ptr ", "a:gone.test ", "mx:many.test ", "include:d.test ", "include:i.test ",
	"include:none.test ", "include:i.test ", "ip4:192.0.2.1 ", "ip4:10.0.0.1 ", "ip4:1.2.3 ",
	"ip4:0.0.0.0/0 ", "ip6:2001:db8::/20 ", "ip4:2001:db8::1 ", "ip6:192.0.2.1 ",
	"exists:%{i}.d.test ", "exists:%{x} ", "redirect=i.test ", "redirect=d.test ",
	"exp=x.test ", "x=y ", "nonsense ", "~all ", "-all ", "+all ", "?all", "spf2.0/pra ",
	"\xe2\x80\x9d", "\xff", "\x01" };
static const char *const dmarc_pieces[] = { "v=DMARC1", "v=DMARC1; ", "v=DMARC1;", "v=dmarc1;", ";",
	"; ", " ", ",", "p=none", "p=reject; ", "p=rejct;", "p", "sp=none;", "sp=;", "np=reject;",
	"rua=mailto:r@d.test;", "rua=r@d.test;", "rua=mailto:r@other.test!10m,", "mailto:q@x.test",
	"ruf=mailto:r@d.test;", "ruf=x;", "fo=1;", "fo=0:1;", "adkim=s;", "aspf=strict;", "pct=50;",
	"pct=50%;", "ri=1;", "rf=afrf;", "t=y;", "psd=y;", "policy=x;", "ruaa=x;", "v=spf1 -all",
	"\"", "\\;", "\xff", "=" };
static const char *const key_pieces[] = { "v=DKIM1; ", "v=DKIM1;", "v=DKIM2;", "k=rsa; ",
	"k=ed25519;", "k=dsa;", "p=", "p=;", "MIGf", "AAAA", "=", " ", ";", "; ", "\\;", "\"",
	"h=sha1;", "h=sha256;", "s=email;", "s=x;", "t=y;", "t=s;", "t=y:s;", "n=x;", "k=rsa;",
	"\xff", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" };

static struct line *add_line(struct world *w, const char *name, struct slice text, uint32_t ttl)
{
	struct line *line = &w->lines[w->len++];

	assert_true(w->len < LINES_MAX && text.len < RECORD_MAX);
	*line = (struct line){ .name = name, .ttl = ttl };
	if (text.len > 0)
		memcpy(line->text, text.ptr, text.len);
	return line;
}

static void add_text(struct world *w, const char *name, const char *const *pieces, size_t len)
{
	char text[TEXT_MAX] = "";
	uint32_t n = roll(w, PIECE_MAX);

	if (roll(w, 6) == 0)
		return;
	/* Most begin well, so that what is behind is looked at. */
	if (roll(w, 4) != 0)
		(void)snprintf(text, sizeof text, "%s", pieces[0]);
	for (uint32_t i = 0; i < n; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s",
			pieces[roll(w, (uint32_t)len)]);
	(void)add_line(w, name, slice_of(text), roll(w, 2) ? 60 : 200000);
}

static void make_up(struct world *w)
{
	w->whole = roll(w, 2);
	add_text(w, "d.test", spf_pieces, COUNT(spf_pieces));
	if (roll(w, 5) == 0)
		add_text(w, "d.test", spf_pieces, COUNT(spf_pieces));
	add_text(w, "i.test", spf_pieces, COUNT(spf_pieces));
	add_text(w, "_dmarc.d.test", dmarc_pieces, COUNT(dmarc_pieces));
	if (roll(w, 5) == 0)
		add_text(w, "_dmarc.d.test", dmarc_pieces, COUNT(dmarc_pieces));
	if (roll(w, 5) == 0)
		add_text(w, "d.test", dmarc_pieces, COUNT(dmarc_pieces));
	add_text(w, "_dmarc.test", dmarc_pieces, COUNT(dmarc_pieces));
	add_text(w, "k1._domainkey.d.test", key_pieces, COUNT(key_pieces));
	if (roll(w, 5) == 0)
		add_text(w, "k1._domainkey.d.test", key_pieces, COUNT(key_pieces));
	add_text(w, "k2._domainkey.d.test.d.test", key_pieces, COUNT(key_pieces));
}

static void open_world(struct world *w)
{
	static const char base[] =
		"$ORIGIN test.\nh A 192.0.2.1\nmany MX 1 h\n MX 2 h\n MX 3 h\n MX 4 h\n"
		" MX 5 h\n MX 6 h\n MX 7 h\n MX 8 h\n MX 9 h\n MX 10 h\n MX 11 h\n";
	struct err err = ERR_INIT;

	w->set = NULL;
	assert_int_equal(dns_set_open(&w->set, DNS_SET_BYTES_MAX, &err), 0);
	assert_int_equal(
		zone_read(w->set, w->whole ? SLICE_LIT("") : SLICE_ABSENT, slice_of(base), &err),
		0);
	for (size_t i = 0; i < w->len; i++) {
		const struct line *line = &w->lines[i];

		if (!line->gone)
			assert_int_equal(dns_set_add_text(w->set, slice_of(line->name), line->ttl,
						 slice_of(line->text), &err),
				0);
	}
}

static void assert_printable(struct slice s)
{
	for (size_t i = 0; i < s.len;) {
		size_t n = utf8_printable(slice_from(s.ptr + i, s.len - i));

		if (n == 0)
			fail_msg("a byte %02x in \"%.*s\"", (unsigned char)s.ptr[i], SLICE_FMT(s));
		i += n;
	}
}

/* What is to be published must not be the next finding: it is a record, and has no fault. */
static void assert_publishable(const struct dns_finding *f, const struct dns_fix *fix)
{
	struct spf_terms terms;
	struct spf_term t;
	struct dmarc_record r;

	/* An empty text may have to be deleted, but never to be published. */
	if (fix->name.len == 0 || (fix->value.len == 0 && !fix->remove))
		fail_msg("%s, %.*s: nothing to publish", dns_rules[f->rule].id,
			SLICE_FMT(f->record));
	assert_printable(fix->name);
	assert_printable(fix->value);
	if (fix->remove || fix->type != DNS_TXT)
		return;
	if (spf_is_record(fix->value)) {
		spf_terms_init(&terms, fix->value);
		while (spf_terms_next(&terms, &t)) {
			if (t.fault != SPF_FINE)
				fail_msg("%s: %.*s", dns_rules[f->rule].id, SLICE_FMT(fix->value));
		}
	} else if (dmarc_is_record(fix->value)) {
		dmarc_parse(fix->value, &r);
		/* Who accepts reports for others says so with the version alone. */
		if (slice_find(fix->name, SLICE_LIT("._report.")) != SIZE_MAX)
			return;
		if (!r.valid)
			fail_msg("%s: %.*s", dns_rules[f->rule].id, SLICE_FMT(fix->value));
	} else if (slice_find(fix->name, SLICE_LIT("domainkey")) == SIZE_MAX ||
		   !dkim_key_is_record(fix->value)) {
		fail_msg("%s: %.*s is no record", dns_rules[f->rule].id, SLICE_FMT(fix->value));
	}
}

static void assert_sound(const struct dns_finding *f)
{
	struct buf text;

	assert_true(f->rule < DNS_RULE_COUNT && f->variant < dns_rules[f->rule].variants);
	assert_int_equal(f->severity, dns_rules[f->rule].texts[f->variant].severity);
	assert_true(f->span_at + f->span_len <= f->record.len);
	assert_printable(f->name);
	assert_printable(f->record);
	buf_init(&text, 65536);
	for (unsigned k = 0; k < DNS_LANGUAGE_COUNT; k++) {
		buf_clear(&text);
		dns_finding_message(f, (enum dns_language)k, &text);
		dns_finding_advice(f, (enum dns_language)k, &text);
		assert_true(!buf_failed(&text) && text.len > 0);
		assert_printable(buf_slice(&text));
	}
	buf_release(&text);
	for (size_t i = 0; i < f->fixes_len; i++)
		assert_publishable(f, &f->fixes[i]);
}

static void assert_same(const struct dns_finding *a, const struct dns_finding *b)
{
	assert_int_equal(a->rule, b->rule);
	assert_int_equal(a->variant, b->variant);
	assert_true(slice_equal(a->record, b->record));
	assert_int_equal(a->span_at, b->span_at);
	assert_int_equal(a->span_len, b->span_len);
	assert_int_equal(a->fixes_len, b->fixes_len);
	for (size_t i = 0; i < a->fixes_len; i++)
		assert_true(slice_equal(a->fixes[i].value, b->fixes[i].value));
}

static struct dns_findings *check(struct dns_set *set, const struct dns_facts *facts)
{
	struct dns_findings *found = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(dns_findings_open(&found, &err), 0);
	assert_int_equal(dns_check(dns_set_view(set), facts, found, &err), 0);
	return found;
}

/* Of a rule, about the records at one name. */
static unsigned count_of(const struct dns_findings *found, enum dns_rule rule, struct slice name)
{
	unsigned n = 0;

	for (size_t i = 0; i < dns_findings_count(found); i++)
		n += dns_findings_get(found, i)->rule == rule &&
		     slice_equal(dns_findings_get(found, i)->name, name);
	return n;
}

static bool is_spf_like(struct slice text)
{
	return slice_find_fold(text, SLICE_LIT("v=spf1")) != SIZE_MAX;
}

/* In place of what is there of its kind; other text at the domain itself stays. */
static void publish(struct world *w, const struct dns_fix *fix, char name[DOMAIN_KEY_MAX])
{
	(void)snprintf(name, DOMAIN_KEY_MAX, "%.*s", SLICE_FMT(fix->name));
	for (size_t i = 0; i < w->len; i++) {
		struct slice text = slice_of(w->lines[i].text);

		if (strcmp(w->lines[i].name, name) != 0)
			continue;
		if (fix->remove ? slice_equal(text, fix->value)
				: is_spf_like(text) == is_spf_like(fix->value))
			w->lines[i].gone = true;
	}
	if (!fix->remove)
		(void)add_line(w, name, fix->value, 60);
}

/* What a record can only do its part for: an include has the same fault (S05, S23), terms that stood
 * behind "all" count again and have it (S12), or our address makes them three (D11). */
static bool is_partly(const struct dns_findings *found, enum dns_rule rule)
{
	return rule == DNS_RULE_S05 || rule == DNS_RULE_S23 || rule == DNS_RULE_D11 ||
	       (rule != DNS_RULE_S12 && rule <= DNS_RULE_S28 && dns_found_any(found, DNS_RULE_S12));
}

/* Whoever does what a finding advises does not get it again. */
static void assert_curable(const struct world *w, const struct dns_facts *facts,
	const struct dns_findings *found, const struct dns_finding *f)
{
	struct world *cured;
	struct dns_findings *after;
	char names[DNS_FIXES_MAX][DOMAIN_KEY_MAX];

	if (f->fixes_len == 0 || is_partly(found, f->rule))
		return;
	for (size_t i = 0; i < f->fixes_len; i++) {
		/* Bytes that cannot be shown are not the ones that are there. */
		if (f->fixes[i].type != DNS_TXT ||
			slice_find(f->fixes[i].value, SLICE_LIT("?")) != SIZE_MAX)
			return;
	}
	cured = malloc(sizeof *cured);
	assert_non_null(cured);
	*cured = *w;
	for (size_t i = 0; i < f->fixes_len; i++)
		publish(cured, &f->fixes[i], names[i]);
	open_world(cured);
	after = check(cured->set, facts);
	if (count_of(after, f->rule, f->name) >= count_of(found, f->rule, f->name))
		fail_msg("%s: \"%.*s\" is not cured by \"%.*s\" at %.*s", dns_rules[f->rule].id,
			SLICE_FMT(f->record), SLICE_FMT(f->fixes[0].value),
			SLICE_FMT(f->fixes[0].name));
	dns_findings_close(after);
	dns_set_close(cured->set);
	free(cured);
}

static void every_finding_of_any_world_is_sound_curable_and_the_same_again(void **state)
{
	static const struct dns_seen_selector keys[] = {
		{ .selector = { "k1", 2 }, .recent = 9, .last_day = 20000, .subdomains = true },
		{ .selector = { "k2", 2 }, .last_day = 19000, .key_since_day = 10000 },
	};
	struct dns_seen_address addresses[2] = {
		{ .recent = 5, .all = 9, .own = true, .own_envelope = true },
		{ .recent = 5, .all = 9, .own = true, .own_envelope = true }
	};
	struct dns_facts facts = { .domain = SLICE_LIT("d.test"),
		.today = 20001,
		.report_address = SLICE_LIT("ruad@d.test"),
		.addresses = addresses,
		.addresses_len = 2,
		.addresses_complete = true,
		.selectors = keys,
		.selectors_len = COUNT(keys),
		.selectors_observed = true,
		.own_recent = 10,
		.strict_spf_failed = 2,
		.strict_dkim_failed = 3 };
	unsigned rules[DNS_RULE_COUNT] = { 0 }, seen = 0;

	(void)state;
	assert_true(ip_parse(SLICE_LIT("198.51.100.7"), &addresses[0].ip));
	assert_true(ip_parse(SLICE_LIT("2001:db8::7"), &addresses[1].ip));
	for (uint32_t i = 0; i < WORLDS; i++) {
		struct world *w = calloc(1, sizeof *w);
		struct dns_findings *found, *again;

		assert_non_null(w);
		w->seed = i * 2654435761U;
		make_up(w);
		open_world(w);
		facts.parked = i % 7 == 0;
		facts.domain = i % 11 == 0 ? SLICE_LIT("sub.d.test") : SLICE_LIT("d.test");
		found = check(w->set, &facts);
		again = check(w->set, &facts);
		assert_int_equal(dns_findings_count(found), dns_findings_count(again));
		for (size_t k = 0; k < dns_findings_count(found); k++) {
			const struct dns_finding *f = dns_findings_get(found, k);

			assert_sound(f);
			assert_same(f, dns_findings_get(again, k));
			assert_curable(w, &facts, found, f);
			rules[f->rule]++;
		}
		dns_findings_close(found);
		dns_findings_close(again);
		dns_set_close(w->set);
		free(w);
	}
	for (unsigned i = 0; i < DNS_RULE_COUNT; i++)
		seen += rules[i] > 0;
	/* Else the worlds are too tame to say anything. */
	assert_true(seen > DNS_RULE_COUNT / 2);
}

/* "*.d.test" answers for the places where a key is looked for that was put wrong. */
static void a_wildcard_with_other_text_is_no_misplaced_key(void **state)
{
	static const char zone[] = "d TXT \"v=spf1 -all\"\n*.d TXT \"v=spf1 -all\"\n"
				   "k1._domainkey.d TXT \"v=DKIM1; p=\"\n";
	static const struct dns_seen_selector key = { .selector = { "k1", 2 } };
	struct dns_facts facts = {
		.domain = SLICE_LIT("d.test"), .selectors = &key, .selectors_len = 1
	};
	struct err err = ERR_INIT;
	struct dns_set *set = NULL;
	struct dns_findings *found;

	(void)state;
	assert_int_equal(dns_set_open(&set, DNS_SET_BYTES_MAX, &err), 0);
	assert_int_equal(zone_read(set, SLICE_LIT("test"), slice_of(zone), &err), 0);
	found = check(set, &facts);
	assert_true(dns_found_any(found, DNS_RULE_K04));
	assert_false(dns_found_any(found, DNS_RULE_K15));
	assert_false(dns_found_any(found, DNS_RULE_K16));
	assert_false(dns_found_any(found, DNS_RULE_K17));
	dns_findings_close(found);
	dns_set_close(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wildcard_with_other_text_is_no_misplaced_key),
		cmocka_unit_test(every_finding_of_any_world_is_sound_curable_and_the_same_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
