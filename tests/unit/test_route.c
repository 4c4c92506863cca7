/* Addresses, methods and parameters; what each answer promises whatever its content. */
#include "tests/unit/web_kit.h"
#include "store/query_whatif.h"
#include "web/problem.h"

static char path[REQUEST_BYTES_MAX];

static void an_address_is_decoded_once_and_never_climbs(void **state)
{
	static const struct {
		const char *target, *path;
	} cases[] = { { "/", "/" }, { "/?a=1", "/" }, { "/d/example.com", "/d/example.com" },
		{ "/d/ex%61mple.com?x", "/d/example.com" }, { "/a%20b", "/a b" },
		{ "/a+b", "/a+b" }, { "/%252e%252e", "/%2e%2e" }, { "", NULL }, { "d", NULL },
		{ "*", NULL }, { "http://example.com/", NULL }, { "//", NULL }, { "/d//x", NULL },
		{ "/d/", NULL }, { "/.", NULL }, { "/..", NULL }, { "/d/../x", NULL },
		{ "/d/%2e%2e/x", NULL }, { "/d/%2E/x", NULL }, { "/d/a%2fb", NULL },
		{ "/d/a\\b", NULL }, { "/d/a%5cb", NULL }, { "/d/x%00", NULL }, { "/d/%zz", NULL },
		{ "/d/%ff", NULL }, { "/d/%0a", NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice got;
		bool ok = route_path(slice_of(cases[i].target), path, sizeof path, &got);

		if (ok != (cases[i].path != NULL) ||
			(ok && !slice_equal(got, slice_of(cases[i].path))))
			fail_msg("%s: %s", cases[i].target, ok ? "taken" : "refused");
	}
}

static void a_path_has_one_route(void **state)
{
	static const struct {
		const char *path, *pattern, *name;
	} cases[] = { { "/", "/", NULL },
		{ "/api/v1/reports/7/xml", "/api/v1/reports/{id}/xml", "7" },
		{ "/api/v1/reports/7", "/api/v1/reports/{id}", "7" },
		{ "/api/v1/reports", "/api/v1/reports", NULL },
		{ "/api/v1/reports/7/xml/more", NULL, NULL }, { "/api/v1", NULL, NULL },
		{ "/API/v1/status", NULL, NULL }, { "/d", NULL, NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slice name;
		unsigned allowed;
		const struct route *r =
			route_find(slice_of(cases[i].path), METHOD_GET, &name, &allowed);

		if ((r != NULL) != (cases[i].pattern != NULL) || (r == NULL) != (allowed == 0))
			fail_msg("%s: %s", cases[i].path, r != NULL ? r->pattern : "nothing");
		if (r == NULL)
			continue;
		assert_string_equal(r->pattern, cases[i].pattern);
		assert_true(slice_equal(name, slice_of(cases[i].name)));
	}
}

/* A row that can never be reached would be in the file that describes the interface, and a lie. */
static void every_route_is_found_by_an_address_of_its_pattern(void **state)
{
	(void)state;
	for (const struct route *r = routes; r->pattern != NULL; r++) {
		struct slice name;
		unsigned allowed;

		if (route_find(slice_of(r->pattern), r->method, &name, &allowed) != r)
			fail_msg("%s is hidden by another", r->pattern);
	}
}

static bool is_filter(struct slice name)
{
	const char *one;

	for (size_t i = 0; (one = query_filter_name(i, NULL)) != NULL; i++) {
		if (slice_equal(name, slice_of(one)))
			return true;
	}
	return false;
}

static void a_route_takes_only_parameters_that_mean_something(void **state)
{
	(void)state;
	for (const struct route *r = routes; r->pattern != NULL; r++) {
		struct slice rest = slice_of(r->params);

		while (rest.len > 0) {
			struct slice one = slice_cut(rest, ' ', &rest);

			if (!is_filter(one) && !query_whatif_is_wish(one) &&
				!params_listed("format v warn crit suggest history", one))
				fail_msg("%s: %.*s", r->pattern, SLICE_FMT(one));
			if ((r->flags & ROUTE_KIND) != 0 && query_filter_takes(r->kind, one, NULL))
				fail_msg("%s names %.*s, which its kind takes anyway", r->pattern,
					SLICE_FMT(one));
		}
	}
}

static void problem(struct kit *kit, const char *target, unsigned status, const char *parameter)
{
	struct answer a;
	char member[96];

	web_ask(kit, target, &a);
	if (a.res.status != status)
		fail_msg("%s: %u\n%s", target, a.res.status, buf_text(&a.body));
	assert_string_equal(a.res.type, "application/problem+json");
	assert_string_equal(a.res.cache, "no-store");
	expect_text(&a, "\"type\":\"urn:problem:");
	expect_text(&a, "\"instance\":\"/api/v1/");
	expect_text(&a, "\"request_id\":\"");
	if (parameter != NULL) {
		(void)snprintf(member, sizeof member, "\"parameter\":\"%s\"", parameter);
		expect_text(&a, member);
	}
	answer_release(&a);
}

static void a_wrong_parameter_is_named(void **state)
{
	struct kit *kit = *state;

	problem(kit, "/api/v1/summary?lsat=7d", 400, "lsat");
	problem(kit, "/api/v1/summary?last=7", 400, "last");
	problem(kit, "/api/v1/summary?last=7d&last=8d", 400, "last");
	problem(kit, "/api/v1/endings?limit=1", 400, "limit");
	problem(kit, "/api/v1/reports?limit=0", 400, "limit");
	problem(kit, "/api/v1/reports?limit=-1", 400, "limit");
	problem(kit, "/api/v1/reports?limit=1001", 400, "limit");
	problem(kit, "/api/v1/reports?limit=100000000000000000000", 400, "limit");
	problem(kit, "/api/v1/reports?sort=(select)", 400, "sort");
	problem(kit, "/api/v1/reports?format=xml", 400, "format");
	problem(kit, "/api/v1/reports?format=text", 400, "format");
	problem(kit, "/api/v1/reports?lang=de", 400, "lang");
	problem(kit, "/api/v1/reports?domain=a%20b", 400, "domain");
	problem(kit, "/api/v1/reports?source=1.2.3", 400, "source");
	problem(kit, "/api/v1/reports?result=", 400, "result");
	problem(kit, "/api/v1/status?domain=example.com", 400, "domain");
	problem(kit, "/api/v1/reports?%3Cscript%3E=1", 400, "\\u003cscript>");
	problem(kit, "/api/v1/reports?a=%zz", 400, NULL);
}

/* Of faults of ours a visitor learns that there is one; of a question that is too large, all. */
static void a_question_that_takes_too_long_is_told_from_a_fault(void **state)
{
	(void)state;
	assert_int_equal(problem_of(ERR_SLOW)->status, 503);
	assert_string_equal(problem_of(ERR_SLOW)->type, "urn:problem:too-slow");
	assert_false(problem_of(ERR_SLOW)->ours);
	assert_int_equal(problem_of(ERR_SHORTAGE)->status, 503);
	assert_true(problem_of(ERR_SHORTAGE)->ours && problem_of(ERR_STORE)->ours);
	assert_int_equal(problem_of(ERR_RECORD)->status, 500);
}

static void a_repeatable_parameter_may_repeat(void **state)
{
	expect_status(*state, "/api/v1/summary?domain=example.com&domain=EXAMPLE.com.", 200);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct kit *kit = *state;

	problem(kit, "/api/v1/reports/999", 404, NULL);
	problem(kit, "/api/v1/reports/x", 404, NULL);
	problem(kit, "/api/v1/reports/-1", 404, NULL);
	problem(kit, "/api/v1/reports/99999999999999999999", 404, NULL);
	problem(kit, "/api/v1/reports/999/xml", 404, NULL);
	problem(kit, "/api/v1/summary?domain=unknown.example", 404, "domain");
	problem(kit, "/api/v1/summary?domain=example.com&domain=unknown.example", 404, "domain");
	problem(kit, "/api/v1/summary?domain=example&subdomains=false", 404, "domain");
	expect_status(kit, "/api/v1/summary?domain=com&subdomains=true", 200);
	problem(kit, "/api/v1/summary?group=999999", 404, "group");
	problem(kit, "/api/v1/sources/999999", 404, NULL);
	problem(kit, "/api/v1/domains/unknown.example", 404, NULL);
	problem(kit, "/api/v1/nothing", 404, NULL);
	expect_status(kit, "/nothing", 404);
	expect_status(kit, "/d/unknown.example", 404);
	expect_status(kit, "/d/a%20b", 404);
	expect_status(kit, "/reports/999", 404);
	expect_status(kit, "/assets/web_main.c", 404);
}

static void a_method_an_address_does_not_take_is_refused_with_those_it_takes(void **state)
{
	static const struct {
		const char *method, *target;
		unsigned status, allow;
	} cases[] = {
		{ "POST", "/", 405, METHOD_GET | METHOD_HEAD | METHOD_OPTIONS },
		{ "BREW", "/api/v1/summary", 405, METHOD_GET | METHOD_HEAD | METHOD_OPTIONS },
		{ "get", "/healthz", 405, METHOD_GET | METHOD_HEAD | METHOD_OPTIONS },
		{ "OPTIONS", "/healthz", 204, METHOD_GET | METHOD_HEAD | METHOD_OPTIONS },
		{ "OPTIONS", "*", 204, METHOD_ALL },
		{ "POST", "/nothing", 404, 0 },
		{ "OPTIONS", "/nothing", 404, 0 },
		{ "HEAD", "/healthz", 200, 0 },
	};
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct answer a;

		web_ask_of(kit->path,
			&(struct ask){ .method = slice_of(cases[i].method),
				.target = slice_of(cases[i].target) },
			&a);
		if (a.res.status != cases[i].status || a.res.allow != cases[i].allow)
			fail_msg("%s %s: %u", cases[i].method, cases[i].target, a.res.status);
		answer_release(&a);
	}
}

/* Acceptance: the question is not asked again, and not a single statement runs. */
static void what_a_client_has_costs_no_sql(void **state)
{
	struct kit *kit = *state;
	struct web web = { .version = "test", .pool = pool_open(kit->path) };
	struct ask ask = { .method = SLICE_LIT("GET"),
		.target = SLICE_LIT("/api/v1/summary?last=all&scope=all") };
	struct answer a;
	char etag[sizeof a.res.etag];
	uint64_t statements;

	web_ask_with(&web, &ask, &a);
	assert_int_equal(a.res.status, 200);
	memcpy(etag, a.res.etag, sizeof etag);
	answer_release(&a);
	ask.if_none_match = slice_of(etag);
	for (unsigned i = 0; i < 5; i++) {
		bool commits = i == 2;

		if (commits) {
			kit_deliver(kit, "77.M1", &(struct say){ .id = "later", .records = 1 });
			kit_sync(kit);
		}
		statements = store_statements();
		web_ask_with(&web, &ask, &a);
		assert_int_equal(a.res.status, commits ? 200 : 304);
		assert_true(commits == (store_statements() > statements));
		memcpy(etag, a.res.etag, sizeof etag);
		answer_release(&a);
	}
	pool_close(web.pool);
}

static void anything_that_is_there_matches_a_star(void **state)
{
	static const struct {
		const char *target, *match;
		unsigned status;
	} cases[] = { { "/api/v1/summary", "*", 304 }, { "/api/v1/reports/999", "*", 404 },
		{ "/api/v1/summary?last=soon", "*", 400 }, { "/api/v1/summary", "W/\"x\", *", 304 },
		{ "/api/v1/summary", "\"x\", W/\"y\"", 200 }, { "/api/v1/status", "*", 200 },
		{ "/healthz", "*", 200 } };
	struct kit *kit = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct answer a;

		web_ask_of(kit->path,
			&(struct ask){ .method = SLICE_LIT("GET"),
				.target = slice_of(cases[i].target),
				.if_none_match = slice_of(cases[i].match) },
			&a);
		if (a.res.status != cases[i].status)
			fail_msg("%s: %u", cases[i].target, a.res.status);
		answer_release(&a);
	}
}

static void an_answer_depends_on_the_headers_it_says(void **state)
{
	struct kit *kit = *state;
	struct answer a;

	web_ask(kit, "/api/v1/summary", &a);
	assert_string_equal(a.res.vary, "Accept-Encoding, Accept-Language");
	answer_release(&a);
	web_ask(kit, "/api/v1/summary?lang=es", &a);
	assert_string_equal(a.res.vary, "Accept-Encoding");
	answer_release(&a);
	web_ask(kit, "/assets/plain.css", &a);
	assert_string_equal(a.res.vary, "Accept-Encoding");
	answer_release(&a);
}

static void an_answer_is_not_sent_twice_until_the_facts_change(void **state)
{
	struct kit *kit = *state;
	struct ask ask = { .method = SLICE_LIT("GET"),
		.target = SLICE_LIT("/api/v1/reports?last=all") };
	struct answer first, again;
	char etag[sizeof first.res.etag + 16];

	web_ask_of(kit->path, &ask, &first);
	assert_int_equal(first.res.status, 200);
	assert_true(strncmp(first.res.etag, "W/\"", 3) == 0);
	(void)snprintf(etag, sizeof etag, "\"other\", %s", first.res.etag);
	ask.if_none_match = slice_of(etag);
	web_ask_of(kit->path, &ask, &again);
	assert_int_equal(again.res.status, 304);
	assert_int_equal(again.body.len, 0);
	assert_string_equal(again.res.etag, first.res.etag);
	answer_release(&again);
	ask.target = SLICE_LIT("/api/v1/reports?last=all&lang=es");
	web_ask_of(kit->path, &ask, &again);
	assert_int_equal(again.res.status, 200);
	answer_release(&again);

	kit_deliver(kit, "9.M9", &(struct say){ .id = "new", .records = 1 });
	kit_sync(kit);
	ask.target = SLICE_LIT("/api/v1/reports?last=all");
	web_ask_of(kit->path, &ask, &again);
	assert_int_equal(again.res.status, 200);
	answer_release(&again);

	/* A decision of the owner changes what is counted, too. */
	web_ask_of(kit->path, &ask, &again);
	(void)snprintf(etag, sizeof etag, "%s", again.res.etag);
	ask.if_none_match = slice_of(etag);
	answer_release(&again);
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("example.org"), NULL, &kit->err));
	web_ask_of(kit->path, &ask, &again);
	assert_int_equal(again.res.status, 200);
	answer_release(&again);
	answer_release(&first);
}

/* The Link header of an answer is its own address with the cursor of its meta. */
static void expect_next(const struct answer *a, const char *target)
{
	const char *at = strstr(buf_text(&a->body), "\"next_cursor\":\"");
	char expect[QUERY_CURSOR_MAX + 256];

	assert_non_null(at);
	at += strlen("\"next_cursor\":\"");
	(void)snprintf(expect, sizeof expect, "<%s&cursor=%.*s>; rel=\"next\"", target,
		(int)strcspn(at, "\""), at);
	assert_string_equal(buf_text(&a->res.link), expect);
}

static void a_page_of_rows_names_the_next(void **state)
{
	struct kit *kit = *state;
	struct answer a;

	web_ask(kit, "/api/v1/reports?last=all&limit=2&domain=example.com", &a);
	expect_next(&a, "/api/v1/reports?last=all&limit=2&domain=example.com");
	assert_true(slice_starts(buf_slice(&a.body), SLICE_LIT("{\"data\":[\n{\"id\":")));
	answer_release(&a);
	web_ask(kit, "/api/v1/reports?last=all&limit=1000", &a);
	assert_int_equal(a.res.link.len, 0);
	expect_text(&a, "\"next_cursor\":null");
	answer_release(&a);
	/* Past what is made ahead: the link has to be asked for. */
	web_ask(kit, "/api/v1/records?scope=all&last=all&limit=900", &a);
	assert_true(a.body.len > RESPONSE_AHEAD_BYTES);
	expect_next(&a, "/api/v1/records?scope=all&last=all&limit=900");
	answer_release(&a);
}

static void a_cursor_leads_on_and_one_of_another_question_is_refused(void **state)
{
	struct kit *kit = *state;
	static char next[QUERY_CURSOR_MAX + 128], other[QUERY_CURSOR_MAX + 128];
	const char *at;
	struct answer a;

	web_ask(kit, "/api/v1/records?scope=all&last=all&limit=1", &a);
	at = strstr(buf_text(&a.body), "\"next_cursor\":\"");
	assert_non_null(at);
	at += strlen("\"next_cursor\":\"");
	(void)snprintf(next, sizeof next, "/api/v1/records?scope=all&last=all&limit=1&cursor=%.*s",
		(int)strcspn(at, "\""), at);
	(void)snprintf(other, sizeof other, "/api/v1/reports?scope=all&last=all&cursor=%.*s",
		(int)strcspn(at, "\""), at);
	expect_text(&a, "\"n\":1,");
	answer_release(&a);
	web_ask(kit, next, &a);
	expect_text(&a, "\"n\":2,");
	answer_release(&a);
	expect_status(kit, other, 400);
	expect_status(kit, "/api/v1/records?cursor=AAAA", 400);
	expect_status(kit, "/api/v1/records?cursor=%00", 400);
	expect_status(kit, "/reports?scope=all&last=all&cursor=../../x", 400);
}

static void the_xml_comes_back_as_it_came(void **state)
{
	struct kit *kit = *state;
	struct answer a;
	struct say say = { .id = "xml", .records = 1, .xml = 300000, .xml_hard = true };
	struct report_outcome out = kit_deliver(kit, "8.M8", &say);
	char target[64];

	kit_sync(kit);
	(void)snprintf(target, sizeof target, "/api/v1/reports/%lld/xml", (long long)out.report);
	web_ask(kit, target, &a);
	assert_int_equal(a.res.status, 200);
	assert_string_equal(a.res.type, "application/xml");
	assert_true(strstr(a.res.disposition, "attachment; filename=\"report-") != NULL);
	assert_int_equal(a.body.len, say.xml);
	for (size_t i = 0; i < say.xml; i++) {
		if (a.body.ptr[i] != kit_byte(&say, i))
			fail_msg("byte %zu", i);
	}
	answer_release(&a);
}

static void without_a_database_there_is_a_guide_and_no_number(void **state)
{
	struct answer a;
	struct ask ask = { .method = SLICE_LIT("GET"), .target = SLICE_LIT("/") };

	(void)state;
	web_ask_of("/nonexistent/ruad.db", &ask, &a);
	assert_int_equal(a.res.status, 200);
	expect_text(&a, "ruad-ingest");
	expect_no_text(&a, "%</");
	expect_no_text(&a, "<svg viewBox");
	answer_release(&a);
	ask.target = SLICE_LIT("/healthz");
	web_ask_of("/nonexistent/ruad.db", &ask, &a);
	assert_int_equal(a.res.status, 200);
	assert_string_equal(buf_text(&a.body), "ok\n");
	answer_release(&a);
	ask.target = SLICE_LIT("/api/v1/status");
	web_ask_of("/nonexistent/ruad.db", &ask, &a);
	assert_int_equal(a.res.status, 503);
	assert_true(a.res.retry_after > 0);
	answer_release(&a);
}

static void a_file_that_is_no_database_is_unhealthy_and_its_name_stays_inside(void **state)
{
	struct kit *kit = *state;
	char name[128];
	struct answer a;
	FILE *file;

	(void)snprintf(name, sizeof name, "%s.copy", kit->path);
	file = fopen(name, "w");
	assert_non_null(file);
	(void)fprintf(file, "this is a letter, not a database, and it is long enough to look at");
	(void)fclose(file);
	web_ask_of(name,
		&(struct ask){ .method = SLICE_LIT("GET"), .target = SLICE_LIT("/healthz") }, &a);
	assert_int_equal(a.res.status, 503);
	expect_no_text(&a, kit->dir);
	expect_no_text(&a, "sqlite");
	answer_release(&a);
}

static int fill(void **state)
{
	struct kit *kit;
	char id[16], mail[16];

	if (kit_setup(state) != 0)
		return -1;
	kit = *state;
	for (unsigned i = 0; i < 5; i++) {
		(void)snprintf(id, sizeof id, "r%u", i);
		(void)snprintf(mail, sizeof mail, "%u.M1", i);
		kit_deliver(kit, mail,
			&(struct say){ .id = id, .records = 300, .seed = i, .xml = 1000 });
	}
	kit_sync(kit);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_decoded_once_and_never_climbs),
		cmocka_unit_test(a_path_has_one_route),
		cmocka_unit_test(every_route_is_found_by_an_address_of_its_pattern),
		cmocka_unit_test(a_route_takes_only_parameters_that_mean_something),
		cmocka_unit_test(a_wrong_parameter_is_named),
		cmocka_unit_test(a_question_that_takes_too_long_is_told_from_a_fault),
		cmocka_unit_test(a_repeatable_parameter_may_repeat),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(a_method_an_address_does_not_take_is_refused_with_those_it_takes),
		cmocka_unit_test(what_a_client_has_costs_no_sql),
		cmocka_unit_test(anything_that_is_there_matches_a_star),
		cmocka_unit_test(an_answer_depends_on_the_headers_it_says),
		cmocka_unit_test(an_answer_is_not_sent_twice_until_the_facts_change),
		cmocka_unit_test(a_page_of_rows_names_the_next),
		cmocka_unit_test(a_cursor_leads_on_and_one_of_another_question_is_refused),
		cmocka_unit_test(the_xml_comes_back_as_it_came),
		cmocka_unit_test(without_a_database_there_is_a_guide_and_no_number),
		cmocka_unit_test(a_file_that_is_no_database_is_unhealthy_and_its_name_stays_inside),
	};

	return cmocka_run_group_tests(tests, fill, kit_teardown);
}
