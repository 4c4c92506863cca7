#include "web/change.h"

#include "store/base/domain.h"
#include "web/body.h"
#include "web/gate.h"

/* Who changes something, until there is more to tell who asks. */
static const struct actor actor = { { "web", 3 } };

/* The store to write to, for the moment of one change. */
static int writer_open_for(
	const struct request *req, struct response *res, struct store **ret, struct err *err)
{
	unsigned wait = gate_count(req->web->gate);

	if (wait > 0) {
		res->refusal = 429;
		res->retry_after = wait;
		return err_set(
			err, ERR_BUSY, "more than %d changes in a minute", CHANGES_PER_MINUTE_MAX);
	}
	if (store_open(ret, store_path(req->store), STORE_WRITE, err) == 0)
		return 0;
	if (err->code == ERR_BUSY)
		return err_set(err, ERR_BUSY, "another process is writing to the database");
	return -1;
}

static void say_changed(struct response *res, bool changed)
{
	res->type = "application/json";
	buf_printf(&res->body, "{\"data\":{\"changed\":%s}}\n", changed ? "true" : "false");
}

/* The domain in the address; what is none cannot be anyone's. */
static int check_name(const struct request *req, struct response *res, struct err *err)
{
	char key[DOMAIN_KEY_MAX];
	struct err_quote quote;
	size_t len;

	if (domain_key(req->name, key, &len))
		return 0;
	res->parameter[0] = '\0';
	return err_set(err, ERR_NOT_FOUND, "%s is no domain name", err_quote(&quote, req->name));
}

/* As often as one likes: it is there afterwards. */
int change_domain(const struct request *req, struct response *res, struct err *err)
{
	struct err ours = ERR_INIT;
	struct body *body = NULL;
	struct store *st = NULL;
	int rc = -1;

	if (check_name(req, res, err) < 0 || body_open(&body, req->body, "", res, err) < 0 ||
		writer_open_for(req, res, &st, err) < 0)
		goto out;
	rc = store_domain_add(st, req->name, &actor, &ours);
	if (rc == 0 || ours.code == ERR_USAGE) {
		say_changed(res, rc == 0);
		rc = 0;
	} else {
		*err = ours;
	}
out:
	store_close(st);
	body_close(body);
	return rc;
}

int change_domain_remove(const struct request *req, struct response *res, struct err *err)
{
	struct body *body = NULL;
	struct store *st = NULL;
	int rc = -1;

	if (check_name(req, res, err) < 0 || body_open(&body, req->body, "", res, err) < 0 ||
		writer_open_for(req, res, &st, err) < 0)
		goto out;
	rc = store_domain_remove(st, req->name, &actor, err);
	if (rc == 0)
		say_changed(res, true);
out:
	store_close(st);
	body_close(body);
	return rc;
}
