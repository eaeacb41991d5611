#include "sys/modelfile.h"

#include "sys/file.h"
#include "sys/gerr.h"

struct hk_modelfile {
	hk_model model;
	GBytes *bytes; /* the mapping; owned */
};

hk_modelfile *
hk_modelfile_open(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_map(path, error);
	g_autoptr(hk_modelfile) m = NULL;
	hk_span file;
	hk_err err;

	if (bytes == NULL) {
		g_prefix_error(error, "the name model: ");
		return NULL;
	}
	file.data = g_bytes_get_data(bytes, &file.len);
	m = g_new0(hk_modelfile, 1);
	err = hk_model_open(file, &m->model);
	if (err != HK_OK) {
		hk_error_set(error, err, "%s is no name model that this program can use: %s%s",
			path, hk_err_meaning(err),
			err == HK_EVERSION ? "; train it again with `hikeshi model train`" : "");
		return NULL;
	}
	m->bytes = g_steal_pointer(&bytes);
	return g_steal_pointer(&m);
}

void
hk_modelfile_free(hk_modelfile *m)
{
	if (m != NULL) {
		g_clear_pointer(&m->bytes, g_bytes_unref);
		g_free(m);
	}
}

const hk_model *
hk_modelfile_model(const hk_modelfile *m)
{
	return &m->model;
}
