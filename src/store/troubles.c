#include "store/troubles.h"

hk_rows *
hk_troubles_jobs(hk_db *db, GError **error)
{
	/* By the index jobs_error; a job that is made later has the larger number. */
	return hk_db_query(db,
		HK_SQL("SELECT x.stage, x.dead, x.n, a.made_ms, z.error FROM (SELECT stage, "
		       "CASE WHEN state = 'dead' THEN 1 ELSE 0 END AS dead, COUNT(*) AS n, "
		       "MIN(id) AS first, MAX(id) AS last FROM jobs WHERE error IS NOT NULL AND "
		       "state <> 'done' GROUP BY stage, CASE WHEN state = 'dead' THEN 1 ELSE 0 "
		       "END) x JOIN jobs a ON a.id = x.first JOIN jobs z ON z.id = x.last ORDER "
		       "BY x.stage, x.dead LIMIT $1"),
		HK_ARGS(hk_v_int(HK_TROUBLES_MAX)), error);
}

hk_rows *
hk_troubles_overdue(hk_db *db, int64_t before_ms, GError **error)
{
	/* By the index jobs_ready. A lease that has run out is given back by whoever takes a job next: that one is ready again. */
	return hk_db_query(db,
		HK_SQL("SELECT stage, COUNT(*), MIN(due_ms) FROM jobs WHERE state = 'ready' AND "
		       "due_ms < $1 GROUP BY stage ORDER BY stage LIMIT $2"),
		HK_ARGS(hk_v_int(before_ms), hk_v_int(HK_TROUBLES_MAX)), error);
}

hk_rows *
hk_troubles_channels(hk_db *db, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT name, state, why, error, error_ms, free_ms FROM channels WHERE "
		       "name NOT LIKE 'chat:%' AND (state <> 'open' OR error_ms > COALESCE(ok_ms, "
		       "0)) ORDER BY name LIMIT $1"),
		HK_ARGS(hk_v_int(HK_TROUBLES_MAX)), error);
}

hk_rows *
hk_troubles_chats(hk_db *db, GError **error)
{
	/* A card that is taken clears the error of its chat (store/notices); cards are sent as they were made. */
	return hk_db_query(db,
		HK_SQL("SELECT substr(c.name, 6), (SELECT COUNT(*) FROM notices n WHERE n.chat = "
		       "substr(c.name, 6) AND n.state = 'waiting'), (SELECT n.at_ms FROM notices n "
		       "WHERE n.chat = substr(c.name, 6) AND n.state = 'waiting' ORDER BY n.id "
		       "LIMIT 1), c.error, c.error_ms FROM channels c WHERE c.name LIKE 'chat:%' "
		       "AND c.error IS NOT NULL ORDER BY c.name LIMIT $1"),
		HK_ARGS(hk_v_int(HK_TROUBLES_MAX)), error);
}
