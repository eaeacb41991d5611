#include "playstage.h"

#include <string.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/gerr.h"

enum { UNIT_MS = 100, ARGS_MAX = 64 };

/* ---- Words ---- */

rg_play_bank *
rg_stage_bank(rg_stage *stage, const char *key)
{
	for (size_t i = 0; key && i < stage->bank_count; i++) {
		if (strcmp(stage->banks[i].key, key) == 0) {
			return &stage->banks[i];
		}
	}
	return &stage->banks[0];
}

const char *
rg_stage_party(const rg_play *play, const rg_play_line *line, const char *role)
{
	const char *named = line ? rg_play_arg(line, role) : NULL;
	const rg_play_line *first = named ? NULL : rg_play_first(play, RG_PLAY_PARTY, "role", role);

	return named ? named : first ? rg_play_arg(first, "address") : NULL;
}

bool
rg_stage_write(const char *dir, const char *name, const char *text, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	return hk_file_replace_fast(path, hk_span_str(text), error);
}

char *
rg_stage_share(const char *given, GError **error)
{
	static const char *const beside[] = {"../share/hikeshi", "../..", ".."};
	g_autofree char *program = rg_part_program();
	g_autofree char *dir = g_path_get_dirname(program);

	for (size_t i = 0; i < G_N_ELEMENTS(beside); i++) {
		g_autofree char *at = given ? g_canonicalize_filename(given, NULL)
					    : g_canonicalize_filename(beside[i], dir);
		g_autofree char *sign =
			g_build_filename(at, "range", "scenarios", "night.scenario", NULL);
		if (g_file_test(sign, G_FILE_TEST_EXISTS)) {
			return g_steal_pointer(&at);
		}
	}
	hk_error_set(error, HK_EUSAGE,
		"the folder with range/scenarios/, conf/ and rules/ is not %s; name it with "
		"--share",
		given ? given : "beside the program");
	return NULL;
}

/* ---- Parts ---- */

static char *
log_of(const rg_stage *stage, const char *name)
{
	return g_strdup_printf("%s/%s.err", stage->dir, name);
}

/* Starts one; args: words, NULL at the end. NULL with error. */
static rg_part *
start(rg_stage *stage, const char *name, GPtrArray *args, GError **error)
{
	g_autofree char *log = log_of(stage, name);

	g_ptr_array_add(args, NULL);
	rg_part *part = rg_part_start(name, log, (const char *const *)args->pdata, error);
	if (part) {
		g_ptr_array_add(stage->parts, part);
	}
	g_ptr_array_set_size(args, 0);
	return part;
}

static void
add(GPtrArray *args, const char *word)
{
	g_ptr_array_add(args, g_strdup(word));
}

static void
add_dir(const rg_stage *stage, GPtrArray *args, const char *name)
{
	add(args, "--dir");
	g_ptr_array_add(args, g_build_filename(stage->dir, name, NULL));
}

static rg_part *
start_log(rg_stage *stage, GPtrArray *args, GError **error)
{
	const rg_play_line *line = rg_play_first(stage->play, RG_PLAY_LOG, NULL, NULL);

	add(args, "ct-log");
	add_dir(stage, args, "log");
	add(args, "--publish-ms=500");
	add(args, "--list");
	g_ptr_array_add(args, g_build_filename(stage->dir, "log_list.json", NULL));
	g_ptr_array_add(
		args, g_strdup_printf("--size=%s", line ? rg_play_arg(line, "size") : "500"));
	double rate = line ? rg_play_real(line, "rate") * stage->speed : 0;
	g_ptr_array_add(args, g_strdup_printf("--rate=%.3f", MIN(rate, 1000)));
	g_ptr_array_add(
		args, g_strdup_printf("--seed=%" G_GUINT64_FORMAT, MAX(stage->play->seed, 1)));
	return start(stage, "ct-log", args, error);
}

static rg_part *
start_sites(rg_stage *stage, GPtrArray *args, GError **error)
{
	const rg_play_line *line = rg_play_first(stage->play, RG_PLAY_OTHERS, NULL, NULL);
	const char *others = line ? rg_play_arg(line, "what") : "nothing";

	add(args, "sites");
	add_dir(stage, args, "sites");
	add(args, "--data");
	add(args, stage->world);
	if (strcmp(others, "imitations") == 0 || strcmp(others, "both") == 0) {
		add(args, "--others");
	}
	if (strcmp(others, "strangers") == 0 || strcmp(others, "both") == 0) {
		add(args, "--strangers");
	}
	return start(stage, "sites", args, error);
}

/* ADDRESS=LANG,STYLE,STEP:UNITS,... */
static char *
party_of(const rg_play_line *line)
{
	g_autoptr(GString) out = g_string_new(rg_play_arg(line, "address"));
	const char *list = rg_play_arg(line, "steps");
	g_auto(GStrv) steps = g_strsplit(list ? list : "", ",", -1);

	g_string_append_printf(
		out, "=%s,%s", rg_play_arg(line, "lang"), rg_play_arg(line, "style"));
	for (size_t i = 0; steps[i]; i++) {
		g_auto(GStrv) pair = g_strsplit(steps[i], ":", 2);
		double units = g_ascii_strtod(pair[1], NULL) * 1000 / UNIT_MS;
		const char *unit = pair[1] + strspn(pair[1], "0123456789.");
		units *= strcmp(unit, "m") == 0    ? 60
			 : strcmp(unit, "h") == 0  ? 3600
			 : strcmp(unit, "ms") == 0 ? 0.001
						   : 1;
		g_string_append_printf(out, ",%s%s%s:%u", pair[0],
			strcmp(pair[0], "act") == 0 ? "/" : "",
			strcmp(pair[0], "act") == 0 ? rg_play_arg(line, "takes") : "",
			(unsigned)CLAMP(units, 0, 1e6));
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static rg_part *
start_mail(rg_stage *stage, GPtrArray *args, GError **error)
{
	add(args, "mailhouse");
	add_dir(stage, args, "mailhouse");
	g_ptr_array_add(
		args, g_strdup_printf("--pace=%u", (unsigned)MAX(UNIT_MS / stage->speed, 1)));
	add(args, "--sites");
	add(args, rg_part_str(stage->sites, "url"));
	for (unsigned i = 0; i < stage->play->lines->len; i++) {
		const rg_play_line *line = stage->play->lines->pdata[i];
		if (line->verb == RG_PLAY_PARTY) {
			add(args, "--party");
			g_ptr_array_add(args, party_of(line));
		}
	}
	return start(stage, "mailhouse", args, error);
}

/* Those that need nothing of each other. */
static bool
start_others(rg_stage *stage, GPtrArray *args, GError **error)
{
	add(args, "registry");
	add_dir(stage, args, "registry");
	add(args, "--data");
	add(args, stage->world);
	stage->registry = start(stage, "registry", args, error);
	add(args, "tsa");
	add_dir(stage, args, "tsa");
	stage->tsa = stage->registry ? start(stage, "tsa", args, error) : NULL;
	add(args, "c2");
	add(args, "--begin=control");
	stage->c2 = stage->tsa ? start(stage, "c2", args, error) : NULL;
	add(args, "shortlinks");
	add_dir(stage, args, "shortlinks");
	stage->links = stage->c2 ? start(stage, "shortlinks", args, error) : NULL;
	return stage->links != NULL;
}

static bool
feeds_it(const rg_play *play, const char *key)
{
	return rg_play_first(play, RG_PLAY_FEED, "bank", key) != NULL;
}

static bool
start_bank(rg_stage *stage, rg_play_bank *bank, GPtrArray *args, GError **error)
{
	g_autofree char *vendors = g_strconcat("vendors-", bank->key, NULL);
	g_autofree char *chats = g_strconcat("chats-", bank->key, NULL);
	g_autofree char *feeds = g_strconcat("feeds-", bank->key, NULL);

	add(args, "vendors");
	add(args, "--dir");
	g_ptr_array_add(args, g_build_filename(bank->dir, "channels", NULL));
	bank->vendors = start(stage, vendors, args, error);
	add(args, "chats");
	add(args, "--dir");
	g_ptr_array_add(args, g_build_filename(bank->dir, "chats", NULL));
	bank->chats = bank->vendors ? start(stage, chats, args, error) : NULL;
	if (!bank->chats || !feeds_it(stage->play, bank->key)) {
		return bank->chats != NULL;
	}
	add(args, "feeds");
	add_dir(stage, args, feeds);
	bank->feeds = start(stage, feeds, args, error);
	return bank->feeds != NULL;
}

static bool
wait_for(const rg_stage *stage, unsigned from, GError **error)
{
	for (unsigned i = from; i < stage->parts->len; i++) {
		rg_part *part = stage->parts->pdata[i];
		g_autofree char *log = log_of(stage, part->name);
		if (!part->said && !rg_part_wait(part, log, error)) {
			return false;
		}
	}
	return true;
}

static bool
start_all(rg_stage *stage, GError **error)
{
	g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);
	bool good = (stage->sites = start_sites(stage, args, error)) &&
		    (stage->log = start_log(stage, args, error)) &&
		    start_others(stage, args, error);

	for (size_t i = 0; good && i < stage->bank_count; i++) {
		good = start_bank(stage, &stage->banks[i], args, error);
	}
	/* The mail house has to know where sites are told to go. */
	good = good && wait_for(stage, 0, error) &&
	       (stage->mail = start_mail(stage, args, error)) && wait_for(stage, 0, error);
	g_autoptr(GBytes) token =
		good ? hk_file_read(rg_part_str(stage->log, "token_file"), 1024, error) : NULL;
	if (token) {
		g_autofree char *text = g_strchomp(
			g_strndup(g_bytes_get_data(token, NULL), g_bytes_get_size(token)));
		stage->log_auth = g_strconcat("Authorization: Bearer ", text, NULL);
	}
	return token != NULL;
}

/* ---- The stage ---- */

static bool
add_banks(rg_stage *stage, const char *dir, GError **error)
{
	for (unsigned i = 0; i < stage->play->lines->len; i++) {
		const rg_play_line *line = stage->play->lines->pdata[i];
		if (line->verb != RG_PLAY_BANK) {
			continue;
		}
		rg_play_bank *bank = &stage->banks[stage->bank_count++];
		bank->line = line;
		bank->key = rg_play_arg(line, "key");
		bank->domain = rg_play_arg(line, "domain");
		bank->dir = g_build_filename(dir, bank->key, NULL);
		bank->config = g_build_filename(bank->dir, "hikeshi.conf", NULL);
		if (!hk_file_mkdirs(bank->dir, error)) {
			return false;
		}
	}
	return true;
}

/* Paths stand in files of configuration and in JSON, between "": nothing that means something there. */
static bool
is_plain(const char *option, const char *path, GError **error)
{
	bool plain = g_utf8_validate(path, -1, NULL) && !strpbrk(path, "\"'\\$`");

	for (const char *c = path; plain && *c; c++) {
		plain = !g_ascii_iscntrl(*c);
	}
	g_autofree char *shown = plain ? NULL : g_strescape(path, NULL);
	return plain || hk_error_set(error, HK_EUSAGE,
				"%s: the folder's name must be UTF-8 without \", ', \\, $, ` and "
				"control characters: %s",
				option, shown);
}

/* conf/ and rules/ are other files than the scenarios: another package has them. */
static bool
has_house(const char *share, GError **error)
{
	static const char *const folders[] = {"conf", "rules"};

	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *at = g_build_filename(share, folders[i], NULL);
		if (!g_file_test(at, G_FILE_TEST_IS_DIR)) {
			return hk_error_set(error, HK_EUSAGE,
				"there is no %s, of which the houses of the banks are made: "
				"install "
				"the package hikeshi, or name a folder that has it with --share",
				at);
		}
	}
	return true;
}

/* Before anything is made or started. */
static bool
is_ready(const rg_stage *stage, const char *top, GError **error)
{
	if (!stage->share || !is_plain("--dir", top, error) ||
		!is_plain("--share", stage->share, error) || !has_house(stage->share, error)) {
		return false;
	}
	return !g_file_test(stage->dir, G_FILE_TEST_EXISTS) ||
	       hk_error_set(error, HK_EUSAGE,
		       "--dir %s: something was played there already; name a new folder", top);
}

rg_stage *
rg_stage_new(const rg_play *play, const char *dir, const char *share, double speed, GError **error)
{
	g_autoptr(rg_stage) stage = g_new0(rg_stage, 1);

	stage->play = play;
	stage->speed = speed;
	stage->parts = g_ptr_array_new_with_free_func((GDestroyNotify)rg_part_free);
	g_autofree char *top = g_canonicalize_filename(dir, NULL);
	stage->dir = g_build_filename(top, "world", NULL);
	stage->share = rg_stage_share(share, error);
	stage->world = g_build_filename(stage->dir, "world.json", NULL);
	stage->ask = rg_ask_new();
	if (!is_ready(stage, top, error)) {
		return NULL;
	}
	g_autofree char *world = rg_world_json(play);
	bool good = hk_file_mkdirs(stage->dir, error) && add_banks(stage, top, error) &&
		    hk_file_replace_fast(stage->world, hk_span_str(world), error) &&
		    start_all(stage, error);
	for (size_t i = 0; good && i < stage->bank_count; i++) {
		good = rg_bank_write(stage, &stage->banks[i], error);
	}
	return good && rg_act_before(stage, error) ? g_steal_pointer(&stage) : NULL;
}

void
rg_stage_free(rg_stage *stage)
{
	if (!stage) {
		return;
	}
	rg_part_end(stage->parts);
	g_ptr_array_unref(stage->parts);
	for (size_t i = 0; i < stage->bank_count; i++) {
		g_free(stage->banks[i].dir);
		g_free(stage->banks[i].config);
	}
	rg_ask_free(stage->ask);
	g_free(stage->log_auth);
	g_free(stage->world);
	g_free(stage->share);
	g_free(stage->dir);
	g_free(stage);
}
