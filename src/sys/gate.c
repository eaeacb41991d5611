#include "sys/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/gate_int.h"
#include "sys/gerr.h"

enum { EVENTS = 64, TICK_MS = 100 };

/* Something that another thread wants done. */
typedef struct command {
	void (*run)(gate_thread *gate, struct command *command);
	unsigned slot;
	int fd;
	const hk_egress_who *who;
	const hk_gate_caps *caps;
	hk_gate_report *ret;
	GError **error;
	bool good;
	bool done;
} command;

struct hk_gate {
	gate_thread t; /* belongs to the thread */
	pthread_t thread;
	bool started;
	int wake;
	gate_source wake_source, dns_source, listen_sources[HK_GATE_SLOTS];

	GMutex mutex;
	GCond cond;
	command *next; /* to be run; one at a time */
	bool stop;
};

/* ---- Reports ---- */

static void
row_free(gpointer data)
{
	hk_gate_row *row = data;

	g_free(row->scheme);
	g_free(row->host);
	g_free(row->address);
	g_free(row->detail);
	g_free(row);
}

void
hk_gate_report_clear(hk_gate_report *report)
{
	if (report->rows) {
		g_ptr_array_unref(report->rows);
		g_string_free(report->records, TRUE);
	}
	memset(report, 0, sizeof *report);
}

static void
report_reset(hk_gate_report *report)
{
	hk_gate_report_clear(report);
	report->rows = g_ptr_array_new_with_free_func(row_free);
	report->records = g_string_new(NULL);
}

static void
report_copy(const hk_gate_report *from, hk_gate_report *ret)
{
	*ret = *from;
	ret->rows = g_ptr_array_new_with_free_func(row_free);
	ret->records = g_string_new_len(from->records->str, (gssize)from->records->len);
	for (unsigned i = 0; i < from->rows->len; i++) {
		const hk_gate_row *row = from->rows->pdata[i];
		hk_gate_row *copy = g_memdup2(row, sizeof *row);
		copy->scheme = g_strdup(row->scheme);
		copy->host = g_strdup(row->host);
		copy->address = g_strdup(row->address);
		copy->detail = g_strdup(row->detail);
		g_ptr_array_add(ret->rows, copy);
	}
}

/* ---- Slots ---- */

static void
cut_slot(gate_thread *t, unsigned slot, hk_egress_reason reason, const char *detail)
{
	for (unsigned i = 0; i < t->conns->len; i++) {
		gate_conn *c = t->conns->pdata[i];
		if (c->slot == slot) {
			hk_gate_conn_cut(c, reason, detail);
		}
	}
}

bool
hk_gate_count(gate_thread *t, unsigned slot, uint64_t bytes)
{
	gate_slot *s = &t->slots[slot];

	s->report.bytes += bytes;
	if (s->report.bytes <= s->caps.bytes) {
		return true;
	}
	s->report.over = true;
	cut_slot(t, slot, HK_EGRESS_LIMIT, "more bytes than this assignment may move");
	return false;
}

static void
on_record(void *user, const hk_egress_record *record)
{
	gate_slot *s = user;

	if (s->report.recorded++ < HK_GATE_ROWS) {
		hk_egress_record_json(record, s->report.records);
		g_string_append_c(s->report.records, '\n');
	}
}

static void
assign(gate_thread *t, unsigned slot, const hk_egress_who *who, const hk_gate_caps *caps)
{
	gate_slot *s = &t->slots[slot];

	cut_slot(t, slot, HK_EGRESS_NOBODY, "the assignment ended");
	hk_egress_session_free(s->session);
	s->session = who ? hk_egress_session_new(t->loop, who) : NULL;
	if (s->session) {
		hk_egress_session_watch(s->session, on_record, s);
	}
	s->caps = caps ? *caps : (hk_gate_caps){0};
	s->caps.bytes = s->caps.bytes ? s->caps.bytes : 256u << 20;
	s->caps.connections = s->caps.connections ? s->caps.connections : 1000;
	s->caps.ms = s->caps.ms ? s->caps.ms : 120000;
	s->until_ms = hk_clock_mono_ms() + s->caps.ms;
	s->connections = 0;
	report_reset(&s->report);
}

static void
run_assign(gate_thread *t, command *c)
{
	assign(t, c->slot, c->who, c->caps);
}

static void
run_report(gate_thread *t, command *c)
{
	report_copy(&t->slots[c->slot].report, c->ret);
}

static void
unlisten(gate_thread *t, unsigned slot)
{
	gate_slot *s = &t->slots[slot];

	if (s->listen_fd >= 0) {
		assign(t, slot, NULL, NULL);
		/* A forked child may hold it, too: see let_go() in gate_conn.c. */
		epoll_ctl(t->epoll, EPOLL_CTL_DEL, s->listen_fd, NULL);
		close(s->listen_fd);
		s->listen_fd = -1;
		s->paused = false;
	}
}

static void
run_unlisten(gate_thread *t, command *c)
{
	unlisten(t, c->slot);
}

static void
watch_listener(gate_thread *t, unsigned slot, gate_source *source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->slots[slot].listen_fd, &event);
}

static void
run_listen(gate_thread *t, command *c)
{
	hk_gate *gate = (hk_gate *)t; /* its first member */
	gate_slot *s = &t->slots[c->slot];

	if (s->listen_fd >= 0) {
		hk_error_set(c->error, HK_ERANGE, "slot %u is in use", c->slot);
		close(c->fd);
		return;
	}
	fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
	s->listen_fd = c->fd;
	assign(t, c->slot, NULL, NULL);
	watch_listener(t, c->slot, &gate->listen_sources[c->slot]);
	c->good = true;
}

static void
accept_all(gate_thread *t, unsigned slot)
{
	gate_slot *s = &t->slots[slot];

	while (s->listen_fd >= 0 && s->clients < HK_GATE_CLIENTS) {
		int fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			return;
		}
		g_ptr_array_add(t->conns, hk_gate_conn_new(t, slot, fd));
	}
	if (s->listen_fd >= 0 && !s->paused) {
		s->paused = true;
		epoll_ctl(t->epoll, EPOLL_CTL_DEL, s->listen_fd, NULL);
	}
}

/* ---- The thread ---- */

static void
bury(hk_gate *gate)
{
	gate_thread *t = &gate->t;

	for (unsigned i = 0; i < t->conns->len;) {
		gate_conn *c = t->conns->pdata[i];
		if (c->state == GATE_DEAD) {
			g_ptr_array_remove_index_fast(t->conns, i);
		} else {
			i++;
		}
	}
	for (unsigned i = 0; i < HK_GATE_SLOTS; i++) {
		gate_slot *s = &t->slots[i];
		if (s->paused && s->clients < HK_GATE_CLIENTS) {
			s->paused = false;
			watch_listener(t, i, &gate->listen_sources[i]);
		}
	}
}

/* Time-outs, and the kill switch. */
static void
tick(gate_thread *t)
{
	int64_t now_ms = hk_clock_mono_ms();
	bool killed = t->conns->len > 0 && hk_egress_killed(t->egress);

	for (unsigned i = 0; i < t->conns->len; i++) {
		gate_conn *c = t->conns->pdata[i];
		if (killed) {
			hk_gate_conn_cut(c, HK_EGRESS_KILLED, "the kill switch is on");
		} else if (now_ms >= c->until_ms) {
			hk_gate_conn_late(c);
		}
	}
	for (unsigned i = 0; i < HK_GATE_SLOTS; i++) {
		gate_slot *s = &t->slots[i];
		if (s->session && !s->report.over && now_ms >= s->until_ms) {
			s->report.over = true;
			cut_slot(t, i, HK_EGRESS_LIMIT, "the time of this assignment is over");
		}
	}
}

static void
run_command(hk_gate *gate)
{
	g_mutex_lock(&gate->mutex);
	command *c = g_steal_pointer(&gate->next);
	if (c) {
		c->run(&gate->t, c);
		c->done = true;
		g_cond_broadcast(&gate->cond);
	}
	g_mutex_unlock(&gate->mutex);
}

static void
take_event(hk_gate *gate, const gate_source *source, unsigned events)
{
	uint64_t count;

	switch (source->kind) {
	case GATE_WAKE:
		(void)!read(gate->wake, &count, sizeof count);
		run_command(gate);
		break;
	case GATE_DNS:
		break;
	case GATE_LISTEN:
		accept_all(&gate->t, source->slot);
		break;
	case GATE_CLIENT:
		hk_gate_conn_event(source->conn, true, events);
		break;
	case GATE_ORIGIN:
	default:
		hk_gate_conn_event(source->conn, false, events);
		break;
	}
}

static bool
is_stopped(hk_gate *gate)
{
	g_mutex_lock(&gate->mutex);
	bool stop = gate->stop;
	g_mutex_unlock(&gate->mutex);
	return stop;
}

static void *
serve(void *user)
{
	hk_gate *gate = user;
	gate_thread *t = &gate->t;
	struct epoll_event events[EVENTS];
	int64_t tick_ms = 0;

	while (!is_stopped(gate)) {
		int wait_ms = hk_egress_loop_wait_ms(t->loop);
		/* Nobody there: nothing has a time-out. */
		int most_ms = t->conns->len > 0 ? TICK_MS : 1000;
		wait_ms = wait_ms < 0 ? most_ms : MIN(wait_ms, most_ms);
		int n = epoll_wait(t->epoll, events, EVENTS, wait_ms);
		for (int i = 0; i < n; i++) {
			take_event(gate, events[i].data.ptr, events[i].events);
		}
		hk_egress_loop_step(t->loop);
		if (hk_clock_mono_ms() - tick_ms >= TICK_MS) {
			tick_ms = hk_clock_mono_ms();
			tick(t);
		}
		bury(gate);
	}
	return NULL;
}

static void
watch_source(hk_gate *gate, int fd, gate_source *source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	epoll_ctl(gate->t.epoll, EPOLL_CTL_ADD, fd, &event);
}

hk_gate *
hk_gate_new(hk_egress *egress, GError **error)
{
	g_autoptr(hk_gate) gate = g_new0(hk_gate, 1);

	g_mutex_init(&gate->mutex);
	g_cond_init(&gate->cond);
	gate->t.egress = hk_egress_ref(egress);
	gate->t.conns = g_ptr_array_new_with_free_func((GDestroyNotify)hk_gate_conn_free);
	for (unsigned i = 0; i < HK_GATE_SLOTS; i++) {
		gate->t.slots[i].listen_fd = -1;
		gate->listen_sources[i] = (gate_source){GATE_LISTEN, i, NULL};
		report_reset(&gate->t.slots[i].report);
	}
	gate->wake_source.kind = GATE_WAKE;
	gate->dns_source.kind = GATE_DNS;
	gate->t.epoll = epoll_create1(EPOLL_CLOEXEC);
	gate->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	gate->t.loop = hk_egress_loop_new(egress, error);
	if (!gate->t.loop) {
		return NULL;
	}
	watch_source(gate, gate->wake, &gate->wake_source);
	watch_source(gate, hk_egress_loop_fd(gate->t.loop), &gate->dns_source);
	if (gate->t.epoll < 0 || gate->wake < 0 ||
		pthread_create(&gate->thread, NULL, serve, gate) != 0) {
		hk_error_set(error, HK_EIO, "no thread, or too many open files");
		return NULL;
	}
	gate->started = true;
	return g_steal_pointer(&gate);
}

static void
wake(hk_gate *gate)
{
	uint64_t one = 1;

	(void)!write(gate->wake, &one, sizeof one);
}

void
hk_gate_free(hk_gate *gate)
{
	if (!gate) {
		return;
	}
	if (gate->started) {
		g_mutex_lock(&gate->mutex);
		gate->stop = true;
		g_mutex_unlock(&gate->mutex);
		wake(gate);
		pthread_join(gate->thread, NULL);
	}
	for (unsigned i = 0; i < HK_GATE_SLOTS; i++) {
		unlisten(&gate->t, i);
	}
	g_ptr_array_unref(gate->t.conns);
	for (unsigned i = 0; i < HK_GATE_SLOTS; i++) {
		hk_egress_session_free(gate->t.slots[i].session);
		hk_gate_report_clear(&gate->t.slots[i].report);
	}
	hk_egress_loop_free(gate->t.loop);
	if (gate->t.epoll >= 0) {
		close(gate->t.epoll);
	}
	if (gate->wake >= 0) {
		close(gate->wake);
	}
	hk_egress_unref(gate->t.egress);
	g_mutex_clear(&gate->mutex);
	g_cond_clear(&gate->cond);
	g_free(gate);
}

/* Hands it to the thread and waits until it is done. */
static void
do_it(hk_gate *gate, command *c)
{
	if (c->slot >= HK_GATE_SLOTS) {
		HK_BUG("a slot that there is not");
	}
	g_mutex_lock(&gate->mutex);
	while (gate->next) {
		g_cond_wait(&gate->cond, &gate->mutex);
	}
	gate->next = c;
	wake(gate);
	while (!c->done) {
		g_cond_wait(&gate->cond, &gate->mutex);
	}
	g_mutex_unlock(&gate->mutex);
}

bool
hk_gate_listen(hk_gate *gate, int listen_fd, unsigned slot, GError **error)
{
	command c = {.run = run_listen, .slot = slot, .fd = listen_fd, .error = error};

	if (slot >= HK_GATE_SLOTS) {
		close(listen_fd);
		return hk_error_set(
			error, HK_ERANGE, "slots are numbered 0 to %d", HK_GATE_SLOTS - 1);
	}
	do_it(gate, &c);
	return c.good;
}

void
hk_gate_unlisten(hk_gate *gate, unsigned slot)
{
	do_it(gate, &(command){.run = run_unlisten, .slot = slot});
}

void
hk_gate_assign(hk_gate *gate, unsigned slot, const hk_egress_who *who, const hk_gate_caps *caps)
{
	do_it(gate, &(command){.run = run_assign, .slot = slot, .who = who, .caps = caps});
}

void
hk_gate_report_get(hk_gate *gate, unsigned slot, hk_gate_report *ret)
{
	do_it(gate, &(command){.run = run_report, .slot = slot, .ret = ret});
}
