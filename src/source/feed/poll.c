#include "source/feed/poll.h"

#include "flow/sighting.h"
#include "store/lookup.h"
#include "store/sightings_write.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"

enum { FAILURE_MS = 30 * 1000, DOUBLINGS_MAX = 20, STOPPED_MS = 1000 };

struct hk_feed {
	hk_feed_config *config;
	hk_feed_net *net; /* NULL for a local file */
	hk_feed_tally tally;
	unsigned failures;  /* since the last success */
	int64_t last_ok_ms; /* wall; 0: never */
	int64_t total;      /* sightings made, all looks together */
	bool health_known;  /* the three above were read from the database */
	int64_t next_mono_ms;
	hk_who who;
};

void
hk_feed_close(hk_feed *feed)
{
	if (feed) {
		hk_feed_net_free(feed->net);
		hk_feed_tally_clear(&feed->tally);
		hk_feed_config_free(feed->config);
		g_free(feed);
	}
}

hk_feed *
hk_feed_open(hk_feed_config *config, const char *contact, int stop_fd, GError **error)
{
	g_autoptr(hk_feed) feed = g_new0(hk_feed, 1);

	feed->config = config;
	feed->who = (hk_who){.login = "auto", .via = "watch", .address = ""};
	hk_feed_tally_init(&feed->tally);
	if (config->url) {
		feed->net = hk_feed_net_new(config, contact, stop_fd, error);
		if (!feed->net) {
			g_prefix_error(error, "feed %s: ", config->name);
			return NULL;
		}
	}
	return g_steal_pointer(&feed);
}

void
hk_feed_set_via(hk_feed *feed, const char *via)
{
	feed->who.via = via;
}

const hk_feed_config *
hk_feed_config_of(const hk_feed *feed)
{
	return feed->config;
}

const hk_feed_tally *
hk_feed_tally_of(const hk_feed *feed)
{
	return &feed->tally;
}

int64_t
hk_feed_pause_ms(int64_t poll_ms, unsigned failures, int64_t retry_ms, double random)
{
	if (failures == 0) {
		return poll_ms - poll_ms / 10 + (int64_t)((double)(poll_ms / 5) * random);
	}
	int64_t longest = MAX(HK_FEED_PAUSE_MAX_MS, poll_ms);
	int64_t pause = (int64_t)FAILURE_MS << MIN(failures, DOUBLINGS_MAX);
	pause = MIN(pause, longest);
	pause = pause / 2 + (int64_t)((double)(pause / 2) * random);
	/* Who was asked to wait comes a little later, not all clients at once. */
	return retry_ms >= 0 ? MAX(pause, retry_ms + (int64_t)((double)(retry_ms / 10) * random))
			     : pause;
}

int64_t
hk_feed_next_ms(const hk_feed *feed)
{
	return MAX(feed->next_mono_ms - hk_clock_mono_ms(), 0);
}

bool
hk_feed_try(hk_feed *feed, const char *position, const hk_feed_out *out, GError **error)
{
	hk_feed_tally_clear(&feed->tally);
	hk_feed_tally_init(&feed->tally);
	return hk_feed_look(
		feed->config, feed->net, position, hk_clock_wall_ms(), out, &feed->tally, error);
}

/* One chunk on its way into the database. */
typedef struct chunk {
	hk_feed *feed;
	hk_flow *flow;
	GPtrArray *leads;
	GHashTable *known; /* keys of leads that are there already; borrowed */
	const char *position;
	const char *health;
	uint64_t fresh;
} chunk;

/* Which of the leads are sightings already: asked outside of a write transaction, so that a feed of 200,000 lines that brings ten
 * new ones holds nobody up. What is new in the meantime, hk_sighting_take() finds. */
static bool
find_known(chunk *c, GError **error)
{
	g_autofree const uint8_t **keys = g_new(const uint8_t *, c->leads->len);

	for (unsigned i = 0; i < c->leads->len; i++) {
		const hk_feed_lead *lead = c->leads->pdata[i];
		keys[i] = lead->key;
	}
	return hk_sightings_known(hk_flow_db(c->flow), c->feed->config->source, keys, c->leads->len,
		&c->known, error);
}

static bool
take(chunk *c, const hk_feed_lead *lead, GError **error)
{
	int64_t id = 0;
	hk_observation seen = {.source = c->feed->config->source,
		.kind = "url",
		.seen_ms = lead->seen_ms,
		.host = lead->host,
		.url = lead->url,
		.title = lead->title,
		.score = lead->score,
		.target = lead->target,
		.data = lead->data};

	memcpy(seen.key, lead->key, sizeof seen.key);
	if (!hk_sighting_take(c->flow, &seen, &id, error)) {
		return false;
	}
	c->fresh += id != 0 ? 1 : 0;
	return true;
}

/* The transaction; may be done again from its beginning. */
static bool
act(hk_flow *flow, void *user, GError **error)
{
	chunk *c = user;
	const hk_feed_config *config = c->feed->config;

	c->fresh = 0;
	for (unsigned i = 0; i < c->leads->len; i++) {
		const hk_feed_lead *lead = c->leads->pdata[i];
		if (!g_hash_table_contains(c->known, lead->key) && !take(c, lead, error)) {
			return false;
		}
	}
	if (!hk_source_mark(flow, config->source, c->position, c->health, error)) {
		return false;
	}
	return hk_source_trust(hk_flow_db(flow), config->source, config->trust, error);
}

/* hk_feed_out of the database; user is a chunk of which only feed and flow are set. */
static bool
write_chunk(void *user, GPtrArray *leads, const char *position, uint64_t *ret_fresh, GError **error)
{
	const chunk *base = user;
	chunk c = {.feed = base->feed, .flow = base->flow, .leads = leads, .position = position};

	if (!find_known(&c, error)) {
		return false;
	}
	g_autoptr(GHashTable) known = c.known;
	/* A feed that only repeats itself writes nothing but, at the end, its position. */
	if (!position && g_hash_table_size(known) == leads->len) {
		return true;
	}
	if (!hk_flow_do(c.flow, &base->feed->who, act, &c, error)) {
		return false;
	}
	*ret_fresh = c.fresh;
	base->feed->total += (int64_t)c.fresh;
	return true;
}

static void
number(GString *out, const char *key, int64_t value)
{
	hk_jsonw_key(out, key);
	hk_jsonw_int(out, value);
}

static char *
health_of(const hk_feed *feed, int64_t now_ms, int64_t pause_ms, const GError *failed)
{
	GString *out = g_string_new("{");

	number(out, "last_try_ms", now_ms);
	if (feed->last_ok_ms > 0) {
		number(out, "last_ok_ms", feed->last_ok_ms);
	}
	hk_jsonw_key(out, "last_error");
	if (failed) {
		hk_jsonw_str(out, failed->message);
		hk_jsonw_key(out, "error");
		hk_jsonw_str(out, hk_err_code(hk_error_code(failed)));
	} else {
		hk_jsonw_null(out);
	}
	number(out, "failures", feed->failures);
	number(out, "next_ms", now_ms + pause_ms);
	number(out, "status", feed->net ? hk_feed_net_status(feed->net) : 0);
	number(out, "total", feed->total);
	hk_feed_tally_print(&feed->tally, out);
	hk_jsonw_close(out, '}');
	return g_string_free(out, FALSE);
}

/* After a restart: how long it has been failing, and since when. */
static bool
recall(hk_feed *feed, hk_flow *flow, GError **error)
{
	g_autofree char *health = NULL;
	uint64_t failures = 0;

	if (!hk_source_read_health(hk_flow_db(flow), feed->config->source, &health, error)) {
		return false;
	}
	g_autoptr(hk_json_doc) doc =
		health ? hk_json_load(hk_span_str(health), HK_FEED_POSITION_MAX, NULL) : NULL;
	hk_json top = doc ? hk_json_root(doc) : (hk_json){0};
	if (doc && hk_json_has(&top, "failures")) {
		(void)hk_json_i64(&top, "last_ok_ms", &feed->last_ok_ms, NULL);
		(void)hk_json_i64(&top, "total", &feed->total, NULL);
		(void)hk_json_u64(&top, "failures", &failures, NULL);
		feed->failures = (unsigned)MIN(failures, 1000);
	}
	feed->health_known = true;
	return true;
}

static bool
mark_health(hk_feed *feed, hk_flow *flow, const char *health, GError **error)
{
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	chunk c = {.feed = feed, .flow = flow, .leads = none, .health = health};

	return hk_flow_do(flow, &feed->who, act, &c, error);
}

static bool
look(hk_feed *feed, hk_flow *flow, GError **error)
{
	g_autofree char *position = NULL;
	chunk base = {.feed = feed, .flow = flow};
	hk_feed_out out = {write_chunk, &base};

	return (feed->health_known || recall(feed, flow, error)) &&
	       hk_source_position(hk_flow_db(flow), feed->config->source, &position, error) &&
	       hk_feed_try(feed, position, &out, error);
}

bool
hk_feed_poll(hk_feed *feed, hk_flow *flow, uint64_t *ret_new, GError **error)
{
	g_autoptr(GError) failed = NULL;
	g_autoptr(GError) unmarked = NULL;
	bool good = look(feed, flow, &failed);
	int64_t now_ms = hk_clock_wall_ms();
	int64_t retry_ms = feed->net && !good ? hk_feed_net_retry_ms(feed->net) : -1;

	*ret_new = feed->tally.fresh;
	if (!good && feed->net && hk_feed_net_cancelled(feed->net)) {
		/* We were asked to stop: that says nothing about the feed. */
		feed->next_mono_ms = hk_clock_mono_ms() + STOPPED_MS;
		g_propagate_error(error, g_steal_pointer(&failed));
		return false;
	}
	feed->failures = good ? 0 : feed->failures + 1;
	feed->last_ok_ms = good ? now_ms : feed->last_ok_ms;
	int64_t pause_ms = hk_feed_pause_ms(
		feed->config->poll_ms, feed->failures, retry_ms, g_random_double());
	feed->next_mono_ms = hk_clock_mono_ms() + pause_ms;
	g_autofree char *health = health_of(feed, now_ms, pause_ms, failed);
	if (!mark_health(feed, flow, health, good ? error : &unmarked)) {
		good = false; /* the database: what the look itself said is more telling */
	}
	if (failed) {
		g_propagate_prefixed_error(
			error, g_steal_pointer(&failed), "feed %s: ", feed->config->name);
	}
	return good;
}
