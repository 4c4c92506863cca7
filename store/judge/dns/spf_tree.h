/*
 * spf_tree: all that an SPF record makes a receiver look up, for people.
 *
 * The terms of the record and of what it includes, in the order a receiver that finds no match walks
 * them. A term with macros that depend on the message is counted and not followed. Loops are named
 * and not followed. The tree has at most SPF_TREE_NODES_MAX nodes; then `cut` is set and the
 * counts are at least what they say.
 */
#ifndef STORE_JUDGE_DNS_SPF_TREE_H
#define STORE_JUDGE_DNS_SPF_TREE_H

#include "store/judge/dns/spf.h"

#define SPF_TREE_NODES_MAX 256
#define SPF_TREE_DEPTH_MAX 20

enum spf_node_state {
	SPF_NODE_FINE,		/* include, redirect: one record; a, mx: has addresses */
	SPF_NODE_NO_RECORD,	/* include, redirect: an error to receivers */
	SPF_NODE_SEVERAL,	/* records: the same */
	SPF_NODE_LOOP,
	SPF_NODE_NO_ADDRESS,	/* a, mx, exists: a look-up that finds nothing */
	SPF_NODE_MACRO,		/* depends on the message */
	SPF_NODE_PTR,		/* depends on the sender */
	SPF_NODE_FAILED,	/* no answer */
	SPF_NODE_UNKNOWN,	/* nobody asked */
	SPF_NODE_CUT,		/* not followed: too deep */
	SPF_NODE_STATE_COUNT,
};
extern const char *const spf_node_state_names[SPF_NODE_STATE_COUNT];

struct spf_node {
	size_t parent;		/* index; the root is its own */
	unsigned depth;		/* 0: the record of the domain itself */
	enum spf_kind kind;	/* SPF_INCLUDE for the root */
	enum spf_node_state state;
	bool is_void;		/* its look-up finds nothing (4.6.4) */
	struct slice term;	/* as written; absent for the root */
	size_t at;		/* where, in the record of the parent */
	struct slice name;	/* looked up: key form, or as written where state is SPF_NODE_MACRO */
	struct slice record;	/* the SPF record found there, else absent */
	const struct dns_record *found;	/* the same with TTL and breaks, else NULL */
	unsigned lookups;	/* this term and all under it; for the root: the record's sum */
	unsigned hosts;		/* mx: how many */
};

struct spf_tree {
	const struct spf_node *nodes;	/* [0] is the domain; parents before children */
	size_t len;
	unsigned lookups, voids;
	bool cut, unknown;	/* too large; holds a SPF_NODE_UNKNOWN */
};

/* ERR_SHORTAGE only. A domain without a record is a tree of one node. */
int spf_tree_open(struct spf_tree **ret, struct dns_view *view, struct slice domain,
	struct err *err);
void spf_tree_close(struct spf_tree *t);	/* NULL allowed */

#endif
