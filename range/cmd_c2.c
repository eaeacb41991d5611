/* hikeshi-range c2 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "c2.h"
#include "cmd.h"
#include "sys/file.h"
#include "sys/gerr.h"

/* The ports of threats.md S19, where the command line names none. */
static const unsigned usual[] = {7775, 7776, 7777, 7778, 7779};

static bool
add_port(rg_c2_port *ports, size_t *count, unsigned name, unsigned port, GError **error)
{
	for (size_t i = 0; i < *count; i++) {
		if (ports[i].name == name) {
			return hk_error_set(error, HK_EUSAGE, "--port-b: %u twice", name);
		}
	}
	if (*count == RG_C2_PORTS_MAX) {
		return hk_error_set(
			error, HK_EUSAGE, "--port-b: at most %d of them", RG_C2_PORTS_MAX);
	}
	ports[(*count)++] = (rg_c2_port){.name = name, .port = (uint16_t)port};
	return true;
}

/* NAME or NAME=PORT. */
static bool
read_ports(const rg_opts *opts, rg_c2_port *ports, size_t *ret_count, GError **error)
{
	char **list = rg_opts_list(opts, RG_OPT_PORT_B);
	size_t count = 0;

	for (size_t i = 0; list[i]; i++) {
		size_t len = strcspn(list[i], "=");
		uint64_t name, port = 0;
		if (hk_parse_u64(hk_span_of(list[i], len), UINT16_MAX, &name) != HK_OK ||
			name == 0 ||
			(list[i][len] && hk_parse_u64(hk_span_str(list[i] + len + 1), UINT16_MAX,
						 &port) != HK_OK)) {
			return hk_error_set(
				error, HK_EUSAGE, "--port-b: NAME or NAME=PORT, not '%s'", list[i]);
		}
		if (!add_port(ports, &count, (unsigned)name, (unsigned)port, error)) {
			return false;
		}
	}
	for (size_t i = 0; !list[0] && i < G_N_ELEMENTS(usual); i++) {
		ports[count++] = (rg_c2_port){.name = usual[i]};
	}
	*ret_count = count;
	return true;
}

static bool
read_begin(const rg_opts *opts, rg_c2_begin *ret, GError **error)
{
	static const char *const names[RG_BEGINS] = {"clients", "now", "control"};
	const char *text = rg_opts_text(opts, RG_OPT_BEGIN);

	for (int i = 0; i < RG_BEGINS; i++) {
		if (strcmp(names[i], text) == 0) {
			*ret = (rg_c2_begin)i;
			return true;
		}
	}
	return hk_error_set(error, HK_EUSAGE, "--begin is clients, now or control");
}

static bool
run(const rg_c2_config *config, char **faults, GError **error)
{
	g_autoptr(GString) line = g_string_new(NULL);
	g_autoptr(rg_c2) c2 = NULL;
	sigset_t signals;
	int got;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	c2 = rg_c2_new(config, error);
	for (size_t i = 0; c2 && faults[i]; i++) {
		if (!rg_c2_fault(c2, faults[i], error)) {
			return false;
		}
	}
	if (!c2) {
		return false;
	}
	rg_c2_ready(c2, line);
	puts(line->str);
	fflush(stdout);
	sigwait(&signals, &got);
	return true;
}

bool
rg_cmd_c2(const rg_opts *opts, GError **error)
{
	static char *usual_drops[] = {(char *)"drop.range.test", NULL};
	rg_c2_port ports[RG_C2_PORTS_MAX];
	char **drops = rg_opts_list(opts, RG_OPT_DROP);
	uint64_t port = rg_opts_int(opts, RG_OPT_PORT);
	rg_c2_config config = {.port = (uint16_t)port,
		.ports = ports,
		.key = rg_opts_text(opts, RG_OPT_KEY),
		.drops = (const char *const *)(drops[0] ? drops : usual_drops),
		.address = rg_opts_text(opts, RG_OPT_ADDRESS),
		.scenario = rg_opts_text(opts, RG_OPT_SCENARIO),
		.speed = rg_opts_real(opts, RG_OPT_SPEED),
		.confirm = rg_opts_bool(opts, RG_OPT_CONFIRM),
		.seed = rg_opts_int(opts, RG_OPT_SEED)};

	hk_file_init();
	if (port > UINT16_MAX || config.speed <= 0) {
		return hk_error_set(error, HK_EUSAGE, "--port is at most 65535, --speed above 0");
	}
	return read_ports(opts, ports, &config.count, error) &&
	       read_begin(opts, &config.begin, error) &&
	       run(&config, rg_opts_list(opts, RG_OPT_FAULT), error);
}
