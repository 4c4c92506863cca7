#include "store/intern_cache.h"

#include <assert.h>

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

/*
 * What a digest is made of: fields, and of each word its meaning and the token where it is not the
 * word itself. Only what the table holds goes in, so that a digest can be recomputed from the rows.
 */
static void put_word(struct buf *b, const struct vocabulary *v, const struct report_word *word)
{
	assert(word->meaning < v->count);
	buf_add_char(b, (char)word->meaning);
	buf_add_field(b, token_kept(v, word));
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
	return intern_added(in, stmt, ret, err);
}

/* By digest: policies, traits and details. The cached key is the digest; `also` is a detail's trait. */
static int find_digest(struct intern *in, enum cache c, enum stmt find_id, struct slice key,
	int64_t *ret, int64_t *also, struct err *err)
{
	struct slot *s = slot_of(in, c, key);
	sqlite3_stmt *stmt;
	int found;

	if (slot_holds(in, s, key)) {
		*ret = s->id;
		if (also != NULL)
			*also = s->also;
		return 1;
	}
	if (sql_get(in->st, find_id, &stmt, err) < 0)
		return -1;
	sql_bind_blob(stmt, 1, key);
	found = intern_found(in, stmt, ret, also, err);
	if (found > 0)
		slot_set(in, s, key, *ret, also != NULL ? *also : 0);
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
	buf_add_field(b, head->pct);
	buf_add_field(b, head->fo);
	if (digest_canon(in, &digest, err) < 0)
		return -1;
	*ret_digest = digest;
	if (ret == NULL)
		return 0;
	key = slice_from(digest.bytes, WRITE_DIGEST_BYTES);
	found = find_digest(in, CACHE_POLICY, STMT_POLICY_FIND, key, &id, NULL, err);
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
	buf_add_field(b, record->header_from);
	buf_add_field(b, record->envelope_from);
	buf_add_field(b, record->envelope_to);
	for (unsigned i = 0; i < record->reasons_len; i++) {
		buf_add_char(b, 'r');
		put_word(b, &report_reason_types, &record->reasons[i].type);
		buf_add_field(b, record->reasons[i].comment);
	}
	for (unsigned i = 0; i < record->auth_len; i++) {
		const struct report_auth *a = &record->auth[i];

		buf_add_char(b, a->kind == REPORT_DKIM ? 'd' : 's');
		buf_add_field(b, a->domain);
		buf_add_field(b, a->selector);
		put_word(b, &report_scopes, &a->scope);
		put_word(b, &report_auth_results, &a->result);
		buf_add_field(b, a->human_result);
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

/* ---- traits ---------------------------------------------------------------------------------- */

static int add_signature(struct intern *in, int64_t trait, unsigned n,
	const struct trait_signature *s, struct err *err)
{
	int64_t domain, selector;
	sqlite3_stmt *stmt;

	if (intern_name(in, s->domain, &domain, err) < 0 ||
		intern_name(in, s->selector, &selector, err) < 0 ||
		sql_get(in->st, STMT_SIGNATURE_ADD, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, trait);
	(void)sqlite3_bind_int64(stmt, 2, n);
	(void)sqlite3_bind_int64(stmt, 3, domain);
	(void)sqlite3_bind_int64(stmt, 4, selector);
	(void)sqlite3_bind_int(stmt, 5, s->pass);
	return sql_run(in->st, stmt, "cannot store a trait's signature", err);
}

static int add_trait(struct intern *in, const struct trait *t, struct slice digest, int64_t *ret,
	struct err *err)
{
	int64_t spf_domain, other_dkim;
	sqlite3_stmt *stmt;

	if (name_or_null(in, t->spf_domain, &spf_domain, err) < 0 ||
		name_or_null(in, t->other_dkim, &other_dkim, err) < 0 ||
		sql_get(in->st, STMT_TRAIT_ADD, &stmt, err) < 0)
		return -1;
	sql_bind_blob(stmt, 1, digest);
	(void)sqlite3_bind_int(stmt, 2, t->disposition * 16 + t->dkim * 4 + t->spf);
	(void)sqlite3_bind_int(stmt, 3, t->reasons);
	(void)sqlite3_bind_int(stmt, 4, t->spf_result);
	(void)sqlite3_bind_int(stmt, 5, t->spf_own);
	bind_id(stmt, 6, spf_domain);
	(void)sqlite3_bind_int(stmt, 7, t->envelope);
	bind_id(stmt, 8, other_dkim);
	if (intern_added(in, stmt, ret, err) < 0)
		return -1;
	for (unsigned i = 0; i < t->signatures_len; i++) {
		if (add_signature(in, *ret, i + 1, &t->signatures[i], err) < 0)
			return -1;
	}
	return 0;
}

static int intern_trait(
	struct intern *in, const struct report_record *record, int64_t *ret, struct err *err)
{
	struct digest digest;
	struct trait trait;
	struct slice key;
	int64_t id = 0;
	int found;

	if (trait_of(record, &trait, &in->trait_text, err) < 0)
		return -1;
	buf_clear(&in->canon);
	trait_canon(&trait, &in->canon);
	if (digest_canon(in, &digest, err) < 0)
		return -1;
	key = slice_from(digest.bytes, WRITE_DIGEST_BYTES);
	found = find_digest(in, CACHE_TRAIT, STMT_TRAIT_FIND, key, &id, NULL, err);
	if (found < 0)
		return -1;
	if (found == 0) {
		if (add_trait(in, &trait, key, &id, err) < 0)
			return -1;
		slot_set(in, slot_of(in, CACHE_TRAIT, key), key, id, 0);
	}
	*ret = id;
	return 0;
}

/* ---- details --------------------------------------------------------------------------------- */

static int add_detail(struct intern *in, const struct report_record *record, struct slice digest,
	int64_t *ret, int64_t *ret_trait, struct err *err)
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
	if (intern_trait(in, record, ret_trait, err) < 0)
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
	bind_id(stmt, at + 4, *ret_trait);
	if (intern_added(in, stmt, ret, err) < 0)
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
	const struct digest *digest, int64_t *ret, int64_t *ret_trait, struct err *err)
{
	struct slice key = slice_from(digest->bytes, WRITE_DIGEST_BYTES);
	int64_t id = 0, trait = 0;
	int found = find_digest(in, CACHE_DETAIL, STMT_DETAIL_FIND, key, &id, &trait, err);

	if (found < 0)
		return -1;
	if (found == 0) {
		if (add_detail(in, record, key, &id, &trait, err) < 0)
			return -1;
		slot_set(in, slot_of(in, CACHE_DETAIL, key), key, id, trait);
	}
	*ret = id;
	*ret_trait = trait;
	return 0;
}
