#include "chats.h"

#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "base/codec.h"
#include "httpd.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hmac.h"

enum { TEAMS, SLACK, WEBHOOK, CHATS };

/* How far a webhook's clock may be off; Teams's limit; the window of the pace. */
enum { OLD_S = 300, TEAMS_MAX = 28 * 1024, WINDOW_MS = 1000 };

typedef struct desk {
	json_t *cards; /* list */
	unsigned refused;
	int status, retry_s, left; /* the fault; left -1: for ever */
	int64_t times[4];          /* of the last cards, for the pace */
} desk;

struct rg_chats {
	rg_httpd *http;
	GMutex lock;
	desk desks[CHATS];
	GHashTable *ids; /* of the webhook's cards */
};

static const struct {
	const char *name;
	unsigned per_second; /* 0: any */
} rows[CHATS] = {{"teams", 4}, {"slack", 1}, {"webhook", 0}};

static const char *
header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static const char *
arg(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);
}

static int
number(struct MHD_Connection *c, const char *name, int otherwise)
{
	const char *text = arg(c, name);

	return text ? (int)g_ascii_strtoll(text, NULL, 10) : otherwise;
}

/* --- what is a card --- */

static bool
is(const json_t *object, const char *key, const char *want)
{
	return g_strcmp0(json_string_value(json_object_get(object, key)), want) == 0;
}

static bool
is_teams(const json_t *card)
{
	const json_t *one = json_array_get(json_object_get(card, "attachments"), 0);
	const json_t *content = json_object_get(one, "content");

	return is(card, "type", "message") &&
	       is(one, "contentType", "application/vnd.microsoft.card.adaptive") &&
	       is(content, "type", "AdaptiveCard") &&
	       json_array_size(json_object_get(content, "body")) > 0;
}

static bool
is_slack(const json_t *card)
{
	const json_t *blocks = json_object_get(card, "blocks");

	return json_is_string(json_object_get(card, "text")) && json_array_size(blocks) > 0 &&
	       json_array_size(blocks) <= 50;
}

static bool
is_signed(struct MHD_Connection *c, const GString *body)
{
	const char *id = header(c, "X-Hikeshi-Id"), *stamp = header(c, "X-Hikeshi-Timestamp");
	const char *sign = header(c, "X-Hikeshi-Signature");
	uint8_t mac[HK_SHA256_SIZE];
	char hex[2 * HK_SHA256_SIZE + 1];

	if (!id || !stamp || !sign) {
		return false;
	}
	int64_t off = g_ascii_strtoll(stamp, NULL, 10) - hk_clock_wall_ms() / 1000;
	g_autofree char *text = g_strdup_printf("v1.%s.%s.%s", stamp, id, body->str);
	hk_hmac_sha256_any(hk_span_str(RG_CHATS_KEY), hk_span_str(text), mac);
	hk_hex_encode(hk_span_of(mac, sizeof mac), hex);
	return ABS(off) <= OLD_S && g_str_has_prefix(sign, "v1=") && strcmp(sign + 3, hex) == 0;
}

/* Too soon after the last ones. */
static bool
too_fast(desk *d, unsigned per_second)
{
	int64_t now_ms = hk_clock_wall_ms();

	if (per_second == 0) {
		return false;
	}
	if (d->times[per_second - 1] > now_ms - WINDOW_MS) {
		return true;
	}
	memmove(d->times + 1, d->times, sizeof d->times - sizeof d->times[0]);
	d->times[0] = now_ms;
	return false;
}

static unsigned
judge(rg_chats *chats, int chat, struct MHD_Connection *c, const GString *body, const json_t *card)
{
	bool shaped = chat == TEAMS   ? is_teams(card)
		      : chat == SLACK ? is_slack(card)
				      : card != NULL;

	if (chat == WEBHOOK && !is_signed(c, body)) {
		return 401;
	}
	if (chat == TEAMS && body->len > TEAMS_MAX) {
		return 413;
	}
	if (!shaped) {
		return 400;
	}
	return too_fast(&chats->desks[chat], rows[chat].per_second) ? 429 : 200;
}

/* --- answers --- */

static enum MHD_Result
reply(struct MHD_Connection *c, unsigned status, int retry_s, const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	g_autofree char *retry = g_strdup_printf("%d", retry_s);

	MHD_add_response_header(
		r, "Content-Type", *text == '{' ? "application/json" : "text/plain");
	if (retry_s > 0) {
		MHD_add_response_header(r, "Retry-After", retry);
	}
	enum MHD_Result result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result
take(rg_chats *chats, int chat, struct MHD_Connection *c, const GString *body)
{
	desk *d = &chats->desks[chat];
	json_t *card = json_loadb(body->str, body->len, 0, NULL);
	bool fault = d->status != 200 && d->left != 0;
	unsigned status = fault ? (unsigned)d->status : judge(chats, chat, c, body, card);
	int retry_s = fault ? d->retry_s : status == 429 ? 1 : 0;
	const char *id = header(c, "X-Hikeshi-Id");

	d->left -= fault && d->left > 0;
	d->refused += status != 200;
	bool again = chat == WEBHOOK && id && status == 200 &&
		     !g_hash_table_add(chats->ids, g_strdup(id));
	if (status == 200 && !again) {
		json_array_append(d->cards, card);
	}
	json_decref(card);
	return status == 0 ? MHD_NO : reply(c, status, retry_s, status == 200 ? "1" : "trouble");
}

static enum MHD_Result
control(rg_chats *chats, struct MHD_Connection *c, const char *what)
{
	const char *name = arg(c, "chat");

	if (strcmp(what, "cards") == 0) {
		json_t *all = json_pack("{s:O,s:O,s:O,s:{s:i,s:i,s:i}}", "teams",
			chats->desks[TEAMS].cards, "slack", chats->desks[SLACK].cards, "webhook",
			chats->desks[WEBHOOK].cards, "refused", "teams",
			(int)chats->desks[TEAMS].refused, "slack", (int)chats->desks[SLACK].refused,
			"webhook", (int)chats->desks[WEBHOOK].refused);
		char *text = json_dumps(all, JSON_COMPACT);
		enum MHD_Result result = reply(c, 200, 0, text);
		free(text);
		json_decref(all);
		return result;
	}
	for (int i = 0; i < CHATS; i++) {
		if (strcmp(what, "fault") == 0 && g_strcmp0(name, rows[i].name) == 0) {
			desk *d = &chats->desks[i];
			int times = number(c, "times", 0);
			d->status = number(c, "status", 200);
			d->retry_s = number(c, "retry", 0);
			d->left = times > 0 ? times : -1;
			return reply(c, 200, 0, "done");
		}
	}
	return reply(c, 400, 0, "range/chats.h says what there is");
}

static enum MHD_Result
handle(void *user, struct MHD_Connection *c, const char *method, const char *url,
	const GString *body)
{
	rg_chats *chats = user;
	enum MHD_Result result = MHD_NO;
	bool done = false;

	g_mutex_lock(&chats->lock);
	if (g_str_has_prefix(url, "/-/")) {
		result = control(chats, c, url + 3);
		done = true;
	}
	for (int i = 0; !done && i < CHATS; i++) {
		if (strcmp(method, "POST") == 0 && g_str_has_prefix(url, "/chat/") &&
			strcmp(url + 6, rows[i].name) == 0) {
			result = take(chats, i, c, body);
			done = true;
		}
	}
	g_mutex_unlock(&chats->lock);
	return done ? result : reply(c, 404, 0, "no such chat");
}

rg_chats *
rg_chats_new(uint16_t port, GError **error)
{
	rg_chats *chats = g_new0(rg_chats, 1);

	g_mutex_init(&chats->lock);
	chats->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (int i = 0; i < CHATS; i++) {
		chats->desks[i] = (desk){.cards = json_array(), .status = 200};
	}
	chats->http = rg_httpd_start_with(port, 1 << 20, handle, chats, error);
	if (!chats->http) {
		rg_chats_free(chats);
		return NULL;
	}
	return chats;
}

void
rg_chats_free(rg_chats *chats)
{
	if (!chats) {
		return;
	}
	rg_httpd_stop(chats->http);
	for (int i = 0; i < CHATS; i++) {
		json_decref(chats->desks[i].cards);
	}
	g_hash_table_unref(chats->ids);
	g_mutex_clear(&chats->lock);
	g_free(chats);
}

uint16_t
rg_chats_port(const rg_chats *chats)
{
	return rg_httpd_port(chats->http);
}

static bool
write_text(const char *dir, const char *name, const char *ending, const char *text, GError **error)
{
	g_autofree char *file = g_strconcat(name, ending, NULL);
	g_autofree char *path = g_build_filename(dir, file, NULL);

	return hk_file_replace_fast(path, hk_span_str(text), error) &&
	       (chmod(path, 0600) == 0 || hk_error_set(error, HK_EIO, "%s: chmod", path));
}

bool
rg_chats_conf(const rg_chats *chats, const char *dir, GError **error)
{
	if (!hk_file_mkdirs(dir, error)) {
		return false;
	}
	for (int i = 0; i < CHATS; i++) {
		const char *name = rows[i].name;
		g_autofree char *url = g_strdup_printf(
			"http://127.0.0.1:%u/chat/%s\n", rg_chats_port(chats), name);
		g_autofree char *conf = g_strdup_printf("kind = %s\nurl-file = %s.url\n%s", name,
			name, i == WEBHOOK ? "key-file = webhook.key\n" : "");
		if (!write_text(dir, name, ".url", url, error) ||
			!write_text(dir, name, ".conf", conf, error) ||
			!write_text(dir, name, ".key", RG_CHATS_KEY "\n", error)) {
			return false;
		}
	}
	return true;
}
