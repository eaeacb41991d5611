/* nocheck: tested in tests/unit/source/test_mailbox.c */
#include "sys/mailbox_config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/num.h"
#include "sys/conffile.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/stream.h"

enum {
	ENABLED,
	IMAP,
	FOLDER,
	USER,
	PASSWORD_FILE,
	CA_FILE,
	MAILDIR,
	MAIL_FILE,
	AFTER,
	MOVE_TO,
	POLL,
	TRUST,
	MAX_BYTES,
	AUTHSERV_ID,
	KEYS
};

#define ROW(name, type, min, max, def, help)                                                       \
	{                                                                                          \
		name, "", HK_TYPE_##type, NULL, min, max, def, NULL, help, true                    \
	}
static const hk_opt_row rows[KEYS] = {
	[ENABLED] = ROW("enabled", BOOL, NULL, NULL, "true", "false: not looked at"),
	[IMAP] = ROW("imap", STRING, NULL, NULL, NULL, "imaps://HOST[:PORT]"),
	[FOLDER] = ROW("folder", STRING, NULL, NULL, "INBOX", "folder of the IMAP server"),
	[USER] = ROW("user", STRING, NULL, NULL, NULL, "login"),
	[PASSWORD_FILE] =
		ROW("password-file", PATH, NULL, NULL, NULL, "file with the password, mode 0600"),
	[CA_FILE] = ROW(
		"ca-file", PATH, NULL, NULL, NULL, "authorities to trust instead of the system's"),
	[MAILDIR] = ROW("maildir", PATH, NULL, NULL, NULL, "folder with new, cur and tmp"),
	[MAIL_FILE] =
		ROW("file", PATH, NULL, NULL, NULL, "one mail, or an mbox that is appended to"),
	[AFTER] = ROW("after", STRING, NULL, NULL, "keep", "keep, seen or move"),
	[MOVE_TO] = ROW("move-to", STRING, NULL, NULL, NULL, "folder for after = move"),
	[POLL] = {"poll", "", HK_TYPE_DURATION, "s", "1s", "1d", "60s", NULL,
		"time between two looks", true},
	[TRUST] = ROW("trust", REAL, "0", "1", "0.5", "how much its word weighs"),
	[MAX_BYTES] =
		ROW("max-bytes", SIZE, "64K", "40M", "25M", "longest mail that is read whole"),
	[AUTHSERV_ID] = ROW("authserv-id", STRING, NULL, NULL, NULL,
		"name of our own mail server whose Authentication-Results is believed"),
};
#undef ROW

void
hk_mailbox_config_free(hk_mailbox_config *c)
{
	if (c) {
		char *texts[] = {c->path, c->name, c->source, c->host, c->folder, c->user,
			c->password_file, c->ca_file, c->place, c->move_to, c->authserv_id};

		for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
			g_free(texts[i]);
		}
		g_free(c);
	}
}

typedef struct reading {
	const char *path;
	const hk_confentry *entries;
} reading;

static bool
refuse(const reading *r, int key, const char *what, GError **error)
{
	return hk_error_set(error, HK_ECONFIG, "%s:%d: %s %s", r->path,
		MAX(r->entries[key].line, 1), rows[key].name, what);
}

static const char *
text_of(const reading *r, int key)
{
	const hk_confentry *e = &r->entries[key];

	return e->line > 0 ? e->value.text : rows[key].def;
}

static int64_t
number_of(const reading *r, int key, int64_t def)
{
	return r->entries[key].line > 0 ? r->entries[key].value.number : def;
}

/* "imaps://mail.example", "imaps://mail.example:1993", "imap://127.0.0.1:143", "imap://[::1]" into host, port, tls. NULL, or what is wrong behind the key's name. */
static const char *
split_server(const char *url, hk_mailbox_config *c)
{
	uint64_t port = 0;

	c->tls = g_str_has_prefix(url, "imaps://");
	if (!c->tls && !g_str_has_prefix(url, "imap://")) {
		return "is written like imaps://mail.mihon-bank.example";
	}
	const char *host = url + (c->tls ? 8 : 7);
	const char *end = *host == '[' ? strchr(host, ']') : NULL;
	const char *colon = end ? strchr(end, ':') : strchr(host, ':');

	if (*host == '[' && !end) {
		return "has a '[' without its ']'";
	}
	c->host = end ? g_strndup(host + 1, (size_t)(end - host) - 1)
		      : g_strndup(host, colon ? (size_t)(colon - host) : strcspn(host, "/"));
	if (strchr(host, '@') || strchr(colon ? colon : host, '/')) {
		return "holds neither user nor folder: they have keys of their own";
	}
	if (colon && (hk_parse_u64(hk_span_str(colon + 1), 65535, &port) != HK_OK || port < 1)) {
		return "has a port that is none";
	}
	c->port = colon ? (unsigned)port : c->tls ? 993 : 143;
	if (!c->tls && *c->host && !hk_stream_is_here(c->host)) {
		return "is for this machine only: a password goes to another one through TLS, "
		       "imaps://";
	}
	return *c->host ? NULL : "names no server";
}

static bool
take_server(const reading *r, hk_mailbox_config *c, GError **error)
{
	const char *wrong = split_server(text_of(r, IMAP), c);

	return !wrong || refuse(r, IMAP, wrong, error);
}

bool
hk_mailbox_server(const char *url, char **ret_host, unsigned *ret_port, GError **error)
{
	hk_mailbox_config c = {0};
	const char *wrong = split_server(url, &c);

	if (wrong) {
		g_free(c.host);
		return hk_error_set(error, HK_ECONFIG, "'%s' %s", url, wrong);
	}
	*ret_host = c.host;
	*ret_port = c.port;
	return true;
}

static bool
take_after(const reading *r, hk_mailbox_config *c, GError **error)
{
	static const char *const names[] = {"keep", "seen", "move"};
	const char *text = text_of(r, AFTER);
	size_t i = 0;

	while (i < G_N_ELEMENTS(names) && strcmp(names[i], text) != 0) {
		i++;
	}
	if (i == G_N_ELEMENTS(names)) {
		return refuse(r, AFTER, "is keep, seen or move", error);
	}
	c->after = (hk_imap_after)i;
	c->move_to = g_strdup(text_of(r, MOVE_TO));
	if ((c->after == HK_IMAP_MOVE) != (c->move_to != NULL)) {
		return refuse(r, c->move_to ? MOVE_TO : AFTER,
			"goes together: after = move, move-to = FOLDER", error);
	}
	if (c->after == HK_IMAP_MOVE && c->kind != HK_MAILBOX_IMAP) {
		return refuse(r, AFTER, "= move is for IMAP folders only", error);
	}
	return true;
}

/* As RFC 8601 has it: one word, as the server writes it. */
static bool
take_authserv(const reading *r, hk_mailbox_config *c, GError **error)
{
	c->authserv_id = g_strdup(text_of(r, AUTHSERV_ID));
	return !c->authserv_id ||
	       (*c->authserv_id && strlen(c->authserv_id) <= HK_MAILBOX_AUTHSERV_MAX &&
		       !c->authserv_id[strcspn(c->authserv_id, " \t;=()\"")]) ||
	       refuse(r, AUTHSERV_ID,
		       "is the one word with which your server begins its "
		       "Authentication-Results, like mx.mihon-bank.example",
		       error);
}

static bool
take(const reading *r, hk_mailbox_config *c, GError **error)
{
	static const int kinds[] = {IMAP, MAILDIR, MAIL_FILE};
	int which = -1;

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (text_of(r, kinds[i]) && which >= 0) {
			return refuse(r, kinds[i],
				"is one too many: a source is an IMAP folder, a maildir or a file",
				error);
		}
		if (text_of(r, kinds[i])) {
			which = (int)i;
		}
	}
	if (which < 0) {
		return refuse(
			r, IMAP, "is missing (or maildir, or file): where the mails are", error);
	}
	c->kind = (hk_mailbox_kind)which;
	c->enabled = number_of(r, ENABLED, 1) != 0;
	c->place = g_strdup(c->kind == HK_MAILBOX_IMAP ? NULL : text_of(r, kinds[which]));
	c->folder = g_strdup(text_of(r, FOLDER));
	c->user = g_strdup(text_of(r, USER));
	c->password_file = g_strdup(text_of(r, PASSWORD_FILE));
	c->ca_file = g_strdup(text_of(r, CA_FILE));
	c->poll_ms = number_of(r, POLL, 60000);
	c->trust = r->entries[TRUST].line > 0 ? r->entries[TRUST].value.real : 0.5;
	c->max_bytes = (size_t)number_of(r, MAX_BYTES, 25 << 20);
	if (c->kind == HK_MAILBOX_IMAP) {
		if (!take_server(r, c, error)) {
			return false;
		}
		if (!c->user || !c->password_file) {
			return refuse(r, c->user ? PASSWORD_FILE : USER,
				"is needed for an IMAP folder", error);
		}
	}
	return take_after(r, c, error) && take_authserv(r, c, error);
}

/* The name stands in sources.key, on the board, in log lines. */
static bool
take_name(hk_mailbox_config *c, GError **error)
{
	g_autofree char *base = g_path_get_basename(c->path);
	size_t len = strlen(base);

	if (g_str_has_suffix(base, ".conf")) {
		base[len -= 5] = '\0';
	}
	if (len == 0 || len > HK_MAILBOX_NAME_MAX ||
		base[strspn(base, "abcdefghijklmnopqrstuvwxyz0123456789-_")]) {
		return hk_error_set(error, HK_ECONFIG,
			"%s: the file's name is the source's: 1 to %d of a-z, 0-9, '-', '_', and "
			".conf",
			c->path, HK_MAILBOX_NAME_MAX);
	}
	c->name = g_strdup(base);
	c->source = g_strconcat("mail:", base, NULL);
	return true;
}

hk_mailbox_config *
hk_mailbox_config_read(const char *path, GError **error)
{
	hk_confentry entries[KEYS] = {0};
	g_autoptr(hk_mailbox_config) c = g_new0(hk_mailbox_config, 1);
	reading r = {path, entries};

	c->path = g_strdup(path);

	bool fine = take_name(c, error) &&
		    hk_conffile_read_rows(path, rows, KEYS, "docs/mail.md", entries, error) &&
		    take(&r, c, error);

	for (size_t i = 0; i < KEYS; i++) {
		hk_optvalue_clear(&entries[i].value);
	}
	return fine ? g_steal_pointer(&c) : NULL;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(
		(*(hk_mailbox_config *const *)a)->name, (*(hk_mailbox_config *const *)b)->name);
}

static void
config_free(void *data)
{
	hk_mailbox_config_free(data);
}

GPtrArray *
hk_mailbox_config_folder(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) configs = g_ptr_array_new_with_free_func(config_free);
	g_autoptr(GError) why = NULL;
	GDir *dir = g_dir_open(folder, 0, &why);
	const char *name;
	bool fine = true;

	if (!dir && g_file_test(folder, G_FILE_TEST_IS_REGULAR)) {
		hk_mailbox_config *config = hk_mailbox_config_read(folder, error);

		if (config) {
			g_ptr_array_add(configs, config);
		}
		return config ? g_steal_pointer(&configs) : NULL;
	}
	if (!dir) {
		hk_error_set(error, why->code == G_FILE_ERROR_NOENT ? HK_ENOENT : HK_EPOLICY,
			"%s: cannot read the folder of mail sources: %s", folder, why->message);
		return NULL;
	}
	while (fine && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		bool ours = g_str_has_suffix(name, ".conf") && name[0] != '.';
		hk_mailbox_config *config = ours ? hk_mailbox_config_read(path, error) : NULL;

		fine = !ours || config;
		if (config) {
			g_ptr_array_add(configs, config);
		}
	}
	g_dir_close(dir);
	if (!fine) {
		return NULL;
	}
	g_ptr_array_sort(configs, by_name);
	return g_steal_pointer(&configs);
}

char *
hk_mailbox_password(const hk_mailbox_config *config, GError **error)
{
	struct stat st;
	g_autoptr(GBytes) bytes = hk_file_read(config->password_file, 4096, error);

	if (!bytes) {
		return NULL;
	}
	if (stat(config->password_file, &st) != 0 || (st.st_mode & 077) != 0) {
		hk_error_set(error, HK_ECONFIG, "%s: others can read this password: chmod 600 %s",
			config->password_file, config->password_file);
		return NULL;
	}
	const char *text = g_bytes_get_data(bytes, NULL);
	size_t len = 0;

	while (len < g_bytes_get_size(bytes) && text[len] && text[len] != '\n' &&
		text[len] != '\r') {
		len++;
	}
	if (len == 0) {
		hk_error_set(error, HK_ECONFIG, "%s: the file is empty", config->password_file);
		return NULL;
	}
	return g_strndup(text, len);
}

void
hk_mailbox_imap(const hk_mailbox_config *c, const char *password, int stop_fd, hk_imap_config *ret)
{
	*ret = (hk_imap_config){.stream = {.host = c->host,
					.port = c->port,
					.tls = c->tls,
					.ca_file = c->ca_file,
					.connect_ms = 15000,
					.idle_ms = 60000,
					.stop_fd = stop_fd},
		.user = c->user,
		.password = password,
		.folder = c->folder,
		.after = c->after,
		.move_to = c->move_to,
		.max_bytes = c->max_bytes};
}
