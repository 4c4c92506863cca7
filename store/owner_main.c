#include "store/owner_main.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "store/assess.h"
#include "store/base/conf.h"
#include "store/base/log.h"

#define WORDS_MAX 66

struct run {
	struct conf conf;
	const char *db, *config, *as;
	bool all;
	char uid[32];
	struct actor by;
	char *words[WORDS_MAX]; /* the command and what it is about */
	int words_len;
	struct store *store;
	int64_t event; /* the last one made; 0: nothing changed */
};

struct command {
	const char *word, *second; /* "domain", "add"; second NULL: none */
	int least, most;           /* words after those */
	const char *usage;
	int (*run)(struct run *run, char *const *words, int len, struct err *err);
};

/* ---- commands --------------------------------------------------------------------------------- */

static int number_of(const char *text, const char *what, int64_t *ret, struct err *err)
{
	struct err_quote q;

	if (slice_i64(slice_of(text), 1, INT64_MAX, ret))
		return 0;
	return err_set(
		err, ERR_USAGE, "%s is not the number of %s", err_quote(&q, slice_of(text)), what);
}

static int run_decide(struct run *run, char *const *words, int len, struct err *err)
{
	static const struct {
		const char *word;
		enum class class;
	} says[] = { { "yours", CLASS_YOURS }, { "forwarder", CLASS_FORWARDED },
		{ "not-yours", CLASS_NOT_YOURS }, { "undecided", CLASS_TO_DECIDE } };
	struct err_quote q;
	int64_t group;

	(void)len;
	if (number_of(words[0], "a source", &group, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
		if (strcmp(words[1], says[i].word) == 0)
			return store_decide(
				run->store, group, says[i].class, &run->by, &run->event, err);
	}
	return err_set(err, ERR_USAGE, "%s is none of yours, forwarder, not-yours, undecided",
		err_quote(&q, slice_of(words[1])));
}

static int run_undo(struct run *run, char *const *words, int len, struct err *err)
{
	int64_t event;

	(void)len;
	if (number_of(words[0], "an event", &event, err) < 0)
		return -1;
	return store_undo(run->store, event, &run->by, &run->event, err);
}

static void say_event(struct run *run)
{
	if (run->event != 0)
		(void)printf("event %" PRId64 "\n", run->event);
	run->event = 0;
}

/* What is wrong with any of them is said before the first is set. */
static int check_settings(char *const *words, int len, struct err *err)
{
	struct slice value;
	struct err_quote q;

	for (int i = 0; i < len; i++) {
		(void)slice_cut(slice_of(words[i]), '=', &value);
		if (slice_absent(value))
			return err_set(err, ERR_USAGE, "%s is no setting: NAME=VALUE",
				err_quote(&q, slice_of(words[i])));
	}
	return 0;
}

/* Settings of a domain, which is to be added first or is there. */
struct settings {
	struct run *run;
	char *const *words; /* the domain, then NAME=VALUE */
	int len;
	bool add;
	int64_t events[WORDS_MAX];
};

static int set_all(void *arg, struct err *err)
{
	struct settings *s = arg;
	const struct slice domain = slice_of(s->words[0]);

	if (s->add && store_domain_add(s->run->store, domain, &s->run->by, err) < 0)
		return -1;
	for (int i = 1; i < s->len; i++) {
		struct slice value, name = slice_cut(slice_of(s->words[i]), '=', &value);

		if (store_domain_set(s->run->store, domain, name, value, &s->run->by, &s->events[i],
			    err) < 0)
			return -1;
	}
	return 0;
}

/* All of them, or none. */
static int run_settings(struct run *run, char *const *words, int len, bool add, struct err *err)
{
	struct settings s = { .run = run, .words = words, .len = len, .add = add };

	assert(len <= WORDS_MAX);
	if (check_settings(words + 1, len - 1, err) < 0 ||
		store_together(run->store, set_all, &s, err) < 0)
		return -1;
	for (int i = 1; i < len; i++) {
		run->event = s.events[i];
		say_event(run);
	}
	return 0;
}

static int run_domain_add(struct run *run, char *const *words, int len, struct err *err)
{
	return run_settings(run, words, len, true, err);
}

static int run_domain_set(struct run *run, char *const *words, int len, struct err *err)
{
	return run_settings(run, words, len, false, err);
}

static int run_domain_remove(struct run *run, char *const *words, int len, struct err *err)
{
	(void)len;
	return store_domain_remove(run->store, slice_of(words[0]), &run->by, err);
}

static int run_assess(struct run *run, char *const *words, int len, struct err *err)
{
	(void)words, (void)len;
	return run->all ? store_assess_all(run->store, err) : store_assess(run->store, err);
}

#define ANY (WORDS_MAX - 2)

static const struct command commands[] = {
	{ "decide", NULL, 2, 2, "decide SOURCE yours|forwarder|not-yours|undecided", run_decide },
	{ "undo", NULL, 1, 1, "undo EVENT", run_undo },
	{ "assess", NULL, 0, 0, "assess [--all]", run_assess },
	{ "domain", "add", 1, ANY, "domain add NAME [SETTING=VALUE ...]", run_domain_add },
	{ "domain", "set", 2, ANY, "domain set NAME SETTING=VALUE ...", run_domain_set },
	{ "domain", "remove", 1, 1, "domain remove NAME", run_domain_remove },
};

static const struct command *find(char *const *words, int len)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		const struct command *c = &commands[i];

		if (len > 0 && strcmp(c->word, words[0]) == 0 &&
			(c->second == NULL || (len > 1 && strcmp(c->second, words[1]) == 0)))
			return c;
	}
	return NULL;
}

/* ---- the program ------------------------------------------------------------------------------ */

/* An option with a value at argv[i]: how many words it takes, and where the value goes. */
static int option_at(struct run *run, int argc, char **argv, int i, const char ***ret)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = { { "--db", &run->db }, { "--config", &run->config }, { "--as", &run->as } };

	for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
		size_t len = strlen(options[k].name);

		if (strncmp(argv[i], options[k].name, len) != 0)
			continue;
		*ret = options[k].value;
		if (argv[i][len] == '=')
			return 1;
		if (argv[i][len] == '\0')
			return i + 1 < argc ? 2 : -1;
	}
	return 0;
}

bool owner_is(int argc, char **argv)
{
	struct run ignored;
	const char **value;
	int i = 1, width;

	while (i < argc && (width = option_at(&ignored, argc, argv, i, &value)) > 0)
		i += width;
	return i < argc && find(argv + i, argc - i) != NULL;
}

static int take_words(struct run *run, int argc, char **argv, struct err *err)
{
	bool only_words = false;
	struct err_quote q;

	for (int i = 1; i < argc; i++) {
		const char **value = NULL;
		int width = only_words ? 0 : option_at(run, argc, argv, i, &value);

		if (width < 0)
			return err_set(err, ERR_USAGE, "%s needs a value", argv[i]);
		if (width > 0) {
			*value = width == 1 ? strchr(argv[i], '=') + 1 : argv[i + 1];
			i += width - 1;
		} else if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (!only_words && strcmp(argv[i], "--all") == 0) {
			run->all = true;
		} else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
			return err_set(err, ERR_USAGE, "%s: there is no such option here",
				err_quote(&q, slice_of(argv[i])));
		} else if (run->words_len == WORDS_MAX) {
			return err_set(err, ERR_USAGE, "more than %d words", WORDS_MAX);
		} else {
			run->words[run->words_len++] = argv[i];
		}
	}
	return 0;
}

/* The name of who runs this; its number where it has none. */
static void name_actor(struct run *run)
{
	const struct passwd *user = getpwuid(getuid());

	(void)snprintf(run->uid, sizeof run->uid, "uid %lu", (unsigned long)getuid());
	run->by.who = slice_of(run->as != NULL ? run->as : user != NULL ? user->pw_name : run->uid);
}

static int run_command(struct run *run, struct err *err)
{
	const struct command *c = find(run->words, run->words_len);
	const int taken = c == NULL ? 0 : c->second != NULL ? 2 : 1, len = run->words_len - taken;

	if (c == NULL || len < c->least || len > c->most || (run->all && c->run != run_assess))
		return err_set(
			err, ERR_USAGE, "it is: ruad-query %s", c != NULL ? c->usage : "COMMAND");
	conf_init(&run->conf);
	if (conf_load(&run->conf, run->config, err) < 0 ||
		(run->db != NULL && conf_set(&run->conf, SLICE_LIT("store"), SLICE_LIT("db"),
					    slice_of(run->db), err) < 0) ||
		store_open(&run->store, run->conf.db, STORE_WRITE, err) < 0)
		return -1;
	/* Or all that goes by it would change its group. */
	if (store_assess_asn(run->store, run->conf.asn_database, err) < 0)
		return -1;
	if (c->run(run, run->words + taken, len, err) < 0)
		return -1;
	say_event(run);
	return 0;
}

int owner_main(int argc, char **argv)
{
	static struct run run; /* large: settings */
	struct err err = ERR_INIT;
	int rc;

	rc = take_words(&run, argc, argv, &err);
	name_actor(&run);
	if (rc == 0)
		rc = run_command(&run, &err);
	store_close(run.store);
	if (rc == 0 && fflush(stdout) != 0)
		rc = err_errno(&err, ERR_SHORTAGE, errno, "standard output");
	if (rc == 0)
		return EX_OK;
	if (err.text[0] != '\0')
		log_line(LOG_LEVEL_ERROR, "%s", err.text);
	return err_exit_status(&err);
}
