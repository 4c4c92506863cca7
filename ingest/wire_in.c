/* The writer's side of the wire: bytes of a process that reads strangers' mail, believed in nothing. */
#include "ingest/unpack.h"
#include "ingest/wire.h"
#include "store/base/utf8.h"

#define LENGTH_BYTES 4
#define HEAD_BYTES   2
/* Free text is cut at TEXT_KEEP; a reason of a line at an err's text. */
#define TEXT_MAX (2 * TEXT_KEEP)
/* Lines of one mail, and passes over its reports. */
#define LINES_MAX (MIME_PARTS_MAX * (ARCHIVE_ENTRIES_MAX + 2) * 2)
#define PASSES    3

/* What is left of a frame; bad once anything did not fit. */
struct in {
	const unsigned char *at;
	size_t left;
	bool bad;
};

static uint64_t get_number(struct in *in, unsigned bytes)
{
	uint64_t value = 0;

	if (in->left < bytes) {
		in->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)in->at[i] << (8 * i);
	in->at += bytes;
	in->left -= bytes;
	return value;
}

static uint64_t get_up_to(struct in *in, unsigned bytes, uint64_t most)
{
	const uint64_t value = get_number(in, bytes);

	if (value > most) {
		in->bad = true;
		return 0;
	}
	return value;
}

static bool get_bool(struct in *in)
{
	return get_up_to(in, 1, 1) == 1;
}

static struct slice get_bytes(struct in *in, size_t len)
{
	struct slice s;

	if (in->left < len) {
		in->bad = true;
		return SLICE_ABSENT;
	}
	s = slice_from(in->at, len);
	in->at += len;
	in->left -= len;
	return s;
}

static struct slice get_text_to(struct in *in, size_t most)
{
	const uint64_t len = get_up_to(in, 4, most + 1);
	struct slice s;

	if (len == 0)
		return SLICE_ABSENT;
	s = get_bytes(in, (size_t)len - 1);
	if (!slice_absent(s) && !utf8_valid(s))
		in->bad = true;
	return s;
}

static struct slice get_text(struct in *in)
{
	return get_text_to(in, TEXT_MAX);
}

/* A text that ends with its NUL. */
static const char *get_c_text(struct in *in)
{
	const uint64_t len = get_up_to(in, 4, TEXT_MAX + 2);
	struct slice s;

	if (len == 0)
		return NULL;
	s = get_bytes(in, (size_t)len - 1);
	if (s.len == 0 || s.ptr[s.len - 1] != '\0' || !utf8_valid(slice_from(s.ptr, s.len - 1))) {
		in->bad = true;
		return NULL;
	}
	return s.ptr;
}

static struct report_word get_word(struct in *in, const struct vocabulary *v)
{
	struct report_word word = { .meaning = (uint8_t)get_up_to(in, 1, v->count - 1u) };

	word.token = get_text(in);
	return word;
}

/* ---- one reader a kind --------------------------------------------------------------------- */

static void get_nothing(struct in *in, struct wire_frame *f)
{
	(void)in;
	(void)f;
}

static void get_mail(struct in *in, struct wire_frame *f)
{
	struct report_mail *m = &f->u.mail;

	*m = (struct report_mail){ .seen = (int64_t)get_number(in, 8) };
	m->is_mail = get_bool(in);
	m->from = get_text_to(in, TEXT_KEEP);
	m->subject = get_text_to(in, TEXT_KEEP);
	m->message_id = get_text_to(in, TEXT_KEEP);
	m->date = (int64_t)get_number(in, 8);
	m->auth_server = get_text_to(in, TEXT_KEEP);
	m->auth_dkim = get_word(in, &report_auth_results);
	m->auth_spf = get_word(in, &report_auth_results);
	m->auth_dmarc = get_word(in, &report_auth_results);
	m->trust = (enum report_trust)get_up_to(in, 1, REPORT_TRUST_COUNT - 1);
}

/* A chunk that is to be stored as it is: what it would give is its reader's care, its size is not. */
static void get_packed(struct in *in, struct wire_frame *f)
{
	struct report_packed *p = &f->u.packed;
	struct slice sha256;

	*p = (struct report_packed){ .last = get_bool(in) };
	if (p->last) {
		p->size = (int64_t)get_up_to(in, 8, UNPACKED_BYTES_MAX);
		sha256 = get_bytes(in, DIGEST_BYTES);
		if (sha256.len == DIGEST_BYTES)
			memcpy(p->sha256.bytes, sha256.ptr, DIGEST_BYTES);
	}
	p->bytes = get_bytes(in, in->left);
	in->bad |= p->last ? p->size == 0 || p->bytes.len > PACK_CHUNK_BYTES_MAX
			   : p->bytes.len != PACK_CHUNK_BYTES_MAX;
}

/* What domain_key() makes: no blank, no control, nothing in capitals. */
static bool is_key(struct slice s)
{
	if (s.len == 0 || s.len > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.ptr[i] <= ' ' || s.ptr[i] == 0x7f ||
			(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z'))
			return false;
	}
	return true;
}

static void get_head(struct in *in, struct wire_frame *f)
{
	struct report_head *h = &f->u.head;
	struct slice *const texts[] = { &h->org_name, &h->email, &h->extra_contact_info,
		&h->report_id, &h->errors, &h->generator, &h->version, &h->xmlns, &h->domain,
		&h->domain_key, &h->pct, &h->fo };
	const struct {
		struct report_word *word;
		const struct vocabulary *v;
	} words[] = { { &h->p, &report_policy_words }, { &h->sp, &report_policy_words },
		{ &h->np, &report_policy_words }, { &h->adkim, &report_alignments },
		{ &h->aspf, &report_alignments }, { &h->testing, &report_testings },
		{ &h->discovery_method, &report_discoveries } };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = get_text(in);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		*words[i].word = get_word(in, words[i].v);
	h->begin = (int64_t)get_number(in, 8);
	h->end = (int64_t)get_number(in, 8);
	h->dialect = (enum report_dialect)get_up_to(in, 1, REPORT_DIALECT_COUNT - 1);
	h->trust = (enum report_trust)get_up_to(in, 1, REPORT_TRUST_COUNT - 1);
	h->from_mismatch = get_bool(in);
	if (h->report_id.len == 0 || h->report_id.len > REPORT_ID_MAX || h->begin < 0 ||
		h->end < h->begin || h->end > INT64_MAX / 4 || !is_key(h->domain_key))
		in->bad = true;
}

static void get_auth(struct in *in, struct report_auth *a)
{
	a->kind = (uint8_t)get_up_to(in, 1, REPORT_SPF);
	a->domain = get_text(in);
	a->selector = get_text(in);
	a->scope = get_word(in, &report_scopes);
	a->result = get_word(in, &report_auth_results);
	a->human_result = get_text(in);
}

/* An address, or, where it has no bytes, the text that stands for one. */
static void get_source(struct in *in, struct report_record *r)
{
	const size_t len = (size_t)get_up_to(in, 1, sizeof r->source_ip.bytes);

	r->source_ip = (struct ip){ .len = 0 };
	r->source_text = SLICE_ABSENT;
	if (len == 0) {
		r->source_text = get_text_to(in, SOURCE_TEXT_MAX);
		in->bad |= !report_is_source_text(r->source_text);
	} else {
		in->bad |= !ip_from_bytes(get_bytes(in, len), &r->source_ip);
	}
}

static void get_record(struct in *in, struct wire_frame *f)
{
	struct report_record *r = &f->u.record;

	r->position = (uint32_t)get_number(in, 4);
	r->line = (uint32_t)get_number(in, 4);
	get_source(in, r);
	r->count = (int64_t)get_up_to(in, 8, COUNT_MAX);
	r->disposition = get_word(in, &report_dispositions);
	r->dkim = get_word(in, &report_results);
	r->spf = get_word(in, &report_results);
	r->header_from = get_text(in);
	r->envelope_from = get_text(in);
	r->envelope_to = get_text(in);
	r->reasons_len = (unsigned)get_up_to(in, 1, REASON_MAX);
	for (unsigned i = 0; i < r->reasons_len && !in->bad; i++) {
		r->reasons[i].type = get_word(in, &report_reason_types);
		r->reasons[i].comment = get_text(in);
	}
	r->auth_len = (unsigned)get_up_to(in, 1, AUTH_MAX);
	for (unsigned i = 0; i < r->auth_len && !in->bad; i++)
		get_auth(in, &r->auth[i]);
}

static void get_unreadable(struct in *in, struct wire_frame *f)
{
	f->u.unreadable.position = (uint32_t)get_number(in, 4);
	f->u.unreadable.line = (uint32_t)get_number(in, 4);
	f->u.unreadable.reason = get_c_text(in);
	in->bad |= f->u.unreadable.reason == NULL;
}

static void get_note(struct in *in, struct wire_frame *f)
{
	f->u.note.note = (enum report_note)get_up_to(in, 1, REPORT_NOTE_COUNT - 1);
	f->u.note.detail = get_text(in);
}

static void get_entry(struct in *in, struct wire_frame *f)
{
	f->u.entry = (struct report_entry){ .where = get_text(in) };
	f->u.entry.ending = (enum report_ending)get_up_to(in, 1, REPORT_ENDING_COUNT);
	f->u.entry.kind = get_c_text(in);
	f->u.entry.reason = get_c_text(in);
}

static void get_shortage(struct in *in, struct wire_frame *f)
{
	f->u.text = get_c_text(in);
	in->bad |= f->u.text == NULL;
}

int wire_next(struct slice *bytes, struct wire_frame *ret, struct err *err)
{
	static void (*const readers[WIRE_KIND_COUNT])(struct in *, struct wire_frame *) = {
		[WIRE_MAIL_BEGIN] = get_mail,
		[WIRE_REPORT_BEGIN] = get_nothing,
		[WIRE_PACKED] = get_packed,
		[WIRE_HEAD] = get_head,
		[WIRE_RECORD] = get_record,
		[WIRE_UNREADABLE] = get_unreadable,
		[WIRE_PLACEHOLDER] = get_nothing,
		[WIRE_NOTE] = get_note,
		[WIRE_REPORT_END] = get_nothing,
		[WIRE_REPORT_ABANDON] = get_nothing,
		[WIRE_ENTRY] = get_entry,
		[WIRE_MAIL_END] = get_nothing,
		[WIRE_MAIL_ABANDON] = get_nothing,
		[WIRE_SHORTAGE] = get_shortage,
	};
	struct in in = { (const unsigned char *)bytes->ptr, bytes->len, false };
	size_t len;
	uint64_t version, kind;

	if (bytes->len < LENGTH_BYTES)
		return 0;
	len = (size_t)get_number(&in, LENGTH_BYTES);
	if (len < HEAD_BYTES || len > WIRE_FRAME_MAX)
		return err_set(err, ERR_MESSAGE, "a frame of %zu bytes", len);
	if (in.left < len)
		return 0;
	in.left = len;
	version = get_number(&in, 1);
	kind = get_number(&in, 1);
	if (version != WIRE_VERSION || kind >= WIRE_KIND_COUNT || readers[kind] == NULL)
		return err_set(err, ERR_MESSAGE, "an unknown frame (%u of version %u)",
			(unsigned)kind, (unsigned)version);
	ret->kind = (enum wire_kind)kind;
	readers[kind](&in, ret);
	if (in.bad || in.left > 0)
		return err_set(err, ERR_MESSAGE, "a bad frame (%u)", (unsigned)kind);
	*bytes = slice_from(bytes->ptr + LENGTH_BYTES + len, bytes->len - LENGTH_BYTES - len);
	return 1;
}

/* ---- frames to calls ------------------------------------------------------------------------ */

void wire_replay_init(struct wire_replay *r)
{
	*r = (struct wire_replay){ .in_mail = false };
}

/* No more than a packer makes of what the last one says, or of the most that it could say. */
static bool packed_in_order(const struct wire_replay *r, const struct wire_frame *f)
{
	const struct report_packed *p = &f->u.packed;
	const int64_t bytes = r->packed_bytes + (int64_t)p->bytes.len;

	return !r->packed_ended && bytes > 0 &&
	       bytes <= pack_bytes_max(p->last ? p->size : UNPACKED_BYTES_MAX);
}

/* May this frame come now? */
static bool in_order(const struct wire_replay *r, const struct wire_frame *f)
{
	const bool in_report = r->in_report, between = r->in_mail && !r->in_report;
	const bool allowed[WIRE_KIND_COUNT] = {
		/* Once more after the first was abandoned: the line that says it is deferred. */
		[WIRE_MAIL_BEGIN] = !r->in_mail && r->begun < 2,
		[WIRE_REPORT_BEGIN] = between && r->reports < LINES_MAX * PASSES,
		[WIRE_PACKED] = in_report && f->kind == WIRE_PACKED && packed_in_order(r, f),
		[WIRE_HEAD] = in_report && !r->has_head,
		[WIRE_RECORD] = in_report && r->records < RECORDS_MAX,
		[WIRE_UNREADABLE] = in_report && r->records < RECORDS_MAX,
		[WIRE_PLACEHOLDER] = in_report && r->records < RECORDS_MAX,
		[WIRE_NOTE] = in_report,
		[WIRE_REPORT_END] =
			in_report && r->has_head && (r->packed_bytes == 0 || r->packed_ended),
		[WIRE_REPORT_ABANDON] = in_report,
		[WIRE_ENTRY] = between && r->lines < LINES_MAX &&
			       (f->u.entry.ending != REPORT_ENDING_COUNT || r->ended),
		[WIRE_MAIL_END] = between,
		[WIRE_MAIL_ABANDON] = between,
		[WIRE_SHORTAGE] = true,
	};

	return allowed[f->kind];
}

/* The calls on a report at hand. */
static int report_call(const struct wire_frame *f, struct report_sink *to, struct err *err)
{
	switch ((int)f->kind) {
	case WIRE_PACKED:
		return to->ops->packed(to, &f->u.packed, err);
	case WIRE_HEAD:
		return to->ops->head(to, &f->u.head, err);
	case WIRE_RECORD:
		return to->ops->record(to, &f->u.record, err);
	case WIRE_UNREADABLE:
		return to->ops->unreadable(to, &f->u.unreadable, err);
	case WIRE_PLACEHOLDER:
		return to->ops->placeholder(to, err);
	case WIRE_NOTE:
		return to->ops->note(to, f->u.note.note, f->u.note.detail, err);
	default:
		return 0;
	}
}

/* The store will not have this report: it is dropped here, and its line will say why. */
static int refuse(struct wire_replay *r, struct report_sink *to, struct err *why, struct err *err)
{
	if (err_ends_run(why)) {
		*err = *why;
		return -1;
	}
	r->refused = true;
	r->why = *why;
	return to->ops->report_abandon(to, err);
}

static int replay_in_report(
	struct wire_replay *r, const struct wire_frame *f, struct report_sink *to, struct err *err)
{
	struct report_outcome outcome;
	struct err why = ERR_INIT;

	r->has_head |= f->kind == WIRE_HEAD;
	if (f->kind == WIRE_PACKED) {
		r->packed_bytes += (int64_t)f->u.packed.bytes.len;
		r->packed_ended = f->u.packed.last;
	}
	r->records +=
		f->kind == WIRE_RECORD || f->kind == WIRE_UNREADABLE || f->kind == WIRE_PLACEHOLDER;
	if (f->kind == WIRE_REPORT_END || f->kind == WIRE_REPORT_ABANDON) {
		r->in_report = false;
		r->ended = f->kind == WIRE_REPORT_END;
	}
	if (r->refused)
		return 0;
	if (f->kind == WIRE_REPORT_ABANDON)
		return to->ops->report_abandon(to, err);
	if (f->kind == WIRE_REPORT_END ? to->ops->report_end(to, &outcome, &why) < 0
				       : report_call(f, to, &why) < 0)
		return refuse(r, to, &why, err);
	return 0;
}

static int replay_entry(struct wire_replay *r, const struct report_entry *given,
	struct report_sink *to, struct err *err)
{
	struct report_entry line = *given;

	r->lines++;
	if (line.ending == REPORT_ENDING_COUNT && r->refused) {
		line.ending = REPORT_REFUSED;
		line.reason = r->why.text;
	}
	r->ended = false;
	return to->ops->entry(to, &line, err);
}

int wire_replay(
	struct wire_replay *r, const struct wire_frame *f, struct report_sink *to, struct err *err)
{
	if (!in_order(r, f))
		return err_set(err, ERR_MESSAGE, "a frame out of order (%u)", (unsigned)f->kind);
	if (r->in_report && f->kind != WIRE_SHORTAGE)
		return replay_in_report(r, f, to, err);
	switch ((int)f->kind) {
	case WIRE_MAIL_BEGIN:
		r->in_mail = true;
		r->begun++;
		return to->ops->mail_begin(to, &f->u.mail, err);
	case WIRE_REPORT_BEGIN:
		r->in_report = true;
		r->has_head = r->ended = r->refused = false;
		r->records = 0;
		r->packed_bytes = 0;
		r->packed_ended = false;
		r->reports++;
		return to->ops->report_begin(to, err);
	case WIRE_ENTRY:
		return replay_entry(r, &f->u.entry, to, err);
	case WIRE_MAIL_ABANDON:
		r->in_mail = false;
		return to->ops->mail_abandon(to, err);
	case WIRE_MAIL_END:
		r->in_mail = false;
		return to->ops->mail_end(to, REPORT_NOT_A_REPORT, err) < 0 ? -1 : 1;
	default:
		return err_set(err, ERR_SHORTAGE, "%s", f->u.text);
	}
}
