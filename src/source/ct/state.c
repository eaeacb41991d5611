#include "source/ct/state.h"

#include <inttypes.h>
#include <string.h>

#include "base/codec.h"
#include "base/num.h"
#include "sys/gerr.h"

static const char *const statuses[HK_CT_PLACE_STATUS_COUNT] = {
	"active", "stopped", "drained", "finished"};

static void
log_free(gpointer data)
{
	hk_ct_place_log *log = data;

	g_free(log->name);
	g_free(log->why);
	g_free(log);
}

hk_ct_place *
hk_ct_place_new(void)
{
	hk_ct_place *state = g_new0(hk_ct_place, 1);

	state->logs = g_ptr_array_new_with_free_func(log_free);
	return state;
}

void
hk_ct_place_free(hk_ct_place *state)
{
	if (state) {
		g_ptr_array_unref(state->logs);
		g_free(state);
	}
}

const char *
hk_ct_place_status_text(hk_ct_place_status status)
{
	return status < HK_CT_PLACE_STATUS_COUNT ? statuses[status] : "unknown";
}

hk_ct_place_status
hk_ct_place_status_parse(const char *text)
{
	for (unsigned i = 0; text && i < HK_CT_PLACE_STATUS_COUNT; i++) {
		if (strcmp(statuses[i], text) == 0) {
			return (hk_ct_place_status)i;
		}
	}
	return HK_CT_PLACE_STOPPED;
}

void
hk_ct_place_remove(hk_ct_place *state, hk_ct_place_log *log)
{
	g_ptr_array_remove(state->logs, log);
}

hk_ct_place_log *
hk_ct_place_find(const hk_ct_place *state, const uint8_t id[32])
{
	for (unsigned i = 0; i < state->logs->len; i++) {
		hk_ct_place_log *log = g_ptr_array_index(state->logs, i);
		if (memcmp(log->id, id, 32) == 0) {
			return log;
		}
	}
	return NULL;
}

hk_ct_place_log *
hk_ct_place_add(hk_ct_place *state, const uint8_t id[32], const char *name)
{
	hk_ct_place_log *log = g_new0(hk_ct_place_log, 1);

	memcpy(log->id, id, 32);
	log->name = g_strdup(name);
	g_ptr_array_add(state->logs, log);
	return log;
}

static void
append_hex(GString *out, const uint8_t *bytes)
{
	char hex[65];

	hk_hex_encode(hk_span_of(bytes, 32), hex);
	g_string_append(out, hex);
}

static void
append_line(GString *out, const char *key, const char *text)
{
	g_string_append_printf(out, "%s ", key);
	for (; *text; text++) {
		g_string_append_c(out, (unsigned char)*text < ' ' ? ' ' : *text);
	}
	g_string_append_c(out, '\n');
}

static void
sum_of(const char *text, size_t len, char ret[65])
{
	g_autofree char *sum =
		g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const unsigned char *)text, len);

	memcpy(ret, sum, 65);
}

GString *
hk_ct_place_print(const hk_ct_place *state)
{
	GString *out = g_string_new("hikeshi-ct-state 1\n");
	char sum[65];

	g_string_append_printf(
		out, "journal %" PRIu64 " %" PRIu64 "\n", state->journal_len, state->journal_seq);
	g_string_append_printf(
		out, "keys %" PRIu64 " %" PRIu64 "\n", state->keys_generation, state->keys_count);
	for (unsigned i = 0; i < state->logs->len; i++) {
		const hk_ct_place_log *log = g_ptr_array_index(state->logs, i);
		if (!log->begun) {
			continue;
		}
		g_string_append(out, "log ");
		append_hex(out, log->id);
		g_string_append_printf(out, " %s %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRIu64 "\n",
			statuses[log->status], log->verified, log->read, log->head_ms,
			log->pending);
		append_line(out, "name", log->name ? log->name : "");
		g_string_append(out, "root ");
		append_hex(out, log->root);
		g_string_append(out, "\nrange");
		for (size_t n = 0; n < log->range_count; n++) {
			g_string_append_c(out, ' ');
			append_hex(out, log->range[n]);
		}
		g_string_append_c(out, '\n');
		if (log->why) {
			append_line(out, "why", log->why);
		}
	}
	sum_of(out->str, out->len, sum);
	g_string_append_printf(out, "end %s\n", sum);
	return out;
}

/* One line, split at blanks. */
typedef struct words {
	unsigned line;
	char **w; /* borrowed */
	unsigned n;
} words;

static bool
word_u64(const words *in, unsigned i, uint64_t *ret)
{
	return i < in->n && hk_parse_u64(hk_span_str(in->w[i]), UINT64_MAX, ret) == HK_OK;
}

static bool
word_hex(const words *in, unsigned i, uint8_t *ret)
{
	return i < in->n && hk_hex_decode(hk_span_str(in->w[i]), ret, 32) == HK_OK;
}

static bool
read_log(hk_ct_place *state, const words *in)
{
	uint8_t id[32];
	uint64_t head_ms;
	unsigned status = 0;

	if (in->n != 7 || !word_hex(in, 1, id) || hk_ct_place_find(state, id)) {
		return false;
	}
	while (status < HK_CT_PLACE_STATUS_COUNT && !g_str_equal(in->w[2], statuses[status])) {
		status++;
	}
	hk_ct_place_log *log = hk_ct_place_add(state, id, NULL);
	log->status = status;
	log->begun = true;
	if (status == HK_CT_PLACE_STATUS_COUNT || !word_u64(in, 3, &log->verified) ||
		!word_u64(in, 4, &log->read) || !word_u64(in, 5, &head_ms) || head_ms > INT64_MAX ||
		!word_u64(in, 6, &log->pending) || log->verified > log->read) {
		return false;
	}
	log->head_ms = (int64_t)head_ms;
	return true;
}

static bool
read_range(hk_ct_place_log *log, const words *in)
{
	if (in->n - 1 != (unsigned)__builtin_popcountll(log->read)) {
		return false;
	}
	for (unsigned i = 1; i < in->n; i++) {
		if (!word_hex(in, i, log->range[i - 1])) {
			return false;
		}
	}
	log->range_count = in->n - 1;
	return true;
}

static bool
read_line(hk_ct_place *state, const words *in, const char *line)
{
	hk_ct_place_log *log =
		state->logs->len > 0 ? g_ptr_array_index(state->logs, state->logs->len - 1) : NULL;

	if (g_str_equal(in->w[0], "journal")) {
		return in->n == 3 && word_u64(in, 1, &state->journal_len) &&
		       word_u64(in, 2, &state->journal_seq);
	}
	if (g_str_equal(in->w[0], "keys")) {
		return in->n == 3 && word_u64(in, 1, &state->keys_generation) &&
		       word_u64(in, 2, &state->keys_count);
	}
	if (g_str_equal(in->w[0], "log")) {
		return read_log(state, in);
	}
	if (!log) {
		return false;
	}
	if (g_str_equal(in->w[0], "root")) {
		return in->n == 2 && word_hex(in, 1, log->root);
	}
	if (g_str_equal(in->w[0], "range")) {
		return read_range(log, in);
	}
	char **slot = g_str_equal(in->w[0], "name")  ? &log->name
		      : g_str_equal(in->w[0], "why") ? &log->why
						     : NULL;
	if (!slot) {
		return false;
	}
	g_free(*slot);
	*slot = g_strdup(in->n > 1 ? strchr(line, ' ') + 1 : "");
	return true;
}

/* The text up to the line "end SUM", which must be the last and right. */
static bool
check_end(hk_span text, size_t *ret_len, GError **error)
{
	char sum[65];

	/* "end " + 64 + LF */
	if (text.len < 69 || memcmp(text.data + text.len - 69, "end ", 4) != 0 ||
		text.data[text.len - 1] != '\n') {
		return hk_error_set(error, HK_EFORM,
			"the last line is not `end SHA256`: the file is cut short");
	}
	sum_of((const char *)text.data, text.len - 69, sum);
	if (memcmp(text.data + text.len - 65, sum, 64) != 0) {
		return hk_error_set(error, HK_ECHECK,
			"the checksum in the last line does not match; after an edit by hand "
			"it must read: end %s",
			sum);
	}
	*ret_len = text.len - 69;
	return true;
}

hk_ct_place *
hk_ct_place_parse(hk_span text, GError **error)
{
	g_autoptr(hk_ct_place) state = hk_ct_place_new();
	size_t len = 0;

	if (!check_end(text, &len, error)) {
		return NULL;
	}
	g_autofree char *copy = g_strndup((const char *)text.data, len);
	/* nocheck: a file of ours, its checksum was right, its size is capped */
	g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
	if (!lines[0] || !g_str_equal(lines[0], "hikeshi-ct-state 1")) {
		hk_error_set(error, HK_EVERSION,
			"line 1: not a state file that this version of hikeshi knows");
		return NULL;
	}
	for (unsigned i = 1; lines[i] && (*lines[i] || lines[i + 1]); i++) {
		/* nocheck: the same */
		g_auto(GStrv) split = g_strsplit(lines[i], " ", HK_CT_PLACE_RANGE_MAX + 2);
		words in = {.line = i + 1, .w = split, .n = g_strv_length(split)};
		if (in.n == 0 || !read_line(state, &in, lines[i])) {
			hk_error_set(error, HK_EFORM, "line %u does not fit its format", i + 1);
			return NULL;
		}
	}
	return g_steal_pointer(&state);
}
