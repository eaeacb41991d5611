#include "parse/wshand.h"

#include "base/codec.h"
#include "base/cur.h"
#include "parse/headline.h"

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* section 1.3 */

static const struct {
	const char *code, *meaning;
} faults[] = {
	{"fine", "nothing is wrong"},
#define HAND(id, code, meaning) {code, meaning},
#include "parse/wshand.def"
#undef HAND
};

const char *
hk_wshand_fault_code(hk_wshand_fault fault)
{
	return faults[fault].code;
}

const char *
hk_wshand_fault_meaning(hk_wshand_fault fault)
{
	return faults[fault].meaning;
}

void
hk_wshand_input(hk_span key, uint8_t ret[HK_WSHAND_INPUT_LEN])
{
	if (key.len != HK_WSHAND_KEY_LEN) {
		HK_BUG("a key of another length");
	}
	memcpy(ret, key.data, key.len);
	memcpy(ret + key.len, guid, sizeof guid - 1);
}

void
hk_wshand_accept(const uint8_t digest[HK_WSHAND_DIGEST_SIZE], char ret[HK_WSHAND_ACCEPT_LEN + 1])
{
	hk_base64_encode(hk_span_of(digest, HK_WSHAND_DIGEST_SIZE), ret);
}

hk_err
hk_wshand_head_len(hk_span bytes, size_t seen, size_t *ret)
{
	size_t scan = bytes.len < HK_WSHAND_HEAD_MAX ? bytes.len : HK_WSHAND_HEAD_MAX;
	/* The end may have begun in what was seen. */
	size_t from = seen > 3 ? seen - 3 : 0;

	for (size_t i = from; i + 4 <= scan; i++) {
		if (memcmp(bytes.data + i, "\r\n\r\n", 4) == 0) {
			*ret = i + 4;
			return HK_OK;
		}
	}
	return bytes.len >= HK_WSHAND_HEAD_MAX ? HK_ELIMIT : HK_ETRUNC;
}

/* ---- Lines ---- */

/* Every line is one, and there are not too many. */
static hk_err
check_lines(hk_span lines)
{
	unsigned count = 0;
	hk_span text;
	hk_headline line;

	while (lines.len > 0) {
		if (!hk_headline_take(&lines, false, &text)) {
			return HK_EFORM;
		}
		HK_TRY(hk_headline_split(text, &line));
		if (++count > HK_WSHAND_LINES_MAX) {
			return HK_ELIMIT;
		}
	}
	return HK_OK;
}

/* How many lines have that name, and the value of the last one (untouched if there is none). */
static unsigned
find(hk_span lines, const char *name, hk_span *ret)
{
	unsigned count = 0;
	hk_span text;
	hk_headline line;

	while (hk_headline_take(&lines, false, &text)) {
		if (hk_headline_split(text, &line) == HK_OK && hk_headline_is(line.name, name)) {
			*ret = line.value;
			count++;
		}
	}
	return count;
}

/* The one line of that name; an empty span for none. HK_EFORM for two. */
static hk_err
find_one(hk_span lines, const char *name, hk_span *ret)
{
	hk_span value = {NULL, 0};

	if (find(lines, name, &value) > 1) {
		return HK_EFORM;
	}
	*ret = value;
	return HK_OK;
}

/* Connection may stand on several lines. */
static bool
connection_upgrades(hk_span lines)
{
	hk_span text;
	hk_headline line;

	while (hk_headline_take(&lines, false, &text)) {
		if (hk_headline_split(text, &line) == HK_OK &&
			hk_headline_is(line.name, "connection") &&
			hk_headline_has(line.value, HK_SPAN_LIT("upgrade"))) {
			return true;
		}
	}
	return false;
}

/* A head without its empty line: the first line and the others. */
static hk_err
open_head(hk_span head, hk_span *ret_first, hk_span *ret_lines)
{
	size_t len;

	if (hk_wshand_head_len(head, 0, &len) != HK_OK || len != head.len) {
		return HK_EFORM;
	}
	hk_span rest = hk_span_of(head.data, head.len - 2);
	if (!hk_headline_take(&rest, false, ret_first)) {
		return HK_EFORM;
	}
	HK_TRY(check_lines(rest));
	*ret_lines = rest;
	return HK_OK;
}

bool
hk_wshand_names(hk_span list, hk_span name)
{
	hk_span element;

	while (hk_headline_element(&list, &element)) {
		if (element.len > 0 && hk_span_eq(element, name)) {
			return true;
		}
	}
	return false;
}

/* ---- Text that is written ---- */

typedef struct out {
	char *at;
	size_t left;
	bool full;
} out;

static void
put(out *o, const char *text, size_t len)
{
	if (o->full || len > o->left) {
		o->full = true;
		return;
	}
	memcpy(o->at, text, len);
	o->at += len;
	o->left -= len;
}

static void
put_text(out *o, const char *text)
{
	put(o, text, strlen(text));
}

/* A line with %HOST% and %KEY% put in (NULL: not), and its end. */
static void
put_line(out *o, const char *line, const char *host, const char *key)
{
	while (*line) {
		if (host && strncmp(line, "%HOST%", 6) == 0) {
			put_text(o, host);
			line += 6;
		} else if (key && strncmp(line, "%KEY%", 5) == 0) {
			put_text(o, key);
			line += 5;
		} else {
			put(o, line++, 1);
		}
	}
	put(o, "\r\n", 2);
}

static hk_err
end_head(out *o, size_t max, size_t *ret_len)
{
	put(o, "\r\n", 2);
	if (o->full) {
		return HK_ELIMIT;
	}
	*ret_len = max - o->left;
	return HK_OK;
}

static size_t
room(size_t max)
{
	return max < HK_WSHAND_HEAD_MAX ? max : HK_WSHAND_HEAD_MAX;
}

/* Visible ASCII that begins as it has to and is not too long. */
static bool
is_visible(const char *text, size_t max, const char *without)
{
	size_t n = 0;

	for (; text[n]; n++) {
		if (text[n] <= ' ' || text[n] >= 0x7f || strchr(without, text[n]) || n >= max) {
			return false;
		}
	}
	return n > 0;
}

/* ---- Client ---- */

const char *const *
hk_wshand_lines(void)
{
	static const char *const usual[] = {"Host: %HOST%", "Upgrade: websocket",
		"Connection: Upgrade", "Sec-WebSocket-Key: %KEY%", "Sec-WebSocket-Version: 13",
		NULL};

	return usual;
}

/* The lines that a handshake lives on: how often they may stand there, what their value holds as an element of a list, whatever its
 * case, and what it is, byte for byte. */
static const struct {
	const char *name;
	unsigned least, most;
	const char *holds, *is; /* or NULL: anything */
} vital[] = {
	{"host", 0, 1, NULL, NULL},
	{"upgrade", 1, 1, "websocket", NULL},
	{"connection", 1, 1, "upgrade", NULL},
	{"sec-websocket-key", 1, 1, NULL, "%KEY%"},
	{"sec-websocket-version", 0, 1, NULL, NULL},
	{"content-length", 0, 0, NULL, NULL},
	{"transfer-encoding", 0, 0, NULL, NULL},
};

static hk_err
check_vital(const char *const *lines, size_t row)
{
	unsigned count = 0;

	for (size_t i = 0; lines[i]; i++) {
		hk_headline line;
		HK_TRY(hk_headline_split(hk_span_str(lines[i]), &line));
		if (!hk_headline_is(line.name, vital[row].name)) {
			continue;
		}
		count++;
		if ((vital[row].holds &&
			    !hk_headline_has(line.value, hk_span_str(vital[row].holds))) ||
			(vital[row].is && !hk_span_eq(line.value, hk_span_str(vital[row].is)))) {
			return HK_EFORM;
		}
	}
	return count >= vital[row].least && count <= vital[row].most ? HK_OK : HK_EFORM;
}

hk_err
hk_wshand_lines_check(const char *const *lines)
{
	size_t count = 0;

	if (!lines) {
		return HK_OK;
	}
	while (lines[count]) {
		if (++count > HK_WSHAND_LINES_MAX) {
			return HK_ELIMIT;
		}
	}
	for (size_t i = 0; i < sizeof vital / sizeof vital[0]; i++) {
		HK_TRY(check_vital(lines, i));
	}
	return HK_OK;
}

hk_err
hk_wshand_request(const hk_wshand_ask *ask, char *ret, size_t max, size_t *ret_len)
{
	const char *const *lines = ask->lines ? ask->lines : hk_wshand_lines();
	out o = {ret, room(max), false};

	HK_TRY(hk_wshand_lines_check(lines));
	if (ask->path[0] != '/' || !is_visible(ask->path, HK_WSHAND_PATH_MAX, "#") ||
		!is_visible(ask->host, HK_WSHAND_HOST_MAX, "/?#@\\") ||
		!is_visible(ask->key, HK_WSHAND_KEY_LEN, ",") ||
		strlen(ask->key) != HK_WSHAND_KEY_LEN) {
		return HK_EFORM;
	}
	put_text(&o, "GET ");
	put_text(&o, ask->path);
	put_text(&o, " HTTP/1.1\r\n");
	for (size_t i = 0; lines[i]; i++) {
		put_line(&o, lines[i], ask->host, ask->key);
	}
	return end_head(&o, room(max), ret_len);
}

/* "HTTP/1.1 101 Switching Protocols"; the phrase and the blank before it may be missing. */
static hk_err
read_status(hk_span first, unsigned *ret_status, hk_span *ret_phrase)
{
	hk_cur cur = hk_cur_of(first);
	hk_span version;
	unsigned status = 0;
	uint8_t byte;

	HK_TRY(hk_cur_bytes(&cur, 9, &version));
	if (!hk_span_eq(version, HK_SPAN_LIT("HTTP/1.1 "))) {
		return HK_EFORM;
	}
	for (int i = 0; i < 3; i++) {
		HK_TRY(hk_cur_u8(&cur, &byte));
		if (byte < '0' || byte > '9') {
			return HK_EFORM;
		}
		status = status * 10 + (byte - '0');
	}
	if (status < 100 || status > 599 || (hk_cur_u8(&cur, &byte) == HK_OK && byte != ' ')) {
		return HK_EFORM;
	}
	hk_span phrase = hk_cur_rest(&cur);
	for (size_t i = 0; i < phrase.len; i++) {
		if ((phrase.data[i] < ' ' && phrase.data[i] != '\t') || phrase.data[i] == 0x7f) {
			return HK_EFORM;
		}
	}
	*ret_status = status;
	*ret_phrase = phrase;
	return HK_OK;
}

hk_err
hk_wshand_answer_read(hk_span head, hk_wshand_answer *ret)
{
	hk_wshand_answer answer = {0};
	hk_span first, value = {NULL, 0};

	HK_TRY(open_head(head, &first, &answer.lines));
	if (read_status(first, &answer.status, &answer.phrase) != HK_OK) {
		return HK_EFORM;
	}
	HK_TRY(find_one(answer.lines, "sec-websocket-accept", &answer.accept));
	HK_TRY(find_one(answer.lines, "sec-websocket-protocol", &answer.protocol));
	HK_TRY(find_one(answer.lines, "upgrade", &value));
	answer.upgrade = hk_headline_is(value, "websocket");
	answer.connection = connection_upgrades(answer.lines);
	answer.has_extension =
		find(answer.lines, "sec-websocket-extensions", &value) > 0 && value.len > 0;
	*ret = answer;
	return HK_OK;
}

/* Whether the lines that were sent name that subprotocol. */
static bool
was_asked(const char *const *lines, hk_span protocol)
{
	for (size_t i = 0; lines[i]; i++) {
		hk_headline line;
		if (hk_headline_split(hk_span_str(lines[i]), &line) == HK_OK &&
			hk_headline_is(line.name, "sec-websocket-protocol") &&
			hk_wshand_names(line.value, protocol)) {
			return true;
		}
	}
	return false;
}

hk_wshand_fault
hk_wshand_judge(const hk_wshand_answer *answer, const char *accept, const char *const *lines)
{
	if (answer->status != 101) {
		return HK_WSHAND_STATUS;
	}
	if (!answer->upgrade) {
		return HK_WSHAND_UPGRADE;
	}
	if (!answer->connection) {
		return HK_WSHAND_CONNECTION;
	}
	if (!hk_span_eq(answer->accept, hk_span_str(accept))) {
		return HK_WSHAND_ACCEPT;
	}
	if (answer->has_extension) {
		return HK_WSHAND_EXTENSION;
	}
	if (answer->protocol.len > 0 &&
		!was_asked(lines ? lines : hk_wshand_lines(), answer->protocol)) {
		return HK_WSHAND_PROTOCOL;
	}
	return HK_WSHAND_FINE;
}

/* ---- Server ---- */

/* "GET /path HTTP/1.1". */
static hk_err
read_request_line(hk_span first, hk_span *ret_path)
{
	static const char start[] = "GET ", end[] = " HTTP/1.1";
	size_t a = sizeof start - 1, b = sizeof end - 1;

	if (first.len <= a + b || memcmp(first.data, start, a) != 0 ||
		memcmp(first.data + first.len - b, end, b) != 0) {
		return HK_EFORM;
	}
	hk_span path = hk_span_of(first.data + a, first.len - a - b);
	for (size_t i = 0; i < path.len; i++) {
		if (path.data[i] <= ' ' || path.data[i] >= 0x7f || path.data[i] == '#') {
			return HK_EFORM;
		}
	}
	if (path.data[0] != '/' || path.len > HK_WSHAND_PATH_MAX) {
		return HK_EFORM;
	}
	*ret_path = path;
	return HK_OK;
}

/* Base64 of 16 bytes: no other text may be one of the accept value's parts. */
static bool
is_key(hk_span key)
{
	uint8_t bytes[HK_WSHAND_KEY_LEN];
	size_t len;

	return key.len == HK_WSHAND_KEY_LEN && hk_base64_decode(key, bytes, &len) == HK_OK &&
	       len == 16;
}

hk_err
hk_wshand_asked_read(hk_span head, hk_wshand_asked *ret)
{
	hk_wshand_asked asked = {0};
	hk_span first, upgrade, version, value;

	HK_TRY(open_head(head, &first, &asked.lines));
	HK_TRY(read_request_line(first, &asked.path));
	HK_TRY(find_one(asked.lines, "host", &asked.host));
	HK_TRY(find_one(asked.lines, "origin", &asked.origin));
	HK_TRY(find_one(asked.lines, "upgrade", &upgrade));
	HK_TRY(find_one(asked.lines, "sec-websocket-key", &asked.key));
	HK_TRY(find_one(asked.lines, "sec-websocket-version", &version));
	HK_TRY(find_one(asked.lines, "sec-websocket-protocol", &asked.protocols));
	find(asked.lines, "sec-websocket-extensions", &asked.extensions);
	/* A body would be taken for frames. */
	if (find(asked.lines, "content-length", &value) > 0 ||
		find(asked.lines, "transfer-encoding", &value) > 0 ||
		!hk_headline_has(upgrade, HK_SPAN_LIT("websocket")) ||
		!connection_upgrades(asked.lines) || version.len == 0) {
		return HK_EFORM;
	}
	if (!hk_span_eq(version, HK_SPAN_LIT("13"))) {
		return HK_EVERSION;
	}
	if (!is_key(asked.key)) {
		return HK_EFORM;
	}
	*ret = asked;
	return HK_OK;
}

hk_err
hk_wshand_reply(
	const char *accept, const char *const *lines, char *ret, size_t max, size_t *ret_len)
{
	out o = {ret, room(max), false};

	put_text(&o, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		     "Connection: Upgrade\r\nSec-WebSocket-Accept: ");
	put_line(&o, accept, NULL, NULL);
	for (size_t i = 0; lines && lines[i]; i++) {
		hk_headline line;
		HK_TRY(hk_headline_split(hk_span_str(lines[i]), &line));
		put_line(&o, lines[i], NULL, NULL);
	}
	return end_head(&o, room(max), ret_len);
}
