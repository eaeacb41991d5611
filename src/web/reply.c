#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "web/live.h"
#include "web/reply_int.h"

enum { SPOOL_IN_MEMORY = 1 << 20 };

hk_reply *
hk_reply_new(void)
{
	hk_reply *reply = g_new0(hk_reply, 1);

	reply->fd = -1;
	return reply;
}

static void
clear(hk_reply *reply)
{
	g_free(reply->type);
	if (reply->text) {
		g_string_free(reply->text, TRUE);
	}
	if (reply->bytes) {
		g_bytes_unref(reply->bytes);
	}
	if (reply->fd >= 0) {
		close(reply->fd);
	}
	g_free(reply->etag);
	if (reply->headers) {
		g_ptr_array_unref(reply->headers);
	}
	hk_stream_free(reply->stream);
	g_free(reply->problem_field);
	g_free(reply->problem_remedy);
}

void
hk_reply_free(hk_reply *reply)
{
	if (reply) {
		clear(reply);
		g_free(reply);
	}
}

void
hk_reply_reset(hk_reply *reply)
{
	clear(reply);
	*reply = (hk_reply){.fd = -1};
}

GString *
hk_reply_text(hk_reply *reply, int status, const char *type)
{
	reply->status = status;
	g_free(reply->type);
	reply->type = g_strdup(type);
	if (!reply->text) {
		reply->text = g_string_sized_new(1024);
	}
	g_string_truncate(reply->text, 0);
	return reply->text;
}

GString *
hk_reply_json(hk_reply *reply, int status)
{
	return hk_reply_text(reply, status, "application/json");
}

void
hk_reply_empty(hk_reply *reply, int status)
{
	reply->status = status;
	g_clear_pointer(&reply->type, g_free);
}

void
hk_reply_version(hk_reply *reply, int64_t version)
{
	reply->version = version;
}

void
hk_reply_header(hk_reply *reply, const char *name, const char *value)
{
	for (const char *at = value; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f) {
			HK_BUG("a control character in a header of an answer");
		}
	}
	if (!reply->headers) {
		reply->headers = g_ptr_array_new_with_free_func(g_free);
	}
	g_ptr_array_add(reply->headers, g_strdup(name));
	g_ptr_array_add(reply->headers, g_strdup(value));
}

void
hk_reply_location(hk_reply *reply, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *path = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *whole = g_strconcat("/api/v1", path, NULL);
	hk_reply_header(reply, "Location", whole);
}

void
hk_reply_redirect(hk_reply *reply, const char *url)
{
	hk_reply_empty(reply, 302);
	hk_reply_header(reply, "Location", url);
}

/* RFC 8187: every byte outside attr-char as %XX. The plain name keeps what is harmless in quotes. */
static char *
disposition(const char *name)
{
	GString *plain = g_string_new("attachment; filename=\"");
	GString *coded = g_string_new("\"; filename*=UTF-8''");

	for (const char *at = name; *at; at++) {
		unsigned char c = (unsigned char)*at;
		bool word = g_ascii_isalnum(c) || strchr("._-", c);
		g_string_append_c(plain, word ? (char)c : '_');
		if (word) {
			g_string_append_c(coded, (char)c);
		} else {
			g_string_append_printf(coded, "%%%02X", c);
		}
	}
	g_string_append(plain, coded->str);
	g_string_free(coded, TRUE);
	return g_string_free(plain, FALSE);
}

void
hk_reply_download(hk_reply *reply, const char *type, const char *file_name)
{
	g_autofree char *value = disposition(file_name);

	reply->status = 200;
	g_free(reply->type);
	reply->type = g_strdup(type);
	reply->download = true;
	hk_reply_header(reply, "Content-Disposition", value);
}

void
hk_reply_show(hk_reply *reply, const char *type)
{
	reply->status = 200;
	g_free(reply->type);
	reply->type = g_strdup(type);
	reply->download = true;
}

void
hk_reply_constant(hk_reply *reply)
{
	reply->cacheable = true;
	hk_reply_header(reply, "Cache-Control", "private, max-age=86400, immutable");
}

static bool
spill(hk_reply *reply, GError **error)
{
	if (reply->fd < 0) {
		reply->fd = open(g_get_tmp_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (reply->fd < 0) {
			return hk_error_errno(error, errno,
				"%s: cannot make a temporary file for an answer", g_get_tmp_dir());
		}
	}
	if (!hk_file_write_all(
		    reply->fd, hk_span_of(reply->text->str, reply->text->len), NULL, error)) {
		return false;
	}
	g_string_truncate(reply->text, 0);
	return true;
}

bool
hk_reply_write(hk_reply *reply, hk_span bytes, GError **error)
{
	if (!reply->text) {
		reply->text = g_string_sized_new(SPOOL_IN_MEMORY / 4);
	}
	reply->spooled += (int64_t)bytes.len;
	if (reply->spooled > HK_REPLY_SPOOL_MAX) {
		return hk_error_set(error, HK_ELIMIT,
			"the answer is longer than %" PRId64 " bytes; narrow the query",
			HK_REPLY_SPOOL_MAX);
	}
	g_string_append_len(reply->text, (const char *)bytes.data, (gssize)bytes.len);
	return reply->text->len < SPOOL_IN_MEMORY || spill(reply, error);
}

void
hk_reply_bytes(hk_reply *reply, GBytes *bytes)
{
	if (reply->bytes) {
		g_bytes_unref(reply->bytes);
	}
	reply->bytes = g_bytes_ref(bytes);
}

char *
hk_reply_etag(const hk_reply *reply)
{
	if (reply->etag) {
		return g_strdup(reply->etag);
	}
	return reply->version > 0 ? g_strdup_printf("\"%" PRId64 "\"", reply->version) : NULL;
}
