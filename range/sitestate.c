#include "sitestate.h"

#include <string.h>

#include "sys/gerr.h"
#include "sys/jsonw.h"

static const struct {
	const char *code;
	rg_page page;
	int answers;
	bool nameless, held;
} rows[] = {
#define SITESTATE(id, code, page, answers, nameless, held, meaning)                                \
	{code, RG_PAGE_##page, answers, nameless, held},
#include "sitestates.def"
#undef SITESTATE
};

struct rg_states {
	GMutex lock;
	GHashTable *of; /* key -> rg_site_state + 1 */
};

const char *
rg_site_state_code(rg_site_state state)
{
	return rows[state].code;
}

bool
rg_site_state_find(const char *code, rg_site_state *ret)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (strcmp(rows[i].code, code) == 0) {
			*ret = (rg_site_state)i;
			return true;
		}
	}
	return false;
}

rg_site_means
rg_site_state_means(rg_site_state state)
{
	return (rg_site_means){.page = rows[state].page,
		.own = rows[state].answers < 0,
		.silent = rows[state].answers == 0,
		.nameless = rows[state].nameless,
		.held = rows[state].held};
}

rg_states *
rg_states_new(void)
{
	rg_states *s = g_new0(rg_states, 1);

	g_mutex_init(&s->lock);
	s->of = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return s;
}

void
rg_states_free(rg_states *s)
{
	if (s) {
		g_hash_table_unref(s->of);
		g_mutex_clear(&s->lock);
		g_free(s);
	}
}

void
rg_states_set(rg_states *s, const char *key, rg_site_state state)
{
	g_mutex_lock(&s->lock);
	g_hash_table_replace(s->of, g_ascii_strdown(key, -1), GINT_TO_POINTER((int)state + 1));
	g_mutex_unlock(&s->lock);
}

rg_site_state
rg_states_of(rg_states *s, const char *host, const char *path)
{
	g_autofree char *low = g_ascii_strdown(host, -1);
	g_autofree char *page = g_strconcat(low, path, NULL);

	g_mutex_lock(&s->lock);
	int found = GPOINTER_TO_INT(g_hash_table_lookup(s->of, page));
	found = found ? found : GPOINTER_TO_INT(g_hash_table_lookup(s->of, low));
	g_mutex_unlock(&s->lock);
	return found ? (rg_site_state)(found - 1) : RG_SITE_LIVE;
}

static int
by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

void
rg_states_json(rg_states *s, GString *out)
{
	GHashTableIter at;
	void *key;
	g_autoptr(GPtrArray) keys = g_ptr_array_new();

	g_mutex_lock(&s->lock);
	g_hash_table_iter_init(&at, s->of);
	while (g_hash_table_iter_next(&at, &key, NULL)) {
		g_ptr_array_add(keys, key);
	}
	g_ptr_array_sort(keys, by_text);
	hk_jsonw_open(out, '{');
	for (guint i = 0; i < keys->len; i++) {
		const char *host = g_ptr_array_index(keys, i);
		hk_jsonw_key(out, host);
		hk_jsonw_str(out, rows[GPOINTER_TO_INT(g_hash_table_lookup(s->of, host)) - 1].code);
	}
	hk_jsonw_close(out, '}');
	g_mutex_unlock(&s->lock);
}

/* ---- What the registry's file says ---- */

/* A name that is gone keeps what it was in "was". */
static void
tell_dns(json_t *data, const char *host, bool nameless)
{
	json_t *dns = json_object_get(data, "dns");
	json_t *row = json_object_get(dns, host);
	json_t *was = json_object_get(row, "was");

	if (!json_is_object(dns)) {
		dns = json_object();
		json_object_set_new(data, "dns", dns);
	}
	if (nameless && !was) {
		json_t *gone = json_pack("{s:s,s:O}", "rcode", "NXDOMAIN", "was",
			row ? row : json_object_get(dns, "*"));
		json_object_set_new(dns, host,
			gone ? gone : json_pack("{s:s,s:{}}", "rcode", "NXDOMAIN", "was"));
	} else if (!nameless && was) {
		json_object_set(dns, host, was);
	}
}

static void
tell_status(json_t *answer, bool held)
{
	static const char word[] = "client hold";
	json_t *status = json_object_get(answer, "status");
	json_t *list = json_array();
	json_t *value;
	size_t i;

	json_array_foreach(status, i, value) {
		if (g_strcmp0(json_string_value(value), word) != 0) {
			json_array_append(list, value);
		}
	}
	if (held) {
		json_array_append_new(list, json_string(word));
	}
	json_object_set_new(answer, "status", list);
}

/* A row for every name ("/domain/" and a star), as one for this name. */
static json_t *
own_row(const json_t *row, const char *domain)
{
	char *text = json_dumps(row, 0);
	g_auto(GStrv) parts = g_strsplit(text, "{*}", -1);
	g_autofree char *own = g_strjoinv(domain, parts);

	free(text);
	return json_loads(own, 0, NULL);
}

static void
tell_registry(json_t *data, const char *domain, bool held)
{
	static const char mark[] = "/domain/";
	json_t *http = json_object_get(data, "http");
	g_autoptr(GPtrArray) stars = g_ptr_array_new_with_free_func(g_free);
	const char *key;
	json_t *row;

	json_object_foreach(http, key, row) {
		const char *at = strstr(key, mark);
		if (at && strcmp(at + strlen(mark), "*") == 0) {
			g_ptr_array_add(stars, g_strndup(key, (gsize)(at - key)));
		}
	}
	for (guint i = 0; i < stars->len; i++) {
		const char *front = g_ptr_array_index(stars, i);
		g_autofree char *own = g_strconcat(front, mark, domain, NULL);
		g_autofree char *any = g_strconcat(front, mark, "*", NULL);
		if (!json_object_get(http, own)) {
			json_object_set_new(http, own, own_row(json_object_get(http, any), domain));
		}
	}
	json_object_foreach(http, key, row) {
		const char *at = strstr(key, mark);
		json_t *body = json_object_get(row, "body");
		if (at && strcmp(at + strlen(mark), domain) == 0 && json_is_object(body)) {
			tell_status(body, held);
		}
	}
}

bool
rg_states_tell(const char *path, const char *host, rg_site_state state, GError **error)
{
	json_t *data = json_load_file(path, 0, NULL);
	const char *domain = host;

	if (!json_is_object(data)) {
		json_decref(data);
		return hk_error_set(error, HK_EFORM, "%s: not there, or not JSON", path);
	}
	tell_dns(data, host, rows[state].nameless);
	/* The host, and each name above it but the last label. */
	for (const char *dot; domain && (dot = strchr(domain, '.')); domain = dot + 1) {
		tell_registry(data, domain, rows[state].held);
	}
	char *text = json_dumps(data, JSON_INDENT(1));
	bool good = g_file_set_contents(path, text, -1, error);
	free(text);
	json_decref(data);
	return good;
}
