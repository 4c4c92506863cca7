#include "ingest/ingest.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ingest/judge.h"
#include "store/base/buf.h"
#include "store/base/day.h"
#include "store/base/log.h"

struct ingest_pending {
	uint64_t cookie;
	enum report_ending ending;
};

/* An item taken from the inbox, until its receipt is written. */
struct slot {
	struct inbox_item item;
	struct buf texts; /* of the item: the inbox forgets them at its next one */
	int64_t seen;
	bool known;
	enum report_ending known_ending;
	bool again; /* the same mail was under way when this one was taken: ask once more */
	bool sent;
	int worker;     /* whose mail it is, also after that one fell; -1 nobody's yet */
	unsigned falls; /* workers it was the end of */
};

struct ingest {
	struct inbox *inbox;
	struct report_sink *to; /* the scribe */
	struct scribe scribe;
	struct judge *judge;
	/* They read the mails, each the ones it was sent in their order; none: the judge reads all here. */
	struct worker *const *workers;
	int workers_len, next_worker;
	const struct ingest_options *options;
	struct ingest_result *result;
	uint64_t seen; /* items judged or skipped */

	/* Since the last commit. */
	struct ingest_pending pending[BATCH_MAILS_MAX];
	size_t pending_len, batch_len;
	int64_t batch_began_ms;
	bool told_unsettled;

	/* Items in order: slots[first] is at hand, the first `passed` of `len` are sent or need no
	 * worker. */
	struct slot slots[INBOX_AHEAD_MAX];
	size_t first, len, passed, len_max;
	struct slot *taking;
	int more; /* what the inbox said last */
	struct err no_more;

	struct wire_replay replay;
	struct wire_frame frame;
	unsigned falls[WORKERS_MAX]; /* of each worker, since a mail came through it */
	bool stopped;
};

/* Three paths. */
#define SLOT_TEXTS_MAX (16 * 1024)
/* A mail that is the end of so many workers is refused. */
#define FALLS_MAX 2
/* Workers that end before they take a mail: something is wrong with this machine. */
#define FALLS_IN_A_ROW_MAX 8

/* ---- the run ----------------------------------------------------------------------------- */

static bool settles(const struct ingest *in)
{
	return !in->options->keep && !in->options->dry_run;
}

static void settle_later(struct ingest *in, const struct slot *slot, enum report_ending ending)
{
	assert(in->pending_len < BATCH_MAILS_MAX);
	if (settles(in) && ending != REPORT_DEFERRED && slot->item.odd == NULL)
		in->pending[in->pending_len++] =
			(struct ingest_pending){ slot->item.cookie, ending };
}

/* Commit; only then may the mails move. */
static int flush(struct ingest *in, struct err *err)
{
	struct err why = ERR_INIT;

	if (in->batch_len > 0 && in->to->ops->sync(in->to, err) < 0)
		return -1;
	for (size_t i = 0; i < in->pending_len; i++) {
		const struct ingest_pending *p = &in->pending[i];

		if (in->inbox->ops->settle(in->inbox, p->cookie, p->ending, &why) == 0)
			continue;
		/* What is stored stays stored, and known: one line, not one a mail. */
		in->result->unsettled++;
		if (!in->told_unsettled)
			log_line(LOG_LEVEL_ERROR, "%s", why.text);
		in->told_unsettled = true;
	}
	in->pending_len = in->batch_len = 0;
	in->batch_began_ms = day_monotonic_ms();
	return 0;
}

/* The inbox asks this before it opens a message. */
static int is_known(void *arg, const struct report_mail_id *id, struct err *err)
{
	struct ingest *in = arg;
	struct slot *slot = in->taking;
	int rc;

	slot->known = false;
	if (in->options->dry_run)
		return 0;
	rc = in->to->ops->mail_known(in->to, id, &slot->known_ending, err);
	if (rc <= 0)
		return rc;
	if (slot->known_ending == REPORT_DEFERRED)
		return 0;
	/* Refused and lying in new/ again: somebody put it back to have it read once more. */
	if (slot->known_ending == REPORT_REFUSED && settles(in) && slot->item.odd == NULL)
		return 0;
	slot->known = true;
	return 1;
}

/* ---- items under way --------------------------------------------------------------------- */

static struct slot *slot_at(struct ingest *in, size_t i)
{
	return &in->slots[(in->first + i) % INBOX_AHEAD_MAX];
}

/* No parser is needed to say what becomes of it. */
static bool is_plain(const struct slot *slot)
{
	return slot->known || slot->item.odd != NULL || slot->item.id.size > MESSAGE_BYTES_MAX;
}

static int keep_texts(struct slot *slot, struct err *err)
{
	struct inbox_item *item = &slot->item;
	const size_t inbox_len = item->id.inbox.len, name_len = item->id.name.len;
	struct buf *b = &slot->texts;

	buf_clear(b);
	buf_add(b, item->id.inbox);
	buf_add(b, item->id.name);
	buf_add(b, item->label);
	if (buf_failed(b))
		return err_set(err, ERR_SHORTAGE, "no memory for a mail's name");
	item->id.inbox = slice_from(b->ptr, inbox_len);
	item->id.name = slice_from(b->ptr + inbox_len, name_len);
	item->label = slice_from(b->ptr + inbox_len + name_len, item->label.len);
	return 0;
}

static bool same_mail(const struct report_mail_id *a, const struct report_mail_id *b)
{
	return a->size == b->size && a->mtime_ns == b->mtime_ns && slice_equal(a->name, b->name) &&
	       slice_equal(a->inbox, b->inbox);
}

/* One more item to the end of the queue. What the inbox says goes to in->more. */
static void take(struct ingest *in)
{
	struct slot *slot = slot_at(in, in->len);

	slot->known = slot->again = slot->sent = false;
	slot->worker = -1;
	slot->falls = 0;
	slot->item.odd = NULL;
	in->taking = slot;
	in->more = in->inbox->ops->next(in->inbox, &slot->item, &in->no_more);
	if (in->more <= 0)
		return;
	slot->seen = day_now();
	if (keep_texts(slot, &in->no_more) < 0) {
		if (slot->item.fd >= 0)
			(void)close(slot->item.fd);
		in->more = -1;
		return;
	}
	for (size_t i = 0; i < in->len && !slot->known; i++)
		slot->again |= same_mail(&slot_at(in, i)->item.id, &slot->item.id);
	in->len++;
}

static bool is_stopped(const struct ingest *in)
{
	return in->stopped || (in->options->stop != NULL && *in->options->stop != 0);
}

/* May one more be taken? Never more than the limit allows to be judged. */
static bool wants_more(struct ingest *in)
{
	uint64_t mails = in->result->mails;

	if (in->more <= 0 || in->len == in->len_max || is_stopped(in))
		return false;
	for (size_t i = 0; i < in->len; i++)
		mails += !slot_at(in, i)->known;
	return in->options->limit == 0 || mails < in->options->limit;
}

/*
 * 1 sent, 0 no room. The workers take turns, and one that is full is passed over: a long report holds
 * up its own worker only. Whose it once was, it stays: what comes back from a worker is in the order of
 * the mails it was sent, and those before and after this one may be its.
 */
static int send_to_one(struct ingest *in, struct slot *slot, struct err *err)
{
	int worker = slot->worker >= 0 ? slot->worker : in->next_worker, rc;

	for (int tries = 0; tries < in->workers_len; tries++) {
		rc = worker_send(in->workers[worker], &slot->item, slot->seen, err);
		if (rc > 0) {
			slot->sent = true;
			slot->worker = worker;
			in->next_worker = (worker + 1) % in->workers_len;
			return 1;
		}
		if (rc < 0 || slot->worker >= 0)
			return rc;
		worker = (worker + 1) % in->workers_len;
	}
	return 0;
}

/* Sends what can be sent, in order. */
static int send_ahead(struct ingest *in, struct err *err)
{
	int rc;

	for (; in->passed < in->len; in->passed++) {
		struct slot *slot = slot_at(in, in->passed);

		if (is_plain(slot) || slot->sent)
			continue;
		if (slot->again && in->passed > 0)
			return 0;
		rc = send_to_one(in, slot, err);
		if (rc <= 0)
			return rc;
	}
	return 0;
}

static int fill(struct ingest *in, struct err *err)
{
	while (wants_more(in)) {
		take(in);
		if (in->workers_len > 0 && send_ahead(in, err) < 0)
			return -1;
	}
	return 0;
}

static void drop_first(struct ingest *in)
{
	struct slot *slot = slot_at(in, 0);

	if (slot->item.fd >= 0)
		(void)close(slot->item.fd);
	slot->item.fd = -1;
	in->first = (in->first + 1) % INBOX_AHEAD_MAX;
	in->len--;
	in->passed -= in->passed > 0;
}

/* Mails that are not judged in this run stay as they are; a worker that has some is no good for the next. */
static void drop_all(struct ingest *in)
{
	struct err why = ERR_INIT, err = ERR_INIT;
	bool sent[WORKERS_MAX] = { false };

	while (in->len > 0) {
		if (slot_at(in, 0)->sent)
			sent[slot_at(in, 0)->worker] = true;
		drop_first(in);
	}
	for (int i = 0; i < in->workers_len; i++) {
		if (sent[i])
			(void)worker_drop(in->workers[i], &why, &err);
	}
	for (size_t i = 0; i < INBOX_AHEAD_MAX; i++)
		buf_release(&in->slots[i].texts);
}

/* ---- one item ------------------------------------------------------------------------------ */

/* The worker of the mail at hand is gone, and with it all that was sent to it: to its successor. */
static int worker_fell(struct ingest *in, struct err *why, struct err *err)
{
	struct slot *slot = slot_at(in, 0);
	const int worker = slot->worker;

	slot->falls += slot->sent;
	if (in->to->ops->mail_abandon(in->to, err) < 0 ||
		worker_drop(in->workers[worker], why, err) < 0)
		return -1;
	if (++in->falls[worker] > FALLS_IN_A_ROW_MAX)
		return err_set(err, ERR_SHORTAGE, "%s again and again", why->text);
	for (size_t i = 0; i < in->len; i++)
		slot_at(in, i)->sent &= slot_at(in, i)->worker != worker;
	in->passed = 0;
	wire_replay_init(&in->replay);
	return 0;
}

static int refuse(struct ingest *in, const struct slot *slot, const char *reason, struct err *err)
{
	const struct report_mail mail = { .id = slot->item.id, .seen = slot->seen };
	const struct report_entry line = { .ending = REPORT_REFUSED, .reason = reason };

	if (in->to->ops->mail_begin(in->to, &mail, err) < 0 ||
		in->to->ops->entry(in->to, &line, err) < 0)
		return -1;
	return in->to->ops->mail_end(in->to, REPORT_REFUSED, err);
}

/* The frames of the mail at hand, to the sink. */
static int judge_there(struct ingest *in, struct err *err)
{
	struct slot *slot = slot_at(in, 0);
	struct err why = ERR_INIT;
	int rc;

	wire_replay_init(&in->replay);
	for (;;) {
		if (in->passed == 0 && send_ahead(in, err) < 0)
			return -1;
		assert(slot->worker >= 0);
		rc = worker_frame(in->workers[slot->worker], &in->frame, &why);
		if (rc < 0) {
			in->stopped = true;
			return in->to->ops->mail_abandon(in->to, err);
		}
		if (rc > 0) {
			rc = wire_replay(&in->replay, &in->frame, in->to, &why);
			if (rc == 0)
				continue;
			if (rc > 0) {
				in->falls[slot->worker] = 0;
				slot->sent = false;
				return 0;
			}
			if (err_ends_run(&why)) {
				*err = why;
				return -1;
			}
		}
		if (worker_fell(in, &why, err) < 0)
			return -1;
		if (slot->falls == FALLS_MAX) {
			in->falls[slot->worker] = 0;
			in->passed = 1;
			return refuse(in, slot, why.text, err);
		}
		err_clear(&why);
	}
}

/* Since it was taken, the mail before it may have been the same one under its new name. */
static int ask_again(struct ingest *in, struct slot *slot, struct err *err)
{
	int rc;

	slot->again = false;
	in->taking = slot;
	rc = is_known(in, &slot->item.id, err);
	return rc < 0 ? -1 : 0;
}

static int one_item(struct ingest *in, struct err *err)
{
	struct slot *slot = slot_at(in, 0);
	int rc;

	if (slot->again && ask_again(in, slot, err) < 0)
		return -1;
	in->batch_len++;
	if (slot->known) {
		in->result->skipped++;
		settle_later(in, slot, slot->known_ending);
		in->passed += in->passed == 0;
		return 0;
	}
	scribe_mail(&in->scribe, &slot->item);
	if (in->workers_len == 0 || is_plain(slot))
		rc = judge_mail(in->judge, &slot->item, slot->seen, in->to, err);
	else
		rc = judge_there(in, err);
	if (rc < 0)
		return -1;
	if (in->stopped)
		return 0;
	in->result->mails++;
	in->result->endings[in->scribe.worst]++;
	settle_later(in, slot, in->scribe.worst);
	return 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* A failure that ends the run costs the mail at hand; what was before it is brought home. */
static int end_run(struct ingest *in, bool in_mail, struct err *err)
{
	struct err later = ERR_INIT;
	struct err_quote q;

	if (!in_mail)
		return -1;
	if (in->len > 0)
		err_wrap(err, "%s", err_printable(&q, slot_at(in, 0)->item.label));
	if (in->to->ops->mail_abandon(in->to, &later) == 0)
		(void)flush(in, &later);
	return -1;
}

static bool batch_full(const struct ingest *in)
{
	return in->batch_len == BATCH_MAILS_MAX ||
	       day_monotonic_ms() - in->batch_began_ms >= BATCH_MS_MAX;
}

static int loop(struct ingest *in, struct err *err)
{
	uint64_t total = 0;

	if (in->options->on_progress != NULL && in->inbox->ops->count != NULL)
		total = in->inbox->ops->count(in->inbox);
	for (;;) {
		if (fill(in, err) < 0)
			return end_run(in, true, err);
		if (in->len == 0 || is_stopped(in))
			break;
		if (one_item(in, err) < 0)
			return end_run(in, true, err);
		if (in->stopped)
			break;
		drop_first(in);
		if (in->options->on_progress != NULL)
			in->options->on_progress(in->options->arg, ++in->seen, total);
		if (batch_full(in) && flush(in, err) < 0)
			return end_run(in, false, err);
	}
	if (in->more < 0) {
		struct err later = ERR_INIT;

		(void)flush(in, &later);
		*err = in->no_more;
		return -1;
	}
	return flush(in, err);
}

int ingest_run(struct inbox *inbox, struct report_sink *to, const struct ingest_options *options,
	struct ingest_result *ret, struct err *err)
{
	struct ingest *in = calloc(1, sizeof *in);
	int rc = -1;

	assert(inbox != NULL && to != NULL && options->authserv_id != NULL &&
		options->workers_len <= WORKERS_MAX);
	*ret = (struct ingest_result){ .mails = 0 };
	if (in == NULL)
		return err_errno(err, ERR_SHORTAGE, ENOMEM, "ingest");
	in->inbox = inbox;
	in->options = options;
	in->result = ret;
	in->workers = options->workers;
	in->workers_len = (int)options->workers_len;
	in->len_max = in->workers_len > 0 ? worker_ahead(in->workers[0]) : 1;
	in->more = 1;
	for (size_t i = 0; i < INBOX_AHEAD_MAX; i++)
		buf_init(&in->slots[i].texts, SLOT_TEXTS_MAX);
	in->to = scribe_init(&in->scribe, to, options->on_entry, options->arg);
	in->batch_began_ms = day_monotonic_ms();
	inbox->known = is_known;
	inbox->known_arg = in;
	if (judge_open(&in->judge, options->authserv_id, err) == 0)
		rc = loop(in, err);
	drop_all(in);
	inbox->known = NULL;
	judge_close(in->judge);
	free(in);
	return rc;
}
