/* sys/modelfile: a name model (match/model.h) mapped from its file. Layer: sys. */
#ifndef HK_SYS_MODELFILE_H
#define HK_SYS_MODELFILE_H

#include <glib.h>

#include "base/err.h"
#include "match/model.h"

typedef struct hk_modelfile hk_modelfile;

/* hk_modelfile_open(path, error): maps and checks the file. NULL and error: as hk_file_map, or what
 * hk_model_open says, with the path. */
void hk_modelfile_free(hk_modelfile *file);
hk_modelfile *hk_modelfile_open(const char *path, GError **error) HK_FREED_BY(hk_modelfile_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_modelfile, hk_modelfile_free)

/* hk_modelfile_model(file): the model; borrowed, read-only, may be shared by threads. */
const hk_model *hk_modelfile_model(const hk_modelfile *file);

#endif
