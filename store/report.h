/*
 * report: what a DMARC aggregate report says, and where it goes.
 *
 * This is the model that ingest/ fills and store/ keeps; it knows no library. Element names are
 * those of RFC 9990 Appendix A; RFC 7489 Appendix C and the drafts before it differ only in which
 * are there. Every vocabulary field is {meaning, token as sent}: absent, empty, a foreign word and
 * a word of the standard never become one another (SEMANTICS, rule 2).
 *
 * All slices are borrowed: valid during the call they are passed to, no longer.
 *
 * A sink takes a run of mails:
 *
 *	mail_begin
 *		report_begin
 *			original* or packed* / head / record* / unreadable* / note*	in any order, head once
 *		report_end -> outcome      or      report_abandon (nothing of it stays)
 *		entry*                     one line of the receipt each
 *	mail_end
 *	sync                               now all mails so far are on disk; only then may they move
 */
#ifndef STORE_REPORT_H
#define STORE_REPORT_H

#include "store/base/digest.h"
#include "store/base/err.h"
#include "store/base/ip.h"
#include "store/base/limits.h"
#include "store/base/slice.h"

/* ---- vocabularies: the numbers are in the database, so they are never renumbered ---------- */

/* Each begins with ABSENT 0 and UNKNOWN 1 (there, but no word of the standard). */
enum report_result {	/* policy_evaluated/dkim and /spf: the aligned result */
	REPORT_RESULT_ABSENT,
	REPORT_RESULT_UNKNOWN,
	REPORT_RESULT_PASS,
	REPORT_RESULT_FAIL,
	REPORT_RESULT_COUNT,
};

enum report_disposition {	/* policy_evaluated/disposition; pass is RFC 9990's */
	REPORT_DISPOSITION_ABSENT,
	REPORT_DISPOSITION_UNKNOWN,
	REPORT_DISPOSITION_NONE,
	REPORT_DISPOSITION_QUARANTINE,
	REPORT_DISPOSITION_REJECT,
	REPORT_DISPOSITION_PASS,
	REPORT_DISPOSITION_COUNT,
};

enum report_policy_word {	/* p, sp, np */
	REPORT_POLICY_ABSENT,
	REPORT_POLICY_UNKNOWN,
	REPORT_POLICY_NONE,
	REPORT_POLICY_QUARANTINE,
	REPORT_POLICY_REJECT,
	REPORT_POLICY_COUNT,
};

enum report_alignment {	/* adkim, aspf */
	REPORT_ALIGNMENT_ABSENT,
	REPORT_ALIGNMENT_UNKNOWN,
	REPORT_ALIGNMENT_RELAXED,
	REPORT_ALIGNMENT_STRICT,
	REPORT_ALIGNMENT_COUNT,
};

enum report_testing {	/* RFC 9990 testing: the record's t tag */
	REPORT_TESTING_ABSENT,
	REPORT_TESTING_UNKNOWN,
	REPORT_TESTING_YES,
	REPORT_TESTING_NO,
	REPORT_TESTING_COUNT,
};

enum report_discovery {	/* RFC 9990 discovery_method */
	REPORT_DISCOVERY_ABSENT,
	REPORT_DISCOVERY_UNKNOWN,
	REPORT_DISCOVERY_PSL,
	REPORT_DISCOVERY_TREEWALK,
	REPORT_DISCOVERY_COUNT,
};

enum report_reason_type {	/* policy_evaluated/reason/type */
	REPORT_REASON_ABSENT,
	REPORT_REASON_UNKNOWN,
	REPORT_REASON_LOCAL_POLICY,
	REPORT_REASON_MAILING_LIST,
	REPORT_REASON_OTHER,
	REPORT_REASON_TRUSTED_FORWARDER,
	REPORT_REASON_FORWARDED,
	REPORT_REASON_SAMPLED_OUT,
	REPORT_REASON_POLICY_TEST_MODE,
	REPORT_REASON_COUNT,
};

enum report_auth_result {	/* auth_results/{dkim,spf}/result, both lists in one */
	REPORT_AUTH_ABSENT,
	REPORT_AUTH_UNKNOWN,
	REPORT_AUTH_NONE,
	REPORT_AUTH_PASS,
	REPORT_AUTH_FAIL,
	REPORT_AUTH_SOFTFAIL,
	REPORT_AUTH_NEUTRAL,
	REPORT_AUTH_POLICY,
	REPORT_AUTH_TEMPERROR,
	REPORT_AUTH_PERMERROR,
	REPORT_AUTH_COUNT,
};

enum report_scope {	/* auth_results/spf/scope */
	REPORT_SCOPE_ABSENT,
	REPORT_SCOPE_UNKNOWN,
	REPORT_SCOPE_MFROM,
	REPORT_SCOPE_HELO,
	REPORT_SCOPE_COUNT,
};

enum report_auth_kind {
	REPORT_DKIM,
	REPORT_SPF,
};

enum report_dialect {
	REPORT_DRAFT,	/* before RFC 7489: no version element */
	REPORT_RFC7489,
	REPORT_RFC9990,
	REPORT_DIALECT_COUNT,
};

/* DMARC's verdict on a row: pass, fail, or neither (SEMANTICS, rules 1 and 2). */
enum report_verdict {
	REPORT_VERDICT_PASS,
	REPORT_VERDICT_FAIL,
	REPORT_VERDICT_UNKNOWN,
	REPORT_VERDICT_COUNT,
};

/* May this report be believed? (SEMANTICS, rule 12) */
enum report_trust {
	REPORT_TRUST_UNKNOWN,	/* no Authentication-Results of an MTA the operator named */
	REPORT_TRUST_VERIFIED,	/* the carrier mail passed DMARC */
	REPORT_TRUST_FAILED,	/* it did not */
	REPORT_TRUST_LOCAL,	/* a bare file, given by the operator */
	REPORT_TRUST_COUNT,
};

/* Deviations worth a note; each report carries each code at most once with a count. */
enum report_note {
	REPORT_NOTE_REPAIRED_XML,	/* not well-formed: read again in repair mode */
	REPORT_NOTE_REPAIRED_ENCODING,	/* bytes were not the declared encoding: read as windows-1252 */
	REPORT_NOTE_JUNK_BEFORE,	/* something stood before <feedback> */
	REPORT_NOTE_JUNK_AFTER,		/* something stood after </feedback> */
	REPORT_NOTE_NAMESPACE,		/* a namespace no standard names */
	REPORT_NOTE_UNKNOWN_ELEMENT,	/* detail: its name */
	REPORT_NOTE_REPEATED_ELEMENT,	/* an element that may occur once occurred again: first kept */
	REPORT_NOTE_MISSING_ELEMENT,	/* a required one is not there; detail: its path */
	REPORT_NOTE_MISNAMED_ELEMENT,	/* data_range, identities */
	REPORT_NOTE_FRACTION,		/* begin or end with a fraction */
	REPORT_NOTE_OLD_PERIOD,		/* begins before 2012, when no reports existed */
	REPORT_NOTE_LONG_PERIOD,	/* longer than 26 hours */
	REPORT_NOTE_EMPTY_PERIOD,	/* begin = end */
	REPORT_NOTE_FUTURE_PERIOD,	/* ends ahead of our clock */
	REPORT_NOTE_ORG_EMPTY,		/* org_name absent or empty */
	REPORT_NOTE_FOREIGN_WORD,	/* a token outside its vocabulary; detail: element=token */
	REPORT_NOTE_ALIAS,		/* hardfail, error, unknown read as what they mean */
	REPORT_NOTE_CASE,		/* a word in capitals or with blanks around */
	REPORT_NOTE_EMPTY_WORD,		/* a vocabulary element without content; detail: element */
	REPORT_NOTE_ADDRESS_FORM,	/* source_ip not in canonical text form */
	REPORT_NOTE_PLACEHOLDER,	/* a record without address and with count 0: no mail was seen */
	REPORT_NOTE_NO_RECORDS,		/* an empty report */
	REPORT_NOTE_REASON_TEXT,	/* a reason with bare text instead of type */
	REPORT_NOTE_NO_AUTH_RESULTS,	/* a record without auth_results */
	REPORT_NOTE_CONTRADICTION,	/* pass without an aligned pass in auth_results, or the reverse */
	REPORT_NOTE_TEXT_CUT,		/* free text longer than TEXT_KEEP */
	REPORT_NOTE_TEXT_REPAIRED,	/* bytes that are no UTF-8, or control characters, taken out */
	REPORT_NOTE_AUTH_CUT,		/* more than AUTH_MAX results in a record */
	REPORT_NOTE_REASONS_CUT,	/* more than REASON_MAX reasons in a record */
	REPORT_NOTE_ADDRESS_TEXT,	/* source_ip is no address: kept as text; detail: it */
	REPORT_NOTE_COUNT,
};

/* What became of a mail, or of one report in it, from best to worst: a mail with several takes
 * the worst (SEMANTICS, rule 6). */
enum report_ending {
	REPORT_NOT_A_REPORT,
	REPORT_STORED,
	REPORT_DUPLICATE,
	REPORT_PARTIAL,
	REPORT_CONFLICT,
	REPORT_REFUSED,
	REPORT_DEFERRED,
	REPORT_ENDING_COUNT,
};

/* A vocabulary: names by number; aliases are read but never written. */
struct vocabulary {
	const char *element;		/* for notes: "policy_evaluated/dkim" */
	const char *const *names;	/* [0] "absent", [1] "unknown", then the words */
	uint8_t count;
	const struct vocabulary_alias {
		const char *name;
		uint8_t meaning;
	} *aliases;			/* ends with name NULL; may be NULL */
};

extern const struct vocabulary report_results, report_dispositions, report_policy_words,
	report_alignments, report_testings, report_discoveries, report_reason_types,
	report_auth_results, report_scopes;

extern const char *const report_verdict_names[REPORT_VERDICT_COUNT];
extern const char *const report_dialect_names[REPORT_DIALECT_COUNT];
extern const char *const report_trust_names[REPORT_TRUST_COUNT];
extern const char *const report_ending_names[REPORT_ENDING_COUNT];	/* "not a report", ... */
extern const char *const report_note_names[REPORT_NOTE_COUNT];	/* "repaired-xml", ... */
extern const char *const report_note_texts[REPORT_NOTE_COUNT];	/* one plain sentence each */

struct report_word {
	uint8_t meaning;	/* of the vocabulary's enum */
	struct slice token;	/* as sent, trimmed; absent when the element was */
};

enum vocabulary_how {
	VOCABULARY_EXACT,	/* the token is the word */
	VOCABULARY_CASE,	/* in another case */
	VOCABULARY_ALIAS,
	VOCABULARY_EMPTY,	/* there, but nothing in it: meaning 1 */
	VOCABULARY_FOREIGN,	/* meaning 1 */
	VOCABULARY_ABSENT,	/* meaning 0 */
};

/* The meaning of `text` (trimmed here, any case). How it was found goes to *how, if not NULL. */
struct report_word vocabulary_word(const struct vocabulary *v, struct slice text,
	enum vocabulary_how *how);
/* The number of a canonical name (no aliases), for filters; false if there is none. */
bool vocabulary_find(const struct vocabulary *v, struct slice name, uint8_t *ret);
/* The same for a plain table of names, folding case. */
bool report_name_find(const char *const *names, size_t count, struct slice name, unsigned *ret);

/* SEMANTICS, rule 1 and 2: one side pass is pass; both fail is fail; else unknown. */
enum report_verdict report_verdict(enum report_result dkim, enum report_result spf);

/* ---- the model -------------------------------------------------------------------------- */

/* Text fields: trimmed, valid UTF-8 without NUL, at most TEXT_KEEP bytes. */
struct report_head {
	/* report_metadata */
	struct slice org_name;		/* as sent; may be empty or absent */
	struct slice email;
	struct slice extra_contact_info;
	struct slice report_id;		/* never empty, at most REPORT_ID_MAX */
	int64_t begin, end;		/* seconds, UTC; begin <= end */
	struct slice errors;		/* all error elements, one a line */
	struct slice generator;
	struct slice version;		/* the feedback's version element, as sent */
	struct slice xmlns;		/* namespace of the root; absent if none */
	enum report_dialect dialect;
	/* policy_published */
	struct slice domain;		/* as sent, trimmed */
	struct slice domain_key;	/* as compared: domain_key() */
	struct report_word p, sp, np, adkim, aspf, testing, discovery_method;
	struct slice pct, fo;		/* as sent: absent, empty or a value */
	/* of the carrier */
	enum report_trust trust;
	bool from_mismatch;		/* the mail's From is not of the organisation the report names */
};

struct report_reason {
	struct report_word type;
	struct slice comment;		/* absent or as sent */
};

struct report_auth {
	uint8_t kind;			/* enum report_auth_kind */
	struct slice domain;		/* as sent, trimmed; may be absent, empty or no domain name */
	struct slice selector;		/* dkim */
	struct report_word scope;	/* spf */
	struct report_word result;
	struct slice human_result;
};

/*
 * May this stand where a record has no address? Trimmed, not empty, valid UTF-8, at most
 * SOURCE_TEXT_MAX bytes (identity is never cut), and no address in any form: one address, one source.
 */
bool report_is_source_text(struct slice s);

struct report_record {
	uint32_t position;		/* 1 for the first record element of the report */
	uint32_t line;			/* line of the XML it began at, 0 unknown */
	struct ip source_ip;		/* len 0: what was sent is no address, but */
	struct slice source_text;	/* this: report_is_source_text(); else absent */
	int64_t count;			/* 0 to COUNT_MAX */
	struct report_word disposition, dkim, spf;
	struct slice header_from, envelope_from, envelope_to;	/* as sent, trimmed */
	struct report_reason reasons[REASON_MAX];
	unsigned reasons_len;
	struct report_auth auth[AUTH_MAX];
	unsigned auth_len;
};

/* A record that cannot be read (rule 3). */
struct report_unreadable {
	uint32_t position, line;
	const char *reason;		/* `count "1e9" is not a number` */
};

/* A chunk of the XML as it is kept (pack.h), and with the last one what they were made of. */
struct report_packed {
	struct slice bytes;		/* only the last may be short; empty not where it is the first */
	bool last;
	/* of the last: believed as they are; who reads the original back compares */
	int64_t size;			/* bytes of the XML, not 0 */
	struct digest sha256;
};

struct report_outcome {
	enum report_ending ending;	/* STORED, PARTIAL, DUPLICATE or CONFLICT */
	bool twin;			/* stored, but another report holds the same records (rule 5) */
	int64_t report;			/* its number in the store, or that of the one it repeats */
};

/* What names a mail: the same four, the same mail. */
struct report_mail_id {
	struct slice inbox;		/* absolute path of the Maildir or directory; "-" for stdin */
	struct slice name;		/* in it, for a Maildir without the ":2," flags */
	int64_t size;			/* bytes */
	int64_t mtime_ns;
};

struct report_mail {
	struct report_mail_id id;
	int64_t seen;			/* when it was read, seconds */
	bool is_mail;			/* false: a bare report file */
	/* of its header; absent if not there. Made valid and cut at TEXT_KEEP. */
	struct slice from;		/* the address of From */
	struct slice subject, message_id;
	int64_t date;			/* of Date, 0 unknown */
	/* From the Authentication-Results of an MTA the operator named; absent if none. */
	struct slice auth_server;
	struct report_word auth_dkim, auth_spf, auth_dmarc;	/* report_auth_results */
	enum report_trust trust;
};

/* One line of a mail's receipt. */
struct report_entry {
	struct slice where;		/* "part 2: report.xml", never used as a path */
	enum report_ending ending;
	const char *kind;		/* for not a report: "TLS report", "failure report", ...; else NULL */
	const char *reason;		/* why refused, deferred, ...; NULL if nothing is to be said */
	int64_t report;			/* outcome.report, 0 if none */
	int64_t original;		/* kept original of a conflict, 0 if none: filled by the sink */
};

struct report_sink;

/* All return 0 or -1 with err. A failure with err_ends_run() leaves the sink good for close only. */
struct report_sink_ops {
	/* 1: this very mail is settled in the store (then `ending` says how), 0: not, -1. */
	int (*mail_known)(struct report_sink *s, const struct report_mail_id *id,
		enum report_ending *ending, struct err *err);
	int (*mail_begin)(struct report_sink *s, const struct report_mail *mail, struct err *err);
	int (*report_begin)(struct report_sink *s, struct err *err);
	/* The next bytes of the XML, exactly as they came out of the container. */
	int (*original)(struct report_sink *s, struct slice bytes, struct err *err);
	/* The same, packed by the caller: all chunks, the last before report_end. One report gives its
	 * XML in one of the two ways, or in none: then no original is kept. */
	int (*packed)(struct report_sink *s, const struct report_packed *packed, struct err *err);
	int (*head)(struct report_sink *s, const struct report_head *head, struct err *err);
	int (*record)(struct report_sink *s, const struct report_record *record, struct err *err);
	int (*unreadable)(struct report_sink *s, const struct report_unreadable *u, struct err *err);
	/* A record element that holds no record and is no fault (address empty, count 0). */
	int (*placeholder)(struct report_sink *s, struct err *err);
	/* detail may be absent; repeated codes are counted, the first detail stays. */
	int (*note)(struct report_sink *s, enum report_note note, struct slice detail,
		struct err *err);
	int (*report_end)(struct report_sink *s, struct report_outcome *ret, struct err *err);
	/* Nothing of the report stays. Allowed at any time after report_begin; never fails twice. */
	int (*report_abandon)(struct report_sink *s, struct err *err);
	int (*entry)(struct report_sink *s, const struct report_entry *entry, struct err *err);
	int (*mail_end)(struct report_sink *s, enum report_ending ending, struct err *err);
	/* Drop everything since mail_begin: the mail could not be judged. */
	int (*mail_abandon)(struct report_sink *s, struct err *err);
	/* Commit with full durability. */
	int (*sync)(struct report_sink *s, struct err *err);
};

struct report_sink {
	const struct report_sink_ops *ops;
};

#endif
