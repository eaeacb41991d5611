#include "source/ct/evidence.h"

#include <inttypes.h>
#include <string.h>

#include "base/codec.h"
#include "sys/clock.h"
#include "sys/file.h"

/* A folder of its own for each event; two within a millisecond get a number. */
static char *
make_folder(const hk_reader *reader, const char *kind, GError **error)
{
	char id[65];
	char when[HK_CLOCK_TEXT_SIZE];

	hk_hex_encode(hk_span_of(reader->log->id, 32), id);
	hk_clock_format(hk_clock_wall_ms(), when);
	g_strdelimit(when, ":.", '-');
	g_autofree char *base = g_strdup_printf(
		"%s/evidence/%s/%s-%s", hk_keep_folder(reader->follow->keep), id, when, kind);
	g_autofree char *path = g_strdup(base);
	for (unsigned n = 2; g_file_test(path, G_FILE_TEST_EXISTS) && n < 1000; n++) {
		g_free(path);
		path = g_strdup_printf("%s-%u", base, n);
	}
	return hk_file_mkdirs(path, error) ? g_steal_pointer(&path) : NULL;
}

static bool
put(const char *folder, const char *name, hk_span bytes, GError **error)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	return hk_file_replace(path, bytes, error);
}

static void
describe_head(GString *out, const char *name, const hk_ct_head *head)
{
	char root[65];
	char when[HK_CLOCK_TEXT_SIZE];

	if (!head) {
		g_string_append_printf(out, "%s: none\n", name);
		return;
	}
	hk_hex_encode(hk_span_of(head->root, 32), root);
	g_string_append_printf(out, "%s: size %" PRIu64 ", root %s, timestamp %s\n", name,
		head->size, root, hk_clock_format(head->timestamp_ms, when));
}

static GString *
describe(const hk_reader *reader, const char *kind, const char *why, const hk_ct_head *older,
	const hk_ct_head *newer)
{
	GString *out = g_string_new(NULL);
	char id[65];

	hk_hex_encode(hk_span_of(reader->log->id, 32), id);
	g_string_append_printf(out, "%s\n\nkind: %s\nlog: %s\nurl: %s\nlog id: %s\n", why, kind,
		reader->log->description, reader->base, id);
	describe_head(out, "older head (file head-older)", older);
	describe_head(out, "newer head (file head-newer)", newer);
	g_string_append_printf(out,
		"entries read: %" PRIu64 ", of them below a verified head: %" PRIu64 "\n\n"
		"Both heads are kept as they were served; each carries the log's signature, which "
		"its key in the log\n"
		"list verifies. entries-* are the bodies read since the last verified head, also "
		"as served.\n",
		reader->range.size, reader->st->verified);
	return out;
}

char *
hk_evidence_keep(const hk_reader *reader, const char *kind, const char *why,
	const hk_ct_head *older, const hk_ct_head *newer, GError **error)
{
	g_autofree char *folder = make_folder(reader, kind, error);

	if (!folder) {
		return NULL;
	}
	g_autoptr(GString) text = describe(reader, kind, why, older, newer);
	bool good = put(folder, "why.txt", hk_span_of(text->str, text->len), error);
	if (good && older) {
		good = put(folder, "head-older", hk_span_of(older->raw, older->raw_len), error);
	}
	if (good && newer) {
		good = put(folder, "head-newer", hk_span_of(newer->raw, newer->raw_len), error);
	}
	for (unsigned i = 0; good && i < reader->kept.length; i++) {
		const hk_kept *kept = g_queue_peek_nth((GQueue *)&reader->kept, i);
		g_autofree char *name = g_strdup_printf(
			"entries-%" PRIu64 "-%" PRIu64 ".%s", kept->from, kept->to, kept->suffix);
		gsize len;
		const void *data = g_bytes_get_data(kept->bytes, &len);
		good = put(folder, name, hk_span_of(data, len), error);
	}
	return good ? g_steal_pointer(&folder) : NULL;
}

char *
hk_evidence_bytes(
	const hk_reader *reader, const char *kind, const char *name, hk_span bytes, GError **error)
{
	g_autofree char *folder = make_folder(reader, kind, error);

	return folder && put(folder, name, bytes, error) ? g_steal_pointer(&folder) : NULL;
}
