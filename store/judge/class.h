/*
 * class: whose mail a row is, by ordered rules; the first that matches decides and is named.
 *
 * A pure function over what the caller found out about the row: its trait, its group, and how the
 * domain's other mail went. What each fact means, and why the order is this, stands in ruad.7.
 */
#ifndef STORE_JUDGE_CLASS_H
#define STORE_JUDGE_CLASS_H

#include "store/judge/trait.h"

/* The numbers are in the database. */
enum class {
	CLASS_YOURS,
	CLASS_FORWARDED,
	CLASS_TO_DECIDE,
	CLASS_NOT_YOURS,
	CLASS_COUNT,
};
extern const char *const class_names[CLASS_COUNT];	/* "yours", "forwarded", "to_decide", ... */

enum class_rule {
	CLASS_BY_DECISION,
	CLASS_BY_OWN_NETWORK,
	CLASS_BY_LISTED_SERVICE,
	CLASS_BY_REASON,
	CLASS_BY_SPF,
	CLASS_BY_DKIM_HOME,
	CLASS_BY_DKIM_ELSEWHERE,
	CLASS_BY_DKIM_INFERRED,
	CLASS_BY_FAILING_HOME,
	CLASS_BY_FAILING_SHARE,
	CLASS_BY_RELAY,
	CLASS_BY_CHANGED_IN_TRANSIT,
	CLASS_BY_SIGNATURE,
	CLASS_BY_SERVICE,
	CLASS_BY_NEAR_OWN,
	CLASS_BY_STEADY,
	CLASS_BY_STRANGER,
	CLASS_BY_PROVISIONAL,	/* not judged yet: while an ingest runs */
	CLASS_BY_FAILING_SPF,	/* numbers stay: the order in which rules are asked is class_of's */
	CLASS_RULE_COUNT,
};
extern const char *const class_rule_names[CLASS_RULE_COUNT];	/* "decision", "own-network", ... */
/* One plain sentence each, for people. */
extern const char *const class_rule_texts[CLASS_RULE_COUNT];
extern const char *const class_rule_texts_es[CLASS_RULE_COUNT];

struct class_facts {
	int decided;		/* enum class of the owner's decision on the group, or -1 */
	bool own_network, listed_service, known_service;
	bool relay_service;	/* known, and only passes on: role forwarder or list */
	const struct trait *trait;
	/* Of the own signatures: the passing ones where dkim is pass, else all. */
	bool home_here, home_elsewhere;
	bool small_beside_home;	/* with such a signature the group sends <= 20 % of what home does */
	int64_t group_own, group_messages;	/* passing mail called yours, and all mail, of the group */
	bool near_own;		/* shares its /24 or /64 with an address that passes SPF */
	bool own_spf;		/* a term of the domain's own SPF record names the address */
	bool steady;		/* own envelope, unsigned, for two weeks and more */
};

/* Must not look at group_own and what follows when the row passes: they are known only after. */
enum class class_of(const struct class_facts *f, enum class_rule *ret_rule);
/* True: pass verdict (dkim or spf pass). */
bool class_passes(const struct trait *t);

#endif
