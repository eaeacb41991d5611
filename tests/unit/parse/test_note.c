#include "parse/note.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define SIG  "\xE2\x80\x94 k AAAAAAE=\n"

static void
sunlight(void)
{
	size_t len;
	uint8_t *bytes = tap_file("tests/fixtures/ct/checkpoint/sunlight", &len);
	hk_note note;
	hk_note_head head;
	hk_note_tree_head_sig sig;

	is_int(hk_note_parse(hk_span_of(bytes, len), &note), HK_OK, "sunlight's checkpoint");
	is_int(note.sig_count, 1, "one signature");
	is_int(note.sigs[0].key_id, 0x91507526, "its key ID");
	is_int(hk_note_head_parse(note.text, &head), HK_OK, "its lines");
	is_int(head.size, 300, "size");
	ok(hk_span_eq(head.origin, HK_SPAN_LIT("rome2026h1.example.org")), "origin");
	is_int(hk_note_sig_tree_head(&note.sigs[0], &sig), HK_OK, "type 0x05");
	is_int(sig.timestamp_ms, 1767139200000, "timestamp");
	is_int(sig.sig_len, 75, "DigitallySigned");
	free(bytes);
}

static void
forms(void)
{
	static const struct {
		const char *text;
		hk_err err;
		const char *why;
	} rows[] = {
		{"o\n0\n" ROOT "\n\n" SIG, HK_OK, "a note"},
		{"a\n\nb\n\n" SIG, HK_OK, "split at the last empty line"},
		{"o\n0\n" ROOT "\n\n", HK_EFORM, "no signature line"},
		{"o\n0\n" ROOT "\n" SIG, HK_EFORM, "no empty line"},
		{"o\n\n\xE2\x80\x94 k AAAAAAE=", HK_EFORM, "no LF at the end"},
		{"o\n\n- k AAAAAAE=\n", HK_EFORM, "another dash"},
		{"o\n\n\xE2\x80\x94 k AAAAAA==\n", HK_EFORM, "a signature of no byte"},
		{"o\n\n\xE2\x80\x94 k+ AAAAAAE=\n", HK_EFORM, "a plus in the name"},
		{"o\n\n\xE2\x80\x94 k\xC2\xA0 AAAAAAE=\n", HK_EFORM, "a blank in the name"},
		{"o\n\n\xE2\x80\x94  AAAAAAE=\n", HK_EFORM, "no name"},
		{"o\n\n\xE2\x80\x94 k AAAAAAE\n", HK_EFORM, "no base64"},
		{"o\t\n\n" SIG, HK_EFORM, "a control character"},
		{"o\xFF\n\n" SIG, HK_EFORM, "not UTF-8"},
		{"", HK_EFORM, "nothing"},
	};
	static hk_note note;
	char many[HK_NOTE_SIGS_MAX * sizeof SIG + 64];
	int at = snprintf(many, sizeof many, "o\n\n");

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		is_int(hk_note_parse(hk_span_str(rows[i].text), &note), rows[i].err, "%s",
			rows[i].why);
	}
	for (int i = 0; i < HK_NOTE_SIGS_MAX; i++) {
		at += snprintf(many + at, sizeof many - (size_t)at, SIG);
	}
	is_int(hk_note_parse(hk_span_str(many), &note), HK_OK, "%d signatures", HK_NOTE_SIGS_MAX);
	snprintf(many + at, sizeof many - (size_t)at, SIG);
	is_int(hk_note_parse(hk_span_str(many), &note), HK_ELIMIT, "one more");
}

static void
heads(void)
{
	static const struct {
		const char *text;
		hk_err err;
	} rows[] = {
		{"o\n0\n" ROOT "\n", HK_OK},
		{"o\n18446744073709551615\n" ROOT "\n", HK_ERANGE},
		{"o\n01\n" ROOT "\n", HK_EFORM},
		{"o\n+1\n" ROOT "\n", HK_EFORM},
		{"\n1\n" ROOT "\n", HK_EFORM},
		{"o\n1\nAAAA\n", HK_EFORM},
		{"o\n1\n" ROOT, HK_EFORM},
		{"o\n1\n" ROOT "\nmore\n", HK_OK},
		{"o\n1\n" ROOT "\n\nmore\n", HK_EFORM},
	};
	hk_note_head head;
	uint8_t out[200];
	size_t len;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		is_int(hk_note_head_parse(hk_span_str(rows[i].text), &head), rows[i].err, "row %zu",
			i);
		if (rows[i].err == HK_OK) {
			is_int(hk_note_head_print(&head, out, sizeof out, &len), HK_OK, "print it");
			ok(hk_span_eq(hk_span_of(out, len), hk_span_str(rows[i].text)), "the same");
			is_int(hk_note_head_print(&head, out, len - 1, &len), HK_ELIMIT, "no room");
		}
	}
}

int
main(void)
{
	sunlight();
	forms();
	heads();
	return tap_done();
}
