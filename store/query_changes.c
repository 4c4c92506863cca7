#include "store/emit.h"
#include "store/judge/class.h"
#include "store/query_parts.h"
#include "store/stmt_changes.h"

/* What lint finds besides the notes of parsing; their numbers follow those of the notes. */
static const struct {
	const char *parameter, *code, *text;
} findings[] = {
	{ ":late", "late", "A mail was sent more than two days after its report's period ended." },
	{ ":reused", "reused-id", "A report has the id of one about an earlier period." },
	{ ":overlap", "overlap",
		"A report's period began more than an hour before an earlier one ended." },
	{ ":gap", "gap", "Days without a report, though there is one for most days around." },
};

#define FINDINGS (sizeof findings / sizeof *findings)

void query_add_changes(const struct query *q, struct buf *to)
{
	static const char *const pieces[] = D_CHANGES;

	(void)q;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		buf_add_text(to, pieces[i]);
}

void query_add_lint(const struct query *q, struct buf *to)
{
	static const char *const pieces[] = N_LINT;

	(void)q;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		buf_add_text(to, pieces[i]);
}

/* ---- words: tables of names as JSON, for what a statement puts together itself ------------------ */

static void add_names(struct buf *to, const char *const *names, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		buf_add_text(to, i > 0 ? "," : "[");
		emit_json_string(to, slice_of(names[i]));
	}
}

static void add_vocabulary(struct buf *to, const char *name, const struct vocabulary *words)
{
	buf_printf(to, "\"%s\":", name);
	add_names(to, words->names, words->count);
	buf_add_text(to, "],");
}

int query_words(struct buf *to, enum query_kind kind, struct err *err)
{
	buf_add_char(to, '{');
	if (kind == QUERY_CHANGES) {
		add_vocabulary(to, "policy", &report_policy_words);
		add_vocabulary(to, "alignment", &report_alignments);
		add_vocabulary(to, "testing", &report_testings);
		buf_add_text(to, "\"class\":");
		add_names(to, class_names, CLASS_COUNT);
	} else {
		buf_add_text(to, "\"code\":");
		add_names(to, report_note_names, REPORT_NOTE_COUNT);
		for (size_t i = 0; i < FINDINGS; i++)
			buf_printf(to, ",\"%s\"", findings[i].code);
		buf_add_text(to, "],\"text\":");
		add_names(to, report_note_texts, REPORT_NOTE_COUNT);
		for (size_t i = 0; i < FINDINGS; i++)
			buf_printf(to, ",\"%s\"", findings[i].text);
	}
	buf_add_text(to, "]}");
	return buf_failed(to) ? err_set(err, ERR_SHORTAGE, "no memory for words") : 0;
}

void query_bind_words(const struct query *q, sqlite3_stmt *stmt)
{
	int words = sqlite3_bind_parameter_index(stmt, ":words");

	if (words > 0)
		sql_bind_text(stmt, words, buf_slice(&q->words));
	for (size_t i = 0; i < FINDINGS; i++)
		query_bind_int(stmt, findings[i].parameter, REPORT_NOTE_COUNT + (int64_t)i);
}
