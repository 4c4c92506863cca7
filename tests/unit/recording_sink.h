/*
 * recording_sink: a report_sink that writes down, as text lines, everything it is told.
 *
 *	struct recording r;
 *	recording_init(&r);
 *	...parse into &r.sink...
 *	assert_non_null(strstr(recording_text(&r), "note repaired-xml"));
 *	recording_release(&r);
 *
 * A word is written as its meaning, followed by <"token"> where the token as sent differs:
 * `pass`, `pass<"Pass">`, `unknown<"15">`, `absent`. A text is quoted; `-` is an absent one.
 */
#ifndef TESTS_UNIT_RECORDING_SINK_H
#define TESTS_UNIT_RECORDING_SINK_H

#include "store/base/buf.h"
#include "store/base/day.h"
#include "store/report.h"

#define RECORDING_BYTES_MAX (1024 * 1024 * 1024)

struct recording {
	struct report_sink sink;
	struct buf lines;              /* what happened */
	struct buf original;           /* the bytes of the last report */
	struct buf packed;             /* or its chunks, one after the other, */
	struct report_packed last;     /* and the last of them (but its bytes) */
	unsigned chunks;
	struct report_outcome outcome; /* what report_end says */
	const char *fail_op;           /* the operation that fails, or NULL */
	enum err_code fail_code;
	/* Sums over the last report. */
	uint64_t records, unreadable, placeholders, notes[REPORT_NOTE_COUNT];
	int64_t messages, verdicts[REPORT_VERDICT_COUNT], dispositions[REPORT_DISPOSITION_COUNT];
	bool quiet; /* sums only, no line for a record */
};

static inline const char *recording_text(const struct recording *r)
{
	return buf_text(&r->lines);
}

static inline int recording_fails(struct recording *r, const char *op, struct err *err)
{
	if (r->fail_op == NULL || strcmp(r->fail_op, op) != 0)
		return 0;
	return err_set(err, r->fail_code, "%s fails as told", op);
}

static inline void recording_slice(struct recording *r, const char *name, struct slice s)
{
	if (name != NULL)
		buf_printf(&r->lines, " %s ", name);
	if (slice_absent(s)) {
		buf_add_text(&r->lines, "-");
		return;
	}
	buf_add_text(&r->lines, "\"");
	buf_add(&r->lines, s);
	buf_add_text(&r->lines, "\"");
}

static inline void recording_word(
	struct recording *r, const char *name, const struct vocabulary *v, struct report_word word)
{
	const char *meaning = word.meaning < v->count ? v->names[word.meaning] : "OUT OF RANGE";

	buf_printf(&r->lines, " %s %s", name, meaning);
	if (slice_absent(word.token) || slice_equal(word.token, slice_of(meaning)))
		return;
	buf_add_text(&r->lines, "<");
	recording_slice(r, NULL, word.token);
	buf_add_text(&r->lines, ">");
}

static inline int recording_mail_known(struct report_sink *s, const struct report_mail_id *id,
	enum report_ending *ending, struct err *err)
{
	(void)id;
	(void)ending;
	return recording_fails((struct recording *)s, "mail_known", err);
}

static inline int recording_mail_begin(
	struct report_sink *s, const struct report_mail *mail, struct err *err)
{
	struct recording *r = (struct recording *)s;

	buf_add_text(&r->lines, "mail");
	recording_slice(r, "name", mail->id.name);
	recording_slice(r, "from", mail->from);
	recording_slice(r, "subject", mail->subject);
	buf_printf(&r->lines, " trust %s\n", report_trust_names[mail->trust]);
	return recording_fails(r, "mail_begin", err);
}

static inline int recording_report_begin(struct report_sink *s, struct err *err)
{
	struct recording *r = (struct recording *)s;

	buf_add_text(&r->lines, "report\n");
	buf_clear(&r->original);
	buf_clear(&r->packed);
	r->last = (struct report_packed){ .last = false };
	r->chunks = 0;
	r->records = r->unreadable = r->placeholders = 0;
	r->messages = 0;
	memset(r->notes, 0, sizeof r->notes);
	memset(r->verdicts, 0, sizeof r->verdicts);
	memset(r->dispositions, 0, sizeof r->dispositions);
	return recording_fails(r, "report_begin", err);
}

static inline int recording_original(struct report_sink *s, struct slice bytes, struct err *err)
{
	struct recording *r = (struct recording *)s;

	if (!r->quiet)
		buf_add(&r->original, bytes);
	return recording_fails(r, "original", err);
}

static inline int recording_packed(
	struct report_sink *s, const struct report_packed *packed, struct err *err)
{
	struct recording *r = (struct recording *)s;

	r->chunks++;
	r->last = *packed;
	r->last.bytes = SLICE_ABSENT;
	if (!r->quiet && packed->bytes.len > 0)
		buf_add(&r->packed, packed->bytes);
	return recording_fails(r, "packed", err);
}

static inline int recording_head(
	struct report_sink *s, const struct report_head *head, struct err *err)
{
	struct recording *r = (struct recording *)s;
	char begin[DAY_TEXT_MAX], end[DAY_TEXT_MAX];

	buf_add_text(&r->lines, "head");
	recording_slice(r, "org_name", head->org_name);
	recording_slice(r, "email", head->email);
	recording_slice(r, "extra_contact_info", head->extra_contact_info);
	recording_slice(r, "report_id", head->report_id);
	buf_printf(&r->lines, " begin %s end %s", day_time_text(head->begin, begin),
		day_time_text(head->end, end));
	recording_slice(r, "errors", head->errors);
	recording_slice(r, "generator", head->generator);
	recording_slice(r, "version", head->version);
	recording_slice(r, "xmlns", head->xmlns);
	buf_printf(&r->lines, " dialect %s\npolicy", report_dialect_names[head->dialect]);
	recording_slice(r, "domain", head->domain);
	recording_slice(r, "key", head->domain_key);
	recording_word(r, "p", &report_policy_words, head->p);
	recording_word(r, "sp", &report_policy_words, head->sp);
	recording_word(r, "np", &report_policy_words, head->np);
	recording_word(r, "adkim", &report_alignments, head->adkim);
	recording_word(r, "aspf", &report_alignments, head->aspf);
	recording_slice(r, "pct", head->pct);
	recording_slice(r, "fo", head->fo);
	recording_word(r, "testing", &report_testings, head->testing);
	recording_word(r, "discovery_method", &report_discoveries, head->discovery_method);
	buf_printf(&r->lines, "\ncarrier trust %s%s\n", report_trust_names[head->trust],
		head->from_mismatch ? " from_mismatch" : "");
	return recording_fails(r, "head", err);
}

static inline void recording_auth(struct recording *r, const struct report_auth *auth)
{
	buf_add_text(&r->lines, auth->kind == REPORT_DKIM ? " [dkim" : " [spf");
	recording_slice(r, "domain", auth->domain);
	if (auth->kind == REPORT_DKIM)
		recording_slice(r, "selector", auth->selector);
	else
		recording_word(r, "scope", &report_scopes, auth->scope);
	recording_word(r, "result", &report_auth_results, auth->result);
	if (!slice_absent(auth->human_result))
		recording_slice(r, "human_result", auth->human_result);
	buf_add_text(&r->lines, "]");
}

static inline int recording_record(
	struct report_sink *s, const struct report_record *record, struct err *err)
{
	struct recording *r = (struct recording *)s;
	char ip[IP_TEXT_MAX];

	r->records++;
	r->messages += record->count;
	r->dispositions[record->disposition.meaning] += record->count;
	r->verdicts[report_verdict((enum report_result)record->dkim.meaning,
		(enum report_result)record->spf.meaning)] += record->count;
	if (r->quiet)
		return recording_fails(r, "record", err);
	buf_printf(&r->lines, "record %u line %u: %s count %lld", record->position, record->line,
		ip_text(&record->source_ip, ip), (long long)record->count);
	if (!slice_absent(record->source_text))
		recording_slice(r, "source_text", record->source_text);
	recording_word(r, "disposition", &report_dispositions, record->disposition);
	recording_word(r, "dkim", &report_results, record->dkim);
	recording_word(r, "spf", &report_results, record->spf);
	recording_slice(r, "header_from", record->header_from);
	recording_slice(r, "envelope_from", record->envelope_from);
	recording_slice(r, "envelope_to", record->envelope_to);
	for (unsigned i = 0; i < record->reasons_len; i++) {
		buf_add_text(&r->lines, " {reason");
		recording_word(r, "type", &report_reason_types, record->reasons[i].type);
		recording_slice(r, "comment", record->reasons[i].comment);
		buf_add_text(&r->lines, "}");
	}
	for (unsigned i = 0; i < record->auth_len; i++)
		recording_auth(r, &record->auth[i]);
	buf_add_text(&r->lines, "\n");
	return recording_fails(r, "record", err);
}

static inline int recording_unreadable(
	struct report_sink *s, const struct report_unreadable *u, struct err *err)
{
	struct recording *r = (struct recording *)s;

	r->unreadable++;
	if (!r->quiet)
		buf_printf(
			&r->lines, "unreadable %u line %u: %s\n", u->position, u->line, u->reason);
	return recording_fails(r, "unreadable", err);
}

static inline int recording_placeholder(struct report_sink *s, struct err *err)
{
	struct recording *r = (struct recording *)s;

	r->placeholders++;
	buf_add_text(&r->lines, "placeholder\n");
	return recording_fails(r, "placeholder", err);
}

/* Like a store: a repeated note is counted, its first line stays. */
static inline int recording_note(
	struct report_sink *s, enum report_note note, struct slice detail, struct err *err)
{
	struct recording *r = (struct recording *)s;

	if (r->notes[note]++ == 0) {
		buf_printf(&r->lines, "note %s", report_note_names[note]);
		if (!slice_absent(detail)) {
			buf_add_text(&r->lines, ": ");
			buf_add(&r->lines, detail);
		}
		buf_add_text(&r->lines, "\n");
	}
	return recording_fails(r, "note", err);
}

static inline int recording_report_end(
	struct report_sink *s, struct report_outcome *ret, struct err *err)
{
	struct recording *r = (struct recording *)s;

	if (recording_fails(r, "report_end", err) < 0)
		return -1;
	*ret = r->outcome;
	if (ret->ending == REPORT_STORED && r->unreadable > 0)
		ret->ending = REPORT_PARTIAL;
	buf_printf(&r->lines, "report_end %s\n", report_ending_names[ret->ending]);
	return 0;
}

static inline int recording_report_abandon(struct report_sink *s, struct err *err)
{
	struct recording *r = (struct recording *)s;

	buf_add_text(&r->lines, "report_abandon\n");
	return recording_fails(r, "report_abandon", err);
}

static inline int recording_entry(
	struct report_sink *s, const struct report_entry *entry, struct err *err)
{
	struct recording *r = (struct recording *)s;

	buf_add_text(&r->lines, "entry");
	recording_slice(r, "where", entry->where);
	buf_printf(&r->lines, " ending %s", report_ending_names[entry->ending]);
	if (entry->kind != NULL)
		buf_printf(&r->lines, " kind %s", entry->kind);
	if (entry->reason != NULL)
		buf_printf(&r->lines, " reason %s", entry->reason);
	buf_add_text(&r->lines, "\n");
	return recording_fails(r, "entry", err);
}

static inline int recording_mail_end(
	struct report_sink *s, enum report_ending ending, struct err *err)
{
	struct recording *r = (struct recording *)s;

	buf_printf(&r->lines, "mail_end %s\n", report_ending_names[ending]);
	return recording_fails(r, "mail_end", err);
}

static inline int recording_mail_abandon(struct report_sink *s, struct err *err)
{
	struct recording *r = (struct recording *)s;

	buf_add_text(&r->lines, "mail_abandon\n");
	return recording_fails(r, "mail_abandon", err);
}

static inline int recording_sync(struct report_sink *s, struct err *err)
{
	struct recording *r = (struct recording *)s;

	buf_add_text(&r->lines, "sync\n");
	return recording_fails(r, "sync", err);
}

static inline void recording_init(struct recording *r)
{
	static const struct report_sink_ops ops = {
		.mail_known = recording_mail_known,
		.mail_begin = recording_mail_begin,
		.report_begin = recording_report_begin,
		.original = recording_original,
		.packed = recording_packed,
		.head = recording_head,
		.record = recording_record,
		.unreadable = recording_unreadable,
		.placeholder = recording_placeholder,
		.note = recording_note,
		.report_end = recording_report_end,
		.report_abandon = recording_report_abandon,
		.entry = recording_entry,
		.mail_end = recording_mail_end,
		.mail_abandon = recording_mail_abandon,
		.sync = recording_sync,
	};

	*r = (struct recording){ .sink = { &ops }, .outcome = { REPORT_STORED, false, 1 } };
	buf_init(&r->lines, RECORDING_BYTES_MAX);
	buf_init(&r->original, RECORDING_BYTES_MAX);
	buf_init(&r->packed, RECORDING_BYTES_MAX);
}

static inline void recording_release(struct recording *r)
{
	buf_release(&r->lines);
	buf_release(&r->original);
	buf_release(&r->packed);
}

#endif
