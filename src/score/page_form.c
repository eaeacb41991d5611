/* Fields of a page with the words that stand around them, and what can be pressed. */
#include <string.h>

#include "base/num.h"
#include "score/page_int.h"
#include "sys/textfold.h"

enum { NEAR_MAX = 200, ATTR_MAX = 200, LABELS_MAX = 200, MAXLENGTH_MAX = 1000000000 };

void
hk_page_field_free(void *user)
{
	hk_page_field *f = user;

	g_free(f->tag);
	g_free(f->type);
	g_free(f->name);
	g_free(f->id);
	g_free(f->label);
	g_free(f->placeholder);
	g_free(f->autocomplete);
	g_free(f);
}

/* At most max bytes, no half characters. */
static size_t
cut(const char *text, size_t len, size_t max)
{
	if (len > max) {
		for (len = max; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;) {
			len--;
		}
	}
	return len;
}

/* NULL stays NULL. */
static char *
short_copy(const char *text, size_t max)
{
	return text ? g_strndup(text, cut(text, strlen(text), max)) : NULL;
}

static char *
attr_copy(hk_page_reader *r, const hk_htmltok *tok, const char *name)
{
	return short_copy(hk_page_attr(r, tok, 0, name), ATTR_MAX);
}

static bool
is_shown(hk_page_reader *r, const hk_htmltok *tok)
{
	const char *style = hk_page_attr(r, tok, 0, "style");
	g_autofree char *lower = style ? g_ascii_strdown(style, -1) : NULL;
	bool none = lower && (strstr(lower, "display:none") || strstr(lower, "display: none") ||
				     strstr(lower, "visibility:hidden") ||
				     strstr(lower, "visibility: hidden"));

	return !none && !hk_page_attr(r, tok, 0, "hidden");
}

static int64_t
maxlength_of(hk_page_reader *r, const hk_htmltok *tok)
{
	const char *text = hk_page_attr(r, tok, 0, "maxlength");
	uint64_t value = 0;

	return text && hk_parse_u64(hk_span_str(text), MAXLENGTH_MAX, &value) == HK_OK
		       ? (int64_t)value
		       : -1;
}

/* What a button says; what an input that is one says. */
static bool
is_press(const char *tag, const char *type)
{
	return strcmp(tag, "button") == 0 ||
	       (type && (strcmp(type, "submit") == 0 || strcmp(type, "button") == 0 ||
				strcmp(type, "image") == 0));
}

/* Whose label: its own, the one it lies in, what it says of itself, what stands before it. "Behind" is looked for at the end. */
static char *
label_of(hk_page_reader *r, const hk_htmltok *tok)
{
	const char *said = hk_page_attr(r, tok, 0, "aria-label");

	if (!said || !*said) {
		said = hk_page_attr(r, tok, 0, "title");
	}
	return said && *said ? short_copy(said, HK_PAGE_LABEL_MAX)
			     : short_copy(r->near->str, NEAR_MAX);
}

void
hk_page_field_start(hk_page_reader *r, const hk_htmltok *tok)
{
	g_autofree char *said = attr_copy(r, tok, "type");
	bool input = strcmp(tok->name, "input") == 0;
	g_autofree char *type =
		said && *said ? g_ascii_strdown(said, -1) : g_strdup(input ? "text" : "");

	if (is_press(tok->name, type)) {
		if (is_shown(r, tok)) {
			hk_page_press_start(r, tok);
		}
		return;
	}
	if (r->fields->len >= HK_PAGE_FIELDS_MAX) {
		r->has |= HK_PAGE_HAS_CUT;
		return;
	}
	hk_page_field *f = g_new0(hk_page_field, 1);

	f->tag = g_strdup(tok->name);
	f->type = g_steal_pointer(&type);
	f->name = attr_copy(r, tok, "name");
	f->id = attr_copy(r, tok, "id");
	f->placeholder = attr_copy(r, tok, "placeholder");
	f->autocomplete = attr_copy(r, tok, "autocomplete");
	f->maxlength = maxlength_of(r, tok);
	f->visible = is_shown(r, tok);
	f->in_label = r->label_open && !r->label_for;
	f->label = label_of(r, tok);
	g_ptr_array_add(r->fields, f);
	if (strcmp(f->type, "hidden") != 0) {
		g_string_truncate(r->near, 0);
	}
}

void
hk_page_label_start(hk_page_reader *r, const hk_htmltok *tok)
{
	hk_page_label_end(r);
	r->label_open = true;
	r->label_for = attr_copy(r, tok, "for");
	g_string_truncate(r->label, 0);
}

/* Its text is that of the fields in it, or of the one it names. */
void
hk_page_label_end(hk_page_reader *r)
{
	if (!r->label_open) {
		return;
	}
	r->label_open = false;
	g_strchomp(r->label->str);
	r->label->len = strlen(r->label->str);
	for (guint i = r->fields->len; i > 0; i--) {
		hk_page_field *f = g_ptr_array_index(r->fields, i - 1);

		if (!f->in_label) {
			break;
		}
		f->in_label = false;
		if (r->label->len > 0) {
			g_free(f->label);
			f->label = g_strdup(r->label->str);
		}
	}
	if (r->label_for && g_hash_table_size(r->labels) < LABELS_MAX && r->label->len > 0) {
		g_hash_table_replace(
			r->labels, g_steal_pointer(&r->label_for), g_strdup(r->label->str));
	}
	g_clear_pointer(&r->label_for, g_free);
}

void
hk_page_press_start(hk_page_reader *r, const hk_htmltok *tok)
{
	g_autoptr(GString) to = g_string_new(NULL);
	const char *href = hk_page_attr(r, tok, 0, "href");
	const char *click = hk_page_attr(r, tok, 1, "onclick");
	const char *value = hk_page_attr(r, tok, 2, "value");

	r->presses++;
	g_string_truncate(r->press, 0);
	g_string_append(r->press, value ? value : "");
	r->press_open = strcmp(tok->name, "input") != 0 && strcmp(tok->name, "area") != 0;
	g_free(r->press_leads);
	r->press_leads = click && hk_page_moves_to(click, to)
				 ? g_strdup(to->str)
				 : short_copy(href, HK_PAGE_FOLLOW_MAX);
}

static bool
is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!g_ascii_isspace(text[i])) {
			return false;
		}
	}
	return true;
}

static void
add_some(GString *out, const char *text, size_t len)
{
	if (out->len < HK_PAGE_LABEL_MAX) {
		hk_page_squeeze(out, text, cut(text, len, HK_PAGE_LABEL_MAX));
	}
}

void
hk_page_form_text(hk_page_reader *r, const char *text, size_t len)
{
	if (r->label_open) {
		add_some(r->label, text, len);
	}
	if (r->press_open) {
		add_some(r->press, text, len);
	}
	if (!is_blank(text, len)) {
		g_string_truncate(r->near, 0);
		add_some(r->near, text, len);
	}
}

static char *
fold(const char *text)
{
	GString *out = g_string_new(NULL);

	hk_textfold(hk_span_str(text), out);
	return g_string_free(out, FALSE);
}

void
hk_page_form_tokens(hk_page_reader *r, const char *title, const char *text, hk_form_tokens *ret,
	uint32_t *ret_typed)
{
	g_autofree hk_form_field *fields = g_new0(hk_form_field, MAX(r->fields->len, 1));
	g_autofree char *lone = r->presses == 1 ? fold(r->press->str) : NULL;

	*ret_typed = 0;
	for (guint i = 0; i < r->fields->len; i++) {
		const hk_page_field *f = g_ptr_array_index(r->fields, i);
		const char *named = f->id ? g_hash_table_lookup(r->labels, f->id) : NULL;

		fields[i] = (hk_form_field){.tag = f->tag,
			.type = f->type,
			.label = named ? named : f->label,
			.placeholder = f->placeholder,
			.name = f->name,
			.id = f->id,
			.autocomplete = f->autocomplete,
			.maxlength = f->maxlength,
			.visible = f->visible};
		*ret_typed += hk_form_field_typed(&fields[i]);
		if (f->visible && strcmp(f->type, "password") == 0) {
			r->has |= HK_PAGE_HAS_PASSWORD;
		}
	}
	hk_form_tokens_of(&(hk_form_page){.title = title,
				  .text = text,
				  .lone = lone,
				  .fields = fields,
				  .field_count = r->fields->len},
		ret);
}
