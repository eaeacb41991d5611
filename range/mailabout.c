#include "mailabout.h"

#include <string.h>

#include "sys/mime.h"

typedef struct finding {
	GString *url;
	bool machine; /* from a JSON part: the exact one */
	GString *all; /* as written in the text, parted by blanks */
} finding;

static void
refang(GString *url)
{
	g_string_replace(url, "hxxp", "http", 0);
	g_string_replace(url, "[.]", ".", 0);
	g_string_replace(url, "[:]", ":", 0);
}

/* The addresses of a text for people: those that are written so that nobody can press them. */
static void
find_all(const char *text, GString *all)
{
	for (const char *at = text; (at = strstr(at, "hxxp"));) {
		size_t n = strcspn(at, " \t\r\n\"<>()");
		g_string_append_len(all, at, (gssize)n);
		g_string_append_c(all, ' ');
		at += n;
	}
}

static void
on_part(void *user, const hk_mime_part *part)
{
	finding *f = user;
	bool machine = strstr(part->type, "json") || g_str_has_suffix(part->name, ".json");
	g_autofree char *text = g_strndup((const char *)part->body.data, part->body.len);
	const char *at = NULL;

	if (!machine && strncmp(part->type, "text/", 5) == 0) {
		find_all(text, f->all);
	}
	if (f->machine || (f->url->len > 0 && !machine)) {
		return;
	}
	if (machine && (at = strstr(text, "\"url\""))) {
		at = strstr(at, "http");
	} else if (!machine && strncmp(part->type, "text/", 5) == 0) {
		at = strstr(text, "hxxp");
		at = at ? at : strstr(text, "http");
	}
	if (!at) {
		return;
	}
	g_string_truncate(f->url, 0);
	g_string_append_len(f->url, at, (gssize)strcspn(at, " \t\r\n\"<>"));
	f->machine = machine;
}

static void
on_header(void *user, unsigned message, const char *name, hk_span value)
{
	(void)user;
	(void)message;
	(void)name;
	(void)value;
}

char *
rg_mailabout(hk_span mail, char **ret_all)
{
	finding f = {.url = g_string_new(NULL), .all = g_string_new(NULL)};
	const hk_mime_limits limits = {100, 10, 1u << 20, 8u << 20};
	const hk_mime_sink sink = {.user = &f, .header = on_header, .part = on_part};

	hk_mime_walk(mail, &limits, &sink);
	refang(f.url);
	refang(f.all);
	bool none = f.url->len == 0;
	g_string_append_printf(f.all, "%s", f.url->str);
	*ret_all = g_string_free(f.all, FALSE);
	char *url = g_string_free(f.url, FALSE);
	if (none) {
		g_clear_pointer(&url, g_free);
	}
	return url;
}
