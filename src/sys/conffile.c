/* nocheck: tested in tests/unit/sys/test_options.c */
#include "sys/conffile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include <confuse.h>

#include "base/err.h"
#include "base/utf8.h"
#include "sys/gerr.h"
#include "sys/nearest.h"

/* libconfuse calls back without a user pointer; one file is read at a time. */
static struct {
	const char *path;
	const hk_opt_row *rows;
	size_t count;
	const char *what; /* lists all keys */
	hk_confentry *entries;
	GError **error;
	bool failed;
} reading;

static void G_GNUC_PRINTF(2, 3) fail_at(int line, const char *format, ...)
{
	va_list args;

	if (reading.failed) {
		return; /* the first one tells */
	}
	reading.failed = true;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	hk_error_set(reading.error, HK_ECONFIG, "%s:%d: %s", reading.path, line, what);
}

static int
find_row(const char *name)
{
	for (size_t id = 0; id < reading.count; id++) {
		if (g_strcmp0(reading.rows[id].name, name) == 0) {
			return (int)id;
		}
	}
	return -1;
}

static void
fail_unknown(int line, const char *name)
{
	g_autofree const char **keys = g_new0(const char *, reading.count);

	if (find_row(name) >= 0) {
		fail_at(line, "'%s' is a flag of the command line only", name);
		return;
	}
	for (size_t i = 0; i < reading.count; i++) {
		keys[i] = reading.rows[i].key ? reading.rows[i].name : NULL;
	}
	const char *near = hk_nearest(name, keys, reading.count);

	fail_at(line, "unknown key '%s'%s%s%s (%s lists all)", name, near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "", reading.what);
}

static void G_GNUC_PRINTF(2, 0) on_error(cfg_t *cfg, const char *format, va_list args)
{
	static const char unknown[] = "no such option '";
	g_autofree char *text = g_strdup_vprintf(format, args);
	char *quote;

	if (g_str_has_prefix(text, unknown) && (quote = strrchr(text, '\''))) {
		*quote = '\0';
		fail_unknown(cfg->line, text + sizeof unknown - 1);
		return;
	}
	fail_at(cfg->line, "%s", text);
}

/* Called by libconfuse when a value is complete: for a list, at each element and once more at its end. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	int id = find_row(opt->name);
	const hk_opt_row *row = &reading.rows[id];
	hk_confentry *entry = &reading.entries[id];
	unsigned size = cfg_opt_size(opt);
	g_autoptr(GError) why = NULL;

	if (entry->line > 0 && (row->type != HK_TYPE_LIST || entry->whole)) {
		fail_at(cfg->line, "'%s' is set twice, first in line %d", opt->name, entry->line);
		return -1;
	}
	if (entry->line == 0) {
		entry->line = cfg->line;
	}
	if (size == (entry->value.list ? entry->value.list->len : 0)) {
		entry->whole = true;
		return 0;
	}
	const char *text = cfg_opt_getnstr(opt, size - 1);
	if (!hk_optvalue_set(row, text ? text : "", &entry->value, &why)) {
		fail_at(cfg->line, "'%s' %s", opt->name, why->message);
		return -1;
	}
	return 0;
}

/* The whole file, NUL-terminated; newly allocated. */
static char *
read_all(const char *path, GError **error)
{
	g_autofree char *text = g_malloc(HK_CONFFILE_MAX_BYTES + 2);
	size_t len = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0) {
		hk_error_errno(error, errno, "cannot read the configuration %s", path);
		return NULL;
	}
	while (len <= HK_CONFFILE_MAX_BYTES &&
		(got = read(fd, text + len, HK_CONFFILE_MAX_BYTES + 1 - len)) != 0) {
		if (got < 0 && errno != EINTR) {
			hk_error_errno(error, errno, "cannot read the configuration %s", path);
			close(fd);
			return NULL;
		}
		len += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (len > HK_CONFFILE_MAX_BYTES) {
		hk_error_set(error, HK_ECONFIG, "%s: a configuration has at most %d bytes", path,
			HK_CONFFILE_MAX_BYTES);
		return NULL;
	}
	if (memchr(text, 0, len) || !hk_utf8_valid(hk_span_of(text, len))) {
		hk_error_set(error, HK_ECONFIG, "%s: not a text file in UTF-8", path);
		return NULL;
	}
	text[len] = '\n'; /* libconfuse does not take an empty buffer */
	text[len + 1] = '\0';
	return g_steal_pointer(&text);
}

/* libconfuse counts the lines of comments twice: put blanks in their place. Quoted text is left
 * alone. */
static void
blank_comments(char *text)
{
	char quote = '\0';
	bool token = false; /* inside a word: "//" is part of it there, as in a URL */

	for (char *at = text; *at; at++) {
		if (quote) {
			if (*at == '\\' && at[1]) {
				at++;
			} else if (*at == quote) {
				quote = '\0';
			}
		} else if (*at == '"' || *at == '\'') {
			quote = *at;
		} else if (*at == '#' || (!token && at[0] == '/' && at[1] == '/')) {
			size_t len = strcspn(at, "\n");

			memset(at, ' ', len);
			at += len - 1;
		} else if (!token && at[0] == '/' && at[1] == '*') {
			char *end = strstr(at + 2, "*/");

			for (; end && at < end + 2; at++) {
				*at = *at == '\n' ? '\n' : ' ';
			}
			at -= end ? 1 : 0;
		}
		token = *at && !strchr(" \t\n=,{}", *at);
	}
}

bool
hk_conffile_read(const char *path, hk_confentry *entries, GError **error)
{
	return hk_conffile_read_rows(path, hk_opt_row_get((hk_opt)0), HK_OPT_COUNT,
		"`hikeshi config show`", entries, error);
}

bool
hk_conffile_read_rows(const char *path, const hk_opt_row *rows, size_t row_count, const char *what,
	hk_confentry *entries, GError **error)
{
	g_autofree cfg_opt_t *opts = g_new0(cfg_opt_t, row_count + 1);
	size_t count = 0;
	g_autofree char *text = read_all(path, error);

	if (!text) {
		return false;
	}
	blank_comments(text);
	for (size_t i = 0; i < row_count; i++) {
		const hk_opt_row *row = &rows[i];

		if (row->key && row->type == HK_TYPE_LIST) {
			opts[count++] = (cfg_opt_t)CFG_STR_LIST(row->name, NULL, CFGF_NONE);
		} else if (row->key) {
			opts[count++] = (cfg_opt_t)CFG_STR(row->name, NULL, CFGF_NONE);
		}
	}
	opts[count] = (cfg_opt_t)CFG_END();

	cfg_t *cfg = cfg_init(opts, CFGF_NONE);

	if (!cfg) {
		HK_BUG("cfg_init");
	}
	reading.path = path;
	reading.rows = rows;
	reading.count = row_count;
	reading.what = what;
	reading.entries = entries;
	reading.error = error;
	reading.failed = false;
	cfg_set_error_function(cfg, on_error);
	for (size_t i = 0; i < count; i++) {
		cfg_set_validate_func(cfg, opts[i].name, on_value);
	}
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
		fail_at(cfg->line, "does not parse");
	}
	cfg_free(cfg);
	return !reading.failed;
}

void
hk_conffile_defaults(const hk_opt_row *rows, size_t count, hk_confentry *entries)
{
	for (size_t i = 0; i < count; i++) {
		if (entries[i].line == 0 && rows[i].def &&
			!hk_optvalue_set(&rows[i], rows[i].def, &entries[i].value, NULL)) {
			HK_BUG("a default of a table of keys");
		}
	}
}

const char *
hk_conffile_text(const hk_confentry *entry)
{
	const char *text = entry->value.text;

	return text && *text ? text : NULL;
}

char *
hk_conffile_path(const char *path, const hk_confentry *entry)
{
	const char *text = hk_conffile_text(entry);

	if (!text || g_path_is_absolute(text)) {
		return g_strdup(text);
	}
	g_autofree char *folder = g_path_get_dirname(path);
	return g_build_filename(folder, text, NULL);
}

bool
hk_conffile_fail(const char *path, const hk_opt_row *row, const hk_confentry *entry, GError **error,
	const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	return hk_error_set(
		error, HK_ECONFIG, "%s:%d: '%s' %s", path, MAX(entry->line, 1), row->name, what);
}

char *
hk_conffile_quote(const char *text)
{
	static const char bare[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@+-";

	if (*text && text[strspn(text, bare)] == '\0' && !g_str_has_prefix(text, "//")) {
		return g_strdup(text);
	}
	GString *out = g_string_new("\"");

	for (; *text; text++) {
		if (strchr("\"\\$", *text)) {
			g_string_append_c(out, '\\');
		}
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
	return g_string_free(out, FALSE);
}
