#include "ctstate.h"

#include <jansson.h>

#include "base/codec.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { STATE_MAX = 4096 };

bool
rg_state_read(const char *dir, rg_state *state, GError **error)
{
	g_autofree char *path = g_build_filename(dir, "state.json", NULL);

	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		return true;
	}
	g_autoptr(GBytes) bytes = hk_file_read(path, STATE_MAX, error);
	if (!bytes) {
		return false;
	}
	json_int_t seed, size, timestamp, entries, truth, issued, named;
	int leaf_index;
	const char *root;
	json_t *json = json_loadb(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), 0, NULL);
	bool good = json &&
		    json_unpack(json, "{s:I, s:b, s:I, s:I, s:s, s:I, s:I, s:I, s:I}", "seed",
			    &seed, "leaf_index", &leaf_index, "size", &size, "timestamp",
			    &timestamp, "root", &root, "entries_bytes", &entries, "truth_bytes",
			    &truth, "issued", &issued, "named", &named) == 0 &&
		    hk_hex_decode(hk_span_str(root), state->root, sizeof state->root) == HK_OK;

	if (good) {
		state->seed = (uint64_t)seed;
		state->leaf_index = leaf_index;
		state->size = (uint64_t)size;
		state->timestamp_ms = (uint64_t)timestamp;
		state->entries_bytes = (uint64_t)entries;
		state->truth_bytes = (uint64_t)truth;
		state->issued = (uint64_t)issued;
		state->named = (uint64_t)named;
	}
	json_decref(json);
	return good || hk_error_set(error, HK_EFORM, "%s: not what this program wrote", path);
}

bool
rg_state_write(const char *dir, const rg_state *state, GError **error)
{
	g_autofree char *path = g_build_filename(dir, "state.json", NULL);
	g_autoptr(GString) out = g_string_new(NULL);
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {{"seed", state->seed}, {"size", state->size},
		{"timestamp", state->timestamp_ms}, {"entries_bytes", state->entries_bytes},
		{"truth_bytes", state->truth_bytes}, {"issued", state->issued},
		{"named", state->named}};

	hk_jsonw_open(out, '{');
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		hk_jsonw_key(out, rows[i].key);
		hk_jsonw_int(out, (int64_t)rows[i].value);
	}
	hk_jsonw_key(out, "leaf_index");
	hk_jsonw_bool(out, state->leaf_index);
	hk_jsonw_key(out, "root");
	hk_jsonw_hex(out, hk_span_of(state->root, sizeof state->root));
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
	return hk_file_replace_fast(path, hk_span_of(out->str, out->len), error);
}
