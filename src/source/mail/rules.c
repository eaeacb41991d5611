/* nocheck: tested in tests/unit/source/test_mail_rules.c. Rules from files, and which of them a mail belongs to. */
#include "source/mail/rules.h"

#include <string.h>

#include "base/num.h"
#include "parse/authres.h"
#include "parse/mailhead.h"
#include "sys/conffile.h"
#include "sys/gerr.h"
#include "sys/textfold.h"

/* The keys of a rule. Every help text stands in docs/mail.md, too. */
enum {
	NAME,
	FROM,
	AUTH,
	SUBJECT,
	URL,
	SECTION,
	SECTION_END,
	LINKS,
	BARE,
	TARGET,
	TIME,
	ZONE,
	KIND,
	KINDS,
	IGNORE,
	STOP,
	SCORE,
	KEYS
};

#define ROW(name, type, def, help)                                                                 \
	{                                                                                          \
		name, "", HK_TYPE_##type, NULL, NULL, NULL, def, NULL, help, true                  \
	}
static const hk_opt_row rows[KEYS] = {
	[NAME] = ROW("name", STRING, NULL, "name of the service"),
	[FROM] = ROW("from", LIST, NULL, "domains of the sender's address"),
	[AUTH] = ROW("auth", STRING, "any", "result that is needed: any, dmarc, dkim, spf, none"),
	[SUBJECT] = ROW("subject", LIST, NULL, "patterns of the subject, * for anything"),
	[URL] = ROW("url", LIST, NULL, "labels behind which addresses stand"),
	[SECTION] = ROW("section", LIST, NULL, "headings below which addresses stand"),
	[SECTION_END] = ROW("section-end", LIST, NULL, "what ends such a section"),
	[LINKS] = ROW("links", BOOL, "false", "take every link of the mail"),
	[BARE] = ROW("bare", BOOL, "false", "in sections, host names without a scheme count, too"),
	[TARGET] = ROW("target", LIST, NULL, "labels of the brand"),
	[TIME] = ROW("time", LIST, NULL, "labels of the time"),
	[ZONE] = ROW("zone", STRING, "+00:00", "zone of times that name none"),
	[KIND] = ROW("kind", LIST, NULL, "labels of the kind"),
	[KINDS] = ROW("kinds", LIST, NULL, "words=kind: what the service's words mean"),
	[IGNORE] = ROW(
		"ignore", LIST, NULL, "domains, or patterns of URLs, that are the service's own"),
	[STOP] = ROW("stop", LIST, NULL, "beginnings of lines from which on nothing is read"),
	[SCORE] = {"score", "", HK_TYPE_REAL, NULL, "0", "1", "0.8", NULL, "score of its sightings",
		true},
};
#undef ROW

struct hk_mail_rules {
	GPtrArray *rules; /* of hk_mail_rule */
};

static void
rule_free(void *data)
{
	hk_mail_rule *r = data;
	GPtrArray *lists[] = {r->from, r->subject, r->url, r->section, r->section_end, r->target,
		r->time, r->kind, r->ignore, r->stop, r->kinds};

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		if (lists[i]) {
			g_ptr_array_unref(lists[i]);
		}
	}
	g_free(r->file);
	g_free(r->name);
	g_free(r);
}

void
hk_mail_rules_free(hk_mail_rules *rules)
{
	if (rules) {
		g_ptr_array_unref(rules->rules);
		g_free(rules);
	}
}

size_t
hk_mail_rules_count(const hk_mail_rules *rules)
{
	return rules->rules->len;
}

const hk_mail_rule *
hk_mail_rules_get(const hk_mail_rules *rules, size_t i)
{
	return rules->rules->pdata[i];
}

/* ---- loading ---- */

/* A list of its own; folded: labels and headings are compared in that form. */
static GPtrArray *
list_of(const hk_confentry *entry, bool fold)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; entry->value.list && i < entry->value.list->len; i++) {
		hk_span text = hk_span_str(entry->value.list->pdata[i]);
		g_autoptr(GString) folded = g_string_new(NULL);

		if (fold) {
			hk_textfold(text, folded);
			g_strstrip(folded->str);
		}
		g_ptr_array_add(list, fold ? g_strdup(folded->str)
					   : g_strndup((const char *)text.data, text.len));
	}
	return list;
}

static const char *
text_of(const hk_confentry *entries, int key)
{
	return entries[key].line > 0 && entries[key].value.text ? entries[key].value.text
								: rows[key].def;
}

/* "+09:00" in minutes. */
static bool
read_zone(const char *text, int *ret)
{
	if (strlen(text) != 6 || !strchr("+-", text[0]) || text[3] != ':' ||
		!g_ascii_isdigit(text[1]) || !g_ascii_isdigit(text[2]) ||
		!g_ascii_isdigit(text[4]) || !g_ascii_isdigit(text[5])) {
		return false;
	}
	int hours = (text[1] - '0') * 10 + text[2] - '0';
	int minutes = (text[4] - '0') * 10 + text[5] - '0';

	*ret = (hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
	return hours <= 14 && minutes < 60;
}

static bool
read_need(const char *text, hk_mail_need *ret)
{
	static const char *const names[] = {"any", "dmarc", "dkim", "spf", "none"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(names[i], text) == 0) {
			*ret = (hk_mail_need)i;
			return true;
		}
	}
	return false;
}

static bool
refuse(const char *path, const hk_confentry *entries, int key, const char *what, GError **error)
{
	return hk_error_set(error, HK_ECONFIG, "%s:%d: %s %s", path, MAX(entries[key].line, 1),
		rows[key].name, what);
}

static bool
check(const char *path, const hk_confentry *entries, hk_mail_rule *r, GError **error)
{
	if (!r->name || !*r->name) {
		return refuse(path, entries, NAME, "is needed: the name of the service", error);
	}
	if (r->from->len == 0) {
		return refuse(path, entries, FROM,
			"is needed: the domain in the From address of its alerts (from = { "
			"\"alerts.service.example\" })",
			error);
	}
	for (unsigned i = 0; i < r->from->len; i++) {
		char *domain = r->from->pdata[i];

		if (strchr(domain, '@') || !strchr(domain, '.')) {
			return refuse(path, entries, FROM,
				"holds domains, not addresses: alerts.service.example", error);
		}
		for (char *at = domain; *at; at++) {
			*at = g_ascii_tolower(*at);
		}
	}
	if (!read_need(text_of(entries, AUTH), &r->need)) {
		return refuse(path, entries, AUTH, "is any, dmarc, dkim, spf or none", error);
	}
	if (!read_zone(text_of(entries, ZONE), &r->zone_min)) {
		return refuse(path, entries, ZONE, "is written like +09:00", error);
	}
	for (unsigned i = 0; i < r->kinds->len; i++) {
		if (!strchr(r->kinds->pdata[i], '=')) {
			return refuse(path, entries, KINDS, "is a list of \"words=kind\"", error);
		}
	}
	if (r->url->len == 0 && r->section->len == 0 && !r->links) {
		return refuse(path, entries, URL,
			"is needed, or section, or links = true: where the addresses stand", error);
	}
	return true;
}

static hk_mail_rule *
load_one(const char *path, GError **error)
{
	hk_confentry entries[KEYS] = {0};
	hk_mail_rule *r = g_new0(hk_mail_rule, 1);
	bool fine = hk_conffile_read_rows(path, rows, KEYS, "docs/mail.md", entries, error);

	if (fine) {
		r->file = g_strdup(path);
		r->name = g_strdup(entries[NAME].value.text);
		r->from = list_of(&entries[FROM], false);
		r->subject = list_of(&entries[SUBJECT], true);
		r->url = list_of(&entries[URL], true);
		r->section = list_of(&entries[SECTION], true);
		r->section_end = list_of(&entries[SECTION_END], true);
		r->target = list_of(&entries[TARGET], true);
		r->time = list_of(&entries[TIME], true);
		r->kind = list_of(&entries[KIND], true);
		r->kinds = list_of(&entries[KINDS], false);
		r->ignore = list_of(&entries[IGNORE], false);
		r->stop = list_of(&entries[STOP], true);
		r->links = entries[LINKS].line > 0 && entries[LINKS].value.number != 0;
		r->bare = entries[BARE].line > 0 && entries[BARE].value.number != 0;
		r->score = entries[SCORE].line > 0 ? entries[SCORE].value.real : 0.8;
		fine = check(path, entries, r, error);
	}
	for (size_t i = 0; i < KEYS; i++) {
		hk_optvalue_clear(&entries[i].value);
	}
	if (!fine) {
		rule_free(r);
		return NULL;
	}
	return r;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *
files_of(const char *path, GError **error)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) why = NULL;
	GDir *dir;
	const char *name;

	if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
		g_ptr_array_add(files, g_strdup(path));
		return g_steal_pointer(&files);
	}
	dir = g_dir_open(path, 0, &why);
	if (!dir) {
		hk_error_set(
			error, HK_EPOLICY, "%s: cannot read the folder: %s", path, why->message);
		return NULL;
	}
	while ((name = g_dir_read_name(dir))) {
		if (g_str_has_suffix(name, ".conf") && name[0] != '.') {
			g_ptr_array_add(files, g_build_filename(path, name, NULL));
		}
	}
	g_dir_close(dir);
	g_ptr_array_sort(files, by_name);
	return g_steal_pointer(&files);
}

hk_mail_rules *
hk_mail_rules_load(const char *path, GError **error)
{
	g_autoptr(GPtrArray) files = files_of(path, error);

	if (!files) {
		return NULL;
	}
	if (files->len > HK_MAIL_RULES_MAX) {
		hk_error_set(error, HK_ELIMIT, "%s: more than %u rules", path, HK_MAIL_RULES_MAX);
		return NULL;
	}
	hk_mail_rules *rules = g_new0(hk_mail_rules, 1);

	rules->rules = g_ptr_array_new_with_free_func(rule_free);
	for (unsigned i = 0; i < files->len; i++) {
		hk_mail_rule *rule = load_one(files->pdata[i], error);

		if (!rule) {
			hk_mail_rules_free(rules);
			return NULL;
		}
		g_ptr_array_add(rules->rules, rule);
	}
	return rules;
}

/* ---- which rule ---- */

bool
hk_mail_under(const char *host, const char *domain)
{
	size_t n = strlen(host);
	size_t m = strlen(domain);

	return n >= m && g_ascii_strcasecmp(host + n - m, domain) == 0 &&
	       (n == m || host[n - m - 1] == '.');
}

bool
hk_mail_glob(const char *pattern, const char *text)
{
	const char *star = NULL;
	const char *back = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			back = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*') {
		pattern++;
	}
	return *pattern == '\0';
}

void
hk_mail_verdict_clear(hk_mail_verdict *v)
{
	char *texts[] = {v->server, v->spf.result, v->spf.domain, v->dkim.result, v->dkim.domain,
		v->dmarc.result, v->dmarc.domain};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_free(texts[i]);
	}
	memset(v, 0, sizeof *v);
}

static const char *
domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "";
}

/* A service may sign with its main domain what it sends from one below, and the other way round. */
static bool
aligned(const char *a, const char *b)
{
	return strchr(a, '.') && strchr(b, '.') && (hk_mail_under(a, b) || hk_mail_under(b, a));
}

static char *
lower(hk_span text)
{
	return g_ascii_strdown(
		(const char *)(text.data ? text.data : (const uint8_t *)""), (gssize)text.len);
}

/* Of several signatures one that passes for the sender's domain is what is looked for. */
static void
set(char **result, char **domain, const hk_authres_item *item, const char *from)
{
	g_autofree char *new_domain = lower(item->domain);
	bool good = hk_mailhead_is(item->result, "pass") && aligned(new_domain, from);

	if (*result && (!good || (strcmp(*result, "pass") == 0 && aligned(*domain, from)))) {
		return;
	}
	g_free(*result);
	g_free(*domain);
	*result = lower(item->result);
	*domain = g_steal_pointer(&new_domain);
}

static bool
is_server(hk_span name, const char *const *servers)
{
	for (; servers && *servers; servers++) {
		if (hk_mailhead_is(name, *servers)) {
			return true;
		}
	}
	return false;
}

void
hk_mail_judge(const hk_mail *mail, const char *const *servers, hk_mail_verdict *ret)
{
	const hk_mail_head *head = mail->heads->pdata[0];
	const char *from = domain_of(head->from);
	int64_t hop = -1;

	memset(ret, 0, sizeof *ret);
	for (unsigned i = 0; i < mail->auths->len; i++) {
		const hk_mail_auth *auth = mail->auths->pdata[i];
		hk_authres a;
		hk_authres_item item;
		hk_err err = hk_authres_read(hk_span_str(auth->value), &a);

		/* What nobody can read may have been our server's: what stands below it is not believed. */
		if (err == HK_ELIMIT) {
			break;
		}
		if (err != HK_OK || !is_server(a.server, servers) ||
			(hop >= 0 && auth->hop != hop)) {
			continue;
		}
		if (a.broken) {
			break;
		}
		if (hop < 0) {
			hop = auth->hop;
			ret->server = lower(a.server);
		} else if (!hk_mailhead_is(a.server, ret->server)) {
			continue;
		}
		while (hk_authres_next(&a, &item)) {
			if (hk_mailhead_is(item.method, "spf")) {
				set(&ret->spf.result, &ret->spf.domain, &item, from);
			} else if (hk_mailhead_is(item.method, "dkim")) {
				set(&ret->dkim.result, &ret->dkim.domain, &item, from);
			} else if (hk_mailhead_is(item.method, "dmarc")) {
				set(&ret->dmarc.result, &ret->dmarc.domain, &item, from);
			}
		}
	}
}

static bool
passes(const char *result, const char *domain, const char *from)
{
	return result && strcmp(result, "pass") == 0 && aligned(domain, from);
}

static bool
authenticated(const hk_mail_rule *r, const hk_mail_verdict *v, const char *from)
{
	bool any = r->need == HK_MAIL_NEED_ANY;

	return r->need == HK_MAIL_NEED_NONE ||
	       ((any || r->need == HK_MAIL_NEED_DMARC) &&
		       passes(v->dmarc.result, v->dmarc.domain, from)) ||
	       ((any || r->need == HK_MAIL_NEED_DKIM) &&
		       passes(v->dkim.result, v->dkim.domain, from)) ||
	       ((any || r->need == HK_MAIL_NEED_SPF) && passes(v->spf.result, v->spf.domain, from));
}

static bool
looks_right(const hk_mail_rule *r, const char *from, const char *subject)
{
	bool good = false;

	for (unsigned i = 0; i < r->from->len && !good; i++) {
		good = hk_mail_under(from, r->from->pdata[i]);
	}
	bool fits = r->subject->len == 0;

	for (unsigned i = 0; i < r->subject->len && !fits; i++) {
		fits = hk_mail_glob(r->subject->pdata[i], subject);
	}
	return good && fits;
}

const hk_mail_rule *
hk_mail_rules_match(const hk_mail_rules *rules, const hk_mail *mail, const hk_mail_verdict *verdict,
	const hk_mail_rule **ret_refused)
{
	const hk_mail_head *head = mail->heads->pdata[0];
	const char *from = domain_of(head->from);
	g_autoptr(GString) subject = g_string_new(NULL);

	*ret_refused = NULL;
	hk_textfold(hk_span_str(head->subject), subject);
	for (size_t i = 0; rules && i < hk_mail_rules_count(rules); i++) {
		const hk_mail_rule *r = hk_mail_rules_get(rules, i);

		if (!looks_right(r, from, subject->str)) {
			continue;
		}
		if (authenticated(r, verdict, from)) {
			return r;
		}
		*ret_refused = *ret_refused ? *ret_refused : r;
	}
	return NULL;
}

bool
hk_mail_rule_ignores(const hk_mail_rule *rule, const char *url, const char *host)
{
	for (unsigned i = 0; i < rule->ignore->len; i++) {
		const char *what = rule->ignore->pdata[i];
		bool pattern = strpbrk(what, "*/:") != NULL;

		if (pattern ? hk_mail_glob(what, url) : hk_mail_under(host, what)) {
			return true;
		}
	}
	return false;
}
