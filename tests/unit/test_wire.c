/* Frames: what goes in comes out, and nothing a broken worker writes gets past. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "ingest/wire.h"
#include "recording_sink.h"
#include "store/base/utf8.h"

static struct buf sent;

static int gather(struct wire_out *out, struct slice bytes, struct err *err)
{
	(void)out;
	(void)err;
	buf_add(&sent, bytes);
	assert_false(buf_failed(&sent));
	return 0;
}

static struct report_word word(uint8_t meaning, const char *token)
{
	return (struct report_word){ meaning, slice_of(token) };
}

static const struct report_mail a_mail = {
	.seen = 1700000000,
	.is_mail = true,
	.from = { "a@o.example", 11 },
	.subject = { "", 0 },
	.message_id = { NULL, 0 },
	.date = -1,
	.auth_server = { "mx", 2 },
	.auth_dkim = { REPORT_AUTH_PASS, { "Pass", 4 } },
	.auth_dmarc = { REPORT_AUTH_UNKNOWN, { "", 0 } },
	.trust = REPORT_TRUST_VERIFIED,
};

static const struct report_head a_head = {
	.org_name = { "o.example", 9 },
	.email = { "", 0 },
	.report_id = { "id-1", 4 },
	.begin = 1700000000,
	.end = 1700086399,
	.errors = { "one\ntwo", 7 },
	.xmlns = { "urn:x", 5 },
	.dialect = REPORT_RFC9990,
	.domain = { "Example.com", 11 },
	.domain_key = { "example.com", 11 },
	.p = { REPORT_POLICY_REJECT, { "Reject", 6 } },
	.sp = { REPORT_POLICY_UNKNOWN, { "", 0 } },
	.adkim = { REPORT_ALIGNMENT_STRICT, { "s", 1 } },
	.testing = { REPORT_TESTING_YES, { "y", 1 } },
	.pct = { "100", 3 },
	.fo = { "", 0 },
	.trust = REPORT_TRUST_VERIFIED,
	.from_mismatch = true,
};

static void a_record(struct report_record *r)
{
	*r = (struct report_record){ .position = 7,
		.line = 41,
		.count = COUNT_MAX,
		.disposition = word(REPORT_DISPOSITION_NONE, "none"),
		.dkim = word(REPORT_RESULT_PASS, "pass"),
		.spf = word(REPORT_RESULT_UNKNOWN, "15"),
		.header_from = slice_of("example.com"),
		.envelope_from = slice_of(""),
		.reasons_len = 2,
		.auth_len = 3 };
	assert_true(ip_parse(slice_of("2001:db8::1"), &r->source_ip));
	r->reasons[0].type = word(REPORT_REASON_OTHER, "other");
	r->reasons[0].comment = slice_of("gr\xc3\xbc\xc3\x9f");
	r->auth[0] = (struct report_auth){ .kind = REPORT_DKIM,
		.domain = slice_of("d.example"),
		.selector = slice_of("s1"),
		.result = word(REPORT_AUTH_PASS, "pass"),
		.human_result = slice_of("fine") };
	r->auth[1] = (struct report_auth){ .kind = REPORT_SPF,
		.domain = slice_of(""),
		.scope = word(REPORT_SCOPE_HELO, "helo"),
		.result = word(REPORT_AUTH_UNKNOWN, "odd") };
}

/* Every call there is, in an order the contract allows. */
static void tell(struct report_sink *to)
{
	const struct report_unreadable unreadable = { 8, 42, "count \"1e9\" is not a number" };
	const struct report_entry stored = { .where = SLICE_LIT("part 2: r.xml"),
		.ending = REPORT_STORED };
	const struct report_entry other = {
		.where = SLICE_LIT("part 3"), .ending = REPORT_NOT_A_REPORT, .kind = "TLS report"
	};
	const struct report_entry refused = {
		.where = SLICE_ABSENT, .ending = REPORT_REFUSED, .reason = "no report_id"
	};
	struct report_record record;
	struct report_outcome outcome;
	struct err err = ERR_INIT;

	a_record(&record);
	assert_int_equal(to->ops->mail_begin(to, &a_mail, &err), 0);
	assert_int_equal(to->ops->report_begin(to, &err), 0);
	assert_int_equal(to->ops->original(to, SLICE_LIT("<feedb\0\xff"), &err), 0);
	assert_int_equal(to->ops->report_abandon(to, &err), 0);
	assert_int_equal(to->ops->report_begin(to, &err), 0);
	assert_int_equal(to->ops->original(to, SLICE_LIT("<feedback>"), &err), 0);
	assert_int_equal(to->ops->record(to, &record, &err), 0);
	record.source_ip = (struct ip){ .len = 0 };
	record.source_text = SLICE_LIT("108r.166.27.220");
	assert_int_equal(to->ops->record(to, &record, &err), 0);
	assert_int_equal(to->ops->head(to, &a_head, &err), 0);
	assert_int_equal(to->ops->unreadable(to, &unreadable, &err), 0);
	assert_int_equal(to->ops->placeholder(to, &err), 0);
	assert_int_equal(to->ops->note(to, REPORT_NOTE_UNKNOWN_ELEMENT, SLICE_LIT("x"), &err), 0);
	assert_int_equal(to->ops->note(to, REPORT_NOTE_CASE, SLICE_ABSENT, &err), 0);
	assert_int_equal(to->ops->original(to, SLICE_LIT("</feedback>\0\xff"), &err), 0);
	assert_int_equal(to->ops->report_end(to, &outcome, &err), 0);
	assert_int_equal(to->ops->entry(to, &stored, &err), 0);
	assert_int_equal(to->ops->entry(to, &other, &err), 0);
	assert_int_equal(to->ops->mail_abandon(to, &err), 0);
	assert_int_equal(to->ops->mail_begin(to, &a_mail, &err), 0);
	assert_int_equal(to->ops->entry(to, &refused, &err), 0);
	assert_int_equal(to->ops->mail_end(to, REPORT_NOT_A_REPORT, &err), 0);
}

static void frames_of(void (*teller)(struct report_sink *))
{
	struct wire_out out;
	struct err err = ERR_INIT;

	buf_init(&sent, 64 * 1024 * 1024);
	(void)wire_out_init(&out, gather);
	assert_int_equal(wire_out_pack(&out, &err), 0);
	teller(&out.sink);
	wire_out_release(&out);
}

/* What the chunks of a report give, which has to be this. */
static void assert_unpacks_to(const struct recording *r, struct slice xml)
{
	const struct digest sha256 = digest_of(xml);
	struct slice packed = buf_slice(&r->packed);
	struct unpacker *u = NULL;
	struct err err = ERR_INIT;
	char *bytes = malloc(xml.len + 1);
	size_t len = 0;

	assert_non_null(bytes);
	assert_int_equal(unpacker_open(&u, &err), 0);
	assert_int_equal(unpacker_run(u, &packed, bytes, xml.len + 1, &len), UNPACKED_END);
	assert_int_equal(packed.len, 0);
	assert_int_equal(len, xml.len);
	assert_memory_equal(bytes, xml.ptr, xml.len);
	assert_true(r->last.last);
	assert_int_equal(r->last.size, xml.len);
	assert_true(digest_equal(&r->last.sha256, &sha256));
	unpacker_close(u);
	free(bytes);
}

/* 1 the mail ended, 0 the bytes did, -1; bytes lie in a block of their very size. */
static int play(struct slice given, struct report_sink *to, struct err *err)
{
	static struct wire_frame frame;
	char *copy = malloc(given.len > 0 ? given.len : 1);
	struct slice bytes = slice_from(copy, given.len);
	struct wire_replay replay;
	int rc;

	assert_non_null(copy);
	if (given.len > 0)
		memcpy(copy, given.ptr, given.len);
	wire_replay_init(&replay);
	while ((rc = wire_next(&bytes, &frame, err)) > 0) {
		rc = wire_replay(&replay, &frame, to, err);
		if (rc != 0)
			break;
	}
	free(copy);
	return rc;
}

static void every_call_comes_out_as_it_went_in(void **state)
{
	struct recording direct, wired;
	struct err err = ERR_INIT;

	(void)state;
	recording_init(&direct);
	recording_init(&wired);
	tell(&direct.sink);
	frames_of(tell);
	assert_int_equal(play(buf_slice(&sent), &wired.sink, &err), 1);
	assert_string_equal(recording_text(&wired), recording_text(&direct));
	assert_non_null(strstr(recording_text(&wired), "from \"a@o.example\" subject \"\""));
	assert_unpacks_to(&wired, SLICE_LIT("<feedback></feedback>\0\xff"));
	recording_release(&direct);
	recording_release(&wired);
	buf_release(&sent);
}

/* A sink that holds its caller to the contract, as the store does with its asserts. */
struct strict {
	struct recording r;
	bool mail, report, head, packed, packed_ended;
	int64_t packed_bytes;
};

static struct strict strict;

static void strict_words(const struct vocabulary *v, struct report_word w)
{
	assert_true(w.meaning < v->count);
	assert_true(slice_absent(w.token) || utf8_valid(w.token));
}

static int strict_mail_begin(struct report_sink *s, const struct report_mail *mail, struct err *err)
{
	assert_false(strict.mail);
	strict.mail = true;
	assert_true(mail->trust < REPORT_TRUST_COUNT);
	return recording_mail_begin(s, mail, err);
}

static int strict_report_begin(struct report_sink *s, struct err *err)
{
	assert_true(strict.mail && !strict.report);
	strict.report = true;
	strict.head = strict.packed = strict.packed_ended = false;
	strict.packed_bytes = 0;
	return recording_report_begin(s, err);
}

static int strict_original(struct report_sink *s, struct slice bytes, struct err *err)
{
	(void)s;
	(void)bytes;
	(void)err;
	fail_msg("the XML itself came over the wire");
	return -1;
}

static int strict_packed(struct report_sink *s, const struct report_packed *p, struct err *err)
{
	assert_true(strict.report && !strict.packed_ended);
	assert_true(p->bytes.len <= PACK_CHUNK_BYTES_MAX);
	assert_true(p->last || p->bytes.len == PACK_CHUNK_BYTES_MAX);
	assert_true(p->bytes.len > 0 || strict.packed);
	assert_true(!p->last || (p->size > 0 && p->size <= UNPACKED_BYTES_MAX));
	strict.packed = true;
	strict.packed_ended = p->last;
	strict.packed_bytes += (int64_t)p->bytes.len;
	assert_true(strict.packed_bytes <= pack_bytes_max(p->last ? p->size : UNPACKED_BYTES_MAX));
	return recording_packed(s, p, err);
}

static int strict_head(struct report_sink *s, const struct report_head *h, struct err *err)
{
	assert_true(strict.report && !strict.head);
	strict.head = true;
	assert_true(h->report_id.len > 0 && h->report_id.len <= REPORT_ID_MAX);
	assert_true(h->begin >= 0 && h->begin <= h->end && h->domain_key.len > 0);
	assert_true(h->dialect < REPORT_DIALECT_COUNT && h->trust < REPORT_TRUST_COUNT);
	strict_words(&report_policy_words, h->p);
	strict_words(&report_discoveries, h->discovery_method);
	return recording_head(s, h, err);
}

static int strict_record(struct report_sink *s, const struct report_record *r, struct err *err)
{
	assert_true(strict.report);
	assert_true(r->count >= 0 && r->count <= COUNT_MAX);
	if (r->source_ip.len == 0)
		assert_true(report_is_source_text(r->source_text));
	else
		assert_true(slice_absent(r->source_text) &&
			    (r->source_ip.len == 4 || r->source_ip.len == 16));
	assert_true(r->auth_len <= AUTH_MAX && r->reasons_len <= REASON_MAX);
	strict_words(&report_results, r->dkim);
	for (unsigned i = 0; i < r->auth_len; i++) {
		assert_true(r->auth[i].kind <= REPORT_SPF);
		strict_words(&report_auth_results, r->auth[i].result);
	}
	return recording_record(s, r, err);
}

static int strict_note(
	struct report_sink *s, enum report_note note, struct slice detail, struct err *err)
{
	assert_true(strict.report && note < REPORT_NOTE_COUNT);
	return recording_note(s, note, detail, err);
}

static int strict_report_end(struct report_sink *s, struct report_outcome *ret, struct err *err)
{
	assert_true(strict.report && strict.head);
	assert_true(!strict.packed || strict.packed_ended);
	strict.report = false;
	return recording_report_end(s, ret, err);
}

static int strict_report_abandon(struct report_sink *s, struct err *err)
{
	assert_true(strict.report);
	strict.report = false;
	return recording_report_abandon(s, err);
}

static int strict_entry(struct report_sink *s, const struct report_entry *e, struct err *err)
{
	assert_true(strict.mail && !strict.report);
	/* Here no scribe resolves what the store said. */
	if (e->ending == REPORT_ENDING_COUNT)
		return 0;
	assert_true(e->ending < REPORT_ENDING_COUNT);
	return recording_entry(s, e, err);
}

static int strict_mail_end(struct report_sink *s, enum report_ending ending, struct err *err)
{
	assert_true(strict.mail && !strict.report);
	strict.mail = false;
	return recording_mail_end(s, ending, err);
}

static int strict_mail_abandon(struct report_sink *s, struct err *err)
{
	assert_true(strict.mail && !strict.report);
	strict.mail = false;
	return recording_mail_abandon(s, err);
}

static int play_strictly(struct slice bytes, struct err *err)
{
	static struct report_sink_ops ops;
	int rc;

	strict = (struct strict){ .mail = false };
	recording_init(&strict.r);
	ops = *strict.r.sink.ops;
	ops.mail_begin = strict_mail_begin;
	ops.report_begin = strict_report_begin;
	ops.original = strict_original;
	ops.packed = strict_packed;
	ops.head = strict_head;
	ops.record = strict_record;
	ops.note = strict_note;
	ops.report_end = strict_report_end;
	ops.report_abandon = strict_report_abandon;
	ops.entry = strict_entry;
	ops.mail_end = strict_mail_end;
	ops.mail_abandon = strict_mail_abandon;
	strict.r.sink.ops = &ops;
	err_clear(err);
	rc = play(bytes, &strict.r.sink, err);
	if (rc < 0)
		assert_true(err->code == ERR_MESSAGE || err->code == ERR_SHORTAGE);
	recording_release(&strict.r);
	return rc;
}

static void a_sequence_cut_anywhere_waits_for_more(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	frames_of(tell);
	for (size_t len = 0; len < sent.len; len++)
		assert_int_equal(play_strictly(slice_from(sent.ptr, len), &err), 0);
	assert_int_equal(play_strictly(buf_slice(&sent), &err), 1);
	buf_release(&sent);
}

static void no_flipped_bit_breaks_the_contract(void **state)
{
	struct err err = ERR_INIT;
	size_t refused = 0;

	(void)state;
	frames_of(tell);
	for (size_t bit = 0; bit < sent.len * 8; bit++) {
		sent.ptr[bit / 8] ^= (char)(1 << bit % 8);
		refused += play_strictly(buf_slice(&sent), &err) < 0;
		sent.ptr[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_true(refused > sent.len);
	buf_release(&sent);
}

static void no_overwritten_byte_breaks_the_contract(void **state)
{
	static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct err err = ERR_INIT;

	(void)state;
	frames_of(tell);
	for (size_t i = 0; i < sent.len; i++) {
		const char was = sent.ptr[i];

		for (size_t v = 0; v < sizeof values; v++) {
			sent.ptr[i] = (char)values[v];
			(void)play_strictly(buf_slice(&sent), &err);
		}
		sent.ptr[i] = was;
	}
	buf_release(&sent);
}

/* Frames in a random order, each well made: the worker has lost its mind, not its alphabet. */
static void frames_in_any_order_never_break_the_contract(void **state)
{
	size_t starts[64], n = 0, at = 0;
	unsigned random = 1;
	struct err err = ERR_INIT;
	struct buf mixed;

	(void)state;
	frames_of(tell);
	while (at < sent.len) {
		starts[n++] = at;
		at += 4 + (unsigned char)sent.ptr[at] + 256u * (unsigned char)sent.ptr[at + 1];
	}
	assert_int_equal(at, sent.len);
	starts[n] = at;
	buf_init(&mixed, 1024 * 1024);
	for (int round = 0; round < 5000; round++) {
		buf_clear(&mixed);
		for (int i = 0; i < 12; i++) {
			random = random * 1103515245 + 12345;
			at = i == 0 ? 0 : (random >> 16) % n;
			buf_add(&mixed,
				slice_from(sent.ptr + starts[at], starts[at + 1] - starts[at]));
		}
		(void)play_strictly(buf_slice(&mixed), &err);
	}
	buf_release(&mixed);
	buf_release(&sent);
}

static struct slice source_text;

static void tell_a_source_text(struct report_sink *to)
{
	static struct report_record record;
	struct err err = ERR_INIT;

	a_record(&record);
	record.source_ip = (struct ip){ .len = 0 };
	record.source_text = source_text;
	assert_int_equal(to->ops->mail_begin(to, &a_mail, &err), 0);
	assert_int_equal(to->ops->report_begin(to, &err), 0);
	assert_int_equal(to->ops->record(to, &record, &err), 0);
	assert_int_equal(to->ops->report_abandon(to, &err), 0);
	assert_int_equal(to->ops->mail_end(to, REPORT_NOT_A_REPORT, &err), 0);
}

static void tell_the_largest(struct report_sink *to)
{
	static struct report_record record;
	static char text[TEXT_KEEP];
	const struct slice long_text = { text, sizeof text };
	struct err err = ERR_INIT;

	memset(text, 'x', sizeof text);
	a_record(&record);
	record.reasons_len = REASON_MAX;
	record.auth_len = AUTH_MAX;
	for (size_t i = 0; i < REASON_MAX; i++)
		record.reasons[i] =
			(struct report_reason){ { REPORT_REASON_UNKNOWN, long_text }, long_text };
	for (size_t i = 0; i < AUTH_MAX; i++)
		record.auth[i] = (struct report_auth){ REPORT_DKIM, long_text, long_text,
			{ REPORT_SCOPE_UNKNOWN, long_text }, { REPORT_AUTH_UNKNOWN, long_text },
			long_text };
	record.header_from = record.envelope_from = record.envelope_to = long_text;
	record.source_ip = (struct ip){ .len = 0 };
	record.source_text = slice_from(text, SOURCE_TEXT_MAX);
	assert_int_equal(to->ops->mail_begin(to, &a_mail, &err), 0);
	assert_int_equal(to->ops->report_begin(to, &err), 0);
	assert_int_equal(to->ops->record(to, &record, &err), 0);
	assert_int_equal(to->ops->head(to, &a_head, &err), 0);
}

static void a_text_in_the_place_of_an_address_is_never_one_nor_too_long(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = { { "108r.166.27.220", true }, { "192.0.2.1", false }, { "::1", false },
		{ "", false }, { " x", false }, { "\xff", false } };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		source_text = slice_of(cases[i].text);
		frames_of(tell_a_source_text);
		assert_int_equal(play_strictly(buf_slice(&sent), &err), cases[i].good ? 1 : -1);
		buf_release(&sent);
	}
	source_text = SLICE_ABSENT;
	frames_of(tell_a_source_text);
	assert_int_equal(play_strictly(buf_slice(&sent), &err), -1);
	buf_release(&sent);
}

static void the_largest_record_fits_a_frame(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	frames_of(tell_the_largest);
	assert_true(sent.len > (size_t)AUTH_MAX * 5 * TEXT_KEEP);
	assert_int_equal(play_strictly(buf_slice(&sent), &err), 0);
	buf_release(&sent);
}

static void a_frame_too_long_is_refused_before_its_bytes_come(void **state)
{
	static struct wire_frame frame;
	struct err err = ERR_INIT;
	struct slice bytes;
	char head[4];

	(void)state;
	for (uint32_t over = 0; over < 2; over++) {
		for (unsigned i = 0; i < sizeof head; i++)
			head[i] = (char)((WIRE_FRAME_MAX + over) >> (8 * i) & 0xff);
		bytes = slice_from(head, sizeof head);
		assert_int_equal(wire_next(&bytes, &frame, &err), over > 0 ? -1 : 0);
	}
	assert_int_equal(err.code, ERR_MESSAGE);
}

static void tell_a_placeholder(struct report_sink *to)
{
	struct err err = ERR_INIT;

	assert_int_equal(to->ops->mail_begin(to, &a_mail, &err), 0);
	assert_int_equal(to->ops->report_begin(to, &err), 0);
	assert_int_equal(to->ops->placeholder(to, &err), 0);
	assert_int_equal(to->ops->report_abandon(to, &err), 0);
	assert_int_equal(to->ops->mail_end(to, REPORT_NOT_A_REPORT, &err), 0);
}

/* The parser stops there too, but the writer does not rely on it. */
static void a_report_of_too_many_records_is_refused_by_the_writer(void **state)
{
	static struct wire_frame frame;

	(void)state;
	frames_of(tell_a_placeholder);
	for (uint32_t before = RECORDS_MAX - 1; before <= RECORDS_MAX; before++) {
		struct slice bytes = buf_slice(&sent);
		struct wire_replay replay;
		struct err err = ERR_INIT;
		struct recording r;
		int rc = 0;

		recording_init(&r);
		wire_replay_init(&replay);
		while (rc == 0 && wire_next(&bytes, &frame, &err) > 0) {
			if (frame.kind == WIRE_PLACEHOLDER)
				replay.records = before;
			rc = wire_replay(&replay, &frame, &r.sink, &err);
		}
		assert_int_equal(rc, before < RECORDS_MAX ? 1 : -1);
		recording_release(&r);
	}
	buf_release(&sent);
}

static void tell_a_cut_reason(struct report_sink *to)
{
	const struct report_entry cut = { .where = SLICE_LIT("part 1: \xc3"),
		.ending = REPORT_REFUSED,
		.reason = "cut within \xe2\x82" };
	struct err err = ERR_INIT;

	assert_int_equal(to->ops->mail_begin(to, &a_mail, &err), 0);
	assert_int_equal(to->ops->entry(to, &cut, &err), 0);
	assert_int_equal(to->ops->mail_end(to, REPORT_NOT_A_REPORT, &err), 0);
}

/* Messages are cut at a byte; that must not look like a broken worker. */
static void a_message_cut_within_a_character_is_mended(void **state)
{
	struct recording r;
	struct err err = ERR_INIT;

	(void)state;
	recording_init(&r);
	frames_of(tell_a_cut_reason);
	assert_int_equal(play(buf_slice(&sent), &r.sink, &err), 1);
	assert_non_null(strstr(recording_text(&r), "reason cut within \xef\xbf\xbd"));
	assert_true(utf8_valid(buf_slice(&r.lines)));
	recording_release(&r);
	buf_release(&sent);
}

static void tell_one_report(struct report_sink *to)
{
	const struct report_entry line = { .where = SLICE_LIT("part 1"),
		.ending = REPORT_ENDING_COUNT };
	struct report_outcome outcome;
	struct err err = ERR_INIT;

	assert_int_equal(to->ops->mail_begin(to, &a_mail, &err), 0);
	assert_int_equal(to->ops->report_begin(to, &err), 0);
	assert_int_equal(to->ops->head(to, &a_head, &err), 0);
	assert_int_equal(to->ops->report_end(to, &outcome, &err), 0);
	assert_int_equal(to->ops->entry(to, &line, &err), 0);
	assert_int_equal(to->ops->mail_end(to, REPORT_NOT_A_REPORT, &err), 0);
}

/* The parser is far away when the store refuses: the line of the report says it all the same. */
static void what_the_store_refuses_is_abandoned_and_said(void **state)
{
	static const char *const ops[] = { "head", "report_end" };
	struct recording r;
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		recording_init(&r);
		r.fail_op = ops[i];
		r.fail_code = ERR_REPORT;
		frames_of(tell_one_report);
		assert_int_equal(play(buf_slice(&sent), &r.sink, &err), 1);
		assert_non_null(strstr(recording_text(&r), "report_abandon\nentry where \"part 1\" "
							   "ending refused reason "));
		assert_non_null(strstr(recording_text(&r), "fails as told"));
		buf_release(&sent);

		r.fail_code = ERR_SHORTAGE;
		frames_of(tell_one_report);
		assert_int_equal(play(buf_slice(&sent), &r.sink, &err), -1);
		assert_int_equal(err.code, ERR_SHORTAGE);
		recording_release(&r);
		buf_release(&sent);
	}
}

static void a_shortage_of_the_worker_ends_the_run(void **state)
{
	const struct err why = { ERR_SHORTAGE, "no memory for the XML parser" };
	struct recording r;
	struct wire_out out;
	struct err err = ERR_INIT;

	(void)state;
	recording_init(&r);
	buf_init(&sent, 1024 * 1024);
	(void)wire_out_init(&out, gather);
	assert_int_equal(wire_shortage(&out, &why, &err), 0);
	wire_out_release(&out);
	assert_int_equal(play(buf_slice(&sent), &r.sink, &err), -1);
	assert_int_equal(err.code, ERR_SHORTAGE);
	assert_string_equal(err.text, why.text);
	recording_release(&r);
	buf_release(&sent);
}

/* ---- originals ------------------------------------------------------------------------------- */

static struct buf xml;

/* Hard to pack: several chunks come of it. */
static void make_xml(size_t len)
{
	unsigned random = 7;

	buf_init(&xml, len);
	while (xml.len < len) {
		char *room = buf_room(&xml, 1);

		random = random * 1103515245 + 12345;
		*room = (char)(random >> 16 & 0xff);
		xml.len++;
	}
}

static void tell_xml(struct report_sink *to)
{
	struct report_outcome outcome;
	struct err err = ERR_INIT;
	size_t n;

	assert_int_equal(to->ops->mail_begin(to, &a_mail, &err), 0);
	assert_int_equal(to->ops->report_begin(to, &err), 0);
	assert_int_equal(to->ops->head(to, &a_head, &err), 0);
	for (size_t at = 0; at < xml.len; at += n) {
		n = xml.len - at < 50000 ? xml.len - at : 50000;
		assert_int_equal(to->ops->original(to, slice_from(xml.ptr + at, n), &err), 0);
	}
	assert_int_equal(to->ops->report_end(to, &outcome, &err), 0);
	assert_int_equal(to->ops->mail_end(to, REPORT_NOT_A_REPORT, &err), 0);
}

static void an_original_goes_over_in_the_chunks_it_is_kept_in(void **state)
{
	static const size_t sizes[] = { 1, 65000, 65500, 65530, 65536, 300000, 2000000 };
	struct err err = ERR_INIT;
	struct recording r;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		make_xml(sizes[i]);
		frames_of(tell_xml);
		recording_init(&r);
		assert_int_equal(play(buf_slice(&sent), &r.sink, &err), 1);
		assert_unpacks_to(&r, buf_slice(&xml));
		assert_true(r.chunks > sizes[i] / PACK_CHUNK_BYTES_MAX);
		assert_int_equal(play_strictly(buf_slice(&sent), &err), 1);
		recording_release(&r);
		buf_release(&sent);
		buf_release(&xml);
	}
}

static void an_original_nobody_keeps_does_not_go_over(void **state)
{
	struct err err = ERR_INIT;
	struct wire_out out;
	struct recording r;

	(void)state;
	make_xml(100000);
	buf_init(&sent, 1024 * 1024);
	tell_xml(wire_out_init(&out, gather));
	wire_out_release(&out);
	assert_true(sent.len < 1000);
	recording_init(&r);
	assert_int_equal(play(buf_slice(&sent), &r.sink, &err), 1);
	assert_int_equal(r.chunks, 0);
	recording_release(&r);
	buf_release(&sent);
	buf_release(&xml);
}

static const struct {
	const char *name;
	bool good;
	struct report_packed chunks[3]; /* only the lengths; ends with 0 and not last */
	int64_t before;                 /* bytes of chunks that came earlier */
} tales[] = {
	{ "one", true, { { { NULL, 9 }, true, 9, { { 0 } } } }, 0 },
	{ "two", true,
		{ { { NULL, 65536 }, false, 0, { { 0 } } },
			{ { NULL, 9 }, true, 65500, { { 0 } } } },
		0 },
	{ "an empty last one", true,
		{ { { NULL, 65536 }, false, 0, { { 0 } } },
			{ { NULL, 0 }, true, 65500, { { 0 } } } },
		0 },
	{ "the largest", true, { { { NULL, 65536 }, true, UNPACKED_BYTES_MAX, { { 0 } } } }, 0 },
	{ "no end", false, { { { NULL, 65536 }, false, 0, { { 0 } } } }, 0 },
	{ "one after the end", false,
		{ { { NULL, 9 }, true, 9, { { 0 } } }, { { NULL, 9 }, true, 9, { { 0 } } } }, 0 },
	{ "a short one in front", false,
		{ { { NULL, 65535 }, false, 0, { { 0 } } },
			{ { NULL, 9 }, true, 65500, { { 0 } } } },
		0 },
	{ "one too long", false, { { { NULL, 65537 }, true, 99999, { { 0 } } } }, 0 },
	{ "only an empty one", false, { { { NULL, 0 }, true, 9, { { 0 } } } }, 0 },
	{ "of nothing", false, { { { NULL, 9 }, true, 0, { { 0 } } } }, 0 },
	{ "of less than nothing", false, { { { NULL, 9 }, true, -1, { { 0 } } } }, 0 },
	{ "of too much", false, { { { NULL, 9 }, true, UNPACKED_BYTES_MAX + 1, { { 0 } } } }, 0 },
	{ "more than comes of its size", false, { { { NULL, 74 }, true, 9, { { 0 } } } }, 0 },
	{ "many before it", true,
		{ { { NULL, 65536 }, false, 0, { { 0 } } },
			{ { NULL, 9 }, true, UNPACKED_BYTES_MAX, { { 0 } } } },
		UNPACKED_BYTES_MAX },
	{ "too many before it", false, { { { NULL, 65536 }, false, 0, { { 0 } } } },
		UNPACKED_BYTES_MAX + UNPACKED_BYTES_MAX / 1024 },
};

static size_t tale;

static void tell_a_tale(struct report_sink *to)
{
	static char bytes[PACK_CHUNK_BYTES_MAX + 1];
	struct report_outcome outcome;
	struct err err = ERR_INIT;

	assert_int_equal(to->ops->mail_begin(to, &a_mail, &err), 0);
	assert_int_equal(to->ops->report_begin(to, &err), 0);
	assert_int_equal(to->ops->head(to, &a_head, &err), 0);
	for (size_t i = 0; i < 3; i++) {
		struct report_packed packed = tales[tale].chunks[i];

		if (packed.bytes.len == 0 && !packed.last)
			break;
		packed.bytes.ptr = bytes;
		assert_int_equal(to->ops->packed(to, &packed, &err), 0);
	}
	assert_int_equal(to->ops->report_end(to, &outcome, &err), 0);
	assert_int_equal(to->ops->mail_end(to, REPORT_NOT_A_REPORT, &err), 0);
}

static void chunks_of_no_packer_are_refused_by_the_writer(void **state)
{
	static struct wire_frame frame;

	(void)state;
	for (tale = 0; tale < sizeof tales / sizeof *tales; tale++) {
		struct err err = ERR_INIT;
		struct wire_replay replay;
		struct recording r;
		struct slice bytes;
		int rc = 0, more = 1;

		frames_of(tell_a_tale);
		bytes = buf_slice(&sent);
		recording_init(&r);
		wire_replay_init(&replay);
		while (rc == 0 && (more = wire_next(&bytes, &frame, &err)) > 0) {
			rc = wire_replay(&replay, &frame, &r.sink, &err);
			if (frame.kind == WIRE_REPORT_BEGIN)
				replay.packed_bytes = tales[tale].before;
		}
		if (more < 0)
			rc = -1;
		if (rc != (tales[tale].good ? 1 : -1))
			fail_msg("%s: %d %s", tales[tale].name, rc, err.text);
		assert_int_equal(err.code, tales[tale].good ? ERR_NONE : ERR_MESSAGE);
		recording_release(&r);
		buf_release(&sent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_comes_out_as_it_went_in),
		cmocka_unit_test(an_original_goes_over_in_the_chunks_it_is_kept_in),
		cmocka_unit_test(an_original_nobody_keeps_does_not_go_over),
		cmocka_unit_test(chunks_of_no_packer_are_refused_by_the_writer),
		cmocka_unit_test(a_sequence_cut_anywhere_waits_for_more),
		cmocka_unit_test(no_flipped_bit_breaks_the_contract),
		cmocka_unit_test(no_overwritten_byte_breaks_the_contract),
		cmocka_unit_test(frames_in_any_order_never_break_the_contract),
		cmocka_unit_test(a_text_in_the_place_of_an_address_is_never_one_nor_too_long),
		cmocka_unit_test(the_largest_record_fits_a_frame),
		cmocka_unit_test(a_frame_too_long_is_refused_before_its_bytes_come),
		cmocka_unit_test(a_report_of_too_many_records_is_refused_by_the_writer),
		cmocka_unit_test(a_message_cut_within_a_character_is_mended),
		cmocka_unit_test(what_the_store_refuses_is_abandoned_and_said),
		cmocka_unit_test(a_shortage_of_the_worker_ends_the_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
