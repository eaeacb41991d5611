/* An answer as a sketch: made in the sandbox, handed over as bytes, and read from them again outside. */
#include <string.h>

#include "base/cur.h"
#include "base/utf8.h"
#include "match/mmh3.h"
#include "score/page_int.h"
#include "sys/charset.h"
#include "sys/textfold.h"
#include "sys/uts46.h"

enum {
	SNIFF_MAX = 1024,    /* bytes in which a charset or a first tag is looked for */
	LABEL_CAP = 48,      /* bytes of a charset's name */
	COPY_LINE_MAX = 200, /* bytes of a line with a copyright sign that are kept */
	COPY_LINES_MAX = 8,
	SHORT_TEXT = 40, /* characters; fewer are next to nothing */
	FLAG_ICON = 1,
	FLAG_FOLLOW = 2,
};

static const bool is_hosts[HK_PAGE_AREAS] = {
	[HK_PAGE_LOADS] = true, [HK_PAGE_LINKS] = true, [HK_PAGE_SENDS] = true};

hk_page_sketch *
hk_page_sketch_new(hk_page_kind kind)
{
	hk_page_sketch *s = g_new0(hk_page_sketch, 1);

	s->kind = kind;
	for (size_t i = 0; i < HK_PAGE_AREAS; i++) {
		s->area[i] = g_strdup("");
	}
	s->charset = g_strdup("");
	hk_minhash_init(&s->shingles);
	return s;
}

void
hk_page_sketch_free(hk_page_sketch *s)
{
	if (s) {
		for (size_t i = 0; i < HK_PAGE_AREAS; i++) {
			g_free(s->area[i]);
		}
		g_free(s->follow);
		g_free(s->charset);
		g_free(s);
	}
}

/* ---- what it is ---- */

static bool
begins_like_html(hk_span body)
{
	size_t len = MIN(body.len, SNIFF_MAX);

	for (size_t i = 0; i + 1 < len; i++) {
		uint8_t next = body.data[i + 1];

		if (body.data[i] == '<' && (g_ascii_isalpha(next) || next == '!' || next == '?')) {
			return true;
		}
	}
	return false;
}

static bool
is_page(const hk_page_answer *a)
{
	if (!a->type || !*a->type) {
		return a->body.len == 0 || begins_like_html(a->body);
	}
	g_autofree char *type = g_ascii_strdown(a->type, -1);

	return strstr(type, "html") || (strstr(type, "xml") && begins_like_html(a->body));
}

/* Behind "charset=" in text; "" if there is none. */
static void
charset_in(const char *text, char ret[LABEL_CAP])
{
	g_autofree char *lower = g_ascii_strdown(text ? text : "", -1);
	const char *at = strstr(lower, "charset=");
	size_t len = 0;

	if (at) {
		at += strlen("charset=");
		at += strspn(at, " \t\"'");
		len = MIN(strcspn(at, " \t\"';/>"), LABEL_CAP - 1);
		memcpy(ret, at, len);
	}
	ret[len] = '\0';
}

/* What nearly all pages are; sys/charset goes over a text several times. Escapes may be those of ISO-2022-JP. */
static bool
is_plain(hk_span body)
{
	static const uint8_t others[] = {0, 0x0e, 0x1b};

	for (size_t i = 0; body.len > 0 && i < G_N_ELEMENTS(others); i++) {
		if (memchr(body.data, others[i], body.len)) {
			return false;
		}
	}
	return body.len > 0 && body.data[0] != 0xef && hk_utf8_valid(body);
}

/* The line of the answer counts before the page's own word (WHATWG HTML, section 13.2.3.2). UTF-7 is no charset of browsers. */
static const char *
to_utf8(const hk_page_answer *a, GString *out)
{
	char label[LABEL_CAP];

	charset_in(a->type, label);
	if (!*label) {
		g_autofree char *head =
			g_strndup((const char *)a->body.data, MIN(a->body.len, SNIFF_MAX));
		charset_in(head, label);
	}
	if (strstr(label, "utf-7") || strstr(label, "utf7")) {
		label[0] = '\0';
	}
	hk_span body = hk_span_of(a->body.data, MIN(a->body.len, HK_PAGE_BODY_MAX));

	if (strncmp(label, "utf-16", 6) != 0 && is_plain(body)) {
		g_string_append_len(out, (const char *)body.data, (gssize)body.len);
		return "utf-8";
	}
	return hk_charset_text(body, label, out, NULL);
}

/* ---- reading ---- */

static hk_page_reader *
reader_new(const hk_page_answer *a)
{
	hk_page_reader *r = g_new0(hk_page_reader, 1);
	hk_url *url = g_new(hk_url, 1);
	const char *at = a->final_url ? a->final_url : a->url;

	r->answer = a;
	if (at && hk_url_parse(hk_span_str(at), hk_uts46_to_ascii, NULL, url) == HK_OK) {
		r->base = url;
		g_strlcpy(r->own, url->host, sizeof r->own);
	} else {
		g_free(url);
		g_strlcpy(r->own, a->host ? a->host : "", sizeof r->own);
	}
	g_strlcpy(r->host, r->own, sizeof r->host);
	for (size_t i = 0; i < HK_PAGE_AREAS; i++) {
		r->raw[i] = g_string_new(NULL);
		r->known[i] = is_hosts[i]
				      ? g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)
				      : NULL;
	}
	for (size_t i = 0; i < HK_PAGE_ATTRS; i++) {
		r->attr[i] = g_string_new(NULL);
	}
	r->own_links = g_hash_table_new(NULL, NULL);
	r->scratch = g_string_new(NULL);
	r->fields = g_ptr_array_new_with_free_func(hk_page_field_free);
	r->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	r->near = g_string_new(NULL);
	r->label = g_string_new(NULL);
	r->press = g_string_new(NULL);
	hk_page_tags_init(&r->tags);
	return r;
}

static void
reader_free(hk_page_reader *r)
{
	for (size_t i = 0; i < HK_PAGE_AREAS; i++) {
		g_string_free(r->raw[i], TRUE);
		g_clear_pointer(&r->known[i], g_hash_table_unref);
	}
	for (size_t i = 0; i < HK_PAGE_ATTRS; i++) {
		g_string_free(r->attr[i], TRUE);
	}
	g_hash_table_unref(r->own_links);
	g_string_free(r->scratch, TRUE);
	g_ptr_array_unref(r->fields);
	g_hash_table_unref(r->labels);
	g_string_free(r->near, TRUE);
	g_string_free(r->label, TRUE);
	g_string_free(r->press, TRUE);
	hk_page_tags_clear(&r->tags);
	g_free(r->label_for);
	g_free(r->press_leads);
	g_free(r->follow);
	g_free(r->frame);
	g_free(r->base);
	g_free(r);
}

/* At most max bytes, no half characters. */
static size_t
cut_text(const char *text, size_t len, size_t max)
{
	size_t to = MIN(len, max);

	while (to > 0 && to < len && ((unsigned char)text[to] & 0xc0) == 0x80) {
		to--;
	}
	return to;
}

static size_t
cut_at(const GString *text, size_t max)
{
	return cut_text(text->str, text->len, max);
}

/* A long text's end is where its footer is. */
static void
fold_text(const GString *raw, GString *out)
{
	if (raw->len <= HK_PAGE_TEXT_HEAD + HK_PAGE_TEXT_TAIL) {
		hk_textfold(hk_span_of(raw->str, raw->len), out);
		return;
	}
	size_t head = cut_at(raw, HK_PAGE_TEXT_HEAD);
	size_t tail = cut_at(raw, raw->len - HK_PAGE_TEXT_TAIL);

	hk_textfold(hk_span_of(raw->str, head), out);
	g_string_append_c(out, '\n');
	hk_textfold(hk_span_of(raw->str + tail, raw->len - tail), out);
}

/* What is no UTF-8 would not be taken outside, and with it the whole page. */
static void
cap_area(GString *text)
{
	if (!hk_utf8_valid(hk_span_of(text->str, text->len))) {
		g_autofree char *valid = g_utf8_make_valid(text->str, (gssize)text->len);

		g_string_assign(text, valid);
	}
	g_string_truncate(text, cut_at(text, HK_PAGE_AREA_MAX));
	for (size_t i = 0; i < text->len; i++) {
		if (text->str[i] == '\0') {
			text->str[i] = ' ';
		}
	}
}

/* Lines of the text that say whose rights it holds. */
static void
find_copyright(const char *text, GString *out)
{
	static const char *const signs[] = {"\xc2\xa9", "copyright", "(c)", "all rights reserved"};
	unsigned lines = 0;

	for (const char *at = text; *at && lines < COPY_LINES_MAX;) {
		size_t len = strcspn(at, "\n");
		g_autofree char *line =
			len > 0 && len < HK_PAGE_AREA_MAX ? g_strndup(at, len) : NULL;
		const char *found = NULL;

		for (size_t i = 0; line && !found && i < G_N_ELEMENTS(signs); i++) {
			found = strstr(line, signs[i]);
		}
		if (found) {
			g_string_append_len(
				out, found, (gssize)cut_text(found, strlen(found), COPY_LINE_MAX));
			g_string_append_c(out, '\n');
			lines++;
		}
		at += len + (at[len] == '\n');
	}
}

/* Texts of people folded; hosts and paths are as they shall be. */
static void
fold_areas(hk_page_reader *r, GString *area[HK_PAGE_AREAS])
{
	for (size_t i = 0; i < HK_PAGE_AREAS; i++) {
		area[i] = g_string_new(NULL);
		if (i == HK_PAGE_TEXT) {
			fold_text(r->raw[i], area[i]);
		} else if (i < HK_PAGE_TEXT) {
			hk_textfold(
				hk_span_of(r->raw[i]->str, cut_at(r->raw[i], HK_PAGE_AREA_MAX / 2)),
				area[i]);
		} else {
			g_string_append_len(area[i], r->raw[i]->str, (gssize)r->raw[i]->len);
		}
	}
	find_copyright(area[HK_PAGE_TEXT]->str, area[HK_PAGE_COPY]);
	for (size_t i = 0; i < HK_PAGE_AREAS; i++) {
		cap_area(area[i]);
	}
}

/* ---- the record ---- */

static void
put(GString *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = bytes; i > 0; i--) {
		g_string_append_c(out, (char)(uint8_t)(value >> (8 * (i - 1))));
	}
}

static void
put_text(GString *out, const char *text, size_t len)
{
	put(out, len, 2);
	g_string_append_len(out, text, (gssize)len);
}

typedef struct counts {
	uint32_t text_chars, fields, links_own, links_out, links_void;
} counts;

static void
put_record(const hk_page_sketch *s, GString *out)
{
	put(out, s->kind, 1);
	put(out, s->has, 2);
	put(out, (s->has_icon ? FLAG_ICON : 0) | (s->follow ? FLAG_FOLLOW : 0), 1);
	put_text(out, s->charset, strlen(s->charset));
	for (size_t i = 0; i < HK_PAGE_AREAS; i++) {
		put_text(out, s->area[i], s->len[i]);
	}
	put(out, s->text_chars, 4);
	put(out, s->fields, 4);
	put(out, s->links_own, 4);
	put(out, s->links_out, 4);
	put(out, s->links_void, 4);
	put_text(out, (const char *)s->form.token, s->form.count);
	put(out, s->shingles.count, 4);
	for (size_t i = 0; s->shingles.count > 0 && i < HK_MINHASH_SLOTS; i++) {
		put(out, s->shingles.slot[i], 4);
	}
	put(out, s->hash_count, 1);
	g_string_append_len(
		out, (const char *)s->hash, (gssize)(s->hash_count * sizeof s->hash[0]));
	if (s->has_icon) {
		put(out, (uint32_t)s->icon, 4);
	}
	if (s->follow) {
		put_text(out, s->follow, strlen(s->follow));
	}
}

/* Where it leads, and what it shows, when it shows next to nothing itself. */
static void
find_kind(hk_page_reader *r, hk_page_sketch *s)
{
	bool little = r->text_chars < SHORT_TEXT && s->fields == 0;

	if (s->fields == 0 && r->presses == 1) {
		r->has |= HK_PAGE_HAS_LONE;
		hk_page_leads(r, r->press_leads);
	}
	if (little && r->frames > 0) {
		r->has |= HK_PAGE_HAS_REFRESH;
		hk_page_leads(r, r->frame);
	}
	if (little && r->scripts > 0) {
		r->has |= HK_PAGE_HAS_SCRIPTED;
	}
	if (s->kind == HK_PAGE_CONTENT && r->text_chars == 0 && s->fields == 0 && r->presses == 0 &&
		r->pictures == 0 && r->frames == 0 && r->scripts == 0 && !r->follow) {
		s->kind = HK_PAGE_BLANK;
	}
}

static void
read_into(hk_page_reader *r, hk_page_sketch *s)
{
	g_autoptr(GString) utf8 = g_string_new(NULL);
	GString *area[HK_PAGE_AREAS];

	g_free(s->charset);
	s->charset = g_strdup(to_utf8(r->answer, utf8));
	hk_page_html(r, hk_span_of(utf8->str, utf8->len));
	if (r->answer->body.len > HK_PAGE_BODY_MAX) {
		r->has |= HK_PAGE_HAS_CUT;
	}
	fold_areas(r, area);
	hk_page_form_tokens(
		r, area[HK_PAGE_TITLE]->str, area[HK_PAGE_TEXT]->str, &s->form, &s->fields);
	find_kind(r, s);
	for (size_t i = 0; i < HK_PAGE_AREAS; i++) {
		g_free(s->area[i]);
		s->len[i] = area[i]->len;
		s->area[i] = g_string_free(area[i], FALSE);
	}
	s->has = r->has;
	s->text_chars = r->text_chars;
	s->links_own = g_hash_table_size(r->own_links);
	s->links_out = r->links_out;
	s->links_void = r->links_void;
	s->shingles = r->tags.shingles;
	s->hash_count = r->hash_count;
	memcpy(s->hash, r->hash, sizeof s->hash);
	s->has_icon = r->has_icon;
	s->icon = r->icon;
	s->follow = g_steal_pointer(&r->follow);
}

void
hk_page_warm(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	char name[HK_HOST_MAX + 1];

	hk_charset_warm();
	hk_htmltok_warm();
	hk_form_warm();
	hk_textfold(HK_SPAN_LIT("みほん"), out);
	(void)!hk_uts46_to_ascii(NULL, HK_SPAN_LIT("みほん.example"), name, sizeof name);
}

void
hk_page_describe(const hk_page_answer *a, GString *out)
{
	hk_page_sketch *s = hk_page_sketch_new(is_page(a) ? HK_PAGE_CONTENT : HK_PAGE_OTHER);
	hk_page_reader *r = reader_new(a);

	if (a->icon.len > 0) {
		r->has_icon = true;
		r->icon = hk_mmh3_icon(a->icon);
	}
	if (s->kind == HK_PAGE_CONTENT) {
		read_into(r, s);
	}
	put_record(s, out);
	reader_free(r);
	hk_page_sketch_free(s);
}

/* ---- outside again ---- */

static hk_err
take_text(hk_cur *cur, size_t max, char **ret, size_t *ret_len)
{
	hk_span text;

	HK_TRY(hk_cur_prefixed(cur, 2, &text));
	if (text.len > max) {
		return HK_ELIMIT;
	}
	if (!hk_utf8_valid(text) || (text.len > 0 && memchr(text.data, 0, text.len))) {
		return HK_EFORM;
	}
	g_free(*ret);
	*ret = g_strndup((const char *)text.data, text.len);
	*ret_len = text.len;
	return HK_OK;
}

static hk_err
take_u32(hk_cur *cur, uint32_t *ret)
{
	uint64_t value;

	HK_TRY(hk_cur_uint(cur, 4, &value));
	*ret = (uint32_t)value;
	return HK_OK;
}

static hk_err
take_form(hk_cur *cur, hk_form_tokens *ret)
{
	hk_span tokens;

	HK_TRY(hk_cur_prefixed(cur, 2, &tokens));
	if (tokens.len > HK_FORM_TOKENS_MAX) {
		return HK_ELIMIT;
	}
	for (size_t i = 0; i < tokens.len; i++) {
		if (tokens.data[i] >= HK_FORM_TOKENS) {
			return HK_ERANGE;
		}
		ret->token[i] = tokens.data[i];
		ret->asks = ret->asks || hk_form_token_asks(tokens.data[i]) != 0;
	}
	ret->count = tokens.len;
	return HK_OK;
}

static hk_err
take_hashes(hk_cur *cur, hk_page_sketch *s)
{
	uint8_t count;
	hk_span bytes;

	HK_TRY(take_u32(cur, &s->shingles.count));
	for (size_t i = 0; s->shingles.count > 0 && i < HK_MINHASH_SLOTS; i++) {
		HK_TRY(take_u32(cur, &s->shingles.slot[i]));
	}
	HK_TRY(hk_cur_u8(cur, &count));
	if (count > HK_PAGE_HASHES_MAX) {
		return HK_ELIMIT;
	}
	HK_TRY(hk_cur_bytes(cur, count * sizeof s->hash[0], &bytes));
	if (count > 0) {
		memcpy(s->hash, bytes.data, bytes.len);
	}
	s->hash_count = count;
	return HK_OK;
}

static hk_err
take_record(hk_cur *cur, hk_page_sketch *s)
{
	uint8_t kind, flags;
	uint16_t has;
	size_t len;

	HK_TRY(hk_cur_u8(cur, &kind));
	HK_TRY(hk_cur_u16(cur, &has));
	HK_TRY(hk_cur_u8(cur, &flags));
	if (kind >= HK_PAGE_KINDS) {
		return HK_ERANGE;
	}
	s->kind = kind;
	s->has = has;
	s->has_icon = flags & FLAG_ICON;
	HK_TRY(take_text(cur, LABEL_CAP, &s->charset, &len));
	for (size_t i = 0; i < HK_PAGE_AREAS; i++) {
		HK_TRY(take_text(cur, HK_PAGE_AREA_MAX, &s->area[i], &s->len[i]));
	}
	HK_TRY(take_u32(cur, &s->text_chars));
	HK_TRY(take_u32(cur, &s->fields));
	HK_TRY(take_u32(cur, &s->links_own));
	HK_TRY(take_u32(cur, &s->links_out));
	HK_TRY(take_u32(cur, &s->links_void));
	HK_TRY(take_form(cur, &s->form));
	HK_TRY(take_hashes(cur, s));
	if (s->has_icon) {
		uint32_t icon;

		HK_TRY(take_u32(cur, &icon));
		s->icon = (int32_t)icon;
	}
	if (flags & FLAG_FOLLOW) {
		HK_TRY(take_text(cur, HK_PAGE_FOLLOW_MAX, &s->follow, &len));
	}
	return hk_cur_end(cur);
}

hk_page_sketch *
hk_page_sketch_parse(hk_span record)
{
	hk_page_sketch *s = hk_page_sketch_new(HK_PAGE_UNREAD);
	hk_cur cur = hk_cur_of(record);

	if (take_record(&cur, s) != HK_OK) {
		hk_page_sketch_free(s);
		return NULL;
	}
	return s;
}
