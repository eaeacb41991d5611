/* nocheck: tested in tests/unit/report/test_answer.c. report/answer, in the sandbox: a mail becomes one JSON object, and that a struct. */
#include <string.h>

#include "parse/authres.h"
#include "parse/mailhead.h"
#include "report/answer.h"
#include "sys/charset.h"
#include "sys/gerr.h"
#include "sys/html.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/mime.h"
#include "sys/sandbox.h"

/* Caps of a reading: of the mail, of its text, and of what the reader may use up. */
enum { RAW_MAX = 40 << 20, TEXT_MAX = 128 << 10, CPU_S = 10, WALL_MS = 20000 };
static const size_t memory_max = 512u << 20;

typedef struct reading {
	GString *subject, *from, *from_name, *message_id, *text, *html;
	int64_t date_ms;
	GPtrArray *refs, *recipients, *inner, *auths; /* of GString's text */
	unsigned flags;
} reading;

/* ---- headers ---- */

typedef enum where {
	REFS,
	TO,
	FROM,
	SUBJECT,
	ID,
	DATE,
	AUTOMATIC,
	PRECEDENCE,
	ABSENCE,
	RETURN,
	FAILED,
	AUTH,
	HOP
} where;

static const struct {
	const char *name;
	where where;
} headers[] = {
	{"In-Reply-To", REFS},
	{"References", REFS},
	{"Thread-Index-Message-ID", REFS},
	{"To", TO},
	{"Cc", TO},
	{"Delivered-To", TO},
	{"X-Original-To", TO},
	{"X-Delivered-To", TO},
	{"Envelope-To", TO},
	{"X-Envelope-To", TO},
	{"Apparently-To", TO},
	{"X-Forwarded-To", TO},
	{"X-RCPT-To", TO},
	{"Original-Recipient", TO},
	{"Resent-To", TO},
	{"From", FROM},
	{"Subject", SUBJECT},
	{"Message-ID", ID},
	{"Date", DATE},
	{"Auto-Submitted", AUTOMATIC},
	{"X-Auto-Response-Suppress", AUTOMATIC},
	{"X-Autoreply", ABSENCE},
	{"X-Autorespond", ABSENCE},
	{"X-Vacation", ABSENCE},
	{"X-MS-Exchange-Generated-Message-Source", AUTOMATIC},
	{"Precedence", PRECEDENCE},
	{"Return-Path", RETURN},
	{"X-Failed-Recipients", FAILED},
	{"Authentication-Results", AUTH},
	{"Received", HOP},
};

static void
add(GPtrArray *list, hk_span value)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (list->len < HK_ANSWER_LIST_MAX) {
		hk_charset_header(
			hk_span_of(value.data, MIN(value.len, HK_ANSWER_VALUE_MAX)), text);
		g_ptr_array_add(list, g_string_free(g_steal_pointer(&text), FALSE));
	}
}

/* What a mail server says: as it stands, for an encoded word in it is the sender's. One byte too many says that it was cut. */
static void
add_auth(GPtrArray *list, hk_span value)
{
	if (list->len < HK_ANSWER_LIST_MAX) {
		g_ptr_array_add(list, g_utf8_make_valid((const char *)value.data,
					      (gssize)MIN(value.len, (size_t)HK_AUTHRES_MAX + 1)));
	}
}

/* What stands below was there before that server had the mail. */
static void
add_hop(GPtrArray *list)
{
	const char *last = list->len > 0 ? list->pdata[list->len - 1] : "";

	if (*last && list->len < HK_ANSWER_LIST_MAX) {
		g_ptr_array_add(list, g_strdup(""));
	}
}

/* Text of a header with its encoded words, cut. */
static void
take_text(GString *into, hk_span value)
{
	if (into->len == 0) {
		hk_charset_header(
			hk_span_of(value.data, MIN(value.len, HK_ANSWER_VALUE_MAX)), into);
	}
}

static bool
is_word(hk_span value, const char *word)
{
	value = hk_span_trim(value);
	return value.len >= strlen(word) &&
	       g_ascii_strncasecmp((const char *)value.data, word, strlen(word)) == 0;
}

static void
take_header(reading *r, where what, hk_span value)
{
	switch (what) {
	case REFS:
		add(r->refs, value);
		break;
	case TO:
		add(r->recipients, value);
		break;
	case FROM:
		if (r->from->len == 0) {
			hk_mime_address(value, r->from_name, r->from);
		}
		break;
	case SUBJECT:
		take_text(r->subject, value);
		break;
	case ID:
		take_text(r->message_id, hk_span_trim(value));
		break;
	case DATE:
		(void)hk_mime_date(value, &r->date_ms);
		break;
	case AUTOMATIC:
		r->flags |= is_word(value, "no") ? 0 : HK_ANSWER_AUTOMATIC;
		break;
	case PRECEDENCE:
		r->flags |= is_word(value, "bulk") || is_word(value, "auto") ||
					    is_word(value, "junk") || is_word(value, "list")
				    ? HK_ANSWER_AUTOMATIC
				    : 0;
		break;
	case ABSENCE:
		r->flags |= is_word(value, "no") ? 0 : HK_ANSWER_AUTOMATIC | HK_ANSWER_VACATION;
		break;
	case FAILED: /* exim */
		r->flags |= HK_ANSWER_FAILED;
		break;
	case AUTH:
		add_auth(r->auths, value);
		break;
	case HOP:
		add_hop(r->auths);
		break;
	case RETURN:
		r->flags |= is_word(value, "<>") || is_word(value, "<MAILER-DAEMON")
				    ? HK_ANSWER_NULL
				    : 0;
		break;
	}
}

/* Of a mail inside: only what tells whose it is. */
static void
inner_header(reading *r, const char *name, hk_span value)
{
	static const char *const names[] = {"Message-ID", "References", "In-Reply-To", "From",
		"Reply-To", "Return-Path", "Sender", "X-HmXmrOriginalRecipient"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_ascii_strcasecmp(name, names[i]) == 0) {
			add(r->inner, value);
		}
	}
}

static void
on_header(void *user, unsigned message, const char *name, hk_span value)
{
	reading *r = user;

	if (message > 0) {
		r->flags |= HK_ANSWER_RETURNED;
		inner_header(r, name, value);
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
		if (g_ascii_strcasecmp(name, headers[i].name) == 0) {
			take_header(r, headers[i].where, value);
		}
	}
}

/* ---- parts ---- */

/* The fields of message/delivery-status (RFC 3464): groups of header fields. */
static void
take_status(reading *r, hk_span body)
{
	size_t begin = 0;

	r->flags |= HK_ANSWER_REPORT;
	while (begin < body.len) {
		hk_span group = hk_span_of(body.data + begin, body.len - begin);
		hk_span name, value;
		size_t pos = 0;

		while (hk_mailhead_next(group, &pos, &name, &value)) {
			if (name.len == 6 &&
				g_ascii_strncasecmp((const char *)name.data, "Action", 6) == 0) {
				r->flags |= is_word(value, "failed") ? HK_ANSWER_FAILED
								     : HK_ANSWER_DELAYED;
			} else {
				add(r->inner, value);
			}
		}
		begin += MAX(pos, 1);
	}
}

static void
take_headers_part(reading *r, hk_span body)
{
	hk_span name, value;
	size_t pos = 0;

	r->flags |= HK_ANSWER_RETURNED;
	while (hk_mailhead_next(body, &pos, &name, &value)) {
		g_autofree char *text = g_strndup((const char *)name.data, name.len);

		inner_header(r, text, value);
	}
}

static void
keep(GString *into, hk_span bytes)
{
	size_t len = MIN(bytes.len, TEXT_MAX - MIN(into->len, TEXT_MAX));

	while (len < bytes.len && len > 0 && (bytes.data[len] & 0xc0) == 0x80) {
		len--;
	}
	if (into->len > 0) {
		g_string_append_c(into, '\n');
	}
	g_string_append_len(into, (const char *)bytes.data, (gssize)len);
}

/* Our tokens are looked for everywhere: in what was sent back as a part of no known type, too. Runs of 32 hexadecimal digits. */
static void
take_tokens(reading *r, hk_span bytes)
{
	size_t n = 0;

	for (size_t i = 0; i <= bytes.len; i++) {
		if (i < bytes.len && g_ascii_isxdigit(bytes.data[i])) {
			n++;
			continue;
		}
		if (n == 32) {
			add(r->inner, hk_span_of(bytes.data + i - n, n));
		}
		n = 0;
	}
}

static void
on_part(void *user, const hk_mime_part *part)
{
	reading *r = user;
	g_autoptr(GString) text = g_string_new(NULL);

	take_tokens(r, part->body);
	if (strcmp(part->type, "message/delivery-status") == 0 ||
		strcmp(part->type, "message/global-delivery-status") == 0) {
		take_status(r, part->body);
		return;
	}
	if (strcmp(part->type, "text/rfc822-headers") == 0 ||
		strcmp(part->type, "message/rfc822") == 0) {
		take_headers_part(r, part->body);
		return;
	}
	if (part->message > 0 || part->attachment || strncmp(part->type, "text/", 5) != 0) {
		return;
	}
	hk_charset_text(part->body, part->charset, text, NULL);
	if (strcmp(part->type, "text/html") == 0) {
		g_autoptr(hk_html) html = hk_html_read(hk_span_of(text->str, text->len));

		keep(r->html, hk_span_of(html->text->str, html->text->len));
	} else {
		keep(r->text, hk_span_of(text->str, text->len));
	}
}

/* ---- facts ---- */

static void
write_text(GString *out, const char *key, const GString *text)
{
	hk_jsonw_key(out, key);
	hk_jsonw_text(out, hk_span_of(text->str, text->len));
}

static void
write_list(GString *out, const char *key, const GPtrArray *list)
{
	hk_jsonw_strs(out, key, (const char *const *)list->pdata, list->len);
}

/* Blank text next to a whole page of HTML is no text. */
static bool
is_blank(const GString *text)
{
	return hk_span_trim(hk_span_of(text->str, text->len)).len == 0;
}

void
hk_answer_facts(hk_span raw, GString *out)
{
	static const hk_mime_limits limits = {
		.parts = 200, .depth = 20, .part_bytes = 4u << 20, .all_bytes = 16u << 20};
	reading r = {.subject = g_string_new(NULL),
		.from = g_string_new(NULL),
		.from_name = g_string_new(NULL),
		.message_id = g_string_new(NULL),
		.text = g_string_new(NULL),
		.html = g_string_new(NULL),
		.refs = g_ptr_array_new_with_free_func(g_free),
		.recipients = g_ptr_array_new_with_free_func(g_free),
		.inner = g_ptr_array_new_with_free_func(g_free),
		.auths = g_ptr_array_new_with_free_func(g_free)};
	const hk_mime_sink sink = {.user = &r, .header = on_header, .part = on_part};

	hk_mime_walk(raw, &limits, &sink);
	hk_jsonw_open(out, '{');
	write_text(out, "subject", r.subject);
	write_text(out, "from", r.from);
	write_text(out, "from_name", r.from_name);
	write_text(out, "message_id", r.message_id);
	hk_jsonw_member_int(out, "date_ms", r.date_ms);
	write_list(out, "refs", r.refs);
	write_list(out, "recipients", r.recipients);
	write_list(out, "inner", r.inner);
	write_list(out, "auths", r.auths);
	write_text(out, "text", is_blank(r.text) ? r.html : r.text);
	hk_jsonw_member_int(out, "flags", r.flags);
	hk_jsonw_close(out, '}');
	GString *const texts[] = {r.subject, r.from, r.from_name, r.message_id, r.text, r.html};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_string_free(texts[i], TRUE);
	}
	g_ptr_array_unref(r.refs);
	g_ptr_array_unref(r.recipients);
	g_ptr_array_unref(r.inner);
	g_ptr_array_unref(r.auths);
}

/* ---- the struct ---- */

void
hk_answer_free(hk_answer *r)
{
	if (r) {
		g_free(r->subject);
		g_free(r->from);
		g_free(r->from_name);
		g_free(r->message_id);
		g_free(r->text);
		g_free(r->quoted);
		g_free(r->failure);
		g_ptr_array_unref(r->refs);
		g_ptr_array_unref(r->recipients);
		g_ptr_array_unref(r->inner);
		g_ptr_array_unref(r->auths);
		g_free(r);
	}
}

static hk_answer *
reply_new(void)
{
	hk_answer *r = g_new0(hk_answer, 1);

	r->refs = g_ptr_array_new_with_free_func(g_free);
	r->recipients = g_ptr_array_new_with_free_func(g_free);
	r->inner = g_ptr_array_new_with_free_func(g_free);
	r->auths = g_ptr_array_new_with_free_func(g_free);
	return r;
}

static bool
get_text(const hk_json *root, const char *key, char **ret, GError **error)
{
	const char *text;

	if (!hk_json_str(root, key, &text, error)) {
		return false;
	}
	*ret = g_strdup(text);
	return true;
}

static bool
get_list(const hk_json *root, const char *key, GPtrArray *ret, GError **error)
{
	hk_json list;

	if (!hk_json_array(root, key, &list, error)) {
		return false;
	}
	if (hk_json_len(&list) > HK_ANSWER_LIST_MAX) {
		return hk_json_fail(&list, HK_ELIMIT, error, "too many elements");
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json element = hk_json_at(&list, i);
		const char *text = hk_json_text(&element);

		if (!text) {
			return hk_json_fail(&element, HK_EFORM, error, "a string is missing");
		}
		g_ptr_array_add(ret, g_strdup(text));
	}
	return true;
}

/* At most HK_ANSWER_TEXT_MAX bytes, whole characters. */
static char *
cut(GString *text)
{
	size_t len = MIN(text->len, HK_ANSWER_TEXT_MAX);

	while (len < text->len && len > 0 && ((unsigned char)text->str[len] & 0xc0) == 0x80) {
		len--;
	}
	g_string_truncate(text, len);
	return g_string_free(text, FALSE);
}

hk_answer *
hk_answer_of_facts(hk_span facts, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(facts, HK_ANSWER_FACTS_MAX, error);
	g_autoptr(hk_answer) r = reply_new();
	g_autofree char *text = NULL;
	int64_t flags = 0;

	if (!doc) {
		return NULL;
	}
	hk_json root = hk_json_root(doc);

	if (!get_text(&root, "subject", &r->subject, error) ||
		!get_text(&root, "from", &r->from, error) ||
		!get_text(&root, "from_name", &r->from_name, error) ||
		!get_text(&root, "message_id", &r->message_id, error) ||
		!hk_json_i64(&root, "date_ms", &r->date_ms, error) ||
		!get_list(&root, "refs", r->refs, error) ||
		!get_list(&root, "recipients", r->recipients, error) ||
		!get_list(&root, "inner", r->inner, error) ||
		!get_list(&root, "auths", r->auths, error) ||
		!get_text(&root, "text", &text, error) ||
		!hk_json_i64(&root, "flags", &flags, error)) {
		return NULL;
	}
	GString *own = g_string_new(NULL);
	GString *quoted = g_string_new(NULL);

	hk_answer_split(hk_span_str(text), own, quoted);
	r->text = cut(own);
	r->quoted = cut(quoted);
	r->flags = (unsigned)flags & 0xff;
	return g_steal_pointer(&r);
}

void
hk_answer_init(void)
{
	hk_mime_init();
	hk_charset_warm();
}

static void
work(void *user, GString *out)
{
	const hk_span *raw = user;

	hk_answer_facts(*raw, out);
}

/* Without any library: only the header's fields as they stand. */
static hk_answer *
plain(hk_span raw, const char *failure)
{
	hk_answer *r = reply_new();
	hk_span name, value;
	size_t pos = 0;

	while (hk_mailhead_next(raw, &pos, &name, &value)) {
		g_autofree char *field = g_strndup((const char *)name.data, name.len);
		GPtrArray *list = NULL;

		for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
			if (g_ascii_strcasecmp(field, headers[i].name) == 0) {
				list = headers[i].where == REFS ? r->refs
				       : headers[i].where == TO ? r->recipients
								: NULL;
			}
		}
		if (list && list->len < HK_ANSWER_LIST_MAX) {
			g_autofree char *text = g_strndup(
				(const char *)value.data, MIN(value.len, HK_ANSWER_VALUE_MAX));
			g_ptr_array_add(list, g_utf8_make_valid(text, -1));
		}
	}
	r->subject = g_strdup("");
	r->from = g_strdup("");
	r->from_name = g_strdup("");
	r->message_id = g_strdup("");
	r->text = g_strdup("");
	r->quoted = g_strdup("");
	r->failure = g_strdup(failure);
	return r;
}

hk_answer *
hk_answer_read(hk_span raw, GError **error)
{
	const hk_sandbox_limits limits = {.memory_bytes = memory_max,
		.cpu_s = CPU_S,
		.wall_ms = WALL_MS,
		.answer_bytes = HK_ANSWER_FACTS_MAX};
	g_autoptr(GError) why = NULL;
	hk_span part = hk_span_of(raw.data, MIN(raw.len, (size_t)RAW_MAX));
	g_autoptr(GBytes) facts = hk_sandbox_run(&limits, work, &part, &why);
	hk_answer *reply = facts ? hk_answer_of_facts(hk_span_of(g_bytes_get_data(facts, NULL),
							      g_bytes_get_size(facts)),
					   &why)
				 : NULL;

	if (!reply && (hk_error_code(why) == HK_EIO || hk_error_code(why) == HK_EPOLICY)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return NULL;
	}
	return reply ? reply : plain(part, why->message);
}
