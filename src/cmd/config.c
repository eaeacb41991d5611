/* hikeshi config show, hikeshi config check. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/help.h"
#include "sys/conffile.h"
#include "sys/gerr.h"
#include "sys/nearest.h"
#include "web/web.h"

/* value as the configuration file writes it. */
static void
print_value(const hk_opts *opts, hk_opt id)
{
	const hk_opt_row *row = hk_opt_row_get(id);
	g_autofree char *text = hk_opts_text(opts, id);

	if (row->type == HK_TYPE_LIST) {
		const char *const *list = hk_opts_list(opts, id);

		printf("%s = {", row->name);
		for (size_t i = 0; list[i]; i++) {
			g_autofree char *quoted = hk_conffile_quote(list[i]);

			printf("%s%s", i ? ", " : " ", quoted);
		}
		puts(" }");
		return;
	}
	g_autofree char *quoted = text ? hk_conffile_quote(text) : NULL;

	printf("%s%s = %s\n", text ? "" : "#", row->name,
		quoted     ? quoted
		: row->arg ? row->arg
			   : "");
}

static void
show(const hk_opts *opts, hk_opt id)
{
	const hk_opt_row *row = hk_opt_row_get(id);
	g_autofree char *limits = hk_help_limits(row);
	bool all = strcmp(row->commands, "*") == 0;

	printf("\n# %s\n# %s; %s%s\n", row->help, limits, all ? "every command" : "for ",
		all ? "" : row->commands);
	if (hk_opts_origin(opts, id) == HK_ORIGIN_CONFIG) {
		printf("# set in %s:%d\n", hk_opts_config_path(opts), hk_opts_line(opts, id));
	} else if (hk_opts_given(opts, id)) {
		puts("# set on the command line");
	} else {
		puts(row->def ? "# default" : "# not set");
	}
	print_value(opts, id);
}

bool
hk_cmd_config_show(const hk_opts *opts, GError **error)
{
	const char *const *wanted = hk_opts_args(opts);
	const char *keys[HK_OPT_COUNT];

	for (int id = 0; id < HK_OPT_COUNT; id++) {
		const hk_opt_row *row = hk_opt_row_get((hk_opt)id);

		keys[id] = row->key ? row->name : NULL;
	}
	for (size_t i = 0; wanted[i]; i++) {
		bool known = false;

		for (int id = 0; id < HK_OPT_COUNT; id++) {
			known = known || g_strcmp0(keys[id], wanted[i]) == 0;
		}
		if (!known) {
			const char *near = hk_nearest(wanted[i], keys, HK_OPT_COUNT);

			return hk_error_set(error, HK_EUSAGE, "unknown key '%s'%s%s%s", wanted[i],
				near ? ", did you mean '" : "; `hikeshi config show` lists all",
				near ? near : "", near ? "'?" : "");
		}
	}
	if (!wanted[0]) {
		printf("# hikeshi.conf: key = value, lists as key = { \"a\", \"b\" }; the flags "
		       "--key of the commands have "
		       "the last word.\n# Read from: %s\n",
			hk_opts_config_path(opts) ? hk_opts_config_path(opts)
						  : "no file, defaults only");
	}
	for (int id = 0; id < HK_OPT_COUNT; id++) {
		bool show_it = keys[id] && (!wanted[0] || g_strv_contains(wanted, keys[id]));

		if (show_it) {
			show(opts, (hk_opt)id);
		}
	}
	return true;
}

static bool
check_listen(const char *text, GError **error)
{
	bool loopback;

	return hk_web_listen_check(text, &loopback, error);
}

/* Keys whose reader knows more than their type. */
static const struct {
	hk_opt id;
	bool (*check)(const char *text, GError **error);
} readers[] = {
	{HK_OPT_LISTEN, check_listen},
	{HK_OPT_BASE_URL, hk_web_base_check},
};

static bool
check_values(const char *path, const hk_confentry *entries, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
		const hk_confentry *entry = &entries[readers[i].id];
		if (entry->line > 0 && !readers[i].check(entry->value.text, error)) {
			g_prefix_error(error, "%s:%d: ", path, entry->line);
			return false;
		}
	}
	return true;
}

bool
hk_cmd_config_check(const hk_opts *opts, GError **error)
{
	const char *const *args = hk_opts_args(opts);
	hk_confentry entries[HK_OPT_COUNT] = {0};
	const char *path = args[0] ? args[0] : hk_opts_config_path(opts);
	unsigned count = 0;

	if (hk_opts_arg_count(opts) > 1) {
		return hk_error_set(error, HK_EUSAGE, "one FILE at a time");
	}
	if (!path) {
		return hk_error_set(
			error, HK_ENOENT, "there is no %s; name a FILE to check", HK_CONFIG_PATH);
	}
	bool fine = hk_conffile_read(path, entries, error) && check_values(path, entries, error);

	for (int id = 0; id < HK_OPT_COUNT; id++) {
		count += entries[id].line > 0;
		hk_optvalue_clear(&entries[id].value);
	}
	if (fine) {
		printf("%s: fine, %u of %d keys set\n", path, count, HK_OPT_COUNT);
	}
	return fine;
}
