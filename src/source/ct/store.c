#include "source/ct/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
#include "source/ct/out.h"
#include "source/ct/seen.h"
#include "sys/file.h"
#include "sys/gerr.h"

/* The journal is written in pieces of about this size. */
#define PIECE (1u << 20)

struct hk_store {
	char *folder;
	char *state_path;
	int lock_fd;
	int journal_fd;
	hk_state *state;
	hk_seen *seen;
	hk_out *out;
	GString *fresh;       /* journal lines of this commit that are not yet in the file */
	uint64_t journal_len; /* of the file, with this commit */
	uint64_t journal_seq;
	GHashTable *emptied; /* paths of pending files that can be removed after the commit */
	uint64_t repeats;
	GError *failed; /* the first failure inside release or pend; commit reports it */
};

void
hk_store_item_free(gpointer data)
{
	hk_store_item *item = data;

	g_free(item->line);
	g_free(item);
}

const char *
hk_store_folder(const hk_store *store)
{
	return store->folder;
}

hk_state *
hk_store_state(hk_store *store)
{
	return store->state;
}

uint64_t
hk_store_repeats(const hk_store *store)
{
	return store->repeats;
}

static char *
pending_path(const hk_store *store, const hk_state_log *log)
{
	char hex[65];

	/* The verified size in the name: what waits for the next head never overwrites what the
	 * last one released, which a crash before the commit would bring back. */
	hk_hex_encode(hk_span_of(log->id, 32), hex);
	return g_strdup_printf(
		"%s/pending-%s-%" PRIu64 ".jsonl", store->folder, hex, log->verified);
}

/* Opens a file that only grows and cuts it back to what the state names. */
static int
open_cut(const char *path, uint64_t len, GError **error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		hk_error_errno(error, errno, "%s: cannot open", path);
		return -1;
	}
	off_t size = lseek(fd, 0, SEEK_END);
	if (size < 0 || (uint64_t)size < len) {
		hk_error_set(error, HK_ECHECK,
			"%s: %" PRId64 " bytes, but the state names %" PRIu64
			"; was the folder copied in part?",
			path, (int64_t)size, len);
		close(fd);
		return -1;
	}
	if ((uint64_t)size > len && ftruncate(fd, (off_t)len) < 0) {
		hk_error_errno(error, errno, "%s: cannot cut", path);
		close(fd);
		return -1;
	}
	return fd;
}

static bool
load_state(hk_store *store, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GBytes) bytes = hk_file_read(store->state_path, HK_STATE_BYTES_MAX, &local);

	if (!bytes) {
		if (hk_error_code(local) != HK_ENOENT) {
			g_propagate_error(error, g_steal_pointer(&local));
			return false;
		}
		g_autofree char *journal = g_build_filename(store->folder, "sightings.jsonl", NULL);
		if (g_file_test(journal, G_FILE_TEST_EXISTS)) {
			g_autoptr(GBytes) old = hk_file_read(journal, 0, NULL);
			if (!old) {
				return hk_error_set(error, HK_ECHECK,
					"%s: there are sightings but no state file; name "
					"another folder or remove them",
					store->folder);
			}
		}
		store->state = hk_state_new();
		return true;
	}
	gsize len;
	const uint8_t *data = g_bytes_get_data(bytes, &len);
	store->state = hk_state_parse(hk_span_of(data, len), error);
	if (!store->state) {
		g_prefix_error(error, "%s: ", store->state_path);
		return false;
	}
	return true;
}

/* Cuts the pending files that the state names and removes those that it does not. */
static bool
cut_pending(hk_store *store, GError **error)
{
	g_autoptr(GHashTable) named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GDir) dir = g_dir_open(store->folder, 0, NULL);
	const char *name;

	for (unsigned i = 0; i < store->state->logs->len; i++) {
		const hk_state_log *log = g_ptr_array_index(store->state->logs, i);
		if (log->pending > 0) {
			char *path = pending_path(store, log);
			int fd = open_cut(path, log->pending, error);
			g_hash_table_add(named, path);
			if (fd < 0) {
				return false;
			}
			close(fd);
		}
	}
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(store->folder, name, NULL);
		if (g_str_has_prefix(name, "pending-") && !g_hash_table_contains(named, path)) {
			unlink(path);
		}
	}
	return true;
}

hk_store *
hk_store_open(const char *folder, GError **error)
{
	g_autoptr(hk_store) store = g_new0(hk_store, 1);
	g_autofree char *lock = g_build_filename(folder, "lock", NULL);
	g_autofree char *journal = g_build_filename(folder, "sightings.jsonl", NULL);

	store->lock_fd = store->journal_fd = -1;
	store->folder = g_strdup(folder);
	store->state_path = g_build_filename(folder, "state", NULL);
	store->fresh = g_string_new(NULL);
	store->emptied = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (!hk_file_mkdirs(folder, error)) {
		return NULL;
	}
	store->lock_fd = hk_file_lock(lock, "the state folder", error);
	if (store->lock_fd < 0 || !load_state(store, error)) {
		return NULL;
	}
	store->journal_len = store->state->journal_len;
	store->journal_seq = store->state->journal_seq;
	store->journal_fd = open_cut(journal, store->journal_len, error);
	if (store->journal_fd < 0 || !cut_pending(store, error)) {
		return NULL;
	}
	store->seen = hk_seen_open(folder, store->state->keys_generation, store->state->keys_count,
		HK_SEEN_MAX, error);
	return store->seen ? g_steal_pointer(&store) : NULL;
}

void
hk_store_free(hk_store *store)
{
	if (!store) {
		return;
	}
	hk_out_free(store->out);
	hk_seen_free(store->seen);
	hk_state_free(store->state);
	if (store->journal_fd >= 0) {
		close(store->journal_fd);
	}
	if (store->lock_fd >= 0) {
		close(store->lock_fd);
	}
	if (store->fresh) {
		g_string_free(store->fresh, TRUE);
	}
	if (store->emptied) {
		g_hash_table_unref(store->emptied);
	}
	g_clear_error(&store->failed);
	g_free(store->state_path);
	g_free(store->folder);
	g_free(store);
}

/* Writes the gathered journal lines behind the committed ones; they count only once the state names
 * them. */
static bool
write_fresh(hk_store *store, GError **error)
{
	if (store->fresh->len == 0) {
		return true;
	}
	if (lseek(store->journal_fd, (off_t)store->journal_len, SEEK_SET) < 0) {
		return hk_error_errno(error, errno, "sightings.jsonl: cannot seek");
	}
	if (!hk_file_write_all(store->journal_fd, hk_span_of(store->fresh->str, store->fresh->len),
		    NULL, error)) {
		g_prefix_error(error, "sightings.jsonl: ");
		return false;
	}
	store->journal_len += store->fresh->len;
	g_string_truncate(store->fresh, 0);
	return true;
}

static void
report(hk_store *store, const uint8_t *key, const char *line, size_t len)
{
	if (!hk_seen_add(store->seen, key)) {
		store->repeats++;
		return;
	}
	g_string_append_printf(
		store->fresh, "{\"seq\":%" PRIu64 "%s", ++store->journal_seq, len > 2 ? "," : "");
	/* The line is an object: its first brace is replaced by ours. */
	g_string_append_len(store->fresh, line + 1, (gssize)len - 1);
	g_string_append_c(store->fresh, '\n');
	if (store->fresh->len > PIECE && !store->failed) {
		write_fresh(store, &store->failed);
	}
}

/* The log's pending file, line by line, into the journal. */
static bool
release_file(hk_store *store, const hk_state_log *log, GError **error)
{
	g_autofree char *path = pending_path(store, log);
	g_autoptr(GBytes) map = hk_file_map(path, error);
	gsize size;

	if (!map) {
		return false;
	}
	const char *at = g_bytes_get_data(map, &size);
	const char *end = at + MIN(size, log->pending);
	if (size < log->pending) {
		return hk_error_set(error, HK_ECHECK, "%s: shorter than the state says", path);
	}
	while (at < end) {
		uint8_t key[32];
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		const char *brace = lf ? memchr(at, '{', (size_t)(lf - at)) : NULL;
		if (!brace || brace - at < 65 ||
			hk_hex_decode(hk_span_of(at, 64), key, 32) != HK_OK) {
			return hk_error_set(
				error, HK_EFORM, "%s: a line does not fit its format", path);
		}
		report(store, key, brace, (size_t)(lf - brace));
		at = lf + 1;
	}
	return !store->failed;
}

void
hk_store_release(hk_store *store, hk_state_log *log, GPtrArray *items)
{
	if (log->pending > 0 && !store->failed) {
		if (release_file(store, log, &store->failed)) {
			log->pending = 0;
			g_hash_table_add(store->emptied, pending_path(store, log));
		}
	}
	for (unsigned i = 0; items && i < items->len; i++) {
		const hk_store_item *item = g_ptr_array_index(items, i);
		report(store, item->key, item->line, strlen(item->line));
	}
	if (items) {
		g_ptr_array_unref(items);
	}
}

void
hk_store_pend(hk_store *store, hk_state_log *log, GPtrArray *items)
{
	g_autoptr(GPtrArray) taken = items;
	g_autofree char *path = pending_path(store, log);
	g_autoptr(GString) text = g_string_new(NULL);
	char hex[65];

	for (unsigned i = 0; i < taken->len; i++) {
		const hk_store_item *item = g_ptr_array_index(taken, i);
		hk_hex_encode(hk_span_of(item->key, 32), hex);
		g_string_append_printf(text, "%s %" PRIu64 " ", hex, item->index);
		g_string_append(text, item->line);
		g_string_append_c(text, '\n');
	}
	if (text->len == 0 || store->failed) {
		return;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || lseek(fd, (off_t)log->pending, SEEK_SET) < 0) {
		hk_error_errno(&store->failed, errno, "%s: cannot open", path);
	} else if (hk_file_append(fd, hk_span_of(text->str, text->len), path, &store->failed)) {
		log->pending += text->len;
	}
	if (fd >= 0) {
		close(fd);
	}
}

bool
hk_store_commit(hk_store *store, GError **error)
{
	hk_state *state = store->state;
	hk_state old = *state;

	if (store->failed) {
		g_propagate_error(error, g_steal_pointer(&store->failed));
		return false;
	}
	if (!write_fresh(store, error)) {
		return false;
	}
	if (store->journal_len > state->journal_len && fdatasync(store->journal_fd) < 0) {
		return hk_error_errno(error, errno, "sightings.jsonl: cannot sync");
	}
	if (!hk_seen_flush(store->seen, &state->keys_generation, &state->keys_count, error)) {
		return false;
	}
	state->journal_len = store->journal_len;
	state->journal_seq = store->journal_seq;
	g_autoptr(GString) text = hk_state_print(state);
	if (!hk_file_replace(store->state_path, hk_span_of(text->str, text->len), error)) {
		/* What is printed must never go beyond what is committed. */
		state->journal_len = old.journal_len;
		state->journal_seq = old.journal_seq;
		return false;
	}
	hk_seen_committed(store->seen);
	GHashTableIter iter;
	gpointer path;
	g_hash_table_iter_init(&iter, store->emptied);
	while (g_hash_table_iter_next(&iter, &path, NULL)) {
		unlink(path);
	}
	g_hash_table_remove_all(store->emptied);
	return true;
}

void
hk_store_remove(const char *folder)
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

bool
hk_store_print(hk_store *store, int fd, GError **error)
{
	if (!store->out) {
		store->out = hk_out_open(store->folder, fd, store->journal_fd, error);
		if (!store->out) {
			return false;
		}
	}
	return hk_out_print(
		store->out, store->state->journal_len, store->state->journal_seq, error);
}
