/* What became of the sites of a scenario: reported (to a party by mail, to a vendor), dark, back. The parts are asked; nothing is known of hikeshi. */
#include <string.h>

#include "playstage.h"

/* A site that a moment waits for. */
typedef struct watched {
	char *host;
	bool was_live, was_dark;
	int64_t when_us[RG_PLAY_MOMENTS];
} watched;

struct rg_playwatch {
	GPtrArray *sites; /* of watched */
};

static void
watched_free(void *data)
{
	watched *w = data;

	g_free(w->host);
	g_free(w);
}

static watched *
find(const rg_playwatch *watch, const char *host)
{
	for (unsigned i = 0; i < watch->sites->len; i++) {
		watched *w = watch->sites->pdata[i];
		if (strcmp(w->host, host) == 0) {
			return w;
		}
	}
	return NULL;
}

rg_playwatch *
rg_playwatch_new(const rg_play *play)
{
	rg_playwatch *watch = g_new0(rg_playwatch, 1);

	watch->sites = g_ptr_array_new_with_free_func(watched_free);
	for (unsigned i = 0; i < play->lines->len; i++) {
		const rg_play_line *line = play->lines->pdata[i];
		if (line->of && !find(watch, line->of)) {
			watched *w = g_new0(watched, 1);
			w->host = g_strdup(line->of);
			g_ptr_array_add(watch->sites, w);
		}
	}
	return watch;
}

void
rg_playwatch_free(rg_playwatch *watch)
{
	if (watch) {
		g_ptr_array_unref(watch->sites);
		g_free(watch);
	}
}

static void
happened(watched *w, rg_play_moment moment)
{
	if (w && w->when_us[moment] == 0) {
		w->when_us[moment] = g_get_monotonic_time();
	}
}

/* Of each URL in the text. */
static void
reported(rg_playwatch *watch, const char *text)
{
	for (const char *at = text; at && (at = strstr(at, "://")); at += 3) {
		g_autofree char *host = g_strndup(at + 3, strcspn(at + 3, "/:?# "));
		happened(find(watch, host), RG_PLAY_REPORTED);
	}
}

static void
look_at_mail(rg_playwatch *watch, rg_stage *stage)
{
	g_autofree char *url = rg_ask_url(rg_part_str(stage->mail, "control"), "/letters", NULL);
	json_t *answer = rg_ask_get(stage->ask, url), *letter;
	size_t i;

	json_array_foreach(json_object_get(answer, "letters"), i, letter) {
		reported(watch, json_string_value(json_object_get(letter, "urls")));
	}
	json_decref(answer);
}

static void
look_at_vendors(rg_playwatch *watch, rg_stage *stage, const rg_play_bank *bank)
{
	g_autofree char *url = rg_ask_url(rg_part_str(bank->vendors, "url"), "/-/reports", NULL);
	json_t *answer = rg_ask_get(stage->ask, url), *page, *report;
	const char *name;
	size_t i;

	json_object_foreach(json_object_get(answer, "vendors"), name, page) {
		json_array_foreach(json_object_get(page, "reports"), i, report) {
			reported(watch, json_string_value(json_object_get(report, "what")));
		}
	}
	json_decref(answer);
}

/* A site that was never there is not dark. */
static void
look_at_sites(rg_playwatch *watch, rg_stage *stage)
{
	g_autofree char *url = rg_ask_url(rg_part_str(stage->sites, "url"), "/-/sites", NULL);
	json_t *answer = rg_ask_get(stage->ask, url);

	for (unsigned i = 0; answer && i < watch->sites->len; i++) {
		watched *w = watch->sites->pdata[i];
		const char *state = json_string_value(json_object_get(answer, w->host));
		bool live = !state || strcmp(state, "live") == 0;
		if (live && w->was_dark) {
			happened(w, RG_PLAY_BACK);
		}
		w->was_live |= live;
		if (!live && w->was_live) {
			w->was_dark = true;
			happened(w, RG_PLAY_DARK);
		}
	}
	json_decref(answer);
}

void
rg_playwatch_look(rg_playwatch *watch, rg_stage *stage)
{
	if (watch->sites->len == 0) {
		return;
	}
	look_at_mail(watch, stage);
	for (size_t i = 0; i < stage->bank_count; i++) {
		look_at_vendors(watch, stage, &stage->banks[i]);
	}
	look_at_sites(watch, stage);
}

int64_t
rg_playwatch_when(const rg_playwatch *watch, rg_play_moment moment, const char *host)
{
	const watched *w = find(watch, host);

	return w ? w->when_us[moment] : 0;
}
