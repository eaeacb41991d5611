/* nocheck: tested in tests/unit/report/test_mailfind.c, tests/scenario/smtp.t */
#include "report/mailfind.h"

#include <string.h>

#include "parse/mailhead.h"
#include "sys/file.h"
#include "sys/gerr.h"

/* Mails of a maildir that are larger are not copies of reports. */
enum { MAIL_MAX = 64 << 20 };

/* ---- IMAP ---- */

static bool
look_imap(const hk_imap_config *config, const char *const *ids, size_t count, bool *found,
	GError **error)
{
	g_autoptr(hk_imap) imap = hk_imap_open(config, error);

	if (!imap) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		bool there = false;

		if (!found[i] && !hk_imap_find(imap, ids[i], &there, error)) {
			return false;
		}
		found[i] = found[i] || there;
	}
	return true;
}

static bool
in_imap(const hk_mailbox_config *c, const char *const *ids, size_t count, int stop_fd, bool *found,
	GError **error)
{
	g_autofree char *password = hk_mailbox_password(c, error);
	hk_imap_config config;
	bool good;

	if (!password) {
		return false;
	}
	hk_mailbox_imap(c, password, stop_fd, &config);
	/* Nothing is changed by looking. */
	config.after = HK_IMAP_KEEP;
	config.move_to = NULL;
	good = look_imap(&config, ids, count, found, error);
	if (good && c->after == HK_IMAP_MOVE) {
		config.folder = c->move_to;
		good = look_imap(&config, ids, count, found, error);
	}
	explicit_bzero(password, strlen(password));
	return good;
}

/* ---- maildir ---- */

static void
look_file(const char *path, const char *const *ids, size_t count, bool *found)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, MAIL_MAX, NULL);
	hk_span id;

	/* Moved by another reader meanwhile, or no mail: the next look tells. */
	if (!bytes) {
		return;
	}
	hk_span mail = hk_span_of(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));

	if (!hk_mailhead_find(mail, "Message-ID", &id)) {
		return;
	}
	id = hk_span_trim(id);
	for (size_t i = 0; i < count; i++) {
		found[i] = found[i] || hk_span_eq(id, hk_span_str(ids[i]));
	}
}

static bool
in_maildir(const hk_mailbox_config *c, const char *const *ids, size_t count, bool *found,
	GError **error)
{
	/* cur before new would miss what is moved between the two looks. */
	static const char *const folders[] = {"new", "cur"};

	for (size_t f = 0; f < G_N_ELEMENTS(folders); f++) {
		g_autofree char *folder = g_build_filename(c->place, folders[f], NULL);
		g_autoptr(GError) why = NULL;
		GDir *dir = g_dir_open(folder, 0, &why);
		const char *name;

		if (!dir) {
			return hk_error_set(error, HK_EIO, "%s", why->message);
		}
		while ((name = g_dir_read_name(dir))) {
			g_autofree char *path = g_build_filename(folder, name, NULL);

			if (name[0] != '.') {
				look_file(path, ids, count, found);
			}
		}
		g_dir_close(dir);
	}
	return true;
}

bool
hk_mailfind(const hk_mailbox_config *config, const char *const *message_ids, size_t count,
	int stop_fd, bool *ret, GError **error)
{
	g_autofree bool *found = g_new0(bool, count + 1);
	bool good = false;

	switch (config->kind) {
	case HK_MAILBOX_IMAP:
		good = in_imap(config, message_ids, count, stop_fd, found, error);
		break;
	case HK_MAILBOX_MAILDIR:
		good = in_maildir(config, message_ids, count, found, error);
		break;
	case HK_MAILBOX_FILE:
		hk_error_set(error, HK_ECONFIG, "%s: a file is no mailbox that copies come to",
			config->path);
		break;
	}
	if (good && count > 0) {
		memcpy(ret, found, count * sizeof *found);
	}
	return good;
}
