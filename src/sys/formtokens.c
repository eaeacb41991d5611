/* nocheck: tested in tests/unit/evidence/test_traits.c */
#include "sys/formtokens.h"

#include <string.h>

#include <glib.h>

#include "base/codec.h"
#include "sys/hash.h"
#include "sys/textfold.h"

enum { HEAD_BYTES = 300, DIGITS_MAX = 99, KEY_BYTES = 8 };

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
#include "sys/formtokens.def"
#undef FORMTOKEN
#undef FORMWORDS
};

static const struct {
	const char *name;
	int asks;
} tokens_table[] = {
#define FORMTOKEN(id, asks, meaning) {#id, asks},
#define FORMWORDS(...)
#include "sys/formtokens.def"
#undef FORMTOKEN
#undef FORMWORDS
};

/* Words of the rows, folded, in the same order; hk_form_warm() fills them. */
static const char *const *row_words[G_N_ELEMENTS(rows)];

/* The page's words, folded. */
typedef struct looked_at {
	const char *text;
	GString *head,
		*bare; /* bare: the text without the words of the one link or button that there is */
	GString *
		all; /* with the title: a mark is told by the text alone; for the rest a title is a text, too */
	bool has_fields;
} looked_at;

/* A field's words, folded. */
typedef struct field_words {
	GString *label, *name;
	int64_t digits; /* -1: not known */
	const char *type;
} field_words;

/* "a|b" as a list of folded words, NULL at the end. */
static const char *const *
fold_words(const char *words)
{
	GPtrArray *list = g_ptr_array_new();

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
	return (const char *const *)g_ptr_array_free(list, FALSE);
}

void
hk_form_warm(void)
{
	static gsize done;

	if (g_once_init_enter(&done)) {
		for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
			row_words[i] = fold_words(rows[i].words);
		}
		g_once_init_leave(&done, 1);
	}
}

static bool
has_one(const char *folded, const char *const *list)
{
	while (*list && !strstr(folded, *list)) {
		list++;
	}
	return *list != NULL;
}

static const char *const *
words_of(const row *r)
{
	return row_words[r - rows];
}

/* Of other tables: folded words by where they stand. Folding costs more than looking. */
bool
hk_form_words_in(const char *folded, const char *words)
{
	static GMutex lock;
	static GHashTable *known;

	g_mutex_lock(&lock);
	if (!known) {
		known = g_hash_table_new(NULL, NULL);
	}
	const char *const *list = g_hash_table_lookup(known, words);
	if (!list) {
		list = fold_words(words);
		g_hash_table_insert(known, (char *)(uintptr_t)words, (void *)(uintptr_t)list);
	}
	g_mutex_unlock(&lock);
	return has_one(folded, list);
}

static bool
is_one_of(const char *folded, const char *const *list)
{
	while (*list && strcmp(folded, *list) != 0) {
		list++;
	}
	return *list != NULL;
}

/* Nothing but those words and blanks, and at least one. */
static bool
is_only(const char *folded, const char *const *list)
{
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
	bool label = has_one(f->label->str, words_of(r));
	bool name = has_one(f->name->str, words_of(r));

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
			has_one(page->all->str, words_of(&rows[i]))) {
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
		if (r->where == IN_EXACT ? is_one_of(f->label->str, words_of(r))
					 : has_words(r, f)) {
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

bool
hk_form_field_typed(const hk_form_field *f)
{
	static const char *const others[] = {"hidden", "submit", "button", "image", "reset",
		"checkbox", "radio", "search", "file", "range", "color", NULL};
	const char *type = f->type ? f->type : "";

	return f->visible && g_strcmp0(f->tag, "button") != 0 && !g_strv_contains(others, type);
}

static void
add_field(const looked_at *page, const hk_form_field *f, hk_form_tokens *ret)
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
		return has_one(page->text, words_of(r));
	case IN_HEAD:
		return has_one(page->head->str, words_of(r));
	case IN_END:
		return !page->has_fields && has_one(page->text, words_of(r));
	case IN_MARK:
		return !page->has_fields && is_only(page->bare->str, words_of(r));
	case IN_LABEL:
	case IN_NAME:
	case IN_BOTH:
	case IN_EXACT:
	case IN_CODE:
		break;
	}
	return false;
}

/* BP1's first page is a mark and one button: what stands on that is no text of the page, unless there is no other. */
static void
take_off_lone(const char *lone, GString *bare)
{
	g_autofree char *words = g_strchomp(g_strdup(lone ? lone : ""));

	g_strchomp(bare->str);
	if (*words && strcmp(bare->str, words) != 0 && g_str_has_suffix(bare->str, words)) {
		bare->str[strlen(bare->str) - strlen(words)] = '\0';
	}
	bare->len = strlen(bare->str);
}

void
hk_form_tokens_of(const hk_form_page *page, hk_form_tokens *ret)
{
	looked_at at = {.text = page->text ? page->text : ""};
	size_t len = strlen(at.text);

	hk_form_warm();
	*ret = (hk_form_tokens){0};
	at.head = g_string_new_len(at.text, (gssize)MIN(len, HEAD_BYTES));
	at.bare = g_string_new_len(at.text, (gssize)len);
	at.all = g_string_new_len(at.text, (gssize)len);
	g_string_append_printf(at.all, "\n%s", page->title ? page->title : "");
	take_off_lone(page->lone, at.bare);
	for (size_t i = 0; i < page->field_count; i++) {
		at.has_fields = at.has_fields || hk_form_field_typed(&page->fields[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (fits_page(&rows[i], &at)) {
			add(ret, rows[i].token);
		}
	}
	for (size_t i = 0; i < page->field_count && ret->count < HK_FORM_TOKENS_MAX; i++) {
		if (hk_form_field_typed(&page->fields[i])) {
			add_field(&at, &page->fields[i], ret);
		}
	}
	g_string_free(at.head, TRUE);
	g_string_free(at.bare, TRUE);
	g_string_free(at.all, TRUE);
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

int
hk_form_token_asks(hk_form_token token)
{
	return tokens_table[token].asks;
}

char *
hk_form_tokens_key(const hk_form_tokens *tokens)
{
	g_autofree char *text = hk_form_tokens_text(tokens);
	uint8_t hash[HK_SHA256_SIZE];
	char *key;

	if (tokens->count < HK_FORM_KEY_TOKENS_MIN) {
		return NULL;
	}
	hk_sha256(hk_span_str(text), hash);
	key = g_malloc0(2 * KEY_BYTES + 1);
	hk_hex_encode(hk_span_of(hash, KEY_BYTES), key);
	return key;
}
