/* What the DNS said before: each answer that was another one than the one before it. */
#include "store/base/day.h"
#include "store/emit_format.h"
#include "store/query_dns.h"
#include "store/sql.h"

/* Text of one answer as the store has it, and of what differs. */
#define ANSWER_BYTES_MAX ((size_t)1024 * 1024)

const struct column query_dns_history_columns[QUERY_DNS_HISTORY_COLUMNS] = {
	{ "record_name", COLUMN_TEXT, "Name", "Nombre" },
	{ "record_type", COLUMN_TEXT, "Type", "Tipo" },
	{ "first_answered", COLUMN_TIME, "First", "Primera vez" },
	{ "last_answered", COLUMN_TIME, "Last", "Última vez" },
	{ "in_force", COLUMN_BOOL, "In force", "En vigor" },
	{ "answer", COLUMN_TEXT, "Answer", "Respuesta" },
	{ "record_lines", COLUMN_TEXT, NULL, NULL },
	{ "came", COLUMN_TEXT, "New", "Nuevo" },
	{ "gone", COLUMN_TEXT, "Gone", "Ya no está" },
};

/* One row, and the answer to the same question before it. */
struct change {
	struct slice name, type, answer, lines;
	int64_t first, last;
	bool holds, is_first;
	struct buf before_name, before, came, gone;
	int before_type;
};

static const char *type_name(int number)
{
	for (int i = 0; i < DNS_TYPE_COUNT; i++) {
		if (dns_type_numbers[i] == number && number != 0)
			return dns_type_names[i];
	}
	return "?";
}

static int compare(struct slice a, struct slice b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static void add_line(struct buf *to, struct slice line)
{
	if (line.len == 0)
		return;
	if (to->len > 0)
		buf_add_char(to, '\n');
	buf_add(to, line);
}

/* Both are sorted, a record a line. */
static void find_differences(struct slice old, struct slice now, struct buf *gone, struct buf *came)
{
	struct slice a, b;

	buf_clear(gone);
	buf_clear(came);
	a = slice_cut(old, '\n', &old);
	b = slice_cut(now, '\n', &now);
	while (!slice_absent(a) || !slice_absent(b)) {
		int order = slice_absent(a) ? 1 : slice_absent(b) ? -1 : compare(a, b);

		if (order < 0)
			add_line(gone, a);
		if (order > 0)
			add_line(came, b);
		if (order <= 0)
			a = slice_absent(old) ? SLICE_ABSENT : slice_cut(old, '\n', &old);
		if (order >= 0)
			b = slice_absent(now) ? SLICE_ABSENT : slice_cut(now, '\n', &now);
	}
}

static void read_change(struct change *c, sqlite3_stmt *stmt)
{
	const int type = sqlite3_column_int(stmt, 1), status = sqlite3_column_int(stmt, 2);

	c->name = sql_text(stmt, 0);
	c->type = slice_of(type_name(type));
	c->answer =
		slice_of(status >= 0 && status < DNS_STATUS_COUNT ? dns_status_names[status] : "");
	c->lines = sql_text(stmt, 3);
	c->first = sqlite3_column_int64(stmt, 4);
	c->last = sqlite3_column_int64(stmt, 5);
	c->holds = sqlite3_column_int(stmt, 6) != 0;
	c->is_first = type != c->before_type || !slice_equal(c->name, buf_slice(&c->before_name));
	if (c->is_first) {
		buf_clear(&c->before_name);
		buf_add(&c->before_name, c->name);
		buf_clear(&c->before);
		c->before_type = type;
	}
	find_differences(buf_slice(&c->before), c->lines, &c->gone, &c->came);
	buf_clear(&c->before);
	buf_add(&c->before, c->lines);
}

typedef void each_change(void *arg, const struct change *c);

static int walk(
	struct store *st, struct slice domain, each_change *each, void *arg, struct err *err)
{
	struct change c = { .before_type = -1 };
	sqlite3_stmt *stmt;
	int more = -1;

	buf_init(&c.before_name, 4 * DOMAIN_KEY_MAX);
	buf_init(&c.before, ANSWER_BYTES_MAX);
	buf_init(&c.came, ANSWER_BYTES_MAX);
	buf_init(&c.gone, ANSWER_BYTES_MAX);
	if (sql_get(st, STMT_SEEN_HISTORY, &stmt, err) < 0)
		goto out;
	sql_bind_text(stmt, 1, domain);
	while ((more = sql_step(st, stmt, "cannot read what the DNS said before", err)) > 0) {
		read_change(&c, stmt);
		each(arg, &c);
	}
	if (more == 0 && (buf_failed(&c.before) || buf_failed(&c.came) || buf_failed(&c.gone)))
		more = err_set(err, ERR_SHORTAGE, "no memory for the answer");
out:
	buf_release(&c.before_name);
	buf_release(&c.before);
	buf_release(&c.came);
	buf_release(&c.gone);
	return more;
}

static void change_row(void *arg, const struct change *c)
{
	emit_row(arg, (const struct value[QUERY_DNS_HISTORY_COLUMNS]){
			      { .text = c->name },
			      { .text = c->type },
			      { .number = c->first },
			      { .number = c->last },
			      { .number = c->holds },
			      { .text = c->answer },
			      { .text = c->lines },
			      { .null = c->is_first, .text = buf_slice(&c->came) },
			      { .null = c->is_first, .text = buf_slice(&c->gone) },
		      });
}

int query_dns_history_rows(struct store *st, struct slice domain, struct emit *e, struct err *err)
{
	emit_set(e, "history", query_dns_history_columns, QUERY_DNS_HISTORY_COLUMNS, false);
	return walk(st, domain, change_row, e, err);
}

static void add_lines(struct buf *to, const char *mark, struct slice lines)
{
	while (lines.len > 0) {
		struct slice rest, line = slice_cut(lines, '\n', &rest);

		buf_add_text(to, mark);
		emit_visible(to, line);
		buf_add_char(to, '\n');
		lines = rest;
	}
}

static void change_text(void *arg, const struct change *c)
{
	char time[DAY_TEXT_MAX];
	struct buf *to = arg;

	if (c->is_first) {
		buf_printf(to, "%s%.*s ", to->len > 0 ? "\n" : "", SLICE_FMT(c->type));
		emit_visible(to, c->name);
		buf_add_char(to, '\n');
	}
	buf_printf(to, "  %s  %.*s\n", day_time_text(c->first, time), SLICE_FMT(c->answer));
	if (c->is_first) {
		add_lines(to, "    ", c->lines);
		return;
	}
	add_lines(to, "  - ", buf_slice(&c->gone));
	add_lines(to, "  + ", buf_slice(&c->came));
}

int query_dns_history_text(struct store *st, struct slice domain, struct buf *to, struct err *err)
{
	return walk(st, domain, change_text, to, err);
}
