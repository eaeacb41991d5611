/* nocheck: tested in tests/scenario/bell.t. hikeshi c2 reveal: what of a record was received in clear, as long as it is kept; who looked is written down first. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cmd/cmd.h"
#include "flow/c2.h"
#include "store/lookup.h"
#include "store/migrate.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/seal.h"

typedef struct revealing {
	int64_t piece;
	GBytes *sealed;
} revealing;

/* The audit row and what is read are one transaction: nobody sees it unseen. */
static bool
reveal(hk_flow *flow, void *user, GError **error)
{
	revealing *r = user;

	g_clear_pointer(&r->sealed, g_bytes_unref);
	return hk_c2_reveal(flow, r->piece, &r->sealed, error);
}

static bool
read_who(hk_db *db, const hk_opts *opts, hk_who *ret, GError **error)
{
	const char *login = hk_opts_str(opts, HK_OPT_CASE_AS);

	if (!login) {
		return hk_error_set(error, HK_EUSAGE,
			"--as LOGIN is needed: who looks at victims' data is written down");
	}
	*ret = (hk_who){.login = login, .via = "cli", .address = ""};
	return hk_lookup_user(db, login, &ret->user_id, error) &&
	       (ret->user_id != 0 || hk_error_set(error, HK_ENOENT,
					     "--as %s: there is no such active user", login));
}

static bool
print(const revealing *r, const uint8_t *key, GError **error)
{
	gsize len;
	const void *data = g_bytes_get_data(r->sealed, &len);
	g_autoptr(GBytes) clear = hk_open(key, hk_span_of(data, len));

	if (!clear) {
		return hk_error_set(error, HK_ECHECK,
			"piece %" PRId64 " was sealed with another key (--c2-key)", r->piece);
	}
	data = g_bytes_get_data(clear, &len);
	return (fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0) ||
	       hk_error_set(error, HK_EIO, "standard output cannot be written");
}

bool
hk_cmd_c2_reveal(const hk_opts *opts, GError **error)
{
	revealing r = {0};
	hk_who who;
	uint64_t id;

	if (hk_opts_arg_count(opts) != 1 ||
		hk_parse_u64(hk_span_str(hk_opts_args(opts)[0]), INT64_MAX, &id) != HK_OK ||
		id == 0) {
		return hk_error_set(error, HK_EUSAGE,
			"`hikeshi c2 reveal` takes the number of a piece, as the board shows it");
	}
	r.piece = (int64_t)id;
	hk_file_init();
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);
	if (!db || !hk_schema_check(db, error) || !read_who(db, opts, &who, error)) {
		return false;
	}
	g_autoptr(GBytes) key =
		hk_file_read_secret(hk_opts_str(opts, HK_OPT_C2_KEY), HK_SECRET_KEY_BYTES, error);
	g_autoptr(hk_flow) flow =
		key ? hk_flow_new(db, hk_opts_str(opts, HK_OPT_AUDIT_KEY), error) : NULL;
	if (!flow || g_bytes_get_size(key) != HK_SECRET_KEY_BYTES) {
		return flow && hk_error_set(error, HK_ECONFIG, "%s: is no key of %d bytes",
				       hk_opts_str(opts, HK_OPT_C2_KEY), HK_SECRET_KEY_BYTES);
	}
	bool good = hk_flow_do(flow, &who, reveal, &r, error) &&
		    print(&r, g_bytes_get_data(key, NULL), error);
	g_clear_pointer(&r.sealed, g_bytes_unref);
	return good;
}
