#include "sys/modelfile.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/gerr.h"
#include "tap.h"

/* The smallest model there is. */
static size_t
small_model(uint8_t **ret)
{
	g_autofree hk_model *m = g_new0(hk_model, 1);
	static const uint8_t rows[HK_MODEL_DIM << HK_MODEL_BITS_MIN];
	size_t len = hk_model_encoded_size(HK_MODEL_BITS_MIN, 0);

	m->rows = rows;
	m->bits = HK_MODEL_BITS_MIN;
	m->knot_count = 1;
	m->info.base_rate = 0.5f;
	m->info.phish = 77;
	*ret = g_malloc(len);
	is_int(hk_model_encode(m, *ret, len), HK_OK, "a model is made");
	return len;
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree uint8_t *bytes = NULL;
	size_t len = small_model(&bytes);
	char path[] = "/tmp/hikeshi-modelfile-XXXXXX";
	int fd = mkstemp(path);
	hk_modelfile *file = hk_modelfile_open("/nonexistent/x.hkmodel", &error);

	ok(file == NULL && hk_error_code(error) == HK_ENOENT, "a missing model is an error");
	g_clear_error(&error);
	ok(fd >= 0 && write(fd, bytes, len) == (ssize_t)len, "a model is written");
	file = hk_modelfile_open(path, &error);
	ok(file != NULL, "and opened");
	is_int(hk_modelfile_model(file)->info.phish, 77, "it is the one that was written");
	hk_modelfile_free(file);
	ok(ftruncate(fd, (off_t)len - 1) == 0, "it is cut by a byte");
	file = hk_modelfile_open(path, &error);
	ok(file == NULL && hk_error_code(error) == HK_ETRUNC && strstr(error->message, path),
		"and refused with its path");
	unlink(path);
	close(fd);
	return tap_done();
}
