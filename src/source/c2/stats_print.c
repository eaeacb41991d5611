/* How the statistics are printed. nocheck: tested in tests/scenario/c2-cli.t */
#include "base/codec.h"
#include "base/jpholiday.h"
#include "match/calendar.h"
#include "source/c2/stats.h"
#include "sys/csvw.h"
#include "sys/defang.h"
#include "sys/jsonw.h"
#include "sys/log.h"

/* Columns of the table by port: more stand in --json and --csv. */
enum { BAR_MAX = 40, KEY_SHOWN = 16, PORTS_SHOWN = 8 };

static const char *const kinds[2] = {"working_days", "days_off"};

static char *
masked(const char *text)
{
	GString *out = g_string_new(NULL);

	hk_number_mask_text(hk_span_str(text), out);
	return g_string_free(out, FALSE);
}

static int64_t
day_of(int64_t local_s)
{
	return local_s / 86400 - (local_s % 86400 < 0);
}

/* Whether no number went to two ports: what the talk found. */
static bool
disjoint(const hk_c2_summary *s)
{
	return s->shared == 0;
}

/* JSON --------------------------------------------------------------------------------------------------------------- */

static void
hours_json(GString *out, const char *key, const uint64_t hours[24])
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (int h = 0; h < 24; h++) {
		hk_jsonw_int(out, (int64_t)hours[h]);
	}
	hk_jsonw_close(out, ']');
}

static void
ports_json(const hk_c2_summary *s, GString *out)
{
	hk_jsonw_key(out, "ports");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < s->port_count; i++) {
		const hk_c2_port *p = &s->ports[i];
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "port", p->port);
		hk_jsonw_member_int(out, "commands", (int64_t)p->commands);
		hk_jsonw_member_int(out, "sends", (int64_t)p->sends);
		hk_jsonw_member_int(out, "numbers", (int64_t)p->numbers);
		hk_jsonw_member_int(out, "distinct", (int64_t)p->distinct);
		hk_jsonw_member_int(out, "waves", (int64_t)p->waves);
		hk_jsonw_member_int(out, "days", p->days);
		hk_jsonw_member_int(out, "busiest_day", p->busiest);
		hk_jsonw_key(out, "sends_per_day");
		hk_jsonw_real(out, p->days ? (double)p->sends / p->days : 0, 2);
		hours_json(out, kinds[0], p->hours[0]);
		hours_json(out, kinds[1], p->hours[1]);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static void
list_json(GString *out, const char *key, const GPtrArray *list)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < list->len; i++) {
		g_autofree char *shown = masked(list->pdata[i]);
		hk_jsonw_str(out, shown);
	}
	hk_jsonw_close(out, ']');
}

static void
wave_json(const hk_c2_wave *w, GString *out)
{
	hk_calendar_day day = hk_calendar_of(day_of(w->start_s));
	char when[HK_COMMAND_WHEN_SIZE];

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "start", hk_command_when(w->start_s, when));
	hk_jsonw_member_str(out, "end", hk_command_when(w->end_s, when));
	hk_jsonw_member_int(out, "seconds", w->end_s - w->start_s);
	hk_jsonw_key(out, "ports");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < w->port_count; i++) {
		hk_jsonw_int(out, w->ports[i]);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_member_int(out, "commands", (int64_t)w->commands);
	hk_jsonw_member_int(out, "numbers", (int64_t)w->numbers);
	hk_jsonw_member_int(out, "shared", (int64_t)w->shared);
	hk_jsonw_key(out, "key");
	hk_jsonw_hex(out, hk_span_of(w->key, sizeof w->key));
	hk_jsonw_member_str(out, "text", w->text);
	list_json(out, "urls", w->urls);
	list_json(out, "brands", w->brands);
	hk_jsonw_member_bool(out, "holiday", day.jp_holiday);
	hk_jsonw_member_bool(out, "day_off", day.jp_off);
	hk_jsonw_member_str(out, "china", day.cn);
	hk_jsonw_close(out, '}');
}

void
hk_c2_stats_json(const hk_c2_summary *s, GString *out)
{
	char when[HK_COMMAND_WHEN_SIZE];

	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "commands", (int64_t)s->commands);
	hk_jsonw_member_int(out, "sends", (int64_t)s->sends);
	hk_jsonw_member_int(out, "unknown", (int64_t)s->unknown);
	hk_jsonw_member_int(out, "bad_lines", (int64_t)s->bad);
	hk_jsonw_member_str(out, "first", s->sends ? hk_command_when(s->first_s, when) : NULL);
	hk_jsonw_member_str(out, "last", s->sends ? hk_command_when(s->last_s, when) : NULL);
	for (int k = 0; k < 2; k++) {
		hk_jsonw_key(out, kinds[k]);
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "days", s->hours[k].days);
		hours_json(out, "sends", s->hours[k].sends);
		hours_json(out, "waves", s->hours[k].waves);
		hk_jsonw_close(out, '}');
	}
	ports_json(s, out);
	hk_jsonw_key(out, "numbers");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "entries", (int64_t)s->numbers);
	hk_jsonw_member_int(out, "distinct", (int64_t)s->distinct);
	hk_jsonw_member_int(out, "on_several_ports", (int64_t)s->shared);
	hk_jsonw_member_bool(out, "disjoint", disjoint(s));
	hk_jsonw_member_int(out, "masked", (int64_t)s->masked);
	hk_jsonw_member_int(out, "odd", (int64_t)s->odd);
	hk_jsonw_close(out, '}');
	hk_jsonw_key(out, "china");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "days", s->china_days);
	hk_jsonw_member_int(out, "days_off", s->china_off);
	hk_jsonw_close(out, '}');
	hk_jsonw_key(out, "waves");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < s->wave_count; i++) {
		wave_json(&s->waves[i], out);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
}

/* CSV ---------------------------------------------------------------------------------------------------------------- */

static void
csv_row(hk_csvw *w, const char *section, const char *item, const char *measure, uint64_t value)
{
	hk_csvw_str(w, section);
	hk_csvw_str(w, item);
	hk_csvw_str(w, measure);
	hk_csvw_int(w, (int64_t)value);
	hk_csvw_end_row(w);
}

static void
hours_csv(const hk_c2_summary *s, hk_csvw *w)
{
	for (int k = 0; k < 2; k++) {
		for (int h = 0; h < 24; h++) {
			g_autofree char *hour = g_strdup_printf("%02d", h);
			g_autofree char *waves = g_strconcat(kinds[k], "_waves", NULL);
			csv_row(w, "hour", hour, kinds[k], s->hours[k].sends[h]);
			csv_row(w, "hour", hour, waves, s->hours[k].waves[h]);
		}
	}
}

/* "7775 06": port and hour; hours in which it never sent are left out. */
static void
port_hours_csv(const hk_c2_port *p, hk_csvw *w)
{
	for (int k = 0; k < 2; k++) {
		for (int h = 0; h < 24; h++) {
			g_autofree char *item = g_strdup_printf("%u %02d", p->port, h);
			if (p->hours[k][h] > 0) {
				csv_row(w, "port_hour", item, kinds[k], p->hours[k][h]);
			}
		}
	}
}

static void
waves_csv(const hk_c2_summary *s, hk_csvw *w)
{
	char when[HK_COMMAND_WHEN_SIZE];

	for (size_t i = 0; i < s->wave_count; i++) {
		const hk_c2_wave *wave = &s->waves[i];
		hk_command_when(wave->start_s, when);
		csv_row(w, "wave", when, "seconds", (uint64_t)(wave->end_s - wave->start_s));
		csv_row(w, "wave", when, "ports", wave->port_count);
		csv_row(w, "wave", when, "commands", wave->commands);
		csv_row(w, "wave", when, "numbers", wave->numbers);
		csv_row(w, "wave", when, "shared", wave->shared);
	}
}

void
hk_c2_stats_csv(const hk_c2_summary *s, GString *out)
{
	static const char *const head[] = {"section", "item", "measure", "value"};
	hk_csvw w;

	hk_csvw_begin(&w, out, false);
	for (size_t i = 0; i < G_N_ELEMENTS(head); i++) {
		hk_csvw_str(&w, head[i]);
	}
	hk_csvw_end_row(&w);
	csv_row(&w, "all", "commands", "count", s->commands);
	csv_row(&w, "all", "sends", "count", s->sends);
	csv_row(&w, "all", "unknown", "count", s->unknown);
	csv_row(&w, "all", "bad_lines", "count", s->bad);
	csv_row(&w, "all", "waves", "count", s->wave_count);
	csv_row(&w, "all", "numbers", "entries", s->numbers);
	csv_row(&w, "all", "numbers", "distinct", s->distinct);
	csv_row(&w, "all", "numbers", "on_several_ports", s->shared);
	hours_csv(s, &w);
	for (size_t i = 0; i < s->port_count; i++) {
		const hk_c2_port *p = &s->ports[i];
		g_autofree char *port = g_strdup_printf("%u", p->port);
		csv_row(&w, "port", port, "sends", p->sends);
		csv_row(&w, "port", port, "numbers", p->numbers);
		csv_row(&w, "port", port, "distinct", p->distinct);
		csv_row(&w, "port", port, "waves", p->waves);
		csv_row(&w, "port", port, "days", p->days);
		csv_row(&w, "port", port, "busiest_day", p->busiest);
		port_hours_csv(p, &w);
	}
	waves_csv(s, &w);
}

/* For people --------------------------------------------------------------------------------------------------------- */

static void
bar(GString *out, uint64_t value, uint64_t most)
{
	unsigned len = most ? (unsigned)((value * BAR_MAX + most - 1) / most) : 0;

	for (unsigned i = 0; i < len; i++) {
		g_string_append_c(out, '#');
	}
}

static void
hours_text(const hk_c2_summary *s, int kind, GString *out)
{
	uint64_t most = 0;

	for (int h = 0; h < 24; h++) {
		most = MAX(most, s->hours[kind].sends[h]);
	}
	g_string_append_printf(out, "\n%s (%u with messages): send commands by the hour\n",
		kind ? "Saturdays, Sundays and holidays of Japan" : "Working days of Japan",
		s->hours[kind].days);
	for (int h = 0; h < 24; h++) {
		g_string_append_printf(
			out, "  %02d  %6" G_GUINT64_FORMAT, h, s->hours[kind].sends[h]);
		g_string_append(out, s->hours[kind].sends[h] ? "  " : "");
		bar(out, s->hours[kind].sends[h], most);
		g_string_append_c(out, '\n');
	}
}

/* Port by port: the hours in which anything was sent, working days and days off. */
static void
port_hours_text(const hk_c2_summary *s, GString *out)
{
	g_string_append(out, "\nBy port (working days + days off)\n  hour");
	for (size_t i = 0; i < MIN(s->port_count, PORTS_SHOWN); i++) {
		g_string_append_printf(out, "  %9u", s->ports[i].port);
	}
	g_string_append_c(out, '\n');
	for (int h = 0; h < 24; h++) {
		if (s->hours[0].sends[h] + s->hours[1].sends[h] == 0) {
			continue;
		}
		g_string_append_printf(out, "  %02d  ", h);
		for (size_t i = 0; i < MIN(s->port_count, PORTS_SHOWN); i++) {
			g_string_append_printf(out, "  %4" G_GUINT64_FORMAT "+%-4" G_GUINT64_FORMAT,
				s->ports[i].hours[0][h], s->ports[i].hours[1][h]);
		}
		g_string_append_c(out, '\n');
	}
}

static void
ports_text(const hk_c2_summary *s, GString *out)
{
	g_string_append(
		out, "\n  port   sends  a day  most   days   waves    numbers  different\n");
	for (size_t i = 0; i < s->port_count; i++) {
		const hk_c2_port *p = &s->ports[i];
		g_string_append_printf(out,
			"  %5u %6" G_GUINT64_FORMAT " %6.2f %5u %6u %7" G_GUINT64_FORMAT
			" %10" G_GUINT64_FORMAT " %10" G_GUINT64_FORMAT "\n",
			p->port, p->sends, p->days ? (double)p->sends / p->days : 0.0, p->busiest,
			p->days, p->waves, p->numbers, p->distinct);
	}
	g_string_append_printf(out,
		"\nNumbers: %" G_GUINT64_FORMAT " entries, %" G_GUINT64_FORMAT " different; ",
		s->numbers, s->distinct);
	if (disjoint(s)) {
		g_string_append(out, "no number was sent to by two ports\n");
	} else {
		g_string_append_printf(
			out, "%" G_GUINT64_FORMAT " by more than one port\n", s->shared);
	}
}

static void
wave_text(const hk_c2_wave *w, bool exact, GString *out)
{
	hk_calendar_day day = hk_calendar_of(day_of(w->start_s));
	char when[HK_COMMAND_WHEN_SIZE], key[HK_SHA256_SIZE * 2 + 1];
	g_autofree char *text = exact ? hk_log_printable(w->text ? w->text : "")
				      : hk_defang(w->text ? w->text : "");

	hk_hex_encode(hk_span_of(w->key, sizeof w->key), key);
	g_string_append_printf(out,
		"  %s  %4" G_GINT64_FORMAT " s  %u ports  %3" G_GUINT64_FORMAT
		" commands  %5" G_GUINT64_FORMAT " numbers  %.*s%s%s%s\n",
		hk_command_when(w->start_s, when), w->end_s - w->start_s, w->port_count,
		w->commands, w->numbers, KEY_SHOWN, key, day.jp_off ? "  day off" : "",
		day.cn ? "  China: " : "", day.cn ? day.cn : "");
	g_string_append_printf(out, "    %s\n", text);
	for (unsigned i = 0; i < w->urls->len; i++) {
		g_autofree char *url = masked(w->urls->pdata[i]);
		g_autofree char *shown = exact ? hk_log_printable(url) : hk_defang(url);
		g_string_append_printf(out, "    %s\n", shown);
	}
}

void
hk_c2_stats_text(const hk_c2_summary *s, bool exact, GString *out)
{
	char first[HK_COMMAND_WHEN_SIZE], last[HK_COMMAND_WHEN_SIZE];

	g_string_append_printf(out,
		"%" G_GUINT64_FORMAT " commands, %" G_GUINT64_FORMAT
		" of them send messages, %" G_GUINT64_FORMAT " unknown, %" G_GUINT64_FORMAT
		" lines that are none\n",
		s->commands, s->sends, s->unknown, s->bad);
	if (s->sends == 0) {
		return;
	}
	g_string_append_printf(out, "%s to %s, %zu waves\n", hk_command_when(s->first_s, first),
		hk_command_when(s->last_s, last), s->wave_count);
	hours_text(s, 0, out);
	hours_text(s, 1, out);
	port_hours_text(s, out);
	ports_text(s, out);
	if (s->china_days > 0) {
		g_string_append_printf(out,
			"China: %u of %u days with messages were days off there\n", s->china_off,
			s->china_days);
	}
	g_string_append(out, "\nWaves\n");
	for (size_t i = 0; i < s->wave_count; i++) {
		wave_text(&s->waves[i], exact, out);
	}
}
