#include "ingest/scribe.h"

#include <assert.h>
#include <stdio.h>

#include "ingest/judge.h"

static struct scribe *scribe_of(struct report_sink *s)
{
	return (struct scribe *)s;
}

static int mail_known(struct report_sink *s, const struct report_mail_id *id,
	enum report_ending *ending, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->mail_known(to, id, ending, err);
}

static void keep_mail(struct scribe *s, const struct report_mail *mail)
{
	struct slice *const texts[] = { &s->mail.from, &s->mail.subject, &s->mail.message_id,
		&s->mail.auth_server, &s->mail.auth_dkim.token, &s->mail.auth_spf.token,
		&s->mail.auth_dmarc.token };
	size_t at = 0;

	s->mail = *mail;
	s->mail.id = s->item->id;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (slice_absent(*texts[i]))
			continue;
		if (texts[i]->len > sizeof s->texts - at)
			texts[i]->len = sizeof s->texts - at;
		memcpy(s->texts + at, texts[i]->ptr, texts[i]->len);
		texts[i]->ptr = s->texts + at;
		at += texts[i]->len;
	}
}

static int mail_begin(struct report_sink *sink, const struct report_mail *mail, struct err *err)
{
	struct scribe *s = scribe_of(sink);

	assert(s->item != NULL);
	keep_mail(s, mail);
	s->worst = REPORT_NOT_A_REPORT;
	s->spoke = false;
	return s->to->ops->mail_begin(s->to, &s->mail, err);
}

static int report_begin(struct report_sink *sink, struct err *err)
{
	struct scribe *s = scribe_of(sink);

	s->spoke = true;
	return s->to->ops->report_begin(s->to, err);
}

static int original(struct report_sink *s, struct slice bytes, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->original(to, bytes, err);
}

static int packed(struct report_sink *s, const struct report_packed *p, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->packed(to, p, err);
}

static int head(struct report_sink *s, const struct report_head *report_head, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->head(to, report_head, err);
}

static int record(struct report_sink *s, const struct report_record *r, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->record(to, r, err);
}

static int unreadable(struct report_sink *s, const struct report_unreadable *u, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->unreadable(to, u, err);
}

static int placeholder(struct report_sink *s, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->placeholder(to, err);
}

static int note(struct report_sink *s, enum report_note code, struct slice detail, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->note(to, code, detail, err);
}

static int report_end(struct report_sink *sink, struct report_outcome *ret, struct err *err)
{
	struct scribe *s = scribe_of(sink);

	if (s->to->ops->report_end(s->to, &s->outcome, err) < 0)
		return -1;
	*ret = s->outcome;
	return 0;
}

static int report_abandon(struct report_sink *s, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->report_abandon(to, err);
}

static void reason_of_outcome(const struct scribe *s, char *dst, size_t cap)
{
	const struct tee_report *report = &s->tee.report;

	dst[0] = '\0';
	if (s->outcome.ending == REPORT_PARTIAL)
		(void)snprintf(dst, cap, "%llu of %llu records cannot be read: %s",
			(unsigned long long)report->unreadable,
			(unsigned long long)(report->unreadable + report->records +
					     report->placeholders),
			report->first_unreadable);
	else if (s->outcome.ending == REPORT_CONFLICT)
		(void)snprintf(dst, cap, "report %lld has the same identity and other content",
			(long long)s->outcome.report);
}

static int entry(struct report_sink *sink, const struct report_entry *given, struct err *err)
{
	struct scribe *s = scribe_of(sink);
	struct report_entry line = *given;
	char reason[640];

	if (given->ending == JUDGE_AS_REPORTED) {
		reason_of_outcome(s, reason, sizeof reason);
		line.ending = s->outcome.ending;
		line.report = s->outcome.report;
		line.reason = reason[0] != '\0' ? reason : NULL;
	}
	if (line.ending > s->worst)
		s->worst = line.ending;
	if (s->to->ops->entry(s->to, &line, err) < 0)
		return -1;
	if (s->on_line != NULL)
		s->on_line(
			s->arg, &s->mail, s->item->label, &line, s->spoke ? &s->tee.report : NULL);
	s->spoke = false;
	return 0;
}

static int mail_end(struct report_sink *sink, enum report_ending ending, struct err *err)
{
	struct scribe *s = scribe_of(sink);

	(void)ending; /* the judge does not know it */
	return s->to->ops->mail_end(s->to, s->worst, err);
}

static int mail_abandon(struct report_sink *s, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->mail_abandon(to, err);
}

static int sync_all(struct report_sink *s, struct err *err)
{
	struct report_sink *to = scribe_of(s)->to;

	return to->ops->sync(to, err);
}

struct report_sink *scribe_init(
	struct scribe *s, struct report_sink *to, scribe_line *on_line, void *arg)
{
	static const struct report_sink_ops ops = { mail_known, mail_begin, report_begin, original,
		packed, head, record, unreadable, placeholder, note, report_end, report_abandon,
		entry, mail_end, mail_abandon, sync_all };

	s->sink.ops = &ops;
	s->to = tee_init(&s->tee, to);
	s->on_line = on_line;
	s->arg = arg;
	s->item = NULL;
	return &s->sink;
}

void scribe_mail(struct scribe *s, const struct inbox_item *item)
{
	s->item = item;
}
