#include <string.h>

#include "report/template_int.h"

/* hk_template_files and the parts are made by tools/embed-templates from conf/templates. */
extern const hk_template_file hk_template_part_files[];
extern const size_t hk_template_part_file_count;

const hk_template_row hk_template_kinds[] = {
#define TKIND(name, en, ja) {name, en, ja},
#include "report/templatekinds.def"
#undef TKIND
};
const size_t hk_template_kind_count = G_N_ELEMENTS(hk_template_kinds);

static const hk_template_file *
find(const hk_template_file *files, size_t count, const char *name, const char *lang)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(files[i].kind, name) == 0 && strcmp(files[i].lang, lang) == 0) {
			return &files[i];
		}
	}
	return NULL;
}

const hk_template_file *
hk_template_find(const char *kind, const char *lang)
{
	const char *known = hk_template_lang(lang);
	const char *const order[][2] = {
		{kind ? kind : "general", known},
		{kind ? kind : "general", "en"},
		{"general", known},
		{"general", "en"},
	};
	const hk_template_file *found = NULL;

	for (size_t i = 0; !found && i < G_N_ELEMENTS(order); i++) {
		found = find(hk_template_files, hk_template_file_count, order[i][0], order[i][1]);
	}
	return found;
}

const char *
hk_template_part(const char *name, const char *lang)
{
	const hk_template_file *found = find(
		hk_template_part_files, hk_template_part_file_count, name, hk_template_lang(lang));

	return found ? found->text : NULL;
}

/* Which letter. */

static const char *
kind_named(const char *name)
{
	for (size_t i = 0; i < hk_template_kind_count; i++) {
		if (g_strcmp0(hk_template_kinds[i].name, name) == 0) {
			return hk_template_kinds[i].name;
		}
	}
	return "general";
}

/* Whether what the recipient is responsible for ends in .is. */
static bool
is_iceland(const hk_brief *brief, const hk_recipient *to)
{
	const hk_brief_site *lead = g_ptr_array_index(brief->sites, 0);
	const char *name = to->subject && to->subject[0] ? to->subject : lead->domain;

	return name && (g_str_has_suffix(name, ".is") || strcmp(name, "is") == 0);
}

/* The first row that fits; NULL fits any. */
static const struct {
	const char *step, *kind, *name; /* name: what the party's name begins with */
	bool iceland;
	const char *letter;
} letters[] = {
	{"followup", NULL, NULL, false, "followup"},
	{NULL, "registry", NULL, true, "isnic"},
	{"escalation", "body", "ICANN", false, "icann"},
	{"escalation", NULL, NULL, false, "escalation"},
	{"notice", "bank", NULL, false, "bank"},
};

const char *
hk_template_kind(const hk_brief *brief, const hk_recipient *to)
{
	for (size_t i = 0; i < G_N_ELEMENTS(letters); i++) {
		if ((!letters[i].step || g_strcmp0(letters[i].step, to->step) == 0) &&
			(!letters[i].kind || g_strcmp0(letters[i].kind, to->kind) == 0) &&
			(!letters[i].name ||
				(to->name && g_str_has_prefix(to->name, letters[i].name))) &&
			(!letters[i].iceland || is_iceland(brief, to))) {
			return letters[i].letter;
		}
	}
	return kind_named(to->kind);
}
