/* nocheck: tested in tests/scenario/replies.t */
#include "role/replies.h"

#include <string.h>

#include "base/codec.h"
#include "flow/letter.h"
#include "report/answer.h"
#include "role/poller.h"
#include "source/mail/mailbox.h"
#include "store/letters.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/log.h"
#include "sys/suffixes.h"

/* So much is kept of a mail that fits no report. */
enum { STRAY_MAX = 1 << 20 };

struct hk_replies {
	GPtrArray *configs;    /* of hk_mailbox_config; NULL: none was asked for */
	hk_suffixes *suffixes; /* NULL: no mailbox names a server that proves anything */
	hk_mail_house house;
};

static const hk_who who = {.user_id = 0, .login = "auto", .via = "watch", .address = ""};

/* ---- which report ---- */

typedef bool (*ask)(hk_db *db, const char *text, GArray **ret, GError **error);

static bool
look_up(void *user, ask by, const char *text, GArray *ret, GError **error)
{
	g_autoptr(GArray) found = NULL;

	if (!by(user, text, &found, error)) {
		return false;
	}
	for (unsigned i = 0; i < found->len; i++) {
		hk_letter_about *about = &g_array_index(found, hk_letter_about, i);
		hk_answer_hit hit = {about->report_id, g_steal_pointer(&about->recipient)};

		g_array_append_val(ret, hit);
	}
	return true;
}

static bool
by_token(void *user, const char *token, GArray *ret, GError **error)
{
	return look_up(user, hk_letters_by_token, token, ret, error);
}

static bool
by_number(void *user, const char *number, GArray *ret, GError **error)
{
	return look_up(user, hk_letters_by_number, number, ret, error);
}

static bool
by_url(void *user, const char *url, GArray *ret, GError **error)
{
	return look_up(user, hk_letters_by_url, url, ret, error);
}

/* ---- one mail ---- */

typedef struct taking {
	hk_letter_row row;
	bool stranger, fresh;
	const char *why;
} taking;

static bool
act(hk_flow *flow, void *user, GError **error)
{
	taking *t = user;

	return hk_letter_take(flow, &t->row, t->stranger, t->why, &t->fresh, error);
}

static hk_answer_lookup
lookup_of(const hk_replies *replies, hk_flow *flow)
{
	return (hk_answer_lookup){.user = hk_flow_db(flow),
		.token = by_token,
		.number = by_number,
		.url = by_url,
		.suffixes =
			replies && replies->suffixes ? hk_suffixes_table(replies->suffixes) : NULL};
}

/* Our own report, copied to us: its own Message-ID holds the token of a report, and it answers to the plus-address of that token by itself. Whoever forges one only hides his own mail. */
static bool
is_copy(hk_flow *flow, const hk_answer *answer, bool *ret, GError **error)
{
	const hk_answer_lookup lookup = lookup_of(NULL, flow);
	g_autoptr(GPtrArray) own = g_ptr_array_new();
	g_auto(hk_answer_match) match = {0};
	hk_answer alone = {.subject = (char *)(uintptr_t) "",
		.from = answer->from,
		.text = (char *)(uintptr_t) "",
		.quoted = (char *)(uintptr_t) "",
		.refs = own,
		.recipients = own,
		.inner = own};

	g_ptr_array_add(own, answer->message_id);
	*ret = false;
	if (!*answer->message_id) {
		return true;
	}
	if (!hk_answer_match_to(&alone, &lookup, &match, error)) {
		return false;
	}
	*ret = match.report_id != 0;
	return true;
}

/* A mail without a Message-ID is known by its bytes. */
static char *
name_of(const hk_answer *answer, const uint8_t sha256[32])
{
	char hex[65];

	if (*answer->message_id) {
		return g_strdup(answer->message_id);
	}
	hk_hex_encode(hk_span_of(sha256, 32), hex);
	return g_strdup_printf("<%.64s@sha256>", hex);
}

/* A mail that fits no report is kept as far as a person would read it. */
static bool
keep(const hk_replies *replies, hk_flow *flow, const hk_mailbox_config *config,
	const hk_answer *answer, hk_span raw, bool *ret_fresh, GError **error)
{
	uint8_t sha256[32];
	bool full;
	const hk_answer_lookup lookup = lookup_of(replies, flow);
	g_auto(hk_answer_match) match = {0};
	taking t = {0};

	if (!hk_answer_match_to(answer, &lookup, &match, error) ||
		!hk_letters_full(
			hk_flow_db(flow), match.report_id, hk_clock_wall_ms(), &full, error)) {
		return false;
	}
	if (full) {
		hk_log(HK_EVENT_LETTER_FULL, HK_F_STR("mailbox", config->name),
			HK_F_INT("report", match.report_id), HK_F_STR("sender", answer->from));
		return true;
	}
	hk_span kept = match.report_id != 0 ? raw : hk_span_of(raw.data, MIN(raw.len, STRAY_MAX));
	if (!hk_blobs_put(replies->house.blobs, kept, sha256, error)) {
		return false;
	}
	g_autofree char *message_id = name_of(answer, sha256);
	t.row = (hk_letter_row){.mailbox = config->name,
		.message_id = message_id,
		.report_id = match.report_id,
		.matched = match.matched,
		.proof = hk_answer_proof_name(answer->proof),
		.class = hk_answer_class_name(hk_answer_classify(answer, &t.why)),
		.number = match.number,
		.sender = answer->from,
		.subject = answer->subject,
		.text = answer->text,
		.content = sha256,
		.sent_ms = answer->date_ms};
	t.stranger = match.stranger;
	if (!hk_flow_do(flow, &who, act, &t, error)) {
		return false;
	}
	*ret_fresh = t.fresh;
	return true;
}

static bool
take(void *user, const hk_mailbox_config *config, hk_flow *flow, hk_span raw, uint64_t size,
	bool *ret_fresh, GError **error)
{
	const hk_replies *replies = user;
	g_autoptr(hk_answer) answer = hk_answer_read(raw, error);
	bool copy;

	(void)size;
	*ret_fresh = false;
	if (!answer || !is_copy(flow, answer, &copy, error)) {
		return false;
	}
	answer->proof = hk_answer_prove(answer, config->authserv_id,
		replies->suffixes ? hk_suffixes_table(replies->suffixes) : NULL);
	return copy || keep(replies, flow, config, answer, raw, ret_fresh, error);
}

/* ---- the mailbox ---- */

void
hk_replies_free(hk_replies *replies)
{
	if (replies) {
		if (replies->configs) {
			g_ptr_array_unref(replies->configs);
		}
		hk_suffixes_free(replies->suffixes);
		hk_blobs_free(replies->house.blobs);
		g_free(replies);
	}
}

/* Which domains belong to one organisation is the list's to say, not a guess, where somebody's word is weighed by it. */
static bool
open_list(hk_replies *replies, const hk_opts *opts, GError **error)
{
	bool needed = false;

	for (unsigned i = 0; i < replies->configs->len; i++) {
		const hk_mailbox_config *config = replies->configs->pdata[i];

		needed = needed || config->authserv_id;
	}
	return !needed ||
	       (replies->suffixes = hk_suffixes_load(hk_opts_str(opts, HK_OPT_SUFFIXES), error));
}

hk_replies *
hk_replies_open(const hk_opts *opts, int stop_fd, GError **error)
{
	const char *path = hk_opts_str(opts, HK_OPT_REPLY_MAIL);
	const hk_blobs_config blobs = hk_blobs_config_of(opts);
	hk_replies *replies = g_new0(hk_replies, 1);

	replies->house.stop_fd = stop_fd;
	replies->house.take = take;
	replies->house.user = replies;
	if (path && (!(replies->configs = hk_mailbox_config_folder(path, error)) ||
			    !open_list(replies, opts, error) ||
			    !(replies->house.blobs = hk_blobs_open(&blobs, error)))) {
		hk_replies_free(replies);
		return NULL;
	}
	if (path) {
		hk_answer_init();
	}
	return replies;
}

static bool
poll_box(void *source, hk_flow *flow, uint64_t *ret_new, GError **error)
{
	return hk_mailbox_poll(source, flow, ret_new, error);
}

static int64_t
next_ms(void *source)
{
	return hk_mailbox_next_ms(source);
}

static void
close_box(void *source)
{
	hk_mailbox_close(source);
}

/* Takes config. */
static void
start(hk_replies *replies, hk_mailbox_config *config, const hk_opts *opts, const char *owner,
	GPtrArray *pollers)
{
	hk_mailbox *box = hk_mailbox_open(config, &replies->house);
	const hk_polled polled = {.name = hk_mailbox_config_of(box)->source,
		.source = box,
		.poll = poll_box,
		.next_ms = next_ms,
		.free = close_box};

	g_ptr_array_add(pollers, hk_poller_start(opts, owner, &polled));
}

void
hk_replies_start(hk_replies *replies, const hk_opts *opts, const char *owner, GPtrArray *pollers)
{
	while (replies->configs && replies->configs->len > 0) {
		hk_mailbox_config *config = g_ptr_array_steal_index(replies->configs, 0);

		if (config->enabled) {
			start(replies, config, opts, owner, pollers);
		} else {
			hk_mailbox_config_free(config);
		}
	}
}
