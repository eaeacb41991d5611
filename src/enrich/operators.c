#include "enrich/operators.h"

#include <string.h>

#include "parse/csv.h"
#include "parse/registration.h"
#include "sys/gerr.h"

struct hk_operators {
	GPtrArray *rows;
};

static const char *const kinds[HK_OPERATOR_KINDS] = {
	"cdn", "hosting", "dns", "suffix", "shortener", "registrar", "never"};

static void
free_row(void *data)
{
	hk_operator *row = data;

	g_free(row->match);
	g_free(row->where);
	g_free(row->source);
	g_free(row->name);
	g_free(row);
}

void
hk_operators_free(hk_operators *operators)
{
	if (operators) {
		g_ptr_array_unref(operators->rows);
		g_free(operators);
	}
}

/* The next column, or what is left of the line for the last one. */
static char *
column(hk_span *line, bool rest)
{
	size_t len = 0;

	while (line->len > 0 && (line->data[0] == ' ' || line->data[0] == '\t')) {
		*line = hk_span_of(line->data + 1, line->len - 1);
	}
	while (len < line->len && (rest || (line->data[len] != ' ' && line->data[len] != '\t'))) {
		len++;
	}
	char *text = g_strstrip(g_strndup((const char *)line->data, len));
	*line = hk_span_of(line->data + len, line->len - len);
	return text;
}

static bool
is_mail(const char *text)
{
	hk_span found;
	size_t pos = 0;

	return hk_reg_find_mail(hk_span_str(text), &pos, &found) && found.len == strlen(text);
}

static bool
is_form(const char *text)
{
	return g_str_has_prefix(text, "https://") || g_str_has_prefix(text, "http://");
}

static bool
read_row(hk_operators *operators, hk_span line, GError **error)
{
	g_autofree char *kind = column(&line, false);
	hk_operator *row = g_new0(hk_operator, 1);

	g_ptr_array_add(operators->rows, row);
	row->kind = HK_OPERATOR_KINDS;
	for (int i = 0; i < HK_OPERATOR_KINDS; i++) {
		row->kind = strcmp(kind, kinds[i]) == 0 ? (hk_operator_kind)i : row->kind;
	}
	g_autofree char *match = column(&line, false);
	row->match = g_ascii_strdown(match, -1);
	row->where = column(&line, false);
	row->source = column(&line, false);
	row->name = column(&line, true);
	if (row->kind == HK_OPERATOR_KINDS) {
		return hk_error_set(error, HK_ECONFIG, "no such kind of operator: %s", kind);
	}
	bool never = row->kind == HK_OPERATOR_NEVER;
	if (*row->name == '\0') {
		return hk_error_set(error, HK_ECONFIG, "five columns are wanted");
	}
	if (never ? strcmp(row->where, "-") != 0 || !strchr(row->match, '@')
		  : !is_mail(row->where) && !is_form(row->where)) {
		return hk_error_set(
			error, HK_ECONFIG, "%s is neither a mailbox nor a form", row->where);
	}
	return true;
}

hk_operators *
hk_operators_read(hk_span text, GError **error)
{
	g_autoptr(hk_operators) operators = g_new0(hk_operators, 1);
	size_t number = 0;

	operators->rows = g_ptr_array_new_with_free_func(free_row);
	if (text.len > HK_OPERATORS_BYTES_MAX) {
		hk_error_set(error, HK_ELIMIT, "a list of operators of %zu bytes: at most %u",
			text.len, HK_OPERATORS_BYTES_MAX);
		return NULL;
	}
	for (size_t at = 0; at < text.len;) {
		hk_span line = hk_csv_line(text, at, &at);
		number++;
		while (line.len > 0 && line.data[0] <= ' ') {
			line = hk_span_of(line.data + 1, line.len - 1);
		}
		if (line.len > 0 && line.data[0] != '#' && !read_row(operators, line, error)) {
			g_prefix_error(error, "line %zu: ", number);
			return NULL;
		}
	}
	return g_steal_pointer(&operators);
}

size_t
hk_operators_count(const hk_operators *operators)
{
	return operators->rows->len;
}

const hk_operator *
hk_operators_at(const hk_operators *operators, size_t i)
{
	return g_ptr_array_index(operators->rows, i);
}

bool
hk_operators_name_is_under(const char *name, const char *domain)
{
	size_t n = strlen(name);
	size_t d = strlen(domain);

	n -= n > 0 && name[n - 1] == '.';
	d -= d > 0 && domain[d - 1] == '.';
	if (d == 0 || n < d || g_ascii_strncasecmp(name + n - d, domain, d) != 0) {
		return false;
	}
	return n == d || name[n - d - 1] == '.';
}

/* "awsdns-*": any label of name that begins so. */
static bool
label_begins(const char *name, const char *start, size_t len)
{
	for (const char *at = name; at; at = strchr(at, '.')) {
		at += *at == '.';
		if (g_ascii_strncasecmp(at, start, len) == 0) {
			return true;
		}
	}
	return false;
}

bool
hk_operator_fits(const hk_operator *op, const char *what)
{
	size_t len = strlen(op->match);

	if (len > 1 && op->match[len - 1] == '*') {
		return label_begins(what, op->match, len - 1);
	}
	return hk_operators_name_is_under(what, op->match);
}

bool
hk_operators_never(const hk_operators *operators, const char *mail)
{
	const char *at = strrchr(mail, '@');

	for (unsigned i = 0; at && i < operators->rows->len; i++) {
		const hk_operator *op = g_ptr_array_index(operators->rows, i);
		if (op->kind != HK_OPERATOR_NEVER) {
			continue;
		}
		bool domain = op->match[0] == '@';
		if (domain ? hk_operators_name_is_under(at + 1, op->match + 1)
			   : g_ascii_strcasecmp(mail, op->match) == 0) {
			return true;
		}
	}
	return false;
}
