/* Messages of name servers, honest and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ingest/dns/reply.h"

#define ASKED SLICE_LIT("a.example")

/* ---- a message, byte by byte ------------------------------------------------------------------ */

struct message {
	unsigned char bytes[70000];
	size_t len;
};

static void add8(struct message *m, unsigned value)
{
	assert_true(m->len < sizeof m->bytes);
	m->bytes[m->len++] = (unsigned char)value;
}

static void add16(struct message *m, unsigned value)
{
	add8(m, value >> 8 & 255);
	add8(m, value & 255);
}

static void add_bytes(struct message *m, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		add8(m, (unsigned char)text[i]);
}

/* "a.example"; "" is the root. */
static void add_name(struct message *m, const char *name)
{
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		add8(m, (unsigned)len);
		add_bytes(m, name, len);
		name += len + (name[len] == '.');
	}
	add8(m, 0);
}

/* Head and question. Flags 0x8180: a reply of a server that recurses; 0x8183: NXDOMAIN. */
static void begin(struct message *m, unsigned flags, unsigned answers, unsigned authority)
{
	m->len = 0;
	add16(m, 7);
	add16(m, flags);
	add16(m, 1);
	add16(m, answers);
	add16(m, authority);
	add16(m, 0);
	add_name(m, "a.example");
	add16(m, 16);
	add16(m, 1);
}

/* The fixed part of a record behind its name; the data follows, end_rr() says how long it was. */
static size_t begin_rr(struct message *m, unsigned type)
{
	add16(m, type);
	add16(m, 1);
	add16(m, 0);
	add16(m, 300);
	add16(m, 0);
	return m->len;
}

static void end_rr(struct message *m, size_t begun)
{
	m->bytes[begun - 2] = (unsigned char)((m->len - begun) >> 8);
	m->bytes[begun - 1] = (unsigned char)((m->len - begun) & 255);
}

static void add_rr(
	struct message *m, const char *owner, unsigned type, const char *data, size_t len)
{
	size_t begun;

	add_name(m, owner);
	begun = begin_rr(m, type);
	add_bytes(m, data, len);
	end_rr(m, begun);
}

static void add_rr_name(struct message *m, const char *owner, unsigned type, const char *target)
{
	size_t begun;

	add_name(m, owner);
	begun = begin_rr(m, type);
	add_name(m, target);
	end_rr(m, begun);
}

/* ---- reading it ------------------------------------------------------------------------------- */

/* What was told, a line each. */
struct told {
	char text[4096];
	size_t len, breaks, text_len;
	const char *known;
};

static bool tell(struct told *t, struct slice name, enum dns_type type, const char *what)
{
	int n = snprintf(t->text + t->len, sizeof t->text - t->len, "%.*s %s %s\n", SLICE_FMT(name),
		dns_type_names[type], what);

	t->len += n > 0 && (size_t)n < sizeof t->text - t->len ? (size_t)n : 0;
	return true;
}

static bool on_record(void *arg, struct slice name, enum dns_type type, const struct dns_record *r)
{
	struct told *t = arg;
	char what[300] = "", ip[IP_TEXT_MAX];

	t->breaks = r->breaks_len;
	t->text_len = r->text.len;
	if (type == DNS_A || type == DNS_AAAA)
		(void)snprintf(what, sizeof what, "%s", ip_text(&r->ip, ip));
	else if (type == DNS_TXT)
		(void)snprintf(what, sizeof what, "%.*s",
			(int)(r->text.len < 40 ? r->text.len : 40), r->text.ptr);
	else
		(void)snprintf(what, sizeof what, "%u %.*s", r->preference, SLICE_FMT(r->name));
	return tell(t, name, type, what);
}

static bool on_nothing(void *arg, struct slice name, enum dns_type type, enum dns_status status)
{
	return tell(arg, name, type, dns_status_names[status]);
}

static bool on_known(void *arg, struct slice name, enum dns_type type)
{
	const struct told *t = arg;

	(void)type;
	return t->known != NULL && slice_equal(name, slice_of(t->known));
}

static enum reply_kind read_as(const struct message *m, enum dns_type type, struct told *t)
{
	const struct reply_sink sink = {
		.arg = t, .record = on_record, .nothing = on_nothing, .known = on_known
	};
	/* Of its own size, so that a step beyond it is seen. */
	unsigned char *bytes = malloc(m->len + 1);
	enum reply_kind kind;

	assert_non_null(bytes);
	memcpy(bytes, m->bytes, m->len);
	bytes = realloc(bytes, m->len > 0 ? m->len : 1);
	assert_non_null(bytes);
	t->len = 0;
	t->text[0] = '\0';
	kind = reply_read(slice_from(bytes, m->len), ASKED, type, &sink);
	free(bytes);
	return kind;
}

static void expect(
	const struct message *m, enum dns_type type, enum reply_kind kind, const char *text)
{
	struct told t = { .known = NULL };

	assert_int_equal(read_as(m, type, &t), kind);
	assert_string_equal(t.text, text);
}

/* ---- tests ------------------------------------------------------------------------------------ */

static struct message m;

static void records_of_each_type_are_told(void **state)
{
	(void)state;
	begin(&m, 0x8180, 3, 0);
	add_rr(&m, "A.Example", 16, "\3abc\0\2de", 8);
	add_rr(&m, "a.example", 1, "\xc0\0\2\1", 4);
	add_rr(&m, "a.example", 15, "\0\12\2mx\1e\0", 8);
	expect(&m, DNS_TXT, REPLY_READ, "a.example TXT abcde\n");
	expect(&m, DNS_A, REPLY_READ, "a.example A 192.0.2.1\n");
	expect(&m, DNS_MX, REPLY_READ, "a.example MX 10 mx.e\n");
	begin(&m, 0x8180, 2, 0);
	add_rr_name(&m, "a.example", 12, "");
	add_rr_name(&m, "a.example", 12, "Host.example");
	expect(&m, DNS_PTR, REPLY_READ, "a.example PTR 0 \na.example PTR 0 host.example\n");
}

static void the_strings_of_a_text_keep_their_borders(void **state)
{
	struct told t = { .known = NULL };

	(void)state;
	begin(&m, 0x8180, 1, 0);
	add_rr(&m, "a.example", 16, "\0\0\1a", 4);
	assert_int_equal(read_as(&m, DNS_TXT, &t), REPLY_READ);
	assert_int_equal(t.breaks, 2);
	assert_int_equal(t.text_len, 1);
}

static void absence_is_told_as_the_server_says_it(void **state)
{
	(void)state;
	begin(&m, 0x8183, 0, 0);
	expect(&m, DNS_TXT, REPLY_READ, "a.example TXT nxdomain\n");
	begin(&m, 0x8180, 0, 0);
	expect(&m, DNS_TXT, REPLY_READ, "a.example TXT nodata\n");
	begin(&m, 0x8400, 0, 0); /* an authoritative one */
	expect(&m, DNS_TXT, REPLY_READ, "a.example TXT nodata\n");
}

static void what_is_no_answer_is_not_taken_for_one(void **state)
{
	(void)state;
	begin(&m, 0x8182, 0, 0); /* SERVFAIL */
	expect(&m, DNS_TXT, REPLY_FAILED, "");
	begin(&m, 0x8185, 0, 0); /* REFUSED */
	expect(&m, DNS_TXT, REPLY_FAILED, "");
	begin(&m, 0x8000, 0, 1); /* go and ask others */
	add_rr_name(&m, "example", 2, "ns.example");
	expect(&m, DNS_TXT, REPLY_FAILED, "");
	begin(&m, 0x8380, 1, 0); /* cut */
	add_rr(&m, "a.example", 16, "\3abc", 4);
	expect(&m, DNS_TXT, REPLY_FAILED, "");
	begin(&m, 0x8180, 1, 0); /* about something else */
	add_rr(&m, "b.example", 16, "\3abc", 4);
	expect(&m, DNS_TXT, REPLY_FAILED, "");
	begin(&m, 0x8180, 1, 0); /* of another class */
	add_rr(&m, "a.example", 16, "\3abc", 4);
	m.bytes[m.len - 4 - 7] = 3;
	expect(&m, DNS_TXT, REPLY_FAILED, "");
}

static void aliases_are_followed_in_any_order(void **state)
{
	struct told t = { .known = "b.example" };

	(void)state;
	begin(&m, 0x8180, 4, 0);
	add_rr(&m, "c.example", 16, "\3abc", 4);
	add_rr(&m, "d.example", 16, "\3bad", 4);
	add_rr_name(&m, "b.example", 5, "c.example");
	add_rr_name(&m, "a.example", 5, "b.example");
	expect(&m, DNS_TXT, REPLY_READ,
		"a.example CNAME 0 b.example\nb.example CNAME 0 c.example\nc.example TXT abc\n");
	/* What is known is not told twice. */
	assert_int_equal(read_as(&m, DNS_TXT, &t), REPLY_READ);
	assert_string_equal(t.text, "a.example CNAME 0 b.example\n");
}

static void the_end_of_an_alias_may_be_open_or_nothing(void **state)
{
	(void)state;
	begin(&m, 0x8400, 1, 0);
	add_rr_name(&m, "a.example", 5, "b.example.net");
	expect(&m, DNS_TXT, REPLY_READ, "a.example CNAME 0 b.example.net\n");
	begin(&m, 0x8183, 1, 0);
	add_rr_name(&m, "a.example", 5, "b.example.net");
	expect(&m, DNS_TXT, REPLY_READ,
		"a.example CNAME 0 b.example.net\nb.example.net TXT nxdomain\n");
	begin(&m, 0x8180, 1, 1);
	add_rr_name(&m, "a.example", 5, "b.example.net");
	add_rr_name(&m, "example.net", 6, "ns");
	expect(&m, DNS_TXT, REPLY_READ,
		"a.example CNAME 0 b.example.net\nb.example.net TXT nodata\n");
}

static void a_circle_of_aliases_ends(void **state)
{
	struct told t = { .known = NULL };

	(void)state;
	begin(&m, 0x8180, 2, 0);
	add_rr_name(&m, "a.example", 5, "b.example");
	add_rr_name(&m, "b.example", 5, "a.example");
	assert_int_equal(read_as(&m, DNS_TXT, &t), REPLY_READ);
	assert_non_null(strstr(t.text, "b.example CNAME 0 a.example\n"));
	assert_null(strstr(t.text, "TXT"));
}

static void names_that_lie_are_refused(void **state)
{
	(void)state;
	begin(&m, 0x8180, 1, 0);
	add16(&m, 0xc000u | (unsigned)m.len); /* points to itself */
	end_rr(&m, begin_rr(&m, 16));
	expect(&m, DNS_TXT, REPLY_BROKEN, "");
	begin(&m, 0x8180, 1, 0);
	add16(&m, 0xc000u | (unsigned)(m.len + 20)); /* forward */
	end_rr(&m, begin_rr(&m, 16));
	expect(&m, DNS_TXT, REPLY_BROKEN, "");
	begin(&m, 0x8180, 1, 0);
	add8(&m, 0x80); /* no kind of label there is */
	expect(&m, DNS_TXT, REPLY_BROKEN, "");
	begin(&m, 0x8180, 1, 0);
	add_rr(&m, "a.example", 5, "\3a.b\0", 5); /* a dot in a label would be another name */
	expect(&m, DNS_TXT, REPLY_FAILED, "");
	begin(&m, 0x8180, 1, 0);
	add_rr(&m, "a.example", 15, "\0\1\200", 3);
	expect(&m, DNS_MX, REPLY_FAILED, "");
	begin(&m, 0x8180, 1, 0);
	add_rr(&m, "a.example", 2, "\1x\0", 2); /* its end lies outside of the data */
	add8(&m, 0);
	expect(&m, DNS_NS, REPLY_FAILED, "");
}

static void lengths_that_lie_are_refused(void **state)
{
	(void)state;
	begin(&m, 0x8180, 1, 0);
	add_rr(&m, "a.example", 16, "\4abc", 4); /* a string longer than its record */
	expect(&m, DNS_TXT, REPLY_FAILED, "");
	begin(&m, 0x8180, 1, 0);
	add_rr(&m, "a.example", 16, "", 0);
	expect(&m, DNS_TXT, REPLY_FAILED, "");
	begin(&m, 0x8180, 1, 0);
	add_rr(&m, "a.example", 1, "abc", 3);
	expect(&m, DNS_A, REPLY_FAILED, "");
	begin(&m, 0x8180, 65535, 0);
	add_rr(&m, "a.example", 16, "\3abc", 4);
	expect(&m, DNS_TXT, REPLY_BROKEN, "");
	begin(&m, 0x8180, 1, 0);
	add_rr(&m, "a.example", 16, "\3abc", 4);
	m.len--;
	expect(&m, DNS_TXT, REPLY_BROKEN, "");
}

static void more_records_than_a_set_holds_are_refused(void **state)
{
	struct told t = { .known = NULL };

	(void)state;
	begin(&m, 0x8180, DNS_SET_RECORDS_MAX + 1, 0);
	for (unsigned i = 0; i <= DNS_SET_RECORDS_MAX; i++) {
		size_t begun;

		add16(&m, 0xc00c); /* the name in the question */
		begun = begin_rr(&m, 16);
		add8(&m, 1);
		add8(&m, i & 255);
		end_rr(&m, begun);
	}
	assert_int_equal(read_as(&m, DNS_TXT, &t), REPLY_FAILED);
}

/* Every cut and 200,000 changed ones: whatever it says, it stays inside its bytes. */
static void no_message_is_read_beyond_its_end(void **state)
{
	static struct message whole;
	static const enum dns_type types[] = { DNS_TXT, DNS_MX, DNS_A, DNS_CNAME, DNS_SOA };
	struct told t = { .known = NULL };
	uint32_t seed = 1;

	(void)state;
	begin(&whole, 0x8180, 4, 1);
	add_rr_name(&whole, "a.example", 5, "b.example");
	add_rr(&whole, "b.example", 16, "\3abc\0\2de", 8);
	add16(&whole, 0xc00c);
	end_rr(&whole, begin_rr(&whole, 15));
	add_rr(&whole, "b.example", 15, "\0\12\300\14", 4);
	add_rr_name(&whole, "example", 6, "ns.example");
	for (size_t len = 0; len <= whole.len; len++) {
		m = whole;
		m.len = len;
		(void)read_as(&m, DNS_TXT, &t);
	}
	for (int i = 0; i < 200000; i++) {
		memcpy(m.bytes, whole.bytes, whole.len);
		m.len = whole.len;
		for (int k = 0; k < 3; k++) {
			seed = seed * 1664525u + 1013904223u;
			m.bytes[(seed >> 8) % m.len] =
				(unsigned char)((seed & 1) != 0 ? 0xc0 | seed >> 30 : seed >> 24);
		}
		(void)read_as(&m, types[i % 5], &t);
		assert_true(t.len < sizeof t.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_each_type_are_told),
		cmocka_unit_test(the_strings_of_a_text_keep_their_borders),
		cmocka_unit_test(absence_is_told_as_the_server_says_it),
		cmocka_unit_test(what_is_no_answer_is_not_taken_for_one),
		cmocka_unit_test(aliases_are_followed_in_any_order),
		cmocka_unit_test(the_end_of_an_alias_may_be_open_or_nothing),
		cmocka_unit_test(a_circle_of_aliases_ends),
		cmocka_unit_test(names_that_lie_are_refused),
		cmocka_unit_test(lengths_that_lie_are_refused),
		cmocka_unit_test(more_records_than_a_set_holds_are_refused),
		cmocka_unit_test(no_message_is_read_beyond_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
