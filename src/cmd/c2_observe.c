/* hikeshi c2 observe: listens in the foreground, without a database: a line of JSON for everything that happens. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "role/bell_line.h"
#include "source/c2/ask.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/stop.h"

enum {
	SEED_BYTES = 16,
	CLOSING_MS = 3000 /* somewhat more than sys/ws waits for an answer to a close frame */
};

typedef struct observer {
	const hk_family *family;
	hk_ear *ear;
	bool broken; /* standard output is gone */
} observer;

static void
put(observer *o, GString *out)
{
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
	if (fwrite(out->str, 1, out->len, stdout) != out->len || fflush(stdout) != 0) {
		o->broken = true;
		hk_stop_ask();
	}
	g_string_free(out, TRUE);
}

static GString *
line(const char *event, const hk_ear_session *s)
{
	GString *out = g_string_new(NULL);
	char at[HK_CLOCK_TEXT_SIZE];
	int64_t now = hk_clock_wall_ms();

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "at", hk_clock_format(now, at));
	hk_jsonw_member_int(out, "at_ms", now);
	hk_jsonw_member_str(out, "event", event);
	if (s) {
		hk_jsonw_member_str(out, "host", hk_ear_host(s));
		hk_jsonw_member_int(out, "port", hk_ear_port(s));
	}
	return out;
}

static void
state(void *user, hk_ear_session *s, hk_ear_what what, const char *text)
{
	static const char *const names[] = {[HK_EAR_OPEN] = "open",
		[HK_EAR_SILENT] = "silent",
		[HK_EAR_REFUSED] = "refused",
		[HK_EAR_LOST] = "lost"};
	GString *out = line(names[what], s);

	hk_jsonw_member_str(out, what == HK_EAR_OPEN ? "answer" : "why", text);
	put(user, out);
}

static void
put_command(GString *out, const hk_command *c)
{
	char mask[HK_TELNO_MASK_SIZE];

	g_autofree char *text = hk_bell_masked(c);
	hk_jsonw_member_str(out, "verb", c->verb ? c->verb->name : NULL);
	hk_jsonw_member_str(out, "text", text);
	if (!c->send) {
		return;
	}
	hk_jsonw_member_int(out, "numbers", c->numbers->len);
	hk_jsonw_key(out, "shown");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < MIN(c->numbers->len, 3); i++) {
		hk_jsonw_str(out, hk_number_mask(c->numbers->pdata[i], mask));
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_strs(out, "urls", (const char *const *)c->urls->pdata, c->urls->len);
	hk_jsonw_strs(out, "brands", (const char *const *)c->brands->pdata, c->brands->len);
}

static void
frame(void *user, hk_ear_session *s, bool out_going, const char *kind, hk_span bytes, bool pong)
{
	observer *o = user;
	bool command = !out_going && strcmp(kind, "text") == 0 && !pong;
	g_autoptr(hk_command) c = command ? hk_command_read(o->family, bytes) : NULL;
	GString *out = line(command ? "command" : "frame", s);

	hk_jsonw_member_str(out, "dir", out_going ? "out" : "in");
	hk_jsonw_member_str(out, "kind", kind);
	hk_jsonw_member_int(out, "bytes", (int64_t)bytes.len);
	if (c) {
		put_command(out, c);
	} else if (pong || (out_going && strcmp(kind, "text") == 0)) {
		hk_jsonw_key(out, "text");
		hk_jsonw_text(out, bytes);
	}
	put(o, out);
}

static const hk_ear_sink sink = {state, frame};

/* ---- Whom ---- */

/* The configured ports of the address's host, as the bell listens. */
static void
listen_to(observer *o, const char *address)
{
	const hk_family *f = o->family;
	unsigned named;
	g_autofree char *host = hk_bell_host(address, &named);

	for (unsigned i = 0; host && i < MAX(f->ports->len, 1); i++) {
		hk_ear_listen(o->ear, host,
			f->ports->len > 0 ? g_array_index(f->ports, unsigned, i) : named);
	}
}

static void
told(void *user, const char *url, int status, const char *addresses, const char *why)
{
	observer *o = user;
	GString *out = line("drop", NULL);

	hk_jsonw_member_str(out, "url", url);
	hk_jsonw_member_int(out, "status", status);
	hk_jsonw_member_str(out, "addresses", addresses);
	hk_jsonw_member_str(out, "why", why);
	put(o, out);
	const char *at = addresses ? addresses : "";
	for (char *one; (one = hk_bell_address(&at));) {
		listen_to(o, one);
		g_free(one);
	}
}

/* The family's ports and those that were named by hand. */
static bool
allow_ports(const observer *o, const char *const *addresses, GError **error)
{
	g_autoptr(GArray) ports = g_array_new(FALSE, FALSE, sizeof(unsigned));

	g_array_append_vals(ports, o->family->ports->data, o->family->ports->len);
	for (size_t i = 0; addresses && addresses[i]; i++) {
		unsigned port;
		g_autofree char *host = hk_bell_host(addresses[i], &port);
		if (!host) {
			return hk_error_set(error, HK_EUSAGE,
				"--address %s: HOST:PORT is expected, as a drop names it",
				addresses[i]);
		}
		g_array_append_val(ports, port);
	}
	return hk_egress_purpose_ports(hk_egress_house(), "c2",
		       (const unsigned *)(const void *)ports->data, ports->len) ||
	       hk_error_set(error, HK_EUSAGE, "--address: that is the port of the DNS or of WHOIS");
}

static bool
begin(observer *o, const hk_opts *opts, GError **error)
{
	const char *const *addresses = hk_opts_list(opts, HK_OPT_C2_ADDRESS);

	if (!allow_ports(o, addresses, error)) {
		return false;
	}
	for (size_t i = 0; addresses && addresses[i]; i++) {
		unsigned port;
		g_autofree char *host = hk_bell_host(addresses[i], &port);
		if (!hk_ear_listen(o->ear, host, port)) {
			return hk_error_set(error, HK_ELIMIT, "--address: too many");
		}
	}
	if (addresses && addresses[0]) {
		return true;
	}
	if (o->family->drops->len == 0) {
		return hk_error_set(error, HK_ECONFIG,
			"%s names no drops; say --address HOST:PORT, or put them in",
			o->family->path);
	}
	g_autoptr(hk_c2_asker) asker =
		hk_c2_asker_new(o->family, hk_egress_house(), hk_stop_fd(), error);
	return asker && hk_c2_asker_once(asker, told, o, error);
}

static const hk_family *
family_of(const hk_opts *opts, const GPtrArray *families, GError **error)
{
	const char *name = hk_opts_str(opts, HK_OPT_FAMILY);
	const hk_family *found = hk_family_of(families, name);

	if (!found) {
		hk_error_set(error, HK_EUSAGE,
			"%s: no family of that name in %s (--family, --families)", name,
			hk_opts_str(opts, HK_OPT_FAMILIES));
	}
	return found;
}

static void
run(observer *o, hk_ws_hub *hub, int64_t for_ms)
{
	int64_t end = hk_clock_mono_ms() + for_ms;

	while (!hk_stop_asked() && (for_ms == 0 || hk_clock_mono_ms() < end)) {
		hk_ws_hub_step(hub, hk_ear_step(o->ear), hk_stop_fd());
	}
	/* In good order: a close frame for each, and its answer. */
	hk_ear_rest(o->ear, true);
	for (int64_t last = hk_clock_mono_ms() + CLOSING_MS;
		hk_ws_hub_count(hub) > 0 && hk_clock_mono_ms() < last;) {
		hk_ws_hub_step(hub, 100, -1);
	}
}

bool
hk_cmd_c2_observe(const hk_opts *opts, GError **error)
{
	uint8_t seed[SEED_BYTES];

	if (hk_opts_arg_count(opts) != 0 || !hk_opts_str(opts, HK_OPT_FAMILY)) {
		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi c2 observe` takes --family NAME, and no argument: hikeshi c2 "
			"observe --family keepspy --address 192.0.2.7:7775");
	}
	hk_file_init();
	g_autoptr(GPtrArray) families = hk_family_folder(hk_opts_str(opts, HK_OPT_FAMILIES), error);
	observer o = {.family = families ? family_of(opts, families, error) : NULL};
	if (!o.family || !hk_stop_begin(error)) {
		return false;
	}
	g_autoptr(hk_ws_hub) hub = hk_ws_hub_new(hk_egress_house(), error);
	/* Another handset with each run: who looks at hand is nobody's regular. */
	hk_secret_bytes(seed, sizeof seed);
	o.ear = hub ? hk_ear_new(o.family, hub, "c2 observe", hk_span_of(seed, sizeof seed), &sink,
			      &o, error)
		    : NULL;
	bool good = o.ear && begin(&o, opts, error);
	if (good) {
		run(&o, hub, hk_opts_int(opts, HK_OPT_C2_FOR));
	}
	hk_ear_free(o.ear);
	hk_stop_end();
	return good &&
	       (!o.broken || hk_error_set(error, HK_EIO, "standard output cannot be written"));
}
