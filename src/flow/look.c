#include "flow/look.h"

#include <string.h>

#include "base/codec.h"
#include "flow/case.h"
#include "flow/check.h"
#include "flow/flow_int.h"
#include "flow/sighting.h"
#include "store/sightings_write.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/log.h"

#define MS_PER_MINUTE INT64_C(60000)
#define MS_PER_HOUR   (60 * MS_PER_MINUTE)
#define MS_PER_DAY    (24 * MS_PER_HOUR)
enum { HOST_MAX = 253, DATA_MAX = 64 << 10 };

bool
hk_look_start(hk_flow *flow, GError **error)
{
	return hk_flow_job(flow, "look", "look", 0, NULL, flow->now_ms, error);
}

/* --- wanting --- */

bool
hk_look_want(hk_flow *flow, const hk_look_wish *wish, bool *ret_new, GError **error)
{
	hk_look_seed seed = {.host = wish->host,
		.data = wish->data,
		.score = CLAMP(wish->score, 0, 1),
		.seen_ms = flow->now_ms,
		.due_ms = flow->now_ms};
	hk_target_row *target = NULL;

	*ret_new = false;
	if (!hk_check_line("host", wish->host, HOST_MAX, NULL) || !strchr(wish->host, '.')) {
		return true;
	}
	if (wish->target && !hk_lookup_target(flow->db, wish->target, &target, error)) {
		return false;
	}
	seed.target_id = target ? target->id : 0;
	hk_target_row_free(target);
	return hk_flow_source(flow, wish->source, &seed.source_id, error) &&
	       hk_looks_add(flow->db, &seed, ret_new, error);
}

/* --- when to look again --- */

int64_t
hk_look_due(const char *outcome, const char *before, int64_t tries, int64_t now_ms)
{
	static const int64_t waits[] = {
		5 * MS_PER_MINUTE, MS_PER_HOUR, 6 * MS_PER_HOUR, MS_PER_DAY, 7 * MS_PER_DAY};
	bool nothing = strcmp(outcome, "dead") == 0 || strcmp(outcome, "empty") == 0;
	bool plain = strcmp(outcome, "plain") == 0;

	if (tries >= (int64_t)G_N_ELEMENTS(waits) ||
		(!nothing && !(plain && g_strcmp0(before, "plain") != 0))) {
		return 0;
	}
	return now_ms + (plain ? MS_PER_DAY : waits[tries]);
}

/* --- what was seen --- */

/* What a candidate's data say, for a case. */
typedef struct origin {
	hk_json_doc *doc; /* owned */
	hk_json root;
	int64_t sighting_id; /* 0: none that can be attached */
	uint8_t certificate[32];
} origin;

static void
origin_clear(origin *from)
{
	hk_json_doc_free(from->doc);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(origin, origin_clear)

static bool
read_origin(hk_flow *flow, const hk_look_row *row, origin *ret, GError **error)
{
	const char *tbs = NULL, *state;
	int64_t id = 0, case_id, version;
	g_autoptr(GError) local = NULL;

	*ret = (origin){.doc = hk_json_load(hk_span_str(row->data), DATA_MAX, NULL)};
	if (!ret->doc) {
		return true; /* ours, but nothing that a case could not do without */
	}
	ret->root = hk_json_root(ret->doc);
	if (hk_json_str(&ret->root, "tbs_sha256", &tbs, NULL) && strlen(tbs) == 64 &&
		hk_hex_decode(hk_span_str(tbs), ret->certificate, sizeof ret->certificate) !=
			HK_OK) {
		memset(ret->certificate, 0, sizeof ret->certificate);
	}
	if (!hk_json_i64(&ret->root, "sighting", &id, NULL) || id <= 0) {
		return true;
	}
	bool there = hk_sightings_state(flow->db, id, &state, &case_id, &version, &local);
	ret->sighting_id = there && strcmp(state, "new") == 0 ? id : 0;
	if (!there && hk_error_code(local) != HK_ENOENT) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return true;
}

static void
copy_text(GString *out, const hk_json *from, const char *key)
{
	const char *text = NULL;

	if (hk_json_str(from, key, &text, NULL)) {
		hk_jsonw_key(out, key);
		hk_jsonw_str(out, text);
	}
}

/* The sighting of a candidate: a certificate like those that were hits, and what its site showed. */
static char *
data_of(const hk_look_seen *seen, const origin *from)
{
	static const char *const texts[] = {
		"log", "type", "logged", "issuer_o", "tbs_sha256", NULL};
	g_autoptr(GString) out = g_string_new(NULL);
	int64_t index = 0;

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "kind");
	hk_jsonw_str(out, "certificate");
	for (size_t i = 0; from->doc && texts[i]; i++) {
		copy_text(out, &from->root, texts[i]);
	}
	if (from->doc && hk_json_i64(&from->root, "index", &index, NULL)) {
		hk_jsonw_key(out, "index");
		hk_jsonw_int(out, index);
	}
	hk_jsonw_strs(out, "names", (const char *const[]){seen->row->host}, 1);
	hk_jsonw_key(out, "score");
	hk_jsonw_real(out, seen->score, 4);
	hk_jsonw_key(out, "name_score");
	hk_jsonw_real(out, seen->row->score, 4);
	hk_jsonw_key(out, "look");
	hk_jsonw_str(out, seen->url);
	/* A list of texts, as score/page made it. */
	hk_jsonw_key(out, "reasons");
	g_string_append(out, seen->reasons);
	hk_jsonw_close(out, '}');
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/* A candidate of CT has no sighting yet. *ret_id 0: an earlier one of this host was taken already. */
static bool
make_sighting(hk_flow *flow, const hk_look_seen *seen, const origin *from, int64_t *ret_id,
	GError **error)
{
	g_autofree char *data = data_of(seen, from);
	g_autofree char *text = g_strconcat("look\n", seen->row->host, NULL);
	hk_observation o = {.source = seen->row->source,
		.kind = "certificate",
		.seen_ms = seen->row->seen_ms,
		.host = seen->row->host,
		.title = seen->row->host,
		.score = seen->score,
		.target = seen->target ? seen->target : seen->row->target,
		.data = data};

	hk_sha256(hk_span_str(text), o.key);
	return hk_sighting_take(flow, &o, ret_id, error);
}

/* A name of a target that is none of ours (any more) is no target. */
static bool
target_of(hk_flow *flow, const hk_look_seen *seen, const char **ret, GError **error)
{
	const char *words[] = {seen->target, seen->row->target};

	*ret = NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(words) && !*ret; i++) {
		hk_target_row *row = NULL;
		if (!words[i]) {
			continue;
		}
		if (!hk_lookup_target(flow->db, words[i], &row, error)) {
			return false;
		}
		*ret = row ? words[i] : NULL;
		hk_target_row_free(row);
	}
	return true;
}

static bool
take_case(hk_flow *flow, const hk_look_seen *seen, hk_taken *ret, GError **error)
{
	g_auto(origin) from = {0};
	hk_lead lead = {.url = seen->url,
		.host = seen->row->host,
		.domain = seen->domain,
		.private_suffix = seen->private_suffix,
		.shared_host = seen->shared_host,
		.source = seen->row->source,
		.first_seen_ms = seen->row->seen_ms,
		.score = CLAMP(seen->score, 0, 1),
		.reasons = seen->reasons};

	if (!target_of(flow, seen, &lead.target, error) ||
		!read_origin(flow, seen->row, &from, error)) {
		return false;
	}
	memcpy(lead.certificate, from.certificate, sizeof lead.certificate);
	lead.sighting_id = from.sighting_id;
	return (lead.sighting_id != 0 ||
		       make_sighting(flow, seen, &from, &lead.sighting_id, error)) &&
	       hk_case_take(flow, &lead, ret, error) &&
	       (lead.sighting_id == 0 ||
		       hk_sightings_join(flow->db, lead.sighting_id, ret->case_id, error));
}

/* One row; the case first, for its number stands in the row. */
static bool
save_one(hk_flow *flow, const char *owner, const hk_look_seen *seen, hk_look_sum *sum,
	GError **error)
{
	hk_look_result result = {.id = seen->row->id,
		.due_ms = seen->over ? 0
				     : hk_look_due(seen->outcome, seen->row->outcome,
					       seen->row->tries, flow->now_ms),
		.case_id = seen->case_id,
		.outcome = seen->outcome,
		.reasons = seen->reasons,
		.page_score = seen->score};
	hk_taken taken = {0};
	bool mine = false;

	if (!hk_looks_mine(flow->db, seen->row->id, owner, &mine, error)) {
		return false;
	}
	if (!mine) {
		sum->lost++;
		return true;
	}
	if (strcmp(seen->outcome, "suspect") == 0) {
		g_autoptr(GError) why = NULL;
		if (take_case(flow, seen, &taken, &why)) {
			result.case_id = taken.case_id;
			sum->cases += taken.how != HK_TAKEN_ATTACHED;
			sum->linked += taken.how == HK_TAKEN_ATTACHED;
		} else if (hk_error_code(why) == HK_EAGAIN || hk_error_code(why) == HK_EIO) {
			g_propagate_error(error, g_steal_pointer(&why));
			return false;
		} else {
			hk_log(HK_EVENT_LOOK_REFUSED, HK_F_STR("host", seen->row->host),
				HK_F_STR("reason", why->message));
		}
	}
	sum->saved++;
	return hk_looks_done(flow->db, owner, &result, flow->now_ms, &mine, error);
}

/* The sites of a batch that may become cases; strings borrowed from seen. */
static bool
expect(hk_flow *flow, const hk_look_seen *seen, size_t count, GError **error)
{
	g_autofree hk_lead *leads = g_new0(hk_lead, count + 1);
	g_autofree const hk_lead **list = g_new0(const hk_lead *, count + 1);
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(seen[i].outcome, "suspect") == 0) {
			leads[found] = (hk_lead){.url = seen[i].url,
				.host = seen[i].row->host,
				.domain = seen[i].domain,
				.private_suffix = seen[i].private_suffix,
				.shared_host = seen[i].shared_host};
			list[found] = &leads[found];
			found++;
		}
	}
	return found < 2 || hk_case_many(flow, list, found, error);
}

bool
hk_look_save(hk_flow *flow, const char *owner, const hk_look_seen *seen, size_t count,
	hk_look_sum *ret, GError **error)
{
	hk_look_sum sum = {0};

	if (!expect(flow, seen, count, error)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!save_one(flow, owner, &seen[i], &sum, error)) {
			return false;
		}
	}
	*ret = sum;
	return true;
}
