#include "store/check_main.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "store/base/conf.h"
#include "store/check.h"
#include "store/remote.h"

#define URL_BYTES_MAX  16384
#define PARAMETERS_MAX 64

static const char help[] =
	"usage: ruad-query check --mode MODE [--domain NAME ...] [-w RANGE] [-c RANGE] [FILTER ...]\n"
	"                        [--db FILE] [--config FILE] | [--url URL [--token-file FILE]]\n"
	"\n"
	"modes:\n"
	"  freshness    seconds since the newest report's end           -w 2d -c 3d\n"
	"  own-pass     per cent of own mail that passes, last 7 days   -w 97: -c 95:\n"
	"  new-sources  new sources still to be decided, last 7 days    -w 0 -c 5\n"
	"  ingest       mails refused or deferred since yesterday       -w 0 -c 10\n"
	"  reporters    reporters that are overdue, of 90 days          -w 0 -c 3\n"
	"  dns          findings in the DNS: -c errors, -w with warnings -w 0 -c 0\n"
	"  ready        policies: -c regressed, -w with those blocked   -w 0 -c 0\n"
	"\n"
	"filters: --domain NAME (may be repeated) --subdomains --scope claimed|unclaimed|all\n"
	"         --last 7d --from DAY --to DAY --reporter NAME --verified --without-twins\n"
	"         dns and ready take --domain and --subdomains only\n"
	"\n"
	"One line and a status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. With --url the question goes\n"
	"to a ruad-web. RANGE: 10, 95:, ~:5, 2:7 or @2:7.\n";

enum {
	OPTION_MODE = 256,
	OPTION_DB,
	OPTION_CONFIG,
	OPTION_URL,
	OPTION_TOKEN_FILE,
	OPTION_HELP,
	OPTION_FLAG,      /* a filter that is true when it stands there */
	OPTION_PARAMETER, /* a filter with a value */
};

static const struct option options[] = {
	{ "mode", required_argument, NULL, OPTION_MODE },
	{ "warn", required_argument, NULL, 'w' },
	{ "crit", required_argument, NULL, 'c' },
	{ "warning", required_argument, NULL, 'w' },
	{ "critical", required_argument, NULL, 'c' },
	{ "db", required_argument, NULL, OPTION_DB },
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "url", required_argument, NULL, OPTION_URL },
	{ "token-file", required_argument, NULL, OPTION_TOKEN_FILE },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "domain", required_argument, NULL, OPTION_PARAMETER },
	{ "scope", required_argument, NULL, OPTION_PARAMETER },
	{ "last", required_argument, NULL, OPTION_PARAMETER },
	{ "from", required_argument, NULL, OPTION_PARAMETER },
	{ "to", required_argument, NULL, OPTION_PARAMETER },
	{ "reporter", required_argument, NULL, OPTION_PARAMETER },
	{ "subdomains", no_argument, NULL, OPTION_FLAG },
	{ "verified", no_argument, NULL, OPTION_FLAG },
	{ "without-twins", no_argument, NULL, OPTION_FLAG },
	{ NULL, 0, NULL, 0 },
};

struct plugin {
	const char *mode, *db, *config, *url, *token_file;
	struct {
		const char *name, *value;
	} parameters[PARAMETERS_MAX];
	unsigned parameters_len;
	bool help;
};

static int add(struct plugin *p, const char *name, const char *value, struct err *err)
{
	if (p->parameters_len == PARAMETERS_MAX)
		return err_set(err, ERR_USAGE, "more than %d filters", PARAMETERS_MAX);
	p->parameters[p->parameters_len].name =
		strcmp(name, "without-twins") == 0 ? "without_twins" : name;
	p->parameters[p->parameters_len++].value = value;
	return 0;
}

static int take_option(struct plugin *p, int option, const char *name, struct err *err)
{
	switch (option) {
	case 'w':
		return add(p, "warn", optarg, err);
	case 'c':
		return add(p, "crit", optarg, err);
	case OPTION_PARAMETER:
		return add(p, name, optarg, err);
	case OPTION_FLAG:
		return add(p, name, "true", err);
	case OPTION_MODE:
		p->mode = optarg;
		return 0;
	case OPTION_DB:
		p->db = optarg;
		return 0;
	case OPTION_CONFIG:
		p->config = optarg;
		return 0;
	case OPTION_URL:
		p->url = optarg;
		return 0;
	case OPTION_TOKEN_FILE:
		p->token_file = optarg;
		return 0;
	case OPTION_HELP:
		p->help = true;
		return 0;
	default:
		return err_set(err, ERR_USAGE,
			"an option that check does not have, or without its "
			"value: see ruad-query check --help");
	}
}

static int take_options(struct plugin *p, int argc, char **argv, struct err *err)
{
	bool named = false;
	int option, at = 0;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "w:c:", options, &at)) != -1) {
		if (take_option(p, option, option >= OPTION_FLAG ? options[at].name : "", err) < 0)
			return -1;
	}
	for (int i = optind; i < argc; i++) {
		if (named || strcmp(argv[i], "check") != 0)
			return err_set(err, ERR_USAGE,
				"check takes options only: see ruad-query check --help");
		named = true;
	}
	if (p->help)
		return 0;
	if (p->mode == NULL)
		return err_set(err, ERR_USAGE, "which --mode? See ruad-query check --help");
	if (p->token_file != NULL && p->url == NULL)
		return err_set(err, ERR_USAGE, "--token-file goes with --url");
	if (p->url != NULL && p->db != NULL)
		return err_set(err, ERR_USAGE, "either --db or --url");
	return 0;
}

/* ---- the two ways to ask --------------------------------------------------------------------- */

static int ask_store(const struct plugin *p, struct check_answer *answer, struct err *err)
{
	static struct check_ask ask; /* large */
	static struct conf conf;
	struct err_quote quote;
	struct store *st = NULL;
	unsigned mode;
	int rc;

	if (!check_find(slice_of(p->mode), &mode))
		return err_set(err, ERR_USAGE,
			"--mode %s must be one of freshness, own-pass, new-sources, ingest, reporters, "
			"dns, ready",
			err_quote(&quote, slice_of(p->mode)));
	check_ask_init(&ask, mode);
	for (unsigned i = 0; i < p->parameters_len; i++) {
		if (check_ask_set(&ask, slice_of(p->parameters[i].name),
			    slice_of(p->parameters[i].value), err) < 0)
			return -1;
	}
	conf_init(&conf);
	if (conf_load(&conf, p->config, err) < 0 ||
		(p->db != NULL && conf_set(&conf, SLICE_LIT("store"), SLICE_LIT("db"),
					  slice_of(p->db), err) < 0) ||
		store_open(&st, conf.db, STORE_READ, err) < 0)
		return -1;
	rc = check_run(st, &ask, answer, err);
	store_close(st);
	return rc;
}

/* "DMARC WARNING - ...": the word tells the state. */
static bool state_of(struct slice line, enum check_state *ret)
{
	struct slice word, rest;

	(void)slice_cut(line, ' ', &rest);
	word = slice_cut(rest, ' ', &rest);
	for (int i = 0; i < CHECK_STATE_COUNT; i++) {
		if (slice_equal(word, slice_of(check_state_names[i]))) {
			*ret = (enum check_state)i;
			return true;
		}
	}
	return false;
}

static int ask_url(const struct plugin *p, struct check_answer *answer, struct err *err)
{
	char path[64];
	struct buf url, body;
	struct slice line, rest;
	struct err_quote quote;
	long status = 0;
	int rc = -1;

	buf_init(&url, URL_BYTES_MAX);
	buf_init(&body, REMOTE_BYTES_MAX);
	(void)snprintf(path, sizeof path, "/api/v1/check/%.40s", p->mode);
	if (remote_url(&url, slice_of(p->url), path, err) < 0)
		goto out;
	remote_parameter(&url, SLICE_LIT("format"), SLICE_LIT("text"));
	for (unsigned i = 0; i < p->parameters_len; i++)
		remote_parameter(
			&url, slice_of(p->parameters[i].name), slice_of(p->parameters[i].value));
	if (buf_failed(&url)) {
		err_set(err, ERR_USAGE, "the question is longer than %d bytes", URL_BYTES_MAX);
		goto out;
	}
	if (remote_get(buf_text(&url), p->token_file, &body, &status, err) < 0)
		goto out;
	line = slice_cut(buf_slice(&body), '\n', &rest);
	if (status != 200 || !state_of(line, &answer->state)) {
		err_set(err, ERR_SHORTAGE, "%s answered %ld: %s", p->url, status,
			err_quote(&quote, line));
		goto out;
	}
	line = slice_cut(line, '|', &rest);
	buf_add(&answer->output, slice_trim(line));
	buf_add(&answer->perfdata, slice_trim(rest));
	rc = 0;
out:
	buf_release(&url);
	buf_release(&body);
	return rc;
}

int check_main(int argc, char **argv)
{
	struct check_answer answer;
	struct plugin p = { 0 };
	struct err err = ERR_INIT;
	int rc = take_options(&p, argc, argv, &err);

	if (rc == 0 && p.help) {
		(void)fputs(help, stdout);
		return CHECK_OK;
	}
	check_answer_init(&answer);
	if (rc == 0)
		rc = p.url != NULL ? ask_url(&p, &answer, &err) : ask_store(&p, &answer, &err);
	if (rc < 0) {
		answer.state = CHECK_UNKNOWN;
		(void)printf("DMARC UNKNOWN - %s\n", err.text);
	} else {
		(void)printf("%s | %s\n", buf_text(&answer.output), buf_text(&answer.perfdata));
	}
	check_answer_release(&answer);
	return fflush(stdout) == 0 ? (int)answer.state : CHECK_UNKNOWN;
}
