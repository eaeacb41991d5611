#include "source/ct/keep_int.h"

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

typedef struct keep_file {
	hk_keep base;
	char *state_path;
	int journal_fd;
	hk_seen *seen;
	hk_out *out;
	GString *fresh;       /* journal lines of this commit that are not yet in the file */
	uint64_t journal_len; /* of the file, with this commit */
	GHashTable *emptied;  /* paths of pending files that can be removed after the commit */
	GError *failed;       /* the first failure inside release or pend; commit reports it */
} keep_file;

static char *
pending_path(const keep_file *keep, const hk_ct_place_log *log)
{
	char hex[65];

	/* The verified size in the name: what waits for the next head never overwrites what the
	 * last one released, which a crash before the commit would bring back. */
	hk_hex_encode(hk_span_of(log->id, 32), hex);
	return g_strdup_printf(
		"%s/pending-%s-%" PRIu64 ".jsonl", keep->base.folder, hex, log->verified);
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
load_state(keep_file *keep, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GBytes) bytes = hk_file_read(keep->state_path, HK_CT_PLACE_BYTES_MAX, &local);

	if (!bytes) {
		if (hk_error_code(local) != HK_ENOENT) {
			g_propagate_error(error, g_steal_pointer(&local));
			return false;
		}
		g_autofree char *journal =
			g_build_filename(keep->base.folder, "sightings.jsonl", NULL);
		if (g_file_test(journal, G_FILE_TEST_EXISTS)) {
			g_autoptr(GBytes) old = hk_file_read(journal, 0, NULL);
			if (!old) {
				return hk_error_set(error, HK_ECHECK,
					"%s: there are sightings but no state file; name "
					"another folder or remove them",
					keep->base.folder);
			}
		}
		keep->base.state = hk_ct_place_new();
		return true;
	}
	gsize len;
	const uint8_t *data = g_bytes_get_data(bytes, &len);
	keep->base.state = hk_ct_place_parse(hk_span_of(data, len), error);
	if (!keep->base.state) {
		g_prefix_error(error, "%s: ", keep->state_path);
		return false;
	}
	return true;
}

/* Cuts the pending files that the state names and removes those that it does not. */
static bool
cut_pending(keep_file *keep, GError **error)
{
	g_autoptr(GHashTable) named = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GDir) dir = g_dir_open(keep->base.folder, 0, NULL);
	const char *name;

	for (unsigned i = 0; i < keep->base.state->logs->len; i++) {
		const hk_ct_place_log *log = g_ptr_array_index(keep->base.state->logs, i);
		if (log->pending > 0) {
			char *path = pending_path(keep, log);
			int fd = open_cut(path, log->pending, error);
			g_hash_table_add(named, path);
			if (fd < 0) {
				return false;
			}
			close(fd);
		}
	}
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(keep->base.folder, name, NULL);
		if (g_str_has_prefix(name, "pending-") && !g_hash_table_contains(named, path)) {
			unlink(path);
		}
	}
	return true;
}

/* Writes the gathered journal lines behind the committed ones; they count only once the state names
 * them. */
static bool
write_fresh(keep_file *keep, GError **error)
{
	if (keep->fresh->len == 0) {
		return true;
	}
	if (lseek(keep->journal_fd, (off_t)keep->journal_len, SEEK_SET) < 0) {
		return hk_error_errno(error, errno, "sightings.jsonl: cannot seek");
	}
	if (!hk_file_write_all(keep->journal_fd, hk_span_of(keep->fresh->str, keep->fresh->len),
		    NULL, error)) {
		g_prefix_error(error, "sightings.jsonl: ");
		return false;
	}
	keep->journal_len += keep->fresh->len;
	g_string_truncate(keep->fresh, 0);
	return true;
}

static void
report(keep_file *keep, const uint8_t *key, const char *line, size_t len)
{
	if (!hk_seen_add(keep->seen, key)) {
		keep->base.repeats++;
		return;
	}
	g_string_append_printf(
		keep->fresh, "{\"seq\":%" PRIu64 "%s", ++keep->base.count, len > 2 ? "," : "");
	/* The line is an object: its first brace is replaced by ours. */
	g_string_append_len(keep->fresh, line + 1, (gssize)len - 1);
	g_string_append_c(keep->fresh, '\n');
	if (keep->fresh->len > PIECE && !keep->failed) {
		write_fresh(keep, &keep->failed);
	}
}

/* The log's pending file, line by line, into the journal. */
static bool
release_file(keep_file *keep, const hk_ct_place_log *log, GError **error)
{
	g_autofree char *path = pending_path(keep, log);
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
		report(keep, key, brace, (size_t)(lf - brace));
		at = lf + 1;
	}
	return !keep->failed;
}

static void
release_items(hk_keep *base, hk_ct_place_log *log, GPtrArray *items)
{
	keep_file *keep = (keep_file *)base;

	if (log->pending > 0 && !keep->failed) {
		if (release_file(keep, log, &keep->failed)) {
			log->pending = 0;
			g_hash_table_add(keep->emptied, pending_path(keep, log));
		}
	}
	for (unsigned i = 0; items && i < items->len; i++) {
		const hk_keep_item *item = g_ptr_array_index(items, i);
		report(keep, item->key, item->line, strlen(item->line));
	}
	if (items) {
		g_ptr_array_unref(items);
	}
}

static void
pend_items(hk_keep *base, hk_ct_place_log *log, GPtrArray *items)
{
	keep_file *keep = (keep_file *)base;
	g_autoptr(GPtrArray) taken = items;
	g_autofree char *path = pending_path(keep, log);
	g_autoptr(GString) text = g_string_new(NULL);
	char hex[65];

	for (unsigned i = 0; i < taken->len; i++) {
		const hk_keep_item *item = g_ptr_array_index(taken, i);
		hk_hex_encode(hk_span_of(item->key, 32), hex);
		g_string_append_printf(text, "%s %" PRIu64 " ", hex, item->index);
		g_string_append(text, item->line);
		g_string_append_c(text, '\n');
	}
	if (text->len == 0 || keep->failed) {
		return;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || lseek(fd, (off_t)log->pending, SEEK_SET) < 0) {
		hk_error_errno(&keep->failed, errno, "%s: cannot open", path);
	} else if (hk_file_append(fd, hk_span_of(text->str, text->len), path, &keep->failed)) {
		log->pending += text->len;
	}
	if (fd >= 0) {
		close(fd);
	}
}

static bool
commit(hk_keep *base, GError **error)
{
	keep_file *keep = (keep_file *)base;
	hk_ct_place *state = keep->base.state;
	hk_ct_place old = *state;

	if (keep->failed) {
		g_propagate_error(error, g_steal_pointer(&keep->failed));
		return false;
	}
	if (!write_fresh(keep, error)) {
		return false;
	}
	if (keep->journal_len > state->journal_len && fdatasync(keep->journal_fd) < 0) {
		return hk_error_errno(error, errno, "sightings.jsonl: cannot sync");
	}
	if (!hk_seen_flush(keep->seen, &state->keys_generation, &state->keys_count, error)) {
		return false;
	}
	state->journal_len = keep->journal_len;
	state->journal_seq = keep->base.count;
	g_autoptr(GString) text = hk_ct_place_print(state);
	if (!hk_file_replace(keep->state_path, hk_span_of(text->str, text->len), error)) {
		/* What is printed must never go beyond what is committed. */
		state->journal_len = old.journal_len;
		state->journal_seq = old.journal_seq;
		return false;
	}
	hk_seen_committed(keep->seen);
	GHashTableIter iter;
	gpointer path;
	g_hash_table_iter_init(&iter, keep->emptied);
	while (g_hash_table_iter_next(&iter, &path, NULL)) {
		unlink(path);
	}
	g_hash_table_remove_all(keep->emptied);
	return true;
}

static bool
print(hk_keep *base, int fd, GError **error)
{
	keep_file *keep = (keep_file *)base;

	if (!keep->out) {
		keep->out = hk_out_open(keep->base.folder, fd, keep->journal_fd, error);
		if (!keep->out) {
			return false;
		}
	}
	return hk_out_print(
		keep->out, keep->base.state->journal_len, keep->base.state->journal_seq, error);
}

static void
keep_file_free(hk_keep *base)
{
	keep_file *keep = (keep_file *)base;

	hk_out_free(keep->out);
	hk_seen_free(keep->seen);
	if (keep->journal_fd >= 0) {
		close(keep->journal_fd);
	}
	g_string_free(keep->fresh, TRUE);
	g_hash_table_unref(keep->emptied);
	g_clear_error(&keep->failed);
	g_free(keep->state_path);
	hk_keep_clear(base);
	g_free(keep);
}

static const hk_keep_ops ops = {
	.free = keep_file_free,
	.release = release_items,
	.pend = pend_items,
	.commit = commit,
	.print = print,
};

hk_keep *
hk_keep_folder_open(const char *folder, GError **error)
{
	keep_file *keep = g_new0(keep_file, 1);
	g_autoptr(hk_keep) base = &keep->base;
	g_autofree char *journal = g_build_filename(folder, "sightings.jsonl", NULL);

	keep->journal_fd = -1;
	keep->state_path = g_build_filename(folder, "state", NULL);
	keep->fresh = g_string_new(NULL);
	keep->emptied = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (!hk_keep_init(base, &ops, folder, error) || !load_state(keep, error)) {
		return NULL;
	}
	keep->journal_len = base->state->journal_len;
	base->count = base->state->journal_seq;
	keep->journal_fd = open_cut(journal, keep->journal_len, error);
	if (keep->journal_fd < 0 || !cut_pending(keep, error)) {
		return NULL;
	}
	keep->seen = hk_seen_open(
		folder, base->state->keys_generation, base->state->keys_count, HK_SEEN_MAX, error);
	return keep->seen ? g_steal_pointer(&base) : NULL;
}
