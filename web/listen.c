#include "web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/base/ip.h"

#define BACKLOG 128
/* The first descriptor a service manager hands over (sd_listen_fds(3)). */
#define LISTEN_FD_FIRST 3

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un un;
};

static bool is_loopback(const struct ip *ip)
{
	static const uint8_t v6_loopback[16] = { [15] = 1 };

	return ip->len == 4 ? ip->bytes[0] == 127
			    : ip->len == 16 && memcmp(ip->bytes, v6_loopback, 16) == 0;
}

bool listen_is_local(const struct sockaddr *peer)
{
	struct ip ip = { { 0 }, 0 };
	union address at = { 0 };

	if (peer == NULL)
		return false;
	if (peer->sa_family == AF_UNIX)
		return true;
	if (peer->sa_family == AF_INET) {
		memcpy(&at.v4, peer, sizeof at.v4);
		(void)ip_from_bytes(slice_from(&at.v4.sin_addr, 4), &ip);
	} else if (peer->sa_family == AF_INET6) {
		memcpy(&at.v6, peer, sizeof at.v6);
		(void)ip_from_bytes(slice_from(&at.v6.sin6_addr, 16), &ip);
	}
	return is_loopback(&ip);
}

static int check_loopback(const struct ip *ip, struct err *err)
{
	char text[IP_TEXT_MAX];

	if (is_loopback(ip))
		return 0;
	return err_set(err, ERR_USAGE,
		"%s can be reached from other machines, and there are no accounts yet; listen on "
		"127.0.0.1, [::1] or unix:PATH and put a proxy that asks for a password in front",
		ip_text(ip, text));
}

/* The address a socket really has: into name and host. */
static int describe(struct listener *l, struct err *err)
{
	union address at = { 0 };
	socklen_t len = sizeof at;
	struct ip ip = { { 0 }, 0 };
	char text[IP_TEXT_MAX];
	bool v6;

	if (getsockname(l->fd, &at.any, &len) < 0)
		return err_errno(err, ERR_USAGE, errno, "the listening socket");
	if (at.any.sa_family == AF_UNIX) {
		(void)snprintf(l->name, sizeof l->name, "unix:%.*s", (int)sizeof at.un.sun_path,
			at.un.sun_path);
		return 0;
	}
	v6 = at.any.sa_family == AF_INET6;
	if (!v6 && at.any.sa_family != AF_INET)
		return err_set(err, ERR_USAGE, "the listening socket is neither IP nor unix");
	(void)ip_from_bytes(
		v6 ? slice_from(&at.v6.sin6_addr, 16) : slice_from(&at.v4.sin_addr, 4), &ip);
	if (check_loopback(&ip, err) < 0)
		return -1;
	(void)ip_text(&ip, text);
	(void)snprintf(l->host, sizeof l->host, ip.len == 16 ? "[%s]" : "%s", text);
	(void)snprintf(l->name, sizeof l->name, "%s:%u", l->host,
		ntohs(v6 ? at.v6.sin6_port : at.v4.sin_port));
	return 0;
}

/* A socket file nobody answers at is left over from a crash. */
static int remove_stale(const union address *at, socklen_t len, const char *path, struct err *err)
{
	struct stat st;
	int fd, rc;

	if (lstat(path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_USAGE, "%s is there and is not a socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	rc = fd < 0 ? -1 : connect(fd, &at->any, len);
	if (fd >= 0)
		(void)close(fd);
	if (rc == 0)
		return err_set(err, ERR_SHORTAGE, "%s is in use by another program", path);
	return unlink(path) < 0 ? err_errno(err, ERR_USAGE, errno, "%s", path) : 0;
}

static int open_unix(struct listener *l, const char *path, struct err *err)
{
	union address at = { .un = { .sun_family = AF_UNIX } };

	if (path[0] != '/' || strlen(path) >= sizeof at.un.sun_path)
		return err_set(err, ERR_USAGE,
			"unix:%s: the path is absolute and shorter than %zu bytes", path,
			sizeof at.un.sun_path);
	memcpy(at.un.sun_path, path, strlen(path) + 1);
	if (remove_stale(&at, sizeof at.un, path, err) < 0)
		return -1;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0 || bind(l->fd, &at.any, sizeof at.un) < 0)
		return err_errno(err, ERR_USAGE, errno, "unix:%s", path);
	(void)snprintf(l->unlink, sizeof l->unlink, "%s", path);
	/* A proxy needs to write to it: it shares our group. */
	if (chmod(path, 0660) < 0)
		return err_errno(err, ERR_USAGE, errno, "unix:%s", path);
	return 0;
}

/* "127.0.0.1:8080" apart. */
static int parse_where(struct slice where, struct ip *ip, uint16_t *port, struct err *err)
{
	struct err_quote quote;
	size_t colon = where.len;
	struct slice host;
	uint64_t number = 0;

	while (colon > 0 && where.ptr[colon - 1] != ':')
		colon--;
	if (colon == 0 ||
		!slice_u64(slice_from(where.ptr + colon, where.len - colon), 65535, &number))
		return err_set(err, ERR_USAGE, "%s is neither ADDRESS:PORT nor unix:PATH",
			err_quote(&quote, where));
	host = slice_from(where.ptr, colon - 1);
	if (slice_equal_fold(host, SLICE_LIT("localhost")))
		host = SLICE_LIT("127.0.0.1");
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = slice_from(host.ptr + 1, host.len - 2);
	if (!ip_parse(host, ip))
		return err_set(err, ERR_USAGE,
			"%s is no address; write 127.0.0.1:PORT or [::1]:PORT",
			err_quote(&quote, host));
	*port = (uint16_t)number;
	return 0;
}

static int open_ip(struct listener *l, const char *where, struct err *err)
{
	union address at = { 0 };
	socklen_t len;
	struct ip ip = { { 0 }, 0 };
	uint16_t port = 0;
	int on = 1;

	if (parse_where(slice_of(where), &ip, &port, err) < 0 || check_loopback(&ip, err) < 0)
		return -1;
	if (ip.len == 16) {
		at.v6.sin6_family = AF_INET6;
		at.v6.sin6_port = htons(port);
		memcpy(&at.v6.sin6_addr, ip.bytes, 16);
		len = sizeof at.v6;
	} else {
		at.v4.sin_family = AF_INET;
		at.v4.sin_port = htons(port);
		memcpy(&at.v4.sin_addr, ip.bytes, 4);
		len = sizeof at.v4;
	}
	l->fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_errno(err, ERR_USAGE, errno, "%s", where);
	(void)setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(l->fd, &at.any, len) < 0) {
		if (errno == EADDRINUSE)
			return err_set(err, ERR_SHORTAGE,
				"%s is in use by another program; --listen takes another port",
				where);
		return err_errno(err, ERR_USAGE, errno, "%s", where);
	}
	return 0;
}

/* One socket from the service manager (sd_listen_fds(3)): 1 taken, 0 none, -1. */
static int take_given(struct listener *l, struct err *err)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t number;

	if (pid == NULL || fds == NULL || !slice_u64(slice_of(pid), INT32_MAX, &number) ||
		number != (uint64_t)getpid())
		return 0;
	if (!slice_u64(slice_of(fds), INT32_MAX, &number) || number != 1)
		return err_set(err, ERR_USAGE, "LISTEN_FDS is %s: one socket is expected", fds);
	l->fd = LISTEN_FD_FIRST;
	l->given = true;
	if (fcntl(l->fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(l->fd, F_SETFL, O_NONBLOCK) < 0)
		return err_errno(err, ERR_USAGE, errno, "the socket of the service manager");
	return 1;
}

int listener_open(struct listener *l, const char *where, struct err *err)
{
	struct slice s = slice_of(where);
	int given;

	*l = (struct listener){ .fd = -1 };
	given = take_given(l, err);
	if (given < 0)
		goto fail;
	if (given == 0 && slice_starts(s, SLICE_LIT("unix:"))) {
		if (open_unix(l, where + 5, err) < 0)
			goto fail;
	} else if (given == 0 && open_ip(l, where, err) < 0) {
		goto fail;
	}
	if (given == 0 && listen(l->fd, BACKLOG) < 0) {
		(void)err_errno(err, ERR_USAGE, errno, "%s", where);
		goto fail;
	}
	if (describe(l, err) < 0)
		goto fail;
	return 0;
fail:
	listener_close(l);
	return -1;
}

void listener_close(struct listener *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
	if (l->unlink[0] != '\0')
		(void)unlink(l->unlink);
	l->unlink[0] = '\0';
}

void listener_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	union address at = { .un = { .sun_family = AF_UNIX } };
	socklen_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') ||
		strlen(path) >= sizeof at.un.sun_path)
		return;
	memcpy(at.un.sun_path, path, strlen(path));
	if (path[0] == '@')
		at.un.sun_path[0] = '\0'; /* the abstract name space */
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, &at.any, len);
	(void)close(fd);
}
