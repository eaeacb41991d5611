/* web/res: what the handlers of resources share. Layer: web. */
#ifndef HK_WEB_RES_H
#define HK_WEB_RES_H

#include "flow/flow.h"
#include "flow/sites.h"
#include "parse/url.h"
#include "store/list.h"
#include "web/handler.h"

/* hk_res_page(req, of, def_limit, ret_filter, ret, error): the list that q, sort, limit and after ask for. Clear *ret, free *ret_filter. */
bool hk_res_page(hk_req *req, hk_list_of of, unsigned def_limit, hk_page *ret, GError **error);

/* hk_res_list_end(out, next, count, exact): closes "items", writes next and total, closes the object. count < 0: no total. */
void hk_res_list_end(GString *out, const char *next, int64_t count, bool exact);

/* hk_res_case(req, reply, status, id, error): the whole case as the answer, with its ETag. */
bool hk_res_case(hk_req *req, hk_reply *reply, int status, int64_t id, GError **error);

/* hk_res_case_put(req, out, id, ret_version, error): the same as a value of JSON that is being written. */
bool hk_res_case_put(hk_req *req, GString *out, int64_t id, int64_t *ret_version, GError **error);

/* hk_res_fresh(flow, id, version, error): inside an act: HK_EINCONSISTENT when the case is not of that version any more (0: any). */
bool hk_res_fresh(hk_flow *flow, int64_t id, int64_t version, GError **error);

/* hk_res_site(field, text, ret, ret_site, error): a URL or host as people write it; HK_EFORM "FIELD: ..." when it is none. */
bool hk_res_site(
	const char *field, const char *text, hk_url *ret, hk_site *ret_site, GError **error);

/* hk_res_troubles_put(req, out, ret_grave, error): the member "troubles" of an object that is being written: what is wrong with the house (flow/troubles). ret_grave (or NULL): how
 * many of them are grave. */
bool hk_res_troubles_put(hk_req *req, GString *out, int64_t *ret_grave, GError **error);

/* hk_res_body(req): the body as it came, NUL-terminated; caller frees. */
char *hk_res_body(const hk_req *req);

#endif
