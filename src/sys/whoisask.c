#include "sys/whoisask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parse/whois.h"
#include "sys/charset.h"
#include "sys/clock.h"
#include "sys/egress_ask.h"
#include "sys/egress_up.h"
#include "sys/gerr.h"

enum { STEP_MS = 100, CHUNK = 4096 };

struct hk_whois_pace {
	GMutex mutex;
	int fd;           /* of the machine's file; -1: none */
	GHashTable *next; /* server -> int64_t *: when it may be asked again */
};

/* One question under way. */
typedef struct asking {
	hk_egress *egress;
	int64_t until_ms;
	hk_egress_grant *grant;
	bool decided;
	char *detail; /* why not */
	int fd;
} asking;

hk_whois_pace *
hk_whois_pace_new(const char *path)
{
	hk_whois_pace *pace = g_new0(hk_whois_pace, 1);

	pace->fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	g_mutex_init(&pace->mutex);
	pace->next = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return pace;
}

void
hk_whois_pace_free(hk_whois_pace *pace)
{
	if (pace) {
		if (pace->fd >= 0) {
			close(pace->fd);
		}
		g_hash_table_unref(pace->next);
		g_mutex_clear(&pace->mutex);
		g_free(pace);
	}
}

void
hk_whois_reply_free(gpointer data)
{
	hk_whois_reply *reply = data;

	if (reply) {
		g_free(reply->server);
		g_clear_pointer(&reply->raw, g_bytes_unref);
		g_free(reply->reg);
		g_free(reply);
	}
}

/* Locks, or lets go, the server's place in the machine's file; false: there is none to be had. The lock is the open file's, not the process's: threads of
 * another pace of ours wait as well. */
static bool
lock_slot(const hk_whois_pace *pace, off_t at, short type)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = sizeof(int64_t)};
	int rc = -1;

	while (pace->fd >= 0 && (rc = fcntl(pace->fd, F_OFD_SETLKW, &lock)) != 0 &&
		errno == EINTR) {
	}
	return rc == 0;
}

/* With the mutex. When this process, or another one of the machine, has its next turn at the server; the slot is locked then if *ret_locked. */
static int64_t
next_turn(const hk_whois_pace *pace, const char *server, off_t at, int64_t now_ms, bool *ret_locked)
{
	const int64_t *own = g_hash_table_lookup(pace->next, server);
	int64_t next_ms = own ? *own : 0, theirs_ms = 0;

	*ret_locked = lock_slot(pace, at, F_WRLCK);
	if (*ret_locked && pread(pace->fd, &theirs_ms, sizeof theirs_ms, at) == sizeof theirs_ms &&
		theirs_ms <= now_ms + HK_WHOISASK_LINE_MS) {
		next_ms = MAX(next_ms, theirs_ms);
	}
	return MAX(next_ms, now_ms);
}

/* Takes a place in the line of the server: when its turn is. -1: not before until_ms. */
static int64_t
take_place(hk_whois_pace *pace, const char *server, int pace_ms, int64_t until_ms)
{
	int64_t now_ms = hk_clock_mono_ms();
	off_t at = (off_t)(g_str_hash(server) % HK_WHOISASK_SLOTS * sizeof(int64_t));
	bool locked = false;

	g_mutex_lock(&pace->mutex);
	int64_t turn_ms = next_turn(pace, server, at, now_ms, &locked);
	if (turn_ms >= until_ms) {
		turn_ms = -1;
	} else {
		int64_t *after = g_new(int64_t, 1);
		*after = turn_ms + pace_ms;
		/* A full disk costs the others' view of it, not ours. */
		ssize_t put = locked ? pwrite(pace->fd, after, sizeof *after, at) : 0;
		(void)put;
		g_hash_table_replace(pace->next, g_strdup(server), after);
	}
	if (locked) {
		lock_slot(pace, at, F_UNLCK);
	}
	g_mutex_unlock(&pace->mutex);
	return turn_ms;
}

static void
wait_until(const hk_egress *egress, int64_t at_ms)
{
	int64_t left_ms;

	while ((left_ms = at_ms - hk_clock_mono_ms()) > 0 && !hk_egress_killed(egress)) {
		poll(NULL, 0, (int)MIN(left_ms, STEP_MS));
	}
}

static void
on_grant(void *user, hk_egress_grant *grant, hk_egress_reason reason, const char *detail)
{
	asking *a = user;

	a->decided = true;
	a->grant = grant;
	if (!grant) {
		a->detail = g_strdup(*detail ? detail : hk_egress_reason_meaning(reason));
	}
}

static bool
get_grant(asking *a, const hk_egress_who *who, const char *server, GError **error)
{
	hk_egress_loop *loop = hk_egress_loop_new(a->egress, error);

	if (!loop) {
		return false;
	}
	hk_egress_session *session = hk_egress_session_new(loop, who);
	int64_t left_ms = a->until_ms - hk_clock_mono_ms();
	hk_egress_connect(session, "whois", server, HK_EGRESS_WHOIS_PORT, (unsigned)MAX(left_ms, 1),
		on_grant, a);
	while (!a->decided) {
		struct pollfd fd = {.fd = hk_egress_loop_fd(loop), .events = POLLIN};
		int wait_ms = hk_egress_loop_wait_ms(loop);
		poll(&fd, 1, wait_ms < 0 ? STEP_MS : MIN(wait_ms, STEP_MS));
		hk_egress_loop_step(loop);
	}
	hk_egress_session_free(session);
	hk_egress_loop_free(loop);
	return a->grant || hk_error_set(error, HK_EPOLICY, "%s port 43: %s", server, a->detail);
}

static bool
await(asking *a, short events, GError **error)
{
	for (;;) {
		struct pollfd fd = {.fd = a->fd, .events = events};
		int64_t left_ms = a->until_ms - hk_clock_mono_ms();
		if (hk_egress_killed(a->egress)) {
			g_autofree char *why = hk_egress_killed_why(a->egress);
			return hk_error_set(error, HK_EPOLICY, "%s", why);
		}
		if (left_ms <= 0) {
			return hk_error_set(error, HK_EREMOTE, "no answer in time");
		}
		if (poll(&fd, 1, (int)MIN(left_ms, STEP_MS)) > 0) {
			return true;
		}
	}
}

static bool
send_all(asking *a, hk_span bytes, GError **error)
{
	while (bytes.len > 0) {
		if (!await(a, POLLOUT, error)) {
			return false;
		}
		ssize_t n = send(a->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
		if (n > 0) {
			bytes = hk_span_of(bytes.data + n, bytes.len - (size_t)n);
		} else if (errno != EAGAIN && errno != EINTR) {
			return hk_error_set(
				error, HK_EREMOTE, "no connection: %s", g_strerror(errno));
		}
	}
	return true;
}

/* More bytes into in. *ret_n 0: the end. */
static bool
receive(asking *a, GByteArray *in, size_t *ret_n, GError **error)
{
	uint8_t chunk[CHUNK];

	for (;;) {
		if (!await(a, POLLIN, error)) {
			return false;
		}
		ssize_t n = recv(a->fd, chunk, sizeof chunk, 0);
		if (n >= 0) {
			g_byte_array_append(in, chunk, (guint)n);
			*ret_n = (size_t)n;
			return true;
		}
		if (errno != EAGAIN && errno != EINTR) {
			return hk_error_set(
				error, HK_EREMOTE, "the connection broke: %s", g_strerror(errno));
		}
	}
}

/* Through an exit: its proxy first. What follows its answer stays in in. */
static bool
pass_proxy(asking *a, GByteArray *in, GError **error)
{
	hk_egress_up up = {.grant = a->grant};
	g_autoptr(GByteArray) out = g_byte_array_new();
	hk_egress_up_state state = HK_EGRESS_UP_MORE;
	g_autofree char *why = NULL;

	if (a->grant->kind == HK_EGRESS_DIRECT) {
		return true;
	}
	hk_egress_up_begin(&up, a->grant, out);
	while (state == HK_EGRESS_UP_MORE) {
		size_t n = 0, used = 0;
		if (!send_all(a, hk_span_of(out->data, out->len), error) ||
			!receive(a, in, &n, error)) {
			return false;
		}
		g_byte_array_set_size(out, 0);
		if (n == 0) {
			return hk_error_set(error, HK_EREMOTE, "the exit's proxy hung up");
		}
		state = hk_egress_up_take(&up, hk_span_of(in->data, in->len), &used, out, &why);
		g_byte_array_remove_range(in, 0, (guint)used);
	}
	return state == HK_EGRESS_UP_READY ||
	       hk_error_set(error, HK_EREMOTE, "the exit's proxy: %s", why);
}

/* To the server and back: what it said, up to one byte over the cap. */
static GByteArray *
talk(asking *a, const char *line, GError **error)
{
	g_autoptr(GByteArray) in = g_byte_array_new();
	size_t n = 1;

	a->fd = hk_egress_socket(a->grant, 0, error);
	if (a->fd < 0 || !pass_proxy(a, in, error) || !send_all(a, hk_span_str(line), error)) {
		return NULL;
	}
	while (n > 0 && in->len <= HK_WHOISASK_BYTES_MAX) {
		GError *local = NULL;
		if (!receive(a, in, &n, &local)) {
			/* Some servers reset the connection behind their answer; a late one is worth what came. */
			if (in->len == 0) {
				g_propagate_error(error, local);
				return NULL;
			}
			g_clear_error(&local);
			break;
		}
	}
	return g_steal_pointer(&in);
}

static hk_whois_reply *
reply_of(const char *server, const hk_whois_rule *rule, GByteArray *bytes)
{
	hk_whois_reply *reply = g_new0(hk_whois_reply, 1);
	g_autoptr(GString) text = g_string_new(NULL);

	reply->cut = bytes->len > HK_WHOISASK_BYTES_MAX;
	reply->server = g_strdup(server);
	reply->raw = g_bytes_new(bytes->data, MIN(bytes->len, HK_WHOISASK_BYTES_MAX));
	reply->reg = g_new0(hk_registration, 1);
	hk_charset_text(hk_span_of(bytes->data, MIN(bytes->len, HK_WHOISASK_BYTES_MAX)),
		rule->charset, text, NULL);
	if (hk_whois_parse(hk_span_of(text->str, MIN(text->len, HK_WHOIS_BYTES_MAX)),
		    rule->zone_min, reply->reg) != HK_OK) {
		hk_reg_begin(reply->reg);
	}
	return reply;
}

hk_whois_reply *
hk_whois_ask(hk_egress *egress, hk_whois_pace *pace, const hk_egress_who *who, const char *server,
	const char *name, int64_t until_ms, GError **error)
{
	const hk_whois_rule *rule = hk_whois_rule_of(server);
	asking a = {.egress = egress ? egress : hk_egress_house(), .until_ms = until_ms, .fd = -1};
	char line[HK_WHOIS_QUERY_MAX];
	hk_whois_reply *reply = NULL;
	g_autoptr(GByteArray) bytes = NULL;

	if (hk_whois_query(rule, name, line) != HK_OK) {
		hk_error_set(error, HK_EFORM, "%s cannot be asked for", name);
		return NULL;
	}
	int64_t turn_ms = take_place(pace, server, rule->pace_ms, until_ms);
	if (turn_ms < 0) {
		hk_error_set(error, HK_EAGAIN, "%s: others wait for this server; later", server);
		return NULL;
	}
	wait_until(a.egress, turn_ms);
	if (get_grant(&a, who, server, error)) {
		bytes = talk(&a, line, error);
	}
	if (a.fd >= 0) {
		close(a.fd);
	}
	hk_egress_grant_end(a.grant);
	g_free(a.detail);
	if (bytes && bytes->len == 0) {
		hk_error_set(error, HK_EREMOTE, "an empty answer");
	} else if (bytes) {
		reply = reply_of(server, rule, bytes);
	}
	if (!reply) {
		g_prefix_error(error, "whois %s: ", server);
	}
	return reply;
}

/* The host of a referral; NULL: none, or one that is not followed. */
static char *
referral_of(const hk_registration *reg)
{
	const char *colon = strchr(reg->referral, ':');

	if (*reg->referral == '\0' || (colon && strcmp(colon, ":43") != 0)) {
		return NULL;
	}
	return colon ? g_strndup(reg->referral, (gsize)(colon - reg->referral))
		     : g_strdup(reg->referral);
}

static bool
was_asked(const GPtrArray *replies, const char *server)
{
	for (unsigned i = 0; i < replies->len; i++) {
		const hk_whois_reply *reply = replies->pdata[i];
		if (g_ascii_strcasecmp(reply->server, server) == 0) {
			return true;
		}
	}
	return false;
}

GPtrArray *
hk_whois_follow(hk_egress *egress, hk_whois_pace *pace, const hk_egress_who *who, const char *name,
	int64_t until_ms, GError **error)
{
	g_autoptr(GPtrArray) replies = g_ptr_array_new_with_free_func(hk_whois_reply_free);
	g_autofree char *server = g_strdup(hk_whois_first(name));

	while (server && replies->len <= HK_WHOISASK_HOPS_MAX && !was_asked(replies, server)) {
		hk_whois_reply *reply =
			hk_whois_ask(egress, pace, who, server, name, until_ms, error);
		if (!reply) {
			break;
		}
		g_ptr_array_add(replies, reply);
		g_free(server);
		server = referral_of(reply->reg);
	}
	return replies->len > 0 ? g_steal_pointer(&replies) : NULL;
}
