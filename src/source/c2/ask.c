/* nocheck: tested in tests/scenario/bell.t */
#include "source/c2/ask.h"

#include <string.h>

#include "parse/etag.h"
#include "source/c2/drop.h"
#include "sys/fetch.h"
#include "sys/gerr.h"
#include "sys/http.h"
#include "sys/stop.h"

enum { TIMEOUT_MS = 20000, STEP_MS = 500 };

/* As an app asks that names nothing of its own. */
#define AGENT "User-Agent: Dalvik/2.1.0 (Linux; U; Android 13; SO-51C Build/62.1.C.0.377)"

struct hk_c2_asker {
	const hk_family *family;
	hk_fetch *fetch;
	int stop_fd;
};

/* One question on its way. */
typedef struct asking {
	const char *url; /* borrowed */
	hk_fetch_call *call;
	bool done;
	int status;
	char *etag, *modified, *why;
	GBytes *body;
} asking;

static void
asking_free(gpointer data)
{
	asking *a = data;

	g_free(a->etag);
	g_free(a->modified);
	g_free(a->why);
	g_clear_pointer(&a->body, g_bytes_unref);
	g_free(a);
}

hk_c2_asker *
hk_c2_asker_new(const hk_family *family, hk_egress *egress, int stop_fd, GError **error)
{
	const hk_fetch_config config = {.egress = egress};
	hk_fetch *fetch = hk_fetch_new(&config, error);

	if (!fetch) {
		return NULL;
	}
	hk_c2_asker *asker = g_new0(hk_c2_asker, 1);
	asker->family = family;
	asker->fetch = fetch;
	asker->stop_fd = stop_fd;
	return asker;
}

void
hk_c2_asker_free(hk_c2_asker *asker)
{
	if (asker) {
		hk_fetch_free(asker->fetch);
		g_free(asker);
	}
}

const char *
hk_c2_asker_of(const hk_c2_asker *asker)
{
	return asker->family->name;
}

int64_t
hk_c2_asker_next_ms(const hk_c2_asker *asker)
{
	int64_t every = asker->family->drop_every_s * 1000;

	return every + g_random_int_range(0, (int)MAX(every / 10, 1));
}

static void
answered(void *user, hk_fetch_call *call, const hk_fetch_answer *answer)
{
	asking *a = user;
	const char *head = answer->count > 0 ? answer->hops[answer->count - 1].head : NULL;

	(void)call;
	a->done = true;
	a->status = answer->status;
	if (answer->error) {
		a->status = 0;
		a->why = g_strdup(answer->error->message);
		return;
	}
	if (head) {
		a->etag = hk_fetch_header(head, "ETag");
		a->modified = hk_fetch_header(head, "Last-Modified");
	}
	if (a->status == 200) {
		a->body = g_bytes_new(answer->body.data, answer->body.len);
	}
}

/* Whether tag, time and length tell the same story: a tag that lies is a file that was put there otherwise than the page says. */
static char *
odd_of(const asking *a)
{
	hk_etag tag;

	if (!a->etag || !a->body || hk_etag_read(hk_span_str(a->etag), &tag) != HK_OK) {
		return NULL;
	}
	int64_t modified_s = -1;
	if (a->modified && !hk_http_date(hk_span_str(a->modified), &modified_s)) {
		modified_s = -1;
	}
	unsigned odd = hk_etag_check(&tag, modified_s, (int64_t)g_bytes_get_size(a->body));
	return odd & HK_ETAG_ODD_TIME   ? g_strdup("its tag tells another time than Last-Modified")
	       : odd & HK_ETAG_ODD_SIZE ? g_strdup("its tag tells another size than it has")
					: NULL;
}

static char *
joined(GPtrArray *addresses)
{
	g_ptr_array_add(addresses, NULL);
	return g_strjoinv(" ", (char **)addresses->pdata);
}

/* What an answer says. */
typedef struct reading {
	char *addresses, *body, *why; /* owned, or NULL */
} reading;

static void
reading_clear(reading *r)
{
	g_free(r->addresses);
	g_free(r->body);
	g_free(r->why);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(reading, reading_clear)

static void
read_answer(const hk_family *family, const asking *a, reading *ret)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GPtrArray) list = NULL;

	if (a->body) {
		gsize len;
		const char *data = g_bytes_get_data(a->body, &len);
		list = hk_drop_decode(family, hk_span_of(data, len), NULL, &why);
		ret->addresses = list ? joined(list) : NULL;
		ret->body = g_strndup(data, MIN(len, HK_C2_BODY_MAX));
	}
	ret->why = why ? g_strdup(why->message) : odd_of(a);
	if (!ret->why) {
		ret->why = g_strdup(a->why);
	}
}

typedef struct saying {
	const hk_c2_asker *asker;
	const asking *a;
	bool moved;
} saying;

static bool
say(hk_flow *flow, void *user, GError **error)
{
	saying *s = user;
	const asking *a = s->a;
	g_auto(reading) r = {0};

	read_answer(s->asker->family, a, &r);
	const hk_c2_drop_seen seen = {.family = s->asker->family->name,
		.url = a->url,
		.status = a->status,
		.etag = a->etag,
		.modified = a->modified,
		.addresses = r.addresses,
		.body = r.body,
		.why = r.why};
	return hk_c2_drop_saw(flow, &seen, &s->moved, error);
}

/* What was kept of the last answer makes the next request a conditional one. db NULL: an unconditional one. */
static bool
start(hk_c2_asker *asker, hk_db *db, asking *a, GError **error)
{
	g_auto(hk_c2_drop_row) row = {0};
	g_autofree char *match = NULL;
	g_autofree char *since = NULL;
	const char *headers[6] = {AGENT, "Accept: */*"};
	size_t count = 2;

	if (db && !hk_c2_drop_find(db, asker->family->name, a->url, &row, error)) {
		return false;
	}
	/* Of a text that could not be read nothing is known that "unchanged" could stand for. */
	bool known = row.address && g_strcmp0(row.state, "unreadable") != 0;
	if (known && row.etag) {
		headers[count++] = match = g_strdup_printf("If-None-Match: %s", row.etag);
	}
	if (known && row.modified) {
		headers[count++] = since = g_strdup_printf("If-Modified-Since: %s", row.modified);
	}
	const hk_fetch_request request = {.url = a->url,
		.who = {.purpose = "c2-drop",
			.requester = asker->family->name,
			.exit = asker->family->exit},
		.headers = headers,
		.max_bytes = HK_DROP_MAX,
		.timeout_ms = TIMEOUT_MS};
	a->call = hk_fetch_start(asker->fetch, &request, answered, a, error);
	return a->call != NULL;
}

static bool
waits(const GPtrArray *all)
{
	for (unsigned i = 0; i < all->len; i++) {
		if (!((const asking *)all->pdata[i])->done) {
			return true;
		}
	}
	return false;
}

static void
cancel_all(GPtrArray *all)
{
	for (unsigned i = 0; i < all->len; i++) {
		asking *a = all->pdata[i];
		if (a->call && !a->done) {
			hk_fetch_cancel(a->call);
			a->done = true;
			a->why = g_strdup("no answer in time");
		}
	}
}

/* Asks all of them and waits: an array of asking, or NULL. */
static GPtrArray *
ask_all(hk_c2_asker *asker, hk_db *db, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(asking_free);
	int64_t end = g_get_monotonic_time() + (TIMEOUT_MS + 2000) * INT64_C(1000);

	for (unsigned i = 0; i < asker->family->drops->len; i++) {
		asking *a = g_new0(asking, 1);
		a->url = asker->family->drops->pdata[i];
		g_ptr_array_add(all, a);
		if (!start(asker, db, a, error)) {
			cancel_all(all);
			return NULL;
		}
	}
	while (waits(all) && g_get_monotonic_time() < end && !hk_stop_asked()) {
		hk_fetch_step(asker->fetch, STEP_MS, asker->stop_fd);
	}
	cancel_all(all);
	return g_steal_pointer(&all);
}

bool
hk_c2_asker_ask(hk_c2_asker *asker, hk_flow *flow, uint64_t *ret_moved, GError **error)
{
	static const hk_who who = {.login = "auto", .via = "watch", .address = ""};
	g_autoptr(GPtrArray) all = ask_all(asker, hk_flow_db(flow), error);

	*ret_moved = 0;
	for (unsigned i = 0; all && i < all->len && !hk_stop_asked(); i++) {
		saying s = {asker, all->pdata[i], false};
		if (!hk_flow_do(flow, &who, say, &s, error)) {
			return false;
		}
		*ret_moved += s.moved;
	}
	return all != NULL;
}

bool
hk_c2_asker_once(hk_c2_asker *asker, hk_c2_told told, void *user, GError **error)
{
	g_autoptr(GPtrArray) all = ask_all(asker, NULL, error);

	for (unsigned i = 0; all && i < all->len; i++) {
		const asking *a = all->pdata[i];
		g_auto(reading) r = {0};
		read_answer(asker->family, a, &r);
		told(user, a->url, a->status, r.addresses, r.why);
	}
	return all != NULL;
}
