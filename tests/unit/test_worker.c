/* The parse process: what it is sent comes back in order, and its fall costs one mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ingest/ingest.h"
#include "recording_sink.h"

/* Counted by the workers, which have no other memory in common. */
struct shared {
	int calls[300];
};

static struct shared *shared;

/* What the first letter of a mail makes the worker do; "f" and "h" only the first time. */
static int act(void *arg, const struct inbox_item *item, int64_t seen, struct report_sink *to,
	struct err *err)
{
	const struct report_mail mail = { .seen = seen, .subject = SLICE_LIT("half told") };
	struct report_entry line = { .ending = REPORT_NOT_A_REPORT, .kind = "text" };
	const struct report_head head = {
		.report_id = SLICE_LIT("1"), .end = 1, .domain_key = SLICE_LIT("a.example")
	};
	const struct slice nonsense = SLICE_LIT("\xff\xff\xff\x7fnonsense");
	struct report_outcome outcome;
	char what = 0, where[32];
	int n = 0, before;

	(void)arg;
	assert_int_equal(pread(item->fd, &what, 1, 0), 1);
	assert_int_equal(pread(item->fd, &n, sizeof n, 1), sizeof n);
	before = shared->calls[n]++;
	if (what == 'x' || (what == 'f' && before == 0)) {
		(void)to->ops->mail_begin(to, &mail, err);
		(void)to->ops->report_begin(to, err);
		(void)to->ops->original(to, SLICE_LIT("<feedback>"), err);
		(void)raise(SIGKILL);
	}
	if (what == 'X')
		(void)raise(SIGKILL);
	while (what == 'H' || (what == 'h' && before == 0))
		(void)pause();
	if (what == 'n')
		(void)((struct wire_out *)to)->send((struct wire_out *)to, nonsense, err);
	if (what == 'o') {
		(void)to->ops->mail_begin(to, &mail, err);
		(void)to->ops->report_begin(to, err);
		(void)to->ops->original(to, SLICE_LIT("<feedback/>"), err);
		(void)to->ops->head(to, &head, err);
		(void)to->ops->report_end(to, &outcome, err);
		return to->ops->mail_end(to, REPORT_NOT_A_REPORT, err);
	}
	if (what == 's')
		return err_set(err, ERR_SHORTAGE, "no memory for the XML parser");
	if (what == 'e')
		_exit(3);
	(void)snprintf(where, sizeof where, "read %d", n);
	line.where = slice_of(where);
	(void)to->ops->mail_begin(to, &mail, err);
	(void)to->ops->entry(to, &line, err);
	return to->ops->mail_end(to, REPORT_NOT_A_REPORT, err);
}

struct fake {
	struct inbox inbox;
	const char *what;
	bool one_name; /* the same mail again and again */
	int next, len;
	char name[16];
	struct buf settled;
	const struct recording *told; /* NULL: ahead_max is not of interest */
	unsigned ahead_max;           /* most mails taken and not ended at one time */
};

static unsigned mails_ended(const struct recording *r)
{
	const char *at = recording_text(r);
	unsigned n = 0;

	while ((at = strstr(at, "mail_end ")) != NULL) {
		at++;
		n++;
	}
	return n;
}

static int fake_next(struct inbox *in, struct inbox_item *ret, struct err *err)
{
	struct fake *f = (struct fake *)in;
	const int n = f->next;

	if (n == f->len)
		return 0;
	(void)snprintf(f->name, sizeof f->name, "m%d", f->one_name ? 0 : n);
	*ret = (struct inbox_item){ .id = { SLICE_LIT("/box"), slice_of(f->name), 100, 0 },
		.label = slice_of(f->name),
		.age_seconds = 3600,
		.cookie = (uint64_t)n };
	if (in->known(in->known_arg, &ret->id, err) != 0)
		return -1;
	ret->fd = memfd_create("mail", MFD_CLOEXEC);
	assert_true(ret->fd >= 0);
	assert_int_equal(write(ret->fd, &f->what[n], 1), 1);
	assert_int_equal(write(ret->fd, &n, sizeof n), sizeof n);
	f->next++;
	if (f->told != NULL && (unsigned)f->next - mails_ended(f->told) > f->ahead_max)
		f->ahead_max = (unsigned)f->next - mails_ended(f->told);
	return 1;
}

static int fake_settle(
	struct inbox *in, uint64_t cookie, enum report_ending ending, struct err *err)
{
	struct fake *f = (struct fake *)in;

	(void)err;
	buf_printf(&f->settled, "m%d %s\n", (int)cookie, report_ending_names[ending]);
	return 0;
}

static const struct inbox_ops fake_ops = { fake_next, fake_settle, NULL, NULL };

struct trial {
	struct recording r;
	struct fake fake;
	struct worker_options worker;
	struct ingest_options options;
	struct ingest_result result;
	struct err err;
};

static void trial_init(struct trial *t, const char *what)
{
	memset(shared, 0, sizeof *shared);
	*t = (struct trial){ .err = ERR_INIT };
	recording_init(&t->r);
	t->fake = (struct fake){
		.inbox = { .ops = &fake_ops }, .what = what, .len = (int)strlen(what)
	};
	buf_init(&t->fake.settled, 1024 * 1024);
	t->worker = (struct worker_options){ .authserv_id = "", .judge = act };
	t->options.authserv_id = "";
}

/* Each test runs with one worker, and again with as many as there may be. */
static size_t workers_len;

static void crew_open(struct worker **crew, struct trial *t)
{
	for (size_t i = 0; i < workers_len; i++)
		assert_int_equal(worker_open(&crew[i], &t->worker, &t->err), 0);
	t->options.workers = crew;
	t->options.workers_len = workers_len;
}

static void crew_close(struct worker **crew)
{
	for (size_t i = 0; i < workers_len; i++)
		worker_close(crew[i]);
}

static int trial_run(struct trial *t)
{
	struct worker *crew[WORKERS_MAX] = { NULL };
	int rc;

	crew_open(crew, t);
	rc = ingest_run(&t->fake.inbox, &t->r.sink, &t->options, &t->result, &t->err);
	crew_close(crew);
	return rc;
}

static void trial_release(struct trial *t)
{
	recording_release(&t->r);
	buf_release(&t->fake.settled);
}

/* Each mail that was read, once and in order; `fallen` was not. */
static void assert_all_but(const struct trial *t, int fallen)
{
	const char *at = recording_text(&t->r);
	char line[64];

	for (int n = 0; n < t->fake.len; n++) {
		(void)snprintf(line, sizeof line, "where \"read %d\"", n);
		if (n == fallen) {
			assert_null(strstr(recording_text(&t->r), line));
			continue;
		}
		at = strstr(at, line);
		assert_non_null(at);
		assert_null(strstr(at + 1, line));
	}
}

static void mails_come_back_in_order_and_are_settled(void **state)
{
	static char what[300];
	struct trial t;

	(void)state;
	memset(what, '.', sizeof what - 1);
	trial_init(&t, what);
	assert_int_equal(trial_run(&t), 0);
	assert_int_equal(t.result.mails, sizeof what - 1);
	assert_all_but(&t, -1);
	assert_non_null(strstr(buf_text(&t.fake.settled), "m0 not a report\nm1 not a report\n"));
	trial_release(&t);
}

static void a_mail_that_fells_two_workers_is_refused_and_the_others_stand(void **state)
{
	static const struct {
		const char *what, *reason;
	} cases[] = {
		{ "..x...", "reason parser crashed (signal 9)\n" },
		{ "..X...", "reason parser crashed (signal 9)\n" },
		{ "..e...", "reason parser crashed (status 3)\n" },
		{ "..n...", "reason parser crashed (a frame of 2147483647 bytes)\n" },
		{ "..H...", "reason parser crashed (it hung)\n" },
	};
	struct trial t;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		trial_init(&t, cases[i].what);
		t.worker.silent_ms_max = cases[i].what[2] == 'H' ? 300 : 0;
		assert_int_equal(trial_run(&t), 0);
		if (strstr(recording_text(&t.r), cases[i].reason) == NULL)
			fail_msg("no %s in %s", cases[i].reason, recording_text(&t.r));
		assert_all_but(&t, 2);
		assert_int_equal(t.result.mails, 6);
		assert_int_equal(t.result.endings[REPORT_REFUSED], 1);
		assert_int_equal(shared->calls[2], 2);
		assert_non_null(strstr(buf_text(&t.fake.settled), "m2 refused\nm3 not a report\n"));
		trial_release(&t);
	}
}

static void a_mail_that_fells_one_worker_is_read_by_the_next(void **state)
{
	static const char *const cases[] = { ".f..", ".h..", "f", "...f" };
	struct trial t;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		trial_init(&t, cases[i]);
		t.worker.silent_ms_max = 300;
		assert_int_equal(trial_run(&t), 0);
		assert_all_but(&t, -1);
		assert_int_equal(t.result.endings[REPORT_REFUSED], 0);
		trial_release(&t);
	}
}

static void originals_are_packed_by_the_worker_where_they_are_kept(void **state)
{
	struct trial t;

	(void)state;
	for (unsigned kept = 0; kept < 2; kept++) {
		trial_init(&t, "o");
		t.worker.originals = kept > 0;
		assert_int_equal(trial_run(&t), 0);
		assert_int_equal(t.r.original.len, 0);
		assert_int_equal(t.r.chunks, kept);
		assert_int_equal(t.r.last.size, kept > 0 ? 11 : 0);
		trial_release(&t);
	}
}

/* What was half told is dropped before it is told again. */
static void what_a_fallen_worker_told_is_undone(void **state)
{
	struct trial t;

	(void)state;
	trial_init(&t, "x");
	assert_int_equal(trial_run(&t), 0);
	assert_non_null(strstr(recording_text(&t.r), "mail_abandon\n"));
	assert_non_null(strstr(recording_text(&t.r), "mail_end refused\nsync\n"));
	trial_release(&t);
}

static void every_mail_may_be_the_end_of_a_worker(void **state)
{
	struct trial t;

	(void)state;
	trial_init(&t, "xXenxXenxXenxXen");
	assert_int_equal(trial_run(&t), 0);
	assert_int_equal(t.result.endings[REPORT_REFUSED], 16);
	trial_release(&t);
}

static void a_shortage_in_the_worker_ends_the_run_and_keeps_the_mail(void **state)
{
	struct trial t;

	(void)state;
	trial_init(&t, "..s.");
	assert_int_equal(trial_run(&t), -1);
	assert_int_equal(t.err.code, ERR_SHORTAGE);
	assert_string_equal(t.err.text, "m2: no memory for the XML parser");
	assert_string_equal(buf_text(&t.fake.settled), "m0 not a report\nm1 not a report\n");
	trial_release(&t);
}

static void a_limit_is_a_limit_with_mails_under_way(void **state)
{
	struct trial t;

	(void)state;
	trial_init(&t, "......");
	t.options.limit = 4;
	assert_int_equal(trial_run(&t), 0);
	assert_int_equal(t.result.mails, 4);
	assert_int_equal(t.fake.next, 4);
	trial_release(&t);
}

/* One worker for several inboxes: what the first left unread does not answer for the second. */
static void a_run_that_ended_early_leaves_nothing_to_the_next(void **state)
{
	struct worker *crew[WORKERS_MAX];
	struct trial a, b;

	(void)state;
	trial_init(&a, "..s...");
	trial_init(&b, "...");
	crew_open(crew, &a);
	b.options.workers = crew;
	b.options.workers_len = workers_len;
	assert_int_equal(ingest_run(&a.fake.inbox, &a.r.sink, &a.options, &a.result, &a.err), -1);
	memset(shared, 0, sizeof *shared);
	assert_int_equal(ingest_run(&b.fake.inbox, &b.r.sink, &b.options, &b.result, &b.err), 0);
	assert_all_but(&b, -1);
	crew_close(crew);
	trial_release(&a);
	trial_release(&b);
}

static void a_stop_is_heard_while_a_worker_hangs(void **state)
{
	const int stop = 1;
	struct worker *w = NULL;
	struct wire_frame *frame = calloc(1, sizeof *frame);
	struct inbox_item item;
	struct trial t;

	(void)state;
	trial_init(&t, "H");
	t.worker.stop = &stop;
	assert_non_null(frame);
	assert_int_equal(worker_open(&w, &t.worker, &t.err), 0);
	item = (struct inbox_item){ .fd = memfd_create("mail", MFD_CLOEXEC) };
	assert_int_equal(write(item.fd, "H\0\0\0\0", 5), 5);
	assert_int_equal(worker_send(w, &item, 0, &t.err), 1);
	assert_int_equal(worker_frame(w, frame, &t.err), -1);
	(void)close(item.fd);
	worker_close(w);
	free(frame);
	trial_release(&t);
}

static struct recording *knowing;

static int knows_what_ended(struct report_sink *s, const struct report_mail_id *id,
	enum report_ending *ending, struct err *err)
{
	(void)s;
	(void)id;
	(void)err;
	*ending = REPORT_NOT_A_REPORT;
	return strstr(recording_text(knowing), "mail_end ") != NULL;
}

/* Moved from new/ to cur/ by its reader while it was under way: two names, one mail. */
static void a_mail_met_twice_is_read_once(void **state)
{
	struct report_sink_ops ops;
	struct trial t;

	(void)state;
	trial_init(&t, "....");
	t.fake.one_name = true;
	knowing = &t.r;
	ops = *t.r.sink.ops;
	ops.mail_known = knows_what_ended;
	t.r.sink.ops = &ops;
	assert_int_equal(trial_run(&t), 0);
	assert_int_equal(t.result.mails, 1);
	assert_int_equal(t.result.skipped, 3);
	trial_release(&t);
}

/* With few descriptors fewer mails are under way. */
static void few_descriptors_make_a_short_queue(void **state)
{
	static char what[200];
	struct rlimit was, few;
	struct trial t;

	(void)state;
	memset(what, '.', sizeof what - 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	few = (struct rlimit){ 32, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	trial_init(&t, what);
	assert_int_equal(trial_run(&t), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(t.result.mails, sizeof what - 1);
	assert_all_but(&t, -1);
	trial_release(&t);
}

/* The first one hangs for a while: the others pile up behind it, but not for ever. */
static void no_more_mails_are_taken_than_may_be_under_way(void **state)
{
	static char what[INBOX_AHEAD_MAX + 40];
	struct worker *crew[WORKERS_MAX];
	struct trial t;

	(void)state;
	memset(what, '.', sizeof what - 1);
	what[0] = 'h';
	trial_init(&t, what);
	t.worker.silent_ms_max = 300;
	t.fake.told = &t.r;
	crew_open(crew, &t);
	assert_int_equal(ingest_run(&t.fake.inbox, &t.r.sink, &t.options, &t.result, &t.err), 0);
	assert_true(worker_ahead(crew[0]) <= INBOX_AHEAD_MAX);
	assert_int_equal(t.fake.ahead_max, worker_ahead(crew[0]));
	assert_all_but(&t, -1);
	crew_close(crew);
	trial_release(&t);
}

static int one(void **state)
{
	(void)state;
	workers_len = 1;
	return 0;
}

static int several(void **state)
{
	(void)state;
	workers_len = WORKERS_MAX;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED ? -1 : 0;
}

#define WITH_ONE_AND_SEVERAL(test)                                                                 \
	{ #test ": one worker", test, one, NULL, NULL },                                           \
	{                                                                                          \
#test ": several", test, several, NULL, NULL                                       \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ONE_AND_SEVERAL(mails_come_back_in_order_and_are_settled),
		WITH_ONE_AND_SEVERAL(a_mail_that_fells_two_workers_is_refused_and_the_others_stand),
		WITH_ONE_AND_SEVERAL(a_mail_that_fells_one_worker_is_read_by_the_next),
		WITH_ONE_AND_SEVERAL(originals_are_packed_by_the_worker_where_they_are_kept),
		WITH_ONE_AND_SEVERAL(what_a_fallen_worker_told_is_undone),
		WITH_ONE_AND_SEVERAL(every_mail_may_be_the_end_of_a_worker),
		WITH_ONE_AND_SEVERAL(a_shortage_in_the_worker_ends_the_run_and_keeps_the_mail),
		WITH_ONE_AND_SEVERAL(a_limit_is_a_limit_with_mails_under_way),
		WITH_ONE_AND_SEVERAL(a_run_that_ended_early_leaves_nothing_to_the_next),
		WITH_ONE_AND_SEVERAL(a_stop_is_heard_while_a_worker_hangs),
		WITH_ONE_AND_SEVERAL(a_mail_met_twice_is_read_once),
		WITH_ONE_AND_SEVERAL(few_descriptors_make_a_short_queue),
		WITH_ONE_AND_SEVERAL(no_more_mails_are_taken_than_may_be_under_way),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
