#include "sys/suffixes.h"

#include "sys/file.h"
#include "sys/gerr.h"

struct hk_suffixes {
	hk_suffix_table table;
	void *memory; /* owned */
};

hk_suffixes *
hk_suffixes_load(const char *path, GError **error)
{
	const char *from = path ? path : HK_SUFFIXES_PATH;
	g_autoptr(GBytes) bytes = hk_file_read(from, HK_SUFFIX_FILE_MAX, error);
	g_autoptr(hk_suffixes) s = NULL;
	hk_span dat;
	hk_err err;

	if (bytes == NULL) {
		g_prefix_error(error,
			"the public suffix list%s: ", path ? "" : " (Debian package publicsuffix)");
		return NULL;
	}
	dat.data = g_bytes_get_data(bytes, &dat.len);
	s = g_new0(hk_suffixes, 1);
	s->memory = g_malloc(hk_suffix_table_need(dat));
	err = hk_suffix_table_build(dat, s->memory, hk_suffix_table_need(dat), &s->table);
	if (err != HK_OK) {
		hk_error_set(
			error, err, "%s is no public suffix list: %s", from, hk_err_meaning(err));
		return NULL;
	}
	return g_steal_pointer(&s);
}

void
hk_suffixes_free(hk_suffixes *s)
{
	if (s != NULL) {
		g_free(s->memory);
		g_free(s);
	}
}

const hk_suffix_table *
hk_suffixes_table(const hk_suffixes *s)
{
	return &s->table;
}
