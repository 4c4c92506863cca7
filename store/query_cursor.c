#include <assert.h>
#include <string.h>

#include "store/query_parts.h"

/*
 * A cursor is base64url (RFC 4648 section 5, no padding) of
 *
 *	version		1 byte
 *	question	4 bytes: kind, order and groups, hashed; another question has another order
 *	values		a type byte each, then 8 bytes of a number, or 2 bytes length and the bytes
 *
 * It holds a row's place, not a promise: what it says goes through bound parameters only, so a
 * forged one can do no more than begin somewhere else.
 */
#define CURSOR_VERSION 1
#define RAW_MAX        (QUERY_CURSOR_MAX / 4 * 3 - 3)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool query_cursor_char(char c)
{
	return c != '\0' && strchr(alphabet, c) != NULL;
}

static uint32_t add_hash(uint32_t hash, const char *text)
{
	/* FNV-1a, the end of each text taken in. */
	do {
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	} while (*text++ != '\0');
	return hash;
}

static uint32_t question(const struct query *q)
{
	uint32_t hash = add_hash(2166136261u, query_name(q->kind));

	for (unsigned i = 0; i < q->keys_len; i++) {
		hash = add_hash(hash, q->keys[i].down ? "-" : "+");
		hash = add_hash(hash, q->keys[i].column);
	}
	/* Buckets and lists that share keys. */
	hash = add_hash(hash,
		q->kind == QUERY_TIMESERIES && q->filter.bucket == QUERY_BY_WEEK ? "week" : "");
	return add_hash(hash, q->filter.conflicts ? "conflicts" : "");
}

/* ---- writing ---------------------------------------------------------------------------------- */

static void add_number(struct buf *to, uint64_t number, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		buf_add_char(to, (char)(unsigned char)(number >> (8 * i)));
}

static void add_value(struct buf *to, sqlite3_stmt *stmt, int at)
{
	int type = sqlite3_column_type(stmt, at);
	struct slice bytes;
	double real;
	uint64_t bits;

	buf_add_char(to, (char)type);
	switch (type) {
	case SQLITE_INTEGER:
		add_number(to, (uint64_t)sqlite3_column_int64(stmt, at), 8);
		break;
	case SQLITE_FLOAT:
		real = sqlite3_column_double(stmt, at);
		memcpy(&bits, &real, sizeof bits);
		add_number(to, bits, 8);
		break;
	case SQLITE_TEXT:
	case SQLITE_BLOB:
		bytes = type == SQLITE_TEXT ? sql_text(stmt, at) : sql_blob(stmt, at);
		add_number(to, bytes.len < UINT16_MAX ? bytes.len : UINT16_MAX, 2);
		buf_add(to, bytes); /* longer than that is longer than the whole may be */
		break;
	default:
		break;
	}
}

static void encode(struct slice raw, char *dst)
{
	size_t n = 0;

	for (size_t i = 0; i < raw.len; i += 3) {
		const unsigned char *p = (const unsigned char *)raw.ptr + i;
		size_t left = raw.len - i < 3 ? raw.len - i : 3;
		uint32_t bits = (uint32_t)p[0] << 16 | (left > 1 ? (uint32_t)p[1] << 8 : 0) |
				(left > 2 ? p[2] : 0);

		for (size_t k = 0; k <= left; k++)
			dst[n++] = alphabet[bits >> (18 - 6 * k) & 63];
	}
	dst[n] = '\0';
}

static size_t column_of(const struct query *q, const char *name)
{
	size_t at = 0;

	while (strcmp(q->columns[at].name, name) != 0)
		at++;
	assert(at < q->columns_len);
	return at;
}

int query_cursor_write(struct query *q, struct err *err)
{
	struct buf raw;
	bool failed;

	buf_init(&raw, RAW_MAX);
	buf_add_char(&raw, CURSOR_VERSION);
	add_number(&raw, question(q), 4);
	for (unsigned i = 0; i < q->keys_len; i++)
		add_value(&raw, q->stmt, (int)column_of(q, q->keys[i].column));
	failed = buf_failed(&raw);
	if (!failed)
		encode(buf_slice(&raw), q->next);
	buf_release(&raw);
	return failed ? err_set(err, ERR_USAGE, "%s: the values of %s are too long to page by",
				query_name(q->kind), q->keys[0].column)
		      : 0;
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* False: not the alphabet, or bits left over; then no cursor of ours. */
static bool decode(struct slice text, char *dst, size_t *ret_len)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.ptr[i] != '\0' ? strchr(alphabet, text.ptr[i]) : NULL;

		if (at == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		have += 6;
		if (have >= 8) {
			have -= 8;
			dst[n++] = (char)(unsigned char)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	*ret_len = n;
	return bits == 0 && have < 6;
}

static bool take_number(struct slice *from, int bytes, uint64_t *ret)
{
	uint64_t number = 0;

	if (from->len < (size_t)bytes)
		return false;
	for (int i = 0; i < bytes; i++)
		number = number << 8 | (unsigned char)from->ptr[i];
	*from = slice_from(from->ptr + bytes, from->len - (size_t)bytes);
	*ret = number;
	return true;
}

static bool take_value(struct slice *from, struct query_place_value *v)
{
	uint64_t type, number;

	if (!take_number(from, 1, &type))
		return false;
	v->type = (int)type;
	switch (type) {
	case SQLITE_NULL:
		return true;
	case SQLITE_INTEGER:
	case SQLITE_FLOAT:
		if (!take_number(from, 8, &number))
			return false;
		v->number = (int64_t)number;
		memcpy(&v->real, &number, sizeof v->real);
		return v->type == SQLITE_INTEGER || v->real == v->real; /* no NaN */
	case SQLITE_TEXT:
	case SQLITE_BLOB:
		if (!take_number(from, 2, &number) || from->len < number)
			return false;
		v->bytes = slice_from(from->ptr, (size_t)number);
		*from = slice_from(from->ptr + number, from->len - (size_t)number);
		return true;
	default:
		return false;
	}
}

int query_cursor_read(struct query *q, struct err *err)
{
	struct slice text = slice_of(q->filter.cursor), rest;
	struct query_place *place = &q->place;
	uint64_t version, hash;
	size_t len;

	if (text.len == 0)
		return 0;
	if (!decode(text, place->raw, &len))
		return err_set(err, ERR_USAGE, "cursor is not one that an answer gave");
	rest = slice_from(place->raw, len);
	if (!take_number(&rest, 1, &version) || version != CURSOR_VERSION ||
		!take_number(&rest, 4, &hash))
		return err_set(err, ERR_USAGE, "cursor is not one that an answer gave");
	if (hash != question(q) || q->keys_len == 0)
		return err_set(err, ERR_USAGE,
			"cursor is of another question: it goes with the kind, sort and groups it "
			"came from");
	for (unsigned i = 0; i < q->keys_len; i++) {
		if (!take_value(&rest, &place->values[i]))
			return err_set(err, ERR_USAGE, "cursor is not one that an answer gave");
	}
	if (rest.len > 0)
		return err_set(err, ERR_USAGE, "cursor is not one that an answer gave");
	place->len = q->keys_len;
	return 0;
}
