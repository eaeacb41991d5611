/* nocheck: tested in tests/scenario/audit.t */
#include "cmd/seed.h"

#include "flow/flow.h"
#include "flow/meta.h"
#include "role/brands.h"
#include "sys/gerr.h"

static const hk_who who = {.login = "auto", .via = "cli", .address = ""};

typedef struct seed {
	const hk_targets *targets; /* or NULL */
	const char *const *own;
	int64_t made;
} seed;

bool
hk_seed_check(const char *targets, const char *const *own, GError **error)
{
	g_autoptr(hk_targets) pack = targets ? hk_targets_load(targets, error) : NULL;

	return (pack || !targets) && hk_brands_check(pack, own, error);
}

static bool
seed_all(hk_flow *flow, void *user, GError **error)
{
	seed *s = user;

	s->made = 0;
	hk_flow_note(flow, "db.init", "db", 0, 0, NULL);
	if (!hk_meta_seed(flow, error)) {
		return false;
	}
	return !s->targets || hk_brands_seed(flow, s->targets, s->own, &s->made, error);
}

bool
hk_seed(hk_db *db, const char *audit_key, const char *targets, const char *const *own,
	int64_t *ret_targets, size_t *ret_brands, GError **error)
{
	g_autoptr(hk_targets) pack = targets ? hk_targets_load(targets, error) : NULL;
	seed s = {.targets = pack, .own = own};

	if ((targets && !pack) || !hk_brands_check(pack, own, error)) {
		return false;
	}
	g_autoptr(hk_flow) flow = hk_flow_new(db, audit_key, error);
	if (!flow || !hk_flow_do(flow, &who, seed_all, &s, error)) {
		return false;
	}
	*ret_targets = s.made;
	*ret_brands = pack ? hk_targets_count(pack) : 0;
	return true;
}
