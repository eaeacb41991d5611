/* nocheck: tested in tests/scenario/evidence.t. */
#include "store/custody.h"

/* A merge takes the runs along, and leaves the audit rows where they were written: rows about a run are read where the run is now. */
#define OF_ITS_RUNS "(object = 'run' AND object_id IN (SELECT id FROM runs WHERE case_id = $1))"
#define NOT_GONE                                                                                   \
	"NOT (object = 'run' AND EXISTS (SELECT 1 FROM runs r WHERE r.id = events.object_id AND "  \
	"r.case_id <> $1))"

hk_rows *
hk_custody_runs(hk_db *db, int64_t case_id, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT id, manifest, stamp, stamp_why FROM runs WHERE case_id = $1 AND "
		       "manifest IS NOT NULL ORDER BY id"),
		HK_ARGS(hk_v_int(case_id)), error);
}

hk_rows *
hk_custody_files(hk_db *db, int64_t run_id, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT c.profile, c.referrer, c.exit, c.visit, a.kind, a.name, a.type, "
		       "a.bytes, a.sha256 FROM captures c JOIN artefacts a ON a.capture_id = c.id "
		       "WHERE c.run_id = $1 ORDER BY c.position, a.position"),
		HK_ARGS(hk_v_int(run_id)), error);
}

hk_rows *
hk_custody_events(hk_db *db, int64_t case_id, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT seq, at_ms, who, via, address, act, object, object_id, data, mac "
		       "FROM events WHERE (case_id = $1 OR " OF_ITS_RUNS ") AND " NOT_GONE
		       " ORDER BY seq"),
		HK_ARGS(hk_v_int(case_id)), error);
}

hk_rows *
hk_custody_told(hk_db *db, int64_t case_id, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT act, object_id, data FROM events WHERE object = 'run' AND "
		       "(case_id = $1 OR " OF_ITS_RUNS ") AND " NOT_GONE " ORDER BY seq"),
		HK_ARGS(hk_v_int(case_id)), error);
}

bool
hk_custody_stamped(hk_db *db, int64_t run_id, bool *ret, GError **error)
{
	int64_t count;

	if (!hk_db_int(db, HK_SQL("SELECT COUNT(*) FROM runs WHERE id = $1 AND stamp IS NOT NULL"),
		    HK_ARGS(hk_v_int(run_id)), &count, error)) {
		return false;
	}
	*ret = count > 0;
	return true;
}
