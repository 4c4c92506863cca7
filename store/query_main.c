/*
 * ruad-query: the answers on a command line. Options, wiring, exit status; the numbers come from
 * query.c and their form from emit.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "ruad_version.h"
#include "store/ask_main.h"
#include "store/base/conf.h"
#include "store/base/day.h"
#include "store/base/log.h"
#include "store/check_main.h"
#include "store/dns_main.h"
#include "store/emit.h"
#include "store/owner_main.h"
#include "store/query_cards.h"
#include "store/query_ready.h"

#define OUT_BYTES_MAX   (16 * 1024 * 1024)
#define OUT_BYTES_DRAIN (64 * 1024)
#define WORDS_MAX       3
#define NAME_MAX_       64

struct run {
	struct conf conf;
	const struct emit_format *format;
	enum emit_lang lang;
	const struct command *command;
	struct query_filter filter;
	bool kept, check_config;
	const char *words[WORDS_MAX]; /* the command and what it is about */
	unsigned words_len;
	/* options of the command, set once it is known */
	const char **options;
	unsigned options_len;
	struct buf out;
	char next[QUERY_CURSOR_MAX]; /* where the answer goes on, "" nowhere */
};

struct command {
	const char *name;
	unsigned words; /* after the name */
	enum query_kind kind;
	int (*run)(struct run *run, struct err *err);
	bool filters; /* takes those of its kind */
};

static const char help[] =
	"usage: ruad-query [--db FILE] [--config FILE] [--format FORMAT] [--lang LANG]\n"
	"                  COMMAND [FILTER ...]\n"
	"       ruad-query [--config FILE] --check-config\n"
	"       ruad-query --help\n"
	"       ruad-query --version\n"
	"\n"
	"commands:\n"
	"  domains              a row a domain: policy, messages, pass and fail\n"
	"  summary              the same numbers over everything the filters choose\n"
	"  timeseries           a row a UTC day, or a week with --group-by week\n"
	"  sources              a row a source: a service, a forwarder, a network\n"
	"  source ID            one of them, with its addresses, days, reporters and rules\n"
	"  addresses            a row a domain and sending address\n"
	"  rules                a row a rule: why messages are of the class they are\n"
	"  overrides            a row a reason not to apply the policy\n"
	"  reporters            a row an organisation that reports\n"
	"  changes              a row a difference from the window before\n"
	"  lint                 a row a reporter and what is odd about its reports\n"
	"  reports              a row a report, newest first\n"
	"  report ID            all a report says, with notes and records\n"
	"  records              a row a record\n"
	"  original ID          the XML of a report, byte for byte; with --kept, of an original\n"
	"  receipts             what became of each mail, newest first\n"
	"  endings              how many mails ended how\n"
	"  decisions            what the owner said of sources\n"
	"  events               what happened, from the oldest\n"
	"  services             the catalogue of sending services\n"
	"  status               what is in the database and how fresh it is\n"
	"  selftest             recompute every total from the records\n"
	"  causes DOMAIN        why its mail fails, by source, and what to change\n"
	"  ready DOMAIN         may its policy go one step further, and what is in the way\n"
	"  bounce [FILE]        what a server said when it refused a mail, explained\n"
	"  whatif DOMAIN        what would change: --p --sp --np --adkim --aspf --t --spf\n"
	"  check --mode MODE    one question of monitoring, as a plugin: see check --help\n"
	"  domain list          the domains that are yours, and what you said of them\n"
	"  dns DOMAIN           what is wrong with its SPF, DKIM and DMARC records, and what to\n"
	"                       publish: --zone FILE --selector NAME --suggest\n"
	"  dns DOMAIN --history how its records changed\n"
	"  dns --tags           what the tags of a DMARC record, and ~all, mean\n"
	"\n"
	"commands that write:\n"
	"  domain add NAME [SETTING=VALUE ...]   make a domain yours\n"
	"  domain set NAME SETTING=VALUE ...     parked=yes|no, rua=ADDRESS, network=CIDR,\n"
	"                       network=-CIDR, service=ID, service=-ID,\n"
	"                       rare_senders=yes|no, mailing_lists=yes|no\n"
	"  domain remove NAME   take it back\n"
	"  decide SOURCE yours|forwarder|not-yours|undecided\n"
	"  undo EVENT           take back what an event did\n"
	"  assess [--all]       judge whose mail it is, where that waits or everywhere\n"
	"They leave an event with your login name, or with --as NAME.\n"
	"\n"
	"filters:\n"
	"  --domain NAME (may be repeated) --subdomains --scope claimed|unclaimed|all\n"
	"  --header-from NAME --reporter NAME --source ADDRESS[/BITS]\n"
	"  --class yours|forwarded|to_decide|not_yours --group ID --service SERVICE\n"
	"  --result pass|fail|unknown --disposition none|quarantine|reject|pass\n"
	"  --last 7d|24h|4w|all --all --from DAY --to DAY\n"
	"  --against-from DAY --against-to DAY\n"
	"  --verified --without-twins --conflicts --partial --twins\n"
	"  --group-by day|week|domain|source|service|reporter|cause|class|disposition[,...]\n"
	"  --first-seen-after DAY --ending stored|duplicate|... --since-id ID\n"
	"  --sort FIELD (or --sort=-FIELD) --limit ROWS --cursor CURSOR\n"
	"  --fields FIELD,...\n"
	"\n"
	"FORMAT is text, json, ndjson, csv or html; LANG is en or es.\n"
	"The window is the last 30 whole UTC days unless named. ruad-query(1) tells the rest.\n";

/* ---- output ---------------------------------------------------------------------------------- */

static int write_out(struct slice bytes, struct err *err)
{
	if (fwrite(bytes.ptr, 1, bytes.len, stdout) != bytes.len)
		return err_errno(err, ERR_SHORTAGE, errno, "standard output");
	return 0;
}

static int drain(struct run *run, size_t above, struct err *err)
{
	if (buf_failed(&run->out))
		return err_set(err, ERR_SHORTAGE, "no memory for the answer");
	if (run->out.len <= above)
		return 0;
	if (write_out(buf_slice(&run->out), err) < 0)
		return -1;
	buf_clear(&run->out);
	return 0;
}

static int finish_output(struct run *run, struct err *err)
{
	if (drain(run, 0, err) < 0)
		return -1;
	if (fflush(stdout) != 0)
		return err_errno(err, ERR_SHORTAGE, errno, "standard output");
	return 0;
}

/* ---- commands -------------------------------------------------------------------------------- */

static int parse_id(const char *text, const char *what, int64_t *ret, struct err *err)
{
	struct err_quote quote;

	if (!slice_i64(slice_of(text), 1, INT64_MAX, ret))
		return err_set(err, ERR_USAGE, "%s is not the number of a %s",
			err_quote(&quote, slice_of(text)), what);
	return 0;
}

/* One thing, told by all it has. For programs a summary is a list with one row, because it may be
 * asked for several groups; people read that row downwards. */
static bool is_single(const struct run *run, enum query_kind kind)
{
	return kind == QUERY_STATUS || kind == QUERY_REPORT || kind == QUERY_SOURCE ||
	       (kind == QUERY_SUMMARY && run->filter.by_len == 0 && run->format->for_people);
}

/* One set of rows; what the answer stands on goes to *meta. */
static int write_set(struct run *run, struct store *st, struct emit *e, enum query_kind kind,
	struct query_meta *meta, struct err *err)
{
	const struct value *row;
	const char *next;
	struct query *q = NULL;
	int more;

	if (query_open(&q, st, kind, &run->filter, err) < 0)
		return -1;
	emit_query(e, kind, q, is_single(run, kind));
	while ((more = query_next(q, &row, err)) > 0) {
		emit_row(e, row);
		if (drain(run, OUT_BYTES_DRAIN, err) < 0) {
			more = -1;
			break;
		}
	}
	*meta = *query_meta(q);
	next = query_next_cursor(q);
	(void)snprintf(run->next, sizeof run->next, "%s", next != NULL ? next : "");
	query_close(q);
	return more;
}

static int write_sets(struct run *run, const enum query_kind *kinds, size_t len, struct err *err)
{
	struct query_meta meta = { 0 };
	struct store *st = NULL;
	struct emit *e = NULL;
	int rc = -1;

	if (store_open(&st, run->conf.db, STORE_READ, err) < 0 ||
		emit_open(&e, run->format, &run->out, run->lang, err) < 0)
		goto out;
	for (size_t i = 0; i < len; i++) {
		if (write_set(run, st, e, kinds[i], &meta, err) < 0)
			goto out;
	}
	emit_end(e, &meta, run->next[0] != '\0' ? run->next : NULL);
	rc = 0;
out:
	emit_close(e);
	store_close(st);
	return rc;
}

static int run_query(struct run *run, struct err *err)
{
	return write_sets(run, &run->command->kind, 1, err);
}

static int run_report(struct run *run, struct err *err)
{
	static const enum query_kind kinds[] = { QUERY_REPORT, QUERY_NOTES, QUERY_UNREADABLE,
		QUERY_RECORDS };

	if (parse_id(run->words[1], "report", &run->filter.report, err) < 0)
		return -1;
	return write_sets(run, kinds, sizeof kinds / sizeof *kinds, err);
}

static int run_source(struct run *run, struct err *err)
{
	static const enum query_kind kinds[] = { QUERY_SOURCE, QUERY_ADDRESSES, QUERY_TIMESERIES,
		QUERY_REPORTERS, QUERY_RULES };

	if (parse_id(run->words[1], "source", &run->filter.source_group, err) < 0)
		return -1;
	return write_sets(run, kinds, sizeof kinds / sizeof *kinds, err);
}

static int run_original(struct run *run, struct err *err)
{
	struct original *o = NULL;
	struct store *st = NULL;
	char bytes[8 * 1024];
	int64_t id;
	ssize_t n = -1;

	if (parse_id(run->words[1], "report", &id, err) < 0 ||
		store_open(&st, run->conf.db, STORE_READ, err) < 0)
		return -1;
	if ((run->kept ? original_open_id(&o, st, id, err) : original_open(&o, st, id, err)) == 0) {
		struct reader *r = original_reader(o);

		while ((n = r->read(r, bytes, sizeof bytes, err)) > 0) {
			if (write_out(slice_from(bytes, (size_t)n), err) < 0) {
				n = -1;
				break;
			}
		}
	}
	original_close(o);
	store_close(st);
	return n < 0 ? -1 : 0;
}

static const struct column selftest_columns[] = {
	{ "ok", COLUMN_BOOL, "OK", "Bien" },
	{ "check", COLUMN_TEXT, "Check", "Comprobación" },
};

static void say_check(void *arg, bool ok, const char *line)
{
	struct value row[2] = { { .number = ok }, { .text = slice_of(line) } };

	emit_row(arg, row);
}

static int run_selftest(struct run *run, struct err *err)
{
	struct store *st = NULL;
	struct emit *e = NULL;
	int broken = -1;

	if (store_open(&st, run->conf.db, STORE_READ, err) < 0 ||
		emit_open(&e, run->format, &run->out, run->lang, err) < 0)
		goto out;
	emit_set(e, "checks", selftest_columns, 2, false);
	broken = query_selftest(st, say_check, e, err);
	if (broken >= 0)
		emit_end(e, NULL, NULL);
	if (broken > 0) {
		struct err ignored = ERR_INIT;

		(void)finish_output(run, &ignored); /* which law, before that one is broken */
		broken = err_set(err, ERR_BUG, "%s: %d broken %s", run->conf.db, broken,
			broken == 1 ? "law" : "laws");
	}
out:
	emit_close(e);
	store_close(st);
	return broken;
}

static int run_domain(struct run *run, struct err *err)
{
	static const enum query_kind own = QUERY_OWN;
	const char *what = run->words[1];
	bool named = run->words_len > 2;
	struct err_quote quote;

	if (strcmp(what, "list") == 0 && !named)
		return write_sets(run, &own, 1, err);
	return err_set(err, ERR_USAGE, "domain %s: it is list, or add, set or remove and a NAME",
		err_quote(&quote, slice_of(what)));
}

/* An answer that is no list of rows: what it stands on is read whole, then written, with its foot. */
static int run_document(struct run *run,
	int (*write)(struct run *run, struct store *st, struct emit *e, struct err *err),
	struct err *err)
{
	struct store *st = NULL;
	struct emit *e = NULL;
	int rc = -1;

	if (store_open(&st, run->conf.db, STORE_READ, err) == 0 &&
		emit_open(&e, run->format, &run->out, run->lang, err) == 0)
		rc = write(run, st, e, err);
	emit_close(e);
	store_close(st);
	return rc;
}

static int write_ready(struct run *run, struct store *st, struct emit *e, struct err *err)
{
	struct query_ready *q = NULL;
	int rc = query_ready_open(&q, st, slice_of(run->words[1]), day_of(day_now()), err);

	if (rc == 0)
		rc = query_ready_rows(q, e, run->lang, err);
	if (rc == 0)
		emit_end(e, query_ready_meta(q), NULL);
	query_ready_close(q);
	return rc;
}

static int write_causes(struct run *run, struct store *st, struct emit *e, struct err *err)
{
	struct query_filter *f = &run->filter;
	struct query_cards *q = NULL;
	int rc = query_filter_set(
		f, QUERY_SUMMARY, SLICE_LIT("domain"), slice_of(run->words[1]), err);

	if (rc == 0)
		rc = query_cards_open(&q, st, f, err);
	if (rc == 0)
		rc = query_cards_rows(q, f->limit, e, run->lang, err);
	if (rc == 0)
		emit_end(e, query_cards_meta(q), NULL);
	query_cards_close(q);
	return rc;
}

static int run_ready(struct run *run, struct err *err)
{
	return run_document(run, write_ready, err);
}

static int run_causes(struct run *run, struct err *err)
{
	return run_document(run, write_causes, err);
}

static const struct command commands[] = {
	{ "domains", 0, QUERY_DOMAINS, run_query, true },
	{ "summary", 0, QUERY_SUMMARY, run_query, true },
	{ "timeseries", 0, QUERY_TIMESERIES, run_query, true },
	{ "sources", 0, QUERY_SOURCES, run_query, true },
	{ "source", 1, QUERY_SOURCE, run_source, true },
	{ "addresses", 0, QUERY_ADDRESSES, run_query, true },
	{ "rules", 0, QUERY_RULES, run_query, true },
	{ "overrides", 0, QUERY_OVERRIDES, run_query, true },
	{ "reporters", 0, QUERY_REPORTERS, run_query, true },
	{ "changes", 0, QUERY_CHANGES, run_query, true },
	{ "lint", 0, QUERY_LINT, run_query, true },
	{ "reports", 0, QUERY_REPORTS, run_query, true },
	{ "report", 1, QUERY_REPORT, run_report, false },
	{ "records", 0, QUERY_RECORDS, run_query, true },
	{ "original", 1, QUERY_REPORT, run_original, false },
	{ "receipts", 0, QUERY_RECEIPTS, run_query, true },
	{ "endings", 0, QUERY_ENDINGS, run_query, true },
	{ "decisions", 0, QUERY_DECISIONS, run_query, true },
	{ "events", 0, QUERY_EVENTS, run_query, true },
	{ "services", 0, QUERY_SERVICES, run_query, true },
	{ "status", 0, QUERY_STATUS, run_query, true },
	{ "selftest", 0, QUERY_STATUS, run_selftest, false },
	{ "domain", 1, QUERY_OWN, run_domain, false },
	{ "causes", 1, QUERY_SUMMARY, run_causes, true },
	{ "ready", 1, QUERY_STATUS, run_ready, false },
};

/* ---- options --------------------------------------------------------------------------------- */

/* An option's name as a parameter's: "without-twins" is without_twins. */
static bool parameter_name(struct slice option, char dst[NAME_MAX_])
{
	if (option.len >= NAME_MAX_)
		return false;
	memcpy(dst, option.ptr, option.len);
	for (size_t i = 0; i < option.len; i++) {
		if (dst[i] == '-')
			dst[i] = '_';
	}
	dst[option.len] = '\0';
	return memchr(option.ptr, '_', option.len) == NULL;
}

enum option_value {
	VALUE_NONE, /* it takes none */
	VALUE_FLAG, /* true unless "=false" follows */
	VALUE_NEEDED,
	VALUE_UNKNOWN, /* there is no such option */
};

static enum option_value value_of(struct slice option)
{
	static const struct {
		const char *name;
		enum option_value value;
	} own[] = { { "db", VALUE_NEEDED }, { "config", VALUE_NEEDED }, { "format", VALUE_NEEDED },
		{ "lang", VALUE_NEEDED }, { "all", VALUE_NONE }, { "kept", VALUE_NONE },
		{ "check-config", VALUE_NONE }, { "help", VALUE_NONE }, { "version", VALUE_NONE } };
	char name[NAME_MAX_];
	const char *parameter;
	bool flag;

	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		if (slice_equal(option, slice_of(own[i].name)))
			return own[i].value;
	}
	if (!parameter_name(option, name))
		return VALUE_UNKNOWN;
	for (size_t i = 0; (parameter = query_filter_name(i, &flag)) != NULL; i++) {
		if (strcmp(parameter, name) == 0)
			return flag ? VALUE_FLAG : VALUE_NEEDED;
	}
	return VALUE_UNKNOWN;
}

/*
 * The options in argv, one call each: `visit` learns name and value. Other words go to
 * run->words. The same walk is made twice: for the settings, and, the command known, for the filters.
 */
static int walk(struct run *run, int argc, char **argv,
	int (*visit)(struct run *, struct slice name, struct slice value, struct err *),
	struct err *err)
{
	bool only_words = false;
	struct err_quote quote;

	run->words_len = 0;
	for (int i = 1; i < argc; i++) {
		struct slice value, name = slice_of(argv[i]);
		enum option_value how;

		if (only_words || name.len < 2 || name.ptr[0] != '-') {
			if (run->words_len == WORDS_MAX)
				return err_set(err, ERR_USAGE, "%s is one word too many",
					err_quote(&quote, name));
			run->words[run->words_len++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			only_words = true;
			continue;
		}
		name = slice_cut(slice_from(name.ptr + 2, name.len - 2), '=', &value);
		how = argv[i][1] == '-' ? value_of(name) : VALUE_UNKNOWN;
		if (how == VALUE_UNKNOWN)
			return err_set(err, ERR_USAGE, "there is no option %s",
				err_quote(&quote, slice_of(argv[i])));
		if (how == VALUE_NONE && !slice_absent(value))
			return err_set(err, ERR_USAGE, "--%.*s takes no value", SLICE_FMT(name));
		if (how == VALUE_FLAG && slice_absent(value))
			value = SLICE_LIT("true");
		if (how == VALUE_NEEDED && slice_absent(value)) {
			if (++i == argc)
				return err_set(
					err, ERR_USAGE, "--%.*s needs a value", SLICE_FMT(name));
			value = slice_of(argv[i]);
		}
		if (visit(run, name, value, err) < 0)
			return -1;
	}
	return 0;
}

/* --config first: the other settings are over it. */
static int visit_config(struct run *run, struct slice name, struct slice value, struct err *err)
{
	if (slice_equal(name, SLICE_LIT("config"))) {
		if (value.len >= sizeof run->conf.path)
			return err_set(err, ERR_USAGE, "--config is longer than %d bytes",
				CONF_TEXT_MAX - 1);
		memcpy(run->conf.path, value.ptr, value.len);
		run->conf.path[value.len] = '\0';
	}
	return 0;
}

static int set_format(struct run *run, struct slice value, struct err *err)
{
	struct err_quote quote;

	run->format = emit_find(value);
	if (run->format == NULL)
		return err_set(err, ERR_USAGE,
			"--format %s must be one of text, json, ndjson, csv, html",
			err_quote(&quote, value));
	return 0;
}

static int set_lang(struct run *run, struct slice value, struct err *err)
{
	struct err_quote quote;

	if (slice_equal(value, SLICE_LIT("es")))
		run->lang = EMIT_ES;
	else if (!slice_equal(value, SLICE_LIT("en")))
		return err_set(
			err, ERR_USAGE, "--lang %s must be en or es", err_quote(&quote, value));
	return 0;
}

static int visit_option(struct run *run, struct slice name, struct slice value, struct err *err)
{
	char parameter[NAME_MAX_];

	if (slice_equal(name, SLICE_LIT("config")))
		return 0;
	if (slice_equal(name, SLICE_LIT("db")))
		return conf_set(&run->conf, SLICE_LIT("store"), name, value, err);
	if (slice_equal(name, SLICE_LIT("format")))
		return set_format(run, value, err);
	if (slice_equal(name, SLICE_LIT("lang")))
		return set_lang(run, value, err);
	if (slice_equal(name, SLICE_LIT("check-config"))) {
		run->check_config = true;
		return 0;
	}
	if (run->command == NULL)
		return err_set(err, ERR_USAGE, "no command: see ruad-query --help");
	if (slice_equal(name, SLICE_LIT("kept")) && run->command->run == run_original) {
		run->kept = true;
		return 0;
	}
	if (!run->command->filters)
		return err_set(
			err, ERR_USAGE, "%s takes no --%.*s", run->command->name, SLICE_FMT(name));
	if (slice_equal(name, SLICE_LIT("all")))
		return query_filter_set(
			&run->filter, run->command->kind, SLICE_LIT("last"), SLICE_LIT("all"), err);
	if (!parameter_name(name, parameter))
		return err_set(err, ERR_BUG, "an option without a parameter");
	if (query_filter_set(&run->filter, run->command->kind, slice_of(parameter), value, err) < 0)
		return -1;
	return 0;
}

static int find_command(struct run *run, struct err *err)
{
	struct err_quote quote;

	if (run->words_len == 0)
		return 0;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		if (strcmp(commands[i].name, run->words[0]) == 0)
			run->command = &commands[i];
	}
	if (run->command == NULL)
		return err_set(err, ERR_USAGE, "there is no command %s: see ruad-query --help",
			err_quote(&quote, slice_of(run->words[0])));
	if (run->words_len - 1 < run->command->words)
		return err_set(
			err, ERR_USAGE, "%s what? See ruad-query --help", run->command->name);
	if (run->words_len - 1 > run->command->words && run->command->run != run_domain)
		return err_set(err, ERR_USAGE, "%s is one word too many",
			err_quote(&quote, slice_of(run->words[run->command->words + 1])));
	return 0;
}

static int configure(struct run *run, int argc, char **argv, struct err *err)
{
	char path[CONF_TEXT_MAX];

	query_filter_init(&run->filter);
	if (walk(run, argc, argv, visit_config, err) < 0)
		return -1;
	memcpy(path, run->conf.path, sizeof path);
	if (conf_load(&run->conf, path[0] != '\0' ? path : NULL, err) < 0)
		return -1;
	if (find_command(run, err) < 0 || walk(run, argc, argv, visit_option, err) < 0)
		return -1;
	if (run->command == NULL && !run->check_config)
		return err_set(err, ERR_USAGE, "no command: see ruad-query --help");
	return 0;
}

/* --help and --version need neither settings nor a database, wherever they stand. */
static bool told(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			(void)fputs(help, stdout);
			return true;
		}
		if (strcmp(argv[i], "--version") == 0) {
			(void)printf("ruad-query %s (SQLite %s)\n", RUAD_VERSION,
				store_sqlite_version());
			return true;
		}
	}
	return false;
}

/* The monitoring plugin has options, output and exit statuses of its own. */
static bool is_check(int argc, char **argv)
{
	int i = 1;

	while (i + 1 < argc && (strcmp(argv[i], "--db") == 0 || strcmp(argv[i], "--config") == 0))
		i += 2;
	return i < argc && strcmp(argv[i], "check") == 0;
}

int main(int argc, char **argv)
{
	static struct run run; /* large: settings and filter */
	struct err err = ERR_INIT;
	int rc;

	log_init("ruad-query", LOG_LEVEL_NOTICE);
	if (is_check(argc, argv))
		return check_main(argc, argv);
	if (told(argc, argv))
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	if (dns_is(argc, argv))
		return dns_main(argc, argv);
	if (ask_is(argc, argv))
		return ask_main(argc, argv);
	if (owner_is(argc, argv))
		return owner_main(argc, argv);
	conf_init(&run.conf);
	run.format = emit_find(SLICE_LIT("text"));
	buf_init(&run.out, OUT_BYTES_MAX);
	rc = configure(&run, argc, argv, &err);
	if (rc == 0 && run.check_config)
		conf_print(&run.conf);
	else if (rc == 0)
		rc = run.command->run(&run, &err);
	if (rc == 0)
		rc = finish_output(&run, &err);
	buf_release(&run.out);
	if (rc < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", err.text);
		return err_exit_status(&err);
	}
	return EX_OK;
}
