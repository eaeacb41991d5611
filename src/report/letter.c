#include "report/letter.h"

#include <string.h>

#include "base/codec.h"
#include "report/address.h"
#include "report/arf.h"
#include "report/template.h"
#include "report/template_int.h"
#include "report/xarf.h"
#include "sys/gerr.h"
#include "sys/mailw.h"

/* What headers, text and signature may take. */
#define ROOM_FOR_TEXT  131072
#define NAME_MAX_BYTES 120
#define PARTS_MAX      (HK_LETTER_FILES_MAX + 4)
/* Of bytes in base64, with line ends, and the part's header. */
#define SENT_AS(n) (HK_BASE64_LEN(n) / 76 * 78 + 512)

/* A letter that is being made; owned. */
typedef struct making {
	const hk_brief *brief;
	const hk_recipient *to;
	const char *token;
	const hk_letter_options *options;
	hk_letter *letter;
	hk_letter_form form;
	char *from, *to_address, *reply_to;
	char *from_name, *to_name;
	char *references;
	GString *subject, *body;
	GString *machine, *mail; /* what programs read; the lure */
	GPtrArray *names;        /* of files, owned */
	GPtrArray *files;        /* of hk_brief_file, borrowed: those that go along */
	hk_mailw_part parts[PARTS_MAX];
	size_t part_count;
	size_t max_bytes, used;
} making;

static void
making_clear(making *m)
{
	hk_letter_free(m->letter);
	g_free(m->from);
	g_free(m->to_address);
	g_free(m->reply_to);
	g_free(m->from_name);
	g_free(m->to_name);
	g_free(m->references);
	GString *texts[] = {m->subject, m->body, m->machine, m->mail};
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (texts[i]) {
			g_string_free(texts[i], TRUE);
		}
	}
	g_clear_pointer(&m->names, g_ptr_array_unref);
	g_clear_pointer(&m->files, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(making, making_clear)

void
hk_letter_free(hk_letter *letter)
{
	if (letter) {
		g_clear_pointer(&letter->bytes, g_bytes_unref);
		g_free(letter->title);
		g_free(letter->sender);
		g_free(letter->to);
		g_free(letter->message_id);
		g_free(letter);
	}
}

/* Who. */

static char *
clean_name(const char *name)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (name) {
		hk_template_clean(out, name, NAME_MAX_BYTES);
	}
	return out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

char *
hk_letter_message_id(const char *token, const char *address)
{
	return g_strdup_printf("<%s@%s>", token, hk_address_domain(address));
}

static bool
addresses(making *m, GError **error)
{
	const hk_letter_options *options = m->options;
	char uuid[HK_XARF_UUID_SIZE];

	if (!hk_xarf_uuid(m->token, uuid)) {
		return hk_error_set(
			error, HK_EFORM, "the token of a report has 32 hexadecimal digits");
	}
	m->from = hk_address_read(
		options->from ? options->from : m->brief->who.contact, "From", error);
	m->to_address = m->from ? hk_address_read(m->to->address, "To", error) : NULL;
	if (!m->to_address) {
		return false;
	}
	m->reply_to =
		options->no_plus ? g_strdup(m->from) : hk_address_plus(m->from, m->token, error);
	if (!m->reply_to) {
		return false;
	}
	m->from_name = clean_name(options->from_name ? options->from_name : m->brief->who.org);
	m->to_name = clean_name(m->to->name);
	m->letter->sender = g_strdup(m->reply_to);
	m->letter->to = g_strdup(m->to_address);
	m->letter->message_id = hk_letter_message_id(m->token, m->from);
	return true;
}

/* "<id>": ASCII without blanks, short. */
static bool
is_id(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len < 5 || len > 250 || text[0] != '<' || text[len - 1] != '>') {
		return false;
	}
	for (size_t i = 1; i < len - 1; i++) {
		if (text[i] <= ' ' || text[i] >= 0x7f || text[i] == '<' || text[i] == '>') {
			return false;
		}
	}
	return true;
}

static void
thread(making *m)
{
	const char *const *all = m->options->references;
	size_t count = all ? g_strv_length((char **)(uintptr_t)all) : 0;
	g_autoptr(GString) out = g_string_new(NULL);

	for (size_t i = count > HK_LETTER_REFS_MAX ? count - HK_LETTER_REFS_MAX : 0; i < count;
		i++) {
		if (is_id(all[i])) {
			g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", all[i]);
		}
	}
	if (is_id(m->options->in_reply_to) && !strstr(out->str, m->options->in_reply_to)) {
		g_string_append_printf(
			out, "%s%s", out->len > 0 ? " " : "", m->options->in_reply_to);
	}
	m->references = out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

/* What goes along. */

static hk_letter_form
form_of(const making *m)
{
	hk_letter_form form = m->options->form;
	bool trademark = hk_template_is_wording(m->brief, "trademark");

	if (form == HK_LETTER_AUTO) {
		form = g_strcmp0(m->to->kind, "bank") == 0   ? HK_LETTER_PLAIN
		       : g_strcmp0(m->to->kind, "mail") == 0 ? HK_LETTER_ARF
							     : HK_LETTER_XARF;
	}
	if ((form == HK_LETTER_ARF && !m->brief->lure) || (form == HK_LETTER_XARF3 && trademark)) {
		form = HK_LETTER_XARF;
	}
	return form;
}

static void
add_part(making *m, const char *type, const char *name, const void *data, size_t len)
{
	m->parts[m->part_count++] = (hk_mailw_part){type, name, hk_span_of(data, len)};
	m->used += SENT_AS(len);
}

/* Kinds that are responsible for names, not for addresses. */
static bool
by_name(const hk_recipient *to)
{
	static const char *const kinds[] = {"registrar", "registry", "dns", "suffix", "shortener"};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (g_strcmp0(to->kind, kinds[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool
machine_part(making *m, GError **error)
{
	hk_xarf_options options = {.now_ms = m->options->now_ms,
		.max_bytes = MIN(HK_XARF_BYTES_MAX, m->max_bytes / 4),
		.by_name = by_name(m->to),
		.registrar_abuse = g_strcmp0(m->to->kind, "registrar") == 0 ? m->to_address : NULL};

	switch (m->form) {
	case HK_LETTER_PLAIN:
	case HK_LETTER_AUTO:
		return true;
	case HK_LETTER_ARF:
		m->machine = hk_arf_feedback(m->brief);
		add_part(m, "message/feedback-report", NULL, m->machine->str, m->machine->len);
		return true;
	case HK_LETTER_XARF2:
		m->machine = hk_xarf2(m->brief, m->token, &options, error);
		if (m->machine) {
			add_part(m, "text/plain", "report.txt", m->machine->str, m->machine->len);
		}
		return m->machine != NULL;
	case HK_LETTER_XARF3:
	case HK_LETTER_XARF:
		m->machine = m->form == HK_LETTER_XARF
				     ? hk_xarf4(m->brief, m->token, &options, error)
				     : hk_xarf3(m->brief, m->token, &options, error);
		if (m->machine) {
			add_part(m, "application/json", "xarf.json", m->machine->str,
				m->machine->len);
		}
		return m->machine != NULL;
	}
	return true;
}

static void
lure_part(making *m)
{
	gsize len = 0;
	const void *data = m->brief->lure ? g_bytes_get_data(m->brief->lure, &len) : NULL;
	hk_span lure = hk_span_of(data, len);

	if (m->form != HK_LETTER_ARF) {
		return;
	}
	m->mail = m->used + len + 4096 < m->max_bytes ? hk_arf_mail(lure) : NULL;
	if (m->mail) {
		add_part(m, "message/rfc822", NULL, m->mail->str, m->mail->len);
	} else {
		m->mail = hk_arf_headers(lure);
		add_part(m, "text/rfc822-headers", NULL, m->mail->str, m->mail->len);
	}
}

/* A name that every system takes. */
static char *
file_name(const hk_brief_file *file, unsigned number)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (const char *c = file->name; c && *c && out->len < 60; c++) {
		if (g_ascii_isalnum(*c) || *c == '-' || *c == '_' || (*c == '.' && out->len > 0)) {
			g_string_append_c(out, *c);
		}
	}
	if (!g_str_has_suffix(out->str, ".png") || out->len < 5) {
		g_string_printf(out, "picture-%u.png", number);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

/* The pictures that fit, in the brief's order: the telephone's is first. RFC 5965 has no place for them. */
static void
pictures(making *m)
{
	for (unsigned i = 0; m->form != HK_LETTER_ARF && i < m->brief->files->len; i++) {
		hk_brief_file *file = g_ptr_array_index(m->brief->files, i);
		gsize len = 0;
		const void *data = file->bytes ? g_bytes_get_data(file->bytes, &len) : NULL;

		if (!data || g_strcmp0(file->type, "image/png") != 0) {
			continue;
		}
		if (m->files->len >= HK_LETTER_FILES_MAX || m->used + SENT_AS(len) > m->max_bytes) {
			m->letter->left_out++;
			continue;
		}
		char *name = file_name(file, i + 1);
		g_ptr_array_add(m->names, name);
		g_ptr_array_add(m->files, file);
		add_part(m, "image/png", name, data, len);
	}
	m->letter->files = m->files->len;
}

/* What is said. */

static const char *
machine_name(hk_letter_form form)
{
	switch (form) {
	case HK_LETTER_XARF:
	case HK_LETTER_XARF3:
		return "xarf.json";
	case HK_LETTER_XARF2:
		return "report.txt";
	case HK_LETTER_ARF:
		return "feedback report";
	case HK_LETTER_AUTO:
	case HK_LETTER_PLAIN:
		break;
	}
	return NULL;
}

static bool
text(making *m, GError **error)
{
	const char *kind = hk_template_kind(m->brief, m->to);
	const hk_template_file *file = hk_template_find(kind, m->to->lang);
	const char *own = m->options->template_text;
	const char *lang = m->options->template_lang ? m->options->template_lang : m->to->lang;
	hk_brief told = *m->brief; /* shallow: it names the pictures that really go along */
	hk_template_data data = {&told, m->to, m->token, m->options->now_ms, machine_name(m->form)};

	told.files = m->files;
	m->letter->kind = kind;
	g_autoptr(hk_template) template = hk_template_new(
		hk_span_str(own ? own : file->text), own ? lang : file->lang, NULL, error);
	if (!template || !hk_template_expand(template, &data, m->subject, m->body, error)) {
		g_prefix_error(error, "template %s: ", kind);
		return false;
	}
	m->letter->title = g_strdup(m->subject->str);
	m->parts[0] = (hk_mailw_part){"text/plain", NULL, hk_span_of(m->body->str, m->body->len)};
	return true;
}

/* All of it. */

static GBytes *
build(const making *m, GError **error)
{
	const hk_mailw_header old[] = {{"X-XARF", "PLAIN"}};
	g_autofree char *boundary = g_strdup_printf("hk-%s-1", m->token);
	g_autofree char *id =
		g_strndup(m->letter->message_id + 1, strlen(m->letter->message_id) - 2);
	hk_mailw mail = {.date_ms = m->options->now_ms,
		.from = {m->from_name, m->from},
		.to = {m->to_name, m->to_address},
		.reply_to = {m->from_name, m->reply_to},
		.subject = m->subject->str,
		.message_id = id,
		.in_reply_to = is_id(m->options->in_reply_to) ? m->options->in_reply_to : NULL,
		.references = m->references,
		.headers = old,
		.header_count = m->form == HK_LETTER_XARF2 ? 1 : 0,
		.multipart = m->form == HK_LETTER_ARF ? "report" : "mixed",
		.report_type = m->form == HK_LETTER_ARF ? "feedback-report" : NULL,
		.boundary = boundary,
		.parts = m->parts,
		.part_count = m->part_count};
	g_autoptr(GBytes) bytes = hk_mailw_build(&mail, error);

	if (!bytes || !m->options->signer) {
		return g_steal_pointer(&bytes);
	}
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);
	boundary[strlen(boundary) - 1] = '2';
	return hk_smime_sign(
		m->options->signer, hk_span_of(data, len), m->options->now_ms, boundary, error);
}

hk_letter *
hk_letter_make(const hk_brief *brief, const hk_recipient *to, const char *token,
	const hk_letter_options *options, GError **error)
{
	g_auto(making) m = {.brief = brief,
		.to = to,
		.token = token,
		.options = options,
		.letter = g_new0(hk_letter, 1),
		.subject = g_string_new(NULL),
		.body = g_string_new(NULL),
		.names = g_ptr_array_new_with_free_func(g_free),
		.files = g_ptr_array_new(),
		.max_bytes = options->max_bytes > 0 ? options->max_bytes : HK_LETTER_BYTES_MAX,
		.part_count = 1, /* the text */
		.used = ROOM_FOR_TEXT};

	m.form = form_of(&m);
	if (!addresses(&m, error)) {
		return NULL;
	}
	thread(&m);
	if (!machine_part(&m, error)) {
		return NULL;
	}
	lure_part(&m);
	pictures(&m);
	if (!text(&m, error)) {
		return NULL;
	}
	m.letter->bytes = build(&m, error);
	if (!m.letter->bytes) {
		return NULL;
	}
	if (g_bytes_get_size(m.letter->bytes) > m.max_bytes) {
		hk_error_set(error, HK_ELIMIT,
			"the letter has %zu bytes, more than the %zu that are allowed",
			(size_t)g_bytes_get_size(m.letter->bytes), m.max_bytes);
		return NULL;
	}
	return g_steal_pointer(&m.letter);
}
