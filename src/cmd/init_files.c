/* nocheck: tested in tests/scenario/init.t. What will be written: made in memory, shown, and written all or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/init_int.h"
#include "score/targets.h"
#include "sys/conffile.h"
#include "sys/file.h"
#include "sys/mailbox_config.h"
#include "sys/smtp.h"

enum { KEY_BYTES = 32 };

static void
file_free(gpointer data)
{
	hk_init_file *file = data;

	g_free(file->path);
	if (file->text) {
		explicit_bzero(file->text->str, file->text->len);
		g_string_free(file->text, TRUE);
	}
	g_free(file);
}

/* ---- the plan ---- */

static void
add_folder(GPtrArray *plan, const char *path, unsigned mode, bool own)
{
	hk_init_file *file = g_new0(hk_init_file, 1);

	file->path = g_strdup(path);
	file->mode = mode;
	file->own = own;
	g_ptr_array_add(plan, file);
}

static void
add_below(GPtrArray *plan, const hk_init *init, const char *name, unsigned mode, bool own)
{
	g_autofree char *path = g_build_filename(init->into, name, NULL);

	add_folder(plan, path, mode, own);
}

static GString *
add_file(GPtrArray *plan, const hk_init *init, const char *name)
{
	hk_init_file *file = g_new0(hk_init_file, 1);

	file->path = g_build_filename(init->into, name, NULL);
	file->mode = 0644;
	file->text = g_string_new(NULL);
	g_ptr_array_add(plan, file);
	return file->text;
}

static void
add_secret(GPtrArray *plan, const hk_init *init, const char *name, const char *secret)
{
	g_string_append_printf(add_file(plan, init, name), "%s\n", secret);
	hk_init_file *file = plan->pdata[plan->len - 1];

	file->mode = 0600;
	file->own = true;
	file->hidden = strlen(secret);
}

static void
key_line(GString *out, const char *key, const char *value)
{
	g_autofree char *quoted = hk_conffile_quote(value);

	g_string_append_printf(out, "%s = %s\n", key, quoted);
}

static void
path_line(GString *out, const char *key, const hk_init *init, const char *name)
{
	g_autofree char *path = g_build_filename(init->into, name, NULL);

	key_line(out, key, path);
}

static void
local_row(GString *list, const char *host, unsigned port)
{
	bool six = strchr(host, ':') != NULL;

	g_string_append_printf(list, "%s\"%s%s%s:%u\"", list->len > 0 ? ", " : "", six ? "[" : "",
		host, six ? "]" : "", port);
}

/* Our own mail servers may have private addresses: that they are ours does no harm when they have not. */
static void
add_egress(GPtrArray *plan, const hk_init *init)
{
	g_autoptr(GString) local = g_string_new(NULL);
	const char *imap = hk_init_answer(init, HK_ASK_IMAP);
	const char *smtp = hk_init_answer(init, HK_ASK_SMTP);
	g_autoptr(hk_smtp_config) server = *smtp ? hk_smtp_config_new(smtp, NULL) : NULL;
	g_autofree char *host = NULL;
	unsigned port;
	GString *out = add_file(plan, init, "egress.conf");

	if (server) {
		local_row(local, server->host, server->port);
	}
	if (*imap && hk_mailbox_server(imap, &host, &port, NULL)) {
		local_row(local, host, port);
	}
	g_string_append(
		out, init->ja ? "# 外部への接続のルールです。docs/egress.md に全項目があります。\n"
			      : "# Rules of every connection to the outside: docs/egress.md has "
				"every key.\n");
	if (local->len > 0) {
		g_string_append_printf(out, "\n# %s\nlocal = { %s }\n",
			init->ja ? "インターネット上にないことのある自社サーバー"
				 : "own services that may not be on the public internet",
			local->str);
	}
}

static void
add_mailbox(GPtrArray *plan, const hk_init *init, const char *name, const char *folder,
	const char *trust)
{
	GString *out = add_file(plan, init, name);

	g_string_append(out, init->ja ? "# メールボックスです。docs/mail.md に全項目があります。\n"
				      : "# A mailbox: docs/mail.md has every key.\n");
	key_line(out, "imap", hk_init_answer(init, HK_ASK_IMAP));
	key_line(out, "folder", folder);
	key_line(out, "user", hk_init_answer(init, HK_ASK_IMAP_USER));
	path_line(out, "password-file", init, "secrets/imap.password");
	key_line(out, "after", "seen");
	if (trust) {
		key_line(out, "trust", trust);
	}
}

static void
add_mail(GPtrArray *plan, const hk_init *init)
{
	const char *reports = hk_init_answer(init, HK_ASK_REPORT_FOLDER);

	if (*hk_init_answer(init, HK_ASK_SMTP_PASSWORD)) {
		add_secret(plan, init, "secrets/smtp.password",
			hk_init_answer(init, HK_ASK_SMTP_PASSWORD));
	}
	if (!*hk_init_answer(init, HK_ASK_IMAP)) {
		return;
	}
	add_secret(plan, init, "secrets/imap.password", hk_init_answer(init, HK_ASK_IMAP_PASSWORD));
	add_mailbox(plan, init, "replies.conf", hk_init_answer(init, HK_ASK_IMAP_FOLDER), NULL);
	if (*reports) {
		add_below(plan, init, "mail", 0755, false);
		add_mailbox(plan, init, "mail/reports.conf", reports, "0.5");
	}
}

static bool
add_chat(GPtrArray *plan, const hk_init *init, GError **error)
{
	const char *kind = hk_init_answer(init, HK_ASK_CHAT);
	bool hook = strcmp(kind, "webhook") == 0;
	uint8_t key[KEY_BYTES];

	if (strcmp(kind, "none") == 0) {
		return true;
	}
	add_below(plan, init, "chats", 0755, false);
	g_autofree char *name = g_strdup_printf("chats/%s.conf", kind);
	GString *out = add_file(plan, init, name);
	g_string_append(out,
		init->ja ? "# 通知先のチャットです。docs/chat.md に全項目があります。\n"
			 : "# A chat that is told what happens: docs/chat.md has every key.\n");
	key_line(out, "kind", kind);
	path_line(out, "url-file", init, "secrets/chat.url");
	if (hook) {
		path_line(out, "key-file", init, "secrets/chat.key");
	}
	key_line(out, "lang", init->ja ? "ja" : "en");
	add_secret(plan, init, "secrets/chat.url", hk_init_answer(init, HK_ASK_CHAT_URL));
	if (!hook) {
		return true;
	}
	if (getrandom(key, sizeof key, 0) != sizeof key) {
		return hk_error_errno(error, errno, "random bytes");
	}
	g_autoptr(GString) text = g_string_new(NULL);
	for (size_t i = 0; i < sizeof key; i++) {
		g_string_append_printf(text, "%02x", key[i]);
	}
	add_secret(plan, init, "secrets/chat.key", text->str);
	explicit_bzero(text->str, text->len);
	explicit_bzero(key, sizeof key);
	return true;
}

/* Each answer was looked at by itself; two brands of one name are seen only here. */
static bool
add_pack(GPtrArray *plan, const hk_init *init, GError **error)
{
	g_autofree char *text = hk_init_pack(init);
	g_autoptr(hk_targets) pack = hk_targets_parse(hk_span_str(text), "targets/own.conf", error);

	if (!pack) {
		return false;
	}
	g_string_append(add_file(plan, init, "targets/own.conf"), text);
	return true;
}

GPtrArray *
hk_init_plan(const hk_init *init, GError **error)
{
	g_autoptr(GPtrArray) plan = g_ptr_array_new_with_free_func(file_free);
	static const char *const folders[] = {"targets", "channels", "feeds", "c2"};

	add_folder(plan, init->into, 0755, false);
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		add_below(plan, init, folders[i], 0755, false);
	}
	add_below(plan, init, "secrets", 0700, true);
	add_folder(plan, hk_init_answer(init, HK_ASK_DATA), 0700, true);
	if (!add_pack(plan, init, error)) {
		return NULL;
	}
	add_egress(plan, init);
	add_mail(plan, init);
	if (!add_chat(plan, init, error)) {
		return NULL;
	}
	/* The last one: whoever finds it finds all that it names. */
	hk_init_config(init, add_file(plan, init, "hikeshi.conf"));
	return g_steal_pointer(&plan);
}

/* ---- shown ---- */

static const char *
owner_of(const hk_init *init, const hk_init_file *file)
{
	return file->own && *hk_init_answer(init, HK_ASK_USER) ? hk_init_answer(init, HK_ASK_USER)
							       : "";
}

void
hk_init_show(const hk_init *init, const GPtrArray *plan)
{
	puts(hk_init_say(init, HK_INIT_WILL_WRITE));
	for (unsigned i = 0; i < plan->len; i++) {
		const hk_init_file *file = plan->pdata[i];
		const char *owner = owner_of(init, file);

		printf("\n==== %s%s (%04o%s%s)\n", file->path, file->text ? "" : "/", file->mode,
			*owner ? ", " : "", owner);
		if (file->hidden > 0) {
			printf(init->ja ? "（%zu文字、表示しません）\n"
					: "(%zu characters, not shown)\n",
				file->hidden);
		} else if (file->text) {
			fputs(file->text->str, stdout);
		}
	}
	fflush(stdout);
}

/* ---- written ---- */

static bool
none_there(const GPtrArray *plan, GError **error)
{
	struct stat st;

	for (unsigned i = 0; i < plan->len; i++) {
		const hk_init_file *file = plan->pdata[i];
		bool is = lstat(file->path, &st) == 0;
		if (is && file->text) {
			return hk_error_set(error, HK_EPOLICY,
				"%s is there already, and nothing is written over: nothing was "
				"written. Move it away, or take another folder: --into DIR",
				file->path);
		}
		if (is && !S_ISDIR(st.st_mode)) {
			return hk_error_set(error, HK_EPOLICY,
				"%s is there and is no folder: nothing was written", file->path);
		}
	}
	return true;
}

static bool
give(const char *path, int fd, const struct passwd *owner, GError **error)
{
	return !owner || fchown(fd, owner->pw_uid, owner->pw_gid) == 0 ||
	       hk_error_errno(error, errno, "%s: to give it to %s", path, owner->pw_name);
}

/* A folder that is there stays as it is. *ret_made: it was not. */
static bool
make_folder(const hk_init_file *file, const struct passwd *owner, bool *ret_made, GError **error)
{
	g_autofree char *above = g_path_get_dirname(file->path);

	*ret_made = false;
	if (g_file_test(file->path, G_FILE_TEST_IS_DIR)) {
		return true;
	}
	if (!g_file_test(above, G_FILE_TEST_IS_DIR) && g_mkdir_with_parents(above, 0755) != 0) {
		return hk_error_errno(error, errno, "%s", above);
	}
	if (mkdir(file->path, file->mode) != 0) {
		return hk_error_errno(error, errno, "%s", file->path);
	}
	*ret_made = true;
	int fd = open(file->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fchmod(fd, file->mode) == 0;
	good = good ? give(file->path, fd, owner, error)
		    : hk_error_errno(error, errno, "%s", file->path);
	if (fd >= 0) {
		close(fd);
	}
	return good;
}

static bool
make_file(const hk_init_file *file, const struct passwd *owner, bool *ret_made, GError **error)
{
	/* Secret from its first moment on. */
	int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	*ret_made = fd >= 0;
	if (fd < 0) {
		return hk_error_errno(error, errno, "%s", file->path);
	}
	bool good =
		hk_file_append(
			fd, hk_span_of(file->text->str, file->text->len), file->path, error) &&
		(fchmod(fd, file->mode) == 0 || hk_error_errno(error, errno, "%s", file->path)) &&
		give(file->path, fd, owner, error);
	close(fd);
	return good;
}

static void
take_back(const GPtrArray *made)
{
	for (unsigned i = made->len; i-- > 0;) {
		const hk_init_file *file = made->pdata[i];
		if (file->text) {
			unlink(file->path);
		} else {
			rmdir(file->path);
		}
	}
}

bool
hk_init_write(const hk_init *init, const GPtrArray *plan, GError **error)
{
	g_autoptr(GPtrArray) made = g_ptr_array_new();
	bool good = none_there(plan, error);

	for (unsigned i = 0; good && i < plan->len; i++) {
		hk_init_file *file = plan->pdata[i];
		const char *name = owner_of(init, file);
		const struct passwd *owner = *name ? getpwnam(name) : NULL;
		bool is_new = false;

		good = file->text ? make_file(file, owner, &is_new, error)
				  : make_folder(file, owner, &is_new, error);
		if (is_new) {
			g_ptr_array_add(made, file);
		}
	}
	if (!good) {
		take_back(made);
		return false;
	}
	for (unsigned i = 0; i < made->len; i++) {
		const hk_init_file *file = made->pdata[i];
		printf("%s %s%s\n", hk_init_say(init, HK_INIT_WROTE), file->path,
			file->text ? "" : "/");
	}
	return true;
}
