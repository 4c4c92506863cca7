#include "store/remote.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>

#include "store/base/token.h"
#include "store/emit.h"

/*
 * libcurl brings thirty libraries along, and loading them takes longer than most answers. Only a
 * question to elsewhere pays for it: the library is opened here, not when ruad-query starts.
 */
struct library {
	void *handle;
	CURL *(*init)(void);
	CURLcode (*setopt)(CURL *curl, CURLoption option, ...);
	CURLcode (*perform)(CURL *curl);
	CURLcode (*getinfo)(CURL *curl, CURLINFO info, ...);
	const char *(*strerror)(CURLcode code);
	void (*cleanup)(CURL *curl);
	struct curl_slist *(*append)(struct curl_slist *list, const char *text);
	void (*free_all)(struct curl_slist *list);
};

static int library_open(struct library *l, struct err *err)
{
	static const char *const names[] = { "libcurl-gnutls.so.4", "libcurl.so.4" };
	const struct {
		const char *name;
		void *to; /* a function pointer, which dlsym(3) gives as an object's */
	} symbols[] = { { "curl_easy_init", &l->init }, { "curl_easy_setopt", &l->setopt },
		{ "curl_easy_perform", &l->perform }, { "curl_easy_getinfo", &l->getinfo },
		{ "curl_easy_strerror", &l->strerror }, { "curl_easy_cleanup", &l->cleanup },
		{ "curl_slist_append", &l->append }, { "curl_slist_free_all", &l->free_all } };

	for (size_t i = 0; i < sizeof names / sizeof *names && l->handle == NULL; i++)
		l->handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (l->handle == NULL) {
		err_set(err, ERR_SHORTAGE,
			"--url needs libcurl, which is not there: apt install libcurl3-gnutls");
		return -1;
	}
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		void *symbol = dlsym(l->handle, symbols[i].name);

		if (symbol == NULL) {
			err_set(err, ERR_SHORTAGE, "libcurl has no %s", symbols[i].name);
			return -1;
		}
		memcpy(symbols[i].to, &symbol, sizeof symbol);
	}
	return 0;
}

int remote_url(struct buf *to, struct slice url, const char *path, struct err *err)
{
	struct err_quote quote;

	if (!slice_starts_fold(url, SLICE_LIT("http://")) &&
		!slice_starts_fold(url, SLICE_LIT("https://")))
		return err_set(err, ERR_USAGE, "--url %s must begin with https:// or http://",
			err_quote(&quote, url));
	while (url.len > 0 && url.ptr[url.len - 1] == '/')
		url.len--;
	buf_add(to, url);
	buf_add_text(to, path);
	return 0;
}

void remote_parameter(struct buf *to, struct slice name, struct slice value)
{
	bool first = memchr(buf_text(to), '?', to->len) == NULL;

	buf_add_char(to, first ? '?' : '&');
	emit_url(to, name);
	buf_add_char(to, '=');
	emit_url(to, value);
}

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
	struct buf *body = arg;

	buf_add(body, slice_from(bytes, size * count));
	return buf_failed(body) ? 0 : size * count;
}

/* The header with the token, wiped once libcurl has its own copy. */
static int token_header(
	const struct library *l, const char *path, struct curl_slist **ret, struct err *err)
{
	char token[TOKEN_CHARACTERS_MAX + 1], line[TOKEN_CHARACTERS_MAX + 32];
	int rc = -1;

	if (token_read(path, token, err) < 0)
		return -1;
	(void)snprintf(line, sizeof line, "Authorization: Bearer %s", token);
	*ret = l->append(NULL, line);
	if (*ret == NULL)
		err_set(err, ERR_SHORTAGE, "no memory");
	else
		rc = 0;
	explicit_bzero(token, sizeof token);
	explicit_bzero(line, sizeof line);
	return rc;
}

static int fetch(const struct library *l, CURL *curl, const char *url, struct curl_slist *headers,
	struct buf *body, long *ret_status, struct err *err)
{
	struct err_quote quote;
	CURLcode code;

	(void)l->setopt(curl, CURLOPT_URL, url);
	(void)l->setopt(curl, CURLOPT_HTTPHEADER, headers);
	(void)l->setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)l->setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)l->setopt(curl, CURLOPT_TIMEOUT_MS, (long)REMOTE_MS_MAX);
	(void)l->setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)l->setopt(curl, CURLOPT_USERAGENT, "ruad-query");
	(void)l->setopt(curl, CURLOPT_WRITEFUNCTION, take);
	(void)l->setopt(curl, CURLOPT_WRITEDATA, body);
	code = l->perform(curl);
	if (code == CURLE_WRITE_ERROR)
		return err_set(err, ERR_SHORTAGE, "%s: the answer is longer than %d bytes",
			err_printable(&quote, slice_of(url)), REMOTE_BYTES_MAX);
	if (code != CURLE_OK)
		return err_set(err, ERR_SHORTAGE, "%s: %s", err_printable(&quote, slice_of(url)),
			l->strerror(code));
	(void)l->getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	return 0;
}

int remote_get(const char *url, const char *token_file, struct buf *body, long *ret_status,
	struct err *err)
{
	struct library l = { .handle = NULL };
	struct curl_slist *headers = NULL;
	CURL *curl = NULL;
	int rc = -1;

	if (library_open(&l, err) < 0 ||
		(token_file != NULL && token_header(&l, token_file, &headers, err) < 0))
		return -1;
	curl = l.init();
	if (curl == NULL)
		err_set(err, ERR_SHORTAGE, "no memory for a request");
	else
		rc = fetch(&l, curl, url, headers, body, ret_status, err);
	l.cleanup(curl);
	l.free_all(headers);
	return rc; /* the library stays: its own threads and statics would not outlive it */
}
