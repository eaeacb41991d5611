#include "playread.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "playnames.h"
#include "playvalue.h"
#include "sys/gerr.h"
#include "sys/nearest.h"

static const char *const moments[RG_PLAY_MOMENTS] = {
	[RG_PLAY_REPORTED] = "reported:", [RG_PLAY_DARK] = "dark:", [RG_PLAY_BACK] = "back:"};

/* A line that is being read. */
typedef struct reading {
	rg_play *play;
	rg_play_line *last; /* the event that a narration belongs to; NULL: none */
	bool events;        /* the head is over */
	GString *bad;
} reading;

static void
line_free(void *data)
{
	rg_play_line *line = data;

	for (size_t i = 0; i < RG_PLAY_ARGS_MAX; i++) {
		g_free(line->args[i]);
	}
	g_free(line->of);
	g_free(line->say_en);
	g_free(line->say_ja);
	g_free(line);
}

static void
names_free(void *data)
{
	g_ptr_array_unref(data);
}

void
rg_play_free(rg_play *play)
{
	if (play) {
		g_ptr_array_unref(play->lines);
		g_hash_table_unref(play->groups);
		g_free(play);
	}
}

/* ---- Words of a line ---- */

/* The next word of *at, a quoted part without its quotes; NULL: there is none, or (bad is not empty) no end of a quote. Newly allocated. */
static char *
next_word(const char **at, GString *bad)
{
	g_autoptr(GString) word = g_string_new(NULL);
	const char *c = *at + strspn(*at, " \t");
	bool quoted = false, any = *c != '\0';

	for (; *c && (quoted || (*c != ' ' && *c != '\t')); c++) {
		if (*c == '"') {
			quoted = !quoted;
		} else if (quoted && *c == '\\' && (c[1] == '"' || c[1] == '\\')) {
			g_string_append_c(word, *++c);
		} else {
			g_string_append_c(word, *c);
		}
	}
	*at = c;
	if (quoted) {
		g_string_assign(bad, "a \" without its second one");
		return NULL;
	}
	return any ? g_string_free(g_steal_pointer(&word), FALSE) : NULL;
}

static bool
set_arg(reading *r, rg_play_line *line, size_t i, const char *value)
{
	size_t count;
	const rg_play_arg_row *row = rg_play_args(line->verb, &count) + i;
	g_autoptr(GString) why = g_string_new(NULL);

	if (line->args[i]) {
		g_string_printf(r->bad, "%s twice: leave one", row->name);
		return false;
	}
	if (!rg_playvalue_check(r->play, row->type, value, why)) {
		g_string_printf(r->bad, "%s: '%s' %s", row->name, value, why->str);
		return false;
	}
	line->args[i] = g_strdup(value);
	return true;
}

/* name=value; false with bad: there is no such name. */
static bool
set_named(reading *r, rg_play_line *line, const char *word, size_t equals)
{
	g_autofree char *name = g_strndup(word, equals);
	const char *names[RG_PLAY_ARGS_MAX];
	size_t count, n = 0;
	const rg_play_arg_row *rows = rg_play_args(line->verb, &count);

	for (size_t i = 0; i < count; i++) {
		bool named = rows[i].place == RG_PLAY_NEED || rows[i].place == RG_PLAY_MAY;
		if (named && strcmp(rows[i].name, name) == 0) {
			return set_arg(r, line, i, word + equals + 1);
		}
		if (named) {
			names[n++] = rows[i].name;
		}
	}
	const char *near = hk_nearest(name, names, n);
	g_autofree char *list = n > 0 ? g_strdup(names[0]) : g_strdup("nothing of the kind");
	for (size_t i = 1; i < n; i++) {
		char *more = g_strconcat(list, ", ", names[i], NULL);
		g_free(list);
		list = more;
	}
	g_string_printf(r->bad, "`%s` takes no %s=%s%s%s; it takes %s",
		rg_play_verbs[line->verb].word, name, near ? "; do you mean " : "",
		near ? near : "", near ? "=?" : "", list);
	return false;
}

static bool
set_position(reading *r, rg_play_line *line, const char *word)
{
	size_t count;
	const rg_play_arg_row *rows = rg_play_args(line->verb, &count);

	for (size_t i = 0; i < count; i++) {
		if (rows[i].place == RG_PLAY_POS && !line->args[i]) {
			return set_arg(r, line, i, word);
		}
	}
	g_string_printf(r->bad, "what is '%s'? `%s` is written like: %s", word,
		rg_play_verbs[line->verb].word, rg_play_verbs[line->verb].example);
	return false;
}

/* What was not given: the default, or it is missing. */
static bool
fill(reading *r, rg_play_line *line)
{
	size_t count;
	const rg_play_arg_row *rows = rg_play_args(line->verb, &count);

	for (size_t i = 0; i < count; i++) {
		if (!line->args[i] && rows[i].place != RG_PLAY_MAY) {
			g_string_printf(r->bad, "`%s` needs %s (%s), like: %s",
				rg_play_verbs[line->verb].word, rows[i].name, rows[i].what,
				rg_play_verbs[line->verb].example);
			return false;
		}
		if (!line->args[i]) {
			line->args[i] = g_strdup(rows[i].def);
		}
	}
	return true;
}

static bool
read_args(reading *r, rg_play_line *line, const char *rest)
{
	size_t count;
	const rg_play_arg_row *rows = rg_play_args(line->verb, &count);

	if (count > 0 && rows[0].place == RG_PLAY_REST) {
		rest += strspn(rest, " \t");
		return (*rest == '\0' || set_arg(r, line, 0, rest)) && fill(r, line);
	}
	for (;;) {
		g_autofree char *word = next_word(&rest, r->bad);
		if (!word) {
			return r->bad->len == 0 && fill(r, line);
		}
		size_t equals = strspn(word, "abcdefghijklmnopqrstuvwxyz-");
		bool named = equals > 0 && word[equals] == '=';
		if (named ? !set_named(r, line, word, equals) : !set_position(r, line, word)) {
			return false;
		}
	}
}

/* ---- Times ---- */

static bool
read_moment(reading *r, rg_play_line *line, const char *word)
{
	for (int i = RG_PLAY_REPORTED; i < RG_PLAY_MOMENTS; i++) {
		if (!g_str_has_prefix(word, moments[i])) {
			continue;
		}
		const char *host = word + strlen(moments[i]);
		size_t len = strcspn(host, "+");
		g_autofree char *name = g_strndup(host, len);
		g_autoptr(GString) why = g_string_new(NULL);
		if (!rg_playvalue_host(r->play, host, len, why)) {
			g_string_printf(r->bad, "'%s' %s", name, why->str);
			return false;
		}
		line->moment = (rg_play_moment)i;
		line->of = rg_play_expand(r->play, name);
		if (host[len] && !rg_playvalue_ms(host + len + 1, &line->at_ms)) {
			g_string_printf(r->bad, "'%s' is no time: reported:HOST+30s", word);
			return false;
		}
		return true;
	}
	if (!rg_playvalue_ms(word, &line->at_ms)) {
		g_string_printf(r->bad,
			"'%s' is no time (12s, 3m, 2h, reported:HOST+30s, dark:HOST+20s, "
			"back:HOST), and no line of the head",
			word);
		return false;
	}
	return true;
}

/* ---- Lines ---- */

static bool
find_verb(reading *r, const char *word, rg_play_where where, rg_play_verb *ret)
{
	const char *words[RG_PLAY_VERBS];

	for (int i = 0; i < RG_PLAY_VERBS; i++) {
		words[i] = rg_play_verbs[i].where == where ? rg_play_verbs[i].word : NULL;
		if (words[i] && strcmp(words[i], word) == 0) {
			*ret = (rg_play_verb)i;
			return true;
		}
	}
	const char *near = hk_nearest(word, words, RG_PLAY_VERBS);
	g_string_printf(r->bad, "no event is called '%s'%s%s%s (docs/scenarios.md lists them)",
		word, near ? "; do you mean " : "", near ? near : "", near ? "?" : "");
	return false;
}

static bool
is_head(const char *word, rg_play_verb *ret)
{
	for (int i = 0; i < RG_PLAY_VERBS; i++) {
		if (rg_play_verbs[i].where == RG_PLAY_HEAD &&
			strcmp(rg_play_verbs[i].word, word) == 0) {
			*ret = (rg_play_verb)i;
			return true;
		}
	}
	return false;
}

/* Of these there is one, or each has another first value. */
static bool
check_twice(reading *r, const rg_play_line *line)
{
	bool many = line->verb == RG_PLAY_BANK || line->verb == RG_PLAY_PARTY;
	const char *name = line->verb == RG_PLAY_BANK ? "key" : "address";
	const rg_play_line *other =
		rg_play_verbs[line->verb].where == RG_PLAY_HEAD
			? rg_play_first(r->play, line->verb, many ? name : NULL, line->args[0])
			: NULL;

	if (other) {
		g_string_printf(r->bad, "`%s` stands in line %u already: leave one",
			rg_play_verbs[line->verb].word, other->number);
	}
	return !other;
}

/* Names of a `certs` line are known from here on. */
static bool
invent(reading *r, const rg_play_line *line)
{
	const char *label = rg_play_arg(line, "label"), *bank = rg_play_arg(line, "bank");
	uint64_t count = rg_play_count(line, "count");
	const rg_play_line *whose = rg_play_first(r->play, RG_PLAY_BANK, bank ? "key" : NULL, bank);
	size_t habit = 0;

	if (count == 0 || count + r->play->names > RG_PLAY_NAMES_MAX) {
		g_string_printf(r->bad, "count: 1 to %d names, all `certs` lines together",
			RG_PLAY_NAMES_MAX);
		return false;
	}
	if (g_hash_table_contains(r->play->groups, label)) {
		g_string_printf(r->bad, "there is a `certs %s` already: take another label", label);
		return false;
	}
	if (!whose) {
		g_string_assign(r->bad, "a `bank` line has to stand above");
		return false;
	}
	const char *domain = rg_play_arg(whose, "domain"), *tokens = rg_play_arg(whose, "token");
	g_autofree char *token = g_strndup(
		tokens ? tokens : domain, tokens ? strcspn(tokens, ",") : strcspn(domain, "."));
	if (rg_play_arg(line, "per") && rg_play_count(line, "per") == 0) {
		g_string_assign(r->bad, "per: at least 1");
		return false;
	}
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	rg_habit_find(rg_play_arg(line, "habit"), &habit);
	rg_habit_names(habit, r->play->seed, label, token, domain, (unsigned)count, names);
	g_hash_table_insert(r->play->groups, g_strdup(label), names);
	r->play->names += (unsigned)count;
	return true;
}

static bool
check_line(reading *r, const rg_play_line *line)
{
	if (line->verb == RG_PLAY_SITE && !rg_play_arg(line, "kit") == !rg_play_arg(line, "page")) {
		g_string_assign(r->bad, "a site has kit=GROUP or page=PAGE, one of them");
		return false;
	}
	if (line->verb == RG_PLAY_BANK && strcmp(rg_play_arg(line, "key"), "world") == 0) {
		g_string_assign(r->bad, "a bank is not called world: that folder is the range's");
		return false;
	}
	if (line->verb == RG_PLAY_VENDOR && !rg_play_arg(line, "mode") &&
		!rg_play_arg(line, "state")) {
		g_string_assign(r->bad, "a vendor has mode=FAULT or state=TEXT");
		return false;
	}
	if (line->verb == RG_PLAY_CT && strchr(rg_play_arg(line, "fault"), '/')) {
		g_string_assign(r->bad, "a fault of the log has no / in it");
		return false;
	}
	return line->verb != RG_PLAY_CERTS || invent(r, line);
}

/* "en TEXT", "ja TEXT". */
static bool
read_narration(reading *r, const char *word, const char *rest)
{
	char **to = !r->last ? NULL : *word == 'e' ? &r->last->say_en : &r->last->say_ja;
	g_autoptr(GString) why = g_string_new(NULL);

	rest += strspn(rest, " \t");
	if (!to || *to || !*rest) {
		g_string_printf(
			r->bad, "`%s TEXT` stands below an event, once, and is not empty", word);
		return false;
	}
	if (!rg_playvalue_check(r->play, RG_PLAYTYPE_TEXT, rest, why)) {
		g_string_printf(r->bad, "the narration %s", why->str);
		return false;
	}
	*to = rg_play_expand(r->play, rest);
	return true;
}

/* What happens, behind the time. */
static bool
read_event(reading *r, const char **rest, rg_play_verb *ret)
{
	g_autofree char *word = next_word(rest, r->bad);

	if (!word && r->bad->len == 0) {
		g_string_assign(r->bad, "behind the time stands what happens: 12s note");
	}
	return word && find_verb(r, word, RG_PLAY_EVENT, ret);
}

static bool
read_line(reading *r, const char *text, unsigned number)
{
	const char *rest = text;
	g_autofree char *word = next_word(&rest, r->bad);
	rg_play_verb verb = RG_PLAY_NOTE;

	if (!word) {
		return false;
	}
	if (strcmp(word, "en") == 0 || strcmp(word, "ja") == 0) {
		return read_narration(r, word, rest);
	}
	rg_play_line *line = g_new0(rg_play_line, 1);
	line->number = number;
	bool head = is_head(word, &verb), good = !head || !r->events;
	if (!good) {
		g_string_printf(r->bad, "`%s` belongs into the head, above the first event", word);
	}
	good = good && (head || (read_moment(r, line, word) && read_event(r, &rest, &verb)));
	line->verb = verb;
	good = good && read_args(r, line, rest) && check_twice(r, line) && check_line(r, line);
	if (!good) {
		line_free(line);
		return false;
	}
	r->events = !head;
	r->last = head ? NULL : line;
	if (line->verb == RG_PLAY_SEED) {
		r->play->seed = rg_play_count(line, "number");
	}
	g_ptr_array_add(r->play->lines, line);
	return true;
}

/* ---- The whole ---- */

static const char *
head_text(const rg_play *play, rg_play_verb verb)
{
	const rg_play_line *line = rg_play_first(play, verb, NULL, NULL);

	return line ? line->args[0] : NULL;
}

/* A narration is in both languages, or not there. */
static bool
check_narration(reading *r, unsigned *ret_line)
{
	for (unsigned i = 0; i < r->play->lines->len; i++) {
		const rg_play_line *line = r->play->lines->pdata[i];
		if (!line->say_en != !line->say_ja) {
			*ret_line = line->number;
			g_string_printf(r->bad,
				"its narration is in one language: add `%s TEXT` below",
				line->say_en ? "ja" : "en");
			return false;
		}
	}
	return true;
}

/* A moment of a host that no line sets up never comes. */
static bool
check_moments(reading *r, unsigned *ret_line)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < r->play->lines->len; i++) {
		const rg_play_line *line = r->play->lines->pdata[i];
		if (line->verb != RG_PLAY_SITE) {
			continue;
		}
		g_autoptr(GPtrArray) names = rg_play_names(r->play, rg_play_arg(line, "hosts"));
		for (unsigned k = 0; k < names->len; k++) {
			g_hash_table_add(known, g_strdup(names->pdata[k]));
		}
	}
	for (unsigned i = 0; i < r->play->lines->len; i++) {
		const rg_play_line *line = r->play->lines->pdata[i];
		if (line->of && !g_hash_table_contains(known, line->of)) {
			*ret_line = line->number;
			g_string_printf(r->bad,
				"no `site` line has %s: its moment would never come", line->of);
			return false;
		}
	}
	return true;
}

static bool
check_whole(reading *r, unsigned *ret_line)
{
	rg_play *play = r->play;
	const rg_play_line *ends = rg_play_first(play, RG_PLAY_ENDS, NULL, NULL);
	unsigned banks = 0;

	for (unsigned i = 0; i < play->lines->len; i++) {
		const rg_play_line *line = play->lines->pdata[i];
		banks += line->verb == RG_PLAY_BANK;
		if (line->moment == RG_PLAY_AT &&
			rg_play_verbs[line->verb].where == RG_PLAY_EVENT) {
			play->ends_ms = MAX(play->ends_ms, line->at_ms);
		}
	}
	play->title_en = head_text(play, RG_PLAY_TITLE_EN);
	play->title_ja = head_text(play, RG_PLAY_TITLE_JA);
	play->about_en = head_text(play, RG_PLAY_ABOUT_EN);
	play->about_ja = head_text(play, RG_PLAY_ABOUT_JA);
	play->ends_ms = ends ? rg_play_ms(ends, "at") : play->ends_ms;
	*ret_line = 0;
	if (!play->title_en || !play->title_ja || banks == 0 || banks > RG_PLAY_BANKS_MAX) {
		g_string_printf(r->bad,
			"a scenario has `title-en`, `title-ja`, and one to %d `bank` lines",
			RG_PLAY_BANKS_MAX);
		return false;
	}
	return check_narration(r, ret_line) && check_moments(r, ret_line);
}

static bool
read_lines(reading *r, hk_span text, unsigned *ret_line)
{
	for (size_t at = 0; at < text.len;) {
		const char *begin = (const char *)text.data + at;
		const char *end = memchr(begin, '\n', text.len - at);
		size_t len = end ? (size_t)(end - begin) : text.len - at;
		g_autofree char *line = g_strstrip(g_strndup(begin, len));
		at += len + 1;
		++*ret_line;
		if (!*line || *line == '#') {
			continue;
		}
		if (len > RG_PLAY_LINE_MAX || r->play->lines->len >= RG_PLAY_LINES_MAX) {
			g_string_printf(r->bad, "a line has at most %d bytes, a file %d lines",
				RG_PLAY_LINE_MAX, RG_PLAY_LINES_MAX);
			return false;
		}
		if (!read_line(r, line, *ret_line)) {
			return false;
		}
	}
	return check_whole(r, ret_line);
}

rg_play *
rg_play_read(hk_span text, GError **error)
{
	g_autoptr(rg_play) play = g_new0(rg_play, 1);
	g_autoptr(GString) bad = g_string_new(NULL);
	reading r = {.play = play, .bad = bad};
	unsigned line = 0;

	play->seed = 1;
	play->lines = g_ptr_array_new_with_free_func(line_free);
	play->groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, names_free);
	if (text.len > RG_PLAY_BYTES_MAX || !hk_utf8_valid(text) ||
		(text.len > 0 && memchr(text.data, 0, text.len))) {
		g_string_printf(
			bad, "a scenario is UTF-8 text of at most %d bytes", RG_PLAY_BYTES_MAX);
	} else if (read_lines(&r, text, &line)) {
		return g_steal_pointer(&play);
	}
	hk_error_set(error, HK_EFORM, "%u: %s", line, bad->str);
	return NULL;
}
