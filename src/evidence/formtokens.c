#include "evidence/formtokens.h"

#include <string.h>

#include "sys/textfold.h"

#define HEAD_BYTES 300u
#define DIGITS_MAX 99

typedef enum where {
	IN_LABEL,
	IN_NAME,
	IN_BOTH,
	IN_EXACT,
	IN_CODE,
	IN_TEXT,
	IN_HEAD,
	IN_MARK,
	IN_END,
} where;

typedef struct row {
	hk_form_token token;
	where where;
	const char *words;
	int64_t least, most;
	const char *type;
} row;

static const row rows[] = {
#define FORMTOKEN(...)
#define FORMWORDS(id, where, words, least, most, type)                                             \
	{HK_FORM_##id, IN_##where, words, least, most, type},
#include "evidence/formtokens.def"
#undef FORMTOKEN
#undef FORMWORDS
};

static const struct {
	const char *name;
	int asks;
} tokens_table[] = {
#define FORMTOKEN(id, asks, meaning) {#id, asks},
#define FORMWORDS(...)
#include "evidence/formtokens.def"
#undef FORMTOKEN
#undef FORMWORDS
};

/* The page's words, folded. */
typedef struct looked_at {
	GString *text, *head;
	bool has_fields;
	GString *bare; /* the text without the words of the one link or button that there is */
} looked_at;

/* A field's words, folded. */
typedef struct field_words {
	GString *label, *name;
	int64_t digits; /* -1: not known */
	const char *type;
} field_words;

/* Folded words by what stands in a table: folding costs more than looking. */
static const char *const *
folded_words(const char *words)
{
	static GMutex lock;
	static GHashTable *known;

	g_mutex_lock(&lock);
	if (!known) {
		known = g_hash_table_new(NULL, NULL);
	}
	GPtrArray *list = g_hash_table_lookup(known, words);
	if (!list) {
		list = g_ptr_array_new();
		for (const char *at = words;; at++) {
			size_t len = strcspn(at, "|");
			g_autoptr(GString) out = g_string_new(NULL);
			hk_textfold(hk_span_of(at, len), out);
			g_ptr_array_add(list, g_strdup(out->str));
			at += len;
			if (*at == '\0') {
				break;
			}
		}
		g_ptr_array_add(list, NULL);
		g_hash_table_insert(known, (char *)(uintptr_t)words, list);
	}
	g_mutex_unlock(&lock);
	return (const char *const *)list->pdata;
}

bool
hk_form_words_in(const char *folded, const char *words)
{
	const char *const *list = folded_words(words);

	while (*list && !strstr(folded, *list)) {
		list++;
	}
	return *list != NULL;
}

static bool
is_one_of(const char *folded, const char *words)
{
	const char *const *list = folded_words(words);

	while (*list && strcmp(folded, *list) != 0) {
		list++;
	}
	return *list != NULL;
}

/* Nothing but those words and blanks, and at least one. */
static bool
is_only(const char *folded, const char *words)
{
	const char *const *list = folded_words(words);
	unsigned found = 0;

	while (*folded) {
		size_t step = strspn(folded, " \n\t");
		for (const char *const *w = list; *w && step == 0; w++) {
			step = g_str_has_prefix(folded, *w) ? strlen(*w) : 0;
			found += step > 0;
		}
		if (step == 0) {
			return false;
		}
		folded += step;
	}
	return found > 0;
}

static void
fold_into(GString *out, const char *text)
{
	if (text && *text) {
		if (out->len > 0) {
			g_string_append_c(out, '\n');
		}
		hk_textfold(hk_span_str(text), out);
	}
}

/* The number in front of 桁: "半角数字4桁". -1: none. */
static int64_t
digits_in(const char *label)
{
	const char *at = strstr(label, "桁");
	int64_t value = 0, unit = 1;

	if (!at) {
		return -1;
	}
	while (at > label && g_ascii_isdigit(at[-1]) && value < DIGITS_MAX) {
		at--;
		value += (*at - '0') * unit;
		unit *= 10;
	}
	return value > 0 && value <= DIGITS_MAX ? value : -1;
}

static bool
has_words(const row *r, const field_words *f)
{
	bool label = hk_form_words_in(f->label->str, r->words);
	bool name = hk_form_words_in(f->name->str, r->words);

	return r->where == IN_LABEL ? label : r->where == IN_NAME ? name : label || name;
}

static bool
fits_field(const row *r, const field_words *f)
{
	return (r->least == 0 || (f->digits >= r->least && f->digits <= r->most)) &&
	       (*r->type == '\0' || strcmp(r->type, f->type) == 0);
}

/* Which one-time code, by what the page says about it. */
static hk_form_token
code_by_text(const looked_at *page, const field_words *f)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].where == IN_CODE && fits_field(&rows[i], f) &&
			hk_form_words_in(page->text->str, rows[i].words)) {
			return rows[i].token;
		}
	}
	return HK_FORM_OTP;
}

static bool
is_code(const field_words *f)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].token == HK_FORM_OTP && has_words(&rows[i], f)) {
			return true;
		}
	}
	return false;
}

static hk_form_token
field_token(const looked_at *page, const field_words *f)
{
	bool code = is_code(f);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		const row *r = &rows[i];
		bool field = r->where <= IN_CODE && fits_field(r, f);

		if (!field || (r->where == IN_CODE && !code)) {
			continue;
		}
		if (r->where == IN_EXACT ? is_one_of(f->label->str, r->words) : has_words(r, f)) {
			return r->token == HK_FORM_OTP ? code_by_text(page, f) : r->token;
		}
	}
	return HK_FORM_TOKENS;
}

static void
add(hk_form_tokens *ret, hk_form_token token)
{
	hk_form_token last = ret->count ? ret->token[ret->count - 1] : HK_FORM_TOKENS;
	bool date = token == HK_FORM_DOB1 || token == HK_FORM_DOB3;

	if (date && (last == HK_FORM_DOB1 || last == HK_FORM_DOB3)) {
		ret->token[ret->count - 1] = HK_FORM_DOB3;
	} else if (token < HK_FORM_TOKENS && token != last && ret->count < HK_FORM_TOKENS_MAX) {
		ret->token[ret->count++] = (uint8_t)token;
		ret->asks = ret->asks || tokens_table[token].asks != 0;
	}
}

static bool
can_be_typed_into(const hk_capture_field *f)
{
	static const char *const others[] = {"hidden", "submit", "button", "image", "reset",
		"checkbox", "radio", "search", "file", "range", "color", NULL};
	const char *type = f->type ? f->type : "";

	return f->visible && g_strcmp0(f->tag, "button") != 0 && !g_strv_contains(others, type);
}

static void
add_field(const looked_at *page, const hk_capture_field *f, hk_form_tokens *ret)
{
	field_words words = {
		g_string_new(NULL), g_string_new(NULL), f->maxlength, f->type ? f->type : ""};

	fold_into(words.label, f->label);
	fold_into(words.label, f->placeholder);
	fold_into(words.name, f->name);
	fold_into(words.name, f->id);
	fold_into(words.name, f->autocomplete);
	if (words.digits < 0) {
		words.digits = digits_in(words.label->str);
	}
	add(ret, field_token(page, &words));
	g_string_free(words.label, TRUE);
	g_string_free(words.name, TRUE);
}

static bool
fits_page(const row *r, const looked_at *page)
{
	switch (r->where) {
	case IN_TEXT:
		return hk_form_words_in(page->text->str, r->words);
	case IN_HEAD:
		return hk_form_words_in(page->head->str, r->words);
	case IN_END:
		return !page->has_fields && hk_form_words_in(page->text->str, r->words);
	case IN_MARK:
		return !page->has_fields && is_only(page->bare->str, r->words);
	case IN_LABEL:
	case IN_NAME:
	case IN_BOTH:
	case IN_EXACT:
	case IN_CODE:
		break;
	}
	return false;
}

/* BP1's first page is a mark and one button: what stands on that is no text of the page. */
static void
take_off_lone(const hk_capture_page *page, GString *bare)
{
	const hk_capture_link *link = page->links->len == 1 ? page->links->pdata[0] : NULL;
	const hk_capture_field *field = page->fields->len == 1 ? page->fields->pdata[0] : NULL;
	const char *words = link && page->fields->len == 0   ? link->text
			    : field && page->links->len == 0 ? field->label
							     : NULL;
	g_autoptr(GString) folded = g_string_new(NULL);

	fold_into(folded, words);
	g_strchomp(folded->str);
	g_strchomp(bare->str);
	if (*folded->str && g_str_has_suffix(bare->str, folded->str)) {
		bare->str[strlen(bare->str) - strlen(folded->str)] = '\0';
	}
	bare->len = strlen(bare->str);
}

void
hk_form_tokens_of(const hk_capture_page *page, hk_form_tokens *ret)
{
	looked_at at = {
		.text = g_string_new(NULL), .head = g_string_new(NULL), .bare = g_string_new(NULL)};

	*ret = (hk_form_tokens){0};
	fold_into(at.text, page->text);
	g_string_append_len(at.head, at.text->str, (gssize)MIN(at.text->len, HEAD_BYTES));
	g_string_append(at.bare, at.text->str);
	take_off_lone(page, at.bare);
	for (guint i = 0; i < page->fields->len; i++) {
		at.has_fields =
			at.has_fields || can_be_typed_into(g_ptr_array_index(page->fields, i));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (fits_page(&rows[i], &at)) {
			add(ret, rows[i].token);
		}
	}
	/* A mark is told by the text alone; for the rest a title is a text, too. */
	fold_into(at.text, page->title);
	for (guint i = 0; i < page->fields->len; i++) {
		const hk_capture_field *f = g_ptr_array_index(page->fields, i);

		if (can_be_typed_into(f)) {
			add_field(&at, f, ret);
		}
	}
	g_string_free(at.text, TRUE);
	g_string_free(at.head, TRUE);
	g_string_free(at.bare, TRUE);
}

const char *
hk_form_token_name(hk_form_token token)
{
	return tokens_table[token].name;
}

char *
hk_form_tokens_text(const hk_form_tokens *tokens)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < tokens->count; i++) {
		g_string_append_printf(
			out, "%s%s", i ? " " : "", hk_form_token_name(tokens->token[i]));
	}
	return g_string_free(out, FALSE);
}

bool
hk_form_tokens_has(const hk_form_tokens *tokens, hk_form_token token)
{
	return memchr(tokens->token, (int)token, tokens->count) != NULL;
}
