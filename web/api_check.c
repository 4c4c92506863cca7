#include "web/api_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/check.h"

static int take_parameters(
	const struct request *req, struct response *res, struct check_ask *ask, struct err *err)
{
	const struct params *p = req->params;

	for (unsigned i = 0; i < p->len; i++) {
		struct slice name = p->list[i].name;

		if (params_listed("lang format", name))
			continue;
		(void)snprintf(res->parameter, sizeof res->parameter, "%.*s", SLICE_FMT(name));
		if (check_ask_set(ask, name, p->list[i].value, err) < 0)
			return -1;
	}
	res->parameter[0] = '\0';
	return 0;
}

static int choose_format(
	const struct request *req, struct response *res, bool *ret_text, struct err *err)
{
	struct slice wish = params_get(req->params, SLICE_LIT("format"));
	struct err_quote quote;

	*ret_text = slice_equal(wish, SLICE_LIT("text"));
	if (wish.ptr == NULL || *ret_text || slice_equal(wish, SLICE_LIT("json")))
		return 0;
	(void)snprintf(res->parameter, sizeof res->parameter, "format");
	return err_set(
		err, ERR_USAGE, "format is one of json text, not %s", err_quote(&quote, wish));
}

static void write_answer(const struct check_answer *a, bool text, struct response *res)
{
	struct buf *to = &res->body;

	if (text) {
		buf_printf(to, "%s | %s\n", buf_text(&a->output), buf_text(&a->perfdata));
		return;
	}
	res->type = "application/json";
	buf_printf(to, "{\"state\":%d,\"state_text\":\"%s\",\"output\":", (int)a->state,
		check_state_names[a->state]);
	emit_json_string(to, buf_slice(&a->output));
	buf_add_text(to, ",\"perfdata\":");
	emit_json_string(to, buf_slice(&a->perfdata));
	buf_add_text(to, "}\n");
}

int api_check(const struct request *req, struct response *res, struct err *err)
{
	struct check_answer answer;
	struct err_quote quote;
	struct check_ask *ask;
	unsigned mode;
	bool text;
	int rc = -1;

	if (!check_find(req->name, &mode))
		return err_set(
			err, ERR_NOT_FOUND, "there is no check %s", err_quote(&quote, req->name));
	ask = malloc(sizeof *ask);
	if (ask == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for a check");
	check_ask_init(ask, mode);
	check_answer_init(&answer);
	if (choose_format(req, res, &text, err) == 0 && take_parameters(req, res, ask, err) == 0 &&
		check_run(req->store, ask, &answer, err) == 0) {
		write_answer(&answer, text, res);
		rc = 0;
	}
	check_answer_release(&answer);
	free(ask);
	return rc;
}
