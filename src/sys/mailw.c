#include "sys/mailw.h"

#include <string.h>

#include <gmime/gmime.h>

#include "base/codec.h"
#include "sys/gerr.h"

/* GMime's objects are GObjects; that stays inside this file. */

#define LINE_MAX_BYTES 998

bool
hk_mailw_lines(hk_span bytes)
{
	size_t line = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.data[i];

		if (c == '\r') {
			if (i + 1 == bytes.len || bytes.data[i + 1] != '\n') {
				return false;
			}
			i++;
			line = 0;
			continue;
		}
		if (c == '\n' || c == 0 || c > 0x7f || ++line > LINE_MAX_BYTES) {
			return false;
		}
	}
	return line == 0;
}

/* Texts of headers. */

static bool
is_plain(const char *text)
{
	for (; text && *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			return false;
		}
	}
	return true;
}

static bool
check(const hk_mailw *mail, GError **error)
{
	const char *const values[] = {mail->from.name, mail->from.address, mail->to.name,
		mail->to.address, mail->reply_to.name, mail->reply_to.address, mail->subject,
		mail->message_id, mail->in_reply_to, mail->references, mail->multipart,
		mail->report_type, mail->boundary};
	bool fine = true;

	for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
		fine = fine && is_plain(values[i]);
	}
	for (size_t i = 0; i < mail->header_count; i++) {
		fine = fine && is_plain(mail->headers[i].name) && is_plain(mail->headers[i].value);
	}
	for (size_t i = 0; i < mail->part_count; i++) {
		fine = fine && is_plain(mail->parts[i].name) && is_plain(mail->parts[i].type);
		fine = fine && !memmem(mail->parts[i].body.data, mail->parts[i].body.len,
				       mail->boundary, strlen(mail->boundary));
	}
	return fine || hk_error_set(error, HK_EFORM,
			       "a header of a mail holds a control character, or its boundary "
			       "stands in a part");
}

/* Encoded words (RFC 2047): whole characters, at most 75 bytes each, one a line; GMime's become longer than that. */

static bool
is_ascii(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text > 0x7f) {
			return false;
		}
	}
	return true;
}

static void
append_words(GString *out, const char *text)
{
	enum { WORD_BYTES = 42 }; /* 56 in base64, 68 with "=?UTF-8?B?" and "?=" */

	for (size_t at = 0, all = strlen(text); at < all;) {
		size_t n = MIN((size_t)WORD_BYTES, all - at);
		char word[HK_BASE64_LEN(WORD_BYTES) + 1];

		while (at + n < all && ((unsigned char)text[at + n] & 0xc0) == 0x80) {
			n--;
		}
		hk_base64_encode(hk_span_of(text + at, n), word);
		g_string_append_printf(out, "%s=?UTF-8?B?%s?=", at > 0 ? "\n " : "", word);
		at += n;
	}
}

/* ASCII, folded at blanks where the line becomes longer than 76 bytes. */
static void
append_folded(GString *out, const char *text, size_t column)
{
	while (*text) {
		size_t blanks = strspn(text, " "), word = strcspn(text + blanks, " ");

		if (blanks > 0 && word > 0 && column + blanks + word > 76) {
			g_string_append_c(out, '\n');
			column = 0;
		}
		g_string_append_len(out, text, (gssize)(blanks + word));
		column += blanks + word;
		text += blanks + word;
	}
}

static void
set_raw(GMimeMessage *message, const char *name, const char *raw)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(message));

	g_mime_object_set_header(GMIME_OBJECT(message), name, "x", NULL);
	g_mime_header_set_raw_value(g_mime_header_list_get_header(list, name), raw);
}

static void
set_text(GMimeMessage *message, const char *name, const char *text)
{
	g_autoptr(GString) raw = g_string_new(" ");

	if (!is_ascii(text) || strstr(text, "=?")) {
		append_words(raw, text);
	} else {
		append_folded(raw, text, strlen(name) + 2);
	}
	g_string_append_c(raw, '\n');
	set_raw(message, name, raw->str);
}

/* A name as a phrase (RFC 5322, 3.2.5): quoted, or encoded words. */
static void
set_person(GMimeMessage *message, const char *header, const hk_mailw_person *person)
{
	g_autoptr(GString) raw = g_string_new(" ");
	const char *name = person->name ? person->name : "";

	if (!person->address) {
		return;
	}
	size_t start = raw->len;
	if (name[0] && is_ascii(name) && !strstr(name, "=?")) {
		g_string_append_c(raw, '"');
		for (const char *c = name; *c; c++) {
			if (*c == '"' || *c == '\\') {
				g_string_append_c(raw, '\\');
			}
			g_string_append_c(raw, *c);
		}
		g_string_append_c(raw, '"');
	} else if (name[0]) {
		append_words(raw, name);
	}
	if (raw->len > start) {
		bool fits = strlen(header) + raw->len + strlen(person->address) < 72 &&
			    !strchr(raw->str, '\n');

		g_string_append(raw, fits ? " " : "\n ");
	}
	g_string_append_printf(raw, "<%s>\n", person->address);
	set_raw(message, header, raw->str);
}

/* Parts. */

typedef struct body {
	GMimeContentEncoding encoding;
	bool canonical; /* line ends must be CR LF before they are encoded */
} body;

static body
how_to_send(hk_span text)
{
	size_t high = 0, line = 0;
	bool raw = true;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		line = c == '\n' ? 0 : line + 1;
		high += c > 0x7f;
		raw = raw && c <= 0x7f && c != 0 && c != '\r' && line <= LINE_MAX_BYTES - 100;
	}
	if (raw) {
		return (body){GMIME_CONTENT_ENCODING_7BIT, false};
	}
	return high > text.len / 6 ? (body){GMIME_CONTENT_ENCODING_BASE64, true}
				   : (body){GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, false};
}

static GByteArray *
with_crlf(hk_span text)
{
	GByteArray *out = g_byte_array_sized_new((unsigned)(text.len + text.len / 32 + 16));

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n' && (i == 0 || text.data[i - 1] != '\r')) {
			g_byte_array_append(out, (const uint8_t *)"\r", 1);
		}
		g_byte_array_append(out, text.data + i, 1);
	}
	return out;
}

static GMimeObject *
make_part(const hk_mailw_part *from)
{
	g_autofree char *type = g_strdup(from->type);
	char *slash = strchr(type, '/');
	bool text = g_str_has_prefix(type, "text/") || strcmp(type, "message/feedback-report") == 0;
	bool message = strcmp(type, "message/rfc822") == 0;
	body how = message ? (body){GMIME_CONTENT_ENCODING_7BIT, false}
		   : text  ? how_to_send(from->body)
			   : (body){GMIME_CONTENT_ENCODING_BASE64, false};

	*slash = '\0';
	GMimePart *part = g_mime_part_new_with_type(type, slash + 1);
	GMimeStream *stream = how.canonical
				      ? g_mime_stream_mem_new_with_byte_array(with_crlf(from->body))
				      : g_mime_stream_mem_new_with_buffer(
						(const char *)from->body.data, from->body.len);
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream,
		how.encoding == GMIME_CONTENT_ENCODING_7BIT ? how.encoding
							    : GMIME_CONTENT_ENCODING_DEFAULT);

	if (how.canonical) {
		g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), TRUE);
	}
	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, how.encoding);
	if (strcmp(type, "text") == 0) {
		g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	}
	if (from->name) {
		g_mime_part_set_filename(part, from->name);
	}
	g_clear_object(&content);
	g_clear_object(&stream);
	return GMIME_OBJECT(part);
}

static GMimeObject *
make_parts(const hk_mailw *mail)
{
	GMimeMultipart *all = g_mime_multipart_new_with_subtype(mail->multipart);

	g_mime_multipart_set_boundary(all, mail->boundary);
	if (mail->report_type) {
		g_mime_object_set_content_type_parameter(
			GMIME_OBJECT(all), "report-type", mail->report_type);
	}
	for (size_t i = 0; i < mail->part_count; i++) {
		GMimeObject *part = make_part(&mail->parts[i]);

		g_mime_multipart_add(all, part);
		g_clear_object(&part);
	}
	return GMIME_OBJECT(all);
}

static GMimeMessage *
make_message(const hk_mailw *mail)
{
	GMimeMessage *message = g_mime_message_new(TRUE);
	GDateTime *date = g_date_time_new_from_unix_utc(mail->date_ms / 1000);

	set_person(message, "From", &mail->from);
	set_person(message, "To", &mail->to);
	set_person(message, "Reply-To", &mail->reply_to);
	set_text(message, "Subject", mail->subject);
	if (date) {
		g_mime_message_set_date(message, date);
		g_date_time_unref(date);
	}
	g_mime_message_set_message_id(message, mail->message_id);
	if (mail->in_reply_to) {
		g_mime_object_set_header(
			GMIME_OBJECT(message), "In-Reply-To", mail->in_reply_to, NULL);
	}
	if (mail->references) {
		g_mime_object_set_header(
			GMIME_OBJECT(message), "References", mail->references, NULL);
	}
	for (size_t i = 0; i < mail->header_count; i++) {
		g_mime_object_set_header(
			GMIME_OBJECT(message), mail->headers[i].name, mail->headers[i].value, NULL);
	}
	GMimeObject *parts = make_parts(mail);
	g_mime_message_set_mime_part(message, parts);
	g_clear_object(&parts);
	return message;
}

static GBytes *
written(GMimeMessage *message)
{
	GMimeFormatOptions *format = g_mime_format_options_new();
	GMimeStream *stream = g_mime_stream_mem_new();

	g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
	g_mime_object_write_to_stream(GMIME_OBJECT(message), format, stream);
	GByteArray *array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	GBytes *bytes = g_bytes_new(array->data, array->len);

	g_clear_object(&stream);
	g_mime_format_options_free(format);
	return bytes;
}

GBytes *
hk_mailw_build(const hk_mailw *mail, GError **error)
{
	static gsize once; /* nocheck: GLib's own type */

	if (g_once_init_enter(&once)) {
		g_mime_init();
		g_once_init_leave(&once, 1);
	}
	if (!check(mail, error)) {
		return NULL;
	}
	GMimeMessage *message = make_message(mail);
	g_autoptr(GBytes) bytes = written(message);
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);

	g_clear_object(&message);
	if (!hk_mailw_lines(hk_span_of(data, len))) {
		hk_error_set(error, HK_EFORM, "the mail would have a line that servers refuse");
		return NULL;
	}
	return g_steal_pointer(&bytes);
}
