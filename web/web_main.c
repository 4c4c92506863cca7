#include <errno.h>
#include <malloc.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "ruad_version.h"
#include "store/base/conf.h"
#include "store/base/day.h"
#include "store/base/log.h"
#include "web/body.h"
#include "web/gate.h"
#include "web/gzip.h"
#include "web/meter.h"
#include "web/server.h"

/* Free memory that stays with the process. */
#define KEPT_BYTES (64 * 1024 * 1024)
/* How often connections are looked at, and how long answers under way may take at the end. */
#define TICK_MS 200
#define STOP_MS 1500
/* How often a full house looks whether someone has left. */
#define DOOR_MS 20

static const char usage[] = "usage: ruad-web [-hVv] [--check-config] [--config FILE] [--db FILE]\n"
			    "                [--listen ADDRESS:PORT | --listen unix:PATH]\n"
			    "                [--token-file FILE]\n";

static const char help[] =
	"\n"
	"Serves the DMARC reports in the database as pages and JSON.\n"
	"\n"
	"      --check-config   read the settings, print them and stop\n"
	"      --config FILE    settings (default: ~/.config/ruad/ruad.conf, /etc/ruad/ruad.conf)\n"
	"      --db FILE        database\n"
	"      --listen WHERE   127.0.0.1:8080, [::1]:8080 or unix:/path/to/socket\n"
	"      --token-file FILE  who knows what is in it may change decisions and domains\n"
	"  -h, --help           this text\n"
	"  -V, --version        versions of the program and its libraries\n"
	"  -v, --verbose        say more\n";

enum option_id {
	OPTION_CHECK = 256,
	OPTION_CONFIG,
	OPTION_DB,
	OPTION_LISTEN,
	OPTION_TOKEN_FILE,
};

struct options {
	const char *config, *db, *listen, *token_file;
	bool check;
	int verbose;
};

static void print_version(void)
{
	(void)printf("ruad-web %s\nlibmicrohttpd %s\nSQLite %s\nzlib %s\njansson %s\n",
		RUAD_VERSION, server_library_version(), store_sqlite_version(),
		gzip_library_version(), body_library_version());
}

/* -1: go on; else the exit status. */
static int parse_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "check-config", no_argument, NULL, OPTION_CHECK },
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "db", required_argument, NULL, OPTION_DB },
		{ "listen", required_argument, NULL, OPTION_LISTEN },
		{ "token-file", required_argument, NULL, OPTION_TOKEN_FILE },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "hVv", longs, NULL)) != -1) {
		switch (c) {
		case OPTION_CHECK:
			o->check = true;
			break;
		case OPTION_CONFIG:
			o->config = optarg;
			break;
		case OPTION_DB:
			o->db = optarg;
			break;
		case OPTION_LISTEN:
			o->listen = optarg;
			break;
		case OPTION_TOKEN_FILE:
			o->token_file = optarg;
			break;
		case 'h':
			(void)printf("%s%s", usage, help);
			return EX_OK;
		case 'V':
			print_version();
			return EX_OK;
		case 'v':
			o->verbose++;
			break;
		default:
			(void)fprintf(stderr, "%s", usage);
			return EX_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "ruad-web: unexpected argument %s\n%s", argv[optind], usage);
		return EX_USAGE;
	}
	return -1;
}

static int fail(const struct err *err)
{
	log_line(LOG_LEVEL_ERROR, "%s", err->text);
	return err_exit_status(err);
}

static int load_settings(struct conf *conf, const struct options *o, struct err *err)
{
	conf_init(conf);
	if (conf_load(conf, o->config, err) < 0)
		return -1;
	if (o->db != NULL &&
		conf_set(conf, SLICE_LIT("store"), SLICE_LIT("db"), slice_of(o->db), err) < 0)
		return err_wrap(err, "--db");
	if (o->listen != NULL &&
		conf_set(conf, SLICE_LIT("web"), SLICE_LIT("listen"), slice_of(o->listen), err) < 0)
		return err_wrap(err, "--listen");
	if (o->token_file != NULL && conf_set(conf, SLICE_LIT("web"), SLICE_LIT("token_file"),
					     slice_of(o->token_file), err) < 0)
		return err_wrap(err, "--token-file");
	return 0;
}

static void complain(const char *line)
{
	log_line(LOG_LEVEL_WARNING, "%s", line);
}

static void tell(const char *line)
{
	log_line(LOG_LEVEL_INFO, "%s", line);
}

/* Until a signal asks us to stop; `signals` is a signalfd of those. */
static void serve(struct server *s, int signals)
{
	struct pollfd on[2] = { { .fd = signals, .events = POLLIN }, { .events = POLLIN } };
	int64_t tick = day_monotonic_ms(), left;

	for (;;) {
		left = tick - day_monotonic_ms();
		if (left <= 0) {
			server_tick(s);
			tick = day_monotonic_ms() + TICK_MS;
			left = TICK_MS;
		}
		on[1].fd = server_door(s);
		if (on[1].fd < 0 && left > DOOR_MS)
			left = DOOR_MS;
		if (poll(on, 2, (int)left) <= 0)
			continue;
		if (on[0].revents != 0)
			return;
		server_accept(s);
	}
}

static int run(const struct conf *conf, bool verbose, int signals)
{
	struct web web = { .version = RUAD_VERSION, .started = day_now(), .complain = complain };
	struct listener listener = { .fd = -1 };
	struct server_options options = { .web = &web, .listener = &listener, .hosts = conf->host };
	struct server *s = NULL;
	struct err err = ERR_INIT;
	int status = EX_OK;

	web.asn_database = conf->asn_database;
	if (verbose)
		web.tell = tell;
	web.pool = pool_open(conf->db);
	if (web.pool == NULL) {
		(void)err_set(&err, ERR_SHORTAGE, "no memory");
		goto out;
	}
	if (meter_open(&web.meter, &err) < 0 ||
		(conf->token_file[0] != '\0' && gate_open(&web.gate, conf->token_file, &err) < 0) ||
		listener_open(&listener, conf->listen, &err) < 0 ||
		server_start(&s, &options, &err) < 0)
		goto out;
	log_line(LOG_LEVEL_NOTICE, "serving %s on %s%s", conf->db,
		listener.host[0] != '\0' ? "http://" : "", listener.name);
	listener_notify("READY=1");
	serve(s, signals);
	listener_notify("STOPPING=1");
	server_stop(s, STOP_MS);
out:
	if (err.code != ERR_NONE)
		status = fail(&err);
	listener_close(&listener);
	pool_close(web.pool);
	gate_close(web.gate);
	meter_close(web.meter);
	return status;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct conf conf;
	struct err err = ERR_INIT;
	sigset_t stop;
	int signals, status = parse_options(&o, argc, argv);

	if (status >= 0)
		return status;
#ifdef M_TRIM_THRESHOLD
	/* An answer takes some megabytes and gives them back. Between two the kernel need not have them:
	 * on a virtual machine their pages cost as much as the answer. */
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
#endif
	log_init("ruad-web", (enum log_level)(LOG_LEVEL_NOTICE + (o.verbose > 2 ? 2 : o.verbose)));
	/* Before any thread is made, so that all of them leave the signals to serve(). */
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigaddset(&stop, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (load_settings(&conf, &o, &err) < 0)
		return fail(&err);
	if (o.check) {
		conf_print(&conf);
		return EX_OK;
	}
	signals = signalfd(-1, &stop, SFD_CLOEXEC);
	if (signals < 0) {
		(void)err_set(&err, ERR_SHORTAGE, "cannot watch for signals: %s", strerror(errno));
		return fail(&err);
	}
	status = run(&conf, o.verbose > 0, signals);
	(void)close(signals);
	return status;
}
