#include "monitor/print.h"

#include <string.h>

#include "base/codec.h"
#include "parse/url.h"
#include "sys/formtokens.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/textfold.h"
#include "sys/uts46.h"

enum { SKETCH_BYTES = HK_MINHASH_SLOTS * 4, CAPTURE_MAX = 16 << 20, COUNT_UNKNOWN = 1000 };

static void
copy(char *to, size_t size, const char *text)
{
	const char *end;

	g_strlcpy(to, text ? text : "", size);
	if (!g_utf8_validate(to, -1, &end)) {
		to[end - to] = '\0';
	}
}

void
hk_print_set(
	hk_print *p, const char *title, const char *form, const char *host, const hk_minhash *paths)
{
	memset(p, 0, sizeof *p);
	copy(p->title, sizeof p->title, title);
	g_strstrip(p->title);
	copy(p->form, sizeof p->form, form);
	copy(p->host, sizeof p->host, host);
	if (paths) {
		p->paths = *paths;
	}
}

static bool
is_shaped(const hk_print *p)
{
	return p->paths.count >= HK_PRINT_TAGS_MIN;
}

static unsigned
tokens_of(const char *form)
{
	unsigned count = *form != '\0';

	for (; *form; form++) {
		count += *form == ' ';
	}
	return count;
}

static bool
is_like(const hk_print *was, const hk_print *is)
{
	bool titled = *was->title && strcmp(was->title, is->title) == 0;
	bool asks = *was->form && strcmp(was->form, is->form) == 0;
	double near =
		is_shaped(was) && is_shaped(is) ? hk_minhash_near(&was->paths, &is->paths) : 0;

	/* Three tokens in the same order are no accident; fewer are everybody's (sys/formtokens), and need a page of the same name or make. */
	unsigned tokens = tokens_of(was->form);
	bool renamed = *was->title && *is->title && !titled;
	double least = tokens == 1 && renamed ? 2
		       : tokens == 1          ? HK_PRINT_NEAR
					      : HK_PRINT_NEAR_TITLED;
	if (asks && (titled || tokens >= HK_FORM_KEY_TOKENS_MIN || near >= least)) {
		return true;
	}
	/* A page that asked and does not any more is another one, whatever it is made of. */
	if (*was->form && !*is->form && was->raw) {
		return false;
	}
	if (renamed && (strcmp(was->form, is->form) != 0 || tokens == 1)) {
		return false;
	}
	return titled ? near >= HK_PRINT_NEAR_TITLED || !is_shaped(was) || !is_shaped(is)
		      : near >= HK_PRINT_NEAR;
}

int
hk_prints_find(const hk_prints *prints, const hk_print *page)
{
	for (size_t i = 0; i < prints->count; i++) {
		if (is_like(&prints->print[i], page)) {
			return (int)i;
		}
	}
	return -1;
}

bool
hk_prints_add(hk_prints *prints, const hk_print *page)
{
	for (size_t i = 0; i < prints->count; i++) {
		if (prints->print[i].raw == page->raw && is_like(&prints->print[i], page)) {
			return false;
		}
	}
	if (prints->count >= HK_PRINTS_MAX) {
		return false;
	}
	prints->print[prints->count++] = *page;
	return true;
}

bool
hk_prints_has_raw(const hk_prints *prints)
{
	for (size_t i = 0; i < prints->count; i++) {
		if (prints->print[i].raw) {
			return true;
		}
	}
	return false;
}

/* ---- As text ---- */

static void
put_sketch(const hk_minhash *m, GString *out)
{
	uint8_t bytes[SKETCH_BYTES];

	for (size_t i = 0; i < HK_MINHASH_SLOTS; i++) {
		for (size_t k = 0; k < 4; k++) {
			bytes[4 * i + k] = (uint8_t)(m->slot[i] >> (24 - 8 * k));
		}
	}
	hk_jsonw_hex(out, hk_span_of(bytes, sizeof bytes));
}

static bool
take_sketch(const char *hex, int64_t count, hk_minhash *ret)
{
	uint8_t bytes[SKETCH_BYTES];

	if (strlen(hex) != 2 * sizeof bytes ||
		hk_hex_decode(hk_span_str(hex), bytes, sizeof bytes) != HK_OK) {
		return false;
	}
	for (size_t i = 0; i < HK_MINHASH_SLOTS; i++) {
		ret->slot[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 |
			       (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
	}
	ret->count = (uint32_t)CLAMP(count, 1, UINT32_MAX);
	return true;
}

void
hk_prints_json(const hk_prints *prints, GString *out)
{
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < prints->count; i++) {
		const hk_print *p = &prints->print[i];
		hk_jsonw_open(out, '{');
		hk_jsonw_member_str(out, "title", p->title);
		hk_jsonw_member_str(out, "form", p->form);
		hk_jsonw_member_str(out, "host", p->host);
		hk_jsonw_member_bool(out, "raw", p->raw);
		if (p->paths.count > 0) {
			hk_jsonw_member_int(out, "tags", p->paths.count);
			hk_jsonw_key(out, "paths");
			put_sketch(&p->paths, out);
		}
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static void
take_print(const hk_json *from, hk_print *ret)
{
	const char *title = NULL, *form = NULL, *host = NULL, *paths = NULL;
	hk_minhash sketch;
	int64_t tags = 0;
	bool raw = false;

	hk_json_str(from, "title", &title, NULL);
	hk_json_str(from, "form", &form, NULL);
	hk_json_str(from, "host", &host, NULL);
	hk_json_bool(from, "raw", &raw, NULL);
	hk_json_i64(from, "tags", &tags, NULL);
	bool shaped = hk_json_str(from, "paths", &paths, NULL) && take_sketch(paths, tags, &sketch);
	hk_print_set(ret, title, form, host, shaped ? &sketch : NULL);
	ret->raw = raw;
}

void
hk_prints_read(const char *text, hk_prints *ret)
{
	g_autoptr(hk_json_doc) doc =
		text ? hk_json_load(hk_span_str(text), HK_PRINTS_BYTES_MAX, NULL) : NULL;

	memset(ret, 0, sizeof *ret);
	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	for (size_t i = 0; i < hk_json_len(&root) && ret->count < HK_PRINTS_MAX; i++) {
		hk_json at = hk_json_at(&root, i);
		take_print(&at, &ret->print[ret->count++]);
	}
}

bool
hk_prints_capture(hk_prints *prints, const char *data, const char *title, const char *url)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(data), CAPTURE_MAX, NULL);
	g_autoptr(GString) folded = g_string_new(NULL);
	g_autofree hk_url *place = g_new0(hk_url, 1);
	const char *form = NULL, *paths = NULL;
	hk_json traits = {0};
	hk_minhash sketch;
	hk_print page;

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_object(&root, "traits", &traits, NULL)) {
		return false;
	}
	hk_json_str(&traits, "form", &form, NULL);
	bool shaped = hk_json_str(&traits, "tag_paths", &paths, NULL) &&
		      take_sketch(paths, COUNT_UNKNOWN, &sketch);
	hk_textfold(hk_span_str(title ? title : ""), folded);
	bool good = url && hk_url_parse(hk_span_str(url), hk_uts46_to_ascii, NULL, place) == HK_OK;
	hk_print_set(&page, folded->str, form, good ? place->host : "", shaped ? &sketch : NULL);
	return (shaped || *page.form || *page.title) && hk_prints_add(prints, &page);
}
