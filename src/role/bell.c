/* nocheck: tested in tests/scenario/bell.t */
#include "role/bell.h"

#include <string.h>

#include "role/bell_line.h"
#include "role/poller.h"
#include "source/c2/ask.h"
#include "store/workers.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/stop.h"

/* After the database was away. */
#define AGAIN_MS 1000

struct hk_bell {
	const hk_opts *opts; /* borrowed */
	char *owner;
	GPtrArray *families; /* of hk_family, the enabled ones */
	hk_bell_house house;
	GPtrArray *ears; /* of hk_ear, one a family */
	hk_ws_hub *hub;
	GThread *thread;
	int64_t look_ms; /* next look */
	bool first;
	bool tidied; /* records that were left behind are pieces */
};

static void
bell_free(hk_bell *b)
{
	g_clear_pointer(&b->ears, g_ptr_array_unref);
	g_clear_pointer(&b->hub, hk_ws_hub_free);
	hk_bell_house_clear(&b->house);
	g_clear_pointer(&b->families, g_ptr_array_unref);
	g_free(b->owner);
	g_free(b);
}

/* ---- Who is listened to ---- */

typedef struct keeping {
	const GPtrArray *now, *lately; /* of "host:port" */
	GArray *ids;                   /* of int64_t: sessions that go on */
} keeping;

static bool
names(const GPtrArray *list, const char *host)
{
	for (unsigned i = 0; i < list->len; i++) {
		const char *at = list->pdata[i];
		for (char *one; (one = hk_bell_address(&at));) {
			g_autofree char *address = one;
			g_autofree char *other = hk_bell_host(address, NULL);
			if (other && strcmp(other, host) == 0) {
				return true;
			}
		}
	}
	return false;
}

static bool
keep(void *user, hk_ear_session *s)
{
	keeping *k = user;
	g_autoptr(GError) error = NULL;
	hk_bell_line *line = hk_ear_user(s);
	bool stays = names(k->now, hk_ear_host(s)) ||
		     (hk_ear_pong_ms(s) > 0 && names(k->lately, hk_ear_host(s)));
	int64_t id = hk_bell_line_id(line);

	/* Who goes leaves a whole record; until that is written nobody goes. */
	if (!stays && line && !hk_bell_line_end(line, &error)) {
		hk_log(HK_EVENT_STORE_AWAY, HK_F_STR("reason", error->message));
		stays = true;
	}
	if (stays && id != 0) {
		g_array_append_val(k->ids, id);
	}
	return stays;
}

/* The configured ports of a host, and no others (rail 3); the named one where the family names none. */
static bool
listen_to(hk_bell *b, hk_ear *ear, const hk_family *f, const char *address, GError **error)
{
	unsigned named;
	g_autofree char *host = hk_bell_host(address, &named);

	if (!host) {
		return true;
	}
	for (unsigned i = 0; i < MAX(f->ports->len, 1); i++) {
		unsigned port = f->ports->len > 0 ? g_array_index(f->ports, unsigned, i) : named;
		hk_ear_session *s = hk_ear_listen(ear, host, port);
		if (s && !hk_ear_user(s) && !hk_bell_line_new(&b->house, f, s, error)) {
			return false;
		}
	}
	return true;
}

typedef struct ending {
	const char *family;
	const GArray *ids;
} ending;

static bool
end_others(hk_flow *flow, void *user, GError **error)
{
	const ending *e = user;

	return hk_c2_end_others(
		flow, e->family, (const int64_t *)(const void *)e->ids->data, e->ids->len, error);
}

static bool
look_family(hk_bell *b, hk_ear *ear, const hk_family *f, GError **error)
{
	g_autoptr(GPtrArray) now = NULL;
	g_autoptr(GPtrArray) lately = NULL;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));

	if (!hk_c2_addresses(b->house.db, f->name, 0, &now, error) ||
		!hk_c2_addresses(b->house.db, f->name, hk_clock_wall_ms() - HK_BELL_LINGER_MS,
			&lately, error)) {
		return false;
	}
	for (unsigned i = 0; i < now->len; i++) {
		const char *at = now->pdata[i];
		for (char *one; (one = hk_bell_address(&at));) {
			g_autofree char *address = one;
			if (!listen_to(b, ear, f, address, error)) {
				return false;
			}
		}
	}
	keeping k = {now, lately, ids};
	hk_ear_keep(ear, keep, &k);
	ending e = {f->name, ids};
	return hk_flow_do(b->house.flow, &hk_bell_who, end_others, &e, error);
}

/* Everything that is not a frame. */
static bool
look(hk_bell *b, GError **error)
{
	if (!hk_bell_house_enter(&b->house, error) ||
		!hk_workers_is_first(b->house.db, "watch", b->owner, &b->first, error)) {
		return false;
	}
	for (unsigned i = 0; i < b->families->len; i++) {
		hk_ear *ear = b->ears->pdata[i];
		hk_ear_rest(ear, !b->first || hk_egress_killed(hk_egress_house()));
		if (b->first && !look_family(b, ear, b->families->pdata[i], error)) {
			return false;
		}
	}
	if (b->first && !b->tidied) {
		b->tidied = hk_bell_house_orphans(&b->house, b->families, error);
		if (!b->tidied) {
			return false;
		}
	}
	return hk_bell_house_tidy(&b->house, error);
}

/* ---- The loop ---- */

static void
turn(hk_bell *b)
{
	g_autoptr(GError) error = NULL;
	int64_t now = hk_clock_mono_ms();
	int wait = (int)CLAMP(b->look_ms - now, 0, 1000);

	if (now >= b->look_ms) {
		b->look_ms = now + HK_BELL_LOOK_MS;
		if (!look(b, &error)) {
			hk_log(HK_EVENT_STORE_AWAY, HK_F_STR("reason", error->message));
			g_clear_error(&error);
			hk_bell_house_leave(&b->house);
			b->look_ms = now + AGAIN_MS;
		}
		wait = 0;
	}
	for (unsigned i = 0; i < b->ears->len; i++) {
		wait = MIN(wait, hk_ear_step(b->ears->pdata[i]));
	}
	hk_ws_hub_step(b->hub, wait, hk_stop_fd());
	hk_bell_house_flush(&b->house);
}

static gpointer
run(gpointer data)
{
	hk_bell *b = data;
	g_autoptr(GError) error = NULL;

	while (!hk_stop_asked()) {
		turn(b);
	}
	/* What is open ends as a piece; what cannot be written now is taken up by the next one. */
	hk_bell_house_finish(&b->house);
	return NULL;
}

static bool
open_ears(hk_bell *b, GError **error)
{
	b->hub = hk_ws_hub_new(hk_egress_house(), error);
	b->ears = g_ptr_array_new_with_free_func((GDestroyNotify)hk_ear_free);
	for (unsigned i = 0; b->hub && i < b->families->len; i++) {
		hk_ear *ear = hk_ear_new(b->families->pdata[i], b->hub, "bell",
			hk_span_of(b->house.key, HK_SECRET_KEY_BYTES), &hk_bell_sink, &b->house,
			error);
		if (!ear) {
			return false;
		}
		g_ptr_array_add(b->ears, ear);
	}
	return b->hub != NULL;
}

static bool
poll_drops(void *source, hk_flow *flow, uint64_t *ret_new, GError **error)
{
	return hk_c2_asker_ask(source, flow, ret_new, error);
}

static int64_t
next_drops(void *source)
{
	return hk_c2_asker_next_ms(source);
}

static void
free_drops(gpointer source)
{
	hk_c2_asker_free(source);
}

static bool
start_pollers(hk_bell *b, GPtrArray *pollers, GError **error)
{
	for (unsigned i = 0; i < b->families->len; i++) {
		hk_c2_asker *asker = hk_c2_asker_new(
			b->families->pdata[i], hk_egress_house(), hk_stop_fd(), error);
		if (!asker) {
			return false;
		}
		const hk_polled polled = {.name = hk_c2_asker_of(asker),
			.source = asker,
			.poll = poll_drops,
			.next_ms = next_drops,
			.free = free_drops};
		g_ptr_array_add(pollers, hk_poller_start(b->opts, b->owner, &polled));
	}
	return true;
}

/* The enabled ones. */
static GPtrArray *
enabled(GPtrArray *all)
{
	for (unsigned i = all->len; i > 0; i--) {
		const hk_family *f = all->pdata[i - 1];
		if (!f->enabled) {
			g_ptr_array_remove_index(all, i - 1);
		}
	}
	return all;
}

/* Strangers are connected to on these ports for this and for nothing else. A family that names none is listened to on those that its drops name, if `ports` of egress.conf allows them. */
static bool
allow_ports(const GPtrArray *families, GError **error)
{
	g_autoptr(GArray) ports = g_array_new(FALSE, FALSE, sizeof(unsigned));

	for (unsigned i = 0; i < families->len; i++) {
		const hk_family *f = families->pdata[i];
		g_array_append_vals(ports, f->ports->data, f->ports->len);
	}
	return hk_egress_purpose_ports(hk_egress_house(), "c2",
		       (const unsigned *)(const void *)ports->data, ports->len) ||
	       hk_error_set(error, HK_ECONFIG,
		       "the ports of the families: one of them is that of the DNS or of WHOIS, or "
		       "none");
}

static bool
check_exits(const GPtrArray *families, GError **error)
{
	for (unsigned i = 0; i < families->len; i++) {
		const hk_family *f = families->pdata[i];
		if (!hk_egress_has_exit(hk_egress_house(), f->exit)) {
			return hk_error_set(error, HK_ECONFIG,
				"%s: exit \"%s\" is no exit of egress.conf", f->path, f->exit);
		}
	}
	return true;
}

bool
hk_bell_start(
	const hk_opts *opts, const char *owner, GPtrArray *pollers, hk_bell **ret, GError **error)
{
	const char *folder = hk_opts_str(opts, HK_OPT_FAMILIES);

	*ret = NULL;
	if (!hk_opts_given(opts, HK_OPT_FAMILIES) && !g_file_test(folder, G_FILE_TEST_IS_DIR)) {
		return true;
	}
	GPtrArray *families = hk_family_folder(folder, error);
	if (!families) {
		return false;
	}
	hk_bell *b = g_new0(hk_bell, 1);
	b->opts = opts;
	b->owner = g_strdup(owner);
	b->families = enabled(families);
	if (b->families->len == 0) {
		bell_free(b);
		return true;
	}
	if (!hk_opts_require(opts, HK_OPT_STATE, error) || !check_exits(b->families, error) ||
		!allow_ports(b->families, error) || !hk_bell_house_init(&b->house, opts, error) ||
		!open_ears(b, error) || !start_pollers(b, pollers, error)) {
		bell_free(b);
		return false;
	}
	b->thread = g_thread_new("bell", run, b);
	*ret = b;
	return true;
}

void
hk_bell_join(hk_bell *b)
{
	if (b) {
		g_thread_join(b->thread);
		bell_free(b);
	}
}
