/* hikeshi monitor: one check of a site, now, and why it says what it says. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cmd/cmd.h"
#include "parse/url.h"
#include "role/monitor.h"
#include "store/migrate.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/log.h"
#include "sys/uts46.h"

/* A URL or host, defanged or not. *ret_url NULL: a bare host. */
static bool
read_place(const char *text, hk_url *ret, const char **ret_url, GError **error)
{
	if (hk_url_read(hk_span_str(text), hk_uts46_to_ascii, NULL, ret, NULL) != HK_OK) {
		g_autofree char *shown = hk_log_printable(text);
		return hk_error_set(error, HK_EFORM,
			"%s: neither a URL nor a host nor the number of a case", shown);
	}
	bool bare = (ret->odd & HK_URL_ODD_NO_SCHEME) != 0 &&
		    g_strcmp0(ret->text + ret->path, "/") == 0 && ret->port == 80;
	*ret_url = bare ? NULL : ret->text;
	return true;
}

static hk_db *
open_house(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);

	return db && hk_schema_check(db, error) ? g_steal_pointer(&db) : NULL;
}

bool
hk_cmd_monitor(const hk_opts *opts, GError **error)
{
	const hk_monitor_config config = {.exits = hk_opts_list(opts, HK_OPT_MONITOR_EXITS),
		.places = hk_opts_str(opts, HK_OPT_PLACES),
		.who = "hikeshi monitor",
		.in_flight = 1,
		.timeout_ms = (unsigned)hk_opts_int(opts, HK_OPT_MONITOR_TIME)};
	g_autofree hk_url *place = g_new0(hk_url, 1);
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(hk_db) db = NULL;
	const char *url = NULL;
	uint64_t id = 0;

	if (hk_opts_arg_count(opts) != 1) {
		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi monitor` takes one site or the number of a case: hikeshi monitor "
			"https://www.mihon-bank.example/");
	}
	const char *word = hk_opts_args(opts)[0];
	bool is_case = hk_parse_u64(hk_span_str(word), INT64_MAX, &id) == HK_OK && id > 0;
	if (!is_case && !read_place(word, place, &url, error)) {
		return false;
	}
	hk_file_init();
	if (is_case && !(db = open_house(opts, error))) {
		return false;
	}
	g_autoptr(hk_monitor) monitor = hk_monitor_new(&config, error);
	if (!monitor || !hk_monitor_one(monitor, db, (int64_t)id, url, place->host, out, error)) {
		return false;
	}
	puts(out->str);
	return true;
}
