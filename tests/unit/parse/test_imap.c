/* IMAP responses: frames with literals, lists, codes; folder names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse/imap.h"
#include "tap.h"

static void
frame(const char *text, size_t max, hk_err err, size_t want, const char *what)
{
	size_t len = 0;

	is_int(hk_imap_frame(hk_span_str(text), max, &len), err, "%s", what);
	is_int(len, want, "%s: length", what);
}

static void
folder(const char *name, const char *want)
{
	char got[100] = "";

	is_int(hk_imap_folder(hk_span_str(name), got, sizeof got), want ? HK_OK : HK_EFORM,
		"folder %s", name);
	if (want) {
		is_str(got, want, "folder %s: name", name);
	}
}

static hk_imap_fetch
fetched(const char *text, hk_err err, const char *what)
{
	hk_imap_fetch f = {0};

	is_int(hk_imap_fetched(hk_span_str(text), &f), err, "%s", what);
	return f;
}

int
main(void)
{
	hk_imap_response r;
	uint64_t n = 0;
	size_t pos = 0;
	char small[6];

	frame("* OK ready\r\nmore", 100, HK_OK, 12, "a line");
	frame("* OK rea", 100, HK_ETRUNC, 0, "half a line");
	frame("* 1 FETCH (BODY[] {5}\r\na\r\nb) UID 3)\r\nx", 100, HK_OK, 37,
		"a literal with a line end");
	frame("* 1 FETCH (BODY[] {5}\r\na\r\n", 100, HK_ETRUNC, 0, "half a literal");
	frame("* 1 FETCH (BODY[] {500}\r\n", 100, HK_ELIMIT, 0, "a literal over the cap");
	frame("* 1 FETCH (BODY[] {99999999999999999999}\r\n", 100, HK_ELIMIT, 0, "an endless one");
	frame("* OK {}\r\n", 100, HK_EFORM, 0, "a literal without length");
	frame("* OK {a}\r\n", 100, HK_OK, 10, "no literal");
	frame("", 100, HK_ETRUNC, 0, "nothing");
	frame("0123456789", 5, HK_ELIMIT, 0, "a line over the cap");

	/* A folder that nobody has looked at for years: the answer to the first search. */
	const size_t mails = 1000000;
	size_t size = 16 + mails * 11, at = 0, len = 0, count = 0;
	char *line = malloc(size);

	at = (size_t)snprintf(line, size, "* SEARCH");
	for (size_t i = 0; i < mails; i++) {
		at += (size_t)snprintf(line + at, size - at, " %u", 4200000000u + (unsigned)i);
	}
	at += (size_t)snprintf(line + at, size - at, "\r\n");
	is_int(hk_imap_frame(hk_span_of(line, at), 64u << 20, &len), HK_OK, "a million numbers");
	is_int(hk_imap_read(hk_span_of(line, len), &r), HK_OK, "are a response");
	while (hk_imap_next_number(r.rest, &pos, &n)) {
		count++;
	}
	is_int(count, mails, "and all of them are read");
	free(line);
	pos = 0;

	is_int(hk_imap_read(HK_SPAN_LIT("* 12 FETCH (UID 3)\r\n"), &r), HK_OK, "untagged");
	ok(r.kind == HK_IMAP_UNTAGGED && r.number == 12 && hk_imap_is(r.word, "fetch"), "a FETCH");
	is_int(hk_imap_read(HK_SPAN_LIT("A1 NO [X] sorry\r\n"), &r), HK_OK, "tagged");
	ok(r.kind == HK_IMAP_TAGGED && hk_imap_is(r.tag, "A1") && hk_imap_is(r.word, "NO"), "a NO");
	is_int(hk_imap_read(HK_SPAN_LIT("+ \r\n"), &r), HK_OK, "continuation");
	ok(r.kind == HK_IMAP_CONTINUE, "a continuation");
	is_int(hk_imap_read(HK_SPAN_LIT("\r\n"), &r), HK_EFORM, "an empty line");
	is_int(hk_imap_read(HK_SPAN_LIT("*\r\n"), &r), HK_EFORM, "a star");

	ok(hk_imap_code(HK_SPAN_LIT("[UIDVALIDITY 77] x"), "uidvalidity", &n) && n == 77, "a code");
	ok(!hk_imap_code(HK_SPAN_LIT("[UIDNEXT 77] x"), "uidvalidity", &n), "another code");
	ok(!hk_imap_code(HK_SPAN_LIT("[UIDVALIDITY 77"), "uidvalidity", &n), "half a code");
	ok(hk_imap_has(HK_SPAN_LIT("IMAP4rev1 MOVE UIDPLUS"), "move") &&
			!hk_imap_has(HK_SPAN_LIT("XMOVE"), "MOVE"),
		"words");
	ok(hk_imap_next_number(HK_SPAN_LIT("3 x 5"), &pos, &n) && n == 3, "a number");
	ok(hk_imap_next_number(HK_SPAN_LIT("3 x 5"), &pos, &n) && n == 5, "the next");
	ok(!hk_imap_next_number(HK_SPAN_LIT("3 x 5"), &pos, &n), "no more");

	hk_imap_fetch f =
		fetched("(FLAGS (\\Seen \"a)b\") UID 9 RFC822.SIZE 12 BODY[]<0> {4}\r\n) ( X y)",
			HK_OK, "a list");
	ok(f.uid == 9 && f.size == 12 && f.body.len == 4 && memcmp(f.body.data, ") ( ", 4) == 0,
		"its values");
	f = fetched("(BODY[] \"q\\\"x\" UID 1)", HK_OK, "a quoted body");
	is_int(f.body.len, 4, "with its escape");
	f = fetched("(UID 1 BODY[] NIL)", HK_OK, "no body");
	ok(f.body.data && f.body.len == 0, "NIL");
	fetched("(UID x)", HK_EFORM, "no number");
	fetched("(UID 1", HK_ETRUNC, "no end");
	fetched("(UID", HK_EFORM, "no value");
	fetched("UID 1", HK_EFORM, "no list");
	fetched("(BODY[] {9}\r\nx)", HK_ETRUNC, "a literal that is cut");
	fetched("(BODY[HEADER.FIELDS (A B)] \"x\" UID 2)", HK_OK, "a key with brackets");

	folder("INBOX", "\"INBOX\"");
	folder("フィッシング", "\"&MNUwozDDMLcw8zCw-\"");
	folder("a&b", "\"a&-b\"");
	folder("台北/日本語x", "\"&U,BTFw-/&ZeVnLIqe-x\"");
	folder("😀", "\"&2D3eAA-\"");
	folder("a\"b\\", "\"a\\\"b\\\\\"");
	folder("a\r\nb", NULL);
	folder("\xff", NULL);
	is_int(hk_imap_quote(HK_SPAN_LIT("abcdef"), small, sizeof small), HK_ELIMIT, "no room");
	is_int(hk_imap_quote(HK_SPAN_LIT("a\nb"), small, sizeof small), HK_EFORM, "a line end");
	is_int(hk_imap_quote(HK_SPAN_LIT("a\""), small, sizeof small), HK_OK, "a quote");
	is_str(small, "\"a\\\"\"", "is escaped");
	return tap_done();
}
