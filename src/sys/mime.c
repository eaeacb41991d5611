#include "sys/mime.h"

#include <string.h>

#include <gmime/gmime.h>

#include "parse/mailhead.h"
#include "sys/charset.h"
#include "sys/htmltok.h"

/* GMime's objects are GObjects; that stays inside this file. */

typedef struct walk {
	const hk_mime_limits *limits;
	const hk_mime_sink *sink;
	unsigned parts, messages, odd;
	size_t bytes;
} walk;

void
hk_mime_init(void)
{
	hk_charset_warm();
	hk_htmltok_warm();
	g_mime_init();
}

static bool
is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' ||
	       byte == '\n'; /* not ESC: text begins with it */
}

static void
headers(walk *w, GMimeObject *object, unsigned message)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	int count = MIN(g_mime_header_list_get_count(list), 500);

	for (int i = 0; i < count; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
		const char *name = g_mime_header_get_name(header);
		const char *value = g_mime_header_get_raw_value(header);

		if (name && value) {
			hk_span text = hk_span_str(value);

			while (text.len > 0 && is_blank(text.data[text.len - 1])) {
				text.len--;
			}
			while (text.len > 0 && is_blank(text.data[0])) {
				text = hk_span_of(text.data + 1, text.len - 1);
			}
			w->sink->header(w->sink->user, message, name, text);
		}
	}
}

/* Decoded content, at most max bytes. */
static GByteArray *
content(GMimePart *part, size_t max, bool *ret_cut)
{
	GByteArray *bytes = g_byte_array_new();
	GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
	GMimeStream *raw = wrapper ? g_mime_data_wrapper_get_stream(wrapper) : NULL;

	*ret_cut = false;
	if (!raw) {
		return bytes;
	}
	GMimeContentEncoding encoding = g_mime_data_wrapper_get_encoding(wrapper);
	GMimeStream *stream = g_mime_stream_filter_new(raw);
	GMimeFilter *filter = NULL;
	char piece[16384];
	ssize_t n;

	g_mime_stream_reset(raw);
	if (encoding == GMIME_CONTENT_ENCODING_BASE64 ||
		encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE ||
		encoding == GMIME_CONTENT_ENCODING_UUENCODE) {
		filter = g_mime_filter_basic_new(encoding, FALSE);
		g_mime_stream_filter_add(GMIME_STREAM_FILTER(stream), filter);
	}
	while ((n = g_mime_stream_read(stream, piece, sizeof piece)) > 0) {
		size_t take = MIN((size_t)n, max - bytes->len);

		g_byte_array_append(
			bytes, (const guint8 *)piece, (guint)take); /* nocheck: GLib's own type */
		if (take < (size_t)n) {
			*ret_cut = true;
			break;
		}
	}
	g_clear_object(&filter);
	g_clear_object(&stream);
	return bytes;
}

static void
leaf(walk *w, GMimeObject *object, unsigned message)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);
	GMimeContentDisposition *disposition = g_mime_object_get_content_disposition(object);
	g_autofree char *said =
		type ? g_mime_content_type_get_mime_type(type) : g_strdup("text/plain");
	g_autofree char *lower = g_ascii_strdown(said, -1);
	const char *charset = type ? g_mime_content_type_get_parameter(type, "charset") : NULL;
	const char *name =
		disposition ? g_mime_content_disposition_get_parameter(disposition, "filename")
			    : NULL;
	hk_mime_part part = {.message = message, .type = lower, .charset = charset ? charset : ""};
	size_t left = w->limits->all_bytes - w->bytes;

	if (!name && type) {
		name = g_mime_content_type_get_parameter(type, "name");
	}
	part.name = name ? name : "";
	part.attachment = disposition && g_mime_content_disposition_is_attachment(disposition);

	g_autoptr(GByteArray) bytes =
		content(GMIME_PART(object), MIN(left, w->limits->part_bytes), &part.cut);

	w->bytes += bytes->len;
	w->odd |= part.cut ? HK_MIME_BYTES : 0;
	part.body = hk_span_of(bytes->data ? bytes->data : (const uint8_t *)"", bytes->len);
	w->sink->part(w->sink->user, &part);
}

static void
visit(walk *w, GMimeObject *object, unsigned message, unsigned depth)
{
	if (w->parts >= w->limits->parts || depth > w->limits->depth) {
		w->odd |= w->parts >= w->limits->parts ? HK_MIME_PARTS : HK_MIME_DEPTH;
		return;
	}
	if (GMIME_IS_MULTIPART(object)) {
		GMimeMultipart *multipart = GMIME_MULTIPART(object);
		int count = g_mime_multipart_get_count(multipart);

		w->odd |= GMIME_IS_MULTIPART_ENCRYPTED(object) ? HK_MIME_SEALED : 0;
		for (int i = 0; i < count; i++) {
			visit(w, g_mime_multipart_get_part(multipart, i), message, depth + 1);
		}
		return;
	}
	w->parts++;
	if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
		unsigned number = ++w->messages;

		if (inner) {
			headers(w, GMIME_OBJECT(inner), number);
		}
		if (inner && g_mime_message_get_mime_part(inner)) {
			visit(w, g_mime_message_get_mime_part(inner), number, depth + 1);
		}
	} else if (GMIME_IS_PART(object)) {
		leaf(w, object, message);
	}
}

/* Mail from an mbox, or from a mailer that saves one, begins with an envelope line that is no header. */
static hk_span
skip_envelope(hk_span mail)
{
	while (mail.len > 0 && (mail.data[0] == '\r' || mail.data[0] == '\n')) {
		mail = hk_span_of(mail.data + 1, mail.len - 1);
	}
	if (mail.len > 5 &&
		(memcmp(mail.data, "From ", 5) == 0 || memcmp(mail.data, ">From ", 6) == 0)) {
		const uint8_t *end = memchr(mail.data, '\n', mail.len);

		if (end) {
			size_t skip = (size_t)(end + 1 - mail.data);

			return hk_span_of(mail.data + skip, mail.len - skip);
		}
	}
	return mail;
}

/* A line in the header that is no field ends it for GMime, and all that follows is lost. NULL: there is none. */
static GString *
repair(hk_span mail)
{
	hk_span body = hk_mailhead_body(mail);
	size_t pos = 0;
	size_t good = 0;
	hk_span name, value;
	g_autoptr(GString) fields = g_string_new(NULL);

	while (hk_mailhead_next(mail, &pos, &name, &value)) {
		const uint8_t *end = value.data + value.len;

		g_string_append_len(fields, (const char *)name.data, end - name.data);
		good += (size_t)(end - name.data);
		while (end < mail.data + mail.len && (*end == '\r' || *end == '\n')) {
			good++;
			if (*end++ == '\n') {
				break;
			}
		}
		g_string_append_c(fields, '\n');
	}
	/* What is left over between the fields and the body is at most the empty line. */
	if (fields->len == 0 || good + 2 >= mail.len - body.len) {
		return NULL;
	}
	g_string_append_c(fields, '\n');
	g_string_append_len(fields, (const char *)body.data, (gssize)body.len);
	return g_steal_pointer(&fields);
}

unsigned
hk_mime_walk(hk_span mail, const hk_mime_limits *limits, const hk_mime_sink *sink)
{
	walk w = {.limits = limits, .sink = sink};
	hk_span text = skip_envelope(mail);
	g_autoptr(GString) repaired = repair(text);

	text = repaired ? hk_span_of(repaired->str, repaired->len) : text;
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)text.data, text.len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	if (message) {
		headers(&w, GMIME_OBJECT(message), 0);
		if (g_mime_message_get_mime_part(message)) {
			visit(&w, g_mime_message_get_mime_part(message), 0, 0);
		}
		g_clear_object(&message);
	} else {
		w.odd |= HK_MIME_BROKEN;
	}
	g_clear_object(&parser);
	g_clear_object(&stream);
	return w.odd;
}

bool
hk_mime_date(hk_span value, int64_t *ret_ms)
{
	for (size_t i = value.len; i-- > 0;) {
		if (value.data[i] == ';') {
			value = hk_span_of(value.data + i + 1, value.len - i - 1);
			break;
		}
	}
	g_autofree char *text = g_strndup((const char *)value.data, MIN(value.len, 200));
	g_autoptr(GDateTime) when = g_mime_utils_header_decode_date(g_strstrip(text));

	if (!when) {
		return false;
	}
	*ret_ms = g_date_time_to_unix(when) * 1000;
	return true;
}

/* For what GMime does not take for an address: raw ISO-2022-JP, for example, is full of its special characters. */
static void
find_address(hk_span value, GString *ret)
{
	g_autoptr(GString) text = g_string_new(NULL);

	hk_charset_header(hk_span_of(value.data, MIN(value.len, 4000)), text);

	const char *at = strrchr(text->str, '@');
	const char *from = at;
	const char *to = at;

	while (from && from > text->str && (unsigned char)from[-1] > ' ' &&
		!strchr("<>,;:\"()[]", from[-1])) {
		from--;
	}
	while (to && (unsigned char)*to > ' ' && !strchr("<>,;:\"()", *to)) {
		to++;
	}
	if (at && from < at && to > at + 1) {
		g_string_append_len(ret, from, to - from);
	}
}

bool
hk_mime_address(hk_span value, GString *ret_name, GString *ret_address)
{
	g_autofree char *text = g_strndup((const char *)value.data, MIN(value.len, 4000));
	InternetAddressList *list = internet_address_list_parse(NULL, text);
	bool found = false;

	for (int i = 0; list && !found && i < internet_address_list_length(list); i++) {
		InternetAddress *address = internet_address_list_get_address(list, i);

		if (INTERNET_ADDRESS_IS_MAILBOX(address)) {
			const char *addr = internet_address_mailbox_get_addr(
				INTERNET_ADDRESS_MAILBOX(address));

			hk_charset_text(hk_span_str(addr), NULL, ret_address, NULL);
			found = true;
		}
	}
	g_clear_object(&list);
	if (!found) {
		find_address(value, ret_address);
		found = ret_address->len > 0;
	}
	/* The name is read by us: GMime's converters would not know the vendor characters. */
	const char *end = strrchr(text, '<');

	if (end) {
		hk_span name = hk_span_of(text, (size_t)(end - text));

		while (name.len > 0 && strchr(" \t\r\n\"", name.data[name.len - 1])) {
			name.len--;
		}
		while (name.len > 0 && strchr(" \t\r\n\"", name.data[0])) {
			name = hk_span_of(name.data + 1, name.len - 1);
		}
		hk_charset_header(name, ret_name);
	}
	return found;
}
