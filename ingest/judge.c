#include "ingest/judge.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ingest/kind.h"
#include "ingest/mime.h"
#include "ingest/trust.h"
#include "ingest/unpack.h"

/* Enough of a part's type for kind_of_mail(). */
#define TYPE_KEEP       64
#define FIRST_TEXT_KEEP 4096

struct judge {
	const char *authserv_id;

	/* The mail at hand. */
	struct report_sink *to;
	const struct inbox_item *item;
	struct report_mail mail;
	struct unpack_budget budget;
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

static int line_add(struct judge *j, const struct report_entry *entry, struct err *err)
{
	j->lines++;
	return j->to->ops->entry(j->to, entry, err);
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
static bool ends_like_a_mail(const struct judge *j)
{
	char bytes[256];
	const int64_t from = j->item->id.size - (int64_t)sizeof bytes;
	const ssize_t n = pread(j->item->fd, bytes, sizeof bytes, from > 0 ? (off_t)from : 0);
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
static int line_refuse(struct judge *j, const char *where, enum unpack_how how,
	const struct err *why, struct err *err)
{
	struct report_entry entry = {
		.where = slice_of(where), .ending = REPORT_REFUSED, .reason = why->text
	};

	if (err_ends_run(why)) {
		*err = *why;
		return where[0] != '\0' ? err_wrap(err, "%s", where) : -1;
	}
	if (was_cut(why, how) && j->item->age_seconds < YOUNG_SECONDS_MAX && !ends_like_a_mail(j)) {
		j->deferred = true;
		return 0;
	}
	return line_add(j, &entry, err);
}

/* ---- one entry --------------------------------------------------------------------------- */

struct place {
	char where[300];    /* "part 2: report.xml" */
	struct slice label; /* the name the sender gave it, absent if none */
	struct slice type;  /* of the part */
};

static void place_set(struct place *place, const struct judge *j, const struct mime_part *part,
	struct slice entry_name)
{
	struct err_quote q;

	place->type = part->type;
	place->label = entry_name.len > 0 ? entry_name : part->name;
	if (j->mail.is_mail && place->label.len > 0)
		(void)snprintf(place->where, sizeof place->where, "part %u: %s", part->index,
			err_printable(&q, place->label));
	else if (j->mail.is_mail)
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

static int entry_not_a_report(struct judge *j, const struct place *place,
	const struct unpack_entry *entry, const char *kind, struct err *err)
{
	struct report_entry line = {
		.where = slice_of(place->where), .ending = REPORT_NOT_A_REPORT, .kind = kind
	};
	struct err why = ERR_INIT;

	if (is_plain_data(kind) && claims_report(place, entry->how)) {
		err_set(&why, ERR_REPORT, "no aggregate report: %s", kind);
		return line_refuse(j, place->where, entry->how, &why, err);
	}
	/* The text and pictures around a report are no findings; what an archive holds is. */
	if (j->mail.is_mail && entry->how == UNPACK_PLAIN) {
		if (!is_plain_data(kind))
			j->plain_kind = kind;
		return 0;
	}
	return line_add(j, &line, err);
}

/* How it ended is the store's to say. */
static int entry_outcome(struct judge *j, const struct place *place, struct err *err)
{
	const struct report_entry line = { .where = slice_of(place->where),
		.ending = JUDGE_AS_REPORTED };

	return line_add(j, &line, err);
}

/* One pass of the parser. 1: the report is whole; 0: *why says why not; -1: err. */
static int entry_pass(struct judge *j, const struct kind *kind, struct reader *data,
	struct parse_context *context, struct err *why, struct err *err)
{
	struct report_outcome outcome;

	context->retry = PARSE_STRICT;
	err_clear(why);
	if (j->to->ops->report_begin(j->to, err) < 0)
		return -1;
	if (kind->parse(data, j->to, context, why) == 0 &&
		j->to->ops->report_end(j->to, &outcome, why) == 0)
		return 1;
	if (err_ends_run(why)) {
		*err = *why;
		return -1;
	}
	return j->to->ops->report_abandon(j->to, err);
}

static int ingest_entry(struct judge *j, const struct mime_part *part, struct unpack *u,
	struct unpack_entry *entry, struct err *err)
{
	const struct kind *kind = kind_find(entry->head);
	struct parse_context context = { .mode = PARSE_STRICT,
		.trust = j->mail.trust,
		.from = j->mail.from,
		.now = j->mail.seen };
	struct err why = ERR_INIT;
	struct place place;
	int rc;

	place_set(&place, j, part, entry->name);
	if (j->mail.is_mail && !j->has_first_text && slice_starts(part->type, SLICE_LIT("text/"))) {
		j->has_first_text = true;
		j->first_text_len =
			entry->head.len < FIRST_TEXT_KEEP ? entry->head.len : FIRST_TEXT_KEEP;
		if (j->first_text_len > 0)
			memcpy(j->first_text, entry->head.ptr, j->first_text_len);
	}
	if (kind->parse == NULL)
		return entry_not_a_report(j, &place, entry, kind->name, err);
	for (;;) {
		rc = entry_pass(j, kind, entry->data, &context, &why, err);
		if (rc < 0)
			return place.where[0] != '\0' ? err_wrap(err, "%s", place.where) : -1;
		if (rc > 0)
			return entry_outcome(j, &place, err);
		/* Each pass may ask for a more lenient one, never for one it has had. */
		if (context.retry <= context.mode)
			break;
		context.mode = context.retry;
		err_clear(&why);
		if (unpack_again(u, entry, &why) < 0)
			break;
	}
	return line_refuse(j, place.where, entry->how, &why, err);
}

/* ---- one part ---------------------------------------------------------------------------- */

static int ingest_part(struct judge *j, const struct mime_part *part, struct err *err)
{
	struct unpack *u = NULL;
	struct unpack_entry entry;
	struct err why = ERR_INIT;
	struct place place;
	int rc = -1, more;

	place_set(&place, j, part, SLICE_ABSENT);
	if (unpack_open(&u, part->body, &j->budget, &why) < 0)
		return line_refuse(j, place.where, UNPACK_PLAIN, &why, err);
	/* A zip may hold several reports; each stands or falls alone. */
	while (!j->deferred && (more = unpack_next(u, &entry, &why)) != 0) {
		if (more > 0) {
			if (ingest_entry(j, part, u, &entry, err) < 0)
				goto out;
			continue;
		}
		if (line_refuse(j, place.where, UNPACK_PLAIN, &why, err) < 0)
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

static void remember_type(struct judge *j, struct slice type)
{
	const size_t n = j->types_len, len = type.len < TYPE_KEEP ? type.len : TYPE_KEEP;

	if (n == MIME_PARTS_MAX)
		return;
	if (len > 0)
		memcpy(j->types[n], type.ptr, len);
	j->type_slices[n] = slice_from(j->types[n], len);
	j->types_len++;
}

static int no_report(struct judge *j, const struct mime_headers *headers, struct err *err)
{
	struct report_entry line = { .ending = REPORT_NOT_A_REPORT };

	line.kind =
		j->plain_kind != NULL
			? j->plain_kind
			: kind_of_mail(headers, j->type_slices, j->types_len,
				  j->has_first_text ? slice_from(j->first_text, j->first_text_len)
						    : SLICE_ABSENT);
	return line_add(j, &line, err);
}

static int ingest_mime(
	struct judge *j, struct mime *mime, const struct mime_headers *headers, struct err *err)
{
	struct mime_part part;
	struct err why = ERR_INIT;
	int more = 0;

	while (!j->deferred && (more = mime_next(mime, &part, &why)) > 0) {
		remember_type(j, part.type);
		if (ingest_part(j, &part, err) < 0)
			return -1;
	}
	if (more < 0 && line_refuse(j, "", UNPACK_PLAIN, &why, err) < 0)
		return -1;
	if (j->lines == 0 && !j->deferred)
		return no_report(j, headers, err);
	return 0;
}

static int ingest_bare(struct judge *j, struct err *err)
{
	struct reader_fd reader;
	const struct mime_part part = {
		.index = 1, .name = j->mail.id.name, .body = reader_fd_init(&reader, j->item->fd)
	};
	const struct report_entry nothing = { .ending = REPORT_NOT_A_REPORT, .kind = "empty" };
	struct err why = ERR_INIT;

	if (lseek(j->item->fd, 0, SEEK_SET) < 0) {
		err_errno(&why, ERR_SHORTAGE, errno, "seek");
		return line_refuse(j, "", UNPACK_PLAIN, &why, err);
	}
	if (ingest_part(j, &part, err) < 0)
		return -1;
	/* An archive of nothing has no entry to say so. */
	return j->lines == 0 && !j->deferred ? line_add(j, &nothing, err) : 0;
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

static void describe_mail(struct judge *j, const struct mime_headers *headers)
{
	struct report_mail *mail = &j->mail;
	struct trust trust;

	trust_judge(headers, j->authserv_id, &trust);
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
static int judge_content(struct judge *j, struct err *err)
{
	struct mime *mime = NULL;
	struct mime_headers headers = { .date = 0 };
	struct err why = ERR_INIT;
	bool bare = j->item->bare && looks_bare(j->item->fd);
	int rc = -1, opened = 0;

	if (!bare) {
		opened = mime_open(&mime, j->item->fd, &why);
		if (opened == 0) {
			mime_headers(mime, &headers);
			bare = j->item->bare && headers.empty;
		}
		if (opened < 0 && err_ends_run(&why)) {
			*err = why;
			return -1;
		}
		/* A file that is no mail is still a file: named by what it holds. */
		if (opened < 0 && j->item->bare)
			bare = true;
	}
	j->mail.trust = bare ? REPORT_TRUST_LOCAL : REPORT_TRUST_UNKNOWN;
	if (opened == 0 && !bare)
		describe_mail(j, &headers);
	if (j->to->ops->mail_begin(j->to, &j->mail, err) < 0)
		goto out;
	if (opened < 0 && !bare)
		rc = line_refuse(j, "", UNPACK_PLAIN, &why, err);
	else
		rc = bare ? ingest_bare(j, err) : ingest_mime(j, mime, &headers, err);
out:
	mime_close(mime);
	return rc;
}

/* A mail that is refused before it is opened: odd, or too large. */
static int judge_unread(struct judge *j, const char *reason, bool for_now, struct err *err)
{
	const struct report_entry line = { .ending = for_now ? REPORT_DEFERRED : REPORT_REFUSED,
		.reason = reason };

	if (j->to->ops->mail_begin(j->to, &j->mail, err) < 0)
		return -1;
	return line_add(j, &line, err);
}

/* The mail may be complete next time: nothing of it stays but a line that says so. */
static int judge_deferred(struct judge *j, struct err *err)
{
	if (j->to->ops->mail_abandon(j->to, err) < 0)
		return -1;
	/* What its header said went with the parser. */
	j->mail = (struct report_mail){ .id = j->item->id, .seen = j->mail.seen };
	return judge_unread(j, "cut short; it may still be being written", true, err);
}

int judge_mail(struct judge *j, const struct inbox_item *item, int64_t seen, struct report_sink *to,
	struct err *err)
{
	char reason[96];
	int rc;

	j->to = to;
	j->item = item;
	j->mail = (struct report_mail){ .id = item->id, .seen = seen };
	j->budget = (struct unpack_budget)UNPACK_BUDGET_INIT;
	j->lines = 0;
	j->deferred = j->has_first_text = false;
	j->plain_kind = NULL;
	j->types_len = j->first_text_len = 0;

	if (j->item->odd != NULL) {
		(void)snprintf(reason, sizeof reason, "%s%s", j->item->odd,
			j->item->odd_for_now ? "" : ", not a message");
		rc = judge_unread(j, reason, j->item->odd_for_now, err);
	} else if (j->item->id.size > MESSAGE_BYTES_MAX) {
		(void)snprintf(reason, sizeof reason, "%lld bytes, more than the %d of a message",
			(long long)j->item->id.size, MESSAGE_BYTES_MAX);
		rc = judge_unread(j, reason, false, err);
	} else {
		rc = judge_content(j, err);
		if (rc == 0 && j->deferred)
			rc = judge_deferred(j, err);
	}
	/* The sink has seen all lines: the worst of them is what counts there. */
	return rc < 0 ? -1 : to->ops->mail_end(to, REPORT_NOT_A_REPORT, err);
}

int judge_open(struct judge **ret, const char *authserv_id, struct err *err)
{
	struct judge *j = calloc(1, sizeof *j);

	assert(authserv_id != NULL);
	if (j == NULL)
		return err_errno(err, ERR_SHORTAGE, ENOMEM, "ingest");
	j->authserv_id = authserv_id;
	*ret = j;
	return 0;
}

void judge_close(struct judge *j)
{
	free(j);
}
