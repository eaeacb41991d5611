#include "playnames.h"

#include <string.h>

#include "rng.h"

typedef struct habit_row {
	const char *word, *pattern;
	unsigned per;
	const char *what;
} habit_row;

static const habit_row habits[] = {
#define HABIT(word, pattern, per, what) {word, pattern, per, what},
#include "playhabits.def"
#undef HABIT
};

bool
rg_habit_find(const char *word, size_t *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(habits); i++) {
		if (strcmp(habits[i].word, word) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

const char *
rg_habit_word(size_t i, const char **ret_what)
{
	if (i >= G_N_ELEMENTS(habits)) {
		return NULL;
	}
	*ret_what = habits[i].what;
	return habits[i].word;
}

unsigned
rg_habit_per(size_t habit)
{
	return habits[habit].per;
}

static void
add_letters(GString *out, rg_rng *rng, unsigned count)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (unsigned i = 0; i < count; i++) {
		/* Some registries want a letter in front. */
		g_string_append_c(out, letters[rg_rng_below(rng, i == 0 ? 26 : 36)]);
	}
}

static void
add_part(GString *out, rg_rng *rng, char code, const char *token, const char *domain)
{
	static const char *const words[] = {"login", "secure", "verify", "update", "support",
		"account", "kakunin", "ninsho", "saihai", "seikyu", "anzen", "tetsuzuki", "otoku",
		"campaign", "notice", "reset"};
	static const char *const beats[] = {"ba", "da", "fi", "go", "ka", "ki", "la", "mo", "ne",
		"po", "ra", "ri", "sa", "tu", "ve", "xi", "yo", "za"};

	switch (code) {
	case 'w':
		g_string_append(out, words[rg_rng_below(rng, G_N_ELEMENTS(words))]);
		break;
	case 's':
		for (unsigned n = 3 + rg_rng_below(rng, 3); n > 0; n--) {
			g_string_append(out, beats[rg_rng_below(rng, G_N_ELEMENTS(beats))]);
		}
		break;
	case 'b':
		g_string_append(out, token);
		break;
	case 'h':
		g_string_append_len(out, domain, (gssize)strcspn(domain, "."));
		break;
	default:
		g_string_append_printf(out, "%u", rg_rng_below(rng, 10));
		break;
	}
}

static void
write_name(GString *out, rg_rng *rng, const char *pattern, const char *token, const char *domain)
{
	g_string_truncate(out, 0);
	for (const char *at = pattern; *at; at++) {
		if (*at != '{') {
			g_string_append_c(out, *at);
			continue;
		}
		if (g_ascii_isdigit(at[1])) {
			add_letters(out, rng, (unsigned)g_ascii_strtoull(at + 1, NULL, 10));
		} else {
			add_part(out, rng, at[1], token, domain);
		}
		at = strchr(at, '}');
	}
}

void
rg_habit_names(size_t habit, uint64_t seed, const char *label, const char *token,
	const char *domain, unsigned count, GPtrArray *to)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GString) name = g_string_new(NULL);
	rg_rng rng = rg_rng_of(seed, label, habit);

	for (unsigned made = 0, tries = 0; made < count; tries++) {
		write_name(name, &rng, habits[habit].pattern, token, domain);
		/* Patterns with few letters run out: a number in front makes them new. */
		if (g_hash_table_contains(seen, name->str)) {
			g_autofree char *more = g_strdup_printf("n%u-%s", tries, name->str);
			g_string_assign(name, more);
		}
		char *kept = g_strdup(name->str);
		g_ptr_array_add(to, kept);
		g_hash_table_add(seen, kept);
		made++;
	}
}
