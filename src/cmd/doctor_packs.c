/* nocheck: tested in tests/scenario/doctor.t. What people write: packs, rules, tables, channels, feeds, families. */
#include <inttypes.h>
#include <string.h>

#include "cmd/doctor_int.h"
#include "enrich/operators.h"
#include "flow/sites.h"
#include "monitor/places.h"
#include "report/channel_conf.h"
#include "score/targets.h"
#include "score/watch.h"
#include "source/c2/family.h"
#include "source/feed/config.h"
#include "source/mail/rules.h"
#include "store/reads.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/modelfile.h"
#include "sys/rules.h"

#define OWN_PACK "own.conf"

static hk_doctor_how
not_set(hk_doctor *d, hk_opt id)
{
	return hk_doctor_saw(d, HK_DOCTOR_SKIP, "option %s is not set", "設定 %s がありません",
		hk_opt_row_get(id)->name);
}

/* ---- brands ---- */

/* The pack of one's own brands, as `hikeshi init` names it. NULL: there is none, or it does not read, which is told of the whole. */
static hk_targets *
own_pack(const hk_doctor *d)
{
	const char *path = hk_opts_str(d->opts, HK_OPT_TARGETS);
	bool folder = path && g_file_test(path, G_FILE_TEST_IS_DIR);
	g_autofree char *file = folder ? g_build_filename(path, OWN_PACK, NULL) : g_strdup(path);
	g_autofree char *name = file ? g_path_get_basename(file) : NULL;

	return g_strcmp0(name, OWN_PACK) == 0 ? hk_targets_load(file, NULL) : NULL;
}

static bool
has_brand(const hk_targets *pack, const char *name)
{
	bool has = false;

	for (size_t i = 0; pack && i < hk_targets_count(pack) && !has; i++) {
		has = strcmp(hk_targets_get(pack, i)->name, name) == 0;
	}
	return has;
}

/* A brand that came into the pack later: nobody said to the database whose it is. */
static hk_doctor_how
strangers(hk_doctor *d, const GString *names)
{
	hk_doctor_advise(d,
		"mark it as yours on the board (Targets): until then its cases make notices, no "
		"takedown reports",
		"ボードの「ターゲット」で自社にしてください。それまではテイクダウンではなく通知の対"
		"象になります");
	return hk_doctor_saw(d, HK_DOCTOR_WARN, "of " OWN_PACK ", but not yours there: %s",
		OWN_PACK " にあるのに自社になっていないもの: %s", names->str);
}

static hk_doctor_how
own_targets(hk_doctor *d)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_rows) rows = d->db ? hk_read_targets(d->db, &error) : NULL;
	g_autoptr(hk_targets) pack = own_pack(d);
	g_autoptr(GString) others = g_string_new(NULL);
	int64_t own = 0, all = 0;

	if (!d->db) {
		return HK_DOCTOR_OK;
	}
	while (rows && hk_rows_next(rows, &error)) {
		const char *name = hk_rows_str(rows, 1);
		bool is_own = hk_rows_int(rows, 3) != 0;
		all++;
		own += is_own;
		if (!is_own && has_brand(pack, name)) {
			g_string_append_printf(others, "%s%s", others->len > 0 ? ", " : "", name);
		}
	}
	if (error) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	if (own == 0) {
		return hk_doctor_saw(d, HK_DOCTOR_WARN,
			"none of the %" PRId64 " in the database is yours",
			"データベース内の %" PRId64 " 件に自社のものがありません", all);
	}
	hk_doctor_saw(d, HK_DOCTOR_OK, "%" PRId64 " of %" PRId64 " in the database are yours",
		"データベース内は自社 %" PRId64 " / 全 %" PRId64, own, all);
	return others->len > 0 ? strangers(d, others) : HK_DOCTOR_OK;
}

hk_doctor_how
hk_doctor_targets(hk_doctor *d)
{
	const char *path = hk_opts_str(d->opts, HK_OPT_TARGETS);
	const char *patterns = hk_opts_str(d->opts, HK_OPT_PATTERNS);
	g_autoptr(GError) error = NULL;

	if (!path && !patterns) {
		return hk_doctor_saw(d, HK_DOCTOR_FAIL,
			"neither targets nor patterns is set: nothing is watched for",
			"targets も patterns もないため、何も検知できません");
	}
	g_autoptr(hk_targets) pack = path ? hk_targets_load(path, &error) : NULL;
	g_autoptr(hk_watch) watch = patterns && !error ? hk_watch_load(patterns, &error) : NULL;
	if (error) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	if (pack) {
		hk_doctor_saw(
			d, HK_DOCTOR_OK, "%zu brands", "ブランド %zu 件", hk_targets_count(pack));
	}
	return own_targets(d);
}

static void
bad_rule(void *user, const char *message)
{
	hk_doctor_saw(user, HK_DOCTOR_FAIL, "%s", "%s", message);
}

hk_doctor_how
hk_doctor_rules(hk_doctor *d)
{
	const char *folder = hk_opts_str(d->opts, HK_OPT_RULES);
	const char *mail = hk_opts_str(d->opts, HK_OPT_MAIL_RULES);
	g_autoptr(GError) error = NULL;

	if (!folder && !mail) {
		return not_set(d, HK_OPT_RULES);
	}
	g_autoptr(hk_rules) rules = folder ? hk_rules_load(folder, bad_rule, d, &error) : NULL;
	g_autoptr(hk_mail_rules) letters = mail && !error ? hk_mail_rules_load(mail, &error) : NULL;
	if (error) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	if (rules && hk_rules_bad(rules) > 0) {
		return HK_DOCTOR_FAIL;
	}
	return hk_doctor_saw(d, HK_DOCTOR_OK, "%zu rules, %zu of mails",
		"ルール %zu 件、メール用 %zu 件", rules ? hk_rules_count(rules) : 0,
		letters ? hk_mail_rules_count(letters) : 0);
}

hk_doctor_how
hk_doctor_model(hk_doctor *d)
{
	const char *path = hk_opts_str(d->opts, HK_OPT_MODEL);
	g_autoptr(GError) error = NULL;

	if (!path) {
		return hk_doctor_saw(
			d, HK_DOCTOR_WARN, "option model is not set", "設定 model がありません");
	}
	g_autoptr(hk_modelfile) model = hk_modelfile_open(path, &error);
	return model ? hk_doctor_saw(d, HK_DOCTOR_OK, "%s", "%s", path)
		     : hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
}

/* ---- tables ---- */

static bool
read_operators(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, HK_OPERATORS_BYTES_MAX, error);
	size_t len;

	if (!bytes) {
		return false;
	}
	const char *data = g_bytes_get_data(bytes, &len);
	g_autoptr(hk_operators) table = hk_operators_read(hk_span_of(data, len), error);
	if (!table) {
		g_prefix_error(error, "%s: ", path);
	}
	return table != NULL;
}

hk_doctor_how
hk_doctor_tables(hk_doctor *d)
{
	const char *operators = hk_opts_str(d->opts, HK_OPT_OPERATORS);
	const char *places = hk_opts_str(d->opts, HK_OPT_PLACES);
	const char *suffixes = hk_opts_str(d->opts, HK_OPT_SUFFIXES);
	g_autoptr(GError) error = NULL;
	hk_sites *sites = hk_sites_new(suffixes, hk_opts_str(d->opts, HK_OPT_SHARED_HOSTS), &error);

	if (!sites) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	hk_sites_free(sites);
	if (operators && !read_operators(operators, &error)) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	g_autoptr(hk_places) known = places ? hk_places_load(places, &error) : NULL;
	if (error) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	if (!operators || !places) {
		hk_doctor_advise(d, "name what is shipped: conf/operators.conf, conf/places.conf",
			"同梱の conf/operators.conf と conf/places.conf を指定してください");
		return hk_doctor_saw(d, HK_DOCTOR_WARN,
			"%s is not set: fewer parties are known to tell, or a parked site is not "
			"seen as one",
			"設定 %s がないため、通報先やパーキングの判定が限られます",
			operators ? "places" : "operators");
	}
	return hk_doctor_saw(
		d, HK_DOCTOR_OK, "%s, operators, places", "%s、事業者、パーキング", suffixes);
}

/* ---- folders of files ---- */

/* What a folder of files holds, once read. */
static hk_doctor_how
folder_of(hk_doctor *d, const char *folder, GPtrArray *taken, unsigned enabled, const GError *error)
{
	g_autoptr(GPtrArray) files = taken;

	if (!files) {
		return hk_doctor_trouble(d, HK_DOCTOR_FAIL, error);
	}
	return hk_doctor_saw(d, enabled > 0 ? HK_DOCTOR_OK : HK_DOCTOR_SKIP,
		"%s: %u files, %u enabled", "%s: %uファイル、有効 %u", folder, files->len, enabled);
}

/* A folder that nobody asked for may be missing. */
static bool
absent(const hk_doctor *d, hk_opt id)
{
	const char *folder = hk_opts_str(d->opts, id);

	return !folder || (!hk_opts_given(d->opts, id) && !g_file_test(folder, G_FILE_TEST_IS_DIR));
}

hk_doctor_how
hk_doctor_channels(hk_doctor *d)
{
	const char *folder = hk_opts_str(d->opts, HK_OPT_CHANNELS);
	g_autoptr(GError) error = NULL;
	unsigned enabled = 0;

	if (absent(d, HK_OPT_CHANNELS)) {
		return not_set(d, HK_OPT_CHANNELS);
	}
	GPtrArray *all = hk_channel_conf_folder(folder, &error);
	for (unsigned i = 0; all && i < all->len; i++) {
		enabled += ((const hk_channel_conf *)all->pdata[i])->enabled;
	}
	return folder_of(d, folder, all, enabled, error);
}

hk_doctor_how
hk_doctor_feeds(hk_doctor *d)
{
	const char *folder = hk_opts_str(d->opts, HK_OPT_FEEDS);
	g_autoptr(GError) error = NULL;
	unsigned enabled = 0;

	if (absent(d, HK_OPT_FEEDS)) {
		return not_set(d, HK_OPT_FEEDS);
	}
	GPtrArray *all = hk_feed_config_folder(folder, &error);
	for (unsigned i = 0; all && i < all->len; i++) {
		enabled += ((const hk_feed_config *)all->pdata[i])->enabled;
	}
	return folder_of(d, folder, all, enabled, error);
}

hk_doctor_how
hk_doctor_families(hk_doctor *d)
{
	const char *folder = hk_opts_str(d->opts, HK_OPT_FAMILIES);
	g_autoptr(GError) error = NULL;
	unsigned enabled = 0;

	if (absent(d, HK_OPT_FAMILIES)) {
		return not_set(d, HK_OPT_FAMILIES);
	}
	GPtrArray *all = hk_family_folder(folder, &error);
	for (unsigned i = 0; all && i < all->len; i++) {
		enabled += ((const hk_family *)all->pdata[i])->enabled;
	}
	return folder_of(d, folder, all, enabled, error);
}
