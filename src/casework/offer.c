#include "casework/offer.h"

#include <string.h>

#include "flow/check.h"
#include "flow/states.h"
#include "parse/url.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/textfold.h"
#include "sys/uts46.h"

#define DAY_MS INT64_C(86400000)
enum { NOTE_CHARS_MAX = 2000 };

static const struct {
	const char *code;
	const char *en;
} whys[] = {
#define WHY(code, how, en, ja) {code, en},
#include "casework/why.def"
#undef WHY
};

const char *
hk_why_text(const char *code)
{
	for (size_t i = 0; i < G_N_ELEMENTS(whys); i++) {
		if (strcmp(whys[i].code, code) == 0) {
			return whys[i].en;
		}
	}
	return code;
}

const char *
hk_offer_why(const GError *error)
{
	static const struct {
		const char *field;
		const char *code;
	} fields[] = {{"target:", "target"}, {"service:", "service"}, {"actor:", "actor"},
		{"kind:", "kind"}, {"first_seen:", "date"}, {"host:", "bad-host"},
		{"url:", "long"}};
	hk_err code = hk_error_code(error);

	if (code != HK_ENOENT && code != HK_EFORM && code != HK_ERANGE) {
		return NULL;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (g_str_has_prefix(error->message, fields[i].field)) {
			return fields[i].code;
		}
	}
	return "field";
}

/* Defaults --------------------------------------------------------------------------------------------------------- */

void
hk_defaults_clear(hk_defaults *d)
{
	g_free(d->target);
	g_free(d->kind);
	g_free(d->service);
	g_free(d->actor);
	g_free(d->note);
	g_free(d->gsb_type);
	g_free(d->ticket_type);
	g_free(d->wants);
	g_strfreev(d->labels);
	*d = (hk_defaults){0};
}

static bool
take_text(const hk_json *root, const char *key, char **ret, GError **error)
{
	const char *text;

	if (!hk_json_has(root, key)) {
		return true;
	}
	if (!hk_json_str(root, key, &text, error)) {
		return false;
	}
	*ret = *text ? g_strdup(text) : NULL;
	return true;
}

/* Words, between commas and the like of both kinds, and blanks. */
static char **
words_of(const char *text)
{
	GPtrArray *list = g_ptr_array_new();
	g_autoptr(GString) word = g_string_new(NULL);

	for (bool more = true; more; text = *text ? g_utf8_next_char(text) : text) {
		gunichar c = g_utf8_get_char(text);
		more = c != 0;
		if (more && !g_unichar_isspace(c) && c != ',' && c != ';' && c != 0x3001 &&
			c != 0xff0c && c != 0xff1b) {
			g_string_append_unichar(word, c);
		} else if (word->len > 0) {
			g_ptr_array_add(list, g_strdup(word->str));
			g_string_truncate(word, 0);
		}
	}
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(list, FALSE);
}

static bool
take_labels(const hk_json *root, hk_defaults *ret, GError **error)
{
	hk_json list;
	const char *text;

	if (!hk_json_has(root, "labels")) {
		return true;
	}
	if (hk_json_str(root, "labels", &text, NULL)) {
		ret->labels = words_of(text);
		return true;
	}
	if (!hk_json_array(root, "labels", &list, error)) {
		return false;
	}
	ret->labels = g_new0(char *, hk_json_len(&list) + 1);
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json at = hk_json_at(&list, i);
		if (!hk_json_text(&at)) {
			return hk_json_fail(&at, HK_EFORM, error, "must be a string");
		}
		ret->labels[i] = g_strdup(hk_json_text(&at));
	}
	return true;
}

static bool
take_wants(const hk_json *root, hk_defaults *ret, GError **error)
{
	hk_json list;

	if (!hk_json_has(root, "wants")) {
		return true;
	}
	if (!hk_json_array(root, "wants", &list, error)) {
		return false;
	}
	g_autoptr(GString) out = g_string_new("[");
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json at = hk_json_at(&list, i);
		const char *text = hk_json_text(&at);
		static const char *const known[] = {
			"html", "screenshot", "certificate", "address", "whois", NULL};
		if (!text || !g_strv_contains(known, text)) {
			return hk_json_fail(&at, HK_EFORM, error,
				"must be html, screenshot, certificate, address or whois");
		}
		g_string_append_printf(out, "%s\"%s\"", i > 0 ? "," : "", text);
	}
	g_string_append_c(out, ']');
	ret->wants = g_strdup(out->str);
	return true;
}

bool
hk_defaults_read(const char *options, hk_defaults *ret, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(options), 1 << 18, error);

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!take_text(&root, "gsb_type", &ret->gsb_type, error) ||
		!take_text(&root, "ticket_type", &ret->ticket_type, error) ||
		(ret->gsb_type && !hk_check_word("gsb_type", ret->gsb_type, hk_gsb_types, error)) ||
		(ret->ticket_type &&
			!hk_check_word("ticket_type", ret->ticket_type, hk_ticket_types, error))) {
		return false;
	}
	return take_text(&root, "target", &ret->target, error) &&
	       take_text(&root, "kind", &ret->kind, error) &&
	       take_text(&root, "service", &ret->service, error) &&
	       take_text(&root, "actor", &ret->actor, error) &&
	       take_text(&root, "note", &ret->note, error) && take_labels(&root, ret, error) &&
	       take_wants(&root, ret, error);
}

/* The URL ---------------------------------------------------------------------------------------------------------- */

static const char *
fault_code(hk_url_fault fault)
{
	static const char *const codes[] = {
		NULL, "empty", "long", "scheme", "mail", "no-dot", "bad-host", "idn", "ip", "port"};

	return codes[fault];
}

static bool
has_blank(const char *text)
{
	return strpbrk(text, " \t\n\r") || strstr(text, "　");
}

/* Punctuation, numbers and bullets around a URL are no note. */
static bool
says_something(const char *text)
{
	for (; *text; text = g_utf8_next_char(text)) {
		if (g_unichar_isalpha(g_utf8_get_char(text))) {
			return true;
		}
	}
	return false;
}

/* Up to two links of a text. */
static size_t
links_in(hk_span text, bool bare, hk_span link[2])
{
	hk_span found;
	size_t pos = 0;
	size_t count = 0;

	while (count < 2 && hk_url_find(text, bare, &pos, &found)) {
		if (count == 0 || !hk_span_eq(link[0], found)) {
			link[count++] = found;
		}
	}
	return count;
}

/* The words around the one link of a line. */
static char *
rest_of(const char *text, hk_span link)
{
	const char *at = (const char *)link.data;
	g_autofree char *before = g_strstrip(g_strndup(text, (gsize)(at - text)));
	g_autofree char *behind = g_strstrip(g_strdup(at + link.len));
	g_autofree char *rest = g_strconcat(before, *before && *behind ? " " : "", behind, NULL);

	return says_something(rest) ? g_steal_pointer(&rest) : NULL;
}

/* A line with blanks is a link among words; without, it is a link, or Japanese around one. */
static const char *
read_line(const char *text, hk_url *url, char **ret_note)
{
	hk_span all = hk_span_str(text);
	hk_span link[2];
	hk_url_fault fault;
	bool blank = has_blank(text);
	size_t links = links_in(all, blank, link);

	if (links > 1) {
		return "several";
	}
	bool whole = hk_url_read(all, hk_uts46_to_ascii, NULL, url, &fault) == HK_OK;
	if (whole && (!blank || links == 0)) {
		/* "http://evil.example/ and some words" is no path with blanks in it. */
		return blank && strstr(url->text, "%20") ? "words" : NULL;
	}
	if (links == 1 && hk_url_read(link[0], hk_uts46_to_ascii, NULL, url, &fault) == HK_OK) {
		*ret_note = rest_of(text, link[0]);
		return NULL;
	}
	return blank && links == 0 ? "words" : fault_code(fault);
}

static bool
has_scheme(hk_span link, hk_url *url)
{
	return hk_url_read(link, hk_uts46_to_ascii, NULL, url, NULL) == HK_OK &&
	       !(url->odd & HK_URL_ODD_NO_SCHEME);
}

/* Whether a cell holds another URL behind its first: behind one with a scheme only what has one, too. "bank.example (1)/" is the name
 * of a folder, and what follows a broken host belongs to it. */
static bool
holds_several(hk_span text, hk_url *url)
{
	hk_span first, found;
	size_t pos = 0;

	if (!hk_url_find(text, false, &pos, &first)) {
		return false;
	}
	bool strict = has_scheme(first, url);

	while (hk_url_find(text, false, &pos, &found)) {
		if (!hk_span_eq(first, found) && (!strict || has_scheme(found, url))) {
			return true;
		}
	}
	return false;
}

/* A cell holds a URL, and its blanks are a part of it. */
static const char *
read_cell(const char *text, hk_url *url)
{
	hk_span link[2];
	hk_url_fault fault;

	if (holds_several(hk_span_str(text), url)) {
		return "several";
	}
	if (hk_url_read(hk_span_str(text), hk_uts46_to_ascii, NULL, url, &fault) == HK_OK) {
		return NULL;
	}
	const char *code = fault_code(fault);
	return links_in(hk_span_str(text), true, link) == 1 &&
			       hk_url_read(link[0], hk_uts46_to_ascii, NULL, url, &fault) == HK_OK
		       ? NULL
		       : code;
}

static const char *
read_url(const hk_item *item, hk_url *url, char **ret_note)
{
	const char *text = item->field[HK_COLUMN_URL];

	if (item->free_text) {
		return read_line(text, url, ret_note);
	}
	return read_cell(text ? text : item->field[HK_COLUMN_HOST], url);
}

/* The rest --------------------------------------------------------------------------------------------------------- */

static bool
same_words(const char *a, const char *b)
{
	g_autoptr(GString) x = g_string_new(NULL);
	g_autoptr(GString) y = g_string_new(NULL);

	hk_textfold(hk_span_str(a), x);
	hk_textfold(hk_span_str(b), y);
	return g_string_equal(x, y);
}

/* *ret stays NULL when the kind follows from the target. */
static const char *
read_kind(const char *text, char **ret)
{
	static const struct {
		const char *words;
		const char *kind;
	} others[] = {{"フィッシング", NULL}, {"フィッシングサイト", NULL}, {"phish", NULL},
		{"phishing site", NULL}, {"商標", "trademark"}, {"商標侵害", "trademark"},
		{"ロゴ不正使用", "trademark"}, {"logo", "trademark"}, {"詐欺", "scam"},
		{"偽ショッピングサイト", "scam"}, {"fake shop", "scam"},
		{"investment scam", "investment_scam"}, {"偽投資", "investment_scam"},
		{"マルウェア", "malware"}, {"c2サーバー", "c2"}, {"c&c", "c2"}};

	if (strcmp(text, "phishing") == 0) {
		return NULL;
	}
	for (size_t i = 0; i < hk_casekind_count; i++) {
		const hk_casekind *k = &hk_casekinds[i];
		if (same_words(text, k->text) || same_words(text, k->en) ||
			same_words(text, k->ja)) {
			*ret = g_strdup(k->text);
			return NULL;
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		if (same_words(text, others[i].words)) {
			*ret = g_strdup(others[i].kind);
			return NULL;
		}
	}
	return "kind";
}

static void
append_note(GString *note, const char *before, const char *text)
{
	if (text) {
		g_string_append_printf(note, "%s%s%s", note->len > 0 ? "\n" : "", before, text);
	}
}

/* The brand, by its column, else by the description, else by the option. What is no name of a target stays readable in the note. */
static const char *
read_target(hk_offer *o, const hk_names *names, const hk_defaults *d, GString *note)
{
	hk_named named = {0};
	const char *brand = o->item.field[HK_COLUMN_TARGET];
	const char *said = o->item.field[HK_COLUMN_DESCRIPTION];

	if (hk_names_find(names, brand, &named)) {
		append_note(note, "", said);
	} else if (hk_names_find(names, said, &named)) {
		append_note(note, "Target: ", brand);
	} else {
		append_note(note, "Target: ", brand);
		append_note(note, "", said);
	}
	if (named.target) {
		o->target = g_strdup(named.target);
		o->service = g_strdup(named.service);
	} else if (d->target) {
		if (!hk_names_find(names, d->target, &named)) {
			return "target";
		}
		o->target = g_strdup(named.target);
	}
	const char *service = o->item.field[HK_COLUMN_SERVICE];
	service = service ? service : o->service ? NULL : d->service;
	if (service && o->target) {
		const char *key;
		if (!hk_names_service(names, o->target, service, &key)) {
			return "service";
		}
		g_free(o->service);
		o->service = g_strdup(key);
	} else if (service) {
		append_note(note, "Service: ", service);
	}
	return NULL;
}

static const char *
read_date(hk_offer *o, int64_t now_ms, GString *note)
{
	const char *text = o->item.field[HK_COLUMN_DATE];
	int64_t ms;

	if (!text) {
		return NULL;
	}
	if (!hk_sheet_date(text, &ms) || ms < 946684800000) {
		append_note(note, "Date: ", text);
		return NULL;
	}
	if (ms > now_ms + DAY_MS) {
		return "date";
	}
	o->lead.first_seen_ms = ms;
	return NULL;
}

static const char *
read_labels(hk_offer *o, const hk_defaults *d)
{
	const char *text = o->item.field[HK_COLUMN_LABELS];
	g_auto(GStrv) own = text ? words_of(text) : NULL;
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

	for (size_t list = 0; list < 2; list++) {
		char **from = list == 0 ? d->labels : own;
		for (size_t i = 0; from && from[i]; i++) {
			char *label = hk_check_label(from[i], NULL);
			if (!label || all->len == HK_CASE_LABELS_MAX) {
				g_free(label);
				return "field";
			}
			g_ptr_array_add(all, label);
		}
	}
	if (all->len > 0) {
		g_ptr_array_add(all, NULL);
		o->labels = (char **)g_ptr_array_free(g_steal_pointer(&all), FALSE);
	}
	return NULL;
}

static const char *
read_name(hk_offer *o)
{
	char *name = o->item.field[HK_COLUMN_NAME];

	for (char *at = name; at && *at; at++) {
		*at = (*at > 0 && *at < ' ') || *at == 0x7f ? ' ' : *at;
	}
	o->lead.name = name;
	return name && !hk_check_line("name", name, HK_NAME_MAX, NULL) ? "field" : NULL;
}

static void
take_note(hk_offer *o, const GString *note)
{
	if (note->len == 0) {
		return;
	}
	GString *out = g_string_new(NULL);
	size_t chars = 0;
	for (const char *at = note->str; *at && chars < NOTE_CHARS_MAX;
		at = g_utf8_next_char(at), chars++) {
		gunichar c = g_utf8_get_char(at);
		g_string_append_unichar(out, (c < ' ' && c != '\n') || c == 0x7f ? ' ' : c);
	}
	o->note = g_string_free(out, FALSE);
}

static const char *
fill(hk_offer *o, const hk_sites *sites, const hk_names *names, const hk_defaults *d,
	int64_t now_ms)
{
	static _Thread_local hk_url url;
	g_autofree char *words = NULL;
	g_autoptr(GString) note = g_string_new(d->note);
	hk_site site;

	const char *why = read_url(&o->item, &url, &words);
	if (why) {
		return why;
	}
	o->url = g_strdup(url.text);
	o->host = g_strdup(url.host);
	o->lead.url = o->url;
	o->lead.host = o->host;
	if (hk_names_is_own_site(names, url.host)) {
		return "official";
	}
	hk_sites_look(sites, url.host, url.is_ip, &site);
	o->domain = *site.domain ? g_strdup(site.domain) : NULL;
	append_note(note, "", words);
	why = read_target(o, names, d, note);
	why = why ? why : read_date(o, now_ms, note);
	const char *kind = o->item.field[HK_COLUMN_KIND] ? o->item.field[HK_COLUMN_KIND] : d->kind;
	why = why ? why : kind ? read_kind(kind, &o->kind) : NULL;
	why = why ? why : read_labels(o, d);
	take_note(o, note);
	o->lead.domain = o->domain;
	o->lead.private_suffix = site.private_suffix;
	o->lead.shared_host = site.shared;
	why = why ? why : read_name(o);
	o->lead.kind = o->kind;
	o->lead.target = o->target;
	o->lead.service = o->service;
	o->lead.actor = o->item.field[HK_COLUMN_ACTOR] ? o->item.field[HK_COLUMN_ACTOR] : d->actor;
	o->lead.note = o->note;
	o->lead.labels = (const char *const *)o->labels;
	o->lead.gsb_type = d->gsb_type;
	o->lead.ticket_type = d->ticket_type;
	o->lead.wants = d->wants;
	return why;
}

hk_offer *
hk_offer_new(const hk_sites *sites, const hk_names *names, const hk_defaults *defaults,
	hk_item *item, int64_t now_ms)
{
	hk_offer *o = g_new0(hk_offer, 1);

	o->item = *item;
	*item = (hk_item){0};
	o->why = o->item.skip  ? NULL
		 : o->item.why ? o->item.why
			       : fill(o, sites, names, defaults, now_ms);
	return o;
}

void
hk_offer_free(void *offer)
{
	hk_offer *o = offer;

	if (o) {
		hk_item_clear(&o->item);
		g_free(o->url);
		g_free(o->host);
		g_free(o->domain);
		g_free(o->note);
		g_free(o->kind);
		g_free(o->target);
		g_free(o->service);
		g_strfreev(o->labels);
		g_free(o);
	}
}
