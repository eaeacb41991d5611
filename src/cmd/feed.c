/* hikeshi feed check, read, poll. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "source/feed/poll.h"
#include "store/migrate.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/http.h"
#include "sys/jsonw.h"

static bool
print_line(GString *out, GError **error)
{
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
	return fwrite(out->str, 1, out->len, stdout) == out->len ||
	       hk_error_set(error, HK_EIO, "standard output cannot be written");
}

static const char *
one_argument(const hk_opts *opts, const char *what, GError **error)
{
	if (hk_opts_arg_count(opts) != 1) {
		hk_error_set(error, HK_EUSAGE, "%s is needed, and nothing else", what);
		return NULL;
	}
	return hk_opts_args(opts)[0];
}

/* A placeholder in the User-Agent helps nobody, but a feed may be read without a contact. */
static bool
check_contact(const hk_opts *opts, GError **error)
{
	const char *contact = hk_opts_str(opts, HK_OPT_CONTACT);

	return !contact || hk_http_contact_check(contact, error);
}

bool
hk_cmd_feed_check(const hk_opts *opts, GError **error)
{
	const char *path = one_argument(opts, "a feed's file", error);
	g_autoptr(hk_feed_config) config = path ? hk_feed_config_read(path, error) : NULL;
	g_autofree char *login = NULL;

	if (!config) {
		return false;
	}
	if (config->login_file) {
		login = hk_feed_login(config->login_file, error);
		if (!login) {
			return false;
		}
	}
	g_autoptr(GString) out = g_string_new("{");
	hk_jsonw_member_str(out, "name", config->name);
	hk_jsonw_key(out, "enabled");
	hk_jsonw_bool(out, config->enabled);
	hk_jsonw_member_str(out, "format", hk_feed_format_name(config->format));
	hk_jsonw_member_str(
		out, config->url ? "url" : "file", config->url ? config->url : config->file);
	hk_jsonw_key(out, "poll_ms");
	hk_jsonw_int(out, config->poll_ms);
	hk_jsonw_key(out, "trust");
	hk_jsonw_real(out, config->trust, 2);
	hk_jsonw_key(out, "targets");
	hk_jsonw_int(out, g_hash_table_size(config->targets));
	return print_line(out, error);
}

/* A dry run: every lead is a line. */
static bool
print_leads(void *user, GPtrArray *leads, const char *position, uint64_t *ret_fresh, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);

	(void)user;
	(void)position;
	*ret_fresh = 0;
	for (unsigned i = 0; i < leads->len; i++) {
		const hk_feed_lead *lead = leads->pdata[i];
		g_string_assign(out, "{");
		hk_jsonw_key(out, "key");
		hk_jsonw_hex(out, hk_span_of(lead->key, sizeof lead->key));
		hk_jsonw_key(out, "seen_ms");
		hk_jsonw_int(out, lead->seen_ms);
		hk_jsonw_member_str(out, "host", lead->host);
		hk_jsonw_member_str(out, "url", lead->url);
		hk_jsonw_member_str(out, "title", lead->title);
		hk_jsonw_key(out, "score");
		hk_jsonw_real(out, lead->score, 3);
		hk_jsonw_member_str(out, "target", lead->target);
		hk_jsonw_key(out, "data");
		g_string_append(out, lead->data); /* JSON already */
		if (!print_line(out, error)) {
			return false;
		}
	}
	return true;
}

/* What the look came to, as the last line; on standard error, so that the leads can be piped. */
static void
print_summary(const hk_feed *feed)
{
	g_autoptr(GString) out = g_string_new("{");

	hk_jsonw_member_str(out, "feed", hk_feed_config_of(feed)->name);
	hk_feed_tally_print(hk_feed_tally_of(feed), out);
	hk_jsonw_close(out, '}');
	fprintf(stderr, "%s\n", out->str);
}

static bool
open_house(const hk_opts *opts, hk_db **ret_db, hk_flow **ret_flow, GError **error)
{
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);

	if (!db || !hk_schema_check(db, error)) {
		return false;
	}
	*ret_flow = hk_flow_new(db, hk_opts_str(opts, HK_OPT_AUDIT_KEY), error);
	if (!*ret_flow) {
		return false;
	}
	*ret_db = g_steal_pointer(&db);
	return true;
}

static bool
poll_once(const hk_opts *opts, hk_feed_config *config, GError **error)
{
	g_autoptr(hk_feed) feed =
		hk_feed_open(config, hk_opts_str(opts, HK_OPT_CONTACT), -1, error);
	g_autoptr(hk_db) db = NULL;
	g_autoptr(hk_flow) flow = NULL;
	uint64_t fresh = 0;

	if (!feed || !open_house(opts, &db, &flow, error)) {
		return false;
	}
	hk_feed_set_via(feed, "cli");
	bool good = hk_feed_poll(feed, flow, &fresh, error);
	g_autoptr(GString) out = g_string_new("{");
	hk_jsonw_member_str(out, "feed", hk_feed_config_of(feed)->name);
	hk_feed_tally_print(hk_feed_tally_of(feed), out);
	hk_jsonw_key(out, "next_ms");
	hk_jsonw_int(out, hk_feed_next_ms(feed));
	return print_line(out, good ? error : NULL) && good;
}

bool
hk_cmd_feed_read(const hk_opts *opts, GError **error)
{
	const char *path = one_argument(opts, "a feed's file", error);
	hk_feed_out out = {print_leads, NULL};

	hk_file_init();
	hk_feed_config *config =
		path && check_contact(opts, error) ? hk_feed_config_read(path, error) : NULL;
	if (!config) {
		return false;
	}
	if (!hk_opts_bool(opts, HK_OPT_DRY_RUN)) {
		return poll_once(opts, config, error);
	}
	g_autoptr(hk_feed) feed =
		hk_feed_open(config, hk_opts_str(opts, HK_OPT_CONTACT), -1, error);
	if (!feed) {
		return false;
	}
	bool good = hk_feed_try(feed, "{}", &out, error);
	print_summary(feed);
	return good;
}

bool
hk_cmd_feed_poll(const hk_opts *opts, GError **error)
{
	const char *name = one_argument(opts, "a feed's name", error);
	g_autoptr(GPtrArray) all = NULL;

	hk_file_init();
	if (!name || !check_contact(opts, error)) {
		return false;
	}
	all = hk_feed_config_folder(hk_opts_str(opts, HK_OPT_FEEDS), error);
	for (unsigned i = 0; all && i < all->len; i++) {
		hk_feed_config *config = all->pdata[i];
		if (strcmp(config->name, name) == 0) {
			return poll_once(opts, g_ptr_array_steal_index(all, i), error);
		}
	}
	return all && hk_error_set(error, HK_ENOENT, "%s: no feed is named '%s'",
			      hk_opts_str(opts, HK_OPT_FEEDS), name);
}
