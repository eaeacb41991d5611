/* nocheck: tested in tests/scenario/enrich.t */
#include "enrich/get.h"

#include <string.h>

#include "sys/clock.h"
#include "sys/fetch.h"
#include "sys/gerr.h"
#include "sys/http.h"

enum { STEP_MS = 200 };

typedef struct waiting {
	bool done;
	hk_got *got;
	GError *error;
} waiting;

void
hk_got_free(hk_got *got)
{
	if (got) {
		g_clear_pointer(&got->body, g_bytes_unref);
		g_clear_pointer(&got->certs, g_ptr_array_unref);
		g_free(got->url);
		g_free(got->etag);
		g_free(got);
	}
}

/* The value of the first header line of that name, without blanks at its ends; NULL: none. Caller frees. */
static char *
header(const char *head, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = head; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n' ? 1 : 0;
		if (g_ascii_strncasecmp(line, name, n) == 0 && line[n] == ':') {
			size_t len = strcspn(line + n + 1, "\r\n");
			return g_strstrip(g_strndup(line + n + 1, len));
		}
	}
	return NULL;
}

static void
on_done(void *user, hk_fetch_call *call, const hk_fetch_answer *answer)
{
	waiting *w = user;
	const hk_fetch_hop *first = answer->count > 0 ? &answer->hops[0] : NULL;
	const hk_fetch_hop *last = answer->count > 0 ? &answer->hops[answer->count - 1] : NULL;

	(void)call;
	w->done = true;
	/* A server that broke off in its answer has said something; one that we did not get an answer from, only if it showed its certificates. */
	if (!last || (answer->status == 0 && !first->certs)) {
		w->error = answer->error ? g_error_copy(answer->error) : NULL;
		return;
	}
	w->got = g_new0(hk_got, 1);
	w->got->status = answer->status;
	w->got->body = g_bytes_new(answer->body.data, answer->body.len);
	w->got->truncated = answer->truncated || answer->error;
	w->got->url = g_strdup(last->url);
	w->got->retry_ms = -1;
	w->got->certs = first->certs ? g_ptr_array_ref(first->certs) : NULL;
	w->got->verify_error = first->verify_error;
	w->got->verify_text = first->verify_text;
	if (last->head) {
		g_autofree char *retry = header(last->head, "Retry-After");
		w->got->etag = header(last->head, "ETag");
		if (!retry || !hk_http_retry_after(hk_span_str(retry), hk_clock_wall_ms() / 1000,
				      &w->got->retry_ms)) {
			w->got->retry_ms = -1;
		}
	}
}

static void
add_header(GPtrArray *headers, const char *name, const char *value)
{
	if (value) {
		g_ptr_array_add(headers, g_strdup_printf("%s: %s", name, value));
	}
}

hk_got *
hk_get_do(const hk_get *get, GError **error)
{
	hk_fetch_config config = {.egress = get->egress, .ca_file = get->ca_file};
	g_autoptr(hk_fetch) fetch = hk_fetch_new(&config, error);
	g_autoptr(GPtrArray) headers = g_ptr_array_new_with_free_func(g_free);
	int64_t left_ms = get->until_ms - hk_clock_mono_ms();
	waiting w = {0};

	if (!fetch) {
		return NULL;
	}
	if (left_ms <= 0) {
		hk_error_set(error, HK_EREMOTE, "%s: no time was left to ask", get->url);
		return NULL;
	}
	add_header(headers, "User-Agent", "hikeshi/" HK_VERSION);
	add_header(headers, "Accept", get->accept);
	add_header(headers, "If-None-Match", get->if_match);
	g_ptr_array_add(headers, NULL);
	hk_fetch_request request = {.url = get->url,
		.who = *get->who,
		.headers = (const char *const *)headers->pdata,
		.max_bytes = get->max_bytes,
		.max_hops = get->max_hops,
		.timeout_ms = (unsigned)left_ms,
		.verify = get->verify};
	if (!hk_fetch_start(fetch, &request, on_done, &w, error)) {
		return NULL;
	}
	while (!w.done) {
		hk_fetch_step(fetch, STEP_MS, -1);
	}
	if (w.error) {
		g_propagate_prefixed_error(error, w.error, "%s: ", get->url);
	} else if (!w.got) {
		hk_error_set(error, HK_EREMOTE, "%s: no answer", get->url);
	}
	return w.got;
}
