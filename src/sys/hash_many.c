/* nocheck: tested in tests/unit/sys/test_hash.c
 * The leaf hashes of a whole block at once: SHA-256 of several messages in the lanes of one vector register (Intel's multi-buffer
 * library), where processor and build have it; one after another otherwise. docs/decisions/007-sha256.md has the figures. */
#include "sys/hash.h"

#ifdef HK_HAVE_IPSEC_MB

#include <string.h>

#define NO_COMPAT_IMB_API_053 /* its short names clash with OpenSSL's and ours */
#include <intel-ipsec-mb.h>

/* Leaves of this size and less are hashed in lanes: a long one would keep the other lanes waiting. */
enum { LANE_BYTES_MAX = 8192 };
static const uint8_t leaf_prefix[3] = {0, 0, 0};

struct hk_leaf_hasher {
	IMB_MGR *lanes; /* NULL: the processor has no AVX2 */
	GByteArray *
		staged; /* prefix and entry of each leaf, one behind the other: a lane wants one run of bytes */
};

hk_leaf_hasher *
hk_leaf_hasher_new(void)
{
	hk_leaf_hasher *self = g_new0(hk_leaf_hasher, 1);
	IMB_ARCH arch = IMB_ARCH_NONE;

	self->staged = g_byte_array_new();
	self->lanes = alloc_mb_mgr(0);
	if (self->lanes) {
		init_mb_mgr_auto(self->lanes, &arch);
		if (arch < IMB_ARCH_AVX2) {
			free_mb_mgr(self->lanes);
			self->lanes = NULL;
		}
	}
	return self;
}

void
hk_leaf_hasher_free(hk_leaf_hasher *hasher)
{
	if (hasher) {
		if (hasher->lanes) {
			free_mb_mgr(hasher->lanes);
		}
		g_byte_array_unref(hasher->staged);
		g_free(hasher);
	}
}

static void
submit(IMB_MGR *lanes, const uint8_t *message, size_t len, uint8_t *ret)
{
	IMB_JOB *job = IMB_GET_NEXT_JOB(lanes);

	*job = (IMB_JOB){
		.cipher_mode = IMB_CIPHER_NULL,
		.cipher_direction = IMB_DIR_ENCRYPT,
		.chain_order = IMB_ORDER_HASH_CIPHER,
		.hash_alg = IMB_AUTH_SHA_256,
		.src = message,
		.msg_len_to_hash_in_bytes = len,
		.auth_tag_output = ret,
		.auth_tag_output_len_in_bytes = HK_SHA256_SIZE,
	};
	IMB_SUBMIT_JOB(lanes);
	if (imb_get_errno(lanes) != 0) {
		HK_BUG("the multi-buffer library refused a hash");
	}
}

void
hk_leaf_hasher_run(hk_leaf_hasher *hasher, const hk_span *entries, size_t count,
	uint8_t (*ret)[HK_SHA256_SIZE])
{
	size_t total = 0;
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		total += entries[i].len <= LANE_BYTES_MAX ? sizeof leaf_prefix + entries[i].len : 0;
	}
	/* The memory must not move while jobs are under way. */
	g_byte_array_set_size(hasher->staged, (unsigned)total);
	for (size_t i = 0; i < count; i++) {
		if (!hasher->lanes || entries[i].len > LANE_BYTES_MAX) {
			hk_sha256_leaf(entries[i], ret[i]);
			continue;
		}
		uint8_t *message = hasher->staged->data + at;
		memcpy(message, leaf_prefix, sizeof leaf_prefix);
		memcpy(message + sizeof leaf_prefix, entries[i].data, entries[i].len);
		submit(hasher->lanes, message, sizeof leaf_prefix + entries[i].len, ret[i]);
		at += sizeof leaf_prefix + entries[i].len;
	}
	while (hasher->lanes && IMB_FLUSH_JOB(hasher->lanes)) {
	}
}

#else

hk_leaf_hasher *
hk_leaf_hasher_new(void)
{
	return g_malloc0(1);
}

void
hk_leaf_hasher_free(hk_leaf_hasher *hasher)
{
	g_free(hasher);
}

void
hk_leaf_hasher_run(hk_leaf_hasher *hasher, const hk_span *entries, size_t count,
	uint8_t (*ret)[HK_SHA256_SIZE])
{
	(void)hasher;
	for (size_t i = 0; i < count; i++) {
		hk_sha256_leaf(entries[i], ret[i]);
	}
}

#endif
