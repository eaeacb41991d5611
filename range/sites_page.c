/* Pages of the sites: templates and what is put into them. */
#include <string.h>

#include "sites.h"
#include "sys/jsonw.h"

enum { PARTS_MAX = 8, NAME_MAX_LEN = 16, NONCE_LEN = 32, CLASS_LEN = 7 };

typedef struct page_row {
	int status;
	const char *header, *lang, *title, *body;
} page_row;

static const page_row pages[] = {
#define PAGE(id, status, header, lang, title, body) {status, header, lang, title, body},
#include "sitepages.def"
#undef PAGE
};

static const struct {
	const char *code, *html;
} fields[] = {
#define KITFIELD(code, html) {#code, html},
#define KITPAGE(...)
#include "kits.def"
#undef KITFIELD
#undef KITPAGE
};

typedef struct kit_row {
	const char *kit;
	unsigned year;
	const char *title, *text, *fields, *buttons, *tokens;
} kit_row;

static const kit_row kit_pages[] = {
#define KITFIELD(...)
#define KITPAGE(kit, year, title, text, fields, buttons, tokens)                                   \
	{#kit, year, title, text, fields, buttons, tokens},
#include "kits.def"
#undef KITFIELD
#undef KITPAGE
};

static void expand(const char *text, size_t len, const rg_visitor *v, GString *out);

static void
letters(GString *out, const char *alphabet, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		g_string_append_c(out, alphabet[g_random_int_range(0, (int)strlen(alphabet))]);
	}
}

static bool
expand_word(const char *name, const rg_visitor *v, GString *out)
{
	if (strcmp(name, "host") == 0) {
		/* As the visitor wrote it: letters of a name, or none. */
		for (const char *c = v->host; *c; c++) {
			g_string_append_c(out, g_ascii_isalnum(*c) || *c == '-' ? *c : '.');
		}
	} else if (strcmp(name, "nonce") == 0) {
		letters(out, "0123456789abcdef", NONCE_LEN);
	} else if (strcmp(name, "n") == 0) {
		g_string_append_printf(out, "%d", g_random_int_range(100, 99999));
	} else if (strcmp(name, "class") == 0) {
		letters(out, "abcdefghijklmnopqrstuvwxyz", CLASS_LEN);
	} else if (strcmp(name, "time") == 0) {
		g_string_append_printf(out, "%02d:%02d:%02d", g_random_int_range(0, 24),
			g_random_int_range(0, 60), g_random_int_range(0, 60));
	} else {
		return false;
	}
	return true;
}

typedef struct part {
	const char *text;
	size_t len;
} part;

static bool
expand_choice(
	const char *name, const part *parts, unsigned count, const rg_visitor *v, GString *out)
{
	const struct {
		const char *name;
		bool first;
	} tests[] = {{"phone", strstr(v->agent, "Mobile") != NULL},
		{"search", strstr(v->referrer, "google") != NULL}, {"again", v->again},
		{"abroad", v->abroad}};

	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		if (strcmp(tests[i].name, name) == 0 && count == 2) {
			const part *p = &parts[tests[i].first ? 0 : 1];
			expand(p->text, p->len, v, out);
			return true;
		}
	}
	unsigned turn = (unsigned)g_random_int_range(0, (int)MAX(count, 1));
	unsigned shown = strcmp(name, "pick") == 0 ? 1 : strcmp(name, "shuffle") == 0 ? count : 0;
	for (unsigned i = 0; i < shown; i++) {
		const part *p = &parts[(turn + i) % count];
		expand(p->text, p->len, v, out);
	}
	return shown > 0;
}

/* text begins with '{'. The number of bytes that were a placeholder; 0: it is none, but a brace of the page. */
static size_t
expand_one(const char *text, size_t len, const rg_visitor *v, GString *out)
{
	part parts[PARTS_MAX];
	unsigned count = 0, depth = 0;
	char name[NAME_MAX_LEN];
	size_t named = 1, from = 0, at = 1;

	while (named < len && g_ascii_islower(text[named])) {
		named++;
	}
	if (named == len || named < 2 || named > NAME_MAX_LEN || !strchr("|}", text[named])) {
		return 0;
	}
	g_strlcpy(name, text + 1, named);
	if (text[named] == '}') {
		return expand_word(name, v, out) ? named + 1 : 0;
	}
	for (at = from = named + 1; at < len; at++) {
		bool end = text[at] == '}' && depth == 0;

		if ((end || (text[at] == '|' && depth == 0)) && count < PARTS_MAX) {
			parts[count++] = (part){text + from, at - from};
			from = at + 1;
		}
		if (end) {
			return expand_choice(name, parts, count, v, out) ? at + 1 : 0;
		}
		depth += text[at] == '{';
		depth -= text[at] == '}';
	}
	return 0;
}

static void
expand(const char *text, size_t len, const rg_visitor *v, GString *out)
{
	for (size_t i = 0; i < len;) {
		size_t used = text[i] == '{' ? expand_one(text + i, len - i, v, out) : 0;

		if (used == 0) {
			g_string_append_c(out, text[i]);
			used = 1;
		}
		i += used;
	}
}

static char *
expanded(const char *text, const rg_visitor *v)
{
	GString *out = g_string_new(NULL);

	expand(text, strlen(text), v, out);
	return g_string_free(out, FALSE);
}

static GString *
page_of(const char *lang, const char *title, const char *script, const char *body)
{
	GString *out = g_string_new("<!DOCTYPE html>");

	g_string_append_printf(out,
		"<html lang=\"%s\"><head><meta charset=utf-8><meta name=viewport "
		"content='width=device-width,initial-scale=1'><link rel=icon "
		"href=/favicon.ico><title>%s</title>%s</head><body>%s</body></html>\n",
		lang, title, script, body);
	return out;
}

void
rg_sites_page(rg_page page, const rg_visitor *v, const char *script, rg_answer *ret)
{
	const page_row *row = &pages[page];
	g_autofree char *lang = expanded(row->lang, v), *title = expanded(row->title, v);
	g_autofree char *body = expanded(row->body, v);

	*ret = (rg_answer){.status = row->status,
		.header = expanded(row->header, v),
		.type = "text/html; charset=utf-8",
		.body = page_of(lang, title, script, body)};
	if (g_str_has_prefix(ret->header, "X-Slow: ")) {
		ret->wait_ms = (unsigned)g_ascii_strtoull(ret->header + 8, NULL, 10);
	} else if (strstr(ret->header, "filename=")) {
		ret->type = "application/vnd.android.package-archive";
	}
}

/* ---- the groups' flows ---- */

static const kit_row *
kit_page(const char *kit, unsigned number)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kit_pages); i++) {
		if (strcmp(kit_pages[i].kit, kit) == 0 && --number == 0) {
			return &kit_pages[i];
		}
	}
	return NULL;
}

unsigned
rg_sites_kit_count(const char *kit)
{
	unsigned count = 0;

	while (kit_page(kit, count + 1)) {
		count++;
	}
	return count;
}

static void
add_fields(const char *codes, GString *out)
{
	g_auto(GStrv) list = g_strsplit(codes, " ", -1);

	for (size_t i = 0; list[i]; i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(fields); k++) {
			if (strcmp(fields[k].code, list[i]) == 0) {
				g_string_append_printf(out, "<p>%s</p>", fields[k].html);
			}
		}
	}
}

bool
rg_sites_kit(const char *kit, unsigned number, rg_answer *ret)
{
	const kit_row *row = kit_page(kit, number);

	if (!row) {
		return false;
	}
	g_autoptr(GString) body = g_string_new(NULL);
	g_auto(GStrv) buttons = g_strsplit(row->buttons, "|", -1);
	bool bare = *row->fields == '\0';

	g_string_append_printf(body, *row->title ? "<h1>%s</h1>" : "%s", row->title);
	g_string_append_printf(body, "<p>%s</p>", row->text);
	/* What is typed goes nowhere: the form is sent, its contents are dropped. */
	g_string_append_printf(body, bare ? "" : "<form method=post action=/%u>", number + 1);
	add_fields(row->fields, body);
	for (size_t i = 0; buttons[i] && *buttons[i]; i++) {
		g_string_append_printf(body,
			bare ? "<a href=/%2$u>%1$s</a> " : "<button>%s</button> ", buttons[i],
			number + 1);
	}
	g_string_append(body, bare ? "" : "</form>");
	if (row->year) {
		g_string_append_printf(body, "<footer>© %u Mihon Bank</footer>", row->year);
	}
	*ret = (rg_answer){.status = 200,
		.header = g_strdup(""),
		.type = "text/html; charset=utf-8",
		.body = page_of("ja", row->title, "", body->str)};
	return true;
}

/* ---- the list ---- */

static void
member(GString *out, const char *key, const char *text)
{
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, text);
}

static void
list_kits(GString *out)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kit_pages); i++) {
		const kit_row *row = &kit_pages[i];
		bool first = i == 0 || strcmp(kit_pages[i - 1].kit, row->kit) != 0;
		static unsigned number;
		g_autofree char *host = g_strconcat(row->kit, ".kit.range.test", NULL);

		number = first ? 1 : number + 1;
		hk_jsonw_open(out, '{');
		member(out, "host", host);
		member(out, "kit", row->kit);
		hk_jsonw_key(out, "page");
		hk_jsonw_int(out, number);
		member(out, "tokens", row->tokens);
		hk_jsonw_key(out, "year");
		hk_jsonw_int(out, row->year);
		hk_jsonw_close(out, '}');
		g_string_append_c(out, '\n');
	}
}

void
rg_sites_list(GString *out)
{
	static const struct {
		const char *host, *want, *dimensions;
	} sites[] = {
#define SITE(host, want, dimensions, gate, shown, other) {host, want, dimensions},
#include "sites.def"
#undef SITE
	};

	for (size_t i = 0; i < G_N_ELEMENTS(sites); i++) {
		if (*sites[i].want) {
			hk_jsonw_open(out, '{');
			member(out, "host", sites[i].host);
			member(out, "want", sites[i].want);
			member(out, "dimensions", sites[i].dimensions);
			hk_jsonw_close(out, '}');
			g_string_append_c(out, '\n');
		}
	}
	list_kits(out);
}
