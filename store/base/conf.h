/*
 * conf: the settings file (INI, by inih), under flags and over defaults.
 *
 * One file serves all programs; each setting is a row of one table. An unknown section or key,
 * a bad value or a line that is no INI is an error that names file and line. Flags override by
 * calling conf_set() after conf_load().
 *
 *	struct conf conf;
 *	conf_init(&conf);
 *	if (conf_load(&conf, path_or_NULL, err) < 0)
 *		...
 */
#ifndef STORE_BASE_CONF_H
#define STORE_BASE_CONF_H

#include "store/base/err.h"

#define CONF_TEXT_MAX 1024

struct conf {
	/* [store] */
	char db[CONF_TEXT_MAX];		/* database file */
	int64_t retention_days;		/* 0: keep for ever */
	bool keep_originals;
	int64_t originals_days;		/* 0: as long as the report */
	char asn_database[CONF_TEXT_MAX];	/* an .mmdb that names networks' operators, "" for none */
	/* [ingest] */
	char maildir[CONF_TEXT_MAX];	/* read when no path is given */
	bool cur, keep;
	char authserv_id[CONF_TEXT_MAX];	/* names of our own MTA, separated by blanks */
	/* [web] */
	char listen[CONF_TEXT_MAX];
	char host[CONF_TEXT_MAX];	/* names the service may be asked by, separated by blanks */
	char token_file[CONF_TEXT_MAX];	/* its content lets a program change something, "" nobody */
	/* [dns] */
	bool dns_enabled;
	char dns_servers[CONF_TEXT_MAX];	/* "127.0.0.1:5353 [::1]:53"; "" for the system's */
	int64_t dns_reverse;		/* addresses a run asks the names of; 0: none */

	char path[CONF_TEXT_MAX];	/* the file that was read, "" if none */
};

void conf_init(struct conf *conf);
/*
 * Reads `path`, or, when NULL, the first there is of $XDG_CONFIG_HOME/ruad/ruad.conf,
 * ~/.config/ruad/ruad.conf, /etc/ruad/ruad.conf (none there is no error; a named one that is
 * missing is). ERR_USAGE with "FILE: line N: ..." on the first fault.
 */
int conf_load(struct conf *conf, const char *path, struct err *err);
/* One setting, as the file would name it ("store", "db"). ERR_USAGE on an unknown or bad one. */
int conf_set(struct conf *conf, struct slice section, struct slice key, struct slice value,
	struct err *err);
/* Every setting as an INI file, to stdout: what --check-config prints. */
void conf_print(const struct conf *conf);

#endif
