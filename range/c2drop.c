#include "c2drop.h"

#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#include "base/codec.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { BLOCK = 16, TEXT_MAX = 1024, LONG_BYTES = 8 << 20, LIE_S = 3600 };

static const struct {
	const char *name;
	unsigned status;
	const char *text, *plain, *what;
} states[] = {
#define DROP(id, name, status, text, plain, what) {name, status, text, plain, what},
#include "c2drops.def"
#undef DROP
};

typedef struct drop {
	rg_drop_state state;
	char *address;
	int64_t at_s;
	uint64_t asked, unchanged;
} drop;

struct rg_drops {
	char *key;
	GHashTable *by_place; /* "host/path" -> drop */
	GPtrArray *places;    /* in the order in which they came; of the table */
};

const char *
rg_drop_name(rg_drop_state state)
{
	return states[state].name;
}

const char *
rg_drop_what(rg_drop_state state)
{
	return states[state].what;
}

bool
rg_drop_find(const char *name, rg_drop_state *ret)
{
	for (int i = 0; i < RG_DROP_STATES; i++) {
		if (strcmp(states[i].name, name) == 0) {
			*ret = (rg_drop_state)i;
			return true;
		}
	}
	return false;
}

static void
drop_free(gpointer data)
{
	drop *d = data;

	g_free(d->address);
	g_free(d);
}

rg_drops *
rg_drops_new(const char *key, GError **error)
{
	size_t len = strlen(key);

	if (len == 0 || len > RG_DROP_KEY_MAX) {
		hk_error_set(error, HK_EUSAGE, "a key has 1 to %d characters", RG_DROP_KEY_MAX);
		return NULL;
	}
	rg_drops *drops = g_new0(rg_drops, 1);
	drops->key = g_strdup(key);
	drops->by_place = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, drop_free);
	drops->places = g_ptr_array_new();
	return drops;
}

void
rg_drops_free(rg_drops *drops)
{
	if (drops) {
		g_ptr_array_unref(drops->places);
		g_hash_table_unref(drops->by_place);
		g_free(drops->key);
		g_free(drops);
	}
}

/* The host in lower case without its port and last dot, then the path. */
static char *
place_of(const char *host, const char *path)
{
	g_autofree char *low = g_ascii_strdown(host, (gssize)strcspn(host, ":"));
	size_t len = strlen(low);

	if (len > 0 && low[len - 1] == '.') {
		low[len - 1] = '\0';
	}
	return g_strconcat(low, path, NULL);
}

bool
rg_drops_set(
	rg_drops *drops, const char *where, rg_drop_state state, const char *address, int64_t at_s)
{
	const char *slash = strchr(where, '/');
	g_autofree char *host = slash ? g_strndup(where, (size_t)(slash - where)) : g_strdup(where);
	g_autofree char *place = place_of(host, slash ? slash : "/");
	drop *d = g_hash_table_lookup(drops->by_place, place);

	if (address ? !strrchr(address, ':') : !d) {
		return false;
	}
	if (!d) {
		d = g_new0(drop, 1);
		g_ptr_array_add(drops->places, place); /* as long as the table */
		g_hash_table_insert(drops->by_place, g_steal_pointer(&place), d);
	}
	if (address) {
		g_free(d->address);
		d->address = g_strdup(address);
	}
	d->state = state;
	if (at_s > 0) {
		d->at_s = at_s;
	} else if (state != RG_DROP_STUCK || d->at_s == 0) {
		d->at_s = MAX(hk_clock_wall_ms() / 1000, d->at_s + 1);
	}
	return true;
}

/* ---- What it says ---- */

char *
rg_drop_encrypt(const char *key, const char *text, bool padded)
{
	uint8_t k[RG_DROP_KEY_MAX], in[TEXT_MAX + BLOCK] = {0}, out[TEXT_MAX + 2 * BLOCK];
	size_t len = MIN(strlen(text), (size_t)TEXT_MAX);
	int n = 0, tail = 0;

	memset(k, '0', sizeof k);
	memcpy(k, key, MIN(strlen(key), sizeof k));
	memcpy(in, text, len);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	/* Without padding whole blocks go in; there is at least one zero byte at the end. */
	int whole = padded ? (int)len : (int)(len / BLOCK + 1) * BLOCK;
	if (!c || EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, k, NULL) != 1 ||
		EVP_CIPHER_CTX_set_padding(c, padded) != 1 ||
		EVP_EncryptUpdate(c, out, &n, in, whole) != 1 ||
		EVP_EncryptFinal_ex(c, out + n, &tail) != 1) {
		HK_BUG("AES-128-ECB");
	}
	EVP_CIPHER_CTX_free(c);
	char *base64 = g_malloc(HK_BASE64_LEN(sizeof out) + 1);
	hk_base64_encode(hk_span_of(out, (size_t)(n + tail)), base64);
	return base64;
}

static void
nginx_page(unsigned status, GString *out)
{
	const char *line = status == 403   ? "403 Forbidden"
			   : status == 404 ? "404 Not Found"
					   : "503 Service Temporarily Unavailable";

	g_string_append_printf(out,
		"<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></"
		"center>\r\n"
		"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
		line, line);
}

static void
body_of(const rg_drops *drops, const drop *d, GString *out)
{
	const char *text = states[d->state].text, *colon = strrchr(d->address, ':');

	if (!text) {
		g_string_append(out, states[d->state].plain);
		if (d->state == RG_DROP_LONG) {
			g_string_set_size(out, LONG_BYTES);
			memset(out->str, 'A', LONG_BYTES);
		}
		return;
	}
	g_autofree char *host = g_strndup(d->address, (size_t)(colon - d->address));
	g_autoptr(GString) filled = g_string_new(text);
	g_string_replace(filled, "{host}", host, 0);
	g_string_replace(filled, "{port}", colon + 1, 0);
	g_autofree char *body =
		rg_drop_encrypt(drops->key, filled->str, d->state != RG_DROP_PADDING);
	g_string_append(out, body);
	if (d->state == RG_DROP_BASE64) {
		g_string_insert_c(out, (gssize)out->len / 2, 'I');
	}
}

/* IMF-fixdate (RFC 9110, section 5.6.7). */
static char *
http_date(int64_t at_s)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = (time_t)at_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	return g_strdup_printf("%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* hex(time)-hex(size), as nginx makes it, and its lies. */
static char *
etag_of(const drop *d, size_t size)
{
	int64_t at_s = d->at_s;

	if (d->state == RG_DROP_BARE) {
		return NULL;
	}
	if (d->state == RG_DROP_LYING_TIME) {
		at_s += LIE_S;
	}
	if (d->state == RG_DROP_LYING_SIZE) {
		size += 20;
	}
	return g_strdup_printf("%s\"%" PRIx64 "-%zx\"", d->state == RG_DROP_WEAK ? "W/" : "",
		(uint64_t)at_s, size);
}

/* One of a list of tags, compared weakly, or "*". */
static bool
tag_matches(const char *list, const char *etag)
{
	const char *want = strchr(etag, '"');

	if (strcmp(list, "*") == 0) {
		return true;
	}
	for (const char *at = strstr(list, want); at; at = strstr(at + 1, want)) {
		const char *end = at + strlen(want);
		if (*end == '\0' || *end == ',' || *end == ' ') {
			return true;
		}
	}
	return false;
}

static bool
is_unchanged(const rg_drop_ask *ask, const rg_drop_answer *answer)
{
	if (!answer->etag || (!ask->if_none_match && !ask->if_modified_since)) {
		return false;
	}
	return (!ask->if_modified_since ||
		       strcmp(ask->if_modified_since, answer->last_modified) == 0) &&
	       (!ask->if_none_match || tag_matches(ask->if_none_match, answer->etag));
}

void
rg_drops_answer(rg_drops *drops, const rg_drop_ask *ask, rg_drop_answer *ret)
{
	g_autofree char *place = place_of(ask->host, ask->path);
	drop *d = g_hash_table_lookup(drops->by_place, place);

	*ret = (rg_drop_answer){
		.status = d ? states[d->state].status : 404, .body = g_string_new(NULL)};
	if (d) {
		d->asked++;
	}
	if (ret->status != 200) {
		if (ret->status != 0) {
			nginx_page(ret->status, ret->body);
		}
		return;
	}
	if (d->state == RG_DROP_FRESH) {
		d->at_s++;
	}
	body_of(drops, d, ret->body);
	ret->etag = etag_of(d, ret->body->len);
	ret->last_modified = ret->etag ? http_date(d->at_s) : NULL;
	if (is_unchanged(ask, ret)) {
		ret->status = 304;
		d->unchanged++;
		g_string_truncate(ret->body, 0);
	}
}

void
rg_drop_answer_clear(rg_drop_answer *answer)
{
	g_string_free(answer->body, TRUE);
	g_free(answer->etag);
	g_free(answer->last_modified);
}

void
rg_drops_json(const rg_drops *drops, GString *out)
{
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < drops->places->len; i++) {
		const char *place = drops->places->pdata[i];
		const drop *d = g_hash_table_lookup(drops->by_place, place);
		g_autoptr(GString) body = g_string_new(NULL);
		body_of(drops, d, body);
		g_autofree char *etag = etag_of(d, body->len);
		hk_jsonw_open(out, '{');
		hk_jsonw_member_str(out, "place", place);
		hk_jsonw_member_str(out, "state", states[d->state].name);
		hk_jsonw_member_str(out, "address", d->address);
		hk_jsonw_member_int(out, "modified", d->at_s);
		hk_jsonw_member_str(out, "etag", states[d->state].status == 200 ? etag : NULL);
		hk_jsonw_member_int(out, "asked", (int64_t)d->asked);
		hk_jsonw_member_int(out, "unchanged", (int64_t)d->unchanged);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}
