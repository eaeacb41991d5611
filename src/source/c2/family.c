#include "source/c2/family.h"

#include <string.h>

#include "parse/url.h"
#include "source/c2/device.h"
#include "source/c2/family_int.h"
#include "sys/conffile.h"
#include "sys/gerr.h"
#include "sys/uts46.h"

typedef enum key {
#define KEY(id, name, type, unit, min, max, def, help) KEY_##id,
#include "source/c2/keys.def"
#undef KEY
	KEY_COUNT
} key;

static const hk_opt_row rows[] = {
#define KEY(id, name, type, unit, min, max, def, help)                                             \
	{name, "", HK_TYPE_##type, unit, min, max, def, "", help, true},
#include "source/c2/keys.def"
#undef KEY
};

static const char *const transports[HK_TRANSPORTS] = {"none", "websocket", "http-post"};

const char *
hk_transport_name(hk_transport transport)
{
	return transports[transport];
}

const char *
hk_family_key_name(size_t i)
{
	return i < KEY_COUNT ? rows[i].name : NULL;
}

static void
verb_free(void *data)
{
	hk_verb *verb = data;

	g_free(verb->word);
	g_free(verb->name);
	g_free(verb->en);
	g_free(verb->ja);
	g_free(verb);
}

void
hk_family_free(hk_family *family)
{
	if (!family) {
		return;
	}
	char *texts[] = {family->path, family->name, family->title_en, family->title_ja,
		family->path_b, family->hello, family->beat, family->pong, family->exit,
		family->banner, family->actor, family->separators};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_free(texts[i]);
	}
	g_clear_pointer(&family->drops, g_ptr_array_unref);
	g_clear_pointer(&family->chain, g_ptr_array_unref);
	g_clear_pointer(&family->ports, g_array_unref);
	g_clear_pointer(&family->headers, g_ptr_array_unref);
	g_clear_pointer(&family->verbs, g_ptr_array_unref);
	g_free(family->words);
	g_free(family);
}

/* The file while it is read. */
typedef struct reading {
	const char *path;
	hk_confentry entries[KEY_COUNT];
	hk_family *family;
} reading;

/* "PATH:LINE: 'KEY' WHAT"; false. */
#define fail(r, id, error, ...)                                                                    \
	hk_conffile_fail((r)->path, &rows[id], &(r)->entries[id], error, __VA_ARGS__)

static const char *
text_of(const reading *r, key id)
{
	return hk_conffile_text(&r->entries[id]);
}

static const GPtrArray *
list_of(const reading *r, key id, unsigned max, GError **error)
{
	static const GPtrArray none;
	const GPtrArray *list = r->entries[id].value.list;

	if (list && list->len > max) {
		fail(r, id, error, "has at most %u elements", max);
		return NULL;
	}
	return list ? list : &none;
}

static bool
read_name(reading *r, GError **error)
{
	g_autofree char *base = g_path_get_basename(r->path);
	const char *name = text_of(r, KEY_NAME);

	if (!name) {
		char *dot = strrchr(base, '.');
		if (dot) {
			*dot = '\0';
		}
		name = base;
	}
	size_t len = strlen(name);
	if (len == 0 || len > HK_FAMILY_NAME_MAX || *name == '-' ||
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len) {
		return hk_error_set(error, HK_ECONFIG,
			"%s:%d: '%s' is no name for a family: a-z, 0-9 and -, at most %d "
			"characters",
			r->path, MAX(r->entries[KEY_NAME].line, 1), name, HK_FAMILY_NAME_MAX);
	}
	const char *en = text_of(r, KEY_TITLE), *ja = text_of(r, KEY_TITLE_JA);
	r->family->name = g_strdup(name);
	r->family->title_en = g_strdup(en ? en : name);
	r->family->title_ja = g_strdup(ja ? ja : r->family->title_en);
	r->family->enabled = r->entries[KEY_ENABLED].value.number != 0;
	return true;
}

static bool
read_drops(reading *r, GError **error)
{
	const GPtrArray *list = list_of(r, KEY_DROPS, HK_FAMILY_DROPS_MAX, error);
	const char *kind = text_of(r, KEY_DROP_KIND);
	g_autofree hk_url *url = g_new(hk_url, 1);

	for (unsigned i = 0; list && i < list->len; i++) {
		const char *text = list->pdata[i];
		if (hk_url_read(hk_span_str(text), hk_uts46_to_ascii, NULL, url, NULL) != HK_OK ||
			!g_str_has_prefix(url->text, "http")) {
			return fail(
				r, KEY_DROPS, error, "holds http and https URLs, not '%s'", text);
		}
		if (g_ptr_array_find_with_equal_func(
			    r->family->drops, url->text, g_str_equal, NULL)) {
			return fail(r, KEY_DROPS, error, "says '%s' twice", text);
		}
		g_ptr_array_add(r->family->drops, g_strdup(url->text));
	}
	if (list && g_strcmp0(kind, "profile") == 0) {
		r->family->drop_kind = HK_DROP_PROFILE;
	} else if (list && g_strcmp0(kind, "body") != 0) {
		return fail(
			r, KEY_DROP_KIND, error, "is body or profile, not '%s'", kind ? kind : "");
	}
	r->family->drop_every_s = r->entries[KEY_DROP_EVERY].value.number / 1000;
	return list != NULL;
}

static bool
read_chain(reading *r, GError **error)
{
	const GPtrArray *list = list_of(r, KEY_CHAIN, HK_FAMILY_STEPS_MAX, error);

	for (unsigned i = 0; list && i < list->len; i++) {
		g_autoptr(GError) why = NULL;
		hk_step *step = hk_step_read(list->pdata[i], &why);
		if (!step) {
			return fail(r, KEY_CHAIN, error, "%s", why->message);
		}
		g_ptr_array_add(r->family->chain, step);
	}
	return list != NULL;
}

static bool
read_ports(reading *r, GError **error)
{
	const GPtrArray *list = list_of(r, KEY_PORTS, HK_FAMILY_PORTS_MAX, error);

	for (unsigned i = 0; list && i < list->len; i++) {
		unsigned port = hk_port_read(hk_span_str(list->pdata[i]));
		if (port == 0) {
			return fail(r, KEY_PORTS, error, "holds numbers from 1 to 65535, not '%s'",
				(const char *)list->pdata[i]);
		}
		for (unsigned k = 0; k < r->family->ports->len; k++) {
			if (g_array_index(r->family->ports, unsigned, k) == port) {
				return fail(r, KEY_PORTS, error, "says %u twice", port);
			}
		}
		g_array_append_val(r->family->ports, port);
	}
	return list != NULL;
}

static bool
read_headers(reading *r, GError **error)
{
	const GPtrArray *list = list_of(r, KEY_HEADERS, HK_FAMILY_LINES_MAX, error);

	if (!list || list->len == 0) {
		return list != NULL;
	}
	r->family->headers = g_ptr_array_new_with_free_func(g_free);
	for (unsigned i = 0; i < list->len; i++) {
		const char *line = list->pdata[i], *colon = strchr(line, ':');
		bool good = colon && colon > line && strlen(line) <= HK_FAMILY_TEXT_MAX;
		for (const char *at = line; good && at < colon; at++) {
			good = g_ascii_isalnum(*at) || strchr("!#$%&'*+-.^_`|~", *at);
		}
		if (!good) {
			return fail(r, KEY_HEADERS, error,
				"holds lines like \"Name: value\", not '%s'", line);
		}
		g_ptr_array_add(r->family->headers, g_strdup(line));
	}
	g_ptr_array_add(r->family->headers, NULL);
	return true;
}

static bool
read_frame(reading *r, key id, char **ret, GError **error)
{
	const char *text = text_of(r, id);

	if (text && strlen(text) > HK_FAMILY_TEXT_MAX) {
		return fail(r, id, error, "has at most %d bytes", HK_FAMILY_TEXT_MAX);
	}
	*ret = g_strdup(text);
	return true;
}

static bool
read_session(reading *r, GError **error)
{
	hk_family *family = r->family;
	const char *transport = text_of(r, KEY_TRANSPORT), *path = text_of(r, KEY_PATH);
	g_autoptr(GError) why = NULL;
	int found = -1;

	for (int i = 0; i < HK_TRANSPORTS; i++) {
		found = g_strcmp0(transports[i], transport) == 0 ? i : found;
	}
	if (found < 0) {
		return fail(r, KEY_TRANSPORT, error, "is websocket, http-post or none, not '%s'",
			transport ? transport : "");
	}
	family->transport = (hk_transport)found;
	if (!path || *path != '/' || strpbrk(path, " #")) {
		return fail(r, KEY_PATH, error, "begins with / and holds no blank and no #");
	}
	family->path_b = g_strdup(path);
	family->beat_s = r->entries[KEY_BEAT_EVERY].value.number / 1000;
	family->miss = (unsigned)r->entries[KEY_MISS].value.number;
	family->message_max = (size_t)r->entries[KEY_MESSAGE_MAX].value.number;
	family->exit = g_strdup(text_of(r, KEY_EXIT));
	family->banner = g_strdup(text_of(r, KEY_BANNER));
	family->actor = g_strdup(text_of(r, KEY_ACTOR));
	if (!read_frame(r, KEY_HELLO, &family->hello, error) ||
		!read_frame(r, KEY_BEAT, &family->beat, error) ||
		!read_frame(r, KEY_PONG, &family->pong, error)) {
		return false;
	}
	if (family->hello && !hk_device_check(family->hello, &why)) {
		return fail(r, KEY_HELLO, error, "%s", why->message);
	}
	return true;
}

/* "发信息& = send-sms send | sends a message | SMSを送る" */
static hk_verb *
verb_of(const char *row)
{
	const char *equals = strstr(row, " = ");
	const char *bar = equals ? strchr(equals, '|') : NULL;
	const char *second = bar ? strchr(bar + 1, '|') : NULL;

	if (!second) {
		return NULL;
	}
	hk_verb *verb = g_new0(hk_verb, 1);
	verb->word = g_strstrip(g_strndup(row, (gsize)(equals - row)));
	verb->name = g_strstrip(g_strndup(equals + 3, (gsize)(bar - equals - 3)));
	verb->en = g_strstrip(g_strndup(bar + 1, (gsize)(second - bar - 1)));
	verb->ja = g_strstrip(g_strdup(second + 1));
	char *blank = strchr(verb->name, ' ');
	if (blank) {
		*blank = '\0';
		verb->send = g_str_equal(g_strstrip(blank + 1), "send");
	}
	if (!*verb->word || !*verb->name || !*verb->en || !*verb->ja || (blank && !verb->send) ||
		strspn(verb->name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(verb->name)) {
		verb_free(verb);
		return NULL;
	}
	return verb;
}

static bool
read_verbs(reading *r, GError **error)
{
	const GPtrArray *list = list_of(r, KEY_VERBS, HK_FAMILY_VERBS_MAX, error);
	hk_family *family = r->family;

	for (unsigned i = 0; list && i < list->len; i++) {
		hk_verb *verb = verb_of(list->pdata[i]);
		if (!verb) {
			return fail(r, KEY_VERBS, error,
				"holds \"WORD[&] = name [send] | English | Japanese\", not '%s'",
				(const char *)list->pdata[i]);
		}
		size_t len = strlen(verb->word);
		verb->argument =
			family->mark != 0 && len > 1 && verb->word[len - 1] == family->mark;
		if (verb->argument) {
			verb->word[len - 1] = '\0';
			g_strchomp(verb->word);
		}
		verb->argument = verb->argument || verb->send;
		for (unsigned k = 0; k < family->verbs->len; k++) {
			const hk_verb *other = family->verbs->pdata[k];
			if (g_str_equal(other->word, verb->word)) {
				verb_free(verb);
				return fail(r, KEY_VERBS, error, "says '%s' twice", other->word);
			}
		}
		g_ptr_array_add(family->verbs, verb);
	}
	family->words = g_new0(hk_span, family->verbs->len + 1);
	for (unsigned i = 0; i < family->verbs->len; i++) {
		family->words[i] = hk_span_str(((const hk_verb *)family->verbs->pdata[i])->word);
	}
	return list != NULL;
}

/* One sign of ASCII that is no letter, digit or blank; "none" is 0. */
static bool
read_sign(reading *r, key id, char *ret, GError **error)
{
	const char *text = text_of(r, id);

	if (g_strcmp0(text, "none") == 0) {
		*ret = '\0';
		return true;
	}
	if (text && (strlen(text) != 1 || !g_ascii_ispunct(*text) || *text == '+')) {
		return fail(r, id, error, "is one sign such as & or |, or none, not '%s'", text);
	}
	*ret = text ? *text : '\0';
	return true;
}

static bool
read_grammar(reading *r, GError **error)
{
	hk_family *family = r->family;
	const char *order = text_of(r, KEY_ORDER), *more = text_of(r, KEY_SEPARATORS);

	if (!read_sign(r, KEY_MARK, &family->mark, error) ||
		!read_sign(r, KEY_SPLIT, &family->split, error)) {
		return false;
	}
	for (const char *at = more; at && *at; at++) {
		if (!g_ascii_ispunct(*at) || strchr("+-*#?()", *at)) {
			return fail(r, KEY_SEPARATORS, error,
				"holds signs of ASCII that are no part of a number, not '%c'",
				(unsigned char)*at < 0x80 ? *at : '?');
		}
	}
	/* The mark parts arguments, too: 发信息&09000000000&text */
	family->separators =
		g_strdup_printf("%s%.*s", more ? more : "", family->mark != 0, &family->mark);
	if (g_strcmp0(order, "text-numbers") == 0) {
		family->order = HK_ORDER_TEXT_NUMBERS;
	} else if (g_strcmp0(order, "numbers-text") != 0) {
		return fail(r, KEY_ORDER, error, "is numbers-text or text-numbers, not '%s'",
			order ? order : "");
	}
	if (family->order == HK_ORDER_TEXT_NUMBERS && !family->split) {
		return fail(r, KEY_ORDER, error,
			"text-numbers needs 'split': where the text ends and the numbers begin");
	}
	return true;
}

/* A family that is switched on must be one that this program can watch. */
static bool
check_enabled(const reading *r, GError **error)
{
	const hk_family *family = r->family;

	if (!family->enabled) {
		return true;
	}
	if (family->transport != HK_TRANSPORT_WEBSOCKET) {
		return fail(r, KEY_ENABLED, error,
			"cannot be true: this program does not speak transport '%s', only "
			"websocket; the family is described, and its texts can be decoded and "
			"parsed",
			transports[family->transport]);
	}
	if (family->drops->len == 0 || family->chain->len == 0) {
		return fail(r, KEY_ENABLED, error, "cannot be true without 'drops' and 'chain'");
	}
	if (family->beat && !family->pong) {
		return fail(r, KEY_BEAT, error, "needs 'pong': what answers it");
	}
	return true;
}

static bool
read_all(reading *r, GError **error)
{
	return read_name(r, error) && read_drops(r, error) && read_chain(r, error) &&
	       read_ports(r, error) && read_headers(r, error) && read_session(r, error) &&
	       read_grammar(r, error) && read_verbs(r, error) && check_enabled(r, error);
}

hk_family *
hk_family_read(const char *path, GError **error)
{
	reading r = {.path = path, .family = g_new0(hk_family, 1)};

	r.family->path = g_strdup(path);
	r.family->drops = g_ptr_array_new_with_free_func(g_free);
	r.family->chain = g_ptr_array_new_with_free_func(hk_step_free);
	r.family->ports = g_array_new(FALSE, FALSE, sizeof(unsigned));
	r.family->verbs = g_ptr_array_new_with_free_func(verb_free);
	bool good = hk_conffile_read_rows(
		path, rows, KEY_COUNT, "docs/c2-families.md", r.entries, error);
	if (good) {
		hk_conffile_defaults(rows, KEY_COUNT, r.entries);
		good = read_all(&r, error);
	}
	for (size_t i = 0; i < KEY_COUNT; i++) {
		hk_optvalue_clear(&r.entries[i].value);
	}
	if (!good) {
		g_clear_pointer(&r.family, hk_family_free);
	}
	return r.family;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *
files_of(const char *folder, GError **error)
{
	g_autoptr(GError) why = NULL;
	GDir *dir = g_dir_open(folder, 0, &why);
	const char *name;

	if (!dir) {
		hk_error_set(
			error, HK_ENOENT, "cannot read the families' folder: %s", why->message);
		return NULL;
	}
	GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
	while ((name = g_dir_read_name(dir))) {
		if (g_str_has_suffix(name, ".conf") && *name != '.') {
			g_ptr_array_add(files, g_build_filename(folder, name, NULL));
		}
	}
	g_dir_close(dir);
	g_ptr_array_sort(files, by_name);
	return files;
}

GPtrArray *
hk_family_folder(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) files = files_of(folder, error);
	g_autoptr(GPtrArray) families =
		g_ptr_array_new_with_free_func((GDestroyNotify)hk_family_free);

	for (unsigned i = 0; files && i < files->len; i++) {
		g_autoptr(hk_family) family = hk_family_read(files->pdata[i], error);
		const hk_family *other = family ? hk_family_of(families, family->name) : NULL;
		if (other) {
			hk_error_set(error, HK_ECONFIG,
				"%s:1: '%s' is the name of the family in %s, too", family->path,
				family->name, other->path);
		}
		if (!family || other) {
			return NULL;
		}
		g_ptr_array_add(families, g_steal_pointer(&family));
	}
	return files ? g_steal_pointer(&families) : NULL;
}

const hk_family *
hk_family_of(const GPtrArray *families, const char *name)
{
	for (unsigned i = 0; i < families->len; i++) {
		const hk_family *family = families->pdata[i];
		if (g_strcmp0(family->name, name) == 0) {
			return family;
		}
	}
	return NULL;
}
