#include "store/query_tables.h"

#include <assert.h>

#include "store/judge/catalogue.h"
#include "store/judge/cause.h"
#include "store/judge/class.h"
#include "store/judge/group.h"
#include "store/judge/readiness.h"

#define WORDS(column, vocabulary)                                                                  \
	{                                                                                          \
		column, CELL_WORD, &(vocabulary), NULL, 0                                          \
	}
#define NAMES(column, names, count)                                                                \
	{                                                                                          \
		column, CELL_NAME, NULL, names, count                                              \
	}
#define OTHERWISE(column, how)                                                                     \
	{                                                                                          \
		column, how, NULL, NULL, 0                                                         \
	}

/* What is absent or invalid is none of the words of a policy. */
static const char *const published_names[DMARC_POLICY_COUNT] = {
	[DMARC_NONE] = "none", [DMARC_QUARANTINE] = "quarantine", [DMARC_REJECT] = "reject"
};

static const struct cell cells[] = {
	OTHERWISE("source", CELL_SOURCE),
	OTHERWISE("auth", CELL_AUTH),
	OTHERWISE("reasons", CELL_REASONS),
	WORDS("policy", report_policy_words),
	WORDS("subdomain_policy", report_policy_words),
	WORDS("p", report_policy_words),
	WORDS("p_effective", report_policy_words),
	WORDS("sp", report_policy_words),
	WORDS("sp_effective", report_policy_words),
	WORDS("np", report_policy_words),
	WORDS("np_effective", report_policy_words),
	WORDS("adkim", report_alignments),
	WORDS("adkim_effective", report_alignments),
	WORDS("aspf", report_alignments),
	WORDS("aspf_effective", report_alignments),
	WORDS("testing", report_testings),
	WORDS("testing_effective", report_testings),
	WORDS("discovery_method", report_discoveries),
	WORDS("disposition", report_dispositions),
	WORDS("type", report_reason_types),
	WORDS("dkim", report_results),
	WORDS("spf", report_results),
	WORDS("mail_dkim", report_auth_results),
	WORDS("mail_spf", report_auth_results),
	WORDS("mail_dmarc", report_auth_results),
	NAMES("class", class_names, CLASS_COUNT),
	NAMES("cause", cause_names, CAUSE_CODE_COUNT),
	NAMES("confidence", cause_confidence_names, CAUSE_CONFIDENCE_COUNT),
	NAMES("readiness", readiness_verdict_names, READINESS_VERDICT_COUNT),
	NAMES("published_policy", published_names, DMARC_POLICY_COUNT),
	NAMES("decided", class_names, CLASS_COUNT),
	NAMES("rule", class_rule_names, CLASS_RULE_COUNT),
	NAMES("rule_text", class_rule_texts, CLASS_RULE_COUNT),
	NAMES("evidence", group_evidence_names, GROUP_EVIDENCE_COUNT),
	NAMES("verdict", report_verdict_names, REPORT_VERDICT_COUNT),
	NAMES("dialect", report_dialect_names, REPORT_DIALECT_COUNT),
	NAMES("trust", report_trust_names, REPORT_TRUST_COUNT),
	NAMES("ending", report_ending_names, REPORT_ENDING_COUNT),
	NAMES("entry_ending", report_ending_names, REPORT_ENDING_COUNT),
	NAMES("code", report_note_names, REPORT_NOTE_COUNT),
	NAMES("text", report_note_texts, REPORT_NOTE_COUNT),
};

const struct cell *query_cell(const char *column)
{
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		if (strcmp(cells[i].column, column) == 0)
			return &cells[i];
	}
	return NULL;
}

const char *query_name(enum query_kind kind)
{
	return query_kinds[kind].name;
}

const struct column *query_columns(enum query_kind kind, size_t *ret_len)
{
	*ret_len = query_kinds[kind].columns_len;
	return query_kinds[kind].columns;
}

const struct column *query_find_column(enum query_kind kind, struct slice name)
{
	const struct query_kind_row *row = &query_kinds[kind];

	for (size_t i = 0; i < row->columns_len; i++) {
		if (slice_equal(slice_of(row->columns[i].name), name))
			return &row->columns[i];
	}
	return NULL;
}

bool query_is_asked_column(enum query_kind kind, const char *name)
{
	struct slice rest = slice_of(query_kinds[kind].asked);

	while (rest.len > 0) {
		if (slice_equal(slice_cut(rest, ' ', &rest), slice_of(name)))
			return true;
	}
	return false;
}

bool query_is_group_column(struct slice name)
{
	for (size_t i = 0; i < QUERY_DIMENSION_COUNT; i++) {
		const struct query_dimension_row *row = &query_dimensions[i];

		for (size_t k = 0; k < row->columns_len; k++) {
			if (slice_equal(slice_of(row->columns[k].name), name))
				return true;
		}
	}
	return false;
}

size_t query_column(enum query_kind kind, const char *name)
{
	const struct column *column = query_find_column(kind, slice_of(name));

	assert(column != NULL);
	return (size_t)(column - query_kinds[kind].columns);
}
