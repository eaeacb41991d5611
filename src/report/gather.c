/* nocheck: tested in tests/scenario/takedown.t */
#include "report/gather.h"

#include <string.h>

#include "base/codec.h"
#include "base/num.h"
#include "flow/states.h"
#include "store/meta_rows.h"
#include "store/telling.h"
#include "sys/gerr.h"
#include "sys/json.h"

enum { DATA_BYTES_MAX = 8 << 20, TEXT_MAX = 300, FIELDS_MAX = 20, HOPS_MAX = 20, REASONS_MAX = 12 };

static void
set(char **place, const char *text)
{
	if (!*place && text && *text) {
		*place = g_strndup(text, TEXT_MAX * 4);
	}
}

static void
add_once(GPtrArray *list, const char *text, unsigned max)
{
	if (text && *text && list->len < max &&
		!g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL)) {
		g_ptr_array_add(list, g_strdup(text));
	}
}

/* ---- facts ---- */

static void
take_as(hk_brief *b, const char *value)
{
	uint64_t asn;

	if (b->asn == 0 && g_str_has_prefix(value, "AS") &&
		g_ascii_string_to_unsigned(value + 2, 10, 1, G_MAXUINT32, &asn, NULL)) {
		b->asn = (int64_t)asn;
	}
}

static void
take_fact(void *user, const hk_telling_fact *fact)
{
	hk_brief *b = user;
	const struct {
		const char *kind;
		char **one;
		GPtrArray *list;
	} places[] = {{"dns.a", NULL, b->addresses}, {"dns.aaaa", NULL, b->addresses},
		{"dns.ns", NULL, b->nameservers}, {"reg.ns", NULL, b->nameservers},
		{"reg.status", NULL, b->reg_status}, {"reg.registrar", &b->registrar, NULL},
		{"reg.created", &b->reg_created, NULL}, {"ip.as_name", &b->as_name, NULL},
		{"ip.country", &b->country, NULL}, {"tls.issuer", &b->issuer, NULL},
		{"tls.certificate", &b->certificate, NULL}};

	if (strcmp(fact->kind, "ip.as") == 0) {
		take_as(b, fact->value);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		if (strcmp(places[i].kind, fact->kind) != 0) {
			continue;
		}
		if (places[i].one) {
			set(places[i].one, fact->value);
		} else {
			add_once(places[i].list, fact->value, HOPS_MAX);
		}
	}
}

/* ---- captures ---- */

static void
take_field(hk_brief *b, const hk_json *field)
{
	const char *type = NULL, *name = NULL, *label = NULL;
	bool visible = true;

	(void)(hk_json_has(field, "visible") && hk_json_bool(field, "visible", &visible, NULL));
	if (!visible || (hk_json_has(field, "type") && !hk_json_str(field, "type", &type, NULL))) {
		return;
	}
	if (type && (strcmp(type, "hidden") == 0 || strcmp(type, "submit") == 0 ||
			    strcmp(type, "button") == 0)) {
		return;
	}
	(void)(hk_json_has(field, "name") && hk_json_str(field, "name", &name, NULL));
	(void)(hk_json_has(field, "label") && hk_json_str(field, "label", &label, NULL));
	add_once(b->fields, name && *name ? name : label && *label ? label : type, FIELDS_MAX);
}

static void
take_page(hk_brief *b, const hk_json *page)
{
	const char *title = NULL, *action = NULL;
	hk_json list;

	if (hk_json_has(page, "title") && hk_json_str(page, "title", &title, NULL)) {
		set(&b->title, title);
	}
	if (hk_json_has(page, "fields") && hk_json_array(page, "fields", &list, NULL)) {
		for (size_t i = 0; i < hk_json_len(&list); i++) {
			hk_json at = hk_json_at(&list, i);
			take_field(b, &at);
		}
	}
	if (hk_json_has(page, "forms") && hk_json_array(page, "forms", &list, NULL) &&
		hk_json_len(&list) > 0) {
		hk_json at = hk_json_at(&list, 0);
		if (hk_json_has(&at, "action") && hk_json_str(&at, "action", &action, NULL)) {
			set(&b->submit_url, action);
		}
	}
}

static void
take_data(hk_brief *b, const char *data)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(data), DATA_BYTES_MAX, NULL);
	const char *agent = NULL, *url = NULL;
	hk_json list;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (hk_json_has(&root, "user_agent") && hk_json_str(&root, "user_agent", &agent, NULL)) {
		set(&b->agent, agent);
	}
	if (hk_json_has(&root, "hops") && hk_json_array(&root, "hops", &list, NULL)) {
		for (size_t i = 0; i < hk_json_len(&list); i++) {
			hk_json at = hk_json_at(&list, i);
			if (hk_json_has(&at, "url") && hk_json_str(&at, "url", &url, NULL)) {
				add_once(b->redirects, url, HOPS_MAX);
			}
		}
	}
	if (hk_json_has(&root, "pages") && hk_json_array(&root, "pages", &list, NULL)) {
		for (size_t i = 0; i < hk_json_len(&list); i++) {
			hk_json at = hk_json_at(&list, i);
			take_page(b, &at);
		}
	}
}

/* The first visit that was shown something speaks for the case. */
static void
take_capture(void *user, const hk_telling_capture *capture)
{
	hk_brief *b = user;

	if (b->landing || capture->status >= 400) {
		return;
	}
	set(&b->landing, capture->url);
	set(&b->title, capture->title);
	take_data(b, capture->data);
}

typedef struct pictures {
	hk_brief *brief;
	hk_blobs *blobs;
} pictures;

static void
take_picture(void *user, const hk_telling_picture *picture)
{
	pictures *p = user;
	g_autoptr(GError) local = NULL;

	if (p->brief->files->len >= HK_GATHER_PICTURES) {
		return;
	}
	hk_brief_file *file = g_new0(hk_brief_file, 1);
	file->name = g_strdup_printf("%s-%s", picture->profile, picture->name);
	file->type = g_strdup(picture->type);
	file->profile = g_strdup(picture->profile);
	file->at_ms = picture->at_ms;
	memcpy(file->sha256, picture->sha256, sizeof file->sha256);
	if (p->blobs && picture->bytes <= (int64_t)HK_GATHER_PICTURE_MAX) {
		file->bytes = hk_blobs_get(p->blobs, file->sha256, HK_GATHER_PICTURE_MAX, &local);
	}
	g_ptr_array_add(p->brief->files, file);
}

static void
take_dimensions(hk_brief *b, const char *text)
{
	g_autoptr(hk_json_doc) doc =
		text ? hk_json_load(hk_span_str(text), DATA_BYTES_MAX, NULL) : NULL;
	hk_json all = doc ? hk_json_root(doc) : (hk_json){0};

	for (size_t i = 0; doc && i < hk_json_len(&all); i++) {
		hk_json one = hk_json_at(&all, i);
		add_once(b->dimensions, hk_json_text(&one), HOPS_MAX);
	}
}

static bool
take_run(hk_db *db, hk_blobs *blobs, hk_brief *b, GError **error)
{
	g_auto(hk_telling_run) run = {0};
	pictures p = {b, blobs};

	if (!hk_telling_run_of(db, b->case_id, &run, error)) {
		return false;
	}
	if (run.id == 0) {
		return true;
	}
	b->evidence_ms = run.done_ms;
	b->cloaked = g_strcmp0(run.verdict, "cloaked") == 0;
	b->stamped_ms = run.stamped ? run.done_ms : 0;
	take_dimensions(b, run.dimensions);
	if (run.has_manifest) {
		char hex[65];
		hk_hex_encode(hk_span_of(run.manifest, sizeof run.manifest), hex);
		b->manifest = g_strdup(hex);
	}
	return hk_telling_captures(db, run.id, take_capture, b, error) &&
	       hk_telling_pictures(db, run.id, take_picture, &p, error);
}

/* ---- the case ---- */

typedef struct places {
	const hk_sites *sites;
	hk_brief *brief;
} places;

static void
take_url(void *user, int64_t case_id, const char *url, const char *host, int64_t first_ms)
{
	places *p = user;
	hk_site site;

	if (p->brief->sites->len >= HK_BRIEF_SITES_MAX) {
		return;
	}
	hk_sites_look(p->sites, host, false, &site);
	g_ptr_array_add(p->brief->sites,
		hk_brief_site_new(case_id, url, host, *site.domain ? site.domain : NULL, first_ms));
}

bool
hk_gather_more(
	hk_db *db, const hk_gather_config *config, hk_brief *brief, int64_t case_id, GError **error)
{
	places p = {config->sites, brief};
	g_auto(hk_case_row) row = {0};
	unsigned was = brief->sites->len;

	if (!hk_telling_urls(db, case_id, HK_GATHER_URLS, take_url, &p, error)) {
		return false;
	}
	if (brief->sites->len > was) {
		return true;
	}
	/* A case that was opened by a certificate has a host and no URL. */
	if (!hk_cases_get(db, case_id, &row, error)) {
		return false;
	}
	if (row.host) {
		g_autofree char *url = g_strdup_printf("https://%s/", row.host);
		take_url(&p, case_id, row.url ? row.url : url, row.host,
			row.clocks[HK_CLOCK_FIRST_SEEN]);
	}
	return true;
}

static const char *
text_of(const hk_meta_row *row, const char *column)
{
	const char *const *columns = hk_meta_columns(HK_META_TARGET);

	for (unsigned i = 0; columns[i]; i++) {
		if (strcmp(columns[i], column) == 0) {
			return row->values[i].s;
		}
	}
	return NULL;
}

static bool
is_own(const hk_meta_row *row)
{
	const char *const *columns = hk_meta_columns(HK_META_TARGET);

	for (unsigned i = 0; columns[i]; i++) {
		if (strcmp(columns[i], "own") == 0) {
			return row->values[i].i != 0;
		}
	}
	return false;
}

static bool
take_target(hk_db *db, hk_brief *b, int64_t id, GError **error)
{
	g_auto(hk_meta_row) row = {0};
	bool found = false;

	if (id != 0 && !hk_meta_rows_get(db, HK_META_TARGET, id, NULL, &row, &found, error)) {
		return false;
	}
	if (!found) {
		return true;
	}
	b->target_key = g_strdup(text_of(&row, "key"));
	b->target = g_strdup(text_of(&row, "name"));
	b->target_en = g_strdup(text_of(&row, "name_en"));
	b->own = is_own(&row);
	const char *domains = text_of(&row, "domains");
	g_autoptr(hk_json_doc) doc =
		domains ? hk_json_load(hk_span_str(domains), DATA_BYTES_MAX, NULL) : NULL;
	hk_json all = doc ? hk_json_root(doc) : (hk_json){0};
	for (size_t i = 0; doc && i < hk_json_len(&all); i++) {
		hk_json one = hk_json_at(&all, i);
		add_once(b->official, hk_json_text(&one), HOPS_MAX);
	}
	return true;
}

static void
take_reasons(hk_brief *b, const char *text)
{
	g_autoptr(hk_json_doc) doc =
		text ? hk_json_load(hk_span_str(text), DATA_BYTES_MAX, NULL) : NULL;
	hk_json all = doc ? hk_json_root(doc) : (hk_json){0};

	for (size_t i = 0; doc && i < hk_json_len(&all); i++) {
		hk_json one = hk_json_at(&all, i);
		add_once(b->reasons, hk_json_text(&one), REASONS_MAX);
	}
}

/* How the site is called: as the case says (S37, S39), else by its kind. */
static const char *
wording_of(const hk_case_row *row)
{
	static const struct {
		const char *kind, *wording;
	} kinds[] = {{"phishing", "phishing"}, {"phishing_other", "phishing"},
		{"trademark", "trademark"}};

	if (row->gsb_type) {
		return row->gsb_type;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (strcmp(kinds[i].kind, row->kind) == 0) {
			return kinds[i].wording;
		}
	}
	return "other";
}

static void
take_told(void *user, const hk_telling_sent *sent)
{
	hk_brief *b = user;
	hk_brief_told *told = g_new0(hk_brief_told, 1);

	*told = (hk_brief_told){.report_id = sent->id,
		.sent_ms = sent->sent_ms,
		.answered_ms = sent->answered_ms,
		.channel = g_strdup(sent->channel),
		.name = g_strdup(sent->name),
		.recipient = g_strdup(sent->recipient),
		.state = g_strdup(sent->state),
		.reference = g_strdup(sent->reference)};
	g_ptr_array_add(b->ledger, told);
}

hk_brief *
hk_gather(hk_db *db, const hk_gather_config *config, const hk_case_row *row, GError **error)
{
	g_autoptr(hk_brief) b = hk_brief_new();

	b->case_id = row->id;
	b->kind = g_strdup(row->kind);
	b->wording = g_strdup(wording_of(row));
	b->score = row->score;
	b->first_seen_ms = row->clocks[HK_CLOCK_FIRST_SEEN];
	b->detected_ms = row->clocks[HK_CLOCK_DETECTED];
	b->confirmed_ms = row->clocks[HK_CLOCK_CONFIRMED];
	b->who = (hk_brief_reporter){.org = g_strdup(config->who->org),
		.domain = g_strdup(config->who->domain),
		.contact = g_strdup(config->who->contact),
		.tel = g_strdup(config->who->tel),
		.person = g_strdup(config->who->person),
		.country = g_strdup(config->who->country)};
	take_reasons(b, row->reasons);
	if (!take_target(db, b, row->target_id, error) ||
		!hk_gather_more(db, config, b, row->id, error) ||
		!hk_telling_facts(db, row->id, take_fact, b, error) ||
		!take_run(db, config->blobs, b, error) ||
		!hk_telling_ledger(db, row->id, take_told, b, error)) {
		return NULL;
	}
	if (b->sites->len == 0) {
		hk_error_set(error, HK_EFORM, "case %" G_GINT64_FORMAT " has neither URL nor host",
			row->id);
		return NULL;
	}
	return g_steal_pointer(&b);
}
