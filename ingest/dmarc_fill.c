#include "ingest/dmarc_fill.h"

#include <assert.h>
#include <pthread.h>

/* Blanks kept in front of a text; a reporter's indentation is far less. */
#define BLANKS_KEEP 64

_Static_assert(REPORT_ID_MAX <= TEXT_KEEP && DOMAIN_MAX < TEXT_KEEP, "identity fits a field");
_Static_assert(RECORDS_MAX == 2000000 && XML_DEPTH_MAX == 32, "the numbers in the messages");

/* ---- the grammar ---------------------------------------------------------------------------- */

enum state {
	AT_DOCUMENT,
	IN_FEEDBACK,
	IN_METADATA,
	IN_DATE_RANGE,
	IN_POLICY,
	IN_RECORD,
	IN_ROW,
	IN_EVALUATED,
	IN_REASON,
	IN_IDENTIFIERS,
	IN_AUTH_RESULTS,
	IN_DKIM,
	IN_SPF,
	IN_TEXT,   /* an element of which the text is wanted */
	IN_ERRORS, /* the one text that may come several times */
	SKIPPING,
	STATE_COUNT,
};

/* Which struct a text goes to. */
enum target {
	NOWHERE,
	TO_HEAD,
	TO_RECORD,
	TO_REASON,
	TO_AUTH,
};

#define NAME(text)                                                                                 \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
#define HEAD(field)   IN_TEXT, TO_HEAD, offsetof(struct raw_head, field)
#define RECORD(field) IN_TEXT, TO_RECORD, offsetof(struct raw_record, field)
#define REASON(field) IN_TEXT, TO_REASON, offsetof(struct raw_reason, field)
#define AUTH(field)   IN_TEXT, TO_AUTH, offsetof(struct raw_auth, field)

/* Element names of RFC 9990 Appendix A, RFC 7489 Appendix C and the drafts; order is free. Rows of
 * one state stand together. */
static const struct grammar_row {
	enum state in;
	struct slice element;
	enum state next;
	enum target target;
	size_t field;
	bool misnamed;
} grammar[] = {
	{ AT_DOCUMENT, NAME("feedback"), IN_FEEDBACK, NOWHERE, 0, false },

	{ IN_FEEDBACK, NAME("record"), IN_RECORD, NOWHERE, 0, false },
	{ IN_FEEDBACK, NAME("version"), HEAD(version), false },
	{ IN_FEEDBACK, NAME("report_metadata"), IN_METADATA, NOWHERE, 0, false },
	{ IN_FEEDBACK, NAME("policy_published"), IN_POLICY, NOWHERE, 0, false },
	{ IN_FEEDBACK, NAME("extension"), SKIPPING, NOWHERE, 0, false },

	{ IN_METADATA, NAME("org_name"), HEAD(org_name), false },
	{ IN_METADATA, NAME("email"), HEAD(email), false },
	{ IN_METADATA, NAME("extra_contact_info"), HEAD(extra_contact_info), false },
	{ IN_METADATA, NAME("report_id"), HEAD(report_id), false },
	{ IN_METADATA, NAME("date_range"), IN_DATE_RANGE, NOWHERE, 0, false },
	{ IN_METADATA, NAME("data_range"), IN_DATE_RANGE, NOWHERE, 0, true }, /* kddi.com */
	{ IN_METADATA, NAME("error"), IN_ERRORS, TO_HEAD, offsetof(struct raw_head, errors),
		false },
	{ IN_METADATA, NAME("generator"), HEAD(generator), false },

	{ IN_DATE_RANGE, NAME("begin"), HEAD(begin), false },
	{ IN_DATE_RANGE, NAME("end"), HEAD(end), false },

	{ IN_POLICY, NAME("domain"), HEAD(domain), false },
	{ IN_POLICY, NAME("p"), HEAD(p), false },
	{ IN_POLICY, NAME("sp"), HEAD(sp), false },
	{ IN_POLICY, NAME("np"), HEAD(np), false },
	{ IN_POLICY, NAME("adkim"), HEAD(adkim), false },
	{ IN_POLICY, NAME("aspf"), HEAD(aspf), false },
	{ IN_POLICY, NAME("pct"), HEAD(pct), false },
	{ IN_POLICY, NAME("fo"), HEAD(fo), false },
	{ IN_POLICY, NAME("testing"), HEAD(testing), false },
	{ IN_POLICY, NAME("discovery_method"), HEAD(discovery_method), false },

	{ IN_RECORD, NAME("row"), IN_ROW, NOWHERE, 0, false },
	{ IN_RECORD, NAME("identifiers"), IN_IDENTIFIERS, NOWHERE, 0, false },
	{ IN_RECORD, NAME("identities"), IN_IDENTIFIERS, NOWHERE, 0, true }, /* unipi.it */
	{ IN_RECORD, NAME("auth_results"), IN_AUTH_RESULTS, NOWHERE, 0, false },

	{ IN_ROW, NAME("source_ip"), RECORD(source_ip), false },
	{ IN_ROW, NAME("count"), RECORD(count), false },
	{ IN_ROW, NAME("policy_evaluated"), IN_EVALUATED, NOWHERE, 0, false },

	{ IN_EVALUATED, NAME("disposition"), RECORD(disposition), false },
	{ IN_EVALUATED, NAME("dkim"), RECORD(dkim), false },
	{ IN_EVALUATED, NAME("spf"), RECORD(spf), false },
	{ IN_EVALUATED, NAME("reason"), IN_REASON, NOWHERE, 0, false },

	{ IN_REASON, NAME("type"), REASON(type), false },
	{ IN_REASON, NAME("comment"), REASON(comment), false },

	{ IN_IDENTIFIERS, NAME("header_from"), RECORD(header_from), false },
	{ IN_IDENTIFIERS, NAME("envelope_from"), RECORD(envelope_from), false },
	{ IN_IDENTIFIERS, NAME("envelope_to"), RECORD(envelope_to), false },

	{ IN_AUTH_RESULTS, NAME("dkim"), IN_DKIM, NOWHERE, 0, false },
	{ IN_AUTH_RESULTS, NAME("spf"), IN_SPF, NOWHERE, 0, false },

	{ IN_DKIM, NAME("domain"), AUTH(domain), false },
	{ IN_DKIM, NAME("selector"), AUTH(selector), false },
	{ IN_DKIM, NAME("result"), AUTH(result), false },
	{ IN_DKIM, NAME("human_result"), AUTH(human_result), false },

	{ IN_SPF, NAME("domain"), AUTH(domain), false },
	{ IN_SPF, NAME("scope"), AUTH(scope), false },
	{ IN_SPF, NAME("result"), AUTH(result), false },
	{ IN_SPF, NAME("human_result"), AUTH(human_result), false },
};
#define GRAMMAR_ROWS (sizeof grammar / sizeof *grammar)

/* Where the rows of each state begin; this is asked for every tag of every report. */
static uint8_t grammar_begin[STATE_COUNT];
static pthread_once_t grammar_once = PTHREAD_ONCE_INIT;
_Static_assert(GRAMMAR_ROWS < UINT8_MAX, "a row's number fits");

static void grammar_index(void)
{
	memset(grammar_begin, GRAMMAR_ROWS, sizeof grammar_begin);
	for (size_t i = GRAMMAR_ROWS; i-- > 0;)
		grammar_begin[grammar[i].in] = (uint8_t)i;
}

static const struct grammar_row *grammar_find(enum state in, struct slice name)
{
	for (size_t i = grammar_begin[in]; i < GRAMMAR_ROWS && grammar[i].in == in; i++) {
		if (name.len == grammar[i].element.len &&
			slice_equal_fold(name, grammar[i].element))
			return &grammar[i];
	}
	return NULL;
}

enum xml_name fill_known(struct slice name)
{
	enum xml_name known = XML_NAME_UNKNOWN;

	for (size_t i = 0; i < GRAMMAR_ROWS; i++) {
		if (!slice_equal_fold(name, grammar[i].element))
			continue;
		if (grammar[i].next != IN_TEXT && grammar[i].next != IN_ERRORS)
			return XML_NAME_STRUCTURE;
		known = XML_NAME_TEXT;
	}
	return known;
}

/* ---- ending --------------------------------------------------------------------------------- */

void fill_init(struct fill *f, struct verify *verify)
{
	(void)pthread_once(&grammar_once, grammar_index);
	arena_clear(&f->head_texts);
	arena_clear(&f->record_texts);
	memset(f, 0, offsetof(struct fill, head_texts));
	memset(&f->head, 0, offsetof(struct fill, errors) - offsetof(struct fill, head));
	f->errors[0] = f->bare[0] = '\0';
	f->bare_text = SLICE_ABSENT;
	f->verify = verify;
}

void fill_release(struct fill *f)
{
	arena_release(&f->head_texts);
	arena_release(&f->record_texts);
}

/* For calls that have filled f->err. */
static void check(struct fill *f, int rc)
{
	if (rc < 0)
		f->failed = true;
}

void fill_refuse(struct fill *f, const char *what)
{
	if (!f->failed)
		check(f, err_set(&f->err, ERR_REPORT, "line %u: %s", f->line, what));
}

void fill_note(struct fill *f, enum report_note code, struct slice detail)
{
	if (!f->failed)
		check(f, verify_note(f->verify, code, detail, &f->err));
}

/* ---- text ----------------------------------------------------------------------------------- */

static void text_begin(struct fill *f, struct slice *text, struct arena *arena)
{
	f->text_at = arena_room(arena, FILL_FIELD_BYTES);
	if (f->text_at == NULL) {
		check(f, err_set(&f->err, ERR_SHORTAGE, "no memory for a record"));
		return;
	}
	f->text = text;
	f->text_arena = arena;
	*text = slice_from(f->text_at, 0);
}

static void text_end(struct fill *f)
{
	if (f->text != NULL && f->text_arena != NULL)
		arena_take(f->text_arena, f->text->len);
	f->text = NULL;
	f->text_arena = NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Appends what fits. Blanks in front do not use the room up. */
static void text_add(struct slice *text, char *at, struct slice more)
{
	size_t n = FILL_FIELD_BYTES - text->len;

	if (text->len == BLANKS_KEEP || text->len == 0) {
		size_t blanks = 0;

		while (blanks < text->len && is_blank(at[blanks]))
			blanks++;
		if (blanks == text->len) {
			while (more.len > BLANKS_KEEP - blanks && is_blank(more.ptr[0]))
				more = slice_from(more.ptr + 1, more.len - 1);
		}
	}
	if (n > more.len)
		n = more.len;
	memcpy(at + text->len, more.ptr, n);
	text->len += n;
}

/* ---- elements ------------------------------------------------------------------------------- */

static void head_check(struct fill *f)
{
	if (f->head_passed)
		return;
	f->head_passed = true;
	check(f, verify_head(f->verify, &f->head, &f->err));
}

static void record_begin(struct fill *f)
{
	/* Early where both halves came first, so that a bad head costs no records. */
	if (f->metadata_ended && f->policy_ended)
		head_check(f);
	if (f->records == RECORDS_MAX) {
		fill_refuse(f, "more than 2000000 records");
		return;
	}
	arena_clear(&f->record_texts);
	/* auth and reasons are cleared one by one as they come. */
	memset(&f->record, 0, offsetof(struct raw_record, reasons));
	f->record.reasons_len = f->record.auth_len = 0;
	f->record.has_auth_results = f->record.has_policy_evaluated = false;
	f->record.has_identifiers = false;
	f->record.position = ++f->records;
	f->record.line = f->line;
}

/* What a structure needs when it begins. Returns the state it is read in. */
static enum state enter(struct fill *f, const struct grammar_row *row)
{
	bool *has = NULL;

	switch (row->next) {
	case IN_RECORD:
		record_begin(f);
		break;
	case IN_METADATA:
		has = &f->head.has_metadata;
		break;
	case IN_POLICY:
		has = &f->head.has_policy;
		break;
	case IN_EVALUATED:
		has = &f->record.has_policy_evaluated;
		break;
	case IN_IDENTIFIERS:
		has = &f->record.has_identifiers;
		break;
	case IN_AUTH_RESULTS:
		f->record.has_auth_results = true;
		break;
	case IN_REASON:
		if (f->record.reasons_len == REASON_MAX) {
			fill_note(f, REPORT_NOTE_REASONS_CUT, SLICE_ABSENT);
			return SKIPPING;
		}
		f->record.reasons[f->record.reasons_len++] = (struct raw_reason){ .bare = false };
		f->bare_text = slice_from(f->bare, 0);
		break;
	case IN_DKIM:
	case IN_SPF:
		if (f->record.auth_len == AUTH_MAX) {
			fill_note(f, REPORT_NOTE_AUTH_CUT, SLICE_ABSENT);
			return SKIPPING;
		}
		f->record.auth[f->record.auth_len++] =
			(struct raw_auth){ .kind = row->next == IN_DKIM ? REPORT_DKIM
									: REPORT_SPF };
		break;
	case AT_DOCUMENT:
	case IN_FEEDBACK:
	case IN_DATE_RANGE:
	case IN_ROW:
	case IN_TEXT:
	case IN_ERRORS:
	case SKIPPING:
	case STATE_COUNT:
	default:
		break;
	}
	if (has != NULL && *has) {
		fill_note(f, REPORT_NOTE_REPEATED_ELEMENT, row->element);
		return SKIPPING;
	}
	if (has != NULL)
		*has = true;
	return row->next;
}

static struct slice *field_of(struct fill *f, const struct grammar_row *row)
{
	char *base = NULL;

	switch (row->target) {
	case TO_HEAD:
		base = (char *)&f->head;
		break;
	case TO_RECORD:
		base = (char *)&f->record;
		break;
	case TO_REASON:
		base = (char *)&f->record.reasons[f->record.reasons_len - 1];
		break;
	case TO_AUTH:
		base = (char *)&f->record.auth[f->record.auth_len - 1];
		break;
	case NOWHERE:
	default:
		assert(false);
		return NULL;
	}
	return (struct slice *)(void *)(base + row->field);
}

static enum state enter_text(struct fill *f, const struct grammar_row *row)
{
	struct slice *field = field_of(f, row);

	if (row->next == IN_ERRORS) {
		f->text = field;
		f->text_at = f->errors;
		f->text_arena = NULL;
		if (slice_absent(*field))
			*field = slice_from(f->errors, 0);
		else
			text_add(field, f->errors, SLICE_LIT("\n"));
		return IN_ERRORS;
	}
	if (!slice_absent(*field)) {
		fill_note(f, REPORT_NOTE_REPEATED_ELEMENT, row->element);
		return SKIPPING;
	}
	text_begin(f, field, row->target == TO_HEAD ? &f->head_texts : &f->record_texts);
	return IN_TEXT;
}

/* The root decides what this is. */
static enum state enter_root(struct fill *f, struct slice name, struct slice uri)
{
	struct err_quote quote;

	if (!slice_equal_fold(name, SLICE_LIT("feedback"))) {
		check(f, err_set(&f->err, ERR_REPORT, "no DMARC report: the root element is %s",
				 err_quote(&quote, name)));
		f->other_root = true;
		return SKIPPING;
	}
	if (!slice_absent(uri)) {
		text_begin(f, &f->head.xmlns, &f->head_texts);
		if (!f->failed)
			text_add(f->text, f->text_at, uri);
		text_end(f);
	}
	return IN_FEEDBACK;
}

static enum state enter_unknown(struct fill *f, enum state in, struct slice name)
{
	struct err_quote quote;

	if (in == SKIPPING)
		return SKIPPING;
	fill_note(f, REPORT_NOTE_UNKNOWN_ELEMENT, slice_of(err_printable(&quote, name)));
	/* begin and end are taken from whatever child of report_metadata has them. */
	return in == IN_METADATA ? IN_DATE_RANGE : SKIPPING;
}

static enum state enter_known(struct fill *f, const struct grammar_row *row)
{
	if (row->misnamed)
		fill_note(f, REPORT_NOTE_MISNAMED_ELEMENT, row->element);
	if (row->next == IN_TEXT || row->next == IN_ERRORS)
		return enter_text(f, row);
	return enter(f, row);
}

static void reason_end(struct fill *f)
{
	struct raw_reason *reason = &f->record.reasons[f->record.reasons_len - 1];

	if (!slice_absent(reason->type) || slice_trim(f->bare_text).len == 0)
		return;
	text_begin(f, &reason->type, &f->record_texts);
	if (!f->failed)
		text_add(f->text, f->text_at, slice_trim(f->bare_text));
	text_end(f);
	reason->bare = true;
}

static void leave(struct fill *f, enum state state)
{
	switch (state) {
	case IN_TEXT:
	case IN_ERRORS:
		text_end(f);
		break;
	case IN_REASON:
		reason_end(f);
		break;
	case IN_METADATA:
		f->metadata_ended = true;
		break;
	case IN_POLICY:
		f->policy_ended = true;
		break;
	case IN_RECORD:
		check(f, verify_record(f->verify, &f->record, &f->err));
		break;
	case IN_FEEDBACK:
		f->done = true;
		break;
	case AT_DOCUMENT:
	case IN_DATE_RANGE:
	case IN_ROW:
	case IN_EVALUATED:
	case IN_IDENTIFIERS:
	case IN_AUTH_RESULTS:
	case IN_DKIM:
	case IN_SPF:
	case SKIPPING:
	case STATE_COUNT:
	default:
		break;
	}
}

/* ---- events --------------------------------------------------------------------------------- */

bool fill_start(struct fill *f, struct slice name, struct slice uri)
{
	enum state in = f->depth > 0 ? (enum state)f->stack[f->depth - 1] : AT_DOCUMENT;
	const struct grammar_row *row = in == SKIPPING ? NULL : grammar_find(in, name);
	enum state next;

	if (f->failed || f->done)
		return true;
	if (f->depth == XML_DEPTH_MAX) {
		fill_refuse(f, "more than 32 elements inside each other");
		return true;
	}
	if (in == AT_DOCUMENT)
		next = enter_root(f, name, uri);
	else
		next = row != NULL ? enter_known(f, row) : enter_unknown(f, in, name);
	f->stack[f->depth++] = (uint8_t)next;
	return row != NULL;
}

void fill_end(struct fill *f)
{
	if (!f->failed && !f->done && f->depth > 0)
		leave(f, (enum state)f->stack[--f->depth]);
}

void fill_text(struct fill *f, struct slice text)
{
	enum state in;

	if (f->failed || f->done || f->depth == 0)
		return;
	in = (enum state)f->stack[f->depth - 1];
	if (in == IN_TEXT || in == IN_ERRORS)
		text_add(f->text, f->text_at, text);
	else if (in == IN_REASON)
		text_add(&f->bare_text, f->bare, text);
}

void fill_finish(struct fill *f)
{
	if (!f->failed)
		head_check(f);
	if (!f->failed)
		check(f, verify_end(f->verify, &f->err));
}
