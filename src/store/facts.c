#include "store/facts.h"

#include <string.h>

#include "store/lookup.h"
#include "sys/gerr.h"
#include "sys/hash.h"

/* The three texts with their lengths, so that no two facts have the same bytes. */
static void
hash_of(const hk_fact *fact, uint8_t ret[32])
{
	g_autoptr(GString) all = g_string_new(NULL);
	const char *const texts[] = {fact->subject, fact->kind, fact->value};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_string_append_printf(all, "%zu:%s", strlen(texts[i]), texts[i]);
	}
	hk_sha256(hk_span_of(all->str, all->len), ret);
}

bool
hk_facts_put(hk_db *db, int64_t case_id, const hk_fact *fact, int64_t now_ms, hk_fact_how *ret,
	GError **error)
{
	uint8_t hash[32];
	int64_t was_gone;
	g_autoptr(GError) local = NULL;
	hk_value raw = fact->raw ? hk_v_blob(hk_span_of(fact->raw, 32)) : hk_v_null();

	hash_of(fact, hash);
	if (hk_db_int(db,
		    HK_SQL("SELECT COALESCE(gone_ms, 0) FROM facts WHERE case_id = $1 AND hash = "
			   "$2"),
		    HK_ARGS(hk_v_int(case_id), hk_v_blob(hk_span_of(hash, 32))), &was_gone,
		    &local)) {
		*ret = was_gone ? HK_FACT_BACK : HK_FACT_SAME;
	} else if (hk_error_code(local) == HK_ENOENT) {
		*ret = HK_FACT_NEW;
	} else {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return hk_db_exec(db,
		HK_SQL("INSERT INTO facts (case_id, hash, subject, kind, value, source, raw, "
		       "first_ms, last_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) "
		       "ON CONFLICT (case_id, hash) DO UPDATE SET last_ms = excluded.last_ms, "
		       "source = excluded.source, raw = excluded.raw, gone_ms = NULL"),
		HK_ARGS(hk_v_int(case_id), hk_v_blob(hk_span_of(hash, 32)), hk_v_str(fact->subject),
			hk_v_str(fact->kind), hk_v_str(fact->value), hk_v_str(fact->source), raw,
			hk_v_int(now_ms)),
		NULL, error);
}

bool
hk_facts_gone(hk_db *db, int64_t case_id, const char *subject, const char *kind, int64_t now_ms,
	GPtrArray **ret, GError **error)
{
	return hk_rows_texts(
		hk_db_query(db,
			HK_SQL("UPDATE facts SET gone_ms = $4 WHERE case_id = $1 AND subject = $2 "
			       "AND kind = $3 AND last_ms < $4 AND gone_ms IS NULL RETURNING "
			       "value"),
			HK_ARGS(hk_v_int(case_id), hk_v_str(subject), hk_v_str(kind),
				hk_v_int(now_ms)),
			error),
		ret, error);
}

static bool
is_kept(const hk_contact_part *keep, size_t count, const char *kind, const char *subject)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(keep[i].kind, kind) == 0 &&
			(!keep[i].subject || strcmp(keep[i].subject, subject) == 0)) {
			return true;
		}
	}
	return false;
}

static void
free_strv(void *data)
{
	g_strfreev(data);
}

/* Kind and address of those that go. */
static GPtrArray *
going(hk_db *db, int64_t case_id, const hk_contact_part *keep, size_t count, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_strv);
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT kind, subject, address FROM case_contacts WHERE case_id = $1"),
		HK_ARGS(hk_v_int(case_id)), error);

	while (rows && hk_rows_next(rows, &inner)) {
		if (!is_kept(keep, count, hk_rows_str(rows, 0), hk_rows_str(rows, 1))) {
			char **both = g_new0(char *, 3);
			both[0] = g_strdup(hk_rows_str(rows, 0));
			both[1] = g_strdup(hk_rows_str(rows, 2));
			g_ptr_array_add(list, both);
		}
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner ? g_steal_pointer(&list) : NULL;
}

bool
hk_case_contacts_set(hk_db *db, int64_t case_id, const hk_case_contact *contacts, size_t count,
	const hk_contact_part *keep, size_t keep_count, int64_t now_ms, GError **error)
{
	g_autoptr(GPtrArray) old = going(db, case_id, keep, keep_count, error);

	if (!old) {
		return false;
	}
	for (unsigned i = 0; i < old->len; i++) {
		char **both = old->pdata[i];
		if (!hk_db_exec(db,
			    HK_SQL("DELETE FROM case_contacts WHERE case_id = $1 AND kind = $2 "
				   "AND address = $3"),
			    HK_ARGS(hk_v_int(case_id), hk_v_str(both[0]), hk_v_str(both[1])), NULL,
			    error)) {
			return false;
		}
	}
	for (size_t i = 0; i < count; i++) {
		const hk_case_contact *c = &contacts[i];
		if (!hk_db_exec(db,
			    HK_SQL("INSERT INTO case_contacts (case_id, kind, subject, name, "
				   "address, source, confidence, at_ms) VALUES ($1, $2, $3, $4, "
				   "$5, "
				   "$6, $7, $8) ON CONFLICT (case_id, kind, address) DO UPDATE "
				   "SET subject = excluded.subject, name = excluded.name, source "
				   "= excluded.source, confidence = excluded.confidence, at_ms = "
				   "excluded.at_ms"),
			    HK_ARGS(hk_v_int(case_id), hk_v_str(c->kind), hk_v_str(c->subject),
				    hk_v_str(c->name ? c->name : ""), hk_v_str(c->address),
				    hk_v_str(c->source), hk_v_real(c->confidence),
				    hk_v_int(now_ms)),
			    NULL, error)) {
			return false;
		}
	}
	return true;
}
