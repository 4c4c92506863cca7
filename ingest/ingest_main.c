/* ruad-ingest: options, wiring, messages, exit status. The work is in ingest.c and behind store.h. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "ingest/dmarc_xml.h"
#include "ingest/inbox.h"
#include "ingest/ingest.h"
#include "ingest/mime.h"
#include "ingest/progress.h"
#include "ingest/unpack_gzip.h"
#include "ingest/unpack_zip.h"
#include "ruad_version.h"
#include "store/assess.h"
#include "store/base/buf.h"
#include "store/base/conf.h"
#include "store/base/day.h"
#include "store/base/log.h"
#include "store/emit.h"
#include "store/pack.h"
#include "store/store.h"

/* Reports dropped in one transaction of retention, so that readers and the disk see small steps. */
#define EXPIRE_STEP 500
/* One line of --dry-run: its texts are bounded, escaped at six bytes a byte. */
#define DRY_RUN_LINE_MAX (64 * 1024)

static const char usage[] =
	"usage: ruad-ingest [-v] [--config FILE] [--db FILE] [--limit N] [--cur] [--keep] "
	"[--dry-run] [PATH ...]\n"
	"       ruad-ingest --reparse [-v] [--config FILE] [--db FILE] [--dry-run]\n"
	"       ruad-ingest --check-config [--config FILE]\n"
	"       ruad-ingest --help\n"
	"       ruad-ingest --version\n";

static const char help[] =
	"\n"
	"Reads DMARC aggregate reports into the database. A PATH is a Maildir, a directory,\n"
	"a file (mail, XML, gzip or zip) or - for standard input; without one, the maildir of\n"
	"the settings is read.\n"
	"\n"
	"  --config FILE    settings, instead of the usual places\n"
	"  --db FILE        the database\n"
	"  --limit N        stop after N mails\n"
	"  --cur            read cur/ of a Maildir too, after new/\n"
	"  --keep           leave every mail where and as it is; skip those seen before\n"
	"  --dry-run        say as JSON what would be stored, and change nothing\n"
	"  --reparse        derive all facts again from the kept originals; list what changed\n"
	"  --check-config   print the settings in force, and end\n"
	"  -v, --verbose    one line for every mail, also for those that are well\n"
	"\n"
	"Status: 0 all settled, 64 wrong usage, 65 some mails refused, 75 try again.\n";

enum option_value {
	OPTION_CONFIG = 256,
	OPTION_DB,
	OPTION_LIMIT,
	OPTION_CUR,
	OPTION_KEEP,
	OPTION_DRY_RUN,
	OPTION_REPARSE,
	OPTION_CHECK_CONFIG,
	OPTION_HELP,
	OPTION_VERSION,
};

struct run {
	struct conf conf;
	const char *config, *db;
	uint64_t limit;
	bool cur, keep, dry_run, reparse, check_config, help, version, verbose;
	char *const *paths;
	size_t paths_len;

	struct worker *workers[WORKERS_MAX];
	size_t workers_len;
	struct store *store;
	struct progress progress;
	struct buf line;
	struct ingest_result total;
};

static volatile sig_atomic_t run_stop;

static void on_signal(int number)
{
	(void)number;
	run_stop = 1;
}

static void signals_init(void)
{
	struct sigaction stop = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };

	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGINT, &stop, NULL);
	/* A file size limit is then EFBIG, a shortage like any other. */
	(void)sigaction(SIGXFSZ, &ignore, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

/* ---- options ----------------------------------------------------------------------------- */

static int option_take(struct run *run, int option, struct err *err)
{
	struct err_quote q;
	const struct {
		int option;
		bool *flag;
	} flags[] = { { OPTION_CUR, &run->cur }, { OPTION_KEEP, &run->keep },
		{ OPTION_DRY_RUN, &run->dry_run }, { OPTION_REPARSE, &run->reparse },
		{ OPTION_CHECK_CONFIG, &run->check_config }, { OPTION_HELP, &run->help },
		{ OPTION_VERSION, &run->version }, { 'v', &run->verbose } };

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		if (flags[i].option == option) {
			*flags[i].flag = true;
			return 0;
		}
	}
	if (option == OPTION_CONFIG) {
		run->config = optarg;
		return 0;
	}
	if (option == OPTION_DB) {
		run->db = optarg;
		return 0;
	}
	if (option != OPTION_LIMIT)
		return err_set(err, ERR_USAGE, "%s", ""); /* getopt has said what is wrong */
	if (!slice_u64(slice_of(optarg), UINT32_MAX, &run->limit) || run->limit == 0)
		return err_set(err, ERR_USAGE, "--limit %s is no number of mails",
			err_quote(&q, slice_of(optarg)));
	return 0;
}

static int options_take(struct run *run, int argc, char **argv, struct err *err)
{
	static const struct option table[] = {
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "db", required_argument, NULL, OPTION_DB },
		{ "limit", required_argument, NULL, OPTION_LIMIT },
		{ "cur", no_argument, NULL, OPTION_CUR },
		{ "keep", no_argument, NULL, OPTION_KEEP },
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ "reparse", no_argument, NULL, OPTION_REPARSE },
		{ "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "v", table, NULL)) != -1) {
		if (option_take(run, option, err) < 0)
			return -1;
	}
	run->paths = argv + optind;
	run->paths_len = (size_t)(argc - optind);
	if (run->paths_len > 0 && (run->reparse || run->check_config))
		return err_set(err, ERR_USAGE, "%s takes no PATH",
			run->reparse ? "--reparse" : "--check-config");
	return 0;
}

/* Flags over the file over defaults. */
static int settings_load(struct run *run, struct err *err)
{
	conf_init(&run->conf);
	if (conf_load(&run->conf, run->config, err) < 0)
		return -1;
	run->conf.cur = run->conf.cur || run->cur;
	run->conf.keep = run->conf.keep || run->keep;
	if (run->db != NULL)
		return conf_set(
			&run->conf, SLICE_LIT("store"), SLICE_LIT("db"), slice_of(run->db), err);
	return 0;
}

static void print_version(void)
{
	printf("ruad-ingest %s (SQLite %s, GMime %s, libxml2 %s, zlib %s, libarchive %s, "
	       "libzstd %s)\n",
		RUAD_VERSION, store_sqlite_version(), mime_version(), dmarc_xml_version(),
		gunzip_version(), unzip_version(), pack_zstd_version());
}

/* ---- what is said -------------------------------------------------------------------------- */

static void dry_run_text(struct buf *b, const char *name, struct slice value)
{
	buf_printf(b, "%s\"%s\":", b->len > 1 ? "," : "", name);
	if (slice_absent(value))
		buf_add_text(b, "null");
	else
		emit_json_string(b, value);
}

static void dry_run_number(struct buf *b, const char *name, int64_t value)
{
	buf_printf(b, ",\"%s\":%" PRId64, name, value);
}

static void dry_run_report(struct buf *b, const struct tee_report *report)
{
	char begin[DAY_TEXT_MAX], end[DAY_TEXT_MAX];

	dry_run_text(b, "org_name", slice_of(report->org_name));
	dry_run_text(b, "report_id", slice_of(report->report_id));
	dry_run_text(b, "domain", slice_of(report->domain));
	dry_run_text(b, "begin", slice_of(day_time_text(report->begin, begin)));
	dry_run_text(b, "end", slice_of(day_time_text(report->end, end)));
	dry_run_number(b, "records", (int64_t)report->records);
	dry_run_number(b, "placeholders", (int64_t)report->placeholders);
	dry_run_number(b, "unreadable", (int64_t)report->unreadable);
	dry_run_number(b, "messages", report->messages);
	dry_run_number(b, "pass", report->pass);
	dry_run_number(b, "fail", report->fail);
	dry_run_number(b, "unknown", report->unknown);
}

static void dry_run_line(struct run *run, const struct report_mail *mail, struct slice label,
	const struct report_entry *entry, const struct tee_report *report)
{
	struct buf *b = &run->line;
	struct err_quote q;

	buf_clear(b);
	buf_add_char(b, '{');
	dry_run_text(b, "mail", slice_of(err_printable(&q, label)));
	dry_run_text(b, "where", entry->where.len > 0 ? entry->where : SLICE_ABSENT);
	dry_run_text(b, "ending", slice_of(report_ending_names[entry->ending]));
	dry_run_text(b, "kind", slice_of(entry->kind));
	dry_run_text(b, "reason", slice_of(entry->reason));
	dry_run_text(b, "trust", slice_of(report_trust_names[mail->trust]));
	dry_run_text(b, "from", mail->from);
	if (report != NULL && report->has_head)
		dry_run_report(b, report);
	buf_add_text(b, "}\n");
	if (!buf_failed(b))
		(void)fwrite(b->ptr, 1, b->len, stdout);
}

static void on_entry(void *arg, const struct report_mail *mail, struct slice label,
	const struct report_entry *entry, const struct tee_report *report)
{
	static const enum log_level levels[REPORT_ENDING_COUNT] = {
		[REPORT_NOT_A_REPORT] = LOG_LEVEL_INFO,
		[REPORT_STORED] = LOG_LEVEL_INFO,
		[REPORT_DUPLICATE] = LOG_LEVEL_INFO,
		[REPORT_PARTIAL] = LOG_LEVEL_NOTICE,
		[REPORT_CONFLICT] = LOG_LEVEL_NOTICE,
		[REPORT_REFUSED] = LOG_LEVEL_WARNING,
		[REPORT_DEFERRED] = LOG_LEVEL_INFO,
	};
	struct run *run = arg;
	struct err_quote q;
	const char *colon = entry->where.len > 0 ? ": " : "";

	if (run->dry_run) {
		dry_run_line(run, mail, label, entry, report);
		return;
	}
	progress_clear(&run->progress);
	if (entry->reason != NULL)
		log_line(levels[entry->ending], "%s%s%.*s: %s", err_printable(&q, label), colon,
			SLICE_FMT(entry->where), entry->reason);
	else if (entry->kind != NULL)
		log_line(LOG_LEVEL_INFO, "%s%s%.*s: not a report: %s", err_printable(&q, label),
			colon, SLICE_FMT(entry->where), entry->kind);
	else
		log_line(LOG_LEVEL_INFO,
			"%s%s%.*s: %s: report %" PRId64 " of %s, %" PRId64 " messages",
			err_printable(&q, label), colon, SLICE_FMT(entry->where),
			report_ending_names[entry->ending], entry->report,
			report != NULL ? report->domain : "",
			report != NULL ? report->messages : 0);
}

static void on_progress(void *arg, uint64_t done, uint64_t total)
{
	struct run *run = arg;

	progress_step(&run->progress, done, total);
}

static int complain(const struct err *err)
{
	/* Somebody else is at it: no news for a cron mail. */
	const enum log_level level = err->code == ERR_BUSY ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR;

	if (err->text[0] != '\0')
		log_line(level, "%s", err->text);
	return err_exit_status(err);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int store_begin(struct run *run, struct err *err)
{
	const char *path = run->conf.db;
	/* Where no database is, a dry run must not leave one. */
	const bool memory = run->dry_run && access(path, F_OK) < 0;

	if (store_open(&run->store, path, memory ? STORE_MEMORY : STORE_WRITE, err) < 0)
		return -1;
	store_set_options(
		run->store, &(struct store_options){ .keep_originals = run->conf.keep_originals,
				    .dry_run = run->dry_run });
	return store_load(run->store, err);
}

/* Before the store is open, so that the parsers inherit nothing of it. RUAD_WORKERS says how many; with
 * 0 mails are read in this process, for debuggers. */
static int workers_begin(struct run *run, struct err *err)
{
	const struct worker_options options = { .authserv_id = run->conf.authserv_id,
		.originals = run->conf.keep_originals && !run->dry_run,
		.stop = &run_stop };
	const char *said = getenv("RUAD_WORKERS");
	uint64_t n = worker_count();

	if (said != NULL && !slice_u64(slice_of(said), WORKERS_MAX, &n))
		return err_set(err, ERR_USAGE, "RUAD_WORKERS is a number up to %d", WORKERS_MAX);
	if (run->reparse)
		return 0;
	for (; run->workers_len < n; run->workers_len++) {
		if (worker_open(&run->workers[run->workers_len], &options, err) < 0)
			return -1;
	}
	return 0;
}

static void total_add(struct ingest_result *to, const struct ingest_result *from)
{
	to->mails += from->mails;
	to->skipped += from->skipped;
	to->unsettled += from->unsettled;
	for (size_t i = 0; i < REPORT_ENDING_COUNT; i++)
		to->endings[i] += from->endings[i];
}

static bool run_enough(const struct run *run)
{
	return run_stop != 0 || (run->limit > 0 && run->total.mails >= run->limit);
}

static int read_inbox(struct run *run, struct inbox *inbox, struct err *err)
{
	const struct ingest_options options = {
		.authserv_id = run->conf.authserv_id,
		.workers = run->workers,
		.workers_len = run->workers_len,
		.limit = run->limit > 0 ? run->limit - run->total.mails : 0,
		.keep = run->conf.keep,
		.dry_run = run->dry_run,
		.stop = &run_stop,
		.on_entry = on_entry,
		.on_progress = run->progress.on ? on_progress : NULL,
		.arg = run,
	};
	struct ingest_result result;
	const int rc = ingest_run(inbox, store_sink(run->store), &options, &result, err);

	progress_clear(&run->progress);
	total_add(&run->total, &result);
	return rc;
}

/* The inbox of the first path, and in *taken how many paths it covers. */
static int inbox_open(struct run *run, char *const *paths, size_t len, size_t *taken,
	struct inbox **ret, struct err *err)
{
	const struct inbox_options options = { .cur = run->conf.cur, .keep = run->conf.keep };
	size_t n = 0;

	*taken = 1;
	if (strcmp(paths[0], "-") == 0)
		return stdin_open(ret, err);
	if (maildir_is(paths[0]))
		return maildir_open(ret, paths[0], &options, err);
	while (n < len && strcmp(paths[n], "-") != 0 && !maildir_is(paths[n]))
		n++;
	*taken = n;
	return files_open(ret, paths, n, err);
}

static int read_paths(struct run *run, char *const *paths, size_t len, struct err *err)
{
	struct inbox *inbox;
	size_t taken;
	int rc;

	while (len > 0 && !run_enough(run)) {
		inbox = NULL;
		if (inbox_open(run, paths, len, &taken, &inbox, err) < 0)
			return -1;
		rc = read_inbox(run, inbox, err);
		inbox->ops->close(inbox);
		if (rc < 0)
			return -1;
		paths += taken;
		len -= taken;
	}
	return 0;
}

/* ---- retention ------------------------------------------------------------------------------- */

static int expire(struct run *run, int64_t days, bool originals_only, struct err *err)
{
	const int64_t day = day_of(day_now()) - days;
	int64_t dropped = days > 0;

	while (dropped > 0 && run_stop == 0) {
		if (store_expire(run->store, (int32_t)day, originals_only, EXPIRE_STEP, &dropped,
			    err) < 0)
			return -1;
	}
	return 0;
}

/* ---- reparse --------------------------------------------------------------------------------- */

/* One pass over an original. 1: read; 0: *why says why not; -1. */
static int reparse_pass(struct report_sink *to, struct original *original,
	struct parse_context *context, struct err *why, struct err *err)
{
	struct report_outcome outcome;

	context->retry = PARSE_STRICT;
	err_clear(why);
	if (to->ops->report_begin(to, err) < 0)
		return -1;
	if (dmarc_xml_parse(original_reader(original), to, context, why) == 0 &&
		to->ops->report_end(to, &outcome, why) == 0)
		return 1;
	/* A damaged original has no say in what becomes of the others. */
	if (err_ends_run(why) && !original_damaged(original)) {
		*err = *why;
		return -1;
	}
	return to->ops->report_abandon(to, err);
}

static int reparse_one(struct run *run, int64_t report, enum report_trust trust,
	struct original *first, struct err *why, struct err *err)
{
	struct parse_context context = { .mode = PARSE_STRICT, .trust = trust, .now = day_now() };
	struct report_sink *to = store_sink(run->store);
	struct original *again = NULL, *original = first;
	int rc;

	for (;;) {
		rc = reparse_pass(to, original, &context, why, err);
		if (rc != 0 || context.retry <= context.mode)
			break;
		context.mode = context.retry;
		original_close(again);
		again = NULL;
		rc = original_open(&again, run->store, report, err);
		if (rc < 0)
			break;
		original = again;
	}
	original_close(again);
	return rc;
}

static int reparse(struct run *run, struct err *err)
{
	struct store_reparse *r = NULL;
	struct original *original = NULL;
	struct report_sink *to = store_sink(run->store);
	struct err why = ERR_INIT;
	const char *what = NULL;
	enum report_trust trust = REPORT_TRUST_UNKNOWN;
	int64_t report = 0;
	int rc = -1, more, read;

	if (store_reparse_open(&r, run->store, err) < 0)
		return -1;
	while ((more = store_reparse_next(r, &report, &trust, &original, err)) > 0 &&
		run_stop == 0) {
		read = reparse_one(run, report, trust, original, &why, err);
		if (read < 0)
			goto out;
		/* What this version cannot read stays as the earlier one read it. */
		if (read == 0)
			printf("report %" PRId64 ": kept as it is: %s\n", report, why.text);
		else if (store_reparse_changed(r, &what))
			printf("report %" PRId64 ": %s\n", report, what);
	}
	rc = more < 0 ? -1 : to->ops->sync(to, err);
out:
	store_reparse_close(r);
	return rc;
}

/* ---- the program ----------------------------------------------------------------------------- */

/* Whose mail it is, for the days whose facts changed, by this run or by one that did not come so
 * far. A program that was told to stop leaves that to the next. */
static int judge(struct run *run, struct err *err)
{
	if (run->dry_run || run_stop != 0)
		return 0;
	if (store_assess_asn(run->store, run->conf.asn_database, err) < 0)
		return -1;
	return store_assess(run->store, err);
}

static int read_all(struct run *run, struct err *err)
{
	char *fallback[] = { run->conf.maildir };
	const bool given = run->paths_len > 0;

	if (read_paths(run, given ? run->paths : fallback, given ? run->paths_len : 1, err) < 0)
		return -1;
	if (run->dry_run)
		return 0;
	if (expire(run, run->conf.retention_days, false, err) < 0)
		return -1;
	return expire(run, run->conf.originals_days, true, err);
}

static int work(struct run *run, struct err *err)
{
	struct err ignored = ERR_INIT;
	int rc;

	if (!run->reparse && run->paths_len == 0 && run->conf.maildir[0] == '\0')
		return err_set(err, ERR_USAGE,
			"no PATH given, and no maildir in the settings (see --help)");
	if (workers_begin(run, err) < 0 || store_begin(run, err) < 0)
		return -1;
	rc = run->reparse ? reparse(run, err) : read_all(run, err);
	if (rc == 0)
		return judge(run, err);
	/* What was stored before a shortage is judged if it can be; the shortage is what is said. */
	if (err->code != ERR_STORE && err->code != ERR_BUG)
		(void)judge(run, &ignored);
	return -1;
}

static int exit_status(const struct run *run)
{
	if (run->total.endings[REPORT_REFUSED] > 0)
		return EX_DATAERR;
	if (run->total.endings[REPORT_DEFERRED] > 0 || run->total.unsettled > 0)
		return EX_TEMPFAIL;
	return EX_OK;
}

int main(int argc, char **argv)
{
	static struct run run;
	struct err err = ERR_INIT;
	int status;

	log_init("ruad-ingest", LOG_LEVEL_NOTICE);
	if (options_take(&run, argc, argv, &err) < 0) {
		status = complain(&err);
		(void)fputs(usage, stderr);
		return status;
	}
	if (run.help) {
		(void)fputs(usage, stdout);
		(void)fputs(help, stdout);
		return EX_OK;
	}
	if (run.version) {
		print_version();
		return EX_OK;
	}
	log_init("ruad-ingest", run.verbose ? LOG_LEVEL_INFO : LOG_LEVEL_NOTICE);
	if (settings_load(&run, &err) < 0)
		return complain(&err);
	if (run.check_config) {
		conf_print(&run.conf);
		return EX_OK;
	}
	signals_init();
	mime_init();
	progress_init(&run.progress);
	buf_init(&run.line, DRY_RUN_LINE_MAX);
	status = work(&run, &err) < 0 ? complain(&err) : exit_status(&run);
	for (size_t i = 0; i < run.workers_len; i++)
		worker_close(run.workers[i]);
	store_close(run.store);
	buf_release(&run.line);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_line(LOG_LEVEL_ERROR, "standard output: %s", strerror(errno));
		return EX_TEMPFAIL;
	}
	return status;
}
