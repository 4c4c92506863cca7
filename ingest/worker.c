#include "ingest/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ingest/judge.h"
#include "store/base/day.h"

/* Lets the worker parse on while a commit waits for the disk. */
#define PIPE_BYTES (1024 * 1024)
#define PAUSE_NS   400000
#define READ_BYTES (256 * 1024)
/* Descriptors of this process that are no mails under way. */
#define DESCRIPTORS_KEPT 32
/* Between two looks at `stop`. */
#define LOOK_MS 500

struct request {
	int64_t seen, size, age_seconds;
	uint32_t name_len;
	bool bare;
};

struct worker {
	struct worker_options options;
	pid_t keeper;
	int control; /* to the keeper */
	int mails;   /* requests; -1: no worker */
	int frames;  /* answers */
	bool hung;
	unsigned ahead;
	char *bytes; /* READ_BYTES and a frame */
	size_t cap, from, to;
};

/* ---- descriptors over a socket ------------------------------------------------------------- */

union control_room {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(2 * sizeof(int))];
};

static ssize_t send_fds(
	int to, struct iovec *parts, size_t parts_len, const int *fds, size_t n, int flags)
{
	union control_room room = { .bytes = { 0 } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = parts_len };
	struct cmsghdr *c;
	ssize_t rc;

	if (n > 0) {
		msg.msg_control = room.bytes;
		msg.msg_controllen = CMSG_SPACE(n * sizeof *fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof *fds);
		memcpy(CMSG_DATA(c), fds, n * sizeof *fds);
	}
	do {
		rc = sendmsg(to, &msg, flags | MSG_NOSIGNAL);
	} while (rc < 0 && errno == EINTR);
	return rc;
}

/* Bytes received, 0 at the end, -1; fds that did not come are -1. */
static ssize_t receive_fds(int from, struct iovec *parts, size_t parts_len, int *fds, size_t n)
{
	union control_room room;
	struct msghdr msg = { .msg_iov = parts,
		.msg_iovlen = parts_len,
		.msg_control = room.bytes,
		.msg_controllen = sizeof room.bytes };
	ssize_t rc;

	for (size_t i = 0; fds != NULL && i < n; i++)
		fds[i] = -1;
	do {
		rc = recvmsg(from, &msg, MSG_CMSG_CLOEXEC);
	} while (rc < 0 && errno == EINTR);
	for (struct cmsghdr *c = rc > 0 ? CMSG_FIRSTHDR(&msg) : NULL; c != NULL;
		c = CMSG_NXTHDR(&msg, c)) {
		if (n > 0 && fds != NULL && c->cmsg_level == SOL_SOCKET &&
			c->cmsg_type == SCM_RIGHTS && c->cmsg_len <= CMSG_LEN(n * sizeof *fds))
			memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	}
	return rc;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* ---- the worker ---------------------------------------------------------------------------- */

struct child {
	struct wire_out out;
	int frames;
};

static int child_send(struct wire_out *out, struct slice bytes, struct err *err)
{
	struct child *child = (struct child *)out;
	ssize_t n;

	(void)err;
	while (bytes.len > 0) {
		n = write(child->frames, bytes.ptr, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0); /* nobody listens any more */
		bytes = slice_from(bytes.ptr + n, bytes.len - (size_t)n);
	}
	return 0;
}

/* Ends with whoever made it, and gains nothing by an exec. */
static void tie_to(pid_t parent)
{
	const struct rlimit none = { 0, 0 };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
}

static int child_mail(
	struct child *child, struct judge *judge, const struct worker_options *options, int mails)
{
	static char name[PATH_MAX];
	struct request request;
	struct iovec parts[] = { { &request, sizeof request }, { name, sizeof name } };
	struct inbox_item item = { .odd = NULL };
	struct err why = ERR_INIT, err = ERR_INIT;
	const ssize_t n = receive_fds(mails, parts, 2, &item.fd, 1);
	int rc;

	if (n < (ssize_t)sizeof request || request.name_len != (size_t)n - sizeof request)
		return -1;
	item.id.name = slice_from(name, request.name_len);
	item.id.size = request.size;
	item.age_seconds = request.age_seconds;
	item.bare = request.bare;
	if (item.fd < 0)
		rc = err_set(&why, ERR_SHORTAGE, "no descriptor for it in the parser");
	else if (options->judge != NULL)
		rc = options->judge(options->arg, &item, request.seen, &child->out.sink, &why);
	else
		rc = judge_mail(judge, &item, request.seen, &child->out.sink, &why);
	close_fd(&item.fd);
	return rc < 0 ? wire_shortage(&child->out, &why, &err) : 0;
}

static _Noreturn void child_main(const struct worker_options *options, int mails, int frames)
{
	static struct child child;
	struct judge *judge = NULL;
	struct err err = ERR_INIT;

	child.frames = frames;
	(void)wire_out_init(&child.out, child_send);
	if (judge_open(&judge, options->authserv_id, &err) < 0 ||
		(options->originals && wire_out_pack(&child.out, &err) < 0))
		_exit(1);
	while (child_mail(&child, judge, options, mails) == 0)
		;
	_exit(0);
}

/* ---- the keeper ---------------------------------------------------------------------------- */

/* One byte asks: 's' with two descriptors for a new worker, 'e' for the end of it; the answer is its wait
 * status, or 0 for a start. The worker is not waited for before that, so its number stays its own. */
static _Noreturn void keeper_main(const struct worker_options *options, int control)
{
	const pid_t self = getpid();
	pid_t worker = 0;
	char what = 0;
	int fds[2], status;
	struct iovec part = { &what, 1 };

	while (receive_fds(control, &part, 1, fds, 2) == 1) {
		status = 0;
		if (what == 's' && worker == 0) {
			worker = fork();
			if (worker == 0) {
				(void)close(control);
				tie_to(self);
				child_main(options, fds[0], fds[1]);
			}
			status = worker < 0 ? -1 : 0;
			worker = worker < 0 ? 0 : worker;
		} else if (what == 'e' && worker > 0) {
			(void)kill(worker, SIGKILL);
			while (waitpid(worker, &status, 0) < 0 && errno == EINTR)
				;
			worker = 0;
		}
		close_fd(&fds[0]);
		close_fd(&fds[1]);
		part = (struct iovec){ &status, sizeof status };
		if (send_fds(control, &part, 1, NULL, 0, 0) < 0)
			break;
		part = (struct iovec){ &what, 1 };
	}
	if (worker > 0) {
		(void)kill(worker, SIGKILL);
		(void)waitpid(worker, &status, 0);
	}
	_exit(0);
}

/* Nothing but the control socket and standard error is left open. */
static _Noreturn void keeper_begin(const struct worker_options *options, int control, pid_t parent)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* A terminal's or a service manager's signal to all: the parent says when it is over. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	tie_to(parent);
	if (null >= 0) {
		(void)dup2(null, STDIN_FILENO);
		(void)dup2(null, STDOUT_FILENO);
	}
	if (control != STDERR_FILENO + 1 && dup2(control, STDERR_FILENO + 1) < 0)
		_exit(1);
	(void)close_range(STDERR_FILENO + 2, UINT_MAX, 0);
	keeper_main(options, STDERR_FILENO + 1);
}

/* ---- the parent's side ---------------------------------------------------------------------- */

int worker_open(struct worker **ret, const struct worker_options *options, struct err *err)
{
	struct worker *w = calloc(1, sizeof *w);
	const pid_t self = getpid();
	struct rlimit files;
	int pair[2];

	if (w == NULL || (w->bytes = malloc(READ_BYTES + WIRE_FRAME_MAX)) == NULL) {
		free(w);
		return err_errno(err, ERR_SHORTAGE, ENOMEM, "parser");
	}
	w->options = *options;
	w->cap = READ_BYTES + WIRE_FRAME_MAX;
	w->mails = w->frames = -1;
	w->ahead = INBOX_AHEAD_MAX;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < DESCRIPTORS_KEPT + w->ahead)
		w->ahead = files.rlim_cur > DESCRIPTORS_KEPT
				   ? (unsigned)(files.rlim_cur - DESCRIPTORS_KEPT)
				   : 1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		err_errno(err, ERR_SHORTAGE, errno, "parser");
		goto fail;
	}
	w->keeper = fork();
	if (w->keeper == 0)
		keeper_begin(&w->options, pair[1], self);
	(void)close(pair[1]);
	w->control = pair[0];
	if (w->keeper < 0) {
		err_errno(err, ERR_SHORTAGE, errno, "parser");
		(void)close(pair[0]);
		goto fail;
	}
	*ret = w;
	return 0;
fail:
	free(w->bytes);
	free(w);
	return -1;
}

void worker_close(struct worker *w)
{
	if (w == NULL)
		return;
	close_fd(&w->mails);
	close_fd(&w->frames);
	close_fd(&w->control);
	while (waitpid(w->keeper, NULL, 0) < 0 && errno == EINTR)
		;
	free(w->bytes);
	free(w);
}

unsigned worker_count(void)
{
	cpu_set_t mine;
	const int n = sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) - 1 : 1;

	if (n < 1)
		return 1;
	return n < WORKERS_MAX ? (unsigned)n : WORKERS_MAX;
}

unsigned worker_ahead(const struct worker *w)
{
	return w->ahead;
}

/* The keeper's answer; only its own end stops it from coming. */
static int ask(struct worker *w, char what, const int *fds, size_t n, int *status, struct err *err)
{
	struct iovec question = { &what, 1 }, answer = { status, sizeof *status };

	if (send_fds(w->control, &question, 1, fds, n, 0) < 0 ||
		receive_fds(w->control, &answer, 1, NULL, 0) != (ssize_t)sizeof *status)
		return err_set(err, ERR_SHORTAGE, "the process that keeps the parser is gone");
	return 0;
}

static int start(struct worker *w, struct err *err)
{
	int mails[2] = { -1, -1 }, frames[2] = { -1, -1 }, status = 0, rc = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, mails) < 0 ||
		pipe2(frames, O_CLOEXEC) < 0) {
		err_errno(err, ERR_SHORTAGE, errno, "parser");
		goto out;
	}
	(void)fcntl(frames[1], F_SETPIPE_SZ, PIPE_BYTES);
	if (ask(w, 's', (const int[]){ mails[1], frames[1] }, 2, &status, err) < 0)
		goto out;
	if (status != 0) {
		err_set(err, ERR_SHORTAGE, "the parser cannot be started");
		goto out;
	}
	w->mails = mails[0];
	w->frames = frames[0];
	mails[0] = frames[0] = -1;
	w->from = w->to = 0;
	w->hung = false;
	rc = 0;
out:
	close_fd(&mails[0]);
	close_fd(&mails[1]);
	close_fd(&frames[0]);
	close_fd(&frames[1]);
	return rc;
}

int worker_send(struct worker *w, const struct inbox_item *item, int64_t seen, struct err *err)
{
	const struct slice name =
		item->bare && item->id.name.len < PATH_MAX ? item->id.name : SLICE_ABSENT;
	struct request request;
	struct iovec parts[] = { { &request, sizeof request }, { NULL, name.len } };

	memset(&request, 0, sizeof request);
	request.seen = seen;
	request.size = item->id.size;
	request.age_seconds = item->age_seconds;
	request.name_len = (uint32_t)name.len;
	request.bare = item->bare;
	memcpy(&parts[1].iov_base, &name.ptr, sizeof name.ptr); /* sendmsg() does not write to it */
	if (w->mails < 0 && start(w, err) < 0)
		return -1;
	/* Full, or the worker is dead: its frames' end will say so. */
	return send_fds(w->mails, parts, 2, &item->fd, 1, MSG_DONTWAIT) >= 0;
}

/* 1: there is something to read; 0: it hangs; -1: asked to stop, and nothing comes. */
static int wait_for_bytes(struct worker *w)
{
	const int64_t most =
		w->options.silent_ms_max > 0 ? w->options.silent_ms_max : WORKER_SILENT_MS_MAX;
	const int64_t began = day_monotonic_ms();
	struct pollfd p = { .fd = w->frames, .events = POLLIN };
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int64_t left;
	bool looked = false;

	/* Whoever writes to a pipe on which nobody waits need not wake anyone: that takes as long as
	 * the writing. A moment later there is more to read, too. */
	if (poll(&p, 1, 0) > 0)
		return 1;
	(void)nanosleep(&pause, NULL);
	while ((left = began + most - day_monotonic_ms()) > 0) {
		if (poll(&p, 1, (int)(left < LOOK_MS ? left : LOOK_MS)) > 0)
			return 1;
		/* A signal comes once; a mail at hand gets a little time more. */
		if (w->options.stop != NULL && *w->options.stop != 0) {
			if (looked)
				return -1;
			looked = true;
		}
	}
	return 0;
}

/* Room for the rest of a frame: what is left of the bytes goes to the front. */
static void make_room(struct worker *w)
{
	if (w->from == w->to)
		w->from = w->to = 0;
	if (w->cap - w->to >= READ_BYTES)
		return;
	memmove(w->bytes, w->bytes + w->from, w->to - w->from);
	w->to -= w->from;
	w->from = 0;
}

int worker_frame(struct worker *w, struct wire_frame *ret, struct err *why)
{
	struct slice bytes;
	ssize_t n;
	int rc;

	if (w->mails < 0) {
		err_set(why, ERR_MESSAGE, "parser crashed");
		return 0;
	}
	for (;;) {
		bytes = slice_from(w->bytes + w->from, w->to - w->from);
		rc = wire_next(&bytes, ret, why);
		w->from = w->to - bytes.len;
		if (rc != 0)
			return rc > 0;
		rc = wait_for_bytes(w);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			w->hung = true;
			err_set(why, ERR_MESSAGE, "parser crashed (it hung)");
			return 0;
		}
		make_room(w);
		n = read(w->frames, w->bytes + w->to, w->cap - w->to);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_clear(why);
			return 0;
		}
		w->to += (size_t)n;
	}
}

int worker_drop(struct worker *w, struct err *why, struct err *err)
{
	char babble[200];
	int status = 0;

	if (w->mails < 0)
		return 0;
	close_fd(&w->mails);
	close_fd(&w->frames);
	if (ask(w, 'e', NULL, 0, &status, err) < 0)
		return -1;
	if (w->hung)
		return 0;
	if (why->text[0] != '\0') {
		(void)snprintf(babble, sizeof babble, "%.180s", why->text);
		err_set(why, ERR_MESSAGE, "parser crashed (%s)", babble);
	} else if (WIFSIGNALED(status)) {
		err_set(why, ERR_MESSAGE, "parser crashed (signal %d)", WTERMSIG(status));
	} else {
		err_set(why, ERR_MESSAGE, "parser crashed (status %d)",
			WIFEXITED(status) ? WEXITSTATUS(status) : status);
	}
	return 0;
}
