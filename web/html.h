/*
 * html: the small pieces pages are made of.
 *
 * Markup is ours and written as it is; everything else goes through emit_html(), in here. So a
 * page cannot forget to escape: html_raw() takes literals, all others take text.
 *
 *	html_raw(h, "<p>");
 *	html_fill(h, TEXT_EMPTY_NEWEST, (struct fill[]){ { NULL, day } }, 1);
 *	html_raw(h, "</p>\n");
 */
#ifndef WEB_HTML_H
#define WEB_HTML_H

#include "web/route.h"
#include "web/text.h"

struct html {
	struct buf *b;
	const struct request *req;
	enum emit_lang lang;
};

void html_raw(struct html *h, const char *markup);
void html_text(struct html *h, struct slice text);
void html_say(struct html *h, enum text id);
/* What stands for {0}, {1}...: text, inside <tag> if there is one. */
struct fill {
	const char *tag;
	struct slice text;
};
void html_fill(struct html *h, enum text id, const struct fill *fills, size_t len);

#define HTML_NUMBER_MAX 40
/* "18,342" or "18.342". */
struct slice html_number(int64_t n, enum emit_lang lang, char dst[HTML_NUMBER_MAX]);
/* A share as it may be shown: "99.9 %" at most as long as one is missing, "17/18" under twenty,
 * a dash when there is nothing to divide by. */
struct slice html_share(int64_t part, int64_t whole, enum emit_lang lang, char dst[HTML_NUMBER_MAX]);
/* "2026-11-24 07:23". */
struct slice html_time(int64_t seconds, char dst[HTML_NUMBER_MAX]);

/* An address of ours. */
struct link {
	const char *path;	/* "/d/" */
	struct slice name;	/* then this, encoded; absent none */
	const char *tail;	/* then this; NULL none */
	const char *keep;	/* parameters of this request to carry over; NULL all, "" none */
	struct param set[4];	/* further ones */
	size_t set_len;
};
/* What a reader chose for the whole visit. */
#define LINK_KEEP      "lang last from to verified without_twins"
#define LINK_KEEP_LANG "lang"
void html_href(struct html *h, const struct link *link);	/* href="..." with a blank before */
void html_link(struct html *h, const struct link *link, struct slice text);	/* <a ...>text</a> */

/* ---- rows of a question ------------------------------------------------------------------ */

int64_t row_int(enum query_kind kind, const struct value *row, const char *column);	/* null: 0 */
struct slice row_text(enum query_kind kind, const struct value *row, const char *column);
bool row_null(enum query_kind kind, const struct value *row, const char *column);

struct measures {
	int64_t messages, pass, fail, unknown;
	int64_t spf_aligned, dkim_aligned;
	int64_t own_messages, own_pass, undecided;
};
void row_measures(enum query_kind kind, const struct value *row, struct measures *ret);
/* Of kinds that have them: the aligned ones too; and those of whose mail it is. */
void row_aligned(enum query_kind kind, const struct value *row, struct measures *ret);
void row_own(enum query_kind kind, const struct value *row, struct measures *ret);

/* ---- cells ------------------------------------------------------------------------------- */

void html_th(struct html *h, enum text id, bool number);	/* a column's head */
void html_td_number(struct html *h, int64_t n);
/* The same as a link to what it sums. */
void html_td_link(struct html *h, int64_t n, const struct link *link);
void html_td_share(struct html *h, int64_t part, int64_t whole);
/* Pass, fail and unknown as one bar, with the share that passes beside it. */
void html_td_meter(struct html *h, const struct measures *m);
void html_td_text(struct html *h, struct slice text);
void html_td_time(struct html *h, int64_t seconds);
/* A table that may be wider than the screen: it scrolls in its own box. */
void html_table_begin(struct html *h, const char *class_name, enum text caption,
	const struct fill *fills, size_t len);
void html_table_end(struct html *h);

#endif
