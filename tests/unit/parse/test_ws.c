/* Frames: the vectors, in pieces of several sizes; what is written is what is read. */
#include "parse/ws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* ---- Vectors ---- */

typedef struct text {
	char *at; /* with its NUL */
	size_t len, size;
} text;

static void
put(text *t, const char *bytes, size_t len)
{
	if (t->len + len + 1 > t->size) {
		t->size = (t->len + len + 1) * 2;
		t->at = realloc(t->at, t->size);
	}
	memcpy(t->at + t->len, bytes, len);
	t->len += len;
	t->at[t->len] = '\0';
}

static void
put_hex(text *t, hk_span bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		char two[2] = {digits[bytes.data[i] >> 4], digits[bytes.data[i] & 15]};
		put(t, two, 2);
	}
}

/* "2a*3" becomes 2a2a2a; blanks stay. */
static void
unfold(text *t, const char *from)
{
	while (*from) {
		unsigned long n = 1;
		size_t len = 1;
		if (strchr(from, '*') == from + 2) {
			char *end;
			n = strtoul(from + 3, &end, 10);
			len = 2;
			while (n-- > 0) {
				put(t, from, len);
			}
			from = end;
			continue;
		}
		put(t, from, len);
		from += len;
	}
}

static uint8_t *
bytes_of(const char *hex, size_t *ret_len)
{
	text t = {0};
	size_t n = 0;
	unsigned byte;

	put(&t, "", 0);
	unfold(&t, hex);
	uint8_t *bytes = malloc(t.len / 2 + 1);
	for (const char *at = t.at; *at; at += *at == ' ' ? 1 : 2) {
		if (*at != ' ' && sscanf(at, "%2x", &byte) == 1) {
			bytes[n++] = (uint8_t)byte;
		}
	}
	free(t.at);
	*ret_len = n;
	return bytes;
}

static const char *
name_of(hk_ws_kind kind)
{
	return kind == HK_WS_TEXT     ? "text"
	       : kind == HK_WS_BINARY ? "binary"
	       : kind == HK_WS_PING   ? "ping"
	       : kind == HK_WS_PONG   ? "pong"
				      : "close";
}

/* Events as the vectors write them. */
typedef struct told {
	text all, message;
	bool open;
	hk_ws_kind kind;
} told;

static void
begin(told *t, const char *what)
{
	if (t->all.len > 0) {
		put(&t->all, " ; ", 3);
	}
	put(&t->all, what, strlen(what));
}

static void
tell_bytes(told *t, hk_span bytes)
{
	if (bytes.len > 0) {
		put(&t->all, " ", 1);
		put_hex(&t->all, bytes);
	}
}

static void
tell(told *t, const hk_ws_part *part)
{
	char code[16];

	if (part->kind == HK_WS_CLOSE) {
		begin(t, "close");
		snprintf(code, sizeof code, " %d", part->code);
		put(&t->all, code, strlen(code));
		tell_bytes(t, part->reason);
	} else if (part->kind >= HK_WS_CLOSE) {
		begin(t, name_of(part->kind));
		tell_bytes(t, part->bytes);
	} else {
		if (part->first == t->open || (t->open && part->kind != t->kind)) {
			begin(t, "a piece that does not belong here");
		}
		t->open = !part->last;
		t->kind = part->kind;
		put(&t->message, (const char *)part->bytes.data, part->bytes.len);
		if (part->last) {
			begin(t, name_of(part->kind));
			tell_bytes(t, hk_span_of(t->message.at, t->message.len));
			t->message.len = 0;
		}
	}
}

/* All of bytes, in pieces; each in memory of its own, so that the sanitizer sees a read or write over its end. */
static void
read_all(told *t, hk_ws_reader *reader, const uint8_t *bytes, size_t len, size_t step)
{
	for (size_t at = 0; at < len; at += step) {
		size_t n = len - at < step ? len - at : step, used = 0, done = 0;
		uint8_t *piece = malloc(n);
		hk_ws_part part;
		hk_err err;
		memcpy(piece, bytes + at, n);
		while ((err = hk_ws_read(reader, piece + done, n - done, &used, &part)) == HK_OK) {
			if (used == 0 || used > n - done) {
				begin(t, "used out of range");
			}
			tell(t, &part);
			done += used;
			if (done == n) {
				break;
			}
		}
		free(piece);
		if (err != HK_OK && err != HK_ETRUNC) {
			begin(t, "!");
			put(&t->all, hk_ws_fault_code(reader->fault),
				strlen(hk_ws_fault_code(reader->fault)));
			return;
		}
	}
	if (reader->open || reader->head_len > 0) {
		begin(t, "...");
	}
}

static void
check_row(char **column)
{
	hk_ws_role role = strcmp(column[1], "server") == 0 ? HK_WS_SERVER : HK_WS_CLIENT;
	unsigned long limits[3] = {0, 0, 0};
	static const size_t steps[] = {(size_t)-1, 1, 3, 1000};
	size_t len;
	uint8_t *bytes = bytes_of(column[3], &len);
	text want = {0};

	sscanf(column[2], "%lu/%lu/%lu", &limits[0], &limits[1], &limits[2]);
	put(&want, "", 0);
	unfold(&want, column[4]);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		told t = {0};
		hk_ws_reader reader;
		put(&t.all, "", 0);
		hk_ws_reader_init(&reader, role, limits[0], limits[1], (unsigned)limits[2]);
		read_all(&t, &reader, bytes, len, len > steps[i] ? steps[i] : len > 0 ? len : 1);
		ok(strcmp(t.all.at, want.at) == 0, "%s, in pieces of %zd", column[0],
			(ssize_t)steps[i]) ||
			(tap_diag("got %.200s, want %.200s", t.all.at, want.at), true);
		free(t.all.at);
		free(t.message.at);
	}
	free(want.at);
	free(bytes);
}

static void
vectors(void)
{
	size_t len, rows = 0;
	char *file = (char *)tap_file("tests/vectors/ws.tsv", &len), *line, *rest = file;

	while ((line = strsep(&rest, "\n"))) { /* nocheck: our own vectors, empty fields matter */
		char *column[5];
		size_t n = 0;
		if (*line == '#' || !*line) {
			continue;
		}
		while (n < 5 && (column[n] = strsep(&line, "\t"))) { /* nocheck: as above */
			n++;
		}
		if (ok(n == 5, "row %zu has five columns", ++rows)) {
			check_row(column);
		}
	}
	ok(rows > 200, "%zu rows", rows);
	free(file);
}

/* ---- By hand ---- */

static hk_err
read_once(hk_ws_reader *reader, const char *hex, hk_ws_part *ret)
{
	static uint8_t *bytes;
	size_t len, used;

	free(bytes);
	bytes = bytes_of(hex, &len);
	return hk_ws_read(reader, bytes, len, &used, ret);
}

static void
faults_stay(void)
{
	hk_ws_reader reader;
	hk_ws_part part;

	hk_ws_reader_init(&reader, HK_WS_CLIENT, 0, 0, 0);
	is_int(read_once(&reader, "83", &part), HK_ETRUNC, "one byte is too few");
	is_int(read_once(&reader, "00", &part), HK_EFORM, "a reserved opcode");
	is_int(reader.fault, HK_WS_FAULT_OPCODE, "says so");
	is_int(read_once(&reader, "8100", &part), HK_EFORM, "and it stays");
	hk_ws_reader_init(&reader, HK_WS_CLIENT, 5, 5, 1);
	is_int(read_once(&reader, "8206", &part), HK_ELIMIT, "over a limit");
	is_int(hk_ws_fault_close(reader.fault), 1009, "which is told with 1009");
	is_int(read_once(&reader, "8200", &part), HK_ELIMIT, "and it stays");
	for (int i = 0; i < HK_WS_FAULT_COUNT; i++) {
		ok(hk_ws_code_valid(hk_ws_fault_close((hk_ws_fault)i)),
			"%s has a code that may be sent", hk_ws_fault_code((hk_ws_fault)i));
	}
}

/* Early: nothing of a piece with bad bytes is handed out, and what came before was. */
static void
early(void)
{
	hk_ws_reader reader;
	hk_ws_part part;

	hk_ws_reader_init(&reader, HK_WS_CLIENT, 0, 0, 0);
	is_int(read_once(&reader, "8164 e5bf83e8b7b3", &part), HK_OK,
		"the first bytes of 100 are handed out");
	ok(part.first && !part.last && part.bytes.len == 6, "as a piece");
	is_int(read_once(&reader, "26e5", &part), HK_OK, "the next ones, too");
	ok(!part.first && !part.last && part.bytes.len == 2, "as another piece");
	is_int(read_once(&reader, "41", &part), HK_EFORM, "what cannot go on is refused at once");
	is_int(reader.fault, HK_WS_FAULT_UTF8, "as no UTF-8");
}

static void
writes(void)
{
	static const size_t lens[] = {0, 1, 7, 125, 126, 127, 65535, 65536, 70000};
	static const uint8_t mask[4] = {0x5a, 0x0c, 0xb5, 0xf1};

	for (size_t i = 0; i < 2 * sizeof lens / sizeof lens[0]; i++) {
		size_t len = lens[i / 2], used;
		hk_ws_role role = i % 2 ? HK_WS_SERVER : HK_WS_CLIENT;
		size_t size = hk_ws_frame_size(role, len);
		uint8_t *payload = malloc(len + 1), *frame = malloc(size);
		hk_ws_reader reader;
		hk_ws_part part;
		for (size_t k = 0; k < len; k++) {
			payload[k] = (uint8_t)(k * 7);
		}
		hk_ws_frame(role, HK_WS_BINARY, true, hk_span_of(payload, len), mask, frame);
		hk_ws_reader_init(
			&reader, role == HK_WS_CLIENT ? HK_WS_SERVER : HK_WS_CLIENT, 0, 0, 0);
		is_int(hk_ws_read(&reader, frame, size, &used, &part), HK_OK, "%zu bytes, %s", len,
			i % 2 ? "of a server" : "of a client");
		ok(used == size && part.first && part.last &&
				hk_span_eq(part.bytes, hk_span_of(payload, len)),
			"come back");
		free(payload);
		free(frame);
	}
}

static void
masks(void)
{
	static const uint8_t mask[4] = {1, 2, 3, 4};
	uint8_t slow[40], quick[40];

	for (size_t at = 0; at < 9; at++) {
		for (size_t len = 0; len <= 31; len++) {
			for (size_t i = 0; i < sizeof slow; i++) {
				slow[i] = quick[i] = (uint8_t)(i * 11);
			}
			for (size_t i = 0; i < len; i++) {
				slow[i + 1] ^= mask[(at + i) % 4];
			}
			hk_ws_mask(quick + 1, len, mask, at);
			if (memcmp(slow, quick, sizeof slow) != 0) {
				ok(false, "a mask from %zu over %zu bytes", at, len);
			}
		}
	}
	ok(true, "masks of any length from anywhere");
}

static void
closes(void)
{
	uint8_t payload[HK_WS_CONTROL_MAX];
	char reason[201];

	is_int(hk_ws_close_payload(HK_WS_CODE_NONE, HK_SPAN_LIT("x"), payload), 0, "no code");
	is_int(hk_ws_close_payload(1000, HK_SPAN_LIT(""), payload), 2, "a code alone");
	is_mem(payload, "\x03\xe8", 2, "in network order");
	for (size_t i = 0; i < 200; i += 2) {
		memcpy(reason + i, "\xc3\xb6", 2);
	}
	reason[200] = '\0';
	is_int(hk_ws_close_payload(1000, hk_span_str(reason), payload), 124,
		"a long reason is cut between two characters");
	ok(hk_utf8_valid(hk_span_of(payload + 2, 122)), "and is UTF-8");
	is_int(hk_ws_close_payload(1000, hk_span_of("\x80\x80\x80", 3), payload), 5,
		"a short one is not looked at");
	is_str(hk_ws_code_meaning(1001), "going away", "a code with a row");
	is_str(hk_ws_code_meaning(3001), "of a library", "a code of a library");
	is_str(hk_ws_code_meaning(4999), "private use", "a private one");
	is_str(hk_ws_code_meaning(5000), "unknown", "one that there is not");
	ok(!hk_ws_code_valid(HK_WS_CODE_NONE) && !hk_ws_code_valid(HK_WS_CODE_LOST) &&
			hk_ws_code_valid(HK_WS_CODE_AWAY),
		"1005 and 1006 are never sent");
}

int
main(void)
{
	vectors();
	faults_stay();
	early();
	writes();
	masks();
	closes();
	return tap_done();
}
