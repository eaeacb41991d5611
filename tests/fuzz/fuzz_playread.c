/* fuzz_playread: a scenario. Properties: refused with a line, or every host that it names is below .example, .test or duckdns.org (what `certs` lines invent), what is
 * referred to is there, times are in their bounds, and the schedule ends. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "playread.h"
#include "playtime.h"
#include "sys/gerr.h"

static bool
ours(const char *host)
{
	static const char *const zones[] = {".example", ".test", ".duckdns.org"};

	for (size_t i = 0; i < G_N_ELEMENTS(zones); i++) {
		if (g_str_has_suffix(host, zones[i])) {
			return strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") ==
			       strlen(host);
		}
	}
	return false;
}

static void
check_hosts(const rg_play *play, const char *value)
{
	g_autoptr(GPtrArray) names = rg_play_names(play, value);

	for (unsigned i = 0; i < names->len; i++) {
		need(ours(names->pdata[i]));
	}
}

static void
check_urls(const rg_play *play, const char *value)
{
	g_autoptr(GPtrArray) urls = rg_play_list(play, value);

	need(urls->len > 0 && urls->len <= RG_PLAY_LIST_MAX);
	for (unsigned i = 0; i < urls->len; i++) {
		const char *at = strstr(urls->pdata[i], "://");
		at = at ? at + 3 : urls->pdata[i];
		g_autofree char *host = g_strndup(at, strcspn(at, "/"));
		need(ours(host));
	}
}

static void
check_line(const rg_play *play, const rg_play_line *line)
{
	size_t count;
	const rg_play_arg_row *rows = rg_play_args(line->verb, &count);

	need(line->at_ms >= 0 && line->at_ms <= INT64_C(7) * 86400 * 1000);
	need((line->of != NULL) == (line->moment != RG_PLAY_AT) && (!line->of || ours(line->of)));
	for (size_t i = 0; i < count; i++) {
		const char *value = line->args[i];
		need(value || rows[i].place == RG_PLAY_MAY);
		if (value &&
			(rows[i].type == RG_PLAYTYPE_HOSTS || rows[i].type == RG_PLAYTYPE_HOST)) {
			check_hosts(play, value);
		} else if (value &&
			   (rows[i].type == RG_PLAYTYPE_URL || rows[i].type == RG_PLAYTYPE_URLS ||
				   rows[i].type == RG_PLAYTYPE_LINK ||
				   rows[i].type == RG_PLAYTYPE_LINKS)) {
			check_urls(play, value);
		} else if (value && rows[i].type == RG_PLAYTYPE_BANK) {
			need(rg_play_first(play, RG_PLAY_BANK, "key", value) != NULL);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(rg_play) play = rg_play_read(hk_span_of(data, size), &error);

	need((play == NULL) == (error != NULL));
	if (!play) {
		need(hk_error_code(error) == HK_EFORM && g_ascii_isdigit(*error->message) &&
			strstr(error->message, ": ") && g_utf8_validate(error->message, -1, NULL));
		return 0;
	}
	need(play->title_en && play->title_ja && play->names <= RG_PLAY_NAMES_MAX);
	rg_schedule *schedule = rg_schedule_new(play);
	for (unsigned i = 0; i < play->lines->len; i++) {
		const rg_play_line *line = play->lines->pdata[i];
		check_line(play, line);
		if (rg_play_verbs[line->verb].where == RG_PLAY_EVENT) {
			rg_schedule_add(schedule, line, 0, 0, false);
		}
	}
	rg_due *due;
	while ((due = rg_schedule_next(schedule, INT64_MAX))) {
		due->done = true;
	}
	need(rg_schedule_over(schedule, INT64_MAX));
	rg_schedule_free(schedule);
	return 0;
}
