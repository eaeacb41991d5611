/* What a line of a scenario says: the rows of play.def, values, and the names that stand for others. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "playread.h"
#include "playvalue.h"

const rg_play_verb_row rg_play_verbs[RG_PLAY_VERBS] = {
#define VERB(id, word, where, what, example) {word, RG_PLAY_##where, what, example},
#define ARG(...)
#include "play.def"
#undef VERB
#undef ARG
};

static const rg_play_arg_row arg_rows[] = {
#define VERB(...)
#define ARG(verb, name, type, place, def, what)                                                    \
	{RG_PLAY_##verb, #name, RG_PLAYTYPE_##type, RG_PLAY_##place, def, what},
#include "play.def"
#undef VERB
#undef ARG
};

static const char *const type_whats[] = {
#define PLAYTYPE(id, what) what,
#include "playtypes.def"
#undef PLAYTYPE
};

const char *
rg_playtype_what(rg_play_type type)
{
	return type_whats[type];
}

const rg_play_arg_row *
rg_play_args(rg_play_verb verb, size_t *ret_count)
{
	const rg_play_arg_row *first = arg_rows;
	size_t count = 0;

	while (first < arg_rows + G_N_ELEMENTS(arg_rows) && first->verb != verb) {
		first++;
	}
	while (first + count < arg_rows + G_N_ELEMENTS(arg_rows) && first[count].verb == verb) {
		count++;
	}
	*ret_count = count;
	return first;
}

/* ---- Values ---- */

static int
index_of(rg_play_verb verb, const char *name)
{
	size_t count;
	const rg_play_arg_row *rows = rg_play_args(verb, &count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

const char *
rg_play_arg(const rg_play_line *line, const char *name)
{
	int i = index_of(line->verb, name);

	if (i < 0) {
		HK_BUG("a scenario's verb has no such value");
	}
	return line->args[i];
}

int64_t
rg_play_ms(const rg_play_line *line, const char *name)
{
	const char *text = rg_play_arg(line, name);
	int64_t ms;

	return text && rg_playvalue_ms(text, &ms) ? ms : -1;
}

uint64_t
rg_play_count(const rg_play_line *line, const char *name)
{
	const char *text = rg_play_arg(line, name);

	return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

double
rg_play_real(const rg_play_line *line, const char *name)
{
	const char *text = rg_play_arg(line, name);

	return text ? g_ascii_strtod(text, NULL) : 0;
}

const rg_play_line *
rg_play_first(const rg_play *play, rg_play_verb verb, const char *arg, const char *value)
{
	for (unsigned i = 0; i < play->lines->len; i++) {
		const rg_play_line *line = play->lines->pdata[i];
		if (line->verb == verb && (!arg || g_strcmp0(rg_play_arg(line, arg), value) == 0)) {
			return line;
		}
	}
	return NULL;
}

GPtrArray *
rg_play_list(const rg_play *play, const char *value)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) parts = g_strsplit(value ? value : "", ",", -1);

	for (size_t i = 0; parts[i]; i++) {
		g_ptr_array_add(list, rg_play_expand(play, parts[i]));
	}
	return list;
}

GPtrArray *
rg_play_names(const rg_play *play, const char *value)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) parts = g_strsplit(value, ",", -1);

	for (size_t i = 0; parts[i]; i++) {
		const GPtrArray *names = NULL;
		int64_t at = 0;
		size_t used;
		bool label =
			*parts[i] == '@' && rg_playvalue_label(play, parts[i], &names, &at, &used);
		if (!label || at >= 0) {
			g_ptr_array_add(list, rg_play_expand(play, parts[i]));
		}
		for (unsigned k = 0; label && at < 0 && k < names->len; k++) {
			g_ptr_array_add(list, g_strdup(names->pdata[k]));
		}
	}
	return list;
}

char *
rg_play_expand(const rg_play *play, const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		const GPtrArray *names;
		int64_t at;
		size_t used = 1;
		bool label = *text == '@' && rg_playvalue_label(play, text, &names, &at, &used) &&
			     at >= 0;
		if (label) {
			g_string_append(out, names->pdata[at]);
		} else {
			used = 1;
			g_string_append_c(out, *text);
		}
		text += used;
	}
	return g_string_free(out, FALSE);
}
