/* The loop: what is told to the sink, in which order, and when a mail may move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ingest/ingest.h"
#include "ingest/mime.h"
#include "recording_sink.h"

#define HEAD(id)                                                                                     \
	"<?xml version=\"1.0\"?>\n<feedback><report_metadata><org_name>o.example</org_name>"         \
	"<report_id>" id "</report_id><date_range><begin>1700000000</begin><end>1700086399</end>"    \
	"</date_range></report_metadata>\n<policy_published><domain>example.com</domain><p>none</p>" \
	"</policy_published>\n"
#define RECORD(count)                                                                              \
	"<record><row><source_ip>192.0.2.1</source_ip><count>" count "</count><policy_evaluated>"  \
	"<disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>" \
	"<identifiers><header_from>example.com</header_from></identifiers><auth_results><spf>"     \
	"<domain>example.com</domain><result>fail</result></spf></auth_results></record>\n"
#define REPORT(id) HEAD(id) RECORD("5") "</feedback>\n"
#define OPEN_MAIL(body)                                                                            \
	"From: a@o.example\nSubject: s\nMIME-Version: 1.0\n"                                       \
	"Content-Type: multipart/mixed; boundary=b\n\n" body
#define MAIL(body)       OPEN_MAIL(body) "--b--\n"
#define PART(name, body) "--b\nContent-Type: application/xml; name=" name "\n\n" body "\n"
#define TEXT             "--b\nContent-Type: text/plain\n\nhello\n"

struct fake {
	struct inbox inbox;
	const char *const *mails;
	size_t len, next, fail_at; /* fail_at: this item, counted from 1, cannot be had */
	int64_t size, age;
	const char *odd;
	char name[16];
	struct recording *r;
	bool settle_fails;
};

static int fake_next(struct inbox *in, struct inbox_item *ret, struct err *err)
{
	struct fake *f = (struct fake *)in;
	int known;

	if (f->next == f->len)
		return 0;
	if (f->fail_at == f->next + 1)
		return err_set(err, ERR_SHORTAGE, "no more descriptors");
	(void)snprintf(f->name, sizeof f->name, "m%zu", f->next + 1);
	*ret = (struct inbox_item){ .id = { SLICE_LIT("/box"), slice_of(f->name), f->size, 0 },
		.label = slice_of(f->name),
		.fd = -1,
		.age_seconds = f->age,
		.cookie = f->next,
		.odd = f->odd };
	known = in->known(in->known_arg, &ret->id, err);
	if (known == 0 && f->odd == NULL) {
		const char *mail = f->mails[f->next];

		ret->fd = memfd_create("mail", MFD_CLOEXEC);
		assert_true(ret->fd >= 0);
		assert_int_equal(write(ret->fd, mail, strlen(mail)), strlen(mail));
		assert_int_equal(lseek(ret->fd, 0, SEEK_SET), 0);
	}
	f->next++;
	return known < 0 ? -1 : 1;
}

static int fake_settle(
	struct inbox *in, uint64_t cookie, enum report_ending ending, struct err *err)
{
	struct fake *f = (struct fake *)in;

	buf_printf(&f->r->lines, "settle m%d %s\n", (int)cookie + 1, report_ending_names[ending]);
	return f->settle_fails ? err_set(err, ERR_SHORTAGE, "read-only file system") : 0;
}

static uint64_t fake_count(struct inbox *in)
{
	return ((struct fake *)in)->len;
}

static const struct inbox_ops fake_ops = { fake_next, fake_settle, fake_count, NULL };

struct trial {
	struct recording r;
	struct fake fake;
	struct ingest_options options;
	struct ingest_result result;
	struct err err;
};

static void trial_init(struct trial *t, const char *const *mails, size_t len)
{
	*t = (struct trial){ .err = ERR_INIT };
	recording_init(&t->r);
	t->r.quiet = true;
	t->fake = (struct fake){ .inbox = { .ops = &fake_ops },
		.mails = mails,
		.len = len,
		.size = 1000,
		.age = 3600,
		.r = &t->r };
	t->options.authserv_id = "";
}

static int trial_run(struct trial *t)
{
	return ingest_run(&t->fake.inbox, &t->r.sink, &t->options, &t->result, &t->err);
}

static bool said(const struct trial *t, const char *line)
{
	if (strstr(recording_text(&t->r), line) != NULL)
		return true;
	(void)fprintf(stderr, "no \"%s\" in:\n%s\n%s\n", line, recording_text(&t->r), t->err.text);
	return false;
}

/* Lines that begin with `start`. */
static unsigned count(const struct trial *t, const char *start)
{
	unsigned n = 0;

	for (const char *at = recording_text(&t->r); (at = strstr(at, start)) != NULL; at++)
		n += at == recording_text(&t->r) || at[-1] == '\n';
	return n;
}

static void mails_move_only_after_the_sync(void **state)
{
	static const char *const mails[] = { MAIL(TEXT PART("r.xml", REPORT("1"))), MAIL(TEXT),
		MAIL(PART("r.xml", HEAD("2") RECORD("1e9") "</feedback>")) };
	const char *sync, *settle;
	struct trial t;

	(void)state;
	trial_init(&t, mails, 3);
	assert_int_equal(trial_run(&t), 0);
	sync = strstr(recording_text(&t.r), "\nsync\n");
	settle = strstr(recording_text(&t.r), "\nsettle");
	assert_non_null(sync);
	assert_non_null(settle);
	assert_true(sync < settle);
	assert_true(said(&t, "settle m1 stored\nsettle m2 not a report\nsettle m3 refused\n"));
	assert_int_equal(t.result.mails, 3);
	assert_int_equal(t.result.endings[REPORT_STORED], 1);
	assert_int_equal(t.result.endings[REPORT_NOT_A_REPORT], 1);
	assert_int_equal(t.result.endings[REPORT_REFUSED], 1);
	recording_release(&t.r);
}

static void when_the_sync_fails_no_mail_moves(void **state)
{
	static const char *const mails[] = { MAIL(PART("r.xml", REPORT("1"))) };
	struct trial t;

	(void)state;
	trial_init(&t, mails, 1);
	t.r.fail_op = "sync";
	t.r.fail_code = ERR_SHORTAGE;
	assert_int_equal(trial_run(&t), -1);
	assert_int_equal(t.err.code, ERR_SHORTAGE);
	assert_int_equal(count(&t, "settle"), 0);
	recording_release(&t.r);
}

/* Whichever call fails: no receipt for the mail at hand, and no mail without its receipt moves. */
static void a_shortage_at_any_call_loses_nothing(void **state)
{
	static const char *const mails[] = { MAIL(PART("r.xml", REPORT("1"))),
		MAIL(PART("r.xml", HEAD("2") RECORD("x") "</feedback>")) };
	static const char *const ops[] = { "mail_known", "mail_begin", "report_begin", "original",
		"head", "record", "unreadable", "report_end", "report_abandon", "entry",
		"mail_end" };
	struct trial t;

	(void)state;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		trial_init(&t, mails, 2);
		t.r.fail_op = ops[i];
		t.r.fail_code = ERR_SHORTAGE;
		if (trial_run(&t) != -1)
			print_error("%s: no failure\n", ops[i]);
		assert_int_equal(t.err.code, ERR_SHORTAGE);
		assert_non_null(strstr(t.err.text, "fails as told"));
		/* The mail at hand is dropped before anything is committed. */
		if (strcmp(ops[i], "mail_known") != 0)
			assert_true(said(&t, "mail_abandon\n"));
		assert_true(count(&t, "settle") <= t.result.mails);
		recording_release(&t.r);
	}
}

static void what_was_read_before_a_shortage_is_brought_home(void **state)
{
	static const char *const mails[] = { MAIL(PART("r.xml", REPORT("1"))),
		MAIL(PART("r.xml", REPORT("2"))), MAIL(TEXT) };
	struct trial t;

	(void)state;
	trial_init(&t, mails, 3);
	t.fake.fail_at = 3;
	assert_int_equal(trial_run(&t), -1);
	assert_int_equal(t.err.code, ERR_SHORTAGE);
	assert_string_equal(t.err.text, "no more descriptors");
	assert_true(said(&t, "sync\nsettle m1 stored\nsettle m2 stored\n"));
	recording_release(&t.r);
}

static void a_mail_that_cannot_move_is_counted_and_the_others_go_on(void **state)
{
	static const char *const mails[] = { MAIL(TEXT), MAIL(TEXT) };
	struct trial t;

	(void)state;
	trial_init(&t, mails, 2);
	t.fake.settle_fails = true;
	assert_int_equal(trial_run(&t), 0);
	assert_int_equal(t.result.unsettled, 2);
	recording_release(&t.r);
}

static void each_entry_stands_alone_and_the_mail_takes_the_worst(void **state)
{
	static const char *const mails[] = { MAIL(TEXT PART("a.xml", REPORT("1")) PART(
		"b.xml", HEAD("2") RECORD("1e9") "</feedback>") PART("c.xml", REPORT("3"))) };
	struct trial t;

	(void)state;
	trial_init(&t, mails, 1);
	assert_int_equal(trial_run(&t), 0);
	assert_true(said(&t, "entry where \"part 2: a.xml\" ending stored\n"));
	assert_true(said(&t, "entry where \"part 3: b.xml\" ending refused reason "));
	assert_true(said(&t, "line 4: count \"1e9\" is not a number\n"));
	assert_true(said(&t, "entry where \"part 4: c.xml\" ending stored\nmail_end refused\n"));
	recording_release(&t.r);
}

static void a_partial_report_says_how_many_and_the_first_reason(void **state)
{
	static const char *const mails[] = { MAIL(
		PART("r.xml", HEAD("1") RECORD("5") RECORD("-1") RECORD("x") "</feedback>")) };
	struct trial t;

	(void)state;
	trial_init(&t, mails, 1);
	assert_int_equal(trial_run(&t), 0);
	assert_true(
		said(&t, "ending partial reason 2 of 3 records cannot be read: line 5: count "));
	assert_true(said(&t, "settle m1 partial\n"));
	recording_release(&t.r);
}

static void a_damaged_document_is_read_again_with_repairs(void **state)
{
	static const char *const mails[] = { MAIL(
		PART("r.xml", HEAD("1") "<x>&nbsp;</x>" RECORD("5") "</feedback>")) };
	struct trial t;

	(void)state;
	trial_init(&t, mails, 1);
	assert_int_equal(trial_run(&t), 0);
	assert_int_equal(count(&t, "report\n"), 2);
	assert_int_equal(count(&t, "report_abandon\n"), 1);
	assert_true(said(&t, "note repaired-xml"));
	assert_true(said(&t, "mail_end stored\n"));
	recording_release(&t.r);
}

static void a_cut_mail_waits_while_it_is_young(void **state)
{
	static const char *const mails[] = { OPEN_MAIL(
		PART("a.xml", REPORT("1")) PART("b.xml", HEAD("2") "<record><row>")) };
	struct trial t;

	(void)state;
	trial_init(&t, mails, 1);
	t.fake.age = YOUNG_SECONDS_MAX - 1;
	assert_int_equal(trial_run(&t), 0);
	assert_true(said(&t, "mail_abandon\n"));
	assert_true(said(&t, "mail_end deferred\n"));
	assert_int_equal(count(&t, "settle"), 0);
	assert_int_equal(t.result.endings[REPORT_DEFERRED], 1);
	recording_release(&t.r);

	trial_init(&t, mails, 1);
	t.fake.age = YOUNG_SECONDS_MAX;
	assert_int_equal(trial_run(&t), 0);
	assert_true(said(&t, "mail_end refused\n"));
	assert_true(said(&t, "settle m1 refused\n"));
	recording_release(&t.r);
}

static void what_is_cut_inside_a_whole_mail_is_refused_at_once(void **state)
{
	static const char *const mails[] = { MAIL(PART("b.xml", HEAD("2") "<record><row>")) };
	struct trial t;

	(void)state;
	trial_init(&t, mails, 1);
	t.fake.size = (int64_t)strlen(mails[0]);
	t.fake.age = 0;
	assert_int_equal(trial_run(&t), 0);
	assert_true(said(&t, "mail_end refused\n"));
	recording_release(&t.r);
}

static void a_mail_over_the_limit_is_refused_unread(void **state)
{
	static const char *const mails[] = { MAIL(PART("r.xml", REPORT("1"))) };
	struct trial t;

	(void)state;
	trial_init(&t, mails, 1);
	t.fake.size = (int64_t)MESSAGE_BYTES_MAX + 1;
	assert_int_equal(trial_run(&t), 0);
	assert_int_equal(count(&t, "report\n"), 0);
	assert_true(said(&t, "reason 67108865 bytes, more than the 67108864 of a message\n"));
	assert_true(said(&t, "settle m1 refused\n"));
	recording_release(&t.r);

	trial_init(&t, mails, 1);
	t.fake.size = MESSAGE_BYTES_MAX;
	assert_int_equal(trial_run(&t), 0);
	assert_true(said(&t, "mail_end stored\n"));
	recording_release(&t.r);
}

static void what_is_no_message_gets_a_receipt_and_stays(void **state)
{
	static const char *const mails[] = { "" };
	struct trial t;

	(void)state;
	trial_init(&t, mails, 1);
	t.fake.odd = "a named pipe";
	assert_int_equal(trial_run(&t), 0);
	assert_true(said(&t, "reason a named pipe, not a message\nmail_end refused\n"));
	assert_int_equal(count(&t, "settle"), 0);
	recording_release(&t.r);
}

static enum report_ending known_as;

static int knows(struct report_sink *s, const struct report_mail_id *id, enum report_ending *ending,
	struct err *err)
{
	(void)s;
	(void)id;
	(void)err;
	*ending = known_as;
	return 1;
}

/* What the sink knows: is it read again, and does it move? */
static void a_known_mail_is_settled_without_being_read(void **state)
{
	static const char *const mails[] = { MAIL(PART("r.xml", REPORT("1"))) };
	static const struct {
		enum report_ending ending;
		bool keep, dry_run, read, settled;
	} cases[] = {
		{ REPORT_STORED, false, false, false, true },
		{ REPORT_NOT_A_REPORT, false, false, false, true },
		{ REPORT_CONFLICT, false, false, false, true },
		{ REPORT_STORED, true, false, false, false },
		{ REPORT_REFUSED, true, false, false, false },
		{ REPORT_STORED, false, true, true, false },
		/* Put back by somebody who wants it read. */
		{ REPORT_REFUSED, false, false, true, true },
		{ REPORT_DEFERRED, false, false, true, true },
		{ REPORT_DEFERRED, true, false, true, false },
	};
	struct report_sink_ops ops;
	struct trial t;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		trial_init(&t, mails, 1);
		ops = *t.r.sink.ops;
		ops.mail_known = knows;
		t.r.sink.ops = &ops;
		t.options.keep = cases[i].keep;
		t.options.dry_run = cases[i].dry_run;
		known_as = cases[i].ending;
		assert_int_equal(trial_run(&t), 0);
		assert_int_equal(count(&t, "mail "), cases[i].read);
		assert_int_equal(count(&t, "settle"), cases[i].settled);
		assert_int_equal(t.result.skipped, !cases[i].read);
		recording_release(&t.r);
	}
}

static void keep_and_dry_run_move_nothing(void **state)
{
	static const char *const mails[] = { MAIL(PART("r.xml", REPORT("1"))), MAIL(TEXT) };
	struct trial t;

	(void)state;
	for (int i = 0; i < 2; i++) {
		trial_init(&t, mails, 2);
		t.options.keep = i == 0;
		t.options.dry_run = i == 1;
		assert_int_equal(trial_run(&t), 0);
		assert_int_equal(t.result.mails, 2);
		assert_int_equal(count(&t, "settle"), 0);
		recording_release(&t.r);
	}
}

static void limit_and_stop_end_the_run_in_order(void **state)
{
	static const char *const mails[] = { MAIL(TEXT), MAIL(TEXT), MAIL(TEXT) };
	const int stop = 1;
	struct trial t;

	(void)state;
	trial_init(&t, mails, 3);
	t.options.limit = 2;
	assert_int_equal(trial_run(&t), 0);
	assert_int_equal(t.result.mails, 2);
	assert_true(said(&t, "sync\nsettle m1 not a report\nsettle m2 not a report\n"));
	recording_release(&t.r);
	trial_init(&t, mails, 3);
	t.options.stop = &stop;
	assert_int_equal(trial_run(&t), 0);
	assert_int_equal(t.result.mails, 0);
	recording_release(&t.r);
}

static void a_batch_is_bounded(void **state)
{
	static const char *mails[BATCH_MAILS_MAX + 1];
	struct trial t;

	(void)state;
	for (size_t i = 0; i < BATCH_MAILS_MAX + 1; i++)
		mails[i] = MAIL(TEXT);
	trial_init(&t, mails, BATCH_MAILS_MAX + 1);
	assert_int_equal(trial_run(&t), 0);
	assert_true(count(&t, "sync") >= 2);
	assert_int_equal(count(&t, "settle"), BATCH_MAILS_MAX + 1);
	recording_release(&t.r);
}

static int setup(void **state)
{
	(void)state;
	mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mails_move_only_after_the_sync),
		cmocka_unit_test(when_the_sync_fails_no_mail_moves),
		cmocka_unit_test(a_shortage_at_any_call_loses_nothing),
		cmocka_unit_test(what_was_read_before_a_shortage_is_brought_home),
		cmocka_unit_test(a_mail_that_cannot_move_is_counted_and_the_others_go_on),
		cmocka_unit_test(each_entry_stands_alone_and_the_mail_takes_the_worst),
		cmocka_unit_test(a_partial_report_says_how_many_and_the_first_reason),
		cmocka_unit_test(a_damaged_document_is_read_again_with_repairs),
		cmocka_unit_test(a_cut_mail_waits_while_it_is_young),
		cmocka_unit_test(what_is_cut_inside_a_whole_mail_is_refused_at_once),
		cmocka_unit_test(a_mail_over_the_limit_is_refused_unread),
		cmocka_unit_test(what_is_no_message_gets_a_receipt_and_stays),
		cmocka_unit_test(a_known_mail_is_settled_without_being_read),
		cmocka_unit_test(keep_and_dry_run_move_nothing),
		cmocka_unit_test(limit_and_stop_end_the_run_in_order),
		cmocka_unit_test(a_batch_is_bounded),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
