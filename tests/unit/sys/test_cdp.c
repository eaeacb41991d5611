/* The protocol, with ourselves as the browser at the other end of the pipes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/cdp.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "tap.h"

enum { WAIT_MS = 20000 };

static int to_us[2], from_us[2];

static void
say(const char *text)
{
	(void)!write(to_us[1], text, strlen(text) + 1);
}

/* The next call that came, into ret[4096]. */
static const char *
heard(char *ret)
{
	size_t len = 0;

	while (len < 4095 && read(from_us[0], ret + len, 1) == 1 && ret[len] != '\0') {
		len++;
	}
	ret[len] = '\0';
	return ret;
}

static void
check_parse(void)
{
	char event[] = "{\"method\":\"A.b\",\"params\":{\"x\":\"\\u0000\\ud83d\\ude00\\ud800 "
		       "\\\\u0000\"},\"sessionId\":\"S\"}";
	char failed[] = "{\"id\":4,\"error\":{\"code\":1,\"message\":\"no\"}}";
	hk_cdp_message *m = hk_cdp_parse(event, strlen(event), NULL);
	const char *x = "";

	ok(m && m->id == 0 && strcmp(m->method, "A.b") == 0 && strcmp(m->session, "S") == 0,
		"an event");
	ok(hk_json_str(&m->body, "x", &x, NULL), "its parameters");
	is_str(x, "\ufffd\U0001F600\ufffd \\u0000",
		"escapes without a character are mended, a written backslash is not one");
	hk_cdp_message_free(m);
	m = hk_cdp_parse(failed, strlen(failed), NULL);
	ok(m && m->id == 4 && m->failed && strcmp(m->failed, "no") == 0, "a failed call");
	hk_cdp_message_free(m);
	static const char *const wrong[] = {
		"", "[]", "7", "{}", "{\"method\":5}", "{\"id\":", "\"\\u00"};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *copy = g_strdup(wrong[i]);
		g_autoptr(GError) error = NULL;

		ok(!hk_cdp_parse(copy, strlen(copy), &error) && error, "refused: %s", wrong[i]);
	}
}

static void
check_calls(hk_cdp *cdp)
{
	g_autoptr(GError) error = NULL;
	hk_cdp_session *one = hk_cdp_session_new(cdp, "ONE"), *two = hk_cdp_session_new(cdp, "TWO");
	char text[4096];
	int64_t end_ms = hk_clock_mono_ms() + WAIT_MS;

	int64_t first = hk_cdp_send(one, NULL, "Page.enable", NULL);
	int64_t second = hk_cdp_send(two, "CHILD", "X.y", "{\"a\":1}");
	is_str(heard(text), "{\"id\":1,\"method\":\"Page.enable\",\"sessionId\":\"ONE\"}",
		"a call");
	is_str(heard(text),
		"{\"id\":2,\"method\":\"X.y\",\"sessionId\":\"CHILD\",\"params\":{\"a\":1}}",
		"to a child, with parameters");
	say("{\"id\":2,\"result\":{\"v\":5},\"sessionId\":\"CHILD\"}");
	say("not JSON at all");
	say("{\"method\":\"Page.x\",\"params\":{},\"sessionId\":\"ONE\"}");
	say("{\"method\":\"Page.x\",\"params\":{},\"sessionId\":\"NOBODY\"}");
	say("{\"id\":1,\"error\":{\"message\":\"no \\u001b[31m\"},\"sessionId\":\"ONE\"}");
	hk_cdp_message *m = hk_cdp_wait(two, second, end_ms, &error);
	int64_t v = 0;
	ok(m && hk_json_i64(&m->body, "v", &v, NULL) && v == 5, "answers come in any order");
	hk_cdp_message_free(m);
	ok(!hk_cdp_wait(one, first, end_ms, &error) && hk_error_code(error) == HK_EREMOTE &&
			!strchr(error->message, '\x1b'),
		"a refusal, printable");
	g_clear_error(&error);
	m = hk_cdp_next(one, end_ms);
	ok(m && strcmp(m->method, "Page.x") == 0, "an event waits for its session");
	hk_cdp_message_free(m);
	ok(!hk_cdp_next(one, hk_clock_mono_ms()), "and nobody else's comes");
	ok(hk_cdp_odd(one) > 0, "what is not understood is counted");

	/* Children, and events of a context. */
	say("{\"method\":\"Target.attachedToTarget\",\"params\":{\"sessionId\":\"KID\"},"
	    "\"sessionId\":\"ONE\"}");
	say("{\"method\":\"Net.z\",\"params\":{},\"sessionId\":\"KID\"}");
	hk_cdp_message_free(hk_cdp_next(one, end_ms));
	m = hk_cdp_next(one, end_ms);
	ok(m && g_strcmp0(m->session, "KID") == 0, "a child's events come to its parent");
	hk_cdp_message_free(m);
	hk_cdp_watch(one, "C1");
	hk_cdp_watch(two, "C2");
	say("{\"method\":\"Target.targetCreated\",\"params\":{\"targetInfo\":{\"browserContextId\":"
	    "\"C2\"}}}");
	say("{\"method\":\"Browser.any\",\"params\":{}}");
	m = hk_cdp_next(two, end_ms);
	ok(m && strcmp(m->method, "Target.targetCreated") == 0, "an event of a context");
	hk_cdp_message_free(m);
	m = hk_cdp_next(one, end_ms);
	ok(m && strcmp(m->method, "Browser.any") == 0, "one of no context is told to all");
	hk_cdp_message_free(m);
	ok(!hk_cdp_wait(
		   one, hk_cdp_send(one, NULL, "A.b", NULL), hk_clock_mono_ms() + 20, &error) &&
			hk_error_code(error) == HK_EAGAIN,
		"no answer in time");
	g_clear_error(&error);
	hk_cdp_session_free(one);
	hk_cdp_session_free(two);
}

/* A message over the cap fails the call that waits for it, and the next one is read. */
static void
check_long(hk_cdp *cdp)
{
	g_autoptr(GError) error = NULL;
	hk_cdp_session *s = hk_cdp_session_new(cdp, "LONG");
	g_autofree char *block = g_malloc(1 << 20);
	int64_t id = hk_cdp_send(s, NULL, "Net.getResponseBody", NULL);
	int64_t next = hk_cdp_send(s, NULL, "A.b", NULL);
	g_autofree char *begin =
		g_strdup_printf("{\"id\":%lld,\"result\":{\"body\":\"", (long long)id);
	g_autofree char *after = g_strdup_printf("{\"id\":%lld,\"result\":{}}", (long long)next);

	memset(block, 'x', 1 << 20);
	(void)!write(to_us[1], begin, strlen(begin));
	for (unsigned i = 0; i <= HK_CDP_MESSAGE_MAX >> 20; i++) {
		(void)!write(to_us[1], block, 1 << 20);
	}
	say("\"}}");
	say(after);
	ok(!hk_cdp_wait(s, id, hk_clock_mono_ms() + WAIT_MS, &error) &&
			hk_error_code(error) == HK_ELIMIT,
		"an answer over the cap");
	g_clear_error(&error);
	hk_cdp_message *m = hk_cdp_wait(s, next, hk_clock_mono_ms() + WAIT_MS, &error);
	ok(m != NULL, "the next one is read");
	hk_cdp_message_free(m);
	hk_cdp_session_free(s);
}

int
main(void)
{
	g_autoptr(GError) error = NULL;

	check_parse();
	if (pipe(to_us) != 0 || pipe(from_us) != 0) {
		return 1;
	}
	hk_cdp *cdp = hk_cdp_new(to_us[0], from_us[1]);
	check_calls(cdp);
	check_long(cdp);
	hk_cdp_session *s = hk_cdp_session_new(cdp, "END");
	close(to_us[1]);
	ok(!hk_cdp_do(s, "A.b", NULL, hk_clock_mono_ms() + WAIT_MS, &error) &&
			hk_error_code(error) == HK_EREMOTE,
		"the browser's end");
	ok(hk_cdp_closed(cdp), "is seen");
	hk_cdp_session_free(s);
	hk_cdp_free(cdp);
	return tap_done();
}
