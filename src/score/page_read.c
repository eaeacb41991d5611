/* Many answers read by one child; a child that dies is asked again for halves, until who killed it stands alone. */
#include "base/cur.h"
#include "score/page_int.h"
#include "sys/gerr.h"
#include "sys/sandbox.h"

/* A child reads a page of HK_PAGE_BODY_MAX in some milliseconds, a hostile one in some tenths of a second. */
enum {
	MEMORY_MAX = 256 << 20,
	CPU_BASE_S = 2,
	CPU_PAGES = 32, /* one second more for so many */
	WALL_BASE_MS = 10000,
	WALL_PAGE_MS = 200,
};

typedef struct batch {
	const hk_page_answer *answers;
	size_t count;
} batch;

static void
put_length(GString *out, size_t at, size_t len)
{
	for (unsigned i = 0; i < 3; i++) {
		out->str[at + i] = (char)(uint8_t)(len >> (8 * (2 - i)));
	}
}

static void
work(void *user, GString *out)
{
	const batch *b = user;

	for (size_t i = 0; i < b->count; i++) {
		size_t at = out->len;

		g_string_append_len(out, "\0\0\0", 3);
		hk_page_describe(&b->answers[i], out);
		put_length(out, at, out->len - at - 3);
	}
}

/* All records or none: one that is wrong makes the others doubtful. */
static GPtrArray *
parse(hk_span bytes, size_t count)
{
	g_autoptr(GPtrArray) list =
		g_ptr_array_new_with_free_func((GDestroyNotify)hk_page_sketch_free);
	hk_cur cur = hk_cur_of(bytes);
	hk_span record;

	for (size_t i = 0; i < count; i++) {
		hk_page_sketch *s = hk_cur_prefixed(&cur, 3, &record) == HK_OK
					    ? hk_page_sketch_parse(record)
					    : NULL;
		if (!s) {
			return NULL;
		}
		g_ptr_array_add(list, s);
	}
	return hk_cur_empty(&cur) ? g_steal_pointer(&list) : NULL;
}

/* False with *error: the machine's fault, not the input's. True and *ret NULL: one of them kills its reader. */
static bool
attempt(const batch *b, GPtrArray **ret, GError **error)
{
	const hk_sandbox_limits limits = {.memory_bytes = MEMORY_MAX,
		.cpu_s = CPU_BASE_S + (unsigned)(b->count / CPU_PAGES),
		.wall_ms = WALL_BASE_MS + WALL_PAGE_MS * (unsigned)b->count,
		.answer_bytes = b->count * (HK_PAGE_RECORD_MAX + 3)};
	g_autoptr(GError) why = NULL;
	batch copy = *b;
	g_autoptr(GBytes) bytes = hk_sandbox_run(&limits, work, &copy, &why);
	hk_err code = hk_error_code(why);

	if (!bytes && code != HK_ELIMIT && code != HK_EFORM) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	*ret = bytes ? parse(hk_span_of(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)),
			       b->count)
		     : NULL;
	return true;
}

static void
append_all(GPtrArray *to, GPtrArray *from)
{
	for (guint i = 0; i < from->len; i++) {
		g_ptr_array_add(to, from->pdata[i]);
	}
	g_ptr_array_set_free_func(from, NULL);
	g_ptr_array_unref(from);
}

/* Batches that wait: the halves of one that died are put in front. */
GPtrArray *
hk_page_read(const hk_page_answer *answers, size_t count, GError **error)
{
	g_autoptr(GPtrArray) list =
		g_ptr_array_new_with_free_func((GDestroyNotify)hk_page_sketch_free);
	batch waiting[32] = {{answers, count}};
	size_t depth = count > 0;

	if (count > HK_PAGE_BATCH_MAX) {
		hk_error_set(error, HK_ERANGE, "%zu pages at once are more than %d", count,
			HK_PAGE_BATCH_MAX);
		return NULL;
	}
	hk_page_warm();
	while (depth > 0) {
		batch b = waiting[--depth];
		GPtrArray *got = NULL;

		if (!attempt(&b, &got, error)) {
			return NULL;
		}
		if (got) {
			append_all(list, got);
		} else if (b.count == 1) {
			g_ptr_array_add(list, hk_page_sketch_new(HK_PAGE_UNREAD));
		} else {
			waiting[depth++] = (batch){b.answers + b.count / 2, b.count - b.count / 2};
			waiting[depth++] = (batch){b.answers, b.count / 2};
		}
	}
	return g_steal_pointer(&list);
}
