#include "store/intern_cache.h"

#include <assert.h>
#include <stdlib.h>

#include "store/base/domain.h"

/* Slots, a power of two each: 2.7 MiB in all, touched only as far as the mail is varied. */
static const uint32_t sizes[CACHE_COUNT] = {
	[CACHE_NAME] = 8192,
	[CACHE_SOURCE] = 16384,
	[CACHE_DETAIL] = 16384,
	[CACHE_DOMAIN] = 1024,
	[CACHE_REPORTER] = 256,
	[CACHE_POLICY] = 512,
	[CACHE_TRAIT] = 2048,
};

int intern_open(struct intern **ret, struct store *st, struct err *err)
{
	struct intern *in = calloc(1, sizeof *in);

	if (in == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	in->st = st;
	in->age = 1;
	buf_init(&in->canon, CANON_BYTES_MAX);
	buf_init(&in->trait_text, TRAIT_TEXT_BYTES);
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
	buf_release(&in->trait_text);
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

struct slot *slot_of(struct intern *in, enum cache c, struct slice key)
{
	if (key.len > KEY_BYTES_MAX)
		return NULL;
	return &in->slots[c][hash_of(key) & (sizes[c] - 1)];
}

bool slot_holds(const struct intern *in, const struct slot *s, struct slice key)
{
	return s != NULL && s->age == in->age && s->len == key.len &&
	       memcmp(s->key, key.ptr, key.len) == 0;
}

void slot_set(struct intern *in, struct slot *s, struct slice key, int64_t id, int64_t also)
{
	if (s == NULL)
		return;
	s->id = id;
	s->also = also;
	s->age = in->age;
	s->len = (uint8_t)key.len;
	memcpy(s->key, key.ptr, key.len);
}

int intern_found(
	struct intern *in, sqlite3_stmt *stmt, int64_t *ret, int64_t *also, struct err *err)
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

int intern_added(struct intern *in, sqlite3_stmt *stmt, int64_t *ret, struct err *err)
{
	/* Marked before the attempt: a failed one is undone like a good one. */
	in->marked = true;
	if (sql_run(in->st, stmt, "cannot store", err) < 0)
		return -1;
	*ret = sqlite3_last_insert_rowid(in->st->db);
	return 0;
}

/* ---- names, addresses, domains, reporters ---------------------------------------------------- */

int intern_name(struct intern *in, struct slice text, int64_t *ret, struct err *err)
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
	found = intern_found(in, stmt, &id, NULL, err);
	if (found < 0)
		return -1;
	if (found == 0) {
		if (sql_get(in->st, STMT_NAME_ADD, &stmt, err) < 0)
			return -1;
		sql_bind_text(stmt, 1, text);
		if (intern_added(in, stmt, &id, err) < 0)
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
	found = intern_found(in, stmt, &id, NULL, err);
	if (found < 0)
		return -1;
	if (found == 0) {
		if (bind_source(in, is_text ? STMT_SOURCE_TEXT_ADD : STMT_SOURCE_ADD, key, is_text,
			    &stmt, err) < 0 ||
			intern_added(in, stmt, &id, err) < 0)
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
	return intern_added(in, stmt, ret, err);
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
	found = intern_found(in, stmt, &id, NULL, err);
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
	return intern_found(in, stmt, ret, NULL, err) < 0 ? -1 : 0;
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
	found = intern_found(in, stmt, &id, &same, err);
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
		if (intern_added(in, stmt, &id, err) < 0)
			return -1;
		slot_set(in, slot_of(in, CACHE_REPORTER, name), name, id, same);
	}
	*ret = id;
	*ret_same = same;
	return 0;
}
