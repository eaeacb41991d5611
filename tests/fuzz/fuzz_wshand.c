/* fuzz_wshand: heads of both sides, and header lines of a configuration. Properties: what is read lies inside the head; an answer that is
 * taken has what the RFC asks for; a request made of lines that were taken is one head, with our key in it once; a reply to a request that is read is taken. */
#include <string.h>

#include "fuzz.h"
#include "parse/wshand.h"

#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static bool
inside(hk_span part, hk_span whole)
{
	return part.len == 0 ||
	       (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void
answer(hk_span head)
{
	hk_wshand_answer a;

	if (hk_wshand_answer_read(head, &a) != HK_OK) {
		return;
	}
	need(a.status >= 100 && a.status < 600);
	need(inside(a.phrase, head) && inside(a.lines, head) && inside(a.accept, head) &&
		inside(a.protocol, head));
	if (hk_wshand_judge(&a, ACCEPT, NULL) == HK_WSHAND_FINE) {
		need(a.status == 101 && memmem(head.data, head.len, ACCEPT, 28));
		need(a.protocol.len == 0 && !a.has_extension);
	}
}

static void
asked(hk_span head)
{
	hk_wshand_asked a;
	hk_wshand_answer back;
	static char text[HK_WSHAND_HEAD_MAX];
	size_t len;

	if (hk_wshand_asked_read(head, &a) != HK_OK) {
		return;
	}
	need(inside(a.path, head) && inside(a.host, head) && inside(a.origin, head) &&
		inside(a.key, head) && inside(a.protocols, head) && inside(a.extensions, head));
	need(a.path.len > 0 && a.path.data[0] == '/' && a.key.len == HK_WSHAND_KEY_LEN);
	need(hk_wshand_reply(ACCEPT, NULL, text, sizeof text, &len) == HK_OK);
	need(hk_wshand_answer_read(hk_span_of(text, len), &back) == HK_OK);
	need(hk_wshand_judge(&back, ACCEPT, NULL) == HK_WSHAND_FINE);
}

/* The input as lines of a configuration: what is between line feeds. */
static void
lines(hk_span bytes)
{
	static char copy[4096], text[HK_WSHAND_HEAD_MAX];
	const char *all[HK_WSHAND_LINES_MAX + 3];
	size_t count = 0, len, head;

	if (bytes.len >= sizeof copy) {
		return;
	}
	if (bytes.len > 0) {
		memcpy(copy, bytes.data, bytes.len);
	}
	copy[bytes.len] = '\0';
	for (char *at = copy; at && count < HK_WSHAND_LINES_MAX + 2;) {
		char *end = strchr(at, '\n');
		all[count++] = at;
		if (end) {
			*end++ = '\0';
		}
		at = end;
	}
	all[count] = NULL;
	hk_wshand_ask ask = {"c2.example:7775", "/x", KEY, all};
	hk_err err = hk_wshand_request(&ask, text, sizeof text, &len);
	need(err == HK_OK || err == HK_EFORM || err == HK_ELIMIT);
	if (err == HK_OK) {
		need(hk_wshand_lines_check(all) == HK_OK);
		need(hk_wshand_head_len(hk_span_of(text, len), 0, &head) == HK_OK && head == len);
		need(memmem(text, len, "\r\n", 2) && memmem(text, len, KEY, HK_WSHAND_KEY_LEN));
		asked(hk_span_of(text, len));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_span bytes = hk_span_of(data, size);
	size_t len = 0, again = 0;

	lines(bytes);
	if (hk_wshand_head_len(bytes, 0, &len) != HK_OK) {
		return 0;
	}
	need(len >= 4 && len <= size && len <= HK_WSHAND_HEAD_MAX);
	/* Looked at byte by byte it is as long. */
	need(hk_wshand_head_len(bytes, len - 1, &again) == HK_OK && again == len);
	need(hk_wshand_head_len(hk_span_of(data, len - 1), 0, &again) == HK_ETRUNC);
	answer(hk_span_of(data, len));
	asked(hk_span_of(data, len));
	return 0;
}
