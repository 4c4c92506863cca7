/*
 * readiness: may this domain's policy go one step further, and if not, what is in the way?
 *
 * A pure function of what was counted. The window is 30 days; "own" is mail of class Yours, and a
 * source is a source group. The caller adds every source group of the window, so that the worst one
 * is found however many there are:
 *
 *	struct readiness_facts f;
 *	readiness_init(&f);
 *	f.days = 30; ...
 *	for each group
 *		readiness_add(&f, &source);
 *	readiness_judge(&f, &verdict);
 *	readiness_sentence(&verdict, DNS_ES, &buf);
 *
 * To quarantine the checks Q1 to Q7 count, to reject R1 to R4 besides. What is not known is never
 * taken for good. What would lose mail (Q3, Q4, Q5, R2, R3) blocks even where it is the only check
 * that is short; of the others one is "almost".
 */
#ifndef STORE_JUDGE_READINESS_H
#define STORE_JUDGE_READINESS_H

#include "store/base/buf.h"
#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/rule.h"

#define READINESS_DAYS 30		/* the window */
#define READINESS_LONG_DAYS 60		/* that of a domain with little mail */
#define READINESS_DAYS_LEAST 14		/* fewer days with reports, or ... */
#define READINESS_OWN_LEAST 20		/* ... fewer own messages: nothing is measured */
#define READINESS_SOURCE_LEAST 10	/* messages of a source that is judged by itself */
#define READINESS_NAME_KEEP 128
#define READINESS_AFFECTED_KEEP 20

/* What the owner answered. */
enum readiness_answer {
	READINESS_NOT_SAID,
	READINESS_YES,
	READINESS_NO,
};

/* Messages of one source group in the window. */
struct readiness_source {
	int64_t id;
	struct slice name;	/* readiness_add() copies it, cut at READINESS_NAME_KEEP */
	int64_t own, own_pass, own_dkim, own_spf_only;	/* spf_only: passes, and not by DKIM */
	int64_t undecided;
	int64_t affected;	/* of Yours and Forwarded: fail */
	int days_old;		/* of an own source that is new: since its first message; -1: not new */
};

struct readiness_kept {
	int64_t id;		/* 0: none */
	char name[READINESS_NAME_KEEP];
	int64_t messages;	/* what it is kept for */
	int64_t of;		/* of so many */
};

struct readiness_facts {
	int days;			/* of the window, with reports */
	unsigned reporters;		/* verified ones */
	bool large_reporter;		/* one of them is Google, Microsoft or Yahoo */
	bool long_enough;		/* reports began READINESS_LONG_DAYS ago or earlier */
	bool services_seen;		/* the owner listed services, and all were seen in that time */
	int64_t own_long;		/* own messages of that time */
	bool parked;			/* sends no mail, says the owner */

	bool dns_known;			/* the DNS was asked; else the next two mean nothing */
	unsigned dns_errors;		/* the checker's, of DMARC, SPF and selectors in use */
	char dns_rule[8];		/* the first of them: "D02" */

	enum readiness_answer rare_senders;	/* were payroll, annual invoices, alarms thought of? */
	enum readiness_answer mailing_lists;	/* do people post to mailing lists? */

	enum dmarc_policy policy;	/* in force now; DMARC_ABSENT: none is known */
	bool testing;			/* t=y, or pct below 100 */
	int enforced_days;		/* since when reporters see quarantine or reject without those;
					 * 0: they do not */

	/* readiness_add() fills the rest. */
	int64_t own, own_pass, own_dkim, undecided, affected;
	struct readiness_kept worst;		/* own source under 95 %, most failures */
	struct readiness_kept unsigned_source;	/* own source that passes by SPF only */
	struct readiness_kept undecided_source;	/* the largest */
	struct readiness_kept newest;		/* own source; messages: its days */
	struct readiness_kept affected_sources[READINESS_AFFECTED_KEEP];	/* most first */
	size_t affected_len;
};

enum readiness_id {
	READINESS_Q1,	/* reports on 25 of 30 days, two verified reporters, a large one of them */
	READINESS_Q2,	/* 100 own messages */
	READINESS_Q3,	/* 99 % of own mail pass, and 95 % of every own source */
	READINESS_Q4,	/* to decide: 0.5 % at most, no source of 10 messages */
	READINESS_Q5,	/* no error of the record checker */
	READINESS_Q6,	/* no new own source for 14 days */
	READINESS_Q7,	/* rare senders considered */
	READINESS_R1,	/* at quarantine for 30 days */
	READINESS_R2,	/* 98 % of own mail signed, no own source that rests on SPF */
	READINESS_R3,	/* would be affected: 0.5 % at most of own mail */
	READINESS_R4,	/* mailing lists */
	READINESS_COUNT,
};

enum readiness_state {
	READINESS_OK,
	READINESS_FAILED,
	READINESS_UNKNOWN,
	READINESS_NOT_NEEDED,
	READINESS_STATE_COUNT,
};
extern const char *const readiness_state_names[READINESS_STATE_COUNT];	/* "ok", "failed", ... */

enum readiness_unit {
	READINESS_IN_DAYS,
	READINESS_IN_MESSAGES,
	READINESS_IN_REPORTERS,
	READINESS_IN_ERRORS,
	READINESS_IN_RATIO,	/* 0 to 1 */
	READINESS_IN_ANSWER,	/* enum readiness_answer */
	READINESS_UNIT_COUNT,
};
extern const char *const readiness_unit_names[READINESS_UNIT_COUNT];	/* "days", "ratio", ... */

struct readiness_check {
	enum readiness_state state;
	unsigned says;			/* which of the check's texts */
	enum readiness_unit unit;
	bool has_value;
	double value, limit;		/* limit: what it has to reach, or may be at most */
	int64_t source;			/* the source group it names; 0: none */
	char name[READINESS_NAME_KEEP];	/* its name, or of Q5 the rule */
	int64_t messages, of;		/* of that source */
};

enum readiness_verdict_id {
	READINESS_UNMEASURED,
	READINESS_BLOCKED,
	READINESS_ALMOST,
	READINESS_READY,
	READINESS_READY_WITH_COST,
	READINESS_ENFORCED,
	READINESS_REGRESSED,
	READINESS_VERDICT_COUNT,
};
extern const char *const readiness_verdict_names[READINESS_VERDICT_COUNT];	/* "unmeasured", ... */

struct readiness {
	enum readiness_verdict_id verdict;
	enum dmarc_policy now, step;	/* step: it speaks of; the one in force where that is the last */
	struct readiness_check checks[READINESS_COUNT];
	enum readiness_id first;	/* the short check that matters most; READINESS_COUNT: none */
	unsigned short_of;		/* checks that are short for this step */
	int days;
	bool parked;
	int64_t own, own_pass;
};

void readiness_init(struct readiness_facts *f);
void readiness_add(struct readiness_facts *f, const struct readiness_source *s);
/* Is it one of those whose reports say most: Google, Microsoft, Yahoo? By org_name. */
bool readiness_is_large(struct slice org_name);
void readiness_judge(const struct readiness_facts *f, struct readiness *ret);

const char *readiness_id_name(enum readiness_id id);	/* "Q1" */
/* What a check asks. Static. */
const char *readiness_title(enum readiness_id id, enum dns_language language);
/* What it found, and the one sentence of the card; appended. */
void readiness_text(const struct readiness *r, enum readiness_id id, enum dns_language language,
	struct buf *to);
void readiness_sentence(const struct readiness *r, enum dns_language language, struct buf *to);
/* What to know before a record is published. Static. */
enum readiness_note {
	READINESS_NOTE_RUA,	/* the record is known without its addresses */
	READINESS_NOTE_TESTING,	/* it has t=y or pct */
	READINESS_NOTE_COUNT,
};
const char *readiness_note(enum readiness_note note, enum dns_language language);
/* For the test that every string has its twin: the i-th text, false past the last. */
bool readiness_string(size_t i, const char *ret[DNS_LANGUAGE_COUNT]);

#endif
