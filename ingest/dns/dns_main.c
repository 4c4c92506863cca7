/* ruad-dns: asks the DNS about the own domains and writes down what it says. Options, wiring, exit
 * status; the questions are in resolve.c and the record checker, the facts behind dns_fact.h. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#include "ingest/dns/resolve.h"
#include "ingest/dns/servers.h"
#include "ruad_version.h"
#include "store/base/buf.h"
#include "store/base/conf.h"
#include "store/base/day.h"
#include "store/base/limits.h"
#include "store/base/log.h"
#include "store/dns_fact.h"
#include "store/dns_reverse.h"
#include "store/dns_seen.h"
#include "store/dns_sum.h"
#include "store/judge/dns/finding.h"
#include "store/judge/dns/pool.h"

/* Questions sent at once: what is left of DNS_QUERIES_MAX is for what the answers lead to, the
 * includes of an SPF record first of all. */
#define AT_ONCE_MAX (DNS_QUERIES_MAX * 3 / 5)
/* Names under a domain that mail said it came from: whether there is such a name. */
#define SENDERS_MAX 4
/* Milliseconds between two looks whether the database is free to be written to. */
#define LOOK_MS 100
/* Domains in a row of which no server said a word: then the network is away, and the others wait. */
#define MUTE_MAX 3
/* Names of all own domains, each with a NUL. */
#define NAMES_BYTES_MAX ((size_t)16 * 1024 * 1024)

#define SPLITS_BYTES_MAX ((size_t)64 * 1024)

struct formers {
	struct pool *pool;
	struct slice names[SERVERS_FORMER_MAX];
	size_t len;
};

/* What was found when the name servers of the domain at hand were compared. */
struct compared {
	struct dns_seen_split splits[SERVERS_NAMES_MAX];
	size_t len;
	bool done;
	struct pool pool; /* texts */
};

static const char usage[] = "usage: ruad-dns [-v] [--config FILE] [--db FILE] [DOMAIN ...]\n"
			    "       ruad-dns --help\n"
			    "       ruad-dns --version\n";

static const char help[] =
	"\n"
	"Asks the DNS about your domains and writes what it says into the database: policies,\n"
	"SPF with all it includes, the keys of the selectors seen in reports, mail servers, the\n"
	"names of your own sending addresses. Without a DOMAIN all of yours are asked for.\n"
	"\n"
	"  --config FILE   settings, instead of the usual places\n"
	"  --db FILE       the database\n"
	"  -v, --verbose   one line for every domain, also for those that are well\n"
	"\n"
	"Status: 0 all asked for, 64 wrong usage, 66 not a domain of yours, 75 no answer at all, or\n"
	"the database is being written to.\n";

enum option_value {
	OPTION_CONFIG = 256,
	OPTION_DB,
	OPTION_HELP,
	OPTION_VERSION,
};

struct run {
	struct conf conf;
	const char *config, *db;
	bool help, version, verbose;
	char *const *names;
	size_t names_len;

	struct store *store; /* to read */
	struct resolver *resolver;
	struct compared compared;
	struct buf own; /* names of own domains, NULs between them */
	size_t at_once;
	int64_t reverse_left; /* addresses whose names may still be asked for */
	bool reverse_asked;
	unsigned silent; /* domains without any answer */
	unsigned mute;   /* those in a row now of which no server said a word */
};

/* ---- options ---------------------------------------------------------------------------------- */

static int options_take(struct run *run, int argc, char **argv, struct err *err)
{
	static const struct option table[] = {
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "db", required_argument, NULL, OPTION_DB },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "v", table, NULL)) != -1) {
		if (option == OPTION_CONFIG)
			run->config = optarg;
		else if (option == OPTION_DB)
			run->db = optarg;
		else if (option == OPTION_HELP)
			run->help = true;
		else if (option == OPTION_VERSION)
			run->version = true;
		else if (option == 'v')
			run->verbose = true;
		else
			return err_set(err, ERR_USAGE, "%s", ""); /* getopt has said it */
	}
	run->names = argv + optind;
	run->names_len = (size_t)(argc - optind);
	return 0;
}

static int settings_load(struct run *run, struct err *err)
{
	conf_init(&run->conf);
	if (conf_load(&run->conf, run->config, err) < 0)
		return -1;
	if (run->db != NULL)
		return conf_set(
			&run->conf, SLICE_LIT("store"), SLICE_LIT("db"), slice_of(run->db), err);
	return 0;
}

/* ---- which domains ---------------------------------------------------------------------------- */

static int note_own(void *arg, struct slice domain, struct err *err)
{
	struct run *run = arg;

	buf_add(&run->own, domain);
	buf_add_char(&run->own, '\0');
	return buf_failed(&run->own) ? err_set(err, ERR_SHORTAGE, "too many domains") : 0;
}

static bool own_next(struct slice *all, struct slice *ret)
{
	if (all->len == 0)
		return false;
	*ret = slice_cut(*all, '\0', all);
	return true;
}

/* The names of the command line, brought into key form; each has to be one of the owner's. */
static int named_only(struct run *run, struct err *err)
{
	struct buf named;
	int rc = 0;

	buf_init(&named, NAMES_BYTES_MAX);
	for (size_t i = 0; i < run->names_len && rc == 0; i++) {
		struct slice all = buf_slice(&run->own), name = SLICE_ABSENT, key;
		char text[DOMAIN_KEY_MAX];
		struct err_quote q;
		bool found = false;
		size_t len = 0;

		if (!domain_key(slice_of(run->names[i]), text, &len)) {
			rc = err_set(err, ERR_USAGE, "%s is no domain name",
				err_quote(&q, slice_of(run->names[i])));
			break;
		}
		key = slice_from(text, len);
		while (!found && own_next(&all, &name))
			found = slice_equal(name, key);
		if (!found)
			rc = err_set(err, ERR_NOT_FOUND,
				"%s is not one of your domains: ruad-query domain add makes it one",
				err_quote(&q, key));
		buf_add(&named, key);
		buf_add_char(&named, '\0');
	}
	if (rc == 0 && buf_failed(&named))
		rc = err_set(err, ERR_SHORTAGE, "too many domains");
	buf_release(&run->own);
	run->own = named;
	return rc;
}

/* ---- asking ----------------------------------------------------------------------------------- */

static void want(void *arg, struct slice name, enum dns_type type)
{
	struct run *run = arg;

	/* An address at a key's name is looked for only where there is no key. */
	if (slice_absent(name) || type == DNS_A || type == DNS_AAAA || run->at_once == AT_ONCE_MAX)
		return;
	run->at_once++;
	resolver_want(run->resolver, name, type);
}

static void want_sender(void *arg, struct slice name)
{
	want(arg, name, DNS_TXT);
}

static void note_former(void *arg, struct slice server)
{
	struct formers *f = arg;

	if (f->len < SERVERS_FORMER_MAX)
		f->names[f->len++] = pool_copy(f->pool, server);
}

static int note_split(void *arg, const struct dns_seen_split *split, struct err *err)
{
	struct compared *c = arg;

	(void)err;
	if (c->len == SERVERS_NAMES_MAX)
		return 0;
	c->splits[c->len] = *split;
	c->splits[c->len].name = pool_copy(&c->pool, split->name);
	c->splits[c->len].server1 = pool_copy(&c->pool, split->server1);
	c->splits[c->len].server2 = pool_copy(&c->pool, split->server2);
	c->len++;
	return 0;
}

/* With the questions that are left. */
static int compare(
	struct run *run, struct slice domain, const struct dns_facts *facts, struct err *err)
{
	struct compared *c = &run->compared;
	struct formers formers = { .pool = &c->pool };
	struct servers_ask ask = { .facts = facts, .former = formers.names };
	int rc;

	if (dns_fact_each_former(run->store, domain, day_now(), note_former, &formers, err) < 0)
		return -1;
	ask.former_len = formers.len;
	rc = servers_compare(run->resolver, &ask, note_split, c, err);
	c->done = rc > 0;
	if (rc >= 0 && pool_dry(&c->pool))
		rc = err_set(err, ERR_SHORTAGE, "no memory for what name servers said");
	return rc < 0 ? -1 : 0;
}

/* The checker itself walks through the records, so that all it will want to know is asked for. */
static int ask(struct run *run, struct slice domain, struct err *err)
{
	struct dns_findings *found = NULL;
	struct dns_seen *seen = NULL;
	struct dns_facts facts;
	int rc = -1;

	pool_release(&run->compared.pool);
	pool_init(&run->compared.pool, SPLITS_BYTES_MAX);
	run->compared.len = 0;
	run->compared.done = false;
	if (dns_seen_open(&seen, run->store, domain, (int32_t)day_of(day_now()), err) < 0 ||
		dns_findings_open(&found, err) < 0 || resolver_begin(run->resolver, err) < 0)
		goto out;
	facts = *dns_seen_facts(seen);
	/* They have a queue of their own. */
	facts.reverse_elsewhere = true;
	run->at_once = 0;
	if (dns_seen_senders(seen, SENDERS_MAX, want_sender, run, err) < 0)
		goto out;
	dns_check_wants(&facts, want, run);
	resolver_wait(run->resolver);
	rc = dns_check(resolver_view(run->resolver), &facts, found, err);
	if (rc == 0)
		rc = compare(run, domain, &facts, err);
	if (rc == 0)
		log_line(LOG_LEVEL_INFO,
			"%.*s: %u questions, %u without an answer; findings: "
			"%zu errors, %zu warnings",
			SLICE_FMT(domain), resolver_sum(run->resolver).queries,
			resolver_sum(run->resolver).failures, dns_findings_of(found, DNS_ERROR),
			dns_findings_of(found, DNS_WARNING));
out:
	dns_findings_close(found);
	dns_seen_close(seen);
	return rc;
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* Whoever writes now is done soon: a run of ruad-ingest commits every second, and ends. */
static int open_writer(struct run *run, struct store **ret, struct err *err)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	for (unsigned waited = 0;; waited += LOOK_MS) {
		if (store_open(ret, run->conf.db, STORE_WRITE, err) == 0)
			return 0;
		if (err->code != ERR_BUSY || waited >= BUSY_MS_MAX)
			return -1;
		err_clear(err);
		(void)nanosleep(&pause, NULL);
	}
}

static int put(void *arg, struct slice name, enum dns_type type, const struct dns_answer *answer,
	struct err *err)
{
	return dns_fact_put(arg, name, type, answer, err);
}

static void describe(const struct resolver_sum *sum, struct buf *to)
{
	if (sum->failures > 0)
		buf_printf(to, "%u of %u questions had no answer, the first: %s of %.*s: %s",
			sum->failures, sum->queries, sum->failed_type, SLICE_FMT(sum->failed_name),
			sum->failed_why);
	else if (sum->cut)
		buf_printf(to, "there is more to ask than %u questions: some were left out",
			sum->queries);
}

static int keep(struct run *run, struct slice domain, struct slice notice, struct err *err)
{
	const struct resolver_sum sum = resolver_sum(run->resolver);
	const struct dns_fact_sum kept = { .queries = sum.queries + sum.probes,
		.compared = run->compared.done,
		.failures = sum.failures,
		.answered = sum.failures < sum.queries,
		.complete = sum.failures == 0 && !sum.cut,
		.notice = notice.len > 0 ? notice : SLICE_ABSENT };
	struct dns_fact_run *facts = NULL;
	struct store *store = NULL;
	int rc = -1;

	if (open_writer(run, &store, err) < 0)
		return -1;
	rc = dns_fact_open(&facts, store, domain, day_now(), err);
	if (rc == 0)
		rc = resolver_each(run->resolver, put, facts, err);
	for (size_t i = 0; rc == 0 && i < run->compared.len; i++)
		rc = dns_fact_put_split(facts, &run->compared.splits[i], err);
	if (rc == 0)
		rc = dns_fact_commit(facts, &kept, err);
	dns_fact_close(facts);
	store_close(store);
	return rc;
}

static int ask_and_keep(struct run *run, struct slice domain, struct err *err)
{
	struct resolver_sum sum;
	struct err_quote q;
	struct buf notice;
	bool silent;
	int rc;

	if (ask(run, domain, err) < 0)
		return -1;
	sum = resolver_sum(run->resolver);
	silent = sum.failures == sum.queries;
	run->silent += silent;
	run->mute = silent && sum.mute ? run->mute + 1 : 0;
	buf_init(&notice, CONF_TEXT_MAX);
	describe(&sum, &notice);
	/* A stranger's server that is lame is no news for a cron mail, and a resolver that fails is one
	 * piece of news, however many domains there are. */
	if (notice.len > 0)
		log_line(silent && run->silent == 1 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
			"%.*s: %s", SLICE_FMT(domain), err_printable(&q, buf_slice(&notice)));
	rc = keep(run, domain, buf_slice(&notice), err);
	buf_release(&notice);
	return rc;
}

/* ---- names of addresses ----------------------------------------------------------------------- */

/* Whoever has the address writes its name: what is shown and kept is to be one of a host. */
static bool is_host_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		const char c = name.ptr[i];

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' &&
			c != '_')
			return false;
	}
	return dns_name_valid(name);
}

/* The first of the names that leads back. Where not all could be asked for there is no answer. */
static void look_up_reverse(struct run *run, struct dns_reverse *r)
{
	const enum dns_type type = r->ip.len == 4 ? DNS_A : DNS_AAAA;
	struct dns_view *view = resolver_view(run->resolver);
	char text[DOMAIN_KEY_MAX];
	struct dns_answer ptr, a;
	bool all = true;

	dns_find(view, dns_name_reverse(&r->ip, text), DNS_PTR, &ptr);
	if (ptr.status == DNS_UNKNOWN || ptr.status == DNS_FAILED)
		return;
	for (size_t i = 0; i < ptr.len && slice_absent(r->name); i++) {
		if (!is_host_name(ptr.records[i].name))
			continue;
		dns_find(view, ptr.records[i].name, type, &a);
		all = all && a.status != DNS_UNKNOWN && a.status != DNS_FAILED;
		for (size_t k = 0; k < a.len; k++) {
			if (slice_equal(ip_slice(&a.records[k].ip), ip_slice(&r->ip)))
				r->name = ptr.records[i].name;
		}
	}
	r->answered = all || !slice_absent(r->name);
}

static int keep_reverse(
	struct run *run, const struct dns_reverse *found, size_t len, struct err *err)
{
	struct store *store = NULL;
	int rc;

	if (open_writer(run, &store, err) < 0)
		return -1;
	rc = dns_reverse_put(store, found, len, day_now(), err);
	store_close(store);
	return rc;
}

/* Some of the domain's queue, and no more of it than this run may still ask for. */
static int ask_reverse(struct run *run, struct slice domain, struct err *err)
{
	const struct timespec pause = { .tv_sec = DNS_REVERSE_PAUSE_MS / 1000,
		.tv_nsec = DNS_REVERSE_PAUSE_MS % 1000 * 1000000L };
	struct dns_reverse found[DNS_REVERSE_MAX];
	size_t len = DNS_REVERSE_MAX;

	while (run->reverse_left > 0 && run->mute == 0 && len == DNS_REVERSE_MAX) {
		size_t max = run->reverse_left < DNS_REVERSE_MAX ? (size_t)run->reverse_left
								 : DNS_REVERSE_MAX;
		int n = dns_reverse_next(run->store, domain, day_now(), found, max, err);
		char text[DOMAIN_KEY_MAX];

		if (n <= 0)
			return n;
		len = (size_t)n;
		if (run->reverse_asked)
			(void)nanosleep(&pause, NULL);
		run->reverse_asked = true;
		run->reverse_left -= n;
		if (resolver_begin(run->resolver, err) < 0)
			return -1;
		for (size_t i = 0; i < len; i++)
			resolver_want(run->resolver, dns_name_reverse(&found[i].ip, text), DNS_PTR);
		resolver_wait(run->resolver);
		for (size_t i = 0; i < len; i++)
			look_up_reverse(run, &found[i]);
		if (keep_reverse(run, found, len, err) < 0)
			return -1;
		/* Who says nothing now will say nothing of the others. */
		if (!resolver_sum(run->resolver).replied)
			run->reverse_left = 0;
	}
	return 0;
}

/* ---- the program ------------------------------------------------------------------------------ */

/* When all is known of it that this run learns. */
static int sum_up(struct run *run, struct slice domain, struct err *err)
{
	struct store *store = NULL;
	int rc;

	if (open_writer(run, &store, err) < 0)
		return -1;
	rc = dns_sum_note(store, domain, err);
	store_close(store);
	return rc;
}

static int run_all(struct run *run, struct err *err)
{
	struct slice all, domain;

	if (!run->conf.dns_enabled) {
		log_line(LOG_LEVEL_INFO, "the DNS is not asked: [dns] enabled = no");
		return 0;
	}
	if (resolver_open(&run->resolver, run->conf.dns_servers, err) < 0 ||
		store_open(&run->store, run->conf.db, STORE_READ, err) < 0 ||
		dns_fact_each_own(run->store, note_own, run, err) < 0 ||
		(run->names_len > 0 && named_only(run, err) < 0))
		return -1;
	run->reverse_left = run->conf.dns_reverse;
	all = buf_slice(&run->own);
	while (run->mute < MUTE_MAX && own_next(&all, &domain)) {
		if (ask_and_keep(run, domain, err) < 0 || ask_reverse(run, domain, err) < 0 ||
			sum_up(run, domain, err) < 0)
			return err_wrap(err, "%.*s", SLICE_FMT(domain));
	}
	if (run->silent > 1)
		log_line(LOG_LEVEL_WARNING, "%u domains more had no answer%s", run->silent - 1,
			all.len > 0 ? ", the others were not asked for" : "");
	return 0;
}

int main(int argc, char **argv)
{
	static struct run run; /* large: settings */
	struct err err = ERR_INIT;
	int status = EX_OK;

	buf_init(&run.own, NAMES_BYTES_MAX);
	log_init("ruad-dns", LOG_LEVEL_NOTICE);
	if (options_take(&run, argc, argv, &err) < 0) {
		if (err.text[0] != '\0')
			log_line(LOG_LEVEL_ERROR, "%s", err.text);
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	if (run.verbose)
		log_init("ruad-dns", LOG_LEVEL_INFO);
	if (run.help) {
		(void)fputs(usage, stdout);
		(void)fputs(help, stdout);
	} else if (run.version) {
		(void)printf("ruad-dns %s (SQLite %s, c-ares %s)\n", RUAD_VERSION,
			store_sqlite_version(), resolver_version());
	} else if (settings_load(&run, &err) < 0 || run_all(&run, &err) < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", err.text);
		status = err_exit_status(&err);
	} else if (run.silent > 0) {
		status = EX_TEMPFAIL;
	}
	pool_release(&run.compared.pool);
	resolver_close(run.resolver);
	store_close(run.store);
	buf_release(&run.own);
	return fflush(stdout) == 0 ? status : EX_TEMPFAIL;
}
