#include "report/channel_template.h"

#include <inttypes.h>
#include <string.h>

#include "parse/url.h"
#include "report/channel_text.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/nearest.h"
#include "sys/sigv4.h"

enum { WHY_MAX = 8000, HOLE_NAME_MAX = 32 };

typedef enum hole {
#define HOLE(id, name, help) HOLE_##id,
#include "report/channel_holes.def"
#undef HOLE
	HOLE_COUNT
} hole;

static const char *const names[] = {
#define HOLE(id, name, help) name,
#include "report/channel_holes.def"
#undef HOLE
};

/* What a hole holds. */
typedef struct value {
	char *text;            /* owned; NULL: none */
	const GPtrArray *list; /* borrowed; NULL: none */
	GPtrArray *urls;       /* owned */
	bool number;
} value;

static void
value_clear(value *v)
{
	g_free(v->text);
	g_clear_pointer(&v->urls, g_ptr_array_unref);
}

static char *
time_of(int64_t at_ms)
{
	char text[HK_CLOCK_TEXT_SIZE];

	return at_ms > 0 ? g_strdup(hk_clock_format(at_ms, text)) : NULL;
}

static char *
number_of(int64_t n)
{
	return n > 0 ? g_strdup_printf("%" PRId64, n) : NULL;
}

static char *
host_of(const char *url)
{
	hk_url parsed;

	return url && hk_url_parse(hk_span_str(url), NULL, NULL, &parsed) == HK_OK
		       ? g_strdup(parsed.host)
		       : NULL;
}

/* Of a receipt, when there is no brief any more. */
static void
fill_old(hole id, const hk_template_data *data, value *ret)
{
	const hk_channel_receipt *receipt = data->receipt;

	if (id == HOLE_URL) {
		ret->text = g_strdup(receipt ? receipt->url : NULL);
	} else if (id == HOLE_HOST) {
		ret->text = host_of(receipt ? receipt->url : NULL);
	} else if (id == HOLE_ID) {
		ret->text = g_strdup(receipt ? receipt->remote_id : NULL);
	} else if (id == HOLE_TOKEN) {
		ret->text = g_strdup(receipt ? receipt->token : data->token);
	}
}

static GPtrArray *
urls_of(const hk_brief *brief)
{
	GPtrArray *urls = g_ptr_array_new();

	for (unsigned i = 0; i < brief->sites->len; i++) {
		g_ptr_array_add(urls, ((hk_brief_site *)brief->sites->pdata[i])->url);
	}
	return urls;
}

/* Strings of a brief, as they are. */
static const char *
plain(hole id, const hk_template_data *data)
{
	const hk_brief *b = data->brief;
	const hk_brief_site *lead = hk_channel_lead(b);
	const struct {
		hole id;
		const char *text;
	} rows[] = {
		{HOLE_URL, lead->url},
		{HOLE_HOST, lead->host},
		{HOLE_DOMAIN, lead->domain},
		{HOLE_BRAND, hk_channel_brand(b)},
		{HOLE_BRAND_KEY, b->target_key},
		{HOLE_KIND, b->kind},
		{HOLE_WORDING, b->wording},
		{HOLE_TITLE, b->title},
		{HOLE_AGENT, b->agent},
		{HOLE_IP, b->addresses->len > 0 ? b->addresses->pdata[0] : NULL},
		{HOLE_COUNTRY, b->country},
		{HOLE_REGISTRAR, b->registrar},
		{HOLE_TOKEN, data->token},
		{HOLE_ORG, b->who.org},
		{HOLE_EMAIL, hk_channel_mail(data->conf, b)},
		{HOLE_PERSON, b->who.person},
		{HOLE_REPORTER_COUNTRY, b->who.country},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].id == id) {
			return rows[i].text;
		}
	}
	return NULL;
}

static void
fill(hole id, const hk_template_data *data, value *ret)
{
	const hk_brief *b = data->brief;

	*ret = (value){0};
	if (!b) {
		fill_old(id, data, ret);
		return;
	}
	ret->number = id == HOLE_SCORE || id == HOLE_CASE || id == HOLE_ASN;
	if (id == HOLE_URLS) {
		ret->list = ret->urls = urls_of(b);
	} else if (id == HOLE_IPS || id == HOLE_OFFICIAL) {
		ret->list = id == HOLE_IPS ? b->addresses : b->official;
	} else if (id == HOLE_WHY) {
		ret->text = hk_channel_why(b, WHY_MAX);
	} else if (id == HOLE_SCORE) {
		ret->text = g_strdup_printf("%d", (int)(CLAMP(b->score, 0, 1) * 100 + 0.5));
	} else if (id == HOLE_CASE || id == HOLE_ASN) {
		ret->text = number_of(id == HOLE_CASE ? b->case_id : b->asn);
	} else if (id == HOLE_FIRST_SEEN || id == HOLE_DETECTED) {
		ret->text = time_of(id == HOLE_FIRST_SEEN ? b->first_seen_ms : b->detected_ms);
	} else {
		ret->text = g_strdup(plain(id, data));
	}
}

/* As text: a list one in a line. */
static char *
as_text(value *v)
{
	GString *out;

	if (!v->list) {
		return g_steal_pointer(&v->text);
	}
	out = g_string_new(NULL);
	for (unsigned i = 0; i < v->list->len; i++) {
		g_string_append_printf(out, "%s%s", i > 0 ? "\n" : "", (char *)v->list->pdata[i]);
	}
	return g_string_free(out, FALSE);
}

static bool
find_hole(const char *name, size_t len, hole *ret)
{
	for (int i = 0; i < HOLE_COUNT; i++) {
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
			*ret = (hole)i;
			return true;
		}
	}
	return false;
}

char *
hk_channel_hole_text(const char *name, const hk_template_data *data)
{
	hole id;
	value v;

	if (!find_hole(name, strlen(name), &id)) {
		return NULL;
	}
	fill(id, data, &v);
	char *text = as_text(&v);
	value_clear(&v);
	return text;
}

/* "{name}" at the beginning of text: the length of name; 0: there is none. */
static size_t
hole_at(const char *text)
{
	size_t len;

	if (*text != '{') {
		return 0;
	}
	len = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_");
	return len > 0 && len <= HOLE_NAME_MAX && text[1 + len] == '}' ? len : 0;
}

static bool
known_later(hole id)
{
	return id == HOLE_URL || id == HOLE_HOST || id == HOLE_ID || id == HOLE_TOKEN;
}

static bool
check_hole(const char *name, bool poll, GError **error)
{
	hole id;

	if (!find_hole(name, strlen(name), &id)) {
		const char *near = hk_nearest(name, names, HOLE_COUNT);
		return hk_error_set(error, HK_ECONFIG, "{%s} is no variable%s%s%s", name,
			near ? "; did you mean {" : "", near ? near : "", near ? "}?" : "");
	}
	if (poll && !known_later(id)) {
		return hk_error_set(error, HK_ECONFIG,
			"{%s} is not known any more: url, host, id and token are", name);
	}
	return poll || id != HOLE_ID ||
	       hk_error_set(error, HK_ECONFIG, "{id} is not known before they have answered");
}

bool
hk_channel_template_check(const char *text, bool poll, GError **error)
{
	if (strlen(text) > HK_CHANNEL_TEMPLATE_MAX) {
		return hk_error_set(error, HK_ECONFIG, "a template is at most %d bytes long",
			HK_CHANNEL_TEMPLATE_MAX);
	}
	for (; *text; text++) {
		size_t len = hole_at(text);
		g_autofree char *name = len > 0 ? g_strndup(text + 1, len) : NULL;
		if (name && !check_hole(name, poll, error)) {
			return false;
		}
	}
	return true;
}

/* ---- Filling ---- */

/* Without the quotes around it. */
static void
append_json_text(GString *out, const char *text)
{
	g_autoptr(GString) quoted = g_string_new(NULL);

	hk_jsonw_str(quoted, text ? text : "");
	g_string_append_len(out, quoted->str + 1, (gssize)quoted->len - 2);
}

static void
append_json_value(GString *out, value *v)
{
	/* A writer of its own: what stands before is the template's. */
	g_autoptr(GString) json = g_string_new(NULL);

	if (v->list) {
		hk_jsonw_open(json, '[');
		for (unsigned i = 0; i < v->list->len; i++) {
			hk_jsonw_str(json, v->list->pdata[i]);
		}
		hk_jsonw_close(json, ']');
	} else if (!v->text) {
		hk_jsonw_null(json);
	} else if (v->number) {
		g_string_append(json, v->text);
	} else {
		hk_jsonw_str(json, v->text);
	}
	g_string_append_len(out, json->str, (gssize)json->len);
}

static void
append_line(GString *out, const char *text)
{
	for (; text && *text; text++) {
		bool control = (unsigned char)*text < 0x20 || *text == 0x7f;
		g_string_append_c(out, control ? ' ' : *text);
	}
}

static void
append_hole(GString *out, hole id, hk_template_place place, bool in_string,
	const hk_template_data *data)
{
	value v;

	fill(id, data, &v);
	if (place == HK_PLACE_JSON && !in_string) {
		append_json_value(out, &v);
		value_clear(&v);
		return;
	}
	g_autofree char *text = as_text(&v);
	if (place == HK_PLACE_JSON) {
		append_json_text(out, text);
	} else if (place == HK_PLACE_URL) {
		hk_sigv4_encode(out, text ? text : "", false);
	} else if (place == HK_PLACE_HEADER) {
		append_line(out, text);
	} else {
		g_string_append(out, text ? text : "");
	}
	value_clear(&v);
}

void
hk_channel_template_fill(
	GString *out, const char *text, hk_template_place place, const hk_template_data *data)
{
	bool in_string = false;
	hole id;

	while (*text) {
		size_t len = hole_at(text);
		if (len > 0 && find_hole(text + 1, len, &id)) {
			append_hole(out, id, place, in_string, data);
			text += len + 2;
			continue;
		}
		/* Inside a string of JSON a backslash takes the next character along. */
		bool escape = in_string && *text == '\\' && text[1];
		in_string ^= *text == '"';
		g_string_append_len(out, text, escape ? 2 : 1);
		text += escape ? 2 : 1;
	}
}
