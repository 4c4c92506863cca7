#include "store/dns_main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "store/base/conf.h"
#include "store/base/day.h"
#include "store/base/log.h"
#include "store/dns_fact.h"
#include "store/dns_seen.h"
#include "store/judge/dns/zone.h"
#include "store/query_dns.h"

#define SELECTORS_MAX 32
#define OUT_BYTES_MAX (4 * QUERY_DNS_BYTES_MAX)

struct run {
	struct conf conf;
	const char *db, *config, *format, *lang, *zone, *domain;
	const char *selectors[SELECTORS_MAX];
	unsigned selectors_len, words_len;
	bool suggest, tags, history;
	/* what is known */
	char key[DOMAIN_KEY_MAX];
	char names[SELECTORS_MAX][DOMAIN_KEY_MAX];
	struct store *store;
	struct dns_set *file, *facts_set; /* the zone file; what ruad-dns learnt */
	struct dns_set *above;            /* what a zone file cannot know */
	struct dns_seen *seen;
	struct dns_facts facts;
	struct dns_seen_selector room[DNS_FACTS_MAX];
	int64_t asked;
	struct buf out;
	size_t errors;
};

/* ---- options --------------------------------------------------------------------------------- */

/* An option with a value at argv[i]: how many words it takes, -1 if the value is missing. */
static int option_at(int argc, char **argv, int i, const char **name, const char **value)
{
	static const char *const options[] = { "--db", "--config", "--format", "--lang", "--zone",
		"--selector" };

	for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
		size_t len = strlen(options[k]);

		if (strncmp(argv[i], options[k], len) != 0)
			continue;
		*name = options[k];
		if (argv[i][len] == '=') {
			*value = argv[i] + len + 1;
			return 1;
		}
		if (argv[i][len] != '\0')
			continue;
		*value = i + 1 < argc ? argv[i + 1] : NULL;
		return i + 1 < argc ? 2 : -1;
	}
	return 0;
}

bool dns_is(int argc, char **argv)
{
	const char *name, *value;
	int i = 1;

	while (i < argc) {
		int width = option_at(argc, argv, i, &name, &value);

		if (width <= 0)
			break;
		i += width;
	}
	return i < argc && strcmp(argv[i], "dns") == 0;
}

static int set_option(struct run *run, const char *name, const char *value, struct err *err)
{
	const struct {
		const char *name;
		const char **value;
	} rows[] = { { "--db", &run->db }, { "--config", &run->config },
		{ "--format", &run->format }, { "--lang", &run->lang }, { "--zone", &run->zone } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			*rows[i].value = value;
			return 0;
		}
	}
	if (run->selectors_len == SELECTORS_MAX)
		return err_set(err, ERR_USAGE, "more than %d selectors", SELECTORS_MAX);
	run->selectors[run->selectors_len++] = value;
	return 0;
}

static int take_words(struct run *run, int argc, char **argv, struct err *err)
{
	bool only_words = false;
	struct err_quote q;

	for (int i = 1; i < argc; i++) {
		const char *name = NULL, *value = NULL;
		int width = only_words ? 0 : option_at(argc, argv, i, &name, &value);

		if (width < 0)
			return err_set(err, ERR_USAGE, "%s needs a value", name);
		if (width > 0) {
			if (set_option(run, name, value, err) < 0)
				return -1;
			i += width - 1;
		} else if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (!only_words && strcmp(argv[i], "--suggest") == 0) {
			run->suggest = true;
		} else if (!only_words && strcmp(argv[i], "--tags") == 0) {
			run->tags = true;
		} else if (!only_words && strcmp(argv[i], "--history") == 0) {
			run->history = true;
		} else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
			return err_set(err, ERR_USAGE, "dns takes no %s",
				err_quote(&q, slice_of(argv[i])));
		} else if (++run->words_len > 2) {
			return err_set(err, ERR_USAGE, "%s is one word too many",
				err_quote(&q, slice_of(argv[i])));
		} else if (run->words_len == 2) {
			run->domain = argv[i];
		}
	}
	if (run->tags && (run->domain != NULL || run->suggest || run->history || run->zone != NULL))
		return err_set(err, ERR_USAGE, "--tags stands alone");
	if (run->history && (run->suggest || run->zone != NULL))
		return err_set(err, ERR_USAGE, "--history goes with neither --zone nor --suggest");
	if (run->domain == NULL && !run->tags)
		return err_set(err, ERR_USAGE, "dns what? See ruad-query --help");
	return 0;
}

static int take_names(struct run *run, struct err *err)
{
	struct err_quote q;
	size_t len;

	if (run->tags)
		return 0;
	if (!domain_key(slice_of(run->domain), run->key, &len))
		return err_set(err, ERR_USAGE, "%s is no domain name",
			err_quote(&q, slice_of(run->domain)));
	for (unsigned i = 0; i < run->selectors_len; i++) {
		if (!domain_key(slice_of(run->selectors[i]), run->names[i], &len))
			return err_set(err, ERR_USAGE, "--selector %s is none",
				err_quote(&q, slice_of(run->selectors[i])));
	}
	return 0;
}

/* ---- what is known --------------------------------------------------------------------------- */

/* All of a file, or of standard input for "-". */
static int read_file(const char *path, struct buf *to, struct err *err)
{
	bool in = strcmp(path, "-") == 0;
	int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = -1;

	if (fd < 0)
		return err_errno(err, ERR_NOT_FOUND, errno, "%s", path);
	for (;;) {
		char *room = buf_room(to, 65536);

		if (room == NULL)
			break;
		do {
			n = read(fd, room, 65536);
		} while (n < 0 && errno == EINTR);
		if (n <= 0)
			break;
		to->len += (size_t)n;
	}
	if (n < 0 && to->state == BUF_TOO_LONG)
		err_set(err, ERR_REPORT, "longer than %zu bytes", ZONE_BYTES_MAX);
	else if (n < 0 && to->state == BUF_NO_MEMORY)
		err_set(err, ERR_SHORTAGE, "no memory for a zone");
	else if (n < 0)
		err_errno(err, ERR_NOT_FOUND, errno, "cannot read");
	if (!in)
		(void)close(fd);
	return n < 0 ? err_wrap(err, "%s", path) : 0;
}

static int read_zone(struct run *run, struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, ZONE_BYTES_MAX + 65536);
	rc = read_file(run->zone, &text, err);
	if (rc == 0 && dns_set_open(&run->file, DNS_SET_BYTES_MAX, err) < 0)
		rc = -1;
	if (rc == 0 && zone_read(run->file, slice_of(run->key), buf_slice(&text), err) < 0)
		rc = err_wrap(err, "%s", run->zone);
	buf_release(&text);
	return rc;
}

/* From the database: what mail showed, and what ruad-dns learnt. */
static int read_store(struct run *run, struct err *err)
{
	int known;

	if (store_open(&run->store, run->conf.db, STORE_READ, err) < 0 ||
		dns_seen_open(&run->seen, run->store, slice_of(run->key), day_of(day_now()), err) <
			0 ||
		dns_set_open(&run->facts_set, DNS_SET_BYTES_MAX, err) < 0)
		return -1;
	known = dns_fact_load(run->store, slice_of(run->key), run->facts_set, &run->asked, err);
	if (known < 0)
		return -1;
	if (known == 0 && run->zone == NULL)
		return err_set(err, ERR_NOT_FOUND,
			"nothing is known yet of the DNS of %s: run ruad-dns %s", run->key,
			run->key);
	/* A zone to be is compared with mail, but not with what reporters see of the one there is. */
	if (run->zone == NULL && dns_seen_join(run->seen, dns_set_view(run->facts_set), err) < 0)
		return -1;
	run->facts = *dns_seen_facts(run->seen);
	return 0;
}

/* Where the policy comes from is known when it is known that no registry above the domain has one;
 * hardly any has, and a zone file does not tell. */
static int read_above(struct run *run, struct err *err)
{
	struct slice name = domain_org(slice_of(run->key));
	char text[DOMAIN_KEY_MAX];

	if (dns_set_open(&run->above, DNS_SET_BYTES_MAX, err) < 0)
		return -1;
	for (name = dns_name_parent(name); !slice_absent(name); name = dns_name_parent(name)) {
		struct slice at = dns_name_under("_dmarc", name, text);

		if (!slice_absent(at) && dns_set_mark(run->above, at, DNS_TXT, DNS_NODATA, err) < 0)
			return -1;
	}
	return 0;
}

static struct dns_view *view_of(struct run *run)
{
	if (run->file == NULL)
		return dns_set_view(run->facts_set);
	dns_set_next(run->facts_set != NULL ? run->facts_set : run->file, dns_set_view(run->above));
	if (run->facts_set != NULL)
		dns_set_next(run->file, dns_set_view(run->facts_set));
	return dns_set_view(run->file);
}

/* Those the caller names, behind the others. */
static void add_selectors(struct run *run)
{
	query_dns_selectors(&run->facts, run->file != NULL ? run->file : run->facts_set, run->room);
	for (unsigned i = 0; i < run->selectors_len; i++) {
		struct slice name = slice_of(run->names[i]);
		bool there = false;

		for (size_t k = 0; k < run->facts.selectors_len; k++)
			there = there || (slice_absent(run->room[k].domain) &&
						 slice_equal(run->room[k].selector, name));
		if (!there && run->facts.selectors_len < DNS_FACTS_MAX)
			run->room[run->facts.selectors_len++] =
				(struct dns_seen_selector){ .selector = name };
	}
}

/* ---- the answer ------------------------------------------------------------------------------ */

static int write_rows(struct run *run, struct query_dns *q, const struct emit_format *format,
	enum emit_lang lang, struct err *err)
{
	struct emit *e = NULL;
	int rc;

	if (emit_open(&e, format, &run->out, lang, err) < 0)
		return -1;
	rc = query_dns_rows(q, e, err);
	if (rc == 0)
		emit_end(e, NULL, NULL);
	emit_close(e);
	return rc;
}

static int write_out(struct run *run, struct err *err)
{
	if (buf_failed(&run->out))
		return err_set(err, ERR_SHORTAGE, "no memory for the answer");
	if (fwrite(run->out.ptr, 1, run->out.len, stdout) != run->out.len || fflush(stdout) != 0)
		return err_errno(err, ERR_SHORTAGE, errno, "standard output");
	return 0;
}

static int answer(
	struct run *run, const struct emit_format *format, enum emit_lang lang, struct err *err)
{
	struct query_dns_ask ask = { .view = view_of(run),
		.facts = &run->facts,
		.asked = run->zone == NULL ? run->asked : 0,
		.suggest = run->suggest };
	struct query_dns *q = NULL;
	int rc;

	if (query_dns_open(&q, &ask, err) < 0)
		return -1;
	rc = strcmp(format->name, "text") == 0 ? query_dns_text(q, lang, &run->out, err)
					       : write_rows(run, q, format, lang, err);
	run->errors = dns_findings_of(query_dns_findings(q), DNS_ERROR);
	query_dns_close(q);
	return rc == 0 ? write_out(run, err) : -1;
}

static int answer_tags(
	struct run *run, const struct emit_format *format, enum emit_lang lang, struct err *err)
{
	struct emit *e = NULL;

	if (strcmp(format->name, "text") == 0) {
		query_dns_tag_text(lang, &run->out);
		return write_out(run, err);
	}
	if (emit_open(&e, format, &run->out, lang, err) < 0)
		return -1;
	query_dns_tag_rows(e);
	emit_end(e, NULL, NULL);
	emit_close(e);
	return write_out(run, err);
}

static int answer_history(
	struct run *run, const struct emit_format *format, enum emit_lang lang, struct err *err)
{
	struct slice domain = slice_of(run->key);
	struct emit *e = NULL;
	int rc;

	if (store_open(&run->store, run->conf.db, STORE_READ, err) < 0)
		return -1;
	if (strcmp(format->name, "text") == 0)
		return query_dns_history_text(run->store, domain, &run->out, err) < 0
			       ? -1
			       : write_out(run, err);
	if (emit_open(&e, format, &run->out, lang, err) < 0)
		return -1;
	rc = query_dns_history_rows(run->store, domain, e, err);
	if (rc == 0)
		emit_end(e, NULL, NULL);
	emit_close(e);
	return rc == 0 ? write_out(run, err) : -1;
}

static int run_dns(struct run *run, int argc, char **argv, struct err *err)
{
	const struct emit_format *format;
	struct err_quote q;
	bool es;

	if (take_words(run, argc, argv, err) < 0 || take_names(run, err) < 0)
		return -1;
	format = emit_find(slice_of(run->format != NULL ? run->format : "text"));
	if (format == NULL)
		return err_set(err, ERR_USAGE,
			"--format %s must be one of text, json, ndjson, csv, html",
			err_quote(&q, slice_of(run->format)));
	es = run->lang != NULL && strcmp(run->lang, "es") == 0;
	if (run->lang != NULL && !es && strcmp(run->lang, "en") != 0)
		return err_set(err, ERR_USAGE, "--lang %s must be en or es",
			err_quote(&q, slice_of(run->lang)));
	if (run->tags)
		return answer_tags(run, format, es ? EMIT_ES : EMIT_EN, err);
	conf_init(&run->conf);
	if (conf_load(&run->conf, run->config, err) < 0 ||
		(run->db != NULL && conf_set(&run->conf, SLICE_LIT("store"), SLICE_LIT("db"),
					    slice_of(run->db), err) < 0))
		return -1;
	if (run->history)
		return answer_history(run, format, es ? EMIT_ES : EMIT_EN, err);
	run->facts = (struct dns_facts){ .domain = slice_of(run->key), .today = day_of(day_now()) };
	if (run->zone != NULL && (read_zone(run, err) < 0 || read_above(run, err) < 0))
		return -1;
	/* A zone file alone needs no database; one that is named joins what mail showed. */
	if ((run->zone == NULL || run->db != NULL) && read_store(run, err) < 0)
		return -1;
	add_selectors(run);
	return answer(run, format, es ? EMIT_ES : EMIT_EN, err);
}

int dns_main(int argc, char **argv)
{
	static struct run run; /* large: settings, selectors */
	struct err err = ERR_INIT;
	int rc;

	buf_init(&run.out, OUT_BYTES_MAX);
	rc = run_dns(&run, argc, argv, &err);
	buf_release(&run.out);
	dns_seen_close(run.seen);
	dns_set_close(run.facts_set);
	dns_set_close(run.file);
	dns_set_close(run.above);
	store_close(run.store);
	if (rc < 0) {
		log_line(LOG_LEVEL_ERROR, "%s", err.text);
		return err_exit_status(&err);
	}
	return run.errors > 0 ? EX_DATAERR : EX_OK;
}
