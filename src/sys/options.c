#include "sys/options.h"

#include <errno.h>
#include <unistd.h>

#include "sys/conffile.h"
#include "sys/gerr.h"
#include "sys/nearest.h"

static const hk_opt_row rows[] = {
#define OPT(id, name, commands, type, unit, min, max, def, arg, help)                              \
	{name, commands, HK_TYPE_##type, unit, min, max, def, arg, help, true},
#define FLAG(id, name, commands, type, unit, min, max, def, arg, help)                             \
	{name, commands, HK_TYPE_##type, unit, min, max, def, arg, help, false},
#include "sys/options.def"
#undef OPT
#undef FLAG
};

typedef struct option_slot {
	hk_optvalue value;
	hk_opt_origin origin;
	int line;
} option_slot;

struct hk_opts {
	option_slot slots[HK_OPT_COUNT];
	GPtrArray *args; /* char *, owned; ends with NULL */
	char *config_path;
};

const hk_opt_row *
hk_opt_row_get(hk_opt id)
{
	return &rows[id];
}

bool
hk_opt_takes(hk_opt id, const char *command)
{
	size_t len = strlen(command);

	if (strcmp(rows[id].commands, "*") == 0) {
		return true;
	}
	for (const char *at = rows[id].commands; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (strncmp(at, command, len) == 0 && (at[len] == '|' || at[len] == '\0')) {
			return true;
		}
	}
	return false;
}

void
hk_opts_free(hk_opts *opts)
{
	if (!opts) {
		return;
	}
	for (int id = 0; id < HK_OPT_COUNT; id++) {
		hk_optvalue_clear(&opts->slots[id].value);
	}
	g_ptr_array_unref(opts->args);
	g_free(opts->config_path);
	g_free(opts);
}

static bool
fail_unknown(const char *command, const char *flag, GError **error)
{
	const char *names[HK_OPT_COUNT + 1];
	const char *elsewhere = NULL;

	for (int id = 0; id < HK_OPT_COUNT; id++) {
		bool taken = hk_opt_takes((hk_opt)id, command);

		names[id] = taken ? rows[id].name : NULL;
		if (!taken && strcmp(rows[id].name, flag) == 0) {
			elsewhere = rows[id].commands;
		}
	}
	names[HK_OPT_COUNT] = "help";
	if (elsewhere) {
		g_auto(GStrv) words = g_strsplit(elsewhere, "|", -1); /* nocheck: our own table */
		g_autofree char *list = g_strjoinv(", ", words);

		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi %s` does not take --%s, only these do: %s", command, flag, list);
	}
	const char *near = hk_nearest(flag, names, G_N_ELEMENTS(names));

	return hk_error_set(error, HK_EUSAGE,
		"unknown option --%s%s%s%s; `hikeshi %s --help` lists all", flag,
		near ? ", did you mean --" : "", near ? near : "", near ? "?" : "", command);
}

/* The option that the command takes under this name; -1: none. */
static int
find_flag(const char *command, const char *name)
{
	for (int id = 0; id < HK_OPT_COUNT; id++) {
		if (strcmp(rows[id].name, name) == 0 && hk_opt_takes((hk_opt)id, command)) {
			return id;
		}
	}
	return -1;
}

/* One flag; *at is its place in argv and moves over an argument of its own. */
static bool
take_flag(hk_opts *opts, const char *command, int argc, char **argv, int *at, GError **error)
{
	const char *word = argv[*at] + 2;
	const char *equals = strchr(word, '=');
	g_autofree char *name = equals ? g_strndup(word, (size_t)(equals - word)) : g_strdup(word);
	const char *text = equals ? equals + 1 : NULL;
	int id = find_flag(command, name);

	if (id < 0 && !equals && g_str_has_prefix(name, "no-")) {
		id = find_flag(command, name + 3);
		id = id >= 0 && rows[id].type == HK_TYPE_BOOL ? id : -1;
		text = "false";
	}
	if (id < 0) {
		return fail_unknown(command, name, error);
	}
	if (!text && rows[id].type == HK_TYPE_BOOL) {
		text = "true";
	}
	if (!text) {
		if (*at + 1 >= argc) {
			return hk_error_set(
				error, HK_EUSAGE, "--%s needs its %s", name, rows[id].arg);
		}
		text = argv[++*at];
	}
	opts->slots[id].origin = HK_ORIGIN_FLAG;
	if (!hk_optvalue_set(&rows[id], text, &opts->slots[id].value, error)) {
		g_prefix_error(error, "--%s ", name);
		return false;
	}
	return true;
}

static bool
read_flags(hk_opts *opts, const char *command, int argc, char **argv, GError **error)
{
	bool options = true;

	for (int i = 0; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (options && g_str_has_prefix(argv[i], "--")) {
			if (!take_flag(opts, command, argc, argv, &i, error)) {
				return false;
			}
		} else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
			return hk_error_set(error, HK_EUSAGE,
				"unknown option %s: options are whole words, such as --help",
				argv[i]);
		} else {
			g_ptr_array_add(opts->args, g_strdup(argv[i]));
		}
	}
	return true;
}

static bool
read_config(hk_opts *opts, GError **error)
{
	hk_confentry entries[HK_OPT_COUNT] = {0};
	const char *path = opts->slots[HK_OPT_CONFIG].value.text;

	if (!path && access(HK_CONFIG_PATH, F_OK) != 0) {
		return true;
	}
	opts->config_path = g_strdup(path ? path : HK_CONFIG_PATH);
	bool fine = hk_conffile_read(opts->config_path, entries, error);

	for (int id = 0; id < HK_OPT_COUNT; id++) {
		option_slot *slot = &opts->slots[id];

		if (fine && entries[id].line > 0 && slot->origin == HK_ORIGIN_DEFAULT) {
			slot->value = entries[id].value;
			slot->origin = HK_ORIGIN_CONFIG;
			slot->line = entries[id].line;
		} else {
			hk_optvalue_clear(&entries[id].value);
		}
	}
	return fine;
}

static void
fill_defaults(hk_opts *opts)
{
	for (int id = 0; id < HK_OPT_COUNT; id++) {
		option_slot *slot = &opts->slots[id];

		if (slot->origin == HK_ORIGIN_DEFAULT && rows[id].def &&
			!hk_optvalue_set(&rows[id], rows[id].def, &slot->value, NULL)) {
			HK_BUG("options.def: a default is not valid");
		}
		if (slot->value.list) {
			g_ptr_array_add(slot->value.list, NULL);
		}
	}
	g_ptr_array_add(opts->args, NULL);
}

hk_opts *
hk_opts_parse(const char *command, int argc, char **argv, GError **error)
{
	g_autoptr(hk_opts) opts = g_new0(hk_opts, 1);

	opts->args = g_ptr_array_new_with_free_func(g_free);
	if (!read_flags(opts, command, argc, argv, error) || !read_config(opts, error)) {
		return NULL;
	}
	fill_defaults(opts);
	return g_steal_pointer(&opts);
}

static const hk_optvalue *
value_of(const hk_opts *opts, hk_opt id, bool right_type)
{
	if (!right_type) {
		HK_BUG("an option is read as another type than options.def gives it");
	}
	return &opts->slots[id].value;
}

const char *
hk_opts_str(const hk_opts *opts, hk_opt id)
{
	return value_of(opts, id, rows[id].type == HK_TYPE_STRING || rows[id].type == HK_TYPE_PATH)
		->text;
}

int64_t
hk_opts_int(const hk_opts *opts, hk_opt id)
{
	hk_opt_type type = rows[id].type;

	return value_of(
		opts, id, type == HK_TYPE_INT || type == HK_TYPE_DURATION || type == HK_TYPE_SIZE)
		->number;
}

double
hk_opts_real(const hk_opts *opts, hk_opt id)
{
	return value_of(opts, id, rows[id].type == HK_TYPE_REAL)->real;
}

bool
hk_opts_bool(const hk_opts *opts, hk_opt id)
{
	return value_of(opts, id, rows[id].type == HK_TYPE_BOOL)->number != 0;
}

const char *const *
hk_opts_list(const hk_opts *opts, hk_opt id)
{
	static const char *const empty[] = {NULL};
	const GPtrArray *list = value_of(opts, id, rows[id].type == HK_TYPE_LIST)->list;

	return list ? (const char *const *)list->pdata : empty;
}

char *
hk_opts_text(const hk_opts *opts, hk_opt id)
{
	const hk_optvalue *value = &opts->slots[id].value;

	if (rows[id].type == HK_TYPE_LIST) {
		return value->list ? g_strjoinv(", ", (char **)value->list->pdata) : NULL;
	}
	return g_strdup(value->text);
}

bool
hk_opts_given(const hk_opts *opts, hk_opt id)
{
	return opts->slots[id].origin != HK_ORIGIN_DEFAULT;
}

hk_opt_origin
hk_opts_origin(const hk_opts *opts, hk_opt id)
{
	return opts->slots[id].origin;
}

int
hk_opts_line(const hk_opts *opts, hk_opt id)
{
	return opts->slots[id].line;
}

bool
hk_opts_require(const hk_opts *opts, hk_opt id, GError **error)
{
	const hk_opt_row *row = &rows[id];

	if (opts->slots[id].value.text || opts->slots[id].value.list) {
		return true;
	}
	if (!row->key) {
		return hk_error_set(
			error, HK_EUSAGE, "--%s %s is needed: %s", row->name, row->arg, row->help);
	}
	return hk_error_set(error, HK_EUSAGE,
		"--%s %s is needed (or `%s = ...` in the configuration): %s", row->name, row->arg,
		row->name, row->help);
}

const char *const *
hk_opts_args(const hk_opts *opts)
{
	return (const char *const *)opts->args->pdata;
}

size_t
hk_opts_arg_count(const hk_opts *opts)
{
	return opts->args->len - 1;
}

const char *
hk_opts_config_path(const hk_opts *opts)
{
	return opts->config_path;
}
