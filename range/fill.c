/* The entries that a log begins with. */
#include <string.h>

#include "cmd.h"
#include "sys/file.h"
#include "sys/gerr.h"

enum { NAMES_FILE_MAX = 256 << 20, STEP_MS = 10, PER_STEP = 64 };

static bool
read_issue(const char *text, rg_issue *ret, GError **error)
{
	static const char *const words[] = {"both", "precert", "cert"};

	for (int i = 0; i < 3; i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = (rg_issue)i;
			return true;
		}
	}
	return hk_error_set(error, HK_EUSAGE, "--issue is both, precert or cert, not '%s'", text);
}

static bool
issue_file(rg_log *log, const char *path, rg_issue issue, uint64_t when_ms, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, NAMES_FILE_MAX, error);
	g_autoptr(rg_names) names = rg_names_new();

	if (!bytes) {
		return false;
	}
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, "#")] = '\0';
		rg_names_clear(names);
		if (rg_names_split(names, line) > 0 &&
			!rg_log_issue(log, names, issue, when_ms, NULL, error)) {
			return false;
		}
	}
	return true;
}

bool
rg_fill(rg_log *log, const rg_opts *opts, uint64_t now_ms, GError **error)
{
	const char *file = rg_opts_text(opts, RG_OPT_NAMES);
	uint64_t size = rg_opts_int(opts, RG_OPT_SIZE);
	uint64_t epoch_ms = rg_opts_int(opts, RG_OPT_EPOCH) * 1000;
	bool fresh = rg_log_appended(log) == 0;
	rg_issue issue = RG_ISSUE_BOTH;

	if (!read_issue(rg_opts_text(opts, RG_OPT_ISSUE), &issue, error)) {
		return false;
	}
	for (uint64_t at = rg_log_appended(log); at < size; at += PER_STEP) {
		if (!rg_log_grow(log, MIN(PER_STEP, size - at), epoch_ms + at * STEP_MS, error)) {
			return false;
		}
	}
	/* Once only: a restart does not issue them again. */
	if (fresh && file && !issue_file(log, file, issue, epoch_ms + size * STEP_MS, error)) {
		return false;
	}
	return rg_log_publish(log, now_ms, error);
}
