/* nocheck: tested in tests/unit/report/test_post.c */
#include <string.h>

#include "base/codec.h"
#include "report/post_int.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/sigv4.h"

enum { PAIRS_MAX = 32 };

static void
add_header(GPtrArray *headers, const char *name, const char *prefix, const char *value)
{
	g_ptr_array_add(headers, g_strconcat(name, ": ", prefix ? prefix : "",
					 prefix && *prefix ? " " : "", value, NULL));
}

static void
add_basic(GPtrArray *headers, const char *user, const char *secret)
{
	g_autofree char *pair = g_strconcat(user ? user : "", ":", secret, NULL);
	g_autofree char *text = g_base64_encode((const uint8_t *)pair, strlen(pair));

	add_header(headers, "Authorization", "Basic", text);
	explicit_bzero(pair, strlen(pair));
	explicit_bzero(text, strlen(text));
}

static char *
with_query(const char *url, const char *name, const char *secret)
{
	GString *out = g_string_new(url);

	g_string_append_c(out, strchr(url, '?') ? '&' : '?');
	hk_sigv4_encode(out, name, false);
	g_string_append_c(out, '=');
	hk_sigv4_encode(out, secret, false);
	return g_string_free(out, FALSE);
}

/* ---- AWS Signature Version 4 ---- */

/* A part of a URL without its percent signs. What signs encodes it again, and what travels must be what was signed: an unusual encoding is refused. */
static char *
decoded(const char *text, size_t len, bool path, GError **error)
{
	g_autoptr(GString) plain = g_string_new(NULL);
	g_autoptr(GString) again = g_string_new(NULL);

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = 0;
		bool percent = text[i] == '%' && len - i > 2 &&
			       hk_hex_decode(hk_span_of(text + i + 1, 2), &byte, 1) == HK_OK;
		g_string_append_c(plain, percent ? (char)byte : text[i]);
		i += percent ? 2 : 0;
	}
	hk_sigv4_encode(again, plain->str, path);
	if (again->len != len || memcmp(again->str, text, len) != 0) {
		hk_error_set(error, HK_EFORM, "a URL that cannot be signed as it is: %.*s",
			(int)MIN(len, 200), text);
		return NULL;
	}
	return g_strdup(plain->str);
}

/* The parameters of a query, decoded; their texts live in `keep`. */
static bool
split_query(const char *query, GArray *pairs, GPtrArray *keep, GError **error)
{
	while (*query) {
		size_t len = strcspn(query, "&");
		size_t name_len = MIN(strcspn(query, "="), len);
		size_t value_at = MIN(name_len + 1, len);
		char *name = decoded(query, name_len, false, error);
		char *value = name ? decoded(query + value_at, len - value_at, false, error) : NULL;
		hk_sigv4_pair pair = {name, value};

		if (name) {
			g_ptr_array_add(keep, name);
		}
		if (!value) {
			return false;
		}
		g_ptr_array_add(keep, value);
		if (pairs->len >= PAIRS_MAX) {
			return hk_error_set(
				error, HK_EFORM, "a URL with more than %d parameters", PAIRS_MAX);
		}
		g_array_append_val(pairs, pair);
		query += len + (query[len] == '&');
	}
	return true;
}

static const char *
header_value(const hk_channel_ask *ask, const char *name)
{
	size_t len = strlen(name);

	for (unsigned i = 0; ask->headers && i < ask->headers->len; i++) {
		const char *line = ask->headers->pdata[i];
		if (g_ascii_strncasecmp(line, name, len) == 0 && line[len] == ':') {
			return line + len + 1 + strspn(line + len + 1, " ");
		}
	}
	return NULL;
}

static void
payload_hash(const hk_channel_ask *ask, char ret[2 * HK_SHA256_SIZE + 1])
{
	uint8_t sum[HK_SHA256_SIZE];
	size_t len = 0;
	const void *data = ask->body ? g_bytes_get_data(ask->body, &len) : NULL;

	hk_sha256(hk_span_of(data, len), sum);
	hk_hex_encode(hk_span_of(sum, sizeof sum), ret);
}

static bool
add_sigv4(const hk_channel_conf *conf, const hk_channel_ask *ask, int64_t now_s, GPtrArray *headers,
	GError **error)
{
	g_autoptr(GPtrArray) keep = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(hk_sigv4_pair));
	const char *at = strstr(ask->url, "://");
	const char *host = at ? at + 3 : ask->url;
	size_t host_len = strcspn(host, "/?");
	const char *path = host + host_len;
	size_t path_len = strcspn(path, "?");
	char hash[2 * HK_SHA256_SIZE + 1];
	char time[HK_SIGV4_TIME_SIZE];
	const char *type = header_value(ask, "Content-Type");

	if (!conf->user || !conf->region || !ask->auth_name) {
		return hk_error_set(
			error, HK_ECONFIG, "%s: user (key id) and region are needed", conf->path);
	}
	g_autofree char *host_text = g_strndup(host, host_len);
	g_autofree char *path_text =
		path_len > 0 ? decoded(path, path_len, true, error) : g_strdup("/");
	if (!path_text || !split_query(path[path_len] == '?' ? path + path_len + 1 : "", pairs,
				  keep, error)) {
		return false;
	}
	payload_hash(ask, hash);
	hk_sigv4_time(now_s, time);
	hk_sigv4_pair signed_[] = {
		{"Host", host_text}, {"X-Amz-Date", time}, {"Content-Type", type}};
	hk_sigv4_request request = {.method = ask->method,
		.path = path_text,
		.query = (const hk_sigv4_pair *)pairs->data,
		.query_count = pairs->len,
		.headers = signed_,
		.header_count = type ? 3 : 2,
		.payload_sha256 = hash};
	hk_sigv4_signer signer = {conf->user, conf->secret, conf->region, ask->auth_name, time};
	g_autofree char *value = hk_sigv4_authorization(&request, &signer);
	add_header(headers, "X-Amz-Date", NULL, time);
	add_header(headers, "Authorization", NULL, value);
	return true;
}

/* ---- All ---- */

bool
hk_post_auth(const hk_channel_conf *conf, const hk_channel_ask *ask, const char *token,
	int64_t now_s, GPtrArray *headers, char **ret_url, GError **error)
{
	g_autofree char *url = g_strdup(ask->url);

	if (ask->auth != HK_AUTH_NONE && !conf->secret) {
		return hk_error_set(error, HK_ECONFIG, "%s: secret-file is needed", conf->path);
	}
	switch (ask->auth) {
	case HK_AUTH_NONE:
		break;
	case HK_AUTH_BEARER:
		add_header(headers, "Authorization", "Bearer", conf->secret);
		break;
	case HK_AUTH_HEADER:
		add_header(headers, ask->auth_name, ask->auth_prefix, conf->secret);
		break;
	case HK_AUTH_BASIC:
		add_basic(headers, conf->user, conf->secret);
		break;
	case HK_AUTH_SIGV4:
		if (!add_sigv4(conf, ask, now_s, headers, error)) {
			return false;
		}
		break;
	case HK_AUTH_QUERY:
		g_free(url);
		url = with_query(ask->url, ask->auth_name, conf->secret);
		break;
	case HK_AUTH_OAUTH:
	case HK_AUTH_JWT:
		add_header(headers, "Authorization", "Bearer", token);
		break;
	case HK_AUTH_COUNT:
	default:
		HK_BUG("a way to say who we are");
	}
	*ret_url = g_steal_pointer(&url);
	return true;
}
