/* The manifest: canonical, and read again as it was written; changed ones are refused or seen. */
#include <string.h>

#include "base/err.h"
#include "evidence/manifest.h"
#include "sys/gerr.h"
#include "tap.h"

static const hk_manifest_artefact files[] = {
	{"warc", "capture.warc.gz", "application/warc", 1234, {0xab, 1}},
	{"viewport", "viewport.png", "image/png", 0, {0xcd}}};
static const hk_manifest_variant variants[] = {
	{"iphone", "sms", "direct", 1, "complete", "https://evil.example/\"", "192.0.2.1",
		1764468000123, 900, files, 2},
	{"desktop", "none", "direct", 2, "timeout", NULL, NULL, 1764468001123, 20000, NULL, 0}};
static const hk_manifest run = {.case_id = 7,
	.run_id = 3,
	.url = "https://evil.example/みほん",
	.plan = "standard",
	.operator_name = "hanako",
	.browser = "HeadlessChrome/156.0.1.2",
	.started_ms = 1764468000000,
	.done_ms = 1764468030000,
	.variants = variants,
	.variant_count = 2};

/* Members of one object, in order of the text, must rise. */
static bool
sorted(const char *text)
{
	static const char *const order[] = {"\"browser\"", "\"case\"", "\"clock\"", "\"done_ms\"",
		"\"exit_address\"", "\"format\"", "\"hikeshi\"", "\"operator\"", "\"plan\"",
		"\"run\"", "\"started_ms\"", "\"url\"", "\"variants\"", "\"address\"",
		"\"artefacts\"", "\"bytes\"", "\"kind\"", "\"name\"", "\"path\"", "\"sha256\"",
		"\"type\""};

	for (size_t i = 0; text && i < G_N_ELEMENTS(order); i++) {
		text = strstr(text, order[i]);
	}
	return text != NULL;
}

static void
refused(const char *text, const char *from, const char *to, const char *what)
{
	g_auto(GStrv) parts = g_strsplit(text, from, 2);
	g_autofree char *changed = g_strjoinv(to, parts);
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_manifest_file) read = hk_manifest_read(hk_span_str(changed), &error);

	ok(strcmp(changed, text) != 0 && !read && hk_error_code(error) == HK_EFORM, "refused: %s",
		what);
}

int
main(void)
{
	g_autofree char *text = hk_manifest_write(&run);
	g_autofree char *twice = hk_manifest_write(&run);
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_manifest_file) read = hk_manifest_read(hk_span_str(text), &error);

	is_str(text, twice, "the same run gives the same bytes");
	ok(sorted(text) && g_str_has_suffix(text, "}\n") && !strstr(text, "\": "),
		"canonical: sorted, without white space");
	if (ok(read != NULL, "read: %s", error ? error->message : "fine")) {
		g_autofree char *again = hk_manifest_write(hk_manifest_of(read));
		is_str(again, text, "nothing was lost");
	}
	refused(text, "hikeshi-manifest-1", "hikeshi-manifest-9", "another format");
	refused(text, "viewport.png", "../../evil", "a name that leads elsewhere");
	refused(text, "viewport.png", ".", "the folder itself");
	refused(text, "\"ab01", "\"ab0", "a hash that is none");
	refused(text, "\"plan\"", "\"plam\"", "a member that is missing");
	refused(text, "}\n", "", "half of it");
	return tap_done();
}
