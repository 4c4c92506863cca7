/*
 * whatif: what would have become of a row under another policy, other alignment, another SPF record.
 *
 * The row's own verdict stands wherever the change cannot touch it: then nothing of its identifiers
 * is needed. Where it can, they decide; and where they are missing, or the DNS was not asked, the answer is
 * "unknown", never a guess. A wish for nothing gives what the report says, for any row.
 *
 * Policies are those of RFC 9989: sp and np stand for p where they are absent, t=y means one step
 * less, pct means nothing. What is not wished for is as that very report tells it was published.
 * It is what the domain asks for, before a receiver makes an exception.
 *
 *	struct whatif_fate before, after;
 *	whatif_judge(&row, &(struct whatif_wish){ 0 }, &before);
 *	whatif_judge(&row, &wish, &after);
 */
#ifndef STORE_JUDGE_WHATIF_H
#define STORE_JUDGE_WHATIF_H

#include "store/judge/dns/dmarc.h"
#include "store/judge/dns/spf_eval.h"
#include "store/report.h"

enum whatif_choice {
	WHATIF_AS_PUBLISHED,
	WHATIF_NO,
	WHATIF_YES,
};

struct whatif_wish {
	enum dmarc_policy p, sp, np;	/* DMARC_ABSENT: as published */
	enum whatif_choice strict_dkim, strict_spf, testing;
	bool spf;			/* another SPF record at the policy domain */
};

struct whatif_auth {
	enum report_auth_kind kind;
	struct slice domain;		/* key form; absent: none, or no name */
	uint8_t result;			/* enum report_auth_result */
	uint8_t scope;			/* enum report_scope */
};

enum whatif_exists {
	WHATIF_NOT_ASKED,
	WHATIF_EXISTS,
	WHATIF_MISSING,			/* NXDOMAIN */
};

struct whatif_row {
	struct slice domain;		/* the policy domain, key form */
	struct slice from;		/* header_from, key form; absent: none, or no name */
	struct slice envelope_from;	/* the same */
	uint8_t dkim, spf;		/* enum report_result: policy_evaluated */
	uint8_t p, sp, np;		/* enum report_policy_word: policy_published */
	uint8_t adkim, aspf, testing;	/* enum report_alignment, report_testing */
	enum whatif_exists exists;	/* does `from` exist; of no meaning where it is the domain */
	enum spf_result wished_spf;	/* what the wished record says of the address, if there is one */
	const struct whatif_auth *auth;
	size_t auth_len;
};

enum whatif_action {
	WHATIF_NONE,
	WHATIF_QUARANTINE,
	WHATIF_REJECT,
	WHATIF_UNKNOWN,
};

struct whatif_fate {
	enum report_verdict verdict;
	enum whatif_action action;
};

void whatif_judge(
	const struct whatif_row *row, const struct whatif_wish *wish, struct whatif_fate *ret);

/* Fates of a set of rows, in messages. */
struct whatif_sum {
	int64_t messages;
	int64_t verdicts_before[REPORT_VERDICT_COUNT], verdicts_after[REPORT_VERDICT_COUNT];
	int64_t actions_before[WHATIF_UNKNOWN + 1], actions_after[WHATIF_UNKNOWN + 1];
	int64_t newly_failing, newly_passing;	/* both verdicts are known */
	int64_t newly_acted_on, no_longer_acted_on;	/* both actions are known */
	int64_t excused;	/* of the newly acted on: the receiver gave a reason not to apply a policy */
	int64_t unknown;	/* what becomes of them cannot be told: verdict or action */
};

void whatif_add(struct whatif_sum *sum, const struct whatif_fate *before,
	const struct whatif_fate *after, bool excused, int64_t messages);

#endif
