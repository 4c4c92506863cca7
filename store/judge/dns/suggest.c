#include "store/judge/dns/suggest.h"

#include <stdio.h>

/* Terms of a merged record: what is longer no receiver reads. */
#define TERMS_MAX 512

struct merge {
	const struct spf_wish *wish;
	struct buf *to;
	size_t terms_len;
	struct slice all, redirect;
	bool exp;
};

/* Without the "+" that is understood. */
static struct slice bare(struct slice text)
{
	return text.len > 0 && text.ptr[0] == '+' ? slice_from(text.ptr + 1, text.len - 1) : text;
}

static bool is_written(const struct merge *m, struct slice text)
{
	struct slice left = buf_slice(m->to);

	while (!slice_absent(left)) {
		struct slice rest;

		if (slice_equal_fold(bare(slice_cut(left, ' ', &rest)), bare(text)))
			return true;
		left = rest;
	}
	return false;
}

static bool is_dropped(const struct merge *m, struct slice text)
{
	for (size_t i = 0; i < m->wish->drop_len; i++) {
		if (slice_equal(m->wish->drop[i], text))
			return true;
	}
	return false;
}

/* `redirect`: the one of this record. */
static void take_term(struct merge *m, const struct spf_term *t, struct spf_term *redirect)
{
	if (t->kind == SPF_EXP && m->exp)
		return; /* one of each record, and one is all that may stand */
	m->exp = m->exp || (t->kind == SPF_EXP && t->fault == SPF_FINE);
	if (t->fault != SPF_FINE || t->kind == SPF_NO_TERM || is_dropped(m, t->text))
		return;
	if (t->kind == SPF_ALL) {
		if (slice_absent(m->all))
			m->all = t->text;
	} else if (t->kind == SPF_REDIRECT) {
		*redirect = *t;
	} else if (m->terms_len < TERMS_MAX && !is_written(m, t->text)) {
		m->terms_len++;
		buf_add_char(m->to, ' ');
		buf_add(m->to, t->text);
	}
}

/* One more term, unless it is there already. */
static void add_term(struct merge *m, const char *text, size_t len)
{
	if (is_written(m, slice_from(text, len)))
		return;
	buf_add_char(m->to, ' ');
	buf_add(m->to, slice_from(text, len));
}

/* Behind an "all" of its own it is ignored (6.1). Of several records each must stay in force: what
 * one was redirected to is included. */
static void take_redirect(struct merge *m, const struct spf_term *t)
{
	char text[DOMAIN_KEY_MAX + sizeof "include:"];
	int len = snprintf(text, sizeof text, "include:%.*s", SLICE_FMT(t->domain));

	if (m->wish->records_len == 1)
		m->redirect = t->text;
	else if (len > 0 && (size_t)len < sizeof text)
		add_term(m, text, (size_t)len);
}

/* What was meant to be a record begins with "v=spf1" behind blanks and quotation marks. */
static void take_record(struct merge *m, struct slice text)
{
	size_t at = slice_find_fold(text, SLICE_LIT("v=spf1"));
	struct spf_term t, redirect = { .kind = SPF_NO_TERM };
	struct spf_terms terms;
	bool all = false;

	if (at == SIZE_MAX)
		return;
	text = slice_from(text.ptr + at, text.len - at);
	while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] != ')' &&
		((unsigned char)text.ptr[text.len - 1] >= 0x80 ||
			memchr("\"'; \t", text.ptr[text.len - 1], 5) != NULL))
		text.len--;
	spf_terms_init(&terms, text);
	while (terms.at < text.len && text.ptr[terms.at] == ';')
		terms.at++;
	while (spf_terms_next(&terms, &t)) {
		take_term(m, &t, &redirect);
		all = all || (t.kind == SPF_ALL && t.fault == SPF_FINE);
	}
	if (redirect.kind == SPF_REDIRECT && !all)
		take_redirect(m, &redirect);
}

static void add_new(struct merge *m)
{
	char text[DOMAIN_KEY_MAX + sizeof "include:"], ip[IP_TEXT_MAX];

	for (size_t i = 0; i < m->wish->add_len; i++) {
		int len = snprintf(text, sizeof text, "ip%s:%s",
			m->wish->add[i].len == 4 ? "4" : "6", ip_text(&m->wish->add[i], ip));

		add_term(m, text, (size_t)len);
	}
	for (size_t i = 0; i < m->wish->include_len; i++) {
		int len =
			snprintf(text, sizeof text, "include:%.*s", SLICE_FMT(m->wish->include[i]));

		if (len > 0 && (size_t)len < sizeof text)
			add_term(m, text, (size_t)len);
	}
}

void spf_suggest(const struct spf_wish *wish, struct buf *to)
{
	struct merge m = { .wish = wish, .to = to };

	buf_clear(to);
	buf_add_text(to, "v=spf1");
	for (size_t i = 0; i < wish->records_len; i++)
		take_record(&m, wish->records[i]);
	add_new(&m);
	buf_add_char(to, ' ');
	if (wish->all != NULL)
		buf_add_text(to, wish->all);
	else if (!slice_absent(m.all))
		buf_add(to, m.all);
	else if (!slice_absent(m.redirect))
		buf_add(to, m.redirect);
	else
		buf_add_text(to, to->len > sizeof "v=spf1" ? "~all" : "-all");
}

/* ---- DMARC ------------------------------------------------------------------------------- */

static void add_tag(struct buf *to, enum dmarc_tag tag, struct slice value)
{
	buf_printf(to, "; %s=", dmarc_tag_names[tag]);
	buf_add(to, value);
}

/* What goes in front of an address: the tag, and a comma from the second one on. */
static void add_uri(
	struct buf *to, enum dmarc_tag tag, bool *some, const char *scheme, struct slice uri)
{
	if (*some)
		buf_printf(to, ",%s", scheme);
	else
		buf_printf(to, "; %s=%s", dmarc_tag_names[tag], scheme);
	buf_add(to, uri);
	*some = true;
}

/* An address that lacks only its "mailto:". */
static bool is_bare_address(struct slice s)
{
	struct slice rest, at;
	char text[512];
	int len = snprintf(text, sizeof text, "mailto:%.*s", SLICE_FMT(s));
	struct dmarc_uris uris;
	struct dmarc_uri uri;

	(void)slice_cut(s, ':', &rest);
	(void)slice_cut(s, '@', &at);
	if (!slice_absent(rest) || slice_absent(at) || len < 0 || (size_t)len >= sizeof text)
		return false;
	dmarc_uris_init(&uris, slice_from(text, (size_t)len), slice_from(text, (size_t)len));
	return dmarc_uris_next(&uris, &uri) && uri.valid;
}

/* Whether there is one. */
static bool add_uris(
	struct buf *to, const struct dmarc_record *r, enum dmarc_tag tag, struct slice more)
{
	struct dmarc_uris uris;
	struct dmarc_uri uri;
	bool there = slice_absent(more), some = false;

	dmarc_uris_init(&uris, r->text, r->tags[tag].value);
	while (dmarc_uris_next(&uris, &uri)) {
		bool no_scheme = !uri.valid && is_bare_address(uri.text);

		if (!uri.valid && !no_scheme)
			continue;
		there = there || slice_equal_fold(uri.valid ? uri.address : uri.text, more);
		add_uri(to, tag, &some, no_scheme ? "mailto:" : "", uri.text);
	}
	if (!there)
		add_uri(to, tag, &some, "mailto:", more);
	return some;
}

static void add_policy(
	struct buf *to, enum dmarc_tag tag, enum dmarc_policy now, enum dmarc_policy wish)
{
	enum dmarc_policy policy = wish != DMARC_ABSENT ? wish : now;

	if (policy >= DMARC_NONE)
		add_tag(to, tag, slice_of(dmarc_policy_names[policy]));
}

static void keep_tag(struct buf *to, const struct dmarc_record *r, enum dmarc_tag tag)
{
	if (!slice_absent(r->tags[tag].text) && !r->bad[tag])
		add_tag(to, tag, r->tags[tag].value);
}

void dmarc_suggest(const struct dmarc_wish *wish, struct buf *to)
{
	struct dmarc_record r;

	dmarc_parse(wish->record, &r);
	buf_clear(to);
	buf_add_text(to, "v=DMARC1");
	add_policy(to, DMARC_P, r.p >= DMARC_NONE ? r.p : DMARC_NONE, wish->p);
	if (!wish->drop_sp)
		add_policy(to, DMARC_SP, r.sp, wish->sp);
	add_policy(to, DMARC_NP, r.np, wish->np);
	if (!wish->relaxed) {
		keep_tag(to, &r, DMARC_ADKIM);
		keep_tag(to, &r, DMARC_ASPF);
	}
	(void)add_uris(to, &r, DMARC_RUA, wish->report_address);
	if (!wish->drop_ruf && add_uris(to, &r, DMARC_RUF, SLICE_ABSENT))
		keep_tag(to, &r, DMARC_FO);
	if (!wish->drop_psd)
		keep_tag(to, &r, DMARC_PSD);
	if (wish->keep_testing)
		keep_tag(to, &r, DMARC_T);
}

/* ---- DKIM keys --------------------------------------------------------------------------- */

/* The flags of t= that stay; nothing where none does. */
static void add_flags(const struct dkim_wish *wish, struct slice flags, struct buf *to)
{
	bool some = false;

	while (!slice_absent(flags)) {
		struct slice rest, flag = dns_tags_trim(slice_cut(flags, ':', &rest));

		flags = rest;
		if (flag.len == 0 ||
			(wish->drop_testing && slice_equal_fold(flag, SLICE_LIT("y"))) ||
			(wish->drop_strict && slice_equal_fold(flag, SLICE_LIT("s"))))
			continue;
		buf_add_text(to, some ? ":" : "; t=");
		buf_add(to, flag);
		some = true;
	}
}

void dkim_suggest(const struct dkim_wish *wish, struct buf *to)
{
	struct dkim_key key;
	struct dns_tags tags;
	struct dns_tag tag;

	dkim_key_parse(wish->record, &key);
	buf_clear(to);
	buf_add_text(to, "v=DKIM1");
	dns_tags_init(&tags, wish->record);
	while (dns_tags_next(&tags, &tag)) {
		bool h = tag.at == key.h.at && !slice_absent(key.h.text),
		     s = tag.at == key.s.at && !slice_absent(key.s.text);

		if (slice_absent(tag.value) || slice_equal_fold(tag.name, SLICE_LIT("v")) ||
			(h && !key.sha256) || (s && !key.email))
			continue;
		if (slice_equal(tag.name, SLICE_LIT("t"))) {
			add_flags(wish, tag.value, to);
			continue;
		}
		buf_add_text(to, "; ");
		buf_add(to, tag.name);
		buf_add_char(to, '=');
		buf_add(to, tag.value);
	}
}

/* ---- panels ------------------------------------------------------------------------------ */

void dns_strings(struct slice value, struct buf *to)
{
	size_t at = 0;

	do {
		size_t len = value.len - at < DNS_STRING_MAX ? value.len - at : DNS_STRING_MAX;

		buf_add_text(to, at > 0 ? " \"" : "\"");
		for (size_t i = at; i < at + len; i++) {
			unsigned char c = (unsigned char)value.ptr[i];

			if (c < ' ' || c >= 0x7f)
				buf_printf(to, "\\%03u", c);
			else
				buf_printf(to, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
		}
		buf_add_char(to, '"');
		at += len;
	} while (at < value.len);
}

struct slice dns_panel_name(struct slice name, struct slice zone)
{
	if (slice_equal(name, zone))
		return SLICE_LIT("@");
	if (zone.len == 0 || !domain_within(name, zone))
		return name;
	return slice_from(name.ptr, name.len - zone.len - 1);
}
