#include "report/chat_send.h"

#include <string.h>

#include "base/num.h"
#include "report/chat_card.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/http.h"
#include "sys/log.h"
#include "sys/png.h"

#define KEY_PREFIX    "chat:"
#define LEAST_WAIT_MS 5000
#define MOST_WAIT_MS  (10 * INT64_C(60000))
enum {
	PICTURE_BYTES_MAX = 32 << 20,
	PICTURE_WIDTH = 180,
	PICTURE_HEIGHT = 270,
	ANSWER_MAX = 64 << 10
};

static const hk_who program = {.login = "auto", .via = "work", .address = ""};

struct hk_chats {
	GPtrArray *all;  /* of hk_chat */
	bool told_where; /* option chats is set */
	hk_blobs *blobs;
	hk_egress *egress; /* borrowed */
	char *base_url, *contact;
	unsigned timeout_ms;
};

void
hk_chats_free(hk_chats *chats)
{
	if (chats) {
		g_clear_pointer(&chats->all, g_ptr_array_unref);
		hk_blobs_free(chats->blobs);
		g_free(chats->base_url);
		g_free(chats->contact);
		g_free(chats);
	}
}

hk_chats *
hk_chats_open(const hk_chats_config *config, GError **error)
{
	g_autoptr(hk_chats) chats = g_new0(hk_chats, 1);

	chats->egress = config->egress;
	chats->told_where = config->folder != NULL;
	chats->base_url = g_strdup(config->base_url);
	chats->contact = g_strdup(config->contact);
	chats->timeout_ms = config->timeout_ms ? config->timeout_ms : HK_CHAT_TIMEOUT_MS;
	chats->all = config->folder ? hk_chat_folder(config->folder, error) : g_ptr_array_new();
	if (!chats->all ||
		(config->blobs && !(chats->blobs = hk_blobs_open(config->blobs, error)))) {
		return NULL;
	}
	return g_steal_pointer(&chats);
}

bool
hk_chats_announce(hk_flow *flow, const hk_chats *chats, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	if (!chats->told_where) {
		return true;
	}
	for (unsigned i = 0; i < chats->all->len; i++) {
		const hk_chat *chat = chats->all->pdata[i];
		if (chat->enabled) {
			g_ptr_array_add(names, chat->name);
		}
	}
	g_ptr_array_add(names, NULL);
	return hk_notices_chats(hk_flow_db(flow), (const char *const *)names->pdata, error);
}

static const hk_chat *
find(const hk_chats *chats, const char *name)
{
	for (unsigned i = 0; i < chats->all->len; i++) {
		const hk_chat *chat = chats->all->pdata[i];
		if (chat->enabled && strcmp(chat->name, name) == 0) {
			return chat;
		}
	}
	return NULL;
}

/* --- an event becomes cards --- */

typedef struct event_work {
	const hk_job *job;
	const hk_chats *chats;
	const hk_notice_row *notice;
	GPtrArray *bodies; /* a card for each of chats->all, owned; NULL: it does not want it */
} event_work;

/* A picture is an ornament: whatever goes wrong, the card goes without it. */
static GBytes *
picture_of(const hk_chats *chats, const hk_notice_facts *facts)
{
	if (!facts->has_picture || !chats->blobs) {
		return NULL;
	}
	g_autoptr(GBytes) whole =
		hk_blobs_get(chats->blobs, facts->picture, PICTURE_BYTES_MAX, NULL);
	gsize len = 0;
	const void *data = whole ? g_bytes_get_data(whole, &len) : NULL;

	return len == 0 ? NULL
			: hk_png_small(hk_span_of(data, len), PICTURE_WIDTH, PICTURE_HEIGHT,
				  HK_CARD_PICTURE_MAX, NULL);
}

static char *
card_for(const hk_chats *chats, const hk_chat *chat, const hk_notice_row *notice,
	const hk_notice_facts *facts, GBytes *picture)
{
	if (!hk_chat_wants(chat, notice->event, facts->case_id ? facts->score : -1)) {
		return NULL;
	}
	g_autoptr(hk_card) card = hk_card_new(notice, facts, chat->lang, chats->base_url);
	if (picture && chat->pictures) {
		card->picture = g_bytes_ref(picture);
	}
	return hk_card_write(card, chat->kind);
}

static bool
add_cards(hk_flow *flow, const event_work *w, GError **error)
{
	for (unsigned i = 0; i < w->bodies->len; i++) {
		const hk_chat *chat = w->chats->all->pdata[i];
		g_autofree char *key = g_strconcat(KEY_PREFIX, chat->name, NULL);
		hk_notice_row row = {.case_id = w->notice->case_id,
			.report_id = w->notice->report_id,
			.at_ms = w->notice->at_ms,
			.chat = chat->name,
			.event = w->notice->event,
			.body = w->bodies->pdata[i]};
		int64_t id;
		if (row.body && (!hk_notices_add(hk_flow_db(flow), &row, &id, error) ||
					!hk_flow_job(flow, "notice", key, 0, NULL,
						hk_flow_now(flow), error))) {
			return false;
		}
	}
	return true;
}

static bool
spread(hk_flow *flow, void *user, GError **error)
{
	const event_work *w = user;
	bool ours = false;

	/* What there is to say stands on the cards; where nobody wants it, nothing is left of it. */
	if (w->notice->id != 0 && !hk_notices_drop(hk_flow_db(flow), w->notice->id, &ours, error)) {
		return false;
	}
	return (!ours || add_cards(flow, w, error)) && hk_job_done(flow, w->job, error);
}

/* What there is to say about it. The card of a wave is made of what is known of the wave by now: its case may have been merged, and its links may have been followed, since. */
static bool
facts_of(hk_db *db, const hk_notice_row *notice, hk_notice_facts *ret, GError **error)
{
	g_auto(hk_notice_facts) wave = {0};
	int64_t id = hk_card_wave(notice->body), now = 0;

	if (id != 0 && !hk_notices_wave(db, id, &wave, &now, error)) {
		return false;
	}
	int64_t case_id =
		now != 0 && strcmp(notice->event, "wave.seen") == 0 ? now : notice->case_id;
	if (!hk_notices_facts(db, case_id, notice->report_id, ret, error)) {
		return false;
	}
	ret->wave_id = wave.wave_id;
	ret->wave_numbers = wave.wave_numbers;
	ret->wave_landing = g_steal_pointer(&wave.wave_landing);
	return true;
}

static bool
run_event(hk_flow *flow, const hk_job *job, const hk_chats *chats, int64_t id, GError **error)
{
	g_auto(hk_notice_row) notice = {0};
	g_auto(hk_notice_facts) facts = {0};
	g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func(g_free);
	event_work w = {job, chats, &notice, bodies};
	bool waiting, pictures = false;

	if (!hk_notices_get(hk_flow_db(flow), id, &notice, &waiting, error)) {
		return false;
	}
	if (!waiting || chats->all->len == 0) {
		return hk_flow_do(flow, &program, spread, &w, error);
	}
	if (!facts_of(hk_flow_db(flow), &notice, &facts, error)) {
		return false;
	}
	for (unsigned i = 0; i < chats->all->len; i++) {
		const hk_chat *chat = chats->all->pdata[i];
		pictures = pictures ||
			   (chat->enabled && chat->pictures && hk_chat_ways[chat->kind].pictures);
	}
	g_autoptr(GBytes) picture = pictures ? picture_of(chats, &facts) : NULL;
	for (unsigned i = 0; i < chats->all->len; i++) {
		g_ptr_array_add(
			bodies, card_for(chats, chats->all->pdata[i], &notice, &facts, picture));
	}
	return hk_flow_do(flow, &program, spread, &w, error);
}

/* --- a card is handed in --- */

typedef enum outcome {
	TAKEN,
	REFUSED, /* this card, for good */
	AGAIN,   /* the chat, for now */
} outcome;

typedef struct chat_work {
	const hk_job *job;
	const hk_chat *chat; /* NULL: there is none of that name any more */
	const char *name, *base_url;
	hk_notice_row *notice; /* the oldest that waits */
	int64_t waiting;
	outcome outcome;
	char *why; /* owned; of REFUSED and AGAIN */
	int64_t wait_ms;
} chat_work;

/* In our own words: the error's would name the URL, which is the secret. */
static const char *
silence(const hk_http_answer *answer)
{
	hk_err code = hk_error_code(answer->error);

	return answer->untrusted    ? "its certificate is not one that we trust"
	       : code == HK_EPOLICY ? "the connection is not allowed (docs/egress.md)"
				    : "no answer";
}

static void
on_answer(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	static const int refused[] = {400, 406, 413, 415, 422};
	chat_work *w = user;

	(void)call;
	w->wait_ms = MAX(answer->retry_after_ms, 0);
	w->outcome = AGAIN;
	if (answer->status == 0) {
		w->why = g_strdup(silence(answer));
		return;
	}
	/* What it says besides is not needed: a body that breaks off takes nothing back. */
	if (answer->status >= 200 && answer->status < 300) {
		w->outcome = TAKEN;
		return;
	}
	w->why = g_strdup_printf("the chat answers %d", answer->status);
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
		w->outcome = answer->status == refused[i] ? REFUSED : w->outcome;
	}
}

static GPtrArray *
headers_of(const chat_work *w)
{
	GPtrArray *headers = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(headers, g_strdup("Content-Type: application/json"));
	if (w->chat->kind == HK_CHAT_WEBHOOK) {
		int64_t now_s = hk_clock_wall_ms() / 1000;
		g_autofree char *sign =
			hk_card_sign(w->chat->key, now_s, w->notice->id, w->notice->body);
		g_ptr_array_add(
			headers, g_strdup_printf("X-Hikeshi-Id: %" G_GINT64_FORMAT, w->notice->id));
		g_ptr_array_add(
			headers, g_strdup_printf("X-Hikeshi-Timestamp: %" G_GINT64_FORMAT, now_s));
		g_ptr_array_add(headers, g_strconcat("X-Hikeshi-Signature: ", sign, NULL));
	}
	g_ptr_array_add(headers, NULL);
	return headers;
}

static void
send_card(const hk_chats *chats, chat_work *w)
{
	const hk_http_config config = {.contact = chats->contact,
		.ca_file = w->chat->ca_file,
		.egress = chats->egress,
		.purpose = "chat"};
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_http) http = hk_http_new(&config, &error);
	g_autoptr(GPtrArray) headers = headers_of(w);
	const hk_http_request request = {.url = w->chat->url,
		.method = HK_HTTP_POST,
		.upload = hk_span_str(w->notice->body),
		.headers = (const char *const *)headers->pdata,
		.max_bytes = ANSWER_MAX,
		.timeout_ms = chats->timeout_ms,
		.connect_ms = chats->timeout_ms / 2};

	w->outcome = AGAIN;
	if (!http || !hk_http_get(http, &request, on_answer, w, &error)) {
		w->why = g_strdup(http ? "its URL may not be used" : error->message);
		return;
	}
	while (hk_http_busy(http) > 0) {
		hk_http_step(http, 1000, -1);
	}
}

/* Half as long as it has waited already: seldom asked for when it is long away, soon back when it is not. */
static int64_t
wait_of(const chat_work *w, int64_t now_ms)
{
	int64_t half = CLAMP((now_ms - w->notice->at_ms) / 2, LEAST_WAIT_MS, MOST_WAIT_MS);

	return MAX(half, w->wait_ms);
}

static bool
write_down(hk_flow *flow, void *user, GError **error)
{
	chat_work *w = user;
	hk_db *db = hk_flow_db(flow);
	int64_t now_ms = hk_flow_now(flow), id = w->notice->id;
	int64_t free_ms = now_ms + hk_chat_ways[w->chat->kind].pace_ms;
	bool ours, digest = strcmp(w->notice->event, "digest") == 0;

	if (w->outcome == AGAIN) {
		free_ms = now_ms + wait_of(w, now_ms);
		return hk_notices_why(db, id, w->why, error) &&
		       hk_notices_fares(db, w->name, free_ms, w->why, now_ms, error) &&
		       hk_job_again(flow, w->job, free_ms, error);
	}
	return hk_notices_end(db, id, w->outcome == TAKEN ? "sent" : "failed", w->why, now_ms,
		       &ours, error) &&
	       (!digest || hk_notices_unfold(db, w->name, id, now_ms, error)) &&
	       hk_notices_fares(db, w->name, free_ms, w->why, now_ms, error) &&
	       hk_job_again(flow, w->job, free_ms, error);
}

/* --- what needs no sending --- */

static bool
finish(hk_flow *flow, void *user, GError **error)
{
	const chat_work *w = user;
	int64_t later = hk_flow_now(flow) + 1;

	return (w->chat || hk_notices_fail_all(hk_flow_db(flow), w->name, later,
				   "there is no such chat any more", error)) &&
	       hk_job_done(flow, w->job, error);
}

static bool
put_off(hk_flow *flow, void *user, GError **error)
{
	const chat_work *w = user;

	return hk_job_again(flow, w->job, w->wait_ms, error);
}

static bool
give_up(hk_flow *flow, void *user, GError **error)
{
	const chat_work *w = user;
	int64_t now_ms = hk_flow_now(flow);

	return hk_notices_fail_all(hk_flow_db(flow), w->name, now_ms - w->chat->keep_ms,
		       "it waited too long for the chat", error) &&
	       hk_job_again(flow, w->job, now_ms, error);
}

/* It is as old as the oldest that it stands for: the waits go on where they were. */
static bool
fold(hk_flow *flow, void *user, GError **error)
{
	const chat_work *w = user;
	hk_db *db = hk_flow_db(flow);
	g_autoptr(GArray) counts = NULL;
	int64_t id;

	if (!hk_notices_fold(db, w->name, error) ||
		!hk_notices_folded(db, w->name, &counts, error)) {
		return false;
	}
	g_autoptr(hk_card) card =
		hk_card_digest(counts, w->notice->at_ms, w->chat->lang, w->base_url);
	g_autofree char *body = hk_card_write(card, w->chat->kind);
	const hk_notice_row row = {.at_ms = w->notice->at_ms,
		.chat = w->chat->name,
		.event = (char *)(uintptr_t) "digest",
		.body = body};
	return hk_notices_add(db, &row, &id, error) &&
	       hk_job_again(flow, w->job, hk_flow_now(flow), error);
}

static bool
hand_in(hk_flow *flow, const hk_chats *chats, chat_work *w, GError **error)
{
	send_card(chats, w);
	if (w->outcome != TAKEN) {
		hk_log(HK_EVENT_CHAT_FAILED, HK_F_STR("chat", w->name),
			HK_F_STR("event", w->notice->event), HK_F_INT("notice", w->notice->id),
			HK_F_STR("what", w->outcome == REFUSED ? "given up" : "tried again"),
			HK_F_STR("reason", w->why));
	}
	bool good = hk_flow_do(flow, &program, write_down, w, error);
	g_clear_pointer(&w->why, g_free);
	return good;
}

static bool
run_chat(hk_flow *flow, const hk_job *job, const hk_chats *chats, const char *name, GError **error)
{
	g_auto(hk_notice_row) notice = {0};
	chat_work w = {.job = job,
		.chat = find(chats, name),
		.name = name,
		.base_url = chats->base_url,
		.notice = &notice};
	int64_t free_ms, now_ms = hk_clock_wall_ms();

	if (!hk_notices_next(hk_flow_db(flow), name, &notice, &w.waiting, error) ||
		!hk_notices_free(hk_flow_db(flow), name, &free_ms, error)) {
		return false;
	}
	if (!w.chat || notice.id == 0) {
		return hk_flow_do(flow, &program, finish, &w, error);
	}
	/* What comes while a digest waits is of the same flood. */
	bool digest = strcmp(notice.event, "digest") == 0;
	if (w.waiting > (digest ? 1 : HK_CHAT_FOLD)) {
		return hk_flow_do(flow, &program, fold, &w, error);
	}
	/* A new card makes the job due at once, the chat is not for that. */
	if (free_ms > now_ms) {
		w.wait_ms = free_ms;
		return hk_flow_do(flow, &program, put_off, &w, error);
	}
	if (!digest && notice.at_ms < now_ms - w.chat->keep_ms) {
		return hk_flow_do(flow, &program, give_up, &w, error);
	}
	return hand_in(flow, chats, &w, error);
}

bool
hk_notice_run(hk_flow *flow, const hk_job *job, void *user, GError **error)
{
	const hk_chats *chats = user;
	uint64_t id;

	if (g_str_has_prefix(job->key, KEY_PREFIX)) {
		return run_chat(flow, job, chats, job->key + strlen(KEY_PREFIX), error);
	}
	if (hk_parse_u64(hk_span_str(job->key), INT64_MAX, &id) != HK_OK) {
		return hk_error_set(
			error, HK_EFORM, "the job's key is no number of a notice: %s", job->key);
	}
	return run_event(flow, job, chats, (int64_t)id, error);
}

/* --- a test --- */

bool
hk_chat_try(const hk_chat *chat, const hk_chats_config *config, GError **error)
{
	g_autoptr(hk_card) card = g_new0(hk_card, 1);
	hk_notice_row notice = {0};
	chat_work w = {.chat = chat, .name = chat->name, .notice = &notice};
	hk_chats chats = {.egress = config->egress,
		.contact = (char *)(uintptr_t)config->contact,
		.timeout_ms = config->timeout_ms ? config->timeout_ms : HK_CHAT_TIMEOUT_MS};

	card->event = hk_chat_event_find("digest");
	card->lang = chat->lang;
	card->at_ms = hk_clock_wall_ms();
	card->score = -1;
	card->title = g_strdup(hk_card_word("test", chat->lang));
	card->lines = g_ptr_array_new();
	card->reasons = g_ptr_array_new();
	card->links = g_ptr_array_new();
	notice.body = hk_card_write(card, chat->kind);
	send_card(&chats, &w);
	g_free(notice.body);
	bool taken =
		w.outcome == TAKEN || hk_error_set(error, HK_EREMOTE, "%s: %s", chat->name, w.why);
	g_free(w.why);
	return taken;
}
