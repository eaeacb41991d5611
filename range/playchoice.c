/* The types of a scenario's values that are words of other tables of the range. */
#include <string.h>

#include "playvalue.h"
#include "sys/nearest.h"

#define END NULL
static const char *const kits[] = {"cp29", "ukn432", "bp1", "cp20", "a", "b", END};
static const char *const gates[] = {
#define SITEGATE(word, gate, what) word,
#include "sitegates.def"
#undef SITEGATE
	END};
static const char *const states[] = {
#define SITESTATE(id, code, ...) code,
#include "sitestates.def"
#undef SITESTATE
	END};
static const char *const habits[] = {
#define HABIT(word, ...) word,
#include "playhabits.def"
#undef HABIT
	END};
static const char *const linkkinds[] = {
#define LINK(id, name, ...) name,
#include "linkkinds.def"
#undef LINK
	END};
static const char *const c2faults[] = {
#define FAULT(id, name, ...) name,
#include "c2faults.def"
#undef FAULT
	END};
static const char *const mailfaults[] = {"none",
#define FAULT(id, name, ...) name,
#include "mailfault.def"
#undef FAULT
	END};
static const char *const tsafaults[] = {
#define FAULT(id, name, ...) name,
#include "tsafault.def"
#undef FAULT
	END};
static const char *const modes[] = {
#define MODE(id, name, ...) name,
#define STYLE(...)
#include "vendorfaults.def"
#undef MODE
#undef STYLE
	END};
static const char *const pages[] = {
#define PAGE(id, ...) #id,
#include "sitepages.def"
#undef PAGE
	END};
static const char *const vendors[] = {
#define VENDOR(id) #id,
#include "vendors.def"
#undef VENDOR
	END};
static const char *const flags[] = {"yes", "no", END};
static const char *const packs[] = {"example", END};
static const char *const roles[] = {"hoster", "registrar", "other", END};
static const char *const langs[] = {"en", "ja", "zh", END};
static const char *const styles[] = {"refs", "plus", "ticket", "url", END};
static const char *const services[] = {"kagami", "talon", END};
static const char *const chats[] = {"teams", "slack", "webhook", END};
static const char *const others[] = {"nothing", "strangers", "imitations", "both", END};
static const char *const downs[] = {"down", "up", END};
static const char *const steps[] = {"ack", "info", "act", "refuse", "auto", "bounce", END};

static const struct {
	rg_play_type type;
	const char *const *words;
} choices[] = {{RG_PLAYTYPE_KIT, kits}, {RG_PLAYTYPE_GATE, gates}, {RG_PLAYTYPE_STATE, states},
	{RG_PLAYTYPE_HABIT, habits}, {RG_PLAYTYPE_LINKKIND, linkkinds},
	{RG_PLAYTYPE_C2FAULT, c2faults}, {RG_PLAYTYPE_MAILFAULT, mailfaults},
	{RG_PLAYTYPE_TSAFAULT, tsafaults}, {RG_PLAYTYPE_MODE, modes}, {RG_PLAYTYPE_PAGE, pages},
	{RG_PLAYTYPE_VENDOR, vendors}, {RG_PLAYTYPE_FLAG, flags}, {RG_PLAYTYPE_PACK, packs},
	{RG_PLAYTYPE_ROLE, roles}, {RG_PLAYTYPE_LANG, langs}, {RG_PLAYTYPE_STYLE, styles},
	{RG_PLAYTYPE_SERVICE, services}, {RG_PLAYTYPE_CHAT, chats}, {RG_PLAYTYPE_OTHERS, others},
	{RG_PLAYTYPE_DOWN, downs}};

/* The tables of pages and vendors are C names. */
static char *
as_written(const char *word)
{
	return g_strdelimit(g_ascii_strdown(word, -1), "_", '-');
}

static bool
one_of(const char *const *words, const char *value, GString *bad)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

	for (; *words; words++) {
		char *word = as_written(*words);
		g_ptr_array_add(all, word);
		if (strcmp(word, value) == 0) {
			return true;
		}
	}
	const char *near = hk_nearest(value, (const char *const *)all->pdata, all->len);
	g_string_printf(bad, "is not known%s%s%s", near ? "; do you mean " : "", near ? near : "",
		near ? "?" : "");
	return false;
}

bool
rg_playvalue_choice(rg_play_type type, const char *value, GString *bad, bool *ret_good)
{
	for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
		if (choices[i].type == type) {
			*ret_good = one_of(choices[i].words, value, bad);
			return true;
		}
	}
	return false;
}

bool
rg_playvalue_step(const char *word)
{
	return g_strv_contains(steps, word);
}
