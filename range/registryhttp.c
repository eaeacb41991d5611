/* What the web servers of `hikeshi-range registry`, and `sites --data`, say by the file's "http". */
#include <string.h>

#include "registry.h"

/* The last part of a path that a row with '*' stands for; NULL: there is none, or one that is not put into an answer as it is. */
static const char *
tail_of(const char *key)
{
	const char *slash = strrchr(key, '/');

	for (const char *at = slash ? slash + 1 : ""; *at; at++) {
		if (!g_ascii_isalnum(*at) && !strchr("-.:_", *at)) {
			return NULL;
		}
	}
	return slash && slash[1] ? slash + 1 : NULL;
}

/* *ret_tail: what its '*' stands for, or NULL. */
static const json_t *
row_of(const json_t *data, const char *key, const char **ret_tail)
{
	const json_t *http = json_object_get(data, "http");
	const json_t *row = json_object_get(http, key);
	const char *tail = row ? NULL : tail_of(key);

	if (tail) {
		g_autofree char *any = g_strdup_printf("%.*s*", (int)(tail - key), key);
		row = json_object_get(http, any);
	}
	*ret_tail = tail;
	return row;
}

static char *
body_of(const json_t *body, const char *tail)
{
	char *dump = json_is_string(body) || !body ? NULL : json_dumps(body, 0);
	const char *text = dump ? dump : json_is_string(body) ? json_string_value(body) : "";
	g_auto(GStrv) parts = g_strsplit(text, "{*}", -1);
	char *out = tail ? g_strjoinv(tail, parts) : g_strdup(text);

	free(dump);
	return out;
}

bool
rg_registry_http(const json_t *data, const char *key, const char *match, rg_registry_reply *ret)
{
	const char *tail;
	const json_t *row = row_of(data, key, &tail);
	const json_t *headers = json_object_get(row, "headers");
	const char *etag = json_string_value(json_object_get(headers, "ETag"));
	json_int_t status = json_integer_value(json_object_get(row, "status"));

	if (!row) {
		return false;
	}
	if (match && etag && strcmp(match, etag) == 0) {
		*ret = (rg_registry_reply){304, headers, g_strdup("")};
	} else {
		*ret = (rg_registry_reply){status ? (unsigned)status : 200, headers,
			body_of(json_object_get(row, "body"), tail)};
	}
	return true;
}

enum MHD_Result
rg_registry_send(struct MHD_Connection *c, const rg_registry_reply *reply)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(reply->body), reply->body, MHD_RESPMEM_MUST_COPY);
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)reply->headers, name, value) {
		MHD_add_response_header(response, name, json_string_value(value));
	}
	enum MHD_Result result = MHD_queue_response(c, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

char *
rg_registry_names(const json_t *data)
{
	const json_t *list = json_object_get(data, "tls");
	GString *out = g_string_new(NULL);
	size_t i;
	json_t *name;

	json_array_foreach(list, i, name) {
		g_string_append_printf(
			out, "%sDNS:%s", out->len > 0 ? "," : "", json_string_value(name));
	}
	return g_string_free(out, out->len == 0);
}
