#include "store/base/conf.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum conf_type {
	CONF_TEXT,
	CONF_BOOL,
	CONF_DAYS,
	CONF_NUMBER,
};

/* Ten thousand years; more is a slip. */
#define CONF_DAYS_MAX   3650000
#define CONF_NUMBER_MAX 100000

static const struct conf_row {
	const char *section, *key;
	enum conf_type type;
	size_t offset;
} conf_rows[] = {
	{ "store", "db", CONF_TEXT, offsetof(struct conf, db) },
	{ "store", "retention_days", CONF_DAYS, offsetof(struct conf, retention_days) },
	{ "store", "keep_originals", CONF_BOOL, offsetof(struct conf, keep_originals) },
	{ "store", "originals_days", CONF_DAYS, offsetof(struct conf, originals_days) },
	{ "store", "asn_database", CONF_TEXT, offsetof(struct conf, asn_database) },
	{ "ingest", "maildir", CONF_TEXT, offsetof(struct conf, maildir) },
	{ "ingest", "cur", CONF_BOOL, offsetof(struct conf, cur) },
	{ "ingest", "keep", CONF_BOOL, offsetof(struct conf, keep) },
	{ "ingest", "authserv_id", CONF_TEXT, offsetof(struct conf, authserv_id) },
	{ "web", "listen", CONF_TEXT, offsetof(struct conf, listen) },
	{ "web", "host", CONF_TEXT, offsetof(struct conf, host) },
	{ "web", "token_file", CONF_TEXT, offsetof(struct conf, token_file) },
	{ "dns", "enabled", CONF_BOOL, offsetof(struct conf, dns_enabled) },
	{ "dns", "servers", CONF_TEXT, offsetof(struct conf, dns_servers) },
	{ "dns", "reverse", CONF_NUMBER, offsetof(struct conf, dns_reverse) },
};
#define CONF_ROWS (sizeof conf_rows / sizeof *conf_rows)

static void *conf_at(struct conf *conf, const struct conf_row *row)
{
	return (char *)conf + row->offset;
}

/* The state directory: the system's for root and for the service user, else the user's own. */
static void default_db(char dst[CONF_TEXT_MAX])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (getenv("STATE_DIRECTORY") != NULL)
		(void)snprintf(dst, CONF_TEXT_MAX, "%s/ruad.db", getenv("STATE_DIRECTORY"));
	else if (geteuid() == 0)
		(void)snprintf(dst, CONF_TEXT_MAX, "/var/lib/ruad/ruad.db");
	else if (state != NULL && state[0] == '/')
		(void)snprintf(dst, CONF_TEXT_MAX, "%s/ruad/ruad.db", state);
	else
		(void)snprintf(dst, CONF_TEXT_MAX, "%s/.local/state/ruad/ruad.db",
			home != NULL ? home : "");
}

void conf_init(struct conf *conf)
{
	*conf = (struct conf){ .keep_originals = true, .dns_enabled = true, .dns_reverse = 100 };
	default_db(conf->db);
	(void)snprintf(conf->listen, sizeof conf->listen, "127.0.0.1:8080");
}

static bool parse_bool(struct slice s, bool *ret)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = { { "yes", true }, { "no", false }, { "true", true }, { "false", false },
		{ "on", true }, { "off", false }, { "1", true }, { "0", false } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (slice_equal_fold(s, slice_of(words[i].word))) {
			*ret = words[i].value;
			return true;
		}
	}
	return false;
}

static int set_row(
	struct conf *conf, const struct conf_row *row, struct slice value, struct err *err)
{
	struct err_quote quote;
	char *text;

	switch (row->type) {
	case CONF_BOOL:
		if (!parse_bool(value, conf_at(conf, row)))
			return err_set(err, ERR_USAGE, "%s: %s is neither yes nor no", row->key,
				err_quote(&quote, value));
		return 0;
	case CONF_DAYS:
		if (!slice_i64(value, 0, CONF_DAYS_MAX, conf_at(conf, row)))
			return err_set(err, ERR_USAGE, "%s: %s is not a number of days", row->key,
				err_quote(&quote, value));
		return 0;
	case CONF_NUMBER:
		if (!slice_i64(value, 0, CONF_NUMBER_MAX, conf_at(conf, row)))
			return err_set(err, ERR_USAGE, "%s: %s is not a number from 0 to %d",
				row->key, err_quote(&quote, value), CONF_NUMBER_MAX);
		return 0;
	case CONF_TEXT:
	default:
		if (value.len >= CONF_TEXT_MAX)
			return err_set(err, ERR_USAGE, "%s: longer than %d bytes", row->key,
				CONF_TEXT_MAX - 1);
		text = conf_at(conf, row);
		memcpy(text, value.ptr, value.len);
		text[value.len] = '\0';
		return 0;
	}
}

int conf_set(struct conf *conf, struct slice section, struct slice key, struct slice value,
	struct err *err)
{
	struct err_quote quote;
	bool section_known = false;

	for (size_t i = 0; i < CONF_ROWS; i++) {
		if (!slice_equal(section, slice_of(conf_rows[i].section)))
			continue;
		section_known = true;
		if (slice_equal(key, slice_of(conf_rows[i].key)))
			return set_row(conf, &conf_rows[i], value, err);
	}
	if (!section_known)
		return err_set(err, ERR_USAGE, "unknown section %s", err_quote(&quote, section));
	return err_set(err, ERR_USAGE, "unknown setting %s", err_quote(&quote, key));
}

struct conf_load {
	struct conf *conf;
	struct err *err;
	int line; /* inih 55 hands no line number to the handler: counted by our reader */
	FILE *file;
};

static char *read_line(char *dst, int cap, void *arg)
{
	struct conf_load *load = arg;

	load->line++;
	return fgets(dst, cap, load->file);
}

static int handle(void *arg, const char *section, const char *name, const char *value)
{
	struct conf_load *load = arg;

	if (load->err->code != ERR_NONE)
		return 0;
	return conf_set(load->conf, slice_of(section), slice_of(name),
		       value != NULL ? slice_of(value) : SLICE_LIT(""), load->err) == 0;
}

static int load_file(struct conf *conf, FILE *file, const char *path, struct err *err)
{
	struct err first = ERR_INIT;
	struct conf_load load = { conf, &first, 0, file };
	int bad;

	bad = ini_parse_stream(read_line, &load, handle, &load);
	if (bad > 0 && first.code == ERR_NONE)
		(void)err_set(&first, ERR_USAGE, "not a setting (key = value)");
	if (first.code != ERR_NONE)
		return err_set(err, ERR_USAGE, "%s: line %d: %s", path, bad > 0 ? bad : load.line,
			first.text);
	(void)snprintf(conf->path, sizeof conf->path, "%s", path);
	return 0;
}

/* 1: read, 0: not there, -1. */
static int try_file(struct conf *conf, const char *path, struct err *err)
{
	FILE *file = fopen(path, "re");
	int rc;

	if (file == NULL) {
		if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
			return 0;
		return err_errno(err, ERR_USAGE, errno, "%s", path);
	}
	rc = load_file(conf, file, path, err) < 0 ? -1 : 1;
	(void)fclose(file);
	return rc;
}

int conf_load(struct conf *conf, const char *path, struct err *err)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char tried[2 * CONF_TEXT_MAX];
	int rc = 0;

	if (path != NULL) {
		rc = try_file(conf, path, err);
		if (rc == 0)
			return err_set(
				err, ERR_USAGE, "%s: cannot be read: %s", path, strerror(errno));
		return rc < 0 ? -1 : 0;
	}
	if (xdg != NULL && xdg[0] == '/') {
		(void)snprintf(tried, sizeof tried, "%s/ruad/ruad.conf", xdg);
		rc = try_file(conf, tried, err);
	} else if (home != NULL) {
		(void)snprintf(tried, sizeof tried, "%s/.config/ruad/ruad.conf", home);
		rc = try_file(conf, tried, err);
	}
	if (rc == 0)
		rc = try_file(conf, "/etc/ruad/ruad.conf", err);
	return rc < 0 ? -1 : 0;
}

void conf_print(const struct conf *conf)
{
	const char *section = "";

	for (size_t i = 0; i < CONF_ROWS; i++) {
		const struct conf_row *row = &conf_rows[i];
		const char *at = (const char *)conf + row->offset;

		if (strcmp(section, row->section) != 0)
			(void)printf("%s[%s]\n", i > 0 ? "\n" : "", row->section);
		section = row->section;
		if (row->type == CONF_TEXT)
			(void)printf("%s = %s\n", row->key, at);
		else if (row->type == CONF_BOOL)
			(void)printf("%s = %s\n", row->key, *(const bool *)at ? "yes" : "no");
		else
			(void)printf("%s = %lld\n", row->key,
				(long long)*(const int64_t *)(const void *)at);
	}
}
