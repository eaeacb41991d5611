#include "role/outbound.h"

#include <string.h>

#include "report/channel_conf.h"
#include "report/template.h"
#include "sys/clock.h"

#define SUBJECT "Subject: "

/* ---- channels ---- */

static const char *
way_text(hk_channel_way way)
{
	static const char *const ways[] = {[HK_WAY_HTTP] = "http",
		[HK_WAY_MAIL] = "mail",
		[HK_WAY_ASSISTED] = "assisted",
		[HK_WAY_LOOKUP] = "lookup"};

	return ways[way];
}

typedef void (*each_channel)(void *data, const hk_web_channel *channel);

static void
tell(const hk_channel_conf *conf, each_channel each, void *data)
{
	const hk_channel *c = conf->channel;
	const hk_web_channel channel = {.name = conf->name,
		.en = c->en,
		.ja = c->ja,
		.way = way_text(c->way),
		.url = conf->url ? conf->url : c->url,
		.enabled = conf->enabled,
		.test = conf->test,
		.per_minute = conf->per_minute ? conf->per_minute : c->per_minute,
		.per_day = conf->per_day ? conf->per_day : c->per_day,
		.batch = conf->batch ? conf->batch : c->batch};

	each(data, &channel);
}

/* A file that cannot be read is a channel that does not work: it is told with the reason. */
static void
tell_file(const char *folder, const char *file, each_channel each, void *data)
{
	g_autofree char *path = g_build_filename(folder, file, NULL);
	g_autofree char *name = g_strndup(file, strlen(file) - strlen(".conf"));
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_channel_conf) conf = hk_channel_conf_read(path, &error);

	if (conf) {
		tell(conf, each, data);
		return;
	}
	const hk_web_channel broken = {.name = name, .en = name, .ja = name, .why = error->message};
	each(data, &broken);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
channels(void *user, each_channel each, void *data)
{
	const hk_opts *opts = user;
	const char *folder = hk_opts_str(opts, HK_OPT_CHANNELS), *file;
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	const hk_web_channel mail = {
		.name = "mail", .en = "Mail", .ja = "メール", .way = "mail", .enabled = true};

	each(data, &mail);
	GDir *dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
	while (dir && (file = g_dir_read_name(dir))) {
		if (file[0] != '.' && g_str_has_suffix(file, ".conf")) {
			g_ptr_array_add(files, g_strdup(file));
		}
	}
	if (dir) {
		g_dir_close(dir);
	}
	g_ptr_array_sort(files, by_name);
	for (unsigned i = 0; i < files->len; i++) {
		tell_file(folder, g_ptr_array_index(files, i), each, data);
	}
}

/* ---- templates ---- */

/* "Subject: ...", an empty line, the text: into its two. */
static char *
subject_of(const char *text, const char **ret_body)
{
	const char *end = strchr(text, '\n');
	size_t skip = g_str_has_prefix(text, SUBJECT) ? strlen(SUBJECT) : 0;

	*ret_body = "";
	if (!end) {
		return g_strdup(text + skip);
	}
	*ret_body = end[1] == '\n' ? end + 2 : end + 1;
	return g_strndup(text + skip, (gsize)(end - text) - skip);
}

static void
templates(void *user,
	void (*each)(void *data, const char *kind, const char *lang, const char *subject,
		const char *body),
	void *data)
{
	(void)user;
	for (size_t i = 0; i < hk_template_file_count; i++) {
		const hk_template_file *file = &hk_template_files[i];
		const char *body;
		g_autofree char *subject = subject_of(file->text, &body);
		each(data, file->kind, file->lang, subject, body);
	}
}

static void
names(void *user,
	void (*each)(void *data, const char *scope, const char *name, const char *kind,
		const char *en, const char *ja),
	void *data)
{
	(void)user;
	for (size_t i = 0; i < hk_template_var_count; i++) {
		const hk_template_var_row *row = &hk_template_vars[i];
		each(data, row->scope, row->name, row->kind, row->en, row->ja);
	}
	for (size_t i = 0; i < hk_template_filter_count; i++) {
		const hk_template_row *row = &hk_template_filters[i];
		each(data, "", row->name, "filter", row->en, row->ja);
	}
}

/* What the stage says about the whole is told of the field that its writer sees: the text begins below the subject and an empty line. */
static unsigned
fault_of(const hk_template_fault *at, const char *text, hk_web_fault *ret)
{
	const char *colon = g_str_has_prefix(text, "line ") ? strstr(text, ": ") : NULL;
	bool head = at->line == 1;

	*ret = (hk_web_fault){.line = at->line > 2 ? at->line - 2 : at->line, .column = at->column};
	if (head) {
		ret->column -= MIN(ret->column, (unsigned)strlen(SUBJECT));
	}
	g_strlcpy(ret->field, head ? "subject" : "body", sizeof ret->field);
	g_strlcpy(ret->text, colon ? colon + 2 : text, sizeof ret->text);
	if (at->nearest) {
		g_strlcat(ret->text, "; perhaps ", sizeof ret->text);
		g_strlcat(ret->text, at->nearest, sizeof ret->text);
	}
	return 1;
}

/* A recipient that such a letter could go to. */
static hk_recipient
recipient_of(const char *kind, const char *lang)
{
	bool later = strcmp(kind, "followup") == 0 || strcmp(kind, "escalation") == 0;

	return (hk_recipient){.kind = later ? "hosting" : (char *)(uintptr_t)kind,
		.channel = "mail",
		.name = "Mihon Party",
		.address = "abuse@party.example",
		.subject = "evil.example",
		.lang = (char *)(uintptr_t)lang,
		.step = later ? (char *)(uintptr_t)kind : "first"};
}

static unsigned
preview(void *user, const char *kind, const char *lang, const char *subject, const char *body,
	GString *ret_subject, GString *ret_body, hk_web_fault faults[HK_WEB_FAULTS_MAX])
{
	g_autofree char *text = g_strconcat(SUBJECT, subject, "\n\n", body, NULL);
	g_autoptr(hk_brief) brief = hk_brief_sample();
	const hk_recipient to = recipient_of(kind, lang);
	const hk_template_data data = {.brief = brief,
		.to = &to,
		.token = "00112233445566778899aabbccddeeff",
		.now_ms = hk_clock_wall_ms()};
	hk_template_fault at = {0};
	g_autoptr(GError) error = NULL;

	(void)user;
	g_autoptr(hk_template) template = hk_template_new(hk_span_str(text), lang, &at, &error);
	return template && hk_template_expand(template, &data, ret_subject, ret_body, &error)
		       ? 0
		       : fault_of(&at, error->message, &faults[0]);
}

hk_web_outbound
hk_role_outbound(const hk_opts *opts)
{
	return (hk_web_outbound){.user = (void *)(uintptr_t)opts,
		.channels = channels,
		.templates = templates,
		.names = names,
		.preview = preview};
}
