/* web/res_report: what the handlers of reports, letters and templates share. Layer: web. */
#ifndef HK_WEB_RES_REPORT_H
#define HK_WEB_RES_REPORT_H

#include "flow/report.h"
#include "store/report_read.h"
#include "web/res.h"

/* The most reports that are previewed, or approved, at once. */
enum { HK_RES_REPORTS_MAX = 200 };

/* hk_res_holds(stops, out): a member "holds": what holds a report up, each with how (hard, wait, ask) and its text in both languages. */
void hk_res_holds(unsigned stops, GString *out);

/* hk_res_report(req, reply, status, id, error): the whole report as the answer, with its ETag. */
bool hk_res_report(hk_req *req, hk_reply *reply, int status, int64_t id, GError **error);

/* hk_res_report_states(text, ret, error): "drafted,approved" as a list (caller frees with g_strfreev); HK_ERANGE "state: ..." for one that does not exist. */
bool hk_res_report_states(const char *text, char ***ret, GError **error);

/* hk_res_blob(req, reply, sha256, type, name, error): bytes that the outside world has a part in, as the answer: text is shown as plain text in a
 * sandbox; all else, and everything with ?download=1, is to be saved as name. type NULL: never shown. */
bool hk_res_blob(hk_req *req, hk_reply *reply, const uint8_t sha256[32], const char *type,
	const char *name, GError **error);

#endif
