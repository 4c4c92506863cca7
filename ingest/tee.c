#include "ingest/tee.h"

#include <stdio.h>

static struct tee *tee_of(struct report_sink *s)
{
	return (struct tee *)s;
}

static void copy(char *dst, size_t cap, struct slice s)
{
	const size_t n = s.len < cap - 1 ? s.len : cap - 1;

	if (n > 0)
		memcpy(dst, s.ptr, n);
	dst[n] = '\0';
}

static int tee_mail_known(struct report_sink *s, const struct report_mail_id *id,
	enum report_ending *ending, struct err *err)
{
	struct report_sink *to = tee_of(s)->to;

	return to->ops->mail_known(to, id, ending, err);
}

static int tee_mail_begin(struct report_sink *s, const struct report_mail *mail, struct err *err)
{
	struct report_sink *to = tee_of(s)->to;

	return to->ops->mail_begin(to, mail, err);
}

static int tee_report_begin(struct report_sink *s, struct err *err)
{
	struct tee *t = tee_of(s);

	t->report.has_head = false;
	t->report.org_name[0] = t->report.report_id[0] = t->report.domain[0] = '\0';
	t->report.begin = t->report.end = 0;
	t->report.records = t->report.placeholders = t->report.unreadable = 0;
	t->report.messages = t->report.pass = t->report.fail = t->report.unknown = 0;
	t->report.notes = 0;
	t->report.first_unreadable[0] = '\0';
	return t->to->ops->report_begin(t->to, err);
}

static int tee_original(struct report_sink *s, struct slice bytes, struct err *err)
{
	struct report_sink *to = tee_of(s)->to;

	return to->ops->original(to, bytes, err);
}

static int tee_packed(struct report_sink *s, const struct report_packed *packed, struct err *err)
{
	struct report_sink *to = tee_of(s)->to;

	return to->ops->packed(to, packed, err);
}

static int tee_head(struct report_sink *s, const struct report_head *head, struct err *err)
{
	struct tee *t = tee_of(s);

	t->report.has_head = true;
	copy(t->report.org_name, sizeof t->report.org_name, head->org_name);
	copy(t->report.report_id, sizeof t->report.report_id, head->report_id);
	copy(t->report.domain, sizeof t->report.domain, head->domain_key);
	t->report.begin = head->begin;
	t->report.end = head->end;
	return t->to->ops->head(t->to, head, err);
}

static int tee_record(struct report_sink *s, const struct report_record *record, struct err *err)
{
	struct tee *t = tee_of(s);
	int64_t *const by_verdict[REPORT_VERDICT_COUNT] = {
		[REPORT_VERDICT_PASS] = &t->report.pass,
		[REPORT_VERDICT_FAIL] = &t->report.fail,
		[REPORT_VERDICT_UNKNOWN] = &t->report.unknown,
	};

	t->report.records++;
	t->report.messages += record->count;
	*by_verdict[report_verdict((enum report_result)record->dkim.meaning,
		(enum report_result)record->spf.meaning)] += record->count;
	return t->to->ops->record(t->to, record, err);
}

static int tee_unreadable(struct report_sink *s, const struct report_unreadable *u, struct err *err)
{
	struct tee *t = tee_of(s);

	if (t->report.unreadable++ == 0)
		(void)snprintf(t->report.first_unreadable, sizeof t->report.first_unreadable,
			"line %u: %s", u->line, u->reason);
	return t->to->ops->unreadable(t->to, u, err);
}

static int tee_placeholder(struct report_sink *s, struct err *err)
{
	struct tee *t = tee_of(s);

	t->report.placeholders++;
	return t->to->ops->placeholder(t->to, err);
}

static int tee_note(
	struct report_sink *s, enum report_note note, struct slice detail, struct err *err)
{
	struct tee *t = tee_of(s);

	t->report.notes++;
	return t->to->ops->note(t->to, note, detail, err);
}

static int tee_report_end(struct report_sink *s, struct report_outcome *ret, struct err *err)
{
	struct report_sink *to = tee_of(s)->to;

	return to->ops->report_end(to, ret, err);
}

static int tee_report_abandon(struct report_sink *s, struct err *err)
{
	struct report_sink *to = tee_of(s)->to;

	return to->ops->report_abandon(to, err);
}

static int tee_entry(struct report_sink *s, const struct report_entry *entry, struct err *err)
{
	struct report_sink *to = tee_of(s)->to;

	return to->ops->entry(to, entry, err);
}

static int tee_mail_end(struct report_sink *s, enum report_ending ending, struct err *err)
{
	struct report_sink *to = tee_of(s)->to;

	return to->ops->mail_end(to, ending, err);
}

static int tee_mail_abandon(struct report_sink *s, struct err *err)
{
	struct report_sink *to = tee_of(s)->to;

	return to->ops->mail_abandon(to, err);
}

static int tee_sync(struct report_sink *s, struct err *err)
{
	struct report_sink *to = tee_of(s)->to;

	return to->ops->sync(to, err);
}

struct report_sink *tee_init(struct tee *tee, struct report_sink *to)
{
	static const struct report_sink_ops ops = { tee_mail_known, tee_mail_begin,
		tee_report_begin, tee_original, tee_packed, tee_head, tee_record, tee_unreadable,
		tee_placeholder, tee_note, tee_report_end, tee_report_abandon, tee_entry,
		tee_mail_end, tee_mail_abandon, tee_sync };

	*tee = (struct tee){ .sink = { &ops }, .to = to };
	return &tee->sink;
}
