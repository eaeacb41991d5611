#include "cmd/ct_log.h"

#include <inttypes.h>
#include <string.h>

#include "base/codec.h"
#include "source/ct/keep.h"
#include "sys/gerr.h"
#include "sys/http.h"

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

static hk_ct_log *
make_log(const hk_opts *opts, const hk_http_config *http, GError **error)
{
	const char *url = hk_opts_str(opts, HK_OPT_LOG);
	const char *text = hk_opts_str(opts, HK_OPT_KEY);
	g_autofree uint8_t *spki = NULL;
	size_t len = 0;
	hk_ct_kind kind = HK_CT_RFC6962;

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

/* A contradiction's evidence stays where the message says; anything else of the folder goes. */
static bool
run(hk_follow_config *config, GError **error)
{
	g_autoptr(GError) why = NULL;
	bool good = hk_follow_run(config, &why);

	if (good || hk_error_code(why) != HK_EINCONSISTENT) {
		hk_keep_remove(config->state_dir);
	}
	if (!good) {
		g_propagate_error(error, g_steal_pointer(&why));
	}
	return good;
}

bool
hk_ct_log_once(const hk_opts *opts, hk_follow_config *config, GError **error)
{
	const hk_http_config http = {
		.contact = hk_opts_str(opts, HK_OPT_CONTACT),
		.ca_file = hk_opts_str(opts, HK_OPT_CA_FILE),
		.purpose = "ct",
	};
	g_autoptr(hk_ct_log) log = make_log(opts, &http, error);
	g_autofree char *folder = log ? g_dir_make_tmp("hikeshi-log-XXXXXX", error) : NULL;

	if (!folder) {
		return false;
	}
	config->log = g_steal_pointer(&log);
	config->state_dir = folder;
	config->contact = http.contact;
	config->ca_file = http.ca_file;
	config->poll_ms = 1000;
	config->rate_per_s = hk_opts_real(opts, HK_OPT_RATE);
	config->in_flight = (unsigned)hk_opts_int(opts, HK_OPT_IN_FLIGHT);
	config->once = true;
	return run(config, error);
}
