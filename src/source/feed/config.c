#include "source/feed/config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "source/feed/when.h"
#include "sys/conffile.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/http.h"

enum { LOGIN_BYTES_MAX = 8192 };

/* Formats that take a key. */
enum {
	IN_CSV = 1 << HK_FEED_CSV,
	IN_TABLE = 1 << HK_FEED_CSV | 1 << HK_FEED_JSONL,
	IN_LINES = 1 << HK_FEED_CSV | 1 << HK_FEED_TEXT,
	IN_MISP = 1 << HK_FEED_MISP,
	IN_STIX = 1 << HK_FEED_STIX | 1 << HK_FEED_TAXII,
	IN_TAXII = 1 << HK_FEED_TAXII,
	IN_ALL = (1 << HK_FEED_FORMATS) - 1,
	IN_FILES = IN_ALL & ~IN_TAXII,
};

typedef enum key {
#define KEY(id, name, type, unit, min, max, def, formats, help) KEY_##id,
#include "source/feed/keys.def"
#undef KEY
	KEY_COUNT
} key;

static const hk_opt_row rows[] = {
#define KEY(id, name, type, unit, min, max, def, formats, help)                                    \
	{name, "", HK_TYPE_##type, unit, min, max, def, "", help, true},
#include "source/feed/keys.def"
#undef KEY
};

static const unsigned takes[] = {
#define KEY(id, name, type, unit, min, max, def, formats, help) IN_##formats,
#include "source/feed/keys.def"
#undef KEY
};

static const char *const formats[HK_FEED_FORMATS] = {
	"csv", "jsonl", "text", "misp", "stix", "taxii"};

static const char *const kinds[] = {
#define KIND(id, text, name, name_ja, figure, queue) text,
#include "flow/casekinds.def"
#undef KIND
};

const char *
hk_feed_format_name(hk_feed_format format)
{
	return formats[format];
}

const char *
hk_feed_key_name(size_t i)
{
	return i < KEY_COUNT ? rows[i].name : NULL;
}

/* The file while it is read. */
typedef struct reading {
	const char *path;
	hk_confentry entries[KEY_COUNT];
	hk_feed_config *config;
} reading;

/* "PATH:LINE: 'KEY' WHAT"; false. */
#define fail(r, id, error, ...)                                                                    \
	hk_conffile_fail((r)->path, &rows[id], &(r)->entries[id], error, __VA_ARGS__)

static const char *
text_of(const reading *r, key id)
{
	return hk_conffile_text(&r->entries[id]);
}

static bool
given(const reading *r, key id)
{
	return r->entries[id].line > 0;
}

static bool
name_fits(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= HK_FEED_NAME_MAX && *name != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
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
	if (!name_fits(name)) {
		return hk_error_set(error, HK_ECONFIG,
			"%s:%d: '%s' is no name for a feed: a-z, 0-9 and -, at most %d characters",
			r->path, MAX(r->entries[KEY_NAME].line, 1), name, HK_FEED_NAME_MAX);
	}
	r->config->name = g_strdup(name);
	r->config->source = g_strconcat("feed:", name, NULL);
	return true;
}

static bool
read_format(reading *r, GError **error)
{
	const char *format = text_of(r, KEY_FORMAT);

	if (!format) {
		return hk_error_set(error, HK_ECONFIG,
			"%s:1: 'format' is missing: csv, jsonl, text, misp, stix or taxii",
			r->path);
	}
	for (int i = 0; i < HK_FEED_FORMATS; i++) {
		if (g_str_equal(formats[i], format)) {
			r->config->format = (hk_feed_format)i;
			return true;
		}
	}
	return fail(
		r, KEY_FORMAT, error, "is csv, jsonl, text, misp, stix or taxii, not '%s'", format);
}

/* A key that does nothing in this format is a mistake, not a decoration. */
static bool
check_keys(const reading *r, GError **error)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (given(r, (key)i) && !(takes[i] & 1u << r->config->format)) {
			return fail(r, (key)i, error, "means nothing for format %s",
				formats[r->config->format]);
		}
	}
	return true;
}

static char *
path_of(const reading *r, key id)
{
	return hk_conffile_path(r->path, &r->entries[id]);
}

static bool
read_place(reading *r, GError **error)
{
	g_autoptr(GError) why = NULL;
	hk_feed_config *config = r->config;

	config->url = g_strdup(text_of(r, KEY_URL));
	config->file = path_of(r, KEY_FILE);
	config->ca_file = path_of(r, KEY_CA_FILE);
	config->login_file = path_of(r, KEY_LOGIN_FILE);
	if (!config->url == !config->file) {
		return hk_error_set(error, HK_ECONFIG, "%s:%d: %s", r->path,
			MAX(r->entries[KEY_FILE].line, 1),
			config->url ? "either 'url' or 'file', not both"
				    : "'url' is missing (or 'file')");
	}
	if (config->url && !hk_http_url_check(config->url, &why)) {
		return fail(r, KEY_URL, error, "is refused: %s", why->message);
	}
	if (config->file && (config->login_file || config->ca_file)) {
		return fail(r, config->login_file ? KEY_LOGIN_FILE : KEY_CA_FILE, error,
			"means nothing for a file");
	}
	return true;
}

static bool
read_kind(reading *r, GError **error)
{
	const char *kind = text_of(r, KEY_KIND);

	for (size_t i = 0; kind && i < G_N_ELEMENTS(kinds); i++) {
		if (g_str_equal(kinds[i], kind)) {
			r->config->kind = g_strdup(kind);
			return true;
		}
	}
	if (kind) {
		g_autoptr(GString) all = g_string_new(NULL);
		for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
			g_string_append_printf(all, "%s%s", i ? ", " : "", kinds[i]);
		}
		return fail(r, KEY_KIND, error, "is one of %s, not '%s'", all->str, kind);
	}
	return true;
}

static bool
read_fields(reading *r, GError **error)
{
	hk_feed_config *config = r->config;
	const char *delimiter = text_of(r, KEY_DELIMITER);

	for (int i = 0; i < HK_FEED_FIELDS; i++) {
		config->field[i] = g_strdup(text_of(r, (key)(KEY_FIELD_URL + i)));
		if (config->field[i] && config->format == HK_FEED_CSV &&
			!r->entries[KEY_HEADER].value.number &&
			(strspn(config->field[i], "0123456789") != strlen(config->field[i]) ||
				*config->field[i] == '0' || strlen(config->field[i]) > 3)) {
			return fail(r, (key)(KEY_FIELD_URL + i), error,
				"is a number from 1 to 999 when there is no header, not '%s'",
				config->field[i]);
		}
	}
	if ((config->format == HK_FEED_CSV || config->format == HK_FEED_JSONL) &&
		!config->field[HK_FEED_FIELD_URL] && !config->field[HK_FEED_FIELD_HOST]) {
		return hk_error_set(error, HK_ECONFIG,
			"%s:%d: 'field-url' or 'field-host' is missing: where a row holds what it "
			"reports",
			r->path, r->entries[KEY_FORMAT].line);
	}
	config->header = r->entries[KEY_HEADER].value.number != 0;
	config->comment = g_strdup(text_of(r, KEY_COMMENT));
	if (!config->comment && config->format == HK_FEED_TEXT) {
		config->comment = g_strdup("#");
	}
	if (!delimiter || (strlen(delimiter) != 1 && !g_str_equal(delimiter, "tab")) ||
		strchr("\"\r\n", *delimiter)) {
		return fail(r, KEY_DELIMITER, error, "is one character, or tab");
	}
	config->delimiter = delimiter[1] ? '\t' : *delimiter;
	return true;
}

/* "their word = our key" */
static bool
read_targets(reading *r, GError **error)
{
	const GPtrArray *list = r->entries[KEY_TARGETS].value.list;

	r->config->target = g_strdup(text_of(r, KEY_TARGET));
	if (list && list->len > HK_FEED_TARGETS_MAX) {
		return fail(r, KEY_TARGETS, error, "has at most %d rows", HK_FEED_TARGETS_MAX);
	}
	for (unsigned i = 0; list && i < list->len; i++) {
		const char *text = list->pdata[i];
		const char *sign = strrchr(text, '=');
		g_autofree char *word = sign ? g_strndup(text, (gsize)(sign - text)) : NULL;
		g_autofree char *folded = word ? hk_feed_fold(word) : NULL;
		g_autofree char *ours = sign ? g_strstrip(g_strdup(sign + 1)) : NULL;
		if (!folded || !*folded || !*ours) {
			return fail(r, KEY_TARGETS, error,
				"holds \"their word = our target key\", not '%s'", text);
		}
		if (!g_hash_table_insert(
			    r->config->targets, g_steal_pointer(&folded), g_steal_pointer(&ours))) {
			return fail(r, KEY_TARGETS, error, "says '%s' twice", g_strstrip(word));
		}
	}
	return true;
}

static bool
read_set(const reading *r, key id, GHashTable **ret, GError **error)
{
	const GPtrArray *list = r->entries[id].value.list;

	if (!list || list->len == 0) {
		return true;
	}
	if (list->len > HK_FEED_LISTS_MAX) {
		return fail(r, id, error, "has at most %d elements", HK_FEED_LISTS_MAX);
	}
	*ret = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (unsigned i = 0; i < list->len; i++) {
		g_hash_table_add(*ret, hk_feed_fold(list->pdata[i]));
	}
	return true;
}

static bool
read_types(reading *r, GError **error)
{
	static const char *const names[] = {"url", "domain", "ip"};
	const GPtrArray *list = r->entries[KEY_TYPES].value.list;

	for (unsigned i = 0; list && i < list->len; i++) {
		unsigned bit = 0;
		for (unsigned k = 0; k < G_N_ELEMENTS(names); k++) {
			bit |= g_str_equal(list->pdata[i], names[k]) ? 1u << k : 0;
		}
		if (!bit) {
			return fail(r, KEY_TYPES, error, "holds url, domain and ip, not '%s'",
				(const char *)list->pdata[i]);
		}
		r->config->types |= bit;
	}
	return true;
}

static bool
read_objects(reading *r, GError **error)
{
	static const char *const names[] = {"none", "observed", "all"};
	const char *text = r->entries[KEY_OBJECTS].value.text;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_strcmp0(names[i], text) == 0) {
			r->config->objects = (hk_feed_objects)i;
			return true;
		}
	}
	return fail(r, KEY_OBJECTS, error, "is observed, all or none, not '%s'", text ? text : "");
}

static bool
read_filters(reading *r, GError **error)
{
	hk_feed_config *config = r->config;
	const char *since = text_of(r, KEY_SINCE);

	if (since &&
		(strlen(since) != 10 || !hk_feed_when(hk_span_str(since), &config->since_ms))) {
		return fail(r, KEY_SINCE, error, "is a day like 2026-07-31, not '%s'", since);
	}
	config->max_age_ms = r->entries[KEY_MAX_AGE].value.number;
	config->confidence =
		given(r, KEY_CONFIDENCE) ? (int)r->entries[KEY_CONFIDENCE].value.number : -1;
	config->to_ids = r->entries[KEY_TO_IDS].value.number != 0;
	const GPtrArray *collections = r->entries[KEY_COLLECTIONS].value.list;
	for (unsigned i = 0; collections && i < collections->len; i++) {
		g_ptr_array_add(config->collections, g_strdup(collections->pdata[i]));
	}
	return read_objects(r, error) && read_types(r, error) &&
	       read_set(r, KEY_TAGS, &config->tags, error) &&
	       read_set(r, KEY_NOT_TAGS, &config->not_tags, error);
}

static bool
read_digest(reading *r, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(r->path, HK_CONFFILE_MAX_BYTES, error);
	uint8_t hash[HK_SHA256_SIZE];
	gsize len = 0;

	if (!bytes) {
		return false;
	}
	const void *data = g_bytes_get_data(bytes, &len);
	hk_sha256(hk_span_of(data, len), hash);
	hk_hex_encode(hk_span_of(hash, (sizeof r->config->digest - 1) / 2), r->config->digest);
	return true;
}

static bool
read_all(reading *r, GError **error)
{
	hk_feed_config *config = r->config;

	if (!hk_conffile_read_rows(r->path, rows, KEY_COUNT, "docs/feeds.md", r->entries, error) ||
		!read_digest(r, error)) {
		return false;
	}
	hk_conffile_defaults(rows, KEY_COUNT, r->entries);
	config->enabled = r->entries[KEY_ENABLED].value.number != 0;
	config->poll_ms = r->entries[KEY_POLL].value.number;
	config->trust = r->entries[KEY_TRUST].value.real;
	config->max_bytes = (size_t)r->entries[KEY_MAX_BYTES].value.number;
	config->max_items = (uint64_t)r->entries[KEY_MAX_ITEMS].value.number;
	return read_name(r, error) && read_format(r, error) && check_keys(r, error) &&
	       read_place(r, error) && read_kind(r, error) && read_fields(r, error) &&
	       read_targets(r, error) && read_filters(r, error);
}

hk_feed_config *
hk_feed_config_read(const char *path, GError **error)
{
	g_autoptr(hk_feed_config) config = g_new0(hk_feed_config, 1);
	reading r = {.path = path, .config = config};

	config->path = g_strdup(path);
	config->targets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	config->collections = g_ptr_array_new_with_free_func(g_free);
	bool good = read_all(&r, error);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		hk_optvalue_clear(&r.entries[i].value);
	}
	return good ? g_steal_pointer(&config) : NULL;
}

void
hk_feed_config_free(hk_feed_config *config)
{
	if (!config) {
		return;
	}
	for (int i = 0; i < HK_FEED_FIELDS; i++) {
		g_free(config->field[i]);
	}
	g_clear_pointer(&config->targets, g_hash_table_unref);
	g_clear_pointer(&config->tags, g_hash_table_unref);
	g_clear_pointer(&config->not_tags, g_hash_table_unref);
	g_clear_pointer(&config->collections, g_ptr_array_unref);
	g_free(config->path);
	g_free(config->name);
	g_free(config->source);
	g_free(config->url);
	g_free(config->file);
	g_free(config->kind);
	g_free(config->comment);
	g_free(config->target);
	g_free(config->login_file);
	g_free(config->ca_file);
	g_free(config);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of folder/X.conf, sorted. */
static GPtrArray *
files_of(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	if (!dir) {
		hk_error_set(error, HK_ENOENT, "%s: no folder that can be read", folder);
		return NULL;
	}
	while ((name = g_dir_read_name(dir))) {
		if (g_str_has_suffix(name, ".conf") && *name != '.') {
			g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
		}
	}
	if (paths->len > HK_FEED_FILES_MAX) {
		hk_error_set(
			error, HK_ECONFIG, "%s: more than %d feeds", folder, HK_FEED_FILES_MAX);
		return NULL;
	}
	g_ptr_array_sort(paths, by_text);
	return g_steal_pointer(&paths);
}

GPtrArray *
hk_feed_config_folder(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) all =
		g_ptr_array_new_with_free_func((GDestroyNotify)hk_feed_config_free);
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) paths = files_of(folder, error);

	for (unsigned i = 0; paths && i < paths->len; i++) {
		hk_feed_config *config = hk_feed_config_read(paths->pdata[i], error);
		if (!config) {
			return NULL;
		}
		g_ptr_array_add(all, config);
		hk_feed_config *other = g_hash_table_lookup(names, config->name);
		if (other) {
			hk_error_set(error, HK_ECONFIG, "%s: the feed '%s' is also that of %s",
				config->path, config->name, other->path);
			return NULL;
		}
		g_hash_table_insert(names, config->name, config);
	}
	return paths ? g_steal_pointer(&all) : NULL;
}

/* The line as a header; NULL: none of the three forms. */
static char *
header_of(const char *line)
{
	if (g_str_has_prefix(line, "bearer ") && line[7]) {
		return g_strconcat("Authorization: Bearer ", line + 7, NULL);
	}
	if (g_str_has_prefix(line, "basic ") && strchr(line + 6, ':')) {
		g_autofree char *code =
			g_base64_encode((const unsigned char *)line + 6, strlen(line + 6));
		return g_strconcat("Authorization: Basic ", code, NULL);
	}
	const char *colon = strchr(line, ':');
	if (g_str_has_prefix(line, "header ") && colon && colon > line + 7 && colon[1] == ' ') {
		return g_strdup(line + 7);
	}
	return NULL;
}

char *
hk_feed_login(const char *path, GError **error)
{
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & 077) != 0) {
		hk_error_set(error, HK_ECONFIG, "%s: others may read the credentials; chmod 600 %s",
			path, path);
		return NULL;
	}
	g_autoptr(GBytes) bytes = hk_file_read(path, LOGIN_BYTES_MAX, error);
	if (!bytes) {
		g_prefix_error(error, "credentials: ");
		return NULL;
	}
	g_autofree char *line = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_strchomp(line);
	char *header = strpbrk(line, "\r\n") ? NULL : header_of(line);
	if (!header) {
		hk_error_set(error, HK_ECONFIG,
			"%s: one line is wanted: bearer TOKEN, basic USER:PASSWORD, or header "
			"NAME: VALUE",
			path);
	}
	return header;
}

char *
hk_feed_fold(const char *text)
{
	g_autofree char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_NFKC);
	char *folded = normal ? g_utf8_casefold(normal, -1) : NULL;

	return folded ? g_strstrip(folded) : NULL;
}
