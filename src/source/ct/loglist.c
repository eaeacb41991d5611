#include "source/ct/loglist.h"

#include "sys/gerr.h"
#include "sys/http.h"
#include "sys/json.h"

static const char *const state_texts[HK_CT_STATE_COUNT] = {
	[HK_CT_NO_STATE] = "none",
	[HK_CT_PENDING] = "pending",
	[HK_CT_QUALIFIED] = "qualified",
	[HK_CT_USABLE] = "usable",
	[HK_CT_READONLY] = "readonly",
	[HK_CT_RETIRED] = "retired",
	[HK_CT_REJECTED] = "rejected",
};

static const char *const kind_texts[HK_CT_KIND_COUNT] = {
	[HK_CT_RFC6962] = "rfc6962",
	[HK_CT_STATIC] = "static",
	[HK_CT_HYBRID] = "hybrid",
};

const char *
hk_ct_state_text(hk_ct_state state)
{
	return (unsigned)state < HK_CT_STATE_COUNT ? state_texts[state] : "none";
}

const char *
hk_ct_kind_text(hk_ct_kind kind)
{
	return (unsigned)kind < HK_CT_KIND_COUNT ? kind_texts[kind] : "unknown";
}

void
hk_ct_log_free(hk_ct_log *log)
{
	if (log) {
		g_free(log->description);
		g_free(log->operator_name);
		g_free(log->url);
		g_free(log->tile_url);
		g_free(log->spki);
		hk_sig_key_free(log->key);
		g_free(log);
	}
}

void
hk_ct_loglist_free(hk_ct_loglist *list)
{
	if (list) {
		g_free(list->version);
		g_clear_pointer(&list->logs, g_ptr_array_unref);
		g_clear_pointer(&list->problems, g_ptr_array_unref);
		g_free(list);
	}
}

/* A prefix to which paths are appended: no query, one slash at its end. */
static char *
prefix_of(const char *url, GError **error)
{
	if (!hk_http_url_check(url, error)) {
		return NULL;
	}
	if (strchr(url, '?')) {
		hk_error_set(error, HK_EPOLICY, "%s: a log's URL has no query", url);
		return NULL;
	}
	return g_str_has_suffix(url, "/") ? g_strdup(url) : g_strconcat(url, "/", NULL);
}

static bool
set_key(hk_ct_log *log, hk_span spki, GError **error)
{
	log->key = hk_sig_key_new(spki, error);
	if (!log->key) {
		return false;
	}
	log->spki = g_memdup2(spki.data, spki.len);
	log->spki_len = spki.len;
	memcpy(log->id, hk_sig_key_id(log->key), sizeof log->id);
	return true;
}

hk_ct_log *
hk_ct_log_new(const char *url, hk_span spki, hk_ct_kind kind, GError **error)
{
	g_autoptr(hk_ct_log) log = g_new0(hk_ct_log, 1);

	log->kind = kind;
	log->url = prefix_of(url, error);
	if (!log->url || !set_key(log, spki, error)) {
		return NULL;
	}
	log->tile_url = kind == HK_CT_RFC6962 ? NULL : g_strdup(log->url);
	log->description = g_strdup(log->url);
	log->operator_name = g_strdup("");
	return g_steal_pointer(&log);
}

static bool
read_prefix(const hk_json *value, const char *key, char **ret, GError **error)
{
	const char *url;

	if (!hk_json_str(value, key, &url, error)) {
		return false;
	}
	*ret = prefix_of(url, error);
	if (!*ret) {
		g_autofree char *path = hk_json_path(value);
		g_prefix_error(error, "%s.%s: ", path, key);
	}
	return *ret != NULL;
}

static bool
read_urls(const hk_json *value, bool tiled, hk_ct_log *log, GError **error)
{
	if (tiled) {
		log->kind = HK_CT_STATIC;
		return read_prefix(value, "submission_url", &log->url, error) &&
		       read_prefix(value, "monitoring_url", &log->tile_url, error);
	}
	log->kind = HK_CT_RFC6962;
	if (hk_json_has(value, "tile_url")) {
		log->kind = HK_CT_HYBRID;
		if (!read_prefix(value, "tile_url", &log->tile_url, error)) {
			return false;
		}
	}
	return read_prefix(value, "url", &log->url, error);
}

static bool
read_key(const hk_json *value, hk_ct_log *log, GError **error)
{
	g_autofree uint8_t *spki = g_malloc(HK_SIG_KEY_MAX);
	uint8_t id[32];
	size_t len;

	if (!hk_json_base64(value, "key", spki, HK_SIG_KEY_MAX, &len, error) ||
		!hk_json_base64_exact(value, "log_id", id, sizeof id, error)) {
		return false;
	}
	if (!set_key(log, hk_span_of(spki, len), error)) {
		g_autofree char *path = hk_json_path(value);
		g_prefix_error(error, "%s.key: ", path);
		return false;
	}
	return memcmp(id, log->id, sizeof id) == 0 ||
	       hk_json_fail(value, HK_ECHECK, error, "log_id is not the SHA-256 of key");
}

static bool
read_final(const hk_json *state, hk_ct_log *log, GError **error)
{
	hk_json final;

	if (!hk_json_has(state, "final_tree_head")) {
		return true;
	}
	log->has_final = hk_json_object(state, "final_tree_head", &final, error) &&
			 hk_json_u64(&final, "tree_size", &log->final_size, error) &&
			 hk_json_base64_exact(&final, "sha256_root_hash", log->final_root,
				 sizeof log->final_root, error);
	return log->has_final;
}

static bool
read_state(const hk_json *value, hk_ct_log *log, GError **error)
{
	hk_json states, state;

	if (!hk_json_has(value, "state")) {
		return true;
	}
	if (!hk_json_object(value, "state", &states, error)) {
		return false;
	}
	for (unsigned i = HK_CT_PENDING; i < HK_CT_STATE_COUNT; i++) {
		if (!hk_json_has(&states, state_texts[i])) {
			continue;
		}
		if (log->state != HK_CT_NO_STATE) {
			return hk_json_fail(&states, HK_EFORM, error, "both %s and %s",
				hk_ct_state_text(log->state), state_texts[i]);
		}
		log->state = (hk_ct_state)i;
		if (!hk_json_object(&states, state_texts[i], &state, error) ||
			!hk_json_time(&state, "timestamp", &log->state_at, error) ||
			(i == HK_CT_READONLY && !read_final(&state, log, error))) {
			return false;
		}
	}
	return log->state != HK_CT_NO_STATE ||
	       hk_json_fail(&states, HK_EVERSION, error, "no state that this program knows");
}

static bool
read_interval(const hk_json *value, hk_ct_log *log, GError **error)
{
	hk_json interval;

	if (!hk_json_has(value, "temporal_interval")) {
		return true;
	}
	log->has_interval = hk_json_object(value, "temporal_interval", &interval, error) &&
			    hk_json_time(&interval, "start_inclusive", &log->start_at, error) &&
			    hk_json_time(&interval, "end_exclusive", &log->end_at, error);
	return log->has_interval;
}

static hk_ct_log *
read_log(const hk_json *value, bool tiled, const char *operator_name, GError **error)
{
	g_autoptr(hk_ct_log) log = g_new0(hk_ct_log, 1);
	const char *description = "";

	if (hk_json_has(value, "description") &&
		!hk_json_str(value, "description", &description, error)) {
		return NULL;
	}
	if (hk_json_has(value, "mmd") && !hk_json_u64(value, "mmd", &log->mmd_s, error)) {
		return NULL;
	}
	if (!read_urls(value, tiled, log, error) || !read_key(value, log, error) ||
		!read_state(value, log, error) || !read_interval(value, log, error)) {
		return NULL;
	}
	log->description = g_strdup(description[0] != '\0' ? description : log->url);
	log->operator_name = g_strdup(operator_name);
	return g_steal_pointer(&log);
}

/* Chrome needs every operator to have an entry under `logs`; those who run only tiled logs got a
 * retired one that does not exist (Chrome's list since 2025). */
static bool
is_placeholder(const hk_json *value)
{
	const char *url = NULL;
	hk_json states;

	return hk_json_str(value, "url", &url, NULL) && strstr(url, "://ct.example.com/") &&
	       hk_json_object(value, "state", &states, NULL) && hk_json_has(&states, "retired");
}

static void
problem(hk_ct_loglist *list, const hk_json *value, const char *why)
{
	const char *name = "no description";

	if (!hk_json_str(value, "description", &name, NULL)) {
		name = "no description";
	}
	g_ptr_array_add(list->problems, g_strdup_printf("%s (%s)", why, name));
}

static void
take_log(hk_ct_loglist *list, const hk_json *value, bool tiled, const char *operator_name)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_ct_log) log = NULL;

	if (!tiled && is_placeholder(value)) {
		list->placeholders++;
		return;
	}
	log = read_log(value, tiled, operator_name, &error);
	if (log && hk_ct_loglist_find(list, log->id)) {
		hk_json_fail(value, HK_EFORM, &error, "this log_id is in the list already");
	} else if (log && list->logs->len >= HK_CT_LOGLIST_LOGS_MAX) {
		hk_json_fail(value, HK_ELIMIT, &error, "more than %d logs", HK_CT_LOGLIST_LOGS_MAX);
	}
	if (error) {
		problem(list, value, error->message);
		return;
	}
	g_ptr_array_add(list->logs, g_steal_pointer(&log));
}

static void
take_logs(hk_ct_loglist *list, const hk_json *owner, const char *key, const char *name)
{
	g_autoptr(GError) error = NULL;
	hk_json logs;

	if (!hk_json_has(owner, key)) {
		return;
	}
	if (!hk_json_array(owner, key, &logs, &error)) {
		g_ptr_array_add(list->problems, g_strdup(error->message));
		return;
	}
	for (size_t i = 0; i < hk_json_len(&logs); i++) {
		hk_json log = hk_json_at(&logs, i);
		take_log(list, &log, g_str_equal(key, "tiled_logs"), name);
	}
}

hk_ct_loglist *
hk_ct_loglist_parse(hk_span text, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(text, HK_CT_LOGLIST_BYTES_MAX, error);
	g_autoptr(hk_ct_loglist) list = g_new0(hk_ct_loglist, 1);
	const char *version;
	hk_json root, operators;

	list->logs = g_ptr_array_new_with_free_func((GDestroyNotify)hk_ct_log_free);
	list->problems = g_ptr_array_new_with_free_func(g_free);
	if (!doc) {
		return NULL;
	}
	root = hk_json_root(doc);
	if (!hk_json_array(&root, "operators", &operators, error)) {
		g_prefix_error(error, "not a log list (version 3): ");
		return NULL;
	}
	if (hk_json_str(&root, "version", &version, NULL)) {
		list->version = g_strdup(version);
	}
	if (!hk_json_time(&root, "log_list_timestamp", &list->listed_at, NULL)) {
		list->listed_at = 0;
	}
	for (size_t i = 0; i < hk_json_len(&operators); i++) {
		hk_json owner = hk_json_at(&operators, i);
		const char *name = "";
		if (!hk_json_str(&owner, "name", &name, NULL)) {
			name = "";
		}
		take_logs(list, &owner, "logs", name);
		take_logs(list, &owner, "tiled_logs", name);
	}
	return g_steal_pointer(&list);
}

bool
hk_ct_loglist_check(hk_span text, hk_span sig, hk_span key_pem, GError **error)
{
	g_autoptr(hk_sig_key) key = hk_sig_key_new_pem(key_pem, error);

	if (!key) {
		g_prefix_error(error, "the key of the log list: ");
		return false;
	}
	return hk_sig_check(key, text, sig) == HK_OK ||
	       hk_error_set(error, HK_ECHECK,
		       "the signature of the log list does not verify with the given key");
}

const hk_ct_log *
hk_ct_loglist_find(const hk_ct_loglist *list, const uint8_t id[32])
{
	for (unsigned i = 0; i < list->logs->len; i++) {
		const hk_ct_log *log = g_ptr_array_index(list->logs, i);
		if (memcmp(log->id, id, sizeof log->id) == 0) {
			return log;
		}
	}
	return NULL;
}

bool
hk_ct_log_is_followed(const hk_ct_log *log)
{
	return log->state == HK_CT_NO_STATE || log->state == HK_CT_QUALIFIED ||
	       log->state == HK_CT_USABLE || log->state == HK_CT_READONLY;
}

bool
hk_ct_log_expects_growth(const hk_ct_log *log, int64_t now)
{
	return log->state != HK_CT_READONLY && log->state != HK_CT_RETIRED &&
	       log->state != HK_CT_REJECTED && (!log->has_interval || now < log->end_at);
}

static bool
same(const hk_ct_log *a, const hk_ct_log *b)
{
	return a->kind == b->kind && a->state == b->state && g_str_equal(a->url, b->url) &&
	       g_strcmp0(a->tile_url, b->tile_url) == 0 && a->has_final == b->has_final &&
	       (!a->has_final ||
		       (a->final_size == b->final_size &&
			       memcmp(a->final_root, b->final_root, sizeof a->final_root) == 0));
}

void
hk_ct_loglist_diff(
	const hk_ct_loglist *old_list, const hk_ct_loglist *new_list, hk_ct_diff_fn fn, void *user)
{
	for (unsigned i = 0; i < new_list->logs->len; i++) {
		const hk_ct_log *after = g_ptr_array_index(new_list->logs, i);
		const hk_ct_log *before = old_list ? hk_ct_loglist_find(old_list, after->id) : NULL;
		bool was = before && hk_ct_log_is_followed(before);
		bool is = hk_ct_log_is_followed(after);
		if (is && !was) {
			fn(user, HK_CT_ADDED, before, after);
		} else if (was && !is) {
			fn(user, HK_CT_REMOVED, before, after);
		} else if (was && is && !same(before, after)) {
			fn(user, HK_CT_CHANGED, before, after);
		}
	}
	for (unsigned i = 0; old_list && i < old_list->logs->len; i++) {
		const hk_ct_log *before = g_ptr_array_index(old_list->logs, i);
		if (hk_ct_log_is_followed(before) && !hk_ct_loglist_find(new_list, before->id)) {
			fn(user, HK_CT_REMOVED, before, NULL);
		}
	}
}
