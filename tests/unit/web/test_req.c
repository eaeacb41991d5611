/* A request as handlers see it: parameters, members, cookies; problems as clients see them. */
#include <string.h>

#include "store/sessions.h"
#include "sys/gerr.h"
#include "tap.h"
#include "web/handler.h"
#include "web/login.h"
#include "web/reply_int.h"
#include "web/req_int.h"

static const hk_route route = {.id = "T",
	.method = HK_METHOD_POST,
	.path = "/cases/:id/labels/*label",
	.body = HK_BODY_JSON,
	.options = HK_ROUTE_IF_MATCH};

static void
make(hk_req *req, const char *target, const char *body, const char *type)
{
	hk_req_init(req);
	req->route = &route;
	ok(hk_target_parse(hk_span_str(target), &req->parts->target, NULL), "target %s", target);
	req->parts->match.params[0] = "7";
	req->parts->match.params[1] = "a b";
	req->parts->type = g_strdup(type);
	req->type = req->parts->type;
	if (body) {
		req->parts->body = g_byte_array_new();
		g_byte_array_append(req->parts->body, (const uint8_t *)body, (guint)strlen(body));
	}
}

static void
add_header(hk_req *req, const char *name, const char *value)
{
	hk_req_header_pair pair = {g_strdup(name), g_strdup(value)};

	g_array_append_val(req->parts->headers, pair);
}

static void
members(void)
{
	hk_req req;
	g_autoptr(hk_reply) reply = hk_reply_new();
	g_autoptr(GError) error = NULL;
	const char *text = "before";
	int64_t number = 5, ms = 0;
	bool flag = true;

	make(&req, "/?limit=20&on&off=0&bad=x&neg=-3",
		"{\"t\":\"x\\ty\",\"n\":7,\"b\":false,\"null\":null,"
		"\"at\":\"2026-11-25T11:04:46.123+09:00\",\"day\":\"2026-11-25\","
		"\"c\":\"a\\u0007\",\"o\":{\"k\":[1,2]}}",
		"application/json");
	ok(hk_req_read_body(&req, reply, &error), "a body");
	is_int(hk_req_id(&req, "id"), 7, "a number of the path");
	is_str(hk_req_word(&req, "label"), "a b", "a word of the path");
	ok(hk_req_query_int(&req, "limit", 1, 200, 10, &number, &error) && number == 20,
		"a number");
	ok(hk_req_query_int(&req, "none", 1, 200, 10, &number, &error) && number == 10,
		"its default");
	ok(hk_req_query_int(&req, "neg", -5, 5, 0, &number, &error) && number == -3,
		"below nothing");
	ok(!hk_req_query_int(&req, "limit", 1, 19, 10, &number, &error), "one that is too large");
	is_str(error->message, "limit: must be a whole number from 1 to 19", "is named");
	g_clear_error(&error);
	ok(hk_req_query_bool(&req, "on", &flag, &error) && flag, "on");
	ok(hk_req_query_bool(&req, "off", &flag, &error) && !flag, "off");
	ok(!hk_req_query_bool(&req, "bad", &flag, &error), "neither");
	g_clear_error(&error);
	ok(!hk_req_query_only(&req, &error, "limit", "on", "off", "neg", NULL), "one too many");
	is_str(error->message, "bad: no such parameter; known are: limit, on, off, neg",
		"is named");
	g_clear_error(&error);

	ok(hk_req_json_text(&req, "none", 5, &text, &error) && strcmp(text, "before") == 0,
		"a default stays");
	ok(hk_req_json_text(&req, "null", 5, &text, &error) && strcmp(text, "before") == 0,
		"for null, too");
	ok(hk_req_json_text(&req, "t", 3, &text, &error) && strcmp(text, "x\ty") == 0, "a text");
	ok(!hk_req_json_text(&req, "t", 2, &text, &error), "one that is too long");
	is_int(hk_error_code(error), HK_ELIMIT, "with its code");
	g_clear_error(&error);
	ok(!hk_req_json_text(&req, "c", 9, &text, &error), "one with a control character");
	g_clear_error(&error);
	ok(!hk_req_json_text(&req, "n", 9, &text, &error), "a number is none");
	is_str(error->message, "n: a string is wanted here", "and is told so");
	g_clear_error(&error);
	ok(hk_req_json_int(&req, "n", 1, 9, &number, &error) && number == 7, "a number");
	ok(hk_req_json_flag(&req, "b", &flag, &error) && !flag, "a flag");
	ok(hk_req_json_time(&req, "at", &ms, &error) && ms == 1795572286123,
		"a time with its offset");
	ok(!hk_req_json_time(&req, "day", &ms, &error), "a day is none");
	g_clear_error(&error);
	g_autofree char *raw = hk_req_json_raw(&req, "o");
	is_str(raw, "{\"k\":[1,2]}", "any member as JSON");
	ok(!hk_req_need(&req, &error, "t", "null", NULL), "null is not there");
	is_str(error->message, "null: is needed", "and is named");
	hk_req_clear(&req);
}

static void
headers(void)
{
	hk_req req;
	g_autoptr(hk_reply) reply = hk_reply_new();
	g_autoptr(GError) error = NULL;

	make(&req, "/", NULL, "");
	ok(!hk_req_read_if_match(&req, reply, &error), "If-Match is wanted");
	is_int(reply->problem_status, 428, "428");
	g_clear_error(&error);
	add_header(&req, "if-match", "\"12\"");
	ok(hk_req_read_if_match(&req, reply, &error) && req.if_match == 12, "a version");
	add_header(&req, "Cookie", "a=1; hk_session=xyz; b=2");
	g_autofree char *cookie = hk_req_cookie(&req, "hk_session");
	is_str(cookie, "xyz", "a cookie");
	g_autofree char *part = hk_req_cookie(&req, "session");
	is_str(part, NULL, "not by a part of its name");
	add_header(&req, "Cookie", "hk_session=other");
	g_autofree char *twice = hk_req_cookie(&req, "hk_session");
	is_str(twice, NULL, "two of one name are none");
	hk_req_clear(&req);
}

static void
problem(const char *text, hk_err code, int status, const char *want)
{
	g_autoptr(hk_reply) reply = hk_reply_new();
	g_autoptr(GError) error = NULL;

	hk_error_set(&error, code, "%s", text);
	hk_reply_fail(reply, error, "id");
	is_int(reply->status, status, "status of %s", hk_err_code(code));
	ok(strstr(reply->text->str, want) != NULL, "%s in %s", want, reply->text->str);
}

int
main(void)
{
	g_autoptr(hk_reply) reply = hk_reply_new();

	members();
	headers();
	problem("labels[3].text: is too long; at most 40 characters", HK_ERANGE, 400,
		"\"detail\":\"is too long\",\"field\":\"labels[3].text\",\"remedy\":\"at most 40 "
		"characters\"");
	problem("there is none", HK_ENOENT, 404,
		"\"detail\":\"there is none\",\"code\":\"not-found\"");
	problem("/var/lib/secret: broken", HK_EIO, 500,
		"\"detail\":\"reading or writing failed\",\"code\":\"io\"");
	problem("x", HK_EINCONSISTENT, 412, "\"remedy\":\"read it again");
	hk_reply_download(reply, "application/octet-stream", "\xe8\xa8\xbc\xe8\xb7\xa1 \"1\".png");
	is_str(reply->headers->pdata[1],
		"attachment; filename=\"________1_.png\"; "
		"filename*=UTF-8''%E8%A8%BC%E8%B7%A1%20%221%22.png",
		"a file's name cannot leave its quotes");
	g_autoptr(GError) error = NULL;
	g_autofree char *block = g_strnfill(700000, 'x');
	for (int i = 0; i < 3; i++) {
		ok(hk_reply_write(reply, hk_span_str(block), &error), "a long answer");
	}
	is_int(reply->spooled, 2100000, "is counted");
	ok(reply->fd >= 0, "and lies in a file");
	is_int(hk_login_wait_ms(4), 0, "four wrong ones cost nothing");
	is_int(hk_login_wait_ms(5), 30000, "the fifth half a minute");
	is_int(hk_login_wait_ms(7), 120000, "then it doubles");
	is_int(hk_login_wait_ms(1000), 900000, "up to a quarter of an hour");
	return tap_done();
}
