#include "web/body.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

struct body {
	json_t *root;
};

static int fault(const char *name, const char *what, struct response *res, struct err *err)
{
	(void)snprintf(res->parameter, sizeof res->parameter, "%s", name);
	return err_set(err, ERR_USAGE, "%s must be %s", name, what);
}

static int check_members(
	const struct body *b, const char *members, struct response *res, struct err *err)
{
	struct err_quote quote;

	for (void *at = json_object_iter(b->root); at != NULL;
		at = json_object_iter_next(b->root, at)) {
		struct slice name = slice_of(json_object_iter_key(at));

		if (params_listed(members, name))
			continue;
		(void)snprintf(res->parameter, sizeof res->parameter, "%.*s", SLICE_FMT(name));
		return err_set(err, ERR_USAGE, "unknown member %s; allowed here: %s",
			err_quote(&quote, name), members[0] != '\0' ? members : "none");
	}
	return 0;
}

int body_open(struct body **ret, struct slice text, const char *members, struct response *res,
	struct err *err)
{
	struct body *b = calloc(1, sizeof *b);
	json_error_t why;

	if (b == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	if (text.len == 0)
		text = SLICE_LIT("{}");
	b->root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &why);
	if (b->root == NULL)
		(void)err_set(err, ERR_USAGE, "the body is no JSON: line %d, column %d", why.line,
			why.column);
	else if (!json_is_object(b->root))
		(void)err_set(err, ERR_USAGE, "the body must be a JSON object");
	else if (check_members(b, members, res, err) == 0) {
		*ret = b;
		return 0;
	}
	body_close(b);
	return -1;
}

void body_close(struct body *b)
{
	if (b == NULL)
		return;
	json_decref(b->root);
	free(b);
}

int body_number(
	const struct body *b, const char *name, int64_t *ret, struct response *res, struct err *err)
{
	const json_t *value = json_object_get(b->root, name);

	if (value == NULL)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 1)
		return fault(name, "a whole number from 1", res, err);
	*ret = json_integer_value(value);
	return 1;
}

int body_bool(
	const struct body *b, const char *name, bool *ret, struct response *res, struct err *err)
{
	const json_t *value = json_object_get(b->root, name);

	if (value == NULL)
		return 0;
	if (!json_is_boolean(value))
		return fault(name, "true or false", res, err);
	*ret = json_is_true(value);
	return 1;
}

int body_answer(const struct body *b, const char *name, struct slice *ret, struct response *res,
	struct err *err)
{
	const json_t *value = json_object_get(b->root, name);

	if (value == NULL)
		return 0;
	if (!json_is_boolean(value) && !json_is_null(value))
		return fault(name, "true, false or null", res, err);
	*ret = json_is_true(value)    ? SLICE_LIT("yes")
	       : json_is_false(value) ? SLICE_LIT("no")
				      : SLICE_LIT("");
	return 1;
}

static struct slice text_of(const json_t *value)
{
	return slice_from(json_string_value(value), json_string_length(value));
}

int body_text(const struct body *b, const char *name, struct slice *ret, struct response *res,
	struct err *err)
{
	const json_t *value = json_object_get(b->root, name);

	if (value == NULL)
		return 0;
	if (!json_is_string(value) && !json_is_null(value))
		return fault(name, "a text", res, err);
	*ret = json_is_null(value) ? SLICE_LIT("") : text_of(value);
	return 1;
}

int body_list(const struct body *b, const char *name, struct slice ret[BODY_LIST_MAX],
	size_t *ret_len, struct response *res, struct err *err)
{
	const json_t *value = json_object_get(b->root, name);
	size_t len = json_array_size(value);

	if (value == NULL)
		return 0;
	if (!json_is_array(value) || len > BODY_LIST_MAX)
		return fault(name, "a list of texts, not more than 64", res, err);
	for (size_t i = 0; i < len; i++) {
		const json_t *one = json_array_get(value, i);

		if (!json_is_string(one))
			return fault(name, "a list of texts", res, err);
		ret[i] = text_of(one);
	}
	*ret_len = len;
	return 1;
}

int body_misses(const char *name, struct response *res, struct err *err)
{
	(void)snprintf(res->parameter, sizeof res->parameter, "%s", name);
	return err_set(err, ERR_USAGE, "the body must have the member %s", name);
}

const char *body_library_version(void)
{
	return jansson_version_str();
}
