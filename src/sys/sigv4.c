#include "sys/sigv4.h"

#include <string.h>
#include <time.h>

#include "base/codec.h"
#include "sys/hash.h"
#include "sys/hmac.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define ENDING    "aws4_request"

enum { DAY = 8, HEX_SHA256 = 2 * HK_SHA256_SIZE + 1 };

const char *
hk_sigv4_time(int64_t unix_s, char ret[HK_SIGV4_TIME_SIZE])
{
	time_t t = (time_t)CLAMP(unix_s, 0, (int64_t)253402300799);
	struct tm tm = {0};

	gmtime_r(&t, &tm);
	strftime(ret, HK_SIGV4_TIME_SIZE, "%Y%m%dT%H%M%SZ", &tm);
	return ret;
}

void
hk_sigv4_encode(GString *out, const char *text, bool path)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (g_ascii_isalnum(c) || strchr("-._~", c) || (path && c == '/')) {
			g_string_append_c(out, (char)c);
		} else {
			g_string_append_printf(out, "%%%02X", c);
		}
	}
}

/* A pair of our own: encoded, or trimmed. */
typedef struct pair {
	char *name, *value;
	size_t at; /* where it stood */
} pair;

static void
pair_clear(void *data)
{
	pair *p = data;

	g_free(p->name);
	g_free(p->value);
}

static char *
encoded(const char *text)
{
	GString *out = g_string_new(NULL);

	hk_sigv4_encode(out, text, false);
	return g_string_free(out, FALSE);
}

static int
by_name_and_value(const void *a, const void *b)
{
	const pair *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->value, y->value);
}

void
hk_sigv4_query(GString *out, const hk_sigv4_pair *query, size_t count)
{
	g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(pair));

	g_array_set_clear_func(pairs, pair_clear);
	for (size_t i = 0; i < count; i++) {
		pair p = {encoded(query[i].name), encoded(query[i].value), i};
		g_array_append_val(pairs, p);
	}
	g_array_sort(pairs, by_name_and_value);
	for (unsigned i = 0; i < pairs->len; i++) {
		const pair *p = &g_array_index(pairs, pair, i);
		g_string_append_printf(out, "%s%s=%s", i > 0 ? "&" : "", p->name, p->value);
	}
}

/* Without blanks at either end, runs of blanks made one. */
static char *
trimmed(const char *value)
{
	GString *out = g_string_new(NULL);

	for (; *value; value++) {
		bool blank = *value == ' ' || *value == '\t';
		if (!blank) {
			g_string_append_c(out, *value);
		} else if (out->len > 0 && out->str[out->len - 1] != ' ') {
			g_string_append_c(out, ' ');
		}
	}
	if (out->len > 0 && out->str[out->len - 1] == ' ') {
		g_string_truncate(out, out->len - 1);
	}
	return g_string_free(out, FALSE);
}

static int
by_name_and_place(const void *a, const void *b)
{
	const pair *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

/* The lines of the headers into out, their names into names. */
static void
headers_of(const hk_sigv4_request *request, GString *out, GString *names)
{
	g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(pair));
	const char *last = NULL;

	g_array_set_clear_func(pairs, pair_clear);
	for (size_t i = 0; i < request->header_count; i++) {
		pair p = {g_ascii_strdown(request->headers[i].name, -1),
			trimmed(request->headers[i].value), i};
		g_array_append_val(pairs, p);
	}
	g_array_sort(pairs, by_name_and_place);
	for (unsigned i = 0; i < pairs->len; i++) {
		const pair *p = &g_array_index(pairs, pair, i);
		if (last && strcmp(last, p->name) == 0) {
			g_string_append_printf(out, ",%s", p->value);
			continue;
		}
		g_string_append_printf(out, "%s%s:%s", last ? "\n" : "", p->name, p->value);
		g_string_append_printf(names, "%s%s", last ? ";" : "", p->name);
		last = p->name;
	}
	if (last) {
		g_string_append_c(out, '\n');
	}
}

char *
hk_sigv4_canonical(const hk_sigv4_request *request, char **ret_signed)
{
	g_autoptr(GString) names = g_string_new(NULL);
	GString *out = g_string_new(request->method);

	g_string_append_c(out, '\n');
	hk_sigv4_encode(out, request->path, true);
	g_string_append_c(out, '\n');
	hk_sigv4_query(out, request->query, request->query_count);
	g_string_append_c(out, '\n');
	headers_of(request, out, names);
	g_string_append_printf(out, "\n%s\n%s", names->str, request->payload_sha256);
	if (ret_signed) {
		*ret_signed = g_strdup(names->str);
	}
	return g_string_free(out, FALSE);
}

/* ret: the key of the day, the region and the service. */
static void
derive(const hk_sigv4_signer *signer, uint8_t ret[HK_SHA256_SIZE])
{
	g_autofree char *first = g_strconcat("AWS4", signer->secret, NULL);

	hk_hmac_sha256_any(hk_span_str(first), hk_span_of(signer->time, DAY), ret);
	explicit_bzero(first, strlen(first));
	hk_hmac_sha256(ret, hk_span_str(signer->region), ret);
	hk_hmac_sha256(ret, hk_span_str(signer->service), ret);
	hk_hmac_sha256(ret, HK_SPAN_LIT(ENDING), ret);
}

char *
hk_sigv4_authorization(const hk_sigv4_request *request, const hk_sigv4_signer *signer)
{
	g_autofree char *names = NULL;
	g_autofree char *canonical = hk_sigv4_canonical(request, &names);
	g_autofree char *scope = g_strdup_printf(
		"%.*s/%s/%s/" ENDING, DAY, signer->time, signer->region, signer->service);
	uint8_t digest[HK_SHA256_SIZE], key[HK_SHA256_SIZE];
	char hex[HEX_SHA256];

	hk_sha256(hk_span_str(canonical), digest);
	hk_hex_encode(hk_span_of(digest, sizeof digest), hex);
	g_autofree char *text = g_strdup_printf(ALGORITHM "\n%s\n%s\n%s", signer->time, scope, hex);
	derive(signer, key);
	hk_hmac_sha256(key, hk_span_str(text), digest);
	explicit_bzero(key, sizeof key);
	hk_hex_encode(hk_span_of(digest, sizeof digest), hex);
	return g_strdup_printf(ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
		signer->key_id, scope, names, hex);
}
