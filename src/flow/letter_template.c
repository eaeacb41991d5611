#include "flow/letter_template.h"

#include <string.h>

#include "flow/flow_int.h"
#include "store/letter_templates.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/jsonw.h"

/* The audit keeps what the text was by its hash: texts are long, and the old one is of no use to who reads the trail. */
static void
note(hk_flow *flow, const char *kind, const char *lang, const char *subject, const char *body)
{
	g_autoptr(GString) data = g_string_new(NULL);
	uint8_t hash[32];
	const hk_span pieces[] = {hk_span_str(subject ? subject : ""), HK_SPAN_LIT("\n"),
		hk_span_str(body ? body : "")};

	hk_jsonw_open(data, '{');
	hk_jsonw_member_str(data, "kind", kind);
	hk_jsonw_member_str(data, "lang", lang);
	hk_jsonw_key(data, "is");
	if (body) {
		hk_sha256_pieces(pieces, G_N_ELEMENTS(pieces), hash);
		hk_jsonw_hex(data, hk_span_of(hash, sizeof hash));
	} else {
		hk_jsonw_null(data);
	}
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "template.edit", "template", 0, 0, data->str);
}

static bool
check(const char *subject, const char *body, GError **error)
{
	if (*subject == '\0' || g_utf8_strlen(subject, -1) > HK_LETTER_SUBJECT_MAX) {
		return hk_error_set(error, HK_ERANGE, "subject: must have 1 to %d characters",
			(int)HK_LETTER_SUBJECT_MAX);
	}
	if (strchr(subject, '\n')) {
		return hk_error_set(error, HK_EFORM, "subject: must be one line");
	}
	if (*body == '\0' || strlen(body) > HK_LETTER_BODY_MAX) {
		return hk_error_set(
			error, HK_ERANGE, "body: must have 1 to %d bytes", (int)HK_LETTER_BODY_MAX);
	}
	return true;
}

bool
hk_letter_template_put(hk_flow *flow, const char *kind, const char *lang, int64_t version,
	const char *subject, const char *body, GError **error)
{
	hk_letter_template_row *was = NULL;

	if (!check(subject, body, error) || !hk_db_lock(flow->db, "letter_templates", error) ||
		!hk_letter_templates_get(flow->db, kind, lang, &was, error)) {
		return false;
	}
	int64_t is_version = was ? was->version : 0;
	hk_letter_template_row_free(was);
	if (version >= 0 && version != is_version) {
		return hk_error_set(error, HK_EINCONSISTENT, "the template was changed meanwhile");
	}
	const hk_letter_template_row row = {.kind = (char *)kind,
		.lang = (char *)lang,
		.subject = (char *)subject,
		.body = (char *)body,
		.user_id = flow->who.user_id,
		.updated_ms = flow->now_ms};
	if (!hk_letter_templates_put(flow->db, &row, error)) {
		return false;
	}
	note(flow, kind, lang, subject, body);
	return true;
}

bool
hk_letter_template_drop(hk_flow *flow, const char *kind, const char *lang, GError **error)
{
	int64_t changed;

	if (!hk_letter_templates_drop(flow->db, kind, lang, &changed, error)) {
		return false;
	}
	if (changed == 0) {
		return hk_error_set(error, HK_ENOENT, "this template was not changed");
	}
	note(flow, kind, lang, NULL, NULL);
	return true;
}
