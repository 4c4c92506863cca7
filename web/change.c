#include "web/change.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/assess.h"
#include "store/base/domain.h"
#include "web/body.h"
#include "web/gate.h"

/* Events of one change: each setting of a domain has its own. */
#define EVENTS_MAX (2 * BODY_LIST_MAX + 8)

/* A change under way. */
struct change {
	const struct request *req;
	struct response *res;
	struct body *body;
	struct store *st;
	struct actor by;
	bool changed;
	int64_t events[EVENTS_MAX];
	size_t events_len;
};

/* What it is asked with, then the store to write to, for the moment of this change. */
static int begin(struct change *c, const struct request *req, struct response *res,
	const char *members, struct err *err)
{
	unsigned wait;

	*c = (struct change){ .req = req, .res = res, .by = { SLICE_LIT("token over HTTP") } };
	if (body_open(&c->body, req->body, members, res, err) < 0)
		return -1;
	wait = gate_count(req->web->gate);
	if (wait > 0) {
		res->refusal = 429;
		res->retry_after = wait;
		return err_set(
			err, ERR_BUSY, "more than %d changes in a minute", CHANGES_PER_MINUTE_MAX);
	}
	if (store_open(&c->st, store_path(req->store), STORE_WRITE, err) < 0) {
		/* Where the database lies is for the log. */
		if (err->code == ERR_BUSY)
			return err_set(err, ERR_BUSY, "another process is writing to the database");
		return -1;
	}
	/* A change judges anew: by what ruad-ingest judges by, or groups would come and go. */
	return store_assess_asn(c->st, req->web->asn_database, err);
}

static void note(struct change *c, int64_t event)
{
	if (event == 0)
		return;
	c->changed = true;
	if (c->events_len < EVENTS_MAX)
		c->events[c->events_len++] = event;
}

/* The answer, if all went well; and everything is let go. */
static int end(struct change *c, int rc)
{
	struct buf *b = &c->res->body;

	store_close(c->st);
	body_close(c->body);
	if (rc < 0)
		return -1;
	c->res->type = "application/json";
	buf_printf(b, "{\"data\":{\"changed\":%s,\"events\":[", c->changed ? "true" : "false");
	for (size_t i = 0; i < c->events_len; i++)
		buf_printf(b, "%s%" PRId64, i > 0 ? "," : "", c->events[i]);
	buf_add_text(b, "]}}\n");
	return 0;
}

/* ---- decisions ------------------------------------------------------------------------------- */

static int read_class(struct change *c, enum class *ret, struct err *err)
{
	struct slice word = SLICE_ABSENT;
	struct err_quote quote;
	unsigned at;
	int there = body_text(c->body, "class", &word, c->res, err);

	if (there <= 0)
		return there < 0 ? -1 : body_misses("class", c->res, err);
	if (report_name_find(class_names, CLASS_COUNT, word, &at)) {
		*ret = (enum class)at;
		return 0;
	}
	(void)snprintf(c->res->parameter, sizeof c->res->parameter, "class");
	return err_set(err, ERR_USAGE,
		"class is one of yours, forwarded, to_decide and not_yours, not %s",
		err_quote(&quote, word));
}

static int decide(struct change *c, struct err *err)
{
	int64_t group = 0, event = 0;
	enum class class = CLASS_TO_DECIDE;
	int there = body_number(c->body, "group", &group, c->res, err);

	if (there <= 0)
		return there < 0 ? -1 : body_misses("group", c->res, err);
	if (read_class(c, &class, err) < 0 ||
		store_decide(c->st, group, class, &c->by, &event, err) < 0)
		return -1;
	note(c, event);
	return 0;
}

int change_decide(const struct request *req, struct response *res, struct err *err)
{
	struct change c;
	int rc = begin(&c, req, res, "group class", err);

	return end(&c, rc < 0 ? -1 : decide(&c, err));
}

static int undo(struct change *c, struct err *err)
{
	int64_t which = 0, event = 0;
	int there = body_number(c->body, "event", &which, c->res, err);

	if (there <= 0)
		return there < 0 ? -1 : body_misses("event", c->res, err);
	if (store_undo(c->st, which, &c->by, &event, err) < 0)
		return -1;
	note(c, event);
	return 0;
}

int change_undo(const struct request *req, struct response *res, struct err *err)
{
	struct change c;
	int rc = begin(&c, req, res, "event", err);

	return end(&c, rc < 0 ? -1 : undo(&c, err));
}

/* ---- domains --------------------------------------------------------------------------------- */

static int check_name(const struct request *req, struct err *err)
{
	char key[DOMAIN_KEY_MAX];
	struct err_quote quote;
	size_t len;

	if (domain_key(req->name, key, &len))
		return 0;
	return err_set(err, ERR_NOT_FOUND, "%s is no domain name", err_quote(&quote, req->name));
}

/* As often as one likes: it is ours afterwards. */
static int add(struct change *c, struct err *err)
{
	struct err ours = ERR_INIT;

	if (store_domain_add(c->st, c->req->name, &c->by, &ours) == 0)
		c->changed = true;
	else if (ours.code != ERR_USAGE)
		return err_set(err, ours.code, "%s", ours.text);
	return 0;
}

static int set(
	struct change *c, const char *member, const char *name, struct slice value, struct err *err)
{
	int64_t event = 0;

	if (store_domain_set(c->st, c->req->name, slice_of(name), value, &c->by, &event, err) < 0) {
		(void)snprintf(c->res->parameter, sizeof c->res->parameter, "%s", member);
		return -1;
	}
	note(c, event);
	return 0;
}

static int set_all(struct change *c, const char *member, const char *name, const struct slice *list,
	size_t len, struct err *err)
{
	for (size_t i = 0; i < len; i++) {
		if (set(c, member, name, list[i], err) < 0)
			return -1;
	}
	return 0;
}

/* What no report can tell. */
struct answers {
	struct slice rare_senders, mailing_lists;
	bool has_rare_senders, has_mailing_lists;
};

static int read_answers(const struct change *c, struct answers *ret, struct err *err)
{
	int rare = body_answer(c->body, "rare_senders", &ret->rare_senders, c->res, err);
	int lists =
		rare < 0 ? -1
			 : body_answer(c->body, "mailing_lists", &ret->mailing_lists, c->res, err);

	ret->has_rare_senders = rare > 0;
	ret->has_mailing_lists = lists > 0;
	return lists < 0 ? -1 : 0;
}

static int set_answers(struct change *c, const struct answers *a, struct err *err)
{
	if (a->has_rare_senders && set(c, "rare_senders", "rare_senders", a->rare_senders, err) < 0)
		return -1;
	if (a->has_mailing_lists &&
		set(c, "mailing_lists", "mailing_lists", a->mailing_lists, err) < 0)
		return -1;
	return 0;
}

/* A domain as it is wished for. */
struct wish {
	struct change *c;
	struct slice rua, networks[BODY_LIST_MAX], services[BODY_LIST_MAX];
	size_t networks_len, services_len;
	struct answers answers;
	bool parked;
	int has_parked, has_rua;
};

static int settle_all(void *arg, struct err *err)
{
	const struct wish *w = arg;
	struct change *c = w->c;

	if (add(c, err) < 0)
		return -1;
	if (w->has_parked > 0 &&
		set(c, "parked", "parked", w->parked ? SLICE_LIT("yes") : SLICE_LIT("no"), err) < 0)
		return -1;
	if (w->has_rua > 0 && set(c, "rua", "rua", w->rua, err) < 0)
		return -1;
	if (set_all(c, "networks", "network", w->networks, w->networks_len, err) < 0 ||
		set_all(c, "services", "service", w->services, w->services_len, err) < 0)
		return -1;
	return set_answers(c, &w->answers, err);
}

/* All is read before anything is done, and all is done or nothing. */
static int settle(struct change *c, struct err *err)
{
	struct wish w = { .c = c, .rua = SLICE_ABSENT };

	w.has_parked = body_bool(c->body, "parked", &w.parked, c->res, err);
	w.has_rua = w.has_parked < 0 ? -1 : body_text(c->body, "rua", &w.rua, c->res, err);
	if (w.has_rua < 0 ||
		body_list(c->body, "networks", w.networks, &w.networks_len, c->res, err) < 0 ||
		body_list(c->body, "services", w.services, &w.services_len, c->res, err) < 0 ||
		read_answers(c, &w.answers, err) < 0)
		return -1;
	return store_together(c->st, settle_all, &w, err);
}

int change_domain(const struct request *req, struct response *res, struct err *err)
{
	struct change c;
	int rc;

	if (check_name(req, err) < 0)
		return -1;
	rc = begin(&c, req, res, "parked rua networks services rare_senders mailing_lists", err);
	return end(&c, rc < 0 ? -1 : settle(&c, err));
}

int change_domain_remove(const struct request *req, struct response *res, struct err *err)
{
	struct change c;
	int rc;

	if (check_name(req, err) < 0)
		return -1;
	rc = begin(&c, req, res, "", err);
	if (rc == 0)
		rc = store_domain_remove(c.st, req->name, &c.by, err);
	c.changed = rc == 0;
	return end(&c, rc);
}
