/* hikeshi ct scan: certificates of files, or of one whole log, matched and scored once. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/judge.h"
#include "source/ct/block.h"
#include "source/ct/files.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/progress.h"
#include "sys/sighting.h"

/* One run over files. */
typedef struct file_scan {
	hk_scorer *scorer;
	hk_ct_block *block;
	hk_progress *progress;
	GString *out;
	const char *path; /* of the file under way */
	bool all;
	uint64_t entries;
	uint64_t names;
	uint64_t hits;
	uint64_t malformed;
	uint64_t bytes;
	GHashTable *seen; /* keys of sightings: one issuance is one line; owned, of GBytes */
} file_scan;

static void
on_entry(void *user, const hk_batch_entry *entry, const hk_verdict *verdict)
{
	file_scan *scan = user;
	uint8_t key[32];
	gsize before = scan->out->len;

	hk_sighting_print(scan->out, scan->path, entry, verdict, key);
	g_string_append_c(scan->out, '\n');
	if (!scan->all && !g_hash_table_add(scan->seen, g_bytes_new(key, sizeof key))) {
		g_string_truncate(scan->out, before);
		return;
	}
	scan->malformed += hk_batch_is_odd(entry);
	scan->hits += verdict && hk_scorer_is_hit(scan->scorer, verdict);
}

/* What is printed goes out at the end of a batch, in one write; the bar is wiped first if both share a terminal. */
static bool
put_out(file_scan *scan, GError **error)
{
	if (scan->out->len > 0) {
		hk_progress_hide();
		if (fwrite(scan->out->str, 1, scan->out->len, stdout) != scan->out->len) {
			return hk_error_errno(error, errno, "cannot write to standard output");
		}
		g_string_truncate(scan->out, 0);
	}
	return true;
}

static bool
on_batch(void *user, const hk_batch *batch, GError **error)
{
	file_scan *scan = user;

	scan->entries += batch->entry_count;
	scan->names += batch->name_count;
	hk_judge_batch(scan->scorer, batch, scan->all, on_entry, scan);
	hk_progress_update(scan->progress, (int64_t)scan->entries);
	return put_out(scan, error);
}

/* A file that was named must be readable; one that was found in a folder and holds no certificates is passed over, aloud. */
static bool
scan_path(file_scan *scan, const char *path, GError **error)
{
	g_autoptr(GPtrArray) files = hk_ct_files_find(path, error);
	bool named = files && files->len == 1 && strcmp(path, g_ptr_array_index(files, 0)) == 0;

	if (!files) {
		return false;
	}
	for (guint i = 0; i < files->len; i++) {
		g_autoptr(GError) why = NULL;
		size_t count = 0;
		size_t bytes = 0;
		scan->path = g_ptr_array_index(files, i);
		bool read = hk_ct_files_read(
			scan->block, scan->path, scan->entries, on_batch, scan, &count, &bytes, &why);
		scan->bytes += bytes;
		if (!read && (named || hk_error_code(why) != HK_EVERSION)) {
			g_propagate_error(error, g_steal_pointer(&why));
			return false;
		}
		if (!read) {
			hk_progress_hide();
			fprintf(stderr, "hikeshi: passed over: %s\n", why->message);
		}
	}
	return true;
}

static void
print_summary(const file_scan *scan, double seconds)
{
	g_autoptr(GString) text = g_string_new(NULL);
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{"entries", scan->entries},
		{"names", scan->names},
		{"hits", scan->hits},
		{"malformed", scan->malformed},
		{"bytes", scan->bytes},
	};

	hk_jsonw_open(text, '{');
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		hk_jsonw_key(text, counts[i].key);
		hk_jsonw_int(text, (int64_t)counts[i].value);
	}
	hk_jsonw_key(text, "seconds");
	hk_jsonw_real(text, seconds, 3);
	hk_jsonw_key(text, "entries_per_s");
	hk_jsonw_real(text, seconds > 0 ? (double)scan->entries / seconds : 0, 0);
	hk_jsonw_close(text, '}');
	fprintf(stderr, "%s\n", text->str);
}
