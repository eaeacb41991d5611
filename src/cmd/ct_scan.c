/* hikeshi ct scan: certificates of files, or of one whole log, matched and scored once. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/ct_log.h"
#include "role/judge.h"
#include "source/ct/files.h"
#include "source/ct/follow.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "sys/progress.h"
#include "sys/sighting.h"

typedef struct scanning {
	hk_scorer *scorer;
	bool all;
	hk_progress *progress;
	uint64_t entries;
	uint64_t names;
	uint64_t hits;
	uint64_t malformed;
	uint64_t bytes;
	const char *path; /* files: the one under way */
	GString *out;     /* files: lines of the batch under way */
	GPtrArray *lines; /* log: where the sightings of the batch go; borrowed */
} scanning;

static void
count_entry(scanning *scan, const hk_batch_entry *entry, const hk_verdict *verdict)
{
	scan->malformed += hk_batch_is_odd(entry);
	scan->hits += verdict && hk_scorer_is_hit(scan->scorer, verdict);
}

/* --- files --- */

static void
on_file_entry(void *user, const hk_batch_entry *entry, const hk_verdict *verdict)
{
	scanning *scan = user;

	hk_sighting_print(scan->out, scan->path, entry, verdict, NULL);
	g_string_append_c(scan->out, '\n');
	count_entry(scan, entry, verdict);
}

/* Lines go out batch by batch, in one write; the bar is wiped first, as both may share a terminal. */
static bool
on_file_batch(void *user, const hk_batch *batch, GError **error)
{
	scanning *scan = user;

	scan->entries += batch->entry_count;
	scan->names += batch->name_count;
	hk_judge_batch(scan->scorer, batch, scan->all, on_file_entry, scan);
	hk_progress_update(scan->progress, (int64_t)scan->entries);
	if (scan->out->len > 0) {
		hk_progress_hide();
		if (fwrite(scan->out->str, 1, scan->out->len, stdout) != scan->out->len) {
			return hk_error_errno(error, errno, "cannot write to standard output");
		}
		g_string_truncate(scan->out, 0);
	}
	return true;
}

/* A file that was named must be readable; one that was found in a folder and is of no known kind is passed over, aloud. */
static bool
scan_path(scanning *scan, hk_ct_block *block, const char *path, GError **error)
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
		bool read = hk_ct_files_read(block, scan->path, scan->entries, on_file_batch, scan,
			&count, &bytes, &why);
		scan->bytes += bytes;
		if (!read && (named || hk_error_code(why) != HK_EVERSION)) {
			g_propagate_error(error, g_steal_pointer(&why));
			return false;
		}
		if (!read) {
			g_autofree char *shown = hk_log_printable(why->message);
			hk_progress_hide();
			fprintf(stderr, "hikeshi: passed over: %s\n", shown);
		}
	}
	return true;
}

static bool
scan_files(scanning *scan, const char *const *paths, GError **error)
{
	g_autoptr(hk_ct_block) block = hk_ct_block_new();
	g_autoptr(GString) out = g_string_new(NULL);
	bool fine = true;

	scan->out = out;
	for (; fine && *paths; paths++) {
		fine = scan_path(scan, block, *paths, error);
	}
	return fine;
}

/* --- a log --- */

static void
on_log_entry(void *user, const hk_batch_entry *entry, const hk_verdict *verdict)
{
	scanning *scan = user;

	g_ptr_array_add(scan->lines, hk_sighting_new(scan->path, entry, verdict));
	count_entry(scan, entry, verdict);
}

static bool
on_log_batch(void *user, const hk_ct_log *log, const hk_batch *batch, GPtrArray *ret_sightings,
	GError **error)
{
	scanning *scan = user;

	(void)error;
	scan->path = log->url;
	scan->lines = ret_sightings;
	scan->entries += batch->entry_count;
	scan->names += batch->name_count;
	for (size_t i = 0; i < batch->entry_count; i++) {
		scan->bytes += batch->entries[i].leaf.timestamped_entry.len;
	}
	hk_judge_batch(scan->scorer, batch, scan->all, on_log_entry, scan);
	return true;
}

static void
on_log_progress(void *user, uint64_t position, uint64_t size)
{
	scanning *scan = user;

	hk_progress_set_total(scan->progress, (int64_t)size);
	hk_progress_update(scan->progress, (int64_t)position);
}

static bool
scan_log(scanning *scan, const hk_opts *opts, GError **error)
{
	hk_follow_config config = {
		.sink = on_log_batch,
		.progress = on_log_progress,
		.user = scan,
		.from = HK_FROM_INDEX,
		.from_index = (uint64_t)hk_opts_int(opts, HK_OPT_START),
		.until_index = hk_opts_given(opts, HK_OPT_END)
				       ? (uint64_t)hk_opts_int(opts, HK_OPT_END)
				       : 0,
		.out_fd = STDOUT_FILENO,
	};

	if (config.until_index > 0 && config.until_index <= config.from_index) {
		return hk_error_set(error, HK_EUSAGE,
			"--end must be larger than --start: it is the entry after the last one");
	}
	return hk_ct_log_once(opts, &config, error);
}

/* --- */

static void
print_summary(const scanning *scan, double seconds)
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

bool
hk_cmd_ct_scan(const hk_opts *opts, GError **error)
{
	bool of_log = hk_opts_given(opts, HK_OPT_LOG);
	g_autoptr(hk_scorer) scorer = NULL;

	if (of_log == (hk_opts_arg_count(opts) > 0)) {
		return hk_error_set(error, HK_EUSAGE,
			of_log ? "either --log URL or files, not both"
			       : "nothing to read: name files or folders, or a log with --log URL "
				 "--key BASE64");
	}
	scorer = hk_judge_scorer(opts, false, error);
	if (!scorer) {
		return false;
	}
	g_autoptr(hk_progress) progress = hk_progress_new("scanning", "entries", -1);
	scanning scan = {
		.scorer = scorer, .all = hk_opts_bool(opts, HK_OPT_ALL), .progress = progress};
	int64_t start_ms = hk_clock_mono_ms();
	bool fine = of_log ? scan_log(&scan, opts, error)
			   : scan_files(&scan, hk_opts_args(opts), error);
	hk_progress_hide();
	if (fine && hk_opts_bool(opts, HK_OPT_SUMMARY)) {
		print_summary(&scan, (double)(hk_clock_mono_ms() - start_ms) / 1000);
	}
	return fine;
}
