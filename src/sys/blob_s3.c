/* Blobs in a bucket. */
#include <string.h>

#include "sys/blob_int.h"
#include "sys/gerr.h"

/* Whether the object is what its name says; *ret_found: there is one at all. */
static bool
look(hk_blobs *blobs, const char *key, hk_span bytes, const uint8_t sha256[32], bool *ret_found,
	bool *ret_same, GError **error)
{
	g_autoptr(GError) why = NULL;
	hk_s3_object object;

	if (!hk_s3_head(blobs->s3, key, &object, error)) {
		return false;
	}
	*ret_found = object.found;
	*ret_same = false;
	if (!object.found || (object.bytes >= 0 && (size_t)object.bytes != bytes.len)) {
		return true;
	}
	if (object.checked) {
		*ret_same = memcmp(object.sha256, sha256, sizeof object.sha256) == 0;
		return true;
	}
	/* The store says nothing of the content: read it, as a file would be. */
	g_autoptr(GBytes) old = hk_blobs_get(blobs, sha256, bytes.len, &why);
	hk_err code = hk_error_code(why);
	if (!old && code != HK_ECHECK && code != HK_ELIMIT && code != HK_ENOENT) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	*ret_same = old != NULL;
	*ret_found = code != HK_ENOENT;
	return true;
}

bool
hk_blobs_s3_put(hk_blobs *blobs, hk_span bytes, const uint8_t sha256[32], GError **error)
{
	g_autofree char *key = hk_blobs_key(blobs, sha256);
	bool found, same, made = false;

	/* Twice: between the look and the writing another one may have written it. */
	for (unsigned n = 0; n < 2 && !made; n++) {
		if (!look(blobs, key, bytes, sha256, &found, &same, error)) {
			return false;
		}
		if (same) {
			return true;
		}
		if (!hk_s3_put(blobs->s3, key, bytes, sha256, !found, &made, error)) {
			return false;
		}
	}
	return made || hk_error_set(error, HK_EREMOTE,
			       "s3://%s/%s: the store says that there is such an object, and that "
			       "there is none",
			       blobs->bucket, key);
}

GBytes *
hk_blobs_s3_get(hk_blobs *blobs, const uint8_t sha256[32], size_t max_bytes, GError **error)
{
	g_autofree char *key = hk_blobs_key(blobs, sha256);

	return hk_s3_get(blobs->s3, key, max_bytes, error);
}
