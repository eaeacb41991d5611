#include "source/ct/health.h"

#include <unistd.h>

#include "source/ct/reader.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/jsonw.h"

static const char *
phase_text(const hk_reader *reader)
{
	static const char *const texts[] = {
		"starting", "following", "stopped", "drained", "finished"};

	if (reader->phase == HK_PHASE_RUN && !reader->listed) {
		return "draining";
	}
	return texts[reader->phase];
}

static void
print_int(GString *out, const char *key, int64_t value)
{
	hk_jsonw_key(out, key);
	hk_jsonw_int(out, value);
}

static void
print_str(GString *out, const char *key, const char *value)
{
	hk_jsonw_key(out, key);
	if (value) {
		hk_jsonw_str(out, value);
	} else {
		hk_jsonw_null(out);
	}
}

static void
print_reader(GString *out, const hk_reader *reader)
{
	uint64_t position = reader->range.size;

	hk_jsonw_open(out, '{');
	print_str(out, "log", reader->log->description);
	print_str(out, "operator", reader->log->operator_name);
	print_str(out, "url", reader->base);
	print_str(out, "kind", hk_ct_kind_text(reader->log->kind));
	hk_jsonw_key(out, "log_id");
	hk_jsonw_base64(out, hk_span_of(reader->log->id, sizeof reader->log->id));
	print_str(out, "status", phase_text(reader));
	print_int(out, "size", (int64_t)reader->newest);
	print_int(out, "position", (int64_t)position);
	print_int(out, "verified", (int64_t)reader->st->verified);
	print_int(out, "backlog",
		reader->newest > position ? (int64_t)(reader->newest - position) : 0);
	hk_jsonw_key(out, "entries_per_s");
	hk_jsonw_real(out, reader->growth.rate, 2);
	print_int(out, "head_ms",
		reader->verified ? reader->verified->timestamp_ms : reader->st->head_ms);
	print_int(out, "looked_ms", reader->head_seen_ms);
	print_int(out, "errors", (int64_t)reader->errors);
	print_int(out, "failures_in_a_row", reader->failures);
	print_int(out, "refusals_in_a_row", reader->pace->refusals);
	print_int(out, "refusals", (int64_t)reader->pace->limited);
	print_str(out, "last_error", reader->last_error);
	print_str(out, "why", reader->st->why);
	hk_jsonw_close(out, '}');
}

bool
hk_health_write(const struct hk_follow *follow, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree char *path = g_build_filename(hk_keep_folder(follow->keep), "health.json", NULL);

	hk_jsonw_open(out, '{');
	print_int(out, "at_ms", hk_clock_wall_ms());
	print_int(out, "pid", getpid());
	print_int(out, "sightings", (int64_t)hk_keep_count(follow->keep));
	print_int(out, "repeats", (int64_t)hk_keep_repeats(follow->keep));
	hk_jsonw_key(out, "logs");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < follow->readers->len; i++) {
		hk_reader *reader = g_ptr_array_index(follow->readers, i);
		gsize from = out->len;
		print_reader(out, reader);
		/* Without the comma that may stand before it. */
		hk_keep_health(follow->keep, reader->st, out->str + from + (out->str[from] == ','));
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
	return hk_file_replace_fast(path, hk_span_of(out->str, out->len), error);
}

GBytes *
hk_health_text(const char *folder, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "health.json", NULL);

	return hk_file_read(path, 64u << 20, error);
}
