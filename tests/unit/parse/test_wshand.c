/* The opening handshake: what is written, byte for byte; what is read, and what is not. */
#include "parse/wshand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse/headline.h"
#include "tap.h"

#define KEY    "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455, section 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static void
request(void)
{
	static const char *const odd[] = {"User-Agent: okhttp/3.12.1", "upgrade: WebSocket",
		"Connection:Upgrade", "Host:   %HOST%", "Sec-WebSocket-Key:  %KEY%  ",
		"X-Twice: %HOST% %HOST% %HOS %KEYS%", NULL};
	hk_wshand_ask ask = {"c2.example:7775", "/chat?a=b", KEY, NULL};
	char text[600];
	size_t len = 0;
	static const char usual[] =
		"GET /chat?a=b HTTP/1.1\r\nHost: c2.example:7775\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Key: " KEY
		"\r\nSec-WebSocket-Version: 13\r\n\r\n";
	static const char wanted[] =
		"GET /chat?a=b HTTP/1.1\r\nUser-Agent: okhttp/3.12.1\r\nupgrade: WebSocket\r\n"
		"Connection:Upgrade\r\nHost:   c2.example:7775\r\nSec-WebSocket-Key:  " KEY
		"  \r\nX-Twice: c2.example:7775 c2.example:7775 %HOS %KEYS%\r\n\r\n";

	is_int(hk_wshand_request(&ask, text, sizeof text, &len), HK_OK, "a request");
	ok(len == sizeof usual - 1 && memcmp(text, usual, len) == 0, "as the RFC has it");
	ask.lines = odd;
	is_int(hk_wshand_request(&ask, text, sizeof text, &len), HK_OK, "lines of one's own");
	ok(len == sizeof wanted - 1 && memcmp(text, wanted, len) == 0,
		"are sent byte for byte, in their order");
	is_int(hk_wshand_request(&ask, text, sizeof wanted - 1, &len), HK_OK, "it just fits");
	is_int(hk_wshand_request(&ask, text, sizeof wanted - 2, &len), HK_ELIMIT, "it does not");
}

/* The usual lines with one more, or one changed. */
static void
lines(void)
{
	static const struct {
		int at; /* which line is replaced; 5: one more */
		const char *line;
		hk_err err;
	} rows[] = {
		{5, "Origin: http://c2.example", HK_OK},
		{5, "Sec-WebSocket-Extensions: permessage-deflate", HK_OK},
		{5, "Origin: a\r\nX: b", HK_EFORM},
		{5, "Origin: a\nX: b", HK_EFORM},
		{5, "Origin", HK_EFORM},
		{5, ": a", HK_EFORM},
		{5, "Ori gin: a", HK_EFORM},
		{5, "Origin : a", HK_EFORM},
		{5, " Origin: a", HK_EFORM},
		{5, "", HK_EFORM},
		{5, "Content-Length: 5", HK_EFORM},
		{5, "Transfer-Encoding: chunked", HK_EFORM},
		{5, "host: other.example", HK_EFORM},
		{5, "Upgrade: websocket", HK_EFORM},
		{0, "X-Nothing: here", HK_OK}, /* no Host: as the family has it */
		{1, "Upgrade: h2c", HK_EFORM},
		{1, "X-Upgrade: websocket", HK_EFORM},
		{2, "Connection: keep-alive, Upgrade", HK_OK},
		{2, "Connection: keep-alive", HK_EFORM},
		{3, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", HK_EFORM},
		{3, "X-Key: %KEY%", HK_EFORM},
		{3, "Sec-WebSocket-Key: %Key%", HK_EFORM},
		{3, "Sec-WebSocket-Key: %KEY%, a", HK_EFORM},
		{4, "Sec-WebSocket-Version: 8", HK_OK},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *all[7] = {0};
		memcpy(all, hk_wshand_lines(), 5 * sizeof all[0]);
		all[rows[i].at] = rows[i].line;
		is_int(hk_wshand_lines_check(all), rows[i].err, "lines, row %zu", i);
	}
	const char *many[HK_WSHAND_LINES_MAX + 2] = {0};
	for (size_t i = 0; i <= HK_WSHAND_LINES_MAX; i++) {
		many[i] = i < 5 ? hk_wshand_lines()[i] : "X: y";
	}
	is_int(hk_wshand_lines_check(many), HK_ELIMIT, "a line too many");
	many[HK_WSHAND_LINES_MAX] = NULL;
	is_int(hk_wshand_lines_check(many), HK_OK, "as many as may be");
	is_int(hk_wshand_lines_check(NULL), HK_OK, "the usual ones");
}

static void
bad_asks(void)
{
	static const hk_wshand_ask rows[] = {
		{"c2.example", "chat", KEY, NULL},
		{"c2.example", "", KEY, NULL},
		{"c2.example", "/a b", KEY, NULL},
		{"c2.example", "/a\r\nX: y", KEY, NULL},
		{"c2.example", "/a#b", KEY, NULL},
		{"c2.example", "/心", KEY, NULL},
		{"", "/", KEY, NULL},
		{"c2.example\r\nX: y", "/", KEY, NULL},
		{"a@c2.example", "/", KEY, NULL},
		{"c2.example", "/", "short==", NULL},
		{"c2.example", "/", KEY "x", NULL},
	};
	char text[600];
	size_t len;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		is_int(hk_wshand_request(&rows[i], text, sizeof text, &len), HK_EFORM,
			"bad ask %zu", i);
	}
}

#define TOP   "HTTP/1.1 101 Switching Protocols\r\n"
#define UP    "Upgrade: websocket\r\n"
#define CONN  "Connection: Upgrade\r\n"
#define TAKEN "Sec-WebSocket-Accept: " ACCEPT "\r\n"

static const char *const with_protocol[] = {"Host: %HOST%", "Upgrade: websocket",
	"Connection: Upgrade", "Sec-WebSocket-Key: %KEY%", "Sec-WebSocket-Protocol: chat, pager",
	"Sec-WebSocket-Extensions: permessage-deflate", NULL};

static const struct {
	const char *head, *what;
	hk_err err;
	hk_wshand_fault fault, fault_with; /* with the usual lines; with those above */
} answers[] = {
	{TOP UP CONN TAKEN "\r\n", "an answer", HK_OK, HK_WSHAND_FINE, HK_WSHAND_FINE},
	{"HTTP/1.1 101\r\n" UP CONN TAKEN "\r\n", "no phrase", HK_OK, HK_WSHAND_FINE,
		HK_WSHAND_FINE},
	{"HTTP/1.1 101 \r\nupgrade:WEBSOCKET\r\nCONNECTION: keep-alive,\tupgrade\r\n"
	 "sec-websocket-accept:   " ACCEPT "\t\r\nServer: 200 HP Http Server OK\r\n\r\n",
		"other spellings", HK_OK, HK_WSHAND_FINE, HK_WSHAND_FINE},
	{TOP UP "Connection: close\r\nConnection: Upgrade\r\n" TAKEN "\r\n",
		"Connection on two lines", HK_OK, HK_WSHAND_FINE, HK_WSHAND_FINE},
	{"HTTP/1.1 200 OK\r\n" UP CONN TAKEN "\r\n", "200", HK_OK, HK_WSHAND_STATUS,
		HK_WSHAND_STATUS},
	{"HTTP/1.1 403 Forbidden\r\n\r\n", "403", HK_OK, HK_WSHAND_STATUS, HK_WSHAND_STATUS},
	{TOP CONN TAKEN "\r\n", "no Upgrade", HK_OK, HK_WSHAND_UPGRADE, HK_WSHAND_UPGRADE},
	{TOP "Upgrade: websocket, h2c\r\n" CONN TAKEN "\r\n", "two upgrades", HK_OK,
		HK_WSHAND_UPGRADE, HK_WSHAND_UPGRADE},
	{TOP UP TAKEN "\r\n", "no Connection", HK_OK, HK_WSHAND_CONNECTION, HK_WSHAND_CONNECTION},
	{TOP UP CONN "\r\n", "no accept", HK_OK, HK_WSHAND_ACCEPT, HK_WSHAND_ACCEPT},
	{TOP UP CONN "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", "a wrong accept",
		HK_OK, HK_WSHAND_ACCEPT, HK_WSHAND_ACCEPT},
	{TOP UP CONN "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
		"an accept in another case", HK_OK, HK_WSHAND_ACCEPT, HK_WSHAND_ACCEPT},
	{TOP UP CONN TAKEN "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", "an extension",
		HK_OK, HK_WSHAND_EXTENSION, HK_WSHAND_EXTENSION},
	{TOP UP CONN TAKEN "Sec-WebSocket-Protocol: chat\r\n\r\n", "a subprotocol", HK_OK,
		HK_WSHAND_PROTOCOL, HK_WSHAND_FINE},
	{TOP UP CONN TAKEN "Sec-WebSocket-Protocol: pager\r\n\r\n", "the other subprotocol", HK_OK,
		HK_WSHAND_PROTOCOL, HK_WSHAND_FINE},
	{TOP UP CONN TAKEN "Sec-WebSocket-Protocol: Chat\r\n\r\n", "a subprotocol in another case",
		HK_OK, HK_WSHAND_PROTOCOL, HK_WSHAND_PROTOCOL},
	{TOP UP CONN TAKEN "Sec-WebSocket-Protocol: chat, pager\r\n\r\n", "two subprotocols", HK_OK,
		HK_WSHAND_PROTOCOL, HK_WSHAND_PROTOCOL},
	{TOP UP CONN TAKEN TAKEN "\r\n", "two accepts", HK_EFORM, 0, 0},
	{TOP UP UP CONN TAKEN "\r\n", "two Upgrades", HK_EFORM, 0, 0},
	{"HTTP/1.0 101 x\r\n" UP CONN TAKEN "\r\n", "HTTP/1.0", HK_EFORM, 0, 0},
	{"HTTP/2 101 x\r\n" UP CONN TAKEN "\r\n", "HTTP/2", HK_EFORM, 0, 0},
	{"HTTP/1.1 1o1 x\r\n\r\n", "a status that is no number", HK_EFORM, 0, 0},
	{"HTTP/1.1 099 x\r\n\r\n", "099", HK_EFORM, 0, 0},
	{"HTTP/1.1 1011 x\r\n\r\n", "four digits", HK_EFORM, 0, 0},
	{"HTTP/1.1 101x\r\n\r\n", "no blank behind the status", HK_EFORM, 0, 0},
	{"HTTP/1.1 101 \x1b[2J\r\n\r\n", "a control character in the phrase", HK_EFORM, 0, 0},
	{TOP "Upgrade : websocket\r\n" CONN TAKEN "\r\n", "a blank before a colon", HK_EFORM, 0, 0},
	{TOP UP " folded\r\n" CONN TAKEN "\r\n", "a continued line", HK_EFORM, 0, 0},
	{TOP "Upgrade: websocket\n" CONN TAKEN "\r\n", "a line feed alone", HK_EFORM, 0, 0},
	{TOP "Upgrade: web\rsocket\r\n" CONN TAKEN "\r\n", "a CR alone", HK_EFORM, 0, 0},
	{"SSH-2.0-OpenSSH\r\n\r\n", "another protocol", HK_EFORM, 0, 0},
	{"\r\n\r\n", "nothing but an end", HK_EFORM, 0, 0},
};

static void
judge(void)
{
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		hk_wshand_answer answer;
		size_t len = strlen(answers[i].head);
		char *copy = malloc(len);
		memcpy(copy, answers[i].head, len);
		hk_err err = hk_wshand_answer_read(hk_span_of(copy, len), &answer);
		is_int(err, answers[i].err, "%s", answers[i].what);
		if (err == HK_OK) {
			is_str(hk_wshand_fault_code(hk_wshand_judge(&answer, ACCEPT, NULL)),
				hk_wshand_fault_code(answers[i].fault), "%s", answers[i].what);
			is_str(hk_wshand_fault_code(
				       hk_wshand_judge(&answer, ACCEPT, with_protocol)),
				hk_wshand_fault_code(answers[i].fault_with), "%s, asked for more",
				answers[i].what);
		}
		free(copy);
	}
}

static void
head_len(void)
{
	char head[HK_WSHAND_HEAD_MAX + 10];
	static const char text[] = TOP UP "\r\nframes";
	size_t len = 0, seen;

	for (seen = 0; seen < sizeof text - 7; seen++) {
		is_int(hk_wshand_head_len(hk_span_of(text, seen), seen > 0 ? seen - 1 : 0, &len),
			HK_ETRUNC, "%zu bytes, one after the other", seen);
	}
	is_int(hk_wshand_head_len(hk_span_of(text, seen), seen - 1, &len), HK_OK, "the last one");
	is_int(len, sizeof text - 7, "ends the head");
	is_int(hk_wshand_head_len(HK_SPAN_LIT(TOP UP "\r\nframes"), 0, &len), HK_OK, "all at once");
	is_int(len, sizeof text - 7, "what follows is not of it");
	memset(head, 'a', sizeof head);
	is_int(hk_wshand_head_len(hk_span_of(head, HK_WSHAND_HEAD_MAX - 1), 0, &len), HK_ETRUNC,
		"still room");
	is_int(hk_wshand_head_len(hk_span_of(head, HK_WSHAND_HEAD_MAX), 0, &len), HK_ELIMIT,
		"no end");
	memcpy(head + HK_WSHAND_HEAD_MAX - 4, "\r\n\r\n", 4);
	is_int(hk_wshand_head_len(hk_span_of(head, sizeof head), 0, &len), HK_OK,
		"the largest head");
	memcpy(head + HK_WSHAND_HEAD_MAX - 4, "a\r\n\r\n", 5);
	is_int(hk_wshand_head_len(hk_span_of(head, sizeof head), 0, &len), HK_ELIMIT,
		"one byte more");
}

static void
accept_value(void)
{
	/* SHA-1 of the RFC's example (section 4.2.2). */
	static const uint8_t digest[HK_WSHAND_DIGEST_SIZE] = {0xb3, 0x7a, 0x4f, 0x2c, 0xc0, 0x62,
		0x4f, 0x16, 0x90, 0xf6, 0x46, 0x06, 0xcf, 0x38, 0x59, 0x45, 0xb2, 0xbe, 0xc4, 0xea};
	uint8_t input[HK_WSHAND_INPUT_LEN];
	char accept[HK_WSHAND_ACCEPT_LEN + 1];

	hk_wshand_input(HK_SPAN_LIT(KEY), input);
	is_mem(input, KEY "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", sizeof input, "what is digested");
	hk_wshand_accept(digest, accept);
	is_str(accept, ACCEPT, "the accept value");
}

#define GET  "GET /chat HTTP/1.1\r\nHost: c2.example\r\n"
#define KEYL "Sec-WebSocket-Key: " KEY "\r\n"
#define V13  "Sec-WebSocket-Version: 13\r\n"

static const struct {
	const char *head, *what;
	hk_err err;
} requests[] = {
	{GET UP CONN KEYL V13 "\r\n", "a request", HK_OK},
	{GET "Upgrade: h2c, WebSocket\r\nConnection: keep-alive, Upgrade\r\n" KEYL V13
	     "Origin: http://a.example\r\nSec-WebSocket-Protocol: chat, pager\r\n"
	     "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
		"a browser's request", HK_OK},
	{"GET / HTTP/1.1\r\n" UP CONN KEYL V13 "\r\n", "no Host", HK_OK},
	{GET UP CONN KEYL "Sec-WebSocket-Version: 8\r\n\r\n", "another version", HK_EVERSION},
	{GET UP CONN KEYL "\r\n", "no version", HK_EFORM},
	{GET UP CONN V13 "\r\n", "no key", HK_EFORM},
	{GET UP CONN KEYL KEYL V13 "\r\n", "two keys", HK_EFORM},
	{GET UP CONN "Sec-WebSocket-Key: c2hvcnQ=\r\n" V13 "\r\n", "a short key", HK_EFORM},
	{GET UP CONN "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE!\r\n" V13 "\r\n",
		"a key that is no Base64", HK_EFORM},
	{GET UP CONN "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSEh\r\n" V13 "\r\n",
		"a key of 18 bytes", HK_EFORM},
	{GET CONN KEYL V13 "\r\n", "no Upgrade", HK_EFORM},
	{GET UP KEYL V13 "\r\n", "no Connection", HK_EFORM},
	{GET UP CONN KEYL V13 "Content-Length: 3\r\n\r\n", "a body", HK_EFORM},
	{GET UP CONN KEYL V13 "Transfer-Encoding: chunked\r\n\r\n", "a body in chunks", HK_EFORM},
	{GET "Host: b.example\r\n" UP CONN KEYL V13 "\r\n", "two hosts", HK_EFORM},
	{"POST /chat HTTP/1.1\r\n" UP CONN KEYL V13 "\r\n", "POST", HK_EFORM},
	{"GET /chat HTTP/1.0\r\n" UP CONN KEYL V13 "\r\n", "HTTP/1.0", HK_EFORM},
	{"GET http://a.example/ HTTP/1.1\r\n" UP CONN KEYL V13 "\r\n", "an absolute target",
		HK_EFORM},
	{"GET  /chat HTTP/1.1\r\n" UP CONN KEYL V13 "\r\n", "two blanks", HK_EFORM},
	{"GET HTTP/1.1\r\n" UP CONN KEYL V13 "\r\n", "no target", HK_EFORM},
	{"GET / HTTP/1.1\r\n\r\n", "no handshake", HK_EFORM},
};

static void
server(void)
{
	hk_wshand_asked asked;
	char text[600];
	size_t len = 0;
	static const char *const lines[] = {
		"Server: 200 HP Http Server OK", "Sec-WebSocket-Protocol: chat", NULL};
	static const char *const bad[] = {"Server: a\r\nX: y", NULL};
	static const char wanted[] = TOP UP CONN TAKEN
		"Server: 200 HP Http Server OK\r\nSec-WebSocket-Protocol: chat\r\n\r\n";

	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		is_int(hk_wshand_asked_read(hk_span_str(requests[i].head), &asked), requests[i].err,
			"%s", requests[i].what);
	}
	is_int(hk_wshand_asked_read(hk_span_str(requests[1].head), &asked), HK_OK, "parts");
	ok(hk_span_eq(asked.path, HK_SPAN_LIT("/chat")), "path");
	ok(hk_span_eq(asked.host, HK_SPAN_LIT("c2.example")), "host");
	ok(hk_span_eq(asked.origin, HK_SPAN_LIT("http://a.example")), "origin");
	ok(hk_span_eq(asked.key, HK_SPAN_LIT(KEY)), "key");
	ok(hk_span_eq(asked.extensions, HK_SPAN_LIT("permessage-deflate")), "extensions");
	ok(hk_wshand_names(asked.protocols, HK_SPAN_LIT("pager")), "a protocol that is named");
	ok(!hk_wshand_names(asked.protocols, HK_SPAN_LIT("page")), "one that is not");
	ok(!hk_wshand_names(asked.protocols, HK_SPAN_LIT("")), "nothing is not named");
	is_int(hk_wshand_reply(ACCEPT, lines, text, sizeof text, &len), HK_OK, "a reply");
	ok(len == sizeof wanted - 1 && memcmp(text, wanted, len) == 0, "byte for byte");
	is_int(hk_wshand_reply(ACCEPT, bad, text, sizeof text, &len), HK_EFORM,
		"two lines in one are none");
	is_int(hk_wshand_reply(ACCEPT, lines, text, sizeof wanted - 2, &len), HK_ELIMIT,
		"a reply that does not fit");
}

/* What the one side writes, the other one reads. */
static void
both(void)
{
	char text[600];
	size_t len, head = 0;
	hk_wshand_asked asked;
	hk_wshand_answer answer;

	is_int(hk_wshand_request(&(hk_wshand_ask){"[2001:db8::1]:7775", "/", KEY, with_protocol},
		       text, sizeof text, &len),
		HK_OK, "a request without a version");
	is_int(hk_wshand_asked_read(hk_span_of(text, len), &asked), HK_EFORM,
		"is not what our server takes");
	is_int(hk_wshand_request(&(hk_wshand_ask){"[2001:db8::1]:7775", "/", KEY, NULL}, text,
		       sizeof text, &len),
		HK_OK, "the usual one");
	is_int(hk_wshand_head_len(hk_span_of(text, len), 0, &head), HK_OK, "is a head");
	ok(head == len, "of its whole length");
	is_int(hk_wshand_asked_read(hk_span_of(text, len), &asked), HK_OK, "is taken");
	ok(hk_span_eq(asked.host, HK_SPAN_LIT("[2001:db8::1]:7775")), "with its host");
	is_int(hk_wshand_reply(ACCEPT, NULL, text, sizeof text, &len), HK_OK, "the reply");
	is_int(hk_wshand_answer_read(hk_span_of(text, len), &answer), HK_OK, "is read");
	is_int(hk_wshand_judge(&answer, ACCEPT, NULL), HK_WSHAND_FINE, "and found to be right");
}

static void
headlines(void)
{
	hk_span list = HK_SPAN_LIT(" a ,, B\t"), element;
	hk_headline line;

	ok(hk_headline_element(&list, &element) && hk_span_eq(element, HK_SPAN_LIT("a")) &&
			hk_headline_element(&list, &element) && element.len == 0 &&
			hk_headline_element(&list, &element) &&
			hk_span_eq(element, HK_SPAN_LIT("B")) &&
			!hk_headline_element(&list, &element),
		"elements of a list");
	ok(hk_headline_has(HK_SPAN_LIT("x, UPgrade"), HK_SPAN_LIT("upGRADE")), "case is ignored");
	ok(hk_headline_is(HK_SPAN_LIT("ABC"), "abc") && !hk_headline_is(HK_SPAN_LIT("AB"), "abc"),
		"a name");
	is_int(hk_headline_split(HK_SPAN_LIT("A:\t b c \t"), &line), HK_OK, "a line");
	ok(hk_span_eq(line.value, HK_SPAN_LIT("b c")), "its value without blanks around it");
	is_int(hk_headline_split(HK_SPAN_LIT("A: b\0c"), &line), HK_EFORM, "a NUL in it");
}

int
main(void)
{
	request();
	lines();
	bad_asks();
	judge();
	head_len();
	accept_value();
	server();
	both();
	headlines();
	return tap_done();
}
