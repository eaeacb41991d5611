#include <string.h>

#include "base/utf8.h"
#include "report/template_int.h"
#include "sys/clock.h"
#include "sys/defang.h"
#include "sys/gerr.h"

/* Text of others. */

bool
hk_template_is_hidden(uint32_t c)
{
	return c == 0xad || c == 0x34f || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

static bool
is_break(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

/* In one line, well-formed, at most max bytes. */
void
hk_template_clean(GString *out, const char *text, size_t max)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);
	size_t start = out->len;
	size_t room = start + max;
	bool blank = true; /* none at the front, none behind another */

	while (at < end) {
		uint32_t c;
		size_t n = hk_utf8_next(at, end, &c);

		if (out->len + 7 > room) {
			g_string_append(out, "\u2026");
			return;
		}
		if (n == 0) {
			g_string_append(out, "\ufffd");
			n = 1;
			blank = false;
		} else if (is_break(c) || c == ' ') {
			if (!blank) {
				g_string_append_c(out, ' ');
			}
			blank = true;
		} else if (!hk_template_is_hidden(c)) {
			g_string_append_len(out, (const char *)at, (gssize)n);
			blank = false;
		}
		at += n;
	}
	if (blank && out->len > start && out->str[out->len - 1] == ' ') {
		g_string_truncate(out, out->len - 1);
	}
}

typedef struct escape {
	char plain;
	const char *safe;
} escape;
static const escape html_escapes[] = {
	{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}, {0, NULL}};
static const escape json_escapes[] = {{'"', "\\\""}, {'\\', "\\\\"}, {0, NULL}};
static const escape no_escapes[] = {{0, NULL}};

static void
append_escaped(GString *out, const GString *text, hk_template_context context)
{
	const escape *all = context == HK_TEMPLATE_HTML   ? html_escapes
			    : context == HK_TEMPLATE_JSON ? json_escapes
							  : no_escapes;

	for (size_t i = 0; i < text->len; i++) {
		const escape *e = all;

		while (e->safe && e->plain != text->str[i]) {
			e++;
		}
		if (e->safe) {
			g_string_append(out, e->safe);
		} else {
			g_string_append_c(out, text->str[i]);
		}
	}
}

static bool
is_defanged(hk_tkind kind, hk_tfilter filter)
{
	return filter == HK_TFILTER_DEFANG ||
	       (filter != HK_TFILTER_EXACT && (kind == HK_TKIND_URL || kind == HK_TKIND_SAID));
}

static void
append_text(GString *out, const hk_tvalue *v, hk_tfilter filter, hk_template_context context)
{
	g_autoptr(GString) clean = g_string_new(NULL);

	hk_template_clean(clean, v->text, HK_TEMPLATE_VALUE_MAX);
	if (is_defanged(v->kind, filter)) {
		g_autofree char *safe = hk_defang(clean->str);
		g_string_assign(clean, safe);
	}
	append_escaped(out, clean, context);
}

static void
append_time(GString *out, int64_t ms, hk_tfilter filter)
{
	char text[HK_CLOCK_TEXT_SIZE];
	bool jst = filter == HK_TFILTER_JST;

	hk_clock_format(jst ? ms + 9 * 3600000 : ms, text);
	if (filter == HK_TFILTER_ISO || strlen(text) < 16) {
		g_string_append(out, text);
		return;
	}
	g_string_append_len(out, text, 10);
	if (filter != HK_TFILTER_DATE) {
		g_string_append_c(out, ' ');
		g_string_append_len(out, text + 11, 5);
		g_string_append(out, jst ? " JST" : " UTC");
	}
}

static void
append_value(GString *out, const hk_tvalue *v, hk_tfilter filter, hk_template_context context)
{
	switch (v->kind) {
	case HK_TKIND_TEXT:
	case HK_TKIND_SAID:
	case HK_TKIND_URL:
		if (v->text) {
			append_text(out, v, filter, context);
		}
		break;
	case HK_TKIND_NUM:
		g_string_append_printf(out, "%" G_GINT64_FORMAT, v->number);
		break;
	case HK_TKIND_TIME:
		if (v->number != 0) {
			append_time(out, v->number, filter);
		}
		break;
	case HK_TKIND_FLAG:
	case HK_TKIND_LIST:
		break;
	}
}

/* A list of addresses or words, in one line. */
static void
append_joined(GString *out, const hk_tx *x, const hk_tvalue *list, hk_tvar var)
{
	const char *between = strcmp(x->lang, "en") == 0 ? ", " : "\u3001";
	hk_tkind kind = HK_TKIND_SAID;
	size_t end = out->len + HK_TEMPLATE_VALUE_MAX;

	hk_tscope_item(hk_tvar_info[var].of, &kind);
	for (unsigned i = 0; i < list->list->len; i++) {
		hk_tvalue item = {.kind = kind, .text = g_ptr_array_index(list->list, i)};

		if (i > 0) {
			g_string_append(out, between);
		}
		if (out->len > end) {
			g_string_append(out, "\u2026");
			return;
		}
		append_value(out, &item, HK_TFILTER_NONE, x->context);
	}
}

static bool
is_there(const hk_tvalue *v)
{
	return v->list ? v->list->len > 0 : v->text ? v->text[0] != '\0' : v->number != 0;
}

/* Going through the nodes. */

static bool
push(hk_tx *x, const hk_tvalue *v, hk_tvar var)
{
	if (x->depth >= HK_TEMPLATE_DEPTH_MAX) {
		return false;
	}
	x->frame[x->depth++] = (hk_tframe){.scope = hk_tvar_info[var].of, .list = v->list, .at = 0};
	return true;
}

/* What a section is that is being gone through: its first node, and whether it repeats. */
typedef struct level {
	unsigned open;
	bool list;
} level;

typedef struct walk {
	hk_tx *x;
	const GArray *nodes;
	level level[HK_TEMPLATE_DEPTH_MAX];
	unsigned depth;
} walk;

/* At an IF or NOT: returns the next node. */
static unsigned
enter(walk *w, unsigned at, const hk_tnode *node)
{
	hk_tvalue v = hk_tvar_value(w->x, node->var);
	bool list = node->type == HK_TNODE_IF && v.kind == HK_TKIND_LIST &&
		    node->filter != HK_TFILTER_ANY;

	if (is_there(&v) != (node->type == HK_TNODE_IF) || w->depth >= HK_TEMPLATE_DEPTH_MAX ||
		(list && !push(w->x, &v, node->var))) {
		return node->end + 1;
	}
	w->level[w->depth++] = (level){.open = at, .list = list};
	return at + 1;
}

/* At an END: the next node: behind the section's begin again, if there is more. */
static unsigned
leave(walk *w, unsigned at)
{
	const level *top = &w->level[w->depth - 1];

	if (top->list) {
		hk_tframe *frame = &w->x->frame[w->x->depth - 1];

		if (++frame->at < frame->list->len) {
			return top->open + 1;
		}
		w->x->depth--;
	}
	w->depth--;
	return at + 1;
}

static bool
run(hk_tx *x, const GArray *nodes, unsigned from, unsigned to, GString *out, GError **error)
{
	walk w = {.x = x, .nodes = nodes};
	size_t start = out->len;

	for (unsigned at = from; at < to;) {
		const hk_tnode *node = &g_array_index(nodes, hk_tnode, at);

		if (++x->steps > HK_TEMPLATE_STEPS_MAX || out->len - start > HK_TEMPLATE_OUT_MAX) {
			return hk_error_set(error, HK_ELIMIT,
				"the letter becomes too long: more than %d bytes, or too many "
				"repetitions",
				HK_TEMPLATE_OUT_MAX);
		}
		switch (node->type) {
		case HK_TNODE_TEXT:
			g_string_append_len(
				out, (const char *)node->text.data, (gssize)node->text.len);
			at++;
			break;
		case HK_TNODE_VALUE: {
			hk_tvalue v = hk_tvar_value(x, node->var);

			if (v.kind == HK_TKIND_LIST) {
				append_joined(out, x, &v, node->var);
			} else {
				append_value(out, &v, node->filter, x->context);
			}
			at++;
			break;
		}
		case HK_TNODE_IF:
		case HK_TNODE_NOT:
			at = enter(&w, at, node);
			break;
		case HK_TNODE_END:
			at = leave(&w, at);
			break;
		}
	}
	return true;
}

/* A subject is one line of bounded length, whatever its template says. */
static void
finish_subject(GString *ret, const GString *made)
{
	hk_template_clean(ret, made->str, HK_TEMPLATE_SUBJECT_MAX);
}

static void
clear(hk_tx *x)
{
	GPtrArray *lists[] = {x->hosts, x->domains, x->fields, x->dimensions, x->here};

	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		if (lists[i]) {
			g_ptr_array_unref(lists[i]);
		}
	}
	g_ptr_array_unref(x->pool);
}

bool
hk_template_expand(const hk_template *template, const hk_template_data *data, GString *ret_subject,
	GString *ret_body, GError **error)
{
	hk_tx x = {.data = data,
		.lang = template->lang,
		.context = HK_TEMPLATE_HEADER,
		.pool = g_ptr_array_new_with_free_func(g_free)};
	g_autoptr(GString) subject = g_string_new(NULL);
	bool fine = run(&x, template->nodes, 0, template->body, subject, error);

	if (fine && ret_subject) {
		finish_subject(ret_subject, subject);
	}
	x.context = template->context;
	if (fine && template->context == HK_TEMPLATE_HEADER) {
		g_string_truncate(subject, 0);
		fine = run(
			&x, template->nodes, template->body, template->nodes->len, subject, error);
		if (fine) {
			finish_subject(ret_body, subject);
		}
	} else if (fine) {
		fine = run(
			&x, template->nodes, template->body, template->nodes->len, ret_body, error);
	}
	clear(&x);
	return fine;
}
