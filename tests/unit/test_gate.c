/* Who may change something, and what a change may be asked with. */
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/web_kit.h"
#include "web/body.h"
#include "web/gate.h"

#define TOKEN "0123456789abcdef-token"

static char file[] = "/tmp/ruad-gate-XXXXXX";

static void write_token(const char *text, mode_t mode)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	(void)fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(file, mode), 0);
}

static void a_token_that_others_know_is_none(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *says; /* NULL: taken */
	} cases[] = {
		{ TOKEN, 0600, NULL },
		{ " \t" TOKEN "\n", 0400, NULL },
		{ TOKEN, 0640, NULL },
		{ TOKEN, 0644, "others may read" },
		{ TOKEN, 0604, "others may read" },
		{ TOKEN, 0620, "others may read or change" },
		{ TOKEN, 0602, "others may read or change" },
		{ "", 0600, "16 to 256 characters, not 0" },
		{ "short", 0600, "not 5" },
		{ "0123456789 abcdef", 0600, "visible ASCII" },
		{ "0123456789\nabcdef", 0600, "visible ASCII" },
		{ "0123456789\xc3\xa4yabcdef", 0600, "visible ASCII" },
	};
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gate *g = NULL;
		int rc;

		write_token(cases[i].text, cases[i].mode);
		rc = gate_open(&g, file, &err);
		if ((rc == 0) != (cases[i].says == NULL))
			fail_msg("%s, %o: %d", cases[i].text, cases[i].mode, rc);
		if (rc < 0) {
			assert_int_equal(err.code, ERR_USAGE);
			assert_non_null(strstr(err.text, file));
			if (strstr(err.text, cases[i].says) == NULL)
				fail_msg("%s does not say %s", err.text, cases[i].says);
		}
		gate_close(g);
	}
	write_token(TOKEN, 0600);
	assert_int_equal(gate_open(&(struct gate *){ NULL }, "/nonexistent/token", &err), -1);
	assert_int_equal(gate_open(&(struct gate *){ NULL }, "/tmp", &err), -1);
	assert_int_equal(gate_open(&(struct gate *){ NULL }, "/dev/null", &err), -1);
}

/* The request is a good one but for what is named. */
static void only_the_token_from_here_and_from_no_other_site_passes(void **state)
{
	static const struct {
		const char *token, *origin, *site, *type;
		uint64_t length;
		bool elsewhere;
		unsigned status;
	} cases[] = {
		{ .status = 0 },
		{ .origin = "http://localhost:8080", .status = 0 },
		{ .origin = "https://LOCALHOST:8080", .status = 0 },
		{ .site = "same-origin", .status = 0 },
		{ .site = "none", .status = 0 },
		{ .token = "bearer " TOKEN, .status = 0 },
		{ .type = "Application/JSON; charset=utf-8", .status = 0 },
		{ .length = REQUEST_BODY_BYTES_MAX, .status = 0 },
		{ .elsewhere = true, .status = 403 },
		{ .origin = "http://localhost", .status = 403 },
		{ .origin = "http://evil.example", .status = 403 },
		{ .origin = "http://localhost:8080.evil.example", .status = 403 },
		{ .origin = "null", .status = 403 },
		{ .origin = "", .status = 403 },
		{ .site = "cross-site", .status = 403 },
		{ .site = "same-site", .status = 403 },
		{ .token = "", .status = 401 },
		{ .token = "Bearer", .status = 401 },
		{ .token = "Bearer ", .status = 401 },
		{ .token = TOKEN, .status = 401 },
		{ .token = "Basic " TOKEN, .status = 401 },
		{ .token = "Bearer " TOKEN "x", .status = 401 },
		{ .token = "Bearer 0123456789abcdef-toke", .status = 401 },
		{ .type = "", .status = 415 },
		{ .type = "application/x-www-form-urlencoded", .status = 415 },
		{ .type = "text/plain", .status = 415 },
		{ .length = REQUEST_BODY_BYTES_MAX + 1, .status = 413 },
	};
	struct err err = ERR_INIT;
	struct gate *g = NULL;
	const char *why;

	(void)state;
	write_token(TOKEN "\n", 0600);
	assert_int_equal(gate_open(&g, file, &err), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ask ask = { .local = !cases[i].elsewhere,
			.host = SLICE_LIT("localhost:8080"),
			.content_length = cases[i].length > 0 ? cases[i].length : 2,
			.content_type = slice_of(
				cases[i].type != NULL ? cases[i].type : "application/json"),
			.authorization =
				slice_of(cases[i].token != NULL ? cases[i].token : "Bearer " TOKEN),
			.origin = slice_of(cases[i].origin),
			.fetch_site = slice_of(cases[i].site) };
		unsigned status = gate_check(g, &ask, &why);

		if (status != cases[i].status)
			fail_msg("case %zu: %u (%s)", i, status, why);
		assert_int_equal(gate_check(NULL, &ask, &why), 403);
		assert_non_null(strstr(why, "--token-file"));
	}
	gate_close(g);
}

static void a_minute_has_room_for_so_many_changes(void **state)
{
	struct err err = ERR_INIT;
	struct gate *g = NULL;
	unsigned wait;

	(void)state;
	assert_int_equal(gate_open(&g, file, &err), 0);
	for (unsigned i = 0; i < CHANGES_PER_MINUTE_MAX; i++)
		assert_int_equal(gate_count(g), 0);
	wait = gate_count(g);
	assert_true(wait > 0 && wait <= 60);
	gate_close(g);
}

static void a_body_is_one_object_of_known_members(void **state)
{
	static const struct {
		const char *text, *says, *parameter; /* says NULL: taken */
	} cases[] = {
		{ "{\"n\":7,\"t\":\"x\"}", NULL, "" },
		{ "", NULL, "" },
		{ " {}\n", NULL, "" },
		{ "[]", "must be a JSON object", "" },
		{ "null", "no JSON", "" },
		{ "{", "no JSON: line 1", "" },
		{ "{}{}", "no JSON", "" },
		{ "{\"n\":1,\"n\":2}", "no JSON", "" },
		{ "{\"n\":1,\"evil\\u001b\":2}",
			"unknown member \"evil\\x1b\"; allowed here: n t b l", "evil\x1b" },
		{ "{\"t\":\"\\u0000\"}", "no JSON", "" },
		{ "{\"t\":\"\xff\"}", "no JSON", "" },
		{ "{\"n\":99999999999999999999}", "no JSON", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct response res = { .status = 200 };
		struct err err = ERR_INIT;
		struct body *b = NULL;
		int rc = body_open(&b, slice_of(cases[i].text), "n t b l", &res, &err);

		if ((rc == 0) != (cases[i].says == NULL))
			fail_msg("%s: %d %s", cases[i].text, rc, err.text);
		if (rc < 0 && strstr(err.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_string_equal(res.parameter, cases[i].parameter);
		body_close(b);
	}
}

static void a_member_has_the_type_it_must_have(void **state)
{
	static const char *const wrong[] = { "{\"n\":0}", "{\"n\":-1}", "{\"n\":1.5}",
		"{\"n\":\"1\"}", "{\"n\":null}", "{\"t\":1}", "{\"t\":[]}", "{\"b\":1}",
		"{\"b\":\"true\"}", "{\"b\":null}", "{\"l\":\"x\"}", "{\"l\":[1]}", "{\"l\":{}}" };
	static struct slice list[BODY_LIST_MAX];
	struct response res = { .status = 200 };
	struct err err = ERR_INIT;
	struct body *b = NULL;
	struct slice text = SLICE_ABSENT;
	int64_t n = 0;
	bool flag = false;
	size_t len = 0;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(body_open(&b, slice_of(wrong[i]), "n t b l", &res, &err), 0);
		if (body_number(b, "n", &n, &res, &err) >= 0 &&
			body_text(b, "t", &text, &res, &err) >= 0 &&
			body_bool(b, "b", &flag, &res, &err) >= 0 &&
			body_list(b, "l", list, &len, &res, &err) >= 0)
			fail_msg("%s is taken", wrong[i]);
		assert_int_equal(err.code, ERR_USAGE);
		assert_int_equal(res.parameter[0], wrong[i][2]);
		body_close(b);
	}
	assert_int_equal(
		body_open(&b, SLICE_LIT("{\"n\":7,\"t\":\"x\",\"b\":true,\"l\":[\"p\",\"q\"]}"),
			"n t b l", &res, &err),
		0);
	assert_int_equal(body_number(b, "n", &n, &res, &err), 1);
	assert_int_equal(n, 7);
	assert_int_equal(body_text(b, "t", &text, &res, &err), 1);
	assert_true(slice_equal(text, SLICE_LIT("x")));
	assert_int_equal(body_bool(b, "b", &flag, &res, &err), 1);
	assert_true(flag);
	assert_int_equal(body_list(b, "l", list, &len, &res, &err), 1);
	assert_int_equal(len, 2);
	assert_true(slice_equal(list[1], SLICE_LIT("q")));
	assert_int_equal(body_number(b, "x", &n, &res, &err), 0);
	body_close(b);
}

static int make_file(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int drop_file(void **state)
{
	(void)state;
	return unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_that_others_know_is_none),
		cmocka_unit_test(only_the_token_from_here_and_from_no_other_site_passes),
		cmocka_unit_test(a_minute_has_room_for_so_many_changes),
		cmocka_unit_test(a_body_is_one_object_of_known_members),
		cmocka_unit_test(a_member_has_the_type_it_must_have),
	};

	return cmocka_run_group_tests(tests, make_file, drop_file);
}
