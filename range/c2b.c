#include "c2b.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "c2b_int.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* Waiting connections of a port; ms between two looks at what goes by time. */
enum { BACKLOG = 1024, TICK_MS = 10 };

const c2_fault c2_faults[C2_FAULTS] = {
#define FAULT(id, name, when, first, more, then, what)                                             \
	{C2_FAULT_##id, name, C2_##when, HK_SPAN_LIT(first), HK_SPAN_LIT(more), C2_##then, what},
#include "c2faults.def"
#undef FAULT
};

const char *
rg_c2b_fault_name(size_t i, const char **ret_what)
{
	if (i >= C2_FAULTS) {
		return NULL;
	}
	*ret_what = c2_faults[i].what;
	return c2_faults[i].name;
}

/* ---- Ports ---- */

/* A socket that is bound to the port, 0: any; -1: it cannot be had. */
static int
bind_port(uint16_t port, bool shared)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
	int share = shared ? 1 : 0;

	if (fd >= 0 &&
		(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
			setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &share, sizeof share) != 0 ||
			bind(fd, (struct sockaddr *)&at, sizeof at) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A socket that listened keeps its port when it is shut down (Linux), if it was bound to it by its number: so any free port is found by one socket, and bound to by another. */
static bool
open_port(c2_port *port, GError **error)
{
	struct sockaddr_in at;
	socklen_t len = sizeof at;
	int finder = port->port == 0 ? bind_port(0, true) : -1, no = 0;
	bool any = finder >= 0 && getsockname(finder, (struct sockaddr *)&at, &len) == 0;

	if (any) {
		port->port = ntohs(at.sin_port);
	}
	port->fd = port->port > 0 ? bind_port(port->port, any) : -1;
	if (finder >= 0) {
		close(finder);
	}
	if (port->fd < 0 || setsockopt(port->fd, SOL_SOCKET, SO_REUSEPORT, &no, sizeof no) != 0 ||
		listen(port->fd, BACKLOG) != 0) {
		return hk_error_set(
			error, HK_EIO, "cannot listen on 127.0.0.1 port %u", port->port);
	}
	return true;
}

static void
set_listening(c2_port *port, bool listening)
{
	if (listening) {
		listen(port->fd, BACKLOG);
	} else {
		shutdown(port->fd, SHUT_RD);
	}
}

static void
set_fault(c2_port *port, const c2_fault *fault, unsigned times)
{
	bool was_open = port->fault->id != C2_FAULT_REFUSE;
	bool is_open = fault->id != C2_FAULT_REFUSE;

	port->fault = fault;
	port->left = times;
	if (was_open != is_open) {
		set_listening(port, is_open);
	}
}

const c2_fault *
c2_port_strikes(c2_port *port, c2_when when)
{
	const c2_fault *fault = port->fault;

	if (fault->id == C2_FAULT_NONE || fault->when != when) {
		return NULL;
	}
	if (port->left == 1) {
		port->fault = &c2_faults[C2_FAULT_NONE];
	}
	port->left -= port->left > 0;
	return fault;
}

bool
c2_port_chance(c2_port *port, rg_c2_on on)
{
	return port->chance > 0 && port->on == on && rg_rng_chance(&port->all->rng, port->chance);
}

static void
take_clients(c2_port *port)
{
	for (int i = 0; i < BACKLOG; i++) {
		int fd = accept4(port->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			return;
		}
		g_ptr_array_add(port->all->peers, c2_peer_new(port, fd));
	}
}

/* ---- The thread ---- */

static short
events_of(const c2_peer *p)
{
	bool writes = !p->shut && !p->slow && (p->out->len > 0 || p->more.len > 0);

	return (short)(POLLIN | (writes ? POLLOUT : 0));
}

static void
add_fd(GArray *fds, int fd, short events)
{
	struct pollfd one = {.fd = fd, .events = events};

	g_array_append_val(fds, one);
}

/* What is to be waited for: the wake pipe, the ports, the connections, in this order. */
static void
list_fds(rg_c2b *b, GArray *fds)
{
	g_array_set_size(fds, 0);
	add_fd(fds, b->wake[0], POLLIN);
	for (size_t i = 0; i < b->config.count; i++) {
		bool refuses = b->ports[i].fault->id == C2_FAULT_REFUSE;
		add_fd(fds, refuses ? -1 : b->ports[i].fd, POLLIN);
	}
	for (unsigned i = 0; i < b->peers->len; i++) {
		const c2_peer *p = b->peers->pdata[i];
		add_fd(fds, p->fd, events_of(p));
	}
}

static void
serve_peers(rg_c2b *b, const GArray *fds, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		c2_peer *p = b->peers->pdata[i];
		short events = g_array_index(fds, struct pollfd, first + i).revents;
		if (p->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR))) {
			c2_peer_readable(p);
		}
		if (p->fd >= 0 && (events & POLLOUT)) {
			c2_peer_flush(p);
		}
	}
}

/* Frees those that are over. Returns whether somebody goes by time. */
static bool
tick_peers(rg_c2b *b)
{
	bool soon = false;

	for (unsigned i = b->peers->len; i > 0; i--) {
		c2_peer *p = b->peers->pdata[i - 1];
		soon |= c2_peer_tick(p);
		if (p->fd < 0) {
			g_ptr_array_remove_index(b->peers, i - 1);
		}
	}
	return soon;
}

static void
drain(int fd)
{
	char bytes[64];

	while (read(fd, bytes, sizeof bytes) > 0) {
	}
}

/* After a poll. Returns the time-out of the next one, without the tick's. */
static int
serve(rg_c2b *b, GArray *fds, unsigned peers)
{
	unsigned ports = (unsigned)b->config.count;

	if (g_array_index(fds, struct pollfd, 0).revents) {
		drain(b->wake[0]);
	}
	serve_peers(b, fds, 1 + ports, peers);
	for (unsigned i = 0; i < ports; i++) {
		if (g_array_index(fds, struct pollfd, 1 + i).revents & POLLIN) {
			take_clients(&b->ports[i]);
		}
	}
	return tick_peers(b) ? TICK_MS : -1;
}

static gpointer
run(gpointer data)
{
	rg_c2b *b = data;
	g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
	int own_ms = 0, tick_ms;

	g_mutex_lock(&b->lock);
	while (!b->stop) {
		g_mutex_unlock(&b->lock);
		tick_ms = b->config.tick ? b->config.tick(b->config.user) : -1;
		g_mutex_lock(&b->lock);
		list_fds(b, fds);
		unsigned peers = b->peers->len;
		int wait_ms = own_ms < 0 ? tick_ms : tick_ms < 0 ? own_ms : MIN(own_ms, tick_ms);
		g_mutex_unlock(&b->lock);
		poll((struct pollfd *)(void *)fds->data, fds->len, wait_ms);
		g_mutex_lock(&b->lock);
		own_ms = serve(b, fds, peers);
	}
	g_mutex_unlock(&b->lock);
	return NULL;
}

static void
wake(rg_c2b *b)
{
	ssize_t n = write(b->wake[1], "", 1);

	(void)n; /* full: it will wake anyway */
}

void
rg_c2b_wake(rg_c2b *b)
{
	wake(b);
}

rg_c2b *
rg_c2b_new(const rg_c2b_config *config, GError **error)
{
	g_autoptr(GError) ours = NULL;
	rg_c2b *b = g_new0(rg_c2b, 1);

	b->config = *config;
	b->ports = g_new0(c2_port, config->count);
	b->peers = g_ptr_array_new_with_free_func(c2_peer_free);
	b->book = rg_book_new();
	b->rng = rg_rng_of(config->seed, "c2", 0);
	b->wake[0] = b->wake[1] = -1;
	g_mutex_init(&b->lock);
	for (size_t i = 0; i < config->count; i++) {
		b->ports[i] = (c2_port){.all = b,
			.name = config->ports[i].name,
			.port = config->ports[i].port,
			.fd = -1,
			.fault = &c2_faults[C2_FAULT_NONE]};
	}
	bool fine =
		pipe2(b->wake, O_CLOEXEC | O_NONBLOCK) == 0 || hk_error_set(&ours, HK_EIO, "pipe");
	for (size_t i = 0; fine && i < config->count; i++) {
		fine = open_port(&b->ports[i], &ours);
	}
	if (!fine) {
		g_propagate_error(error, g_steal_pointer(&ours));
		rg_c2b_free(b);
		return NULL;
	}
	b->thread = g_thread_new("c2b", run, b);
	return b;
}

void
rg_c2b_free(rg_c2b *b)
{
	if (!b) {
		return;
	}
	g_mutex_lock(&b->lock);
	b->stop = true;
	g_mutex_unlock(&b->lock);
	if (b->thread) {
		wake(b);
		g_thread_join(b->thread);
	}
	for (size_t i = 0; i < b->config.count; i++) {
		if (b->ports[i].fd >= 0) {
			close(b->ports[i].fd);
		}
	}
	for (int i = 0; i < 2; i++) {
		if (b->wake[i] >= 0) {
			close(b->wake[i]);
		}
	}
	g_ptr_array_unref(b->peers);
	rg_book_free(b->book);
	g_mutex_clear(&b->lock);
	g_free(b->ports);
	g_free(b);
}

uint16_t
rg_c2b_port(const rg_c2b *b, size_t i)
{
	return b->ports[i].port;
}

/* ---- What is asked of it ---- */

bool
rg_c2b_is_port(const rg_c2b *b, unsigned name)
{
	bool is = name == 0;

	for (size_t i = 0; i < b->config.count; i++) {
		is |= b->ports[i].name == name;
	}
	return is;
}

static bool
is_at(const c2_peer *p, unsigned name)
{
	return p->fd >= 0 && (name == 0 || p->port->name == name);
}

static unsigned
clients(const rg_c2b *b, unsigned name)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->peers->len; i++) {
		const c2_peer *p = b->peers->pdata[i];
		n += is_at(p, name) && p->hello && !p->ending && !p->reset && !p->bye;
	}
	return n;
}

unsigned
rg_c2b_clients(rg_c2b *b, unsigned name)
{
	g_mutex_lock(&b->lock);
	unsigned n = clients(b, name);
	g_mutex_unlock(&b->lock);
	return n;
}

bool
rg_c2b_everywhere(rg_c2b *b)
{
	bool all = true;

	g_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->config.count; i++) {
		all = all && clients(b, b->ports[i].name) > 0;
	}
	g_mutex_unlock(&b->lock);
	return all;
}

static void
send_at(rg_c2b *b, const c2_port *port, const char *text, GString *out)
{
	unsigned seq = rg_book_command(b->book, port->name, text), n = 0;

	for (unsigned i = 0; i < b->peers->len; i++) {
		c2_peer *p = b->peers->pdata[i];
		if (p->port == port && c2_peer_listens(p)) {
			c2_peer_tell(p, text, seq);
			n++;
		}
	}
	if (n == 0) {
		rg_book_missed(b->book, seq);
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "seq", seq);
	hk_jsonw_member_int(out, "port", port->name);
	hk_jsonw_member_int(out, "sessions", n);
	hk_jsonw_close(out, '}');
}

void
rg_c2b_send(rg_c2b *b, unsigned name, const char *text, GString *out)
{
	hk_jsonw_open(out, '[');
	g_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->config.count; i++) {
		if (name == 0 || b->ports[i].name == name) {
			send_at(b, &b->ports[i], text, out);
		}
	}
	g_mutex_unlock(&b->lock);
	hk_jsonw_close(out, ']');
	wake(b);
}

/* What becomes of the connections that are there when a port's fault is set. */
static void
apply(c2_port *port, c2_peer *p)
{
	if (port->fault->id == C2_FAULT_NONE) {
		c2_peer_heal(p);
		return;
	}
	if (port->fault->when == C2_HELLO && c2_peer_listens(p)) {
		const c2_fault *fault = c2_port_strikes(port, C2_HELLO);
		c2_peer_strike(p, fault, NULL);
	}
}

bool
rg_c2b_fault(rg_c2b *b, unsigned name, const char *fault, unsigned times)
{
	const c2_fault *row = NULL;

	for (size_t i = 0; i < C2_FAULTS; i++) {
		row = strcmp(c2_faults[i].name, fault) == 0 ? &c2_faults[i] : row;
	}
	if (!row) {
		return false;
	}
	g_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->config.count; i++) {
		if (name == 0 || b->ports[i].name == name) {
			set_fault(&b->ports[i], row, times);
		}
	}
	for (unsigned i = 0; i < b->peers->len; i++) {
		c2_peer *p = b->peers->pdata[i];
		bool spent = p->port->fault != row; /* by those before it */
		if (is_at(p, name) && !spent) {
			apply(p->port, p);
		}
	}
	g_mutex_unlock(&b->lock);
	wake(b);
	return true;
}

unsigned
rg_c2b_drop(rg_c2b *b, unsigned name, double chance, rg_c2_how how, rg_c2_on on)
{
	unsigned n = 0;

	g_mutex_lock(&b->lock);
	for (size_t i = 0; on != RG_ON_NOW && i < b->config.count; i++) {
		if (name == 0 || b->ports[i].name == name) {
			b->ports[i].chance = chance;
			b->ports[i].how = how;
			b->ports[i].on = on;
		}
	}
	for (unsigned i = 0; on == RG_ON_NOW && i < b->peers->len; i++) {
		c2_peer *p = b->peers->pdata[i];
		if (is_at(p, name) && rg_rng_chance(&b->rng, chance)) {
			c2_peer_drop(p, how);
			n++;
		}
	}
	g_mutex_unlock(&b->lock);
	wake(b);
	return n;
}

void
rg_c2b_log(rg_c2b *b, unsigned after, GString *out)
{
	g_mutex_lock(&b->lock);
	rg_book_log(b->book, after, out);
	g_mutex_unlock(&b->lock);
}

void
rg_c2b_sent(rg_c2b *b, unsigned after, GString *out)
{
	g_mutex_lock(&b->lock);
	rg_book_sent(b->book, after, out);
	g_mutex_unlock(&b->lock);
}

void
rg_c2b_state(rg_c2b *b, GString *out)
{
	hk_jsonw_open(out, '[');
	g_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->config.count; i++) {
		const c2_port *port = &b->ports[i];
		unsigned open = 0;
		for (unsigned k = 0; k < b->peers->len; k++) {
			open += is_at(b->peers->pdata[k], port->name);
		}
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "name", port->name);
		hk_jsonw_member_int(out, "port", port->port);
		hk_jsonw_member_str(out, "fault", port->fault->name);
		hk_jsonw_member_int(out, "left", port->left);
		hk_jsonw_member_int(out, "connections", open);
		hk_jsonw_member_int(out, "clients", clients(b, port->name));
		hk_jsonw_close(out, '}');
	}
	g_mutex_unlock(&b->lock);
	hk_jsonw_close(out, ']');
}

void
rg_c2b_reset(rg_c2b *b)
{
	rg_c2b_fault(b, 0, "none", 0);
	for (int on = RG_ON_BEAT; on < RG_ONS; on++) {
		rg_c2b_drop(b, 0, 0, RG_HOW_CLOSE, (rg_c2_on)on);
	}
	g_mutex_lock(&b->lock);
	rg_book_reset(b->book);
	g_mutex_unlock(&b->lock);
}
