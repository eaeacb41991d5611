#include "sys/rules.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <yara.h>

#include "sys/file.h"
#include "sys/gerr.h"

/* --- gates --- */

typedef enum gate_fact {
	GATE_ALWAYS,
	GATE_PATTERN,
	GATE_SUFFIX,
	GATE_SCORE,
	GATE_SAN_COUNT,
	GATE_VALIDITY,
	GATE_UNDER
} gate_fact;
typedef enum gate_op { OP_GE, OP_LE, OP_EQ, OP_GT, OP_LT } gate_op;

typedef struct rule_gate {
	gate_fact fact;
	gate_op op;
	double value;
	const char *domain; /* of GATE_UNDER: borrowed from the compiled rules */
} rule_gate;

static const struct {
	const char *word;
	gate_fact fact;
	bool has_value;
} gate_words[] = {
	{"always", GATE_ALWAYS, false},
	{"pattern", GATE_PATTERN, false},
	{"private_suffix", GATE_SUFFIX, false},
	{"score", GATE_SCORE, true},
	{"san_count", GATE_SAN_COUNT, true},
	{"validity_days", GATE_VALIDITY, true},
};

/* Longer signs first. */
static const struct {
	const char *sign;
	gate_op op;
} gate_ops[] = {{">=", OP_GE}, {"<=", OP_LE}, {"==", OP_EQ}, {">", OP_GT}, {"<", OP_LT}};

/* The least model score that opens a rule without a gate of its own. */
#define DEFAULT_SCORE 0.2

static bool
parse_gate(const char *text, rule_gate *ret)
{
	static const char under[] = "under ";

	if (g_str_has_prefix(text, under)) {
		ret->fact = GATE_UNDER;
		ret->domain = text + strlen(under);
		return ret->domain[0] != '\0' && !strpbrk(ret->domain, " */");
	}
	for (size_t i = 0; i < G_N_ELEMENTS(gate_words); i++) {
		if (!g_str_has_prefix(text, gate_words[i].word)) {
			continue;
		}
		const char *at = text + strlen(gate_words[i].word);
		ret->fact = gate_words[i].fact;
		if (!gate_words[i].has_value) {
			return *at == '\0';
		}
		at += strspn(at, " ");
		for (size_t k = 0; k < G_N_ELEMENTS(gate_ops); k++) {
			if (g_str_has_prefix(at, gate_ops[k].sign)) {
				char *end;
				ret->op = gate_ops[k].op;
				at += strlen(gate_ops[k].sign);
				ret->value = g_ascii_strtod(at, &end);
				return end != at && *end == '\0' && isfinite(ret->value);
			}
		}
		return false;
	}
	return false;
}

static bool
compare(double left, const rule_gate *gate)
{
	switch (gate->op) {
	case OP_GE:
		return left >= gate->value;
	case OP_LE:
		return left <= gate->value;
	case OP_EQ:
		return left >= gate->value && left <= gate->value;
	case OP_GT:
		return left > gate->value;
	case OP_LT:
		return left < gate->value;
	}
	return false;
}

/* At a label's border, and with something in front. */
static bool
is_under(hk_span name, const char *domain)
{
	size_t len = strlen(domain);

	return name.len > len + 1 && name.data[name.len - len - 1] == '.' &&
	       memcmp(name.data + name.len - len, domain, len) == 0;
}

static bool
is_open(const rule_gate *gate, const hk_gate_facts *facts)
{
	switch (gate->fact) {
	case GATE_ALWAYS:
		return true;
	case GATE_PATTERN:
		return facts->pattern || facts->score >= DEFAULT_SCORE;
	case GATE_SUFFIX:
		return facts->private_suffix;
	case GATE_SCORE:
		return compare(facts->score, gate);
	case GATE_SAN_COUNT:
		return compare((double)facts->san_count, gate);
	case GATE_UNDER:
		return is_under(facts->name, gate->domain);
	case GATE_VALIDITY:
		return compare((double)facts->validity_days, gate);
	}
	return false;
}

/* --- loading --- */

/* One file. */
typedef struct rule_file {
	YR_RULES *compiled;
	YR_SCANNER *scanner;
	rule_gate *gates; /* of each rule in the order of the compiled table */
	size_t count;
} rule_file;

struct hk_rules {
	GPtrArray *files; /* of rule_file, owned */
	GArray *gates;    /* of gate: the different ones of all rules */
	size_t count;
	size_t bad;
	bool need_suffix;
};

static void
file_free(void *data)
{
	rule_file *file = data;

	if (file->scanner) {
		yr_scanner_destroy(file->scanner);
	}
	if (file->compiled) {
		yr_rules_destroy(file->compiled);
	}
	g_free(file->gates);
	g_free(file);
}

void
hk_rules_free(hk_rules *rules)
{
	if (rules) {
		g_ptr_array_unref(rules->files);
		g_array_unref(rules->gates);
		g_free(rules);
		yr_finalize();
	}
}

static void
on_compile_error(
	int level, const char *file, int line, const YR_RULE *rule, const char *message, void *user)
{
	GString *why = user;

	(void)file;
	(void)rule;
	if (level == YARA_ERROR_LEVEL_ERROR && why->len == 0) {
		g_string_printf(why, "%d: %s", line, message);
	}
}

static void
define_facts(YR_COMPILER *compiler)
{
#define DEFINE_INTEGER(name)      yr_compiler_define_integer_variable(compiler, name, 0)
#define DEFINE_FLOAT(name)        yr_compiler_define_float_variable(compiler, name, 0)
#define DEFINE_BOOLEAN(name)      yr_compiler_define_boolean_variable(compiler, name, 0)
#define DEFINE_STRING(name)       yr_compiler_define_string_variable(compiler, name, "")
#define FACT(kind, name, meaning) DEFINE_##kind(#name);
#include "sys/facts.def"
#undef FACT
}

/* Reads each rule's gate. False and why: one that is none. */
static bool
read_gates(rule_file *file, GString *why)
{
	YR_RULE *rule;
	YR_META *meta;

	yr_rules_foreach(file->compiled, rule)
	{
		file->count++;
	}
	file->gates = g_new0(rule_gate, file->count + 1);
	size_t at = 0;
	yr_rules_foreach(file->compiled, rule)
	{
		rule_gate *gate = &file->gates[at++];
		gate->fact = GATE_PATTERN;
		yr_rule_metas_foreach(rule, meta)
		{
			if (strcmp(meta->identifier, "gate") == 0 &&
				(meta->type != META_TYPE_STRING ||
					!parse_gate(meta->string, gate))) {
				g_string_printf(why,
					"rule %s: its gate is none; write always, pattern, "
					"private_suffix, or one of "
					"score, san_count, validity_days with >=, <=, ==, >, < and "
					"a number",
					rule->identifier);
				return false;
			}
		}
	}
	return true;
}

static size_t
write_stream(const void *ptr, size_t size, size_t count, void *user)
{
	g_byte_array_append(user, ptr, (unsigned)(size * count));
	return count;
}

typedef struct reading {
	const GByteArray *bytes;
	size_t at;
} reading;

static size_t
read_stream(void *ptr, size_t size, size_t count, void *user)
{
	reading *from = user;
	size_t most = size > 0 ? (from->bytes->len - from->at) / size : 0;

	count = MIN(count, most);
	memcpy(ptr, from->bytes->data + from->at, size * count);
	from->at += size * count;
	return count;
}

/* The compiler gives each section of the rules a megabyte, used or not: 7 MB for a file of one rule. Written out and read back they
 * take what they need. */
static int
shrink(YR_RULES **rules)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	reading from = {bytes, 0};
	YR_STREAM out = {.user_data = bytes, .write = write_stream};
	YR_STREAM in = {.user_data = &from, .read = read_stream};
	int result = yr_rules_save_stream(*rules, &out);

	yr_rules_destroy(*rules);
	*rules = NULL;
	return result == ERROR_SUCCESS ? yr_rules_load_stream(&in, rules) : result;
}

static rule_file *
compile(const char *path, GString *why)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = hk_file_read(path, HK_RULES_FILE_BYTES_MAX, &error);
	YR_COMPILER *compiler = NULL;
	rule_file *file = g_new0(rule_file, 1);

	if (!bytes) {
		g_string_assign(why, error->message);
		return file;
	}
	/* yr_compiler_add_string wants a NUL at the end and none before. */
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	if (strlen(text) != g_bytes_get_size(bytes)) {
		g_string_assign(why, "it holds a NUL byte");
		return file;
	}
	if (yr_compiler_create(&compiler) != ERROR_SUCCESS) {
		HK_BUG("yara: no memory");
	}
	yr_compiler_set_callback(compiler, on_compile_error, why);
	yr_compiler_set_include_callback(compiler, NULL, NULL, NULL);
	define_facts(compiler);
	if (yr_compiler_add_string(compiler, text, NULL) > 0) {
		if (why->len == 0) {
			g_string_assign(why, "it does not compile");
		}
	} else if (yr_compiler_get_rules(compiler, &file->compiled) != ERROR_SUCCESS ||
		   shrink(&file->compiled) != ERROR_SUCCESS ||
		   yr_scanner_create(file->compiled, &file->scanner) != ERROR_SUCCESS) {
		g_string_assign(why, "no memory for its rules");
	} else {
		read_gates(file, why);
		yr_scanner_set_timeout(file->scanner, HK_RULES_TIMEOUT_S);
		yr_scanner_set_flags(file->scanner, SCAN_FLAGS_REPORT_RULES_MATCHING);
	}
	yr_compiler_destroy(compiler);
	return file;
}

static void
add_gates(hk_rules *rules, const rule_file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		bool known = false;
		for (guint k = 0; k < rules->gates->len; k++) {
			known = known || memcmp(&g_array_index(rules->gates, rule_gate, k),
						 &file->gates[i], sizeof(rule_gate)) == 0;
		}
		if (!known) {
			g_array_append_val(rules->gates, file->gates[i]);
		}
		rules->need_suffix = rules->need_suffix || file->gates[i].fact == GATE_SUFFIX;
	}
	rules->count += file->count;
}

static int
by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *
list_folder(const char *folder, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &why);
	const char *name;

	if (!dir) {
		hk_error_set(error, HK_ENOENT, "cannot read the rules: %s", why->message);
		return NULL;
	}
	while ((name = g_dir_read_name(dir)) != NULL) {
		if (g_str_has_suffix(name, ".yar") && name[0] != '.') {
			g_ptr_array_add(names, g_build_filename(folder, name, NULL));
		}
	}
	if (names->len > HK_RULES_FILES_MAX) {
		hk_error_set(error, HK_ELIMIT, "%s: %u rule files; at most %d are read", folder,
			names->len, HK_RULES_FILES_MAX);
		return NULL;
	}
	g_ptr_array_sort(names, by_name);
	return g_steal_pointer(&names);
}

hk_rules *
hk_rules_load(const char *folder, hk_rules_bad_fn bad, void *user, GError **error)
{
	g_autoptr(GPtrArray) names = list_folder(folder, error);

	if (!names) {
		return NULL;
	}
	if (yr_initialize() != ERROR_SUCCESS) {
		hk_error_set(error, HK_ENOMEM, "yara cannot be started");
		return NULL;
	}
	hk_rules *rules = g_new0(hk_rules, 1);
	rules->files = g_ptr_array_new_with_free_func(file_free);
	rules->gates = g_array_new(FALSE, TRUE, sizeof(rule_gate));
	for (guint i = 0; i < names->len; i++) {
		g_autoptr(GString) why = g_string_new(NULL);
		const char *path = g_ptr_array_index(names, i);
		rule_file *file = compile(path, why);
		if (why->len == 0) {
			g_ptr_array_add(rules->files, file);
			add_gates(rules, file);
			continue;
		}
		file_free(file);
		rules->bad++;
		if (bad) {
			g_autofree char *message = g_strconcat(
				path, ":", g_ascii_isdigit(why->str[0]) ? "" : " ", why->str, NULL);
			bad(user, message);
		}
	}
	return rules;
}

size_t
hk_rules_count(const hk_rules *rules)
{
	return rules->count;
}

size_t
hk_rules_bad(const hk_rules *rules)
{
	return rules->bad;
}

bool
hk_rules_need_suffix(const hk_rules *rules)
{
	return rules->need_suffix;
}

bool
hk_rules_want(const hk_rules *rules, const hk_gate_facts *facts)
{
	for (guint i = 0; i < rules->gates->len; i++) {
		if (is_open(&g_array_index(rules->gates, rule_gate, i), facts)) {
			return true;
		}
	}
	return false;
}

/* --- scanning --- */

typedef struct matching {
	const rule_file *file;
	const hk_gate_facts *gate;
	const char **ret;
	size_t count;
	size_t max;
} matching;

static int
on_scan(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
	matching *m = user;

	(void)context;
	if (message == CALLBACK_MSG_RULE_MATCHING) {
		const YR_RULE *rule = data;
		const rule_gate *gate = &m->file->gates[rule - m->file->compiled->rules_table];
		if (is_open(gate, m->gate) && m->count < m->max) {
			m->ret[m->count++] = rule->identifier;
		}
	}
	return CALLBACK_CONTINUE;
}

static void
set_facts(YR_SCANNER *scanner, const hk_facts *facts)
{
#define SET_INTEGER(name)         yr_scanner_define_integer_variable(scanner, #name, facts->name)
#define SET_FLOAT(name)           yr_scanner_define_float_variable(scanner, #name, facts->name)
#define SET_BOOLEAN(name)         yr_scanner_define_boolean_variable(scanner, #name, facts->name)
#define SET_STRING(name)          yr_scanner_define_string_variable(scanner, #name, facts->name)
#define FACT(kind, name, meaning) SET_##kind(name);
#include "sys/facts.def"
#undef FACT
}

size_t
hk_rules_scan(hk_rules *rules, const hk_gate_facts *gate, const hk_facts *facts, hk_span names,
	const char **ret, size_t max)
{
	matching m = {.gate = gate, .ret = ret, .max = max};

	for (guint i = 0; i < rules->files->len; i++) {
		rule_file *file = g_ptr_array_index(rules->files, i);
		bool open = false;
		for (size_t k = 0; k < file->count && !open; k++) {
			open = is_open(&file->gates[k], gate);
		}
		if (!open) {
			continue;
		}
		m.file = file;
		set_facts(file->scanner, facts);
		yr_scanner_set_callback(file->scanner, on_scan, &m);
		/* Only a time-out or no memory can come back; what matched until then counts. */
		int result = yr_scanner_scan_mem(file->scanner, names.data, names.len);
		(void)result;
	}
	return m.count;
}
