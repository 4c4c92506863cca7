/*
 * assess_parts: what the files of judgement share. No header outside them includes this one.
 *
 * assess.c runs a domain from end to end; assess_group.c gives its addresses their groups,
 * assess_home.c finds where each of its keys is at home, assess_class.c gives each address and trait
 * its class, assess_sum.c sums classes up by day, assess_trait.c reads traits back, assess_spf.c what the domain's SPF record names. decide.c and setting.c keep the owner's words and
 * have the domain judged again; event.c keeps what happened. asn.c is the wall around libmaxminddb.
 *
 * A domain may have 500,000 addresses and the process 32 MiB: what was seen of it lies in temporary
 * tables, walked in the order of their keys. In memory are only caches of fixed size, and one
 * number a day.
 */
#ifndef STORE_ASSESS_PARTS_H
#define STORE_ASSESS_PARTS_H

#include "store/assess.h"
#include "store/base/limits.h"
#include "store/judge/group.h"
#include "store/trait_read.h"
#include "store/write.h"

/* ---- assess.c ------------------------------------------------------------------------------ */

/* The page cache while a domain is judged, and with it what a sorter may take. */
#define ASSESS_CACHE_KIB 2048

enum {	/* seen_address.flags */
	ADDRESS_OWN_NETWORK = 1,
	ADDRESS_NEAR_OWN = 2,
	ADDRESS_STEADY = 4,
	ADDRESS_MOVED = 8,		/* it had another group when it was last judged */
	ADDRESS_OWN_SPF = 16,
};

/* A day of the domain. delta: how many ranges of days that changed begin here, less those that
 * ended with the day before. */
struct assess_day {
	int32_t day, delta;
	bool marked;
};

struct asn;
struct assess_trait;
struct assess_fact;
struct assess_sums;
struct spf_ranges;

struct assess {
	struct store *st;
	struct asn *asn;		/* NULL: none */
	struct address *address;
	struct assess_trait *traits;	/* caches */
	size_t traits_bytes;		/* of the texts of those */
	struct assess_fact *facts;
	struct assess_sums *sums;

	/* the domain at hand */
	int64_t domain;
	char name[DOMAIN_KEY_MAX];
	bool parked;
	bool known;			/* it was judged before */
	int32_t first;			/* its first day */
	struct ip_net nets[OWN_NETWORKS_MAX];
	unsigned nets_len;
	struct spf_ranges *spf;		/* what its own SPF record names; NULL: nothing is known */
	struct slice spf_term;		/* the last one met, */
	const struct service *spf_service;	/* and whose include it is */
	struct assess_day *days;
	size_t days_len, days_cap;
	bool changed;			/* something is not as it was */
};

/* Judge a domain within the open transaction. all: every day's classes are summed again. news:
 * changes of classes are events (not where the owner's word, itself one, made them). */
int assess_domain(struct assess *a, int64_t domain, bool all, bool news, struct err *err);
/* From the first to the last of these days the sums of classes may have changed. */
void assess_days_touch(struct assess *a, int64_t first, int64_t last);
/* Without overflow: it stays at the greatest number. */
static inline int64_t assess_add(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* ---- assess_trait.c ------------------------------------------------------------------------ */

struct assess_trait {
	int64_t id;			/* 0: free */
	struct trait trait;
	bool passes;
	struct trait_key keys[TRAIT_SIGNATURES_MAX];
	struct buf text;
};

int assess_traits_open(struct assess *a, struct err *err);
void assess_traits_close(struct assess *a);
void assess_traits_forget(struct assess *a);
/* Valid until the next call. */
int assess_trait(struct assess *a, int64_t id, const struct assess_trait **ret, struct err *err);

/* ---- assess_group.c ------------------------------------------------------------------------ */

int assess_groups(struct assess *a, struct err *err);

/* ---- assess_spf.c -------------------------------------------------------------------------- */

/* Reads what the DNS says of the domain's SPF record. One look-up where nothing is known. */
int assess_spf(struct assess *a, struct err *err);
void assess_spf_forget(struct assess *a);
/* The term that authorises an address, as hints of its group. */
void assess_spf_hint(struct assess *a, const struct ip *ip, struct group_hints *ret);

/* ---- assess_home.c ------------------------------------------------------------------------- */

struct assess_home {
	bool here, elsewhere, small;	/* as in struct class_facts */
};

int assess_facts_open(struct assess *a, struct err *err);
void assess_facts_close(struct assess *a);
int assess_homes(struct assess *a, struct err *err);
/* Where the keys of a trait are at home, seen from a group. */
int assess_home(struct assess *a, const struct assess_trait *t, int64_t group,
	struct assess_home *ret, struct err *err);

/* ---- assess_class.c ------------------------------------------------------------------------ */

int assess_classes(struct assess *a, struct err *err);

/* ---- assess_sum.c -------------------------------------------------------------------------- */

int assess_sums_open(struct assess *a, struct err *err);
void assess_sums_close(struct assess *a);
void assess_sums_forget(struct assess *a);
/* What an address and trait were judged to be, for the sums that follow: saves a look-up. */
void assess_sums_know(struct assess *a, int64_t source, const struct assess_trait *t, int64_t group,
	enum class class, enum class_rule rule);
/* Sum up the classes of the days that changed; all: of every day. */
int assess_sum_days(struct assess *a, bool all, struct err *err);

/* ---- asn.c --------------------------------------------------------------------------------- */

int asn_open(struct asn **ret, const char *path, struct err *err);
void asn_close(struct asn *asn);
/* False: not known. The name is borrowed from the file, "" if it has none. */
bool asn_find(const struct asn *asn, const struct ip *ip, int64_t *ret, struct slice *ret_name);

/* ---- event.c ------------------------------------------------------------------------------- */

struct event {
	const char *type;
	struct slice domain, object, before, after;
	struct slice who;		/* absent: ruad itself */
};

int event_add(struct store *st, const struct event *e, int64_t *ret, struct err *err);
/* Add an event if most reporters publish another policy for the domain than they did. */
int event_policy(struct assess *a, struct err *err);

/* ---- decide.c ------------------------------------------------------------------------------ */

/* Set a decision (CLASS_TO_DECIDE: drop it) that this event made. */
int decision_set(struct store *st, int64_t domain, struct slice key, enum class class, int64_t event,
	struct err *err);
/*
 * The owner's word: one transaction, undone whole if `change` fails. It returns 1 when it changed
 * something, 0 when all was so already, -1.
 */
int owner_change(struct store *st, int (*change)(struct store *st, void *arg, struct err *err),
	void *arg, struct err *err);
/* An event that is to be undone: `before` goes where `after` is. ERR_USAGE if something else is
 * there by now. *ret_event is the event that says so. */
struct undo {
	int64_t event;
	struct slice type, domain, object, before, after;
	const struct actor *by;
	int64_t *ret_event;
};

/* ---- setting.c, claim.c -------------------------------------------------------------------- */

/* True: a setting of many entries, each set and taken away for itself. */
bool setting_is_list(struct slice name);
int setting_undo(struct store *st, const struct undo *u, struct err *err);
int claim_undo(struct store *st, const struct undo *u, struct err *err);

#endif
