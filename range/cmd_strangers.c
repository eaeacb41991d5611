/* hikeshi-range strangers */
#include <stdio.h>

#include "cmd.h"
#include "stranger.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

static void
tell(GString *out, const char *name, const rg_stranger *s)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "host");
	hk_jsonw_str(out, name);
	hk_jsonw_key(out, "kind");
	hk_jsonw_str(out, s->how == RG_STRANGER_KIT ? "phish" : "benign");
	hk_jsonw_key(out, "what");
	hk_jsonw_str(out, s->word);
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
}

/* A certificate each: the name, mostly with www. */
static void
invent(const rg_opts *opts, GString *names, GString *truth)
{
	uint64_t size = rg_opts_int(opts, RG_OPT_SIZE);
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GString) name = g_string_new(NULL);
	rg_rng rng = rg_rng_of(rg_opts_int(opts, RG_OPT_SEED), "stranger", 0);

	while (g_hash_table_size(known) < size) {
		rg_stranger s;
		rg_stranger_name(&rng, name);
		bool www = rg_rng_chance(&rng, 0.6);
		if (!g_hash_table_add(known, g_strdup(name->str))) {
			continue;
		}
		rg_stranger_of(name->str, &s);
		g_string_append_printf(names, www ? "%s www.%s\n" : "%s\n", name->str, name->str);
		tell(truth, name->str, &s);
	}
}

bool
rg_cmd_strangers(const rg_opts *opts, GError **error)
{
	const char *path = rg_opts_text(opts, RG_OPT_TRUTH);
	g_autoptr(GString) names = g_string_new(NULL);
	g_autoptr(GString) truth = g_string_new(NULL);

	hk_file_init();
	invent(opts, names, truth);
	if (path && !hk_file_replace_fast(path, hk_span_of(truth->str, truth->len), error)) {
		return false;
	}
	fwrite(names->str, 1, names->len, stdout);
	return fflush(stdout) == 0 ||
	       hk_error_set(error, HK_EIO, "standard output cannot be written");
}
