#include "evidence/plan.h"

#include <string.h>

#include "base/num.h"
#include "sys/gerr.h"

static const hk_profile_row profiles[] = {
#define PROFILE(id, ...) {__VA_ARGS__},
#include "evidence/profiles.def"
#undef PROFILE
};

static const hk_referrer_row referrers[] = {
#define REFERRER(id, ...) {__VA_ARGS__},
#include "evidence/referrers.def"
#undef REFERRER
};

const hk_profile_row *
hk_profile_get(hk_profile profile)
{
	return &profiles[profile];
}

const hk_referrer_row *
hk_referrer_get(hk_referrer referrer)
{
	return &referrers[referrer];
}

unsigned
hk_profile_major(const char *product)
{
	const char *slash = strchr(product, '/');
	uint64_t major = 0;

	if (!slash || hk_parse_u64(hk_span_of(slash + 1, strspn(slash + 1, "0123456789")), 9999,
			      &major) != HK_OK) {
		return 0;
	}
	return (unsigned)major;
}

char *
hk_profile_agent(hk_profile profile, const char *product)
{
	static const char mark[] = "{major}";
	const char *agent = profiles[profile].user_agent;
	const char *at = strstr(agent, mark);

	return at ? g_strdup_printf("%.*s%u%s", (int)(at - agent), agent, hk_profile_major(product),
			    at + sizeof mark - 1)
		  : g_strdup(agent);
}

static void
add(GArray *plan, unsigned budget, hk_variant variant)
{
	for (guint i = 0; i < plan->len; i++) {
		const hk_variant *v = &g_array_index(plan, hk_variant, i);

		if (v->profile == variant.profile && v->referrer == variant.referrer &&
			v->visit == variant.visit && g_strcmp0(v->exit, variant.exit) == 0) {
			return;
		}
	}
	if (plan->len < budget) {
		g_array_append_val(plan, variant);
	}
}

/* All referrers before all second visits: a second visit tells less. */
static void
add_matrix(GArray *plan, unsigned budget, const char *exit)
{
	for (int visit = 1; visit <= 2; visit++) {
		for (int r = 0; r < HK_REFERRERS; r++) {
			for (int p = 0; p < HK_PROFILES; p++) {
				add(plan, budget,
					(hk_variant){(hk_profile)p, (hk_referrer)r, visit, exit});
			}
		}
	}
}

bool
hk_plan_size_find(const char *text, hk_plan_size *ret, GError **error)
{
	static const char *const names[] = {[HK_PLAN_QUICK] = "quick",
		[HK_PLAN_STANDARD] = "standard",
		[HK_PLAN_FULL] = "full"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret = (hk_plan_size)i;
			return true;
		}
	}
	return hk_error_set(error, HK_EUSAGE, "a plan is quick, standard or full, not '%s'", text);
}

GArray *
hk_plan_new(const char *kind, hk_plan_size size, const char *const *exits, unsigned budget)
{
	static const char *const direct[] = {NULL, NULL};
	GArray *plan = g_array_new(FALSE, TRUE, sizeof(hk_variant));
	bool shop = g_strcmp0(kind, "scam") == 0;
	hk_referrer phone = shop ? HK_REFERRER_SEARCH : HK_REFERRER_SMS;
	hk_referrer desk = shop ? HK_REFERRER_SEARCH : HK_REFERRER_NONE;
	const char *exit = exits ? exits[0] : NULL;

	budget = budget == 0 ? HK_PLAN_MAX : MIN(budget, HK_PLAN_MAX);
	add(plan, budget, (hk_variant){HK_PROFILE_IPHONE, phone, 1, exit});
	if (size == HK_PLAN_QUICK) {
		return plan;
	}
	add(plan, budget, (hk_variant){HK_PROFILE_ANDROID, phone, 1, exit});
	add(plan, budget, (hk_variant){HK_PROFILE_DESKTOP, desk, 1, exit});
	if (size == HK_PLAN_STANDARD) {
		return plan;
	}
	if (!exits || !exits[0]) {
		add_matrix(plan, budget, direct[0]);
	}
	for (; exits && *exits; exits++) {
		add_matrix(plan, budget, *exits);
	}
	return plan;
}

/* The next part of a visit's text, up to a slash; "" when there is none. */
static char *
next_part(const char **at)
{
	size_t len = strcspn(*at, "/");
	char *part = g_strndup(*at, len);

	*at += len;
	*at += **at == '/';
	return part;
}

static bool
no_such(const char *what, const char *word, const char *there, GError **error)
{
	return hk_error_set(
		error, HK_ERANGE, "no %s is called '%s'; there are: %s", what, word, there);
}

static bool
find_profile(const char *word, hk_profile *ret, GError **error)
{
	g_autoptr(GString) there = g_string_new(NULL);

	for (int i = 0; i < HK_PROFILES; i++) {
		if (strcmp(word, profiles[i].name) == 0) {
			*ret = (hk_profile)i;
			return true;
		}
		g_string_append_printf(there, "%s%s", i ? ", " : "", profiles[i].name);
	}
	return no_such("profile", word, there->str, error);
}

static bool
find_referrer(const char *word, hk_referrer *ret, GError **error)
{
	g_autoptr(GString) there = g_string_new(NULL);

	for (int i = 0; i < HK_REFERRERS; i++) {
		if (strcmp(word, referrers[i].name) == 0) {
			*ret = (hk_referrer)i;
			return true;
		}
		g_string_append_printf(there, "%s%s", i ? ", " : "", referrers[i].name);
	}
	return no_such("referrer", word, there->str, error);
}

bool
hk_plan_parse(const char *text, hk_variant *ret, GError **error)
{
	g_autofree char *profile = next_part(&text);
	g_autofree char *referrer = next_part(&text);
	g_autofree char *visit = next_part(&text);
	hk_variant v = {.referrer = HK_REFERRER_NONE, .visit = 1};

	if (!find_profile(profile, &v.profile, error) ||
		(*referrer && !find_referrer(referrer, &v.referrer, error))) {
		return false;
	}
	if (*visit && strcmp(visit, "first") != 0 && strcmp(visit, "second") != 0) {
		return no_such("visit", visit, "first, second", error);
	}
	v.visit = strcmp(visit, "second") == 0 ? 2 : 1;
	v.exit = *text ? text : NULL;
	*ret = v;
	return true;
}

char *
hk_variant_name(const hk_variant *v)
{
	char *name = g_strdup_printf("%s-%s-%d%s%s", profiles[v->profile].name,
		referrers[v->referrer].name, v->visit, v->exit ? "-" : "", v->exit ? v->exit : "");

	for (char *at = name; *at; at++) {
		*at = g_ascii_isalnum(*at) ? *at : '-';
	}
	return name;
}
