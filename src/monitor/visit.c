#include "monitor/visit.h"

#include <string.h>

#include "sys/formtokens.h"

static const hk_visit_row classes[] = {
#define VISIT(id, code, side, rank, points, act, en, ja)                                           \
	{code, HK_SIDE_##side, rank, points, act, en, ja},
#define VISITKIND(...)
#define VISITWORDS(...)
#define VISITPATH(...)
#include "monitor/visits.def"
#undef VISIT
#undef VISITKIND
};

static const struct {
	const char *kind;
	hk_visit_class class;
} kinds[] = {
#define VISIT(...)
#define VISITKIND(kind, class) {kind, HK_VISIT_##class},
#include "monitor/visits.def"
#undef VISITKIND
#undef VISITWORDS
};

typedef enum where { WHERE_TITLE, WHERE_ANY } where;

static const struct {
	hk_visit_class class;
	where at;
	unsigned most;
	const char *words;
} words[] = {
#define VISITKIND(...)
#define VISITWORDS(class, where, most, words) {HK_VISIT_##class, WHERE_##where, most, words},
#include "monitor/visits.def"
#undef VISITWORDS
#undef VISITPATH
};

static const struct {
	hk_visit_class class;
	const char *words;
} paths[] = {
#define VISITWORDS(...)
#define VISITPATH(class, words) {HK_VISIT_##class, words},
#include "monitor/visits.def"
#undef VISIT
#undef VISITKIND
#undef VISITWORDS
#undef VISITPATH
};

const hk_visit_row *
hk_visit_get(hk_visit_class class)
{
	return &classes[class];
}

bool
hk_visit_find(const char *code, hk_visit_class *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
		if (strcmp(classes[i].code, code) == 0) {
			*ret = (hk_visit_class)i;
			return true;
		}
	}
	return false;
}

static const char *
place_of(const hk_visit_answer *a)
{
	return a->final_host ? a->final_host : a->host;
}

/* Whether it was answered where the site is, or was when it was secured. */
static bool
is_at_home(const hk_visit_site *site, const hk_visit_answer *a)
{
	const char *host = place_of(a);

	if (strcmp(host, a->host) == 0 || g_strv_contains(site->hosts, host)) {
		return true;
	}
	for (size_t i = 0; i < site->baseline->count; i++) {
		if (strcmp(site->baseline->print[i].host, host) == 0) {
			return true;
		}
	}
	return false;
}

static bool
by_words(const hk_visit_answer *a, hk_visit_class *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (a->text_chars > words[i].most) {
			continue;
		}
		if (hk_form_words_in(a->page.title, words[i].words) ||
			(words[i].at == WHERE_ANY && a->text &&
				hk_form_words_in(a->text, words[i].words))) {
			*ret = words[i].class;
			return true;
		}
	}
	for (size_t i = 0; a->final_path && i < G_N_ELEMENTS(paths); i++) {
		if (hk_form_words_in(a->final_path, paths[i].words)) {
			*ret = paths[i].class;
			return true;
		}
	}
	return false;
}

static bool
by_kind(const hk_visit_answer *a, hk_visit_class *ret)
{
	for (size_t i = 0; a->kind && i < G_N_ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i].kind, a->kind) == 0) {
			*ret = kinds[i].class;
			return true;
		}
	}
	return false;
}

static hk_visit_class
by_status(int status)
{
	return status == 404 || status == 410  ? HK_VISIT_GONE
	       : status == 429                 ? HK_VISIT_BUSY
	       : status >= 500                 ? HK_VISIT_FAILING
	       : status >= 400 || status < 200 ? HK_VISIT_DENIED
					       : HK_VISIT_REMOVED;
}

/* A page that nobody knows yet, or that asks for secrets where the site is. Nobody has said by then that it was anything else. */
static bool
is_the_site(const hk_visit_site *site, const hk_visit_answer *a)
{
	if (site->renewed || a->status >= 500) {
		return false;
	}
	/* Some kits send their page with status 404: who asks for secrets is no error page, unless one was there already. */
	if (a->asks) {
		return a->status < 300 || !site->dark;
	}
	return a->status < 300 && !site->dark &&
	       (site->baseline->count == 0 || (a->scripted && !hk_prints_has_raw(site->baseline)));
}

static hk_visit_class
judge_page(const hk_visit_site *site, const hk_visit_answer *a, bool *ret_learn)
{
	bool home = is_at_home(site, a);
	bool known = a->kind && home && hk_prints_find(site->baseline, &a->page) >= 0;
	hk_visit_class class;

	if (known &&
		(a->status < 400 || *a->page.form || a->page.paths.count >= HK_PRINT_TAGS_MIN)) {
		*ret_learn = !hk_prints_has_raw(site->baseline);
		return HK_VISIT_LIVE;
	}
	if (by_words(a, &class) || (!a->asks && by_kind(a, &class))) {
		/* "Not found" as a word says less than as a status. */
		return class == HK_VISIT_REMOVED && a->status >= 400 ? by_status(a->status) : class;
	}
	if (a->kind && home && is_the_site(site, a)) {
		*ret_learn = true;
		return HK_VISIT_LIVE;
	}
	return by_status(a->status);
}

hk_visit_class
hk_visit_judge(const hk_visit_site *site, const hk_visit_answer *a, bool *ret_learn)
{
	*ret_learn = false;
	switch (a->met) {
	case HK_MET_SILENCE:
		return HK_VISIT_SILENT;
	case HK_MET_NAMELESS:
		return HK_VISIT_NAMELESS;
	case HK_MET_LAME:
		return HK_VISIT_LAME;
	case HK_MET_OURS:
		return HK_VISIT_OURS;
	case HK_MET_ANSWER:
		break;
	}
	hk_place place = site->places && a->address ? hk_places_of_address(site->places, a->address)
						    : HK_PLACE_NONE;
	if (place == HK_PLACE_SINKHOLE) {
		return HK_VISIT_SINKHOLE;
	}
	hk_visit_class class = judge_page(site, a, ret_learn);
	/* What a parking company's machine shows is a parking page, in whatever words. */
	return place == HK_PLACE_PARKING && class == HK_VISIT_REMOVED ? HK_VISIT_PARKED : class;
}
