#include <string.h>

#include "base/codec.h"
#include "report/template_int.h"

const char *
hk_template_lang(const char *lang)
{
	static const char *const known[] = {"ja", "zh"};

	for (size_t i = 0; lang && i < G_N_ELEMENTS(known); i++) {
		if (g_ascii_strncasecmp(lang, known[i], 2) == 0 &&
			(lang[2] == '\0' || lang[2] == '-' || lang[2] == '_')) {
			return known[i];
		}
	}
	return "en";
}

/* Words. */

typedef struct word {
	const char *group, *key, *en, *ja, *zh, *xarf;
} word;

static const word words[] = {
#define TWORD(group, key, en, ja, zh, xarf) {group, key, en, ja, zh, xarf},
#include "report/templatewords.def"
#undef TWORD
};

static const word *
find_word(const char *group, const char *key)
{
	for (size_t i = 0; key && i < G_N_ELEMENTS(words); i++) {
		if (strcmp(words[i].group, group) == 0 &&
			g_ascii_strcasecmp(words[i].key, key) == 0) {
			return &words[i];
		}
	}
	return NULL;
}

const char *
hk_template_word(const char *group, const char *key, const char *lang)
{
	const word *found = find_word(group, key);
	const char *known = hk_template_lang(lang);

	if (!found) {
		return key;
	}
	return strcmp(known, "ja") == 0   ? found->ja
	       : strcmp(known, "zh") == 0 ? found->zh
					  : found->en;
}

const char *
hk_template_word_xarf(const char *group, const char *key)
{
	const word *found = find_word(group, key);

	return found && found->xarf[0] ? found->xarf : NULL;
}

/* Values that are not simply members of the brief. */

static const char *
keep(hk_tx *x, char *text)
{
	g_ptr_array_add(x->pool, text);
	return text;
}

bool
hk_template_is_wording(const hk_brief *brief, const char *wording)
{
	return g_strcmp0(brief->wording ? brief->wording : "phishing", wording) == 0;
}

const hk_brief_site *
hk_template_lead(const hk_brief *brief)
{
	return g_ptr_array_index(brief->sites, 0);
}

const char *
hk_template_first(const GPtrArray *list)
{
	return list->len > 0 ? g_ptr_array_index(list, 0) : NULL;
}

static int64_t
told(const GPtrArray *ledger, bool first)
{
	int64_t found = 0;

	for (unsigned i = 0; i < ledger->len; i++) {
		int64_t sent = ((const hk_brief_told *)g_ptr_array_index(ledger, i))->sent_ms;

		if (sent > 0 && (found == 0 || (first ? sent < found : sent > found))) {
			found = sent;
		}
	}
	return found;
}

int64_t
hk_template_told(const hk_brief *brief, bool first)
{
	return told(brief->ledger, first);
}

const GPtrArray *
hk_template_ledger_here(hk_tx *x)
{
	const GPtrArray *ledger = x->data->brief->ledger;

	if (!x->here) {
		x->here = g_ptr_array_new();
		for (unsigned i = 0; i < ledger->len; i++) {
			hk_brief_told *entry = g_ptr_array_index(ledger, i);

			if (entry->recipient && x->data->to->address &&
				g_ascii_strcasecmp(entry->recipient, x->data->to->address) == 0) {
				g_ptr_array_add(x->here, entry);
			}
		}
	}
	return x->here;
}

int64_t
hk_template_told_here(hk_tx *x)
{
	return told(hk_template_ledger_here(x), true);
}

int64_t
hk_template_waited(const hk_tx *x)
{
	int64_t first = hk_template_told(x->data->brief, true);

	return first > 0 && x->data->now_ms > first ? (x->data->now_ms - first) / 3600000 : 0;
}

const char *
hk_template_reference_of(const char *token, char *ret)
{
	memcpy(ret, "HK-", 4);
	for (size_t i = 0; i < 10 && token && token[i]; i++) {
		ret[3 + i] = g_ascii_toupper(token[i]);
		ret[4 + i] = '\0';
	}
	return ret;
}

const char *
hk_template_reference(hk_tx *x)
{
	return keep(x, (char *)hk_template_reference_of(x->data->token, g_malloc(16)));
}

const char *
hk_template_brand(const hk_tx *x)
{
	const hk_brief *b = x->data->brief;
	bool local = strcmp(x->lang, "en") != 0;
	const char *best = local ? b->target : b->target_en;

	return best && best[0] ? best : local ? b->target_en : b->target;
}

const char *
hk_template_hash(hk_tx *x, const hk_brief_file *file)
{
	char *hex = g_malloc(2 * sizeof file->sha256 + 1);

	hk_hex_encode(hk_span_of(file->sha256, sizeof file->sha256), hex);
	return keep(x, hex);
}

static bool
has(const GPtrArray *list, const char *text)
{
	return g_ptr_array_find_with_equal_func(
		(GPtrArray *)list, text, (GEqualFunc)g_str_equal, NULL);
}

/* The hosts or domains of the sites, each once. */
static const GPtrArray *
distinct(hk_tx *x, GPtrArray **slot, bool domains)
{
	const GPtrArray *sites = x->data->brief->sites;
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	if (*slot) {
		return *slot;
	}
	*slot = g_ptr_array_new();
	for (unsigned i = 0; i < sites->len; i++) {
		const hk_brief_site *site = g_ptr_array_index(sites, i);
		char *name = domains ? site->domain : site->host;

		if (name && g_hash_table_add(seen, name)) {
			g_ptr_array_add(*slot, name);
		}
	}
	return *slot;
}

const GPtrArray *
hk_template_hosts(hk_tx *x)
{
	return distinct(x, &x->hosts, false);
}

const GPtrArray *
hk_template_domains(hk_tx *x)
{
	return distinct(x, &x->domains, true);
}

/* A list in words of ours, each once. */
static const GPtrArray *
translated(hk_tx *x, GPtrArray **slot, const GPtrArray *list, const char *group)
{
	if (!*slot) {
		*slot = g_ptr_array_new();
		for (unsigned i = 0; i < list->len; i++) {
			const char *said =
				hk_template_word(group, g_ptr_array_index(list, i), x->lang);

			if (!has(*slot, said)) {
				g_ptr_array_add(*slot, (char *)said);
			}
		}
	}
	return *slot;
}

const GPtrArray *
hk_template_fields(hk_tx *x)
{
	return translated(x, &x->fields, x->data->brief->fields, "FIELD");
}

const GPtrArray *
hk_template_dimensions(hk_tx *x)
{
	return translated(x, &x->dimensions, x->data->brief->dimensions, "DIM");
}

/* The table. */

const hk_tinfo hk_tvar_info[HK_TVAR_COUNT] = {
#define TVAR(scope, name, kind, value, en, ja)                                                     \
	{HK_TSCOPE_##scope, #name, HK_TKIND_##kind, HK_TSCOPE_LETTER},
#define TLIST(scope, name, of, value, en, ja)                                                      \
	{HK_TSCOPE_##scope, #name, HK_TKIND_LIST, HK_TSCOPE_##of},
#include "report/templatevars.def"
#undef TVAR
#undef TLIST
};

const hk_template_var_row hk_template_vars[] = {
#define TVAR(scope, name, kind, value, en, ja) {#scope, #name, #kind, en, ja},
#define TLIST(scope, name, of, value, en, ja)  {#scope, #name, "list of " #of, en, ja},
#include "report/templatevars.def"
#undef TVAR
#undef TLIST
};
const size_t hk_template_var_count = G_N_ELEMENTS(hk_template_vars);

#define KIND(kind) (1u << HK_TKIND_##kind)
static const unsigned filter_kinds[HK_TFILTER_COUNT] = {
#define TFILTER(id, name, kinds, en, ja) [HK_TFILTER_##id] = (kinds),
#include "report/templatefilters.def"
#undef TFILTER
};

const hk_template_row hk_template_filters[] = {
#define TFILTER(id, name, kinds, en, ja) {name, en, ja},
#include "report/templatefilters.def"
#undef TFILTER
};
const size_t hk_template_filter_count = G_N_ELEMENTS(hk_template_filters);

bool
hk_tscope_item(hk_tscope scope, hk_tkind *ret)
{
	for (int var = 0; var < HK_TVAR_COUNT; var++) {
		if (hk_tvar_info[var].scope == scope &&
			strcmp(hk_tvar_info[var].name, "item") == 0) {
			*ret = hk_tvar_info[var].kind;
			return true;
		}
	}
	return false;
}

bool
hk_tfilter_fits(hk_tfilter filter, hk_tkind kind)
{
	return filter == HK_TFILTER_NONE || (filter_kinds[filter] & (1u << kind)) != 0;
}

static const void *
item_of(const hk_tx *x, hk_tscope scope)
{
	for (unsigned i = x->depth; i > 0; i--) {
		const hk_tframe *frame = &x->frame[i - 1];

		if (frame->scope == scope) {
			return g_ptr_array_index(frame->list, frame->at);
		}
	}
	return NULL;
}

/* A time outside of the years that can be written is taken as unknown. */
static int64_t
moment(int64_t ms)
{
	return ms > 0 && ms < INT64_C(253402200000000) ? ms : 0;
}

#define SET_TEXT(value) v.text = (value)
#define SET_SAID(value) v.text = (value)
#define SET_URL(value)  v.text = (value)
#define SET_NUM(value)  v.number = (int64_t)(value)
#define SET_TIME(value) v.number = moment(value)
#define SET_FLAG(value) v.number = (value) ? 1 : 0

hk_tvalue
hk_tvar_value(hk_tx *x, hk_tvar var)
{
	hk_tvalue v = {.kind = hk_tvar_info[var].kind};
	const hk_brief *b = x->data->brief;
	const hk_recipient *r = x->data->to;
	const void *at = item_of(x, hk_tvar_info[var].scope);
	const hk_brief_site *s = at;
	const hk_brief_file *f = at;
	const hk_brief_told *t = at;
	const char *item = at;

	switch (var) {
#define TVAR(scope, name, kind, value, en, ja)                                                     \
	case HK_TVAR_##scope##_##name:                                                             \
		SET_##kind(value);                                                                 \
		break;
#define TLIST(scope, name, of, value, en, ja)                                                      \
	case HK_TVAR_##scope##_##name:                                                             \
		v.list = (value);                                                                  \
		break;
#include "report/templatevars.def"
#undef TVAR
#undef TLIST
	case HK_TVAR_COUNT:
		break;
	}
	return v;
}
