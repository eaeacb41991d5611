#include "opts.h"

#include <string.h>

#include "base/num.h"
#include "sys/gerr.h"

enum { COLUMN = 24, WIDTH = 80 };

typedef struct row {
	const char *name;
	const char *commands;
	rg_opt_type type;
	const char *def;
	const char *arg;
	const char *help;
} row;

static const row table[] = {
#define OPT(id, name, commands, type, def, arg, help)                                              \
	{name, commands, RG_TYPE_##type, def, arg, help},
#include "opts.def"
#undef OPT
};

struct rg_opts {
	GPtrArray *values[RG_OPT_COUNT]; /* of char *, NULL at the end; empty: not given */
};

static bool
takes(const row *r, const char *command)
{
	g_auto(GStrv) words = g_strsplit(r->commands, "|", -1);

	return g_strv_contains((const char *const *)words, command);
}

static void
add(rg_opts *opts, int id, const char *value)
{
	GPtrArray *to = opts->values[id];

	if (table[id].type != RG_TYPE_LIST && table[id].type != RG_TYPE_TLS) {
		g_ptr_array_set_size(to, 0);
	} else if (to->len > 0) {
		g_ptr_array_set_size(to, (gint)to->len - 1);
	}
	g_ptr_array_add(to, g_strdup(value));
	g_ptr_array_add(to, NULL);
}

static bool
check(const row *r, const char *value, GError **error)
{
	uint64_t number;
	char *end = NULL;

	if (r->type == RG_TYPE_INT &&
		hk_parse_u64(hk_span_str(value), INT64_MAX, &number) != HK_OK) {
		return hk_error_set(error, HK_EUSAGE, "--%s: '%s' is not a number", r->name, value);
	}
	if (r->type == RG_TYPE_REAL) {
		double real = g_ascii_strtod(value, &end);
		if (end == value || *end || !(real >= 0 && real <= 1e6)) {
			return hk_error_set(error, HK_EUSAGE,
				"--%s: '%s' is not a number from 0 to 1000000", r->name, value);
		}
	}
	return true;
}

/* One option, its value behind '=' or in the arguments that follow; *ret_used counts those. */
static bool
parse_one(rg_opts *opts, const char *command, int argc, char **argv, int *ret_used, GError **error)
{
	const char *equals = strchr(argv[0], '=');
	g_autofree char *name = equals ? g_strndup(argv[0] + 2, (size_t)(equals - argv[0] - 2))
				       : g_strdup(argv[0] + 2);
	int id = 0;

	while (id < RG_OPT_COUNT &&
		(strcmp(table[id].name, name) != 0 || !takes(&table[id], command))) {
		id++;
	}
	if (id == RG_OPT_COUNT) {
		return hk_error_set(error, HK_EUSAGE,
			"%s takes no option --%s; `hikeshi-range %s --help` lists them", command,
			name, command);
	}
	*ret_used = 1;
	if (table[id].type == RG_TYPE_BOOL) {
		add(opts, id, "1");
		return !equals || hk_error_set(error, HK_EUSAGE, "--%s takes no value", name);
	}
	const char *value = equals ? equals + 1 : argc > 1 ? argv[(*ret_used)++] : NULL;
	if (!value) {
		return hk_error_set(error, HK_EUSAGE, "--%s needs %s", name, table[id].arg);
	}
	add(opts, id, value);
	if (table[id].type == RG_TYPE_TLS && strcmp(value, "self") != 0) {
		if (*ret_used >= argc) {
			return hk_error_set(error, HK_EUSAGE, "--%s needs %s", name, table[id].arg);
		}
		add(opts, id, argv[(*ret_used)++]);
	}
	return check(&table[id], value, error);
}

rg_opts *
rg_opts_parse(const char *command, int argc, char **argv, GError **error)
{
	g_autoptr(rg_opts) opts = g_new0(rg_opts, 1);

	for (int id = 0; id < RG_OPT_COUNT; id++) {
		opts->values[id] = g_ptr_array_new_with_free_func(g_free);
	}
	for (int i = 0; i < argc;) {
		int used = 0;
		if (strncmp(argv[i], "--", 2) != 0 && takes(&table[RG_OPT_FILE], command)) {
			add(opts, RG_OPT_FILE, argv[i++]);
			continue;
		}
		if (strncmp(argv[i], "--", 2) != 0) {
			hk_error_set(error, HK_EUSAGE, "what is '%s'? %s takes options only",
				argv[i], command);
			return NULL;
		}
		if (!parse_one(opts, command, argc - i, argv + i, &used, error)) {
			return NULL;
		}
		i += used;
	}
	return g_steal_pointer(&opts);
}

void
rg_opts_free(rg_opts *opts)
{
	if (opts) {
		for (int id = 0; id < RG_OPT_COUNT; id++) {
			g_ptr_array_unref(opts->values[id]);
		}
		g_free(opts);
	}
}

const char *
rg_opts_text(const rg_opts *opts, rg_opt id)
{
	const GPtrArray *values = opts->values[id];

	return values->len > 0 ? values->pdata[0] : table[id].def;
}

uint64_t
rg_opts_int(const rg_opts *opts, rg_opt id)
{
	const char *text = rg_opts_text(opts, id);

	return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

double
rg_opts_real(const rg_opts *opts, rg_opt id)
{
	const char *text = rg_opts_text(opts, id);

	return text ? g_ascii_strtod(text, NULL) : 0;
}

bool
rg_opts_bool(const rg_opts *opts, rg_opt id)
{
	return opts->values[id]->len > 0;
}

char **
rg_opts_list(const rg_opts *opts, rg_opt id)
{
	static char *none[] = {NULL};

	return opts->values[id]->len > 0 ? (char **)opts->values[id]->pdata : none;
}

void
rg_opts_help(const char *command, GString *out)
{
	for (int id = 0; id < RG_OPT_COUNT; id++) {
		const row *r = &table[id];
		if (!takes(r, command)) {
			continue;
		}
		g_autofree char *left = g_strdup_printf(
			"  --%s%s%s", r->name, r->arg ? " " : "", r->arg ? r->arg : "");
		g_autofree char *help = g_strdup_printf("%s%s%s%s", r->help,
			r->def ? " (default " : "", r->def ? r->def : "", r->def ? ")" : "");
		size_t at = strlen(left);
		g_string_append(out, left);
		if (at >= COLUMN) {
			g_string_append_c(out, '\n');
			at = 0;
		}
		g_auto(GStrv) words = g_strsplit(help, " ", -1);
		g_string_append_printf(out, "%*s", (int)(COLUMN - at), "");
		at = COLUMN;
		for (size_t i = 0; words[i]; i++) {
			size_t len = (size_t)g_utf8_strlen(words[i], -1);
			if (i > 0 && at + 1 + len > WIDTH) {
				g_string_append_printf(out, "\n%*s", COLUMN, "");
				at = COLUMN;
			} else if (i > 0) {
				g_string_append_c(out, ' ');
				at++;
			}
			g_string_append(out, words[i]);
			at += len;
		}
		g_string_append_c(out, '\n');
	}
}
