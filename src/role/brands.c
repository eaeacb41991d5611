/* nocheck: tested in tests/scenario/audit.t and roles.t */
#include "role/brands.h"

#include <string.h>

#include "flow/meta.h"
#include "sys/gerr.h"

static const hk_who who = {.login = "auto", .via = "watch", .address = ""};

/* The first label of the brand's first domain, which is what people call it; a number when there is none. */
static char *
key_of(const hk_target *target)
{
	const char *domain = target->official->len > 0 ? target->official->pdata[0] : "";
	size_t len = strcspn(domain, ".");
	g_autofree char *label = g_strndup(domain, MIN(len, 50));

	return label[0] && g_ascii_isalnum(label[0])
		       ? g_steal_pointer(&label)
		       : g_strdup_printf("target-%u", target->number + 1);
}

/* The first other spelling in Latin letters. */
static const char *
english_of(const hk_target *target)
{
	for (unsigned i = 0; i < target->aliases->len; i++) {
		const char *alias = target->aliases->pdata[i];
		if (g_str_is_ascii(alias)) {
			return alias;
		}
	}
	return NULL;
}

static bool
has_name(const hk_target *target, const char *name)
{
	bool has = g_ascii_strcasecmp(target->name, name) == 0;

	for (unsigned i = 0; i < target->aliases->len && !has; i++) {
		has = g_ascii_strcasecmp(target->aliases->pdata[i], name) == 0;
	}
	return has;
}

static bool
is_own(const hk_targets *pack, const char *const *ours, const hk_target *target)
{
	bool own = hk_targets_count(pack) == 1;

	for (const char *const *name = ours; *name && !own; name++) {
		own = has_name(target, *name);
	}
	return own;
}

bool
hk_brands_check(const hk_targets *pack, const char *const *own, GError **error)
{
	for (; *own; own++) {
		bool found = false;
		for (size_t i = 0; pack && i < hk_targets_count(pack) && !found; i++) {
			found = has_name(hk_targets_get(pack, i), *own);
		}
		if (!found) {
			return hk_error_set(error, HK_EUSAGE,
				"--own %s: no brand of --targets has that name or alias", *own);
		}
	}
	return true;
}

static bool
seed_target(hk_flow *flow, const hk_target *target, const char *const *brands, bool own,
	int64_t *made, GError **error)
{
	g_autofree char *key = key_of(target);
	hk_target_seed row = {.key = key,
		.name = target->name,
		.brands = brands,
		.name_en = english_of(target),
		.domains = (const char *const *)target->official->pdata,
		.domain_count = target->official->len,
		.own = own};
	bool is_new;

	if (!hk_meta_seed_target(flow, &row, &is_new, error)) {
		g_prefix_error(error, "target %s: ", target->name);
		return false;
	}
	*made += is_new;
	return true;
}

bool
hk_brands_seed(hk_flow *flow, const hk_targets *pack, const char *const *own, int64_t *ret_made,
	GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new(); /* of the pack's strings */

	*ret_made = 0;
	for (size_t i = 0; i < hk_targets_count(pack); i++) {
		g_ptr_array_add(names, hk_targets_get(pack, i)->name);
	}
	g_ptr_array_add(names, NULL);
	for (size_t i = 0; i < hk_targets_count(pack); i++) {
		const hk_target *target = hk_targets_get(pack, i);
		if (!seed_target(flow, target, (const char *const *)names->pdata,
			    is_own(pack, own, target), ret_made, error)) {
			return false;
		}
	}
	return true;
}

static bool
take(hk_flow *flow, void *user, GError **error)
{
	static const char *const nobody[] = {NULL};
	int64_t made;

	return hk_brands_seed(flow, user, nobody, &made, error);
}

bool
hk_brands_take(hk_flow *flow, const char *path, GError **error)
{
	g_autoptr(hk_targets) pack = path ? hk_targets_load(path, error) : NULL;

	return !path || (pack && hk_flow_do(flow, &who, take, pack, error));
}
