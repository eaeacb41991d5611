#include "source/c2/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/jpholiday.h"
#include "match/calendar.h"
#include "sys/gerr.h"

enum { DAY_S = 86400, HOUR_S = 3600 };

/* A send command. */
typedef struct event {
	int64_t local_s;
	unsigned port; /* index among the ports */
	unsigned wave;
	uint64_t numbers;
	uint8_t key[HK_SHA256_SIZE];
	char *text; /* masked */
	GPtrArray *urls, *brands;
} event;

/* An entry of a list: which number, by which event. */
typedef struct entry {
	uint64_t number;
	uint32_t event;
} entry;

struct hk_c2_stats {
	hk_c2_summary summary;
	GArray *events;  /* event */
	GArray *entries; /* entry */
	GArray *ports;   /* hk_c2_port */
	GArray *waves;   /* hk_c2_wave */
};

static void
event_clear(void *data)
{
	event *e = data;

	g_free(e->text);
	g_clear_pointer(&e->urls, g_ptr_array_unref);
	g_clear_pointer(&e->brands, g_ptr_array_unref);
}

static void
wave_clear(void *data)
{
	hk_c2_wave *wave = data;

	g_free(wave->ports);
	g_free(wave->text);
	g_clear_pointer(&wave->urls, g_ptr_array_unref);
	g_clear_pointer(&wave->brands, g_ptr_array_unref);
}

hk_c2_stats *
hk_c2_stats_new(void)
{
	hk_c2_stats *stats = g_new0(hk_c2_stats, 1);

	stats->events = g_array_new(FALSE, FALSE, sizeof(event));
	g_array_set_clear_func(stats->events, event_clear);
	stats->entries = g_array_new(FALSE, FALSE, sizeof(entry));
	stats->ports = g_array_new(FALSE, TRUE, sizeof(hk_c2_port));
	stats->waves = g_array_new(FALSE, TRUE, sizeof(hk_c2_wave));
	g_array_set_clear_func(stats->waves, wave_clear);
	return stats;
}

void
hk_c2_stats_free(hk_c2_stats *stats)
{
	if (stats) {
		g_array_unref(stats->events);
		g_array_unref(stats->entries);
		g_array_unref(stats->ports);
		g_array_unref(stats->waves);
		g_free(stats);
	}
}

void
hk_c2_stats_bad(hk_c2_stats *stats)
{
	stats->summary.bad++;
}

static hk_c2_port *
port_at(hk_c2_stats *stats, unsigned i)
{
	return &g_array_index(stats->ports, hk_c2_port, i);
}

static bool
find_port(hk_c2_stats *stats, unsigned port, unsigned *ret, GError **error)
{
	for (unsigned i = 0; i < stats->ports->len; i++) {
		if (port_at(stats, i)->port == port) {
			*ret = i;
			return true;
		}
	}
	if (stats->ports->len >= HK_C2_STATS_PORTS_MAX) {
		return hk_error_set(error, HK_ELIMIT, "more than %d ports", HK_C2_STATS_PORTS_MAX);
	}
	hk_c2_port fresh = {.port = port};
	*ret = stats->ports->len;
	g_array_append_val(stats->ports, fresh);
	return true;
}

/* The digits of an E.164 number: 15 at most, so that they fit. */
static uint64_t
number_of(const char *e164)
{
	uint64_t n = 0;

	for (const char *at = e164 + 1; *at; at++) {
		n = n * 10 + (uint64_t)(*at - '0');
	}
	return n;
}

static bool
add_send(hk_c2_stats *stats, const hk_command_seen *seen, unsigned port, const hk_command *command,
	GError **error)
{
	event e = {.local_s = seen->local_s, .port = port, .numbers = command->numbers->len};
	uint32_t index = stats->events->len;

	if (index >= HK_C2_STATS_EVENTS_MAX ||
		stats->entries->len + command->numbers->len > HK_C2_STATS_NUMBERS_MAX) {
		return hk_error_set(error, HK_ELIMIT, "more than %d send commands or %d numbers",
			HK_C2_STATS_EVENTS_MAX, HK_C2_STATS_NUMBERS_MAX);
	}
	memcpy(e.key, command->key, sizeof e.key);
	if (command->text) {
		g_autoptr(GString) text = g_string_new(NULL);
		hk_number_mask_text(hk_span_str(command->text), text);
		e.text = g_strdup(text->str);
	}
	e.urls = g_ptr_array_ref(command->urls);
	e.brands = g_ptr_array_ref(command->brands);
	g_array_append_val(stats->events, e);
	for (unsigned i = 0; i < command->numbers->len; i++) {
		entry n = {number_of(command->numbers->pdata[i]), index};
		g_array_append_val(stats->entries, n);
	}
	stats->summary.masked += command->masked;
	stats->summary.odd += command->odd;
	return true;
}

bool
hk_c2_stats_add(
	hk_c2_stats *stats, const hk_command_seen *seen, const hk_command *command, GError **error)
{
	unsigned port = 0;

	if (!find_port(stats, seen->port, &port, error) ||
		(command->send && !add_send(stats, seen, port, command, error))) {
		return false;
	}
	stats->summary.commands++;
	stats->summary.sends += command->send;
	stats->summary.unknown += command->verb == NULL;
	port_at(stats, port)->commands++;
	port_at(stats, port)->sends += command->send;
	return true;
}

/* Reckoning ---------------------------------------------------------------------------------------------------------- */

static int64_t
day_of(int64_t local_s)
{
	return local_s / DAY_S - (local_s % DAY_S < 0);
}

static unsigned
hour_of(int64_t local_s)
{
	return (unsigned)((local_s - day_of(local_s) * DAY_S) / HOUR_S);
}

static event *
event_at(hk_c2_stats *stats, unsigned i)
{
	return &g_array_index(stats->events, event, i);
}

static hk_c2_wave *
wave_at(hk_c2_stats *stats, unsigned i)
{
	return &g_array_index(stats->waves, hk_c2_wave, i);
}

/* Events in order of time; those of the same second in the order in which they came. */
static int
by_time(const void *a, const void *b, void *stats)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	const event *p = event_at(stats, x), *q = event_at(stats, y);

	return p->local_s != q->local_s ? (p->local_s < q->local_s ? -1 : 1) : (x < y ? -1 : x > y);
}

static void
merge(GPtrArray *into, const GPtrArray *from)
{
	for (unsigned i = 0; i < from->len; i++) {
		if (!g_ptr_array_find_with_equal_func(into, from->pdata[i], g_str_equal, NULL)) {
			g_ptr_array_add(into, g_strdup(from->pdata[i]));
		}
	}
}

static void
join_wave(hk_c2_stats *stats, hk_c2_wave *wave, event *e)
{
	unsigned port = port_at(stats, e->port)->port, at = 0;

	wave->end_s = e->local_s;
	wave->commands++;
	wave->numbers += e->numbers;
	merge(wave->urls, e->urls);
	merge(wave->brands, e->brands);
	while (at < wave->port_count && wave->ports[at] < port) {
		at++;
	}
	if (at == wave->port_count || wave->ports[at] != port) {
		wave->ports = g_renew(unsigned, wave->ports, wave->port_count + 1);
		memmove(wave->ports + at + 1, wave->ports + at,
			(wave->port_count - at) * sizeof(unsigned));
		wave->ports[at] = port;
		wave->port_count++;
		port_at(stats, e->port)->waves++;
	}
}

static unsigned
key_hash(const void *key)
{
	unsigned hash;

	memcpy(&hash, key, sizeof hash); /* of a SHA-256: any of its bytes will do */
	return hash;
}

static int
key_equal(const void *a, const void *b)
{
	return memcmp(a, b, HK_SHA256_SIZE) == 0;
}

static void
find_waves(hk_c2_stats *stats, const unsigned *order)
{
	/* key -> 1 + the last wave of that key */
	g_autoptr(GHashTable) last = g_hash_table_new(key_hash, key_equal);

	for (unsigned i = 0; i < stats->events->len; i++) {
		event *e = event_at(stats, order[i]);
		unsigned known = GPOINTER_TO_UINT(g_hash_table_lookup(last, e->key));
		hk_c2_wave *wave = known > 0 ? wave_at(stats, known - 1) : NULL;
		if (!wave || e->local_s - wave->end_s > HK_C2_WAVE_GAP_S) {
			hk_c2_wave fresh = {.start_s = e->local_s,
				.text = g_strdup(e->text),
				.urls = g_ptr_array_new_with_free_func(g_free),
				.brands = g_ptr_array_new_with_free_func(g_free)};
			memcpy(fresh.key, e->key, sizeof fresh.key);
			g_array_append_val(stats->waves, fresh);
			known = stats->waves->len;
			wave = wave_at(stats, known - 1);
			g_hash_table_replace(last, e->key, GUINT_TO_POINTER(known));
		}
		e->wave = known - 1;
		join_wave(stats, wave, e);
	}
}

/* By number, then by wave, so that what a wave has twice stands side by side. */
static int
by_number(const void *a, const void *b, void *stats)
{
	const entry *p = a, *q = b;
	unsigned x = event_at(stats, p->event)->wave, y = event_at(stats, q->event)->wave;

	if (p->number != q->number) {
		return p->number < q->number ? -1 : 1;
	}
	return x < y ? -1 : x > y;
}

/* One number: which ports and waves have it, and how often. */
static void
count_number(hk_c2_stats *stats, const entry *first, unsigned n)
{
	uint64_t seen[HK_C2_STATS_PORTS_MAX / 64] = {0};
	unsigned ports = 0;

	for (unsigned i = 0; i < n; i++) {
		const event *e = event_at(stats, first[i].event);
		uint64_t bit = 1ull << (e->port % 64);
		if (!(seen[e->port / 64] & bit)) {
			seen[e->port / 64] |= bit;
			port_at(stats, e->port)->distinct++;
			ports++;
		}
		port_at(stats, e->port)->numbers++;
		if (i > 0 && event_at(stats, first[i - 1].event)->wave == e->wave) {
			wave_at(stats, e->wave)->shared++;
		}
	}
	stats->summary.shared += ports > 1;
	stats->summary.distinct++;
}

static void
count_numbers(hk_c2_stats *stats)
{
	entry *all = (entry *)(void *)stats->entries->data;
	unsigned len = stats->entries->len;

	if (len > 0) {
		g_qsort_with_data(all, (int)len, sizeof *all, by_number, stats);
	}
	for (unsigned i = 0, n; i < len; i += n) {
		for (n = 1; i + n < len && all[i + n].number == all[i].number; n++) {
		}
		count_number(stats, all + i, n);
	}
	stats->summary.numbers = len;
}

/* The days of each port, and the busiest. */
static void
count_port_days(hk_c2_stats *stats, const unsigned *order)
{
	int64_t day[HK_C2_STATS_PORTS_MAX];
	unsigned today[HK_C2_STATS_PORTS_MAX] = {0};

	for (unsigned i = 0; i < stats->events->len; i++) {
		const event *e = event_at(stats, order[i]);
		hk_c2_port *port = port_at(stats, e->port);
		bool same = today[e->port] > 0 && day[e->port] == day_of(e->local_s);
		today[e->port] = same ? today[e->port] + 1 : 1;
		port->days += !same;
		day[e->port] = day_of(e->local_s);
		port->busiest = MAX(port->busiest, today[e->port]);
	}
}

static void
count_hours(hk_c2_stats *stats, const unsigned *order)
{
	hk_c2_summary *s = &stats->summary;
	int64_t day = INT64_MIN;
	hk_calendar_day calendar = {0};

	for (unsigned i = 0; i < stats->events->len; i++) {
		const event *e = event_at(stats, order[i]);
		if (day_of(e->local_s) != day) {
			day = day_of(e->local_s);
			calendar = hk_calendar_of(day);
			s->hours[calendar.jp_off].days++;
			s->china_days += calendar.cn_known;
			s->china_off += calendar.cn_known && calendar.cn_off;
		}
		s->hours[calendar.jp_off].sends[hour_of(e->local_s)]++;
		port_at(stats, e->port)->hours[calendar.jp_off][hour_of(e->local_s)]++;
	}
	for (unsigned i = 0; i < stats->waves->len; i++) {
		int64_t start_s = wave_at(stats, i)->start_s;
		s->hours[hk_jpholiday_off(day_of(start_s))].waves[hour_of(start_s)]++;
	}
}

static int
by_port(const void *a, const void *b)
{
	const hk_c2_port *p = a, *q = b;

	return p->port < q->port ? -1 : p->port > q->port;
}

const hk_c2_summary *
hk_c2_stats_done(hk_c2_stats *stats)
{
	unsigned len = stats->events->len;
	g_autofree unsigned *order = g_new(unsigned, len + 1);
	hk_c2_summary *s = &stats->summary;

	for (unsigned i = 0; i < len; i++) {
		order[i] = i;
	}
	g_qsort_with_data(order, (int)len, sizeof *order, by_time, stats);
	if (len > 0) {
		s->first_s = event_at(stats, order[0])->local_s;
		s->last_s = event_at(stats, order[len - 1])->local_s;
	}
	find_waves(stats, order);
	count_numbers(stats);
	count_port_days(stats, order);
	count_hours(stats, order);
	g_array_sort(stats->ports, by_port);
	s->ports = (hk_c2_port *)(void *)stats->ports->data;
	s->port_count = stats->ports->len;
	s->waves = (hk_c2_wave *)(void *)stats->waves->data;
	s->wave_count = stats->waves->len;
	return s;
}
