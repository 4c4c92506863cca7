/* The pages: what they say, in both languages, whatever a report holds. */
#include "tests/unit/web_kit.h"
#include "store/assess.h"
#include "web/html.h"
#include "web/text.h"

#define HOSTILE_ORG                                                                                \
	"<script>alert(1)</script>\"'& \xe2\x80\xae"                                               \
	"evil"
#define HOSTILE_ID "\"><img src=x onerror=alert(1)>"

/* The window of the kit's reports. */
#define WINDOW "from=2023-11-01&to=2023-11-30"

static void every_sentence_is_there_in_both_languages(void **state)
{
	(void)state;
	for (int id = 0; id < TEXT_COUNT; id++) {
		const char *en = text_get((enum text)id, EMIT_EN);
		const char *es = text_get((enum text)id, EMIT_ES);

		if (en == NULL || es == NULL || en[0] == '\0' || es[0] == '\0')
			fail_msg("text %d after %s", id,
				id > 0 ? text_get((enum text)(id - 1), EMIT_EN) : "none");
		for (char n = '0'; n <= '9'; n++) {
			char place[4] = { '{', n, '}', '\0' };

			if ((strstr(en, place) != NULL) != (strstr(es, place) != NULL))
				fail_msg("%s: %s is in one language only", en, place);
		}
	}
}

static void every_note_has_its_sentence_in_both_languages(void **state)
{
	(void)state;
	for (unsigned note = 0; note < REPORT_NOTE_COUNT; note++) {
		struct slice code = slice_of(report_note_names[note]);
		struct slice en = text_note(code, EMIT_EN), es = text_note(code, EMIT_ES);

		if (en.len < 10 || es.len < 10 || slice_equal(en, es))
			fail_msg("%s", report_note_names[note]);
	}
}

static void every_ending_has_its_word_in_both_languages(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REPORT_ENDING_COUNT; i++) {
		struct slice word = slice_of(report_ending_names[i]);

		if (slice_equal(text_word(word, EMIT_ES), text_word(word, EMIT_EN)))
			fail_msg("%s", report_ending_names[i]);
	}
}

static void a_share_never_promises_too_much(void **state)
{
	static const struct {
		int64_t part, whole;
		const char *en, *es;
	} cases[] = { { 0, 0, "–", "–" }, { 17, 18, "17/18", "17/18" }, { 0, 3, "0/3", "0/3" },
		{ 20, 20, "100\u00a0%", "100\u00a0%" },
		{ 999999, 1000000, "99.9\u00a0%", "99,9\u00a0%" },
		{ 1, 1000000, "0.1\u00a0%", "0,1\u00a0%" }, { 0, 50, "0\u00a0%", "0\u00a0%" },
		{ 50, 100, "50.0\u00a0%", "50,0\u00a0%" },
		{ 8999999999999999999, 9000000000000000000, "99.9\u00a0%", "99,9\u00a0%" } };
	char text[HTML_NUMBER_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (!slice_equal(html_share(cases[i].part, cases[i].whole, EMIT_EN, text),
			    slice_of(cases[i].en)) ||
			!slice_equal(html_share(cases[i].part, cases[i].whole, EMIT_ES, text),
				slice_of(cases[i].es)))
			fail_msg("%s", cases[i].en);
	}
}

static void a_number_is_grouped_as_the_language_does(void **state)
{
	static const struct {
		int64_t n;
		const char *en, *es;
	} cases[] = { { 0, "0", "0" }, { 999, "999", "999" }, { 1000, "1,000", "1.000" },
		{ 18342, "18,342", "18.342" }, { -1234567, "-1,234,567", "-1.234.567" },
		{ INT64_MAX, "9,223,372,036,854,775,807", "9.223.372.036.854.775.807" } };
	char text[HTML_NUMBER_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(
			slice_equal(html_number(cases[i].n, EMIT_EN, text), slice_of(cases[i].en)));
		assert_true(
			slice_equal(html_number(cases[i].n, EMIT_ES, text), slice_of(cases[i].es)));
	}
}

/* ---- pages ------------------------------------------------------------------------------- */

static const char *const pages[] = { "/?" WINDOW, "/?" WINDOW "&lang=es", "/?last=7d",
	"/?from=1990-01-01&to=2023-11-30", "/d/example.com?" WINDOW,
	"/d/example.com?" WINDOW "&lang=es", "/d/example.com?" WINDOW "&source=::/0",
	"/d/example.com?" WINDOW "&source=0.0.0.0/0&result=fail", "/d/example.com",
	"/d/quiet.example?" WINDOW, "/reports?" WINDOW, "/reports?last=all&partial=true",
	"/reports/1", "/reports/1?lang=es", "/reports/2", "/reports/3", "/receipts",
	"/receipts?ending=stored", "/receipts?ending=not%20a%20report&lang=es" };
#define PAGES (sizeof pages / sizeof *pages)

/* Every start tag has its end tag, in order; every & begins an entity; attributes are quoted. */
static void expect_well_formed(const char *target, const char *html)
{
	static const char empties[] = " meta link br input rect path circle ";
	char stack[64][16], tag[16], key[18];
	size_t depth = 0, len;

	for (const char *s = html; *s != '\0'; s++) {
		if (*s == '&' && s[1 + strcspn(s + 1, "; <\"")] != ';')
			fail_msg("%s: bare &: %.40s", target, s);
		if (*s != '<' || s[1] == '!')
			continue;
		bool end = s[1] == '/';
		const char *name = s + 1 + end;

		len = strcspn(name, " />");
		assert_true(len > 0 && len < sizeof tag);
		memcpy(tag, name, len);
		tag[len] = '\0';
		for (s = name; *s != '>'; s++) {
			if (*s == '"')
				s += 1 + strcspn(s + 1, "\"");
			if (*s == '\0' || *s == '<')
				fail_msg("%s: tag %s does not end", target, tag);
		}
		(void)snprintf(key, sizeof key, " %s ", tag);
		if (s[-1] == '/' || strstr(empties, key) != NULL)
			continue;
		if (!end) {
			assert_true(depth < 64);
			memcpy(stack[depth++], tag, len + 1);
		} else if (depth == 0 || strcmp(stack[--depth], tag) != 0) {
			fail_msg("%s: </%s> at %.60s", target, tag, s);
		}
	}
	if (depth != 0)
		fail_msg("%s: <%s> is open at the end", target, stack[depth - 1]);
}

static void every_page_is_well_formed_and_carries_no_script_or_style(void **state)
{
	struct kit *kit = *state;
	struct answer a;

	for (size_t i = 0; i < PAGES; i++) {
		web_ask(kit, pages[i], &a);
		if (a.res.status != 200)
			fail_msg("%s: %u %s", pages[i], a.res.status, buf_text(&a.body));
		assert_string_equal(a.res.type, "text/html; charset=utf-8");
		expect_well_formed(pages[i], buf_text(&a.body));
		expect_no_text(&a, "<script");
		expect_no_text(&a, " style=");
		expect_no_text(&a, " onerror=alert(1)>");
		expect_text(&a, "UTC");
		expect_text(&a, strstr(pages[i], "lang=es") != NULL ? "<html lang=\"es\">"
								    : "<html lang=\"en\">");
		answer_release(&a);
	}
}

static void what_a_report_says_is_shown_as_text(void **state)
{
	struct kit *kit = *state;
	struct answer a;

	web_ask(kit, "/reports?" WINDOW, &a);
	expect_text(&a, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;");
	expect_text(&a, "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;");
	answer_release(&a);
	/* What the query says comes back only as text as well. */
	web_ask(kit, "/d/example.com?" WINDOW "&reporter=%22%3E%3Cscript%3E", &a);
	assert_int_equal(a.res.status, 200);
	expect_no_text(&a, "<script");
	expect_well_formed("reporter", buf_text(&a.body));
	answer_release(&a);
	web_ask(kit, "/?%22%3E%3Cscript%3E=1", &a);
	assert_int_equal(a.res.status, 400);
	expect_no_text(&a, "<script");
	expect_well_formed("parameter", buf_text(&a.body));
	answer_release(&a);
}

static void a_report_shows_notes_unreadable_records_and_policy(void **state)
{
	struct kit *kit = *state;
	struct answer a;

	web_ask(kit, "/reports/3", &a);
	expect_text(&a, report_note_texts[REPORT_NOTE_CASE]);
	expect_text(&a, "dkim=Pass");
	expect_text(&a, "count &quot;1e9&quot; is not a number");
	expect_text(&a, "<code>np</code></th><td><span class=\"fine\">not in the report</span>");
	answer_release(&a);
	web_ask(kit, "/reports/3?lang=es", &a);
	expect_text(&a, "Una palabra estaba escrita en mayúsculas.");
	answer_release(&a);
}

/* Nobody can filter by it, so a link would lead to an error. */
static void what_is_no_address_is_shown_as_sent_and_without_a_link(void **state)
{
	struct answer a;

	struct kit *kit = *state;
	char target[96];

	(void)snprintf(target, sizeof target, "/d/odd.example?group=%lld&" WINDOW,
		(long long)kit_number(kit, "SELECT g.id FROM source_group AS g JOIN domain AS d"
					   " ON d.id = g.domain WHERE d.name = 'odd.example'"));
	web_ask(kit, target, &a);
	expect_text(&a, "<th scope=\"row\" class=\"address\">&lt;i&gt;no address</th>");
	expect_no_text(&a, "<i>no");
	expect_no_text(&a, "source=%3C");
	answer_release(&a);
	web_ask(kit, "/api/v1/addresses?domain=odd.example&" WINDOW, &a);
	expect_text(&a, "\"source\":\"\\u003ci>no address\"");
	answer_release(&a);
}

/* ---- links ------------------------------------------------------------------------------- */

#define LINKS_MAX 1500

struct crawl {
	char *links[LINKS_MAX];
	size_t len, done;
};

static void crawl_add(struct crawl *c, const char *base, const char *href, size_t len)
{
	struct buf link;

	if (len > 0 && (href[0] == '#' || strncmp(href, "/assets/", 8) == 0))
		return;
	buf_init(&link, REQUEST_BYTES_MAX);
	if (len == 0 || href[0] == '?')
		buf_add(&link, slice_from(base, strcspn(base, "?")));
	for (size_t i = 0; i < len; i++) {
		buf_add_char(&link, href[i]);
		if (href[i] == '&') /* &amp; */
			i += 4;
	}
	for (size_t i = 0; i < c->len; i++) {
		if (strcmp(c->links[i], buf_text(&link)) == 0) {
			buf_release(&link);
			return;
		}
	}
	if (c->len < LINKS_MAX)
		c->links[c->len++] = link.ptr;
	else
		buf_release(&link);
}

static void every_link_leads_somewhere(void **state)
{
	static const char first[] = "/?from=2023-11-01&amp;to=2023-11-30";
	static struct crawl c;
	struct kit *kit = *state;
	struct answer a;

	crawl_add(&c, "", first, sizeof first - 1);
	/* Pages link to pages of other windows without end: some hundred say enough. */
	for (; c.done < c.len && c.done < 300; c.done++) {
		const char *here = c.links[c.done], *s;

		web_ask(kit, here, &a);
		if (a.res.status != 200)
			fail_msg("%s: %u %s", here, a.res.status, buf_text(&a.body));
		for (s = buf_text(&a.body); (s = strstr(s, " href=\"")) != NULL;) {
			s += 7;
			crawl_add(&c, here, s, strcspn(s, "\""));
		}
		answer_release(&a);
	}
	assert_true(c.done > 100);
	for (size_t i = 0; i < c.len; i++)
		free(c.links[i]);
}

/* ---- numbers ----------------------------------------------------------------------------- */

static void the_headline_is_my_mail_that_passes_with_its_floor(void **state)
{
	struct kit *kit = *state;
	int64_t own, pass, undecided;
	char share[HTML_NUMBER_MAX], least[HTML_NUMBER_MAX], expect[256];
	struct answer a;

	/* Some is mine, some is not decided: whatever the judgement of the kit's records says. */
	own = kit_number(kit, "SELECT sum(messages) FROM class_daily WHERE class = 0");
	undecided = kit_number(kit, "SELECT sum(messages) FROM class_daily WHERE class = 2");
	pass = kit_number(kit, "SELECT sum(messages) FROM class_daily"
			       " WHERE class = 0 AND ((result & 12) = 8 OR (result & 3) = 2)");
	assert_true(own > 0 && undecided > 0);
	web_ask(kit, "/?" WINDOW, &a);
	(void)snprintf(expect, sizeof expect,
		"<dt>Own mail passes</dt><dd><b>%.*s</b> <span>at least %.*s</span>",
		SLICE_FMT(html_share(pass, own, EMIT_EN, share)),
		SLICE_FMT(html_share(pass, own + undecided, EMIT_EN, least)));
	expect_text(&a, expect);
	answer_release(&a);
}

static void a_source_is_a_row_with_whose_mail_it_is_and_how_it_is_known(void **state)
{
	struct kit *kit = *state;
	struct answer a;
	char expect[256], *name;
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_prepare_v2(kit->st->db,
				 "SELECT g.id, g.name FROM source_group AS g JOIN domain AS d"
				 " ON d.id = g.domain WHERE d.name = 'quiet.example' LIMIT 1",
				 -1, &stmt, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	name = sqlite3_mprintf("group=%d\">%s</a></th><td", sqlite3_column_int(stmt, 0),
		(const char *)sqlite3_column_text(stmt, 1));
	web_ask(kit, "/d/quiet.example?" WINDOW, &a);
	expect_text(&a, name);
	answer_release(&a);
	(void)snprintf(expect, sizeof expect, "/d/quiet.example?lang=es&group=%d&" WINDOW,
		sqlite3_column_int(stmt, 0));
	web_ask(kit, expect, &a);
	expect_text(&a, "<h2>Direcciones</h2>");
	(void)snprintf(expect, sizeof expect, "Solo <b>%s</b>",
		(const char *)sqlite3_column_text(stmt, 1));
	expect_text(&a, expect);
	answer_release(&a);
	sqlite3_free(name);
	(void)sqlite3_finalize(stmt);
	expect_status(kit, "/d/quiet.example?group=999999&" WINDOW, 404);
}

static void the_numbers_of_a_page_are_those_of_the_interface(void **state)
{
	struct kit *kit = *state;
	int64_t messages = kit_number(kit,
		"SELECT sum(messages) FROM report r JOIN domain d ON d.id = r.domain "
		"WHERE d.name = 'example.com'");
	char text[HTML_NUMBER_MAX], expect[128];
	struct answer a;

	web_ask(kit, "/d/example.com?" WINDOW, &a);
	(void)snprintf(expect, sizeof expect, "<dt>Messages</dt><dd><b>%.*s</b>",
		SLICE_FMT(html_number(messages, EMIT_EN, text)));
	expect_text(&a, expect);
	answer_release(&a);
	web_ask(kit, "/api/v1/summary?domain=example.com&" WINDOW, &a);
	(void)snprintf(expect, sizeof expect, "\"messages\":%lld,", (long long)messages);
	expect_text(&a, expect);
	answer_release(&a);
}

static void a_window_without_reports_shows_no_number_and_the_way_to_some(void **state)
{
	struct answer a;

	web_ask(*state, "/?last=7d", &a);
	expect_text(&a, "No report covers these days.");
	expect_text(&a, "2023-11-1");
	expect_text(&a, "href=\"?last=all\"");
	expect_no_text(&a, "<dl class=\"tiles\">");
	answer_release(&a);
}

static void domains_that_are_not_mine_stand_apart_once_i_named_mine(void **state)
{
	struct kit *kit = *state;
	struct answer a;

	web_ask(kit, "/?" WINDOW, &a);
	expect_text(&a, "No domain is configured as yours");
	expect_no_text(&a, "Unclaimed domains");
	answer_release(&a);
	KIT_OK(kit, store_domain_add(kit->st, SLICE_LIT("example.com"), NULL, &kit->err));
	web_ask(kit, "/?" WINDOW, &a);
	expect_no_text(&a, "No domain is configured as yours");
	expect_text(&a, "Unclaimed domains");
	expect_text(&a, "ruad-query domain add");
	/* The foot tells of my domains, whichever question came last. */
	expect_text(&a, "Data through <b>2023-11-15</b> UTC");
	answer_release(&a);
	KIT_OK(kit, store_domain_remove(kit->st, SLICE_LIT("example.com"), NULL, &kit->err));
}

static int fill(void **state)
{
	static const struct say says[] = {
		{ .id = HOSTILE_ID, .org = HOSTILE_ORG, .records = 120, .seed = 1, .xml = 500 },
		{ .id = "b", .records = 20, .seed = 2, .domain = "quiet.example" },
		{ .id = "c",
			.records = 3,
			.seed = 3,
			.unreadable = 2,
			.placeholders = 1,
			.xml = 500 },
		{ .id = "d", .domain = "empty.example" },
		{ .id = "f",
			.records = 4,
			.domain = "quiet.example",
			.begin = KIT_BEGIN + 5 * 86400 },
		{ .id = "e", .records = 9, .seed = 5, .begin = KIT_BEGIN - 3 * 86400 },
	};
	static const struct say odd = { .id = "odd", .domain = "odd.example" };
	struct kit *kit;
	char mail[16];

	if (kit_setup(state) != 0)
		return -1;
	for (unsigned i = 0; i < sizeof says / sizeof *says; i++) {
		(void)snprintf(mail, sizeof mail, "%u.M1", i);
		kit_deliver(*state, mail, &says[i]);
	}
	(void)kit_deliver_one(
		*state, "odd.M1", &odd, (struct ip){ .len = 0 }, SLICE_LIT("<i>no address"), 16);
	kit_sync(*state);
	kit = *state;
	KIT_OK(kit, store_assess(kit->st, &kit->err));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sentence_is_there_in_both_languages),
		cmocka_unit_test(every_note_has_its_sentence_in_both_languages),
		cmocka_unit_test(every_ending_has_its_word_in_both_languages),
		cmocka_unit_test(a_share_never_promises_too_much),
		cmocka_unit_test(a_number_is_grouped_as_the_language_does),
		cmocka_unit_test(every_page_is_well_formed_and_carries_no_script_or_style),
		cmocka_unit_test(what_a_report_says_is_shown_as_text),
		cmocka_unit_test(a_report_shows_notes_unreadable_records_and_policy),
		cmocka_unit_test(what_is_no_address_is_shown_as_sent_and_without_a_link),
		cmocka_unit_test(every_link_leads_somewhere),
		cmocka_unit_test(the_headline_is_my_mail_that_passes_with_its_floor),
		cmocka_unit_test(a_source_is_a_row_with_whose_mail_it_is_and_how_it_is_known),
		cmocka_unit_test(the_numbers_of_a_page_are_those_of_the_interface),
		cmocka_unit_test(a_window_without_reports_shows_no_number_and_the_way_to_some),
		cmocka_unit_test(domains_that_are_not_mine_stand_apart_once_i_named_mine),
	};

	return cmocka_run_group_tests(tests, fill, kit_teardown);
}
