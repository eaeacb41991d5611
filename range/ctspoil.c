/* Faults put to work: before a handler, inside it (heads, lies), and after it. */
#include <time.h>

#include "ctserve_int.h"
#include "sys/clock.h"

static bool
hit(rg_server *server, const rg_request *request, rg_reply *reply, rg_fault fault,
	const char **ret_param)
{
	if (!rg_faults_hit(server->faults, fault, request->at, ret_param)) {
		return false;
	}
	reply->fault = rg_fault_row_get(fault)->name;
	return true;
}

/* RFC 9110, section 10.2.3: a number of seconds, or a date (which Skylight sends). */
static char *
retry_after(const char *param)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t when = (time_t)(hk_clock_wall_ms() / 1000) + 2;
	struct tm tm;

	if (strcmp(param, "none") == 0) {
		return NULL;
	}
	if (strcmp(param, "date") != 0) {
		return g_strdup(param);
	}
	gmtime_r(&when, &tm);
	return g_strdup_printf("%s, %02d %s %d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

bool
rg_server_spoil_before(rg_server *server, const rg_request *request, rg_reply *reply)
{
	const char *param = NULL;

	if (hit(server, request, reply, RG_FAULT_DROP, NULL)) {
		reply->close = true;
	} else if (hit(server, request, reply, RG_FAULT_RATE, &param)) {
		rg_reply_text(reply, MHD_HTTP_TOO_MANY_REQUESTS, "too many requests\n");
		reply->retry_after = retry_after(param);
	} else if (hit(server, request, reply, RG_FAULT_SERVER, &param)) {
		uint64_t status = g_ascii_strtoull(param, NULL, 10);
		rg_reply_text(reply, status >= 500 && status <= 599 ? (unsigned)status : 503,
			"the server is not well\n");
	} else if (hit(server, request, reply, RG_FAULT_DENIED, NULL)) {
		rg_reply_text(reply, MHD_HTTP_UNAUTHORIZED, "who are you?\n");
	} else if (hit(server, request, reply, RG_FAULT_MISSING, NULL)) {
		rg_reply_text(reply, MHD_HTTP_NOT_FOUND, "not found\n");
	} else if (hit(server, request, reply, RG_FAULT_SAME, NULL)) {
		rg_reply_text(reply, MHD_HTTP_NOT_MODIFIED, "");
	} else if (hit(server, request, reply, RG_FAULT_MOVED, NULL)) {
		rg_reply_text(reply, MHD_HTTP_FOUND, "somewhere else\n");
	} else if (hit(server, request, reply, RG_FAULT_HTML, NULL)) {
		rg_reply_text(reply, MHD_HTTP_OK,
			"<!DOCTYPE html><title>Maintenance</title><h1>Back soon</h1>\n");
		reply->type = "text/html";
	} else {
		return false;
	}
	return true;
}

bool
rg_server_forked(rg_server *server, const rg_request *request, rg_reply *reply, rg_fork *ret)
{
	const char *param;

	if (!hit(server, request, reply, RG_FAULT_FORK, &param)) {
		return false;
	}
	uint64_t index = g_ascii_strtoull(param, NULL, 10);
	if (index >= rg_log_head(server->log, 0)->size) {
		return false;
	}
	rg_render_fork(server->log, index, ret);
	return true;
}

void
rg_server_head(rg_server *server, const rg_request *request, rg_reply *reply, rg_head *ret)
{
	const char *param;
	size_t back = 0;
	rg_fork fork;

	if (hit(server, request, reply, RG_FAULT_STALE, &param)) {
		back = (size_t)g_ascii_strtoull(param, NULL, 10);
	}
	*ret = *rg_log_head(server->log, back);
	if (rg_server_forked(server, request, reply, &fork) && fork.index < ret->size) {
		rg_tree_root(rg_log_tree(server->log), &fork, ret->size, ret->root);
		ret->signed_len = rg_ctkey_sign_head(rg_log_key(server->log), ret->timestamp_ms,
			ret->size, ret->root, ret->signed_head);
	}
	if (hit(server, request, reply, RG_FAULT_SIGNATURE, NULL)) {
		/* The last byte of s: still a well-formed signature. */
		ret->signed_head[ret->signed_len - 1] ^= 1;
	}
}

bool
rg_server_lies(rg_server *server, const rg_request *request, rg_reply *reply, uint64_t start,
	uint64_t end, rg_twist *ret)
{
	const char *param;
	rg_fork fork;

	*ret = (rg_twist){RG_TWIST_NONE, 0};
	if (start >= end) {
		return false;
	}
	if (hit(server, request, reply, RG_FAULT_MISMATCH, &param)) {
		*ret = (rg_twist){
			RG_TWIST_TIMESTAMP, param ? g_ascii_strtoull(param, NULL, 10) : start};
	} else if (hit(server, request, reply, RG_FAULT_INDEX, &param)) {
		*ret = (rg_twist){
			RG_TWIST_LEAF_INDEX, param ? g_ascii_strtoull(param, NULL, 10) : start};
	} else if (rg_server_forked(server, request, reply, &fork)) {
		*ret = (rg_twist){RG_TWIST_TIMESTAMP, fork.index};
	}
	return ret->kind != RG_TWIST_NONE && ret->index >= start && ret->index < end;
}

static void
replace_body(rg_reply *reply, GBytes *bytes)
{
	rg_blob_unref(reply->blob);
	reply->blob = rg_blob_new(bytes, NULL);
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);
	reply->part[0] = hk_span_of(data, len);
	reply->part[1] = reply->part[2] = (hk_span){NULL, 0};
}

void
rg_server_spoil_after(rg_server *server, const rg_request *request, rg_reply *reply)
{
	const char *param;

	if (reply->status != MHD_HTTP_OK || rg_reply_len(reply) == 0) {
		return;
	}
	if (hit(server, request, reply, RG_FAULT_JSON, NULL)) {
		g_autoptr(GBytes) flat = rg_reply_flat(reply);
		gsize len = g_bytes_get_size(flat);
		/* Closing brackets are gone: complete by length, not by syntax. */
		replace_body(
			reply, g_bytes_new(g_bytes_get_data(flat, NULL), len - (len > 2 ? 2 : 1)));
	}
	if (!reply->gzip && hit(server, request, reply, RG_FAULT_UNASKED, NULL)) {
		g_autoptr(GBytes) flat = rg_reply_flat(reply);
		gsize len;
		const void *data = g_bytes_get_data(flat, &len);
		replace_body(reply, rg_render_gzip(hk_span_of(data, len), GZIP_LEVEL_ONCE));
		reply->gzip = true;
	}
	if (reply->gzip && hit(server, request, reply, RG_FAULT_GZIP, NULL)) {
		g_autoptr(GBytes) flat = rg_reply_flat(reply);
		gsize len = g_bytes_get_size(flat);
		uint8_t *copy = g_memdup2(g_bytes_get_data(flat, NULL), len);
		copy[len / 2] ^= 0x10;
		replace_body(reply, g_bytes_new_take(copy, len));
	}
	if (hit(server, request, reply, RG_FAULT_OVERSIZE, &param)) {
		reply->pad = (size_t)g_ascii_strtoull(param, NULL, 10) << 20;
	}
	if (hit(server, request, reply, RG_FAULT_TRUNCATE, NULL)) {
		reply->truncate = true;
	}
	if (hit(server, request, reply, RG_FAULT_SLOW, &param)) {
		reply->slow_ms = (unsigned)MAX(g_ascii_strtoull(param, NULL, 10), 1);
	}
}
