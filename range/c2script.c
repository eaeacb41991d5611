#include "c2script.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "sys/gerr.h"

enum { WORDS_MAX = 5, PER_MIDDLE = 10000, PREFIXES = 3, DAY_MS = 86400 * 1000, DAYS_MAX = 400 };

static const struct {
	const char *word, *wire;
	bool numbers;
	const char *what;
} verbs[] = {
#define VERB(word, wire, numbers, what) {word, wire, numbers, what},
#include "c2verbs.def"
#undef VERB
};

const char *
rg_script_verb(size_t i, const char **ret_what)
{
	if (i >= G_N_ELEMENTS(verbs)) {
		return NULL;
	}
	*ret_what = verbs[i].what;
	return verbs[i].word;
}

void
rg_step_free(gpointer data)
{
	rg_step *step = data;

	g_free(step->text);
	g_free(step->state);
	g_free(step->address);
	g_free(step);
}

void
rg_script_number(unsigned n, char ret[RG_SCRIPT_NUMBER_SIZE])
{
	static const char *const prefixes[PREFIXES] = {"090", "080", "070"};
	unsigned block = n / PER_MIDDLE;

	snprintf(ret, RG_SCRIPT_NUMBER_SIZE, "%s%04u%04u", prefixes[block % PREFIXES],
		(5500 + block / PREFIXES) % PER_MIDDLE, n % PER_MIDDLE);
}

/* ---- Commands ---- */

static bool
add_numbers(GString *out, const char *numbers, unsigned *next_number)
{
	uint64_t count;

	if (!numbers || strcmp(numbers, "-") == 0) {
		return true;
	}
	if (*numbers != '@') {
		g_string_append(out, numbers);
		return true;
	}
	if (hk_parse_u64(hk_span_str(numbers + 1), RG_SCRIPT_NUMBERS_MAX, &count) != HK_OK ||
		count == 0) {
		return false;
	}
	for (uint64_t i = 0; i < count; i++) {
		char number[RG_SCRIPT_NUMBER_SIZE];
		rg_script_number((*next_number)++, number);
		g_string_append_printf(out, "%s%s", i > 0 ? "," : "", number);
	}
	return true;
}

char *
rg_script_command(const char *verb, const char *numbers, const char *text, unsigned *next_number)
{
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (strcmp(verbs[i].word, verb) != 0) {
			continue;
		}
		g_autoptr(GString) out = g_string_new(verbs[i].wire);
		size_t before = out->len;
		bool none = !numbers || strcmp(numbers, "-") == 0;
		if ((!none && !verbs[i].numbers) || !add_numbers(out, numbers, next_number)) {
			return NULL;
		}
		if (text && *text) {
			g_string_append_printf(out, "%s%s", out->len > before ? " " : "", text);
		}
		return g_string_free(g_steal_pointer(&out), FALSE);
	}
	return NULL;
}

/* ---- Lines ---- */

/* "15.25" as milliseconds. */
static bool
read_time(const char *word, int64_t *ret_ms)
{
	const char *point = strchr(word, '.');
	size_t whole = point ? (size_t)(point - word) : strlen(word);
	uint64_t s, part = 0;

	if (hk_parse_u64(hk_span_of(word, whole), (uint64_t)DAYS_MAX * DAY_MS / 1000, &s) !=
		HK_OK) {
		return false;
	}
	unsigned scale = 100;
	for (const char *at = point ? point + 1 : ""; *at; at++, scale /= 10) {
		if (!g_ascii_isdigit(*at) || scale == 0) {
			return false;
		}
		part += (uint64_t)(*at - '0') * scale;
	}
	*ret_ms = (int64_t)(s * 1000 + part);
	return !point || point[1] != '\0';
}

static bool
read_port(const char *word, unsigned *ret)
{
	uint64_t port;

	if (strcmp(word, "*") == 0) {
		*ret = 0;
		return true;
	}
	if (hk_parse_u64(hk_span_str(word), UINT16_MAX, &port) != HK_OK || port == 0) {
		return false;
	}
	*ret = (unsigned)port;
	return true;
}

/* The words of a line, at most WORDS_MAX; the last one is all the rest. Newly allocated; "" where there is none. */
static void
split(const char *line, size_t keep, char *words[WORDS_MAX])
{
	for (size_t i = 0; i < WORDS_MAX; i++) {
		line += strspn(line, " \t");
		size_t n = i + 1 == keep ? strlen(line) : strcspn(line, " \t");
		words[i] = g_strchomp(g_strndup(line, n));
		line += n;
	}
}

static const char *
read_command(rg_step *step, char *words[WORDS_MAX], unsigned *next_number)
{
	step->kind = RG_STEP_COMMAND;
	if (!read_port(words[1], &step->port)) {
		return "a port, '*', or one of a, fault, drop stands behind the time";
	}
	step->text = rg_script_command(
		words[2], *words[3] ? words[3] : NULL, *words[4] ? words[4] : NULL, next_number);
	return step->text ? NULL
			  : "no such verb, or numbers that it does not take (range/c2verbs.def; @1 "
			    "to @1000)";
}

static const char *
read_other(rg_step *step, char *words[WORDS_MAX])
{
	uint64_t times = 0;

	if (!*words[2] || !*words[3]) {
		return "two words and more stand behind it";
	}
	if (step->kind == RG_STEP_A) {
		step->text = g_strdup(words[2]);
		step->state = g_strdup(words[3]);
		step->address = *words[4] ? g_strdup(words[4]) : NULL;
		return NULL;
	}
	if (!read_port(words[2], &step->port)) {
		return "a port, or '*', stands behind it";
	}
	step->text = g_strdup(words[3]);
	if (step->kind == RG_STEP_DROP) {
		step->state = *words[4] ? g_strdup(words[4]) : NULL;
	} else if (*words[4] && hk_parse_u64(hk_span_str(words[4]), 1000000, &times) != HK_OK) {
		return "a number stands behind the fault's name";
	}
	step->times = (unsigned)times;
	return NULL;
}

static const char *
read_step(const char *line, int64_t after_ms, rg_step *step, unsigned *next_number)
{
	static const struct {
		const char *word;
		rg_step_kind kind;
	} others[] = {{"a", RG_STEP_A}, {"fault", RG_STEP_FAULT}, {"drop", RG_STEP_DROP}};
	char *words[WORDS_MAX];
	const char *wrong = NULL;
	size_t other = 0;

	split(line, WORDS_MAX, words);
	while (other < G_N_ELEMENTS(others) && strcmp(others[other].word, words[1]) != 0) {
		other++;
	}
	if (!read_time(words[0], &step->at_ms) || step->at_ms < after_ms) {
		wrong = "a line begins with seconds, at most three decimals, not less than the "
			"line before";
	} else if (other < G_N_ELEMENTS(others)) {
		step->kind = others[other].kind;
		wrong = read_other(step, words);
	} else {
		wrong = read_command(step, words, next_number);
	}
	for (size_t i = 0; i < WORDS_MAX; i++) {
		g_free(words[i]);
	}
	return wrong;
}

GPtrArray *
rg_script_read(hk_span text, unsigned *next_number, GError **error)
{
	g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(rg_step_free);
	unsigned number = 0;
	int64_t after_ms = 0;

	if (text.len > RG_SCRIPT_BYTES_MAX || !hk_utf8_valid(text) ||
		(text.len > 0 && memchr(text.data, 0, text.len))) {
		hk_error_set(error, HK_EFORM, "a scenario is UTF-8 text of at most %d bytes",
			RG_SCRIPT_BYTES_MAX);
		return NULL;
	}
	for (size_t at = 0; at < text.len;) {
		const char *begin = (const char *)text.data + at;
		const char *end = memchr(begin, '\n', text.len - at);
		size_t len = end ? (size_t)(end - begin) : text.len - at;
		g_autofree char *line = g_strstrip(g_strndup(begin, len));
		at += len + 1;
		number++;
		if (!*line || *line == '#') {
			continue;
		}
		rg_step *step = g_new0(rg_step, 1);
		g_ptr_array_add(steps, step);
		const char *wrong = steps->len > RG_SCRIPT_STEPS_MAX
					    ? "too many steps"
					    : read_step(line, after_ms, step, next_number);
		if (wrong) {
			hk_error_set(error, HK_EFORM, "line %u: %s", number, wrong);
			return NULL;
		}
		after_ms = step->at_ms;
	}
	return g_steal_pointer(&steps);
}
