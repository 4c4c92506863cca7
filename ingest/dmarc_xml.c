#include "ingest/dmarc_xml.h"

#include <assert.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <libxml/xmlerror.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest/dmarc_fill.h"
#include "ingest/verify.h"
#include "ingest/xml_decode.h"
#include "ingest/xml_repair.h"

#define CHUNK_BYTES (64 * 1024)
/* Slots of the set of names; a power of two, over twice XML_UNKNOWN_MAX. */
#define NAME_SLOTS 2048

_Static_assert(
	XML_UNKNOWN_MAX == 1000 && XML_TOKEN_BYTES_MAX == 65536, "the numbers in the messages");

struct parser {
	struct verify *verify;
	xmlParserCtxtPtr xml; /* NULL: to be made */
	struct buf decoded, repaired;
	struct fill fill;
	char *chunk; /* CHUNK_BYTES */

	/* What follows begins anew with each report. */
	struct parse_context *context;
	struct xml_decode decode;
	struct xml_repair repair;
	bool begun;           /* the first `<` was seen */
	bool not_well_formed; /* libxml2 said so; fill.err holds its words */
	bool other_encoding;
	bool junk_before, junk_after;
	uint32_t skipped_lines;
	size_t since_event; /* bytes given to libxml2 since it last told us something */

	unsigned names_len;
	const void *names[NAME_SLOTS]; /* distinct names no grammar row has, interned by libxml2 */
};

/* A report is small and setting up its parser is not: the last one waits here for the next report.
 * One thread parses (GMime wants it so); workers are processes. */
static struct parser *spare;

/* ---- libxml2 calls us ----------------------------------------------------------------------- */

/* After every event: nothing more is to come once it failed. */
static void settle(struct parser *p)
{
	if (p->fill.failed)
		xmlStopParser(p->xml);
}

static void begin_event(struct parser *p)
{
	int line = xmlSAX2GetLineNumber(p->xml);

	p->since_event = 0;
	p->fill.line = line > 0 ? (uint32_t)line + p->skipped_lines : 0;
}

/* Every name costs libxml2's dictionary, and the more there are the more each: 2 million distinct
 * ones took minutes. It interns them, so the pointer tells them apart. */
static void count_name(struct parser *p, const void *name)
{
	size_t slot;

	if (name == NULL || p->fill.failed)
		return;
	slot = ((uintptr_t)name >> 3) * 2654435761u % NAME_SLOTS;
	while (p->names[slot] != NULL) {
		if (p->names[slot] == name)
			return;
		slot = (slot + 1) % NAME_SLOTS;
	}
	if (p->names_len == XML_UNKNOWN_MAX) {
		fill_refuse(&p->fill, "more than 1000 names that no report has");
		return;
	}
	p->names[slot] = name;
	p->names_len++;
}

static void on_start(void *arg, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
	int namespaces_len, const xmlChar **namespaces, int attributes_len, int defaulted,
	const xmlChar **attributes)
{
	struct parser *p = arg;

	(void)defaulted;
	begin_event(p);
	count_name(p, prefix);
	for (int i = 0; i < 2 * namespaces_len; i++)
		count_name(p, namespaces[i]);
	for (int i = 0; i < attributes_len; i++)
		count_name(p, attributes[(ptrdiff_t)i * 5]);
	if (!fill_start(&p->fill, slice_of((const char *)local), slice_of((const char *)uri)))
		count_name(p, local);
	settle(p);
}

static void on_end(void *arg, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	struct parser *p = arg;

	(void)local;
	(void)prefix;
	(void)uri;
	begin_event(p);
	fill_end(&p->fill);
	settle(p);
}

static void on_text(void *arg, const xmlChar *text, int len)
{
	struct parser *p = arg;

	p->since_event = 0;
	fill_text(&p->fill, slice_from(text, (size_t)len));
}

static void on_instruction(void *arg, const xmlChar *target, const xmlChar *data)
{
	struct parser *p = arg;

	(void)data;
	begin_event(p);
	count_name(p, target);
	settle(p);
}

static void on_comment(void *arg, const xmlChar *text)
{
	struct parser *p = arg;

	(void)text;
	p->since_event = 0;
}

/* 475 bytes of nested parameter entities keep libxml2 busy for a minute: no DOCTYPE is let past
 * its name. */
static void on_doctype(
	void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	struct parser *p = arg;

	(void)name;
	(void)external;
	(void)system;
	begin_event(p);
	fill_refuse(&p->fill, "a DOCTYPE, which no report needs");
	settle(p);
}

/* A byte that is not of the declared encoding; libxml2 has several ways to say so. */
static bool is_encoding_error(int code, struct slice message)
{
	return code == XML_I18N_CONV_FAILED || code == XML_ERR_UNSUPPORTED_ENCODING ||
	       code == XML_ERR_INVALID_ENCODING || code == XML_ERR_UNKNOWN_ENCODING ||
	       slice_starts(message, SLICE_LIT("Input is not proper UTF-8"));
}

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_error_ptr;
#else
typedef xmlErrorPtr xml_error_ptr;
#endif

static void on_error(void *arg, xml_error_ptr error)
{
	struct parser *p = arg;
	struct slice rest, message = slice_cut(slice_trim(slice_of(error->message)), '\n', &rest);
	struct err_quote text;
	char what[sizeof text.text + 32];

	if (p->fill.failed || error->level != XML_ERR_FATAL)
		return;
	if (p->fill.done) {
		p->junk_after = true;
		return;
	}
	p->not_well_formed = true;
	p->other_encoding = is_encoding_error(error->code, message);
	p->fill.line = error->line > 0 ? (uint32_t)error->line + p->skipped_lines : 0;
	(void)snprintf(what, sizeof what, "not well-formed: %s", err_printable(&text, message));
	/* Not stopped from in here: libxml2 is in the middle of a character, and tells nothing more
	 * after a fatal error anyway. */
	fill_refuse(&p->fill, what);
}

/* For what libxml2 says outside of any parser; it would print it otherwise. */
static void on_stray_error(void *arg, xml_error_ptr error)
{
	(void)arg;
	(void)error;
}

static xmlParserInputPtr no_entity(const char *url, const char *id, xmlParserCtxtPtr xml)
{
	(void)url;
	(void)id;
	(void)xml;
	return NULL;
}

static int xml_make(struct parser *p, struct err *err)
{
	xmlSAXHandler sax;

	memset(&sax, 0, sizeof sax);
	sax.initialized = XML_SAX2_MAGIC;
	sax.startElementNs = on_start;
	sax.endElementNs = on_end;
	sax.characters = on_text;
	sax.ignorableWhitespace = on_text;
	sax.cdataBlock = on_text;
	sax.comment = on_comment;
	sax.processingInstruction = on_instruction;
	sax.internalSubset = on_doctype;
	sax.serror = on_error;
	xmlSetStructuredErrorFunc(NULL, on_stray_error);
	xmlSetExternalEntityLoader(no_entity);
	p->xml = xmlCreatePushParserCtxt(&sax, p, NULL, 0, NULL);
	return p->xml != NULL ? 0 : err_set(err, ERR_SHORTAGE, "no memory for the XML parser");
}

static int xml_open(struct parser *p, bool ignore_declared, struct err *err)
{
	int options = XML_PARSE_NONET | (ignore_declared ? XML_PARSE_IGNORE_ENC : 0);

	if (p->xml == NULL && xml_make(p, err) < 0)
		return -1;
#ifdef XML_PARSE_NO_XXE
	options |= XML_PARSE_NO_XXE;
#endif
	if (xmlCtxtUseOptions(p->xml, options) != 0)
		return err_set(err, ERR_BUG, "libxml2 refuses its options");
	return 0;
}

/* Ready for the next report. Names a stranger made up would stay in its dictionary for ever, and a
 * parser that stopped half-way is not worth the trust. */
static void xml_rest(struct parser *p)
{
	bool clean = p->xml != NULL && p->names_len == 0 && !p->fill.failed && p->fill.done &&
		     p->context->mode == PARSE_STRICT && p->decode.encoding == XML_AS_IS;

	if (clean && xmlCtxtResetPush(p->xml, NULL, 0, NULL, NULL) == 0)
		return;
	xmlFreeParserCtxt(p->xml);
	p->xml = NULL;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static void push(struct parser *p, struct slice bytes)
{
	if (bytes.len == 0 || p->fill.failed)
		return;
	p->since_event += bytes.len;
	(void)xmlParseChunk(p->xml, bytes.ptr, (int)bytes.len, 0);
	if (!p->fill.failed && !p->fill.done && p->since_event > XML_TOKEN_BYTES_MAX)
		fill_refuse(&p->fill, "a tag or comment longer than 65536 bytes");
}

/* In the strict pass only what stands before the first `<` is passed over. */
static struct slice skip_before(struct parser *p, struct slice bytes)
{
	const char *at;

	if (p->begun)
		return bytes;
	at = bytes.len > 0 ? memchr(bytes.ptr, '<', bytes.len) : NULL;
	p->begun = at != NULL;
	for (size_t i = 0; i < bytes.len && bytes.ptr + i != at; i++)
		p->skipped_lines += bytes.ptr[i] == '\n';
	/* A byte order mark is no junk; anything else, even a blank, breaks a strict parser. */
	p->junk_before =
		p->junk_before ||
		!(at != NULL && (at == bytes.ptr ||
					(at - bytes.ptr == 3 &&
						slice_starts(bytes, SLICE_LIT("\xef\xbb\xbf")))));
	if (at == NULL)
		return slice_from(bytes.ptr, 0);
	return slice_from(at, bytes.len - (size_t)(at - bytes.ptr));
}

static void feed_strict(struct parser *p, struct slice bytes)
{
	if (p->fill.done) {
		p->junk_after = p->junk_after || slice_trim(bytes).len > 0;
		return;
	}
	push(p, skip_before(p, bytes));
}

static void feed_repair(struct parser *p, struct slice bytes, bool last)
{
	buf_clear(&p->repaired);
	if (xml_repair(&p->repair, bytes, last, &p->repaired, &p->fill.err) < 0) {
		p->fill.failed = true;
		return;
	}
	push(p, buf_slice(&p->repaired));
	p->junk_before = p->repair.junk_before;
	p->junk_after = p->repair.junk_after;
}

static void feed(struct parser *p, struct slice bytes, bool last)
{
	if (p->decode.encoding != XML_AS_IS) {
		buf_clear(&p->decoded);
		if (xml_decode(&p->decode, bytes, last, &p->decoded, &p->fill.err) < 0) {
			p->fill.failed = true;
			return;
		}
		bytes = buf_slice(&p->decoded);
	}
	if (p->context->mode == PARSE_STRICT)
		feed_strict(p, bytes);
	else
		feed_repair(p, bytes, last);
}

/* The encoding the declaration names, if it stands in these first bytes. */
static struct slice declared_encoding(struct slice head)
{
	struct slice rest = head;
	size_t at, end;

	at = slice_find(head, SLICE_LIT("<?xml"));
	if (at == SIZE_MAX)
		return SLICE_ABSENT;
	rest = slice_from(head.ptr + at, head.len - at);
	end = slice_find(rest, SLICE_LIT("?>"));
	if (end == SIZE_MAX)
		return SLICE_ABSENT;
	rest.len = end;
	at = slice_find(rest, SLICE_LIT("encoding="));
	if (at == SIZE_MAX || at + 10 >= rest.len)
		return SLICE_ABSENT;
	rest = slice_from(rest.ptr + at + 9, rest.len - at - 9);
	return slice_cut(slice_from(rest.ptr + 1, rest.len - 1), rest.ptr[0], &rest);
}

/* The repair pass reads what claims to be UTF-8 byte by byte, and drops the declaration, so the
 * encoding it names is set by hand. */
static void choose_encoding(struct parser *p, struct slice head)
{
	struct slice declared = declared_encoding(head);
	xmlCharEncodingHandlerPtr handler;
	char name[32];

	p->decode.encoding = xml_encoding_guess(head);
	if (p->decode.encoding != XML_AS_IS || p->context->mode == PARSE_STRICT)
		return;
	p->decode.encoding = XML_CP1252;
	if (p->context->mode == PARSE_REPAIR_CP1252 || declared.len == 0 ||
		declared.len >= sizeof name || slice_starts_fold(declared, SLICE_LIT("utf")) ||
		slice_equal_fold(declared, SLICE_LIT("us-ascii")))
		return;
	memcpy(name, declared.ptr, declared.len);
	name[declared.len] = '\0';
	handler = xmlFindCharEncodingHandler(name);
	if (handler == NULL)
		return;
	p->decode.encoding = XML_AS_IS;
	(void)xmlSwitchToEncoding(p->xml, handler);
}

static struct parser *parser_get(struct err *err)
{
	struct parser *p = spare;

	spare = NULL;
	if (p == NULL)
		p = calloc(1, sizeof *p);
	if (p != NULL && p->chunk == NULL)
		p->chunk = malloc(CHUNK_BYTES);
	if (p == NULL || p->chunk == NULL) {
		free(p);
		(void)err_set(err, ERR_SHORTAGE, "no memory for the XML parser");
		return NULL;
	}
	buf_init(&p->decoded, 4 * CHUNK_BYTES);
	buf_init(&p->repaired, 64 * CHUNK_BYTES);
	return p;
}

static int parser_open(struct parser *p, struct report_sink *to, struct parse_context *context,
	struct slice head, struct err *err)
{
	bool ignore_declared;

	p->context = context;
	xml_repair_init(&p->repair, fill_known);
	/* A file of the operator's may lack its last end tag; of a mail that would be a cut. */
	p->repair.open_end = context->trust == REPORT_TRUST_LOCAL;
	ignore_declared = context->mode != PARSE_STRICT || xml_encoding_guess(head) != XML_AS_IS;
	if (p->verify != NULL)
		verify_again(p->verify, to, context);
	else if (verify_open(&p->verify, to, context, err) < 0)
		return -1;
	fill_init(&p->fill, p->verify);
	if (xml_open(p, ignore_declared, err) < 0)
		return -1;
	choose_encoding(p, head);
	return 0;
}

static void parser_rest(struct parser *p)
{
	size_t anew = p->names_len > 0 ? sizeof *p : offsetof(struct parser, names);

	xml_rest(p);
	xml_repair_release(&p->repair);
	buf_release(&p->decoded);
	buf_release(&p->repaired);
	memset((char *)p + offsetof(struct parser, context), 0,
		anew - offsetof(struct parser, context));
	spare = p;
}

static void finish_notes(struct parser *p)
{
	if (p->context->mode == PARSE_REPAIR || p->repair.changed)
		fill_note(&p->fill, REPORT_NOTE_REPAIRED_XML, SLICE_ABSENT);
	if (p->context->mode == PARSE_REPAIR_CP1252 || p->decode.changed)
		fill_note(&p->fill, REPORT_NOTE_REPAIRED_ENCODING, SLICE_ABSENT);
	if (p->junk_before)
		fill_note(&p->fill, REPORT_NOTE_JUNK_BEFORE, SLICE_ABSENT);
	if (p->junk_after)
		fill_note(&p->fill, REPORT_NOTE_JUNK_AFTER, SLICE_ABSENT);
}

static void finish(struct parser *p)
{
	struct fill *f = &p->fill;

	if (!f->failed && !f->done)
		feed(p, slice_from("", 0), true);
	if (!f->failed)
		(void)xmlParseChunk(p->xml, NULL, 0, 1);
	if (!f->failed && !f->done) {
		p->not_well_formed = true;
		fill_refuse(f, "cut: the document ends before </feedback>");
	}
	if (f->failed)
		return;
	finish_notes(p);
	fill_finish(f);
}

/* Fills the chunk as far as the reader gives; *over once it has no more, with *cut if it broke
 * off (a gzip cut short): then what came out counts if it holds the whole report. */
static int pull(
	struct reader *in, char *dst, size_t *len, bool *over, struct err *cut, struct err *err)
{
	ssize_t n = 1;

	*len = 0;
	while (*len < CHUNK_BYTES && n > 0) {
		struct err local = ERR_INIT;

		n = in->read(in, dst + *len, CHUNK_BYTES - *len, &local);
		if (n < 0 && local.code != ERR_REPORT) {
			*err = local;
			return -1;
		}
		if (n < 0)
			*cut = local;
		if (n <= 0)
			*over = true;
		else
			*len += (size_t)n;
	}
	return 0;
}

/* What the caller learns of a failed pass. */
static int failure(struct parser *p, const struct err *cut, struct err *err)
{
	*err = p->fill.err;
	if (!p->not_well_formed && !p->fill.other_root)
		return -1;
	if (cut->code != ERR_NONE)
		*err = *cut;
	else if (p->context->mode == PARSE_STRICT)
		p->context->retry = p->other_encoding ? PARSE_REPAIR_CP1252 : PARSE_REPAIR;
	return -1;
}

int dmarc_xml_parse(
	struct reader *in, struct report_sink *to, struct parse_context *context, struct err *err)
{
	struct err cut = ERR_INIT;
	struct parser *p;
	bool over = false;
	int rc = -1;
	size_t len;

	assert(in != NULL && to != NULL && context != NULL);
	context->retry = PARSE_STRICT;
	p = parser_get(err);
	if (p == NULL)
		return -1;
	p->context = context;
	if (pull(in, p->chunk, &len, &over, &cut, err) < 0 ||
		parser_open(p, to, context, slice_from(p->chunk, len), err) < 0)
		goto out;
	while (len > 0) {
		if (to->ops->original(to, slice_from(p->chunk, len), err) < 0)
			goto out;
		feed(p, slice_from(p->chunk, len), false);
		if (p->fill.failed) {
			rc = failure(p, &cut, err);
			goto out;
		}
		len = 0;
		if (!over && pull(in, p->chunk, &len, &over, &cut, err) < 0)
			goto out;
	}
	if (cut.code != ERR_NONE && p->fill.done)
		fill_note(&p->fill, REPORT_NOTE_JUNK_AFTER, slice_of(cut.text));
	finish(p);
	rc = p->fill.failed ? failure(p, &cut, err) : 0;
out:
	parser_rest(p);
	return rc;
}

/* Is this the inside of a tag `<feedback` or `<prefix:feedback`? */
static bool is_feedback_tag(struct slice s)
{
	const struct slice word = SLICE_LIT("feedback");
	size_t end = 0, name;

	while (end < s.len && memchr(" \t\r\n/><", s.ptr[end], 8) == NULL)
		end++;
	if (end < word.len || end == s.len)
		return false;
	name = end - word.len;
	return slice_equal_fold(slice_from(s.ptr + name, word.len), word) &&
	       (name == 0 || s.ptr[name - 1] == ':');
}

bool dmarc_xml_sniff(struct slice head)
{
	char narrow[2048];
	bool xml;

	if (xml_encoding_guess(head) != XML_AS_IS) {
		size_t n = 0, first = head.ptr[0] == '\0' || head.ptr[0] == '\xfe' ? 1 : 0;

		for (size_t i = first; i < head.len && n < sizeof narrow; i += 2)
			narrow[n++] = head.ptr[i];
		head = slice_from(narrow, n);
		if (head.len > 0 && (unsigned char)head.ptr[0] >= 0x80)
			head = slice_from(head.ptr + 1, head.len - 1);
	}
	head = slice_trim(head);
	/* A text that merely quotes a report does not begin with markup. */
	xml = head.len > 0 &&
	      (head.ptr[0] == '<' || slice_find(head, SLICE_LIT("<?xml")) != SIZE_MAX);
	for (size_t i = 0; xml && i < head.len; i++) {
		if (head.ptr[i] == '<' &&
			is_feedback_tag(slice_from(head.ptr + i + 1, head.len - i - 1)))
			return true;
	}
	return false;
}

const char *dmarc_xml_version(void)
{
	return LIBXML_DOTTED_VERSION;
}
