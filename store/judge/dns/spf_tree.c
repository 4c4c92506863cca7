#include "store/judge/dns/spf_tree.h"

#include <stdlib.h>

#include "store/judge/dns/pool.h"

/* Names that are not the view's: those of terms with "%%" and the like, and lower-cased ones. */
#define NAMES_BYTES_MAX ((size_t)SPF_TREE_NODES_MAX * (DOMAIN_KEY_MAX + 64))

const char *const spf_node_state_names[SPF_NODE_STATE_COUNT] = {
	[SPF_NODE_FINE] = "fine",
	[SPF_NODE_NO_RECORD] = "no-record",
	[SPF_NODE_SEVERAL] = "several-records",
	[SPF_NODE_LOOP] = "loop",
	[SPF_NODE_NO_ADDRESS] = "no-address",
	[SPF_NODE_MACRO] = "macro",
	[SPF_NODE_PTR] = "ptr",
	[SPF_NODE_FAILED] = "failed",
	[SPF_NODE_UNKNOWN] = "unknown",
	[SPF_NODE_CUT] = "cut",
};

struct tree {
	struct spf_tree tree; /* first: what the caller holds */
	struct spf_node room[SPF_TREE_NODES_MAX];
	struct pool names;
	struct dns_view *view;
};

static struct spf_node *add(struct tree *t, size_t parent, const struct spf_term *term)
{
	struct spf_node *n;

	if (t->tree.len == SPF_TREE_NODES_MAX) {
		t->tree.cut = true;
		return NULL;
	}
	n = &t->room[t->tree.len++];
	n->parent = parent;
	n->depth = t->room[parent].depth + 1;
	n->kind = term->kind;
	n->term = term->text;
	n->at = term->at;
	return n;
}

static bool is_looping(const struct tree *t, const struct spf_node *n)
{
	size_t at = n->parent;

	for (;;) {
		if (slice_equal(t->room[at].name, n->name))
			return true;
		if (t->room[at].parent == at)
			return false;
		at = t->room[at].parent;
	}
}

/* The name with the macros that do not depend on the message; false: it does. */
static bool name_of(
	struct tree *t, const struct spf_term *term, struct slice domain, struct slice *ret)
{
	struct spf_macros m = { .domain = domain,
		.sender_local = SLICE_LIT("postmaster"),
		.sender_domain = domain,
		.helo = domain,
		.validated = SLICE_LIT("unknown") };
	char text[DOMAIN_KEY_MAX];

	*ret = domain;
	if (slice_absent(term->domain))
		return true;
	*ret = term->domain;
	for (size_t i = 0; i + 2 < term->domain.len; i++) {
		if (term->domain.ptr[i] == '%' && term->domain.ptr[i + 1] == '{' &&
			(term->domain.ptr[i + 2] | 0x20) != 'd')
			return false;
	}
	*ret = spf_expand(term->domain, &m, text);
	*ret = slice_absent(*ret) ? SLICE_LIT("") : pool_copy(&t->names, *ret);
	return true;
}

static enum spf_node_state state_of(enum dns_status status, enum spf_node_state empty)
{
	switch (status) {
	case DNS_FOUND:
		return SPF_NODE_FINE;
	case DNS_UNKNOWN:
		return SPF_NODE_UNKNOWN;
	case DNS_FAILED:
		return SPF_NODE_FAILED;
	case DNS_NODATA:
	case DNS_NXDOMAIN:
	case DNS_STATUS_COUNT:
		break;
	}
	return empty;
}

/* Whether a name has addresses of either family: what one has none of may have the other. */
static enum dns_status find_addresses(struct dns_view *view, struct slice name)
{
	struct dns_answer four, six;

	dns_find(view, name, DNS_A, &four);
	if (four.status == DNS_FOUND || four.status == DNS_NXDOMAIN)
		return four.status;
	dns_find(view, name, DNS_AAAA, &six);
	if (six.status == DNS_FOUND || four.status == DNS_NODATA)
		return six.status;
	return four.status;
}

static void look_up_mx(struct tree *t, struct spf_node *n)
{
	enum dns_status hosts = DNS_NODATA;
	struct dns_answer a;

	dns_find(t->view, n->name, DNS_MX, &a);
	n->hosts = (unsigned)a.len;
	n->is_void = a.status == DNS_NODATA || a.status == DNS_NXDOMAIN;
	n->state = state_of(a.status, SPF_NODE_NO_ADDRESS);
	if (a.status != DNS_FOUND || a.len > 10)
		return;
	for (size_t i = 0; i < a.len; i++) {
		enum dns_status one = find_addresses(t->view, a.records[i].name);

		if (one == DNS_FOUND)
			return;
		if (one == DNS_UNKNOWN || one == DNS_FAILED)
			hosts = one;
	}
	n->state = state_of(hosts, SPF_NODE_NO_ADDRESS);
}

static void look_up_record(struct tree *t, struct spf_node *n)
{
	struct dns_answer a;
	size_t count = 0;
	enum dns_status status = spf_find(t->view, n->name, &n->found, &count);

	n->state = count > 1 ? SPF_NODE_SEVERAL : state_of(status, SPF_NODE_NO_RECORD);
	if (count != 1)
		n->found = NULL;
	n->record = n->found != NULL ? n->found->text : SLICE_ABSENT;
	dns_find(t->view, n->name, DNS_TXT, &a); /* other text than SPF is no void look-up */
	n->is_void = a.status == DNS_NODATA || a.status == DNS_NXDOMAIN;
}

static void look_up_address(struct tree *t, struct spf_node *n)
{
	struct dns_answer a;
	enum dns_status status;

	dns_find(t->view, n->name, DNS_A, &a);
	status = n->kind == SPF_A ? find_addresses(t->view, n->name) : a.status;
	n->state = state_of(status, SPF_NODE_NO_ADDRESS);
	n->is_void = status == DNS_NODATA || status == DNS_NXDOMAIN;
}

static void look_up(struct tree *t, struct spf_node *n)
{
	if (n->kind == SPF_INCLUDE || n->kind == SPF_REDIRECT)
		look_up_record(t, n);
	else if (n->kind == SPF_MX)
		look_up_mx(t, n);
	else if (n->kind == SPF_PTR)
		n->state = SPF_NODE_PTR;
	else
		look_up_address(t, n);
}

static void walk(struct tree *t, size_t index);

static void walk_term(struct tree *t, size_t parent, const struct spf_term *term)
{
	struct spf_node *n = add(t, parent, term);
	size_t index = t->tree.len - 1;

	if (n == NULL)
		return;
	n->lookups = 1;
	if (!name_of(t, term, t->room[parent].name, &n->name)) {
		n->state = SPF_NODE_MACRO;
	} else if ((n->kind == SPF_INCLUDE || n->kind == SPF_REDIRECT) && is_looping(t, n)) {
		n->state = SPF_NODE_LOOP;
	} else {
		look_up(t, n);
		walk(t, index);
	}
	t->room[parent].lookups += t->room[index].lookups;
	t->tree.voids += n->is_void;
	t->tree.unknown = t->tree.unknown || n->state == SPF_NODE_UNKNOWN;
}

/* The terms of a node's record that look something up; nothing counts behind "all" (5.1), and
 * redirect= not at all where there is one (6.1). */
static void walk(struct tree *t, size_t index)
{
	struct spf_node *n = &t->room[index];
	struct spf_term term, redirect = { .kind = SPF_NO_TERM };
	struct spf_terms terms;

	if (slice_absent(n->record))
		return;
	if (n->depth >= SPF_TREE_DEPTH_MAX) {
		n->state = SPF_NODE_CUT;
		t->tree.cut = true;
		return;
	}
	spf_terms_init(&terms, n->record);
	while (!t->tree.cut && spf_terms_next(&terms, &term)) {
		if (term.fault != SPF_FINE)
			continue;
		if (term.kind == SPF_ALL)
			return;
		if (term.kind == SPF_REDIRECT)
			redirect = term;
		else if (spf_kind_looks_up(term.kind))
			walk_term(t, index, &term);
	}
	if (redirect.kind == SPF_REDIRECT && !t->tree.cut)
		walk_term(t, index, &redirect);
}

int spf_tree_open(
	struct spf_tree **ret, struct dns_view *view, struct slice domain, struct err *err)
{
	struct tree *t = calloc(1, sizeof *t);
	struct spf_node *root;

	if (t == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for an SPF record");
	pool_init(&t->names, NAMES_BYTES_MAX);
	t->view = view;
	t->tree.nodes = t->room;
	t->tree.len = 1;
	root = &t->room[0];
	root->kind = SPF_INCLUDE;
	root->name = pool_copy(&t->names, domain);
	look_up(t, root);
	t->tree.unknown = root->state == SPF_NODE_UNKNOWN;
	walk(t, 0);
	t->tree.lookups = root->lookups;
	if (pool_dry(&t->names)) {
		spf_tree_close(&t->tree);
		return err_set(err, ERR_SHORTAGE, "no memory for an SPF record");
	}
	*ret = &t->tree;
	return 0;
}

void spf_tree_close(struct spf_tree *tree)
{
	struct tree *t = (struct tree *)tree;

	if (t == NULL)
		return;
	pool_release(&t->names);
	free(t);
}
