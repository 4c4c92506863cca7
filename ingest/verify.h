/*
 * verify: a sink in front of a sink that checks what fields mean, and notes what is odd.
 *
 * dmarc_xml fills raw texts; verify turns them into the model of store/report.h or into an error:
 * numbers, addresses, dates, vocabularies, bounds (SEMANTICS, rules 2 to 4 and 11). It decides
 * refused, partial and placeholder. It knows no XML.
 */
#ifndef INGEST_VERIFY_H
#define INGEST_VERIFY_H

#include "ingest/kind.h"

/* Fields as the XML held them: untrimmed, valid UTF-8, absent where the element was. */
struct raw_reason {
	struct slice type, comment;
	bool bare;			/* text stood directly in <reason> */
};

struct raw_auth {
	uint8_t kind;			/* enum report_auth_kind */
	struct slice domain, selector, scope, result, human_result;
};

struct raw_record {
	uint32_t position, line;
	struct slice source_ip, count, disposition, dkim, spf;
	struct slice header_from, envelope_from, envelope_to;
	struct raw_reason reasons[REASON_MAX];
	unsigned reasons_len;
	struct raw_auth auth[AUTH_MAX];
	unsigned auth_len;
	bool has_auth_results, has_policy_evaluated, has_identifiers;
};

struct raw_head {
	struct slice org_name, email, extra_contact_info, report_id, begin, end, errors, generator,
		version, xmlns;
	struct slice domain, p, sp, np, adkim, aspf, pct, fo, testing, discovery_method;
	bool has_metadata, has_policy;
};

struct verify;
int verify_open(struct verify **ret, struct report_sink *to, const struct parse_context *context,
	struct err *err);
/* ERR_REPORT: the report is refused, with the reason. Called once, when both halves are complete
 * (before or after records). */
int verify_head(struct verify *v, const struct raw_head *head, struct err *err);
/* -1 only for ERR_REPORT and above; an unreadable record is passed on as such. */
int verify_record(struct verify *v, const struct raw_record *record, struct err *err);
int verify_note(struct verify *v, enum report_note note, struct slice detail, struct err *err);
/* After the end tag: empty report, no readable record though there were some, missing head. */
int verify_end(struct verify *v, struct err *err);
/* The same as close and open, with what it allocated. */
void verify_again(struct verify *v, struct report_sink *to, const struct parse_context *context);
void verify_close(struct verify *v);

#endif
