#include "playask.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <string.h>

#include "sys/gerr.h"

enum { ANSWER_MAX = 32 << 20, SAID_MAX = 200 };

struct rg_ask {
	CURL *curl;
	GString *answer;
};

static size_t
take(char *data, size_t size, size_t count, void *user)
{
	rg_ask *ask = user;
	size_t len = size * count;

	if (ask->answer->len + len > ANSWER_MAX) {
		return 0;
	}
	g_string_append_len(ask->answer, data, (gssize)len);
	return len;
}

rg_ask *
rg_ask_new(void)
{
	rg_ask *ask = g_new0(rg_ask, 1);

	ask->curl = curl_easy_init();
	ask->answer = g_string_new(NULL);
	return ask;
}

void
rg_ask_free(rg_ask *ask)
{
	if (ask) {
		curl_easy_cleanup(ask->curl);
		g_string_free(ask->answer, TRUE);
		g_free(ask);
	}
}

static bool
send_it(rg_ask *ask, const char *url, const char *header, const char *body, GError **error)
{
	struct curl_slist *headers = header ? curl_slist_append(NULL, header) : NULL;
	long status = 0;

	curl_easy_reset(ask->curl);
	g_string_truncate(ask->answer, 0);
	curl_easy_setopt(ask->curl, CURLOPT_URL, url);
	curl_easy_setopt(ask->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(ask->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(ask->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(ask->curl, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(ask->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(ask->curl, CURLOPT_WRITEDATA, ask);
	if (body) {
		curl_easy_setopt(ask->curl, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(ask->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
	}
	CURLcode code = curl_easy_perform(ask->curl);
	curl_easy_getinfo(ask->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (code != CURLE_OK || status / 100 != 2) {
		return hk_error_set(error, HK_EREMOTE, "%s: %s (%ld) %.*s", url,
			code == CURLE_OK ? "refused" : curl_easy_strerror(code), status, SAID_MAX,
			code == CURLE_OK ? ask->answer->str : "");
	}
	return true;
}

bool
rg_ask_post(rg_ask *ask, const char *url, const char *header, const char *body, GError **error)
{
	return send_it(ask, url, header, body ? body : "", error);
}

json_t *
rg_ask_get(rg_ask *ask, const char *url)
{
	return send_it(ask, url, NULL, NULL, NULL)
		       ? json_loadb(ask->answer->str, ask->answer->len, 0, NULL)
		       : NULL;
}

/* RFC 3986, 2.3: all but the unreserved ones as %XX. */
static void
add_escaped(GString *out, const char *text)
{
	for (; *text; text++) {
		if (g_ascii_isalnum(*text) || strchr("-._~", *text)) {
			g_string_append_c(out, *text);
		} else {
			g_string_append_printf(out, "%%%02X", (unsigned char)*text);
		}
	}
}

char *
rg_ask_url(const char *base, const char *path, ...)
{
	GString *out = g_string_new(base);
	const char *name;
	char mark = '?';
	va_list list;

	if (out->len > 0 && out->str[out->len - 1] == '/') {
		g_string_truncate(out, out->len - 1);
	}
	g_string_append(out, path);
	va_start(list, path);
	while ((name = va_arg(list, const char *))) {
		const char *value = va_arg(list, const char *);
		if (value) {
			g_string_append_printf(out, "%c%s=", mark, name);
			add_escaped(out, value);
			mark = '&';
		}
	}
	va_end(list);
	return g_string_free(out, FALSE);
}
