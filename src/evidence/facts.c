#include "evidence/facts.h"

#include "sys/cdp.h"
#include "sys/gerr.h"

extern const char hk_extract_js[];

/* Elements whose paths are looked at; elements of a path. */
enum {
	WALK_MAX = 20000,
	PATH_DEPTH = 40,
	PATH_TEXT = 2000,
	CLICK_MAX = 10000,
	SIZE_MAX_PX = 10000000
};

char *
hk_facts_script(void)
{
	return g_strdup_printf("var "
			       "LIMITS={url:%d,text:%d,title:%d,visible:%d,forms:%d,fields:%d,"
			       "links:%d,years:%d,paths:%d,walk:%d,depth:%d};%s",
		HK_CAPTURE_URL_MAX / 4, HK_CAPTURE_TEXT_MAX / 8, HK_CAPTURE_TITLE_MAX / 4,
		HK_CAPTURE_VISIBLE_MAX / 3, HK_CAPTURE_FORMS_MAX, HK_CAPTURE_FIELDS_MAX,
		HK_CAPTURE_LINKS_MAX, HK_CAPTURE_YEARS_MAX, HK_CAPTURE_PATHS_MAX, WALK_MAX,
		PATH_DEPTH, hk_extract_js);
}

/* A text member within its cap; "" if there is none. */
static char *
text_of(const hk_json *obj, const char *key, size_t max)
{
	const char *text = "";

	(void)hk_json_str(obj, key, &text, NULL);
	return hk_capture_text(text, max);
}

static bool
bool_of(const hk_json *obj, const char *key)
{
	bool value = false;

	(void)hk_json_bool(obj, key, &value, NULL);
	return value;
}

static int64_t
int_of(const hk_json *obj, const char *key, int64_t low, int64_t high)
{
	int64_t value = low;

	(void)hk_json_i64(obj, key, &value, NULL);
	return CLAMP(value, low, high);
}

static void
read_form(const hk_json *at, hk_capture_page *page, guint first_form, bool *cut)
{
	hk_capture_form *form = hk_capture_add_form(page);

	(void)first_form;
	if (!form) {
		*cut = true;
		return;
	}
	form->action = text_of(at, "action", HK_CAPTURE_URL_MAX);
	form->method = text_of(at, "method", 32);
	form->name = text_of(at, "name", HK_CAPTURE_TEXT_MAX);
	form->id = text_of(at, "id", HK_CAPTURE_TEXT_MAX);
	form->visible = bool_of(at, "visible");
}

static void
read_field(const hk_json *at, hk_capture_page *page, guint first_form, bool *cut)
{
	hk_capture_field *field = hk_capture_add_field(page);

	if (!field) {
		*cut = true;
		return;
	}
	int64_t form = int_of(at, "form", -1, HK_CAPTURE_FORMS_MAX);

	field->form = form >= 0 && form + first_form < page->forms->len ? form + first_form : -1;
	field->tag = text_of(at, "tag", 64);
	field->type = text_of(at, "type", 64);
	field->name = text_of(at, "name", HK_CAPTURE_TEXT_MAX);
	field->id = text_of(at, "id", HK_CAPTURE_TEXT_MAX);
	field->label = text_of(at, "label", HK_CAPTURE_TEXT_MAX);
	field->placeholder = text_of(at, "placeholder", HK_CAPTURE_TEXT_MAX);
	field->autocomplete = text_of(at, "autocomplete", HK_CAPTURE_TEXT_MAX);
	field->pattern = text_of(at, "pattern", HK_CAPTURE_TEXT_MAX);
	field->maxlength = int_of(at, "maxlength", -1, INT32_MAX);
	field->required = bool_of(at, "required");
	field->visible = bool_of(at, "visible");
}

static void
read_link(const hk_json *at, hk_capture_page *page, guint first_form, bool *cut)
{
	hk_capture_link *link = hk_capture_add_link(page);

	(void)first_form;
	if (!link) {
		*cut = true;
		return;
	}
	link->url = text_of(at, "url", HK_CAPTURE_URL_MAX);
	link->text = text_of(at, "text", HK_CAPTURE_TEXT_MAX);
}

static void
read_list(const hk_json *root, const char *key,
	void (*read)(const hk_json *at, hk_capture_page *page, guint first_form, bool *cut),
	hk_capture_page *page, guint first_form, bool *cut)
{
	hk_json list;

	if (!hk_json_array(root, key, &list, NULL)) {
		return;
	}
	for (size_t i = 0; i < hk_json_len(&list) && i <= HK_CAPTURE_LINKS_MAX; i++) {
		hk_json at = hk_json_at(&list, i);

		if (hk_json_kind_of(&at) == HK_JSON_OBJECT) {
			read(&at, page, first_form, cut);
		}
	}
}

static void
read_texts(const hk_json *root, const char *key, GPtrArray *ret, size_t max, size_t max_bytes)
{
	hk_json list;

	if (!hk_json_array(root, key, &list, NULL)) {
		return;
	}
	for (size_t i = 0; i < hk_json_len(&list) && ret->len < max; i++) {
		hk_json at = hk_json_at(&list, i);
		const char *text = hk_json_text(&at);

		if (text) {
			g_ptr_array_add(ret, hk_capture_text(text, max_bytes));
		}
	}
}

static void
read_click(const hk_json *root, hk_facts_click *ret)
{
	hk_json click;
	const char *text = "";

	if (!hk_json_object(root, "click", &click, NULL) ||
		!hk_json_real(&click, "x", &ret->x, NULL) ||
		!hk_json_real(&click, "y", &ret->y, NULL)) {
		return;
	}
	ret->x = CLAMP(ret->x, 0, CLICK_MAX);
	ret->y = CLAMP(ret->y, 0, CLICK_MAX);
	(void)hk_json_str(&click, "text", &text, NULL);
	g_autofree char *fine = hk_capture_text(text, sizeof ret->text - 1);
	g_strlcpy(ret->text, fine, sizeof ret->text);
	ret->found = true;
}

/* Facts that only the main frame's document has. */
static void
read_main(const hk_json *root, hk_capture_page *page, hk_facts_click *ret_click)
{
	page->url = text_of(root, "url", HK_CAPTURE_URL_MAX);
	page->title = text_of(root, "title", HK_CAPTURE_TITLE_MAX);
	page->lang = text_of(root, "lang", 64);
	page->charset = text_of(root, "charset", 64);
	page->favicon = text_of(root, "favicon", HK_CAPTURE_URL_MAX);
	if (!*page->favicon) {
		g_clear_pointer(&page->favicon, g_free);
	}
	page->width = int_of(root, "width", 0, SIZE_MAX_PX);
	page->height = int_of(root, "height", 0, SIZE_MAX_PX);
	read_texts(root, "years", page->years, HK_CAPTURE_YEARS_MAX, 8);
	read_texts(root, "paths", page->paths, HK_CAPTURE_PATHS_MAX, PATH_TEXT);
	read_click(root, ret_click);
}

static void
add_text(hk_capture_page *page, const hk_json *root)
{
	g_autofree char *text = text_of(root, "text", HK_CAPTURE_VISIBLE_MAX);

	if (!page->text) {
		page->text = g_steal_pointer(&text);
	} else if (*text) {
		g_autofree char *both = g_strconcat(page->text, "\n", text, NULL);

		g_free(page->text);
		page->text = hk_capture_text(both, HK_CAPTURE_VISIBLE_MAX);
	}
}

bool
hk_facts_read(char *text, size_t len, bool main, hk_capture_page *page, hk_facts_click *ret_click,
	bool *ret_cut, GError **error)
{
	hk_cdp_mend(text, len);
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(text, len), HK_FACTS_MAX, error);

	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	guint first_form = page->forms->len;

	if (hk_json_kind_of(&root) != HK_JSON_OBJECT) {
		return hk_json_fail(&root, HK_EFORM, error, "must be an object");
	}
	*ret_click = (hk_facts_click){0};
	*ret_cut = bool_of(&root, "cut");
	if (main) {
		read_main(&root, page, ret_click);
	}
	page->nodes += int_of(&root, "nodes", 0, INT32_MAX);
	read_list(&root, "forms", read_form, page, first_form, ret_cut);
	read_list(&root, "fields", read_field, page, first_form, ret_cut);
	read_list(&root, "links", read_link, page, first_form, ret_cut);
	add_text(page, &root);
	return true;
}
