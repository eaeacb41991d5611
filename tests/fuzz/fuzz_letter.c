/* fuzz_letter: the input as what a site, a registry and a user may have said, texts with NUL between them: brief, recipient, threading, the lure last.
 * Properties: the letter is refused, or it is good lines; its headers are those that were set, each once; its parts are those that were put in; twice the
 * same is the same; the report in it is JSON. */
#include <string.h>

#include "fuzz.h"
#include "report/letter.h"
#include "report/xarf.h"
#include "sys/json.h"
#include "sys/mailw.h"
#include "sys/mime.h"

static const char token[] = "0123456789abcdef0123456789abcdef";

typedef struct seen {
	unsigned headers, parts, xarf;
} seen;

static void
on_header(void *user, unsigned message, const char *name, hk_span value)
{
	static const char *const known[] = {"Date", "From", "Reply-To", "To", "Subject",
		"Message-Id", "MIME-Version", "In-Reply-To", "References", "X-XARF"};
	seen *s = user;

	if (message > 0) {
		return;
	}
	for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcasecmp(name, known[i]) == 0) {
			need((s->headers & 1u << i) == 0);
			s->headers |= 1u << i;
			need(!memchr(value.data, '\0', value.len));
			return;
		}
	}
	need(false);
}

static void
on_part(void *user, const hk_mime_part *part)
{
	seen *s = user;

	s->parts += part->message == 0;
	if (strcmp(part->name, "xarf.json") == 0) {
		hk_json_doc *doc = hk_json_load(part->body, 16u << 20, NULL);

		need(doc != NULL);
		hk_json_doc_free(doc);
		s->xarf++;
	}
}

/* The next text of the input; NULL when it is empty. Caller frees. */
static char *
next(hk_span *in)
{
	const uint8_t *end = in->len > 0 ? memchr(in->data, '\0', in->len) : NULL;
	size_t len = end ? (size_t)(end - in->data) : in->len;
	char *text = len > 0 ? g_strndup((const char *)in->data, len) : NULL;

	*in = end ? hk_span_of(end + 1, in->len - len - 1) : hk_span_of(NULL, 0);
	return text;
}

static void
set(char **member, hk_span *in)
{
	char *text = next(in);

	if (text) {
		g_free(*member);
		*member = text;
	}
}

static void
check(const hk_brief *brief, const hk_recipient *to, const hk_letter_options *options)
{
	static const hk_mime_limits limits = {200, 20, 64u << 20, 64u << 20};
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_letter) letter = hk_letter_make(brief, to, token, options, &error);

	need((letter == NULL) == (error != NULL));
	if (!letter) {
		return;
	}
	g_autoptr(hk_letter) again = hk_letter_make(brief, to, token, options, NULL);
	need(again && g_bytes_equal(letter->bytes, again->bytes));
	gsize len;
	const void *data = g_bytes_get_data(letter->bytes, &len);
	seen s = {0};
	hk_mime_sink sink = {&s, on_header, on_part};
	need(hk_mailw_lines(hk_span_of(data, len)));
	hk_mime_walk(hk_span_of(data, len), &limits, &sink);
	need((s.headers & 0x7f) == 0x7f);
	need(s.xarf <= 1 && s.parts >= 1 + letter->files && s.parts <= 3 + letter->files);
	need(strchr(letter->title, '\n') == NULL && strchr(letter->title, '\r') == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const kinds[] = {
		"hosting", "registrar", "mail", "bank", "icann", "body"};
	g_autoptr(hk_brief) brief = hk_brief_sample();
	hk_span in = hk_span_of(data, size);
	hk_recipient *to = g_new0(hk_recipient, 1);
	hk_brief_site *lead = g_ptr_array_index(brief->sites, 0);
	hk_brief_file *file = g_ptr_array_index(brief->files, 0);
	char **members[] = {&to->name, &to->address, &to->subject, &brief->title, &brief->target_en,
		&brief->target, &brief->registrar, &brief->who.org, &brief->who.person,
		&brief->who.tel, &lead->url, &lead->host, &lead->domain, &brief->agent,
		&brief->submit_url, &brief->reg_created, &file->name, &brief->wording};
	uint8_t first = size > 0 ? data[0] : 0;

	static bool warm;
	if (!warm) {
		hk_mime_init();
		warm = true;
	}
	in = size > 0 ? hk_span_of(data + 1, size - 1) : in;
	to->kind = g_strdup(kinds[first % 6]);
	to->lang = g_strdup(first & 64 ? "ja" : first & 32 ? "zh" : "en");
	to->step = g_strdup(first & 128 ? "followup" : "first");
	to->address = g_strdup("abuse@hosting.example");
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		set(members[i], &in);
	}
	g_autofree char *reply = next(&in), *reference = next(&in), *reason = next(&in);
	if (reason) {
		g_ptr_array_add(brief->reasons, g_steal_pointer(&reason));
	}
	const char *references[] = {reference ? reference : "<a@b.example>", NULL};
	hk_letter_options options = {.now_ms = 1793836800000,
		.form = (hk_letter_form)(first / 6 % 6),
		.in_reply_to = reply,
		.references = references};
	if (in.len > 0) {
		g_bytes_unref(brief->lure);
		brief->lure = g_bytes_new(in.data, in.len);
	}
	check(brief, to, &options);
	hk_recipient_free(to);
	return 0;
}
