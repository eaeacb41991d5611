#include "store/tally.h"

#include "sys/gerr.h"

enum { MS_PER_HOUR = 3600000 };
/* Days and hours are Japan's: UTC+9 all year. */
static const int64_t zone_ms = INT64_C(9) * MS_PER_HOUR;

static int64_t
hours_of(int64_t ms)
{
	int64_t local = ms + zone_ms;

	return local >= 0 ? local / MS_PER_HOUR : -((MS_PER_HOUR - 1 - local) / MS_PER_HOUR);
}

static bool
count(hk_db *db, const hk_case_facets *facets, int64_t by, GError **error)
{
	int64_t opened = hours_of(facets->opened_ms);
	int64_t detected = hours_of(facets->detected_ms);
	int64_t day = opened >= 0 ? opened / 24 : -((23 - opened) / 24);

	return hk_db_exec(db,
		HK_SQL("INSERT INTO tallies (day, hour, state, kind, target_id, actor_id, "
		       "source_id, cases) "
		       "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
		       "ON CONFLICT (day, hour, state, kind, target_id, actor_id, source_id) "
		       "DO UPDATE SET cases = tallies.cases + excluded.cases"),
		HK_ARGS(hk_v_int(day), hk_v_int((detected % 24 + 24) % 24), hk_v_str(facets->state),
			hk_v_str(facets->kind), hk_v_int(facets->target_id),
			hk_v_int(facets->actor_id), hk_v_int(facets->source_id), hk_v_int(by)),
		NULL, error);
}

bool
hk_tally_move(hk_db *db, const hk_case_facets *was, const hk_case_facets *is, GError **error)
{
	if ((was && !count(db, was, -1, error)) || (is && !count(db, is, 1, error))) {
		g_prefix_error(error, "counting a case: ");
		return false;
	}
	return true;
}
