/* fuzz_channelconf: any text as the file of a vendor of one's own ("key=value" lines, "\n" inside a value is a line of a list), before the first NUL; what follows it is what
 * a site calls itself. Properties: a failure says which key; what is taken writes requests whose JSON is JSON, whose headers are lines, and whose URL stays at its vendor. */
#include <glib.h>
#include <string.h>

#include "fuzz.h"
#include "report/channel_conf.h"
#include "report/channel_json.h"
#include "sys/gerr.h"
#include "sys/json.h"

enum { TEXT_MAX = 8192 };

static const char *
key_of(const char *line, size_t len)
{
	for (size_t i = 0; hk_channel_key_name(i); i++) {
		const char *name = hk_channel_key_name(i);
		if (strlen(name) == len && memcmp(name, line, len) == 0) {
			return name;
		}
	}
	return NULL;
}

/* "a\\nb" is a list of two. */
static char *
value_of(const char *text, size_t len)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < len; i++) {
		bool end = text[i] == '\\' && i + 1 < len && text[i + 1] == 'n';
		g_string_append_c(out, end ? '\n' : text[i]);
		i += end;
	}
	return g_string_free(out, FALSE);
}

static void
take_lines(hk_channel_conf *conf, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *equals = memchr(text, '=', len);
		const char *name = equals ? key_of(text, (size_t)(equals - text)) : NULL;
		if (name && strcmp(name, "submit-body-file") != 0) {
			g_hash_table_insert(conf->more, (void *)(uintptr_t)name,
				value_of(equals + 1, len - (size_t)(equals + 1 - text)));
		}
		text += len + (text[len] == '\n');
	}
}

static bool
is_json(const hk_channel_ask *ask)
{
	for (unsigned i = 0; i < ask->headers->len; i++) {
		if (strcmp(ask->headers->pdata[i], "Content-Type: application/json") == 0) {
			return true;
		}
	}
	return false;
}

static void
check_ask(const hk_channel_conf *conf, const hk_channel_ask *ask)
{
	need(g_str_has_prefix(ask->url, conf->url) && ask->url[strlen(conf->url)] == '/');
	for (unsigned i = 0; i < ask->headers->len; i++) {
		need(!strpbrk(ask->headers->pdata[i], "\r\n"));
	}
	if (ask->body && is_json(ask)) {
		size_t len;
		const void *body = g_bytes_get_data(ask->body, &len);
		g_autoptr(GError) why = NULL;
		g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(body, len), 1 << 22, &why);
		/* Two members may come out with the same name, where the template puts variables there. */
		need(doc || strstr(why->message, "duplicate"));
	}
	g_autofree char *kept = hk_channel_ask_keep(ask);
	g_auto(hk_channel_ask) again = {0};
	need(hk_channel_ask_kept(kept, ask->body, &again, NULL) &&
		strcmp(again.url, ask->url) == 0);
}

/* The site calls itself so, everywhere. */
static hk_brief *
brief_of(const char *text)
{
	hk_brief *brief = hk_brief_sample();

	g_ptr_array_set_size(brief->sites, 1);
	g_free(brief->title);
	brief->title = g_strdup(text);
	g_free(brief->registrar);
	brief->registrar = g_strdup(text);
	g_ptr_array_add(brief->reasons, g_strdup(text));
	return brief;
}

static void
write_all(const hk_channel_conf *conf, const char *text)
{
	g_autoptr(hk_brief) brief = brief_of(text);
	g_auto(hk_channel_ask) submit = {0}, poll = {0}, find = {0};
	const hk_channel_receipt receipt = {
		.remote_id = "a/../b", .token = "t", .url = "https://a.example/?b&c"};

	if (conf->channel->submit(conf, brief, "0123", &submit, NULL)) {
		check_ask(conf, &submit);
	}
	if (conf->can & HK_CAN_POLL && conf->channel->poll(conf, &receipt, &poll, NULL)) {
		check_ask(conf, &poll);
	}
	if (conf->can & HK_CAN_FIND && conf->channel->find(conf, &receipt, &find, NULL)) {
		check_ask(conf, &find);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, '\0', size) : NULL;
	size_t len = nul ? (size_t)(nul - data) : size;
	g_autoptr(hk_channel_conf) conf = g_new0(hk_channel_conf, 1);
	g_autoptr(GError) error = NULL;

	if (size > TEXT_MAX || !g_utf8_validate((const char *)data, (gssize)len, NULL)) {
		return 0;
	}
	g_autofree char *file = g_strndup((const char *)data, len);
	g_autofree char *rest =
		nul ? g_strndup((const char *)nul + 1, size - len - 1) : g_strdup("");
	g_autofree char *text = g_utf8_make_valid(rest, -1);
	conf->channel = hk_channel_find("http");
	conf->path = g_strdup("fuzz.conf");
	conf->name = g_strdup("fuzz");
	conf->url = g_strdup("https://vendor.example");
	conf->user = g_strdup("u");
	conf->secret = g_strdup("s");
	conf->batch = 1;
	conf->more = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	take_lines(conf, file);
	/* What the file must have is looked at before. */
	if (!hk_channel_conf_text(conf, "submit")) {
		return 0;
	}
	if (!conf->channel->check(conf, &error)) {
		need(error->code == HK_ECONFIG && *error->message);
		return 0;
	}
	need(!error);
	write_all(conf, text);
	return 0;
}
