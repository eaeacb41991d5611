#include "report/template.h"

#include <string.h>

#include "base/utf8.h"
#include "report/template_int.h"
#include "sys/gerr.h"
#include "sys/nearest.h"

/* What is being read. */
typedef struct reader {
	hk_template *template;
	const char *source; /* all of it, for line and column */
	size_t at, end;     /* of the region */
	unsigned first_node;
	unsigned open[HK_TEMPLATE_DEPTH_MAX]; /* nodes of the sections that are open */
	size_t open_at[HK_TEMPLATE_DEPTH_MAX];
	unsigned depth;
	bool part; /* inside of one: no parts there */
	bool header;
	hk_template_fault *fault;
} reader;

static bool
fail(const reader *r, size_t at, hk_err code, GError **error, const char *text, const char *name,
	size_t name_len)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		unsigned char c = (unsigned char)r->source[i];

		if (c == '\n') {
			line++;
			column = 1;
		} else if ((c & 0xc0) != 0x80) {
			column++;
		}
	}
	r->fault->line = line;
	r->fault->column = column;
	g_autofree char *shown = g_strndup(name ? name : "", MIN(name_len, 64));
	g_autofree char *before = g_strdup_printf("line %u, column %u: ", line, column);
	g_autofree char *behind =
		r->fault->nearest ? g_strdup_printf("; did you mean \"%s\"?", r->fault->nearest)
				  : g_strdup("");

	return name ? hk_error_set(error, code, "%s\"%s\" %s%s", before, shown, text, behind)
		    : hk_error_set(error, code, "%s%s%s", before, text, behind);
}

static bool
add_node(reader *r, size_t at, hk_tnode node, GError **error)
{
	if (r->template->nodes->len >= HK_TEMPLATE_NODES_MAX) {
		return fail(r, at, HK_ELIMIT, error, "the template has too many tags", NULL, 0);
	}
	g_array_append_val(r->template->nodes, node);
	return true;
}

static bool
add_text(reader *r, size_t from, size_t to, GError **error)
{
	hk_tnode node = {.type = HK_TNODE_TEXT, .text = hk_span_of(r->source + from, to - from)};

	return from >= to || add_node(r, from, node, error);
}

/* Names. */

/* Which scopes are open, the innermost first; LETTER last. */
static size_t
scopes(const reader *r, hk_tscope *ret)
{
	size_t count = 0;

	for (unsigned i = r->depth; i > 0; i--) {
		const hk_tnode *node = &g_array_index(r->template->nodes, hk_tnode, r->open[i - 1]);

		if (node->type == HK_TNODE_IF && node->filter != HK_TFILTER_ANY &&
			hk_tvar_info[node->var].kind == HK_TKIND_LIST) {
			ret[count++] = hk_tvar_info[node->var].of;
			ret[count++] = HK_TSCOPE_LOOP;
		}
	}
	ret[count++] = HK_TSCOPE_LETTER;
	return count;
}

static bool
find_var(reader *r, const char *name, size_t len, hk_tvar *ret)
{
	hk_tscope open[2 * HK_TEMPLATE_DEPTH_MAX + 1];
	size_t count = scopes(r, open);
	const char *near[HK_TVAR_COUNT];
	size_t near_count = 0;

	for (size_t i = 0; i < count; i++) {
		for (int var = 0; var < HK_TVAR_COUNT; var++) {
			const hk_tinfo *info = &hk_tvar_info[var];

			if (info->scope != open[i]) {
				continue;
			}
			if (strlen(info->name) == len && memcmp(info->name, name, len) == 0) {
				*ret = (hk_tvar)var;
				return true;
			}
			if (near_count < G_N_ELEMENTS(near)) {
				near[near_count++] = info->name;
			}
		}
	}
	g_autofree char *copy = g_strndup(name, MIN(len, 64));
	r->fault->nearest = hk_nearest(copy, near, near_count);
	return false;
}

static bool
find_filter(reader *r, const char *name, size_t len, hk_tfilter *ret)
{
	const char *near[HK_TFILTER_COUNT];

	for (size_t i = 0; i < hk_template_filter_count; i++) {
		near[i] = hk_template_filters[i].name;
		if (strlen(near[i]) == len && memcmp(near[i], name, len) == 0) {
			*ret = (hk_tfilter)(i + 1);
			return true;
		}
	}
	g_autofree char *copy = g_strndup(name, MIN(len, 64));
	r->fault->nearest = hk_nearest(copy, near, hk_template_filter_count);
	return false;
}

/* Tags. */

typedef struct tag {
	char sigil;            /* # ^ / ! > or 0 */
	size_t at, end;        /* "{{" and behind "}}" */
	size_t name, name_len; /* trimmed */
	size_t filter, filter_len;
} tag;

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

static void
trim(const char *source, size_t *from, size_t *to)
{
	while (*from < *to && (is_space(source[*from]) || source[*from] == '\n')) {
		(*from)++;
	}
	while (*from < *to && (is_space(source[*to - 1]) || source[*to - 1] == '\n')) {
		(*to)--;
	}
}

/* The tag that begins at r->at. */
static bool
read_tag(reader *r, tag *ret, GError **error)
{
	const char *s = r->source;
	size_t from = r->at + 2;
	const char *close = g_strstr_len(s + from, (gssize)(r->end - from), "}}");

	*ret = (tag){.at = r->at};
	if (!close) {
		return fail(r, r->at, HK_EFORM, error, "{{ without }}", NULL, 0);
	}
	size_t to = (size_t)(close - s);
	ret->end = to + 2;
	if (from < to && strchr("#^/!>", s[from])) {
		ret->sigil = s[from++];
	}
	trim(s, &from, &to);
	ret->name = from;
	ret->name_len = to - from;
	if (ret->sigil == '!') {
		return true;
	}
	if (from < to && strchr("{&=", s[from])) {
		return fail(r, r->at, HK_EFORM, error,
			"a tag is {{name}}, {{name|filter}}, {{#name}}, {{^name}}, {{/name}}, "
			"{{!comment}} or {{>part}}",
			NULL, 0);
	}
	const char *bar = memchr(s + from, '|', to - from);
	if (bar && (!ret->sigil || ret->sigil == '#')) {
		size_t name_end = (size_t)(bar - s), filter = name_end + 1;

		trim(s, &from, &name_end);
		trim(s, &filter, &to);
		ret->name_len = name_end - ret->name;
		ret->filter = filter;
		ret->filter_len = to - filter;
	}
	if (ret->name_len == 1 && s[ret->name] == '.') {
		return true;
	}
	for (size_t i = ret->name; i < ret->name + ret->name_len; i++) {
		if (!g_ascii_isalnum(s[i]) && s[i] != '_' && s[i] != '-') {
			return fail(r, i, HK_EFORM, error, "a name has letters, digits and _ only",
				NULL, 0);
		}
	}
	return ret->name_len > 0 || fail(r, r->at, HK_EFORM, error, "a name is missing", NULL, 0);
}

/* Whether the tag has its line for itself; then the line, with its end. */
static bool
alone(const reader *r, const tag *t, size_t region, size_t *ret_from, size_t *ret_to)
{
	size_t from = t->at, to = t->end;

	if (r->header || !t->sigil) {
		return false;
	}
	while (from > region && is_space(r->source[from - 1])) {
		from--;
	}
	while (to < r->end && is_space(r->source[to])) {
		to++;
	}
	if ((from > region && r->source[from - 1] != '\n') ||
		(to < r->end && r->source[to] != '\n')) {
		return false;
	}
	*ret_from = from;
	*ret_to = to < r->end ? to + 1 : to;
	return true;
}

static bool
need_var(reader *r, const tag *t, hk_tvar *ret, GError **error)
{
	const char *name = r->source + t->name;
	size_t len = t->name_len;

	if (len == 1 && name[0] == '.') {
		name = "item";
		len = 4;
	}
	bool found = find_var(r, name, len, ret);
	if (r->source[t->name] == '.') {
		r->fault->nearest = NULL;
	}
	return found || fail(r, t->name, HK_EFORM, error, "is no name that is known here",
				r->source + t->name, t->name_len);
}

static bool
take_filter(reader *r, const tag *t, hk_tkind kind, hk_tfilter *ret, GError **error)
{
	if (t->filter == 0) {
		return true;
	}
	if (!find_filter(r, r->source + t->filter, t->filter_len, ret)) {
		return fail(r, t->filter, HK_EFORM, error, "is no filter", r->source + t->filter,
			t->filter_len);
	}
	return hk_tfilter_fits(*ret, kind) ||
	       fail(r, t->filter, HK_EFORM, error, "cannot be put on this kind of value",
		       r->source + t->filter, t->filter_len);
}

static bool
value_tag(reader *r, const tag *t, GError **error)
{
	hk_tnode node = {.type = HK_TNODE_VALUE};

	if (!need_var(r, t, &node.var, error)) {
		return false;
	}
	const hk_tinfo *info = &hk_tvar_info[node.var];
	if (!take_filter(r, t, info->kind, &node.filter, error)) {
		return false;
	}
	hk_tkind item;
	bool words = hk_tscope_item(info->of, &item);
	if (info->kind == HK_TKIND_FLAG ||
		(info->kind == HK_TKIND_LIST && (node.filter != HK_TFILTER_JOIN || !words))) {
		return fail(r, t->at, HK_EFORM, error,
			info->kind == HK_TKIND_LIST
				? "is a list: {{#name}}...{{/name}}, or {{name|join}} if it is one "
				  "of addresses or words"
				: "is yes or no: {{#name}}...{{/name}} or {{^name}}...{{/name}}",
			r->source + t->name, t->name_len);
	}
	return add_node(r, t->at, node, error);
}

static bool
open_tag(reader *r, const tag *t, GError **error)
{
	hk_tnode node = {.type = t->sigil == '#' ? HK_TNODE_IF : HK_TNODE_NOT};

	if (!need_var(r, t, &node.var, error) ||
		!take_filter(r, t, hk_tvar_info[node.var].kind, &node.filter, error)) {
		return false;
	}
	if (node.filter != HK_TFILTER_NONE && node.filter != HK_TFILTER_ANY) {
		return fail(r, t->filter, HK_EFORM, error, "cannot be put on a section",
			r->source + t->filter, t->filter_len);
	}
	if (r->depth >= HK_TEMPLATE_DEPTH_MAX) {
		return fail(r, t->at, HK_ELIMIT, error, "sections are nested too deep", NULL, 0);
	}
	r->open_at[r->depth] = t->name;
	r->open[r->depth++] = r->template->nodes->len;
	return add_node(r, t->at, node, error);
}

static bool
close_tag(reader *r, const tag *t, unsigned floor, GError **error)
{
	if (r->depth <= floor) {
		return fail(r, t->at, HK_EFORM, error, "is closed here, but not open",
			r->source + t->name, t->name_len);
	}
	unsigned open = r->open[--r->depth];
	hk_tnode *node = &g_array_index(r->template->nodes, hk_tnode, open);
	const char *name = hk_tvar_info[node->var].name;
	bool dot = t->name_len == 1 && r->source[t->name] == '.' && strcmp(name, "item") == 0;

	if (!dot && (strlen(name) != t->name_len ||
			    memcmp(name, r->source + t->name, t->name_len) != 0)) {
		r->fault->nearest = name;
		return fail(r, t->name, HK_EFORM, error,
			"is closed here, but another section is open", r->source + t->name,
			t->name_len);
	}
	node->end = r->template->nodes->len;
	return add_node(r, t->at, (hk_tnode){.type = HK_TNODE_END}, error);
}

static bool read_region(reader *r, GError **error);

static bool
part_tag(reader *r, const tag *t, GError **error)
{
	g_autofree char *name = g_strndup(r->source + t->name, t->name_len);
	const char *text = hk_template_part(name, r->template->lang);

	if (r->part || !text) {
		r->fault->nearest =
			hk_nearest(name, hk_template_part_names, hk_template_part_count);
		return fail(r, t->name, HK_EFORM, error, "is no part", name, t->name_len);
	}
	if (r->header) {
		return fail(r, t->at, HK_EFORM, error, "a subject has no parts", NULL, 0);
	}
	reader inner = *r;
	inner.source = text;
	inner.at = 0;
	inner.end = strlen(text);
	inner.part = true;
	if (!read_region(&inner, error)) {
		/* Ours are right (tests); so it is a cap, and the place is where it is put in. */
		g_clear_error(error);
		return fail(r, t->at, HK_ELIMIT, error, "does not fit", name, t->name_len);
	}
	return true;
}

static bool
take_tag(reader *r, const tag *t, unsigned floor, GError **error)
{
	switch (t->sigil) {
	case '#':
	case '^':
		return open_tag(r, t, error);
	case '/':
		return close_tag(r, t, floor, error);
	case '>':
		return part_tag(r, t, error);
	case '!':
		return true;
	default:
		return value_tag(r, t, error);
	}
}

/* The text from r->at to r->end. Sections that it opens end in it. */
static bool
read_region(reader *r, GError **error)
{
	size_t region = r->at, text = r->at;
	unsigned floor = r->depth;

	while (r->at < r->end) {
		const char *next = g_strstr_len(r->source + r->at, (gssize)(r->end - r->at), "{{");
		tag t;
		size_t from, to;

		if (!next) {
			break;
		}
		r->at = (size_t)(next - r->source);
		if (!read_tag(r, &t, error)) {
			return false;
		}
		if (!alone(r, &t, region, &from, &to)) {
			from = t.at;
			to = t.end;
		}
		if (!add_text(r, text, from, error) || !take_tag(r, &t, floor, error)) {
			return false;
		}
		r->at = text = to;
	}
	if (r->depth > floor) {
		size_t at = r->open_at[r->depth - 1];
		size_t len = strspn(r->source + at, "abcdefghijklmnopqrstuvwxyz0123456789_.");

		return fail(r, at, HK_EFORM, error, "is opened here and never closed",
			r->source + at, len);
	}
	return add_text(r, text, r->end, error);
}

/* The template as a whole. */

/* A copy with LF for CRLF. Refuses what is no text. */
static bool
take_source(reader *r, hk_span text, GError **error)
{
	if (text.len > HK_TEMPLATE_BYTES_MAX) {
		return hk_error_set(error, HK_ELIMIT, "the template is longer than %d bytes",
			HK_TEMPLATE_BYTES_MAX);
	}
	char *copy = g_malloc(text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != '\r' || i + 1 == text.len || text.data[i + 1] != '\n') {
			copy[len++] = (char)text.data[i];
		}
	}
	copy[len] = '\0';
	r->template->source = copy;
	r->source = copy;
	r->end = len;
	for (size_t at = 0, n; at < len; at += n) {
		uint32_t c;

		n = hk_utf8_next((const uint8_t *)copy + at, (const uint8_t *)copy + len, &c);
		if (n == 0 || (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0)) {
			return fail(r, at, HK_EFORM, error,
				n == 0 ? "this is not UTF-8" : "a control character", NULL, 0);
		}
		if (hk_template_is_hidden(c)) {
			return fail(r, at, HK_EFORM, error,
				"a character that cannot be seen, or that turns the direction of "
				"text",
				NULL, 0);
		}
	}
	return true;
}

static bool
read_letter(reader *r, GError **error)
{
	static const char subject[] = "Subject:";
	size_t all = r->end;
	const char *line = memchr(r->source, '\n', all);

	if (!g_str_has_prefix(r->source, subject)) {
		return fail(r, 0, HK_EFORM, error, "the first line is \"Subject: ...\"", NULL, 0);
	}
	size_t line_end = line ? (size_t)(line - r->source) : all;
	r->at = sizeof subject - 1;
	while (r->at < line_end && is_space(r->source[r->at])) {
		r->at++;
	}
	if (r->at == line_end) {
		return fail(r, r->at, HK_EFORM, error, "the subject is empty", NULL, 0);
	}
	if (line_end < all && (line_end + 1 >= all || r->source[line_end + 1] != '\n')) {
		return fail(r, line_end + 1, HK_EFORM, error,
			"an empty line must follow the subject", NULL, 0);
	}
	r->end = line_end;
	r->header = true;
	if (!read_region(r, error)) {
		return false;
	}
	r->template->body = r->template->nodes->len;
	r->header = false;
	r->end = all;
	r->at = MIN(line_end + 2, all);
	return read_region(r, error);
}

static hk_template *
make(hk_span text, const char *lang, bool letter, hk_template_context context,
	hk_template_fault *ret_fault, GError **error)
{
	hk_template_fault own;
	g_autoptr(hk_template) template = g_new0(hk_template, 1);
	reader r = {.template = template, .fault = ret_fault ? ret_fault : &own};

	*r.fault = (hk_template_fault){0};
	memcpy(template->lang, hk_template_lang(lang), 3);
	template->nodes = g_array_new(FALSE, TRUE, sizeof(hk_tnode));
	template->context = context;
	r.header = !letter && context == HK_TEMPLATE_HEADER;
	if (!take_source(&r, text, error) ||
		!(letter ? read_letter(&r, error) : read_region(&r, error))) {
		return NULL;
	}
	return g_steal_pointer(&template);
}

hk_template *
hk_template_new(hk_span text, const char *lang, hk_template_fault *ret_fault, GError **error)
{
	return make(text, lang, true, HK_TEMPLATE_TEXT, ret_fault, error);
}

hk_template *
hk_template_new_piece(hk_span text, const char *lang, hk_template_context context,
	hk_template_fault *ret_fault, GError **error)
{
	return make(text, lang, false, context, ret_fault, error);
}

void
hk_template_free(hk_template *template)
{
	if (template) {
		g_free(template->source);
		g_array_unref(template->nodes);
		g_free(template);
	}
}
