/* Rows as bytes: each format, and nothing a stranger's text can do to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/emit.h"

static const struct column columns[] = {
	{ "name", COLUMN_TEXT, "Name", "Nombre" },
	{ "messages", COLUMN_INT, "Messages", "Mensajes" },
	{ "pass_ratio", COLUMN_RATIO, "Pass %", "Superan %" },
	{ "claimed", COLUMN_BOOL, "Claimed", "Asignado" },
	{ "day", COLUMN_DAY, "Day", "Día" },
	{ "hidden", COLUMN_TIME, NULL, NULL },
};
#define COLUMNS (sizeof columns / sizeof *columns)

static void fill(struct value row[COLUMNS], const char *name, int64_t messages, double ratio)
{
	for (size_t i = 0; i < COLUMNS; i++)
		row[i] = (struct value){ 0 };
	row[0].text = slice_of(name);
	row[1].number = messages;
	row[2].ratio = ratio;
	row[3].number = 1;
	row[4].number = 20000;
	row[5].number = 1728000000;
}

static const struct query_meta meta = { .from = 19990,
	.to = 19999,
	.has_window = true,
	.data_through = 19998,
	.has_data_through = true,
	.data_version = 7,
	.generated_at = 1728000000 };

static struct emit *begin(const char *format, struct buf *to, enum emit_lang lang)
{
	struct err err = ERR_INIT;
	struct emit *e = NULL;

	buf_init(to, 1 << 24);
	assert_int_equal(emit_open(&e, emit_find(slice_of(format)), to, lang, &err), 0);
	return e;
}

static void check(
	const char *format, enum emit_lang lang, bool single, bool second, const char *expect)
{
	struct value row[COLUMNS];
	struct buf to;
	struct emit *e = begin(format, &to, lang);

	emit_set(e, "sources", columns, COLUMNS, single);
	fill(row, "a.example", 12, 0.9996);
	emit_row(e, row);
	if (!single) {
		fill(row, "längst", 3, 1);
		row[2].null = true;
		row[3].number = 0;
		emit_row(e, row);
	}
	if (second)
		emit_set(e, "notes", columns, 1, false);
	emit_end(e, &meta, second ? "abc" : NULL);
	emit_close(e);
	assert_string_equal(buf_text(&to), expect);
	buf_release(&to);
}

static void json_is_an_object_of_data_further_sets_and_meta(void **state)
{
	(void)state;
	check("json", EMIT_ES, false, true,
		"{\"data\":[\n"
		"{\"name\":\"a.example\",\"messages\":12,\"pass_ratio\":0.9996,\"claimed\":true,"
		"\"day\":\"2024-10-04\",\"hidden\":\"2024-10-04T00:00:00Z\"},\n"
		"{\"name\":\"längst\",\"messages\":3,\"pass_ratio\":null,\"claimed\":false,"
		"\"day\":\"2024-10-04\",\"hidden\":\"2024-10-04T00:00:00Z\"}],\n"
		"\"notes\":[],\n"
		"\"meta\":{\"generated_at\":\"2024-10-04T00:00:00Z\",\"from\":\"2024-09-24\","
		"\"to\":\"2024-10-03\",\"data_through\":\"2024-10-02\",\"data_version\":7,"
		"\"next_cursor\":\"abc\"}}\n");
	check("json", EMIT_EN, true, false,
		"{\"data\":{\"name\":\"a.example\",\"messages\":12,\"pass_ratio\":0.9996,"
		"\"claimed\":true,\"day\":\"2024-10-04\",\"hidden\":\"2024-10-04T00:00:00Z\"},\n"
		"\"meta\":{\"generated_at\":\"2024-10-04T00:00:00Z\",\"from\":\"2024-09-24\","
		"\"to\":\"2024-10-03\",\"data_through\":\"2024-10-02\",\"data_version\":7,"
		"\"next_cursor\":null}}\n");
}

static void ndjson_and_csv_hold_the_first_set_alone(void **state)
{
	(void)state;
	check("ndjson", EMIT_EN, false, true,
		"{\"name\":\"a.example\",\"messages\":12,\"pass_ratio\":0.9996,\"claimed\":true,"
		"\"day\":\"2024-10-04\",\"hidden\":\"2024-10-04T00:00:00Z\"}\n"
		"{\"name\":\"längst\",\"messages\":3,\"pass_ratio\":null,\"claimed\":false,"
		"\"day\":\"2024-10-04\",\"hidden\":\"2024-10-04T00:00:00Z\"}\n");
	check("csv", EMIT_EN, false, true,
		"name,messages,pass_ratio,claimed,day,hidden\r\n"
		"a.example,12,0.9996,true,2024-10-04,2024-10-04T00:00:00Z\r\n"
		"längst,3,,false,2024-10-04,2024-10-04T00:00:00Z\r\n");
}

static void text_is_aligned_by_characters_and_leaves_out_what_has_no_title(void **state)
{
	(void)state;
	check("text", EMIT_EN, false, false,
		"Name       Messages  Pass %  Claimed  Day\n"
		"a.example        12    99.9  yes      2024-10-04\n"
		"längst            3       –  no       2024-10-04\n"
		"\n2024-09-24 to 2024-10-03 UTC; data through 2024-10-02\n");
	check("text", EMIT_ES, true, false,
		"Nombre     a.example\n"
		"Mensajes   12\n"
		"Superan %  99,9\n"
		"Asignado   sí\n"
		"Día        2024-10-04\n"
		"hidden     2024-10-04T00:00:00Z\n"
		"\n2024-09-24 a 2024-10-03 UTC; datos hasta 2024-10-02\n");
}

static void an_empty_set_under_its_heading_says_so(void **state)
{
	struct buf to;
	struct emit *e = begin("text", &to, EMIT_ES);

	(void)state;
	emit_set(e, "sources", columns, 1, false);
	emit_set(e, "notes", columns, 1, false);
	emit_end(e, NULL, NULL);
	emit_close(e);
	assert_string_equal(buf_text(&to), "Nombre\n\nNotas\n–\n");
	buf_release(&to);
}

static void html_is_a_table_with_caption_and_scopes(void **state)
{
	(void)state;
	check("html", EMIT_EN, false, false,
		"<table>\n<caption>Sources</caption>\n<thead><tr><th scope=\"col\">Name</th>"
		"<th scope=\"col\" class=\"number\">Messages</th>"
		"<th scope=\"col\" class=\"number\">Pass %</th><th scope=\"col\">Claimed</th>"
		"<th scope=\"col\">Day</th></tr></thead>\n<tbody>\n"
		"<tr><td>a.example</td><td class=\"number\">12</td><td class=\"number\">99.9</td>"
		"<td>yes</td><td>2024-10-04</td></tr>\n"
		"<tr><td>längst</td><td class=\"number\">3</td><td class=\"number\">–</td>"
		"<td>no</td><td>2024-10-04</td></tr>\n"
		"</tbody>\n</table>\n"
		"<p>2024-09-24 to 2024-10-03 UTC; data through 2024-10-02</p>\n");
}

/* One TEXT cell in a format, by itself. */
static void cell(const char *format, const char *bytes, struct buf *to)
{
	struct value row[1] = { { .text = slice_of(bytes) } };
	struct emit *e = begin(format, to, EMIT_EN);

	emit_set(e, "sources", columns, 1, false);
	emit_row(e, row);
	emit_end(e, NULL, NULL);
	emit_close(e);
}

static void hostile_text_is_harmless_in_every_format(void **state)
{
	static const struct {
		const char *format, *bytes, *expect;
	} cases[] = {
		{ "json", "</script>", "\"\\u003c/script>\"" },
		{ "json", "a\"b\\c\n\t\r\b\f\x01\x7f",
			"\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u0001\\u007f\"" },
		{ "json",
			"\xff\xc0\xaf"
			"x\xed\xa0\x80",
			"\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx"
			"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "ndjson", "a\nb", "\"a\\nb\"" },
		{ "csv", "=1+1", "\"'=1+1\"" },
		{ "csv", "@SUM(A1)", "\"'@SUM(A1)\"" },
		{ "csv", "+cmd|' /C calc'!A0", "\"'+cmd|' /C calc'!A0\"" },
		{ "csv", "-5", "\r\n-5\r\n" },
		{ "csv", "+3.25", "\r\n+3.25\r\n" },
		{ "csv", "-5+2", "\"'-5+2\"" },
		{ "csv", "\tx", "\"'\tx\"" },
		{ "csv", "\rx", "\"'\rx\"" },
		{ "csv",
			"\xef\xbc\x9d"
			"1",
			"\"'\xef\xbc\x9d"
			"1\"" },
		{ "csv", "say \"hi\", you", "\"say \"\"hi\"\", you\"" },
		{ "csv", "", "\r\n\"\"\r\n" },
		{ "csv", "a\xff", "a\xef\xbf\xbd" },
		{ "text", "a\x1b[31mred\nnext\t\xe2\x80\xae",
			"a\\x1b[31mred\\nnext\\t\\xe2\\x80\\xae" },
		{ "text", "\xff", "\\xff" },
		{ "html", "<img src=x onerror=\"a('&')\">",
			"<td>&lt;img src=x onerror=&quot;a(&#39;&amp;&#39;)&quot;&gt;</td>" },
		{ "html", "\xe2\x80\xae\x01", "<td>\\xe2\\x80\\xae\\x01</td>" },
	};
	struct buf to;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cell(cases[i].format, cases[i].bytes, &to);
		if (strstr(buf_text(&to), cases[i].expect) == NULL)
			fail_msg(
				"%s: no %s in %s", cases[i].format, cases[i].expect, buf_text(&to));
		buf_release(&to);
	}
}

static void a_failure_is_never_rounded_away(void **state)
{
	static const struct {
		double ratio;
		const char *percent, *exact;
	} cases[] = { { 1, "100.0", "1" }, { 0.9999999999, "99.9", "0.999999999" },
		{ 0.9995, "99.9", "0.9995" }, { 0.5, "50.0", "0.5" }, { 0, "0.0", "0" },
		{ 0.98765, "98.8", "0.98765" } };
	struct value row[1] = { { 0 } };
	struct buf to;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char expect[64];
		struct emit *e = begin("text", &to, EMIT_EN);

		row[0].ratio = cases[i].ratio;
		emit_set(e, "x", columns + 2, 1, true);
		emit_row(e, row);
		emit_end(e, NULL, NULL);
		emit_close(e);
		(void)snprintf(expect, sizeof expect, "Pass %%  %s\n", cases[i].percent);
		assert_string_equal(buf_text(&to), expect);
		buf_release(&to);
		e = begin("ndjson", &to, EMIT_EN);
		emit_set(e, "x", columns + 2, 1, false);
		emit_row(e, row);
		emit_end(e, NULL, NULL);
		emit_close(e);
		(void)snprintf(expect, sizeof expect, "{\"pass_ratio\":%s}\n", cases[i].exact);
		assert_string_equal(buf_text(&to), expect);
		buf_release(&to);
	}
}

static void any_number_of_rows_streams_through_a_small_buffer(void **state)
{
	struct value row[COLUMNS];

	(void)state;
	for (const struct emit_format *f = emit_formats; f->name != NULL; f++) {
		size_t largest = 0, lines = 0;
		struct buf to;
		struct emit *e = begin(f->name, &to, EMIT_EN);

		emit_set(e, "sources", columns, COLUMNS, false);
		for (int i = 0; i < 20000; i++) {
			fill(row, "a.example", i, 0.5);
			emit_row(e, row);
			if (to.len > largest)
				largest = to.len;
			for (size_t at = 0; at < to.len; at++)
				lines += to.ptr[at] == '\n';
			buf_clear(&to);
		}
		emit_end(e, NULL, NULL);
		emit_close(e);
		assert_true(largest < 64 * 1024);
		assert_true(lines >= 19999);
		buf_release(&to);
	}
}

static void a_long_table_is_aligned_by_its_first_page(void **state)
{
	struct value row[COLUMNS];
	struct buf to;
	struct emit *e = begin("text", &to, EMIT_EN);

	(void)state;
	emit_set(e, "sources", columns, 2, false);
	for (int i = 0; i < 300; i++) {
		fill(row, i < 200 ? "abc" : "a much wider name", i, 0.5);
		emit_row(e, row);
	}
	emit_end(e, NULL, NULL);
	emit_close(e);
	assert_non_null(strstr(buf_text(&to), "Name  Messages\nabc          0\nabc          1\n"));
	assert_non_null(strstr(buf_text(&to), "abc        199\na much wider name       200\n"));
	buf_release(&to);
}

static void a_url_piece_is_percent_encoded(void **state)
{
	struct buf to;

	(void)state;
	buf_init(&to, 256);
	emit_url(&to, slice_of("a b/c?d=&e#\xc3\xb1~._-%"));
	assert_string_equal(buf_text(&to), "a%20b%2Fc%3Fd%3D%26e%23%C3%B1~._-%25");
	buf_release(&to);
}

static void a_format_is_found_by_its_name_alone(void **state)
{
	(void)state;
	assert_non_null(emit_find(SLICE_LIT("json")));
	assert_null(emit_find(SLICE_LIT("JSON")));
	assert_null(emit_find(SLICE_LIT("xml")));
	assert_null(emit_find(SLICE_LIT("")));
}

static void each_table_keeps_its_own_columns(void **state)
{
	static const struct column other[] = {
		{ "n", COLUMN_INT, "Number", "Número" },
		{ "hidden", COLUMN_TEXT, NULL, NULL },
		{ "what", COLUMN_TEXT, "What", "Qué" },
	};
	struct value row[COLUMNS];
	struct buf to;
	struct emit *e = begin("text", &to, EMIT_EN);

	(void)state;
	emit_set(e, "sources", columns, COLUMNS, false);
	fill(row, "a.example", 12, .5);
	emit_row(e, row);
	emit_set(e, "notes", other, 3, false); /* the first still waits for its widths */
	emit_row(e, (const struct value[]){
			    { .number = 5 }, { .null = true }, { .text = SLICE_LIT("odd") } });
	emit_end(e, NULL, NULL);
	emit_close(e);
	assert_string_equal(buf_text(&to), "Name       Messages  Pass %  Claimed  Day\n"
					   "a.example        12    50.0  yes      2024-10-04\n"
					   "\nNotes\n"
					   "Number  What\n"
					   "     5  odd\n");
	buf_release(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_is_an_object_of_data_further_sets_and_meta),
		cmocka_unit_test(ndjson_and_csv_hold_the_first_set_alone),
		cmocka_unit_test(text_is_aligned_by_characters_and_leaves_out_what_has_no_title),
		cmocka_unit_test(each_table_keeps_its_own_columns),
		cmocka_unit_test(an_empty_set_under_its_heading_says_so),
		cmocka_unit_test(html_is_a_table_with_caption_and_scopes),
		cmocka_unit_test(hostile_text_is_harmless_in_every_format),
		cmocka_unit_test(a_failure_is_never_rounded_away),
		cmocka_unit_test(any_number_of_rows_streams_through_a_small_buffer),
		cmocka_unit_test(a_long_table_is_aligned_by_its_first_page),
		cmocka_unit_test(a_url_piece_is_percent_encoded),
		cmocka_unit_test(a_format_is_found_by_its_name_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
