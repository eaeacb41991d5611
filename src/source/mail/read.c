/* nocheck: tested in tests/unit/source/test_mail_read.c */
#include "source/mail/read.h"

#include <string.h>

#include "parse/mailhead.h"
#include "sys/charset.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/html.h"
#include "sys/json.h"
#include "sys/mime.h"
#include "sys/qr.h"
#include "sys/sandbox.h"

/* More elements than a reader writes: somebody else speaks. */
enum { ELEMENTS_MAX = 2000 };

static void
head_free(void *data)
{
	hk_mail_head *h = data;

	g_free(h->subject);
	g_free(h->from_name);
	g_free(h->from);
	g_free(h->reply_to);
	g_free(h->return_path);
	g_free(h->message_id);
	g_free(h);
}

static void
link_free(void *data)
{
	hk_mail_link *link = data;

	g_free(link->url);
	g_free(link->shown);
	g_free(link->where);
	g_free(link->how);
	g_free(link);
}

static void
part_free(void *data)
{
	hk_mail_part *part = data;

	g_free(part->type);
	g_free(part->name);
	g_free(part->charset);
	g_free(part->note);
	g_free(part);
}

static void
auth_free(void *data)
{
	hk_mail_auth *auth = data;

	g_free(auth->value);
	g_free(auth);
}

void
hk_mail_free(hk_mail *mail)
{
	if (mail) {
		g_ptr_array_unref(mail->heads);
		g_ptr_array_unref(mail->links);
		g_ptr_array_unref(mail->parts);
		g_ptr_array_unref(mail->auths);
		g_ptr_array_unref(mail->odd);
		g_free(mail->text);
		g_free(mail->html);
		g_free(mail->first_hop);
		g_free(mail->failure);
		g_free(mail);
	}
}

static hk_mail *
mail_new(void)
{
	hk_mail *mail = g_new0(hk_mail, 1);

	mail->heads = g_ptr_array_new_with_free_func(head_free);
	mail->links = g_ptr_array_new_with_free_func(link_free);
	mail->parts = g_ptr_array_new_with_free_func(part_free);
	mail->auths = g_ptr_array_new_with_free_func(auth_free);
	mail->odd = g_ptr_array_new_with_free_func(g_free);
	return mail;
}

void
hk_mail_init(void)
{
	hk_mime_init();
	hk_qr_init();
}

/* ---- facts ---- */

static bool
get_text(const hk_json *obj, const char *key, char **ret, GError **error)
{
	const char *text;

	if (!hk_json_str(obj, key, &text, error)) {
		return false;
	}
	*ret = g_strdup(text);
	return true;
}

typedef bool (*take_fn)(hk_mail *mail, const hk_json *element, GError **error);

static bool
take_head(hk_mail *mail, const hk_json *e, GError **error)
{
	hk_mail_head *h = g_new0(hk_mail_head, 1);

	g_ptr_array_add(mail->heads, h);
	return get_text(e, "subject", &h->subject, error) &&
	       get_text(e, "from_name", &h->from_name, error) &&
	       get_text(e, "from", &h->from, error) &&
	       get_text(e, "reply_to", &h->reply_to, error) &&
	       get_text(e, "return_path", &h->return_path, error) &&
	       get_text(e, "message_id", &h->message_id, error) &&
	       hk_json_i64(e, "date_ms", &h->date_ms, error);
}

static bool
take_link(hk_mail *mail, const hk_json *e, GError **error)
{
	hk_mail_link *link = g_new0(hk_mail_link, 1);

	g_ptr_array_add(mail->links, link);
	return get_text(e, "url", &link->url, error) && get_text(e, "shown", &link->shown, error) &&
	       get_text(e, "where", &link->where, error) && get_text(e, "how", &link->how, error) &&
	       hk_json_i64(e, "message", &link->message, error);
}

static bool
take_part(hk_mail *mail, const hk_json *e, GError **error)
{
	hk_mail_part *part = g_new0(hk_mail_part, 1);

	g_ptr_array_add(mail->parts, part);
	return get_text(e, "type", &part->type, error) && get_text(e, "name", &part->name, error) &&
	       get_text(e, "charset", &part->charset, error) &&
	       get_text(e, "note", &part->note, error) &&
	       hk_json_i64(e, "message", &part->message, error) &&
	       hk_json_i64(e, "bytes", &part->bytes, error);
}

static bool
take_auth(hk_mail *mail, const hk_json *e, GError **error)
{
	hk_mail_auth *auth = g_new0(hk_mail_auth, 1);

	g_ptr_array_add(mail->auths, auth);
	return get_text(e, "value", &auth->value, error) &&
	       hk_json_i64(e, "hop", &auth->hop, error);
}

static bool
take_odd(hk_mail *mail, const hk_json *e, GError **error)
{
	const char *text = hk_json_text(e);

	if (!text) {
		return hk_json_fail(e, HK_EFORM, error, "a string is missing");
	}
	g_ptr_array_add(mail->odd, g_strdup(text));
	return true;
}

static bool
take_list(hk_mail *mail, const hk_json *root, const char *key, take_fn take, GError **error)
{
	hk_json list;

	if (!hk_json_array(root, key, &list, error)) {
		return false;
	}
	if (hk_json_len(&list) > ELEMENTS_MAX) {
		return hk_json_fail(&list, HK_ELIMIT, error, "too many elements");
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json element = hk_json_at(&list, i);

		if (!take(mail, &element, error)) {
			return false;
		}
	}
	return true;
}

hk_mail *
hk_mail_of_facts(hk_span facts, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(facts, HK_MAIL_FACTS_MAX, error);
	g_autoptr(hk_mail) mail = mail_new();

	if (!doc) {
		return NULL;
	}
	hk_json root = hk_json_root(doc);

	if (!take_list(mail, &root, "heads", take_head, error) ||
		!take_list(mail, &root, "links", take_link, error) ||
		!take_list(mail, &root, "parts", take_part, error) ||
		!take_list(mail, &root, "auths", take_auth, error) ||
		!take_list(mail, &root, "odd", take_odd, error) ||
		!get_text(&root, "text", &mail->text, error) ||
		!get_text(&root, "html", &mail->html, error) ||
		!get_text(&root, "first_hop", &mail->first_hop, error) ||
		!hk_json_i64(&root, "received_ms", &mail->received_ms, error)) {
		return NULL;
	}
	if (mail->heads->len == 0) {
		hk_error_set(error, HK_EFORM, "facts of a mail without a header");
		return NULL;
	}
	return g_steal_pointer(&mail);
}

/* ---- reading ---- */

typedef struct job {
	hk_span raw;
	hk_mail_how how;
} job;

static void
work(void *user, GString *out)
{
	const job *j = user;

	hk_mail_read_facts(j->raw, j->how, out);
}

static hk_mail *
attempt(hk_span raw, hk_mail_how how, GError **error)
{
	static const hk_sandbox_limits limits = {.memory_bytes = HK_MAIL_MEMORY_MAX,
		.cpu_s = HK_MAIL_CPU_S,
		.wall_ms = HK_MAIL_WALL_MS,
		.answer_bytes = HK_MAIL_FACTS_MAX};
	job j = {raw, how};
	g_autoptr(GBytes) facts = hk_sandbox_run(&limits, work, &j, error);

	if (!facts) {
		return NULL;
	}
	return hk_mail_of_facts(
		hk_span_of(g_bytes_get_data(facts, NULL), g_bytes_get_size(facts)), error);
}

/* Of Message-ID and body, so that the same mail by two ways (two servers, two folders) is the same mail. Line ends do not count:
 * a maildir holds other ones than IMAP. */
static void
find_key(hk_span raw, uint8_t ret[32])
{
	g_autoptr(hk_hasher) hasher = hk_hasher_new();
	hk_span id = {NULL, 0};
	hk_span body = hk_mailhead_body(raw);

	if (hk_mailhead_find(raw, "Message-ID", &id)) {
		while (id.len > 0 && id.data[0] <= ' ') {
			id = hk_span_of(id.data + 1, id.len - 1);
		}
		while (id.len > 0 && id.data[id.len - 1] <= ' ') {
			id.len--;
		}
		hk_hasher_add(hasher, id);
	}
	hk_hasher_add(hasher, HK_SPAN_LIT("\n"));
	while (body.len > 0) {
		const uint8_t *end = memchr(body.data, '\r', body.len);
		size_t len = end ? (size_t)(end - body.data) : body.len;
		size_t skip = len + (end ? 1 : 0);

		hk_hasher_add(hasher, hk_span_of(body.data, len));
		body = hk_span_of(body.data + skip, body.len - skip);
	}
	hk_hasher_done(hasher, ret);
}

/* A mail that even the plain reader does not survive: nothing is known but that it is there. */
static hk_mail *
nothing(void)
{
	hk_mail *mail = mail_new();
	hk_mail_head *h = g_new0(hk_mail_head, 1);

	h->subject = g_strdup("");
	h->from_name = g_strdup("");
	h->from = g_strdup("");
	h->reply_to = g_strdup("");
	h->return_path = g_strdup("");
	h->message_id = g_strdup("");
	g_ptr_array_add(mail->heads, h);
	mail->text = g_strdup("");
	mail->html = g_strdup("");
	mail->first_hop = g_strdup("");
	return mail;
}

static bool
ours(const GError *why)
{
	return hk_error_code(why) == HK_EIO || hk_error_code(why) == HK_EPOLICY;
}

hk_mail *
hk_mail_read(hk_span raw, GError **error)
{
	g_autoptr(GError) first = NULL;
	hk_mail *mail = NULL;
	hk_span part = hk_span_of(raw.data, MIN(raw.len, HK_MAIL_BYTES_MAX));
	hk_mail_how how = HK_MAIL_WHOLE;

	if (raw.len > HK_MAIL_BYTES_MAX) {
		hk_error_set(
			&first, HK_ELIMIT, "the mail has more than %u bytes", HK_MAIL_BYTES_MAX);
		how = HK_MAIL_PLAIN;
	}
	for (; !mail && how <= HK_MAIL_PLAIN; how++) {
		g_autoptr(GError) why = NULL;

		mail = attempt(part, how, &why);
		if (!mail && ours(why)) {
			g_propagate_error(error, g_steal_pointer(&why));
			return NULL;
		}
		first = first ? first : g_steal_pointer(&why);
	}
	mail = mail ? mail : nothing();
	if (first) {
		mail->failure = g_strdup(first->message);
	}
	mail->bytes = raw.len;
	hk_sha256(raw, mail->sha256);
	find_key(raw, mail->key);
	return mail;
}
