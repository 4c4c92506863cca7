#include "store/ask_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "store/base/conf.h"
#include "store/base/log.h"
#include "store/query_bounce.h"
#include "store/query_whatif.h"

#define OUT_BYTES_MAX (16 * 1024 * 1024)
#define READ_BYTES    4096
#define OPTIONS_MAX   32

struct run {
	struct conf conf;
	const struct emit_format *format;
	enum emit_lang lang;
	const struct command *command;
	const char *subject; /* the word after the command, NULL none */
	struct option {
		struct slice name, value;
	} options[OPTIONS_MAX];
	unsigned options_len, words_len;
	struct query_filter filter;
	struct query_whatif_wish wish;
	struct buf text, out;
};

struct command {
	const char *name;
	const char *options; /* besides those of every command */
	bool needs_subject;
	int (*run)(struct run *run, struct emit *e, struct err *err);
};

static struct slice option(const struct run *run, const char *name)
{
	for (unsigned i = 0; i < run->options_len; i++) {
		if (slice_equal(run->options[i].name, slice_of(name)))
			return run->options[i].value;
	}
	return SLICE_ABSENT;
}

/* ---- bounce ---------------------------------------------------------------------------------- */

static int read_from(int fd, struct buf *to, struct err *err)
{
	ssize_t n = 1;

	while (n > 0) {
		char *room = buf_room(to, READ_BYTES);

		if (room == NULL)
			return to->state == BUF_TOO_LONG
				       ? err_set(err, ERR_REPORT,
						 "longer than %d bytes: the part with the server's answer"
						 " is enough",
						 BOUNCE_BYTES_MAX)
				       : err_set(err, ERR_SHORTAGE, "no memory for a text");
		do {
			n = read(fd, room, READ_BYTES);
		} while (n < 0 && errno == EINTR);
		if (n > 0)
			to->len += (size_t)n;
	}
	if (n < 0)
		return err_errno(err, ERR_NOT_FOUND, errno, "cannot read");
	/* Room is asked for before it is known that no more comes. */
	return to->len > BOUNCE_BYTES_MAX
		       ? err_set(err, ERR_REPORT,
				 "longer than %d bytes: the part with the server's"
				 " answer is enough",
				 BOUNCE_BYTES_MAX)
		       : 0;
}

static int read_text(struct run *run, struct err *err)
{
	const char *path = run->subject == NULL ? "-" : run->subject;
	const bool in = strcmp(path, "-") == 0;
	int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int rc;

	if (fd < 0)
		return err_errno(err, ERR_NOT_FOUND, errno, "%s", path);
	buf_init(&run->text, BOUNCE_BYTES_MAX + READ_BYTES);
	rc = read_from(fd, &run->text, err);
	if (!in)
		(void)close(fd);
	return rc < 0 ? err_wrap(err, "%s", in ? "standard input" : path) : 0;
}

/* Without a database the text alone is explained, unless a domain is asked for. */
static int open_if(struct run *run, bool needed, struct store **ret, struct err *err)
{
	struct err ours = ERR_INIT;

	if (store_open(ret, run->conf.db, STORE_READ, &ours) == 0)
		return 0;
	*ret = NULL;
	return ours.code == ERR_NOT_FOUND && !needed ? 0 : err_set(err, ours.code, "%s", ours.text);
}

static int run_bounce(struct run *run, struct emit *e, struct err *err)
{
	const struct slice domain = option(run, "domain");
	struct query_bounce *q = NULL;
	struct store *st = NULL;
	int rc = -1;

	if (read_text(run, err) == 0 && open_if(run, !slice_absent(domain), &st, err) == 0)
		rc = query_bounce_open(&q, st, buf_slice(&run->text), domain, err);
	if (rc == 0)
		rc = query_bounce_rows(q, e, run->lang, err);
	if (rc == 0)
		emit_end(e, query_bounce_meta(q), NULL);
	query_bounce_close(q);
	store_close(st);
	return rc;
}

/* ---- whatif ---------------------------------------------------------------------------------- */

static int take_wishes(struct run *run, struct err *err)
{
	query_filter_init(&run->filter);
	for (unsigned i = 0; i < run->options_len; i++) {
		const struct option *o = &run->options[i];
		int rc = 0;

		if (query_whatif_is_wish(o->name))
			rc = query_whatif_set(&run->wish, o->name, o->value, err);
		else if (slice_equal(o->name, SLICE_LIT("last")) ||
			 slice_equal(o->name, SLICE_LIT("from")) ||
			 slice_equal(o->name, SLICE_LIT("to")))
			rc = query_filter_set(&run->filter, QUERY_SUMMARY, o->name, o->value, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int run_whatif(struct run *run, struct emit *e, struct err *err)
{
	struct query_whatif *q = NULL;
	struct store *st = NULL;
	int rc = -1;

	if (take_wishes(run, err) == 0 && store_open(&st, run->conf.db, STORE_READ, err) == 0)
		rc = query_whatif_open(
			&q, st, slice_of(run->subject), &run->wish, &run->filter, err);
	if (rc == 0)
		rc = query_whatif_rows(q, e, err);
	if (rc == 0)
		emit_end(e, query_whatif_meta(q), NULL);
	query_whatif_close(q);
	store_close(st);
	return rc;
}

static const struct command commands[] = {
	{ "bounce", "domain", false, run_bounce },
	{ "whatif", "p sp np adkim aspf t spf last from to", true, run_whatif },
};

/* ---- options --------------------------------------------------------------------------------- */

static const char common[] = "db config format lang";

static bool listed(const char *list, struct slice name)
{
	struct slice rest = slice_of(list);

	while (!slice_absent(rest)) {
		if (slice_equal(slice_cut(rest, ' ', &rest), name))
			return true;
	}
	return false;
}

static const struct command *find_command(const char *word)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(commands[i].name, word) == 0)
			return &commands[i];
	}
	return NULL;
}

/* "--name" or "--name=value" as name and value; false: no option. */
static bool split_option(const char *word, struct slice *name, struct slice *value)
{
	if (strncmp(word, "--", 2) != 0 || word[2] == '\0')
		return false;
	*name = slice_cut(slice_of(word + 2), '=', value);
	return true;
}

bool ask_is(int argc, char **argv)
{
	struct slice name, value;
	int i = 1;

	while (i < argc && split_option(argv[i], &name, &value) && listed(common, name))
		i += slice_absent(value) ? 2 : 1;
	return i < argc && find_command(argv[i]) != NULL;
}

static int take_word(struct run *run, const char *word, struct err *err)
{
	struct err_quote q;

	if (run->command == NULL)
		run->command = find_command(word);
	else if (run->subject == NULL)
		run->subject = word;
	else
		return err_set(
			err, ERR_USAGE, "%s is one word too many", err_quote(&q, slice_of(word)));
	return 0;
}

static int take_option(struct run *run, struct slice name, struct slice value, struct err *err)
{
	struct err_quote q;

	if (!listed(common, name) && (run->command == NULL || !listed(run->command->options, name)))
		return err_set(err, ERR_USAGE, "%s takes no --%s",
			run->command != NULL ? run->command->name : "ruad-query",
			err_printable(&q, name));
	if (run->options_len == OPTIONS_MAX)
		return err_set(err, ERR_USAGE, "more options than %d", OPTIONS_MAX);
	for (unsigned i = 0; i < run->options_len; i++) {
		if (slice_equal(run->options[i].name, name))
			return err_set(
				err, ERR_USAGE, "--%.*s may be given only once", SLICE_FMT(name));
	}
	run->options[run->options_len++] = (struct option){ name, value };
	return 0;
}

static int take_words(struct run *run, int argc, char **argv, struct err *err)
{
	bool only_words = false;
	int rc = 0;

	for (int i = 1; i < argc && rc == 0; i++) {
		struct slice name, value;

		if (only_words || strcmp(argv[i], "-") == 0) {
			rc = take_word(run, argv[i], err);
		} else if (strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (split_option(argv[i], &name, &value)) {
			if (slice_equal(name, SLICE_LIT("all")) && slice_absent(value)) {
				name = SLICE_LIT("last");
				value = SLICE_LIT("all");
			} else if (slice_absent(value)) {
				if (++i == argc)
					return err_set(err, ERR_USAGE, "--%.*s needs a value",
						SLICE_FMT(name));
				value = slice_of(argv[i]);
			}
			rc = take_option(run, name, value, err);
		} else {
			rc = take_word(run, argv[i], err);
		}
	}
	if (rc == 0 && run->command->needs_subject && run->subject == NULL)
		return err_set(
			err, ERR_USAGE, "%s what? See ruad-query --help", run->command->name);
	return rc;
}

static int set_up(struct run *run, struct err *err)
{
	const struct slice config = option(run, "config"), db = option(run, "db");
	const struct slice format = option(run, "format"), lang = option(run, "lang");
	struct err_quote q;

	conf_init(&run->conf);
	if (conf_load(&run->conf, slice_absent(config) ? NULL : config.ptr, err) < 0 ||
		(!slice_absent(db) &&
			conf_set(&run->conf, SLICE_LIT("store"), SLICE_LIT("db"), db, err) < 0))
		return -1;
	run->format = emit_find(slice_absent(format) ? SLICE_LIT("text") : format);
	if (run->format == NULL)
		return err_set(err, ERR_USAGE,
			"--format %s must be one of text, json, ndjson, csv, html",
			err_quote(&q, format));
	if (slice_equal(lang, SLICE_LIT("es")))
		run->lang = EMIT_ES;
	else if (!slice_absent(lang) && !slice_equal(lang, SLICE_LIT("en")))
		return err_set(err, ERR_USAGE, "--lang %s must be en or es", err_quote(&q, lang));
	return 0;
}

static int answer(struct run *run, int argc, char **argv, struct err *err)
{
	struct emit *e = NULL;
	int rc = -1;

	if (take_words(run, argc, argv, err) == 0 && set_up(run, err) == 0 &&
		emit_open(&e, run->format, &run->out, run->lang, err) == 0)
		rc = run->command->run(run, e, err);
	emit_close(e);
	if (rc == 0 && buf_failed(&run->out))
		return err_set(err, ERR_SHORTAGE, "no memory for the answer");
	if (rc == 0 && (fwrite(run->out.ptr, 1, run->out.len, stdout) != run->out.len ||
			       fflush(stdout) != 0))
		return err_errno(err, ERR_SHORTAGE, errno, "standard output");
	return rc;
}

int ask_main(int argc, char **argv)
{
	static struct run run; /* large: settings, filter */
	struct err err = ERR_INIT;
	int rc;

	buf_init(&run.out, OUT_BYTES_MAX);
	rc = answer(&run, argc, argv, &err);
	buf_release(&run.text);
	buf_release(&run.out);
	if (rc < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", err.text);
		return err_exit_status(&err);
	}
	return EX_OK;
}
