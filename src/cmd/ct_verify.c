/* hikeshi ct verify: every entry of a log against its head. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "cmd/cmd.h"
#include "source/ct/follow.h"
#include "source/ct/store.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/http.h"
#include "sys/progress.h"

typedef struct probe {
	bool done;
	int status;
	char *failure;
} probe;

static void
on_probe(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	probe *p = user;

	(void)call;
	p->done = true;
	p->status = answer->status;
	p->failure = answer->error ? g_strdup(answer->error->message) : NULL;
}

/* A static-ct log has a checkpoint; an RFC 6962 log has none. */
static bool
find_kind(const char *url, const hk_http_config *config, hk_ct_kind *ret, GError **error)
{
	g_autoptr(hk_http) http = hk_http_new(config, error);
	g_autofree char *checkpoint =
		g_strconcat(url, g_str_has_suffix(url, "/") ? "" : "/", "checkpoint", NULL);
	hk_http_request request = {
		.url = checkpoint, .max_bytes = 1u << 20, .timeout_ms = 20000, .fresh = true};
	probe p = {0};

	if (!http || !hk_http_get(http, &request, on_probe, &p, error)) {
		return false;
	}
	while (!p.done) {
		hk_http_step(http, 1000, -1);
	}
	g_autofree char *failure = p.failure;
	if (failure && p.status == 0) {
		return hk_error_set(error, HK_EREMOTE, "%s: %s", url, failure);
	}
	*ret = p.status == 200 ? HK_CT_STATIC : HK_CT_RFC6962;
	return true;
}

typedef struct bar {
	hk_progress *progress;
	uint64_t position;
	uint64_t size;
} bar;

static void
on_progress(void *user, uint64_t position, uint64_t size)
{
	bar *b = user;

	b->position = position;
	b->size = size;
	hk_progress_set_total(b->progress, (int64_t)size);
	hk_progress_update(b->progress, (int64_t)position);
}

static hk_ct_log *
make_log(const hk_opts *opts, const hk_http_config *http, GError **error)
{
	const char *url = hk_opts_str(opts, HK_OPT_LOG);
	const char *text = hk_opts_str(opts, HK_OPT_KEY);
	g_autofree uint8_t *spki = NULL;
	size_t len = 0;
	hk_ct_kind kind;

	if (!hk_opts_require(opts, HK_OPT_LOG, error) ||
		!hk_opts_require(opts, HK_OPT_KEY, error) ||
		!hk_http_contact_check(http->contact, error) || !hk_http_url_check(url, error)) {
		return NULL;
	}
	spki = g_malloc(strlen(text) + 1);
	if (hk_base64_decode(hk_span_str(text), spki, &len) != HK_OK) {
		hk_error_set(error, HK_EUSAGE,
			"--key is not base64; copy the member \"key\" of the log's row in the log "
			"list");
		return NULL;
	}
	/* The key before the network: a typing mistake should not cost a connection. */
	hk_ct_log *log = hk_ct_log_new(url, hk_span_of(spki, len), HK_CT_RFC6962, error);
	hk_ct_log_free(log);
	if (!log || !find_kind(url, http, &kind, error)) {
		return NULL;
	}
	return hk_ct_log_new(url, hk_span_of(spki, len), kind, error);
}

bool
hk_cmd_ct_verify(const hk_opts *opts, GError **error)
{
	hk_http_config http = {
		.contact = hk_opts_str(opts, HK_OPT_CONTACT),
		.ca_file = hk_opts_str(opts, HK_OPT_CA_FILE),
	};
	hk_ct_log *log = make_log(opts, &http, error);
	g_autofree char *folder = NULL;

	if (!log) {
		return false;
	}
	g_autofree char *url = g_strdup(log->url);
	folder = g_dir_make_tmp("hikeshi-verify-XXXXXX", error);
	if (!folder) {
		hk_ct_log_free(log);
		return false;
	}
	bar b = {.progress = hk_progress_new("verifying", "entries", -1)};
	hk_follow_config config = {
		.log = log,
		.state_dir = folder,
		.contact = http.contact,
		.ca_file = http.ca_file,
		.from = HK_FROM_START,
		.poll_ms = 1000,
		.rate_per_s = hk_opts_real(opts, HK_OPT_RATE),
		.in_flight = (unsigned)hk_opts_int(opts, HK_OPT_IN_FLIGHT),
		.once = true,
		.out_fd = -1,
		.progress = on_progress,
		.user = &b,
	};
	int64_t start_ms = hk_clock_mono_ms();
	bool good = hk_follow_run(&config, error);
	double seconds = (double)(hk_clock_mono_ms() - start_ms) / 1000;
	hk_progress_free(b.progress);
	if (!good) {
		/* A contradiction's evidence stays where the message says. */
		if (hk_error_code(error ? *error : NULL) != HK_EINCONSISTENT) {
			hk_store_remove(folder);
		}
		return false;
	}
	hk_store_remove(folder);
	if (b.position < b.size) {
		return hk_error_set(error, HK_EAGAIN, "stopped at entry %" PRIu64 " of %" PRIu64,
			b.position, b.size);
	}
	printf("%s: %" PRIu64
	       " entries hash to the root of its signed head (%.1f s, %.0f entries/s)\n",
		url, b.position, seconds, seconds > 0 ? (double)b.position / seconds : 0);
	return true;
}
