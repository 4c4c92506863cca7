#include "store/assess_parts.h"

#include <assert.h>
#include <inttypes.h>

#include "store/base/utf8.h"

/* ---- the owner's transaction ------------------------------------------------------------------ */

struct word {
	int (*change)(struct store *st, void *arg, struct err *err);
	void *arg;
};

static int say(struct store *st, void *arg, struct err *err)
{
	const struct word *word = arg;
	int changed;

	st->assess->changed = false;
	changed = word->change(st, word->arg, err);
	if (changed > 0 && writer_raise(st, "decisions_version", err) < 0)
		changed = -1;
	st->writer->changed |= st->assess->changed;
	return changed;
}

struct words {
	int (*say)(void *arg, struct err *err);
	void *arg;
};

static int say_all(struct store *st, void *arg, struct err *err)
{
	const struct words *words = arg;
	int rc;

	st->together = true;
	rc = words->say(words->arg, err);
	st->together = false;
	return rc;
}

static int in_transaction(struct store *st,
	int (*say_it)(struct store *st, void *arg, struct err *err), void *arg, struct err *err)
{
	struct writer *w = st->writer;
	int changed;

	assert(w != NULL);
	if (writer_sync(w, err) < 0 || sql_cache(st, ASSESS_CACHE_KIB, err) < 0)
		return -1;
	changed = writer_begin(w, err);
	if (changed == 0) {
		changed = say_it(st, arg, err);
		if (changed < 0)
			writer_undo_batch(w);
		else
			changed = writer_sync(w, err);
	}
	/* A dropped row's number may be in the cache. */
	intern_forget(w->intern);
	return sql_cache(st, CACHE_KIB, changed < 0 ? NULL : err) < 0 ? -1 : changed;
}

int owner_change(struct store *st, int (*change)(struct store *st, void *arg, struct err *err),
	void *arg, struct err *err)
{
	struct word word = { .change = change, .arg = arg };

	if (!st->together)
		return in_transaction(st, say, &word, err);
	return say(st, &word, err) < 0 ? -1 : 0;
}

int store_together(
	struct store *st, int (*words)(void *arg, struct err *err), void *arg, struct err *err)
{
	struct words all = { .say = words, .arg = arg };

	assert(!st->together);
	return in_transaction(st, say_all, &all, err);
}

static struct slice who_of(const struct actor *by)
{
	return by != NULL ? by->who : SLICE_ABSENT;
}

/* ---- decisions -------------------------------------------------------------------------------- */

/* *ret CLASS_TO_DECIDE: there is none. */
static int decision_get(
	struct store *st, int64_t domain, struct slice key, enum class *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_DECISION_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	sql_bind_text(stmt, 2, key);
	more = sql_step(st, stmt, "cannot look up a decision", err);
	if (more < 0)
		return -1;
	*ret = more > 0 ? (enum class)sqlite3_column_int(stmt, 0) : CLASS_TO_DECIDE;
	(void)sqlite3_reset(stmt);
	return 0;
}

int decision_set(struct store *st, int64_t domain, struct slice key, enum class class,
	int64_t event, struct err *err)
{
	const bool drop = class == CLASS_TO_DECIDE;
	sqlite3_stmt *stmt;

	if (sql_get(st, drop ? STMT_DECISION_DROP : STMT_DECISION_SET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, domain);
	sql_bind_text(stmt, 2, key);
	if (!drop) {
		(void)sqlite3_bind_int(stmt, 3, (int)class);
		(void)sqlite3_bind_int64(stmt, 4, event);
	}
	return sql_run(st, stmt, "cannot keep a decision", err);
}

static struct slice word_of(enum class class)
{
	return class == CLASS_TO_DECIDE ? SLICE_ABSENT : slice_of(class_names[class]);
}

static enum class class_of_word(struct slice word) {
	for (int i = 0; i < CLASS_COUNT; i++){
		if (slice_equal(word, slice_of(class_names[i]))) return (enum class)i;
}
return CLASS_TO_DECIDE;
}

struct decision {
	int64_t domain, group; /* group 0: key and name are known */
	char key[GROUP_TEXT_MAX], name[DOMAIN_KEY_MAX];
	enum class class;
	const struct actor *by;
	int64_t event;
};

static void copy(char *dst, size_t size, struct slice s)
{
	s = utf8_keep(s, size - 1);
	memcpy(dst, s.ptr, s.len);
	dst[s.len] = '\0';
}

static int find_group(struct store *st, struct decision *d, struct err *err)
{
	sqlite3_stmt *stmt;
	int more;

	if (sql_get(st, STMT_GROUP_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, d->group);
	more = sql_step(st, stmt, "cannot look up a source group", err);
	if (more < 0)
		return -1;
	if (more == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no source %" PRId64, d->group);
	d->domain = sqlite3_column_int64(stmt, 0);
	copy(d->key, sizeof d->key, sql_text(stmt, 1));
	copy(d->name, sizeof d->name, sql_text(stmt, 2));
	(void)sqlite3_reset(stmt);
	return 0;
}

/* Event, decision, and all history judged by it. */
static int put_decision(struct store *st, struct decision *d, enum class before, struct err *err)
{
	const struct event e = { .type = "decision.set",
		.domain = slice_of(d->name),
		.object = slice_of(d->key),
		.before = word_of(before),
		.after = word_of(d->class),
		.who = who_of(d->by) };

	if (event_add(st, &e, &d->event, err) < 0 ||
		decision_set(st, d->domain, slice_of(d->key), d->class, d->event, err) < 0 ||
		assess_domain(st->assess, d->domain, false, false, err) < 0)
		return -1;
	return 1;
}

static int change_decision(struct store *st, void *arg, struct err *err)
{
	struct decision *d = arg;
	enum class before;

	if (find_group(st, d, err) < 0 ||
		decision_get(st, d->domain, slice_of(d->key), &before, err) < 0)
		return -1;
	return before == d->class ? 0 : put_decision(st, d, before, err);
}

int store_decide(struct store *st, int64_t group, enum class class, const struct actor *by,
	int64_t *ret_event, struct err *err)
{
	struct decision d = { .group = group, .class = class, .by = by };

	if ((unsigned)class >= CLASS_COUNT)
		return err_set(err, ERR_USAGE, "%d is no class", (int)class);
	if (owner_change(st, change_decision, &d, err) < 0)
		return -1;
	if (ret_event != NULL)
		*ret_event = d.event;
	return 0;
}

/* ---- undoing ---------------------------------------------------------------------------------- */

static int find_domain(struct store *st, struct slice name, int64_t *ret, struct err *err)
{
	sqlite3_stmt *stmt;
	struct err_quote q;
	int more;

	if (sql_get(st, STMT_DOMAIN_FIND, &stmt, err) < 0)
		return -1;
	sql_bind_text(stmt, 1, name);
	more = sql_step(st, stmt, "cannot look up a domain", err);
	if (more < 0)
		return -1;
	if (more == 0)
		return err_set(err, ERR_NOT_FOUND, "the domain %s is not there any more",
			err_quote(&q, name));
	*ret = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_reset(stmt);
	return 0;
}

static int undo_decision(struct store *st, const struct undo *u, struct err *err)
{
	struct decision d = { .class = class_of_word(u->before), .by = u->by };
	enum class now;

	copy(d.key, sizeof d.key, u->object);
	copy(d.name, sizeof d.name, u->domain);
	if (find_domain(st, u->domain, &d.domain, err) < 0 ||
		decision_get(st, d.domain, u->object, &now, err) < 0)
		return -1;
	if (now != class_of_word(u->after))
		return err_set(err, ERR_USAGE,
			"event %" PRId64 ": what it decided is not in force any more", u->event);
	if (put_decision(st, &d, now, err) < 0)
		return -1;
	*u->ret_event = d.event;
	return 0;
}

static const struct undoing {
	const char *type;
	bool list; /* one of many: the same thing is the same entry */
	int (*undo)(struct store *st, const struct undo *u, struct err *err);
} undoings[] = {
	{ "decision.set", false, undo_decision },
	{ "decision.followed", false, undo_decision },
	{ "domain.set", true, setting_undo },
	{ "domain.added", false, claim_undo },
	{ "domain.removed", false, claim_undo },
};

static const struct undoing *undoing_of(struct slice type)
{
	for (size_t i = 0; i < sizeof undoings / sizeof *undoings; i++) {
		if (slice_equal(type, slice_of(undoings[i].type)))
			return &undoings[i];
	}
	return NULL;
}

/* An event as text of its own, because it is looked at while others are written. */
struct undo_run {
	struct undo undo;
	struct buf text;
	int64_t made;
};

static int read_event(struct store *st, struct undo_run *r, struct err *err)
{
	struct undo *u = &r->undo;
	sqlite3_stmt *stmt;
	int64_t undone;
	int more;

	if (sql_get(st, STMT_EVENT_GET, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, u->event);
	more = sql_step(st, stmt, "cannot look up an event", err);
	if (more < 0)
		return -1;
	if (more == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no event %" PRId64, u->event);
	undone = sqlite3_column_int64(stmt, 5);
	if (writer_keep(&r->text, sql_text(stmt, 0), &u->type, err) < 0 ||
		writer_keep(&r->text, sql_text(stmt, 1), &u->domain, err) < 0 ||
		writer_keep(&r->text, sql_text(stmt, 2), &u->object, err) < 0 ||
		writer_keep(&r->text, sql_text(stmt, 3), &u->before, err) < 0 ||
		writer_keep(&r->text, sql_text(stmt, 4), &u->after, err) < 0)
		return -1;
	(void)sqlite3_reset(stmt);
	if (undone != 0)
		return err_set(err, ERR_USAGE,
			"event %" PRId64 " was undone already, by event %" PRId64, u->event,
			undone);
	return 0;
}

/* A later word on the same thing stands in the way; one that was taken back does not. */
static int check_later(
	struct store *st, const struct undo *u, const struct undoing *how, struct err *err)
{
	int64_t later = 0;

	for (size_t i = 0; i < sizeof undoings / sizeof *undoings && later == 0; i++) {
		sqlite3_stmt *stmt;
		int more;

		if (undoings[i].undo != how->undo)
			continue;
		if (sql_get(st, STMT_EVENT_LATER, &stmt, err) < 0)
			return -1;
		(void)sqlite3_bind_int64(stmt, 1, u->event);
		sql_bind_text(stmt, 2, u->domain);
		sql_bind_text(stmt, 3, slice_of(undoings[i].type));
		sql_bind_text(stmt, 4, u->object);
		if (how->list && setting_is_list(u->object))
			sql_bind_text(stmt, 5, slice_absent(u->after) ? u->before : u->after);
		more = sql_step(st, stmt, "cannot look for later events", err);
		if (more < 0)
			return -1;
		later = sqlite3_column_int64(stmt, 0);
		(void)sqlite3_reset(stmt);
	}
	return later == 0 ? 0
			  : err_set(err, ERR_USAGE,
				    "event %" PRId64
				    ": what it set was changed since, by event %" PRId64
				    ": undo that first",
				    u->event, later);
}

static int change_back(struct store *st, void *arg, struct err *err)
{
	struct undo_run *r = arg;
	struct undo *u = &r->undo;
	const struct undoing *how;
	struct err_quote q;
	sqlite3_stmt *stmt;

	if (read_event(st, r, err) < 0)
		return -1;
	how = undoing_of(u->type);
	if (how == NULL)
		return err_set(err, ERR_NOT_FOUND, "event %" PRId64 " is %s, which nobody can undo",
			u->event, err_quote(&q, u->type));
	if (check_later(st, u, how, err) < 0 || how->undo(st, u, err) < 0 ||
		sql_get(st, STMT_EVENT_UNDONE, &stmt, err) < 0)
		return -1;
	(void)sqlite3_bind_int64(stmt, 1, u->event);
	(void)sqlite3_bind_int64(stmt, 2, r->made);
	return sql_run(st, stmt, "cannot mark an event as undone", err) < 0 ? -1 : 1;
}

int store_undo(struct store *st, int64_t event, const struct actor *by, int64_t *ret_event,
	struct err *err)
{
	struct undo_run r = { .undo = { .event = event, .by = by } };
	int rc;

	r.undo.ret_event = &r.made;
	buf_init(&r.text, 16 * TEXT_KEEP);
	/* At its full size from the start: slices into it do not move. */
	rc = buf_room(&r.text, 16 * TEXT_KEEP) != NULL ? 0
						       : err_set(err, ERR_SHORTAGE, "no memory");
	if (rc == 0)
		rc = owner_change(st, change_back, &r, err);
	buf_release(&r.text);
	if (rc == 0 && ret_event != NULL)
		*ret_event = r.made;
	return rc;
}
