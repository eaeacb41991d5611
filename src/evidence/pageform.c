#include "evidence/pageform.h"

#include "sys/textfold.h"

static char *
fold(const char *text)
{
	GString *out = g_string_new(NULL);

	hk_textfold(hk_span_str(text), out);
	return g_string_free(out, FALSE);
}

/* What stands on the one thing to press; NULL: there is none, or there are several. */
static const char *
lone_words(const hk_capture_page *page)
{
	const hk_capture_link *link = page->links->len == 1 ? page->links->pdata[0] : NULL;
	const hk_capture_field *field = page->fields->len == 1 ? page->fields->pdata[0] : NULL;

	return link && page->fields->len == 0   ? link->text
	       : field && page->links->len == 0 ? field->label
						: NULL;
}

void
hk_pageform_tokens(const hk_capture_page *page, hk_form_tokens *ret)
{
	g_autofree char *title = fold(page->title), *text = fold(page->text);
	g_autofree char *lone = fold(lone_words(page));
	g_autofree hk_form_field *fields = g_new0(hk_form_field, MAX(page->fields->len, 1));

	for (guint i = 0; i < page->fields->len; i++) {
		const hk_capture_field *f = g_ptr_array_index(page->fields, i);

		fields[i] = (hk_form_field){.tag = f->tag,
			.type = f->type,
			.label = f->label,
			.placeholder = f->placeholder,
			.name = f->name,
			.id = f->id,
			.autocomplete = f->autocomplete,
			.maxlength = f->maxlength,
			.visible = f->visible};
	}
	hk_form_tokens_of(&(hk_form_page){.title = title,
				  .text = text,
				  .lone = lone,
				  .fields = fields,
				  .field_count = page->fields->len},
		ret);
}
