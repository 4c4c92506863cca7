/*
 * cause: why mail of a source fails, or passes as it does, by ordered patterns; the first decides.
 *
 * A pure function over one bundle: the mail of one source group, of one trait and one From name, in a
 * window, with what is known of the keys and names it uses. What nobody asked the DNS for is not
 * known, and a cause that would need it is said with less confidence or not at all. The texts say
 * what was seen, why, what to change and how to tell that it worked; they never send a forwarder's
 * address to SPF, and never a service's include as a cure for alignment.
 *
 *	struct cause c;
 *	cause_of(&facts, &c);
 *	cause_text(c.code, CAUSE_CHANGE, CAUSE_ES, &values, &buf);
 */
#ifndef STORE_JUDGE_CAUSE_H
#define STORE_JUDGE_CAUSE_H

#include "store/base/buf.h"
#include "store/judge/class.h"

/* In the order in which they are tried. The names are public. */
#define CAUSE_CODES(X)                                                                             \
	X(OK_BOTH, "ok-both")                                                                      \
	X(LIST, "list")                                                                            \
	X(FWD_PLAIN, "fwd-plain")                                                                  \
	X(FWD_SRS, "fwd-srs")                                                                      \
	X(FWD_CHANGED, "fwd-changed")                                                              \
	X(OK_DKIM_ESP, "ok-dkim-esp")                                                              \
	X(OK_DKIM, "ok-dkim")                                                                      \
	X(TENANT_DOMAIN, "tenant-domain")                                                          \
	X(SHARED_SPF, "shared-spf")                                                                \
	X(DKIM_WEAK, "dkim-weak")                                                                  \
	X(DKIM_NOKEY, "dkim-nokey")                                                                \
	X(DKIM_BADKEY, "dkim-badkey")                                                              \
	X(DKIM_ONE_REPORTER, "dkim-one-reporter")                                                  \
	X(DKIM_BODY, "dkim-body")                                                                  \
	X(SPF_ONLY, "spf-only")                                                                    \
	X(STRICT, "strict")                                                                        \
	X(ESP_UNALIGNED, "esp-unaligned")                                                          \
	X(SPF_OTHER, "spf-other")                                                                  \
	X(SPF_PERMERROR, "spf-permerror")                                                          \
	X(SPF_TEMPERROR, "spf-temperror")                                                          \
	X(NULL_SENDER, "null-sender")                                                              \
	X(GHOST_SUB, "ghost-sub")                                                                  \
	X(SUB_NONE, "sub-none")                                                                    \
	X(SPF_NONE, "spf-none")                                                                    \
	X(IPV6, "ipv6")                                                                            \
	X(SPF_MISSING_IP, "spf-missing-ip")                                                        \
	X(SPF_NEUTRAL, "spf-neutral")                                                              \
	X(PARKED, "parked")                                                                        \
	X(SPOOF_ENV, "spoof-env")                                                                  \
	X(SPOOF, "spoof")                                                                          \
	X(UNCLEAR, "unclear")

enum cause_code {
#define X(code, name) CAUSE_##code,
	CAUSE_CODES(X)
#undef X
	CAUSE_CODE_COUNT,
};
extern const char *const cause_names[CAUSE_CODE_COUNT];

/* What goes with a cause; the bits of cause.notes. */
#define CAUSE_NOTES(X)                                                                             \
	X(OVERRIDE, "override")                                                                    \
	X(TEST_MODE, "test-mode")                                                                  \
	X(DKIM_TESTING, "dkim-testing")                                                            \
	X(ODD_REPORT, "odd-report")                                                                \
	X(STALE_POLICY, "stale-policy")

enum cause_note {
#define X(code, name) CAUSE_NOTE_##code,
	CAUSE_NOTES(X)
#undef X
	CAUSE_NOTE_COUNT,
};
extern const char *const cause_note_names[CAUSE_NOTE_COUNT];

enum cause_confidence {
	CAUSE_CERTAIN,
	CAUSE_LIKELY,
	CAUSE_POSSIBLE,
	CAUSE_CONFIDENCE_COUNT,
};
extern const char *const cause_confidence_names[CAUSE_CONFIDENCE_COUNT];

/* What stands at selector._domainkey.domain now. */
enum cause_key {
	CAUSE_KEY_UNKNOWN,	/* nobody asked */
	CAUSE_KEY_NONE,
	CAUSE_KEY_BROKEN,	/* there, and no key can be read from it; or revoked */
	CAUSE_KEY_WEAK,		/* under 1024 bits (RFC 8301 3.2), or for sha1 only */
	CAUSE_KEY_TESTING,	/* good, with t=y */
	CAUSE_KEY_GOOD,
};

/* Of the trait's own signature with the same number, over the window and all mail of the domain. */
struct cause_signature {
	enum cause_key key;
	uint8_t result;			/* enum report_auth_result where it does not pass; else PASS */
	unsigned reporters_passing, reporters_failing;	/* of this group's mail with it */
	bool passes_elsewhere;		/* in mail of another source */
};

struct cause_facts {
	const struct trait *trait;
	enum class class;
	enum class_rule rule;
	struct slice domain;		/* the policy domain, key form */
	struct slice from;		/* header_from, key form; absent: not one name */
	const struct cause_signature *signatures;	/* trait->signatures_len of them */
	bool home_elsewhere;		/* a passing own key is at home with another source */
	bool from_unknown_to_dns;	/* NXDOMAIN was the answer for `from` */
	bool other_is_list;		/* the other signer or the bounce domain is a mailing list host */
	bool unlisted_include;		/* SPF passed through an include nobody marked as used */
	bool strict_dkim, strict_spf;	/* adkim=s, aspf=s, as reporters saw it */
	bool temperror_days;		/* SPF temperror in 1 % of the mail or more, on two days or more */
	bool only_ipv6;			/* the group's failing addresses are IPv6, and IPv4 ones pass */
	bool parked;			/* no own mail in 90 days, or the owner says so */
	bool stale_policy;		/* reports show another policy than the one published now */
};

struct cause {
	enum cause_code code;
	enum cause_confidence confidence;
	unsigned notes;			/* 1 << enum cause_note */
	int signature;			/* which of the trait's own it speaks of, -1 none */
};

void cause_of(const struct cause_facts *f, struct cause *ret);
/* Is there something to do about it? Not for what is healthy, forwarded or forged. */
bool cause_is_actionable(enum cause_code code);

enum cause_part {
	CAUSE_SAW,
	CAUSE_BECAUSE,
	CAUSE_TO_CHANGE,
	CAUSE_DONE_WHEN,
	CAUSE_PART_COUNT,
};

enum cause_language {
	CAUSE_EN,
	CAUSE_ES,
	CAUSE_LANGUAGE_COUNT,
};

/* What the texts name; all may be absent: then a plain word stands there. */
struct cause_values {
	int64_t messages;
	struct slice source;	/* the group's name */
	struct slice domain, from, bounce, signer, selector, reporter;
};

/* Appends one part of the card. Values are written as they are: the caller escapes the whole. */
void cause_text(enum cause_code code, enum cause_part part, enum cause_language language,
	const struct cause_values *values, struct buf *to);
/* One sentence. */
const char *cause_note_text(enum cause_note note, enum cause_language language);

#endif
