#include "ingest/ingest.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ingest/kind.h"
#include "ingest/mime.h"
#include "ingest/trust.h"
#include "ingest/unpack.h"
#include "store/base/day.h"
#include "store/base/log.h"

/* Enough of a part's type for kind_of_mail(). */
#define TYPE_KEEP       64
#define FIRST_TEXT_KEEP 4096

struct ingest_pending {
	uint64_t cookie;
	enum report_ending ending;
};

struct ingest {
	struct inbox *inbox;
	struct report_sink *to; /* the tee */
	struct tee tee;
	const struct ingest_options *options;
	struct ingest_result *result;
	uint64_t seen; /* items taken from the inbox */

	/* Since the last commit. */
	struct ingest_pending pending[BATCH_MAILS_MAX];
	size_t pending_len, batch_len;
	int64_t batch_began_ms;
	bool told_unsettled;

	/* The item at hand. */
	struct inbox_item item;
	bool known;
	enum report_ending known_ending;
	struct report_mail mail;
	struct unpack_budget budget;
	enum report_ending worst;
	unsigned lines;
	bool deferred;          /* it is cut, and young enough to be still on its way */
	const char *plain_kind; /* of a part that is recognised but is no aggregate report */
	char types[MIME_PARTS_MAX][TYPE_KEEP];
	struct slice type_slices[MIME_PARTS_MAX];
	size_t types_len;
	char first_text[FIRST_TEXT_KEEP];
	size_t first_text_len;
	bool has_first_text;
};

/* ---- lines of the receipt ---------------------------------------------------------------- */

static int line_add(struct ingest *in, const struct report_entry *entry,
	const struct tee_report *report, struct err *err)
{
	in->lines++;
	if (entry->ending > in->worst)
		in->worst = entry->ending;
	if (in->to->ops->entry(in->to, entry, err) < 0)
		return -1;
	if (in->options->on_entry != NULL)
		in->options->on_entry(in->options->arg, &in->mail, in->item.label, entry, report);
	return 0;
}

/* The bytes ended too early: unpack and dmarc_xml say so in these words. A document that breaks off
 * inside a whole container was made that way. A deferral of a minute is all that hangs on it. */
static bool was_cut(const struct err *why, enum unpack_how how)
{
	const struct slice text = slice_of(why->text);

	return why->code == ERR_DEFER || slice_find(text, SLICE_LIT("cut short")) != SIZE_MAX ||
	       (how == UNPACK_PLAIN && slice_find(text, SLICE_LIT("cut: ")) != SIZE_MAX);
}

/* The last line is the closing line of a multipart: this mail has come to its end, whatever its
 * attachments lack. */
static bool ends_like_a_mail(const struct ingest *in)
{
	char bytes[256];
	const int64_t from = in->item.id.size - (int64_t)sizeof bytes;
	const ssize_t n = pread(in->item.fd, bytes, sizeof bytes, from > 0 ? (off_t)from : 0);
	const struct slice tail = slice_trim(slice_from(bytes, n > 0 ? (size_t)n : 0));
	size_t line = tail.len;

	while (line > 0 && tail.ptr[line - 1] != '\n')
		line--;
	return line > 0 &&
	       slice_starts(slice_from(tail.ptr + line, tail.len - line), SLICE_LIT("--")) &&
	       slice_ends_fold(tail, SLICE_LIT("--"));
}

/*
 * What *why says happened at `where`: a verdict about this mail, unless it ends the run. A cut mail may
 * still be on its way while it is young.
 */
static int line_refuse(struct ingest *in, const char *where, enum unpack_how how,
	const struct err *why, const struct tee_report *report, struct err *err)
{
	struct report_entry entry = {
		.where = slice_of(where), .ending = REPORT_REFUSED, .reason = why->text
	};

	if (err_ends_run(why)) {
		*err = *why;
		return where[0] != '\0' ? err_wrap(err, "%s", where) : -1;
	}
	if (was_cut(why, how) && in->item.age_seconds < YOUNG_SECONDS_MAX &&
		!ends_like_a_mail(in)) {
		in->deferred = true;
		return 0;
	}
	return line_add(in, &entry, report, err);
}

/* ---- one entry --------------------------------------------------------------------------- */

struct place {
	char where[300];    /* "part 2: report.xml" */
	struct slice label; /* the name the sender gave it, absent if none */
	struct slice type;  /* of the part */
};

static void place_set(struct place *place, const struct ingest *in, const struct mime_part *part,
	struct slice entry_name)
{
	struct err_quote q;

	place->type = part->type;
	place->label = entry_name.len > 0 ? entry_name : part->name;
	if (in->mail.is_mail && place->label.len > 0)
		(void)snprintf(place->where, sizeof place->where, "part %u: %s", part->index,
			err_printable(&q, place->label));
	else if (in->mail.is_mail)
		(void)snprintf(place->where, sizeof place->where, "part %u", part->index);
	else
		(void)snprintf(
			place->where, sizeof place->where, "%s", err_printable(&q, entry_name));
}

/* Resource forks a Macintosh adds to its zips: named like the report beside them. */
static bool is_mac_twin(struct slice name)
{
	return slice_find(name, SLICE_LIT("__MACOSX/")) != SIZE_MAX ||
	       slice_starts(name, SLICE_LIT("._")) ||
	       slice_find(name, SLICE_LIT("/._")) != SIZE_MAX;
}

/* Does the sender say that this is a report? Then it is a fault when it is none. */
static bool claims_report(const struct place *place, enum unpack_how how)
{
	static const char *const suffixes[] = { ".xml", ".xml.gz", ".xml.zip" };
	static const char *const bare_suffixes[] = { ".gz", ".zip" };
	static const char *const bare_types[] = { "application/zip", "application/gzip",
		"application/x-gzip", "application/x-zip-compressed", "application/x-zip",
		"application/xml", "text/xml" };

	if (is_mac_twin(place->label))
		return false;
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		if (slice_ends_fold(place->label, slice_of(suffixes[i])))
			return true;
	}
	if (how != UNPACK_PLAIN)
		return false;
	/* Called an archive, but no archive was found in it. */
	for (size_t i = 0; i < sizeof bare_suffixes / sizeof *bare_suffixes; i++) {
		if (slice_ends_fold(place->label, slice_of(bare_suffixes[i])))
			return true;
	}
	for (size_t i = 0; i < sizeof bare_types / sizeof *bare_types; i++) {
		if (slice_equal(place->type, slice_of(bare_types[i])))
			return true;
	}
	return false;
}

/* Known kinds of mail are no fault, whatever their names claim. */
static bool is_plain_data(const char *kind)
{
	static const char *const named[] = { "TLS report", "failure report",
		"the word \"unused\"" };

	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		if (strcmp(kind, named[i]) == 0)
			return false;
	}
	return true;
}

static int entry_not_a_report(struct ingest *in, const struct place *place,
	const struct unpack_entry *entry, const char *kind, struct err *err)
{
	struct report_entry line = {
		.where = slice_of(place->where), .ending = REPORT_NOT_A_REPORT, .kind = kind
	};
	struct err why = ERR_INIT;

	if (is_plain_data(kind) && claims_report(place, entry->how)) {
		err_set(&why, ERR_REPORT, "no aggregate report: %s", kind);
		return line_refuse(in, place->where, entry->how, &why, NULL, err);
	}
	/* The text and pictures around a report are no findings; what an archive holds is. */
	if (in->mail.is_mail && entry->how == UNPACK_PLAIN) {
		if (!is_plain_data(kind))
			in->plain_kind = kind;
		return 0;
	}
	return line_add(in, &line, NULL, err);
}

static int entry_outcome(struct ingest *in, const struct place *place,
	const struct report_outcome *outcome, struct err *err)
{
	const struct tee_report *report = &in->tee.report;
	struct report_entry line = { .where = slice_of(place->where),
		.ending = outcome->ending,
		.report = outcome->report };
	char reason[640];

	if (outcome->ending == REPORT_PARTIAL) {
		(void)snprintf(reason, sizeof reason, "%llu of %llu records cannot be read: %s",
			(unsigned long long)report->unreadable,
			(unsigned long long)(report->unreadable + report->records +
					     report->placeholders),
			report->first_unreadable);
		line.reason = reason;
	} else if (outcome->ending == REPORT_CONFLICT) {
		(void)snprintf(reason, sizeof reason,
			"report %lld has the same identity and other content",
			(long long)outcome->report);
		line.reason = reason;
	}
	return line_add(in, &line, report, err);
}

/* One pass of the parser. 1: *outcome says what became of it; 0: *why says why not; -1: err. */
static int entry_pass(struct ingest *in, const struct kind *kind, struct reader *data,
	struct parse_context *context, struct report_outcome *outcome, struct err *why,
	struct err *err)
{
	context->retry = PARSE_STRICT;
	err_clear(why);
	if (in->to->ops->report_begin(in->to, err) < 0)
		return -1;
	if (kind->parse(data, in->to, context, why) == 0 &&
		in->to->ops->report_end(in->to, outcome, why) == 0)
		return 1;
	if (err_ends_run(why)) {
		*err = *why;
		return -1;
	}
	return in->to->ops->report_abandon(in->to, err);
}

static int ingest_entry(struct ingest *in, const struct mime_part *part, struct unpack *u,
	struct unpack_entry *entry, struct err *err)
{
	const struct kind *kind = kind_find(entry->head);
	struct parse_context context = { .mode = PARSE_STRICT,
		.trust = in->mail.trust,
		.from = in->mail.from,
		.now = in->mail.seen };
	struct report_outcome outcome = { .ending = REPORT_STORED };
	struct err why = ERR_INIT;
	struct place place;
	int rc;

	place_set(&place, in, part, entry->name);
	if (in->mail.is_mail && !in->has_first_text &&
		slice_starts(part->type, SLICE_LIT("text/"))) {
		in->has_first_text = true;
		in->first_text_len =
			entry->head.len < FIRST_TEXT_KEEP ? entry->head.len : FIRST_TEXT_KEEP;
		if (in->first_text_len > 0)
			memcpy(in->first_text, entry->head.ptr, in->first_text_len);
	}
	if (kind->parse == NULL)
		return entry_not_a_report(in, &place, entry, kind->name, err);
	for (;;) {
		rc = entry_pass(in, kind, entry->data, &context, &outcome, &why, err);
		if (rc < 0)
			return place.where[0] != '\0' ? err_wrap(err, "%s", place.where) : -1;
		if (rc > 0)
			return entry_outcome(in, &place, &outcome, err);
		/* Each pass may ask for a more lenient one, never for one it has had. */
		if (context.retry <= context.mode)
			break;
		context.mode = context.retry;
		err_clear(&why);
		if (unpack_again(u, entry, &why) < 0)
			break;
	}
	return line_refuse(in, place.where, entry->how, &why, &in->tee.report, err);
}

/* ---- one part ---------------------------------------------------------------------------- */

static int ingest_part(struct ingest *in, const struct mime_part *part, struct err *err)
{
	struct unpack *u = NULL;
	struct unpack_entry entry;
	struct err why = ERR_INIT;
	struct place place;
	int rc = -1, more;

	place_set(&place, in, part, SLICE_ABSENT);
	if (unpack_open(&u, part->body, &in->budget, &why) < 0)
		return line_refuse(in, place.where, UNPACK_PLAIN, &why, NULL, err);
	/* A zip may hold several reports; each stands or falls alone. */
	while (!in->deferred && (more = unpack_next(u, &entry, &why)) != 0) {
		if (more > 0) {
			if (ingest_entry(in, part, u, &entry, err) < 0)
				goto out;
			continue;
		}
		if (line_refuse(in, place.where, UNPACK_PLAIN, &why, NULL, err) < 0)
			goto out;
		if (why.code > ERR_REPORT)
			break;
		err_clear(&why);
	}
	rc = 0;
out:
	unpack_close(u);
	return rc;
}

/* ---- one mail ---------------------------------------------------------------------------- */

static void remember_type(struct ingest *in, struct slice type)
{
	const size_t n = in->types_len, len = type.len < TYPE_KEEP ? type.len : TYPE_KEEP;

	if (n == MIME_PARTS_MAX)
		return;
	if (len > 0)
		memcpy(in->types[n], type.ptr, len);
	in->type_slices[n] = slice_from(in->types[n], len);
	in->types_len++;
}

static int no_report(struct ingest *in, const struct mime_headers *headers, struct err *err)
{
	struct report_entry line = { .ending = REPORT_NOT_A_REPORT };

	line.kind = in->plain_kind != NULL
			    ? in->plain_kind
			    : kind_of_mail(headers, in->type_slices, in->types_len,
				      in->has_first_text
					      ? slice_from(in->first_text, in->first_text_len)
					      : SLICE_ABSENT);
	return line_add(in, &line, NULL, err);
}

static int ingest_mime(
	struct ingest *in, struct mime *mime, const struct mime_headers *headers, struct err *err)
{
	struct mime_part part;
	struct err why = ERR_INIT;
	int more = 0;

	while (!in->deferred && (more = mime_next(mime, &part, &why)) > 0) {
		remember_type(in, part.type);
		if (ingest_part(in, &part, err) < 0)
			return -1;
	}
	if (more < 0 && line_refuse(in, "", UNPACK_PLAIN, &why, NULL, err) < 0)
		return -1;
	if (in->lines == 0 && !in->deferred)
		return no_report(in, headers, err);
	return 0;
}

static int ingest_bare(struct ingest *in, struct err *err)
{
	struct reader_fd reader;
	const struct mime_part part = {
		.index = 1, .name = in->mail.id.name, .body = reader_fd_init(&reader, in->item.fd)
	};
	const struct report_entry nothing = { .ending = REPORT_NOT_A_REPORT, .kind = "empty" };
	struct err why = ERR_INIT;

	if (lseek(in->item.fd, 0, SEEK_SET) < 0) {
		err_errno(&why, ERR_SHORTAGE, errno, "seek");
		return line_refuse(in, "", UNPACK_PLAIN, &why, NULL, err);
	}
	if (ingest_part(in, &part, err) < 0)
		return -1;
	/* An archive of nothing has no entry to say so. */
	return in->lines == 0 && !in->deferred ? line_add(in, &nothing, NULL, err) : 0;
}

/* XML, JSON, gzip and zip begin with what no mail begins with. */
static bool looks_bare(int fd)
{
	static const struct {
		const char *bytes;
		size_t len;
	} magics[] = { { "\x1f\x8b", 2 }, { "PK\x03\x04", 4 }, { "PK\x05\x06", 4 }, { "<", 1 },
		{ "{", 1 }, { "\xff\xfe", 2 }, { "\xfe\xff", 2 }, { "\0<", 2 } };
	char bytes[512];
	const ssize_t n = pread(fd, bytes, sizeof bytes, 0);
	struct slice head = slice_trim(slice_from(bytes, n > 0 ? (size_t)n : 0));

	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
		if (slice_starts(head, slice_from(magics[i].bytes, magics[i].len)))
			return true;
	}
	return head.len == 0 && n < (ssize_t)sizeof bytes;
}

static void describe_mail(struct ingest *in, const struct mime_headers *headers)
{
	struct report_mail *mail = &in->mail;
	struct trust trust;

	trust_judge(headers, in->options->authserv_id, &trust);
	mail->is_mail = true;
	mail->from = headers->from;
	mail->subject = headers->subject;
	mail->message_id = headers->message_id;
	mail->date = headers->date;
	mail->auth_server = trust.server;
	mail->auth_dkim = trust.dkim;
	mail->auth_spf = trust.spf;
	mail->auth_dmarc = trust.dmarc;
	mail->trust = trust.trust;
}

/* Headers, then mail_begin, then what is in it. */
static int judge_content(struct ingest *in, struct err *err)
{
	struct mime *mime = NULL;
	struct mime_headers headers = { .date = 0 };
	struct err why = ERR_INIT;
	bool bare = in->item.bare && looks_bare(in->item.fd);
	int rc = -1, opened = 0;

	if (!bare) {
		opened = mime_open(&mime, in->item.fd, &why);
		if (opened == 0) {
			mime_headers(mime, &headers);
			bare = in->item.bare && headers.empty;
		}
		if (opened < 0 && err_ends_run(&why)) {
			*err = why;
			return -1;
		}
		/* A file that is no mail is still a file: named by what it holds. */
		if (opened < 0 && in->item.bare)
			bare = true;
	}
	in->mail.trust = bare ? REPORT_TRUST_LOCAL : REPORT_TRUST_UNKNOWN;
	if (opened == 0 && !bare)
		describe_mail(in, &headers);
	if (in->to->ops->mail_begin(in->to, &in->mail, err) < 0)
		goto out;
	if (opened < 0 && !bare)
		rc = line_refuse(in, "", UNPACK_PLAIN, &why, NULL, err);
	else
		rc = bare ? ingest_bare(in, err) : ingest_mime(in, mime, &headers, err);
out:
	mime_close(mime);
	return rc;
}

/* A mail that is refused before it is opened: odd, or too large. */
static int judge_unread(struct ingest *in, const char *reason, bool for_now, struct err *err)
{
	const struct report_entry line = { .ending = for_now ? REPORT_DEFERRED : REPORT_REFUSED,
		.reason = reason };

	if (in->to->ops->mail_begin(in->to, &in->mail, err) < 0)
		return -1;
	return line_add(in, &line, NULL, err);
}

/* The mail may be complete next time: nothing of it stays but a line that says so. */
static int judge_deferred(struct ingest *in, struct err *err)
{
	if (in->to->ops->mail_abandon(in->to, err) < 0)
		return -1;
	/* What its header said went with the parser. */
	in->mail = (struct report_mail){ .id = in->item.id, .seen = in->mail.seen };
	in->worst = REPORT_NOT_A_REPORT;
	return judge_unread(in, "cut short; it may still be being written", true, err);
}

static int judge(struct ingest *in, struct err *err)
{
	char reason[96];
	int rc;

	in->mail = (struct report_mail){ .id = in->item.id, .seen = day_now() };
	in->budget = (struct unpack_budget)UNPACK_BUDGET_INIT;
	in->worst = REPORT_NOT_A_REPORT;
	in->lines = 0;
	in->deferred = in->has_first_text = false;
	in->plain_kind = NULL;
	in->types_len = in->first_text_len = 0;

	if (in->item.odd != NULL) {
		(void)snprintf(reason, sizeof reason, "%s%s", in->item.odd,
			in->item.odd_for_now ? "" : ", not a message");
		rc = judge_unread(in, reason, in->item.odd_for_now, err);
	} else if (in->item.id.size > MESSAGE_BYTES_MAX) {
		(void)snprintf(reason, sizeof reason, "%lld bytes, more than the %d of a message",
			(long long)in->item.id.size, MESSAGE_BYTES_MAX);
		rc = judge_unread(in, reason, false, err);
	} else {
		rc = judge_content(in, err);
		if (rc == 0 && in->deferred)
			rc = judge_deferred(in, err);
	}
	return rc < 0 ? -1 : in->to->ops->mail_end(in->to, in->worst, err);
}

/* ---- the run ----------------------------------------------------------------------------- */

static bool settles(const struct ingest *in)
{
	return !in->options->keep && !in->options->dry_run;
}

static void settle_later(struct ingest *in, enum report_ending ending)
{
	assert(in->pending_len < BATCH_MAILS_MAX);
	if (settles(in) && ending != REPORT_DEFERRED && in->item.odd == NULL)
		in->pending[in->pending_len++] = (struct ingest_pending){ in->item.cookie, ending };
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
	int rc;

	in->known = false;
	if (in->options->dry_run)
		return 0;
	rc = in->to->ops->mail_known(in->to, id, &in->known_ending, err);
	if (rc <= 0)
		return rc;
	if (in->known_ending == REPORT_DEFERRED)
		return 0;
	/* Refused and lying in new/ again: somebody put it back to have it read once more. */
	if (in->known_ending == REPORT_REFUSED && settles(in) && in->item.odd == NULL)
		return 0;
	in->known = true;
	return 1;
}

/* A failure that ends the run costs the mail at hand; what was before it is brought home. */
static int end_run(struct ingest *in, bool in_mail, struct err *err)
{
	struct err later = ERR_INIT;
	struct err_quote q;

	if (!in_mail)
		return -1;
	err_wrap(err, "%s", err_printable(&q, in->item.label));
	if (in->to->ops->mail_abandon(in->to, &later) == 0)
		(void)flush(in, &later);
	return -1;
}

static int one_item(struct ingest *in, struct err *err)
{
	int rc;

	in->batch_len++;
	if (in->known) {
		in->result->skipped++;
		settle_later(in, in->known_ending);
		return 0;
	}
	rc = judge(in, err);
	if (in->item.fd >= 0)
		(void)close(in->item.fd);
	if (rc < 0)
		return -1;
	in->result->mails++;
	in->result->endings[in->worst]++;
	settle_later(in, in->worst);
	return 0;
}

static bool batch_full(const struct ingest *in)
{
	return in->batch_len == BATCH_MAILS_MAX ||
	       day_monotonic_ms() - in->batch_began_ms >= BATCH_MS_MAX;
}

static bool enough(const struct ingest *in)
{
	const struct ingest_options *options = in->options;

	return (options->stop != NULL && *options->stop != 0) ||
	       (options->limit > 0 && in->result->mails >= options->limit);
}

static int loop(struct ingest *in, struct err *err)
{
	uint64_t total = 0;
	int more = 0;

	if (in->options->on_progress != NULL && in->inbox->ops->count != NULL)
		total = in->inbox->ops->count(in->inbox);
	while (!enough(in)) {
		in->known = false;
		in->item.odd = NULL;
		more = in->inbox->ops->next(in->inbox, &in->item, err);
		if (more <= 0)
			break;
		if (one_item(in, err) < 0)
			return end_run(in, true, err);
		if (in->options->on_progress != NULL)
			in->options->on_progress(in->options->arg, ++in->seen, total);
		if (batch_full(in) && flush(in, err) < 0)
			return end_run(in, false, err);
	}
	if (more < 0) {
		struct err later = ERR_INIT;

		(void)flush(in, &later);
		return -1;
	}
	return flush(in, err);
}

int ingest_run(struct inbox *inbox, struct report_sink *to, const struct ingest_options *options,
	struct ingest_result *ret, struct err *err)
{
	struct ingest *in = calloc(1, sizeof *in);
	int rc;

	assert(inbox != NULL && to != NULL && options->authserv_id != NULL);
	*ret = (struct ingest_result){ .mails = 0 };
	if (in == NULL)
		return err_errno(err, ERR_SHORTAGE, ENOMEM, "ingest");
	in->inbox = inbox;
	in->options = options;
	in->result = ret;
	in->to = tee_init(&in->tee, to);
	in->batch_began_ms = day_monotonic_ms();
	inbox->known = is_known;
	inbox->known_arg = in;
	rc = loop(in, err);
	inbox->known = NULL;
	free(in);
	return rc;
}
