/* What goes wrong, as RFC 9457 problem+json. */
#include <string.h>

#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "web/reply_int.h"

static const struct {
	int status;
	bool told;
	const char *remedy;
} problems[HK_ERR_COUNT] = {
#define PROBLEM(error, status, told, remedy) [HK_E##error] = {status, told, remedy},
#include "web/problem.def"
#undef PROBLEM
};

static const struct {
	int status;
	const char *title;
} titles[] = {
	{200, "OK"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{411, "Length Required"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{423, "Locked"},
	{428, "Precondition Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{507, "Insufficient Storage"},
};

const char *
hk_reply_status_title(int status)
{
	for (size_t i = 0; i < G_N_ELEMENTS(titles); i++) {
		if (titles[i].status == status) {
			return titles[i].title;
		}
	}
	return "Error";
}

bool
hk_reply_problem(hk_reply *reply, GError **error, int status, hk_err code, const char *field,
	const char *remedy, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	reply->problem_status = status;
	g_free(reply->problem_field);
	reply->problem_field = g_strdup(field);
	g_free(reply->problem_remedy);
	reply->problem_remedy = g_strdup(remedy);
	return hk_error_set(error, code, "%s", text);
}

/* "name: what is wrong" -> the length of "name", a word like labels[3].text; 0: the text does not begin so. */
static size_t
field_len(const char *text)
{
	size_t len = 0;

	if (!g_ascii_islower(text[0])) {
		return 0;
	}
	while (g_ascii_isalnum(text[len]) || (text[len] && strchr("_.[]-", text[len]))) {
		len++;
	}
	return len > 0 && len <= 80 && text[len] == ':' && text[len + 1] == ' ' ? len : 0;
}

static void
member(GString *out, const char *name, const char *value, size_t len)
{
	hk_jsonw_key(out, name);
	hk_jsonw_text(out, hk_span_of(value, len));
}

void
hk_reply_fail(hk_reply *reply, const GError *error, const char *request_id)
{
	hk_err code = hk_error_code(error);
	int status = reply->problem_status ? reply->problem_status : problems[code].status;
	bool told = reply->problem_status != 0 || problems[code].told;
	g_autofree char *field = g_steal_pointer(&reply->problem_field);
	g_autofree char *remedy = g_steal_pointer(&reply->problem_remedy);
	GPtrArray *headers = g_steal_pointer(&reply->headers);
	bool keep = reply->problem_status != 0;
	const char *text = error ? error->message : hk_err_meaning(code);

	if (status >= 500) {
		hk_log(HK_EVENT_WEB_FAILED, HK_F_STR("request", request_id),
			HK_F_STR("code", hk_err_code(code)), HK_F_STR("reason", text));
	}
	hk_reply_reset(reply);
	if (keep) {
		reply->headers = headers;
	} else if (headers) {
		g_ptr_array_unref(headers);
	}
	GString *out = hk_reply_text(reply, status, "application/problem+json");
	const char *end = text + strlen(text);
	const char *detail = told ? text : hk_err_meaning(code);
	hk_jsonw_open(out, '{');
	member(out, "type", "about:blank", strlen("about:blank"));
	member(out, "title", hk_reply_status_title(status), strlen(hk_reply_status_title(status)));
	hk_jsonw_key(out, "status");
	hk_jsonw_int(out, status);
	if (told && !field && field_len(detail) > 0) {
		size_t len = field_len(detail);
		field = g_strndup(detail, len);
		detail += len + 2;
	}
	const char *semicolon = told && !remedy ? strstr(detail, "; ") : NULL;
	if (semicolon) {
		remedy = g_strdup(semicolon + 2);
		end = semicolon;
	} else {
		end = detail + strlen(detail);
	}
	member(out, "detail", detail, (size_t)(end - detail));
	if (field) {
		member(out, "field", field, strlen(field));
	}
	const char *advice = remedy ? remedy : problems[code].remedy;
	if (advice) {
		member(out, "remedy", advice, strlen(advice));
	}
	member(out, "code", hk_err_code(code), strlen(hk_err_code(code)));
	member(out, "request", request_id, strlen(request_id));
	hk_jsonw_close(out, '}');
	if (status == 503 || status == 429) {
		bool said = false;
		for (guint i = 0; reply->headers && i < reply->headers->len; i += 2) {
			said = said || strcmp(reply->headers->pdata[i], "Retry-After") == 0;
		}
		if (!said) {
			hk_reply_header(reply, "Retry-After", "1");
		}
	}
}
