/* nocheck: tested in tests/scenario/evidence.t. hikeshi evidence export, verify. */
#include <inttypes.h>
#include <stdio.h>

#include "base/codec.h"
#include "base/num.h"
#include "cmd/cmd.h"
#include "evidence/bundle.h"
#include "store/lookup.h"
#include "store/migrate.h"
#include "sys/gerr.h"
#include "sys/log.h"

static hk_db *
open_db(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_db) db = hk_db_open(hk_opts_str(opts, HK_OPT_DATABASE), error);

	return db && hk_schema_check(db, error) ? g_steal_pointer(&db) : NULL;
}

static bool
read_case(const char *text, int64_t *ret, GError **error)
{
	uint64_t id;

	if (hk_parse_u64(hk_span_str(text), INT64_MAX, &id) != HK_OK || id == 0) {
		return hk_error_set(error, HK_EUSAGE, "%s is no number of a case", text);
	}
	*ret = (int64_t)id;
	return true;
}

static hk_blobs *
open_blobs(const hk_opts *opts, GError **error)
{
	const hk_blobs_config config = hk_blobs_config_of(opts);

	return hk_blobs_open(&config, error);
}

static bool
find_who(hk_db *db, const char *login, hk_who *who, GError **error)
{
	*who = (hk_who){.login = login ? login : "auto", .via = "cli", .address = ""};
	if (!login) {
		return true;
	}
	return hk_lookup_user(db, login, &who->user_id, error) &&
	       (who->user_id != 0 || hk_error_set(error, HK_ENOENT,
					     "--as %s: there is no such active user", login));
}

bool
hk_cmd_evidence_export(const hk_opts *opts, GError **error)
{
	hk_bundle_made made;
	hk_who who;
	int64_t case_id;
	char hex[65];

	if (hk_opts_arg_count(opts) != 1) {
		return hk_error_set(error, HK_EUSAGE, "the number of one case is needed");
	}
	if (!hk_opts_require(opts, HK_OPT_OUT, error) ||
		!read_case(hk_opts_args(opts)[0], &case_id, error)) {
		return false;
	}
	const char *out = hk_opts_str(opts, HK_OPT_OUT);
	g_autoptr(hk_db) db = open_db(opts, error);
	g_autoptr(hk_flow) flow =
		db ? hk_flow_new(db, hk_opts_str(opts, HK_OPT_AUDIT_KEY), error) : NULL;
	g_autoptr(hk_blobs) blobs = flow ? open_blobs(opts, error) : NULL;
	if (!blobs || !find_who(db, hk_opts_str(opts, HK_OPT_CASE_AS), &who, error) ||
		!hk_bundle_export(flow, &who, blobs, case_id, hk_opts_str(opts, HK_OPT_TSA_CA), out,
			&made, error)) {
		return false;
	}
	hk_hex_encode(hk_span_of(made.sha256, sizeof made.sha256), hex);
	printf("{\"case\":%" PRId64 ",\"runs\":%" PRId64 ",\"files\":%" PRId64 ",\"bytes\":%" PRIu64
	       ",\"sha256\":\"%s\"}\n",
		case_id, made.runs, made.files, made.bytes, hex);
	return true;
}

/* What is in it came from outside: nothing of it drives a terminal. */
static void
print_lines(const char *head, const GPtrArray *lines)
{
	for (guint i = 0; i < lines->len; i++) {
		g_autofree char *text = hk_log_printable(g_ptr_array_index(lines, i));
		printf("%s%s\n", head, text);
	}
}

static bool
check(const hk_opts *opts, hk_bundle_report *report, GError **error)
{
	const char *number = hk_opts_str(opts, HK_OPT_OF_CASE);
	const char *ca = hk_opts_str(opts, HK_OPT_TSA_CA);
	int64_t case_id;

	if ((number != NULL) + hk_opts_arg_count(opts) != 1) {
		return hk_error_set(error, HK_EUSAGE, "one FILE or --case N is needed");
	}
	if (!number) {
		return hk_bundle_check_file(hk_opts_args(opts)[0], ca, report, error);
	}
	if (!read_case(number, &case_id, error)) {
		return false;
	}
	g_autoptr(hk_db) db = open_db(opts, error);
	g_autoptr(hk_blobs) blobs = db ? open_blobs(opts, error) : NULL;
	return blobs && hk_bundle_check_case(db, blobs, case_id, ca, report, error);
}

bool
hk_cmd_evidence_verify(const hk_opts *opts, GError **error)
{
	hk_bundle_report report;

	hk_bundle_report_init(&report);
	bool good = check(opts, &report, error);
	if (good) {
		print_lines("", report.notes);
		print_lines("WRONG ", report.wrong);
		if (report.wrong->len > 0) {
			good = hk_error_set(error, HK_ECHECK,
				"%u things are wrong with the evidence", report.wrong->len);
		} else {
			printf("good: %" PRId64 " runs, %" PRId64 " files, %" PRId64
			       " time stamps\n",
				report.runs, report.files, report.stamps);
		}
	}
	hk_bundle_report_clear(&report);
	return good;
}
