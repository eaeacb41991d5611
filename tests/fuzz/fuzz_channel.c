/* fuzz_channel: any bytes as an answer to a channel. The first byte picks the channel, the second what was asked, the third the status; what follows is the body,
 * or, for one kind, header lines. Properties: one of the meanings, our words only where ours stand, numbers and facts that can be kept, a wait within its limits. */
#include <glib.h>
#include <string.h>

#include "fuzz.h"
#include "report/channel_conf.h"
#include "report/channel_http.h"
#include "report/channel_json.h"
#include "sys/json.h"

enum { SUBMITTED, POLLED, FOUND, WAIT, OPS };

static const int statuses[] = {
	200, 201, 202, 204, 0, 301, 400, 401, 404, 409, 422, 429, 500, 503, 504, 509};

/* A channel as its file would make it. */
static hk_channel_conf *
conf_of(const hk_channel *channel)
{
	static const char *const more[][2] = {
		{"submit", "POST /v1"},
		{"id", "data.id"},
		{"poll", "GET /v1/{id}"},
		{"state", "/data/state"},
		{"states", "open = acknowledged\ndown = actioned"},
		{"facts", "who = data.who\nall = data"},
		{"find", "GET /v1"},
		{"find-list", "items"},
		{"find-match", "url = url"},
		{"find-id", "n"},
		{"end-of-life", "true"},
	};
	hk_channel_conf *conf = g_new0(hk_channel_conf, 1);

	conf->channel = channel;
	conf->path = g_strdup("fuzz.conf");
	conf->name = g_strdup(channel->name);
	conf->can = channel->can;
	conf->url = g_strdup("https://vendor.example");
	conf->account = g_strdup("1");
	conf->user = g_strdup("1");
	conf->region = g_strdup("us-east-1");
	conf->secret = g_strdup("s");
	conf->batch = channel->batch;
	conf->more = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	for (size_t i = 0; i < G_N_ELEMENTS(more); i++) {
		g_hash_table_insert(
			conf->more, (void *)(uintptr_t)more[i][0], g_strdup(more[i][1]));
	}
	if (channel->check) {
		channel->check(conf, NULL);
	}
	return conf;
}

static const hk_channel_conf *
conf_at(size_t i)
{
	static GPtrArray *confs;

	if (!confs) {
		confs = g_ptr_array_new();
		for (size_t k = 0; k < hk_channel_count; k++) {
			g_ptr_array_add(confs, conf_of(hk_channels[k]));
		}
	}
	return confs->pdata[i % hk_channel_count];
}

static bool
ours(const char *state)
{
	static const char *const words[] = {"sent", "acknowledged", "actioned", "rejected"};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(words[i], state) == 0) {
			return true;
		}
	}
	return false;
}

static void
check(const hk_told *told)
{
	need(told->how < HK_TOLD_COUNT);
	need(!told->state || ours(told->state));
	need(!told->state || told->how == HK_TOLD_TAKEN || told->how == HK_TOLD_STATE);
	need(told->again_ms >= -1);
	need(!told->why ||
		(g_utf8_validate(told->why, -1, NULL) && !strpbrk(told->why, "\r\n\x1b")));
	need(!told->remote_id || (strlen(told->remote_id) <= HK_CHANNEL_ID_MAX &&
					 !strpbrk(told->remote_id, " \t\r\n")));
	if (told->facts) {
		g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(told->facts), 1 << 22, NULL);
		need(doc != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3) {
		return 0;
	}
	const hk_channel_conf *conf = conf_at(data[0]);
	const hk_channel *channel = conf->channel;
	unsigned op = data[1] % OPS;
	hk_channel_answer answer = {.status = statuses[data[2] % G_N_ELEMENTS(statuses)],
		.body = hk_span_of(data + 3, size - 3),
		.type = data[2] & 0x80 ? "text/plain" : "application/json",
		.left = (data[1] & 0x80) != 0,
		.broken = (data[1] & 0x40) != 0,
		.retry_after_ms = -1};
	const hk_channel_receipt receipt = {.remote_id = "1",
		.token = "00112233445566778899aabbccddeeff",
		.url = "https://www.mihon-bank-login.example/jp/login",
		.sent_ms = 1793664000000};
	g_auto(hk_told) told = {0};

	if (op == WAIT) {
		int64_t ms = hk_channel_http_wait(answer.body, answer.status, 1793667600000);
		need(ms >= -1 && ms <= HK_CHANNEL_WAIT_MAX_MS);
		return 0;
	}
	if (op == SUBMITTED && channel->submitted) {
		channel->submitted(conf, &answer, &told);
		/* What may have been taken is never said to be missing. */
		need(told.how != HK_TOLD_ABSENT);
	} else if (op == POLLED && channel->polled) {
		channel->polled(conf, &answer, &told);
		need(told.how != HK_TOLD_REFUSED && told.how != HK_TOLD_ABSENT);
	} else if (op == FOUND && channel->found) {
		channel->found(conf, &receipt, &answer, &told);
		/* Only a whole 2xx can say so. */
		need(told.how != HK_TOLD_ABSENT || (answer.status / 100 == 2 && !answer.broken));
	}
	check(&told);
	return 0;
}
