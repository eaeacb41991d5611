#include "report/channel_conf.h"

#include <string.h>

#include "sys/conffile.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/http.h"

enum { ALL, THEIRS }; /* whose a key is */

typedef enum key {
#define KEY(id, name, type, unit, min, max, def, whose, help) KEY_##id,
#include "report/channel_keys.def"
#undef KEY
	KEY_COUNT
} key;

static const hk_opt_row rows[] = {
#define KEY(id, name, type, unit, min, max, def, whose, help)                                      \
	{name, "", HK_TYPE_##type, unit, min, max, def, "", help, true},
#include "report/channel_keys.def"
#undef KEY
};

static const int whose[] = {
#define KEY(id, name, type, unit, min, max, def, whose, help) whose,
#include "report/channel_keys.def"
#undef KEY
};

/* Keys that are members of the struct. */
static const struct {
	key key;
	size_t offset;
} texts[] = {
	{KEY_USER, offsetof(hk_channel_conf, user)},
	{KEY_ACCOUNT, offsetof(hk_channel_conf, account)},
	{KEY_EMAIL, offsetof(hk_channel_conf, email)},
	{KEY_REGION, offsetof(hk_channel_conf, region)},
	{KEY_TOKEN_URL, offsetof(hk_channel_conf, token_url)},
	{KEY_VISIBILITY, offsetof(hk_channel_conf, visibility)},
};

const char *
hk_channel_key_name(size_t i)
{
	return i < KEY_COUNT ? rows[i].name : NULL;
}

static void
wipe(char *text)
{
	if (text) {
		explicit_bzero(text, strlen(text));
		g_free(text);
	}
}

void
hk_channel_conf_free(hk_channel_conf *conf)
{
	if (!conf) {
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_free(*(char **)((char *)conf + texts[i].offset));
	}
	if (conf->spec_free) {
		conf->spec_free(conf->spec);
	}
	wipe(conf->secret);
	g_free(conf->path);
	g_free(conf->name);
	g_free(conf->url);
	g_free(conf->ca_file);
	g_clear_pointer(&conf->more, g_hash_table_unref);
	g_free(conf);
}

/* The file while it is read. */
typedef struct reading {
	const char *path;
	hk_confentry entries[KEY_COUNT];
	hk_channel_conf *conf;
} reading;

static bool G_GNUC_PRINTF(4, 5)
	fail(const reading *r, key id, GError **error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	return hk_error_set(error, HK_ECONFIG, "%s:%d: %s %s", r->path, MAX(r->entries[id].line, 1),
		rows[id].name, what);
}

static bool
given(const reading *r, key id)
{
	return r->entries[id].line > 0;
}

/* NULL: the file does not say it, or says "". */
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

/* The name stands in reports.channel, on the board, in log lines. */
static bool
take_name(reading *r, GError **error)
{
	g_autofree char *base = g_path_get_basename(r->path);
	size_t len = strlen(base);

	if (g_str_has_suffix(base, ".conf")) {
		base[len -= 5] = '\0';
	}
	if (len == 0 || len > HK_CHANNEL_NAME_MAX || strcmp(base, "mail") == 0 ||
		base[strspn(base, "abcdefghijklmnopqrstuvwxyz0123456789-_")]) {
		return hk_error_set(error, HK_ECONFIG,
			"%s: the file's name is the channel's: 1 to %d of a-z, 0-9, '-', '_', and "
			".conf; not \"mail\"",
			r->path, HK_CHANNEL_NAME_MAX);
	}
	r->conf->name = g_strdup(base);
	return true;
}

static bool
take_channel(reading *r, GError **error)
{
	const char *name = text_of(r, KEY_CHANNEL);
	g_autoptr(GString) all = g_string_new(NULL);

	r->conf->channel = hk_channel_find(name ? name : r->conf->name);
	if (r->conf->channel) {
		return true;
	}
	for (size_t i = 0; i < hk_channel_count; i++) {
		g_string_append_printf(all, "%s%s", i > 0 ? ", " : "", hk_channels[i]->name);
	}
	return fail(r, KEY_CHANNEL, error, "%s: there is no channel \"%s\"; there are %s",
		name ? "names none" : "is missing", name ? name : r->conf->name, all->str);
}

/* Whether name is one of the words of list. */
static bool
among(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; at && *at;) {
		size_t word = strcspn(at, " ");
		if (word == len && memcmp(at, name, len) == 0) {
			return true;
		}
		at += word + strspn(at + word, " ");
	}
	return false;
}

/* A key that does nothing for this channel is a mistake, not a decoration. */
static bool
check_keys(const reading *r, GError **error)
{
	const hk_channel *channel = r->conf->channel;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (given(r, (key)i) && whose[i] == THEIRS && !among(channel->keys, rows[i].name)) {
			return fail(r, (key)i, error,
				"means nothing for channel %s; of its own it has: %s",
				channel->name, channel->keys ? channel->keys : "none");
		}
		if (!text_of(r, (key)i) && among(channel->needs, rows[i].name)) {
			return fail(r, (key)i, error, "is needed for channel %s", channel->name);
		}
	}
	if (r->conf->test && !(channel->can & HK_CAN_TEST)) {
		return fail(r, KEY_TEST, error, "means nothing for channel %s: it has no test mode",
			channel->name);
	}
	return true;
}

static bool
take_url(reading *r, GError **error)
{
	hk_channel_conf *conf = r->conf;
	const char *given_url = text_of(r, KEY_URL);
	const char *url = given_url ? given_url : conf->channel->url;
	g_autoptr(GError) why = NULL;

	if (!url) {
		return true; /* a check may know it; see need_url() */
	}
	conf->url = g_strdup(url);
	for (size_t len = strlen(url); len > 0 && conf->url[len - 1] == '/'; len--) {
		conf->url[len - 1] = '\0';
	}
	if (conf->channel->way == HK_WAY_MAIL) {
		return strchr(url, '@') || fail(r, KEY_URL, error, "is a mailbox, not '%s'", url);
	}
	return hk_http_url_check(conf->url, &why) || fail(r, KEY_URL, error, "%s", why->message);
}

static bool
need_url(const reading *r, GError **error)
{
	const hk_channel_conf *conf = r->conf;

	return conf->url || conf->channel->way == HK_WAY_MAIL ||
	       fail(r, KEY_URL, error, "is needed for channel %s", conf->channel->name);
}

/* A service account's key is a JSON object; all others are one line. */
static char *
secret_of(hk_span text)
{
	hk_span trimmed = hk_span_trim(text);

	if (trimmed.len > 0 && trimmed.data[0] == '{') {
		return g_strndup((const char *)trimmed.data, trimmed.len);
	}
	size_t len = 0;
	while (len < trimmed.len && trimmed.data[len] && !strchr("\r\n", trimmed.data[len])) {
		len++;
	}
	return g_strndup((const char *)trimmed.data, len);
}

static bool
take_secret(reading *r, GError **error)
{
	g_autofree char *path = path_of(r, KEY_SECRET_FILE);
	g_autoptr(GError) why = NULL;

	if (!path) {
		return true;
	}
	g_autoptr(GBytes) bytes = hk_file_read_secret(path, HK_CHANNEL_SECRET_MAX, &why);
	if (!bytes) {
		return fail(r, KEY_SECRET_FILE, error, "%s", why->message);
	}
	size_t len;
	const void *data = g_bytes_get_data(bytes, &len);
	r->conf->secret = secret_of(hk_span_of(data, len));
	if (len > 0) {
		explicit_bzero((void *)(uintptr_t)data, len);
	}
	return *r->conf->secret || fail(r, KEY_SECRET_FILE, error, "%s is empty", path);
}

static int64_t
less(const reading *r, key id, int64_t theirs)
{
	int64_t ours = given(r, id) ? r->entries[id].value.number : 0;

	return ours == 0 ? theirs : theirs == 0 ? ours : MIN(ours, theirs);
}

static void
take_more(reading *r)
{
	r->conf->more = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		const hk_optvalue *value = &r->entries[i].value;
		GString *text = g_string_new(value->text);

		for (unsigned k = 0; value->list && k < value->list->len; k++) {
			g_string_append_printf(text, "%s%s", k > 0 ? "\n" : "",
				(const char *)value->list->pdata[k]);
		}
		if (given(r, (key)i)) {
			g_hash_table_insert(r->conf->more, (void *)(uintptr_t)rows[i].name,
				g_string_free(text, FALSE));
		} else {
			g_string_free(text, TRUE);
		}
	}
}

/* The line of the key that a message begins with. */
static int
line_of(const reading *r, const char *message)
{
	g_autofree char *name = g_strndup(message, strcspn(message, " :"));

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(rows[i].name, name) == 0) {
			return MAX(r->entries[i].line, 1);
		}
	}
	return 1;
}

static bool
take(reading *r, GError **error)
{
	hk_channel_conf *conf = r->conf;
	g_autoptr(GError) why = NULL;

	if (!take_channel(r, error)) {
		return false;
	}
	conf->can = conf->channel->can;
	conf->enabled = !given(r, KEY_ENABLED) || r->entries[KEY_ENABLED].value.number != 0;
	conf->test = given(r, KEY_TEST) && r->entries[KEY_TEST].value.number != 0;
	if (!check_keys(r, error) || !take_url(r, error) || !take_secret(r, error)) {
		return false;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		*(char **)((char *)conf + texts[i].offset) = g_strdup(text_of(r, texts[i].key));
	}
	conf->ca_file = path_of(r, KEY_CA_FILE);
	conf->per_minute = less(r, KEY_PER_MINUTE, conf->channel->per_minute);
	conf->per_day = less(r, KEY_PER_DAY, conf->channel->per_day);
	conf->batch = less(r, KEY_BATCH, MAX(conf->channel->batch, 1));
	take_more(r);
	if (conf->channel->check && !conf->channel->check(conf, &why)) {
		return hk_error_set(error, HK_ECONFIG, "%s:%d: %s", r->path,
			line_of(r, why->message), why->message);
	}
	return need_url(r, error);
}

hk_channel_conf *
hk_channel_conf_read(const char *path, GError **error)
{
	g_autoptr(hk_channel_conf) conf = g_new0(hk_channel_conf, 1);
	reading r = {.path = path, .conf = conf};

	conf->path = g_strdup(path);

	bool fine = take_name(&r, error) &&
		    hk_conffile_read_rows(
			    path, rows, KEY_COUNT, "docs/channels.md", r.entries, error) &&
		    take(&r, error);

	for (size_t i = 0; i < KEY_COUNT; i++) {
		hk_optvalue_clear(&r.entries[i].value);
	}
	return fine ? g_steal_pointer(&conf) : NULL;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(hk_channel_conf *const *)a)->name, (*(hk_channel_conf *const *)b)->name);
}

static void
conf_free(void *data)
{
	hk_channel_conf_free(data);
}

GPtrArray *
hk_channel_conf_folder(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) confs = g_ptr_array_new_with_free_func(conf_free);
	g_autoptr(GError) why = NULL;
	GDir *dir = g_dir_open(folder, 0, &why);
	const char *name;
	bool fine = true;

	if (!dir) {
		hk_error_set(error, why->code == G_FILE_ERROR_NOENT ? HK_ENOENT : HK_EPOLICY,
			"%s: cannot read the folder of channels: %s", folder, why->message);
		return NULL;
	}
	while (fine && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		bool ours = g_str_has_suffix(name, ".conf") && name[0] != '.';
		hk_channel_conf *conf = ours ? hk_channel_conf_read(path, error) : NULL;

		fine = !ours || conf;
		if (conf) {
			g_ptr_array_add(confs, conf);
		}
	}
	g_dir_close(dir);
	if (!fine) {
		return NULL;
	}
	g_ptr_array_sort(confs, by_name);
	return g_steal_pointer(&confs);
}

const hk_channel_conf *
hk_channel_conf_of(const GPtrArray *confs, const char *name)
{
	for (unsigned i = 0; i < confs->len; i++) {
		const hk_channel_conf *conf = confs->pdata[i];
		if (strcmp(conf->name, name) == 0) {
			return conf;
		}
	}
	return NULL;
}

const char *
hk_channel_conf_text(const hk_channel_conf *conf, const char *name)
{
	return conf->more ? g_hash_table_lookup(conf->more, name) : NULL;
}
