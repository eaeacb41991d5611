/* nocheck: tested in tests/scenario/bell.t and c2-replay.t */
#include "role/bell_take.h"

#include <string.h>

#include "casework/names.h"
#include "parse/url.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hmac.h"
#include "sys/jsonw.h"
#include "sys/uts46.h"

/* How long the targets that were read are good for. */
#define NAMES_MS 60000
enum { SHOWN_MAX = 3 };

struct hk_bell_taker {
	const hk_sites *sites;
	uint8_t key[HK_HMAC_KEY_SIZE];
	hk_names *names;
	int64_t names_ms;
};

hk_bell_taker *
hk_bell_taker_new(const hk_sites *sites, const uint8_t *key)
{
	hk_bell_taker *t = g_new0(hk_bell_taker, 1);

	t->sites = sites;
	hk_key_derive(key, "c2 numbers", t->key);
	return t;
}

void
hk_bell_taker_free(hk_bell_taker *t)
{
	if (t) {
		hk_secret_wipe(t->key, sizeof t->key);
		g_clear_pointer(&t->names, hk_names_free);
		g_free(t);
	}
}

static bool
read_names(hk_bell_taker *t, hk_db *db, GError **error)
{
	int64_t now = hk_clock_mono_ms();

	if (t->names && now - t->names_ms < NAMES_MS) {
		return true;
	}
	hk_names *fresh = hk_names_load(db, error);
	if (!fresh) {
		return false;
	}
	g_clear_pointer(&t->names, hk_names_free);
	t->names = fresh;
	t->names_ms = now;
	return true;
}

/* ---- What it says ---- */

/* A mail address becomes "***@host": whoever is written to by name in a message is a victim. */
static char *
mask_text(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_number_mask_text(hk_span_str(text), out);
	for (char *at = strchr(out->str, '@'); at; at = strchr(at + 1, '@')) {
		size_t end = (size_t)(at - out->str), begin = end;
		while (begin > 0 && (g_ascii_isalnum(out->str[begin - 1]) ||
					    strchr("._%+-", out->str[begin - 1]))) {
			begin--;
		}
		if (begin < end) {
			g_string_erase(out, (gssize)begin, (gssize)(end - begin));
			g_string_insert(out, (gssize)begin, "***");
			at = out->str + begin + 3;
		}
	}
	return g_strdup(out->str);
}

char *
hk_bell_masked(const hk_command *c)
{
	GString *out = g_string_new(c->word);

	if (c->send) {
		g_string_append_printf(out, " [%u]", c->numbers->len + c->masked + c->beyond);
	}
	if (c->text) {
		g_autofree char *text = mask_text(c->text);
		g_string_append_printf(out, " %s", text);
	} else if (!c->send && c->argument) {
		g_autofree char *text = mask_text(c->argument);
		g_string_append_printf(out, " %s", text);
	}
	return g_string_free(out, FALSE);
}

/* The first target that something in brackets names; else the one that the text names longest. */
static const char *
target_of(const hk_bell_taker *t, const hk_command *c)
{
	hk_named named;

	for (unsigned i = 0; i < c->brands->len; i++) {
		if (hk_names_find(t->names, c->brands->pdata[i], &named)) {
			return named.target;
		}
	}
	return c->text ? hk_names_within(t->names, c->text) : NULL;
}

static void
fill_link(const hk_bell_taker *t, const char *text, hk_url *url, hk_wave_link *ret)
{
	*ret = (hk_wave_link){0};
	if (hk_url_parse(hk_span_str(text), hk_uts46_to_ascii, NULL, url) != HK_OK) {
		return;
	}
	ret->url = text;
	ret->host = url->host;
	hk_sites_look(t->sites, url->host, url->is_ip, &ret->site);
	ret->official = hk_names_is_official(t->names, url->host);
}

/* Keyed hash of session, time and bytes. */
static void
frame_key(const hk_bell_taker *t, const hk_bell_from *from, hk_span frame, uint8_t ret[32])
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	const int64_t head[] = {GINT64_TO_LE(from->session_id), GINT64_TO_LE(from->at_ms)};

	g_byte_array_append(all, (const guint8 *)head, sizeof head);
	g_byte_array_append(all, frame.data, (guint)frame.len);
	hk_hmac_sha256(t->key, hk_span_of(all->data, all->len), ret);
}

/* ---- Handing it over ---- */

typedef struct handing {
	const hk_wave_seen *seen;
	hk_wave_taken *ret;
} handing;

static bool
hand(hk_flow *flow, void *user, GError **error)
{
	handing *h = user;

	return hk_wave_take(flow, h->seen, h->ret, error);
}

/* What a send command has besides. */
typedef struct load {
	GArray *to;      /* of hk_wave_to */
	GPtrArray *urls; /* of hk_url, owned */
	GArray *links;   /* of hk_wave_link */
	GString *brands, *shown;
} load;

static void
load_clear(load *l)
{
	g_array_unref(l->to);
	g_ptr_array_unref(l->urls);
	g_array_unref(l->links);
	g_string_free(l->brands, TRUE);
	g_string_free(l->shown, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(load, load_clear)

static void
load_fill(const hk_bell_taker *t, const hk_command *c, load *l)
{
	*l = (load){.to = g_array_new(FALSE, TRUE, sizeof(hk_wave_to)),
		.urls = g_ptr_array_new_with_free_func(g_free),
		.links = g_array_new(FALSE, TRUE, sizeof(hk_wave_link)),
		.brands = g_string_new(NULL),
		.shown = g_string_new(NULL)};
	for (unsigned i = 0; i < c->numbers->len; i++) {
		const char *number = c->numbers->pdata[i];
		char mask[HK_TELNO_MASK_SIZE];
		hk_wave_to to;
		hk_hmac_sha256(t->key, hk_span_str(number), to.hash);
		hk_number_region(number, to.region);
		g_array_append_val(l->to, to);
		if (i < SHOWN_MAX) {
			g_string_append_printf(
				l->shown, "%s%s", i > 0 ? ", " : "", hk_number_mask(number, mask));
		}
	}
	for (unsigned i = 0; i < MIN(c->urls->len, HK_WAVE_LINKS_MAX); i++) {
		hk_url *url = g_new0(hk_url, 1);
		hk_wave_link link;
		g_ptr_array_add(l->urls, url);
		fill_link(t, c->urls->pdata[i], url, &link);
		if (link.url) {
			g_array_append_val(l->links, link);
		}
	}
	hk_jsonw_open(l->brands, '[');
	for (unsigned i = 0; i < c->brands->len; i++) {
		hk_jsonw_str(l->brands, c->brands->pdata[i]);
	}
	hk_jsonw_close(l->brands, ']');
}

bool
hk_bell_take(hk_bell_taker *t, hk_flow *flow, const hk_bell_from *from, hk_span frame,
	hk_wave_taken *ret, GError **error)
{
	static const hk_who who = {.login = "auto", .via = "watch", .address = ""};
	g_autoptr(hk_command) c = hk_command_read(from->family, frame);
	g_auto(load) l = {0};
	uint8_t key[32];

	*ret = (hk_wave_taken){0};
	if (!read_names(t, hk_flow_db(flow), error)) {
		return false;
	}
	g_autofree char *plain = c && c->text                   ? mask_text(c->text)
				 : c && !c->send && c->argument ? mask_text(c->argument)
								: g_strdup("");
	g_autofree char *text = hk_wave_cut(plain, HK_WAVE_TEXT_MAX);
	g_autofree char *word =
		c ? g_utf8_substring(c->word, 0, MIN(g_utf8_strlen(c->word, -1), 100)) : NULL;
	frame_key(t, from, frame, key);
	if (c) {
		load_fill(t, c, &l);
	} else {
		return true;
	}
	const hk_wave_seen seen = {.session_id = from->session_id,
		.family = from->family->name,
		.port = from->port,
		.at_ms = from->at_ms,
		.frame = key,
		.verb = c->verb ? c->verb->name : "",
		.word = word,
		.text = text,
		.send = c->send && c->text,
		.key = c->key,
		.brands = l.brands->str,
		.target = c->send ? target_of(t, c) : NULL,
		.actor = from->family->actor,
		.shown = l.shown->str,
		.to = (const hk_wave_to *)(const void *)l.to->data,
		.to_count = l.to->len,
		.masked = c->masked,
		.odd = c->odd,
		.doubles = c->doubles,
		.links = (const hk_wave_link *)(const void *)l.links->data,
		.link_count = l.links->len};
	handing h = {&seen, ret};
	return hk_flow_do(flow, &who, hand, &h, error);
}
