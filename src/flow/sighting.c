#include "flow/sighting.h"

#include "flow/check.h"
#include "flow/flow_int.h"
#include "store/sightings_write.h"
#include "sys/gerr.h"

static const char *const kinds[] = {"certificate", "malformed", "url", "mail", NULL};

/* A target that we do not know is no reason to refuse what was seen: it stays in data. */
static bool
target_of(hk_flow *flow, const char *word, int64_t *ret_id, GError **error)
{
	hk_target_row *row = NULL;

	*ret_id = 0;
	if (!word) {
		return true;
	}
	row = g_hash_table_lookup(flow->targets, word);
	if (!row) {
		if (!hk_lookup_target(flow->db, word, &row, error)) {
			return false;
		}
		if (!row) {
			return true;
		}
		g_hash_table_insert(flow->targets, g_strdup(word), row);
	}
	*ret_id = row->id;
	return true;
}

/* A title is for people, and hostile: what cannot be shown is replaced, or one certificate would hold up all that comes after it. */
static char *
clean_title(const char *title)
{
	g_autofree char *valid = g_utf8_make_valid(title ? title : "", -1);
	g_autoptr(GString) out = g_string_new(NULL);
	long count = 0;

	for (const char *p = valid; *p && count < HK_TEXT_MAX; p = g_utf8_next_char(p), count++) {
		gunichar c = g_utf8_get_char(p);
		g_string_append_unichar(out, g_unichar_iscntrl(c) ? 0xFFFD : c);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

bool
hk_sighting_take(hk_flow *flow, const hk_observation *observation, int64_t *ret_id, GError **error)
{
	const hk_observation *o = observation;
	g_autofree char *title = clean_title(o->title);
	hk_sighting_row row = {.key = hk_span_of(o->key, sizeof o->key),
		.kind = o->kind,
		.seen_ms = o->seen_ms ? o->seen_ms : flow->now_ms,
		.host = o->host,
		.url = o->url,
		.title = title,
		.data = o->data ? o->data : "{}",
		.score = o->score};
	int64_t id;

	if (!hk_check_word("kind", o->kind, kinds, error)) {
		return false;
	}
	if (!(o->score >= 0 && o->score <= 1)) {
		return hk_error_set(error, HK_ERANGE, "score: must be 0 to 1");
	}
	if (strlen(row.data) > HK_SIGHTING_DATA_MAX) {
		return hk_error_set(error, HK_ERANGE, "data: has more than %d bytes",
			(int)HK_SIGHTING_DATA_MAX);
	}
	if (!hk_flow_source(flow, o->source, &row.source_id, error) ||
		!target_of(flow, o->target, &row.target_id, error) ||
		!hk_sightings_add(flow->db, &row, &id, error)) {
		return false;
	}
	*ret_id = id;
	if (id == 0) {
		return true;
	}
	g_autofree char *key = g_strdup_printf("%" G_GINT64_FORMAT, id);
	hk_flow_note(flow, "sighting.new", "sighting", id, 0, NULL);
	return hk_flow_job(flow, "sighting", key, 0, NULL, flow->now_ms, error);
}

static bool
move(hk_flow *flow, int64_t id, int64_t version, const char *act, int64_t case_id, GError **error)
{
	int64_t was_case, is_version;
	const char *state;

	if (!hk_sightings_state(flow->db, id, &state, &was_case, &is_version, error)) {
		return false;
	}
	if (version != 0 && version != is_version) {
		return hk_error_set(error, HK_EINCONSISTENT,
			"sighting %" G_GINT64_FORMAT " was changed meanwhile", id);
	}
	const hk_move *row = hk_move_find(HK_MACHINE_SIGHTING, state, act);
	if (!row) {
		return hk_error_set(error, HK_EPOLICY,
			"sighting %" G_GINT64_FORMAT " is %s: there is no move \"%s\" from there",
			id, state, act);
	}
	g_autofree char *name = g_strconcat("sighting.", row->act, NULL);
	hk_flow_note(flow, name, "sighting", id, case_id ? case_id : was_case, NULL);
	return hk_sightings_set(flow->db, id, row->to, case_id, error);
}

bool
hk_sighting_move(hk_flow *flow, int64_t id, int64_t version, const char *act, GError **error)
{
	if (strcmp(act, "attach") == 0) {
		return hk_error_set(error, HK_EPOLICY, "attach: names a case");
	}
	return move(flow, id, version, act, 0, error);
}

bool
hk_sighting_attach(hk_flow *flow, int64_t id, int64_t case_id, GError **error)
{
	return move(flow, id, 0, "attach", case_id, error);
}

bool
hk_source_mark(
	hk_flow *flow, const char *key, const char *position, const char *health, GError **error)
{
	int64_t id;

	return hk_flow_source(flow, key, &id, error) &&
	       hk_source_write(flow->db, id, position, health, flow->now_ms, error);
}

bool
hk_source_position(hk_db *db, const char *key, char **ret, GError **error)
{
	char *position;

	if (!hk_source_read_position(db, key, &position, error)) {
		return false;
	}
	*ret = position ? position : g_strdup("{}");
	return true;
}
