#include "c2.h"

#include <string.h>

#include "base/num.h"
#include "c2_int.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* A scenario looks at the clock at least so often. */
enum { SLEEP_MAX_MS = 60000 };

/* ---- Scenarios ---- */

static void
note(rg_c2 *c2, const rg_step *step, bool good)
{
	c2->played++;
	if (!good) {
		c2->failed++;
		g_free(c2->failure);
		c2->failure =
			g_strdup_printf("at %.3f s: %s", (double)step->at_ms / 1000, step->text);
	}
}

static bool
take_drop(rg_c2 *c2, const rg_step *step)
{
	rg_c2_how how = RG_HOW_CLOSE;
	char *end = NULL;
	double chance = g_ascii_strtod(step->text, &end);

	if (end == step->text || *end || !(chance >= 0 && chance <= 1) ||
		(step->state && !rg_c2_how_find(step->state, &how))) {
		return false;
	}
	rg_c2b_drop(c2->b, step->port, chance, how, RG_ON_NOW);
	return true;
}

static bool
take_a(rg_c2 *c2, const rg_step *step)
{
	rg_drop_state state;

	return rg_drop_find(step->state, &state) &&
	       (!step->address || rg_c2_is_address(step->address)) &&
	       rg_drops_set(c2->drops, step->text, state, step->address, 0);
}

/* Under the lock of c2; that of stage B is taken within. */
static void
take_step(rg_c2 *c2, const rg_step *step)
{
	g_autoptr(GString) out = g_string_new(NULL);
	bool good = step->kind == RG_STEP_A || rg_c2b_is_port(c2->b, step->port);

	if (good) {
		switch (step->kind) {
		case RG_STEP_COMMAND:
			rg_c2b_send(c2->b, step->port, step->text, out);
			break;
		case RG_STEP_A:
			good = take_a(c2, step);
			break;
		case RG_STEP_FAULT:
			good = rg_c2b_fault(c2->b, step->port, step->text, step->times);
			break;
		case RG_STEP_DROP:
			good = take_drop(c2, step);
			break;
		}
	}
	note(c2, step, good);
}

/* In the thread of stage B: the steps whose time has come. */
static int
tick(void *user)
{
	rg_c2 *c2 = user;
	int wait_ms = -1;

	g_mutex_lock(&c2->lock);
	if (c2->waits && c2->b && rg_c2b_everywhere(c2->b)) {
		c2->waits = false;
		c2->begun_ms = hk_clock_mono_ms();
	}
	while (c2->steps && !c2->waits && c2->next < c2->steps->len) {
		const rg_step *step = c2->steps->pdata[c2->next];
		int64_t due_ms = c2->begun_ms + (int64_t)((double)step->at_ms / c2->speed);
		int64_t left_ms = due_ms - hk_clock_mono_ms();
		if (left_ms > 0) {
			wait_ms = (int)MIN(left_ms, SLEEP_MAX_MS);
			break;
		}
		c2->next++;
		take_step(c2, step);
	}
	g_mutex_unlock(&c2->lock);
	return wait_ms;
}

void
rg_c2_play(rg_c2 *c2, GPtrArray *steps, double speed, bool now)
{
	g_clear_pointer(&c2->steps, g_ptr_array_unref);
	c2->steps = steps;
	c2->next = 0;
	c2->speed = speed;
	c2->waits = !now;
	c2->begun_ms = hk_clock_mono_ms();
	c2->played = c2->failed = 0;
	g_clear_pointer(&c2->failure, g_free);
	rg_c2b_wake(c2->b);
}

/* ---- Beginning and end ---- */

bool
rg_c2_is_address(const char *text)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	return colon && colon > text &&
	       hk_parse_u64(hk_span_str(colon + 1), UINT16_MAX, &port) == HK_OK && port > 0;
}

static bool
read_scenario(rg_c2 *c2, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, RG_SCRIPT_BYTES_MAX, error);

	if (!bytes) {
		return false;
	}
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);
	c2->scenario = rg_script_read(hk_span_of(data, len), &c2->next_number, error);
	if (!c2->scenario) {
		g_prefix_error(error, "%s: ", path);
	}
	return c2->scenario != NULL;
}

static bool
set_drops(rg_c2 *c2, const rg_c2_config *config, GError **error)
{
	if (!rg_c2_is_address(config->address)) {
		return hk_error_set(error, HK_EUSAGE, "'%s' is no ADDRESS:PORT", config->address);
	}
	c2->drops = rg_drops_new(config->key, error);
	for (size_t i = 0; c2->drops && config->drops[i]; i++) {
		rg_drops_set(c2->drops, config->drops[i], RG_DROP_OK, config->address, 0);
		g_ptr_array_add(c2->places, g_strdup(config->drops[i]));
	}
	return c2->drops != NULL;
}

static bool
start(rg_c2 *c2, const rg_c2_config *config, GError **error)
{
	rg_c2b_config b = {.ports = c2->ports,
		.count = config->count,
		.confirm = config->confirm,
		.seed = config->seed,
		.tick = tick,
		.user = c2};

	if (!set_drops(c2, config, error) ||
		(config->scenario && !read_scenario(c2, config->scenario, error))) {
		return false;
	}
	/* The thread of stage B calls tick() at once: it must find c2->b. */
	g_mutex_lock(&c2->lock);
	c2->b = rg_c2b_new(&b, error);
	for (size_t i = 0; c2->b && i < config->count; i++) {
		c2->ports[i].port = rg_c2b_port(c2->b, i);
	}
	if (c2->b && c2->scenario && config->begin != RG_BEGIN_CONTROL) {
		rg_c2_play(c2, g_ptr_array_ref(c2->scenario), config->speed,
			config->begin == RG_BEGIN_NOW);
	}
	g_mutex_unlock(&c2->lock);
	c2->http = c2->b ? rg_httpd_start_with(
				   config->port, RG_SCRIPT_BYTES_MAX, rg_c2_answer, c2, error)
			 : NULL;
	return c2->http != NULL;
}

rg_c2 *
rg_c2_new(const rg_c2_config *config, GError **error)
{
	rg_c2 *c2 = g_new0(rg_c2, 1);

	g_mutex_init(&c2->lock);
	c2->ports = g_memdup2(config->ports, config->count * sizeof *config->ports);
	c2->count = config->count;
	c2->default_speed = config->speed;
	c2->address = g_strdup(config->address);
	c2->places = g_ptr_array_new_with_free_func(g_free);
	if (!start(c2, config, error)) {
		rg_c2_free(c2);
		return NULL;
	}
	return c2;
}

void
rg_c2_free(rg_c2 *c2)
{
	if (!c2) {
		return;
	}
	rg_httpd_stop(c2->http);
	rg_c2b_free(c2->b);
	rg_drops_free(c2->drops);
	g_clear_pointer(&c2->steps, g_ptr_array_unref);
	g_clear_pointer(&c2->scenario, g_ptr_array_unref);
	g_ptr_array_unref(c2->places);
	g_mutex_clear(&c2->lock);
	g_free(c2->failure);
	g_free(c2->address);
	g_free(c2->ports);
	g_free(c2);
}

bool
rg_c2_fault(rg_c2 *c2, const char *spec, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(spec, ":", 2);
	char *at = strchr(parts[0], '@');
	uint64_t port = 0, times = 0;

	if (at) {
		*at++ = '\0';
	}
	if ((at && (hk_parse_u64(hk_span_str(at), UINT16_MAX, &port) != HK_OK || port == 0)) ||
		(parts[1] && hk_parse_u64(hk_span_str(parts[1]), 1000000, &times) != HK_OK) ||
		!rg_c2b_is_port(c2->b, (unsigned)port) ||
		!rg_c2b_fault(c2->b, (unsigned)port, parts[0], (unsigned)times)) {
		return hk_error_set(
			error, HK_EUSAGE, "--fault: '%s' is no fault of range/c2faults.def", spec);
	}
	return true;
}

void
rg_c2_ready(const rg_c2 *c2, GString *out)
{
	unsigned port = rg_httpd_port(c2->http);
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u", port);
	g_autoptr(GString) rows = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "url", url);
	hk_jsonw_member_int(out, "port", port);
	hk_jsonw_key(out, "b");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < c2->count; i++) {
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "name", c2->ports[i].name);
		hk_jsonw_member_int(out, "port", c2->ports[i].port);
		hk_jsonw_close(out, '}');
		g_string_append_printf(rows, "%u=%u ", c2->ports[i].name, c2->ports[i].port);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_member_str(out, "address", c2->address);
	hk_jsonw_key(out, "drops");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < c2->places->len; i++) {
		const char *place = c2->places->pdata[i];
		size_t host = strcspn(place, "/");
		g_autofree char *drop =
			g_strdup_printf("http://%s%s", place, place[host] ? "" : "/");
		hk_jsonw_str(out, drop);
		g_string_append_printf(rows, "%.*s:80=%u ", (int)host, place, port);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_member_str(out, "range_ports", g_strchomp(rows->str));
	hk_jsonw_close(out, '}');
}
