#include "report/chat_conf.h"

#include <string.h>

#include "flow/notice.h"
#include "sys/conffile.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/http.h"

enum { SECRET_BYTES_MAX = 8192 };

typedef enum key {
#define KEY(id, name, type, unit, min, max, def, help) KEY_##id,
#include "report/chatkeys.def"
#undef KEY
	KEY_COUNT
} key;

static const hk_opt_row rows[] = {
#define KEY(id, name, type, unit, min, max, def, help)                                             \
	{name, "", HK_TYPE_##type, unit, min, max, def, "", help, true},
#include "report/chatkeys.def"
#undef KEY
};

const hk_chat_way hk_chat_ways[HK_CHAT_KINDS] = {
	[HK_CHAT_TEAMS] = {"teams", 250, 28 * 1000, true},
	[HK_CHAT_SLACK] = {"slack", 1000, 50 * 1000, false},
	[HK_CHAT_WEBHOOK] = {"webhook", 0, 256 * 1000, true},
};

const char *
hk_chat_key_name(size_t i)
{
	return i < KEY_COUNT ? rows[i].name : NULL;
}

static void
wipe(char **secret)
{
	if (*secret) {
		explicit_bzero(*secret, strlen(*secret));
	}
	g_clear_pointer(secret, g_free);
}

void
hk_chat_free(hk_chat *chat)
{
	if (!chat) {
		return;
	}
	wipe(&chat->url);
	wipe(&chat->key);
	g_clear_pointer(&chat->events, g_ptr_array_unref);
	g_free(chat->path);
	g_free(chat->name);
	g_free(chat->ca_file);
	g_free(chat);
}

/* The file while it is read. */
typedef struct reading {
	const char *path;
	hk_confentry entries[KEY_COUNT];
	hk_chat *chat;
} reading;

/* "PATH:LINE: 'KEY' WHAT"; false. */
#define fail(r, id, error, ...)                                                                    \
	hk_conffile_fail((r)->path, &rows[id], &(r)->entries[id], error, __VA_ARGS__)

static const char *
text_of(const reading *r, key id)
{
	return hk_conffile_text(&r->entries[id]);
}

static char *
path_of(const reading *r, key id)
{
	return hk_conffile_path(r->path, &r->entries[id]);
}

static bool
read_name(reading *r, GError **error)
{
	g_autofree char *base = g_path_get_basename(r->path);
	char *dot = strrchr(base, '.');

	if (dot) {
		*dot = '\0';
	}
	size_t len = strlen(base);
	if (len == 0 || len > HK_CHAT_NAME_MAX || *base == '-' ||
		strspn(base, "abcdefghijklmnopqrstuvwxyz0123456789-") != len) {
		return hk_error_set(error, HK_ECONFIG,
			"%s:1: '%s' is no name for a chat: a-z, 0-9 and -, at most %d characters",
			r->path, base, HK_CHAT_NAME_MAX);
	}
	r->chat->name = g_steal_pointer(&base);
	return true;
}

/* Position of the text in names; -1: it is none of them. */
static int
find(const char *text, const char *const *names)
{
	for (int i = 0; names[i]; i++) {
		if (g_strcmp0(text, names[i]) == 0) {
			return i;
		}
	}
	return -1;
}

static bool
read_words(reading *r, GError **error)
{
	static const char *const kinds[] = {"teams", "slack", "webhook", NULL};
	static const char *const langs[] = {"en", "ja", NULL};
	const char *kind = text_of(r, KEY_KIND);
	int at = find(kind, kinds), lang = find(text_of(r, KEY_LANG), langs);

	if (at < 0) {
		return fail(r, KEY_KIND, error, "is teams, slack or webhook, not '%s'",
			kind ? kind : "");
	}
	if (lang < 0) {
		return fail(r, KEY_LANG, error, "is en or ja");
	}
	r->chat->kind = (hk_chat_kind)at;
	r->chat->lang = langs[lang];
	return true;
}

static bool
read_events(reading *r, GError **error)
{
	const GPtrArray *list = r->entries[KEY_EVENTS].value.list;

	if (!list) {
		return true;
	}
	r->chat->events = g_ptr_array_new_with_free_func(g_free);
	for (unsigned i = 0; i < list->len; i++) {
		const char *text = list->pdata[i];
		if (!hk_chat_event_find(text)) {
			return fail(r, KEY_EVENTS, error,
				"names an event that there is not: '%s' (docs/chat.md)", text);
		}
		g_ptr_array_add(r->chat->events, g_strdup(text));
	}
	return true;
}

/* The first line of a file of secrets; NULL on failure. */
static char *
secret_of(const reading *r, key id, GError **error)
{
	g_autofree char *path = path_of(r, id);
	GBytes *bytes = hk_file_read_secret(path, SECRET_BYTES_MAX, error);

	if (!bytes) {
		g_prefix_error(error, "%s:%d: '%s': ", r->path, r->entries[id].line, rows[id].name);
		return NULL;
	}
	gsize len;
	const char *data = g_bytes_get_data(bytes, &len);
	const char *end = memchr(data ? data : "", '\n', data ? len : 0);
	char *line = g_strndup(data ? data : "", end ? (size_t)(end - data) : len);
	/* Ours alone, never shared: it was made by the read above. */
	if (data) {
		explicit_bzero((void *)(uintptr_t)data, len);
	}
	g_bytes_unref(bytes);
	return g_strstrip(line);
}

static bool
read_secrets(reading *r, GError **error)
{
	hk_chat *chat = r->chat;
	g_autoptr(GError) why = NULL;
	bool hook = chat->kind == HK_CHAT_WEBHOOK;

	if (!text_of(r, KEY_URL_FILE)) {
		return fail(r, KEY_URL_FILE, error, "is missing: the file that holds the URL");
	}
	if (hook != (text_of(r, KEY_KEY_FILE) != NULL)) {
		return fail(r, KEY_KEY_FILE, error,
			hook ? "is missing: the file that holds the key of the signature"
			     : "means nothing but for a webhook");
	}
	if (!(chat->url = secret_of(r, KEY_URL_FILE, error)) ||
		(hook && !(chat->key = secret_of(r, KEY_KEY_FILE, error)))) {
		return false;
	}
	/* The reason is told, the URL is not. */
	if (!hk_http_url_check(chat->url, &why)) {
		return fail(r, KEY_URL_FILE, error,
			"holds no URL that may be used: https://..., or http:// on loopback, in "
			"its first line");
	}
	if (hook && (strlen(chat->key) < HK_CHAT_KEY_MIN || strlen(chat->key) > HK_CHAT_KEY_MAX)) {
		return fail(r, KEY_KEY_FILE, error,
			"holds no key of %d to %d characters in its first line", HK_CHAT_KEY_MIN,
			HK_CHAT_KEY_MAX);
	}
	return true;
}

static bool
read_all(reading *r, GError **error)
{
	hk_chat *chat = r->chat;

	if (!hk_conffile_read_rows(r->path, rows, KEY_COUNT, "docs/chat.md", r->entries, error)) {
		return false;
	}
	hk_conffile_defaults(rows, KEY_COUNT, r->entries);
	chat->enabled = r->entries[KEY_ENABLED].value.number != 0;
	chat->pictures = r->entries[KEY_PICTURES].value.number != 0;
	chat->min_score = r->entries[KEY_MIN_SCORE].value.real;
	chat->keep_ms = r->entries[KEY_KEEP].value.number;
	chat->ca_file = path_of(r, KEY_CA_FILE);
	return read_name(r, error) && read_words(r, error) && read_events(r, error) &&
	       read_secrets(r, error);
}

hk_chat *
hk_chat_read(const char *path, GError **error)
{
	g_autoptr(hk_chat) chat = g_new0(hk_chat, 1);
	reading r = {.path = path, .chat = chat};

	chat->path = g_strdup(path);
	bool good = read_all(&r, error);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		hk_optvalue_clear(&r.entries[i].value);
	}
	return good ? g_steal_pointer(&chat) : NULL;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *
files_of(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		if (g_str_has_suffix(name, ".conf") && *name != '.') {
			g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
		}
	}
	if (!dir && g_file_test(folder, G_FILE_TEST_EXISTS)) {
		hk_error_set(error, HK_EPOLICY, "%s: no folder that can be read", folder);
		return NULL;
	}
	if (paths->len > HK_CHAT_FILES_MAX) {
		hk_error_set(
			error, HK_ECONFIG, "%s: more than %d chats", folder, HK_CHAT_FILES_MAX);
		return NULL;
	}
	g_ptr_array_sort(paths, by_text);
	return g_steal_pointer(&paths);
}

GPtrArray *
hk_chat_folder(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)hk_chat_free);
	g_autoptr(GPtrArray) paths = files_of(folder, error);

	for (unsigned i = 0; paths && i < paths->len; i++) {
		hk_chat *chat = hk_chat_read(paths->pdata[i], error);
		if (!chat) {
			return NULL;
		}
		g_ptr_array_add(all, chat);
	}
	return paths ? g_steal_pointer(&all) : NULL;
}

bool
hk_chat_wants(const hk_chat *chat, const char *event, double score)
{
	bool named = chat->events == NULL || strcmp(event, "digest") == 0;

	for (unsigned i = 0; chat->events && i < chat->events->len; i++) {
		named = named || strcmp(chat->events->pdata[i], event) == 0;
	}
	return chat->enabled && named && (score <= 0 || score >= chat->min_score);
}
