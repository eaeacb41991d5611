/* IANA's bootstrap files: kept, refreshed, and what they say. */
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

#include "enrich/ask_int.h"
#include "enrich/get.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"

enum { DAY_MS = 24 * 60 * 60 * 1000, AGAIN_MS = 15 * 60 * 1000, FETCH_MS = 5000 };

static const struct {
	const char *name;
	hk_bootstrap_kind kind;
} files[HK_ASK_FILES] = {
	{"dns.json", HK_BOOTSTRAP_DNS},
	{"ipv4.json", HK_BOOTSTRAP_IP},
	{"ipv6.json", HK_BOOTSTRAP_IP},
	{"asn.json", HK_BOOTSTRAP_ASN},
};

hk_ask *
hk_ask_new(const hk_ask_config *config)
{
	hk_ask *ask = g_new0(hk_ask, 1);

	ask->egress = hk_egress_ref(config->egress ? config->egress : hk_egress_house());
	ask->ca_file = g_strdup(config->ca_file);
	ask->state = g_strdup(config->state);
	ask->copies = g_strdup(config->copies);
	bool kept = ask->state && hk_file_mkdirs(ask->state, NULL);
	g_autofree char *pace = kept ? g_build_filename(ask->state, "whois-pace", NULL) : NULL;
	ask->pace = hk_whois_pace_new(pace);
	ask->away = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_mutex_init(&ask->mutex);
	g_mutex_init(&ask->boot_mutex);
	return ask;
}

void
hk_ask_free(hk_ask *ask)
{
	if (!ask) {
		return;
	}
	for (size_t i = 0; i < HK_ASK_FILES; i++) {
		hk_bootstrap_free(ask->boots[i]);
	}
	g_hash_table_unref(ask->away);
	g_mutex_clear(&ask->mutex);
	g_mutex_clear(&ask->boot_mutex);
	hk_whois_pace_free(ask->pace);
	hk_egress_unref(ask->egress);
	g_free(ask->ca_file);
	g_free(ask->state);
	g_free(ask->copies);
	g_free(ask);
}

/* Takes the file's text when it is one; what was there stays when it is none. */
static bool
load(hk_ask *ask, size_t i, hk_span text)
{
	hk_bootstrap *boot = hk_bootstrap_read(text, files[i].kind, NULL);

	if (!boot) {
		return false;
	}
	hk_bootstrap_free(ask->boots[i]);
	ask->boots[i] = boot;
	return true;
}

static bool
load_from(hk_ask *ask, size_t i, const char *dir)
{
	g_autofree char *path = g_build_filename(dir, files[i].name, NULL);
	g_autoptr(GBytes) bytes = hk_file_read(path, HK_BOOTSTRAP_BYTES_MAX, NULL);
	gsize len;

	if (!bytes) {
		return false;
	}
	const void *data = g_bytes_get_data(bytes, &len);
	return load(ask, i, hk_span_of(data, len));
}

static bool
is_fresh(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (int64_t)st.st_mtime * 1000 > hk_clock_wall_ms() - DAY_MS;
}

/* A new file from IANA, or the news that ours is still right. What cannot be had leaves everything as it is. */
static void
refresh(hk_ask *ask, size_t i, const hk_egress_who *who, int64_t until_ms)
{
	g_autofree char *path = g_build_filename(ask->state, files[i].name, NULL);
	g_autofree char *etag_path = g_strconcat(path, ".etag", NULL);
	g_autofree char *url = g_strconcat("https://data.iana.org/rdap/", files[i].name, NULL);
	g_autofree char *etag = NULL;
	gsize len;

	if (is_fresh(path) || !hk_file_mkdirs(ask->state, NULL)) {
		return;
	}
	if (ask->boots[i]) {
		g_autoptr(GBytes) old = hk_file_read(etag_path, 256, NULL);
		const char *text = old ? g_bytes_get_data(old, &len) : NULL;
		etag = text ? g_strndup(text, len) : NULL;
	}
	hk_get get = {.egress = ask->egress,
		.ca_file = ask->ca_file,
		.who = who,
		.url = url,
		.accept = "application/json",
		.if_match = etag && !strpbrk(etag, "\r\n") ? etag : NULL,
		.max_bytes = HK_BOOTSTRAP_BYTES_MAX,
		.verify = true,
		.until_ms = MIN(until_ms, hk_clock_mono_ms() + FETCH_MS)};
	g_autoptr(hk_got) got = hk_get_do(&get, NULL);
	if (got && got->status == 304) {
		utime(path, NULL);
	}
	if (!got || got->status != 200 || got->truncated) {
		return;
	}
	const void *data = g_bytes_get_data(got->body, &len);
	hk_span text = hk_span_of(data, len);
	if (load(ask, i, text) && hk_file_replace(path, text, NULL)) {
		hk_file_replace(etag_path, hk_span_str(got->etag ? got->etag : ""), NULL);
	}
}

static void
prepare(hk_ask *ask, size_t i, const hk_egress_who *who, int64_t until_ms)
{
	int64_t now_ms = hk_clock_mono_ms();

	if (ask->looked_ms[i] != 0 && now_ms - ask->looked_ms[i] < AGAIN_MS) {
		return;
	}
	ask->looked_ms[i] = MAX(now_ms, 1);
	/* Another process may have brought a newer one. */
	if (ask->state && !load_from(ask, i, ask->state) && !ask->boots[i] && ask->copies) {
		load_from(ask, i, ask->copies);
	}
	if (ask->state) {
		refresh(ask, i, who, until_ms);
	}
	if (!ask->boots[i] && ask->copies) {
		load_from(ask, i, ask->copies);
	}
}

char *
hk_ask_base(hk_ask *ask, const hk_egress_who *who, hk_bootstrap_kind kind, const char *key,
	int64_t until_ms)
{
	hk_egress_who asker = *who;
	char *base = NULL;

	asker.purpose = "bootstrap";
	g_mutex_lock(&ask->boot_mutex);
	for (size_t i = 0; i < HK_ASK_FILES && !base; i++) {
		/* An IPv6 address has a colon. */
		bool v6 = strcmp(files[i].name, "ipv6.json") == 0;
		if (files[i].kind != kind ||
			(kind == HK_BOOTSTRAP_IP && v6 != (strchr(key, ':') != NULL))) {
			continue;
		}
		prepare(ask, i, &asker, until_ms);
		base = ask->boots[i] ? g_strdup(hk_bootstrap_find(ask->boots[i], key)) : NULL;
	}
	g_mutex_unlock(&ask->boot_mutex);
	return base;
}
