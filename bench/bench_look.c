/* bench_look: what the requests of light looks cost without judging and storing: the floor of bench/look.sh.
 *
 *   bench_look EGRESS-FILE NAMES-FILE IN-FLIGHT     one name a line; prints the rate, in looks a second, of the middle
 * eight tenths, the processor time of a look in ms, and how many hosts answered
 *
 * The same requests as the pool "look" sends (role/looknet): https, then http, headers, redirects, caps. Who answers is hikeshi-range sites. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/num.h"
#include "bench.h"
#include "role/looknet.h"
#include "sys/clock.h"
#include "sys/file.h"

enum { NAMES_MAX = 64 << 20, TIMEOUT_MS = 10000, STEP_MS = 100 };

typedef struct asking {
	char **names;
	size_t count, next, done, answered;
	int64_t *ended_ms;
} asking;

static void
on_done(void *user, hk_look *look)
{
	asking *a = user;

	a->answered += look->status != 0;
	a->ended_ms[a->done++] = look->ended_ms;
	hk_look_free(look);
}

static void
fill(asking *a, hk_looknet *net, size_t in_flight)
{
	while (a->next < a->count && hk_looknet_busy(net) < in_flight) {
		char *name = a->names[a->next++];
		name[strcspn(name, " \t\r")] = '\0';
		hk_looknet_start(net, hk_look_new(name, NULL, NULL), NULL);
	}
}

static void
more_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static hk_looknet *
open_net(const char *egress_file, asking *a, GError **error)
{
	g_autoptr(hk_egress) egress = hk_egress_new(egress_file, error);
	const hk_looknet_config config = {.who = "bench", .timeout_ms = TIMEOUT_MS};

	if (!egress) {
		return NULL;
	}
	hk_egress_set_house(egress);
	return hk_looknet_new(&config, on_done, a, error);
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	uint64_t in_flight = 0;
	asking a = {0};

	if (argc != 4 || hk_parse_u64(hk_span_str(argv[3]), 4000, &in_flight) != HK_OK ||
		in_flight == 0) {
		fprintf(stderr, "usage: bench_look EGRESS-FILE NAMES-FILE IN-FLIGHT\n");
		return 64;
	}
	hk_file_init();
	more_files();
	g_autoptr(GBytes) bytes = hk_file_read(argv[2], NAMES_MAX, &error);
	hk_looknet *net = bytes ? open_net(argv[1], &a, &error) : NULL;
	if (!net) {
		fprintf(stderr, "bench_look: %s\n", error->message);
		return 66;
	}
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_auto(GStrv) names = g_strsplit(g_strchomp(text), "\n", -1);
	a.names = names;
	a.count = g_strv_length(names);
	a.ended_ms = g_new0(int64_t, a.count + 1);
	while (a.done < a.count) {
		fill(&a, net, in_flight);
		hk_looknet_step(net, STEP_MS, -1);
	}
	int64_t ms = a.ended_ms[a.count * 9 / 10] - a.ended_ms[a.count / 10];
	printf("%.1f %.3f %zu\n", (double)(a.count * 8 / 10) * 1000 / (double)MAX(ms, 1),
		bench_cpu_s() * 1000 / (double)a.count, a.answered);
	hk_looknet_free(net);
	g_free(a.ended_ms);
	return 0;
}
