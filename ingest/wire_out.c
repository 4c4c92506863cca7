/* The worker's side of the wire: calls become frames. */
#include <assert.h>

#include "ingest/wire.h"
#include "store/base/utf8.h"

#define LENGTH_BYTES      4
#define TEXT_REPAIR_BYTES (4 * 1024)

static struct wire_out *out_of(struct report_sink *s)
{
	return (struct wire_out *)s;
}

static void put_number(struct buf *b, uint64_t value, unsigned bytes)
{
	char *room = buf_room(b, bytes);

	if (room == NULL)
		return;
	for (unsigned i = 0; i < bytes; i++)
		room[i] = (char)(value >> (8 * i) & 0xff);
	b->len += bytes;
}

static void put_text(struct buf *b, struct slice s)
{
	put_number(b, slice_absent(s) ? 0 : s.len + 1, 4);
	if (s.len > 0)
		buf_add(b, s);
}

/* Texts of messages may have been cut within a character. */
static void put_message(struct buf *b, struct slice s)
{
	char room[TEXT_REPAIR_BYTES];
	bool changed;

	if (!slice_absent(s) && !utf8_valid(s))
		s = slice_from(room, utf8_repair(s, room, sizeof room, &changed));
	put_text(b, s);
}

/* With the NUL, so that it can be read where it lies. */
static void put_c_text(struct buf *b, const char *text)
{
	char room[TEXT_REPAIR_BYTES];
	struct slice s = slice_of(text);
	bool changed;

	if (text == NULL) {
		put_number(b, 0, 4);
		return;
	}
	if (!utf8_valid(s))
		s = slice_from(room, utf8_repair(s, room, sizeof room, &changed));
	put_number(b, s.len + 2, 4);
	buf_add(b, s);
	put_number(b, 0, 1);
}

static void put_word(struct buf *b, struct report_word word)
{
	put_number(b, word.meaning, 1);
	put_text(b, word.token);
}

static size_t frame_begin(struct wire_out *out, enum wire_kind kind)
{
	const size_t at = out->buf.len;

	put_number(&out->buf, 0, LENGTH_BYTES);
	put_number(&out->buf, WIRE_VERSION, 1);
	put_number(&out->buf, kind, 1);
	return at;
}

static int flush(struct wire_out *out, struct err *err)
{
	const int rc = out->send(out, buf_slice(&out->buf), err);

	buf_clear(&out->buf);
	return rc;
}

static int frame_end(struct wire_out *out, size_t at, struct err *err)
{
	struct buf *b = &out->buf;
	uint64_t len;

	if (buf_failed(b))
		return err_set(err, ERR_SHORTAGE, "no memory for a frame");
	len = b->len - at - LENGTH_BYTES;
	assert(len <= WIRE_FRAME_MAX);
	for (unsigned i = 0; i < LENGTH_BYTES; i++)
		b->ptr[at + i] = (char)(len >> (8 * i) & 0xff);
	return b->len >= WIRE_GATHER_BYTES ? flush(out, err) : 0;
}

static int bare(struct report_sink *s, enum wire_kind kind, struct err *err)
{
	return frame_end(out_of(s), frame_begin(out_of(s), kind), err);
}

static int mail_known(struct report_sink *s, const struct report_mail_id *id,
	enum report_ending *ending, struct err *err)
{
	(void)s;
	(void)id;
	(void)ending;
	(void)err;
	return 0; /* the writer asks before it sends a mail */
}

static int mail_begin(struct report_sink *s, const struct report_mail *mail, struct err *err)
{
	struct wire_out *out = out_of(s);
	struct buf *b = &out->buf;
	const size_t at = frame_begin(out, WIRE_MAIL_BEGIN);

	put_number(b, (uint64_t)mail->seen, 8);
	put_number(b, mail->is_mail, 1);
	put_message(b, mail->from);
	put_message(b, mail->subject);
	put_message(b, mail->message_id);
	put_number(b, (uint64_t)mail->date, 8);
	put_message(b, mail->auth_server);
	put_word(b, mail->auth_dkim);
	put_word(b, mail->auth_spf);
	put_word(b, mail->auth_dmarc);
	put_number(b, mail->trust, 1);
	return frame_end(out, at, err);
}

static int report_begin(struct report_sink *s, struct err *err)
{
	struct wire_out *out = out_of(s);

	if (out->packer != NULL)
		packer_reset(out->packer);
	return bare(s, WIRE_REPORT_BEGIN, err);
}

static int original(struct report_sink *s, struct slice bytes, struct err *err)
{
	struct wire_out *out = out_of(s);

	return out->packer != NULL ? packer_add(out->packer, bytes, err) : 0;
}

static int packed(struct report_sink *s, const struct report_packed *p, struct err *err)
{
	struct wire_out *out = out_of(s);
	struct buf *b = &out->buf;
	const size_t at = frame_begin(out, WIRE_PACKED);

	put_number(b, p->last, 1);
	if (p->last) {
		put_number(b, (uint64_t)p->size, 8);
		buf_add(b, digest_slice(&p->sha256));
	}
	if (p->bytes.len > 0)
		buf_add(b, p->bytes);
	return frame_end(out, at, err);
}

static int take_packed(void *arg, const struct report_packed *p, struct err *err)
{
	struct wire_out *out = arg;

	return packed(&out->sink, p, err);
}

static int head(struct report_sink *s, const struct report_head *h, struct err *err)
{
	struct wire_out *out = out_of(s);
	struct buf *b = &out->buf;
	const size_t at = frame_begin(out, WIRE_HEAD);
	const struct slice texts[] = { h->org_name, h->email, h->extra_contact_info, h->report_id,
		h->errors, h->generator, h->version, h->xmlns, h->domain, h->domain_key, h->pct,
		h->fo };
	const struct report_word words[] = { h->p, h->sp, h->np, h->adkim, h->aspf, h->testing,
		h->discovery_method };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put_text(b, texts[i]);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		put_word(b, words[i]);
	put_number(b, (uint64_t)h->begin, 8);
	put_number(b, (uint64_t)h->end, 8);
	put_number(b, h->dialect, 1);
	put_number(b, h->trust, 1);
	put_number(b, h->from_mismatch, 1);
	return frame_end(out, at, err);
}

static int record(struct report_sink *s, const struct report_record *r, struct err *err)
{
	struct wire_out *out = out_of(s);
	struct buf *b = &out->buf;
	const size_t at = frame_begin(out, WIRE_RECORD);

	put_number(b, r->position, 4);
	put_number(b, r->line, 4);
	put_number(b, r->source_ip.len, 1);
	buf_add(b, ip_slice(&r->source_ip));
	if (r->source_ip.len == 0)
		put_text(b, r->source_text);
	put_number(b, (uint64_t)r->count, 8);
	put_word(b, r->disposition);
	put_word(b, r->dkim);
	put_word(b, r->spf);
	put_text(b, r->header_from);
	put_text(b, r->envelope_from);
	put_text(b, r->envelope_to);
	put_number(b, r->reasons_len, 1);
	for (unsigned i = 0; i < r->reasons_len; i++) {
		put_word(b, r->reasons[i].type);
		put_text(b, r->reasons[i].comment);
	}
	put_number(b, r->auth_len, 1);
	for (unsigned i = 0; i < r->auth_len; i++) {
		const struct report_auth *a = &r->auth[i];

		put_number(b, a->kind, 1);
		put_text(b, a->domain);
		put_text(b, a->selector);
		put_word(b, a->scope);
		put_word(b, a->result);
		put_text(b, a->human_result);
	}
	return frame_end(out, at, err);
}

static int unreadable(struct report_sink *s, const struct report_unreadable *u, struct err *err)
{
	struct wire_out *out = out_of(s);
	const size_t at = frame_begin(out, WIRE_UNREADABLE);

	put_number(&out->buf, u->position, 4);
	put_number(&out->buf, u->line, 4);
	put_c_text(&out->buf, u->reason);
	return frame_end(out, at, err);
}

static int placeholder(struct report_sink *s, struct err *err)
{
	return bare(s, WIRE_PLACEHOLDER, err);
}

static int note(struct report_sink *s, enum report_note code, struct slice detail, struct err *err)
{
	struct wire_out *out = out_of(s);
	const size_t at = frame_begin(out, WIRE_NOTE);

	put_number(&out->buf, code, 1);
	put_message(&out->buf, utf8_keep(detail, TEXT_KEEP));
	return frame_end(out, at, err);
}

static int report_end(struct report_sink *s, struct report_outcome *ret, struct err *err)
{
	struct wire_out *out = out_of(s);

	*ret = (struct report_outcome){ .ending = REPORT_STORED }; /* nobody here asks */
	if (out->packer != NULL && packer_end(out->packer, err) < 0)
		return -1;
	return bare(s, WIRE_REPORT_END, err);
}

static int report_abandon(struct report_sink *s, struct err *err)
{
	return bare(s, WIRE_REPORT_ABANDON, err);
}

static int entry(struct report_sink *s, const struct report_entry *e, struct err *err)
{
	struct wire_out *out = out_of(s);
	const size_t at = frame_begin(out, WIRE_ENTRY);

	put_message(&out->buf, e->where);
	put_number(&out->buf, e->ending, 1);
	put_c_text(&out->buf, e->kind);
	put_c_text(&out->buf, e->reason);
	return frame_end(out, at, err);
}

/* Sent at once: should the next mail be the worker's end, this one is not to pay for it. */
static int mail_end(struct report_sink *s, enum report_ending ending, struct err *err)
{
	struct wire_out *out = out_of(s);

	(void)ending; /* the scribe's to say */
	if (bare(s, WIRE_MAIL_END, err) < 0)
		return -1;
	return out->buf.len > 0 ? flush(out, err) : 0;
}

static int mail_abandon(struct report_sink *s, struct err *err)
{
	return bare(s, WIRE_MAIL_ABANDON, err);
}

static int sync_none(struct report_sink *s, struct err *err)
{
	(void)s;
	(void)err;
	return 0;
}

int wire_shortage(struct wire_out *out, const struct err *why, struct err *err)
{
	const size_t at = frame_begin(out, WIRE_SHORTAGE);

	put_c_text(&out->buf, why->text);
	if (frame_end(out, at, err) < 0)
		return -1;
	return out->buf.len > 0 ? flush(out, err) : 0;
}

struct report_sink *wire_out_init(struct wire_out *out,
	int (*send)(struct wire_out *out, struct slice bytes, struct err *err))
{
	static const struct report_sink_ops ops = { mail_known, mail_begin, report_begin, original,
		packed, head, record, unreadable, placeholder, note, report_end, report_abandon,
		entry, mail_end, mail_abandon, sync_none };

	out->sink.ops = &ops;
	out->send = send;
	out->packer = NULL;
	buf_init(&out->buf, WIRE_GATHER_BYTES + WIRE_FRAME_MAX + 16);
	return &out->sink;
}

int wire_out_pack(struct wire_out *out, struct err *err)
{
	return packer_open(&out->packer, take_packed, out, err);
}

void wire_out_release(struct wire_out *out)
{
	packer_close(out->packer);
	out->packer = NULL;
	buf_release(&out->buf);
}
