/*
 * bounce: what a receiver said when it refused a mail, read from whatever people paste.
 *
 * That is a line of a log, an SMTP reply of several lines ("550-5.7.26 ..."), or a whole delivery
 * report, quoted, folded and wrapped by the programs it went through. A pure function of bytes: any
 * bytes, at most BOUNCE_BYTES_MAX. The texts it knows are a table; a code alone decides only where
 * one provider uses it (5.7.27 and 5.7.30 mean other things in RFC 7505 and RFC 8689).
 * Not done: parts in base64. The part of a delivery report for programs is plain.
 *
 *	struct bounce b;
 *	if (bounce_read(text, &b, err) < 0)
 *		...
 *	...bounce_names[b.code], b.reply, b.enhanced...
 *	bounce_release(&b);
 */
#ifndef STORE_JUDGE_BOUNCE_H
#define STORE_JUDGE_BOUNCE_H

#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/base/ip.h"
#include "store/base/limits.h"

/* What the receiver objects to. The names are public. */
#define BOUNCE_CODES(X)                                                                            \
	X(UNAUTHENTICATED, "unauthenticated")                                                      \
	X(DMARC_POLICY, "dmarc-policy")                                                            \
	X(CHECK_NOT_TOLD, "check-not-told")                                                        \
	X(NO_DMARC, "no-dmarc")                                                                    \
	X(DMARC_BROKEN, "dmarc-broken")                                                            \
	X(NOT_ALIGNED, "not-aligned")                                                              \
	X(REQUIREMENTS, "requirements")                                                            \
	X(SPF_HARD_FAIL, "spf-hard-fail")                                                          \
	X(SPF_FAILED, "spf-failed")                                                                \
	X(SPF_BROKEN, "spf-broken")                                                                \
	X(DKIM_FAILED, "dkim-failed")                                                              \
	X(SEVERAL_FAILED, "several-failed")                                                        \
	X(REVERSE_DNS, "reverse-dns")                                                              \
	X(NOT_RECOGNISED, "not-recognised")

enum bounce_code {
#define X(code, name) BOUNCE_##code,
	BOUNCE_CODES(X)
#undef X
	BOUNCE_CODE_COUNT,
};
extern const char *const bounce_names[BOUNCE_CODE_COUNT];

enum bounce_provider {
	BOUNCE_ANYBODY,		/* the text does not tell whose it is */
	BOUNCE_GMAIL,
	BOUNCE_YAHOO,
	BOUNCE_MICROSOFT,
	BOUNCE_APPLE,
	BOUNCE_COMCAST,
	BOUNCE_PROVIDER_COUNT,
};
extern const char *const bounce_provider_names[BOUNCE_PROVIDER_COUNT];	/* NULL, "gmail", ... */
/* For people: NULL, "Gmail", ... */
extern const char *const bounce_provider_titles[BOUNCE_PROVIDER_COUNT];

enum bounce_confidence {
	BOUNCE_CERTAIN,		/* the provider's own words */
	BOUNCE_LIKELY,
	BOUNCE_POSSIBLE,	/* words alone, and no code of an SMTP server */
	BOUNCE_CONFIDENCE_COUNT,
};
extern const char *const bounce_confidence_names[BOUNCE_CONFIDENCE_COUNT];

#define BOUNCE_DOMAINS_MAX 64
#define BOUNCE_ADDRESSES_MAX 32

struct bounce_domain {
	struct slice name;	/* lower case, in b->text */
	bool named;		/* the text says that it is the sender's */
};

struct bounce_address {
	struct ip ip;
	bool named;		/* the text says that it sent */
};

struct bounce {
	enum bounce_code code;
	enum bounce_provider provider;
	enum bounce_confidence confidence;	/* of no meaning with BOUNCE_NOT_RECOGNISED */
	const char *known;	/* which of the known texts; NULL: none */
	char reply[4];		/* "550", "" none */
	char enhanced[12];	/* "5.7.26", "" none */
	bool temporary;		/* 4xx or 4.x.x: the sender's server tries again */
	/* Those that are named come first, then in the order of the text; none twice. */
	struct bounce_domain domains[BOUNCE_DOMAINS_MAX];
	size_t domains_len;
	/* The same, without the receiver's own. */
	struct bounce_address addresses[BOUNCE_ADDRESSES_MAX];
	size_t addresses_len;
	struct slice selector;	/* of a DKIM key; absent */
	struct buf text;	/* what was read, in one line and in lower case */
};

/* ERR_USAGE: longer than BOUNCE_BYTES_MAX; ERR_SHORTAGE. */
int bounce_read(struct slice text, struct bounce *ret, struct err *err);
void bounce_release(struct bounce *b);

/* The known texts, for the test that reads one of each; false past the last. */
struct bounce_known {
	const char *name;
	enum bounce_code code;
	enum bounce_provider provider;
	enum bounce_confidence confidence;
};
bool bounce_known(size_t i, struct bounce_known *ret);

#endif
