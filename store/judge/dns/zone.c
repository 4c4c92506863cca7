#include "store/judge/dns/zone.h"

#include <stdlib.h>

#include "store/base/buf.h"
#include "store/base/limits.h"

#define WORDS_MAX   1024
#define TTL_MAX     2147483647U /* RFC 2181 8 */
#define DECIMAL_MAX 3

struct word {
	size_t at, len; /* in the buffer of the entry */
	bool quoted;
};

struct zone {
	struct dns_set *set;
	struct slice text;
	size_t at;
	unsigned line;
	/* the entry in hand */
	struct buf bytes;
	struct word words[WORDS_MAX];
	size_t words_len;
	unsigned entry_line;
	bool blank; /* begins with one: the owner is the one before */
	/* what holds on */
	char origin_text[DOMAIN_KEY_MAX], owner_text[DOMAIN_KEY_MAX];
	struct slice origin, owner; /* absent: none yet */
	uint32_t ttl;
};

static int fail(const struct zone *z, struct err *err, const char *what)
{
	return err_set(err, ERR_REPORT, "line %u: %s", z->entry_line, what);
}

static int fail_word(const struct zone *z, struct err *err, struct slice word, const char *what)
{
	struct err_quote q;

	return err_set(err, ERR_REPORT, "line %u: %s %s", z->entry_line, err_quote(&q, word), what);
}

static struct slice word_of(const struct zone *z, size_t index)
{
	return slice_from(buf_text(&z->bytes) + z->words[index].at, z->words[index].len);
}

/* ---- words ------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What follows a backslash: three digits, or the byte itself. */
static int read_escape(struct zone *z, struct err *err)
{
	const char *s = z->text.ptr + z->at + 1;
	size_t left = z->text.len - z->at - 1;
	unsigned value = 0;

	if (left == 0 || *s == '\n')
		return fail(z, err, "a backslash at the end");
	if (!is_digit(*s)) {
		buf_add_char(&z->bytes, *s);
		z->at += 2;
		return 0;
	}
	for (size_t i = 0; i < DECIMAL_MAX; i++) {
		if (i >= left || !is_digit(s[i]))
			return fail(z, err, "a backslash with fewer than three digits");
		value = value * 10 + (unsigned)(s[i] - '0');
	}
	if (value > 255)
		return fail(z, err, "a backslash with a number above 255");
	buf_add_char(&z->bytes, (char)value);
	z->at += 1 + DECIMAL_MAX;
	return 0;
}

static bool ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';' || c == '(' ||
	       c == ')' || c == '"';
}

static int read_word(struct zone *z, struct err *err)
{
	bool quoted = z->text.ptr[z->at] == '"', closed = false;
	struct word *word;

	if (z->words_len == WORDS_MAX)
		return fail(z, err, "too many words");
	word = &z->words[z->words_len++];
	*word = (struct word){ .at = z->bytes.len, .quoted = quoted };
	z->at += quoted;
	while (z->at < z->text.len && !closed) {
		char c = z->text.ptr[z->at];

		if (c == '\\') {
			if (read_escape(z, err) < 0)
				return -1;
			continue;
		}
		if (quoted ? c == '\n' : ends_word(c))
			break;
		closed = quoted && c == '"';
		if (!closed)
			buf_add_char(&z->bytes, c);
		z->at++;
	}
	if (quoted && !closed)
		return fail(z, err, "a quotation mark is not closed");
	word->len = z->bytes.len - word->at;
	if (z->bytes.state == BUF_NO_MEMORY)
		return err_set(err, ERR_SHORTAGE, "no memory for a zone file");
	return buf_failed(&z->bytes) ? fail(z, err, "the entry is too long") : 0;
}

static void skip_comment(struct zone *z)
{
	while (z->at < z->text.len && z->text.ptr[z->at] != '\n')
		z->at++;
}

/* One step of the reader: a word, or what lies between words. *done: the entry ends here. */
static int read_step(
	struct zone *z, unsigned *depth, bool *line_begins, bool *done, struct err *err)
{
	char c = z->text.ptr[z->at];

	if (z->words_len == 0) {
		z->entry_line = z->line;
		if (*line_begins)
			z->blank = c == ' ' || c == '\t';
	}
	*line_begins = c == '\n';
	switch (c) {
	case '\n':
		z->line++;
		z->at++;
		*done = *depth == 0 && z->words_len > 0;
		return 0;
	case ';':
		skip_comment(z);
		return 0;
	case '(':
		++*depth;
		z->at++;
		return 0;
	case ')':
		if (*depth == 0)
			return fail(z, err, "a parenthesis is closed that was not opened");
		--*depth;
		z->at++;
		return 0;
	case ' ':
	case '\t':
	case '\r':
		z->at++;
		return 0;
	default:
		return read_word(z, err);
	}
}

/* 1: an entry, 0: the end. */
static int read_entry(struct zone *z, struct err *err)
{
	unsigned depth = 0;
	bool done = false, line_begins = true;

	buf_clear(&z->bytes);
	z->words_len = 0;
	z->blank = false;
	while (z->at < z->text.len && !done) {
		if (read_step(z, &depth, &line_begins, &done, err) < 0)
			return -1;
	}
	if (depth > 0)
		return fail(z, err, "a parenthesis is not closed");
	return z->words_len > 0;
}

/* ---- values ------------------------------------------------------------------------------ */

static int read_name(const struct zone *z, struct slice word, char dst[DOMAIN_KEY_MAX],
	struct slice *ret, struct err *err)
{
	struct buf full;
	size_t len = 0;
	bool fine;

	if (word.len == 1 && word.ptr[0] == '.') {
		*ret = slice_from(dst, 0);
		return 0;
	}
	if (word.len == 0)
		return fail(z, err, "an empty name");
	if (word.ptr[word.len - 1] != '.' && slice_absent(z->origin))
		return fail_word(z, err, word, "is relative, and there is no $ORIGIN");
	if (word.len > DOMAIN_KEY_MAX)
		return fail_word(z, err, word, "is not a domain name");
	buf_init(&full, (size_t)DOMAIN_KEY_MAX * 2 + 2);
	if (word.len == 1 && word.ptr[0] == '@') {
		buf_add(&full, z->origin);
	} else {
		buf_add(&full, word);
		if (word.ptr[word.len - 1] != '.' && z->origin.len > 0) {
			buf_add_char(&full, '.');
			buf_add(&full, z->origin);
		}
	}
	fine = !buf_failed(&full) &&
	       (full.len == 0 || (domain_key(buf_slice(&full), dst, &len) &&
					 dns_name_valid(slice_from(dst, len))));
	buf_release(&full);
	if (!fine)
		return fail_word(z, err, word, "is not a domain name");
	*ret = slice_from(dst, len);
	return 0;
}

static uint32_t unit_seconds(char c)
{
	switch (c | 0x20) {
	case 'w':
		return 7 * 86400;
	case 'd':
		return 86400;
	case 'h':
		return 3600;
	case 'm':
		return 60;
	case 's':
		return 1;
	default:
		return 0;
	}
}

/* "3600", "1h30m". False: no time. */
static bool read_ttl(struct slice word, uint32_t *ret)
{
	uint64_t sum = 0, n = 0;
	bool digits = false;

	if (word.len == 0 || !is_digit(word.ptr[0]))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		uint32_t unit = unit_seconds(word.ptr[i]);

		if (is_digit(word.ptr[i])) {
			n = n * 10 + (uint64_t)(word.ptr[i] - '0');
			digits = true;
		} else if (unit > 0 && digits) {
			sum += n * unit;
			n = 0;
			digits = false;
		} else {
			return false;
		}
		if (n > TTL_MAX || sum > TTL_MAX)
			return false;
	}
	*ret = (uint32_t)(sum + n);
	return *ret <= TTL_MAX;
}

static bool find_type(struct slice word, enum dns_type *ret)
{
	for (unsigned i = 0; i < DNS_OTHER; i++) {
		if (slice_equal_fold(word, slice_of(dns_type_names[i]))) {
			*ret = (enum dns_type)i;
			return true;
		}
	}
	*ret = DNS_OTHER;
	for (size_t i = 0; i < word.len; i++) {
		char c = (char)(word.ptr[i] | 0x20);

		if ((c < 'a' || c > 'z') && !is_digit(word.ptr[i]) && word.ptr[i] != '-')
			return false;
	}
	return word.len > 0 && !is_digit(word.ptr[0]);
}

/* ---- entries ----------------------------------------------------------------------------- */

static int add(struct zone *z, enum dns_type type, const struct dns_record *r, struct err *err)
{
	if (dns_set_add(z->set, z->owner, type, r, err) < 0)
		return err_wrap(err, "line %u", z->entry_line);
	return 0;
}

static int add_address(
	struct zone *z, enum dns_type type, size_t from, struct dns_record *r, struct err *err)
{
	struct slice word = word_of(z, from);

	if (!ip_parse(word, &r->ip) || r->ip.len != (type == DNS_A ? 4 : 16))
		return fail_word(z, err, word,
			type == DNS_A ? "is not an IPv4 address" : "is not an IPv6 address");
	return add(z, type, r, err);
}

static int add_name(
	struct zone *z, enum dns_type type, size_t from, struct dns_record *r, struct err *err)
{
	char text[DOMAIN_KEY_MAX];

	if (read_name(z, word_of(z, from), text, &r->name, err) < 0)
		return -1;
	if (type == DNS_SOA && dns_set_zone(z->set, z->owner, err) < 0)
		return err_wrap(err, "line %u", z->entry_line);
	return add(z, type, r, err);
}

static int add_mx(struct zone *z, size_t from, struct dns_record *r, struct err *err)
{
	uint64_t preference;

	if (!slice_u64(word_of(z, from), UINT16_MAX, &preference))
		return fail_word(z, err, word_of(z, from), "is not a preference");
	r->preference = (uint16_t)preference;
	return add_name(z, DNS_MX, from + 1, r, err);
}

static int add_text(
	struct zone *z, enum dns_type type, size_t from, struct dns_record *r, struct err *err)
{
	uint32_t breaks[WORDS_MAX];
	size_t begin = z->words[from].at;
	int rc;

	/* The words of an entry lie behind each other: joined is what they are. */
	for (size_t i = from + 1; i < z->words_len; i++)
		breaks[r->breaks_len++] = (uint32_t)(z->words[i].at - begin);
	r->breaks = breaks;
	r->text = slice_from(buf_text(&z->bytes) + begin, z->bytes.len - begin);
	rc = add(z, type, r, err);
	r->breaks = NULL; /* ours, and ends here */
	return rc;
}

static int add_record(
	struct zone *z, enum dns_type type, size_t from, uint32_t ttl, struct err *err)
{
	static const size_t wanted[DNS_TYPE_COUNT] = {
		[DNS_A] = 1,
		[DNS_AAAA] = 1,
		[DNS_CNAME] = 1,
		[DNS_MX] = 2,
		[DNS_NS] = 1,
		[DNS_PTR] = 1,
		[DNS_SOA] = 7,
		[DNS_SPF] = 1,
		[DNS_TXT] = 1,
	};
	struct dns_record r = { .ttl = ttl };
	size_t have = z->words_len - from;
	bool text = type == DNS_TXT || type == DNS_SPF;

	if (have < wanted[type])
		return fail(z, err, "the record has too few fields");
	if (have > wanted[type] && !text && type != DNS_OTHER)
		return fail(z, err, "the record has too many fields");
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		return add_address(z, type, from, &r, err);
	case DNS_CNAME:
	case DNS_NS:
	case DNS_PTR:
	case DNS_SOA:
		return add_name(z, type, from, &r, err);
	case DNS_MX:
		return add_mx(z, from, &r, err);
	case DNS_TXT:
	case DNS_SPF:
		return add_text(z, type, from, &r, err);
	case DNS_OTHER:
	case DNS_TYPE_COUNT:
		break;
	}
	return add(z, DNS_OTHER, &r, err);
}

static int read_directive(struct zone *z, struct err *err)
{
	struct slice word = word_of(z, 0);
	char text[DOMAIN_KEY_MAX];
	struct slice name = SLICE_LIT("");

	if (z->words_len < 2)
		return fail_word(z, err, word, "has no value");
	if (z->words_len > 2 && (slice_equal_fold(word, SLICE_LIT("$TTL")) ||
					slice_equal_fold(word, SLICE_LIT("$ORIGIN"))))
		return fail_word(z, err, word, "has more than one value");
	if (slice_equal_fold(word, SLICE_LIT("$TTL"))) {
		if (!read_ttl(word_of(z, 1), &z->ttl))
			return fail_word(z, err, word_of(z, 1), "is not a time to live");
		return 0;
	}
	if (!slice_equal_fold(word, SLICE_LIT("$ORIGIN")))
		return fail_word(z, err, word, "is not read here");
	if (read_name(z, word_of(z, 1), text, &name, err) < 0)
		return -1;
	memcpy(z->origin_text, name.ptr, name.len);
	z->origin = slice_from(z->origin_text, name.len);
	return 0;
}

static int read_owner(struct zone *z, struct err *err)
{
	char text[DOMAIN_KEY_MAX];
	struct slice name = SLICE_LIT("");

	if (z->blank)
		return slice_absent(z->owner) ? fail(z, err, "there is no name before this one")
					      : 0;
	if (read_name(z, word_of(z, 0), text, &name, err) < 0)
		return -1;
	memcpy(z->owner_text, name.ptr, name.len);
	z->owner = slice_from(z->owner_text, name.len);
	return 0;
}

static int take_entry(struct zone *z, struct err *err)
{
	size_t i = z->blank ? 0 : 1;
	uint32_t ttl = z->ttl;
	enum dns_type type;

	if (!z->blank && !z->words[0].quoted && z->words[0].len > 0 && word_of(z, 0).ptr[0] == '$')
		return read_directive(z, err);
	if (read_owner(z, err) < 0)
		return -1;
	/* TTL and class, in either order (RFC 1035 5.1). */
	for (unsigned k = 0; k < 2 && i < z->words_len; k++) {
		if (read_ttl(word_of(z, i), &ttl) ||
			slice_equal_fold(word_of(z, i), SLICE_LIT("IN")))
			i++;
	}
	if (i == z->words_len)
		return fail(z, err, "the record has no type");
	if (!find_type(word_of(z, i), &type))
		return fail_word(z, err, word_of(z, i), "is not a record type");
	return add_record(z, type, i + 1, ttl, err);
}

static int read_all(struct zone *z, struct slice origin, struct err *err)
{
	int more;

	z->entry_line = z->line = 1;
	z->ttl = ZONE_TTL_SECONDS;
	if (!slice_absent(origin)) {
		size_t len = 0;

		if (origin.len > 0 && !domain_key(origin, z->origin_text, &len))
			return fail_word(z, err, origin, "is not a domain name");
		z->origin = slice_from(z->origin_text, len);
		if (dns_set_zone(z->set, z->origin, err) < 0)
			return -1;
	}
	while ((more = read_entry(z, err)) > 0) {
		if (take_entry(z, err) < 0)
			return -1;
	}
	return more;
}

int zone_read(struct dns_set *set, struct slice origin, struct slice text, struct err *err)
{
	struct zone *z;
	int rc;

	if (text.len > ZONE_BYTES_MAX)
		return err_set(err, ERR_REPORT, "a zone file of %zu bytes (at most %zu)", text.len,
			ZONE_BYTES_MAX);
	z = calloc(1, sizeof *z);
	if (z == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory for a zone file");
	z->set = set;
	z->text = text;
	buf_init(&z->bytes, ZONE_ENTRY_BYTES_MAX);
	rc = read_all(z, origin, err);
	buf_release(&z->bytes);
	free(z);
	return rc;
}
