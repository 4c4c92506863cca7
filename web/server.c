#include "web/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/base/day.h"
#include "store/base/ip.h"
#include "store/embedded.h"
#include "web/accept.h"
#include "web/conns.h"
#include "web/gzip.h"

/* One connection's memory in libmicrohttpd: the head of a request and a block of the answer. */
#define CONNECTION_BYTES (2 * REQUEST_BYTES_MAX)
/* Bytes of the request line's address. */
#define TARGET_BYTES_MAX   (REQUEST_BYTES_MAX / 2)
#define STREAM_BLOCK_BYTES (16 * 1024)
/*
 * CONN_MAX is held by us. The library's own limit is one of each thread, and must not be met: 0.9.75
 * then leaves a lock behind that its thread waits for ever after.
 */
#define LIBRARY_CONN_MAX (2 * SERVER_THREADS * CONN_MAX)
/* Connections taken before time and signals are looked at again. */
#define ACCEPTS_AT_ONCE 64
/* Nothing more can be taken (no descriptor, no memory): how long until it is tried again. */
#define ACCEPT_PAUSE_MS 50

struct server {
	struct MHD_Daemon *daemon;
	struct server_options options;
	struct conns *conns;
	int64_t accept_again_ms; /* not before */
};

/* One request, from its first line to the end of its answer. */
struct exchange {
	struct slice target;
	bool seen;
	struct buf body;
	char text[]; /* what target points at */
};

/* An answer on its way. */
struct sending {
	struct reader plain; /* first: sending_plain() goes back from it to us */
	struct response res;
	struct gzip *gzip; /* around plain, or NULL */
	size_t sent;       /* of res.body */
};

static const struct {
	const char *name, *value;
} security_headers[] = {
	{ "Content-Security-Policy",
		"default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
		"form-action 'self'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
};

/* ---- connections ------------------------------------------------------------------------- */

static void on_connection(void *cls, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct server *s = cls;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		*socket_context = info != NULL ? conns_begin(s->conns, info->connect_fd) : NULL;
	} else {
		conns_end(s->conns, *socket_context);
		*socket_context = NULL;
	}
}

static void mark(struct server *s, struct MHD_Connection *connection, bool busy)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	conns_mark(s->conns, info != NULL ? info->socket_context : NULL, busy);
}

void server_tick(struct server *s)
{
	conns_tick(s->conns);
}

int server_door(struct server *s)
{
	return !conns_full(s->conns) && day_monotonic_ms() >= s->accept_again_ms
		       ? s->options.listener->fd
		       : -1;
}

void server_accept(struct server *s)
{
	union {
		struct sockaddr any;
		struct sockaddr_storage room;
	} peer;
	socklen_t len;
	int fd;

	for (int i = 0; i < ACCEPTS_AT_ONCE && server_door(s) >= 0; i++) {
		len = sizeof peer;
		fd = accept4(
			s->options.listener->fd, &peer.any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0 && !conns_accepted(s->conns, fd)) {
			(void)close(fd);
			return;
		}
		if (fd >= 0) {
			/* It closes the connection itself where it refuses it: too many of an address. */
			if (MHD_add_connection(s->daemon, fd, &peer.any, len) != MHD_YES)
				conns_refused(s->conns, fd);
			continue;
		}
		/* A client that left again is no reason to rest; an empty queue neither. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			s->accept_again_ms = day_monotonic_ms() + ACCEPT_PAUSE_MS;
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

/* ---- the guard --------------------------------------------------------------------------- */

static struct slice header(struct MHD_Connection *connection, const char *name)
{
	const char *value = NULL;
	size_t len = 0;

	if (MHD_lookup_connection_value_n(
		    connection, MHD_HEADER_KIND, name, strlen(name), &value, &len) != MHD_YES ||
		value == NULL)
		return SLICE_ABSENT;
	return slice_from(value, len);
}

struct head_count {
	unsigned host, length, encoding;
	uint64_t content_length;
	size_t bytes;
	bool odd; /* a name with a character that no header name has, a length that is none */
};

/* RFC 9110 5.6.2: what a header's name is made of. */
static bool is_token(struct slice s)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
			continue;
		if (c == '\0' || memchr(others, c, sizeof others - 1) == NULL)
			return false;
	}
	return s.len > 0;
}

static enum MHD_Result count_header(void *cls, enum MHD_ValueKind kind, const char *name,
	size_t name_len, const char *value, size_t value_len)
{
	struct head_count *n = cls;
	struct slice key = slice_from(name, name_len);

	(void)kind;
	n->bytes += name_len + value_len + 4;
	n->host += slice_equal_fold(key, SLICE_LIT("host"));
	if (slice_equal_fold(key, SLICE_LIT("content-length"))) {
		n->length++;
		n->odd |= !slice_u64(slice_from(value, value_len), INT64_MAX, &n->content_length);
	}
	n->encoding += slice_equal_fold(key, SLICE_LIT("transfer-encoding"));
	n->odd |= !is_token(key);
	return MHD_YES;
}

static bool is_digits(struct slice s)
{
	uint64_t port;

	return slice_u64(s, 65535, &port);
}

/* The name in a Host header, without its port. Absent if it is no host. */
static struct slice host_name(struct slice host)
{
	struct slice port = SLICE_ABSENT, name;
	size_t end;

	if (host.len > 0 && host.ptr[0] == '[') {
		end = slice_find(host, SLICE_LIT("]"));
		if (end == SIZE_MAX)
			return SLICE_ABSENT;
		name = slice_from(host.ptr, end + 1);
		if (host.len > end + 1) {
			if (host.ptr[end + 1] != ':')
				return SLICE_ABSENT;
			port = slice_from(host.ptr + end + 2, host.len - end - 2);
		}
	} else {
		name = slice_cut(host, ':', &port);
	}
	if (port.ptr != NULL && !is_digits(port))
		return SLICE_ABSENT;
	if (name.len > 1 && name.ptr[name.len - 1] == '.')
		name.len--;
	return name;
}

/* Only by names we know: a page elsewhere whose name was made to point here is refused. */
static bool host_is_ours(const struct server *s, struct slice host)
{
	struct slice name = host_name(host), rest = slice_of(s->options.hosts);
	struct ip ip;

	if (name.len == 0)
		return false;
	if (slice_equal_fold(name, SLICE_LIT("localhost")) ||
		slice_equal(name, SLICE_LIT("[::1]")) ||
		slice_equal(name, slice_of(s->options.listener->host)))
		return true;
	if (ip_parse(name, &ip) && ip.len == 4 && ip.bytes[0] == 127)
		return true;
	while (rest.ptr != NULL) {
		struct slice one = slice_cut(rest, ' ', &rest);

		if (one.len > 0 && slice_equal_fold(one, name))
			return true;
	}
	return false;
}

static bool target_is_plain(struct slice target)
{
	for (size_t i = 0; i < target.len; i++) {
		if ((unsigned char)target.ptr[i] <= ' ' || target.ptr[i] == 0x7f)
			return false;
	}
	return true;
}

/* 0, or the status to refuse with and why. libmicrohttpd 0.9.75 lets all of these pass. */
static unsigned guard(const struct server *s, struct MHD_Connection *connection,
	const struct exchange *x, struct slice version, const char **why)
{
	struct head_count n = { 0 };

	(void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, count_header, &n);
	*why = "the request is malformed";
	if (!slice_equal(version, SLICE_LIT("HTTP/1.1")) &&
		!slice_equal(version, SLICE_LIT("HTTP/1.0"))) {
		*why = "HTTP/1.1 is spoken here";
		return 505;
	}
	if (n.odd || !target_is_plain(x->target))
		return 400;
	if (x->target.len > TARGET_BYTES_MAX) {
		*why = "the address is too long";
		return 414;
	}
	if (n.bytes + x->target.len > REQUEST_BYTES_MAX) {
		*why = "the request's head is too long";
		return 431;
	}
	if (n.host != 1) {
		*why = "a request has one Host header";
		return 400;
	}
	if (n.length > 1 || (n.length > 0 && n.encoding > 0)) {
		*why = "it is not clear where the request ends";
		return 400;
	}
	if (!host_is_ours(s, header(connection, MHD_HTTP_HEADER_HOST))) {
		*why = "this service does not go by that name; the setting host in [web] names others";
		return 421;
	}
	if (n.encoding > 0) {
		*why = "a body comes with its Content-Length here";
		return 411;
	}
	return 0;
}

/* ---- sending ----------------------------------------------------------------------------- */

/* A whole body smaller. True: it is. */
static bool shrink(struct response *res)
{
	struct buf small;
	struct slice from = buf_slice(&res->body);

	if (res->asset != NULL)
		from = slice_from(res->asset->bytes, res->asset->len);
	if (from.len < GZIP_FROM_BYTES)
		return false;
	if (!gzip_whole(from, &small)) {
		buf_release(&small);
		return false;
	}
	buf_release(&res->body);
	res->body = small;
	res->asset = NULL;
	return true;
}

/* The answer's bytes as they are. */
static ssize_t sending_plain(struct reader *r, void *dst, size_t cap, struct err *err)
{
	struct sending *out = (struct sending *)r;
	struct response *res = &out->res;
	size_t left = res->body.len - out->sent;

	if (left > 0) {
		left = left < cap ? left : cap;
		memcpy(dst, res->body.ptr + out->sent, left);
		out->sent += left;
		return (ssize_t)left;
	}
	return res->stream != NULL ? stream_read(res->stream, dst, cap, err) : 0;
}

/* Will the body be sent as gzip? Without memory for it, it goes as it is. */
static bool compress_sending(struct sending *out, struct slice accept)
{
	struct response *res = &out->res;

	if (!accept_gzip(accept) || !gzip_suits(res->type))
		return false;
	if (res->stream == NULL)
		return shrink(res);
	return gzip_open(&out->gzip, &out->plain, NULL) == 0;
}

static void sending_free(void *cls)
{
	struct sending *out = cls;

	gzip_close(out->gzip);
	response_release(&out->res);
	free(out);
}

/* libmicrohttpd asks for more of the body. */
static ssize_t sending_read(void *cls, uint64_t position, char *dst, size_t cap)
{
	struct sending *out = cls;
	struct reader *from = out->gzip != NULL ? gzip_reader(out->gzip) : &out->plain;
	ssize_t n;

	(void)position;
	n = from->read(from, dst, cap, NULL);
	if (n < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	return n > 0 ? n : MHD_CONTENT_READER_END_OF_STREAM;
}

static struct MHD_Response *make_response(struct sending *out)
{
	struct response *res = &out->res;
	uint64_t size = res->stream != NULL ? MHD_SIZE_UNKNOWN : res->body.len;
	struct MHD_Response *made;
	union {
		const char *from;
		char *to;
	} bytes;

	if (res->asset != NULL) {
		bytes.from = res->asset->bytes; /* not written to: it is persistent */
		made = MHD_create_response_from_buffer(
			res->asset->len, bytes.to, MHD_RESPMEM_PERSISTENT);
		if (made != NULL)
			sending_free(out);
		return made;
	}
	return MHD_create_response_from_callback(
		size, STREAM_BLOCK_BYTES, sending_read, out, sending_free);
}

static void add(struct MHD_Response *to, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		(void)MHD_add_response_header(to, name, value);
}

static void add_allow(struct MHD_Response *to, unsigned methods)
{
	struct buf list;

	buf_init(&list, 256);
	route_methods(methods, &list);
	add(to, "Allow", buf_text(&list));
	buf_release(&list);
}

static void add_headers(struct MHD_Response *to, const struct response *res, bool gzip)
{
	char seconds[16];

	for (size_t i = 0; i < sizeof security_headers / sizeof *security_headers; i++)
		add(to, security_headers[i].name, security_headers[i].value);
	if (res->status != 304 && res->status != 204)
		add(to, "Content-Type", res->type);
	add(to, "Cache-Control", res->cache);
	add(to, "Vary", res->vary);
	add(to, "X-Request-Id", res->id);
	add(to, "ETag", res->etag);
	add(to, "Content-Disposition", res->disposition);
	add(to, "Content-Language", res->language);
	add_allow(to, res->allow);
	/* What to come back with. */
	add(to, "WWW-Authenticate", res->status == 401 ? "Bearer realm=\"ruad\"" : NULL);
	add(to, "Link", buf_text(&res->link));
	if (gzip)
		add(to, "Content-Encoding", "gzip");
	if (res->close)
		add(to, "Connection", "close");
	if (res->retry_after > 0) {
		(void)snprintf(seconds, sizeof seconds, "%u", res->retry_after);
		add(to, "Retry-After", seconds);
	}
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct sending *out)
{
	bool gzip = compress_sending(out, header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING));
	unsigned status = out->res.status;
	struct response head = out->res; /* make_response() may free it with its body */
	struct MHD_Response *made;
	enum MHD_Result rc;

	buf_init(&out->res.link, 0);
	made = make_response(out);
	if (made == NULL) {
		buf_release(&head.link);
		sending_free(out);
		return MHD_NO;
	}
	add_headers(made, &head, gzip);
	buf_release(&head.link);
	rc = MHD_queue_response(connection, status, made);
	MHD_destroy_response(made);
	return rc;
}

/* ---- libmicrohttpd's callbacks ------------------------------------------------------------ */

/* The first line was read: keep its address as it was sent, before anyone unescapes it. */
static void *on_target(void *cls, const char *uri, struct MHD_Connection *connection)
{
	size_t len = strlen(uri);
	struct exchange *x = malloc(sizeof *x + len + 1);

	mark(cls, connection, true);
	if (x == NULL)
		return NULL;
	memcpy(x->text, uri, len + 1);
	x->target = slice_from(x->text, len);
	x->seen = false;
	/* Whose body may be how long route_admit() knows; a text is the longest. */
	buf_init(&x->body, BOUNCE_BYTES_MAX);
	return x;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **con_cls,
	enum MHD_RequestTerminationCode toe)
{
	struct exchange *x = *con_cls;

	(void)toe;
	mark(cls, connection, false);
	if (x != NULL)
		buf_release(&x->body);
	free(x);
	*con_cls = NULL;
}

/* Is the client on this machine, and does it speak for nobody else? */
static bool is_local(struct MHD_Connection *connection)
{
	static const char *const proxied[] = { "Forwarded", "X-Forwarded-For", "X-Real-IP", "Via" };
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	for (size_t i = 0; i < sizeof proxied / sizeof *proxied; i++) {
		if (header(connection, proxied[i]).ptr != NULL)
			return false;
	}
	return info != NULL && listen_is_local(info->client_addr);
}

static void fill_ask(struct ask *ask, struct MHD_Connection *connection, const struct exchange *x,
	const char *method)
{
	*ask = (struct ask){
		.method = slice_of(method),
		.target = x->target,
		.accept_language = header(connection, MHD_HTTP_HEADER_ACCEPT_LANGUAGE),
		.if_none_match = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH),
		.host = header(connection, MHD_HTTP_HEADER_HOST),
		.origin = header(connection, MHD_HTTP_HEADER_ORIGIN),
		.fetch_site = header(connection, "Sec-Fetch-Site"),
		.authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
		.content_type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
		.local = is_local(connection),
		.body = buf_slice(&x->body),
	};
	/* guard() saw that it is a number, and one at most. */
	(void)slice_u64(header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH), INT64_MAX,
		&ask->content_length);
}

/* The head was read, no byte of a body yet: what is answered now ends the connection. True: on. */
static bool admit(struct server *s, struct MHD_Connection *connection, const struct exchange *x,
	const char *method, const char *version, struct response *res)
{
	const char *why;
	unsigned refusal = guard(s, connection, x, slice_of(version), &why);
	struct ask ask;

	if (refusal != 0) {
		route_refuse(refusal, why, res);
		return false;
	}
	fill_ask(&ask, connection, x, method);
	return ask.content_length == 0 || route_admit(s->options.web, &ask, res);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload_data, size_t *upload_data_size,
	void **con_cls)
{
	struct server *s = cls;
	struct exchange *x = *con_cls;
	struct sending *out;
	struct ask ask;

	(void)url;
	if (x == NULL)
		return MHD_NO;
	if (*upload_data_size > 0) {
		buf_add(&x->body, slice_from(upload_data, *upload_data_size));
		*upload_data_size = 0;
		/* No longer than route_admit() let pass: libmicrohttpd holds to Content-Length. */
		return buf_failed(&x->body) ? MHD_NO : MHD_YES;
	}
	out = calloc(1, sizeof *out);
	if (out == NULL)
		return MHD_NO;
	out->plain.read = sending_plain;
	if (!x->seen) {
		x->seen = true;
		if (!admit(s, connection, x, method, version, &out->res))
			return send_answer(connection, out);
		free(out);
		return MHD_YES;
	}
	fill_ask(&ask, connection, x, method);
	route_answer(s->options.web, &ask, &out->res);
	return send_answer(connection, out);
}

/* ---- life -------------------------------------------------------------------------------- */

int server_start(struct server **ret, const struct server_options *options, struct err *err)
{
	struct server *s = calloc(1, sizeof *s);

	if (s == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	s->options = *options;
	s->conns = conns_open();
	if (s->conns == NULL) {
		free(s);
		return err_set(err, ERR_SHORTAGE, "no memory");
	}
	/* Not MHD_OPTION_STRICT_FOR_CLIENT: 0.9.75 then sends its own refusal twice. guard() is stricter. */
	/*
	 * It does not listen: MHD_quiesce_daemon() and its own threads may both take the socket out of
	 * epoll, and the second of them ends the program ("Failed to remove listen FD from epoll set").
	 */
	s->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET, 0, NULL,
		NULL, on_request, s, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)SERVER_THREADS,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIBRARY_CONN_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONN_PER_ADDRESS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)REQUEST_IDLE_SECONDS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target, s,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, s, MHD_OPTION_END);
	if (s->daemon == NULL) {
		conns_close(s->conns);
		free(s);
		return err_set(err, ERR_SHORTAGE, "the HTTP library could not start its threads");
	}
	*ret = s;
	return 0;
}

void server_stop(struct server *s, int ms)
{
	int64_t until = day_monotonic_ms() + ms;

	if (s == NULL)
		return;
	while (conns_busy(s->conns) && day_monotonic_ms() < until)
		(void)usleep(10000);
	MHD_stop_daemon(s->daemon);
	conns_close(s->conns);
	free(s);
}

const char *server_library_version(void)
{
	return MHD_get_version();
}
