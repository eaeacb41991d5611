#include <string.h>

#include "evidence/facts.h"
#include "sys/gerr.h"
#include "tap.h"

static bool
read_text(const char *text, bool main, hk_capture_page *page, hk_facts_click *click, bool *cut)
{
	g_autofree char *copy = g_strdup(text);

	return hk_facts_read(copy, strlen(copy), main, page, click, cut, NULL);
}

static void
check_page(void)
{
	hk_capture_page *page = hk_capture_page_new();
	hk_facts_click click;
	bool cut = true;

	ok(read_text(
		   "{\"url\":\"https://a.example/"
		   "\",\"title\":\"\\u307f\\ud800\\u0000\",\"nodes\":7,\"width\":390,\"height\":"
		   "1e9,\"cut\":false,\"text\":\"one\","
		   "\"forms\":[{\"action\":\"https://a.example/"
		   "x\",\"method\":\"post\",\"visible\":true}],"
		   "\"fields\":[{\"form\":0,\"tag\":\"input\",\"type\":\"password\",\"label\":"
		   "\"PIN\",\"maxlength\":4,\"required\":true,\"visible\":true},{\"form\":9,"
		   "\"name\":5}],"
		   "\"links\":[{\"url\":\"https://b.example/"
		   "\",\"text\":\"b\"},7],\"years\":[\"2026\"],\"paths\":[\"html\",\"html>body\"],"
		   "\"click\":{\"x\":12.5,\"y\":1e99,\"text\":\"go\"}}",
		   true, page, &click, &cut),
		"facts are read");
	is_str(page->title, "\u307f\ufffd\ufffd", "half a pair and NUL become U+FFFD");
	ok(!cut && page->nodes == 7 && page->width == 390, "numbers");
	is_int(page->height, 0, "a number that is no whole one is taken as missing");
	const hk_capture_field *pin = g_ptr_array_index(page->fields, 0),
			       *odd = g_ptr_array_index(page->fields, 1);
	ok(pin->form == 0 && pin->maxlength == 4 && pin->required && strcmp(pin->label, "PIN") == 0,
		"a field");
	ok(odd->form == -1 && strcmp(odd->name, "") == 0 && odd->maxlength == -1,
		"a field whose form there is not, with a name that is none");
	is_int(page->links->len, 1, "what is no link is left out");
	ok(click.found && click.x == 12.5 && click.y <= 10000,
		"where to press, kept within bounds");

	/* A frame's document comes behind. */
	ok(read_text(
		   "{\"title\":\"frame\",\"nodes\":3,\"text\":\"two\",\"forms\":[{\"action\":\"y\"}"
		   "],\"fields\":[{\"form\":0,\"name\":\"inner\"}],\"click\":{\"x\":1,\"y\":1}}",
		   false, page, &click, &cut),
		"a frame's facts");
	is_int(page->nodes, 10, "elements of both");
	is_str(page->text, "one\ntwo", "text of both");
	is_int(((hk_capture_field *)g_ptr_array_index(page->fields, 2))->form, 1,
		"its field belongs to its form");
	ok(!click.found && strcmp(page->title, "frame") != 0,
		"its title and button are not the page's");
	hk_capture_page_free(page);
}

static void
check_caps(void)
{
	hk_capture_page *page = hk_capture_page_new();
	g_autoptr(GString) text = g_string_new("{\"fields\":[");
	hk_facts_click click;
	bool cut = false;

	for (int i = 0; i < HK_CAPTURE_FIELDS_MAX + 50; i++) {
		g_string_append_printf(text, "%s{\"name\":\"f%d\"}", i ? "," : "", i);
	}
	g_string_append(text, "]}");
	ok(read_text(text->str, true, page, &click, &cut), "too many fields");
	ok(page->fields->len == HK_CAPTURE_FIELDS_MAX && cut, "are cut, and it is said");
	hk_capture_page_free(page);

	static const char *const wrong[] = {"", "7", "[]", "{", "{\"a\":1,\"a\":2}"};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		page = hk_capture_page_new();
		ok(!read_text(wrong[i], true, page, &click, &cut) && !page->url, "refused: %s",
			wrong[i]);
		hk_capture_page_free(page);
	}
	g_autofree char *script = hk_facts_script();
	ok(strstr(script, "fields:1000") && strstr(script, "JSON.stringify"),
		"the script has its limits in front");
}

int
main(void)
{
	check_page();
	check_caps();
	return tap_done();
}
