/* CleanDNS: acts for registrars and registries. Facts: GET /abuse/clients, POST /abuse/report (gives _id), GET /abuse/status/{id}; for trusted reporters, who are given
 * the address (a sandbox first) and a token. Names of the fields of a report and of a status are not published: docs/channels-more.md says which we take. */
#include "report/channel_cleandns.h"

#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/channel_text.h"
#include "report/channel_words.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* --- whom it acts for --- */

struct hk_cleandns {
	GHashTable *tlds, *registrars; /* sets of folded names */
};

void
hk_cleandns_free(hk_cleandns *clients)
{
	if (clients) {
		g_hash_table_unref(clients->tlds);
		g_hash_table_unref(clients->registrars);
		g_free(clients);
	}
}

void
hk_cleandns_ask(const hk_channel_conf *conf, hk_channel_ask *ret)
{
	hk_channel_ask_init(ret, "GET", hk_channel_url(conf->url, "/abuse/clients", NULL));
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
}

/* Letters and digits only, in lower case, without what companies put behind their names. */
static char *
fold_name(const char *name)
{
	static const char *const endings[] = {
		"inc", "llc", "ltd", "limited", "gmbh", "corp", "co", "sa", "bv", "ag", "kk"};
	g_autofree char *lower = g_utf8_casefold(name, -1);
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
	GString *out = g_string_new(NULL);

	for (const char *at = lower; *at;) {
		size_t len = strcspn(at, " ,.()-_/&");
		if (len > 0) {
			g_ptr_array_add(words, g_strndup(at, len));
		}
		at += len + (at[len] != '\0');
	}
	bool cut = true;
	while (cut && words->len > 1) {
		const char *last = words->pdata[words->len - 1];
		cut = false;
		for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
			cut = cut || strcmp(last, endings[i]) == 0;
		}
		if (cut) {
			g_ptr_array_set_size(words, (int)words->len - 1);
		}
	}
	for (unsigned i = 0; i < words->len; i++) {
		g_string_append(out, words->pdata[i]);
	}
	return g_string_free(out, FALSE);
}

static void
take_name(hk_cleandns *clients, const char *name, bool tld)
{
	if (g_hash_table_size(clients->tlds) + g_hash_table_size(clients->registrars) >=
			HK_CLEANDNS_CLIENTS_MAX ||
		!*name) {
		return;
	}
	if (tld) {
		g_hash_table_add(clients->tlds, g_ascii_strdown(name + (*name == '.'), -1));
		return;
	}
	g_autofree char *folded = fold_name(name);
	if (*folded) {
		g_hash_table_add(clients->registrars, g_steal_pointer(&folded));
	}
}

/* A list of names, or of objects with a name. */
static void
take_names(hk_cleandns *clients, const hk_json *list, bool tld)
{
	static const char *const names[] = {"name", "tld", "registrar", "label", "id"};

	for (size_t i = 0; i < hk_json_len(list); i++) {
		hk_json item = hk_json_at(list, i);
		const char *text =
			hk_json_kind_of(&item) == HK_JSON_STR ? hk_json_text(&item) : NULL;
		for (size_t k = 0; !text && k < G_N_ELEMENTS(names); k++) {
			text = hk_channel_json_str(&item, names[k]);
		}
		if (text) {
			take_name(clients, text, tld);
		}
	}
}

/* Clients in one list: each has a name, a type, and perhaps TLDs. */
static void
take_clients(hk_cleandns *clients, const hk_json *list)
{
	for (size_t i = 0; i < hk_json_len(list); i++) {
		hk_json item = hk_json_at(list, i), tlds;
		const char *name = hk_channel_json_str(&item, "name");
		const char *type = hk_channel_json_str(&item, "type");
		const char *tld = hk_channel_json_str(&item, "tld");
		if (hk_channel_json_at(&item, "tlds", &tlds)) {
			take_names(clients, &tlds, true);
		}
		if (tld) {
			take_name(clients, tld, true);
		}
		if (name && (!type || g_ascii_strcasecmp(type, "registry") != 0)) {
			take_name(clients, name, false);
		}
	}
}

hk_cleandns *
hk_cleandns_read(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret_told)
{
	static const struct {
		const char *path;
		bool tld;
	} places[] = {
		{"tlds", true},
		{"registries", true},
		{"registrars", false},
		{"data.tlds", true},
		{"data.registrars", false},
	};
	static const char *const lists[] = {"clients", "data.clients", "data", ""};
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_LOOKUP, answer, ret_told);
	hk_json at;

	if (!doc) {
		return NULL;
	}
	g_autoptr(hk_cleandns) clients = g_new0(hk_cleandns, 1);
	hk_json root = hk_json_root(doc);
	clients->tlds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	clients->registrars = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		if (hk_channel_json_at(&root, places[i].path, &at)) {
			take_names(clients, &at, places[i].tld);
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		if (hk_channel_json_at(&root, lists[i], &at) &&
			hk_json_kind_of(&at) == HK_JSON_ARRAY) {
			take_clients(clients, &at);
			break;
		}
	}
	if (g_hash_table_size(clients->tlds) + g_hash_table_size(clients->registrars) == 0) {
		hk_channel_http_odd(conf, HK_ASKED_LOOKUP, "it names no client", ret_told);
		return NULL;
	}
	ret_told->how = HK_TOLD_STATE;
	return g_steal_pointer(&clients);
}

bool
hk_cleandns_covers(const hk_cleandns *clients, const char *host, const char *registrar)
{
	for (const char *dot = strchr(host, '.'); dot; dot = strchr(dot + 1, '.')) {
		if (g_hash_table_contains(clients->tlds, dot + 1)) {
			return true;
		}
	}
	g_autofree char *folded = registrar ? fold_name(registrar) : NULL;
	return folded && *folded && g_hash_table_contains(clients->registrars, folded);
}

/* --- reports --- */

static void
write_evidence(GString *body, const hk_brief *brief)
{
	hk_jsonw_key(body, "evidence");
	hk_jsonw_open(body, '[');
	for (unsigned i = 0; i < brief->files->len; i++) {
		const hk_brief_file *file = brief->files->pdata[i];
		gsize len = 0;
		const void *data = file->bytes ? g_bytes_get_data(file->bytes, &len) : NULL;
		if (len == 0) {
			continue;
		}
		hk_jsonw_open(body, '{');
		hk_jsonw_member_str(body, "name", file->name);
		hk_jsonw_member_str(body, "contentType", file->type);
		hk_jsonw_key(body, "payload");
		hk_jsonw_base64(body, hk_span_of(data, len));
		hk_jsonw_close(body, '}');
	}
	hk_jsonw_close(body, ']');
}

static const char *
type_of(const hk_brief *brief)
{
	return hk_channel_is_trademark(brief) ? "trademark"
	       : hk_channel_is_malware(brief) ? "malware"
					      : "phishing";
}

/* They want: the exact URL, the earliest time of detection, a picture. */
static bool
submit(const hk_channel_conf *conf, const hk_brief *brief, const char *token, hk_channel_ask *ret,
	GError **error)
{
	const hk_brief_site *lead = hk_channel_one(brief, error);
	g_autofree char *reason = hk_channel_why(brief, 5000);
	const char *mail = lead ? hk_channel_need_mail(conf, brief, error) : NULL;
	GString *body;

	if (!mail) {
		return false;
	}
	body = g_string_new(NULL);
	hk_jsonw_open(body, '{');
	hk_jsonw_member_str(body, "url", lead->url);
	hk_jsonw_member_str(body, "domain", lead->domain ? lead->domain : lead->host);
	hk_jsonw_member_str(body, "abuseType", type_of(brief));
	hk_jsonw_key(body, "detectedAt");
	hk_jsonw_time(body, hk_channel_seen_ms(brief) / 1000);
	hk_jsonw_member_str(body, "targetBrand", hk_channel_brand(brief));
	hk_jsonw_member_str(body, "description", reason);
	hk_jsonw_member_str(body, "reporterEmail", mail);
	hk_jsonw_member_str(body, "reporterOrg", brief->who.org);
	hk_jsonw_member_str(body, "reference", token);
	write_evidence(body, brief);
	hk_jsonw_close(body, '}');
	hk_channel_ask_json(ret, "POST", hk_channel_url(conf->url, "/abuse/report", NULL), body);
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	return true;
}

/* The first of the paths where a text or number stands. Caller frees; NULL: none. */
static char *
first_text(const hk_json *root, const char *const *paths)
{
	char *text = NULL;

	for (; !text && *paths; paths++) {
		text = hk_channel_json_text(root, *paths);
	}
	return text;
}

static void
submitted(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	static const char *const ids[] = {
		"_id", "data._id", "[0]._id", "reports[0]._id", "report._id", "id", NULL};
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_SUBMIT, answer, ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	char *id = first_text(&root, ids);
	if (!id) {
		hk_channel_http_odd(conf, HK_ASKED_SUBMIT, "_id is missing", ret);
		return;
	}
	ret->how = HK_TOLD_TAKEN;
	ret->state = "sent";
	ret->remote_id = id;
}

static bool
poll(const hk_channel_conf *conf, const hk_channel_receipt *receipt, hk_channel_ask *ret,
	GError **error)
{
	if (!hk_channel_number(receipt, error)) {
		return false;
	}
	hk_channel_ask_init(ret, "GET",
		hk_channel_url(conf->url, "/abuse/status/{}", receipt->remote_id, NULL));
	hk_channel_ask_auth(ret, HK_AUTH_BEARER, NULL, NULL);
	return true;
}

static void
polled(const hk_channel_conf *conf, const hk_channel_answer *answer, hk_told *ret)
{
	/* Not published; words that such systems have. One that is no row changes nothing and is shown as it is. */
	static const hk_channel_state states[] = {
		{"received", "acknowledged", false},
		{"new", "acknowledged", false},
		{"open", "acknowledged", false},
		{"pending", "acknowledged", false},
		{"in progress", "acknowledged", false},
		{"escalated", "acknowledged", false},
		{"mitigated", "actioned", true},
		{"suspended", "actioned", true},
		{"actioned", "actioned", true},
		{"resolved", "actioned", true},
		{"rejected", "rejected", true},
		{"not actionable", "rejected", true},
		{"insufficient evidence", "rejected", true},
		{0},
	};
	static const char *const places[] = {"status", "data.status", "[0].status", "state",
		"report.status", "status.name", NULL};
	g_autoptr(hk_json_doc) doc = hk_channel_http_read(conf, HK_ASKED_POLL, answer, ret);

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	g_autofree char *state = first_text(&root, places);
	if (!state) {
		hk_channel_http_odd(conf, HK_ASKED_POLL, "status is missing", ret);
		return;
	}
	ret->how = HK_TOLD_STATE;
	hk_channel_state_read(states, state, ret);
	ret->facts = hk_channel_facts(&root, "reason", "reason", "updated", "updatedAt", "action",
		"action", "client", "client", NULL);
}

const hk_channel hk_channel_cleandns = {
	.name = "cleandns",
	.en = "CleanDNS",
	.ja = "CleanDNS",
	.way = HK_WAY_HTTP,
	.can = HK_CAN_POLL,
	.batch = 1,
	.poll_ms = 30 * 60 * 1000,
	.keys = "email",
	.needs = "secret-file",
	.submit = submit,
	.submitted = submitted,
	.poll = poll,
	.polled = polled,
};
