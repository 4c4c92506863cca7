#include "store/write.h"

#include <assert.h>
#include <stdlib.h>

#include "store/base/domain.h"

/*
 * A slot is one cache line. Longer keys are not cached: they are rare, and the unique index of
 * their table finds them all the same.
 */
#define KEY_BYTES_MAX 43

struct slot {
	int64_t id, also;
	uint32_t age; /* valid when it is the table's */
	uint8_t len;
	char key[KEY_BYTES_MAX];
};
_Static_assert(sizeof(struct slot) == 64, "one cache line");

enum cache {
	CACHE_NAME,
	CACHE_SOURCE,
	CACHE_DETAIL,
	CACHE_DOMAIN,
	CACHE_REPORTER,
	CACHE_POLICY,
	CACHE_COUNT,
};

/* Slots, a power of two each: 2.6 MiB in all, touched only as far as the mail is varied. */
static const uint32_t sizes[CACHE_COUNT] = {
	[CACHE_NAME] = 8192,
	[CACHE_SOURCE] = 16384,
	[CACHE_DETAIL] = 16384,
	[CACHE_DOMAIN] = 1024,
	[CACHE_REPORTER] = 256,
	[CACHE_POLICY] = 512,
};

/* AUTH_MAX results with three texts each and REASON_MAX comments, and their lengths, fit. */
#define CANON_BYTES_MAX (1024 * 1024)

struct intern {
	struct store *st;
	struct slot *slots[CACHE_COUNT];
	uint32_t age;
	bool marked;
	struct buf canon;
};

int intern_open(struct intern **ret, struct store *st, struct err *err)
{
	struct intern *in = calloc(1, sizeof *in);

	if (in == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	in->st = st;
	in->age = 1;
	buf_init(&in->canon, CANON_BYTES_MAX);
	for (size_t i = 0; i < CACHE_COUNT; i++) {
		in->slots[i] = calloc(sizes[i], sizeof *in->slots[i]);
		if (in->slots[i] == NULL) {
			intern_close(in);
			return err_set(err, ERR_SHORTAGE, "no memory");
		}
	}
	*ret = in;
	return 0;
}

void intern_close(struct intern *in)
{
	if (in == NULL)
		return;
	for (size_t i = 0; i < CACHE_COUNT; i++)
		free(in->slots[i]);
	buf_release(&in->canon);
	free(in);
}

bool intern_marked(const struct intern *in)
{
	return in->marked;
}

void intern_mark_clear(struct intern *in)
{
	in->marked = false;
}

void intern_forget(struct intern *in)
{
	in->age++;
	if (in->age != 0)
		return;
	/* Around once in 2^32: old slots must not become young again. */
	for (size_t i = 0; i < CACHE_COUNT; i++)
		memset(in->slots[i], 0, sizes[i] * sizeof *in->slots[i]);
	in->age = 1;
}

/* ---- the caches ---------------------------------------------------------------------------- */

static uint32_t hash_of(struct slice key)
{
	uint64_t h = key.len, word;
	size_t i = 0;

	for (; i + sizeof word <= key.len; i += sizeof word) {
		memcpy(&word, key.ptr + i, sizeof word);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	if (i < key.len) {
		word = 0;
		memcpy(&word, key.ptr + i, key.len - i);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return (uint32_t)(h ^ h >> 16);
}

/* The slot of a key, or NULL if it is too long for one. */
static struct slot *slot_of(struct intern *in, enum cache c, struct slice key)
{
	if (key.len > KEY_BYTES_MAX)
		return NULL;
	return &in->slots[c][hash_of(key) & (sizes[c] - 1)];
}

static bool slot_holds(const struct intern *in, const struct slot *s, struct slice key)
{
	return s != NULL && s->age == in->age && s->len == key.len &&
	       memcmp(s->key, key.ptr, key.len) == 0;
}

static void slot_set(struct intern *in, struct slot *s, struct slice key, int64_t id, int64_t also)
{
	if (s == NULL)
		return;
	s->id = id;
	s->also = also;
	s->age = in->age;
	s->len = (uint8_t)key.len;
	memcpy(s->key, key.ptr, key.len);
}

/* 1: found, *ret and *also (column 1, if not NULL) are set; 0: not there; -1. The statement's first
 * parameter is bound by the caller. */
static int find(struct intern *in, sqlite3_stmt *stmt, int64_t *ret, int64_t *also, struct err *err)
{
	int more = sql_step(in->st, stmt, "cannot look up", err);

	if (more > 0) {
		*ret = sqlite3_column_int64(stmt, 0);
		if (also != NULL)
			*also = sqlite3_column_int64(stmt, 1);
	}
	if (more >= 0)
		(void)sqlite3_reset(stmt);
	return more;
}

static int add(struct intern *in, sqlite3_stmt *stmt, int64_t *ret, struct err *err)
{
	/* Marked before the attempt: a failed one is undone like a good one. */
	in->marked = true;
	if (sql_run(in->st, stmt, "cannot store", err) < 0)
		return -1;
	*ret = sqlite3_last_insert_rowid(in->st->db);
	return 0;
}

/* ---- names, addresses, domains, reporters ---------------------------------------------------- */

static int intern_name(struct intern *in, struct slice text, int64_t *ret, struct err *err)
{
	struct slot *s = slot_of(in, CACHE_NAME, text);
	sqlite3_stmt *stmt;
	int64_t id = 0;
	int found;

	if (slot_holds(in, s, text)) {
		*ret = s->id;
		return 0;
	}
	if (sql_get(in->st, STMT_NAME_FIND, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, text);
	found = find(in, stmt, &id, NULL, err);
	if (found < 0)
		return -1;
	if (found == 0) {
		if (sql_get(in->st, STMT_NAME_ADD, &stmt, err) < 0)
			return -1;
		sql_bind_text(stmt, 1, text);
		if (add(in, stmt, &id, err) < 0)
			return -1;
	}
	slot_set(in, s, text, id, 0);
	*ret = id;
	return 0;
}

/* An address is bound as the bytes it is, so that "abcd" is never 97.98.99.100. */
static int bind_source(struct intern *in, enum stmt id, struct slice key, bool is_text,
	sqlite3_stmt **ret, struct err *err)
{
	if (sql_get(in->st, id, ret, err) < 0)
		return -1;
	if (is_text)
		sql_bind_text(*ret, 1, key);
	else
		sql_bind_blob(*ret, 1, key);
	return 0;
}

int intern_source(
	struct intern *in, const struct report_record *record, int64_t *ret, struct err *err)
{
	const bool is_text = record->source_ip.len == 0;
	struct slice key = is_text ? record->source_text : ip_slice(&record->source_ip);
	struct slot *s = slot_of(in, CACHE_SOURCE, key);
	sqlite3_stmt *stmt;
	int64_t id = 0;
	int found;

	/* A slot's `also` tells the two kinds of key apart. */
	if (slot_holds(in, s, key) && s->also == is_text) {
		*ret = s->id;
		return 0;
	}
	if (bind_source(in, is_text ? STMT_SOURCE_TEXT_FIND : STMT_SOURCE_FIND, key, is_text, &stmt,
		    err) < 0)
		return -1;
	found = find(in, stmt, &id, NULL, err);
	if (found < 0)
		return -1;
	if (found == 0) {
		if (bind_source(in, is_text ? STMT_SOURCE_TEXT_ADD : STMT_SOURCE_ADD, key, is_text,
			    &stmt, err) < 0 ||
			add(in, stmt, &id, err) < 0)
			return -1;
	}
	slot_set(in, s, key, id, is_text);
	*ret = id;
	return 0;
}

int domain_claimed(struct store *st, struct slice key, bool *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	struct slice name = key;
	bool claimed = false;

	while (!claimed && !slice_absent(name) && name.len > 0) {
		int more;

		if (sql_get(st, STMT_DOMAIN_FIND, &stmt, err) < 0)
			return -1;
		sql_bind_text(stmt, 1, name);
		more = sql_step(st, stmt, "cannot look up a domain", err);
		if (more < 0)
			return -1;
		claimed = more > 0 && sqlite3_column_int(stmt, 1) != 0;
		(void)sqlite3_reset(stmt);
		(void)slice_cut(name, '.', &name);
	}
	*ret = claimed;
	return 0;
}

static int add_domain(
	struct intern *in, struct slice key, int64_t now, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	bool claimed;

	if (domain_claimed(in->st, key, &claimed, err) < 0 ||
		sql_get(in->st, STMT_DOMAIN_ADD, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, key);
	(void)sqlite3_bind_int(stmt, 2, 0);
	(void)sqlite3_bind_int(stmt, 3, claimed);
	(void)sqlite3_bind_int64(stmt, 4, now);
	return add(in, stmt, ret, err);
}

int intern_find_domain(struct intern *in, struct slice key, int64_t *ret, struct err *err)
{
	struct slot *s = slot_of(in, CACHE_DOMAIN, key);
	sqlite3_stmt *stmt;
	int64_t id = 0;
	int found;

	*ret = 0;
	if (slot_holds(in, s, key)) {
		*ret = s->id;
		return 0;
	}
	if (sql_get(in->st, STMT_DOMAIN_FIND, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, key);
	found = find(in, stmt, &id, NULL, err);
	if (found < 0)
		return -1;
	if (found > 0) {
		slot_set(in, s, key, id, 0);
		*ret = id;
	}
	return 0;
}

int intern_domain(struct intern *in, struct slice key, int64_t now, int64_t *ret, struct err *err)
{
	int64_t id;

	if (intern_find_domain(in, key, &id, err) < 0)
		return -1;
	if (id == 0) {
		if (add_domain(in, key, now, &id, err) < 0)
			return -1;
		slot_set(in, slot_of(in, CACHE_DOMAIN, key), key, id, 0);
	}
	*ret = id;
	return 0;
}

static struct slice reporter_name(struct slice org_name)
{
	return slice_absent(org_name) ? SLICE_LIT("") : slice_trim(org_name);
}

/* The first reporter that was called so in any case; 0: none was. */
static int find_same(struct intern *in, struct slice name, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;

	*ret = 0;
	if (sql_get(in->st, STMT_REPORTER_FOLD, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, name);
	return find(in, stmt, ret, NULL, err) < 0 ? -1 : 0;
}

int intern_find_reporter(
	struct intern *in, struct slice org_name, int64_t *ret, int64_t *ret_same, struct err *err)
{
	struct slice name = reporter_name(org_name);
	struct slot *s = slot_of(in, CACHE_REPORTER, name);
	sqlite3_stmt *stmt;
	int64_t id = 0, same = 0;
	int found;

	*ret = *ret_same = 0;
	if (slot_holds(in, s, name)) {
		*ret = s->id;
		*ret_same = s->also;
		return 0;
	}
	if (sql_get(in->st, STMT_REPORTER_FIND, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, name);
	found = find(in, stmt, &id, &same, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return find_same(in, name, ret_same, err);
	slot_set(in, s, name, id, same);
	*ret = id;
	*ret_same = same;
	return 0;
}

int intern_reporter(
	struct intern *in, struct slice org_name, int64_t *ret, int64_t *ret_same, struct err *err)
{
	struct slice name = reporter_name(org_name);
	sqlite3_stmt *stmt;
	int64_t id, same;

	if (intern_find_reporter(in, org_name, &id, &same, err) < 0)
		return -1;
	if (id == 0) {
		if (writer_number(in->st, STMT_REPORTER_NEXT, &id, err) < 0 ||
			sql_get(in->st, STMT_REPORTER_ADD, &stmt, err) < 0)
			return -1;
		if (same == 0)
			same = id;
		(void)sqlite3_bind_int64(stmt, 1, id);
		sql_bind_text(stmt, 2, name);
		(void)sqlite3_bind_int64(stmt, 3, same);
		if (add(in, stmt, &id, err) < 0)
			return -1;
		slot_set(in, slot_of(in, CACHE_REPORTER, name), name, id, same);
	}
	*ret = id;
	*ret_same = same;
	return 0;
}

/* ---- policies and details -------------------------------------------------------------------- */

/*
 * What a digest is made of: each field's length (four bytes, all ones when absent) and its bytes,
 * each word's meaning and the token where it is not the word itself. Only what the table holds
 * goes in, so that a digest can be recomputed from the rows.
 */
static void put_field(struct buf *b, struct slice s)
{
	uint32_t len = slice_absent(s) ? UINT32_MAX : (uint32_t)s.len;
	char head[4] = { (char)(len & 0xff), (char)(len >> 8 & 0xff), (char)(len >> 16 & 0xff),
		(char)(len >> 24 & 0xff) };

	buf_add(b, slice_from(head, sizeof head));
	if (s.len > 0)
		buf_add(b, s);
}

/* The token to keep: absent where the meaning's own name was sent. */
static struct slice token_kept(const struct vocabulary *v, const struct report_word *word)
{
	const char *name;

	if (word->meaning < 2 || slice_absent(word->token))
		return word->token;
	name = v->names[word->meaning];
	if (word->token.len == strlen(name) && memcmp(word->token.ptr, name, word->token.len) == 0)
		return SLICE_ABSENT;
	return word->token;
}

static void put_word(struct buf *b, const struct vocabulary *v, const struct report_word *word)
{
	assert(word->meaning < v->count);
	buf_add_char(b, (char)word->meaning);
	put_field(b, token_kept(v, word));
}

/* Binds meaning and token; returns the next parameter's number. */
static int bind_word(
	sqlite3_stmt *stmt, int at, const struct vocabulary *v, const struct report_word *word)
{
	(void)sqlite3_bind_int(stmt, at, word->meaning);
	sql_bind_text(stmt, at + 1, token_kept(v, word));
	return at + 2;
}

static int digest_canon(struct intern *in, struct digest *ret, struct err *err)
{
	if (buf_failed(&in->canon))
		return err_set(err, ERR_SHORTAGE, "no memory for a record's text");
	*ret = digest_of(buf_slice(&in->canon));
	return 0;
}

static int add_policy(struct intern *in, const struct report_head *head,
	const struct digest *digest, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int at = 2;

	if (sql_get(in->st, STMT_POLICY_ADD, &stmt, err) < 0)
		return -1;
	sql_bind_blob(stmt, 1, slice_from(digest->bytes, WRITE_DIGEST_BYTES));
	at = bind_word(stmt, at, &report_policy_words, &head->p);
	at = bind_word(stmt, at, &report_policy_words, &head->sp);
	at = bind_word(stmt, at, &report_policy_words, &head->np);
	at = bind_word(stmt, at, &report_alignments, &head->adkim);
	at = bind_word(stmt, at, &report_alignments, &head->aspf);
	at = bind_word(stmt, at, &report_testings, &head->testing);
	at = bind_word(stmt, at, &report_discoveries, &head->discovery_method);
	sql_bind_text(stmt, at, head->pct);
	sql_bind_text(stmt, at + 1, head->fo);
	return add(in, stmt, ret, err);
}

/* By digest: policies and details. The cached key is the digest. */
static int find_digest(struct intern *in, enum cache c, enum stmt find_id, struct slice key,
	int64_t *ret, struct err *err)
{
	struct slot *s = slot_of(in, c, key);
	sqlite3_stmt *stmt;
	int found;

	if (slot_holds(in, s, key)) {
		*ret = s->id;
		return 1;
	}
	if (sql_get(in->st, find_id, &stmt, err) < 0)
		return -1;
	sql_bind_blob(stmt, 1, key);
	found = find(in, stmt, ret, NULL, err);
	if (found > 0)
		slot_set(in, s, key, *ret, 0);
	return found;
}

int intern_policy(struct intern *in, const struct report_head *head, int64_t *ret,
	struct digest *ret_digest, struct err *err)
{
	struct buf *b = &in->canon;
	struct digest digest;
	struct slice key;
	int64_t id = 0;
	int found;

	buf_clear(b);
	put_word(b, &report_policy_words, &head->p);
	put_word(b, &report_policy_words, &head->sp);
	put_word(b, &report_policy_words, &head->np);
	put_word(b, &report_alignments, &head->adkim);
	put_word(b, &report_alignments, &head->aspf);
	put_word(b, &report_testings, &head->testing);
	put_word(b, &report_discoveries, &head->discovery_method);
	put_field(b, head->pct);
	put_field(b, head->fo);
	if (digest_canon(in, &digest, err) < 0)
		return -1;
	*ret_digest = digest;
	if (ret == NULL)
		return 0;
	key = slice_from(digest.bytes, WRITE_DIGEST_BYTES);
	found = find_digest(in, CACHE_POLICY, STMT_POLICY_FIND, key, &id, err);
	if (found < 0)
		return -1;
	if (found == 0) {
		if (add_policy(in, head, &digest, &id, err) < 0)
			return -1;
		slot_set(in, slot_of(in, CACHE_POLICY, key), key, id, 0);
	}
	*ret = id;
	return 0;
}

int intern_detail_digest(
	struct intern *in, const struct report_record *record, struct digest *ret, struct err *err)
{
	struct buf *b = &in->canon;

	assert(record->auth_len <= AUTH_MAX && record->reasons_len <= REASON_MAX);
	buf_clear(b);
	put_word(b, &report_dispositions, &record->disposition);
	put_word(b, &report_results, &record->dkim);
	put_word(b, &report_results, &record->spf);
	put_field(b, record->header_from);
	put_field(b, record->envelope_from);
	put_field(b, record->envelope_to);
	for (unsigned i = 0; i < record->reasons_len; i++) {
		buf_add_char(b, 'r');
		put_word(b, &report_reason_types, &record->reasons[i].type);
		put_field(b, record->reasons[i].comment);
	}
	for (unsigned i = 0; i < record->auth_len; i++) {
		const struct report_auth *a = &record->auth[i];

		buf_add_char(b, a->kind == REPORT_DKIM ? 'd' : 's');
		put_field(b, a->domain);
		put_field(b, a->selector);
		put_word(b, &report_scopes, &a->scope);
		put_word(b, &report_auth_results, &a->result);
		put_field(b, a->human_result);
	}
	return digest_canon(in, ret, err);
}

/* Binds the number of a name, or NULL for an absent one. */
static int name_or_null(struct intern *in, struct slice text, int64_t *ret, struct err *err)
{
	*ret = 0;
	return slice_absent(text) ? 0 : intern_name(in, text, ret, err);
}

static void bind_id(sqlite3_stmt *stmt, int at, int64_t id)
{
	if (id != 0)
		(void)sqlite3_bind_int64(stmt, at, id);
	else
		(void)sqlite3_bind_null(stmt, at);
}

static int add_auth(
	struct intern *in, int64_t detail, unsigned n, const struct report_auth *a, struct err *err)
{
	int64_t domain, selector;
	sqlite3_stmt *stmt;
	int at;

	if (name_or_null(in, a->domain, &domain, err) < 0 ||
		name_or_null(in, a->selector, &selector, err) < 0 ||
		sql_get(in->st, STMT_AUTH_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, detail);
	(void)sqlite3_bind_int64(stmt, 2, n);
	(void)sqlite3_bind_int(stmt, 3, a->kind);
	bind_id(stmt, 4, domain);
	bind_id(stmt, 5, selector);
	at = bind_word(stmt, 6, &report_scopes, &a->scope);
	at = bind_word(stmt, at, &report_auth_results, &a->result);
	sql_bind_text(stmt, at, a->human_result);
	return sql_run(in->st, stmt, "cannot store an auth result", err);
}

static int add_reason(struct intern *in, int64_t detail, unsigned n, const struct report_reason *r,
	struct err *err)
{
	sqlite3_stmt *stmt;
	int at;

	if (sql_get(in->st, STMT_REASON_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, detail);
	(void)sqlite3_bind_int64(stmt, 2, n);
	at = bind_word(stmt, 3, &report_reason_types, &r->type);
	sql_bind_text(stmt, at, r->comment);
	return sql_run(in->st, stmt, "cannot store a reason", err);
}

static int add_detail(struct intern *in, const struct report_record *record, struct slice digest,
	int64_t *ret, struct err *err)
{
	char key[DOMAIN_KEY_MAX];
	size_t key_len;
	int64_t header_from, envelope_from, envelope_to, from_key = 0;
	sqlite3_stmt *stmt;
	int at = 2;

	if (name_or_null(in, record->header_from, &header_from, err) < 0 ||
		name_or_null(in, record->envelope_from, &envelope_from, err) < 0 ||
		name_or_null(in, record->envelope_to, &envelope_to, err) < 0)
		return -1;
	if (header_from != 0 && domain_key(record->header_from, key, &key_len) &&
		intern_name(in, slice_from(key, key_len), &from_key, err) < 0)
		return -1;
	if (sql_get(in->st, STMT_DETAIL_ADD, &stmt, err) < 0)
		return -1;
	sql_bind_blob(stmt, 1, digest);
	at = bind_word(stmt, at, &report_dispositions, &record->disposition);
	at = bind_word(stmt, at, &report_results, &record->dkim);
	at = bind_word(stmt, at, &report_results, &record->spf);
	bind_id(stmt, at, header_from);
	bind_id(stmt, at + 1, envelope_from);
	bind_id(stmt, at + 2, envelope_to);
	bind_id(stmt, at + 3, from_key);
	if (add(in, stmt, ret, err) < 0)
		return -1;
	for (unsigned i = 0; i < record->auth_len; i++) {
		if (add_auth(in, *ret, i + 1, &record->auth[i], err) < 0)
			return -1;
	}
	for (unsigned i = 0; i < record->reasons_len; i++) {
		if (add_reason(in, *ret, i + 1, &record->reasons[i], err) < 0)
			return -1;
	}
	return 0;
}

int intern_detail(struct intern *in, const struct report_record *record,
	const struct digest *digest, int64_t *ret, struct err *err)
{
	struct slice key = slice_from(digest->bytes, WRITE_DIGEST_BYTES);
	int64_t id = 0;
	int found = find_digest(in, CACHE_DETAIL, STMT_DETAIL_FIND, key, &id, err);

	if (found < 0)
		return -1;
	if (found == 0) {
		if (add_detail(in, record, key, &id, err) < 0)
			return -1;
		slot_set(in, slot_of(in, CACHE_DETAIL, key), key, id, 0);
	}
	*ret = id;
	return 0;
}
