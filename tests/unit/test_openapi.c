/* The file that describes the interface, and the tables that make it: the same, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>

#include "store/embedded.h"
#include "store/query_tables.h"
#include "web/route.h"

static json_t *api;

static const char *const method_names[] = { [METHOD_GET] = "get",
	[METHOD_POST] = "post",
	[METHOD_PUT] = "put",
	[METHOD_DELETE] = "delete" };

static json_t *get(json_t *from, const char *name)
{
	json_t *found = json_object_get(from, name);

	if (found == NULL)
		fail_msg("no %s in the file", name);
	return found;
}

/* What {"$ref": "#/components/KIND/NAME"} names. */
static const char *ref_name(json_t *one, const char *kind)
{
	const char *ref = json_string_value(get(one, "$ref"));
	char prefix[64];

	(void)snprintf(prefix, sizeof prefix, "#/components/%s/", kind);
	assert_true(strncmp(ref, prefix, strlen(prefix)) == 0);
	return ref + strlen(prefix);
}

static bool is_described(const struct route *r)
{
	return strncmp(r->pattern, "/api/", 5) == 0 || (r->flags & ROUTE_PAGE) == 0;
}

static bool is_asset(const struct route *r)
{
	return strncmp(r->pattern, "/assets/", 8) == 0;
}

static json_t *operation(const struct route *r)
{
	json_t *path = json_object_get(get(api, "paths"), r->pattern);
	json_t *op = json_object_get(path, method_names[r->method]);

	if (op == NULL)
		fail_msg("%s %s is not in the file", method_names[r->method], r->pattern);
	return op;
}

static void every_route_is_described(void **state)
{
	(void)state;
	for (const struct route *r = routes; r->pattern != NULL; r++) {
		if (is_described(r) && !is_asset(r))
			(void)operation(r);
	}
}

static void everything_described_is_a_route(void **state)
{
	const char *pattern, *method;
	json_t *path, *op;

	(void)state;
	json_object_foreach(get(api, "paths"), pattern, path)
	{
		json_object_foreach(path, method, op)
		{
			bool found = false;

			for (const struct route *r = routes; r->pattern != NULL; r++)
				found |= strcmp(r->pattern, pattern) == 0 &&
					 strcmp(method_names[r->method], method) == 0;
			if (!found)
				fail_msg("%s %s is no route", method, pattern);
		}
	}
}

/* Every parameter there is, of any route. */
static const char *any_parameter(size_t i)
{
	static const char *const ours[] = { "format", "lang", "v", "warn", "crit", "suggest",
		"history", NULL };
	size_t filters = 0;

	while (query_filter_name(filters, NULL) != NULL)
		filters++;
	return i < filters ? query_filter_name(i, NULL) : ours[i - filters];
}

static bool describes(json_t *op, const char *name)
{
	size_t at;
	json_t *one;

	json_array_foreach(get(op, "parameters"), at, one)
	{
		json_t *parameter =
			get(get(get(api, "components"), "parameters"), ref_name(one, "parameters"));

		if (strcmp(json_string_value(get(parameter, "in")), "query") == 0 &&
			strcmp(json_string_value(get(parameter, "name")), name) == 0)
			return true;
	}
	return false;
}

static void a_route_takes_just_the_parameters_described(void **state)
{
	const char *name;

	(void)state;
	for (const struct route *r = routes; r->pattern != NULL; r++) {
		if (!is_described(r) || is_asset(r))
			continue;
		for (size_t i = 0; (name = any_parameter(i)) != NULL; i++) {
			bool takes =
				strcmp(name, "lang") == 0 || route_takes(r, slice_of(name), NULL);

			if (takes != describes(operation(r), name))
				fail_msg("%s %s: %s is %s", method_names[r->method], r->pattern,
					name, takes ? "not described" : "not taken");
		}
	}
}

/* The property of a schema or of the parts it is all of. */
static json_t *property(json_t *schema, const char *name)
{
	json_t *part, *found = json_object_get(json_object_get(schema, "properties"), name);
	size_t at;

	json_array_foreach(json_object_get(schema, "allOf"), at, part)
	{
		if (found != NULL)
			break;
		if (json_object_get(part, "$ref") != NULL)
			part = get(
				get(get(api, "components"), "schemas"), ref_name(part, "schemas"));
		found = property(part, name);
	}
	return found;
}

static size_t count_properties(json_t *schema)
{
	size_t at, n = json_object_size(json_object_get(schema, "properties"));
	json_t *part;

	json_array_foreach(json_object_get(schema, "allOf"), at, part)
	{
		if (json_object_get(part, "$ref") != NULL)
			part = get(
				get(get(api, "components"), "schemas"), ref_name(part, "schemas"));
		n += count_properties(part);
	}
	return n;
}

static void expect_type(const char *kind, const struct column *column, json_t *schema)
{
	static const struct {
		const char *type, *format;
	} types[] = { [COLUMN_TEXT] = { "string", "" },
		[COLUMN_INT] = { "integer", "" },
		[COLUMN_RATIO] = { "number", "" },
		[COLUMN_BOOL] = { "boolean", "" },
		[COLUMN_DAY] = { "string", "date" },
		[COLUMN_TIME] = { "string", "date-time" } };
	json_t *type = get(schema, "type"), *format = json_object_get(schema, "format");

	if (json_is_array(type)) {
		assert_string_equal(json_string_value(json_array_get(type, 1)), "null");
		type = json_array_get(type, 0);
	}
	if (strcmp(json_string_value(type), types[column->type].type) != 0 ||
		strcmp(format != NULL ? json_string_value(format) : "",
			types[column->type].format) != 0)
		fail_msg("%s: %s is of another type", kind, column->name);
}

static void expect_field(const char *kind, const struct column *column, json_t *schema)
{
	json_t *one = property(schema, column->name);

	if (one == NULL)
		fail_msg("%s: %s is not described", kind, column->name);
	expect_type(kind, column, one);
}

/* What group_by may add to its rows; how many fields that are. */
static size_t expect_groups(enum query_kind kind, json_t *schema)
{
	size_t n = 0;

	if (!query_filter_takes(kind, SLICE_LIT("group_by"), NULL))
		return 0;
	for (size_t i = 0; i < QUERY_DIMENSION_COUNT; i++) {
		const struct query_dimension_row *by = &query_dimensions[i];

		for (size_t k = 0; k < by->columns_len; k++, n++)
			expect_field(query_name(kind), &by->columns[k], schema);
	}
	return n;
}

static void a_row_has_just_the_fields_described(void **state)
{
	const char *name;
	json_t *schema;

	(void)state;
	for (int kind = 0; kind < QUERY_KIND_COUNT; kind++) {
		const struct column *columns;
		size_t len;

		name = query_name((enum query_kind)kind);
		schema = json_object_get(get(get(api, "components"), "schemas"), name);
		if (schema == NULL) /* then no route may send it: see below */
			continue;
		columns = query_columns((enum query_kind)kind, &len);
		for (size_t i = 0; i < len; i++)
			expect_field(name, &columns[i], schema);
		len += expect_groups((enum query_kind)kind, schema);
		if (count_properties(schema) != len)
			fail_msg("%s: %zu fields are described, %zu sent", name,
				count_properties(schema), len);
	}
}

static void a_list_is_of_the_rows_of_its_kind(void **state)
{
	(void)state;
	for (const struct route *r = routes; r->pattern != NULL; r++) {
		json_t *schema, *data;

		if ((r->flags & ROUTE_KIND) == 0)
			continue;
		schema = get(get(get(get(operation(r), "responses"), "200"), "content"),
			"application/json");
		data = get(get(get(schema, "schema"), "properties"), "data");
		assert_string_equal(json_string_value(get(data, "type")), "array");
		assert_string_equal(ref_name(get(data, "items"), "schemas"), query_name(r->kind));
	}
}

static void a_change_needs_a_token(void **state)
{
	(void)state;
	for (const struct route *r = routes; r->pattern != NULL; r++) {
		if (!is_described(r) || is_asset(r))
			continue;
		if ((r->method == METHOD_GET || (r->flags & ROUTE_TEXT) != 0) ==
				((r->flags & ROUTE_CHANGE) != 0) ||
			((r->flags & ROUTE_CHANGE) != 0) !=
				(json_object_get(operation(r), "security") != NULL))
			fail_msg("%s %s", method_names[r->method], r->pattern);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_described),
		cmocka_unit_test(everything_described_is_a_route),
		cmocka_unit_test(a_route_takes_just_the_parameters_described),
		cmocka_unit_test(a_row_has_just_the_fields_described),
		cmocka_unit_test(a_list_is_of_the_rows_of_its_kind),
		cmocka_unit_test(a_change_needs_a_token),
	};
	int failed;

	api = json_loadb(web_openapi[0].bytes, web_openapi[0].len, JSON_REJECT_DUPLICATES, NULL);
	if (api == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	json_decref(api);
	return failed;
}
