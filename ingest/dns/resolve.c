#include "ingest/dns/resolve.h"

#include <ares.h>
#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ingest/dns/reply.h"
#include "store/base/limits.h"

/* Milliseconds until a question is sent again, at first; and how many times to each server. */
#define TRY_MS_MAX 1200
#define TRIES_MAX  2
/* Milliseconds in which a name server of the domain answers, if it is to be compared. */
#define PROBE_MS_MAX 700
/* A reply by UDP that no path cuts into pieces; longer ones come by TCP. */
#define UDP_BYTES    1232
#define SERVERS_TEXT 1024
#define DNS_PORT     53
/* Names and types learnt in a run: each question may lead over some aliases. */
#define LEARNT_MAX (DNS_QUERIES_MAX * (DNS_ALIASES_MAX + 2))

struct question {
	struct resolver *resolver;
	char name[DOMAIN_KEY_MAX];
	struct slice key;
	enum dns_type type;
};

struct learnt {
	char name[DOMAIN_KEY_MAX];
	struct slice key;
	enum dns_type type;
};

struct resolver {
	struct dns_view view; /* asks; stands behind the set */
	struct dns_set *set;
	ares_channel channel;
	char servers[SERVERS_TEXT]; /* as c-ares wants them */
	unsigned port;              /* of the first of them */
	bool local;                 /* one of them is on this machine */
	int64_t deadline;           /* on the monotonic clock, milliseconds */
	size_t pending;
	struct question questions[DNS_QUERIES_MAX];
	struct learnt learnt[LEARNT_MAX];
	size_t learnt_len;
	struct resolver_sum sum;
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what is learnt --------------------------------------------------------------------------- */

/* What the set knows by itself. */
static enum dns_status look(
	struct resolver *r, struct slice name, enum dns_type type, struct dns_answer *ret)
{
	dns_set_next(r->set, NULL);
	dns_find(dns_set_view(r->set), name, type, ret);
	dns_set_next(r->set, &r->view);
	return ret->status;
}

static bool learn(struct resolver *r, struct slice name, enum dns_type type)
{
	struct learnt *l;

	for (size_t i = 0; i < r->learnt_len; i++) {
		l = &r->learnt[i];
		if (l->type == type && slice_equal(l->key, name))
			return true;
	}
	if (r->learnt_len == LEARNT_MAX || name.len >= sizeof r->learnt[0].name)
		return false;
	l = &r->learnt[r->learnt_len++];
	memcpy(l->name, name.ptr, name.len);
	l->key = slice_from(l->name, name.len);
	l->type = type;
	return true;
}

static bool on_record(
	void *arg, struct slice name, enum dns_type type, const struct dns_record *record)
{
	struct resolver *r = arg;

	return learn(r, name, type) && dns_set_add(r->set, name, type, record, NULL) == 0;
}

static bool on_nothing(void *arg, struct slice name, enum dns_type type, enum dns_status status)
{
	struct resolver *r = arg;

	return learn(r, name, type) && dns_set_mark(r->set, name, type, status, NULL) == 0;
}

static bool on_known(void *arg, struct slice name, enum dns_type type)
{
	struct dns_answer a;

	return look(arg, name, type, &a) != DNS_UNKNOWN;
}

static void fail(struct resolver *r, const struct question *q, const char *why)
{
	if (r->sum.failures++ == 0) {
		r->sum.failed_name = q->key;
		r->sum.failed_type = dns_type_names[q->type];
		r->sum.failed_why = why;
	}
	(void)on_nothing(r, q->key, q->type, DNS_FAILED);
}

/* ---- asking ----------------------------------------------------------------------------------- */

/* In words for people: what c-ares has one word for is a server that says it failed, or refuses, as
 * well as one that is not there. */
static const char *why_of(int status)
{
	switch (status) {
	case ARES_ECANCELLED:
	case ARES_ETIMEOUT:
		return "no answer in time";
	case ARES_ECONNREFUSED:
		return "the name server failed, refused or was not there";
	default:
		return ares_strerror(status);
	}
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
	static const char *const whys[] = { [REPLY_FAILED] = "the name server gave no answer",
		[REPLY_BROKEN] = "the reply is broken" };
	struct question *q = arg;
	struct resolver *r = q->resolver;
	const struct reply_sink sink = {
		.arg = r, .record = on_record, .nothing = on_nothing, .known = on_known
	};
	enum reply_kind kind = REPLY_FAILED;

	(void)timeouts;
	if (status == ARES_EDESTRUCTION)
		return;
	assert(r->pending > 0);
	r->pending--;
	r->sum.replied |= bytes != NULL;
	r->sum.mute |= status == ARES_ECANCELLED || status == ARES_ETIMEOUT;
	if (bytes == NULL || len < 0) {
		fail(r, q, why_of(status));
		return;
	}
	if (len <= DNS_REPLY_BYTES_MAX)
		kind = reply_read(slice_from(bytes, (size_t)len), q->key, q->type, &sink);
	if (kind != REPLY_READ)
		fail(r, q, whys[kind]);
}

static bool is_asked(const struct resolver *r, struct slice name, enum dns_type type)
{
	for (unsigned i = 0; i < r->sum.queries; i++) {
		const struct question *q = &r->questions[i];

		if (q->type == type && slice_equal(q->key, name))
			return true;
	}
	return false;
}

/* As text, in which a backslash stands before a byte that is meant as it is. */
static const char *name_text(struct slice name, char dst[2 * DOMAIN_KEY_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '\\')
			dst[len++] = '\\';
		dst[len++] = name.ptr[i];
	}
	dst[len] = '\0';
	return dst;
}

unsigned resolver_left(const struct resolver *r)
{
	const unsigned asked = r->sum.queries + r->sum.probes;

	return asked >= DNS_QUERIES_MAX || now_ms() >= r->deadline ? 0 : DNS_QUERIES_MAX - asked;
}

static bool ask(struct resolver *r, struct slice name, enum dns_type type)
{
	char text[2 * DOMAIN_KEY_MAX];
	struct question *q;

	if (resolver_left(r) == 0) {
		r->sum.cut = true;
		return false;
	}
	q = &r->questions[r->sum.queries++];
	*q = (struct question){ .resolver = r, .type = type };
	memcpy(q->name, name.ptr, name.len);
	q->key = slice_from(q->name, name.len);
	r->pending++;
	ares_query(r->channel, name_text(name, text), 1 /* IN */, dns_type_numbers[type], on_answer,
		q);
	return true;
}

void resolver_want(struct resolver *r, struct slice name, enum dns_type type)
{
	struct dns_answer a;

	if (type == DNS_OTHER || !dns_name_valid(name) || is_asked(r, name, type) ||
		look(r, name, type, &a) != DNS_UNKNOWN)
		return;
	(void)ask(r, name, type);
}

/* One turn: until a socket has something, a question is to be sent again, or the end is near. */
static void turn(ares_channel channel, int64_t left)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	struct pollfd fds[ARES_GETSOCK_MAXNUM];
	struct timeval most = { .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 }, buffer;
	const struct timeval *wait = ares_timeout(channel, &most, &buffer);
	int mask = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
	nfds_t n = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = (short)((ARES_GETSOCK_READABLE(mask, i) ? POLLIN : 0) |
				       (ARES_GETSOCK_WRITABLE(mask, i) ? POLLOUT : 0));

		if (events != 0)
			fds[n++] = (struct pollfd){ .fd = sockets[i], .events = events };
	}
	if (poll(fds, n, (int)(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1)) <= 0) {
		ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		return;
	}
	for (nfds_t i = 0; i < n; i++) {
		const short in = POLLIN | POLLERR | POLLHUP, out = POLLOUT;

		if (fds[i].revents != 0)
			ares_process_fd(channel,
				(fds[i].revents & in) != 0 ? fds[i].fd : ARES_SOCKET_BAD,
				(fds[i].revents & out) != 0 ? fds[i].fd : ARES_SOCKET_BAD);
	}
}

void resolver_wait(struct resolver *r)
{
	while (r->pending > 0) {
		int64_t left = r->deadline - now_ms();

		if (left <= 0) {
			ares_cancel(r->channel);
			assert(r->pending == 0);
			return;
		}
		turn(r->channel, left);
	}
}

static void resolver_find(
	struct dns_view *view, struct slice name, enum dns_type type, struct dns_answer *ret)
{
	struct resolver *r = (struct resolver *)view;
	char text[DOMAIN_KEY_MAX];

	*ret = (struct dns_answer){ .status = DNS_FAILED };
	for (unsigned hop = 0; hop <= DNS_ALIASES_MAX; hop++) {
		/* Who has not said a word by now has none for the next questions either. */
		const bool silent = r->sum.queries > 0 && !r->sum.replied;

		if (type == DNS_OTHER || silent || is_asked(r, name, type) || !ask(r, name, type)) {
			r->sum.cut |= silent;
			*ret = (struct dns_answer){ .status = DNS_FAILED, .alias = ret->alias };
			return;
		}
		resolver_wait(r);
		if (look(r, name, type, ret) != DNS_UNKNOWN)
			return;
		if (slice_absent(ret->alias) || ret->alias.len >= sizeof text)
			break;
		/* The rest of the way is another question. */
		name = ret->alias;
	}
	*ret = (struct dns_answer){ .status = DNS_FAILED, .alias = ret->alias };
}

/* ---- one server -------------------------------------------------------------------------------- */

struct probing {
	const struct resolver_probe *probe;
	struct dns_set *set;
	size_t *pending;
};

static bool probe_record(
	void *arg, struct slice name, enum dns_type type, const struct dns_record *record)
{
	return dns_set_add(arg, name, type, record, NULL) == 0;
}

static bool probe_nothing(void *arg, struct slice name, enum dns_type type, enum dns_status status)
{
	return dns_set_mark(arg, name, type, status, NULL) == 0;
}

static bool probe_known(void *arg, struct slice name, enum dns_type type)
{
	struct dns_answer a;

	dns_find(dns_set_view(arg), name, type, &a);
	return a.status != DNS_UNKNOWN;
}

#define FLAG_AUTHORITY 0x04 /* of the third byte of a message (RFC 1035 4.1.1) */

static void on_probed(void *arg, int status, int timeouts, unsigned char *bytes, int len)
{
	struct probing *p = arg;
	const struct reply_sink sink = { .arg = p->set,
		.record = probe_record,
		.nothing = probe_nothing,
		.known = probe_known };

	(void)timeouts;
	if (status == ARES_EDESTRUCTION)
		return;
	(*p->pending)--;
	if (bytes != NULL && len > 2 && len <= DNS_REPLY_BYTES_MAX &&
		(bytes[2] & FLAG_AUTHORITY) != 0)
		(void)reply_read(
			slice_from(bytes, (size_t)len), p->probe->name, p->probe->type, &sink);
}

/* Whoever writes the zone says where its servers are: not to be sent to places of his choice. */
static bool may_be_asked(const struct resolver *r, const struct ip *ip)
{
	static const uint8_t loopback6[16] = { [15] = 1 };
	const uint8_t *b = ip->bytes;

	if (ip->len == 4) {
		if (b[0] == 127 || (b[0] == 169 && b[1] == 254))
			return r->local;
		return b[0] != 0 && b[0] < 224;
	}
	if (memcmp(b, loopback6, sizeof loopback6) == 0 || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
		return r->local;
	/* What is above 2000::/3 is local to a site or for many; what is below leads to IPv4. */
	return (b[0] & 0xe0) == 0x20 || (b[0] & 0xfe) == 0xfc;
}

static bool open_probe(const struct resolver *r, const struct ip *server, ares_channel *ret)
{
	struct ares_options options = { .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
						 ARES_FLAG_EDNS | ARES_FLAG_NORECURSE,
		.timeout = PROBE_MS_MAX,
		.tries = 1,
		.ednspsz = UDP_BYTES };
	char text[IP_TEXT_MAX], at[IP_TEXT_MAX + 16];

	(void)snprintf(at, sizeof at, server->len == 4 ? "%s:%u" : "[%s]:%u", ip_text(server, text),
		r->port);
	if (ares_init_options(ret, &options,
		    ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ) !=
		ARES_SUCCESS)
		return false;
	if (ares_set_servers_ports_csv(*ret, at) == ARES_SUCCESS)
		return true;
	ares_destroy(*ret);
	return false;
}

bool resolver_probe(struct resolver *r, const struct ip *server,
	const struct resolver_probe *probes, size_t len, struct dns_set *set)
{
	struct probing asked[DNS_QUERIES_MAX];
	const int64_t end = now_ms() + PROBE_MS_MAX;
	char text[2 * DOMAIN_KEY_MAX];
	ares_channel channel;
	size_t pending = 0;

	if (len > resolver_left(r) || !may_be_asked(r, server) || !open_probe(r, server, &channel))
		return false;
	r->sum.probes += (unsigned)len;
	for (size_t i = 0; i < len; i++) {
		asked[i] = (struct probing){ .probe = &probes[i], .set = set, .pending = &pending };
		pending++;
		ares_query(channel, name_text(probes[i].name, text), 1 /* IN */,
			dns_type_numbers[probes[i].type], on_probed, &asked[i]);
	}
	for (int64_t now = now_ms(); pending > 0 && now < end && now < r->deadline; now = now_ms())
		turn(channel, end - now);
	ares_destroy(channel);
	return true;
}

/* ---- the resolver ----------------------------------------------------------------------------- */

/* The next server of the list, checked, in the form c-ares wants. */
static bool take_server(struct resolver *r, struct slice server, size_t *used)
{
	const size_t cap = sizeof r->servers;
	char *dst = r->servers;
	struct slice address = server, port = SLICE_ABSENT, rest;
	uint64_t number = DNS_PORT;
	struct ip ip;
	char text[IP_TEXT_MAX];
	int n;

	if (server.len > 0 && server.ptr[0] == '[') {
		address = slice_cut(slice_from(server.ptr + 1, server.len - 1), ']', &rest);
		if (slice_absent(rest) || (rest.len > 0 && rest.ptr[0] != ':'))
			return false;
		if (rest.len > 0)
			port = slice_from(rest.ptr + 1, rest.len - 1);
	} else if (!ip_parse(server, &ip)) {
		address = slice_cut(server, ':', &port);
	}
	if (!ip_parse(address, &ip) ||
		(!slice_absent(port) && (!slice_u64(port, UINT16_MAX, &number) || number == 0)))
		return false;
	n = snprintf(dst + *used, cap - *used, "%s%s%s%s:%u", *used > 0 ? "," : "",
		ip.len == 16 ? "[" : "", ip_text(&ip, text), ip.len == 16 ? "]" : "",
		(unsigned)number);
	if (n < 0 || (size_t)n >= cap - *used)
		return false;
	if (*used == 0)
		r->port = (unsigned)number;
	r->local = r->local || (ip.len == 4 ? ip.bytes[0] == 127 : ip.bytes[0] == 0);
	*used += (size_t)n;
	return true;
}

static int take_servers(struct resolver *r, const char *list, struct err *err)
{
	size_t used = 0, n = 0;
	struct err_quote q;

	r->port = DNS_PORT;
	for (list += strspn(list, " \t,"); *list != '\0'; list += strspn(list, " \t,")) {
		struct slice server = slice_from(list, strcspn(list, " \t,"));

		if (++n > RESOLVER_SERVERS_MAX)
			return err_set(
				err, ERR_USAGE, "servers: more than %d", RESOLVER_SERVERS_MAX);
		if (!take_server(r, server, &used))
			return err_set(err, ERR_USAGE,
				"servers: %s is no address with or without a port",
				err_quote(&q, server));
		list += server.len;
	}
	return 0;
}

static int fail_ares(struct err *err, int status)
{
	return err_set(err, ERR_SHORTAGE, "cannot ask the DNS: %s", ares_strerror(status));
}

int resolver_open(struct resolver **ret, const char *servers, struct err *err)
{
	struct resolver *r = calloc(1, sizeof *r);
	int status;

	if (r == NULL)
		return err_set(err, ERR_SHORTAGE, "no memory");
	if (take_servers(r, servers, err) < 0)
		goto fail;
	status = ares_library_init(ARES_LIB_INIT_ALL);
	if (status != ARES_SUCCESS) {
		(void)fail_ares(err, status);
		goto fail;
	}
	r->view.find = resolver_find;
	*ret = r;
	return 0;
fail:
	free(r);
	return -1;
}

/* A question that is still out would be told of what is not there any more: it hears
 * ARES_EDESTRUCTION. */
static void forget(struct resolver *r)
{
	if (r->channel != NULL)
		ares_destroy(r->channel);
	r->channel = NULL;
	dns_set_close(r->set);
	r->set = NULL;
	r->pending = 0;
}

void resolver_close(struct resolver *r)
{
	if (r == NULL)
		return;
	forget(r);
	ares_library_cleanup();
	free(r);
}

/* A channel for each domain: another port to be guessed by whoever would answer in a server's place. */
int resolver_begin(struct resolver *r, struct err *err)
{
	struct ares_options options = { .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES |
						 ARES_FLAG_EDNS,
		.timeout = TRY_MS_MAX,
		.tries = TRIES_MAX,
		.ednspsz = UDP_BYTES };
	int status;

	forget(r);
	r->learnt_len = 0;
	r->sum = (struct resolver_sum){ .failed_name = SLICE_ABSENT };
	if (dns_set_open(&r->set, DNS_SET_BYTES_MAX, err) < 0)
		return -1;
	dns_set_next(r->set, &r->view);
	status = ares_init_options(&r->channel, &options,
		ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ);
	if (status == ARES_SUCCESS && r->servers[0] != '\0')
		status = ares_set_servers_ports_csv(r->channel, r->servers);
	if (status != ARES_SUCCESS)
		return fail_ares(err, status);
	r->deadline = now_ms() + DNS_MS_MAX;
	return 0;
}

struct dns_view *resolver_view(struct resolver *r)
{
	return dns_set_view(r->set);
}

int resolver_each(struct resolver *r,
	int (*each)(void *arg, struct slice name, enum dns_type type,
		const struct dns_answer *answer, struct err *err),
	void *arg, struct err *err)
{
	for (size_t i = 0; i < r->learnt_len; i++) {
		struct dns_answer a;

		(void)look(r, r->learnt[i].key, r->learnt[i].type, &a);
		if (each(arg, r->learnt[i].key, r->learnt[i].type, &a, err) < 0)
			return -1;
	}
	return 0;
}

struct resolver_sum resolver_sum(const struct resolver *r)
{
	return r->sum;
}

const char *resolver_version(void)
{
	return ares_version(NULL);
}
