#include "ingest/verify.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "ingest/arena.h"
#include "store/base/domain.h"
#include "store/base/utf8.h"

/* 2012-01-01: the first reports were sent in that month. */
#define FIRST_REPORTS      1325376000
#define DAY                (24 * 60 * 60)
#define LONG_PERIOD        (26 * 60 * 60)
#define PERIOD_SECONDS_MAX ((uint64_t)1 << 40)
#define REASON_BYTES       512
#define DETAIL_BYTES       256
#define ORG_MEMOS          64 /* a power of two */

_Static_assert(SOURCE_TEXT_MAX == 255, "the number in the message");

/* A domain and its organisation: reports name few domains very often. */
struct org_memo {
	char key[DOMAIN_KEY_MAX];
	size_t len, org_at; /* len 0: free */
};

struct verify {
	struct report_sink *to;
	struct parse_context context;
	bool noted[REPORT_NOTE_COUNT]; /* only the first of a code carries its detail */
	char domain_key[DOMAIN_KEY_MAX];
	size_t domain_key_len; /* 0: no head yet */
	bool strict[2];        /* by report_auth_kind: adkim, aspf */
	uint64_t records, unreadable, placeholders;
	char first_reason[REASON_BYTES + 64];
	/* What follows outlives a report. */
	struct arena texts; /* repaired texts of the record (or head) at hand */
	struct org_memo memos[ORG_MEMOS];
	struct report_record record; /* filled again and again */
};

int verify_open(struct verify **ret, struct report_sink *to, const struct parse_context *context,
	struct err *err)
{
	struct verify *v = calloc(1, sizeof *v);

	assert(to != NULL && context != NULL);
	if (v == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for the checker");
	verify_again(v, to, context);
	*ret = v;
	return 0;
}

void verify_again(struct verify *v, struct report_sink *to, const struct parse_context *context)
{
	memset(v, 0, offsetof(struct verify, texts));
	arena_clear(&v->texts);
	v->to = to;
	v->context = *context;
}

void verify_close(struct verify *v)
{
	if (v == NULL)
		return;
	arena_release(&v->texts);
	free(v);
}

int verify_note(struct verify *v, enum report_note note, struct slice detail, struct err *err)
{
	char text[DETAIL_BYTES];
	bool changed;

	if (v->noted[note] || slice_absent(detail))
		detail = SLICE_ABSENT;
	else
		detail = slice_from(text, utf8_repair(detail, text, sizeof text, &changed));
	v->noted[note] = true;
	return v->to->ops->note(v->to, note, detail, err);
}

/* A note about one word: "element=token". */
static int note_word(struct verify *v, enum report_note note, const char *element,
	struct slice token, struct err *err)
{
	char text[DETAIL_BYTES];
	int n;

	if (v->noted[note])
		return verify_note(v, note, SLICE_ABSENT, err);
	token = utf8_keep(token, DETAIL_BYTES / 2);
	n = snprintf(
		text, sizeof text, "%s%s%.*s", element, token.len > 0 ? "=" : "", SLICE_FMT(token));
	return verify_note(v, note, slice_from(text, (size_t)n), err);
}

static bool is_plain(struct slice s)
{
	size_t n;

	for (size_t i = 0; i < s.len; i += n) {
		unsigned char c = (unsigned char)s.ptr[i];

		n = 1;
		if (c >= 0x20 && c < 0x7f)
			continue;
		if (c >= 0x80)
			n = utf8_char(slice_from(s.ptr + i, s.len - i));
		if (n == 0 || (c < 0x80 && c != '\t' && c != '\n'))
			return false;
	}
	return true;
}

/* Bytes that are no text are taken out; nothing is cut but what repair makes longer. */
static int repair_text(struct verify *v, struct slice *s, struct err *err)
{
	bool changed;
	char *room;

	if (is_plain(*s))
		return 0;
	room = arena_room(&v->texts, REPORT_ID_MAX + 8);
	if (room == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for a text");
	s->len = utf8_repair(*s, room, REPORT_ID_MAX, &changed);
	s->ptr = room;
	arena_take(&v->texts, s->len);
	*s = slice_trim(*s);
	return verify_note(v, REPORT_NOTE_TEXT_REPAIRED, SLICE_ABSENT, err);
}

/* Free text as the model wants it: trimmed, valid, at most TEXT_KEEP. */
static int clean_text(
	struct verify *v, const char *element, struct slice in, struct slice *ret, struct err *err)
{
	struct slice s = slice_trim(in);

	if (s.len > TEXT_KEEP) {
		s = utf8_keep(s, TEXT_KEEP);
		if (verify_note(v, REPORT_NOTE_TEXT_CUT, slice_of(element), err) < 0)
			return -1;
	}
	if (s.len > 0 && repair_text(v, &s, err) < 0)
		return -1;
	*ret = s;
	return 0;
}

static int read_word(struct verify *v, const struct vocabulary *words, const char *element,
	struct slice raw, struct report_word *ret, struct err *err)
{
	enum vocabulary_how how;
	struct slice text;

	if (clean_text(v, element, raw, &text, err) < 0)
		return -1;
	*ret = vocabulary_word(words, text, &how);
	switch (how) {
	case VOCABULARY_EXACT:
		if (raw.len == text.len)
			return 0;
		return note_word(v, REPORT_NOTE_CASE, element, ret->token, err);
	case VOCABULARY_CASE:
		return note_word(v, REPORT_NOTE_CASE, element, ret->token, err);
	case VOCABULARY_ALIAS:
		return note_word(v, REPORT_NOTE_ALIAS, element, ret->token, err);
	case VOCABULARY_EMPTY:
		return note_word(v, REPORT_NOTE_EMPTY_WORD, element, SLICE_ABSENT, err);
	case VOCABULARY_FOREIGN:
		return note_word(v, REPORT_NOTE_FOREIGN_WORD, element, ret->token, err);
	case VOCABULARY_ABSENT:
	default:
		return 0;
	}
}

/* ---- head -------------------------------------------------------------------------------- */

static int missing(struct verify *v, const char *path, struct err *err)
{
	return verify_note(v, REPORT_NOTE_MISSING_ELEMENT, slice_of(path), err);
}

/* "1337270400.0" (163.com, 2012): the fraction goes if it is none. */
static bool drop_fraction(struct slice *s)
{
	struct slice fraction, whole = slice_cut(*s, '.', &fraction);

	if (slice_absent(fraction) || fraction.len == 0)
		return false;
	for (size_t i = 0; i < fraction.len; i++) {
		if (fraction.ptr[i] != '0')
			return false;
	}
	*s = whole;
	return true;
}

static int read_moment(
	struct verify *v, const char *name, struct slice raw, int64_t *ret, struct err *err)
{
	struct slice text = slice_trim(raw), number = text;
	struct err_quote quote;
	uint64_t value;

	if (text.len == 0)
		return err_set(err, ERR_REPORT, "no %s of the period", name);
	if (drop_fraction(&number) && verify_note(v, REPORT_NOTE_FRACTION, text, err) < 0)
		return -1;
	if (number.ptr[0] == '-')
		return err_set(err, ERR_REPORT, "%s %s is negative", name, err_quote(&quote, text));
	if (!slice_u64(number, PERIOD_SECONDS_MAX, &value))
		return err_set(err, ERR_REPORT, "%s %s is not a number of seconds", name,
			err_quote(&quote, text));
	*ret = (int64_t)value;
	return 0;
}

static int read_period(
	struct verify *v, const struct raw_head *raw, struct report_head *head, struct err *err)
{
	const int64_t now = v->context.now, latest = now + (int64_t)FUTURE_DAYS_MAX * DAY;

	if (read_moment(v, "begin", raw->begin, &head->begin, err) < 0 ||
		read_moment(v, "end", raw->end, &head->end, err) < 0)
		return -1;
	if (head->begin > head->end)
		return err_set(err, ERR_REPORT, "the period is reversed: begin %lld, end %lld",
			(long long)head->begin, (long long)head->end);
	if (head->end > latest)
		return err_set(err, ERR_REPORT, "the period lies more than %d days ahead: %s %lld",
			FUTURE_DAYS_MAX, head->begin > latest ? "begin" : "end",
			(long long)(head->begin > latest ? head->begin : head->end));
	if (head->begin < FIRST_REPORTS &&
		verify_note(v, REPORT_NOTE_OLD_PERIOD, SLICE_ABSENT, err) < 0)
		return -1;
	if (head->end - head->begin > LONG_PERIOD &&
		verify_note(v, REPORT_NOTE_LONG_PERIOD, SLICE_ABSENT, err) < 0)
		return -1;
	if (head->end == head->begin &&
		verify_note(v, REPORT_NOTE_EMPTY_PERIOD, SLICE_ABSENT, err) < 0)
		return -1;
	if (head->end > now && verify_note(v, REPORT_NOTE_FUTURE_PERIOD, SLICE_ABSENT, err) < 0)
		return -1;
	return 0;
}

/* What names the report: never cut, so refused where it does not fit. */
static int read_identity(
	struct verify *v, const struct raw_head *raw, struct report_head *head, struct err *err)
{
	struct err_quote quote;

	head->report_id = slice_trim(raw->report_id);
	if (head->report_id.len == 0)
		return err_set(err, ERR_REPORT, "no report_id");
	if (head->report_id.len > REPORT_ID_MAX)
		return err_set(err, ERR_REPORT, "report_id is longer than %d bytes", REPORT_ID_MAX);
	if (repair_text(v, &head->report_id, err) < 0)
		return -1;
	if (head->report_id.len == 0)
		return err_set(err, ERR_REPORT, "no report_id");
	head->domain = slice_trim(raw->domain);
	if (head->domain.len == 0)
		return err_set(err, ERR_REPORT, "no policy domain");
	if (!domain_key(head->domain, v->domain_key, &v->domain_key_len)) {
		v->domain_key_len = 0;
		return err_set(err, ERR_REPORT, "policy domain %s is no domain name",
			err_quote(&quote, head->domain));
	}
	if (repair_text(v, &head->domain, err) < 0)
		return -1;
	head->domain_key = slice_from(v->domain_key, v->domain_key_len);
	return 0;
}

static int read_metadata(
	struct verify *v, const struct raw_head *raw, struct report_head *head, struct err *err)
{
	const struct {
		const char *name;
		struct slice in, *out;
	} texts[] = { { "org_name", raw->org_name, &head->org_name },
		{ "email", raw->email, &head->email },
		{ "extra_contact_info", raw->extra_contact_info, &head->extra_contact_info },
		{ "error", raw->errors, &head->errors },
		{ "generator", raw->generator, &head->generator },
		{ "version", raw->version, &head->version }, { "xmlns", raw->xmlns, &head->xmlns },
		{ "pct", raw->pct, &head->pct }, { "fo", raw->fo, &head->fo } };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (clean_text(v, texts[i].name, texts[i].in, texts[i].out, err) < 0)
			return -1;
	}
	if (head->org_name.len == 0 && verify_note(v, REPORT_NOTE_ORG_EMPTY, SLICE_ABSENT, err) < 0)
		return -1;
	if (slice_absent(head->email) && missing(v, "report_metadata/email", err) < 0)
		return -1;
	return 0;
}

static int read_policy(
	struct verify *v, const struct raw_head *raw, struct report_head *head, struct err *err)
{
	const struct {
		const struct vocabulary *words;
		const char *name;
		struct slice in;
		struct report_word *out;
	} words[] = { { &report_policy_words, "p", raw->p, &head->p },
		{ &report_policy_words, "sp", raw->sp, &head->sp },
		{ &report_policy_words, "np", raw->np, &head->np },
		{ &report_alignments, "adkim", raw->adkim, &head->adkim },
		{ &report_alignments, "aspf", raw->aspf, &head->aspf },
		{ &report_testings, "testing", raw->testing, &head->testing },
		{ &report_discoveries, "discovery_method", raw->discovery_method,
			&head->discovery_method } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (read_word(v, words[i].words, words[i].name, words[i].in, words[i].out, err) < 0)
			return -1;
	}
	if (slice_absent(raw->p) && missing(v, "policy_published/p", err) < 0)
		return -1;
	v->strict[REPORT_DKIM] = head->adkim.meaning == REPORT_ALIGNMENT_STRICT;
	v->strict[REPORT_SPF] = head->aspf.meaning == REPORT_ALIGNMENT_STRICT;
	return 0;
}

static const struct slice xmlns_rfc7489 = { "http://dmarc.org/dmarc-xml/0.1", 30 };
static const struct slice xmlns_rfc9990 = { "urn:ietf:params:xml:ns:dmarc-2.0", 32 };

/* FORMATS: the namespace or one of the new elements is RFC 9990, else a version is RFC 7489. */
static int read_dialect(
	struct verify *v, const struct raw_head *raw, struct report_head *head, struct err *err)
{
	bool ns9990 = slice_equal(head->xmlns, xmlns_rfc9990);

	if (ns9990 || !slice_absent(raw->discovery_method) || !slice_absent(raw->testing) ||
		!slice_absent(raw->generator))
		head->dialect = REPORT_RFC9990;
	else
		head->dialect = slice_absent(raw->version) ? REPORT_DRAFT : REPORT_RFC7489;
	if (slice_absent(head->xmlns) || ns9990 || slice_equal(head->xmlns, xmlns_rfc7489))
		return 0;
	return verify_note(v, REPORT_NOTE_NAMESPACE, head->xmlns, err);
}

/* The key of what stands behind the last @, without a closing bracket. */
static bool address_domain(struct slice address, char key[DOMAIN_KEY_MAX], size_t *len)
{
	size_t at = address.len;

	while (at > 0 && address.ptr[at - 1] != '@')
		at--;
	if (at == 0)
		return false;
	address = slice_trim(slice_from(address.ptr + at, address.len - at));
	while (address.len > 0 && memchr(">)]\"'", address.ptr[address.len - 1], 5) != NULL)
		address.len--;
	return domain_key(address, key, len);
}

/* Both sides must name a domain before they can differ. */
static bool from_mismatch(struct slice from, const struct report_head *head)
{
	char carrier[DOMAIN_KEY_MAX], named[DOMAIN_KEY_MAX];
	size_t carrier_len, named_len;

	if (slice_absent(from) || !address_domain(from, carrier, &carrier_len) ||
		slice_absent(head->email) || !address_domain(head->email, named, &named_len))
		return false;
	return !slice_equal(domain_org(slice_from(carrier, carrier_len)),
		domain_org(slice_from(named, named_len)));
}

int verify_head(struct verify *v, const struct raw_head *raw, struct err *err)
{
	struct report_head head = { .trust = v->context.trust };

	assert(v->domain_key_len == 0);
	if (!raw->has_metadata)
		return err_set(err, ERR_REPORT, "no report_metadata");
	if (!raw->has_policy)
		return err_set(err, ERR_REPORT, "no policy_published: the report names no domain");
	if (read_identity(v, raw, &head, err) < 0 || read_period(v, raw, &head, err) < 0 ||
		read_metadata(v, raw, &head, err) < 0 || read_policy(v, raw, &head, err) < 0 ||
		read_dialect(v, raw, &head, err) < 0)
		return -1;
	head.from_mismatch = from_mismatch(v->context.from, &head);
	if (v->to->ops->head(v->to, &head, err) < 0)
		return -1;
	arena_clear(&v->texts);
	return 0;
}

/* ---- records ----------------------------------------------------------------------------- */

/* What is no address is still what the reporter knows of a sender (108r.166.27.220, 16 messages):
 * its row counts, under the text. 1: read, 0: not, -1. */
static int read_no_address(struct verify *v, struct slice text, char *why, struct err *err)
{
	struct err_quote quote;

	v->record.source_ip = (struct ip){ .len = 0 };
	if (!report_is_source_text(text)) {
		(void)snprintf(why, REASON_BYTES, "source_ip %s is no address and %s",
			err_quote(&quote, text),
			text.len > SOURCE_TEXT_MAX ? "longer than 255 bytes" : "no text");
		return 0;
	}
	v->record.source_text = text;
	return verify_note(v, REPORT_NOTE_ADDRESS_TEXT, text, err) < 0 ? -1 : 1;
}

/* 1: read, 0: not, and *why (of REASON_BYTES) says so, -1. */
static int read_address(struct verify *v, struct slice raw, char *why, struct err *err)
{
	struct slice text = slice_trim(raw);
	struct ip *ip = &v->record.source_ip;
	char canonical[IP_TEXT_MAX];

	v->record.source_text = SLICE_ABSENT;
	if (text.len == 0) {
		(void)snprintf(why, REASON_BYTES,
			slice_absent(text) ? "no source_ip" : "source_ip is empty");
		return 0;
	}
	if (!ip_parse(text, ip)) {
		/* Bytes that are no text may have hidden an address; too long stays too long. */
		if (text.len <= SOURCE_TEXT_MAX && repair_text(v, &text, err) < 0)
			return -1;
		if (!ip_parse(text, ip))
			return read_no_address(v, text, why, err);
	}
	if (raw.len != text.len || !slice_equal(text, slice_of(ip_text(ip, canonical)))) {
		if (verify_note(v, REPORT_NOTE_ADDRESS_FORM, text, err) < 0)
			return -1;
	}
	return 1;
}

static bool read_count(struct slice raw, int64_t *ret, char *why)
{
	struct slice text = slice_trim(raw), digits = text;
	struct err_quote quote;
	const char *fault = "not a number";
	uint64_t value;

	if (slice_absent(text)) {
		(void)snprintf(why, REASON_BYTES, "no count");
		return false;
	}
	if (slice_u64(text, COUNT_MAX, &value)) {
		*ret = (int64_t)value;
		return true;
	}
	if (text.len > 1 && text.ptr[0] == '-') {
		digits = slice_from(text.ptr + 1, text.len - 1);
		fault = "negative";
	} else if (text.len > 0) {
		fault = "more than 1000000000000";
	}
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
			fault = "not a number";
	}
	(void)snprintf(why, REASON_BYTES, "count %s is %s", err_quote(&quote, text), fault);
	return false;
}

/* wp.pl and o2.pl send one such row a day: nobody wrote in our name. */
static bool is_placeholder(const struct raw_record *raw)
{
	struct slice count = slice_trim(raw->count);

	if (slice_trim(raw->source_ip).len > 0)
		return false;
	if (slice_absent(raw->source_ip) && slice_absent(raw->count))
		return false;
	return count.len == 0 || slice_equal(count, SLICE_LIT("0"));
}

/* The organisation of a key, remembered: the list is asked once a domain, not once a row. */
static struct slice org_of(struct verify *v, struct slice key)
{
	struct org_memo *memo;
	unsigned hash = 5381;
	struct slice org;

	for (size_t i = 0; i < key.len; i++)
		hash = hash * 33 + (unsigned char)key.ptr[i];
	memo = &v->memos[hash % ORG_MEMOS];
	if (memo->len == 0 || !slice_equal(key, slice_from(memo->key, memo->len))) {
		memcpy(memo->key, key.ptr, key.len);
		memo->len = key.len;
		org = domain_org(slice_from(memo->key, memo->len));
		memo->org_at = memo->len - org.len;
	}
	return slice_from(key.ptr + memo->org_at, key.len - memo->org_at);
}

static bool is_aligned(struct verify *v, struct slice auth_domain, struct slice from, bool strict)
{
	char key[DOMAIN_KEY_MAX];
	size_t len;

	if (!domain_key(auth_domain, key, &len))
		return false;
	if (slice_equal(slice_from(key, len), from))
		return true;
	return !strict && slice_equal(org_of(v, slice_from(key, len)), org_of(v, from));
}

/* Does the verdict of one side contradict what the reporter itself lists below it? */
static bool side_contradicts(struct verify *v, uint8_t kind, uint8_t verdict, struct slice from)
{
	const struct report_record *record = &v->record;
	bool listed = false, any = false, sure = false;

	if (verdict != REPORT_RESULT_PASS && verdict != REPORT_RESULT_FAIL)
		return false;
	for (unsigned i = 0; i < record->auth_len; i++) {
		const struct report_auth *auth = &record->auth[i];

		if (auth->kind != kind)
			continue;
		listed = true;
		if (auth->result.meaning != REPORT_AUTH_PASS ||
			!is_aligned(v, auth->domain, from, v->strict[kind]))
			continue;
		any = true;
		/* HELO counts for a null sender only, which the row need not tell. */
		if (auth->scope.meaning != REPORT_SCOPE_HELO)
			sure = true;
	}
	/* Some reporters list nothing of a side (Hotmail its spf): silence is no contradiction. */
	if (!listed)
		return false;
	return verdict == REPORT_RESULT_PASS ? !any : sure;
}

static int check_contradiction(struct verify *v, struct err *err)
{
	struct slice from = slice_from(v->domain_key, v->domain_key_len);
	char key[DOMAIN_KEY_MAX];
	size_t len;

	if (v->record.header_from.len > 0) {
		if (!domain_key(v->record.header_from, key, &len))
			return 0;
		from = slice_from(key, len);
	}
	if (from.len == 0)
		return 0;
	if (!side_contradicts(v, REPORT_DKIM, v->record.dkim.meaning, from) &&
		!side_contradicts(v, REPORT_SPF, v->record.spf.meaning, from))
		return 0;
	return verify_note(v, REPORT_NOTE_CONTRADICTION, SLICE_ABSENT, err);
}

static int read_auth(
	struct verify *v, const struct raw_auth *raw, struct report_auth *ret, struct err *err)
{
	bool dkim = raw->kind == REPORT_DKIM;
	const char *result = dkim ? "auth_results/dkim/result" : "auth_results/spf/result";

	*ret = (struct report_auth){ .kind = raw->kind };
	if (clean_text(v, "auth_results/domain", raw->domain, &ret->domain, err) < 0 ||
		clean_text(v, "selector", raw->selector, &ret->selector, err) < 0 ||
		clean_text(v, "human_result", raw->human_result, &ret->human_result, err) < 0 ||
		read_word(v, &report_auth_results, result, raw->result, &ret->result, err) < 0)
		return -1;
	if (dkim)
		return 0;
	return read_word(v, &report_scopes, "auth_results/spf/scope", raw->scope, &ret->scope, err);
}

static int read_reason(
	struct verify *v, const struct raw_reason *raw, struct report_reason *ret, struct err *err)
{
	if (raw->bare && verify_note(v, REPORT_NOTE_REASON_TEXT, slice_trim(raw->type), err) < 0)
		return -1;
	if (read_word(v, &report_reason_types, "reason/type", raw->type, &ret->type, err) < 0)
		return -1;
	return clean_text(v, "reason/comment", raw->comment, &ret->comment, err);
}

static int read_evaluated(struct verify *v, const struct raw_record *raw, struct err *err)
{
	struct report_record *record = &v->record;

	if (read_word(v, &report_dispositions, "policy_evaluated/disposition", raw->disposition,
		    &record->disposition, err) < 0 ||
		read_word(v, &report_results, "policy_evaluated/dkim", raw->dkim, &record->dkim,
			err) < 0 ||
		read_word(v, &report_results, "policy_evaluated/spf", raw->spf, &record->spf, err) <
			0)
		return -1;
	if (!raw->has_policy_evaluated && missing(v, "row/policy_evaluated", err) < 0)
		return -1;
	record->reasons_len = raw->reasons_len;
	for (unsigned i = 0; i < raw->reasons_len; i++) {
		if (read_reason(v, &raw->reasons[i], &record->reasons[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Domains are names, but a row is not lost for a bad one: shown as sent, grouped as it is. */
static int read_identifiers(struct verify *v, const struct raw_record *raw, struct err *err)
{
	struct report_record *record = &v->record;

	if (!raw->has_identifiers) {
		if (missing(v, "record/identifiers", err) < 0)
			return -1;
	} else if (slice_absent(raw->header_from) &&
		   missing(v, "identifiers/header_from", err) < 0) {
		return -1;
	}
	if (clean_text(v, "header_from", raw->header_from, &record->header_from, err) < 0 ||
		clean_text(v, "envelope_from", raw->envelope_from, &record->envelope_from, err) < 0)
		return -1;
	return clean_text(v, "envelope_to", raw->envelope_to, &record->envelope_to, err);
}

static int read_auth_results(struct verify *v, const struct raw_record *raw, struct err *err)
{
	if (!raw->has_auth_results &&
		verify_note(v, REPORT_NOTE_NO_AUTH_RESULTS, SLICE_ABSENT, err) < 0)
		return -1;
	v->record.auth_len = raw->auth_len;
	for (unsigned i = 0; i < raw->auth_len; i++) {
		if (read_auth(v, &raw->auth[i], &v->record.auth[i], err) < 0)
			return -1;
	}
	return 0;
}

static int pass_unreadable(
	struct verify *v, const struct raw_record *raw, const char *why, struct err *err)
{
	struct report_unreadable u = { raw->position, raw->line, why };

	if (v->unreadable++ == 0)
		(void)snprintf(
			v->first_reason, sizeof v->first_reason, "line %u: %s", raw->line, why);
	return v->to->ops->unreadable(v->to, &u, err);
}

int verify_record(struct verify *v, const struct raw_record *raw, struct err *err)
{
	struct report_record *record = &v->record;
	char why[REASON_BYTES];
	int rc;

	assert(raw->auth_len <= AUTH_MAX && raw->reasons_len <= REASON_MAX);
	arena_clear(&v->texts);
	if (is_placeholder(raw)) {
		v->placeholders++;
		if (verify_note(v, REPORT_NOTE_PLACEHOLDER, SLICE_ABSENT, err) < 0)
			return -1;
		return v->to->ops->placeholder(v->to, err);
	}
	rc = read_address(v, raw->source_ip, why, err);
	if (rc < 0)
		return -1;
	if (rc == 0 || !read_count(raw->count, &record->count, why))
		return pass_unreadable(v, raw, why, err);
	record->position = raw->position;
	record->line = raw->line;
	if (read_evaluated(v, raw, err) < 0 || read_identifiers(v, raw, err) < 0 ||
		read_auth_results(v, raw, err) < 0 || check_contradiction(v, err) < 0)
		return -1;
	v->records++;
	return v->to->ops->record(v->to, record, err);
}

int verify_end(struct verify *v, struct err *err)
{
	if (v->domain_key_len == 0)
		return err_set(err, ERR_REPORT, "no report_metadata and policy_published");
	if (v->records == 0 && v->unreadable > 0)
		return err_set(
			err, ERR_REPORT, "no record can be read; the first: %s", v->first_reason);
	if (v->records == 0 && v->placeholders == 0)
		return verify_note(v, REPORT_NOTE_NO_RECORDS, SLICE_ABSENT, err);
	return 0;
}
