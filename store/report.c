#include "store/report.h"

#include "store/base/utf8.h"

static const char *const result_names[] = { "absent", "unknown", "pass", "fail" };
static const char *const disposition_names[] = { "absent", "unknown", "none", "quarantine",
	"reject", "pass" };
static const char *const policy_names[] = { "absent", "unknown", "none", "quarantine", "reject" };
static const char *const alignment_names[] = { "absent", "unknown", "r", "s" };
static const char *const testing_names[] = { "absent", "unknown", "y", "n" };
static const char *const discovery_names[] = { "absent", "unknown", "psl", "treewalk" };
static const char *const reason_names[] = { "absent", "unknown", "local_policy", "mailing_list",
	"other", "trusted_forwarder", "forwarded", "sampled_out", "policy_test_mode" };
static const char *const auth_names[] = { "absent", "unknown", "none", "pass", "fail", "softfail",
	"neutral", "policy", "temperror", "permerror" };
static const char *const scope_names[] = { "absent", "unknown", "mfrom", "helo" };

/* RFC 7489 Appendix C itself says that temperror is commonly written "unknown" and permerror
 * "error"; docomo.ne.jp writes hardfail. */
static const struct vocabulary_alias auth_aliases[] = {
	{ "hardfail", REPORT_AUTH_FAIL },
	{ "error", REPORT_AUTH_PERMERROR },
	{ "unknown", REPORT_AUTH_TEMPERROR },
	{ NULL, 0 },
};

#define VOCABULARY(element, names, aliases)                                                        \
	{                                                                                          \
		element, names, sizeof names / sizeof *names, aliases                              \
	}

const struct vocabulary report_results = VOCABULARY("policy_evaluated", result_names, NULL);
const struct vocabulary report_dispositions = VOCABULARY("disposition", disposition_names, NULL);
const struct vocabulary report_policy_words = VOCABULARY("policy", policy_names, NULL);
const struct vocabulary report_alignments = VOCABULARY("alignment", alignment_names, NULL);
const struct vocabulary report_testings = VOCABULARY("testing", testing_names, NULL);
const struct vocabulary report_discoveries = VOCABULARY("discovery_method", discovery_names, NULL);
const struct vocabulary report_reason_types = VOCABULARY("reason/type", reason_names, NULL);
const struct vocabulary report_auth_results = VOCABULARY("result", auth_names, auth_aliases);
const struct vocabulary report_scopes = VOCABULARY("scope", scope_names, NULL);

const char *const report_verdict_names[] = { "pass", "fail", "unknown" };
const char *const report_dialect_names[] = { "draft", "rfc7489", "rfc9990" };
const char *const report_trust_names[] = { "unknown", "verified", "failed", "local" };
const char *const report_ending_names[] = {
	[REPORT_NOT_A_REPORT] = "not a report",
	[REPORT_STORED] = "stored",
	[REPORT_DUPLICATE] = "duplicate",
	[REPORT_PARTIAL] = "partial",
	[REPORT_CONFLICT] = "conflict",
	[REPORT_REFUSED] = "refused",
	[REPORT_DEFERRED] = "deferred",
};

const char *const report_note_names[] = {
	[REPORT_NOTE_REPAIRED_XML] = "repaired-xml",
	[REPORT_NOTE_REPAIRED_ENCODING] = "repaired-encoding",
	[REPORT_NOTE_JUNK_BEFORE] = "junk-before",
	[REPORT_NOTE_JUNK_AFTER] = "junk-after",
	[REPORT_NOTE_NAMESPACE] = "namespace",
	[REPORT_NOTE_UNKNOWN_ELEMENT] = "unknown-element",
	[REPORT_NOTE_REPEATED_ELEMENT] = "repeated-element",
	[REPORT_NOTE_MISSING_ELEMENT] = "missing-element",
	[REPORT_NOTE_MISNAMED_ELEMENT] = "misnamed-element",
	[REPORT_NOTE_FRACTION] = "fraction",
	[REPORT_NOTE_OLD_PERIOD] = "old-period",
	[REPORT_NOTE_LONG_PERIOD] = "long-period",
	[REPORT_NOTE_EMPTY_PERIOD] = "empty-period",
	[REPORT_NOTE_FUTURE_PERIOD] = "future-period",
	[REPORT_NOTE_ORG_EMPTY] = "org-empty",
	[REPORT_NOTE_FOREIGN_WORD] = "foreign-word",
	[REPORT_NOTE_ALIAS] = "alias",
	[REPORT_NOTE_CASE] = "case",
	[REPORT_NOTE_EMPTY_WORD] = "empty-word",
	[REPORT_NOTE_ADDRESS_FORM] = "address-form",
	[REPORT_NOTE_PLACEHOLDER] = "placeholder",
	[REPORT_NOTE_NO_RECORDS] = "no-records",
	[REPORT_NOTE_REASON_TEXT] = "reason-text",
	[REPORT_NOTE_NO_AUTH_RESULTS] = "no-auth-results",
	[REPORT_NOTE_CONTRADICTION] = "contradiction",
	[REPORT_NOTE_TEXT_CUT] = "text-cut",
	[REPORT_NOTE_TEXT_REPAIRED] = "text-repaired",
	[REPORT_NOTE_AUTH_CUT] = "auth-cut",
	[REPORT_NOTE_REASONS_CUT] = "reasons-cut",
	[REPORT_NOTE_ADDRESS_TEXT] = "address-text",
};

const char *const report_note_texts[] = {
	[REPORT_NOTE_REPAIRED_XML] = "The XML was not well-formed and was read in repair mode.",
	[REPORT_NOTE_REPAIRED_ENCODING] =
		"The text was not in the declared encoding and was read as windows-1252.",
	[REPORT_NOTE_JUNK_BEFORE] = "Something stood before the report and was skipped.",
	[REPORT_NOTE_JUNK_AFTER] = "Something stood after the report and was ignored.",
	[REPORT_NOTE_NAMESPACE] = "The XML namespace is one no standard names.",
	[REPORT_NOTE_UNKNOWN_ELEMENT] = "Elements no standard names were skipped.",
	[REPORT_NOTE_REPEATED_ELEMENT] = "An element stood twice; the first one counts.",
	[REPORT_NOTE_MISSING_ELEMENT] = "A required element is missing.",
	[REPORT_NOTE_MISNAMED_ELEMENT] = "An element had another name than the standard's.",
	[REPORT_NOTE_FRACTION] = "The period was written with a fraction of a second.",
	[REPORT_NOTE_OLD_PERIOD] = "The period lies before DMARC reports existed.",
	[REPORT_NOTE_LONG_PERIOD] = "The period is longer than a day.",
	[REPORT_NOTE_EMPTY_PERIOD] = "The period begins and ends in the same second.",
	[REPORT_NOTE_FUTURE_PERIOD] = "The period ends in the future.",
	[REPORT_NOTE_ORG_EMPTY] = "The report does not name its sender.",
	[REPORT_NOTE_FOREIGN_WORD] = "A word outside the standard's list was kept as sent.",
	[REPORT_NOTE_ALIAS] = "A word was an old name for one of the standard's.",
	[REPORT_NOTE_CASE] = "A word was written in capitals.",
	[REPORT_NOTE_EMPTY_WORD] = "An element that needs a word was empty.",
	[REPORT_NOTE_ADDRESS_FORM] = "An address was not written in its usual form.",
	[REPORT_NOTE_PLACEHOLDER] =
		"A row without address and messages stands for \"no mail seen\".",
	[REPORT_NOTE_NO_RECORDS] = "The report holds no rows.",
	[REPORT_NOTE_REASON_TEXT] = "A reason was written as plain text.",
	[REPORT_NOTE_NO_AUTH_RESULTS] = "A row comes without authentication results.",
	[REPORT_NOTE_CONTRADICTION] = "A row's verdict contradicts its authentication results.",
	[REPORT_NOTE_TEXT_CUT] = "A text was too long and was cut.",
	[REPORT_NOTE_TEXT_REPAIRED] =
		"A text held bytes that are no characters; they were replaced.",
	[REPORT_NOTE_AUTH_CUT] = "A row listed more authentication results than are kept.",
	[REPORT_NOTE_REASONS_CUT] = "A row listed more reasons than are kept.",
	[REPORT_NOTE_ADDRESS_TEXT] =
		"What stood in the place of an address is none; it was kept as text.",
};

_Static_assert(sizeof result_names / sizeof *result_names == REPORT_RESULT_COUNT, "names");
_Static_assert(
	sizeof disposition_names / sizeof *disposition_names == REPORT_DISPOSITION_COUNT, "names");
_Static_assert(sizeof policy_names / sizeof *policy_names == REPORT_POLICY_COUNT, "names");
_Static_assert(sizeof reason_names / sizeof *reason_names == REPORT_REASON_COUNT, "names");
_Static_assert(sizeof auth_names / sizeof *auth_names == REPORT_AUTH_COUNT, "names");

struct report_word vocabulary_word(
	const struct vocabulary *v, struct slice text, enum vocabulary_how *how)
{
	struct report_word word = { 0, slice_trim(text) };
	enum vocabulary_how found = VOCABULARY_FOREIGN;

	if (slice_absent(word.token)) {
		found = VOCABULARY_ABSENT;
	} else if (word.token.len == 0) {
		word.meaning = 1;
		found = VOCABULARY_EMPTY;
	} else {
		word.meaning = 1;
		for (uint8_t i = 2; i < v->count; i++) {
			if (!slice_equal_fold(word.token, slice_of(v->names[i])))
				continue;
			word.meaning = i;
			found = slice_equal(word.token, slice_of(v->names[i])) ? VOCABULARY_EXACT
									       : VOCABULARY_CASE;
		}
		for (const struct vocabulary_alias *a = v->aliases; a != NULL && a->name != NULL;
			a++) {
			if (word.meaning == 1 && slice_equal_fold(word.token, slice_of(a->name))) {
				word.meaning = a->meaning;
				found = VOCABULARY_ALIAS;
			}
		}
	}
	if (how != NULL)
		*how = found;
	return word;
}

bool report_is_source_text(struct slice s)
{
	struct ip ip;

	return s.len > 0 && s.len <= SOURCE_TEXT_MAX && slice_trim(s).len == s.len &&
	       utf8_valid(s) && !ip_parse(s, &ip);
}

bool vocabulary_find(const struct vocabulary *v, struct slice name, uint8_t *ret)
{
	unsigned at;

	if (!report_name_find(v->names, v->count, name, &at))
		return false;
	*ret = (uint8_t)at;
	return true;
}

bool report_name_find(const char *const *names, size_t count, struct slice name, unsigned *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal_fold(name, slice_of(names[i]))) {
			*ret = (unsigned)i;
			return true;
		}
	}
	return false;
}

enum report_verdict report_verdict(enum report_result dkim, enum report_result spf)
{
	if (dkim == REPORT_RESULT_PASS || spf == REPORT_RESULT_PASS)
		return REPORT_VERDICT_PASS;
	if (dkim == REPORT_RESULT_FAIL && spf == REPORT_RESULT_FAIL)
		return REPORT_VERDICT_FAIL;
	return REPORT_VERDICT_UNKNOWN;
}
