#include "source/ct/keep.h"

#include <unistd.h>

#include "source/ct/keep_int.h"
#include "sys/file.h"

void
hk_keep_item_free(gpointer data)
{
	hk_keep_item *item = data;

	g_free(item->line);
	g_free(item);
}

bool
hk_keep_init(hk_keep *keep, const hk_keep_ops *ops, const char *folder, GError **error)
{
	g_autofree char *lock = g_build_filename(folder, "lock", NULL);

	keep->ops = ops;
	keep->folder = g_strdup(folder);
	keep->lock_fd = -1;
	if (!hk_file_mkdirs(folder, error)) {
		return false;
	}
	keep->lock_fd = hk_file_lock(lock, "the state folder", error);
	return keep->lock_fd >= 0;
}

void
hk_keep_clear(hk_keep *keep)
{
	hk_ct_place_free(keep->state);
	if (keep->lock_fd >= 0) {
		close(keep->lock_fd);
	}
	g_free(keep->folder);
}

void
hk_keep_free(hk_keep *keep)
{
	if (keep) {
		keep->ops->free(keep);
	}
}

void
hk_keep_remove(const char *folder)
{
	static const char *const prefixes[] = {"lock", "state", "sightings.jsonl", "keys-",
		"pending-", "printed", "health.json", "loglist.json"};
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
			if (g_str_has_prefix(name, prefixes[i])) {
				g_autofree char *path = g_build_filename(folder, name, NULL);
				unlink(path);
			}
		}
	}
	rmdir(folder);
}

const char *
hk_keep_folder(const hk_keep *keep)
{
	return keep->folder;
}

bool
hk_keep_is_shared(const hk_keep *keep)
{
	return keep->shared;
}

hk_ct_place *
hk_keep_state(hk_keep *keep)
{
	return keep->state;
}

bool
hk_keep_claim(hk_keep *keep, const uint8_t id[32], const char *name, bool *ret, GError **error)
{
	*ret = true;
	return !keep->ops->claim || keep->ops->claim(keep, id, name, ret, error);
}

bool
hk_keep_tick(hk_keep *keep, unsigned logs, unsigned *ret_share, GError **error)
{
	*ret_share = logs;
	return !keep->ops->tick || keep->ops->tick(keep, logs, ret_share, error);
}

bool
hk_keep_give_up(hk_keep *keep, hk_ct_place_log *log, GError **error)
{
	return !keep->ops->give_up || keep->ops->give_up(keep, log, error);
}

void
hk_keep_release(hk_keep *keep, hk_ct_place_log *log, GPtrArray *items)
{
	keep->ops->release(keep, log, items);
}

void
hk_keep_pend(hk_keep *keep, hk_ct_place_log *log, GPtrArray *items)
{
	keep->ops->pend(keep, log, items);
}

bool
hk_keep_commit(hk_keep *keep, GError **error)
{
	return keep->ops->commit(keep, error);
}

bool
hk_keep_print(hk_keep *keep, int fd, GError **error)
{
	return !keep->ops->print || keep->ops->print(keep, fd, error);
}

void
hk_keep_health(hk_keep *keep, hk_ct_place_log *log, const char *json)
{
	if (keep->ops->health) {
		keep->ops->health(keep, log, json);
	}
}

uint64_t
hk_keep_repeats(const hk_keep *keep)
{
	return keep->repeats;
}

uint64_t
hk_keep_count(const hk_keep *keep)
{
	return keep->count;
}
