/* report_letters DIR SEED COUNT: letters of briefs that chance invented, for tests/scenario/letters.t: DIR/N.eml, and DIR/N.json, what an independent reader
 * must find in it. A letter that cannot be made is a line on standard output. With CERT KEY behind them: every other letter is signed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "briefs.h"
#include "report/letter.h"
#include "report/template.h"
#include "rng.h"
#include "sys/file.h"
#include "sys/hash.h"
#include "sys/jsonw.h"
#include "sys/mime.h"

static const char *const forms[] = {"auto", "xarf", "xarf3", "xarf2", "arf", "plain"};

static void
save(const char *dir, uint64_t number, const char *end, const void *data, size_t len)
{
	g_autofree char *path = g_strdup_printf("%s/%" G_GUINT64_FORMAT ".%s", dir, number, end);

	if (!hk_file_replace_fast(path, hk_span_of(data, len), NULL)) {
		fprintf(stderr, "report_letters: %s cannot be written\n", path);
		exit(1);
	}
}

static void
expected(const char *dir, uint64_t number, const hk_letter *letter, const hk_recipient *to,
	const hk_letter_options *options, const hk_brief *brief)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const hk_brief_site *lead = g_ptr_array_index(brief->sites, 0);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "subject");
	/* As it is: what jsonw escapes for terminals is JSON all the same. */
	hk_jsonw_str(out, letter->title);
	hk_jsonw_member_str(out, "to", letter->to);
	hk_jsonw_member_str(out, "sender", letter->sender);
	hk_jsonw_member_str(out, "id", letter->message_id);
	hk_jsonw_member_str(out, "form", forms[options->form]);
	hk_jsonw_member_str(out, "kind", to->kind);
	hk_jsonw_member_str(out, "url", lead->url);
	hk_jsonw_member_int(out, "files", letter->files);
	hk_jsonw_member_bool(out, "lure", brief->lure != NULL);
	hk_jsonw_member_bool(out, "trademark", g_strcmp0(brief->wording, "trademark") == 0);
	hk_jsonw_member_bool(out, "signed", options->signer != NULL);
	hk_jsonw_close(out, '}');
	save(dir, number, "json", out->str, out->len);
}

static void
one(const char *dir, uint64_t seed, uint64_t number, const hk_smime *signer)
{
	static const char *const langs[] = {"en", "ja", "zh", "fr"};
	static const char *const steps[] = {"first", "first", "followup", "escalation", "notice"};
	static const char *const refs[] = {
		"<a@b.example>", "nonsense\r\nBcc: x", "<c@d.example>", NULL};
	rg_rng rng = rg_rng_of(seed, "letter", number);
	g_autoptr(hk_brief) brief = hk_test_brief(seed, number);
	g_autoptr(GError) error = NULL;
	char token[33];
	hk_recipient to = {
		.kind = (char *)hk_template_kinds[rg_rng_next(&rng) % hk_template_kind_count].name,
		.name = brief->registrar,
		.address = (char *)"abuse@hosting.example",
		.subject = brief->target_en,
		.lang = (char *)langs[rg_rng_next(&rng) % 4],
		.step = (char *)steps[rg_rng_next(&rng) % 5]};
	hk_letter_options options = {.now_ms = 1793836800000,
		.form = (hk_letter_form)(rg_rng_next(&rng) % G_N_ELEMENTS(forms)),
		.references = rg_rng_next(&rng) % 2 ? refs : NULL,
		.in_reply_to = rg_rng_next(&rng) % 2 ? "<c@d.example>" : NULL,
		.signer = number % 2 ? signer : NULL};

	hk_test_token(seed, number, token);
	g_autoptr(hk_letter) letter = hk_letter_make(brief, &to, token, &options, &error);
	if (!letter) {
		printf("%" G_GUINT64_FORMAT ": %s\n", number, error->message);
		return;
	}
	gsize len;
	const void *data = g_bytes_get_data(letter->bytes, &len);
	save(dir, number, "eml", data, len);
	expected(dir, number, letter, &to, &options, brief);
}

int
main(int argc, char **argv)
{
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : 100;
	g_autoptr(hk_smime) signer = argc > 5 ? hk_smime_new(argv[4], argv[5], NULL) : NULL;

	hk_mime_init();
	for (uint64_t i = 0; i < count; i++) {
		one(argv[1], seed, i, signer);
	}
	return 0;
}
