#include <string.h>

#include "evidence/plan.h"
#include "sys/gerr.h"
#include "tap.h"

static const hk_variant *
at(const GArray *plan, guint i)
{
	return &g_array_index(plan, hk_variant, i);
}

static void
check_plans(void)
{
	static const char *const exits[] = {"jp-mobile", "jp-fixed", NULL};
	g_autoptr(GArray) quick = hk_plan_new("phishing", HK_PLAN_QUICK, NULL, 0);
	g_autoptr(GArray) small = hk_plan_new("phishing", HK_PLAN_STANDARD, NULL, 0);
	g_autoptr(GArray) shop = hk_plan_new("scam", HK_PLAN_STANDARD, exits, 0);
	g_autoptr(GArray) full = hk_plan_new("phishing", HK_PLAN_FULL, exits, 0);
	g_autoptr(GArray) cut = hk_plan_new("phishing", HK_PLAN_FULL, exits, 5);
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	ok(quick->len == 1 && at(quick, 0)->profile == HK_PROFILE_IPHONE &&
			at(quick, 0)->referrer == HK_REFERRER_SMS,
		"the quick plan is an iPhone from a message");
	is_int(small->len, 3, "the standard plan has three visits");
	ok(at(small, 1)->profile == HK_PROFILE_ANDROID &&
			at(small, 2)->profile == HK_PROFILE_DESKTOP &&
			at(small, 2)->referrer == HK_REFERRER_NONE,
		"Android, then desktop");
	ok(at(shop, 0)->referrer == HK_REFERRER_SEARCH &&
			at(shop, 2)->referrer == HK_REFERRER_SEARCH,
		"shops are looked for by search");
	is_str(at(shop, 0)->exit, "jp-mobile", "by the first way out");
	is_int(full->len, 2 * 3 * 4 * 2, "the full plan is everything times everything, each once");
	for (guint i = 0; i < full->len; i++) {
		g_hash_table_add(names, hk_variant_name(at(full, i)));
	}
	is_int(g_hash_table_size(names), full->len, "each has a name of its own");
	is_int(cut->len, 5, "the budget cuts");
	is_mem(cut->data, full->data, 5 * sizeof(hk_variant), "the most telling visits stay");
}

static void
check_words(void)
{
	hk_variant v = {0};
	g_autoptr(GError) error = NULL;

	ok(hk_plan_parse("android", &v, &error) && v.profile == HK_PROFILE_ANDROID &&
			v.referrer == HK_REFERRER_NONE && v.visit == 1 && !v.exit,
		"a profile alone");
	ok(hk_plan_parse("desktop/search/second/jp fixed", &v, &error) &&
			v.referrer == HK_REFERRER_SEARCH && v.visit == 2,
		"all four words");
	is_str(v.exit, "jp fixed", "the way out");
	g_autofree char *name = hk_variant_name(&v);
	is_str(name, "desktop-search-2-jp-fixed", "a name for a folder");
	static const char *const wrong[] = {
		"", "nokia", "iphone/telegram", "iphone/sms/third", "iphone//third"};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		v.visit = 77;
		ok(!hk_plan_parse(wrong[i], &v, &error) && hk_error_code(error) == HK_ERANGE &&
				v.visit == 77,
			"'%s' is none", wrong[i]);
		g_clear_error(&error);
	}
}

/* What a profile says about itself must agree: a server compares. */
static void
check_profiles(void)
{
	for (int i = 0; i < HK_PROFILES; i++) {
		const hk_profile_row *p = hk_profile_get((hk_profile)i);
		g_autofree char *agent =
			hk_profile_agent((hk_profile)i, "HeadlessChrome/161.0.1.2");

		ok(!strstr(agent, "Headless") && !strchr(agent, '{'), "%s: %s", p->name, agent);
		ok(p->mobile == (strstr(agent, "Mobile") != NULL) && p->mobile == (p->touch > 0),
			"%s: mobile, touch and agent agree", p->name);
		ok(p->hints == (strstr(agent, "Chrome/161.0.0.0") != NULL),
			"%s: client hints and the engine's version go together", p->name);
		ok(p->height <= p->screen_height && p->width <= p->screen_width && p->ratio >= 1,
			"%s: the window fits the screen", p->name);
	}
	is_int(hk_profile_major("HeadlessChrome/156.0.8078.108"), 156, "major version");
	is_int(hk_profile_major("odd"), 0, "none");
}

int
main(void)
{
	check_plans();
	check_words();
	check_profiles();
	return tap_done();
}
